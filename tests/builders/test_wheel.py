"""What a wheel tells a program that reads files and runs none of them."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import jedi
import pytest

from rnnnotes import lstm
from rnnnotes.book.cite.stubs import stub
from rnnnotes.book.find.chapters import chapters, find_all

ROOT = Path(__file__).parents[2]
CHAPTERS = chapters()


def asked(question: str) -> str:
    """What the backend says, in a process of its own that starts where the package is built."""
    command = [sys.executable, "-B", "-c", f"import hatch_build; print(hatch_build.{question})"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    return done.stdout


def built(kind: str, folder: Path) -> ZipFile:
    """Wheel of a kind, as an installer builds it."""
    asked(f"build_{kind}({str(folder)!r})")
    [path] = folder.glob("*.whl")
    return ZipFile(path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a wheel installs, and nothing of what the package needs to run."""
    folder = tmp_path_factory.mktemp("installed")
    with built("wheel", tmp_path_factory.mktemp("wheel")) as wheel:
        wheel.extractall(folder)
    return folder


def declared(path: Path) -> Iterator[str]:
    """Functions, as they are called, and names that a file declares."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name, args=args, returns=returns):
                yield f"{name}({ast.unparse(args)}) -> {ast.unparse(returns)}"
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name


# -- What is in a wheel ----------------------------------------------------------------------------


def test_each_chapter_has_a_stub_beside_it(installed: Path) -> None:
    """No other module has one: what a type checker reads of it is its file."""
    stubs = {path.relative_to(installed / "rnnnotes") for path in installed.rglob("*.pyi")}

    assert stubs == {Path(f"{chapter}.pyi") for chapter in CHAPTERS}


def test_what_is_not_installed_has_no_stubs(installed: Path, tmp_path: Path) -> None:
    """In the tree they would be out of date, and an editable wheel points to the tree."""
    with built("editable", tmp_path) as wheel:
        assert [name for name in wheel.namelist() if name.endswith(".pyi")] == []

    assert [*(ROOT / "rnnnotes").rglob("*.pyi")] == []


def test_a_wheel_alone_is_built_with_what_the_book_needs_to_run() -> None:
    """Who installs the tree itself waits for no second NumPy and SymPy."""
    assert "sympy" in asked("get_requires_for_build_wheel()")
    assert "sympy" not in asked("get_requires_for_build_editable()")
    assert "sympy" not in asked("get_requires_for_build_sdist()")


# -- What a stub says ------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_stub_declares_what_its_chapter_does(installed: Path, chapter: str) -> None:
    """Both files are read by the same reader, which asks the book nothing."""
    file = installed / "rnnnotes" / f"{chapter}.py"

    assert [*declared(file.with_suffix(".pyi"))] == [*declared(file)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_stub_tells_what_help_tells(installed: Path, chapter: str) -> None:
    """A file that is parsed, and a function that is asked, have the same docstring: every formula.

    So the completed text is in the file, and no quote or backslash has changed on the way.
    """
    module = importlib.import_module(f"rnnnotes.{chapter}")
    names = [one.code.__name__ for one in find_all().values() if one.chapter == chapter]
    nodes = ast.parse((installed / "rnnnotes" / f"{chapter}.pyi").read_text(encoding="utf-8")).body
    told = {one.name: ast.get_docstring(one) for one in nodes if isinstance(one, ast.FunctionDef)}

    assert told == {name: inspect.getdoc(getattr(module, name)) for name in names}
    assert all("Returns\n-------" in text for text in told.values())


def test_what_a_stub_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left out, it would be lost to a type checker without a word."""
    monkeypatch.setattr(inspect, "getsource", lambda module: '"""Text."""\n\ndel module')

    with pytest.raises(TypeError, match=r"rnnnotes\.lstm, line 3: expected .*, got 'del module'"):
        stub("lstm")


# -- Who reads it ----------------------------------------------------------------------------------


def test_an_editor_shows_shape_and_meaning_of_each_parameter(installed: Path) -> None:
    """Jedi finds the package and no NumPy, so it runs nothing; it reads a call that is typed."""
    project = jedi.Project(installed, sys_path=[str(installed)], smart_sys_path=False)
    call = "from rnnnotes import lstm\nlstm.cell_update("
    [signature] = jedi.Script(call, path=installed / "user.py", project=project).get_signatures()
    shown = signature.docstring(raw=True)

    assert [one.description for one in signature.params] == [
        "param f_gate: Array", "param c_prev: Array", "param i_gate: Array", "param c_tilde: Array"
    ]  # fmt: skip
    assert "f_gate : (H,) ndarray\n    Forget gate at this step.\n" in shown
    assert "c_prev : (H,) ndarray\n    Cell one step before.\n" in shown
    assert "i_gate : (H,) ndarray\n    Input gate at this step.\n" in shown
    assert "c_tilde : (H,) ndarray\n    Candidate for the cell at this step.\n" in shown
    assert shown == inspect.getdoc(lstm.cell_update)


def typed(installed: Path, *command: str) -> str:
    """What a tool of mypy says, from the folder and with the package of a wheel."""
    path = {"MYPYPATH": str(installed), "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-B", "-m", *command], cwd=installed, env={**os.environ, **path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


USED = """\
import numpy as np
from rnnnotes.building_blocks import Z
from rnnnotes.lstm import W_xi, forget_gate
half = forget_gate(np.zeros(2))
wrong = forget_gate("half open")
reveal_type((half.dtype, W_xi, Z))
"""


def test_a_type_checker_tells_right_use_from_wrong(installed: Path) -> None:
    """It knows what the function takes and gives back, and a letter and an expression."""
    (installed / "used.py").write_text(USED)
    said = typed(installed, "mypy", "--strict", "--follow-imports", "silent", "used.py")
    [refused, revealed, _] = said.splitlines()
    nodes = "rnnnotes.book.language.nodes"

    assert refused.startswith('used.py:5: error: Argument 1 to "forget_gate" has incompatible type')
    assert f"[numpy.dtype[numpy.float64], {nodes}.Variable, {nodes}.Sum]" in revealed


def test_the_stubs_are_those_of_what_runs(installed: Path) -> None:
    """Mypy loads the chapters and holds each against its stub, which it has checked before."""
    said = typed(installed, "mypy.stubtest", *(f"rnnnotes.{chapter}" for chapter in CHAPTERS))

    assert said == f"Success: no issues found in {len(CHAPTERS)} modules\n"
