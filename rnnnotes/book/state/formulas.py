"""A formula: a statement, the code that computes it, and why it is true.

The statement is written in `rnnnotes.book.language.nodes` and the code in NumPy, by hand and side
by side.  Neither is made from the other: each is a witness to the other.  All else is
printed from the statement, so it has nowhere to drift to.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, cast

import sympy as sp

from rnnnotes.book.language.nodes import (
    Apply,
    At,
    Expression,
    Function,
    Gradient,
    Immediate,
    Jacobian,
    Number,
    Relation,
    StatementError,
    Steps,
    Transpose,
    Variable,
    indices,
    walk,
    wrap,
)
from rnnnotes.book.language.symbols import (
    DECLARED,
    FUNCTIONS,
    INDICES,
    LETTERS,
    MEANINGS,
    SIZES,
    SYMBOLS,
    T,
    t,
)
from rnnnotes.book.state import bibliography
from rnnnotes.book.state.arguments import checked
from rnnnotes.book.state.identity import file_of, identity, is_own, split
from rnnnotes.book.state.legend import documented
from rnnnotes.book.state.obligations import refuse_contradiction
from rnnnotes.book.state.source import body_of, plain
from rnnnotes.book.values.definitions import Definition, refuse_ill_formed
from rnnnotes.book.values.world import refuse_other_value
from rnnnotes.book.write.latex import latex

__all__ = ["FORMULAS", "Formula", "Line", "formula", "is_quantity", "stated_by"]

Code = Callable[..., Any]
F = TypeVar("F", bound=Code)
Letters = Variable | Function | sp.Symbol


class Line(NamedTuple):
    """One line of a derivation: how it compares to the line before, and why."""

    sign: str
    expr: Expression
    because: str


class Listed(NamedTuple):
    """A letter of a statement, and what it stands for."""

    kind: Literal["symbol", "function", "index", "size"]
    name: str
    meaning: str
    letter: Variable | Function | sp.Symbol


@dataclass(frozen=True, eq=False)
class Formula:
    """A statement, its code and its derivation.

    A definition has no derivation.  A theorem has one, which starts at the left-hand side,
    ends at the right-hand side, and may use the formulas that are `given`.
    """

    id: str
    statement: Relation
    code: Code
    sources: tuple[str, ...]
    given: tuple[Formula, ...] = ()
    derivation: tuple[Line, ...] = ()
    where: tuple[Relation, ...] = ()
    ranges: Mapping[sp.Symbol, tuple[sp.Expr, sp.Expr]] = field(default_factory=dict)
    bindings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def chapter(self) -> str:
        """Module and page of the formula, or its file if it is no formula of the book."""
        return split(self.id)[0]

    @property
    def name(self) -> str:
        """Name of the function that computes it."""
        return split(self.id)[1]

    @cached_property
    def file(self) -> Path | None:
        """File in which a formula is written that is none of the book."""
        return file_of(self.code) if is_own(self.code) else None

    @property
    def folder(self) -> Path | None:
        """Folder of that file."""
        return self.file.parent if self.file else None

    @cached_property
    def bibliography(self) -> tuple[bibliography.Source, ...]:
        """What the formula goes back to: entries of the files beside its own, or of the book."""
        return tuple(bibliography.find_source(key, self.folder) for key in self.sources)

    @cached_property
    def title(self) -> str:
        """First sentence of the docstring, without its full stop; the name if there is none."""
        doc = inspect.getdoc(self.code) or self.name
        return doc.partition("\n\n")[0].replace("\n", " ").removesuffix(".")

    @property
    def is_definition(self) -> bool:
        """Whether the formula fixes the meaning of a symbol."""
        return not self.derivation

    @cached_property
    def latex(self) -> str:
        """The statement in LaTeX."""
        return latex(self.statement)

    @cached_property
    def source_code(self) -> str:
        """Body of the code, without signature and docstring."""
        return body_of(self.code)

    @cached_property
    def symbols(self) -> tuple[Variable, ...]:
        """Declared symbols of the statement, in reading order."""
        found = self._nodes & SYMBOLS.keys()
        return tuple(symbol for symbol in SYMBOLS if symbol in found)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions that the statement applies."""
        found = {node.name for node in self._nodes if isinstance(node, Function)}
        return tuple(name for name in FUNCTIONS if name in found)

    @cached_property
    def _nodes(self) -> frozenset[sp.Basic]:
        """Nodes of the statement and of its conditions."""
        return frozenset(node for part in (self.statement, *self.where) for node in walk(part))

    @cached_property
    def letters(self) -> tuple[Listed, ...]:
        """Symbols, functions, indices and sizes of the statement, with what each stands for."""
        free = {symbol: bounds for symbol, *bounds in self.index_ranges()}
        counted = [axis for symbol in self.symbols for axis in symbol.shape]
        counted += [bound for bounds in free.values() for bound in bounds]
        sizes = self._nodes.union(*(length.free_symbols for length in counted))
        return (
            *(Listed("symbol", one.name, self.meaning(one), one) for one in self.symbols),
            *(Listed("function", name, FUNCTIONS[name].text, DECLARED[name])
              for name in self.functions),
            *(Listed("index", str(one), INDICES[one].text, one) for one in INDICES if one in free),
            *(Listed("size", str(one), text, one) for one, text in SIZES.items() if one in sizes),
        )  # fmt: skip

    def meaning(self, symbol: Variable) -> str:
        """What a symbol stands for, as the chapter says it or else the notation."""
        return MEANINGS.get(self.chapter, {}).get(symbol) or SYMBOLS[symbol].text

    @cached_property
    def ancestors(self) -> tuple[Formula, ...]:
        """All formulas that this one rests on, earlier ones first."""
        found: dict[str, Formula] = {}
        for parent in self.given:
            found |= {ancestor.id: ancestor for ancestor in parent.ancestors}
            found[parent.id] = parent
        return tuple(found.values())

    @cached_property
    def definition(self) -> Definition:
        """What the formula says of the symbol that it defines."""
        return Definition(self.statement.left, self.statement.right, tuple(self.index_ranges()))

    @property
    def hypotheses(self) -> tuple[Relation, ...]:
        """Conditions that are equations, which the formula supposes."""
        return tuple(condition for condition in self.where if condition.sign == "=")

    @property
    def provisos(self) -> tuple[Relation, ...]:
        """Conditions that are no equations, within whose bounds it holds."""
        return tuple(condition for condition in self.where if condition.sign != "=")

    @cached_property
    def assumed(self) -> tuple[Formula, ...]:
        """Hypotheses that give a symbol its value, as definitions that hold for this one alone."""
        return tuple(
            Formula(f"{self.id}.where", condition, self.code, self.sources, ranges=self.ranges)
            for condition in self.hypotheses
            if isinstance(condition.left, Variable | At)
            and condition.left not in walk(condition.right)  # as in W = Wᵀ
        )

    @property
    def used_by(self) -> tuple[Formula, ...]:
        """Formulas that name this one as given."""
        return tuple(other for other in FORMULAS.values() if self in other.given)

    def index_ranges(self) -> list[tuple[sp.Symbol, sp.Expr, sp.Expr]]:
        """Free indices of the statement with their first and last values, outer ones first."""
        parts = [self.statement, *self.where, *(line.expr for line in self.derivation)]
        wanted = set().union(*map(indices, parts)) & (set(INDICES) | set(self.ranges))
        result: list[tuple[sp.Symbol, sp.Expr, sp.Expr]] = []
        pending = sorted(wanted, key=list(INDICES).index)
        while pending:
            symbol = pending.pop(0)
            low, high = self.ranges.get(symbol, INDICES[symbol][:2])
            low, high = sp.sympify(low), sp.sympify(high)
            done = {index for index, *_ in result}
            needed = [s for s in sorted((low.free_symbols | high.free_symbols), key=str)
                      if s in INDICES and s not in done]  # fmt: skip
            if needed:
                pending = [*needed, *(s for s in pending if s not in needed), symbol]
                continue
            result.append((symbol, low, high))
        return result

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """What each parameter of the code stands for."""
        return {name: self.argument(name) for name in inspect.signature(self.code).parameters}

    def argument(self, name: str) -> Any:
        """What the parameter of a name stands for: an expression, a function or an index.

        A name is that of a letter, as the module of the code knows it, or else the notation;
        ``_prev`` and ``_next`` after it mean one step before and after, ``_0`` the time before
        the first step, a plural all times, and ``_prevs`` all times but the last.  An underscore
        at the end keeps ``as_`` from being a keyword.
        """
        if name in self.bindings:
            return self.bindings[name]
        letter = self._letter(name)
        if isinstance(letter, Variable):
            return letter[t] if letter.times else letter
        if isinstance(letter, sp.Symbol):
            return letter
        base, order = name.removesuffix("_prime"), int(name.endswith("_prime"))
        if isinstance(self._letter(base), Function):
            return self._function(base, order)
        for suffix, at in (("_prev", t - 1), ("_next", t + 1), ("_0", sp.S.Zero)):
            symbol = self._letter(name.removesuffix(suffix))
            if name.endswith(suffix) and isinstance(symbol, Variable):
                return symbol[at]
        plural = name.removesuffix("_").removesuffix("s")
        symbol = self._letter(plural)
        if isinstance(symbol, Variable) and symbol.times:
            return Steps(symbol)
        symbol = self._letter(plural.removesuffix("_prev"))
        if isinstance(symbol, Variable):
            return Steps(symbol, 0, T - 1)
        raise StatementError(
            f"{self.id}: the code takes {name!r}, which is neither a declared symbol nor bound: "
            "say in `bindings` what it stands for"
        )

    def _letter(self, name: str) -> Any:
        """Letter of a name: two chapters may have each their own."""
        at_hand = plain(self.code).__globals__.get(name)
        return at_hand if isinstance(at_hand, Letters) else LETTERS.get(name)

    def _function(self, name: str, order: int) -> Function:
        """Function as the statement applies it: with its shape, and its time if it has one."""
        for part in (self.statement, *(line.expr for line in self.derivation)):
            for node in walk(part):
                if isinstance(node, Function) and node.name == name:
                    return node.differentiated(order)
        return DECLARED[name].differentiated(order)


FORMULAS: dict[str, Formula] = {}
"""Each formula of the book, by id."""

LOADED = time.time()
"""When the first formula could be stated: a file that is newer is not what runs."""

Step = tuple[str, Any, str] | tuple[str, str]


def formula(
    statement: Relation,
    *,
    source: str | Sequence[str] = (),
    given: Sequence[Code] = (),
    derivation: Sequence[Step] = (),
    where: Sequence[Relation] = (),
    ranges: Mapping[sp.Symbol, tuple[Any, Any]] | None = None,
    bindings: Mapping[str, Any] | None = None,
) -> Callable[[F], F]:
    """State what a function computes, and why.

    Parameters
    ----------
    statement : Relation
        What is stated: ``Eq(left, right)``, ``Le(left, right)`` or ``Lt(left, right)``.
    source : str or sequence of str
        Keys of the bibliography that the formula goes back to.  A formula of the book has one;
        one of another file may have none, or any of the ``.bib`` files beside it.
    given : sequence of callable
        Functions of earlier formulas that the derivation uses.  A derivative needs the
        definition of each symbol that is computed from what it differentiates by.
    derivation : sequence of (sign, expression, reason)
        Lines, each compared with the line before; the first with the left-hand side.  The last
        is the right-hand side, and ``(sign, reason)`` alone.
    where : sequence of Relation
        Conditions under which the statement holds, and which what rests on it must state.
        An `Eq` is a hypothesis: of a bare symbol, it gives the symbol its value, for this formula
        alone.  `Ne` says that two numbers differ.
    ranges : mapping of index to (first, last), optional
        Values of an index, where they differ from its declaration.
    bindings : mapping of parameter to expression, optional
        What a parameter of the code stands for, where its name does not say so.

    Returns
    -------
    callable
        Decorator that registers the formula.  The function checks its arguments from then on.

    Raises
    ------
    StatementError
        If the statement is malformed: a theorem without derivation, a derivation whose signs
        do not add up to that of the statement, a source that is unknown, an id that is taken.
    """
    for part in (statement, *where):
        if not isinstance(part, Relation):
            raise StatementError(f"expected a relation such as Eq(left, right), got {part!r}")

    def register(code: F) -> F:
        stated = Formula(
            id=identity(code),
            statement=statement,
            code=code,
            sources=_strings(source),
            given=tuple(stated_by(function) for function in given),
            derivation=_lines(derivation, statement.right),
            where=tuple(where),
            ranges=dict(ranges or {}),
            bindings=dict(bindings or {}),
        )
        _validate(stated)
        FORMULAS[stated.id] = stated
        RUNS[code] = code.__globals__.get("__spec__")
        stating = checked(stated)
        stating.__doc__ = documented(stated)
        return cast(F, stating)

    return register


def _lines(derivation: Sequence[Step], right: Expression) -> tuple[Line, ...]:
    """Lines of a derivation, which ends where the statement ends."""
    for number, step in enumerate(derivation, start=1):
        expected = "sign, expression, reason" if number < len(derivation) else "sign, reason"
        if len(step) != expected.count(",") + 1:
            raise StatementError(
                f"line {number} of the derivation: expected ({expected}), got {len(step)} parts; "
                "the last line is the right-hand side"
            )
    return tuple(
        Line(sign, wrap([*middle, right][0]), because) for sign, *middle, because in derivation
    )


def _strings(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def stated_by(code: Code) -> Formula:
    """Formula that a function states.

    Raises
    ------
    StatementError
        If it states none.
    """
    try:
        return FORMULAS[identity(code)]
    except KeyError:
        raise StatementError(f"{identity(code)} states no formula") from None


def _validate(stated: Formula) -> None:
    """Refuse what cannot be a formula, and say which line is at fault."""
    where = f"{stated.id}: "
    before = FORMULAS.get(stated.id)
    if before is not None and not _stated_again(stated.code, before.code):
        other = f", by {before.file}" if before.file != stated.file else ""
        raise StatementError(where + "the id is taken" + other)
    if not stated.sources and not is_own(stated.code):
        raise StatementError(where + "needs a source")
    try:
        for key in stated.sources:
            bibliography.refuse_unknown(key, stated.folder)
    except (bibliography.UnknownSourceError, ValueError) as error:
        raise StatementError(where + str(error)) from None
    _refuse_strangers(stated)
    left, sign = stated.statement.left, stated.statement.sign
    if hasattr(stated.code, "__wrapped__"):
        raise StatementError(where + "the code is decorated: what is shown is not what runs")
    for name, value in stated.arguments.items():
        if value == left or (name in stated.bindings and _holds_answer(value, stated.statement)):
            raise StatementError(where + f"the code takes {name!r}, which it is to compute")
    if stated.is_definition and (sign != "=" or not _names(left)):
        raise StatementError(
            where + f"a definition has a bare symbol on the left, not {latex(left)}; "
            "anything else needs a derivation"
        )
    if "!=" in (sign, *(line.sign for line in stated.derivation)):
        raise StatementError(where + "'!=' stands in a condition alone")
    try:
        refuse_contradiction(stated.where)
        for one in [stated] * stated.is_definition + [*stated.assumed]:
            refuse_ill_formed(one.definition)
            refuse_other_value(one.definition)
    except StatementError as error:
        raise StatementError(where + str(error)) from None
    if stated.is_definition:
        return
    for number, line in enumerate(stated.derivation, start=1):
        try:
            Relation(left if number == 1 else stated.derivation[number - 2].expr, *line[:2])
        except StatementError as error:
            raise StatementError(where + f"line {number} ({line.because}): {error}") from None
    reached = max((line.sign for line in stated.derivation), key=["=", "<=", "<"].index)
    if reached != sign:
        raise StatementError(where + f"the lines together show {reached!r}, not {sign!r}")


RUNS: dict[Code, Any] = {}
"""For each code of a formula, the specification of its module, which a reload makes anew."""


def _stated_again(code: Code, before: Code) -> bool:
    """Whether two codes are one that is stated anew: its module, or the function around it, ran."""
    if code.__module__ != before.__module__:
        return False
    if "<locals>" in code.__qualname__:
        return code.__code__ is before.__code__
    run = code.__globals__.get("__spec__")
    return run is None or run is not RUNS.get(before)  # a prompt has no specification


def _refuse_strangers(stated: Formula) -> None:
    """Refuse a name that reads like a part of a proof, and what is declared in another way."""
    parts = (stated.statement, *stated.where, *(line.expr for line in stated.derivation))
    for node in set().union(*(part.atoms(Variable, Function) for part in parts)) - set(SYMBOLS):
        if not node.name.isidentifier():
            raise StatementError(f"{stated.id}: {node.name!r} is no name of Python")
        if isinstance(node, Function):
            declared = DECLARED[node.name] if node.name in FUNCTIONS else node
            same = node.differentiated(0).at(()) == declared.differentiated(0).at(())
        else:
            same = all(node.name != one.name for one in SYMBOLS)
        if not same:
            raise StatementError(f"{stated.id}: {node.name} is declared in another way")


def _holds_answer(node: Any, statement: Relation) -> bool:
    """Whether a side of a statement can be read off an expression.

    A derivative by a symbol does not tell the symbol.  A right-hand side that is one quantity,
    as where two gradients are equal, is what the code has to take.
    """
    left, right = statement.left, statement.right
    if node == left or (node == right and not is_quantity(right)):
        return True
    derivative = isinstance(node, Jacobian | Gradient | Immediate)
    return not derivative and any(_holds_answer(part, statement) for part in node.args)


def is_quantity(node: Any) -> bool:
    """Whether an expression is a symbol, or the derivative of one by another, or its transpose."""
    if isinstance(node, Transpose):
        return is_quantity(node.inside)
    if isinstance(node, Jacobian | Gradient | Immediate):
        of, by = node.args
        return (is_quantity(of) or (isinstance(of, Apply) and _names(of))) and is_quantity(by)
    return isinstance(node, Variable | At | Steps | Number)


def _names(left: Expression) -> bool:
    """Whether an expression is a name: a symbol, or a function of bare symbols."""
    if isinstance(left, Apply):
        return all(isinstance(argument, Variable) for argument in left.arguments)
    return isinstance(left, Variable | At)
