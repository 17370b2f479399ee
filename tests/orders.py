"""What a formula of the book gives to the proof of its inequalities."""

from __future__ import annotations

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.prove.everysize import Lemma, Premises
from rnnnotes.book.prove.order import Given
from rnnnotes.book.prove.proof import definitions_of

EQUATIONS = {
    ("bptt.truncation_bias_bound", 1),  # a sum is taken apart
    ("bptt.truncation_bias_bound", 4),  # the sum of a geometric series
    ("gradients.sigmoid_decay", 2),  # slopes are positive
    ("gradients.transient_radius", 1),  # the spectral radius of a triangular matrix
    ("lstm.hidden_bound", 1),  # a gate is positive
}
"""Equations that hold for what is known of signs, series and norms, by formula and line."""


def lines_of(stated):
    """Lines of a derivation that are a matter of order, by number: side, sign and side."""
    before = [stated.statement.left, *(line.expr for line in stated.derivation)]
    return {
        number: (left, line.sign, line.expr)
        for number, (left, line) in enumerate(zip(before, stated.derivation, strict=False), start=1)
        if line.sign != "=" or (stated.id, number) in EQUATIONS
    }


INEQUALITIES = {id: stated for id, stated in find_all().items() if lines_of(stated)}
"""Formulas that have such a line, by id."""


def bounds_of(stated):
    """First and last value of each index of a formula."""
    return {symbol: (low, high) for symbol, low, high in stated.index_ranges()}


def given_by(stated):
    """Premises, relations and conditions of a formula."""
    known = [Lemma(g.statement, bounds_of(g)) for g in stated.given if not g.is_definition]
    premises = Premises(
        definitions_of(stated), bounds_of(stated), [k for k in known if k.statement.sign == "="]
    )
    assumed = [one.statement for one in stated.assumed]
    return Given(
        premises,
        [k for k in known if k.statement.sign != "="],
        [Lemma(one, bounds_of(stated)) for one in stated.where if one not in assumed],
    )
