"""What the book's own mutation test breaks, and what it would notice."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner

from rnnnotes.book.check import mutants
from rnnnotes.book.check.checking import prove, result_of
from rnnnotes.book.check.mutants import (
    Mutant,
    Trial,
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
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import At, Identity, MatMul, Number, Relation, Size, Sum
from rnnnotes.book.prove.proof import Checker, Refuted
from rnnnotes.book.state.formulas import Line
from rnnnotes.book.values.entries import Ledger
from rnnnotes.notation import H, T, W_hh, W_hy, h, kappa, t


def test_every_operator_has_something_to_break():
    """A recurrence with weights, times and an activation, and a bound, meet all of them."""
    found = {
        mutant.operator
        for id in ("bptt.recurrent_weight_gradient", "bptt.tanh_backward", "gradients.no_explosion")
        for mutant in mutants_of(find(id))
    }

    assert found == {
        *("activation", "bound", "cast", "constant", "dropped", "given", "index", "order"),
        *("sign", "size", "strict", "transpose", "where"),
    }


@pytest.mark.parametrize(
    ("node", "changed"),
    [
        (Identity(H), [Identity(2)]),
        (Sum(h[t], t, 1, T), [Sum(h[t], t, 1, 3)]),
        (W_hh @ h[T], [W_hh @ h[3]]),
        (Size(W_hh), [Number(4)]),
        (W_hh, []),
    ],
)
def test_a_size_is_made_a_number_where_it_stands_for_itself(node, changed):
    """The shape of a symbol is declared, and no part of a statement."""
    rules = {"size": mutants._sizes({H: sp.Integer(2), T: sp.Integer(3)})}

    assert [tree for _, _, tree in broken(node, rules=rules)] == changed


def test_code_says_a_size_in_several_ways():
    """By a name, and by what it is given."""
    said = dict(mutants._sizes_in_code(find("bptt.jacobian_product")))

    assert said["len(W_hh)"] == said["W_hh.shape[0]"] == said["W_hh.shape[1]"] == 2
    assert dict(mutants._sizes_in_code(find("lstm_variants.truncated_carousel"))) == {"H": 2}


def test_the_transpose_of_a_vector_is_no_change():
    """NumPy has one kind of vector, so that its transpose is the vector itself."""
    turned = [m.place for m in mutants_of(find("vanilla_rnn.pre_activation"))
              if m.operator == "transpose" and m.place.startswith("code")]  # fmt: skip

    assert len(turned) == 2  # the matrices


def test_a_definition_that_comes_with_another_is_not_dropped():
    """It is given all the same, so that nothing would change."""
    stated = find("bptt.state_gradient")
    dropped = {m.place for m in mutants_of(stated) if m.operator == "given"}
    kept = {f"given {one.id}" for one in stated.given} - dropped

    assert dropped
    for mutant in mutants_of(stated):
        if mutant.operator == "given":
            lost = {*stated.given} - {*mutant.formula.given}
            assert any(one.derivation or one not in mutant.formula.ancestors for one in lost)
    for one in stated.given:
        if f"given {one.id}" in kept:
            others = [other for other in stated.given if other is not one]
            assert any(one in other.ancestors for other in others)


# -- What becomes of a mutant ----------------------------------------------------------------------


def fates(id, *operators):
    """What becomes of some mutants of a formula, by place."""
    return {m.place: trial(m, find(id)) for m in mutants_of(find(id)) if m.operator in operators}


def test_a_mutant_is_checked_as_any_formula_is(monkeypatch):
    """By the whole of the checks, whatever was broken, with nothing handed to them."""
    stated, proved = find("bptt.step_jacobian"), []
    monkeypatch.setattr(mutants, "prove", lambda *given: proved.append(given) or prove(*given))
    chosen = {mutant.operator: mutant for mutant in mutants_of(stated)}.values()

    for mutant in chosen:
        trial(mutant, stated)

    assert proved == [(mutant.formula,) for mutant in chosen]


def test_a_row_in_place_of_a_column_is_refuted():
    """Entry by entry they are the same, and a look at their entries is not the whole check."""
    found = fates("building_blocks.batch_row", "transpose")

    assert found["line 1 whole: Transpose"].fate == "refuted"


def test_a_premise_that_is_needed_is_missed():
    """Without its condition a bound fails in a draw."""
    (one,) = fates("gradients.gap_bound", "where").values()

    assert (one.fate, one.why) == ("refuted", "Refuted")


def test_a_premise_that_is_not_needed_is_found_by_a_proof():
    """The bound κ^(t-k) holds for κ above one too: it is below one that it vanishes."""
    stated = find("gradients.vanishing_gradient")
    more = replace(stated, where=(*stated.where, Relation(kappa, "<", 1)))
    tried = [trial(m, more) for m in mutants_of(more) if m.operator == "where"]

    assert [one.fate for one in tried] == ["refuted", "refuted", "equivalent"]
    assert tried[-1].why == "proved all the same"


def test_a_bound_that_is_reached_is_not_strict():
    """The sigmoid is steepest at zero, where its slope is a quarter."""
    (one,) = fates("building_blocks.sigmoid_slope_bound", "strict").values()

    assert one.fate == "refuted"


def test_a_bound_that_is_never_reached_is_proved_strict():
    """A hyperbolic tangent is below one, and so is what it bounds."""
    found = fates("gru.bounded", "strict")

    assert [one.fate for one in found.values()] == ["equivalent", "refuted"]
    assert found["line 1"].why == "proved all the same"


def test_what_is_proved_at_fewer_sizes_is_weaker():
    """Without one premise it still holds at sizes: it is not called refuted, nor equivalent."""
    found = fates("bptt.truncation_bias_bound", "given").values()
    (one,) = [one for one in found if one.fate == "weaker"]

    assert one.why.startswith("proved at H=")


def test_what_was_drawn_and_is_drawn_still_survives(monkeypatch):
    """Of a formula that says more, draws that do not refute it show nothing."""
    stated = find("building_blocks.sigmoid_slope_bound")
    drawn = replace(result_of(stated), lines=("tested",) * len(stated.derivation))
    for name in ("prove", "result_of"):
        monkeypatch.setattr(mutants, name, lambda _: drawn)

    assert {one.fate for one in fates(stated.id, "strict").values()} == {"survived"}


@pytest.mark.parametrize("id", ["bptt.jacobian_product", "vanilla_rnn.pre_activation"])
def test_code_on_whole_numbers_or_at_one_size_is_refuted(id):
    """Draws have decimals, and sizes of two choices."""
    found = fates(id, "cast", "size")

    assert found
    assert {one.fate for one in found.values()} == {"refuted"}


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
    stated = find("bptt.step_jacobian")
    monkeypatch.setattr(mutants, "prove", lambda _: result_of(stated))
    right = MatMul(W_hh, stated.statement.right.args[0])
    lines = (*stated.derivation[:-1], stated.derivation[-1]._replace(expr=right))
    mutant = Mutant(replace(stated, derivation=lines), "order", "right", (2,))

    assert trial(mutant, stated).fate == "survived"


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
    counts = sum(added(entry["counts"] for entry in recorded().values()).values(), Counter())

    assert counts["survived"] == 0
    assert counts["refuted"] > 0


def test_every_condition_of_the_book_is_needed():
    """What is proved without a condition is stated without it."""
    passed = {id: {one["place"] for one in (*entry["equivalents"], *entry["weaker"])
                   if one["operator"] == "where"}
              for id, entry in recorded().items()}  # fmt: skip

    assert not {id: places for id, places in passed.items() if places}


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


def test_how_soon_mutants_are_refuted_is_told(monkeypatch):
    """The slowest is named, and one that passes has not been refuted at all."""
    told = [("refuted", 1.0), ("refuted", 0.5), ("refuted", 3.25), ("equivalent", 9.0)]
    trials = [Trial("building_blocks.tanh", "order", f"line {seconds}", fate, "", seconds)
              for fate, seconds in told]  # fmt: skip
    monkeypatch.setattr(mutants, "run", lambda *_: {"building_blocks.tanh": trials})

    said = CliRunner().invoke(main, ["building_blocks.tanh"], catch_exceptions=False).output

    assert said.splitlines()[-1] == (
        "66.67% of 3 are refuted within 2 s, the slowest in 3.2 s: building_blocks.tanh, line 3.25"
    )


def test_a_share_is_not_recorded(kept):
    """The page would show a tenth as the whole."""
    before = mutants.RECORD.read_text()

    result = CliRunner().invoke(main, ["--record", "--share", "0.1"])

    assert result.exit_code == 2
    assert mutants.RECORD.read_text() == before


def test_numbers_at_hand_refute_before_algebra(monkeypatch):
    """A wrong gradient written out over all steps has no end; a draw of it has."""
    stated = find("bptt.tanh_backward")
    mutant = next(m for m in mutants_of(stated) if m.operator == "sign" and m.lines)
    checker = Checker(mutant.formula)
    monkeypatch.delattr(Ledger, "gap")

    with pytest.raises(Refuted):
        checker.at_sizes(mutant.lines[0])
