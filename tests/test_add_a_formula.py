"""The page on how to add a formula, followed to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from following import follow

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "add_a_formula.md"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Copy of the repository in which the steps have been followed."""
    root = tmp_path_factory.mktemp("clone")
    unwanted = shutil.ignore_patterns("node_modules", "__pycache__")
    for folder in ("rnnnotes", "docs"):
        shutil.copytree(ROOT / folder, root / folder, ignore=unwanted)
    (root / "tests").mkdir()
    for file in ("conf.py", "conftest.py", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / file, root / file)
    assert follow(PAGE.read_text(encoding="utf-8"), root) == [
        "rnnnotes/notation/leaky_unit.py",
        "rnnnotes/notation/__init__.py",
        "rnnnotes/leaky_unit.py",
        "rnnnotes/leaky_unit.py",
        "docs/leaky_unit.md",
        "docs/index.md",
        "tests/test_leaky_unit.py",
    ]
    return root


def run(root, *command):
    """Run a Python command in the copy, with the package of the copy."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "RNNNOTES_CACHE": str(root / "proofs")},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    return done.returncode, done.stdout + done.stderr


VERDICT = """
from rnnnotes import leaky_unit
from rnnnotes.book.check.checking import result_of
from rnnnotes.book.state.formulas import FORMULAS

print(leaky_unit.__file__)
for name in ("average", "distance"):
    result = result_of(FORMULAS[f"leaky_unit.{name}"])
    print(name, "|", result.verdict, "|", result.code)
"""


def test_formula_of_the_page_is_proved(clone):
    """The verdict is computed anew, for the formula as it was copied off the page."""
    code, said = run(clone, "-c", VERDICT)

    assert code == 0, said
    assert said.splitlines() == [
        str(clone / "rnnnotes" / "leaky_unit.py"),
        "average | definition | proved",
        "distance | proved | proved",
    ]


def test_command_of_the_page_checks_the_chapter(clone):
    """What the page tells a reader to run succeeds."""
    assert "$ rnnnotes check leaky_unit" in PAGE.read_text(encoding="utf-8")

    code, said = run(clone, "-m", "rnnnotes", "check", "leaky_unit")

    assert code == 0, said


def test_tests_and_examples_of_the_page_pass(clone):
    """The witness from outside and the examples of the docstrings agree with the code."""
    files = ("tests/test_leaky_unit.py", "rnnnotes/leaky_unit.py")
    code, said = run(
        clone, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", *files
    )

    assert code == 0, said
    assert "4 passed" in said


def test_formula_stands_on_its_page(clone):
    """The new page and the table of contents that names it are set without a warning of ours."""
    only = "include_patterns=leaky_unit.md,index.md,bibliography.md"
    code, said = run(
        clone, "-m", "sphinx", "-q", "-b", "text", "-c", ".", "-D", only, "docs", "build/text"
    )
    page = clone / "build" / "text" / "leaky_unit.txt"

    assert code == 0, said
    assert "leaky_unit" not in said
    assert "Distance of a leaky unit from its input proved" in page.read_text(encoding="utf-8")


def test_a_slip_is_refused_as_the_page_says(clone):
    """The page shows the message for a wrong sign: it is the one that comes."""
    file = clone / "rnnnotes" / "leaky_unit.py"
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace("lam * (mu_prev - x_unit)", "lam * (mu_prev + x_unit)"))
    try:
        code, said = run(clone, "-m", "rnnnotes", "check", "leaky_unit.distance")
    finally:
        file.write_text(right, encoding="utf-8")
    (message,) = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

    assert code != 0
    assert message in said
