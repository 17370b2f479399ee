"""A reader of what the book prints, which shares nothing with what prints it.

A grammar each for LaTeX and for plain text says what a reader makes of a line.  Both are LALR(1):
no line has two readings.  Letters are looked up in the notation of
the chapter.  What is read is compared with
what was stated, as meanings: two trees that print alike cannot both be read back.
"""

from functools import cache
from pathlib import Path

from lark import Lark

from .meanings import Meaning, as_displayed, meaning, number
from .reading import Reading
from .words import LatexWords, Misprint, TextWords

__all__ = ["Misprint", "as_displayed", "meaning", "number", "read_latex", "read_text"]


@cache
def _parser(name: str, chapter: str = "") -> Lark:
    grammar = Path(__file__).with_name(f"{name}.lark").read_text(encoding="utf-8")
    words = {"latex": LatexWords.of(chapter) if chapter else LatexWords, "text": TextWords}[name]
    # Strict: a grammar in which a line has two readings is refused.
    return Lark(
        grammar, parser="lalr", strict=True, start=["line", "range"], lexer=words,
        transformer=Reading(), maybe_placeholders=False,
    )  # fmt: skip


def read_latex(line: str, kind: str = "line", chapter: str = "") -> Meaning:
    """Meaning of some LaTeX: a line of mathematics, or the ``range`` of an index.

    Two chapters may each have a letter that looks the same; it is that of the chapter.
    """
    return _parser("latex", chapter).parse(line, start=kind)


def read_text(line: str, kind: str = "line") -> Meaning:
    """Meaning of some plain text: a line of mathematics, or the ``range`` of an index."""
    return _parser("text").parse(line, start=kind)
