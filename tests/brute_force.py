"""Values of terms, worked out at small sizes by definition, without a rule.

This shares nothing with the core but the terms: letters are whole numbers, entries are drawn,
sums are written out over all that their masks leave, and an unknown function is a wave whose
derivatives are known.  What stands outside an array is drawn as well: it must never matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from itertools import product
from random import Random

import numpy as np

from rnnnotes.core.integers import Affine
from rnnnotes.core.terms import (
    Apply,
    Array,
    Atom,
    Delta,
    Entry,
    Group,
    Integer,
    Mask,
    Poly,
    Power,
    Product,
    Sum,
)

__all__ = ["KNOWN", "Draw", "drawn", "rank_of", "wave"]

FAR = 9
"""Whole numbers that a bound letter may be, up to this and down to its negative."""


def drawn(*what, low=-1.5, high=1.5):
    """Return a number that is the same whenever the same is asked for."""
    return Random(repr(what)).uniform(low, high)


def sign(value):
    """Sign of the real part, which a step along the imaginary axis leaves alone."""
    return 1 if value.real >= 0 else -1


def rank_of(place, values):
    """One more than there are numbers that come before that of a place, but for rounding."""
    order = {at: (-round(value.real, 9), at) for at, value in values.items()}
    return 1 + sum(one < order[place] for one in order.values())


KNOWN = {
    "exp": np.exp,
    "log": lambda u: np.log(u * sign(u)),
    "tanh": np.tanh,
    "sigmoid": lambda u: 1 / (1 + np.exp(-u)),
    "abs": lambda u: u * sign(u),
    "step": lambda u: float(u.real > 0),
}
"""Functions of a number; where one has no value, it gets some."""


def wave(name, at, arguments, slots=()):
    """Unknown function: of all entries by weights that are drawn, and any derivative of it."""
    inside = complex(drawn(name, at))
    for number, argument in enumerate(arguments):
        for place, value in argument.items():
            inside += drawn(name, at, number, place) * value
    order = len(slots)
    weights = [drawn(name, at, number, place) for number, place in slots]
    slope = 0.5**order * np.exp(inside / 2) + 2**order * np.sin(2 * inside + order * np.pi / 2)
    return math.prod(weights) * slope


class Draw:
    """Whole numbers for letters, and numbers for all entries of all arrays."""

    def __init__(self, letters, seed=0, positive=(), entries=None):
        self.letters = dict(letters)
        self.seed = seed
        self.positive = frozenset(positive)
        self.entries = dict(entries or {})

    def at(self, letters: Mapping[str, int]) -> Draw:
        """Same draw, with other letters besides."""
        return Draw({**self.letters, **letters}, self.seed, self.positive, self.entries)

    def whole(self, place: Affine) -> int:
        """Whole number of an expression."""
        return place.constant + sum(
            number * math.prod(self.letters[one] for one in name.split("*"))
            for name, number in place.parts
        )

    def places(self, at):
        """Whole numbers of some expressions."""
        return tuple(map(self.whole, at))

    def entry(self, name, at):
        """What an array holds at a place."""
        if (name, at) not in self.entries:
            low = 0.3 if name in self.positive else -1.5
            self.entries[name, at] = drawn(self.seed, name, at, low=low)
        return self.entries[name, at]

    def value(self, poly: Poly):
        """Value of a polynomial."""
        return sum(
            (complex(number) * self.monomial(k) for k, number in poly.terms.items()), complex(0)
        )

    def monomial(self, factors):
        """Value of a product: where a mask or a delta is zero, the rest is not looked at."""
        if any(isinstance(a, Mask | Delta) and not self.atom(a) for a, _ in factors):
            return complex(0)
        return math.prod((self.atom(atom) ** e for atom, e in factors), start=complex(1))

    def atom(self, atom: Atom):
        """Value of an atom."""
        match atom:
            case Integer():
                return complex(self.letters[atom.name])
            case Entry():
                return complex(self.entry(atom.name, self.places(atom.at)))
            case Delta():
                return complex(self.whole(atom.zero) == 0)
            case Mask():
                return complex(self.whole(atom.least) >= 0)
            case Group():
                return self.value(atom.inside)
            case Power():
                return self.value(atom.base) ** self.value(atom.exponent)
            case Sum():
                return self.sum(atom)
            case Product():
                return self.product(atom)
            case Apply():
                return self.apply(atom)
        raise TypeError(atom)

    def sum(self, atom: Sum):
        """Sum over all whole numbers that are not far."""
        masks = [a.least for a, _ in atom.factors if isinstance(a, Mask)]
        return self.summed(list(atom.bound), masks, atom.factors)

    def summed(self, letters, masks, factors):
        """Sum letter by letter; as soon as a mask is known to be zero, nothing is left."""
        settled = [one for one in masks if not one.letters & set(letters)]
        if any(self.whole(one) < 0 for one in settled):
            return complex(0)
        if not letters:
            assert max(map(abs, self.letters.values())) < FAR, "the masks leave too much"
            return self.monomial(factors)
        letter, *rest = letters
        open_ = [one for one in masks if one not in settled]
        values = range(-FAR, FAR + 1)
        return sum(self.at({letter: i}).summed(rest, open_, factors) for i in values)

    def array(self, array: Array):
        """Entries of an array, by their places."""
        bounds = [self.places(pair) for pair in array.ranges]
        return {
            place: self.at(dict(zip(array.letters, place, strict=True))).value(array.body)
            for place in product(*(range(low, high + 1) for low, high in bounds))
        }

    def product(self, atom: Product):
        """Ordered product, the highest index on the left."""
        entries = self.array(atom.body)
        low, high, *axes = (self.whole(bound) for pair in atom.body.ranges for bound in pair)
        steps = range(low, high + 1)
        if not atom.at:
            return math.prod((entries[j,] for j in steps), start=complex(1))
        axis = range(axes[0], axes[1] + 1)
        factors = [np.array([[entries[j, r, c] for c in axis] for r in axis]) for j in steps]
        row, column = (place - axes[0] for place in self.places(atom.at))
        if not (0 <= row < len(axis) and 0 <= column < len(axis)):
            return complex(drawn(self.seed, "outside", atom.key, row, column))
        return complex(
            reduce(lambda done, one: one @ done, factors, np.eye(len(axis)))[row, column]
        )

    def apply(self, atom: Apply):
        """Function of arrays."""
        arguments = [self.array(argument) for argument in atom.arguments]
        if atom.name in KNOWN and not atom.at:
            assert not atom.slots
            return complex(KNOWN[atom.name](arguments[0][()]))
        if atom.name == "largest":
            return max(arguments[0].values(), key=lambda value: value.real)
        if atom.name == "ranked":
            return self.ranked(arguments[0], *self.places(atom.at))
        slots = [(number, self.places(at)) for number, at in atom.slots]
        return wave(atom.name, self.places(atom.at), arguments, slots)

    def ranked(self, values, rank, place):
        """Whether as many numbers come before that of a place as its rank says."""
        if (place,) not in values:
            return complex(drawn(self.seed, "outside", rank, place))
        return complex(rank_of(place, {at: value for (at,), value in values.items()}) == rank)
