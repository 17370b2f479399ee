"""What a formula is called, in the book and outside of it.

A formula of another file has the id ``my_cells.py:my_step``, its file and its function, as it is
asked for.  A file that belongs to a package goes by its place in there, as ``cells/lstm.py``.
An id of the book has no colon, so neither can ever take the place of the other.
"""

from __future__ import annotations

import inspect
import os
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["BOOK", "file_of", "identity", "is_own", "is_path", "is_place", "root_of", "split"]

BOOK = __package__.partition(".")[0]
"""Package whose formulas are those of the book."""


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
    return file.relative_to(root_of(file)).as_posix()


def root_of(file: Path) -> Path:
    """Folder in which Python finds a file: above the packages that it belongs to."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder
