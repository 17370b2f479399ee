"""What a formula supposes.

A formula of the book is a definition, or a theorem.  A theorem may suppose an equation: that
weights are zero, or that a gate is open.  The hypothesis holds for this theorem alone, and for
what rests on it, which has to suppose it too.  One that nothing fulfils proves anything, and one
that holds in any case supposes nothing: both are refused.
"""

from __future__ import annotations

from dataclasses import replace

from rnnnotes.book.language.nodes import Relation, StatementError
from rnnnotes.book.prove.everysize import Premises, holds_for_all_sizes
from rnnnotes.book.prove.premises import definitions_of
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.write.plaintext import text

__all__ = ["refuse_hypotheses"]


def refuse_hypotheses(stated: Formula) -> None:
    """Refuse a hypothesis on a symbol that has a value already, and one that holds in any case.

    Parameters
    ----------
    stated : Formula
        Formula with its hypotheses.

    Raises
    ------
    StatementError
        If there is such a hypothesis: the message names it, and what gives the symbol its value.
    """
    defined = {one.definition.name: f"{one.id} defines it"
               for one in stated.ancestors if one.is_definition}  # fmt: skip
    for one in stated.assumed:
        name, supposed = one.definition.name, text(one.statement)
        if name in defined:
            raise StatementError(f"{stated.id}: {supposed} gives {name} a value, and "
                                 f"{defined[name]}")  # fmt: skip
        defined[name] = f"so does {supposed}"
    for hypothesis in stated.hypotheses:
        if _holds_without(hypothesis, stated):
            raise StatementError(f"{stated.id}: {text(hypothesis)} supposes nothing: it holds in "
                                 "any case")  # fmt: skip


def _holds_without(hypothesis: Relation, stated: Formula) -> bool:
    """Whether a hypothesis is an equation that holds without it."""
    left, right = hypothesis.left, hypothesis.right
    if any(one.statement == hypothesis for one in stated.assumed):
        return left == right  # another symbol is free, and may be anything
    without = replace(stated, where=tuple(c for c in stated.where if c != hypothesis))
    bounds = {symbol: (low, high) for symbol, low, high in stated.index_ranges()}
    premises = Premises(definitions_of(without), bounds)
    return holds_for_all_sizes(left, right, premises) is not None
