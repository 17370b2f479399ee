"""Terms: what an entry of an array is made of, and when two of them are the same.

A term stands for a real number once its letters have values: whole numbers for sizes, times and
places, arrays and functions of real numbers for the names.  A place outside an array holds some
number that nobody knows; masks keep such places out of every sum.

An atom is equal to another if their keys are, and a key spells out all that an atom is made of,
its kind first.  Letters that a sum or an argument binds are named by how deeply they are nested
(`~1.0`), so that what differs in the names of bound letters alone has one key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from rnnnotes.core.integers import Affine

__all__ = [
    "Apply",
    "Array",
    "Atom",
    "Delta",
    "Entry",
    "Group",
    "Integer",
    "Mask",
    "Monomial",
    "Poly",
    "Power",
    "Product",
    "Sum",
]

Number = int | Fraction
Names = frozenset[str]


class Atom:
    """A factor that is not taken apart."""

    __slots__ = ("_hash", "free", "height", "key")

    def __init__(self, key: str, free: Iterable[str], height: int = 0) -> None:
        self.key = key
        self._hash = hash(key)
        self.free: Names = frozenset(free)
        self.height = height

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self.key == other.key)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self.key


Monomial = tuple[tuple[Atom, int], ...]
"""Atoms with their exponents, in the order of their keys."""


class Poly:
    """Sum of monomials, each with its number: a polynomial, but for exponents below zero."""

    __slots__ = ("_free", "_key", "terms")

    def __init__(self, terms: Mapping[Monomial, Number]) -> None:
        self.terms = (
            terms if all(terms.values()) else {monomial: n for monomial, n in terms.items() if n}
        )
        self._free: Names | None = None
        self._key: str | None = None

    @property
    def free(self) -> Names:
        """Letters that are not bound."""
        if self._free is None:
            self._free = frozenset().union(
                *(atom.free for monomial in self.terms for atom, _ in monomial)
            )
        return self._free

    @property
    def height(self) -> int:
        """How deep binders stand within each other."""
        return max((atom.height for monomial in self.terms for atom, _ in monomial), default=0)

    @property
    def key(self) -> str:
        """Text that is the same for the same polynomial."""
        if self._key is None:
            self._key = " + ".join(
                sorted(f"{n}*{spelled(monomial)}" for monomial, n in self.terms.items())
            )
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Poly) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key or "0"


def spelled(monomial: Monomial) -> str:
    """Key of a monomial."""
    return ".".join(f"{atom.key}^{exponent}" for atom, exponent in monomial)


def _letters(parts: Iterable[Affine]) -> Names:
    return frozenset().union(*(part.letters for part in parts))


def _places(at: Iterable[Affine]) -> str:
    return ",".join(place.key for place in at)


class Integer(Atom):
    """A whole number that has a letter, as a real number."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(f"Z{name}", [name])
        self.name = name


class Entry(Atom):
    """What an array holds at a place."""

    __slots__ = ("at", "name")

    def __init__(self, name: object, at: tuple[Affine, ...] = ()) -> None:
        super().__init__(f"E{name!r}[{_places(at)}]", _letters(at))
        self.name = name
        self.at = at


class Delta(Atom):
    """One where an expression is zero, else zero (Kronecker)."""

    __slots__ = ("zero",)

    def __init__(self, zero: Affine) -> None:
        self.zero = min(zero, -zero, key=lambda side: side.key)
        super().__init__(f"D({self.zero.key})", zero.letters)


class Mask(Atom):
    """One where an expression is not negative, else zero."""

    __slots__ = ("least",)

    def __init__(self, least: Affine) -> None:
        super().__init__(f"M({least.key})", least.letters)
        self.least = least


class Array:
    """Array that a function takes: its entry at places from `low` to `high` on each axis.

    A number is an array without axes.
    """

    __slots__ = ("body", "free", "height", "key", "letters", "ranges")

    def __init__(
        self, letters: tuple[str, ...], ranges: tuple[tuple[Affine, Affine], ...], body: Poly
    ) -> None:
        self.letters = letters
        self.ranges = ranges
        self.body = body
        bounds = [bound for pair in ranges for bound in pair]
        self.key = f"\\{','.join(letters)}:{_places(bounds)}.({body.key})"
        self.free = body.free.difference(letters).union(_letters(bounds))
        self.height = body.height + bool(letters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


Slot = tuple[int, tuple[Affine, ...]]
"""Argument of a function, counted from 0, and a place in it, by which it is differentiated."""


class Apply(Atom):
    """Function of arrays, at a place of what it gives, differentiated by some of its arguments."""

    __slots__ = ("arguments", "at", "name", "slots")

    def __init__(
        self,
        name: str,
        at: tuple[Affine, ...],
        arguments: tuple[Array, ...],
        slots: tuple[Slot, ...] = (),
    ) -> None:
        self.name = name
        self.at = at
        self.arguments = arguments
        # The order of derivatives is free, as the functions of the book are smooth.
        self.slots = tuple(sorted(slots, key=lambda slot: (slot[0], _places(slot[1]))))
        by = ";".join(f"{number}[{_places(at)}]" for number, at in self.slots)
        inside = "|".join(argument.key for argument in arguments)
        letters = [_letters(at), *(_letters(at) for _, at in slots), *(a.free for a in arguments)]
        super().__init__(
            f"A{name}[{_places(at)}]({inside}){{{by}}}",
            frozenset().union(*letters),
            max((argument.height for argument in arguments), default=0),
        )


class Sum(Atom):
    """Sum of a monomial over all whole values of some letters; its masks leave finitely many."""

    __slots__ = ("bound", "factors")

    def __init__(self, bound: tuple[str, ...], factors: Monomial) -> None:
        free: Names = frozenset().union(*(atom.free for atom, _ in factors))
        height = 1 + max(atom.height for atom, _ in factors)
        super().__init__(f"S{','.join(bound)}({spelled(factors)})", free.difference(bound), height)
        self.bound = bound
        self.factors = factors


class Product(Atom):
    """Ordered product of square matrices, the highest index on the left, at a row and a column.

    The letters of `body` are the index, the row and the column; its ranges are those of the index
    and of the axes.  Of no factors it is the identity.
    """

    __slots__ = ("at", "body")

    def __init__(self, body: Array, at: tuple[Affine, ...]) -> None:
        super().__init__(f"P[{_places(at)}]{body.key}", body.free | _letters(at), body.height)
        self.body = body
        self.at = at


class Power(Atom):
    """Power whose exponent is no whole number that is known."""

    __slots__ = ("base", "exponent")

    def __init__(self, base: Poly, exponent: Poly) -> None:
        super().__init__(
            f"^({base.key})({exponent.key})",
            base.free | exponent.free,
            max(base.height, exponent.height),
        )
        self.base = base
        self.exponent = exponent


class Group(Atom):
    """Polynomial of several terms that is a denominator."""

    __slots__ = ("inside",)

    def __init__(self, inside: Poly) -> None:
        super().__init__(f"G({inside.key})", inside.free, inside.height)
        self.inside = inside
