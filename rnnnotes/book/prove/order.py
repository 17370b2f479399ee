"""Prove inequalities for arrays of every size, and sequences of every length.

Both sides of a line are read entry by entry, at places that are letters.  What is given, and the
conditions of a formula, become laws of the core; it shows that one side is at most the other by
rules on real numbers, by rules on norms, or by induction over time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.nodes import Expression, Relation
from rnnnotes.book.prove.everysize import (
    Lemma,
    Premises,
    Ranges,
    Shown,
    affine_of,
    inside,
    name_of,
    places,
    replaced,
    within_ranges,
    world,
)
from rnnnotes.book.prove.reading import Reading
from rnnnotes.book.values.world import Definition
from rnnnotes.core import normal as core
from rnnnotes.core.equations import peeled
from rnnnotes.core.inequalities import Law, Letter, Order, Rule
from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import FUNCTIONS, Unsupported
from rnnnotes.core.norms import NORMS
from rnnnotes.core.reals import Comparison
from rnnnotes.core.terms import Entry, Poly

At = tuple[Affine, ...]

__all__ = ["Given", "compares_for_all_sizes"]


@dataclass(frozen=True)
class Given:
    """What an inequality may use: premises, other relations, and conditions.

    A condition holds for all values of its indices, and for any argument of a function whose
    letter nothing else mentions.
    """

    premises: Premises
    known: Sequence[Lemma] = ()
    conditions: Sequence[Lemma] = ()


def compares_for_all_sizes(
    left: Expression, sign: str, right: Expression, given: Given, claim: Relation
) -> Shown | None:
    """Show how two expressions compare, whatever the sizes.

    Parameters
    ----------
    left, right : Expression
        Neighbouring lines of a derivation.
    sign : {'=', '<=', '<'}
        How they are said to compare.
    given : Given
        What the line may use.
    claim : Relation
        Statement of the formula: what it does not mention, a condition may hold for all values
        of, and it may be used one step before, in an induction.

    Returns
    -------
    Shown or None
        What the proof rests on; None if it is not known that they compare so.

    Raises
    ------
    NoSolverError
        If the solver is not installed.
    Contradiction
        If what is given contradicts itself.
    """
    line = Relation(left, sign, right)
    if shown := by_arrays(line, given, claim):
        return shown
    norms = any(
        isinstance(node, MEASURES)
        for side in (left, right)
        for node in lang.walk(lang.unfolded(side))
    )
    for way in (holds, inductively):
        for one in variants(given):
            if way(line, one, claim, norms=norms):
                return Shown(way is inductively, solver=True, norms=norms)
    return by_factors(line, given, claim)


MEASURES = lang.Norm, lang.SpectralRadius
"""What the rules on norms are about."""


def variants(given: Given) -> list[Given]:
    """Premises without the definitions of functions that have rules, and with all of them.

    Where a function is written out, its rules are of no use; where it is not, its definition is.
    """
    premises = given.premises
    without = [one for one in premises.definitions if not has_rules(one)]
    extended = [*premises.definitions, *premises.functions]
    return [
        replace(given, premises=replace(premises, definitions=definitions))
        for definitions in ([without, extended] if without != extended else [without])
    ]


def has_rules(definition: Definition) -> bool:
    """Whether a definition is that of a function of which the core knows more than that."""
    target = definition.target
    return isinstance(target, lang.Apply) and target.function.name in FUNCTIONS


def by_factors(line: Relation, given: Given, claim: Relation) -> Shown | None:
    """Show that a product of numbers is at most another, as each factor is, and none is negative.

    So an induction may be over one factor alone.
    """
    left, right = lang.opened(line.left), lang.opened(line.right)
    products = isinstance(left, lang.Times) and isinstance(right, lang.Times)
    if not products or line.sign != "<=" or left.shape or len(left.args) != len(right.args):
        return None
    lines = [(lang.wrap(0), factor) for factor in left.args]
    lines += [(a, b) for a, b in zip(left.args, right.args, strict=True) if a != b]
    shown = Shown()
    for a, b in lines:
        one = compares_for_all_sizes(a, "<=", b, given, claim)
        if one is None:
            return None
        shown |= one
    return shown


def by_arrays(line: Relation, given: Given, claim: Relation) -> Shown | None:
    """Show that norms are equal, as the arrays are, one of which may be a row."""
    if not (isinstance(line.left, lang.Norm) and isinstance(line.right, lang.Norm)):
        return None
    left, right = line.left.args[0], line.right.args[0]
    turned = right.T if left.row != right.row else right
    if line.sign != "=" or left.shape != turned.shape:
        return None
    return compares_for_all_sizes(left, "=", turned, given, claim)


class Measuring(Reading):
    """Entries in which the norm of a vector is not written out, as rules on norms look at it."""

    def entry(self, node: Any, at: At = ()) -> Poly:
        """Entry of an expression at a place."""
        if isinstance(node, lang.Norm) and node.inside.shape:
            array = node.inside
            return core.norm(
                list(map(self.axis, array.shape)), lambda *place: self.entry(array, place)
            )
        return super().entry(node, at)


def holds(
    line: Relation,
    given: Given,
    claim: Relation,
    *,
    norms: bool,
    before: Lemma | None = None,
    step: str = "",
) -> bool:
    """Whether a line follows from what is given, at every place."""
    premises = given.premises
    stated = [part for one in premises.definitions for part in (one.target, one.value)]
    known = [*premises.known, *given.known, *([before] if before else [])]
    relations = [line, *(one.statement for one in (*known, *given.conditions))]
    with world(premises, [*relations, *stated]) as context:
        if context.facts.are_contradictory():
            return False
        try:
            reading = Measuring(premises.definitions)
            laws = [law for one in known for law in laws_of(reading, one)]
            for condition in given.conditions:
                laws += laws_of(reading, condition, numbers_of(condition, given, [line, claim]))
            return all(
                holds_at(reading, line, at, laws, NORMS if norms else (), step)
                for at in places(line.left.shape or line.right.shape)
            )
        except (Unsupported, RecursionError):
            return False


def holds_at(
    reading: Reading, line: Relation, at: At, laws: Sequence[Law], rules: Sequence[Rule], step: str
) -> bool:
    """Whether a line follows from laws at one place."""
    shape = line.left.shape or line.right.shape
    with core.assuming(*inside(at, shape)):
        goal = compared(reading, line, at)
        if step:
            goal = goal.mapped(lambda side: peeled(side, step))

        def value(leaf: Entry) -> Poly | None:
            graph = reading.graph
            return graph.value(leaf) if graph.is_current(leaf) else None

        return Order(laws, value, rules).shows(goal)


def compared(reading: Reading, relation: Relation, at: At) -> Comparison:
    """Comparison of the entries of a relation at a place."""
    left, right = (
        reading.entry(side, at if side.shape else ()) for side in (relation.left, relation.right)
    )
    return Comparison(left, relation.sign, right)


def laws_of(
    reading: Reading, known: Lemma, numbers: frozenset[Entry] = frozenset()
) -> Iterator[Law]:
    """Return a relation as laws of the core: its indices and its places stand for any.

    They have names of their own, of which nothing is known but their ranges.  What the core cannot
    read is no law.
    """
    statement, names = known.statement, {s: affine(core.fresh()) for s in reach(known)}
    shape = statement.left.shape or statement.right.shape
    with reading.scope(reading.bound, {**reading.letters, **names}):
        indices = [
            Letter(name_of(names[s]), *reading.range(*known.ranges[s]), affine(str(s)))
            for s in names
        ]
        for at in places(shape, core.fresh()):
            axes = zip(at, shape, strict=True)
            letters = [Letter(name, affine(1), affine_of(size), affine(1))
                       for place, size in axes for name in place.names]  # fmt: skip
            within = [(one.name, one.low, one.high) for one in (*indices, *letters)]
            with core.assuming(*within_ranges(within)), suppress(Unsupported):
                yield Law(compared(reading, statement, at), (*indices, *letters), numbers)


def reach(known: Lemma) -> list[sp.Symbol]:
    """Indices of a relation, and those up to which these go."""
    found: list[sp.Symbol] = []
    pending = lang.indices(known.statement.left) | lang.indices(known.statement.right)
    while pending := {s for s in pending if s in known.ranges} - set(found):
        found += sorted(pending, key=str)
        pending = set().union(*(b.free_symbols for s in pending for b in known.ranges[s]))
    return found


def numbers_of(condition: Lemma, given: Given, relations: Sequence[Relation]) -> frozenset[Entry]:
    """Letters of a condition that stand for any number, as it is all that mentions them.

    They are arguments of a function: the condition is one on the function.
    """
    others = [one.statement for one in given.conditions if one is not condition]
    defined = [part for one in given.premises.definitions for part in (one.target, one.value)
               if not isinstance(one.target, lang.Apply)]  # fmt: skip
    said = {node for part in (*relations, *others, *defined) for node in lang.walk(part)}
    arguments = {
        node.arguments[0]
        for node in lang.walk(condition.statement)
        if isinstance(node, lang.Apply) and node.function.elementwise
    }
    return frozenset(
        Entry(one.name)
        for one in arguments - said
        if isinstance(one, lang.Variable) and not one.shape and not one.positive
    )


# -- Induction -------------------------------------------------------------------------------------


def inductively(line: Relation, given: Given, claim: Relation, *, norms: bool) -> bool:
    """Whether a line follows from the statement, or from itself, one step before."""
    free = lang.indices(line.left) | lang.indices(line.right)
    times = [s for s in sorted(free, key=str) if str(s) in ("t", "T", "l")]
    return any(
        by_induction(line, one, given, claim, index, norms=norms)
        for one in dict.fromkeys([claim, line])
        for index in times
    )


def by_induction(
    line: Relation,
    hypothesis: Relation,
    given: Given,
    claim: Relation,
    index: sp.Symbol,
    *,
    norms: bool,
) -> bool:
    """Whether a line follows from a hypothesis at the step before, and both hold at the first.

    An induction over the number of steps is one over a time up to it.  The line alone may be its
    hypothesis: that the statement holds for all steps says nothing of fewer steps of them.
    """
    premises = given.premises
    if index.is_positive:  # a size
        if hypothesis != line:
            return False
        time = sp.Symbol("t_any", integer=True)
        ranges = {**premises.ranges, time: (sp.Integer(1), index)}
        general = replace(given, premises=replace(premises, ranges=ranges))
        shorter = replaced(line, {index: time})
        return by_induction(shorter, shorter, general, claim, time, norms=norms)
    if index not in premises.ranges:
        return False
    turns = Turns.of(premises.ranges, index)
    first = replace(given, premises=replace(premises, ranges=turns.at_first))
    later = replace(given, premises=replace(premises, ranges=turns.later))
    before = Lemma(replaced(hypothesis, {index: index - 1}), turns.before)
    return all(
        holds(replaced(one, {index: turns.start}), first, claim, norms=norms)
        for one in dict.fromkeys([hypothesis, line])
    ) and holds(line, later, claim, norms=norms, before=before, step=str(index))


@dataclass(frozen=True)
class Turns:
    """An index of an induction: where it starts, and ranges of all indices at its values.

    It starts from an earlier index that goes up to it, if there is one, which then is the same at
    all steps.  The other indices take all their values at each step.
    """

    start: sp.Expr
    at_first: Ranges
    later: Ranges
    before: Ranges
    """Ranges of the others, one step before."""

    @classmethod
    def of(cls, ranges: Ranges, index: sp.Symbol) -> Turns:
        """Induction over an index that has a range."""
        first, last = ranges[index]
        earlier = next((s for s, (_, high) in ranges.items() if high == index), None)
        start, fixed = first, {}
        if earlier is not None:
            low, _ = ranges[earlier]
            start, fixed = earlier, {earlier: (low, last)}

        def others(time: sp.Expr) -> Ranges:
            put = {index: time}
            return {
                s: (low.xreplace(put), high.xreplace(put))
                for s, (low, high) in ranges.items()
                if s not in (index, earlier)
            }

        later = {**fixed, index: (start + 1, last), **others(index)}
        return cls(start, {**fixed, **others(start)}, later, others(index - 1))
