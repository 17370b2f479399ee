r"""The vanilla recurrent network.

One step takes an input and the hidden state before it to the hidden state after it.
The same weights are used at every step.
"""

from __future__ import annotations

import numpy as np

from rnnnotes.book.arrays import Array, Elementwise
from rnnnotes.book.formulas import formula
from rnnnotes.book.language import Diag, Jacobian
from rnnnotes.notation import W_hh, W_xh, a, b_h, f, h, t, x

__all__ = ["hidden_state", "pre_activation", "step_jacobian"]


@formula(
    a[t], "=", W_xh @ x[t] + W_hh @ h[t - 1] + b_h,
    source="elman1990", slug="elman-hidden",
)  # fmt: skip
def pre_activation(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    r"""Pre-activation of the hidden units.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xh : (H, D) ndarray
        Weights from input to hidden state.
    W_hh : (H, H) ndarray
        Weights from hidden state to hidden state.
    b_h : (H,) ndarray
        Hidden bias.

    Returns
    -------
    a : (H,) ndarray
        Pre-activation at this step: any real numbers.

    Examples
    --------
    One unit reads 2 with weight 3, remembers 5 with weight 1, and has bias -4.

    >>> pre_activation(
    ...     x=np.array([2.0]), h_prev=np.array([5.0]),
    ...     W_xh=np.array([[3.0]]), W_hh=np.array([[1.0]]), b_h=np.array([-4.0]),
    ... )
    array([7.])
    """
    return W_xh @ x + W_hh @ h_prev + b_h


@formula(h[t], "=", f(a[t]), source="elman1990", slug="elman-hidden")
def hidden_state(a: Array, f: Elementwise) -> Array:
    r"""Hidden state after one step.

    Parameters
    ----------
    a : (H,) ndarray
        Pre-activation at this step.
    f : callable
        Activation, entry by entry.

    Returns
    -------
    h : (H,) ndarray
        Hidden state at this step, in the range of `f`.

    Examples
    --------
    Since :math:`\tanh(\ln 2) = 3/5` and :math:`\tanh(\ln 3) = 4/5`, this step can be
    followed by hand.

    >>> hidden_state(np.log([2, 3]), np.tanh)
    array([0.6, 0.8])
    """
    return f(a)


@formula(
    Jacobian(h[t], h[t - 1]), "=", Diag(f.prime(a[t])) @ W_hh,
    source="pascanu2013", slug="step-jacobian-post",
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
    The slope of tanh at :math:`\ln 2` is :math:`1 - 0.6^2`.

    >>> step_jacobian(np.log([2, 3]), np.array([[1, 2], [3, 4]]), lambda a: 1 - np.tanh(a)**2)
    array([[0.64, 1.28],
           [1.08, 1.44]])
    """
    return np.diag(f_prime(a)) @ W_hh
