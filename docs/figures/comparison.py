"""Figures of the comparison, drawn from its experiments."""

from __future__ import annotations

import json

from experiments.gap import CONTENDERS, GAPS, RECORD, learned
from experiments.reach import reach
from matplotlib.figure import Figure

BLUE, GREY, ORANGE = "#3a86c8", "#808080", "#d9772b"
"""Colours that stand out on a light page and on a dark one."""

COLOURS = {"vanilla": GREY, "GRU": BLUE, "LSTM": ORANGE}
LINES = {"": "-", "0": ":", "1": "--", "chrono": "-"}

FARTHEST = 100


def reach_back() -> Figure:
    """Norm of the gradient that reaches back, over the gap, before training."""
    figure = Figure(figsize=(3.7, 4.4), layout="constrained")
    axes = figure.subplots()
    for name, (cell, start) in CONTENDERS.items():
        axes.plot(reach(name, FARTHEST), color=COLOURS[cell], ls=LINES[start], lw=2, label=name)
    axes.set(xlabel="steps back", ylabel="norm of the gradient", yscale="log", ylim=(1e-12, 3))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        ncols=2,
        frameon=False,
        loc="upper center",
        columnspacing=1,
        bbox_to_anchor=(0.42, -0.16),
        handlelength=1.6,
    )
    return figure


def who_learns() -> Figure:
    """A dot for each training: filled if the task was learned."""
    figure = Figure(figsize=(3.7, 3.4), layout="constrained")
    axes = figure.subplots()
    told = json.loads(RECORD.read_text(encoding="utf-8"))["told"]
    for row, (name, (cell, _)) in enumerate(CONTENDERS.items()):
        for column, gap in enumerate(GAPS):
            for place, share in enumerate(told[name][str(gap)]):
                axes.plot(
                    column + 0.2 * (place - 1), row, "o", ms=7, mew=1.4, color=COLOURS[cell],
                    fillstyle="full" if learned(share) else "none",
                )  # fmt: skip
    axes.set_xticks(range(len(GAPS)), [str(gap) for gap in GAPS])
    axes.set_yticks(range(len(CONTENDERS)), list(CONTENDERS))
    axes.set(xlabel="steps from bit to question", xlim=(-0.5, len(GAPS) - 0.5))
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
