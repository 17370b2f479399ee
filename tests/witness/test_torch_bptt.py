"""PyTorch differentiates a network without this book, and agrees.

Autograd follows the operations of a run backwards: it knows no formula of the chapter.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rnnnotes import bptt, building_blocks

D, H, O, T = 3, 4, 5, 6  # noqa: E741

SLOPES = {"tanh": lambda a: 1 - np.tanh(a) ** 2, "relu": lambda a: (a > 0).astype(float)}


def array(tensor):
    """Numbers of a tensor."""
    return tensor.detach().numpy()


@pytest.fixture(params=SLOPES)
def run(request, rng):
    """A sequence read by PyTorch, with a loss at each step: all that it holds of it."""
    torch.manual_seed(0)
    cell = torch.nn.RNNCell(D, H, nonlinearity=request.param, dtype=torch.float64)
    output = torch.nn.Linear(H, O, dtype=torch.float64)
    xs = torch.tensor(rng.standard_normal((T, D)), requires_grad=True)
    hs = [torch.tensor(rng.standard_normal(H), requires_grad=True)]
    for x in xs:
        hs.append(cell(x, hs[-1]))
        hs[-1].retain_grad()
    classes = torch.tensor(rng.integers(0, O, T))
    scores = output(torch.stack(hs[1:]))
    loss = torch.nn.functional.cross_entropy(scores, classes, reduction="sum")
    a_s = [cell.weight_ih @ x + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
           for x, h in zip(xs, hs, strict=False)]  # fmt: skip
    return SimpleNamespace(
        cell=cell, output=output, xs=xs, hs=hs, scores=scores, classes=classes, loss=loss,
        as_=array(torch.stack(a_s)), W_hh=array(cell.weight_hh), slope=SLOPES[request.param],
    )  # fmt: skip


def backward(run):
    """Gradients by the formulas of the chapter: states, weights, inputs and initial state."""
    W_hh, W_hy, hs = run.W_hh, array(run.output.weight), array(torch.stack(run.hs))
    da_ys = np.array([
        building_blocks.cross_entropy_gradient(building_blocks.softmax(scores), int(c) + 1)
        for scores, c in zip(array(run.scores), run.classes, strict=True)
    ])  # fmt: skip
    dhs = [bptt.final_state_gradient(da_ys[-1], W_hy)]
    for a_next, da_y in zip(run.as_[:0:-1], da_ys[-2::-1], strict=True):
        dhs.append(bptt.state_gradient(da_y, dhs[-1], a_next, W_hh, W_hy, run.slope))
    dhs.reverse()
    das = np.array([
        bptt.pre_activation_gradient(dh, a, run.slope) for a, dh in zip(run.as_, dhs, strict=True)
    ])  # fmt: skip
    return {
        "states": np.array(dhs),
        "input weights": bptt.input_weight_gradient(das, array(run.xs)),
        "recurrent weights": bptt.recurrent_weight_gradient(das, hs[:-1]),
        "hidden bias": bptt.hidden_bias_gradient(das),
        "output weights": bptt.output_weight_gradient(da_ys, hs[1:]),
        "output bias": bptt.output_bias_gradient(da_ys),
        "inputs": np.array([bptt.input_gradient(da, array(run.cell.weight_ih)) for da in das]),
        "initial state": bptt.initial_state_gradient(das[0], W_hh),
    }


def test_gradients_of_a_sequence_are_those_of_autograd(run):
    """Every gradient of the chapter, composed over all steps; both biases have one gradient."""
    run.loss.backward()
    theirs = {
        "states": torch.stack([h.grad for h in run.hs[1:]]),
        "input weights": run.cell.weight_ih.grad,
        "recurrent weights": run.cell.weight_hh.grad,
        "hidden bias": run.cell.bias_hh.grad,
        "output weights": run.output.weight.grad,
        "output bias": run.output.bias.grad,
        "inputs": run.xs.grad,
        "initial state": run.hs[0].grad,
    }

    for name, ours in backward(run).items():
        np.testing.assert_allclose(ours, array(theirs[name]), rtol=1e-10, atol=1e-14, err_msg=name)
    np.testing.assert_array_equal(run.cell.bias_ih.grad, run.cell.bias_hh.grad)


def test_jacobian_over_many_steps_is_that_of_autograd(run):
    """The last state by the state at step 2, one row for each entry of the last."""
    rows = [torch.autograd.grad(entry, run.hs[2], retain_graph=True)[0] for entry in run.hs[T]]

    ours = bptt.jacobian_product(run.as_, run.W_hh, run.slope, t=T, k=2)

    np.testing.assert_allclose(ours, array(torch.stack(rows)), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("tau", [1, 3, T - 1])
def test_a_truncated_gradient_is_that_of_a_state_cut_from_its_past(run, tau):
    """PyTorch forgets where a detached state comes from, which truncation does on paper."""
    h, recurrent = run.hs[T - tau - 1].detach(), run.cell.weight_hh
    for x in run.xs[T - tau - 1 :]:
        h = run.cell(x, h)
    loss = torch.nn.functional.cross_entropy(run.output(h), run.classes[-1])
    (theirs,) = torch.autograd.grad(loss, recurrent)

    looked_back = range(T - tau, T + 1)
    p = building_blocks.softmax(array(run.scores)[-1])
    da_y = building_blocks.cross_entropy_gradient(p, int(run.classes[-1]) + 1)
    Js = [bptt.jacobian_product(run.as_, run.W_hh, run.slope, t=T, k=k) for k in looked_back]
    # By the weights in a row, row after row: each row of them reaches one unit.
    dss = [np.kron(np.diag(run.slope(run.as_[k - 1])), array(run.hs[k - 1])) for k in looked_back]
    ours = bptt.truncated_gradient(
        bptt.final_state_gradient(da_y, array(run.output.weight)), np.array(Js), np.array(dss)
    )

    np.testing.assert_allclose(ours.reshape(H, H), array(theirs), rtol=1e-10, atol=1e-14)
