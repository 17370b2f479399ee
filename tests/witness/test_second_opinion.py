"""A second program reads every line and every code of the book, and agrees.

It computes forward in floats, at sizes and with functions of its own, and shares nothing with
the checker.  What it takes each node to mean is in `interpreter`, what it compares in `opinion`.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from pathlib import Path

import interpreter
import numpy as np
import opinion
import pytest
import sympy as sp
from interpreter import Activation, Draw, MeaninglessError, Reading
from opinion import claims, definitions, draw_sizes, fulfils, judge, readings

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import (
    Abs,
    Concatenate,
    Convolve,
    Determinant,
    Diag,
    Entry,
    Function,
    Gradient,
    Immediate,
    Jacobian,
    Le,
    Lt,
    Ne,
    Norm,
    Order,
    Product,
    Relation,
    Sum,
    wrap,
)
from rnnnotes.book.state.formulas import Formula, Line
from rnnnotes.notation import (
    D,
    H,
    M,
    T,
    W_hh,
    a,
    b_h,
    c,
    eps,
    f,
    f_gate,
    gamma,
    h,
    h_unit,
    j,
    k,
    kappa,
    kernel_x,
    log,
    m,
    psi,
    q,
    s,
    t,
    tanh,
    theta,
    u,
    v,
    w,
    w_unit,
    x,
    x_map,
    x_unit,
)


@pytest.mark.parametrize("id", find_all())
def test_every_line_and_every_code_agrees(id, seed):
    """Floats know no rule of algebra: a rule that is wrong does not fool both programs."""
    stated = find(id)
    said = [what for what, _ in claims(stated)] + ["code", "values"]

    verdicts = judge(stated, seed)

    assert [verdict.what for verdict in verdicts] == said
    assert not [str(verdict) for verdict in verdicts if verdict.outcome != "agree"]


def test_the_second_program_shares_nothing_with_the_checker():
    """It reads what is stated and what is declared, and takes from the book how to print it."""
    imported = set()
    for module in (interpreter, opinion):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("rnnnotes"):
                imported |= {f"{node.module}.{name.name}" for name in node.names}
            elif isinstance(node, ast.Import):
                assert not any(name.name.startswith("rnnnotes") for name in node.names)

    assert imported == {
        "rnnnotes.book.state.formulas.Formula",
        "rnnnotes.book.language.nodes", "rnnnotes.book.language.derived",
        "rnnnotes.book.write.plaintext.text",
        "rnnnotes.book.language.symbols.INDICES", "rnnnotes.book.language.symbols.SIZES",
    }  # fmt: skip


# -- Numbers ---------------------------------------------------------------------------------------


def test_sizes_are_one_and_equal_and_different():
    """What holds at distinct sizes alone, or above one, meets others."""
    rng = np.random.default_rng(0)
    drawn = [draw_sizes(rng, "mixed") for _ in range(20)]

    assert any(sizes[H] == 1 for sizes in drawn)
    assert {sizes[H] == sizes[D] for sizes in drawn} == {True, False}
    assert min(sizes[T] for sizes in drawn) == 5


def test_indices_take_their_first_and_their_last_values():
    """At its first value a sum may have no terms; beyond its last a symbol has no value."""
    stated = find("bptt.jacobian_product")
    *_, (_, first), (_, last) = readings(stated, seed=0)

    assert (first[t], first[k]) == (1, 0)
    assert (last[t], last[k]) == (last[T], last[T])


def test_activations_know_their_derivatives():
    """Differences of each function are the function that claims to be its derivative."""
    at, step = np.linspace(-2, 2, 9), 1e-5
    for seed in range(30):
        activation = Activation(np.random.default_rng(seed))
        for order in (0, 1):
            change = activation(at + step, order) - activation(at - step, order)
            assert activation(at, order + 1) == pytest.approx(change / (2 * step), abs=1e-7)


def test_some_activation_is_bounded_and_some_is_not():
    """A bound that supposes a largest slope must fail where there is none."""
    slopes = [
        np.abs(Activation(np.random.default_rng(seed))(np.array([10.0, 100.0]), 1))
        for seed in range(30)
    ]

    assert any(near > 0 and far > 50 * near for near, far in slopes)
    assert any(0 < far < 50 * near for near, far in slopes)


@pytest.mark.parametrize("id", [id for id in find_all() if find(id).where])
def test_numbers_fulfil_the_conditions(id):
    """A line that holds because its condition is broken would say nothing."""
    stated = find(id)
    for reading, env in readings(stated, seed=7):
        for condition in stated.where:
            assert fulfils(reading, condition, stated, env)


def test_a_bound_that_holds_for_all_numbers_is_nearly_reached():
    """Were the largest slope far below its bound, a bound of half the size would pass as well."""
    stated = find("gradients.gap_bound")
    tightest = [
        np.max(np.abs(reading.draw.activation("f", ())(opinion.GRID, 1)))
        / reading.symbol(gamma, ())
        for seed in range(5)
        for reading, _ in readings(stated, seed)
    ]

    assert max(tightest) <= 1
    assert max(tightest) > 0.99


# -- What the nodes mean ---------------------------------------------------------------------------

SIZES = {H: 2, D: 3, T: 5} | {size: 4 for size in opinion.SIZES if size not in (H, D, T)}


def reading_of(*given, **held):
    """Reading by the definitions of some formulas, in which symbols have numbers by hand."""
    found = {}
    for id in given:
        found |= definitions(find(id))
    values = {(name, ()): value for name, value in held.items() if not isinstance(value, dict)}
    for name, value in held.items():
        if isinstance(value, dict):
            values |= {(name, (time,)): number for time, number in value.items()}
    return Reading(Draw(0, SIZES), found, values)


def test_a_total_derivative_counts_every_use_and_an_immediate_one_the_last():
    """From h = 1 at w = 3: two steps make h = w², with the derivative 6, of which 3 is the last."""
    unit = reading_of("lstm.linear_unit", w_unit=3.0, h_unit={0: 1.0}, x_unit={1: 0.0, 2: 0.0})

    assert unit.value(Jacobian(h_unit[2], w_unit), SIZES) == pytest.approx(6)
    assert unit.value(Immediate(h_unit[2], w_unit), SIZES) == pytest.approx(3)


def test_a_derivative_follows_what_comes_after_and_holds_what_came_before():
    """The state two steps later takes the weight twice; the input before does not follow it."""
    unit = reading_of("lstm.linear_unit", w_unit=3.0)

    assert unit.value(Jacobian(h_unit[3], h_unit[1]), SIZES) == pytest.approx(9)
    assert unit.value(Jacobian(h_unit[1], h_unit[3]), SIZES) == 0
    assert unit.value(Jacobian(h_unit[3], x_unit[3]), SIZES) == 1
    assert unit.value(Immediate(h_unit[3], h_unit[1]), SIZES) == 0


def test_an_immediate_derivative_holds_other_symbols_of_the_step_before():
    """The old cell reaches the new one as it is; what the state before shows of it is held."""
    reading = reading_of("lstm.total_cell_jacobian")
    forget = reading.value(Diag(f_gate[3]), SIZES)

    assert reading.value(Immediate(c[3], c[2]), SIZES) == pytest.approx(forget)
    assert not np.allclose(reading.value(Jacobian(c[3], c[2]), SIZES), forget)


def test_rows_of_a_jacobian_are_outputs():
    """The derivative of a linear map is its matrix, and not the transpose."""
    reading = reading_of("building_blocks.linear_map")
    value = reading.value(find("building_blocks.linear_jacobian").statement.left, {**SIZES, t: 1})

    assert np.array_equal(
        value, reading.symbol(find("building_blocks.linear_map").argument("W_xh"), ())
    )


def test_a_product_has_its_latest_factor_on_the_left():
    """Two shears do not commute."""
    up, down = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    reading = reading_of(M={1: up, 2: down})

    assert np.array_equal(reading.value(Product(M[j], j, 2, 1), SIZES), down @ up)


def test_no_factors_are_the_identity_and_no_terms_are_zero():
    """A sum or a product from a time to the time before it is over nothing."""
    reading = reading_of()

    assert np.array_equal(reading.value(Product(M[j], j, 2, 3), SIZES), np.eye(2))
    assert np.array_equal(reading.value(Sum(q[j], j, 2, 1), SIZES), np.zeros(2))


def test_a_kernel_is_turned_around():
    """A one in the middle is smeared into the kernel, read from left to right."""
    reading = reading_of(x_map=None)
    reading.held = {("x_map", (1,)): np.eye(4)[1], ("kernel_x", ()): np.arange(1.0, 5.0)[:3]}
    kernel = type(kernel_x)("kernel_x", (3,))

    assert np.array_equal(reading.value(Convolve(x_map[1], kernel), SIZES), [1, 2, 3, 0])


def test_what_is_not_analytic_is_differentiated_by_differences():
    """A norm grows by the product of its singular vectors."""
    reading = reading_of()
    left, _, right = np.linalg.svd(reading.symbol(W_hh, ()))

    gradient = reading.value(Gradient(Norm(W_hh), W_hh), SIZES)

    assert gradient == pytest.approx(np.outer(left[:, 0], right[0]), abs=1e-9)
    assert reading.draw.is_rough


def test_a_second_derivative_does_not_depend_on_the_order():
    """Differences of steps off the real line: two ways of differentiating in one value."""
    reading = reading_of()
    slope = Gradient(psi(v), v)
    rows = [reading.value(Gradient(Entry(slope, row), v), SIZES) for row in (1, 2)]

    assert rows[0][1] == pytest.approx(rows[1][0], abs=1e-8)


def test_a_determinant_tells_whether_there_is_an_inverse():
    """That of a triangle is the product of its diagonal."""
    reading = reading_of(W_hh=np.array([[2.0, 5.0], [0.0, 3.0]]))

    assert reading.value(Determinant(W_hh), SIZES) == pytest.approx(6)


def test_a_row_times_a_matrix_is_a_row():
    """What stands on the left is a row: its product with a matrix takes the columns of that."""
    reading = reading_of(W_hh=np.array([[1.0, 2.0], [3.0, 4.0]]), v=np.array([1.0, 10.0]))

    assert np.array_equal(reading.value(v.T @ W_hh, SIZES), [31, 42])
    assert np.array_equal(reading.value(Entry(W_hh, 2), SIZES), [3, 4])


def test_what_has_no_value_is_refused():
    """A time that is not declared, an index of nothing, an entry beyond the last."""
    reading = reading_of()
    for node in (h[T + 5], x[t], Entry(v, 3)):
        with pytest.raises(MeaninglessError):
            reading.value(node, SIZES)


# -- Mistakes --------------------------------------------------------------------------------------


def stated(left, sign, right, *given, where=(), ranges=None):
    """Claim of one line, which rests on formulas of the book."""
    return Formula(
        "wrong.claim", Relation(left, sign, right), lambda: 0.0, ("elman1990",),
        given=tuple(each if isinstance(each, Formula) else find(each) for each in given),
        derivation=(Line(sign, wrap(right), "claimed"),),
        where=tuple(where), ranges=ranges or {},
    )  # fmt: skip


def outcomes(claim, seeds=1):
    """What is said of the line of a claim, over some seeds."""
    return {judge(claim, seed)[0].outcome for seed in range(seeds)}


def outcomes_of_values(claim, seeds=5):
    """Whether both sides of a claim have values, over some seeds."""
    return {judge(claim, seed)[-1].outcome for seed in range(seeds)}


STEP = "bptt.step_jacobian"
TOTAL = "bptt.total_derivative_recursion"
LATER = {t: (2, T)}
ONE_STEP = Jacobian(h[t], h[t - 1])
SOLVED = Product(M[j], j, t, 1) @ m[0]
SLOPES = [Le(Abs(f.prime(u)), gamma)]
OF_TWO, OF_BOTH = (Function("psi", (), takes=sizes) for sizes in ([(H,), (H,)], [(2 * H,)]))

MISTAKES = {
    "a factor is transposed": (
        stated(ONE_STEP, "=", Diag(f.prime(a[t])) @ W_hh, STEP),
        stated(ONE_STEP, "=", Diag(f.prime(a[t])) @ W_hh.T, STEP),
    ),
    "factors are swapped": (
        stated(ONE_STEP, "=", Diag(f.prime(a[t])) @ W_hh, STEP),
        stated(ONE_STEP, "=", W_hh @ Diag(f.prime(a[t])), STEP),
    ),
    "a time is one too early": (
        stated(ONE_STEP, "=", Diag(f.prime(a[t])) @ W_hh, STEP, ranges=LATER),
        stated(ONE_STEP, "=", Diag(f.prime(a[t - 1])) @ W_hh, STEP, ranges=LATER),
    ),
    "a slope is taken at the state": (
        stated(ONE_STEP, "=", Diag(f.prime(a[t])) @ W_hh, STEP),
        stated(ONE_STEP, "=", Diag(f.prime(h[t - 1])) @ W_hh, STEP),
    ),
    "an immediate derivative stands for the total one": (
        stated(
            Jacobian(s[t], theta), "=",
            Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t), TOTAL,
        ),
        stated(Jacobian(s[t], theta), "=", Immediate(s[t], theta), TOTAL),
    ),
    "total derivatives are counted again": (
        stated(
            Jacobian(s[t], theta), "=",
            Sum(Jacobian(s[t], s[k]) @ Immediate(s[k], theta), k, 1, t), TOTAL,
        ),
        stated(
            Jacobian(s[t], theta), "=",
            Sum(Jacobian(s[t], s[k]) @ Jacobian(s[k], theta), k, 1, t), TOTAL,
        ),
    ),
    "a path is missing": (
        stated(
            Jacobian(c[t], c[t - 1]), "=",
            Diag(f_gate[t]) + Immediate(c[t], h[t - 1]) @ Jacobian(h[t - 1], c[t - 1]),
            "lstm.total_cell_jacobian", ranges=LATER,
        ),
        stated(
            Jacobian(c[t], c[t - 1]), "=", Diag(f_gate[t]), "lstm.total_cell_jacobian",
            ranges=LATER,
        ),
    ),
    "a sum starts too late": (
        stated(
            m[t], "=", SOLVED + Sum(Product(M[j], j, t, k + 1) @ q[k], k, 1, t),
            "bptt.linear_recursion",
        ),
        stated(
            m[t], "=", SOLVED + Sum(Product(M[j], j, t, k + 1) @ q[k], k, 2, t),
            "bptt.linear_recursion",
        ),
    ),
    "a product ends too early": (
        stated(
            Jacobian(h[t], h[k]), "=", Product(Jacobian(h[j], h[j - 1]), j, t, k + 1), STEP,
            ranges={k: (1, t)},
        ),
        stated(
            Jacobian(h[t], h[k]), "=", Product(Jacobian(h[j], h[j - 1]), j, t, k), STEP,
            ranges={k: (1, t)},
        ),
    ),
    "a sum of no terms is split": (
        stated(Sum(q[k], k, 1, t), "=", q[1] + Sum(q[k], k, 2, t)),
        stated(Sum(q[k], k, 1, t - 1), "=", q[1] + Sum(q[k], k, 2, t - 1)),
    ),
    "a bound is turned around": (
        stated(Norm(W_hh @ v), "<=", Norm(W_hh) * Norm(v)),
        stated(Norm(W_hh) * Norm(v), "<=", Norm(W_hh @ v)),
    ),
    "a bound lacks its hypothesis": (
        stated(Norm(ONE_STEP), "<=", gamma * Norm(W_hh), STEP, where=SLOPES),
        stated(Norm(ONE_STEP), "<=", gamma * Norm(W_hh), STEP),
    ),
    "a bound is too tight": (
        stated(Norm(ONE_STEP), "<=", gamma * Norm(W_hh), STEP, where=SLOPES),
        stated(Norm(ONE_STEP), "<=", wrap(0.9) * gamma * Norm(W_hh), STEP, where=SLOPES),
    ),
    "a map is taken to be bounded": (
        stated(psi(v), "<=", psi(v) + kappa),
        stated(psi(v), "<=", wrap(2)),
    ),
    "a large number is taken to be largest": (
        stated(Norm(W_hh), "<=", 100 + Norm(W_hh)),
        stated(Norm(W_hh), "<=", wrap(100)),
    ),
    "numbers that may be equal are told apart": (
        stated(wrap(0), "<=", u**2),
        stated(wrap(0), "<", u**2),
    ),
    "a size is taken to be two": (
        stated(H * u, "=", u * H),
        stated(H * u, "=", 2 * u),
    ),
    "functions of two times are one": (
        stated(psi[t](v), "=", psi[t](v)),
        stated(psi[t](v), "=", psi[k](v)),
    ),
    "two arguments are taken to be one": (
        stated(OF_TWO(v, w), "=", OF_TWO(v, w)),
        stated(OF_TWO(v, w), "=", OF_BOTH(Concatenate(v, w))),
    ),
    "what is left out shrinks too slowly": (
        stated(u + eps**2, "=", u + Order(eps, 2)),
        stated(u + eps ** sp.Rational(3, 2), "=", u + Order(eps, 2)),
    ),
    "what is left out shrinks a logarithm too slowly": (
        stated(u + eps**2, "=", u + Order(eps, 2)),
        stated(u + eps**2 * log(eps), "=", u + Order(eps, 2)),
    ),
}  # fmt: skip
"""A line that holds, and the mistake that is made of it."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_disagreement(mistake):
    """A second opinion that agrees with everything is none; beside the mistake, the line holds."""
    right, wrong = MISTAKES[mistake]

    assert outcomes(right, seeds=20) == {"agree"}
    assert "disagree" in outcomes(wrong, seeds=20)


def test_a_value_on_one_side_alone_is_a_disagreement():
    """Of no number anything could be said: at zero, a number over itself is not one."""
    verdicts = judge(stated(u / u, "=", wrap(1)), 0)
    positive = judge(stated(gamma / gamma, "=", wrap(1)), 0)

    assert [verdict.outcome for verdict in verdicts] == ["agree", "agree", "disagree", "disagree"]
    assert positive[-1].outcome == "agree"


def test_a_number_that_is_told_apart_from_one_has_no_gap_there():
    """A condition that two numbers differ leaves out the one at which a side has no value."""
    apart = [Ne(u, wrap(0))]

    assert outcomes_of_values(stated(u / u, "=", wrap(1), where=apart)) == {"agree"}
    assert "disagree" in outcomes_of_values(stated(u / u, "=", wrap(1), where=[Ne(u, 1)]))


def test_a_disagreement_says_where():
    """A reader finds the line, its entry, the sizes and both numbers."""
    _, wrong = MISTAKES["a factor is transposed"]
    message = str(judge(wrong, 0)[0])

    assert message.startswith("wrong.claim, line 1 (claimed): disagree\n∂h[t]/∂h[t-1] = ")
    assert all(part in message for part in ("H=", "t=", "entry (", "on the left", "on the right"))


def test_a_condition_that_nothing_fulfils_leaves_a_line_unread():
    """Of no numbers at all anything could be said."""
    claim = stated(u, "=", 2 * u, where=[Lt(kappa, wrap(1)), Lt(wrap(1), kappa)])

    assert outcomes(claim) == {"not evaluated"}


def test_a_definition_of_a_known_function_must_agree_with_it():
    """Were tanh what a definition says, a wrong one would make wrong lines hold."""
    wrong = replace(find("building_blocks.tanh"), statement=Relation(tanh(u), "=", 2 * u))

    assert "disagree" in outcomes(wrong)
    assert "disagree" in outcomes(stated(tanh(2 * u), "=", 2 * tanh(u), wrong))


@pytest.mark.parametrize(
    "definition",
    [
        Relation(h[t], "=", h[t + 1]),
        Relation(h[t], "=", h[t] + b_h),
        Relation(gamma, "=", wrap(-1)),
    ],
    ids=["a time too late", "itself", "a negative number"],
)
def test_a_definition_that_fixes_nothing_is_a_disagreement(definition):
    """What has no value equals nothing, not even itself."""
    wrong = replace(find("vanilla_rnn.hidden_state"), statement=definition)

    assert outcomes(stated(definition.left, "=", definition.left, wrong)) == {"disagree"}


def test_two_definitions_of_a_symbol_are_a_disagreement():
    """Which of them holds nobody says."""
    both = stated(h[t], "=", h[t], "vanilla_rnn.hidden_state", "gru.hidden_state")

    assert outcomes(both) == {"disagree"}


# -- Wrong code ------------------------------------------------------------------------------------


def scaled_in_place(a, W_hh, f_prime):
    """Right, and yet the argument is not what it was."""
    W_hh *= f_prime(a)[:, None]
    return W_hh


CODES = {
    "a factor is transposed": lambda a, W_hh, f_prime: np.diag(f_prime(a)) @ W_hh.T,
    "a factor is left out": lambda a, W_hh, f_prime: W_hh,
    "a row is scaled as a column": lambda a, W_hh, f_prime: W_hh * f_prime(a),
    "a slope is a value": lambda a, W_hh, f_prime: np.diag(a) @ W_hh,
    "a size is written out": lambda a, W_hh, f_prime: np.diag(f_prime(a)) @ W_hh.reshape(2, 2),
    "a size is a number": lambda a, W_hh, f_prime: np.diag(f_prime(a)) @ W_hh * len(a) / 2,
    "an axis is too many": lambda a, W_hh, f_prime: (np.diag(f_prime(a)) @ W_hh)[None],
    "an axis of one is dropped": lambda a, W_hh, f_prime: np.squeeze(np.diag(f_prime(a)) @ W_hh),
    "whole numbers are returned": lambda a, W_hh, f_prime: np.rint(np.diag(f_prime(a)) @ W_hh),
    "an argument is changed": scaled_in_place,
}


@pytest.mark.parametrize("mistake", CODES)
def test_wrong_code_is_a_disagreement(mistake):
    """The sizes are those of the reading, and the code is compared with the statement alone."""
    wrong = replace(find(STEP), code=CODES[mistake])
    found = Counter(
        (verdict.what, verdict.outcome) for seed in range(10) for verdict in judge(wrong, seed)
    )

    assert found["code", "disagree"] >= 1
    assert found["statement", "agree"] == 10
