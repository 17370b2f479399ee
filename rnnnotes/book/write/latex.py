r"""Set a statement the way a person would set it.

Nothing is sorted or simplified: a line is printed as it was stated.  How a symbol is set
is declared in `rnnnotes.notation`.

Examples
--------
>>> from rnnnotes.book.language.nodes import Diag
>>> from rnnnotes.notation import W_hh, W_xh, b_h, h, t, tanh, x
>>> print(latex(tanh(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)))
\tanh(\mathbf{W}_{xh} \mathbf{x}_{t} + \mathbf{W}_{hh} \mathbf{h}_{t-1} + \mathbf{b}_{h})
>>> print(latex(Diag(1 - h[t] ** 2) @ W_hh))
\operatorname{diag}(\mathbf{1} - \mathbf{h}_{t}^{\odot 2})\, \mathbf{W}_{hh}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.language.symbols import FUNCTIONS, SYMBOLS

__all__ = ["argument_latex", "index_latex", "latex", "range_latex", "values_latex"]

SUM, HADAMARD, PRODUCT, ATOM = range(1, 5)
"""How tightly a node holds together; a looser one is put in brackets."""

SIGNS = {"=": "=", "<=": r"\le", "<": "<", "!=": r"\ne"}

TALL = re.compile(r"\\(frac|sum|prod|begin|mathop|underbrace)")

LEVEL = re.compile(r"\\left|\\begin|\\right|\\end|[{}()^']")
"""What opens and closes a part of some LaTeX, and what raises one."""


def latex(node: sp.Basic) -> str:
    """LaTeX of an expression or a relation.

    Parameters
    ----------
    node : Expression or Relation
        What is set.

    Returns
    -------
    str
        LaTeX for the inside of a display.
    """
    if isinstance(node, lang.Relation):
        left, right = latex(node.left), f"{SIGNS[node.sign]} {latex(node.right)}"
        if isinstance(node.left, lang.Block):  # two matrices do not fit on one line
            return rf"\begin{{aligned}} & {left} \\ & {right} \end{{aligned}}"
        return f"{left} {right}"
    return RULES[lang.kind(node)](node)


def index_latex(expr: sp.Expr) -> str:
    """LaTeX of a time, without spaces: a subscript is narrow."""
    return re.sub(r" ([+-]) ", r"\1", number_latex(expr))


def argument_latex(value: Any) -> str:
    """LaTeX of what a parameter of the code stands for."""
    if isinstance(value, lang.Function):
        return _function(value)
    tree = isinstance(value, lang.Expression | lang.Relation)
    return latex(value) if tree else index_latex(value)


def values_latex(low: sp.Expr, high: sp.Expr) -> str:
    """LaTeX of the values from a first to a last."""
    return rf"{index_latex(low)}, \dots, {index_latex(high)}"


def range_latex(index: sp.Symbol, low: sp.Expr, high: sp.Expr) -> str:
    """LaTeX of an index with its first and its last value."""
    return f"{index_latex(index)} = {values_latex(low, high)}"


def number_latex(expr: sp.Expr) -> str:
    """LaTeX of an expression in sizes and indices: what is taken away comes last."""
    if not isinstance(expr, sp.Add):
        return str(sp.latex(expr))
    terms = expr.as_ordered_terms("grlex")
    last = sorted(terms, key=lambda term: bool(term.could_extract_minus_sign()))
    return str(sp.latex(sp.Add(*last, evaluate=False), order="none"))


def bracket(tex: str, left: str = "(", right: str = ")") -> str:
    """Put brackets around, as tall as need be."""
    return rf"\left{left}{tex}\right{right}" if TALL.search(tex) else f"{left}{tex}{right}"


def binding(node: Any) -> int:
    """How tightly a node holds together."""
    match node:
        case lang.Number():
            value = node.value
            if value.is_Add or value.could_extract_minus_sign():
                return SUM
            return PRODUCT if value.is_Mul and not value.is_Rational else ATOM
        case lang.Add() | lang.Sub() | lang.Neg():
            return SUM
        case lang.Times() if node.left.shape and node.right.shape:
            return HADAMARD
        case lang.Convolve():
            return HADAMARD
        case lang.Sum() | lang.Product() | lang.MatMul() | lang.Outer() | lang.Times():
            return PRODUCT
        case lang.Total():
            return PRODUCT
        case lang.Jacobian() | lang.Immediate() if not _is_plain(node.of):
            return PRODUCT
        case _:
            return ATOM


def _is_plain(of: Any) -> bool:
    """Whether what is differentiated fits above the line; else an operator stands before it."""
    return isinstance(of, lang.Variable | lang.At | lang.Entry | lang.Apply)


def is_open(node: Any) -> bool:
    """Whether a node reaches as far as it can: what follows would read as a part of it."""
    match node:
        case lang.Sum() | lang.Product() | lang.Gradient():
            return True
        case lang.Jacobian() | lang.Immediate():
            return binding(node) < ATOM
        case lang.Times() | lang.MatMul() | lang.Total():
            last = node.args[-1]
            return binding(node) == PRODUCT <= binding(last) and is_open(last)
        case _:
            return False


def inside(node: Any, level: int) -> str:
    """LaTeX of a part, in brackets if it is looser than its place."""
    return bracket(latex(node)) if binding(node) < level else latex(node)


def _raised(tex: str) -> bool:
    """Whether some LaTeX ends in what is raised, so that no more can be raised over it."""
    depth = 0
    for mark in LEVEL.findall(tex):
        if mark in "^'" and not depth:
            return True
        depth += mark in ("\\left", "\\begin", "{", "(")
        depth -= mark in ("\\right", "\\end", "}", ")")
    return False


def _base(node: Any) -> str:
    """LaTeX that something may be raised over: a part with a fence, or without anything raised."""
    tex = inside(node, ATOM)
    fenced = binding(node) < ATOM
    composed = isinstance(node, lang.Gradient) or tex.startswith((r"\frac", r"\underbrace"))
    return bracket(tex) if not fenced and (composed or _raised(tex)) else tex


def _term(node: Any, whole: lang.Expression) -> str:
    """Term of a sum; a number beside arrays stands for an array of it."""
    if whole.shape and not node.shape:
        ones = r"\mathbf{1}^{\top}" if whole.row else r"\mathbf{1}"
        return ones if node == lang.Number(1) else rf"{_factor(node)} \, {ones}"
    return latex(node)


def _add(node: lang.Add) -> str:
    left, right = node.args
    tex = _term(right, node)
    return f"{_term(left, node)} + {bracket(tex) if tex.startswith('-') else tex}"


def _sub(node: lang.Sub) -> str:
    left, right = node.args
    tex = _term(right, node)
    loose = binding(right) == SUM and right.shape == node.shape
    return f"{_term(left, node)} - {bracket(tex) if loose else tex}"


def _juxtapose(left: str, right: str) -> str:
    # A thin space keeps a bracketed factor from looking like the argument of a function.
    gap = r"\, " if left.endswith((")", "}")) and ("(" in left or "frac" in left) else ""
    return f"{left}{gap or ' '}{right}"


def _factor(node: Any) -> str:
    """Factor that others follow; what reaches to its end is closed off."""
    if not is_open(node):
        return inside(node, PRODUCT)
    if isinstance(node, lang.Times | lang.MatMul):
        last = node.args[1]
        return latex(node).removesuffix(latex(last)) + _factor(last)
    return bracket(latex(node))


def _entrywise(node: Any) -> str:
    product = isinstance(node, lang.Times) and binding(node) == HADAMARD
    return inside(node, HADAMARD if product else ATOM)


def _times(node: lang.Times) -> str:
    left, right = node.args
    if left.shape and right.shape:
        return r" \odot ".join(_entrywise(part) for part in (left, right))
    texes = _factor(left), inside(right, PRODUCT)
    number = isinstance(right, lang.Number) and right.value.is_number
    mixed = texes[0][-1].isdigit() and re.match(r"\\frac{\d", texes[1])
    if number or mixed or texes[1][0].isdigit():
        return rf"{texes[0]} \cdot {texes[1]}"
    return _juxtapose(*texes)


def _divide(node: lang.Divide) -> str:
    return rf"\frac{{{latex(node.above)}}}{{{latex(node.below)}}}"


def _transposed(node: Any) -> str:
    return rf"{_base(node)}^{{\top}}"


def _matmul(node: lang.MatMul) -> str:
    left, right = node.args
    return _juxtapose(_factor(left), inside(right, PRODUCT))


def _outer(node: lang.Outer) -> str:
    left, right = node.args
    return _juxtapose(_factor(left), _transposed(right))


def _power(node: lang.Power) -> str:
    base, exponent = node.args
    if isinstance(base, lang.Apply):
        counts = isinstance(exponent, lang.Number) and latex(exponent).isdigit()
        known = KNOWN.get(base.function.name)
        named = known is not None and known.power_at_name and not base.function.order
        if named and counts and not base.shape:
            argument = bracket(latex(base.arguments[0]))
            return rf"{_function(base.function)}^{{{latex(exponent)}}}{argument}"
        tex = bracket(latex(base))
    else:
        tex = _base(base)
    entrywise = r"\odot " if base.shape else ""
    return f"{tex}^{{{entrywise}{latex(exponent)}}}"


def _matrix_power(node: lang.MatrixPower) -> str:
    matrix, exponent = node.args
    if latex(exponent) == "T":  # raised, it would look like a transpose
        factor = inside(matrix, ATOM)
        return rf"\underbrace{{{factor} \cdots {factor}}}_{{T}}"
    return f"{_base(matrix)}^{{{latex(exponent)}}}"


def _function(function: lang.Function) -> str:
    tex = FUNCTIONS[function.name].tex + "'" * function.order
    return tex + (f"_{{{index_latex(function.index[0])}}}" if function.index else "")


def _apply(node: lang.Apply) -> str:
    arguments = ", ".join(latex(argument) for argument in node.arguments)
    if node.function.name == "exp" and not node.shape and TALL.search(arguments) is None:
        return f"e^{{{arguments}}}"
    return f"{_function(node.function)}{bracket(arguments)}"


def _variable(node: lang.Variable) -> str:
    return SYMBOLS[node].tex


def _at(node: lang.At) -> str:
    *layer, time = map(index_latex, node.index)
    tex = latex(node.variable)
    if layer and not _raised(tex):
        return f"{tex}^{{({layer[0]})}}_{{{time}}}"
    return f"{tex}_{{{','.join([*layer, time])}}}"


def _entry(node: lang.Entry) -> str:
    array, *place = node.args
    rows = [":"] * (len(array.shape) - len(place))
    tex = inside(array, ATOM)
    bare = isinstance(array, lang.Variable | lang.Apply) and not (TALL.search(tex) or "_" in tex)
    if binding(array) == ATOM and not bare:
        tex = bracket(tex)
    return f"{tex}_{{{','.join([*map(index_latex, place), *rows])}}}"


def _array(node: lang.Steps) -> str:
    variable, low, high = node.args
    return f"{latex(variable)}_{{{index_latex(low)}:{index_latex(high)}}}"


def _stack(node: lang.Stack) -> str:
    body, index, low, high = node.args
    first, last = f"{index_latex(index)}={index_latex(low)}", index_latex(high)
    return rf"\left({latex(body)}\right)_{{{first}}}^{{{last}}}"


def is_total(node: Any) -> bool:
    """Whether a derivative follows every use of a symbol that has no time, such as a weight."""
    return isinstance(node, lang.Jacobian) and isinstance(node.by, lang.Variable)


def _fraction(sign: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        of, by = node.args
        d = r"\mathrm{d}" if is_total(node) else sign
        # One scalar by another, or one step by its input, has no other path to hold fixed.
        top, below = latex(of), d.replace("^{+}", "")
        if _is_plain(of):
            return rf"\frac{{{d} {top}}}{{{below} {latex(by)}}}"
        return rf"\frac{{{d}}}{{{below} {latex(by)}}} {bracket(top)}"

    return rule


def _gradient(node: lang.Gradient) -> str:
    of, by = node.args
    return rf"\nabla_{{\!{latex(by)}}} {inside(of, ATOM)}"


def _big(operator: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        body, index, first, last = node.args
        return (
            rf"{operator}_{{{index_latex(index)}={index_latex(first)}}}^{{{index_latex(last)}}} "
            + inside(body, HADAMARD)
        )

    return rule


def _compose(node: lang.Compose) -> str:
    body, variable, start, *bounds = node.args
    index, first, last = map(index_latex, bounds)
    step = bracket(rf"{latex(variable)} \mapsto {latex(body)}")
    steps = rf"\mathop{{\bigcirc}}_{{{index}={last}}}^{{{first}}} {step}"
    return rf"{bracket(steps)}({latex(start)})"


def _literal(node: lang.Literal | lang.Block) -> str:
    rows = r" \\ ".join(" & ".join(latex(entry) for entry in row) for row in node.args)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _concatenate(node: lang.Concatenate) -> str:
    rows = r" \\ ".join(map(latex, node.args))
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _named(name: str) -> Callable[[Any], str]:
    return lambda node: name + bracket(", ".join(map(latex, node.args)))


def _fenced(left: str, right: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        tex = latex(node.args[0])
        # Both sides of a fence look alike, so that one within another needs brackets.
        return rf"\left{left} {bracket(tex) if left in tex else tex} \right{right}"

    return rule


def _convolve(node: lang.Convolve) -> str:
    return " * ".join(
        bracket(latex(part)) if is_open(part) else inside(part, ATOM) for part in node.args
    )


def _order(node: lang.Order) -> str:
    # Upright, it would look like the number of outputs times a bracket.
    return rf"\mathcal{{O}}({_power(lang.Power(*node.args))})"


FIELD = re.compile(r"([(\[]?)<(\w+)>([)\]]?)")
"""Place of a part in a template, with the brackets around it, if it has some for itself."""


def filled(template: str, node: Any, part: Callable[[Any], str], fence: Callable[..., str]) -> str:
    """Template of a node, with the print of each part in its place."""

    def field(found: re.Match[str]) -> str:
        left, name, right = found.groups()
        value = getattr(node, name)
        inner = ", ".join(map(part, value if isinstance(value, tuple) else (value,)))
        return fence(inner, left, right) if left and right else left + inner + right

    return FIELD.sub(field, template)


def _derived(node: lang.Derived) -> str:
    return filled(node.tex, node, argument_latex, bracket)


RULES: dict[type, Callable[[Any], str]] = {
    lang.Number: lambda node: number_latex(node.value),
    lang.Ones: lambda node: r"\mathbf{1}",
    lang.Zeros: lambda node: r"\mathbf{0}",
    lang.Identity: lambda node: r"\mathbf{I}",
    lang.OneHot: lambda node: rf"\mathbf{{e}}_{{{index_latex(node.place)}}}",
    lang.Literal: _literal,
    lang.Block: _literal,
    lang.Variable: _variable,
    lang.At: _at,
    lang.Entry: _entry,
    lang.Steps: _array,
    lang.Stack: _stack,
    lang.Apply: _apply,
    lang.Add: _add,
    lang.Sub: _sub,
    lang.Neg: lambda node: f"-{inside(node.inside, HADAMARD)}",
    lang.Times: _times,
    lang.Divide: _divide,
    lang.MatMul: _matmul,
    lang.Outer: _outer,
    lang.Power: _power,
    lang.MatrixPower: _matrix_power,
    lang.Transpose: lambda node: _transposed(node.inside),
    lang.Inverse: lambda node: f"{_base(node.inside)}^{{-1}}",
    lang.Diag: _named(r"\operatorname{diag}"),
    lang.Total: lambda node: _juxtapose(r"\mathbf{1}^{\top}", inside(node.inside, PRODUCT)),
    lang.Concatenate: _concatenate,
    lang.Convolve: _convolve,
    lang.Sum: _big(r"\sum"),
    lang.Product: _big(r"\prod"),
    lang.Compose: _compose,
    lang.Jacobian: _fraction(r"\partial"),
    lang.Immediate: _fraction(r"\partial^{+}"),
    lang.Gradient: _gradient,
    lang.Order: _order,
    lang.Derived: _derived,
    lang.Norm: _fenced(r"\lVert", r"\rVert"),
    lang.Abs: _fenced("|", "|"),
    lang.Determinant: _named(r"\det"),
    lang.Size: _named(r"\operatorname{size}"),
    lang.SpectralRadius: _named(r"\rho"),
    lang.Max: _named(r"\max"),
    lang.Min: _named(r"\min"),
    lang.Indicator: lambda node: f"[{latex(node.left)} > {latex(node.right)}]",
    lang.Bracket: lambda node: bracket(latex(node.comparison), "[", "]"),
}
"""How each node is set."""
