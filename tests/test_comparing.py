"""Functions that people write, held against the formulas: right ones pass, and wrong ones are told.

The mistakes are those that are made: a slope lost or taken twice, gates in another order, the
conventions of a GRU, a transpose, a bias forgotten, a sum in the place of a mean.
"""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from rnnnotes import compare
from rnnnotes.book.compare.comparing import Different
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.state.arguments import ArgumentError
from rnnnotes.cli import main

# -- What people write -----------------------------------------------------------------------------


def sigmoid(a):
    """Logistic function, as it is written down."""
    return 1 / (1 + np.exp(-a))


def lstm(x, h_prev, c_prev, W, U, b):
    """Step of an LSTM: input, forget, candidate, output."""
    i, f, g, o = np.split(W @ x + U @ h_prev + b, 4)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def lstm_of_batch(x, h_prev, c_prev, W, U, b):
    """Step of an LSTM for a batch."""
    i, f, g, o = np.split(x @ W.T + h_prev @ U.T + b, 4, axis=1)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return {"h": sigmoid(o) * np.tanh(c), "c": c}


def lstm_of_joined(z, c_prev, W, b):
    """Step of an LSTM with one matrix for the state and the input together."""
    i, f, g, o = np.split(W @ z + b, 4)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c)


def lstm_old_cell(x, h_prev, c_prev, W, U, b):
    """Step of an LSTM that shows the cell from before."""
    i, f, g, o = np.split(W @ x + U @ h_prev + b, 4)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_prev), c


def lstm_squared(x, h_prev, c_prev, W, U, b):
    """Step of an LSTM with two mistakes."""
    i, f, g, o = np.split(W @ x + U @ h_prev + b, 4)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g * g)
    return sigmoid(o) * np.tanh(c) + h_prev, c


def lstm_mixing_batch(x, h_prev, c_prev, W, U, b):
    """Step of an LSTM whose rows look at each other."""
    mean = np.broadcast_to(x.mean(axis=0), x.shape)
    return lstm_of_batch(mean, h_prev, c_prev, W, U, b)["h"]


def gru_before(x, h_prev, W, U, b):
    """Step of a GRU, reset before the product: update, reset, candidate."""
    H = h_prev.shape[0]
    z = sigmoid(W[:H] @ x + U[:H] @ h_prev + b[:H])
    r = sigmoid(W[H : 2 * H] @ x + U[H : 2 * H] @ h_prev + b[H : 2 * H])
    n = np.tanh(W[2 * H :] @ x + U[2 * H :] @ (r * h_prev) + b[2 * H :])
    return z * h_prev + (1 - z) * n


def gru_after(x, h_prev, W, U, b_in, b_rec):
    """Step of a GRU, reset after the product: reset, update, candidate, with two biases."""
    (r, z, n), (rr, zz, nn) = np.split(W @ x + b_in, 3), np.split(U @ h_prev + b_rec, 3)
    z = sigmoid(z + zz)
    return z * h_prev + (1 - z) * np.tanh(n + sigmoid(r + rr) * nn)


def gru_after_one_bias(x, h_prev, W, U, b):
    """Step of a GRU that resets after the product, without a bias inside."""
    (z, r, n), (zz, rr, nn) = np.split(W @ x + b, 3), np.split(U @ h_prev, 3)
    z = sigmoid(z + zz)
    return z * h_prev + (1 - z) * np.tanh(n + sigmoid(r + rr) * nn)


def loop(x, h_prev, W_xh, W_hh, b_h):
    """Pre-activation in plain Python."""
    return [sum(w * u for w, u in zip(row, x, strict=True))
            + sum(w * u for w, u in zip(rec, h_prev, strict=True)) + b
            for row, rec, b in zip(W_xh, W_hh, b_h, strict=True)]  # fmt: skip


def written(f_gate, c_prev, i_gate, c_tilde):
    """Cell in the place of the one before."""
    c_prev *= f_gate
    c_prev += i_gate * c_tilde
    return c_prev


LSTM = {"W": "W_xi, W_xf, W_xc, W_xo", "U": "W_hi, W_hf, W_hc, W_ho", "b": "b_i, b_f, b_c, b_o"}
IFOC = {"W": "W_xi, W_xf, W_xo, W_xc", "U": "W_hi, W_hf, W_ho, W_hc", "b": "b_i, b_f, b_o, b_c"}
JOINED = {
    "z": "h_prev, x",
    "W": "np.block([[W_hi, W_xi], [W_hf, W_xf], [W_hc, W_xc], [W_ho, W_xo]])",
    "b": "b_i, b_f, b_c, b_o",
}
GRU = {"W": "W_xz, W_xr, W_xh", "U": "W_hz, W_hr, W_hh", "b": "b_z, b_r, b_h"}
RZN = {"W": "W_xr, W_xz, W_xh", "U": "W_hr, W_hz, W_hh", "b": "b_r, b_z, b_h"}
PYTORCH = {"W": "W_xr, W_xz, W_xh", "U": "W_hr, W_hz, W_hh", "b_in": "b_r, b_z, b_h",
           "b_rec": "0 * b_r, 0 * b_z, b_hh"}  # fmt: skip
ROWS = {"W_xh": "W_xh.T", "W_hh": "W_hh.T"}
TANH = {"f": "tanh"}


# -- Right -----------------------------------------------------------------------------------------

RIGHT = {
    "lstm hidden": ("lstm.hidden_state", lstm, {"maps": LSTM, "item": 0}),
    "lstm cell": ("lstm.cell_update", lstm, {"maps": LSTM, "item": 1}),
    "lstm batch": ("lstm.cell_update", lstm_of_batch, {"maps": LSTM, "item": "c", "batch": True}),
    "lstm joined": ("lstm.hidden_state", lstm_of_joined, {"maps": JOINED}),
    "gru before": ("gru.hidden_state", gru_before, {"maps": GRU}),
    "gru after": ("gru.hidden_state", gru_after, {"maps": PYTORCH}),
    "vanilla": (
        "vanilla_rnn.elman",
        lambda x, h_prev, W_xh, W_hh, b_h: np.tanh(x @ W_xh.T + W_hh @ h_prev + b_h),
        {"where": TANH},
    ),
    "vanilla rows": (
        "vanilla_rnn.hidden_state",
        lambda x, h_prev, W_xh, W_hh: np.tanh(x @ W_xh + h_prev @ W_hh),
        {"maps": ROWS, "where": {"f": "tanh", "b_h": "0"}, "batch": True},
    ),
    "columns joined": (
        "vanilla_rnn.pre_activation",
        lambda W, z, b_h: W @ z + b_h,
        {"maps": {"W": "W_xh, W_hh, axis=1", "z": "x, h_prev"}},
    ),
    "sigmoid by tanh": ("lstm.input_gate", lambda a_i: 0.5 * (1 + np.tanh(a_i / 2)), {}),
    "safe sigmoid": (
        "lstm.input_gate",
        lambda a_i: np.where(a_i >= 0, sigmoid(a_i), np.exp(a_i) / (1 + np.exp(a_i))),
        {},
    ),
    "slope by the gate": (
        "lstm.forget_gate_gradient",
        lambda dc, c_prev, f_gate: dc * c_prev * (f_gate - f_gate**2),
        {},
    ),
    "slope by the pre-activation": (
        "lstm.forget_gate_gradient",
        lambda dc, c_prev, a_f: dc * c_prev * sigmoid(a_f) * sigmoid(-a_f),
        {},
    ),
    "tanh backward": ("bptt.tanh_backward", lambda h, dh, eps=0.0: (1 - h * h) * dh + eps, {}),
    "slope given": (
        "bptt.step_jacobian",
        lambda a, W_hh: (1 - np.tanh(a) ** 2)[:, None] * W_hh,
        {"where": TANH},
    ),
    "a softmax that does not overflow": (
        "building_blocks.softmax",
        lambda scores: np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum(),
        {},
    ),
    "outer products": (
        "bptt.recurrent_weight_gradient",
        lambda das, h_prevs: np.einsum("ti,tj->ij", das, h_prevs),
        {},
    ),
}


@pytest.mark.parametrize(("id", "code", "options"), RIGHT.values(), ids=RIGHT)
def test_right_code_is_the_same_for_all_sizes(id, code, options):
    """Whatever its names, its order of gates, its layout and its form."""
    assert compare(id, code, **options).for_all_sizes


AT_SIZES = {
    "a loop over places": ("vanilla_rnn.pre_activation", loop, "needs a number"),
    "a loop over time": (
        "bptt.recurrent_weight_gradient",
        lambda das, h_prevs: sum(map(np.outer, das, h_prevs)),
        "unsupported: NameError",
    ),
    "an order": (
        "building_blocks.softmax",
        lambda scores: (
            np.exp(scores - np.sort(scores)[-1]) / np.exp(scores - np.sort(scores)[-1]).sum()
        ),
        "unsupported: np.sort",
    ),
    "floats of 32 bits": (
        "lstm.forget_gate_gradient",
        lambda dc, c_prev, f_gate: np.float32(dc * c_prev * f_gate * (1 - f_gate)),
        "compared in floats of 32 bits",
    ),
    "writes": ("lstm.cell_update", written, "it changes its arguments in place: c_prev"),
}


@pytest.mark.parametrize(("id", "code", "why"), AT_SIZES.values(), ids=AT_SIZES)
def test_what_is_not_proved_is_the_same_at_sizes_that_are_named(id, code, why):
    """The answer says at which, on how many draws, and why it goes no further."""
    same = compare(id, code)

    assert not same.for_all_sizes
    assert why in repr(same)
    for one in same.sizes:
        assert ", ".join(f"{size}={number}" for size, number in one.items()) in repr(same)
    assert same.draws >= 250


def test_numbers_of_steps_are_named():
    """A proof that has taken some says which."""
    same = compare("lstm.cell_update", lambda f_gate, c_prev, i_gate, c_tilde: [
        f * c + i * g for f, c, i, g in zip(f_gate, c_prev, i_gate, c_tilde, strict=False)
    ])  # fmt: skip

    assert "on 300 draws of 15 kinds; proved for all sizes, at H = 2, 3, 4" in repr(same)


@pytest.mark.parametrize("id", [*find_all()][::4])
def test_the_code_of_a_formula_is_that_formula(id):
    """So a difference is never one between a formula and the free arguments that it is given."""
    stated = find(id)

    assert compare(stated.id, stated.code).draws


# -- Wrong -----------------------------------------------------------------------------------------

WRONG = {
    "slope lost": (
        "lstm.forget_gate_gradient",
        lambda dc, c_prev, f_gate: dc * c_prev,
        {},
        "in the formula the factors f_gate and 1 - f_gate are left out",
    ),
    "slope of the gate": (
        "lstm.forget_gate_gradient",
        lambda dc, c_prev, f_gate: dc * c_prev * sigmoid(f_gate) * (1 - sigmoid(f_gate)),
        {},
        "in the formula sigmoid(f_gate) stands in the place of f_gate",
    ),
    "tanh twice": (
        "lstm.plain_cell_gradient",
        lambda dh, o_gate, c, f_next, dc_next: (
            dh * o_gate * (1 - np.tanh(np.tanh(c)) ** 2) + f_next * dc_next
        ),
        {},
        "in the formula tanh(c) stands in the place of c",
    ),
    "tanh forgotten": (
        "lstm.plain_cell_gradient",
        lambda dh, o_gate, c, f_next, dc_next: dh * o_gate * (1 - c**2) + f_next * dc_next,
        {},
        "in the formula c stands in the place of tanh(c)",
    ),
    "square forgotten": (
        "lstm.plain_cell_gradient",
        lambda dh, o_gate, c, f_next, dc_next: dh * o_gate * (1 - np.tanh(c)) + f_next * dc_next,
        {},
        "in the formula tanh(c) stands in the place of tanh(c)^⊙2",
    ),
    "one step alone": (
        "lstm.plain_cell_gradient",
        lambda dh, o_gate, c, f_next, dc_next: dh * o_gate * (1 - np.tanh(c) ** 2) + 0 * dc_next,
        {},
        "in the formula the term f_next ⊙ dc_next is left out",
    ),
    "cell carried whole": (
        "lstm.plain_cell_gradient",
        lambda dh, o_gate, c, f_next, dc_next: dh * o_gate * (1 - np.tanh(c) ** 2) + dc_next,
        {},
        "in the formula the factor f_next is left out",
    ),
    "gate order": (
        "lstm.hidden_state",
        lstm,
        {"maps": IFOC, "item": 0},
        "W is given {W}, and U is given {U}, and b is given {b}".format(**LSTM),
    ),
    "gru order": (
        "gru.hidden_state",
        gru_before,
        {"maps": RZN},
        "W is given {W}, and U is given {U}, and b is given {b}".format(**GRU),
    ),
    "old cell": (
        "lstm.hidden_state",
        lambda o_gate, f_gate, c_prev, i_gate, c_tilde: o_gate * np.tanh(c_prev),
        {},
        "in the formula c_prev stands in the place of f_gate ⊙ c_prev + i_gate ⊙ c_tilde",
    ),
    "item": ("lstm.cell_update", lstm, {"maps": LSTM}, "item 1 of what it returns is taken"),
    "update gate": (
        "gru.hidden_state",
        lambda z_gate, h_prev, h_tilde: (1 - z_gate) * h_prev + z_gate * h_tilde,
        {},
        "in the formula 1 - z_gate stands in the place of z_gate",
    ),
    "reset after": (
        "gru.pre_activation_reset_before",
        lambda x, h_prev, r_gate, W_xh, W_hh, b_h: W_xh @ x + r_gate * (W_hh @ h_prev) + b_h,
        {},
        "in the formula r_gate ⊙ (W_hh h_prev) stands in the place of W_hh (r_gate ⊙ h_prev)",
    ),
    "rows": (
        "vanilla_rnn.elman",
        lambda x, h_prev, W_xh, W_hh, b_h: np.tanh(x @ W_xh + h_prev @ W_hh + b_h),
        {"where": TANH},
        "W_xh is given W_xh.T, and W_hh is given W_hh.T",
    ),
    "one transpose": (
        "vanilla_rnn.pre_activation",
        lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + W_hh.T @ h_prev + b_h,
        {},
        "W_hh is given W_hh.T",
    ),
    "no bias": (
        "vanilla_rnn.pre_activation",
        lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + W_hh @ h_prev,
        {},
        "in the formula the term b_h is left out",
    ),
    "one weight twice": (
        "lstm.input_gradient",
        lambda W_xi, da_i, W_xf, da_f, W_xo, da_o, W_xc, da_c: (
            W_xi.T @ da_i + W_xi.T @ da_f + W_xo.T @ da_o + W_xc.T @ da_c
        ),
        {},
        "in the formula W_xi stands in the place of W_xf",
    ),
    "swapped": (
        "lstm.cell_update",
        lambda f_gate, c_prev, i_gate, c_tilde: i_gate * c_prev + f_gate * c_tilde,
        {},
        "f_gate and i_gate change places",
    ),
    "sign": (
        "building_blocks.cross_entropy_gradient",
        lambda p, r: np.eye(len(p))[r - 1] - p,
        {},
        "the formula has the other sign",
    ),
    "transposed gradient": (
        "bptt.recurrent_weight_gradient",
        lambda das, h_prevs: h_prevs.T @ das,
        {},
        "the formula is transposed",
    ),
    "mean of steps": (
        "bptt.recurrent_weight_gradient",
        lambda das, h_prevs: das.T @ h_prevs / len(das),
        {},
        "in the formula its mean stands in the place of Σ(t=1..T) das[t] h[t-1]ᵀ",
    ),
    "sum of losses": (
        "vanilla_rnn.loss_mean",
        lambda L_ts: L_ts.sum(),
        {},
        "in the formula Σ(t=1..T) L_t[t] stands in the place of (Σ(t=1..T) L_t[t])/T",
    ),
    "twice": (
        "lstm.output_gate_gradient",
        lambda dh, c, o_gate: 2 * dh * np.tanh(c) * o_gate * (1 - o_gate),
        {},
        "the formula is multiplied by 2",
    ),
}


@pytest.mark.parametrize(("id", "code", "options", "change"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_explained_by_the_change_that_undoes_it(id, code, options, change):
    """What is said has been computed: with the change both give the same in every draw."""
    with pytest.raises(Different) as error:
        compare(id, code, **options)

    assert error.value.explanation == f"The two agree if {change}."


def test_two_mistakes_are_not_explained_by_one_change():
    """Then it is said that nothing was found, and how much was tried."""
    with pytest.raises(Different, match=r"None of \d{3} single changes that were tried makes"):
        compare("lstm.hidden_state", lstm_squared, maps=LSTM, item=0)


def test_rows_of_a_batch_that_look_at_each_other_are_seen():
    """A case is one of three rows, and the others are other cases."""
    with pytest.raises(Different):
        compare("lstm.hidden_state", lstm_mixing_batch, maps=LSTM, batch=True)


@pytest.mark.parametrize("factor", [1 + 1e-7, 1 - 1e-8])
def test_a_small_difference_is_no_rounding(factor):
    """What is off by more than the last digits of a float is another function."""
    with pytest.raises(Different):
        compare("lstm.input_gate", lambda a_i: sigmoid(a_i) * factor)


def test_a_small_constant_is_no_rounding():
    """What is added lest a denominator be zero is seen where the numbers are small."""
    with pytest.raises(Different):
        compare("lstm.input_gate", lambda a_i: sigmoid(a_i) + 1e-8)


def test_a_counterexample_is_small_and_true():
    """One unit, whole numbers, and both values as they are computed from them."""
    with pytest.raises(Different) as error:
        compare("lstm.cell_update",
                lambda f_gate, c_prev, i_gate, c_tilde: f_gate * c_prev + c_tilde)  # fmt: skip
    numbers = dict(part.split("=") for part in
                   error.value.counterexample.partition("with ")[2].split(", "))  # fmt: skip
    f, c, i, g = (float(numbers[name].strip("[]"))
                  for name in ("f_gate", "c_prev", "i_gate", "c_tilde"))  # fmt: skip

    assert f"gives {f * c + g:g} and the formula {f * c + i * g:g} with" in str(error.value)
    assert all(number == round(number) and abs(number) <= 3 for number in (f, c, i, g))


def test_a_counterexample_names_the_times():
    """The factors change places where there are two of them, as the times say."""

    def turned(as_, k, t, W_hh):
        J = np.eye(len(W_hh))
        for step in range(k, t):
            J = J @ np.diag(1 - np.tanh(as_[step]) ** 2) @ W_hh
        return J

    with pytest.raises(Different, match=r"as_=\[\[.*, W_hh=\[\[.*, at t=2, k=0"):
        compare("bptt.jacobian_product", turned, where=TANH)


def test_a_function_that_fails_is_told_with_the_shapes():
    """A transpose that does not fit stops NumPy, and no value tells the reader why."""
    with pytest.raises(Different, match=r"fails \(ValueError: .*with x of shape \(3,\), h_prev"):
        compare("vanilla_rnn.pre_activation",
                lambda x, h_prev, W_xh, W_hh, b_h: x @ W_xh + W_hh @ h_prev + b_h)  # fmt: skip


def test_a_function_that_returns_nothing_is_told():
    """None is no array of numbers."""
    with pytest.raises(Different, match=r"fails \(TypeError: it returns None"):
        compare("lstm.candidate", lambda a_c: None)


# -- What is no question ---------------------------------------------------------------------------

OURS = r"lstm.cell_update\(f_gate, c_prev, i_gate, c_tilde\)"


@pytest.mark.parametrize(
    ("code", "options", "why"),
    [
        (lambda own, c_prev, i_gate, c_tilde: 0, {},
         rf"<lambda>\(own, c_prev, i_gate, c_tilde\) takes own, and {OURS} does not"),
        (lambda f_gate, c_prev, i_gate: 0, {},
         rf"<lambda>\(f_gate, c_prev, i_gate\) takes no c_tilde, .* and {OURS} does"),
        (lambda f_gate: 0, {"maps": {"f": "f_gate"}}, r"f: no parameter of <lambda>\(f_gate\)"),
        (lambda f_gate: 0, {"maps": {"f_gate": "f_gate +"}}, "expected an expression of NumPy"),
        (lambda f_gate, c_prev, i_gate, c_tilde: 0, {"where": {"c_tilde": 0}},
         "c_tilde: .* takes it, and `where` says what it is"),
        (lambda f_gate, c_prev, i_gate: 0, {"where": {"c_tilde": 7}},
         "where c_tilde: expected 0 or 1, got 7"),
        (max, {}, "max: expected a function whose parameters have names"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_match_are_refused(code, options, why):
    """With both signatures, so that the reader can match them."""
    with pytest.raises(ArgumentError, match=why):
        compare("lstm.cell_update", code, **options)


def test_an_activation_has_to_be_known():
    """The name of a function of the notation, and not of a symbol."""
    with pytest.raises(ArgumentError, match="where f: expected the name of a function"):
        compare("vanilla_rnn.hidden_state", lambda a: a, where={"f": "softmax"})


# -- The command -----------------------------------------------------------------------------------

FILE = '''
"""A cell in a file of its own."""

from beside import scale


def cell(f, c, i, g):
    return scale(f) * c + i * g


def wrong(f, c, i, g):
    return f * c - i * g


class Cell:
    @staticmethod
    def both(f, c, i, g):
        return None, cell(f, c, i, g)
'''
NAMES = [word for pair in ("f=f_gate", "c=c_prev", "i=i_gate", "g=c_tilde")
         for word in ("--map", pair)]  # fmt: skip


@pytest.fixture
def run(own_folder):
    """Run the command beside a file with functions, and one that it imports."""
    (own_folder / "my_lstm.py").write_text(FILE)
    (own_folder / "beside.py").write_text("def scale(value):\n    return 1 * value\n")
    (own_folder / "broken.py").write_text("import nothing_of_this_name\n")
    return lambda *words: CliRunner().invoke(main, ["compare", *words], prog_name="rnnnotes")


def test_the_command_says_that_two_are_the_same(run):
    """A file that imports one beside it is found, and the exit code is 0."""
    result = run("lstm.cell_update", "my_lstm.py:cell", *NAMES)

    assert result.output == "cell is lstm.cell_update, the same for all sizes\n"
    assert result.exit_code == 0


def test_the_command_says_where_two_differ(run):
    """With the change that explains it, and the exit code 1."""
    result = run("lstm.cell_update", "my_lstm.py:wrong", *NAMES)

    assert "wrong gives" in result.output
    assert "f_gate ⊙ c_prev - i_gate ⊙ c_tilde stands in the place of f_gate ⊙" in result.output
    assert result.exit_code == 1


def test_the_command_takes_an_item_and_what_is_built_in(run):
    """A method of a class, an item of a tuple, and an argument that is one."""
    result = run("lstm.cell_update", "my_lstm.py:Cell.both[1]", *NAMES)

    assert result.output.startswith("both[1] is lstm.cell_update, the same")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["lstm.cell_updat", "my_lstm.py:cell"], "the nearest are lstm.cell_update"),
        (["lstm.cell_update", "my_lstm:cell"], "expected FILE.py:FUNCTION"),
        (["lstm.cell_update", "other.py:cell"], "other.py: there is no such file"),
        (["lstm.cell_update", "broken.py:cell"], "broken.py, line 1: ModuleNotFoundError"),
        (["lstm.cell_update", "my_lstm.py:nothing"], "my_lstm.py has no function nothing"),
        (["lstm.cell_update", "my_lstm.py:cell"], "cell(f, c, i, g) takes f, g, i, and lstm.cell"),
        (["lstm.cell_update", "my_lstm.py:cell", "--map", "f"], "'f': expected NAME=VALUE"),
    ],
)
def test_a_question_with_a_mistake_is_refused(run, words, why):
    """With the exit code 2, and what was expected."""
    result = run(*words)

    assert why in result.output
    assert result.exit_code == 2
