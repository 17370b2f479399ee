r"""The vanilla recurrent network.

One step takes an input and the hidden state before it to the hidden state after it.
The same weights are used at every step.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.state.arrays import Array, Elementwise, Map, Scalar, ScalarMap
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation.vanilla_rnn import *


@formula(Eq(s[t], F(s[t - 1], x[t], theta)), source=["goodfellow2016", "pascanu2013"])
def generic_state(x: Array, s_prev: Array, theta: Array, F: Map) -> Array:
    """State of any recurrent network after one step.

    theta : Parameters, the same at every step.

    A state that halves what it held and adds the input, at each step:

    >>> halve = lambda s, x, theta: theta * s + x
    >>> generic_state([1.0], [8.0], [0.5], halve)
    array([5.])
    """
    return F(s_prev, x, theta)


@formula(Eq(a[t], W_xh @ x[t] + W_hh @ h[t - 1] + b_h), source="elman1990")
def pre_activation(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Pre-activation of the hidden units.

    a : Pre-activation at this step: any real numbers.

    One unit reads 2 with weight 3, remembers 5 with weight 1, and has bias -4.

    >>> pre_activation(x=[2.0], h_prev=[5.0], W_xh=[[3.0]], W_hh=[[1.0]], b_h=[-4.0])
    array([7.])
    """
    return W_xh @ x + W_hh @ h_prev + b_h


@formula(Eq(h[t], f(a[t])), source="elman1990")
def hidden_state(a: Array, f: Elementwise) -> Array:
    r"""Hidden state after one step.

    h : Hidden state at this step, in the range of `f`.

    Since :math:`\tanh(\ln 2) = 3/5` and :math:`\tanh(\ln 3) = 4/5`, this step can be
    followed by hand.

    >>> hidden_state(np.log([2, 3]), np.tanh)
    array([0.6, 0.8])
    """
    return f(a)


@formula(Eq(a_y[t], W_hy @ h[t] + b_y), source=["elman1990", "goodfellow2016"])
def output_pre_activation(h: Array, W_hy: Array, b_y: Array) -> Array:
    """Pre-activation of the output.

    a_y : Pre-activation of the output at this step: any real numbers.

    Two outputs read one unit: the first doubles it, the second turns its sign.

    >>> output_pre_activation(h=[3.0], W_hy=[[2.0], [-1.0]], b_y=[1.0, 0.0])
    array([ 7., -3.])
    """
    return W_hy @ h + b_y


@formula(Eq(y[t], g(a_y[t])), source=["elman1990", "goodfellow2016"])
def output(a_y: Array, g: Elementwise) -> Array:
    """Output of one step.

    y : Output at this step, in the range of `g`.

    Without an activation the output is its own pre-activation.

    >>> output([7.0, -3.0], lambda a: a)
    array([ 7., -3.])
    """
    return g(a_y)


@formula(Eq(L_t[t], ell[t](y[t])), source="goodfellow2016")
def step_loss(y: Array, ell: ScalarMap) -> Scalar:
    """Loss of one step.

    ell : Loss of this step, as a function of its output.  The target is part of it.

    Half the squared distance to the target (1, 2), from the output (1, 5).

    >>> step_loss([1.0, 5.0], lambda y: 0.5 * np.sum((y - np.array([1, 2])) ** 2))
    np.float64(4.5)
    """
    return ell(y)


@formula(Eq(L, Sum(L_t[t], t, 1, T)), source="goodfellow2016")
def loss_sum(L_ts: Array) -> Scalar:
    """Loss of a sequence.

    >>> loss_sum([4.5, 1.0, 0.5])
    np.float64(6.0)
    """
    return np.sum(L_ts)


@formula(Eq(L_mean, Sum(L_t[t], t, 1, T) / T), source="zhang2023")
def loss_mean(L_ts: Array) -> Scalar:
    """Mean loss of a step.

    L_mean : Loss of the whole sequence, divided by the number of its steps.

    >>> loss_mean([4.5, 1.0, 0.5])
    np.float64(2.0)
    """
    return np.mean(L_ts)


@formula(
    Eq(h[t], f(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)),
    source="elman1990",
    given=[pre_activation, hidden_state],
    derivation=[
        ("=", f(a[t]), "the state is the activation of the pre-activation"),
        ("=", "the pre-activation of the hidden units"),
    ],
)
def elman(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, f: Elementwise) -> Array:
    r"""Step of the vanilla network in one line.

    h : Hidden state at this step, in the range of `f`.

    The pre-activation is :math:`\ln 6 - \ln 2 = \ln 3`, and its hyperbolic tangent 4/5.

    >>> one = np.eye(1)
    >>> elman(np.log([6]), np.log([2]), W_xh=one, W_hh=-one, b_h=np.zeros(1), f=np.tanh)
    array([0.8])
    """
    return f(W_xh @ x + W_hh @ h_prev + b_h)


@formula(
    Eq(s[T], Compose(F(v, x[t], theta), v, s[0], t, 1, T)),
    source="goodfellow2016",
    given=[generic_state],
    derivation=[
        ("=", F(s[T - 1], x[T], theta), "the last step"),
        (
            "=",
            F(Compose(F(v, x[t], theta), v, s[0], t, 1, T - 1), x[T], theta),
            "each state before is a step of the one before it",
        ),
        ("=", "functions that are applied one after the other are composed"),
    ],
    bindings={"s_0": s[0]},
)
def unrolled(xs: Array, s_0: Array, theta: Array, F: Map) -> Array:
    """State after the last step, unrolled.

    theta : Parameters, the same at every step.

    A step that doubles the state and adds the input reads binary digits: 101 is five.

    >>> digits = np.array([[1.0], [0.0], [1.0]])
    >>> unrolled(digits, np.zeros(1), [2.0], lambda s, x, theta: theta * s + x)
    array([5.])
    """
    s = s_0
    for step in range(len(xs)):
        s = F(s, xs[step], theta)
    return s


@formula(
    Eq(y[t], softmax(a_y[t])),
    source=["goodfellow2016", "bridle1990"],
    given=[building_blocks.softmax],
)
def output_probabilities(a_y: Array) -> Array:
    """Output that is a distribution over classes.

    a_y : Pre-activation of the output at this step: one score for each class.
    y : Probabilities: positive numbers whose sum is one.

    >>> output_probabilities(np.log([1, 2, 5]))
    array([0.125, 0.25 , 0.625])
    """
    return np.exp(a_y) / np.sum(np.exp(a_y))


@formula(Eq(a[t], W_xh @ x[t] + b_ih + W_hh @ h[t - 1] + b_hh), source="pytorch_rnn")
def two_bias_pre_activation(
    x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_ih: Array, b_hh: Array
) -> Array:
    """Pre-activation with two biases.

    >>> one = np.eye(1)
    >>> two_bias_pre_activation([1], [10], one, one, b_ih=[100], b_hh=[1000])
    array([1111.])
    """
    return W_xh @ x + b_ih + W_hh @ h_prev + b_hh


@formula(
    Eq(W_xh @ x[t] + b_ih + W_hh @ h[t - 1] + b_hh, W_xh @ x[t] + W_hh @ h[t - 1] + (b_ih + b_hh)),
    source="pytorch_rnn",
    derivation=[("=", "the order of a sum is free")],
)
def merged_bias(
    x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_ih: Array, b_hh: Array
) -> Array:
    """Two biases are one.

    a : Pre-activation at this step.

    >>> one = np.eye(1)
    >>> merged_bias([1], [10], one, one, b_ih=[100], b_hh=[1000])
    array([1111.])
    """
    return W_xh @ x + W_hh @ h_prev + (b_ih + b_hh)


@formula(
    Eq(
        (b_ih - eta * Gradient(L, b_ih)) + (b_hh - eta * Gradient(L, b_hh)),
        (b_ih + b_hh) - 2 * eta * Gradient(L, b_ih),
    ),
    source="pytorch_rnn",
    given=[
        two_bias_pre_activation,
        hidden_state,
        output_pre_activation,
        output,
        step_loss,
        loss_sum,
    ],
    derivation=[
        (
            "=",
            (b_ih - eta * Gradient(L, b_ih)) + (b_hh - eta * Gradient(L, b_ih)),
            "the loss depends on the sum of the biases alone, so both gradients are the same",
        ),
        ("=", "both steps add up"),
    ],
    bindings={"db": Gradient(L, b_ih)},
)
def merged_bias_step(db: Array, b_ih: Array, b_hh: Array, eta: float) -> Array:
    """Gradient step of two biases.

    db : Gradient by either bias.
    b : Sum of the biases after the step: it has moved twice as far.

    A gradient of 1 at a learning rate of 1/4 moves the sum by 1/2.

    >>> merged_bias_step([1.0], [1.0], [2.0], eta=0.25)
    array([2.5])
    """
    return (b_ih + b_hh) - 2 * eta * db


@formula(Eq(a[t], W_hh @ f(a[t - 1]) + W_xh @ x[t] + b_h), source="pascanu2013", ranges={t: (2, T)})
def pre_activation_form(
    x: Array, a_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, f: Elementwise
) -> Array:
    r"""Recursion of the pre-activation.

    The state before is :math:`\tanh(\ln 2) = 3/5`; weight 5 makes it 3, and the input adds 1.

    >>> one = np.eye(1)
    >>> pre_activation_form([1], np.log([2]), one, 5 * one, np.zeros(1), np.tanh)
    array([4.])
    """
    return W_hh @ f(a_prev) + W_xh @ x + b_h


@formula(
    Eq(h[t], f(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)),
    source="pascanu2013",
    given=[pre_activation_form, hidden_state],
    ranges={t: (2, T)},
    derivation=[
        ("=", f(a[t]), "the state is the activation of the pre-activation"),
        ("=", f(W_hh @ f(a[t - 1]) + W_xh @ x[t] + b_h), "the recursion of the pre-activation"),
        ("=", f(W_hh @ h[t - 1] + W_xh @ x[t] + b_h), "the state one step before"),
        ("=", "the order of a sum is free"),
    ],
)
def state_from_pre_activation_form(
    x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, f: Elementwise
) -> Array:
    """Both forms make the same states.

    h_prev : Hidden state one step before, the activation of the pre-activation there.

    >>> one = np.eye(1)
    >>> state_from_pre_activation_form(
    ...     np.log([6]), np.log([2]), one, -one, np.zeros(1), np.tanh
    ... )
    array([0.8])
    """
    return f(W_xh @ x + W_hh @ h_prev + b_h)


@formula(
    Eq(
        h[layer, t],
        f(W_below[layer] @ h[layer - 1, t] + W_layer[layer] @ h[layer, t - 1] + b_layer[layer]),
    ),
    source=["zhang2023", "pytorch_rnn"],
    ranges={layer: (2, N)},
    bindings={
        "h_below": h[layer - 1, t],
        "h_prev": h[layer, t - 1],
        "W_below": W_below[layer],
        "W_layer": W_layer[layer],
        "b_layer": b_layer[layer],
    },
)
def deep_state(
    h_below: Array, h_prev: Array, W_below: Array, W_layer: Array, b_layer: Array, f: Elementwise
) -> Array:
    """State of a layer above the first.

    >>> one = np.eye(1)
    >>> deep_state(np.log([6]), np.log([2]), one, -one, np.zeros(1), np.tanh)
    array([0.8])
    """
    return f(W_below @ h_below + W_layer @ h_prev + b_layer)


@formula(
    Eq(h_ahead[t], f(W_xh @ x[t] + W_hh @ h_ahead[t - 1] + b_h)),
    source=["schuster1997", "zhang2023"],
)
def state_ahead(
    x: Array, h_ahead_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, f: Elementwise
) -> Array:
    """State that has read the past.

    >>> one = np.eye(1)
    >>> state_ahead(np.log([6]), np.log([2]), one, -one, np.zeros(1), np.tanh)
    array([0.8])
    """
    return f(W_xh @ x + W_hh @ h_ahead_prev + b_h)


@formula(
    Eq(h_back[t], f(W_xb @ x[t] + W_bb @ h_back[t + 1] + b_b)), source=["schuster1997", "zhang2023"]
)
def state_back(
    x: Array, h_back_next: Array, W_xb: Array, W_bb: Array, b_b: Array, f: Elementwise
) -> Array:
    """State that has read the future.

    >>> one = np.eye(1)
    >>> state_back(np.log([6]), np.log([2]), one, -one, np.zeros(1), np.tanh)
    array([0.8])
    """
    return f(W_xb @ x + W_bb @ h_back_next + b_b)


@formula(
    Eq(a_y[t], W_both @ Concatenate(h_ahead[t], h_back[t]) + b_y),
    source=["schuster1997", "zhang2023"],
)
def bidirectional_output(h_ahead: Array, h_back: Array, W_both: Array, b_y: Array) -> Array:
    """Output that knows past and future.

    >>> bidirectional_output([1], [2], W_both=[[10, 100]], b_y=[3])
    array([213])
    """
    return W_both @ np.concatenate([h_ahead, h_back]) + b_y


@formula(
    Eq(
        Size(W_xh) + Size(W_hh) + Size(b_h) + Size(W_hy) + Size(b_y),
        Number(H * (D + H + 1) + O * (H + 1)),
    ),
    source="pytorch_rnn",
    derivation=[
        (
            "=",
            Number(H * D) + Number(H * H) + Number(H) + Number(O * H) + Number(O),
            "a matrix has rows times columns, a vector one number a row",
        ),
        ("=", "each row has a bias of its own"),
    ],
)
def parameter_count(D: int, H: int, O: int) -> int:  # noqa: E741
    """Number of parameters.

    count : Numbers that training sets.  The length of a sequence does not occur.

    Two rows of 3 + 2 + 1, and one row of 2 + 1.

    >>> parameter_count(D=3, H=2, O=1)
    15
    """
    return H * (D + H + 1) + O * (H + 1)


@formula(
    Eq(Number(H * (2 * D - 1)) + Number(H * (2 * H - 1)) + Number(2 * H), Number(2 * H * (D + H))),
    source="golub2013",
    derivation=[
        (
            "=",
            Number(2 * H * D) + Number(2 * H * H),
            "each product lacks one addition a row, and two additions a row join them and the bias",
        ),
        ("=", "every weight is multiplied once and added once"),
    ],
)
def flop_count(D: int, H: int) -> int:
    """Multiplications and additions of one step.

    count : Operations of the pre-activation; the activation of `H` numbers comes on top.

    Two rows: 3 + 2 multiplications, 2 + 1 additions inside the products and 2 between.

    >>> flop_count(D=3, H=2)
    20

    Notes
    -----
    A row of `n` weights times a vector takes `n` multiplications and ``n - 1`` additions.
    """
    return 2 * H * (D + H)
