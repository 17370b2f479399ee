"""What the vanilla network does, apart from what its formulas state."""

from __future__ import annotations

import numpy as np
import pytest

from rnnnotes import vanilla_rnn as rnn
from rnnnotes.book.arguments import DtypeError, ShapeError

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


def test_flops_are_those_that_numpy_does():
    """The product of NumPy is run on numbers that count, and says how many it needed."""
    W_xh, W_hh, b_h = counting(H, D), counting(H, H), counting(H)
    Counting.operations = 0

    _ = W_xh.dot(counting(D)) + W_hh.dot(counting(H)) + b_h

    assert Counting.operations == rnn.flop_count(D, H)


def test_parameters_are_those_of_the_arrays(rng, weights):
    """The arrays of a network know their own sizes."""
    arrays = [*weights.values(), rng.standard_normal((O, H)), rng.standard_normal(O)]

    assert rnn.parameter_count(D, H, O) == sum(array.size for array in arrays)


def test_unrolled_is_step_after_step(rng, weights):
    """The closed form and the loop agree at a length that no proof has used."""
    xs, h = rng.standard_normal((T, D)), rng.standard_normal(H)

    def step(state, x, theta):
        return rnn.elman(x, state, **weights, f=np.tanh)

    folded = rnn.unrolled(h, xs, np.zeros(1), step)
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
