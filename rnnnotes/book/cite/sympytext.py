"""Write a formula as a SymPy program that runs in an empty file, and checks itself.

The program has its sizes at the top, explicit matrices of symbols, the definitions that the
formula rests on, and each line of the derivation as a function of the indices.  Run, it
compares each line with the one before.  It needs nothing but SymPy, and nothing of what checks
the formula here: a reader holds an opinion of their own in their hands.
"""

from __future__ import annotations

import ast
import inspect
import symtable
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from typing import Any

import sympy as sp

from rnnnotes.book.cite import sympyhelpers
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.language.symbols import FUNCTIONS, SIZES, SYMBOLS
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.state.source import unannotated
from rnnnotes.book.values.definitions import bound_sizes
from rnnnotes.book.write.plaintext import SIGNS, in_order, text

__all__ = ["RULES", "sympy_text"]

BUILT_IN = {name: row.sympy for name, row in KNOWN.items() if row.sympy}
"""Functions that SymPy has."""

SIGMOID = "def sigmoid(u):\n    return 1 / (1 + sp.exp(-u))"
"""What the sigmoid is where a formula does not rest on its definition."""

IMPORTS = {
    "random": "import random",
    "re": "import re",
    "cache": "from functools import cache",
    "chain": "from itertools import chain",
    "mpmath": "import mpmath",
    "sp": "import sympy as sp",
}
"""What a program may import, by the name that it uses."""

AT_LEAST = {"T": 3, "N": 3, "K": 3}
"""Sizes below which little happens: a product over time has two factors at three steps."""

HELPER, VALUE, FUNCTION, DEFINED = range(4)
"""Kinds of declarations, in the order in which a program makes them."""


def _helpers() -> Iterator[tuple[str, str]]:
    """Name and text of each helper; what describes a value becomes a comment."""
    whole = inspect.getsource(sympyhelpers)
    body = ast.parse(whole).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef):
            yield node.name, _as_it_stands(node, whole)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            assert isinstance(after, ast.Expr)
            assert node.value is not None
            name, description = ast.unparse(target), ast.literal_eval(after.value)
            yield name, f"# {description}\n{name} = {ast.get_source_segment(whole, node.value)}"


def _as_it_stands(node: ast.FunctionDef, whole: str) -> str:
    """Text of a function without the annotations of its parameters."""
    decorators = [f"@{ast.unparse(decorator)}" for decorator in node.decorator_list]
    header, _ = unannotated(f"def {node.name}({ast.unparse(node.args)}): pass").split("\n")
    body = whole.splitlines()[node.body[0].lineno - 1 : node.end_lineno]
    return "\n".join([*decorators, header, *body])


HELPERS = dict(_helpers())
"""Text of each helper that a program may copy, by name."""


def sympy_text(stated: Formula) -> str:
    """SymPy program of a formula, for an empty file.

    Parameters
    ----------
    stated : Formula
        Formula to write.

    Returns
    -------
    str
        Python text.  Run, it compares each line of the derivation with the line before, says
        what it finds, and ends with status 1 if a line does not hold.

    Examples
    --------
    >>> from rnnnotes.book.find.finding import find
    >>> exec(sympy_text(find("bptt.step_jacobian")), {})
    left side = line 1: equal at 3 random points, with H=2, T=3, D=4
    line 1 = line 2: equal at 3 random points, with H=2, T=3, D=4
    line 2 = line 3: equal for all numbers, with H=2, T=3, D=4
    """
    return _Writer(stated).program()


def source(node: Any) -> str:
    """SymPy of an expression, in more brackets than it needs."""
    return RULES[lang.kind(node)](node)


class _Writer:
    """The parts of one program, found by the names that it uses."""

    def __init__(self, stated: Formula) -> None:
        self.stated = stated
        self.ranges = stated.index_ranges()
        self.indices = ", ".join(str(index) for index, *_ in self.ranges)
        self.sizes = [str(size) for size in SIZES]
        self.symbols = {symbol.name: symbol for symbol in SYMBOLS}
        self.definitions = {
            _defined_name(ancestor): ancestor
            for ancestor in (*stated.ancestors, *stated.assumed)
            if ancestor.is_definition
        }
        nodes = [node for part in (*self.definitions.values(), stated) for node in _nodes(part)]
        self.functions = {node.name: node for node in nodes if isinstance(node, lang.Function)}
        self.arities = {
            node.variable.name: len(node.index) for node in nodes if isinstance(node, lang.At)
        }
        self.order = [*HELPERS, *FUNCTIONS, *self.symbols]
        self.parts: dict[str, tuple[int, str]] = {}

    def program(self) -> str:
        """Write the whole program."""
        lines = "\n\n\n".join([*self._conditions(), *self._lines()])
        self._declare(lines)
        of_formula = self._parts(HELPER), self._parts(VALUE, FUNCTION, DEFINED)
        stated = {*self.parts}
        self._declare(self._call([]))
        comparing = self._parts(HELPER, without=stated)
        used = _names("\n".join([*of_formula, comparing, lines, self._call([])]))
        sizes = [size for size in self.sizes if size in used]
        blocks = [
            "\n".join(line for name, line in IMPORTS.items() if name in used),
            "# Digits of every number.\nmpmath.mp.dps = 40",
            *_assigned(sizes),
            _headed("What plain SymPy lacks", of_formula[0]),
            _headed("What the formula rests on", of_formula[1]),
            _headed("The formula, line by line", lines),
            _headed("How lines are compared", comparing),
            self._call(sizes),
        ]
        return "\n\n\n".join(filter(None, blocks)) + "\n"

    def _parts(self, *kinds: int, without: Collection[str] = ()) -> str:
        """Declarations of some kinds."""
        names = [name for name, (kind, _) in self.parts.items()
                 if kind in kinds and name not in without]  # fmt: skip
        return "\n".join(_spaced([self.parts[name][1] for name in sorted(names, key=self._place)]))

    def _place(self, name: str) -> tuple[int, int]:
        """Kind of a name, and its place in it: as in the notation, or as values are given."""
        kind, _ = self.parts[name]
        return kind, (list(self.definitions) if kind == DEFINED else self.order).index(name)

    # -- Lines ---------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        """Each line of the derivation, or the right-hand side of a definition, as a function."""
        left, right = self.stated.statement.left, self.stated.statement.right
        if self.stated.is_definition:
            yield self._function("right_side", text(self.stated.statement), right)
            return
        yield self._function("left_side", text(left), left)
        for number, line in enumerate(self.stated.derivation, start=1):
            comment = f"{SIGNS[line.sign]} {text(line.expr)}\n#     {line.because}"
            yield self._function(f"line_{number}", comment, line.expr)

    def _function(self, name: str, comment: str, value: lang.Expression) -> str:
        return f"# {comment}\n{_tidy(f'def {name}({self.indices}): return {source(value)}')}"

    def _conditions(self) -> Iterator[str]:
        """Conditions, as a function; those that give a symbol its value are definitions."""
        assumed = [definition.statement for definition in self.stated.assumed]
        conditions = [c for c in self.stated.where if c not in assumed]
        if conditions:
            # What asks for every number is asked last, as it takes longest.
            conditions.sort(key=lambda condition: len(self._every(condition)))
            body = "".join(map(self._condition, conditions))
            yield _tidy(f"def conditions({self.indices}):\n{body}")

    def _condition(self, condition: lang.Relation) -> str:
        left, sign, right = source(condition.left), condition.sign, source(condition.right)
        loops = "".join(f"for {name} in ANYWHERE " for name in self._every(condition))
        sides = f"({left}, {sign!r}, {right})"
        return f"    yield from ({sides} {loops})\n" if loops else f"    yield {sides}\n"

    def _every(self, condition: lang.Relation) -> list[str]:
        """Names in a condition that stand for every number: arguments that no line has."""
        in_lines = {node for side in _sides(self.stated) for node in lang.walk(side)}
        return [
            argument.name
            for node in lang.walk(condition)
            if isinstance(node, lang.Apply)
            for argument in node.arguments
            if isinstance(argument, lang.Variable) and argument not in in_lines
        ]

    def _call(self, sizes: list[str]) -> str:
        """Call that compares the lines, or shows a definition."""
        names = [str(index) for index, *_ in self.ranges]
        loops = "".join(f" for {i} in {_range(low, high)}" for i, low, high in self.ranges)
        choices = _tidy(f"[{_by_name(names)}{loops}]")
        if self.stated.is_definition:
            return f"show(right_side, {choices}, {_by_name(sizes)})"
        steps = (f', "{line.sign}", line_{n}' for n, line in enumerate(self.stated.derivation, 1))
        arguments = [f"[left_side{''.join(steps)}]", choices, _by_name(sizes)]
        arguments += ["conditions"] * any(self._conditions())
        ordered = any(isinstance(node, lang.Order) for node in _nodes(self.stated))
        arguments += ["compare=holds_up_to_order"] * ordered
        return "check(" + "".join(f"\n    {argument}," for argument in arguments) + "\n)"

    # -- Declarations --------------------------------------------------------------------------

    def _declare(self, text: str) -> None:
        """Declare each name that a text uses, then each that the declarations use."""
        for name in _names(text):
            declared = None if name in self.parts else self._declaration(name)
            if declared is not None:
                self.parts[name] = declared
                self._declare(declared[1])

    def _declaration(self, name: str) -> tuple[int, str] | None:
        """Return the kind of a name, and the text that declares it."""
        if name in HELPERS:
            return HELPER, HELPERS[name]
        if name in self.definitions:
            is_value = isinstance(self.definitions[name].statement.left, lang.Variable)
            return DEFINED if is_value else FUNCTION, _tidy(_definition(self.definitions[name]))
        if name in self.symbols:
            symbol = self.symbols[name]
            arity = self.arities.get(name, len(symbol.times[:1]))
            return FUNCTION if arity else VALUE, _tidy(_leaf(symbol, arity))
        if name in self.functions and name not in BUILT_IN:
            return FUNCTION, _tidy(_unknown(self.functions[name]))
        return None


def _sides(stated: Formula) -> list[lang.Expression]:
    """Return both sides of a statement, and the lines between."""
    statement = stated.statement
    return [statement.left, *(line.expr for line in stated.derivation), statement.right]


def _nodes(stated: Formula) -> Iterator[sp.Basic]:
    """All nodes of a formula."""
    return chain.from_iterable(map(lang.walk, [*_sides(stated), *stated.where]))


def _by_name(names: list[str]) -> str:
    """Text of a dictionary from each name to its value."""
    return f"dict({', '.join(f'{name}={name}' for name in names)})" if names else "{}"


def _assigned(sizes: list[str]) -> Iterator[str]:
    """Assign small numbers to the sizes, no two alike; a kernel has a middle tap."""
    numbers: list[int] = []
    for size in sizes:
        number = max([1, *numbers]) + 1
        numbers.append(max(number, AT_LEAST.get(size, 2)) | (size == "K"))
    if sizes:
        values = ", ".join(map(str, numbers))
        yield f"# Sizes: change them, and run again.\n{', '.join(sizes)} = {values}"


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
    """Blocks, with empty lines around each that has several lines."""
    for before, block in zip(["", *blocks], blocks, strict=False):
        if before and "\n" in before + block:
            yield "\n"
        yield block


def _headed(heading: str, body: str) -> str:
    return f"# -- {heading} {'-' * (94 - len(heading))}\n\n\n{body}" if body else ""


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
    return f"f'{'_'.join([name, *(f'{{{place}}}' for place in places)])}'" if places else repr(name)


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
    times = _places(len(function.index))
    shape = () if function.elementwise else function.gives
    value = f"unknown({_label(name, *times, *['i'] * len(shape))})"
    if shape:
        lengths = {size: sp.Symbol(text) for size, text in _lengths(function.takes)}
        size = number(shape[0].xreplace(lengths))
        entries = f"{value}(*arguments) for i in range(1, {size} + 1)"
        value = f"lambda *arguments: sp.Matrix([{entries}])"
    return f"def {name}({', '.join(times)}):\n    return {value}" if times else f"{name} = {value}"


def _lengths(takes: tuple[lang.Shape, ...]) -> Iterator[tuple[sp.Symbol, str]]:
    """Sizes that arguments bind, and how to read them off."""
    for place, taken in enumerate(takes):
        for axis, size in enumerate(taken):
            if isinstance(size, lang.Letter):
                yield size, f"arguments[{place}].shape[{axis}]"


def _bound(target: lang.Apply) -> Iterator[tuple[sp.Expr, str]]:
    """Sizes in a definition that its arguments bind, and how to read them off."""
    for parameter, sizes in zip(target.arguments, bound_sizes(target), strict=False):
        for axis, size in enumerate(sizes):
            if size is not None:
                yield size, f"{source(parameter)}.shape[{axis}]"


def _definition(stated: Formula) -> str:
    """Declare what a definition says: a value, or a function of an index or of arguments."""
    target, value = stated.statement.left, source(stated.statement.right)
    if isinstance(target, lang.Apply):
        bound = "".join(f"    {size} = {length}\n" for size, length in _bound(target)
                        if size in lang.indices(stated.statement.right))  # fmt: skip
        return f"def {target.function.name}({_arguments(target)}):\n{bound}    return {value}"
    if isinstance(target, lang.Variable):
        return f"{target.name} = define('{target.name}', {value})"
    assert isinstance(target, lang.At)
    name, indices = target.variable.name, target.index
    places = [str(one) if one.is_Symbol else place
              for one, place in zip(indices, _places(len(indices)), strict=True)]  # fmt: skip
    if not all(one.is_Symbol or one.is_Integer for one in indices):
        wrong = list(map(str, indices))
        raise lang.StatementError(f"{stated.id}: defines {name} at {wrong}, not at an index")
    lines = [f"return define({_label(name, *places)}, {value}, {places[-1]})"]
    ranges = [(index, low, high) for index, low, high in stated.index_ranges()
              if (low, high) != target.variable.times]  # fmt: skip
    ranges += [(sp.Symbol(place), one, one)
               for one, place in zip(indices, places, strict=True) if one.is_Integer]  # fmt: skip
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


def _dimensions(node: Any) -> str:
    """Shape of an explicit matrix, of which a row and a column are kinds."""
    sizes = [*map(number, node.shape), "1"][:2]
    return ", ".join(reversed(sizes) if node.row else sizes)


def _term(node: Any, whole: lang.Expression) -> str:
    """Term of a sum; a number beside arrays stands for an array of it."""
    if not whole.shape or node.shape:
        return f"({source(node)})"
    ones = f"sp.ones({_dimensions(whole)})"
    return ones if node == lang.Number(1) else f"({source(node)}) * {ones}"


def _sum_of(operator: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        left, right = node.args
        return f"{_term(left, node)} {operator} {_term(right, node)}"

    return rule


def _times(node: lang.Times) -> str:
    left, right = node.args
    if left.shape and right.shape:
        return f"hadamard({', '.join(map(source, _factors(node)))})"
    return f"({source(left)}) * ({source(right)})"


def _factors(node: Any) -> list[Any]:
    """Arrays that a product entry by entry multiplies, from the left."""
    if isinstance(node, lang.Times) and all(part.shape for part in node.args):
        return [*_factors(node.args[0]), node.args[1]]
    return [node]


def _divide(node: lang.Divide) -> str:
    above, below = node.args
    if below.shape:
        return f"entrywise(lambda a, b: a / b, {source(above)}, {source(below)})"
    return f"({_exactly(above)}) / ({source(below)})"


def _exactly(node: Any) -> str:
    """Number that a division or a power keeps exact."""
    return f"sp.S({source(node)})" if isinstance(node, lang.Number) else source(node)


def _power(node: lang.Power) -> str:
    base, exponent = node.args
    if base.shape:
        return f"({source(base)}).applyfunc(lambda entry: entry ** ({source(exponent)}))"
    return f"({_exactly(base)}) ** ({source(exponent)})"


def _matrix_power(node: lang.MatrixPower) -> str:
    base, exponent = map(source, node.args)
    return f"product([{base}] * ({exponent}), sp.eye({number(node.shape[0])}))"


def _matmul(node: lang.MatMul) -> str:
    left, right = node.args
    if not node.shape:
        return f"({source(left)}).dot({source(right)})"
    return f"({source(left)}) @ ({source(right)})"


def _apply(node: lang.Apply) -> str:
    name = BUILT_IN.get(node.function.name, node.function.name)
    arguments = ", ".join(map(source, node.arguments))
    times = ", ".join(map(number, node.function.index))
    name = f"{name}({times})" if times else name
    if not node.function.elementwise:
        return f"{name}({arguments})"
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


def _entry(node: lang.Entry) -> str:
    array, *place = node.args
    places = [f"{number(i)} - 1" for i in place]
    if len(places) < len(array.shape):
        return f"({source(array)})[{places[0]}, :]"
    return f"({source(array)})[{', '.join(places)}]"


def _range(low: Any, high: Any) -> str:
    return f"range({number(low)}, {number(high + 1)})"


def _steps(node: lang.Expression, body: str, steps: str) -> str:
    """Numbers one below the other, or vectors as rows."""
    if len(node.shape) > 1:
        raise lang.StatementError("SymPy has no matrix of three axes")
    if node.shape:
        row = f"({body}).T" if not node.row else body
        return f"sp.Matrix.vstack(*({row} {steps}))"
    return f"sp.Matrix([{body} {steps}])"


def _array(node: lang.Steps) -> str:
    variable, low, high = node.args
    return _steps(variable, f"{variable.name}(t)", f"for t in {_range(low, high)}")


def _stack(node: lang.Stack) -> str:
    body, index, low, high = node.args
    return _steps(body, source(body), f"for {index} in {_range(low, high)}")


def _sum(node: lang.Sum) -> str:
    body, index, low, high = node.args
    start = f", sp.zeros({_dimensions(node)})" if node.shape else ""
    return f"sum(({source(body)} for {index} in {_range(low, high)}){start})"


def _product(node: lang.Product) -> str:
    body, index, high, low = node.args
    one = f"sp.eye({number(node.shape[0])})" if node.shape else "1"
    factors = f"{source(body)} for {index} in reversed({_range(low, high)})"
    return f"product(({factors}), {one})"


def _compose(node: lang.Compose) -> str:
    body, variable, start, index, low, high = node.args
    step = source(body.xreplace({variable: lang.Variable("value", variable.shape)}))
    return f"compose(lambda {index}, value: {step}, {source(start)}, {_range(low, high)})"


def _derivative(node: lang.Jacobian | lang.Gradient | lang.Immediate) -> str:
    of, by = node.args
    if len(node.shape) > 2:
        raise lang.StatementError("SymPy has no matrix of three axes")
    since = f", {number(of.index[-1])}" if isinstance(node, lang.Immediate) else ""
    kind = "gradient" if node.shape == by.shape and not (of.shape or node.row) else "jacobian"
    return f"{kind}({source(of)}, {source(by)}{since})"


def _rows(node: lang.Literal | lang.Block) -> str:
    rows = (f"[{', '.join(map(source, row))}]" for row in node.args)
    return f"sp.Matrix([{', '.join(rows)}])"


RULES: dict[type, Callable[[Any], str]] = {
    lang.Number: lambda node: number(node.value),
    lang.Ones: lambda node: f"sp.ones({_dimensions(node)})",
    lang.Zeros: lambda node: f"sp.zeros({_dimensions(node)})",
    lang.Identity: lambda node: f"sp.eye({number(node.args[0])})",
    lang.OneHot: lambda node: f"sp.eye({number(node.size)})[:, {number(node.place)} - 1]",
    lang.Literal: _rows,
    lang.Block: _rows,
    lang.Variable: lambda node: node.name,
    lang.At: lambda node: f"{node.variable.name}({', '.join(map(number, node.index))})",
    lang.Entry: _entry,
    lang.Steps: _array,
    lang.Stack: _stack,
    lang.Apply: _apply,
    lang.Add: _sum_of("+"),
    lang.Sub: _sum_of("-"),
    lang.Times: _times,
    lang.Divide: _divide,
    lang.MatMul: _matmul,
    lang.Neg: lambda node: f"-({source(node.inside)})",
    lang.Power: _power,
    lang.Outer: lambda node: f"({source(node.left)}) @ ({source(node.right)}).T",
    lang.Transpose: lambda node: f"({source(node.inside)}).T",
    lang.Inverse: lambda node: f"({source(node.inside)}).inv('ADJ')",
    lang.MatrixPower: _matrix_power,
    lang.Diag: lambda node: f"sp.diag(*({source(node.inside)}))",
    lang.Total: _called("sum"),
    lang.Concatenate: _called("sp.Matrix.vstack"),
    lang.Convolve: _called("convolve"),
    lang.Sum: _sum,
    lang.Product: _product,
    lang.Compose: _compose,
    lang.Jacobian: _derivative,
    lang.Gradient: _derivative,
    lang.Immediate: _derivative,
    lang.Derived: lambda node: source(node.unfolded),
    lang.Order: lambda node: f"big_o({source(node.variable)} ** {number(node.power)})",
    lang.Size: _called("len"),
    lang.Determinant: lambda node: f"({source(node.inside)}).det()",
    lang.Norm: _called("norm"),
    lang.SpectralRadius: _called("spectral_radius"),
    lang.Abs: _entrywise("sp.Abs"),
    lang.Max: _entrywise("sp.Max"),
    lang.Min: _entrywise("sp.Min"),
    lang.Indicator: _entrywise("indicator"),
    lang.Bracket: lambda node: source(node.strictly),
}
"""How each node reads in SymPy."""
