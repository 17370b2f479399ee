"""Laws that the prover for all sizes shows, and what is no law."""

from __future__ import annotations

import pytest
import sympy as sp

from rnnnotes import bptt, lstm, vanilla_rnn
from rnnnotes.book.language.nodes import (
    Block,
    Concatenate,
    Diag,
    Entry,
    Function,
    Gradient,
    Immediate,
    Jacobian,
    MatrixPower,
    Number,
    Ones,
    Outer,
    Product,
    Relation,
    Steps,
    Sum,
    Zeros,
)
from rnnnotes.book.prove.everysize import Lemma, Premises, holds_for_all_sizes
from rnnnotes.book.prove.premises import definitions_of
from rnnnotes.book.state.formulas import FORMULAS
from rnnnotes.book.state.obligations import Known, obligations
from rnnnotes.book.values.world import Definition
from rnnnotes.notation import (
    D,
    F,
    H,
    L,
    L_mean,
    L_t,
    M,
    P,
    T,
    W_hh,
    W_hy,
    W_xh,
    a,
    a_y,
    c,
    c_tilde,
    eta,
    f,
    f_gate,
    h,
    h_back,
    h_unit,
    i_gate,
    j,
    k,
    m,
    psi,
    q,
    s,
    t,
    theta,
    u,
    v,
    w,
    w_unit,
    x,
    x_unit,
)  # fmt: skip

NETWORK = definitions_of(FORMULAS["bptt.recurrent_weight_gradient"])
CELL = definitions_of(FORMULAS["lstm.cell_update"])
RECURSION = definitions_of(FORMULAS["bptt.linear_recursion"])
STEPS = {t: (1, T)}
OF_ALL = Function("of_all", (), takes=[(T, H)])
OF_BOTH = Function("of_both", (), takes=[(H,), ()])

chapters = bptt, lstm, vanilla_rnn
"""Chapters whose formulas are looked up above: importing them registers the formulas."""


def proved(left, right, definitions=(), bounds=STEPS, claim=None, known=()):
    """Whether two sides are equal for all sizes."""
    return holds_for_all_sizes(left, right, Premises(definitions, bounds, known), claim) is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((W_hh @ W_hh.T).T, W_hh @ W_hh.T),
        (v @ (W_hh @ w), w @ (W_hh.T @ v)),
        (W_hh @ (v + w), W_hh @ v + W_hh @ w),
        (v * (w * v), Diag(w) @ (v * v)),
        (Outer(v, w).T, Outer(w, v)),
        (Diag(v) @ Diag(w), Diag(w) @ Diag(v)),
        ((1 - v**2) * w, w - v * v * w),
        (W_hh @ v * (1 - w), W_hh @ v - w * (W_hh @ v)),
        (Diag(w) @ Diag(W_hh @ v), Diag((W_hh @ v) * w)),
        (Diag((W_hh @ v) * w) @ (1 - v), (W_hh @ v) * w - v * w * (W_hh @ v)),
        (W_hh @ Sum(q[k], k, 1, T), Sum(W_hh @ q[k], k, 1, T)),
        (v * Ones(H), v),
        (v + Zeros(H), v),
        (Block([W_hh], [W_hh.T]) @ v, Concatenate(W_hh @ v, W_hh.T @ v)),
        (Block([W_hh, Zeros(H, H)]) @ Block([W_hh], [W_hh.T]), Block([W_hh @ W_hh])),
        (
            Block([W_hh, W_hh.T]) @ Block([W_hh, W_xh], [W_hh.T, W_xh]),
            Block([W_hh @ W_hh + W_hh.T @ W_hh.T, W_hh @ W_xh + W_hh.T @ W_xh]),
        ),
        (Concatenate(v, w) + Concatenate(w, v), Concatenate(v + w, w + v)),
        (Concatenate(v * w, v), Concatenate(w * v, v)),
    ],
)
def test_laws_of_matrices_are_proved(left, right):
    """Each law holds for matrices of every size."""
    assert proved(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (W_hh @ W_hh.T, W_hh.T @ W_hh),
        (W_hh @ v, W_hh.T @ v),
        (Diag(v) @ W_hh, W_hh @ Diag(v)),
        (W_hh @ (v * w), (W_hh @ v) * w),
        (W_hh @ v * w, W_hh @ (w * v)),
        (Diag(W_hh @ v) @ W_hh, W_hh @ Diag(W_hh @ v)),
        (Diag((W_hh @ v) * w), Diag(W_hh @ (v * w))),
        (Outer(v, w), Outer(w, v)),
        (v * w, v * v),
        (Concatenate(v, w), Concatenate(w, v)),
        (Sum(q[k], k, 1, T), Sum(q[k], k, 2, T)),
        (Product(M[j], j, t, 1), Product(M[j], j, t - 1, 1)),
        (f(v + w), f(v) + f(w)),
        (v + Ones(H), v),
        (Block([W_hh, W_hh.T]), Block([W_hh], [W_hh.T])),
        (Block([W_hh], [W_hh.T]) @ v, Concatenate(W_hh.T @ v, W_hh @ v)),
        (Block([W_hh, W_hh.T]) @ Block([W_hh], [W_hh.T]), Block([W_hh @ W_hh.T])),
        (Concatenate(v, w) + Concatenate(w, v), Concatenate(v + v, w + w)),
    ],
)
def test_what_is_not_a_law_is_not_proved(left, right):
    """Each pair differs for some matrices, so no normal form may make the two one."""
    assert not proved(left, right)


@pytest.mark.parametrize(
    ("right", "holds"),
    [
        (Diag(f.prime(a[t])) @ W_hh, True),
        (Diag(f.prime(a[t])) @ W_hh.T, False),
        (W_hh @ Diag(f.prime(a[t])), False),
        (Diag(f(a[t])) @ W_hh, False),
        (Diag(f.prime(a[t - 1])) @ W_hh, False),
    ],
)
def test_step_jacobian_is_proved_and_its_mutants_are_not(right, holds):
    """The chain rule of the letters keeps order, transposition, slope and time apart."""
    assert proved(Jacobian(h[t], h[t - 1]), right, NETWORK) is holds


@pytest.mark.parametrize(
    ("right", "holds"),
    [
        (Sum(Outer(Gradient(L, a[t]), h[t - 1]), t, 1, T), True),
        (Sum(Outer(Gradient(L, a[t]), h[t]), t, 1, T), False),
        (Sum(Outer(h[t - 1], Gradient(L, a[t])), t, 1, T), False),
        (Sum(Outer(Gradient(L, a[t]), h[t - 1]), t, 2, T), False),
        (Sum(Outer(Gradient(L, h[t]), h[t - 1]), t, 1, T), False),
    ],
)
def test_weight_gradient_is_proved_and_its_mutants_are_not(right, holds):
    """A shared weight gathers one term from each step, and from each step the right one."""
    assert proved(Gradient(L, W_hh), right, NETWORK, {}) is holds


def test_last_state_has_no_later_one():
    """Beyond the last step there is no path, and before it there is one."""
    through_output = W_hy.T @ Gradient(L, a_y[t])

    assert proved(Gradient(L, h[T]), W_hy.T @ Gradient(L, a_y[T]), NETWORK, {})
    assert not proved(Gradient(L, h[t]), through_output, NETWORK, {t: (1, T - 1)})


def test_induction_needs_its_first_case():
    """The step from one time to the next holds, but the claim is false at the first."""
    right = Product(M[j], j, t, 1) @ m[0] + Sum(Product(M[j], j, t, k + 1) @ q[k], k, 1, t)
    claim = Relation(m[t], "=", right)
    doubled = Relation(m[t], "=", right + right)

    assert proved(claim.left, claim.right, RECURSION, STEPS, claim)
    assert not proved(doubled.left, doubled.right, RECURSION, STEPS, doubled)


@pytest.mark.parametrize(("first", "holds"), [(1, True), (2, False)])
def test_induction_reaches_a_column_inside_an_entrywise_product(first, holds):
    """The cell before is a factor of a product of vectors; no gate may be left out of the sum."""
    left = f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t]
    added = Product(Diag(f_gate[j]), j, t, k + 1) @ (i_gate[k] * c_tilde[k])
    right = Product(Diag(f_gate[j]), j, t, first) @ c[0] + Sum(added, k, 1, t)
    claim = Relation(c[t], "=", right)

    assert proved(left, right, CELL, STEPS, claim) == holds


def test_power_of_a_product_is_not_a_product_of_powers():
    """Matrices do not commute, so induction must not prove this."""
    left, right = MatrixPower(W_hh @ W_hh.T, t), MatrixPower(W_hh, t) @ MatrixPower(W_hh.T, t)
    claim = Relation(left, "=", right)

    assert not proved(left, right, (), STEPS, claim)


@pytest.mark.parametrize(
    ("left", "right", "holds"),
    [
        (W_hh @ (v - v) + w, w + Zeros(H, H) @ v, True),
        (Zeros(H, H) @ v, v, False),
        (h[t - 1], a[t - 1], True),
        (h[t - 1], a[t], False),
        (h[0], a[0], False),
    ],
)
def test_zeros_and_other_names(left, right, holds):
    """A symbol that is another name of one is that one, at each time that the naming reaches."""
    named = [Definition(h[t], a[t], ((t, sp.S.One, T),))]

    assert proved(left, right, named, {t: (2, T)}) is holds


# -- Bound indices ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (M[j] @ Sum(q[j], j, 1, T), Sum(M[j] @ q[j], j, 1, T)),
        (Outer(Sum(q[j], j, 1, T), q[j]), Sum(Outer(q[j], q[j]), j, 1, T)),
        (Diag(q[j]) @ Sum(q[j], j, 1, T), Sum(Diag(q[j]) @ q[j], j, 1, T)),
        (
            Sum(M[j], j, 1, T) @ Sum(q[j], j, 1, T),
            Sum(Sum(M[j] @ q[j], j, 1, T), j, 1, T),
        ),
        (Sum(M[j], j, 1, T).T @ q[j], Sum(M[j].T @ q[j], j, 1, T)),
        (Sum(Product(M[j], j, k, 1) @ q[j], k, 1, T), Sum(Product(M[j], j, k, 1) @ q[k], k, 1, T)),
        (Sum(Sum(M[j] @ q[k], k, 1, T), j, 1, T), Sum(Sum(M[j] @ q[j], k, 1, T), j, 1, T)),
    ],
)
def test_bound_index_is_not_a_free_one(left, right):
    """A sum runs through its index, and what stands beside it is taken at one index."""
    assert not proved(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Sum(q[j], j, 1, T), Sum(q[k], k, 1, T)),
        (Product(M[j], j, T, 1) @ v, Product(M[k], k, T, 1) @ v),
        (M[j] @ Sum(q[j], j, 1, T), Sum(M[j] @ q[k], k, 1, T)),
        (
            Sum(M[j], j, 1, T) @ Sum(q[j], j, 1, T),
            Sum(Sum(M[k] @ q[j], j, 1, T), k, 1, T),
        ),
        (Outer(Sum(q[j], j, 1, T), q[j]), Sum(Outer(q[k], q[j]), k, 1, T)),
        (v * Sum(q[j], j, 1, T), Sum(Diag(v) @ q[k], k, 1, T)),
    ],
)
def test_name_of_a_bound_index_means_nothing(left, right):
    """Whoever renames it changes nothing, and a factor moves into the sum under another name."""
    assert proved(left, right)


def test_definition_is_used_under_an_index_of_its_own():
    """The sum of the definition runs through k up to j, and never meets a k outside."""
    sums = [Definition(m[t], Sum(M[t] @ q[k], k, 1, t), ((t, sp.S.One, T),))]

    assert proved(Sum(m[k], k, 1, T), Sum(Sum(M[j] @ q[k], k, 1, j), j, 1, T), sums)
    assert not proved(Sum(m[k], k, 1, T), Sum(Sum(M[k] @ q[k], k, 1, k), k, 1, T), sums)
    assert not proved(m[k], Sum(M[j] @ q[j], j, 1, k), sums, {k: (1, T)})


@pytest.mark.parametrize("bounds", [{t: (1, T), k: (1, t)}, {t: (1, T), k: (1, T)}, {}])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Jacobian(x[t], x[k]), Zeros(D, D)),
        (Jacobian(W_xh @ x[t], x[k]), Zeros(H, D)),
        (Jacobian(a[t], h[k]), Zeros(H, H)),
        (Gradient(v @ q[t], q[k]), Zeros(H)),
        (Sum(Jacobian(q[t], q[j]), j, 1, T), Zeros(H, H)),
        (Jacobian(Diag(q[t]) @ v, q[k]), Zeros(H, H)),
    ],
)
def test_derivative_by_the_same_symbol_may_be_by_itself(left, right, bounds):
    """Where the two times are one, the derivative is not zero."""
    assert not proved(left, right, NETWORK, bounds)


def test_index_of_a_sum_is_not_the_time_of_a_derivative():
    """The sum over all times t holds the time t + 1 as well, by which it is differentiated."""
    total = Sum(v @ q[t], t, 1, T)
    loss = [Definition(eta, total, ()), Definition(h_unit[t], eta * u, ((t, sp.S.One, T),))]

    assert not proved(Gradient(total, q[t + 1]), Zeros(H), (), {t: (1, T - 1)})
    assert not proved(Gradient(psi(eta * v), q[t + 1]), Zeros(H), loss, {t: (1, T - 1)})
    assert not proved(Gradient(h_unit[t], q[t + 1]), Zeros(H), loss, {t: (1, T - 1)})


def test_array_of_all_times_holds_each_of_them():
    """A function of the whole sequence changes with its step at any time."""
    assert not proved(Gradient(OF_ALL(Steps(q)), q[t]), Zeros(H))


@pytest.mark.parametrize(("last", "holds"), [(t - 1, True), (t, False)])
def test_step_back_ends_where_the_times_meet(last, holds):
    """One more step is taken as long as k is before t, and none where k is t."""
    steps = [Definition(m[t], M[t] @ m[t - 1], ((t, sp.S.One, T),))]
    right = M[t] @ Jacobian(m[t - 1], m[k])

    assert proved(Jacobian(m[t], m[k]), right, steps, {t: (1, T), k: (1, last)}) is holds


@pytest.mark.parametrize(("last", "holds"), [(t - 1, True), (t, False)])
def test_step_forth_ends_where_the_times_meet(last, holds):
    """The same for the gradient of a number by an earlier one."""
    steps = [Definition(h_unit[t], w_unit * h_unit[t - 1], ((t, sp.S.One, T),))]
    sides = Gradient(h_unit[t], h_unit[k]), w_unit * Gradient(h_unit[t], h_unit[k + 1])

    assert proved(*sides, steps, {t: (1, T - 1), k: (1, last)}) is holds


def test_parts_of_a_sum_keep_the_index_of_the_derivative():
    """A sum of losses by one vector is that loss alone, not one term for each."""
    loss = [Definition(eta, Sum(psi(q[t]), t, 1, T), ())]

    assert not proved(Gradient(eta, q[t]), Sum(Gradient(psi(q[t]), q[t]), t, 1, T), loss)


def test_two_losses_are_kept_apart():
    """A mean takes its share of a loss; the sum beside it takes no part in it."""
    losses = [
        Definition(L, Sum(L_t[t], t, 1, T), ()),
        Definition(L_mean, Sum(L_t[t], t, 1, T) / Number(T), ()),
    ]

    assert not proved(Gradient(L_mean, L_t[t]), 1 + 1 / Number(T), losses)
    assert proved(Gradient(L_mean, L_t[t]), 1 / Number(T), losses[1:])


def test_time_of_a_loss_is_not_the_time_of_a_weight():
    """A weight is used at every step j, and the loss is that of one step t."""
    wrong = Sum(Outer(Gradient(L_t[j], a[j]), h[j - 1]), j, 1, T)
    right = Sum(Outer(Gradient(L_t[t], a[j]), h[j - 1]), j, 1, T)

    assert not proved(Gradient(L_t[t], W_hh), wrong, NETWORK)
    assert proved(Gradient(L_t[t], W_hh), right, NETWORK)


def test_symbol_of_one_time_is_used_at_all():
    """What is added at each step has as many children as there are steps, and not one."""
    sums = [
        Definition(c[t], c[t - 1] + q[1], ((t, sp.S.One, T),)),
        Definition(eta, v @ c[T], ()),
    ]

    assert not proved(Gradient(eta, q[1]), Gradient(eta, c[t]), sums)


def test_number_inside_a_function_may_change():
    """The slope of a function of w and h by v has a part through h, which is read from v."""
    read = [Definition(eta, v @ w, ())]

    assert not proved(Jacobian(OF_BOTH(w, eta), v), Zeros(H), read)
    assert not proved(Jacobian(OF_BOTH(v, eta), v), Jacobian(OF_BOTH(v, u), v), read)


def test_immediate_derivative_follows_its_own_step():
    """A map of two parts that change with theta has two slopes, and what is not known has one."""
    twice = [Definition(s[t], F(s[t - 1], x[t], 2 * theta), ((t, sp.S.One, T),))]
    own = [Definition(a[t], h[t] + W_xh @ x[t], ((t, sp.S.One, T),)),
           Definition(h[t], f(h[t - 1]), ((t, sp.Integer(2), T),))]  # fmt: skip

    assert not proved(Immediate(s[t], theta), Zeros(H, P), twice)
    assert not proved(Immediate(a[t], h[t - 1]), Jacobian(h[t], h[t - 1]), own)


def test_state_that_reads_ahead_is_not_before():
    """Where a state is made from the one after it, an earlier one changes with a later one."""
    ahead = [Definition(h_back[t], W_hh @ h_back[t + 1], ((t, sp.S.One, T),))]

    assert not proved(Jacobian(h_back[t], h_back[t + 1]), Zeros(H, H), ahead)
    assert not proved(Jacobian(h_back[t], h_back[t + 2]), Zeros(H, H), ahead, {t: (1, T - 1)})
    assert proved(Jacobian(h_back[t], h_back[t + 1]), W_hh, ahead)
    assert not proved(Jacobian(h_back[t], h_back[t - 1]), W_hh, ahead, {t: (2, T)})
    through = [Definition(eta, v @ h[T], ()), Definition(m[t], eta * v, ((t, sp.S.One, T),))]
    assert not proved(Jacobian(m[t], h[t + 1]), Zeros(H, H), through, {t: (1, T - 1)})


def test_derivative_by_an_entry_is_left_alone():
    """A vector that is written as a whole holds each of its entries."""
    assert not proved(Jacobian(Entry(v, 1), Entry(v, 1)), Number(0))
    assert not proved(Gradient(psi(v), Entry(v, 1)), Number(0))


def test_share_of_a_mean_may_hold_what_it_divides_by():
    """A mean over a number changes with the number too."""
    share = [Definition(L_mean, Sum(L_t[t], t, 1, T) / L_t[1], ())]

    assert not proved(Gradient(L_mean, L_t[1]), 1 / L_t[1], share)


def test_function_that_is_written_with_a_symbol_changes_with_it():
    """The slope of f(w) = (v v) w by v is not zero."""
    scaled = [Definition(f(u), (v @ v) * u, ())]

    assert not proved(Jacobian(f(w), v), Zeros(H, H), scaled)
    assert proved(Jacobian(f(w), w), Diag(f.prime(w)), scaled)


def test_derivative_by_another_time_is_zero():
    """Where the two times surely differ, it is."""
    apart = {t: (1, T), k: (1, t - 1)}

    assert proved(Jacobian(x[t], x[k]), Zeros(D, D), (), apart)
    assert proved(Jacobian(W_xh @ x[t], x[t - 1]), Zeros(H, D))
    assert proved(Gradient(v @ q[t], q[k]), Zeros(H), (), apart)


def test_matrix_that_moves_with_the_state_is_no_constant():
    """The gate of a cell depends on the cell before, through the state that it is read from."""
    cell = definitions_of(FORMULAS["lstm.total_cell_jacobian"])
    gated = [d for d in cell if d.name != "c"]
    gated.append(Definition(c[t], Diag(f_gate[t]) @ c[t - 1], ((t, sp.S.One, T),)))

    assert not proved(Jacobian(c[t], c[t - 1]), Diag(f_gate[t]), gated)
    assert proved(Jacobian(c[t], c[t - 1]), Diag(f_gate[t]), gated[-1:])


# -- Steps that may not be there -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Sum(q[j], j, 5, t), Sum(q[j], j, 4, t)),
        (Product(M[j], j, t, 5), Product(M[j], j, t, 4)),
        (Sum(q[j], j, 3, t), Sum(q[j], j, 2, t) + 0 * q[t]),
        (M[t] @ Product(M[j], j, t - 1, 3), Product(M[j], j, t, 3)),
    ],
)
def test_last_term_of_an_empty_sum_is_not_taken_off(left, right):
    """Sums of no steps are equal, and the terms that they do not have are not."""
    assert not proved(left, right, (), STEPS, Relation(left, "=", right))


@pytest.mark.parametrize(("first", "holds"), [(1, True), (0, False), (-2, False)])
def test_factor_of_an_empty_power_is_not_taken_off(first, holds):
    """The power of no factors is the identity, whatever the base."""
    trivial = Relation(v, "=", v)
    sides = MatrixPower(W_hh, t), W_hh @ MatrixPower(W_hh, t - 1)

    assert proved(*sides, (), {t: (first, T)}, trivial) is holds


def test_a_power_below_zero_is_a_quotient():
    """A number over itself is one, and what it takes to have a value is asked for beside it."""
    trivial = Relation(v, "=", v)
    left, right = v ** Number(t), v * v ** Number(t - 1)
    asked = {
        first: [one.kind for one in obligations(right, Known(), ((t, sp.Integer(first), T),))]
        for first in (1, 0)
    }

    assert proved(left, right, (), {t: (0, T)}, trivial)
    assert asked == {1: [], 0: ["not zero"]}


def test_a_power_whose_exponent_has_any_sign_is_left_alone():
    """The base may be zero; that the sides agree wherever they have a value is left open."""
    left, right = v ** Number(t), v * v ** Number(t - 1)

    assert not proved(left, right, (), {t: (-2, T)}, Relation(v, "=", v))


# -- Induction and lemmas --------------------------------------------------------------------------


def test_induction_looks_at_the_line_at_the_first_time():
    """From the second time on both are one, and at the first they are not."""
    later = [Definition(a[t], h[t], ((t, sp.Integer(2), T),))]
    trivial = Relation(h[t], "=", h[t])

    assert not proved(h[t], a[t], later, STEPS, trivial)
    assert proved(h[t], a[t], later, {t: (2, T)}, trivial)


@pytest.mark.parametrize(("low", "holds"), [(k + 1, True), (k, False)])
def test_induction_starts_at_the_earlier_of_two_times(low, holds):
    """Of no steps the product is one, and each step adds its factor on the left."""
    steps = [Definition(m[t], M[t] @ m[t - 1], ((t, sp.S.One, T),))]
    claim = Relation(Jacobian(m[t], m[k]), "=", Product(M[j], j, t, low))
    induction = claim

    assert proved(claim.left, claim.right, steps, {t: (1, T), k: (1, t)}, induction) is holds


def test_induction_from_an_earlier_time_reaches_the_last():
    """The earlier time is at most the last one, so its own step is one of the sequence."""
    steps = [Definition(m[t], M[t] @ m[t - 1], ((t, sp.S.One, T),))]
    claim = Relation(m[t], "=", Product(M[j], j, t, k) @ m[k - 1])

    assert proved(claim.left, claim.right, steps, {t: (1, T), k: (1, t)}, claim)


def test_induction_shows_its_claim_at_the_first_time():
    """The line is true at the first time, and later follows from a claim that is false."""
    steps = [Definition(h_unit[t], h_unit[t - 1] + x_unit[t], ((t, sp.S.One, T),))]
    claim = Relation(h_unit[t], "=", h_unit[0])

    assert not proved(h_unit[t], h_unit[0] + x_unit[t], steps, STEPS, claim)


def test_inequality_is_not_supposed_as_an_equation():
    """The state stays as it is, so it is at most what grows with the time, and not equal to it."""
    kept = [Definition(h_unit[t], h_unit[t - 1], ((t, sp.S.One, T),))]
    bound = Relation(h_unit[t], "<=", h_unit[0] + Number(t * (t - 1)))
    line = h_unit[t], h_unit[0] + Number((t - 1) * (t - 2))

    assert not proved(*line, kept, STEPS, bound)
    equal = Relation(h_unit[t], "=", h_unit[0])
    assert proved(h_unit[t], h_unit[0], kept, STEPS, equal)


def test_induction_supposes_nothing_of_a_time_that_the_claim_leaves_out():
    """The claim is of k < t, so one step before it says nothing of k = t - 1."""
    kept = [
        Definition(h_unit[t], h_unit[t - 1], ((t, sp.Integer(3), T),)),
        Definition(x_unit[j], h_unit[2], ((j, sp.S.One, sp.S.One),)),
    ]
    claim = Relation(h_unit[t], "=", x_unit[k])
    induction = claim

    assert proved(claim.left, claim.right, kept, {t: (2, T), k: (1, 1)}, induction)
    assert not proved(claim.left, claim.right, kept, {t: (2, T), k: (1, t - 1)}, induction)


@pytest.mark.parametrize(
    ("lemma", "left", "right", "holds"),
    [
        (Lemma(Relation(u, "<=", eta), {}), u, eta, False),
        (Lemma(Relation(u, "<", eta), {}), u, eta, False),
        (Lemma(Relation(u, "=", eta), {}), u, eta, True),
        (Lemma(Relation(q[t], "=", v), {t: (1, 1)}), q[t], v, False),
        (Lemma(Relation(q[t], "=", v), {t: (1, T)}), q[t], v, True),
        (Lemma(Relation(q[t], "=", v), {t: (1, 1)}), Sum(q[t], t, 1, T), Sum(v, t, 1, T), False),
        (Lemma(Relation(q[j], "=", v), {j: (1, T)}), Sum(q[j], j, 1, T), Sum(v, j, 1, T), True),
        (Lemma(Relation(q[j], "=", v), {j: (1, T)}), Sum(q[j], j, 0, T), Sum(v, j, 0, T), False),
        (Lemma(Relation(q[j], "=", v), {j: (1, T)}), q[j], v, False),
        (Lemma(Relation(q[t], "=", m[t]), {t: (1, T)}),
         Jacobian(q[t], m[t]), Jacobian(m[t], m[t]), False),
        (Lemma(Relation(W_hh @ v, "=", Number(0)), {}), W_hh @ (W_hh @ v), 0 * v, False),
    ],
)  # fmt: skip
def test_lemma_rewrites_as_an_equation_within_its_ranges(lemma, left, right, holds):
    """Not as a bound, not at another time, and not within a derivative."""
    assert proved(left, right, (), STEPS, None, [lemma]) is holds
