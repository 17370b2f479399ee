"""Checking many formulas: in parallel, within a time limit, and none twice."""

import ast
import dataclasses
import json
import multiprocessing
import threading
import time
from functools import partial
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from rnnnotes.book.check import checking, store
from rnnnotes.book.check.checking import (
    OutOfTime,
    RestsOnFailure,
    check,
    check_all,
    forget,
    result_of,
)
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.keeping import path_of
from rnnnotes.book.language.nodes import Eq
from rnnnotes.book.prove.proof import Refuted
from rnnnotes.book.prove.verdicts import Result
from rnnnotes.book.state.formulas import formula, stated_by
from rnnnotes.book.state.source import instructions
from rnnnotes.notation import v, w

START_METHODS = sorted({"spawn", "fork"} & {*multiprocessing.get_all_start_methods()})


@pytest.fixture
def proofs(monkeypatch):
    """Ids of the formulas that are proved in this process."""
    proved = []
    prove = checking.prove

    def note(stated):
        proved.append(stated.id)
        return prove(stated)

    monkeypatch.setattr(checking, "prove", note)
    return proved


def state(right=v * w, code=None, given=()):
    """State a formula of the test anew."""

    def product(v, w):
        """Return a product."""
        return v * w

    formula(Eq(v * w, right), given=given, derivation=[("=", "same")])(code or product)
    return stated_by(code or product)


# -- The cache -------------------------------------------------------------------------------------


def test_what_is_known_is_not_proved_again(empty_cache, proofs):
    """The second result comes from memory, the third from disk: neither calls the prover."""
    stated = find("vanilla_rnn.hidden_state")
    first = result_of(stated)
    second = result_of(stated)
    forget()
    third = result_of(stated)

    assert first == second == third
    assert proofs == [stated.id]
    assert first.seconds > 0


def test_an_ancestor_is_proved_once_and_first(empty_cache, proofs):
    """What a formula rests on is known when its own proof asks for it."""
    result_of(find("bptt.step_jacobian"))

    assert proofs[-1] == "bptt.step_jacobian"
    assert sorted(proofs) == sorted(set(proofs))
    assert "vanilla_rnn.pre_activation" in proofs


def test_a_change_of_the_statement_changes_the_key(registry):
    """A definition has nothing but its statement and its code."""

    def defined(w):
        """Return a multiple."""
        return 2 * w

    keys = set()
    for factor in (2, 3):
        formula(Eq(v, factor * w))(defined)
        keys.add(store.key_of(registry["test_checking.py:defined"]))

    assert len(keys) == 2


def test_a_change_of_the_derivation_changes_the_key(registry):
    """A step that is added is a step that has to be proved."""

    def product(v, w):
        """Return a product."""
        return v * w

    keys = set()
    for before in ([], [("=", w * v, "numbers commute")]):
        lines = [*before, ("=", "the product")]
        formula(Eq(v * w, v * w), derivation=lines)(product)
        keys.add(store.key_of(registry["test_checking.py:product"]))

    assert len(keys) == 2


def test_a_change_of_the_code_changes_the_key(registry):
    """Body, constants and helpers count; names of files and docstrings do not."""
    before, doubled = state(), state(code=code_of("return 2 * v * w"))
    same = state(code=code_of('"""Another text."""\n    # and a comment\n    return v * w'))
    tripled = state(code=code_of("return 3 * v * w"))

    assert len({store.key_of(stated) for stated in (before, doubled, tripled)}) == 3
    assert store.key_of(before) == store.key_of(same)


def code_of(body, **outside):
    """Return a function of the test with a body given as text."""
    scope = {"__name__": __name__, "__file__": __file__, **outside}
    exec(f"def product(v, w):\n    {body}", scope)
    return scope["product"]


def test_a_change_of_what_the_code_calls_changes_the_key(registry):
    """A helper belongs to the code, also if it is called from within a comprehension."""
    helpers = [eval(f"lambda e: {text}", {"__name__": __name__}) for text in ("e", "2 * e")]
    body = "return sum([helper(e) for e in v])"
    keys = {store.key_of(state(code=code_of(body, helper=helper))) for helper in helpers}

    assert len(keys) == 2


def test_a_change_of_a_module_that_the_code_calls_changes_the_key(registry):
    """A helper in a file beside the formulas belongs to the code as well."""
    keys = set()
    for text in ("e", "2 * e"):
        helpers = ModuleType("helpers")
        exec(f"def scaled(e):\n    return {text}", vars(helpers))
        outside = {"helpers": helpers}
        keys.add(store.key_of(state(code=code_of("return helpers.scaled(v)", **outside))))

    assert len(keys) == 2


class Helper:
    """An object with code of its own."""

    def __repr__(self):
        return "helper"

    def __call__(self, e):
        """Return what comes."""
        return e


OPAQUE = {
    "object": (Helper(), "return helper(v)"),
    "class": (Helper, "return helper()(v)"),
    "partial": (partial(Helper()), "return helper(v)"),
    "dictionary": ({"one": Helper()}, "return helper['one'](v)"),
    "long array": (np.arange(2000), "return v * helper[1000]"),
    "bound method": ([1].index, "return v * helper(1)"),
    "module within": (SimpleNamespace(inner=Helper()), "return helper.inner(v)"),
}


@pytest.mark.parametrize(("helper", "body"), OPAQUE.values(), ids=OPAQUE)
def test_what_no_instruction_tells_is_never_known_from_before(registry, helper, body):
    """Its text may stay while its code changes, so no result that rests on it is found again."""
    keys = [store.key_of(state(code=code_of(body, helper=helper))) for _ in range(2)]

    assert keys[0] != keys[1]


@pytest.mark.parametrize("helper", [np.tanh, np.linalg.norm, len, float, 2.0, (1, "a"), np])
def test_what_a_version_tells_is_known_from_before(registry, helper):
    """Libraries and plain values are the same in each process."""
    keys = {store.key_of(state(code=code_of("return v * helper", helper=helper))) for _ in "ab"}

    assert len(keys) == 1


def test_all_that_the_book_runs_is_known_from_before():
    """No formula of the book rests on an object whose code a key would miss."""
    for stated in find_all().values():
        assert instructions(stated.code) == instructions(stated.code)


def test_a_change_of_an_ancestor_changes_the_key(registry):
    """A verdict is no stronger than what it rests on, so it is asked for again."""

    def above(v, w):
        """Rests on the product."""
        return v * w

    keys = set()
    for right in (v * w, w * v):
        parent = state(right)
        keys.add(store.key_of(state(code=above, given=[parent.code])))

    assert len(keys) == 2


def test_a_change_of_the_notation_changes_the_key(registry, monkeypatch):
    """A proof at other times is another proof."""
    from rnnnotes.book.language.symbols import INDICES
    from rnnnotes.notation import k, t

    before = store.key_of(state(v * k))
    monkeypatch.setitem(INDICES, k, INDICES[k]._replace(high=t + 1))

    assert store.key_of(state(v * k)) != before


def test_a_change_of_what_proves_changes_the_key(registry, monkeypatch):
    """Results of another prover, or under another SymPy, are out of reach."""
    before = store.key_of(state())
    monkeypatch.setattr(store, "foundations", lambda: ("another SymPy",))

    assert store.key_of(state()) != before


def test_the_modules_that_prove_are_found_by_their_imports():
    """A new module of the prover counts from its first import; a printer never does."""
    names = {path.stem for path in store.provers()}

    assert {"proof", "world", "entries", "draws", "nodes", "formulas"} <= names
    assert {"normal", "graph", "inequalities", "integers", "derivatives"} <= names
    assert not names & {"latex", "checking", "citing", "store"}


@pytest.mark.parametrize(
    "path", sorted(store.BOOK.rglob("*.py")), ids=lambda p: p.relative_to(store.BOOK).as_posix()
)
def test_the_lines_that_import_are_those_that_python_reads(path):
    """They are found by their text, as to read all of Python is slow: none is missed."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            modules += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    files = {
        store.PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
        for module in modules
        if module.startswith("rnnnotes.book.")
    }

    assert {*store.imports(path)} == {file for file in files if file.is_file()}


@pytest.mark.parametrize(
    "line",
    [
        "from rnnnotes.book.prove.proof import decide",
        "    from rnnnotes.book.prove.proof import decide, Refuted as R",
        "from rnnnotes.book.prove.proof import (\n    decide,\n    Refuted,\n)",
        "from rnnnotes.book.prove import order, proof",
        "from rnnnotes.book.prove import (\n    proof as p,\n)",
        "import rnnnotes.book.prove.proof",
        "import sys, rnnnotes.book.prove.proof as p",
    ],
)
def test_every_way_to_import_is_found(tmp_path, line):
    """All that the formatter leaves."""
    (tmp_path / "one.py").write_text(f"import re\n{line}\nx = 1\n")
    names = {path.stem for path in store.imports(tmp_path / "one.py")}

    assert "proof" in names
    assert "world" not in names


DAMAGES = {
    "emptied": lambda text: "",
    "cut short": lambda text: text[: len(text) // 2],
    "made stronger": lambda text: text.replace('"definition"', '"proved"', 1),
    "hollow": lambda text: json.dumps({"digest": "", "result": {}}),
    "of another kind": lambda text: "[]",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_proved_again(empty_cache, proofs, damage):
    """What is not as it was written is not trusted, whatever it says."""
    stated = find("vanilla_rnn.hidden_state")
    first = result_of(stated)
    (entry,) = empty_cache.iterdir()
    whole = entry.read_text()
    entry.write_text(damage(whole))
    forget()

    assert damage(whole) != whole
    assert dataclasses.replace(result_of(stated), seconds=first.seconds) == first
    assert len(proofs) == 2


def test_an_entry_of_another_formula_is_not_trusted(empty_cache, proofs):
    """A whole and valid entry counts under its own key only."""
    one, other = find("vanilla_rnn.hidden_state"), find("vanilla_rnn.pre_activation")
    result_of(one)
    (entry,) = empty_cache.iterdir()
    entry.rename(empty_cache / f"{store.key_of(other)}.json")
    forget()

    assert store.load(other) is None


def test_a_failure_is_not_kept(empty_cache, throwaway):
    """What fails is tried again, in case the fault was not its own."""
    with pytest.raises(Refuted):
        result_of(throwaway["wrong"])

    assert not empty_cache.exists()
    assert store.load(throwaway["wrong"]) is None


def test_the_solver_is_part_of_what_proves(monkeypatch):
    """A proof that rests on the solver is asked for again of another one."""
    plain = store.foundations.__wrapped__
    before = plain()
    monkeypatch.setattr(store, "version_of", lambda package: f"another {package}")

    assert plain() != before


def test_a_folder_that_cannot_be_written_does_not_stop_a_proof(tmp_path, monkeypatch):
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RNNNOTES_CACHE", str(tmp_path / "file"))
    forget()

    assert isinstance(result_of(find("vanilla_rnn.hidden_state")), Result)


# -- Time limits -----------------------------------------------------------------------------------


def test_a_proof_in_this_process_is_stopped(empty_cache, throwaway):
    """The code of the formula sleeps for a minute."""
    start = time.monotonic()
    with pytest.raises(OutOfTime, match=r"throwaway\.py:slow: no answer within 0\.3 s"):
        result_of(throwaway["slow"], limit=0.3)

    assert time.monotonic() - start < 10
    assert not empty_cache.exists()


def test_a_proof_that_swallows_the_signal_has_failed_all_the_same(empty_cache, monkeypatch):
    """An answer that comes too late is no answer."""
    stated = find("vanilla_rnn.hidden_state")
    result = result_of(stated)
    forget()
    path_of("results", store.key_of(stated)).unlink()

    def stubborn(_):
        try:
            time.sleep(10)
        except OutOfTime:
            return result

    monkeypatch.setattr(checking, "prove", stubborn)
    with pytest.raises(OutOfTime):
        result_of(stated, limit=0.2)


def test_a_proof_in_a_thread_is_stopped(empty_cache, throwaway):
    """No signal reaches a thread, so the proof runs where it can be killed."""
    caught = []

    def run():
        try:
            result_of(throwaway["slow"], limit=0.5)
        except OutOfTime as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)

    assert len(caught) == 1


@pytest.mark.parametrize("start_method", START_METHODS)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_many_are_checked_in_parallel(empty_cache, throwaway, start_method):
    """One passes, one is refuted, one rests on it, one overruns its time and is killed."""
    seen = []
    start = time.monotonic()
    outcomes = check_all(
        throwaway.values(), lambda outcome, done, total: seen.append((done, total)),
        workers=2, limit=1.0, start_method=start_method,
    )  # fmt: skip

    assert [id for id, outcome in outcomes.items() if outcome.passed] == ["throwaway.py:right"]
    assert isinstance(outcomes["throwaway.py:wrong"].error, Refuted)
    assert isinstance(outcomes["throwaway.py:above"].error, RestsOnFailure)
    why = outcomes["throwaway.py:above"].failure
    assert "wrong, which failed: throwaway.py:wrong, line 1" in why
    assert "rests on throwaway.py:wrong" in outcomes["throwaway.py:above"].failure
    assert isinstance(outcomes["throwaway.py:slow"].error, OutOfTime)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert time.monotonic() - start < 30
    assert len(list(empty_cache.iterdir())) == 1


@pytest.mark.parametrize("names", [["right", "wrong", "above", "slow"], ["slow"]], ids=len)
def test_one_worker_is_this_process(empty_cache, throwaway, proofs, monkeypatch, names):
    """It needs no others, and its verdicts and its time limit are theirs."""
    monkeypatch.delattr(checking, "_pool")
    chosen = [throwaway[name] for name in names]
    start = time.monotonic()
    outcomes = check_all(chosen, workers=1 if len(names) > 1 else None, limit=0.3)

    assert [id for id, one in outcomes.items() if one.passed] == ["throwaway.py:right"][
        : len(names) - 1
    ]
    assert isinstance(outcomes["throwaway.py:slow"].error, OutOfTime)
    if len(names) > 1:
        assert isinstance(outcomes["throwaway.py:wrong"].error, Refuted)
        assert isinstance(outcomes["throwaway.py:above"].error, RestsOnFailure)
    assert "throwaway.py:above" not in proofs
    assert time.monotonic() - start < 10


def test_one_formula_that_waits_needs_no_other_process(empty_cache, proofs, monkeypatch):
    """What it rests on is known."""
    result_of(find("vanilla_rnn.pre_activation"))
    monkeypatch.delattr(checking, "_pool")
    outcomes = check_all(["vanilla_rnn.hidden_state"], workers=8)

    assert proofs == ["vanilla_rnn.pre_activation", "vanilla_rnn.hidden_state"]
    assert all(outcome.passed for outcome in outcomes.values())


def test_results_of_other_processes_are_known_here(empty_cache, proofs):
    """What a process has proved is not proved again in this one."""
    outcomes = check_all(["bptt.step_jacobian"], workers=2)
    again = check_all(["bptt.step_jacobian"])

    assert not any(outcome.cached for outcome in outcomes.values())
    assert all(outcome.cached for outcome in again.values())
    assert result_of(find("bptt.step_jacobian")) == outcomes["bptt.step_jacobian"].result
    assert proofs == []


def test_ancestors_are_checked_before(empty_cache):
    """The order is that of the derivations."""
    ids = list(check_all(["bptt.jacobian_product"], workers=2))

    assert ids.index("bptt.step_jacobian") < ids.index("bptt.jacobian_product")


def test_without_the_cache_all_is_proved_anew(empty_cache):
    """A known result does not count."""
    check_all(["vanilla_rnn.hidden_state"])
    (outcome,) = check_all(["vanilla_rnn.hidden_state"], cached=False).values()

    assert not outcome.cached


# -- check -----------------------------------------------------------------------------------------


def test_check_takes_ids_and_functions(empty_cache):
    """One gives its result, several a list of results."""
    from rnnnotes.vanilla_rnn import hidden_state

    one = check(hidden_state)
    several = check("vanilla_rnn.hidden_state", "vanilla_rnn.pre_activation")

    assert repr(one).startswith("a definition")
    assert one == several[0]


def test_a_result_says_what_the_proof_rests_on(empty_cache):
    """Beside algebra, a proof may take an induction, a solver, and rules on norms."""
    assert repr(check("bptt.jacobian_product")) == (
        "proved, by induction; the code is proved at T = 2, 3, 4, for arrays of every other size"
    )
    assert repr(check("gradients.vanishing_tanh")) == (
        "proved, by induction, by a solver of inequalities, by rules on norms; the code is proved"
    )
    assert repr(check("bptt.step_jacobian")) == "proved; the code is proved"


def test_check_raises_what_is_wrong(empty_cache, throwaway):
    """A person who checks two formulas learns which fails, and where."""
    with pytest.raises(Refuted, match=r"throwaway\.py:wrong, line 1"):
        check("throwaway.py:right", "throwaway.py:wrong")
