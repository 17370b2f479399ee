"""Figures of the chapter on building blocks, drawn by its own code."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rnnnotes.book.state.arrays import Array
from rnnnotes.building_blocks import (
    sigmoid,
    sigmoid_slope,
    sigmoid_slope_bound,
    softmax,
    softmax_jacobian,
    tanh,
    tanh_slope,
    tanh_slope_bound,
)

BLUE, ORANGE = "#3a86c8", "#d9772b"
"""Colours that stand out on a light page and on a dark one; black follows the text."""


def squashing_functions() -> Figure:
    """Sigmoid and hyperbolic tangent on the left, their slopes on the right."""
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    values, slopes = figure.subplots(1, 2)
    u = np.linspace(-6, 6, 241)
    _curve(values, u, sigmoid(u), BLUE, "sigmoid", (2.2, 0.62))
    _curve(values, u, tanh(u), ORANGE, "tanh", (-3.4, -0.8))
    _curve(slopes, u, sigmoid_slope(u), BLUE, "sigmoid", (2.6, 0.16))
    _curve(slopes, u, tanh_slope(u), ORANGE, "tanh", (0.9, 0.7))
    for bound, colour in ((sigmoid_slope_bound(), BLUE), (tanh_slope_bound(), ORANGE)):
        slopes.axhline(bound, color=colour, linewidth=1, linestyle=":")
    values.set(title="value", xlabel="u", yticks=[-1, 0, 1])
    slopes.set(title="slope", xlabel="u", yticks=[0, sigmoid_slope_bound(), tanh_slope_bound()])
    return figure


def _curve(
    axes: Axes, u: Array, value: float | Array, colour: str, label: str, at: tuple[float, float]
) -> None:
    axes.plot(u, value, color=colour, linewidth=2, label=label)
    axes.annotate(label, at, color=colour)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xticks([-6, -3, 0, 3, 6])


def softmax_jacobian_map() -> Figure:
    """Entries of the Jacobian of a softmax: orange raises a probability, blue lowers it."""
    p = softmax(np.log([1, 2, 5]))
    jacobian = softmax_jacobian(p)
    figure = Figure(figsize=(3.6, 3.0), layout="constrained")
    axes = figure.subplots()
    for (row, column), entry in np.ndenumerate(jacobian):
        strength = abs(entry) / np.abs(jacobian).max()
        colour = ORANGE if entry > 0 else BLUE
        axes.add_patch(_cell(row, column, colour, strength))
        axes.annotate(f"{entry:+.3f}", (column, row), ha="center", va="center")
    names = [f"{entry:g}" for entry in p.round(3)]
    axes.set(xlim=(-0.5, 2.5), ylim=(2.5, -0.5), aspect="equal")
    axes.set_xticks(range(3), labels=names)
    axes.set_yticks(range(3), labels=names)
    axes.set(xlabel="score that moves", ylabel="probability that follows")
    return figure


def _cell(row: int, column: int, colour: str, strength: float) -> Rectangle:
    return Rectangle((column - 0.5, row - 0.5), 1, 1, color=colour, alpha=0.7 * strength, lw=0)
