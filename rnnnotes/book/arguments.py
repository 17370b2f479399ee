"""Refuse arguments that a formula does not take, before anything broadcasts by accident.

A statement knows the shape of each of its symbols, so the check needs nothing else: the
sizes of all arguments of a call must agree.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import sympy as sp

from rnnnotes.book.entries import Entry
from rnnnotes.book.language import Expression, Function

if TYPE_CHECKING:
    from rnnnotes.book.formulas import Formula

__all__ = ["ArgumentError", "DtypeError", "ShapeError", "checked"]

F = TypeVar("F", bound=Callable[..., Any])


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

    @functools.wraps(code)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        sizes: dict[sp.Symbol, int] = {}
        expected = {name: stated.argument(name) for name in bound.arguments}
        if _entrywise(expected):
            return code(**_check_entrywise(bound.arguments))
        for name, value in bound.arguments.items():
            bound.arguments[name] = _check(name, expected[name], value, sizes)
        for name, value in bound.arguments.items():
            _check_range(stated, name, expected[name], value, sizes)
        return code(*bound.args, **bound.kwargs)

    return call


def _entrywise(expected: dict[str, Any]) -> bool:
    """Whether a formula is about numbers alone: then its code takes arrays entry by entry."""
    return all(isinstance(e, Expression) and not e.shape for e in expected.values())


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


def _check(name: str, expected: Any, value: Any, sizes: dict[sp.Symbol, int]) -> Any:
    if isinstance(expected, Function):
        if not callable(value):
            raise DtypeError(f"{name}: expected a function, got {type(value).__name__}")
        return value
    if isinstance(expected, sp.Symbol):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
            raise DtypeError(f"{name}: expected an integer, got {value!r}")
        if sizes.setdefault(expected, int(value)) != value:
            raise ShapeError(
                f"{name}: expected {sizes[expected]} from the arguments before, got {value}"
            )
        return value
    _check_shape(name, cast(Expression, expected), np.shape(value), sizes)
    return _real(name, value)


def _check_shape(
    name: str, expected: Expression, shape: tuple[int, ...], sizes: dict[sp.Symbol, int]
) -> None:
    wanted = expected.shape
    if len(wanted) != len(shape):
        raise ShapeError(f"{name}: expected shape {_text(wanted)}, got {shape}")
    for axis, (size, length) in enumerate(zip(wanted, shape, strict=True)):
        known = size.subs(sizes)
        unknown = known.free_symbols
        if len(unknown) == 1:
            (symbol,) = unknown
            solved = sp.solve(known - length, symbol)
            if not solved:  # sizes are positive
                raise ShapeError(
                    f"{name}: axis {axis} is empty: expected shape {_text(wanted)}, got {shape}"
                )
            sizes[symbol] = int(solved[0])
        elif not unknown and known != length:
            values = ", ".join(f"{symbol}={sizes[symbol]}" for symbol in
                               sorted(size.free_symbols, key=str))  # fmt: skip
            given = f" with {values} from the arguments before" if values else ""
            raise ShapeError(f"{name}: expected shape {_text(wanted)}{given}, got {shape}")


def _check_range(
    stated: Formula, name: str, expected: Any, value: Any, sizes: dict[sp.Symbol, int]
) -> None:
    for symbol, *bounds in stated.index_ranges():
        if symbol == expected:
            low, high = (bound.subs(sizes) for bound in bounds)
            too_low = low.is_Integer and value < low
            too_high = high.is_Integer and value > high
            if too_low or too_high:
                raise ArgumentError(f"{name}: expected {low} to {high}, got {value}")


def _text(shape: tuple[sp.Expr, ...]) -> str:
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
