r"""The vanilla recurrent network.

One step takes an input and the hidden state before it to the hidden state after it.
The same weights are used at every step.
"""

from __future__ import annotations

import numpy as np

from rnnnotes.book.arrays import Array, Elementwise, Map, ScalarMap
from rnnnotes.book.formulas import formula
from rnnnotes.book.language import Sum
from rnnnotes.notation import (
    F,
    L,
    L_mean,
    L_t,
    T,
    W_hh,
    W_hy,
    W_xh,
    a,
    a_y,
    b_h,
    b_y,
    ell,
    f,
    g,
    h,
    s,
    t,
    theta,
    x,
    y,
)

__all__ = [
    "generic_state",
    "hidden_state",
    "loss_mean",
    "loss_sum",
    "output",
    "output_pre_activation",
    "pre_activation",
    "step_loss",
]


@formula(
    s[t], "=", F(s[t - 1], x[t], theta),
    source=["goodfellow2016", "pascanu2013"], slug="rnn-generic-state",
)  # fmt: skip
def generic_state(s_prev: Array, x: Array, theta: Array, F: Map) -> Array:
    r"""State of any recurrent network after one step.

    Parameters
    ----------
    s_prev : (H,) ndarray
        State one step before.
    x : (D,) ndarray
        Input at this step.
    theta : (P,) ndarray
        Parameters, the same at every step.
    F : callable
        Step of the recurrence.

    Returns
    -------
    s : (H,) ndarray
        State at this step.

    Examples
    --------
    A state that halves what it held and adds the input, at each step:

    >>> halve = lambda s, x, theta: theta * s + x
    >>> generic_state(np.array([8.0]), np.array([1.0]), np.array([0.5]), halve)
    array([5.])
    """
    return F(s_prev, x, theta)


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
    a_y[t], "=", W_hy @ h[t] + b_y,
    source=["elman1990", "goodfellow2016"], slug="rnn-output",
)  # fmt: skip
def output_pre_activation(h: Array, W_hy: Array, b_y: Array) -> Array:
    r"""Pre-activation of the output.

    Parameters
    ----------
    h : (H,) ndarray
        Hidden state at this step.
    W_hy : (O, H) ndarray
        Weights from hidden state to output.
    b_y : (O,) ndarray
        Output bias.

    Returns
    -------
    a_y : (O,) ndarray
        Pre-activation of the output at this step: any real numbers.

    Examples
    --------
    Two outputs read one unit: the first doubles it, the second turns its sign.

    >>> output_pre_activation(
    ...     h=np.array([3.0]), W_hy=np.array([[2.0], [-1.0]]), b_y=np.array([1.0, 0.0])
    ... )
    array([ 7., -3.])
    """
    return W_hy @ h + b_y


@formula(y[t], "=", g(a_y[t]), source=["elman1990", "goodfellow2016"], slug="rnn-output")
def output(a_y: Array, g: Elementwise) -> Array:
    r"""Output of one step.

    Parameters
    ----------
    a_y : (O,) ndarray
        Pre-activation of the output at this step.
    g : callable
        Activation of the outputs, entry by entry.

    Returns
    -------
    y : (O,) ndarray
        Output at this step, in the range of `g`.

    Examples
    --------
    Without an activation the output is its own pre-activation.

    >>> output(np.array([7.0, -3.0]), lambda a: a)
    array([ 7., -3.])
    """
    return g(a_y)


@formula(L_t[t], "=", ell[t](y[t]), source="goodfellow2016", slug="rnn-loss-sum")
def step_loss(y: Array, ell: ScalarMap) -> float:
    r"""Loss of one step.

    Parameters
    ----------
    y : (O,) ndarray
        Output at this step.
    ell : callable
        Loss of this step, as a function of its output.  The target is part of it.

    Returns
    -------
    L : float
        Loss of this step.

    Examples
    --------
    Half the squared distance to the target (1, 2), from the output (1, 5).

    >>> step_loss(np.array([1.0, 5.0]), lambda y: 0.5 * np.sum((y - np.array([1, 2])) ** 2))
    4.5
    """
    return ell(y)


@formula(L, "=", Sum(L_t[t], t, 1, T), source="goodfellow2016", slug="rnn-loss-sum")
def loss_sum(L_ts: Array) -> float:
    r"""Loss of a sequence.

    Parameters
    ----------
    L_ts : (T,) ndarray
        Loss of each step.

    Returns
    -------
    L : float
        Loss of the whole sequence.

    Examples
    --------
    >>> loss_sum(np.array([4.5, 1.0, 0.5]))
    6.0
    """
    return np.sum(L_ts)


@formula(
    L_mean, "=", Sum(L_t[t], t, 1, T) / T,
    source="zhang2023", slug="rnn-loss-mean",
)  # fmt: skip
def loss_mean(L_ts: Array) -> float:
    r"""Mean loss of a step.

    Parameters
    ----------
    L_ts : (T,) ndarray
        Loss of each step.

    Returns
    -------
    L_mean : float
        Loss of the whole sequence, divided by the number of its steps.

    Examples
    --------
    >>> loss_mean(np.array([4.5, 1.0, 0.5]))
    2.0
    """
    return np.mean(L_ts)
