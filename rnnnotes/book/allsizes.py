"""Prove lines for matrices of every size, and sequences of every length.

A matrix becomes a letter that does not commute, a vector a letter that stands for a column,
and SymPy's ``expand`` brings a line to its normal form: a sum of words.  Two lines with one
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
from contextlib import contextmanager, suppress
from functools import cached_property, reduce
from itertools import count, takewhile
from typing import Any, NamedTuple

import sympy as sp

from rnnnotes.book import language as lang
from rnnnotes.book.language import Expression, put
from rnnnotes.book.world import Definition

__all__ = ["Induction", "Lemma", "Letters", "Unsupported", "holds_for_all_sizes"]

Bounds = dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]


class Unsupported(Exception):
    """A node of which the letters know no rule: another proof is tried."""


class Lemma(NamedTuple):
    """Statement that is proved for all sizes, and the values of its indices."""

    statement: lang.Relation
    ranges: tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...]

    @property
    def rewrites(self) -> bool:
        """Whether the right-hand side may stand for the left: only an equation says so."""
        left, sign, right = self.statement.left, self.statement.sign, self.statement.right
        return sign == "=" and left.shape == right.shape


class Induction:
    """Statement that may be used at the step before, and the index of the step."""

    def __init__(self, statement: lang.Relation, index: sp.Symbol, first: sp.Expr) -> None:
        self.statement = statement
        self.index = index
        self.first = sp.sympify(first)


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
        self.definitions = {d.name: d for d in definitions}
        self.bounds = dict(bounds)
        self.deep = deep
        self.by_parts = by_parts
        self.step = step
        self.flipped: dict[sp.Symbol, sp.Symbol] = {}
        self.diagonal: dict[sp.Symbol, sp.Expr] = {}
        self.columns: set[sp.Symbol] = set()
        self.sums: dict[sp.Symbol, tuple[sp.Expr, sp.Symbol, sp.Expr, sp.Expr]] = {}
        self.since: sp.Expr | None = None
        self._inside_function = False
        self._fresh = map(_token, count(1))

    # -- letters -------------------------------------------------------------------------------

    def letter(self, name: str, rank: int) -> sp.Expr:
        """Letter of a name: a column if it has one axis, a matrix if it has two."""
        if rank == 0:
            return sp.Symbol(name)
        symbol = sp.Symbol(name, commutative=False)
        if symbol not in self.flipped:
            mirror = sp.Symbol(f"({name})'", commutative=False)
            self.flipped[symbol], self.flipped[mirror] = mirror, symbol
        if rank == 1:
            self.columns.add(symbol)
        return symbol

    def transpose(self, word: sp.Expr) -> sp.Expr:
        """Transpose a sum of words."""
        return sp.Add(*(self._transpose_term(term) for term in sp.Add.make_args(self.tidy(word))))

    def _transpose_term(self, term: sp.Expr) -> sp.Expr:
        scalars, factors = split(term)
        if any(factor in self.sums for factor in factors):
            (total,) = factors
            body, *bounds = self.opened(total)
            return sp.Mul(*scalars) * self.total(self.transpose(body), *bounds)
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
        if word == ONES:
            return sp.S.One
        symbol = sp.Symbol(f"diag({word})", commutative=False)
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
                body, *bounds = self.opened(factor)
                inner = sp.Mul(*factors[:place], body, *factors[place + 1 :])
                return sp.Mul(*scalars) * self.total(inner, *bounds)
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
        if not (rest and (rest[-1] in self.columns or rest[-1] == ONES)):
            return [*sorted(run, key=str), *rest]
        vectors = [v for v in (*map(self.diagonal.get, run), sp.Mul(*rest)) if v != ONES]
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
            rest, bound = self.closed(rest, index)
            symbol = sp.Symbol(f"sum({rest};{bound}={low}..{high})", commutative=False)
            self.sums[symbol] = rest, bound, low, high
            total += number * symbol
        return total

    # -- bound indices -------------------------------------------------------------------------

    def fresh(self) -> sp.Symbol:
        """Return an index that occurs nowhere: the one of a sum while it is taken apart."""
        return next(self._fresh)

    def opened(self, total: sp.Symbol) -> tuple[sp.Expr, sp.Symbol, sp.Expr, sp.Expr]:
        """Body of a sum and its bounds, with an index that no factor beside it can know."""
        body, bound, low, high = self.sums[total]
        index = self.fresh()
        return self.renamed(body, bound, index), index, low, high

    def closed(self, body: sp.Expr, index: sp.Symbol) -> tuple[sp.Expr, sp.Symbol]:
        """Body of a sum with the first index that it leaves free, the same for equal sums."""
        text = str(body)
        bound = next(i for i in map(_bound, count(1)) if i == index or i.name not in text)
        return self.renamed(body, index, bound), bound

    def renamed(self, expr: sp.Expr, old: sp.Symbol, new: sp.Symbol) -> sp.Expr:
        """Rename an index, in the names of letters as well."""
        if old == new:
            return expr
        symbols = [symbol for symbol in expr.free_symbols if old.name in symbol.name]
        return expr.xreplace({s: self._renamed_letter(s, old, new) for s in symbols})

    def _renamed_letter(self, letter: sp.Symbol, old: sp.Symbol, new: sp.Symbol) -> sp.Expr:
        if letter == old:
            return new
        if letter in self.diagonal:
            return self._diagonal_letter(self.renamed(self.diagonal[letter], old, new))
        if letter in self.sums:
            return self.total(*(self.renamed(part, old, new) for part in self.sums[letter]))
        symbol, mirror = (
            sp.Symbol(each.name.replace(old.name, new.name), commutative=each.is_commutative)
            for each in (letter, self.flipped.get(letter, letter))
        )
        if letter in self.flipped:
            self.flipped[symbol], self.flipped[mirror] = mirror, symbol
        if letter in self.columns:
            self.columns.add(symbol)
        return symbol

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
            total += sp.Mul(*scalars) * sp.Symbol(f"<{name}>")
        return total

    def symbol(self, node: Any) -> sp.Expr:
        """Normal form of a symbol: its definition where that is known and wanted."""
        definition = self.definition(node)
        wanted = self.deep or not self._inside_function
        if definition is not None and wanted and (_is_symbol(definition) or self._current(node)):
            return self.normal(definition)
        return self.letter(_text(node), len(node.shape))

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
        return put(definition.value, {pattern: time})

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

    def runs(self, index: sp.Expr, low: sp.Expr, high: sp.Expr) -> bool:
        """Whether an index surely lies within a first and a last value."""
        return all(_surely(self.least(gap) >= 0) for gap in (index - low, high - index))

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

    def peels(self, low: Any, high: Any) -> bool:
        """Whether a last term, at the step at hand, surely exists and may be taken off."""
        return bool(self.step is not None and high == self.step and self.least(high - low) >= 0)

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
        if function.name in SLOPES and order:
            if order > 1:
                raise Unsupported("second derivative")
            plain = lang.Apply(lang.Function(function.name), argument)
            return self.normal(SLOPES[function.name](plain))
        outer, self._inside_function = self._inside_function, True
        inner = self.normal(argument)
        self._inside_function = outer
        primes = "'" * order
        return self.letter(f"{function.name}{primes}({inner})", len(node.shape))

    def partial(self, node: Any, place: int) -> sp.Expr:
        """Letter of the derivative of a map by one of its arguments."""
        rank = len(node.shape) + len(node.arguments[place].shape)
        return self.letter(f"{_text(node)}/{place}", rank)

    # -- what depends on what ------------------------------------------------------------------

    def apart(self, one: Any, other: Any) -> bool:
        """Whether two symbols are surely two: of two names, or of times that surely differ."""
        if _name(one) != _name(other):
            return True
        if not (isinstance(one, lang.At) and isinstance(other, lang.At)):
            return False
        if len(one.index) != len(other.index):
            return True
        gaps = [i - j for i, j in zip(one.index, other.index, strict=True)]
        return any(_surely(self.least(gap) > 0) or _surely(self.greatest(gap) < 0) for gap in gaps)

    def mentions(self, node: Any, by: Any) -> bool:
        """Whether an expression may be written with a symbol."""
        return not all(self.apart(part, by) for part in _symbols(node))

    def held(self, node: Any, by: Any) -> bool:
        """Whether an expression surely does not change with a symbol."""
        return not self.mentions(node, by) and all(
            self._held_symbol(part, by) for part in _symbols(node)
        )

    def _held_symbol(self, node: Any, by: Any) -> bool:
        definition = self.definitions.get(_name(node))
        if definition is None or self._is_start(node):
            return True
        if isinstance(node, lang.Variable):
            return self.held(definition.value, by)
        earlier = self.since is not None and _surely(self.greatest(_time(node) - self.since) < 0)
        return earlier or self._precedes(node, by)

    # -- derivatives ---------------------------------------------------------------------------

    def backward(self, node: Any, by: Any, change: sp.Expr) -> sp.Expr:
        """Pull the gradient of an expression back to a symbol that it is written with."""
        if node == by:
            return change
        if not self.mentions(node, by):
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
            if self.mentions(right, by) or right.shape:
                raise Unsupported("gradient of a denominator")
            return self.backward(left, by, change / self.normal(right))
        if not (left.shape and right.shape):
            scalar, array = (right, left) if left.shape else (left, right)
            if self.mentions(scalar, by):
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
            if not all(self.held(part, by) for part in _symbols(head) - {by}):
                raise Unsupported("gradient of more than a symbol")
            return self.backward(head, by, sp.S.One)
        value = self.definition(head)
        if self.by_parts and isinstance(value, lang.Sum):
            body, index, low, high = value.args
            fresh = self.fresh()
            part = lang.Gradient(put(body, {index: fresh}), by)
            return self.normal(lang.Sum(part, fresh, low, high))
        with suppress(Unsupported):
            if self.apart(head, by):
                return self._through_children(head, by)
        return self.letter(f"grad({_text(head)},{_text(by)})", len(by.shape))

    def _precedes(self, head: Any, by: Any) -> bool:
        """Whether a symbol is surely of an earlier time than another, and time runs one way."""
        if not (isinstance(head, lang.At) and isinstance(by, lang.At)):
            return False
        return self.causal and _surely(self.greatest(_time(head) - _time(by)) < 0)

    @cached_property
    def causal(self) -> bool:
        """Whether no definition looks ahead: each is made from its own time and earlier ones."""
        return all(
            self._looks_back(node, _time(definition.target))
            for definition in self.definitions.values()
            if isinstance(definition.target, lang.At)
            for node in _symbols(definition.value)
        )

    def _looks_back(self, node: Any, time: sp.Expr) -> bool:
        if isinstance(node, lang.At):
            return _surely((_time(node) - time).is_nonpositive)
        definition = self.definitions.get(_name(node))
        return not node.times and (definition is None or not _symbols(definition.value))

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
        mentions = {node for node in _symbols(value) if _name(node) == _name(by)}
        if not mentions:
            return
        if isinstance(value, lang.Sum | lang.Divide):
            yield self._of_sum(by, value) * self.gradient(head, target)
            return
        if isinstance(by, lang.Variable) and isinstance(target, lang.At):
            if len(definition.ranges) != 1:
                raise Unsupported("a child with two indices")
            ((index, low, high),) = definition.ranges
            fresh = self.fresh()
            target, value = (put(part, {index: fresh}) for part in (target, value))
            with self.binding(fresh, low, high):
                body = self.backward(value, by, self.gradient(head, target))
                yield self.total(body, fresh, low, high)
            return
        for mention in mentions:
            yield from self._at_time(head, by, definition, mention)

    def _at_time(self, head: Any, by: Any, definition: Definition, mention: Any) -> Iterator[Any]:
        target = definition.target
        timed = all(isinstance(each, lang.At) for each in (target, mention))
        if not timed or len(target.index) > 1:
            raise Unsupported("a child without time, or with two")
        pattern, (used,), (time,) = target.index[0], mention.index, by.index
        if not (pattern.is_Symbol and (used - pattern).is_Integer):
            raise Unsupported("a child that is not so many steps away")
        child = pattern + time - used
        inside = self.within(child, definition)
        later = child != time and not (time.is_Integer or time in self.bounds)
        if inside is None or (inside and later):
            raise Unsupported("a child that may not exist, or a later one that is kept")
        if inside:
            value = put(definition.value, {pattern: child})
            yield self.backward(value, by, self.gradient(head, target.variable[child]))

    def _of_sum(self, by: Any, value: Any) -> sp.Expr:
        """Derivative of a sum of losses, or of their mean, by one of them."""
        share = sp.S.One
        if isinstance(value, lang.Divide):
            value, count = value.args
            share = 1 / self.normal(count)
            if self.mentions(count, by):
                raise Unsupported("a loss that others are divided by")
        if not (isinstance(value, lang.Sum) and isinstance(value.args[0], lang.At)):
            raise Unsupported("a loss that is not a sum of losses")
        body, index, low, high = value.args
        if not (isinstance(by, lang.At) and body == by.variable[index]):
            raise Unsupported("a loss of another sum")
        (time,) = by.index
        if not (_surely(self.least(time - low) >= 0) and _surely(self.least(high - time) >= 0)):
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
            case lang.MatMul() if len(node.args[0].shape) == 2 and self.held(node.args[0], by):
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
        if self.held(node, by):
            return sp.S.Zero
        definition = self.definition(node)
        steps = _time(node) - _time(by) if isinstance(by, lang.At) else sp.S.NaN
        near = _time(node) == _time(top) or steps.is_Integer
        if self.step is not None and (_time(node) - self.step).is_negative:
            near = False  # what holds one step before is a hypothesis, and stays as it is
        if definition is not None and near and self.apart(node, by):
            return self.jacobian(definition, by, top)
        if self.since is not None:
            raise Unsupported("a part of one step that is not written out")
        return self.letter(f"jac({_text(node)},{_text(by)})", 2)

    def _is_start(self, node: Any) -> bool:
        """Whether a symbol is surely before the first time of its definition: it is given."""
        definition = self.definitions[_name(node)]
        timed = isinstance(node, lang.At) and len(node.index) == 1
        return timed and self.within(node.index[0], definition) is False

    def row(self, of: Any, by: Any) -> sp.Expr:
        """Derivative of a number by a vector, as the column of its gradient."""
        value = self.definition(of) if _is_symbol(of) else of
        if not isinstance(value, lang.Apply) or value.function.elementwise:
            return self.gradient(of, by)
        if not all(argument.shape or self.held(argument, by) for argument in value.arguments):
            raise Unsupported("a number that may change")
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
        outer, self.since = self.since, _time(node)
        try:
            if len(by.shape) == 1 and isinstance(by, lang.At):
                return self.jacobian(definition, by, node)
            return self._immediate_of_map(definition, by)
        finally:
            self.since = outer

    def _immediate_of_map(self, value: Any, by: Any) -> sp.Expr:
        if not isinstance(value, lang.Apply) or value.function.elementwise:
            raise Unsupported("immediate derivative of a step that is not one map")
        if not all(argument == by or self.held(argument, by) for argument in value.arguments):
            raise Unsupported("an argument that may change")
        return sp.Add(*(self.partial(value, place)
                        for place, argument in enumerate(value.arguments)
                        if argument == by))  # fmt: skip


ONES = sp.Symbol("ones", commutative=False)
"""Column of ones, for which a number beside a vector stands."""

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


def _token(number: int) -> sp.Symbol:
    """Index of a sum that is open.  The name of no other symbol has such a part."""
    return sp.Symbol(f"~{number}~", integer=True)


def _bound(number: int) -> sp.Symbol:
    """Index of a sum that is closed: by its number, since its name means nothing."""
    return sp.Symbol(f"#{number}#", integer=True)


def _surely(comparison: Any) -> bool:
    return comparison is True or comparison == sp.true


def _is_symbol(node: Any) -> bool:
    return isinstance(node, lang.Variable | lang.At)


def _name(node: Any) -> str:
    return str(node.variable.name if isinstance(node, lang.At) else node.name)


def _time(node: Any) -> sp.Expr:
    return node.index[-1] if isinstance(node, lang.At) else sp.S.Zero


def _text(node: Any) -> str:
    """Return one text for one tree: the name of a letter."""
    if isinstance(node, lang.At):
        return f"{node.variable.name}[{','.join(map(str, node.index))}]"
    return node.name if isinstance(node, lang.Variable) else str(node)


def _symbols(node: Any) -> set[Any]:
    """Every symbol that an expression is written with, under a bound index at no known time.

    An array of all times of a symbol is written with the symbol itself.
    """
    if _is_symbol(node):
        return {node}
    if isinstance(node, lang.Size):
        return set()
    if type(node) in lang.BINDERS:
        body, *rest = node.args
        parts = put(body, {lang.BINDERS[type(node)](node): sp.Dummy(integer=True)}), *rest
    else:
        parts = node.args
    return set().union(*map(_symbols, parts))


def _broadcast(letters: Letters, part: Any, whole: Any) -> sp.Expr:
    value = letters.normal(part)
    if part.shape or not whole.shape:
        return value
    if len(whole.shape) != 1:
        raise Unsupported("a number beside a matrix")
    letters.letter("ones", 1)
    return value * ONES


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
    ranks = tuple(len(part.shape) for part in node.args)
    if ranks == (1, 2):
        return letters.transpose(right) * left
    return (letters.transpose(left) if ranks == (1, 1) else left) * right


def _power(letters: Letters, node: Any) -> sp.Expr:
    base, exponent = node.args
    if not base.shape:
        return letters.normal(base) ** letters.normal(exponent)
    times = exponent.args[0] if isinstance(exponent, lang.Number) else None
    if len(base.shape) != 1 or times is None:
        raise Unsupported("power of a matrix, entry by entry")
    value = letters.normal(base)
    if times == 0:
        return _broadcast(letters, lang.Number(1), node)
    if letters.peels(1, times):
        return letters.diag(value) * _power(letters, lang.Power(base, times - 1))
    if not (times.is_Integer and times > 0):
        return letters.letter(f"power({value};{times})", 1)
    return letters.diag(value) ** (int(times) - 1) * value


def _matrix_power(letters: Letters, node: Any) -> sp.Expr:
    base, exponent = node.args
    times, value = exponent.args[0], letters.normal(base)
    if times.is_Integer and times >= 0:
        return value ** int(times)
    if letters.peels(1, times):
        return value * _matrix_power(letters, lang.MatrixPower(base, times - 1))
    return letters.letter(f"power({value};{times})", 2)


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
    return letters.letter(_text(node), len(node.shape))


def _sum(letters: Letters, node: Any) -> sp.Expr:
    body, index, low, high = node.args
    if (high - low).is_Integer and high - low < 3:
        return sp.Add(*(letters.normal(put(body, {index: low + i})) for i in range(high - low + 1)))
    if letters.peels(low, high):
        last = letters.normal(put(body, {index: high}))
        return _sum(letters, lang.Sum(body, index, low, high - 1)) + last
    fresh = letters.fresh()
    with letters.binding(fresh, low, high):
        return letters.total(letters.normal(put(body, {index: fresh})), fresh, low, high)


def _product(letters: Letters, node: Any) -> sp.Expr:
    body, index, high, low = node.args
    if (high - low).is_Integer and high - low < 3:
        return sp.Mul(*(letters.normal(put(body, {index: high - i}))
                        for i in range(high - low + 1)))  # fmt: skip
    if letters.peels(low, high):
        first = letters.normal(put(body, {index: high}))
        return first * _product(letters, lang.Product(body, index, high - 1, low))
    fresh = letters.fresh()
    with letters.binding(fresh, low, high):
        factor, bound = letters.closed(letters.normal(put(body, {index: fresh})), fresh)
    return letters.letter(f"prod({factor};{bound}={high}..{low})", 2)


def _derivative(letters: Letters, node: Any) -> sp.Expr:
    of, by = node.args
    if not _is_symbol(by):
        raise Unsupported("derivative by an entry")
    functions = (d.value for d in letters.definitions.values() if isinstance(d.target, lang.Apply))
    if not all(letters.held(value, by) for value in functions):
        raise Unsupported("a function that may change")
    if isinstance(node, lang.Gradient):
        return letters.gradient(of, by)
    if isinstance(node, lang.Immediate):
        return letters.immediate(of, by)
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
    lang.Transpose: lambda letters, node: letters.transpose(letters.normal(node.args[0])),
    lang.Diag: lambda letters, node: letters.diag(letters.normal(node.args[0])),
    lang.Sum: _sum,
    lang.Product: _product,
    lang.Jacobian | lang.Gradient | lang.Immediate: _derivative,
}
"""Normal form of each node."""


def holds_for_all_sizes(
    left: Expression,
    right: Expression,
    definitions: Sequence[Definition],
    bounds: Bounds,
    induction: Induction | None = None,
    known: Sequence[Lemma] = (),
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
    known : sequence of Lemma
        Statements that are proved for all sizes.  Equations among them are used, where their
        indices are within their ranges.

    Returns
    -------
    bool
        True if the line is proved for all sizes; False if that is not known.
    """
    grids = _grid(left), _grid(right)
    if grids[0] and grids[1]:
        return _by_parts(grids[0], grids[1], definitions, bounds, induction, known)
    if _in_some_way(left, right, definitions, bounds):
        return True
    equations = [lemma for lemma in known if lemma.rewrites]
    after = [_rewritten(side, equations, Letters((), bounds)) for side in (left, right)]
    if after != [left, right] and _in_some_way(after[0], after[1], definitions, bounds):
        return True
    return induction is not None and _by_induction(left, right, definitions, bounds, induction)


def _in_some_way(
    left: Expression, right: Expression, definitions: Sequence[Definition], bounds: Bounds
) -> bool:
    ways = [{}, {"deep": True}, {"by_parts": True}]
    return any(_same(left, right, Letters(definitions, bounds, **way)) for way in ways)


def _rewritten(node: Any, known: Sequence[Lemma], letters: Letters) -> Any:
    """Put the right-hand sides of equations for their left-hand sides, where they hold.

    Nothing is rewritten within a derivative, which asks how a side is computed, or under a
    bound variable, of which an equation does not speak.
    """
    for lemma in known:
        if node == lemma.statement.left and all(letters.runs(*each) for each in lemma.ranges):
            return lemma.statement.right
    if isinstance(node, OPAQUE) or not isinstance(node, Expression | sp.Tuple):
        return node
    if type(node) not in lang.BINDERS:
        return node.func(*(_rewritten(part, known, letters) for part in node.args))
    body, *rest = node.args
    low, high = rest[1:] if not isinstance(node, lang.Product) else rest[:0:-1]
    with letters.binding(rest[0], low, high):
        return node.func(_rewritten(body, known, letters), *rest)


OPAQUE = lang.Jacobian, lang.Gradient, lang.Immediate, lang.Compose, lang.Variable, lang.At
"""Nodes in which nothing is rewritten."""

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
    """Whether two sides are equal at the first time, and at a later one if the claim holds before.

    The claim is looked at as well: at the first time it is shown, and not supposed.
    """
    index, first, claim = induction.index, induction.first, induction.statement
    if claim.sign != "=":
        return False
    start, later = _first_bounds(bounds, index, first), _later_bounds(bounds, index, first)
    at_first = ((put(one, {index: first}), put(other, {index: first}))
                for one, other in ((claim.left, claim.right), (left, right)))  # fmt: skip
    if not all(_in_some_way(one, other, definitions, start) for one, other in at_first):
        return False
    letters, before = Letters(definitions, later, step=index), {index: index - 1}
    if not all(letters.runs(s, *(sp.sympify(b).xreplace(before) for b in bounds[s]))
               for s in bounds if s != index):  # fmt: skip
        return False  # one step before, the claim says nothing of some of these indices
    try:
        known = letters.normal(put(claim.left, before))
        value = letters.normal(put(claim.right, before))
        exposed = [letters.exposed(letters.normal(side), known) for side in (left, right)]
        sides = [letters.tidy(side.subs(known, value)) for side in exposed]
    except Unsupported:
        return False
    return bool(sp.expand(sides[0] - sides[1]) == 0)


def _first_bounds(bounds: Bounds, index: sp.Symbol, first: sp.Expr) -> Bounds:
    """Bounds of the other indices at the first time, which may be one of them."""
    at_first = {symbol: tuple(sp.sympify(bound).xreplace({index: first}) for bound in pair)
                for symbol, pair in bounds.items() if symbol != index}  # fmt: skip
    if first in at_first:
        at_first[first] = bounds[first][0], bounds[index][1]
    return at_first


def _later_bounds(bounds: Bounds, index: sp.Symbol, first: sp.Expr) -> Bounds:
    """Bounds of all indices after the first time."""
    later = {**bounds, index: (first + 1, bounds[index][1])}
    if first in bounds:
        later[first] = bounds[first][0], index - 1
    return later
