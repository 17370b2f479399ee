"""Numbers for the sizes of a formula: two choices, small, and with little in common.

Within a choice no two sizes are equal, so a transposed matrix never fits by luck.  Between
the choices every size differs, and what holds of the numbers of one by accident, such as
``D = 2 * H``, does not hold of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

import sympy as sp

from rnnnotes.book.language.nodes import Convolve, Number, Variable, walk
from rnnnotes.book.language.symbols import SIZES

if TYPE_CHECKING:
    from rnnnotes.book.state.formulas import Formula
    from rnnnotes.book.values.definitions import Definition

__all__ = ["Sizes", "choices", "large", "ones", "sizes_beyond"]

Sizes = Mapping[sp.Symbol, int]

FEWEST_STEPS = 3
"""Steps that a sequence has at least: one with a past and a future, and no other, is no witness."""


def choices(stated: Formula) -> list[dict[sp.Symbol, int]]:
    """Numbers for the sizes of a formula and of what it rests on: two choices of them.

    Parameters
    ----------
    stated : Formula
        Formula that is checked.

    Returns
    -------
    list of dict
        Number of each size, in the order of the notation.  One empty choice if the formula
        has no sizes; a third, larger one if it counts: a polynomial in a size may be zero at
        two numbers.

    Examples
    --------
    >>> from rnnnotes.book.find.finding import find
    >>> for choice in choices(find("vanilla_rnn.pre_activation")):
    ...     print(choice)
    {H: 2, T: 3, D: 4}
    {H: 3, T: 4, D: 2}
    """
    names, steps, kernels = _wanted(stated)
    counts = any(isinstance(node, Number) and node.value.free_symbols & set(names)
                 for part in _own(stated) for node in walk(part))  # fmt: skip
    chosen = _chosen(names, steps, kernels, counts)
    return [dict(zip(names, numbers, strict=True)) for numbers in chosen]


def ones(stated: Formula) -> Sizes:
    """Sizes of a formula that are all one: there sums are empty, and times may not exist."""
    return dict.fromkeys(_wanted(stated)[0], 1)


def large(stated: Formula) -> Sizes:
    """Sizes of a formula that are all larger than the numbers for which it may be made.

    Examples
    --------
    >>> from rnnnotes.book.find.finding import find
    >>> large(find("vanilla_rnn.pre_activation"))
    {H: 8, T: 9, D: 10}
    """
    names, steps, kernels = _wanted(stated)
    some = permutations(range(LARGE, LARGE + len(names)))
    numbers = next(one for one in some if _fits(names, one, steps, kernels))
    return dict(zip(names, numbers, strict=True))


LARGE = 8
"""Least number of a size that is large."""

Kernels = frozenset[tuple[Any, Any]]


def _wanted(stated: Formula) -> tuple[tuple[sp.Symbol, ...], frozenset[sp.Symbol], Kernels]:
    """Sizes of a formula, those that count steps, and those of a kernel and of its map."""
    found = set().union(*map(_told, _parts(stated)))
    names = tuple(size for size in SIZES if size in found)
    variables = [node for node in found if isinstance(node, Variable)]
    steps = set().union(*(bound.free_symbols for node in variables for bound in node.times))
    steps -= set().union(*(axis.free_symbols for node in variables for axis in node.shape))
    kernels = frozenset((node.kernel.shape[0], node.vector.shape[0])
                        for node in found if isinstance(node, Convolve))  # fmt: skip
    return names, frozenset(steps), kernels


def sizes_beyond(definitions: Iterable[Definition]) -> dict[sp.Symbol, int]:
    """Numbers for all sizes of definitions that a formula leaves out.

    They tell what is computed from what, and no more: it is no matter whether two are equal.
    """
    parts = [part for one in definitions for part in (one.target, one.value,
             *(bound for _, *bounds in one.ranges for bound in bounds))]  # fmt: skip
    found = set().union(*(part.atoms(sp.Symbol) for part in parts))
    return dict.fromkeys((size for size in SIZES if size in found), FEWEST_STEPS)


def _parts(stated: Formula) -> Iterator[sp.Basic]:
    """All in which a size of a formula may stand."""
    yield from _own(stated)
    for formula in (stated, *stated.ancestors):
        yield formula.statement
        yield from (bound for _, *bounds in formula.index_ranges() for bound in bounds)
    yield from (part for part in stated.arguments.values() if isinstance(part, sp.Basic))


@cache
def _told(part: sp.Basic) -> frozenset[sp.Basic]:
    """What tells of sizes in a part, which may belong to many formulas."""
    return frozenset(n for n in walk(part) if isinstance(n, sp.Symbol | Variable | Convolve))


def _own(stated: Formula) -> Iterator[sp.Basic]:
    """What a formula says itself."""
    yield from (stated.statement, *stated.where, *(line.expr for line in stated.derivation))


@cache
def _chosen(
    names: tuple[sp.Symbol, ...],
    steps: frozenset[sp.Symbol],
    kernels: Kernels,
    counts: bool,
) -> list[tuple[int, ...]]:
    """Choices of numbers, the first as small as can be."""
    if not names:
        return [()]
    fitting = [numbers for numbers in _candidates(names) if _fits(names, numbers, steps, kernels)]
    chosen = [fitting[0]]
    while len(chosen) < (3 if counts else 2):
        fresh = [
            n for n in fitting if not any(a == b for c in chosen for a, b in zip(n, c, strict=True))
        ]
        known = [_accidents(numbers) for numbers in chosen]
        # All are in the order of their sums, and the first of the best is taken.
        chosen.append(min(fresh[:MOST], key=lambda n: sum(len(_accidents(n) & k) for k in known)))
    return chosen


MOST = 400
"""Candidates for the next choice that are compared: what is larger costs more than it shows."""


def _candidates(names: tuple[sp.Symbol, ...]) -> list[tuple[int, ...]]:
    """Different numbers above one, the smallest sums first."""
    return sorted(permutations(range(2, len(names) + 6), len(names)), key=lambda n: (sum(n), n))


def _fits(
    names: tuple[sp.Symbol, ...],
    numbers: tuple[int, ...],
    steps: frozenset[sp.Symbol],
    kernels: Kernels,
) -> bool:
    """Whether sequences are long enough, and kernels have a middle and fit."""
    at = dict(zip(names, numbers, strict=True))
    taps = [(kernel.subs(at), places.subs(at)) for kernel, places in kernels]
    return all(at[size] >= FEWEST_STEPS for size in steps & at.keys()) and all(
        kernel % 2 == 1 and kernel <= places for kernel, places in taps
    )


@cache
def _accidents(numbers: tuple[int, ...]) -> set[Any]:
    """What holds of some numbers, and of sizes at large does not."""
    places = range(len(numbers))
    terms: dict[tuple[Any, ...], int] = {("number", n): n for n in range(2, 7)}
    for i in places:
        a = numbers[i]
        terms |= {("size", i): a, ("square", i): a * a}
        terms |= {("times", n, i): n * a for n in (2, 3, 4)}
    for i, j in combinations(places, 2):
        a, b = numbers[i], numbers[j]
        terms |= {("sum", i, j): a + b, ("product", i, j): a * b}
    return {(one, other) for (one, a), (other, b) in combinations(terms.items(), 2)
            if a == b and ("size" in (one[0], other[0]) or len(numbers) == 1)}  # fmt: skip
