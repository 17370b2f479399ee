"""Files outside of the book that state formulas: found, and loaded."""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from rnnnotes.book.language.nodes import StatementError
from rnnnotes.book.state.formulas import FORMULAS, Formula
from rnnnotes.book.state.identity import BOOK, file_of, root_of, split

__all__ = ["FileError", "address", "bring", "files_at", "formulas_at", "load"]


class FileError(ValueError):
    """A file of one's own that is not there, does not load, or states no formula."""


# -- Loading ---------------------------------------------------------------------------------------


def formulas_at(address: str) -> list[Formula]:
    """Formulas of a file or of the files of a folder, or the one that is named.

    Parameters
    ----------
    address : str
        Path of a file or folder, or ``path:function``.  Of a folder, those files count that
        import from this package.

    Returns
    -------
    list of Formula
        At least one.

    Raises
    ------
    FileError
        If there is none; the message says why, and in which line.
    """
    place, name = split(address)
    files = files_at(Path(place))
    for file in files:
        load(file)
    found = [stated for stated in FORMULAS.values() if stated.file in files]
    if not found:
        raise FileError(f"{place}: states no formula, which is a function under `@formula(...)`")
    chosen = [stated for stated in found if name in ("", stated.name)]
    if not chosen:
        names = ", ".join(stated.name for stated in found)
        raise FileError(f"{place}: no formula {name!r}; it states {names}")
    return chosen


def files_at(path: Path) -> list[Path]:
    """File of a path, or those of a folder that may state formulas.

    Raises
    ------
    FileError
        If there is no such file of Python, and no folder.
    """
    if path.is_dir():
        return [file.resolve() for file in sorted(path.glob("*.py"))
                if IMPORTS.search(file.read_text(encoding="utf-8"))]  # fmt: skip
    if not path.is_file():
        raise FileError(f"{path}: there is no such file or folder")
    if path.suffix != ".py":
        raise FileError(f"{path}: expected a file of Python, which ends in .py, or a folder")
    return [path.resolve()]


IMPORTS = re.compile(rf"^\s*(from|import) {BOOK}\b", re.MULTILINE)
"""What a file says that may state formulas."""


def load(file: Path) -> ModuleType:
    """Run a file as the module that it is to its neighbours, unless that was done before.

    Returns
    -------
    module
        What the file holds.

    Raises
    ------
    FileError
        If it does not run, or if its name is that of another module.
    """
    for module in list(sys.modules.values()):
        if _is_from(module, file):
            return module
    root = root_of(file)
    parts = file.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    try:
        bring(name, root)
    except (Exception, SystemExit) as error:
        raise FileError(f"{_place(error, file)}: {_reason(error)}") from error
    if not _is_from(sys.modules[name], file):
        other = getattr(sys.modules[name], "__file__", None) or "Python itself"
        raise FileError(f"{_shown(file)}: {name} is the name of another module, from {other}; "
                        "give the file another name")  # fmt: skip
    return sys.modules[name]


def bring(module: str, root: Path | str) -> None:
    """Import a module that a folder holds, and leave the path of Python as it was."""
    sys.path.insert(0, str(root))
    try:
        importlib.invalidate_caches()
        importlib.import_module(module)
    finally:
        sys.path.remove(str(root))


def address(code: Any) -> tuple[str, str]:
    """Name of the module of a function, and the folder in which another process finds it."""
    module, file = code.__module__, file_of(code)
    if file is None:
        return module, ""
    above = module.count(".") + (file.stem == "__init__")
    return module, str(file.parents[above])


def _is_from(module: Any, file: Path) -> bool:
    held = getattr(module, "__file__", None)
    return isinstance(held, str) and Path(held).name == file.name and Path(held).resolve() == file


# -- What went wrong -------------------------------------------------------------------------------


def _place(error: BaseException, file: Path) -> str:
    """Where a file went wrong: the last of its lines that ran, or the one that is no Python."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(Path(error.filename))}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if Path(frame.filename).resolve() == file]  # fmt: skip
    return f"{_shown(file)}, line {lines[-1]}" if lines else str(_shown(file))


def _shown(file: Path) -> Path:
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _reason(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        return f"{error.msg}: {line}" if line else error.msg
    return str(error) if isinstance(error, StatementError) else f"{type(error).__name__}: {error}"
