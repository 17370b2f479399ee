"""Figures of the chapter on the LSTM, computed by its own code."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnnotes import lstm
from rnnnotes.book.state.arrays import Array

BLUE, GREY, ORANGE, GREEN = "#3a86c8", "#808080", "#d9772b", "#3f9b5c"
"""Colours that stand out on a light page and on a dark one."""

STEPS, WRITE, SHOW, FORGET = 20, 3, 12, 16
"""Length of the sequence, and the steps at which its cell does something."""

Point = tuple[float, float]


def cell_graph() -> Figure:
    """One step: who reads whom."""
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.subplots()
    for at, text in (
        ((0, 3.2), r"$\mathbf{c}_{t-1}$"), ((9.4, 3.2), r"$\mathbf{c}_{t}$"),
        ((0, 0), r"$\mathbf{h}_{t-1}$"), ((0, -0.7), r"$\mathbf{x}_{t}$"),
        ((9.4, 1), r"$\mathbf{h}_{t}$"),
    ):  # fmt: skip
        axes.annotate(text, at, ha="center", va="center", fontsize=16)
    for x, letter, number in (
        (1.7, r"\mathbf{f}", 1), (3.4, r"\mathbf{i}", 2),
        (5.2, r"\tilde{\mathbf{c}}", 3), (6.8, r"\mathbf{o}", 4),
    ):  # fmt: skip
        _node(axes, (x, 1), f"${letter}_t$", "square")
        axes.annotate(str(number), (x - 0.6, 0.88), ha="center", color=ORANGE, fontsize=12)
        _line(axes, (x, -0.35), (x, 0.55), GREY)
    _line(axes, (0.5, -0.35), (6.8, -0.35), GREY, head=False)
    for at, text in (
        ((1.7, 3.2), r"$\odot$"), ((4.3, 3.2), "$+$"), ((4.3, 2.2), r"$\odot$"),
        ((8.2, 1), r"$\odot$"),
    ):  # fmt: skip
        _node(axes, at, text, "circle")
    _node(axes, (8.2, 2.2), r"$\tanh$", "square")
    for start, end in (
        ((0.5, 3.2), (1.4, 3.2)),
        ((2.0, 3.2), (4.0, 3.2)),
        ((4.6, 3.2), (9.0, 3.2)),
    ):
        _line(axes, start, end, BLUE)
    for start, end in (
        ((1.7, 1.45), (1.7, 2.9)), ((3.6, 1.4), (4.1, 1.95)), ((5.0, 1.4), (4.5, 1.95)),
        ((4.3, 2.5), (4.3, 2.9)), ((8.2, 3.15), (8.2, 2.6)), ((8.2, 1.8), (8.2, 1.3)),
        ((7.25, 1), (7.9, 1)), ((8.5, 1), (9.0, 1)),
    ):  # fmt: skip
        _line(axes, start, end, GREY)
    axes.annotate("5", (4.75, 3.5), color=ORANGE, fontsize=12)
    axes.annotate("6", (8.6, 1.3), color=ORANGE, fontsize=12)
    axes.set(xlim=(-0.6, 9.9), ylim=(-1, 3.8), aspect="equal")
    axes.axis("off")
    return figure


def _node(axes: Axes, at: Point, text: str, boxstyle: str) -> None:
    axes.annotate(
        text, at, ha="center", va="center", fontsize=14,
        bbox={"boxstyle": f"{boxstyle},pad=0.25", "facecolor": "none", "edgecolor": GREY},
    )  # fmt: skip


def _line(
    axes: Axes, start: Point, end: Point, colour: str, *, head: bool = True, width: float = 1.6
) -> None:
    arrow = {"arrowstyle": "->" if head else "-", "color": colour, "linewidth": width,
             "shrinkA": 0, "shrinkB": 0}  # fmt: skip
    axes.annotate("", xy=end, xytext=start, arrowprops=arrow)


def gradient_flow() -> Figure:
    """Three steps, and the ways back: along the cells, and through the hidden states."""
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    axes = figure.subplots()
    for t in (0, 1, 2, 3):
        for row, letter in ((1.8, "c"), (0, "h")):
            axes.annotate(
                rf"$\mathbf{{{letter}}}_{t}$", (2.4 * t, row), ha="center", va="center", fontsize=16
            )
    for t in (1, 2, 3):
        x = 2.4 * t
        _line(axes, (x, 0.4), (x, 1.4), GREY, width=1.2)
        _line(axes, (x - 0.4, 1.8), (x - 2.0, 1.8), ORANGE, width=3.2)
        axes.annotate(
            rf"$\mathbf{{f}}_{t}$", (x - 1.2, 2.15), ha="center", fontsize=14, color=ORANGE
        )
        _line(axes, (x - 0.35, 1.45), (x - 2.05, 0.35), GREY, width=1.2)
        _line(axes, (x - 0.4, 0), (x - 2.0, 0), GREY, width=1.2)
    axes.set(xlim=(-0.5, 7.7), ylim=(-0.4, 2.6), aspect="equal")
    axes.axis("off")
    return figure


def gates_over_time() -> Figure:
    """Gates that open and close, and what they do to the cell and to what it shows."""
    figure = Figure(figsize=(5.4, 5.0), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    times, seen = range(1, STEPS + 1), sequence()
    for name, colour, label, style in (
        ("f_gate", BLUE, "forget", "-"), ("i_gate", ORANGE, "input", "--"),
        ("o_gate", GREEN, "output", ":"),
    ):  # fmt: skip
        panels[0].step(times, seen[name], where="mid", color=colour, lw=2.4, ls=style, label=label)
    panels[0].legend(
        ncols=3, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=12
    )
    panels[1].step(times, seen["c"], where="mid", color="black", linewidth=2)
    panels[2].step(times, seen["h"], where="mid", color="black", linewidth=2)
    for axes, label in zip(panels, ("gates", "cell", "hidden state"), strict=True):
        axes.set_ylabel(label, fontsize=12)
        axes.set(ylim=(-0.1, 1.1), yticks=[0, 1])
        axes.spines[["top", "right"]].set_visible(False)
    panels[2].set_xlabel("step", fontsize=12)
    panels[2].set_xticks([WRITE, SHOW, FORGET, STEPS])
    return figure


def sequence() -> dict[str, Array]:
    """Gates, cell and hidden state of one unit whose pre-activations are set step by step."""
    times = np.arange(1, STEPS + 1)
    gates = {
        "i_gate": lstm.input_gate(gate_input(times == WRITE)),
        "f_gate": lstm.forget_gate(gate_input(times < FORGET)),
        "o_gate": lstm.output_gate(gate_input(times >= SHOW)),
    }
    c_tilde, c, cells = lstm.candidate(np.array([2.0])), np.zeros(1), []
    for i_gate, f_gate in zip(gates["i_gate"], gates["f_gate"], strict=True):
        c = lstm.cell_update(np.array([f_gate]), c, np.array([i_gate]), c_tilde)
        cells.append(c[0])
    cs = np.array(cells)
    return {**gates, "c": cs, "h": lstm.hidden_state(gates["o_gate"], cs)}


def gate_input(is_open: Array) -> Array:
    """Pre-activations that open a gate, or close it, almost."""
    return np.where(is_open, 6.0, -6.0)


def halflife() -> Figure:
    """Half-life against the forget gate."""
    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    axes = figure.subplots()
    gates = np.linspace(0.3, 0.998, 350)
    axes.plot(gates, [lstm.memory_halflife(gate) for gate in gates], color=BLUE, linewidth=2.4)
    for gate in (0.5, 0.9, 0.99):
        steps = lstm.memory_halflife(gate)
        axes.plot([gate], [steps], "o", color=ORANGE)
        axes.annotate(
            f"{gate:g}: {steps:.0f}", (gate, steps), xytext=(-8, 4), textcoords="offset points",
            ha="right", fontsize=13,
        )  # fmt: skip
    axes.set(yscale="log", yticks=[1, 10, 100], yticklabels=["1", "10", "100"], xlim=(0.3, 1.02))
    axes.minorticks_off()
    axes.set_xlabel("forget gate", fontsize=12)
    axes.set_ylabel("half-life in steps", fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
