"""Fixtures for every test, and the report of the proofs.

Where the contract of the book is tested, the whole book is proved first, in parallel: the
tests of the contract then read results that are known, and the report shows them.
"""

from __future__ import annotations

import importlib
import io
import sys
import time

import numpy as np
import pytest
from rich.console import Console

from rnnnotes.book.check.checking import Outcome, check_all, forget
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.language import symbols
from rnnnotes.book.state.formulas import FORMULAS
from rnnnotes.cli import summary

CONTRACT = "test_book.py"

OUTCOMES = pytest.StashKey[dict[str, Outcome]]()
SECONDS = pytest.StashKey[float]()


@pytest.fixture
def rng():
    """Return a generator that draws the same numbers in every run."""
    return np.random.default_rng(0)


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Return an empty folder, which is at hand; what is loaded from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


MODULE = '''
"""Formulas of a test."""

import time

from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import Eq, v, w


@formula(Eq(v * w, w * v), source="elman1990", derivation=[("=", "numbers commute")])
def right(v, w):
    """Right."""
    return w * v


@formula(Eq(v - w, w - v), source="elman1990", derivation=[("=", "no signs")])
def wrong(v, w):
    """Wrong."""
    return w - v


@formula(Eq(v * w, v * w), source="elman1990", given=[wrong], derivation=[("=", "the same")])
def above(v, w):
    """Rests on what is wrong."""
    return v * w


@formula(Eq(v + w, w + v), source="elman1990", derivation=[("=", "numbers commute")])
def slow(v, w):
    """Slow."""
    time.sleep(60)
    return w + v
'''
"""A chapter of formulas: one holds, one does not, one rests on that, one takes too long."""


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A folder of results that is empty."""
    monkeypatch.setenv("RNNNOTES_CACHE", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache" / "results"
    forget()


@pytest.fixture
def registry():
    """The formulas, put back as they were after the test."""
    before = dict(find_all())  # a chapter is loaded once, and would not come back
    yield FORMULAS
    FORMULAS.clear()
    FORMULAS.update(before)


@pytest.fixture
def declarations():
    """The symbols, put back as they were after the test."""
    tables = (symbols.LETTERS, symbols.SIZES, symbols.INDICES, symbols.SYMBOLS, symbols.FUNCTIONS)
    before = [dict(table) for table in tables]
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)


@pytest.fixture
def throwaway(registry, tmp_path, monkeypatch):
    """A module of formulas that another process can import."""
    (tmp_path / "throwaway.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("throwaway")
    yield {name: registry[f"throwaway.py:{name}"] for name in ("right", "wrong", "above", "slow")}
    del sys.modules["throwaway"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Prove the book before the first test, if its contract is among the tests."""
    config = session.config
    tested = any(item.path.name == CONTRACT for item in session.items)
    idle = config.option.collectonly or session.testsfailed
    # A process of pytest-xdist reads what the first of them keeps.
    if tested and not idle and not hasattr(config, "workerinput"):
        start = time.perf_counter()
        config.stash[OUTCOMES] = check_all()
        config.stash[SECONDS] = time.perf_counter() - start


def pytest_terminal_summary(terminalreporter, config):
    """Show the formulas by chapter and verdict, and which of them took long."""
    outcomes = config.stash.get(OUTCOMES, {})
    if outcomes:
        terminalreporter.section("formulas")
        terminalreporter.write(report(outcomes, config.stash[SECONDS]))


def report(outcomes, seconds):
    """Text of the report: a table, how it came about, the slowest proofs and the failures."""
    console = Console(file=io.StringIO(), width=100, markup=False, highlight=False)
    console.print(summary(outcomes, plain=True))
    known = sum(outcome.cached for outcome in outcomes.values())
    console.print(
        f"\n{len(outcomes) - known} proved now and {known} known from before, in {seconds:.1f} s; "
        f"the column of seconds holds what each proof took when it was made"
    )
    slowest = sorted(outcomes.values(), key=lambda outcome: -outcome.seconds)[:5]
    console.print("slowest: " + ", ".join(f"{o.stated.id} {o.seconds:.1f} s" for o in slowest))
    for outcome in outcomes.values():
        if not outcome.passed:
            console.print(f"\nFAILED {outcome.failure}")
    return console.file.getvalue()
