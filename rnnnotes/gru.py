r"""The GRU: gated recurrent unit.

An LSTM keeps a cell beside the state that it shows.  A GRU has one state, which it shows as it
is: an update gate decides how much of it is kept, and a reset gate how much of it the
candidate for the rest has seen.  Where the reset gate acts, before the product with the
weights or after it, makes two variants.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.state.arrays import Array, Map
from rnnnotes.book.state.formulas import Code, formula
from rnnnotes.bptt import hidden_loss
from rnnnotes.notation.gru import *
from rnnnotes.vanilla_rnn import loss_sum

# -- One step -------------------------------------------------------------------------------------


@formula(Eq(a_r[t], W_xr @ x[t] + W_hr @ h[t - 1] + b_r), source=["cho2014", "zhang2023"])
def reset_gate_pre_activation(
    x: Array, h_prev: Array, W_xr: Array, W_hr: Array, b_r: Array
) -> Array:
    """Pre-activation of the reset gate.

    a_r : Any real numbers.

    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> reset_gate_pre_activation(x=[1, 2], h_prev=[3], W_xr=[[1, 1]], W_hr=[[2]], b_r=[-1])
    array([8])
    """
    return W_xr @ x + W_hr @ h_prev + b_r


@formula(
    Eq(r_gate[t], sigmoid(a_r[t])), source=["cho2014", "zhang2023"], given=[building_blocks.sigmoid]
)
def reset_gate(a_r: Array) -> Array:
    r"""Reset gate.

    r_gate : Share of the old state that the candidate sees; every entry lies in (0, 1).

    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> reset_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_r)


@formula(Eq(a_z[t], W_xz @ x[t] + W_hz @ h[t - 1] + b_z), source=["cho2014", "zhang2023"])
def update_gate_pre_activation(
    x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_z: Array
) -> Array:
    """Pre-activation of the update gate.

    a_z : Any real numbers.

    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> update_gate_pre_activation(x=[1, 2], h_prev=[3], W_xz=[[1, 1]], W_hz=[[2]], b_z=[-1])
    array([8])
    """
    return W_xz @ x + W_hz @ h_prev + b_z


@formula(
    Eq(z_gate[t], sigmoid(a_z[t])), source=["cho2014", "zhang2023"], given=[building_blocks.sigmoid]
)
def update_gate(a_z: Array) -> Array:
    r"""Update gate.

    z_gate : Share of the old state that is kept; every entry lies in (0, 1).

    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> update_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_z)


@formula(
    Eq(a[t], W_xh @ x[t] + W_hh @ (r_gate[t] * h[t - 1]) + b_h), source=["cho2014", "zhang2023"]
)
def pre_activation_reset_before(
    x: Array, r_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    """Pre-activation of the candidate, reset before the product.

    a : Any real numbers.

    Half of the first entry and a quarter of the second are seen, and then they change places.

    >>> pre_activation_reset_before(
    ...     x=[10.0], r_gate=[0.5, 0.25], h_prev=[2.0, 4.0], W_xh=[[1.0], [2.0]],
    ...     W_hh=[[0.0, 1.0], [1.0, 0.0]], b_h=np.zeros(2),
    ... )
    array([11., 21.])
    """
    return W_xh @ x + W_hh @ (r_gate * h_prev) + b_h


@formula(Eq(a_h[t], W_hh @ h[t - 1] + b_hh), source=["pytorch_gru", "onnx_gru"])
def recurrent_part(h_prev: Array, W_hh: Array, b_hh: Array) -> Array:
    """What the state adds, before the reset.

    a_h : Any real numbers.

    >>> recurrent_part([2, 4], [[0, 1], [1, 0]], b_hh=[0, 6])
    array([4, 8])
    """
    return W_hh @ h_prev + b_hh


@formula(Eq(a[t], W_xh @ x[t] + b_h + r_gate[t] * a_h[t]), source=["pytorch_gru", "onnx_gru"])
def pre_activation_reset_after(
    x: Array, r_gate: Array, a_h: Array, W_xh: Array, b_h: Array
) -> Array:
    """Pre-activation of the candidate, reset after the product.

    a_h : What the state adds to the pre-activation of the candidate, before the reset.
    a : Any real numbers.

    Half of 4 and a quarter of 8 are seen.

    >>> pre_activation_reset_after(
    ...     x=[10.0], r_gate=[0.5, 0.25], a_h=[4.0, 8.0], W_xh=[[1.0], [2.0]], b_h=np.zeros(2),
    ... )
    array([12., 22.])
    """
    return W_xh @ x + b_h + r_gate * a_h


@formula(Eq(h_tilde[t], tanh(a[t])), source=["cho2014", "zhang2023"])
def candidate(a: Array) -> Array:
    """Candidate for the state.

    h_tilde : What may be written; every entry lies in (-1, 1).

    >>> candidate(np.log([2, 3]))
    array([0.6, 0.8])
    """
    return np.tanh(a)


@formula(
    Eq(h[t], z_gate[t] * h[t - 1] + (1 - z_gate[t]) * h_tilde[t]), source=["cho2014", "zhang2023"]
)
def hidden_state(z_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """Hidden state of a GRU.

    Three quarters of 4 are kept, and one quarter of 8 is written.

    >>> hidden_state([0.75], [4.0], [8.0])
    array([5.])
    """
    return z_gate * h_prev + (1 - z_gate) * h_tilde


ONE_STEP: list[Code] = [
    reset_gate_pre_activation,
    reset_gate,
    update_gate_pre_activation,
    update_gate,
    candidate,
    hidden_state,
]
"""What both variants share."""

BEFORE: list[Code] = [*ONE_STEP, pre_activation_reset_before]
AFTER: list[Code] = [*ONE_STEP, recurrent_part, pre_activation_reset_after]
"""All of one step, with the reset before the product and after it."""


@formula(
    Eq(h[t], h[t - 1] + (1 - z_gate[t]) * (h_tilde[t] - h[t - 1])),
    source="cho2014",
    given=[hidden_state],
    derivation=[
        ("=", z_gate[t] * h[t - 1] + (1 - z_gate[t]) * h_tilde[t], "the hidden state"),
        ("=", "what is not kept, 1 - z, is taken from the old state and given to the candidate"),
    ],
)
def delta_form(z_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """State as an old one and a correction.

    From 4, a quarter of the way to 8.

    >>> delta_form([0.75], [4.0], [8.0])
    array([5.])
    """
    return h_prev + (1 - z_gate) * (h_tilde - h_prev)


@formula(
    Le(Abs(h[t]), Max(Abs(h[t - 1]), 1)),
    source="cho2014",
    given=[update_gate, candidate, hidden_state],
    derivation=[
        ("=", Abs(z_gate[t] * h[t - 1] + (1 - z_gate[t]) * h_tilde[t]), "the hidden state"),
        (
            "<=",
            z_gate[t] * Abs(h[t - 1]) + (1 - z_gate[t]) * Abs(h_tilde[t]),
            "the triangle inequality, as no gate is negative",
        ),
        (
            "<=",
            z_gate[t] * Abs(h[t - 1]) + (1 - z_gate[t]),
            "a hyperbolic tangent stays within one",
        ),
        ("<=", "a mean of two numbers is at most the larger"),
    ],
)
def step_bound(h_prev: Array) -> Array:
    """Bound of one step.

    bound : Bound of each entry of the state, in absolute value.

    >>> step_bound([0.5, -3.0])
    array([1., 3.])
    """
    return np.maximum(np.abs(h_prev), 1)


@formula(
    Le(Abs(h[t]), Max(Abs(h[0]), 1)),
    source="cho2014",
    given=[update_gate, candidate, hidden_state, step_bound],
    derivation=[
        ("<=", Max(Abs(h[t - 1]), 1), "the bound of one step"),
        (
            "<=",
            "the same bound for every step before: the larger of a number and one stays what it is",
        ),
    ],
)
def bounded(h_0: Array) -> Array:
    """Bound of all states.

    bound : Bound of each entry of every state, in absolute value.

    A state that starts at zero never leaves the range of its candidates.

    >>> bounded(np.zeros(2))
    array([1., 1.])
    """
    return np.maximum(np.abs(h_0), 1)


# -- Special cases --------------------------------------------------------------------------------


@formula(
    Eq(h[t], h[t - 1]),
    source="zhang2023",
    given=[hidden_state],
    where=[Eq(z_gate[t], Ones(H))],
    derivation=[("=", "of the candidate nothing is written")],
)
def copy(h_prev: Array) -> Array:
    """Update gate at one: the state is copied.

    >>> copy([0.5])
    array([0.5])
    """
    return h_prev


@formula(
    Eq(h[t], tanh(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)),
    source="zhang2023",
    given=[hidden_state, candidate, pre_activation_reset_before],
    where=[Eq(z_gate[t], Zeros(H)), Eq(r_gate[t], Ones(H))],
    derivation=[
        ("=", h_tilde[t], "nothing of the old state is kept"),
        ("=", "the candidate sees all of it"),
    ],
)
def vanilla_step(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Update gate at zero, reset gate at one: a vanilla network.

    >>> one = np.eye(1)
    >>> vanilla_step(np.log([6]), np.log([2]), W_xh=one, W_hh=-one, b_h=np.zeros(1))
    array([0.8])
    """
    return np.tanh(W_xh @ x + W_hh @ h_prev + b_h)


@formula(
    Eq(h_tilde[t], tanh(W_xh @ x[t] + b_h)),
    source="zhang2023",
    given=[candidate, pre_activation_reset_before],
    where=[Eq(r_gate[t], Zeros(H))],
    derivation=[("=", "the product of the weights with zero is zero")],
)
def forgetting_step(x: Array, W_xh: Array, b_h: Array) -> Array:
    """Reset gate at zero: the candidate forgets.

    h_tilde : Candidate, a function of the input alone.

    >>> forgetting_step(np.log([2]), W_xh=np.eye(1), b_h=np.zeros(1))
    array([0.6])
    """
    return np.tanh(W_xh @ x + b_h)


# -- Which reset ----------------------------------------------------------------------------------


@formula(
    Eq(
        W_xh @ x[t] + Diag(w) @ (r_gate[t] * h[t - 1]) + b_h,
        W_xh @ x[t] + b_h + r_gate[t] * (Diag(w) @ h[t - 1]),
    ),
    source=["cho2014", "pytorch_gru"],
    derivation=[
        (
            "=",
            W_xh @ x[t] + w * (r_gate[t] * h[t - 1]) + b_h,
            "a diagonal matrix scales each entry",
        ),
        (
            "=",
            W_xh @ x[t] + b_h + r_gate[t] * (w * h[t - 1]),
            "the order of a product of numbers is free",
        ),
        ("=", "a diagonal matrix scales each entry"),
    ],
)
def equal_if_diagonal(
    x: Array, r_gate: Array, h_prev: Array, W_xh: Array, w: Array, b_h: Array
) -> Array:
    """Both resets agree if the recurrent weights are diagonal.

    w : Diagonal of the recurrent weights.
    a : Pre-activation of the candidate, by either variant without a recurrent bias.

    >>> equal_if_diagonal(
    ...     x=[10.0], r_gate=[0.5, 0.25], h_prev=[2.0, 4.0], W_xh=[[1.0], [2.0]], w=[3.0, 5.0],
    ...     b_h=np.zeros(2),
    ... )
    array([13., 25.])
    """
    return W_xh @ x + b_h + r_gate * (np.diag(w) @ h_prev)


@formula(
    Eq(W_xh @ x[t] + W_hh @ (u * h[t - 1]) + b_h, W_xh @ x[t] + b_h + u * (W_hh @ h[t - 1])),
    source=["cho2014", "pytorch_gru"],
    derivation=[
        ("=", W_xh @ x[t] + u * (W_hh @ h[t - 1]) + b_h, "a number passes through a linear map"),
        ("=", "the order of a sum is free"),
    ],
)
def equal_if_uniform(
    x: Array, h_prev: Array, W_xh: Array, W_hh: Array, u: float, b_h: Array
) -> Array:
    """Both resets agree if all units reset alike.

    u : Reset gate, the same number in all units.
    a : Pre-activation of the candidate, by either variant without a recurrent bias.

    >>> equal_if_uniform(
    ...     x=[10.0], h_prev=[2.0, 4.0], W_xh=[[1.0], [2.0]], W_hh=[[0.0, 1.0], [1.0, 0.0]], u=0.5,
    ...     b_h=np.zeros(2),
    ... )
    array([12., 21.])
    """
    return W_xh @ x + b_h + u * (W_hh @ h_prev)


# -- Which way the update gate turns --------------------------------------------------------------


@formula(Eq(h[t], (1 - z_gate[t]) * h[t - 1] + z_gate[t] * h_tilde[t]), source="chung2014")
def state_chung(z_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """Hidden state, with the update gate the other way round.

    One quarter of 4 is kept, and three quarters of 8 are written.

    >>> state_chung([0.75], [4.0], [8.0])
    array([7.])
    """
    return (1 - z_gate) * h_prev + z_gate * h_tilde


@formula(
    Eq(h[t], (1 - (1 - z_gate[t])) * h[t - 1] + (1 - z_gate[t]) * h_tilde[t]),
    source=["cho2014", "chung2014"],
    given=[hidden_state],
    derivation=[
        ("=", z_gate[t] * h[t - 1] + (1 - z_gate[t]) * h_tilde[t], "the hidden state"),
        ("=", "what is left of one, when 1 - z is taken away, is z"),
    ],
)
def convention_map(z_gate: Array, h_prev: Array, h_tilde: Array) -> Array:
    """Both conventions make the same states, one with 1 - z for z.

    h : Hidden state of the other convention, whose gate is 1 - z.

    Three quarters of 4 are kept.

    >>> convention_map([0.75], [4.0], [8.0])
    array([5.])
    """
    return (1 - (1 - z_gate)) * h_prev + (1 - z_gate) * h_tilde


@formula(
    Eq(1 - z_gate[t], sigmoid(-W_xz @ x[t] + -W_hz @ h[t - 1] + -b_z)),
    source=["cho2014", "chung2014"],
    given=[
        building_blocks.sigmoid,
        building_blocks.sigmoid_symmetry,
        update_gate_pre_activation,
        update_gate,
    ],
    derivation=[
        ("=", 1 - sigmoid(a_z[t]), "the update gate"),
        ("=", sigmoid(-a_z[t]), "the symmetry of the sigmoid"),
        ("=", "minus the pre-activation, weight by weight"),
    ],
)
def negated_gate(x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_z: Array) -> Array:
    r"""Map between the conventions: negate the weights of the update gate.

    z : Gate of the other convention, with negated weights.

    The pre-activation is :math:`\ln 3`: three quarters are kept here, one quarter is written there.

    >>> negated_gate(
    ...     x=np.log([3]), h_prev=np.zeros(1),
    ...     W_xz=np.eye(1), W_hz=np.zeros((1, 1)), b_z=np.zeros(1),
    ... )
    array([0.25])
    """
    return building_blocks.sigmoid(-W_xz @ x - W_hz @ h_prev - b_z)


# -- How many biases ------------------------------------------------------------------------------


@formula(
    Eq(W_xz @ x[t] + W_hz @ h[t - 1] + b_xz + b_hz, W_xz @ x[t] + W_hz @ h[t - 1] + (b_xz + b_hz)),
    source=["onnx_gru", "pytorch_gru"],
    derivation=[("=", "the order of a sum is free")],
)
def merged_update_biases(
    x: Array, h_prev: Array, W_xz: Array, W_hz: Array, b_xz: Array, b_hz: Array
) -> Array:
    """Two biases of the update gate are one.

    a_z : Pre-activation of the update gate.

    >>> one = np.eye(1)
    >>> merged_update_biases([1], [10], one, one, b_xz=[100], b_hz=[1000])
    array([1111.])
    """
    return W_xz @ x + W_hz @ h_prev + (b_xz + b_hz)


@formula(
    Eq(W_xr @ x[t] + W_hr @ h[t - 1] + b_xr + b_hr, W_xr @ x[t] + W_hr @ h[t - 1] + (b_xr + b_hr)),
    source=["onnx_gru", "pytorch_gru"],
    derivation=[("=", "the order of a sum is free")],
)
def merged_reset_biases(
    x: Array, h_prev: Array, W_xr: Array, W_hr: Array, b_xr: Array, b_hr: Array
) -> Array:
    """Two biases of the reset gate are one.

    a_r : Pre-activation of the reset gate.

    >>> one = np.eye(1)
    >>> merged_reset_biases([1], [10], one, one, b_xr=[100], b_hr=[1000])
    array([1111.])
    """
    return W_xr @ x + W_hr @ h_prev + (b_xr + b_hr)


@formula(
    Eq(
        W_xh @ x[t] + W_hh @ (r_gate[t] * h[t - 1]) + b_hh + b_ih,
        W_xh @ x[t] + W_hh @ (r_gate[t] * h[t - 1]) + (b_ih + b_hh),
    ),
    source="onnx_gru",
    derivation=[("=", "the order of a sum is free")],
)
def merged_candidate_biases(
    x: Array, r_gate: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_ih: Array, b_hh: Array
) -> Array:
    """Two biases of the candidate are one, if the reset comes before.

    a : Pre-activation of the candidate.

    >>> one = np.eye(1)
    >>> merged_candidate_biases([1], [0.5], [20], one, one, b_ih=[100], b_hh=[1000])
    array([1111.])
    """
    return W_xh @ x + W_hh @ (r_gate * h_prev) + (b_ih + b_hh)


@formula(
    Eq(Immediate(a[t], b_hh), Diag(r_gate[t]) @ Immediate(a[t], b_h)),
    source=["pytorch_gru", "onnx_gru"],
    given=[recurrent_part, pre_activation_reset_after],
    derivation=[
        ("=", Diag(r_gate[t]), "the bias is added before the reset, and the gate scales it"),
        ("=", "the other bias is added after the reset, and moves the pre-activation as it is"),
    ],
    bindings={"da_db": Immediate(a[t], b_h)},
)
def recurrent_bias_jacobian(da_db: Array, r_gate: Array) -> Array:
    """A recurrent bias acts through the reset gate.

    da_db : Immediate derivative of the pre-activation by the bias that comes with the input.

    >>> recurrent_bias_jacobian(np.eye(2), [0.5, 0.25])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return np.diag(r_gate) @ da_db


@formula(
    Eq(Size(b_r) + Size(b_z) + Size(b_h), Number(3 * H)),
    source=["keras_gru", "zhang2023"],
    derivation=[("=", "one number a unit, three times")],
)
def bias_count_before(H: int) -> int:
    """Biases, reset before.

    count : Numbers that training sets.

    >>> bias_count_before(H=2)
    6
    """
    return 3 * H


@formula(
    Eq(Size(b_r) + Size(b_z) + Size(b_h) + Size(b_hh), Number(4 * H)),
    source=["flax_gru", "pytorch_gru"],
    derivation=[("=", "one number a unit, four times")],
)
def bias_count_after(H: int) -> int:
    """Biases that count, reset after.

    count : Numbers that training sets, none of them redundant.

    >>> bias_count_after(H=2)
    8
    """
    return 4 * H


@formula(
    Eq(Size(b_xr) + Size(b_hr) + Size(b_xz) + Size(b_hz) + Size(b_ih) + Size(b_hh), Number(6 * H)),
    source=["onnx_gru", "pytorch_gru"],
    derivation=[("=", "one number a unit, six times")],
)
def bias_count_two(H: int) -> int:
    """Biases that are stored, two for each part.

    count : Numbers that are stored, some of them redundant.

    >>> bias_count_two(H=2)
    12
    """
    return 6 * H


@formula(
    Eq(
        Size(W_xr)
        + Size(W_xz)
        + Size(W_xh)
        + Size(W_hr)
        + Size(W_hz)
        + Size(W_hh)
        + Size(b_r)
        + Size(b_z)
        + Size(b_h),
        Number(3 * H * (D + H + 1)),
    ),
    source=["keras_gru", "zhang2023"],
    derivation=[
        (
            "=",
            Number(3 * H * D) + Number(3 * H * H) + Number(3 * H),
            "a matrix has rows times columns, a vector one number a row",
        ),
        ("=", "three times a vanilla network without its output"),
    ],
)
def parameter_count(D: int, H: int) -> int:
    """Number of parameters, reset before.

    count : Numbers that training sets.

    Three times two rows of 3 + 2 + 1.

    >>> parameter_count(D=3, H=2)
    36
    """
    return 3 * H * (D + H + 1)


@formula(
    Eq(
        Size(W_xr)
        + Size(W_xz)
        + Size(W_xh)
        + Size(W_hr)
        + Size(W_hz)
        + Size(W_hh)
        + Size(b_xr)
        + Size(b_hr)
        + Size(b_xz)
        + Size(b_hz)
        + Size(b_ih)
        + Size(b_hh),
        Number(3 * H * (D + H + 2)),
    ),
    source=["pytorch_gru", "onnx_gru"],
    derivation=[
        (
            "=",
            Number(3 * H * D) + Number(3 * H * H) + Number(6 * H),
            "a matrix has rows times columns, a vector one number a row",
        ),
        ("=", "each row has two biases"),
    ],
)
def parameter_count_two(D: int, H: int) -> int:
    """Number of parameters that are stored, with two biases for each part.

    count : Numbers that are stored.

    Three times two rows of 3 + 2 + 2.

    >>> parameter_count_two(D=3, H=2)
    42
    """
    return 3 * H * (D + H + 2)


# -- The Jacobian of one step ---------------------------------------------------------------------


@formula(Eq(a[t], W_xh @ x[t] + R(r_gate[t], h[t - 1]) + b_h), source=["cho2014", "pytorch_gru"])
def pre_activation_any_reset(
    x: Array, r_gate: Array, h_prev: Array, W_xh: Array, b_h: Array, R: Map
) -> Array:
    """Pre-activation of the candidate, with any reset.

    a : Any real numbers.

    The reset before the product is one such map.

    >>> pre_activation_any_reset(
    ...     x=[10.0], r_gate=[0.5], h_prev=[2.0], W_xh=[[1.0]], b_h=np.zeros(1), R=lambda r,
    ...     h: 3 * (r * h),
    ... )
    array([13.])
    """
    return W_xh @ x + R(r_gate, h_prev) + b_h


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(z_gate[t])
        + Diag(1 - z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1])
        + Diag(h[t - 1] - h_tilde[t]) @ Jacobian(z_gate[t], h[t - 1]),
    ),
    source=["cho2014", "werbos1990"],
    given=[*ONE_STEP, pre_activation_any_reset],
    derivation=[("=", "the product rule: the old state, the candidate and the update gate move")],
    bindings={
        "dh_tilde_dh": Jacobian(h_tilde[t], h[t - 1]),
        "dz_dh": Jacobian(z_gate[t], h[t - 1]),
    },
)
def jacobian_paths(
    dh_tilde_dh: Array, dz_dh: Array, z_gate: Array, h_prev: Array, h_tilde: Array
) -> Array:
    """Jacobian of one step by its paths.

    J : Total derivative of the state by the one before.

    One half by copy, one half by candidate and three by update gate.

    >>> jacobian_paths(
    ...     dh_tilde_dh=np.eye(1), dz_dh=np.eye(1), z_gate=[0.5], h_prev=[3.6], h_tilde=[0.6],
    ... )
    array([[4.]])
    """
    return np.diag(z_gate) + np.diag(1 - z_gate) @ dh_tilde_dh + np.diag(h_prev - h_tilde) @ dz_dh


@formula(
    Eq(Jacobian(r_gate[t], h[t - 1]), Diag(r_gate[t] * (1 - r_gate[t])) @ W_hr),
    source=["cho2014", "werbos1990"],
    given=[reset_gate_pre_activation, reset_gate],
    derivation=[
        (
            "=",
            Diag(r_gate[t] * (1 - r_gate[t])) @ Jacobian(a_r[t], h[t - 1]),
            "the slope of the sigmoid",
        ),
        ("=", "a linear map of the state before"),
    ],
)
def reset_gate_jacobian(r_gate: Array, W_hr: Array) -> Array:
    """Jacobian of the reset gate.

    >>> reset_gate_jacobian([0.5, 0.75], [[1, 2], [3, 4]])
    array([[0.25  , 0.5   ],
           [0.5625, 0.75  ]])
    """
    return np.diag(r_gate * (1 - r_gate)) @ W_hr


@formula(
    Eq(Jacobian(z_gate[t], h[t - 1]), Diag(z_gate[t] * (1 - z_gate[t])) @ W_hz),
    source=["cho2014", "werbos1990"],
    given=[update_gate_pre_activation, update_gate],
    derivation=[
        (
            "=",
            Diag(z_gate[t] * (1 - z_gate[t])) @ Jacobian(a_z[t], h[t - 1]),
            "the slope of the sigmoid",
        ),
        ("=", "a linear map of the state before"),
    ],
)
def update_gate_jacobian(z_gate: Array, W_hz: Array) -> Array:
    """Jacobian of the update gate.

    >>> update_gate_jacobian([0.5, 0.75], [[1, 2], [3, 4]])
    array([[0.25  , 0.5   ],
           [0.5625, 0.75  ]])
    """
    return np.diag(z_gate * (1 - z_gate)) @ W_hz


@formula(
    Eq(
        Jacobian(h_tilde[t], h[t - 1]),
        Diag(1 - h_tilde[t] ** 2)
        @ W_hh
        @ (Diag(r_gate[t]) + Diag(h[t - 1]) @ Jacobian(r_gate[t], h[t - 1])),
    ),
    source=["cho2014", "werbos1990"],
    given=BEFORE,
    derivation=[
        (
            "=",
            Diag(1 - h_tilde[t] ** 2) @ Jacobian(a[t], h[t - 1]),
            "the slope of the hyperbolic tangent",
        ),
        ("=", "it reads the old state, and a reset gate that has read it"),
    ],
    bindings={"dr_dh": Jacobian(r_gate[t], h[t - 1])},
)
def candidate_jacobian_before(
    dr_dh: Array, r_gate: Array, h_prev: Array, h_tilde: Array, W_hh: Array
) -> Array:
    """Jacobian of the candidate, reset before the product.

    >>> one = np.eye(1)
    >>> candidate_jacobian_before(dr_dh=one, r_gate=[0.5], h_prev=[2.0], h_tilde=[0.6], W_hh=one)
    array([[1.6]])
    """
    return np.diag(1 - h_tilde**2) @ W_hh @ (np.diag(r_gate) + np.diag(h_prev) @ dr_dh)


@formula(
    Eq(
        Jacobian(h_tilde[t], h[t - 1]),
        Diag(1 - h_tilde[t] ** 2)
        @ (Diag(r_gate[t]) @ W_hh + Diag(a_h[t]) @ Jacobian(r_gate[t], h[t - 1])),
    ),
    source=["cho2014", "werbos1990"],
    given=AFTER,
    derivation=[
        (
            "=",
            Diag(1 - h_tilde[t] ** 2) @ Jacobian(a[t], h[t - 1]),
            "the slope of the hyperbolic tangent",
        ),
        ("=", "what the state adds is scaled by a reset gate that has read the state"),
    ],
    bindings={"dr_dh": Jacobian(r_gate[t], h[t - 1])},
)
def candidate_jacobian_after(
    dr_dh: Array, r_gate: Array, h_tilde: Array, a_h: Array, W_hh: Array
) -> Array:
    """Jacobian of the candidate, reset after the product.

    a_h : What the state adds to the pre-activation of the candidate, before the reset.

    >>> one = np.eye(1)
    >>> candidate_jacobian_after(dr_dh=one, r_gate=[0.5], h_tilde=[0.6], a_h=[2.0], W_hh=one)
    array([[1.6]])
    """
    return np.diag(1 - h_tilde**2) @ (np.diag(r_gate) @ W_hh + np.diag(a_h) @ dr_dh)


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(z_gate[t])
        + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2))
        @ W_hh
        @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr)
        + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
    ),
    source=["cho2014", "werbos1990"],
    given=BEFORE,
    derivation=[
        (
            "=",
            Diag(z_gate[t])
            + Diag(1 - z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1])
            + Diag(h[t - 1] - h_tilde[t]) @ Jacobian(z_gate[t], h[t - 1]),
            "three ways: the copy, the candidate and the update gate",
        ),
        (
            "=",
            Diag(z_gate[t])
            + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2)) @ Jacobian(a[t], h[t - 1])
            + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
            "the slope of the hyperbolic tangent, and that of the sigmoid",
        ),
        (
            "=",
            Diag(z_gate[t])
            + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2))
            @ W_hh
            @ (Diag(r_gate[t]) + Diag(h[t - 1]) @ Jacobian(r_gate[t], h[t - 1]))
            + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
            "the candidate reads the old state, and a reset gate that has read it",
        ),
        ("=", "the slope of the sigmoid"),
    ],
)
def jacobian_reset_before(
    z_gate: Array,
    r_gate: Array,
    h_prev: Array,
    h_tilde: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Jacobian of one step, reset before the product.

    J : Total derivative of the state by the one before.

    One unit: 0.5 by copy, 0.16 by candidate, 0.16 by reset and 0.1 by update.

    >>> one = np.eye(1)
    >>> half = np.array([0.5])
    >>> jacobian_reset_before(
    ...     z_gate=half, r_gate=half, h_prev=[1.0], h_tilde=[0.6], W_hz=one, W_hr=2 * one, W_hh=one,
    ... )
    array([[0.92]])
    """
    inner = np.diag((1 - z_gate) * (1 - h_tilde**2)) @ W_hh
    reset = inner @ np.diag(h_prev * r_gate * (1 - r_gate)) @ W_hr
    update = np.diag((h_prev - h_tilde) * z_gate * (1 - z_gate)) @ W_hz
    return np.diag(z_gate) + inner @ np.diag(r_gate) + reset + update


@formula(
    Eq(
        Jacobian(h[t], h[t - 1]),
        Diag(z_gate[t])
        + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2))
        @ (Diag(r_gate[t]) @ W_hh + Diag(a_h[t] * r_gate[t] * (1 - r_gate[t])) @ W_hr)
        + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
    ),
    source=["cho2014", "werbos1990"],
    given=AFTER,
    derivation=[
        (
            "=",
            Diag(z_gate[t])
            + Diag(1 - z_gate[t]) @ Jacobian(h_tilde[t], h[t - 1])
            + Diag(h[t - 1] - h_tilde[t]) @ Jacobian(z_gate[t], h[t - 1]),
            "three ways: the copy, the candidate and the update gate",
        ),
        (
            "=",
            Diag(z_gate[t])
            + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2)) @ Jacobian(a[t], h[t - 1])
            + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
            "the slope of the hyperbolic tangent, and that of the sigmoid",
        ),
        (
            "=",
            Diag(z_gate[t])
            + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2))
            @ (Diag(r_gate[t]) @ W_hh + Diag(a_h[t]) @ Jacobian(r_gate[t], h[t - 1]))
            + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
            "what the state adds is scaled by a reset gate that has read the state",
        ),
        ("=", "the slope of the sigmoid"),
    ],
)
def jacobian_reset_after(
    z_gate: Array,
    r_gate: Array,
    h_prev: Array,
    h_tilde: Array,
    a_h: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Jacobian of one step, reset after the product.

    a_h : What the state adds to the pre-activation of the candidate, before the reset.
    J : Total derivative of the state by the one before.

    One unit: 0.5 by copy, 0.16 by candidate, 0.32 by reset and 0.1 by update.

    >>> one = np.eye(1)
    >>> half = np.array([0.5])
    >>> jacobian_reset_after(
    ...     z_gate=half, r_gate=half, h_prev=[1.0], h_tilde=[0.6], a_h=[2.0], W_hz=one,
    ...     W_hr=2 * one, W_hh=one,
    ... )
    array([[1.08]])
    """
    inner = np.diag((1 - z_gate) * (1 - h_tilde**2))
    reset = inner @ np.diag(a_h * r_gate * (1 - r_gate)) @ W_hr
    update = np.diag((h_prev - h_tilde) * z_gate * (1 - z_gate)) @ W_hz
    return np.diag(z_gate) + inner @ np.diag(r_gate) @ W_hh + reset + update


# -- The backward pass: what both variants share --------------------------------------------------


SHARED: list[Code] = [*ONE_STEP, pre_activation_any_reset, hidden_loss, loss_sum]
"""Forward pass and loss, whatever the reset does."""

LOSS_BEFORE: list[Code] = [*BEFORE, hidden_loss, loss_sum]
LOSS_AFTER: list[Code] = [*AFTER, hidden_loss, loss_sum]
"""Forward pass and loss of each variant."""


@formula(
    Eq(Gradient(L, h[T]), Gradient(L_t[T], h[T])),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "no step follows")],
    bindings={"dL_T": Gradient(L_t[T], h[T])},
)
def last_state_gradient(dL_T: Array) -> Array:
    """Gradient by the last state.

    >>> last_state_gradient([1.0])
    array([1.])
    """
    return dL_T


@formula(
    Eq(Gradient(L, z_gate[t]), (h[t - 1] - h_tilde[t]) * Gradient(L, h[t])),
    source=["cho2014", "werbos1990"],
    given=[*SHARED, building_blocks.gradient_column],
    derivation=[
        ("=", Jacobian(L, z_gate[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, h[t]) @ Jacobian(h[t], z_gate[t])).T,
            "the gate reaches the loss through its own state alone",
        ),
        (
            "=",
            Jacobian(h[t], z_gate[t]).T @ Gradient(L, h[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        (
            "=",
            Diag(h[t - 1] - h_tilde[t]) @ Gradient(L, h[t]),
            "what it keeps of the old state, it takes from the candidate",
        ),
        ("=", "a diagonal matrix scales each entry"),
    ],
    bindings={"dh": Gradient(L, h[t])},
)
def update_gate_gradient(dh: Array, h_prev: Array, h_tilde: Array) -> Array:
    """Gradient by the update gate.

    >>> update_gate_gradient(dh=[10.0], h_prev=[0.5], h_tilde=[0.8])
    array([-3.])
    """
    return (h_prev - h_tilde) * dh


@formula(
    Eq(Gradient(L, a_z[t]), z_gate[t] * (1 - z_gate[t]) * Gradient(L, z_gate[t])),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the slope of the sigmoid")],
    bindings={"dz": Gradient(L, z_gate[t])},
)
def update_pre_activation_gradient(dz: Array, z_gate: Array) -> Array:
    """Gradient by the pre-activation of the update gate.

    >>> update_pre_activation_gradient(dz=[16.0], z_gate=[0.75])
    array([3.])
    """
    return z_gate * (1 - z_gate) * dz


@formula(
    Eq(Gradient(L, h_tilde[t]), (1 - z_gate[t]) * Gradient(L, h[t])),
    source=["cho2014", "werbos1990"],
    given=[*SHARED, building_blocks.gradient_column],
    derivation=[
        ("=", Jacobian(L, h_tilde[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, h[t]) @ Jacobian(h[t], h_tilde[t])).T,
            "the candidate reaches the loss through its own state alone",
        ),
        (
            "=",
            Jacobian(h[t], h_tilde[t]).T @ Gradient(L, h[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        ("=", Diag(1 - z_gate[t]) @ Gradient(L, h[t]), "the gate writes this share of it"),
        ("=", "a diagonal matrix scales each entry"),
    ],
    bindings={"dh": Gradient(L, h[t])},
)
def candidate_gradient(dh: Array, z_gate: Array) -> Array:
    """Gradient by the candidate.

    >>> candidate_gradient(dh=[4.0], z_gate=[0.75])
    array([1.])
    """
    return (1 - z_gate) * dh


@formula(
    Eq(Gradient(L, a[t]), (1 - h_tilde[t] ** 2) * Gradient(L, h_tilde[t])),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the slope of the hyperbolic tangent")],
    bindings={"dh_tilde": Gradient(L, h_tilde[t])},
)
def candidate_pre_activation_gradient(dh_tilde: Array, h_tilde: Array) -> Array:
    """Gradient by the pre-activation of the candidate.

    >>> candidate_pre_activation_gradient(dh_tilde=[100.0], h_tilde=[0.6])
    array([64.])
    """
    return (1 - h_tilde**2) * dh_tilde


@formula(
    Eq(Gradient(L, a_r[t]), r_gate[t] * (1 - r_gate[t]) * Gradient(L, r_gate[t])),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the slope of the sigmoid")],
    bindings={"dr": Gradient(L, r_gate[t])},
)
def reset_pre_activation_gradient(dr: Array, r_gate: Array) -> Array:
    """Gradient by the pre-activation of the reset gate.

    >>> reset_pre_activation_gradient(dr=[16.0], r_gate=[0.75])
    array([3.])
    """
    return r_gate * (1 - r_gate) * dr


@formula(
    Eq(Gradient(L, W_xr), Sum(Outer(Gradient(L, a_r[t]), x[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the weights act at each step, on the input of that step")],
    bindings={"da_rs": Stack(Gradient(L, a_r[t]), t, 1, T)},
)
def reset_input_weight_gradient(da_rs: Array, xs: Array) -> Array:
    """Gradient by the input weights of the reset gate.

    >>> reset_input_weight_gradient([[2], [5]], [[1, 0], [0, 1]])
    array([[2, 5]])
    """
    return da_rs.T @ xs


@formula(
    Eq(Gradient(L, W_xz), Sum(Outer(Gradient(L, a_z[t]), x[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the weights act at each step, on the input of that step")],
    bindings={"da_zs": Stack(Gradient(L, a_z[t]), t, 1, T)},
)
def update_input_weight_gradient(da_zs: Array, xs: Array) -> Array:
    """Gradient by the input weights of the update gate.

    >>> update_input_weight_gradient([[2], [5]], [[1, 0], [0, 1]])
    array([[2, 5]])
    """
    return da_zs.T @ xs


@formula(
    Eq(Gradient(L, W_xh), Sum(Outer(Gradient(L, a[t]), x[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the weights act at each step, on the input of that step")],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)
def candidate_input_weight_gradient(das: Array, xs: Array) -> Array:
    """Gradient by the input weights of the candidate.

    >>> candidate_input_weight_gradient([[2], [5]], [[1, 0], [0, 1]])
    array([[2, 5]])
    """
    return das.T @ xs


@formula(
    Eq(Gradient(L, W_hr), Sum(Outer(Gradient(L, a_r[t]), h[t - 1]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the weights act at each step, on the state before")],
    bindings={"da_rs": Stack(Gradient(L, a_r[t]), t, 1, T)},
)
def reset_recurrent_weight_gradient(da_rs: Array, h_prevs: Array) -> Array:
    """Gradient by the recurrent weights of the reset gate.

    dW_hr : Gradient by the recurrent weights of the reset gate.

    Two steps of one unit: 2 times 3, and 5 times 7.

    >>> reset_recurrent_weight_gradient([[2], [5]], [[3], [7]])
    array([[41]])
    """
    return da_rs.T @ h_prevs


@formula(
    Eq(Gradient(L, W_hz), Sum(Outer(Gradient(L, a_z[t]), h[t - 1]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the weights act at each step, on the state before")],
    bindings={"da_zs": Stack(Gradient(L, a_z[t]), t, 1, T)},
)
def update_recurrent_weight_gradient(da_zs: Array, h_prevs: Array) -> Array:
    """Gradient by the recurrent weights of the update gate.

    dW_hz : Gradient by the recurrent weights of the update gate.

    Two steps of one unit: 2 times 3, and 5 times 7.

    >>> update_recurrent_weight_gradient([[2], [5]], [[3], [7]])
    array([[41]])
    """
    return da_zs.T @ h_prevs


@formula(
    Eq(Gradient(L, b_r), Sum(Gradient(L, a_r[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the bias is added at each step")],
    bindings={"da_rs": Stack(Gradient(L, a_r[t]), t, 1, T)},
)
def reset_bias_gradient(da_rs: Array) -> Array:
    """Gradient by the bias of the reset gate.

    >>> reset_bias_gradient([[1, 2], [3, 4]])
    array([4, 6])
    """
    return np.sum(da_rs, axis=0)


@formula(
    Eq(Gradient(L, b_z), Sum(Gradient(L, a_z[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the bias is added at each step")],
    bindings={"da_zs": Stack(Gradient(L, a_z[t]), t, 1, T)},
)
def update_bias_gradient(da_zs: Array) -> Array:
    """Gradient by the bias of the update gate.

    >>> update_bias_gradient([[1, 2], [3, 4]])
    array([4, 6])
    """
    return np.sum(da_zs, axis=0)


@formula(
    Eq(Gradient(L, b_h), Sum(Gradient(L, a[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=SHARED,
    derivation=[("=", "the bias is added at each step")],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)
def candidate_bias_gradient(das: Array) -> Array:
    """Gradient by the bias of the candidate.

    >>> candidate_bias_gradient([[1, 2], [3, 4]])
    array([4, 6])
    """
    return np.sum(das, axis=0)


@formula(
    Eq(
        Gradient(L, x[t]),
        W_xr.T @ Gradient(L, a_r[t]) + W_xz.T @ Gradient(L, a_z[t]) + W_xh.T @ Gradient(L, a[t]),
    ),
    source=["cho2014", "werbos1990"],
    given=[*SHARED, building_blocks.gradient_column],
    derivation=[
        ("=", Jacobian(L, x[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a_r[t]) @ W_xr + Jacobian(L, a_z[t]) @ W_xz + Jacobian(L, a[t]) @ W_xh).T,
            "three ways: the reset gate, the update gate and the candidate",
        ),
        ("=", "transposed, the factors change places, and the rows become gradients"),
    ],
    bindings={"da_r": Gradient(L, a_r[t]), "da_z": Gradient(L, a_z[t]), "da": Gradient(L, a[t])},
)
def input_gradient(
    da_z: Array, da_r: Array, da: Array, W_xz: Array, W_xr: Array, W_xh: Array
) -> Array:
    """Gradient by an input.

    >>> row = np.array([[1, 2]])
    >>> input_gradient([10], [1], [100], row, row, row)
    array([111, 222])
    """
    return W_xr.T @ da_r + W_xz.T @ da_z + W_xh.T @ da


# -- The backward pass: reset before the product --------------------------------------------------


@formula(
    Eq(Gradient(L, r_gate[t]), h[t - 1] * (W_hh.T @ Gradient(L, a[t]))),
    source=["cho2014", "werbos1990"],
    given=[*LOSS_BEFORE, building_blocks.gradient_column],
    derivation=[
        ("=", Jacobian(L, r_gate[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a[t]) @ Jacobian(a[t], r_gate[t])).T,
            "the gate reaches the loss through the candidate alone",
        ),
        (
            "=",
            Jacobian(a[t], r_gate[t]).T @ Gradient(L, a[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        (
            "=",
            (W_hh @ Diag(h[t - 1])).T @ Gradient(L, a[t]),
            "it scales the state before the product",
        ),
        ("=", "a diagonal matrix is its own transpose, and scales each entry"),
    ],
    bindings={"da": Gradient(L, a[t])},
)
def reset_gate_gradient_before(da: Array, h_prev: Array, W_hh: Array) -> Array:
    """Gradient by the reset gate, reset before the product.

    >>> reset_gate_gradient_before([1, 10], [5, 6], [[1, 2], [3, 4]])
    array([155, 252])
    """
    return h_prev * (W_hh.T @ da)


@formula(
    Eq(
        Gradient(L, h[t]),
        Gradient(L_t[t], h[t])
        + z_gate[t + 1] * Gradient(L, h[t + 1])
        + W_hz.T @ Gradient(L, a_z[t + 1])
        + W_hr.T @ Gradient(L, a_r[t + 1])
        + r_gate[t + 1] * (W_hh.T @ Gradient(L, a[t + 1])),
    ),
    source=["cho2014", "werbos1990"],
    given=LOSS_BEFORE,
    ranges={t: (1, T - 1)},
    derivation=[("=", "its own loss, and in the next step the copy, both gates and the candidate")],
    bindings={
        "dL": Gradient(L_t[t], h[t]),
        "dh_next": Gradient(L, h[t + 1]),
        "da_z_next": Gradient(L, a_z[t + 1]),
        "da_r_next": Gradient(L, a_r[t + 1]),
        "da_next": Gradient(L, a[t + 1]),
    },
)
def state_gradient_before(
    dL: Array,
    dh_next: Array,
    da_z_next: Array,
    da_r_next: Array,
    da_next: Array,
    z_gate_next: Array,
    r_gate_next: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Gradient by a state, reset before the product.

    The loss adds 1, the copy 10, the gates 100 and 1000, the candidate 10000.

    >>> one, half = np.eye(1), np.array([0.5])
    >>> state_gradient_before(
    ...     dL=[1], dh_next=[20], da_z_next=[100], da_r_next=[1000], da_next=[20000],
    ...     z_gate_next=half, r_gate_next=half, W_hz=one, W_hr=one, W_hh=one,
    ... )
    array([11111.])
    """
    through_gates = W_hz.T @ da_z_next + W_hr.T @ da_r_next
    return dL + z_gate_next * dh_next + through_gates + r_gate_next * (W_hh.T @ da_next)


@formula(
    Eq(
        Gradient(L, h[0]),
        z_gate[1] * Gradient(L, h[1])
        + W_hz.T @ Gradient(L, a_z[1])
        + W_hr.T @ Gradient(L, a_r[1])
        + r_gate[1] * (W_hh.T @ Gradient(L, a[1])),
    ),
    source=["cho2014", "werbos1990"],
    given=LOSS_BEFORE,
    derivation=[("=", "through the first step alone: the copy, both gates and the candidate")],
    bindings={
        "dh_1": Gradient(L, h[1]),
        "da_z_1": Gradient(L, a_z[1]),
        "da_r_1": Gradient(L, a_r[1]),
        "da_1": Gradient(L, a[1]),
        "z_gate_1": z_gate[1],
        "r_gate_1": r_gate[1],
    },
)
def initial_state_gradient_before(
    dh_1: Array,
    da_z_1: Array,
    da_r_1: Array,
    da_1: Array,
    z_gate_1: Array,
    r_gate_1: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Gradient by the initial state, reset before the product.

    dh_0 : Gradient by the initial state.

    >>> one, half = np.eye(1), np.array([0.5])
    >>> initial_state_gradient_before(
    ...     dh_1=[20], da_z_1=[100], da_r_1=[1000], da_1=[20000], z_gate_1=half, r_gate_1=half,
    ...     W_hz=one, W_hr=one, W_hh=one,
    ... )
    array([11110.])
    """
    through_gates = W_hz.T @ da_z_1 + W_hr.T @ da_r_1
    return z_gate_1 * dh_1 + through_gates + r_gate_1 * (W_hh.T @ da_1)


@formula(
    Eq(Gradient(L, W_hh), Sum(Outer(Gradient(L, a[t]), r_gate[t] * h[t - 1]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=LOSS_BEFORE,
    derivation=[
        ("=", "the weights act at each step, on what the reset leaves of the state before")
    ],
    bindings={"das": Stack(Gradient(L, a[t]), t, 1, T)},
)
def candidate_recurrent_weight_gradient_before(das: Array, r_gates: Array, h_prevs: Array) -> Array:
    """Gradient by the recurrent weights of the candidate, reset before the product.

    dW_hh : Gradient by the recurrent weights of the candidate.

    Two steps of one unit: 2 times half of 3, and 5 times half of 7.

    >>> candidate_recurrent_weight_gradient_before([[2], [5]], [[0.5], [0.5]], [[3], [7]])
    array([[20.5]])
    """
    return das.T @ (r_gates * h_prevs)


# -- The backward pass: reset after the product ---------------------------------------------------


@formula(
    Eq(Gradient(L, r_gate[t]), a_h[t] * Gradient(L, a[t])),
    source=["cho2014", "werbos1990"],
    given=[*LOSS_AFTER, building_blocks.gradient_column],
    derivation=[
        ("=", Jacobian(L, r_gate[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a[t]) @ Jacobian(a[t], r_gate[t])).T,
            "the gate reaches the loss through the candidate alone",
        ),
        (
            "=",
            Jacobian(a[t], r_gate[t]).T @ Gradient(L, a[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        ("=", Diag(a_h[t]) @ Gradient(L, a[t]), "it scales what the state adds"),
        ("=", "a diagonal matrix scales each entry"),
    ],
    bindings={"da": Gradient(L, a[t])},
)
def reset_gate_gradient_after(da: Array, a_h: Array) -> Array:
    """Gradient by the reset gate, reset after the product.

    a_h : What the state adds to the pre-activation of the candidate, before the reset.

    >>> reset_gate_gradient_after([1, 10], [5, 6])
    array([ 5, 60])
    """
    return a_h * da


@formula(
    Eq(Gradient(L, a_h[t]), r_gate[t] * Gradient(L, a[t])),
    source=["cho2014", "werbos1990"],
    given=[*LOSS_AFTER, building_blocks.gradient_column],
    derivation=[
        ("=", Jacobian(L, a_h[t]).T, "the gradient is the derivative, written as a column"),
        (
            "=",
            (Jacobian(L, a[t]) @ Jacobian(a[t], a_h[t])).T,
            "it reaches the loss through the candidate alone",
        ),
        (
            "=",
            Jacobian(a[t], a_h[t]).T @ Gradient(L, a[t]),
            "transposed, the factors change places, and the row becomes a gradient",
        ),
        ("=", Diag(r_gate[t]) @ Gradient(L, a[t]), "the reset gate scales it"),
        ("=", "a diagonal matrix scales each entry"),
    ],
    bindings={"da": Gradient(L, a[t])},
)
def recurrent_part_gradient(da: Array, r_gate: Array) -> Array:
    """Gradient by what the state adds.

    da_h : Gradient by what the state adds at this step, before the reset.

    >>> recurrent_part_gradient([4.0], [0.5])
    array([2.])
    """
    return r_gate * da


@formula(
    Eq(
        Gradient(L, h[t]),
        Gradient(L_t[t], h[t])
        + z_gate[t + 1] * Gradient(L, h[t + 1])
        + W_hz.T @ Gradient(L, a_z[t + 1])
        + W_hr.T @ Gradient(L, a_r[t + 1])
        + W_hh.T @ Gradient(L, a_h[t + 1]),
    ),
    source=["cho2014", "werbos1990"],
    given=LOSS_AFTER,
    ranges={t: (1, T - 1)},
    derivation=[("=", "its own loss, and in the next step the copy, both gates and the candidate")],
    bindings={
        "dL": Gradient(L_t[t], h[t]),
        "dh_next": Gradient(L, h[t + 1]),
        "da_z_next": Gradient(L, a_z[t + 1]),
        "da_r_next": Gradient(L, a_r[t + 1]),
        "da_h_next": Gradient(L, a_h[t + 1]),
    },
)
def state_gradient_after(
    dL: Array,
    dh_next: Array,
    da_z_next: Array,
    da_r_next: Array,
    da_h_next: Array,
    z_gate_next: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Gradient by a state, reset after the product.

    >>> one, half = np.eye(1), np.array([0.5])
    >>> state_gradient_after(
    ...     dL=[1], dh_next=[20], da_z_next=[100], da_r_next=[1000], da_h_next=[10000],
    ...     z_gate_next=half, W_hz=one, W_hr=one, W_hh=one,
    ... )
    array([11111.])
    """
    through_gates = W_hz.T @ da_z_next + W_hr.T @ da_r_next
    return dL + z_gate_next * dh_next + through_gates + W_hh.T @ da_h_next


@formula(
    Eq(
        Gradient(L, h[0]),
        z_gate[1] * Gradient(L, h[1])
        + W_hz.T @ Gradient(L, a_z[1])
        + W_hr.T @ Gradient(L, a_r[1])
        + W_hh.T @ Gradient(L, a_h[1]),
    ),
    source=["cho2014", "werbos1990"],
    given=LOSS_AFTER,
    derivation=[("=", "through the first step alone: the copy, both gates and the candidate")],
    bindings={
        "dh_1": Gradient(L, h[1]),
        "da_z_1": Gradient(L, a_z[1]),
        "da_r_1": Gradient(L, a_r[1]),
        "da_h_1": Gradient(L, a_h[1]),
        "z_gate_1": z_gate[1],
    },
)
def initial_state_gradient_after(
    dh_1: Array,
    da_z_1: Array,
    da_r_1: Array,
    da_h_1: Array,
    z_gate_1: Array,
    W_hz: Array,
    W_hr: Array,
    W_hh: Array,
) -> Array:
    """Gradient by the initial state, reset after the product.

    dh_0 : Gradient by the initial state.

    >>> one, half = np.eye(1), np.array([0.5])
    >>> initial_state_gradient_after(
    ...     dh_1=[20], da_z_1=[100], da_r_1=[1000], da_h_1=[10000], z_gate_1=half, W_hz=one,
    ...     W_hr=one, W_hh=one,
    ... )
    array([11110.])
    """
    through_gates = W_hz.T @ da_z_1 + W_hr.T @ da_r_1
    return z_gate_1 * dh_1 + through_gates + W_hh.T @ da_h_1


@formula(
    Eq(Gradient(L, W_hh), Sum(Outer(Gradient(L, a_h[t]), h[t - 1]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=LOSS_AFTER,
    derivation=[("=", "the weights act at each step, on all of the state before")],
    bindings={"da_hs": Stack(Gradient(L, a_h[t]), t, 1, T)},
)
def candidate_recurrent_weight_gradient_after(da_hs: Array, h_prevs: Array) -> Array:
    """Gradient by the recurrent weights of the candidate, reset after the product.

    dW_hh : Gradient by the recurrent weights of the candidate.

    >>> candidate_recurrent_weight_gradient_after([[2], [5]], [[3], [7]])
    array([[41]])
    """
    return da_hs.T @ h_prevs


@formula(
    Eq(Gradient(L, b_hh), Sum(Gradient(L, a_h[t]), t, 1, T)),
    source=["cho2014", "werbos1990"],
    given=LOSS_AFTER,
    derivation=[("=", "the bias is added at each step, before the reset")],
    bindings={"da_hs": Stack(Gradient(L, a_h[t]), t, 1, T)},
)
def recurrent_bias_gradient(da_hs: Array) -> Array:
    """Gradient by the recurrent bias of the candidate.

    db_hh : Gradient by the recurrent bias of the candidate.

    >>> recurrent_bias_gradient([[1, 2], [3, 4]])
    array([4, 6])
    """
    return np.sum(da_hs, axis=0)
