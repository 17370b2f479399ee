"""Decide whether a formula holds.

Each line of a derivation is compared with the line before, and the code with the statement:
first in draws, at each choice of sizes, which refute most of what is wrong at once; then by
algebra, entry by entry, on symbols.  What algebra decides is proved.  What it does not decide,
and no draw refutes, is called tested.  What neither decides is an error: unknown never counts
as passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.rings import PolyRing

from rnnnotes.book.language.nodes import (
    Add,
    Apply,
    At,
    Expression,
    Function,
    Max,
    Min,
    Norm,
    Number,
    Order,
    Product,
    Relation,
    Size,
    SpectralRadius,
    StatementError,
    Variable,
    indices,
    walk,
)
from rnnnotes.book.prove import running
from rnnnotes.book.prove.codeproof import prove_code
from rnnnotes.book.prove.everysize import Lemma, Premises, Shown, holds_for_all_sizes
from rnnnotes.book.prove.hypotheses import refuse_hypotheses
from rnnnotes.book.prove.order import Given, compares_for_all_sizes
from rnnnotes.book.prove.premises import definitions_of, functions_of, require_conditions
from rnnnotes.book.prove.settings import (
    FEWEST,
    Corners,
    Far,
    Indices,
    NoIndicesError,
    Refuted,
    Setting,
    Undecided,
    entries,
    readable,
    settings_of,
)
from rnnnotes.book.prove.sizes import Sizes, large, ones
from rnnnotes.book.prove.verdicts import Result, Verdict, weakest
from rnnnotes.book.prove.zeros import says_that_it_is_zero, slopes_in
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.state.obligations import (
    MAY_BE,
    Known,
    Obligation,
    discharged,
    obligations,
    positive,
    refuse_contradiction,
    refuse_rough,
)
from rnnnotes.book.values.definitions import refuse_circles
from rnnnotes.book.values.draws import KINDS
from rnnnotes.book.values.entries import OPAQUE as OPAQUE_ATOMS
from rnnnotes.book.values.entries import BranchesOnValues, exact
from rnnnotes.book.values.world import World, derives
from rnnnotes.book.write.plaintext import text
from rnnnotes.core.solver import NoSolverError

__all__ = ["Refuted", "Undecided", "decide"]

OPAQUE = (Norm, SpectralRadius, Max, Min)
"""Nodes that algebra does not compare: an inequality between them is drawn."""


def decide(stated: Formula) -> Result:
    """Check a formula: each line of its derivation, then its code.

    What it rests on is taken as it is stated; `checking.prove` asks that it holds.

    Parameters
    ----------
    stated : Formula
        What is checked.

    Returns
    -------
    Result
        The verdicts, and the sizes and draws on which they rest.

    Raises
    ------
    Refuted
        If a line or the code is wrong: the message has a counterexample.
    Undecided
        If algebra and draws leave it open.
    StatementError
        If the statement cannot be evaluated.
    """
    checker = Checker(stated)
    checker.require_given()
    checker.look()
    lines = tuple(checker.line(number) for number in range(len(stated.derivation)))
    code = checker.code()
    verdict = weakest(lines) if lines else "definition"
    by = tuple(name for name, used in asdict(checker.shown).items() if used)
    sizes = tuple({str(size): n for size, n in one.sizes.items()} for one in checker.settings)
    return Result(
        stated.id, verdict, code, lines, sizes, checker.draws, checker.kinds, by, checker.steps
    )


def refuse_undefined(stated: Formula) -> None:
    """Refuse a formula that has no value for some numbers that its conditions allow."""
    refuse_contradiction(stated.where)
    refuse_circles(definitions_of(stated))
    known = known_of(stated)
    for due in _due(stated, known):
        if not discharged(due, known):
            raise StatementError(
                f"{stated.id}: {text(due.of)} {MAY_BE[due.kind]}: "
                "state in `where` what keeps it from that"
            )


def known_of(stated: Formula) -> Known:
    """What is known of signs in a formula."""
    return Known(stated.where, definitions_of(stated), bounds_of(stated))


def _due(stated: Formula, known: Known) -> Iterator[Obligation]:
    """Obligations of a statement, of its derivation, and of the definitions that it rests on."""
    for relation in (stated.statement, *stated.where):
        yield from (*obligations(relation.left, known), *obligations(relation.right, known))
    for line in stated.derivation:
        yield from obligations(line.expr, known)
    for target, value, ranges in known.definitions.values():
        if not isinstance(target, Apply) or target == stated.statement.left:
            yield from obligations(value, known, ranges)
        if isinstance(target, Variable | At) and positive(target):
            yield Obligation("positive", value, ranges)


def premises_of(stated: Formula) -> Premises:
    """Return what the lines of a formula may use."""
    lemmas = [Lemma(given.statement, bounds_of(given)) for given in stated.given
              if given.derivation and given.statement.sign == "="]  # fmt: skip
    return Premises(definitions_of(stated), bounds_of(stated), lemmas, functions_of(stated))


def given_to(stated: Formula, premises: Premises) -> Given:
    """Return what the inequalities of a formula may use."""
    bounds = [Lemma(given.statement, bounds_of(given)) for given in stated.given
              if given.derivation and given.statement.sign != "="]  # fmt: skip
    assumed = [one.statement for one in stated.assumed]
    conditions = [Lemma(one, bounds_of(stated)) for one in stated.where if one not in assumed]
    return Given(premises, bounds, conditions)


def bounds_of(stated: Formula) -> dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]:
    """First and last values of the free indices of a formula, the outer ones first."""
    return {symbol: (low, high) for symbol, low, high in stated.index_ranges()}


class Checker:
    """The checks of one formula."""

    def __init__(self, stated: Formula) -> None:
        require_conditions(stated)
        refuse_hypotheses(stated)
        refuse_undefined(stated)
        self.stated = stated
        self.settings = settings_of(stated)
        self.shown = Shown()
        """What the lines that are proved rest on."""
        self._told = [len(one.draws.chosen) for one in self.settings]
        self._seen: set[int] = set()
        self.steps: dict[str, tuple[int, ...]] = {}
        """Numbers of steps at which the code is proved, at all sizes else."""

    @property
    def draws(self) -> int:
        """Draws that told something of every entry that was compared."""
        return sum(self._told)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the draws."""
        found = {number % len(KINDS) for one in self.settings for number in one.draws.chosen}
        return tuple(kind.name for number, kind in enumerate(KINDS) if number in found)

    # -- premises ------------------------------------------------------------------------------

    def require_given(self) -> None:
        """Refuse a derivative that reaches what the book computes and no formula given defines."""
        (first, *_) = self.settings
        for number, line in enumerate(self.stated.derivation):
            with self._placed(number):
                for side in (line.expr,) if number else (self.stated.statement.left, line.expr):
                    for at in first.assignments:
                        first.symbols.require_given(side, at)

    # -- draws ---------------------------------------------------------------------------------

    def look(self) -> None:
        """Look for a draw that refutes a line or the code: it is found before any algebra."""
        for number in range(len(self.stated.derivation)):
            with self._placed(number):
                self._look_at(number)
        self.look_at_code()
        self._run_beyond(self.smallest)
        if self.stated.is_definition:
            self._refuse_empty(self.stated.statement.right)

    def look_at_code(self) -> None:
        """Run the code in draws."""
        for one in self.settings:
            running.look(self.stated, one, one.assignments)

    def _look_at(self, number: int) -> None:
        """Look at a line in all draws, once."""
        before, line = self._before(number), self.stated.derivation[number]
        if number in self._seen:
            return
        if self._small(number) is None:
            for place, one in enumerate(self.settings):
                for at in one.assignments:
                    told = one.look(before, line.sign, line.expr, at, self._place(number))
                    self._told[place] = min(self._told[place], told)
            self._seen.add(number)
        for side in (before, line.expr):
            self._refuse_empty(side)

    @cached_property
    def smallest(self) -> list[Setting]:
        """The formula where all sizes are one."""
        return self._beyond(Corners, ones(self.stated))

    @cached_property
    def largest(self) -> list[Setting]:
        """The formula where all sizes are large: a look there costs more, and proofs need none."""
        sides = self.stated.statement.left, *(line.expr for line in self.stated.derivation)
        return self._beyond(Far if any(map(derives, sides)) else Corners, large(self.stated))

    def _beyond(self, kind: type[Corners], sizes: Sizes) -> list[Setting]:
        """Setting at sizes at which only a counterexample is looked for, if there can be one."""
        with suppress(NoIndicesError):
            return [kind(self.stated, sizes)] if sizes else []
        return []

    def _look_beyond(self, number: int, settings: list[Setting]) -> None:
        """Look at a line at other sizes."""
        before, line = self._before(number), self.stated.derivation[number]
        for one in settings if self._small(number) is None else ():
            with suppress(Undecided):  # no number may fulfil the conditions there
                for at in one.assignments:
                    one.look(before, line.sign, line.expr, at, self._place(number))

    def _run_beyond(self, settings: list[Setting]) -> None:
        """Run the code at other sizes."""
        for one in settings:
            with suppress(Undecided):
                running.look(self.stated, one, one.assignments)

    def _refuse_empty(self, side: Expression) -> None:
        """Refuse a side, and a derivative in it, that is zero in every draw and not said to be."""
        slopes = dict.fromkeys(slopes_in(side))
        for part in {**slopes, side: None}:
            if says_that_it_is_zero(self.stated, part):
                continue
            if all(one.vanishes(part, side) for one in self.settings):
                kind = "derivative" if part in slopes else "side"
                raise StatementError(f"the {kind} {text(part)} is zero in every draw, and neither "
                                     "this formula nor one that is given says so")  # fmt: skip

    @contextmanager
    def _placed(self, number: int) -> Iterator[None]:
        """Say at which line a statement has no value, or needs a solver that is not there."""
        try:
            yield
        except (StatementError, NoSolverError) as error:
            raise type(error)(f"{self._place(number)}: {error}") from None

    def _require_draws(self, number: int, place: str, sign: str) -> None:
        """Refuse to call tested what too few draws have told of, and what draws cannot tell.

        Sides that meet at a few points alone meet in no draw, or are as near as its rounding.  A
        line that leaves terms out is not drawn.
        """
        told = min(self._told) if number in self._seen else 0
        if sign == "<":
            raise Undecided(f"{place}: algebra does not decide it, and no draw shows that sides "
                            "never meet")  # fmt: skip
        if told < FEWEST:
            raise Undecided(f"{place}: algebra does not decide it, and too few draws tell: "
                            f"{told}, where {FEWEST} are wanted")  # fmt: skip

    # -- lines ---------------------------------------------------------------------------------

    def line(self, number: int) -> Verdict:
        """Check one line against the line before it: in draws, at all sizes, then at sizes."""
        before, line = self._before(number), self.stated.derivation[number]
        with self._placed(number):
            Relation(before, line.sign, line.expr)  # refuses sides whose shapes differ
            self._look_at(number)
            self._look_beyond(number, self.smallest)
            if self._small(number) is None and (shown := self._at_all(number)) is not None:
                self.shown |= shown
                return "proved"
            found = self.at_sizes(number)
            self._look_beyond(number, self.largest)
        if found == "proved at sizes" and self._counts(number):
            # The sizes of a proof were chosen: that they are 2 and 4 shows nothing of others.
            raise Undecided(f"{self.stated.id}, line {number + 1}: holds at these sizes, and of "
                            "a statement about sizes alone that is no evidence")  # fmt: skip
        return found

    def _counts(self, number: int) -> bool:
        """Whether a line is about sizes alone: its sides are known numbers."""
        values = {d.name: d.value for d in definitions_of(self.stated)}
        sides = self._before(number), self.stated.derivation[number].expr
        return not any(mentions_numbers(side, values) for side in sides)

    def at_sizes(self, number: int) -> Verdict:
        """Check one line against the line before it: in draws, then written out at sizes."""
        self._look_at(number)
        first = self.settings[0]
        return weakest(self._compare(number, first, at) for at in first.assignments)

    def _before(self, number: int) -> Expression:
        return self.stated.derivation[number - 1].expr if number else self.stated.statement.left

    def _place(self, number: int) -> str:
        because = self.stated.derivation[number].because
        return f"{self.stated.id}, line {number + 1} ({because})"

    def _at_all(self, number: int) -> Shown | None:
        """Show that a line holds at all sizes."""
        before, line = self._before(number), self.stated.derivation[number]
        premises, claim = premises_of(self.stated), self.stated.statement
        if line.sign == "=" and (shown := holds_for_all_sizes(before, line.expr, premises, claim)):
            return shown
        # Some equations hold for what is known of signs, series and norms.
        given = given_to(self.stated, premises)
        return compares_for_all_sizes(before, line.sign, line.expr, given, claim)

    def _compare(self, number: int, setting: Setting, at: Indices) -> Verdict:
        """Compare two lines by algebra, entry by entry; what it leaves open, draws have told."""
        before, line = self._before(number), self.stated.derivation[number]
        after, sign, place = line.expr, line.sign, self._place(number)
        if sign != "=" and any(isinstance(node, OPAQUE) for node in (*walk(before), *walk(after))):
            self._require_draws(number, place, sign)
            return "tested"
        small = self._small(number)
        exactly: Verdict = "proved" if scalar_only(self.stated) else "proved at sizes"
        left, right = setting.symbols.value(before, at), setting.symbols.value(after, at)
        verdicts: list[Verdict] = []
        for entry, (a, b) in entries(left, right):
            plain = setting.symbols.ledger.gap(a, b)
            if small is not None:
                plain = _leading(setting.symbols, plain, small)
            if (sign == "=" and is_zero(plain)) or (
                sign != "="
                and (
                    is_positive(plain, sign)
                    or self._by_factors(setting.symbols, before, sign, after, at)
                )
            ):
                verdicts.append(exactly)
                continue
            if sign == "=" and (small is not None or not has_opaque(setting.symbols, plain)):
                claim = text(Relation(before, sign, after))
                raise Undecided(f"{place}, entry {entry}: algebra does not decide {claim}")
            self._require_draws(number, f"{place}, entry {entry} at {readable(at)}", sign)
            verdicts.append("tested")
        return weakest(verdicts)

    def _small(self, number: int) -> Order | None:
        """Terms that a line leaves out; a line may not claim less of them than the one before."""
        place = self._place(number)
        old, new = (
            _orders(side) for side in (self._before(number), self.stated.derivation[number].expr)
        )
        if small := old or new:
            for side in (self._before(number), self.stated.derivation[number].expr):
                refuse_rough(side, small.variable, known_of(self.stated))
        if old is None or new is None:
            if old is not None:
                raise Refuted(f"{place}: loses {text(old)}")
            return new
        if old.variable != new.variable or not old.power >= new.power:
            raise Refuted(f"{place}: makes {text(new)} of {text(old)}")
        return new

    def _by_factors(
        self, world: World, before: Expression, sign: str, after: Expression, at: Indices
    ) -> bool:
        """Whether each factor of a product is at most its counterpart, and none is negative."""
        products = isinstance(before, Product) and isinstance(after, Product)
        if not products or sign != "<=" or before.shape or before.args[1:] != after.args[1:]:
            return False
        index, high, low = before.index, before.high, before.low
        steps = range(world.number(low, at), world.number(high, at) + 1)
        return all(_at_most(world, before.body, after.body, {**at, index: i}) for i in steps)

    # -- code ----------------------------------------------------------------------------------

    def code(self) -> Verdict:
        """Check the code: at all sizes, else on symbols, else on one draw after the other."""
        proof = prove_code(self.stated)
        if proof.outcome == "refused":
            raise Refuted(f"{self.stated.id}: the code is not the statement: {proof.why}")
        if proof.holds and not proof.at:
            return "proved"
        self._run_beyond(self.largest)
        if proof.holds:
            self.steps = dict(proof.at)
            return "proved at sizes"
        first, *others = self.settings
        found = weakest(self._code_at(first, at) for at in first.assignments)
        for one in others if found == "tested" else ():
            for at in one.assignments:
                running.compare_in_all_draws(self.stated, one, at)
        return found

    def _code_at(self, setting: Setting, at: Indices) -> Verdict:
        place = f"{self.stated.id}: the code is not the statement, at {readable(at)}"
        try:
            computed = self.stated.code(
                **{name: _symbolic(setting.symbols, value, at)
                   for name, value in self.stated.arguments.items()}
            )  # fmt: skip
        except (BranchesOnValues, np.linalg.LinAlgError, TypeError):
            running.compare_in_all_draws(self.stated, setting, at)
            return "tested"
        stated = setting.symbols.value(self.stated.statement.right, at)
        verdicts: list[Verdict] = []
        for entry, (a, b) in entries(np.asarray(computed, dtype=object), stated):
            plain = setting.symbols.ledger.gap(b, setting.symbols.ledger.constant(a))
            if is_zero(plain):
                verdicts.append("proved at sizes")
                continue
            if not has_opaque(setting.symbols, plain):
                raise Undecided(f"{place}, entry {entry}: algebra does not decide it")
            verdicts.append("tested")
        return weakest(verdicts)


def _symbolic(world: World, value: Any, at: Indices) -> Any:
    """What a parameter of the code stands for, on symbols."""
    if isinstance(value, Function):
        return lambda *arguments: world.apply(value, arguments, at)
    if isinstance(value, sp.Symbol):
        return world.number(value, at)
    array = world.value(value, at).copy()  # the code may write into what it is given
    return array if array.shape else array[()]


def _at_most(world: World, less: Expression, more: Expression, at: Indices) -> bool:
    """Whether a number is visibly not negative, and visibly at most another."""
    small, large = (exact(world.value(side, at)[()]) for side in (less, more))
    return all(is_positive(world.ledger.plain(gap), "<=") for gap in (small, large - small))


def _leading(world: World, plain: sp.Expr, small: Order) -> sp.Expr:
    """Terms of a difference that are too large for an ``O(eps**n)``: zero if it holds.

    The difference is a quotient by a power of `eps`, so the Taylor coefficients of its
    numerator tell which powers of `eps` are left.
    """
    eps, ledger = world.value(small.variable, {}).item().expr, world.ledger
    numerator, denominator = sp.fraction(sp.together(plain))
    too_large = sp.S.Zero
    for power in range(_pole(denominator, eps) + int(small.power)):
        too_large += eps**power * ledger.substitute(numerator, {eps: sp.S.Zero})
        numerator = ledger.plain(ledger.derivative(numerator, eps))
    return sp.expand(too_large)


def _pole(denominator: sp.Expr, eps: sp.Symbol) -> int:
    """Largest power of a small quantity that a denominator may vanish with."""
    powers = sp.Poly(denominator, eps)
    (least,), coefficient = powers.terms()[-1]
    return int(least if coefficient.is_nonzero else powers.degree())


def mentions_numbers(node: sp.Basic, values: Mapping[str, Expression]) -> bool:
    """Whether an expression holds a symbol without a value, for more than to count its entries."""
    if isinstance(node, Size):
        return False
    if isinstance(node, Variable):
        rest = {name: value for name, value in values.items() if name != node.name}
        return node.name not in values or mentions_numbers(values[node.name], rest)
    return any(mentions_numbers(part, values) for part in node.args)


def _orders(side: Expression) -> Order | None:
    """Return the terms that a side leaves out, which stand alone as its last term."""
    found = [node for node in walk(side) if isinstance(node, Order)]
    if found and not (isinstance(side, Add) and found == [side.args[1]]):
        raise StatementError(f"{text(found[0])} stands alone, as the last term of a sum")
    return found[0] if found else None


def is_zero(expr: sp.Expr) -> bool:
    """Whether an expression in independent symbols is zero: decided, not guessed."""
    with suppress(ValueError):  # raised if it is no polynomial with rational coefficients
        # Several times faster than to expand it as an expression.
        return not PolyRing(sorted(expr.free_symbols, key=str), sp.QQ).from_expr(expr)
    expanded = sp.expand(expr)
    if expanded == 0:
        return True
    if expanded.is_polynomial():
        return False
    numerator, _ = sp.fraction(sp.together(expanded))
    return bool(sp.expand(numerator) == 0)


def is_positive(expr: sp.Expr, sign: str) -> bool:
    """Whether an expression is visibly positive, or not negative: a square, a product of such."""
    factored = sp.factor(sp.together(expr))
    return bool(factored.is_nonnegative if sign == "<=" else factored.is_positive)


def has_opaque(world: World, expr: sp.Expr) -> bool:
    """Whether an expression holds an atom that algebra does not look into."""
    atoms = [world.ledger.atoms[s] for s in expr.free_symbols & world.ledger.atoms.keys()]
    return any(
        (isinstance(atom.name, tuple) and atom.name[0] in OPAQUE_ATOMS)
        or any(has_opaque(world, argument) for argument in atom.arguments)
        for atom in atoms
    )


def scalar_only(stated: Formula) -> bool:
    """Whether a statement is about numbers alone, so that its proof knows no sizes."""
    parts = [stated.statement, *stated.where, *(line.expr for line in stated.derivation)]
    parts += [ancestor.statement for ancestor in stated.ancestors if ancestor.is_definition]
    nodes = [node for part in parts for node in walk(part)]
    # A size may stand in a number, as in a count: 2 H = D holds at H=2 and D=4 alone.
    return not any(map(indices, parts)) and all(
        not node.shape and not (isinstance(node, Variable) and node.times)
        for node in nodes
        if isinstance(node, Expression) and not isinstance(node, Number)
    )
