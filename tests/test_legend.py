"""What a docstring does not say is told by the statement and the notation."""

import inspect

import pytest

from rnnnotes import bptt, building_blocks, gru, lstm
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import Eq, Gradient, Jacobian, Stack, StatementError, Steps
from rnnnotes.book.state.formulas import formula
from rnnnotes.book.state.legend import Words, kind
from rnnnotes.notation import H, L, T, W_hh, c, h, k, s, t, v, w, x

SCALED = """Twice a vector.

Parameters
----------
w : (H,) ndarray
    Any vector of the same size.

Returns
-------
v : (H,) ndarray
    Twice as long.

Notes
-----
It points the same way.

Examples
--------
The double of 3:

>>> 2 * 3
6"""


def doubled(w):
    """Twice a vector.

    v : Twice as long.

    The double of 3:

    >>> 2 * 3
    6

    Notes
    -----
    It points the same way.
    """
    return 2 * w


@pytest.fixture(autouse=True)
def _own_world(registry):
    """Take the formulas of a test out of the book again."""


def test_a_docstring_gets_its_sections():
    """In the order that readers of numpydoc know, whatever the order in the file."""
    assert inspect.getdoc(formula(Eq(v, 2 * w), source="elman1990")(doubled)) == SCALED


def test_what_the_page_shows_is_what_was_written():
    """The code that is displayed keeps its own docstring: `title` is read from it."""
    stated = formula(Eq(v, 2 * w), source="elman1990")(doubled)

    assert inspect.getdoc(stated) == SCALED
    assert "Parameters" not in inspect.getdoc(doubled)


def test_a_docstring_with_sections_is_left_alone():
    """Who writes all of it is not corrected."""

    def written(w):
        """Twice.

        Parameters
        ----------
        w : ndarray
            Something.
        """
        return 2 * w

    assert "Something" in formula(Eq(v, 2 * w), source="elman1990")(written).__doc__


def test_a_line_on_nothing_is_refused():
    """A slip in the name of a parameter would read as what comes back."""

    def slip(w):
        """Twice.

        ww : Any vector.
        v : Twice as long.
        """
        return 2 * w

    with pytest.raises(StatementError, match="the code takes no ww"):
        formula(Eq(v, 2 * w), source="elman1990")(slip)


def test_code_without_a_docstring_has_none():
    """There is nothing to complete."""

    def bare(w):
        return 2 * w

    assert not formula(Eq(v, 2 * w), source="elman1990")(bare).__doc__


MEANINGS = {
    "vanilla_rnn.hidden_state": {
        W_hh: "weights from hidden state to hidden state",
        h[t]: "hidden state at this step",
        h[t - 1]: "hidden state one step before",
        c[t + 1]: "cell one step later",
        h[0]: "hidden state before the first step",
        s[k]: "state of any recurrence at k",
        Steps(x): "input at each step, one step a row",
        Steps(h, 0, T - 1): "hidden state before each step, one step a row: the initial one first",
        H: "number of hidden units",
        k: "an earlier time, from 1 to t",
        Gradient(L, h[T]): "gradient by the hidden state at the last step",
        Jacobian(
            c[t], h[t - 1]
        ): "derivative of the cell at this step by the hidden state one step before",
        Stack(Gradient(L, c[t]), t, 1, T): "gradient by the cell at each step, one step a row",
    },
    "gru.recurrent_part": {W_hh: "weights from hidden state to candidate"},
    "bptt.jacobian_product": {k: "an earlier time, from 0 to t"},
}


@pytest.mark.parametrize(
    ("id", "stood", "words"),
    [(id_, stood, words) for id_, table in MEANINGS.items() for stood, words in table.items()],
)
def test_words(id, stood, words):
    """As the chapter says it, within the ranges of the formula."""
    assert Words(find(id)).of(stood) == words


def test_kinds():
    """The types that a docstring names."""
    assert [kind(one) for one in (W_hh, h[t], L, H)] == ["(H, H) ndarray", "(H,) ndarray", "float",
                                                         "int"]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (lstm.cell_update, "c_prev : (H,) ndarray\n    Cell one step before."),
        (gru.candidate_gradient, "(H,) ndarray\n    Gradient by the candidate for the state at"),
        (gru.parameter_count, "Returns\n-------\ncount : int"),
        (bptt.step_jacobian, "f_prime : callable"),
        (building_blocks.sigmoid, "Any real number; an array is taken entry by entry."),
    ],
)
def test_help_tells_what_the_notation_says(function, line):
    """`help` of a function of the book has what its source leaves to the notation."""
    assert line in inspect.getdoc(function)
