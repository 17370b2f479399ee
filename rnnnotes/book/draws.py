"""Numbers for a statement: seeded draws that test what algebra does not decide.

A draw gives every leaf a number and every unknown function a concrete one, so each node and
atom of a ledger has a value.  The functions are chosen so that all their derivatives are
known: an activation is a shifted ``gamma * sin``, whose slope is at most `gamma`, and a map is the
sine of a random linear combination of its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import sympy as sp

from rnnnotes.book.entries import Atom, Ledger, exact

__all__ = ["Draw"]

Floats = npt.NDArray[np.float64]

KNOWN: dict[str, Callable[..., Any]] = {
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
}
"""NumPy's functions for the known atoms."""

OPAQUE: dict[str, Callable[..., Any]] = {
    "Abs": abs,
    "Max": max,
    "Min": min,
    "Indicator": lambda a, b: float(a > b),
    "Norm": lambda matrix: np.linalg.norm(matrix, 2),
    "SpectralRadius": lambda matrix: np.abs(np.linalg.eigvals(matrix)).max(),
}
"""What the opaque atoms stand for: functions of numbers, or of a matrix."""


class Draw:
    """One draw of all the numbers in a ledger, the same for the same seed and names."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self.seed = seed
        self.known: dict[sp.Symbol, float] = {}
        self._scales: dict[str, float] = {}

    def generator(self, name: object) -> np.random.Generator:
        """Generator of the numbers of a name."""
        return np.random.default_rng([self.seed, crc32(repr(name).encode())])

    @cached_property
    def gamma(self) -> float:
        """Largest slope of the unknown activations."""
        return self.number(sp.Symbol("gamma", real=True, positive=True))

    def number(self, symbol: sp.Symbol) -> float:
        """Value of a leaf, node or atom."""
        if symbol not in self.known:
            self.known[symbol] = self._number(symbol)
        return self.known[symbol]

    def _number(self, symbol: sp.Symbol) -> float:
        if symbol in self.ledger.nodes:
            return self.evaluate(self.ledger.nodes[symbol].value)
        if symbol in self.ledger.atoms:
            return float(self._atom(self.ledger.atoms[symbol]))
        value = round(
            self._scale(symbol.name.partition("(")[0])
            * self.generator(symbol.name).standard_normal(),
            3,
        )
        return abs(value) + 0.001 if symbol.is_positive else value

    def _scale(self, name: str) -> float:
        """One scale for all entries of a symbol, so that draws are small, middling or large."""
        if name not in self._scales:
            self._scales[name] = 10 ** self.generator(name).uniform(-1, 0.5)
        return self._scales[name]

    def _atom(self, atom: Atom) -> Any:
        arguments = [self.evaluate(argument) for argument in atom.arguments]
        order = sum(atom.orders)
        match atom.name:
            case str(name) if name in KNOWN:
                return KNOWN[name](*arguments)
            case str(name):
                return self.activation(name, order)(arguments[0])
            case (str(name), tuple(shape)) if name in OPAQUE:
                return _opaque(name, shape, arguments)
            case _:
                slopes = self.generator(atom.name).standard_normal(len(arguments) + 1)
                phase = slopes[-1] + slopes[:-1] @ np.array(arguments) + order * math.pi / 2
                return math.sin(phase) * np.prod(slopes[:-1] ** np.array(atom.orders))

    def evaluate(self, expr: sp.Expr) -> float:
        """Value of an expression in symbols of the ledger."""
        if expr.is_Symbol:
            return self.number(expr)
        symbols, function = self.ledger.compiled(expr)
        return float(function(*(self.number(symbol) for symbol in symbols)))

    def floats(self, array: Any) -> Floats:
        """Values of an array of entries."""
        evaluate = np.frompyfunc(lambda entry: self.evaluate(exact(entry)), 1, 1)
        return np.asarray(evaluate(np.asarray(array, dtype=object)), dtype=float)

    def activation(self, name: str, order: int) -> Callable[[Any], Any]:
        """Return what an unknown activation, or its derivative, is in this draw.

        It is not odd, not zero at zero, and not minus its second derivative.
        """
        phase, height = self.generator(name).standard_normal(2)
        shift = 0.0 if order else height
        return lambda a: shift + self.gamma * np.sin(a + phase + order * math.pi / 2)

    def map(self, name: Any, shape: tuple[int, ...]) -> Callable[..., Floats]:
        """Return the concrete map of a name, for code that takes one."""

        def apply(*arguments: Any) -> Floats:
            flat = np.concatenate([np.ravel(argument) for argument in arguments])
            result = np.empty(shape)
            for place in np.ndindex(*shape):
                entries = tuple(sp.Float(value) for value in flat)
                result[place] = self._atom(Atom((*name, place), (0,) * len(flat), entries))
            return result

        return apply


def _opaque(name: str, shape: tuple[int, ...], arguments: list[float]) -> Any:
    return OPAQUE[name](*([np.array(arguments).reshape(shape)] if shape else arguments))
