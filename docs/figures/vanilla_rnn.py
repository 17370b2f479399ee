"""Figures of the chapter on the vanilla network."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#3a86c8", "#d9772b", "#3f9b5c"
"""Input, recurrent and output weights; all stand out on a light page and on a dark one."""

STEPS = (1, 2, 3)
WIDTH, HEIGHT = 2.2, 1.2
"""Distance from one step to the next, and from one row to the next."""

Point = tuple[float, float]


def unrolled_network() -> Figure:
    """Three copies of the network, with an arrow for each use of the weights."""
    figure, axes = _canvas()
    _row(axes, 0, r"\mathbf{x}", STEPS)
    _row(axes, 1, r"\mathbf{h}", (0, *STEPS))
    _row(axes, 2, r"\mathbf{y}", STEPS)
    for t in STEPS:
        _arrow(axes, (t, 0), (t, 1), BLUE, r"$\mathbf{W}_{xh}$")
        _arrow(axes, (t, 1), (t, 2), GREEN, r"$\mathbf{W}_{hy}$")
        _arrow(axes, (t - 1, 1), (t, 1), ORANGE, r"$\mathbf{W}_{hh}$")
    return figure


def two_layers() -> Figure:
    """Two layers over three steps, with an arrow for each use of the weights."""
    figure, axes = _canvas()
    _row(axes, 0, r"\mathbf{x}", STEPS)
    _row(axes, 1, r"\mathbf{h}^{(1)}", (0, *STEPS))
    _row(axes, 2, r"\mathbf{h}^{(2)}", (0, *STEPS))
    for t in STEPS:
        _arrow(axes, (t, 0), (t, 1), BLUE, r"$\mathbf{W}_{xh}$")
        _arrow(axes, (t, 1), (t, 2), GREEN, r"$\mathbf{V}_2$")
        _arrow(axes, (t - 1, 1), (t, 1), BLUE, r"$\mathbf{W}_{hh}$")
        _arrow(axes, (t - 1, 2), (t, 2), GREEN, r"$\mathbf{W}_2$")
    return figure


def both_directions() -> Figure:
    """Two networks that read one sequence from both ends."""
    figure, axes = _canvas(steps=4)
    _row(axes, 0, r"\overleftarrow{\mathbf{h}}", (*STEPS, 4))
    _row(axes, 1, r"\mathbf{x}", STEPS)
    _row(axes, 2, r"\overrightarrow{\mathbf{h}}", (0, *STEPS))
    for t in STEPS:
        _arrow(axes, (t, 1), (t, 0), ORANGE)
        _arrow(axes, (t, 1), (t, 2), BLUE)
        _arrow(axes, (t + 1, 0), (t, 0), ORANGE)
        _arrow(axes, (t - 1, 2), (t, 2), BLUE)
    return figure


def _canvas(steps: int = 3) -> tuple[Figure, Axes]:
    """Figure with room for three rows, without axes around it."""
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(-0.5, WIDTH * steps + 0.7), ylim=(-0.4, 2 * HEIGHT + 0.4), aspect="equal")
    axes.axis("off")
    return figure, axes


def _row(axes: Axes, row: int, letter: str, steps: tuple[int, ...]) -> None:
    """Write a letter at each of some steps."""
    for t in steps:
        _label(axes, (WIDTH * t, HEIGHT * row), f"${letter}_{t}$", "black")


def _label(axes: Axes, at: Point, text: str, colour: str) -> None:
    axes.annotate(text, at, ha="center", va="center", fontsize=14, color=colour)


def _arrow(axes: Axes, start: Point, end: Point, colour: str, weights: str = "") -> None:
    """Arrow from a (step, row) to another: it leaves room for both, and has its weights beside."""
    (x, y), (u, v) = ((WIDTH * t, HEIGHT * row) for t, row in (start, end))
    gap = 0.36 * _sign(u - x), 0.32 * _sign(v - y)
    axes.annotate(
        "",
        xy=(u - gap[0], v - gap[1]),
        xytext=(x + gap[0], y + gap[1]),
        arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.8},
    )
    beside = (0.42, 0) if u == x else (0, 0.24)
    _label(axes, ((x + u) / 2 + beside[0], (y + v) / 2 + beside[1]), weights, colour)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
