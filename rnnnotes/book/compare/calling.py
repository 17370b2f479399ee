"""Somebody else's function, called with the arguments of a formula.

What each of its parameters is given is an expression of NumPy in our arguments, so the call is
a line of Python, such as ``cell(x=x, W=np.concatenate([W_xi, W_xf]))[1]``.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnnotes.book.find.files import files_at, load
from rnnnotes.book.state.arguments import ArgumentError

__all__ = [
    "Call",
    "Runner",
    "Value",
    "found_in",
    "name_of",
    "optional",
    "signature_of",
    "values_of",
]


# -- Finding a function ----------------------------------------------------------------------------

TARGET = re.compile(r"(?P<path>.+\.py):(?P<name>[\w.]+)(\[(?P<item>-?\w+)\])?")
"""File, function and, of what it returns, the item, as in ``my_lstm.py:step[1]``."""


def found_in(target: str) -> tuple[Callable[..., Any], int | str | None]:
    """Function of a file, and which item of what it returns is meant.

    Parameters
    ----------
    target : str
        ``FILE.py:FUNCTION``, or ``FILE.py:FUNCTION[ITEM]``.

    Returns
    -------
    function : callable
        Function.
    item : int, str or None
        Item of a tuple, or key of a dictionary.

    Raises
    ------
    FileError
        If the file does not load.
    ArgumentError
        If it holds no such function.
    """
    match = TARGET.fullmatch(target)
    if match is None:
        raise ArgumentError(f"{target}: expected FILE.py:FUNCTION or FILE.py:FUNCTION[ITEM]")
    (file,) = files_at(Path(match["path"]))
    value: Any = load(file)
    for name in match["name"].split("."):
        if not hasattr(value, name):
            raise ArgumentError(f"{match['path']} has no function {match['name']}")
        value = getattr(value, name)
    item = match["item"]
    return value, int(item) if item and re.fullmatch(r"-?\d+", item) else item


def name_of(function: Any) -> str:
    """Name of a function for a reader."""
    return getattr(function, "__name__", type(function).__name__)


# -- What its parameters are given -----------------------------------------------------------------


@dataclass(frozen=True)
class Value:
    """What a parameter is given: an expression of NumPy, or several joined along an axis."""

    parts: tuple[str, ...]
    axis: int = 0
    turned: bool = False

    @classmethod
    def read(cls, text: str) -> Value:
        """Read ``W_hh.T``, or ``W_xi, W_xf``, or ``W_xi, W_xf, axis=1``."""
        given = re.fullmatch(r"(.*?)(?:,\s*axis\s*=\s*(\d+))?", text.strip(), re.DOTALL)
        assert given is not None
        try:
            node = ast.parse(given[1], mode="eval").body
        except SyntaxError:
            raise ArgumentError(
                f"{text!r}: expected an expression of NumPy in the arguments of the formula, "
                "or several with commas between them"
            ) from None
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return cls(tuple(map(ast.unparse, parts)), int(given[2] or 0))

    @property
    def names(self) -> set[str]:
        """Names of our arguments that it takes."""
        nodes = (node for part in self.parts for node in ast.walk(ast.parse(part)))
        return {node.id for node in nodes if isinstance(node, ast.Name)} - {"np"}

    @property
    def spelled(self) -> str:
        """The value as it is read."""
        if self.turned:
            return str(self)
        return ", ".join([*self.parts, *[f"axis={self.axis}"] * bool(self.axis)])

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return f"{_closed(self.parts[0])}.T" if self.turned else self.parts[0]
        axis = f", axis={self.axis}" if self.axis else ""
        joined = f"np.concatenate([{', '.join(self.parts)}]{axis})"
        return f"{joined}.T" if self.turned else joined


def _closed(part: str) -> str:
    return part if part.isidentifier() else f"({part})"


def values_of(function: Any, maps: Mapping[str, str], ours: Iterable[str]) -> dict[str, Value]:
    """What each parameter of a function is given: what is told, or our argument of its name."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise ArgumentError(f"{name_of(function)}: expected a function whose parameters have names"
                            ) from None  # fmt: skip
    open_ended = [one for one in parameters.values() if one.kind in (one.VAR_POSITIONAL,
                                                                     one.VAR_KEYWORD)]  # fmt: skip
    taken = {name for name, one in parameters.items() if one not in open_ended}
    keywords = any(one.kind == one.VAR_KEYWORD for one in open_ended)
    if not keywords and (strange := sorted(maps.keys() - taken)):
        raise ArgumentError(f"{', '.join(strange)}: no parameter of {signature_of(function)}")
    given = {name: Value.read(text) for name, text in maps.items()}
    known = set(ours)
    for name in taken - given.keys():
        if name in known or parameters[name].default is inspect.Parameter.empty:
            given[name] = Value((name,))
    return {name: given[name] for name in (*parameters, *given) if name in given}


def optional(function: Any) -> set[str]:
    """Names of the parameters of a function that have a value if none is given."""
    parameters = inspect.signature(function).parameters.items()
    return {name for name, one in parameters if one.default is not inspect.Parameter.empty}


def signature_of(function: Any) -> str:
    """Name of a function and of its parameters."""
    return f"{name_of(function)}({', '.join(inspect.signature(function).parameters)})"


# -- The call --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A call of a function with our arguments, and what is taken of its answer.

    In a batch the case is the second of three rows: what is computed of it has nothing of the
    others, which are twice as large, and negative.
    """

    function: Any
    values: Mapping[str, Value]
    arguments: tuple[str, ...]
    item: int | str | None = None
    rows: frozenset[str] | None = None
    """Arguments that each row of a batch has its own of; None if there is no batch."""

    def with_values(self, **values: Value) -> Call:
        """Return the call in which some parameters are given something else."""
        return replace(self, values={**self.values, **values})

    @property
    def title(self) -> str:
        """Function, and the item of what it returns."""
        return name_of(self.function) + ("" if self.item is None else f"[{self.item!r}]")

    @property
    def line(self) -> str:
        """The call as a line of Python."""
        return self._line(name_of(self.function))

    def _line(self, name: str) -> str:
        given = ", ".join(f"{name}={self._given(value)}" for name, value in self.values.items())
        item = "" if self.item is None else f"[{self.item!r}]"
        return f"{name}({given}){item}" + ("[1]" if self.rows is not None else "")

    def _given(self, value: Value) -> str:
        if not self.rows or not value.names & self.rows:
            return str(value)
        return f"np.stack([2 * {_closed(str(value))}, {value}, -{_closed(str(value))}])"

    def code(self, callee: Any) -> Callable[..., Any]:
        """Return a function of our arguments that makes the call."""
        outside = {"__name__": __name__, "np": np, "_function": callee}
        text = f"def compared({', '.join(self.arguments)}):\n    return {self._line('_function')}\n"
        exec(text, outside)  # noqa: S102 -- the text is made here, of what the caller has written
        return outside["compared"]


# -- Running it ------------------------------------------------------------------------------------


@dataclass
class Runner:
    """A function as it runs on numbers: with tensors if it wants them, and watched.

    `changes` are the parameters that it has written into, `library` is where its answers come
    from, and `bits` are those of the floats in them.
    """

    function: Any
    changes: dict[str, None] = field(default_factory=dict)
    library: str = "numpy"
    bits: int = 64

    @property
    def floats(self) -> str:
        """How the numbers were computed, if not by NumPy in floats of 64 bits."""
        library = "" if self.library == "numpy" else f"{self.library}, in "
        return f"{library}floats of {self.bits} bits" if library or self.bits < 64 else ""

    def __call__(self, **given: Any) -> Any:
        """Answer for some arguments."""
        if self.library != "torch":
            try:
                return self._watched(self.function, given)
            except (TypeError, AttributeError):
                if "torch" not in sys.modules:
                    raise
        answer = self._watched(self._with_tensors, given)
        self.library = "torch"
        return answer

    def _watched(self, function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        """Answer for copies of some arguments; those that are written into are noted."""
        copies = {name: value.copy() if isinstance(value, np.ndarray) else value
                  for name, value in given.items()}  # fmt: skip
        answer = self._numbers(function(**copies))
        if answer is None:
            raise TypeError("it returns None")
        for name, value in given.items():
            if not callable(value) and not np.array_equal(value, copies[name], equal_nan=True):
                self.changes[name] = None
        return answer

    def _with_tensors(self, **given: Any) -> Any:
        as_tensor = sys.modules["torch"].as_tensor

        def turned(value: Any) -> Any:
            if callable(value):
                return lambda *inputs: as_tensor(value(*map(np.asarray, inputs)))
            return value if isinstance(value, int) else as_tensor(value)

        return self.function(**{name: turned(value) for name, value in given.items()})

    def _numbers(self, answer: Any) -> Any:
        """Answer in arrays of NumPy."""
        if answer is None:
            return None
        if isinstance(answer, dict):
            return {name: self._numbers(value) for name, value in answer.items()}
        if isinstance(answer, tuple | list):
            return list(map(self._numbers, answer))
        if not isinstance(answer, np.ndarray | np.generic | float | int):
            self.library = type(answer).__module__.partition(".")[0]
            answer = answer.detach() if hasattr(answer, "detach") else answer
        array = np.asarray(answer)
        if array.dtype.kind == "f":
            self.bits = min(self.bits, 8 * array.dtype.itemsize)
        return array
