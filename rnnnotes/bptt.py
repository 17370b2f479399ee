r"""Backpropagation through time.

A recurrent network uses the same weights at every step, so a gradient by a weight gathers
what each use of it did.  The chapter follows a change backward: from the loss to the output,
from the output to the state, from one state to the state before, and from each state to the
weights.

Two derivatives are kept apart throughout.  The *total* derivative follows every way in which
one quantity reaches another; the *immediate* derivative follows one step and holds what came
before it.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.state.arrays import Array, Elementwise, ScalarMap
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation.bptt import *
from rnnnotes.vanilla_rnn import (
    generic_state,
    hidden_state,
    loss_mean,
    loss_sum,
    output,
    output_pre_activation,
    pre_activation,
    step_loss,
)


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Diag(f.prime(a[t])) @ W_hh),
    source=["pascanu2013", "goodfellow2016"],
    given=[pre_activation, hidden_state],
    derivation=[
        ("=", Jacobian(h[t], a[t]) @ Jacobian(a[t], h[t - 1]), "the chain rule"),
        ("=", Diag(f.prime(a[t])) @ Jacobian(a[t], h[t - 1]), "f acts entry by entry"),
        ("=", "the pre-activation is linear in the state before"),
    ],
)
def step_jacobian(a: Array, W_hh: Array, f_prime: Elementwise) -> Array:
    r"""Jacobian of one step.

    J : Row `i` and column `j` hold the derivative of ``h[i]`` by ``h_prev[j]``.

    The slope of tanh is :math:`1 - 0.6^2` at :math:`\ln 2` and :math:`1 - 0.8^2` at
    :math:`\ln 3`.

    >>> step_jacobian(np.log([2, 3]), [[1, 2], [3, 4]], lambda a: 1 - np.tanh(a) ** 2)
    array([[0.64, 1.28],
           [1.08, 1.44]])
    """
    return np.diag(f_prime(a)) @ W_hh


@formula(
    Eq(Jacobian(a[t], a[t - 1]), W_hh @ Diag(f.prime(a[t - 1]))),
    source="pascanu2013",
    given=[pre_activation, hidden_state],
    ranges={t: (2, T)},
    derivation=[
        ("=", Jacobian(a[t], h[t - 1]) @ Jacobian(h[t - 1], a[t - 1]), "the chain rule"),
        ("=", W_hh @ Jacobian(h[t - 1], a[t - 1]), "the pre-activation is linear in the state"),
        ("=", "f acts entry by entry"),
    ],
)
def step_jacobian_pre_activation(a_prev: Array, W_hh: Array, f_prime: Elementwise) -> Array:
    """Jacobian of one step between pre-activations.

    J : Row `i` and column `j` hold the derivative of ``a[i]`` by ``a_prev[j]``.

    The slopes now scale the columns, and they are those of the step before.

    >>> slope = lambda a: 1 - np.tanh(a) ** 2
    >>> step_jacobian_pre_activation(np.log([2, 3]), [[1, 2], [3, 4]], slope)
    array([[0.64, 0.72],
           [1.92, 1.44]])
    """
    return W_hh @ np.diag(f_prime(a_prev))


@formula(
    Eq(Jacobian(h[t], h[k]), Product(Diag(f.prime(a[j])) @ W_hh, j, t, k + 1)),
    source="pascanu2013",
    given=[step_jacobian],
    ranges={k: (0, t)},
    derivation=[
        ("=", Product(Jacobian(h[j], h[j - 1]), j, t, k + 1), "the chain rule, step by step"),
        ("=", "the Jacobian of one step"),
    ],
)
def jacobian_product(as_: Array, W_hh: Array, f_prime: Elementwise, t: int, k: int) -> Array:
    """Jacobian over many steps.

    J : Derivative of the state at `t` by the state at `k`: the identity if they are one.

    With slope 1 everywhere, the product from step 1 to step 3 is the square of the weights.

    >>> W_hh = np.array([[1, 1], [0, 1]])
    >>> jacobian_product(np.zeros((3, 2)), W_hh, np.ones_like, t=3, k=1)
    array([[1., 2.],
           [0., 1.]])
    """
    J = np.eye(len(W_hh))
    for step in range(k, t):
        J = np.diag(f_prime(as_[step])) @ W_hh @ J
    return J


@formula(Eq(m[t], q[t] + M[t] @ m[t - 1]), source="zhang2023")
def linear_recursion(q: Array, m_prev: Array, M: Array) -> Array:
    """Linear recursion.

    A change of basis, then a step to the right.

    >>> linear_recursion([1, 0], [2, 3], [[0, 1], [1, 0]])
    array([4, 2])
    """
    return q + M @ m_prev


@formula(
    Eq(m[t], Product(M[j], j, t, 1) @ m[0] + Sum(Product(M[j], j, t, k + 1) @ q[k], k, 1, t)),
    source="zhang2023",
    given=[linear_recursion],
    derivation=[
        ("=", q[t] + M[t] @ m[t - 1], "the recursion"),
        (
            "=",
            q[t]
            + M[t]
            @ (
                Product(M[j], j, t - 1, 1) @ m[0]
                + Sum(Product(M[j], j, t - 1, k + 1) @ q[k], k, 1, t - 1)
            ),
            "the same solution one step before, which is the hypothesis of the induction",
        ),
        ("=", "each product takes up the newest matrix on its left; the newest vector has none"),
    ],
)
def linear_recursion_solution(qs: Array, Ms: Array, m_0: Array, t: int) -> Array:
    """Solution of a linear recursion.

    t : Time of the solution, from 1 to T.
    m : Vector after step `t`.

    A debt of 8 halves at each step and grows by 1: 8, 5, 7/2, 11/4.

    >>> linear_recursion_solution(np.ones((3, 1)), np.full((3, 1, 1), 0.5), [8.0], t=3)
    array([2.75])
    """
    total, product = 0, np.eye(len(m_0))
    for step in reversed(range(t)):
        total, product = total + product @ qs[step], product @ Ms[step]
    return product @ m_0 + total


@formula(
    Eq(
        Jacobian(s[t], theta),
        Immediate(s[t], theta) + Jacobian(s[t], s[t - 1]) @ Jacobian(s[t - 1], theta),
    ),
    source=["werbos1990", "zhang2023"],
    given=[generic_state],
    ranges={t: (1, T)},
    derivation=[("=", "the parameters reach the state in this step, or through the state before")],
    bindings={
        "ds": Immediate(s[t], theta),
        "J": Jacobian(s[t], s[t - 1]),
        "ds_prev_total": Jacobian(s[t - 1], theta),
    },
)
def total_derivative_recursion(ds: Array, J: Array, ds_prev_total: Array) -> Array:
    """Recursion of the total derivative.

    J : Jacobian of one step.
    ds_prev_total : Total derivative of the state one step before.
    ds_total : Total derivative of the state by the parameters.

    One unit: 2 comes from this step, and 3 times 5 through the step before.

    >>> total_derivative_recursion([[2]], [[3]], [[5]])
    array([[17]])
    """
    return ds + J @ ds_prev_total


@formula(
    Eq(Jacobian(s[t], theta), Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t)),
    source=["pascanu2013", "zhang2023"],
    given=[total_derivative_recursion],
    derivation=[
        (
            "=",
            Immediate(s[t], theta) + Jacobian(s[t], s[t - 1]) @ Jacobian(s[t - 1], theta),
            "the recursion of the total derivative",
        ),
        (
            "=",
            Immediate(s[t], theta)
            + Jacobian(s[t], s[t - 1])
            @ Sum(Jacobian(s[t - 1], s[k]) @ Immediate(s[k], theta), k, 1, t - 1),
            "the same sum one step before, which is the hypothesis of the induction",
        ),
        ("=", "the chain rule over the last step; the newest term has no step to cross"),
    ],
    bindings={
        "Js": Stack(Jacobian(s[t], s[k]), k, 1, t),
        "dss": Stack(Immediate(s[k], theta), k, 1, t),
    },
)
def total_derivative(Js: Array, dss: Array) -> Array:
    """Total derivative from immediate ones.

    Js : Jacobian of the state at `t` by the state at each step up to `t`.
    dss : Immediate derivative of the state at each step up to `t`.
    ds_total : Total derivative of the state by the parameters.

    One unit, h = w h_prev from h = 1, at w = 3: after two steps h = w², so the derivative is 6.
    The immediate derivatives are the states before, 1 and 3; the Jacobians are 3 and 1.

    >>> total_derivative([[[3]], [[1]]], [[[1]], [[3]]])
    array([[6]])
    """
    return np.sum(Js @ dss, axis=0)


@formula(Eq(L_t[t], psi[t](s[t])), source="pascanu2013")
def state_loss(s: Array, psi: ScalarMap) -> float:
    """Loss of one step as a function of its state.

    psi : Loss of this step as a function of its state, whatever output lies between.

    Half the square of a length of 5.

    >>> print(state_loss([3.0, 4.0], lambda s: s @ s / 2))
    12.5
    """
    return psi(s)


@formula(Eq(L_t[t], psi[t](h[t])), source="greff2017")
def hidden_loss(h: Array, psi: ScalarMap) -> float:
    """Loss of one step as a function of its hidden state.

    psi : Loss of this step as a function of its hidden state, whatever output lies between.

    >>> print(hidden_loss([3.0, 4.0], lambda h: h @ h / 2))
    12.5
    """
    return psi(h)


@formula(
    Eq(
        Jacobian(L_t[t], theta),
        Sum(Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t),
    ),
    source="pascanu2013",
    given=[state_loss, total_derivative],
    derivation=[
        (
            "=",
            Jacobian(L_t[t], s[t]) @ Jacobian(s[t], theta),
            "the loss of a step depends on the parameters through its state alone",
        ),
        (
            "=",
            Jacobian(L_t[t], s[t]) @ Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t),
            "the total derivative of the state",
        ),
        ("=", "the first factor is the same in each term"),
    ],
    bindings={
        "dL": Jacobian(L_t[t], s[t]),
        "Js": Stack(Jacobian(s[t], s[k]), k, 1, t),
        "dss": Stack(Immediate(s[k], theta), k, 1, t),
    },
)
def unrolled_gradient(dL: Array, Js: Array, dss: Array) -> Array:
    """Gradient of one loss, unrolled over time.

    Js : Jacobian of the state at `t` by the state at each step up to `t`.
    dss : Immediate derivative of the state at each step up to `t`.
    dL_dtheta : Derivative of the loss of step `t` by the parameters.

    The unit above with half the square of its state as loss: 9 times 6.

    >>> unrolled_gradient([9], [[[3]], [[1]]], [[[1]], [[3]]])
    array([54])
    """
    return np.sum(dL @ (Js @ dss), axis=0)


@formula(
    Eq(Gradient(L, W_hh), Sum(Gradient(L_t[t], W_hh), t, 1, T)),
    source=["pascanu2013", "zhang2023"],
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[("=", "the gradient of a sum is a sum of gradients")],
    bindings={"step_grads": Stack(Gradient(L_t[t], W_hh), t, 1, T)},
)
def loss_gradient_sum(step_grads: Array) -> Array:
    """Gradient of a summed loss.

    dW_hh : Gradient of the loss of the sequence.

    >>> loss_gradient_sum([[[1]], [[2]], [[3]]])
    array([[6]])

    Notes
    -----
    Stated for the recurrent weights; the same line holds for any other parameter.
    """
    return np.sum(step_grads, axis=0)


@formula(
    Eq(Gradient(L, a_y[t]), g.prime(a_y[t]) * Gradient(L_t[t], y[t])),
    source="goodfellow2016",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", Gradient(L_t[t], a_y[t]), "an output reaches the loss of its own step alone"),
        ("=", "g acts entry by entry"),
    ],
    bindings={"dy": Gradient(L_t[t], y[t])},
)
def output_gradient(dy: Array, a_y: Array, g_prime: Elementwise) -> Array:
    r"""Gradient by the pre-activation of an output.

    da_y : Gradient of the loss of the sequence.

    The slope of tanh at :math:`\ln 2` is 0.64.

    >>> output_gradient([0.5], np.log([2]), lambda a: 1 - np.tanh(a) ** 2)
    array([0.32])
    """
    return g_prime(a_y) * dy


@formula(
    Eq(Gradient(L_mean, y[t]), Gradient(L_t[t], y[t]) / T),
    source="zhang2023",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_mean],
    derivation=[("=", "the mean takes each loss with the same share")],
    bindings={"dy": Gradient(L_t[t], y[t])},
)
def output_gradient_mean(dy: Array, T: int) -> Array:
    """Gradient of a mean loss by an output.

    >>> output_gradient_mean([6.0, 3.0], T=3)
    array([2., 1.])
    """
    return dy / T


@formula(
    Eq(Gradient(L, h[T]), W_hy.T @ Gradient(L, a_y[T])),
    source=["goodfellow2016", "zhang2023"],
    given=[
        pre_activation,
        hidden_state,
        output_pre_activation,
        output,
        step_loss,
        loss_sum,
        building_blocks.gradient_column,
    ],
    derivation=[
        ("=", Jacobian(L, h[T]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a_y[T]) @ Jacobian(a_y[T], h[T])).T,
            "the last state reaches the loss through the last output alone",
        ),
        (
            "=",
            Jacobian(a_y[T], h[T]).T @ Gradient(L, a_y[T]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        ("=", "the output is linear in the state"),
    ],
    bindings={"da_y": Gradient(L, a_y[T])},
)
def final_state_gradient(da_y: Array, W_hy: Array) -> Array:
    """Gradient by the last hidden state.

    >>> final_state_gradient([1, 0, 1], [[1, 2], [3, 4], [5, 6]])
    array([6, 8])
    """
    return W_hy.T @ da_y


@formula(
    Eq(
        Gradient(L, h[t]),
        W_hy.T @ Gradient(L, a_y[t]) + W_hh.T @ (f.prime(a[t + 1]) * Gradient(L, h[t + 1])),
    ),
    source="goodfellow2016",
    given=[
        pre_activation,
        hidden_state,
        output_pre_activation,
        output,
        step_loss,
        loss_sum,
        step_jacobian,
        building_blocks.gradient_column,
    ],
    ranges={t: (1, T - 1)},
    derivation=[
        ("=", Jacobian(L, h[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (
                Jacobian(L, a_y[t]) @ Jacobian(a_y[t], h[t])
                + Jacobian(L, h[t + 1]) @ Jacobian(h[t + 1], h[t])
            ).T,
            "a state reaches the loss through its output and through the next state",
        ),
        (
            "=",
            Jacobian(a_y[t], h[t]).T @ Gradient(L, a_y[t])
            + Jacobian(h[t + 1], h[t]).T @ Gradient(L, h[t + 1]),
            "transposed, the factors change places, and the rows become gradients",
        ),
        (
            "=",
            W_hy.T @ Gradient(L, a_y[t])
            + (Diag(f.prime(a[t + 1])) @ W_hh).T @ Gradient(L, h[t + 1]),
            "the output is linear in the state; the Jacobian of one step",
        ),
        ("=", "a diagonal matrix is its own transpose, and scales each entry"),
    ],
    bindings={"da_y": Gradient(L, a_y[t]), "dh_next": Gradient(L, h[t + 1])},
)
def state_gradient(
    da_y: Array, dh_next: Array, a_next: Array, W_hh: Array, W_hy: Array, f_prime: Elementwise
) -> Array:
    """Gradient by a hidden state.

    One unit at slope 0.64: 3 times 2 from its output, and 5 times 0.64 times 10 from later.

    >>> state_gradient(
    ...     da_y=[2], dh_next=[10], a_next=np.log([2]), W_hh=[[5]], W_hy=[[3]],
    ...     f_prime=lambda a: 1 - np.tanh(a) ** 2,
    ... )
    array([38.])
    """
    return W_hy.T @ da_y + W_hh.T @ (f_prime(a_next) * dh_next)


@formula(
    Eq(Gradient(L, a[t]), f.prime(a[t]) * Gradient(L, h[t])),
    source="goodfellow2016",
    given=[
        pre_activation,
        hidden_state,
        output_pre_activation,
        output,
        step_loss,
        loss_sum,
        building_blocks.gradient_column,
    ],
    derivation=[
        ("=", Jacobian(L, a[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, h[t]) @ Jacobian(h[t], a[t])).T,
            "a pre-activation reaches the loss through its state alone",
        ),
        (
            "=",
            Jacobian(h[t], a[t]).T @ Gradient(L, h[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        (
            "=",
            Diag(f.prime(a[t])) @ Gradient(L, h[t]),
            "f acts entry by entry, so its Jacobian is diagonal and its own transpose",
        ),
        ("=", "a diagonal matrix scales each entry"),
    ],
    bindings={"dh": Gradient(L, h[t])},
)
def pre_activation_gradient(dh: Array, a: Array, f_prime: Elementwise) -> Array:
    """Gradient by a pre-activation.

    >>> pre_activation_gradient([1, 10], np.log([2, 3]), lambda a: 1 - np.tanh(a) ** 2)
    array([0.64, 3.6 ])
    """
    return f_prime(a) * dh


@formula(Eq(h[t], tanh(a[t])), source="elman1990")
def tanh_state(a: Array) -> Array:
    """Hidden state with the hyperbolic tangent.

    h : Hidden state; every entry lies in (-1, 1).

    >>> tanh_state(np.log([2, 3]))
    array([0.6, 0.8])
    """
    return np.tanh(a)


@formula(
    Eq(Gradient(L, a[t]), (1 - h[t] ** 2) * Gradient(L, h[t])),
    source="goodfellow2016",
    given=[pre_activation, tanh_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", tanh.prime(a[t]) * Gradient(L, h[t]), "the gradient by a pre-activation"),
        ("=", (1 - tanh(a[t]) ** 2) * Gradient(L, h[t]), "the slope of tanh"),
        ("=", "the state is already known"),
    ],
    bindings={"dh": Gradient(L, h[t])},
)
def tanh_backward(dh: Array, h: Array) -> Array:
    """Gradient through a hyperbolic tangent.

    >>> tanh_backward([1, 10], [0.6, 0.8])
    array([0.64, 3.6 ])

    Notes
    -----
    No pre-activation is kept: the state of the forward pass is enough.
    """
    return (1 - h**2) * dh


@formula(
    Eq(Gradient(L, W_hy), Sum(Outer(Gradient(L, a_y[t]), h[t]), t, 1, T)),
    source=["goodfellow2016", "zhang2023"],
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", "the weights reach the loss at each step, as a linear map of the state of that step")
    ],
    bindings={"da_ys": Stack(Gradient(L, a_y[t]), t, 1, T), "hs": Steps(h, 1, T)},
)
def output_weight_gradient(da_ys: Array, hs: Array) -> Array:
    """Gradient by the output weights.

    Two steps: the outer products of 1 with (1, 2) and of 10 with (3, 4).

    >>> output_weight_gradient([[1], [10]], [[1, 2], [3, 4]])
    array([[31, 42]])
    """
    return da_ys.T @ hs


@formula(
    Eq(Gradient(L, W_hh), Sum(Outer(Gradient(L, a[t]), h[t - 1]), t, 1, T)),
    source=["goodfellow2016", "zhang2023"],
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", "the weights reach the loss at each step, as a linear map of the state before")
    ],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)
def recurrent_weight_gradient(das: Array, h_prevs: Array) -> Array:
    """Gradient by the recurrent weights.

    dW_hh : Gradient by the recurrent weights.

    Two steps of one unit: 2 times the initial state 3, and 5 times the state 7.

    >>> recurrent_weight_gradient([[2], [5]], [[3], [7]])
    array([[41]])
    """
    return das.T @ h_prevs


@formula(
    Eq(Gradient(L, W_xh), Sum(Outer(Gradient(L, a[t]), x[t]), t, 1, T)),
    source=["goodfellow2016", "zhang2023"],
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", "the weights reach the loss at each step, as a linear map of the input of that step")
    ],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)
def input_weight_gradient(das: Array, xs: Array) -> Array:
    """Gradient by the input weights.

    >>> input_weight_gradient([[2], [5]], [[1, 0], [0, 1]])
    array([[2, 5]])
    """
    return das.T @ xs


@formula(
    Eq(Gradient(L, b_h), Sum(Gradient(L, a[t]), t, 1, T)),
    source=["goodfellow2016", "zhang2023"],
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[("=", "the bias is added to the pre-activation of each step")],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)
def hidden_bias_gradient(das: Array) -> Array:
    """Gradient by the hidden bias.

    >>> hidden_bias_gradient([[1, 2], [3, 4]])
    array([4, 6])
    """
    return np.sum(das, axis=0)


@formula(
    Eq(Gradient(L, b_y), Sum(Gradient(L, a_y[t]), t, 1, T)),
    source=["goodfellow2016", "zhang2023"],
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[("=", "the bias is added to the pre-activation of each output")],
    bindings={"da_ys": Stack(Gradient(L, a_y[t]), t, 1, T)},
)
def output_bias_gradient(da_ys: Array) -> Array:
    """Gradient by the output bias.

    >>> output_bias_gradient([[1, 2], [3, 4]])
    array([4, 6])
    """
    return np.sum(da_ys, axis=0)


@formula(
    Eq(Gradient(L, h[0]), W_hh.T @ Gradient(L, a[1])),
    source="goodfellow2016",
    given=[
        pre_activation,
        hidden_state,
        output_pre_activation,
        output,
        step_loss,
        loss_sum,
        building_blocks.gradient_column,
    ],
    derivation=[
        ("=", Jacobian(L, h[0]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a[1]) @ Jacobian(a[1], h[0])).T,
            "the initial state reaches the loss through the first step alone",
        ),
        (
            "=",
            Jacobian(a[1], h[0]).T @ Gradient(L, a[1]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        ("=", "the pre-activation is linear in the state before"),
    ],
    bindings={"da_1": Gradient(L, a[1])},
)
def initial_state_gradient(da_1: Array, W_hh: Array) -> Array:
    """Gradient by the initial state.

    dh_0 : Gradient by the initial state.

    >>> initial_state_gradient([1, 10], [[1, 2], [3, 4]])
    array([31, 42])
    """
    return W_hh.T @ da_1


@formula(
    Eq(Gradient(L, x[t]), W_xh.T @ Gradient(L, a[t])),
    source="goodfellow2016",
    given=[
        pre_activation,
        hidden_state,
        output_pre_activation,
        output,
        step_loss,
        loss_sum,
        building_blocks.gradient_column,
    ],
    derivation=[
        ("=", Jacobian(L, x[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a[t]) @ Jacobian(a[t], x[t])).T,
            "an input reaches the loss through its own step alone",
        ),
        (
            "=",
            Jacobian(a[t], x[t]).T @ Gradient(L, a[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        ("=", "the pre-activation is linear in the input"),
    ],
    bindings={"da": Gradient(L, a[t])},
)
def input_gradient(da: Array, W_xh: Array) -> Array:
    """Gradient by an input.

    >>> input_gradient([1, 10], [[1, 2, 3], [4, 5, 6]])
    array([41, 52, 63])
    """
    return W_xh.T @ da


@formula(
    Eq(
        G[tau, t],
        Sum(
            Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, t - tau, t
        ).T,
    ),
    source="williams1990",
    given=[generic_state, state_loss],
    ranges={t: (tau + 1, T)},
    bindings={
        "dL": Jacobian(L_t[t], s[t]),
        "Js": Stack(Jacobian(s[t], s[k]), k, t - tau, t),
        "dss": Stack(Immediate(s[k], theta), k, t - tau, t),
    },
)
def truncated_gradient(dL: Array, Js: Array, dss: Array) -> Array:
    """Truncated gradient.

    Js : Jacobian of the state at `t` by each of the last states.
    dss : Immediate derivative of each of the last states.
    G : Terms of the gradient that look back at most `tau` steps.

    The unit of the unrolled gradient, looking back one step of two: nothing is lost.

    >>> truncated_gradient([9], [[[3]], [[1]]], [[[1]], [[3]]])
    array([54])
    """
    return np.sum(dL @ (Js @ dss), axis=0)


LOOK_BACK = Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta)
"""Term of the unrolled gradient: from the loss at one step to the parameters at an earlier one."""


@formula(
    Le(Norm(Gradient(L_t[t], theta) - G[tau, t]), C * kappa ** (tau + 1) / (1 - kappa)),
    source="pascanu2013",
    given=[unrolled_gradient, truncated_gradient, building_blocks.gradient_column],
    ranges={t: (tau + 1, T)},
    where=[Lt(kappa, 1), Le(Norm(LOOK_BACK), C * kappa ** (t - k))],
    derivation=[
        (
            "=",
            Norm(Sum(LOOK_BACK, k, 1, t - tau - 1)),
            "the unrolled gradient less its last terms; a transpose leaves the norm as it is",
        ),
        ("<=", Sum(Norm(LOOK_BACK), k, 1, t - tau - 1), "the triangle inequality"),
        ("<=", Sum(C * kappa ** (t - k), k, 1, t - tau - 1), "the condition on each term"),
        (
            "=",
            C * kappa ** (tau + 1) * (1 - kappa ** (t - tau - 1)) / (1 - kappa),
            "the sum of a geometric series",
        ),
        ("<=", "a power of a number below one is positive"),
    ],
)
def truncation_bias_bound(C: float, kappa: float, tau: int) -> float:
    """Bound of what a truncation leaves out.

    C : Bound of a term that looks back no step.
    kappa : Factor by which the bound shrinks at each step back, below 1.
    bound : Bound of the norm of the terms left out.

    Half at each step back, from 8, looking back two steps: 8/8 + 8/16 + ... = 2.

    >>> truncation_bias_bound(C=8.0, kappa=0.5, tau=2)
    2.0
    """
    return C * kappa ** (tau + 1) / (1 - kappa)


@formula(
    Eq(Gradient(psi(v), v) @ w, (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps) + Order(eps, 2)),
    source="goodfellow2016",
    derivation=[("=", "in the Taylor series of the difference, the even powers cancel")],
)
def finite_difference(v: Array, w: Array, eps: float, psi: ScalarMap) -> float:
    """Central difference.

    v : Point.
    w : Direction.
    psi : Scalar function of a vector, with three continuous derivatives.
    slope : Slope of `psi` along `w`, up to terms of the order of ``eps**2``.

    The cube of 2 has slope 12; the difference with step 1/2 adds the square of the step.

    >>> print(finite_difference([2.0], [1.0], 0.5, lambda v: v[0] ** 3))
    12.25
    """
    return (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps)
