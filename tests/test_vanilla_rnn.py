"""What the vanilla network does, apart from what its formulas state."""

from __future__ import annotations

import numpy as np
import pytest

from rnnnotes import vanilla_rnn as rnn
from rnnnotes.book.state.arguments import DtypeError, ShapeError

D, H, O, T = 3, 4, 2, 5  # noqa: E741


@pytest.fixture
def weights(rng):
    """Weights at sizes other than those of the proofs."""
    return {
        "W_xh": rng.standard_normal((H, D)),
        "W_hh": rng.standard_normal((H, H)),
        "b_h": rng.standard_normal(H),
    }


class Counting:
    """Number that counts what is done with it."""

    operations = 0

    def _count(self, _other):
        Counting.operations += 1
        return self

    __add__ = __radd__ = __mul__ = __rmul__ = _count


def counting(*shape):
    """Array of numbers that count."""
    array = np.empty(shape, dtype=object)
    array[...] = Counting()
    return array


def test_one_unit_by_hand():
    """tanh(ln 2 + ln 3 - ln 2) = tanh(ln 3) = 4/5."""
    one = np.eye(1)

    h = rnn.elman(np.log([2]), np.log([3]), one, one, -np.log([2]), np.tanh)

    np.testing.assert_allclose(h, [0.8])


@pytest.mark.parametrize(("D", "H"), [(1, 1), (3, 4), (4, 3), (5, 2)])
def test_flops_are_those_that_numpy_does(D, H):
    """The product of NumPy is run on numbers that count, and says how many it needed."""
    W_xh, W_hh, b_h = counting(H, D), counting(H, H), counting(H)
    Counting.operations = 0

    _ = W_xh.dot(counting(D)) + W_hh.dot(counting(H)) + b_h

    assert Counting.operations == rnn.flop_count(D, H)


@pytest.mark.parametrize(("D", "H", "O"), [(1, 1, 1), (3, 4, 2), (4, 3, 5), (5, 2, 3)])
def test_parameters_are_those_of_the_arrays(D, H, O):  # noqa: E741
    """The arrays of a network know their own sizes, also where no two sizes are related."""
    shapes = [(H, D), (H, H), (H,), (O, H), (O,)]

    assert rnn.parameter_count(D, H, O) == sum(np.zeros(shape).size for shape in shapes)


def test_unrolled_is_step_after_step(rng, weights):
    """The closed form and the loop agree at a length that no proof has used."""
    xs, h = rng.standard_normal((T, D)), rng.standard_normal(H)

    def step(state, x, theta):
        return rnn.elman(x, state, **weights, f=np.tanh)

    folded = rnn.unrolled(xs, h, np.zeros(1), step)
    for x in xs:
        h = rnn.elman(x, h, **weights, f=np.tanh)

    np.testing.assert_array_equal(folded, h)


def test_without_recurrent_weights_nothing_is_remembered(rng, weights):
    """The state before has no say once its weights are zero."""
    x, one, other = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)
    weights["W_hh"] = np.zeros((H, H))

    np.testing.assert_array_equal(
        rnn.elman(x, one, **weights, f=np.tanh), rnn.elman(x, other, **weights, f=np.tanh)
    )


def test_reading_back_is_reading_the_reversed_sequence(rng, weights):
    """A sequence and its mirror image: two roads to one state."""
    xs = rng.standard_normal((T, D))
    back, ahead = np.zeros(H), np.zeros(H)

    for x in xs[::-1]:
        back = rnn.state_back(x, back, *weights.values(), np.tanh)
        ahead = rnn.state_ahead(x, ahead, *weights.values(), np.tanh)

    np.testing.assert_array_equal(back, ahead)


def test_pre_activation_form_makes_the_same_states(rng, weights):
    """Both recursions are run side by side from one start."""
    xs, a = rng.standard_normal((T, D)), rng.standard_normal(H)
    h = np.tanh(a)

    for x in xs:
        a = rnn.pre_activation_form(x, a, **weights, f=np.tanh)
        h = rnn.elman(x, h, **weights, f=np.tanh)

        np.testing.assert_allclose(np.tanh(a), h)


def test_descent_on_two_biases_moves_their_sum_twice_as_far(rng, weights):
    """The gradients are central differences, which know nothing of the chain rule."""
    xs, eta = rng.standard_normal((T, D)), 0.1
    W_xh, W_hh, b_ih = weights.values()
    b_hh = rng.standard_normal(H)

    def loss(b_ih, b_hh):
        h, losses = np.zeros(H), []
        for x in xs:
            a = rnn.two_bias_pre_activation(x, h, W_xh, W_hh, b_ih, b_hh)
            h = rnn.hidden_state(a, np.tanh)
            losses.append(rnn.step_loss(h, lambda y: np.sum(y**2)))
        return rnn.loss_sum(np.array(losses))

    nudges = 1e-5 * np.eye(H)
    by_ih = np.array([loss(b_ih + e, b_hh) - loss(b_ih - e, b_hh) for e in nudges]) / 2e-5
    by_hh = np.array([loss(b_ih, b_hh + e) - loss(b_ih, b_hh - e) for e in nudges]) / 2e-5
    moved = (b_ih - eta * by_ih) + (b_hh - eta * by_hh)

    assert np.abs(by_ih).max() > 0.1  # else there is nothing to tell apart
    np.testing.assert_allclose(moved, rnn.merged_bias_step(by_ih, b_ih, b_hh, eta), rtol=1e-8)


def test_two_biases_are_one(rng, weights):
    """A network whose one bias is the sum of the two makes the same state."""
    x, h, b_hh = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)
    W_xh, W_hh, b_ih = weights.values()

    two = rnn.two_bias_pre_activation(x, h, W_xh, W_hh, b_ih, b_hh)

    np.testing.assert_allclose(two, rnn.pre_activation(x, h, W_xh, W_hh, b_ih + b_hh))
    np.testing.assert_allclose(two, rnn.merged_bias(x, h, W_xh, W_hh, b_ih, b_hh))


def test_a_layer_above_is_a_network_that_reads_states(rng, weights):
    """The vanilla step with the state of the layer below as its input."""
    below, h, W_below = rng.standard_normal(H), rng.standard_normal(H), rng.standard_normal((H, H))
    _, W_hh, b_h = weights.values()

    above = rnn.deep_state(below, h, W_below, W_hh, b_h, np.tanh)

    np.testing.assert_allclose(above, rnn.elman(below, h, W_below, W_hh, b_h, np.tanh))


def test_output_weights_of_both_directions_are_two_blocks(rng):
    """Weights side by side on states one below the other: the sum of two outputs."""
    ahead, back, b_y = rng.standard_normal(H), rng.standard_normal(H), rng.standard_normal(O)
    W_ahead, W_back = rng.standard_normal((O, H)), rng.standard_normal((O, H))

    a_y = rnn.bidirectional_output(ahead, back, np.hstack([W_ahead, W_back]), b_y)

    np.testing.assert_allclose(a_y, W_ahead @ ahead + W_back @ back + b_y)


def test_output_by_hand():
    """The state 3/5 times 5 is 3; a target of 1 is missed by 2, and half the square of 2 is 2."""
    a_y = rnn.output_pre_activation(np.array([0.6]), np.array([[5.0]]), np.zeros(1))
    y = rnn.output(a_y, lambda a: a)

    np.testing.assert_allclose(rnn.step_loss(y, lambda y: np.sum((y - 1) ** 2) / 2), 2)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_mean_loss_differs_by_the_number_of_steps(rng, steps):
    """A constant loss of one adds up to the number of steps, and its mean is one."""
    assert rnn.loss_sum(np.ones(steps)) == steps
    assert rnn.loss_mean(np.ones(steps)) == 1


def test_an_empty_sequence_has_no_mean_loss():
    """NumPy would warn and return a number that is none."""
    with pytest.raises(ShapeError, match="L_ts: axis 0 is empty"):
        rnn.loss_mean(np.zeros(0))


def test_probabilities_are_those_of_a_ratio(rng):
    """The ratio of two probabilities is the exponential of the difference of their scores."""
    a_y = rng.standard_normal(O)
    y = rnn.output_probabilities(a_y)

    np.testing.assert_allclose(y[0] / y[1], np.exp(a_y[0] - a_y[1]))
    np.testing.assert_allclose(y.sum(), 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"b_h": 1.0}, r"b_h: expected shape \(H,\), got \(\)"),
        ({"h_prev": np.zeros(H + 1)}, r"W_hh: expected shape \(H, H\)|W_xh: expected shape"),
        ({"x": np.zeros((1, D))}, r"x: expected shape \(D,\), got \(1, 3\)"),
        ({"x": np.zeros(0)}, r"x: axis 0 is empty"),
    ],
)
def test_a_wrong_shape_is_refused(rng, weights, wrong, message):
    """NumPy would broadcast some of these in silence."""
    arguments = {"x": np.zeros(D), "h_prev": np.zeros(H), **weights, **wrong}

    with pytest.raises(ShapeError, match=message):
        rnn.pre_activation(**arguments)


def test_words_are_not_numbers(weights):
    """The message names the argument and what came."""
    with pytest.raises(DtypeError, match="x: expected real numbers, got dtype <U"):
        rnn.pre_activation(np.array(["a", "b", "c"]), np.zeros(H), **weights)


def test_an_activation_must_be_callable(weights):
    """The name of a function is not the function."""
    with pytest.raises(DtypeError, match="f: expected a function, got str"):
        rnn.elman(np.zeros(D), np.zeros(H), **weights, f="tanh")
