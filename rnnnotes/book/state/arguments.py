"""Refuse arguments that a formula does not take, before anything broadcasts by accident.

A statement knows the shape of each of its symbols, so the check needs nothing else: the
sizes of all arguments of a call must agree.  What a formula expects is worked out at its
first call; from then on whole numbers are compared, and a check costs less than a product of
small matrices.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import sympy as sp

from rnnnotes.book.language.nodes import Expression, Function
from rnnnotes.book.values.entries import Entry

if TYPE_CHECKING:
    from rnnnotes.book.state.formulas import Formula

__all__ = ["ArgumentError", "DtypeError", "Length", "ShapeError", "checked"]

Sizes = dict[sp.Symbol, int]
"""Sizes and indices that the arguments before have told."""


class ArgumentError(ValueError):
    """An argument that the formula does not take."""


class ShapeError(ArgumentError):
    """An array whose shape does not fit the others."""


class DtypeError(ArgumentError, TypeError):
    """An argument that is not made of real numbers, or not callable."""


def checked(stated: Formula) -> Callable[..., Any]:
    """Wrap the code of a formula so that each call checks its arguments first.

    Parameters
    ----------
    stated : Formula
        Formula whose statement gives the shapes.

    Returns
    -------
    callable
        Function of the same signature, which raises `ShapeError`, `DtypeError` or
        `ArgumentError` with the name of the argument, what was expected and what came.
    """
    code = stated.code
    signature = inspect.signature(code)
    check = functools.cache(lambda: _check_of(stated, signature))

    @functools.wraps(code)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return code(**check()(bound.arguments))

    return call


Check = Callable[[dict[str, Any]], dict[str, Any]]
"""Refuses the arguments of a call, or returns them as the code takes them."""


def _check_of(stated: Formula, signature: inspect.Signature) -> Check:
    """Work out what a formula expects of the arguments of a call."""
    expected = {name: stated.argument(name) for name in signature.parameters}
    # A formula about numbers alone takes arrays entry by entry.
    if all(isinstance(e, Expression) and not e.shape for e in expected.values()):
        return _check_entrywise
    ranges = {symbol: bounds for symbol, *bounds in stated.index_ranges()}
    parameters = {name: _parameter(name, e) for name, e in expected.items()}
    limited = {name: [Length(bound) for bound in ranges[e]] for name, e in expected.items()
               if isinstance(e, sp.Symbol) and e in ranges}  # fmt: skip

    def check(arguments: dict[str, Any]) -> dict[str, Any]:
        sizes: Sizes = {}
        taken = {name: parameters[name](value, sizes) for name, value in arguments.items()}
        for name, (low, high) in limited.items():
            _check_range(name, low, high, arguments[name], sizes)
        return taken

    return check


def _check_entrywise(arguments: dict[str, Any]) -> dict[str, Any]:
    shapes = {np.shape(value) for value in arguments.values()} - {()}
    if len(shapes) > 1:
        names = ", ".join(arguments)
        raise ShapeError(f"{names}: expected one shape, got {' and '.join(map(str, shapes))}")
    return {name: _real(name, value) for name, value in arguments.items()}


def _real(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind == "O":
        strange = {type(e).__name__ for e in array.flat if not isinstance(e, Entry | Real)}
        if strange:
            raise DtypeError(f"{name}: expected real numbers, got {', '.join(sorted(strange))}")
    elif array.dtype.kind not in "iuf":
        raise DtypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array if array.shape else value


# -- One argument ----------------------------------------------------------------------------------


def _parameter(name: str, expected: Any) -> Callable[[Any, Sizes], Any]:
    """Check of one argument, given what the arguments before have told."""
    if isinstance(expected, Function):
        return functools.partial(_check_function, name)
    if isinstance(expected, sp.Symbol):
        return functools.partial(_check_integer, name, expected)
    lengths = tuple(map(Length, cast(Expression, expected).shape))
    return functools.partial(_check_array, name, lengths)


def _check_function(name: str, value: Any, sizes: Sizes) -> Any:
    if not callable(value):
        raise DtypeError(f"{name}: expected a function, got {type(value).__name__}")
    return value


def _check_integer(name: str, expected: sp.Symbol, value: Any, sizes: Sizes) -> Any:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise DtypeError(f"{name}: expected an integer, got {value!r}")
    if sizes.setdefault(expected, int(value)) != value:
        raise ShapeError(
            f"{name}: expected {sizes[expected]} from the arguments before, got {value}"
        )
    return value


def _check_array(name: str, lengths: tuple[Length, ...], value: Any, sizes: Sizes) -> Any:
    shape = np.shape(value)
    if len(lengths) != len(shape):
        raise ShapeError(f"{name}: expected shape {_text(lengths)}, got {shape}")
    for axis, (expected, length) in enumerate(zip(lengths, shape, strict=True)):
        unknown = [symbol for symbol in expected.symbols if symbol not in sizes]
        if len(unknown) == 1:
            solved = expected.solved(unknown[0], length, sizes)
            if solved is None:  # sizes are positive
                raise ShapeError(
                    f"{name}: axis {axis} is empty: expected shape {_text(lengths)}, got {shape}"
                )
            sizes[unknown[0]] = solved
        elif not unknown and expected.value(sizes) != length:
            values = ", ".join(f"{symbol}={sizes[symbol]}" for symbol in expected.symbols)
            given = f" with {values} from the arguments before" if values else ""
            raise ShapeError(f"{name}: expected shape {_text(lengths)}{given}, got {shape}")
    return _real(name, value)


def _check_range(name: str, low: Length, high: Length, value: int, sizes: Sizes) -> None:
    too_low = low.is_known(sizes) and value < low.value(sizes)
    too_high = high.is_known(sizes) and value > high.value(sizes)
    if too_low or too_high:
        first, last = (bound.size.subs(sizes) for bound in (low, high))
        raise ArgumentError(f"{name}: expected {first} to {last}, got {value}")


def _text(lengths: tuple[Length, ...]) -> str:
    inner = ", ".join(str(length.size) for length in lengths)
    return f"({inner},)" if len(lengths) == 1 else f"({inner})"


# -- One length ------------------------------------------------------------------------------------


class Length:
    """A whole number in terms of sizes and indices, such as ``2*H`` or ``tau + 1``."""

    def __init__(self, size: sp.Expr) -> None:
        self.size = size
        self.symbols = sorted(size.free_symbols, key=str)
        self._value = sp.lambdify(self.symbols, size, "math")
        self._solutions: dict[sp.Symbol, list[Callable[..., float]]] = {}

    def is_known(self, sizes: Sizes) -> bool:
        """Whether the arguments have told all that it depends on."""
        return all(symbol in sizes for symbol in self.symbols)

    def value(self, sizes: Sizes) -> float:
        """Return the number, once all that it depends on is known."""
        return self._value(*[sizes[symbol] for symbol in self.symbols])

    def solved(self, symbol: sp.Symbol, length: int, sizes: Sizes) -> int | None:
        """Return the size that gives a length, the other sizes being known, if there is one."""
        if symbol not in self._solutions:
            self._solutions[symbol] = self._solve(symbol)
        known = {**sizes, symbol: length}  # the solution takes the length in place of the size
        for solution in self._solutions[symbol]:
            found = round(solution(*[known[s] for s in self.symbols]))
            possible = found > 0 or not symbol.is_positive
            if possible and self.value({**sizes, symbol: found}) == length:
                return found
        return None

    def _solve(self, symbol: sp.Symbol) -> list[Callable[..., float]]:
        """Solve for a size once and for all lengths."""
        length = sp.Symbol("length", positive=True)
        places = [length if s == symbol else s for s in self.symbols]
        solutions = sp.solve(self.size - length, symbol)
        return [sp.lambdify(places, solution, "math") for solution in solutions]
