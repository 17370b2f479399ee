"""What a formula may suppose, who has to suppose it too, and where it is printed."""

from __future__ import annotations

import re

import pytest

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.language.nodes import (
    Eq,
    Identity,
    Jacobian,
    Le,
    Lt,
    Ne,
    Relation,
    StatementError,
    Zeros,
    wrap,
)
from rnnnotes.book.prove.proof import Checker, Refuted
from rnnnotes.book.state.formulas import formula, stated_by
from rnnnotes.notation import H, W_hh, a, h, kappa, t, u, v, w

find_all()

from rnnnotes.vanilla_rnn import hidden_state, pre_activation  # noqa: E402

NO_WEIGHTS = Eq(W_hh, Zeros(H, H))


@pytest.fixture(autouse=True)
def _own_formulas(registry):
    """Take the formulas of a test out of the book again."""


def claim(left, sign, right, name="claimed", **options):
    """Theorem in one line, with no code to speak of."""

    def claimed():
        """Claimed."""

    claimed.__name__ = claimed.__qualname__ = name
    formula(Relation(left, sign, right), derivation=[(sign, "it is claimed")], **options)(claimed)
    return claimed


def check(code):
    """Verdicts of the lines of a claim."""
    checker = Checker(stated_by(code))
    return [checker.line(number) for number in range(len(checker.stated.derivation))]


def test_a_hypothesis_is_an_equation_and_nothing_else():
    """An inequality is a bound within which a formula holds."""
    where = [NO_WEIGHTS, Le(u, kappa), Ne(u, 0)]
    stated = stated_by(claim(W_hh @ v + w * u, "=", w * u, where=where))

    assert stated.hypotheses == (NO_WEIGHTS,)
    assert stated.provisos == tuple(where[1:])


def test_what_rests_on_a_hypothesis_supposes_it_or_is_refused():
    """And what rests on that in turn: what is supposed once is printed under all of them."""
    first = claim(W_hh @ v, "=", 0 * v, "first", where=[NO_WEIGHTS])
    second = claim(W_hh @ v + w, "=", 0 * v + w, "second", given=[first], where=[NO_WEIGHTS])
    lines = 2 * (W_hh @ v + w), "=", 2 * (0 * v + w)

    assert check(claim(*lines, given=[second], where=[NO_WEIGHTS])) == ["proved"]
    for given in ([first], [second]):
        with pytest.raises(StatementError, match="is given, which holds where W_hh = zeros; no"):
            check(claim(*lines, f"by_{given[0].__name__}", given=given))
    with pytest.raises(Refuted):
        check(claim(*lines, "alone"))


@pytest.mark.parametrize(
    ("where", "refusal"),
    [
        ([Eq(h[t], a[t])], "h[t] = a[t] gives h a value, and vanilla_rnn.hidden_state defines"),
        ([NO_WEIGHTS, Eq(W_hh, Identity(H))], "W_hh = I gives W_hh a value, and so does W_hh ="),
        ([Eq(W_hh, W_hh)], "W_hh = W_hh supposes nothing: it holds in any case"),
        ([Eq(Zeros(H, H), Zeros(H, H))], "zeros = zeros supposes nothing"),
        ([Eq(0 * u, 0 * v @ v)], "0 u = (0 v)ᵀ v supposes nothing"),
        ([Eq(W_hh @ v + w, w + W_hh @ v)], "W_hh v + w = w + W_hh v supposes nothing"),
        ([Eq(Jacobian(a[t], h[t - 1]), W_hh)], "∂a[t]/∂h[t-1] = W_hh supposes nothing"),
        ([NO_WEIGHTS, Eq(Zeros(H, H), W_hh)], "zeros = W_hh supposes nothing"),
        ([Eq(u, 1), Eq(u, 2)], "no number fulfils u = 1 and u = 2"),
        ([Eq(u, 2), Lt(u, 1)], "no number fulfils u = 2 and u < 1"),
        ([Eq(wrap(1), 0)], "no number fulfils 1 = 0"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_a_hypothesis_that_supposes_nothing_or_contradicts_is_refused_by_name(where, refusal):
    """From the one nothing follows, and from the other anything does."""
    with pytest.raises(StatementError, match=re.escape(refusal)):
        check(claim(v * w, "=", w * v, given=[pre_activation, hidden_state], where=where))


def test_every_hypothesis_of_the_book_gives_a_symbol_its_value():
    """What else is an equation is hard to draw, and easily held to be supposed when it is not."""
    supposing = [stated for stated in find_all().values() if stated.hypotheses]

    assert len(supposing) > 5
    for stated in supposing:
        assert [one.statement for one in stated.assumed] == [*stated.hypotheses]
        assert not stated.is_definition


def test_a_matrix_may_be_supposed_to_be_its_transpose():
    """A symbol that stands on both sides has no value by that: the equation is used as it is."""
    symmetric = Eq(W_hh, W_hh.T)

    assert check(claim(W_hh.T @ v, "=", W_hh @ v, where=[symmetric])) == ["proved"]
    with pytest.raises(Refuted):
        check(claim(W_hh.T @ v, "=", W_hh @ v, "without"))
    with pytest.raises(Refuted):
        check(claim(W_hh @ W_hh, "=", Identity(H), "more", where=[symmetric]))
