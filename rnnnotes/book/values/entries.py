"""Scalars that NumPy code runs on unchanged, so that the code is proved and not sampled.

NumPy calls an entry's own ``tanh``, ``+`` and ``*`` when an array holds objects.  An
`Entry` answers with algebra: it is a polynomial, or a quotient of polynomials, in plain
symbols.  Three kinds of symbols exist, and a `Ledger` knows each by name:

leaf
    an input, a weight, an initial state: any real number;
node
    an entry of a defined symbol such as ``h[2]``: it has a value;
atom
    a function of entries, such as ``tanh(a)``: kept opaque, with its rule of derivation.

Keeping states as nodes makes derivatives follow the graph of the computation, and keeping
functions as atoms leaves identities of polynomials, which ``expand`` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import sympy as sp

from rnnnotes.book.language.known import KNOWN

__all__ = ["Atom", "BranchesOnValues", "Entries", "Entry", "Ledger", "Node", "expand", "label"]

Entries: TypeAlias = npt.NDArray[Any]
"""Array of entries."""


class BranchesOnValues(TypeError):
    """Raised when code asks for the size of an entry: such code can be tested, not proved."""


ABS = ("Abs", ())


class Node(NamedTuple):
    """An entry of a defined symbol: its value, and the time it belongs to."""

    value: sp.Expr
    time: int | None


class Atom(NamedTuple):
    """A function of entries.  `orders` counts the derivatives by each argument."""

    name: Hashable
    orders: tuple[int, ...]
    arguments: tuple[sp.Expr, ...]


def label(name: str, place: tuple[int, ...]) -> str:
    """Name of an entry of a symbol, counted from 1.

    Examples
    --------
    >>> label("W_xh", (0, 2)), label("u", ())
    ('W_xh(1,3)', 'u')
    """
    return f"{name}({','.join(str(i + 1) for i in place)})" if place else name


def exact(value: Any) -> sp.Expr:
    """Read a number as the exact rational it is."""
    if isinstance(value, Entry):
        return value.expr
    if isinstance(value, sp.Expr):
        return value
    if isinstance(value, (float, np.floating)):
        return sp.Rational(float(value))
    return sp.Integer(int(value))


def _binary(operate: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Callable[[Entry, Any], Any]:
    def method(self: Entry, other: Any) -> Any:
        # An array takes the operation over, entry by entry.
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Entry(operate(self.expr, exact(other)), self.ledger)

    return method


class Entry:
    """A real number of which only a formula is known."""

    __slots__ = ("expr", "ledger")

    def __init__(self, expr: sp.Expr, ledger: Ledger) -> None:
        self.expr = expr
        self.ledger = ledger

    def _new(self, expr: sp.Expr) -> Entry:
        return Entry(expr, self.ledger)

    __add__ = __radd__ = _binary(lambda own, other: own + other)
    __sub__ = _binary(lambda own, other: own - other)
    __rsub__ = _binary(lambda own, other: other - own)
    __mul__ = __rmul__ = _binary(lambda own, other: own * other)
    __truediv__ = _binary(lambda own, other: own / other)
    __rtruediv__ = _binary(lambda own, other: other / own)
    __pow__ = _binary(lambda own, other: own**other)

    def __neg__(self) -> Entry:
        return self._new(-self.expr)

    def __pos__(self) -> Entry:
        return self

    def conjugate(self) -> Entry:
        """Entries are real."""
        return self

    def tanh(self) -> Entry:
        """Hyperbolic tangent."""
        return self.ledger.apply("tanh", self)

    def exp(self) -> Entry:
        """Exponential."""
        return self.ledger.apply("exp", self)

    def log(self) -> Entry:
        """Natural logarithm."""
        return self.ledger.apply("log", self)

    def sqrt(self) -> Entry:
        """Square root."""
        return self._new(sp.sqrt(self.expr))

    def square(self) -> Entry:
        """Square."""
        return self * self

    def __abs__(self) -> Entry:
        return self.ledger.apply(ABS, self)

    def _branch(self, *_: Any) -> Any:
        raise BranchesOnValues("the code compares values, and the value of a symbol is not known")

    __lt__ = __le__ = __gt__ = __ge__ = _branch
    __bool__ = __float__ = __int__ = _branch

    def __repr__(self) -> str:
        return f"Entry({self.expr})"


OPAQUE = {"Abs", "Max", "Min", "Indicator", "Norm", "SpectralRadius"}
"""Functions of which algebra knows nothing; draws give them values."""


DECIDED: dict[Hashable, Callable[..., Any]] = {
    ABS: abs,
    ("Max", ()): max,
    ("Min", ()): min,
    ("Indicator", ()): lambda a, b: int(bool(a > b)),
}
"""Functions of which algebra knows the value at numbers."""


SIGNS: dict[Hashable, dict[str, bool]] = {"exp": {"positive": True}, ABS: {"nonnegative": True}}
"""What is known of the sign of a function."""


class Ledger:
    """What each symbol of a proof stands for.

    `expansions` maps the name of a function to its definition, and is consulted before
    the rules: where a function is defined, nothing is known of it but its definition.
    `held` are the arguments of a function while it is evaluated: a derivative does not follow
    what they stand for.
    """

    def __init__(self, expansions: dict[str, Callable[[Entry], Entry]] | None = None) -> None:
        self.expansions = expansions or {}
        self.nodes: dict[sp.Symbol, Node] = {}
        self.atoms: dict[sp.Symbol, Atom] = {}
        self._interned: dict[Atom, sp.Symbol] = {}
        self._plain: dict[sp.Symbol, sp.Expr] = {}
        self._slopes: dict[tuple[Any, ...], sp.Expr] = {}
        self._gathered: set[sp.Symbol] = set()
        self._ways: dict[tuple[Any, ...], dict[sp.Symbol, list[sp.Symbol]]] = {}
        self.held: frozenset[sp.Symbol] = frozenset()

    def entry(self, name: str, positive: bool | None = None) -> Entry:
        """Return the leaf or node of a name; what is no entry of a symbol starts with a sign."""
        return Entry(sp.Symbol(name, real=True, positive=positive), self)

    def leaf(self, name: str, shape: tuple[int, ...], positive: bool) -> Entries:
        """Entries of a symbol that may be any numbers."""
        entries = np.empty(shape, dtype=object)
        for place in np.ndindex(*shape):
            entries[place] = self.entry(label(name, place), positive=positive or None)
        return entries

    def constant(self, value: Any) -> Entry:
        """Entry of a known number."""
        return value if isinstance(value, Entry) else Entry(exact(value), self)

    def define(self, name: str, value: Any, time: int | None) -> Entry:
        """Give a name to a value."""
        entry = self.entry(name)
        self.nodes[entry.expr] = Node(expand(exact(value)), time)
        return entry

    def point(self, value: Any) -> Entry:
        """Give a value a name of its own: a derivative by it reaches no further."""
        return self.define(f"#point{len(self.nodes)}", value, None)

    def apply(self, name: Hashable, *arguments: Entry, orders: tuple[int, ...] = ()) -> Entry:
        """Apply a function to entries, or one of its derivatives."""
        orders = orders or (0,) * len(arguments)
        if name in self.expansions and not any(orders):
            return self.expansions[str(name)](*arguments)
        if len(arguments) == 1 and any(orders):
            return self._slope_of(name, arguments[0], orders[0])
        values = tuple(expand(exact(argument)) for argument in arguments)
        if name in DECIDED and all(value.is_Rational for value in values):
            return self.constant(DECIDED[name](*values))
        atom_ = Atom(name, orders, values)
        return Entry(self._intern(atom_), self)

    def _slope_of(self, name: Hashable, argument: Entry, order: int) -> Entry:
        """Differentiate a function of one argument at a point: a symbol, or a node for that end."""
        point = argument
        if not argument.expr.is_Symbol:
            point = self.point(argument)
        value = self.apply(name, point).expr
        for _ in range(order):
            value = self.derivative(value, point.expr)
        return Entry(value, self)

    def _intern(self, atom: Atom) -> sp.Symbol:
        if atom not in self._interned:
            sign = SIGNS.get(atom.name, {})
            symbol = sp.Symbol(f"#atom{len(self.atoms)}", real=True, **sign)
            self._interned[atom] = symbol
            self.atoms[symbol] = atom
        return self._interned[atom]

    def derivative(self, expr: sp.Expr, by: sp.Symbol, since: int | None = None) -> sp.Expr:
        """Differentiate by the chain rule, through nodes and atoms.

        With `since`, nodes of earlier times are constants: the immediate derivative.
        """
        total = sp.S.Zero
        for symbol in sorted(expr.free_symbols, key=str):
            slope = self._slope(symbol, by, since)
            if slope != 0:
                total += expr.diff(symbol) * slope
        return total

    def _slope(self, head: sp.Symbol, by: sp.Symbol, since: int | None) -> sp.Expr:
        """Derivative of a symbol by another; a node of its own if it has several terms.

        It sums over what is computed from `by` in one step, as a backward pass does, so that
        the derivatives of one head share their parts and are compared by name.
        """
        if head == by:
            return sp.S.One
        key = head, by, since, self.held
        if key not in self._slopes:
            total = sp.S.Zero
            for user in self._users(head, since).get(by, ()):
                outer = self._slope(head, user, since)
                if outer != 0:
                    total += outer * self._step(user, by)
            total = expand(total)
            if total.is_Add:
                total = self.define(f"#slope{len(self.nodes)}", total, None).expr
                self._gathered.add(total)
            self._slopes[key] = total
        return self._slopes[key]

    def _users(self, head: sp.Symbol, since: int | None) -> dict[sp.Symbol, list[sp.Symbol]]:
        """What is computed from each symbol in one step, on the way to a head."""
        key = head, since, self.held
        if key not in self._ways:
            users: dict[sp.Symbol, list[sp.Symbol]] = {}
            pending, seen = [head], {head}
            while pending:
                user = pending.pop()
                for symbol in sorted(self._inputs(user, since), key=str):
                    users.setdefault(symbol, []).append(user)
                    if symbol not in seen:
                        seen.add(symbol)
                        pending.append(symbol)
            self._ways[key] = users
        return self._ways[key]

    def _inputs(self, symbol: sp.Symbol, since: int | None) -> set[sp.Symbol]:
        """Symbols that a symbol is computed from, unless it is held."""
        if symbol in self.held:
            return set()
        if symbol in self.nodes:
            value, time = self.nodes[symbol]
            held = since is not None and time is not None and time < since
            return set() if held else value.free_symbols
        arguments = self.atoms[symbol].arguments if symbol in self.atoms else ()
        return set().union(*(argument.free_symbols for argument in arguments))

    def _step(self, symbol: sp.Symbol, by: sp.Symbol) -> sp.Expr:
        """Derivative of a node or an atom by one of its inputs, all else held."""
        if symbol in self.nodes:
            return self.nodes[symbol].value.diff(by)
        atom = self.atoms[symbol]
        slopes = ((place, argument.diff(by)) for place, argument in enumerate(atom.arguments))
        return sp.Add(*(
            self._partial(symbol, atom, place) * slope for place, slope in slopes if slope != 0
        ))  # fmt: skip

    def _partial(self, symbol: sp.Symbol, atom: Atom, place: int) -> sp.Expr:
        if (known := KNOWN.get(str(atom.name))) and known.slope:
            return known.slope(symbol, atom.arguments[0])
        if atom.name in (("Max", ()), ("Min", ())):
            return self._chosen(atom, place)
        if atom.name == ("Indicator", ()):
            return sp.S.Zero  # but at its edge, which is kept away
        if isinstance(atom.name, tuple) and atom.name[0] in OPAQUE:
            raise BranchesOnValues(f"{atom.name[0]} is not differentiated by algebra")
        orders = tuple(order + (place == at) for at, order in enumerate(atom.orders))
        return self._intern(atom._replace(orders=orders))

    def _chosen(self, atom: Atom, place: int) -> sp.Expr:
        """Whether the larger or the smaller of two is the one at a place: then its slope counts.

        Where both are equal there is no slope, and the second is taken.
        """
        first, second = atom.arguments if atom.name == ("Max", ()) else atom.arguments[::-1]
        larger = self._intern(Atom(("Indicator", ()), (0, 0), (first, second)))
        return larger if place == 0 else 1 - larger

    def gap(self, left: Any, right: Any) -> sp.Expr:
        """Difference of two entries: zero as soon as they are seen to agree, else plain.

        Derivatives are written out one at a time, those furthest from their head first, until
        what is left cancels.  So a step of a backward pass is decided by its own terms, and
        not by all the paths behind them.
        """
        order = {symbol: number for number, symbol in enumerate(self.nodes)}
        difference = expand(exact(right) - exact(left))
        # Of what is no polynomial, little cancels before all is written out.
        while difference.is_polynomial():
            states = difference.free_symbols & self.nodes.keys()
            slopes = states & self._gathered
            written = {symbol: self.nodes[symbol].value for symbol in states - slopes}
            if expand(difference.xreplace(written)) == 0:
                return sp.S.Zero
            if not slopes:
                break
            last = max(slopes, key=order.__getitem__)
            difference = expand(difference.xreplace({last: self.nodes[last].value}))
        return self.plain(difference)

    def plain(self, expr: sp.Expr) -> sp.Expr:
        """Rewrite an expression in leaves and atoms alone, each atom in its normal form."""
        return expr.xreplace({symbol: self._plain_symbol(symbol) for symbol in expr.free_symbols})

    def _plain_symbol(self, symbol: sp.Symbol) -> sp.Expr:
        if symbol not in self._plain:
            self._plain[symbol] = symbol
            if symbol in self.nodes:
                self._plain[symbol] = expand(self.plain(self.nodes[symbol].value))
            elif symbol in self.atoms:
                self._plain[symbol] = self._normal(self.atoms[symbol])
        return self._plain[symbol]

    def _normal(self, atom: Atom) -> sp.Expr:
        plain = tuple(_polynomial(self.plain(argument)) for argument in atom.arguments)
        known = KNOWN.get(str(atom.name))
        if known and known.at and known.at[0] == plain[0] and not any(atom.orders):
            return known.at[1]
        if atom.name == "exp":
            return self._exponential(plain[0])
        if atom.name == ABS:
            return self._absolute(plain[0])
        if atom.name == "log" and plain[0] in self.atoms and self.atoms[plain[0]].name == "exp":
            return self.atoms[plain[0]].arguments[0]
        if known and known.mirrored and plain[0].could_extract_minus_sign():
            return known.mirrored(self._kept(atom._replace(arguments=(sp.expand(-plain[0]),))))
        return self._kept(atom._replace(arguments=plain))

    def _kept(self, atom: Atom) -> sp.Symbol:
        symbol = self._intern(atom)
        self._plain[symbol] = symbol
        return symbol

    def _exponential(self, argument: sp.Expr) -> sp.Expr:
        """Split ``exp(2*a - b)`` into ``exp(a)**2 / exp(b)``, so that powers cancel."""
        result = sp.S.One
        for term, coefficient in argument.as_coefficients_dict().items():
            if term in self.atoms and self.atoms[term].name == "log":
                result *= self.atoms[term].arguments[0] ** coefficient
            elif coefficient.is_Integer:
                result *= self._kept(Atom("exp", (0,), (term,))) ** coefficient
            else:
                result *= self._kept(Atom("exp", (0,), (coefficient * term,)))
        return result

    def _absolute(self, argument: sp.Expr) -> sp.Expr:
        """Split ``|a*b|`` into ``|a|*|b|``, without bars around what is never negative."""
        result = sp.S.One
        for factor in sp.Mul.make_args(sp.factor(argument)):
            base, exponent = factor.as_base_exp()
            if factor.is_nonnegative:
                result *= factor
            elif (-factor).is_nonnegative:
                result *= -factor
            else:
                mirrored = -base if base.could_extract_minus_sign() else base
                result *= self._kept(Atom(ABS, (0,), (sp.expand(mirrored),))) ** exponent
        return result

    def substitute(self, expr: sp.Expr, values: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
        """Put values for leaves into an expression, and into the arguments of its atoms."""
        inside = dict(values)
        for symbol in expr.free_symbols & self.atoms.keys():
            name, orders, arguments = self.atoms[symbol]
            filled = tuple(self.substitute(argument, values) for argument in arguments)
            inside[symbol] = self._intern(Atom(name, orders, filled))
        return self.plain(expr.xreplace(inside))

    def derivatives(self, of: Entries, by: Entries, since: int | None = None) -> Entries:
        """Differentiate each entry by each entry, along new last axes."""
        if not all(exact(entry).is_Symbol for entry in by.flat):
            raise TypeError("a derivative is by a symbol, not by an expression")
        result = np.empty(of.shape + by.shape, dtype=object)
        for i in np.ndindex(*of.shape):
            for j in np.ndindex(*by.shape):
                slope = self.derivative(exact(of[i]), exact(by[j]), since)
                result[i + j] = Entry(slope, self)
        return result


def expand(expr: sp.Expr) -> sp.Expr:
    """Expand an expression, unless it is a sum of products of powers of symbols already.

    SymPy would try every one of its rules on every node to find that out.
    """
    factors = (factor.as_base_exp() for term in sp.Add.make_args(expr)
               for factor in sp.Mul.make_args(term))  # fmt: skip
    if all(base.is_Atom and exponent.is_Integer for base, exponent in factors):
        return expr
    return sp.expand(expr)


def _polynomial(expr: sp.Expr) -> sp.Expr:
    """Return one form for equal arguments: a polynomial, else a reduced quotient."""
    expanded = sp.expand(expr)
    return expanded if expanded.is_polynomial() else sp.expand(sp.cancel(sp.together(expanded)))
