"""The words of a text, for those who look for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["stem", "with_parts", "words_of"]

FONTS = re.compile(r"\\(?:math[a-z]+|boldsymbol|operatorname|left|right|displaystyle|big)(?![a-z])")

WORD = re.compile(r"\\[a-z]+|[^\W_]\w*(?:\.\w+)*|[^\x00-\x7f]")
"""A command of LaTeX, a word or a name of code with its dots, or a sign such as the partial."""


def words_of(text: str) -> list[str]:
    r"""Words of a text: LaTeX and code give the same word for the same symbol.

    Examples
    --------
    >>> words_of(r"Weights \mathbf{W}_{hh} \odot nn.GRU")
    ['weights', 'w_hh', '\\odot', 'nn.gru']
    """
    plain = FONTS.sub("", re.sub(r"(\\[A-Za-z]+)\{", r"\1 ", text))
    return [word.rstrip("_") for word in WORD.findall(re.sub("[{}]", "", plain).casefold())]


def with_parts(words: Iterable[str]) -> Iterator[str]:
    """Words, and the parts of those that are put together, as in ``bptt.step_jacobian``."""
    for word in words:
        yield word
        yield from (part for part in re.split(r"[._]", word) if len(part) > 1)


def stem(word: str) -> str:
    """Word without its ending, if it is long enough to keep its meaning.

    Examples
    --------
    >>> stem("gradients"), stem("clipping"), stem("gate")
    ('gradient', 'clip', 'gate')
    """
    single = re.sub(r"(?<=[a-z]{2})([^aeiouls])\1(?:ing|ed)$", r"\1", word)
    return re.sub(r"(?<=[a-z]{4})(?:ing|ed|es|s|e)$", "", single)
