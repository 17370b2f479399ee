"""The reference implementation of ONNX computes both variants of the GRU, and agrees."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

D, H, T = 3, 4, 5

SHAPES = {"X": (T, 1, D), "W": (1, 3 * H, D), "R": (1, 3 * H, H), "B": (1, 6 * H),
          "h_0": (1, 1, H)}  # fmt: skip
"""Inputs of the operator, for one direction and a batch of one."""

OURS = runpy.run_path(str(Path(__file__).parents[1] / "test_gru.py"))
"""The passes over a sequence that the tests put together from the formulas."""


def described(name, shape):
    """Name and shape of an array, for a graph of ONNX."""
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape)


def states_of_onnx(arrays, linear_before_reset):
    """States after each step, by the reference implementation."""
    node = helper.make_node(
        "GRU", ["X", "W", "R", "B", "", "h_0"], ["Y"],
        hidden_size=H, linear_before_reset=linear_before_reset,
    )  # fmt: skip
    inputs = [described(name, shape) for name, shape in SHAPES.items()]
    graph = helper.make_graph([node], "gru", inputs, [described("Y", (T, 1, 1, H))])
    (states,) = ReferenceEvaluator(helper.make_model(graph)).run(None, arrays)
    return states[:, 0, 0]


def weights_of(arrays, variant):
    """Weights under our names: ONNX has the update gate first, and two biases for each part."""
    names = "zrh"
    b_in, b_rec = (np.split(half, 3) for half in np.split(arrays["B"][0], 2))
    return {
        **{f"W_x{g}": W for g, W in zip(names, np.split(arrays["W"][0], 3), strict=True)},
        **{f"W_h{g}": W for g, W in zip(names, np.split(arrays["R"][0], 3), strict=True)},
        "b_z": b_in[0] + b_rec[0],
        "b_r": b_in[1] + b_rec[1],
        "b_h": b_in[2] + (b_rec[2] if variant == "before" else 0),
        "b_hh": b_rec[2],
    }


@pytest.mark.parametrize(("variant", "linear_before_reset"), [("before", 0), ("after", 1)])
def test_states_are_those_of_the_reference_operator(rng, variant, linear_before_reset):
    """Random weights, and biases that are merged where a formula says that they may be."""
    arrays = {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}
    theirs = states_of_onnx(arrays, linear_before_reset)

    _, hs = OURS["forward"](
        arrays["X"][:, 0], arrays["h_0"][0, 0], weights_of(arrays, variant), variant
    )

    np.testing.assert_allclose(hs[1:], theirs, rtol=1e-12)


def test_the_variants_differ_in_the_reference_operator(rng):
    """If the attribute did nothing, both tests above would show one thing."""
    arrays = {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}

    assert np.abs(states_of_onnx(arrays, 0) - states_of_onnx(arrays, 1)).max() > 0.01
