"""Results of proofs on disk, each under a key made from all that it depends on.

A key covers the statement, its derivation and its code, its sizes, the keys of the formulas it
rests on, the definitions that it leaves out, what the notation says of its symbols, the modules
that prove, and the versions of what they stand on.  If any of these changes, the key
changes, and the old result is out of reach.
"""

from __future__ import annotations

import inspect
import platform
import re
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from rnnnotes.book import keeping
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.keeping import digest, version_of
from rnnnotes.book.language.symbols import INDICES
from rnnnotes.book.prove.premises import omitted_by
from rnnnotes.book.prove.sizes import choices
from rnnnotes.book.prove.verdicts import STRENGTH, Result
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.state.source import instructions

__all__ = ["content", "digest", "key_of", "load", "save"]

BYSTANDERS = {"arguments", "bibliography", "identity", "latex", "legend"}
"""Modules that the proving ones import, but that no verdict depends on."""

PACKAGE = Path(__file__).parents[2]
BOOK = PACKAGE / "book"


# -- Keys ------------------------------------------------------------------------------------------


def key_of(stated: Formula) -> str:
    """Key of a formula's result.

    Parameters
    ----------
    stated : Formula
        Formula whose result is kept.

    Returns
    -------
    str
        Digest of all that the result depends on.
    """
    # What a formula leaves out is known once all chapters are loaded, and changes with them.
    return _key_of(stated, tuple(other for other in find_all().values() if other.is_definition))


@cache
def _key_of(stated: Formula, definitions: tuple[Formula, ...]) -> str:
    left_out = [sp.Tuple(*definition) for definition in omitted_by(stated).values()]
    texts = [
        *content(stated),
        *map(str, choices(stated)),
        *instructions(stated.code),
        *(_key_of(parent, definitions) for parent in stated.given),
        *map(tree, left_out),
        *declarations(left_out),
        *foundations(),
    ]
    return digest("\n".join(texts))


def content(stated: Formula) -> list[str]:
    """All that a formula says, its code apart, and what the notation says of it."""
    parameters = inspect.signature(stated.code).parameters
    arguments = {name: stated.argument(name) for name in parameters}
    parts = [
        stated.statement,
        *stated.where,
        *(part for line in stated.derivation for part in (line.sign, line.expr)),
        *(part for index, bounds in stated.ranges.items() for part in (index, *bounds)),
        *(part for name, value in arguments.items() for part in (name, value)),
    ]
    return [stated.id, *map(tree, parts), *declarations(parts)]


def tree(node: Any) -> str:
    """Every node of a tree with its class, so that nothing that differs reads alike."""
    if not isinstance(node, sp.Basic):
        return repr(node)
    if not node.args or isinstance(node, sp.Symbol):
        return f"{type(node).__name__}:{sp.srepr(node)}"
    return f"{type(node).__name__}({', '.join(map(tree, node.args))})"


def declarations(parts: Sequence[Any]) -> list[str]:
    """Return what the notation says of the indices that occur, and of those they need."""
    pending = [part for part in parts if isinstance(part, sp.Basic)]
    found: dict[sp.Symbol, str] = {}
    while pending:
        for symbol in pending.pop().atoms(sp.Symbol) - set(found):
            found[symbol] = symbol.name
            if symbol in INDICES:
                low, high, _ = INDICES[symbol]
                found[symbol] += f" from {low} to {high}"
                pending += [low, high]
    return sorted(found.values())


@cache
def foundations() -> tuple[str, ...]:
    """Versions and sources of what proves."""
    versions = platform.python_version(), np.__version__, sp.__version__, version_of("z3-solver")
    return (*versions, *(digest(path.read_text()) for path in provers()))


def provers() -> list[Path]:
    """Files on which a verdict depends: `proof`, what it imports, and all of the core."""
    found: set[Path] = set()
    pending = [BOOK / "prove" / "proof.py"]
    while pending:
        path = pending.pop()
        if path not in found and path.stem not in BYSTANDERS:
            found.add(path)
            pending += imports(path)
    return sorted({*found, *(PACKAGE / "core").glob("*.py")})


IMPORT = re.compile(r"^\s*(?:from\s+(\S+)\s+)?import\s+(\([^)]*\)|[^(\n].*)", re.MULTILINE)
"""An import statement, as this package writes it."""


def imports(path: Path) -> list[Path]:
    """Files of the machinery that a file imports.

    They are found by lines: to read the files as Python takes as long as to load a chapter.
    """
    found: set[str] = set()
    for module, names in IMPORT.findall(path.read_text(encoding="utf-8")):
        taken = re.findall(r"[\w.]+", names)
        # What is imported from a room is a module.
        found |= {f"{module}.{name}" for name in taken} | {module} if module else {*taken}
    paths = {PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in found}
    return sorted(one for one in paths if one.is_relative_to(BOOK) and one.is_file())


# -- Results ---------------------------------------------------------------------------------------


def load(stated: Formula) -> Result | None:
    """Result that is kept for a formula, if there is one and it is as it was written.

    Parameters
    ----------
    stated : Formula
        Formula whose result is wanted.

    Returns
    -------
    Result or None
        None if there is none, or if its file was damaged.
    """
    data = keeping.read("results", key_of(stated))
    if not isinstance(data, dict) or data.get("id") != stated.id:
        return None
    if set(data) != {field.name for field in fields(Result)} or data["verdict"] not in STRENGTH:
        return None
    several = {name: tuple(data[name]) for name in ("lines", "sizes", "kinds", "by")}
    steps = {size: tuple(numbers) for size, numbers in data["steps"].items()}
    return Result(**{**data, **several, "steps": steps})


def save(stated: Formula, result: Result) -> None:
    """Keep a result."""
    keeping.write("results", key_of(stated), result.as_dict())
