"""What a reader takes away of a formula: citations, and code that runs in an empty file."""

import json
import subprocess
import sys

import numpy as np
import pytest
from pybtex.database import parse_string

from rnnnotes.book import keeping
from rnnnotes.book.cite import sympytext
from rnnnotes.book.cite.citing import FORMATS, SITE, as_data, cite, permalink
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language import nodes
from rnnnotes.book.language.nodes import Expression, walk
from rnnnotes.book.prove.settings import settings_of
from rnnnotes.book.state.bibliography import find_source, keys, plain, read, sources
from rnnnotes.book.write import plaintext
from rnnnotes.book.write.latex import latex, range_latex
from rnnnotes.book.write.plaintext import range_text
from rnnnotes.book.write.plaintext import text as text_of
from rnnnotes.cli import FORMATS as OFFERED

BOOK = list(find_all())


# -- Citations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", BOOK)
def test_bibtex_is_read_by_another_library(id):
    """Pybtex knows nothing of this package: it finds the formula first, then its sources."""
    entries = parse_string(cite(find(id), "bibtex"), "bibtex").entries
    first, *others = entries.values()

    assert list(entries) == [f"rnnnotes:{id}", *find(id).sources]
    assert first.fields["url"] == f"{SITE}f/{id}.html"
    assert first.fields["title"].replace("{", "").replace("}", "") == find(id).title
    assert all("title" in other.fields for other in others)


def test_latex_holds_the_printed_equation():
    """The equation is that of the site, with a label and the address in a comment."""
    stated = find("gradients.gap_bound")
    text = cite(stated, "latex")

    assert f"\n  {stated.latex}\n" in text
    assert r"\label{eq:gradients.gap_bound}" in text
    assert f"% {permalink(stated.id)}" in text
    assert text.endswith(".\n")


@pytest.mark.parametrize("id", BOOK)
def test_every_export_says_for_what_a_formula_holds(id):
    """A recursion that ends before the last step is false without its range."""
    stated, data = find(id), as_data(find(id))
    prose = [cite(stated, "latex"), cite(stated, "markdown")]
    prose = ["\n".join(line for line in text.splitlines() if line[:1] != "%") for text in prose]

    for text in prose:
        assert all(f"${latex(condition)}$" in text for condition in stated.where)
        assert all(f"${range_latex(*bounds)}$" in text for bounds in stated.index_ranges())
        assert ("It holds" in text) == bool(stated.provisos or stated.index_ranges())
        assert ("Suppose that" in text) == bool(stated.hypotheses)
        assert all(latex(node) in text for node in walk(stated.statement)
                   if isinstance(node, nodes.Order))  # fmt: skip
    for name, conditions in (("hypotheses", stated.hypotheses), ("where", stated.provisos)):
        assert [shown["text"] for shown in data[name]] == [text_of(c) for c in conditions]
    assert {*stated.hypotheses, *stated.provisos} == {*stated.where}
    assert [(shown["latex"], shown["text"]) for shown in data["indices"]] == [
        (range_latex(*bounds), range_text(*bounds)) for bounds in stated.index_ranges()
    ]


def test_a_hypothesis_is_read_before_what_follows_from_it():
    """An equation that holds for this formula alone is no bound within which it holds."""
    stated = find("comparison.residual_path")
    supposed = r"Suppose that $\mathbf{W}_{hh} = \mathbf{0}$."

    for name in ("latex", "markdown"):
        text = cite(stated, name)
        assert text.index(supposed) < text.index(stated.latex)
        assert text.index("It holds for $t") > text.index(stated.latex)
    assert "\n# suppose W_hh = zeros\n" in cite(stated, "sympy")
    assert as_data(stated)["where"] == []


def test_range_of_a_recursion_stands_below_it():
    """At the last step the gradient has no next step: the formula is that of an earlier one."""
    text = cite(find("bptt.state_gradient"), "latex")

    assert text.splitlines()[-1] == r"It holds for $t = 1, \dots, T-1$."


def test_markdown_links_to_the_formula_and_names_its_sources():
    """Id, address, equation and source: enough to find it again without the site."""
    stated = find("bptt.step_jacobian")
    text = cite(stated, "markdown")

    assert text.startswith(f"[{stated.title}]({permalink(stated.id)})")
    assert stated.latex in text
    assert "Pascanu, Mikolov and Bengio (2013)" in text


@pytest.mark.parametrize("id", BOOK)
def test_json_is_plain_and_the_same_in_every_run(id):
    """Machines read it, and a site that is built twice is the same twice: no seconds."""
    data = json.loads(cite(find(id), "json"))

    assert data == as_data(find(id))
    assert data["id"] == id
    assert "seconds" not in data["result"]
    assert data["given"] == [parent.id for parent in find(id).given]


def test_an_unknown_format_is_refused():
    """The message names the formats there are."""
    with pytest.raises(ValueError, match="no format 'word': the formats are bibtex"):
        cite(find("vanilla_rnn.hidden_state"), "word")


def test_the_command_offers_each_format():
    """The command line names them itself, as it does not load what writes them."""
    assert tuple(FORMATS) == OFFERED


# -- NumPy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", BOOK)
def test_numpy_runs_in_an_empty_file(id):
    """Pasted where nothing else is, the code computes what the book's own code computes."""
    stated = find(id)
    scope = {}
    exec(cite(stated, "numpy"), scope)
    setting = settings_of(stated)[0]

    assert not scope[stated.name].__annotations__
    for at in setting.assignments:
        bound = {name: setting.argument(value, at, 0) for name, value in stated.arguments.items()}
        with np.errstate(all="ignore"):  # an unknown function may overflow
            np.testing.assert_array_equal(scope[stated.name](**bound), stated.code(**bound))


def test_numpy_needs_nothing_but_numpy(tmp_path):
    """Run in a file of its own, by a Python that cannot find this package."""
    code = cite(find("gradients.sigmoid_activation"), "numpy")
    (tmp_path / "empty.py").write_text(code + "print(sigmoid_activation(0.0))\n")
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED + "exec(open('empty.py').read())"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert run.stdout == "0.5\n"


BLOCKED = "import sys; sys.modules['rnnnotes'] = None\n"


# -- Text ------------------------------------------------------------------------------------------


NODES = {
    node for node in vars(nodes).values()
    if isinstance(node, type) and issubclass(node, Expression)
    and not node.__name__.startswith("_") and node is not Expression
}  # fmt: skip


@pytest.mark.parametrize("rules", [plaintext.RULES, sympytext.RULES], ids=["text", "SymPy"])
def test_every_node_is_written(rules):
    """A node that is added to the language is added to the printers."""
    assert set(rules) == NODES


def test_text_reads_as_it_was_stated():
    """Brackets stand where leaving them out would say something else."""
    from rnnnotes.notation import H, W_hh, v, w

    examples = {
        "v - (w + v)": v - (w + v),
        "v - w + v": v - w + v,
        "(v + w) ⊙ v": (v + w) * v,
        "vᵀ W_hh": v.T @ W_hh,
        "W_hhᵀ (v + w)": W_hh.T @ (v + w),
        "v wᵀ": nodes.Outer(v, w),
        "v/(v + 1)": v / (v + 1),
        "(v + w)^⊙2": (v + w) ** 2,
        "-(v + w)": -(v + w),
        "H-1": nodes.wrap(H - 1),
    }

    assert {plaintext.text(expression): expression for expression in examples.values()} == examples


# -- The bibliography ------------------------------------------------------------------------------


def test_the_texts_of_the_entries_are_the_file():
    """Each is read alike when it stands alone, and cut out, they leave nothing but empty lines."""
    left = keeping.data_file("references.bib").read_text(encoding="utf-8")
    for key, source in sources().items():
        assert left.count(source.text) == 1
        assert read(source.text) == {key: source}
        left = left.replace(source.text, "")

    assert not left.strip()


def test_the_keys_of_the_book_are_those_that_pybtex_finds():
    """A formula is stated by them alone, so what they lack, or have too much, would be believed."""
    assert list(keys(keeping.data_file("references.bib").read_text("utf-8"))) == list(sources())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("free } text { first @misc{a}, @Book { b , title = {c}} last", ["a", "b"]),
        ("% @book{a, year = 1}\n@misc{b}", ["a", "b"]),
        ("@comment{@book{a, year = 1}} @COMMENT {none}", ["a"]),
        ("@comment(@book{a}) @comment{@string{s = {t}}} @misc{b}", ["a", "b"]),
        ('@string{s = "x, @book{none, }"} @book{a, title = s}', ["a"]),
        ("@STRING{s = {x}} @PREAMBLE{{@misc{none}}} @misc\n{\n a\n,}", ["a"]),
        (r'@preamble{"\newcommand{\n}[1]{@book{none, }}"} @book{a,}', ["a"]),
        ("@book{a, title = {Not @book{none, } and @comment{none}}} @misc{b}", ["a", "b"]),
        ('@misc{a, note = "q {"} @misc{none, } "} @misc{b}', ["a", "b"]),
        ("@stringed{a} @commented{b, note = {}}", ["a", "b"]),
        ("@book{a:b/c-d.e+f_g'h&i%j(k), year = 1} @misc{@x}", ["a:b/c-d.e+f_g'h&i%j(k)", "@x"]),
    ],
)
def test_keys_are_those_that_pybtex_finds(text, expected):
    """Where a key is easily overlooked, or seen where there is none."""
    assert list(keys(text)) == expected == list(parse_string(text, "bibtex").entries)


def test_chapters_are_imported_without_pybtex():
    """Who calls a formula cites none, and would wait for it."""
    code = "import sys, rnnnotes.bptt; print('pybtex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"


@pytest.mark.parametrize("id", BOOK)
def test_every_source_of_a_formula_is_in_the_bibliography(id):
    """A key that leads nowhere is no source."""
    assert all(find_source(key).cited() for key in find(id).sources)


def test_an_unknown_source_is_refused():
    """The message names the key."""
    with pytest.raises(KeyError, match=r"no source 'nobody' in references\.bib"):
        find_source("nobody")


def test_fields_come_in_braces_in_quotes_or_bare():
    """All three are BibTeX."""
    entry = read('@misc{k, title = {A {B} c}, note = "d, e", year = 1990 }')["k"]

    assert entry.fields == {"title": "A B c", "note": "d, e", "year": "1990"}


def test_names_are_cited_by_the_last():
    """In whichever order they stand; a "von" belongs to it, and braces hold a name together."""
    names = {
        r"van der Maaten, Laurens and Laurens van der Maaten": ["van der Maaten"] * 2,
        r"Beno{\^i}t B. Mandelbrot and Kurt G{\"o}del": ["Mandelbrot", "Gödel"],
        r"King, Jr., Martin and {Barnes and Noble}": ["King", "Barnes and Noble"],
        r"Doe, Jane and others": ["Doe", "others"],
    }

    assert {name: read(f"@book{{k, author = {{{name}}}}}")["k"].authors for name in names} == names
    assert read("@book{k, year = 1990}")["k"].credited() == "? (1990)"


def test_an_address_is_no_latex():
    """It leads nowhere once a dash or a space is set in it, but an underscore may be escaped."""
    entry = read(r"@misc{k, url = {https://a.org/b--c/~d?e=%20f#g{\_}h\_i}, eprint = {1_2}}")["k"]

    assert entry.fields["url"] == "https://a.org/b--c/~d?e=%20f#g_h_i"
    assert entry.url == "https://arxiv.org/abs/1_2"


def test_latex_is_read_as_text():
    """Commands are left out with what they say of fonts, and nothing of the text is lost."""
    assert plain(r"the \emph{file} \texttt{op\_a.py}, 50% or 50\% of 5\,\$") == (
        "the file op_a.py, 50% or 50% of 5$"
    )
    assert plain(r"{\'\i}\c c{\v{S}}~\L{}\aa \ss ---\H{o}") == "íçŠ Łåß—ő"


def test_an_entry_has_its_own_text():
    """What it takes from elsewhere in the file is in its fields alone."""
    text = '@string{who = "Doe, Jane"}\n\n@Book(k, Author = who # { and Roe, Rik},\n  month = jan)'
    entry = read(text + " @misc{l}")["k"]

    assert entry.text == text.partition("\n\n")[2]
    assert entry.kind == "book"
    assert entry.authors == ["Doe", "Roe"]
    assert entry.fields == {"author": "Doe, Jane and Roe, Rik", "month": "January"}


def test_a_word_is_known_in_its_own_file():
    """What one file means by it, another does not."""
    assert read("@string{who = {Doe}} @misc{k, author = who}")["k"].authors == ["Doe"]
    with pytest.raises(ValueError, match="undefined string in line 1: who"):
        read("@misc{k, author = who}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@misc{k, title = {A}", "line 1: premature end of file"),
        ("@misc{k,\n title = {A}\n year = 1990}", "line 3: '}' expected"),
        ("@misc{k, month = soon}", "undefined string in line 1: soon"),
        ("@misc{k, title = {A}, title = {B}}", "k has a duplicate title field"),
        ("@misc{k} @misc{k}", "repeated bibliography entry: k"),
        ("@misc{k, author = {A, B, C, D}}", "Too many commas in 'A, B, C, D'"),
        ("mail to a@b.c for @misc{k}", r"line 1: '\(' or '\{' expected"),
    ],
)
def test_what_bibtex_does_not_read_is_refused(text, message):
    """Half an entry would swallow the next one, and a field that is dropped is not missed."""
    with pytest.raises(ValueError, match=message):
        read(text)


def test_the_installed_copy_comes_first(monkeypatch, tmp_path):
    """A wheel carries the bibliography beside the package; a checkout has it with the pages."""
    (tmp_path / "references.bib").write_text("@misc{copy, title = {A copy}}")
    monkeypatch.setattr(keeping, "PACKAGE", tmp_path)
    sources.cache_clear()
    try:
        assert list(sources()) == ["copy"]
    finally:
        sources.cache_clear()
