"""Figures of the chapter on sequences."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY, BLUE, ORANGE = "#808080", "#3a86c8", "#d9772b"
"""What is read, what is held, and what is told; all stand out on a light page and a dark one."""

READ, HELD, TOLD = 0.0, 1.0, 2.0
"""Heights of the three rows."""

Point = tuple[float, float]


class Pattern(NamedTuple):
    """At which steps a network reads, and at which it tells, of how many steps."""

    reads: tuple[int, ...]
    tells: tuple[int, ...]
    steps: int


PATTERNS = {
    "one to one": Pattern((1,), (1,), 1),
    "one to many": Pattern((1,), (1, 2, 3), 3),
    "many to one": Pattern((1, 2, 3), (3,), 3),
    "many to many, aligned": Pattern((1, 2, 3), (1, 2, 3), 3),
    "many to many, unaligned": Pattern((1, 2, 3), (4, 5), 5),
}

PLACES = [(0, slice(0, 2)), (0, slice(2, 5)), (1, slice(0, 3)), (1, slice(3, 6)), (2, slice(1, 6))]
"""Row and columns of each pattern on the page."""


def arrows(pattern: Pattern) -> list[tuple[Point, Point]]:
    """From what is read to the state, from state to state, and from the state to what is told."""
    return [
        *(((step, READ), (step, HELD)) for step in pattern.reads),
        *(((step, HELD), (step + 1, HELD)) for step in range(1, pattern.steps)),
        *(((step, HELD), (step, TOLD)) for step in pattern.tells),
    ]


def patterns() -> Figure:
    """Each pattern as a graph, unrolled over time."""
    figure = Figure(figsize=(3.7, 5.4), layout="constrained")
    grid = figure.add_gridspec(3, 6)
    for (name, pattern), (row, columns) in zip(PATTERNS.items(), PLACES, strict=True):
        _draw(figure.add_subplot(grid[row, columns]), name, pattern)
    return figure


def _draw(axes: Axes, name: str, pattern: Pattern) -> None:
    for row, colour, steps in (
        (READ, GREY, pattern.reads),
        (HELD, BLUE, range(1, pattern.steps + 1)),
        (TOLD, ORANGE, pattern.tells),
    ):
        axes.plot(steps, [row] * len(steps), "s", ms=11, color=colour)
    for start, end in arrows(pattern):
        style = {"arrowstyle": "-|>", "color": GREY, "lw": 1.4, "shrinkA": 6, "shrinkB": 6}
        axes.annotate("", end, start, arrowprops=style)
    axes.set_title(name, fontsize=10)
    axes.set(xlim=(0.4, pattern.steps + 0.6), ylim=(READ - 0.4, TOLD + 0.4))
    axes.axis("off")
