"""Each rule of the core against values worked out by definition, and at the edge of its condition.

A rule is right if it changes no value, at any sizes, times and entries that fulfil the facts.  So
every test brings something to its normal form and compares what comes out with the value of what
was put in.  Where a rule has a side condition, a case just outside it is tried as well.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import count, product

import numpy as np
import pytest
from brute_force import KNOWN, Draw, rank_of, wave
from hypothesis import given, settings
from hypothesis import strategies as some

from rnnnotes.core import normal
from rnnnotes.core.derivatives import partial
from rnnnotes.core.equations import Equation, peeled, used
from rnnnotes.core.inequalities import (
    Order,
    chosen,
    geometric,
    largest,
    none_above,
    place_of,
    ranked,
)
from rnnnotes.core.integers import Affine, Facts, Unsupported, affine, contradictory
from rnnnotes.core.integers import product as product_of_whole
from rnnnotes.core.normal import (
    ONE,
    ZERO,
    Context,
    apply,
    array,
    assuming,
    delta,
    entry,
    holds,
    integer,
    is_zero,
    is_zero_in_cases,
    known,
    mapped,
    mask,
    minus,
    nought,
    number,
    of,
    over,
    plus,
    power,
    product_of,
    product_over,
    put,
    scalar,
    scaled,
    step,
    summed,
    times,
    unsigned,
    within,
)
from rnnnotes.core.terms import Apply, Delta, Entry, Group, Mask, Power, Product

n, m, t, k, p, q = map(affine, "nmtkpq")
FACTS = (n - 1, m - 1, k, t - k, *within(p, affine(1), n), *within(q, affine(1), n))
"""Two sizes, two times in order, and two places of the first size."""

POINTS = [
    dict(zip("nmtkpq", values, strict=True))
    for values in [(1, 1, 0, 0, 1, 1), (2, 1, 3, 1, 2, 2), (3, 2, 2, 2, 1, 3), (2, 3, 4, 0, 2, 1)]
]
"""Values of the letters that fulfil the facts, also at their edges."""

positive = frozenset({"pos"})


@pytest.fixture(autouse=True)
def context(monkeypatch):
    """What is known, and letters that are the same whichever tests ran before."""
    monkeypatch.setattr(normal, "_FRESH", count())
    with known(Context(Facts(FACTS), positive)) as what:
        yield what


def draws(**more):
    """Draws at all points, with values for letters besides."""
    return [Draw({**point, **more}, seed, positive) for seed, point in enumerate(POINTS)]


def close(value, expected):
    """Whether two numbers agree but for rounding."""
    return abs(value - expected) <= 1e-9 * max(1, abs(value), abs(expected))


def agrees(poly, expected):
    """Whether a normal form has the value that is expected, at every draw."""
    return all(close(draw.value(poly), expected(draw)) for draw in draws())


def a(*at):
    """Entry of an array."""
    return entry("a", *at)


def b(*at):
    """Entry of another array."""
    return entry("b", *at)


def atom_of(poly):
    """Atom that a polynomial is."""
    (((atom, _),),) = poly.terms
    return atom


# -- Whole numbers ---------------------------------------------------------------------------------

LETTERS = "xyz"
EXPRESSIONS = some.builds(
    lambda numbers, constant: Affine(dict(zip(LETTERS, numbers, strict=True)), constant),
    some.tuples(*[some.integers(-3, 3)] * 3),
    some.integers(-5, 5),
)
GRID = [dict(zip(LETTERS, values, strict=True)) for values in product(range(-6, 7), repeat=3)]


def whole(expr, point):
    """Value of an expression at a point."""
    return expr.constant + sum(number * point[name] for name, number in expr.parts)


@settings(max_examples=300, deadline=None)
@given(some.lists(EXPRESSIONS, max_size=5), EXPRESSIONS)
def test_what_facts_entail_holds_wherever_they_do(facts, expr):
    """All whole numbers near zero are tried: one that breaks what is entailed would be found."""
    fulfilled = [point for point in GRID if all(whole(fact, point) >= 0 for fact in facts)]
    here = Facts(facts)

    if here.entails(expr):
        assert all(whole(expr, point) >= 0 for point in fulfilled)
    if here.excludes(expr):
        assert all(whole(expr, point) < 0 for point in fulfilled)
    if here.equal(expr):
        assert all(whole(expr, point) == 0 for point in fulfilled)
    if here.differ(expr):
        assert all(whole(expr, point) != 0 for point in fulfilled)
    if here.are_contradictory():
        assert not fulfilled


@settings(max_examples=300)
@given(EXPRESSIONS, some.dictionaries(some.sampled_from(LETTERS), EXPRESSIONS))
def test_expressions_are_put_at_once(expr, values):
    """Each letter has its value, and what is put is not put into again."""
    for point in GRID[::131]:
        inner = {**point, **{name: whole(value, point) for name, value in values.items()}}

        assert whole(expr.put(values), point) == whole(expr, inner)


def test_the_simple_consequences_are_found():
    """A prover that knows nothing would pass the test above."""
    x, y, z = map(affine, LETTERS)
    facts = Facts([x - 1, y - x, z - y - 1])

    assert facts.entails(z - 2)
    assert facts.differ(z - x)
    assert facts.equal(affine(0))
    assert not facts.entails(z - 3)
    assert not facts.equal(y - x)


def test_whole_numbers_are_rounded():
    """Between 1/2 and 2/3 there are numbers, but none that is whole."""
    x = affine("x")

    assert contradictory([2 * x - 1, 2 - 3 * x])
    assert not contradictory([2 * x - 1, 3 - 3 * x])
    assert Facts([2 * x - 1]).entails(x - 1)


def test_facts_that_are_too_many_decide_nothing():
    """An elimination that is given up is no proof."""
    facts = [
        Affine({f"x{i}": 1, f"x{j}": -1, f"x{(i * j) % 7}": 1}, i - j)
        for i in range(30) for j in range(30) if i != j
    ]  # fmt: skip

    assert len({*facts}) > 400
    assert not contradictory([*facts, affine("u") - 1, -affine("u")])


@given(some.lists(EXPRESSIONS, min_size=2, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_product_is_multiplied_out(factors):
    """It has the value of the product of the values, and so has what is put for its letters."""
    result = product_of_whole(factors)
    values = {"x": affine("y") - 2, "z": affine("x") + affine("y")}
    for place in GRID[::97]:
        draw = Draw(place)
        expected = math.prod(map(draw.whole, factors))
        moved = Draw({**place, "x": place["y"] - 2, "z": place["x"] + place["y"]})

        assert draw.whole(result) == expected
        assert draw.whole(result.put(values)) == moved.whole(result)


PRODUCTS = some.builds(
    lambda plain, x_y, y_z: plain + x_y * affine("x*y") + y_z * affine("y*z"),
    EXPRESSIONS, some.integers(-2, 2), some.integers(-2, 2),
)  # fmt: skip


@given(some.lists(PRODUCTS, max_size=4), PRODUCTS)
@settings(max_examples=300, deadline=None)
def test_what_facts_on_products_entail_holds_wherever_they_do(facts, expr):
    """Products of letters are letters of their own, which hold no more than what is so of them."""
    fulfilled = [place for place in GRID if all(Draw(place).whole(fact) >= 0 for fact in facts)]
    here = Facts(facts)

    if here.entails(expr):
        assert all(Draw(place).whole(expr) >= 0 for place in fulfilled)
    if here.are_contradictory():
        assert not fulfilled


def test_a_place_of_a_block_is_a_place_of_the_whole():
    """Entry q of block p, of n blocks of m entries each."""
    place = product_of_whole((p - 1, m)) + q
    inside = Facts([*FACTS[:2], *within(p, affine(1), n), *within(q, affine(1), m)])

    assert inside.entails(place - 1)
    assert inside.entails(affine("m*n") - place)
    assert not inside.entails(place - 2)
    assert not inside.entails(affine("m*n") - place - 1)
    assert not Facts([*FACTS[:2], p, n - p, *within(q, affine(1), m)]).entails(place - 1)
    assert not Facts([*within(p, affine(1), n), *within(q, affine(1), m + 1)]).entails(
        affine("m*n") - place
    )


def blocks(low, high, length, place):
    """Sum over a letter h, of one where a place is in block h of some length, else zero."""
    return summed(low, high, lambda h: times(
        mask(place - product_of_whole((h - 1, length)) - 1),
        mask(product_of_whole((h, length)) - place),
    ))  # fmt: skip


def test_one_block_holds_a_place_that_is_within_them():
    """Of n blocks of m, a place from 1 to n m; one beyond is in none."""
    with assuming(*within(affine("c"), affine(1), affine("m*n"))):
        one = blocks(affine(1), n, m, affine("c"))
        late = blocks(affine(2), n, m, affine("c"))
        twice = blocks(affine(1), n, m + 1, affine("c"))
    beyond = blocks(affine(1), n, m, affine("c"))

    assert one == ONE
    assert ONE not in (late, twice, beyond)
    for draw in draws():
        letters = draw.letters
        for c in range(-1, letters["n"] * letters["m"] + 3):
            held = [(c - 1) // letters["m"] + 1]
            inside = Draw({**letters, "c": c})

            assert inside.value(beyond) == sum(1 <= h <= letters["n"] for h in held)
            if 1 <= c <= letters["n"] * letters["m"]:
                assert inside.value(one) == 1
                assert inside.value(late) == sum(2 <= h <= letters["n"] for h in held)


@pytest.mark.parametrize(
    ("below", "above"),
    [(affine(0), affine(0)), (affine(0), affine(1)), (affine(0), m), (affine(1), affine(0)),
     (m, affine(0)), (m, m)],
    ids=str,
)  # fmt: skip
def test_a_letter_that_masks_pin_is_put(below, above):
    """Entry q of block p is in block p alone; what reaches further on a side may be in two."""
    place = product_of_whole((p - 1, m)) + q

    def inner(h):
        return place - product_of_whole((h - 1, m))

    with assuming(*within(q, affine(1), m)):
        poly = summed(affine(1), n, lambda h: times(
            mask(inner(h) - 1 + below), mask(m + above - inner(h)), a(h)
        ))  # fmt: skip
    for draw in draws():
        if draw.letters["q"] <= draw.letters["m"]:
            low, high = draw.whole(1 - below), draw.whole(m + above)
            blocks_ = [affine(h) for h in range(1, draw.letters["n"] + 1)]
            expected = sum(draw.value(a(h)) for h in blocks_ if low <= draw.whole(inner(h)) <= high)

            assert close(draw.value(poly), expected)
    assert (poly == a(p)) == (below == above == affine(0))


@pytest.mark.parametrize(("x_least", "y_least"), [(0, 0), (0, 2), (1, 0), (1, 1), (2, 3), (-1, 2)])
def test_products_of_facts_say_no_more_than_they_do(x_least, y_least):
    """Two numbers with a least value each, and what their product surely is above."""
    x, y, both = affine("x"), affine("y"), affine("x*y")
    facts = Facts([x - x_least, y - y_least])
    points = [point for point in GRID if point["x"] >= x_least and point["y"] >= y_least]
    found = 0
    for of_x, of_y, constant in product(range(-3, 4), repeat=3):
        expr = both + of_x * x + of_y * y + constant
        if facts.entails(expr):
            found += 1
            assert all(Draw(point).whole(expr) >= 0 for point in points)

    assert found
    assert facts.entails(product_of_whole((x - x_least, y - y_least)))
    assert not facts.entails(product_of_whole((x - x_least, y - y_least)) - 1)


def test_a_letter_in_a_product_too_grows_by_no_one_number():
    """It bounds no sum, is not solved for, and makes no geometric sum."""
    x = affine("x")
    mixed = x + affine("n*x")

    assert (mixed.coefficient("x"), mixed.number_of("x")) == (1, 0)
    assert (x + affine("n*k")).number_of("x") == 1
    assert mixed.solved("x") is None
    with pytest.raises(Unsupported, match="without bounds"):
        normal.term(1, ["x"], [(Mask(mixed), 1), (Mask(n - x), 1), (Entry("a", (x,)), 1)])
    powers = summed(affine(0), t, lambda i: power(entry("pos"), integer(
        i + product_of_whole((i, n)))))  # fmt: skip
    assert not list(geometric(Order(), atom_of(powers)))
    assert list(geometric(Order(), atom_of(summed(affine(0), t, lambda i: power(
        entry("pos"), integer(i))))))  # fmt: skip


def test_a_product_of_letters_holds_its_letters():
    """What has the letter within a product of letters depends on it."""
    both = affine("n*x")

    assert both.letters == {"n", "x"}
    assert Mask(both).free == {"n", "x"}
    assert both.put({"y": affine(2)}) == both
    assert both.put({"x": affine(2)}) == 2 * affine("n")
    assert both.put({"x": k + 1}) == affine("k*n") + affine("n")
    assert both.put({"x": k - p, "n": m + 1}) == product_of_whole((k - p, m + 1))
    assert (affine("x") - both).solved("x") is None
    assert (affine("y") - both).solved("y") == both
    assert agrees(integer(affine("n*m") + 1), lambda d: d.letters["n"] * d.letters["m"] + 1)


@pytest.mark.parametrize(("expr", "value"), [(p - q, q), (q - p, q), (2 * p - q, None)])
def test_a_letter_is_solved_for_where_it_is_whole(expr, value):
    """Half a letter may be no whole number."""
    assert expr.solved("p") == value


# -- Names and bounds of sums ----------------------------------------------------------------------


def test_sums_that_differ_in_their_letters_are_one():
    """The bound letters are named by depth, whatever they were called, and in whatever order."""
    one = summed(affine(1), n, lambda i: summed(affine(1), n, lambda j: times(a(i, j), b(j, i))))
    two = summed(affine(1), n, lambda j: summed(affine(1), n, lambda i: times(b(j, i), a(i, j))))
    shifted = summed(affine(0), n - 1, lambda i: summed(
        affine(5), n + 4, lambda j: times(a(i + 1, j - 4), b(j - 4, i + 1))))  # fmt: skip

    assert one == two == shifted


def test_letters_that_play_one_part_may_change_places():
    """Three in a circle are one sum, whichever way round; nothing tells its letters apart."""

    def circle(turn):
        return summed(affine(1), n, lambda i: summed(affine(1), n, lambda j: summed(
            affine(1), n, lambda o: times(*(a(*turn(*pair)) for pair in ((i, j), (j, o), (o, i)))),
        )))  # fmt: skip

    assert circle(lambda one, other: (one, other)) == circle(lambda one, other: (other, one))


@pytest.mark.parametrize("start", [0, 8, 9, 97, 98])
def test_names_do_not_depend_on_the_count_of_letters(start, monkeypatch):
    """A letter #9 comes after #10 in the alphabet, and the sign of what leads may change."""

    def build():
        return summed(affine(1), n, lambda i: summed(affine(1), n, lambda j: times(
            apply("tanh", (), [scalar(minus(a(i), a(j)))]), b(i))))  # fmt: skip

    first = build()
    monkeypatch.setattr(normal, "_FRESH", count(start))

    assert build() == first


DIFFERENT = {
    "another range": (
        summed(affine(1), affine("n"), a), summed(affine(1), affine("m"), a)),
    "another start": (
        summed(affine(1), affine("n"), a), summed(affine(2), affine("n"), a)),
    "transposed": (
        summed(affine(1), affine("n"), lambda i: times(a(i, affine("p")), b(i))),
        summed(affine(1), affine("n"), lambda i: times(a(affine("p"), i), b(i)))),
    "a factor outside": (
        times(summed(affine(1), affine("n"), a), b(affine("p"))),
        summed(affine(1), affine("n"), lambda i: times(a(i), b(i)))),
    "the square of a sum": (
        times(summed(affine(1), affine("n"), a), summed(affine(1), affine("n"), a)),
        summed(affine(1), affine("n"), lambda i: times(a(i), a(i)))),
    "one letter for two": (
        summed(affine(1), affine("n"), lambda i: summed(affine(1), affine("n"), lambda j: times(
            a(i, j), a(j, i)))),
        summed(affine(1), affine("n"), lambda i: summed(affine(1), affine("n"), lambda j: times(
            a(i, j), a(i, j))))),
    "a bound that moves": (
        summed(affine(1), affine("n"), lambda i: summed(affine(1), i, lambda j: a(i, j))),
        summed(affine(1), affine("n"), lambda i: summed(affine(1), i, lambda j: a(j, i)))),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_sums_that_differ_are_not_one(name):
    """Their values differ at some draw, and so do their keys."""
    one, two = DIFFERENT[name]

    assert one != two
    assert any(not close(draw.value(one), draw.value(two)) for draw in draws())


def test_a_sum_is_written_out_where_its_length_is_known():
    """From k to k + 2 there are three terms, and from k + 1 to k none."""
    assert summed(k, k + 2, a) == plus(a(k), a(k + 1), a(k + 2))
    assert summed(k + 1, k, a) == ZERO
    assert summed(k + 5, k, a) == ZERO


def test_an_empty_sum_is_zero():
    """The time may be zero, and then the sum over times from one has no terms."""
    total = summed(affine(1), t, lambda i: times(a(i), b(t)))

    assert agrees(total, lambda d: sum(
        d.entry("a", (i,)) for i in range(1, d.letters["t"] + 1)
    ) * d.entry("b", (d.letters["t"],)))  # fmt: skip


def test_a_sum_without_bounds_is_refused():
    """It may be infinite."""
    with pytest.raises(Unsupported):
        normal.term(1, ("i",), [(Entry("a", (affine("i"),)), 1)])
    with pytest.raises(Unsupported):
        normal.term(1, ("i",), [(Entry("a", (affine("i"),)), 1), (Mask(affine("i") - 1), 1)])


def test_factors_that_share_no_letter_part():
    """The sum of a product of what depends on two letters is the product of the sums."""
    both = summed(affine(1), n, lambda i: summed(affine(1), m, lambda j: times(a(i), b(j), a(p))))

    assert both == times(summed(affine(1), n, a), summed(affine(1), m, b), a(p))
    assert agrees(both, lambda d: (
        sum(d.entry("a", (i,)) for i in range(1, d.letters["n"] + 1))
        * sum(d.entry("b", (j,)) for j in range(1, d.letters["m"] + 1))
        * d.entry("a", (d.letters["p"],))
    ))  # fmt: skip


# -- The rules of a product under a sum ------------------------------------------------------------


@pytest.mark.parametrize("start", range(12))
def test_a_sum_inside_a_sum_is_opened_as_often_as_it_stands_there(start, monkeypatch):
    """The square of an inner sum has two letters of its own, also if a sign comes out of each."""
    monkeypatch.setattr(normal, "_FRESH", count(start))

    def inner(i):
        return summed(affine(1), m, lambda j: apply("tanh", (), [scalar(minus(a(i), a(j)))]))

    total = summed(affine(1), n, lambda i: times(inner(i), inner(i), b(i)))

    assert agrees(total, lambda d: sum(
        d.entry("b", (i,)) * sum(
            np.tanh(d.entry("a", (i,)) - d.entry("a", (j,)))
            for j in range(1, d.letters["m"] + 1)) ** 2
        for i in range(1, d.letters["n"] + 1)
    ))  # fmt: skip


@pytest.mark.parametrize("start", range(12))
def test_a_sum_whose_terms_change_with_their_letters_is_right_or_refused(start, monkeypatch):
    """sigmoid(-u) is written as 1 - sigmoid(u), which are two terms."""
    monkeypatch.setattr(normal, "_FRESH", count(start))
    gate = lambda i, j: apply("sigmoid", (), [scalar(minus(a(i), a(j)))])  # noqa: E731
    try:
        total = summed(affine(1), n, lambda i: summed(
            affine(1), n, lambda j: times(gate(i, j), b(i), b(j))))  # fmt: skip
    except Unsupported as why:
        assert "names of its letters" in str(why)  # noqa: PT017 -- it may be right as well
        return

    assert agrees(total, lambda d: sum(
        d.entry("b", (i,)) * d.entry("b", (j,))
        / (1 + np.exp(d.entry("a", (j,)) - d.entry("a", (i,))))
        for i in range(1, d.letters["n"] + 1) for j in range(1, d.letters["n"] + 1)
    ))  # fmt: skip


def test_a_denominator_is_multiplied_out():
    """A group above zero is a factor like others, and below zero it stays."""
    denominator = plus(power(a(p), number(2)), ONE)
    one = over(b(p), denominator)

    assert is_zero(minus(times(one, denominator), b(p)))
    assert agrees(
        one, lambda d: d.entry("b", d.places([p])) / (d.entry("a", d.places([p])) ** 2 + 1)
    )
    assert isinstance(max(next(iter(one.terms)), key=lambda f: f[0].key[0] == "G")[0], Group)


def test_powers_of_one_base_meet():
    """Their exponents are added, while the base may be negative or zero."""
    both = times(power(a(), integer(t)), power(a(), integer(k)), power(a(), integer(k)))

    assert both == power(a(), integer(t + 2 * k))
    assert agrees(
        both, lambda d: complex(d.entry("a", ())) ** (d.letters["t"] + 2 * d.letters["k"])
    )


def test_powers_do_not_meet_in_an_exponent_that_may_be_negative():
    """0**k / 0**t is no number, though k - t may be zero."""
    quotient = over(power(a(), integer(k)), power(a(), integer(t)))

    assert quotient != power(over(ONE, a()), integer(t - k))
    assert {type(atom) for atom, _ in next(iter(quotient.terms))} == {Power}


def test_a_delta_picks_its_term():
    """Also one whose place is outside the range: then nothing is left."""
    picked = summed(affine(1), n, lambda i: times(delta(i - t), a(i)))

    assert agrees(picked, lambda d: (1 <= d.letters["t"] <= d.letters["n"])
                  * d.entry("a", (d.letters["t"],)))  # fmt: skip
    assert summed(affine(1), n, lambda i: times(delta(i - p), a(i))) == a(p)


def test_a_delta_over_another_range_keeps_its_mask():
    """A place among n need not be one among m."""
    picked = summed(affine(1), m, lambda i: times(delta(i - p), a(i)))

    assert picked != a(p)
    assert agrees(picked, lambda d: (d.letters["p"] <= d.letters["m"]) * d.entry(
        "a", (d.letters["p"],)))  # fmt: skip


def test_a_delta_between_multiples_picks_a_whole_place_or_none():
    """2 i = t has no solution for odd t, which the sum over i = t / 2 would have."""
    picked = summed(affine(0), n, lambda i: times(delta(2 * i - t), a(i)))

    assert agrees(picked, lambda d: sum(
        d.entry("a", (i,)) for i in range(d.letters["n"] + 1) if 2 * i == d.letters["t"]
    ))  # fmt: skip


def test_a_delta_of_free_letters_stays():
    """a_p where p = q is a_q, but only there."""
    assert times(delta(p - q), a(p)) == times(delta(p - q), a(q))
    assert times(delta(p - q), a(p)) != a(q)
    assert delta(p - n - 1) == ZERO
    assert delta(t - t) == ONE


def test_a_mask_goes_only_where_the_others_entail_it():
    """From 1 <= i <= k follows i <= t, but not from 1 <= i <= t that i <= k."""
    both = summed(affine(1), t, lambda i: times(mask(k - i), a(i)))

    assert both == summed(affine(1), k, a)
    assert both != summed(affine(1), t, a)
    assert mask(t - k) == ONE
    assert mask(k - t) != ONE
    assert times(mask(k - t), a(t)) == times(delta(k - t), a(k))
    assert agrees(times(mask(k - t), a(t)), lambda d: (d.letters["k"] == d.letters["t"])
                  * d.entry("a", (d.letters["t"],)))  # fmt: skip
    assert mask(k - t - 1) == ZERO


def test_a_mask_is_no_denominator():
    """It may be zero; and its square is itself."""
    with pytest.raises(Unsupported):
        normal.term(1, (), [(Mask(n - m), -1)])
    assert times(mask(n - m), mask(n - m)) == mask(n - m)
    assert times(delta(n - m), delta(m - n)) == delta(n - m)


def inverse(row, column, size=n, inner=lambda i: i):
    """Sum of a matrix times its inverse, up to a size."""
    return summed(affine(1), size, lambda i: times(
        entry("W", row, inner(i)), entry(("inverse", "W"), inner(i), column)))  # fmt: skip


def test_a_matrix_times_its_inverse_is_the_identity():
    """Over the whole axis, and at places within it: everywhere else the sum stays."""
    pairs = {("W", ("inverse", "W")): n}
    with known(Context(Facts(FACTS), inverses=pairs)):
        here = delta(p - q)

        assert inverse(p, q) == here
        assert inverse(p, q, m) != here
        assert inverse(p, q, n - 1) != here
        assert inverse(p, q, n, lambda i: i + 1) != here
        assert summed(affine(1), n, lambda i: times(
            entry("W", p, i), entry(("inverse", "W"), i + 1, q))) != here  # fmt: skip
        assert inverse(p, t) != delta(p - t)
        assert inverse(t, q) != delta(t - q)
        assert summed(affine(1), n, lambda i: times(
            entry("W", p, i), entry(("inverse", "W"), i, i))) != here  # fmt: skip
        assert summed(affine(1), n, lambda i: times(
            entry("W", p, i), entry(("inverse", "W"), i, q), a(i))) != here  # fmt: skip
        assert summed(affine(1), n, lambda i: times(
            entry("W", i, p), entry(("inverse", "W"), i, q))) != here  # fmt: skip
    assert inverse(p, q) != delta(p - q)


def test_a_sum_over_itself_is_one():
    """The shares of a whole add up to one, and what stands beside them stays."""
    shares = lambda size: summed(affine(1), size, lambda i: over(  # noqa: E731
        entry("pos", i), summed(affine(1), n, lambda j: entry("pos", j))))  # fmt: skip

    assert shares(n) == ONE
    assert shares(m) != ONE
    assert agrees(shares(m), lambda d: sum(
        d.entry("pos", (i,)) for i in range(1, d.letters["m"] + 1)
    ) / sum(d.entry("pos", (i,)) for i in range(1, d.letters["n"] + 1)))  # fmt: skip


def test_a_row_over_its_sum_is_one_in_each_row():
    """Over the rows as well, there are as many ones as rows; over columns it stays."""
    whole_ = lambda i: summed(affine(1), m, lambda j: entry("pos", i, j))  # noqa: E731
    rows = summed(affine(1), n, lambda i: summed(affine(1), m, lambda j: over(
        times(entry("pos", i, j), b(i)), whole_(i))))  # fmt: skip
    columns = summed(affine(1), n, lambda i: summed(affine(1), m, lambda j: over(
        times(entry("pos", i, j), b(j)), whole_(i))))  # fmt: skip

    def expected(draw, beside):
        rows, columns = (range(1, draw.letters[one] + 1) for one in "nm")
        return sum(
            draw.entry("pos", (i, j)) * draw.entry("b", (beside(i, j),))
            / sum(draw.entry("pos", (i, c)) for c in columns)
            for i in rows for j in columns
        )  # fmt: skip

    assert rows == summed(affine(1), n, b)
    assert agrees(rows, lambda d: expected(d, lambda i, j: i))
    assert agrees(columns, lambda d: expected(d, lambda i, j: j))


def test_ones_are_counted_where_there_are_surely_none_too_few():
    """From k + 1 to t there are t - k, as k <= t; from t + 2 to k there are none, not k - t - 1."""
    assert summed(k + 1, t, lambda i: ONE) == integer(t - k)
    assert agrees(
        summed(k + 1, t, lambda i: a(t)),
        lambda d: (d.letters["t"] - d.letters["k"]) * d.entry("a", (d.letters["t"],)),
    )
    short = summed(n, m, lambda i: ONE)
    assert short != integer(m - n + 1)
    assert agrees(short, lambda d: max(0, d.letters["m"] - d.letters["n"] + 1))


def test_a_denominator_stays_in_a_sum_that_may_be_empty():
    """At t = k there is no term, and the whole vanishes; from k to t there is one."""
    whole_ = lambda low: summed(low, t, lambda j: entry("pos", j))  # noqa: E731
    shares = lambda low: summed(  # noqa: E731
        low, t, lambda i: over(entry("pos", i), whole_(low))
    )

    assert shares(k) == ONE
    with pytest.raises(Unsupported):
        shares(k + 1)


def test_ones_under_a_bound_that_moves_are_counted():
    """The triangle of n rows has n (n + 1) / 2 ones, by rows and by columns."""
    rows = summed(affine(1), n, lambda i: summed(affine(1), i, lambda j: ONE))
    columns = summed(affine(1), n, lambda j: summed(j, n, lambda i: ONE))

    for triangle in (rows, columns):
        assert agrees(triangle, lambda d: d.letters["n"] * (d.letters["n"] + 1) / 2)


# -- Products over an index ------------------------------------------------------------------------


def matrix_product(low, high, body, at, size=n):
    """Ordered product of square matrices."""
    ranges = [(low, high), (affine(1), size), (affine(1), size)]
    return product_of(array(ranges, body), at)


@pytest.mark.parametrize(
    ("low", "high"), [(k + 1, t), (k, k + 2), (k + 1, k), (k, k), (affine(5), affine(2)), (t, k)]
)
def test_a_product_of_matrices_has_the_latest_on_the_left(low, high):
    """Of no factors it is the identity, however far the bounds are swapped."""
    poly = matrix_product(low, high, a, (p, q))

    def expected(draw):
        size = range(1, draw.letters["n"] + 1)
        result = np.eye(len(size))
        for j in range(draw.whole(low), draw.whole(high) + 1):
            result = np.array([[draw.entry("a", (j, r, c)) for c in size] for r in size]) @ result
        return result[draw.letters["p"] - 1, draw.letters["q"] - 1]

    assert agrees(poly, expected)


@pytest.mark.parametrize("low", [k + 1, k + 3, affine(2)])
def test_a_product_of_diagonal_matrices_is_diagonal(low):
    """Each entry is a product of numbers, and beside the diagonal there is nothing."""
    poly = matrix_product(
        low, t, lambda j, r, c: times(delta(r - c), a(j, r), entry("pos")), (p, q)
    )

    assert any(isinstance(atom, Delta) for atom, _ in next(iter(poly.terms)))
    assert agrees(poly, lambda d: (d.letters["p"] == d.letters["q"]) * math.prod(
        d.entry("a", (j, d.letters["p"])) * d.entry("pos", ())
        for j in range(d.whole(low), d.letters["t"] + 1)
    ))  # fmt: skip


def test_a_product_of_matrices_with_something_beside_the_diagonal_is_not():
    """One term without the delta is enough."""
    poly = matrix_product(
        k + 1, t, lambda j, r, c: plus(times(delta(r - c), a(j, r)), b(r, c)), (p, q)
    )

    assert isinstance(atom_of(poly), Product)


@pytest.mark.parametrize("low", [k + 1, k + 3, t + 2, affine(3)])
@pytest.mark.parametrize("factor", ["a", "pos"])
def test_what_does_not_change_in_a_product_is_a_power(low, factor):
    """Where there may be fewer factors than none, it is one and no power below zero."""
    poly = product_over(low, t, lambda j: scaled(-2, times(b(j), entry(factor))))

    assert agrees(poly, lambda d: math.prod(
        -2 * d.entry("b", (j,)) * d.entry(factor, ())
        for j in range(d.whole(low), d.letters["t"] + 1)
    ))  # fmt: skip


def test_a_product_of_sums_is_no_sum_of_products():
    """Only what is one term is taken apart."""
    poly = product_over(k + 1, t, lambda j: plus(a(j), b(j)))

    assert agrees(poly, lambda d: math.prod(
        d.entry("a", (j,)) + d.entry("b", (j,))
        for j in range(d.letters["k"] + 1, d.letters["t"] + 1)
    ))  # fmt: skip


# -- Powers ----------------------------------------------------------------------------------------


def value_at(name="a"):
    """Value of a number that has a letter."""
    return lambda d: complex(d.entry(name, ()))


@pytest.mark.parametrize("exponent", [t, t + 1, t - k, t + k + 3, 2 * t, n - 1, m + n - 2])
def test_a_power_counts_its_factors(exponent):
    """The base may be anything, also in several factors and terms."""
    for base in (a(), times(a(), a(), b()), scaled(-3, a()), plus(a(), b()), number(-2)):
        assert agrees(power(base, integer(exponent)),
                      lambda d, base=base: d.value(base) ** d.whole(exponent))  # fmt: skip


def test_a_power_to_what_may_be_negative_is_refused():
    """Of a base that may vanish; of one that is positive a part is split off."""
    for exponent in (t - 1, k - t, n - 2):
        with pytest.raises(Unsupported):
            power(a(), integer(exponent))
    for exponent in (t - 1, n - 2):
        assert agrees(power(entry("pos"), integer(exponent)),
                      lambda d, e=exponent: value_at("pos")(d) ** d.whole(e))  # fmt: skip


def test_a_power_of_zero_is_zero_where_the_exponent_is_surely_above():
    """0**n is zero as n >= 1; 0**t is one at t = 0."""
    assert power(ZERO, integer(n)) == ZERO
    assert power(ZERO, integer(t)) != ZERO


@pytest.mark.parametrize("half", [-3, -1, 1, 3, 5])
def test_a_root_is_of_what_is_visibly_not_negative(half):
    """Of a sum of squares, and of what is positive; the square of a root is what it is of."""
    from fractions import Fraction

    exponent = number(Fraction(half, 2))
    squares = plus(times(a(), a()), ONE)

    for base in (entry("pos"), squares, summed(affine(1), n, lambda i: entry("pos", i))):
        root = power(base, exponent)

        assert is_zero(minus(times(root, root), power(base, number(half))))
        assert agrees(root, lambda d, base=base: d.value(base) ** (half / 2))
    for base in (a(), minus(ONE, times(a(), a())), scaled(-1, times(a(), a()))):
        with pytest.raises(Unsupported):
            power(base, exponent)


def test_an_exponent_that_is_a_number_needs_a_positive_base():
    """And then a product is raised factor by factor."""
    exponent = plus(b(), number(2))
    base = times(entry("pos"), entry("pos", n))

    assert agrees(power(base, exponent), lambda d: d.value(base) ** (d.entry("b", ()) + 2))
    for wrong in (
        a(),
        times(a(), entry("pos")),
        scaled(-1, entry("pos")),
        minus(ONE, entry("pos")),
    ):
        with pytest.raises(Unsupported):
            power(wrong, exponent)


def test_what_all_terms_share_stands_outside_a_denominator():
    """So denominators that differ by a factor are one, whatever the factor."""
    group = plus(a(), scaled(2, b()))
    one = over(ONE, group)
    three = over(entry("c"), scaled(-3, times(group, entry("c"))))

    assert three == scaled(normal.Fraction(-1, 3), one)
    assert agrees(over(ONE, times(group, group)), lambda d: d.value(group) ** -2)
    with pytest.raises(Unsupported):
        over(ONE, ZERO)


def test_zero_is_found_behind_denominators():
    """1/u - 1/(u + 1) is 1/(u (u + 1)), and not 1/(u (u + 2))."""
    u, v = a(), plus(a(), ONE)
    gap = minus(over(ONE, u), over(ONE, v))

    assert is_zero(minus(gap, over(ONE, times(u, v))))
    assert not is_zero(minus(gap, over(ONE, times(u, plus(v, ONE)))))
    assert is_zero(ZERO)
    assert not is_zero(ONE)
    assert not is_zero(over(ONE, v))


# -- Known functions -------------------------------------------------------------------------------

ARGUMENTS = {
    "a number": a(),
    "its negative": scaled(-1, a()),
    "a multiple": scaled(3, a()),
    "a fraction": scaled(normal.Fraction(-1, 2), a()),
    "a product": times(a(), b()),
    "a difference": minus(b(), a()),
    "a multiple of a difference": scaled(2, minus(b(), a())),
    "a product with a sum": times(a(), plus(b(), ONE)),
    "a constant": number(2),
    "a number and a constant": minus(a(), number(2)),
    "a positive number": entry("pos"),
    "a quotient": over(a(), entry("pos")),
    "a square": times(a(), a()),
    "nothing": ZERO,
}


COMPARED = {
    "step": (step, lambda u: u > 0),
    "unsigned": (unsigned, lambda u: u >= 0),
    "nought": (nought, lambda u: u == 0),
}
GAPS = [t - k, k - t, t - 2, 2 - t, p - q, 2 * p - q - 1, affine(0), affine(1), n - p]


@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.parametrize("gap", GAPS, ids=str)
def test_of_a_whole_number_a_comparison_is_a_mask(name, gap):
    """At the edge, on both sides of it, and where the facts decide it."""
    rule, expected = COMPARED[name]
    poly = rule(integer(gap))

    assert agrees(poly, lambda draw: float(expected(draw.whole(gap))))
    assert not any(isinstance(atom, Apply) for monomial in poly.terms for atom, _ in monomial)


@pytest.mark.parametrize("name", COMPARED)
def test_of_a_real_number_a_comparison_stays_one(name):
    """Half of a whole number is none, and its mask would have another edge."""
    rule, expected = COMPARED[name]
    for real in (b(p), scaled(Fraction(1, 2), integer(t)), minus(integer(t), b(p)), ZERO):
        assert agrees(rule(real), lambda draw: float(expected(draw.value(real).real)))  # noqa: B023
    assert step(minus(a(p), a(p))) == ZERO


def test_the_largest_is_one_of_the_entries_and_none_is_above():
    """What is said of it holds at each draw, for some place of the letter that is brought up."""
    poly = normal.largest(affine(1), n, lambda i: minus(a(i), b(i, p)))
    order = Order()
    with assuming(*within(q, affine(1), n)):
        (equal,) = largest(order, atom_of(poly))
        below = list(none_above([atom_of(poly)]))
    (letter,) = equal.left.free - poly.free

    assert {one.sign for one in below} == {"<="}
    for draw in draws():
        places_ = range(1, draw.letters["n"] + 1)
        every = [draw.at({letter: place}).value(equal.left).real for place in places_]

        assert draw.value(poly).real == max(every)
        assert draw.value(equal.right) == draw.value(poly)
        assert all(draw.value(one.left).real <= max(every) for one in below)
    assert {minus(a(one), b(one, p)) for one in (p, q)} <= {one.left for one in below}


FIRST = affine(1)


def ranked_among(body, rank=FIRST, place=p):
    """Whether a place has a rank among the numbers that a body is at the places up to n."""
    return normal.ranked(rank, place, array([(affine(1), n)], body))


def has_rank(body, rank=FIRST, place=p):
    """The same, by a sort."""

    def value(draw):
        every = {
            i: draw.at({"#0": i}).value(body(affine("#0"))) for i in range(1, draw.whole(n) + 1)
        }
        return float(rank_of(draw.whole(place), every) == draw.whole(rank))

    return value


ALIKE = {
    "a term that stays": lambda i: plus(a(i), b(p), ONE),
    "a number that is positive": lambda i: scaled(Fraction(2, 3), a(i)),
    "a factor that is positive": lambda i: times(a(i), entry("pos", q)),
    "a denominator that is positive": lambda i: over(a(i), entry("pos", q)),
    "a share": lambda i: over(exp(a(i)), summed(affine(1), n, lambda j: exp(a(j)))),
    "a share of what is scaled": lambda i: exp(over(plus(a(i), b(q)), entry("pos", q))),
    "a product of exponentials": lambda i: times(exp(a(i)), exp(b(p))),
}
APART = {
    "the opposite": lambda i: scaled(-1, a(i)),
    "an exponential of the opposite": lambda i: scaled(-1, exp(a(i))),
    "one over an exponential": lambda i: over(ONE, exp(a(i))),
    "a factor of any sign": lambda i: times(a(i), b(q)),
    "a square": lambda i: times(a(i), a(i)),
    "a term that changes": lambda i: plus(a(i), b(i)),
    "a factor that changes": lambda i: times(a(i), entry("pos", i)),
    "an exponential and more": lambda i: plus(exp(a(i)), a(i)),
    "an exponential times more": lambda i: times(exp(a(i)), a(i)),
    "a time": integer,
    "nothing": lambda i: b(p),
}


@pytest.mark.parametrize("rank", [affine(1), affine(2), q, n], ids=str)
@pytest.mark.parametrize("name", {**ALIKE, **APART})
def test_the_rank_of_a_number_is_by_a_sort(name, rank):
    """What is left out of the numbers leaves their order as it is, with ties by their places."""
    body = {**ALIKE, **APART}[name]

    assert agrees(ranked_among(body, rank), has_rank(body, rank))
    assert (ranked_among(body, rank) == ranked_among(a, rank)) == (name in ALIKE)


def test_a_rank_has_one_place_and_a_place_one_rank():
    """Sums over all of either are one; over fewer, or of a rank that may be none, they stay."""
    share = lambda i: ranked_among(a, q, i)  # noqa: E731
    late = lambda i: ranked_among(a, affine(2), i)  # noqa: E731

    assert summed(affine(1), n, share) == ONE
    assert summed(affine(1), n, lambda rank: ranked_among(a, rank)) == ONE
    assert times(share(p), share(p)) == share(p)
    assert times(share(p), share(p + 1)) == ZERO
    assert times(share(p), ranked_among(a, affine(1))) == times(delta(q - 1), share(p))
    for poly in (summed(affine(2), n, share), summed(affine(1), n, late)):
        assert poly != ONE
        assert not agrees(poly, lambda draw: 1)


def test_a_function_of_a_place_is_taken_at_the_place():
    """Compared with other whole numbers, a place is nowhere but at itself."""
    for body in (a, integer, lambda i: scaled(-1, integer(i))):
        for rank in (q, affine(1)):
            place = summed(affine(1), n, lambda i: times(integer(i), ranked_among(body, rank, i)))  # noqa: B023
            gap = minus(integer(p), place)

            assert nought(gap) == ranked_among(body, rank)
            assert agrees(nought(gap), has_rank(body, rank))
            assert agrees(step(gap), lambda draw: float(draw.value(gap).real > 0))  # noqa: B023
            assert agrees(unsigned(gap), lambda draw: float(draw.value(gap).real >= 0))  # noqa: B023
    third = summed(affine(1), n, lambda i: times(integer(i), ranked_among(a, affine(3), i)))
    assert agrees(nought(third), lambda draw: float(draw.value(third) == 0))


@pytest.mark.parametrize("rank", [q, FIRST], ids=str)
def test_what_is_said_of_a_rank_is_so_at_its_place(rank):
    """At each draw the letter that is brought up has one value, the same for each thing said."""

    def values(i):
        return minus(a(i), b(i))

    order = Order()
    atoms = [
        ranked_among(values, rank),
        summed(FIRST, n, lambda i: times(ranked_among(values, rank, i), a(i), b(p))),
        summed(FIRST, n, lambda i: times(ranked_among(values, rank, i), values(i), values(i))),
    ]
    met = {atom for poly in atoms for k in poly.terms for atom, _ in k}
    said = [one for atom in met for rule in (ranked, chosen) for one in rule(order, atom)]
    (letter,) = {name for fact in order.reach for name in fact.names} - {"n"}

    assert {one.sign for one in said} == {"=", "<="}
    assert any("largest" in one.right.key for one in said) == (rank == FIRST)
    for draw in draws():
        places_ = range(1, draw.whole(n) + 1)
        (here,) = (draw.at({letter: i}) for i in places_ if has_rank(values, rank, affine(i))(draw))
        for one in said:
            left, right = here.value(one.left), here.value(one.right)
            assert close(left, right) if one.sign == "=" else left.real <= right.real


def test_ranks_of_one_order_have_places_of_their_own():
    """What is in the same order has the same places, and no two ranks share one."""
    order = Order()
    one, alike, other = (
        array([(FIRST, n)], body) for body in (a, lambda i: exp(plus(a(i), b(p))), b)
    )

    assert place_of(order, FIRST, one) == place_of(order, FIRST, alike)
    assert (
        len({place_of(order, rank, each).key for rank in (FIRST, q) for each in (one, other)}) == 4
    )


def test_a_rank_has_no_slope():
    """Where two numbers are equal it jumps; by what it does not hold, its derivative is zero."""
    with pytest.raises(Unsupported, match="derivative of a ranked"):
        partial(ranked_among(a), Entry("a", (q,)))
    assert partial(ranked_among(a), Entry("b", (q,))) == ZERO


def test_a_rank_that_there_may_not_be_has_no_place():
    """Of one number there is no second."""
    second = ranked_among(a, affine(2))

    assert not list(ranked(Order(), atom_of(second)))
    assert not list(chosen(Order(), atom_of(summed(FIRST, n, lambda i: times(
        ranked_among(a, affine(2), i), b(i))))))  # fmt: skip


def test_what_may_be_nothing_has_no_place():
    """Made where there is something, it may stand beside a mask where there is not."""
    with assuming(t - k - 1):
        poly = normal.largest(k + 1, t, a)
        assert len(list(largest(Order(), atom_of(poly)))) == 1

    assert not list(largest(Order(), atom_of(poly)))
    assert not list(none_above([atom_of(poly)]))


def test_of_nothing_there_is_no_largest():
    """The rules say that it is one of the numbers."""
    with pytest.raises(Unsupported, match="may be nothing"):
        normal.largest(affine(1), t - k, a)


def test_what_masks_ask_for_is_so_or_not():
    """Each of two masks that are one another's opposite is one where the other is zero."""
    both = plus(mask(t - 2), mask(1 - t))
    apart = minus(plus(mask(t - 2), mask(2 - t)), plus(ONE, delta(t - 2)))

    assert is_zero_in_cases(minus(both, ONE))
    assert is_zero_in_cases(apart)
    assert not is_zero(minus(both, ONE))
    for wrong in (minus(plus(mask(t - 2), mask(2 - t)), ONE), minus(both, number(2)),
                  plus(mask(t - 2), mask(-t - 1), number(-1))):  # fmt: skip
        assert not is_zero_in_cases(wrong)
        assert not agrees(wrong, lambda draw: 0)


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "abs", "step"])
def test_a_known_function_keeps_its_value(name, argument):
    """By whichever rules it is rewritten, for negative numbers as well."""
    inside = ARGUMENTS[argument]

    assert agrees(apply(name, (), [scalar(inside)]), lambda d: KNOWN[name](d.value(inside)))


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sigmoid", "abs"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_slope_of_a_known_function_is_its_derivative(name, order):
    """Against a step along the imaginary axis, of the slope before."""
    inside = entry("pos")
    if name == "abs":
        inside = times(inside, number(-1))
    lower = apply(name, (), [scalar(inside)], ((0, ()),) * (order - 1))
    slope = apply(name, (), [scalar(inside)], ((0, ()),) * order)

    sign = -1 if name == "abs" else 1
    for draw in draws():
        point = draw.entry("pos", ())
        moved = Draw(draw.letters, draw.seed, positive, {("pos", ()): point + 1e-30j})

        assert close(draw.value(slope), sign * moved.value(lower).imag / 1e-30)


def log(poly):
    """Logarithm of a number."""
    return apply("log", (), [scalar(poly)])


def exp(poly):
    """Exponential of a number."""
    return apply("exp", (), [scalar(poly)])


def test_a_logarithm_is_parted_where_all_factors_are_positive():
    """log(u v) of two negative numbers has a value, and log(u) has none."""
    both = times(entry("pos"), exp(a()))

    assert log(both) == plus(log(entry("pos")), a())
    assert log(over(ONE, entry("pos"))) == scaled(-1, log(entry("pos")))
    assert log(times(a(), b())) != plus(log(a()), log(b()))
    assert log(times(a(), a())) != scaled(2, log(a()))
    assert log(scaled(2, entry("pos"))) != log(entry("pos"))
    assert log(ONE) == ZERO
    assert agrees(log(both), lambda d: np.log(d.value(both)))


def test_an_exponential_of_a_sum_is_a_product():
    """exp(2a - b + log c) = exp(a)**2 c / exp(b)."""
    inside = plus(scaled(2, a()), scaled(-1, b()), log(entry("pos")))

    assert exp(inside) == over(times(exp(a()), exp(a()), entry("pos")), exp(b()))
    assert agrees(exp(inside), lambda d: np.exp(d.value(inside)))
    assert power(exp(a()), integer(t)) == exp(times(a(), integer(t)))
    assert agrees(power(times(exp(a()), exp(a())), integer(t)),
                  lambda d: np.exp(2 * d.value(a()) * d.letters["t"]))  # fmt: skip


def test_absolute_values_of_products_part():
    """Those of sums do not, and what is surely not negative is its own."""
    size = lambda poly: apply("abs", (), [scalar(poly)])  # noqa: E731

    assert size(times(a(), entry("pos"))) == times(size(a()), entry("pos"))
    assert size(scaled(-2, a())) == scaled(2, size(a()))
    assert size(plus(a(), b())) != plus(size(a()), size(b()))
    assert size(a()) != a()
    assert size(exp(a())) == exp(a())
    assert size(delta(p - q)) == delta(p - q)
    product_ = product_over(k + 1, t, a)
    assert size(product_) == product_over(k + 1, t, lambda j: size(a(j)))
    assert agrees(size(times(product_, a(), a(), a())), lambda d: abs(
        d.value(times(product_, a(), a(), a()))))  # fmt: skip


# -- What is visibly positive ----------------------------------------------------------------------

SAMPLES = {
    "a sum of none or more": lambda: summed(affine(1), t, lambda i: entry("pos", i)),
    "a sum of one or more": lambda: summed(affine(1), n, lambda i: entry("pos", i)),
    "a sum of what may be negative": lambda: summed(affine(1), n, a),
    "a sum that starts late": lambda: summed(affine(2), n, lambda i: entry("pos", i)),
    "a double sum": lambda: summed(
        affine(1), n, lambda i: summed(affine(1), t, lambda j: entry("pos", i, j))),
    "a number": a,
    "a positive number": lambda: entry("pos"),
    "an exponential": lambda: exp(a()),
    "a sum of squares": lambda: plus(times(a(), a()), times(b(), b())),
    "a size": lambda: integer(n),
    "a time": lambda: integer(t),
    "a gap of times": lambda: integer(t - k),
    "a delta": lambda: delta(p - q),
    "a cube": lambda: times(a(), a(), a()),
    "an inverse": lambda: over(ONE, a()),
    "a sigmoid": lambda: apply("sigmoid", (), [scalar(a())]),
    "a tanh": lambda: apply("tanh", (), [scalar(a())]),
    "the slope of an unknown": lambda: apply("f", (), [scalar(a())], ((0, ()),)),
    "a power": lambda: power(a(), integer(t)),
    "a power of a positive": lambda: power(entry("pos"), integer(t)),
    "a negative number": lambda: scaled(-1, entry("pos")),
    "zero": lambda: ZERO,
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_visibly_positive_is(name):
    """At every draw; what is not seen may be so or not."""
    poly = SAMPLES[name]()
    values = [draw.value(poly).real for seed in range(5) for draw in (
        Draw(point, 10 * seed + at, positive) for at, point in enumerate(POINTS))]  # fmt: skip

    if normal.all_positive(poly):
        assert min(values) > 0
    if normal.all_nonnegative(poly):
        assert min(values) >= 0


def test_something_is_visibly_positive():
    """The test above is not empty."""
    assert normal.all_positive(SAMPLES["a sum of one or more"]())
    assert normal.all_nonnegative(SAMPLES["a double sum"]())
    assert not normal.all_positive(SAMPLES["a sum of none or more"]())


# -- Putting one thing for another -----------------------------------------------------------------


def test_what_is_put_is_not_captured():
    """The letter of a sum, an argument or a product is another than one that is put."""
    nested = lambda x: plus(  # noqa: E731
        summed(affine(1), n, lambda i: times(a(i, x), summed(affine(1), i, lambda j: b(j, x)))),
        apply("F", (x,), [array([(affine(1), n)], lambda i: a(i, x))], ((0, (x,)),)),
        product_over(k, t, lambda j: a(j, x)),
    )

    for letter in ("i", "j", "#0", "#1", "#2", "#99"):
        moved = put(nested(p), {"p": affine(letter)})

        assert moved == nested(affine(letter))
        assert put(moved, {letter: q}) == nested(q)
    swapped = put(times(a(p, q), nested(p)), {"p": q, "q": p})
    assert swapped == times(a(q, p), nested(q))


def test_atoms_are_put_wherever_they_stand():
    """Entries under a sum by what holds the letter of the sum, without capture."""
    body = summed(affine(1), n, lambda i: times(a(i), b(p)))
    value = summed(affine(1), n, lambda i: a(i, p))
    result = mapped(body, lambda atom: atom == atom_of(b(p)), lambda _: value)

    assert result == times(summed(affine(1), n, a), value)
    everywhere = mapped(
        body,
        lambda atom: isinstance(atom, Entry) and atom.name == "a",
        lambda atom: a(*atom.at, atom.at[0]),
    )
    assert everywhere == times(summed(affine(1), n, lambda i: a(i, i)), b(p))


@pytest.mark.parametrize(
    "around",
    [
        lambda u: times(u, b(q)),
        lambda u: summed(affine(1), n, lambda i: over(ONE, plus(ONE, apply("exp", (), [
            scalar(times(u, b(i)))])))),
        lambda u: apply("F", (p,), [array([(affine(1), n)], lambda i: times(u, b(i)))]),
        lambda u: power(plus(ONE, apply("exp", (), [scalar(u)])), number(Fraction(1, 2))),
        lambda u: power(entry("pos"), times(u, b(q))),
        lambda u: product_over(k, t, lambda j: plus(u, b(j))),
        lambda u: product_of(array([(k, t), (affine(1), n), (affine(1), n)],
                                   lambda j, r, c: plus(times(u, b(r)), delta(r - c))), (p, q)),
        lambda u: over(b(q), plus(u, b(p))),
    ],
    ids=["product", "sum", "argument", "base", "exponent", "factor", "matrix", "denominator"],
)  # fmt: skip
def test_atom_is_found_and_put_wherever_it_stands(around):
    """What is made with an entry becomes what is made with its value."""
    value = times(b(p), apply("G", (), [scalar(a(q))]))
    wanted = atom_of(a(p))

    assert holds(around(a(p)), lambda atom: atom == wanted)
    assert mapped(around(a(p)), lambda atom: atom == wanted, lambda _: value) == around(value)
    assert not holds(around(value), lambda atom: atom == wanted)


def test_atoms_are_looked_at_under_the_facts_that_hold_where_they_stand():
    """Within a sum and an argument, their letters lie within their ranges."""
    seen = []

    def look(atom):
        if isinstance(atom, Entry) and atom.name == "b":
            seen.append(normal.context().facts.entails(n - atom.at[0]))
        return False

    for around in (summed, lambda *ranges: apply("F", (), [array([ranges[:2]], ranges[2])])):
        holds(around(affine(1), n, lambda i: times(a(i), b(i), b(i + 1))), look)
    assert sorted(seen) == [False, False, True, True]


def test_arguments_are_one_where_they_agree_within_their_ranges():
    """Of another size, or other entries, they are two."""
    f = lambda size, body: apply("F", (), [array([(affine(1), size)], body)])  # noqa: E731

    assert f(n, a) == f(n, lambda i: plus(a(i), ZERO))
    assert f(n, a) != f(m, a)
    assert f(n, a) != f(n, b)
    assert f(n, lambda i: times(mask(n - i), a(i))) == f(n, a)
    assert f(n, lambda i: times(mask(m - i), a(i))) != f(n, a)
    assert apply("F", (p,), [scalar(a())]) != apply("F", (q,), [scalar(a())])


def test_the_letters_of_nested_arguments_are_told_apart():
    """What an inner function takes may hold the letter of what the outer one takes."""

    def nested(entry_at):
        return apply("F", (), [array([(affine(1), n)], lambda i: apply(
            "G", (), [array([(affine(1), m)], lambda j: entry_at(i, j))]))])  # fmt: skip

    def expected(draw, entry_at):
        rows, columns = (range(1, draw.letters[one] + 1) for one in "nm")
        inner = {(i,): wave("G", (), [{(j,): entry_at(i, j) for j in columns}]) for i in rows}
        return wave("F", (), [inner])

    assert agrees(nested(a), lambda d: expected(d, lambda i, j: d.entry("a", (i, j))))
    assert nested(a) != nested(lambda i, j: a(j, i))
    assert nested(lambda i, j: a(i, i)) != nested(lambda i, j: a(j, j))
    assert agrees(summed(affine(1), n, lambda k_: nested(lambda i, j: a(i, j, k_))), lambda d: sum(
        expected(d, lambda i, j, k_=k_: d.entry("a", (i, j, k_)))
        for k_ in range(1, d.letters["n"] + 1)
    ))  # fmt: skip


# -- Derivatives -----------------------------------------------------------------------------------


def unknown(*at):
    """Unknown function of an array and a number, at a place."""
    return apply("G", at, [array([(affine(1), n)], lambda i: times(a(i), a(i))), scalar(a(q))])


CURVES = {
    "an entry": lambda: a(p),
    "a sum": lambda: summed(affine(1), n, lambda i: times(a(i), a(i), b(i))),
    "a product of sums": lambda: times(summed(affine(1), n, a), summed(affine(1), m, a)),
    "a double sum": lambda: summed(affine(1), n, lambda i: summed(
        i, n, lambda j: times(a(i), a(j), b(i, j)))),
    "a quotient": lambda: over(a(p), plus(ONE, summed(
        affine(1), n, lambda i: times(a(i), a(i))))),
    "a root": lambda: power(plus(ONE, times(a(p), a(p))), number(normal.Fraction(1, 2))),
    "a power": lambda: power(plus(a(p), b(p)), integer(t)),
    "known functions": lambda: summed(affine(1), n, lambda i: times(
        apply("tanh", (), [scalar(minus(a(i), a(p)))]),
        apply("sigmoid", (), [scalar(a(i))]), exp(scaled(-1, a(i))))),
    "unknown functions": lambda: summed(affine(1), m, lambda i: times(unknown(i), a(i))),
    "a function of a function": lambda: apply("f", (), [scalar(times(unknown(q), a(p)))]),
    "another product": lambda: product_over(k + 1, t, b),
}  # fmt: skip


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("letter", ["t", "q"])
def test_a_derivative_is_that_along_the_imaginary_axis(curve, order, letter):
    """By an entry at a place that may be among others, or at none of them."""
    poly = CURVES[curve]()
    by = Entry("a", (affine(letter),))
    for _ in range(order - 1):
        poly = partial(poly, by)
    slope = partial(poly, by)

    for draw in draws():
        draw.value(poly)
        place = "a", (draw.letters[letter],)
        entries = {**draw.entries, place: draw.entry(*place) + 1e-30j}
        moved = Draw(draw.letters, draw.seed, positive, entries)

        assert close(draw.value(slope), moved.value(poly).imag / 1e-30)


def test_a_derivative_that_has_no_rule_is_refused():
    """It is not zero."""
    matrix = array([(affine(1), n)] * 2, lambda i, j: times(a(i), a(j)))

    for poly in (
        product_over(k + 1, t, a), power(entry("pos"), a(t)), apply("norm", (), [matrix])
    ):  # fmt: skip
        with pytest.raises(Unsupported):
            partial(poly, Entry("a", (t,)))


def test_the_order_of_derivatives_of_a_function_is_free():
    """By its first argument and then its second, or the other way round."""
    f = apply("F", (), [scalar(a()), scalar(b())])
    first, second = Entry("a"), Entry("b")

    assert partial(partial(f, first), second) == partial(partial(f, second), first)
    assert partial(partial(f, first), first) != partial(partial(f, first), second)


# -- Equations -------------------------------------------------------------------------------------


def between(left, right, *letters):
    """Equation whose letters stand for the times or places of a range."""
    equation = Equation.between(left, right, letters)
    assert equation is not None
    return equation


def test_an_equation_is_used_within_its_ranges():
    """a_x = 2 b_x for x up to n: a_p is 2 b_p, and a_t stays, as t may be more."""
    x = affine("x")
    line = between(a(x), scaled(2, b(x)), ("x", affine(1), n))
    poly = plus(a(p), a(t), summed(affine(1), n, a), summed(affine(1), m, a))

    assert used(poly, [line]) == plus(
        scaled(2, b(p)), a(t), summed(affine(1), n, lambda i: scaled(2, b(i))),
        summed(affine(1), m, a),
    )  # fmt: skip


def test_an_equation_is_used_at_one_value_of_each_letter():
    """a_xx says nothing of a_pq, and a_x,x+1 of none but neighbours."""
    x, y = affine("x"), affine("y")
    diagonal = between(a(x, x), b(x), ("x", affine(1), n))
    neighbours = between(a(x, x + 1), b(x), ("x", affine(1), n))
    double = between(a(2 * x), b(x), ("x", affine(1), n))
    two = between(a(x + y), b(x, y), ("x", affine(1), n), ("y", affine(1), n))
    unused = between(a(x), b(x, y), ("x", affine(1), n), ("y", affine(1), n))

    assert used(a(p, p), [diagonal]) == b(p)
    assert used(a(p, q), [diagonal]) == a(p, q)
    assert used(a(p, p + 1), [neighbours]) == b(p)
    assert used(a(p, p), [neighbours]) == a(p, p)
    assert used(a(p + q), [two]) == a(p + q)
    assert used(a(2 * p), [double]) in {a(2 * p), b(p)}
    assert used(a(p), [double]) == a(p)
    assert used(a(p), [unused]) == a(p)


def test_an_equation_of_a_product_is_used_at_its_own_times():
    """The times stand in the product; a place that is one of them is no other place."""
    ranges = (("x", affine(1), n), ("y", affine(1), n))
    chain = lambda last, at: matrix_product(  # noqa: E731
        affine(1), last, lambda j, r, c: plus(a(j, r, c), b(r, c)), at)  # fmt: skip
    x, y = affine("x"), affine("y")
    at_places = between(chain(t, (x, y)), b(x, y), *ranges)
    with assuming(*within(x, affine(1), n)):
        at_time = between(chain(x, (x, q)), b(x), ("x", affine(1), n))

        assert used(chain(t, (p, q)), [at_places]) == b(p, q)
        assert used(chain(k, (p, q)), [at_places]) == chain(k, (p, q))
        assert used(chain(x, (p, q)), [at_time]) == chain(x, (p, q))


def test_an_equation_needs_one_atom_on_its_left():
    """But for a sign, which goes to the right."""
    assert Equation.between(times(a(), b()), ONE, ()) is None
    assert Equation.between(plus(a(), b()), ONE, ()) is None
    assert Equation.between(times(a(), a()), ONE, ()) is None
    assert Equation.between(scaled(2, a()), ONE, ()) is None
    assert used(a(), [between(scaled(-1, a()), b())]) == scaled(-1, b())


def total(low):
    """Sum of products, up to a time."""
    return summed(low, t, lambda i: times(a(i), b(t)))


@pytest.mark.parametrize("low", [affine(1), k, k + 1, t - 1, n, affine(4)])
def test_the_last_term_of_a_sum_is_peeled(low):
    """A sum that may be empty has no last term, and its value stays."""
    poly = total(low)

    assert agrees(peeled(poly, "t"), lambda d: d.value(poly))


def test_a_sum_with_a_last_term_is_peeled():
    """The test above is not empty."""
    with assuming(t - 1):
        assert peeled(total(affine(1)), "t") == plus(
            times(summed(affine(1), t - 1, a), b(t)), times(a(t), b(t))
        )


@pytest.mark.parametrize("low", [affine(1), k, k + 1, n])
@pytest.mark.parametrize("at", [(), (p, q)])
def test_the_last_factor_of_a_product_is_peeled(low, at):
    """It stands on the left; a product that may be of no factors stays."""
    if at:
        poly = matrix_product(low, t, lambda j, r, c: plus(a(j, r, c), b(r, c)), at)
    else:
        poly = product_over(low, t, lambda j: plus(a(j), b(j)))
    result = peeled(poly, "t")

    assert agrees(result, lambda d: d.value(poly))
    assert (result != poly) == (low == k)


# -- The evaluator ---------------------------------------------------------------------------------


def test_the_unknown_function_has_its_derivatives():
    """By steps along the imaginary axis: the tests above rest on them."""
    here = [{(1,): 0.3 + 0j, (2,): -0.5 + 0j}, {(): 0.2 + 0j}]
    moved = [{(1,): 0.3 + 0j, (2,): -0.5 + 1e-30j}, here[1]]

    for slots in ((), ((1, ()),), ((0, (1,)), (0, (2,)))):
        slope = wave("F", (3,), here, (*slots, (0, (2,))))

        assert close(slope, wave("F", (3,), moved, slots).imag / 1e-30)


def test_terms_of_several_kinds_are_told_apart():
    """Whatever they are made of, as their keys begin with their kinds."""
    atoms = [
        Entry("a", (p,)), Entry("a", (p, q)), Entry("b", (p,)), Delta(p), Mask(p),
        Group(plus(a(p), ONE)), Power(a(p), b(p)), Power(b(p), a(p)),
        Apply("a", (p,), ()), Apply("a", (), (scalar(a(p)),)), Entry(("a",), (p,)),
        Apply("a", (), (scalar(a(p)),), ((0, ()),)),
    ]  # fmt: skip

    assert len(set(atoms)) == len(atoms)
    assert len({atom.key for atom in atoms}) == len(atoms)
    assert of(atoms[0]) == a(p)
