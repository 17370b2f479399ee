"""Numbers for a statement: seeded draws that look for where it fails.

`Draws` is a ledger of numbers: it gives every leaf a value in each draw and every unknown
function a concrete one, so that a statement has its value in all draws at once.  The draws
go through kinds, the nicest first: quarters, halves and whole numbers that can be followed
by hand, then zeros, ties, special matrices, and what is large, small or mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import perm
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from rnnnotes.book.values import tape
from rnnnotes.book.values.tape import Floats, Number

__all__ = ["KINDS", "Draws"]

Generator = np.random.Generator
Shape = tuple[int, ...]


# -- What is drawn ---------------------------------------------------------------------------------


def _quarters(rng: Generator, count: int, shape: Shape) -> Floats:
    return rng.integers(1, 4, (count, *shape)) / 4


def _halves(rng: Generator, count: int, shape: Shape) -> Floats:
    return rng.integers(-4, 5, (count, *shape)) / 2


def _whole(rng: Generator, count: int, shape: Shape) -> Floats:
    return rng.integers(-3, 4, (count, *shape)).astype(float)


def _sparse(rng: Generator, count: int, shape: Shape) -> Floats:
    return _halves(rng, count, shape) * rng.integers(0, 2, (count, *shape))


def _alike(rng: Generator, count: int, shape: Shape) -> Floats:
    """One number for all entries: zero and one, and a few others."""
    values = rng.permutation(np.resize([0.0, 1.0, -1.0, 0.5, 2.0], count))
    return np.broadcast_to(values.reshape(count, *(1,) * len(shape)), (count, *shape)).copy()


def _shares(rng: Generator, count: int, shape: Shape) -> Floats:
    """Numbers that are not negative, and along the last axis add up to one."""
    parts = rng.multinomial(8, [1 / (shape or (2,))[-1]] * (shape or (2,))[-1],
                            (count, *shape[:-1]))  # fmt: skip
    return parts[..., 0] / 8 if not shape else parts / 8


def _special(rng: Generator, count: int, shape: Shape) -> Floats:
    """Matrices of which not much is left: zero, identity, permutations, projections, shifts."""
    return np.stack([SPECIAL[i % len(SPECIAL)](rng, shape) for i in rng.permutation(count)])


def _eye(shape: Shape, k: int = 0) -> Floats:
    return np.broadcast_to(np.eye(shape[-2], shape[-1], k), shape)


def _diagonal(rng: Generator, shape: Shape) -> Floats:
    return _eye(shape) * rng.integers(-2, 3, shape)


def _orthogonal(rng: Generator, shape: Shape) -> Floats:
    """Permutation with signs, or where it can be exact, a reflection of each four places too."""
    signed = _eye(shape)[..., rng.permutation(shape[-2]), :]
    signed = signed * rng.choice([-1.0, 1.0], (shape[-2], 1))
    if shape[-1] % 4:
        return np.asarray(signed)
    return np.asarray(signed @ np.kron(np.eye(shape[-1] // 4), np.eye(4) - np.ones((4, 4)) / 2))


def _rank_one(rng: Generator, shape: Shape) -> Floats:
    rows, columns = (*shape[:-1], 1), (*shape[:-2], 1, shape[-1])
    return np.asarray(rng.integers(-2, 3, rows) * rng.integers(-2, 3, columns), dtype=float)


SPECIAL: list[Callable[[Generator, Shape], Floats]] = [
    lambda rng, shape: _eye(shape),
    lambda rng, shape: np.zeros(shape),
    _orthogonal,
    _rank_one,
    lambda rng, shape: _eye(shape, 1),  # not diagonalizable
    _diagonal,
    lambda rng, shape: np.ones(shape),
    lambda rng, shape: np.tril(rng.integers(-2, 3, shape).astype(float)),
]
"""Special matrices, one by one."""


def _units(rng: Generator, count: int, shape: Shape) -> Floats:
    """Vectors with a single one, and others for special matrices to act on."""
    single = np.eye(max(shape[-1], 1))[rng.integers(0, shape[-1], (count, *shape[:-1]))]
    return np.where(
        rng.random((count, *(1,) * len(shape))) < 0.5, single, _halves(rng, count, shape)
    )


def _scaled(lowest: float, highest: float) -> Callable[[Generator, int, Shape], Floats]:
    """Any numbers, of one magnitude within an array."""

    def draw(rng: Generator, count: int, shape: Shape) -> Floats:
        scale = 10 ** rng.uniform(lowest, highest, (count, *(1,) * len(shape)))
        return scale * rng.standard_normal((count, *shape))

    return draw


def _mixed(rng: Generator, count: int, shape: Shape) -> Floats:
    """Numbers of every magnitude and of both signs, whatever the few draws that there are."""
    scale = rng.permutation(10 ** np.linspace(-30, 30, count) * np.resize([1, -1], count))
    around = 1 + rng.standard_normal((count, *shape))
    return np.asarray(scale.reshape(count, *(1,) * len(shape)) * around)


def _rounded(rng: Generator, count: int, shape: Shape) -> Floats:
    return np.round(_scaled(-1, 0.5)(rng, count, shape), 3)


class Kind(NamedTuple):
    """How the numbers of a draw are chosen; `twins` are arrays of one shape that are equal."""

    name: str
    draw: Callable[[Generator, int, Shape], Floats]
    twins: bool = False


KINDS = [
    Kind("quarters", _quarters),
    Kind("halves", _halves),
    Kind("whole numbers", _whole),
    Kind("equal arrays", _halves, twins=True),
    Kind("zeros", _sparse),
    Kind("equal entries", _alike),
    Kind("equal entries and arrays", _alike, twins=True),
    Kind("special matrices", _special),
    Kind("shares", _shares),
    Kind("any", _rounded),
    Kind("gentle", _scaled(-3, 0)),
    Kind("wide", lambda rng, count, shape: rng.uniform(-25, 25, (count, *shape))),
    Kind("large", _scaled(1, 4)),
    Kind("small", _scaled(-6, -2)),
    Kind("mixed", _mixed),
]
"""Kinds of draws, the nicest first; draw `i` is of kind ``i % len(KINDS)``."""


# -- Unknown functions -----------------------------------------------------------------------------


class Shapes(NamedTuple):
    """What stands for an unknown function of one number, in each draw.

    It is ``cubic`` (a polynomial) plus ``height * sin(pace * a + phase)`` plus
    ``growth * exp(rate * a)``; most of the parts are zero.
    """

    cubic: Floats
    height: Floats
    pace: Floats
    phase: Floats
    growth: Floats
    rate: Floats

    def at(self, chosen: Any) -> Shapes:
        """What stands for the function in some of the draws."""
        return Shapes(*(part[..., chosen] for part in self))


FAMILIES = ("line", "steep line", "cubic", "wave", "exponential")


def _families(rng: Generator, count: int) -> Shapes:
    """Functions of no property in common: bounded or not, with and without kinks of sign."""
    family = rng.choice(len(FAMILIES), count, p=[0.2, 0.1, 0.2, 0.35, 0.15])
    cubic = rng.integers(-4, 5, (4, count)) / 2
    cubic[1] = np.where(cubic[1] == 0, 1.5, cubic[1])
    cubic[2:, family != 2] = 0
    cubic[1, family == 1] = np.round(100 * rng.standard_normal(count))[family == 1]
    wave, exponential = family == 3, family == 4
    return Shapes(
        cubic,
        np.where(wave, rng.integers(1, 7, count) / 2, 0.0),
        rng.choice([0.5, 1.0, 2.0, 3.0], count),
        np.where(wave, rng.integers(-3, 4, count) / 2, 0.0),
        np.where(exponential, rng.choice([-1.0, 0.5, 1.0, 2.0], count), 0.0),
        np.where(exponential, rng.choice([-1.0, -0.5, 0.5, 1.0], count), 0.0),
    )


def _bounded(rng: Generator, count: int, bounds: Mapping[int, Floats]) -> Shapes:
    """Functions of which the value or a derivative is nowhere larger than a bound."""
    lowest = np.minimum.reduce([np.broadcast_to(b, count) for b in bounds.values()])
    share = rng.choice([0.0, 0.5, 1.0], count)  # of a line, the rest of a wave
    pace = rng.choice([0.5, 1.0, 4.0], count)  # what is bounded bounds no other derivative
    cubic = np.zeros((4, count))
    if 0 not in bounds:
        cubic[0] = rng.integers(-4, 5, count) / 2
        cubic[1] = rng.choice([-1.0, 1.0], count) * share * lowest
    height = lowest * (1 - share) * np.minimum.reduce([pace**-order for order in bounds])
    wave = rng.choice([-1.0, 0.5, 1.0], count) * height
    zeros = np.zeros(count)
    return Shapes(cubic, wave, pace, rng.integers(-3, 4, count) / 2, zeros, zeros)


# -- All numbers of a symbol -----------------------------------------------------------------------


def _generator(seed: int, name: object) -> Generator:
    return np.random.default_rng([seed, crc32(repr(name).encode())])


@lru_cache(maxsize=1024)
def _drawn(seed: int, total: int, name: str, shape: Shape) -> Floats:
    """Entries of a symbol in all draws: they are the same in every formula."""
    values = np.empty((total, *shape))
    for number, kind in enumerate(KINDS):
        rng = _generator(seed, number if kind.twins else (name, number))
        rows = values[number :: len(KINDS)]
        draw = kind.draw
        if draw is _special:
            draw = _special if len(shape) >= 2 else _units if shape else _whole
        rows[...] = draw(rng, len(rows), shape)
    values.setflags(write=False)
    return values


# -- All numbers of a world ------------------------------------------------------------------------


class Draws:
    """A ledger of numbers: all leaves and unknown functions, in many draws at once.

    Parameters
    ----------
    chosen : sequence of int
        Which draws; their kinds follow from their numbers.
    total : int
        Of how many.
    seed : int, optional
        Draws of another seed are others.
    bounds : mapping of function to {order: values}, optional
        Bounds of an unknown function or its derivatives, in each of all draws.
    fixed : mapping of symbol to values, optional
        Values of symbols without a shape that are not drawn, in each of all draws.
    scales : mapping of symbol to factors, optional
        By what a symbol is multiplied, in each of all draws.
    """

    def __init__(
        self,
        chosen: Sequence[int],
        total: int,
        seed: int = 0,
        bounds: Mapping[str, Mapping[int, Floats]] | None = None,
        fixed: Mapping[str, Floats] | None = None,
        scales: Mapping[str, Floats] | None = None,
    ) -> None:
        self.chosen = np.asarray(chosen)
        self.total = total
        self.seed = seed
        self.bounds = dict(bounds or {})
        self.fixed = dict(fixed or {})
        self.scales = dict(scales or {})
        self.expansions: Mapping[str, Callable[[Any], Any]] = {}
        self.held: frozenset[Number] = frozenset()
        self._functions: dict[Any, Shapes] = {}

    def alone(self, draw: int) -> Draws:
        """One of the draws by itself."""
        chosen = [int(self.chosen[draw])]
        one = Draws(chosen, self.total, self.seed, self.bounds, self.fixed, self.scales)
        one._functions = {name: shapes.at([draw]) for name, shapes in self._functions.items()}
        return one

    # -- what a ledger does --------------------------------------------------------------------

    def constant(self, value: Any) -> Number:
        """Return a known number."""
        return tape.constant(value)

    def leaf(self, name: str, shape: Shape, positive: bool) -> Any:
        """Entries of a symbol that may be any numbers."""
        values = self.fixed[name] if name in self.fixed else self._drawn(name, shape, positive)
        scale = self.scales.get(name.partition("[")[0])
        if scale is not None:
            values = values * scale.reshape(-1, *(1,) * len(shape))
        entries = np.empty(shape, dtype=object)
        for place in np.ndindex(*shape):
            entries[place] = tape.leaf(values[(self.chosen, *place)])
        return entries

    def _drawn(self, name: str, shape: Shape, positive: bool) -> Floats:
        values = _drawn(self.seed, self.total, name, shape)
        return np.where(values == 0, 1.0, np.abs(values)) if positive else values

    def define(self, label: str, value: Any, time: int | None) -> Number:
        """Return a number of its own with a value, at a time."""
        number = tape.constant(value)
        return Number(number.value, number.error, ((number, tape.ONE),), time)

    def point(self, value: Any) -> Number:
        """Return a number of its own with a value: a derivative by it reaches no further."""
        return self.define("point", value, None)

    def apply(self, name: Any, *arguments: Number, orders: tuple[int, ...] = ()) -> Number:
        """Apply a function to numbers, or one of its derivatives."""
        if isinstance(name, tuple):
            return self._map(name, arguments) if len(name) == 3 else _opaque(name, arguments)
        (argument,), order = arguments, sum(orders)
        if name not in self.expansions and name not in tape.FUNCTIONS:
            return self._activation(name, argument, order)
        return self._derivative_at(name, argument, order)

    def _derivative_at(self, name: str, argument: Number, order: int) -> Number:
        """Differentiate a known function at a point, for which the argument gets a name."""
        point = self.point(argument) if order else argument
        value = (self.expansions.get(name) or tape.FUNCTIONS[name])(point)
        for _ in range(order):
            (value,) = tape.gradient(value, [point])
        return value

    def derivatives(self, of: Any, by: Any, since: int | None = None) -> Any:
        """Differentiate each entry by each entry, along new last axes."""
        result = np.empty((of.size, by.size), dtype=object)
        for row, slopes in enumerate(tape.gradients([*of.flat], by.flat, since, self.held)):
            result[row] = slopes
        return result.reshape(of.shape + by.shape)

    # -- unknown functions ---------------------------------------------------------------------

    def shapes(self, name: Any) -> Shapes:
        """What stands for an unknown function of a name."""
        if name not in self._functions:
            rng = _generator(self.seed, ("function", name))
            bounds = self.bounds.get(_title(name), {})
            drawn = _bounded(rng, self.total, bounds) if bounds else _families(rng, self.total)
            self._functions[name] = drawn.at(self.chosen)
        return self._functions[name]

    def _activation(self, name: Any, argument: Number, order: int) -> Number:
        """Value of an unknown function of one number; its derivative is one order higher."""
        one = self.shapes(name)
        result = _polynomial(one.cubic, argument, order)
        if one.height.any():
            result = result + _wave(one, argument, order)
        if one.growth.any():
            scale = tape.leaf(one.growth * one.rate**order)
            result = result + scale * (argument * tape.leaf(one.rate)).exp()
        parents = ((argument, lambda: self._activation(name, argument, order + 1)),)
        return Number(result.value, result.error, parents)

    def _map(self, name: Any, arguments: Sequence[Number]) -> Number:
        """Value of an unknown map at one place: a function of a sum, and squares."""
        weights, squares = self._weights(name, len(arguments))
        inner, outer = tape.ZERO, tape.ZERO
        for argument, weight, square in zip(arguments, weights, squares, strict=True):
            inner = inner + tape.leaf(weight) * argument
            if square.any():
                outer = outer + tape.leaf(square) * argument * argument
        return outer + self._activation(name, inner, 0)

    def _weights(self, name: Any, count: int) -> tuple[Floats, Floats]:
        rng = _generator(self.seed, ("weights", name))
        signs = rng.choice([-1, 1], (count, self.total))  # no argument is left out
        weights = signs * rng.integers(1, 5, (count, self.total)) / 4
        squares = rng.integers(-2, 3, (count, self.total)) / 4 * (rng.random(self.total) < 0.3)
        squares *= _title(name) not in self.bounds
        return weights[:, self.chosen], squares[:, self.chosen]

    # -- for the reader ------------------------------------------------------------------------

    def described(self, name: str, draw: int) -> str:
        """What an unknown activation is in one draw, to be read."""
        one = self.shapes(name).at(draw)
        parts = [_term(c, ("", "z", "z^2", "z^3")[n]) for n, c in enumerate(one.cubic) if c]
        if one.height:
            parts.append(_term(float(one.height), f"sin({one.pace:g} z + {one.phase:g})"))
        if one.growth:
            parts.append(_term(float(one.growth), f"exp({one.rate:g} z)"))
        return " + ".join(parts).replace("+ -", "- ") or "0"


def _title(name: Any) -> str:
    """Name of a function, or of a map at a place."""
    return str(name[0]) if isinstance(name, tuple) else str(name)


def _term(coefficient: float, factor: str) -> str:
    if not factor:
        return f"{coefficient:g}"
    return factor if coefficient == 1 else f"{coefficient:g} {factor}"


def _polynomial(cubic: Floats, argument: Number, order: int) -> Number:
    """Value of a derivative of a polynomial, by Horner's rule; what is zero is left out."""
    result = tape.ZERO
    for power in range(len(cubic) - 1, order - 1, -1):
        coefficient = perm(power, order) * cubic[power]
        result = result * argument
        if coefficient.any():
            result = result + tape.leaf(coefficient)
    return result


def _wave(one: Shapes, argument: Number, order: int) -> Number:
    """Value of a derivative of the wave: sine, cosine, and both upside down."""
    turn = ("sin", "cos")[order % 2]
    sign = -1 if order % 4 >= 2 else 1
    angle = argument * tape.leaf(one.pace) + tape.leaf(one.phase)
    return tape.leaf(sign * one.height * one.pace**order) * tape.FUNCTIONS[turn](angle)


def _opaque(name: tuple[Any, ...], arguments: Sequence[Number]) -> Number:
    title, shape = name
    match title:
        case "Norm":
            return tape.norm(shape, *arguments)
        case "SpectralRadius":
            return tape.spectral_radius(shape, *arguments)
        case "Indicator":
            return tape.indicator(*arguments)
        case "Max" | "Min":
            return tape.larger(arguments[0], arguments[1], 1 if title == "Max" else -1)
    return tape.FUNCTIONS[title](*arguments)
