"""Comparisons of terms, as questions on real numbers.

Each atom of a term becomes a real number that nobody knows.  What is said of it here holds for all
values of what the atom is made from; it is what an answer of the solver rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from rnnnotes.core.normal import FUNCTIONS, all_nonnegative, as_affine, context, integer
from rnnnotes.core.solver import answer, question, refuted
from rnnnotes.core.terms import (
    Apply,
    Atom,
    Delta,
    Group,
    Integer,
    Mask,
    Monomial,
    Number,
    Poly,
    Power,
)

__all__ = ["POWER", "Comparison", "Contradiction", "follows", "is_exponent"]


class Contradiction(Exception):
    """What is known contradicts itself, so that everything would follow from it."""


@dataclass(frozen=True)
class Comparison:
    """Two real numbers, and how they compare: by `=`, `<=`, `<` or `!=`."""

    left: Poly
    sign: str
    right: Poly

    @property
    def sides(self) -> tuple[Poly, Poly]:
        """Both sides."""
        return self.left, self.right

    def mapped(self, change: Callable[[Poly], Poly]) -> Comparison:
        """Comparison of what becomes of both sides."""
        return Comparison(change(self.left), self.sign, change(self.right))


def follows(goal: Comparison, facts: Iterable[Comparison]) -> bool:
    """Whether the opposite of a comparison surely contradicts what is known.

    Raises
    ------
    Contradiction
        If what is known contradicts itself.
    """
    reals = Reals()
    opposite = f"(not {reals.comparison(goal)})"
    known = [reals.comparison(fact) for fact in facts]
    known += reals.axioms
    names = list(reals.names.values())
    if not refuted(question(names, [opposite, *known])):
        return False
    alone = answer(question(names, known))
    if alone == "unsat":
        raise Contradiction("what is given contradicts itself")
    return alone == "sat"


POWER = [
    "(=> (<= 0 u) (<= 0 x))",
    "(=> (< 0 u) (< 0 x))",
    "(=> (and (<= 0 u) (<= u 1)) (<= x 1))",
    "(=> (<= 1 u) (<= 1 x))",
]
"""What is known of a power x of a real number u, whose exponent is surely not negative."""


class Reals:
    """Names of atoms as real numbers, and what is known of these."""

    def __init__(self) -> None:
        self.names: dict[object, str] = {}
        self.axioms: list[str] = []
        self.letters: set[str] = set()

    def comparison(self, one: Comparison) -> str:
        """Text of a comparison."""
        sign = "distinct" if one.sign == "!=" else one.sign
        return f"({sign} {self.poly(one.left)} {self.poly(one.right)})"

    def poly(self, poly: Poly) -> str:
        """Text of a polynomial."""
        return _joined("+", [self.monomial(k, v) for k, v in poly.terms.items()] or ["0.0"])

    def monomial(self, monomial: Monomial, value: Number) -> str:
        """Text of a product."""
        factors = [_numeral(value)]
        for atom, exponent in monomial:
            name = self.atom(atom) if exponent > 0 else self.inverse(atom)
            factors += [name] * abs(exponent)
        return _joined("*", factors)

    def named(self, key: object) -> tuple[str, bool]:
        """Name of a real number, and whether it is new."""
        new = key not in self.names
        if new:
            self.names[key] = f"x{len(self.names)}"
        return self.names[key], new

    def inverse(self, atom: Atom) -> str:
        """One over an atom; where that is zero, a number that nobody knows."""
        name, new = self.named(("inverse", atom))
        if new:
            inverted = self.atom(atom)
            self.axioms.append(f"(=> (not (= {inverted} 0)) (= (* {inverted} {name}) 1))")
        return name

    def atom(self, atom: Atom) -> str:
        """Text of an atom; what is known of it is added to the axioms."""
        if isinstance(atom, Group):
            return self.poly(atom.inside)
        name, new = self.named(atom)
        if new:
            match atom:
                case Integer():
                    self.whole(atom.name)
                case Delta() | Mask() | Apply(name="ranked"):
                    self.axioms.append(f"(or (= {name} 0) (= {name} 1))")
                case Apply() if atom.name in FUNCTIONS and not atom.slots:
                    self.assume(FUNCTIONS[atom.name].facts, name, atom.arguments[0].body)
                case Power():
                    self.power(atom, name)
        return name

    def assume(self, axioms: Iterable[str], value: str, argument: Poly) -> None:
        """Add what is known of a function, at an argument."""
        put = {"x": value, "u": self.poly(argument)}
        self.axioms += [re.sub(r"\b[xu]\b", lambda m: put[m.group()], one) for one in axioms]

    def power(self, atom: Power, name: str) -> None:
        """Add what is known of a power; of a root, that its own power is the power of the base."""
        if atom.exponent.terms.keys() <= {()}:
            exponent = Fraction(atom.exponent.terms.get((), 0))
            whole = _joined("*", [name] * exponent.denominator)
            raised = _joined("*", [self.poly(atom.base)] * exponent.numerator)
            self.axioms += [f"(<= 0 {name})", f"(= {whole} {raised})"]
        elif is_exponent(atom.exponent):
            self.assume(POWER, name, atom.base)

    def whole(self, letter: str) -> None:
        """Add the facts on a whole number and on letters that have been met before it."""
        self.letters.add(letter)
        for fact in sorted(context().facts.known, key=lambda fact: fact.key):
            if letter in fact.names and fact.names <= self.letters:
                self.axioms.append(f"(<= 0 {self.poly(integer(fact))})")


def _joined(operation: str, items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"({operation} {' '.join(items)})"


def _numeral(value: Number) -> str:
    exact = Fraction(value)
    size = f"(/ {abs(exact.numerator)} {exact.denominator})"
    return f"(- {size})" if exact < 0 else size


def is_exponent(poly: Poly) -> bool:
    """Whether a number is surely not negative: it counts factors, or is visibly positive."""
    counted = as_affine(poly)
    return all_nonnegative(poly) if counted is None else context().facts.entails(counted)
