"""Three cells that read a sequence and learn from its end, made of the formulas of the book.

A formula is written for one example, as a column.  Where a matrix acts from the left and all
else acts entry by entry, it holds for many columns side by side as well: an example is a column
here, and the sums over time of a backward pass run over the examples too.  The arguments then
have another shape than the statement says, so the formulas are used without that check.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from rnnnotes import bptt, gru, lstm, vanilla_rnn
from rnnnotes.book.state.arrays import Array

__all__ = ["CELLS", "Cell", "Weights", "as_columns", "rows"]

Weights = dict[str, Array]
"""Weights and biases by the names that they have in the book."""

Step = SimpleNamespace
"""What a backward pass keeps of a step, by the names that it has in the book."""


def bare(chapter: ModuleType) -> Any:
    """Formulas of a chapter, without the check of their arguments."""
    return SimpleNamespace(
        **{
            name: inspect.unwrap(getattr(chapter, name))
            for name in dir(chapter)
            if callable(getattr(chapter, name))
        }
    )


VANILLA, BPTT, LSTM, GRU = map(bare, (vanilla_rnn, bptt, lstm, gru))


def as_columns(weights: Weights) -> Weights:
    """Biases as columns, which are added to each example."""
    return {name: value[:, None] if value.ndim == 1 else value for name, value in weights.items()}


def rows(columns: Iterable[Array]) -> Array:
    """Steps and their examples, one below the other, as a sum over time wants them."""
    return np.concatenate([np.atleast_2d(step.T) for step in columns])


# -- Vanilla network -------------------------------------------------------------------------------


def vanilla_forward(xs: Array, w: Weights, h: Array) -> list[Step]:
    """Read a sequence."""
    steps = []
    for x in xs:
        a = VANILLA.pre_activation(x, h, w["W_xh"], w["W_hh"], w["b_h"])
        steps.append(Step(x=x, h_prev=h, a=a, h=BPTT.tanh_state(a)))
        h = steps[-1].h
    return steps


def vanilla_backward(steps: Sequence[Step], w: Weights, dh: Array) -> Weights:
    """Gradients of a loss that reads the last state, of which the gradient is given."""
    das = []
    for step in reversed(steps):
        das.append(BPTT.tanh_backward(dh, step.h))
        dh = BPTT.initial_state_gradient(das[-1], w["W_hh"])
    da_rows = rows(reversed(das))
    return {
        "W_xh": BPTT.input_weight_gradient(da_rows, rows(s.x for s in steps)),
        "W_hh": BPTT.recurrent_weight_gradient(da_rows, rows(s.h_prev for s in steps)),
        "b_h": BPTT.hidden_bias_gradient(da_rows),
    }


def vanilla_jacobian(step: Step, w: Weights) -> Array:
    """Jacobian of one step."""
    return bptt.step_jacobian(step.a, w["W_hh"], lambda a: 1 - np.tanh(a) ** 2)


# -- LSTM ------------------------------------------------------------------------------------------


def lstm_forward(xs: Array, w: Weights, h: Array) -> list[Step]:
    """Read a sequence; the cell starts empty."""
    steps, c = [], np.zeros_like(h)
    for x in xs:
        a_i = LSTM.input_gate_pre_activation(x, h, w["W_xi"], w["W_hi"], w["b_i"])
        a_f = LSTM.forget_gate_pre_activation(x, h, w["W_xf"], w["W_hf"], w["b_f"])
        a_o = LSTM.output_gate_pre_activation(x, h, w["W_xo"], w["W_ho"], w["b_o"])
        a_c = LSTM.candidate_pre_activation(x, h, w["W_xc"], w["W_hc"], w["b_c"])
        s = Step(x=x, h_prev=h, c_prev=c)
        s.i_gate, s.f_gate = LSTM.input_gate(a_i), LSTM.forget_gate(a_f)
        s.o_gate, s.c_tilde = LSTM.output_gate(a_o), LSTM.candidate(a_c)
        s.c = c = LSTM.cell_update(s.f_gate, c, s.i_gate, s.c_tilde)
        s.h = h = LSTM.hidden_state(s.o_gate, c)
        steps.append(s)
    return steps


def lstm_backward(steps: Sequence[Step], w: Weights, dh: Array) -> Weights:
    """Gradients of a loss that reads the last hidden state, of which the gradient is given."""
    das: list[tuple[Array, ...]] = []
    none = f_next = dc = np.zeros_like(dh)
    for s in reversed(steps):
        dc, f_next = LSTM.plain_cell_gradient(dh, dc, s.o_gate, s.c, f_next), s.f_gate
        das.append((
            LSTM.input_gate_gradient(dc, s.i_gate, s.c_tilde),
            LSTM.forget_gate_gradient(dc, s.f_gate, s.c_prev),
            LSTM.output_gate_gradient(dh, s.o_gate, s.c),
            LSTM.candidate_gradient(dc, s.i_gate, s.c_tilde),
        ))  # fmt: skip
        dh = LSTM.hidden_gradient(none, *das[-1], w["W_hi"], w["W_hf"], w["W_ho"], w["W_hc"])
    da_rows = [rows(reversed(gate)) for gate in zip(*das, strict=True)]
    stacked = {
        "W_x": LSTM.input_weight_gradients(*da_rows, rows(s.x for s in steps)),
        "W_h": LSTM.recurrent_weight_gradients(*da_rows, rows(s.h_prev for s in steps)),
        "b_": LSTM.bias_gradients(*da_rows),
    }
    return {
        start + gate: part
        for start, whole in stacked.items()
        for gate, part in zip("ifoc", np.split(whole, 4), strict=True)
    }


def lstm_jacobian(s: Step, w: Weights) -> Array:
    """Jacobian of one step, of hidden state and cell together."""
    J_ch = lstm.cell_by_hidden(
        f_gate=s.f_gate, c_prev=s.c_prev, i_gate=s.i_gate, c_tilde=s.c_tilde,
        W_hi=w["W_hi"], W_hf=w["W_hf"], W_hc=w["W_hc"],
    )  # fmt: skip
    return lstm.step_jacobian(J_ch, s.o_gate, s.c, s.f_gate, w["W_ho"])


# -- GRU -------------------------------------------------------------------------------------------


def gru_forward(xs: Array, w: Weights, h: Array) -> list[Step]:
    """Read a sequence, with the reset before the product."""
    steps = []
    for x in xs:
        s = Step(x=x, h_prev=h)
        s.r_gate = GRU.reset_gate(
            GRU.reset_gate_pre_activation(x, h, w["W_xr"], w["W_hr"], w["b_r"])
        )
        s.z_gate = GRU.update_gate(
            GRU.update_gate_pre_activation(x, h, w["W_xz"], w["W_hz"], w["b_z"])
        )
        s.h_tilde = GRU.candidate(
            GRU.pre_activation_reset_before(x, s.r_gate, h, w["W_xh"], w["W_hh"], w["b_h"])
        )
        s.h = h = GRU.hidden_state(s.z_gate, h, s.h_tilde)
        steps.append(s)
    return steps


def gru_backward(steps: Sequence[Step], w: Weights, dh: Array) -> Weights:
    """Gradients of a loss that reads the last state, of which the gradient is given."""
    das: list[tuple[Array, ...]] = []
    none = np.zeros_like(dh)
    for s in reversed(steps):
        da = GRU.candidate_pre_activation_gradient(GRU.candidate_gradient(dh, s.z_gate), s.h_tilde)
        da_z = GRU.update_pre_activation_gradient(
            GRU.update_gate_gradient(dh, s.h_prev, s.h_tilde), s.z_gate
        )
        da_r = GRU.reset_pre_activation_gradient(
            GRU.reset_gate_gradient_before(da, s.h_prev, w["W_hh"]), s.r_gate
        )
        dh = GRU.state_gradient_before(
            none, dh, da_z, da_r, da, s.z_gate, s.r_gate, w["W_hz"], w["W_hr"], w["W_hh"]
        )
        das.append((da_r, da_z, da))
    da_rs, da_zs, da_hs = (rows(reversed(gate)) for gate in zip(*das, strict=True))
    xs, h_prevs = rows(s.x for s in steps), rows(s.h_prev for s in steps)
    return {
        "W_xr": GRU.reset_input_weight_gradient(da_rs, xs),
        "W_xz": GRU.update_input_weight_gradient(da_zs, xs),
        "W_xh": GRU.candidate_input_weight_gradient(da_hs, xs),
        "W_hr": GRU.reset_recurrent_weight_gradient(da_rs, h_prevs),
        "W_hz": GRU.update_recurrent_weight_gradient(da_zs, h_prevs),
        "W_hh": GRU.candidate_recurrent_weight_gradient_before(
            da_hs, rows(s.r_gate for s in steps), h_prevs
        ),
        "b_r": GRU.reset_bias_gradient(da_rs),
        "b_z": GRU.update_bias_gradient(da_zs),
        "b_h": GRU.candidate_bias_gradient(da_hs),
    }


def gru_jacobian(s: Step, w: Weights) -> Array:
    """Jacobian of one step."""
    return gru.jacobian_reset_before(
        s.z_gate, s.r_gate, s.h_prev, s.h_tilde, w["W_hz"], w["W_hr"], w["W_hh"]
    )


# -- All of them -----------------------------------------------------------------------------------


class Cell(NamedTuple):
    """What a cell does, and the letters by which its weights and its biases go."""

    forward: Callable[[Array, Weights, Array], list[Step]]
    backward: Callable[[Sequence[Step], Weights, Array], Weights]
    jacobian: Callable[[Step, Weights], Array]
    gates: str

    def draw(self, D: int, H: int, rng: np.random.Generator) -> Weights:
        """Draw weights of a size that falls with the square root of `H`; biases are zero."""
        weights: Weights = {}
        for gate in self.gates:
            weights[f"W_x{gate}"] = rng.uniform(-1, 1, (H, D)) / np.sqrt(H)
            weights[f"W_h{gate}"] = rng.uniform(-1, 1, (H, H)) / np.sqrt(H)
            weights[f"b_{gate}"] = np.zeros(H)
        return weights


CELLS = {
    "vanilla": Cell(vanilla_forward, vanilla_backward, vanilla_jacobian, "h"),
    "GRU": Cell(gru_forward, gru_backward, gru_jacobian, "rzh"),
    "LSTM": Cell(lstm_forward, lstm_backward, lstm_jacobian, "ifoc"),
}
