"""Data on disk, sealed under keys, and answers that are given again from there.

An answer, such as the text of a formula with its verdict, is made from the files of this
package and from nothing else.  So it is kept under the contents of all of them, with the
versions of what runs them: a file that changes, however it is reached, puts all answers out
of reach.  To look an answer up, no chapter is loaded, and neither is SymPy.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import platformdirs

__all__ = ["answered", "contents", "data_file", "digest", "folder", "read", "version_of", "write"]

PACKAGE = Path(__file__).parents[1]

VERSIONS = {"numpy": "version.py", "sympy": "release.py"}
"""For each library that answers depend on, the file in which it states its version."""

PACKAGES = "rnnnotes", "latexcodec", "pybtex", "z3-solver"
"""Those that say their version to the installer: itself, what reads sources, what proves."""


def folder() -> Path:
    """Return the folder of what is kept: ``RNNNOTES_CACHE``, or the user's cache if not set."""
    return Path(os.environ.get("RNNNOTES_CACHE") or platformdirs.user_cache_dir("rnnnotes"))


def digest(text: str) -> str:
    """Digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def data_file(name: str) -> Path:
    """Path of a file that stands with the pages, and of which an installed package has a copy."""
    candidates = PACKAGE / name, PACKAGE.parent / "docs" / name
    return next((path for path in candidates if path.is_file()), candidates[-1])


# -- Files -----------------------------------------------------------------------------------------


def path_of(kind: str, key: str) -> Path:
    """Path of what is kept under a key."""
    return folder() / kind / f"{key}.json"


def read(kind: str, key: str) -> Any:
    """Data that is kept under a key; None if there is none, or if its file was damaged."""
    try:
        kept = json.loads(path_of(kind, key).read_text(encoding="utf-8"))
        return kept["result"] if kept["digest"] == _seal(key, kept["result"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(kind: str, key: str, data: Any) -> None:
    """Keep data, which JSON can hold.  The file appears whole or not at all."""
    path = path_of(kind, key)
    text = json.dumps({"digest": _seal(key, data), "result": data}, indent=1)
    with suppress(OSError):  # No answer depends on a disk that can be written.
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        _clear(path.parent)


KEPT = 90 * 24 * 3600
"""Seconds for which data is kept: its key may long be that of no file any more."""


@cache
def _clear(folder: Path) -> None:
    """Remove what is older, once in a process."""
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - KEPT:
            path.unlink()


def _seal(key: str, data: Any) -> str:
    """Digest that ties data to its key."""
    return digest(key + json.dumps(data, sort_keys=True))


# -- Answers ---------------------------------------------------------------------------------------


def answered(question: Sequence[str], make: Callable[[], Any]) -> Any:
    """Answer from disk, or made now and kept.

    Parameters
    ----------
    question : sequence of str
        What is asked; equal questions have equal answers.
    make : callable
        Makes the answer, as data that JSON can hold, from the book alone.  What is no answer
        to be kept, such as that of a formula that fails, leaves it by an exception.

    Returns
    -------
    list, dict or str
        The answer.
    """
    if not _the_book_is_as_its_files():
        return make()
    key = digest(json.dumps([*question, *contents()]))
    answer = read("answers", key)
    if answer is None:
        answer = make()
        if _the_book_is_as_its_files():
            write("answers", key, answer)
    return answer


def _the_book_is_as_its_files() -> bool:
    """Whether nothing is loaded but the book, and no file has changed since then."""
    formulas = sys.modules.get("rnnnotes.book.state.formulas")
    return formulas is None or (
        all(stated.code.__module__.startswith("rnnnotes.") for stated in formulas.FORMULAS.values())
        and all(path.stat().st_mtime < formulas.LOADED for path in _files() if path.exists())
    )


@cache
def contents() -> tuple[str, ...]:
    """Digests of all files that an answer is made from, and versions of what runs them."""
    return (
        sys.version,
        str(sys.flags),
        *map(version_of, PACKAGES),
        *(_file_digest(path) for path in _files()),
    )


def version_of(package: str) -> str:
    """Version of a package; empty if it is not installed, as one that runs where it is written."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return ""


def _files() -> Iterator[Path]:
    yield from sorted(PACKAGE.rglob("*.py"))
    yield from map(data_file, ("references.bib", "published-ids.toml"))
    for library, name in VERSIONS.items():
        spec = find_spec(library)
        assert spec is not None
        assert spec.origin is not None
        yield Path(spec.origin).with_name(name)


def _file_digest(path: Path) -> str:
    """Where a file is, and the digest of what it holds; one that is not there has none."""
    with suppress(FileNotFoundError):
        return f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return f"{path} missing"
