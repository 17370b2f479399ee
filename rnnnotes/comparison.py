r"""Vanilla network, LSTM and GRU compared.

Three cells read a sequence, and each carries a state from one step to the next.  This chapter
counts what each of them costs, and finds the one path on which they differ: that from the state
of one step to the state of the next which meets no recurrent weight.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import gru, lstm, vanilla_rnn
from rnnnotes.book.state.arrays import Array, Elementwise, Map
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation.comparison import *

LSTM_STEP: list[Map] = [
    lstm.input_gate_pre_activation,
    lstm.input_gate,
    lstm.forget_gate_pre_activation,
    lstm.forget_gate,
    lstm.output_gate_pre_activation,
    lstm.output_gate,
    lstm.candidate_pre_activation,
    lstm.candidate,
    lstm.cell_update,
    lstm.hidden_state,
]
"""Definitions of one step of an LSTM."""

GRU_STEP: list[Map] = [
    gru.reset_gate_pre_activation,
    gru.reset_gate,
    gru.update_gate_pre_activation,
    gru.update_gate,
    gru.pre_activation_reset_before,
    gru.candidate,
    gru.hidden_state,
]
"""Definitions of one step of a GRU."""

# -- The path without weights ----------------------------------------------------------------------


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Zeros(H, H)),
    source="elman1990",
    given=[vanilla_rnn.pre_activation, vanilla_rnn.hidden_state],
    where=[Eq(W_hh, Zeros(H, H))],
    derivation=[
        ("=", Diag(f.prime(a[t])) @ W_hh, "the Jacobian of one step"),
        ("=", "the state before is read through these weights alone"),
    ],
)
def vanilla_path(H: int) -> Array:
    """Path without weights of a vanilla network.

    path : Jacobian of one step without recurrent weights: nothing is left.

    >>> vanilla_path(2)
    array([[0., 0.],
           [0., 0.]])
    """
    return np.zeros((H, H))


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Diag(z_gate[t])),
    source="cho2014",
    given=[*GRU_STEP, gru.jacobian_reset_before],
    where=[Eq(W, Zeros(H, H)) for W in (W_hz, W_hh)],
    derivation=[
        (
            "=",
            Diag(z_gate[t])
            + Diag((1 - z_gate[t]) * (1 - h_tilde[t] ** 2))
            @ W_hh
            @ (Diag(r_gate[t]) + Diag(h[t - 1] * r_gate[t] * (1 - r_gate[t])) @ W_hr)
            + Diag((h[t - 1] - h_tilde[t]) * z_gate[t] * (1 - z_gate[t])) @ W_hz,
            "the Jacobian of one step",
        ),
        ("=", "the update gate and the candidate read the past through these weights alone"),
    ],
)
def gru_path(z_gate: Array) -> Array:
    """Path without weights of a GRU.

    path : Jacobian of one step without recurrent weights; those of the reset gate may stay.

    >>> gru_path([0.75, 0.5])
    array([[0.75, 0.  ],
           [0.  , 0.5 ]])
    """
    return np.diag(z_gate)


@formula(
    Eq(Jacobian(c[t], c[t - 1]), Diag(f_gate[t])),
    source=["gers2000", "greff2017"],
    given=LSTM_STEP,
    where=[Eq(W, Zeros(H, H)) for W in (W_hi, W_hf, W_hc)],
    derivation=[("=", "what the cell is made of reads the past through these weights alone")],
)
def lstm_path(f_gate: Array) -> Array:
    """Path without weights of an LSTM.

    path : Jacobian of one step of the cell without recurrent weights; those of the output gate
        may stay.

    >>> lstm_path([0.75, 0.5])
    array([[0.75, 0.  ],
           [0.  , 0.5 ]])
    """
    return np.diag(f_gate)


@formula(Eq(h[t], h[t - 1] + f(a[t])), source="he2016", given=[vanilla_rnn.pre_activation])
def residual_state(h_prev: Array, a: Array, f: Elementwise) -> Array:
    """State of a residual cell.

    >>> residual_state([1.0, 1.0], np.log([2, 3]), np.tanh)
    array([1.6, 1.8])
    """
    return h_prev + f(a)


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Identity(H) + Diag(f.prime(a[t])) @ W_hh),
    source="he2016",
    given=[vanilla_rnn.pre_activation, residual_state],
    derivation=[
        ("=", Identity(H) + Jacobian(f(a[t]), h[t - 1]), "the state before is kept whole"),
        ("=", "the chain rule"),
    ],
)
def residual_jacobian(a: Array, W_hh: Array, f_prime: Elementwise) -> Array:
    """Jacobian of one step of a residual cell.

    J : Jacobian of this state by the state before.

    Where the slope is one half everywhere, half of the weights is added to the identity.

    >>> W_hh = np.array([[2, 4], [6, 8]])
    >>> residual_jacobian(np.zeros(2), W_hh, lambda a: np.full(2, 0.5))
    array([[2., 2.],
           [3., 5.]])
    """
    return np.eye(len(a)) + np.diag(f_prime(a)) @ W_hh


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Identity(H)),
    source="he2016",
    given=[vanilla_rnn.pre_activation, residual_state, residual_jacobian],
    where=[Eq(W_hh, Zeros(H, H))],
    derivation=[
        ("=", Identity(H) + Diag(f.prime(a[t])) @ W_hh, "the Jacobian of one step"),
        ("=", "without weights only the sum is left"),
    ],
)
def residual_path(H: int) -> Array:
    """Path without weights of a residual cell.

    path : Jacobian of one step without recurrent weights.

    >>> residual_path(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return np.eye(H)


# -- What is shown ---------------------------------------------------------------------------------


@formula(
    Eq(Jacobian(h[t], c[t]), Diag(o_gate[t] * (1 - tanh(c[t]) ** 2))),
    source=["chung2014", "greff2017"],
    given=LSTM_STEP,
    derivation=[
        (
            "=",
            Diag(o_gate[t]) @ Jacobian(tanh(c[t]), c[t]),
            "without peepholes the output gate does not read the cell",
        ),
        ("=", "the slope of the hyperbolic tangent"),
    ],
)
def exposed_share(o_gate: Array, c: Array) -> Array:
    """Share of the cell that an LSTM shows.

    J : Jacobian of the hidden state by the cell of the same step.

    Half of the slope :math:`1 - (3/5)^2` is shown.

    >>> exposed_share([0.5], np.log([2]))
    array([[0.32]])
    """
    return np.diag(o_gate * (1 - np.tanh(c) ** 2))


# -- One cell inside the other ---------------------------------------------------------------------


@formula(
    Eq(h[t], z_gate[t] * h[t - 1] + (1 - z_gate[t]) * c_tilde[t]),
    source=["greff2017", "chung2014"],
    given=[lstm.cell_update],
    where=[Eq(f_gate[t], z_gate[t]), Eq(i_gate[t], 1 - z_gate[t]), Eq(h[j], c[j])],
    ranges={t: (2, T)},
    derivation=[
        ("=", c[t], "the cell is shown as it is: an open output gate, and no tanh after it"),
        ("=", f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t], "the update of the cell"),
        (
            "=",
            z_gate[t] * c[t - 1] + (1 - z_gate[t]) * c_tilde[t],
            "one gate decides both: what is kept and what is written add up to one",
        ),
        ("=", "the cell before was shown as well"),
    ],
)
def gru_from_lstm(z_gate: Array, h_prev: Array, c_tilde: Array) -> Array:
    """LSTM with one gate for keeping and writing, that shows its cell.

    Three quarters of 4 are kept, and one quarter of 8 is written.

    >>> gru_from_lstm([0.75], [4.0], [8.0])
    array([5.])
    """
    return z_gate * h_prev + (1 - z_gate) * c_tilde


# -- Counts ----------------------------------------------------------------------------------------

ONE_SET = Size(W_xh) + Size(W_hh) + Size(b_h)
"""Parameters of one pre-activation."""


@formula(
    Eq(ONE_SET, Number(H * D + H * H + H)),
    source="elman1990",
    derivation=[("=", "a matrix has rows times columns, a vector one a row")],
)
def vanilla_parameters(D: int, H: int) -> int:
    """Parameters of a vanilla cell.

    count : Numbers that training sets, those of the output apart.

    >>> vanilla_parameters(D=3, H=2)
    12
    """
    return H * D + H * H + H


@formula(
    Eq(
        Size(Block([W_xr, W_hr], [W_xz, W_hz], [W_xh, W_hh])) + Size(Concatenate(b_r, b_z, b_h)),
        3 * Number(H * D + H * H + H),
    ),
    source="cho2014",
    given=[vanilla_parameters],
    derivation=[
        ("=", 3 * ONE_SET, "each gate and the candidate have the shapes of a vanilla cell"),
        ("=", "the parameters of a vanilla cell"),
    ],
)
def gru_parameters(D: int, H: int) -> int:
    """Parameters of a GRU.

    count : Numbers that training sets: two gates and a candidate.

    >>> gru_parameters(D=3, H=2)
    36
    """
    return 3 * (H * D + H * H + H)


@formula(
    Eq(
        Size(Block([W_xi, W_hi], [W_xf, W_hf], [W_xo, W_ho], [W_xc, W_hc]))
        + Size(Concatenate(b_i, b_f, b_o, b_c)),
        4 * Number(H * D + H * H + H),
    ),
    source="greff2017",
    given=[vanilla_parameters],
    derivation=[
        ("=", 4 * ONE_SET, "each gate and the candidate have the shapes of a vanilla cell"),
        ("=", "the parameters of a vanilla cell"),
    ],
)
def lstm_parameters(D: int, H: int) -> int:
    """Parameters of an LSTM.

    count : Numbers that training sets: three gates and a candidate.  Peepholes would add ``3 *
        H``.

    >>> lstm_parameters(D=3, H=2)
    48
    """
    return 4 * (H * D + H * H + H)


PRE_ACTIVATION = Number(2 * H * (D + H))
"""Multiplications and additions of one pre-activation."""


@formula(
    Eq(3 * PRE_ACTIVATION + Number(H) + Number(4 * H), Number(6 * H * (D + H) + 5 * H)),
    source="cho2014",
    given=[vanilla_rnn.flop_count],
    derivation=[
        (
            "=",
            Number(6 * H * (D + H)) + Number(H) + Number(4 * H),
            "two gates and a candidate have a pre-activation each",
        ),
        ("=", "a unit is reset by one product, and mixed by two, a difference and a sum"),
    ],
)
def gru_flops(D: int, H: int) -> int:
    """Multiplications and additions of one step of a GRU.

    count : Operations with the reset before the product; three activations a unit come on top.

    >>> gru_flops(D=3, H=2)
    70
    """
    return 6 * H * (D + H) + 5 * H


@formula(
    Eq(4 * PRE_ACTIVATION + Number(3 * H) + Number(H), Number(8 * H * (D + H) + 4 * H)),
    source="greff2017",
    given=[vanilla_rnn.flop_count],
    derivation=[
        (
            "=",
            Number(8 * H * (D + H)) + Number(3 * H) + Number(H),
            "three gates and a candidate have a pre-activation each",
        ),
        ("=", "the cell takes two products and a sum a unit, and the output gate one product"),
    ],
)
def lstm_flops(D: int, H: int) -> int:
    """Multiplications and additions of one step of an LSTM.

    count : Operations without peepholes; five activations a unit come on top.

    >>> lstm_flops(D=3, H=2)
    88
    """
    return 8 * H * (D + H) + 4 * H


@formula(
    Eq(Size(h[t]), Number(H)),
    source="goodfellow2016",
    derivation=[("=", "the slope of tanh is known from the state itself")],
)
def vanilla_kept(H: int) -> int:
    """Numbers that a vanilla network keeps of a step for its backward pass.

    count : Numbers beside the input.

    >>> vanilla_kept(100)
    100
    """
    return H


@formula(
    Eq(Size(r_gate[t]) + Size(z_gate[t]) + Size(h_tilde[t]) + Size(h[t]), Number(4 * H)),
    source="cho2014",
    derivation=[("=", "two gates, the candidate and the state")],
)
def gru_kept(H: int) -> int:
    """Numbers that a GRU keeps of a step for its backward pass.

    count : Numbers beside the input.

    >>> gru_kept(100)
    400
    """
    return 4 * H


@formula(
    Eq(
        Size(i_gate[t])
        + Size(f_gate[t])
        + Size(o_gate[t])
        + Size(c_tilde[t])
        + Size(c[t])
        + Size(h[t]),
        Number(6 * H),
    ),
    source="greff2017",
    derivation=[("=", "three gates, the candidate, the cell and the state")],
)
def lstm_kept(H: int) -> int:
    """Numbers that an LSTM keeps of a step for its backward pass.

    count : Numbers beside the input.  The tangent of the cell is computed again.

    >>> lstm_kept(100)
    600
    """
    return 6 * H
