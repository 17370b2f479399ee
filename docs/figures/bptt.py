"""Figures of the chapter on backpropagation through time."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY, ORANGE = "#808080", "#d9772b"
"""Forward and backward; both stand out on a light page and on a dark one."""

Point = tuple[float, float]


def backward_flow() -> Figure:
    """Three unrolled steps: what is computed, and the gradients that return."""
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for step in (1, 2, 3):
        column = 2.2 * step
        for row, letter in ((0, "x"), (1.2, "h"), (2.4, "y")):
            _node(axes, (column, row), rf"$\mathbf{{{letter}}}_{step}$")
        _there_and_back(axes, (column, 0), (column, 1.2))
        _there_and_back(axes, (column, 1.2), (column, 2.4))
        _there_and_back(axes, (column - 2.2, 1.2), (column, 1.2))
    _node(axes, (0, 1.2), r"$\mathbf{h}_0$")
    axes.set(xlim=(-0.5, 7.1), ylim=(-0.4, 2.8), aspect="equal")
    axes.axis("off")
    return figure


def _node(axes: Axes, at: Point, label: str) -> None:
    axes.annotate(label, at, ha="center", va="center", fontsize=14)


def _there_and_back(axes: Axes, start: Point, end: Point) -> None:
    """Arrow from start to end, and one back beside it."""
    (x, y), (u, v) = start, end
    length = abs(u - x) + abs(v - y)
    along = (u - x) / length, (v - y) / length
    across = -0.09 * along[1], 0.09 * along[0]
    near = x + 0.3 * along[0], y + 0.3 * along[1]
    far = u - 0.3 * along[0], v - 0.3 * along[1]
    for (tail, head), side, colour in (((near, far), 1, GREY), ((far, near), -1, ORANGE)):
        shift = side * across[0], side * across[1]
        axes.annotate(
            "",
            xy=(head[0] + shift[0], head[1] + shift[1]),
            xytext=(tail[0] + shift[0], tail[1] + shift[1]),
            arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.6},
        )
