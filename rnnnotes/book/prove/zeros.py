"""What a formula says is zero.

A side or a derivative that comes out as zero, whatever the numbers, makes an empty proof: zero is
zero.  So it is refused, unless it is what a formula says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from rnnnotes.book.language.nodes import (
    Add,
    Apply,
    At,
    Compose,
    Expression,
    MatMul,
    Number,
    Order,
    Times,
    Zeros,
    put,
    walk,
)
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.values.world import DERIVATIVES

__all__ = ["says_that_it_is_zero", "slopes_in"]


def slopes_in(node: sp.Basic) -> Iterator[Expression]:
    """Derivatives in a side, but for those of what is composed: it has values of its own."""
    if isinstance(node, DERIVATIVES) or (isinstance(node, Apply) and node.function.order):
        yield node
    for part in node.args[1:] if isinstance(node, Compose) else node.args:
        yield from slopes_in(part)


def says_that_it_is_zero(stated: Formula, part: Expression) -> bool:
    """Whether zero is written, or a formula or one that it is given sets a part equal to zero.

    Parameters
    ----------
    stated : Formula
        What is checked.
    part : Expression
        A side of it, or a derivative in one.

    Returns
    -------
    bool
        True also if the equation has other indices: what is zero at one time may be so at others.
    """
    known = [given.statement for given in stated.given if given.derivation]
    sides = [[one.left, one.right] for one in known if one.sign == "="]
    return _is_zero(part) or any(
        any(map(_is_zero, equal)) and any(_stands_for(side, part) for side in equal)
        for equal in (*_equal_sides(stated), *sides)
    )


def _is_zero(side: Any) -> bool:
    """Whether zero is written: as it is, as a factor, or but for what is too small to count."""
    return (
        isinstance(side, Zeros | Order)
        or side == Number(0)
        or (isinstance(side, Times | MatMul) and any(map(_is_zero, side.args)))
        or (isinstance(side, Add) and all(map(_is_zero, side.args)))
    )


def _equal_sides(stated: Formula) -> list[list[Expression]]:
    """Sides and lines of a formula: those together that it says are equal."""
    runs: list[list[Expression]] = [[stated.statement.left]]
    for line in stated.derivation:
        runs = runs if line.sign == "=" else [*runs, []]
        runs[-1].append(line.expr)
    return runs


def _stands_for(known: Expression, part: Expression) -> bool:
    """Whether an expression is another one, at other values of its indices.

    Examples
    --------
    >>> from rnnnotes.notation import h, t
    >>> _stands_for(h[t], h[t + 1]), _stands_for(h[t] + h[t - 1], h[t] + h[t])
    (True, False)
    """
    values: dict[sp.Symbol, sp.Expr] = {}
    for one, other in zip(walk(known), walk(part), strict=False):
        if isinstance(one, At) and isinstance(other, At):
            for index, value in zip(one.index, other.index, strict=False):
                for symbol in index.free_symbols - values.keys():
                    values[symbol] = symbol + value - index
    return bool(put(known, values) == part)
