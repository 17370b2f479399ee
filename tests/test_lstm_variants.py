"""What the variants of the LSTM do, apart from what their formulas state."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from rnnnotes import building_blocks, lstm
from rnnnotes import lstm_variants as variants
from rnnnotes import vanilla_rnn as rnn

D, H, STEPS = 3, 5, 40

FIGURES = run_path(str(Path(__file__).parents[1] / "docs" / "figures" / "lstm_variants.py"))


def gates(rng):
    """Forget gate, input gate and candidate of one step."""
    a_f, a_i, a_c = 3 * rng.standard_normal((3, H))
    return lstm.forget_gate(a_f), lstm.input_gate(a_i), lstm.candidate(a_c)


def test_squashers_reach_for_their_ends():
    """Far out, the input of 1997 comes near two, and its output near one."""
    np.testing.assert_allclose(variants.squash_in(np.array([-40.0, 40.0])), [-2, 2])
    np.testing.assert_allclose(variants.squash_out(np.array([-40.0, 40.0])), [-1, 1])
    assert variants.squash_in(40.0) ** 2 <= variants.squash_in_range()
    assert variants.squash_out(40.0) ** 2 <= variants.squash_out_range()


def test_cell_of_1997_is_an_lstm_without_forgetting_at_half_the_scale(rng):
    """Two networks side by side: halve the pre-activations of the candidate, and the cell."""
    c, half = np.zeros(H), np.zeros(H)
    for _ in range(STEPS):
        c_prev, (_, i_gate, _) = c, gates(rng)
        a_c, o_gate = rng.standard_normal(H), lstm.output_gate(rng.standard_normal(H))
        c = variants.original_cell(c_prev, i_gate, a_c)
        half = lstm.cell_update(np.ones(H), half, i_gate, lstm.candidate(a_c / 2))
        h = lstm.hidden_state(o_gate, half)

        np.testing.assert_allclose(c, 2 * half)
        np.testing.assert_allclose(variants.original_cell_halved(c_prev, i_gate, a_c), half)
        np.testing.assert_allclose(variants.original_hidden_state(o_gate, c), h)
        np.testing.assert_allclose(variants.original_hidden_state_tanh(o_gate, c), h)


def test_total_derivative_of_1997_is_a_finite_difference(rng):
    """The truncated identity and all that was cut: a difference through both ways sees it."""
    W_hi, W_hc = rng.standard_normal((2, H, H))
    a_i, a_c, o_gate = rng.standard_normal((3, H))
    c_prev = rng.standard_normal(H)

    def state(c_prev):
        return variants.original_hidden_state(building_blocks.sigmoid(o_gate), c_prev)

    def offered(c_prev):
        i_gate = building_blocks.sigmoid(a_i + W_hi @ state(c_prev))
        return i_gate, a_c + W_hc @ state(c_prev)

    def cell(c_prev):
        return variants.original_cell(c_prev, *offered(c_prev))

    def differences(function):
        return np.array([function(c_prev + e) - function(c_prev - e)
                         for e in 1e-6 * np.eye(H)]).T / 2e-6  # fmt: skip

    i_gate, a = offered(c_prev)
    J = variants.truncation_cuts(differences(state), i_gate, variants.squash_in(a), W_hi, W_hc)

    np.testing.assert_allclose(J, differences(cell), atol=1e-8)
    assert np.abs(J - variants.truncated_carousel(H)).max() > 0.1  # what is cut is not small


def test_orders_go_back_by_their_own_inverses(rng):
    """One order swaps two blocks, the other turns three: only the first is its own inverse."""
    W_x4 = rng.standard_normal((4 * H, D))

    np.testing.assert_array_equal(variants.order_haiku(variants.order_haiku(W_x4)), W_x4)
    assert not np.array_equal(variants.order_onnx(variants.order_onnx(W_x4)), W_x4)
    np.testing.assert_array_equal(
        variants.order_onnx(variants.order_onnx(variants.order_onnx(W_x4))), W_x4
    )


def test_coupled_cell_keeps_its_bound_and_the_plain_cell_does_not(rng):
    """Both read the same; the plain cell keeps and writes at once, and grows."""
    coupled = plain = c_0 = rng.uniform(-3, 3, H)
    for _ in range(STEPS):
        i_gate, c_tilde = np.full(H, 0.95), np.full(H, 0.99)
        coupled = variants.coupled_cell(coupled, i_gate, c_tilde)
        plain = lstm.cell_update(np.full(H, 0.95), plain, i_gate, c_tilde)

        assert np.all(np.abs(coupled) <= variants.coupled_bound(c_0))
    assert np.all(np.abs(plain) > variants.coupled_bound(c_0))


def test_distance_from_a_bound_is_that_of_the_cell(rng):
    """The cell itself, taken from the bound."""
    _, i_gate, c_tilde = gates(rng)
    c_prev = rng.standard_normal(H)
    c = lstm.cell_update(variants.coupled_forget_gate(i_gate), c_prev, i_gate, c_tilde)

    np.testing.assert_allclose(variants.coupled_distance(c_prev, i_gate, c_tilde, 1.5), 1.5 - c)


def test_projection_that_is_the_identity_changes_nothing(rng):
    """A limiting case: as many entries as units, and each its own."""
    o_gate, c, x = rng.uniform(0, 1, H), rng.standard_normal(H), rng.standard_normal(D)
    W_x4, W_h4 = rng.standard_normal((4 * H, D)), rng.standard_normal((4 * H, H))
    biases = rng.standard_normal((2, 4 * H))
    h_proj = variants.projected_state(o_gate, c, np.eye(H))

    np.testing.assert_allclose(h_proj, lstm.hidden_state(o_gate, c))
    np.testing.assert_allclose(
        variants.projected_pre_activation(x, h_proj, W_x4, W_h4, *biases),
        variants.fused_pre_activation(x, h_proj, W_x4, W_h4, *biases),
    )


def test_recurrent_weights_of_a_projection_have_its_rank(rng):
    """Two entries cannot carry more than two independent numbers to the gates."""
    W_p4, W_proj = rng.standard_normal((4 * H, 2)), rng.standard_normal((2, H))

    columns = [variants.projection_rank(e, W_p4, W_proj) for e in np.eye(H)]

    assert np.linalg.matrix_rank(np.array(columns)) == 2


def test_clipping_is_that_of_numpy(rng):
    """NumPy has a function of its own for it."""
    f_gate, i_gate, c_tilde = gates(rng)
    c_prev = 10 * rng.standard_normal(H)
    plain = lstm.cell_update(f_gate, c_prev, i_gate, c_tilde)
    c = variants.clipped_cell(f_gate, c_prev, i_gate, c_tilde, c_max=2.0)

    np.testing.assert_array_equal(c, np.clip(plain, -2.0, 2.0))
    assert np.abs(plain).max() > 2.0  # else there is nothing to clip
    assert np.abs(c).max() <= variants.clip_bound(2.0)


def test_textbook_cell_never_falls_below_zero(rng):
    """What it writes is positive, so it cannot take anything back; the plain cell can."""
    textbook, plain = np.zeros(H), np.zeros(H)
    lowest = 0.0
    for _ in range(STEPS):
        f_gate, i_gate, _ = gates(rng)
        a_c = rng.standard_normal(H)
        textbook = variants.goodfellow_cell(f_gate, textbook, i_gate, a_c)
        plain = lstm.cell_update(f_gate, plain, i_gate, lstm.candidate(a_c))
        lowest = min(lowest, plain.min())

        assert np.all(textbook > 0)
    assert lowest < 0


@pytest.mark.parametrize("name", ["input", "forget", "output"])
def test_large_bias_takes_a_gate_away(rng, name):
    """A limiting case: at a bias of 40 a sigmoid is one to the last digit."""
    gate = getattr(lstm, f"{name}_gate")(rng.standard_normal(H) + 40)

    np.testing.assert_allclose(gate, getattr(variants, f"no_{name}_gate")(H), rtol=1e-12)


def test_parts_taken_away_are_the_cell_with_ones(rng):
    """The plain cell, called with ones for the gate that is missing."""
    f_gate, i_gate, c_tilde = gates(rng)
    c_prev, one = rng.standard_normal(H), np.ones(H)

    np.testing.assert_allclose(
        variants.no_input_gate_cell(f_gate, c_prev, c_tilde),
        lstm.cell_update(f_gate, c_prev, one, c_tilde),
    )
    np.testing.assert_allclose(
        variants.no_forget_gate_cell(c_prev, i_gate, c_tilde),
        lstm.cell_update(one, c_prev, i_gate, c_tilde),
    )
    np.testing.assert_allclose(
        variants.no_output_gate_state(c_prev), lstm.hidden_state(one, c_prev)
    )


def test_parts_without_activation_agree_near_zero():
    """Near zero a hyperbolic tangent is its argument, so both cells do the same there."""
    small, gate = np.full(H, 1e-4), np.full(H, 0.3)

    np.testing.assert_allclose(variants.linear_candidate(small), lstm.candidate(small), rtol=1e-7)
    np.testing.assert_allclose(
        variants.linear_hidden_state(gate, small), lstm.hidden_state(gate, small), rtol=1e-7
    )


@pytest.mark.parametrize("gate", ["i", "f", "o"])
def test_full_recurrence_with_weights_of_zero_is_a_plain_gate(rng, gate):
    """A limiting case: gates that read gates with no weight, and no peephole."""
    name = {"i": "input", "f": "forget", "o": "output"}[gate]
    x, W_x, W_h = rng.standard_normal(D), rng.standard_normal((H, D)), rng.standard_normal((H, H))
    h, b, c, *three = rng.standard_normal((6, H))
    zero = np.zeros((H, H))

    full = getattr(variants, f"full_recurrence_{name}_gate")(
        x, h, c, *three, W_x, W_h, zero, zero, zero, np.zeros(H), b
    )

    np.testing.assert_allclose(
        full, getattr(lstm, f"{name}_gate_pre_activation")(x, h, W_x, W_h, b)
    )


def test_lstm_with_fixed_gates_is_a_vanilla_network(rng):
    """The vanilla step, with an activation that is applied twice."""
    x, h_prev, b = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)
    W_x, W_h = rng.standard_normal((H, D)), rng.standard_normal((H, H))

    np.testing.assert_allclose(
        variants.reduces_to_rnn(x, h_prev, W_x, W_h, b),
        rnn.elman(x, h_prev, W_x, W_h, b, f=lambda a: np.tanh(np.tanh(a))),
    )


@pytest.mark.parametrize(("d", "n"), [(1, 1), (3, 5), (7, 2)])
def test_parameters_are_counted_one_by_one(d, n):
    """Arrays of the shapes that a step needs know how many numbers they hold."""
    plain = 4 * sum(np.zeros(shape).size for shape in [(n, d), (n, n), (n,)])

    assert variants.parameter_count(d, n) == plain
    assert variants.parameter_count_peepholes(d, n) == plain + 3 * np.zeros(n).size
    assert variants.parameter_count_two_biases(d, n) == plain + np.zeros(4 * n).size
    assert plain == 4 * (rnn.parameter_count(d, n, 1) - n - 1)  # without the output


def test_gate_at_start_is_that_of_weights_of_zero(rng):
    """Whatever is read, weights of zero let nothing but the bias through."""
    b_f = rng.standard_normal(H)
    a_f = lstm.forget_gate_pre_activation(
        rng.standard_normal(D), rng.standard_normal(H), np.zeros((H, D)), np.zeros((H, H)), b_f
    )

    np.testing.assert_allclose(variants.silent_forget_pre_activation(b_f), a_f)
    np.testing.assert_allclose(variants.forget_gate_at_start(b_f), lstm.forget_gate(a_f))


def test_share_that_is_kept_is_what_the_cell_keeps(rng):
    """Seven steps of the plain cell, into which nothing is written."""
    b_f, c = rng.standard_normal(H), rng.standard_normal(H)
    kept = variants.kept_at_start(b_f, t=7, k=0) @ c
    for _ in range(7):
        c = lstm.cell_update(variants.forget_gate_at_start(b_f), c, np.zeros(H), np.zeros(H))

    np.testing.assert_allclose(kept, c)


def test_converter_must_shift_the_bias(rng):
    """A program that adds one, and one that does not, agree if the stored bias differs by one."""
    x, h_prev, b_f = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)
    W_x, W_h = rng.standard_normal((H, D)), rng.standard_normal((H, H))
    a_f = lstm.forget_gate_pre_activation(x, h_prev, W_x, W_h, b_f)
    shifted = lstm.forget_gate_pre_activation(x, h_prev, W_x, W_h, b_f + 1)
    two = variants.merged_forget_bias(x, h_prev, W_x, W_h, b_f, np.ones(H))

    np.testing.assert_allclose(variants.shifted_forget_gate(a_f), lstm.forget_gate(shifted))
    np.testing.assert_allclose(
        variants.shift_is_a_bias(x, h_prev, W_x, W_h, b_f), lstm.forget_gate(two)
    )


def test_chrono_biases_give_the_gates_that_are_promised(rng):
    """The gates are computed by the sigmoid, and not by the fraction."""
    spans = rng.uniform(1, 1000, H)
    f_gate = building_blocks.sigmoid(variants.chrono_forget_bias(spans))
    i_gate = building_blocks.sigmoid(variants.chrono_input_bias(spans))

    np.testing.assert_allclose(f_gate, variants.chrono_forget_gate(spans))
    np.testing.assert_allclose(i_gate, variants.chrono_input_gate(spans))
    np.testing.assert_allclose(variants.coupled_forget_gate(i_gate), f_gate)


def test_chrono_memory_is_the_sum_of_what_is_left():
    """A geometric series, added up term by term."""
    spans = np.array([1.0, 9.0, 49.0])
    powers = variants.chrono_forget_gate(spans)[:, None] ** np.arange(5000)

    np.testing.assert_allclose(powers.sum(axis=1), variants.chrono_memory(spans))


@pytest.mark.parametrize("span", [1.0, 9.0, 999.0])
def test_chrono_cell_is_left_with_about_a_third(span):
    """After its span a cell holds between a quarter, at two steps, and the limit of 1/e."""
    left = variants.chrono_forget_gate(np.array([span]))[0] ** (span + 1)

    assert 0.25 <= left <= variants.chrono_decay(age=span + 1, span=span)


def test_drawn_curves_are_powers_of_the_gates():
    """The figure says how much is left after how many steps; a power says it too."""
    ages = FIGURES["ages"]()
    curves = [line.get_ydata() for line in FIGURES["kept"]().axes[0].lines]

    for gate, curve in zip([0.5, 0.7310586, 0.8807971, 0.99], curves, strict=False):
        np.testing.assert_allclose(curve, gate**ages, rtol=1e-4)
    assert np.interp(100, ages, curves[3]) == pytest.approx(0.37, abs=0.005)


def test_convolution_moves_with_its_input(rng):
    """Away from the ends, a map that is shifted gives a gate that is shifted."""
    x_map, kernel, zero = np.zeros(20), rng.standard_normal(5), np.zeros(20)
    x_map[6:9] = rng.standard_normal(3)

    def gate(x_map):
        return variants.convolutional_gate(x_map, zero, zero, kernel, kernel, zero, b_map=0.5)

    np.testing.assert_allclose(gate(np.roll(x_map, 4)), np.roll(gate(x_map), 4))


def test_taps_read_the_neighbours_of_a_place():
    """By hand: once the neighbour on the right, and twice the one on the left."""
    zero, kernel = np.zeros(3), np.array([1.0, 0.0, 2.0])
    x_map, h_map = np.array([1.0, 10.0, 100.0]), np.array([1.0, 0.0, 0.0])

    a_map = variants.convolutional_gate(x_map, h_map, zero, kernel, kernel, zero, b_map=0.0)

    np.testing.assert_allclose(a_map, [10.0, (100 + 2 * 1) + 2 * 1, 2 * 10])


def test_kernel_of_one_tap_weighs_each_place_alone(rng):
    """A limiting case: no place reads its neighbours."""
    x_map, h_map, c_map, p_map = rng.standard_normal((4, 6))

    a_map = variants.convolutional_gate(
        x_map, h_map, c_map, np.array([2.0]), np.array([-1.0]), p_map, b_map=0.5
    )

    np.testing.assert_allclose(a_map, 2 * x_map - h_map + p_map * c_map + 0.5)
