"""The command line, as a person and as a script meet it."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from rich.console import Console

from rnnnotes.book.check.checking import Outcome
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.prove.verdicts import Result
from rnnnotes.cli import STYLES, VERDICTS, main, summary


@pytest.fixture
def run(empty_cache):
    """Run a command with an empty cache, without a terminal."""
    return lambda *words: CliRunner().invoke(main, words, prog_name="rnnnotes")


# -- check -----------------------------------------------------------------------------------------


def test_check_shows_each_verdict_and_a_table(run):
    """The formula that is asked for comes after what it rests on."""
    result = run("check", "vanilla_rnn.hidden_state", "bptt.step_jacobian")
    lines = result.output.splitlines()

    assert result.exit_code == 0
    assert sorted(line.split()[:2] for line in lines[:2]) == [
        ["vanilla_rnn.hidden_state", "definition"],
        ["vanilla_rnn.pre_activation", "definition"],
    ]
    assert lines[2].split()[:2] == ["bptt.step_jacobian", "proved"]
    assert lines[-1].split()[0] == "all"
    assert lines[-1].split()[-2] == "3"


def test_check_knows_what_it_has_proved(run):
    """The second run takes what the first has kept, unless it is told not to."""
    first, second, third = (
        run("check", "vanilla_rnn.hidden_state", *more).output for more in ([], [], ["--no-cache"])
    )

    assert "known" not in first
    assert "known" in second
    assert "known" not in third


def test_check_of_a_chapter_checks_each_of_its_formulas(run):
    """A chapter stands for all its formulas."""
    chapter = [id for id in find_all() if id.startswith("vanilla_rnn.")]
    result = run("check", "vanilla_rnn")

    assert result.exit_code == 0
    assert {line.split()[0] for line in result.output.splitlines() if line} >= set(chapter)


def test_a_broken_formula_makes_check_fail(run, throwaway):
    """The exit code is for a script; the line, the reason and a counterexample are for a person."""
    result = run("check", "throwaway.py:wrong")

    assert result.exit_code == 1
    assert "failed" in result.output
    assert "throwaway.py:wrong, line 1 (no signs)" in result.output
    assert "fails with" in result.output


def test_a_broken_formula_makes_show_fail(run, throwaway):
    """What is shown says that it is wrong, and so does the exit code."""
    result = run("show", "throwaway.py:wrong")

    assert result.exit_code == 1
    assert "line 1 (no signs)" in result.output


def test_a_formula_that_overruns_makes_check_fail(run):
    """No answer in time is no pass."""
    result = run("check", "bptt.tanh_backward", "--limit", "0.001")

    assert result.exit_code == 1
    assert "no answer within 0.001 s" in result.output


# -- list and show ---------------------------------------------------------------------------------


def test_list_goes_by_chapter(run):
    """Each line has an id, a verdict and a title."""
    result = run("list", "vanilla_rnn")
    lines = result.output.splitlines()

    assert result.exit_code == 0
    assert lines[0] == "vanilla_rnn"
    assert any(line.split() == ["vanilla_rnn.hidden_state", "definition", *TITLE] for line in lines)
    assert "bptt" not in result.output


TITLE = ["Hidden", "state", "after", "one", "step"]


def test_show_has_all_parts(run):
    """Equation, symbols with shapes, code, reasons, verdict and links, without one bracket lost."""
    result = run("show", "bptt.step_jacobian")

    assert result.exit_code == 0
    for part in (
        "∂h[t]/∂h[t-1] = diag(f'(a[t])) W_hh",
        "W_hh  (H, H)    weights from hidden state to hidden state",
        "H     size      hidden units",
        "    return np.diag(f_prime(a)) @ W_hh",
        "the chain rule",
        "the code is proved",
        "vanilla_rnn.pre_activation",
        "bptt.jacobian_product",
        "Pascanu, Mikolov and Bengio (2013)",
        "f/bptt.step_jacobian.html",
    ):
        assert part in result.output


def test_show_writes_latex_on_request(run):
    """The same equation, as the site sets it."""
    stated = find("bptt.step_jacobian")

    assert stated.latex in run("show", "bptt.step_jacobian", "--latex").output
    assert stated.latex not in run("show", "bptt.step_jacobian").output


@pytest.mark.parametrize("id", find_all())
def test_each_formula_can_be_shown(id):
    """No formula has a part that show cannot write."""
    from rnnnotes.book.write.plaintext import argument_text, range_text, text
    from rnnnotes.cli import _sections

    stated = find(id)
    sizes = {"H": 2}, {"H": 3}
    outcome = Outcome(stated, Result(id, "tested", "tested", (), sizes, 280, ("zeros", "large")))
    sections = dict(_sections(stated, outcome, text, range_text, argument_text))

    assert sections["Symbols"]
    assert sections["Verdict"] == [
        (
            "tested on 280 draws at H=2 and at H=3: zeros, large; "
            "the code agrees on draws at H=2 and at H=3"
        )
    ]
    assert ("Derivation" in sections) != stated.is_definition
    assert ("In the code" in sections) == bool(stated.bindings)
    assert sections.get("Suppose", []) == [text(one) for one in stated.hypotheses]
    assert sections.get("Where", []) == [text(condition) for condition in stated.provisos]
    assert sections.get("For all", []) == [range_text(*b) for b in stated.index_ranges()]


def test_what_is_shown_is_not_made_again(run, monkeypatch):
    """The second answer is that of the first, and no formula is looked for."""
    first = run("show", "bptt.step_jacobian")
    monkeypatch.delattr("rnnnotes.cli._find")

    assert run("show", "bptt.step_jacobian").output == first.output
    assert run("show", "bptt.step_jacobian", "--latex").exception


def test_one_formula_is_shown_without_other_processes(run, monkeypatch):
    """To start them takes longer than to prove it."""
    monkeypatch.delattr("rnnnotes.book.check.checking._pool")

    assert "the code is proved" in run("show", "bptt.step_jacobian").output


# -- search ----------------------------------------------------------------------------------------


def test_search_shows_ids_titles_and_reasons(run):
    """The best comes first, and words may come as several arguments or as one."""
    result = run("search", "Forget", "gate", "--limit", "2")
    lines = result.output.splitlines()

    assert result.exit_code == 0
    assert lines[0].split() == ["lstm.forget_gate", "Forget", "gate"]
    assert lines[1] == "    title (forget, gate)"
    assert len(lines) == 4
    assert run("search", "Forget gate", "--limit", "2").output == result.output


def test_what_search_returns_can_be_shown(run):
    """The first column is what show and cite take."""
    id = run("search", r"\odot").output.split()[0]

    assert run("cite", id).exit_code == 0


def test_search_that_finds_nothing_fails_and_suggests(run):
    """The exit code is for a script, the names are for a person."""
    result = run("search", "relv")

    assert result.exit_code == 1
    assert "nothing found for 'relv'; the nearest are" in result.output
    assert "building_blocks.relu" in result.output


@pytest.mark.parametrize("command", ["show", "cite"])
def test_a_keyword_stands_for_its_formula(run, command):
    """It is as good as the id."""
    by_keyword = run(command, "lstm-backward-df")

    assert by_keyword.exit_code == 0
    assert by_keyword.output == run(command, "lstm.forget_gate_gradient").output


def test_a_keyword_of_several_formulas_is_refused(run):
    """The message names them."""
    result = run("show", "gru-reset-gate")

    assert result.exit_code == 2
    assert "of several: gru.reset_gate_pre_activation, gru.reset_gate" in result.output


# -- cite ------------------------------------------------------------------------------------------


def test_cite_writes_bibtex_unless_told_otherwise(run):
    """BibTeX is what a paper needs."""
    assert run("cite", "bptt.step_jacobian").output.startswith("@misc{rnnnotes:bptt.step_jacobian,")


def test_cite_prints_code_that_runs(run):
    """What is printed is pasted into an empty file."""
    scope = {}
    exec(run("cite", "bptt.step_jacobian", "--format", "numpy").output, scope)

    assert scope["step_jacobian"]([1.0], [[2.0]], lambda a: [3.0]).tolist() == [[6.0]]


def test_cite_prints_json_for_machines(run):
    """One document, and nothing beside it."""
    assert json.loads(run("cite", "bptt.step_jacobian", "--format", "json").output)["id"] == (
        "bptt.step_jacobian"
    )


# -- Mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["show"], ["cite"], ["check"]], ids=" ".join)
def test_an_unknown_id_suggests_the_nearest(run, words):
    """A slip of one letter costs one look."""
    result = run(*words, "bptt.step_jacobain")

    assert result.exit_code == 2
    assert "no formula 'bptt.step_jacobain'; the nearest are bptt.step_jacobian" in result.output


@pytest.mark.parametrize("words", [["list"], ["check"]], ids=" ".join)
def test_an_unknown_chapter_suggests_the_nearest(run, words):
    """Also where a chapter and an id are both taken."""
    result = run(*words, "vanila_rnn")

    assert result.exit_code == 2
    assert "no chapter 'vanila_rnn'; the nearest are vanilla_rnn" in result.output


def test_an_unknown_format_is_refused(run):
    """The message names the formats."""
    result = run("cite", "bptt.step_jacobian", "--format", "word")

    assert result.exit_code == 2
    assert "'bibtex'" in result.output


# -- As a program ----------------------------------------------------------------------------------


def program(*words):
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rnnnotes", *words], capture_output=True, text=True, check=False
    )


def test_the_package_is_a_program():
    """The name in the help is that of the command, and an error has its exit code."""
    helped, failed = program("--help"), program("show", "nothing.here")

    assert helped.returncode == 0
    assert helped.stdout.startswith("Usage: rnnnotes ")
    assert failed.returncode == 2
    assert failed.stdout == ""


def test_help_comes_without_what_proves():
    """Loading SymPy takes several times as long as the rest of the help."""
    code = "import sys, rnnnotes.cli; print(sorted({'sympy', 'numpy', 'rich'} & {*sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout == "[]\n"


def test_output_that_goes_to_a_file_is_plain():
    """No colours, no bar, and no line that is broken."""
    result = program("check", "vanilla_rnn.hidden_state")

    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert result.stderr == ""


# -- The table -------------------------------------------------------------------------------------


def test_the_summary_counts_each_verdict():
    """The foot adds up what the rows say; a verdict that nothing has gets no column."""
    outcomes = {
        id: Outcome(find(id), Result(id, verdict, "proved", (), {}, 0), seconds=seconds)
        for id, verdict, seconds in [
            ("vanilla_rnn.hidden_state", "definition", 0.5),
            ("bptt.step_jacobian", "proved", 1.0),
            ("bptt.jacobian_product", "proved", 2.0),
        ]
    }
    outcomes["bptt.step_jacobian"] = Outcome(find("bptt.step_jacobian"), error=AssertionError("no"))
    console = Console(width=100)
    with console.capture() as shown:
        console.print(summary(outcomes, plain=True))

    assert [line.split() for line in shown.get().splitlines()] == [
        ["chapter", "definition", "proved", "failed", "formulas", "seconds"],
        ["vanilla_rnn", "1", "1", "0.5"],
        ["bptt", "1", "1", "2", "2.0"],
        ["all", "1", "1", "1", "3", "2.5"],
    ]


def test_each_verdict_has_a_column_and_a_style():
    """A verdict that is added to the prover is added to the table."""
    from rnnnotes.book.prove.verdicts import STRENGTH

    assert {*STRENGTH, "failed"} == {*VERDICTS} == {*STYLES}
