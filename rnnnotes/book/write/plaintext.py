"""Write a statement in one line, for a terminal and for mail.

Names are those of the code, so that what is read beside the code can be found in it.

Examples
--------
>>> from rnnnotes.book.language.nodes import Diag, Jacobian, Relation
>>> from rnnnotes.notation import W_hh, a, f, h, t
>>> text(Relation(Jacobian(h[t], h[t - 1]), "=", Diag(f.prime(a[t])) @ W_hh))
"∂h[t]/∂h[t-1] = diag(f'(a[t])) W_hh"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.write.latex import (
    ATOM,
    HADAMARD,
    PRODUCT,
    SUM,
    binding,
    filled,
    is_open,
    is_total,
)

__all__ = ["RULES", "argument_text", "in_order", "range_text", "text"]

SIGNS = {"=": "=", "<=": "≤", "<": "<", "!=": "≠"}


def text(node: sp.Basic) -> str:
    """One line of text for an expression or a relation.

    Parameters
    ----------
    node : Expression or Relation
        What is written.

    Returns
    -------
    str
        Unicode text.
    """
    if isinstance(node, lang.Relation):
        return f"{text(node.left)} {SIGNS[node.sign]} {text(node.right)}"
    return RULES[lang.kind(node)](node)


def argument_text(value: Any) -> str:
    """Text of what a parameter of the code stands for."""
    if isinstance(value, lang.Function):
        return _name(value)
    tree = isinstance(value, lang.Expression | lang.Relation)
    return text(value) if tree else index_text(value)


def range_text(index: sp.Symbol, low: sp.Expr, high: sp.Expr) -> str:
    """Text of an index with its first and its last value."""
    return f"{index} = {index_text(low)}..{index_text(high)}"


def index_text(expr: Any) -> str:
    """Text of an expression in sizes and indices, without spaces."""
    return in_order(expr).replace(" ", "").replace("**", "^")


def in_order(expr: Any) -> str:
    """SymPy's text of an expression, with what is subtracted after what is added."""
    if not expr.is_Add:
        return sp.sstr(expr)
    terms = sorted(expr.args, key=lambda e: (e.is_Number, e.could_extract_minus_sign(), str(e)))
    first, *others = (sp.sstr(term) for term in terms)
    return first + "".join(
        f" - {other[1:]}" if other.startswith("-") else f" + {other}" for other in others
    )


def _binding(node: Any) -> int:
    """How tightly a node holds together on one line, where a quotient is no factor."""
    match node:
        case lang.Number() if binding(node) > SUM:
            value = node.value
            return ATOM if value.is_Symbol or value.is_Integer else HADAMARD
        case lang.Divide():
            return HADAMARD
        case lang.Jacobian() | lang.Immediate():
            return PRODUCT
        case lang.Total() | lang.Convolve():
            return ATOM
        case _:
            return binding(node)


def _inside(node: Any, level: int) -> str:
    return f"({text(node)})" if _binding(node) < level else text(node)


RAISED = (lang.Power, lang.MatrixPower, lang.Inverse, lang.Transpose, lang.Gradient)
"""Nodes that end in what is raised, or reach to their end."""


def _base(node: Any) -> str:
    """Text of a part that something may be raised over, or that is indexed."""
    return f"({text(node)})" if isinstance(node, RAISED) else _inside(node, ATOM)


def _factor(node: Any) -> str:
    """Factor that others follow; what reaches to its end is closed off."""
    if not is_open(node):
        return _inside(node, PRODUCT)
    if isinstance(node, lang.Times | lang.MatMul):
        last = node.args[1]
        return text(node).removesuffix(text(last)) + _factor(last)
    return f"({text(node)})"


def _add(node: lang.Add) -> str:
    left, right = map(text, node.args)
    return f"{left} + ({right})" if right.startswith("-") else f"{left} + {right}"


def _entrywise(node: Any) -> str:
    product = isinstance(node, lang.Times) and _binding(node) == HADAMARD
    return _inside(node, HADAMARD if product else ATOM)


def _times(node: lang.Times) -> str:
    left, right = node.args
    if left.shape and right.shape:
        return f"{_entrywise(left)} ⊙ {_entrywise(right)}"
    last = _inside(right, PRODUCT)
    between = " · " if last[0].isdigit() or isinstance(right, lang.Number) else " "
    return f"{_factor(left)}{between}{last}"


def _transposed(node: Any) -> str:
    return f"{_base(node)}ᵀ"


def _matmul(node: lang.MatMul) -> str:
    left, right = node.args
    return f"{_factor(left)} {_inside(right, PRODUCT)}"


def _outer(node: lang.Outer) -> str:
    left, right = node.args
    return f"{_factor(left)} {_transposed(right)}"


def _divide(node: lang.Divide) -> str:
    above, below = node.args
    over, under = _factor(above), _inside(below, ATOM)
    over = f"({over})" if "/∂" in over and _binding(above) >= PRODUCT else over
    return f"{over}/({under})" if isinstance(below, lang.Gradient) else f"{over}/{under}"


def _power(node: lang.Power | lang.MatrixPower) -> str:
    base, exponent = node.args
    entrywise = "⊙" if base.shape and isinstance(node, lang.Power) else ""
    raised = _base(exponent)
    # Without brackets a T-th power would look like a transpose.
    transposed = isinstance(node, lang.MatrixPower) and raised == "T"
    return f"{_base(base)}^{entrywise}{f'({raised})' if transposed else raised}"


def _name(function: lang.Function) -> str:
    time = f"[{index_text(function.index[0])}]" if function.index else ""
    return function.name + "'" * function.order + time


def _at(node: lang.At) -> str:
    return f"{node.variable.name}[{','.join(map(index_text, node.index))}]"


def _entry(node: lang.Entry) -> str:
    array, *place = node.args
    rows = [":"] * (len(array.shape) - len(place))
    return f"{_base(array)}[{','.join([*map(index_text, place), *rows])}]"


def _steps(node: lang.Steps) -> str:
    variable, low, high = node.args
    return f"{variable.name}[{index_text(low)}..{index_text(high)}]"


def _bounds(index: sp.Symbol, first: sp.Expr, last: sp.Expr) -> str:
    return f"{index}={index_text(first)}..{index_text(last)}"


def _big(operator: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        body, *bounds = node.args
        return f"{operator}({_bounds(*bounds)}) {_inside(body, HADAMARD)}"

    return rule


def _stack(node: lang.Stack) -> str:
    body, *bounds = node.args
    return f"({text(body)})[{_bounds(*bounds)}]"


def _compose(node: lang.Compose) -> str:
    body, variable, start, index, low, high = node.args
    return f"(∘({_bounds(index, high, low)}) ({text(variable)} ↦ {text(body)}))({text(start)})"


def _derivative(sign: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        of, by = node.args
        above, below = ("d", "d") if is_total(node) else (sign, "∂")
        return f"{above}{_base(of)}/{below}{text(by)}"

    return rule


def _called(name: str) -> Callable[[Any], str]:
    return lambda node: f"{name}({', '.join(map(text, node.args))})"


def _fenced(fence: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        inner = text(node.args[0])
        # Both sides of a fence look alike, so that one within another needs brackets.
        return f"{fence}({inner}){fence}" if fence in inner else f"{fence}{inner}{fence}"

    return rule


def _between(inner: str, left: str, right: str) -> str:
    return f"{left}{inner}{right}"


def _rows(node: lang.Literal | lang.Block) -> str:
    return "[" + "; ".join(", ".join(map(text, row)) for row in node.args) + "]"


RULES: dict[type, Callable[[Any], str]] = {
    lang.Number: lambda node: index_text(node.value),
    lang.Ones: lambda node: "ones",
    lang.Zeros: lambda node: "zeros",
    lang.Identity: lambda node: "I",
    lang.OneHot: lambda node: f"e[{index_text(node.place)}]",
    lang.Literal: _rows,
    lang.Block: _rows,
    lang.Variable: lambda node: node.name,
    lang.At: _at,
    lang.Entry: _entry,
    lang.Steps: _steps,
    lang.Stack: _stack,
    lang.Apply: lambda node: f"{_name(node.function)}({', '.join(map(text, node.arguments))})",
    lang.Add: _add,
    lang.Sub: lambda node: f"{text(node.left)} - {_inside(node.right, HADAMARD)}",
    lang.Neg: lambda node: f"-{_inside(node.inside, HADAMARD)}",
    lang.Times: _times,
    lang.Divide: _divide,
    lang.MatMul: _matmul,
    lang.Outer: _outer,
    lang.Power: _power,
    lang.MatrixPower: _power,
    lang.Transpose: lambda node: _transposed(node.inside),
    lang.Inverse: lambda node: f"{_base(node.inside)}^-1",
    lang.Diag: _called("diag"),
    lang.Total: _called("sum"),
    lang.Concatenate: lambda node: f"[{'; '.join(map(text, node.args))}]",
    lang.Convolve: _called("convolve"),
    lang.Sum: _big("Σ"),
    lang.Product: _big("Π"),
    lang.Compose: _compose,
    lang.Jacobian: _derivative("∂"),
    lang.Immediate: _derivative("∂⁺"),
    lang.Gradient: lambda node: f"∇_{text(node.by)} {_inside(node.of, ATOM)}",
    lang.Order: lambda node: f"O({_power(lang.Power(*node.args))})",
    lang.Derived: lambda node: filled(node.plain, node, argument_text, _between),
    lang.Norm: _fenced("‖"),
    lang.Abs: _fenced("|"),
    lang.SpectralRadius: _called("ρ"),
    lang.Determinant: _called("det"),
    lang.Size: _called("size"),
    lang.Max: _called("max"),
    lang.Min: _called("min"),
    lang.Indicator: lambda node: f"[{text(node.left)} > {text(node.right)}]",
    lang.Bracket: lambda node: f"[{text(node.comparison)}]",
}
"""How each node is written."""
