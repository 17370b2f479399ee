"""A row is not a column: what mixes them is refused, and what keeps them apart is proved."""

import re

import numpy as np
import pytest
import sympy as sp

from rnnnotes import bptt
from rnnnotes.book.check.mutants import broken
from rnnnotes.book.cite import sympyhelpers
from rnnnotes.book.cite.sympytext import source, sympy_text
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import (
    Bracket,
    Compose,
    Concatenate,
    Convolve,
    Diag,
    Divide,
    Entry,
    Eq,
    Gradient,
    Immediate,
    Indicator,
    Jacobian,
    Le,
    MatMul,
    Max,
    Norm,
    OneHot,
    Ones,
    Outer,
    Product,
    Relation,
    Size,
    Stack,
    StatementError,
    Sum,
    Total,
    Transpose,
    Variable,
    Zeros,
    walk,
)
from rnnnotes.book.prove.everysize import Premises, holds_for_all_sizes
from rnnnotes.book.prove.premises import definitions_of
from rnnnotes.book.prove.proof import Checker, Refuted
from rnnnotes.book.state.formulas import FORMULAS, formula
from rnnnotes.book.values.world import World
from rnnnotes.book.write.latex import latex
from rnnnotes.book.write.plaintext import text
from rnnnotes.notation import (
    B,
    D,
    H,
    L,
    L_t,
    M,
    O,
    T,
    W_hh,
    W_hy,
    W_xh,
    X,
    a,
    a_y,
    f,
    h,
    j,
    k,
    n,
    p_map,
    phi,
    psi,
    q,
    r,
    s,
    scores,
    softmax,
    t,
    tanh,
    theta,
    u,
    v,
    w,
    x,
)

NETWORK = definitions_of(find("bptt.state_gradient"))


@pytest.fixture(autouse=True)
def _own_formulas(registry):
    """Take the formulas of a test out of the book again."""


def claimed(left, sign, right, *lines, **options):
    """Theorem of a test, with no code to speak of."""

    def theorem():
        """Theorem."""

    steps = [*((sign, line, "it is claimed") for line in lines), (sign, "it is claimed")]
    formula(Relation(left, sign, right), derivation=steps, **options)(theorem)
    return FORMULAS["test_rows.py:theorem"]


def verdicts(stated):
    """Verdict of each line."""
    checker = Checker(stated)
    return [checker.line(number) for number in range(len(stated.derivation))]


# -- What an expression is -------------------------------------------------------------------------

ROWS = [
    v.T,
    (W_hh @ v).T,
    v.T @ W_xh,
    v.T @ W_hh @ W_xh,
    v.T + w.T,
    2 * v.T,
    1 - v.T,
    -(v.T),
    v.T / 2,
    v.T**2,
    tanh(v.T),
    Max(v.T, 0),
    Jacobian(psi(v), v),
    Jacobian(L, h[t]),
    Jacobian(L_t[t], theta),
    Immediate(L_t[t], s[t]),
    Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta),
    Sum(q[k].T, k, 1, t),
    Sum(Jacobian(L_t[t], s[t]), t, 1, T),
    Entry(X, n),
    Entry(Jacobian(phi(v), v), r),
]

COLUMNS = [
    v,
    h[t],
    v.T.T,
    W_hh @ v,
    W_xh @ Entry(X, n).T,
    1 - v,
    tanh(v),
    phi(v),
    softmax(scores),
    Gradient(psi(v), v),
    Jacobian(psi(v), v).T,
    Jacobian(h[t], u),
    Sum(q[k], k, 1, t),
    Compose(W_hh @ w, w, v, j, 1, 2),
    Concatenate(v, x[t]),
    Convolve(x[t], v),
    Stack(u * k, k, 1, t),
    OneHot(r, O),
    Ones(H),
    Zeros(H),
]

OTHERS = [
    (v @ w, ()),
    (Jacobian(psi(v), v) @ w, ()),
    (Total(v), ()),
    (Norm(v.T), ()),
    (Size(v.T), ()),
    (Entry(v.T, 1), ()),
    (Jacobian(psi(v), Entry(v, 1)), ()),
    (Outer(v, w), (H, H)),
    (Diag(v), (H, H)),
    (Jacobian(v, w), (H, H)),
    (Gradient(L, W_xh), (H, D)),
    (Stack(v, k, 1, T), (T, H)),
    (Product(M[j], j, T, 1), (H, H)),
]


@pytest.mark.parametrize("tree", ROWS, ids=text)
def test_a_row(tree):
    """It has one axis, as in NumPy, and says that it is a row; its transpose is a column."""
    assert len(tree.shape) == 1
    assert tree.row
    assert tree.T.shape == tree.shape
    assert not tree.T.row


@pytest.mark.parametrize("tree", COLUMNS, ids=text)
def test_a_column(tree):
    """Every vector is one unless something has made it a row; its transpose is a row."""
    assert len(tree.shape) == 1
    assert not tree.row
    assert tree.T.row


@pytest.mark.parametrize(("tree", "shape"), OTHERS, ids=str)
def test_neither_a_row_nor_a_column(tree, shape):
    """A number and a matrix are neither."""
    assert tree.shape == shape
    assert not tree.row


def test_the_inner_product_of_two_columns_has_one_tree():
    """Written as NumPy has it or with its transpose, it is one statement and one print."""
    assert v @ w == v.T @ w == MatMul(v, w)
    assert (v @ w).args == (Transpose(v), w)


# -- What mixes them is refused --------------------------------------------------------------------


MIXED = [
    lambda: v + v.T,
    lambda: v - w.T,
    lambda: v * w.T,
    lambda: Divide(v.T, w),
    lambda: v**v.T,
    lambda: Max(v, w.T),
    lambda: Indicator(v.T, w),
    lambda: Bracket(Le(v.T, w)),
    lambda: Bracket(Le(v.T, 0)) + w,
    lambda: W_hh @ v + v.T @ W_hh,
    lambda: Gradient(psi(v), v) + Jacobian(psi(v), v),
    lambda: h[t] - Jacobian(L, h[t]),
    lambda: Sum(q[k].T, k, 1, t) + Sum(q[k], k, 1, t),
    lambda: x[t] + Entry(X, n),
    lambda: tanh(v.T) * v,
    lambda: v @ W_xh,
    lambda: Gradient(L, a_y[t]) @ Jacobian(a_y[t], h[t]),
    lambda: Gradient(L, h[t]) @ Diag(f.prime(a[t])),
    lambda: W_hh @ v.T,
    lambda: W_xh @ Entry(X, n),
    lambda: Jacobian(h[t], a[t]) @ Jacobian(L, a[t]),
    lambda: W_hy.T @ Jacobian(L, a_y[t]),
    lambda: v @ w.T,
    lambda: v.T @ w.T,
    lambda: Jacobian(psi(v), v) @ w.T,
    lambda: Outer(v, w.T),
    lambda: Outer(Jacobian(psi(v), v), w),
    lambda: Concatenate(v, w.T),
    lambda: Convolve(x[t].T, v),
    lambda: Compose(w.T, w, v, j, 1, 2),
    lambda: Jacobian(v.T, w),
    lambda: Relation(v, "=", v.T),
    lambda: Relation(Jacobian(psi(v), v), "=", Gradient(psi(v), v)),
    lambda: Relation(v.T @ W_hh, "=", W_hh.T @ v),
    lambda: Relation(v.T, "<=", w),
    lambda: Relation(Entry(X, n), "<", x[t]),
]


@pytest.mark.parametrize("build", MIXED, ids=range(len(MIXED)))
def test_a_row_beside_a_column_is_refused(build):
    """NumPy has one axis for both and would compute it; the message says what met what."""
    with pytest.raises(StatementError, match=r"a (row|column|matrix)\b.* a (row|column)\b"):
        build()


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: v + w.T, r"Add: shapes \(H\) of a column and \(H\) of a row differ"),
        (lambda: v @ W_xh, "MatMul: a column times a matrix does not fit"),
        (lambda: W_hh @ v.T, "MatMul: a matrix times a row does not fit"),
        (lambda: Diag(v.T), r"Diag: needs a vector as a column, not shape \(H\) of a row"),
        (lambda: Total(v.T), "Total: needs a vector as a column, not shape .* of a row"),
        (lambda: psi(v.T), "psi: takes columns, not shapes .* of a row"),
        (lambda: softmax(scores.T), "softmax: takes columns, not shapes .* of a row"),
        (lambda: Transpose(u), "needs a matrix or a vector, not shape .* of a number"),
        (lambda: Jacobian(psi(v), Entry(W_hh, 1)), "differentiates columns by columns"),
        (lambda: Gradient(psi(v), Entry(W_hh, 1)), "differentiates columns by columns"),
        (lambda: Jacobian(L, W_hh), "has no layout; its Gradient has the shape"),
        (lambda: Immediate(L_t[t], W_hh), "Immediate: the derivative of .* has no layout"),
    ],
    ids=range(12),
)
def test_message_names_the_row_and_what_to_do(build, complaint):
    """An author who forgets a transpose is told where it is missing."""
    with pytest.raises(StatementError, match=complaint):
        build()


DERIVATIVE = Jacobian(L, a[t])

EQUATED = {
    "a gradient is no derivative": (Gradient(L, a[t]), DERIVATIVE),
    "a chain of rows is no gradient": (
        Gradient(L, h[0]), Jacobian(L, a[1]) @ Jacobian(a[1], h[0]), W_hh.T @ Gradient(L, a[1]),
    ),
    "a row times weights is no gradient": (
        Gradient(L, x[t]), DERIVATIVE @ W_xh, W_xh.T @ Gradient(L, a[t]),
    ),
    "a scaled row is no scaled column": (
        DERIVATIVE, (Diag(f.prime(a[t])) @ Gradient(L, h[t])).T, f.prime(a[t]) * Gradient(L, h[t]),
    ),
    "an example of a batch is no column": (
        W_xh @ Entry(X, n).T, Entry(X, n) @ W_xh.T, Entry(X @ W_xh.T, n).T,
    ),
    "a row of a Jacobian is no gradient": (
        Gradient(Entry(phi(v), r), v), Entry(Jacobian(phi(v), v), r),
    ),
}  # fmt: skip
"""Derivations of a kind that passed while a row and a column had one shape."""


@pytest.mark.parametrize("sides", EQUATED.values(), ids=EQUATED)
def test_derivation_that_equates_a_row_and_a_column_is_refused(sides):
    """Their numbers agree, so evaluation alone would never notice."""
    left, *lines, right = sides
    with pytest.raises(StatementError, match=r"of a (row|column) and .* of a (row|column)"):
        claimed(left, "=", right, *lines)


def test_condition_between_a_row_and_a_column_is_refused():
    """A condition is an equation like any other."""
    with pytest.raises(StatementError, match=r"\(H\) of a column and \(H\) of a row"):
        claimed(v + w, "=", w + v, where=[Eq(v, w.T)])


def test_definition_of_a_column_by_a_row_is_refused():
    """A symbol of one axis is a column."""
    with pytest.raises(StatementError, match=r"\(H\) of a column and \(H\) of a row"):

        @formula(Eq(a[t], h[t - 1].T @ W_hh))
        def pre(h_prev, W_hh):
            """Pre-activation, as a row."""
            return h_prev @ W_hh


# -- What keeps them apart is decided --------------------------------------------------------------

EQUAL = [
    (v.T @ W_hh, (W_hh.T @ v).T),
    ((v.T @ W_hh).T, W_hh.T @ v),
    (v.T.T, v),
    (v.T @ w, w.T @ v),
    (v.T @ W_hh @ w, w.T @ (W_hh.T @ v)),
    (v.T @ (W_hh @ W_hh), v.T @ W_hh @ W_hh),
    (v.T @ Diag(w), v.T * w.T),
    (v.T @ Diag(w) @ W_hh, (W_hh.T @ (v * w)).T),
    (1 - v.T, (1 - v).T),
    (2 * v.T - w.T, (2 * v - w).T),
    (Sum(q[k].T, k, 1, T) @ W_hh, Sum(W_hh.T @ q[k], k, 1, T).T),
    (Gradient(psi(v), v), Jacobian(psi(v), v).T),
    (Gradient(psi(v), v).T @ w, Jacobian(psi(v), v) @ w),
]
WRONG = [
    (v.T @ W_hh, (W_hh @ v).T),
    ((v.T @ W_hh).T, W_hh @ v),
    (v.T @ W_hh @ w, w.T @ (W_hh @ v)),
    (v.T @ Diag(w) @ W_hh, ((W_hh.T @ v) * w).T),
    (1 - v.T, (v - 1).T),
    (v.T @ Outer(v, w), (v.T @ w) * w.T),
    (Gradient(psi(v), v), -Jacobian(psi(v), v).T),
    (tanh(v.T), (2 * tanh(v)).T),
]


@pytest.mark.parametrize(("left", "right"), EQUAL, ids=str)
def test_equal_rows_are_proved_for_all_sizes(left, right):
    """A row is written as its transpose, so the rules of columns serve both."""
    assert verdicts(claimed(left, "=", right)) == ["proved"]


@pytest.mark.parametrize(("left", "right"), WRONG, ids=str)
def test_wrong_rows_are_refuted(left, right):
    """Both ways of deciding turn them down, and each by itself."""
    assert not holds_for_all_sizes(left, right, Premises([], {}))
    with pytest.raises(Refuted):
        verdicts(claimed(left, "=", right))


def test_a_gradient_is_derived_through_rows():
    """The whole chain of a network: the derivative, its factors, the transpose, the gradient."""
    lines = (
        Jacobian(L, h[T]).T,
        (Jacobian(L, a_y[T]) @ Jacobian(a_y[T], h[T])).T,
        Jacobian(a_y[T], h[T]).T @ Gradient(L, a_y[T]),
        W_hy.T @ Gradient(L, a_y[T]),
    )
    for before, after in zip((Gradient(L, h[T]), *lines), lines, strict=False):
        assert holds_for_all_sizes(before, after, Premises(NETWORK, {}))
    assert not holds_for_all_sizes(lines[0], 2 * lines[-1], Premises(NETWORK, {}))


@pytest.mark.parametrize("tree", [v.T, v.T @ W_xh, 1 - v.T, Jacobian(psi(v), v), Entry(X, n)])
def test_a_row_has_one_axis_in_numpy(tree):
    """The code of a formula knows no rows: a value and its transpose are the same array."""
    world = World({H: 2, D: 3, B: 4})
    row, column = world.value(tree, {n: 1}), world.value(tree.T, {n: 1})

    assert row.shape == column.shape == world.shape(tree, {})
    assert all(a.expr == b.expr for a, b in zip(row, column, strict=True))


def test_code_takes_a_row_as_an_array_of_one_axis():
    """A parameter that stands for a row is checked by its length, and by nothing else."""
    Js, dss = np.array([[[3]], [[1]]]), np.array([[[1]], [[3]]])

    assert bptt.unrolled_gradient(np.array([9]), Js, dss) == [54]
    with pytest.raises(ValueError, match="dL: expected shape"):
        bptt.unrolled_gradient(np.array([[9]]), Js, dss)


# -- Printing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "tex", "plain"),
    [
        (v @ w, r"\mathbf{v}^{\top} \mathbf{w}", "vᵀ w"),
        (v.T @ W_hh, r"\mathbf{v}^{\top} \mathbf{W}_{hh}", "vᵀ W_hh"),
        (1 - v.T, r"\mathbf{1}^{\top} - \mathbf{v}^{\top}", "1 - vᵀ"),
        ((W_hh @ v).T, r"(\mathbf{W}_{hh} \mathbf{v})^{\top}", "(W_hh v)ᵀ"),
        (a_y[t].T, r"(\mathbf{a}^{y}_{t})^{\top}", "a_y[t]ᵀ"),
        (p_map.T, r"(\mathbf{p}^{m})^{\top}", "p_mapᵀ"),
        ((v**2).T, r"(\mathbf{v}^{\odot 2})^{\top}", "(v^⊙2)ᵀ"),
        (v.T.T, r"(\mathbf{v}^{\top})^{\top}", "(vᵀ)ᵀ"),
        (Entry(v.T, 2), r"(\mathbf{v}^{\top})_{2}", "(vᵀ)[2]"),
        (Entry(X, n).T, r"\mathbf{X}_{n,:}^{\top}", "X[n,:]ᵀ"),
        (
            Jacobian(L, h[t]).T,
            r"\left(\frac{\partial \mathcal{L}}{\partial \mathbf{h}_{t}}\right)^{\top}",
            "(∂L/∂h[t])ᵀ",
        ),
        (
            Gradient(L, h[t]).T @ w,
            r"(\nabla_{\!\mathbf{h}_{t}} \mathcal{L})^{\top}\, \mathbf{w}",
            "(∇_h[t] L)ᵀ w",
        ),
        (
            Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]),
            (
                r"\frac{\partial L_{t}}{\partial \mathbf{s}_{t}}\, "
                r"\frac{\partial \mathbf{s}_{t}}{\partial \mathbf{s}_{k}}"
            ),
            "∂L_t[t]/∂s[t] ∂s[t]/∂s[k]",
        ),
    ],
)
def test_a_row_is_printed_so_that_it_conforms(tree, tex, plain):
    """A transpose stands where one was stated, over all that it turns, and nowhere else."""
    assert latex(tree) == tex
    assert text(tree) == plain


def test_plain_text_keeps_the_total_derivative_apart():
    """As in LaTeX: d follows every use of the parameters, ∂ one way, ∂⁺ one step."""
    printed = text(find("bptt.total_derivative_recursion").statement)

    assert printed == "ds[t]/dtheta = ∂⁺s[t]/∂theta + ∂s[t]/∂s[t-1] ds[t-1]/dtheta"
    assert text(Jacobian(phi(v), v)) == "dphi(v)/dv"


@pytest.mark.parametrize("stated", find_all().values(), ids=find_all())
def test_both_texts_transpose_what_is_transposed(stated):
    """No mark of transposition is lost or made up, in any line of the book."""
    for tree in (stated.statement, *(line.expr for line in stated.derivation)):
        nodes = list(walk(tree))
        marks = sum(isinstance(node, Transpose | Outer) for node in nodes)
        totals = sum(isinstance(node, Total) for node in nodes)
        rows = sum(1 for node in nodes if getattr(node, "row", False) and not node.args)

        assert rows == 0
        assert latex(tree).count(r"\top") >= marks + totals
        assert text(tree).count("ᵀ") == marks


# -- SymPy -----------------------------------------------------------------------------------------

SCOPE = {
    **vars(sympyhelpers), "sp": sp, "H": 2, "D": 4, "n": 1, "exp": sp.exp, "tanh": sp.tanh,
    "v": sympyhelpers.vector("v", 2), "w": sympyhelpers.vector("w", 2),
    "W_xh": sympyhelpers.matrix("W", 2, 4), "X": sympyhelpers.matrix("X", 6, 4),
    "psi": sympyhelpers.unknown("psi"),
}  # fmt: skip

LINE = re.compile(r"left_side|right_side|line_\d+")
"""Functions of an exported program that are lines of the derivation."""


@pytest.mark.parametrize(
    ("tree", "shape"),
    [
        (v.T, (1, 2)),
        (v.T @ W_xh, (1, 4)),
        (1 - v.T, (1, 2)),
        (tanh(v.T), (1, 2)),
        (Entry(X, n), (1, 4)),
        (Sum(k * v.T, k, 1, 3), (1, 2)),
        (Jacobian(psi(v), v), (1, 2)),
        (Gradient(psi(v), v), (2, 1)),
        (W_xh @ Entry(X, n).T, (2, 1)),
        (Stack(v, k, 1, 3), (3, 2)),
        (Stack(k * v.T, k, 1, 3), (3, 2)),
    ],
    ids=str,
)
def test_sympy_has_rows_of_its_own(tree, shape):
    """An explicit matrix has two axes, so here a row and a column differ in shape."""
    assert eval(source(tree), dict(SCOPE)).shape == shape


def test_sympy_of_an_inner_product_is_a_number():
    """And the norm of a row is that of its transpose, not that of a matrix."""
    v_, w_ = SCOPE["v"], SCOPE["w"]

    assert eval(source(v @ w), dict(SCOPE)) == v_.dot(w_)
    assert eval(source(Norm(v.T)), dict(SCOPE)) == sp.sqrt(v_.dot(v_))


@pytest.mark.parametrize(
    ("id", "at", "lines", "shape"),
    [
        ("bptt.unrolled_gradient", {"t": 2}, 4, (1, 5)),
        ("bptt.truncated_gradient", {"tau": 1, "t": 3}, 1, (5, 1)),
        ("bptt.state_gradient", {"t": 2}, 6, (2, 1)),
        ("building_blocks.gradient_column", {}, 2, (2, 1)),
    ],
)
def test_exported_sympy_has_the_shape_of_the_statement(id, at, lines, shape):
    """Every line of a row is a row, and every line of a column is a column."""
    scope = {}
    exec(sympy_text(find(id)), scope)
    values = [scope[name](**at) for name in scope if LINE.fullmatch(name)]

    assert [value.shape for value in values] == [shape] * lines


# -- Mutants ---------------------------------------------------------------------------------------


def test_no_mutant_of_an_inner_product_is_the_product_itself():
    """Its transpose cannot be left out, so that a mutant without it would be no change."""
    tree = v.T @ (W_hh @ w)
    changed = [mutant for _, _, mutant in broken(tree)]

    assert changed
    assert tree not in changed
    assert all(isinstance(mutant, MatMul) and mutant.shape == () for mutant in changed)


def test_symbols_are_columns():
    """No symbol is a row: a row is always made of something, and shows of what."""
    assert not Variable("e", (H,)).row
    assert not h[t].row
