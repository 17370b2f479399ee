"""Terms that Hypothesis thinks of, brought to their normal form and worked out as they were built.

A tree says how a term is built.  It is built through the public functions of the core, and worked
out by plain loops over plain numbers, which know nothing of masks, bound letters and rules.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import count, permutations

import numpy as np
from brute_force import KNOWN, Draw, rank_of, wave
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as some

from rnnnotes.core import normal
from rnnnotes.core.derivatives import partial
from rnnnotes.core.integers import Affine, Facts, Unsupported, affine
from rnnnotes.core.normal import (
    ONE,
    Budget,
    Context,
    apply,
    array,
    assuming,
    delta,
    entry,
    integer,
    is_zero,
    known,
    mask,
    minus,
    number,
    over,
    plus,
    power,
    product_of,
    product_over,
    put,
    scalar,
    scaled,
    summed,
    times,
    within,
)
from rnnnotes.core.terms import Entry

n, m, t, k, p, q = map(affine, "nmtkpq")
FACTS = Facts([n - 1, m - 1, k, t - k, *within(p, affine(1), n), *within(q, affine(1), n)])


def facts():
    """Two sizes, two times in order, and two places of the first size; nothing is spent yet."""
    return known(Context(FACTS, frozenset({"pos"}), Budget()))


POINTS = [
    dict(zip("nmtkpq", values, strict=True))
    for values in [(1, 1, 0, 0, 1, 1), (2, 1, 3, 1, 2, 2), (3, 2, 2, 2, 1, 3), (2, 3, 3, 0, 2, 1)]
]

fuzzed = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much,
                           HealthCheck.data_too_large],
)  # fmt: skip

few = settings(fuzzed, max_examples=40)

# -- Trees -----------------------------------------------------------------------------------------

NAMES = {"a": 1, "b": 1, "pos": 1, "c": 2}
"""Arrays, and how many axes they have."""


@some.composite
def places(draw, scope):
    """Expression in one or two of the letters in scope."""
    one, other = (affine(draw(some.sampled_from(scope))) for _ in range(2))
    shift = draw(some.integers(-1, 1))
    return draw(some.sampled_from([one, one, one, one + shift, one - other + 1, affine(1)]))


@some.composite
def bounds(draw, scope):
    """First and last value of an index, which may depend on those outside it."""
    outer = affine(draw(some.sampled_from(scope)))
    one = affine(1)
    return draw(some.sampled_from([
        (one, n), (one, n), (one, m), (k, t), (k + 1, t), (one, outer), (outer, n), (outer + 1, t),
        (affine(2), n), (one, n - 1), (one, t - 1), (t, k), (outer, outer + 1), (affine(3), one),
    ]))  # fmt: skip


@some.composite
def leaves(draw, scope):
    """Term that is not made of others."""
    kind = draw(some.sampled_from(["entry"] * 4 + ["integer", "delta", "mask", "number"]))
    if kind == "entry":
        name = draw(some.sampled_from([*NAMES]))
        return kind, name, *(draw(places(scope)) for _ in range(NAMES[name]))
    if kind == "number":
        return kind, draw(some.sampled_from([2, -1, 0, Fraction(1, 2), -3]))
    if kind == "integer":
        return kind, draw(places(scope))
    return kind, draw(places(scope)) - draw(places(scope))


@some.composite
def trees(draw, scope=("n", "m", "t", "k", "p", "q"), depth=3):
    """How a term is built, from the letters in scope."""
    if not depth:
        return draw(leaves(scope))

    def part(*letters):
        return draw(trees((*letters, *scope), depth - 1))

    letter = f"i{depth}"
    kind = draw(some.sampled_from(KINDS))
    match kind:
        case "plus" | "times":
            return kind, part(), part()
        case "scaled":
            return kind, draw(some.sampled_from([-1, 2, Fraction(1, 3)])), part()
        case "sum" | "product" | "diagonal":
            return kind, letter, *draw(bounds(scope)), part(letter)
        case "over" | "square" | "tanh" | "sigmoid" | "exp" | "abs" | "f" | "f'" | "log exp":
            return kind, part()
        case "log" | "root":
            return kind, draw(places(scope)), part()
        case "power":
            return kind, part(), draw(some.sampled_from([t, t + 1, t - k, k + 2, n - 1, 2 * k]))
        case "share":
            return kind, draw(some.sampled_from([n, m]))
        case "F" | "F'":
            return kind, letter, draw(places(scope)), *draw(bounds(scope)), part(letter)
        case "ranked":
            rank = draw(some.sampled_from([affine(1), affine(2), p, n, n + 1 - q]))
            return kind, letter, rank, draw(places(scope)), *draw(bounds(scope)), part(letter)
        case "chain":
            return (
                kind,
                (letter, f"{letter}r", f"{letter}c"),
                *draw(bounds(scope)),
                part(letter, f"{letter}r", f"{letter}c"),
                draw(some.sampled_from([p, q, affine(1)])),
            )
    return draw(leaves(scope))


KINDS = [
    *(["sum"] * 8 + ["times"] * 6 + ["plus"] * 4 + ["leaf"] * 3),
    *(
        "scaled",
        "product",
        "diagonal",
        "over",
        "square",
        "tanh",
        "sigmoid",
        "exp",
        "abs",
        "f",
        "f'",
    ),
    *("log exp", "log", "root", "power", "share", "F", "F'", "chain"),
    *["ranked"] * 3,
]


def build(tree, env):
    """Term that the core makes of a tree; `env` holds what its letters are."""
    kind, *rest = tree

    def at(place):
        return place.put(env)

    def inside(part, **letters):
        return build(part, {**env, **letters})

    def function(name, *parts, slots=()):
        return apply(name, (), [scalar(inside(part)) for part in parts], slots)

    match kind:
        case "entry":
            return entry(rest[0], *map(at, rest[1:]))
        case "number":
            return number(rest[0])
        case "integer":
            return integer(at(rest[0]))
        case "delta":
            return delta(at(rest[0]))
        case "mask":
            return mask(at(rest[0]))
        case "plus":
            return plus(*map(inside, rest))
        case "times":
            return times(*map(inside, rest))
        case "scaled":
            return scaled(rest[0], inside(rest[1]))
        case "sum":
            letter, low, high, body = rest
            return summed(at(low), at(high), lambda i: inside(body, **{letter: i}))
        case "product":
            letter, low, high, body = rest
            return product_over(at(low), at(high), lambda i: inside(body, **{letter: i}))
        case "diagonal":
            letter, low, high, body = rest
            ranges = [(at(low), at(high)), (affine(1), n), (affine(1), n)]
            return product_of(array(ranges, lambda j, r, c: times(
                delta(r - c), inside(body, **{letter: j}), entry("a", r))), (p, q))  # fmt: skip
        case "over":
            part = inside(rest[0])
            return over(part, plus(ONE, times(part, part)))
        case "square":
            part = inside(rest[0])
            return times(part, part)
        case "tanh" | "sigmoid" | "exp" | "abs":
            return function(kind, rest[0])
        case "f":
            return function("f", rest[0])
        case "f'":
            return function("f", rest[0], slots=((0, ()),))
        case "log exp":
            part = times(function("exp", rest[0]), entry("pos", p), entry("pos", p))
            return apply("log", (), [scalar(part)])
        case "log":
            place, part = rest
            base = plus(ONE, times(inside(part), inside(part)))
            return apply("log", (), [scalar(times(base, entry("pos", at(place))))])
        case "root":
            place, part = rest
            base = plus(entry("pos", at(place)), times(inside(part), inside(part)))
            return power(base, number(Fraction(3, 2)))
        case "power":
            return power(inside(rest[0]), integer(rest[1]))
        case "share":
            whole = summed(affine(1), rest[0], lambda j: entry("pos", j))
            return summed(affine(1), rest[0], lambda i: over(
                times(entry("pos", i), entry("b", i)), whole))  # fmt: skip
        case "F" | "F'":
            letter, place, low, high, body = rest
            argument = array([(at(low), at(high))], lambda i: inside(body, **{letter: i}))
            slots = ((0, (at(low),)),) if kind == "F'" else ()
            return apply("F", (at(place),), [argument], slots)
        case "ranked":
            letter, rank, place, low, high, body = rest
            return ranked(at(rank), at(place), (at(low), at(high)), lambda i: inside(
                body, **{letter: i}))  # fmt: skip
        case "chain":
            letters, low, high, body, column = rest
            ranges = [(at(low), at(high)), (affine(1), n), (affine(1), n)]
            return product_of(array(ranges, lambda *three: inside(
                body, **dict(zip(letters, three, strict=True)))), (p, column))  # fmt: skip
    raise TypeError(kind)


def ranked(rank, place, bounds, body):
    """Whether a place has a rank, and is one of those that there are."""
    here = within(place, *bounds)
    with assuming(*here):
        one = normal.ranked(rank, place, array([bounds], body))
    return times(one, *map(mask, here))


class Plain:
    """Plain value of a tree, and how large what it is made of becomes."""

    def __init__(self, draw):
        self.draw = draw
        self.peak = 1.0

    def value(self, tree, env):
        """Value of a tree, its letters being plain numbers."""
        result = self.worked_out(tree, env)
        self.peak = max(self.peak, abs(result))
        return result

    def worked_out(self, tree, env):
        """Value of a tree by the kind of its root."""
        kind, *rest = tree

        def at(place: Affine):
            return place.constant + sum(number * env[name] for name, number in place.parts)

        def inside(part, **letters):
            return self.value(part, {**env, **letters})

        def steps(low, high):
            return range(at(low), at(high) + 1)

        entry = self.draw.entry
        match kind:
            case "entry":
                return complex(entry(rest[0], tuple(map(at, rest[1:]))))
            case "number":
                return complex(rest[0])
            case "integer":
                return complex(at(rest[0]))
            case "delta":
                return complex(at(rest[0]) == 0)
            case "mask":
                return complex(at(rest[0]) >= 0)
            case "plus":
                return inside(rest[0]) + inside(rest[1])
            case "times":
                return inside(rest[0]) * inside(rest[1])
            case "scaled":
                return complex(rest[0]) * inside(rest[1])
            case "sum":
                letter, low, high, body = rest
                return sum((inside(body, **{letter: i}) for i in steps(low, high)), complex(0))
            case "product":
                letter, low, high, body = rest
                return math.prod(inside(body, **{letter: i}) for i in steps(low, high))
            case "diagonal":
                letter, low, high, body = rest
                return (env["p"] == env["q"]) * math.prod(
                    inside(body, **{letter: j}) * entry("a", (env["p"],)) for j in steps(low, high)
                )
            case "over":
                part = inside(rest[0])
                return part / (1 + part**2)
            case "square":
                return inside(rest[0]) ** 2
            case "tanh" | "sigmoid" | "exp" | "abs":
                return complex(KNOWN[kind](inside(rest[0])))
            case "f" | "f'":
                slots = [(0, ())] if kind == "f'" else []
                return wave("f", (), [{(): inside(rest[0])}], slots)
            case "log exp":
                return inside(rest[0]) + 2 * np.log(entry("pos", (env["p"],)))
            case "log":
                return np.log(1 + inside(rest[1]) ** 2) + np.log(entry("pos", (at(rest[0]),)))
            case "root":
                return (entry("pos", (at(rest[0]),)) + inside(rest[1]) ** 2) ** 1.5
            case "power":
                return inside(rest[0]) ** at(rest[1])
            case "share":
                axis = steps(affine(1), rest[0])
                shares = [entry("pos", (i,)) for i in axis]
                return np.dot(shares, [entry("b", (i,)) for i in axis]) / sum(shares)
            case "F" | "F'":
                letter, place, low, high, body = rest
                argument = {(i,): inside(body, **{letter: i}) for i in steps(low, high)}
                slots = [(0, (at(low),))] if kind == "F'" else []
                return wave("F", (at(place),), [argument], slots)
            case "ranked":
                letter, rank, place, low, high, body = rest
                values = {i: inside(body, **{letter: i}) for i in steps(low, high)}
                return complex(at(place) in values and rank_of(at(place), values) == at(rank))
            case "chain":
                letters, low, high, body, column = rest
                axis = range(1, env["n"] + 1)
                result = np.eye(len(axis), dtype=complex)
                for j in steps(low, high):
                    result = np.array([[inside(body, **dict(zip(letters, (j, r, c), strict=True)))
                                        for c in axis] for r in axis]) @ result  # fmt: skip
                return complex(result[env["p"] - 1, at(column) - 1])
        raise TypeError(kind)


def built(tree, start):
    """Term of a tree, with letters counted from a start; trees without a rule are left out."""
    normal._FRESH = count(start)
    try:
        return build(tree, {})
    except Unsupported:
        reject()


def compare(poly, tree, points, seed=0):
    """Compare a term with the plain value of a tree, at some points."""
    for at, point in enumerate(points):
        draw = Draw(point, (seed, at), {"pos"})
        plain = Plain(draw)
        expected = plain.value(tree, point)
        if not np.isfinite(expected) or plain.peak > 1e4:
            continue
        value = draw.value(poly)

        assert abs(value - expected) <= 1e-8 * plain.peak**2, (point, value, expected, poly)


STARTS = some.sampled_from([0, 5, 8, 95, 97])


@fuzzed
@given(trees(), STARTS)
def test_the_normal_form_has_the_value_of_what_was_built(tree, start):
    """Whatever rules it went through, and however the letters compare as text."""
    with facts():
        compare(built(tree, start), tree, POINTS)


@fuzzed
@given(trees(), STARTS, some.sampled_from([
    {"p": q, "q": p}, {"p": affine(1)}, {"q": n}, {"k": t}, {"k": affine(0)}, {"t": t + 1},
    {"t": t + p}, {"p": q}, {"m": n}, {"n": n + m}, {"p": affine("#6")}, {"k": affine("#9")},
]))  # fmt: skip
def test_what_is_put_for_letters_is_the_value_there(tree, start, values):
    """At points that fulfil what the term was made under, before and after."""
    points = [{**point, "#6": 1, "#9": 0} for point in POINTS]
    with facts():
        poly = built(tree, start)
        try:
            moved = put(poly, values)
        except Unsupported:
            reject()
        for point in points:
            there = {**point, **{name: Draw(point).whole(v) for name, v in values.items()}}
            draw = Draw(point, 1, {"pos"})
            plain = Plain(draw)
            expected = plain.value(tree, there)
            if np.isfinite(expected) and plain.peak < 1e4:
                assert abs(draw.value(moved) - expected) <= 1e-8 * plain.peak**2


@fuzzed
@given(trees(), STARTS, places(("p", "q", "t", "k")))
def test_a_derivative_is_that_of_what_was_built(tree, start, place):
    """Along the imaginary axis, by an entry of a vector at a place that may be another."""
    with facts():
        poly = built(tree, start)
        try:
            slope = partial(poly, Entry("a", (place,)))
        except Unsupported:
            reject()
        for point in POINTS:
            draw = Draw(point, 2, {"pos"})
            here = "a", (draw.whole(place),)
            entries = {here: draw.entry(*here) + 1e-30j}
            plain = Plain(Draw(point, 2, {"pos"}, entries))
            expected = plain.value(tree, point).imag / 1e-30
            if np.isfinite(expected) and plain.peak < 1e3 and abs(expected) < 1e5:
                scale = max(plain.peak**2, abs(expected))
                assert abs(draw.value(slope) - expected) <= 1e-8 * scale


# -- Two ways to build one thing -------------------------------------------------------------------


@some.composite
def tangles(draw):
    """Entries of arrays whose places are three letters, and the size of each letter's range."""
    letters = some.sampled_from("xyz")
    factors = draw(some.lists(
        some.tuples(some.sampled_from("abc"), letters, letters), min_size=1, max_size=4
    ))  # fmt: skip
    sizes = {letter: draw(some.sampled_from([n, m])) for letter in "xyz"}
    return factors, sizes


@few
@given(
    tangles(),
    some.permutations("xyz"),
    some.tuples(*[some.integers(-2, 2)] * 3),
    some.randoms(use_true_random=False),
    STARTS,
)
def test_one_sum_that_is_built_in_two_ways_is_one(tangle, order, shifts, random, start):
    """Its letters in another order and counted from elsewhere, its factors mixed."""
    factors, sizes = tangle
    mixed = random.sample(factors, len(factors))

    def nest(order, shifts, factors, env=()):
        if not order:
            values = dict(env)
            return times(*(entry(name, values[i], values[j]) for name, i, j in factors))
        (letter, *rest), (shift, *others) = order, shifts
        return summed(
            1 + affine(shift), sizes[letter] + shift,
            lambda i: nest(rest, others, factors, (*env, (letter, i - shift))),
        )  # fmt: skip

    with facts():
        normal._FRESH = count(start)
        one = nest("xyz", (0, 0, 0), factors)
        two = nest(order, shifts, mixed)

        assert one == two


@few
@given(tangles(), tangles())
def test_sums_with_one_key_have_one_value(left, right):
    """Two tangles are one only if they are at every draw."""

    def tie(tangle):
        factors, sizes = tangle
        return summed(affine(1), sizes["x"], lambda x: summed(affine(1), sizes["y"], lambda y: (
            summed(affine(1), sizes["z"], lambda z: times(*(
                entry(name, {"x": x, "y": y, "z": z}[i], {"x": x, "y": y, "z": z}[j])
                for name, i, j in factors))))))  # fmt: skip

    def alike(tangle):
        """All ways to name the letters, within their sizes."""
        factors, sizes = tangle
        return {
            (tuple(sorted((name, new[i], new[j]) for name, i, j in factors)),
             tuple(sorted((new[one], size.key) for one, size in sizes.items())))
            for order in permutations("xyz") for new in [dict(zip("xyz", order, strict=True))]
        }  # fmt: skip

    with facts():
        same = tie(left) == tie(right)
        values = [
            [Draw(point, 3).value(tie(one)) for point in POINTS[1:3]] for one in (left, right)
        ]

    if same:
        assert np.allclose(*values)
    if alike(left) & alike(right):
        assert same


@fuzzed
@given(trees(depth=2), trees(depth=2))
def test_equal_terms_have_equal_values(left, right):
    """If a difference is zero once denominators are gone, so is its value."""
    with facts():
        one, two = built(left, 0), built(right, 50)
        if is_zero(minus(one, two)):
            compare(one, right, POINTS)
            compare(two, left, POINTS)
