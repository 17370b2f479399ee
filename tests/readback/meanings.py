"""What a formula says, apart from how it is written: nested tuples.

Two trees are told apart unless they differ only in what no print shows, and none needs to:

- a chain of sums or of products is flat: the brackets of `a + (b - c)` and `(A B) C` say nothing;
- numbers, sizes and indices are compared by their value: 3 H is 3 times H;
- the inverse of a matrix is its power -1;
- the size of an array of ones or zeros, of an identity and of a basis vector is that of its place;
- LaTeX writes a scalar `c` beside arrays as an array, `c 1`, and the sum of the entries of a vector
  as 1 transposed times it (`as_displayed`).

A row is not a column, and what is transposed says so.
"""

from collections.abc import Iterable
from typing import Any

import sympy as sp

from rnnnotes.book.language import derived
from rnnnotes.book.language import nodes as lang

Meaning = tuple[Any, ...]


def number(value: Any) -> Meaning:
    """A number, or an expression in sizes and indices."""
    return ("number", sp.expand(value))


def is_number(meaning: Meaning) -> bool:
    """Whether a meaning is a number."""
    return meaning[0] == "number"


def total(*terms: tuple[int, Meaning]) -> Meaning:
    """Sum of terms, each with its sign."""
    rest, value = [], sp.Integer(0)
    for sign, term in terms:
        inner, added = (term[1], term[2]) if term[0] == "total" else (((1, term),), sp.Integer(0))
        for sign_, part in inner:
            if is_number(part):
                added += sign_ * part[1]
            else:
                rest.append((sign * sign_, part))
        value += sign * added
    if not rest:
        return number(value)
    if rest == [(1, rest[0][1])] and value == 0:
        return rest[0][1]
    return ("total", tuple(rest), sp.expand(value))


def product(*factors: Meaning) -> Meaning:
    """Product of factors in their order, numbers in front."""
    rest: list[Meaning] = []
    value = sp.Integer(1)
    for factor in factors:
        inner, scale = (factor[1], factor[2]) if factor[0] == "product" else ((factor,), 1)
        rest += (part for part in inner if not is_number(part))
        value *= scale * sp.Mul(*(part[1] for part in inner if is_number(part)))
    if not rest:
        return number(value)
    return rest[0] if len(rest) == 1 and value == 1 else ("product", tuple(rest), sp.expand(value))


def hadamard(*factors: Meaning) -> Meaning:
    """Product entry by entry."""
    flat = (part for f in factors for part in (f[1] if f[0] == "hadamard" else (f,)))
    return ("hadamard", tuple(flat))


def quotient(above: Meaning, below: Meaning) -> Meaning:
    """One divided by another."""
    if is_number(above) and is_number(below):
        return number(above[1] / below[1])
    return ("quotient", above, below)


def power(base: Meaning, exponent: Meaning) -> Meaning:
    """Power of a scalar or of a square matrix."""
    if is_number(base) and is_number(exponent):
        return number(base[1] ** exponent[1])
    return ("power", base, exponent)


ONES = ("ones",)

NAMES = {lang.Diag: "diag", lang.Size: "size", lang.SpectralRadius: "radius", lang.Max: "max",
         lang.Min: "min", lang.Norm: "norm", lang.Abs: "abs", lang.Indicator: "indicator",
         lang.Convolve: "convolve", lang.Determinant: "det", lang.Transpose: "transpose",
         lang.Jacobian: "derivative",
         lang.Immediate: "immediate", lang.Gradient: "gradient", lang.Sum: "sum",
         lang.Product: "prod", lang.Compose: "compose", lang.Steps: "steps", lang.Stack: "stack",
         lang.Total: "sum of entries",
         derived.Expectation: "expectation", derived.Variance: "variance",
         derived.Argmax: "argmax", derived.AmongLargest: "top",
         derived.Largest: "max", derived.Columns: "columns", derived.Concat: "concat",
         lang.Ones: "ones", lang.Zeros: "zeros", lang.Identity: "identity"}  # fmt: skip


def transposed(meaning: Meaning) -> Meaning:
    """Row of a column, or the transpose of a matrix."""
    return ("transpose", meaning)


def meanings(nodes: Iterable[Any]) -> tuple[Meaning, ...]:
    """Meanings of several."""
    return tuple(map(meaning, nodes))


def meaning(node: Any) -> Meaning:
    """Meaning of a stated tree."""
    match node:
        case sp.Expr() | lang.Number():
            return number(node.args[0] if isinstance(node, lang.Number) else node)
        case lang.Relation():
            return ("relation", meaning(node.left), node.sign, meaning(node.right))
        case lang.Variable():
            return ("symbol", node.name)
        case lang.At():
            return ("at", node.variable.name, meanings(node.index))
        case lang.Entry():
            array, *place = node.args
            whole = (":",) * (len(array.shape) - len(place))
            return ("entry", meaning(array), (*meanings(place), *whole))
        case lang.Apply():
            function = node.function
            head = ("apply", function.name, function.order, meanings(function.index))
            return (*head, meanings(node.arguments))
        case lang.Add():
            return total(*((1, part) for part in meanings(node.args)))
        case lang.Sub():
            left, right = meanings(node.args)
            return total((1, left), (-1, right))
        case lang.Neg():
            return total((-1, meaning(node.args[0])))
        case lang.Times():
            arrays = all(part.shape for part in node.args)
            return (hadamard if arrays else product)(*meanings(node.args))
        case lang.Divide():
            return quotient(*meanings(node.args))
        case lang.MatMul():
            return product(*meanings(node.args))
        case lang.Outer():
            left, right = node.args
            return product(meaning(left), transposed(meaning(right)))
        case lang.Power() if node.args[0].shape:
            return ("entrywise", *meanings(node.args))
        case lang.Power() | lang.MatrixPower():
            return power(*meanings(node.args))
        case lang.Inverse():
            return power(meaning(node.args[0]), number(-1))
        case lang.Ones() | lang.Zeros() | lang.Identity():
            return (NAMES[type(node)],)
        case lang.OneHot():
            return ("one hot", meaning(node.args[0]))
        case lang.Literal() | lang.Block():
            return ("matrix", tuple(meanings(entries) for entries in node.args))
        case lang.Concatenate():
            return ("matrix", tuple((part,) for part in meanings(node.args)))
        case lang.Bracket():
            return ("bracket", meaning(node.comparison))
        case derived.Rows():
            function, *matrices = node.args
            return ("rows", function.name, meanings(matrices))
        case lang.Order():
            return ("order", power(*meanings(node.args)))
        case _:
            return (NAMES[type(node)], *meanings(node.args))


def as_displayed(node: Any) -> Any:
    """Tree with an array for each scalar beside arrays, and a product for each sum of entries."""
    if isinstance(node, lang.Variable | lang.Function) or not node.args:
        return node
    parts = [as_displayed(part) for part in node.args]
    if isinstance(node, lang.Total):
        return lang.MatMul(lang.Ones(*parts[0].shape), parts[0])
    if isinstance(node, lang.Add | lang.Sub) and node.shape:
        ones = lang.Ones(*node.shape)
        ones = ones.T if node.row else ones
        parts = [part if part.shape else part * ones for part in parts]
    return type(node)(*parts)
