r"""Other gated cells: what is left when a gate is taken away, or is put somewhere else.

Each cell of the chapter is a step of a recurrence whose new state is an average of the old
state and a candidate.  The cells differ in what the gates read, in how many gates there are,
and in what the candidate reads; the Jacobian of a step shows what each difference costs.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks, gradients, lstm
from rnnnotes.book.arrays import Array, Scalar
from rnnnotes.book.formulas import formula
from rnnnotes.book.language import (
    Abs,
    Determinant,
    Diag,
    Entry,
    Indicator,
    Jacobian,
    Max,
    Ones,
    Product,
    SpectralRadius,
    Stack,
    Sum,
)
from rnnnotes.notation import (
    H,
    N,
    Q,
    R_h,
    R_k,
    R_t,
    T,
    W_hf,
    W_hh,
    W_hr,
    W_hz,
    W_xc,
    W_xf,
    W_xf_prev,
    W_xh,
    W_xh_prev,
    W_xk,
    W_xr,
    W_xt,
    W_xz,
    b_f,
    b_h,
    b_hh,
    b_ih,
    b_lh,
    b_lk,
    b_lt,
    b_r,
    b_z,
    c,
    c_tilde,
    eigenvalues,
    f_gate,
    h,
    h_tilde,
    i,
    j,
    k,
    k_gate,
    kappa,
    layer,
    p_f,
    p_r,
    r_gate,
    radius,
    s,
    sigmoid,
    t,
    t_gate,
    tanh,
    x,
    x_fit,
    z_gate,
)

__all__ = [
    "bounded_state",
    "bounded_step",
    "disc_radius",
    "eigenvector_row",
    "highway_candidate",
    "highway_jacobian",
    "highway_layer",
    "kept_state",
    "mgu_candidate",
    "mgu_candidate_after",
    "mgu_jacobian",
    "mgu_state",
    "mut1_candidate",
    "mut1_jacobian",
    "mut1_update_gate",
    "mut2_reset_gate",
    "mut2_update_gate",
    "mut3_jacobian",
    "mut3_update_gate",
    "mut_reset_gate",
    "mut_state",
    "no_reset_jacobian",
    "no_reset_map",
    "plain_candidate",
    "qrnn_candidate",
    "qrnn_forget_gate",
    "qrnn_gap",
    "qrnn_jacobian",
    "qrnn_solution",
    "reset_candidate",
    "rhn_candidate",
    "rhn_carry_gate",
    "rhn_depth_jacobian",
    "rhn_jacobian",
    "rhn_layer",
    "rhn_start",
    "rhn_transform_gate",
    "row_sum_bound",
    "sru_candidate",
    "sru_cell",
    "sru_forget_gate",
    "sru_jacobian",
    "sru_output",
    "sru_reset_gate",
    "sru_solution",
    "transform_gate",
]


# -- The minimal gated unit ------------------------------------------------------------------------


@formula(
    h_tilde[t], "=", tanh(W_xh @ x[t] + W_hh @ (f_gate[t] * h[t - 1]) + b_h),
    source="zhou2016", slug="mgu",
)  # fmt: skip
def mgu_candidate(
    x: Array, f_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    r"""Candidate of a minimal gated unit.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    f_gate : (H,) ndarray
        Forget gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xh : (H, D) ndarray
        Weights from input to candidate.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    b_h : (H,) ndarray
        Bias of the candidate.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state; every entry lies in (-1, 1).

    Examples
    --------
    The state before is 2, the gate lets a half of it in, and the pre-activation is :math:`\ln 3`.

    >>> one = np.eye(1)
    >>> mgu_candidate(np.log([3.0]) - 1, np.array([0.5]), np.array([2.0]), one, one, np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_xh @ x + W_hh @ (f_gate * h_prev) + b_h)


@formula(
    h[t], "=", (1 - f_gate[t]) * h[t - 1] + f_gate[t] * h_tilde[t],
    source="zhou2016", slug="mgu",
)  # fmt: skip
def mgu_state(f_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    r"""State of a minimal gated unit.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    h_tilde : (H,) ndarray
        Candidate at this step.

    Returns
    -------
    h : (H,) ndarray
        Average of the state before and the candidate.

    Examples
    --------
    A quarter of the way from 4 to 0.8.

    >>> mgu_state(np.array([0.25]), np.array([4.0]), np.array([0.8]))
    array([3.2])
    """
    return (1 - f_gate) * h_prev + f_gate * h_tilde


@formula(
    Jacobian(h[t], h[t - 1]), "=",
    Diag(1 - f_gate[t]) + Diag((h_tilde[t] - h[t - 1]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
    + Diag(f_gate[t] * (1 - h_tilde[t] ** 2))
    @ W_hh @ (Diag(f_gate[t]) + Diag(h[t - 1] * f_gate[t] * (1 - f_gate[t])) @ W_hf),
    source="zhou2016", slug="mgu",
    given=[lstm.forget_gate_pre_activation, lstm.forget_gate, mgu_candidate, mgu_state],
    derivation=[
        (
            "=",
            Diag(1 - f_gate[t]) + Diag(h_tilde[t] - h[t - 1]) @ Jacobian(f_gate[t], h[t - 1])
            + Diag(f_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the product rule: the state is kept, moves the gate, and moves the candidate",
        ),
        (
            "=",
            Diag(1 - f_gate[t]) + Diag((h_tilde[t] - h[t - 1]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
            + Diag(f_gate[t] * (1 - h_tilde[t] ** 2))
            @ W_hh @ Jacobian(f_gate[t] * h[t - 1], h[t - 1]),
            "the slopes of the sigmoid and of the tanh",
        ),
        (
            "=",
            Diag(1 - f_gate[t]) + Diag((h_tilde[t] - h[t - 1]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
            + Diag(f_gate[t] * (1 - h_tilde[t] ** 2))
            @ W_hh @ (Diag(f_gate[t]) + Diag(h[t - 1] * f_gate[t] * (1 - f_gate[t])) @ W_hf),
            "the product rule: what the candidate reads is the state times the gate",
        ),
    ],
)  # fmt: skip
def mgu_jacobian(f_gate: Array, h_prev: Array, h_tilde: Array, W_hf: Array, W_hh: Array) -> Array:
    r"""Jacobian of a step of a minimal gated unit.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    h_tilde : (H,) ndarray
        Candidate at this step.
    W_hf : (H, H) ndarray
        Weights from hidden state to forget gate.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state by the state before.

    Examples
    --------
    One unit: 1/2 is kept, the gate gives (1/2)(1/4) times 8, and the candidate (1/2)(3/4)
    times 2 times (1/2 + 0).

    >>> f_gate, h_prev, h_tilde = np.array([0.5]), np.array([0.0]), np.array([0.5])
    >>> mgu_jacobian(f_gate, h_prev, h_tilde, W_hf=np.array([[8.0]]), W_hh=np.array([[2.0]]))
    array([[1.875]])
    """
    slope = f_gate * (1 - f_gate)
    reads = np.diag(f_gate) + np.diag(h_prev * slope) @ W_hf
    kept = np.diag(1 - f_gate) + np.diag((h_tilde - h_prev) * slope) @ W_hf
    return kept + np.diag(f_gate * (1 - h_tilde**2)) @ W_hh @ reads


@formula(
    h_tilde[t], "=", tanh(W_xh @ x[t] + b_ih + f_gate[t] * (W_hh @ h[t - 1] + b_hh)),
    source="flax_mgu", slug="mgu",
)  # fmt: skip
def mgu_candidate_after(
    x: Array, f_gate: Array, h_prev: Array, W_xh: Array, b_ih: Array, W_hh: Array, b_hh: Array
) -> Array:
    r"""Candidate of a minimal gated unit, gated after the weights.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    f_gate : (H,) ndarray
        Forget gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xh : (H, D) ndarray
        Weights from input to candidate.
    b_ih : (H,) ndarray
        Bias beside the input weights, which the gate leaves alone.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    b_hh : (H,) ndarray
        Bias beside the recurrent weights, inside the gate.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state; every entry lies in (-1, 1).

    Examples
    --------
    The weights give 2 from the state, and the gate lets a half of it in.

    >>> one = np.eye(1)
    >>> mgu_candidate_after(
    ...     np.log([3.0]) - 1, np.array([0.5]), np.array([2.0]), one, np.zeros(1), one, np.zeros(1)
    ... )
    array([0.8])
    """
    return np.tanh(W_xh @ x + b_ih + f_gate * (W_hh @ h_prev + b_hh))


@formula(
    h[t], "=", (1 - f_gate[t]) * h_tilde[t] + f_gate[t] * h[t - 1],
    source=["flax_mgu", "bradbury2017"], slug=["mgu", "mgu-no-reset", "qrnn"],
)  # fmt: skip
def kept_state(f_gate: Array, h_tilde: Array, h_prev: Array) -> Array:
    r"""State whose gate is the share that is kept.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    h_tilde : (H,) ndarray
        Candidate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.

    Returns
    -------
    h : (H,) ndarray
        Average of the candidate and the state before.

    Examples
    --------
    Three quarters of 4 are kept, and a quarter of 0.8 comes in.

    >>> kept_state(np.array([0.75]), np.array([0.8]), np.array([4.0]))
    array([3.2])
    """
    return (1 - f_gate) * h_tilde + f_gate * h_prev


# -- Without a reset gate --------------------------------------------------------------------------


@formula(
    h_tilde[t], "=", tanh(W_xh @ x[t] + W_hh @ h[t - 1] + b_h),
    source="flax_mgu", slug="mgu-no-reset",
)  # fmt: skip
def plain_candidate(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    r"""Candidate that reads the whole state before.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xh : (H, D) ndarray
        Weights from input to candidate.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    b_h : (H,) ndarray
        Bias of the candidate.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state; every entry lies in (-1, 1).

    Examples
    --------
    This is the step of a vanilla network.

    >>> one = np.eye(1)
    >>> plain_candidate(np.log([6.0]), np.log([2.0]), one, -one, np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_xh @ x + W_hh @ h_prev + b_h)


@formula(
    Jacobian(h[t], h[t - 1]), "=",
    Diag(f_gate[t]) + Diag((h[t - 1] - h_tilde[t]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
    + Diag((1 - f_gate[t]) * (1 - h_tilde[t] ** 2)) @ W_hh,
    source="flax_mgu", slug="mgu-no-reset",
    given=[lstm.forget_gate_pre_activation, lstm.forget_gate, plain_candidate, kept_state],
    derivation=[
        (
            "=",
            Diag(f_gate[t]) + Diag(h[t - 1] - h_tilde[t]) @ Jacobian(f_gate[t], h[t - 1])
            + Diag(1 - f_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the product rule: the state is kept, moves the gate, and moves the candidate",
        ),
        (
            "=",
            Diag(f_gate[t]) + Diag((h[t - 1] - h_tilde[t]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
            + Diag((1 - f_gate[t]) * (1 - h_tilde[t] ** 2)) @ W_hh,
            "the slopes of the sigmoid and of the tanh",
        ),
    ],
)  # fmt: skip
def no_reset_jacobian(
    f_gate: Array, h_prev: Array, h_tilde: Array, W_hf: Array, W_hh: Array
) -> Array:
    r"""Jacobian of a step without a reset gate.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    h_tilde : (H,) ndarray
        Candidate at this step.
    W_hf : (H, H) ndarray
        Weights from hidden state to forget gate.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state by the state before.

    Examples
    --------
    One unit: 3/4 is kept, the gate gives (1/2)(3/16) times 8, and the candidate (1/4)(3/4)
    times 4.

    >>> f_gate, h_prev, h_tilde = np.array([0.75]), np.array([1.0]), np.array([0.5])
    >>> no_reset_jacobian(f_gate, h_prev, h_tilde, W_hf=np.array([[8.0]]), W_hh=np.array([[4.0]]))
    array([[2.25]])
    """
    kept = np.diag(f_gate) + np.diag((h_prev - h_tilde) * f_gate * (1 - f_gate)) @ W_hf
    return kept + np.diag((1 - f_gate) * (1 - h_tilde**2)) @ W_hh


@formula(
    h[t], "=",
    sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f) * h[t - 1]
    + (1 - sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f)) * h_tilde[t],
    source=["zhou2016", "flax_mgu"], slug="mgu-no-reset",
    given=[
        building_blocks.sigmoid_symmetry, lstm.forget_gate_pre_activation, lstm.forget_gate,
        mgu_state,
    ],
    bindings={"keep": sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f)},
    derivation=[
        ("=", (1 - f_gate[t]) * h[t - 1] + f_gate[t] * h_tilde[t],
         "the gate is the share of the candidate"),
        (
            "=",
            sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f) * h[t - 1]
            + (1 - sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f)) * h_tilde[t],
            "one minus a sigmoid is the sigmoid of the negated number",
        ),
    ],
)  # fmt: skip
def no_reset_map(keep: Array, h_prev: Array, h_tilde: Array) -> Array:
    r"""From a gate that lets in to a gate that keeps.

    Parameters
    ----------
    keep : (H,) ndarray
        Gate with negated weights and bias.
    h_prev : (H,) ndarray
        Hidden state one step before.
    h_tilde : (H,) ndarray
        Candidate at this step.

    Returns
    -------
    h : (H,) ndarray
        State of the unit whose gate is the share of the candidate.

    Examples
    --------
    Three quarters of 4 are kept, as a gate that lets in a quarter does.

    >>> no_reset_map(keep=np.array([0.75]), h_prev=np.array([4.0]), h_tilde=np.array([0.8]))
    array([3.2])
    >>> mgu_state(np.array([0.25]), np.array([4.0]), np.array([0.8]))
    array([3.2])
    """
    return keep * h_prev + (1 - keep) * h_tilde


@formula(
    Abs(h[t]), "<=", Max(Abs(h[t - 1]), 1),
    source=["flax_mgu", "bradbury2017"], slug=["mgu-no-reset", "qrnn"],
    given=[lstm.forget_gate, plain_candidate, kept_state],
    derivation=[
        ("<=", (1 - f_gate[t]) * Abs(h_tilde[t]) + f_gate[t] * Abs(h[t - 1]),
         "the triangle inequality, as both shares are positive"),
        ("<=", (1 - f_gate[t]) + f_gate[t] * Abs(h[t - 1]), "no tanh is above one"),
        ("<=", Max(Abs(h[t - 1]), 1), "an average is at most the larger of the two"),
    ],
)  # fmt: skip
def bounded_step(h_prev: Array) -> Array:
    r"""Bound of a step.

    Parameters
    ----------
    h_prev : (H,) ndarray
        Hidden state one step before.

    Returns
    -------
    bound : (H,) ndarray
        Number that no entry of the state exceeds in size.

    Examples
    --------
    >>> bounded_step(np.array([-4.0, 0.5]))
    array([4., 1.])
    """
    return np.maximum(np.abs(h_prev), 1)


@formula(
    Abs(h[t]), "<=", Max(Abs(h[0]), 1),
    source=["flax_mgu", "bradbury2017"], slug=["mgu-no-reset", "qrnn"],
    given=[bounded_step],
    derivation=[
        ("<=", Max(Abs(h[t - 1]), 1), "the bound of a step"),
        ("<=", Max(Abs(h[0]), 1), "the same bound one step before, down to the first"),
    ],
)  # fmt: skip
def bounded_state(h_0: Array) -> Array:
    r"""Bound of the state.

    Parameters
    ----------
    h_0 : (H,) ndarray
        Hidden state before the first step.

    Returns
    -------
    bound : (H,) ndarray
        Number that no entry of any state exceeds in size.

    Examples
    --------
    A state that starts at zero stays between -1 and 1 for ever.

    >>> bounded_state(np.zeros(2))
    array([1., 1.])
    """
    return np.maximum(np.abs(h_0), 1)


# -- Three mutations of a GRU ----------------------------------------------------------------------


@formula(
    r_gate[t], "=", sigmoid(W_xr @ x[t] + W_hr @ h[t - 1] + b_r),
    source="jozefowicz2015", slug=["mut1", "mut3"], given=[building_blocks.sigmoid],
)  # fmt: skip
def mut_reset_gate(x: Array, h_prev: Array, W_xr: Array, W_hr: Array, b_r: Array) -> Array:
    r"""Reset gate of MUT1 and MUT3.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xr : (H, D) ndarray
        Weights from input to reset gate.
    W_hr : (H, H) ndarray
        Weights from hidden state to reset gate.
    b_r : (H,) ndarray
        Bias of the reset gate.

    Returns
    -------
    r_gate : (H,) ndarray
        Share of the state that the candidate reads; every entry lies in (0, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> mut_reset_gate(np.log([6.0]), np.log([2.0]), one, -one, np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xr @ x + W_hr @ h_prev + b_r)


@formula(
    h[t], "=", h_tilde[t] * z_gate[t] + h[t - 1] * (1 - z_gate[t]),
    source="jozefowicz2015", slug=["mut1", "mut2", "mut3"],
)  # fmt: skip
def mut_state(h_tilde: Array, z_gate: Array, h_prev: Array) -> Array:
    r"""State of the three mutations.

    Parameters
    ----------
    h_tilde : (H,) ndarray
        Candidate at this step.
    z_gate : (H,) ndarray
        Update gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.

    Returns
    -------
    h : (H,) ndarray
        Average of the candidate and the state before.

    Examples
    --------
    A quarter of 0.8 comes in, and three quarters of 4 stay.

    >>> mut_state(np.array([0.8]), np.array([0.25]), np.array([4.0]))
    array([3.2])
    """
    return h_tilde * z_gate + h_prev * (1 - z_gate)


@formula(
    z_gate[t], "=", sigmoid(W_xz @ x[t] + b_z),
    source="jozefowicz2015", slug="mut1", given=[building_blocks.sigmoid],
)  # fmt: skip
def mut1_update_gate(x: Array, W_xz: Array, b_z: Array) -> Array:
    r"""Update gate of MUT1.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    W_xz : (H, D) ndarray
        Weights from input to update gate.
    b_z : (H,) ndarray
        Bias of the update gate.

    Returns
    -------
    z_gate : (H,) ndarray
        Share of the candidate; every entry lies in (0, 1).

    Examples
    --------
    >>> mut1_update_gate(np.log([3.0]), np.eye(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xz @ x + b_z)


@formula(
    h_tilde[t], "=", tanh(W_hh @ (r_gate[t] * h[t - 1]) + tanh(x_fit[t]) + b_h),
    source="jozefowicz2015", slug="mut1",
)  # fmt: skip
def mut1_candidate(x_fit: Array, r_gate: Array, h_prev: Array, W_hh: Array, b_h: Array) -> Array:
    r"""Candidate of MUT1.

    Parameters
    ----------
    x_fit : (H,) ndarray
        Input at the size of the state: the input itself if the sizes agree.
    r_gate : (H,) ndarray
        Reset gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    b_h : (H,) ndarray
        Bias of the candidate.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state; every entry lies in (-1, 1).

    Examples
    --------
    The hyperbolic tangent of the input is 3/5, the bias takes it away again, and half of
    :math:`\ln 9` is :math:`\ln 3`.

    >>> mut1_candidate(
    ...     np.log([2.0]), np.array([0.5]), np.log([9.0]), W_hh=np.eye(1), b_h=np.array([-0.6])
    ... )
    array([0.8])
    """
    return np.tanh(W_hh @ (r_gate * h_prev) + np.tanh(x_fit) + b_h)


@formula(
    Jacobian(h[t], h[t - 1]), "=",
    Diag(1 - z_gate[t])
    + Diag(z_gate[t] * (1 - h_tilde[t] ** 2))
    @ W_hh @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr),
    source="jozefowicz2015", slug="mut1",
    given=[mut_reset_gate, mut_state, mut1_update_gate, mut1_candidate],
    derivation=[
        (
            "=",
            Diag(1 - z_gate[t]) + Diag(z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the update gate does not read the state: nothing passes through it",
        ),
        (
            "=",
            Diag(1 - z_gate[t])
            + Diag(z_gate[t] * (1 - h_tilde[t] ** 2))
            @ W_hh @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr),
            "the slope of the tanh, and the product rule for the state times the reset gate",
        ),
    ],
)  # fmt: skip
def mut1_jacobian(
    z_gate: Array, r_gate: Array, h_prev: Array, h_tilde: Array, W_hh: Array, W_hr: Array
) -> Array:
    r"""Jacobian of a step of MUT1.

    Parameters
    ----------
    z_gate : (H,) ndarray
        Update gate at this step.
    r_gate : (H,) ndarray
        Reset gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    h_tilde : (H,) ndarray
        Candidate at this step.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    W_hr : (H, H) ndarray
        Weights from hidden state to reset gate.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state by the state before.

    Examples
    --------
    One unit: 1/2 is kept, and the candidate gives (1/2)(3/4) times 4 times (1/2 + 1/4).

    >>> half, one = np.array([0.5]), np.eye(1)
    >>> mut1_jacobian(half, half, np.array([1.0]), half, W_hh=4 * one, W_hr=one)
    array([[1.625]])
    """
    reads = np.diag(r_gate) + np.diag(h_prev * r_gate * (1 - r_gate)) @ W_hr
    return np.diag(1 - z_gate) + np.diag(z_gate * (1 - h_tilde**2)) @ W_hh @ reads


@formula(
    z_gate[t], "=", sigmoid(W_xz @ x[t] + W_hz @ h[t - 1] + b_z),
    source="jozefowicz2015", slug="mut2", given=[building_blocks.sigmoid],
)  # fmt: skip
def mut2_update_gate(x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_z: Array) -> Array:
    r"""Update gate of MUT2.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xz : (H, D) ndarray
        Weights from input to update gate.
    W_hz : (H, H) ndarray
        Weights from hidden state to update gate.
    b_z : (H,) ndarray
        Bias of the update gate.

    Returns
    -------
    z_gate : (H,) ndarray
        Share of the candidate; every entry lies in (0, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> mut2_update_gate(np.log([6.0]), np.log([2.0]), one, -one, np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xz @ x + W_hz @ h_prev + b_z)


@formula(
    r_gate[t], "=", sigmoid(x_fit[t] + W_hr @ h[t - 1] + b_r),
    source="jozefowicz2015", slug="mut2", given=[building_blocks.sigmoid],
)  # fmt: skip
def mut2_reset_gate(x_fit: Array, h_prev: Array, W_hr: Array, b_r: Array) -> Array:
    r"""Reset gate of MUT2.

    Parameters
    ----------
    x_fit : (H,) ndarray
        Input at the size of the state: the input itself if the sizes agree.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_hr : (H, H) ndarray
        Weights from hidden state to reset gate.
    b_r : (H,) ndarray
        Bias of the reset gate.

    Returns
    -------
    r_gate : (H,) ndarray
        Share of the state that the candidate reads; every entry lies in (0, 1).

    Examples
    --------
    >>> mut2_reset_gate(np.log([6.0]), np.log([2.0]), -np.eye(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(x_fit + W_hr @ h_prev + b_r)


@formula(
    h_tilde[t], "=", tanh(W_hh @ (r_gate[t] * h[t - 1]) + W_xh @ x[t] + b_h),
    source="jozefowicz2015", slug=["mut2", "mut3"],
)  # fmt: skip
def reset_candidate(
    x: Array, r_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    r"""Candidate of MUT2 and MUT3.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    r_gate : (H,) ndarray
        Reset gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xh : (H, D) ndarray
        Weights from input to candidate.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    b_h : (H,) ndarray
        Bias of the candidate.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state; every entry lies in (-1, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> reset_candidate(np.log([3.0]) - 1, np.array([0.5]), np.array([2.0]), one, one, np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_hh @ (r_gate * h_prev) + W_xh @ x + b_h)


@formula(
    z_gate[t], "=", sigmoid(W_xz @ x[t] + W_hz @ tanh(h[t - 1]) + b_z),
    source="jozefowicz2015", slug="mut3", given=[building_blocks.sigmoid],
)  # fmt: skip
def mut3_update_gate(x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_z: Array) -> Array:
    r"""Update gate of MUT3.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    W_xz : (H, D) ndarray
        Weights from input to update gate.
    W_hz : (H, H) ndarray
        Weights from hidden state to update gate.
    b_z : (H,) ndarray
        Bias of the update gate.

    Returns
    -------
    z_gate : (H,) ndarray
        Share of the candidate; every entry lies in (0, 1).

    Examples
    --------
    Five times the hyperbolic tangent 3/5 of the state is 3, and the bias takes it away.

    >>> one = np.eye(1)
    >>> mut3_update_gate(np.log([3.0]), np.log([2.0]), one, 5 * one, np.array([-3.0]))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xz @ x + W_hz @ np.tanh(h_prev) + b_z)


@formula(
    Jacobian(h[t], h[t - 1]), "=",
    Diag(1 - z_gate[t])
    + Diag((h_tilde[t] - h[t - 1]) * z_gate[t] * (1 - z_gate[t]))
    @ W_hz @ Diag(1 - tanh(h[t - 1]) ** 2)
    + Diag(z_gate[t] * (1 - h_tilde[t] ** 2))
    @ W_hh @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr),
    source="jozefowicz2015", slug="mut3",
    given=[mut_reset_gate, mut_state, mut3_update_gate, reset_candidate],
    derivation=[
        (
            "=",
            Diag(1 - z_gate[t]) + Diag(h_tilde[t] - h[t - 1]) @ Jacobian(z_gate[t], h[t - 1])
            + Diag(z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the product rule: the state is kept, moves the gate, and moves the candidate",
        ),
        (
            "=",
            Diag(1 - z_gate[t])
            + Diag((h_tilde[t] - h[t - 1]) * z_gate[t] * (1 - z_gate[t]))
            @ W_hz @ Diag(1 - tanh(h[t - 1]) ** 2)
            + Diag(z_gate[t] * (1 - h_tilde[t] ** 2))
            @ W_hh @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr),
            "the slopes of the sigmoid and of the tanh, and the product rule for what is read",
        ),
    ],
)  # fmt: skip
def mut3_jacobian(
    z_gate: Array,
    r_gate: Array,
    h_prev: Array,
    h_tilde: Array,
    W_hz: Array,
    W_hh: Array,
    W_hr: Array,
) -> Array:
    r"""Jacobian of a step of MUT3.

    Parameters
    ----------
    z_gate : (H,) ndarray
        Update gate at this step.
    r_gate : (H,) ndarray
        Reset gate at this step.
    h_prev : (H,) ndarray
        Hidden state one step before.
    h_tilde : (H,) ndarray
        Candidate at this step.
    W_hz : (H, H) ndarray
        Weights from hidden state to update gate.
    W_hh : (H, H) ndarray
        Weights from hidden state to candidate.
    W_hr : (H, H) ndarray
        Weights from hidden state to reset gate.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state by the state before.

    Examples
    --------
    One unit at state 0: 1/2 is kept, the gate gives (1/2)(1/4) times 8, and the candidate
    (1/2)(3/4) times 4 times 1/2.

    >>> half, zero, one = np.array([0.5]), np.zeros(1), np.eye(1)
    >>> mut3_jacobian(half, half, zero, half, W_hz=8 * one, W_hh=4 * one, W_hr=one)
    array([[2.25]])
    """
    reads = np.diag(r_gate) + np.diag(h_prev * r_gate * (1 - r_gate)) @ W_hr
    moved = np.diag((h_tilde - h_prev) * z_gate * (1 - z_gate)) @ W_hz
    kept = np.diag(1 - z_gate) + moved @ np.diag(1 - np.tanh(h_prev) ** 2)
    return kept + np.diag(z_gate * (1 - h_tilde**2)) @ W_hh @ reads


# -- Highway layers --------------------------------------------------------------------------------


@formula(
    t_gate[layer, t], "=", sigmoid(R_t[layer] @ s[layer - 1, t] + b_lt[layer]),
    source="srivastava2015", slug="highway-layer", given=[building_blocks.sigmoid],
    bindings={
        "s_below": s[layer - 1, t],
        "R_t": R_t[layer],
        "b_lt": b_lt[layer],
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def transform_gate(s_below: Array, R_t: Array, b_lt: Array) -> Array:
    r"""Transform gate of a highway layer.

    Parameters
    ----------
    s_below : (H,) ndarray
        State of the layer below, at this step.
    R_t : (H, H) ndarray
        Weights of the transform gate of this layer.
    b_lt : (H,) ndarray
        Bias of the transform gate of this layer.

    Returns
    -------
    t_gate : (H,) ndarray
        Share of the candidate; every entry lies in (0, 1).

    Examples
    --------
    >>> transform_gate(np.log([9.0]), np.eye(1), -np.log([3.0]))
    array([0.75])
    """
    return building_blocks.sigmoid(R_t @ s_below + b_lt)


@formula(
    h_tilde[layer, t], "=", tanh(R_h[layer] @ s[layer - 1, t] + b_lh[layer]),
    source="srivastava2015", slug="highway-layer",
    bindings={
        "s_below": s[layer - 1, t],
        "R_h": R_h[layer],
        "b_lh": b_lh[layer],
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def highway_candidate(s_below: Array, R_h: Array, b_lh: Array) -> Array:
    r"""Candidate of a highway layer.

    Parameters
    ----------
    s_below : (H,) ndarray
        State of the layer below, at this step.
    R_h : (H, H) ndarray
        Weights of the candidate of this layer.
    b_lh : (H,) ndarray
        Bias of the candidate of this layer.

    Returns
    -------
    h_tilde : (H,) ndarray
        What a layer without a gate would give.

    Examples
    --------
    >>> highway_candidate(np.log([9.0]), np.eye(1), -np.log([3.0]))
    array([0.8])
    """
    return np.tanh(R_h @ s_below + b_lh)


@formula(
    s[layer, t], "=",
    t_gate[layer, t] * h_tilde[layer, t] + (1 - t_gate[layer, t]) * s[layer - 1, t],
    source="srivastava2015", slug="highway-layer",
    bindings={
        "t_gate": t_gate[layer, t],
        "h_tilde": h_tilde[layer, t],
        "s_below": s[layer - 1, t],
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def highway_layer(t_gate: Array, h_tilde: Array, s_below: Array) -> Array:
    r"""Highway layer.

    Parameters
    ----------
    t_gate : (H,) ndarray
        Transform gate of this layer.
    h_tilde : (H,) ndarray
        Candidate at this step.
    s_below : (H,) ndarray
        State of the layer below, at this step.

    Returns
    -------
    s : (H,) ndarray
        State of this layer.

    Examples
    --------
    Where the gate is shut, the layer copies.

    >>> highway_layer(np.array([0.25, 0.0]), np.array([0.8, 0.8]), np.array([4.0, 4.0]))
    array([3.2, 4. ])
    """
    return t_gate * h_tilde + (1 - t_gate) * s_below


@formula(
    Jacobian(s[layer, t], s[layer - 1, t]), "=",
    Diag(1 - t_gate[layer, t])
    + Diag((h_tilde[layer, t] - s[layer - 1, t]) * t_gate[layer, t] * (1 - t_gate[layer, t]))
    @ R_t[layer]
    + Diag(t_gate[layer, t] * (1 - h_tilde[layer, t] ** 2)) @ R_h[layer],
    source="srivastava2015", slug="highway-layer",
    given=[transform_gate, highway_candidate, highway_layer],
    derivation=[
        (
            "=",
            Diag(1 - t_gate[layer, t])
            + Diag(h_tilde[layer, t] - s[layer - 1, t])
            @ Jacobian(t_gate[layer, t], s[layer - 1, t])
            + Diag(t_gate[layer, t]) @ Jacobian(h_tilde[layer, t], s[layer - 1, t]),
            "the product rule: the state is copied, moves the gate, and moves the candidate",
        ),
        (
            "=",
            Diag(1 - t_gate[layer, t])
            + Diag(
                (h_tilde[layer, t] - s[layer - 1, t]) * t_gate[layer, t] * (1 - t_gate[layer, t])
            ) @ R_t[layer]
            + Diag(t_gate[layer, t] * (1 - h_tilde[layer, t] ** 2)) @ R_h[layer],
            "the slopes of the sigmoid and of the tanh",
        ),
    ],
    bindings={
        "t_gate": t_gate[layer, t],
        "h_tilde": h_tilde[layer, t],
        "s_below": s[layer - 1, t],
        "R_t": R_t[layer],
        "R_h": R_h[layer],
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def highway_jacobian(
    t_gate: Array, h_tilde: Array, s_below: Array, R_t: Array, R_h: Array
) -> Array:
    r"""Jacobian of a highway layer.

    Parameters
    ----------
    t_gate : (H,) ndarray
        Transform gate of this layer.
    h_tilde : (H,) ndarray
        Candidate at this step.
    s_below : (H,) ndarray
        State of the layer below, at this step.
    R_t : (H, H) ndarray
        Weights of the transform gate of this layer.
    R_h : (H, H) ndarray
        Weights of the candidate of this layer.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state of this layer by that of the layer below.

    Examples
    --------
    Where the gate is shut, the Jacobian is the identity, whatever the weights are.

    >>> weights = np.array([[3.0, -1.0], [5.0, 2.0]])
    >>> highway_jacobian(np.zeros(2), np.array([0.6, 0.8]), np.ones(2), R_t=weights, R_h=weights)
    array([[1., 0.],
           [0., 1.]])
    """
    moved = np.diag((h_tilde - s_below) * t_gate * (1 - t_gate)) @ R_t
    return np.diag(1 - t_gate) + moved + np.diag(t_gate * (1 - h_tilde**2)) @ R_h


# -- Depth inside a step: the recurrent highway network --------------------------------------------


@formula(
    s[0, t], "=", s[N, t - 1],
    source="zilly2017", slug="rhn", bindings={"s_last": s[N, t - 1]},
)  # fmt: skip
def rhn_start(s_last: Array) -> Array:
    r"""First state of a step of a recurrent highway network.

    Parameters
    ----------
    s_last : (H,) ndarray
        State of the last layer, one step before.

    Returns
    -------
    s : (H,) ndarray
        State below the first layer, at this step.

    Examples
    --------
    >>> rhn_start(np.array([0.6, 0.8]))
    array([0.6, 0.8])
    """
    return s_last


@formula(
    h_tilde[layer, t], "=",
    tanh(Indicator(2, layer) * (W_xh @ x[t]) + R_h[layer] @ s[layer - 1, t] + b_lh[layer]),
    source="zilly2017", slug="rhn",
    bindings={
        "s_below": s[layer - 1, t],
        "R_h": R_h[layer],
        "b_lh": b_lh[layer],
        "depth": layer,
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def rhn_candidate(
    x: Array, s_below: Array, W_xh: Array, R_h: Array, b_lh: Array, depth: int
) -> Array:
    r"""Candidate of a layer of a recurrent highway network.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    s_below : (H,) ndarray
        State of the layer below, at this step.
    W_xh : (H, D) ndarray
        Weights from input to candidate.
    R_h : (H, H) ndarray
        Weights of the candidate of this layer.
    b_lh : (H,) ndarray
        Bias of the candidate of this layer.
    depth : int
        Layer, counted from 1.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state of this layer.

    Examples
    --------
    The first layer reads the input; the others do not.

    >>> one = np.eye(1)
    >>> x, s_below, b_lh = np.log([3.0]), np.zeros(1), np.zeros(1)
    >>> [rhn_candidate(x, s_below, one, one, b_lh, depth) for depth in (1, 2)]
    [array([0.8]), array([0.])]
    """
    return np.tanh((depth < 2) * (W_xh @ x) + R_h @ s_below + b_lh)


@formula(
    t_gate[layer, t], "=",
    sigmoid(Indicator(2, layer) * (W_xt @ x[t]) + R_t[layer] @ s[layer - 1, t] + b_lt[layer]),
    source="zilly2017", slug="rhn", given=[building_blocks.sigmoid],
    bindings={
        "s_below": s[layer - 1, t],
        "R_t": R_t[layer],
        "b_lt": b_lt[layer],
        "depth": layer,
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def rhn_transform_gate(
    x: Array, s_below: Array, W_xt: Array, R_t: Array, b_lt: Array, depth: int
) -> Array:
    r"""Transform gate of a layer of a recurrent highway network.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    s_below : (H,) ndarray
        State of the layer below, at this step.
    W_xt : (H, D) ndarray
        Weights from input to transform gate.
    R_t : (H, H) ndarray
        Weights of the transform gate of this layer.
    b_lt : (H,) ndarray
        Bias of the transform gate of this layer.
    depth : int
        Layer, counted from 1.

    Returns
    -------
    t_gate : (H,) ndarray
        Share of the candidate; every entry lies in (0, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> x, s_below, b_lt = np.log([3.0]), np.zeros(1), np.zeros(1)
    >>> [rhn_transform_gate(x, s_below, one, one, b_lt, depth) for depth in (1, 2)]
    [array([0.75]), array([0.5])]
    """
    return building_blocks.sigmoid((depth < 2) * (W_xt @ x) + R_t @ s_below + b_lt)


@formula(
    k_gate[layer, t], "=",
    sigmoid(Indicator(2, layer) * (W_xk @ x[t]) + R_k[layer] @ s[layer - 1, t] + b_lk[layer]),
    source="zilly2017", slug="rhn", given=[building_blocks.sigmoid],
    bindings={
        "s_below": s[layer - 1, t],
        "R_k": R_k[layer],
        "b_lk": b_lk[layer],
        "depth": layer,
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def rhn_carry_gate(
    x: Array, s_below: Array, W_xk: Array, R_k: Array, b_lk: Array, depth: int
) -> Array:
    r"""Carry gate of a layer of a recurrent highway network.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    s_below : (H,) ndarray
        State of the layer below, at this step.
    W_xk : (H, D) ndarray
        Weights from input to carry gate.
    R_k : (H, H) ndarray
        Weights of the carry gate of this layer.
    b_lk : (H,) ndarray
        Bias of the carry gate of this layer.
    depth : int
        Layer, counted from 1.

    Returns
    -------
    k_gate : (H,) ndarray
        Share of the state below; every entry lies in (0, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> x, s_below, b_lk = np.log([3.0]), np.zeros(1), np.zeros(1)
    >>> [rhn_carry_gate(x, s_below, one, one, b_lk, depth) for depth in (1, 2)]
    [array([0.75]), array([0.5])]
    """
    return building_blocks.sigmoid((depth < 2) * (W_xk @ x) + R_k @ s_below + b_lk)


@formula(
    s[layer, t], "=",
    h_tilde[layer, t] * t_gate[layer, t] + s[layer - 1, t] * k_gate[layer, t],
    source="zilly2017", slug="rhn",
    bindings={
        "h_tilde": h_tilde[layer, t],
        "t_gate": t_gate[layer, t],
        "s_below": s[layer - 1, t],
        "k_gate": k_gate[layer, t],
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def rhn_layer(h_tilde: Array, t_gate: Array, s_below: Array, k_gate: Array) -> Array:
    r"""Layer of a recurrent highway network.

    Parameters
    ----------
    h_tilde : (H,) ndarray
        Candidate at this step.
    t_gate : (H,) ndarray
        Transform gate of this layer.
    s_below : (H,) ndarray
        State of the layer below, at this step.
    k_gate : (H,) ndarray
        Carry gate of this layer.

    Returns
    -------
    s : (H,) ndarray
        State of this layer, at this step.

    Examples
    --------
    >>> rhn_layer(np.array([0.8]), np.array([0.25]), np.array([4.0]), np.array([0.5]))
    array([2.2])
    """
    return h_tilde * t_gate + s_below * k_gate


@formula(
    Jacobian(s[layer, t], s[layer - 1, t]), "=",
    Diag(k_gate[layer, t])
    + Diag(s[layer - 1, t] * k_gate[layer, t] * (1 - k_gate[layer, t])) @ R_k[layer]
    + Diag(h_tilde[layer, t] * t_gate[layer, t] * (1 - t_gate[layer, t])) @ R_t[layer]
    + Diag(t_gate[layer, t] * (1 - h_tilde[layer, t] ** 2)) @ R_h[layer],
    source="zilly2017", slug=["rhn", "rhn-gersgorin"],
    given=[rhn_candidate, rhn_transform_gate, rhn_carry_gate, rhn_layer],
    derivation=[
        (
            "=",
            Diag(k_gate[layer, t])
            + Diag(s[layer - 1, t]) @ Jacobian(k_gate[layer, t], s[layer - 1, t])
            + Diag(h_tilde[layer, t]) @ Jacobian(t_gate[layer, t], s[layer - 1, t])
            + Diag(t_gate[layer, t]) @ Jacobian(h_tilde[layer, t], s[layer - 1, t]),
            "the product rule: the state is carried, and moves both gates and the candidate",
        ),
        (
            "=",
            Diag(k_gate[layer, t])
            + Diag(s[layer - 1, t] * k_gate[layer, t] * (1 - k_gate[layer, t])) @ R_k[layer]
            + Diag(h_tilde[layer, t] * t_gate[layer, t] * (1 - t_gate[layer, t])) @ R_t[layer]
            + Diag(t_gate[layer, t] * (1 - h_tilde[layer, t] ** 2)) @ R_h[layer],
            "the slopes of the sigmoid and of the tanh",
        ),
    ],
    bindings={
        "k_gate": k_gate[layer, t],
        "t_gate": t_gate[layer, t],
        "h_tilde": h_tilde[layer, t],
        "s_below": s[layer - 1, t],
        "R_k": R_k[layer],
        "R_t": R_t[layer],
        "R_h": R_h[layer],
    },
    ranges={layer: (1, N)},
)  # fmt: skip
def rhn_jacobian(
    k_gate: Array, t_gate: Array, h_tilde: Array, s_below: Array, R_k: Array, R_t: Array, R_h: Array
) -> Array:
    r"""Jacobian of a layer of a recurrent highway network.

    Parameters
    ----------
    k_gate : (H,) ndarray
        Carry gate of this layer.
    t_gate : (H,) ndarray
        Transform gate of this layer.
    h_tilde : (H,) ndarray
        Candidate at this step.
    s_below : (H,) ndarray
        State of the layer below, at this step.
    R_k : (H, H) ndarray
        Weights of the carry gate of this layer.
    R_t : (H, H) ndarray
        Weights of the transform gate of this layer.
    R_h : (H, H) ndarray
        Weights of the candidate of this layer.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state of this layer by that of the layer below.

    Examples
    --------
    One unit: 1/2 is carried; the gates give (1)(1/4) times 4 and (1/2)(1/4) times 8, and the
    candidate (1/2)(3/4) times 2.

    >>> half, one = np.array([0.5]), np.eye(1)
    >>> rhn_jacobian(half, half, half, np.ones(1), R_k=4 * one, R_t=8 * one, R_h=2 * one)
    array([[3.25]])
    """
    carried = np.diag(k_gate) + np.diag(s_below * k_gate * (1 - k_gate)) @ R_k
    gated = np.diag(h_tilde * t_gate * (1 - t_gate)) @ R_t
    return carried + gated + np.diag(t_gate * (1 - h_tilde**2)) @ R_h


@formula(
    Jacobian(s[layer, t], s[0, t]), "=",
    Product(Jacobian(s[j, t], s[j - 1, t]), j, layer, 1),
    source="zilly2017", slug="rhn",
    given=[rhn_candidate, rhn_transform_gate, rhn_carry_gate, rhn_layer],
    derivation=[
        ("=", Product(Jacobian(s[j, t], s[j - 1, t]), j, layer, 1), "the chain rule by layers"),
    ],
    bindings={"Js": Stack(Jacobian(s[j, t], s[j - 1, t]), j, 1, layer)},
    ranges={layer: (1, N)},
)  # fmt: skip
def rhn_depth_jacobian(Js: Array) -> Array:
    r"""Jacobian of the layers of a step.

    Parameters
    ----------
    Js : (l, H, H) ndarray
        Jacobian of each layer by the layer below, the first layer first.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state of a layer by the state with which the step begins.

    Examples
    --------
    >>> rhn_depth_jacobian(np.array([[[3.0, 0.0], [1.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]]]))
    array([[5., 2.],
           [1., 1.]])
    """
    J = np.eye(len(Js[0]))
    for layer_jacobian in Js:
        J = layer_jacobian @ J
    return J


# -- Where the eigenvalues lie ---------------------------------------------------------------------


@formula(
    radius[i], "=", Sum(Abs(Entry(W_hh, i, j)), j, 1, H) - Abs(Entry(W_hh, i, i)),
    source=["zilly2017", "golub2013"], slug="rhn-gersgorin",
)  # fmt: skip
def disc_radius(W_hh: Array, i: int) -> Scalar:
    r"""Radius of a disc.

    Parameters
    ----------
    W_hh : (H, H) ndarray
        Any square matrix.
    i : int
        Row, counted from 1.

    Returns
    -------
    radius : float
        Sum of the absolute values of a row, without the entry on the diagonal.

    Examples
    --------
    >>> W_hh = np.array([[5.0, -1.0, 2.0], [0.0, 1.0, 0.5], [1.0, 1.0, -3.0]])
    >>> [float(disc_radius(W_hh, i)) for i in (1, 2, 3)]
    [3.0, 0.5, 2.0]
    """
    return np.sum(np.abs(W_hh[i - 1])) - np.abs(W_hh[i - 1, i - 1])


@formula(
    Abs(Entry(eigenvalues, k) - Entry(W_hh, i, i)) * Abs(Entry(Q, i, k)), "<=", radius[i],
    source=["zilly2017", "golub2013"], slug="rhn-gersgorin",
    given=[gradients.eigendecomposition, disc_radius], ranges={k: (1, H)},
    where=[(Determinant(Q), "!=", 0), (Abs(Q), "<=", 1)],
    derivation=[
        (
            "=",
            Abs(Entry(eigenvalues, k) * Entry(Q, i, k) - Entry(W_hh, i, i) * Entry(Q, i, k)),
            "absolute values multiply",
        ),
        (
            "=",
            Abs(
                Sum(Entry(W_hh, i, j) * Entry(Q, j, k), j, 1, H)
                - Entry(W_hh, i, i) * Entry(Q, i, k)
            ),
            "row i of what the matrix makes of its eigenvector",
        ),
        (
            "<=",
            Sum(Abs(Entry(W_hh, i, j)) * Abs(Entry(Q, j, k)), j, 1, H)
            - Abs(Entry(W_hh, i, i)) * Abs(Entry(Q, i, k)),
            "the triangle inequality, over all columns but i",
        ),
        ("<=", radius[i], "no entry of an eigenvector is above one"),
    ],
)  # fmt: skip
def eigenvector_row(W_hh: Array, i: int) -> Scalar:
    r"""Distance of an eigenvalue from an entry of the diagonal.

    Parameters
    ----------
    W_hh : (H, H) ndarray
        Any square matrix with real eigenvalues.
    i : int
        Row, counted from 1.

    Returns
    -------
    bound : float
        Radius of the disc of row `i`: a bound if the eigenvectors have no entry above one.

    Examples
    --------
    The eigenvalues of this matrix are 3 and 1, and both eigenvectors have a 1 in each row.

    >>> float(eigenvector_row(np.array([[2.0, 1.0], [1.0, 2.0]]), i=1))
    1.0
    """
    return np.sum(np.abs(W_hh[i - 1])) - np.abs(W_hh[i - 1, i - 1])


@formula(
    SpectralRadius(W_hh), "<=", kappa,
    source=["zilly2017", "golub2013"], slug="rhn-gersgorin",
    where=[(Abs(W_hh) @ Ones(H), "<=", kappa)],
    derivation=[
        ("<=", kappa, "no disc reaches further from zero than its row of absolute values sums to"),
    ],
)  # fmt: skip
def row_sum_bound(kappa: float) -> Scalar:
    r"""Bound of the spectral radius by the rows.

    Parameters
    ----------
    kappa : float
        Number that no row of absolute values exceeds in its sum.

    Returns
    -------
    bound : float
        Number that no eigenvalue exceeds in size, real or complex.

    Examples
    --------
    >>> W_hh = np.array([[0.5, -0.25], [0.25, 0.5]])
    >>> row_sum_bound(np.abs(W_hh).sum(axis=1).max())
    np.float64(0.75)
    >>> float(np.abs(np.linalg.eigvals(W_hh)).max().round(3))
    0.559
    """
    return kappa


# -- Recurrences that are linear in the state: the SRU ---------------------------------------------


@formula(
    c_tilde[t], "=", W_xc @ x[t],
    source="lei2018", slug="sru",
)  # fmt: skip
def sru_candidate(x: Array, W_xc: Array) -> Array:
    r"""Candidate of a simple recurrent unit.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    W_xc : (H, D) ndarray
        Weights from input to candidate.

    Returns
    -------
    c_tilde : (H,) ndarray
        What may enter the cell; it does not read the past.

    Examples
    --------
    >>> sru_candidate(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]))
    array([11.])
    """
    return W_xc @ x


@formula(
    f_gate[t], "=", sigmoid(W_xf @ x[t] + p_f * c[t - 1] + b_f),
    source="lei2018", slug="sru", given=[building_blocks.sigmoid],
)  # fmt: skip
def sru_forget_gate(x: Array, c_prev: Array, W_xf: Array, p_f: Array, b_f: Array) -> Array:
    r"""Forget gate of a simple recurrent unit.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    c_prev : (H,) ndarray
        Cell one step before.
    W_xf : (H, D) ndarray
        Weights from input to forget gate.
    p_f : (H,) ndarray
        Weights from the cell to the forget gate, one for each unit.
    b_f : (H,) ndarray
        Bias of the forget gate.

    Returns
    -------
    f_gate : (H,) ndarray
        Share of the cell that is kept; every entry lies in (0, 1).

    Examples
    --------
    >>> sru_forget_gate(np.log([6.0]), np.log([2.0]), np.eye(1), -np.ones(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xf @ x + p_f * c_prev + b_f)


@formula(
    c[t], "=", f_gate[t] * c[t - 1] + (1 - f_gate[t]) * c_tilde[t],
    source="lei2018", slug="sru",
)  # fmt: skip
def sru_cell(f_gate: Array, c_prev: Array, c_tilde: Array) -> Array:
    r"""Cell of a simple recurrent unit.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    c_prev : (H,) ndarray
        Cell one step before.
    c_tilde : (H,) ndarray
        Candidate for the cell at this step.

    Returns
    -------
    c : (H,) ndarray
        Average of the cell before and the candidate.

    Examples
    --------
    >>> sru_cell(np.array([0.75]), np.array([4.0]), np.array([0.8]))
    array([3.2])
    """
    return f_gate * c_prev + (1 - f_gate) * c_tilde


@formula(
    r_gate[t], "=", sigmoid(W_xr @ x[t] + p_r * c[t - 1] + b_r),
    source="lei2018", slug="sru", given=[building_blocks.sigmoid],
)  # fmt: skip
def sru_reset_gate(x: Array, c_prev: Array, W_xr: Array, p_r: Array, b_r: Array) -> Array:
    r"""Reset gate of a simple recurrent unit.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    c_prev : (H,) ndarray
        Cell one step before.
    W_xr : (H, D) ndarray
        Weights from input to reset gate.
    p_r : (H,) ndarray
        Weights from the cell to the reset gate, one for each unit.
    b_r : (H,) ndarray
        Bias of the reset gate.

    Returns
    -------
    r_gate : (H,) ndarray
        Share of the cell in the output; every entry lies in (0, 1).

    Examples
    --------
    >>> sru_reset_gate(np.log([6.0]), np.log([2.0]), np.eye(1), -np.ones(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xr @ x + p_r * c_prev + b_r)


@formula(
    h[t], "=", r_gate[t] * c[t] + (1 - r_gate[t]) * x_fit[t],
    source="lei2018", slug="sru",
)  # fmt: skip
def sru_output(r_gate: Array, c: Array, x_fit: Array) -> Array:
    r"""Output of a simple recurrent unit.

    Parameters
    ----------
    r_gate : (H,) ndarray
        Reset gate at this step.
    c : (H,) ndarray
        Cell after this step.
    x_fit : (H,) ndarray
        Input at the size of the state: the input itself if the sizes agree.

    Returns
    -------
    h : (H,) ndarray
        Average of the cell and the input.

    Examples
    --------
    >>> sru_output(np.array([0.25]), np.array([0.8]), np.array([4.0]))
    array([3.2])
    """
    return r_gate * c + (1 - r_gate) * x_fit


@formula(
    Jacobian(c[t], c[t - 1]), "=",
    Diag(f_gate[t] + (c[t - 1] - c_tilde[t]) * f_gate[t] * (1 - f_gate[t]) * p_f),
    source="lei2018", slug="sru", given=[sru_candidate, sru_forget_gate, sru_cell],
    derivation=[
        (
            "=",
            Diag(f_gate[t]) + Diag(c[t - 1] - c_tilde[t]) @ Jacobian(f_gate[t], c[t - 1]),
            "the product rule: the cell is kept and moves the gate; the candidate does not read it",
        ),
        (
            "=",
            Diag(f_gate[t])
            + Diag(c[t - 1] - c_tilde[t]) @ Diag(f_gate[t] * (1 - f_gate[t])) @ Diag(p_f),
            "the slope of the sigmoid; a gate reads its own unit alone",
        ),
        (
            "=",
            Diag(f_gate[t] + (c[t - 1] - c_tilde[t]) * f_gate[t] * (1 - f_gate[t]) * p_f),
            "diagonal matrices add and multiply entry by entry",
        ),
    ],
)  # fmt: skip
def sru_jacobian(f_gate: Array, c_prev: Array, c_tilde: Array, p_f: Array) -> Array:
    r"""Jacobian of a step of a simple recurrent unit.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.
    c_prev : (H,) ndarray
        Cell one step before.
    c_tilde : (H,) ndarray
        Candidate for the cell at this step.
    p_f : (H,) ndarray
        Weights from the cell to the forget gate, one for each unit.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the cell by the cell before: a diagonal matrix.

    Examples
    --------
    One unit: 1/2 is kept, and the gate gives 2 times 1/4 times 3.

    >>> sru_jacobian(np.array([0.5]), np.array([3.0]), np.array([1.0]), np.array([3.0]))
    array([[2.]])
    """
    return np.diag(f_gate + (c_prev - c_tilde) * f_gate * (1 - f_gate) * p_f)


@formula(
    c[t], "=",
    Product(Diag(f_gate[j]), j, t, 1) @ c[0]
    + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ ((1 - f_gate[k]) * c_tilde[k]), k, 1, t),
    source="lei2018", slug="sru", given=[sru_cell],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + (1 - f_gate[t]) * c_tilde[t], "the recurrence"),
        (
            "=",
            f_gate[t]
            * (
                Product(Diag(f_gate[j]), j, t - 1, 1) @ c[0]
                + Sum(
                    Product(Diag(f_gate[j]), j, t - 1, k + 1) @ ((1 - f_gate[k]) * c_tilde[k]),
                    k, 1, t - 1,
                )
            )
            + (1 - f_gate[t]) * c_tilde[t],
            "the same solution one step before, which is the hypothesis of the induction",
        ),
        (
            "=",
            Product(Diag(f_gate[j]), j, t, 1) @ c[0]
            + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ ((1 - f_gate[k]) * c_tilde[k]), k, 1, t),
            "each product takes up the newest gate on its left; the newest candidate has none",
        ),
    ],
)  # fmt: skip
def sru_solution(f_gates: Array, c_tildes: Array, c_0: Array, t: int) -> Array:
    r"""Cell of a simple recurrent unit after many steps.

    Parameters
    ----------
    f_gates : (T, H) ndarray
        Forget gates, one step a row.
    c_tildes : (T, H) ndarray
        Candidates for the cell, one step a row.
    c_0 : (H,) ndarray
        Cell before the first step.
    t : int
        Later time, from 1 to T.

    Returns
    -------
    c : (H,) ndarray
        Cell after step `t`, given all the gates.

    Examples
    --------
    A half is kept at each step, from 8: 4 + 1/2, 9/4 + 1/2, 11/8 + 1/2.

    >>> sru_solution(np.full((3, 1), 0.5), np.ones((3, 1)), np.array([8.0]), t=3)
    array([1.875])
    """
    total, product = 0, np.ones(len(c_0))
    for step in reversed(range(t)):
        total = total + product * (1 - f_gates[step]) * c_tildes[step]
        product = product * f_gates[step]
    return product * c_0 + total


# -- Gates that see no state: the QRNN -------------------------------------------------------------


@formula(
    h_tilde[t], "=", tanh(W_xh_prev @ x[t - 1] + W_xh @ x[t]),
    source="bradbury2017", slug="qrnn", ranges={t: (2, T)},
)  # fmt: skip
def qrnn_candidate(x_prev: Array, x: Array, W_xh_prev: Array, W_xh: Array) -> Array:
    r"""Candidate of a quasi-recurrent network.

    Parameters
    ----------
    x_prev : (D,) ndarray
        Input one step before; before the first, zero.
    x : (D,) ndarray
        Input at this step.
    W_xh_prev : (H, D) ndarray
        Weights from the input one step before to candidate.
    W_xh : (H, D) ndarray
        Weights from input to candidate.

    Returns
    -------
    h_tilde : (H,) ndarray
        What may become the state; every entry lies in (-1, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> qrnn_candidate(np.log([2.0]), np.log([6.0]), -one, one)
    array([0.8])
    """
    return np.tanh(W_xh_prev @ x_prev + W_xh @ x)


@formula(
    f_gate[t], "=", sigmoid(W_xf_prev @ x[t - 1] + W_xf @ x[t]),
    source="bradbury2017", slug="qrnn", ranges={t: (2, T)}, given=[building_blocks.sigmoid],
)  # fmt: skip
def qrnn_forget_gate(x_prev: Array, x: Array, W_xf_prev: Array, W_xf: Array) -> Array:
    r"""Forget gate of a quasi-recurrent network.

    Parameters
    ----------
    x_prev : (D,) ndarray
        Input one step before; before the first, zero.
    x : (D,) ndarray
        Input at this step.
    W_xf_prev : (H, D) ndarray
        Weights from the input one step before to forget gate.
    W_xf : (H, D) ndarray
        Weights from input to forget gate.

    Returns
    -------
    f_gate : (H,) ndarray
        Share of the state that is kept; every entry lies in (0, 1).

    Examples
    --------
    >>> one = np.eye(1)
    >>> qrnn_forget_gate(np.log([2.0]), np.log([6.0]), -one, one)
    array([0.75])
    """
    return building_blocks.sigmoid(W_xf_prev @ x_prev + W_xf @ x)


@formula(
    Jacobian(h[t], h[t - 1]), "=", Diag(f_gate[t]),
    source="bradbury2017", slug="qrnn", given=[qrnn_candidate, qrnn_forget_gate, kept_state],
    derivation=[
        ("=", Diag(f_gate[t]), "neither the gate nor the candidate reads the state"),
    ],
)  # fmt: skip
def qrnn_jacobian(f_gate: Array) -> Array:
    r"""Jacobian of a step of a quasi-recurrent network.

    Parameters
    ----------
    f_gate : (H,) ndarray
        Forget gate at this step.

    Returns
    -------
    J : (H, H) ndarray
        Total derivative of the state by the state before: a diagonal matrix.

    Examples
    --------
    >>> qrnn_jacobian(np.array([0.75, 0.25]))
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """
    return np.diag(f_gate)


@formula(
    Jacobian(h[t], h[k]), "=", Product(Diag(f_gate[j]), j, t, k + 1),
    source="bradbury2017", slug="qrnn", given=[qrnn_jacobian], ranges={k: (0, t)},
    derivation=[
        ("=", Product(Jacobian(h[j], h[j - 1]), j, t, k + 1), "the chain rule, step by step"),
        ("=", Product(Diag(f_gate[j]), j, t, k + 1), "the Jacobian of one step"),
    ],
)  # fmt: skip
def qrnn_gap(f_gates: Array, t: int, k: int) -> Array:
    r"""Jacobian of a quasi-recurrent network over many steps.

    Parameters
    ----------
    f_gates : (T, H) ndarray
        Forget gates, one step a row.
    t : int
        Later time, from 1 to T.
    k : int
        Earlier time, from 0 to t.

    Returns
    -------
    J : (H, H) ndarray
        Derivative of the state at `t` by the state at `k`.

    Examples
    --------
    >>> qrnn_gap(np.full((3, 1), 0.5), t=3, k=0)
    array([[0.125]])
    """
    return np.diag(np.prod(f_gates[k:t], axis=0))


@formula(
    h[t], "=",
    Product(Diag(f_gate[j]), j, t, 1) @ h[0]
    + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ ((1 - f_gate[k]) * h_tilde[k]), k, 1, t),
    source="bradbury2017", slug="qrnn", given=[kept_state],
    derivation=[
        ("=", f_gate[t] * h[t - 1] + (1 - f_gate[t]) * h_tilde[t], "the recurrence"),
        (
            "=",
            f_gate[t]
            * (
                Product(Diag(f_gate[j]), j, t - 1, 1) @ h[0]
                + Sum(
                    Product(Diag(f_gate[j]), j, t - 1, k + 1) @ ((1 - f_gate[k]) * h_tilde[k]),
                    k, 1, t - 1,
                )
            )
            + (1 - f_gate[t]) * h_tilde[t],
            "the same solution one step before, which is the hypothesis of the induction",
        ),
        (
            "=",
            Product(Diag(f_gate[j]), j, t, 1) @ h[0]
            + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ ((1 - f_gate[k]) * h_tilde[k]), k, 1, t),
            "each product takes up the newest gate on its left; the newest candidate has none",
        ),
    ],
)  # fmt: skip
def qrnn_solution(f_gates: Array, h_tildes: Array, h_0: Array, t: int) -> Array:
    r"""State of a quasi-recurrent network after many steps.

    Parameters
    ----------
    f_gates : (T, H) ndarray
        Forget gates, one step a row.
    h_tildes : (T, H) ndarray
        Candidates, one step a row.
    h_0 : (H,) ndarray
        Hidden state before the first step.
    t : int
        Later time, from 1 to T.

    Returns
    -------
    h : (H,) ndarray
        State after step `t`, all of it known before the first.

    Examples
    --------
    A half is kept at each step, from 8: 4 + 1/2, 9/4 + 1/2, 11/8 + 1/2.

    >>> qrnn_solution(np.full((3, 1), 0.5), np.ones((3, 1)), np.array([8.0]), t=3)
    array([1.875])
    """
    total, product = 0, np.ones(len(h_0))
    for step in reversed(range(t)):
        total = total + product * (1 - f_gates[step]) * h_tildes[step]
        product = product * f_gates[step]
    return product * h_0 + total
