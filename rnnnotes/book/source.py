"""What the code of a formula is made of: its own instructions, and what it calls."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["instructions", "rests_on", "used_by"]

LIBRARIES = ("numpy", "sympy")
"""Libraries whose functions are known by their version, not by their code."""


def plain(code: Any) -> FunctionType:
    """Return the function that was written, without what checks its arguments."""
    function = inspect.unwrap(code)
    assert isinstance(function, FunctionType)
    return function


def used_by(code: Any) -> dict[str, Any]:
    """Values of the names outside a function that it uses, by name.

    Examples
    --------
    >>> import numpy as np
    >>> list(used_by(lambda v: [np.tanh(entry) for entry in v]))
    ['np']
    """
    function = plain(code)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    outside = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}
    return {name: outside[name] for name in _names(function.__code__) if name in outside}


def _names(code: CodeType) -> list[str]:
    """Names that a function or a function within it looks up, sorted."""
    nested = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return sorted({*code.co_names, *code.co_freevars}.union(*nested))


def rests_on(code: Any) -> list[FunctionType]:
    """Functions of this project that a function calls, each after those that it calls."""
    found: dict[FunctionType, None] = {}

    def visit(function: FunctionType) -> None:
        for value in used_by(function).values():
            if is_ours(value) and plain(value) not in (*found, plain(code)):
                visit(plain(value))
                found[plain(value)] = None

    visit(plain(code))
    return list(found)


def is_ours(value: Any) -> bool:
    """Whether a value is a Python function that no library's version stands for."""
    return isinstance(value, FunctionType) and not value.__module__.startswith(LIBRARIES)


def instructions(code: Any) -> list[str]:
    """Return all that decides what a function computes, in a form that is equal for equal code.

    Comments, names of files and docstrings do not count.
    """
    parts: list[str] = []
    for function in (*rests_on(code), plain(code)):
        parts += [str(inspect.signature(function)), *_code(function.__code__, function.__doc__)]
        parts += [_value(name, value) for name, value in used_by(function).items()]
    return parts


def _code(code: CodeType, doc: str | None = None) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        elif constant != doc:
            yield repr(constant)


def _value(name: str, value: Any) -> str:
    if is_ours(value):
        return name  # its instructions count
    if isinstance(value, ModuleType):
        ours = value.__name__.startswith("rnnnotes")
        return f"{name}={inspect.getsource(value) if ours else value.__name__}"
    return f"{name}={value!r}"
