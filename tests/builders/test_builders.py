"""The whole book in every format, and what a build of it promises."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from babel.messages.pofile import read_po

from rnnnotes.book.find.chapters import find_all

ROOT = Path(__file__).parents[2]
FORMULAS = list(find_all().values())
DRAWINGS = re.findall(
    r"^```\{drawing\} ([\w.]+)\n:alt: (.+)$",
    "\n".join(page.read_text(encoding="utf-8") for page in sorted(ROOT.glob("docs/*.md"))),
    re.MULTILINE,
)


def build(out: Path, builder: str = "html", *options: str, source: Path = ROOT) -> Path:
    """Build the book, with warnings as errors, and return the folder of what was built.

    The formats share what was read of the pages, unless messages are kept in it as well; and no
    two processes order a set alike.
    """
    folder = out / builder
    doctrees = out / ("messages" if builder == "gettext" else "doctrees")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "--quiet", "--nitpicky", "--fail-on-warning"),
            *("--keep-going", "--builder", builder, *options, "--conf-dir", source),
            *("--doctree-dir", doctrees, source / "docs", folder),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PYTHONWARNINGS": "ignore"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site, built by one process."""
    out = tmp_path_factory.mktemp("out")
    build(out)
    return out


def digests(folder: Path) -> dict[str, str]:
    """Digest of each file."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def written(folder: Path) -> dict[Path, int]:
    """Time of each file."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_build_of_nothing_new_writes_nothing(out: Path) -> None:
    """Not even a file with the same content: who copies a site takes a new time for a change."""
    before, times = digests(out / "html"), written(out / "html")
    build(out)

    assert digests(out / "html") == before
    assert written(out / "html") == times


def test_builds_in_parallel_and_elsewhere_are_equal(out: Path, tmp_path: Path) -> None:
    """Nothing of a date, of a folder, or of the order of a set or of processes is in a file."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("docs", "rnnnotes"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    shutil.copy(ROOT / "conf.py", source)
    (source / "docs" / "node_modules").symlink_to(ROOT / "docs" / "node_modules")
    other = build(tmp_path / "other", "html", "--jobs", "auto", source=source)

    assert digests(other) == digests(out / "html")


def test_plain_text_has_every_formula(out: Path) -> None:
    """Title, code and reasons, and the words of each drawing."""
    folder = build(out, "text")
    text = " ".join(path.read_text(encoding="utf-8") for path in folder.glob("*.txt"))
    text = unwrapped(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    parts = [part for stated in FORMULAS for part in (
        stated.title, stated.source_code, *(line.because for line in stated.derivation),
    )] + [alt for _, alt in DRAWINGS]  # fmt: skip

    assert [part for part in parts if unwrapped(part) not in text] == []


def unwrapped(text: str) -> str:
    """Text on one line, with words together that were parted at their hyphen."""
    return re.sub(r"(?<=\w)-\s+(?=\w)", "-", " ".join(text.split()))


def test_latex_has_every_formula_and_drawing(out: Path) -> None:
    """A reference leads to a label, a formula has its label, and a drawing is a file."""
    folder = build(out, "latex")
    tex = (folder / "rnnnotes.tex").read_text(encoding="utf-8")
    labels = set(re.findall(r"\\label\{(?:\\detokenize\{)?([^}]*)\}", tex))
    references = set(re.findall(r"\\(?:eqref|ref|hyperref\[)\{?(?:\\detokenize\{)?([^}]*)\}", tex))
    images = re.findall(r"\\sphinxincludegraphics(?:\[.*?\])?\{\{([^}]*)\}(\.\w+)\}", tex)

    assert references <= labels
    assert {f"equation:{stated.chapter}:{stated.id}" for stated in FORMULAS} <= labels
    assert len(images) == len(DRAWINGS)
    assert all((folder / f"{name}{suffix}").is_file() for name, suffix in images)


PARTS = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2, "mover": 2, "munder": 2, "munderover": 3}
"""How many parts an element of MathML has."""


def test_the_epub_holds_what_it_refers_to(out: Path) -> None:
    """A reader of books refuses a page that is not XML, and shows nothing for what is missing."""
    folder = build(out, "epub")
    pages = {path.name: ET.parse(path) for path in folder.glob("*.xhtml")}
    anchors = {name: {element.get("id") for element in page.iter()} for name, page in pages.items()}
    wrong = []
    for name, page in pages.items():
        for element in page.iter():
            address = element.get("href") or element.get("src") or ""
            file, _, anchor = address.partition("#")
            here = address and not re.match(r"https?:", address)
            lost = anchor and anchor not in anchors.get(file or name, ())
            if here and (lost or not (folder / (file or name)).is_file()):
                wrong.append(f"{name}: {address}")
            tag = element.tag.rpartition("}")[2]
            if len(element) != PARTS.get(tag, len(element)):
                wrong.append(f"{name}: {ET.tostring(element, 'unicode')}")

    assert wrong == []
    assert {stated.id for stated in FORMULAS} <= set().union(*anchors.values())
    assert len(list((folder / "_images").glob("*.svg"))) == len(DRAWINGS)


@pytest.fixture(scope="module")
def messages(out: Path) -> set[str]:
    """What goes to the translators."""
    folder = build(out, "gettext")
    found = set()
    for path in folder.glob("*.pot"):
        with path.open("rb") as file:
            found |= {str(message.id) for message in read_po(file) if message.id}
    return found


def test_the_sentences_of_formulas_go_to_the_translators(messages: set[str]) -> None:
    """Titles and reasons do; statements, and lines of code, do not."""
    sentences = {text for stated in FORMULAS for text in (
        stated.title, *(line.because for line in stated.derivation),
    )}  # fmt: skip
    code = {line.strip() for stated in FORMULAS for line in stated.source_code.splitlines()}

    assert sentences - messages == set()
    assert messages & (code | {stated.latex for stated in FORMULAS}) == set()


def test_mathematics_and_code_alone_do_not_go_to_the_translators(messages: set[str]) -> None:
    """A sentence may hold some; without it, there is nothing to translate."""
    inside = r"\$[^$]+\$|:math:`[^`]+`|``?[^`]+``?"
    wordless = [text for text in messages if not re.search(r"[^\W\d_]", re.sub(inside, "", text))]

    assert {alt for _, alt in DRAWINGS} <= messages
    assert wordless == []
    assert not [text for text in messages if text.startswith((">>>", "\\", "def ", "import "))]
