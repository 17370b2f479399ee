"""Nodes that stand for expressions of other nodes.

Each is one class: what its parts are called, what it stands for, and how it is set and written.
What is proved of one is proved of the expression that it stands for.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sympy as sp

from rnnnotes.book.language.nodes import (
    BINDERS,
    Bracket,
    Compose,
    Derived,
    Entry,
    Eq,
    Expression,
    Function,
    Lt,
    Max,
    Stack,
    StatementError,
    Sum,
    Variable,
    free_index,
    part,
    parts,
    wrap,
)

__all__ = [
    "AmongLargest",
    "Argmax",
    "Columns",
    "Concat",
    "Expectation",
    "Largest",
    "Rows",
    "Variance",
]


def table(entry: Expression, rows: Bound, columns: Bound) -> Expression:
    """Matrix by its entry at a row and a column, each with how many there are."""
    (row, height), (column, width) = rows, columns
    return Stack(Stack(entry, column, 1, width), row, 1, height)


Bound = tuple[sp.Symbol, Any]
"""Index of an axis, and its length."""


class Columns(Derived):
    """Columns of a matrix from a first to a last, both included, counted from 1."""

    matrix: Expression = part(0)
    first: sp.Expr = part(1)
    last: sp.Expr = part(2)
    tex = r"\operatorname{cols}_{<first>:<last>}(<matrix>)"
    plain = "cols[<first>..<last>](<matrix>)"

    @classmethod
    def _taken(cls, *parts: Any) -> tuple[sp.Basic, ...]:
        matrix, first, last = parts
        return wrap(matrix), sp.expand(first), sp.expand(last)

    @cached_property
    def unfolded(self) -> Expression:
        """Entries of the matrix, at places that are shifted."""
        if len(self.matrix.shape) != 2:
            raise StatementError("Columns: needs a matrix")
        row, column = (free_index(name, *self.args) for name in ("row", "column"))
        entry, width = Entry(self.matrix, row, self.first - 1 + column), self.last - self.first + 1
        return table(entry, (row, self.matrix.shape[0]), (column, sp.expand(width)))


class Concat(Derived):
    """Matrices beside one another, one for each value of an index, all of one shape."""

    body: Expression = part(0)
    index: sp.Symbol = part(1)
    low: sp.Expr = part(2)
    high: sp.Expr = part(3)
    tex = r"\operatorname{Concat}_{<index>=<low>}^{<high>}(<body>)"
    plain = "concat(<index>=<low>..<high>)(<body>)"

    @classmethod
    def _taken(cls, *parts: Any) -> tuple[sp.Basic, ...]:
        body, index, low, high = parts
        return wrap(body), index, sp.sympify(low), sp.sympify(high)

    @cached_property
    def unfolded(self) -> Expression:
        """Entry of the one matrix that has a column at a place."""
        if len(self.body.shape) != 2 or self.index in self.body.shape[1].free_symbols:
            raise StatementError("Concat: needs a matrix with as many columns at each index")
        row, column, inner = (free_index(name, *self.args) for name in ("row", "column", "inner"))
        height, width = self.body.shape
        here = Eq(column, (self.index - self.low) * width + inner)
        entry = Bracket(here) * Entry(self.body, row, inner)
        whole = Sum(Sum(entry, inner, 1, width), self.index, self.low, self.high)
        length = sp.expand((self.high - self.low + 1) * width)
        return table(whole, (row, height), (column, length))


BINDERS[Concat] = lambda node: node.index


class Expectation(Derived):
    """Mean of the entries of a column, each with its weight: a probability, if they add up to one.

    That they do is a condition, to be stated where it is needed.
    """

    weights: Expression = part(0)
    values: Expression = part(1)
    tex = r"\mathbb{E}_{<weights>}[<values>]"
    plain = "expectation(<weights>, <values>)"

    @cached_property
    def unfolded(self) -> Expression:
        """Inner product of weights and values."""
        if self.weights.row or self.values.row or len(self.weights.shape) != 1:
            raise StatementError("Expectation: needs two columns, of weights and of values")
        return self.weights @ self.values


class Variance(Derived):
    """Mean square of what the entries of a column are off their mean, each with its weight."""

    weights: Expression = part(0)
    values: Expression = part(1)
    tex = r"\operatorname{Var}_{<weights>}[<values>]"
    plain = "variance(<weights>, <values>)"

    @cached_property
    def unfolded(self) -> Expression:
        """Mean square of the deviations from the mean."""
        mean = Expectation(self.weights, self.values)
        return Expectation(self.weights, (self.values - mean) ** 2)


def _require_column(node: Any) -> None:
    if node.column.row or len(node.column.shape) != 1:
        raise StatementError(f"{type(node).__name__}: needs a column")


class Largest(Derived):
    """Largest entry of a column; where several are, it is each of them.

    The core knows that it is one of the entries, and that none is above it.
    """

    column: Expression = part(0)
    tex = r"\max(<column>)"
    plain = "max(<column>)"

    @cached_property
    def unfolded(self) -> Expression:
        """The larger of each entry and of what was largest before it."""
        _require_column(self)
        place, so_far = free_index("place", self.column), Variable("so_far")
        larger = Max(so_far, Entry(self.column, place))
        return Compose(larger, so_far, Entry(self.column, 1), place, 2, *self.column.shape)


def ahead(column: Expression, place: sp.Symbol) -> Expression:
    """How many entries come before one, the largest first, and of equal ones the first."""
    other = free_index("other", column, place)
    one, this = Entry(column, other), Entry(column, place)
    earlier = Bracket(Eq(one, this)) * Bracket(Lt(other, place))
    return Sum(Bracket(Lt(this, one)) + earlier, other, 1, column.shape[0])


class AmongLargest(Derived):
    """One at the places of the largest entries of a column, as many as are asked for, else zero.

    Of equal entries those come first that stand first, as a stable sort has them; so the one
    largest is at the place that `Argmax` gives.
    """

    column: Expression = part(0)
    count: sp.Expr = part(1)
    tex = r"\operatorname{top}_{<count>}(<column>)"
    plain = "top[<count>](<column>)"

    @classmethod
    def _taken(cls, *parts: Any) -> tuple[sp.Basic, ...]:
        column, count = parts
        return wrap(column), sp.sympify(count)

    @cached_property
    def unfolded(self) -> Expression:
        """Whether fewer entries come before one than are asked for."""
        _require_column(self)
        place = free_index("place", *self.args)
        fewer = Lt(ahead(self.column, place), wrap(self.count))
        return Stack(Bracket(fewer), place, 1, *self.column.shape)


class Argmax(Derived):
    """Place of the largest entry of a column, counted from 1; of equal ones, of the first."""

    column: Expression = part(0)
    tex = r"\operatorname{arg\,max}(<column>)"
    plain = "argmax(<column>)"

    @cached_property
    def unfolded(self) -> Expression:
        """Sum of all places, each times whether it is the one."""
        _require_column(self)
        place = free_index("place", self.column)
        chosen = Entry(AmongLargest(self.column, 1), place)
        return Sum(wrap(place) * chosen, place, 1, *self.column.shape)


class Rows(Derived):
    """A map of each row of a matrix, or of the rows of several: what it gives fills a row.

    The map takes columns and is handed the rows as such; of a map that gives numbers the values
    are the entries of a column.
    """

    function: Function = part(0)
    matrices: tuple[Expression, ...] = parts(1)
    tex = r"<function>_{\mathrm{rows}}(<matrices>)"
    plain = "<function>.rows(<matrices>)"

    @cached_property
    def unfolded(self) -> Expression:
        """Values of the map, one for each row."""
        if self.function.elementwise or self.function.index:
            raise StatementError(f"Rows: {self.function.name} is no map, or one of a time")
        lengths = {matrix.shape[:1] for matrix in self.matrices}
        if len(lengths) != 1 or any(len(matrix.shape) != 2 for matrix in self.matrices):
            raise StatementError("Rows: needs matrices with as many rows, one or more")
        row, (length,) = free_index("row", *self.args), *lengths
        return Stack(self.function(*(Entry(one, row).T for one in self.matrices)), row, 1, length)
