"""Whole numbers that are not known: sizes, times and places, and what is known of them.

A place of an array, a bound of a sum or the number of steps is an `Affine` expression: whole
numbers times letters, plus a whole number.  `Facts` are such expressions that are not negative;
they entail another if its opposite contradicts them, which is decided by eliminating one letter
after the other (Fourier and Motzkin), rounding down to whole numbers on the way.  What is not
entailed is not known: it counts neither as true nor as false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product as pairs
from math import gcd, prod

__all__ = ["Affine", "Facts", "Unsupported", "affine", "product"]

Whole = "Affine | int"

LIMIT = 400
"""Facts at which an elimination is given up: the answer is then that nothing is known."""


class Unsupported(Exception):
    """What the core has no rule for: it says nothing, neither yes nor no."""


class Affine:
    """Whole numbers times letters, plus a whole number: ``2*H + 1``, ``t - k``.

    A product of sizes, such as the number of entries of a matrix, is one letter with a star in it.
    """

    __slots__ = ("_hash", "_key", "_names", "constant", "parts")

    def __init__(self, parts: Mapping[str, int], constant: int = 0) -> None:
        found = [part for part in parts.items() if part[1]]
        self.parts = tuple(sorted(found) if len(found) > 1 else found)
        self.constant = constant
        self._hash = hash((self.parts, constant))
        self._key = ""
        self._names: frozenset[str] | None = None

    @property
    def names(self) -> frozenset[str]:
        """Letters and products of sizes that occur."""
        if self._names is None:
            self._names = frozenset(name for name, _ in self.parts)
        return self._names

    @property
    def letters(self) -> frozenset[str]:
        """Letters that occur, those within a product of sizes too."""
        if not any("*" in name for name, _ in self.parts):
            return self.names
        return frozenset(one for name in self.names for one in name.split("*"))

    @property
    def key(self) -> str:
        """Text that is the same for the same expression."""
        if not self._key:
            letters = [f"{number}{name}" for name, number in self.parts]
            self._key = "+".join([*letters, str(self.constant)])
        return self._key

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Affine)
            and self.parts == other.parts
            and self.constant == other.constant
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self.key

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(dict(self.parts), self.constant + other)
        parts = dict(self.parts)
        for name, number in other.parts:
            parts[name] = parts.get(name, 0) + number
        return Affine(parts, self.constant + other.constant)

    __radd__ = __add__

    def __neg__(self) -> Affine:
        return self * -1

    def __sub__(self, other: Affine | int) -> Affine:
        return self + -other

    def __rsub__(self, other: int) -> Affine:
        return -self + other

    def __mul__(self, number: int) -> Affine:
        return Affine({name: number * n for name, n in self.parts}, number * self.constant)

    __rmul__ = __mul__

    @property
    def is_number(self) -> bool:
        """Whether no letter occurs."""
        return not self.parts

    def coefficient(self, name: str) -> int:
        """Number that stands before a letter or a product; zero if it does not occur."""
        for letter, number in self.parts:
            if letter == name:
                return number
        return 0

    def number_of(self, name: str) -> int:
        """Number by which it grows with a letter; zero if it does not, or not by one number."""
        number = self.coefficient(name)
        products = (other for other, _ in self.parts if "*" in other) if number else ()
        return 0 if any(name in other.split("*") for other in products) else number

    def put(self, values: Mapping[str, Affine]) -> Affine:
        """Put other expressions for letters; a product that holds one is multiplied out."""
        if not self.letters & values.keys():
            return self
        kept = {
            name: number
            for name, number in self.parts
            if name not in values and not ("*" in name and values.keys() & set(name.split("*")))
        }
        result = Affine(kept, self.constant)
        for name, number in self.parts:
            if name in values:
                result += number * values[name]
            elif name not in kept:
                result += number * product(values.get(one, affine(one)) for one in name.split("*"))
        return result

    def solved(self, name: str) -> Affine | None:
        """Value of a letter for which the expression is zero, if it is surely a whole number."""
        number = self.number_of(name)
        return (self - Affine({name: number})) * -number if number in (1, -1) else None


def affine(value: Affine | int | str) -> Affine:
    """Read a whole number or a letter as an expression."""
    if isinstance(value, Affine):
        return value
    return Affine({}, value) if isinstance(value, int) else Affine({value: 1})


MOST_FACTORS = 4
"""Letters in one product, beyond which it is given up: what is put into itself would not end."""


def product(factors: Iterable[Affine]) -> Affine:
    """Product of expressions, multiplied out: a product of letters is one letter with stars."""
    total: dict[tuple[str, ...], int] = {(): 1}
    for factor in factors:
        parts = [(tuple(name.split("*")), n) for name, n in factor.parts]
        result: dict[tuple[str, ...], int] = {}
        for (some, m), (more, n) in pairs(total.items(), [*parts, ((), factor.constant)]):
            letters = tuple(sorted([*some, *more]))
            if len(letters) > MOST_FACTORS:
                raise Unsupported(f"a product of more than {MOST_FACTORS} letters")
            result[letters] = result.get(letters, 0) + m * n
        total = result
    constant = total.pop((), 0)
    return Affine({"*".join(letters): n for letters, n in total.items()}, constant)


class Facts:
    """Expressions that are known not to be negative."""

    def __init__(self, known: Iterable[Affine] = (), inside: Facts | None = None) -> None:
        more = frozenset(known)
        self.known: frozenset[Affine] = inside.known | more if inside else more
        self.of_letter: dict[str, tuple[Affine, ...]] = dict(inside.of_letter) if inside else {}
        for fact in more:
            # That a product is positive says nothing of its letters, which are positive themselves.
            for name in fact.names if len(fact.names) == 1 else fact.names | fact.letters:
                self.of_letter[name] = (*self.of_letter.get(name, ()), fact)
        self.has_products: bool = (inside is not None and inside.has_products) or any(
            len(fact.names) > 1 and "*" in name for fact in more for name in fact.names
        )
        """Whether a fact says of a product of letters how it compares with another number."""
        self._entailed: dict[Affine, bool] = {}

    def also(self, *more: Affine) -> Facts:
        """Return these facts and more."""
        new = self.known.union(more) - self.known
        return Facts(new, self) if new else self

    def entails(self, expr: Affine) -> bool:
        """Whether an expression is surely not negative."""
        if not expr.parts:
            return expr.constant >= 0
        if expr not in self._entailed:
            self._entailed[expr] = self._follows(expr)
        return self._entailed[expr]

    def _follows(self, expr: Affine) -> bool:
        if self._is_bounded(expr) and contradictory([*self._about(expr.names), -expr - 1]):
            return True
        if not (self.has_products or any("*" in name for name in expr.names)):
            return False
        known = self._about(expr.names)
        letters = frozenset().union(expr.letters, *(fact.letters for fact in known))
        return contradictory(with_products({*known, *self._about(letters), -expr - 1}))

    def _is_bounded(self, expr: Affine) -> bool:
        """Whether each letter is bounded from the side from which that bounds the sum below."""
        for name, number in expr.parts:
            sides = (fact.coefficient(name) for fact in self.of_letter.get(name, ()))
            if not any(side * number > 0 for side in sides):
                return False
        return True

    def excludes(self, expr: Affine) -> bool:
        """Whether an expression is surely negative."""
        return self.entails(-expr - 1)

    def equal(self, expr: Affine) -> bool:
        """Whether an expression is surely zero."""
        return self.entails(expr) and self.entails(-expr)

    def differ(self, expr: Affine) -> bool:
        """Whether an expression is surely not zero."""
        return self.excludes(expr) or self.excludes(-expr)

    def are_contradictory(self) -> bool:
        """Whether nothing fulfils all of them."""
        return contradictory(list(self.known))

    def _about(self, names: Iterable[str]) -> set[Affine]:
        """Facts that are tied to some letters, by way of others too."""
        found: set[Affine] = set()
        pending, seen = list(names), set(names)
        while pending:
            for fact in self.of_letter.get(pending.pop(), ()):
                found.add(fact)
                pending += fact.names - seen
                seen |= fact.names
        return found


def with_products(facts: set[Affine]) -> set[Affine]:
    """Facts, and for each product of two letters those on one times those on the other.

    Where neither of two expressions is negative, their product is not.
    """
    plain = [fact for fact in facts if fact.names == fact.letters]
    names = {name for fact in facts for name in fact.names if name.count("*") == 1}
    return facts.union(
        product((a, b))
        for one, other in (name.split("*") for name in names)
        for a in plain if one in a.names
        for b in plain if other in b.names
    )  # fmt: skip


def contradictory(facts: Iterable[Affine]) -> bool:
    """Whether no whole numbers make all expressions nonnegative: surely none, or else not known."""
    left = {rounded(fact) for fact in facts}
    while True:
        if any(not fact.parts and fact.constant < 0 for fact in left):
            return True
        letters: dict[str, list[int]] = {}
        for fact in left:
            for name, number in fact.parts:
                letters.setdefault(name, [0, 0])[number > 0] += 1
        if not letters or len(left) > LIMIT:
            return False
        left = eliminated(left, min(letters, key=lambda name: (prod(letters[name]), name)))


def eliminated(facts: set[Affine], name: str) -> set[Affine]:
    """All that facts say of the other letters: each lower bound of a letter is below each upper."""
    lower = [fact for fact in facts if fact.coefficient(name) > 0]
    upper = [fact for fact in facts if fact.coefficient(name) < 0]
    rest = {fact for fact in facts if name not in fact.names}
    return rest | {
        rounded(low * -high.coefficient(name) + high * low.coefficient(name))
        for low in lower
        for high in upper
    }


def rounded(fact: Affine) -> Affine:
    """Divide by what all letters share; a whole number that is not negative can be rounded down."""
    shared = gcd(*(number for _, number in fact.parts))
    if shared <= 1:
        return fact
    parts = {name: number // shared for name, number in fact.parts}
    return Affine(parts, fact.constant // shared)
