"""What plain SymPy lacks for a statement about recurrent networks.

`rnnnotes.book.sympytext` copies from here what a formula needs, without the annotations.
So a function may use SymPy, the imports below and its neighbours, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import mpmath
import sympy as sp

defined: dict[sp.Symbol, tuple[Any, int | None]] = {}
"""Each symbol that is computed: its value, and its time."""


def scalar(name: str, **assumptions: bool) -> sp.Symbol:
    """Any real number."""
    return sp.Symbol(name, real=True, **assumptions)


def vector(name: str, size: int, **assumptions: bool) -> sp.Matrix:
    """Any column of real numbers."""
    return sp.Matrix([scalar(f"{name}_{i}", **assumptions) for i in range(1, size + 1)])


def matrix(name: str, rows: int, columns: int, **assumptions: bool) -> sp.Matrix:
    """Any matrix of real numbers."""
    return sp.Matrix(rows, columns, lambda i, j: scalar(f"{name}_{i + 1}_{j + 1}", **assumptions))


def flat(*parts: Any) -> list[Any]:
    """Entries of numbers and of matrices, one after the other."""
    return [entry for p in parts for entry in (p if isinstance(p, sp.MatrixBase) else [p])]


def define(name: str, value: Any, time: int | None = None) -> Any:
    """Name the entries of a value, so that one can differentiate by them."""
    if not isinstance(value, sp.MatrixBase):
        symbol = scalar(name)
        defined[symbol] = (value, time)
        return symbol
    symbols = vector(name, value.rows) if value.cols == 1 else matrix(name, *value.shape)
    defined.update({symbol: (entry, time) for symbol, entry in zip(symbols, value, strict=True)})
    return symbols


@cache
def slope(y: Any, x: sp.Symbol, since: int | None = None) -> Any:
    """Derivative of a number by a symbol, by the chain rule; what is before a time is held."""
    y = sp.sympify(y)
    parts = sorted(y.free_symbols, key=str)
    return sp.Add(*(y.diff(s) * (1 if s == x else inner_slope(s, x, since)) for s in parts))


@cache
def inner_slope(symbol: sp.Symbol, x: sp.Symbol, since: int | None) -> Any:
    """Derivative of a symbol that is computed, through what defines it."""
    value, time = defined.get(symbol, (0, None))
    held = since is not None and time is not None and time < since
    return 0 if held else slope(value, x, since)


def derivative(y: Any, x: Any, since: int | None = None) -> Any:
    """Derivative of y by x, through all that is computed from x: row y, column x."""
    columns, rows = flat(x), flat(y)
    slopes = sp.Matrix(len(rows), len(columns), lambda i, j: slope(rows[i], columns[j], since))
    is_number = not isinstance(x, sp.MatrixBase) and not isinstance(y, sp.MatrixBase)
    return slopes[0] if is_number else slopes


def gradient(y: Any, x: Any) -> Any:
    """Gradient of a number by x, in the shape of x."""
    return derivative(y, x).reshape(*x.shape) if isinstance(x, sp.MatrixBase) else derivative(y, x)


@cache
def opaque(name: str) -> Any:
    """Any function of numbers, known by its name; its derivatives have names too."""

    def fdiff(self: Any, place: int = 1) -> Any:
        return opaque(f"{name}_d{place}")(*self.args)

    return type(name, (sp.Function,), {"fdiff": fdiff, "_eval_evalf": lambda self, prec: None})


def prime(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Derivative of a function of one number."""
    u = sp.Dummy("u")
    slope = function(u).diff(u)
    return lambda value: slope.xreplace({u: sp.sympify(value)})


def entrywise(function: Callable[..., Any], *parts: Any) -> Any:
    """Apply a function entry by entry; a number goes with every entry."""
    arrays = [part for part in parts if isinstance(part, sp.MatrixBase)]
    if not arrays:
        return function(*parts)

    def entry(i: int, j: int) -> Any:
        return function(*(p[i, j] if isinstance(p, sp.MatrixBase) else p for p in parts))

    return sp.Matrix(*arrays[0].shape, entry)


def product(factors: Iterable[Any], one: Any) -> Any:
    """Product in the order of the factors, the first on the left."""
    for factor in factors:
        one = one * factor
    return one


def compose(step: Callable[[int, Any], Any], value: Any, times: Iterable[int]) -> Any:
    """Apply a step at each time, starting from a value."""
    for time in times:
        value = step(time, value)
    return value


def indicator(a: Any, b: Any) -> Any:
    """One if a is larger than b, else zero."""
    return sp.Piecewise((1, a > b), (0, True))


def convolve(vector: Any, kernel: Any) -> Any:
    """Convolution of a column with a kernel that has a middle tap, at the places of the column."""
    shift = len(kernel) // 2
    return sp.Matrix(
        [
            sum(
                tap * vector[i + shift - k]
                for k, tap in enumerate(kernel)
                if 0 <= i + shift - k < len(vector)
            )
            for i in range(len(vector))
        ]
    )


def norm(value: Any) -> Any:
    """Euclidean norm of a vector; largest singular value of a matrix."""
    is_vector = not isinstance(value, sp.MatrixBase) or 1 in value.shape
    return sp.sqrt(sum(entry**2 for entry in flat(value))) if is_vector else Singular(value)


class Singular(sp.Function):
    """Largest singular value of a matrix, found once its entries are numbers."""

    is_nonnegative = True

    @classmethod
    def eval(cls, matrix: Any) -> Any:
        """Value, if the entries are numbers."""
        if all(entry.is_Number for entry in matrix):
            values = mpmath.svd_r(mpmath.matrix(matrix.tolist()), compute_uv=False)
            return sp.Float(max(values))
        return None


class Radius(sp.Function):
    """Largest modulus of an eigenvalue of a matrix, found once its entries are numbers."""

    is_nonnegative = True

    @classmethod
    def eval(cls, matrix: Any) -> Any:
        """Value, if the entries are numbers."""
        if all(entry.is_Number for entry in matrix):
            values, _ = mpmath.eig(mpmath.matrix(matrix.tolist()))
            return sp.Float(max(map(abs, values)))
        return None
