"""PyTorch masks losses and packs sequences without this book, and agrees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnnotes import sequences
from rnnnotes import vanilla_rnn as rnn

D, H, T, PADDING = 3, 4, 5, 3
MASK = np.array(T * [1] + PADDING * [0])


@pytest.fixture
def network():
    """A network of PyTorch, the same in every run."""
    torch.manual_seed(0)
    return torch.nn.RNN(D, H, dtype=torch.float64)


@pytest.fixture
def xs(rng):
    """Inputs, and noise in place of padding."""
    return rng.standard_normal((T + PADDING, D))


def test_loss_is_that_of_cross_entropy_with_ignored_targets(rng):
    """PyTorch leaves out each step whose target is ignored, and divides by how many are left."""
    scores = torch.tensor(rng.standard_normal((T + PADDING, H)))
    targets = torch.tensor(rng.integers(H, size=T + PADDING))
    ignored = torch.where(torch.tensor(MASK) == 1, targets, -100)
    each = torch.nn.functional.cross_entropy(scores, targets, reduction="none")
    theirs = torch.nn.functional.cross_entropy(scores, ignored)

    np.testing.assert_allclose(sequences.masked_loss(each.numpy(), MASK), theirs, rtol=1e-12)
    np.testing.assert_allclose(sequences.unpadded_loss(each.numpy()[:T]), theirs, rtol=1e-12)


def masked(xs, network):
    """States and outputs of our network that skips padding, with the weights of PyTorch."""
    w = {name: value.detach().numpy() for name, value in network.named_parameters()}

    def step(s, x, theta):
        return rnn.elman(
            x, s, w["weight_ih_l0"], w["weight_hh_l0"], w["bias_ih_l0"] + w["bias_hh_l0"], np.tanh
        )

    s, shown = np.zeros(H), []
    for x, m in zip(xs, MASK, strict=True):
        s = sequences.masked_state(x, s, m, np.zeros(1), step)
        shown.append(sequences.masked_output(s, m))
    return s, np.array(shown)


def test_a_packed_sequence_stops_at_its_length_and_shows_zeros(network, xs):
    """PyTorch does not multiply by a mask: it does not compute those steps at all."""
    packed = pack_padded_sequence(torch.tensor(xs)[:, None], [T])
    outputs, last = network(packed)
    theirs, _ = pad_packed_sequence(outputs, total_length=T + PADDING)
    state, shown = masked(xs, network)

    np.testing.assert_allclose(state, last[0, 0].detach(), rtol=1e-12)
    np.testing.assert_allclose(shown, theirs[:, 0].detach(), rtol=1e-12)
    assert not theirs[T:].any()


def test_no_gradient_reaches_padding(network, xs):
    """Automatic differentiation goes through the packing."""
    inputs = torch.tensor(xs, requires_grad=True)
    _, last = network(pack_padded_sequence(inputs[:, None], [T]))
    last.sum().backward()

    assert inputs.grad[:T].abs().min() > 0
    np.testing.assert_array_equal(inputs.grad[T:], np.zeros((PADDING, D)))
