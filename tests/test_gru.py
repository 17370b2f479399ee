"""What a GRU does, apart from what its formulas state."""

from __future__ import annotations

import inspect
import runpy
from functools import cache, reduce
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from differences import gradient

from rnnnotes import gru

FIGURES = Path(__file__).parents[1] / "docs" / "figures" / "gru.py"

T, D, H = 5, 3, 4

SHAPES = {
    **{f"W_x{gate}": (H, D) for gate in "rzh"},
    **{f"W_h{gate}": (H, H) for gate in "rzh"},
    **{f"b_{gate}": (H,) for gate in "rzh"},
    "b_hh": (H,),
}

VARIANTS = ("before", "after")

each_variant = pytest.mark.parametrize("variant", VARIANTS)


def named(weights, *names):
    """Some of the weights, as arguments."""
    return {name: weights[name] for name in names}


def pre_activation(x, h_prev, r, weights, variant, code):
    """Pre-activation of the candidate, and what the state adds to it if the reset comes after."""
    if variant == "before":
        rest = named(weights, "W_xh", "W_hh", "b_h")
        return code.pre_activation_reset_before(x, r, h_prev, **rest), None
    a_h = code.recurrent_part(h_prev, **named(weights, "W_hh", "b_hh"))
    return code.pre_activation_reset_after(x, r, a_h, **named(weights, "W_xh", "b_h")), a_h


def forward(xs, h_0, weights, variant, code=gru):
    """Gates, candidate and recurrent part of each step, and all states."""
    steps, hs = [], [h_0]
    for x in xs:
        h_prev = hs[-1]
        a_r = code.reset_gate_pre_activation(x, h_prev, **named(weights, "W_xr", "W_hr", "b_r"))
        a_z = code.update_gate_pre_activation(x, h_prev, **named(weights, "W_xz", "W_hz", "b_z"))
        r, z = code.reset_gate(a_r), code.update_gate(a_z)
        a, a_h = pre_activation(x, h_prev, r, weights, variant, code)
        h_tilde = code.candidate(a)
        steps.append((h_prev, r, z, h_tilde, a_h))
        hs.append(code.hidden_state(z, h_prev, h_tilde))
    return steps, hs


def backward(xs, h_0, weights, dLs, variant, code=gru):
    """All gradients, from those of the losses of each step by its state."""
    steps, hs = forward(xs, h_0, weights, variant, code)
    recurrent = named(weights, "W_hz", "W_hr", "W_hh")
    inward = named(weights, "W_xz", "W_xr", "W_xh")
    dh, found, dxs = code.last_state_gradient(dLs[-1]), [], []
    for t in reversed(range(len(xs))):
        h_prev, r, z, h_tilde, a_h = steps[t]
        dz, dh_tilde = (
            code.update_gate_gradient(dh, h_prev, h_tilde),
            code.candidate_gradient(dh, z),
        )
        da_z = code.update_pre_activation_gradient(dz, z)
        da = code.candidate_pre_activation_gradient(dh_tilde, h_tilde)
        if variant == "before":
            dr, da_h = code.reset_gate_gradient_before(da, h_prev, weights["W_hh"]), None
        else:
            dr, da_h = code.reset_gate_gradient_after(da, a_h), code.recurrent_part_gradient(da, r)
        da_r = code.reset_pre_activation_gradient(dr, r)
        found.insert(0, (da_r, da_z, da, da_h))
        dxs.insert(0, code.input_gradient(da_z, da_r, da, **inward))
        ways = (da_z, da_r, da, z, r) if variant == "before" else (da_z, da_r, da_h, z)
        if t == 0:
            dh_0 = getattr(code, f"initial_state_gradient_{variant}")(dh, *ways, **recurrent)
        else:
            dh = getattr(code, f"state_gradient_{variant}")(dLs[t - 1], dh, *ways, **recurrent)
    da_rs, da_zs, das, da_hs = map(np.array, zip(*found, strict=True))
    h_prevs = np.array(hs[:-1])
    gradients = {
        "W_xr": code.reset_input_weight_gradient(da_rs, xs),
        "W_xz": code.update_input_weight_gradient(da_zs, xs),
        "W_xh": code.candidate_input_weight_gradient(das, xs),
        "W_hr": code.reset_recurrent_weight_gradient(da_rs, h_prevs),
        "W_hz": code.update_recurrent_weight_gradient(da_zs, h_prevs),
        "b_r": code.reset_bias_gradient(da_rs),
        "b_z": code.update_bias_gradient(da_zs),
        "b_h": code.candidate_bias_gradient(das),
        "h_0": dh_0,
        "xs": np.array(dxs),
    }
    if variant == "before":
        rs = np.array([r for _, r, *_ in steps])
        W_hh = code.candidate_recurrent_weight_gradient_before(das, rs, h_prevs)
        return gradients | {"W_hh": W_hh}
    return gradients | {
        "W_hh": code.candidate_recurrent_weight_gradient_after(da_hs, h_prevs),
        "b_hh": code.recurrent_bias_gradient(da_hs),
    }


# -- In numbers ------------------------------------------------------------------------------------


@cache
def drawn():
    """Inputs and an initial state, and weights, at sizes other than those of the proofs."""
    rng = np.random.default_rng(0)
    weights = {name: 0.7 * rng.standard_normal(shape) for name, shape in SHAPES.items()}
    return (rng.standard_normal((T, D)), rng.standard_normal(H)), weights


@pytest.fixture
def weights():
    """Weights of a network."""
    return drawn()[1]


@pytest.fixture
def sequence():
    """Inputs and an initial state."""
    return drawn()[0]


def loss(xs, h_0, weights, variant):
    """Half the sum of the squared states."""
    _, hs = forward(xs, h_0, weights, variant)
    return 0.5 * np.sum(np.array(hs[1:]) ** 2)


@cache
def numeric_gradients(variant):
    """Gradients by differences of the loss, which know nothing of the chain rule."""
    (xs, h_0), weights = drawn()
    numeric = {
        name: gradient(
            lambda value, name=name: loss(xs, h_0, weights | {name: value}, variant), weights[name]
        )
        for name in weights
    }
    numeric["xs"] = gradient(lambda value: loss(value, h_0, weights, variant), xs)
    numeric["h_0"] = gradient(lambda value: loss(xs, value, weights, variant), h_0)
    return numeric


def gaps(variant, code=gru, run=None):
    """Names of the gradients that a backward pass gets wrong."""
    (xs, h_0), weights = drawn()
    dLs = forward(xs, h_0, weights, variant)[1][1:]
    computed = (run or backward)(xs, h_0, weights, dLs, variant, code)
    numeric = numeric_gradients(variant)
    return {
        name for name, one in computed.items()
        if not np.allclose(one, numeric[name], rtol=1e-6, atol=1e-8)
    }  # fmt: skip


@each_variant
def test_backward_pass_is_the_derivative_of_the_forward_pass(variant):
    """Each formula may be right, and the pass that puts them together wrong."""
    assert gaps(variant) == set()


BREAKS = {
    "update_gate_gradient": lambda dh, h_prev, h_tilde: (h_tilde - h_prev) * dh,
    "update_pre_activation_gradient": lambda dz, z_gate: z_gate * dz,
    "candidate_gradient": lambda dh, z_gate: z_gate * dh,
    "candidate_pre_activation_gradient": lambda dh_tilde, h_tilde: (1 - h_tilde) * dh_tilde,
    "reset_pre_activation_gradient": lambda dr, r_gate: (1 - r_gate) * dr,
    "reset_gate_gradient_before": lambda da, h_prev, W_hh: h_prev * (W_hh @ da),
    "reset_gate_gradient_after": lambda da, a_h: da,
    "recurrent_part_gradient": lambda da, r_gate: da,
    "state_gradient_before": lambda dL, dh, da_z, da_r, da, z, r, W_hz, W_hr, W_hh: (
        dL + z * dh + W_hz.T @ da_z + W_hr.T @ da_r + W_hh.T @ da
    ),
    "state_gradient_after": lambda dL, dh, da_z, da_r, da_h, z, W_hz, W_hr, W_hh: (
        dL + W_hz.T @ da_z + W_hr.T @ da_r + W_hh.T @ da_h
    ),
    "initial_state_gradient_before": lambda dh, da_z, da_r, da, z, r, W_hz, W_hr, W_hh: (
        z * dh + W_hz.T @ da_z + r * (W_hh.T @ da)
    ),
    "initial_state_gradient_after": lambda dh, da_z, da_r, da_h, z, W_hz, W_hr, W_hh: (
        z * dh + W_hz.T @ da_r + W_hr.T @ da_z + W_hh.T @ da_h
    ),
    "candidate_recurrent_weight_gradient_before": lambda das, rs, h_prevs: das.T @ h_prevs,
    "candidate_recurrent_weight_gradient_after": lambda da_hs, h_prevs: h_prevs.T @ da_hs,
    "recurrent_bias_gradient": lambda da_hs: da_hs[0],
    "input_gradient": lambda da_z, da_r, da, W_xz, W_xr, W_xh: W_xr.T @ da_r + W_xh.T @ da,
}
"""Backward code with one mistake each, of those that one makes."""


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_of_the_backward_pass_is_refuted(name):
    """A check that passes what is wrong would show nothing."""
    variant = "after" if name.endswith("_after") or name.startswith("recurrent") else "before"

    assert gaps(variant, SimpleNamespace(**{**vars(gru), name: BREAKS[name]}))


def test_the_wrong_loss_in_the_backward_pass_is_refuted():
    """What comes from the losses a step too late is told, too."""

    def late(xs, h_0, weights, dLs, variant, code):
        return backward(xs, h_0, weights, [dLs[0], *dLs[:-1]], variant, code)

    assert gaps("before", run=late)


def step_jacobian(h_prev, r, z, h_tilde, a_h, weights):
    """Jacobian of one step: the reset comes after if there is a recurrent part."""
    rest = named(weights, "W_hz", "W_hr", "W_hh")
    if a_h is None:
        return gru.jacobian_reset_before(z, r, h_prev, h_tilde, **rest)
    return gru.jacobian_reset_after(z, r, h_prev, h_tilde, a_h, **rest)


@each_variant
def test_product_of_jacobians_matches_finite_differences(variant, weights, sequence):
    """The last state is nudged through the first, over all steps between."""
    xs, h_0 = sequence
    steps, _ = forward(xs, h_0, weights, variant)
    numeric = np.column_stack(
        [
            (
                forward(xs, h_0 + e, weights, variant)[1][-1]
                - forward(xs, h_0 - e, weights, variant)[1][-1]
            )
            / 2e-6
            for e in 1e-6 * np.eye(H)
        ]
    )

    product = reduce(lambda J, step: step_jacobian(*step, weights) @ J, steps, np.eye(H))
    np.testing.assert_allclose(product, numeric, rtol=1e-6, atol=1e-9)


def test_the_variants_agree_where_they_should_and_nowhere_else(weights, sequence):
    """With diagonal weights and no recurrent bias the states are the same, else they differ."""
    xs, h_0 = sequence
    special = weights | {"W_hh": np.diag(np.diag(weights["W_hh"])), "b_hh": np.zeros(H)}
    gaps = [
        np.abs(np.subtract(forward(xs, h_0, w, "before")[1], forward(xs, h_0, w, "after")[1])).max()
        for w in (
            special,
            weights,
            weights | {"b_hh": np.zeros(H)},
            special | named(weights, "b_hh"),
        )
    ]

    assert gaps[0] < 1e-12
    assert min(gaps[1:]) > 0.01


@each_variant
def test_a_negated_update_gate_is_the_other_convention(variant, weights, sequence):
    """A network of the other convention with negated weights makes the same states."""
    xs, h_0 = sequence
    other = vars(gru) | {"hidden_state": gru.state_chung}
    negated = weights | {name: -weights[name] for name in ("W_xz", "W_hz", "b_z")}

    np.testing.assert_allclose(
        forward(xs, h_0, negated, variant, SimpleNamespace(**other))[1],
        forward(xs, h_0, weights, variant)[1],
        rtol=1e-12,
    )


@each_variant
def test_states_stay_within_their_bound(variant, weights, rng):
    """Large weights push a state to its bound, and not beyond."""
    large = {name: 20 * value for name, value in weights.items()}
    h_0 = 5 * rng.standard_normal(H)
    _, hs = forward(rng.standard_normal((50, D)), h_0, large, variant)

    assert np.all(np.abs(hs) <= gru.bounded(h_0) + 1e-12)


@each_variant
def test_open_gates_copy_and_shut_gates_forget(variant, weights, sequence):
    """Biases of 40 push a gate to its limit, up to rounding."""
    xs, h_0 = sequence
    at = {"before": 0.0, "after": 1.0}[variant]
    kept = forward(xs, h_0, weights | {"b_z": np.full(H, 40.0)}, variant)[1]
    limits = {"b_z": np.full(H, -40.0), "b_r": np.full(H, 40.0), "b_hh": at * weights["b_hh"]}
    plain = forward(xs, h_0, weights | limits, variant)[1]
    merged = named(weights, "W_xh", "W_hh") | {"b_h": weights["b_h"] + limits["b_hh"]}
    blind = forward(xs, h_0, weights | {"b_r": np.full(H, -40.0)}, variant)[0]

    np.testing.assert_allclose(kept[-1], h_0)
    for x, h_prev, h in zip(xs, plain, plain[1:], strict=False):
        np.testing.assert_allclose(h, gru.vanilla_step(x, h_prev, **merged))
    for x, (_, _, _, h_tilde, _) in zip(xs, blind, strict=True):
        np.testing.assert_allclose(h_tilde, gru.forgetting_step(x, **named(weights, "W_xh", "b_h")))


# -- The figures -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures():
    """Functions and numbers of the figures."""
    return runpy.run_path(str(FIGURES))


def test_the_drawn_cell_has_an_arrow_for_each_thing_that_is_read(figures):
    """The statements of one step say what each node is computed from."""
    places = {"h_prev": "OLD", "x": "INPUT", "r_gate": "RESET", "z_gate": "UPDATE",
              "h_tilde": "CANDIDATE", "h": "NEW"}  # fmt: skip
    made = {"r_gate": gru.reset_gate_pre_activation, "z_gate": gru.update_gate_pre_activation,
            "h_tilde": gru.pre_activation_reset_before, "h": gru.hidden_state}  # fmt: skip
    wanted = {
        (figures[places[name]], figures[places[target]])
        for target, function in made.items()
        for name in inspect.signature(function).parameters
        if name in places
    }

    assert {(start, end) for start, end, _ in figures["ARROWS"]} == wanted


def test_the_drawn_unit_holds_its_value_between_the_marks(figures):
    """The alternative text of the figure says what these numbers are."""
    zs, hs, reach = figures["held"]()

    assert np.all((zs < 0.05) == (figures["MARKS"] == 1))
    assert np.flatnonzero(zs < 0.05).tolist() == [2, 7]
    assert np.ptp(hs[2:7]) < 0.2
    assert np.ptp(hs[7:]) < 0.2
    assert abs(hs[2] - hs[7]) > 1
    assert reach[7:].min() > 0.9
    assert reach[:7].max() < 0.05


def test_the_drawn_gradient_is_that_of_the_last_state(figures):
    """The bars are products of Jacobians; a nudge of the seventh state says the same."""
    zs, hs, reach = figures["held"]()

    def last(h):
        for value, z in zip(figures["VALUES"][7:], zs[7:], strict=True):
            h = z * h + (1 - z) * np.tanh(2 * value)
        return h

    assert last(hs[6]) == pytest.approx(hs[-1])
    assert (last(hs[6] + 1e-6) - last(hs[6] - 1e-6)) / 2e-6 == pytest.approx(reach[6])


def test_figures_draw(figures):
    """Each figure is drawn, the cell with one arrow for each edge."""
    (axes,) = figures["cell"]().axes

    assert sum(text.arrow_patch is not None for text in axes.texts) == len(figures["ARROWS"])
    assert len(figures["gates_and_gradient"]().axes) == 2
