"""Prove lines for matrices of every size, and sequences of every length.

A matrix becomes a letter that does not commute, a vector a letter that stands for a column,
and SymPy's ``expand`` brings a line to its normal form: a sum of words.  A row is written as
its transpose, which is a column; the sides of a line are both rows or both columns, so nothing
is lost.  Two lines with one
normal form are equal whatever the sizes.  What the letters obey is little:

- transposition reverses a word; an entrywise product is that with a diagonal matrix, and
  diagonal matrices commute;
- a derivative follows the definitions of the symbols by the chain rule; a gradient sums over
  everything that is computed from a symbol in one step;
- a sum or an ordered product over time whose last index is the induction index gives up its
  last term, and the statement may be used at the step before, once its first case is shown.

A line that the letters do not show equal is left to the proof at sizes: nothing here refutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, reduce
from itertools import takewhile
from typing import Any

import sympy as sp

from rnnnotes.book import language as lang
from rnnnotes.book.language import Expression
from rnnnotes.book.world import Definition

__all__ = ["Induction", "Letters", "Unsupported", "holds_for_all_sizes"]

Bounds = dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]


class Unsupported(Exception):
    """A node of which the letters know no rule: another proof is tried."""


class Induction:
    """Statement that may be used at the step before, and the index of the step."""

    def __init__(self, statement: lang.Relation, index: sp.Symbol, first: sp.Expr) -> None:
        self.statement = statement
        self.index = index
        self.first = first


class Letters:
    """Normal forms of expressions, under definitions and bounds of the indices.

    With `deep`, the arguments of functions are written out by their definitions too; with
    `by_parts`, the gradient of a sum of losses is the sum of their gradients.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        bounds: Bounds,
        deep: bool = False,
        by_parts: bool = False,
        step: sp.Symbol | None = None,
    ) -> None:
        self.definitions = {_name(d.target): d for d in definitions}
        self.bounds = dict(bounds)
        self.deep = deep
        self.by_parts = by_parts
        self.step = step
        self.flipped: dict[sp.Symbol, sp.Symbol] = {}
        self.diagonal: dict[sp.Symbol, sp.Expr] = {}
        self.columns: set[sp.Symbol] = set()
        self.units: set[sp.Symbol] = set()
        self.sums: dict[sp.Symbol, tuple[sp.Expr, sp.Symbol, sp.Expr, sp.Expr]] = {}
        self.since: sp.Expr | None = None
        self._inside_function = False

    # -- letters -------------------------------------------------------------------------------

    def letter(self, name: str, shape: lang.Shape) -> sp.Expr:
        """Letter of a name and a shape: a column if it has one axis, a matrix if it has two.

        What is no name of a symbol starts with a sign that no name has.
        """
        if not shape:
            return sp.Symbol(name)
        name = f"{name}:{'x'.join(map(str, shape))}"
        symbol = sp.Symbol(name, commutative=False)
        if symbol not in self.flipped:
            mirror = sp.Symbol(f"({name})'", commutative=False)
            self.flipped[symbol], self.flipped[mirror] = mirror, symbol
        if len(shape) == 1:
            self.columns.add(symbol)
        return symbol

    def ones(self, size: sp.Expr) -> sp.Expr:
        """Column of ones, for which a number beside a vector stands."""
        symbol = self.letter("#ones", (size,))
        self.units.add(symbol)
        return symbol

    def transpose(self, word: sp.Expr) -> sp.Expr:
        """Transpose a sum of words."""
        return sp.Add(*(self._transpose_term(term) for term in sp.Add.make_args(sp.expand(word))))

    def _transpose_term(self, term: sp.Expr) -> sp.Expr:
        scalars, factors = split(term)
        if any(factor in self.sums for factor in factors):
            (total,) = factors
            body, index, low, high = self.sums[total]
            return sp.Mul(*scalars) * self.total(self.transpose(body), index, low, high)
        if any(factor not in self.flipped for factor in factors):
            raise Unsupported("transpose of an inverse")
        return sp.Mul(*scalars, *(self.flipped[factor] for factor in reversed(factors)))

    def diag(self, vector: sp.Expr) -> sp.Expr:
        """Diagonal matrix of a sum of columns, term by term."""
        return sp.Add(*(self._diag_term(term) for term in sp.Add.make_args(self.tidy(vector))))

    def _diag_term(self, term: sp.Expr) -> sp.Expr:
        scalars, factors = split(term)
        if not factors:
            return term
        # A diagonal matrix times a column is an entrywise product: its diagonal is a product.
        first = list(takewhile(self.diagonal.__contains__, factors[:-1]))
        matrices = [*first, self._diagonal_letter(sp.Mul(*factors[len(first) :]))]
        return sp.Mul(*scalars, *sorted(matrices, key=str))

    def _diagonal_letter(self, word: sp.Expr) -> sp.Expr:
        if word in self.units:
            return sp.S.One
        symbol = sp.Symbol(f"#diag({word})", commutative=False)
        self.diagonal[symbol] = word
        self.flipped[symbol] = symbol
        return symbol

    def tidy(self, expr: sp.Expr) -> sp.Expr:
        """Bring a sum of words to its normal form."""
        terms = sp.Add.make_args(sp.expand(expr))
        return sp.Add(*(self._tidy_term(term) for term in terms))

    def _tidy_term(self, term: sp.Expr) -> sp.Expr:
        scalars, factors = split(term)
        for place, factor in enumerate(factors):
            if factor in self.sums:
                body, index, low, high = self.sums[factor]
                inner = sp.Mul(*factors[:place], body, *factors[place + 1 :])
                return sp.Mul(*scalars) * self.total(inner, index, low, high)
        return sp.Mul(*scalars, *self._sorted(factors))

    def _sorted(self, factors: list[sp.Expr]) -> list[sp.Expr]:
        """Sort neighbours that commute: diagonal matrices, and the column they act on."""
        start = next((i for i, f in enumerate(factors) if f in self.diagonal), len(factors))
        run = list(takewhile(self.diagonal.__contains__, factors[start:]))
        rest = factors[start + len(run) :]
        return [*factors[:start], *self._run(run, self._sorted(rest))] if run else factors

    def _run(self, run: list[sp.Expr], rest: list[sp.Expr]) -> list[sp.Expr]:
        """Diagonal matrices in a row, and what they act on, in one order.

        Where that is a column, all of them are factors of one entrywise product.
        """
        if not (rest and rest[-1] in self.columns):
            return [*sorted(run, key=str), *rest]
        vectors = [*map(self.diagonal.get, run), sp.Mul(*rest)]
        vectors = [v for v in vectors if v not in self.units]
        *diagonals, column = sorted(vectors, key=lambda v: (v not in self.columns, str(v)))
        return [*map(self._diagonal_letter, diagonals), *split(column)[1]]

    def exposed(self, expr: sp.Expr, column: sp.Expr) -> sp.Expr:
        """Write each entrywise product with a column so that the column is what is acted on."""
        return sp.Add(*(self._exposed_term(term, column) for term in sp.Add.make_args(expr)))

    def _exposed_term(self, term: sp.Expr, column: sp.Expr) -> sp.Expr:
        scalars, factors = split(term)
        place = next((i for i, f in enumerate(factors) if self.diagonal.get(f) == column), None)
        entrywise = factors and factors[-1] in self.columns
        if place is None or not (entrywise and all(f in self.diagonal for f in factors[place:-1])):
            return term
        factors[place], factors[-1] = self._diagonal_letter(factors[-1]), column
        return sp.Mul(*scalars, *factors)

    def total(self, body: sp.Expr, index: sp.Symbol, low: sp.Expr, high: sp.Expr) -> sp.Expr:
        """Sum over an index, term by term: each is one letter."""
        total = sp.S.Zero
        for term in sp.Add.make_args(self.tidy(body)):
            number, rest = term.as_coeff_Mul()
            if rest == 0:
                continue
            symbol = sp.Symbol(f"#sum({rest};{index}={low}..{high})", commutative=False)
            self.sums[symbol] = rest, index, low, high
            total += number * symbol
        return total

    # -- normal forms --------------------------------------------------------------------------

    def normal(self, node: Any) -> sp.Expr:
        """Return the normal form of an expression."""
        for kind, rule in RULES.items():
            if isinstance(node, kind):
                value = rule(self, node)
                return self._scalar(value) if not node.shape else self.tidy(value)
        raise Unsupported(type(node).__name__)

    def _scalar(self, value: sp.Expr) -> sp.Expr:
        """Turn words that are numbers, such as an inner product, into symbols that commute."""
        total = sp.S.Zero
        for term in sp.Add.make_args(self.tidy(value)):
            scalars, factors = split(term)
            if not factors:
                total += term
                continue
            word = sp.Mul(*factors)
            name = min(str(word), str(self.transpose(word)))
            total += sp.Mul(*scalars) * sp.Symbol(f"#<{name}>")
        return total

    def symbol(self, node: Any) -> sp.Expr:
        """Normal form of a symbol: its definition where that is known and wanted."""
        definition = self.definition(node)
        wanted = self.deep or not self._inside_function
        if definition is not None and wanted and (_is_symbol(definition) or self._current(node)):
            return self.normal(definition)
        return self.letter(_text(node), node.shape)

    def definition(self, node: Any) -> Expression | None:
        """Return the value of a symbol at its index, if its definition surely reaches it."""
        definition = self.definitions.get(_name(node))
        if definition is None:
            return None
        if isinstance(node, lang.Variable):
            return definition.value
        if not isinstance(definition.target, lang.At) or len(node.index) > 1:
            return None
        return self.instance(definition, node.index[0])

    def instance(self, definition: Definition, time: sp.Expr) -> Expression | None:
        """Return the definition at a time, if it surely reaches it."""
        pattern = definition.target.index[0]
        if not pattern.is_Symbol or self.within(time, definition) is not True:
            return None
        return definition.value.xreplace({pattern: time})

    def within(self, time: sp.Expr, definition: Definition) -> bool | None:
        """Whether a time surely lies in the range of a definition; None if it may."""
        low, high = next(
            (low, high) for s, low, high in definition.ranges if s == definition.target.index[0]
        )
        above = self.least(time - low), self.greatest(time - low)
        below = self.least(high - time), self.greatest(high - time)
        if _surely(above[0] >= 0) and _surely(below[0] >= 0):
            return True
        if _surely(above[1] < 0) or _surely(below[1] < 0):
            return False
        return None

    def least(self, expr: sp.Expr) -> sp.Expr:
        """Lower bound of an expression over the bounds of its indices."""
        return self._extreme(expr, 0)

    def greatest(self, expr: sp.Expr) -> sp.Expr:
        """Upper bound of an expression over the bounds of its indices."""
        return self._extreme(expr, 1)

    def _extreme(self, expr: sp.Expr, side: int) -> sp.Expr:
        # A bound may bring in another index: each has its turn until none is left.
        for symbol in [*reversed(list(self.bounds))] * 3:
            slope = sp.expand(expr).coeff(symbol)
            if slope != 0:
                bound = self.bounds[symbol][side if slope > 0 else 1 - side]
                expr = sp.expand(expr.subs(symbol, bound))
        return sp.expand(expr)

    def _current(self, node: Any) -> bool:
        """Whether a symbol is written out here: at the step at hand, not before it."""
        if isinstance(node, lang.Variable):
            return True
        (time,) = node.index
        if self.step is None:
            return bool(time.is_Symbol or time.is_Integer)
        return bool(time.is_Integer or (time - self.step).is_nonnegative)

    @contextmanager
    def binding(self, index: sp.Symbol, low: sp.Expr, high: sp.Expr) -> Iterator[None]:
        """Bounds of an index inside a sum or a product."""
        outer, self.bounds = self.bounds, {**self.bounds, index: (low, high)}
        try:
            yield
        finally:
            self.bounds = outer

    def function(self, node: Any, orders: int = 0) -> sp.Expr:
        """Letter of an elementwise function of an expression, or of its derivative."""
        function, argument = node.function, node.arguments[0]
        order = function.order + orders
        if function.name in SLOPES and order and not function.index:
            if order > 1:
                raise Unsupported("second derivative")
            return self.normal(SLOPES[function.name](function.differentiated(0)(argument)))
        outer, self._inside_function = self._inside_function, True
        inner = self.normal(argument)
        self._inside_function = outer
        time, primes = ",".join(map(str, function.index)), "'" * order
        return self.letter(f"{function.name}[{time}]{primes}({inner})", node.shape)

    def partial(self, node: Any, place: int) -> sp.Expr:
        """Letter of the derivative of a map by one of its arguments."""
        shape = node.shape + node.arguments[place].shape
        return self.letter(f"#partial({_text(node)};{place})", shape)

    # -- derivatives ---------------------------------------------------------------------------

    def backward(self, node: Any, by: Any, change: sp.Expr) -> sp.Expr:
        """Pull the gradient of an expression back to a symbol that it is written with."""
        if node == by:
            return change
        if not _mentions(node, by):
            return sp.S.Zero
        match node:
            case lang.Add() | lang.Sub() | lang.Neg():
                signs = [-1] if isinstance(node, lang.Neg) else [1, SIGN[type(node)]]
                return sp.Add(*(sign * self.backward(part, by, change)
                                for sign, part in zip(signs, node.args, strict=True)))  # fmt: skip
            case lang.MatMul():
                return self._backward_product(node, by, change)
            case lang.Times() | lang.Divide():
                return self._backward_times(node, by, change)
            case lang.Apply() if node.function.elementwise and node.shape:
                slope = self.diag(self.function(node, orders=1))
                return self.backward(node.arguments[0], by, slope * change)
            case lang.Apply() if not node.function.elementwise:
                return sp.Add(*(
                    self.backward(argument, by, self._pull(self.partial(node, place), node, change))
                    for place, argument in enumerate(node.arguments)
                ))  # fmt: skip
        raise Unsupported(f"gradient of {type(node).__name__}")

    def _pull(self, partial: sp.Expr, node: Any, change: sp.Expr) -> sp.Expr:
        return self.transpose(partial) * change if node.shape else partial * change

    def _backward_product(self, node: Any, by: Any, change: sp.Expr) -> sp.Expr:
        left, right = node.args
        if len(left.shape) == 1 or not len(node.shape) == 1:
            raise Unsupported("gradient of a row or of a product of matrices")
        by_left = self.backward(left, by, change * self.transpose(self.normal(right)))
        return by_left + self.backward(right, by, self.transpose(self.normal(left)) * change)

    def _backward_times(self, node: Any, by: Any, change: sp.Expr) -> sp.Expr:
        left, right = node.args
        if isinstance(node, lang.Divide):
            if _mentions(right, by) or right.shape:
                raise Unsupported("gradient of a denominator")
            return self.backward(left, by, change / self.normal(right))
        if not (left.shape and right.shape):
            scalar, array = (right, left) if left.shape else (left, right)
            if _mentions(scalar, by):
                raise Unsupported("gradient by a scalar factor")
            return self.backward(array, by, self.normal(scalar) * change)
        return self.backward(left, by, self.diag(self.normal(right)) * change) + self.backward(
            right, by, self.diag(self.normal(left)) * change
        )

    def gradient(self, head: Any, by: Any) -> sp.Expr:
        """Gradient of a symbol by another: through all that is computed from it in one step."""
        if head == by:
            return sp.S.One
        if self._precedes(head, by):
            return sp.S.Zero
        if not _is_symbol(head):
            return self.backward(head, by, sp.S.One)
        value = self.definition(head)
        if self.by_parts and isinstance(value, lang.Sum):
            body, *bounds = value.args
            return self.normal(lang.Sum(lang.Gradient(body, by), *bounds))
        try:
            return self._through_children(head, by)
        except Unsupported:
            return self.letter(f"#grad({_text(head)};{_text(by)})", by.shape)

    def _precedes(self, head: Any, by: Any) -> bool:
        """Whether a symbol is surely of an earlier time than another, and time runs one way."""
        if not (isinstance(head, lang.At) and isinstance(by, lang.At)):
            return False
        return self.causal and _surely(self.greatest(_time(head) - _time(by)) < 0)

    @cached_property
    def causal(self) -> bool:
        """Whether no definition looks ahead: each is made from its own time and earlier ones."""
        return all(
            _surely((_time(node) - _time(definition.target)).is_nonpositive)
            for definition in self.definitions.values()
            for node in lang.walk(definition.value)
            if isinstance(node, lang.At) and isinstance(definition.target, lang.At)
        )

    def _through_children(self, head: Any, by: Any) -> sp.Expr:
        total, found = sp.S.Zero, False
        for definition in self.definitions.values():
            for contribution in self._child(head, by, definition):
                total, found = total + contribution, True
        if not found:
            raise Unsupported("nothing is computed from the symbol")
        return self.tidy(total)

    def _child(self, head: Any, by: Any, definition: Definition) -> Iterator[sp.Expr]:
        target, value = definition.target, definition.value
        name = _name(by)
        mentions = {
            node for node in lang.walk(value) if type(node) is type(by) and _name(node) == name
        }
        if not mentions:
            return
        if isinstance(value, lang.Sum | lang.Divide):
            yield self._of_sum(by, value)
            return
        if isinstance(by, lang.Variable) and isinstance(target, lang.At):
            if len(definition.ranges) != 1:
                raise Unsupported("a child with two indices")
            ((index, low, high),) = definition.ranges
            with self.binding(index, low, high):
                body = self.backward(value, by, self.gradient(head, target))
                yield self.total(body, index, low, high)
            return
        for mention in mentions:
            yield from self._at_time(head, by, definition, mention)

    def _at_time(self, head: Any, by: Any, definition: Definition, mention: Any) -> Iterator[Any]:
        target = definition.target
        if not isinstance(target, lang.At) or len(target.index) > 1:
            raise Unsupported("a child without time, or with two")
        pattern, (used,), (time,) = target.index[0], mention.index, by.index
        child = pattern + time - used
        inside = self.within(child, definition)
        later = child != time and not (time.is_Integer or time in self.bounds)
        if inside is None or (inside and later):
            raise Unsupported("a child that may not exist, or a later one that is kept")
        if inside:
            value = definition.value.xreplace({pattern: child})
            yield self.backward(value, by, self.gradient(head, target.variable[child]))

    def _of_sum(self, by: Any, value: Any) -> sp.Expr:
        """Derivative of a sum of losses, or of their mean, by one of them."""
        share = sp.S.One
        if isinstance(value, lang.Divide):
            share, value = 1 / self.normal(value.args[1]), value.args[0]
        if not isinstance(value, lang.Sum) or not isinstance(value.args[0], lang.At):
            raise Unsupported("a loss that is not a sum of losses")
        body, index, low, high = value.args
        (time,), fits = by.index, isinstance(by, lang.At) and body.index == (index,)
        reaches = _surely(self.least(time - low) >= 0) and _surely(self.least(high - time) >= 0)
        if not (fits and reaches and body.variable == by.variable):
            raise Unsupported("a loss outside its sum")
        return share

    def jacobian(self, node: Any, by: Any, top: Any = None) -> sp.Expr:
        """Jacobian of a vector by a vector: numerator layout."""
        if node == by:
            return sp.S.One
        if _is_symbol(node):
            return self._jacobian_of_symbol(node, by, top or node)
        match node:
            case lang.Number() | lang.Ones():
                return sp.S.Zero
            case lang.Add() | lang.Sub():
                left, right = (self.jacobian(part, by, top) for part in node.args)
                return left + SIGN[type(node)] * right
            case lang.Neg():
                return -self.jacobian(node.args[0], by, top)
            case lang.MatMul() if len(node.args[0].shape) == 2 and not _mentions(node.args[0], by):
                return self.normal(node.args[0]) * self.jacobian(node.args[1], by, top)
            case lang.Times() if all(part.shape for part in node.args):
                left, right = node.args
                return self.diag(self.normal(left)) * self.jacobian(right, by, top) + self.diag(
                    self.normal(right)
                ) * self.jacobian(left, by, top)
            case lang.Apply() if node.function.elementwise:
                slope = self.diag(self.function(node, orders=1))
                return slope * self.jacobian(node.arguments[0], by, top)
            case lang.Apply() if node.shape:
                return sp.Add(*(
                    self.partial(node, place) * self.jacobian(argument, by, top)
                    for place, argument in enumerate(node.arguments)
                ))  # fmt: skip
        raise Unsupported(f"Jacobian of {type(node).__name__}")

    def _jacobian_of_symbol(self, node: Any, by: Any, top: Any) -> sp.Expr:
        if _name(node) not in self.definitions or self._is_start(node):
            return sp.S.Zero
        if self.since is not None and _surely((_time(node) - self.since).is_negative):
            return sp.S.Zero  # held
        definition = self.definition(node)
        since = _time(node) - _time(by) if isinstance(by, lang.At) else None
        if since is not None and _surely(since < 0):
            return sp.S.Zero
        near = _time(node) == _time(top) or (since is not None and since.is_Integer)
        if self.step is not None and (_time(node) - self.step).is_negative:
            near = False  # what holds one step before is a hypothesis, and stays as it is
        if definition is None or not near:
            held = "" if self.since is None else f";{self.since}"
            return self.letter(f"#jac({_text(node)};{_text(by)}{held})", node.shape + by.shape)
        return self.jacobian(definition, by, top)

    def _is_start(self, node: Any) -> bool:
        """Whether a symbol is surely before the first time of its definition: it is given."""
        definition = self.definitions[_name(node)]
        timed = isinstance(node, lang.At) and len(node.index) == 1
        return timed and self.within(node.index[0], definition) is False

    def row(self, of: Any, by: Any) -> sp.Expr:
        """Derivative of a number by a vector: a row, written as its transpose."""
        value = self.definition(of) if _is_symbol(of) else of
        if not isinstance(value, lang.Apply) or value.function.elementwise:
            return self.gradient(of, by)
        return sp.Add(*(
            self.transpose(self.jacobian(argument, by)) * self.partial(value, place)
            for place, argument in enumerate(value.arguments)
            if argument.shape
        ))  # fmt: skip

    def immediate(self, node: Any, by: Any) -> sp.Expr:
        """Derivative of one step: what is computed at its time, with all before it held."""
        definition = self.definition(node)
        if definition is None:
            raise Unsupported("immediate derivative of a symbol without a definition")
        if len(by.shape) == 1 and isinstance(by, lang.At):
            outer, self.since = self.since, _time(node)
            value = self.jacobian(definition, by, node)
            self.since = outer
            return value
        if not isinstance(definition, lang.Apply) or definition.function.elementwise:
            raise Unsupported("immediate derivative of a step that is not one map")
        return sp.Add(*(
            self.partial(definition, place)
            for place, argument in enumerate(definition.arguments)
            if argument == by
        ))  # fmt: skip


SIGN = {lang.Add: 1, lang.Sub: -1}

SLOPES: dict[str, Callable[[Expression], Expression]] = {
    "tanh": lambda value: lang.Sub(1, value**2),
    "sigmoid": lambda value: value * lang.Sub(1, value),
}
"""Derivatives of the functions that have a rule, by their value."""


def split(term: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Commuting and other factors of a term, powers written out."""
    scalars, factors = term.args_cnc()
    flat: list[sp.Expr] = []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if not (exponent.is_Integer and exponent > 0):
            flat.append(factor)
        else:
            flat += [base] * int(exponent)
    return scalars, flat


def _surely(comparison: Any) -> bool:
    return comparison is True or comparison == sp.true


def _is_symbol(node: Any) -> bool:
    return isinstance(node, lang.Variable | lang.At)


def _name(node: Any) -> str:
    if isinstance(node, lang.Apply):
        return f"{node.function.name}()"
    return str(node.variable.name if isinstance(node, lang.At) else node.name)


def _time(node: Any) -> sp.Expr:
    return node.index[-1] if isinstance(node, lang.At) else sp.S.Zero


def _text(node: Any) -> str:
    """Return one text for one tree: the name of a letter."""
    if isinstance(node, lang.At):
        return f"{node.variable.name}[{','.join(map(str, node.index))}]"
    return node.name if isinstance(node, lang.Variable) else f"#{node}"


def _mentions(node: Any, by: Any) -> bool:
    return any(part == by for part in lang.walk(node))


def _broadcast(letters: Letters, part: Any, whole: Any) -> sp.Expr:
    value = letters.normal(part)
    if part.shape or not whole.shape:
        return value
    if len(whole.shape) != 1:
        raise Unsupported("a number beside a matrix")
    return value * letters.ones(whole.shape[0])


def _ones(letters: Letters, node: Any) -> sp.Expr:
    return _broadcast(letters, lang.Number(1), node)


def _add(letters: Letters, node: Any) -> sp.Expr:
    left, right = (_broadcast(letters, part, node) for part in node.args)
    return left + SIGN[type(node)] * right


def _times(letters: Letters, node: Any) -> sp.Expr:
    left, right = node.args
    if not (left.shape and right.shape):
        return letters.normal(left) * letters.normal(right)
    if len(node.shape) != 1:
        raise Unsupported("entrywise product of matrices")
    return letters.diag(letters.normal(left)) * letters.normal(right)


def _matmul(letters: Letters, node: Any) -> sp.Expr:
    left, right = map(letters.normal, node.args)
    if node.row:
        return letters.transpose(right) * left
    return (letters.transpose(left) if node.args[0].row else left) * right


def _transpose(letters: Letters, node: Any) -> sp.Expr:
    value = letters.normal(node.args[0])
    return value if len(node.shape) == 1 else letters.transpose(value)


def _power(letters: Letters, node: Any) -> sp.Expr:
    base, exponent = node.args
    if not base.shape:
        return letters.normal(base) ** letters.normal(exponent)
    count = exponent.args[0] if isinstance(exponent, lang.Number) else None
    if len(base.shape) != 1 or count is None:
        raise Unsupported("power of a matrix, entry by entry")
    value = letters.normal(base)
    if count == letters.step:
        return letters.diag(value) * _power(letters, lang.Power(base, count - 1))
    if not (count.is_Integer and count > 0):
        return letters.letter(f"#power({value};{count})", node.shape)
    return letters.diag(value) ** (int(count) - 1) * value


def _matrix_power(letters: Letters, node: Any) -> sp.Expr:
    base, exponent = node.args
    count, value = exponent.args[0], letters.normal(base)
    if count.is_Integer and count >= 0:
        return value ** int(count)
    if count == letters.step:
        return value * _matrix_power(letters, lang.MatrixPower(base, count - 1))
    return letters.letter(f"#power({value};{count})", node.shape)


def _inverse(letters: Letters, node: Any) -> sp.Expr:
    value = letters.normal(node.args[0])
    if not value.is_Symbol:
        raise Unsupported("inverse of more than a letter")
    return value**-1


def _divide(letters: Letters, node: Any) -> sp.Expr:
    left, right = node.args
    if right.shape:
        raise Unsupported("entrywise quotient")
    return letters.normal(left) / letters.normal(right)


def _apply(letters: Letters, node: Any) -> sp.Expr:
    if node.function.elementwise:
        return letters.function(node)
    return letters.letter(_text(node), node.shape)


def _sum(letters: Letters, node: Any) -> sp.Expr:
    body, index, low, high = node.args
    if (high - low).is_Integer and high - low < 3:
        steps = (
            letters.normal(body.xreplace({index: low + i})) for i in range(int(high - low) + 1)
        )
        return sp.Add(*steps)
    if letters.step is not None and high == letters.step:
        last = letters.normal(body.xreplace({index: high}))
        return _sum(letters, lang.Sum(body, index, low, high - 1)) + last
    with letters.binding(index, low, high):
        return letters.total(letters.normal(body), index, low, high)


def _product(letters: Letters, node: Any) -> sp.Expr:
    body, index, high, low = node.args
    if (high - low).is_Integer and high - low < 3:
        steps = [letters.normal(body.xreplace({index: high - i}))
                 for i in range(int(high - low) + 1)]  # fmt: skip
        return sp.Mul(*steps)
    if letters.step is not None and high == letters.step:
        first = letters.normal(body.xreplace({index: high}))
        return first * _product(letters, lang.Product(body, index, high - 1, low))
    with letters.binding(index, low, high):
        name = f"#prod({letters.normal(body)};{index}={high}..{low})"
        return letters.letter(name, node.shape)


def _jacobian(letters: Letters, node: Any) -> sp.Expr:
    of, by = node.args
    if not of.shape:
        return letters.row(of, by)
    if len(of.shape) != 1 or len(by.shape) != 1:
        raise Unsupported("derivative with more than two axes")
    return letters.jacobian(of, by)


RULES: dict[Any, Callable[[Letters, Any], sp.Expr]] = {
    lang.Number: lambda letters, node: node.args[0],
    lang.Size: lambda letters, node: sp.expand(sp.Mul(*node.args[0].shape)),
    lang.Identity: lambda letters, node: sp.S.One,
    lang.Zeros: lambda letters, node: sp.S.Zero,
    lang.Ones: _ones,
    lang.Variable | lang.At: lambda letters, node: letters.symbol(node),
    lang.Apply: _apply,
    lang.Add | lang.Sub: _add,
    lang.Neg: lambda letters, node: -letters.normal(node.args[0]),
    lang.Times: _times,
    lang.Divide: _divide,
    lang.Power: _power,
    lang.MatMul: _matmul,
    lang.MatrixPower: _matrix_power,
    lang.Inverse: _inverse,
    lang.Outer: lambda letters, node: (
        letters.normal(node.args[0]) * letters.transpose(letters.normal(node.args[1]))
    ),
    lang.Transpose: _transpose,
    lang.Diag: lambda letters, node: letters.diag(letters.normal(node.args[0])),
    lang.Sum: _sum,
    lang.Product: _product,
    lang.Jacobian: _jacobian,
    lang.Gradient: lambda letters, node: letters.gradient(*node.args),
    lang.Immediate: lambda letters, node: letters.immediate(*node.args),
}
"""Normal form of each node."""


def holds_for_all_sizes(
    left: Expression,
    right: Expression,
    definitions: Sequence[Definition],
    bounds: Bounds,
    induction: Induction | None = None,
    known: Sequence[lang.Relation] = (),
) -> bool:
    """Whether two expressions have one normal form, in any of the ways to write them out.

    Parameters
    ----------
    left, right : Expression
        Neighbouring lines of a derivation.
    definitions : sequence of Definition
        Definitions that the line may use.
    bounds : mapping of index to (first, last)
        Values of the free indices.
    induction : Induction, optional
        Statement that may be used one step before.
    known : sequence of Relation
        Equations that are proved for all sizes.

    Returns
    -------
    bool
        True if the line is proved for all sizes; False if that is not known.
    """
    grids = _grid(left), _grid(right)
    if grids[0] and grids[1]:
        return _by_parts(grids[0], grids[1], definitions, bounds, induction, known)
    given = {relation.left: relation.right for relation in known}
    sides = [(left, right), (left.xreplace(given), right.xreplace(given))]
    ways = [{}, {"deep": True}, {"by_parts": True}]
    if any(_same(*pair, Letters(definitions, bounds, **way)) for pair in sides for way in ways):
        return True
    return induction is not None and _by_induction(left, right, definitions, bounds, induction)


Grid = list[list[Expression]]


def _grid(node: Expression) -> Grid | None:
    """Parts of a matrix or a vector that is put together from parts, row by row."""
    match node:
        case lang.Block():
            return [list(row) for row in node.args]
        case lang.Concatenate():
            return [[part] for part in node.args]
        case lang.Add() | lang.MatMul():
            left, right = map(_grid, node.args)
            return left and _joined(type(node), left, right or [[node.args[1]]])
        case _:
            return None


def _joined(kind: type, left: Grid, right: Grid) -> Grid | None:
    """Sum or product of two grids, if their parts fit one another."""
    rows, columns = range(len(left)), range(len(right[0]))
    try:
        if kind is lang.MatMul:
            terms = [[[a @ right[n][j] for n, a in enumerate(row)] for j in columns]
                     for row in left if len(row) == len(right)]  # fmt: skip
            return [[reduce(lang.Add, part) for part in row] for row in terms] or None
        return [[left[i][j] + right[i][j] for j in columns] for i in rows]
    except (IndexError, lang.StatementError):
        return None


def _by_parts(left: Grid, right: Grid, *rest: Any) -> bool:
    """Whether two sides are divided in one way, and equal in each part."""
    divided = [[[part.shape for part in row] for row in side] for side in (left, right)]
    parts = [[part for row in side for part in row] for side in (left, right)]
    return divided[0] == divided[1] and all(
        holds_for_all_sizes(*pair, *rest) for pair in zip(*parts, strict=True)
    )


def _same(left: Expression, right: Expression, letters: Letters) -> bool:
    try:
        return bool(sp.expand(letters.normal(left) - letters.normal(right)) == 0)
    except Unsupported:
        return False


def _by_induction(
    left: Expression,
    right: Expression,
    definitions: Sequence[Definition],
    bounds: Bounds,
    induction: Induction,
) -> bool:
    index, first = induction.index, induction.first
    claim, base = induction.statement, {induction.index: induction.first}
    start = Letters(definitions, {s: b for s, b in bounds.items() if s != index})
    if not _same(claim.left.xreplace(base), claim.right.xreplace(base), start):
        return False
    later = {**bounds, index: (first + 1, bounds[index][1])}
    letters = Letters(definitions, later, step=index)
    before = {index: index - 1}
    try:
        known = letters.normal(claim.left.xreplace(before))
        value = letters.normal(claim.right.xreplace(before))
        exposed = [letters.exposed(letters.normal(side), known) for side in (left, right)]
        sides = [letters.tidy(side.subs(known, value)) for side in exposed]
    except Unsupported:
        return False
    return bool(sp.expand(sides[0] - sides[1]) == 0)
