"""Figures of the chapter on the GRU."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnnotes import gru
from rnnnotes.book.state.arrays import Array

BLUE, ORANGE, GREY = "#3a86c8", "#d9772b", "#808080"
"""Gates, state, and what goes into them; all stand out on a light page and on a dark one."""

Point = tuple[float, float]

OLD, NEW, INPUT, RESET, CANDIDATE, UPDATE = (
    (0.0, 2.0), (6.0, 2.0), (0.0, -0.4), (1.6, 0.75), (3.9, 1.0), (5.0, -0.4),
)  # fmt: skip
"""Places of the nodes of the cell."""

ARROWS: list[tuple[Point, Point, str]] = [
    (OLD, NEW, ORANGE),
    (OLD, RESET, GREY),
    (INPUT, RESET, GREY),
    (OLD, UPDATE, GREY),
    (INPUT, UPDATE, GREY),
    (OLD, CANDIDATE, GREY),
    (INPUT, CANDIDATE, GREY),
    (RESET, CANDIDATE, BLUE),
    (CANDIDATE, NEW, ORANGE),
    (UPDATE, NEW, BLUE),
]
"""What each node is computed from."""

VALUES = np.array([0, 0, 0.8, -0.5, 0.9, -0.3, 0.4, -0.6, 0.7, -0.9, 0.2, 0.5])
MARKS = np.array([0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0])
"""What the unit of the second figure reads."""


def cell() -> Figure:
    """One step as a graph: each node is a formula."""
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    axes = figure.subplots()
    nodes = {
        r"$\mathbf{h}_{t-1}$": (OLD, "black"),
        r"$\mathbf{h}_t$": (NEW, "black"),
        r"$\mathbf{x}_t$": (INPUT, "black"),
        r"$\mathbf{r}_t$": (RESET, BLUE),
        r"$\mathbf{z}_t$": (UPDATE, BLUE),
        r"$\tilde{\mathbf{h}}_t$": (CANDIDATE, ORANGE),
    }
    for label, (place, colour) in nodes.items():
        axes.annotate(label, place, ha="center", va="center", fontsize=17, color=colour)
    for start, end, colour in ARROWS:
        _arrow(axes, start, end, colour)
    axes.set(xlim=(-0.6, 6.5), ylim=(-0.8, 2.4), aspect="equal")
    axes.axis("off")
    return figure


def held() -> tuple[Array, Array, Array]:
    """Update gates and states of a unit that holds a value, and how far a gradient reaches.

    The third array has the derivative of the last state by the state of each step.
    """
    xs = np.column_stack([VALUES, MARKS])
    zero, one = np.zeros((1, 1)), np.ones(1)
    zs, hs, steps = [], [np.zeros(1)], []
    for x in xs:
        a_z = gru.update_gate_pre_activation(x, hs[-1], np.array([[0.0, -8.0]]), zero, 4 * one)
        zs.append(gru.update_gate(a_z))
        a = gru.pre_activation_reset_before(x, one, hs[-1], np.array([[2.0, 0.0]]), zero, 0 * one)
        h_tilde = gru.candidate(a)
        step = gru.jacobian_reset_before(zs[-1], one, hs[-1], h_tilde, zero, zero, zero)
        steps.append(step[0, 0])
        hs.append(gru.hidden_state(zs[-1], hs[-1], h_tilde))
    reach = np.append(np.cumprod(steps[:0:-1])[::-1], 1.0)
    return np.ravel(zs), np.ravel(hs[1:]), reach


def gates_and_gradient() -> Figure:
    """State and gate of a unit that holds a value, and the gradient that reaches back."""
    zs, hs, reach = held()
    times = np.arange(1, len(zs) + 1)
    figure = Figure(figsize=(3.6, 4.2), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    above.step(times, zs, where="mid", color=BLUE, linewidth=1.8)
    above.plot(times, hs, "o-", color=ORANGE, linewidth=1.8)
    above.set(ylim=(-1.1, 1.2), yticks=(-1, 0, 1))
    above.annotate(r"$z_t$", (9.6, 0.55), color=BLUE, fontsize=15)
    above.annotate(r"$h_t$", (9.6, -0.5), color=ORANGE, fontsize=15)
    below.bar(times, reach, color=ORANGE, width=0.6)
    below.set(ylim=(0, 1.1), yticks=(0, 1), xticks=(1, 3, 8, 12))
    below.set_ylabel(r"$\partial h_{12} / \partial h_t$", fontsize=15)
    below.set_xlabel(r"$t$", fontsize=15)
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=13)
    return figure


def _arrow(axes: Axes, start: Point, end: Point, colour: str) -> None:
    """Arrow between two nodes, with room for their letters."""
    (x, y), (u, v) = start, end
    length = float(np.hypot(u - x, v - y))
    gap = 0.36 * (u - x) / length, 0.36 * (v - y) / length
    axes.annotate(
        "",
        xy=(u - gap[0], v - gap[1]),
        xytext=(x + gap[0], y + gap[1]),
        arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.8},
    )
