"""What the prover for all sizes proves, and what it must leave alone."""

from __future__ import annotations

import pytest
import sympy as sp

from rnnnotes import bptt, lstm, vanilla_rnn
from rnnnotes.book.allsizes import Induction, holds_for_all_sizes
from rnnnotes.book.formulas import FORMULAS
from rnnnotes.book.language import (
    Block,
    Concatenate,
    Diag,
    Gradient,
    Jacobian,
    MatrixPower,
    Ones,
    Outer,
    Product,
    Relation,
    Sum,
    Zeros,
)
from rnnnotes.book.proof import definitions_of
from rnnnotes.book.world import Definition
from rnnnotes.notation import (
    H,
    L,
    M,
    T,
    W_hh,
    W_hy,
    W_xh,
    a,
    a_y,
    c,
    c_tilde,
    f,
    f_gate,
    h,
    i_gate,
    j,
    k,
    m,
    q,
    t,
    v,
    w,
)  # fmt: skip

NETWORK = definitions_of(FORMULAS["bptt.recurrent_weight_gradient"])
CELL = definitions_of(FORMULAS["lstm.cell_update"])
RECURSION = definitions_of(FORMULAS["bptt.linear_recursion"])
STEPS = {t: (1, T)}

chapters = bptt, lstm, vanilla_rnn
"""Chapters whose formulas are looked up above: importing them registers the formulas."""


def proved(left, right, definitions=(), bounds=STEPS, induction=None):
    """Whether two sides are equal for all sizes."""
    return holds_for_all_sizes(left, right, definitions, bounds, induction)


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

    assert proved(claim.left, claim.right, RECURSION, STEPS, Induction(claim, t, 1))
    assert not proved(doubled.left, doubled.right, RECURSION, STEPS, Induction(doubled, t, 1))


@pytest.mark.parametrize(("first", "holds"), [(1, True), (2, False)])
def test_induction_reaches_a_column_inside_an_entrywise_product(first, holds):
    """The cell before is a factor of a product of vectors; no gate may be left out of the sum."""
    left = f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t]
    added = Product(Diag(f_gate[j]), j, t, k + 1) @ (i_gate[k] * c_tilde[k])
    right = Product(Diag(f_gate[j]), j, t, first) @ c[0] + Sum(added, k, 1, t)
    claim = Relation(c[t], "=", right)

    assert proved(left, right, CELL, STEPS, Induction(claim, t, 1)) == holds


def test_power_of_a_product_is_not_a_product_of_powers():
    """Matrices do not commute, so induction must not prove this."""
    left, right = MatrixPower(W_hh @ W_hh.T, t), MatrixPower(W_hh, t) @ MatrixPower(W_hh.T, t)
    claim = Relation(left, "=", right)

    assert not proved(left, right, (), STEPS, Induction(claim, t, 1))


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
