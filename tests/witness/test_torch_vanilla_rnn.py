"""PyTorch computes the vanilla network without this book, and agrees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnnotes import vanilla_rnn as rnn

D, H, T = 3, 4, 5

ACTIVATIONS = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}


@pytest.fixture
def seeded():
    """Every network below starts from the same weights in every run."""
    torch.manual_seed(0)


def numbers(network):
    """Weights of a network of PyTorch by name, in double precision."""
    return {name: value.detach().numpy() for name, value in network.named_parameters()}


def reads(step, xs, h, *weights, f=np.tanh):
    """States of a network after each step."""
    states = []
    for x in xs:
        h = step(x, h, *weights, f)
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_one_step_is_that_of_rnncell(seeded, rng, name):
    """PyTorch adds two biases; both of our forms agree with it."""
    cell = torch.nn.RNNCell(D, H, nonlinearity=name, dtype=torch.float64)
    x, h, w = rng.standard_normal(D), rng.standard_normal(H), numbers(cell)
    theirs = cell(torch.tensor(x), torch.tensor(h)).detach().numpy()
    f = ACTIVATIONS[name]
    biases = w["bias_ih"], w["bias_hh"]

    two = rnn.two_bias_pre_activation(x, h, w["weight_ih"], w["weight_hh"], *biases)
    one = rnn.elman(x, h, w["weight_ih"], w["weight_hh"], sum(biases), f)

    np.testing.assert_allclose(rnn.hidden_state(two, f), theirs, rtol=1e-12)
    np.testing.assert_allclose(one, theirs, rtol=1e-12)


def test_two_layers_are_those_of_rnn(seeded, rng):
    """The second layer of PyTorch reads the states of the first."""
    network = torch.nn.RNN(D, H, num_layers=2, dtype=torch.float64)
    xs, w = rng.standard_normal((T, D)), numbers(network)
    theirs, _ = network(torch.tensor(xs))
    first, second = (
        (w[f"weight_ih_l{i}"], w[f"weight_hh_l{i}"], w[f"bias_ih_l{i}"] + w[f"bias_hh_l{i}"])
        for i in (0, 1)
    )

    below = reads(rnn.elman, xs, np.zeros(H), *first)
    above = reads(rnn.deep_state, below, np.zeros(H), *second)

    np.testing.assert_allclose(above, theirs.detach().numpy(), rtol=1e-12)


def test_both_directions_are_those_of_rnn(seeded, rng):
    """PyTorch puts the state that reads ahead first, and calls the other one reverse."""
    network = torch.nn.RNN(D, H, bidirectional=True, dtype=torch.float64)
    xs, w = rng.standard_normal((T, D)), numbers(network)
    theirs, _ = network(torch.tensor(xs))
    ahead, back = (
        (w[f"weight_ih_l0{e}"], w[f"weight_hh_l0{e}"], w[f"bias_ih_l0{e}"] + w[f"bias_hh_l0{e}"])
        for e in ("", "_reverse")
    )

    hs_ahead = reads(rnn.state_ahead, xs, np.zeros(H), *ahead)
    hs_back = reads(rnn.state_back, xs[::-1], np.zeros(H), *back)[::-1]

    np.testing.assert_allclose(np.hstack([hs_ahead, hs_back]), theirs.detach().numpy(), rtol=1e-12)


def test_a_step_of_sgd_moves_both_biases(seeded, rng):
    """The optimizer of PyTorch knows nothing of their sum."""
    cell, eta = torch.nn.RNNCell(D, H, dtype=torch.float64), 0.1
    before = {name: value.copy() for name, value in numbers(cell).items()}
    (cell(torch.tensor(rng.standard_normal(D))) ** 2).sum().backward()
    torch.optim.SGD(cell.parameters(), lr=eta).step()

    moved = numbers(cell)["bias_ih"] + numbers(cell)["bias_hh"]
    ours = rnn.merged_bias_step(
        cell.bias_ih.grad.numpy(), before["bias_ih"], before["bias_hh"], eta
    )

    np.testing.assert_allclose(moved, ours, rtol=1e-12)


def test_parameters_are_counted_with_one_bias(seeded):
    """PyTorch has a second bias, one number more for each unit, and no output."""
    count = sum(value.size for value in numbers(torch.nn.RNN(D, H)).values())
    output = sum(value.size for value in numbers(torch.nn.Linear(H, 2)).values())

    assert count + output == rnn.parameter_count(D, H, O=2) + H


def test_probabilities_are_those_of_pytorch(rng):
    """Softmax of the scores, in another library."""
    scores = rng.standard_normal(5)

    np.testing.assert_allclose(
        rnn.output_probabilities(scores), torch.softmax(torch.tensor(scores), 0).numpy(), rtol=1e-12
    )
