"""What the other gated cells do, apart from what their formulas state."""

from __future__ import annotations

import numpy as np
import pytest

from rnnnotes import gated_cells as cells
from rnnnotes import lstm
from rnnnotes.bptt import linear_recursion_solution
from rnnnotes.building_blocks import sigmoid
from rnnnotes.gradients import eigendecomposition

D, H, T = 3, 4, 6


@pytest.fixture
def w(rng):
    """Weights of every name, at sizes other than those of the proofs."""
    shapes = dict.fromkeys(("W_xf", "W_xh", "W_xr", "W_xz", "W_xt", "W_xk"), (H, D))
    shapes |= dict.fromkeys(("W_hf", "W_hh", "W_hr", "W_hz", "R_h", "R_t", "R_k"), (H, H))
    shapes |= dict.fromkeys(("b_f", "b_h", "b_r", "b_z", "b_lh", "b_lt", "b_lk"), (H,))
    return {name: 0.7 * rng.standard_normal(shape) for name, shape in shapes.items()}


def pick(w, names):
    """Some of the weights, by name."""
    return {name: w[name] for name in names.split()}


def nudged(step, state, eps=1e-6):
    """Jacobian of a step by central differences, column by column."""
    return np.column_stack(
        [(step(state + e) - step(state - e)) / (2 * eps) for e in eps * np.eye(len(state))]
    )


def close(exact, numeric):
    """Whether an exact Jacobian is that of the differences."""
    np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-8)


# -- Jacobians by differences ----------------------------------------------------------------------


def forget_gate(x, h, w):
    """Gate of the minimal gated unit."""
    return lstm.forget_gate(lstm.forget_gate_pre_activation(x, h, **pick(w, "W_xf W_hf b_f")))


def test_mgu_jacobian_matches_finite_differences(rng, w):
    """Differences of whole steps know of no path through a gate."""
    x, h = rng.standard_normal(D), rng.standard_normal(H)

    def parts(h):
        gate = forget_gate(x, h, w)
        return gate, cells.mgu_candidate(x, gate, h, **pick(w, "W_xh W_hh b_h"))

    def step(h):
        gate, candidate = parts(h)
        return cells.mgu_state(gate, h, candidate)

    gate, candidate = parts(h)
    exact = cells.mgu_jacobian(gate, h, candidate, **pick(w, "W_hf W_hh"))

    close(exact, nudged(step, h))


def test_jacobian_without_reset_gate_matches_finite_differences(rng, w):
    """The same, for the cell in which one path is missing."""
    x, h = rng.standard_normal(D), rng.standard_normal(H)

    def step(h):
        candidate = cells.plain_candidate(x, h, **pick(w, "W_xh W_hh b_h"))
        return cells.kept_state(forget_gate(x, h, w), h, candidate)

    candidate = cells.plain_candidate(x, h, **pick(w, "W_xh W_hh b_h"))
    exact = cells.no_reset_jacobian(forget_gate(x, h, w), h, candidate, **pick(w, "W_hf W_hh"))

    close(exact, nudged(step, h))


def mut1(x, x_fit, h, w):
    """Gates and candidate of MUT1."""
    z = cells.mut1_update_gate(x, **pick(w, "W_xz b_z"))
    r = cells.mut_reset_gate(x, h, **pick(w, "W_xr W_hr b_r"))
    return z, r, cells.mut1_candidate(x_fit, r, h, **pick(w, "W_hh b_h"))


def mut3(x, h, w):
    """Gates and candidate of MUT3."""
    z = cells.mut3_update_gate(x, h, **pick(w, "W_xz W_hz b_z"))
    r = cells.mut_reset_gate(x, h, **pick(w, "W_xr W_hr b_r"))
    return z, r, cells.reset_candidate(x, r, h, **pick(w, "W_xh W_hh b_h"))


def test_jacobians_of_the_mutations_match_finite_differences(rng, w):
    """MUT1 lacks the path through the update gate, and MUT3 has it with a slope more."""
    x, x_fit, h = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)

    def first(h):
        z, _, candidate = mut1(x, x_fit, h, w)
        return cells.mut_state(z, h, candidate)

    def third(h):
        z, _, candidate = mut3(x, h, w)
        return cells.mut_state(z, h, candidate)

    z, r, candidate = mut1(x, x_fit, h, w)
    close(cells.mut1_jacobian(z, r, h, candidate, **pick(w, "W_hr W_hh")), nudged(first, h))
    z, r, candidate = mut3(x, h, w)

    close(cells.mut3_jacobian(z, r, h, candidate, **pick(w, "W_hz W_hr W_hh")), nudged(third, h))


def rhn_parts(x, s, w, depth):
    """Candidate and gates of a layer of a recurrent highway network."""
    return (
        cells.rhn_candidate(x, s, **pick(w, "W_xh R_h b_lh"), depth=depth),
        cells.rhn_transform_gate(x, s, **pick(w, "W_xt R_t b_lt"), depth=depth),
        cells.rhn_carry_gate(x, s, **pick(w, "W_xk R_k b_lk"), depth=depth),
    )


def rhn_step(x, s, w, layers):
    """State after some layers, and the Jacobian of each."""
    Js = []
    for depth in range(1, layers + 1):
        candidate, transform, carry = rhn_parts(x, s, w, depth)
        Js.append(cells.rhn_jacobian(transform, candidate, carry, s, **pick(w, "R_t R_h R_k")))
        s = cells.rhn_layer(transform, candidate, carry, s)
    return s, np.array(Js)


def test_jacobian_of_five_highway_layers_inside_a_step_matches_finite_differences(rng, w):
    """The proof sees two layers; here the product runs over five."""
    x, s = rng.standard_normal(D), rng.standard_normal(H)
    _, Js = rhn_step(x, s, w, layers=5)

    close(cells.rhn_depth_jacobian(Js), nudged(lambda s: rhn_step(x, s, w, layers=5)[0], s))


def test_highway_layer_is_a_layer_whose_carry_gate_is_the_complement(rng, w):
    """The published code of the recurrent highway network adds t (h - s) to the state."""
    s = rng.standard_normal(H)
    transform = cells.transform_gate(s, **pick(w, "R_t b_lt"))
    candidate = cells.highway_candidate(s, **pick(w, "R_h b_lh"))
    layer = cells.highway_layer(transform, candidate, s)

    np.testing.assert_allclose(layer, (candidate - s) * transform + s, rtol=1e-12)
    np.testing.assert_allclose(layer, cells.rhn_layer(transform, candidate, 1 - transform, s))
    close(
        cells.highway_jacobian(transform, candidate, s, **pick(w, "R_t R_h")),
        nudged(
            lambda s: cells.highway_layer(
                cells.transform_gate(s, **pick(w, "R_t b_lt")),
                cells.highway_candidate(s, **pick(w, "R_h b_lh")),
                s,
            ),
            s,
        ),
    )


# -- Other people's cells --------------------------------------------------------------------------


@pytest.mark.parametrize("reset_gate", [True, False])
def test_flax_cell_in_batches(rng, w, reset_gate):
    """Rows are examples, weights stand on the right, and biases where Flax has them."""
    xs, hs = rng.standard_normal((5, D)), rng.standard_normal((5, H))
    b_hh = rng.standard_normal(H)
    gate = 1 / (1 + np.exp(-(xs @ w["W_xf"].T + w["b_f"] + hs @ w["W_hf"].T)))
    recurrent = gate * (hs @ w["W_hh"].T + b_hh) if reset_gate else hs @ w["W_hh"].T
    new = np.tanh(xs @ w["W_xh"].T + w["b_h"] + recurrent)
    expected = (1.0 - gate) * new + gate * hs

    for x, h, row in zip(xs, hs, expected, strict=True):
        f = forget_gate(x, h, w)
        if reset_gate:
            candidate = cells.mgu_candidate_after(x, f, h, w["W_xh"], w["W_hh"], w["b_h"], b_hh)
        else:
            candidate = cells.plain_candidate(x, h, **pick(w, "W_xh W_hh b_h"))
        np.testing.assert_allclose(cells.kept_state(f, h, candidate), row, rtol=1e-12)


def test_turning_the_gate_around_is_a_renaming_only_without_a_reset_gate(rng, w):
    """With negated weights the average is the same, and what a gated candidate reads is not."""
    x, h = rng.standard_normal(D), rng.standard_normal(H)
    negated = w | {name: -w[name] for name in ("W_xf", "W_hf", "b_f")}
    f, turned = forget_gate(x, h, w), forget_gate(x, h, negated)
    plain = cells.plain_candidate(x, h, **pick(w, "W_xh W_hh b_h"))

    np.testing.assert_allclose(
        cells.mgu_state(f, h, plain), cells.kept_state(turned, h, plain), rtol=1e-12
    )
    zero = np.zeros(H)
    before = cells.mgu_candidate(x, f, h, **pick(w, "W_xh W_hh b_h"))
    after = cells.mgu_candidate_after(x, turned, h, w["W_xh"], w["W_hh"], w["b_h"], zero)

    assert np.abs(cells.mgu_state(f, h, before) - cells.kept_state(turned, h, after)).max() > 0.01


def test_input_of_a_mutation_may_be_the_input_itself(rng):
    """With as many inputs as units the paper's MUT2 adds the input to the reset gate as it is."""
    x, h = rng.standard_normal(H), rng.standard_normal(H)
    gate = cells.mut2_reset_gate(x, h, np.zeros((H, H)), np.zeros(H))

    np.testing.assert_allclose(gate, sigmoid(x), rtol=1e-12)


def test_mut2_is_a_gated_recurrent_unit_but_for_its_reset_gate(rng, w):
    """With the reset gate open, both gates are as in the cell with a plain candidate."""
    x, h = rng.standard_normal(D), rng.standard_normal(H)
    open_gate = cells.mut2_reset_gate(np.full(H, 1e3), h, np.zeros((H, H)), np.zeros(H))
    z = cells.mut2_update_gate(x, h, **pick(w, "W_xz W_hz b_z"))
    candidate = cells.reset_candidate(x, open_gate, h, **pick(w, "W_xh W_hh b_h"))
    plain = cells.plain_candidate(x, h, **pick(w, "W_xh W_hh b_h"))

    np.testing.assert_allclose(
        cells.mut_state(z, h, candidate), cells.kept_state(1 - z, h, plain), rtol=1e-12
    )


def test_pooling_of_the_qrnn_is_the_published_code_with_the_gate_turned_around(rng):
    """The authors' loop multiplies the candidate by the gate, and the state by the rest."""
    gates, candidates = sigmoid(rng.standard_normal((T, H))), rng.standard_normal((T, H))
    h_0 = rng.standard_normal(H)
    h = h_0
    for gate, candidate in zip(gates, candidates, strict=True):
        h = gate * candidate + (1 - gate) * h

    np.testing.assert_allclose(cells.qrnn_solution(1 - gates, candidates, h_0, T), h, rtol=1e-12)


def test_convolution_of_the_qrnn_is_one_matrix_on_two_inputs(rng):
    """A convolution of width two multiplies two inputs, one below the other, by one matrix."""
    W, before, now = rng.standard_normal((H, 2 * D)), *rng.standard_normal((2, D))
    both = W @ np.concatenate([before, now])

    np.testing.assert_allclose(
        cells.qrnn_candidate(before, now, W[:, :D], W[:, D:]), np.tanh(both), rtol=1e-12
    )
    np.testing.assert_allclose(
        cells.qrnn_forget_gate(before, now, W[:, :D], W[:, D:]), sigmoid(both), rtol=1e-12
    )


# -- Recurrences that are linear -------------------------------------------------------------------


def test_gates_make_diagonal_matrices_of_a_linear_recursion(rng):
    """The solution for matrices, given diagonal ones, is that of both cells."""
    gates, candidates = sigmoid(rng.standard_normal((T, H))), rng.standard_normal((T, H))
    start = rng.standard_normal(H)
    Ms = np.array([np.diag(gate) for gate in gates])
    expected = linear_recursion_solution((1 - gates) * candidates, Ms, start, T)

    np.testing.assert_allclose(cells.sru_solution(gates, candidates, start, T), expected)
    np.testing.assert_allclose(cells.qrnn_solution(gates, candidates, start, T), expected)


def test_sru_over_many_steps_is_the_solution_with_the_gates_it_took(rng, w):
    """Steps are taken one by one, with gates that read the cell; the gates then solve it."""
    xs, p_f, p_r = rng.standard_normal((T, D)), *rng.standard_normal((2, H))
    c, gates, candidates = np.zeros(H), [], []
    for x in xs:
        candidates.append(cells.sru_candidate(x, w["W_xh"]))
        gates.append(cells.sru_forget_gate(x, c, w["W_xf"], p_f, w["b_f"]))
        c = cells.sru_cell(gates[-1], c, candidates[-1])

    solved = cells.sru_solution(np.array(gates), np.array(candidates), np.zeros(H), T)
    np.testing.assert_allclose(solved, c, rtol=1e-12)
    open_gate = cells.sru_reset_gate(xs[0], c, 0 * w["W_xr"], 0 * p_r, np.full(H, 1e3))
    np.testing.assert_allclose(cells.sru_output(np.ones(H), open_gate, c), c)


def test_sru_jacobian_matches_finite_differences(rng, w):
    """Differences would show what one unit does to another; there is nothing."""
    x, c, p_f = rng.standard_normal(D), *rng.standard_normal((2, H))
    candidate = cells.sru_candidate(x, w["W_xh"])

    def step(c):
        gate = cells.sru_forget_gate(x, c, w["W_xf"], p_f, w["b_f"])
        return cells.sru_cell(gate, c, candidate)

    gate = cells.sru_forget_gate(x, c, w["W_xf"], p_f, w["b_f"])

    close(cells.sru_jacobian(gate, c, candidate, p_f), nudged(step, c))


def test_qrnn_gap_matches_finite_differences(rng):
    """The state after step 5 is nudged through the state after step 2."""
    gates, candidates = sigmoid(rng.standard_normal((T, H))), rng.standard_normal((T, H))

    def later(h_2):
        return cells.qrnn_solution(gates[2:5], candidates[2:5], h_2, t=3)

    exact = cells.qrnn_gap(gates, t=5, k=2)
    close(exact, nudged(later, rng.standard_normal(H)))
    close(exact, cells.qrnn_jacobian(gates[2] * gates[3] * gates[4]))


# -- Bounds ----------------------------------------------------------------------------------------


def test_huge_weights_do_not_drive_the_state_out_of_its_bound(rng, w):
    """A hundred steps with weights a thousand times too large."""
    h_0 = np.array([-3.0, 0.5, 0.0, 2.0])
    large, h = {name: 1e3 * value for name, value in w.items()}, h_0
    for x in rng.standard_normal((100, D)):
        with np.errstate(over="ignore"):
            gate = forget_gate(x, h, large)
        new = cells.kept_state(gate, h, cells.plain_candidate(x, h, **pick(large, "W_xh W_hh b_h")))

        assert (np.abs(new) <= cells.bounded_step(h) + 1e-12).all()
        assert (np.abs(new) <= cells.bounded_state(h_0) + 1e-12).all()
        h = new


def test_every_eigenvalue_lies_in_a_disc(rng):
    """Eigenvalues by another library's algorithm, complex ones too, at many sizes."""
    for size in range(2, 9):
        A = rng.standard_normal((size, size))
        radii = [cells.disc_radius(A, i) for i in range(1, size + 1)]
        values = np.linalg.eigvals(A)

        assert all((np.abs(value - np.diag(A)) <= radii).any() for value in values)
        assert np.abs(values).max() <= cells.row_sum_bound(np.abs(A).sum(axis=1).max())


def test_an_eigenvalue_lies_in_the_disc_of_the_largest_entry_of_its_eigenvector(rng):
    """The theorem says which disc: that of the row in which the eigenvector is one."""
    Q = rng.standard_normal((H, H))
    Q /= np.abs(Q).max(axis=0)
    eigenvalues = rng.standard_normal(H)
    A = eigendecomposition(Q, eigenvalues)

    for k, row in enumerate(np.abs(Q).argmax(axis=0)):
        assert abs(eigenvalues[k] - A[row, row]) <= cells.eigenvector_row(A, row + 1) + 1e-12


def test_without_weights_the_discs_are_points_at_the_carry_gate():
    """Where the gates read no state, the eigenvalues are the carry gate itself."""
    carry, zero = np.array([0.9, 0.5]), np.zeros((2, 2))
    J = cells.rhn_jacobian(carry, carry, carry, carry, zero, zero, zero)

    assert [cells.disc_radius(J, i) for i in (1, 2)] == [0.0, 0.0]
    np.testing.assert_array_equal(np.diag(J), carry)


def test_recurrent_highway_network_begins_where_it_ended():
    """Nothing is done between the last layer of a step and the first of the next."""
    np.testing.assert_array_equal(cells.rhn_start(np.array([1.0, 2.0])), [1.0, 2.0])
