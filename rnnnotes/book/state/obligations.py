"""Where an expression has a value, and what is known of the signs of its parts.

A quotient needs a denominator that is not zero, a logarithm a positive number, a root one that
is not negative, an inverse a matrix that has one, and a slope a place without a kink.  Each of
these is an obligation.  It is discharged by what is known of signs, such as that an exponential
is positive, or by what the conditions of a formula state; else the formula is refused.

The sign of a number is one of -1, 0 and 1, and what is known of it is the set of those that it
may be.  An array has the signs of its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any, Literal, NamedTuple, TypeAlias

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.known import KNOWN, Signs
from rnnnotes.book.language.nodes import Expression
from rnnnotes.book.values.definitions import Definition, defined_name, put
from rnnnotes.book.write.plaintext import text

__all__ = [
    "MAY_BE",
    "Kind",
    "Known",
    "Obligation",
    "discharged",
    "obligations",
    "positive",
    "refuse_contradiction",
    "refuse_rough",
]

Bounds: TypeAlias = Mapping[sp.Symbol, tuple[Any, Any]]
Kind = Literal["positive", "not negative", "not zero", "no kink", "invertible"]

ANY, POSITIVE, NOT_NEGATIVE, NOT_ZERO, ZERO = map(
    frozenset, ((-1, 0, 1), (1,), (0, 1), (-1, 1), (0,))
)
WANTED: dict[Kind, Signs] = {
    "positive": POSITIVE,
    "not negative": NOT_NEGATIVE,
    "not zero": NOT_ZERO,
    "no kink": NOT_ZERO,
}


class Obligation(NamedTuple):
    """What must hold of an expression so that another has a value, for all values of indices."""

    kind: Kind
    of: Expression
    bounds: tuple[tuple[sp.Symbol, Any, Any], ...] = ()


class Known:
    """What is known of signs: conditions that are stated, definitions, and ranges of indices."""

    def __init__(
        self,
        conditions: Sequence[lang.Relation] = (),
        definitions: Sequence[Definition] = (),
        bounds: Bounds | None = None,
    ) -> None:
        self.conditions = conditions
        self.definitions = {defined_name(one.target): one for one in definitions}
        self.bounds = dict(bounds or {})
        self._open: list[Any] = []

    def within(self, bounds: Sequence[tuple[sp.Symbol, Any, Any]]) -> Known:
        """Return what is known inside of a sum, a product or a definition over indices."""
        inner = {symbol: (low, high) for symbol, low, high in bounds}
        # A condition on an index that is free is none on one that runs through other values.
        other = {s for s, ends in inner.items() if self.bounds.get(s) != ends}
        conditions = [one for one in self.conditions if not lang.indices(one) & other]
        known = Known(conditions, [*self.definitions.values()], {**self.bounds, **inner})
        known._open = self._open
        return known

    def value(self, node: Any) -> Expression | None:
        """Value of a symbol or of a function, if its definition surely reaches it."""
        definition = self.definitions.get(defined_name(node)) if isinstance(node, NAMED) else None
        if definition is None or type(definition.target) is not type(node):
            return None
        target, ranges = definition.target, definition.ranges
        match node:
            case lang.Variable():
                return definition.value if target == node else None
            case lang.Apply():
                plain = not (node.function.order or node.function.index)
                return definition.applied(node.arguments) if plain else None
        (place, *more), times = target.index, node.variable.times
        everywhere = not more and [*ranges] == [(place, *times)]
        return put(definition.value, {place: node.index[0]}) if everywhere else None

    def signs(self, node: Any) -> Signs:
        """Signs that a number or the entries of an array may have."""
        if node in self._open:
            return ANY
        self._open.append(node)
        try:
            return self._by_kind(node) & self._by_condition(node)
        finally:
            self._open.pop()

    def _by_kind(self, node: Any) -> Signs:
        value = self.value(node)
        rule = SIGNS.get(lang.kind(node))
        plain = ANY if rule is None else rule(self, node)
        return plain if value is None else plain & self.signs(value)

    def _by_condition(self, node: Any) -> Signs:
        found = ANY
        for condition in self.conditions:
            left, right = condition.left, condition.right
            for one, other, flip in ((left, right, 1), (right, left, -1)):
                if one == node:
                    larger = _times({flip}, self.signs(other))
                    found &= _times({flip}, _smaller(larger, condition.sign))
                if node in (lang.Sub(one, other), lang.Neg(lang.Sub(other, one))):
                    found &= _times({-flip}, COMPARED[condition.sign])
                if one == lang.Abs(node) and 0 not in self.signs(one):
                    found &= NOT_ZERO
                if one == lang.Neg(node):
                    found &= _times({-1}, self.signs(one))
        return found

    def number(self, expr: sp.Expr) -> Signs:
        """Signs of an expression in sizes and indices."""
        found = ANY
        for side in (0, 1):  # each index is its first value and more, or its last value and less
            moved = expr
            for symbol in reversed(self.bounds):
                rest = sp.Dummy(integer=True, nonnegative=True)
                moved = moved.subs(symbol, self.bounds[symbol][side] + (-1) ** side * rest)
            found &= _of_number(sp.expand(moved))
        return found


NAMED = lang.Variable | lang.At | lang.Apply

COMPARED: dict[str, Signs] = {"<": POSITIVE, "<=": NOT_NEGATIVE, "=": ZERO, "!=": NOT_ZERO}
"""Signs of the right side less the left."""


def _smaller(larger: Signs, sign: str) -> Signs:
    """Signs of the left side of a condition, from those of its right side."""
    if sign == "=":
        return larger
    if sign == "!=":
        return NOT_ZERO if larger == ZERO else ANY
    if 1 in larger:
        return ANY
    return frozenset({-1}) if sign == "<" or 0 not in larger else frozenset({-1, 0})


def _times(*factors: Any) -> Signs:
    return frozenset(sp.prod(signs) for signs in product(*factors))


def _plus(first: Signs, second: Signs) -> Signs:
    if ZERO in (first, second):
        return second if first == ZERO else first
    return _many(first | second)


def _many(signs: Signs) -> Signs:
    """Signs of a sum: what has both signs may cancel."""
    return ANY if {-1, 1} <= signs else signs


def _absolute(signs: Signs) -> Signs:
    return frozenset(map(abs, signs))


def _sum_of_two(known: Known, node: lang.Add | lang.Sub) -> Signs:
    first, second = map(known.signs, node.args)
    found = _plus(first, second if isinstance(node, lang.Add) else _times({-1}, second))
    return found if len(found) == 1 else found & _of_number(algebra(node, known, {}))


def _of_number(expr: sp.Expr) -> Signs:
    """Signs of a rational function of letters whose signs are known."""
    factored = sp.factor(sp.together(expr))
    tests = {-1: factored.is_nonnegative, 0: factored.is_nonzero, 1: factored.is_nonpositive}
    return ANY - {sign for sign, excluded in tests.items() if excluded}


def algebra(node: Any, known: Known, letters: dict[Expression, sp.Symbol]) -> sp.Expr:
    """Entry of an expression as a rational function, of letters with the signs of the rest."""

    def inner(part: Any) -> sp.Expr:
        return algebra(part, known, letters)

    def letter(part: Any) -> sp.Symbol:
        if part not in letters:
            signs = known.signs(part)
            letters[part] = sp.Dummy(
                real=True,
                **{"nonnegative": True} if signs <= NOT_NEGATIVE else {},
                **{"nonzero": True} if 0 not in signs else {},
            )
        return letters[part]

    match node:
        case lang.Number():
            value = node.value
            return value.xreplace({s: letter(lang.Number(s)) for s in value.atoms(sp.Symbol)})
        case lang.Order():
            return sp.Dummy(real=True)  # no two are one
        case lang.Ones() | lang.Zeros():
            return sp.Integer(isinstance(node, lang.Ones))
        case lang.Add() | lang.Times():
            left, right = map(inner, node.args)
            return left + right if isinstance(node, lang.Add) else left * right
        case lang.Sub():
            return inner(node.left) - inner(node.right)
        case lang.Neg():
            return -inner(node.inside)
        case lang.Divide() if 0 not in known.signs(node.below):
            return inner(node.above) / inner(node.below)
        case lang.Power(args=(base, lang.Number(args=(count,)))) if count.is_Integer and count > 0:
            return inner(base) ** count
        case lang.Apply(arguments=(part,)) if node.function in BY_EXP:
            return BY_EXP[node.function](lambda u: letter(lang.Function("exp")(u)), part)
    return letter(node)


BY_EXP = {lang.Function(name): row.by_exp for name, row in KNOWN.items() if row.by_exp}
"""Functions that are written out by an exponential function."""


def counted(exponent: Any) -> sp.Expr:
    """Number that an exponent is, if no symbol stands in it."""
    match exponent:
        case lang.Number():
            return exponent.value
        case lang.Divide(args=(lang.Number(args=(above,)), lang.Number(args=(below,)))):
            return above / below
        case lang.Neg(args=(part,)):
            return -counted(part)
    return sp.nan


def _power(known: Known, node: lang.Power) -> Signs:
    base, exponent = known.signs(node.base), node.exponent
    count = counted(exponent)
    if base == POSITIVE:
        return POSITIVE
    if not count.is_integer:
        return NOT_NEGATIVE if base <= NOT_NEGATIVE else ANY
    signs = base if count.is_odd else _absolute(base) | (frozenset() if count.is_even else base)
    return signs if count.is_nonzero else signs | POSITIVE


def _matmul(known: Known, node: lang.MatMul) -> Signs:
    left, right = node.args
    if not node.shape and (left == right.T or right == left.T):
        return _many(_absolute(known.signs(left)))
    return _many(_times(known.signs(left), known.signs(right)))


def _apply(known: Known, node: lang.Apply) -> Signs:
    function = node.function
    if function.index:
        return ANY
    signs = KNOWN[function.name].signs if function.name in KNOWN else ()
    if function.order >= len(signs):
        return ANY
    return signs[function.order](known.signs, node.arguments[0])


def _steps(known: Known, node: Any) -> tuple[Signs, Signs]:
    """Signs of the body of a sum or a product, and of the count of its terms."""
    body, index, low, high = _range(node)
    inside = known.within([(index, low, high)])
    return inside.signs(body), known.number(high - low + 1)


def _range(node: Any) -> tuple[Any, sp.Symbol, Any, Any]:
    """Body and index of a node that binds one, with its first and its last value."""
    return node.body, node.index, node.low, node.high


def _sum(known: Known, node: lang.Sum) -> Signs:
    """Signs of a sum: of terms that are not negative, one that is positive is enough."""
    signs, count = _steps(known, node)
    body, index, *ends = _range(node)
    at_ends = (known.signs(lang.put(body, {index: end})) for end in ends)
    if signs <= NOT_NEGATIVE and count == POSITIVE and POSITIVE in at_ends:
        return POSITIVE
    return _many(signs) | (frozenset() if count == POSITIVE else ZERO)


def _total(known: Known, node: lang.Total) -> Signs:
    (vector,) = node.args
    if isinstance(vector, lang.Stack):
        return known.signs(lang.Sum(*vector.args))
    return _many(known.signs(vector))


def _product(known: Known, node: lang.Product) -> Signs:
    if node.shape:
        return ANY
    signs, count = _steps(known, node)
    return _times(signs, signs) | signs | (frozenset() if count == POSITIVE else POSITIVE)


HOLDING: dict[str, Signs] = {
    "<": frozenset({-1}), "<=": frozenset({-1, 0}), "=": ZERO, "!=": NOT_ZERO, ">": POSITIVE
}  # fmt: skip
"""Signs of the left side less the right, where a comparison holds."""


def _where(known: Known, sign: str, left: Any, right: Any) -> Signs:
    """Signs of what is one where a comparison holds, else zero."""
    numbers = isinstance(left, lang.Number) and isinstance(right, lang.Number)
    gap = left.value - right.value if numbers else lang.Sub(left, right)
    signs = known.number(gap) if numbers else known.signs(gap)
    return frozenset(int(one in HOLDING[sign]) for one in signs)


def _both(known: Known, node: lang.Max | lang.Min) -> Signs:
    first, second = (known.signs(part) for part in node.args)
    choose = max if isinstance(node, lang.Max) else min
    return frozenset(choose(pair) for pair in product(first, second))


def _parts(known: Known, node: lang.Concatenate) -> Signs:
    return frozenset().union(*(known.signs(part) for part in node.args))


SIGNS: dict[type, Callable[[Known, Any], Signs]] = {
    lang.Number: lambda known, node: known.number(node.value),
    lang.Variable: lambda known, node: POSITIVE if positive(node) else ANY,
    lang.At: lambda known, node: POSITIVE if positive(node) else ANY,
    lang.Ones: lambda known, node: POSITIVE,
    lang.Zeros: lambda known, node: ZERO,
    lang.Identity: lambda known, node: NOT_NEGATIVE,
    lang.OneHot: lambda known, node: NOT_NEGATIVE,
    lang.Indicator: lambda known, node: _where(known, ">", *node.args),
    lang.Bracket: lambda known, node: _where(
        known, node.comparison.sign, node.comparison.left, node.comparison.right
    ),
    lang.Stack: lambda known, node: _steps(known, node)[0],
    lang.SpectralRadius: lambda known, node: NOT_NEGATIVE,
    lang.Size: lambda known, node: POSITIVE,
    lang.Entry: lambda known, node: known.signs(node.array),
    lang.Transpose: lambda known, node: known.signs(node.inside),
    lang.Total: _total,
    lang.Diag: lambda known, node: known.signs(node.inside) | ZERO,
    lang.Abs: lambda known, node: _absolute(known.signs(node.inside)),
    lang.Norm: lambda known, node: _absolute(known.signs(node.inside)),
    lang.Neg: lambda known, node: _times({-1}, known.signs(node.inside)),
    lang.Add: _sum_of_two,
    lang.Sub: _sum_of_two,
    lang.Times: lambda known, node: (
        _absolute(known.signs(node.left))
        if node.left == node.right
        else _times(*map(known.signs, node.args))
    ),
    lang.Outer: lambda known, node: _times(*map(known.signs, node.args)),
    lang.Divide: lambda known, node: _times(*map(known.signs, node.args)),
    lang.Power: _power,
    lang.MatMul: _matmul,
    lang.Apply: _apply,
    lang.Sum: _sum,
    lang.Product: _product,
    lang.Max: _both,
    lang.Min: _both,
    lang.Concatenate: _parts,
    lang.Derived: lambda known, node: known.signs(node.unfolded),
}
"""Signs of each node, from those of its parts; of any other node nothing is known."""


# -- Obligations -----------------------------------------------------------------------------------


def positive(symbol: Any) -> bool:
    """Whether a symbol, with a time or without, is declared to be positive."""
    return bool(getattr(symbol, "variable", symbol).positive)


def obligations(
    node: Any, known: Known | None = None, bounds: tuple[tuple[sp.Symbol, Any, Any], ...] = ()
) -> list[Obligation]:
    """Return what must hold so that an expression has a value.

    Parameters
    ----------
    node : Expression
        Expression, or side of a statement.
    known : Known, optional
        Definitions, by which functions are written out, and what is differentiated.
    bounds : tuple of (index, first, last), optional
        Values of the indices of the expression, where they are not free.

    Returns
    -------
    list of Obligation
        Each with the indices that are bound around it.
    """
    found = _Finder(known or Known())
    found.visit(node, bounds, slope=False)
    return list(dict.fromkeys(found.obligations))


class _Finder:
    """Walk through expressions and what they are defined by, once each."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.obligations: list[Obligation] = []
        self.seen: set[Any] = set()
        self.opaque: list[Any] = []

    def visit(self, node: Any, bounds: tuple[Any, ...], slope: bool) -> None:
        """Gather the obligations of a node; with `slope`, of its derivative too."""
        if (node, bounds, slope) in self.seen:
            return
        self.seen.add((node, bounds, slope))
        node = lang.opened(node)
        for kind, of in self._own(node, bounds, slope):
            self.obligations.append(Obligation(kind, of, bounds))
        if isinstance(node, lang.Apply):
            order = node.function.order
            plain = node.function.differentiated(0)(*node.arguments) if order else node
            value = self.known.value(plain)
            if value is not None:
                self.visit(value, bounds, slope or order > 0)
            else:
                self.opaque.append(node)
        elif slope and isinstance(node, NAMED):
            definition = self.known.definitions.get(defined_name(node))
            if definition is not None:  # at its own times, whatever the time is here
                self.visit(definition.value, definition.ranges, slope)
        derivative = isinstance(node, lang.Jacobian | lang.Gradient | lang.Immediate)
        inner = (*bounds, _range(node)[1:]) if type(node) in lang.BINDERS else bounds
        for part in node.args[:1] if derivative else node.args:
            if isinstance(part, Expression | lang.Relation | sp.Tuple):
                self.visit(part, inner, slope or derivative)

    def _own(self, node: Any, bounds: Any, slope: bool) -> Iterator[tuple[Kind, Expression]]:
        """Obligations of a node alone."""
        kink = slope and any(isinstance(part, lang.Variable) for part in lang.walk(node))
        match node:
            case lang.Divide():
                yield "not zero", node.below
            case lang.Inverse():
                yield "invertible", node.inside
            case lang.MatrixPower():
                yield "not negative", node.exponent
            case lang.Power():
                yield from self._of_power(node.base, node.exponent, bounds, slope)
            case lang.Number():
                for power in node.value.atoms(sp.Pow):
                    base, exponent = map(lang.Number, power.args)
                    yield from self._of_power(base, exponent, bounds, slope)
                for logarithm in node.value.atoms(sp.log):
                    yield "positive", lang.Number(logarithm.args[0])
            case lang.Apply(function=function) if row := KNOWN.get(function.name):
                if row.domain:
                    yield row.domain, node.arguments[0]
                if row.kinked and (slope or function.order):
                    yield "no kink", node.arguments[0]
            case lang.Abs() if kink:
                yield "no kink", node.inside
            case lang.Norm() if kink:
                yield "no kink", node
            case lang.Max() | lang.Min() | lang.Indicator() if kink:
                first, second = node.args
                yield "no kink", first if second == lang.Number(0) else lang.Sub(first, second)
            case lang.Bracket() if kink:
                yield "no kink", lang.Sub(node.comparison.left, node.comparison.right)

    def _of_power(
        self, base: Expression, exponent: Expression, bounds: Any, slope: bool
    ) -> Iterator[tuple[Kind, Expression]]:
        """Obligations of a power: of its base, unless the exponent counts factors."""
        count = counted(exponent)
        if not count.is_integer:
            yield ("not negative" if count.is_positive and not slope else "positive"), base
        elif not self.known.within(bounds).signs(exponent) <= NOT_NEGATIVE:
            yield "not zero", base


def refuse_rough(node: Any, small: Any, known: Known) -> None:
    """Refuse to expand in powers of a small quantity what may have no such expansion.

    Parameters
    ----------
    node : Expression
        Expression that is expanded.
    small : Variable
        Quantity in whose powers it is expanded, around zero.
    known : Known
        Conditions that are stated, definitions, and ranges of the free indices.

    Raises
    ------
    StatementError
        If a part that depends on the quantity may have a kink, a jump or no derivative at zero.
    """

    def refuse(part: Any, reason: str) -> None:
        raise lang.StatementError(f"{text(part)} is not expanded in {text(small)}: {reason}")

    found = _Finder(known)
    for part in _terms(node, small):
        found.visit(part, (), slope=True)
    for part in lang.walk(node):
        value = known.value(part) if isinstance(part, lang.Variable | lang.At) else None
        if value is not None and _depends(value, small, known):
            refuse(part, "it depends on it by its definition, and is to be written out")
        if _is_spectral(part) and _depends(part, small, known):
            refuse(part, "it may have a kink anywhere")
    for part in found.opaque:
        known_one = part.function.name in KNOWN and not part.function.index
        smooth = part.function.smooth or known_one
        if not smooth and _depends(part, small, known):
            refuse(part, f"{part.function.name} is not declared to be smooth")
    for due in found.obligations:
        at_zero = due._replace(of=due.of.xreplace({small: lang.Number(0)}))
        if small in lang.walk(due.of) and not discharged(at_zero, known):
            refuse(due.of, f"at zero it {MAY_BE[due.kind]}")


def _terms(node: Any, small: Any) -> Iterator[Expression]:
    """Parts of a sum of products and quotients, but for denominators that have a pole at most."""
    match node:
        case lang.Add() | lang.Sub() | lang.Neg() | lang.Times() | lang.MatMul() | lang.Transpose():
            for part in node.args:
                yield from _terms(part, small)
        case lang.Divide() if _powers(node.below, small):
            yield from _terms(node.above, small)
        case lang.Power() if counted(node.exponent).is_Integer and _powers(node.base, small):
            return
        case _:
            yield node


def _is_spectral(node: Any) -> bool:
    """Whether a node is made of eigenvalues, which have a kink where two of them meet."""
    is_norm = isinstance(node, lang.Norm) and len(node.inside.shape) > 1
    return is_norm or isinstance(node, lang.SpectralRadius)


def _depends(node: Any, small: Any, known: Known) -> bool:
    """Whether an expression is made from a symbol, by itself or by definitions."""
    pending, seen = [node], set()
    while pending:
        for part in lang.walk(pending.pop()):
            if part == small:
                return True
            definition = known.definitions.get(defined_name(part)) if isinstance(
                part, NAMED
            ) else None  # fmt: skip
            if definition is not None and definition not in seen:
                seen.add(definition)
                pending.append(definition.value)
    return False


def _powers(node: Any, small: Any) -> bool:
    """Whether an expression is a polynomial in a symbol: then a quotient by it has a pole."""
    if small not in lang.walk(node):
        return True
    match node:
        case lang.Add() | lang.Sub() | lang.Neg() | lang.Times():
            return all(_powers(part, small) for part in node.args)
        case lang.Divide():
            return _powers(node.above, small) and small not in lang.walk(node.below)
        case lang.Power():
            count = counted(node.exponent)
            return bool(count.is_Integer and count > 0) and _powers(node.base, small)
    return bool(node == small)


MAY_BE: dict[Kind, str] = {
    "positive": "may not be positive",
    "not negative": "may be negative",
    "not zero": "may be zero",
    "no kink": "may be zero",
    "invertible": "may have no inverse",
}
"""What is wrong where an obligation is not discharged."""


def discharged(obligation: Obligation, known: Known) -> bool:
    """Whether an obligation holds, by what is known of signs.

    Parameters
    ----------
    obligation : Obligation
        What must hold.
    known : Known
        Conditions that are stated, definitions, and ranges of the free indices.

    Returns
    -------
    bool
        True if it holds; False if that is not known.
    """
    kind, of, bounds = obligation
    inside = known.within(bounds)
    if kind != "invertible":
        return inside.signs(of) <= WANTED[kind]
    if isinstance(of, lang.Diag):
        return 0 not in inside.signs(of.args[0])
    return isinstance(of, lang.Identity) or 0 not in inside.signs(lang.Determinant(of))


# -- Conditions ------------------------------------------------------------------------------------


def refuse_contradiction(conditions: Sequence[lang.Relation]) -> None:
    """Refuse conditions that nothing fulfils, as far as linear inequalities can tell.

    Parameters
    ----------
    conditions : sequence of Relation
        Conditions of a formula.

    Raises
    ------
    StatementError
        If some contradict one another: the message has the fewest that do.
    """
    if not conditions or _possible(conditions):
        return
    for count in range(1, len(conditions) + 1):
        for some in combinations(conditions, count):
            if not _possible(some):
                raise lang.StatementError(f"no number fulfils {' and '.join(map(text, some))}")


def _possible(conditions: Sequence[lang.Relation]) -> bool:
    """Whether some numbers in the place of each product fulfil the conditions."""
    letters: dict[Expression, sp.Symbol] = {}
    gaps = [(sp.expand(algebra(c.right, Known(), letters) - algebra(c.left, Known(), letters)),
             c.sign) for c in conditions]  # fmt: skip
    rows = [Row(gap, sign == "<") for gap, sign in gaps if sign != "!="]
    rows += [Row(-gap, strict=False) for gap, sign in gaps if sign == "="]
    products = {term for gap, _ in gaps for term in gap.as_coefficients_dict()}
    rows += [Row(term, bool(term.is_positive)) for term in products if term.is_nonnegative]
    unequal = [gap for gap, sign in gaps if sign == "!="]
    # A convex set lies between two half-spaces only if it lies in their border.
    return _meet(rows) and all(
        _meet([*rows, Row(gap, strict=True)]) or _meet([*rows, Row(-gap, strict=True)])
        for gap in unequal
    )


class Row(NamedTuple):
    """A sum of products that is not negative, or if it is strict, positive."""

    total: sp.Expr
    strict: bool


def _meet(rows: list[Row]) -> bool:
    """Whether some numbers fulfil all rows: one product after the other is eliminated."""
    while True:
        products = (term for row in rows for term in row.total.as_coefficients_dict()
                    if not term.is_number)  # fmt: skip
        product_ = next(products, None)
        if product_ is None:
            return all(row.total > 0 if row.strict else row.total >= 0 for row in rows)
        parts = [(row, row.total.as_coefficients_dict()[product_]) for row in rows]
        rows = [row for row, number in parts if number == 0] + [
            Row(sp.expand(above.total * -less + below.total * more), above.strict or below.strict)
            for above, more in parts if more > 0
            for below, less in parts if less < 0
        ]  # fmt: skip
