"""What the book's own mutation test breaks, and what it would notice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rnnnotes.book.formulas import find
from rnnnotes.book.language import At, MatMul
from rnnnotes.book.mutants import (
    RECORD,
    Mutant,
    broken,
    changes,
    mutants_of,
    summary,
    trial,
    trials_of,
)
from rnnnotes.book.proof import Checker, world_of
from rnnnotes.notation import W_hh, W_hy, h, t


def test_every_operator_has_something_to_break():
    """A recurrence with weights, times and an activation meets all of them."""
    found = {
        mutant.operator
        for id in ("bptt.state_gradient", "bptt.recurrent_weight_gradient", "bptt.tanh_backward")
        for mutant in mutants_of(find(id))
    }

    assert found == {
        "activation", "bound", "constant", "dropped", "index", "order", "sign", "transpose",
    }  # fmt: skip


def test_a_mutant_differs_in_one_place():
    """Swapping the factors changes the product and nothing in it."""
    swapped = [node for operator, node in changes(W_hh @ W_hh.T) if operator == "order"]

    assert swapped == [MatMul(W_hh.T, W_hh)]


def test_a_change_that_does_not_fit_is_no_statement():
    """O rows and H columns do not go the other way round."""
    assert not [node for operator, node in changes(W_hy @ h[t]) if operator == "order"]


def test_times_are_shifted_both_ways():
    """The step before and the step after."""
    shifted = [node for operator, _, node in broken(h[t]) if operator == "index"]

    assert shifted == [At(h, t - 1), At(h, t + 1)]


@pytest.mark.parametrize("id", ["bptt.step_jacobian", "vanilla_rnn.elman", "building_blocks.tanh"])
def test_no_mutant_survives(id):
    """Statement, lines and code are broken, and each break is refused."""
    trials = trials_of(id)

    assert len(trials) > 10
    assert not [one for one in trials if one.fate == "survived"]


def test_a_check_that_passes_everything_is_noticed(monkeypatch):
    """With a blind checker, mutants that change something survive."""
    monkeypatch.setattr(Checker, "at_sizes", lambda self, number: "proved")
    stated = find("bptt.step_jacobian")
    right = MatMul(W_hh, stated.statement.right.args[0])
    lines = (*stated.derivation[:-1], stated.derivation[-1]._replace(expr=right))
    mutant = Mutant(replace(stated, derivation=lines), "order", "right", (2,))

    assert trial(mutant, Checker(stated, world_of(stated))).fate == "survived"


def test_a_share_is_seeded():
    """The same seed breaks the same places."""
    first, again = (trials_of("bptt.state_gradient", share=0.1, seed=1) for _ in range(2))

    assert first == again
    assert 0 < len(first) < len(list(mutants_of(find("bptt.state_gradient"))))


def test_counts_add_up():
    """Each mutant has one fate."""
    counts = summary(trials_of("bptt.step_jacobian"))

    assert counts["tried"] == counts["refuted"] + counts["equivalent"] + counts["survived"]


def test_no_mutant_of_the_last_full_run_survived():
    """The page shows these numbers; ``tox -e mutants`` makes them anew."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))

    assert record["survived"] == 0
    assert record["refuted"] > 0
