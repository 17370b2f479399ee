"""What the prover of inequalities proves for all sizes, and what it must leave alone."""

from __future__ import annotations

import math
import operator
import pickle
import re
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from orders import INEQUALITIES, given_by, lines_of

from rnnnotes.book.check.checking import prove
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import (
    Abs,
    Diag,
    Entry,
    Eq,
    Identity,
    Indicator,
    Le,
    Literal,
    Lt,
    Max,
    Min,
    Norm,
    Ones,
    Outer,
    Product,
    Relation,
    Size,
    SpectralRadius,
    Sum,
    Total,
    wrap,
)
from rnnnotes.book.prove.everysize import Lemma, Premises, Shown
from rnnnotes.book.prove.order import Given, compares_for_all_sizes
from rnnnotes.core import reals, solver
from rnnnotes.core.inequalities import Order
from rnnnotes.core.integers import Facts, affine
from rnnnotes.core.normal import (
    FUNCTIONS,
    ONE,
    ZERO,
    Context,
    entry,
    known,
    norm,
    number,
    of,
    plus,
    summed,
    times,
)
from rnnnotes.core.norms import NORMS
from rnnnotes.core.reals import POWER, Comparison, Contradiction, follows
from rnnnotes.core.terms import Entry as Leaf
from rnnnotes.notation import (
    D,
    H,
    M,
    T,
    W_hh,
    W_xh,
    age,
    beta,
    c,
    eps,
    exp,
    f,
    gamma,
    h,
    i,
    j,
    k,
    kappa,
    lam,
    log,
    psi,
    sigmoid,
    span,
    t,
    tanh,
    tau,
    u,
    v,
    w,
    z_gate,
)

STEPS = {t: (1, T)}
PAST = {t: (1, T), k: (0, t)}
SLOPES = Le(Abs(f.prime(u)), gamma)


def shown(left, sign, right, *, where=(), ranges=STEPS, known=(), definitions=(), claim=None):
    """What the proof of a comparison rests on, or None."""
    bounds = within(ranges)
    given = Given(
        Premises(definitions, bounds),
        [Lemma(statement, within(own)) for statement, own in known],
        [Lemma(condition, bounds) for condition in where],
    )
    line = Relation(left, sign, right)
    return compares_for_all_sizes(line.left, sign, line.right, given, claim or line)


def within(ranges):
    """First and last values of indices, as expressions."""
    return {index: tuple(map(sp.sympify, bounds)) for index, bounds in ranges.items()}


def cell(id):
    """Definitions on which a formula rests."""
    return given_by(find(id)).premises.definitions


# -- The book --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stated", INEQUALITIES.values(), ids=list(INEQUALITIES))
def test_each_inequality_of_the_book_is_proved_for_all_sizes(stated):
    """A draw says nothing of other sizes, nor of numbers that are larger than it draws."""
    given = given_by(stated)
    for line in lines_of(stated).values():
        assert compares_for_all_sizes(*line, given, stated.statement)


TRUE = {
    ("bptt.truncation_bias_bound", 5, "<"),  # a power of kappa is left out, and it is positive
    ("building_blocks.sigmoid_slope_positive", 1, "less"),  # a part of it is positive too
    ("building_blocks.tanh_slope_positive", 1, "less"),
    ("gated_cells.bounded_state", 1, "<"),
    ("gated_cells.bounded_step", 2, "<"),  # no tanh reaches one, and both shares are positive
    ("gru.bounded", 1, "<"),
    ("gru.step_bound", 3, "<"),
    ("lstm.cell_bound", 2, "<"),
    ("lstm_variants.coupled_bound", 3, "<"),
}
"""Neighbours of lines that hold as well, by formula, line and kind."""


def neighbours(left, sign, right):
    """Neighbours of a line, by their kind: turned around, beyond its reach, and strict."""
    yield "less", Le(left, right * wrap(sp.Rational(99, 100)))
    if sign != "<":
        yield "<", Lt(left, right)
    if sign != "=" and left.shape == right.shape:
        yield "more", Le(right, left)


@pytest.mark.parametrize("stated", INEQUALITIES.values(), ids=list(INEQUALITIES))
def test_no_wrong_neighbour_of_an_inequality_of_the_book_is_proved(stated):
    """A prover that lets anything pass shows nothing by what it lets pass."""
    given = given_by(stated)
    for number_, line in lines_of(stated).items():
        for kind, wrong in neighbours(*line):
            found = compares_for_all_sizes(wrong.left, wrong.sign, wrong.right, given, wrong)

            assert bool(found) == ((stated.id, number_, kind) in TRUE)


@pytest.mark.parametrize(
    ("id", "condition"),
    [
        ("bptt.truncation_bias_bound", 0),
        ("bptt.truncation_bias_bound", 1),
        ("gradients.gap_bound", 0),
        ("gradients.vanishing_gradient", 1),
        ("gradients.no_explosion", 1),
        ("gradients.long_term_share", 0),
        ("gated_cells.eigenvector_row", 1),  # the first says that there is an inverse
        ("gated_cells.row_sum_bound", 0),
    ],
)
def test_no_condition_may_be_left_out(id, condition):
    """A bound without its hypothesis is the likeliest mistake in honest work."""
    stated, given = find(id), given_by(find(id))
    left_out = given.conditions[condition]
    without = replace(given, conditions=[one for one in given.conditions if one != left_out])

    assert not all(
        compares_for_all_sizes(*line, without, stated.statement)
        for line in lines_of(stated).values()
    )


# -- Numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (Le(tanh.prime(u), 1), Lt(tanh.prime(u), 1)),
        (Lt(0, tanh.prime(u)), Lt(eps, tanh.prime(u))),
        (Lt(tanh(u) ** 2, 1), Le(tanh(u), sp.Rational(999, 1000))),
        (Le(Abs(tanh(u)), Abs(u)), Lt(Abs(tanh(u)), Abs(u))),
        (Lt(sigmoid(u), 1), Le(sigmoid(u), sp.Rational(999, 1000))),
        (Le(sigmoid.prime(u), sp.Rational(1, 4)), Le(sigmoid.prime(u), sp.Rational(1, 5))),
        (Le(0, u**2), Lt(0, u**2)),
        (Lt(0, u**2 + 1), Lt(1, u**2 + 1)),
        (Le(u**2, u**2), Le(u**2 + eps, u**2)),
        (Le(1 + u, exp(u)), Lt(1 + u, exp(u))),
        (Lt(0, exp(u)), Le(exp(u), 10**7)),
        (Le(log(eps), eps - 1), Le(log(u), u - 1)),
        (Le(2 * u, u**2 + 1), Le(2 * u, u**2)),
        (Le(Max(u, 1), Abs(u) + 1), Le(Max(u, 1), Abs(u))),
        (Le(Min(u, 1), u), Le(u, Min(u, 1))),
        (Le(Indicator(u, 0), 1), Lt(Indicator(u, 0), 1)),
        (Eq(u * Indicator(u, 0), Max(u, 0)), Eq(u * Indicator(u, 0), Abs(u))),
        (Le(Abs(v + w), Abs(v) + Abs(w)), Le(Abs(v) + Abs(w), Abs(v + w))),
        (Le(wrap(1), wrap(H)), Le(wrap(2), wrap(H))),
        (Le(wrap(1), Size(W_xh)), Le(wrap(2 * H), wrap(D))),
        (Le(wrap(1) / 2, wrap(sp.sqrt(H))), Le(wrap(sp.sqrt(D)), wrap(H))),
        (Le(kappa**t, kappa**t), Le(kappa**t, 1)),
        (Lt(eps / (1 + eps), 1), Le(eps / (1 + eps), eps**2)),
        (Le(psi(v), psi(v)), Le(psi(v), 1)),
        (Le(f(u), f(u) + eps), Le(f(u), 1)),
    ],
)  # fmt: skip
def test_numbers_are_compared_whatever_they_are(true, false):
    """Draws never meet a tie, zero, or a number that is large or small enough."""
    assert shown(true.left, true.sign, true.right)
    assert not shown(false.left, false.sign, false.right)


def test_a_power_compares_as_its_base():
    """The exponent is positive, or counts factors; by an exponent of zero both are one."""
    less = [Le(u**2, kappa), Lt(kappa, 1)]

    assert shown(u ** (2 * t), "<=", kappa**t, where=less)
    assert shown((span / (1 + span)) ** age, "<=", 1)
    assert shown((1 - 1 / (1 + span)) ** age, "<=", exp(-(age / (1 + span))))
    assert shown(kappa ** (t - k), "<=", 1, where=less, ranges=PAST)
    assert not shown(u ** (t - k), "<=", 1, where=[Le(u, 1)], ranges=PAST)
    assert not shown(kappa**u, "<=", 1, where=less)
    assert not shown(kappa ** (t - k), "<", 1, where=less, ranges=PAST)
    assert not shown(kappa ** (t - k), "<=", kappa, where=less, ranges=PAST)
    assert not shown((1 - 1 / (1 + span)) ** age, "<=", exp(-(2 * age / (1 + span))))


# -- Sums and products -----------------------------------------------------------------------------


def test_a_sum_is_compared_by_its_terms():
    """Each term is at most its counterpart, for any number of terms."""
    terms = Sum(Abs(u) * kappa**j, j, k + 1, t)

    assert shown(Sum(u * kappa**j, j, k + 1, t), "<=", terms, ranges=PAST)
    assert shown(Abs(Total(v)), "<=", Total(Abs(v)))
    assert shown(v @ w, "<=", (v @ v + w @ w) / 2)
    assert not shown(terms, "<=", Sum(u * kappa**j, j, k + 1, t), ranges=PAST)
    assert not shown(Abs(Total(v)), "<", Total(Abs(v)))
    assert not shown(Abs(Total(v)), "<=", Total(Max(v, 0)))
    assert not shown(Total(Abs(v)), "<=", Abs(Total(v)))


def test_a_term_is_taken_from_a_sum_only_where_there_is_one():
    """A sum over an index may be empty: nothing positive is at most nothing."""
    terms = Sum(u**2, j, 5, t)

    assert shown(u**2, "<=", terms, ranges={t: (5, T)})
    assert not shown(u**2, "<=", terms)
    positive = Sum(exp(psi(h[j])), j, k + 1, t)
    assert shown(0, "<", positive, ranges={t: (1, T), k: (0, t - 1)})
    assert not shown(0, "<", positive, ranges=PAST)
    assert shown(Abs(Entry(v, i)), "<=", Total(Abs(v)), ranges={i: (1, H)})
    assert not shown(Abs(Entry(v, i)), "<=", Total(Abs(v)), ranges={i: (1, H + 1)})
    assert not shown(Abs(Entry(v, i)), "<=", Total(v), ranges={i: (1, H)})


def test_a_sum_is_taken_apart_where_another_ends():
    """Only at a place that is surely within it: beyond its end there are no terms to leave out."""
    first, rest, whole = (Sum(psi(h[j]), j, *ends) for ends in ((1, k), (k + 1, t), (1, t)))

    assert shown(whole - rest, "=", first, ranges=PAST)
    assert shown(whole, "=", first + rest, ranges=PAST)
    assert not shown(whole, "=", first + rest, ranges={t: (1, T), k: (0, t + 1)})
    assert not shown(whole, "=", first + Sum(psi(h[j]), j, k, t), ranges=PAST)


def test_a_geometric_series_is_summed():
    """From its first power to its last, also where there is none, and for no other step."""
    ranges = {tau: (1, T - 1), t: (tau + 1, T)}
    terms = Sum(kappa ** (t - j), j, 1, t - tau - 1)
    value = kappa ** (tau + 1) * (1 - kappa ** (t - tau - 1)) / (1 - kappa)
    one_more = kappa**tau * (1 - kappa ** (t - tau)) / (1 - kappa)

    assert shown(terms, "=", value, where=[Lt(kappa, 1)], ranges=ranges)
    assert not shown(terms, "=", one_more, where=[Lt(kappa, 1)], ranges=ranges)
    assert not shown(terms, "=", value, ranges=ranges)
    part = (kappa**k - kappa ** (t + 1)) / (1 - kappa)
    assert shown(Sum(kappa**j, j, k, t), "=", part, where=[Lt(kappa, 1)], ranges=PAST)
    apart = {t: (1, T), k: (0, T)}
    assert not shown(Sum(kappa**j, j, k, t), "=", part, where=[Lt(kappa, 1)], ranges=apart)
    assert not shown(
        Sum(kappa ** (2 * j), j, 1, t), "<=", kappa / (1 - kappa**2), where=[Lt(kappa, 1)]
    )


def test_a_product_of_signed_factors_is_not_negative():
    """That is what an induction over the number of factors needs."""
    assert shown(0, "<=", Product(Abs(Entry(h[j], i)), j, t, 1), ranges={t: (1, T), i: (1, H)})
    assert not shown(0, "<=", Product(Entry(h[j], i), j, t, 1), ranges={t: (1, T), i: (1, H)})
    assert not shown(0, "<", Product(Abs(Entry(h[j], i)), j, t, 1), ranges={t: (1, T), i: (1, H)})


def test_a_product_is_compared_by_its_factors():
    """If one that both have is negative, the larger of the others makes the smaller product."""
    less = [Le(kappa, lam)]

    assert shown(beta * kappa, "<=", beta * lam, where=less)
    assert not shown(u * kappa, "<=", u * lam, where=less)


# -- Norms -----------------------------------------------------------------------------------------

A, B = M[1], M[2]


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (Le(Norm(A @ B), Norm(A) * Norm(B)), Lt(Norm(A @ B), Norm(A) * Norm(B))),
        (Le(Norm(A @ v), Norm(A) * Norm(v)), Eq(Norm(A @ v), Norm(A) * Norm(v))),
        (Le(Norm(A @ B @ v), Norm(A) * Norm(B) * Norm(v)), Le(Norm(A @ B), Norm(A))),
        (Le(Norm(A + B), Norm(A) + Norm(B)), Le(Norm(A + B), Norm(A))),
        (Le(Norm(A - B), Norm(A) + Norm(B)), Eq(Norm(A) - Norm(B), Norm(A - B))),
        (Le(Norm(u * A), Abs(u) * Norm(A)), Le(Norm(u * A), u * Norm(A))),
        (Eq(Norm(A.T), Norm(A)), Eq(Norm(A), Norm(B))),
        (Eq(Norm(Identity(H)), 1), Lt(Norm(Identity(H)), 1)),
        (Lt(Norm(Diag(tanh(v))), 1), Le(Norm(Diag(v)), 1)),
        (Le(Norm(Diag(tanh(v)) @ A), Norm(A)), Lt(Norm(Diag(tanh(v)) @ A), Norm(A))),
        (Eq(Norm(Outer(v, w)), Norm(v) * Norm(w)), Lt(Norm(Outer(v, w)), Norm(v) * Norm(w))),
        (Le(0, Norm(W_hh)), Lt(0, Norm(W_hh))),
        (Le(Norm(W_hh), 2 * Norm(W_hh)), Le(Norm(W_hh), 100)),
        (Le(SpectralRadius(A), Norm(A)), Le(Norm(A), SpectralRadius(A))),
        (Le(SpectralRadius(A), 2 * Norm(A)), Lt(SpectralRadius(A), Norm(A))),
        (Lt(SpectralRadius(Diag(tanh(v))), 1), Le(SpectralRadius(A + B), Norm(A))),
        (
            Le(Abs(Entry(W_hh, i, k)), Norm(W_hh)),
            Le(Abs(Entry(W_hh, i, k)) + Abs(Entry(W_hh, k, i)), Norm(W_hh)),
        ),
        (
            Le(beta, Norm(Literal([lam, beta], [0, lam]))),
            Le(lam + beta, Norm(Literal([lam, beta], [0, lam]))),
        ),
        (
            Eq(SpectralRadius(Literal([lam, beta], [0, lam])), lam),
            Eq(SpectralRadius(Literal([lam, beta], [beta, lam])), lam),
        ),
        (
            Eq(SpectralRadius(Literal([lam, beta], [0, kappa])), Max(lam, kappa)),
            Eq(SpectralRadius(Literal([lam, beta], [0, kappa])), lam),
        ),
        (
            Le(Norm(Sum(A @ h[j], j, k, t)), Sum(Norm(A @ h[j]), j, k, t)),
            Le(Norm(Sum(A @ h[j], j, k, t)), Norm(A @ h[k])),
        ),
    ],
)  # fmt: skip
def test_norms_are_compared_by_their_rules(true, false):
    """The rules hold for the norm that stretches most; what they do not say is not known."""
    ranges = {t: (1, T), k: (1, H), i: (1, H)}

    assert shown(true.left, true.sign, true.right, ranges=ranges)
    assert not shown(false.left, false.sign, false.right, ranges=ranges)


def test_a_bound_that_holds_for_two_entries_alone_is_not_proved():
    """The sizes at which formulas were checked are small, and such a bound passed."""
    rows = Abs(W_hh) @ Ones(H)

    assert not shown(rows, "<=", 1.5 * Norm(W_hh))
    assert not shown(Total(Abs(v)), "<=", wrap(sp.sqrt(2)) * Norm(v))
    assert not shown(Norm(Identity(H)) * H, "<=", 2)


def test_the_norm_of_a_sum_whose_range_depends_on_the_place_is_left_alone():
    """A triangle of a matrix is no product with the matrix: its norm may be larger."""
    size = affine("H")

    def product_up_to(last):
        return norm([(affine(1), size)], lambda row: summed(affine(1), last(row), lambda column:
            times(entry("A", row, column), entry("v", column))))  # fmt: skip

    with known(Context(Facts([size - 1]))):
        bound = times(
            norm([(affine(1), size)] * 2, lambda *at: entry("A", *at)),
            norm([(affine(1), size)], lambda at: entry("v", at)),
        )
        order = Order(rules=NORMS)

        assert order.shows(Comparison(product_up_to(lambda row: size), "<=", bound))
        triangle = Comparison(product_up_to(lambda row: row), "<=", bound)
        assert not order.shows(triangle)
        letters = {name for one in order.known_of(triangle) for side in one.sides
                   for name in side.free}  # fmt: skip
        assert letters <= {"H"}


def test_discs_bound_eigenvalues_and_no_norm():
    """Gershgorin's theorem says where eigenvalues lie; the norm of a matrix may be larger."""
    rows = Le(Abs(W_hh) @ Ones(H), kappa)

    assert shown(SpectralRadius(W_hh), "<=", kappa, where=[rows]) == Shown(solver=True, norms=True)
    assert not shown(Norm(W_hh), "<=", kappa, where=[rows])
    assert not shown(SpectralRadius(W_hh), "<", kappa, where=[rows])
    assert not shown(SpectralRadius(W_hh), "<=", kappa, where=[Le(W_hh @ Ones(H), kappa)])


# -- What is given ---------------------------------------------------------------------------------


def test_a_condition_on_a_function_holds_for_any_argument():
    """Unless its letter stands in the statement: then it is a condition on this number alone."""
    assert shown(Abs(f.prime(v)), "<=", gamma, where=[SLOPES])
    assert shown(Norm(Diag(f.prime(v))), "<=", gamma, where=[SLOPES])
    assert shown(Abs(f.prime(u)), "<=", gamma, where=[SLOPES])
    assert not shown(Abs(f(v)), "<=", gamma, where=[SLOPES])
    assert not shown(Abs(f.prime(v)), "<=", kappa, where=[SLOPES])
    assert not shown(Abs(f.prime(v)), "<=", gamma, where=[Le(gamma, Abs(f.prime(u)))])
    about_u = Relation(u * f.prime(v), "<=", gamma)
    assert not shown(Abs(f.prime(v)), "<=", gamma, where=[SLOPES], claim=about_u)
    assert not shown(Abs(f.prime(v)), "<=", gamma, where=[SLOPES, Le(u, 1)])


def test_a_condition_with_an_index_holds_within_its_range():
    """One step further nobody has supposed anything."""
    small = [Le(Abs(h[k]), 1)]

    assert shown(Abs(h[t]), "<=", 1, where=small, ranges={t: (1, T), k: (1, T)})
    assert shown(Abs(h[t - 1]), "<=", 1, where=small, ranges={t: (1, T), k: (0, T)})
    assert not shown(Abs(h[t - 1]), "<=", 1, where=small, ranges={t: (1, T), k: (1, T)})
    assert not shown(Abs(h[t]), "<=", 1, where=small, ranges={t: (1, T), k: (1, T - 1)})
    assert not shown(Ones(H), "<=", Abs(h[t]), where=small, ranges={t: (1, T), k: (1, T)})


def test_a_given_inequality_is_used_as_it_is_given():
    """Within its range, at its time, in its direction, and never as an equation."""
    bound = Le(Abs(c[t]), Abs(c[t - 1]))
    later = {t: (2, T)}

    assert shown(Abs(c[t]), "<=", Abs(c[t - 1]), known=[(bound, STEPS)])
    assert shown(Abs(c[t]), "<=", Abs(c[t - 2]), known=[(bound, STEPS)], ranges=later)
    assert shown(Abs(c[t]), "<=", Abs(c[0]), known=[(bound, STEPS)]).induction
    assert not shown(Abs(c[t - 1]), "<=", Abs(c[t]), known=[(bound, STEPS)])
    assert not shown(Abs(c[t]), "=", Abs(c[t - 1]), known=[(bound, STEPS)])
    assert not shown(Abs(c[t]), "<", Abs(c[t - 1]), known=[(bound, STEPS)])
    assert not shown(Abs(c[t]), "<=", Abs(c[t - 1]), known=[(bound, {t: (1, 1)})])
    assert not shown(Abs(c[t]), "<=", Abs(c[0]), known=[(bound, later)])


def test_what_is_known_of_the_letters_of_a_line_says_nothing_of_those_of_a_law():
    """Letters of a law are its own: its sums may be empty where those of the line are not."""
    both = psi(h[t]) ** 2 * psi(h[k]) ** 2
    law = (Le(kappa, lam + Sum(both, j, k + 1, t)), {t: (0, T), k: (0, T)})
    ranges = {t: (1, T), k: (0, t - 1)}

    assert shown(kappa, "<=", lam + Sum(both, j, k + 1, t), known=[law], ranges=ranges)
    assert not shown(kappa + both, "<=", lam, known=[law], ranges=ranges)


def test_a_slope_that_is_bounded_is_not_one():
    """An inequality among the formulas given was once used as an equation."""
    slope = (Le(tanh.prime(u), 1), {})

    assert shown(tanh.prime(v) * Abs(w), "<=", Abs(w), known=[slope])
    assert not shown(tanh.prime(v) * Abs(w), "=", Abs(w), known=[slope])
    assert not shown(tanh.prime(v) * w, "<=", w, known=[slope])


def test_conditions_that_contradict_one_another_prove_nothing():
    """From what never holds everything follows, so it is an error and no proof."""
    with pytest.raises(Contradiction):
        shown(2 * u, "<=", u, where=[Le(u, 0), Le(1, u)])
    with pytest.raises(Contradiction):
        shown(Abs(h[t]), "<=", 1, where=[Lt(Abs(h[t]), 0)])


# -- Induction -------------------------------------------------------------------------------------


def test_an_induction_needs_its_first_step():
    """The cell grows by one a step at most, from wherever it starts."""
    update = cell("lstm.cell_bound")

    assert shown(Abs(c[t]), "<=", Abs(c[0]) + t, definitions=update) == Shown(
        solver=True, induction=True
    )
    assert not shown(Abs(c[t]), "<=", wrap(t), definitions=update)
    assert not shown(Abs(c[t]), "<=", Abs(c[0]) + t - 1, definitions=update)


def test_an_induction_needs_each_other_step():
    """The state keeps within one or its first size, and not within its first size alone."""
    state = cell("gru.bounded")

    assert shown(Abs(h[t]), "<=", Max(Abs(h[0]), 1), definitions=state).induction
    assert not shown(Abs(h[t]), "<=", Abs(h[0]), definitions=state)
    assert not shown(Abs(h[t]), "<=", 1, definitions=state)
    assert not shown(Abs(h[t]), "<=", z_gate[t], definitions=state)


def test_an_induction_is_used_at_the_step_before_alone():
    """An index that goes up to the time is out of its range there, where it is the time itself."""
    ranges = {t: (1, T), k: (0, t), j: (0, t)}

    assert shown(wrap(j * t), "<=", wrap(t * t), ranges=ranges)
    assert not shown(wrap(j * (t + 1)), "<=", wrap(2 * k * (t + 1)), ranges=ranges)


def test_an_induction_compares_the_line_at_the_first_step_as_well():
    """A claim that holds at the first step says nothing of a line that does not."""
    bound = (Le(Abs(c[t]), Abs(c[t - 1])), STEPS)
    claim = Relation(Abs(c[t]), "<=", Abs(c[0]))

    assert shown(Abs(c[t]), "<=", Abs(c[0]), known=[bound], claim=claim)
    assert not shown(Abs(c[t]), "<=", Abs(c[0]) * (t - 1), known=[bound], claim=claim)


def test_an_induction_over_the_number_of_steps_is_over_the_line_alone():
    """That the statement holds for a whole sequence says nothing of the beginning of one."""
    grows = (Le(Abs(c[t]), Abs(c[t - 1]) + 1), {t: (2, T)})
    start = [Le(Abs(c[1]), 1)]
    claim = Relation(Abs(c[T]), "<=", 1)

    assert shown(Abs(c[T]), "<=", wrap(T), known=[grows], where=start, claim=claim)
    assert not shown(Abs(c[T]), "<=", 2, known=[grows], where=start, claim=claim)


# -- The solver ------------------------------------------------------------------------------------


def test_without_the_solver_nothing_is_proved_and_the_remedy_is_named(monkeypatch):
    """A weaker answer in silence would be read as a wrong line."""
    monkeypatch.setitem(sys.modules, "z3", None)
    solver.answer.cache_clear()

    with pytest.raises(solver.NoSolverError, match="pip install"):
        shown(0, "<=", u**2)
    with pytest.raises(solver.NoSolverError, match=r"line \d .*pip install") as told:
        prove(find("building_blocks.sigmoid_slope_bound"))
    # Another process tells of it, too.
    assert str(pickle.loads(pickle.dumps(told.value))) == str(told.value)


def test_what_the_solver_cannot_decide_within_its_steps_is_not_known(monkeypatch):
    """Unknown never counts as proved."""
    monkeypatch.setattr(solver, "STEPS", 1)
    solver.answer.cache_clear()

    assert not solver.refuted(solver.question(["x", "y"], ["(< (+ (* x x) (* y y)) (* 2 x y))"]))
    assert not shown(2 * u * eps, "<=", u**2 + eps**2)

    monkeypatch.undo()
    solver.answer.cache_clear()

    assert shown(2 * u * eps, "<=", u**2 + eps**2)


def test_nothing_follows_from_what_is_not_seen_to_hold_of_any_numbers(monkeypatch):
    """That the facts are free of contradiction is found, and not assumed."""
    goal = Comparison(ZERO, "<=", times(of(Leaf("u")), of(Leaf("u"))))
    monkeypatch.setattr(reals, "answer", lambda text: "unknown")

    assert not follows(goal, [])
    monkeypatch.undo()
    assert follows(goal, [])


def test_what_is_known_of_functions_is_true():
    """The axioms are trusted, so they are computed at many points, far ones and zero among them."""
    points = [0.0, *np.linspace(-6, 6, 49), -300.0, -40.0, 40.0, 300.0]
    for name, row in FUNCTIONS.items():
        values = {u_: float(VALUES[name](u_)) for u_ in points if name != "log" or u_ > 0}
        for axiom in row.facts:
            assert all(computed(axiom, {"u": u_, "x": x_}) for u_, x_ in values.items()), axiom
    for axiom in POWER:
        cases = [(u_, u_**e) for u_ in points for e in (0, 1, 2, 3) if abs(u_) < 99]
        cases += [(u_, u_**e) for u_ in points for e in (0.3, 1.7) if 0 < u_ < 99]
        assert all(computed(axiom, {"u": u_, "x": x_}) for u_, x_ in cases), axiom


VALUES = {
    "sigmoid": lambda u_: 1 / (1 + np.exp(-np.clip(u_, -30, 30))),
    "tanh": lambda u_: np.tanh(np.clip(u_, -15, 15)),
    "exp": lambda u_: np.exp(np.clip(u_, -300, 300)),
    "log": np.log,
    "abs": abs,
    "step": lambda u_: float(u_ > 0),
}
"""Functions of which something is known; where floats would round them to a bound, they stop."""

OPERATIONS = {
    "+": operator.add, "*": operator.mul, "<": operator.lt, "=": math.isclose,
    "<=": lambda a, b: a <= b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12),
    "-": lambda a, b=None: -a if b is None else a - b,
    "and": lambda a, b: a and b, "=>": lambda a, b: b or not a,
    "ite": lambda test, yes, no: yes if test else no,
}  # fmt: skip


def computed(text, values):
    """Value of a text in SMT-LIB."""
    stack = [[]]
    for token in re.findall(r"[()]|[^()\s]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            name, *parts = stack.pop()
            stack[-1].append(OPERATIONS[name](*parts))
        elif token in OPERATIONS:
            stack[-1].append(token)
        else:
            stack[-1].append(values[token] if token in values else float(token))
    return stack[0][0]


def test_facts_that_contradict_one_another_are_refused():
    """The question is put twice: with the opposite of the claim, and without it."""
    one = of(Leaf("u"))
    facts = [Comparison(one, "<=", ZERO), Comparison(ONE, "<=", one)]

    with pytest.raises(Contradiction):
        follows(Comparison(number(2), "<=", one), facts)
    assert follows(Comparison(number(-1), "<=", one), facts[1:])
    assert not follows(Comparison(number(2), "<=", one), facts[1:])


def test_questions_are_recorded_for_a_second_solver():
    """What is recorded is a text that any solver reads, and only what was refuted."""
    one = of(Leaf("u"))
    third = times(number(Fraction(1, 3)), one)
    with solver.recorded() as questions:
        assert follows(Comparison(ZERO, "<=", plus(times(one, one), ONE)), [])
        assert not follows(Comparison(third, "<=", one), [])

    (text,) = questions
    assert text.startswith("(declare-const x0 Real)\n(assert (not (<= 0.0 (+ ")
