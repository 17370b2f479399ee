"""Decide whether a formula holds.

Each line of a derivation is compared with the line before, entry by entry, at sizes that
differ from one another; then the code is run on symbols and compared with the statement.
What algebra decides is proved.  What it does not decide is drawn at random, and is called
tested.  What neither decides is an error: unknown never counts as passed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Literal, get_args

import numpy as np
import sympy as sp
from sympy.polys.rings import PolyRing

from rnnnotes.book.draws import Draw
from rnnnotes.book.entries import OPAQUE as OPAQUE_ATOMS
from rnnnotes.book.entries import BranchesOnValues, exact
from rnnnotes.book.everysize import Lemma, Premises, holds_for_all_sizes
from rnnnotes.book.formulas import Formula, scalar_only
from rnnnotes.book.language import (
    Add,
    Apply,
    At,
    Expression,
    Function,
    Max,
    Min,
    Norm,
    Order,
    Product,
    Relation,
    Size,
    SpectralRadius,
    StatementError,
    Variable,
    walk,
)
from rnnnotes.book.obligations import (
    MAY_BE,
    Known,
    Obligation,
    discharged,
    obligations,
    positive,
    refuse_contradiction,
    refuse_rough,
)
from rnnnotes.book.plaintext import text
from rnnnotes.book.premises import definitions_of, functions_of, omitted_by, require_conditions
from rnnnotes.book.printing import latex
from rnnnotes.book.world import World

__all__ = ["DRAWS", "Refuted", "Result", "Undecided", "Verdict", "prove"]

Verdict = Literal["definition", "proved", "proved at sizes", "tested", "cited"]
STRENGTH: list[Verdict] = list(get_args(Verdict))
"""Verdicts, the strongest first."""

DRAWS = 100
"""Draws on which a statement that algebra does not decide must hold."""

CANDIDATES = 100 * DRAWS
"""Draws that are tried before the conditions of a statement are given up as too rare."""

OPAQUE = (Norm, SpectralRadius, Max, Min)
"""Nodes that algebra does not compare: an inequality between them is drawn."""

TOLERANCE = 1e-7
"""Relative difference that the rounding of a draw may make."""


class Refuted(AssertionError):
    """A line or a piece of code that is wrong, with a counterexample."""


class Undecided(AssertionError):
    """A line that is neither proved nor refuted, and so does not pass."""


@dataclass(frozen=True)
class Result:
    """What has been found out about a formula.

    `verdict` is that of the statement and of all it rests on, `code` that of the code.
    """

    id: str
    verdict: Verdict
    code: Verdict
    lines: tuple[Verdict, ...]
    sizes: dict[str, int]
    draws: int
    seconds: float = 0.0

    def __repr__(self) -> str:
        proof = {
            "definition": "a definition",
            "proved": "proved",
            "proved at sizes": "proved at " + ", ".join(f"{n}={v}" for n, v in self.sizes.items()),
            "tested": f"tested on {self.draws} draws",
            "cited": "cited",
        }[self.verdict]
        code = "is proved" if self.code != "tested" else "agrees on draws"
        return f"{proof}; the code {code}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def weakest(verdicts: Any) -> Verdict:
    """Return the weakest of some verdicts."""
    return max(verdicts, key=STRENGTH.index, default="definition")


def world_of(stated: Formula) -> World:
    """World in which all that a formula rests on is defined."""
    from rnnnotes.notation import SIZES

    sizes = {size: number for size, (number, _) in SIZES.items()}
    return World(sizes, definitions_of(stated), omitted_by(stated))


def assignments(stated: Formula, world: World) -> Iterator[dict[sp.Symbol, int]]:
    """Every choice of the free indices of a statement."""

    def extend(at: dict[sp.Symbol, int], rest: list[Any]) -> Iterator[dict[sp.Symbol, int]]:
        if not rest:
            yield at
            return
        (symbol, low, high), *later = rest
        for value in range(world.number(low, at), world.number(high, at) + 1):
            yield from extend({**at, symbol: value}, later)

    yield from extend({}, stated.index_ranges())


def prove(stated: Formula) -> Result:
    """Check a formula: each line of its derivation, then its code.

    Parameters
    ----------
    stated : Formula
        What is checked.

    Returns
    -------
    Result
        The verdicts, and the sizes at which they hold.

    Raises
    ------
    Refuted
        If a line or the code is wrong: the message has a counterexample.
    Undecided
        If algebra and draws leave it open.
    StatementError
        If the statement cannot be evaluated.
    """
    world = world_of(stated)
    checker = Checker(stated, world)
    lines = tuple(checker.line(number) for number in range(len(stated.derivation)))
    code = checker.code()
    rests_on = [prove_verdict(ancestor) for ancestor in stated.ancestors]
    verdict = weakest([*lines, *rests_on]) if lines else "definition"
    return Result(stated.id, verdict, code, lines, sizes_of(stated), checker.draws)


def prove_verdict(stated: Formula) -> Verdict:
    """Verdict of a formula that another rests on."""
    from rnnnotes.book.checking import result_of

    return "definition" if stated.is_definition else result_of(stated).verdict


def sizes_of(stated: Formula) -> dict[str, int]:
    """Sizes that occur in a formula or in a definition it rests on, and their numbers."""
    from rnnnotes.notation import SIZES

    parts: list[sp.Basic] = []
    for formula in (stated, *(a for a in stated.ancestors if a.is_definition)):
        parts += [formula.statement, *formula.where, *(line.expr for line in formula.derivation)]
        parts += [bound for _, *bounds in formula.index_ranges() for bound in bounds]
    free = set().union(*(part.atoms(sp.Symbol) for part in parts))
    return {str(size): number for size, (number, _) in SIZES.items() if size in free}


def refuse_undefined(stated: Formula) -> None:
    """Refuse a formula that has no value for some numbers that its conditions allow."""
    refuse_contradiction(stated.where)
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


def bounds_of(stated: Formula) -> dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]:
    """First and last values of the free indices of a formula, the outer ones first."""
    return {symbol: (low, high) for symbol, low, high in stated.index_ranges()}


class Checker:
    """The checks of one formula in one world."""

    def __init__(self, stated: Formula, world: World, drawn: list[Draw] | None = None) -> None:
        require_conditions(stated)
        self.stated = stated
        self.world = world
        self.assignments = list(assignments(stated, world))
        refuse_undefined(stated)
        if not self.assignments:
            raise StatementError(f"{stated.id}: its indices have no value, so it says nothing")
        self.draws = 0
        self._drawn = drawn

    # -- lines ---------------------------------------------------------------------------------

    def line(self, number: int) -> Verdict:
        """Check one line against the line before it: at sizes, then at all sizes."""
        found = self.at_sizes(number)
        if found != "proved at sizes":
            return found
        if self._at_all(number):
            return "proved"
        if self._counts(number):
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
        """Check one line against the line before it, written out at sizes."""
        before, line = self._before(number), self.stated.derivation[number]
        place = f"{self.stated.id}, line {number + 1} ({line.because})"
        try:
            Relation(before, line.sign, line.expr)  # refuses sides whose shapes differ
            return weakest(
                self._compare(before, line.sign, line.expr, at, place) for at in self.assignments
            )
        except StatementError as error:
            raise StatementError(f"{place}: {error}") from None

    def _before(self, number: int) -> Expression:
        return self.stated.derivation[number - 1].expr if number else self.stated.statement.left

    def _at_all(self, number: int) -> bool:
        """Whether a line holds at all sizes."""
        before, line = self._before(number), self.stated.derivation[number]
        return line.sign == "=" and holds_for_all_sizes(
            before, line.expr, premises_of(self.stated), self.stated.statement
        )

    def _compare(
        self, before: Expression, sign: str, after: Expression, at: Any, place: str
    ) -> Verdict:
        small = self._small(before, after, place)
        left, right = self.world.value(before, at), self.world.value(after, at)
        exactly: Verdict = "proved" if scalar_only(self.stated) else "proved at sizes"
        claim = f"{latex(before)} {sign} {latex(after)}"
        verdicts: list[Verdict] = []
        if sign != "=" and any(isinstance(node, OPAQUE) for node in (*walk(before), *walk(after))):
            for entry, (a, b) in entries(left, right):
                self._draw(a, sign, b, f"{place}, entry {entry} at {_readable(at)}: {claim}")
            return "tested"
        for entry, (a, b) in entries(left, right):
            if small is None:
                self._glance(a, sign, b, f"{place}, entry {entry} at {_readable(at)}: {claim}")
            plain = self.world.ledger.gap(a, b)
            if small is not None:
                plain = self._leading(plain, small)
            if (sign == "=" and is_zero(plain)) or (
                sign != "="
                and (is_positive(plain, sign) or self._by_factors(before, sign, after, at))
            ):
                verdicts.append(exactly)
                continue
            self._draw(a, sign, b, f"{place}, entry {entry} at {_readable(at)}: {claim}")
            if sign == "=" and not has_opaque(self.world, plain):
                raise Undecided(f"{place}, entry {entry}: algebra does not decide {claim}")
            verdicts.append("tested")
        return weakest(verdicts)

    def _small(self, before: Expression, after: Expression, place: str) -> Order | None:
        """Terms that a line leaves out; a line may not claim less of them than the one before."""
        old, new = (_orders(side) for side in (before, after))
        if small := old or new:
            for side in (before, after):
                refuse_rough(side, small.args[0], known_of(self.stated))
        if old is None or new is None:
            if old is not None:
                raise Refuted(f"{place}: loses {latex(old)}")
            return new
        if old.args[0] != new.args[0] or not old.args[1] >= new.args[1]:
            raise Refuted(f"{place}: makes {latex(new)} of {latex(old)}")
        return new

    def _by_factors(self, before: Expression, sign: str, after: Expression, at: Any) -> bool:
        """Whether each factor of a product is at most its counterpart, and none is negative."""
        products = isinstance(before, Product) and isinstance(after, Product)
        if not products or sign != "<=" or before.shape or before.args[1:] != after.args[1:]:
            return False
        index, high, low = before.args[1:]
        steps = range(self.world.number(low, at), self.world.number(high, at) + 1)
        return all(self._at_most(before.args[0], after.args[0], {**at, index: i}) for i in steps)

    def _at_most(self, less: Expression, more: Expression, at: Any) -> bool:
        """Whether a number is visibly not negative, and visibly at most another."""
        small, large = (exact(self.world.value(side, at)[()]) for side in (less, more))
        return all(
            is_positive(self.world.ledger.plain(gap), "<=") for gap in (small, large - small)
        )

    def _leading(self, plain: sp.Expr, small: Order) -> sp.Expr:
        """Terms of a difference that are too large for an ``O(eps**n)``: zero if it holds.

        The difference is a quotient by a power of `eps`, so the Taylor coefficients of its
        numerator tell which powers of `eps` are left.
        """
        eps, ledger = self.world.value(small.args[0], {}).item().expr, self.world.ledger
        numerator, denominator = sp.fraction(sp.together(plain))
        too_large = sp.S.Zero
        for power in range(_pole(denominator, eps) + int(small.args[1])):
            too_large += eps**power * ledger.substitute(numerator, {eps: sp.S.Zero})
            numerator = ledger.plain(ledger.derivative(numerator, eps))
        return sp.expand(too_large)

    # -- draws ---------------------------------------------------------------------------------

    def drawn(self) -> list[Draw]:
        """Draws that fulfil the conditions of the statement."""
        if self._drawn is None:
            conditions = self.conditions()
            candidates = (Draw(self.world.ledger, seed) for seed in range(CANDIDATES))
            allowed = (draw for draw in candidates if fulfils(draw, conditions))
            self._drawn = list(islice(allowed, DRAWS))
            if len(self._drawn) < DRAWS:
                raise Undecided(f"{self.stated.id}: too few draws fulfil its conditions")
        return self._drawn

    def conditions(self) -> list[tuple[Any, str, Any]]:
        """Return the conditions of the statement, each with the values of its sides."""
        return [
            (self.world.value(condition.left, at), condition.sign,
             self.world.value(condition.right, at))
            for condition in self.stated.where
            for at in self.assignments
        ]  # fmt: skip

    def _draw(self, a: Any, sign: str, b: Any, place: str) -> None:
        for draw in self.drawn():
            _look(draw, a, sign, b, place)
        self.draws = DRAWS

    def _glance(self, a: Any, sign: str, b: Any, place: str) -> None:
        """Look at one draw, if draws are at hand: it refutes what algebra would write out."""
        for draw in (self._drawn or [])[:1]:
            _look(draw, a, sign, b, place)

    # -- code ----------------------------------------------------------------------------------

    def code(self) -> Verdict:
        """Check the code against the statement."""
        return weakest(self._code_at(at) for at in self.assignments)

    def _code_at(self, at: Any) -> Verdict:
        names = inspect.signature(self.stated.code).parameters
        bound = {name: self.stated.argument(name) for name in names}
        try:
            computed = self.stated.code(
                **{name: self._symbolic(value, at) for name, value in bound.items()}
            )
        except (BranchesOnValues, np.linalg.LinAlgError, TypeError):
            return self._code_on_draws(bound, at)
        stated = self.world.value(self.stated.statement.right, at)
        return self._agree(np.asarray(computed, dtype=object), stated, at)

    def _agree(self, computed: Any, stated: Any, at: Any) -> Verdict:
        if computed.shape != stated.shape:
            raise Refuted(
                f"{self.stated.id}: the code returns shape {computed.shape}, "
                f"and the statement has shape {stated.shape}"
            )
        verdicts: list[Verdict] = []
        for entry, (a, b) in entries(computed, stated):
            place = f"{self.stated.id}: the code is not the statement, entry {entry} at "
            self._glance(self.world.constant(a), "=", b, place + _readable(at))
            plain = self.world.ledger.gap(b, a)
            if is_zero(plain):
                verdicts.append("proved at sizes")
                continue
            self._draw(self.world.constant(a), "=", b, place + _readable(at))
            if not has_opaque(self.world, plain):
                raise Undecided(f"{place}{_readable(at)}: algebra does not decide it")
            verdicts.append("tested")
        return weakest(verdicts)

    def _symbolic(self, value: Any, at: Any) -> Any:
        if isinstance(value, Function):
            return lambda *arguments: self.world.apply(value, arguments, at)
        if isinstance(value, sp.Symbol):
            return self.world.number(value, at)
        array = self.world.value(value, at).copy()  # the code may write into what it is given
        return array if array.shape else array[()]

    def _code_on_draws(self, bound: dict[str, Any], at: Any) -> Verdict:
        stated = self.world.value(self.stated.statement.right, at)
        for draw in self.drawn():
            arguments = {name: self.numeric(value, draw, at) for name, value in bound.items()}
            computed = np.asarray(self.stated.code(**arguments), dtype=float)
            wanted = draw.floats(stated)
            if computed.shape != wanted.shape or not holds(computed, "=", wanted):
                raise Refuted(
                    f"{self.stated.id}: the code gives {computed} and the statement {wanted} "
                    f"at {_readable(at)} {_leaves(draw)}"
                )
        self.draws = DRAWS
        return "tested"

    def numeric(self, value: Any, draw: Draw, at: Any) -> Any:
        """What a parameter of the code stands for, in the numbers of a draw."""
        if isinstance(value, Function):
            if value.elementwise:
                return draw.activation(self.world.called(value, at), value.order)
            name = value.name, tuple(self.world.number(i, at) for i in value.index)
            shape_of = self.world.sized(value).shape_of
            return lambda *arguments: draw.map(
                name, tuple(map(int, shape_of(*map(np.shape, arguments))))
            )(*arguments)
        if isinstance(value, sp.Symbol):
            return self.world.number(value, at)
        array = draw.floats(self.world.value(value, at))
        return array if array.shape else float(array)


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


def fulfils(draw: Draw, conditions: list[tuple[Any, str, Any]]) -> bool:
    """Whether a draw meets all conditions."""
    return all(holds(draw.floats(a), sign, draw.floats(b)) for a, sign, b in conditions)


def entries(left: Any, right: Any) -> Iterator[tuple[tuple[int, ...], tuple[Any, Any]]]:
    """Pairs of entries with their place, counted from 1."""
    left, right = np.broadcast_arrays(left, right)
    if not left.size:
        raise StatementError("two arrays without entries are compared, which says nothing")
    for place in np.ndindex(*left.shape):
        yield tuple(i + 1 for i in place), (left[place], right[place])


def _orders(side: Expression) -> Order | None:
    """Return the terms that a side leaves out, which stand alone as its last term."""
    found = [node for node in walk(side) if isinstance(node, Order)]
    if found and not (isinstance(side, Add) and found == [side.args[1]]):
        raise StatementError(f"{latex(found[0])} stands alone, as the last term of a sum")
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


def _look(draw: Draw, a: Any, sign: str, b: Any, place: str) -> None:
    """Refute what does not hold in the numbers of a draw."""
    left, right = draw.floats(a)[()], draw.floats(b)[()]
    if not holds(left, sign, right):
        raise Refuted(f"{place}\n  {left:.6g} {sign} {right:.6g} fails {_leaves(draw)}")


def holds(left: Any, sign: str, right: Any) -> bool:
    """Whether numbers compare as stated, up to rounding."""
    slack = TOLERANCE * (1e-3 + np.maximum(np.abs(left), np.abs(right)))
    if sign == "=":
        return bool(np.all(np.abs(left - right) <= slack))
    if sign == "!=":
        return bool(np.all(np.abs(left - right) > slack))
    return bool(np.all(left <= right + slack) if sign == "<=" else np.all(left < right))


def _readable(at: Any) -> str:
    return ", ".join(f"{symbol}={value}" for symbol, value in at.items()) or "all indices"


def _leaves(draw: Draw) -> str:
    """Counterexample: what the leaves were."""
    special = draw.ledger.nodes.keys() | draw.ledger.atoms.keys()
    shown = [f"{s}={v:g}" for s, v in sorted(draw.known.items(), key=lambda p: str(p[0]))
             if s not in special]  # fmt: skip
    return "with " + ", ".join(shown)
