"""Files outside of the book that state formulas.

A formula of such a file has the id ``my_cells.py:my_step``, its file and its function, as it is
asked for.  A file that belongs to a package goes by its place in there, as ``cells/lstm.py``.
An id of the book has no colon, so neither can ever take the place of the other.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import sys
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnnotes.book.formulas import Formula

__all__ = ["FileError", "address", "file_of", "formulas_at", "identity", "is_own", "load", "split"]

BOOK = __package__.partition(".")[0]
"""Package whose formulas are those of the book."""


class FileError(ValueError):
    """A file of one's own that is not there, does not load, or states no formula."""


# -- Ids -------------------------------------------------------------------------------------------


def is_own(code: Any) -> bool:
    """Whether a function was written outside of the book."""
    return (getattr(code, "__module__", None) or "").partition(".")[0] != BOOK


def file_of(code: Any) -> Path | None:
    """File in which a function was written; None at a prompt, and for what `exec` has made."""
    file = getattr(inspect.unwrap(code), "__globals__", {}).get("__file__")
    return Path(file).resolve() if file else None


def identity(code: Any) -> str:
    """Id of the formula that a function computes.

    Examples
    --------
    >>> from rnnnotes.vanilla_rnn import hidden_state
    >>> identity(hidden_state)
    'vanilla_rnn.hidden_state'
    """
    module, name = getattr(code, "__module__", None) or "", getattr(code, "__name__", repr(code))
    if not is_own(code):
        return f"{module.rpartition('.')[2]}.{name}"
    file = file_of(code)
    place = _label(file) if file else module
    return f"{place}:{name}" if place else name


def split(address: str) -> tuple[str, str]:
    """Place of a formula, which is a chapter, a file or a folder, and its name, if there is one.

    Examples
    --------
    >>> split("cells/lstm.py:step")
    ('cells/lstm.py', 'step')
    >>> split("cells/lstm.py")
    ('cells/lstm.py', '')
    >>> split("bptt.step_jacobian")
    ('bptt', 'step_jacobian')
    """
    place, colon, name = address.rpartition(":")
    if colon and name.isidentifier():
        return place, name
    if is_path(address):
        return address, ""
    place, _, name = address.partition(".")
    return place, name


def is_path(address: str) -> bool:
    """Whether a name is that of a file or a folder, or of a formula of one."""
    return address.endswith(".py") or any(mark in address for mark in (":", "/", os.sep))


def is_place(address: str) -> bool:
    """Whether a name is that of a file or a folder, and not of one formula."""
    return is_path(address) and not split(address)[1]


@cache
def _label(file: Path) -> str:
    return file.relative_to(_root(file)).as_posix()


def _root(file: Path) -> Path:
    """Folder in which Python finds a file: above the packages that it belongs to."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


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
    from rnnnotes.book.formulas import FORMULAS

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
    root = _root(file)
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
    from rnnnotes.book.language import StatementError

    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        return f"{error.msg}: {line}" if line else error.msg
    return str(error) if isinstance(error, StatementError) else f"{type(error).__name__}: {error}"
