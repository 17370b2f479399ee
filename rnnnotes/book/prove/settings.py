"""A formula at sizes that are numbers: written out on symbols, and computed in draws.

The draws fulfil the conditions of the formula, so that where its sides differ by more than
rounding can explain, the formula is refuted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.nodes import (
    Expression,
    Function,
    Relation,
    StatementError,
    Variable,
    walk,
)
from rnnnotes.book.prove.premises import any_arguments, definitions_of, omitted_by
from rnnnotes.book.prove.sizes import Sizes, choices, sizes_beyond
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.values import tape
from rnnnotes.book.values.draws import KINDS, Draws
from rnnnotes.book.values.tape import Floats, Number
from rnnnotes.book.values.world import REPEATED, World, turns, whole_number
from rnnnotes.book.write.plaintext import text

__all__ = ["DRAWS", "FEWEST", "NoIndicesError", "Refuted", "Setting", "Undecided", "settings_of"]

DRAWS = 10 * len(KINDS)
"""Draws at each choice of sizes."""

FEWEST = DRAWS // 5
"""Draws that must tell something of what algebra does not decide."""

Indices = dict[sp.Symbol, int]


LARGE = 100
"""Number that is shown if all others that tell are as large."""


class Refuted(AssertionError):
    """A line or a piece of code that is wrong, with a counterexample."""


class Undecided(AssertionError):
    """A line that is neither proved nor refuted, and so does not pass."""


class NoIndicesError(StatementError):
    """A formula whose indices have no value at some sizes."""


def settings_of(stated: Formula, seed: int = 0) -> list[Setting]:
    """Return a formula at each choice of its sizes."""
    return [Setting(stated, sizes, seed) for sizes in choices(stated)]


class Failure(NamedTuple):
    """Where two arrays do not compare as stated, in which draw, and the numbers there."""

    entry: str
    draw: int
    left: float
    right: float


class Setting:
    """One formula at one choice of its sizes."""

    tried = 16
    """Candidates for each draw, which is to fulfil the conditions of the statement."""

    def __init__(self, stated: Formula, sizes: Sizes, seed: int = 0, count: int = DRAWS) -> None:
        self.stated = stated
        self.sizes = dict(sizes)
        self.seed = seed
        self.count = count
        self.definitions = definitions_of(stated)
        self.assignments = list(self._assignments())
        self._known: dict[Any, tuple[Floats, Floats]] = {}
        self._worlds: dict[int, World] = {}
        if not self.assignments:
            raise NoIndicesError(f"{stated.id}: its indices have no value, so it says nothing")

    def _assignments(self) -> Iterator[Indices]:
        """Every choice of the free indices of the statement."""

        def extend(at: Indices, rest: list[Any]) -> Iterator[Indices]:
            if not rest:
                yield at
                return
            (symbol, low, high), *later = rest
            first, last = (whole_number(bound, {**self.sizes, **at}) for bound in (low, high))
            for value in self._values(range(first, last + 1)):
                yield from extend({**at, symbol: value}, later)

        yield from extend({}, self.stated.index_ranges())

    def _values(self, values: range) -> Iterable[int]:
        """Values of an index that are looked at."""
        return values

    @cached_property
    def symbols(self) -> World:
        """World in which every entry is a symbol."""
        omitted = omitted_by(self.stated)
        known = {**sizes_beyond(omitted.values()), **self.sizes}
        return World(known, self.definitions, omitted=omitted)

    # -- draws ---------------------------------------------------------------------------------

    @cached_property
    def numbers(self) -> World:
        """World of the draws that fulfil the conditions of the statement."""
        if not self.conditions:
            return self._world(Draws(range(self.count), self.count, self.seed))
        with np.errstate(all="ignore"):
            every = _Candidates(self)
            chosen = np.flatnonzero(every.fulfilling)[: self.count]
        if len(chosen) < self.count * FEWEST // DRAWS:
            raise Undecided(f"{self.stated.id}: too few draws fulfil its conditions: "
                            f"{len(chosen)} of {every.count}")  # fmt: skip
        return self._world(every.draws(chosen))

    @property
    def draws(self) -> Draws:
        """Draws of this setting."""
        return self.numbers.ledger

    @property
    def conditions(self) -> list[Relation]:
        """Conditions of the statement; those that give a symbol its value are definitions."""
        defining = [assumed.statement for assumed in self.stated.assumed]
        return [condition for condition in self.stated.where if condition not in defining]

    def _world(self, draws: Draws) -> World:
        return World(self.sizes, self.definitions, ledger=draws)

    def known(self, node: Expression, at: Indices) -> tuple[Floats, Floats]:
        """Values of an expression and their errors, along a first axis of draws."""
        key = node, frozenset(at.items())
        if key not in self._known:
            numbers, count = self.numbers.value(node, at), len(self.draws.chosen)
            arrays = np.empty((2, count, numbers.size))
            for place, number in enumerate(numbers.flat):
                arrays[0, :, place], arrays[1, :, place] = number.value, number.error
            values, errors = arrays.reshape(2, count, *numbers.shape)
            self._known[key] = values, errors
        return self._known[key]

    def arguments(self, at: Indices, draw: int) -> dict[str, Any]:
        """What the parameters of the code stand for, in the numbers of a draw."""
        values = self.stated.arguments.items()
        return {name: self.argument(value, at, draw) for name, value in values}

    def argument(self, value: Any, at: Indices, draw: int) -> Any:
        """What a parameter of the code stands for, in the numbers of a draw."""
        if isinstance(value, Function):
            return self._function(value, at, draw)
        if isinstance(value, sp.Symbol):
            return self.symbols.number(value, at)
        with np.errstate(all="ignore"):  # another draw may overflow
            array = self.known(value, at)[0][draw]
        return array.copy() if array.shape else float(array)

    def _function(self, function: Function, at: Indices, draw: int) -> Callable[..., Any]:
        """What a function is in the numbers of a draw."""
        world = self._alone(draw)

        def map_(*arguments: Any) -> Any:
            with np.errstate(all="ignore"):
                numbers = np.asarray(world.apply(function, arguments, at), dtype=object)
            return np.reshape([number.value.item() for number in numbers.flat], numbers.shape)[()]

        def elementwise(argument: Any) -> Any:
            # The entries of the argument are as many values of one number.
            entries = np.asarray(argument, dtype=float)
            with np.errstate(all="ignore"):
                number = np.asarray(world.apply(function, [tape.leaf(entries.ravel())], at)).item()
            return np.broadcast_to(number.value, entries.size).reshape(entries.shape).copy()[()]

        return elementwise if function.elementwise else map_

    def _alone(self, draw: int) -> World:
        """World of one of the draws."""
        if draw not in self._worlds:
            self._worlds[draw] = self._world(self.draws.alone(draw))
        return self._worlds[draw]

    def look(
        self, before: Expression, sign: str, after: Expression, at: Indices, place: str
    ) -> int:
        """Refute a line that fails in a draw; else tell how many draws say something of it."""
        with np.errstate(all="ignore"):
            left, right = self.numbers.value(before, at), self.numbers.value(after, at)
            found, told = self.compare(left, right, sign)
            if found is None:
                return told
            line = Relation(before, sign, after)
            pair = _pair(found.left, sign, found.right)
            shown = self.counterexample(line, at, found.draw)
        where = f"{place}, {found.entry}at {readable(at)}"
        raise Refuted(f"{where}: {text(line)}\n  {pair} fails {shown}")

    def compare(self, left: Any, right: Any, sign: str) -> tuple[Failure | None, int]:
        """Entry and draw in which two arrays of numbers do not compare, if there is one.

        And in how many draws there is something to compare, for the entry with the fewest.
        """
        fewest = len(self.draws.chosen)
        for entry, (a, b) in entries(left, right):
            failing = np.broadcast_to(fails(a, sign, b), len(self.draws.chosen))
            if failing.any():
                draw = self._nicest(failing, np.maximum(np.abs(a.value), np.abs(b.value)))
                place = f"entry {entry} " if entry else ""
                return Failure(place, draw, _in_draw(a.value, draw), _in_draw(b.value, draw)), 0
            telling = np.broadcast_to(tells(a, sign, b), len(self.draws.chosen))
            fewest = min(fewest, int(telling.sum()))
        return None, fewest

    def vanishes(self, part: Expression, side: Expression) -> bool:
        """Whether a part of a side is zero wherever it stands, in every draw that tells of it."""
        with np.errstate(all="ignore"):
            return all(
                not fails(number, "=", tape.ZERO).any() and tells(number, "=", tape.ZERO).any()
                for free in self.assignments
                for at in self._places(part, side, free)
                for number in self.numbers.value(part, at).flat
            )

    def _places(self, part: Expression, side: sp.Basic, at: Indices) -> Iterator[Indices]:
        """Values of all indices at which a part of a side is taken, those of sums included."""
        if part == side:
            yield at
        elif isinstance(side, REPEATED):
            for turn in turns(self.numbers, side, at):
                yield from self._places(part, side.body, turn)
        else:
            for inner in side.args:
                yield from self._places(part, inner, at)

    def _nicest(self, failing: Any, size: Floats) -> int:
        """Place of the draw that is easiest to follow among those that fail: by size, by kind."""
        chosen = self.draws.chosen
        large = np.broadcast_to(~(size < LARGE), len(chosen))
        ease = {i: (large[i], chosen[i] % len(KINDS), i) for i in np.flatnonzero(failing)}
        return int(min(ease, key=ease.__getitem__))

    def counterexample(self, line: Relation | None, at: Indices, draw: int) -> str:
        """What the arguments of the code are in a draw, and the other symbols of a line."""
        named = {name: value for name, value in self.stated.arguments.items() if value not in at}
        for node in walk(line) if line is not None else ():
            if self._varies(node) and node not in named.values():
                symbol = lang.Steps(node.variable) if self._is_bound(node, at) else node
                named.setdefault(node.name if isinstance(node, Function) else text(symbol), symbol)
        shown = {name: self._shown(value, at, draw) for name, value in named.items()
                 if self._free(value) <= at.keys()}  # fmt: skip
        numbers = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"with {numbers}" if numbers else "with no numbers at all"

    def _varies(self, node: sp.Basic) -> bool:
        """Whether a node is a symbol or a function that each draw gives a value of its own."""
        if isinstance(node, Function):
            return node.name not in {*tape.FUNCTIONS, *self.numbers.functions}
        timed = isinstance(node, lang.At | lang.Steps)
        return timed or (isinstance(node, Variable) and not node.times)

    def _is_bound(self, node: sp.Basic, at: Indices) -> bool:
        """Whether a symbol is taken at each time of a sum or a product: then all of it is shown."""
        return (
            isinstance(node, lang.At) and len(node.index) == 1 and not self._free(node) <= at.keys()
        )

    def _free(self, node: sp.Basic) -> set[sp.Symbol]:
        """Indices that an expression leaves open."""
        return lang.indices(node) - self.sizes.keys()

    def _shown(self, value: Any, at: Indices, draw: int) -> str:
        if isinstance(value, Function):
            if not value.elementwise:
                return "a map"
            called = self.symbols.called(value, at)
            return f"[z -> {self.draws.described(called, draw)}]" + "'" * value.order
        try:
            return written(self.argument(value, at, draw))
        except StatementError:  # beyond the times of a symbol
            return "nothing"


def _in_draw(values: Floats, draw: int) -> float:
    return float(values[draw] if values.ndim else values)


def _pair(left: float, sign: str, right: float) -> str:
    digits = 6 if f"{left:.6g}" != f"{right:.6g}" or sign == "<" else 17
    return f"{left:.{digits}g} {sign} {right:.{digits}g}"


def written(value: Any) -> str:
    """Numbers as nested lists, with few digits."""
    if np.ndim(value):
        return f"[{', '.join(map(written, value))}]"
    return f"{float(value):.4g}"


def entries(left: Any, right: Any) -> Iterator[tuple[tuple[int, ...], tuple[Any, Any]]]:
    """Pairs of entries with their place, counted from 1."""
    left, right = np.broadcast_arrays(left, right)
    if not left.size:
        raise StatementError("two arrays without entries are compared, which says nothing")
    for place in np.ndindex(*left.shape):
        yield tuple(i + 1 for i in place), (left[place], right[place])


def readable(at: Indices) -> str:
    """Values of the indices."""
    return ", ".join(f"{symbol}={value}" for symbol, value in at.items()) or "all indices"


# -- Comparing numbers -----------------------------------------------------------------------------


def _gap(a: Number, b: Number) -> tuple[Floats, Floats]:
    """Difference of two numbers in each draw, and how far off it may be."""
    # Errors are computed by rounding too, and are no larger than twice what comes out.
    return a.value - b.value, 2 * (a.error + b.error)


def fails(a: Number, sign: str, b: Number) -> Any:
    """In which draws a comparison fails for certain."""
    gap, slack = _gap(a, b)
    failing = {"=": np.abs(gap) > slack, "<=": gap > slack, "<": gap >= slack}[sign]
    return failing & np.isfinite(gap) & np.isfinite(slack)


def holds(a: Number, sign: str, b: Number) -> Any:
    """In which draws a comparison holds for certain."""
    gap, slack = _gap(a, b)
    if sign == "!=":
        return np.abs(gap) > slack
    return {"=": np.abs(gap) + slack == 0, "<=": gap + slack <= 0, "<": gap + slack < 0}[sign]


def tells(a: Number, sign: str, b: Number) -> Any:
    """In which draws both numbers are known well enough to be compared.

    Numbers that are one but for rounding say that they are equal, not which one is larger.
    """
    gap, slack = _gap(a, b)
    large = np.maximum(np.abs(a.value), np.abs(b.value))
    known = np.isfinite(gap) & is_small(slack, large)
    return known if sign == "=" else known & holds(a, sign, b)


def is_small(error: Floats, large: Floats) -> Any:
    """Whether an error leaves a number known."""
    return error <= np.maximum(1e-6 * large, 1e-9)


# -- Draws under conditions ------------------------------------------------------------------------


class Corners(Setting):
    """A formula at sizes at which only a counterexample is looked for: at the ends of ranges."""

    def _values(self, values: range) -> Iterable[int]:
        """First value of an index and its last one."""
        return dict.fromkeys((*values[:1], *values[-1:]))


class Far(Corners):
    """A formula at large sizes, in few draws: derivatives take much memory in each of them."""

    tried = 2

    def __init__(self, stated: Formula, sizes: Sizes) -> None:
        super().__init__(stated, sizes, count=len(KINDS))


class _Candidates:
    """Many draws of a setting, made so that its conditions can hold.

    An unknown function keeps within the bound that a condition sets it.  A symbol that stands
    alone as a bound is set to what it bounds, so that ties are met.  Where a condition fails
    still, what is too large in it is made smaller, and what is too small larger.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.count = setting.tried * setting.count
        self.bounds: dict[str, dict[int, Floats]] = {}
        self.fixed: dict[str, Floats] = {}
        self.scales: dict[str, Floats] = {}
        self._computed: dict[Any, tuple[list[Any], list[Number]]] = {}
        functions = [condition for condition in setting.conditions if self._bound(condition)]
        others = [condition for condition in setting.conditions if condition not in functions]
        for condition in others:
            self._fix(condition)
        for condition in others:
            self._scale(condition)

    def draws(self, chosen: Any) -> Draws:
        """Some of the candidates."""
        return Draws(chosen, self.count, self.setting.seed, self.bounds, self.fixed, self.scales)

    def _values(self, node: Expression) -> list[Number]:
        """Entries of an expression at all choices of the indices."""
        parts = [node, *(definition.value for definition in self.setting.definitions)]
        names = {n.name for part in parts for n in walk(part) if isinstance(n, Variable | Function)}
        chosen = [one.get(name) for name in sorted(names)
                  for one in (self.bounds, self.fixed, self.scales)]  # fmt: skip
        # No array is written into, and what is kept keeps its identity.
        key = node, *map(id, chosen)
        if key not in self._computed:
            world = self.setting._world(self.draws(range(self.count)))
            numbers = [number for at in self.setting.assignments
                                   for number in world.value(node, at).flat]  # fmt: skip
            self._computed[key] = chosen, numbers
        return self._computed[key][1]

    def _bound(self, condition: Relation) -> bool:
        """Keep an unknown function within a bound, if a condition sets it one for any argument."""
        if condition.sign not in ("<", "<="):
            return False
        bounded = condition.left
        while isinstance(bounded, lang.Abs | lang.Norm | lang.Diag):
            (bounded,) = bounded.args
        if not isinstance(bounded, lang.Apply) or bounded == condition.left:
            return False
        anywhere = any_arguments(condition, self.setting.stated) - set(walk(condition.right))
        if not anywhere.issuperset(bounded.arguments):
            return False
        values = [number.value for number in self._values(condition.right)]
        lowest = np.minimum.reduce(np.broadcast_arrays(*values, np.full(self.count, np.inf)))
        bounds = self.bounds.setdefault(bounded.function.name, {})
        inside = lowest / 2 if condition.sign == "<" else lowest
        order = bounded.function.order
        bounds[order] = np.minimum(bounds.get(order, np.inf), inside)
        return True

    def _fix(self, condition: Relation) -> None:
        """Set a symbol that is a bound to what it bounds, or to twice that, or leave it."""
        if condition.sign in ("=", "!="):
            return
        for bound, bounded, sign in (
            (condition.right, condition.left, 1),
            (condition.left, condition.right, -1),
        ):
            free = isinstance(bound, Variable) and not bound.shape and not bound.times
            if free and bound not in walk(bounded):
                self._meet(bound, bounded, sign)
                return

    def _meet(self, bound: Any, bounded: Expression, sign: int) -> None:
        """Set a symbol to the largest entry of what it bounds from above, or least from below."""
        own = np.broadcast_to(self._values(bound)[0].value, self.count)
        values = [sign * number.value + 3 * number.error for number in self._values(bounded)]
        top = sign * np.maximum.reduce(np.broadcast_arrays(*values, np.full(self.count, -np.inf)))
        turn = np.arange(self.count) // len(KINDS) % 3
        fixed = np.where(turn == 0, top, np.where((turn == 1) & (sign > 0), 2 * top, own))
        usable = np.isfinite(fixed) & ((fixed > 0) | (not bound.positive))
        self.fixed[bound.name] = np.where(usable, fixed, own)

    def _scale(self, condition: Relation) -> None:
        """Scale the symbols of a condition where it fails, and keep what makes it hold."""
        if condition.sign in ("=", "!="):
            return
        left, right = ({node.name for node in walk(side) if isinstance(node, Variable)}
                       for side in (condition.left, condition.right))  # fmt: skip
        for name in sorted(left ^ right, key=lambda name: (name in left, name)):
            failing = ~self.holding(condition)
            if np.sum(~failing) >= 2 * DRAWS:
                return
            kept = self.scales.get(name, np.ones(self.count))
            for power in FACTORS:
                if not failing.any():
                    break
                factor = power if name in right else 1 / power
                self.scales[name] = np.where(failing, kept * factor, kept)
                failing = failing & ~self.holding(condition)
                kept = np.where(failing, kept, self.scales[name])
            self.scales[name] = kept

    def holding(self, condition: Relation) -> Any:
        """In which candidates a condition holds for certain."""
        left, right = self._values(condition.left), self._values(condition.right)
        # A number on the right bounds every entry on the left.
        right = [number for number in right for _ in range(len(left) // len(right))]
        result = np.ones(self.count, dtype=bool)
        for a, b in zip(left, right, strict=True):
            result &= holds(a, condition.sign, b)
        return result

    @property
    def fulfilling(self) -> Any:
        """In which candidates all conditions hold for certain."""
        return np.all([self.holding(condition) for condition in self.setting.conditions], axis=0)


FACTORS = (2.0, 2.0**4, 2.0**12, 2.0**40)
"""Factors by which a symbol is scaled until a condition holds."""
