"""Write a statement in one line, for a terminal and for mail.

Names are those of the code, so that what is read beside the code can be found in it.

Examples
--------
>>> from rnnnotes.book.language import Diag, Jacobian, Relation
>>> from rnnnotes.notation import W_hh, a, f, h, t
>>> text(Relation(Jacobian(h[t], h[t - 1]), "=", Diag(f.prime(a[t])) @ W_hh))
"∂h[t]/∂h[t-1] = diag(f'(a[t])) W_hh"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from rnnnotes.book import language as lang
from rnnnotes.book.printing import ATOM, HADAMARD, PRODUCT, SUM, binding

__all__ = ["RULES", "in_order", "text"]

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
    return RULES[type(node)](node)


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


def _inside(node: Any, level: int) -> str:
    return f"({text(node)})" if _binding(node) < level else text(node)


def _binding(node: Any) -> int:
    # On one line a quotient and a sum over time hold together as a product does.
    if isinstance(node, lang.Divide | lang.Jacobian | lang.Immediate):
        return PRODUCT
    return binding(node)


def _open(node: Any) -> str:
    """Factor that others follow: what reaches to its end is closed off."""
    open_ended = lang.Sum, lang.Product, lang.Gradient, lang.Divide
    return f"({text(node)})" if isinstance(node, open_ended) else _inside(node, PRODUCT)


def _joined(sign: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        left, right = node.args
        level = HADAMARD if sign == "-" else SUM
        return f"{text(left)} {sign} {_inside(right, level)}"

    return rule


def _times(node: Any) -> str:
    left, right = node.args
    if left.shape and right.shape:
        return f"{_inside(left, HADAMARD)} ⊙ {_inside(right, HADAMARD)}"
    between = " · " if isinstance(right, lang.Number) else " "
    return f"{_open(left)}{between}{_inside(right, PRODUCT)}"


def _transposed(node: Any) -> str:
    return f"{_inside(node, ATOM)}ᵀ" if not isinstance(node, lang.Gradient) else f"({text(node)})ᵀ"


def _matmul(node: Any) -> str:
    left, right = node.args
    is_row = isinstance(left, lang.MatMul) and len(left.args[0].shape) == 1
    first = _transposed(left) if len(left.shape) == 1 and not is_row else _open(left)
    return f"{first} {_inside(right, PRODUCT)}"


def _divide(node: Any) -> str:
    above, below = node.args
    return f"{_open(above)}/{_inside(below, ATOM)}"


def _power(sign: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        base, exponent = node.args
        return f"{_inside(base, ATOM)}{sign}{_inside(exponent, ATOM)}"

    return rule


def _name(function: lang.Function) -> str:
    time = f"[{index_text(function.index[0])}]" if function.index else ""
    return function.name + "'" * function.order + time


def _at(node: Any) -> str:
    return f"{node.variable.name}[{','.join(map(index_text, node.index))}]"


def _entry(node: Any) -> str:
    array, *place = node.args
    rows = [":"] * (len(array.shape) - len(place))
    return f"{_inside(array, ATOM)}[{','.join([*map(index_text, place), *rows])}]"


def _steps(node: Any) -> str:
    variable, low, high = node.args
    return f"{variable.name}[{index_text(low)}..{index_text(high)}]"


def _big(operator: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        body, index, first, last = node.args
        bounds = f"{index}={index_text(first)}..{index_text(last)}"
        return f"{operator}({bounds}) {_inside(body, HADAMARD)}"

    return rule


def _compose(node: Any) -> str:
    body, variable, start, index, low, high = node.args
    last, first = (
        text(body.xreplace({variable: lang.Variable("·", variable.shape), index: time}))
        for time in (high, low)
    )
    return f"({last} ∘ … ∘ {first})({text(start)})"


def _derivative(sign: str) -> Callable[[Any], str]:
    def rule(node: Any) -> str:
        of, by = node.args
        return f"{sign}{_inside(of, ATOM)}/∂{text(by)}"

    return rule


def _called(name: str) -> Callable[[Any], str]:
    return lambda node: f"{name}({', '.join(map(text, node.args))})"


def _rows(node: Any) -> str:
    return "[" + "; ".join(", ".join(map(text, row)) for row in node.args) + "]"


RULES: dict[type, Callable[[Any], str]] = {
    lang.Number: lambda node: index_text(node.args[0]),
    lang.Ones: lambda node: "1",
    lang.Zeros: lambda node: "0",
    lang.Identity: lambda node: "I",
    lang.OneHot: lambda node: f"e[{index_text(node.args[0])}]",
    lang.Literal: _rows,
    lang.Block: _rows,
    lang.Variable: lambda node: node.name,
    lang.At: _at,
    lang.Entry: _entry,
    lang.Array: _steps,
    lang.Stack: _big("stack"),
    lang.Apply: lambda node: f"{_name(node.function)}({', '.join(map(text, node.arguments))})",
    lang.Add: _joined("+"),
    lang.Sub: _joined("-"),
    lang.Neg: lambda node: f"-{_inside(node.args[0], HADAMARD)}",
    lang.Times: _times,
    lang.Divide: _divide,
    lang.MatMul: _matmul,
    lang.Outer: lambda node: f"{_open(node.args[0])} {_transposed(node.args[1])}",
    lang.Power: _power("^"),
    lang.MatrixPower: _power("^"),
    lang.Transpose: lambda node: _transposed(node.args[0]),
    lang.Inverse: lambda node: f"{_inside(node.args[0], ATOM)}^-1",
    lang.Diag: _called("diag"),
    lang.Total: _called("sum"),
    lang.Concatenate: lambda node: f"[{'; '.join(map(text, node.args))}]",
    lang.Convolve: _called("convolve"),
    lang.Sum: _big("Σ"),
    lang.Product: _big("Π"),
    lang.Compose: _compose,
    lang.Jacobian: _derivative("∂"),
    lang.Immediate: _derivative("∂⁺"),
    lang.Gradient: lambda node: f"∇_{text(node.args[1])} {_inside(node.args[0], ATOM)}",
    lang.Order: lambda node: f"O({text(node.args[0])}^{index_text(node.args[1])})",
    lang.Norm: lambda node: f"‖{text(node.args[0])}‖",
    lang.Abs: lambda node: f"|{text(node.args[0])}|",
    lang.SpectralRadius: _called("ρ"),
    lang.Determinant: _called("det"),
    lang.Size: _called("size"),
    lang.Max: _called("max"),
    lang.Min: _called("min"),
    lang.Indicator: lambda node: f"[{text(node.args[0])} > {text(node.args[1])}]",
}
"""How each node is written."""
