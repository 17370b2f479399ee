"""The sources that formulas go back to, as ``docs/references.bib`` holds them.

That file is the only home of a source of the book.  An installed package carries a copy of it.
A formula of another file has the ``.bib`` files beside it as well, and they come first.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rnnnotes.book.keeping import data_file

__all__ = ["Source", "UnknownSourceError", "find_source", "read", "sources", "sources_beside"]

ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
           "c": "\u0327", "v": "\u030c", "r": "\u030a", "u": "\u0306", "H": "\u030b"}  # fmt: skip
LETTERS = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "aa": "å",
           "i": "ı", "&": "&", "%": "%", "_": "_", "$": "$", "#": "#"}  # fmt: skip


class UnknownSourceError(KeyError):
    """A key that no bibliography holds."""

    def __str__(self) -> str:
        return str(self.args[0])


class Source(NamedTuple):
    """An entry of the bibliography: its text as it stands, and what it says."""

    key: str
    kind: str
    fields: dict[str, str]
    text: str

    @property
    def authors(self) -> list[str]:
        """Last names of the authors."""
        names = self.fields.get("author", "").split(" and ")
        return [name.partition(",")[0].strip() for name in names if name]

    def cited(self) -> str:
        """Authors, year, title and address, in one line."""
        title = f" {self.fields['title']}." if "title" in self.fields else ""
        return f"{self.credited()}.{title}" + (f" {self.url}" if self.url else "")

    def credited(self) -> str:
        """Authors and year."""
        *first, last = self.authors or ["?"]
        who = f"{', '.join(first)} and {last}" if first else last
        return who + (f" ({self.fields['year']})" if "year" in self.fields else "")

    @property
    def url(self) -> str:
        """Where it is found; empty if the entry does not say."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        if "eprint" in self.fields:
            return f"https://arxiv.org/abs/{self.fields['eprint']}"
        return self.fields.get("url", "")


def read(text: str) -> dict[str, Source]:
    r"""Read the entries of a BibTeX file.

    Parameters
    ----------
    text : str
        Text of the file.

    Returns
    -------
    dict of str to Source
        Each entry by its key.

    Examples
    --------
    >>> text = r'''@book{h, author = {H{\"o}rn, Anna}, title = {On {RNN}s}, year = 2026}'''
    >>> read(text)["h"].cited()
    'Hörn (2026). On RNNs.'
    """
    found: dict[str, Source] = {}
    for start in re.finditer(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,", text, re.MULTILINE):
        kind, key = start[1].lower(), start[2]
        end = _closing(text, text.index("{", start.start()))
        fields = dict(_fields(text[start.end() : end]))
        found[key] = Source(key, kind, fields, text[start.start() : end + 1])
    return found


def _closing(text: str, start: int) -> int:
    """Where the brace that opens at a place is closed."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"a brace is not closed: {text[start : start + 40]!r}")


def _fields(body: str) -> Iterator[tuple[str, str]]:
    """Fields of an entry: in braces, in quotes, or a bare word."""
    place = 0
    while name := re.compile(r"\s*,?\s*(\w+)\s*=\s*").match(body, place):
        start = name.end()
        if body[start] == "{":
            end = _closing(body, start) + 1
            value = body[start + 1 : end - 1]
        elif body[start] == '"':
            end = body.index('"', start + 1) + 1
            value = body[start + 1 : end - 1]
        else:
            end = start + len(re.compile(r"[^,\s]*").match(body, start)[0])  # type: ignore[index]
            value = body[start:end]
        yield name[1].lower(), plain(value)
        place = end


def plain(tex: str) -> str:
    r"""Text of a field, without LaTeX.

    Examples
    --------
    >>> plain(r"Schr{\"o}dinger \& {\O}rsted, 1--2")
    'Schrödinger & Ørsted, 1–2'
    """
    text = re.sub(r"\\(['`^\"~=]|[cvruH](?![A-Za-z]))\s*\{?\\?([A-Za-z])\}?",
                  lambda m: unicodedata.normalize("NFC", m[2] + ACCENTS[m[1]]), tex)  # fmt: skip
    text = re.sub(r"\\([A-Za-z]+\s?|[&%_$#])", lambda m: LETTERS.get(m[1].strip(), ""), text)
    text = text.replace("{", "").replace("}", "").replace("--", "–").replace("~", " ")
    return " ".join(text.split())


@cache
def sources() -> dict[str, Source]:
    """Every entry of the bibliography, by its key."""
    return read(data_file("references.bib").read_text(encoding="utf-8"))


def sources_beside(folder: Path) -> dict[str, Source]:
    """Every entry of the ``.bib`` files in a folder.

    Raises
    ------
    ValueError
        If a file cannot be read, or if two of them have a key for different entries.
    """
    found: dict[str, Source] = {}
    for path in sorted(folder.glob("*.bib")):
        for key, entry in _entries(path, path.stat().st_mtime_ns).items():
            if found.setdefault(key, entry) != entry:
                raise ValueError(f"{key} has two entries in the .bib files of {folder}")
    return found


@cache
def _entries(path: Path, _: int) -> dict[str, Source]:
    try:
        return read(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def find_source(key: str, folder: Path | None = None) -> Source:
    """Entry of a key: in the ``.bib`` files of a folder, if one is given, else in the book.

    Raises
    ------
    UnknownSourceError
        If there is none; the message names the nearest keys.
    """
    own = sources_beside(folder) if folder else {}
    if key in own:
        return own[key]
    if key in sources():
        return sources()[key]
    places = f"the .bib files of {folder} or in references.bib" if folder else "references.bib"
    nearest = difflib.get_close_matches(key, [*own, *sources()], n=3, cutoff=0.4)
    hint = f"; the nearest are {', '.join(nearest)}" if nearest else ""
    raise UnknownSourceError(f"no source {key!r} in {places}{hint}")
