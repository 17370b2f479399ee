"""Derivatives through definitions against a recurrence that is run, and run again beside itself.

The recurrence is computed step by step on plain numbers.  One number is moved along the imaginary
axis, which gives a derivative without a rule.  The core writes its derivative out, one definition
after the other, and each time the value must be the same: of what is still closed, it is again
that of the recurrence.
"""

from __future__ import annotations

import pytest
from brute_force import Draw, wave

from rnnnotes.core.graph import Definition, Graph, is_slope
from rnnnotes.core.integers import Facts, Unsupported, affine
from rnnnotes.core.normal import (
    Budget,
    Context,
    apply,
    assuming,
    entry,
    holds,
    known,
    plus,
    scalar,
    summed,
    times,
    within,
)
from rnnnotes.core.terms import Entry

SIZE, STEPS = 2, 4
n, t, p, q, last = map(affine, "ntpqT")
RANGE = (("t", affine(1), last),)
DEPTHS = {"x": 1, "h": 1, "a": 1, "s": 1, "y": 1}
POINT = {"n": SIZE, "t": 3, "p": 2, "q": 1, "k": 2, "T": STEPS}


def define(name, index, sizes, value, **mentions):
    """Definition at each time of the recurrence, or of what has no time.

    Between two symbols that have times, the steps back are given; else there are none.
    """
    timed = DEPTHS if index else {}
    lags = {one: frozenset((lag,) if one in timed else () for lag in back)
            for one, back in mentions.items()}  # fmt: skip
    return Definition(name, index, RANGE if index else (), sizes, value, lags)


def pre_activation(letters, place):
    """Two steps back and one, by weights that all steps share."""
    now, (i,) = letters["t"], place
    return plus(
        entry("x", now, i),
        summed(affine(1), n, lambda j: plus(
            times(entry("W", i, j), entry("h", now - 1, j)),
            times(entry("V", i, j), entry("h", now - 2, j)),
        )),
    )  # fmt: skip


def over_steps(body):
    """Sum over all steps."""
    return summed(affine(1), last, body)


def weighed(now):
    """State of a step, weighed by numbers."""
    return summed(affine(1), n, lambda i: times(entry("v", i), entry("h", now, i)))


DEFINITIONS = [
    define("a", (t,), (n,), pre_activation, x={0}, h={1, 2}, W={0}, V={0}),
    define("h", (t,), (n,), lambda letters, place: apply(
        "f", (), [scalar(entry("a", letters["t"], *place))]), a={0}),
    define("s", (t,), (), lambda letters, place: times(
        weighed(letters["t"]), weighed(letters["t"])), h={0}, v={0}),
    define("L", (), (), lambda letters, place: over_steps(
        lambda i: plus(entry("s", i), weighed(i))), s={0}, h={0}, v={0}),
    define("mean", (), (n,), lambda letters, place: over_steps(
        lambda i: entry("x", i, *place)), x={0}),
    define("y", (t,), (n,), lambda letters, place: times(
        entry("x", letters["t"], *place), entry("mean", *place)), x={0}, mean={0}),
]  # fmt: skip


def run(moved=(), held=()):
    """Compute the recurrence; `moved` is moved along the imaginary axis, `held` stays as it was."""
    draw = Draw(POINT)
    usual = dict(held)

    def put(name, at, value):
        value = usual.get((name, at), value)  # what is moved itself moves all the same
        draw.entries[name, at] = value + 1e-30j * ((name, at) in moved)

    axis = range(1, SIZE + 1)
    for name, first in (("x", 1), ("h", -1)):
        for now in range(first, STEPS + 1 if name == "x" else 1):
            for i in axis:
                put(name, (now, i), draw.entry(name, (now, i)))
    for name in ("W", "V"):
        for i in axis:
            for j in axis:
                put(name, (i, j), draw.entry(name, (i, j)))
    for i in axis:
        put("v", (i,), draw.entry("v", (i,)))
    e = draw.entry
    for now in range(1, STEPS + 1):
        for i in axis:
            put("a", (now, i), e("x", (now, i)) + sum(
                e("W", (i, j)) * e("h", (now - 1, j)) + e("V", (i, j)) * e("h", (now - 2, j))
                for j in axis
            ))  # fmt: skip
        for i in axis:
            put("h", (now, i), wave("f", (), [{(): e("a", (now, i))}]))
        weighed = sum(e("v", (i,)) * e("h", (now, i)) for i in axis)
        put("s", (now,), weighed**2)
    put("L", (), sum(
        e("s", (now,)) + sum(e("v", (i,)) * e("h", (now, i)) for i in axis)
        for now in range(1, STEPS + 1)
    ))  # fmt: skip
    for i in axis:
        put("mean", (i,), sum(e("x", (now, i)) for now in range(1, STEPS + 1)))
        for now in range(1, STEPS + 1):
            put("y", (now, i), e("x", (now, i)) * e("mean", (i,)))
    return draw


def moved_by(head, by, held=()):
    """Derivative of an entry along the imaginary axis, both given by their names and places."""
    keep = {key: value for key, value in run().entries.items() if held and held(*key)}
    return run({by}, keep).entries.get(head, 0j).imag / 1e-30


class Recurrence(Draw):
    """What was computed, and its derivatives where they stand closed."""

    def __init__(self):
        super().__init__(POINT, entries=run().entries)

    def at(self, letters):
        """Same numbers, with other letters besides."""
        new = Recurrence.__new__(Recurrence)
        Draw.__init__(new, {**self.letters, **letters})
        new.entries = self.entries
        return new

    def entry(self, name, at):
        """Entry that was computed; a closed derivative is taken anew."""
        if isinstance(name, tuple) and (name, at) not in self.entries:
            _, head, by, places = name
            self.entries[name, at] = moved_by((head, at[:places]), (by, at[places:]))
        return super().entry(name, at)


def steps(poly, graph, most=6):
    """Yield a derivative as it is written out, one definition after the other."""
    yield poly
    for _ in range(most):
        opened = graph.opened(poly, is_slope, False)  # noqa: FBT003 -- entries stay as they are
        if opened == poly:
            return
        poly = opened
        yield poly


def closed(poly):
    """Derivatives that are left."""
    found = []
    holds(poly, lambda atom: found.append(atom) if is_slope(atom) else False)
    return found


def named(leaf):
    """Name and place of an entry at the point."""
    return leaf.name, Draw(POINT).places(leaf.at)


@pytest.fixture(autouse=True)
def context():
    """Two places within the size, and a time that is neither of the first two."""
    facts = [
        n - 1,
        last - 3,
        *within(p, affine(1), n),
        *within(q, affine(1), n),
        *within(t, affine(3), last),
    ]
    with known(Context(Facts(facts), budget=Budget(1_000_000))) as what:
        yield what


CASES = {
    "loss by shared weights": (Entry("L"), Entry("W", (p, q))),
    "loss by the weights of two steps back": (Entry("L"), Entry("V", (q, p))),
    "loss by an input": (Entry("L"), Entry("x", (affine(2), p))),
    "loss by the last input": (Entry("L"), Entry("x", (last, p))),
    "loss by a state": (Entry("L"), Entry("h", (t, p))),
    "loss by a start": (Entry("L"), Entry("h", (affine(0), p))),
    "loss by an earlier start": (Entry("L"), Entry("h", (affine(-1), p))),
    "loss by a pre-activation": (Entry("L"), Entry("a", (t, q))),
    "loss by what weighs": (Entry("L"), Entry("v", (p,))),
    "number of a step by weights": (Entry("s", (affine(3),)), Entry("W", (p, q))),
    "number of a step by an input": (Entry("s", (affine(3),)), Entry("x", (affine(1), p))),
    "number of a step by a later input": (Entry("s", (affine(2),)), Entry("x", (affine(3), p))),
    "state by a state": (Entry("h", (last, p)), Entry("h", (affine(1), q))),
    "state by itself": (Entry("h", (affine(2), p)), Entry("h", (affine(2), p))),
    "state by its neighbour": (Entry("h", (affine(2), p)), Entry("h", (affine(2), q))),
    "state by a later one": (Entry("h", (affine(2), p)), Entry("h", (affine(3), q))),
    "state by weights": (Entry("h", (affine(3), p)), Entry("W", (q, p))),
    "state by a start": (Entry("h", (affine(3), p)), Entry("h", (affine(0), q))),
    "state two steps back": (Entry("h", (t, p)), Entry("h", (t - 2, q))),
    "state one step back": (Entry("h", (t, p)), Entry("h", (t - 1, q))),
    "pre-activation by a state": (Entry("a", (t, p)), Entry("h", (t - 2, q))),
    "by way of a mean": (Entry("y", (affine(1), p)), Entry("x", (affine(3), p))),
    "by way of a mean at its own time": (Entry("y", (affine(2), p)), Entry("x", (affine(2), p))),
    "mean by an input": (Entry("mean", (p,)), Entry("x", (affine(3), p))),
}


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_a_total_derivative_is_that_of_the_recurrence(name, reverse):
    """Over all paths, with what it is taken by held; forward as well as backward."""
    head, by = CASES[name]
    graph = Graph(DEFINITIONS, DEPTHS, reverse)
    expected = moved_by(named(head), named(by))

    for poly in steps(graph.slope(head, by), graph):
        assert Recurrence().value(poly) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_some_derivatives_are_written_out_to_the_end():
    """And others are at least begun: the test above compares more than closed derivatives."""
    for name, (head, by) in CASES.items():
        for reverse in (True, False):
            graph = Graph(DEFINITIONS, DEPTHS, reverse)
            *earlier, out = steps(graph.slope(head, by), graph)

            assert earlier or not closed(out), name
    causal = Graph(DEFINITIONS[:4], DEPTHS)
    *_, out = steps(causal.slope(*CASES["state two steps back"]), causal)
    assert out.terms
    assert not closed(out)


def test_the_cases_are_no_zeros():
    """But for what is later, and the places beside the diagonal."""
    zeros = [name for name, (head, by) in CASES.items() if not moved_by(named(head), named(by))]

    assert zeros == [
        "number of a step by a later input", "state by its neighbour", "state by a later one"
    ]  # fmt: skip


IMMEDIATE = {
    "by weights": (Entry("h", (affine(3), p)), Entry("W", (p, q))),
    "by an input": (Entry("h", (affine(3), p)), Entry("x", (affine(3), p))),
    "by an earlier input": (Entry("h", (affine(3), p)), Entry("x", (affine(2), p))),
    "by the state before": (Entry("h", (affine(3), p)), Entry("h", (affine(2), q))),
    "by the state before that": (Entry("h", (t, p)), Entry("h", (t - 2, q))),
    "by the pre-activation": (Entry("h", (affine(3), p)), Entry("a", (affine(3), p))),
    "by an earlier pre-activation": (Entry("h", (affine(3), p)), Entry("a", (affine(2), p))),
    "of a number": (Entry("s", (affine(3),)), Entry("h", (affine(3), p))),
    "of a number by weights": (Entry("s", (affine(3),)), Entry("W", (p, q))),
    "by way of a mean": (Entry("y", (affine(1), p)), Entry("x", (affine(3), p))),
}


@pytest.mark.parametrize("name", IMMEDIATE)
def test_an_immediate_derivative_holds_every_earlier_step(name):
    """All states before the time of the head stay as they were computed."""
    head, by = IMMEDIATE[name]
    now = named(head)[1][0]
    poly = Graph(DEFINITIONS, DEPTHS).immediate(head, by)

    def earlier(one, at):
        return one in {"a", "h", "s"} and at[0] < now

    assert run().value(poly) == pytest.approx(
        moved_by(named(head), named(by), earlier), rel=1e-9, abs=1e-12
    )


def test_a_derivative_by_what_may_be_the_same_stays():
    """Of the state at one time by that at another: by itself it is one."""
    graph = Graph(DEFINITIONS, DEPTHS)
    with assuming(*within(affine("k"), affine(1), last)):
        at_k = Entry("h", (affine("k"), q))

        assert [*steps(graph.slope(Entry("h", (t, p)), at_k), graph)] == [
            graph.slope(Entry("h", (t, p)), at_k)
        ]
        with pytest.raises(Unsupported):
            graph.immediate(Entry("h", (t, p)), Entry("a", (affine("k"), q)))


def test_a_circle_of_one_time_is_refused():
    """What is defined by itself has no derivative."""
    circle = [
        define("a", (t,), (), lambda letters, place: entry("h", letters["t"]), h={0}),
        define("h", (t,), (), lambda letters, place: entry("a", letters["t"]), a={0}),
    ]
    graph = Graph(circle, {"a": 1, "h": 1})

    with pytest.raises(Unsupported):
        graph.vanishes(graph.slope(Entry("h", (t,)), Entry("a", (t - 1,))))
