"""Every symbol that is declared: how it is set, what it stands for, and where it is known."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import sympy as sp

from rnnnotes.book.language.nodes import Function, Letter, Variable

t = sp.Symbol("t", integer=True)
T = sp.Symbol("T", integer=True, positive=True)
"""Time, and the number of steps: the letters under which a notation declares them."""

INDICES: dict[sp.Symbol, Range] = {}
"""Each index, with the values it runs through and what it counts."""


class Meaning(NamedTuple):
    """How a symbol is set, and what it stands for."""

    tex: str
    text: str


class Range(NamedTuple):
    """First and last value of an index, and what it counts."""

    low: sp.Expr
    high: sp.Expr
    text: str


SIZES: dict[sp.Symbol, str] = {}
"""Each size, and what it counts.  A proof chooses the numbers that stand in for them."""

SYMBOLS: dict[Variable, Meaning] = {}
"""Each scalar, vector and matrix, in reading order."""

FUNCTIONS: dict[str, Meaning] = {}
"""Each function, by name."""

DECLARED: dict[str, Function] = {}
"""Each function as it is declared: what it takes, what it gives, and whether it is smooth."""

MEANINGS: dict[str, dict[Variable, str]] = {}
"""What a chapter calls a symbol, where it has another part there."""


Named = TypeVar("Named", bound=sp.Basic)

LETTERS: dict[str, sp.Basic] = {}
"""Each size, index, symbol and function, by name."""


def _named(kind: str, name: str, letter: Named) -> Named:
    """Give a letter its name, unless that is no name in Python or stands for something else."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{kind} {name}: expected a name of Python, such as W_xh")
    if name in LETTERS:
        raise ValueError(
            f"{kind} {name} is declared twice: name the second {name}_own or the like; the module "
            f"may still call it {name}"
        )
    LETTERS[name] = letter
    return letter


def size(name: str, text: str) -> sp.Symbol:
    """Declare a size."""
    symbol = _named("size", name, sp.Symbol(name, integer=True, positive=True))
    SIZES[symbol] = text
    return symbol


def index(name: str, low: Any, high: Any, text: str) -> sp.Symbol:
    """Declare an index, and the values it runs through unless a formula says otherwise."""
    symbol = _named("index", name, sp.Symbol(name, integer=True))
    INDICES[symbol] = Range(sp.sympify(low), sp.sympify(high), text)
    return symbol


def declare(
    name: str, tex: str, text: str, *shape: Any, times: Any = (), positive: bool = False
) -> Variable:
    """Declare a scalar, a vector or a matrix, by its shape."""
    symbol = _named("symbol", name, Variable(name, shape, times, positive))
    SYMBOLS[symbol] = Meaning(tex, text)
    return symbol


ANY = Letter("any", integer=True, positive=True)
"""Size in the declaration of a map that takes vectors of any size."""


def function(
    name: str,
    tex: str,
    text: str,
    *,
    takes: Sequence[Any] | None = None,
    gives: Any = (),
    smooth: bool = False,
) -> Function:
    """Declare a function: one that acts entry by entry, or a map of arguments of some shapes.

    The text of one that is smooth says so, as it is printed wherever the proofs rely on that.
    """
    if takes is not None and not takes:
        raise ValueError(f"function {name}: a map takes one argument at least")
    if smooth and "smooth" not in text.split():
        raise ValueError(f"function {name}: its text does not say that it is smooth")
    shapes = {} if takes is None else {"gives": gives, "takes": takes}
    declared = Function(name, **shapes, smooth=smooth)
    unbound = declared.args[1].atoms(Letter) - declared.args[4].atoms(Letter)
    if unbound:
        raise ValueError(f"function {name}: no argument binds {', '.join(map(str, unbound))}")
    _named("function", name, declared)
    FUNCTIONS[name] = Meaning(tex, text)
    DECLARED[name] = declared
    return declared


def means(chapter: str, symbol: Variable, text: str) -> None:
    """Say what a symbol stands for in one chapter, where it has another part there."""
    MEANINGS.setdefault(chapter, {})[symbol] = text
