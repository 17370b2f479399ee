"""PyTorch computes fused, projected and convolved steps without this book, and agrees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnnotes import lstm, lstm_variants

D, H, R, T = 3, 4, 2, 5


@pytest.fixture
def seeded():
    """Every network below starts from the same weights in every run."""
    torch.manual_seed(0)


def numbers(network):
    """Weights of a network of PyTorch, in the order of its documentation, in double precision."""
    return [value.detach().numpy() for value in network.parameters()]


def update(a_4, c_prev):
    """Gates, cell and what it shows, from pre-activations in the order of PyTorch."""
    a_i, a_f, a_c, a_o = np.split(a_4, 4)
    c = lstm.cell_update(lstm.forget_gate(a_f), c_prev, lstm.input_gate(a_i), lstm.candidate(a_c))
    return lstm.output_gate(a_o), c


def test_one_fused_step_is_that_of_lstmcell(seeded, rng):
    """PyTorch keeps one matrix for all blocks, and two biases."""
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64)
    x, h_prev, c_prev = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)
    W_x4, W_h4, b_ih4, b_hh4 = numbers(cell)
    theirs = cell(torch.tensor(x), (torch.tensor(h_prev), torch.tensor(c_prev)))

    a_4 = lstm_variants.fused_pre_activation(x, h_prev, W_x4, W_h4, b_ih4, b_hh4)
    o_gate, c = update(a_4, c_prev)

    np.testing.assert_allclose(lstm.hidden_state(o_gate, c), theirs[0].detach(), rtol=1e-12)
    np.testing.assert_allclose(c, theirs[1].detach(), rtol=1e-12)


def test_projected_steps_are_those_of_lstm(seeded, rng):
    """PyTorch projects what the cell shows, and the next step reads the projection."""
    network = torch.nn.LSTM(D, H, proj_size=R, dtype=torch.float64)
    xs, h_proj, c = rng.standard_normal((T, D)), np.zeros(R), np.zeros(H)
    W_x4, W_p4, b_ih4, b_hh4, W_proj = numbers(network)
    theirs, (_, c_last) = network(torch.tensor(xs))

    for x, state in zip(xs, theirs.detach().numpy(), strict=True):
        a_4 = lstm_variants.projected_pre_activation(x, h_proj, W_x4, W_p4, b_ih4, b_hh4)
        o_gate, c = update(a_4, c)
        h_proj = lstm_variants.projected_state(o_gate, c, W_proj)

        np.testing.assert_allclose(h_proj, state, rtol=1e-12)
    np.testing.assert_allclose(c, c_last[0].detach(), rtol=1e-12)


def test_parameters_are_counted_with_two_biases(seeded):
    """PyTorch counts what it trains."""
    plain = sum(value.size for value in numbers(torch.nn.LSTM(D, H)))
    projected = sum(value.size for value in numbers(torch.nn.LSTM(D, H, proj_size=R)))

    assert plain == lstm_variants.parameter_count_two_biases(D, H)
    assert projected == lstm_variants.parameter_count_projected(D, H, R)


def test_biases_of_one_are_a_bias_of_two(seeded):
    """With weights of zero, nothing but the biases is heard: the cell shrinks by sigmoid(2)."""
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64)
    with torch.no_grad():
        for value in cell.parameters():
            value.zero_()
        cell.bias_ih[H : 2 * H] = cell.bias_hh[H : 2 * H] = 1
    x, zero, one = (torch.tensor(value) for value in (np.zeros(D), np.zeros(H), np.ones(H)))
    _, c = cell(x, (zero, one))

    np.testing.assert_allclose(
        c.detach(), lstm_variants.forget_gate_at_start(np.full(H, 2.0)), rtol=1e-12
    )


def test_convolution_reads_the_kernel_backward(rng):
    """PyTorch slides the kernel as it is written, which is a convolution with the mirrored one."""
    x_map, kernel, zero = rng.standard_normal(7), rng.standard_normal(3), np.zeros(7)
    theirs = torch.nn.functional.conv1d(
        torch.tensor(x_map)[None, None], torch.tensor(kernel[::-1].copy())[None, None],
        padding="same",
    )  # fmt: skip

    ours = lstm_variants.convolutional_gate(x_map, zero, zero, kernel, kernel, zero, b_map=0.0)

    np.testing.assert_allclose(ours, theirs[0, 0], rtol=1e-12)
