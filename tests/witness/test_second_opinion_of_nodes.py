"""The second program on statements of nodes that stand for others, and of brackets."""

from __future__ import annotations

import numpy as np
import opinion
import pytest
from of_nodes import FALSE, MEASURE_ZERO, TRUE, Claim, formula_of

from rnnnotes.book.language.nodes import Derived, indices, walk, wrap


def objections(claim):
    """What the second program has against a statement."""
    stated = formula_of(claim)
    with np.errstate(all="ignore"):
        return [
            objection
            for seed in range(3)  # at one of them a size may be one, where much is true
            for reading, env in opinion.readings(stated, seed)
            for _, one in opinion.claims(stated)
            for objection in opinion.objections(reading, one, env)
        ]


@pytest.mark.parametrize("name", TRUE)
def test_a_true_statement_agrees(name):
    """It takes each node by a meaning of its own."""
    assert not objections(TRUE[name])


@pytest.mark.parametrize("name", [one for one in FALSE if one not in MEASURE_ZERO])
def test_a_false_statement_does_not(name):
    """Else its meaning would be the wrong one of two that are alike."""
    assert objections(FALSE[name])


@pytest.mark.parametrize("name", TRUE)
def test_a_node_is_what_it_stands_for(name):
    """The expression that the checker sees has the value of what is printed."""
    claim = TRUE[name]
    for side in map(wrap, claim[:2]):
        for node in walk(side):
            free = isinstance(node, Derived) and indices(node) <= indices(side)
            if free:  # what binds an index of it gives it other values than its range
                assert not objections(Claim(node, node.unfolded, claim.given))
