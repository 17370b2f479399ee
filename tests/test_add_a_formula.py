"""The page that tells how to add a formula, followed step by step in a copy of the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "add_a_formula.md"
ID = "building_blocks.sigmoid_slope_by_symmetry"

STEPS = re.compile(
    r"^````\{code-block\} \w+\n:caption: (?P<file>\S+)\n(?P<text>.*?)^````$"
    r"|^```console\n(?P<commands>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)

GET_READY = {
    "git clone <the address of your copy> rnnnotes",
    "cd rnnnotes",
    "python -m pip install tox --group tests --editable .",
}
"""Commands whose work has been done before a test runs."""

BUILD = (
    "python -m sphinx -q -c . -D root_doc=building_blocks -D html_math_renderer=mathjax "
    "-D katex_path=katex docs build/html docs/building_blocks.md"
)
"""What ``tox -e docs`` does to the page, without fetching what sets its mathematics."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project in which every step of the page has been taken."""
    folder = tmp_path_factory.mktemp("copy") / "rnnnotes"
    for name in ("conf.py", "conftest.py", "pyproject.toml", "docs", "rnnnotes", "tests"):
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("node_modules", "__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    (folder / "katex" / "dist").mkdir(parents=True)
    for other in folder.glob("docs/*.md"):  # the other pages take time, and say nothing here
        if other.stem not in {"building_blocks", "add_a_formula"}:
            other.unlink()
    for step in STEPS.finditer(PAGE.read_text(encoding="utf-8")):
        if step["file"]:
            path = folder / step["file"]
            path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{step['text'].strip()}\n")
        else:
            for command in re.findall(r"^\$ (.*)$", step["commands"], re.MULTILINE):
                run(command, folder)
    return folder


def run(command, folder):
    """Take a step on the command line."""
    if command in GET_READY:
        return
    words = shlex.split(BUILD if command == "tox -e docs" else command)
    program = ["-m", words[0]] if words[0] != "python" else []
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "120"}
    done = subprocess.run(  # noqa: S603 -- the commands are those of our own page
        [sys.executable, *program, *words[1:]],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"


def test_page_ends_with_a_proved_formula_on_a_built_page(copy):
    """A page about work that nobody does any more would tell what used to work."""
    page = (copy / "build" / "html" / "building_blocks.html").read_text(encoding="utf-8")
    block = page.partition(f'id="{ID}"')[2].partition("</dl>")[0]

    assert re.search(r"fml-badge-proved\W", block)
    assert r"\sigma'(u) = \sigma(u) \sigma(-u)" in block
    assert "return" in block


def test_id_is_published(copy):
    """From then on it has to lead somewhere."""
    ids = tomllib.loads((copy / "docs" / "published-ids.toml").read_text(encoding="utf-8"))["ids"]

    assert ID in ids


def test_wrong_sign_is_refused(copy):
    """The page promises that a mistake does not pass."""
    module = copy / "rnnnotes" / "building_blocks.py"
    right = module.read_text(encoding="utf-8")
    wrong = right.replace(
        "    return sigmoid(u) * sigmoid(-u)", "    return sigmoid(u) * sigmoid(u)"
    )
    assert wrong != right
    module.write_text(wrong, encoding="utf-8")

    with pytest.raises(AssertionError, match=ID):
        run(f"rnnnotes check {ID}", copy)

    module.write_text(right, encoding="utf-8")
