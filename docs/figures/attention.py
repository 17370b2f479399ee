"""Figures of the chapter on attention."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rnnnotes import attention
from rnnnotes.book.state.arrays import Array

BLUE = "#3a86c8"
"""Weights; it stands out on a light page and on a dark one."""

SOURCE, TARGET = ("le", "chat", "noir"), ("cat", "black")
"""Words that are read, and words that are written."""

QUERIES = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
KEYS = np.array([[np.log(2), 0, 0, 0], [np.log(3), 0, 0, 0], [0, np.log(2), 0, 0]])
"""Queries and keys of the example on the page."""


def shares() -> Array:
    """Weights of the example: a row for each word that is written."""
    return attention.weight_rows(attention.score_rows(QUERIES, KEYS))


def alignment() -> Figure:
    """A square for each weight, whose area is the weight."""
    figure = Figure(figsize=(3.6, 2.7), layout="constrained")
    axes = figure.subplots()
    for (row, column), weight in np.ndenumerate(shares()):
        axes.plot(column, row, "s", ms=70 * np.sqrt(weight), color=BLUE, alpha=0.55)
        axes.annotate(
            f"{round(12 * weight)}/12", (column, row), ha="center", va="center", fontsize=14
        )
    axes.set_xticks(range(len(SOURCE)), SOURCE, fontsize=14)
    axes.set_yticks(range(len(TARGET)), TARGET, fontsize=14)
    axes.set(xlim=(-0.6, len(SOURCE) - 0.4), ylim=(len(TARGET) - 0.4, -0.6))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
