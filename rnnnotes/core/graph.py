"""Definitions, and derivatives through everything that is computed from a symbol.

A definition gives the entries of an array for some times.  Together they make a graph without
circles: each entry is a leaf, or is computed from others.  The total derivative of one entry by
another adds up all paths between them.  It is taken from the head on, one definition after the
other (forward), or from what it is differentiated by, over all that is computed from that in one
step (backward).  Until it is written out, it is an entry of its own: `("d", head, by, ...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rnnnotes.core.derivatives import derivative, same_place
from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import (
    ZERO,
    Unsupported,
    context,
    holds,
    is_zero,
    is_zero_in_cases,
    mapped,
    of,
    plus,
    summed,
    times,
)
from rnnnotes.core.terms import Atom, Entry, Poly

__all__ = ["Definition", "Graph"]

Value = Callable[[Mapping[str, Affine], tuple[Affine, ...]], Poly]
Ranges = tuple[tuple[str, Affine, Affine], ...]
Turn = tuple[int, int, str]
"""What is written out earlier, the least first."""


@dataclass(frozen=True)
class Definition:
    """What the entries of an array are computed from, at some times."""

    name: object
    index: tuple[Affine, ...]
    """Times at which the array stands on the left-hand side."""
    ranges: Ranges
    """Letters of these times, each with its first and last value."""
    sizes: tuple[Affine, ...]
    """Sizes of the array."""
    value: Value
    """Entry at the values of the letters and a place, in entries of other arrays."""
    mentions: Mapping[object, frozenset[tuple[int | None, ...]]]
    """Names of these arrays, with the steps by which each of their times is earlier, if known."""

    def letters_at(self, index: tuple[Affine, ...]) -> dict[str, Affine] | None:
        """Values of the letters for which the left-hand side stands at given times."""
        values: dict[str, Affine] = {}
        for pattern, time in zip(self.index, index, strict=True):
            names = pattern.names & {letter for letter, _, _ in self.ranges}
            if not names:
                if not context().facts.equal(pattern - time):
                    return None
                continue
            (letter,) = names
            rest = pattern - affine(letter)
            if letter in rest.letters:
                raise Unsupported(f"a definition at {pattern}")
            values[letter] = time - rest
        gaps = (pattern.put(values) - time for pattern, time in zip(self.index, index, strict=True))
        return values if all(map(context().facts.equal, gaps)) else None

    def reach(self, values: Mapping[str, Affine]) -> list[Affine]:
        """Facts that say that the letters lie within their ranges."""
        return [
            fact
            for letter, low, high in self.ranges
            for fact in (values[letter] - low.put(values), high.put(values) - values[letter])
        ]


class Graph:
    """Definitions, by the names of what they define."""

    def __init__(
        self, definitions: Iterable[Definition], depths: Mapping[object, int], reverse: bool = True
    ) -> None:
        self.definitions = {one.name: one for one in definitions}
        self.depths = dict(depths)
        """How many times an array has before its places, by name."""
        self.reverse = reverse
        """Whether the derivative of a number is written out backward."""

    def define(self, definition: Definition) -> None:
        """Add a definition that came up on the way."""
        self.definitions.setdefault(definition.name, definition)
        self.depths[definition.name] = len(definition.index)

    def split(self, leaf: Entry) -> tuple[tuple[Affine, ...], tuple[Affine, ...]]:
        """Times of an entry, and its place."""
        depth = self.depths.get(leaf.name, 0)
        return leaf.at[:depth], leaf.at[depth:]

    # -- Values --------------------------------------------------------------------------------

    def value(self, leaf: Entry) -> Poly | None:
        """Return what an entry is computed from, if a definition surely reaches it."""
        definition = self.definitions.get(leaf.name)
        if definition is None:
            return None
        index, place = self.split(leaf)
        values = definition.letters_at(index)
        if values is None or not all(map(context().facts.entails, definition.reach(values))):
            return None
        return definition.value(values, place)

    def is_leaf(self, leaf: Entry) -> bool:
        """Whether surely no definition reaches an entry."""
        definition = self.definitions.get(leaf.name)
        if definition is None:
            return not self.sources(leaf.name)
        values = definition.letters_at(self.split(leaf)[0])
        return values is not None and any(map(context().facts.excludes, definition.reach(values)))

    def vanishes(
        self, poly: Poly, rewrite: Callable[[Poly], Poly] = lambda poly: poly, deep: bool = False
    ) -> bool:
        """Whether a polynomial is zero once definitions are written out, as far as is needed.

        Entries are written out at a time that is a letter or a number; with `deep`, wherever a
        definition surely reaches.  Derivatives that go forward come first, those that go backward
        one step at a time, and before each it is tried whether the entries alone decide it.  What
        is written out is rewritten by the equations that are known.
        """

        def goes_forward(atom: Atom) -> bool:
            return is_slope(atom) and not self.goes_backward(self.ends(atom)[0])

        poly = rewrite(poly)
        while True:
            poly = self.settled_by(poly, goes_forward, rewrite, deep)
            if self.vanishes_by_values(poly, rewrite, deep):
                return True
            opened = rewrite(self.opened(poly, is_slope, deep))
            if opened == poly:
                return False
            poly = opened

    def vanishes_by_values(
        self, poly: Poly, rewrite: Callable[[Poly], Poly], deep: bool = False
    ) -> bool:
        """Whether a polynomial is zero once entries are written out, its derivatives closed."""
        settled = self.settled_by(poly, lambda atom: not is_slope(atom), rewrite, deep)
        return is_zero_in_cases(settled)

    def settled_by(
        self, poly: Poly, kind: Callable[[Atom], bool], rewrite: Callable[[Poly], Poly], deep: bool
    ) -> Poly:
        """Write out all of a kind, until the polynomial is zero or nothing of the kind goes on."""
        while not is_zero(poly):
            opened = rewrite(self.opened(poly, kind, deep))
            if opened == poly:
                break
            poly = opened
        return poly

    def opened(self, poly: Poly, kind: Callable[[Atom], bool], deep: bool) -> Poly:
        """Write out what comes first of a kind, by one step; what most depends on comes first."""
        turns: set[Turn] = set()

        def has_turn(atom: Atom) -> Turn | None:
            return self.turn(atom, deep) if isinstance(atom, Entry) and kind(atom) else None

        def look(atom: Atom) -> bool:
            if turn := has_turn(atom):
                turns.add(turn)
            return False

        holds(poly, look)
        for turn in sorted(turns):
            opened = mapped(poly, lambda atom: has_turn(atom) == turn, self.written_out)  # noqa: B023
            if opened != poly:
                return opened
        return poly

    def turn(self, atom: Entry, deep: bool) -> Turn | None:
        """When an entry is written out, or None if it is not."""
        if is_slope(atom):
            head, by = self.ends(atom)
            if not self.goes_backward(head):
                return 0, -self.ranks.get(head.name, 0), repr(head.name)
            # A symbol without times is used at all of them, and what is of another time waits.
            late = 2 if self.split(by)[0] else 1
            order = late + (not self.is_near(by))
            return order, self.ranks.get(by.name, 0), repr(by.name)
        if atom.name in self.definitions and (deep or self.is_current(atom)):
            return 0, -self.ranks.get(atom.name, 0), repr(atom.name)
        return None

    def written_out(self, atom: Atom) -> Poly | None:
        """Write an entry out by one step, if that can be done."""
        assert isinstance(atom, Entry)
        return self.one_step(*self.ends(atom)) if is_slope(atom) else self.value(atom)

    def is_current(self, leaf: Entry) -> bool:
        """Whether an entry is of the step at hand: its times are letters or numbers."""
        index, _ = self.split(leaf)
        return all(is_plain(time) for time in index)

    def is_near(self, leaf: Entry) -> bool:
        """Whether an entry is of the step at hand, or is where all starts."""
        index, _ = self.split(leaf)
        dated = any(time.is_number for time in index)
        return self.is_current(leaf) and (self.is_leaf(leaf) or not dated)

    # -- What depends on what ------------------------------------------------------------------

    @cached_property
    def causal(self) -> bool:
        """Whether no definition looks ahead, be it by way of what has no time."""
        timed = [one for one in self.definitions.values() if one.index]
        lags = (lag for one in timed for steps in one.mentions.values() for lag in steps)
        looks_back = (not lag or (lag[-1] is not None and lag[-1] >= 0) for lag in lags)
        return all(looks_back) and not any(
            self.gathers(name) for one in timed for name in one.mentions
        )

    def gathers(self, name: object) -> bool:
        """Whether what has no time is computed from what has: from later times too."""
        timed = (other for other, depth in self.depths.items() if depth)
        return not self.depths.get(name) and any(self.reaches(name, other) for other in timed)

    @cached_property
    def ranks(self) -> dict[object, int]:
        """How many definitions of one time stand between each array and its leaves."""
        ranks: dict[object, int] = {}

        def rank(name: object, path: tuple[object, ...] = ()) -> int:
            if name in path:
                raise Unsupported(f"{name} is defined by itself")
            if name not in ranks:
                definition = self.definitions.get(name)
                mentions = definition.mentions if definition else {}
                now = [one for one, lags in mentions.items() if any(map(is_now, lags))]
                ranks[name] = max((1 + rank(one, (*path, name)) for one in now), default=0)
            return ranks[name]

        for name in self.definitions:
            rank(name)
        return ranks

    def reaches(self, name: object, by: object) -> bool:
        """Whether an array is computed from another, by way of any definitions."""
        seen, pending = {name}, [name]
        while pending:
            new = self.sources(pending.pop()) - seen
            seen |= new
            pending += new
        return by in seen

    def sources(self, name: object) -> set[object]:
        """Names that an array is computed from in one step: by a definition, or by what it is."""
        if isinstance(name, tuple) and name[0] in ("d", "inverse"):
            return {name[1]}
        definition = self.definitions.get(name)
        return set(definition.mentions) if definition else set()

    def held(self, leaf: Entry, by: Entry) -> Poly:
        """Derivative of an entry by another, all that is defined held."""
        if isinstance(leaf.name, tuple) and self.reaches(leaf.name, by.name):
            raise Unsupported(f"derivative of {leaf.name[0]}")
        return same_place(leaf, by)

    def returns(self, name: object) -> bool:
        """Whether an array is computed from itself, at other times."""
        return any(self.reaches(source, name) for source in self.sources(name))

    def surely_before(self, leaf: Entry, by: Entry) -> bool:
        """Whether an entry is of an earlier time than another, and time runs one way."""
        times_ = self.split(leaf)[0], self.split(by)[0]
        if not (self.causal and all(times_)) or isinstance(leaf.name, tuple):
            return False
        return context().facts.entails(times_[1][-1] - times_[0][-1] - 1)

    # -- Derivatives ---------------------------------------------------------------------------

    def total(self, poly: Poly, by: Entry) -> Poly:
        """Total derivative of a polynomial by an entry."""
        return derivative(poly, lambda leaf: self.slope(leaf, by))

    def slope(self, head: Entry, by: Entry) -> Poly:
        """Total derivative of an entry, closed unless it is seen at once."""
        decided = self.decided(head, by)
        return of(slope_of(head, by)) if decided is None else decided

    def decided(self, head: Entry, by: Entry) -> Poly | None:
        """Total derivative where no definition needs to be written out.

        By itself it is one, and by another entry of the same time zero; of a leaf it is zero, and
        of what does not depend on the other, or is earlier.
        """
        if head.name == by.name:
            index, other = self.split(head)[0], self.split(by)[0]
            gaps = [i - j for i, j in zip(index, other, strict=True)]
            same_time = all(map(context().facts.equal, gaps))
            if same_time or self.is_leaf(head) or not self.returns(head.name):
                return same_place(head, by)
        elif not self.reaches(head.name, by.name) or self.is_leaf(head):
            return ZERO
        return ZERO if self.surely_before(head, by) else None

    def one_step(self, head: Entry, by: Entry) -> Poly | None:
        """Write a total derivative out by one definition, or None where it stays.

        That of an entry that may be the same as the other stays: by itself it is held.
        """
        decided = self.decided(head, by)
        if decided is not None:
            return decided
        if head.name == by.name:
            pairs = zip(self.split(head)[0], self.split(by)[0], strict=True)
            if not any(context().facts.differ(i - j) for i, j in pairs):
                return None
        return self.backward(head, by) if self.goes_backward(head) else self.forward(head, by)

    def goes_backward(self, head: Entry) -> bool:
        """Whether a derivative is written out from its end: that of a number, if it is wanted."""
        definition = self.definitions.get(head.name)
        return self.reverse and definition is not None and not definition.sizes

    def forward(self, head: Entry, by: Entry) -> Poly | None:
        """From the head on, through its definition."""
        value = self.value(head) if self.is_current(head) or self.is_close(head, by) else None
        return None if value is None else self.total(value, by)

    def is_close(self, head: Entry, by: Entry) -> bool:
        """Whether two entries are a known number of steps apart."""
        pairs = self.split(head)[0], self.split(by)[0]
        return all(pairs) and all((i - j).is_number for i, j in zip(*pairs, strict=False))

    def backward(self, head: Entry, by: Entry) -> Poly | None:
        """From what it is differentiated by, over all that is computed from that in one step."""
        children = [one for one in self.definitions.values() if by.name in one.mentions]
        at_once = all(is_now(lag) for child in children for lag in child.mentions[by.name])
        if not (at_once or self.is_near(by)):
            return None
        paths = plus(*(self.through(child, head, by) for child in children))
        return mapped(paths, is_slope, self.settled)

    def through(self, child: Definition, head: Entry, by: Entry) -> Poly:
        """Part of a derivative that goes through one definition, at all its times and places."""

        def at(values: dict[str, Affine], ranges: Ranges) -> Poly:
            if ranges:
                (letter, low, high), *rest = ranges
                bounds = low.put(values), high.put(values)
                return summed(*bounds, lambda i: at({**values, letter: i}, tuple(rest)))
            return places(values, child.sizes)

        def places(values: dict[str, Affine], sizes: tuple[Affine, ...], *at: Affine) -> Poly:
            if sizes:
                return summed(affine(1), sizes[0], lambda i: places(values, sizes[1:], *at, i))
            inside = derivative(child.value(values, at), lambda leaf: self.held(leaf, by))
            index = [pattern.put(values) for pattern in child.index]
            return times(of(slope_of(head, Entry(child.name, (*index, *at)))), inside)

        return at({}, child.ranges)

    def settled(self, atom: Atom) -> Poly | None:
        """Decide a derivative by a child, once it is known at which times the child counts."""
        return self.decided(*self.ends(atom))

    def ends(self, atom: Atom) -> tuple[Entry, Entry]:
        """Return what is differentiated in a total derivative, and by what."""
        assert isinstance(atom, Entry)
        assert isinstance(atom.name, tuple)
        _, head, by, places = atom.name
        return Entry(head, atom.at[:places]), Entry(by, atom.at[places:])

    def immediate(self, head: Entry, by: Entry) -> Poly:
        """Derivative of one step: what is computed at its time, with all before it held."""
        value = self.value(head)
        if value is None:
            raise Unsupported("immediate derivative of what is not defined")
        time = self.split(head)[0][-1]

        def through(leaf: Entry) -> Poly:
            times_, _ = self.split(leaf)
            earlier = bool(times_) and context().facts.entails(time - times_[-1] - 1)
            if earlier or self.is_leaf(leaf):
                return self.held(leaf, by)
            if leaf.name == by.name:
                gaps = [i - j for i, j in zip(times_, self.split(by)[0], strict=True)]
                if all(map(context().facts.equal, gaps)):
                    return same_place(leaf, by)
                if not any(map(context().facts.differ, gaps)):
                    raise Unsupported("immediate derivative by what may be another")
            current = not times_ or context().facts.equal(time - times_[-1])
            inner = self.value(leaf) if current else None
            if inner is None:
                raise Unsupported("immediate derivative through what may be earlier")
            return derivative(inner, through)

        return derivative(value, through)


def is_now(lag: tuple[int | None, ...]) -> bool:
    """Whether what is mentioned is of the same time, and of the same layer."""
    return not any(lag) and None not in lag


def slope_of(head: Entry, by: Entry) -> Entry:
    """Total derivative of one entry by another, as an entry of its own."""
    return Entry(("d", head.name, by.name, len(head.at)), (*head.at, *by.at))


def is_slope(atom: Atom) -> bool:
    """Whether an atom is a total derivative that is closed."""
    return isinstance(atom, Entry) and isinstance(atom.name, tuple) and atom.name[0] == "d"


def is_plain(time: Affine) -> bool:
    """Whether a time is a letter or a number."""
    return time.is_number or (not time.constant and [n for _, n in time.parts] == [1])
