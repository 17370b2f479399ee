"""What is printed is read back, and says what was stated."""

from pathlib import Path

import pytest
import readback
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from lark import Lark
from lark.exceptions import GrammarError, LarkError
from readback import Misprint, as_displayed, meaning, number, read_latex, read_text
from readback.words import LATEX, TEXT, LatexWords, TextWords

from rnnnotes.book.find.chapters import chapters, find_all
from rnnnotes.book.language import derived
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.write.latex import latex, range_latex
from rnnnotes.book.write.plaintext import range_text, text
from rnnnotes.notation import (
    D,
    F,
    H,
    L,
    L_class,
    L_t,
    M,
    O,
    R_h,
    T,
    W_hh,
    W_hy,
    W_layer,
    W_xh,
    a_x,
    age,
    b_h,
    b_layer,
    b_map,
    eigenvalues,
    ell,
    eps,
    eta,
    exp,
    f,
    g_c,
    h,
    h_tilde,
    h_unit,
    i,
    j,
    k,
    lam,
    layer,
    p_i,
    phi,
    psi,
    r,
    s,
    sigmoid,
    softmax,
    t,
    t_half,
    tanh,
    tau,
    theta,
    u,
    v,
    w,
    w_unit,
    x,
    x_unit,
)  # fmt: skip

FORMULAS = find_all()

settings.register_profile(
    "prints",
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def trees(stated):
    """Everything that a formula states, once."""
    lines = (line.expr for line in stated.derivation)
    return list(dict.fromkeys([stated.statement, *stated.where, *lines]))


def is_read_back(tree, chapter=""):
    """Assert that both prints of a tree say what it says."""
    assert read_latex(latex(tree), chapter=chapter) == meaning(as_displayed(tree)), latex(tree)
    assert read_text(text(tree)) == meaning(tree), text(tree)


def test_every_line_of_the_book_is_read_back():
    """The reader knows the notation and the conventions of mathematics, not how a line is set."""
    for stated in FORMULAS.values():
        for tree in trees(stated):
            is_read_back(tree, stated.chapter)


def test_every_range_of_an_index_is_read_back():
    """Where a recursion ends is a part of it."""
    for stated in FORMULAS.values():
        for index, low, high in stated.index_ranges():
            said = ("range", *map(number, (index, low, high)))

            assert read_latex(range_latex(index, low, high), "range") == said
            assert read_text(range_text(index, low, high), "range") == said


def test_no_letter_of_the_notation_means_something_else():
    """A symbol e would be the base of the exponentials, and one called dv the change of v."""
    for words in (LatexWords, *map(LatexWords.of, chapters())):
        assert set(words.lexicon) & set(LATEX) == set()
    assert set(TextWords.lexicon) & set(TEXT) == set()
    assert set(TextWords.lexicon) & {f"d{name}" for name in TextWords.lexicon} == set()


# -- Misprints -------------------------------------------------------------------------------------

MISPRINTS = {
    r"\tanh^{-1}(u)": tanh(u) ** -1,
    r"f^{2}(u)": f(u) ** 2,
    r"\mathbf{W}_{hh} \mathbf{v}^{\top} \mathbf{M}_{t}": W_hh @ (v.T @ M[t]).T,
    r"\mathbf{W}_{hh} \prod_{j=t}^{1} \mathbf{M}_{j} \mathbf{v}": (
        W_hh @ lang.Product(M[j], j, t, 1)
    )
    @ v,
    r"u \sum_{j=1}^{T} L_{j} \lambda": u * lang.Sum(L_t[j], j, 1, T) * lam,
    r"\mathbf{v} + -\mathbf{w}": v + -w,
    r"u - \lambda - \eta": u - (lam - eta),
    r"\mathbf{W}_{hh}^{T}": lang.MatrixPower(W_hh, T),
    r"\mathbf{R}^{h}_{l}^{\top}": R_h[layer].T,
    r"u^{\lambda}^{w}": (u**lam) ** w_unit,
    r"\mathbf{v} + t - 1 \, \mathbf{1}": v + lang.Number(t - 1),
    r"\left| u \left| \lambda \right| w \right|": lang.Abs(u * lang.Abs(lam) * w_unit),
    r"\mathbf{v} \odot \mathbf{W}_{hh} \mathbf{w}": v * (W_hh @ w),
    r"\frac{\mathrm{d}}{\mathrm{d} u} (u + \lambda) \eta": lang.Jacobian(u + lam, u) * eta,
    r"O(\varepsilon^{2})": lang.Order(eps, 2),
}
"""What has been printed, or could have been, for what it does not say."""

TEXT_MISPRINTS = {
    "u^lam^w_unit": (u**lam) ** w_unit,
    "W_hh^T": lang.MatrixPower(W_hh, T),
    "W_hh^2": W_hh**2,
    "∇_v phi(v)[r][i]": lang.Entry(lang.Gradient(lang.Entry(phi(v), r), v), i),
    "1/2 u": lang.Number(sp.Rational(1, 2)) * u,
    "v ⊙ W_hh w": v * (W_hh @ w),
    "u 1": u * lang.Ones(H),
    "Σ(j=1..T) L_t[j] lam": lang.Sum(L_t[j], j, 1, T) * lam,
    "|u |lam| w_unit|": lang.Abs(u * lang.Abs(lam) * w_unit),
    "v + -w": v + -w,
}


@pytest.mark.parametrize(
    ("read", "line", "tree"),
    [*((read_latex, *one) for one in MISPRINTS.items()),
     *((read_text, *one) for one in TEXT_MISPRINTS.items())],
)  # fmt: skip
def test_misprint_is_not_read_as_what_was_meant(read, line, tree):
    """A reader who guesses right would find nothing."""
    is_read_back(tree)
    try:
        assert read(line) not in (meaning(tree), meaning(as_displayed(tree)))
    except (LarkError, Misprint):
        return


@pytest.mark.parametrize("name", ["latex", "text"])
def test_grammar_with_two_readings_is_refused(name):
    """Else a line that has two would be taken for one of them."""
    grammar = (Path(readback.__file__).parent / f"{name}.lark").read_text(encoding="utf-8")
    loose = grammar.replace("?term:", "?term: term ODOT term |")

    with pytest.raises(GrammarError, match="conflict"):
        Lark(loose, parser="lalr", strict=True, start="line", lexer=LatexWords)


# -- Trees that nobody wrote -----------------------------------------------------------------------

NUMBERS = [
    sp.Integer(0), sp.Integer(1), sp.Integer(2), sp.Integer(-1), sp.Integer(-3), sp.Rational(1, 2),
    sp.Rational(-3, 4), H, T, O, t, t - 1, T - t, t - tau - 1, 2 * H, H * (D + H), H**2, T / 2,
    3 * H / 2, 1 / T, 1 - H, 2 * H * (D + H + 1) + 3 * H, -H, H * (1 - D), (H + 1) ** 2, k,
    sp.sqrt(D), 2 / sp.sqrt(H + 1),
]  # fmt: skip

STATES = [h[t], h[t - 1], h[layer, t], h[j], a_x[t], a_x[layer, t], s[T], h_tilde[t]]

LEAVES = {
    "scalar": [
        *map(lang.Number, NUMBERS), u, eta, lam, w_unit, h_unit[t], x_unit[t - 1], L, L_t[t],
        L_class[r], b_map, age, t_half, lang.Entry(v, r), lang.Entry(W_hh, r, i), lang.Size(W_xh),
    ],
    "vector": [
        *STATES, v, w, b_h, p_i, b_layer[layer], lang.Entry(W_hh, r).T, lang.Ones(H), lang.Zeros(H),
        lang.OneHot(r, H), eigenvalues,
    ],
    "matrix": [
        W_hh, M[j], M[t], M[T], R_h[layer], W_layer[layer], lang.Identity(H), lang.Zeros(H, H),
    ],
    "row": [v.T, h[t].T, lang.Entry(W_hh, r), lang.Jacobian(L, h[t]), lang.Ones(H).T],
}  # fmt: skip

OPERATIONS = {
    "scalar": [
        (lang.Divide, "scalar", "scalar"), (lang.Power, "scalar", "scalar"),
        (lang.MatMul, "vector", "vector"), (lang.Entry, "vector", some.sampled_from([r, t - 1])),
        (lambda a: lang.Entry(a, r, i), "matrix"), (lang.Total, "vector"), (lang.Norm, "vector"),
        (lang.Norm, "matrix"), (lang.SpectralRadius, "matrix"), (lang.Size, "matrix"),
        (lang.Determinant, "matrix"), (lang.MatMul, "row", "vector"), (lang.Norm, "row"),
        (lang.Entry, "row", some.sampled_from([r, t - 1])),
        (psi, "vector"), (lambda a: ell[t](W_hy @ a), "vector"),
        (f.prime.prime, "scalar"), (g_c, "scalar"),
        (lambda a: a + lang.Order(eta, 2), "scalar"), (lambda a: a + lang.Order(eps, 3), "scalar"),
        (lang.Jacobian, "scalar", some.sampled_from([u, h_unit[t], lang.Entry(v, r)])),
        (lang.Gradient, "scalar", some.sampled_from([u, lam])),
        (lambda a: lang.Product(a, j, t, k + 1), "scalar"),
        (lambda a, b: lang.Norm(lang.MatrixPower(lang.Literal([a, 1], [0, b]), T)), "scalar",
         "scalar"),
        (lambda a, b: lang.Norm(lang.Block([a, b], [b, a])), "matrix", "matrix"),
        (lambda a, b: lang.Norm(lang.Concatenate(a, b)), "vector", "vector"),
    ],
    "vector": [
        (lang.Times, "scalar", "vector"), (lang.Times, "vector", "scalar"),
        (lang.Add, "vector", "scalar"), (lang.Sub, "scalar", "vector"),
        (lang.Divide, "vector", "scalar"), (lang.Divide, "scalar", "vector"),
        (lang.Power, "vector", "scalar"), (lang.MatMul, "matrix", "vector"),
        (lang.Transpose, "row"),
        (lang.Gradient, "scalar", some.sampled_from([v, h[t - 1]])),
        (lang.Jacobian, "vector", some.sampled_from([u, h_unit[t]])), (softmax, "vector"),
        (lang.Convolve, "vector", "vector"), (lambda a: F(a, x[t], theta), "vector"),
        (lambda a: lang.Compose(a, v, h[0], j, 1, T), "vector"),
        (lambda a: lang.Compose(tanh(W_hh @ v), v, a, j, 1, t), "vector"),
    ],
    "row": [
        (lang.Transpose, "vector"), (lang.Transpose, "vector"), (lang.MatMul, "row", "matrix"),
        (lang.Times, "scalar", "row"), (lang.Times, "row", "scalar"), (lang.Add, "row", "scalar"),
        (lang.Sub, "scalar", "row"), (lang.Divide, "row", "scalar"), (lang.Power, "row", "scalar"),
        (lambda a: lang.Entry(a, r), "matrix"),
        (lang.Jacobian, "scalar", some.sampled_from([v, h[t - 1]])),
        (lambda a: lang.Entry(lang.Stack(a, k, 1, t), 2), "vector"),
        (lambda a: lang.Entry(lang.Stack(a, k, 1, t), 2), "row"),
    ],
    "matrix": [
        (lang.Times, "scalar", "matrix"), (lang.Times, "matrix", "scalar"),
        (lang.Add, "matrix", "scalar"), (lang.Divide, "matrix", "scalar"),
        (lang.MatMul, "matrix", "matrix"), (lang.MatMul, "matrix", "matrix"),
        (lang.Outer, "vector", "vector"), (lang.Transpose, "matrix"), (lang.Inverse, "matrix"),
        (lang.Diag, "vector"), (lang.Power, "matrix", "scalar"),
        (lambda a: derived.Rows(softmax, a), "matrix"),
        (lang.MatrixPower, "matrix", "scalar"), (lambda a: lang.Product(a, j, t, k + 1), "matrix"),
        (lang.Jacobian, "vector", some.sampled_from([v, h[t - 1]])),
        (lang.Immediate, some.sampled_from(STATES), some.sampled_from([v, h[t - 1], b_h])),
        (lang.Gradient, "scalar", some.sampled_from([W_hh, M[j]])),
        (lambda a: lang.Entry(lang.Stack(a, k, 1, t), 2), "matrix"),
    ],
}  # fmt: skip
"""Operations by what they give, each with what it takes."""

for kind in OPERATIONS:
    OPERATIONS[kind] += [(two, kind, kind) for two in (lang.Add, lang.Sub, lang.Times, lang.Max)]
    OPERATIONS[kind] += [(two, kind, kind) for two in (lang.Min, lang.Indicator)]
    OPERATIONS[kind] += [(lambda a, b: lang.Bracket(lang.Le(a, b)), kind, kind)]
    OPERATIONS[kind] += [(lambda a, b: lang.Bracket(lang.Eq(a, b)), kind, kind)]
    OPERATIONS[kind] += [(one, kind) for one in (lang.Neg, lang.Abs, tanh, exp, f, sigmoid.prime)]
    OPERATIONS[kind] += [(lambda a: lang.Sum(a, j, 1, t - tau), kind)]


@some.composite
def expressions(draw, kind=None, depth=4):
    """Trees of a kind, up to a number of operations one within another."""
    kind = kind or draw(some.sampled_from(sorted(LEAVES)))
    if not depth or not draw(some.integers(0, 4)):
        return draw(some.sampled_from(LEAVES[kind]))
    operation, *takes = draw(some.sampled_from(OPERATIONS[kind]))
    parts = (expressions(part, depth - 1) if isinstance(part, str) else part for part in takes)
    return operation(*map(draw, parts))


@given(expressions())
@settings(settings.get_profile("prints"))
def test_trees_that_nobody_wrote_are_read_back(tree):
    """The book holds what was thought of; ambiguity waits where it was not."""
    is_read_back(tree)


@given(expressions("scalar"), some.sampled_from(["=", "<=", "<", "!="]), expressions("scalar"))
@settings(settings.get_profile("prints"))
def test_relations_that_nobody_wrote_are_read_back(left, sign, right):
    """No sign is taken for another, whatever stands beside it."""
    is_read_back(lang.Relation(left, sign, right))
