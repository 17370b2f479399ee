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
from rnnnotes.book.arrays import Array, Elementwise, ScalarMap
from rnnnotes.book.formulas import formula
from rnnnotes.book.language import Array as Steps
from rnnnotes.book.language import (
    Diag,
    Gradient,
    Immediate,
    Jacobian,
    Norm,
    Order,
    Outer,
    Product,
    Stack,
    Sum,
)
from rnnnotes.notation import (
    C,
    G,
    L,
    L_mean,
    L_t,
    M,
    T,
    W_hh,
    W_hy,
    W_xh,
    a,
    a_y,
    b_h,
    b_y,
    eps,
    f,
    g,
    h,
    j,
    k,
    kappa,
    m,
    psi,
    q,
    s,
    t,
    tanh,
    tau,
    theta,
    v,
    w,
    x,
    y,
)
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

__all__ = [
    "final_state_gradient",
    "finite_difference",
    "hidden_bias_gradient",
    "hidden_loss",
    "initial_state_gradient",
    "input_gradient",
    "input_weight_gradient",
    "jacobian_product",
    "linear_recursion",
    "linear_recursion_solution",
    "loss_gradient_sum",
    "output_bias_gradient",
    "output_gradient",
    "output_gradient_mean",
    "output_weight_gradient",
    "pre_activation_gradient",
    "recurrent_weight_gradient",
    "state_gradient",
    "state_loss",
    "step_jacobian",
    "step_jacobian_pre_activation",
    "tanh_backward",
    "tanh_state",
    "total_derivative",
    "total_derivative_recursion",
    "truncated_gradient",
    "truncation_bias_bound",
    "unrolled_gradient",
]


@formula(
    Jacobian(h[t], h[t - 1]), "=", Diag(f.prime(a[t])) @ W_hh,
    source=["pascanu2013", "goodfellow2016"], slug="step-jacobian-post",
    given=[pre_activation, hidden_state],
    derivation=[
        ("=", Jacobian(h[t], a[t]) @ Jacobian(a[t], h[t - 1]), "the chain rule"),
        ("=", Diag(f.prime(a[t])) @ Jacobian(a[t], h[t - 1]), "f acts entry by entry"),
        ("=", Diag(f.prime(a[t])) @ W_hh, "the pre-activation is linear in the state before"),
    ],
)  # fmt: skip
def step_jacobian(a: Array, W_hh: Array, f_prime: Elementwise) -> Array:
    r"""Jacobian of one step.

    Parameters
    ----------
    a : (H,) ndarray
        Pre-activation at this step.
    W_hh : (H, H) ndarray
        Weights from hidden state to hidden state.
    f_prime : callable
        Derivative of the activation, entry by entry.

    Returns
    -------
    J : (H, H) ndarray
        Row `i` and column `j` hold the derivative of ``h[i]`` by ``h_prev[j]``.

    Examples
    --------
    The slope of tanh is :math:`1 - 0.6^2` at :math:`\ln 2` and :math:`1 - 0.8^2` at
    :math:`\ln 3`.

    >>> step_jacobian(np.log([2, 3]), np.array([[1, 2], [3, 4]]), lambda a: 1 - np.tanh(a) ** 2)
    array([[0.64, 1.28],
           [1.08, 1.44]])
    """
    return np.diag(f_prime(a)) @ W_hh


@formula(
    Jacobian(a[t], a[t - 1]), "=", W_hh @ Diag(f.prime(a[t - 1])),
    source="pascanu2013", slug="step-jacobian-pre",
    given=[pre_activation, hidden_state], ranges={t: (2, T)},
    derivation=[
        ("=", Jacobian(a[t], h[t - 1]) @ Jacobian(h[t - 1], a[t - 1]), "the chain rule"),
        ("=", W_hh @ Jacobian(h[t - 1], a[t - 1]), "the pre-activation is linear in the state"),
        ("=", W_hh @ Diag(f.prime(a[t - 1])), "f acts entry by entry"),
    ],
)  # fmt: skip
def step_jacobian_pre_activation(a_prev: Array, W_hh: Array, f_prime: Elementwise) -> Array:
    r"""Jacobian of one step between pre-activations.

    Parameters
    ----------
    a_prev : (H,) ndarray
        Pre-activation one step before.
    W_hh : (H, H) ndarray
        Weights from hidden state to hidden state.
    f_prime : callable
        Derivative of the activation, entry by entry.

    Returns
    -------
    J : (H, H) ndarray
        Row `i` and column `j` hold the derivative of ``a[i]`` by ``a_prev[j]``.

    Examples
    --------
    The slopes now scale the columns, and they are those of the step before.

    >>> slope = lambda a: 1 - np.tanh(a) ** 2
    >>> step_jacobian_pre_activation(np.log([2, 3]), np.array([[1, 2], [3, 4]]), slope)
    array([[0.64, 0.72],
           [1.92, 1.44]])
    """
    return W_hh @ np.diag(f_prime(a_prev))


@formula(
    Jacobian(h[t], h[k]), "=", Product(Diag(f.prime(a[j])) @ W_hh, j, t, k + 1),
    source="pascanu2013", slug="jacobian-product",
    given=[step_jacobian], ranges={k: (0, t)},
    derivation=[
        ("=", Product(Jacobian(h[j], h[j - 1]), j, t, k + 1), "the chain rule, step by step"),
        ("=", Product(Diag(f.prime(a[j])) @ W_hh, j, t, k + 1), "the Jacobian of one step"),
    ],
)  # fmt: skip
def jacobian_product(as_: Array, W_hh: Array, f_prime: Elementwise, t: int, k: int) -> Array:
    r"""Jacobian over many steps.

    Parameters
    ----------
    as_ : (T, H) ndarray
        Pre-activations, one step a row.
    W_hh : (H, H) ndarray
        Weights from hidden state to hidden state.
    f_prime : callable
        Derivative of the activation, entry by entry.
    t : int
        Later time, from 1 to T.
    k : int
        Earlier time, from 0 to t.

    Returns
    -------
    J : (H, H) ndarray
        Derivative of the state at `t` by the state at `k`: the identity if they are one.

    Examples
    --------
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


@formula(
    m[t], "=", q[t] + M[t] @ m[t - 1],
    source="zhang2023", slug="linear-recursion-solution",
)  # fmt: skip
def linear_recursion(q: Array, m_prev: Array, M: Array) -> Array:
    r"""Linear recursion.

    Parameters
    ----------
    q : (H,) ndarray
        What this step adds.
    m_prev : (H,) ndarray
        Vector one step before.
    M : (H, H) ndarray
        Matrix of this step.

    Returns
    -------
    m : (H,) ndarray
        Vector after this step.

    Examples
    --------
    A change of basis, then a step to the right.

    >>> linear_recursion(np.array([1, 0]), np.array([2, 3]), np.array([[0, 1], [1, 0]]))
    array([4, 2])
    """
    return q + M @ m_prev


@formula(
    m[t], "=",
    Product(M[j], j, t, 1) @ m[0] + Sum(Product(M[j], j, t, k + 1) @ q[k], k, 1, t),
    source="zhang2023", slug="linear-recursion-solution",
    given=[linear_recursion],
    derivation=[
        ("=", q[t] + M[t] @ m[t - 1], "the recursion"),
        (
            "=",
            q[t] + M[t] @ (
                Product(M[j], j, t - 1, 1) @ m[0]
                + Sum(Product(M[j], j, t - 1, k + 1) @ q[k], k, 1, t - 1)
            ),
            "the same solution one step before, which is the hypothesis of the induction",
        ),
        (
            "=",
            Product(M[j], j, t, 1) @ m[0]
            + Sum(Product(M[j], j, t, k + 1) @ q[k], k, 1, t),
            "each product takes up the newest matrix on its left; the newest vector has none",
        ),
    ],
)  # fmt: skip
def linear_recursion_solution(qs: Array, Ms: Array, m_0: Array, t: int) -> Array:
    r"""Solution of a linear recursion.

    Parameters
    ----------
    qs : (T, H) ndarray
        What each step adds, one step a row.
    Ms : (T, H, H) ndarray
        Matrix of each step.
    m_0 : (H,) ndarray
        Vector before the first step.
    t : int
        Time of the solution, from 1 to T.

    Returns
    -------
    m : (H,) ndarray
        Vector after step `t`.

    Examples
    --------
    A debt of 8 halves at each step and grows by 1: 8, 5, 7/2, 11/4.

    >>> linear_recursion_solution(np.ones((3, 1)), np.full((3, 1, 1), 0.5), np.array([8.0]), t=3)
    array([2.75])
    """
    total, product = 0, np.eye(len(m_0))
    for step in reversed(range(t)):
        total, product = total + product @ qs[step], product @ Ms[step]
    return product @ m_0 + total


@formula(
    Jacobian(s[t], theta), "=",
    Immediate(s[t], theta) + Jacobian(s[t], s[t - 1]) @ Jacobian(s[t - 1], theta),
    source=["werbos1990", "zhang2023"], slug="bptt-recursion-total",
    given=[generic_state], ranges={t: (1, T)},
    derivation=[
        (
            "=",
            Immediate(s[t], theta) + Jacobian(s[t], s[t - 1]) @ Jacobian(s[t - 1], theta),
            "the parameters reach the state in this step, or through the state before",
        ),
    ],
    bindings={
        "ds": Immediate(s[t], theta),
        "J": Jacobian(s[t], s[t - 1]),
        "ds_prev_total": Jacobian(s[t - 1], theta),
    },
)  # fmt: skip
def total_derivative_recursion(ds: Array, J: Array, ds_prev_total: Array) -> Array:
    r"""Recursion of the total derivative.

    Parameters
    ----------
    ds : (H, P) ndarray
        Immediate derivative of the state at this step.
    J : (H, H) ndarray
        Jacobian of one step.
    ds_prev_total : (H, P) ndarray
        Total derivative of the state one step before.

    Returns
    -------
    ds_total : (H, P) ndarray
        Total derivative of the state by the parameters.

    Examples
    --------
    One unit: 2 comes from this step, and 3 times 5 through the step before.

    >>> total_derivative_recursion(np.array([[2]]), np.array([[3]]), np.array([[5]]))
    array([[17]])
    """
    return ds + J @ ds_prev_total


@formula(
    Jacobian(s[t], theta), "=", Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t),
    source=["pascanu2013", "zhang2023"], slug="immediate-vs-total",
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
        (
            "=",
            Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t),
            "the chain rule over the last step; the newest term has no step to cross",
        ),
    ],
    bindings={
        "Js": Stack(Jacobian(s[t], s[k]), k, 1, t),
        "dss": Stack(Immediate(s[k], theta), k, 1, t),
    },
)  # fmt: skip
def total_derivative(Js: Array, dss: Array) -> Array:
    r"""Total derivative from immediate ones.

    Parameters
    ----------
    Js : (t, H, H) ndarray
        Jacobian of the state at `t` by the state at each step up to `t`.
    dss : (t, H, P) ndarray
        Immediate derivative of the state at each step up to `t`.

    Returns
    -------
    ds_total : (H, P) ndarray
        Total derivative of the state by the parameters.

    Examples
    --------
    One unit, h = w h_prev from h = 1, at w = 3: after two steps h = w², so the derivative is 6.
    The immediate derivatives are the states before, 1 and 3; the Jacobians are 3 and 1.

    >>> total_derivative(np.array([[[3]], [[1]]]), np.array([[[1]], [[3]]]))
    array([[6]])
    """
    return np.sum(Js @ dss, axis=0)


@formula(
    L_t[t], "=", psi[t](s[t]),
    source="pascanu2013", slug="bptt-unrolled-sum",
)  # fmt: skip
def state_loss(s: Array, psi: ScalarMap) -> float:
    r"""Loss of one step as a function of its state.

    Parameters
    ----------
    s : (H,) ndarray
        State at this step.
    psi : callable
        Loss of this step as a function of its state, whatever output lies between.

    Returns
    -------
    L_t : float
        Loss of this step.

    Examples
    --------
    Half the square of a length of 5.

    >>> print(state_loss(np.array([3.0, 4.0]), lambda s: s @ s / 2))
    12.5
    """
    return psi(s)


@formula(
    L_t[t], "=", psi[t](h[t]),
    source="greff2017", slug="bptt-unrolled-sum",
)  # fmt: skip
def hidden_loss(h: Array, psi: ScalarMap) -> float:
    r"""Loss of one step as a function of its hidden state.

    Parameters
    ----------
    h : (H,) ndarray
        Hidden state at this step.
    psi : callable
        Loss of this step as a function of its hidden state, whatever output lies between.

    Returns
    -------
    L_t : float
        Loss of this step.

    Examples
    --------
    >>> print(hidden_loss(np.array([3.0, 4.0]), lambda h: h @ h / 2))
    12.5
    """
    return psi(h)


@formula(
    Jacobian(L_t[t], theta), "=",
    Sum(Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t),
    source="pascanu2013", slug="bptt-unrolled-sum",
    given=[state_loss, total_derivative],
    derivation=[
        (
            "=",
            Jacobian(L_t[t], s[t]) @ Jacobian(s[t], theta),
            "the loss of a step depends on the parameters through its state alone",
        ),
        (
            "=",
            Jacobian(L_t[t], s[t])
            @ Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t),
            "the total derivative of the state",
        ),
        (
            "=",
            Sum(
                Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t
            ),
            "the first factor is the same in each term",
        ),
    ],
    bindings={
        "dL": Jacobian(L_t[t], s[t]),
        "Js": Stack(Jacobian(s[t], s[k]), k, 1, t),
        "dss": Stack(Immediate(s[k], theta), k, 1, t),
    },
)  # fmt: skip
def unrolled_gradient(dL: Array, Js: Array, dss: Array) -> Array:
    r"""Gradient of one loss, unrolled over time.

    Parameters
    ----------
    dL : (H,) ndarray
        Derivative of the loss of this step by its state.
    Js : (t, H, H) ndarray
        Jacobian of the state at `t` by the state at each step up to `t`.
    dss : (t, H, P) ndarray
        Immediate derivative of the state at each step up to `t`.

    Returns
    -------
    dL_dtheta : (P,) ndarray
        Derivative of the loss of step `t` by the parameters.

    Examples
    --------
    The unit above with half the square of its state as loss: 9 times 6.

    >>> unrolled_gradient(np.array([9]), np.array([[[3]], [[1]]]), np.array([[[1]], [[3]]]))
    array([54])
    """
    return np.sum(dL @ (Js @ dss), axis=0)


@formula(
    Gradient(L, W_hh), "=", Sum(Gradient(L_t[t], W_hh), t, 1, T),
    source=["pascanu2013", "zhang2023"], slug="bptt-loss-sum",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", Sum(Gradient(L_t[t], W_hh), t, 1, T), "the gradient of a sum is a sum of gradients"),
    ],
    bindings={"step_grads": Stack(Gradient(L_t[t], W_hh), t, 1, T)},
)  # fmt: skip
def loss_gradient_sum(step_grads: Array) -> Array:
    r"""Gradient of a summed loss.

    Parameters
    ----------
    step_grads : (T, H, H) ndarray
        Gradient of the loss of each step, one step along the first axis.

    Returns
    -------
    dW_hh : (H, H) ndarray
        Gradient of the loss of the sequence.

    Notes
    -----
    Stated for the recurrent weights; the same line holds for any other parameter.

    Examples
    --------
    >>> loss_gradient_sum(np.array([[[1]], [[2]], [[3]]]))
    array([[6]])
    """
    return np.sum(step_grads, axis=0)


@formula(
    Gradient(L, a_y[t]), "=", g.prime(a_y[t]) * Gradient(L_t[t], y[t]),
    source="goodfellow2016", slug="bptt-output-grad",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", Gradient(L_t[t], a_y[t]), "an output reaches the loss of its own step alone"),
        ("=", g.prime(a_y[t]) * Gradient(L_t[t], y[t]), "g acts entry by entry"),
    ],
    bindings={"dy": Gradient(L_t[t], y[t])},
)  # fmt: skip
def output_gradient(a_y: Array, dy: Array, g_prime: Elementwise) -> Array:
    r"""Gradient by the pre-activation of an output.

    Parameters
    ----------
    a_y : (O,) ndarray
        Pre-activation of the output at this step.
    dy : (O,) ndarray
        Gradient of the loss of this step by its output.
    g_prime : callable
        Derivative of the output activation, entry by entry.

    Returns
    -------
    da_y : (O,) ndarray
        Gradient of the loss of the sequence.

    Examples
    --------
    The slope of tanh at :math:`\ln 2` is 0.64.

    >>> output_gradient(np.log([2]), np.array([0.5]), lambda a: 1 - np.tanh(a) ** 2)
    array([0.32])
    """
    return g_prime(a_y) * dy


@formula(
    Gradient(L_mean, y[t]), "=", Gradient(L_t[t], y[t]) / T,
    source="zhang2023", slug="bptt-output-grad",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_mean],
    derivation=[
        ("=", Gradient(L_t[t], y[t]) / T, "the mean takes each loss with the same share"),
    ],
    bindings={"dy": Gradient(L_t[t], y[t])},
)  # fmt: skip
def output_gradient_mean(dy: Array, T: int) -> Array:
    r"""Gradient of a mean loss by an output.

    Parameters
    ----------
    dy : (O,) ndarray
        Gradient of the loss of this step by its output.
    T : int
        Number of steps.

    Returns
    -------
    dy_mean : (O,) ndarray
        Gradient of the mean loss.

    Examples
    --------
    >>> output_gradient_mean(np.array([6.0, 3.0]), T=3)
    array([2., 1.])
    """
    return dy / T


@formula(
    Gradient(L, h[T]), "=", W_hy.T @ Gradient(L, a_y[T]),
    source=["goodfellow2016", "zhang2023"], slug="delta-final",
    given=[
        pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum,
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
        ("=", W_hy.T @ Gradient(L, a_y[T]), "the output is linear in the state"),
    ],
    bindings={"da_y": Gradient(L, a_y[T])},
)  # fmt: skip
def final_state_gradient(W_hy: Array, da_y: Array) -> Array:
    r"""Gradient by the last hidden state.

    Parameters
    ----------
    W_hy : (O, H) ndarray
        Weights from hidden state to output.
    da_y : (O,) ndarray
        Gradient by the pre-activation of the last output.

    Returns
    -------
    dh : (H,) ndarray
        Gradient by the hidden state after the last step.

    Examples
    --------
    >>> final_state_gradient(np.array([[1, 2], [3, 4], [5, 6]]), np.array([1, 0, 1]))
    array([6, 8])
    """
    return W_hy.T @ da_y


@formula(
    Gradient(L, h[t]), "=",
    W_hy.T @ Gradient(L, a_y[t])
    + W_hh.T @ (f.prime(a[t + 1]) * Gradient(L, h[t + 1])),
    source="goodfellow2016", slug="delta-recursion",
    given=[
        pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum,
        step_jacobian, building_blocks.gradient_column,
    ],
    ranges={t: (1, T - 1)},
    derivation=[
        ("=", Jacobian(L, h[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a_y[t]) @ Jacobian(a_y[t], h[t])
             + Jacobian(L, h[t + 1]) @ Jacobian(h[t + 1], h[t])).T,
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
        (
            "=",
            W_hy.T @ Gradient(L, a_y[t])
            + W_hh.T @ (f.prime(a[t + 1]) * Gradient(L, h[t + 1])),
            "a diagonal matrix is its own transpose, and scales each entry",
        ),
    ],
    bindings={
        "da_y": Gradient(L, a_y[t]),
        "dh_next": Gradient(L, h[t + 1]),
    },
)  # fmt: skip
def state_gradient(
    a_next: Array, W_hh: Array, W_hy: Array, da_y: Array, dh_next: Array, f_prime: Elementwise
) -> Array:
    r"""Gradient by a hidden state.

    Parameters
    ----------
    a_next : (H,) ndarray
        Pre-activation one step later.
    W_hh : (H, H) ndarray
        Weights from hidden state to hidden state.
    W_hy : (O, H) ndarray
        Weights from hidden state to output.
    da_y : (O,) ndarray
        Gradient by the pre-activation of the output at this step.
    dh_next : (H,) ndarray
        Gradient by the hidden state one step later.
    f_prime : callable
        Derivative of the activation, entry by entry.

    Returns
    -------
    dh : (H,) ndarray
        Gradient by the hidden state at this step.

    Examples
    --------
    One unit at slope 0.64: 3 times 2 from its output, and 5 times 0.64 times 10 from later.

    >>> state_gradient(
    ...     a_next=np.log([2]), W_hh=np.array([[5]]), W_hy=np.array([[3]]),
    ...     da_y=np.array([2]), dh_next=np.array([10]), f_prime=lambda a: 1 - np.tanh(a) ** 2,
    ... )
    array([38.])
    """
    return W_hy.T @ da_y + W_hh.T @ (f_prime(a_next) * dh_next)


@formula(
    Gradient(L, a[t]), "=", f.prime(a[t]) * Gradient(L, h[t]),
    source="goodfellow2016", slug=["delta-recursion", "tanh-backward"],
    given=[
        pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum,
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
        (
            "=",
            f.prime(a[t]) * Gradient(L, h[t]),
            "a diagonal matrix scales each entry",
        ),
    ],
    bindings={"dh": Gradient(L, h[t])},
)  # fmt: skip
def pre_activation_gradient(a: Array, dh: Array, f_prime: Elementwise) -> Array:
    r"""Gradient by a pre-activation.

    Parameters
    ----------
    a : (H,) ndarray
        Pre-activation at this step.
    dh : (H,) ndarray
        Gradient by the hidden state at this step.
    f_prime : callable
        Derivative of the activation, entry by entry.

    Returns
    -------
    da : (H,) ndarray
        Gradient by the pre-activation at this step.

    Examples
    --------
    >>> pre_activation_gradient(np.log([2, 3]), np.array([1, 10]), lambda a: 1 - np.tanh(a) ** 2)
    array([0.64, 3.6 ])
    """
    return f_prime(a) * dh


@formula(
    h[t], "=", tanh(a[t]),
    source="elman1990", slug="tanh-backward",
)  # fmt: skip
def tanh_state(a: Array) -> Array:
    r"""Hidden state with the hyperbolic tangent.

    Parameters
    ----------
    a : (H,) ndarray
        Pre-activation at this step.

    Returns
    -------
    h : (H,) ndarray
        Hidden state; every entry lies in (-1, 1).

    Examples
    --------
    >>> tanh_state(np.log([2, 3]))
    array([0.6, 0.8])
    """
    return np.tanh(a)


@formula(
    Gradient(L, a[t]), "=", (1 - h[t] ** 2) * Gradient(L, h[t]),
    source="goodfellow2016", slug="tanh-backward",
    given=[pre_activation, tanh_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        ("=", tanh.prime(a[t]) * Gradient(L, h[t]), "the gradient by a pre-activation"),
        ("=", (1 - tanh(a[t]) ** 2) * Gradient(L, h[t]), "the slope of tanh"),
        ("=", (1 - h[t] ** 2) * Gradient(L, h[t]), "the state is already known"),
    ],
    bindings={"dh": Gradient(L, h[t])},
)  # fmt: skip
def tanh_backward(h: Array, dh: Array) -> Array:
    r"""Gradient through a hyperbolic tangent.

    Parameters
    ----------
    h : (H,) ndarray
        Hidden state at this step.
    dh : (H,) ndarray
        Gradient by the hidden state at this step.

    Returns
    -------
    da : (H,) ndarray
        Gradient by the pre-activation at this step.

    Notes
    -----
    No pre-activation is kept: the state of the forward pass is enough.

    Examples
    --------
    >>> tanh_backward(np.array([0.6, 0.8]), np.array([1, 10]))
    array([0.64, 3.6 ])
    """
    return (1 - h**2) * dh


@formula(
    Gradient(L, W_hy), "=", Sum(Outer(Gradient(L, a_y[t]), h[t]), t, 1, T),
    source=["goodfellow2016", "zhang2023"], slug="bptt-grad-why",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        (
            "=",
            Sum(Outer(Gradient(L, a_y[t]), h[t]), t, 1, T),
            "the weights reach the loss at each step, as a linear map of the state of that step",
        ),
    ],
    bindings={"da_ys": Stack(Gradient(L, a_y[t]), t, 1, T), "hs": Steps(h, 1, T)},
)  # fmt: skip
def output_weight_gradient(da_ys: Array, hs: Array) -> Array:
    r"""Gradient by the output weights.

    Parameters
    ----------
    da_ys : (T, O) ndarray
        Gradients by the pre-activations of the output, one step a row.
    hs : (T, H) ndarray
        Hidden states after each step, one a row.

    Returns
    -------
    dW_hy : (O, H) ndarray
        Gradient by the output weights.

    Examples
    --------
    Two steps: the outer products of 1 with (1, 2) and of 10 with (3, 4).

    >>> output_weight_gradient(np.array([[1], [10]]), np.array([[1, 2], [3, 4]]))
    array([[31, 42]])
    """
    return da_ys.T @ hs


@formula(
    Gradient(L, W_hh), "=", Sum(Outer(Gradient(L, a[t]), h[t - 1]), t, 1, T),
    source=["goodfellow2016", "zhang2023"], slug="bptt-grad-whh",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        (
            "=",
            Sum(Outer(Gradient(L, a[t]), h[t - 1]), t, 1, T),
            "the weights reach the loss at each step, as a linear map of the state before",
        ),
    ],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)  # fmt: skip
def recurrent_weight_gradient(das: Array, h_prevs: Array) -> Array:
    r"""Gradient by the recurrent weights.

    Parameters
    ----------
    das : (T, H) ndarray
        Gradients by the pre-activations, one step a row.
    h_prevs : (T, H) ndarray
        Hidden states before each step, one a row; the first is the initial state.

    Returns
    -------
    dW_hh : (H, H) ndarray
        Gradient by the recurrent weights.

    Examples
    --------
    Two steps of one unit: 2 times the initial state 3, and 5 times the state 7.

    >>> recurrent_weight_gradient(np.array([[2], [5]]), np.array([[3], [7]]))
    array([[41]])
    """
    return das.T @ h_prevs


@formula(
    Gradient(L, W_xh), "=", Sum(Outer(Gradient(L, a[t]), x[t]), t, 1, T),
    source=["goodfellow2016", "zhang2023"], slug="bptt-grad-wxh",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        (
            "=",
            Sum(Outer(Gradient(L, a[t]), x[t]), t, 1, T),
            "the weights reach the loss at each step, as a linear map of the input of that step",
        ),
    ],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)  # fmt: skip
def input_weight_gradient(das: Array, xs: Array) -> Array:
    r"""Gradient by the input weights.

    Parameters
    ----------
    das : (T, H) ndarray
        Gradients by the pre-activations, one step a row.
    xs : (T, D) ndarray
        Inputs, one step a row.

    Returns
    -------
    dW_xh : (H, D) ndarray
        Gradient by the input weights.

    Examples
    --------
    >>> input_weight_gradient(np.array([[2], [5]]), np.array([[1, 0], [0, 1]]))
    array([[2, 5]])
    """
    return das.T @ xs


@formula(
    Gradient(L, b_h), "=", Sum(Gradient(L, a[t]), t, 1, T),
    source=["goodfellow2016", "zhang2023"], slug="bptt-grad-bias",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        (
            "=",
            Sum(Gradient(L, a[t]), t, 1, T),
            "the bias is added to the pre-activation of each step",
        ),
    ],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)  # fmt: skip
def hidden_bias_gradient(das: Array) -> Array:
    r"""Gradient by the hidden bias.

    Parameters
    ----------
    das : (T, H) ndarray
        Gradients by the pre-activations, one step a row.

    Returns
    -------
    db_h : (H,) ndarray
        Gradient by the hidden bias.

    Examples
    --------
    >>> hidden_bias_gradient(np.array([[1, 2], [3, 4]]))
    array([4, 6])
    """
    return np.sum(das, axis=0)


@formula(
    Gradient(L, b_y), "=", Sum(Gradient(L, a_y[t]), t, 1, T),
    source=["goodfellow2016", "zhang2023"], slug="bptt-grad-bias",
    given=[pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum],
    derivation=[
        (
            "=",
            Sum(Gradient(L, a_y[t]), t, 1, T),
            "the bias is added to the pre-activation of each output",
        ),
    ],
    bindings={"da_ys": Stack(Gradient(L, a_y[t]), t, 1, T)},
)  # fmt: skip
def output_bias_gradient(da_ys: Array) -> Array:
    r"""Gradient by the output bias.

    Parameters
    ----------
    da_ys : (T, O) ndarray
        Gradients by the pre-activations of the output, one step a row.

    Returns
    -------
    db_y : (O,) ndarray
        Gradient by the output bias.

    Examples
    --------
    >>> output_bias_gradient(np.array([[1, 2], [3, 4]]))
    array([4, 6])
    """
    return np.sum(da_ys, axis=0)


@formula(
    Gradient(L, h[0]), "=", W_hh.T @ Gradient(L, a[1]),
    source="goodfellow2016", slug="bptt-grad-h0",
    given=[
        pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum,
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
        ("=", W_hh.T @ Gradient(L, a[1]), "the pre-activation is linear in the state before"),
    ],
    bindings={"da_1": Gradient(L, a[1])},
)  # fmt: skip
def initial_state_gradient(W_hh: Array, da_1: Array) -> Array:
    r"""Gradient by the initial state.

    Parameters
    ----------
    W_hh : (H, H) ndarray
        Weights from hidden state to hidden state.
    da_1 : (H,) ndarray
        Gradient by the pre-activation at the first step.

    Returns
    -------
    dh_0 : (H,) ndarray
        Gradient by the initial state.

    Examples
    --------
    >>> initial_state_gradient(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([31, 42])
    """
    return W_hh.T @ da_1


@formula(
    Gradient(L, x[t]), "=", W_xh.T @ Gradient(L, a[t]),
    source="goodfellow2016", slug="bptt-input-grad",
    given=[
        pre_activation, hidden_state, output_pre_activation, output, step_loss, loss_sum,
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
        ("=", W_xh.T @ Gradient(L, a[t]), "the pre-activation is linear in the input"),
    ],
    bindings={"da": Gradient(L, a[t])},
)  # fmt: skip
def input_gradient(W_xh: Array, da: Array) -> Array:
    r"""Gradient by an input.

    Parameters
    ----------
    W_xh : (H, D) ndarray
        Weights from input to hidden state.
    da : (H,) ndarray
        Gradient by the pre-activation at this step.

    Returns
    -------
    dx : (D,) ndarray
        Gradient by the input at this step.

    Examples
    --------
    >>> input_gradient(np.array([[1, 2, 3], [4, 5, 6]]), np.array([1, 10]))
    array([41, 52, 63])
    """
    return W_xh.T @ da


@formula(
    G[tau, t], "=",
    Sum(Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, t - tau, t).T,
    source="williams1990", slug="truncated-bptt", given=[generic_state, state_loss],
    ranges={t: (tau + 1, T)},
    bindings={
        "dL": Jacobian(L_t[t], s[t]),
        "Js": Stack(Jacobian(s[t], s[k]), k, t - tau, t),
        "dss": Stack(Immediate(s[k], theta), k, t - tau, t),
    },
)  # fmt: skip
def truncated_gradient(dL: Array, Js: Array, dss: Array) -> Array:
    r"""Truncated gradient.

    Parameters
    ----------
    dL : (H,) ndarray
        Derivative of the loss of this step by its state.
    Js : (tau + 1, H, H) ndarray
        Jacobian of the state at `t` by each of the last states.
    dss : (tau + 1, H, P) ndarray
        Immediate derivative of each of the last states.

    Returns
    -------
    G : (P,) ndarray
        Terms of the gradient that look back at most `tau` steps.

    Examples
    --------
    The unit of the unrolled gradient, looking back one step of two: nothing is lost.

    >>> truncated_gradient(np.array([9]), np.array([[[3]], [[1]]]), np.array([[[1]], [[3]]]))
    array([54])
    """
    return np.sum(dL @ (Js @ dss), axis=0)


LOOK_BACK = Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta)
"""Term of the unrolled gradient: from the loss at one step to the parameters at an earlier one."""


@formula(
    Norm(Gradient(L_t[t], theta) - G[tau, t]), "<=", C * kappa ** (tau + 1) / (1 - kappa),
    source="pascanu2013", slug="truncation-bias-bound",
    given=[unrolled_gradient, truncated_gradient, building_blocks.gradient_column],
    ranges={t: (tau + 1, T)},
    where=[
        (kappa, "<", 1),
        (Norm(LOOK_BACK), "<=", C * kappa ** (t - k)),
    ],
    derivation=[
        (
            "=",
            Norm(Sum(LOOK_BACK, k, 1, t - tau - 1)),
            "the unrolled gradient less its last terms; a transpose leaves the norm as it is",
        ),
        (
            "<=",
            Sum(Norm(LOOK_BACK), k, 1, t - tau - 1),
            "the triangle inequality",
        ),
        ("<=", Sum(C * kappa ** (t - k), k, 1, t - tau - 1), "the condition on each term"),
        (
            "=",
            C * kappa ** (tau + 1) * (1 - kappa ** (t - tau - 1)) / (1 - kappa),
            "the sum of a geometric series",
        ),
        ("<=", C * kappa ** (tau + 1) / (1 - kappa), "a power of a number below one is positive"),
    ],
)  # fmt: skip
def truncation_bias_bound(C: float, kappa: float, tau: int) -> float:
    r"""Bound of what a truncation leaves out.

    Parameters
    ----------
    C : float
        Bound of a term that looks back no step.
    kappa : float
        Factor by which the bound shrinks at each step back, below 1.
    tau : int
        Steps that the truncation looks back.

    Returns
    -------
    bound : float
        Bound of the norm of the terms left out.

    Examples
    --------
    Half at each step back, from 8, looking back two steps: 8/8 + 8/16 + ... = 2.

    >>> truncation_bias_bound(C=8.0, kappa=0.5, tau=2)
    2.0
    """
    return C * kappa ** (tau + 1) / (1 - kappa)


@formula(
    Gradient(psi(v), v) @ w, "=", (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps) + Order(eps, 2),
    source="goodfellow2016", slug="finite-difference-check",
    derivation=[
        (
            "=",
            (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps) + Order(eps, 2),
            "in the Taylor series of the difference, the even powers cancel",
        ),
    ],
)  # fmt: skip
def finite_difference(v: Array, w: Array, eps: float, psi: ScalarMap) -> float:
    r"""Central difference.

    Parameters
    ----------
    v : (H,) ndarray
        Point.
    w : (H,) ndarray
        Direction.
    eps : float
        Small step.
    psi : callable
        Scalar function of a vector, with three continuous derivatives.

    Returns
    -------
    slope : float
        Slope of `psi` along `w`, up to terms of the order of ``eps**2``.

    Examples
    --------
    The cube of 2 has slope 12; the difference with step 1/2 adds the square of the step.

    >>> print(finite_difference(np.array([2.0]), np.array([1.0]), 0.5, lambda v: v[0] ** 3))
    12.25
    """
    return (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps)
