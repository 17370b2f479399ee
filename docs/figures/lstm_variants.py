"""Figure of the chapter on variants of the LSTM, computed by its own code."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rnnnotes.book.state.arrays import Array
from rnnnotes.lstm_variants import chrono_forget_bias, kept_at_start

BLUE, GREEN, GREY, ORANGE = "#3a86c8", "#3f9b5c", "#808080", "#d9772b"
"""Colours that stand out on a light page and on a dark one."""

STEPS = 1000
"""Steps over which a cell is followed; the last one may be any power of the gate."""


def kept() -> Figure:
    """Share of a cell that is left after some steps, for four biases of the forget gate."""
    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    axes = figure.subplots()
    chrono = float(chrono_forget_bias(np.array([99.0]))[0])
    for bias, colour, label, at in (
        (0.0, GREY, "0", (1.2, 0.22)),
        (1.0, BLUE, "1", (2.4, 0.5)),
        (2.0, GREEN, "2", (6.2, 0.5)),
        (chrono, ORANGE, "ln 99", (115, 0.45)),
    ):
        axes.plot(ages(), shares(bias), color=colour, linewidth=2)
        axes.annotate(label, at, color=colour, fontsize=12)
    axes.axvline(100, color="black", linewidth=1, linestyle=":")
    axes.set(xscale="log", xlabel="steps", ylabel="share that is left", yticks=[0, 0.5, 1])
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def ages() -> Array:
    """Numbers of steps, evenly spread on a logarithmic scale."""
    return np.unique(np.geomspace(1, STEPS, 60).round())


def shares(bias: float) -> Array:
    """What is left of a cell after each number of steps."""
    return np.array([kept_at_start(np.array([bias]), t=int(age), k=0)[0, 0] for age in ages()])
