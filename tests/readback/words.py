"""The words of a line: what is looked up in the notation, and what every reader knows."""

import importlib
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

import sympy as sp
from lark.lexer import Lexer, Token

from rnnnotes.book.language.nodes import Variable
from rnnnotes.book.language.symbols import FUNCTIONS, INDICES, SIZES, SYMBOLS


class Misprint(ValueError):
    """A line that a reader cannot take in one way."""


LATEX = {
    "=": "EQ", r"\le": "SIGN", "<": "SIGN",
    r"\ne": "SIGN", "+": "PLUS", "-": "MINUS", r"\odot": "ODOT",
    "*": "STAR", r"\cdot": "CDOT", r"\cdots": "CDOTS", r"\dots": "DOTS", ",": "COMMA", "_": "SUB",
    "^": "SUP", "{": "LB", "}": "RB", "(": "LPAR", ")": "RPAR", r"\left(": "LPAR",
    r"\right)": "RPAR", "[": "LSQ", "]": "RSQ", ">": "GT", ":": "COLON", "'": "PRIME",
    r"\top": "TOP", r"\sum": "SUM", r"\prod": "PROD", r"\nabla": "NABLA", r"\frac": "FRAC",
    r"\sqrt": "SQRT", r"\left[": "LSQ", r"\right]": "RSQ", r"\mathrm{rows}": "ROWS",
    r"\operatorname{arg\,max}": "CALLED", r"\operatorname{top}": "TOPMOST",
    r"\operatorname{cols}": "COLS", r"\operatorname{Concat}": "CONCAT",
    r"\mathbb{E}": "WEIGHTED", r"\operatorname{Var}": "WEIGHTED",
    r"\mathrm{d}": "D", r"\partial": "PARTIAL", r"\partial^{+}": "IMMEDIATE", "e": "E",
    r"\mathbf{1}": "ONES", r"\mathbf{0}": "ZEROS", r"\mathbf{I}": "IDENTITY",
    r"\mathbf{e}": "ONEHOT", r"\operatorname{diag}": "CALLED", r"\operatorname{size}": "CALLED",
    r"\rho": "CALLED", r"\det": "CALLED",
    r"\max": "CALLED", r"\min": "CALLED", r"\left\lVert": "NORM",
    r"\right\rVert": "END_NORM", r"\left|": "BAR", r"\right|": "END_BAR",
    r"\begin{bmatrix}": "MATRIX", r"\end{bmatrix}": "END_MATRIX", r"\begin{aligned}": "ALIGNED",
    r"\end{aligned}": "END_ALIGNED", "&": "AMP", r"\\": "ROW", r"\mathcal{O}(": "ORDER",
    r"\underbrace": "UNDERBRACE", r"\mathop{\bigcirc}": "CIRC", r"\mapsto": "MAPSTO",
    r"\,": "SPACE", r"\!": "SPACE",
}  # fmt: skip
"""What a reader knows of LaTeX."""

TEXT = {
    "=": "EQ", "≤": "SIGN", "<": "SIGN", "≠": "SIGN",
    "+": "PLUS", "-": "MINUS", "⊙": "ODOT", "*": "STAR",
    "·": "CDOT", "/": "SLASH", "^": "SUP", "ᵀ": "TOP", "..": "TO", ",": "COMMA", ";": "ROW",
    "(": "LPAR", ")": "RPAR", "[": "LSQ", "]": "RSQ", ">": "GT", ":": "COLON", "'": "PRIME",
    "Σ": "SUM", "Π": "PROD", "∇_": "NABLA", "∂": "PARTIAL", "∂⁺": "IMMEDIATE", "d": "D",
    "‖": "NORM", "|": "BAR", "∘": "CIRC", "↦": "MAPSTO", "ones": "ONES", "zeros": "ZEROS",
    "I": "IDENTITY", "e": "ONEHOT", "diag": "CALLED", "size": "CALLED", "ρ": "CALLED",
    "max": "CALLED", "min": "CALLED", "det": "CALLED",
    "sum": "CALLED", "convolve": "CALLED", "O(": "ORDER",
    "sqrt": "SQRT", ".rows": "ROWS",
    "argmax": "CALLED", "top": "TOPMOST",
    "cols": "COLS", "concat": "CONCAT", "expectation": "CALLED", "variance": "CALLED",
}  # fmt: skip
"""What a reader knows of plain text."""

FENCES = {"BAR": "END_BAR", "NORM": "END_NORM"}

OPEN = {"LPAR", "ORDER", "LSQ", "TAKE", "LB", "MATRIX", *FENCES}

CLOSED = {"RPAR", "RSQ", "RB", "END_MATRIX", *FENCES.values()}


ENDS = {"SYMBOL", "FUNCTION", "ONES", "ZEROS", "IDENTITY", "ONEHOT", *CLOSED}
"""What a bracket takes an entry of, where it touches it."""


class Words(Lexer):
    """Words of a line, the longest first.  What is in the notation is called by its name."""

    known: ClassVar[dict[str, str]]
    lexicon: ClassVar[dict[str, tuple[str, str]]]

    def __init__(self, _conf: object) -> None:
        words = sorted({*self.known, *self.lexicon}, key=len, reverse=True)
        escaped = "|".join(map(self.whole, words))
        self.word = re.compile(rf"(?P<SPACE>\s+)|(?P<INT>\d+)|(?P<WORD>{escaped})")

    @staticmethod
    def whole(word: str) -> str:
        """Pattern of a word."""
        return re.escape(word)

    def lex(self, data: str) -> Iterator[Token]:
        """Words of a line."""
        opened: list[str] = []
        place, before = 0, "SPACE"
        while place < len(data):
            found = self.word.match(data, place)
            if found is None:
                raise Misprint(f"no reader knows what {data[place : place + 20]!r} is")
            kind, word = str(found.lastgroup), found.group()
            if kind == "WORD":
                kind, word = self.lexicon.get(word) or (self.kind(word, before, opened), word)
            if kind in FENCES and opened[-1:] == [kind]:
                raise Misprint("a fence within a fence: which side is it?")
            if kind in OPEN:
                opened.append(kind)
            elif kind in CLOSED and opened:
                opened.pop()
            if kind != "SPACE":
                yield Token(kind, word)
            place, before = found.end(), kind

    def kind(self, word: str, _before: str, _opened: list[str]) -> str:
        """Kind of a word that is not in the notation."""
        return self.known[word]


def _letters(symbols: Iterable[Variable]) -> dict[str, tuple[str, str]]:
    """Kind and name of each symbol, by its LaTeX; of those that look alike, of the last."""
    found = {}
    for symbol in symbols:
        tex = SYMBOLS[symbol].tex
        found[tex] = ("LIFTED" if {"^", "'"} & {*tex} else "SYMBOL", symbol.name)
    return found


class LatexWords(Words):
    """Words of LaTeX."""

    known: ClassVar = LATEX
    lexicon: ClassVar = {
        **{sp.latex(letter): ("INDEX", str(letter)) for letter in (*INDICES, *SIZES)},
        **{tex: ("FUNCTION", name) for name, (tex, _) in FUNCTIONS.items()},
        **_letters(reversed(SYMBOLS)),
    }

    @classmethod
    def of(cls, chapter: str) -> type["LatexWords"]:
        """Words of a chapter, whose own letters come before those that look like them."""
        module = importlib.import_module(f"rnnnotes.notation.{chapter}")
        own = [letter for letter in vars(module).values() if isinstance(letter, Variable)]
        return type(cls.__name__, (cls,), {"lexicon": {**cls.lexicon, **_letters(own)}})


class TextWords(Words):
    """Words of plain text."""

    known: ClassVar = TEXT
    lexicon: ClassVar = {
        **{str(letter): ("INDEX", str(letter)) for letter in (*INDICES, *SIZES)},
        **{name: ("FUNCTION", name) for name in FUNCTIONS},
        **{symbol.name: ("SYMBOL", symbol.name) for symbol in SYMBOLS},
    }

    @staticmethod
    def whole(word: str) -> str:
        """Pattern of a word: a name is not a part of another, but a d touches what it is of."""
        if word == "d":
            return r"d(?=\S)"
        return re.escape(word) + (r"(?![A-Za-z0-9_])" if word.isidentifier() else "")

    def kind(self, word: str, before: str, opened: list[str]) -> str:
        """Kind of a word by what it touches, and by what is open."""
        if word == "[" and before in ENDS:
            return "TAKE"
        if word in ("|", "‖") and opened[-1:] == [self.known[word]]:
            return FENCES[self.known[word]]
        return self.known[word]
