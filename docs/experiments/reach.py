"""How much of a gradient reaches back over a gap, before a network has learned anything."""

from __future__ import annotations

import numpy as np
from experiments.cells import CELLS
from experiments.gap import CONTENDERS, first_weights

from rnnnotes.book.state.arrays import Array

__all__ = ["reach"]


def reach(name: str, gap: int, H: int = 20, D: int = 4, seed: int = 0) -> Array:
    """Norms of the derivative of the last hidden state by the state 0, 1, ... `gap` steps before.

    The state is all that a cell hands on, so for an LSTM it is hidden state and cell together.
    """
    rng = np.random.default_rng(seed)
    weights = first_weights(name, D, H, gap, rng)
    cell = CELLS[CONTENDERS[name][0]]
    steps = cell.forward(rng.standard_normal((gap, D)), weights, np.zeros(H))
    jacobians = [cell.jacobian(step, weights) for step in steps]
    derivative = np.eye(H, len(jacobians[-1]))
    norms = [np.linalg.norm(derivative, 2)]
    for jacobian in reversed(jacobians):
        derivative = derivative @ jacobian
        norms.append(np.linalg.norm(derivative, 2))
    return np.array(norms)
