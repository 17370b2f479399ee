"""Arrays of every size that take part in NumPy: what code computes, entry by entry.

A `SymbolicArray` has lengths that are letters, such as H and 2*H, and a rule for its entry at a
place.  NumPy hands it each function that is called with it, by the protocols that it has for arrays
of other kinds; `rnnnotes.book.prove.numpyfunctions` says what each of them does.

What fits at some sizes only is refused.  What needs a value raises an error, as Python would
otherwise make an array of objects, or a decision, in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial, reduce
from typing import Any

import numpy as np
import sympy as sp
from numpy.lib.mixins import NDArrayOperatorsMixin

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.prove.reading import Letters, Reading, whole
from rnnnotes.core import normal as core
from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import Unsupported
from rnnnotes.core.terms import Poly

__all__ = [
    "LEFT",
    "ONE",
    "POSITIVE",
    "RIGHT",
    "At",
    "Entries",
    "Lengths",
    "NeedsNumber",
    "Places",
    "Refused",
    "SymbolicArray",
    "Truth",
    "Whole",
    "as_array",
    "broadcast",
    "by_node",
    "divided",
    "entrywise",
    "equal",
    "expression",
    "meaning_of",
    "means",
    "multiplied",
    "number_from",
    "number_of",
    "own_place",
    "readable",
    "shape_of",
    "spelled_shape",
    "surely",
    "whole_of",
]

At = tuple[Affine, ...]
Entries = Callable[[Reading, At], Poly]
"""Entry of an array at a place, under a reading of the symbols."""
Lengths = tuple[Affine, ...]
ONE = affine(1)


class Refused(Exception):
    """Code that fails at some sizes, or does there what it does not do at others."""


class NeedsNumber(Exception):
    """Code that needs a number where there is a letter, as a loop over time does."""

    def __init__(self, letter: Affine, use: str) -> None:
        super().__init__(f"{use} needs a number, and {readable(letter)} is none")
        self.letter = letter


# -- Whole numbers and lengths ---------------------------------------------------------------------


def surely(expr: Affine) -> bool:
    """Whether an expression is surely not negative."""
    return core.context().facts.entails(expr)


def equal(left: Affine, right: Affine) -> bool:
    """Whether two whole numbers are surely the same."""
    return core.context().facts.equal(left - right)


def multiplied(numbers: Iterable[Affine]) -> Affine:
    """Product of whole numbers; a product of letters is one letter with stars in it."""

    def times(left: Affine, right: Affine) -> Affine:
        result = left * right.constant + right * left.constant - left.constant * right.constant
        for name, n in left.parts:
            for other, m in right.parts:
                letters = sorted([*name.split("*"), *other.split("*")])
                result += Affine({"*".join(letters): n * m})
        return result

    return reduce(times, numbers, ONE)


def expression(value: Affine) -> sp.Expr:
    """A whole number as the language has it."""
    sizes = {
        name: [sp.Symbol(one, integer=True, positive=True) for one in name.split("*")]
        for name in value.names
    }
    letters = [n * sp.Mul(*sizes[name]) for name, n in value.parts]
    return sp.Add(sp.Integer(value.constant), *letters)


def readable(value: Affine) -> str:
    """A whole number as it is read: ``2*H + 1``."""
    return str(expression(value))


def spelled_shape(lengths: Sequence[Affine]) -> str:
    """A shape as Python writes it: ``(H,)``."""
    inner = ", ".join(map(readable, lengths))
    return f"({inner},)" if len(lengths) == 1 else f"({inner})"


def number_of(value: Affine) -> Any:
    """Number as code sees it: an int where it is known, else a `Whole`."""
    return value.constant if value.is_number else Whole(value)


def whole_of(value: Any) -> Affine:
    """Read an int or a `Whole`, as of a shape or an index."""
    if isinstance(value, Whole):
        return value.value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return affine(int(value))
    raise Unsupported(f"{type(value).__name__} in place of a whole number")


def shape_of(value: Any) -> Lengths:
    """Read the argument of a function that makes an array of a shape."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return tuple(map(whole_of, parts))


# -- The array -------------------------------------------------------------------------------------


class SymbolicArray(NDArrayOperatorsMixin):
    """Array of real numbers, whatever its size.

    Parameters
    ----------
    lengths : iterable of Affine
        Length of each axis.
    entry : callable
        What it holds at a place, counted from 1, under a reading.
    symbol : Expression, optional
        What it stands for, if it stands for an expression as a whole.
    is_given : bool, optional
        Whether it is an argument of the code, or a view of one: it is not to be written into.
    """

    def __init__(
        self,
        lengths: Iterable[Affine],
        entry: Entries,
        symbol: lang.Expression | None = None,
        is_given: bool = False,
    ) -> None:
        self.lengths = tuple(lengths)
        self.entry = entry
        self.symbol = symbol
        self.is_given = is_given

    def view(self, lengths: Iterable[Affine], entry: Entries) -> SymbolicArray:
        """Array of the same kind that holds the same entries at other places."""
        kind = Truth if isinstance(self, Truth) else SymbolicArray
        return kind(lengths, entry, None, self.is_given)

    @property
    def shape(self) -> tuple[Any, ...]:
        """Length of each axis."""
        return tuple(map(number_of, self.lengths))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.lengths)

    @property
    def size(self) -> Any:
        """Number of entries."""
        return number_of(multiplied(self.lengths))

    @property
    def T(self) -> SymbolicArray:  # noqa: N802 -- NumPy's name
        """Array with its axes in the opposite order."""
        return meaning_of(np.transpose)(self)

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS:
            raise AttributeError(f"no method {name} of an array of every size")
        return partial(meaning_of(getattr(np, name)), self)

    def reshape(self, *shape: Any) -> SymbolicArray:
        """Array of another shape."""
        return meaning_of(np.reshape)(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> SymbolicArray:
        """Array with its axes in another order."""
        return meaning_of(np.transpose)(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self) -> SymbolicArray:
        """Array with one axis."""
        return meaning_of(np.reshape)(self, -1)

    # -- What Python and NumPy ask of an array -----------------------------------------------------

    def __len__(self) -> int:
        if not self.lengths:
            raise TypeError("len() of a number")
        if not self.lengths[0].is_number:
            raise NeedsNumber(self.lengths[0], "len()")
        return self.lengths[0].constant

    def __iter__(self) -> Iterator[Any]:
        if not self.lengths:
            raise TypeError("iteration over a number")
        if not self.lengths[0].is_number:
            raise NeedsNumber(self.lengths[0], "a loop")
        return (self[i] for i in range(self.lengths[0].constant))

    def __bool__(self) -> bool:
        raise Unsupported("code that branches on values")

    def _has_no_value(self) -> Any:
        raise Unsupported("code that needs the value of a number")

    __float__ = __int__ = __complex__ = __index__ = _has_no_value

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise Unsupported("a function that makes numbers of an array of every size")

    def __setitem__(self, key: Any, value: Any) -> None:
        self.refuse_writing()

    def refuse_writing(self) -> None:
        """Refuse to write into the array: into an argument it is wrong, else not supported."""
        if self.is_given:
            raise Refused("the code writes into its argument")
        raise Unsupported("code that writes into an array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        for target in options.get("out", ()):
            target.refuse_writing()
        if method != "__call__" or options:
            raise Unsupported(f"np.{ufunc.__name__} with {', '.join([method, *options])}")
        return meaning_of(ufunc)(*inputs)

    def __array_function__(self, function: Any, _: Any, inputs: Any, options: Any) -> Any:
        return meaning_of(function)(*inputs, **options)

    def __getitem__(self, key: Any) -> SymbolicArray:
        lengths: list[Affine] = []
        picks: list[Callable[[At], Affine]] = []
        left = iter(self.lengths)
        parts = whole_key(key, self.ndim)
        if any(isinstance(part, Places) for part in parts):
            return self.at_places(parts)
        for part in parts:
            if part is None:
                lengths.append(ONE)
                continue
            length = next(left)
            if isinstance(part, slice):
                picks.append(partial(slid, len(lengths), *within_slice(part, length)[:2]))
                lengths.append(within_slice(part, length)[2])
            else:
                picks.append(partial(lambda place, at: place, within_axis(part, length)))
        return self.view(
            lengths, lambda reading, at: self.entry(reading, tuple(pick(at) for pick in picks))
        )

    def at_places(self, key: list[Any]) -> SymbolicArray:
        """Entries at places that depend on values: those of each place, times whether it is one."""
        axis = next(n for n, part in enumerate(key) if isinstance(part, Places))
        before, places, after = key[:axis], key[axis], key[axis + 1 :]
        if not all(part is None or isinstance(part, slice) for part in before + after):
            raise Unsupported("places that depend on values beside an index")
        end = axis + places.ndim

        def at_each(i: Affine) -> SymbolicArray:
            return self[(*before, number_of(i - 1), *after)]

        with core.assuming(*core.within(letter := affine(core.fresh()), ONE, places.length)):
            lengths = at_each(letter).lengths
        return SymbolicArray(
            (*lengths[:axis], *places.lengths, *lengths[axis:]),
            lambda reading, at: core.summed(ONE, places.length, lambda i: core.times(
                places.holds(reading, at[axis:end], i),
                at_each(i).entry(reading, at[:axis] + at[end:]),
            )),
        )  # fmt: skip


METHODS = {
    *("argmax", "clip", "copy", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min"),
    *("prod", "ravel", "squeeze", "std", "sum", "swapaxes", "trace", "var"),
}
"""Methods of an array that are functions of NumPy under the same name."""


class Truth(SymbolicArray):
    """Array of truth values: one where it is true, else zero.  NumPy does not add them."""


class Places(SymbolicArray):
    """Places in an axis, counted from 0, that depend on values.

    Parameters
    ----------
    lengths : iterable of Affine
        Length of each axis of the array of places.
    length : Affine
        Length of the axis that they are places of.
    holds : callable
        One where an entry is a place, counted from 1, and zero where it is another.
    """

    def __init__(
        self,
        lengths: Iterable[Affine],
        length: Affine,
        holds: Callable[[Reading, At, Affine], Poly],
    ) -> None:
        super().__init__(lengths, lambda reading, at: core.summed(
            ONE, length, lambda i: core.times(core.integer(i - 1), holds(reading, at, i))
        ))  # fmt: skip
        self.length, self.holds = length, holds

    def __getitem__(self, key: Any) -> SymbolicArray:
        def holds(reading: Reading, at: At, place: Affine) -> Poly:
            each = SymbolicArray(self.lengths, lambda reading, at: self.holds(reading, at, place))
            return each[key].entry(reading, at)

        return Places(super().__getitem__(key).lengths, self.length, holds)


class Whole(SymbolicArray):
    """Size or index as a number of which code computes."""

    def __init__(self, value: Affine) -> None:
        super().__init__((), lambda reading, at: core.integer(value))
        self.value = value

    def __index__(self) -> int:
        raise NeedsNumber(self.value, "a loop, a list or a repetition")

    def __neg__(self) -> Any:
        return number_of(-self.value)

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, int) and exponent >= 0:
            return number_of(multiplied([self.value] * exponent))
        return super().__pow__(exponent)

    def __floordiv__(self, divisor: Any) -> Any:
        return number_of(divided(self.value, divisor))

    __hash__ = object.__hash__


def divided(value: Affine, divisor: Any) -> Affine:
    """Quotient of a whole number by one that is known, if it is surely whole."""
    if not isinstance(divisor, int) or divisor < 1:
        raise Unsupported("division by what is no whole number above zero")
    if any(n % divisor for _, n in value.parts):
        raise Unsupported(f"whether {readable(value)} can be divided by {divisor}")
    parts = {name: n // divisor for name, n in value.parts}
    return Affine(parts, value.constant // divisor)


def _operator(name: str, operate: Callable[[Affine, Affine], Any]) -> None:
    """Let an operator of whole numbers give a whole number, and else what it gives of arrays."""

    def method(self: Whole, other: Any) -> Any:
        if isinstance(other, Whole) or (isinstance(other, int) and not isinstance(other, bool)):
            return operate(self.value, whole_of(other))
        return getattr(SymbolicArray, name)(self, other)

    setattr(Whole, name, method)


def _compared(least: Callable[[Affine, Affine], Affine]) -> Callable[[Affine, Affine], Any]:
    """Comparison of whole numbers, decided where the facts decide it."""

    def compare(left: Affine, right: Affine) -> Any:
        margin = least(left, right)
        if surely(margin):
            return True
        if core.context().facts.excludes(margin):
            return False
        # Written as the language compares real numbers: one above the margin is above zero.
        positive = entrywise(POSITIVE, number_of(margin + 1))
        return Truth((), positive.entry)

    return compare


for _name, _operate in {
    "__add__": lambda a, b: number_of(a + b),
    "__radd__": lambda a, b: number_of(a + b),
    "__sub__": lambda a, b: number_of(a - b),
    "__rsub__": lambda a, b: number_of(b - a),
    "__mul__": lambda a, b: number_of(multiplied([a, b])),
    "__rmul__": lambda a, b: number_of(multiplied([a, b])),
    "__lt__": _compared(lambda a, b: b - a - 1),
    "__le__": _compared(lambda a, b: b - a),
    "__gt__": _compared(lambda a, b: a - b - 1),
    "__ge__": _compared(lambda a, b: a - b),
}.items():
    _operator(_name, _operate)


# -- Places ----------------------------------------------------------------------------------------


def whole_key(key: Any, ndim: int) -> list[Any]:
    """Key with one part for each axis, beside those that make a new one."""
    parts = list(key) if isinstance(key, tuple) else [key]
    for part in parts:
        if isinstance(part, bool) or not (
            part is None
            or part is Ellipsis
            or isinstance(part, slice | int | np.integer | Whole | Places)
        ):
            raise Unsupported(f"an index that is {type(part).__name__}")
    used = sum(part is not None and part is not Ellipsis for part in parts)
    if used > ndim:
        raise Refused(f"{used} indices into an array of {ndim} axes")
    rest = [slice(None)] * (ndim - used)
    if not any(part is Ellipsis for part in parts):
        return parts + rest
    dots = next(n for n, part in enumerate(parts) if part is Ellipsis)
    return parts[:dots] + rest + parts[dots + 1 :]


def within_axis(index: Any, length: Affine) -> Affine:
    """Place of an index that surely lies within an axis; one below zero counts from the end."""
    value = whole_of(index)
    place = value + length if core.context().facts.excludes(value) else value
    if not (surely(place) and surely(length - place - 1)):
        raise Refused(
            f"index {readable(value)} is not surely within an axis of size {readable(length)}"
        )
    return place + 1


def within_slice(part: slice, length: Affine) -> tuple[Affine, int, Affine]:
    """First place of a slice, its step and its length.  It surely lies within the axis."""
    if part.step == -1 and part.start is None and part.stop is None:
        return length, -1, length
    if part.step not in (None, 1):
        raise Unsupported(f"a slice with step {part.step}")
    low, high = (
        default if bound is None else whole_of(bound)
        for bound, default in ((part.start, affine(0)), (part.stop, length))
    )
    if length.is_number and low.is_number and high.is_number:
        found = range(length.constant)[low.constant : high.constant]
        return affine(found.start + 1), 1, affine(len(found))
    low, high = (
        bound + length if core.context().facts.excludes(bound) else bound for bound in (low, high)
    )
    if not (surely(low) and surely(high - low) and surely(length - high)):
        raise Refused(
            f"the slice from {readable(low)} to {readable(high)} is not surely within an axis "
            f"of size {readable(length)}"
        )
    return low + 1, 1, high - low


def slid(axis: int, first: Affine, step: int, at: At) -> Affine:
    """Place in an array that a place in a slice of it stands for."""
    return first + (at[axis] - 1) * step


def broadcast(shapes: Sequence[Lengths]) -> Lengths:
    """Shape that NumPy gives to arrays that are combined entry by entry."""
    result: list[Affine] = []
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        met = [shape[-axis] for shape in shapes if len(shape) >= axis]
        wide = [length for length in met if length != ONE] or [ONE]
        if not all(equal(length, wide[0]) for length in wide):
            shown = " and ".join(map(spelled_shape, shapes))
            raise Refused(f"the shapes {shown} do not fit at all sizes")
        result.insert(0, wide[0])
    return tuple(result)


def own_place(lengths: Lengths, at: At) -> At:
    """Place in one of the arrays that are broadcast: an axis of length one repeats."""
    own = at[len(at) - len(lengths) :]
    return tuple(ONE if n == ONE else place for n, place in zip(lengths, own, strict=True))


# -- Making arrays ---------------------------------------------------------------------------------


def exact(value: Any) -> Fraction:
    """Simplest fraction that a float stands for: 1/3 is not what three digits make of it."""
    if isinstance(value, int | np.integer):
        return Fraction(int(value))
    simple = Fraction(float(value)).limit_denominator(10**6)
    return simple if float(simple) == float(value) else Fraction(float(value))


def as_array(value: Any) -> SymbolicArray:
    """Array of anything that NumPy would take for one."""
    if isinstance(value, Truth | bool | np.bool_):
        raise Unsupported("a truth value where a number is wanted")
    if isinstance(value, SymbolicArray):
        return value
    if isinstance(value, list | tuple):
        return meaning_of(np.stack)(value)
    if isinstance(value, int | float | np.integer | np.floating):
        constant = core.number(exact(value))
        return SymbolicArray((), lambda reading, at: constant)
    raise Unsupported(f"an array of {type(value).__name__}")


def entrywise(node: lang.Expression, *inputs: Any) -> SymbolicArray:
    """Array of the values of a node, which is made of `LEFT` and `RIGHT`, at each place."""
    arrays = list(map(as_array, inputs))

    def entry(reading: Reading, at: At) -> Poly:
        numbers = [one.entry(reading, own_place(one.lengths, at)) for one in arrays]
        bound = {letter: lambda _, value=value: value
                 for letter, value in zip((LEFT, RIGHT), numbers, strict=False)}  # fmt: skip
        with reading.scope(bound, reading.letters):
            return reading.entry(node)

    return SymbolicArray(broadcast([one.lengths for one in arrays]), entry)


def by_node(
    make: Callable[..., Any], *inputs: Any, letters: Letters | None = None
) -> SymbolicArray:
    """Array that is a node of the language, made of arrays.

    The node looks at the entries of its parts alone, not at their names.
    """
    arrays = list(map(as_array, inputs))
    parts = [
        lang.Variable(f"argument {n}", map(expression, one.lengths)) for n, one in enumerate(arrays)
    ]
    try:
        node = make(*parts)
    except lang.StatementError as error:
        raise Refused(str(error)) from None

    def entry(reading: Reading, at: At) -> Poly:
        bound = {part: partial(one.entry, reading)
                 for part, one in zip(parts, arrays, strict=True)}  # fmt: skip
        with reading.scope(bound, reading.letters):
            return reading.entry(node, at)

    return SymbolicArray([whole(size, letters or {}) for size in node.shape], entry)


def number_from(value: Any) -> Any:
    """Truth values as numbers; numbers as they are."""
    if isinstance(value, bool):
        return int(value)
    return SymbolicArray(value.lengths, value.entry) if isinstance(value, Truth) else value


LEFT, RIGHT = lang.Variable("left"), lang.Variable("right")
"""Entries of which the node of an entrywise function is made."""
POSITIVE = lang.Indicator(LEFT, lang.wrap(0))
"""Whether an entry is above zero."""


# -- Functions of NumPy ----------------------------------------------------------------------------

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""What each function of NumPy does with arrays of every size."""


def meaning_of(function: Any) -> Callable[..., Any]:
    """What a function of NumPy does with arrays of every size."""
    if function not in FUNCTIONS:
        raise Unsupported(f"np.{function.__name__}")
    return FUNCTIONS[function]


def means(*functions: Any) -> Callable[[Any], Any]:
    """Say which functions of NumPy a function stands for."""

    def register(meaning: Any) -> Any:
        FUNCTIONS.update(dict.fromkeys(functions, meaning))
        return meaning

    return register
