"""What each node of the language means to the core: its entry at a place.

A statement is read entry by entry, at places that are letters, so that what is shown of the entry
holds for arrays of every size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from itertools import accumulate
from typing import Any

import sympy as sp

from rnnnotes.book.language import derived
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.values.world import Definition
from rnnnotes.core import normal as core
from rnnnotes.core.derivatives import partial
from rnnnotes.core.graph import Definition as Computed
from rnnnotes.core.graph import Graph
from rnnnotes.core.integers import Affine, affine, product
from rnnnotes.core.normal import Unsupported, number, of, over, plus, scaled, summed, times
from rnnnotes.core.terms import Array, Entry, Poly

__all__ = ["Letters", "Reading", "whole"]

At = tuple[Affine, ...]
Bound = Mapping[lang.Expression, Callable[[At], Poly]]
"""Parameters of a function that is written out, and their entries."""
Letters = Mapping[sp.Symbol, Affine]
"""Whole numbers that stand for sizes and indices."""
ONE = affine(1)


def whole(expr: Any, letters: Letters) -> Affine:
    """Read an expression in sizes and indices; products of them are multiplied out."""
    expr = sp.expand(expr)
    total = affine(0)
    for term in sp.Add.make_args(expr):
        value, rest = term.as_coeff_Mul()
        if not value.is_Integer:
            raise Unsupported(f"{expr} is no whole number")
        symbols = [base for base, n in rest.as_powers_dict().items() for _ in range(int(n))
                   if base != 1]  # fmt: skip
        total += int(value) * product(letters.get(s, affine(str(s))) for s in symbols)
    return total


class Reading:
    """Entries of expressions, under definitions and bounds of the indices."""

    def __init__(
        self,
        definitions: Sequence[Definition],
        letters: Letters | None = None,
        reverse: bool = True,
    ) -> None:
        self.letters: Letters = dict(letters or {})
        self.bound: Bound = {}
        definitions = list(dict.fromkeys(definitions))
        self.functions = {
            one.target.function.name: one
            for one in definitions
            if isinstance(one.target, lang.Apply)
        }
        symbols = [one for one in definitions if not isinstance(one.target, lang.Apply)]
        if len({_variable(one.target).name for one in symbols}) + len(self.functions) < len(
            definitions):  # fmt: skip
            raise Unsupported("two definitions of one name")
        depths: dict[object, int] = {
            _variable(node).name: len(node.index) if isinstance(node, lang.At) else 1
            for one in definitions
            for part in (one.target, one.value)
            for node in lang.walk(part)
            if isinstance(node, lang.At | lang.Steps)
        }
        self.graph = Graph(map(self.computed, symbols), depths, reverse)

    # -- Definitions ---------------------------------------------------------------------------

    def computed(self, definition: Definition) -> Computed:
        """Definition as the core takes it."""
        target = definition.target
        symbols = [s for s, _, _ in definition.ranges]
        # Its indices are its own, whatever stands for letters of their names outside.
        outside = {s: value for s, value in self.letters.items() if s not in symbols}
        index = target.index if isinstance(target, lang.At) else ()

        def value(values: Mapping[str, Affine], place: At) -> Poly:
            letters = {**self.letters, **{symbol: values[str(symbol)] for symbol in symbols}}
            with self.scope(self.bound, letters):
                return self.entry(definition.value, place)

        with self.scope(self.bound, outside):
            ranges = [(str(s), *self.range(low, high)) for s, low, high in definition.ranges]
            return Computed(
                name=_variable(target).name,
                index=tuple(map(self.whole, index)),
                ranges=tuple(ranges),
                sizes=tuple(map(self.whole, target.shape)),
                value=value,
                mentions=_lags(target, definition.value, self.inner(definition.value)),
            )

    def inner(self, value: Any) -> list[Any]:
        """Values of the functions that a value applies, which may hold symbols of their own."""
        found: dict[str, Any] = {}
        pending = [value]
        while pending:
            for node in lang.walk(pending.pop()):
                name = node.name if isinstance(node, lang.Function) else ""
                if name in self.functions and name not in found:
                    found[name] = self.functions[name].value
                    pending.append(found[name])
        return list(found.values())

    # -- Numbers and places --------------------------------------------------------------------

    def whole(self, expr: Any) -> Affine:
        """Whole number of an expression in sizes and indices."""
        return whole(sp.sympify(expr), self.letters)

    def number(self, expr: sp.Expr) -> Poly:
        """Real number of an expression in sizes and indices."""
        if expr.is_Rational:
            return number(Fraction(int(expr.p), int(expr.q)))
        if expr.is_Symbol:
            return core.integer(self.whole(expr))
        if expr.is_Add:
            return plus(*map(self.number, expr.args))
        if expr.is_Mul:
            return times(*map(self.number, expr.args))
        if expr.is_Pow:
            return core.power(self.number(expr.base), self.number(expr.exp))
        raise Unsupported(f"the number {expr}")

    def range(self, low: Any, high: Any) -> tuple[Affine, Affine]:
        """Bounds of an index."""
        return self.whole(low), self.whole(high)

    @contextmanager
    def scope(self, bound: Bound, letters: Letters) -> Iterator[None]:
        """Read under other parameters and other letters."""
        outer = self.bound, self.letters
        self.bound, self.letters = bound, letters
        try:
            yield
        finally:
            self.bound, self.letters = outer

    def at_letter(self, index: sp.Symbol, letter: Affine, body: Any, at: At) -> Poly:
        """Entry of a body in which a letter stands for an index."""
        with self.scope(self.bound, {**self.letters, index: letter}):
            return self.entry(body, at)

    # -- Entries -------------------------------------------------------------------------------

    def entry(self, node: Any, at: At = ()) -> Poly:
        """Entry of an expression at a place."""
        if node in self.bound:
            return self.bound[node](at)
        rule = RULES.get(type(node)) or RULES.get(lang.kind(node))
        if rule is None:
            raise Unsupported(type(node).__name__)
        return rule(self, node, at)

    def part(self, node: Any, at: At) -> Poly:
        """Entry of a part that has the shape of the whole, or is a number beside it."""
        return self.entry(node, at if node.shape else ())

    def axis(self, size: Any) -> tuple[Affine, Affine]:
        """First and last place of an axis."""
        return ONE, self.whole(size)

    def array(self, node: Any) -> Array:
        """Expression as the argument of a function."""
        return core.array(map(self.axis, node.shape), lambda *at: self.entry(node, at))

    def leaf(self, node: Any, at: At = ()) -> Entry:
        """Entry of a symbol, which is not written out."""
        if isinstance(node, lang.Entry):
            return self.leaf(node.args[0], (*map(self.whole, node.args[1:]), *at))
        index = node.index if isinstance(node, lang.At) else ()
        return Entry(_variable(node).name, (*map(self.whole, index), *at))


def _variable(node: Any) -> lang.Variable:
    return node if isinstance(node, lang.Variable) else _variable(node.args[0])


def _leaves(value: Any) -> list[Any]:
    """Symbols in an expression, at their times if they have any."""
    return [node for node in lang.walk(value)
            if isinstance(node, lang.At | lang.Steps) or (
                isinstance(node, lang.Variable) and not node.times)]  # fmt: skip


Lag = tuple[int | None, ...]


def _lags(target: Any, value: Any, inner: Sequence[Any]) -> dict[object, frozenset[Lag]]:
    """Steps by which the symbols of a definition are earlier; what has no time is of any.

    What is stacked, stands in a function or has a time that is bound may be of any time.  Times are
    counted from the last: a layer stands before them.
    """
    bound = {lang.BINDERS[type(n)](n) for n in lang.walk(value) if type(n) in lang.BINDERS}
    lags: dict[object, frozenset[Lag]] = {}
    for leaf in (*_leaves(value), *(one for part in inner for one in _leaves(part))):
        name = _variable(leaf).name
        steps: Lag = ()
        if isinstance(leaf, lang.Steps):
            steps = (None,)
        elif isinstance(target, lang.At) and isinstance(leaf, lang.At):
            pairs = zip(target.index[::-1], leaf.index[::-1], strict=False)
            steps = tuple(
                int(own - other)
                if (own - other).is_Integer and not other.free_symbols & bound
                else None
                for own, other in pairs
            )[::-1]
        lags[name] = lags.get(name, frozenset()) | {steps}
    return lags


Rule = Callable[[Reading, Any, At], Poly]


def _fold(operate: Callable[[Poly, Poly], Poly]) -> Rule:
    return lambda self, node, at: reduce(operate, (self.part(part, at) for part in node.args))


def _symbol(self: Reading, node: lang.Variable | lang.At, at: At) -> Poly:
    return of(self.leaf(node, at))


def _matmul(self: Reading, node: lang.MatMul, at: At) -> Poly:
    left, right = node.args
    rows = len(left.shape) - 1
    return summed(*self.axis(left.shape[-1]), lambda i: times(
        self.entry(left, (*at[:rows], i)), self.entry(right, (i, *at[rows:]))
    ))  # fmt: skip


def _power(self: Reading, node: lang.Power, at: At) -> Poly:
    base, exponent = node.args
    return core.power(self.part(base, at), self.entry(exponent))


def _diag(self: Reading, node: lang.Diag, at: At) -> Poly:
    return times(core.delta(at[0] - at[1]), self.entry(node.inside, at[:1]))


def _sum(self: Reading, node: lang.Sum, at: At) -> Poly:
    body, index, low, high = node.args
    return summed(*self.range(low, high), lambda i: self.at_letter(index, i, body, at))


def _product(self: Reading, node: lang.Product, at: At) -> Poly:
    body, index, low, high = node.body, node.index, node.low, node.high
    ranges = [self.range(low, high), *map(self.axis, node.shape)]
    return core.product_of(
        core.array(ranges, lambda j, *place: self.at_letter(index, j, body, place)), at
    )


def _matrix_power(self: Reading, node: lang.MatrixPower, at: At) -> Poly:
    base, exponent = node.base, node.exponent
    ranges = [(ONE, self.whole(exponent.value)), *map(self.axis, node.shape)]
    return core.product_of(core.array(ranges, lambda j, *place: self.entry(base, place)), at)


def _compose(self: Reading, node: lang.Compose, at: At) -> Poly:
    """Entry of functions that are applied one after the other, by a definition of their own.

    Up to a step, it is the last function, of what there is up to the step before.
    """
    body, variable, start, index, low, high = node.args
    free = set().union(*map(lang.indices, (body, start, low))) - {index}
    held = (self.bound.keys() - {variable}) & set(lang.walk(body)) | (
        self.bound.keys() & set(lang.walk(start)))  # fmt: skip
    if held or any(self.whole(s) != affine(str(s)) for s in free):
        raise Unsupported("a composition within a sum or a function")
    first, last = self.range(low, high)
    if core.context().facts.equal(last - first + 1):
        return self.entry(start, at)
    name = ("compose", lang.Compose(body, variable, start, index, low, index))
    step = lang.Compose(body, variable, start, index, low, index - 1)

    def value(values: Mapping[str, Affine], place: At) -> Poly:
        bound = {**self.bound, variable: lambda inner: self.entry(step, inner)}
        with self.scope(bound, {**self.letters, index: values[str(index)]}):
            return self.entry(body, place)

    ranges = ((str(index), first, self.whole(sp.Symbol("T", integer=True, positive=True))),)
    sizes = tuple(map(self.whole, node.shape))
    mentions: dict[object, frozenset[Lag]] = {
        _variable(leaf).name: frozenset([(None,)]) for leaf in _leaves(body) + _leaves(start)
    }
    self.graph.define(Computed(name, (affine(str(index)),), ranges, sizes, value, mentions))
    return core.entry(name, last, *at)


def _size(self: Reading, node: lang.Size, at: At) -> Poly:
    return times(*(core.integer(self.whole(size)) for size in node.inside.shape))


def _total(self: Reading, node: lang.Total, at: At) -> Poly:
    (vector,) = node.args
    return summed(*self.axis(vector.shape[0]), lambda i: self.entry(vector, (i,)))


def _norm(self: Reading, node: lang.Norm, at: At) -> Poly:
    (array,) = node.args
    if len(array.shape) == 1:
        squares = summed(
            *self.axis(array.shape[0]), lambda i: times(*[self.entry(array, (i,))] * 2)
        )
        return core.power(squares, number(Fraction(1, 2)))
    if not array.shape:
        return core.absolute(self.entry(array))
    return core.norm(list(map(self.axis, array.shape)), lambda *at: self.entry(array, at))


def _radius(self: Reading, node: lang.SpectralRadius, at: At) -> Poly:
    return core.apply("radius", (), [self.array(node.inside)])


def _larger(self: Reading, node: lang.Max | lang.Min, at: At) -> Poly:
    left, right = (self.part(part, at) for part in node.args)
    size = core.absolute(core.minus(left, right))
    sign = 1 if isinstance(node, lang.Max) else -1
    return scaled(Fraction(1, 2), plus(left, right, scaled(sign, size)))


def _indicator(self: Reading, node: lang.Indicator, at: At) -> Poly:
    left, right = (self.part(part, at) for part in node.args)
    return core.step(core.minus(left, right))


def _bracket(self: Reading, node: lang.Bracket, at: At) -> Poly:
    """Entry of a bracket: of whole numbers a mask or a delta, which the facts may decide."""
    comparison = node.comparison
    gap = core.minus(self.part(comparison.right, at), self.part(comparison.left, at))
    match comparison.sign:
        case "<":
            return core.step(gap)
        case "<=":
            return core.unsigned(gap)
        case "=":
            return core.nought(gap)
    return core.minus(core.ONE, core.nought(gap))


def _stacked(
    starts: Sequence[Affine], place: Affine, parts: Sequence[Callable[[Affine], Poly]]
) -> Poly:
    """Entry of parts that stand one after the other, each from its start to the next."""
    entries = []
    for part, start, end in zip(parts, starts, starts[1:], strict=False):
        inner = place - start
        facts = core.within(inner, ONE, end - start)
        if any(map(core.context().facts.excludes, facts)):
            continue
        with core.assuming(*facts):
            inside = part(inner)
        entries.append(times(inside, *map(core.mask, facts)))
    return plus(*entries)


def _starts(sizes: Sequence[Affine]) -> list[Affine]:
    return list(accumulate(sizes, initial=affine(0)))


def _concatenate(self: Reading, node: lang.Concatenate, at: At) -> Poly:
    sizes = [self.whole(part.shape[0]) for part in node.args]
    parts = [lambda i, part=part: self.entry(part, (i,)) for part in node.args]
    return _stacked(_starts(sizes), at[0], parts)


def _block(self: Reading, node: lang.Block, at: At) -> Poly:
    heights = [self.whole(row[0].shape[0]) for row in node.args]
    widths = [self.whole(part.shape[1]) for part in node.args[0]]

    def part_of(part: Any, i: Affine) -> Callable[[Affine], Poly]:
        return lambda j: self.entry(part, (i, j))

    def row_of(row: Any) -> Callable[[Affine], Poly]:
        return lambda i: _stacked(_starts(widths), at[1], [part_of(part, i) for part in row])

    return _stacked(_starts(heights), at[0], list(map(row_of, node.args)))


def _literal(self: Reading, node: lang.Literal, at: At) -> Poly:
    return plus(*(
        times(core.delta(at[0] - i), core.delta(at[1] - j), self.entry(value))
        for i, row in enumerate(node.args, start=1)
        for j, value in enumerate(row, start=1)
    ))  # fmt: skip


def _apply(self: Reading, node: lang.Apply, at: At) -> Poly:
    function = node.function
    definition = self.functions.get(function.name)
    if definition is not None:
        return _defined(self, definition, node, at)
    index = tuple(map(self.whole, function.index))
    if function.name in OWN or (function.name in core.FUNCTIONS and index):
        raise Unsupported(f"an unknown function that is named {function.name}")
    if function.elementwise:
        argument = core.scalar(self.entry(node.arguments[0], at))
        return core.apply(function.name, index, [argument], ((0, ()),) * function.order)
    return core.apply(function.name, (*index, *at), map(self.array, node.arguments))


OWN = ("abs", "step", "norm", "radius", "largest", "ranked")
"""Names under which the core knows what are nodes of the language."""


def _defined(self: Reading, definition: Definition, node: Any, at: At) -> Poly:
    """Value of a function by its definition; its slope, by the derivative of that at a point.

    Within the definition its own parameters alone are bound, and their sizes with them.
    """
    parameters, function, value = definition.target.arguments, node.function, definition.value
    if definition.target.function.index != function.index:
        raise Unsupported(f"{function.name} at another time than it is defined at")
    if function.elementwise:
        point = Entry(core.fresh())
        with self.scope({parameters[0]: lambda _: of(point)}, self.letters):
            result = self.entry(value)
        for _ in range(function.order):
            result = partial(result, point)
        return core.put_entries(result, {point: self.entry(node.arguments[0], at)})
    pairs = list(zip(parameters, node.arguments, strict=True))
    axes = [
        (own, self.whole(size))
        for parameter, argument in pairs
        for own, size in zip(parameter.shape, argument.shape, strict=True)
    ]
    sizes = {own: size for own, size in axes if own.is_Symbol}
    if any(whole(own, {**self.letters, **sizes}) != size for own, size in axes):
        raise Unsupported(f"arguments of {function.name} whose sizes do not fit")
    outer = self.bound, self.letters

    def outside(argument: Any) -> Callable[[At], Poly]:
        def read(place: At) -> Poly:
            with self.scope(*outer):
                return self.entry(argument, place)

        return read

    bound = {parameter: outside(argument) for parameter, argument in pairs}
    with self.scope(bound, {**self.letters, **sizes}):
        return self.entry(value, at if value.shape else ())


def _entry(self: Reading, node: lang.Entry, at: At) -> Poly:
    """Entry at a place that surely is one: beyond its sizes an array has none."""
    array, *place = node.args
    places = tuple(map(self.whole, place))
    facts = core.context().facts
    for one, size in zip(places, array.shape, strict=False):
        if not all(map(facts.entails, core.within(one, *self.axis(size)))):
            raise Unsupported(f"a place that may not be one of {array}")
    return self.entry(array, (*places, *at))


def _convolve(self: Reading, node: lang.Convolve, at: At) -> Poly:
    """Convolution as a function of two arrays, into which nothing looks."""
    return core.apply("convolve", at, map(self.array, node.args))


def _step_at(self: Reading, node: lang.Steps | lang.Stack, at: At) -> Poly:
    """Entry of what is stacked along time."""
    if isinstance(node, lang.Stack):
        body, index, low, _ = node.args
        return self.at_letter(index, self.whole(low) + at[0] - 1, body, at[1:])
    variable, low, _ = node.args
    return core.entry(variable.name, self.whole(low) + at[0] - 1, *at[1:])


def _inverse(self: Reading, node: lang.Inverse, at: At) -> Poly:
    (matrix,) = node.args
    if not isinstance(matrix, lang.Variable) or matrix in self.bound:
        raise Unsupported("inverse of what is no symbol")
    return core.entry(("inverse", matrix.name), *at)


def _jacobian(self: Reading, node: lang.Jacobian | lang.Gradient | lang.Immediate, at: At) -> Poly:
    of_, by = node.args
    if _variable(by) in self.bound:
        raise Unsupported("a derivative by a parameter")
    rank = len(of_.shape)
    target = self.leaf(by, at[rank:])
    if isinstance(node, lang.Immediate):
        return self.graph.immediate(self.leaf(of_, at[:rank]), target)
    return self.graph.total(self.entry(of_, at[:rank]), target)


def _argmax(self: Reading, node: derived.Argmax, at: At) -> Poly:
    (column,) = node.args
    values = self.array(column)
    return summed(*values.ranges[0], lambda i: times(
        core.integer(i), core.ranked(ONE, i, values)
    ))  # fmt: skip


def _among_largest(self: Reading, node: derived.AmongLargest, at: At) -> Poly:
    column, count = node.args
    values = self.array(column)
    return summed(ONE, self.whole(count), lambda rank: core.ranked(rank, at[0], values))


RULES: dict[type, Rule] = {
    lang.Number: lambda self, node, at: self.number(node.value),
    lang.Variable: _symbol,
    lang.At: _symbol,
    lang.Entry: _entry,
    lang.Ones: lambda self, node, at: core.ONE,
    lang.Zeros: lambda self, node, at: core.ZERO,
    lang.Identity: lambda self, node, at: core.delta(at[0] - at[1]),
    lang.OneHot: lambda self, node, at: core.delta(self.whole(node.place) - at[0]),
    lang.Literal: _literal,
    lang.Add: _fold(plus),
    lang.Sub: _fold(core.minus),
    lang.Neg: lambda self, node, at: scaled(-1, self.entry(node.inside, at)),
    lang.Times: _fold(times),
    lang.Divide: _fold(over),
    lang.Power: _power,
    lang.MatMul: _matmul,
    lang.Outer: lambda self, node, at: times(
        self.entry(node.left, at[:1]), self.entry(node.right, at[1:])
    ),
    lang.Transpose: lambda self, node, at: self.entry(node.inside, at[::-1]),
    lang.Diag: _diag,
    lang.Total: _total,
    lang.Size: _size,
    lang.Sum: _sum,
    lang.Product: _product,
    lang.MatrixPower: _matrix_power,
    lang.Compose: _compose,
    lang.Norm: _norm,
    lang.SpectralRadius: _radius,
    lang.Abs: lambda self, node, at: core.absolute(self.entry(node.inside, at)),
    lang.Max: _larger,
    lang.Min: _larger,
    lang.Indicator: _indicator,
    lang.Bracket: _bracket,
    lang.Concatenate: _concatenate,
    lang.Block: _block,
    lang.Convolve: _convolve,
    lang.Apply: _apply,
    lang.Steps: _step_at,
    lang.Stack: _step_at,
    lang.Inverse: _inverse,
    derived.Largest: lambda self, node, at: core.largest(
        *self.axis(node.column.shape[0]), lambda i: self.entry(node.column, (i,))
    ),
    derived.Argmax: _argmax,
    derived.AmongLargest: _among_largest,
    lang.Derived: lambda self, node, at: self.entry(node.unfolded, at),
    lang.Jacobian: _jacobian,
    lang.Gradient: _jacobian,
    lang.Immediate: _jacobian,
}
"""Entry of each node."""
