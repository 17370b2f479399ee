"""Figures of the chapter on the vanilla network."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#3a86c8", "#d9772b", "#3f9b5c"
"""Input, recurrent and output weights; all stand out on a light page and on a dark one."""

Point = tuple[float, float]


def unrolled_network() -> Figure:
    """Three copies of the network, with an arrow for each use of the weights."""
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    _label(axes, (0, 1.2), r"$\mathbf{h}_0$", "black")
    for step in (1, 2, 3):
        column = 2.2 * step
        for row, letter in ((0, "x"), (1.2, "h"), (2.4, "y")):
            _label(axes, (column, row), rf"$\mathbf{{{letter}}}_{step}$", "black")
        _arrow(axes, (column, 0), (column, 1.2), BLUE, r"$\mathbf{W}_{xh}$")
        _arrow(axes, (column, 1.2), (column, 2.4), GREEN, r"$\mathbf{W}_{hy}$")
        _arrow(axes, (column - 2.2, 1.2), (column, 1.2), ORANGE, r"$\mathbf{W}_{hh}$")
    axes.set(xlim=(-0.5, 7.3), ylim=(-0.4, 2.8), aspect="equal")
    axes.axis("off")
    return figure


def _label(axes: Axes, at: Point, text: str, colour: str) -> None:
    axes.annotate(text, at, ha="center", va="center", fontsize=14, color=colour)


def _arrow(axes: Axes, start: Point, end: Point, colour: str, weights: str) -> None:
    """Arrow that leaves room for what it joins, with its weights beside it."""
    (x, y), (u, v) = start, end
    upright = x == u
    gap = (0, 0.3) if upright else (0.3, 0)
    axes.annotate(
        "",
        xy=(u - gap[0], v - gap[1]),
        xytext=(x + gap[0], y + gap[1]),
        arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.8},
    )
    middle = ((x + u) / 2 + (0.38 if upright else 0), (y + v) / 2 + (0 if upright else 0.22))
    _label(axes, middle, weights, colour)
