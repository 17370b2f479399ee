"""What a symbol or a function stands for, and what cannot be a definition.

A definition gives a value to a name at every index and for every argument, and to nothing
else.  What would give a value to too little or too much is refused: an index on the right that
the left does not have, a time at which a symbol does not exist, a function of no argument of
its own, and another value for a function whose rules the proofs use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.symbols import SIZES

__all__ = [
    "Definition",
    "bound_sizes",
    "defined_name",
    "refuse_circles",
    "refuse_ill_formed",
    "some_sizes",
]

Indices = Mapping[sp.Symbol, int]


class Definition(NamedTuple):
    """What a symbol stands for, at each index, or a function of each argument."""

    target: lang.Expression
    value: lang.Expression
    ranges: tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...]

    @property
    def name(self) -> str:
        """Name of what is defined; that of a function has brackets."""
        return defined_name(self.target) + "()" * isinstance(self.target, lang.Apply)

    @property
    def parameters(self) -> set[str]:
        """Names of the arguments of a function."""
        arguments = self.target.arguments if isinstance(self.target, lang.Apply) else ()
        return {argument.name for argument in arguments}

    def for_shapes(self, shapes: Sequence[Sequence[Any]]) -> Definition:
        """Definition of a function for arguments of some shapes, which its sizes take on."""
        lengths = {
            own: sp.sympify(length)
            for shape, sizes in zip(shapes, bound_sizes(self.target), strict=False)
            for length, own in zip(shape, sizes, strict=True)
            if own is not None
        }
        return self._replace(
            target=self.target.xreplace(lengths), value=self.value.xreplace(lengths)
        )

    def applied(self, arguments: Sequence[lang.Expression]) -> lang.Expression | None:
        """Value of a function for arguments, if none of their indices is bound in it."""
        sized = self.for_shapes([argument.shape for argument in arguments])
        return put(sized.value, dict(zip(sized.target.arguments, arguments, strict=True)))


def put(value: lang.Expression, instead: Mapping[Any, Any]) -> lang.Expression | None:
    """Put something for parts of a value, if none of its indices is bound in the value."""
    bound = {lang.BINDERS[type(node)](node) for node in lang.walk(value)
             if type(node) in lang.BINDERS}  # fmt: skip
    free = set().union(*(lang.indices(part) for part in instead.values()))
    return None if bound & free else value.xreplace(dict(instead))


def defined_name(target: Any) -> str:
    """Name of what a definition defines."""
    match target:
        case lang.Apply():
            return target.function.name
        case lang.At():
            return target.variable.name
        case lang.Variable():
            return target.name
    raise lang.StatementError(f"a definition has a bare symbol on the left, not {target}")


def bound_sizes(target: Any) -> list[list[sp.Expr | None]]:
    """For each axis of each parameter of a map: its size, if the argument may have another."""
    if target.function.elementwise:
        return []
    pairs = zip(target.function.takes, target.arguments, strict=True)
    return [
        [own if isinstance(size, lang.Letter) else None
         for size, own in zip(taken, parameter.shape, strict=True)]
        for taken, parameter in pairs
    ]  # fmt: skip


@cache
def refuse_ill_formed(definition: Definition) -> None:
    """Refuse what defines nothing, or too much."""
    try:
        if isinstance(definition.target, lang.Apply):
            _refuse_special_function(definition.target)
            _refuse_size_that_stays(definition.target, definition.value)
        _refuse_free_index(definition.target, definition.value)
        _refuse_time_outside(definition)
        refuse_circles([definition])
    except lang.StatementError as error:
        name = defined_name(definition.target)
        raise lang.StatementError(f"definition of {name}: {error}") from None


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise lang.StatementError(complaint)


def _refuse_special_function(target: Any) -> None:
    """Refuse to define a function for some arguments only, or at one time."""
    function, parameters = target.function, target.arguments
    _require(not function.order, "a derivative has its value from the function")
    _require(not function.index, "a function that is defined is the same at each time")
    _require(
        all(isinstance(one, lang.Variable) and not one.times for one in parameters)
        and len(set(parameters)) == len(parameters),
        f"its arguments are bare symbols that differ, not {', '.join(map(str, parameters))}",
    )
    for one in parameters:
        _require(not one.positive, f"{one.name} is positive, and the function takes any number")
        _require(
            not (function.elementwise and one.shape),
            f"{one.name} is an array, and the function acts entry by entry: define it for a number",
        )


def _refuse_size_that_stays(target: Any, value: Any) -> None:
    """Refuse a size that a map binds, if it stands for something else as well."""
    sizes = [own for row in bound_sizes(target) for own in row if own is not None]
    functions = {target.function, *value.atoms(lang.Function)}
    others = value.atoms(lang.Variable) - set(target.arguments)
    declared = [*(one.args[1] for one in others), *(one.args[2] for one in others)]
    declared += [part for one in functions for part in (one.args[1], one.args[4])]
    kept = set().union(*(part.atoms(sp.Symbol) for part in declared))
    for own in sizes:
        _require(own.is_Symbol, f"a parameter of any size has one of its own, not {own}")
        _require(
            sizes.count(own) == 1 and own not in kept,
            f"{own} is the size of an argument, and of something else as well",
        )


def _refuse_free_index(target: Any, value: Any) -> None:
    """Refuse an index on the right that the left does not give a value."""
    places = target.index if isinstance(target, lang.At) else ()
    for place in places:
        indices = place.free_symbols - set(SIZES)
        _require(
            not indices or (len(indices) == 1 and (place - indices.copy().pop()).is_Integer),
            f"an index on the left is a letter, or one that is shifted by a number, not {place}",
        )
    bound = set().union(*(place.free_symbols for place in places))
    alone = lang.indices(value) - bound - set(SIZES)
    _require(not alone, f"{', '.join(sorted(map(str, alone)))} stands on the right alone")


def _refuse_time_outside(definition: Definition) -> None:
    """Refuse a symbol at a time at which it does not exist, for some value of the indices."""
    target = definition.target
    for at in _values(definition.ranges, {}):
        for node, inner in (*_symbols(definition.value, at), *_symbols(target, at)):
            *_, time = node.index
            first, last = (_number(bound, inner) for bound in node.variable.times)
            if not first <= _number(time, inner) <= last:
                raise lang.StatementError(
                    f"{node.variable.name} has no time {_number(time, inner)}, which it takes at "
                    f"{', '.join(f'{s}={v}' for s, v in at.items())}; it has {first} to {last}"
                )


def _values(
    ranges: Sequence[tuple[sp.Symbol, Any, Any]], at: dict[sp.Symbol, int]
) -> Iterator[dict[sp.Symbol, int]]:
    """Every choice of some indices, the outer ones first."""
    if not ranges:
        yield at
        return
    (symbol, low, high), *rest = ranges
    for value in range(_number(low, at), _number(high, at) + 1):
        yield from _values(rest, {**at, symbol: value})


def _symbols(node: Any, at: dict[sp.Symbol, int]) -> Iterator[tuple[Any, dict[sp.Symbol, int]]]:
    """Symbols at an index, each with the values of the indices around it."""
    if isinstance(node, lang.At):
        yield node, at
    elif isinstance(node, lang.Steps):
        variable, low, high = node.args
        yield from ((variable[i], at) for i in range(_number(low, at), _number(high, at) + 1))
    elif type(node) in lang.BINDERS:
        index = lang.BINDERS[type(node)](node)
        low, high = node.low, node.high
        for part in (one for one in node.args if isinstance(one, lang.Expression)):
            for inner in _values([(index, low, high)], at):
                yield from _symbols(part, inner)
    else:
        for part in node.args:
            yield from _symbols(part, at)


def some_sizes() -> dict[sp.Symbol, int]:
    """Return a number for each size, where any would do."""
    return {size: place for place, size in enumerate(SIZES, start=3)}


def _number(expr: Any, at: Indices) -> int:
    value = sp.sympify(expr)
    if value.free_symbols:
        known = {**some_sizes(), **at}
        numbers = {s: sp.Integer(known[s]) for s in value.free_symbols & known.keys()}
        value = value.xreplace(numbers)
    if not value.is_Integer:
        raise lang.StatementError(f"{expr} is no whole number: its letters are not declared")
    return int(value)


# -- Circles ---------------------------------------------------------------------------------------

Place = tuple[Any, ...]
"""A name, and the numbers of its indices."""


def refuse_circles(definitions: Iterable[Definition]) -> None:
    """Refuse symbols that are defined by one another, at any times and in any layers."""
    sorter: TopologicalSorter[Place] = TopologicalSorter()
    for definition in definitions:
        for place, uses in _uses(definition):
            sorter.add(place, *uses)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " by ".join(
            f"{name}{[*index] if index else ''}" for name, *index in error.args[1][::-1]
        )
        raise lang.StatementError(f"a symbol is defined by itself: {circle}") from None


@cache
def _uses(definition: Definition) -> list[tuple[Place, tuple[Place, ...]]]:
    """Each place that a definition gives a value, with those that it takes for it."""
    target, value = definition.target, definition.value
    name = (definition.name,)
    if not isinstance(target, lang.At):
        parameters = set(target.arguments) if isinstance(target, lang.Apply) else set()
        return [(name, tuple(_taken(value, {}, parameters)))]
    return [
        ((*name, *(_number(place, at) for place in target.index)), tuple(_taken(value, at, set())))
        for at in _values(definition.ranges, {})
    ]


def _taken(node: Any, at: dict[sp.Symbol, int], parameters: set[Any]) -> Iterator[Place]:
    """Places of the symbols and functions that stand in a value."""
    for part in lang.walk(node):
        if isinstance(part, lang.Function):
            yield (f"{part.name}()",)
        elif isinstance(part, lang.Variable) and not part.times and part not in parameters:
            yield (part.name,)
    for symbol, inner in _symbols(node, at):
        yield symbol.variable.name, *(_number(place, inner) for place in symbol.index)
