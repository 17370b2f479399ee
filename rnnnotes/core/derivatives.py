"""Derivatives: by an entry, with all others held; and through all that is defined."""

from __future__ import annotations

from collections.abc import Callable

from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import (
    ZERO,
    Unsupported,
    apply,
    assuming,
    delta,
    fresh,
    of,
    over,
    plus,
    put,
    put_factors,
    scaled,
    summed,
    term,
    times,
    total,
)
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

__all__ = ["partial"]

Through = Callable[[Entry], Poly]
"""Derivative of an entry by what is differentiated by."""


def partial(poly: Poly, by: Entry) -> Poly:
    """Derivative by an entry, all other entries held: by itself one, at another place zero."""
    return derivative(poly, lambda leaf: same_place(leaf, by))


def same_place(leaf: Entry, by: Entry) -> Poly:
    """One where two entries are one entry of one array, else zero."""
    if leaf.name != by.name:
        return ZERO
    return times(*(delta(i - j) for i, j in zip(leaf.at, by.at, strict=True)))


def derivative(poly: Poly, through: Through) -> Poly:
    """Derivative of a polynomial, by the rule of products; `through` gives that of an entry."""
    return plus(*(
        scaled(value * e, times(term(1, (), ((atom, e - 1),)), slope, term(1, (), others(k, atom))))
        for k, value in poly.terms.items()
        for atom, e in k
        if (slope := of_atom(atom, through)).terms
    ))  # fmt: skip


def others(factors: tuple[tuple[Atom, int], ...], atom: Atom) -> list[tuple[Atom, int]]:
    """Factors but for one."""
    return [factor for factor in factors if factor[0] != atom]


def of_atom(atom: Atom, through: Through) -> Poly:
    """Derivative of an atom, by the chain rule."""
    match atom:
        case Integer() | Delta() | Mask():
            return ZERO
        case Entry():
            return through(atom)
        case Group():
            return derivative(atom.inside, through)
        case Sum():
            return of_sum(atom, through)
        case Apply():
            return plus(*(
                of_argument(atom, place, argument, through)
                for place, argument in enumerate(atom.arguments)
            ))  # fmt: skip
        case Power():
            return of_power(atom, through)
        case Product():
            inside = derivative(atom.body.body, through)
            if inside.terms:
                raise Unsupported("derivative of an ordered product")
            return ZERO
        case _:
            raise Unsupported(f"derivative of {type(atom).__name__}")


def of_sum(atom: Sum, through: Through) -> Poly:
    """The derivative of a sum is the sum of the derivatives; its masks do not change."""
    renaming = {letter: affine(fresh()) for letter in atom.bound}
    masks = tuple((Mask(a.least.put(renaming)), 1) for a, _ in atom.factors if isinstance(a, Mask))
    rest = tuple((a, e) for a, e in atom.factors if not isinstance(a, Mask))
    with assuming(*(m.least for m, _ in masks)):
        inside = derivative(put_factors(rest, renaming), through)
    letters = tuple(name for new in renaming.values() for name in new.names)
    return total(letters, inside, masks)


def of_argument(atom: Apply, place: int, argument: Array, through: Through) -> Poly:
    """Chain rule through one argument: summed over its entries."""

    def at(*letters: Affine) -> Poly:
        inside = put(argument.body, dict(zip(argument.letters, letters, strict=True)))
        slope = derivative(inside, through)
        if not slope.terms:
            return ZERO
        return times(
            apply(atom.name, atom.at, atom.arguments, (*atom.slots, (place, letters))), slope
        )

    def over_axes(ranges: tuple[tuple[Affine, Affine], ...], *letters: Affine) -> Poly:
        if not ranges:
            return at(*letters)
        return summed(*ranges[0], lambda i: over_axes(ranges[1:], *letters, i))

    if (
        atom.name in ("norm", "radius", "largest", "ranked")
        and derivative(argument.body, through).terms
    ):
        raise Unsupported(f"derivative of a {atom.name}")
    return over_axes(argument.ranges)


def of_power(atom: Power, through: Through) -> Poly:
    """Derivative of a power by its base; by its exponent it is none that the book needs."""
    if derivative(atom.exponent, through).terms:
        raise Unsupported("derivative by an exponent")
    slope = derivative(atom.base, through)
    if not slope.terms:
        return ZERO
    return times(atom.exponent, over(of(atom), atom.base), slope)
