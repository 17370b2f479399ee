"""PyTorch computes the LSTM and its gradients without this book, and agrees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnnotes import lstm

D, H, T = 3, 4, 5

ORDER = "ifco"
"""Order of the gates in the weights of PyTorch, which calls the candidate g."""


@pytest.fixture
def network():
    """An LSTM that starts from the same weights in every run."""
    torch.manual_seed(0)
    return torch.nn.LSTM(D, H, dtype=torch.float64)


def weights(network, of=lambda parameter: parameter):
    """Weights by our names, or what `of` makes of them; both biases act as their sum."""
    parts = {
        name: np.split(of(getattr(network, f"{theirs}_l0")).detach().numpy(), 4)
        for name, theirs in (("W_x", "weight_ih"), ("W_h", "weight_hh"), ("b_", "bias_ih"))
    }
    return {f"{name}{g}": part for name, four in parts.items()
            for g, part in zip(ORDER, four, strict=True)}  # fmt: skip


def forward(xs, h, c, w):
    """All values of each step, by the formulas of the chapter."""
    steps = []
    for x in xs:
        own = {g: (w[f"W_x{g}"], w[f"W_h{g}"], w[f"b_{g}"]) for g in ORDER}
        i = lstm.input_gate(lstm.input_gate_pre_activation(x, h, *own["i"]))
        f = lstm.forget_gate(lstm.forget_gate_pre_activation(x, h, *own["f"]))
        o = lstm.output_gate(lstm.output_gate_pre_activation(x, h, *own["o"]))
        c_tilde = lstm.candidate(lstm.candidate_pre_activation(x, h, *own["c"]))
        step = {"x": x, "h_prev": h, "c_prev": c, "i": i, "f": f, "o": o, "c_tilde": c_tilde}
        c = lstm.cell_update(f, c, i, c_tilde)
        h = lstm.hidden_state(o, c)
        steps.append({**step, "c": c, "h": h})
    return steps


def backward(steps, vs, w):
    """Gradients by the pre-activations and by the initial states."""
    Ws, das, dc = [w[f"W_h{g}"] for g in "ifoc"], [], None
    dh, zero = lstm.last_hidden_gradient(vs[-1]), np.zeros(H)
    for t in reversed(range(T)):
        i, f, o, c_tilde, c, c_prev = (
            steps[t][n] for n in ("i", "f", "o", "c_tilde", "c", "c_prev")
        )
        if das:
            dh = lstm.hidden_gradient(vs[t], *das[0], *Ws)
            dc = lstm.plain_cell_gradient(dh, dc, o, c, steps[t + 1]["f"])
        else:
            dc = lstm.last_cell_gradient(dh, zero, o, c, p_o=zero)
        das.insert(
            0,
            [
                lstm.input_gate_gradient(dc, i, c_tilde),
                lstm.forget_gate_gradient(dc, f, c_prev),
                lstm.output_gate_gradient(dh, o, c),
                lstm.candidate_gradient(dc, i, c_tilde),
            ],
        )
    dh_0 = lstm.initial_hidden_gradient(*das[0], *Ws)
    dc_0 = lstm.initial_cell_gradient(dc, zero, zero, steps[0]["f"], zero, zero)
    return np.swapaxes(das, 0, 1), dh_0, dc_0


def our_weights(network):
    """Weights of a network with the sum of both biases."""
    w = weights(network)
    second = np.split(network.bias_hh_l0.detach().numpy(), 4)
    return w | {f"b_{g}": w[f"b_{g}"] + b for g, b in zip(ORDER, second, strict=True)}


def test_states_are_those_of_lstm(network, rng):
    """Five steps from a random start: every hidden state, and the last cell."""
    xs, h, c = rng.standard_normal((T, D)), rng.standard_normal(H), rng.standard_normal(H)
    start = torch.tensor(h[None]), torch.tensor(c[None])
    theirs, (_, last_cell) = network(torch.tensor(xs), start)

    steps = forward(xs, h, c, our_weights(network))

    hs = np.array([step["h"] for step in steps])
    np.testing.assert_allclose(hs, theirs.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(steps[-1]["c"], last_cell[0].detach().numpy(), rtol=1e-12)


def test_one_step_is_that_of_lstmcell(network, rng):
    """The cell of PyTorch keeps the order of the gates."""
    x, h, c = rng.standard_normal(D), rng.standard_normal(H), rng.standard_normal(H)
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64)
    cell.load_state_dict(
        {name.removesuffix("_l0"): value for name, value in network.state_dict().items()}
    )
    theirs = cell(torch.tensor(x), (torch.tensor(h), torch.tensor(c)))

    (step,) = forward([x], h, c, our_weights(network))

    for ours, their in zip((step["h"], step["c"]), theirs, strict=True):
        np.testing.assert_allclose(ours, their.detach().numpy(), rtol=1e-12)


def test_gradients_are_those_of_autograd(network, rng):
    """Automatic differentiation of PyTorch, by all weights, inputs and both initial states."""
    shapes = (T, D), (1, H), (1, H), (T, H)
    xs, h, c, vs = (torch.tensor(rng.standard_normal(shape)) for shape in shapes)
    for leaf in (xs, h, c):
        leaf.requires_grad_()
    (network(xs, (h, c))[0] * vs).sum().backward()
    w = our_weights(network)
    steps = forward(xs.detach().numpy(), h[0].detach().numpy(), c[0].detach().numpy(), w)

    das, dh_0, dc_0 = backward(steps, vs.numpy(), w)

    gates = [f"{name}{g}" for name in ("W_x", "W_h", "b_") for g in "ifoc"]
    seen = {name: np.array([step[name] for step in steps]) for name in ("x", "h_prev")}
    ours = [
        *np.split(lstm.input_weight_gradients(*das, seen["x"]), 4),
        *np.split(lstm.recurrent_weight_gradients(*das, seen["h_prev"]), 4),
        *np.split(lstm.bias_gradients(*das), 4),
    ]
    theirs = weights(network, of=lambda parameter: parameter.grad)
    for name, gradient in zip(gates, ours, strict=True):
        np.testing.assert_allclose(gradient, theirs[name], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(dh_0, h.grad[0].numpy(), rtol=1e-10)
    np.testing.assert_allclose(dc_0, c.grad[0].numpy(), rtol=1e-10)
    dxs = [lstm.input_gradient(*das[:, t], *(w[f"W_x{g}"] for g in "ifoc")) for t in range(T)]
    np.testing.assert_allclose(dxs, xs.grad.numpy(), rtol=1e-10)
