"""A statement written out entry by entry, at sizes that are numbers.

`World.value` walks a statement and does with arrays of entries what NumPy does with arrays
of numbers.  Definitions are looked up, so a state at time 3 is computed from the inputs up
to time 3; sums and products over time are written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from itertools import chain
from typing import Any

import numpy as np
import sympy as sp

from rnnnotes.book.language import derived
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.values import tape
from rnnnotes.book.values.definitions import (
    Definition,
    defined_name,
    refuse_circles,
    refuse_ill_formed,
    some_sizes,
)
from rnnnotes.book.values.draws import Draws
from rnnnotes.book.values.entries import Entries, Ledger, exact, label

__all__ = ["REPEATED", "Definition", "World", "refuse_other_value", "turns", "whole_number"]

Indices = Mapping[sp.Symbol, int]

Place = tuple[str, tuple[int, ...]]
"""Name of a symbol and an index, as ``h`` and ``(3,)``; a function is ``f()`` at no index."""


def whole_number(expr: sp.Expr, values: Mapping[sp.Symbol, int]) -> int:
    """Value of an expression in sizes and indices."""
    result = _placed(sp.sympify(expr), values)
    if not result.is_Integer:
        raise lang.StatementError(f"{expr} is not a whole number at {dict(values)}: got {result}")
    return int(result)


def _placed(expr: sp.Expr, values: Mapping[sp.Symbol, int]) -> sp.Expr:
    letters = expr.free_symbols & values.keys()
    return expr.xreplace({s: sp.Integer(values[s]) for s in letters}) if letters else expr


@cache
def solved(expr: sp.Expr, value: int, symbol: sp.Symbol) -> sp.Expr:
    """Value of an index at which a time has a value."""
    (solution,) = sp.solve(expr - value, symbol)
    return solution


class World:
    """Sizes and definitions under which a statement has a value.

    `omitted` are definitions of symbols that have none here, by the ids of their formulas.
    `require_given` refuses a derivative that would hold such a symbol constant, unless the symbol
    is computed without what is differentiated by.
    """

    def __init__(
        self,
        sizes: Indices,
        definitions: Sequence[Definition] = (),
        ledger: Ledger | Draws | None = None,
        omitted: Mapping[str, Definition] | None = None,
    ) -> None:
        self.sizes = dict(sizes)
        self.omitted = dict(omitted or {})
        self.variables: dict[str, Definition] = {}
        self.functions: dict[str, Definition] = {}
        for definition in definitions:
            self._define(definition)
        given = [*self.variables.values(), *self.functions.values()]
        refuse_circles(given)
        self._given = {definition.name: definition for definition in given}
        self._derives = any(derives(definition.value) for definition in given)
        elementwise = {
            name: self._expansion(name)
            for name, definition in self.functions.items()
            if definition.target.function.elementwise
        }
        # With a ledger of symbols a statement is written out, with one of draws it is computed.
        self.ledger: Any = Ledger() if ledger is None else ledger
        self.ledger.expansions = elementwise
        self.bound: dict[lang.Expression, Entries] = {}
        self._named: dict[str, Entries] = {}
        self._sources: dict[Place, set[Place]] = {}
        self._values: dict[tuple[Any, frozenset[tuple[sp.Symbol, int]]], Entries] = {}
        self._open: list[str] = []

    def _define(self, definition: Definition) -> None:
        refuse_ill_formed(definition)
        refuse_other_value(definition)
        name = defined_name(definition.target)
        known = self.functions if isinstance(definition.target, lang.Apply) else self.variables
        if name in known and known[name] != definition:
            raise lang.StatementError(f"{name} has two definitions among the formulas given")
        known[name] = definition

    def _expansion(self, name: str) -> Callable[[Any], Any]:
        definition = self.functions[name]
        (argument,) = definition.target.arguments

        def expand(entry: Any) -> Any:
            return self.inside(name, {argument: _box(entry)}, definition.value, {}).item()

        return expand

    def inside(
        self,
        name: str,
        bound: dict[lang.Expression, Entries],
        value: lang.Expression,
        at: Indices,
    ) -> Entries:
        """Value of a definition, in which nothing is bound but its own arguments."""
        if name in self._open:
            raise lang.StatementError(f"{name} is defined by itself: {' by '.join(self._open)}")
        self._open.append(name)
        outer = self.bound, self.ledger.held
        self.bound, self.ledger.held = {}, frozenset()
        try:
            return self.value_where(bound, value, at)
        finally:
            self.bound, self.ledger.held = outer
            self._open.pop()

    def value_where(
        self, bound: Mapping[lang.Expression, Entries], value: lang.Expression, at: Indices
    ) -> Entries:
        """Value of an expression in which some symbols stand for other values than their own."""
        outer = self.bound, self.ledger.held
        if derives(value):
            bound = {argument: self._points(entries) for argument, entries in bound.items()}
            points = [entry for entries in bound.values() for entry in entries.flat]
            named = map(exact, points) if isinstance(self.ledger, Ledger) else points
            self.ledger.held = self.ledger.held.union(named)
        self.bound = {**self.bound, **bound}
        try:
            return self.value(value, at)
        finally:
            self.bound, self.ledger.held = outer

    def _points(self, values: Entries) -> Entries:
        """Give arguments names of their own: inside, no derivative reaches past them."""
        return np.asarray(np.frompyfunc(self.ledger.point, 1, 1)(values), dtype=object)

    def number(self, expr: sp.Expr, at: Indices) -> int:
        """Integer value of an expression in sizes and indices."""
        return whole_number(expr, {**self.sizes, **at})

    def shape(self, node: lang.Expression, at: Indices) -> tuple[int, ...]:
        """Shape of an expression as numbers."""
        return tuple(self.number(size, at) for size in node.shape)

    def value(self, node: Any, at: Indices) -> Entries:
        """Value of an expression at given indices, as an array of entries."""
        if node in self.bound:
            return self.bound[node]
        if self.bound:
            return self._evaluated(node, at)
        key = node, frozenset(at.items())
        if key not in self._values:
            self._values[key] = self._evaluated(node, at)
        return self._values[key]

    def _evaluated(self, node: Any, at: Indices) -> Entries:
        rule = RULES.get(type(node)) or RULES[lang.kind(node)]
        return np.asarray(rule(self, node, at), dtype=object)

    def values(self, node: Any, at: Indices) -> list[Entries]:
        """Value of each part of a node."""
        return [self.value(part, at) for part in node.args]

    def named(self, variable: lang.Variable, index: tuple[int, ...]) -> Entries:
        """Entries of a symbol at an index: nodes if it is defined there, else leaves."""
        name = f"{variable.name}[{','.join(map(str, index))}]" if index else variable.name
        if name not in self._named:
            self._named[name] = self._name(name, variable, index)
        return self._named[name]

    def _name(self, name: str, variable: lang.Variable, index: tuple[int, ...]) -> Entries:
        shape = self.shape(variable, {})
        definition = self.variables.get(variable.name)
        value = None if definition is None else self._defined(name, definition, index)
        if value is None:
            return np.asarray(self.ledger.leaf(name, shape, variable.positive), dtype=object)
        entries, time = np.empty(shape, dtype=object), index[-1] if index else None
        for place in np.ndindex(*shape):
            entries[place] = self.ledger.define(label(name, place), value[place], time)
        return entries

    def _defined(self, name: str, definition: Definition, index: tuple[int, ...]) -> Entries | None:
        """Return the value that a definition gives at an index, if it reaches that far."""
        at = self._reached(definition, index)
        return None if at is None else self.inside(name, {}, definition.value, at)

    def _reached(
        self, definition: Definition, index: tuple[int, ...]
    ) -> dict[sp.Symbol, int] | None:
        """Return what the indices of a definition are at an index of its symbol, if it is there."""
        pattern = definition.target.index if isinstance(definition.target, lang.At) else ()
        at: dict[sp.Symbol, int] = {}
        if len(pattern) != len(index):
            return None
        for expr, value in zip(pattern, index, strict=True):
            free = expr.free_symbols - set(self.sizes) - set(at)
            if not free:
                if self.number(expr, at) != value:
                    return None
                continue
            (symbol,) = free
            at[symbol] = whole_number(solved(expr, value, symbol), self.sizes)
        for symbol, low, high in definition.ranges:
            if symbol in at and not (
                self.number(low, at) <= at[symbol] <= self.number(high, at)
            ):  # fmt: skip
                return None
        return at

    # -- What is computed from what ------------------------------------------------------------

    def require_given(self, node: lang.Expression, at: Indices) -> None:
        """Refuse derivatives that hold constant what the book computes from their symbol.

        They stand in an expression, or in a definition that it is computed from.
        """
        taken = [*self._derivatives(node, at)]
        if self._derives:
            given = (one for one in self._behind(self.places(node, at)) if one[0] in self._given)
            for definition, there in chain.from_iterable(map(self._definitions, given)):
                arguments = frozenset(definition.parameters)
                taken += self._derivatives(definition.value, there, arguments)
        for derivative, here, bound in taken:
            self._require_given(derivative, here, bound)

    def _derivatives(
        self, node: sp.Basic, at: Indices, bound: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Any, Indices, frozenset[str]]]:
        """Every derivative in an expression, at the indices where it is taken.

        And with it, names that stand for arguments there: no symbol of the book is meant by them.
        """
        if not derives(node):
            return
        if isinstance(node, DERIVATIVES):
            yield node, at, bound
        if type(node) not in lang.BINDERS:
            for part in node.args:
                yield from self._derivatives(part, at, bound)
            return
        inside = bound
        if isinstance(node, lang.Compose):
            inside = bound | {_variable_of(node.variable).name}
            yield from self._derivatives(node.start, at, bound)
        for here in self._turns(node, at):
            yield from self._derivatives(node.body, here, inside)

    def _require_given(self, node: Any, at: Indices, bound: frozenset[str]) -> None:
        of, by = node.args
        (target,) = self.places(by, at)
        if target[0] in bound:
            return
        since = self.number(of.index[-1], at) if isinstance(node, lang.Immediate) else None
        # Of an array one entry of which is held, the others are computed.
        held = frozenset[Place]() if isinstance(by, lang.Entry) else frozenset([target])
        sources = {place for place in self.places(of, at) if place[0] not in bound}
        for place in sorted(self._behind(sources, held, since)):
            missing = self._missing(place)
            if missing and self._reaches(place, target, since):
                raise lang.StatementError(
                    f"{_shown(place)} is differentiated by {_shown(target)}, and no formula given "
                    f"defines it: `given` needs {' or '.join(missing)}"
                )

    def _missing(self, place: Place) -> list[str]:
        """Ids of the formulas that define what is at a place, and are left out."""
        return [
            id
            for id, definition in self.omitted.items()
            if definition.name == place[0] and self._reached(definition, place[1]) is not None
        ]

    def _behind(
        self, places: set[Place], held: frozenset[Place] = frozenset(), since: int | None = None
    ) -> set[Place]:
        """Places from which some are computed, these included, by the definitions that are given.

        What is held, or is earlier than the one step that counts, is computed from nothing.
        """
        found = set(places - held)
        pending = [*found]
        while pending:
            here = pending.pop()
            earlier = since is not None and here[1] and here[1][-1] < since
            if not earlier and here[0] in self._given:
                new = self._computed_from(here) - held - found
                found |= new
                pending += new
        return found

    def _reaches(self, place: Place, target: Place, since: int | None) -> bool:
        """Whether what is at a place is computed from what is at another."""
        pending, seen = [place], {place}
        while pending:
            here = pending.pop()
            if since is not None and here[1] and here[1][-1] < since:
                continue  # held
            sources = self._computed_from(here)
            if target in sources:
                return True
            pending += sources - seen
            seen |= sources
        return False

    def _computed_from(self, place: Place) -> set[Place]:
        """Places from which another is computed in one step, by any of its definitions."""
        if place not in self._sources:
            self._sources[place] = {
                (source, index)
                for definition, at in self._definitions(place)
                for source, index in self.places(definition.value, at)
                if source not in definition.parameters
            }
        return self._sources[place]

    def _definitions(self, place: Place) -> list[tuple[Definition, Indices]]:
        """Definitions that reach a place, with their indices there: the one given, or those not."""
        name, index = place
        left_out = (one for one in self.omitted.values() if one.name == name)
        known = [self._given[name]] if name in self._given else left_out
        reached = ((definition, self._reached(definition, index)) for definition in known)
        return [(definition, at) for definition, at in reached if at is not None]

    def places(self, node: sp.Basic, at: Indices) -> set[Place]:
        """Every symbol and function of an expression, at the indices where it is taken."""
        match node:
            case lang.Variable():
                return {(node.name, ())}
            case lang.At():
                return {(node.variable.name, tuple(self.number(i, at) for i in node.index))}
            case lang.Steps():
                variable, low, high = node.args
                return self.places(lang.Stack(variable[TIME], TIME, low, high), at)
            case lang.Function():
                return {(f"{node.name}()", ())}
            case lang.Derived():
                return self.places(node.unfolded, at)
            case lang.Sum() | lang.Product() | lang.Stack() | lang.Compose():
                return self._places_of_steps(node, at)
        return set().union(*(self.places(part, at) for part in node.args))

    def _places_of_steps(self, node: Any, at: Indices) -> set[Place]:
        inside = set().union(*(self.places(node.body, here) for here in self._turns(node, at)))
        if not isinstance(node, lang.Compose):
            return inside
        running, start = (self.places(part, at) for part in (node.variable, node.start))
        return inside - running | start

    def _turns(self, node: Any, at: Indices) -> list[Indices]:
        """Values of the indices at which the body of a sum, a product or the like is taken."""
        index, bounds = node.index, (node.low, node.high)
        low, high = (self.number(bound, at) for bound in bounds)
        if any(bound.free_symbols & self.sizes.keys() for bound in bounds):
            high = max(low, high)  # it has no steps at this size, and some at another
        return [{**at, index: i} for i in range(low, high + 1)]

    # -- Functions -----------------------------------------------------------------------------

    def apply(self, function: lang.Function, arguments: Sequence[Any], at: Indices) -> Any:
        """Apply a function, or a derivative of one, to arrays of entries."""
        if function.elementwise:
            (argument,) = arguments
            name = self.called(function, at)
            apply = np.frompyfunc(
                lambda entry: self.ledger.apply(name, entry, orders=(function.order,)), 1, 1
            )
            return apply(_entries(argument, self))
        shape = self.sized(function).shape_of(*map(np.shape, arguments))
        given = [_entries(argument, self) for argument in arguments]
        if function.name in self.functions:
            sized = self.functions[function.name].for_shapes([array.shape for array in given])
            bound = dict(zip(sized.target.arguments, given, strict=True))
            return self.inside(function.name, bound, sized.value, {})
        flat = [entry for array in given for entry in array.flat]
        result = np.empty(tuple(map(int, shape)), dtype=object)
        index = tuple(self.number(i, at) for i in function.index)
        for place in np.ndindex(*result.shape):
            result[place] = self.ledger.apply((function.name, index, place), *flat)
        return result

    def called(self, function: lang.Function, at: Indices) -> str:
        """Name of an elementwise function, with the time at which it is taken if it has one."""
        time = ",".join(str(self.number(index, at)) for index in function.index)
        return f"{function.name}[{time}]" if time else function.name

    def sized(self, node: Any) -> Any:
        """Node with numbers for its sizes."""
        return node.xreplace({size: sp.Integer(number) for size, number in self.sizes.items()})


TIME = sp.Symbol("time", integer=True)
"""Index of the steps of an array."""


def _shown(place: Place) -> str:
    name, index = place
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _variable_of(node: Any) -> lang.Variable:
    """Declared symbol of which a node is all or a part."""
    return node if isinstance(node, lang.Variable) else _variable_of(node.args[0])


def _box(entry: Any) -> Entries:
    box = np.empty((), dtype=object)
    box[()] = entry
    return box


def _entries(array: Any, world: World) -> Entries:
    lift = np.frompyfunc(world.ledger.constant, 1, 1)
    return np.asarray(lift(np.asarray(array, dtype=object)), dtype=object)


def _identity(world: World, size: int) -> Entries:
    return _entries(np.eye(size, dtype=int), world)


def _fold(operate: Callable[[Any, Any], Any]) -> Callable[[World, Any, Indices], Any]:
    return lambda world, node, at: reduce(operate, world.values(node, at))


def _opaque(
    world: World,
    node: lang.SpectralRadius | lang.Abs | lang.Max | lang.Min | lang.Indicator,
    at: Indices,
) -> Entries:
    """Rule of a node that algebra does not look into: entry by entry, or of a whole array."""
    values = world.values(node, at)
    name = type(node).__name__
    if isinstance(node, lang.Norm | lang.SpectralRadius):
        (matrix,) = values
        return _box(world.ledger.apply((name, matrix.shape), *matrix.flat))
    apply = np.frompyfunc(lambda *entries: world.ledger.apply((name, ()), *entries), len(values), 1)
    return np.asarray(apply(*values), dtype=object)


def _norm(world: World, node: lang.Norm, at: Indices) -> Entries:
    value = world.value(node.inside, at)
    return np.sqrt(_box(value @ value)) if value.ndim == 1 else _opaque(world, node, at)


REPEATED = lang.Sum, lang.Product, lang.Stack
"""Nodes whose body is taken at each value of an index."""


def turns(world: World, node: Any, at: Indices) -> list[dict[sp.Symbol, int]]:
    """Indices at which the body of a node is taken, from the lowest to the highest."""
    low, high = (world.number(bound, at) for bound in (node.low, node.high))
    return [{**at, node.index: i} for i in range(low, high + 1)]


def _steps(world: World, node: Any, at: Indices) -> list[Entries]:
    """Values of the body at each index, from the lowest to the highest."""
    return [world.value(node.body, turn) for turn in turns(world, node, at)]


def _sum(world: World, node: lang.Sum, at: Indices) -> Entries:
    zero = _entries(np.zeros(world.shape(node, at), dtype=int), world)
    return np.asarray(sum(_steps(world, node, at), start=zero))


def _product(world: World, node: lang.Product, at: Indices) -> Entries:
    factors = _steps(world, node, at)
    if not node.shape:
        return np.asarray(reduce(lambda a, b: b * a, factors, _box(world.ledger.constant(1))))
    one = _identity(world, world.shape(node, at)[0])
    return np.asarray(reduce(lambda so_far, later: later @ so_far, factors, one))


def _compose(world: World, node: lang.Compose, at: Indices) -> Entries:
    body, variable, start, index, low, high = node.args
    result = world.value(start, at)
    for i in range(world.number(low, at), world.number(high, at) + 1):
        result = world.value_where({variable: result}, body, {**at, index: i})
    return result


def _apply(world: World, node: lang.Apply, at: Indices) -> Entries:
    arguments = [world.value(argument, at) for argument in node.arguments]
    return np.asarray(world.apply(node.function, arguments, at), dtype=object)


DERIVATIVES = lang.Jacobian, lang.Gradient, lang.Immediate


def derives(node: sp.Basic) -> bool:
    """Whether a derivative is taken in an expression."""
    return any(isinstance(part, DERIVATIVES) for part in lang.walk(node))


def _derivative(
    world: World, node: lang.Jacobian | lang.Gradient, at: Indices, since: int | None = None
) -> Entries:
    of, by = node.args
    values = world.value(of, at), world.value(by, at)
    # The derivative of an unknown would be zero, and anything would follow from it.
    if isinstance(of, lang.Variable | lang.At) and of not in world.bound:
        name = _variable_of(of).name
        if name not in world.variables and name != _variable_of(by).name:
            raise lang.StatementError(f"{name} is differentiated, and no formula given defines it")
    return world.ledger.derivatives(*values, since=since)


def _immediate(world: World, node: lang.Immediate, at: Indices) -> Entries:
    return _derivative(world, node, at, since=world.number(node.of.index[-1], at))


def _matrix_power(world: World, node: lang.MatrixPower, at: Indices) -> Entries:
    factors = [world.value(node.base, at)] * world.number(node.exponent.value, at)
    one = _identity(world, world.shape(node, at)[0])
    return np.asarray(reduce(lambda a, b: a @ b, factors, one))


def _inverse(world: World, node: lang.Inverse, at: Indices) -> Entries:
    matrix = world.value(node.inside, at)
    size = len(matrix)
    cofactors = np.empty((size, size), dtype=object)
    for i, j in np.ndindex(size, size):
        rest = np.delete(np.delete(matrix, i, axis=0), j, axis=1)
        cofactors[i, j] = (-1) ** (i + j) * determinant(rest)
    return np.asarray(cofactors.T / (matrix[0] @ cofactors[0]))


def determinant(matrix: Entries) -> Any:
    """Determinant by the expansion along the rows, each minor once; that of no rows is one."""

    @cache
    def minor(*columns: int) -> Any:
        """Determinant of the last rows at some columns, as many."""
        if not columns:
            return 1
        row = matrix[len(matrix) - len(columns)]
        return sum(
            (-1) ** j * row[column] * minor(*columns[:j], *columns[j + 1 :])
            for j, column in enumerate(columns)
        )

    return minor(*range(len(matrix)))


def _determinant(world: World, node: lang.Determinant, at: Indices) -> Entries:
    return _box(determinant(world.value(node.inside, at)))


def _convolve(world: World, node: lang.Convolve, at: Indices) -> Entries:
    vector, kernel = world.values(node, at)
    if len(kernel) % 2 == 0 or len(kernel) > len(vector):
        raise lang.StatementError(
            f"Convolve: {len(kernel)} taps have no middle, or are more than {len(vector)} places"
        )
    beyond = _entries(np.zeros(len(kernel) // 2, dtype=int), world)
    padded = np.concatenate([beyond, vector, beyond])
    return np.array([padded[i : i + len(kernel)] @ kernel[::-1] for i in range(len(vector))])


def _power(world: World, node: lang.Power, at: Indices) -> Entries:
    base, exponent = world.values(node, at)
    return np.asarray(base ** exponent.item(), dtype=object)


def _one_hot(world: World, node: lang.OneHot, at: Indices) -> Entries:
    place, size = (world.number(arg, at) for arg in node.args)
    if not 1 <= place <= size:
        raise lang.StatementError(f"OneHot: place {place} is not within 1 to {size}")
    return _identity(world, size)[place - 1]


def _entry(world: World, node: lang.Entry, at: Indices) -> Entries:
    array, *place = node.args
    value = world.value(array, at)
    numbers = tuple(world.number(i, at) for i in place)
    if not all(1 <= i <= size for i, size in zip(numbers, value.shape, strict=False)):
        raise lang.StatementError(f"Entry: no place {numbers} in shape {value.shape}")
    return np.asarray(value[tuple(i - 1 for i in numbers)], dtype=object)


def _columns(world: World, node: derived.Columns, at: Indices) -> Entries:
    value = world.value(node.matrix, at)
    first, last = (world.number(bound, at) for bound in (node.first, node.last))
    if not 1 <= first <= last <= value.shape[1]:
        raise lang.StatementError(f"Columns: no columns {first} to {last} in shape {value.shape}")
    return value[:, first - 1 : last]


def _symbol(world: World, node: lang.Variable, at: Indices) -> Entries:
    if node.times:
        raise lang.StatementError(f"{node.name} stands without its time, as in {node.name}[t]")
    return world.named(node, ())


def _at_time(world: World, node: lang.At, at: Indices) -> Entries:
    index = tuple(world.number(i, at) for i in node.index)
    first, last = (world.number(time, at) for time in node.variable.times)
    if not first <= index[-1] <= last:
        raise lang.StatementError(
            f"{node.variable.name} has no time {index[-1]}: it is declared from {first} to {last}"
        )
    return world.named(node.variable, index)


def _array(world: World, node: lang.Steps, at: Indices) -> Entries:
    variable, *bounds = node.args
    low, high = (world.number(bound, at) for bound in bounds)
    return np.stack([_at_time(world, variable[i], at) for i in range(low, high + 1)])


RULES: dict[type, Callable[[World, Any, Indices], Any]] = {
    lang.Number: lambda world, node, at: _box(
        world.ledger.constant(_placed(node.value, {**world.sizes, **at}))
    ),
    lang.Ones: lambda world, node, at: _entries(np.ones(world.shape(node, at), dtype=int), world),
    lang.Zeros: lambda world, node, at: _entries(np.zeros(world.shape(node, at), dtype=int), world),
    lang.Identity: lambda world, node, at: _identity(world, world.shape(node, at)[0]),
    lang.OneHot: _one_hot,
    lang.Literal: lambda world, node, at: np.array(
        [[world.value(entry, at)[()] for entry in row] for row in node.args]
    ),
    lang.Block: lambda world, node, at: np.block([world.values(row, at) for row in node.args]),
    lang.Variable: _symbol,
    lang.At: _at_time,
    lang.Entry: _entry,
    lang.Steps: _array,
    lang.Apply: _apply,
    lang.Add: _fold(lambda a, b: a + b),
    lang.Sub: _fold(lambda a, b: a - b),
    lang.Times: _fold(lambda a, b: a * b),
    lang.Divide: _fold(lambda a, b: a / b),
    lang.MatMul: _fold(lambda a, b: a @ b),
    lang.Neg: lambda world, node, at: -world.value(node.inside, at),
    lang.Power: _power,
    lang.Outer: _fold(np.outer),
    lang.Transpose: lambda world, node, at: world.value(node.inside, at).T,
    lang.Diag: lambda world, node, at: (
        world.value(node.inside, at) * _identity(world, world.shape(node, at)[0])
    ),
    lang.Total: lambda world, node, at: sum(world.value(node.inside, at)),
    lang.Size: lambda world, node, at: _box(
        world.ledger.constant(math.prod(world.shape(node.inside, at)))
    ),
    lang.Concatenate: lambda world, node, at: np.concatenate(world.values(node, at)),
    lang.Convolve: _convolve,
    lang.Inverse: _inverse,
    lang.Determinant: _determinant,
    lang.MatrixPower: _matrix_power,
    lang.Sum: _sum,
    lang.Product: _product,
    lang.Compose: _compose,
    # What these stand for is worked out entry by entry, which takes long at large sizes.
    derived.Columns: _columns,
    derived.Concat: lambda world, node, at: np.concatenate(_steps(world, node, at), axis=1),
    lang.Derived: lambda world, node, at: world.value(node.unfolded, at),
    lang.Jacobian: _derivative,
    lang.Gradient: _derivative,
    lang.Immediate: _immediate,
    # What is too small to count is left out; the proof asks how small it is.
    lang.Order: lambda world, node, at: _box(world.ledger.constant(0)),
    lang.Stack: lambda world, node, at: np.stack(_steps(world, node, at)),
    lang.Norm: _norm,
    lang.SpectralRadius: _opaque,
    lang.Abs: _opaque,
    lang.Max: _opaque,
    lang.Min: _opaque,
    lang.Indicator: _opaque,
    lang.Bracket: lambda world, node, at: world.value(node.strictly, at),
}
"""What each node does with arrays of entries."""


# -- Known functions -------------------------------------------------------------------------------

POINTS = np.geomspace(0.03, 300, 9)[:, None] * [1, -1]
"""Where a definition of a known function is compared with NumPy's: at both signs, far out too."""


@cache
def refuse_other_value(definition: Definition) -> None:
    """Refuse another value for a function whose rules the proofs use."""
    name, target = defined_name(definition.target), definition.target
    if name not in KNOWN or not isinstance(target, lang.Apply):
        return
    (parameter,) = target.arguments
    points = (POINTS[:, :1] if name == "log" else POINTS).ravel()
    world = World(some_sizes(), ledger=Draws(range(len(points)), len(points)))
    shape = world.shape(parameter, {})
    rows = points[:, None] * np.resize([1, 0.5, -1], shape).ravel()
    argument = np.array([tape.leaf(column) for column in rows.T]).reshape(shape)
    with np.errstate(all="ignore"):
        inside = world.inside(name, {parameter: argument}, definition.value, {})
    computed = np.array([np.broadcast_to(entry.value, points.shape) for entry in inside.flat]).T
    for point, row, got in zip(points, rows, computed, strict=True):
        if not np.allclose(got, KNOWN[name].numpy(row), rtol=1e-9):
            raise lang.StatementError(
                f"definition of {name}: the proofs know {name}({point:.3g}) as another number"
            )
