"""Using an equation that is known, and induction.

An equation is used from left to right: its left-hand side is one atom, its letters stand for any
whole numbers within their ranges, and wherever the atom stands at such numbers, the right-hand
side may stand.  Induction uses an equation at the step before, once it holds at the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import (
    array,
    chained,
    context,
    mapped,
    plus,
    product_of,
    put,
    scaled,
    term,
    times,
)
from rnnnotes.core.terms import Atom, Delta, Entry, Mask, Poly, Product, Sum

__all__ = ["Equation", "peeled", "used"]


@dataclass(frozen=True)
class Equation:
    """An atom, the ranges of its letters, and what it equals at given values of them."""

    left: Atom
    ranges: tuple[tuple[str, Affine, Affine], ...]
    right: Poly

    @classmethod
    def between(
        cls, left: Poly, right: Poly, ranges: Iterable[tuple[str, Affine, Affine]]
    ) -> Equation | None:
        """Equation of two polynomials, if the left is one atom, but for a number and a sign."""
        if len(left.terms) != 1:
            return None
        ((monomial, value),) = left.terms.items()
        if len(monomial) != 1 or monomial[0][1] != 1 or value not in (1, -1):
            return None
        return cls(monomial[0][0], tuple(ranges), scaled(value, right))

    def values(self, atom: Atom) -> dict[str, Affine] | None:
        """Values of the letters at which the left-hand side is an atom, within their ranges."""
        values = matched(self.left, atom, {letter for letter, _, _ in self.ranges})
        if values is None or not all(letter in values for letter, _, _ in self.ranges):
            return None
        facts = context().facts
        within = all(
            facts.entails(values[letter] - low.put(values))
            and facts.entails(high.put(values) - values[letter])
            for letter, low, high in self.ranges
        )
        return values if within else None

    def at(self, atom: Atom) -> Poly | None:
        """Return the right-hand side where an atom is the left-hand side at some values."""
        values = self.values(atom)
        return None if values is None else put(self.right, values)


def matched(pattern: Atom, atom: Atom, letters: set[str]) -> dict[str, Affine] | None:
    """Values of letters at which a pattern is an atom, or None if there are none that are seen."""
    if isinstance(pattern, Entry) and isinstance(atom, Entry):
        pairs = [*zip(pattern.at, atom.at, strict=False)]
        same = pattern.name == atom.name and len(pattern.at) == len(atom.at)
    elif isinstance(pattern, Product) and isinstance(atom, Product):
        pairs = [*zip(pattern.at, atom.at, strict=False)]
        same = pattern.body == atom.body
    else:
        return {letter: affine(letter) for letter in letters} if pattern == atom else None
    own = pattern.body.free & letters if isinstance(pattern, Product) else frozenset()
    values = {letter: affine(letter) for letter in own}
    for place, other in pairs:
        unknown = place.names & letters - values.keys()
        if len(unknown) == 1:
            (letter,) = unknown
            rest = place - affine(letter)
            if letter in rest.letters:
                return None
            values[letter] = other - rest.put(values)
    if isinstance(pattern, Product):
        values |= {letter: affine(letter) for letter in letters - values.keys()}
    if not same or any(place.put(values) != other for place, other in pairs):
        return None
    return values


def used(poly: Poly, equations: Iterable[Equation]) -> Poly:
    """Put the right-hand sides of equations for their left-hand sides, once."""
    known = list(equations)

    def is_known(atom: Atom) -> bool:
        return any(one.values(atom) is not None for one in known)

    def known_value(atom: Atom) -> Poly | None:
        return next((value for one in known if (value := one.at(atom)) is not None), None)

    return mapped(poly, is_known, known_value)


# -- The last step ---------------------------------------------------------------------------------


def peeled(poly: Poly, letter: str) -> Poly:
    """Take the last step out of sums and ordered products that go up to a letter.

    A mask [i <= t] is [i <= t - 1] + [i = t], for whole numbers of any kind.  A product that has a
    factor at t, as its first is surely not later, is this factor times the product up to t - 1.
    """

    def is_sum(atom: Atom) -> bool:
        return isinstance(atom, Sum) and bool(last_masks(atom, letter))

    def is_product(atom: Atom) -> bool:
        return isinstance(atom, Product) and atom.body.ranges[0][1] == affine(letter)

    sums = mapped(poly, is_sum, lambda atom: sum_peeled(atom, letter))
    return mapped(sums, is_product, product_peeled)


def last_masks(atom: Sum, letter: str) -> list[Mask]:
    """Masks of a sum that keep a bound letter up to a letter."""
    return [a for a, _ in atom.factors if isinstance(a, Mask)
            and any(a.least == affine(letter) - affine(bound) for bound in atom.bound)]  # fmt: skip


def sum_peeled(atom: Atom, letter: str) -> Poly:
    """Take the last step out of a sum: the one at which a bound letter is the letter itself."""
    assert isinstance(atom, Sum)
    end = min(last_masks(atom, letter), key=lambda one: one.key)
    rest = [(a, e) for a, e in atom.factors if a != end]
    earlier = term(1, atom.bound, [*rest, (Mask(end.least - 1), 1)])
    return plus(earlier, term(1, atom.bound, [*rest, (Delta(end.least), 1)]))


def product_peeled(atom: Atom) -> Poly | None:
    """Take the last step out of an ordered product."""
    assert isinstance(atom, Product)
    (low, high), *axes = atom.body.ranges
    if not context().facts.entails(high - low):
        return None

    def at(j: Affine, *place: Affine) -> Poly:
        return put(atom.body.body, dict(zip(atom.body.letters, (j, *place), strict=True)))

    before = array([(low, high - 1), *axes], at)
    if not atom.at:
        return times(at(high), product_of(before, ()))
    factors: list[Callable[..., Poly]] = [
        lambda r, c: at(high, r, c), lambda r, c: product_of(before, (r, c))
    ]  # fmt: skip
    return chained(factors, axes[0], atom.at)
