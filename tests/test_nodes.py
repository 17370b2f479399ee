"""Nodes that stand for others, and brackets: proved, refuted, read back and exported."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from of_nodes import (
    FALSE,
    MEASURE_ZERO,
    PAIRS,
    PROBABILITIES,
    SOFTMAX,
    TRUE,
    Claim,
    formula_of,
    masked,
    shares_of_keys,
)
from test_readback import is_read_back

from rnnnotes.book.cite.sympytext import sympy_text
from rnnnotes.book.language import derived
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.derived import (
    AmongLargest,
    Argmax,
    Columns,
    Concat,
    Largest,
    Rows,
)
from rnnnotes.book.language.nodes import (
    Bracket,
    Derived,
    Eq,
    Le,
    Lt,
    Ne,
    Ones,
    Outer,
    Stack,
    StatementError,
    Sum,
    Variable,
    unfolded,
    walk,
    wrap,
)
from rnnnotes.book.prove.codeproof import prove_code
from rnnnotes.book.prove.everysize import Premises, holds_for_all_sizes
from rnnnotes.book.prove.proof import Checker, Refuted
from rnnnotes.book.values.world import Definition, World
from rnnnotes.notation import (
    B,
    H,
    M,
    P,
    T,
    W_hh,
    W_xh,
    X,
    exp,
    f,
    i,
    j,
    k,
    log,
    n,
    phi,
    softmax,
    t,
    tanh,
    u,
    v,
)

ALL = {**TRUE, **FALSE}
DERIVED = [kind for name in derived.__all__ if issubclass(kind := getattr(derived, name), Derived)]


@pytest.mark.parametrize("name", TRUE)
def test_a_true_statement_is_proved_for_all_sizes(name):
    """The core sees what the node stands for, at places that are letters."""
    assert Checker(formula_of(TRUE[name])).line(0) == "proved"


@pytest.mark.parametrize("name", FALSE)
def test_a_false_statement_is_refuted_and_not_shown(name):
    """A draw meets it, and what has no draws does not take it for true either."""
    checker = Checker(formula_of(FALSE[name]))

    assert checker._at_all(0) is None
    with pytest.raises(Refuted):
        checker.line(0)


@pytest.mark.parametrize("name", ALL)
def test_what_is_printed_is_read_back(name):
    """The reader has a rule of its own for each node."""
    stated = formula_of(ALL[name])

    for tree in (stated.statement, *stated.where):
        is_read_back(tree)


@pytest.mark.parametrize("name", ALL)
def test_the_export_says_the_same(name, capsys):
    """A program that knows SymPy alone finds a true line equal, and a false one not."""
    try:
        exec(sympy_text(formula_of(ALL[name])), {"__name__": "empty"})
        status = 0
    except SystemExit as end:
        status = end.code

    assert re.search("equal|holds?", capsys.readouterr().out.lower())
    assert status == int(name in FALSE and name not in MEASURE_ZERO)


def test_each_node_is_stated():
    """A node that is added has a true and a false statement."""
    for table in (TRUE, FALSE):
        stated = {type(node) for claim in table.values()
                  for side in claim[:2] for node in walk(wrap(side))}  # fmt: skip

        assert {*DERIVED, Bracket} <= stated


def test_what_a_node_stands_for_holds_no_such_node():
    """One within another is unfolded too, and nothing else changes."""
    inner = Rows(softmax, X @ W_xh.T)
    tree = Le(Outer(Ones(B), v) + Rows(softmax, inner), inner)

    assert not unfolded(tree).atoms(Derived)
    assert unfolded(tree).left.args[1].shape == (B, H)
    assert unfolded(tree).sign == "<="
    assert unfolded(W_hh @ tanh(v)) == W_hh @ tanh(v)


def one_of_each():
    """A node of each kind, with what the statement is given."""
    found = {
        type(node): Claim(node, node.unfolded, claim.given)
        for claim in reversed(TRUE.values())
        for side in claim[:2]
        for node in walk(wrap(side))
        if isinstance(node, Derived)
    }
    return [pytest.param(claim, id=kind.__name__) for kind, claim in found.items()]


@pytest.mark.parametrize("claim", one_of_each())
def test_a_node_is_what_it_stands_for(claim):
    """Where the core or the draws know more of a node, they know nothing else."""
    assert Checker(formula_of(claim)).line(0) != "tested"


# -- Rows ------------------------------------------------------------------------------------------


def test_rows_capture_no_index():
    """The index of a row is none that a matrix holds."""
    row = sp.Symbol("row", integer=True)
    shifted = Rows(softmax, X @ W_xh.T * wrap(row))

    assert row in lang.indices(shifted.unfolded)
    assert lang.indices(shifted) == {row}


def test_rows_are_of_a_map_and_of_matrices():
    """What acts entry by entry needs no rows; a map at each time is another at each row of time."""
    with pytest.raises(StatementError, match="f is no map"):
        Rows(f, W_hh)
    with pytest.raises(StatementError, match="needs matrices with as many rows"):
        Rows(softmax, v)
    with pytest.raises(StatementError, match="needs matrices with as many rows"):
        Rows(phi, W_hh, X)
    with pytest.raises(StatementError, match="takes"):
        Rows(phi, X)


# -- Brackets --------------------------------------------------------------------------------------


def test_a_row_that_may_be_masked_as_a_whole_is_refused():
    """It would be zero over zero: of what comes before the first step there is nothing."""
    wrong = Claim(masked(Bracket(Lt(j, t))) @ Ones(T), Ones(T))

    late = Claim(shares_of_keys(t - P), 1)

    for claim in (wrong, late):
        with pytest.raises(StatementError, match="may be zero: state in `where`"):
            Checker(formula_of(claim))


def test_a_row_is_open_if_a_condition_says_so():
    """A mask that nobody knows leaves open what is stated."""
    open_ = Bracket(Lt(u, lang.Entry(PAIRS, t, k)))
    total = Sum(open_ * exp(lang.Entry(PAIRS, t, k)), k, 1, T)
    claim = Claim(Sum(open_ * exp(lang.Entry(PAIRS, t, k)) / total, k, 1, T), 1)

    with pytest.raises(StatementError, match="may be zero"):
        Checker(formula_of(claim))
    assert Checker(formula_of(claim._replace(where=(Lt(0, total),)))).line(0) == "proved"


def test_what_stands_in_a_bracket_needs_a_value():
    """One over zero is not at most three, nor is it above."""
    claim = Claim(Bracket(Le(1 / u, 3)) + Bracket(Lt(3, 1 / u)), 1)

    with pytest.raises(StatementError, match="u may be zero"):
        Checker(formula_of(claim))
    with pytest.raises(StatementError, match="u may not be positive"):
        Checker(formula_of(Claim(Bracket(Eq(log(u), 3)), Bracket(Eq(log(u), 3)))))


def test_a_bracket_has_no_slope_at_its_edge():
    """It jumps there, so that a derivative is refused unless the edge is kept away from."""
    slope = Claim(lang.Jacobian(Bracket(Le(u, 3)) * u, u), Bracket(Le(u, 3)))

    with pytest.raises(StatementError, match="u - 3 may be zero"):
        Checker(formula_of(slope))
    assert Checker(formula_of(slope._replace(where=(Ne(u, 3),)))).line(0) == "proved"


@pytest.mark.parametrize(("compare", "expected"), [(Le, "<="), (Lt, "<"), (Eq, "=="), (Ne, "!=")])
def test_a_bracket_of_numbers_is_a_number(compare, expected):
    """Written out at sizes, a mask is ones and zeros, at its edge and beside it."""
    world = World({T: 4})
    for row in range(1, 5):
        for column in range(1, 5):
            value = world.value(Bracket(compare(j, t)), {j: column, t: row})

            assert value.item().expr == int(eval(f"{column} {expected} {row}"))


def test_a_bracket_is_of_a_comparison():
    """A number is no comparison."""
    with pytest.raises(StatementError, match="needs a comparison"):
        Bracket(u)


# -- The largest -----------------------------------------------------------------------------------


def test_the_largest_has_no_slope():
    """Where two entries are equal it has a kink, and nothing keeps them apart."""
    with pytest.raises(StatementError, match="may be zero"):
        Checker(formula_of(Claim(lang.Gradient(Largest(v), v), lang.OneHot(1, H))))


def test_the_largest_is_of_a_column():
    """A matrix has a largest entry in each row, and a row is no column."""
    for wrong in (W_hh, v.T, u):
        with pytest.raises(StatementError, match="needs a column"):
            Largest(wrong)


def test_a_place_is_of_a_column():
    """And so are the largest entries."""
    for wrong in (W_hh, v.T, u):
        with pytest.raises(StatementError, match="needs a column"):
            Argmax(wrong)
        with pytest.raises(StatementError, match="needs a column"):
            AmongLargest(wrong, 1)


def test_a_place_has_no_slope():
    """Where two entries are equal it jumps."""
    for place in (Argmax(v), AmongLargest(v, 1) @ v):
        with pytest.raises(StatementError, match="may be zero"):
            Checker(formula_of(Claim(lang.Gradient(place, v), v)))


# -- Code ------------------------------------------------------------------------------------------


def row_softmax(X, W_xh):
    """Softmax of each row, from which its largest score is taken away."""
    scores = X @ W_xh.T
    weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return weights / np.sum(weights, axis=1, keepdims=True)


def causal_softmax(xs):
    """Softmax of each row of scores up to the diagonal."""
    weights = np.tril(np.exp(xs @ xs.T))
    return weights / np.sum(weights, axis=1, keepdims=True)


def causal_by_comparison(xs):
    """The same, by comparing steps."""
    steps = np.arange(len(xs))
    weights = np.where(steps <= steps[:, None], np.exp(xs @ xs.T), 0)
    return weights / np.sum(weights, axis=1, keepdims=True)


def above_the_diagonal(xs):
    """Of what comes later."""
    weights = np.triu(np.exp(xs @ xs.T))
    return weights / np.sum(weights, axis=1, keepdims=True)


def columns(X, W_xh):
    """Softmax of each column."""
    weights = np.exp(X @ W_xh.T)
    return weights / np.sum(weights, axis=0, keepdims=True)


def largest_scores(X, W_xh):
    """Largest score of each example."""
    return np.max(X @ W_xh.T, axis=1)


def largest_first(X, W_xh):
    """Class of the largest score of each example, counted from 1."""
    return np.argmax(X @ W_xh.T, axis=1) + 1


def greedy(v):
    """Place of the largest, counted from 1."""
    return np.argmax(v) + 1


def from_zero(v):
    """Place of the largest, counted from 0."""
    return np.argmax(v)


def last_of_all(v):
    """Place of the last of the largest, counted from 1."""
    return len(v) - np.argmax(v[::-1])


def of_the_shares(v):
    """Place of the largest share."""
    return np.argmax(np.exp(v) / np.sum(np.exp(v))) + 1


def embedded(W_hh, v):
    """Row of a table at the place of the largest."""
    return W_hh[np.argmax(v)]


def column_of(W_hh, v):
    """Column of it."""
    return W_hh[:, np.argmax(v)]


def chosen(v):
    """Where the place is that of the largest."""
    return np.where(np.arange(len(v)) == np.argmax(v), 1, 0)


def kept(v, i):
    """Ones at the first places of a stable sort, the largest first."""
    return np.sum(np.eye(len(v))[np.argsort(-v, kind="stable")[:i]], axis=0)


def least_kept(v, i):
    """The least first."""
    return np.sum(np.eye(len(v))[np.argsort(v, kind="stable")[:i]], axis=0)


CODES = {
    largest_first: Stack(Argmax(lang.Entry(X @ W_xh.T, n).T), n, 1, B),
    greedy: Argmax(v),
    of_the_shares: Argmax(v),
    embedded: W_hh.T @ AmongLargest(v, 1),
    column_of: W_hh @ AmongLargest(v, 1),
    chosen: AmongLargest(v, 1),
    kept: AmongLargest(v, i),
    largest_scores: Stack(Largest(lang.Entry(X @ W_xh.T, n).T), n, 1, B),
    row_softmax: PROBABILITIES,
    causal_softmax: masked(Bracket(Le(j, t))),
    causal_by_comparison: masked(Bracket(Le(j, t))),
}


def of_code(code, value):
    """Proof that code computes an expression."""
    return prove_code(replace(formula_of(Claim(value, value, SOFTMAX)), code=code))


@pytest.mark.parametrize("code", CODES)
def test_code_is_proved_for_all_sizes(code):
    """NumPy knows rows by their axis, and a mask by comparing or by a triangle."""
    assert str(of_code(code, CODES[code])) == "proved for all sizes"


@pytest.mark.parametrize(
    ("code", "other"),
    [
        (columns, row_softmax),
        (above_the_diagonal, causal_softmax),
        (from_zero, greedy),
        (last_of_all, greedy),
        (column_of, embedded),
        (least_kept, kept),
    ],
)
def test_code_that_differs_in_little_is_not_proved(code, other):
    """Along the other axis, counted from zero, of the other order, or of the last of equals."""
    assert of_code(code, CODES[other]).outcome == "not equal"


# -- Heads -----------------------------------------------------------------------------------------


def test_columns_are_within_the_matrix():
    """Python counts from the end what is below zero."""
    for first, last in ((0, 1), (1, H + 1), (H + 1, H + 2)):
        wrong = Columns(W_hh, first, last)
        checker = Checker(formula_of(Claim(wrong, wrong)))

        with pytest.raises(StatementError, match="no columns"):
            checker.look()


def test_matrices_beside_one_another_are_of_one_shape():
    """A place would be in none of them, or in two."""
    with pytest.raises(StatementError, match="as many columns at each index"):
        Concat(v, j, 1, T)
    with pytest.raises(StatementError, match="as many columns at each index"):
        Concat(lang.Ones(H, j), j, 1, T)


def test_matrices_beside_one_another_bind_their_index():
    """What is put for a free index of the same name stays outside."""
    heads = Concat(M[j] * M[t], j, 1, T)

    assert lang.indices(heads) == {t, T}
    assert lang.put(heads, {t: j}).unfolded != heads.unfolded
    assert j in lang.indices(lang.put(heads, {t: j}))


# -- What they are for -----------------------------------------------------------------------------

Q, K, V, G, Y = (Variable(name, (T, H)) for name in "QKVGY")
Z, A = (Variable(name, (T, T)) for name in "ZA")
L = Variable("L")
SCALE = 1 / wrap(H) ** sp.Rational(1, 2)
SHARE = Bracket(Le(j, t)) * exp(lang.Entry(Z, t, j))
ATTENTION = {
    "of all": Rows(softmax, Z),
    "causal": Stack(Stack(SHARE / Sum(lang.put(SHARE, {j: k}), k, 1, T), j, 1, T), t, 1, T),
}
OFF = A * (G @ V.T - Outer((G * Y) @ Ones(H), Ones(T)))
"""Gradient by the scores: each row of G V^T less its mean, weighted by the shares."""
GRADIENTS = {
    "values": (V, A.T @ G, A @ G),
    "shares": (A, G @ V.T, V @ G.T),
    "scores": (Z, OFF, A * (G @ V.T)),
    "queries": (Q, SCALE * (OFF @ K), SCALE * (OFF.T @ K)),
    "keys": (K, SCALE * (OFF.T @ Q), SCALE * (OFF @ Q)),
}


@pytest.mark.parametrize("by", GRADIENTS)
@pytest.mark.parametrize("kind", ATTENTION)
def test_gradients_of_attention_are_proved_for_all_sizes(kind, by):
    """Scaled dot products through rows of a softmax, with a causal mask and without."""
    defined = [(softmax(v), exp(v) / lang.Total(exp(v))), (Z, SCALE * (Q @ K.T)),
               (A, ATTENTION[kind]), (Y, A @ V), (L, lang.Total((G * Y) @ Ones(H)))]  # fmt: skip
    premises = Premises([Definition(target, value, ()) for target, value in defined], {})
    symbol, right, wrong = GRADIENTS[by]
    slope = lang.Gradient(L, symbol)

    assert holds_for_all_sizes(slope, right, premises)
    assert not holds_for_all_sizes(slope, wrong, premises)
