"""The reference of ONNX computes an LSTM with peepholes without this book, and agrees."""

from __future__ import annotations

import numpy as np
from onnx.helper import make_node
from onnx.reference import ReferenceEvaluator

from rnnnotes import lstm

D, H, T = 3, 4, 5

ORDER, PEEPHOLES = "iofc", "iof"
"""Order of the gates in the weights of ONNX, and in its peepholes."""


def test_states_are_those_of_the_operator(rng):
    """Five steps from a random start: ONNX has peepholes, and its output gate sees the new cell."""
    xs, h, c = rng.standard_normal((T, D)), rng.standard_normal(H), rng.standard_normal(H)
    W_x, W_h = ({g: rng.standard_normal((H, size)) for g in ORDER} for size in (D, H))
    b, b_second = ({g: rng.standard_normal(H) for g in ORDER} for _ in range(2))
    p = {g: rng.standard_normal(H) for g in PEEPHOLES}
    names = ["X", "W", "R", "B", "", "initial_h", "initial_c", "P"]
    node = make_node("LSTM", names, ["Y", "Y_h", "Y_c"], hidden_size=H)
    theirs, _, last_cell = ReferenceEvaluator(node).run(
        None,
        {
            "X": xs[:, None],
            "W": np.vstack([W_x[g] for g in ORDER])[None],
            "R": np.vstack([W_h[g] for g in ORDER])[None],
            "B": np.concatenate([part[g] for part in (b, b_second) for g in ORDER])[None],
            "initial_h": h[None, None],
            "initial_c": c[None, None],
            "P": np.concatenate([p[g] for g in PEEPHOLES])[None],
        },
    )

    hs = []
    for x in xs:
        own = {g: (W_x[g], W_h[g], p.get(g), b[g] + b_second[g]) for g in ORDER}
        i = lstm.input_gate(lstm.peephole_input_gate(x, h, c, *own["i"]))
        f = lstm.forget_gate(lstm.peephole_forget_gate(x, h, c, *own["f"]))
        candidate_weights = W_x["c"], W_h["c"], b["c"] + b_second["c"]
        c_tilde = lstm.candidate(lstm.candidate_pre_activation(x, h, *candidate_weights))
        c = lstm.cell_update(f, c, i, c_tilde)
        o = lstm.output_gate(lstm.peephole_output_gate(x, h, c, *own["o"]))
        h = lstm.hidden_state(o, c)
        hs.append(h)

    np.testing.assert_allclose(hs, theirs[:, 0, 0], rtol=1e-12)
    np.testing.assert_allclose(c, last_cell[0, 0], rtol=1e-12)
