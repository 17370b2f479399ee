"""Ids that have been published, in one file: an id is for ever.

A formula may be renamed, and its old id becomes an alias.  It may be withdrawn, and its id then
says why.  It may not vanish.

New ids are added with ``python -m rnnnotes.book.find.published docs/published-ids.toml``.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rnnnotes.book.find.chapters import find_all

__all__ = ["Published", "add", "dropped", "load"]


@dataclass(frozen=True)
class Published:
    """Published ids, those of renamed and of withdrawn formulas, and what others call them."""

    ids: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def earlier(self, id: str) -> list[str]:
        """Ids that a formula had before."""
        return [old for old, new in self.aliases.items() if new == id]

    def keywords(self, id: str) -> list[str]:
        """Names that a formula has in the catalogue of the field."""
        return [name for name, ids in self.catalogue.items() if id in ids]


def load(path: Path) -> Published:
    """Read the file of published ids.

    Parameters
    ----------
    path : Path
        TOML file; a file that is not there holds no ids.

    Returns
    -------
    Published
        What it says.
    """
    if not path.is_file():
        return Published()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = (data.get(name, {}) for name in ("renamed", "withdrawn", "catalogue"))
    return Published(tuple(data.get("ids", ())), *tables)


def dropped(published: Published, known: Iterable[str]) -> list[str]:
    """Find published ids that lead nowhere any more.

    Parameters
    ----------
    published : Published
        What has been published.
    known : iterable of str
        Ids of the formulas that there are.

    Returns
    -------
    list of str
        Ids that neither name a formula, nor are renamed to one, nor are withdrawn.

    Examples
    --------
    >>> book = Published(("a.old", "a.gone", "a.new"), {"a.old": "a.new"})
    >>> dropped(book, ["a.new"])
    ['a.gone']
    """
    alive = set(known)
    return [
        id_
        for id_ in (*published.ids, *published.aliases)
        if published.aliases.get(id_, id_) not in alive and id_ not in published.withdrawn
    ]


def add(path: Path, known: Iterable[str]) -> list[str]:
    """Publish the ids that are new, and return them."""
    published = load(path)
    new = sorted(set(known) - set(published.ids))
    text = path.read_text(encoding="utf-8") if path.is_file() else HEAD
    start, end = text.index("ids = ["), text.index("]", text.index("ids = ["))
    lines = "".join(f"    {json.dumps(id_)},\n" for id_ in sorted({*published.ids, *new}))
    path.write_text(f"{text[:start]}ids = [\n{lines}{text[end:]}", encoding="utf-8")
    return new


HEAD = """\
# Ids that have been published, for ever.  New ones are added with
# `python -m rnnnotes.book.find.published docs/published-ids.toml`; a line is never removed.
ids = [
]

# Old id = "id that the formula has now"
[renamed]

# Old id = "why the formula was withdrawn, and what to use in its place"
[withdrawn]

# Name in the catalogue of the field, under which formulas are looked for = their ids
[catalogue]
"""


if __name__ == "__main__":
    for id_ in add(Path(sys.argv[1]), find_all()):
        sys.stdout.write(f"published {id_}\n")
