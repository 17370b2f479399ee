"""Prove lines for arrays of every size, and sequences of every length.

Both sides of a line are read entry by entry, at places that are letters, and the core brings their
difference to its normal form.  The ways differ in what is written out; each of them is sound by
itself, so a line is proved if one of them shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.nodes import Expression, Relation
from rnnnotes.book.prove.reading import Reading, whole
from rnnnotes.book.values.world import Definition
from rnnnotes.core import normal as core
from rnnnotes.core.equations import Equation, peeled, used
from rnnnotes.core.integers import Affine, Facts, affine
from rnnnotes.core.normal import Unsupported

__all__ = ["Lemma", "Premises", "Shown", "holds_for_all_sizes"]

Ranges = dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]
At = tuple[Affine, ...]
Bounds = tuple[str, Affine, Affine]
"""A letter, and its first and last value."""


SHORT, LONG = 3_000, 30_000
"""Products that a way may spend: what is short is found before anything long is tried."""


@dataclass(frozen=True)
class Shown:
    """What a proof rests on, beside the normal form."""

    induction: bool = False
    solver: bool = False
    """Arithmetic of real numbers, which a solver does."""
    norms: bool = False
    """Rules on norms of matrices."""

    def __or__(self, other: Shown) -> Shown:
        return Shown(
            self.induction or other.induction,
            self.solver or other.solver,
            self.norms or other.norms,
        )


@dataclass(frozen=True, eq=False)
class Lemma:
    """An equation that is proved for all sizes, and the ranges of its indices."""

    statement: Relation
    ranges: Ranges


@dataclass(frozen=True)
class Premises:
    """What a line may use."""

    definitions: Sequence[Definition]
    ranges: Ranges
    known: Sequence[Lemma] = ()
    functions: Sequence[Definition] = ()
    """Definitions of functions that have rules, for where the rules are not enough."""
    budget: int = LONG
    """Products that each way may spend."""
    answers: dict[Any, bool] = field(default_factory=dict, compare=False, repr=False)
    """Whether sides agree, by what was asked."""


def holds_for_all_sizes(
    left: Expression, right: Expression, premises: Premises, claim: Relation | None = None
) -> Shown | None:
    """Show that two expressions are equal, whatever the sizes.

    Parameters
    ----------
    left, right : Expression
        Neighbouring lines of a derivation.
    premises : Premises
        What the line may use.
    claim : Relation, optional
        Statement that may be used one step before, in an induction.

    Returns
    -------
    Shown or None
        What the proof rests on; None if it is not known that they are equal.
    """
    stages = (
        sorted(STAGES, key=lambda stage: stage is not inductively)
        if _winds(left, right)
        else STAGES
    )
    return first_of(stages, left, right, replace(premises, budget=SHORT), claim)


def _winds(*sides: Expression) -> bool:
    """Whether a product has a number of factors that grows with an index: no other way is short."""
    products = (
        node for side in sides for node in lang.walk(side) if isinstance(node, lang.Product)
    )
    return any(lang.indices(bound) for node in products for bound in (node.low, node.high))


Stage = Callable[[Expression, Expression, Premises, Relation | None], Shown | None]


def first_of(
    stages: Sequence[Stage], left: Expression, right: Expression, premises: Premises, claim: Any
) -> Shown | None:
    """What the first stage shows that shows a line."""
    found = (stage(left, right, premises, claim) for stage in stages)
    return next((shown for shown in found if shown is not None), None)


def shortly(left: Expression, right: Expression, premises: Premises, claim: Any) -> Shown | None:
    """Show a line by one of the ways."""
    return Shown() if any(way(left, right, premises) for way in WAYS) else None


def part_by_part(
    left: Expression, right: Expression, premises: Premises, claim: Any
) -> Shown | None:
    """Show each part of a line by one of the ways."""
    return by_parts(left, right, premises, STAGES[:2])


def at_length(left: Expression, right: Expression, premises: Premises, claim: Any) -> Shown | None:
    """Show a line by definitions that are written out, which may take long."""
    return Shown() if by_values(left, right, replace(premises, budget=LONG)) else None


def parts_at_length(
    left: Expression, right: Expression, premises: Premises, claim: Any
) -> Shown | None:
    """Show each part of a line, in whatever way."""
    return by_parts(left, right, premises, STAGES)


def inductively(
    left: Expression, right: Expression, premises: Premises, claim: Relation | None
) -> Shown | None:
    """Show a line from the statement, or from itself, one step before."""
    holds = any(
        by_induction(left, right, premises, equation, index)
        for index in _steps(left, right, premises)
        for equation in dict.fromkeys(_claims(left, right, claim))
    )
    return Shown(induction=True) if holds else None


STAGES: tuple[Stage, ...] = (shortly, part_by_part, at_length, parts_at_length, inductively)
"""Ways to prove a line, from what is short to what takes long."""


def _claims(left: Expression, right: Expression, claim: Relation | None) -> Iterator[Relation]:
    """Equations that an induction may be over: the statement, and the line itself."""
    if claim is not None and claim.sign == "=":
        yield claim
    for one, other in ((left, right), (right, left)):
        with suppress(lang.StatementError):  # inside of a norm, a row may equal a column
            yield Relation(one, "=", other)


# -- Comparing -------------------------------------------------------------------------------------


@contextmanager
def world(premises: Premises, parts: Iterable[sp.Basic]) -> Iterator[core.Context]:
    """Make terms under the ranges of the indices, and what is declared of sizes and symbols."""
    nodes = [node for part in parts for node in lang.walk(part)]
    variables = {node for node in nodes if isinstance(node, lang.Variable)}
    facts = within_ranges(_letters(premises.ranges))
    sizes = {
        affine_of(size)
        for node in nodes
        if isinstance(node, lang.Expression)
        for size in node.shape
    }
    symbols = {symbol for node in nodes for symbol in node.free_symbols}
    names = {str(symbol) for symbol in symbols if symbol.is_integer and symbol.is_positive}
    products = {name for size in sizes for name in size.names if names >= set(name.split("*"))}
    facts += [affine(name) - 1 for name in names | products]
    square = {node.inside for node in nodes if isinstance(node, lang.Inverse)}
    inverses: dict[tuple[object, object], Affine] = {}
    for matrix in square & variables:
        own, other = matrix.name, ("inverse", matrix.name)
        inverses |= dict.fromkeys([(own, other), (other, own)], affine_of(matrix.shape[0]))
    context = core.Context(
        Facts(facts),
        frozenset(variable.name for variable in variables if variable.positive),
        core.Budget(premises.budget),
        inverses,
    )
    with core.known(context):
        yield context


def affine_of(expr: Any) -> Affine:
    """Expression in sizes and indices, as the core has it."""
    return whole(expr, {})


def _letters(ranges: Ranges) -> list[Bounds]:
    return [(str(s), affine_of(low), affine_of(high)) for s, (low, high) in ranges.items()]


def within_ranges(ranges: Iterable[Bounds]) -> list[Affine]:
    """Facts that say that letters lie within their ranges."""
    return [fact for letter, *bounds in ranges for fact in core.within(affine(letter), *bounds)]


def places(shape: Sequence[sp.Expr], letter: str = "place") -> Iterator[At]:
    """Return the places of a shape: letters, and all numbers of a known size."""
    axes = [
        [affine(i + 1) for i in range(int(size))]
        if size.is_Integer
        else [affine(f"{letter}{axis}")]
        for axis, size in enumerate(shape)
    ]
    return product(*axes)


def agree(left: Expression, right: Expression, premises: Premises, **how: Any) -> bool:
    """Whether two expressions have one normal form, at every place.

    Several ways to prove a line come to the same question, which is asked once.
    """
    given = *premises.definitions, *premises.functions, *premises.ranges.items(), premises.budget
    question = frozenset((left, right)), given, *sorted(how.items())
    if question not in premises.answers:
        premises.answers[question] = _agree(left, right, premises, **how)
    return premises.answers[question]


def _agree(
    left: Expression,
    right: Expression,
    premises: Premises,
    *,
    deep: bool = False,
    reverse: bool = True,
    functions: bool = False,
    equations: tuple[Lemma, ...] = (),
    step: str = "",
) -> bool:
    more = premises.functions if functions else ()
    stated = [part for one in premises.definitions for part in (one.target, one.value)]
    parts = [left, right, *stated, *(one.statement for one in equations)]
    try:
        with world(premises, parts):
            reading = Reading([*premises.definitions, *more], reverse=reverse)
            shape = left.shape or right.shape
            known = [one for k in equations for one in _equations(reading, k)]
            return all(
                _agree_at(reading, left, right, shape, at, known, deep, step)
                for at in places(shape)
            )
    except (Unsupported, RecursionError):
        return False


def _agree_at(
    reading: Reading, left: Any, right: Any, shape: Any, at: At, known: Any, deep: bool, step: str
) -> bool:
    with core.assuming(*inside(at, shape)):
        sides = [reading.entry(side, at if side.shape else ()) for side in (left, right)]
        gap = core.minus(*sides)
        if step:
            gap = peeled(gap, step)
        return reading.graph.vanishes(gap, lambda poly: used(poly, known), deep)


def inside(at: At, shape: Sequence[sp.Expr]) -> list[Affine]:
    """Facts that say that a place lies in an array."""
    pairs = zip(at, shape, strict=True)
    return [
        fact for place, size in pairs for fact in core.within(place, affine(1), affine_of(size))
    ]


def _equations(reading: Reading, known: Lemma) -> Iterator[Equation]:
    """Return an equation as the core uses it: its indices and its places stand for any.

    They have names of their own, of which nothing is known but their ranges.
    """
    if known.statement.sign != "=":
        return
    left, right = known.statement.left, known.statement.right
    names = {symbol: affine(core.fresh()) for symbol in known.ranges}
    with reading.scope(reading.bound, {**reading.letters, **names}):
        indices = [(name_of(names[s]), *reading.range(*known.ranges[s])) for s in names]
        for at in places(left.shape, core.fresh()):
            axes = zip(at, left.shape, strict=True)
            letters = [(name, affine(1), affine_of(size))
                       for place, size in axes for name in place.names]  # fmt: skip
            with core.assuming(*within_ranges([*indices, *letters])):
                equation = Equation.between(
                    reading.entry(left, at),
                    reading.entry(right, at if right.shape else ()),
                    [*indices, *letters],
                )
            if equation is not None:
                yield equation


def name_of(letter: Affine) -> str:
    """Name of a letter that stands alone."""
    (name,) = letter.names
    return name


def by_values(left: Expression, right: Expression, premises: Premises) -> bool:
    """Whether sides agree once definitions are written out."""
    return agree(left, right, premises)


def by_equations(left: Expression, right: Expression, premises: Premises) -> bool:
    """Whether sides agree once the equations that are known are used."""
    return bool(premises.known) and agree(left, right, premises, equations=(*premises.known,))


def by_functions(left: Expression, right: Expression, premises: Premises) -> bool:
    """Whether sides agree once functions that have rules are written out too."""
    return bool(premises.functions) and agree(left, right, premises, functions=True)


def by_depth(left: Expression, right: Expression, premises: Premises) -> bool:
    """Whether sides agree once definitions are written out at other times as well."""
    return agree(left, right, premises, deep=True)


def forward(left: Expression, right: Expression, premises: Premises) -> bool:
    """Whether sides agree once all derivatives are taken forward."""
    return agree(left, right, premises, reverse=False, equations=(*premises.known,))


def by_parts(
    left: Expression, right: Expression, premises: Premises, stages: Sequence[Stage]
) -> Shown | None:
    """Show that sides are one function of parts that are equal, one by one."""
    pairs = parts_of(left, right, premises)
    while len(pairs) == 1 and (inner := parts_of(*pairs[0])):
        pairs = inner  # what stands around them is the same
    total = Shown() if pairs else None
    for pair in pairs:
        one = first_of(stages, *pair, None)
        if total is None or one is None:
            return None
        total |= one
    return total


def parts_of(
    left: Expression, right: Expression, premises: Premises
) -> list[tuple[Expression, Expression, Premises]]:
    """Return the parts in which two sides differ, if they are one function of as many parts."""
    left, right = lang.opened(left), lang.opened(right)
    if type(left) is not type(right) or len(left.args) != len(right.args):
        return []
    if isinstance(left, SUMS) and left.args[1:] == right.args[1:]:
        index, low, high = left.index, left.low, left.high
        if index in premises.ranges:
            return []
        premises = replace(premises, ranges={**premises.ranges, index: (low, high)})
    elif not isinstance(left, COMPOUND):
        return []
    pairs = [(a, b) for a, b in zip(left.args, right.args, strict=True) if a != b]
    fit = all(a.shape == b.shape for a, b in pairs)
    return [(a, b, premises) for a, b in pairs] if fit else []


SUMS = lang.Sum, lang.Product
"""Nodes that repeat a part: parts that are equal at each index make equal wholes."""

COMPOUND = (
    *(lang.Norm, lang.SpectralRadius, lang.Abs, lang.Neg, lang.Transpose, lang.Diag, lang.Inverse),
    *(lang.Add, lang.Sub, lang.Times, lang.Divide, lang.MatMul, lang.Outer, lang.Max, lang.Min),
)
"""Nodes whose value depends on those of their parts alone."""

WAYS = (by_values, by_equations, by_functions, by_depth, forward)
"""Ways to compare two sides, the shortest first."""


# -- Induction -------------------------------------------------------------------------------------


def _steps(left: Expression, right: Expression, premises: Premises) -> list[sp.Symbol]:
    """Indices and sizes that an induction may be over: times, and the number of steps."""
    free = lang.indices(left) | lang.indices(right)
    return [s for s in sorted(free, key=str) if str(s) in ("t", "T", "l")]


def by_induction(
    left: Expression, right: Expression, premises: Premises, claim: Relation, index: sp.Symbol
) -> bool:
    """Whether a line follows from a claim at the step before, and both hold at the first.

    An induction over the number of steps is one over a time up to it.
    """
    if index.is_positive:  # a size
        of_line = {claim.left, claim.right} == {left, right}
        # The lines before this one are proved at the last step alone: the claim stands by itself.
        if not of_line and not by_induction(claim.left, claim.right, premises, claim, index):
            return False
        time = sp.Symbol("t_any", integer=True)
        put = {index: time}
        general = replace(premises, ranges={**premises.ranges, time: (sp.Integer(1), index)})
        try:
            one, other, general_claim = (replaced(part, put) for part in (left, right, claim))
        except lang.StatementError:  # a map of all steps takes no fewer
            return False
        return by_induction(one, other, general, general_claim, time)
    if index not in premises.ranges:
        return False
    first, last = premises.ranges[index]
    earlier = [s for s, (_, high) in premises.ranges.items() if high == index]
    start = earlier[0] if earlier else first
    base, before = {index: start}, {index: index - 1}
    nodes = [node for part in (left, right, claim) for node in lang.walk(part)]
    bound = {lang.BINDERS[type(node)](node) for node in nodes if type(node) in lang.BINDERS}
    if bound & {index, *sp.sympify(start).free_symbols}:  # what is put would be captured
        return False
    at_first = {s: bounds for s, bounds in premises.ranges.items() if s != index}
    later = {**premises.ranges, index: (start + 1, last)}
    if earlier:
        at_first[start] = premises.ranges[start][0], last
        later[start] = premises.ranges[start][0], index - 1
    for sides in ((claim.left, claim.right), (left, right)):
        one, other = (replaced(side, base) for side in sides)
        if not any(way(one, other, replace(premises, ranges=at_first)) for way in WAYS):
            return False
    if not _also_before(premises.ranges, later, index):
        return False
    hypothesis = Lemma(
        Relation(replaced(claim.left, before), "=", replaced(claim.right, before)), {}
    )
    return any(
        agree(
            left,
            right,
            replace(premises, ranges=later),
            equations=(hypothesis, *more),
            step=str(index),
            reverse=reverse,
        )
        for more in ((), premises.known)
        for reverse in (True, False)
    )


def _also_before(ranges: Ranges, later: Ranges, index: sp.Symbol) -> bool:
    """Whether later on, the other indices lie within their ranges one step before, too."""
    facts = Facts(within_ranges(_letters(later)))
    before = {str(index): affine(str(index)) - 1}
    others = _letters({s: bounds for s, bounds in ranges.items() if s != index})
    return all(facts.entails(fact.put(before)) for fact in within_ranges(others))


def replaced(node: Any, values: dict[sp.Symbol, Any]) -> Any:
    """Put values for free indices, but neither in declarations nor for what is bound."""
    if isinstance(node, sp.Symbol):
        return values.get(node, node)
    if isinstance(node, lang.Variable) or not node.args:
        return node
    if isinstance(node, sp.Expr):
        return node.xreplace(values)
    if type(node) in lang.BINDERS:
        values = {s: v for s, v in values.items() if s != lang.BINDERS[type(node)](node)}
    if isinstance(node, lang.Relation):
        return Relation(replaced(node.left, values), node.sign, replaced(node.right, values))
    if isinstance(node, lang.Function):
        return node.at(tuple(sp.sympify(i).xreplace(values) for i in node.index))
    return node.func(*(replaced(part, values) for part in node.args))
