"""Training on a gap: a bit is shown once, noise follows, and at the end the bit must be told.

Run as ``python -m experiments.gap`` in the folder of the pages: the outcome goes to ``gap.json``
there, from which the page prints its table and its picture.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from experiments import cells
from experiments.cells import BPTT, CELLS, VANILLA, Weights, as_columns, bare, rows

from rnnnotes import building_blocks
from rnnnotes.book.find.finding import find
from rnnnotes.book.state.arrays import Array
from rnnnotes.gradients import clip_by_norm

__all__ = ["CONTENDERS", "GAPS", "RECORD", "SEEDS", "Setting", "digest", "learned", "share_told"]

RECORD = Path(__file__).parents[1] / "gap.json"
"""What became of a run of all contenders."""

BLOCKS = bare(building_blocks)

GAPS, SEEDS = (5, 10, 20, 40), (0, 1, 2)


class Setting(NamedTuple):
    """Size of a network, and how it is trained: by Adam, on gradients clipped by their norm."""

    H: int = 6
    updates: int = 600
    batch: int = 16
    rate: float = 0.01
    g_max: float = 1.0


# -- Who takes part --------------------------------------------------------------------------------

CONTENDERS = {
    "vanilla": ("vanilla", ""),
    "GRU, bias 0": ("GRU", "0"),
    "GRU, bias 1": ("GRU", "1"),
    "GRU, chrono": ("GRU", "chrono"),
    "LSTM, bias 0": ("LSTM", "0"),
    "LSTM, bias 1": ("LSTM", "1"),
    "LSTM, chrono": ("LSTM", "chrono"),
}
"""Cell of each contender, and the bias at which the gate that keeps its state starts."""

KEEPS = {"GRU": "b_z", "LSTM": "b_f"}


def first_weights(name: str, D: int, H: int, gap: int, rng: np.random.Generator) -> Weights:
    """Weights of a cell before it has learned anything.

    With chrono, the memories of the units reach up to the length of the gap, each its own way.
    """
    cell, start = CONTENDERS[name]
    weights = CELLS[cell].draw(D, H, rng)
    starts = {"0": np.zeros(H), "1": np.ones(H), "chrono": np.log(rng.uniform(1, gap, H))}
    if start:
        weights[KEEPS[cell]] = starts[start]
    if name == "LSTM, chrono":
        weights["b_i"] = -weights["b_f"]
    return weights


# -- The task --------------------------------------------------------------------------------------


def sequences(gap: int, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw sequences, an example a column, and the bit of each.

    The first entry of an input is a sign, the second a flag.  The flag is up at the first step
    alone, whose sign is the bit; the signs of the steps after it are noise.
    """
    bits = rng.integers(0, 2, count)
    xs = np.zeros((gap + 1, 2, count))
    xs[:, 0] = rng.choice([-1.0, 1.0], (gap + 1, count))
    xs[0] = 2 * bits - 1, np.ones(count)
    return xs, bits


def read(name: str, weights: Weights, xs: Array) -> tuple[list[cells.Step], Array]:
    """Read sequences, and score both bits at the end of each."""
    columns = as_columns(weights)
    nothing = np.zeros((weights["W_hy"].shape[1], xs.shape[2]))
    steps = CELLS[CONTENDERS[name][0]].forward(xs, columns, nothing)
    return steps, VANILLA.output_pre_activation(steps[-1].h, columns["W_hy"], columns["b_y"])


def loss(name: str, weights: Weights, xs: Array, bits: Array) -> float:
    """Mean cross-entropy of the bits."""
    scores = read(name, weights, xs)[1].T
    each = [BLOCKS.cross_entropy(p, r + 1) for p, r in zip(map(odds, scores), bits, strict=True)]
    return float(np.mean(each))


def odds(scores: Array) -> Array:
    """Probabilities of both bits."""
    return BLOCKS.probabilities(scores)


def gradient(name: str, weights: Weights, xs: Array, bits: Array) -> Weights:
    """Gradients of the loss, by the backward pass of the cell's chapter."""
    steps, scores = read(name, weights, xs)
    each = [
        BLOCKS.cross_entropy_gradient(p, r + 1)
        for p, r in zip(map(odds, scores.T), bits, strict=True)
    ]
    da_y = np.column_stack(each) / len(bits)
    dh = BPTT.final_state_gradient(da_y, weights["W_hy"])
    return CELLS[CONTENDERS[name][0]].backward(steps, weights, dh) | {
        "W_hy": BPTT.output_weight_gradient(rows([da_y]), rows([steps[-1].h])),
        "b_y": BPTT.output_bias_gradient(rows([da_y])),
    }


# -- Training --------------------------------------------------------------------------------------


def flat(weights: Weights) -> Array:
    """All weights in one vector, in the order of their names."""
    return np.concatenate([weights[name].ravel() for name in sorted(weights)])


def shaped(vector: Array, like: Weights) -> Weights:
    """Weights of one vector, in the shapes of others."""
    ends = np.cumsum([like[name].size for name in sorted(like)])
    parts = zip(sorted(like), np.split(vector, ends[:-1]), strict=True)
    return {name: part.reshape(like[name].shape) for name, part in parts}


def train(name: str, gap: int, seed: int, setting: Setting) -> Weights:
    """Train a contender on sequences with a gap."""
    rng = np.random.default_rng(seed)
    like = first_weights(name, 2, setting.H, gap, rng)
    like |= {"W_hy": rng.uniform(-1, 1, (2, setting.H)) / np.sqrt(setting.H), "b_y": np.zeros(2)}
    weights = flat(like)
    mean, square = np.zeros((2, len(weights)))
    for update in range(1, setting.updates + 1):
        batch = sequences(gap, setting.batch, rng)
        slope = clip_by_norm(flat(gradient(name, shaped(weights, like), *batch)), setting.g_max)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        step = mean / (1 - 0.9**update) / (np.sqrt(square / (1 - 0.999**update)) + 1e-8)
        weights = weights - setting.rate * step
    return shaped(weights, like)


def share_told(name: str, gap: int, seed: int, setting: Setting = Setting()) -> float:  # noqa: B008
    """Share of 500 new sequences of which a contender tells the bit after training."""
    weights = train(name, gap, seed, setting)
    xs, bits = sequences(gap, 500, np.random.default_rng([seed, gap]))
    return float(np.mean(read(name, weights, xs)[1].argmax(axis=0) == bits))


def learned(share: float) -> bool:
    """Whether a contender has learned the task."""
    return share > 0.95


# -- Record ----------------------------------------------------------------------------------------


def digest() -> str:
    """Digest of the text that decides the outcome: these two files, and the formulas they use."""
    texts = [Path(file).read_text(encoding="utf-8") for file in (__file__, cells.__file__)]
    chapters = {
        "VANILLA": "vanilla_rnn", "BPTT": "bptt", "LSTM": "lstm", "GRU": "gru",
        "BLOCKS": "building_blocks",
    }  # fmt: skip
    used = {"building_blocks.sigmoid", "gradients.clip_by_norm"}
    for chapter, name in re.findall(rf"\b({'|'.join(chapters)})\.(\w+)", "\n".join(texts)):
        used.add(f"{chapters[chapter]}.{name}")
    codes = [find(id).source_code for id in sorted(used)]
    return hashlib.sha256("\n".join([*texts, *codes]).encode()).hexdigest()


def main() -> None:
    """Run every contender at every gap, and keep the outcome."""
    told = {
        name: {gap: [share_told(name, gap, seed) for seed in SEEDS] for gap in GAPS}
        for name in CONTENDERS
    }
    record = {"digest": digest(), "told": told}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
