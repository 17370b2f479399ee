"""The sources that formulas go back to, as ``docs/references.bib`` holds them.

That file is the only home of a source of the book.  An installed package carries a copy of it.
A formula of another file has the ``.bib`` files beside it as well, and they come first.

Pybtex reads an entry when its content is asked for.  A formula of the book is stated without it:
then a key only has to exist, and loading pybtex would be felt in every import of a chapter.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from rnnnotes.book.keeping import data_file

__all__ = ["Source", "UnknownSourceError", "find_source", "read", "refuse_unknown", "sources",
           "sources_beside"]  # fmt: skip

ADDRESSES = {"doi", "eprint", "url"}
"""Fields that are no LaTeX: in an address, ``%`` starts no comment and ``--`` is no dash."""

TOKEN = re.compile(r"@\s*(?P<kind>[^\s{}(]+)\s*\{(?=\s*(?P<key>[^\s,}]*))|[{}]")
"""A brace, alone or after ``@`` and a kind, with the key that follows it."""


class UnknownSourceError(KeyError):
    """A key that no bibliography holds."""

    def __str__(self) -> str:
        return str(self.args[0])


class Source(NamedTuple):
    """An entry of the bibliography: its text as it stands, and what it says.

    The authors are last names, with what precedes them, as in "van der Maaten".
    """

    key: str
    kind: str
    fields: dict[str, str]
    authors: list[str]
    text: str

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
    from pybtex.database.input.bibtex import LowLevelParser, Parser
    from pybtex.exceptions import PybtexError

    texts = {}
    entries = LowLevelParser(text, macros=defaultdict(str))  # tells where each begins and ends
    try:
        for _ in entries:
            texts[entries.current_entry_key] = text[entries.command_start : entries.pos]
        data = Parser(person_fields=()).parse_string(text)
        return {key: _source(entry, texts[key]) for key, entry in data.entries.items()}
    except PybtexError as error:
        raise ValueError(str(error)) from None


def _source(entry: Any, text: str) -> Source:
    from pybtex.bibtex.utils import split_name_list
    from pybtex.database import Person

    fields = {name.lower(): value for name, value in entry.fields.items()}
    people = map(Person, split_name_list(fields.get("author", "")))
    authors = [plain(" ".join(one.prelast_names + one.last_names)) for one in people]
    said = {name: _address(value) if name in ADDRESSES else plain(value)
            for name, value in fields.items()}  # fmt: skip
    return Source(entry.key, entry.type, said, authors, text)


def _address(value: str) -> str:
    r"""Address without the ``{\_}`` that some programs write in it."""
    return re.sub(r"[\\{}]", "", value)


def plain(tex: str) -> str:
    r"""Text of a field, without LaTeX.

    Examples
    --------
    >>> plain(r"Schr{\"o}dinger \& {\O}rsted, 1--2")
    'Schrödinger & Ørsted, 1–2'
    """
    from pybtex.richtext import Text

    shown = re.sub(r"(?<!\\)%", r"\%", tex)  # LaTeX would hide what follows a bare %
    text = re.sub(r"\\([A-Za-z]+ ?|,)?", "", str(Text.from_latex(shown)))
    return " ".join(text.split())


def keys(text: str) -> Iterator[str]:
    """Keys of a BibTeX file that can be read, and whose entries stand in braces.

    Examples
    --------
    >>> list(keys("@string{a = {b}} @book{h, title = {Not @book{this, }}} @misc{k}"))
    ['h', 'k']
    """
    depth = 0
    for token in TOKEN.finditer(text):
        kind = (token["kind"] or "comment").lower()
        if depth == 0 and kind == "comment":  # opens nothing: an entry put in it is read
            continue
        if depth == 0 and kind not in {"preamble", "string"}:
            yield token["key"]
        depth += 1 if token[0].endswith("{") else -1


@cache
def sources() -> dict[str, Source]:
    """Every entry of the bibliography, by its key."""
    return read(data_file("references.bib").read_text(encoding="utf-8"))


@cache
def _book_keys() -> tuple[str, ...]:
    return tuple(keys(data_file("references.bib").read_text(encoding="utf-8")))


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
    refuse_unknown(key, folder)
    own = sources_beside(folder) if folder else {}
    return own[key] if key in own else sources()[key]


def refuse_unknown(key: str, folder: Path | None = None) -> None:
    """Refuse a key that `find_source` would not find.

    Raises
    ------
    UnknownSourceError
        If there is no entry of that key; the message names the nearest keys.
    """
    known = [*(sources_beside(folder) if folder else ()), *_book_keys()]
    if key in known:
        return
    places = f"the .bib files of {folder} or in references.bib" if folder else "references.bib"
    nearest = difflib.get_close_matches(key, known, n=3, cutoff=0.4)
    hint = f"; the nearest are {', '.join(nearest)}" if nearest else ""
    raise UnknownSourceError(f"no source {key!r} in {places}{hint}")
