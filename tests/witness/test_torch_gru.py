"""PyTorch computes and differentiates the GRU without this book, and agrees."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnnotes import gru

D, H, T = 3, 4, 5

OURS = runpy.run_path(str(Path(__file__).parents[1] / "test_gru.py"))
"""The passes over a sequence that the tests put together from the formulas."""


@pytest.fixture
def network():
    """GRU of PyTorch, with the same weights in every run."""
    torch.manual_seed(0)
    return torch.nn.GRU(D, H, dtype=torch.float64)


@pytest.fixture
def sequence(rng):
    """Inputs and an initial state, as letters of PyTorch."""
    xs = torch.tensor(rng.standard_normal((T, D)), requires_grad=True)
    return xs, torch.tensor(rng.standard_normal((1, H)), requires_grad=True)


def parts(array):
    """Rows of PyTorch for the reset gate, the update gate and the candidate, in this order."""
    return np.split(array.detach().numpy(), 3)


def weights_of(network):
    """Weights under our names: of the two biases of a gate the sum is one."""
    inward, recurrent, b_in, b_rec = map(parts, network.parameters())
    return {
        **{f"W_x{gate}": W for gate, W in zip("rzh", inward, strict=True)},
        **{f"W_h{gate}": W for gate, W in zip("rzh", recurrent, strict=True)},
        "b_r": b_in[0] + b_rec[0],
        "b_z": b_in[1] + b_rec[1],
        "b_h": b_in[2],
        "b_hh": b_rec[2],
    }


def test_one_step_is_that_of_grucell(rng):
    """The cell of PyTorch resets after the product, and an open update gate keeps."""
    torch.manual_seed(0)
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    x, h = rng.standard_normal((1, D)), rng.standard_normal(H)
    theirs = cell(torch.tensor(x[0]), torch.tensor(h)).detach().numpy()

    _, (_, ours) = OURS["forward"](x, h, weights_of(cell), "after")

    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_states_are_those_of_gru(network, sequence):
    """Over a whole sequence, from an initial state that is not zero."""
    theirs, _ = network(*sequence)
    xs, (h_0,) = (array.detach().numpy() for array in sequence)

    _, hs = OURS["forward"](xs, h_0, weights_of(network), "after")

    np.testing.assert_allclose(hs[1:], theirs.detach().numpy(), rtol=1e-12)


def test_reset_before_is_another_network(network, sequence):
    """The same weights in the other variant give other states."""
    theirs, _ = network(*sequence)
    xs, (h_0,) = (array.detach().numpy() for array in sequence)

    _, hs = OURS["forward"](xs, h_0, weights_of(network), "before")

    assert np.abs(hs[1:] - theirs.detach().numpy()).max() > 0.01


def test_gradients_are_those_of_autograd(network, sequence):
    """PyTorch differentiates what it has computed; our backward pass is written by hand."""
    states, _ = network(*sequence)
    (0.5 * states**2).sum().backward()
    theirs = {name: value.grad for name, value in network.named_parameters()}
    xs, (h_0,) = (array.detach().numpy() for array in sequence)

    ours = OURS["backward"](xs, h_0, weights_of(network), states.detach().numpy(), "after")

    wanted = {
        "weight_ih_l0": [ours["W_xr"], ours["W_xz"], ours["W_xh"]],
        "weight_hh_l0": [ours["W_hr"], ours["W_hz"], ours["W_hh"]],
        "bias_ih_l0": [ours["b_r"], ours["b_z"], ours["b_h"]],
        "bias_hh_l0": [ours["b_r"], ours["b_z"], ours["b_hh"]],
    }
    for name, blocks in wanted.items():
        np.testing.assert_allclose(np.concatenate(blocks), theirs[name].numpy(), rtol=1e-10)
    np.testing.assert_allclose(ours["xs"], sequence[0].grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(ours["h_0"], sequence[1].grad.numpy()[0], rtol=1e-10)


def before(xs, h, weights):
    """Reset before the product, which PyTorch has not, in its own operations."""
    states = []
    for x in xs:
        r, z = (
            torch.sigmoid(weights[f"W_x{g}"] @ x + weights[f"W_h{g}"] @ h + weights[f"b_{g}"])
            for g in "rz"
        )
        h_tilde = torch.tanh(weights["W_xh"] @ x + weights["W_hh"] @ (r * h) + weights["b_h"])
        h = z * h + (1 - z) * h_tilde
        states.append(h)
    return torch.stack(states)


def test_gradients_with_reset_before_are_those_of_autograd(network, sequence):
    """PyTorch differentiates the other variant as it is written down."""
    ours, (xs, h_0) = weights_of(network), sequence
    theirs = {name: torch.tensor(value, requires_grad=True) for name, value in ours.items()}
    states = before(xs, h_0[0], theirs)
    (0.5 * states**2).sum().backward()

    numbers = xs.detach().numpy(), h_0.detach().numpy()[0]
    found = OURS["backward"](*numbers, ours, states.detach().numpy(), "before")

    for name in found.keys() - {"xs", "h_0"}:
        np.testing.assert_allclose(found[name], theirs[name].grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(found["xs"], xs.grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(found["h_0"], h_0.grad.numpy()[0], rtol=1e-10)


def test_parameters_are_counted_with_two_biases(network):
    """PyTorch stores more numbers than count."""
    count = sum(value.numel() for value in network.parameters())

    assert count == gru.parameter_count_two(D, H)
    assert sum(value.size for value in weights_of(network).values()) == count - 2 * H
