"""The language in which formulas are stated.

An expression is a SymPy tree that reads like the NumPy line it states::

    tanh(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)      # a statement
    np.tanh(W_xh @ x + W_hh @ h_prev + b_h)        # the code

The operators mean what they mean in NumPy: ``*`` acts entry by entry and ``@`` is
the matrix product; a vector has one axis.  Nothing is simplified or sorted, so what is
printed is what was written.  A shape that does not fit is refused when the
expression is built, not when it is checked.

A row is not a column, though NumPy has one axis for both.  A vector is a column, and so is a
gradient; a transposed column, the derivative of a number by a vector, a row of a matrix and a
row times a matrix are rows.

What NumPy lacks are nodes of their own: an index of time, a sum or an ordered product
over it, and the three derivatives of recurrent networks (`Jacobian`, `Gradient`
and the immediate derivative `Immediate`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, cast

import sympy as sp
from sympy.core.symbol import Str

__all__ = [
    "BINDERS",
    "Abs",
    "Add",
    "Apply",
    "At",
    "Block",
    "Bracket",
    "Compose",
    "Concatenate",
    "Convolve",
    "Derived",
    "Determinant",
    "Diag",
    "Divide",
    "Entry",
    "Eq",
    "Expression",
    "Function",
    "Gradient",
    "Identity",
    "Immediate",
    "Indicator",
    "Inverse",
    "Jacobian",
    "Le",
    "Letter",
    "Literal",
    "Lt",
    "MatMul",
    "MatrixPower",
    "Max",
    "Min",
    "Ne",
    "Neg",
    "Norm",
    "Number",
    "OneHot",
    "Ones",
    "Order",
    "Outer",
    "Power",
    "Product",
    "Relation",
    "Shape",
    "Size",
    "SpectralRadius",
    "Stack",
    "StatementError",
    "Steps",
    "Sub",
    "Sum",
    "Times",
    "Total",
    "Transpose",
    "Variable",
    "Zeros",
    "free_index",
    "indices",
    "kind",
    "opened",
    "put",
    "unfolded",
    "walk",
    "wrap",
]

Shape: TypeAlias = tuple[sp.Expr, ...]
Operand: TypeAlias = "Expression | sp.Expr | int | float"


class StatementError(ValueError):
    """A statement that means nothing: shapes that do not fit, or a name that is not declared."""


def part(place: int) -> Any:
    """Part of a node, by its place among the others."""
    return property(lambda node: node.args[place])


def parts(first: int) -> Any:
    """All parts of a node from a place on."""
    return property(lambda node: node.args[first:])


class _Tree(sp.Basic):  # type: ignore[misc]
    """A tree that SymPy prints as it is built, though its nodes share names with SymPy's own."""

    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__}({', '.join(map(printer._print, self.args))})"

    _sympyrepr = _sympystr


class Expression(_Tree):
    """A node of a statement.  Its `shape` is that of the NumPy array it stands for.

    An expression of one axis is a column unless it is a `row`.
    """

    shape: Shape = ()
    row: bool = False

    def __add__(self, other: Operand) -> Add:
        return Add(self, other)

    def __radd__(self, other: Operand) -> Add:
        return Add(other, self)

    def __sub__(self, other: Operand) -> Sub:
        return Sub(self, other)

    def __rsub__(self, other: Operand) -> Sub:
        return Sub(other, self)

    def __mul__(self, other: Operand) -> Times:
        return Times(self, other)

    def __rmul__(self, other: Operand) -> Times:
        return Times(other, self)

    def __truediv__(self, other: Operand) -> Divide:
        return Divide(self, other)

    def __rtruediv__(self, other: Operand) -> Divide:
        return Divide(other, self)

    def __matmul__(self, other: Operand) -> MatMul:
        return MatMul(self, other)

    def __pow__(self, other: Operand) -> Power:
        return Power(self, other)

    def __neg__(self) -> Neg:
        return Neg(self)

    @property
    def T(self) -> Transpose:  # noqa: N802 -- NumPy's name
        """Transpose of a matrix, a column or a row."""
        return Transpose(self)


def wrap(operand: Operand) -> Expression:
    """Turn a number, or an expression in sizes and indices, into a node."""
    if isinstance(operand, Expression):
        return operand
    return Number(sp.sympify(operand, rational=True))


def _require(fits: bool, complaint: Callable[[], str]) -> None:
    """Refuse what does not fit; the complaint is written then alone, as symbols print slowly."""
    if not fits:
        raise StatementError(complaint())


def _is_column(part: Expression) -> bool:
    return len(part.shape) == 1 and not part.row


def _alike(*parts: Expression) -> bool:
    """Whether all have one shape, and none is a row beside a column."""
    return len({(part.shape, part.row) for part in parts}) <= 1


def _shapes(*parts: Expression) -> str:
    return " and ".join(f"{part.shape}".replace(",)", ")") + f" of {_noun(part)}" for part in parts)


def _noun(part: Expression) -> str:
    vector = "a row" if part.row else "a column"
    return {0: "a number", 1: vector, 2: "a matrix"}.get(len(part.shape), "an array")


class _Variadic(Expression):
    """A node whose parts are all expressions."""

    def __new__(cls, *parts: Operand) -> Any:
        wrapped = [wrap(part) for part in parts]
        node = sp.Basic.__new__(cls, *wrapped)
        node.shape = node._shape(*wrapped)
        node.row = node._row(*wrapped)
        return node

    def _shape(self, *parts: Expression) -> Shape:
        raise NotImplementedError

    def _row(self, *parts: Expression) -> bool:
        return False


class _Elementwise(_Variadic):
    """A node whose parts share a shape, or are scalars."""

    def _shape(self, *parts: Expression) -> Shape:
        arrays = [part for part in parts if part.shape]
        _require(
            _alike(*arrays),
            lambda: (
                f"{type(self).__name__}: shapes {_shapes(*parts)} differ; only a scalar broadcasts"
            ),
        )
        return arrays[0].shape if arrays else ()

    def _row(self, *parts: Expression) -> bool:
        return any(part.row for part in parts)


class Add(_Elementwise):
    """Sum of two expressions."""

    left: Expression = part(0)
    right: Expression = part(1)


class Sub(_Elementwise):
    """Difference of two expressions."""

    left: Expression = part(0)
    right: Expression = part(1)


class Times(_Elementwise):
    """Product entry by entry."""

    left: Expression = part(0)
    right: Expression = part(1)


class Divide(_Elementwise):
    """Quotient entry by entry."""

    above: Expression = part(0)
    below: Expression = part(1)


class Neg(_Elementwise):
    """Negative."""

    inside: Expression = part(0)


class Power(_Elementwise):
    """Power entry by entry; the exponent is a scalar."""

    base: Expression = part(0)
    exponent: Expression = part(1)


class Abs(_Elementwise):
    """Absolute value entry by entry."""

    inside: Expression = part(0)


class Max(_Elementwise):
    """Larger of two, entry by entry."""

    left: Expression = part(0)
    right: Expression = part(1)


class Min(_Elementwise):
    """Smaller of two, entry by entry."""

    left: Expression = part(0)
    right: Expression = part(1)


class Indicator(_Elementwise):
    """One where the first is larger than the second, else zero (the bracket of Iverson)."""

    left: Expression = part(0)
    right: Expression = part(1)


class MatMul(_Variadic):
    """Matrix product.  Of two columns it is the inner product, as ``@`` of NumPy: ``v.T @ w``."""

    left: Expression = part(0)
    right: Expression = part(1)

    def __new__(cls, left: Operand, right: Operand) -> Any:
        left, right = wrap(left), wrap(right)
        inner = _is_column(left) and _is_column(right)
        return super().__new__(cls, left.T if inner else left, right)

    def _shape(self, *parts: Expression) -> Shape:
        left, right = parts
        _require(
            1 <= len(left.shape) <= 2 and 1 <= len(right.shape) <= 2,
            lambda: f"MatMul: needs vectors or matrices, not shapes {_shapes(left, right)}",
        )
        _require(
            left.shape[-1] == right.shape[0],
            lambda: (
                f"MatMul: the last axis of {_shapes(left)} is not the first of {_shapes(right)}"
            ),
        )
        _require(
            not _is_column(left) and not right.row,
            lambda: (
                f"MatMul: {_noun(left)} times {_noun(right)} does not fit; a row stands on the "
                "left of a product, a column on its right, and .T makes one of the other"
            ),
        )
        return left.shape[:-1] + right.shape[1:]

    def _row(self, *parts: Expression) -> bool:
        left, right = parts
        return left.row and len(right.shape) == 2


class Outer(_Variadic):
    """Outer product of two columns."""

    left: Expression = part(0)
    right: Expression = part(1)

    def _shape(self, *parts: Expression) -> Shape:
        left, right = parts
        _require(
            _is_column(left) and _is_column(right),
            lambda: f"Outer: needs two vectors as columns, not shapes {_shapes(left, right)}",
        )
        return left.shape + right.shape


class Transpose(_Variadic):
    """Transpose of a matrix; of a column it is a row, and of a row a column."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        (array,) = parts
        _require(
            1 <= len(array.shape) <= 2,
            lambda: f"Transpose: needs a matrix or a vector, not shape {_shapes(array)}",
        )
        return array.shape[::-1]

    def _row(self, *parts: Expression) -> bool:
        return _is_column(parts[0])


class Inverse(_Variadic):
    """Inverse of a square matrix."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        return _square(self, parts[0])


class MatrixPower(_Variadic):
    """Power of a square matrix; the exponent counts the factors."""

    base: Expression = part(0)
    exponent: Expression = part(1)

    def _shape(self, *parts: Expression) -> Shape:
        return _square(self, parts[0])


def _square(node: Expression, matrix: Expression) -> Shape:
    _require(
        len(matrix.shape) == 2 and matrix.shape[0] == matrix.shape[1],
        lambda: f"{type(node).__name__}: needs a square matrix, not shape {_shapes(matrix)}",
    )
    return matrix.shape


class Diag(_Variadic):
    """Diagonal matrix of a column."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        (vector,) = parts
        _require(
            _is_column(vector),
            lambda: f"Diag: needs a vector as a column, not shape {_shapes(vector)}",
        )
        return vector.shape * 2


class Total(_Variadic):
    """Sum of the entries of a column."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        (vector,) = parts
        _require(
            _is_column(vector),
            lambda: f"Total: needs a vector as a column, not shape {_shapes(vector)}",
        )
        return ()


class Norm(_Variadic):
    """Euclidean norm of a vector; largest singular value of a matrix."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        return ()


class SpectralRadius(_Variadic):
    """Largest modulus among the eigenvalues of a square matrix."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        _square(self, parts[0])
        return ()


class Determinant(_Variadic):
    """Determinant of a square matrix, which is not zero if the matrix has an inverse."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        _square(self, parts[0])
        return ()


class Size(_Variadic):
    """Number of entries of an array."""

    inside: Expression = part(0)

    def _shape(self, *parts: Expression) -> Shape:
        return ()


class Concatenate(_Variadic):
    """Columns one below the other."""

    def _shape(self, *parts: Expression) -> Shape:
        _require(
            all(map(_is_column, parts)),
            lambda: f"Concatenate: needs vectors as columns, not shapes {_shapes(*parts)}",
        )
        return (sp.Add(*(part.shape[0] for part in parts)),)


class Convolve(_Variadic):
    """Convolution of a vector with a kernel, at the places of the vector.

    Tap `k` of a kernel of ``2 * m + 1`` taps, counted from 1, reads the entry ``k - m - 1``
    places before; beyond its ends the vector is zero.
    """

    vector: Expression = part(0)
    kernel: Expression = part(1)

    def _shape(self, *parts: Expression) -> Shape:
        vector, kernel = parts
        _require(
            _is_column(vector) and _is_column(kernel),
            lambda: f"Convolve: needs two vectors as columns, not shapes {_shapes(vector, kernel)}",
        )
        return vector.shape


class Number(Expression):
    """A number, or an expression in sizes and indices."""

    value: sp.Expr = part(0)

    def __new__(cls, value: Any) -> Number:
        return cast(Number, sp.Basic.__new__(cls, sp.sympify(value)))


class Ones(Expression):
    """Array of ones."""

    def __new__(cls, *shape: Any) -> Ones:
        node = sp.Basic.__new__(cls, *map(sp.sympify, shape))
        node.shape = node.args
        return cast(Ones, node)


class Zeros(Expression):
    """Array of zeros."""

    def __new__(cls, *shape: Any) -> Zeros:
        node = sp.Basic.__new__(cls, *map(sp.sympify, shape))
        node.shape = node.args
        return cast(Zeros, node)


class Identity(Expression):
    """Identity matrix."""

    def __new__(cls, size: Any) -> Identity:
        node = sp.Basic.__new__(cls, sp.sympify(size))
        node.shape = node.args * 2
        return cast(Identity, node)


class OneHot(Expression):
    """Vector that is one at a place, counted from 1, and zero elsewhere."""

    place: sp.Expr = part(0)
    size: sp.Expr = part(1)

    def __new__(cls, place: Any, size: Any) -> OneHot:
        node = sp.Basic.__new__(cls, sp.sympify(place), sp.sympify(size))
        node.shape = (node.args[1],)
        return cast(OneHot, node)


class Literal(Expression):
    """Matrix written out entry by entry, row by row."""

    def __new__(cls, *rows: Any) -> Literal:
        wrapped = [sp.Tuple(*(wrap(entry) for entry in row)) for row in rows]
        node = sp.Basic.__new__(cls, *wrapped)
        node.shape = (sp.Integer(len(wrapped)), sp.Integer(len(wrapped[0])))
        return cast(Literal, node)


class Block(Expression):
    """Matrix made of matrices, row by row."""

    def __new__(cls, *rows: Any) -> Block:
        wrapped = [sp.Tuple(*map(wrap, row)) for row in rows]
        shapes = [[part.shape for part in row] for row in wrapped]
        fits = all(
            len(part) == 2 and part == (row[0][0], above[1])
            for row in shapes
            for part, above in zip(row, shapes[0], strict=True)
        )
        _require(fits, lambda: f"Block: the shapes {shapes} are not those of rows and columns")
        node = sp.Basic.__new__(cls, *wrapped)
        node.shape = (
            sp.Add(*(row[0][0] for row in shapes)),
            sp.Add(*(part[1] for part in shapes[0])),
        )
        return cast(Block, node)


class Variable(Expression):
    """A declared symbol: a name, a shape, and the times at which it exists, if it has any.

    `rnnnotes.notation` declares every symbol, and says how it is set and what it means.
    """

    def __new__(
        cls, name: Any, shape: Any = (), times: Any = (), positive: Any = False
    ) -> Variable:
        parts = sp.Tuple(*shape), sp.Tuple(*times), sp.sympify(bool(positive))
        node = sp.Basic.__new__(cls, Str(str(name)), *parts)
        node.shape = tuple(parts[0])
        return cast(Variable, node)

    @property
    def name(self) -> str:
        """Name of the symbol, which is the name of the argument in the code."""
        return str(self.args[0].name)

    @property
    def times(self) -> tuple[sp.Expr, ...]:
        """First and last time of the symbol; empty if it has no time."""
        return tuple(self.args[2])

    @property
    def positive(self) -> bool:
        """Whether the symbol stands for positive numbers only."""
        return bool(self.args[3])

    def __getitem__(self, index: Any) -> At:
        return At(self, *(index if isinstance(index, tuple) else (index,)))

    def __iter__(self) -> Iterator[At]:
        raise TypeError(f"{self.name} is one symbol; index it with a time, as in {self.name}[t]")


class At(Expression):
    """A symbol at an index, such as the state at time ``t - 1``."""

    def __new__(cls, variable: Variable, *index: Any) -> At:
        _require(
            isinstance(variable, Variable), lambda: f"At: only a symbol is indexed, not {variable}"
        )
        _require(bool(variable.times), lambda: f"{variable.name} has no times: it is not indexed")
        node = sp.Basic.__new__(cls, variable, *map(sp.sympify, index))
        node.shape = variable.shape
        return cast(At, node)

    @property
    def variable(self) -> Variable:
        """Symbol that is indexed."""
        return cast(Variable, self.args[0])

    @property
    def index(self) -> tuple[sp.Expr, ...]:
        """Where the symbol is taken."""
        return tuple(self.args[1:])


class Entry(Expression):
    """What an array holds at a place, counted from 1: an entry, or the row of a matrix."""

    array: Expression = part(0)
    place: tuple[sp.Expr, ...] = parts(1)

    def __new__(cls, array: Any, *place: Any) -> Entry:
        array = wrap(array)
        _require(
            1 <= len(place) <= len(array.shape),
            lambda: f"Entry: {len(place)} places do not fit shape {_shapes(array)}",
        )
        node = sp.Basic.__new__(cls, array, *map(sp.sympify, place))
        node.shape = array.shape[len(place) :]
        node.row = len(node.shape) == 1
        return cast(Entry, node)


class Letter(sp.Symbol):  # type: ignore[misc]
    """A size in the declaration of a map that stands for any: the arguments bind it."""


class Function(_Tree):
    """A function that statements apply.

    An elementwise function (no `gives`) acts on each entry of its one argument; `order`
    counts its derivatives.  A map takes arguments of the shapes `takes`, and its value has
    the shape `gives`.  A function that is `smooth` has derivatives of every order everywhere.
    """

    def __new__(
        cls,
        name: str,
        gives: Any = None,
        order: Any = 0,
        index: Any = (),
        takes: Any = (),
        smooth: Any = False,
    ) -> Function:
        gives = sp.S.false if gives in (None, sp.S.false) else sp.Tuple(*gives)
        shapes = sp.Tuple(*(sp.Tuple(*shape) for shape in takes))
        parts = sp.Integer(order), sp.Tuple(*index), shapes, sp.sympify(bool(smooth))
        return cast(Function, sp.Basic.__new__(cls, Str(str(name)), gives, *parts))

    @property
    def name(self) -> str:
        """Name of the function."""
        return str(self.args[0].name)

    @property
    def elementwise(self) -> bool:
        """Whether the function acts entry by entry."""
        return bool(self.args[1] == sp.S.false)

    @property
    def gives(self) -> Shape:
        """Shape of the value of a map, as it is declared."""
        return tuple(self.args[1])

    @property
    def order(self) -> int:
        """How many times it has been differentiated."""
        return int(self.args[2])

    @property
    def index(self) -> tuple[sp.Expr, ...]:
        """Time at which the function is taken, if it differs from step to step."""
        return tuple(self.args[3])

    @property
    def takes(self) -> tuple[Shape, ...]:
        """Shapes of the arguments of a map, as they are declared."""
        return tuple(map(tuple, self.args[4]))

    @property
    def smooth(self) -> bool:
        """Whether the function is declared to have derivatives of every order everywhere."""
        return bool(self.args[5])

    @property
    def prime(self) -> Function:
        """Derivative of an elementwise function."""
        _require(self.elementwise, lambda: f"{self.name} does not act entry by entry: use Jacobian")
        return self.differentiated(self.order + 1)

    def differentiated(self, order: int) -> Function:
        """Return the function differentiated so many times."""
        return Function(self.name, self.args[1], order, self.index, self.takes, self.smooth)

    def shape_of(self, *shapes: Shape) -> Shape:
        """Shape of the value for arguments of some shapes, if the function takes them."""
        if self.elementwise:
            _require(
                len(shapes) == 1, lambda: f"{self.name}: takes one argument, not {len(shapes)}"
            )
            return shapes[0]
        letters: dict[sp.Symbol, sp.Expr] = {}
        _require(
            len(shapes) == len(self.takes)
            and all(_fits(*pair, letters) for pair in zip(self.takes, shapes, strict=True)),
            lambda: f"{self.name}: takes {_listed(self.takes)}, not {_listed(shapes)}",
        )
        return tuple(size.xreplace(letters) for size in self.gives)

    def __getitem__(self, index: Any) -> Function:
        return self.at((index,))

    def at(self, index: tuple[Any, ...]) -> Function:
        """Return the function at a time, or at none."""
        return Function(self.name, self.args[1], self.order, index, self.takes, self.smooth)

    def __call__(self, *arguments: Operand) -> Apply:
        return Apply(self, *arguments)


def _fits(taken: Shape, came: Shape, letters: dict[sp.Symbol, sp.Expr]) -> bool:
    """Whether an argument has the shape that is taken; a letter is bound where it first stands."""
    return len(taken) == len(came) and all(
        (letters.setdefault(size, length) if isinstance(size, Letter) else size) == length
        for size, length in zip(taken, map(sp.sympify, came), strict=True)
    )


def _listed(shapes: tuple[Shape, ...]) -> str:
    kinds = ["a scalar", "a vector", "a matrix"]
    named = [
        f"{kinds[len(shape)]} of {' by '.join(map(str, shape))}" if shape else kinds[0]
        for shape in shapes
    ]
    return " and ".join(named) or "nothing"


class Apply(Expression):
    """A function of its arguments."""

    def __new__(cls, function: Function, *arguments: Any) -> Apply:
        wrapped = [wrap(argument) for argument in arguments]
        node = sp.Basic.__new__(cls, function, *wrapped)
        _require(
            function.elementwise or not any(argument.row for argument in wrapped),
            lambda: f"{function.name}: takes columns, not shapes {_shapes(*wrapped)}",
        )
        node.shape = function.shape_of(*(argument.shape for argument in wrapped))
        node.row = function.elementwise and wrapped[0].row
        return cast(Apply, node)

    @property
    def function(self) -> Function:
        """Function that is applied."""
        return cast(Function, self.args[0])

    @property
    def arguments(self) -> tuple[Expression, ...]:
        """What it is applied to."""
        return tuple(self.args[1:])


class _Derivative(Expression):
    """A derivative of an expression by a symbol, both held as they are."""

    of: Expression = part(0)
    by: Expression = part(1)

    def __new__(cls, of: Any, by: Any) -> Any:
        of = wrap(of)
        _require(
            isinstance(by.array if isinstance(by, Entry) else by, (Variable, At)),
            lambda: f"{cls.__name__}: differentiates by a symbol, not {by}",
        )
        _require(
            not of.row and not by.row,
            lambda: (
                f"{cls.__name__}: differentiates columns by columns, not shapes {_shapes(of, by)}"
            ),
        )
        node = sp.Basic.__new__(cls, of, by)
        node.shape = node._shape(of, by)
        node.row = node._row(of, by)
        return node

    def _shape(self, of: Expression, by: Expression) -> Shape:
        _require(
            bool(of.shape) or len(by.shape) < 2,
            lambda: (
                f"{type(self).__name__}: the derivative of {_shapes(of)} by {_shapes(by)} has no "
                "layout; its Gradient has the shape of what it is differentiated by"
            ),
        )
        return of.shape + by.shape

    def _row(self, of: Expression, by: Expression) -> bool:
        return not of.shape and len(by.shape) == 1


class Jacobian(_Derivative):
    """Derivative of all that follows from a symbol: numerator layout, row `i`, column `j`.

    Of a number by a column it is a row.
    Differentiating by a state holds what came before it, and follows all that is
    computed from it.  Differentiating by a weight follows every use of the weight.
    """


class Immediate(_Derivative):
    """Immediate derivative: of one step alone, with every earlier step held fixed."""

    def _shape(self, of: Expression, by: Expression) -> Shape:
        _require(isinstance(of, At), lambda: f"Immediate: needs a state at a time, not {of}")
        return super()._shape(of, by)


class Gradient(_Derivative):
    """Gradient of a scalar: like what it is differentiated by, a column by a column."""

    def _shape(self, of: Expression, by: Expression) -> Shape:
        _require(of.shape == (), lambda: f"Gradient: needs a scalar, not shape {_shapes(of)}")
        return by.shape

    def _row(self, of: Expression, by: Expression) -> bool:
        return False


class Sum(Expression):
    """Sum of a body over an index from `low` to `high`, both included."""

    body: Expression = part(0)
    index: sp.Symbol = part(1)
    low: sp.Expr = part(2)
    high: sp.Expr = part(3)

    def __new__(cls, body: Any, index: Any, low: Any, high: Any) -> Sum:
        body = wrap(body)
        node = sp.Basic.__new__(cls, body, index, sp.sympify(low), sp.sympify(high))
        node.shape, node.row = body.shape, body.row
        return cast(Sum, node)


class Product(Expression):
    """Ordered product over an index from `high` down to `low`: the latest factor on the left.

    Of no factors it is the identity.  Factors are square matrices or scalars.
    """

    body: Expression = part(0)
    index: sp.Symbol = part(1)
    high: sp.Expr = part(2)
    low: sp.Expr = part(3)

    def __new__(cls, body: Any, index: Any, high: Any, low: Any) -> Product:
        body = wrap(body)
        node = sp.Basic.__new__(cls, body, index, sp.sympify(high), sp.sympify(low))
        node.shape = _square(node, body) if body.shape else ()
        return cast(Product, node)


class Compose(Expression):
    """Function of one argument applied for each index from `low` to `high`, the last outermost.

    `function` takes the running value, for which `variable` stands, and is written as
    an expression; `start` is the value before the first.
    """

    body: Expression = part(0)
    variable: Any = part(1)
    start: Expression = part(2)
    index: sp.Symbol = part(3)
    low: sp.Expr = part(4)
    high: sp.Expr = part(5)

    def __new__(cls, body: Any, variable: Any, start: Any, index: Any, low: Any, high: Any) -> Any:
        body, start = wrap(body), wrap(start)
        _require(
            _alike(body, variable, start),
            lambda: f"Compose: shapes {_shapes(body, variable, start)} differ",
        )
        node = sp.Basic.__new__(
            cls, body, variable, start, index, sp.sympify(low), sp.sympify(high)
        )
        node.shape = body.shape
        return node


class Order(Expression):
    """Terms of at least a power of a small quantity, as in ``O(eps**2)``."""

    variable: Any = part(0)
    power: sp.Expr = part(1)

    def __new__(cls, variable: Any, power: Any) -> Order:
        return cast(Order, sp.Basic.__new__(cls, variable, sp.sympify(power)))


class Steps(Expression):
    """All the steps of a symbol, from its first time to its last, along a first axis of time."""

    variable: Any = part(0)
    low: sp.Expr = part(1)
    high: sp.Expr = part(2)

    def __new__(cls, variable: Variable, *bounds: Any) -> Steps:
        timed = isinstance(variable, Variable) and bool(variable.times)
        _require(timed, lambda: f"Steps: needs a symbol with times, not {variable}")
        low, high = map(sp.sympify, bounds or variable.times)
        node = sp.Basic.__new__(cls, variable, low, high)
        node.shape = (high - low + 1, *variable.shape)
        return cast(Steps, node)


class Stack(Expression):
    """Body at each index from `low` to `high`, along a first axis; a vector fills a row."""

    body: Expression = part(0)
    index: sp.Symbol = part(1)
    low: sp.Expr = part(2)
    high: sp.Expr = part(3)

    def __new__(cls, body: Any, index: Any, low: Any, high: Any) -> Stack:
        body, low, high = wrap(body), sp.sympify(low), sp.sympify(high)
        node = sp.Basic.__new__(cls, body, index, low, high)
        node.shape = (high - low + 1, *body.shape)
        return cast(Stack, node)


class Bracket(Expression):
    """One where a comparison holds, else zero (the bracket of Iverson), entry by entry.

    Of whole numbers, such as two indices, it is a mask: ``Bracket(Le(j, i))``.
    """

    def __new__(cls, comparison: Relation) -> Bracket:
        _require(
            isinstance(comparison, Relation),
            lambda: f"Bracket: needs a comparison such as Le(j, i), not {comparison}",
        )
        node = sp.Basic.__new__(cls, comparison)
        node.shape, node.row = comparison.left.shape, comparison.left.row
        return cast(Bracket, node)

    @property
    def comparison(self) -> Relation:
        """What holds or not."""
        return cast(Relation, self.args[0])

    @cached_property
    def strictly(self) -> Expression:
        """The same by strict comparisons alone."""
        left, right = self.comparison.left, self.comparison.right
        above, below = Indicator(left, right), Indicator(right, left)
        match self.comparison.sign:
            case "<":
                return below
            case "<=":
                return 1 - above
            case "=":
                return 1 - above - below
        return above + below


class Derived(Expression):
    """A node that stands for an expression of other nodes, and is printed as itself.

    What proves, draws, exports and evaluates sees that expression alone, so there is nothing more
    to trust.  A kind of node says what it stands for in `unfolded`.  Its templates `tex` and
    `plain` hold ``<name>`` for each part, within brackets or braces of their own, so that no part
    is too loose for its place.
    """

    tex: ClassVar[str]
    plain: ClassVar[str]

    def __new__(cls, *parts: Any) -> Any:
        node = sp.Basic.__new__(cls, *cls._taken(*parts))
        node.shape, node.row = node.unfolded.shape, node.unfolded.row
        return node

    @classmethod
    def _taken(cls, *parts: Any) -> tuple[sp.Basic, ...]:
        """Parts as the node holds them: numbers are wrapped, unless a kind says otherwise."""
        return tuple(part if isinstance(part, _Tree) else wrap(part) for part in parts)

    @cached_property
    def unfolded(self) -> Expression:
        """What the node stands for."""
        raise NotImplementedError


def free_index(name: str, *parts: sp.Basic) -> sp.Symbol:
    """Index of a name, or of a longer one, that some trees do not hold: it captures nothing."""
    held = {str(symbol) for part in parts for symbol in part.atoms(sp.Symbol)}
    while name in held:
        name += "_"
    return sp.Symbol(name, integer=True)


def unfolded(node: Any) -> Any:
    """Tree in which no node is derived."""
    node = opened(node)
    if isinstance(node, Variable | Function) or not isinstance(node, _Tree | sp.Tuple):
        return node
    parts = [unfolded(part) for part in node.args]
    same = all(new is old for new, old in zip(parts, node.args, strict=True))
    return node if same else node.func(*parts)


def opened(node: Any) -> Any:
    """What a node stands for, if it is derived."""
    while isinstance(node, Derived):
        node = node.unfolded
    return node


def kind(node: Any) -> type:
    """Kind of a node, under which tables have its rule: what is derived has one for all."""
    return Derived if isinstance(node, Derived) else type(node)


class Relation(_Tree):
    """Two expressions of one shape, joined by ``=``, ``<=``, ``<`` or, of numbers, ``!=``."""

    def __new__(cls, left: Operand, sign: Any, right: Operand) -> Relation:
        left, right, sign = wrap(left), wrap(right), str(sign)
        _require(
            sign in ("=", "<=", "<", "!="),
            lambda: f"Relation: {sign!r} is not one of '=', '<=', '<', '!='",
        )
        _require(
            sign != "!=" or not left.shape,
            lambda: f"Relation: '!=' compares numbers, not arrays of shape {_shapes(left)}",
        )
        _require(
            _alike(left, right) or not right.shape,
            lambda: f"Relation: the sides have shapes {_shapes(left, right)}",
        )
        return cast(Relation, sp.Basic.__new__(cls, left, Str(sign), right))

    @property
    def left(self) -> Expression:
        """Left-hand side."""
        return cast(Expression, self.args[0])

    @property
    def sign(self) -> str:
        """How the sides compare."""
        return str(self.args[1])

    @property
    def right(self) -> Expression:
        """Right-hand side."""
        return cast(Expression, self.args[2])


def Eq(left: Operand, right: Operand) -> Relation:  # noqa: N802 -- SymPy's names
    """Both sides are equal."""
    return Relation(left, "=", right)


def Le(left: Operand, right: Operand) -> Relation:  # noqa: N802
    """The left-hand side is at most the right-hand side, entry by entry."""
    return Relation(left, "<=", right)


def Lt(left: Operand, right: Operand) -> Relation:  # noqa: N802
    """The left-hand side is below the right-hand side, entry by entry."""
    return Relation(left, "<", right)


def Ne(left: Operand, right: Operand) -> Relation:  # noqa: N802
    """Two numbers differ."""
    return Relation(left, "!=", right)


def walk(node: sp.Basic) -> Iterator[sp.Basic]:
    """Every node of a tree, in reading order."""
    yield node
    for part in node.args:
        yield from walk(part)


BINDERS: dict[type, Callable[[Any], sp.Symbol]] = {
    Sum: lambda node: node.index,
    Product: lambda node: node.index,
    Stack: lambda node: node.index,
    Compose: lambda node: node.index,
}
"""Nodes that bind an index, and the index they bind."""


def indices(node: sp.Basic) -> set[sp.Symbol]:
    """Return the SymPy symbols (sizes and indices) that a tree leaves free.

    What is declared keeps its shape to itself: its sizes are not free.
    """
    if isinstance(node, sp.Symbol):
        return {node}
    if isinstance(node, Function):
        return set().union(*(index.free_symbols for index in node.index))
    if isinstance(node, Variable) or not node.args:
        return set()
    free: set[sp.Symbol] = set().union(*(indices(part) for part in node.args))
    return free - {BINDERS[type(node)](node)} if type(node) in BINDERS else free


def put(node: Any, values: Mapping[sp.Symbol, sp.Expr]) -> Any:
    """Put values for the free indices of a tree.

    An index that a sum or a product binds is another than a free one of its name: it is left
    alone, and renamed where it would capture what is put in.
    """
    if isinstance(node, sp.Expr):
        return node.xreplace(values)
    if isinstance(node, Variable) or not node.args:
        return node
    if type(node) not in BINDERS:
        return node.func(*(put(part, values) for part in node.args))
    body, *rest = node.args
    index = bound = BINDERS[type(node)](node)
    inside = {s: value for s, value in values.items() if s != index and s in indices(body)}
    arriving = set[sp.Symbol]().union(*(value.free_symbols for value in inside.values()))
    while bound in arriving or (bound != index and bound in indices(body)):
        bound = sp.Symbol(f"{bound.name}'", integer=True)
    rest = [put(part, values) for part in rest]
    rest[node.args.index(index) - 1] = bound
    return node.func(put(body, {**inside, index: bound}), *rest)
