"""What each phrase of a grammar means."""

from collections.abc import Callable
from typing import Any

import sympy as sp
from lark import Token, Transformer

from rnnnotes.book.language.symbols import INDICES, SIZES, SYMBOLS
from rnnnotes.notation import T

from . import meanings as says
from .meanings import Meaning
from .words import Misprint

LETTERS = {str(letter): letter for letter in (*INDICES, *SIZES)}

BY_NAME = {symbol.name: symbol for symbol in SYMBOLS}

TELLING = {"SYMBOL", "LIFTED", "FUNCTION", "INDEX", "INT", "PRIME", "CALLED", "ONES", "ZEROS",
           "IDENTITY", "SIGN", "SUM", "PROD", "D", "PARTIAL", "IMMEDIATE", "NORM", "BAR",
           "COLON", "WEIGHTED"}  # fmt: skip
"""Words that mean something; the others say how they are joined, which a grammar has seen to."""

CALLED = {r"\operatorname{diag}": "diag", r"\operatorname{size}": "size", r"\rho": "radius",
          r"\operatorname{arg\,max}": "argmax", r"\max": "max", r"\min": "min", r"\det": "det",
          r"\mathbb{E}": "expectation", r"\operatorname{Var}": "variance",
          "ρ": "radius", "sum": "sum of entries"}  # fmt: skip

SIGNS = {r"\le": "<=", "≤": "<=", "<": "<", r"\ne": "!=", "≠": "!="}

OPERATORS = {r"\sum": "sum", "Σ": "sum", r"\prod": "prod", "Π": "prod"}

FENCES = {r"\left|": "abs", "|": "abs", r"\left\lVert": "norm", "‖": "norm"}


class Bracketed(tuple):
    """A meaning in brackets, equal to the meaning."""

    __slots__ = ()


def taken(base: Meaning, places: tuple[Meaning, ...]) -> Meaning:
    """What an index takes: a step of a symbol that has times, an entry of anything else."""
    if base[0] == "symbol" and BY_NAME[base[1]].times and not isinstance(base, Bracketed):
        return ("at", base[1], places)
    return ("entry", base, places)


def raised(base: Meaning, how: str, exponent: Meaning | None) -> Meaning:
    """What a superscript means."""
    if how == "raising" and exponent == says.number(T):
        # A matrix or a vector to the T looks like its transpose, however upright the T is.
        arrays = base[0] in ("symbol", "at") and BY_NAME[base[1]].shape
        return says.transposed(base) if arrays else says.power(base, exponent)
    if how == "transposing":
        return says.transposed(base)
    return ("entrywise", base, exponent) if how == "raising_entries" else says.power(base, exponent)


def subscripted(base: Meaning, places: tuple[Any, ...]) -> Meaning:
    """What a subscript means."""
    return ("steps", base, *places[0][1:]) if places[0][0] == "slice" else taken(base, places)


def scripted(base: Meaning, one: Any, other: Any) -> Meaning:
    """What two scripts mean: whichever is written first, in print they stand behind the same."""
    places, (how, above) = (other, one) if isinstance(one[0], str) else (one, other)
    if places[0][0] == "bound":
        return ("stack", base, *places[0][1:], above)
    if isinstance(above, Bracketed) and base[0] == "symbol" and BY_NAME[base[1]].times:
        return ("at", base[1], (tuple(above), *places))
    return raised(subscripted(base, places), how, above)


def applied(function: Token, *rest: Any) -> Meaning:
    """A function with its primes, its time and its power."""
    primes = [part for part in rest if isinstance(part, Token)]
    *marks, arguments = rest[len(primes) :]
    found = dict(marks)
    if "power" in found and (primes or function != "tanh"):
        raise Misprint(f"is it a power of {function}, or {function} of {function}?")
    value = ("apply", str(function), len(primes), found.get("time", ()), arguments)
    return says.power(value, found["power"]) if "power" in found else value


def power_of_factors(first: Meaning, last: Meaning, count: Meaning) -> Meaning:
    """A power that shows its first and its last factor."""
    if first != last:
        raise Misprint(f"from {first} to {last}: which power is it?")
    return says.power(first, count)


def relation(left: Meaning, *rest: Any) -> Meaning:
    """Two sides; an equals sign is told by its absence."""
    *sign, right = rest
    return ("relation", left, SIGNS[sign[0]] if sign else "=", right)


def index(word: Token) -> Meaning:
    """A size or an index."""
    return says.number(LETTERS[word])


def derivative(d: Token, of: Meaning, _below: Token, by: Meaning) -> Meaning:
    """A derivative, by the sign that it has above the line."""
    return ("immediate" if d.type == "IMMEDIATE" else "derivative", of, by)


RULES: dict[str, Callable[..., Any]] = {
    "relation": relation,
    "range": lambda letter, low, high: ("range", index(letter), low, high),
    "negative": lambda term: says.total((-1, term)),
    "add": lambda left, right: says.total((1, left), (1, right)),
    "subtract": lambda left, right: says.total((1, left), (-1, right)),
    "hadamard": says.hadamard,
    "juxtaposed": says.product,
    "starred": says.product,
    "convolution": lambda vector, kernel: ("convolve", vector, kernel),
    "quotient": says.quotient,
    "fraction": says.quotient,
    "root": lambda inner: says.power(inner, says.number(sp.Rational(1, 2))),
    "big": lambda sign, letter, *rest: (OPERATORS[sign], rest[-1], index(letter), *rest[:-1]),
    "gradient": lambda by, of: ("gradient", of, by),
    "derivative": derivative,
    "operator": lambda d, below, by, of: derivative(d, of, below, by),
    "sub": lambda *places: places,
    "slice": lambda *bounds: ("slice", bounds[0], bounds[-1]),
    "bound": lambda letter, low: ("bound", index(letter), low),
    "transposing": lambda: ("transposing", None),
    "raising_entries": lambda exponent: ("raising_entries", exponent),
    "raising": lambda exponent: ("raising", exponent),
    "subscripted": subscripted,
    "superscripted": lambda base, script: raised(base, *script),
    "scripted": scripted,
    "exponential": lambda argument: ("apply", "exp", 0, (), (argument,)),
    "take": lambda base, *places: taken(base, places),
    "steps": lambda base, low, high: ("steps", base, low, high),
    "stack": lambda body, letter, low, high: ("stack", body, index(letter), low, high),
    "transpose": lambda base: raised(base, "transposing", None),
    "power": lambda base, exponent: raised(
        base, "bracketed" if isinstance(exponent, Bracketed) else "raising", exponent
    ),
    "entrywise": lambda base, exponent: raised(base, "raising_entries", exponent),
    "group": Bracketed,
    "symbol": lambda word: ("symbol", str(word)),
    "index": index,
    "number": lambda word: says.number(sp.Integer(word)),
    "constant": lambda word: (word.type.lower(),),
    "one_hot": lambda place: ("one hot", place),
    "time": lambda moment: ("time", (moment,)),
    "count": lambda number: ("power", number),
    "arguments": lambda *given: given,
    "apply": applied,
    "called": lambda name, arguments: (CALLED.get(name, str(name)), *arguments),
    "fenced": lambda fence, inner: (FENCES[fence], inner),
    "indicator": lambda left, right: ("indicator", left, right),
    "bracket": lambda comparison: ("bracket", comparison),
    "columns": lambda first, *rest: ("columns", rest[-1], first, rest[-2]),
    "concat": lambda letter, low, high, body: ("concat", body, index(letter), low, high),
    "topmost": lambda count, column: ("top", column, count),
    "weighted": lambda name, weights, values: (CALLED[name], weights, values),
    "rows": lambda function, matrices: ("rows", str(function), matrices),
    "matrix": lambda *rows: ("matrix", rows),
    "row": lambda *entries: entries,
    "order": lambda power: ("order", power),
    "factors": power_of_factors,
    "compose": lambda letter, last, first, variable, body, start: (
        "compose", body, variable, start, index(letter), first, last),
}  # fmt: skip
"""What each phrase means."""


class Reading(Transformer):
    """Meaning of a line, phrase by phrase."""

    def __getattr__(self, phrase: str) -> Callable[[list[Any]], Any]:
        if phrase not in RULES:
            raise AttributeError(phrase)
        return lambda children: RULES[phrase](
            *(c for c in children if not isinstance(c, Token) or c.type in TELLING)
        )
