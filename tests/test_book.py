"""The contract: what holds for every formula, every chapter and every page."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from itertools import combinations
from pathlib import Path

import pytest
import sympy as sp

from rnnnotes.book.check.checking import result_of
from rnnnotes.book.find.chapters import chapters, find_all
from rnnnotes.book.language.nodes import (
    At,
    Function,
    Gradient,
    Immediate,
    Jacobian,
    Steps,
    Variable,
    walk,
)
from rnnnotes.book.language.symbols import T
from rnnnotes.book.prove.verdicts import STRENGTH
from rnnnotes.book.state.legend import Words, documented, kind, more_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
FORMULAS = find_all()
OTHERS = {"index", "checking", "notation", "mistakes", "bibliography", "formula_index",
          "add_a_formula", "check_your_own", "compare_your_code"}  # fmt: skip
"""Pages that are no chapters."""

BANNED = re.compile(
    r"\b(simply|obvious\w*|trivial\w*|clearly|easy to see|of course)\b", re.IGNORECASE
)

each_formula = pytest.mark.parametrize("stated", FORMULAS.values(), ids=FORMULAS)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def fences(page, name):
    """Fenced blocks of a page under a name, as (argument, body)."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(
        r"^(`{3,}|:{3,})\{([\w-]+)\} ?([^\n]*)\n(.*?)^\1$", text, re.MULTILINE | re.DOTALL
    )
    return [(argument, body) for _, kind, argument, body in blocks if kind == name]


def prose(page):
    """Lines of a page that are sentences: no code, no tables, no directives."""
    text = re.sub(
        r"^(`{3,}|:{3,}).*?^\1$",
        "",
        page.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "|", ":", "("))]


def section(stated, name):
    """Section of the docstring that a reader of the function meets, by its heading."""
    doc = documented(stated)
    found = re.search(rf"^{name}\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


# -- The order of parameters -----------------------------------------------------------------------

ORDER = ["derivative", "input", "state", "matrix", "vector or number", "function", "index or size"]
"""What a parameter may stand for, in the order in which the parameters of a code stand."""


def group(stood):
    """Which of these a parameter stands for; what has a time and is no input is a state."""
    if isinstance(stood, Function):
        return "function"
    if isinstance(stood, sp.Symbol):
        return "index or size"
    parts = [*walk(stood)]
    if any(isinstance(part, Gradient | Jacobian | Immediate) for part in parts):
        return "derivative"
    times = [bound for part in parts if isinstance(part, Variable) for bound in part.times]
    if not any(bound.has(T) for bound in times):
        return "matrix" if len(stood.shape) == 2 else "vector or number"
    named_x = isinstance(stood, At | Steps) and stood.args[0].name.partition("_")[0] == "x"
    return "input" if named_x else "state"


@each_formula
def test_parameters_stand_in_one_order(stated):
    """Who has called one formula knows where a gradient or a weight goes in the next."""
    groups = [group(stood) for stood in stated.arguments.values()]

    assert groups == sorted(groups, key=ORDER.index)


def test_two_parameters_stand_in_one_order_wherever_they_meet():
    """Two arrays of one shape that change places are not refused: the numbers are wrong."""
    met = {}
    for stated in FORMULAS.values():
        for pair in combinations(stated.arguments, 2):
            met.setdefault(pair, stated.id)

    assert not {(met[pair], met[pair[::-1]]) for pair in met if pair[::-1] in met}


@each_formula
def test_no_parameter_has_a_default(stated):
    """A formula says all that it is computed from, and so does each call of it."""
    parameters = inspect.signature(stated.code).parameters.values()

    assert all(one.default is one.empty for one in parameters)
    assert all(one.kind is one.POSITIONAL_OR_KEYWORD for one in parameters)


# -- Every formula ---------------------------------------------------------------------------------


@each_formula
def test_formula_holds(stated):
    """Its derivation and its code are proved or tested, and so is all it rests on."""
    result = result_of(stated)

    assert result.verdict in STRENGTH
    assert (result.verdict == "definition") == stated.is_definition


@each_formula
def test_no_formula_is_stronger_than_what_it_rests_on(stated):
    """A chain is as strong as its weakest link."""
    strength = STRENGTH.index(result_of(stated).verdict)
    theorems = [other for other in stated.ancestors if not other.is_definition]

    assert stated.is_definition or all(
        STRENGTH.index(result_of(other).verdict) <= strength for other in theorems
    )


@each_formula
def test_docstring_has_every_part(stated):
    """A reader of the function finds what a reader of the page finds."""
    summary = (inspect.getdoc(stated.code) or "").partition("\n")[0]

    assert summary.endswith(".")
    assert stated.title
    assert section(stated, "Returns")
    assert ">>> " in section(stated, "Examples")


@each_formula
def test_docstring_gives_every_parameter_its_shape(stated):
    """The shape of an argument is the shape of its symbol."""
    parameters = section(stated, "Parameters")

    for name in inspect.signature(stated.code).parameters:
        assert re.search(
            rf"^{name} : {re.escape(kind(stated.argument(name)))}", parameters, re.MULTILINE
        )


@each_formula
def test_a_line_of_a_docstring_says_what_the_notation_does_not(stated):
    """What the notation says is printed from it, and would drift if it were written again."""
    words = Words(stated)

    for name, told in more_of(stated).items():
        known = words.of_argument(stated.arguments[name]) if name in stated.arguments else ""
        assert told not in (known, words.of_value())


@each_formula
def test_code_is_short_and_without_flags(stated):
    """A function computes one formula; what needs more lines is two formulas."""
    body = ast.parse(textwrap.dedent(stated.source_code)).body
    branches = [node for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.If)]

    assert len(stated.source_code.splitlines()) <= 5
    assert not branches


@each_formula
def test_sources_are_in_the_bibliography(stated):
    """No source is cited that is not listed."""
    keys = re.findall(
        r"^@\w+\{(\w+),", (DOCS / "references.bib").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert set(stated.sources) <= set(keys)


@each_formula
def test_every_given_formula_is_earlier(stated):
    """A theorem rests on what has been stated before it, so no proof is circular."""
    order = list(FORMULAS)

    assert all(order.index(other.id) < order.index(stated.id) for other in stated.given)


@each_formula
def test_formula_is_set_once_on_the_page_of_its_chapter(stated):
    """A formula has one home; elsewhere it is shown again, and says so."""
    homes = [
        page.stem
        for page in PAGES
        for argument, body in fences(page, "formula")
        if argument == stated.id and ":no-index:" not in body
    ]

    assert homes == [stated.chapter]


# -- Every chapter and page ------------------------------------------------------------------------


def test_each_chapter_is_a_module_a_page_and_a_test_file():
    """A chapter goes by one name everywhere."""
    for chapter in chapters():
        assert (ROOT / "rnnnotes" / f"{chapter}.py").exists()
        assert (DOCS / f"{chapter}.md").exists()
        assert (ROOT / "tests" / f"test_{chapter}.py").exists()

    assert {page.stem for page in PAGES} - OTHERS == set(chapters())


@each_page
def test_no_equation_is_typed_by_hand(page):
    """A displayed equation is printed from a statement that is checked."""
    text = page.read_text(encoding="utf-8")

    assert "$$" not in text
    assert not fences(page, "math")
    assert r"\begin{" not in text


@each_page
def test_every_prompt_is_run(page):
    """An example in another fence would never be run."""
    text = page.read_text(encoding="utf-8")
    quoted = sum(body.count(">>> ") for _, body in fences(page, "code-block"))
    run = sum(body.count(">>> ") for _, body in fences(page, "doctest"))

    assert text.count(">>> ") == run + quoted


@each_page
def test_every_picture_has_a_text(page):
    """Who does not see a picture reads what it shows."""
    for argument, body in fences(page, "drawing"):
        assert re.search(r"^:alt: \S", body, re.MULTILINE), argument


@each_page
def test_no_word_hides_a_step(page):
    """What is obvious to the writer is not to the reader."""
    found = [BANNED.search(line) for line in prose(page)]

    assert not [match[0] for match in found if match]


@each_page
def test_one_sentence_a_line(page):
    """A change of one sentence is a change of one line."""
    for line in prose(page):
        plain = re.sub(r"`[^`]*`|\$[^$]*\$|\be\.g\.|\bi\.e\.|\bvs\.", "", line)

        assert not re.search(r"[a-z)][.?!] +[A-Z]", plain), line


@each_page
def test_two_blank_lines_before_a_heading(page):
    """A section is seen in the source as it is on the page."""
    text = re.sub(
        r"^(`{3,}).*?^\1$", "x", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )

    assert all(
        text[: heading.start()].endswith("\n\n\n")
        for heading in re.finditer(r"^## ", text, re.MULTILINE)
    )


@each_page
def test_no_verdict_is_typed(page):
    """A verdict is computed: beside a link to a formula none is written."""
    for line in prose(page):
        assert not re.search(r"\{formula\}`[^`]+` \((proved|tested|cited|definition)", line)
