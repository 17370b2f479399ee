"""What the comparison counts and measures, apart from what its formulas state."""

from __future__ import annotations

import inspect
import json
import re

import numpy as np
import pytest
from experiments import cells, gap
from experiments.reach import reach

from rnnnotes import comparison, gru, lstm, vanilla_rnn
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import At, Gradient, Jacobian, Steps, walk
from rnnnotes.book.state.formulas import FORMULAS

D, H, STEPS = 3, 4, 5

TOLD = json.loads(gap.RECORD.read_text(encoding="utf-8"))["told"]


# -- Counts ----------------------------------------------------------------------------------------


class Counted(np.ndarray):
    """Steps that counts the multiplications and additions that are made with it."""

    made = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [np.asarray(value) for value in inputs]
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            Counted.made += result.size * (2 * plain[0].shape[-1] - 1)
        elif ufunc in {np.add, np.subtract, np.multiply}:
            Counted.made += result.size
        return result.view(Counted)


def operations(cell, gates):
    """Multiplications and additions of one step, without what is inside an activation."""
    Counted.made = 0
    weights = {
        name: value.view(Counted)
        for name, value in cells.CELLS[cell].draw(D, H, np.random.default_rng(0)).items()
    }
    one = np.ones(H).view(Counted)
    gates(np.ones(D).view(Counted), one, weights)
    return Counted.made


def run_vanilla(x, one, w):
    """All operations of a vanilla step."""
    cells.VANILLA.pre_activation(x, one, w["W_xh"], w["W_hh"], w["b_h"])


def run_gru(x, one, w):
    """All operations of a step of a GRU."""
    cells.GRU.reset_gate_pre_activation(x, one, w["W_xr"], w["W_hr"], w["b_r"])
    cells.GRU.update_gate_pre_activation(x, one, w["W_xz"], w["W_hz"], w["b_z"])
    cells.GRU.pre_activation_reset_before(x, one, one, w["W_xh"], w["W_hh"], w["b_h"])
    cells.GRU.hidden_state(one, one, one)


def run_lstm(x, one, w):
    """All operations of a step of an LSTM."""
    cells.LSTM.input_gate_pre_activation(x, one, w["W_xi"], w["W_hi"], w["b_i"])
    cells.LSTM.forget_gate_pre_activation(x, one, w["W_xf"], w["W_hf"], w["b_f"])
    cells.LSTM.output_gate_pre_activation(x, one, w["W_xo"], w["W_ho"], w["b_o"])
    cells.LSTM.candidate_pre_activation(x, one, w["W_xc"], w["W_hc"], w["b_c"])
    cells.LSTM.cell_update(one, one, one, one)
    cells.LSTM.hidden_state(one, one)


@pytest.mark.parametrize(
    ("cell", "run", "count"),
    [
        ("vanilla", run_vanilla, vanilla_rnn.flop_count),
        ("GRU", run_gru, comparison.gru_flops),
        ("LSTM", run_lstm, comparison.lstm_flops),
    ],
)
def test_operations_are_those_that_the_code_makes(cell, run, count):
    """The arrays count while the formulas of the chapters run on them."""
    assert operations(cell, run) == count(D=D, H=H)


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ("vanilla", comparison.vanilla_parameters),
        ("GRU", comparison.gru_parameters),
        ("LSTM", comparison.lstm_parameters),
    ],
)
def test_parameters_are_those_that_training_sets(cell, count):
    """The weights of a network that learns are counted one by one."""
    weights = cells.CELLS[cell].draw(D, H, np.random.default_rng(0))

    assert sum(value.size for value in weights.values()) == count(D=D, H=H)


def taken(cell):
    """Symbols of the forward pass that the formulas of a backward pass take."""
    backward = inspect.getsource(cells.CELLS[cell].backward)
    chapters = {"VANILLA": "vanilla_rnn", "BPTT": "bptt", "LSTM": "lstm", "GRU": "gru"}
    found = set()
    for chapter, name in re.findall(rf"\b({'|'.join(chapters)})\.(\w+)", backward):
        stated = find(f"{chapters[chapter]}.{name}")
        for argument in map(stated.argument, inspect.signature(stated.code).parameters):
            if not any(isinstance(node, Gradient | Jacobian) for node in walk(argument)):
                found |= {
                    node.variable.name if isinstance(node, At) else node.args[0].name
                    for node in walk(argument)
                    if isinstance(node, At | Steps)
                }
    return found - {"x"}


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ("vanilla", comparison.vanilla_kept),
        ("GRU", comparison.gru_kept),
        ("LSTM", comparison.lstm_kept),
    ],
)
def test_what_is_kept_is_what_the_backward_pass_takes(cell, count):
    """The arguments of the gradients say what they need, and the count may not know better."""
    assert len(taken(cell)) * H == count(H=H)


# -- Paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["vanilla", "GRU", "LSTM"])
def test_without_recurrent_weights_the_jacobian_is_the_path(cell, rng):
    """The Jacobian of the chapter, with zeros put in, is what this chapter says is left.

    The reset gate and the output gate keep their weights, as no condition is on them.
    """
    weights = cells.CELLS[cell].draw(D, H, rng)
    weights |= {name: 0 * value for name, value in weights.items()
                if name.startswith("W_h") and name not in ("W_hr", "W_ho")}  # fmt: skip
    step = cells.CELLS[cell].forward(rng.standard_normal((1, D)), weights, np.full(H, 0.5))[0]
    path = {
        "vanilla": lambda: comparison.vanilla_path(H),
        "GRU": lambda: comparison.gru_path(step.z_gate),
        "LSTM": lambda: comparison.lstm_path(step.f_gate),
    }[cell]()

    np.testing.assert_allclose(cells.CELLS[cell].jacobian(step, weights)[-H:, -H:], path)


def test_residual_jacobian_matches_differences(rng):
    """Central differences know nothing of the chain rule."""
    W_hh, h, x = rng.standard_normal((H, H)), rng.standard_normal(H), rng.standard_normal(H)

    def step(h):
        return comparison.residual_state(h, x + W_hh @ h, np.tanh)

    columns = [(step(h + e) - step(h - e)) / 2e-5 for e in 1e-5 * np.eye(H)]
    jacobian = comparison.residual_jacobian(x + W_hh @ h, W_hh, lambda a: 1 - np.tanh(a) ** 2)

    np.testing.assert_allclose(jacobian, np.transpose(columns), atol=1e-8)


def test_exposed_share_matches_differences(rng):
    """Central differences of the hidden state by the cell of its step."""
    o_gate, c = rng.uniform(size=H), rng.standard_normal(H)
    columns = [
        (lstm.hidden_state(o_gate, c + e) - lstm.hidden_state(o_gate, c - e)) / 2e-5
        for e in 1e-5 * np.eye(H)
    ]

    np.testing.assert_allclose(
        comparison.exposed_share(o_gate, c), np.transpose(columns), atol=1e-8
    )


def test_lstm_with_coupled_gates_steps_as_a_gru(rng):
    """The two chapters are run side by side."""
    z, h, candidate = rng.uniform(size=H), rng.standard_normal(H), rng.standard_normal(H)
    by_gru = gru.hidden_state(z, h, candidate)

    np.testing.assert_array_equal(comparison.gru_from_lstm(z, h, candidate), by_gru)
    np.testing.assert_array_equal(lstm.cell_update(z, h, 1 - z, candidate), by_gru)


@pytest.mark.parametrize("name", gap.CONTENDERS)
def test_reach_is_the_derivative_of_the_whole_run(name):
    """Differences of the last hidden state by the state at the start know no Jacobian."""
    cell = gap.CONTENDERS[name][0]
    rng = np.random.default_rng(3)
    weights = gap.first_weights(name, D, H, STEPS, rng)
    xs = rng.standard_normal((STEPS, D))

    def last(h):
        return cells.CELLS[cell].forward(xs, weights, h)[-1].h

    columns = [(last(e) - last(-e)) / 2e-5 for e in 1e-5 * np.eye(H)]
    jacobians = [
        cells.CELLS[cell].jacobian(step, weights)
        for step in cells.CELLS[cell].forward(xs, weights, np.zeros(H))
    ]
    whole = np.linalg.multi_dot(jacobians[::-1])

    np.testing.assert_allclose(whole[:H, :H], np.transpose(columns), atol=1e-8)
    norms = reach(name, gap=STEPS, H=H, D=D, seed=3)
    assert norms[-1] == pytest.approx(np.linalg.norm(whole[:H], 2))


def test_open_gates_reach_farther():
    """What the page says of the picture: by the start of its gates, not by its cell."""
    last = {name: reach(name, gap=50, seed=seed)[-1] for name in gap.CONTENDERS for seed in (0, 1)}
    by_start = [
        [last[f"{cell}, {start}"] for cell in ("GRU", "LSTM")]
        for start in ("bias 0", "bias 1", "chrono")
    ]

    assert max(by_start[0]) < min(by_start[1])
    assert max(by_start[1]) < min(by_start[2])
    assert min(by_start[2]) > 0.1


# -- Training --------------------------------------------------------------------------------------


def beginning(name, count, gap_=4):
    """Weights before training, and sequences to learn from."""
    rng = np.random.default_rng(1)
    weights = gap.first_weights(name, 2, 3, gap_, rng)
    weights |= {"W_hy": rng.standard_normal((2, 3)), "b_y": rng.standard_normal(2)}
    return weights, *gap.sequences(gap_, count, rng)


@pytest.mark.parametrize("name", gap.CONTENDERS)
def test_gradient_of_a_batch_matches_differences(name):
    """Forward passes alone, with each weight moved a little, know nothing of a backward pass."""
    weights, xs, bits = beginning(name, 5)
    point = gap.flat(weights)
    slopes = [
        (
            gap.loss(name, gap.shaped(point + nudge, weights), xs, bits)
            - gap.loss(name, gap.shaped(point - nudge, weights), xs, bits)
        )
        / 2e-5
        for nudge in 1e-5 * np.eye(len(point))
    ]

    np.testing.assert_allclose(gap.flat(gap.gradient(name, weights, xs, bits)), slopes, atol=1e-8)


@pytest.mark.parametrize("name", ["vanilla", "GRU, chrono", "LSTM, chrono"])
def test_batch_is_the_mean_of_its_examples(name):
    """Columns side by side are examples one by one, though no statement has columns."""
    weights, xs, bits = beginning(name, 4)
    each = [
        gap.flat(gap.gradient(name, weights, xs[..., [n]], bits[[n]])) for n in range(len(bits))
    ]

    np.testing.assert_allclose(
        gap.flat(gap.gradient(name, weights, xs, bits)), np.mean(each, axis=0), atol=1e-15
    )


@pytest.mark.parametrize("cell", cells.CELLS)
def test_one_example_reads_as_the_checked_formulas_do(cell, monkeypatch, rng):
    """With their arguments checked, the formulas take one example, and give the same."""
    weights, xs = cells.CELLS[cell].draw(D, H, rng), rng.standard_normal((STEPS, D))
    bare = cells.CELLS[cell].forward(xs, weights, np.zeros(H))
    gradient = cells.CELLS[cell].backward(bare, weights, np.ones(H))
    for name, chapter in (
        ("VANILLA", vanilla_rnn), ("BPTT", cells.bptt), ("LSTM", lstm), ("GRU", gru),
    ):  # fmt: skip
        monkeypatch.setattr(cells, name, chapter)
    checked = cells.CELLS[cell].forward(xs, weights, np.zeros(H))

    np.testing.assert_array_equal(checked[-1].h, bare[-1].h)
    for name, value in cells.CELLS[cell].backward(checked, weights, np.ones(H)).items():
        np.testing.assert_array_equal(value, gradient[name])


def test_bit_is_shown_under_the_flag_alone(rng):
    """Nothing after the first step tells the bit."""
    xs, bits = gap.sequences(7, 2000, rng)

    np.testing.assert_array_equal(xs[0, 0] > 0, bits == 1)
    assert xs[0, 1].all()
    assert not xs[1:, 1].any()
    assert np.all(np.abs(xs[1:, 0] @ (2 * bits - 1)) < 5 * np.sqrt(2000))


def test_training_is_repeatable_and_learns():
    """The same draws give the same weights, and a short gap is learned from few batches."""
    setting = gap.Setting(H=3, updates=150, rate=0.03)
    first, again = (gap.train("GRU, chrono", 2, 0, setting) for _ in range(2))

    np.testing.assert_array_equal(gap.flat(first), gap.flat(again))
    assert gap.learned(gap.share_told("GRU, chrono", 2, 0, setting))
    assert not gap.learned(gap.share_told("GRU, chrono", 2, 0, setting._replace(updates=0)))


def test_lstm_reads_as_it_is_written_elsewhere(rng):
    """The step in one line each, with all gates at once, as libraries compute it."""
    weights, xs = cells.CELLS["LSTM"].draw(D, H, rng), rng.standard_normal((STEPS, D))
    W_x, W_h = (np.vstack([weights[f"W_{of}{g}"] for g in "ifoc"]) for of in "xh")
    h, c = np.zeros(H), np.zeros(H)
    for x in xs:
        i, f, o, candidate = np.split(W_x @ x + W_h @ h, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(candidate) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
    read = cells.CELLS["LSTM"].forward(xs, weights, np.zeros(H))

    np.testing.assert_allclose(read[-1].h, h)


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_chrono_gives_memories_up_to_the_gap(cell, rng):
    """A gate at z keeps for 1 / (1 - z) steps, which are between two and one more than the gap."""
    weights = gap.first_weights(f"{cell}, chrono", D, 1000, 30, rng)
    keeps = weights[gap.KEEPS[cell]]
    steps = 1 + np.exp(keeps)

    assert 2 <= min(steps) < 2.2
    assert 30 < max(steps) <= 31
    if cell == "LSTM":
        np.testing.assert_array_equal(weights["b_i"], -keeps)


# -- Record ----------------------------------------------------------------------------------------


def test_record_is_of_this_code():
    """Whoever changes what decides the outcome runs ``tox -e gap`` again."""
    assert json.loads(gap.RECORD.read_text(encoding="utf-8"))["digest"] == gap.digest()


def test_digest_sees_a_formula_change(monkeypatch):
    """Another line of code is another experiment."""
    before = gap.digest()
    stated = FORMULAS["lstm.cell_update"]
    monkeypatch.setitem(stated.__dict__, "source_code", "return f_gate * c_prev")

    assert gap.digest() != before


def test_record_says_what_the_page_says():
    """The longest gap that is always learned doubles with the start of the gates."""
    always = {
        name: max(int(steps) for steps in shares if all(map(gap.learned, shares[steps])))
        for name, shares in TOLD.items()
    }
    never = {name for name, shares in TOLD.items() if not any(map(gap.learned, shares["40"]))}

    assert always == {
        "vanilla": 5, "GRU, bias 0": 10, "GRU, bias 1": 20, "GRU, chrono": 40,
        "LSTM, bias 0": 10, "LSTM, bias 1": 20, "LSTM, chrono": 40,
    }  # fmt: skip
    assert never == {"vanilla", "GRU, bias 0", "LSTM, bias 0"}


def test_figures_draw_the_numbers():
    """Lines are the norms, and a dot is filled where the task was learned."""
    from figures import comparison as figures

    (axes,) = figures.reach_back().axes
    for line, name in zip(axes.lines, gap.CONTENDERS, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), reach(name, figures.FARTHEST))
    (axes,) = figures.who_learns().axes
    filled = [line.get_fillstyle() == "full" for line in axes.lines]
    wanted = [gap.learned(share) for name in TOLD for g in TOLD[name] for share in TOLD[name][g]]

    assert filled == wanted
