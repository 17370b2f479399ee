r"""The LSTM: long short-term memory.

A vanilla network writes its state anew at each step.  An LSTM keeps a cell beside it, to
which a step adds; gates, each a number between zero and one for each unit, decide how much of
the cell is kept, how much is added and how much is shown.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.arrays import Array
from rnnnotes.book.formulas import formula
from rnnnotes.notation import (
    W_hc,
    W_hf,
    W_hi,
    W_ho,
    W_xc,
    W_xf,
    W_xi,
    W_xo,
    a_c,
    a_f,
    a_i,
    a_o,
    b_c,
    b_f,
    b_i,
    b_o,
    c,
    c_tilde,
    f_gate,
    h,
    i_gate,
    o_gate,
    sigmoid,
    t,
    tanh,
    x,
)

__all__ = [
    "candidate",
    "candidate_pre_activation",
    "cell_update",
    "forget_gate",
    "forget_gate_pre_activation",
    "hidden_state",
    "input_gate",
    "input_gate_pre_activation",
    "output_gate",
    "output_gate_pre_activation",
]

# -- One step --------------------------------------------------------------------------------------


@formula(
    a_i[t], "=", W_xi @ x[t] + W_hi @ h[t - 1] + b_i,
    source=["hochreiter1997", "greff2017"], slug="lstm-input-gate",
)  # fmt: skip
def input_gate_pre_activation(
    x: Array, h_prev: Array, W_xi: Array, W_hi: Array, b_i: Array
) -> Array:
    r"""Pre-activation of the input gate.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xi : (H, D) ndarray
        Weights from input to input gate.
    W_hi : (H, H) ndarray
        Weights from hidden state to input gate.
    b_i : (H,) ndarray
        Bias of the input gate.

    Returns
    -------
    a_i : (H,) ndarray
        Any real numbers.

    Examples
    --------
    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> input_gate_pre_activation(
    ...     x=np.array([1, 2]), h_prev=np.array([3]),
    ...     W_xi=np.array([[1, 1]]), W_hi=np.array([[2]]), b_i=np.array([-1]),
    ... )
    array([8])
    """
    return W_xi @ x + W_hi @ h_prev + b_i


@formula(
    i_gate[t], "=", sigmoid(a_i[t]),
    source=["hochreiter1997", "greff2017"], slug="lstm-input-gate", given=[building_blocks.sigmoid],
)  # fmt: skip
def input_gate(a_i: Array) -> Array:
    r"""Input gate.

    Parameters
    ----------
    a_i : (H,) ndarray
        Pre-activation of the input gate at this step.

    Returns
    -------
    i_gate : (H,) ndarray
        Share of the candidate that is written; every entry lies in (0, 1).

    Examples
    --------
    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> input_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_i)


@formula(
    a_f[t], "=", W_xf @ x[t] + W_hf @ h[t - 1] + b_f,
    source=["gers2000", "greff2017"], slug="lstm-forget-gate",
)  # fmt: skip
def forget_gate_pre_activation(
    x: Array, h_prev: Array, W_xf: Array, W_hf: Array, b_f: Array
) -> Array:
    r"""Pre-activation of the forget gate.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xf : (H, D) ndarray
        Weights from input to forget gate.
    W_hf : (H, H) ndarray
        Weights from hidden state to forget gate.
    b_f : (H,) ndarray
        Bias of the forget gate.

    Returns
    -------
    a_f : (H,) ndarray
        Any real numbers.

    Examples
    --------
    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> forget_gate_pre_activation(
    ...     x=np.array([1, 2]), h_prev=np.array([3]),
    ...     W_xf=np.array([[1, 1]]), W_hf=np.array([[2]]), b_f=np.array([-1]),
    ... )
    array([8])
    """
    return W_xf @ x + W_hf @ h_prev + b_f


@formula(
    f_gate[t], "=", sigmoid(a_f[t]),
    source=["gers2000", "greff2017"], slug="lstm-forget-gate", given=[building_blocks.sigmoid],
)  # fmt: skip
def forget_gate(a_f: Array) -> Array:
    r"""Forget gate.

    Parameters
    ----------
    a_f : (H,) ndarray
        Pre-activation of the forget gate at this step.

    Returns
    -------
    f_gate : (H,) ndarray
        Share of the cell that is kept; every entry lies in (0, 1).

    Examples
    --------
    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> forget_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_f)


@formula(
    a_o[t], "=", W_xo @ x[t] + W_ho @ h[t - 1] + b_o,
    source=["hochreiter1997", "greff2017"], slug="lstm-output-gate",
)  # fmt: skip
def output_gate_pre_activation(
    x: Array, h_prev: Array, W_xo: Array, W_ho: Array, b_o: Array
) -> Array:
    r"""Pre-activation of the output gate.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xo : (H, D) ndarray
        Weights from input to output gate.
    W_ho : (H, H) ndarray
        Weights from hidden state to output gate.
    b_o : (H,) ndarray
        Bias of the output gate.

    Returns
    -------
    a_o : (H,) ndarray
        Any real numbers.

    Examples
    --------
    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> output_gate_pre_activation(
    ...     x=np.array([1, 2]), h_prev=np.array([3]),
    ...     W_xo=np.array([[1, 1]]), W_ho=np.array([[2]]), b_o=np.array([-1]),
    ... )
    array([8])
    """
    return W_xo @ x + W_ho @ h_prev + b_o


@formula(
    o_gate[t], "=", sigmoid(a_o[t]),
    source=["hochreiter1997", "greff2017"], slug="lstm-output-gate",
    given=[building_blocks.sigmoid],
)  # fmt: skip
def output_gate(a_o: Array) -> Array:
    r"""Output gate.

    Parameters
    ----------
    a_o : (H,) ndarray
        Pre-activation of the output gate at this step.

    Returns
    -------
    o_gate : (H,) ndarray
        Share of the cell that is shown; every entry lies in (0, 1).

    Examples
    --------
    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> output_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_o)


@formula(
    a_c[t], "=", W_xc @ x[t] + W_hc @ h[t - 1] + b_c,
    source=["hochreiter1997", "greff2017"], slug="lstm-candidate",
)  # fmt: skip
def candidate_pre_activation(
    x: Array, h_prev: Array, W_xc: Array, W_hc: Array, b_c: Array
) -> Array:
    r"""Pre-activation of the candidate.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xc : (H, D) ndarray
        Weights from input to candidate.
    W_hc : (H, H) ndarray
        Weights from hidden state to candidate.
    b_c : (H,) ndarray
        Bias of the candidate.

    Returns
    -------
    a_c : (H,) ndarray
        Any real numbers.

    Examples
    --------
    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> candidate_pre_activation(
    ...     x=np.array([1, 2]), h_prev=np.array([3]),
    ...     W_xc=np.array([[1, 1]]), W_hc=np.array([[2]]), b_c=np.array([-1]),
    ... )
    array([8])
    """
    return W_xc @ x + W_hc @ h_prev + b_c


@formula(
    c_tilde[t], "=", tanh(a_c[t]),
    source="greff2017", slug="lstm-candidate",
)  # fmt: skip
def candidate(a_c: Array) -> Array:
    r"""Candidate for the cell.

    Parameters
    ----------
    a_c : (H,) ndarray
        Pre-activation of the candidate at this step.

    Returns
    -------
    c_tilde : (H,) ndarray
        What may be written; every entry lies in (-1, 1).

    Examples
    --------
    >>> candidate(np.log([2, 3]))
    array([0.6, 0.8])
    """
    return np.tanh(a_c)


@formula(
    c[t], "=", f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t],
    source=["gers2000", "greff2017"], slug="lstm-cell-update",
)  # fmt: skip
def cell_update(f_gate: Array, c_prev: Array, i_gate: Array, c_tilde: Array) -> Array:
    r"""Cell after one step.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    c_prev : (H,) ndarray
        Cell one step before.
    i_gate : (H,) ndarray
        Input gate at this step.
    c_tilde : (H,) ndarray
        Candidate at this step.

    Returns
    -------
    c : (H,) ndarray
        Cell after this step.

    Examples
    --------
    Three quarters of 4 are kept, and one half of 6 is added.

    >>> cell_update(np.array([0.75]), np.array([4.0]), np.array([0.5]), np.array([6.0]))
    array([6.])
    """
    return f_gate * c_prev + i_gate * c_tilde


@formula(
    h[t], "=", o_gate[t] * tanh(c[t]),
    source="greff2017", slug="lstm-hidden",
)  # fmt: skip
def hidden_state(o_gate: Array, c: Array) -> Array:
    r"""Hidden state of an LSTM.

    Parameters
    ----------
    o_gate : (H,) ndarray
        Output gate at this step.
    c : (H,) ndarray
        Cell after this step.

    Returns
    -------
    h : (H,) ndarray
        What the cell shows; every entry lies in (-1, 1).

    Examples
    --------
    The tangent of :math:`\ln 2` is 3/5, and half of it is shown.

    >>> hidden_state(np.array([0.5]), np.log([2]))
    array([0.3])
    """
    return o_gate * np.tanh(c)
