"""Find formulas by the words, symbols and names that people have for them.

Rare words count more than common ones, and a word in a title more than one in a reason.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from rnnnotes.book.find.tokens import stem, words_of
from rnnnotes.book.keeping import answered

__all__ = ["Hit", "index", "nearest", "search", "suggestion"]

WEIGHTS = {
    "title": 7, "id": 6, "also called": 6, "keyword": 5, "symbol": 4, "a symbol also called": 4,
    "equation": 3, "meaning": 3, "docstring": 2, "reason": 2, "source": 2, "code": 1,
}  # fmt: skip
"""What a word counts, by where it stands."""


class Hit(NamedTuple):
    """A formula that is found, and why: where it holds which words."""

    id: str
    title: str
    reason: str


# -- What there is ---------------------------------------------------------------------------------


def index() -> list[dict[str, Any]]:
    """Id, title, names and words of each formula, from disk if they are known."""
    entries: list[dict[str, Any]] = answered(("search",), _made)
    return entries


def _made() -> list[dict[str, Any]]:
    from rnnnotes.book.find.documents import (
        documents,  # loads every chapter: only to make them anew
    )

    return documents()


# -- What is found ---------------------------------------------------------------------------------


def search(query: str, limit: int = 10) -> list[Hit]:
    r"""Find formulas by words, symbols, LaTeX, names of libraries, keywords or old ids.

    Parameters
    ----------
    query : str
        What is looked for, such as ``last hidden state``, ``W_{hh}`` or ``bias_hh``.
    limit : int, optional
        How many formulas are wanted at most.

    Returns
    -------
    list of Hit
        Formulas, the best first.  Each holds half of the words at least; a word that no
        formula holds does not count.

    Examples
    --------
    >>> for hit in search("clip_grad_norm_"):
    ...     print(hit.id, "--", hit.reason)
    gradients.clip_by_norm -- also called (clip_grad_norm)
    gradients.global_norm -- also called (clip_grad_norm)
    """
    entries = index()
    vocabulary = {word for entry in entries for words in entry["words"].values() for word in words}
    terms = [alike for word in dict.fromkeys(words_of(query)) for alike in _known(word, vocabulary)]
    found = [[_best(entry["words"], alike) for alike in terms] for entry in entries]
    rarity = [math.log(1 + len(entries) / sum(bool(best.weight) for best in column))
              for column in zip(*found, strict=True)]  # fmt: skip
    scored = []
    for entry, row in zip(entries, found, strict=True):
        share = sum(bool(best.weight) for best in row) / max(1, len(row))
        score = sum(best.weight * rare for best, rare in zip(row, rarity, strict=True))
        score *= share * (1 + _share_of_title(entry["title"], terms))
        named = [name for name in entry["names"] if name.casefold() == query.strip().casefold()]
        if named or share >= 0.5:
            reason = f"named {named[0]}" if named else _reason(row)
            scored.append((bool(named), score, Hit(entry["id"], entry["title"], reason)))
    return [hit for *_, hit in sorted(scored, key=lambda one: one[:2], reverse=True)][:limit]


def _share_of_title(title: str, terms: list[dict[str, float]]) -> float:
    """Return which share of the words of a title is looked for."""
    words = words_of(title)
    return sum(any(word in alike for alike in terms) for word in words) / len(words)


class _Best(NamedTuple):
    """Where a word counts most in a formula; its weight is zero if it stands nowhere."""

    weight: float = 0.0
    place: str = ""
    word: str = ""


def _best(words: dict[str, list[str]], alike: dict[str, float]) -> _Best:
    return max((_Best(WEIGHTS[place] * alike[word], place, word)
                for place, those in words.items() for word in those if word in alike),
               key=lambda best: best.weight, default=_Best())  # fmt: skip


def _reason(row: Iterable[_Best]) -> str:
    """Where a formula holds which words, as in ``title (hidden, state)``."""
    places: dict[str, dict[str, None]] = {}
    for best in row:
        if best.weight:
            places.setdefault(best.place, {})[best.word] = None
    return ", ".join(f"{place} ({', '.join(words)})" for place, words in places.items())


def _known(word: str, vocabulary: set[str]) -> list[dict[str, float]]:
    """Words of formulas that are meant by a word, with how surely; its parts, if none is.

    A parameter of a layer, such as ``weight_ih_l0_reverse``, is that of any layer.
    """
    word = re.sub(r"_l\d+(?:_reverse)?$", "", word)
    if alike := _alike(word, vocabulary):
        return [alike]
    _, dot, rest = word.partition(".")
    if dot:
        return _known(rest, vocabulary)
    if parts := [part for part in word.split("_") if part != word]:
        return [alike for part in parts for alike in _known(part, vocabulary)]
    close = difflib.get_close_matches(word, vocabulary, n=1, cutoff=0.8) if len(word) > 5 else []
    return [dict.fromkeys(close, 0.5)] if close else []


def _alike(word: str, vocabulary: set[str]) -> dict[str, float]:
    """Words that are a word itself, or have its stem, or begin with it."""
    alike = {word: 1.0} if word in vocabulary else {}
    root = stem(word)
    if word.isalpha() and len(root) > 3:
        for one in vocabulary - {word}:
            if one.startswith(root) and one.isalpha():
                alike[one] = 0.9 if stem(one) == root else 0.6
    return alike


# -- Names -----------------------------------------------------------------------------------------


def nearest(name: str, count: int = 3) -> list[str]:
    """Ids of the formulas whose names are nearest to one, and of what a search finds for it.

    Parameters
    ----------
    name : str
        A name that no formula has, or words.
    count : int, optional
        How many are wanted.

    Returns
    -------
    list of str
        Ids, the nearest first; none if nothing is near.

    Examples
    --------
    >>> nearest("bptt.step_jacobain", 1)
    ['bptt.step_jacobian']
    """
    names = {name: entry["id"] for entry in reversed(index()) for name in entry["names"]}
    close = [names[one] for one in difflib.get_close_matches(name, names, n=count, cutoff=0.7)]
    found = [hit.id for hit in search(re.sub(r"[\W_]+", " ", name), count)]
    far = [names[one] for one in difflib.get_close_matches(name, names, n=count, cutoff=0.4)]
    return list(dict.fromkeys([*close, *found, *far]))[:count]


def suggestion(name: str) -> str:
    """What to try in place of a name that no formula has, for a message.

    Examples
    --------
    >>> suggestion("clip_by_nrm")
    'the nearest are gradients.clip_by_norm, gradients.clip_by_value, gradients.clipped_norm'
    """
    ids = nearest(name)
    return f"the nearest are {', '.join(ids)}" if ids else "`rnnnotes list` shows all"
