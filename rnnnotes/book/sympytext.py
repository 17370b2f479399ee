"""Write a formula as SymPy that runs in an empty file.

The text declares explicit matrices at the sizes of the proof, writes down the definitions
that the statement needs, and ends with both sides.  It needs nothing but SymPy, so that a
reader can play with a formula without this package.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import sympy as sp

from rnnnotes.book import language as lang
from rnnnotes.book import sympyhelpers
from rnnnotes.book.formulas import Formula
from rnnnotes.book.source import unannotated

__all__ = ["sympy_text"]

BUILT_IN = {"exp": "sp.exp", "log": "sp.log", "tanh": "sp.tanh"}
"""Functions that SymPy has."""

SIGMOID = "def sigmoid(u):\n    return 1 / (1 + sp.exp(-u))"

HELPERS = {
    name: value
    for name, value in vars(sympyhelpers).items()
    if getattr(value, "__module__", "") == sympyhelpers.__name__
}
"""Helpers that a text may copy, by name."""


def sympy_text(stated: Formula, at: Mapping[sp.Symbol, int] | None = None) -> str:
    """SymPy of a formula, for an empty file.

    Parameters
    ----------
    stated : Formula
        Formula to write.
    at : mapping of index to int, optional
        Values of the free indices; one choice among those of the proof if not given.

    Returns
    -------
    str
        Python text.  It ends with `right`, and `left` unless the formula defines a function.

    Examples
    --------
    >>> from rnnnotes.book.formulas import find
    >>> print(sympy_text(find("vanilla_rnn.hidden_state")))
    from functools import cache
    import sympy as sp
    ...
    left = h(t)
    right = a(t).applyfunc(f)
    """
    return _Writer(stated, at).text()


class _Writer:
    """The parts of one text, found by the names that it uses."""

    def __init__(self, stated: Formula, at: Mapping[sp.Symbol, int] | None) -> None:
        self.stated = stated
        self.at = dict(_choice(stated) if at is None else at)
        self.parts: dict[str, tuple[int, str]] = {}
        self.definitions = {
            _defined_name(ancestor): ancestor
            for ancestor in stated.ancestors
            if ancestor.is_definition
        }

    def text(self) -> str:
        """Write the whole text."""
        sides = _tidy("\n".join(self._sides()))
        self._declare(sides)
        ordered = sorted(self.parts.items(), key=lambda part: (part[1][0], self._place(part[0])))
        blocks = [text for _, (_, text) in ordered]
        body = "\n".join(_spaced(blocks)) + "\n" * 2 + sides
        return _imports(body) + "\n\n" + body + "\n"

    def _sides(self) -> Iterator[str]:
        statement = self.stated.statement
        for symbol, value in self.at.items():
            yield f"{symbol} = {value}"
        if isinstance(statement.left, lang.Apply) and self.stated.is_definition:
            yield _definition(self.stated)
            yield f"right = {_defined_name(self.stated)}({_arguments(statement.left)})"
            return
        yield f"left = {source(statement.left)}"
        yield f"right = {source(statement.right)}"
        if self.stated.where:
            comparisons = {"=": "sp.Eq", "<=": "sp.Le", "<": "sp.Lt"}
            conditions = (f"{comparisons[c.sign]}({source(c.left)}, {source(c.right)})"
                          for c in self.stated.where)  # fmt: skip
            yield f"conditions = [{', '.join(conditions)}]"

    def _declare(self, text: str) -> None:
        """Declare each name that a text uses, then each that the declaration uses."""
        for name in _names(text):
            declared = None if name in self.parts else self._declaration(name)
            if declared is not None:
                self.parts[name] = declared
                self._declare(declared[1])

    def _declaration(self, name: str) -> tuple[int, str] | None:
        """Return where the declaration of a name goes, and its text."""
        from rnnnotes.notation import FUNCTIONS, SIZES, SYMBOLS

        sizes = {str(symbol): number for symbol, (number, _) in SIZES.items()}
        symbols = {symbol.name: symbol for symbol in SYMBOLS}
        own = self.stated.is_definition and name == _defined_name(self.stated)
        if name in HELPERS:
            return 0, _helper(name)
        if name in sizes:
            return 1, f"{name} = {sizes[name]}"
        if name in self.definitions:
            definition = self.definitions[name]
            is_value = isinstance(definition.statement.left, lang.Variable)
            return (4 if is_value else 3), _tidy(_definition(definition))
        if name in symbols:
            return (3 if symbols[name].times else 2), _tidy(_leaf(symbols[name], self._arity(name)))
        if name == "sigmoid" and not own:
            return 3, SIGMOID
        if name in FUNCTIONS and not own:
            return 3, _tidy(_opaque(self._applied(name)))
        return None

    def _nodes(self) -> Iterator[sp.Basic]:
        """Nodes of the statement, and of all that it rests on."""
        for stated in (self.stated, *self.stated.ancestors):
            for part in (stated.statement, *stated.where):
                yield from lang.walk(part)

    def _arity(self, name: str) -> int:
        """How many indices a symbol has."""
        nodes = (node for node in self._nodes() if isinstance(node, lang.At))
        return max((len(node.index) for node in nodes if node.variable.name == name), default=1)

    def _applied(self, name: str) -> lang.Function:
        """Function of a name, as it is applied."""
        nodes = (node for node in self._nodes() if isinstance(node, lang.Function))
        return next(node for node in nodes if node.name == name)

    def _place(self, name: str) -> int:
        """Place of a name among those of its kind: as in the notation, or as they are given."""
        from rnnnotes.notation import FUNCTIONS, SIZES, SYMBOLS

        order = [*HELPERS, *map(str, SIZES), *FUNCTIONS, *(symbol.name for symbol in SYMBOLS)]
        if self.parts[name][0] == 4:
            order = list(self.definitions)
        return order.index(name)


def _choice(stated: Formula) -> Mapping[sp.Symbol, int]:
    """One choice of the free indices: the last of the outer, the first of the inner ones."""
    from rnnnotes.book.proof import assignments, world_of

    choices = list(assignments(stated, world_of(stated)))
    outer = next(iter(choices[-1]), None)
    return next(choice for choice in choices if choice.get(outer) == choices[-1].get(outer))


# -- Text ------------------------------------------------------------------------------------------


def _tidy(text: str) -> str:
    """Drop the brackets that Python does not need."""
    return ast.unparse(ast.parse(text))


def _names(text: str) -> list[str]:
    """Names that a text takes from around it, in order."""
    nodes = list(ast.walk(ast.parse(text)))
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    return list(dict.fromkeys(name for name in names if name not in bound))


def _spaced(blocks: list[str]) -> Iterator[str]:
    """Blocks with an empty line around each that has several lines."""
    for before, block in zip([""] + blocks, blocks, strict=False):
        if before and ("\n" in before or "\n" in block):
            yield ""
        yield block


def _imports(body: str) -> str:
    names = _names(body)
    lines = ["from functools import cache"] * ("cache" in names)
    lines += ["import mpmath"] * ("mpmath" in names)
    return "\n".join([*lines, "import sympy as sp"])


@cache
def _helper(name: str) -> str:
    if name == "defined":
        return "defined = {}"
    return unannotated(inspect.getsource(HELPERS[name]))


# -- Declarations ----------------------------------------------------------------------------------


def _defined_name(stated: Formula) -> str:
    """Name of what a definition defines."""
    target = stated.statement.left
    if isinstance(target, lang.Apply):
        return target.function.name
    return target.variable.name if isinstance(target, lang.At) else str(target.name)  # type: ignore[attr-defined]


def _arguments(target: lang.Apply) -> str:
    return ", ".join(map(source, target.arguments))


def _free(symbol: lang.Variable, name: str) -> str:
    """Any value of a symbol."""
    kind = ["scalar", "vector", "matrix"][len(symbol.shape)]
    positive = ["positive=True"] if symbol.positive else []
    return f"{kind}({', '.join([name, *map(number, symbol.shape), *positive])})"


def _label(name: str, parameters: list[str]) -> str:
    """Text that writes the name of a symbol at an index."""
    return "f'" + "_".join([name, *(f"{{{parameter}}}" for parameter in parameters)]) + "'"


def _leaf(symbol: lang.Variable, arity: int) -> str:
    if not symbol.times:
        return f"{symbol.name} = {_free(symbol, repr(symbol.name))}"
    parameters = ["t"] if arity == 1 else [f"n{place}" for place in range(1, arity + 1)]
    value = _free(symbol, _label(symbol.name, parameters))
    return f"def {symbol.name}({', '.join(parameters)}):\n    return {value}"


def _opaque(function: lang.Function) -> str:
    """Any function of a name: one of numbers, or a map of vectors."""
    if function.elementwise:
        return f"{function.name} = opaque('{function.name}')"
    times = ["t"] if len(function.index) == 1 else [f"n{i}" for i, _ in enumerate(function.index)]
    shape = tuple(function.args[1])
    size = "len(arguments[0])" if shape == (sp.Symbol("like"),) else ", ".join(map(number, shape))
    entry = f"opaque({_label(function.name, [*times, 'i'][: len(times) + len(shape)])})"
    value = f"{entry}(*sp.flatten(arguments))"
    if shape:
        value = f"sp.Matrix([{value} for i in range(1, {size} + 1)])"
    if not times:
        return f"def {function.name}(*arguments):\n    return {value}"
    return f"def {function.name}({', '.join(times)}):\n    return lambda *arguments: {value}"


def _definition(stated: Formula) -> str:
    """What a definition says, as a value or a function."""
    target, value = stated.statement.left, source(stated.statement.right)
    if isinstance(target, lang.Apply):
        return f"def {target.function.name}({_arguments(target)}):\n    return {value}"
    if isinstance(target, lang.Variable):
        return f"{target.name} = define('{target.name}', {value})"
    assert isinstance(target, lang.At)
    name, parameters, lines = target.variable.name, [], []
    for place, index in enumerate(target.index):
        parameters.append(str(index) if index.is_Symbol else f"n{place}")
        lines += _solved(index, parameters[-1])
    label = _label(name, parameters)
    conditions = [line for line in lines if " == " in line and not line.startswith(" ")]
    conditions += _bounds(stated, target)
    body = [line for line in lines if line not in conditions]
    if conditions:
        body += [f"if not ({' and '.join(conditions)}):",
                 f"    return {_free(target.variable, label)}"]  # fmt: skip
    body.append(f"return define({label}, {value}, {parameters[-1]})")
    return "\n    ".join(["@cache", *[]]) + f"\ndef {name}({', '.join(parameters)}):\n    " + (
        "\n    ".join(body)
    )


def _solved(index: sp.Expr, parameter: str) -> list[str]:
    return []
