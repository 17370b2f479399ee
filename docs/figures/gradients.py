"""Figures of the chapter on vanishing and exploding gradients, computed by its own code."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from rnnnotes.book.state.arrays import Array, Elementwise
from rnnnotes.bptt import jacobian_product
from rnnnotes.building_blocks import sigmoid, sigmoid_slope
from rnnnotes.gradients import (
    clip_by_norm,
    clip_by_value,
    gap_bound,
    transient_growth,
)
from rnnnotes.vanilla_rnn import hidden_state, pre_activation

BLUE, GREY, ORANGE, PURPLE = "#3a86c8", "#808080", "#d9772b", "#a06cd5"
"""Colours that stand out on a light page and on a dark one."""

UNITS, STEPS = 20, 30


def jacobian_norms() -> Figure:
    """Norm of the Jacobian over a gap, as a line, and its bound, dotted."""
    figure = Figure(figsize=(7.2, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    _norms(left, "sigmoid", sigmoid, sigmoid_slope, 0.25)
    _norms(right, "tanh", np.tanh, lambda a: 1 - np.tanh(a) ** 2, 1.0)
    return figure


def _norms(axes: Axes, title: str, f: Elementwise, f_prime: Elementwise, gamma: float) -> None:
    gaps = range(0, STEPS + 1, 3)
    for base, colour in ((0.5, BLUE), (1.0, GREY), (2.0, ORANGE), (4.0, PURPLE)):
        W_hh = recurrent_weights(base / gamma)
        as_ = pre_activations(W_hh, f)
        norms = [norm(jacobian_product(as_, W_hh, f_prime, STEPS, STEPS - gap)) for gap in gaps]
        bounds = [float(gap_bound(W_hh, gamma, STEPS, STEPS - gap)) for gap in gaps]
        axes.plot(gaps, bounds, color=colour, linewidth=1.4, linestyle=":")
        axes.plot(gaps, norms, color=colour, linewidth=2, label=f"{base / gamma:g}")
    axes.set(title=title, yscale="log", ylim=(1e-12, 1e12), xlabel="gap in steps")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        title="singular values", ncols=4, frameon=False, handlelength=1, columnspacing=1,
        loc="upper center", bbox_to_anchor=(0.5, -0.2),
    )  # fmt: skip


def recurrent_weights(largest: float) -> Array:
    """Random weights whose singular values are all the same."""
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((UNITS, UNITS)))
    return largest * rotation


def pre_activations(W_hh: Array, f: Elementwise) -> Array:
    """Pre-activations of a network that reads a random sequence."""
    rng = np.random.default_rng(1)
    W_xh, b_h = 0.3 * rng.standard_normal((UNITS, UNITS)), np.zeros(UNITS)
    h, as_ = np.zeros(UNITS), []
    for x in rng.standard_normal((STEPS, UNITS)):
        as_.append(pre_activation(x, h, W_xh, W_hh, b_h))
        h = hidden_state(as_[-1], f)
    return np.array(as_)


def norm(matrix: Array) -> float:
    """Largest singular value."""
    return float(np.linalg.norm(matrix, 2))


def transient() -> Figure:
    """Norm of the powers of two matrices whose eigenvalues are the same."""
    figure = Figure(figsize=(5.4, 3.0), layout="constrained")
    axes = figure.subplots()
    steps = range(1, 61)
    for beta, colour, label, at in (
        (1.0, ORANGE, "in a chain", (14, 3.7)),
        (0.0, BLUE, "on their own", (13, 0.4)),
    ):
        norms = [float(transient_growth(0.9, beta, t)) for t in steps]
        axes.plot(steps, norms, color=colour, linewidth=2)
        axes.annotate(label, at, color=colour)
    axes.axhline(1, color=GREY, linewidth=1, linestyle=":")
    axes.set(xlabel="steps", ylabel="norm of the power", ylim=(0, 4.4))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def clipping() -> Figure:
    """A gradient, and the two ways to clip it."""
    figure = Figure(figsize=(5.4, 3.0), layout="constrained")
    axes = figure.subplots()
    grad, g_max = np.array([3.0, 0.8]), 1.0
    axes.add_patch(Circle((0, 0), g_max, fill=False, color=BLUE, linestyle=":", lw=1.4))
    axes.add_patch(
        Rectangle((-g_max, -g_max), 2 * g_max, 2 * g_max, fill=False, color=ORANGE, ls=":", lw=1.4)
    )
    _arrow(axes, grad, GREY, "gradient", (2.2, 0.85))
    _arrow(axes, clip_by_value(grad, g_max), ORANGE, "clipped by value", (1.1, 1.1))
    _arrow(axes, clip_by_norm(grad, g_max), BLUE, "clipped by norm", (1.15, -0.15))
    axes.set(
        xlim=(-1.2, 3.2), ylim=(-1.2, 1.4), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1]
    )
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _arrow(axes: Axes, head: Array, colour: str, label: str, at: tuple[float, float]) -> None:
    arrow = {"arrowstyle": "->", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=(head[0], head[1]), xytext=(0, 0), arrowprops=arrow)
    axes.annotate(label, at, color=colour)
