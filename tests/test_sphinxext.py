"""The Sphinx extension, on small sites that are thrown away."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.cmd.build import main

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.published import Published, add, dropped, load
from rnnnotes.sphinxext import blocks
from rnnnotes.sphinxext.a11y import repair
from rnnnotes.sphinxext.drawings import svg_of_page
from rnnnotes.sphinxext.widgets import Fold

ROOT = Path(__file__).parents[1]

CONF = """\
import sys
from pathlib import Path

import rnnnotes.notation
import rnnnotes.sphinxext

# The chapters of this site are its own.
rnnnotes.__path__[:] = [str(Path(__file__).parents[1] / "chapters")]

project = "toys"
extensions = ["myst_parser", "rnnnotes.sphinxext"]
nitpicky = True
numfig = math_numfig = True
html_theme = "basic"
project_copyright = "nobody"
html_baseurl = "https://toys.example/"
exclude_patterns = ["figures", "locale"]
locale_dirs = ["locale"]
myst_enable_extensions = ["dollarmath"]
"""

FIRST = '''\
"""Toys."""

from rnnnotes.book.state.arrays import Array
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import Eq, W_hh, a, b_h, f, h, t


PART = W_hh @ h[t - 1]
"""Part of the reading that has a name."""


@formula(Eq(a[t], PART + b_h), source="elman1990")
def reading(h_prev: Array, W_hh: Array, b_h: Array) -> Array:
    """Reading of a toy.

    Parameters
    ----------
    h_prev : (H,) ndarray
        State before.
    W_hh : (H, H) ndarray
        Weights.
    b_h : (H,) ndarray
        Bias.

    Returns
    -------
    a : (H,) ndarray
        What is read.
    """
    return W_hh @ h_prev + b_h


@formula(Eq(h[t], f(a[t])), source="elman1990")
def state(a, f):
    """State of a toy."""
    return f(a)
'''

SECOND = '''\
"""Toys that rest on others."""

import numpy as np

from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import Diag, Eq, Jacobian, W_hh, a, f, h, t
from rnnnotes.first import reading, state


@formula(
    Eq(Jacobian(h[t], h[t - 1]), Diag(f.prime(a[t])) @ W_hh),
    source=["pascanu2013", "elman1990"], given=[reading, state],
    derivation=[
        ("=", Jacobian(h[t], a[t]) @ Jacobian(a[t], h[t - 1]), "the chain rule"),
        ("=", "the reading is linear"),
    ],
)
def slope(a, W_hh, f_prime):
    """Slope of a toy."""
    return np.diag(f_prime(a)) @ W_hh
'''

PAGES = {
    "index.md": "# Toys\n\n```{toctree}\nfirst\nsecond\nchecking\nthird\nfourth\nfifth\n```\n",
    "first.md": "# First\n\n```{formula} first.reading\n```\n\n```{formula} first.state\n```\n",
    "second.md": "# Second\n\n```{formula} second.slope\n```\n",
    "checking.md": "# Checking\n\n```{verdict-counts}\n```\n",
    "third.md": (
        "# Third\n\nSee {formula}`second.slope`, {fml:ref}`first.state`, {eq}`second.slope`, "
        "[](#first.reading), {any}`second.slope`, {formula}`mine <first.state>` "
        "and {verdict}`second.slope`.\n"
    ),
    "fourth.md": "# Fourth\n\n```{derivation} second.slope\n```\n",
    "fifth.md": "# Fifth\n\n```{notation}\n```\n",
}

BUILDS = multiprocessing.get_context("forkserver")
"""Each build has a process of its own, split off from one that has loaded what all of them need."""
BUILDS.set_forkserver_preload(
    ["pytest", "myst_parser.sphinx_ext.main", "rnnnotes.sphinxext", "rnnnotes.notation"]
)

ENVIRONMENT = {"SOURCE_DATE_EPOCH": "1700000000", "PYTHONWARNINGS": "ignore"}


def run_sphinx(arguments: list[str], proofs: str, said: Path) -> None:
    """Build a site in the process at hand, and keep what the build says in a file."""
    os.environ.update(ENVIRONMENT, RNNNOTES_CACHE=proofs)
    with said.open("w", encoding="utf-8", buffering=1) as file, redirect_stderr(file):
        sys.exit(main(arguments))


class Site:
    """A small site in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("docs/conf.py", CONF)
        self.write("chapters/first.py", FIRST)
        self.write("chapters/second.py", SECOND)
        for name, text in PAGES.items():
            self.write(f"docs/{name}", text)

    def write(self, name: str, text: str) -> None:
        """Write a file of the source."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the source."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def arguments(self, builder: str = "html", *options: str) -> list[str]:
        """Arguments of a build; a warning is an error."""
        out = self.folder / "build" / builder
        return [
            *("--quiet", "--nitpicky", "--fail-on-warning", "--keep-going", "--builder", builder),
            *(*options, "--doctree-dir", f"{out}-doctrees", str(self.folder / "docs"), str(out)),
        ]

    def build(self, builder: str = "html", *options: str, fails: bool = False) -> str:
        """Build the site, and return what the build says."""
        arguments, said = self.arguments(builder, *options), self.folder / "said.txt"
        build = BUILDS.Process(
            target=run_sphinx, args=(arguments, os.environ["RNNNOTES_CACHE"], said)
        )
        build.start()
        build.join()

        assert (build.exitcode != 0) == fails, said.read_text(encoding="utf-8")
        return said.read_text(encoding="utf-8")

    def read(self, name: str, builder: str = "html") -> str:
        """Text of a file that was built."""
        return (self.folder / "build" / builder / name).read_text(encoding="utf-8")

    def files(self, builder: str = "html") -> dict[str, bytes]:
        """All files that were built."""
        out = self.folder / "build" / builder
        return {str(path.relative_to(out)): path.read_bytes()
                for path in sorted(out.rglob("*")) if path.is_file()}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the proofs of toys apart from those of the book."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNNNOTES_CACHE", str(tmp_path_factory.mktemp("proofs")))
        yield


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that a test may change."""
    return Site(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that is built once, for tests that only look."""
    built = Site(tmp_path_factory.mktemp("built"))
    built.build()
    return built


def words(html: str) -> str:
    """Text of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# -- What a page shows -----------------------------------------------------------------------------


def test_a_block_holds_every_part_of_a_formula(built: Site) -> None:
    """Each part comes from another function of the extension."""
    page = built.read("second.html")

    text = words(page)
    assert "Slope of a toy" in text
    assert r"\frac{\partial \mathbf{h}_{t}}{\partial \mathbf{h}_{t-1}} =" in page
    assert "def slope ( a , W_hh , f_prime ):" in text
    assert "weights from hidden state to hidden state" in text
    assert "the chain rule" in text
    assert "Uses Reading of a toy , State of a toy" in text
    assert "Source Pascanu, Mikolov and Bengio (2013) , Elman (1990)" in text
    assert 'id="second.slope"' in page


def test_a_verdict_is_shown_with_a_link_to_what_it_means(built: Site) -> None:
    """The word is that of the proof, which knows these three formulas."""
    first, second = built.read("first.html"), built.read("second.html")

    assert re.search(r'<a class="fml-badge-link[^>]*href="checking.html">.*?definition', first)
    assert re.search(r'href="checking.html">.*?proved', second, re.DOTALL)
    assert "code proved" in words(second)


def test_a_formula_links_to_those_that_use_it(built: Site) -> None:
    """The link is made from the other page."""
    assert "Used by Slope of a toy" in words(built.read("first.html"))


def test_every_kind_of_reference_finds_a_formula(built: Site) -> None:
    """A title is the text of a link unless its author gives one; an equation has its number."""
    page = built.read("third.html")

    text = words(page)
    assert "See Slope of a toy , State of a toy , (3) , Reading of a toy , Slope of a toy" in text
    assert re.search(r'href="first.html#first.state"[^>]*>(<[^>]*>)*mine<', page)


def test_texts_to_copy_stand_on_the_page_for_whoever_has_no_script(built: Site) -> None:
    """A button names the element that holds its text."""
    page = built.read("second.html")

    targets = re.findall(r'data-copy="([^"]+)"', page)
    assert len(targets) == 5
    assert all(f'<pre id="{target}"' in page for target in targets)


def test_counts_of_verdicts_are_computed(built: Site) -> None:
    """Two definitions and one proof make three."""
    text = words(built.read("checking.html"))

    assert "Chapter definition proved Sum" in text
    assert "First 2 0 2 Second 0 1 1 All chapters 2 1 3" in text


def test_the_notation_has_the_sections_of_its_module(built: Site) -> None:
    """The headings are the titles of the modules that declare the symbols."""
    page = built.read("fifth.html")

    assert re.findall(r"<h2>([^<]+)<", page)[:4] == [
        "Sizes", "Indices", "Functions", "Letters that every chapter has",
    ]  # fmt: skip
    assert "hidden state" in words(page)
    assert "Letters with another meaning in one chapter" in words(page)


def test_a_chapter_shows_its_letters(site: Site) -> None:
    """Its own, and those that have another part in it; a chapter that has none is refused."""
    site.write("docs/fifth.md", "# Fifth\n\n```{notation} gru\n```\n")
    site.build()
    page = words(site.read("fifth.html"))
    site.write("docs/fifth.md", "# Fifth\n\n```{notation} grue\n```\n")
    told = site.build(fails=True)

    assert "r_gate" in page
    assert "weights from hidden state to candidate" in page
    assert "f_gate" not in page
    assert "no notation of 'grue'" in told


def test_an_index_lists_formulas_by_chapter_and_by_symbol(built: Site) -> None:
    """A formula stands under each of its symbols."""
    by_chapter, by_symbol = built.read("fml-formulas.html"), built.read("fml-symbols.html")

    assert by_chapter.count('href="second.html#second.slope"') == 1
    assert by_symbol.count('href="second.html#second.slope"') == 4  # a, h, W_hh, f


def test_formulas_stand_in_the_order_of_the_book(site: Site) -> None:
    """It is that of the table of contents, whatever the names of the pages and who read them."""
    site.edit("docs/index.md", "first\nsecond\n", "second\nfirst\n")
    site.build("html", "--jobs", "4")

    ids = [record["id"] for record in json.loads(site.read("formulas.json"))["formulas"]]
    assert ids == ["second.slope", "first.reading", "first.state"]


def test_a_formula_may_be_shown_once_more(site: Site) -> None:
    """The second place has neither number nor anchor, so nothing is defined twice."""
    site.write("docs/third.md", "# Third\n\n```{formula} second.slope\n:no-index:\n```\n")
    site.build()

    again = site.read("third.html")
    assert "Slope of a toy" in again
    assert 'id="second.slope"' not in again
    assert "eqno" not in again


# -- What is refused -------------------------------------------------------------------------------


def test_an_unknown_formula_is_a_warning_that_suggests_one(site: Site) -> None:
    """A slip of the pen shall not leave a gap on a page."""
    site.write("docs/third.md", "# Third\n\n```{formula} first.stat\n```\n\n{verdict}`x.y`\n")
    said = site.build(fails=True)

    assert "third.md:3: WARNING: no formula 'first.stat'; the nearest are first.state" in said
    assert "no formula 'x.y'" in said


def test_a_reference_to_nothing_is_a_warning(site: Site) -> None:
    """It names what is missing."""
    site.write("docs/third.md", "# Third\n\n{formula}`first.gone`\n")

    assert "no formula 'first.gone' on any page" in site.build(fails=True)


def test_a_definition_has_no_derivation_to_show(site: Site) -> None:
    """An empty list would look like a proof of nothing."""
    site.write("docs/third.md", "# Third\n\n```{derivation} first.state\n```\n")

    assert "first.state is a definition and has no derivation" in site.build(fails=True)


def test_a_formula_that_does_not_hold_fails_the_build(site: Site) -> None:
    """The site may not show what its own check refutes."""
    site.edit("chapters/second.py", "Diag(f.prime(a[t])) @ W_hh", "W_hh @ Diag(f.prime(a[t]))")
    site.edit("chapters/second.py", "np.diag(f_prime(a)) @ W_hh", "W_hh @ np.diag(f_prime(a))")

    assert "second.slope, line 2 (the reading is linear)" in site.build(fails=True)


def test_mutants_that_were_never_tried_are_a_warning(site: Site) -> None:
    """A table of zeros would look like a result."""
    site.write("docs/third.md", "# Third\n\n```{mutants}\n```\n")

    assert "there is no mutants.json; `tox -e mutants` makes it" in site.build(fails=True)


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_formula_on_two_pages_is_a_warning(site: Site, jobs: str) -> None:
    """Serial and parallel readers find it in different places."""
    site.write("docs/fifth.md", "# Fifth\n\n```{formula} first.state\n```\n")

    said = site.build("html", "--jobs", jobs, fails=True)
    assert "formula first.state already stands on the page" in said


# -- Building again --------------------------------------------------------------------------------


def test_parallel_and_serial_builds_are_equal(site: Site) -> None:
    """Four readers merge what they have read in an order of their own."""
    site.build()
    serial = site.files()
    site.build("html", "--jobs", "4", "--fresh-env", "--write-all")

    assert site.files() == serial


def test_two_builds_of_one_source_are_equal(site: Site, tmp_path: Path) -> None:
    """Nothing of a date, of a folder or of the order of a set is left in a file.

    An interpreter of its own has another order in its sets.
    """
    other = Site(tmp_path / "other")
    with_katex(site)
    with_katex(other)
    site.build()
    subprocess.run(
        [sys.executable, "-m", "sphinx", *other.arguments()],
        env={**os.environ, **ENVIRONMENT, "PYTHONHASHSEED": "1"}, check=True,
    )  # fmt: skip

    assert site.files() == other.files()


def test_a_build_of_nothing_new_writes_nothing(site: Site) -> None:
    """Not even a file with the same content, nor one that is copied into the site."""
    with_katex(site)
    site.build()
    pages = [path for path in (site.folder / "build" / "html").rglob("*") if path.is_file()]
    times = {path: path.stat().st_mtime_ns for path in pages}
    site.build()

    assert {path: path.stat().st_mtime_ns for path in pages} == times


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_new_title_reaches_every_page_that_shows_it(site: Site, jobs: str) -> None:
    """Only the chapter has changed; the pages that refer to it have not.

    Parallel readers tell one another to which formulas a page refers.
    """
    site.build("html", "--jobs", jobs)
    site.edit("chapters/second.py", "Slope of a toy", "Incline of a toy")
    site.build()

    for page in ("second.html", "third.html", "first.html", "fml-formulas.html"):
        assert "Incline of a toy" in words(site.read(page))
        assert "Slope of a toy" not in words(site.read(page))
    assert "Incline of a toy" in site.read("f/second.slope.html")
    assert "Incline of a toy" in site.read("_static/formulas/second-slope.js")


def test_a_number_that_moves_reaches_every_page_that_shows_it(site: Site) -> None:
    """A new formula before it makes the third equation the second."""
    site.build()
    site.write("docs/first.md", "# First\n\n```{formula} first.state\n```\n")
    site.write("docs/fifth.md", "# Fifth\n\n```{formula} first.reading\n```\n")
    site.build()

    assert "State of a toy , (2)" in words(site.read("third.html"))


def test_a_removed_page_leaves_nothing_behind(site: Site) -> None:
    """Neither in the inventory nor among the files."""
    site.build()
    (site.folder / "docs" / "second.md").unlink()
    site.edit("docs/index.md", "second\n", "")
    site.write("docs/third.md", "# Third\n")
    site.build()

    assert not (site.folder / "build" / "html" / "f" / "second.slope.html").exists()
    assert "second.slope" not in inventory(site)
    assert "Used by" not in words(site.read("first.html"))
    assert "second.slope" not in site.read("formulas.json")


def inventory(site: Site) -> str:
    """Text of the inventory that other projects read."""
    *_, packed = (site.folder / "build/html/objects.inv").read_bytes().split(b"\n", 4)
    return zlib.decompress(packed).decode()


# -- Ids -------------------------------------------------------------------------------------------

IDS = """\
ids = ["first.state", "first.old", "first.gone"]
[renamed]
"first.old" = "first.state"
[withdrawn]
"first.gone" = "It counted one term twice; use first.state."
"""


def test_an_earlier_id_leads_to_the_formula(site: Site) -> None:
    """By role, by anchor, by permanent link and in the inventory."""
    site.write("docs/published-ids.toml", IDS)
    site.write("docs/third.md", "# Third\n\n{formula}`first.old` and [](#first.old)\n")
    site.build()

    assert site.read("third.html").count('href="first.html#first.state"') == 2
    assert 'id="first.old"' in site.read("first.html")
    assert "first.html#first.state" in site.read("f/first.old.html")
    assert "first.old fml:formula -1 first.html#first.state" in inventory(site)


def test_a_withdrawn_id_leads_to_the_reason(site: Site) -> None:
    """A reader who follows an old citation learns what has become of the formula."""
    site.write("docs/published-ids.toml", IDS)
    site.build()

    assert "It counted one term twice" in site.read("f/first.gone.html")
    assert "first.gone fml:formula -1 f/first.gone.html -" in inventory(site)


def test_a_reference_to_a_withdrawn_id_says_why(site: Site) -> None:
    """An author who refers to it learns it too."""
    site.write("docs/published-ids.toml", IDS)
    site.write("docs/third.md", "# Third\n\n{formula}`first.gone`\n")

    assert "first.gone has been withdrawn: It counted one term" in site.build(fails=True)


def test_a_dropped_id_is_found() -> None:
    """An id leads to a formula, to the formula it has become, or to a reason."""
    published = Published(
        ids=("a.kept", "a.renamed", "a.withdrawn", "a.dropped", "a.lost"),
        aliases={"a.renamed": "a.kept", "a.lost": "a.nowhere"},
        withdrawn={"a.withdrawn": "It was wrong."},
    )

    assert set(dropped(published, ["a.kept"])) == {"a.dropped", "a.lost"}


def test_a_published_id_that_stands_on_no_page_fails_the_build(site: Site) -> None:
    """The book may hold the formula, but its permanent link would lead nowhere."""
    site.write("docs/published-ids.toml", 'ids = ["first.state", "first.lost"]\n')

    assert "published id first.lost leads nowhere" in site.build(fails=True)


def test_new_ids_are_added_to_the_file(tmp_path: Path) -> None:
    """Those that are there stay, and so do the other tables."""
    path = tmp_path / "published-ids.toml"
    path.write_text(IDS, encoding="utf-8")

    assert add(path, ["first.state", "first.new"]) == ["first.new"]
    published = load(path)
    assert set(published.ids) == {"first.state", "first.old", "first.gone", "first.new"}
    assert published.aliases == {"first.old": "first.state"}


def test_the_book_has_dropped_no_id() -> None:
    """Every id of the file, and every id that the file has ever held, leads somewhere."""
    path = ROOT / "docs" / "published-ids.toml"
    now = load(path)
    history = subprocess.run(
        ["git",
          "log", "--patch", "--format=", "--", str(path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    ever = set(re.findall(r'^[-+ ]\s*"([\w.]+)",$', history, re.MULTILINE)) | set(now.ids)

    assert dropped(Published(tuple(ever), now.aliases, now.withdrawn), find_all()) == []


def test_the_catalogue_names_formulas_that_there_are() -> None:
    """A name of others that leads nowhere would be found by nobody."""
    catalogue = load(ROOT / "docs" / "published-ids.toml").catalogue

    assert {id_ for ids in catalogue.values() for id_ in ids} <= set(find_all())


def test_the_book_has_published_every_formula() -> None:
    """A formula that stands on a page can be cited, so its id is for ever."""
    published = load(ROOT / "docs" / "published-ids.toml")

    missing = set(find_all()) - set(published.ids)
    assert not missing, "run `python -m rnnnotes.book.find.published docs/published-ids.toml`"


# -- What a site offers beside its pages -----------------------------------------------------------


def test_a_permanent_link_leads_to_the_formula(built: Site) -> None:
    """At once, and by a link where a browser does not follow by itself."""
    page = built.read("f/second.slope.html")

    assert 'href="https://toys.example/second.html#second.slope"' in page
    assert 'content="0; url=../second.html#second.slope"' in page
    assert '<a href="../second.html#second.slope">Slope of a toy</a>' in page
    assert built.read("f/second.slope.bib").startswith("@")


def test_the_file_for_machines_holds_every_formula(built: Site) -> None:
    """With its address, and with the formulas that use it."""
    data = json.loads(built.read("formulas.json"))

    formulas = {record["id"]: record for record in data["formulas"]}
    assert list(formulas) == ["first.reading", "first.state", "second.slope"]
    assert formulas["first.state"]["used_by"] == ["second.slope"]
    assert formulas["second.slope"]["permalink"] == "https://toys.example/f/second.slope.html"
    assert data["versions"].keys() == {"python", "numpy", "rnnnotes", "sympy"}


def test_a_hypothesis_stands_before_the_equation_and_a_bound_below(site: Site) -> None:
    """What is supposed is read first, and is not taken for a range in which it holds."""
    given = "given=[reading, state],"
    site.edit("chapters/second.py", "import Diag,", "import H, Lt, Zeros, b_h, eta, Diag,")
    site.edit("chapters/second.py", given, f"{given} where=[Lt(eta, 1), Eq(b_h, Zeros(H))],")
    site.build()

    for name in ("second.html", "_static/formulas/second-slope.js"):
        *_, read = site.read(name).partition("Slope of a toy")
        said = "Suppose that", "mathbf{b}_{h}", "mathbf{h}_{t}", "provided that", "eta"
        assert sorted(said, key=read.index) == [*said]


def test_a_preview_holds_the_title_and_the_symbols(built: Site) -> None:
    """It is a script, since a page from a file may load scripts but no data."""
    script = built.read("_static/formulas/second-slope.js")

    assert script.startswith('formulaPreview("second-slope", ')
    assert "Slope of a toy" in script
    assert "weights from hidden state to hidden state" in script


def test_a_bibliography_lists_the_formulas_of_each_source(site: Site) -> None:
    """A citation is that of sphinxcontrib-bibtex, so it links to the entry."""
    site.edit("docs/conf.py", '"myst_parser"', '"myst_parser", "sphinxcontrib.bibtex"')
    site.write("docs/references.bib", (ROOT / "docs/references.bib").read_text(encoding="utf-8"))
    site.edit("docs/conf.py", "project =", 'bibtex_bibfiles = ["references.bib"]\nproject =')
    site.write("docs/fifth.md", "# Fifth\n\n```{bibliography}\n```\n")
    site.build()

    page = words(site.read("fifth.html"))
    assert "Formulas that go back to it: Reading of a toy , State of a toy , Slope of a" in page
    assert 'href="fifth.html#' in site.read("second.html")


def test_the_reference_of_the_package_shows_the_equation(site: Site) -> None:
    """It is printed below the summary, a shape is no class, and a part of a statement no data."""
    more = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_autodoc_typehints"]
    site.edit("docs/conf.py", '["myst_parser", ', f'[*{more!r}, "myst_parser", ')
    ignored = [("py:.*", r"(numpy|typing)\..*|Ellipsis")]  # other projects have their own site
    options = f"napoleon_use_rtype = False\nnitpick_ignore_regex = {ignored!r}\n"
    site.edit("docs/conf.py", "project =", f"{options}project =")
    site.write("docs/fifth.rst", "Fifth\n=====\n\n.. automodule:: rnnnotes.first\n   :members:\n")
    (site.folder / "docs/fifth.md").unlink()
    site.build()

    page = site.read("fifth.html")
    assert r"\mathbf{a}_{t} = \mathbf{W}_{hh} \mathbf{h}_{t-1} + \mathbf{b}_{h}" in page
    assert 'href="first.html#first.reading"' in page
    assert "(H, H) ndarray" in words(page)
    assert "State of a toy" in words(page)
    assert "Part of the reading" not in words(page)


# -- Other builders and languages ------------------------------------------------------------------


def test_plain_text_has_the_equation_the_code_and_the_reasons(site: Site) -> None:
    """What HTML folds is not lost."""
    site.build("text")

    text = site.read("second.txt", "text")
    assert r"\operatorname{diag}(f'(\mathbf{a}_{t}))" in text
    assert "return np.diag(f_prime(a)) @ W_hh" in text
    assert "the chain rule" in text
    assert "Uses Reading of a toy, State of a toy" in text


def test_latex_numbers_the_equation(site: Site) -> None:
    """The label is the one that a reference uses."""
    site.build("latex")

    tex = site.read("toys.tex", "latex")
    assert r"\label{equation:second:second.slope}" in tex
    assert r"\eqref{equation:second:second.slope}" in tex
    assert r"\textbf{Slope of a toy}" in tex


def test_many_links_are_folded() -> None:
    """A definition that everything rests on would hide the next formula under its links."""
    links = [nodes.Text(str(number)) for number in range(blocks.FEW + 1)]

    line, fold = blocks.formulas("used by", links[1:]), blocks.formulas("used by", links)
    assert line.astext() == "Used by 1, 2, 3, 4, 5, 6"
    assert isinstance(fold, Fold)
    assert [part.astext() for part in fold] == ["Used by 7 formulas", "0, 1, 2, 3, 4, 5, 6"]


def test_epub_folds_nothing(site: Site) -> None:
    """A reader of books has no script, and few unfold."""
    site.edit("docs/conf.py", "project =", 'version = "1"\nproject =')
    site.build("epub")

    page = site.read("second.xhtml", "epub")
    assert "the chain rule" in page
    assert "<details" not in page
    assert "<button" not in page


def test_epub_says_which_pages_hold_mathematics(site: Site) -> None:
    """EPUB 3 asks for it; the mathematics is MathML, and what is bold is so without a style."""
    with_katex(site)
    site.edit("docs/conf.py", "project =", 'version = "1"\nproject =')
    site.build("epub")

    files = site.read("content.opf", "epub")
    assert 'href="second.xhtml" properties="mathml"' in files
    assert 'href="checking.xhtml" media-type' in files
    assert "katex" not in files
    assert "<mi>\N{MATHEMATICAL BOLD SMALL H}</mi>" in site.read("second.xhtml", "epub")
    assert "katex.min.css" not in site.read("second.xhtml", "epub")


def messages(pot: str) -> list[str]:
    """Messages of a catalog."""
    return [json.loads(f'"{text}"') for text in re.findall(r'^msgid "(.+)"$', pot, re.MULTILINE)]


def test_translators_get_sentences_and_neither_mathematics_nor_code(site: Site) -> None:
    """A title, a reason, a meaning and the words of the extension; no TeX and no Python."""
    site.edit("docs/second.md", "# Second\n", "# Second\n\n| a word | `code` | $h_t$ |\n|-|-|-|\n")
    site.build("gettext")

    second, own = (messages(site.read(f"{name}.pot", "gettext")) for name in ("second", "sphinx"))
    assert {"Slope of a toy", "the chain rule", "hidden state", "time: the step at hand"} <= {
        *second
    }
    assert {"Used by", "proved at sizes", "Copy {what}"} <= {*own}
    assert "a word" in second
    assert not [text for text in second if re.search(r"\\|mathbf|np\.|def |[`$^]|_\{", text)]


FRENCH = {
    "second": {"Slope of a toy": "Pente d’un jouet", "the chain rule": "la règle de la chaîne",
               "hidden state": "état caché"},
    "sphinx": {"Used by": "Utilisé par", "proved": "prouvé"},
}  # fmt: skip


def test_a_translated_site_is_translated_throughout(site: Site) -> None:
    """On its page, in links to it, in the inventory and in the files beside the pages."""
    for name, pairs in FRENCH.items():
        text = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
        text += "".join(f'\nmsgid "{old}"\nmsgstr "{new}"\n' for old, new in pairs.items())
        site.write(f"docs/locale/fr/LC_MESSAGES/{name}.po", text)
    site.build("html", "--define", "language=fr")

    page = words(site.read("second.html"))
    assert "Pente d’un jouet" in page
    assert "la règle de la chaîne" in page
    assert "état caché" in page
    assert "prouvé" in page
    assert "Utilisé par Pente d’un jouet" in words(site.read("first.html"))
    assert "second.slope fml:formula 1 second.html#$ Pente d’un jouet" in inventory(site)
    assert "état caché" in site.read("_static/formulas/second-slope.js")


@pytest.fixture(scope="module")
def cited(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of formulas one of which was renamed and one withdrawn."""
    cited = Site(tmp_path_factory.mktemp("cited"))
    cited.write("docs/published-ids.toml", IDS)
    cited.build()
    return cited


def citing(site: Site, cited: Site, text: str, *extensions: str) -> str:
    """Page of another project that cites formulas."""
    for name in PAGES:
        (site.folder / "docs" / name).unlink(missing_ok=True)
    inv = str(cited.folder / "build/html/objects.inv")
    site.write(
        "docs/conf.py",
        f"""\
project = "other"
nitpicky = True
intersphinx_mapping = {{"toys": ("https://toys.example/", {inv!r})}}
extensions = {["myst_parser", "sphinx.ext.intersphinx", *extensions]!r}
""",
    )
    site.write("docs/index.md", f"# Other\n\n{text}\n")
    site.build()
    return site.read("index.html")


def links(page: str) -> list[tuple[str, str]]:
    """Addresses of another project on a page, with their texts."""
    found = re.findall(r'href="https://toys.example/([^"]*)"[^>]*>(.*?)</a>', page)
    return [(address, words(text)) for address, text in found]


def test_another_project_cites_a_formula_without_this_extension(site: Site, cited: Site) -> None:
    """The inventory names each formula for its domain and as a label that every project knows.

    The id that a formula had before leads to it too, and one that was withdrawn to the reason.
    """
    state, slope = "first.html#first.state", "second.html#second.slope"
    page = citing(site, cited, "{external+toys:ref}`fml-second.slope`, "
                  "[](inv:toys:fml:formula#second.slope), [](inv:toys#second.slope), "
                  "{external+toys:ref}`fml-first.old`, [](inv:toys:fml:formula#first.old) "
                  "and [](inv:toys:fml:formula#first.gone)")  # fmt: skip

    assert links(page) == [
        *[(slope, "Slope of a toy")] * 3,
        *[(state, "State of a toy")] * 2,
        ("f/first.gone.html", "first.gone"),
    ]


def test_another_project_cites_a_formula_with_this_extension(site: Site, cited: Site) -> None:
    """It then has the role of the domain, and the formulas of both projects side by side."""
    page = citing(site, cited, "{external+toys:fml:ref}`second.slope`, "
                  "{fml:ref}`first.old` and {formula}`mine <first.state>`",
                  "rnnnotes.sphinxext")  # fmt: skip

    assert links(page) == [
        ("second.html#second.slope", "Slope of a toy"),
        ("first.html#first.state", "State of a toy"),
        ("first.html#first.state", "mine"),
    ]


# -- Drawings --------------------------------------------------------------------------------------

FIGURES = '''\
"""Figures."""

from matplotlib.figure import Figure

from rnnnotes.first import state


def line() -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([0, 1], state([0.0, 1.0], lambda a: a), color="black")
    axes.set_title("A line")
    return figure
'''

DRAWING = "# Third\n\n```{drawing} third.line\n:alt: It rises.\n\nA *caption*.\n```\n"


def test_a_drawing_is_part_of_the_page(site: Site) -> None:
    """It takes the colour of the text, and says what it shows."""
    site.write("docs/figures/third.py", FIGURES)
    site.write("docs/third.md", DRAWING + DRAWING.removeprefix("# Third").replace("line", "line"))
    site.build()

    page = site.read("third.html")
    assert '<svg role="img" aria-label="It rises."' in page
    assert "stroke: currentColor" in page
    assert "#000000" not in page
    assert "<em>caption</em>" in page


def test_the_words_of_a_drawing_go_to_the_translators(site: Site) -> None:
    """They are all that some readers have of it."""
    site.write("docs/figures/third.py", FIGURES)
    site.write("docs/third.md", DRAWING)
    site.build("gettext")

    assert {"It rises.", "A *caption*."} <= {*messages(site.read("third.pot", "gettext"))}


@pytest.mark.parametrize(
    ("builder", "file"), [("latex", "third-line.pdf"), ("epub", "_images/third-line.svg")]
)
def test_other_builders_get_a_drawing_as_a_file(site: Site, builder: str, file: str) -> None:
    """In the format that they take, and equal each time."""
    site.edit("docs/conf.py", "project =", 'version = "1"\nproject =')
    site.write("docs/figures/third.py", FIGURES)
    site.write("docs/third.md", DRAWING)
    site.build(builder)
    first = site.files(builder)[file]
    site.build(builder, "--fresh-env", "--write-all")

    assert site.files(builder)[file] == first


def test_a_drawing_in_a_book_refers_to_nothing_outside_it(site: Site) -> None:
    """EPUB allows no address of a grammar, and no path without a way, as a space has one."""
    site.edit("docs/conf.py", "project =", 'version = "1"\nproject =')
    site.write("docs/figures/third.py", FIGURES)
    site.write("docs/third.md", DRAWING)
    site.build("epub")

    svg = site.read("_images/third-line.svg", "epub")
    assert "<!DOCTYPE" not in svg
    assert '<path d=""' in svg
    assert not re.search(r"<path (?![^>]*\bd=)", svg)


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (DRAWING.replace(":alt: It rises.\n", ""), "the option :alt: says what it shows"),
        (DRAWING.replace("third.line", "third.curve"), "has no such function"),
        (DRAWING.replace("third.line", "gone.line"), "there is no figures/gone.py"),
    ],
)
def test_a_drawing_that_cannot_be_shown_fails_the_build(
    site: Site, page: str, complaint: str
) -> None:
    """Each complaint names the drawing."""
    site.write("docs/figures/third.py", FIGURES)
    site.write("docs/third.md", page)

    assert complaint in site.build(fails=True)


def test_a_drawing_that_raises_fails_the_build(site: Site) -> None:
    """The page says where it was asked for."""
    site.write("docs/figures/third.py", FIGURES.replace("return figure", "return 1 / 0"))
    site.write("docs/third.md", DRAWING)

    said = site.build(fails=True)
    assert "third.md" in said
    assert "drawing third.line: ZeroDivisionError" in said


def test_a_project_that_draws_nothing_loads_no_library_for_it() -> None:
    """The extension serves other projects, which may have none."""
    asked = "import sys, rnnnotes.sphinxext; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_two_drawings_of_a_page_share_no_name() -> None:
    """A name in a page is unique, and so is what refers to it."""
    svg = '<svg viewBox="0 0 9 9"><path id="p"/><use xlink:href="#p" clip-path="url(#p)"/></svg>'

    one, two = svg_of_page(svg, "a.one", "One."), svg_of_page(svg, "a.two", "Two.")
    assert 'id="a-one-p"' in one
    assert 'href="#a-two-p" clip-path="url(#a-two-p)"' in two


# -- Mathematics -----------------------------------------------------------------------------------

ENGINE = """\
const NAMESPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"';
globalThis.katex = {renderToString: (tex, options) => {
  if (tex.includes("frown")) throw new Error("no such thing");
  if (options.output === "mathml") return `<math ${NAMESPACE}><mi mathvariant="bold">h</mi></math>`;
  return `<b class="set">${options.displayMode} ${tex.length}</b>`;
}};
"""


def with_katex(site: Site) -> None:
    """Set mathematics with an engine that stands in for KaTeX."""
    site.edit("docs/conf.py", '"myst_parser"', '"myst_parser", "rnnnotes.sphinxext.katex"')
    site.edit("docs/conf.py", "project =", 'html_math_renderer = "katex"\n'
              'katex_path = "../katex"\nproject =')  # fmt: skip
    for name in ("katex.min.css", "contrib/copy-tex.min.js", "fonts/KaTeX_Main.woff2"):
        site.write(f"katex/dist/{name}", "of KaTeX")
    site.write("katex/dist/katex.min.js", ENGINE)
    site.write("katex/LICENSE", "MIT")


def test_mathematics_is_set_when_the_site_is_built(site: Site) -> None:
    """No script is left to do it, and an equation that scrolls can be reached by keyboard."""
    with_katex(site)
    site.build()

    page = site.read("second.html")
    assert '<b class="set">true ' in page
    assert '<b class="set">false ' in page
    assert 'tabindex="0" role="group" aria-label="Equation 3"' in page
    assert not re.search(r"<script[^>]*mathjax", page)
    assert (site.folder / "build/html/_static/katex/fonts/KaTeX_Main.woff2").is_file()


def test_mathematics_that_cannot_be_set_fails_the_build(site: Site) -> None:
    """With the line of the page."""
    with_katex(site)
    site.write("docs/third.md", "# Third\n\nA $\\frown$.\n")

    assert "KaTeX cannot set '\\\\frown': Error: no such thing" in site.build(fails=True)


def test_a_site_without_katex_says_how_to_get_it(site: Site) -> None:
    """It comes with npm, which a reader of the sources may not know."""
    with_katex(site)
    site.edit("docs/conf.py", "../katex", "../missing")

    assert "build the site with `tox -e docs`" in site.build(fails=True)


# -- Repairs ---------------------------------------------------------------------------------------

SKIP = '<a class="skip-to-content"></a>'


@pytest.mark.parametrize(
    ("html", "part"),
    [
        ('<div class="highlight"><pre>', 'tabindex="0"'),
        ('<div class="table-wrapper">', 'tabindex="0"'),
        ('<p role="heading">', 'aria-level="2"'),
        ('<aside class="sidebar-drawer">', 'aria-label="Site navigation"'),
        ('<aside class="toc-drawer no-toc">', 'aria-label="Contents of the page"'),
        ('<button class="theme-toggle">', 'type="button"'),
        ('<a href="#" class="back-to-top">x</a>', '<nav aria-label="Top of the page"><a'),
        (
            f'\n<input type="checkbox" class="sidebar-toggle"><label class="overlay">{SKIP}',
            f'{SKIP}\n<nav class="sidebar-toggles" aria-label="Side bars">',
        ),
    ],
)
def test_a_page_is_repaired_once(html: str, part: str) -> None:
    """A repair that is made again changes nothing."""
    assert part not in html
    assert part in repair(html)
    assert repair(repair(html)) == repair(html)
