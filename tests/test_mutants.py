"""What the book's own mutation test breaks, and what it would notice."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from rnnnotes.book import mutants
from rnnnotes.book.entries import Ledger
from rnnnotes.book.formulas import Line, find, find_all
from rnnnotes.book.language import At, MatMul, Relation
from rnnnotes.book.mutants import (
    Mutant,
    added,
    broken,
    changes,
    digest_of,
    entry_of,
    is_stale,
    keep,
    main,
    mutants_of,
    recorded,
    trial,
    trials_of,
)
from rnnnotes.book.proof import Checker, Refuted
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

    assert trial(mutant, Checker(stated)).fate == "survived"


def test_a_share_is_seeded():
    """The same seed breaks the same places."""
    first, again = (trials_of("bptt.state_gradient", share=0.1, seed=1) for _ in range(2))

    assert first == again
    assert 0 < len(first) < len(list(mutants_of(find("bptt.state_gradient"))))


def test_counts_add_up():
    """Each mutant has one fate, in the counts of one formula and in those of all."""
    entry = entry_of("bptt.step_jacobian", trials_of("bptt.step_jacobian"))

    both = added([entry["counts"], entry["counts"]])

    count = len(list(mutants_of(find("bptt.step_jacobian"))))
    assert sum(entry["counts"].values(), Counter()).total() == count
    assert sum(both.values(), Counter()).total() == 2 * count


# -- The record ------------------------------------------------------------------------------------


def test_the_record_is_of_todays_book():
    """The page shows these numbers; ``tox -e mutants`` makes anew what has changed since."""
    entries = recorded()

    assert entries.keys() == find_all().keys(), "`tox -e mutants` records what is missing"
    stale = [id for id, stated in find_all().items() if entries[id]["digest"] != digest_of(stated)]
    assert not stale, "`tox -e mutants` tries these again"


def test_no_mutant_of_the_record_survived():
    """A record may be kept of a book that fails, and then says so."""
    fates = sum(added(entry["counts"] for entry in recorded().values()).values(), Counter())

    assert fates["survived"] == 0
    assert fates["refuted"] > 0


def other_code(a, W_hh, f_prime):
    """Code of the step Jacobian with its rows and columns scaled the other way round."""
    return W_hh @ np.diag(f_prime(a))


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("statement", Relation(W_hh, "=", W_hh)),
        ("derivation", ()),
        ("where", (Relation(W_hh, "=", W_hh),)),
        ("ranges", {t: (2, 3)}),
        ("code", other_code),
    ],
)
def test_a_change_of_a_formula_makes_its_record_stale(part, changed):
    """Whatever its mutants are made from."""
    stated = find("bptt.step_jacobian")

    assert digest_of(replace(stated, **{part: changed})) != digest_of(stated)


def test_a_change_of_what_it_rests_on_makes_a_record_stale():
    """What an ancestor says counts, and how the ancestor is derived does not."""
    stated = find("bptt.step_jacobian")
    *others, parent = stated.given
    says_more = replace(parent, where=(Relation(W_hh, "=", W_hh),))
    derived = replace(parent, derivation=(Line("=", parent.statement.right, "again"),))

    assert digest_of(replace(stated, given=(*others, says_more))) != digest_of(stated)
    assert digest_of(replace(stated, given=(*others, derived))) == digest_of(stated)


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Record of another place, with two formulas of the book and one that it has no more."""
    monkeypatch.setattr(mutants, "RECORD", tmp_path / "mutants.json")
    ids = ["building_blocks.tanh", "vanilla_rnn.elman"]
    keep({id: trials_of(id) for id in ids})
    entries = mutants.recorded()
    gone = {**entries[ids[0]], "digest": "of another formula"}
    mutants.RECORD.write_text(json.dumps({"chapter.gone": gone} | entries))
    return ids


def test_only_what_has_changed_is_tried_again(monkeypatch, kept):
    """The other one keeps what was found before, and what is gone is dropped."""
    changed, same = kept
    entries = recorded()
    entries[changed]["digest"] = "of another formula"
    entries[same]["equivalents"] = [{"operator": "order", "place": "code", "why": "kept"}]
    mutants.RECORD.write_text(json.dumps(entries))
    tried = []
    monkeypatch.setattr(mutants, "run", lambda ids, *_: {id: trials_of(id) for id in watch(ids)})

    def watch(ids):
        tried.extend(ids)
        return tried

    CliRunner().invoke(main, [*kept, "--record"], catch_exceptions=False)

    assert tried == [changed]
    assert list(recorded()) == kept
    assert recorded()[changed]["digest"] == digest_of(find(changed))
    assert recorded()[same] == entries[same]


def test_a_survivor_is_tried_again(kept):
    """It may be gone since the checks are better; the digest is that of the formula alone."""
    entry = recorded()[kept[0]]

    assert not is_stale(kept[0], entry)
    assert is_stale(kept[0], entry | {"counts": {"order": {"survived": 1}}})


def test_a_share_is_not_recorded(kept):
    """The page would show a tenth as the whole."""
    before = mutants.RECORD.read_text()

    result = CliRunner().invoke(main, ["--record", "--share", "0.1"])

    assert result.exit_code == 2
    assert mutants.RECORD.read_text() == before


def test_numbers_at_hand_refute_before_algebra(monkeypatch):
    """A wrong gradient written out over all steps has no end; a draw of it has."""
    stated = find("bptt.tanh_backward")
    original = Checker(stated)
    mutant = next(m for m in mutants_of(stated) if m.operator == "sign" and m.lines)
    checker = Checker(mutant.formula, original.settings)
    monkeypatch.delattr(Ledger, "gap")

    with pytest.raises(Refuted):
        checker.at_sizes(mutant.lines[0])
