"""The page on formulas of one's own, followed to the letter in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from following import follow

from rnnnotes.book.cite.citing import permalink

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "check_your_own.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ rnnnotes (.*)$", PAGE, re.MULTILINE)
MESSAGES = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder with the files of the page, and nothing else."""
    root = tmp_path_factory.mktemp("own")
    assert follow(PAGE, root) == [
        "my_cells.py",
        "test_my_cells.py",
        "my_slip.py",
        "papers.bib",
        "conf.py",
        "index.md",
    ]
    return root


def run(folder, *command):
    """Run a Python command in the folder."""
    environment = {"PYTHONPATH": str(ROOT), "RNNNOTES_CACHE": str(folder / "proofs")}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def edited(folder):
    """Change a file of the page for one test."""
    file = folder / "my_cells.py"
    right = file.read_text(encoding="utf-8")

    def edit(old, new):
        assert right.count(old) == 1
        file.write_text(right.replace(old, new), encoding="utf-8")

    yield edit
    file.write_text(right, encoding="utf-8")


def test_commands_of_the_page_run(folder):
    """All of them succeed but the one that meets the slip."""
    assert COMMANDS[-1] == "check my_slip.py"
    for command in COMMANDS[:-1]:
        code, said = run(folder, "-m", "rnnnotes", *command.split())

        assert code == 0, said
        assert "input_backward" in said


def test_tests_of_the_page_pass(folder):
    """The file is imported as a plain module, and checked by its name."""
    code, said = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert code == 0, said
    assert "2 passed" in said


def test_the_line_that_is_wrong_is_named_as_the_page_says(folder):
    """The message is that of the page, to the last number."""
    code, said = run(folder, "-m", "rnnnotes", *COMMANDS[-1].split())

    assert code == 1
    assert MESSAGES[0] in said
    assert "Traceback" not in said


def test_code_that_is_wrong_is_refuted_as_the_page_says(folder, edited):
    """The derivation is right, and the code has arguments of its own."""
    edited("return W_xh.T @ (f_prime(a) * dh)", "return W_xh.T @ dh")
    code, said = run(folder, "-m", "rnnnotes", "check", "my_cells.py")

    assert code == 1
    assert MESSAGES[1] in said


def test_a_source_of_the_page_is_cited(folder, edited):
    """Neither the developers of this package nor anybody else is named."""
    cite = "-m", "rnnnotes", "cite", "my_cells.py:input_backward"
    _, without = run(folder, *cite)
    edited("    derivation=", '    source="doe2026", derivation=')
    code, said = run(folder, *cite)

    assert "No author and no source are named" in without
    assert code == 0, said
    assert re.findall(r"author.*", said) == ["author = {Doe, Jane},"]


def test_the_site_of_the_page_is_built(folder):
    """In a theme that knows nothing of formulas, with all that belongs to them and no warning."""
    code, said = run(folder, "-m", "sphinx", "-nqW", "--keep-going", ".", "build")
    page = (folder / "build" / "index.html").read_text(encoding="utf-8")
    block, copy = page.split('<dl class="fml formula')[1:]

    assert code == 0, said
    assert 'href="#equation-my-cells-py-input-backward">(1)</a>' in page
    assert "_static/formulas.css" in page
    assert (folder / "build" / "_static" / "formulas.js").is_file()
    assert ">Source<" not in block
    assert copy.count(f'href="{permalink("bptt.step_jacobian")}"') == 1
    assert f'href="{permalink("bptt.input_gradient")}"' in block
    assert ">Source<" in copy
    assert "Pascanu" in copy


def test_a_site_may_want_all_formulas_on_its_pages(folder):
    """As that of the book does, in which a formula without a page is missed."""
    code, said = run(folder, "-m", "sphinx", "-nq", "-D", "formulas_elsewhere=0", ".", "build")

    assert code == 0, said
    assert "no formula 'bptt.input_gradient' on any page" in said
