"""A function of PyTorch is held against a formula as it is, on tensors."""

from __future__ import annotations

import pytest
import torch

from rnnnotes import compare
from rnnnotes.book.compare.comparing import Different

LSTM = {"W": "W_xi, W_xf, W_xc, W_xo", "U": "W_hi, W_hf, W_hc, W_ho", "b": "b_i, b_f, b_c, b_o"}
GRU = {"W": "W_xr, W_xz, W_xh", "U": "W_hr, W_hz, W_hh", "b_ih": "b_r, b_z, b_h",
       "b_hh": "0 * b_r, 0 * b_z, b_hh"}  # fmt: skip


def lstm(x, h_prev, c_prev, W, U, b):
    """Step of an LSTM for a batch."""
    i, f, g, o = (x @ W.T + h_prev @ U.T + b).chunk(4, dim=1)
    c = torch.sigmoid(f) * c_prev + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def own_gru(x, h_prev, W, U, b_ih, b_hh):
    """Step of a GRU by the library itself."""
    return torch.gru_cell(x, h_prev, W, U, b_ih, b_hh)


def gradient(dc, c_prev, f_gate):
    """Gradient by the pre-activation of a gate, that PyTorch takes."""
    a = torch.logit(f_gate).requires_grad_()
    (torch.sigmoid(a) * c_prev * dc).sum().backward()
    return a.grad


@pytest.mark.parametrize(("item", "id"), [(0, "lstm.hidden_state"), (1, "lstm.cell_update")])
def test_a_step_on_tensors_is_the_formula(id, item):
    """It fails on arrays, gets tensors, and the answer says how it was computed."""
    same = compare(id, lstm, maps=LSTM, item=item, batch=True)

    assert "compared in torch, in floats of 64 bits" in repr(same)
    assert "as one of three rows of a batch" in repr(same)
    assert not same.for_all_sizes


def test_the_cell_of_the_library_is_the_formula():
    """PyTorch resets after the product, and an open update gate keeps."""
    assert compare("gru.hidden_state", own_gru, maps=GRU, batch=True).draws > 200


def test_gates_of_a_library_in_another_order_are_found():
    """The library has the reset gate first; its own order makes the two agree."""
    order = {"W": "W_xz, W_xr, W_xh", "U": "W_hz, W_hr, W_hh", "b_ih": "b_z, b_r, b_h",
             "b_hh": "0 * b_z, 0 * b_r, b_hh"}  # fmt: skip

    with pytest.raises(Different, match="The two agree if W is given W_xr, W_xz, W_xh, and U is"):
        compare("gru.hidden_state", own_gru, maps=order, batch=True)


def test_floats_of_32_bits_are_said():
    """A function that rounds to them is compared as closely as they allow."""
    same = compare("lstm.candidate", lambda a_c: torch.tanh(torch.as_tensor(a_c).float()))

    assert "compared in torch, in floats of 32 bits" in repr(same)


def test_what_a_function_writes_into_a_tensor_is_named():
    """A tensor shares its memory with the array that it was made of; none is handed over twice."""

    def cell(f_gate, c_prev, i_gate, c_tilde):
        c_prev *= f_gate
        return torch.add(c_prev, i_gate * c_tilde)

    assert compare("lstm.cell_update", cell).changes == ("c_prev",)


def test_an_unknown_function_takes_and_gives_tensors():
    """The activation of a formula is any function, and is handed over as one of tensors."""
    same = compare(
        "vanilla_rnn.hidden_state", lambda a, f: torch.mul(f(torch.neg(torch.neg(a))), 1)
    )

    assert "in torch" in repr(same)
