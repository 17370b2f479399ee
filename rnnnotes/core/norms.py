"""What is known of norms: that of a matrix is how far it stretches a vector at most.

All arrays are of real numbers.  A vector is measured by its Euclidean norm, which is that of a
matrix of one column; so is a row.  Each rule looks at the norm or the spectral radius of an array
and says what holds of it, whatever the array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product

from rnnnotes.core.inequalities import Order, Range, Rule, ends
from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import (
    ONE,
    ZERO,
    absolute,
    assuming,
    context,
    delta,
    fresh,
    minus,
    norm,
    of,
    over,
    plus,
    put,
    put_within,
    shared,
    summed,
    term,
    times,
    total,
    within,
)
from rnnnotes.core.reals import Comparison
from rnnnotes.core.terms import Apply, Array, Atom, Mask, Monomial, Poly, Sum

__all__ = ["NORMS"]


class Part:
    """A vector or a matrix: its ranges, and its entry at places that are letters."""

    def __init__(self, ranges: Iterable[Range], letters: Iterable[str], body: Poly) -> None:
        self.ranges = tuple(ranges)
        self.letters = tuple(letters)
        self.body = body

    @classmethod
    def of(cls, argument: Array) -> Part:
        """Array of which a norm is taken, at letters that stand nowhere else."""
        letters = [fresh() for _ in argument.letters]
        places = dict(zip(argument.letters, map(affine, letters), strict=True))
        part = cls(argument.ranges, letters, ZERO)
        with assuming(*part.reach):
            part.body = put(argument.body, places)
        return part

    @property
    def reach(self) -> list[Affine]:
        """Facts that say that the letters are places of the array."""
        pairs = zip(self.letters, self.ranges, strict=True)
        return [fact for letter, bounds in pairs for fact in within(affine(letter), *bounds)]

    def at(self, *place: Affine) -> Poly:
        """Entry at a place."""
        return put(self.body, dict(zip(self.letters, place, strict=True)))

    @property
    def norm(self) -> Poly:
        """Norm of the array."""
        return norm(self.ranges, self.at)

    def like(self, body: Poly) -> Part:
        """Array of the same shape."""
        return Part(self.ranges, self.letters, body)

    def diagonal(self, axis: int, body: Poly) -> Part:
        """Diagonal matrix of a vector along an axis."""
        row, column = affine(self.letters[axis]), affine(fresh())
        (name,) = column.names
        ranges = [self.ranges[axis]] * 2
        return Part(ranges, [self.letters[axis], name], times(delta(row - column), body))


def of_norms(rule: Callable[[Order, Poly, Part], Iterator[Comparison]]) -> Rule:
    """Rule of the norm of an array, as a rule of an atom."""

    def of_atom(order: Order, atom: Atom) -> Iterator[Comparison]:
        if isinstance(atom, Apply) and atom.name == "norm":
            part = Part.of(atom.arguments[0])
            assert len(part.letters) in (1, 2)
            with assuming(*part.reach):
                yield from rule(order, of(atom), part)

    return of_atom


def triangle(order: Order, size: Poly, part: Part) -> Iterator[Comparison]:
    """The norm of a sum is at most the sum of the norms."""
    if len(part.body.terms) > 1:
        norms = [part.like(Poly({k: v})).norm for k, v in part.body.terms.items()]
        yield Comparison(size, "<=", plus(*norms))


def diagonal(order: Order, size: Poly, part: Part) -> Iterator[Comparison]:
    """The norm of a diagonal matrix is the size of one of its entries; it has one at least."""
    if len(part.letters) == 1 or part.ranges[0] != part.ranges[1]:
        return
    (low, high), (row, column) = part.ranges[0], map(affine, part.letters)
    is_diagonal = part.body == times(part.body, delta(row - column))
    if is_diagonal and context().facts.entails(high - low):
        place = order.somewhere(repr(size), (low, high))
        with assuming(*within(place, low, high)):
            yield Comparison(size, "=", absolute(part.at(place, place)))


def an_entry(order: Order, size: Poly, part: Part) -> Iterator[Comparison]:
    """No entry is larger than the norm: at places that are numbers, or letters of the context."""
    for place in product(*map(places_within, part.ranges)):
        yield Comparison(absolute(part.at(*place)), "<=", size)


def places_within(bounds: Range) -> list[Affine]:
    """Places of an axis that have a name: all, if they are counted, else letters within it."""
    low, high = bounds
    if (high - low).is_number:
        return [low + step for step in range((high - low).constant + 1)]
    facts = context().facts
    letters = {name for fact in facts.known for name in fact.names if not name.startswith("#")}
    return [
        affine(name)
        for name in sorted(letters)
        if all(map(facts.entails, within(affine(name), low, high))) and affine(name) != high
    ]


def scaled_by(order: Order, size: Poly, part: Part) -> Iterator[Comparison]:
    """A factor of all entries stands outside; one of the rows or columns is a diagonal matrix.

    The norm of a column times a row is the product of their norms.
    """
    factors = factors_by_axis(part)
    scale = factors.pop((), ONE)
    if scale != ONE:
        rest = part.like(times(*factors.values()))
        yield Comparison(size, "=", times(absolute(scale), rest.norm))
        return
    whole = factors.pop((0, 1), None)
    sides = [(axis, factor) for (axis,), factor in factors.items()]
    if len(part.letters) == 2 and whole is not None and sides:
        stretched = [part.diagonal(axis, factor).norm for axis, factor in sides]
        yield Comparison(size, "<=", times(part.like(whole).norm, *stretched))
    elif len(sides) == 2:
        vectors = [Part([part.ranges[a]], [part.letters[a]], factor) for a, factor in sides]
        yield Comparison(size, "=", times(*(vector.norm for vector in vectors)))


def factors_by_axis(part: Part) -> dict[tuple[int, ...], Poly]:
    """Entry of an array as a product, its factors by the axes along which they change."""
    if not part.body.terms:
        return {(): ZERO}
    outside = shared(part.body)
    rest = over(part.body, term(1, (), outside))
    factors: dict[tuple[int, ...], Poly] = {}
    for factor in (*(of(atom, e) for atom, e in outside), rest):
        axes = tuple(axis for axis, letter in enumerate(part.letters) if letter in factor.free)
        factors[axes] = times(factors.get(axes, ONE), factor)
    return factors


def summed_over(order: Order, size: Poly, part: Part) -> Iterator[Comparison]:
    """The norm of a matrix product is at most the product of the norms of its two factors.

    The norm of another sum over an index is at most the sum of the norms.
    """
    opened = opened_sum(part)
    if opened is None:
        return
    letters, factors = opened
    for letter in sorted(letters):
        bounds = ends(letter, factors)
        if bounds is None or (bounds[0].letters | bounds[1].letters) & letters.union(part.letters):
            continue
        rest = tuple((a, e) for a, e in factors if not (isinstance(a, Mask) and letter in a.free))
        others = letters - {letter}
        cut = cut_at(part, letter, bounds, others, rest)
        if cut is not None:
            yield Comparison(size, "<=", times(cut[0].norm, cut[1].norm))
        else:
            terms = total(tuple(others), Poly({rest: 1}))
            yield Comparison(size, "<=", summed(*bounds, partial(norm_at, part, terms, letter)))


def norm_at(part: Part, body: Poly, letter: str, place: Affine) -> Poly:
    """Norm of an array of the shape of another, with a place for a letter."""
    return part.like(put(body, {letter: place})).norm


def opened_sum(part: Part) -> tuple[frozenset[str], Monomial] | None:
    """Letters and factors of the sum that each entry of an array is, if it is one."""
    if len(part.body.terms) != 1:
        return None
    ((monomial, value),) = part.body.terms.items()
    atom = next((a for a, e in monomial if isinstance(a, Sum) and e == 1), None)
    if atom is None:
        return None
    renaming = {letter: affine(fresh()) for letter in atom.bound}
    opened = put_within(atom.factors, renaming)
    if value != 1 or set(opened.terms.values()) != {1}:
        return None
    ((inside, _),) = opened.terms.items()
    letters = frozenset(name for place in renaming.values() for name in place.names)
    return letters, (*inside, *(factor for factor in monomial if factor[0] != atom))


def cut_at(
    part: Part, letter: str, bounds: Range, others: frozenset[str], factors: Monomial
) -> tuple[Part, Part] | None:
    """Two factors of a matrix product, which have one letter in common, or None if it is none."""
    groups = components(factors, others.union(part.letters))
    left = next((group for group in groups if part.letters[0] in names_of(group)), ())
    right = tuple(factor for group in groups if group != left for factor in group)
    one, two = names_of(left), names_of(right)
    is_cut = letter in one and letter in two and part.letters[0] not in two
    if not is_cut or one & set(part.letters[1:]):
        return None
    row, inner = (part.letters[0], part.ranges[0]), (letter, bounds)
    column = list(zip(part.letters[1:], part.ranges[1:], strict=True))
    return summed_part([row, inner], others, left), summed_part([inner, *column], others, right)


def summed_part(axes: list[tuple[str, Range]], others: frozenset[str], factors: Monomial) -> Part:
    """Array whose entries are sums of products, over the letters that are no place of it."""
    part = Part([bounds for _, bounds in axes], [letter for letter, _ in axes], ZERO)
    with assuming(*part.reach):
        part.body = total(tuple(sorted(others & names_of(factors))), Poly({factors: 1}))
    return part


def names_of(factors: Monomial) -> frozenset[str]:
    """Letters of some factors."""
    return frozenset().union(*(atom.free for atom, _ in factors))


def components(factors: Monomial, letters: frozenset[str]) -> list[Monomial]:
    """Factors by groups that have none of some letters in common."""
    groups: list[Monomial] = []
    for factor in factors:
        near = [group for group in groups if names_of(group) & factor[0].free & letters]
        joined = (*(one for group in near for one in group), factor)
        groups = [*(group for group in groups if group not in near), joined]
    return groups


def radius(order: Order, atom: Atom) -> Iterator[Comparison]:
    """No eigenvalue is larger than the norm, nor than the sum of the sizes in some row.

    The latter is the theorem of Gershgorin.
    """
    if not (isinstance(atom, Apply) and atom.name == "radius"):
        return
    part = Part.of(atom.arguments[0])
    rows, columns = part.ranges
    with assuming(*part.reach):
        yield Comparison(of(atom), "<=", part.norm)
    if context().facts.entails(rows[1] - rows[0]):
        place = order.somewhere(repr(atom), rows)
        with assuming(*within(place, *rows)):
            row = summed(*columns, lambda column: absolute(part.at(place, column)))
        yield Comparison(of(atom), "<=", row)


def triangular(order: Order, atom: Atom) -> Iterator[Comparison]:
    """The spectral radius of a triangular matrix of known size is the largest size on its diagonal.

    So it is at least each of these, and equal to one.
    """
    if not (isinstance(atom, Apply) and atom.name == "radius"):
        return
    part = Part.of(atom.arguments[0])
    low, high = part.ranges[0]
    if not (high - low).is_number:
        return
    places = [low + step for step in range((high - low).constant + 1)]
    if any(part.at(i, j).terms for row, i in enumerate(places) for j in places[:row]):
        return
    sizes = [absolute(part.at(i, i)) for i in places]
    yield from (Comparison(one, "<=", of(atom)) for one in sizes)
    yield Comparison(times(*(minus(of(atom), one) for one in sizes)), "=", ZERO)


NORMS: tuple[Rule, ...] = (
    *map(of_norms, (triangle, diagonal, an_entry, scaled_by, summed_over)),
    radius,
    triangular,
)
"""What is known of norms and spectral radii."""
