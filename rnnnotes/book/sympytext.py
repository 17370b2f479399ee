"""Write a formula as SymPy that runs in an empty file.

The text declares explicit matrices at the sizes of the proof, writes down the definitions
that the statement needs, and ends with both sides.  It needs nothing but SymPy, so that a
reader can play with a formula without this package.
"""

from __future__ import annotations

import ast
import inspect
import symtable
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import sympy as sp

from rnnnotes.book import language as lang
from rnnnotes.book import sympyhelpers
from rnnnotes.book.formulas import Formula
from rnnnotes.book.plaintext import in_order
from rnnnotes.book.settings import Setting
from rnnnotes.book.sizes import choices
from rnnnotes.book.source import unannotated

__all__ = ["RULES", "sympy_text"]

BUILT_IN = {"exp": "sp.exp", "log": "sp.log", "tanh": "sp.tanh"}
"""Functions that SymPy has."""

SIGMOID = "def sigmoid(u):\n    return 1 / (1 + sp.exp(-u))"
"""What the proofs know of the sigmoid where a formula does not rest on its definition."""

HELPERS = {
    name: value
    for name, value in vars(sympyhelpers).items()
    if getattr(value, "__module__", "") == sympyhelpers.__name__ or name == "defined"
}
"""Helpers that a text may copy, by name."""

COMPARISONS = {"=": "sp.Eq", "<=": "sp.Le", "<": "sp.Lt"}

HELPER, SIZE, VALUE, FUNCTION, DEFINED = range(5)
"""Kinds of declarations, in the order in which a text makes them."""


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
        Python text.  It ends with `left` and `right`; a formula that defines a function
        has a `right` only.

    Examples
    --------
    >>> from rnnnotes.book.formulas import find
    >>> print(sympy_text(find("vanilla_rnn.hidden_state")))
    from functools import cache
    import sympy as sp
    ...
    t = 3
    left = h(t)
    right = a(t).applyfunc(f)
    """
    return _Writer(stated, at).text()


def source(node: Any) -> str:
    """SymPy of an expression, in more brackets than it needs."""
    return RULES[type(node)](node)


class _Writer:
    """The parts of one text, found by the names that it uses."""

    def __init__(self, stated: Formula, at: Mapping[sp.Symbol, int] | None) -> None:
        from rnnnotes.notation import FUNCTIONS, SYMBOLS

        self.stated = stated
        self.at = dict(_choice(stated) if at is None else at)
        self.sizes = {str(size): number for size, number in choices(stated)[0].items()}
        self.symbols = {symbol.name: symbol for symbol in SYMBOLS}
        self.definitions = {
            _defined_name(ancestor): ancestor
            for ancestor in (*stated.ancestors, *stated.assumed)
            if ancestor.is_definition
        }
        self.functions = {
            node.name: node
            for part in (stated, *stated.ancestors)[::-1]
            for node in lang.walk(part.statement)
            if isinstance(node, lang.Function)
        }
        self.arities = {
            node.variable.name: len(node.index)
            for part in (stated, *stated.ancestors)
            for node in lang.walk(part.statement)
            if isinstance(node, lang.At)
        }
        self.order = [*HELPERS, *self.sizes, *FUNCTIONS, *self.symbols]
        self.parts: dict[str, tuple[int, str]] = {}

    def text(self) -> str:
        """Write the whole text."""
        sides = "\n".join(_spaced([_tidy(side) for side in self._sides()]))
        self._declare(sides)
        names = sorted(self.parts, key=lambda name: (self.parts[name][0], self._place(name)))
        body = "\n".join(_spaced([self.parts[name][1] for name in names]))
        return _imports(f"{body}\n{sides}") + f"\n\n{body}\n\n{sides}\n"

    def _place(self, name: str) -> int:
        """Place of a name among those of its kind: as in the notation, or as they are given."""
        defined = self.parts[name][0] == DEFINED
        return (list(self.definitions) if defined else self.order).index(name)

    def _sides(self) -> Iterator[str]:
        statement = self.stated.statement
        yield from (f"{symbol} = {value}" for symbol, value in self.at.items())
        if isinstance(statement.left, lang.Apply) and self.stated.is_definition:
            yield _definition(self.stated)
            yield f"right = {_defined_name(self.stated)}({_arguments(statement.left)})"
            return
        yield f"left = {source(statement.left)}"
        yield f"right = {source(statement.right)}"
        if self.stated.where:
            yield f"conditions = [{', '.join(map(_condition, self.stated.where))}]"

    def _declare(self, text: str) -> None:
        """Declare each name that a text uses, then each that the declarations use."""
        for name in _names(text):
            declared = None if name in self.parts else self._declaration(name)
            if declared is not None:
                self.parts[name] = declared[0], _tidy(declared[1])
                self._declare(declared[1])

    def _declaration(self, name: str) -> tuple[int, str] | None:
        """Return the kind of a name, and the text that declares it."""
        if name in HELPERS:
            return HELPER, _helper(name)
        if name in self.sizes:
            return SIZE, f"{name} = {self.sizes[name]}"
        if name in self.definitions:
            is_value = isinstance(self.definitions[name].statement.left, lang.Variable)
            return DEFINED if is_value else FUNCTION, _definition(self.definitions[name])
        if name in self.symbols:
            symbol = self.symbols[name]
            arity = self.arities.get(name, len(symbol.times[:1]))
            return FUNCTION if arity else VALUE, _leaf(symbol, arity)
        if name in self.functions and name not in BUILT_IN:
            own = self.stated.is_definition and name == _defined_name(self.stated)
            return None if own else (FUNCTION, _unknown(self.functions[name]))
        return None


def _choice(stated: Formula) -> Mapping[sp.Symbol, int]:
    """One choice of the free indices: the last of the outer, the first of the inner ones."""
    assignments = Setting(stated, choices(stated)[0]).assignments
    outer, last = next(iter(assignments[-1]), None), assignments[-1]
    return next(choice for choice in assignments if choice.get(outer) == last.get(outer))


# -- Text ------------------------------------------------------------------------------------------


def _tidy(text: str) -> str:
    """Drop the brackets that Python does not need."""
    return ast.unparse(ast.parse(text))


def _names(text: str) -> set[str]:
    """Names that a text takes from around it."""

    def looked_up(scope: symtable.SymbolTable) -> Iterator[str]:
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (scope.get_type() == "module" or symbol.is_global()):
                yield symbol.get_name()
        for inner in scope.get_children():
            yield from looked_up(inner)

    return set(looked_up(symtable.symtable(text, "<formula>", "exec")))


def _spaced(blocks: list[str]) -> Iterator[str]:
    """Blocks, with an empty line around each that has several lines."""
    for before, block in zip(["", *blocks], blocks, strict=False):
        if before and "\n" in before + block:
            yield ""
        yield block


def _imports(text: str) -> str:
    names = _names(text)
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
    match stated.statement.left:
        case lang.Apply(function=function):
            return str(function.name)
        case lang.At(variable=variable):
            return str(variable.name)
        case target:
            return str(target.args[0])


def _arguments(target: lang.Apply) -> str:
    return ", ".join(map(source, target.arguments))


def _free(symbol: lang.Variable, name: str) -> str:
    """Any value of a symbol."""
    kind = ["scalar", "vector", "matrix"][len(symbol.shape)]
    positive = ["positive=True"] * symbol.positive
    return f"{kind}({', '.join([name, *map(number, symbol.shape), *positive])})"


def _label(name: str, *places: str) -> str:
    """Text that writes the name of what stands at some places."""
    return "f'" + "_".join([name, *(f"{{{place}}}" for place in places)]) + "'"


def _places(count: int) -> list[str]:
    """Names of parameters that are times."""
    return ["t"] if count == 1 else [f"t{place}" for place in range(1, count + 1)]


def _leaf(symbol: lang.Variable, arity: int) -> str:
    """Declare a symbol that nothing defines: at a time, a function of it."""
    name, places = symbol.name, _places(arity)
    if not places:
        return f"{name} = {_free(symbol, repr(name))}"
    return f"def {name}({', '.join(places)}):\n    return {_free(symbol, _label(name, *places))}"


def _unknown(function: lang.Function) -> str:
    """Declare a function that nothing defines: of a number, or a map of vectors."""
    name = function.name
    if name == "sigmoid":
        return SIGMOID
    if function.elementwise:
        return f"{name} = opaque('{name}')"
    shape, times = tuple(function.args[1]), _places(len(function.index))
    value = f"opaque({_label(name, *times, *['i'] * len(shape))})(*flat(*arguments))"
    if shape:
        like = shape == (sp.Symbol("like"),)
        size = "len(arguments[0])" if like else number(shape[0])
        value = f"sp.Matrix([{value} for i in range(1, {size} + 1)])"
    if not times:
        return f"def {name}(*arguments):\n    return {value}"
    return f"def {name}({', '.join(times)}):\n    return lambda *arguments: {value}"


def _definition(stated: Formula) -> str:
    """Declare what a definition says: a value, or a function of an index or of arguments."""
    target, value = stated.statement.left, source(stated.statement.right)
    if isinstance(target, lang.Apply):
        return f"def {target.function.name}({_arguments(target)}):\n    return {value}"
    if isinstance(target, lang.Variable):
        return f"{target.name} = define('{target.name}', {value})"
    assert isinstance(target, lang.At)
    name, places = target.variable.name, list(map(str, target.index))
    if not all(place.isidentifier() for place in places):
        raise lang.StatementError(f"{stated.id}: defines {name} at {places}, not at an index")
    lines = [f"return define({_label(name, *places)}, {value}, {places[-1]})"]
    ranges = [(index, low, high) for index, low, high in stated.index_ranges()
              if (low, high) != target.variable.times]  # fmt: skip
    if ranges:
        inside = " and ".join(f"{number(low)} <= {i} <= {number(high)}" for i, low, high in ranges)
        free = _free(target.variable, _label(name, *places))
        lines.insert(0, f"if not ({inside}):\n        return {free}")
    return f"@cache\ndef {name}({', '.join(places)}):\n    " + "\n    ".join(lines)


# -- Expressions -----------------------------------------------------------------------------------


def number(value: Any) -> str:
    """SymPy of an expression in sizes and indices, which are whole numbers of Python."""
    numerator, denominator = sp.sympify(value).as_numer_denom()
    if denominator == 1:
        return f"({in_order(numerator)})" if numerator.is_polynomial() else f"sp.{numerator}"
    return f"sp.Rational({in_order(numerator)}, {in_order(denominator)})"


def _column(node: Any) -> str:
    """Shape of an explicit matrix."""
    return ", ".join([*map(number, node.shape), "1"][:2])


def _term(node: Any, whole: lang.Expression) -> str:
    """Term of a sum; a number beside arrays stands for an array of it."""
    if not whole.shape or node.shape:
        return f"({source(node)})"
    ones = f"sp.ones({_column(whole)})"
    return ones if node == lang.Number(1) else f"({source(node)}) * {ones}"


def _sum_of(operator: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        left, right = node.args
        # What is too small to count is left out.
        if isinstance(right, lang.Order):
            return source(left)
        return f"{_term(left, node)} {operator} {_term(right, node)}"

    return rule


def _times(node: Any) -> str:
    left, right = node.args
    if left.shape and right.shape:
        return f"sp.matrix_multiply_elementwise({source(left)}, {source(right)})"
    return f"({source(left)}) * ({source(right)})"


def _divide(node: Any) -> str:
    above, below = node.args
    if below.shape:
        return f"entrywise(lambda a, b: a / b, {source(above)}, {source(below)})"
    return f"({_exactly(above)}) / ({source(below)})"


def _exactly(node: Any) -> str:
    """Number that a division or a power keeps exact."""
    return f"sp.S({source(node)})" if isinstance(node, lang.Number) else source(node)


def _power(node: Any) -> str:
    base, exponent = node.args
    if base.shape:
        return f"({source(base)}).applyfunc(lambda entry: entry ** ({source(exponent)}))"
    return f"({_exactly(base)}) ** ({source(exponent)})"


def _matmul(node: Any) -> str:
    left, right = node.args
    if len(left.shape) == len(right.shape) == 1:
        return f"({source(left)}).dot({source(right)})"
    if len(left.shape) == 1:
        return f"({source(right)}).T @ ({source(left)})"
    return f"({source(left)}) @ ({source(right)})"


def _apply(node: Any) -> str:
    name = BUILT_IN.get(node.function.name, node.function.name)
    arguments = ", ".join(map(source, node.arguments))
    if not node.function.elementwise:
        times = ", ".join(map(number, node.function.index))
        return f"{name}({times})({arguments})" if times else f"{name}({arguments})"
    for _ in range(node.function.order):
        name = f"prime({name})"
    return f"({arguments}).applyfunc({name})" if node.shape else f"{name}({arguments})"


def _entrywise(name: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        parts = ", ".join(map(source, node.args))
        return f"entrywise({name}, {parts})" if node.shape else f"{name}({parts})"

    return rule


def _called(name: str) -> Callable[[Any], str]:
    return lambda node: f"{name}({', '.join(map(source, node.args))})"


def _entry(node: Any) -> str:
    array, *place = node.args
    places = [f"{number(i)} - 1" for i in place]
    if len(places) < len(array.shape):
        return f"({source(array)})[{places[0]}, :].T"
    return f"({source(array)})[{', '.join(places)}]"


def _range(low: Any, high: Any) -> str:
    return f"range({number(low)}, {number(high)} + 1)"


def _steps(body: str, shape: lang.Shape, steps: str) -> str:
    """Numbers one below the other, or vectors as rows."""
    if len(shape) > 1:
        raise lang.StatementError("SymPy has no matrix of three axes")
    if shape:
        return f"sp.Matrix.vstack(*(({body}).T {steps}))"
    return f"sp.Matrix([{body} {steps}])"


def _array(node: Any) -> str:
    variable, low, high = node.args
    return _steps(f"{variable.name}(t)", variable.shape, f"for t in {_range(low, high)}")


def _stack(node: Any) -> str:
    body, index, low, high = node.args
    return _steps(source(body), body.shape, f"for {index} in {_range(low, high)}")


def _sum(node: Any) -> str:
    body, index, low, high = node.args
    start = f", sp.zeros({_column(node)})" if node.shape else ""
    return f"sum(({source(body)} for {index} in {_range(low, high)}){start})"


def _product(node: Any) -> str:
    body, index, high, low = node.args
    one = f"sp.eye({number(node.shape[0])})" if node.shape else "1"
    factors = f"{source(body)} for {index} in reversed({_range(low, high)})"
    return f"product(({factors}), {one})"


def _compose(node: Any) -> str:
    body, variable, start, index, low, high = node.args
    step = source(body.xreplace({variable: lang.Variable("value", variable.shape)}))
    return f"compose(lambda {index}, value: {step}, {source(start)}, {_range(low, high)})"


def _derivative(node: Any) -> str:
    of, by = node.args
    if len(node.shape) > 2:
        raise lang.StatementError("SymPy has no matrix of three axes")
    since = f", {number(of.index[-1])}" if isinstance(node, lang.Immediate) else ""
    return f"derivative({source(of)}, {source(by)}{since})"


def _condition(condition: lang.Relation) -> str:
    """Condition on a number, or on each entry of an array."""
    left, compare = source(condition.left), COMPARISONS[condition.sign]
    if not condition.left.shape:
        return f"{compare}({left}, {source(condition.right)})"
    if condition.right.shape:
        return f"*map({compare}, {left}, {source(condition.right)})"
    return f"*({compare}(entry, {source(condition.right)}) for entry in {left})"


def _rows(node: Any) -> str:
    rows = (f"[{', '.join(map(source, row))}]" for row in node.args)
    return f"sp.Matrix([{', '.join(rows)}])"


RULES: dict[type, Callable[[Any], str]] = {
    lang.Number: lambda node: number(node.args[0]),
    lang.Ones: lambda node: f"sp.ones({_column(node)})",
    lang.Zeros: lambda node: f"sp.zeros({_column(node)})",
    lang.Identity: lambda node: f"sp.eye({number(node.args[0])})",
    lang.OneHot: lambda node: f"sp.eye({number(node.args[1])})[:, {number(node.args[0])} - 1]",
    lang.Literal: _rows,
    lang.Block: _rows,
    lang.Variable: lambda node: node.name,
    lang.At: lambda node: f"{node.variable.name}({', '.join(map(number, node.index))})",
    lang.Entry: _entry,
    lang.Array: _array,
    lang.Stack: _stack,
    lang.Apply: _apply,
    lang.Add: _sum_of("+"),
    lang.Sub: _sum_of("-"),
    lang.Times: _times,
    lang.Divide: _divide,
    lang.MatMul: _matmul,
    lang.Neg: lambda node: f"-({source(node.args[0])})",
    lang.Power: _power,
    lang.Outer: lambda node: f"({source(node.args[0])}) @ ({source(node.args[1])}).T",
    lang.Transpose: lambda node: f"({source(node.args[0])}).T",
    lang.Inverse: lambda node: f"({source(node.args[0])}).inv()",
    lang.MatrixPower: lambda node: f"({source(node.args[0])}) ** ({source(node.args[1])})",
    lang.Diag: lambda node: f"sp.diag(*({source(node.args[0])}))",
    lang.Total: _called("sum"),
    lang.Concatenate: _called("sp.Matrix.vstack"),
    lang.Convolve: _called("convolve"),
    lang.Sum: _sum,
    lang.Product: _product,
    lang.Compose: _compose,
    lang.Jacobian: _derivative,
    lang.Gradient: _derivative,
    lang.Immediate: _derivative,
    lang.Order: lambda node: "0",
    lang.Size: _called("len"),
    lang.Norm: _called("norm"),
    lang.SpectralRadius: _called("Radius"),
    lang.Abs: _entrywise("sp.Abs"),
    lang.Max: _entrywise("sp.Max"),
    lang.Min: _entrywise("sp.Min"),
    lang.Indicator: _entrywise("indicator"),
}
"""How each node reads in SymPy."""
