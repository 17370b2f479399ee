r"""Set a statement the way a person would set it.

Nothing is sorted or simplified: a line is printed as it was stated.  How a symbol is set
is declared in `rnnnotes.notation`.

Examples
--------
>>> from rnnnotes.book.language import Diag
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

from rnnnotes.book import language as lang

__all__ = ["index_latex", "latex"]

SUM, HADAMARD, PRODUCT, ATOM = range(1, 5)
"""How tightly a node holds together; a looser one is put in brackets."""

SIGNS = {"=": "=", "<=": r"\le", "<": "<", "!=": r"\ne"}

HOLE = "(hole)"
"""Name of the place that a composed function leaves open for its argument."""

TALL = re.compile(r"\\(frac|sum|prod|begin)")


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
    return RULES[type(node)](node)


def index_latex(expr: sp.Expr) -> str:
    """LaTeX of a time, without spaces: a subscript is narrow."""
    return re.sub(r" ([+-]) ", r"\1", number_latex(expr))


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
            value = node.args[0]
            if value.is_Add or value.could_extract_minus_sign():
                return SUM
            return PRODUCT if value.is_Mul and not value.is_Rational else ATOM
        case lang.Add() | lang.Sub() | lang.Neg():
            return SUM
        case lang.Times() if node.args[0].shape and node.args[1].shape:
            return HADAMARD
        case lang.Convolve():
            return HADAMARD
        case lang.Sum() | lang.Product() | lang.MatMul() | lang.Outer() | lang.Times():
            return PRODUCT
        case lang.Total():
            return PRODUCT
        case _:
            return ATOM


def inside(node: Any, level: int) -> str:
    """LaTeX of a part, in brackets if it is looser than its place."""
    return bracket(latex(node)) if binding(node) < level else latex(node)


def _term(node: Any, whole: lang.Expression) -> str:
    """Term of a sum; a number beside arrays stands for an array of it."""
    if whole.shape and not node.shape and isinstance(node, lang.Number):
        ones = r"\mathbf{1}"
        return ones if node.args[0] == 1 else rf"{latex(node)} \, {ones}"
    return latex(node)


def _add(node: Any) -> str:
    left, right = node.args
    return f"{_term(left, node)} + {_term(right, node)}"


def _sub(node: Any) -> str:
    left, right = node.args
    tex = _term(right, node)
    return f"{_term(left, node)} - {bracket(tex) if binding(right) == SUM else tex}"


def _juxtapose(left: str, right: str) -> str:
    # A thin space keeps a bracketed factor from looking like the argument of a function.
    gap = r"\, " if left.endswith((")", "}")) and ("(" in left or "frac" in left) else ""
    return f"{left}{gap or ' '}{right}"


def _factor(node: Any, last: bool) -> str:
    """Factor of a product; an operator reaches to its end, so it is closed off before."""
    open_ended = isinstance(node, lang.Sum | lang.Product | lang.Gradient) and not last
    return bracket(latex(node)) if open_ended else inside(node, PRODUCT)


def _entrywise(node: Any) -> str:
    return inside(node, HADAMARD if binding(node) == HADAMARD else ATOM)


def _times(node: Any) -> str:
    left, right = node.args
    if left.shape and right.shape:
        return r" \odot ".join(_entrywise(part) for part in (left, right))
    texes = _factor(left, last=False), _factor(right, last=True)
    number = isinstance(right, lang.Number) and right.args[0].is_number
    if number or texes[1][0].isdigit():
        return rf"{texes[0]} \cdot {texes[1]}"
    return _juxtapose(*texes)


def _divide(node: Any) -> str:
    return rf"\frac{{{latex(node.args[0])}}}{{{latex(node.args[1])}}}"


def _transposed(node: Any) -> str:
    return rf"{inside(node, ATOM)}^{{\top}}" if not isinstance(node, lang.Gradient) else (
        rf"{bracket(latex(node))}^{{\top}}"
    )  # fmt: skip


def _is_row(node: Any) -> bool:
    """Whether a vector is set as a row already: a derivative, or a row times a matrix."""
    if isinstance(node, lang.MatMul):
        return len(node.args[0].shape) == 1
    return isinstance(node, lang.Jacobian) and not node.args[0].shape


def _matmul(node: Any) -> str:
    left, right = node.args
    column = len(left.shape) == 1 and not _is_row(left)
    left_tex = _transposed(left) if column else _factor(left, last=False)
    return _juxtapose(left_tex, _factor(right, last=True))


def _outer(node: Any) -> str:
    left, right = node.args
    return _juxtapose(_factor(left, last=False), _transposed(right))


def _power(node: Any) -> str:
    base, exponent = node.args
    tex = inside(base, ATOM)
    if isinstance(base, lang.Divide):
        tex = bracket(tex)
    if isinstance(base, lang.Apply) and not base.shape:
        name, argument = _function(base.function), latex(base.arguments[0])
        return rf"{name}^{{{latex(exponent)}}}{bracket(argument)}"
    raised = isinstance(base, lang.At | lang.Variable) and "^" in tex
    if raised or isinstance(base, lang.Apply | lang.Jacobian | lang.Gradient | lang.Power):
        tex = bracket(latex(base))
    entrywise = r"\odot " if base.shape else ""
    return f"{tex}^{{{entrywise}{latex(exponent)}}}"


def _function(function: lang.Function) -> str:
    from rnnnotes.notation import FUNCTIONS

    tex = FUNCTIONS[function.name].tex + "'" * function.order
    return tex + (f"_{{{index_latex(function.index[0])}}}" if function.index else "")


def _apply(node: Any) -> str:
    arguments = ", ".join(latex(argument) for argument in node.arguments)
    if node.function.name == "exp" and not node.shape and TALL.search(arguments) is None:
        return f"e^{{{arguments}}}"
    return f"{_function(node.function)}{bracket(arguments)}"


def _variable(node: Any) -> str:
    from rnnnotes.notation import SYMBOLS

    return r"\cdot" if node.name == HOLE else SYMBOLS[node].tex


def _at(node: Any) -> str:
    *layer, time = map(index_latex, node.index)
    above = f"^{{({layer[0]})}}" if layer else ""
    return f"{latex(node.variable)}{above}_{{{time}}}"


def _entry(node: Any) -> str:
    array, *place = node.args
    rows = [":"] * (len(array.shape) - len(place))
    tex = inside(array, ATOM)
    if binding(array) == ATOM and (TALL.search(tex) or "_" in tex):
        tex = bracket(tex)
    return f"{tex}_{{{','.join([*map(index_latex, place), *rows])}}}"


def _array(node: Any) -> str:
    variable, low, high = node.args
    return f"{latex(variable)}_{{{index_latex(low)}:{index_latex(high)}}}"


def _stack(node: Any) -> str:
    body, index, low, high = node.args
    first, last = f"{index_latex(index)}={index_latex(low)}", index_latex(high)
    return rf"\left({latex(body)}\right)_{{{first}}}^{{{last}}}"


def _fraction(sign: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        of, by = node.args
        d = (
            r"\mathrm{d}"
            if sign == r"\partial" and not isinstance(by, lang.At | lang.Entry)
            else sign
        )
        # One scalar by another, or one step by its input, has no other path to hold fixed.
        top, below = latex(of), d.replace("^{+}", "")
        if isinstance(of, lang.Variable | lang.At | lang.Entry | lang.Apply):
            return rf"\frac{{{d} {top}}}{{{below} {latex(by)}}}"
        return rf"\frac{{{d}}}{{{below} {latex(by)}}} {bracket(top)}"

    return rule


def _gradient(node: Any) -> str:
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


def _compose(node: Any) -> str:
    body, variable, start, index, low, high = node.args
    hole = lang.Variable(HOLE, variable.shape)
    first, last = (latex(body.xreplace({variable: hole, index: i})) for i in (low, high))
    return rf"\bigl({last} \circ \cdots \circ {first}\bigr)({latex(start)})"


def _literal(node: Any) -> str:
    rows = r" \\ ".join(" & ".join(latex(entry) for entry in row) for row in node.args)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _concatenate(node: Any) -> str:
    rows = r" \\ ".join(map(latex, node.args))
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _named(name: str) -> Callable[[Any], str]:
    return lambda node: name + bracket(", ".join(map(latex, node.args)))


def _fenced(left: str, right: str) -> Callable[[Any], str]:
    return lambda node: rf"\left{left} {latex(node.args[0])} \right{right}"


RULES: dict[type, Callable[[Any], str]] = {
    lang.Number: lambda node: number_latex(node.args[0]),
    lang.Ones: lambda node: r"\mathbf{1}",
    lang.Zeros: lambda node: r"\mathbf{0}",
    lang.Identity: lambda node: r"\mathbf{I}",
    lang.OneHot: lambda node: rf"\mathbf{{e}}_{{{index_latex(node.args[0])}}}",
    lang.Literal: _literal,
    lang.Block: _literal,
    lang.Variable: _variable,
    lang.At: _at,
    lang.Entry: _entry,
    lang.Array: _array,
    lang.Stack: _stack,
    lang.Apply: _apply,
    lang.Add: _add,
    lang.Sub: _sub,
    lang.Neg: lambda node: f"-{inside(node.args[0], HADAMARD)}",
    lang.Times: _times,
    lang.Divide: _divide,
    lang.MatMul: _matmul,
    lang.Outer: _outer,
    lang.Power: _power,
    lang.MatrixPower: lambda node: f"{inside(node.args[0], ATOM)}^{{{latex(node.args[1])}}}",
    lang.Transpose: lambda node: _transposed(node.args[0]),
    lang.Inverse: lambda node: f"{inside(node.args[0], ATOM)}^{{-1}}",
    lang.Diag: _named(r"\operatorname{diag}"),
    lang.Total: lambda node: _juxtapose(r"\mathbf{1}^{\top}", inside(node.args[0], PRODUCT)),
    lang.Concatenate: _concatenate,
    lang.Convolve: lambda node: " * ".join(inside(part, ATOM) for part in node.args),
    lang.Sum: _big(r"\sum"),
    lang.Product: _big(r"\prod"),
    lang.Compose: _compose,
    lang.Jacobian: _fraction(r"\partial"),
    lang.Immediate: _fraction(r"\partial^{+}"),
    lang.Gradient: _gradient,
    lang.Order: lambda node: rf"O({latex(node.args[0])}^{{{latex(lang.wrap(node.args[1]))}}})",
    lang.Norm: _fenced(r"\lVert", r"\rVert"),
    lang.Abs: _fenced("|", "|"),
    lang.Determinant: _named(r"\det"),
    lang.Size: _named(r"\operatorname{size}"),
    lang.SpectralRadius: _named(r"\rho"),
    lang.Max: _named(r"\max"),
    lang.Min: _named(r"\min"),
    lang.Indicator: lambda node: f"[{latex(node.args[0])} > {latex(node.args[1])}]",
}
"""How each node is set."""
