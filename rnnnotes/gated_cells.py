r"""Other gated cells: what is left when a gate is taken away, or is put somewhere else.

Each cell of the chapter is a step of a recurrence whose new state is an average of the old
state and a candidate.  The cells differ in what the gates read, in how many gates there are,
and in what the candidate reads; the Jacobian of a step shows what each difference costs.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks, gradients, lstm
from rnnnotes.book.state.arrays import Array, Scalar
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation.gated_cells import *

# -- The minimal gated unit ------------------------------------------------------------------------


@formula(Eq(h_tilde[t], tanh(W_xh @ x[t] + W_hh @ (f_gate[t] * h[t - 1]) + b_h)), source="zhou2016")
def mgu_candidate(
    x: Array, f_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    r"""Candidate of a minimal gated unit.

    h_tilde : What may become the state; every entry lies in (-1, 1).

    The state before is 2, the gate lets a half of it in, and the pre-activation is :math:`\ln 3`.

    >>> one = np.eye(1)
    >>> mgu_candidate(np.log([3.0]) - 1, [0.5], [2.0], one, one, np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_xh @ x + W_hh @ (f_gate * h_prev) + b_h)


@formula(Eq(h[t], (1 - f_gate[t]) * h[t - 1] + f_gate[t] * h_tilde[t]), source="zhou2016")
def mgu_state(f_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """State of a minimal gated unit.

    h : Average of the state before and the candidate.

    A quarter of the way from 4 to 0.8.

    >>> mgu_state([0.25], [4.0], [0.8])
    array([3.2])
    """
    return (1 - f_gate) * h_prev + f_gate * h_tilde


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(1 - f_gate[t])
        + Diag((h_tilde[t] - h[t - 1]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
        + Diag(f_gate[t] * (1 - h_tilde[t] ** 2))
        @ W_hh
        @ (Diag(f_gate[t]) + Diag(h[t - 1] * f_gate[t] * (1 - f_gate[t])) @ W_hf),
    ),
    source="zhou2016",
    given=[lstm.forget_gate_pre_activation, lstm.forget_gate, mgu_candidate, mgu_state],
    derivation=[
        (
            "=",
            Diag(1 - f_gate[t])
            + Diag(h_tilde[t] - h[t - 1]) @ Jacobian(f_gate[t], h[t - 1])
            + Diag(f_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the product rule: the state is kept, moves the gate, and moves the candidate",
        ),
        (
            "=",
            Diag(1 - f_gate[t])
            + Diag((h_tilde[t] - h[t - 1]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
            + Diag(f_gate[t] * (1 - h_tilde[t] ** 2))
            @ W_hh
            @ Jacobian(f_gate[t] * h[t - 1], h[t - 1]),
            "the slopes of the sigmoid and of the tanh",
        ),
        ("=", "the product rule: what the candidate reads is the state times the gate"),
    ],
)
def mgu_jacobian(f_gate: Array, h_prev: Array, h_tilde: Array, W_hf: Array, W_hh: Array) -> Array:
    """Jacobian of a step of a minimal gated unit.

    J : Total derivative of the state by the state before.

    One unit: 1/2 is kept, the gate gives (1/2)(1/4) times 8, and the candidate (1/2)(3/4)
    times 2 times (1/2 + 0).

    >>> f_gate, h_prev, h_tilde = np.array([0.5]), np.array([0.0]), np.array([0.5])
    >>> mgu_jacobian(f_gate, h_prev, h_tilde, W_hf=[[8.0]], W_hh=[[2.0]])
    array([[1.875]])
    """
    slope = f_gate * (1 - f_gate)
    reads = np.diag(f_gate) + np.diag(h_prev * slope) @ W_hf
    kept = np.diag(1 - f_gate) + np.diag((h_tilde - h_prev) * slope) @ W_hf
    return kept + np.diag(f_gate * (1 - h_tilde**2)) @ W_hh @ reads


@formula(
    Eq(h_tilde[t], tanh(W_xh @ x[t] + b_ih + f_gate[t] * (W_hh @ h[t - 1] + b_hh))),
    source="flax_mgu",
)
def mgu_candidate_after(
    x: Array, f_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_ih: Array, b_hh: Array
) -> Array:
    """Candidate of a minimal gated unit, gated after the weights.

    b_ih : Bias beside the input weights, which the gate leaves alone.
    b_hh : Bias beside the recurrent weights, inside the gate.
    h_tilde : What may become the state; every entry lies in (-1, 1).

    The weights give 2 from the state, and the gate lets a half of it in.

    >>> one = np.eye(1)
    >>> mgu_candidate_after(np.log([3.0]) - 1, [0.5], [2.0], one, one, np.zeros(1), np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_xh @ x + b_ih + f_gate * (W_hh @ h_prev + b_hh))


@formula(
    Eq(h[t], (1 - f_gate[t]) * h_tilde[t] + f_gate[t] * h[t - 1]),
    source=["flax_mgu", "bradbury2017"],
)
def kept_state(f_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """State whose gate is the share that is kept.

    h : Average of the candidate and the state before.

    Three quarters of 4 are kept, and a quarter of 0.8 comes in.

    >>> kept_state([0.75], [4.0], [0.8])
    array([3.2])
    """
    return (1 - f_gate) * h_tilde + f_gate * h_prev


# -- Without a reset gate --------------------------------------------------------------------------


@formula(Eq(h_tilde[t], tanh(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)), source="flax_mgu")
def plain_candidate(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Candidate that reads the whole state before.

    h_tilde : What may become the state; every entry lies in (-1, 1).

    This is the step of a vanilla network.

    >>> one = np.eye(1)
    >>> plain_candidate(np.log([6.0]), np.log([2.0]), one, -one, np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_xh @ x + W_hh @ h_prev + b_h)


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(f_gate[t])
        + Diag((h[t - 1] - h_tilde[t]) * f_gate[t] * (1 - f_gate[t])) @ W_hf
        + Diag((1 - f_gate[t]) * (1 - h_tilde[t] ** 2)) @ W_hh,
    ),
    source="flax_mgu",
    given=[lstm.forget_gate_pre_activation, lstm.forget_gate, plain_candidate, kept_state],
    derivation=[
        (
            "=",
            Diag(f_gate[t])
            + Diag(h[t - 1] - h_tilde[t]) @ Jacobian(f_gate[t], h[t - 1])
            + Diag(1 - f_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the product rule: the state is kept, moves the gate, and moves the candidate",
        ),
        ("=", "the slopes of the sigmoid and of the tanh"),
    ],
)
def no_reset_jacobian(
    f_gate: Array, h_prev: Array, h_tilde: Array, W_hf: Array, W_hh: Array
) -> Array:
    """Jacobian of a step without a reset gate.

    J : Total derivative of the state by the state before.

    One unit: 3/4 is kept, the gate gives (1/2)(3/16) times 8, and the candidate (1/4)(3/4)
    times 4.

    >>> f_gate, h_prev, h_tilde = np.array([0.75]), np.array([1.0]), np.array([0.5])
    >>> no_reset_jacobian(f_gate, h_prev, h_tilde, W_hf=[[8.0]], W_hh=[[4.0]])
    array([[2.25]])
    """
    kept = np.diag(f_gate) + np.diag((h_prev - h_tilde) * f_gate * (1 - f_gate)) @ W_hf
    return kept + np.diag((1 - f_gate) * (1 - h_tilde**2)) @ W_hh


@formula(
    Eq(
        h[t],
        sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f) * h[t - 1]
        + (1 - sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f)) * h_tilde[t],
    ),
    source=["zhou2016", "flax_mgu"],
    given=[
        building_blocks.sigmoid_symmetry,
        lstm.forget_gate_pre_activation,
        lstm.forget_gate,
        mgu_state,
    ],
    bindings={"keep": sigmoid(-W_xf @ x[t] - W_hf @ h[t - 1] - b_f)},
    derivation=[
        (
            "=",
            (1 - f_gate[t]) * h[t - 1] + f_gate[t] * h_tilde[t],
            "the gate is the share of the candidate",
        ),
        ("=", "one minus a sigmoid is the sigmoid of the negated number"),
    ],
)
def no_reset_map(keep: Array, h_prev: Array, h_tilde: Array) -> Array:
    """From a gate that lets in to a gate that keeps.

    keep : Gate with negated weights and bias.
    h : State of the unit whose gate is the share of the candidate.

    Three quarters of 4 are kept, as a gate that lets in a quarter does.

    >>> no_reset_map(keep=[0.75], h_prev=[4.0], h_tilde=[0.8])
    array([3.2])
    >>> mgu_state([0.25], [4.0], [0.8])
    array([3.2])
    """
    return keep * h_prev + (1 - keep) * h_tilde


@formula(
    Le(Abs(h[t]), Max(Abs(h[t - 1]), 1)),
    source=["flax_mgu", "bradbury2017"],
    given=[lstm.forget_gate, plain_candidate, kept_state],
    derivation=[
        (
            "<=",
            (1 - f_gate[t]) * Abs(h_tilde[t]) + f_gate[t] * Abs(h[t - 1]),
            "the triangle inequality, as both shares are positive",
        ),
        ("<=", (1 - f_gate[t]) + f_gate[t] * Abs(h[t - 1]), "no tanh is above one"),
        ("<=", "an average is at most the larger of the two"),
    ],
)
def bounded_step(h_prev: Array) -> Array:
    """Bound of a step.

    bound : Number that no entry of the state exceeds in size.

    >>> bounded_step([-4.0, 0.5])
    array([4., 1.])
    """
    return np.maximum(np.abs(h_prev), 1)


@formula(
    Le(Abs(h[t]), Max(Abs(h[0]), 1)),
    source=["flax_mgu", "bradbury2017"],
    given=[bounded_step],
    derivation=[
        ("<=", Max(Abs(h[t - 1]), 1), "the bound of a step"),
        ("<=", "the same bound one step before, down to the first"),
    ],
)
def bounded_state(h_0: Array) -> Array:
    """Bound of the state.

    bound : Number that no entry of any state exceeds in size.

    A state that starts at zero stays between -1 and 1 for ever.

    >>> bounded_state(np.zeros(2))
    array([1., 1.])
    """
    return np.maximum(np.abs(h_0), 1)


# -- Three mutations of a GRU ----------------------------------------------------------------------


@formula(
    Eq(r_gate[t], sigmoid(W_xr @ x[t] + W_hr @ h[t - 1] + b_r)),
    source="jozefowicz2015",
    given=[building_blocks.sigmoid],
)
def mut_reset_gate(x: Array, h_prev: Array, W_xr: Array, W_hr: Array, b_r: Array) -> Array:
    """Reset gate of MUT1 and MUT3.

    r_gate : Share of the state that the candidate reads; every entry lies in (0, 1).

    >>> one = np.eye(1)
    >>> mut_reset_gate(np.log([6.0]), np.log([2.0]), one, -one, np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xr @ x + W_hr @ h_prev + b_r)


@formula(Eq(h[t], h_tilde[t] * z_gate[t] + h[t - 1] * (1 - z_gate[t])), source="jozefowicz2015")
def mut_state(z_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """State of the three mutations.

    h : Average of the candidate and the state before.

    A quarter of 0.8 comes in, and three quarters of 4 stay.

    >>> mut_state([0.25], [4.0], [0.8])
    array([3.2])
    """
    return h_tilde * z_gate + h_prev * (1 - z_gate)


@formula(
    Eq(z_gate[t], sigmoid(W_xz @ x[t] + b_z)),
    source="jozefowicz2015",
    given=[building_blocks.sigmoid],
)
def mut1_update_gate(x: Array, W_xz: Array, b_z: Array) -> Array:
    """Update gate of MUT1.

    z_gate : Share of the candidate; every entry lies in (0, 1).

    >>> mut1_update_gate(np.log([3.0]), np.eye(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xz @ x + b_z)


@formula(
    Eq(h_tilde[t], tanh(W_hh @ (r_gate[t] * h[t - 1]) + tanh(x_fit[t]) + b_h)),
    source="jozefowicz2015",
)
def mut1_candidate(x_fit: Array, r_gate: Array, h_prev: Array, W_hh: Array, b_h: Array) -> Array:
    r"""Candidate of MUT1.

    x_fit : Input at the size of the state: the input itself if the sizes agree.
    h_tilde : What may become the state; every entry lies in (-1, 1).

    The hyperbolic tangent of the input is 3/5, the bias takes it away again, and half of
    :math:`\ln 9` is :math:`\ln 3`.

    >>> mut1_candidate(np.log([2.0]), [0.5], np.log([9.0]), W_hh=np.eye(1), b_h=[-0.6])
    array([0.8])
    """
    return np.tanh(W_hh @ (r_gate * h_prev) + np.tanh(x_fit) + b_h)


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(1 - z_gate[t])
        + Diag(z_gate[t] * (1 - h_tilde[t] ** 2))
        @ W_hh
        @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr),
    ),
    source="jozefowicz2015",
    given=[mut_reset_gate, mut_state, mut1_update_gate, mut1_candidate],
    derivation=[
        (
            "=",
            Diag(1 - z_gate[t]) + Diag(z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the update gate does not read the state: nothing passes through it",
        ),
        ("=", "the slope of the tanh, and the product rule for the state times the reset gate"),
    ],
)
def mut1_jacobian(
    z_gate: Array, r_gate: Array, h_prev: Array, h_tilde: Array, W_hr: Array, W_hh: Array
) -> Array:
    """Jacobian of a step of MUT1.

    J : Total derivative of the state by the state before.

    One unit: 1/2 is kept, and the candidate gives (1/2)(3/4) times 4 times (1/2 + 1/4).

    >>> half, one = np.array([0.5]), np.eye(1)
    >>> mut1_jacobian(half, half, [1.0], half, W_hr=one, W_hh=4 * one)
    array([[1.625]])
    """
    reads = np.diag(r_gate) + np.diag(h_prev * r_gate * (1 - r_gate)) @ W_hr
    return np.diag(1 - z_gate) + np.diag(z_gate * (1 - h_tilde**2)) @ W_hh @ reads


@formula(
    Eq(z_gate[t], sigmoid(W_xz @ x[t] + W_hz @ h[t - 1] + b_z)),
    source="jozefowicz2015",
    given=[building_blocks.sigmoid],
)
def mut2_update_gate(x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_z: Array) -> Array:
    """Update gate of MUT2.

    z_gate : Share of the candidate; every entry lies in (0, 1).

    >>> one = np.eye(1)
    >>> mut2_update_gate(np.log([6.0]), np.log([2.0]), one, -one, np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xz @ x + W_hz @ h_prev + b_z)


@formula(
    Eq(r_gate[t], sigmoid(x_fit[t] + W_hr @ h[t - 1] + b_r)),
    source="jozefowicz2015",
    given=[building_blocks.sigmoid],
)
def mut2_reset_gate(x_fit: Array, h_prev: Array, W_hr: Array, b_r: Array) -> Array:
    """Reset gate of MUT2.

    x_fit : Input at the size of the state: the input itself if the sizes agree.
    r_gate : Share of the state that the candidate reads; every entry lies in (0, 1).

    >>> mut2_reset_gate(np.log([6.0]), np.log([2.0]), -np.eye(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(x_fit + W_hr @ h_prev + b_r)


@formula(
    Eq(h_tilde[t], tanh(W_hh @ (r_gate[t] * h[t - 1]) + W_xh @ x[t] + b_h)), source="jozefowicz2015"
)
def reset_candidate(
    x: Array, r_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    """Candidate of MUT2 and MUT3.

    h_tilde : What may become the state; every entry lies in (-1, 1).

    >>> one = np.eye(1)
    >>> reset_candidate(np.log([3.0]) - 1, [0.5], [2.0], one, one, np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_hh @ (r_gate * h_prev) + W_xh @ x + b_h)


@formula(
    Eq(z_gate[t], sigmoid(W_xz @ x[t] + W_hz @ tanh(h[t - 1]) + b_z)),
    source="jozefowicz2015",
    given=[building_blocks.sigmoid],
)
def mut3_update_gate(x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_z: Array) -> Array:
    """Update gate of MUT3.

    z_gate : Share of the candidate; every entry lies in (0, 1).

    Five times the hyperbolic tangent 3/5 of the state is 3, and the bias takes it away.

    >>> one = np.eye(1)
    >>> mut3_update_gate(np.log([3.0]), np.log([2.0]), one, 5 * one, [-3.0])
    array([0.75])
    """
    return building_blocks.sigmoid(W_xz @ x + W_hz @ np.tanh(h_prev) + b_z)


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(1 - z_gate[t])
        + Diag((h_tilde[t] - h[t - 1]) * z_gate[t] * (1 - z_gate[t]))
        @ W_hz
        @ Diag(1 - tanh(h[t - 1]) ** 2)
        + Diag(z_gate[t] * (1 - h_tilde[t] ** 2))
        @ W_hh
        @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr),
    ),
    source="jozefowicz2015",
    given=[mut_reset_gate, mut_state, mut3_update_gate, reset_candidate],
    derivation=[
        (
            "=",
            Diag(1 - z_gate[t])
            + Diag(h_tilde[t] - h[t - 1]) @ Jacobian(z_gate[t], h[t - 1])
            + Diag(z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1]),
            "the product rule: the state is kept, moves the gate, and moves the candidate",
        ),
        ("=", "the slopes of the sigmoid and of the tanh, and the product rule for what is read"),
    ],
)
def mut3_jacobian(
    z_gate: Array,
    r_gate: Array,
    h_prev: Array,
    h_tilde: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Jacobian of a step of MUT3.

    J : Total derivative of the state by the state before.

    One unit at state 0: 1/2 is kept, the gate gives (1/2)(1/4) times 8, and the candidate
    (1/2)(3/4) times 4 times 1/2.

    >>> half, zero, one = np.array([0.5]), np.zeros(1), np.eye(1)
    >>> mut3_jacobian(half, half, zero, half, W_hz=8 * one, W_hr=one, W_hh=4 * one)
    array([[2.25]])
    """
    reads = np.diag(r_gate) + np.diag(h_prev * r_gate * (1 - r_gate)) @ W_hr
    moved = np.diag((h_tilde - h_prev) * z_gate * (1 - z_gate)) @ W_hz
    kept = np.diag(1 - z_gate) + moved @ np.diag(1 - np.tanh(h_prev) ** 2)
    return kept + np.diag(z_gate * (1 - h_tilde**2)) @ W_hh @ reads


# -- Highway layers --------------------------------------------------------------------------------


@formula(
    Eq(t_gate[layer, t], sigmoid(R_t[layer] @ s[layer - 1, t] + b_lt[layer])),
    source="srivastava2015",
    given=[building_blocks.sigmoid],
    bindings={"s_below": s[layer - 1, t], "R_t": R_t[layer], "b_lt": b_lt[layer]},
    ranges={layer: (1, N)},
)
def transform_gate(s_below: Array, R_t: Array, b_lt: Array) -> Array:
    """Transform gate of a highway layer.

    t_gate : Share of the candidate; every entry lies in (0, 1).

    >>> transform_gate(np.log([9.0]), np.eye(1), -np.log([3.0]))
    array([0.75])
    """
    return building_blocks.sigmoid(R_t @ s_below + b_lt)


@formula(
    Eq(h_tilde[layer, t], tanh(R_h[layer] @ s[layer - 1, t] + b_lh[layer])),
    source="srivastava2015",
    bindings={"s_below": s[layer - 1, t], "R_h": R_h[layer], "b_lh": b_lh[layer]},
    ranges={layer: (1, N)},
)
def highway_candidate(s_below: Array, R_h: Array, b_lh: Array) -> Array:
    """Candidate of a highway layer.

    h_tilde : What a layer without a gate would give.

    >>> highway_candidate(np.log([9.0]), np.eye(1), -np.log([3.0]))
    array([0.8])
    """
    return np.tanh(R_h @ s_below + b_lh)


@formula(
    Eq(
        s[layer, t], t_gate[layer, t] * h_tilde[layer, t] + (1 - t_gate[layer, t]) * s[layer - 1, t]
    ),
    source="srivastava2015",
    bindings={"t_gate": t_gate[layer, t], "h_tilde": h_tilde[layer, t], "s_below": s[layer - 1, t]},
    ranges={layer: (1, N)},
)
def highway_layer(t_gate: Array, h_tilde: Array, s_below: Array) -> Array:
    """Highway layer.

    Where the gate is shut, the layer copies.

    >>> highway_layer([0.25, 0.0], [0.8, 0.8], [4.0, 4.0])
    array([3.2, 4. ])
    """
    return t_gate * h_tilde + (1 - t_gate) * s_below


@formula(
    Eq(
        Jacobian(s[layer, t], s[layer - 1, t]),
        Diag(1 - t_gate[layer, t])
        + Diag((h_tilde[layer, t] - s[layer - 1, t]) * t_gate[layer, t] * (1 - t_gate[layer, t]))
        @ R_t[layer]
        + Diag(t_gate[layer, t] * (1 - h_tilde[layer, t] ** 2)) @ R_h[layer],
    ),
    source="srivastava2015",
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
        ("=", "the slopes of the sigmoid and of the tanh"),
    ],
    bindings={
        "t_gate": t_gate[layer, t],
        "h_tilde": h_tilde[layer, t],
        "s_below": s[layer - 1, t],
        "R_t": R_t[layer],
        "R_h": R_h[layer],
    },
    ranges={layer: (1, N)},
)
def highway_jacobian(
    t_gate: Array, h_tilde: Array, s_below: Array, R_t: Array, R_h: Array
) -> Array:
    """Jacobian of a highway layer.

    J : Total derivative of the state of this layer by that of the layer below.

    Where the gate is shut, the Jacobian is the identity, whatever the weights are.

    >>> weights = np.array([[3.0, -1.0], [5.0, 2.0]])
    >>> highway_jacobian(np.zeros(2), [0.6, 0.8], np.ones(2), R_t=weights, R_h=weights)
    array([[1., 0.],
           [0., 1.]])
    """
    moved = np.diag((h_tilde - s_below) * t_gate * (1 - t_gate)) @ R_t
    return np.diag(1 - t_gate) + moved + np.diag(t_gate * (1 - h_tilde**2)) @ R_h


# -- Depth inside a step: the recurrent highway network --------------------------------------------


@formula(Eq(s[0, t], s[N, t - 1]), source="zilly2017", bindings={"s_last": s[N, t - 1]})
def rhn_start(s_last: Array) -> Array:
    """First state of a step of a recurrent highway network.

    s : State below the first layer, at this step.

    >>> rhn_start([0.6, 0.8])
    array([0.6, 0.8])
    """
    return s_last


@formula(
    Eq(
        h_tilde[layer, t],
        tanh(Indicator(2, layer) * (W_xh @ x[t]) + R_h[layer] @ s[layer - 1, t] + b_lh[layer]),
    ),
    source="zilly2017",
    bindings={"s_below": s[layer - 1, t], "R_h": R_h[layer], "b_lh": b_lh[layer], "depth": layer},
    ranges={layer: (1, N)},
)
def rhn_candidate(
    x: Array, s_below: Array, W_xh: Array, R_h: Array, b_lh: Array, depth: int
) -> Array:
    """Candidate of a layer of a recurrent highway network.

    h_tilde : What may become the state of this layer.

    The first layer reads the input; the others do not.

    >>> one = np.eye(1)
    >>> x, s_below, b_lh = np.log([3.0]), np.zeros(1), np.zeros(1)
    >>> [rhn_candidate(x, s_below, one, one, b_lh, depth) for depth in (1, 2)]
    [array([0.8]), array([0.])]
    """
    return np.tanh((depth < 2) * (W_xh @ x) + R_h @ s_below + b_lh)


@formula(
    Eq(
        t_gate[layer, t],
        sigmoid(Indicator(2, layer) * (W_xt @ x[t]) + R_t[layer] @ s[layer - 1, t] + b_lt[layer]),
    ),
    source="zilly2017",
    given=[building_blocks.sigmoid],
    bindings={"s_below": s[layer - 1, t], "R_t": R_t[layer], "b_lt": b_lt[layer], "depth": layer},
    ranges={layer: (1, N)},
)
def rhn_transform_gate(
    x: Array, s_below: Array, W_xt: Array, R_t: Array, b_lt: Array, depth: int
) -> Array:
    """Transform gate of a layer of a recurrent highway network.

    t_gate : Share of the candidate; every entry lies in (0, 1).

    >>> one = np.eye(1)
    >>> x, s_below, b_lt = np.log([3.0]), np.zeros(1), np.zeros(1)
    >>> [rhn_transform_gate(x, s_below, one, one, b_lt, depth) for depth in (1, 2)]
    [array([0.75]), array([0.5])]
    """
    return building_blocks.sigmoid((depth < 2) * (W_xt @ x) + R_t @ s_below + b_lt)


@formula(
    Eq(
        k_gate[layer, t],
        sigmoid(Indicator(2, layer) * (W_xk @ x[t]) + R_k[layer] @ s[layer - 1, t] + b_lk[layer]),
    ),
    source="zilly2017",
    given=[building_blocks.sigmoid],
    bindings={"s_below": s[layer - 1, t], "R_k": R_k[layer], "b_lk": b_lk[layer], "depth": layer},
    ranges={layer: (1, N)},
)
def rhn_carry_gate(
    x: Array, s_below: Array, W_xk: Array, R_k: Array, b_lk: Array, depth: int
) -> Array:
    """Carry gate of a layer of a recurrent highway network.

    k_gate : Share of the state below; every entry lies in (0, 1).

    >>> one = np.eye(1)
    >>> x, s_below, b_lk = np.log([3.0]), np.zeros(1), np.zeros(1)
    >>> [rhn_carry_gate(x, s_below, one, one, b_lk, depth) for depth in (1, 2)]
    [array([0.75]), array([0.5])]
    """
    return building_blocks.sigmoid((depth < 2) * (W_xk @ x) + R_k @ s_below + b_lk)


@formula(
    Eq(s[layer, t], h_tilde[layer, t] * t_gate[layer, t] + s[layer - 1, t] * k_gate[layer, t]),
    source="zilly2017",
    bindings={
        "h_tilde": h_tilde[layer, t],
        "t_gate": t_gate[layer, t],
        "s_below": s[layer - 1, t],
        "k_gate": k_gate[layer, t],
    },
    ranges={layer: (1, N)},
)
def rhn_layer(t_gate: Array, h_tilde: Array, k_gate: Array, s_below: Array) -> Array:
    """Layer of a recurrent highway network.

    >>> rhn_layer([0.25], [0.8], [0.5], [4.0])
    array([2.2])
    """
    return h_tilde * t_gate + s_below * k_gate


@formula(
    Eq(
        Jacobian(s[layer, t], s[layer - 1, t]),
        Diag(k_gate[layer, t])
        + Diag(s[layer - 1, t] * k_gate[layer, t] * (1 - k_gate[layer, t])) @ R_k[layer]
        + Diag(h_tilde[layer, t] * t_gate[layer, t] * (1 - t_gate[layer, t])) @ R_t[layer]
        + Diag(t_gate[layer, t] * (1 - h_tilde[layer, t] ** 2)) @ R_h[layer],
    ),
    source="zilly2017",
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
        ("=", "the slopes of the sigmoid and of the tanh"),
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
)
def rhn_jacobian(
    t_gate: Array, h_tilde: Array, k_gate: Array, s_below: Array, R_t: Array, R_h: Array, R_k: Array
) -> Array:
    """Jacobian of a layer of a recurrent highway network.

    J : Total derivative of the state of this layer by that of the layer below.

    One unit: 1/2 is carried; the gates give (1)(1/4) times 4 and (1/2)(1/4) times 8, and the
    candidate (1/2)(3/4) times 2.

    >>> half, one = np.array([0.5]), np.eye(1)
    >>> rhn_jacobian(half, half, half, np.ones(1), R_t=8 * one, R_h=2 * one, R_k=4 * one)
    array([[3.25]])
    """
    carried = np.diag(k_gate) + np.diag(s_below * k_gate * (1 - k_gate)) @ R_k
    gated = np.diag(h_tilde * t_gate * (1 - t_gate)) @ R_t
    return carried + gated + np.diag(t_gate * (1 - h_tilde**2)) @ R_h


@formula(
    Eq(Jacobian(s[layer, t], s[0, t]), Product(Jacobian(s[j, t], s[j - 1, t]), j, layer, 1)),
    source="zilly2017",
    given=[rhn_candidate, rhn_transform_gate, rhn_carry_gate, rhn_layer],
    derivation=[("=", "the chain rule by layers")],
    bindings={"Js": Stack(Jacobian(s[j, t], s[j - 1, t]), j, 1, layer)},
    ranges={layer: (1, N)},
)
def rhn_depth_jacobian(Js: Array) -> Array:
    """Jacobian of the layers of a step.

    Js : Jacobian of each layer by the layer below, the first layer first.
    J : Total derivative of the state of a layer by the state with which the step begins.

    >>> rhn_depth_jacobian([[[3.0, 0.0], [1.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]]])
    array([[5., 2.],
           [1., 1.]])
    """
    J = np.eye(len(Js[0]))
    for layer_jacobian in Js:
        J = layer_jacobian @ J
    return J


# -- Where the eigenvalues lie ---------------------------------------------------------------------


@formula(
    Eq(radius[i], Sum(Abs(Entry(W_hh, i, j)), j, 1, H) - Abs(Entry(W_hh, i, i))),
    source=["zilly2017", "golub2013"],
)
def disc_radius(W_hh: Array, i: int) -> Scalar:
    """Radius of a disc.

    W_hh : Any square matrix.
    i : Row, counted from 1.
    radius : Sum of the absolute values of a row, without the entry on the diagonal.

    >>> W_hh = np.array([[5.0, -1.0, 2.0], [0.0, 1.0, 0.5], [1.0, 1.0, -3.0]])
    >>> [float(disc_radius(W_hh, i)) for i in (1, 2, 3)]
    [3.0, 0.5, 2.0]
    """
    return np.sum(np.abs(W_hh[i - 1])) - np.abs(W_hh[i - 1, i - 1])


@formula(
    Le(Abs(Entry(eigenvalues, k) - Entry(W_hh, i, i)) * Abs(Entry(Q, i, k)), radius[i]),
    source=["zilly2017", "golub2013"],
    given=[gradients.eigendecomposition, disc_radius],
    ranges={k: (1, H)},
    where=[Ne(Determinant(Q), 0), Le(Abs(Q), 1)],
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
        ("<=", "no entry of an eigenvector is above one"),
    ],
)
def eigenvector_row(W_hh: Array, i: int) -> Scalar:
    """Distance of an eigenvalue from an entry of the diagonal.

    W_hh : Any square matrix with real eigenvalues.
    i : Row, counted from 1.
    bound : Radius of the disc of row `i`: a bound if the eigenvectors have no entry above one.

    The eigenvalues of this matrix are 3 and 1, and both eigenvectors have a 1 in each row.

    >>> float(eigenvector_row([[2.0, 1.0], [1.0, 2.0]], i=1))
    1.0
    """
    return np.sum(np.abs(W_hh[i - 1])) - np.abs(W_hh[i - 1, i - 1])


@formula(
    Le(SpectralRadius(W_hh), kappa),
    source=["zilly2017", "golub2013"],
    where=[Le(Abs(W_hh) @ Ones(H), kappa)],
    derivation=[
        ("<=", "no disc reaches further from zero than its row of absolute values sums to")
    ],
)
def row_sum_bound(kappa: float) -> Scalar:
    """Bound of the spectral radius by the rows.

    kappa : Number that no row of absolute values exceeds in its sum.
    bound : Number that no eigenvalue exceeds in size, real or complex.

    >>> W_hh = np.array([[0.5, -0.25], [0.25, 0.5]])
    >>> row_sum_bound(np.abs(W_hh).sum(axis=1).max())
    np.float64(0.75)
    >>> float(np.abs(np.linalg.eigvals(W_hh)).max().round(3))
    0.559
    """
    return kappa


# -- Recurrences that are linear in the state: the SRU ---------------------------------------------


@formula(Eq(c_tilde[t], W_xc @ x[t]), source="lei2018")
def sru_candidate(x: Array, W_xc: Array) -> Array:
    """Candidate of a simple recurrent unit.

    c_tilde : What may enter the cell; it does not read the past.

    >>> sru_candidate([1.0, 2.0], [[3.0, 4.0]])
    array([11.])
    """
    return W_xc @ x


@formula(
    Eq(f_gate[t], sigmoid(W_xf @ x[t] + p_f * c[t - 1] + b_f)),
    source="lei2018",
    given=[building_blocks.sigmoid],
)
def sru_forget_gate(x: Array, c_prev: Array, W_xf: Array, p_f: Array, b_f: Array) -> Array:
    """Forget gate of a simple recurrent unit.

    f_gate : Share of the cell that is kept; every entry lies in (0, 1).

    >>> sru_forget_gate(np.log([6.0]), np.log([2.0]), np.eye(1), -np.ones(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xf @ x + p_f * c_prev + b_f)


@formula(Eq(c[t], f_gate[t] * c[t - 1] + (1 - f_gate[t]) * c_tilde[t]), source="lei2018")
def sru_cell(f_gate: Array, c_prev: Array, c_tilde: Array) -> Array:
    """Cell of a simple recurrent unit.

    c : Average of the cell before and the candidate.

    >>> sru_cell([0.75], [4.0], [0.8])
    array([3.2])
    """
    return f_gate * c_prev + (1 - f_gate) * c_tilde


@formula(
    Eq(r_gate[t], sigmoid(W_xr @ x[t] + p_r * c[t - 1] + b_r)),
    source="lei2018",
    given=[building_blocks.sigmoid],
)
def sru_reset_gate(x: Array, c_prev: Array, W_xr: Array, p_r: Array, b_r: Array) -> Array:
    """Reset gate of a simple recurrent unit.

    r_gate : Share of the cell in the output; every entry lies in (0, 1).

    >>> sru_reset_gate(np.log([6.0]), np.log([2.0]), np.eye(1), -np.ones(1), np.zeros(1))
    array([0.75])
    """
    return building_blocks.sigmoid(W_xr @ x + p_r * c_prev + b_r)


@formula(Eq(h[t], r_gate[t] * c[t] + (1 - r_gate[t]) * x_fit[t]), source="lei2018")
def sru_output(x_fit: Array, r_gate: Array, c: Array) -> Array:
    """Output of a simple recurrent unit.

    x_fit : Input at the size of the state: the input itself if the sizes agree.
    h : Average of the cell and the input.

    >>> sru_output([4.0], [0.25], [0.8])
    array([3.2])
    """
    return r_gate * c + (1 - r_gate) * x_fit


@formula(
    Eq(
        Jacobian(c[t], c[t - 1]),
        Diag(f_gate[t] + (c[t - 1] - c_tilde[t]) * f_gate[t] * (1 - f_gate[t]) * p_f),
    ),
    source="lei2018",
    given=[sru_candidate, sru_forget_gate, sru_cell],
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
        ("=", "diagonal matrices add and multiply entry by entry"),
    ],
)
def sru_jacobian(f_gate: Array, c_prev: Array, c_tilde: Array, p_f: Array) -> Array:
    """Jacobian of a step of a simple recurrent unit.

    J : Total derivative of the cell by the cell before: a diagonal matrix.

    One unit: 1/2 is kept, and the gate gives 2 times 1/4 times 3.

    >>> sru_jacobian([0.5], [3.0], [1.0], [3.0])
    array([[2.]])
    """
    return np.diag(f_gate + (c_prev - c_tilde) * f_gate * (1 - f_gate) * p_f)


@formula(
    Eq(
        c[t],
        Product(Diag(f_gate[j]), j, t, 1) @ c[0]
        + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ ((1 - f_gate[k]) * c_tilde[k]), k, 1, t),
    ),
    source="lei2018",
    given=[sru_cell],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + (1 - f_gate[t]) * c_tilde[t], "the recurrence"),
        (
            "=",
            f_gate[t]
            * (
                Product(Diag(f_gate[j]), j, t - 1, 1) @ c[0]
                + Sum(
                    Product(Diag(f_gate[j]), j, t - 1, k + 1) @ ((1 - f_gate[k]) * c_tilde[k]),
                    k,
                    1,
                    t - 1,
                )
            )
            + (1 - f_gate[t]) * c_tilde[t],
            "the same solution one step before, which is the hypothesis of the induction",
        ),
        ("=", "each product takes up the newest gate on its left; the newest candidate has none"),
    ],
)
def sru_solution(f_gates: Array, c_tildes: Array, c_0: Array, t: int) -> Array:
    """Cell of a simple recurrent unit after many steps.

    c : Cell after step `t`, given all the gates.

    A half is kept at each step, from 8: 4 + 1/2, 9/4 + 1/2, 11/8 + 1/2.

    >>> sru_solution(np.full((3, 1), 0.5), np.ones((3, 1)), [8.0], t=3)
    array([1.875])
    """
    total, product = 0, np.ones(len(c_0))
    for step in reversed(range(t)):
        total = total + product * (1 - f_gates[step]) * c_tildes[step]
        product = product * f_gates[step]
    return product * c_0 + total


# -- Gates that see no state: the QRNN -------------------------------------------------------------


@formula(
    Eq(h_tilde[t], tanh(W_xh_prev @ x[t - 1] + W_xh @ x[t])),
    source="bradbury2017",
    ranges={t: (2, T)},
)
def qrnn_candidate(x_prev: Array, x: Array, W_xh_prev: Array, W_xh: Array) -> Array:
    """Candidate of a quasi-recurrent network.

    x_prev : Input one step before; before the first, zero.
    h_tilde : What may become the state; every entry lies in (-1, 1).

    >>> one = np.eye(1)
    >>> qrnn_candidate(np.log([2.0]), np.log([6.0]), -one, one)
    array([0.8])
    """
    return np.tanh(W_xh_prev @ x_prev + W_xh @ x)


@formula(
    Eq(f_gate[t], sigmoid(W_xf_prev @ x[t - 1] + W_xf @ x[t])),
    source="bradbury2017",
    ranges={t: (2, T)},
    given=[building_blocks.sigmoid],
)
def qrnn_forget_gate(x_prev: Array, x: Array, W_xf_prev: Array, W_xf: Array) -> Array:
    """Forget gate of a quasi-recurrent network.

    x_prev : Input one step before; before the first, zero.
    f_gate : Share of the state that is kept; every entry lies in (0, 1).

    >>> one = np.eye(1)
    >>> qrnn_forget_gate(np.log([2.0]), np.log([6.0]), -one, one)
    array([0.75])
    """
    return building_blocks.sigmoid(W_xf_prev @ x_prev + W_xf @ x)


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Diag(f_gate[t])),
    source="bradbury2017",
    given=[qrnn_candidate, qrnn_forget_gate, kept_state],
    derivation=[("=", "neither the gate nor the candidate reads the state")],
)
def qrnn_jacobian(f_gate: Array) -> Array:
    """Jacobian of a step of a quasi-recurrent network.

    J : Total derivative of the state by the state before: a diagonal matrix.

    >>> qrnn_jacobian([0.75, 0.25])
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """
    return np.diag(f_gate)


@formula(
    Eq(Jacobian(h[t], h[k]), Product(Diag(f_gate[j]), j, t, k + 1)),
    source="bradbury2017",
    given=[qrnn_jacobian],
    ranges={k: (0, t)},
    derivation=[
        ("=", Product(Jacobian(h[j], h[j - 1]), j, t, k + 1), "the chain rule, step by step"),
        ("=", "the Jacobian of one step"),
    ],
)
def qrnn_gap(f_gates: Array, t: int, k: int) -> Array:
    """Jacobian of a quasi-recurrent network over many steps.

    J : Derivative of the state at `t` by the state at `k`.

    >>> qrnn_gap(np.full((3, 1), 0.5), t=3, k=0)
    array([[0.125]])
    """
    return np.diag(np.prod(f_gates[k:t], axis=0))


@formula(
    Eq(
        h[t],
        Product(Diag(f_gate[j]), j, t, 1) @ h[0]
        + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ ((1 - f_gate[k]) * h_tilde[k]), k, 1, t),
    ),
    source="bradbury2017",
    given=[kept_state],
    derivation=[
        ("=", f_gate[t] * h[t - 1] + (1 - f_gate[t]) * h_tilde[t], "the recurrence"),
        (
            "=",
            f_gate[t]
            * (
                Product(Diag(f_gate[j]), j, t - 1, 1) @ h[0]
                + Sum(
                    Product(Diag(f_gate[j]), j, t - 1, k + 1) @ ((1 - f_gate[k]) * h_tilde[k]),
                    k,
                    1,
                    t - 1,
                )
            )
            + (1 - f_gate[t]) * h_tilde[t],
            "the same solution one step before, which is the hypothesis of the induction",
        ),
        ("=", "each product takes up the newest gate on its left; the newest candidate has none"),
    ],
)
def qrnn_solution(f_gates: Array, h_tildes: Array, h_0: Array, t: int) -> Array:
    """State of a quasi-recurrent network after many steps.

    h : State after step `t`, all of it known before the first.

    A half is kept at each step, from 8: 4 + 1/2, 9/4 + 1/2, 11/8 + 1/2.

    >>> qrnn_solution(np.full((3, 1), 0.5), np.ones((3, 1)), [8.0], t=3)
    array([1.875])
    """
    total, product = 0, np.ones(len(h_0))
    for step in reversed(range(t)):
        total = total + product * (1 - f_gates[step]) * h_tildes[step]
        product = product * f_gates[step]
    return product * h_0 + total
