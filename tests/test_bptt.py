"""What backpropagation through time does, apart from what its formulas state."""

from __future__ import annotations

import numpy as np
import pytest
from differences import gradient

from rnnnotes import bptt, vanilla_rnn
from rnnnotes.book.state.arguments import ArgumentError, ShapeError

T, D, H, O = 6, 3, 4, 2  # noqa: E741


def slope(a):
    """Derivative of tanh."""
    return 1 - np.tanh(a) ** 2


@pytest.fixture
def weights(rng):
    """Weights of a network at sizes other than those of the proofs."""
    shapes = {"W_xh": (H, D), "W_hh": (H, H), "b_h": (H,), "W_hy": (O, H), "b_y": (O,)}
    return {name: 0.7 * rng.standard_normal(shape) for name, shape in shapes.items()}


def forward(xs, h_0, weights):
    """Pre-activations, states and outputs, by the formulas of the forward pass."""
    hs, as_ = [h_0], []
    for x in xs:
        as_.append(
            vanilla_rnn.pre_activation(x, hs[-1], weights["W_xh"], weights["W_hh"], weights["b_h"])
        )
        hs.append(vanilla_rnn.hidden_state(as_[-1], np.tanh))
    a_ys = [vanilla_rnn.output_pre_activation(h, weights["W_hy"], weights["b_y"]) for h in hs[1:]]
    return np.array(as_), np.array(hs), np.array(a_ys)


def loss(xs, h_0, weights):
    """Half the sum of the squared outputs, each after a tanh."""
    *_, a_ys = forward(xs, h_0, weights)
    return 0.5 * np.sum(np.tanh(a_ys) ** 2)


def backward(xs, h_0, weights):
    """All gradients, by the formulas of the chapter."""
    as_, hs, a_ys = forward(xs, h_0, weights)
    da_ys = np.array([bptt.output_gradient(np.tanh(a_y), a_y, slope) for a_y in a_ys])
    dhs = [bptt.final_state_gradient(da_ys[-1], weights["W_hy"])]
    for t in reversed(range(T - 1)):
        dhs.insert(
            0,
            bptt.state_gradient(
                da_ys[t], dhs[0], as_[t + 1], weights["W_hh"], weights["W_hy"], slope
            ),
        )
    das = np.array(
        [bptt.pre_activation_gradient(dh, a, slope) for a, dh in zip(as_, dhs, strict=True)]
    )
    return {
        "W_xh": bptt.input_weight_gradient(das, xs),
        "W_hh": bptt.recurrent_weight_gradient(das, hs[:-1]),
        "b_h": bptt.hidden_bias_gradient(das),
        "W_hy": bptt.output_weight_gradient(da_ys, hs[1:]),
        "b_y": bptt.output_bias_gradient(da_ys),
        "h_0": bptt.initial_state_gradient(das[0], weights["W_hh"]),
        "xs": np.array([bptt.input_gradient(da, weights["W_xh"]) for da in das]),
    }


@pytest.mark.parametrize("name", ["W_xh", "W_hh", "b_h", "W_hy", "b_y"])
def test_weight_gradients_match_finite_differences(rng, weights, name):
    """Differences of the loss know nothing of the chain rule, and the sizes are new."""
    xs, h_0 = rng.standard_normal((T, D)), rng.standard_normal(H)

    expected = gradient(lambda value: loss(xs, h_0, weights | {name: value}), weights[name])

    np.testing.assert_allclose(backward(xs, h_0, weights)[name], expected, rtol=1e-6, atol=1e-8)


def test_gradients_by_inputs_and_initial_state_match_finite_differences(rng, weights):
    """What is not shared has one gradient of its own."""
    xs, h_0 = rng.standard_normal((T, D)), rng.standard_normal(H)
    gradients = backward(xs, h_0, weights)

    by_inputs = gradient(lambda value: loss(value, h_0, weights), xs)
    by_state = gradient(lambda value: loss(xs, value, weights), h_0)

    np.testing.assert_allclose(gradients["xs"], by_inputs, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradients["h_0"], by_state, rtol=1e-6, atol=1e-8)


def test_product_of_jacobians_matches_finite_differences(rng, weights):
    """The state at step 5 is nudged through the state at step 2."""
    xs, h_0 = rng.standard_normal((T, D)), rng.standard_normal(H)
    as_, hs, _ = forward(xs, h_0, weights)

    def later(h_2):
        return forward(xs[2:5], h_2, weights)[1][-1]

    numeric = np.column_stack(
        [(later(hs[2] + e) - later(hs[2] - e)) / 2e-6 for e in 1e-6 * np.eye(H)]
    )

    exact = bptt.jacobian_product(as_, weights["W_hh"], slope, t=5, k=2)
    np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-9)


def test_jacobian_over_no_step_is_the_identity(weights):
    """A state depends on itself alone."""
    J = bptt.jacobian_product(np.zeros((T, H)), weights["W_hh"], slope, t=3, k=3)

    np.testing.assert_array_equal(J, np.eye(H))


def test_solution_of_a_linear_recursion_is_what_the_recursion_gives(rng):
    """Step by step and in closed form, at every time."""
    qs, Ms = rng.standard_normal((T, H)), rng.standard_normal((T, H, H))
    m_0 = m = rng.standard_normal(H)

    for t in range(1, T + 1):
        m = bptt.linear_recursion(qs[t - 1], m, Ms[t - 1])

        np.testing.assert_allclose(bptt.linear_recursion_solution(qs, Ms, m_0, t), m)


def test_truncation_at_full_length_leaves_nothing_out(rng):
    """Looking back over all steps is the whole gradient."""
    dL, Js, dss = (
        rng.standard_normal(H),
        rng.standard_normal((T, H, H)),
        rng.standard_normal((T, H, 5)),
    )

    np.testing.assert_allclose(
        bptt.truncated_gradient(dL, Js, dss), bptt.unrolled_gradient(dL, Js, dss)
    )


def test_time_beyond_the_sequence_is_refused(weights):
    """An index that NumPy would clip in silence is an error."""
    with pytest.raises(ArgumentError, match=f"t: expected 1 to {T}, got {T + 1}"):
        bptt.jacobian_product(np.zeros((T, H)), weights["W_hh"], slope, t=T + 1, k=0)


def test_empty_sequence_is_refused():
    """A gradient over no step is not zero: it is a mistake of the caller."""
    with pytest.raises(ShapeError, match="das: axis 0 is empty"):
        bptt.hidden_bias_gradient(np.zeros((0, H)))
