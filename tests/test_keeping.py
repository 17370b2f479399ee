"""Answers from disk: kept under the contents of all files, and never when one has changed."""

import json
import os
import shutil
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from rnnnotes.book import keeping
from rnnnotes.book.language.nodes import Eq
from rnnnotes.book.state.bibliography import find_source
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import v, w

ROOT = Path(__file__).parents[1]


@pytest.fixture
def package(empty_cache, tmp_path, monkeypatch):
    """A package of two files, whose contents a test may change."""
    find_source("elman1990")  # they are read once, from the package that is there now
    monkeypatch.setattr(keeping, "PACKAGE", tmp_path / "package")
    (tmp_path / "package" / "inner").mkdir(parents=True)
    (tmp_path / "package" / "outer.py").write_text("one")
    (tmp_path / "package" / "inner" / "deep.py").write_text("two")
    keeping.contents.cache_clear()
    yield tmp_path / "package"
    keeping.contents.cache_clear()


def made(answer="new"):
    """Ask again, as a new process would, of files that have been there before it."""
    keeping.contents.cache_clear()
    for path in keeping.PACKAGE.rglob("*"):
        os.utime(path, (0, 0))
    return keeping.answered(("a", "question"), lambda: answer)


def test_an_answer_is_made_once(package):
    """The second is that of the first, whatever would be made now."""
    assert made("first") == "first"
    assert made("second") == "first"
    assert keeping.answered(("another", "question"), lambda: "other") == "other"


@pytest.mark.parametrize("name", ["outer.py", "inner/deep.py"])
def test_a_changed_file_has_another_answer(package, name):
    """Its size and its time stay: what it holds is what counts."""
    made("old")
    (package / name).write_text("six")

    assert made() == "new"


def test_a_file_that_changes_after_it_was_loaded_is_not_kept(package):
    """A session answers from what it has loaded, and not for what the file holds by now."""
    keeping.contents.cache_clear()
    (package / "outer.py").write_text("six")
    os.utime(package / "outer.py", (2**40, 2**40))

    assert keeping.answered(("a", "question"), lambda: "of the session") == "of the session"
    assert made() == "new"


@pytest.mark.parametrize("change", ["added", "removed", "moved"])
def test_another_set_of_files_has_another_answer(package, change):
    """A module counts from its first line, and by its place."""
    made("old")
    if change == "added":
        (package / "more.py").write_text("")
    elif change == "removed":
        (package / "outer.py").unlink()
    else:
        (package / "inner" / "deep.py").rename(package / "deep.py")

    assert made() == "new"


@pytest.mark.parametrize("name", ["references.bib", "published-ids.toml"])
def test_what_stands_with_the_pages_counts(package, name):
    """Sources and old ids are part of an answer, and no part of a module."""
    made("old")
    (package / name).write_text("more")

    assert made() == "new"


@pytest.mark.parametrize("library", keeping.VERSIONS)
def test_another_version_of_a_library_has_another_answer(package, tmp_path, monkeypatch, library):
    """A library is told by the file that states its version, without being loaded."""
    made("old")
    folder = tmp_path / "libraries" / library
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / keeping.VERSIONS[library]).write_text("version = '99'")
    find = keeping.find_spec
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setattr(
        keeping, "find_spec",
        lambda name: PathFinder.find_spec(name) if name == library else find(name),
    )  # fmt: skip

    assert made() == "new"


@pytest.mark.parametrize("name", ["rnnnotes", "latexcodec", "pybtex", "z3-solver"])
def test_another_version_of_what_is_installed_has_another_answer(package, monkeypatch, name):
    """A proof, or a name in a citation, may come out otherwise."""
    made("old")
    of = keeping.version_of
    monkeypatch.setattr(keeping, "version_of", lambda one: "99" if one == name else of(one))

    assert made() == "new"


def test_versions_stand_where_they_are_looked_for():
    """The files hold what the libraries say of themselves."""
    for library, name in keeping.VERSIONS.items():
        module = __import__(library)

        assert module.__version__ in Path(module.__file__).with_name(name).read_text()


def test_python_without_asserts_has_other_answers(package, monkeypatch):
    """Proofs rest on them."""
    made("old")
    monkeypatch.setattr(sys, "flags", "optimized")

    assert made() == "new"


DAMAGES = {
    "changed": lambda text: text.replace("old", "new"),
    "cut short": lambda text: text[:-9],
    "of another kind": lambda text: "[]",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_answer_is_made_again(package, damage):
    """What is not as it was written is not trusted, whatever it says."""
    made("old")
    (entry,) = (keeping.folder() / "answers").iterdir()
    entry.write_text(damage(entry.read_text()))

    assert made("made again") == "made again"


def test_an_answer_of_another_question_is_not_trusted(package):
    """A whole and valid file counts under its own name only."""
    made("old")
    (entry,) = (keeping.folder() / "answers").iterdir()
    keeping.answered(("another",), lambda: "other")
    (other,) = {*(keeping.folder() / "answers").iterdir()} - {entry}
    other.replace(entry)

    assert made() == "new"


def test_what_is_old_is_removed(empty_cache):
    """The folder does not grow for ever: keys of files that have changed are never asked again."""
    keeping.write("answers", "old", 1)
    keeping.write("answers", "new", 2)
    os.utime(keeping.path_of("answers", "old"), (0, 0))
    keeping._clear.cache_clear()
    keeping.write("answers", "newest", 3)

    assert [keeping.read("answers", key) for key in ("old", "new", "newest")] == [None, 2, 3]


def test_what_fails_is_not_kept(package):
    """It leaves by an exception, and is tried again."""

    def fail():
        raise AssertionError("no")

    with pytest.raises(AssertionError, match="no"):
        keeping.answered(("a", "question"), fail)

    assert made() == "new"


def test_formulas_beside_the_book_are_neither_kept_nor_left_out(package, registry):
    """Their files are in no key, and an answer of the book does not know of them."""
    made("of the book")

    @formula(Eq(v, 2 * w), source="elman1990")
    def beside(w):
        """Stand beside the book."""
        return 2 * w

    assert made("with the other") == "with the other"
    del registry["test_keeping.py:beside"]
    assert made() == "of the book"


# -- The program -----------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    """Run a copy of this package, in which a test may break something."""
    shutil.copytree(ROOT / "rnnnotes", tmp_path / "rnnnotes",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    (tmp_path / "docs").mkdir()
    for name in ("references.bib", "published-ids.toml"):
        shutil.copy(ROOT / "docs" / name, tmp_path / "docs")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path),
                   "RNNNOTES_CACHE": str(tmp_path / "cache")}  # fmt: skip
    code = ("import json, sys; from rnnnotes.cli import main\n"
            "try: main(sys.argv[1:], 'rnnnotes')\n"
            "except SystemExit as end: code = end.code\n"
            "loaded = sorted({'sympy', 'numpy', 'pebble'} & {*sys.modules})\n"
            "print(json.dumps([code, loaded]), file=sys.stderr)")  # fmt: skip

    def run(*words):
        done = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, check=True,
                              env=environment, capture_output=True, text=True)  # fmt: skip
        return done.stdout, *json.loads(done.stderr.splitlines()[-1])

    return run


def test_a_broken_chapter_is_not_shown_as_proved(copy, tmp_path):
    """The verdict on disk is that of what the files held, and so is all that is shown."""
    ask = "show", "bptt.step_jacobian"
    first, again = copy(*ask), copy(*ask)
    chapter = tmp_path / "rnnnotes" / "bptt.py"
    right = chapter.read_text()
    chapter.write_text(
        right.replace(
            "return np.diag(f_prime(a)) @ W_hh\n", "return np.diag(f_prime(a)) @ W_hh.T\n"
        )
    )
    broken, still_broken = copy(*ask), copy(*ask)
    chapter.write_text(right)

    assert chapter.read_text() != broken
    assert "the code is proved" in first[0]
    assert first[1:] == (0, ["numpy", "sympy"])
    assert again == (first[0], 0, [])
    assert broken[1] == still_broken[1] == 1
    assert "proved" not in broken[0]
    assert copy(*ask) == again


def test_what_is_known_is_answered_without_sympy(copy):
    """Loading it takes longer than all that is asked for."""
    for ask in (("cite", "bptt.step_jacobian"), ("search", "hidden")):
        first, again = copy(*ask), copy(*ask)

        assert first[1] == 0
        assert again == (first[0], 0, [])
