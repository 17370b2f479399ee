"""Formulas in files outside of the book: their ids, how they are loaded, and their sources."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnnotes.book.check import store
from rnnnotes.book.check.checking import check, check_all
from rnnnotes.book.cite.citing import as_data, cite
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.files import FileError, formulas_at
from rnnnotes.book.find.finding import UnknownFormulaError, find
from rnnnotes.book.language.nodes import Eq, StatementError
from rnnnotes.book.state.formulas import formula, stated_by
from rnnnotes.book.state.legend import documented
from rnnnotes.book.state.source import standalone
from rnnnotes.cli import main
from rnnnotes.notation import v, w

find_all()

HEAD = """\
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import Eq, v, w
"""

RIGHT = (
    HEAD
    + '''

@formula(Eq(v * w, w * v), derivation=[("=", "numbers commute")])
def hidden_state(v, w):
    """Product of mine."""
    return w * v


@formula(Eq(v * w, v * w), given=[hidden_state], derivation=[("=", "the same")])
def above(v, w):
    """The same product."""
    return hidden_state(v, w)
'''
)

WRONG = RIGHT.replace("return w * v", "return w + v")


@pytest.fixture
def write(registry, own_folder):
    """Write a file into the folder at hand."""

    def write(name, text=RIGHT):
        path = own_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write


# -- Ids -------------------------------------------------------------------------------------------


def test_a_file_may_have_the_name_of_a_chapter(write, empty_cache):
    """Neither formula takes the place of the other, and the code of mine calls mine."""
    book = find("lstm.hidden_state")
    write("lstm.py")
    results = check("lstm.py")

    assert [result.id for result in results] == ["lstm.py:hidden_state", "lstm.py:above"]
    assert {result.code for result in results} == {"proved"}
    assert find("lstm.hidden_state") is book
    assert find("lstm.py:hidden_state").title == "Product of mine"


LETTER = r'''
from rnnnotes.book.state.formulas import formula
from rnnnotes.book.language.symbols import declare
from rnnnotes.notation import Eq, H, t, T, v

Q = declare("Q_own", r"\mathbf{q}'", "queries, not the eigenvectors of the book", H, times=(1, T))


@formula(Eq(Q[t], 2 * v))
def queries(v):
    """Queries."""
    return 2 * v


@formula(Eq(Q[t] + v, v + Q[t]), derivation=[("=", "the order of a sum is free")])
def added(Q, v):
    """Queries and a vector.

    >>> added([1, 2], [3, 4])
    array([4, 6])
    """
    return v + Q
'''


def test_a_letter_is_what_the_file_calls_it(write, empty_cache, declarations):
    """Two chapters may have a Q each: the module of the code says which one it is."""
    write("letters.py", LETTER)

    assert [result.code for result in check("letters.py")] == ["proved", "proved"]
    assert "Queries, not the eigenvectors" in documented(find("letters.py:added"))


def test_a_file_of_a_package_goes_by_its_place_in_there(write):
    """The id is the same whether the package is loaded, the file, or the file from within."""
    write("cells/__init__.py", "")
    write("cells/one.py")
    write("cells/two.py", "from .one import hidden_state\n" + RIGHT.replace("above", "beyond"))

    ids = {stated.id for stated in formulas_at("cells")}
    assert {"cells/one.py:above", "cells/two.py:beyond"} <= ids
    assert [stated.id for stated in formulas_at("cells/one.py:above")] == ["cells/one.py:above"]


def test_of_a_folder_files_that_use_this_package_are_loaded(write):
    """A script that stands there as well is not run."""
    write("mine.py")
    write("setup.py", "raise SystemExit('run by accident')")

    assert {stated.chapter for stated in formulas_at(".")} == {"mine.py"}


def test_a_file_that_is_loaded_is_not_loaded_again(write, monkeypatch, tmp_path):
    """A test suite has imported it, and a symbol cannot be declared twice."""
    write("plain.py")
    monkeypatch.syspath_prepend(tmp_path)
    plain = __import__("plain")

    assert formulas_at("plain.py")[0].code is plain.hidden_state.__wrapped__


def test_one_formula_gives_its_result_and_a_file_a_list(write, empty_cache):
    """A function and its address are one formula."""
    write("mine.py")
    (first, _) = formulas_at("mine.py")

    assert check("mine.py:hidden_state") == check(first.code)
    assert len(check("mine.py")) == 2


# -- Loading ---------------------------------------------------------------------------------------


def test_other_processes_find_a_file(write, empty_cache):
    """They are started anew, and the folder is not on the path of any of them."""
    write("mine.py")
    before = list(sys.path)
    outcomes = check_all(["mine.py:above"], cached=False)

    assert [outcome.verdict for outcome in outcomes.values()] == ["proved", "proved"]
    assert sys.path == before


MISTAKES = {
    "nowhere.py": (None, r"nowhere\.py: there is no such file or folder"),
    "text.txt/..": (None, r"no such file"),
    "syntax.py": (HEAD + "def f(:", r"syntax\.py, line 3: invalid syntax: def f\(:"),
    "nothing.py": (HEAD, r"nothing\.py: states no formula"),
    "name.py": (HEAD + "\nnobody", r"name\.py, line 4: NameError: name 'nobody'"),
    "leaves.py": (HEAD + "raise SystemExit(3)", r"leaves\.py, line 3: SystemExit: 3"),
    "types.py": (RIGHT, r"types\.py: types is the name of another module"),
    "bound.py": (RIGHT.replace("(v, w):", "(v, dw):"), r"line 5: .*'dw', .* say in `bindings`"),
    "twice.py": (RIGHT.replace("above", "hidden_state"), r"hidden_state: the id is taken$"),
    "mine.py:abov": (RIGHT, r"no formula 'abov'; it states hidden_state, above"),
    "key.py": (
        RIGHT.replace("derivation", 'source="hochreiter97", derivation', 1),
        r"key\.py, line 5: key\.py:hidden_state: no source 'hochreiter97' .* hochreiter1997",
    ),
}


@pytest.mark.parametrize(("address", "text", "said"), [(a, *m) for a, m in MISTAKES.items()],
                         ids=MISTAKES)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(write, address, text, said):
    """Place and reason; the path of Python is left as it was."""
    if text is not None:
        write(address.partition(":")[0], text)
    before = list(sys.path)

    with pytest.raises(FileError, match=said):
        formulas_at(address)
    assert sys.path == before


def test_a_file_is_no_formula(write):
    """The message says what is."""
    write("mine.py")

    with pytest.raises(UnknownFormulaError, match=r"mine\.py:hidden_state, mine\.py:above"):
        find("mine.py")


# -- Code ------------------------------------------------------------------------------------------

CALLS = (
    HEAD
    + '''
import {module}


@formula(Eq(v * w, w * v), derivation=[("=", "numbers commute")])
def product(v, w):
    """Product."""
    return {module}.scale * {module}.same(w) * v
'''
)


@pytest.mark.parametrize("module", ["helpers", "kit.helpers"])
@pytest.mark.parametrize(("old", "new"), [("return w", "return 2 * w"), ("= 1", "= 3")])
def test_a_change_in_another_file_changes_the_key(write, module, old, new):
    """A verdict from before the change would be false."""
    write("kit/__init__.py", "")
    helpers = module.replace(".", "/") + ".py"
    write(helpers, "scale = 1\ndef same(w):\n    return w\n")
    write("mine.py", CALLS.format(module=module))
    stated = find("mine.py:product")
    before = store.key_of(stated)
    store._key_of.cache_clear()
    assert store.key_of(stated) == before

    text = Path(helpers).read_text()
    exec(text.replace(old, new), vars(sys.modules[module]))
    store._key_of.cache_clear()
    assert store.key_of(stated) != before


def test_code_that_takes_a_whole_module_has_no_key(write):
    """What it does cannot be told from its names."""
    write("helpers.py", "def same(w):\n    return w\n")
    text = CALLS.format(module="helpers")
    write("mine.py", text.replace("helpers.scale * helpers.same", "getattr(helpers, 'same')"))

    with pytest.raises(StatementError, match="takes all of helpers"):
        store.key_of(find("mine.py:product"))


def test_code_on_the_line_of_its_head_is_shown(write):
    """Its body alone is the code, and the citation runs."""
    text = RIGHT.replace(':\n    """Product of mine."""\n    return', ": return")
    write("mine.py", text)
    stated, scope = find("mine.py:hidden_state"), {}
    exec(standalone(stated.code), scope)

    assert stated.source_code == "return w * v"
    assert stated.title == "hidden_state"
    assert scope["hidden_state"](2, 3) == 6


def test_code_without_a_file_is_refused(registry):
    """What runs is shown, and this can be shown nowhere."""
    scope = {"__name__": "nowhere", "formula": formula, "Eq": Eq, "v": v, "w": w}
    exec(RIGHT.removeprefix(HEAD), scope)

    with pytest.raises(StatementError, match="hidden_state: its code is in no file"):
        cite(stated_by(scope["hidden_state"]), "numpy")
    chosen = stated_by(scope["hidden_state"]), "vanilla_rnn.pre_activation"
    outcomes = check_all(chosen, cached=False, workers=2)
    assert "state it in a file" in outcomes["nowhere:hidden_state"].failure


# -- Sources ---------------------------------------------------------------------------------------

BIB = """
@book{doe2026, author = {Doe, Jane}, year = 2026}
@book{elman1990, author = {Roe, Rik}, title = {Another}, year = 1999}
"""


def test_a_source_beside_the_file_is_cited(write, empty_cache):
    """Its author is named, and nobody else; a key of the book may mean something else here."""
    write("papers.bib", BIB)
    for key, name in [("doe2026", "Doe"), ("elman1990", "Roe"), ("he2016", "He")]:
        write(f"{key}.py", RIGHT.replace("derivation", f'source="{key}", derivation', 1))
        stated = find(f"{key}.py:hidden_state")
        text = cite(stated, "bibtex")

        assert stated.bibliography[0].authors[0] == name
        assert name in text
        assert "developers" not in text
        assert name in cite(stated, "markdown")
    assert find("vanilla_rnn.hidden_state").bibliography[0].authors == ["Elman"]


def test_a_formula_without_source_says_so(write, empty_cache):
    """It is not credited to the book, under an address where it is not."""
    write("mine.py")
    stated = find("mine.py:hidden_state")

    assert "No author and no source are named" in cite(stated, "bibtex")
    assert "No author and no source are named" in cite(stated, "markdown")
    assert as_data(stated)["permalink"] is None
    for format in ("bibtex", "markdown", "latex", "numpy", "sympy"):
        assert "readthedocs" not in cite(stated, format)


def test_one_key_has_one_entry(write):
    """Which of two was meant cannot be known."""
    write("a.bib", BIB)
    write("b.bib", BIB.replace("Doe", "Poe"))
    write("mine.py", RIGHT.replace("derivation", 'source="doe2026", derivation', 1))

    with pytest.raises(FileError, match="doe2026 has two entries"):
        find("mine.py:hidden_state")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BIB.replace("2026}", "2026"), r"papers\.bib: syntax error in line 3"),
        (BIB.replace("doe2026", "doe2025"), r"no source 'doe2026' .* the nearest are doe2025"),
    ],
)
def test_a_source_that_is_not_found_or_read_fails_the_formula(write, text, message):
    """When it is stated, and not when it is cited; the message names the file, or what is near."""
    write("papers.bib", text)
    write("mine.py", RIGHT.replace("derivation", 'source="doe2026", derivation', 1))

    with pytest.raises(FileError, match=message):
        find("mine.py:hidden_state")


# -- The command line ------------------------------------------------------------------------------


@pytest.fixture
def run(empty_cache):
    """Run a command."""
    return lambda *words: CliRunner().invoke(main, words, prog_name="rnnnotes")


def test_commands_take_files(write, run):
    """As they take chapters and ids."""
    write("mine.py")
    listed, shown = run("list", "mine.py"), run("show", "mine.py:above")

    assert [line.split()[:2] for line in listed.output.splitlines()[1:]] == [
        ["mine.py:hidden_state", "proved"], ["mine.py:above", "proved"],
    ]  # fmt: skip
    assert shown.exit_code == 0
    assert "Permalink" not in shown.output
    assert str(Path("mine.py").resolve()) in shown.output


def test_a_mistake_in_a_file_fails_with_a_counterexample(write, run):
    """File, function and numbers; no traceback."""
    write("mine.py", WRONG)
    result = run("check", "mine.py")

    assert result.exit_code == 1
    assert "mine.py:hidden_state: the code is not the statement" in result.output
    assert "the code gives" in result.output
    assert "mine.py:above: rests on mine.py:hidden_state, which failed" in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_file_that_does_not_load_fails(write, run):
    """With status 1 in every command, and without a traceback."""
    write("mine.py", HEAD + "def f(:")
    for words in (["check", "mine.py"], ["list", "mine.py"], ["show", "mine.py:f"],
                  ["cite", "mine.py:f"]):  # fmt: skip
        result = run(*words)

        assert result.exit_code == 1
        assert result.output.startswith("Error: mine.py, line 3: invalid syntax")


def test_a_file_without_its_ending_is_suggested(write, run):
    """It is what one types first."""
    write("mine.py")

    assert "the file is given as mine.py" in run("check", "mine").output
