"""What the LSTM does, apart from what its formulas state."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
from differences import gradient

from rnnnotes import lstm

FIGURES = run_path(str(Path(__file__).parents[1] / "docs" / "figures" / "lstm.py"))

GATES = "ifoc"
SHAPES = (
    {f"W_x{g}": "HD" for g in GATES}
    | {f"W_h{g}": "HH" for g in GATES}
    | {f"b_{g}": "H" for g in GATES}
    | {f"p_{g}": "H" for g in "ifo"}
)
"""Axes of each weight."""

STATES = {"h_0": "H", "c_0": "H"}


# -- The passes, put together from the formulas of the chapter -------------------------------------


def forward(xs, w):
    """All that an LSTM with peepholes computes, step by step."""
    h, c, steps = w["h_0"], w["c_0"], []
    for x in xs:
        before = {"h_prev": h, "c_prev": c}
        a_i, a_f = (
            gate(x, h, c, *(w[f"{n}{g}"] for n in ("W_x", "W_h", "p_", "b_")))
            for g, gate in (("i", lstm.peephole_input_gate), ("f", lstm.peephole_forget_gate))
        )
        a_c = lstm.candidate_pre_activation(x, h, w["W_xc"], w["W_hc"], w["b_c"])
        i, f = lstm.input_gate(a_i), lstm.forget_gate(a_f)
        c_tilde = lstm.candidate(a_c)
        c = lstm.cell_update(f, c, i, c_tilde)
        a_o = lstm.peephole_output_gate(x, h, c, w["W_xo"], w["W_ho"], w["p_o"], w["b_o"])
        o = lstm.output_gate(a_o)
        h = lstm.hidden_state(o, c)
        steps.append(before | {"x": x, "i": i, "f": f, "o": o, "c_tilde": c_tilde, "c": c, "h": h})
    return steps


def loss(steps, vs):
    """Sum over the steps of a linear function of the hidden state: its gradients are `vs`."""
    return sum(v @ step["h"] for v, step in zip(vs, steps, strict=True))


def backward(steps, w, vs, use=lstm):
    """All gradients, by the functions that `use` holds."""
    Ws, (p_i, p_f, p_o) = [w[f"W_h{g}"] for g in GATES], (w[f"p_{g}"] for g in "ifo")
    das, dc = [], None
    for t, step, v in reversed(list(zip(range(1, len(vs) + 1), steps, vs, strict=True))):
        o, c = step["o"], step["c"]
        later = [das[0][g] for g in GATES] if das else []
        dh = use.hidden_gradient(v, *later, *Ws) if das else use.last_hidden_gradient(v)
        da_o = use.output_gate_gradient(dh, o, c)
        if das:
            f_next = steps[t]["f"]
            dc = use.cell_gradient(dh, da_o, dc, *later[:2], o, c, f_next, p_o, p_i, p_f)
        else:
            dc = use.last_cell_gradient(dh, da_o, o, c, p_o)
        da_f = use.forget_gate_gradient(dc, step["f"], step["c_prev"])
        da_i = use.input_gate_gradient(dc, step["i"], step["c_tilde"])
        da_c = use.candidate_gradient(dc, step["i"], step["c_tilde"])
        das.insert(0, {"i": da_i, "f": da_f, "o": da_o, "c": da_c})
    stacked = [np.array([da[g] for da in das]) for g in GATES]
    seen = {
        name: np.array([step[name] for step in steps]) for name in ("x", "h_prev", "c_prev", "c")
    }
    dW_x = np.split(use.input_weight_gradients(*stacked, seen["x"]), 4)
    dW_h = np.split(use.recurrent_weight_gradients(*stacked, seen["h_prev"]), 4)
    db = np.split(use.bias_gradients(*stacked), 4)
    first = [das[0][g] for g in GATES]
    dxs = [
        use.input_gradient(*(da[g] for g in GATES), *(w[f"W_x{g}"] for g in GATES)) for da in das
    ]
    return {
        **{f"W_x{g}": part for g, part in zip(GATES, dW_x, strict=True)},
        **{f"W_h{g}": part for g, part in zip(GATES, dW_h, strict=True)},
        **{f"b_{g}": part for g, part in zip(GATES, db, strict=True)},
        "p_i": use.input_peephole_gradient(stacked[0], seen["c_prev"]),
        "p_f": use.forget_peephole_gradient(stacked[1], seen["c_prev"]),
        "p_o": use.output_peephole_gradient(stacked[2], seen["c"]),
        "h_0": use.initial_hidden_gradient(*first, *Ws),
        "c_0": use.initial_cell_gradient(dc, first[0], first[1], steps[0]["f"], p_i, p_f),
        "xs": np.array(dxs),
    }


# -- On numbers ------------------------------------------------------------------------------------

NAMES = [*SHAPES, *STATES, "xs"]
SIZES = {"H": 3, "D": 2}
STEPS = 4


@cache
def drawn():
    """Weights and inputs at sizes other than those of the proofs, and gradients of the losses."""
    rng = np.random.default_rng(0)
    given = {
        name: 0.7 * rng.standard_normal([SIZES[axis] for axis in axes])
        for name, axes in (SHAPES | STATES).items()
    }
    given |= {"xs": rng.standard_normal((STEPS, SIZES["D"]))}
    return given, rng.standard_normal((STEPS, SIZES["H"]))


@cache
def wanted(name):
    """Gradient by differences of the loss, which know nothing of the chain rule."""
    given, vs = drawn()

    def scalar(value):
        w = {**given, name: value}
        return loss(forward(w["xs"], w), vs)

    return gradient(scalar, given[name])


def gaps(use):
    """Names of the gradients that a backward pass gets wrong."""
    w, vs = drawn()
    computed = backward(forward(w["xs"], w), w, vs, use)
    return {
        name for name in NAMES
        if not np.allclose(computed[name], wanted(name), rtol=1e-6, atol=1e-8)
    }  # fmt: skip


def refuted(use):
    """Whether a backward pass differs from the derivative of the forward pass."""
    return bool(gaps(use))


def test_backward_pass_is_the_derivative_of_the_forward_pass():
    """Each formula may be right, and the pass that puts them together wrong."""
    assert gaps(lstm) == set()


def mutant(name, parameter, change):
    """The chapter, in which one function gets one of its arguments changed."""
    right = getattr(lstm, name)

    def wrong(*arguments):
        bound = inspect.signature(right).bind(*arguments)
        bound.arguments[parameter] = change(bound.arguments[parameter])
        return right(*bound.args)

    return SimpleNamespace(**{**vars(lstm), name: wrong})


STEPWISE = [
    name for name in vars(lstm) if name.endswith("_gradient") and name != "plain_cell_gradient"
]
STACKED = ["input_weight_gradients", "recurrent_weight_gradients", "bias_gradients"]
EVEN = {"last_cell_gradient": "c", "cell_gradient": "c", "candidate_gradient": "c_tilde"}
"""Arguments that enter by their squares, so that their sign does not matter."""

ARGUMENTS = [
    (name, parameter)
    for name in STEPWISE + STACKED
    for parameter in inspect.signature(getattr(lstm, name)).parameters
]


@pytest.mark.parametrize(("name", "parameter"), ARGUMENTS)
def test_wrong_sign_is_refuted(name, parameter):
    """Each argument of each gradient, with the other sign: the whole pass is then wrong."""
    assert refuted(mutant(name, parameter, np.negative)) == (EVEN.get(name) != parameter)


@pytest.mark.parametrize(("name", "parameter"), ARGUMENTS)
def test_dropped_path_is_refuted(name, parameter):
    """Each argument of each gradient, set to zero: a path, or a whole factor, is missing."""
    assert refuted(mutant(name, parameter, np.zeros_like))


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(n, p) for n, p in ARGUMENTS if p.endswith("s") and len(p) > 1],
)
def test_shifted_time_is_refuted(name, parameter):
    """What is summed over the steps, taken one step too late: the last one is lost."""
    assert refuted(mutant(name, parameter, lambda array: np.vstack([0 * array[:1], array[:-1]])))


# -- Values ----------------------------------------------------------------------------------------


@pytest.fixture
def given():
    """Weights and inputs."""
    return drawn()[0]


def without_peepholes(given):
    """Weights whose peepholes are zero."""
    return given | {f"p_{g}": np.zeros(SIZES["H"]) for g in "ifo"}


def test_without_peepholes_the_plain_gradient_is_that_with_peepholes(rng, given):
    """Peephole weights of zero leave two of the five paths."""
    steps = forward(given["xs"], w := without_peepholes(given))
    dh, da, dc_next = rng.standard_normal((3, SIZES["H"]))
    now, zero = (steps[1]["o"], steps[1]["c"], steps[2]["f"]), w["p_o"]

    plain = lstm.plain_cell_gradient(dh, dc_next, *now)

    full = lstm.cell_gradient(dh, da, dc_next, da, da, *now, zero, zero, zero)
    np.testing.assert_array_equal(plain, full)


def test_step_jacobian_matches_finite_differences(given):
    """Hidden state and cell are nudged together, and both are read."""
    w = without_peepholes(given)
    both = np.concatenate([w["h_0"], w["c_0"]])

    def after(both):
        h, c = np.split(both, 2)
        (step,) = forward(given["xs"][:1], {**w, "h_0": h, "c_0": c})
        return np.concatenate([step["h"], step["c"]])

    numeric = np.column_stack(
        [(after(both + e) - after(both - e)) / 2e-6 for e in 1e-6 * np.eye(len(both))]
    )
    (step,) = forward(given["xs"][:1], w)
    by_hidden = lstm.cell_by_hidden(
        step["f"], step["c_prev"], step["i"], step["c_tilde"], w["W_hi"], w["W_hf"], w["W_hc"]
    )

    exact = lstm.step_jacobian(by_hidden, step["o"], step["c"], step["f"], w["W_ho"])

    np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-9)


def test_total_derivative_of_the_cell_matches_finite_differences(given):
    """The cell is nudged after a step, and the hidden state follows it before the next."""
    w = without_peepholes(given)
    first, second = forward(given["xs"][:2], w)

    def after(c):
        h = lstm.hidden_state(first["o"], c)
        (step,) = forward(given["xs"][1:2], {**w, "h_0": h, "c_0": c})
        return step["c"]

    numeric = np.column_stack(
        [(after(first["c"] + e) - after(first["c"] - e)) / 2e-6 for e in 1e-6 * np.eye(SIZES["H"])]
    )
    by_hidden = lstm.cell_by_hidden(
        second["f"], first["c"], second["i"], second["c_tilde"], w["W_hi"], w["W_hf"], w["W_hc"]
    )

    exact = lstm.total_cell_jacobian(by_hidden, second["f"], first["o"], first["c"])

    np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-9)


def test_unrolled_cell_is_step_after_step(given):
    """In closed form and by the recursion, at every time."""
    steps = forward(given["xs"], given)
    f, i, c_tilde = (np.array([step[name] for step in steps]) for name in ("f", "i", "c_tilde"))

    for t, step in enumerate(steps, 1):
        np.testing.assert_allclose(lstm.cell_unrolled(f, i, c_tilde, given["c_0"], t), step["c"])


def test_bounds_hold_and_are_approached(given):
    """A random sequence stays within; a cell that is written to at each step comes close."""
    for t, step in enumerate(forward(given["xs"], given), 1):
        assert np.all(np.abs(step["h"]) < lstm.hidden_bound(step["o"]))
        assert np.all(np.abs(step["c"]) <= lstm.cell_bound(given["c_0"], t))

    wide = {name: 0 * array for name, array in given.items()}
    wide |= {f"b_{g}": np.full(SIZES["H"], 9.0) for g in GATES}
    counted = forward(wide["xs"], wide)[-1]["c"]
    np.testing.assert_allclose(counted, lstm.cell_bound(wide["c_0"], STEPS), rtol=1e-3)


# -- Limiting cases --------------------------------------------------------------------------------


def test_open_forget_gate_and_closed_input_gate_keep_the_cell():
    """The carousel: what is in the cell stays, whatever the candidate is."""
    c_prev, one, zero = np.array([7.0, -3.0]), np.ones(2), np.zeros(2)

    np.testing.assert_array_equal(lstm.cell_update(one, c_prev, zero, np.array([0.5, 0.5])), c_prev)


def test_closed_output_gate_leaves_the_direct_path_alone():
    """Nothing of the cell is seen, so its total derivative is that along the cell."""
    f_gate, c = np.array([0.75, 0.5]), np.array([1.0, -2.0])

    total = lstm.total_cell_jacobian(np.full((2, 2), 9.0), f_gate, np.zeros(2), c)

    np.testing.assert_array_equal(total, lstm.direct_cell_jacobian(f_gate))


def test_direct_path_over_no_step_is_the_identity():
    """A cell depends on itself alone."""
    J = lstm.direct_gradient_product(np.full((3, 2), 0.5), t=2, k=2)

    np.testing.assert_array_equal(J, np.eye(2))


def test_a_cell_loses_half_in_its_half_life():
    """Step by step: two steps at a gate whose half-life is two."""
    gate = np.array([np.sqrt(0.5)])
    kept = np.ones(1)
    for _ in range(2):
        kept = lstm.cell_update(gate, kept, np.zeros(1), np.zeros(1))

    np.testing.assert_allclose(lstm.memory_halflife(gate.item()), 2)
    np.testing.assert_allclose(kept, 0.5)


# -- Figures ---------------------------------------------------------------------------------------


def test_figure_of_gates_shows_what_its_caption_says():
    """Written at one step, held, shown from another on, and forgotten at a third."""
    seen = FIGURES["sequence"]()
    write, show, forget = (FIGURES[name] for name in ("WRITE", "SHOW", "FORGET"))
    held, shown = seen["c"][write - 1 : forget - 1], seen["h"][show - 1 : forget - 1]

    assert np.all(np.abs(seen["c"][: write - 1]) < 0.01)
    assert np.all((held > 0.9) & (held < 1))
    assert np.all(np.abs(seen["h"][: show - 1]) < 0.01)
    assert np.all(shown > 0.7)
    assert np.all(np.abs(seen["c"][forget - 1 :]) < 0.01)


def test_figure_of_the_half_life_marks_what_its_words_say():
    """One, seven and 69 steps, each at its point of the curve."""
    (axes,) = FIGURES["halflife"]().axes
    curve, *points = axes.lines

    marked = {float(p.get_xdata()[0]): round(float(p.get_ydata()[0])) for p in points}

    assert marked == {0.5: 1, 0.9: 7, 0.99: 69}
    np.testing.assert_allclose(0.5, curve.get_xdata() ** curve.get_ydata())


@pytest.mark.parametrize(("name", "letters"), [("cell_graph", "ifo"), ("gradient_flow", "f")])
def test_graphs_name_the_gates(name, letters):
    """A picture without its letters explains nothing."""
    (axes,) = FIGURES[name]().axes
    texts = " ".join(text.get_text() for text in axes.texts)

    assert all(rf"\mathbf{{{letter}}}_" in texts for letter in letters)
