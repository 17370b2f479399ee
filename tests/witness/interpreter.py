"""A second reading of the language of statements: in floats, forward, and without algebra.

The checker of the book reads a statement by algebra.  This reads the same tree by arithmetic,
and shares nothing with the checker: it knows the nodes of the language, the declared symbols
and what is stated, and NumPy.

A `Reading` gives every symbol a number.  A symbol that a definition fixes is computed by it;
any other is drawn.  A derivative is a step of one entry along the imaginary axis: the symbol
holds its new value, whatever it was computed from, and all that follows from it is computed
again.  Nothing is simplified, and no rule of calculus is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np
import sympy as sp

from rnnnotes.book.language import derived
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.symbols import INDICES

Env: TypeAlias = Mapping[sp.Symbol, int]
"""Number of each size, and of each index that is bound."""

Key: TypeAlias = tuple[str, tuple[int, ...]]
"""A symbol, and where it is taken: its layer, if it has one, and its time."""

TINY = 1e-30
"""Step along the imaginary axis: its square is lost, and nothing is subtracted."""

STEP = 1e-3
"""Step along the real axis, for what is not defined off it."""


class MeaninglessError(ValueError):
    """What is written has no value: a symbol at a time that it has not, an index of nothing."""


class NotAnalyticError(ArithmeticError):
    """What is differentiated is defined for real numbers alone."""


# -- Numbers, indices and ranges -------------------------------------------------------------------


def number(expr: sp.Expr, env: Env) -> Any:
    """Value of an expression in sizes and indices."""
    if expr.is_Integer:
        return int(expr)
    if expr.is_Symbol:
        if expr not in env:
            raise MeaninglessError(f"the index {expr} has no value here")
        return env[expr]
    if not expr.args:
        return float(expr)
    parts = [number(part, env) for part in expr.args]
    if expr.is_Add:
        return sum(parts)
    if expr.is_Mul:
        return np.prod(parts).item()
    if expr.is_Pow and isinstance(parts[1], int) and parts[1] >= 0:
        return parts[0] ** parts[1]
    return float(expr.func(*map(sp.sympify, parts)))


@cache
def free(node: sp.Basic) -> tuple[sp.Symbol, ...]:
    """Sizes and indices that the value of a node depends on."""
    return tuple(sorted(lang.indices(node), key=str))


@cache
def name(symbol: lang.Variable | lang.Function) -> str:
    """Name of a symbol or a function, which is asked for often."""
    return symbol.name


def bounds(symbol: sp.Symbol, ranges: Mapping[sp.Symbol, tuple[Any, Any]]) -> tuple[Any, Any]:
    """First and last value of an index: those of the formula, or else as it is declared."""
    low, high = ranges.get(symbol, INDICES[symbol][:2])
    return sp.sympify(low), sp.sympify(high)


def every(wanted: set[sp.Symbol], ranges: Mapping[sp.Symbol, Any], env: Env) -> Iterator[Env]:
    """Every choice of values for some indices, and for those that their ranges mention."""
    pending = sorted((wanted & set(INDICES)) - set(env), key=str)
    if not pending:
        yield env
        return
    symbol = pending[0]
    low, high = bounds(symbol, ranges)
    if outer := ((low.free_symbols | high.free_symbols) & set(INDICES)) - set(env):
        for choice in every(outer, ranges, env):
            yield from every(wanted, ranges, choice)
        return
    for value in range(number(low, env), number(high, env) + 1):
        yield from every(wanted, ranges, {**env, symbol: value})


# -- What fixes a symbol ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """A relation with a name on its left, and the values of its indices for which it holds."""

    relation: lang.Relation
    ranges: Mapping[sp.Symbol, tuple[Any, Any]]

    @cached_property
    def name(self) -> str:
        """Name of the symbol or function that it fixes."""
        left = self.relation.left
        if isinstance(left, lang.Apply):
            return left.function.name
        return (left.variable if isinstance(left, lang.At) else left).name

    def at(self, index: tuple[int, ...], sizes: Env) -> Env | None:
        """Values of its indices if it fixes the symbol there, and nothing if it does not."""
        left = self.relation.left
        if isinstance(left, lang.Apply):
            places = left.function.index
        else:
            places = left.index if isinstance(left, lang.At) else ()
        env = dict(sizes)
        for place, value in zip(places, index, strict=True):
            for symbol in place.free_symbols - set(env):
                env[symbol] = value - number(place - symbol, env)  # t, or t - 1
            if number(place, env) != value:
                return None
        for symbol in set(env) - set(sizes):
            low, high = bounds(symbol, self.ranges)
            if not number(low, env) <= env[symbol] <= number(high, env):
                return None
        return env


def is_name(node: lang.Expression) -> bool:
    """Whether a node is a symbol, or a function of bare symbols, and so can be given a value."""
    if isinstance(node, lang.Apply):
        return all(isinstance(argument, lang.Variable) for argument in node.arguments)
    return isinstance(node, lang.Variable | lang.At)


# -- What is drawn ---------------------------------------------------------------------------------


class Activation:
    """An unknown activation: a cubic, a sine and an exponential, of which some are absent.

    It is smooth, it has a meaning off the real line, and unless it is a sine it has no bound.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        family = rng.choice(["line", "cubic", "sine", "exponential", "mixture"])
        used = {
            "line": (1, 1, 0, 0, 0, 0), "cubic": (1, 1, 1, 1, 0, 0), "sine": (1, 0, 0, 0, 1, 0),
            "exponential": (1, 1, 0, 0, 0, 1), "mixture": (1, 1, 1, 0, 1, 1),
        }[str(family)]  # fmt: skip
        heights = rng.standard_normal(6) * used * (0.5, 0.8, 0.2, 0.1, 0.8, 0.3)
        self.cubic = np.polynomial.Polynomial(heights[:4])
        self.sine, self.exponential = heights[4:]
        self.rate, self.phase, self.growth = rng.uniform(0.3, 1.5), *rng.standard_normal(2) / 2

    def __call__(self, a: Any, order: int = 0) -> Any:
        """Value, or derivative of an order."""
        value = (self.cubic.deriv(order) if order else self.cubic)(a)
        if self.sine:
            angle = self.rate * a + self.phase + order * np.pi / 2
            value = value + self.sine * self.rate**order * np.sin(angle)
        if self.exponential:
            value = value + self.exponential * self.growth**order * np.exp(self.growth * a)
        return value


SCALES = {"plain": (-0.3, 0.0), "mixed": (-1.0, 0.3), "large": (0.5, 3.0), "corner": (0.0, 0.0)}
"""Powers of ten by which the numbers of a symbol are scaled, first and last, for each style."""


class Draw:
    """Numbers for what no definition fixes, the same for the same seed and name.

    A plain draw is of ordinary numbers alone.  A mixed one also has zeros, whole numbers, which
    tie, and scales that differ from symbol to symbol.  A large one has large numbers, and a
    corner zeros and ones alone.
    """

    def __init__(self, seed: int, sizes: Env, style: str = "plain") -> None:
        self.seed, self.sizes, self.style = seed, sizes, style
        self.known: dict[Key, Any] = {}
        self.is_rough = False  # whether a derivative was taken by differences

    def generator(self, *name: Any) -> np.random.Generator:
        """Generator of the numbers of a name."""
        return np.random.default_rng([self.seed, crc32(repr(name).encode())])

    def symbol(self, variable: lang.Variable, index: tuple[int, ...]) -> Any:
        """Numbers of a symbol."""
        key = name(variable), index
        if key not in self.known:
            self.known[key] = self._symbol(variable, index)
        return self.known[key]

    def _symbol(self, variable: lang.Variable, index: tuple[int, ...]) -> Any:
        shape = [number(length, self.sizes) for length in variable.shape]
        numbers = self.generator(name(variable), index).standard_normal(shape)
        of_all_times = self.generator(name(variable))
        value = numbers * 10 ** of_all_times.uniform(*SCALES[self.style])
        if self.style == "corner":
            value = 0 * numbers + of_all_times.integers(2)
        if self.style == "mixed":
            kind = of_all_times.uniform()
            value = 0 * numbers if kind < 0.06 else np.rint(numbers) if kind < 0.2 else value
        if variable.positive:
            value = np.where(value == 0, 1.0, np.abs(value))
        return np.asarray(value)[()]

    def activation(self, name: str, index: tuple[int, ...]) -> Activation:
        """Unknown activation of a name."""
        return Activation(self.generator("activation", name, index))

    def map(self, name: str, index: tuple[int, ...], shape: Any, arguments: list[Any]) -> Any:
        """Value of an unknown map: a linear one, and three activations of another.

        A map of other arguments is another map, as ``phi(v, w)`` is not ``phi([v; w])``.
        """
        rng = self.generator("map", name, index, [np.shape(argument) for argument in arguments])
        flat = np.concatenate([np.ravel(argument) for argument in arguments])
        rows = int(np.prod(shape))
        inner, outer, linear = (
            rng.standard_normal(size) * 0.6
            for size in ((3, len(flat)), (rows, 3), (rows, len(flat)))
        )
        value = linear @ flat + outer @ Activation(rng)(inner @ flat + rng.standard_normal(3))
        return value.reshape(shape)[()]


KNOWN: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.where(np.real(a) > 0, a, 0),
    "softmax": lambda a: np.exp(a) / np.sum(np.exp(a)),
}
"""Functions of the book that have a meaning of their own."""


# -- A reading -------------------------------------------------------------------------------------


class Reading:
    """A value for every symbol, and through them for every expression.

    Parameters
    ----------
    draw : Draw
        Numbers of what no definition fixes.
    definitions : mapping of name to Definition
        What fixes a symbol or a function.
    held : mapping of Key to number, optional
        Symbols that have another value in this reading, whatever they are computed from.
    step : int, optional
        Time of the one step that is computed anew: symbols of all other times are held.
    outside : Reading, optional
        Where they are held.
    """

    def __init__(
        self,
        draw: Draw,
        definitions: Mapping[str, list[Definition]],
        held: Mapping[Key, Any] | None = None,
        step: int | None = None,
        outside: Reading | None = None,
    ) -> None:
        self.draw, self.definitions = draw, definitions
        self.held = held or {}
        self.step, self.outside = step, outside
        self.known: dict[Any, Any] = {}
        self.pending: set[Key] = set()
        self.largest = 0.0  # of all that was computed, which is what rounding is relative to

    def value(self, node: lang.Expression, env: Env) -> Any:
        """Value of an expression: a number or an array of the shape that it declares."""
        expected = tuple(number(length, env) for length in node.shape)
        try:
            value = MEANINGS[type(node)](self, env, node)
        except np.linalg.LinAlgError:  # a singular matrix has no inverse
            value = np.full(expected, np.nan)[()]
        if np.shape(value) != expected:
            raise MeaninglessError(f"{node} has shape {np.shape(value)}, and declares {expected}")
        self.largest = max(self.largest, np.max(np.abs(value), initial=0))
        return value

    def values(self, nodes: Any, env: Env) -> list[Any]:
        """Values of several expressions."""
        return [self.value(node, env) for node in nodes]

    def holding(self, held: Mapping[Key, Any]) -> Reading:
        """Return the reading in which some symbols have other values."""
        return Reading(self.draw, self.definitions, {**self.held, **held}, self.step, self.outside)

    def symbol(self, variable: lang.Variable, index: tuple[int, ...]) -> Any:
        """Value of a symbol: held, or computed by its definition, or drawn."""
        key = name(variable), index
        if key in self.held:
            return self.held[key]
        if self.outside is not None and index and index[-1] != self.step:
            return self.outside.symbol(variable, index)
        if key in self.pending:
            raise MeaninglessError(f"{variable.name} at {index} is defined by itself")
        if key not in self.known:
            self.pending.add(key)
            try:
                self.known[key] = self._symbol(variable, index)
            finally:
                self.pending.remove(key)
        return self.known[key]

    def _symbol(self, variable: lang.Variable, index: tuple[int, ...]) -> Any:
        if variable.times:
            low, high = (number(time, self.draw.sizes) for time in variable.times)
            if not (index and low <= index[-1] <= high):
                raise MeaninglessError(f"{variable.name} has times {low} to {high}, not {index}")
        found = self._definition(name(variable), index)
        if found is None:
            return self.draw.symbol(variable, index)
        definition, env = found
        value = self.value(definition.relation.right, env)
        if variable.positive and not np.all(np.real(value) > 0):
            raise MeaninglessError(f"{variable.name} is declared positive, and defined as {value}")
        return value

    def _definition(self, called: str, index: tuple[int, ...]) -> tuple[Definition, Env] | None:
        """What fixes a symbol or a function at an index, with the values of its indices."""
        found = [
            (definition, env)
            for definition in self.definitions.get(called, ())
            if (env := definition.at(index, self.draw.sizes)) is not None
        ]
        if len(found) > 1:
            raise MeaninglessError(f"{called} at {index} has {len(found)} definitions")
        return found[0] if found else None

    def apply(self, function: lang.Function, shape: Any, arguments: list[Any], env: Env) -> Any:
        """Value of a function: its own meaning, or that of its definition, or a drawn one."""
        index = tuple(number(place, env) for place in function.index)
        called, order = name(function), function.order
        defined = None if called in KNOWN else self._definition(called, index)
        if order and (called in KNOWN or defined):
            before = function.differentiated(order - 1)
            (a,) = arguments
            return self.along(lambda step: self.apply(before, shape, [a + step], env), 1.0, a)
        if called in KNOWN:
            return KNOWN[called](*arguments)
        if defined:
            return self._defined(*defined, function, arguments)
        if function.elementwise:
            return self.draw.activation(called, index)(*arguments, order)
        return self.draw.map(called, index, shape, arguments)

    def _defined(
        self, definition: Definition, env: Env, function: lang.Function, arguments: list[Any]
    ) -> Any:
        """Right-hand side of a definition, with the arguments for its parameters."""
        names = [(name(parameter), ()) for parameter in definition.relation.left.arguments]
        if not function.elementwise:
            held = dict(zip(names, arguments, strict=True))
            return self.holding(held).value(definition.relation.right, env)
        entries = [
            self.holding({names[0]: entry}).value(definition.relation.right, env)
            for entry in np.ravel(arguments[0])
        ]
        return np.reshape(entries, np.shape(arguments[0]))[()]

    def derivative(self, node: Any, env: Env, *, immediate: bool = False) -> Any:
        """Derivative by a symbol, entry by entry: its axes come last.

        The symbol holds its new value, and what is computed from it follows.  An immediate
        derivative follows it within the step at hand alone: symbols of other times are held.
        """
        of, by = node.args
        array = by.args[0] if isinstance(by, lang.Entry) else by
        variable, index = _place(array, env)
        value = self.symbol(variable, index)
        step, outside = self.step, self.outside
        if immediate:
            step, outside = _place(of, env)[1][-1], self

        def follow(change: Any) -> Any:
            held = {**self.held, (name(variable), index): value + change}
            return Reading(self.draw, self.definitions, held, step, outside).value(of, env)

        columns = []
        for place in np.ndindex(np.shape(value)):
            unit = np.zeros(np.shape(value))
            unit[place] = 1
            columns.append(self.along(follow, unit[()], *self.held.values()))
        shape = np.shape(columns[0])
        derivative = np.stack(columns, axis=-1).reshape(shape + np.shape(value))
        if isinstance(by, lang.Entry):
            places = tuple(number(place, env) - 1 for place in by.args[1:])
            return derivative[(..., *places, *[slice(None)] * len(by.shape))][()]
        return derivative[()]

    def along(self, follow: Callable[[Any], Any], unit: Any, *where: Any) -> Any:
        """Derivative along a direction: by a step off the real line, or else by differences."""
        if any(map(np.iscomplexobj, where)):
            raise NotAnalyticError("a derivative of a derivative")
        try:
            return np.imag(follow(1j * TINY * unit)) / TINY
        except NotAnalyticError:
            self.draw.is_rough = True
            near, far = (follow(s * unit) - follow(-s * unit) for s in (STEP, 2 * STEP))
            return (8 * near - far) / (12 * STEP)


def _place(node: lang.Expression, env: Env) -> tuple[lang.Variable, tuple[int, ...]]:
    """Symbol and index of a name."""
    if isinstance(node, lang.At):
        return node.variable, tuple(number(place, env) for place in node.index)
    if isinstance(node, lang.Variable):
        return node, ()
    raise MeaninglessError(f"{node} is not a symbol")


# -- What each node means --------------------------------------------------------------------------


def off_the_real_line(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function that is defined for real numbers alone."""

    def guarded(*parts: Any) -> Any:
        if any(map(np.iscomplexobj, parts)):
            raise NotAnalyticError(function.__name__)
        return function(*parts)

    return guarded


def _power(base: Any, exponent: Any) -> Any:
    """Power entry by entry; one that counts is a product, whatever the sign of its base."""
    if np.isrealobj(exponent) and exponent == np.rint(exponent):
        return np.asarray(base, dtype=complex if np.iscomplexobj(base) else float)[()] ** int(
            exponent
        )
    return base**exponent


def _norm(value: Any) -> Any:
    """Square root of the sum of squares; of a matrix, the largest singular value."""
    if np.ndim(value) == 2:
        return off_the_real_line(np.linalg.norm)(value, 2)
    return np.sqrt(np.sum(value * value))


def _convolve(vector: Any, kernel: Any) -> Any:
    """Tap k, counted from 1, reads the entry k - m - 1 places before; outside, it reads zero."""
    middle = (len(kernel) - 1) // 2
    result = 0 * (vector[0] * kernel[0]) + np.zeros(len(vector))
    for place in range(len(vector)):
        for tap in range(len(kernel)):
            if 0 <= place - (tap - middle) < len(vector):
                result[place] += kernel[tap] * vector[place - (tap - middle)]
    return result


PLAIN: dict[type, Callable[..., Any]] = {
    lang.Add: lambda a, b: a + b,
    lang.Sub: lambda a, b: a - b,
    lang.Times: lambda a, b: a * b,
    lang.Divide: lambda a, b: a / b,
    lang.Neg: lambda a: -a,
    lang.Power: _power,
    lang.Abs: lambda a: np.where(np.real(a) < 0, -a, a)[()],
    lang.Max: lambda a, b: np.where(np.real(a) < np.real(b), b, a)[()],
    lang.Min: lambda a, b: np.where(np.real(a) > np.real(b), b, a)[()],
    lang.Indicator: lambda a, b: np.where(np.real(a) > np.real(b), 1.0, 0.0)[()],
    lang.MatMul: lambda left, right: left @ right,
    lang.Outer: lambda left, right: left[:, None] * right[None, :],
    lang.Transpose: lambda matrix: matrix.T,  # a row and a column are arrays of one axis
    lang.Inverse: np.linalg.inv,
    lang.Determinant: np.linalg.det,
    lang.Diag: np.diag,
    lang.Total: np.sum,
    lang.Norm: _norm,
    lang.SpectralRadius: off_the_real_line(lambda matrix: np.abs(np.linalg.eigvals(matrix)).max()),
    lang.Size: lambda array: float(np.size(array)),
    lang.Concatenate: lambda *vectors: np.concatenate(vectors),
    lang.Convolve: _convolve,
    derived.Expectation: lambda weights, values: np.sum(weights * values),
    derived.Argmax: lambda column: float(np.argmax(np.real(column)) + 1),
    derived.Largest: off_the_real_line(np.max),
    derived.Variance: lambda weights, values: np.sum(
        weights * (values - np.sum(weights * values)) ** 2
    ),
}
"""Nodes whose value is made from the values of their parts."""

Meaning: TypeAlias = Callable[[Reading, Env, Any], Any]

MEANINGS: dict[type, Meaning] = {
    node: lambda reading, env, node, function=function: function(*reading.values(node.args, env))
    for node, function in PLAIN.items()
}
"""Value of each kind of node in a reading, with values for its indices."""


def means(kind: type) -> Callable[[Meaning], Meaning]:
    """Register the meaning of a node."""

    def register(meaning: Meaning) -> Meaning:
        MEANINGS[kind] = meaning
        return meaning

    return register


@means(lang.Number)
def _number(_: Reading, env: Env, node: Any) -> Any:
    """A number, or an expression in sizes and indices."""
    return float(number(node.args[0], env))


@means(lang.Ones)
def _ones(_: Reading, env: Env, node: Any) -> Any:
    """Array of ones."""
    return np.ones([number(length, env) for length in node.args])


@means(lang.Zeros)
def _zeros(_: Reading, env: Env, node: Any) -> Any:
    """Array of zeros."""
    return np.zeros([number(length, env) for length in node.args])


@means(lang.Identity)
def _identity(_: Reading, env: Env, node: Any) -> Any:
    """Identity matrix."""
    return np.eye(number(node.args[0], env))


@means(lang.OneHot)
def _one_hot(_: Reading, env: Env, node: Any) -> Any:
    """Vector that is one at a place, counted from 1, and zero elsewhere."""
    place, size = (number(part, env) for part in node.args)
    return np.array([float(entry == place) for entry in range(1, size + 1)])


@means(lang.Literal)
def _literal(reading: Reading, env: Env, node: Any) -> Any:
    """Matrix written out, row by row."""
    return np.array([reading.values(row, env) for row in node.args])


@means(lang.Block)
def _block(reading: Reading, env: Env, node: Any) -> Any:
    """Matrix made of matrices, row by row."""
    return np.block([reading.values(row, env) for row in node.args])


@means(lang.Variable)
@means(lang.At)
def _symbol(reading: Reading, env: Env, node: Any) -> Any:
    """A symbol, at a time if it has times."""
    return reading.symbol(*_place(node, env))


@means(lang.Steps)
def _array(reading: Reading, env: Env, node: Any) -> Any:
    """All steps of a symbol along a first axis, from one time to another."""
    variable, low, high = node.args
    times = range(number(low, env), number(high, env) + 1)
    return np.stack([reading.symbol(variable, (time,)) for time in times])


@means(lang.Entry)
def _entry(reading: Reading, env: Env, node: Any) -> Any:
    """What an array holds at a place, counted from 1."""
    array = reading.value(node.args[0], env)
    places = [number(place, env) for place in node.args[1:]]
    for place, length in zip(places, array.shape, strict=False):
        if not 1 <= place <= length:
            raise MeaninglessError(f"{node} is entry {place} of {length}")
    return array[tuple(place - 1 for place in places)]


@means(lang.Apply)
def _apply(reading: Reading, env: Env, node: Any) -> Any:
    """A function of its arguments."""
    shape = tuple(number(length, env) for length in node.shape)
    return reading.apply(node.function, shape, reading.values(node.arguments, env), env)


@means(lang.Sum)
def _sum(reading: Reading, env: Env, node: Any) -> Any:
    """Sum over an index, both ends included; a sum of no terms is zero."""
    body, index, low, high = node.args
    total = np.zeros([number(length, env) for length in node.shape])[()]
    for value in range(number(low, env), number(high, env) + 1):
        total = total + reading.value(body, {**env, index: value})
    return total


@means(lang.Product)
def _product(reading: Reading, env: Env, node: Any) -> Any:
    """Product over an index, the latest factor on the left; one of no factors is the identity."""
    body, index, high, low = node.args
    product = np.eye(number(node.shape[0], env)) if node.shape else 1.0
    for value in range(number(low, env), number(high, env) + 1):
        factor = reading.value(body, {**env, index: value})
        product = factor @ product if node.shape else factor * product
    return product


@means(lang.Compose)
def _compose(reading: Reading, env: Env, node: Any) -> Any:
    """A function applied once for each index, to what the one before made of the start."""
    body, variable, start, index, low, high = node.args
    running = reading.value(start, env)
    for value in range(number(low, env), number(high, env) + 1):
        held = {(name(key), place): running for key, place in [_place(variable, env)]}
        running = reading.holding(held).value(body, {**env, index: value})
    return running


@means(lang.Stack)
def _stack(reading: Reading, env: Env, node: Any) -> Any:
    """Body at each index, along a first axis."""
    body, index, low, high = node.args
    values = range(number(low, env), number(high, env) + 1)
    shape = [number(length, env) for length in node.shape]
    return np.reshape([reading.value(body, {**env, index: value}) for value in values], shape)


@means(lang.Bracket)
def _bracket(reading: Reading, env: Env, node: Any) -> Any:
    """One where a comparison holds, entry by entry, else zero."""
    left, sign, right = node.comparison.args
    a, b = map(np.real, reading.values((left, right), env))
    holds = {"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b}[str(sign)]
    return np.where(holds, 1.0, 0.0)[()]


@means(derived.Rows)
def _rows(reading: Reading, env: Env, node: Any) -> Any:
    """A map of each row: what it gives are the rows."""
    function, *matrices = node.args
    shape = tuple(number(length, env) for length in node.shape[1:])
    rows = zip(*reading.values(matrices, env), strict=True)
    return np.array([reading.apply(function, shape, [*each], env) for each in rows])


@means(derived.AmongLargest)
def _among_largest(reading: Reading, env: Env, node: Any) -> Any:
    """One at the first places of a stable sort, the largest entry first."""
    column, count = node.args
    entries = np.real(reading.value(column, env))
    order = sorted(range(len(entries)), key=lambda place: -entries[place])
    return np.isin(np.arange(len(entries)), order[: max(number(count, env), 0)]).astype(float)


@means(derived.Columns)
def _columns(reading: Reading, env: Env, node: Any) -> Any:
    """Columns from a first to a last."""
    matrix, first, last = node.args
    return reading.value(matrix, env)[:, number(first, env) - 1 : number(last, env)]


@means(derived.Concat)
def _concat(reading: Reading, env: Env, node: Any) -> Any:
    """Body at each index, the columns of one after those of another."""
    body, index, low, high = node.args
    values = range(number(low, env), number(high, env) + 1)
    return np.hstack([reading.value(body, {**env, index: value}) for value in values])


@means(lang.MatrixPower)
def _matrix_power(reading: Reading, env: Env, node: Any) -> Any:
    """Product of a matrix with itself, as often as the exponent counts."""
    matrix, exponent = reading.values(node.args, env)
    return np.linalg.matrix_power(matrix, int(exponent))


@means(lang.Order)
def _order(reading: Reading, env: Env, node: Any) -> Any:
    """Terms that are left out: how fast they vanish is compared, not what they are."""
    return 0.0


@means(lang.Jacobian)
@means(lang.Gradient)
def _total_derivative(reading: Reading, env: Env, node: Any) -> Any:
    """Derivative of all that follows from a symbol; what came before it is held."""
    return _once(reading, env, node, lambda: reading.derivative(node, env))


@means(lang.Immediate)
def _immediate_derivative(reading: Reading, env: Env, node: Any) -> Any:
    """Derivative within one step, with every other step held."""
    return _once(reading, env, node, lambda: reading.derivative(node, env, immediate=True))


def _once(reading: Reading, env: Env, node: Any, compute: Callable[[], Any]) -> Any:
    """Value of a node that several lines hold, computed once."""
    key = node, *(env.get(symbol) for symbol in free(node))
    if key not in reading.known:
        reading.known[key] = compute()
    return reading.known[key]
