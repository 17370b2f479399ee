"""What the functions of NumPy do with arrays of every size.

A function that the language of statements knows as well is read through its node, so that both
sides of a comparison share one meaning.  What makes arrays of sizes alone, such as `np.eye`, has no
array to ask, so code sees NumPy through a stand-in (`stand_in`), and so it sees `math`, `len`,
`range` and `sum`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial, reduce
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.prove.numpyarrays import (
    FUNCTIONS,
    LEFT,
    ONE,
    POSITIVE,
    RIGHT,
    At,
    NeedsNumber,
    Places,
    Refused,
    SymbolicArray,
    Truth,
    Whole,
    as_array,
    broadcast,
    by_node,
    divided,
    entrywise,
    equal,
    expression,
    meaning_of,
    means,
    multiplied,
    number_from,
    number_of,
    own_place,
    readable,
    shape_of,
    spelled_shape,
    surely,
    whole_of,
)
from rnnnotes.book.prove.reading import Reading, _stacked, _starts
from rnnnotes.core import normal as core
from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import Unsupported
from rnnnotes.core.terms import Poly

__all__ = ["BUILTINS", "stand_in"]


def _known(name: str) -> lang.Expression:
    return lang.Function(name)(LEFT)


_EXP, _MINUS = _known("exp"), lang.Function("exp")(-LEFT)

ENTRYWISE: dict[Any, lang.Expression] = {
    **{row.numpy: _known(name) for name, row in KNOWN.items() if isinstance(row.numpy, np.ufunc)},
    np.add: LEFT + RIGHT,
    np.subtract: LEFT - RIGHT,
    np.multiply: LEFT * RIGHT,
    np.divide: LEFT / RIGHT,
    np.negative: -LEFT,
    np.positive: LEFT,
    np.power: LEFT**RIGHT,
    np.square: LEFT * LEFT,
    np.sqrt: LEFT ** sp.Rational(1, 2),
    np.expm1: _EXP - 1,
    np.log1p: lang.Function("log")(1 + LEFT),
    np.sinh: (_EXP - _MINUS) / 2,
    np.cosh: (_EXP + _MINUS) / 2,
    np.absolute: lang.Abs(LEFT),
    np.fabs: lang.Abs(LEFT),
    np.maximum: lang.Max(LEFT, RIGHT),
    np.minimum: lang.Min(LEFT, RIGHT),
    np.sign: POSITIVE - lang.Indicator(lang.wrap(0), LEFT),
    np.heaviside: POSITIVE + RIGHT * (1 - POSITIVE - lang.Indicator(lang.wrap(0), LEFT)),
}
"""Functions of NumPy that act entry by entry, as the language has them."""

COMPARISONS: dict[Any, lang.Expression] = {
    np.greater: lang.Indicator(LEFT, RIGHT),
    np.less: lang.Indicator(RIGHT, LEFT),
    np.greater_equal: lang.Bracket(lang.Le(RIGHT, LEFT)),
    np.less_equal: lang.Bracket(lang.Le(LEFT, RIGHT)),
    np.equal: lang.Bracket(lang.Eq(LEFT, RIGHT)),
    np.not_equal: lang.Bracket(lang.Ne(LEFT, RIGHT)),
}
"""Comparisons, one where they are true and zero where not."""


# -- Making arrays ---------------------------------------------------------------------------------


def filled(shape: Any, value: Any) -> SymbolicArray:
    """Array of a shape that holds one number everywhere."""
    number = as_array(value)
    if number.lengths:
        raise Unsupported("an array that is filled with an array")
    return SymbolicArray(shape_of(shape), lambda reading, at: number.entry(reading, ()))


FUNCTIONS.update(
    {
        **{ufunc: partial(entrywise, node) for ufunc, node in ENTRYWISE.items()},
        np.asarray: as_array,
        np.shape: lambda array: as_array(array).shape,
        np.ndim: lambda array: as_array(array).ndim,
        np.size: lambda array: as_array(array).size,
        np.zeros: lambda shape: filled(shape, 0),
        np.ones: lambda shape: filled(shape, 1),
        np.full: filled,
        np.zeros_like: lambda array: filled(as_array(array).shape, 0),
        np.ones_like: lambda array: filled(as_array(array).shape, 1),
        np.full_like: lambda array, value: filled(as_array(array).shape, value),
    }
)


@means(np.array, np.copy)
def copied(value: Any) -> SymbolicArray:
    """Array of numbers or of arrays that is no view."""
    array = as_array(value)
    return SymbolicArray(array.lengths, array.entry, array.symbol)


@means(np.multiply)
def multiplied_entrywise(left: Any, right: Any) -> SymbolicArray:
    """Product entry by entry; a number times a truth value is it, or nothing."""
    if isinstance(left, Truth | bool) != isinstance(right, Truth | bool):
        left, right = number_from(left), number_from(right)
    return entrywise(LEFT * RIGHT, left, right)


def _comparison(node: lang.Expression) -> Callable[[Any, Any], SymbolicArray]:
    def compare(left: Any, right: Any) -> SymbolicArray:
        truth = entrywise(node, left, right)
        return Truth(truth.lengths, truth.entry)

    return compare


FUNCTIONS.update({ufunc: _comparison(node) for ufunc, node in COMPARISONS.items()})


@means(np.where)
def chosen(condition: Any, left: Any, right: Any) -> SymbolicArray:
    """One array where a condition holds, and another where not."""
    if not isinstance(condition, Truth):
        raise Unsupported("np.where of what is no comparison")
    truth = number_from(condition)
    return truth * left + (1 - truth) * right


@means(np.clip)
def clipped(array: Any, low: Any, high: Any) -> SymbolicArray:
    """Array that is kept between two bounds."""
    return entrywise(lang.Min(LEFT, RIGHT), entrywise(lang.Max(LEFT, RIGHT), array, low), high)


@means(np.eye, np.identity)
def identity(rows: Any, columns: Any = None) -> SymbolicArray:
    """Ones where row and column are the same."""
    shape = shape_of((rows, rows if columns is None else columns))
    return SymbolicArray(shape, lambda reading, at: core.delta(at[0] - at[1]))


@means(np.arange)
def counted(*bounds: Any) -> SymbolicArray:
    """Whole numbers from a first one to before a last one."""
    low, high = (affine(0), *map(whole_of, bounds))[-2:]
    if len(bounds) > 2 or not surely(high - low):
        raise Unsupported("np.arange with a step, or that may be empty")
    return SymbolicArray([high - low], lambda reading, at: core.integer(low + at[0] - 1))


@means(np.diag)
def diagonal_of(array: Any) -> SymbolicArray:
    """Diagonal matrix of a vector, or the diagonal of a square matrix."""
    array = as_array(array)
    if array.ndim == 1:
        return SymbolicArray(
            array.lengths * 2,
            lambda reading, at: core.times(core.delta(at[0] - at[1]), array.entry(reading, at[:1])),
        )
    return diagonal(array)


@means(np.diagonal)
def diagonal(array: Any) -> SymbolicArray:
    """Diagonal of a square matrix."""
    array = as_array(array)
    if array.ndim != 2 or not equal(*array.lengths):
        raise Refused(f"the diagonal of an array of shape {spelled_shape(array.lengths)}")
    return array.view(array.lengths[:1], lambda reading, at: array.entry(reading, at * 2))


@means(np.trace)
def trace(array: Any) -> SymbolicArray:
    """Sum of the diagonal of a square matrix."""
    return total(diagonal(array))


def _triangle(sign: int) -> Callable[..., SymbolicArray]:
    def part(array: Any, k: int = 0) -> SymbolicArray:
        array = as_array(array)
        if array.ndim != 2:
            raise Unsupported("a triangle of what is no matrix")
        return SymbolicArray(
            array.lengths,
            lambda reading, at: core.times(
                core.mask((at[1] - at[0] - k) * sign), array.entry(reading, at)
            ),
        )

    return part


FUNCTIONS.update({np.triu: _triangle(1), np.tril: _triangle(-1)})


# -- Axes ------------------------------------------------------------------------------------------


def axis_of(axis: Any, ndim: int) -> int:
    """Axis counted from the first; below zero it is counted from the end."""
    if not isinstance(axis, int) or not -ndim <= axis < ndim:
        raise Refused(f"axis {axis} of an array of {ndim} axes")
    return axis % ndim


def axes_of(axis: Any, ndim: int) -> list[int]:
    """Axes that are reduced: all if none is named."""
    if axis is None:
        return list(range(ndim))
    return sorted(axis_of(one, ndim) for one in (axis if isinstance(axis, tuple) else (axis,)))


@means(np.transpose)
def transposed(array: Any, axes: Any = None) -> SymbolicArray:
    """Array with its axes in another order."""
    array = as_array(array)
    order = [axis_of(one, array.ndim) for one in axes or reversed(range(array.ndim))]
    if sorted(order) != list(range(array.ndim)):
        raise Refused(f"axes {axes} of an array of {array.ndim} axes")
    back = [order.index(axis) for axis in range(array.ndim)]
    return array.view(
        [array.lengths[axis] for axis in order],
        lambda reading, at: array.entry(reading, tuple(at[place] for place in back)),
    )


@means(np.swapaxes)
def swapped(array: Any, one: int, other: int) -> SymbolicArray:
    """Array with two axes exchanged."""
    array = as_array(array)
    order = list(range(array.ndim))
    one, other = axis_of(one, array.ndim), axis_of(other, array.ndim)
    order[one], order[other] = other, one
    return transposed(array, tuple(order))


@means(np.reshape)
def reshaped(array: Any, shape: Any) -> SymbolicArray:
    """Array of another shape, in which axes of length one come and go."""
    array = as_array(array)
    wide = [length for length in array.lengths if length != ONE]
    new = list(shape_of(shape))
    if affine(-1) in new:
        others = [length for length in new if length not in (ONE, affine(-1))]
        rest = wide[len(others) :] if wide[: len(others)] == others else wide[: -len(others)]
        if len(wide) - len(others) > 1:
            raise Unsupported("reshape that joins or cuts axes")
        new[new.index(affine(-1))] = rest[0] if rest else ONE
    if not equal(multiplied(new), multiplied(array.lengths)):
        raise Refused(f"reshape of {spelled_shape(array.lengths)} to {spelled_shape(new)}")
    if [length for length in new if length != ONE] != wide:
        raise Unsupported("reshape that joins or cuts axes")
    narrow = array[tuple(0 if length == ONE else slice(None) for length in array.lengths)]
    return narrow[tuple(None if length == ONE else slice(None) for length in new)]


@means(np.ravel)
def raveled(array: Any) -> SymbolicArray:
    """Array with one axis."""
    return reshaped(array, -1)


@means(np.squeeze)
def squeezed(array: Any, axis: Any = None) -> SymbolicArray:
    """Array without its axes of length one.  A letter may be one, so what goes is to be named."""
    array = as_array(array)
    gone = axes_of(axis, array.ndim)
    if any(array.lengths[one] != ONE for one in gone):
        raise Refused(f"squeeze of an array of shape {spelled_shape(array.lengths)}")
    return array[tuple(0 if one in gone else slice(None) for one in range(array.ndim))]


@means(np.expand_dims)
def widened(array: Any, axis: int) -> SymbolicArray:
    """Array with a new axis of length one."""
    array = as_array(array)
    place = axis_of(axis, array.ndim + 1)
    return array[(slice(None),) * place + (None,)]


@means(np.broadcast_to)
def repeated(array: Any, shape: Any) -> SymbolicArray:
    """Array that is repeated along axes of length one, and along new ones."""
    array, lengths = as_array(array), shape_of(shape)
    if broadcast([array.lengths, lengths]) != lengths:
        shown = f"{spelled_shape(array.lengths)} to {spelled_shape(lengths)}"
        raise Refused(f"broadcast of {shown}")
    return array.view(
        lengths, lambda reading, at: array.entry(reading, own_place(array.lengths, at))
    )


# -- Sums and products -----------------------------------------------------------------------------

Combine = Callable[[Affine, Affine, Callable[[Affine], Poly]], Poly]
"""Sum or product of a body over an index from a first to a last value."""


def along(array: SymbolicArray, axis: int, combine: Combine) -> SymbolicArray:
    """Array without an axis, over which its entries are combined."""
    return SymbolicArray(
        array.lengths[:axis] + array.lengths[axis + 1 :],
        lambda reading, at: combine(
            ONE,
            array.lengths[axis],
            lambda i: array.entry(reading, (*at[:axis], i, *at[axis:])),
        ),
    )


def reduced(array: Any, axis: Any, keepdims: bool, combine: Combine) -> SymbolicArray:
    """Array without some of its axes, or with length one in their place."""
    array = as_array(array)
    axes = axes_of(axis, array.ndim)
    result = array
    for one in reversed(axes):
        result = along(result, one, combine)
    if keepdims:
        result = result[tuple(None if one in axes else slice(None) for one in range(array.ndim))]
    return result


@means(np.sum)
def total(array: Any, axis: Any = None, keepdims: bool = False) -> SymbolicArray:
    """Sum over one axis, or over all."""
    return reduced(number_from(array), axis, keepdims, core.summed)


@means(np.prod)
def product_of_entries(array: Any, axis: Any = None, keepdims: bool = False) -> SymbolicArray:
    """Product over one axis, or over all."""
    return reduced(array, axis, keepdims, core.product_over)


@means(np.mean)
def mean(array: Any, axis: Any = None, keepdims: bool = False) -> SymbolicArray:
    """Mean over one axis, or over all; of nothing there is none."""
    array = as_array(array)
    lengths = [array.lengths[one] for one in axes_of(axis, array.ndim)]
    if not all(surely(length - 1) for length in lengths):
        raise Refused(f"the mean of what may be empty, of shape {spelled_shape(array.lengths)}")
    return total(array, axis, keepdims) / number_of(multiplied(lengths))


@means(np.max)
def largest(array: Any, axis: Any = None, keepdims: bool = False) -> SymbolicArray:
    """Largest along one axis; of nothing there is none."""
    array = as_array(array)
    axes = axes_of(axis, array.ndim)
    if len(axes) != 1 or not surely(array.lengths[axes[0]] - 1):
        raise Unsupported("the largest along several axes, or of what may be empty")
    return reduced(number_from(array), axis, keepdims, core.largest)


@means(np.argmax)
def place_of_largest(array: Any, axis: Any = None) -> Places:
    """Places of the largest along one axis; of equal ones, of the first."""
    array = as_array(array)
    axes = axes_of(axis, array.ndim)
    if len(axes) != 1 or not surely(array.lengths[axes[0]] - 1):
        raise Unsupported("the place of the largest along several axes, or of what may be empty")
    (one,), lengths = axes, array.lengths
    ranges = [(ONE, lengths[one])]

    def holds(reading: Reading, at: At, place: Affine) -> Poly:
        values = core.array(ranges, lambda i: array.entry(reading, (*at[:one], i, *at[one:])))
        return core.ranked(ONE, place, values)

    return Places(lengths[:one] + lengths[one + 1 :], lengths[one], holds)


@means(np.argsort)
def sorting(array: Any, axis: Any = -1, kind: Any = None) -> Places:
    """Places at which a vector is in order, the least first; of equal ones, the first."""
    array = as_array(array)
    if array.ndim != 1 or kind != "stable":
        raise Unsupported("a sort that is not stable, or of what is no vector")
    (length,), turned = array.lengths, -array

    def holds(reading: Reading, at: At, place: Affine) -> Poly:
        values = core.array([(ONE, length)], lambda i: turned.entry(reading, (i,)))
        return core.ranked(at[0], place, values)

    return Places([length], length, holds)


def _running(combine: Combine) -> Callable[..., SymbolicArray]:
    def run(array: Any, axis: Any = None) -> SymbolicArray:
        array = as_array(array)
        if axis is None and array.ndim != 1:
            raise Unsupported("a running sum or product over several axes")
        place = axis_of(axis or 0, array.ndim)

        def entry(reading: Reading, at: At) -> Poly:
            return combine(
                ONE,
                at[place],
                lambda i: array.entry(reading, (*at[:place], i, *at[place + 1 :])),
            )

        return SymbolicArray(array.lengths, entry)

    return run


FUNCTIONS.update({np.cumsum: _running(core.summed), np.cumprod: _running(core.product_over)})


@means(np.matmul)
def product(left: Any, right: Any) -> SymbolicArray:
    """Matrix product, of stacks of matrices too; a vector is a row on the left of it."""
    left, right = as_array(left), as_array(right)
    if not left.ndim or not right.ndim:
        raise Refused("@ of a number")
    if not equal(left.lengths[-1], right.lengths[-2 if right.ndim > 1 else -1]):
        shown = f"{spelled_shape(left.lengths)} and {spelled_shape(right.lengths)}"
        raise Refused(f"@ of shapes {shown} does not fit at all sizes")
    if left.ndim == 1:
        return product(left[None], right)[0 if right.ndim == 1 else (..., 0, slice(None))]
    if right.ndim == 1:
        return product(left, right[:, None])[..., 0]

    def entry(reading: Reading, at: At) -> Poly:
        *stack, row, column = at
        before, after = (own_place(one.lengths[:-2], tuple(stack)) for one in (left, right))
        return core.summed(ONE, left.lengths[-1], lambda i: core.times(
            left.entry(reading, (*before, row, i)), right.entry(reading, (*after, i, column))
        ))  # fmt: skip

    stack = broadcast([left.lengths[:-2], right.lengths[:-2]])
    return SymbolicArray((*stack, left.lengths[-2], right.lengths[-1]), entry)


@means(np.dot)
def dotted(left: Any, right: Any) -> SymbolicArray:
    """Matrix product, or a multiple."""
    axes = as_array(left).ndim, as_array(right).ndim
    if axes[1] > 2:
        raise Unsupported("np.dot with a stack of matrices on the right")
    return product(left, right) if all(axes) else entrywise(LEFT * RIGHT, left, right)


@means(np.outer)
def outer(left: Any, right: Any) -> SymbolicArray:
    """Outer product of two vectors."""
    left, right = as_array(left), as_array(right)
    if left.ndim != 1 or right.ndim != 1:
        raise Unsupported("the outer product of what is no vector")
    return left[:, None] * right


@means(np.inner, np.vdot)
def inner(left: Any, right: Any) -> SymbolicArray:
    """Inner product of two vectors."""
    if as_array(left).ndim != 1 or as_array(right).ndim != 1:
        raise Unsupported("the inner product of what is no vector")
    return product(left, right)


@means(np.einsum)
def contracted(subscripts: Any, *inputs: Any) -> SymbolicArray:
    """Sum of products over the letters that the result does not have."""
    arrays = list(map(as_array, inputs))
    taken, arrow, given = str(subscripts).replace(" ", "").partition("->")
    terms = taken.split(",")
    if not arrow or "." in taken or [len(t) for t in terms] != [a.ndim for a in arrays]:
        raise Unsupported(f"np.einsum of {subscripts!r}")
    lengths: dict[str, Affine] = {}
    for letter, length in zip("".join(terms), [n for a in arrays for n in a.lengths], strict=True):
        if not equal(lengths.setdefault(letter, length), length):
            raise Refused(f"np.einsum: axis {letter} has two lengths")
    summed_over = [letter for letter in lengths if letter not in given]

    def entry(reading: Reading, at: At) -> Poly:
        def over(letters: list[str], places: dict[str, Affine]) -> Poly:
            if letters:
                first, *rest = letters
                return core.summed(ONE, lengths[first], lambda i: over(rest, {**places, first: i}))
            return core.times(*(
                array.entry(reading, tuple(places[letter] for letter in term))
                for array, term in zip(arrays, terms, strict=True)
            ))  # fmt: skip

        return over(summed_over, dict(zip(given, at, strict=True)))

    return SymbolicArray([lengths[letter] for letter in given], entry)


# -- Joining and cutting ---------------------------------------------------------------------------


@means(np.concatenate)
def joined(arrays: Any, axis: int = 0) -> SymbolicArray:
    """Arrays one after the other along an axis."""
    parts = list(map(as_array, arrays))
    place = axis_of(axis, parts[0].ndim)
    for part in parts:
        met = list(zip(part.lengths, parts[0].lengths, strict=False))
        if part.ndim != parts[0].ndim or not all(
            equal(*met[n]) for n in range(len(met)) if n != place
        ):
            shown = f"{spelled_shape(parts[0].lengths)} and {spelled_shape(part.lengths)}"
            raise Refused(f"the shapes {shown} do not join along axis {place}")
    starts = _starts([part.lengths[place] for part in parts])

    def entry(reading: Reading, at: At) -> Poly:
        def within(part: SymbolicArray) -> Callable[[Affine], Poly]:
            return lambda i: part.entry(reading, (*at[:place], i, *at[place + 1 :]))

        return _stacked(starts, at[place], list(map(within, parts)))

    lengths = list(parts[0].lengths)
    lengths[place] = starts[-1]
    return SymbolicArray(lengths, entry)


@means(np.stack)
def stacked(arrays: Any, axis: int = 0) -> SymbolicArray:
    """Arrays of one shape along a new axis."""
    return joined([widened(one, axis) for one in arrays], axis)


@means(np.vstack)
def below(arrays: Any) -> SymbolicArray:
    """Matrices one below the other; a vector is a row."""
    return joined([one if (one := as_array(each)).ndim > 1 else one[None] for each in arrays])


@means(np.hstack)
def beside(arrays: Any) -> SymbolicArray:
    """Arrays one beside the other."""
    return joined(arrays, 0 if as_array(arrays[0]).ndim == 1 else 1)


@means(np.block)
def blocks(rows: Any) -> SymbolicArray:
    """Matrix made of matrices, row by row."""
    if isinstance(rows[0], list):
        return joined([joined(row, -1) for row in rows], -2)
    return joined(rows, -1)


@means(np.split)
def cut(array: Any, parts: Any, axis: int = 0) -> list[SymbolicArray]:
    """Parts of one length along an axis, or those between given places."""
    array = as_array(array)
    place = axis_of(axis, array.ndim)
    if isinstance(parts, int):
        step = divided(array.lengths[place], parts)
        if step * parts != array.lengths[place]:
            raise Refused(f"{readable(array.lengths[place])} does not split into {parts} parts")
        bounds: list[Any] = [number_of(step * n) for n in range(parts + 1)]
    else:
        bounds = [0, *parts, array.shape[place]]
    return [array[(slice(None),) * place + (slice(low, high),)] for low, high in pairwise(bounds)]


# -- Matrices --------------------------------------------------------------------------------------


@means(np.linalg.norm)
def norm(array: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> SymbolicArray:
    """Norm of a vector or a matrix, or of each along some axes."""
    array = as_array(array)
    axes = axes_of(axis, array.ndim)
    if axis is None and array.ndim > 2:
        raise Unsupported("the norm of an array of more than two axes")
    kept = [one for one in range(array.ndim) if one not in axes]

    def of_part(at: At) -> SymbolicArray:
        def entry(reading: Reading, inner: At) -> Poly:
            places = dict(zip([*kept, *axes], [*at, *inner], strict=True))
            return array.entry(reading, tuple(places[one] for one in range(array.ndim)))

        part = SymbolicArray([array.lengths[one] for one in axes], entry)
        if (part.ndim, ord) == (2, 2) or (part.ndim, ord) in ((1, 2), (1, None)):
            return by_node(lang.Norm, part)
        if part.ndim == 2 and ord in (None, "fro"):
            return entrywise(LEFT ** sp.Rational(1, 2), total(part * part))
        if (part.ndim, ord) == (1, 1):
            return total(entrywise(lang.Abs(LEFT), part))
        raise Unsupported(f"a norm of order {ord}")

    result = SymbolicArray(
        [array.lengths[one] for one in kept],
        lambda reading, at: of_part(at).entry(reading, ()),
    )
    of_part(tuple(ONE for _ in kept))  # refuses an order that has no meaning
    if keepdims:
        return result[tuple(None if one in axes else slice(None) for one in range(array.ndim))]
    return result


@means(np.linalg.inv)
def inverse(matrix: Any) -> SymbolicArray:
    """Inverse of a square matrix that is a symbol."""
    matrix = as_array(matrix)
    if not isinstance(matrix.symbol, lang.Variable):
        raise Unsupported("the inverse of what is no symbol")
    node = lang.Inverse(matrix.symbol)
    return SymbolicArray(matrix.lengths, lambda reading, at: reading.entry(node, at))


@means(np.linalg.matrix_power)
def power(matrix: Any, exponent: Any) -> SymbolicArray:
    """Power of a square matrix whose exponent counts the factors."""
    count = whole_of(exponent)
    if not surely(count):
        raise Refused(f"a matrix to the power {readable(count)}, which may be negative")
    return by_node(lambda base: lang.MatrixPower(base, expression(count)), matrix)


@means(np.convolve)
def convolved(vector: Any, kernel: Any, mode: str = "full") -> SymbolicArray:
    """Convolution at the places of a vector."""
    if mode != "same":
        raise Unsupported(f"np.convolve of mode {mode!r}")
    return by_node(lang.Convolve, vector, kernel)


# -- What code sees --------------------------------------------------------------------------------

MATH = {
    math.exp: np.exp,
    math.fabs: np.fabs,
    math.log: np.log,
    math.sqrt: np.sqrt,
    math.tanh: np.tanh,
}
"""Functions of numbers, and those of NumPy that do the same."""


def stand_in(value: Any) -> Any:
    """What code sees of NumPy and of `math`: a module, a number, or a function as it is here."""
    if isinstance(value, ModuleType):
        return Stand(value)
    if value is None or isinstance(value, int | float):
        return value
    if value in MATH:
        return partial(_of_numbers, value.__name__, FUNCTIONS[MATH[value]])
    return meaning_of(value)


class Stand:
    """NumPy or `math` as code sees it: what it takes from there works on arrays of every size."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return stand_in(getattr(self._module, name))


def _of_numbers(name: str, function: Callable[..., Any], *inputs: Any) -> Any:
    for one in map(as_array, inputs):
        if one.lengths:
            raise Refused(f"math.{name} of an array of shape {spelled_shape(one.lengths)}")
    return function(*inputs)


def length_of(value: Any) -> Any:
    """Length as `len` gives it, but a letter where it is one."""
    if isinstance(value, SymbolicArray) and value.lengths:
        return value.shape[0]
    return len(value)


def steps(*bounds: Any) -> range:
    """Range of a loop, whose bounds are numbers."""
    for bound in bounds:
        if isinstance(bound, Whole):
            raise NeedsNumber(bound.value, "a loop")
    return range(*bounds)


def added(values: Any, start: Any = 0) -> Any:
    """Sum as Python makes it: over the first axis of an array."""
    if isinstance(values, SymbolicArray):
        return start + total(values, 0)
    return reduce(operator.add, values, start)


def as_float(value: Any) -> Any:
    """Return a number as it is, and refuse an array."""
    if as_array(value).lengths:
        raise Refused(f"float() of an array of shape {spelled_shape(as_array(value).lengths)}")
    return value


BUILTINS: dict[str, Any] = {
    **{one.__name__: one for one in (abs, enumerate, list, max, min, reversed, tuple, zip)},
    "float": as_float,
    "len": length_of,
    "range": steps,
    "sum": added,
}
"""Functions of Python that code may use."""
