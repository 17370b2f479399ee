"""Arithmetic of many draws at once, with a bound of its rounding, and derivatives.

A `Number` is one scalar in every draw: an array of values, and an array of how far each of
them may be from the real number that it stands for.  What floating point computes exactly
has no error, so small whole numbers and halves are compared exactly, ties included; what it
does not is compared up to a bound, so rounding refutes nothing.  A value that overflows, or
has none, becomes ``inf`` or ``nan``, and says nothing.

Each number remembers what it was computed from.  A derivative is a sum over the paths back,
again of numbers, so that it can be differentiated in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.values.entries import BranchesOnValues

__all__ = [
    "FUNCTIONS",
    "ONE",
    "ZERO",
    "Floats",
    "Number",
    "constant",
    "gradient",
    "gradients",
    "leaf",
]

Floats = npt.NDArray[np.float64]

UNIT = 2.0**-52
"""Largest relative error of one rounding, doubled."""

TINY = 1e-290
"""What a product may lose near the smallest numbers that floating point has."""

SPLITTER = 2.0**27 + 1
"""Factor that cuts a float into two halves, whose products are exact."""

_order = count()


class Number:
    """A real number in every draw, and what it was computed from.

    `parents` are pairs of a number and the derivative by it, which is worked out when it is
    asked for.  `time` is that of a state, which an immediate derivative may hold.
    """

    __slots__ = ("_halves", "error", "order", "parents", "time", "value")

    def __init__(
        self, value: Any, error: Any, parents: tuple[Any, ...] = (), time: int | None = None
    ) -> None:
        self.value: Floats = np.asarray(value, dtype=float)
        self.error: Floats = np.asarray(error, dtype=float)
        self.parents = parents
        self.time = time
        self.order = next(_order)
        self._halves: tuple[Floats, Floats] | None = None

    @property
    def halves(self) -> tuple[Floats, Floats]:
        """Leading digits and the rest, kept as a number is a factor many times."""
        if self._halves is None:
            self._halves = _halves(self.value)
        return self._halves

    def is_constant(self, value: float) -> bool:
        """Whether this is a known number, the same in every draw."""
        return not self.parents and not self.value.ndim and not self.error and self.value == value

    def __add__(self, other: Any) -> Any:
        return _with(_add, self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return _with(_subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _with(_subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return _with(_multiply, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return _with(_divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _with(_divide, other, self)

    def __pow__(self, other: Any) -> Any:
        return _with(_power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return _with(_power, other, self)

    def __neg__(self) -> Number:
        return Number(-self.value, self.error, ((self, MINUS),))

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return FUNCTIONS["Abs"](self)

    def conjugate(self) -> Number:
        """Numbers are real."""
        return self

    def tanh(self) -> Number:
        """Hyperbolic tangent."""
        return FUNCTIONS["tanh"](self)

    def exp(self) -> Number:
        """Exponential."""
        return FUNCTIONS["exp"](self)

    def log(self) -> Number:
        """Natural logarithm."""
        return FUNCTIONS["log"](self)

    def sqrt(self) -> Number:
        """Square root."""
        return _sqrt(self)

    def square(self) -> Number:
        """Square."""
        return self * self

    def _branch(self, *_: Any) -> Any:
        raise BranchesOnValues("the code compares values, which differ from draw to draw")

    __lt__ = __le__ = __gt__ = __ge__ = _branch
    __bool__ = __float__ = __int__ = _branch

    def __repr__(self) -> str:
        return f"Number({self.value})"


ZERO, ONE, MINUS = Number(0.0, 0.0), Number(1.0, 0.0), Number(-1.0, 0.0)


def constant(value: Any) -> Number:
    """Return a known number, the same in every draw."""
    if isinstance(value, Number):
        return value
    if isinstance(value, sp.Expr):
        near = float(value)
        exact = bool(value.is_Rational) and sp.Rational(near) == value
        return Number(near, 0.0 if exact else UNIT * abs(near))
    return Number(float(value), 0.0)


def leaf(values: Floats) -> Number:
    """Return a number that is drawn."""
    return Number(values, 0.0)


def _with(operate: Callable[[Number, Number], Number], left: Any, right: Any) -> Any:
    # An array takes the operation over, entry by entry.
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return NotImplemented
    return operate(constant(left), constant(right))


# -- The four operations ---------------------------------------------------------------------------


def _lost_in_sum(a: Floats, b: Floats, total: Floats) -> Floats:
    """Return exactly what the rounding of a sum has lost."""
    second = total - a
    return (a - (total - second)) + (b - second)


def _halves(a: Floats) -> tuple[Floats, Floats]:
    shifted = SPLITTER * a
    high = shifted - (shifted - a)
    return high, a - high


def _lost_in_product(a: Number, b: Number, product: Floats) -> Floats:
    """Return exactly what the rounding of a product has lost, far from the smallest numbers."""
    (a_high, a_low), (b_high, b_low) = a.halves, b.halves
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


NOTHING = np.zeros(())


def _underflow(value: Floats, *factors: Floats) -> Floats:
    """Error of a result so small that its digits are lost, unless a factor is zero itself."""
    lost = np.abs(value) < TINY
    if not np.count_nonzero(lost):
        return NOTHING
    for factor in factors:
        lost = lost & (factor != 0)
    return np.where(lost, TINY, 0.0)


def _add(a: Number, b: Number) -> Number:
    if a.is_constant(0):
        return b
    if b.is_constant(0):
        return a
    total = a.value + b.value
    error = a.error + b.error + np.abs(_lost_in_sum(a.value, b.value, total))
    return Number(total, error, ((a, ONE), (b, ONE)))


def _subtract(a: Number, b: Number) -> Number:
    return _add(a, -b)


def _multiply(a: Number, b: Number) -> Number:
    if a.is_constant(0) or b.is_constant(1):
        return a
    if b.is_constant(0) or a.is_constant(1):
        return b
    product = a.value * b.value
    error = (
        np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
        + np.abs(_lost_in_product(a, b, product))
        + _underflow(product, a.value, b.value)
    )  # fmt: skip
    return Number(product, error, ((a, b), (b, a)))


def _divide(a: Number, b: Number) -> Number:
    if b.is_constant(1):
        return a
    result = Number(a.value / b.value, 0.0)
    quotient = result.value
    product = quotient * b.value
    rest = (a.value - product) - _lost_in_product(result, b, product)
    below = np.abs(b.value) - b.error
    error = (a.error + np.abs(quotient) * b.error + np.abs(rest)) / below
    result.error = np.where(below > 0, error + _underflow(quotient, a.value), np.inf)
    result.parents = ((a, lambda: ONE / b), (b, lambda: -result / b))
    return result


def _sqrt(a: Number) -> Number:
    # What is negative by no more than its error may be zero.
    inside = np.where(a.value < 0, np.where(a.value >= -a.error, 0.0, np.nan), a.value)
    result = Number(np.sqrt(inside), 0.0)
    root = result.value
    square = root * root
    rest = np.abs((inside - square) - _lost_in_product(result, result, square))
    away = a.error + np.abs(inside - a.value) + rest
    result.error = np.where(away == 0, 0.0, np.minimum(np.sqrt(away), away / root))
    result.parents = ((a, lambda: ONE / (2 * result)),)
    return result


MOST_FACTORS = 64
"""Largest whole exponent that is written out as a product, which is exact where factors are."""


def _power(base: Number, exponent: Number) -> Number:
    if not exponent.parents and not exponent.value.ndim and not exponent.error:
        number = float(exponent.value)
        if number.is_integer() and abs(number) <= MOST_FACTORS:
            return _whole_power(base, int(number))
        if number == 0.5:
            return _sqrt(base)
    power = base.value**exponent.value
    log = np.log(base.value)
    relative = (
        np.abs(exponent.value) * base.error / (base.value - base.error)
        + np.abs(log) * exponent.error + 4 * UNIT * (1 + np.abs(exponent.value * log))
    )  # fmt: skip
    error = power * np.expm1(relative) + _underflow(power)
    error = np.where(base.value > base.error, error, np.nan)
    result = Number(power, error)
    result.parents = (
        (base, lambda: exponent * base ** (exponent - 1)),
        (exponent, lambda: result * FUNCTIONS["log"](base)),
    )
    return result


def _whole_power(base: Number, exponent: int) -> Number:
    if exponent < 0:
        return ONE / _whole_power(base, -exponent)
    if exponent == 0:
        return ONE
    half = _whole_power(base, exponent // 2)
    return half * half * base if exponent % 2 else half * half


# -- Functions -------------------------------------------------------------------------------------

ErrorOf = Callable[[Floats, Floats, Floats], Floats]


def _function(
    compute: Callable[[Floats], Floats],
    error_of: ErrorOf,
    slope: Callable[[Number, Number], Number],
) -> Callable[[Number], Number]:
    """Function of one number, from its error, and its derivative by its value and argument."""

    def apply(argument: Number) -> Number:
        value = compute(argument.value)
        result = Number(value, error_of(argument.value, argument.error, value))
        result.parents = ((argument, lambda: slope(result, argument)),)
        return result

    return apply


def _known(name: str, error_of: ErrorOf) -> Callable[[Number], Number]:
    """Known function of one number, from its error."""
    known = KNOWN[name]
    assert known.slope is not None
    return _function(known.numpy, error_of, known.slope)


def _exact_at(point: float, error_of: ErrorOf) -> ErrorOf:
    """Error of a function whose value at a point is known without rounding."""
    return lambda a, e, v: np.where((a == point) & (e == 0), 0.0, error_of(a, e, v))


def _refuse(name: str) -> Callable[..., Number]:
    def slope(*_: Any) -> Number:
        raise BranchesOnValues(f"{name} is not differentiated")

    return slope


FUNCTIONS: dict[str, Callable[[Number], Number]] = {
    "tanh": _known(
        "tanh",
        # The slope falls off on both sides of zero.
        lambda a, e, v: e / np.cosh(np.maximum(np.abs(a) - e, 0)) ** 2 + UNIT * np.abs(v),
    ),
    "exp": _known(
        "exp", _exact_at(0, lambda a, e, v: v * (np.expm1(e) + 2 * UNIT) + _underflow(v))
    ),
    "log": _known("log", lambda a, e, v: np.where(a > e, e / (a - e) + UNIT * np.abs(v), np.inf)),
    "sigmoid": _known(
        "sigmoid", _exact_at(0, lambda a, e, v: v * (np.expm1(e) + 4 * UNIT) + _underflow(v))
    ),
    "sin": _function(
        np.sin,
        lambda a, e, v: e + UNIT * np.abs(v),
        lambda value, argument: FUNCTIONS["cos"](argument),
    ),
    "cos": _function(
        np.cos,
        _exact_at(0, lambda a, e, v: e + UNIT),
        lambda value, argument: -FUNCTIONS["sin"](argument),
    ),
    "Abs": _function(np.abs, lambda a, e, v: e, _refuse("Abs")),
}
"""Functions of one number, by name."""


def indicator(a: Number, b: Number) -> Number:
    """Return one where a is larger than b, else zero, and nothing where rounding hides which."""
    gap, error = a.value - b.value, a.error + b.error
    value = np.where(gap > error, 1.0, np.where(gap <= -error, 0.0, np.nan))
    flat = Number(np.where(np.abs(gap) > error, 0.0, np.nan), 0.0)  # at its edge it has no slope
    return Number(value, 0.0, ((a, flat), (b, flat)))


def larger(a: Number, b: Number, sign: int = 1) -> Number:
    """Return the larger of two numbers, or with sign -1 the smaller."""
    value = np.maximum(a.value, b.value) if sign > 0 else np.minimum(a.value, b.value)

    def chosen() -> Number:
        ahead = sign * (a.value - b.value)
        # Where both are equal there is a kink, and no derivative.
        one = np.where(np.abs(ahead) > a.error + b.error, np.heaviside(ahead, 0.0), np.nan)
        return Number(one, 0.0)

    parents = ((a, chosen), (b, lambda: 1 - chosen()))
    return Number(value, np.maximum(a.error, b.error), parents)


def _stacked(entries: Iterable[Number], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Matrices of all draws, with zeros for what is no number, and how far each is off."""
    values, errors = (
        np.stack(np.broadcast_arrays(*parts), axis=-1)
        for parts in zip(*((e.value + 0 * e.error, e.error + 0 * e.value) for e in entries),
                         strict=True)
    )  # fmt: skip
    away = np.sqrt(np.sum(errors**2, axis=-1))
    finite = np.isfinite(values).all(axis=-1) & np.isfinite(away)
    matrices = np.where(finite[..., None], values, 0).reshape(*values.shape[:-1], *shape)
    return matrices, np.where(finite, away, np.nan)


def norm(shape: tuple[int, ...], *entries: Number) -> Number:
    """Largest singular value of a matrix."""
    matrices, away = _stacked(entries, shape)
    value = np.linalg.norm(matrices, 2, axis=(-2, -1))
    # With one entry in each row and column, that is the largest entry, and exact.
    filled = matrices != 0
    alone = (filled.sum(axis=-1) <= 1).all(axis=-1) & (filled.sum(axis=-2) <= 1).all(axis=-1)
    value = np.where(alone, np.abs(matrices).max(axis=(-2, -1)), value)
    rounding = np.where(alone, 0.0, 8 * max(shape) * UNIT * value)
    return Number(value, away + rounding, tuple((e, _refuse("Norm")) for e in entries))


def spectral_radius(shape: tuple[int, ...], *entries: Number) -> Number:
    """Largest modulus of an eigenvalue of a square matrix."""
    size = shape[0]
    matrices, away = _stacked(entries, shape)
    triangular = (np.tril(matrices) == matrices).all(axis=(-2, -1)) | (
        np.triu(matrices) == matrices
    ).all(axis=(-2, -1))
    diagonal = np.abs(np.diagonal(matrices, axis1=-2, axis2=-1)).max(axis=-1)
    eigenvalues, vectors = np.linalg.eig(matrices)
    value = np.where(triangular, diagonal, np.abs(eigenvalues).max(axis=-1))
    scale = np.linalg.norm(matrices, axis=(-2, -1))
    away = away + np.where(triangular, 0.0, 16 * size * UNIT * scale)
    # The bounds of Elsner, for any matrix, and of Bauer and Fike, for what is diagonalizable.
    error = np.fmin((2 * scale + away) ** (1 - 1 / size) * away ** (1 / size),
                    8 * size * np.linalg.cond(vectors) * away)  # fmt: skip
    error = np.where(away == 0, 0.0, error)
    return Number(value, error, tuple((e, _refuse("SpectralRadius")) for e in entries))


# -- Derivatives -----------------------------------------------------------------------------------


def gradient(
    of: Number,
    by: Iterable[Number],
    since: int | None = None,
    held: frozenset[Number] = frozenset(),
) -> list[Number]:
    """Differentiate a number by others, through all that it was computed from.

    With `since`, numbers of earlier times are held: the immediate derivative.  Those that are
    `held` are, too.
    """
    (slopes,) = gradients([of], by, since, held)
    return slopes


def gradients(
    of: Sequence[Number],
    by: Iterable[Number],
    since: int | None = None,
    held: frozenset[Number] = frozenset(),
) -> Iterator[list[Number]]:
    """Differentiate each of several numbers by others, as `gradient` does."""
    wanted = list(by)
    # What lies between is looked for once, as the numbers of one array have most of it in common.
    path = _path(of, set(wanted), since, held)
    for one in of:
        slopes: dict[Number, Number] = {one: ONE}
        for number, parents in path:
            if number not in slopes:
                continue
            slope = slopes[number]
            for parent, partial in parents:
                step = slope * (partial() if callable(partial) else partial)
                slopes[parent] = slopes[parent] + step if parent in slopes else step
        yield [slopes.get(number, ZERO) for number in wanted]


def _path(
    of: Sequence[Number], by: set[Number], since: int | None, held: frozenset[Number]
) -> list[tuple[Number, list[Any]]]:
    """The numbers between, the last first, with those parents that lead on to what is wanted."""
    reached, pending = set(of), [*of]
    while pending:
        for parent, _ in _inputs(pending.pop(), since, held):
            if parent not in reached:
                reached.add(parent)
                pending.append(parent)
    path: dict[Number, list[Any]] = {}
    for number in sorted(reached, key=lambda n: n.order):
        parents = [pair for pair in _inputs(number, since, held) if pair[0] in path]
        if parents or number in by:
            path[number] = parents
    return [*path.items()][::-1]


def _inputs(number: Number, since: int | None, held: frozenset[Number]) -> tuple[Any, ...]:
    earlier = since is not None and number.time is not None and number.time < since
    return () if earlier or number in held else number.parents
