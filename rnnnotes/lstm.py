r"""The LSTM: long short-term memory.

A vanilla network writes its state anew at each step.  An LSTM keeps a cell beside it, to
which a step adds; gates, each a number between zero and one for each unit, decide how much of
the cell is kept, how much is added and how much is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.state.arrays import Array, Elementwise, Scalar
from rnnnotes.book.state.formulas import formula
from rnnnotes.bptt import hidden_loss
from rnnnotes.gradients import scalar_pre_activation, scalar_state
from rnnnotes.notation.lstm import *
from rnnnotes.vanilla_rnn import loss_sum

# -- One step --------------------------------------------------------------------------------------


@formula(Eq(a_i[t], W_xi @ x[t] + W_hi @ h[t - 1] + b_i), source=["hochreiter1997", "greff2017"])
def input_gate_pre_activation(
    x: Array, h_prev: Array, W_xi: Array, W_hi: Array, b_i: Array
) -> Array:
    """Pre-activation of the input gate.

    a_i : Any real numbers.

    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> input_gate_pre_activation(x=[1, 2], h_prev=[3], W_xi=[[1, 1]], W_hi=[[2]], b_i=[-1])
    array([8])
    """
    return W_xi @ x + W_hi @ h_prev + b_i


@formula(
    Eq(i_gate[t], sigmoid(a_i[t])),
    source=["hochreiter1997", "greff2017"],
    given=[building_blocks.sigmoid],
)
def input_gate(a_i: Array) -> Array:
    r"""Input gate.

    i_gate : Share of the candidate that is written; every entry lies in (0, 1).

    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> input_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_i)


@formula(Eq(a_f[t], W_xf @ x[t] + W_hf @ h[t - 1] + b_f), source=["gers2000", "greff2017"])
def forget_gate_pre_activation(
    x: Array, h_prev: Array, W_xf: Array, W_hf: Array, b_f: Array
) -> Array:
    """Pre-activation of the forget gate.

    a_f : Any real numbers.

    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> forget_gate_pre_activation(x=[1, 2], h_prev=[3], W_xf=[[1, 1]], W_hf=[[2]], b_f=[-1])
    array([8])
    """
    return W_xf @ x + W_hf @ h_prev + b_f


@formula(
    Eq(f_gate[t], sigmoid(a_f[t])),
    source=["gers2000", "greff2017"],
    given=[building_blocks.sigmoid],
)
def forget_gate(a_f: Array) -> Array:
    r"""Forget gate.

    f_gate : Share of the cell that is kept; every entry lies in (0, 1).

    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> forget_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_f)


@formula(Eq(a_o[t], W_xo @ x[t] + W_ho @ h[t - 1] + b_o), source=["hochreiter1997", "greff2017"])
def output_gate_pre_activation(
    x: Array, h_prev: Array, W_xo: Array, W_ho: Array, b_o: Array
) -> Array:
    """Pre-activation of the output gate.

    a_o : Any real numbers.

    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> output_gate_pre_activation(x=[1, 2], h_prev=[3], W_xo=[[1, 1]], W_ho=[[2]], b_o=[-1])
    array([8])
    """
    return W_xo @ x + W_ho @ h_prev + b_o


@formula(
    Eq(o_gate[t], sigmoid(a_o[t])),
    source=["hochreiter1997", "greff2017"],
    given=[building_blocks.sigmoid],
)
def output_gate(a_o: Array) -> Array:
    r"""Output gate.

    o_gate : Share of the cell that is shown; every entry lies in (0, 1).

    At :math:`\ln 3` the gate is three quarters open, at :math:`-\ln 3` one quarter.

    >>> output_gate(np.log([3, 1 / 3]))
    array([0.75, 0.25])
    """
    return building_blocks.sigmoid(a_o)


@formula(Eq(a_c[t], W_xc @ x[t] + W_hc @ h[t - 1] + b_c), source=["hochreiter1997", "greff2017"])
def candidate_pre_activation(
    x: Array, h_prev: Array, W_xc: Array, W_hc: Array, b_c: Array
) -> Array:
    """Pre-activation of the candidate.

    a_c : Any real numbers.

    One unit: 3 from the input, 6 from the state, -1 from the bias.

    >>> candidate_pre_activation(x=[1, 2], h_prev=[3], W_xc=[[1, 1]], W_hc=[[2]], b_c=[-1])
    array([8])
    """
    return W_xc @ x + W_hc @ h_prev + b_c


@formula(Eq(c_tilde[t], tanh(a_c[t])), source="greff2017")
def candidate(a_c: Array) -> Array:
    """Candidate for the cell.

    c_tilde : What may be written; every entry lies in (-1, 1).

    >>> candidate(np.log([2, 3]))
    array([0.6, 0.8])
    """
    return np.tanh(a_c)


@formula(Eq(c[t], f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t]), source=["gers2000", "greff2017"])
def cell_update(f_gate: Array, c_prev: Array, i_gate: Array, c_tilde: Array) -> Array:
    """Cell after one step.

    Three quarters of 4 are kept, and one half of 6 is added.

    >>> cell_update([0.75], [4.0], [0.5], [6.0])
    array([6.])
    """
    return f_gate * c_prev + i_gate * c_tilde


@formula(Eq(h[t], o_gate[t] * tanh(c[t])), source="greff2017")
def hidden_state(o_gate: Array, c: Array) -> Array:
    r"""Hidden state of an LSTM.

    h : What the cell shows; every entry lies in (-1, 1).

    The tangent of :math:`\ln 2` is 3/5, and half of it is shown.

    >>> hidden_state([0.5], np.log([2]))
    array([0.3])
    """
    return o_gate * np.tanh(c)


CELL: list[Callable[..., Any]] = [
    input_gate_pre_activation,
    forget_gate_pre_activation,
    output_gate_pre_activation,
    candidate_pre_activation,
    input_gate,
    forget_gate,
    output_gate,
    candidate,
    cell_update,
    hidden_state,
]
"""One step, gate by gate."""


# -- Peepholes -------------------------------------------------------------------------------------


@formula(
    Eq(a_i[t], W_xi @ x[t] + W_hi @ h[t - 1] + p_i * c[t - 1] + b_i),
    source=["gers2000_peephole", "greff2017", "onnx_lstm"],
)
def peephole_input_gate(
    x: Array, h_prev: Array, c_prev: Array, W_xi: Array, W_hi: Array, p_i: Array, b_i: Array
) -> Array:
    """Pre-activation of the input gate, with a peephole.

    a_i : Any real numbers.

    One unit: 3 from the input, 6 from the state, 50 from the cell, -1 from the bias.

    >>> one = np.eye(1)
    >>> peephole_input_gate([3], [3], [5], one, 2 * one, [10], [-1])
    array([58.])
    """
    return W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i


@formula(
    Eq(a_f[t], W_xf @ x[t] + W_hf @ h[t - 1] + p_f * c[t - 1] + b_f),
    source=["gers2000_peephole", "greff2017", "onnx_lstm"],
)
def peephole_forget_gate(
    x: Array, h_prev: Array, c_prev: Array, W_xf: Array, W_hf: Array, p_f: Array, b_f: Array
) -> Array:
    """Pre-activation of the forget gate, with a peephole.

    a_f : Any real numbers.

    One unit: 3 from the input, 6 from the state, 50 from the cell, -1 from the bias.

    >>> one = np.eye(1)
    >>> peephole_forget_gate([3], [3], [5], one, 2 * one, [10], [-1])
    array([58.])
    """
    return W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f


@formula(
    Eq(a_o[t], W_xo @ x[t] + W_ho @ h[t - 1] + p_o * c[t] + b_o),
    source=["gers2000_peephole", "greff2017", "onnx_lstm"],
)
def peephole_output_gate(
    x: Array, h_prev: Array, c: Array, W_xo: Array, W_ho: Array, p_o: Array, b_o: Array
) -> Array:
    """Pre-activation of the output gate, with a peephole.

    a_o : Any real numbers.

    One unit: 3 from the input, 6 from the state, 50 from the new cell, -1 from the bias.

    >>> one = np.eye(1)
    >>> peephole_output_gate([3], [3], [5], one, 2 * one, [10], [-1])
    array([58.])
    """
    return W_xo @ x + W_ho @ h_prev + p_o * c + b_o


PEEPHOLE_CELL: list[Callable[..., Any]] = [
    peephole_input_gate,
    peephole_forget_gate,
    peephole_output_gate,
    candidate_pre_activation,
    input_gate,
    forget_gate,
    output_gate,
    candidate,
    cell_update,
    hidden_state,
]
"""One step with peepholes; those of weight zero are none."""

LOSS: list[Callable[..., Any]] = [*PEEPHOLE_CELL, hidden_loss, loss_sum]
"""A sequence with peepholes, from its inputs to its loss."""


# -- The carousel ----------------------------------------------------------------------------------


@formula(
    Eq(Jacobian(h_unit[t], h_unit[t - 1]), f.prime(a_unit[t]) * w_unit),
    source="hochreiter1997",
    given=[scalar_pre_activation, scalar_state],
    derivation=[
        (
            "=",
            f.prime(a_unit[t]) * Jacobian(a_unit[t], h_unit[t - 1]),
            "the slope of the activation, at the pre-activation",
        ),
        ("=", "the pre-activation is linear in the state before"),
    ],
    bindings={"a": a_unit[t], "w": w_unit},
)
def error_flow(a: float, w: float, f_prime: Elementwise) -> Scalar:
    r"""Error flow of one unit over one step.

    flow : Factor by which an error is multiplied on its way one step back.

    The slope of tanh at :math:`\ln 2` is 0.64; a weight of 25/16 makes up for it there and nowhere
    else.

    >>> print(error_flow(np.log(2), w=25 / 16, f_prime=lambda a: 1 - np.tanh(a) ** 2))
    1.0
    """
    return f_prime(a) * w


@formula(
    Eq(h_unit[t], w_unit * h_unit[t - 1] + x_unit[t]),
    source="hochreiter1997",
    bindings={"h_prev": h_unit[t - 1], "x": x_unit[t], "w": w_unit},
)
def linear_unit(x: float, h_prev: float, w: float) -> Scalar:
    """State of a linear unit.

    With weight 1 the unit adds up what it reads.

    >>> linear_unit(x=2.0, h_prev=5.0, w=1.0)
    7.0
    """
    return w * h_prev + x


@formula(
    Eq(Jacobian(h_unit[t], h_unit[k]), w_unit ** (t - k)),
    source="hochreiter1997",
    given=[linear_unit],
    ranges={k: (0, t)},
    derivation=[
        (
            "=",
            Product(Jacobian(h_unit[j], h_unit[j - 1]), j, t, k + 1),
            "the chain rule, step by step",
        ),
        ("=", Product(w_unit, j, t, k + 1), "the unit is linear in the state before"),
        ("=", "the factors are equal, one for each step"),
    ],
    bindings={"w": w_unit},
)
def carousel(w: float, t: int, k: int) -> Scalar:
    """Derivative over many steps of a linear unit.

    flow : Factor by which an error is multiplied on its way from `t` back to `k`.

    A hundred steps at weights of 0.9, 1 and 1.1: next to nothing, the error itself, and too much.

    >>> [round(carousel(w, t=100, k=0), 5) for w in (0.9, 1.0, 1.1)]
    [3e-05, 1.0, 13780.61234]
    """
    return w ** (t - k)


# -- The cell over many steps ----------------------------------------------------------------------


@formula(
    Eq(
        c[t],
        Product(Diag(f_gate[j]), j, t, 1) @ c[0]
        + Sum(Product(Diag(f_gate[j]), j, t, k + 1) @ (i_gate[k] * c_tilde[k]), k, 1, t),
    ),
    source="gers2000",
    given=[cell_update],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t], "the update of the cell"),
        (
            "=",
            Diag(f_gate[t]) @ c[t - 1] + i_gate[t] * c_tilde[t],
            "a diagonal matrix scales each entry",
        ),
        (
            "=",
            Diag(f_gate[t])
            @ (
                Product(Diag(f_gate[j]), j, t - 1, 1) @ c[0]
                + Sum(
                    Product(Diag(f_gate[j]), j, t - 1, k + 1) @ (i_gate[k] * c_tilde[k]),
                    k,
                    1,
                    t - 1,
                )
            )
            + i_gate[t] * c_tilde[t],
            "the same one step before, which is the hypothesis of the induction",
        ),
        ("=", "each product takes up the newest gate; what is written last is not forgotten yet"),
    ],
    bindings={
        "f_gates": Steps(f_gate),
        "i_gates": Steps(i_gate),
        "c_tildes": Steps(c_tilde),
        "c_0": c[0],
    },
)
def cell_unrolled(f_gates: Array, i_gates: Array, c_tildes: Array, c_0: Array, t: int) -> Array:
    """Cell after many steps.

    t : Time of the cell, from 1 to T.
    c : Cell after step `t`.

    Half is kept at each step and a quarter added: 8, 17/4, 19/8.

    >>> half = np.full((2, 1), 0.5)
    >>> cell_unrolled(half, half, half, [8.0], t=2)
    array([2.375])
    """
    added, kept = 0, np.ones(len(c_0))
    for step in reversed(range(t)):
        added = added + kept * i_gates[step] * c_tildes[step]
        kept = kept * f_gates[step]
    return kept * c_0 + added


@formula(
    Eq(Immediate(c[t], c[t - 1]), Diag(f_gate[t])),
    source=["gers2000", "hochreiter1997"],
    given=CELL,
    derivation=[
        ("=", "forget path: the gates read the hidden state, which is held, and not the old cell")
    ],
)
def direct_cell_jacobian(f_gate: Array) -> Array:
    """Derivative of the cell along the cell.

    J : Row `i` and column `j` hold the derivative of ``c[i]`` by ``c_prev[j]``, with the hidden
        state of the step before held.

    >>> direct_cell_jacobian([0.75, 0.5])
    array([[0.75, 0.  ],
           [0.  , 0.5 ]])
    """
    return np.diag(f_gate)


@formula(
    Eq(Product(Immediate(c[j], c[j - 1]), j, t, k + 1), Product(Diag(f_gate[j]), j, t, k + 1)),
    source=["gers2000", "hochreiter1997"],
    given=[direct_cell_jacobian],
    ranges={k: (0, t)},
    derivation=[("=", "the derivative of the cell along the cell, at each step")],
    bindings={"f_gates": Steps(f_gate)},
)
def direct_gradient_product(f_gates: Array, t: int, k: int) -> Array:
    """Derivative over many steps along the cell.

    J : Share of each cell at `k` that is left at `t`, on the diagonal.

    Three quarters of three quarters are left, or half of a half.

    >>> f_gates = np.array([[0.1, 0.1], [0.75, 0.5], [0.75, 0.5]])
    >>> direct_gradient_product(f_gates, t=3, k=1)
    array([[0.5625, 0.    ],
           [0.    , 0.25  ]])
    """
    return np.diag(np.prod(f_gates[k:t], axis=0))


@formula(Eq(t_half, log(wrap(1) / 2) / log(lam)), source="gers2000", where=[Ne(lam, 1)])
def memory_halflife(lam: float) -> Scalar:
    """Half-life of a cell.

    lam : Forget gate, if it is the same at every step: between 0 and 1.
    t_half : Steps after which half is left.

    A gate of 1/2 halves in one step; one of 0.99 takes 69.

    >>> print(memory_halflife(0.5), round(memory_halflife(0.99), 1))
    1.0 69.0
    """
    return math.log(1 / 2) / math.log(lam)


@formula(
    Eq(exp(t_half * log(lam)), wrap(1) / 2),
    source="gers2000",
    given=[memory_halflife],
    where=[Ne(lam, 1)],
    derivation=[
        ("=", exp(log(wrap(1) / 2)), "the half-life times the logarithm of the gate"),
        ("=", "the exponential undoes the logarithm"),
    ],
)
def halflife_halves(lam: float, t_half: float) -> Scalar:
    """What is left after a half-life.

    lam : Forget gate, if it is the same at every step: between 0 and 1.
    t_half : Half-life of the gate.
    share : One half.

    The gate to the power of its half-life, written with an exponential.

    >>> print(round(float(halflife_halves(0.9, memory_halflife(0.9))), 12))
    0.5
    """
    return np.exp(t_half * np.log(lam))


# -- The Jacobian of one step ----------------------------------------------------------------------


@formula(
    Eq(
        Immediate(c[t], h[t - 1]),
        Diag(c[t - 1] * f_gate[t] * (1 - f_gate[t])) @ W_hf
        + Diag(c_tilde[t] * i_gate[t] * (1 - i_gate[t])) @ W_hi
        + Diag(i_gate[t] * (1 - c_tilde[t] ** 2)) @ W_hc,
    ),
    source="greff2017",
    given=CELL,
    derivation=[
        (
            "=",
            Diag(c[t - 1]) @ Immediate(f_gate[t], h[t - 1])
            + Diag(c_tilde[t]) @ Immediate(i_gate[t], h[t - 1])
            + Diag(i_gate[t]) @ Immediate(c_tilde[t], h[t - 1]),
            "three paths into the cell: by the forget gate, the input gate and the candidate",
        ),
        (
            "=",
            Diag(c[t - 1] * f_gate[t] * (1 - f_gate[t])) @ W_hf
            + Diag(c_tilde[t]) @ Immediate(i_gate[t], h[t - 1])
            + Diag(i_gate[t]) @ Immediate(c_tilde[t], h[t - 1]),
            "forget path: how much of the old cell is kept",
        ),
        (
            "=",
            Diag(c[t - 1] * f_gate[t] * (1 - f_gate[t])) @ W_hf
            + Diag(c_tilde[t] * i_gate[t] * (1 - i_gate[t])) @ W_hi
            + Diag(i_gate[t]) @ Immediate(c_tilde[t], h[t - 1]),
            "input path: how much is written",
        ),
        ("=", "candidate path: what is written"),
    ],
)
def cell_by_hidden(
    f_gate: Array,
    c_prev: Array,
    i_gate: Array,
    c_tilde: Array,
    W_hi: Array,
    W_hf: Array,
    W_hc: Array,
) -> Array:
    """Derivative of the cell by the hidden state.

    J : Row `i` and column `j` hold the derivative of ``c[i]`` by ``h_prev[j]``, with the cell
        of the step before held.

    One unit, all gates 1/2 and the candidate 3/5: 4/4 by the forget gate, 0.6/4 by the input gate,
    0.64/2 by the candidate.

    >>> one, half = np.eye(1), np.array([0.5])
    >>> cell_by_hidden(half, [4], half, [0.6], one, one, one)
    array([[1.47]])
    """
    forget = np.diag(c_prev * f_gate * (1 - f_gate)) @ W_hf
    write = np.diag(c_tilde * i_gate * (1 - i_gate)) @ W_hi
    return forget + write + np.diag(i_gate * (1 - c_tilde**2)) @ W_hc


@formula(
    Eq(
        Immediate(h[t], h[t - 1]),
        Diag(tanh(c[t]) * o_gate[t] * (1 - o_gate[t])) @ W_ho
        + Diag(o_gate[t] * (1 - tanh(c[t]) ** 2)) @ Immediate(c[t], h[t - 1]),
    ),
    source="greff2017",
    given=CELL,
    derivation=[
        (
            "=",
            Diag(tanh(c[t])) @ Immediate(o_gate[t], h[t - 1])
            + Diag(o_gate[t] * tanh.prime(c[t])) @ Immediate(c[t], h[t - 1]),
            "two paths: by the output gate, and by the cell",
        ),
        (
            "=",
            Diag(tanh(c[t]) * o_gate[t] * (1 - o_gate[t])) @ W_ho
            + Diag(o_gate[t] * tanh.prime(c[t])) @ Immediate(c[t], h[t - 1]),
            "output-gate path: how much of the cell is shown",
        ),
        ("=", "cell path: all three ways into the cell, seen through tanh"),
    ],
    bindings={"J_ch": Immediate(c[t], h[t - 1])},
)
def hidden_by_hidden(J_ch: Array, o_gate: Array, c: Array, W_ho: Array) -> Array:
    r"""Derivative of the hidden state by the hidden state.

    J : Row `i` and column `j` hold the derivative of ``h[i]`` by ``h_prev[j]``, with the cell
        of the step before held.

    One unit with a half open gate and a cell of :math:`\ln 2`: 0.6/4 by the gate, 0.64/2 of 10 by
    the cell.

    >>> hidden_by_hidden(10 * np.eye(1), [0.5], np.log([2]), np.eye(1))
    array([[3.35]])
    """
    shown = np.diag(np.tanh(c) * o_gate * (1 - o_gate)) @ W_ho
    return shown + np.diag(o_gate * (1 - np.tanh(c) ** 2)) @ J_ch


@formula(
    Eq(Immediate(h[t], c[t - 1]), Diag(o_gate[t] * (1 - tanh(c[t]) ** 2) * f_gate[t])),
    source="greff2017",
    given=[*CELL, direct_cell_jacobian],
    derivation=[
        (
            "=",
            Diag(o_gate[t] * tanh.prime(c[t])) @ Immediate(c[t], c[t - 1]),
            "without peepholes no gate reads the cell, so the new cell is the only way",
        ),
        (
            "=",
            Diag(o_gate[t] * tanh.prime(c[t])) @ Diag(f_gate[t]),
            "forget path: the derivative of the cell along the cell",
        ),
        ("=", "the slope of tanh, and diagonal matrices multiply entry by entry"),
    ],
)
def hidden_by_cell(o_gate: Array, c: Array, f_gate: Array) -> Array:
    """Derivative of the hidden state by the cell.

    J : Row `i` and column `j` hold the derivative of ``h[i]`` by ``c_prev[j]``, with the hidden
        state of the step before held.

    Half of 0.64, three quarters of which were kept.

    >>> hidden_by_cell([0.5], np.log([2]), [0.75])
    array([[0.24]])
    """
    return np.diag(o_gate * (1 - np.tanh(c) ** 2) * f_gate)


@formula(
    Eq(
        Block(
            [Immediate(h[t], h[t - 1]), Immediate(h[t], c[t - 1])],
            [Immediate(c[t], h[t - 1]), Immediate(c[t], c[t - 1])],
        ),
        Block(
            [
                Diag(tanh(c[t]) * o_gate[t] * (1 - o_gate[t])) @ W_ho
                + Diag(o_gate[t] * (1 - tanh(c[t]) ** 2)) @ Immediate(c[t], h[t - 1]),
                Diag(o_gate[t] * (1 - tanh(c[t]) ** 2) * f_gate[t]),
            ],
            [Immediate(c[t], h[t - 1]), Diag(f_gate[t])],
        ),
    ),
    source="greff2017",
    given=[*CELL, direct_cell_jacobian, hidden_by_hidden, hidden_by_cell],
    derivation=[("=", "the four derivatives: of the hidden state above, and of the cell below")],
    bindings={"J_ch": Immediate(c[t], h[t - 1])},
)
def step_jacobian(J_ch: Array, o_gate: Array, c: Array, f_gate: Array, W_ho: Array) -> Array:
    """Jacobian of one step.

    J : Derivative of the hidden state (above) and the cell (below) by the hidden state (left)
        and the cell (right) one step before.

    The unit of the three formulas before.

    >>> step_jacobian(10 * np.eye(1), [0.5], np.log([2]), [0.75], np.eye(1))
    array([[ 3.35,  0.24],
           [10.  ,  0.75]])
    """
    slope = o_gate * (1 - np.tanh(c) ** 2)
    shown = np.diag(np.tanh(c) * o_gate * (1 - o_gate)) @ W_ho
    above = [shown + np.diag(slope) @ J_ch, np.diag(slope * f_gate)]
    return np.block([above, [J_ch, np.diag(f_gate)]])


@formula(
    Eq(
        Jacobian(c[t], c[t - 1]),
        Diag(f_gate[t])
        + Immediate(c[t], h[t - 1]) @ Diag(o_gate[t - 1] * (1 - tanh(c[t - 1]) ** 2)),
    ),
    source="greff2017",
    given=[*CELL, direct_cell_jacobian],
    ranges={t: (2, T)},
    derivation=[
        (
            "=",
            Immediate(c[t], c[t - 1]) + Immediate(c[t], h[t - 1]) @ Jacobian(h[t - 1], c[t - 1]),
            "the old cell reaches the new one itself, or through what it shows",
        ),
        (
            "=",
            Diag(f_gate[t]) + Immediate(c[t], h[t - 1]) @ Jacobian(h[t - 1], c[t - 1]),
            "forget path: the derivative of the cell along the cell",
        ),
        ("=", "the hidden state shows the cell through tanh and the output gate"),
    ],
    bindings={"J_ch": Immediate(c[t], h[t - 1]), "o_prev": o_gate[t - 1]},
)
def total_cell_jacobian(J_ch: Array, f_gate: Array, o_prev: Array, c_prev: Array) -> Array:
    """Total derivative of the cell by the cell.

    J : Row `i` and column `j` hold the derivative of ``c[i]`` by ``c_prev[j]``, by every path.

    Three quarters along the cell, and half of 0.64 of 10 through the hidden state.

    >>> total_cell_jacobian(10 * np.eye(1), [0.75], [0.5], np.log([2]))
    array([[3.95]])
    """
    return np.diag(f_gate) + J_ch @ np.diag(o_prev * (1 - np.tanh(c_prev) ** 2))


# -- The backward pass, with peepholes -------------------------------------------------------------


@formula(
    Eq(Gradient(L, h[T]), Gradient(L_t[T], h[T])),
    source="greff2017",
    given=LOSS,
    derivation=[("=", "the last hidden state reaches the loss in its own step alone")],
    bindings={"dl": Gradient(L_t[T], h[T])},
)
def last_hidden_gradient(dl: Array) -> Array:
    """Gradient by the last hidden state.

    >>> last_hidden_gradient([1, 2])
    array([1, 2])
    """
    return dl


@formula(
    Eq(
        Gradient(L, h[t]),
        Gradient(L_t[t], h[t])
        + W_hi.T @ Gradient(L, a_i[t + 1])
        + W_hf.T @ Gradient(L, a_f[t + 1])
        + W_ho.T @ Gradient(L, a_o[t + 1])
        + W_hc.T @ Gradient(L, a_c[t + 1]),
    ),
    source="greff2017",
    given=LOSS,
    ranges={t: (1, T - 1)},
    derivation=[
        ("=", "it reaches the loss of its own step, and the four pre-activations of the next")
    ],
    bindings={
        "dl": Gradient(L_t[t], h[t]),
        "da_i_next": Gradient(L, a_i[t + 1]),
        "da_f_next": Gradient(L, a_f[t + 1]),
        "da_o_next": Gradient(L, a_o[t + 1]),
        "da_c_next": Gradient(L, a_c[t + 1]),
    },
)
def hidden_gradient(
    dl: Array,
    da_i_next: Array,
    da_f_next: Array,
    da_o_next: Array,
    da_c_next: Array,
    W_hi: Array,
    W_hf: Array,
    W_ho: Array,
    W_hc: Array,
) -> Array:
    """Gradient by a hidden state.

    One unit: 1 from the loss of this step, and 2 times 10, 100, 1000 and 10000 from the next.

    >>> two, da = 2 * np.eye(1), np.array([10])
    >>> hidden_gradient([1], da, 10 * da, 100 * da, 1000 * da, two, two, two, two)
    array([22221.])
    """
    gates = W_hi.T @ da_i_next + W_hf.T @ da_f_next + W_ho.T @ da_o_next
    return dl + gates + W_hc.T @ da_c_next


@formula(
    Eq(Gradient(L, a_o[t]), Gradient(L, h[t]) * tanh(c[t]) * o_gate[t] * (1 - o_gate[t])),
    source="greff2017",
    given=LOSS,
    derivation=[
        (
            "=",
            Gradient(L, o_gate[t]) * sigmoid.prime(a_o[t]),
            "a pre-activation reaches the loss through its gate alone",
        ),
        (
            "=",
            Gradient(L, h[t]) * tanh(c[t]) * sigmoid.prime(a_o[t]),
            "the gate scales what the hidden state shows of the cell",
        ),
        ("=", "the slope of the sigmoid, which the gate itself tells"),
    ],
    bindings={"dh": Gradient(L, h[t])},
)
def output_gate_gradient(dh: Array, o_gate: Array, c: Array) -> Array:
    """Gradient by the pre-activation of the output gate.

    The slope of a half open gate is 1/4.

    >>> output_gate_gradient([10.0], [0.5], np.log([2]))
    array([1.5])
    """
    return dh * np.tanh(c) * o_gate * (1 - o_gate)


@formula(
    Eq(
        Gradient(L, c[T]),
        Gradient(L, h[T]) * o_gate[T] * (1 - tanh(c[T]) ** 2) + p_o * Gradient(L, a_o[T]),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[
        (
            "=",
            Gradient(L, h[T]) * o_gate[T] * tanh.prime(c[T]) + p_o * Gradient(L, a_o[T]),
            "the last cell is shown, and the output gate sees it",
        ),
        ("=", "the slope of tanh"),
    ],
    bindings={"dh": Gradient(L, h[T]), "o_gate": o_gate[T], "c": c[T], "da_o": Gradient(L, a_o[T])},
)
def last_cell_gradient(dh: Array, da_o: Array, o_gate: Array, c: Array, p_o: Array) -> Array:
    """Gradient by the last cell.

    Half of 0.64 of 10, and the peephole adds 2 times 3.

    >>> now = {"dh": np.array([10]), "o_gate": np.array([0.5]), "c": np.log([2])}
    >>> last_cell_gradient(**now, da_o=[3], p_o=[2])
    array([9.2])
    """
    return dh * o_gate * (1 - np.tanh(c) ** 2) + p_o * da_o


@formula(
    Eq(
        Gradient(L, c[t]),
        Gradient(L, h[t]) * o_gate[t] * (1 - tanh(c[t]) ** 2)
        + p_o * Gradient(L, a_o[t])
        + f_gate[t + 1] * Gradient(L, c[t + 1])
        + p_i * Gradient(L, a_i[t + 1])
        + p_f * Gradient(L, a_f[t + 1]),
    ),
    source="greff2017",
    given=LOSS,
    ranges={t: (1, T - 1)},
    derivation=[
        (
            "=",
            Gradient(L, h[t]) * o_gate[t] * tanh.prime(c[t])
            + p_o * Gradient(L, a_o[t])
            + f_gate[t + 1] * Gradient(L, c[t + 1])
            + p_i * Gradient(L, a_i[t + 1])
            + p_f * Gradient(L, a_f[t + 1]),
            "five paths: it is shown, seen by its output gate, kept, and seen by two later gates",
        ),
        ("=", "the slope of tanh"),
    ],
    bindings={
        "dh": Gradient(L, h[t]),
        "da_o": Gradient(L, a_o[t]),
        "f_next": f_gate[t + 1],
        "dc_next": Gradient(L, c[t + 1]),
        "da_i_next": Gradient(L, a_i[t + 1]),
        "da_f_next": Gradient(L, a_f[t + 1]),
    },
)
def cell_gradient(
    dh: Array,
    da_o: Array,
    dc_next: Array,
    da_i_next: Array,
    da_f_next: Array,
    o_gate: Array,
    c: Array,
    f_next: Array,
    p_o: Array,
    p_i: Array,
    p_f: Array,
) -> Array:
    """Gradient by a cell, with peepholes.

    The last cell of the example before has 9.2; now the next cell adds 3/4 of 4, and the
    peepholes of the next gates 2 times 5 and 3 times 7.

    >>> now = {"dh": np.array([10]), "o_gate": np.array([0.5]), "c": np.log([2])}
    >>> cell_gradient(
    ...     **now, da_o=[3], dc_next=[4], da_i_next=[5], da_f_next=[7], f_next=[0.75], p_o=[2],
    ...     p_i=[2], p_f=[3],
    ... )
    array([43.2])
    """
    shown = dh * o_gate * (1 - np.tanh(c) ** 2) + p_o * da_o
    return shown + f_next * dc_next + p_i * da_i_next + p_f * da_f_next


@formula(
    Eq(
        Gradient(L, c[t]),
        Gradient(L, h[t]) * o_gate[t] * (1 - tanh(c[t]) ** 2)
        + f_gate[t + 1] * Gradient(L, c[t + 1]),
    ),
    source="greff2017",
    given=[*CELL, hidden_loss, loss_sum],
    ranges={t: (1, T - 1)},
    derivation=[
        (
            "=",
            Gradient(L, h[t]) * o_gate[t] * tanh.prime(c[t])
            + f_gate[t + 1] * Gradient(L, c[t + 1]),
            "two paths: it is shown, and it is kept",
        ),
        ("=", "the slope of tanh"),
    ],
    bindings={"dh": Gradient(L, h[t]), "f_next": f_gate[t + 1], "dc_next": Gradient(L, c[t + 1])},
)
def plain_cell_gradient(dh: Array, dc_next: Array, o_gate: Array, c: Array, f_next: Array) -> Array:
    """Gradient by a cell, without peepholes.

    Half of 0.64 of 10, and three quarters of 4.

    >>> now = {"dh": np.array([10]), "o_gate": np.array([0.5]), "c": np.log([2])}
    >>> plain_cell_gradient(**now, dc_next=[4], f_next=[0.75])
    array([6.2])
    """
    return dh * o_gate * (1 - np.tanh(c) ** 2) + f_next * dc_next


@formula(
    Eq(Gradient(L, a_f[t]), Gradient(L, c[t]) * c[t - 1] * f_gate[t] * (1 - f_gate[t])),
    source="greff2017",
    given=LOSS,
    derivation=[
        (
            "=",
            Gradient(L, f_gate[t]) * sigmoid.prime(a_f[t]),
            "a pre-activation reaches the loss through its gate alone",
        ),
        ("=", Gradient(L, c[t]) * c[t - 1] * sigmoid.prime(a_f[t]), "the gate scales the old cell"),
        ("=", "the slope of the sigmoid, which the gate itself tells"),
    ],
    bindings={"dc": Gradient(L, c[t])},
)
def forget_gate_gradient(dc: Array, f_gate: Array, c_prev: Array) -> Array:
    """Gradient by the pre-activation of the forget gate.

    The slope of a half open gate is 1/4.

    >>> forget_gate_gradient([10.0], [0.5], [0.6])
    array([1.5])
    """
    return dc * c_prev * f_gate * (1 - f_gate)


@formula(
    Eq(Gradient(L, a_i[t]), Gradient(L, c[t]) * c_tilde[t] * i_gate[t] * (1 - i_gate[t])),
    source="greff2017",
    given=LOSS,
    derivation=[
        (
            "=",
            Gradient(L, i_gate[t]) * sigmoid.prime(a_i[t]),
            "a pre-activation reaches the loss through its gate alone",
        ),
        (
            "=",
            Gradient(L, c[t]) * c_tilde[t] * sigmoid.prime(a_i[t]),
            "the gate scales the candidate",
        ),
        ("=", "the slope of the sigmoid, which the gate itself tells"),
    ],
    bindings={"dc": Gradient(L, c[t])},
)
def input_gate_gradient(dc: Array, i_gate: Array, c_tilde: Array) -> Array:
    """Gradient by the pre-activation of the input gate.

    The slope of a half open gate is 1/4.

    >>> input_gate_gradient([10.0], [0.5], [0.6])
    array([1.5])
    """
    return dc * c_tilde * i_gate * (1 - i_gate)


@formula(
    Eq(Gradient(L, a_c[t]), Gradient(L, c[t]) * i_gate[t] * (1 - c_tilde[t] ** 2)),
    source="greff2017",
    given=LOSS,
    derivation=[
        (
            "=",
            Gradient(L, c_tilde[t]) * tanh.prime(a_c[t]),
            "a pre-activation reaches the loss through the candidate alone",
        ),
        (
            "=",
            Gradient(L, c[t]) * i_gate[t] * tanh.prime(a_c[t]),
            "the input gate scales the candidate",
        ),
        ("=", "the slope of tanh, which the candidate itself tells"),
    ],
    bindings={"dc": Gradient(L, c[t])},
)
def candidate_gradient(dc: Array, i_gate: Array, c_tilde: Array) -> Array:
    """Gradient by the pre-activation of the candidate.

    >>> candidate_gradient([10.0], [0.5], [0.6])
    array([3.2])
    """
    return dc * i_gate * (1 - c_tilde**2)


@formula(
    Eq(
        Gradient(L, x[t]),
        W_xi.T @ Gradient(L, a_i[t])
        + W_xf.T @ Gradient(L, a_f[t])
        + W_xo.T @ Gradient(L, a_o[t])
        + W_xc.T @ Gradient(L, a_c[t]),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[("=", "an input reaches the four pre-activations of its own step")],
    bindings={
        "da_i": Gradient(L, a_i[t]),
        "da_f": Gradient(L, a_f[t]),
        "da_o": Gradient(L, a_o[t]),
        "da_c": Gradient(L, a_c[t]),
    },
)
def input_gradient(
    da_i: Array,
    da_f: Array,
    da_o: Array,
    da_c: Array,
    W_xi: Array,
    W_xf: Array,
    W_xo: Array,
    W_xc: Array,
) -> Array:
    """Gradient by an input.

    >>> W, da = np.array([[1, 2]]), np.array([1])
    >>> input_gradient(da, 10 * da, 100 * da, 1000 * da, W, W, W, W)
    array([1111, 2222])
    """
    return W_xi.T @ da_i + W_xf.T @ da_f + W_xo.T @ da_o + W_xc.T @ da_c


@formula(
    Eq(
        Gradient(L, h[0]),
        W_hi.T @ Gradient(L, a_i[1])
        + W_hf.T @ Gradient(L, a_f[1])
        + W_ho.T @ Gradient(L, a_o[1])
        + W_hc.T @ Gradient(L, a_c[1]),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[
        ("=", "it reaches the four pre-activations of the first step, and no loss of its own")
    ],
    bindings={
        "da_i_1": Gradient(L, a_i[1]),
        "da_f_1": Gradient(L, a_f[1]),
        "da_o_1": Gradient(L, a_o[1]),
        "da_c_1": Gradient(L, a_c[1]),
    },
)
def initial_hidden_gradient(
    da_i_1: Array,
    da_f_1: Array,
    da_o_1: Array,
    da_c_1: Array,
    W_hi: Array,
    W_hf: Array,
    W_ho: Array,
    W_hc: Array,
) -> Array:
    """Gradient by the initial hidden state.

    >>> W, da = np.array([[1, 2], [3, 4]]), np.array([1, 0])
    >>> initial_hidden_gradient(da, 10 * da, 100 * da, 1000 * da, W, W, W, W)
    array([1111, 2222])
    """
    return W_hi.T @ da_i_1 + W_hf.T @ da_f_1 + W_ho.T @ da_o_1 + W_hc.T @ da_c_1


@formula(
    Eq(
        Gradient(L, c[0]),
        f_gate[1] * Gradient(L, c[1]) + p_i * Gradient(L, a_i[1]) + p_f * Gradient(L, a_f[1]),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[("=", "it is kept, and the input and the forget gate of the first step see it")],
    bindings={
        "f_1": f_gate[1],
        "dc_1": Gradient(L, c[1]),
        "da_i_1": Gradient(L, a_i[1]),
        "da_f_1": Gradient(L, a_f[1]),
    },
)
def initial_cell_gradient(
    dc_1: Array, da_i_1: Array, da_f_1: Array, f_1: Array, p_i: Array, p_f: Array
) -> Array:
    """Gradient by the initial cell.

    Three quarters of 4, and the peepholes add 2 times 5 and 3 times 7.

    >>> initial_cell_gradient(dc_1=[4], da_i_1=[5], da_f_1=[7], f_1=[0.75], p_i=[2], p_f=[3])
    array([34.])
    """
    return f_1 * dc_1 + p_i * da_i_1 + p_f * da_f_1


# -- Gradients by the weights ----------------------------------------------------------------------


@formula(
    Eq(
        Block([Gradient(L, W_xi)], [Gradient(L, W_xf)], [Gradient(L, W_xo)], [Gradient(L, W_xc)]),
        Block(
            [Sum(Outer(Gradient(L, a_i[t]), x[t]), t, 1, T)],
            [Sum(Outer(Gradient(L, a_f[t]), x[t]), t, 1, T)],
            [Sum(Outer(Gradient(L, a_o[t]), x[t]), t, 1, T)],
            [Sum(Outer(Gradient(L, a_c[t]), x[t]), t, 1, T)],
        ),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[
        ("=", "at each step, the gradient by the pre-activation times the input of that step")
    ],
    bindings={
        "da_is": Stack(Gradient(L, a_i[t]), t, 1, T),
        "da_fs": Stack(Gradient(L, a_f[t]), t, 1, T),
        "da_os": Stack(Gradient(L, a_o[t]), t, 1, T),
        "da_cs": Stack(Gradient(L, a_c[t]), t, 1, T),
    },
)
def input_weight_gradients(
    da_is: Array, da_fs: Array, da_os: Array, da_cs: Array, xs: Array
) -> Array:
    """Gradients by the input weights.

    dW : Gradients by the weights of input gate, forget gate, output gate and candidate, in this
        order one below the other.

    Two steps of one unit: each gradient meets 3 at the first step and 7 at the second.

    >>> das = np.array([[2], [5]])
    >>> input_weight_gradients(das, 10 * das, 0 * das, das, [[3], [7]])
    array([[ 41],
           [410],
           [  0],
           [ 41]])
    """
    return np.vstack([das.T @ xs for das in (da_is, da_fs, da_os, da_cs)])


@formula(
    Eq(
        Block([Gradient(L, W_hi)], [Gradient(L, W_hf)], [Gradient(L, W_ho)], [Gradient(L, W_hc)]),
        Block(
            [Sum(Outer(Gradient(L, a_i[t]), h[t - 1]), t, 1, T)],
            [Sum(Outer(Gradient(L, a_f[t]), h[t - 1]), t, 1, T)],
            [Sum(Outer(Gradient(L, a_o[t]), h[t - 1]), t, 1, T)],
            [Sum(Outer(Gradient(L, a_c[t]), h[t - 1]), t, 1, T)],
        ),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[
        ("=", "at each step, the gradient by the pre-activation times the hidden state before")
    ],
    bindings={
        "da_is": Stack(Gradient(L, a_i[t]), t, 1, T),
        "da_fs": Stack(Gradient(L, a_f[t]), t, 1, T),
        "da_os": Stack(Gradient(L, a_o[t]), t, 1, T),
        "da_cs": Stack(Gradient(L, a_c[t]), t, 1, T),
        "h_prevs": Steps(h, 0, T - 1),
    },
)
def recurrent_weight_gradients(
    da_is: Array, da_fs: Array, da_os: Array, da_cs: Array, h_prevs: Array
) -> Array:
    """Gradients by the recurrent weights.

    dW : Gradients by the weights of input gate, forget gate, output gate and candidate, in this
        order one below the other.

    Two steps of one unit: each gradient meets 3 at the first step and 7 at the second.

    >>> das = np.array([[2], [5]])
    >>> recurrent_weight_gradients(das, 10 * das, 0 * das, das, [[3], [7]])
    array([[ 41],
           [410],
           [  0],
           [ 41]])
    """
    return np.vstack([das.T @ h_prevs for das in (da_is, da_fs, da_os, da_cs)])


@formula(
    Eq(
        Concatenate(Gradient(L, b_i), Gradient(L, b_f), Gradient(L, b_o), Gradient(L, b_c)),
        Concatenate(
            Sum(Gradient(L, a_i[t]), t, 1, T),
            Sum(Gradient(L, a_f[t]), t, 1, T),
            Sum(Gradient(L, a_o[t]), t, 1, T),
            Sum(Gradient(L, a_c[t]), t, 1, T),
        ),
    ),
    source="greff2017",
    given=LOSS,
    derivation=[("=", "each bias is added to its pre-activation at each step")],
    bindings={
        "da_is": Stack(Gradient(L, a_i[t]), t, 1, T),
        "da_fs": Stack(Gradient(L, a_f[t]), t, 1, T),
        "da_os": Stack(Gradient(L, a_o[t]), t, 1, T),
        "da_cs": Stack(Gradient(L, a_c[t]), t, 1, T),
    },
)
def bias_gradients(da_is: Array, da_fs: Array, da_os: Array, da_cs: Array) -> Array:
    """Gradients by the biases.

    db : Gradients by the biases of input gate, forget gate, output gate and candidate, in this
        order.

    >>> das = np.array([[2], [5]])
    >>> bias_gradients(das, 10 * das, 0 * das, das)
    array([ 7, 70,  0,  7])
    """
    return np.concatenate([np.sum(das, axis=0) for das in (da_is, da_fs, da_os, da_cs)])


@formula(
    Eq(Gradient(L, p_i), Sum(c[t - 1] * Gradient(L, a_i[t]), t, 1, T)),
    source="greff2017",
    given=LOSS,
    derivation=[
        ("=", "at each step, the cell that the gate sees times the gradient by its pre-activation")
    ],
    bindings={"c_prevs": Steps(c, 0, T - 1), "da_is": Stack(Gradient(L, a_i[t]), t, 1, T)},
)
def input_peephole_gradient(da_is: Array, c_prevs: Array) -> Array:
    """Gradient by the peephole of the input gate.

    >>> input_peephole_gradient([[2], [5]], [[3], [7]])
    array([41])
    """
    return np.sum(c_prevs * da_is, axis=0)


@formula(
    Eq(Gradient(L, p_f), Sum(c[t - 1] * Gradient(L, a_f[t]), t, 1, T)),
    source="greff2017",
    given=LOSS,
    derivation=[
        ("=", "at each step, the cell that the gate sees times the gradient by its pre-activation")
    ],
    bindings={"c_prevs": Steps(c, 0, T - 1), "da_fs": Stack(Gradient(L, a_f[t]), t, 1, T)},
)
def forget_peephole_gradient(da_fs: Array, c_prevs: Array) -> Array:
    """Gradient by the peephole of the forget gate.

    >>> forget_peephole_gradient([[2], [5]], [[3], [7]])
    array([41])
    """
    return np.sum(c_prevs * da_fs, axis=0)


@formula(
    Eq(Gradient(L, p_o), Sum(c[t] * Gradient(L, a_o[t]), t, 1, T)),
    source="greff2017",
    given=LOSS,
    derivation=[
        ("=", "at each step, the cell that the gate sees times the gradient by its pre-activation")
    ],
    bindings={"cs": Steps(c, 1, T), "da_os": Stack(Gradient(L, a_o[t]), t, 1, T)},
)
def output_peephole_gradient(da_os: Array, cs: Array) -> Array:
    """Gradient by the peephole of the output gate.

    >>> output_peephole_gradient([[2], [5]], [[3], [7]])
    array([41])
    """
    return np.sum(cs * da_os, axis=0)


# -- Bounds ----------------------------------------------------------------------------------------


@formula(
    Lt(Abs(h[t]), o_gate[t]),
    source="greff2017",
    given=[building_blocks.sigmoid, output_gate, hidden_state],
    derivation=[
        ("=", o_gate[t] * Abs(tanh(c[t])), "a gate is positive"),
        ("<", "tanh lies between -1 and 1"),
    ],
)
def hidden_bound(o_gate: Array) -> Array:
    """Bound of the hidden state.

    bound : The size of no entry of the hidden state reaches its output gate, and no gate
        reaches 1.

    A cell of 100 behind a half open gate shows no more than one half.

    >>> hidden_bound([0.5]), hidden_state([0.5], [100.0])
    (array([0.5]), array([0.5]))
    """
    return o_gate


@formula(
    Le(Abs(c[t]), Abs(c[0]) + t),
    source="greff2017",
    given=[building_blocks.sigmoid, input_gate, forget_gate, candidate, cell_update],
    derivation=[
        (
            "<=",
            f_gate[t] * Abs(c[t - 1]) + i_gate[t] * Abs(c_tilde[t]),
            "the triangle inequality; gates are positive",
        ),
        ("<=", Abs(c[t - 1]) + 1, "no gate and no candidate reaches 1"),
        (
            "<=",
            Abs(c[0]) + (t - 1) + 1,
            "the same bound one step before, which is the hypothesis of the induction",
        ),
        ("=", "one more step"),
    ],
    bindings={"c_0": c[0]},
)
def cell_bound(c_0: Array, t: int) -> Array:
    """Bound of the cell.

    bound : Size that no entry of the cell exceeds after `t` steps.

    >>> cell_bound([0.5, -2.0], t=10)
    array([10.5, 12. ])
    """
    return np.abs(c_0) + t
