"""The normal form: one way to write a sum of products of entries, for arrays of every size.

Each rule is a short function that says what it does and when it may.  A rule that looks at a
product under a sum gets the number, the bound letters and the factors with their exponents, and
returns a polynomial, or None where it does not apply.  All rules are equations between real
numbers that hold wherever the facts of the context do and no denominator vanishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations, count, permutations, product
from math import factorial, prod
from typing import Literal, NamedTuple, TypeGuard

from rnnnotes.core.integers import Affine, Facts, Unsupported, affine
from rnnnotes.core.terms import (
    Apply,
    Array,
    Atom,
    Delta,
    Entry,
    Group,
    Integer,
    Mask,
    Monomial,
    Number,
    Poly,
    Power,
    Product,
    Slot,
    Sum,
    spelled,
)

__all__ = [
    "ONE",
    "ZERO",
    "Budget",
    "Context",
    "Unsupported",
    "apply",
    "array",
    "assuming",
    "context",
    "delta",
    "entry",
    "fresh",
    "in_order",
    "is_zero",
    "is_zero_in_cases",
    "known",
    "largest",
    "mapped",
    "mask",
    "minus",
    "norm",
    "number",
    "over",
    "plus",
    "power",
    "product_over",
    "put",
    "put_entries",
    "ranked",
    "summed",
    "times",
    "within",
]

Factors = dict[Atom, int]
Values = Mapping[str, Affine]


# -- What is known ---------------------------------------------------------------------------------


class Budget:
    """How many products a proof may still bring to their normal form: it ends on every machine."""

    def __init__(self, left: int = 10_000) -> None:
        self.left = left

    def spend(self) -> None:
        """Count one product."""
        self.left -= 1
        if self.left < 0:
            raise Unsupported("a proof that is too long")


@dataclass(frozen=True)
class Context:
    """What holds while terms are made: facts on whole numbers, and what is known of arrays."""

    facts: Facts = field(default_factory=Facts)
    positive: frozenset[object] = frozenset()
    """Names of arrays whose entries are positive."""
    budget: Budget = field(default_factory=Budget)
    inverses: Mapping[tuple[object, object], Affine] = field(default_factory=dict)
    """Pairs of names of square matrices whose product is the identity, and their size."""


_CONTEXT: ContextVar[Context] = ContextVar("context", default=Context())  # noqa: B039 -- frozen


def context() -> Context:
    """What is known here."""
    return _CONTEXT.get()


@contextmanager
def known(what: Context) -> Iterator[Context]:
    """Make terms under a context.  Terms that were made under another do not belong here."""
    token = _CONTEXT.set(what)
    try:
        yield what
    finally:
        _CONTEXT.reset(token)


@contextmanager
def assuming(*facts: Affine) -> Iterator[Context]:
    """Make terms under more facts on whole numbers."""
    with known(replace(context(), facts=context().facts.also(*facts))) as what:
        yield what


_FRESH = count()


def fresh() -> str:
    """Letter that occurs nowhere else."""
    return f"#{next(_FRESH)}"


def within(place: Affine, low: Affine, high: Affine) -> tuple[Affine, Affine]:
    """Facts that say that a place lies between two bounds."""
    return place - low, high - place


# -- Sums and products of polynomials --------------------------------------------------------------


def number(value: Number) -> Poly:
    """Polynomial that is a number."""
    return Poly({(): value})


ZERO, ONE = number(0), number(1)


def of(atom: Atom, exponent: int = 1) -> Poly:
    """Polynomial that is one atom, or a power of one."""
    return Poly({((atom, exponent),): 1})


def plus(*parts: Poly) -> Poly:
    """Sum of polynomials: equal monomials are collected."""
    total: dict[Monomial, Number] = {}
    for part in parts:
        for monomial, value in part.terms.items():
            total[monomial] = total.get(monomial, 0) + value
    return Poly(total)


def minus(left: Poly, right: Poly) -> Poly:
    """Difference of two polynomials."""
    return plus(left, scaled(-1, right))


def scaled(factor: Number, poly: Poly) -> Poly:
    """Multiply a polynomial by a number."""
    if factor == 1:
        return poly
    return Poly({monomial: factor * value for monomial, value in poly.terms.items()})


def times(*parts: Poly) -> Poly:
    """Product of polynomials, multiplied out."""
    result, *others = [part for part in parts if part != ONE] or [ONE]
    for part in others:
        result = plus(*(
            term(v * w, (), (*k, *m))
            for k, v in result.terms.items()
            for m, w in part.terms.items()
        ))  # fmt: skip
    return result


def over(poly: Poly, denominator: Poly) -> Poly:
    """Quotient.  That the denominator does not vanish is shown elsewhere, before this is asked."""
    return times(poly, whole_power(denominator, -1))


# -- Leaves ----------------------------------------------------------------------------------------


def entry(name: object, *at: Affine) -> Poly:
    """What an array holds at a place."""
    return of(Entry(name, at))


def integer(value: Affine) -> Poly:
    """A whole number as a real one; a letter with a star is a product of letters."""
    letters = [
        scaled(n, times(*(of(Integer(one)) for one in name.split("*")))) for name, n in value.parts
    ]
    return plus(number(value.constant), *letters)


def delta(zero: Affine) -> Poly:
    """One where an expression is zero, else zero; decided where the facts decide it."""
    facts = context().facts
    if facts.equal(zero):
        return ONE
    if facts.differ(zero):
        return ZERO
    return of(Delta(zero))


def mask(least: Affine) -> Poly:
    """One where an expression is not negative, else zero; decided where the facts decide it."""
    facts = context().facts
    if facts.entails(least):
        return ONE
    return ZERO if facts.excludes(least) else of(Mask(least))


# -- Sums over an index ----------------------------------------------------------------------------


def summed(low: Affine, high: Affine, body: Callable[[Affine], Poly]) -> Poly:
    """Sum of a body over a letter from `low` to `high`, both included.

    The body is made under the facts that the letter is between them, as nothing else counts.  So
    a denominator in it may vanish where there is no such letter: it must not be taken outside.
    """
    if (high - low).is_number:
        steps = (high - low).constant
        return plus(*(body(low + step) for step in range(steps + 1)))
    letter = fresh()
    facts = within(affine(letter), low, high)
    with assuming(*facts):
        inside = body(affine(letter))
    masks = tuple((Mask(fact), 1) for fact in facts)
    if not context().facts.entails(high - low) and any(
        e < 0 and letter not in atom.free and not is_positive(atom)
        for monomial in inside.terms
        for atom, e in monomial
    ):
        raise Unsupported("a denominator in a sum that may be empty")
    return total((letter,), Poly({}) if not inside.terms else inside, masks)


def total(letters: tuple[str, ...], poly: Poly, factors: Monomial = ()) -> Poly:
    """Sum of a polynomial, times some factors, over letters: term by term."""
    return plus(*(term(v, letters, (*k, *factors)) for k, v in poly.terms.items()))


def term(value: Number, bound: Iterable[str], factors: Iterable[tuple[Atom, int]]) -> Poly:
    """Normal form of a number times the sum over bound letters of a product of factors."""
    context().budget.spend()
    powers, letters = collected(factors), frozenset(bound)
    if not letters and all(type(atom) in INERT for atom in powers):
        return scaled(value, term_of(powers.items()))
    for rule in RULES:
        result = rule(letters, powers)
        if result is not None:
            return scaled(value, result)
    return scaled(value, separated(letters, powers))


def collected(factors: Iterable[tuple[Atom, int]]) -> Factors:
    """Exponents of equal factors are added; what is zero or one equals its own powers."""
    powers: Factors = {}
    for atom, exponent in factors:
        powers[atom] = powers.get(atom, 0) + exponent
    for atom, exponent in powers.items():
        if (isinstance(atom, Delta | Mask) or is_ranked(atom)) and exponent != 1:
            if exponent < 1:
                raise Unsupported("division by a mask")
            powers[atom] = 1
    return {atom: exponent for atom, exponent in powers.items() if exponent}


def without(powers: Factors, *gone: Atom) -> Monomial:
    """Return the factors but for some."""
    return tuple((atom, exponent) for atom, exponent in powers.items() if atom not in gone)


def multiplied_out(bound: frozenset[str], powers: Factors) -> Poly | None:
    """Multiply out a denominator that is raised above zero, and a sum inside a sum.

    A sum is opened only where it holds a letter that is bound outside: then both are one sum.
    """
    for atom, exponent in powers.items():
        if exponent <= 0:
            continue
        if isinstance(atom, Group):
            opened = whole_power(atom.inside, exponent)
            return total_of(bound, times(opened, term(1, (), without(powers, atom))))
        if isinstance(atom, Sum) and atom.free & bound:
            letters, inside = bound, list(without(powers, atom))
            value: Number = 1
            for _ in range(exponent):
                renaming = {letter: affine(fresh()) for letter in atom.bound}
                letters |= {one for new in renaming.values() for one in new.names}
                monomial, number_ = single(put_within(atom.factors, renaming))
                inside, value = [*inside, *monomial], value * number_
            return scaled(value, term(1, letters, inside)) if value else ZERO
    return None


def single(poly: Poly) -> tuple[Monomial, Number]:
    """Return the one monomial of a polynomial, and its number.

    With other letters a monomial may become several: sigmoid(-u) is 1 - sigmoid(u).
    """
    if len(poly.terms) > 1:
        raise Unsupported("a sum whose terms change with the names of its letters")
    return next(iter(poly.terms.items()), ((), 0))


def total_of(bound: frozenset[str], poly: Poly) -> Poly:
    """Sum of a polynomial over letters."""
    return total(tuple(sorted(bound)), poly)


def powers_met(bound: frozenset[str], powers: Factors) -> Poly | None:
    """Powers of one base: their exponents are added, and a whole number is split off.

    The base is not negative, or the exponents count factors: this is asked where a power is made.
    What would have an exponent that may be negative stays apart.
    """
    bases: dict[Poly, list[tuple[Power, int]]] = {}
    for atom, exponent in powers.items():
        if isinstance(atom, Power):
            bases.setdefault(atom.base, []).append((atom, exponent))
    for base, met in bases.items():
        if [exponent for _, exponent in met] == [1]:
            continue
        try:
            merged = power(base, plus(*(scaled(e, atom.exponent) for atom, e in met)))
        except Unsupported:
            continue
        rest = term(1, (), without(powers, *(atom for atom, _ in met)))
        return total_of(bound, times(merged, rest))
    return None


def exponentials_met(bound: frozenset[str], powers: Factors) -> Poly | None:
    """exp(a/2)**2 is exp(a): exponents of one number are added, and the whole part stands apart."""
    shares: dict[Monomial, dict[Atom, Fraction]] = {}
    for atom, exponent in powers.items():
        if (
            isinstance(atom, Apply)
            and atom.name == "exp"
            and len(atom.arguments[0].body.terms) == 1
        ):
            ((monomial, value),) = atom.arguments[0].body.terms.items()
            shares.setdefault(monomial, {})[atom] = Fraction(value) * exponent
    for monomial, met in shares.items():
        share = sum(met.values(), Fraction())
        whole = share.numerator // share.denominator
        part = [(exp_atom(monomial, share - whole), 1)] if share != whole else []
        full = [(exp_atom(monomial, 1), whole)] if whole else []
        if dict(full + part) != {atom: powers[atom] for atom in met}:
            rest = term(1, (), (*without(powers, *met), *part))
            return total_of(bound, times(exponential(Poly({monomial: whole})), rest))
    return None


def exp_atom(monomial: Monomial, value: Number) -> Apply:
    """Exponential of a number times a monomial, as it stands."""
    return Apply("exp", (), (scalar(Poly({monomial: value})),))


def term_of(factors: Iterable[tuple[Atom, int]]) -> Poly:
    """Polynomial of one monomial, as it stands."""
    return Poly({tuple(sorted(factors, key=lambda factor: factor[0].key)): 1})


def delta_met(bound: frozenset[str], powers: Factors) -> Poly | None:
    """A delta picks one value of a letter: it is put everywhere else.

    Over a bound letter the sum has this term alone; a free letter keeps its delta.
    """
    for atom in powers:
        if not isinstance(atom, Delta):
            continue
        facts = facts_within(powers)
        if facts.differ(atom.zero):
            return ZERO
        if facts.equal(atom.zero):
            return term(1, bound, without(powers, atom))
        rest = without(powers, atom)
        solved = {name: value for name in atom.zero.names & atom.zero.letters
                  if (value := atom.zero.solved(name))}  # fmt: skip
        for name in sorted(solved.keys() & bound):
            return total_of(bound - {name}, put_within(rest, {name: solved[name]}))
        for name in sorted(solved.keys() - bound, reverse=True):
            if any(name in other.free for other, _ in rest):
                inside = put_factors(rest, {name: solved[name]})
                return total_of(bound, times(inside, of(atom)))
            break
    return None


def facts_within(powers: Factors) -> Facts:
    """All that is known where a product counts: the facts of the context, and its masks."""
    return context().facts.also(*(atom.least for atom in powers if isinstance(atom, Mask)))


def mask_met(bound: frozenset[str], powers: Factors) -> Poly | None:
    """A mask that follows from the others is left out; one that they exclude makes nothing.

    It stays where the others follow it by a product of letters alone, and a sum has no other bound.
    """
    masks = [atom for atom in powers if isinstance(atom, Mask)]
    for one in masks:
        others = [other.least for other in masks if other != one]
        facts = context().facts.also(*others)
        if facts.entails(one.least) and all(
            any(one.least.number_of(name) * other.number_of(name) > 0 for other in others)
            for name in one.least.names & bound
        ):
            return term(1, bound, without(powers, one))
        if facts.excludes(one.least):
            return ZERO
        if facts.entails(-one.least):
            return term(1, bound, (*without(powers, one), (Delta(one.least), 1)))
    return None


def pinned(bound: frozenset[str], powers: Factors) -> Poly | None:
    """Where masks on products leave one value of a bound letter, it is put everywhere else.

    (h - g) d + e lies between 1 and d, as e does, only where h is g.
    """
    leasts = [atom.least for atom in powers if isinstance(atom, Mask)]
    within_ = {one for m in leasts for name in m.names if "*" in name for one in name.split("*")}
    facts = facts_within(powers)
    for name, other in product(sorted(within_ & bound), sorted(within_)):
        if name != other and facts.equal(affine(name) - affine(other)):
            inside = put_within(tuple(powers.items()), {name: affine(other)})
            return total_of(bound - {name}, inside)
    return None


def one_block(bound: frozenset[str], powers: Factors) -> Poly | None:
    """Of blocks of one length, one alone holds a place that is within some of them.

    The number h of the block has c between d (h - 1) + 1 and d h, and nothing else depends on it.
    """
    for letter in sorted(bound):
        touched = [atom for atom in powers if letter in atom.free]
        leasts = [atom.least for atom in touched if isinstance(atom, Mask)]
        plain = [one for one in leasts if one.number_of(letter)]
        blocks = [one for one in leasts if one not in plain]
        bounds = ends_of(letter, plain)
        if len(leasts) != len(touched) or bounds is None or len(blocks) != 2:
            continue
        length = blocks[0] + blocks[1] + 1
        ((name, number_),) = length.parts if len(length.parts) == 1 else (("", 0),)
        whole = affine("*".join(sorted([name, letter])))
        after = [one for one in blocks if letter not in (one - whole).letters]
        before = [one for one in blocks if letter not in (one + whole).letters]
        rest = without(powers, *touched)
        reach = [
            one.put({letter: end}) for one, end in zip((*before, *after), bounds, strict=False)
        ]
        facts = facts_within(dict(rest))
        if (
            length == affine(name) and "*" not in name and number_ == 1
            and len(before) == len(after) == 1 and facts.entails(length - 1)
            and all(map(facts.entails, reach))
        ):  # fmt: skip
            return term(1, bound - {letter}, rest)
    return None


def ends_of(letter: str, leasts: Sequence[Affine]) -> tuple[Affine, Affine] | None:
    """First and last value of a letter, by two expressions that are not negative."""
    lower = [affine(letter) - one for one in leasts if one.number_of(letter) == 1]
    upper = [affine(letter) + one for one in leasts if one.number_of(letter) == -1]
    return (lower[0], upper[0]) if len(leasts) == 2 and lower and upper else None


def inverse_met(bound: frozenset[str], powers: Factors) -> Poly | None:
    """A matrix times its inverse, summed over all of their common axis, is the identity.

    The row and the column must surely lie within the matrix.
    """
    entries = [atom for atom in powers if isinstance(atom, Entry) and powers[atom] == 1]
    for left, right in permutations(entries, 2):
        size = context().inverses.get((left.name, right.name))
        if size is None or len(left.at) != 2 or left.at[1] != right.at[0]:
            continue
        (row, inner), column = left.at, right.at[1]
        letter = min(inner.names & bound, default="")
        rest = without(powers, left, right)
        touched = {atom for atom, _ in rest if letter in atom.free}
        whole = {Mask(fact) for fact in within(inner, affine(1), size)}
        if inner != affine(letter) or letter in row.letters | column.letters or touched != whole:
            continue
        kept = tuple((atom, e) for atom, e in rest if atom not in touched)
        here = facts_within(dict(kept))
        if all(here.entails(f) for at in (row, column) for f in within(at, affine(1), size)):
            return total_of(bound - {letter}, times(delta(row - column), term(1, (), kept)))
    return None


def sum_over_itself(bound: frozenset[str], powers: Factors) -> Poly | None:
    """A sum over its own value is one, where the value is the denominator of each term."""
    for atom, exponent in powers.items():
        if not (isinstance(atom, Sum) and exponent < 0 and atom.free & bound):
            continue
        for letters in combinations(sorted(bound), len(atom.bound)):
            group = frozenset(letters)
            part = {a: e for a, e in powers.items() if a.free & group and a != atom}
            if atom.free & group or not part or not is_bounded(group, part):
                continue
            if component(group, part) == of(atom):
                rest = tuple((a, e) for a, e in powers.items() if a not in part)
                return term(1, bound - group, (*rest, (atom, 1)))
    return None


def counted(bound: frozenset[str], powers: Factors) -> Poly | None:
    """A sum of ones is how many there are, if there surely are none too few."""
    for letter in sorted(bound):
        touched = [atom for atom in powers if letter in atom.free]
        masks = [atom.least for atom in touched if isinstance(atom, Mask)]
        if len(masks) != len(touched):
            continue
        lower = [m for m in masks if m.number_of(letter) == 1]
        upper = [m for m in masks if m.number_of(letter) == -1]
        if not (len(lower) == len(upper) == 1 and len(masks) == 2):
            continue
        steps = lower[0] + upper[0] + 1  # high - low + 1, as the letter cancels
        rest = without(powers, *touched)
        if facts_within(dict(rest)).entails(steps):
            return total_of(bound - {letter}, times(integer(steps), term(1, (), rest)))
    return None


def ranked_met(bound: frozenset[str], powers: Factors) -> Poly | None:
    """Of some numbers, a rank has one place, and a place has one rank."""
    for one, other in combinations(filter(is_ranked, powers), 2):
        pairs = list(zip(one.at, other.at, strict=True))
        if one.arguments == other.arguments and any(a == b for a, b in pairs):
            gaps = (delta(a - b) for a, b in pairs)
            return total_of(bound, times(*gaps, term(1, (), without(powers, other))))
    for axis in (RANK, PLACE):
        for letter, one, rest in choices(axis, bound, powers):
            with assuming(*facts_within(dict(rest)).known):
                if not changes(rest, affine(letter)) and is_one_of(1 - axis, one):
                    return term(1, bound - {letter}, rest)
    return None


RANK, PLACE = 0, 1
"""What a number has that is ranked, in the order in which an atom has them."""


def is_ranked(atom: Atom) -> TypeGuard[Apply]:
    """Whether an atom says that a place has a rank."""
    return isinstance(atom, Apply) and atom.name == "ranked"


def all_of(axis: int, one: Apply) -> tuple[Affine, Affine]:
    """First and last rank, or place."""
    ((low, high),) = one.arguments[0].ranges
    return (low, high) if axis == PLACE else (affine(1), high - low + 1)


def is_one_of(axis: int, one: Apply) -> bool:
    """Whether a rank, or a place, surely is one of those that there are."""
    return all(map(context().facts.entails, within(one.at[axis], *all_of(axis, one))))


def choices(
    axis: int, bound: Iterable[str], powers: Factors
) -> Iterator[tuple[str, Apply, Monomial]]:
    """Letters of a sum that go over ranks, or places, and what keeps it from the sum over all."""
    for letter, one in product(sorted(bound), filter(is_ranked, powers)):
        whole = (Mask(fact) for fact in within(affine(letter), *all_of(axis, one)))
        held = one.at[1 - axis].letters | one.arguments[0].free
        if one.at[axis] == affine(letter) and letter not in held:
            yield letter, one, without(powers, one, *whole)


RULES: tuple[Callable[[frozenset[str], Factors], Poly | None], ...] = (
    multiplied_out,
    powers_met,
    exponentials_met,
    delta_met,
    mask_met,
    pinned,
    inverse_met,
    ranked_met,
    sum_over_itself,
    counted,
    one_block,
)
"""Rules for a product under a sum, tried one after the other until none applies."""

INERT = Entry, Integer, Product, Sum
"""Kinds of factors that no rule looks at where no letter is bound."""


def separated(bound: frozenset[str], powers: Factors) -> Poly:
    """Split a sum of a product into sums that share no letter; other factors stand outside."""
    if not bound:
        return term_of(powers.items())
    left, rest, sums = set(bound), dict(powers), ONE
    while left:
        group = {min(left)}
        while True:
            part = {atom: e for atom, e in rest.items() if atom.free & group}
            joined = {name for atom in part for name in atom.free & left}
            if joined <= group:
                break
            group |= joined
        left -= group
        rest = {atom: e for atom, e in rest.items() if atom not in part}
        sums = joined_terms(sums, component(frozenset(group), part))
    return joined_terms(sums, term_of(rest.items()))


def joined_terms(left: Poly, right: Poly) -> Poly:
    """Product of polynomials of one term each, whose factors meet no rule."""
    ((k, v),), ((m, w),) = left.terms.items(), right.terms.items()
    powers = collected((*k, *m))
    return scaled(v * w, term_of(powers.items()))


MOST = 5040
"""Orders of bound letters that are compared before a sum is given up."""


def component(group: frozenset[str], part: Factors) -> Poly:
    """Sum whose letters are all tied, under the names and from the start that are its own.

    Each letter that can starts at one.  Of all orders of the letters that nothing tells apart, the
    one whose key is least is taken.
    """
    if not is_bounded(group, part):
        raise Unsupported("a sum without bounds")
    part = dict(shifted(group, part))
    height = 1 + max(atom.height for atom in part)
    classes: dict[str, list[str]] = {}
    for letter in group:
        seen = sorted(
            f"{role(atom, letter)}^{e}" for atom, e in part.items() if letter in atom.free
        )
        classes.setdefault("&".join(seen), []).append(letter)
    if prod(factorial(len(letters)) for letters in classes.values()) > MOST:
        raise Unsupported("a sum whose letters are too much alike")
    names = tuple(f"~{height}.{place}" for place in range(len(group)))
    orders = product(*(permutations(sorted(classes[seen])) for seen in sorted(classes)))
    best: tuple[str, Number, Monomial] | None = None
    for order in orders:
        letters = [letter for letters in order for letter in letters]
        renaming = dict(zip(letters, map(affine, names), strict=True))
        monomial, value = single(put_within(tuple(part.items()), renaming))
        one = spelled(monomial), value, monomial
        if best is None or one[:2] < best[:2]:
            best = one
    assert best is not None
    return scaled(best[1], of(Sum(names, best[2])))


def is_bounded(group: frozenset[str], part: Factors) -> bool:
    """Whether masks keep each letter between two bounds."""
    masks = [atom.least for atom in part if isinstance(atom, Mask)]
    signs = [{(mask.number_of(letter) > 0) - (mask.number_of(letter) < 0) for mask in masks}
             for letter in group]  # fmt: skip
    return all({1, -1} <= sides for sides in signs)


def shifted(group: frozenset[str], part: Factors) -> Monomial:
    """Count a letter from one, if what it starts from depends on no letter that is moved as well.

    It may start from a product with a letter that stays, as the places of block h do.
    """
    values = {}
    for letter in group:
        starts = [
            start
            for atom in part
            if isinstance(atom, Mask)
            and atom.least.number_of(letter) == 1
            and not (start := affine(letter) - atom.least).names & group
            and (start.names == start.letters or not start.letters & movable(group, part))
        ]
        if starts and affine(1) not in starts:
            values[letter] = affine(letter) + min(starts, key=lambda start: start.key) - 1
    if not values:
        return tuple(part.items())
    monomial, value = single(put_within(tuple(part.items()), values))
    if value != 1:
        raise Unsupported("a sum that changes its sign when it is shifted")
    return monomial


def movable(group: frozenset[str], part: Factors) -> set[str]:
    """Letters of a sum that may be counted from elsewhere: they start later than from one."""
    leasts = [atom.least for atom in part if isinstance(atom, Mask)]
    return {
        letter
        for letter in group
        if affine(letter) - 1 not in leasts and any(m.number_of(letter) == 1 for m in leasts)
    }


def role(atom: Atom, letter: str) -> str:
    """Where a letter stands in an atom, whatever the other letters are called."""
    match atom:
        case Entry():
            at = [f"{n}*{place.number_of(letter)}" for n, place in enumerate(atom.at)]
            return f"E{atom.name!r}{at}"
        case Mask():
            return f"M{atom.least.number_of(letter)}"
        case Delta():
            return f"D{abs(atom.zero.number_of(letter))}"
        case Sum():
            return f"S{sorted(f'{role(a, letter)}^{e}' for a, e in atom.factors)}"
        case Apply():
            at = [f"{n}*{place.number_of(letter)}" for n, place in enumerate(atom.at)]
            inside = [roles(argument.body, letter) for argument in atom.arguments]
            by = [
                f"{n}*{place.number_of(letter)}"
                for _, by in atom.slots
                for n, place in enumerate(by)
            ]
            return f"A{atom.name}{at}{inside}{by}"
        case Product():
            return f"P{roles(atom.body.body, letter)}{[p.number_of(letter) for p in atom.at]}"
        case Power():
            return f"^{roles(atom.base, letter)}{roles(atom.exponent, letter)}"
        case Group():
            return f"G{roles(atom.inside, letter)}"
        case _:
            return type(atom).__name__


def roles(poly: Poly, letter: str) -> str:
    """Where a letter stands in a polynomial."""
    return "+".join(
        sorted(
            "".join(
                sorted(f"{role(atom, letter)}^{e}" for atom, e in monomial if letter in atom.free)
            )
            for monomial in poly.terms
        )
    )


# -- Putting one thing for another -----------------------------------------------------------------


def put(poly: Poly, values: Values) -> Poly:
    """Put expressions for letters."""
    if not poly.free & values.keys():
        return poly
    return plus(*(scaled(v, put_factors(k, values)) for k, v in poly.terms.items()))


def put_factors(factors: Monomial, values: Values) -> Poly:
    """Put expressions for letters in a product."""
    kept = [(atom, e) for atom, e in factors if not atom.free & values.keys()]
    moved = [whole_power(put_atom(atom, values), e) for atom, e in factors
             if atom.free & values.keys()]  # fmt: skip
    return times(term(1, (), kept), *moved)


def put_within(factors: Monomial, values: Values) -> Poly:
    """Put expressions for letters in a product of a sum, under the facts of its masks."""
    masks = tuple((Mask(a.least.put(values)), e) for a, e in factors if isinstance(a, Mask))
    rest = tuple((a, e) for a, e in factors if not isinstance(a, Mask))
    with assuming(*(one.least for one, _ in masks)):
        inside = put_factors(rest, values)
    return plus(*(scaled(v, term_of((*k, *masks))) for k, v in inside.terms.items()))


def put_atom(atom: Atom, values: Values) -> Poly:
    """Put expressions for letters in an atom.

    What a letter is bound by keeps it: no letter that is put is named as one that is bound.
    """
    return remade(
        atom,
        lambda place: place.put(values),
        lambda inside, renaming: put(inside, {**values, **renaming}),
    )


Wanted = Callable[[Atom], bool]
"""Atoms that may change."""

Change = Callable[[Atom], Poly | None]
"""What is put for an atom, or None to go on within it."""


def mapped(poly: Poly, wanted: Wanted, change: Change) -> Poly:
    """Put polynomials for the atoms that are wanted, wherever they stand.

    A term that holds none stays as it is.
    """

    def changed(atom: Atom) -> Poly:
        new = change(atom) if wanted(atom) else None
        if new is not None:
            return new
        return remade(
            atom,
            lambda place: place,
            lambda inside, renaming: mapped(put(inside, renaming), wanted, change),
        )

    parts = []
    for monomial, value in poly.terms.items():
        moved = [(atom, e) for atom, e in monomial if wanted(atom) or holds_within(atom, wanted)]
        if moved:
            kept = term(1, (), without(dict(monomial), *(atom for atom, _ in moved)))
            moving = (whole_power(changed(atom), e) for atom, e in moved)
            parts.append(scaled(value, times(kept, *moving)))
        else:
            parts.append(Poly({monomial: value}))
    return plus(*parts)


def holds(poly: Poly, wanted: Wanted) -> bool:
    """Whether an atom that is wanted stands anywhere in a polynomial."""
    return any(holds_among(monomial, wanted) for monomial in poly.terms)


def holds_among(factors: Monomial, wanted: Wanted) -> bool:
    """Whether an atom that is wanted is one of some factors, or stands within one."""
    return any(wanted(atom) or holds_within(atom, wanted) for atom, _ in factors)


def holds_within(atom: Atom, wanted: Wanted) -> bool:
    """Whether an atom that is wanted stands within another, under the facts that hold there."""
    match atom:
        case Group():
            return holds(atom.inside, wanted)
        case Power():
            return holds(atom.base, wanted) or holds(atom.exponent, wanted)
        case Apply():
            return any(holds_in_array(argument, wanted) for argument in atom.arguments)
        case Product():
            return holds_in_array(atom.body, wanted)
        case Sum():
            with assuming(*(a.least for a, _ in atom.factors if isinstance(a, Mask))):
                return holds_among(atom.factors, wanted)
        case _:
            return False


def holds_in_array(body: Array, wanted: Wanted) -> bool:
    """Whether an atom that is wanted stands in an array, at places of it."""
    places = zip(map(affine, body.letters), body.ranges, strict=True)
    with assuming(*(fact for place, bounds in places for fact in within(place, *bounds))):
        return holds(body.body, wanted)


Inner = Callable[[Poly, Values], Poly]
"""What is made of a polynomial within an atom, in which bound letters get other names."""


def remade(atom: Atom, place: Callable[[Affine], Affine], inner: Inner) -> Poly:
    """Make an atom anew, with other places and other polynomials in it."""
    match atom:
        case Integer():
            return integer(place(affine(atom.name)))
        case Entry():
            return of(Entry(atom.name, tuple(map(place, atom.at))))
        case Delta():
            return delta(place(atom.zero))
        case Mask():
            return mask(place(atom.least))
        case Group():
            return inner(atom.inside, {})
        case Power():
            return power(inner(atom.base, {}), inner(atom.exponent, {}))
        case Apply():
            arguments = [remade_array(argument, place, inner) for argument in atom.arguments]
            slots = tuple((n, tuple(map(place, at))) for n, at in atom.slots)
            return apply(atom.name, tuple(map(place, atom.at)), arguments, slots)
        case Product():
            return product_of(remade_array(atom.body, place, inner), tuple(map(place, atom.at)))
        case Sum():
            return remade_sum(atom, place, inner)
        case _:
            raise Unsupported(type(atom).__name__)


def remade_array(body: Array, place: Callable[[Affine], Affine], inner: Inner) -> Array:
    """Make an argument anew, its letters renamed out of the way."""
    ranges = [(place(low), place(high)) for low, high in body.ranges]
    return array(ranges, lambda *at: inner(body.body, dict(zip(body.letters, at, strict=True))))


def remade_sum(atom: Sum, place: Callable[[Affine], Affine], inner: Inner) -> Poly:
    """Make a sum anew, its letters renamed out of the way, under the facts of its masks."""
    renaming = {letter: affine(fresh()) for letter in atom.bound}
    masks = [Mask(place(a.least.put(renaming))) for a, _ in atom.factors if isinstance(a, Mask)]
    rest = tuple((a, e) for a, e in atom.factors if not isinstance(a, Mask))
    with assuming(*(one.least for one in masks)):
        inside = inner(Poly({rest: 1}), renaming)
    letters = tuple(name for letter in atom.bound for name in renaming[letter].names)
    return total(letters, inside, tuple((one, 1) for one in masks))


def put_entries(poly: Poly, values: Mapping[Entry, Poly]) -> Poly:
    """Put polynomials for entries that hold no bound letter."""
    if not values:
        return poly
    instead: dict[Atom, Poly] = dict(values.items())
    return mapped(poly, instead.__contains__, instead.get)


# -- Powers ----------------------------------------------------------------------------------------


def whole_power(poly: Poly, exponent: int) -> Poly:
    """Power whose exponent is a whole number.

    Below zero, what all terms share stands outside, and the first number is divided by: so
    denominators that differ by a factor are one group.
    """
    if exponent == 1:
        return poly
    if exponent >= 0:
        return times(*[poly] * exponent)
    if not poly.terms:
        raise Unsupported("division by zero")
    outside, leading = shared(poly), poly.terms[min(poly.terms, key=spelled)]
    value = Fraction(leading)
    inverted = tuple((atom, -e) for atom, e in outside)
    inside = scaled(1 / value, times(poly, Poly({inverted: 1})))
    factors = [(atom, e * exponent) for atom, e in outside]
    if inside != ONE:
        factors.append((Group(inside), exponent))
    return term(value**exponent, (), factors)


def shared(poly: Poly) -> Monomial:
    """Factors that all terms have, with the least exponent of each."""
    first, *others = (dict(monomial) for monomial in poly.terms)
    return tuple(
        (atom, least)
        for atom in first
        if not isinstance(atom, Delta | Mask)
        and (least := min(powers.get(atom, 0) for powers in (first, *others)))
    )


def power(base: Poly, exponent: Poly) -> Poly:
    """Power of a number.

    A whole part of the exponent is split off, as far as what is left is surely not negative.  A
    product is raised factor by factor.  The base of a root is visibly not negative, and that of an
    exponent that may be negative, or is no whole number, is visibly positive.
    """
    if exponent.terms.keys() <= {()}:
        return root(base, Fraction(exponent.terms.get((), 0)))
    if base == ONE:
        return ONE
    whole, rest = split_exponent(exponent)
    if (whole < 0 or as_affine(exponent) is None) and not all_positive(base):
        base = one_quotient(base)
    if (whole < 0 or as_affine(exponent) is None) and not all_positive(base):
        raise Unsupported("a power whose base may vanish or be negative")
    if len(base.terms) != 1:
        return times(whole_power(base, whole), power_atom(base, rest))
    ((monomial, value),) = base.terms.items()
    parts = [whole_power(power_atom(of(atom), rest), e) for atom, e in monomial]
    if value != 1:
        parts.append(power_atom(number(value), rest))
    return times(whole_power(base, whole), *parts)


def root(base: Poly, exponent: Fraction) -> Poly:
    """Power whose exponent is a number: a whole power, times a root between none and one."""
    whole = exponent.numerator // exponent.denominator
    if exponent == whole or base == ONE:
        return whole_power(base, whole)
    if not all_nonnegative(base):
        raise Unsupported("a root of what may be negative")
    return times(whole_power(base, whole), of(Power(base, number(exponent - whole))))


def power_atom(base: Poly, exponent: Poly) -> Poly:
    """Power that stays closed, or that of an exponential: exp(u)**e is exp(e u)."""
    ((monomial, value),) = base.terms.items() if len(base.terms) == 1 else (((), 0),)
    if value == 1 and len(monomial) == 1 and isinstance(monomial[0][0], Apply):
        function = monomial[0][0]
        if function.name == "exp":
            return apply("exp", (), [scalar(times(function.arguments[0].body, exponent))])
    if not exponent.terms:
        return ONE
    return of(Power(base, exponent))


FAR = 4
"""Steps within which the least value of an exponent is looked for."""


def split_exponent(exponent: Poly) -> tuple[int, Poly]:
    """Whole part of an exponent that counts factors, and a rest that is surely not negative.

    An exponent that is no whole number has a positive base; only its number is split off.
    """
    counted_ = as_affine(exponent)
    if counted_ is None:
        value = Fraction(exponent.terms.get((), 0))
        whole = value.numerator // value.denominator
        return whole, minus(exponent, number(whole))
    start = counted_ - counted_.constant
    facts = context().facts
    for least in range(FAR, -FAR - 1, -1):
        if facts.entails(start - least):
            return least + counted_.constant, integer(start - least)
    raise Unsupported(f"the exponent {counted_} may be negative")


def as_affine(poly: Poly) -> Affine | None:
    """Read a polynomial in whole numbers as an expression, if it is one."""
    parts, constant = {}, 0
    for monomial, value in poly.terms.items():
        if Fraction(value).denominator != 1:
            return None
        if not monomial:
            constant = int(value)
        elif all(isinstance(atom, Integer) and e > 0 for atom, e in monomial):
            letters = [atom.name for atom, e in monomial for _ in range(e)
                       if isinstance(atom, Integer)]  # fmt: skip
            parts["*".join(sorted(letters))] = int(value)
        else:
            return None
    return Affine(parts, constant)


# -- Functions -------------------------------------------------------------------------------------


def array(ranges: Iterable[tuple[Affine, Affine]], body: Callable[..., Poly]) -> Array:
    """Array that a function takes, by its entry at a place; the letters get names of their own."""
    bounds = tuple(ranges)
    letters = [fresh() for _ in bounds]
    facts = [f for one, (low, high) in zip(letters, bounds, strict=True)
             for f in within(affine(one), low, high)]  # fmt: skip
    with assuming(*facts):
        inside = body(*map(affine, letters))
    names = tuple(f"~{inside.height + 1}.{place}" for place in range(len(letters)))
    renaming = dict(zip(letters, map(affine, names), strict=True))
    return Array(names, bounds, put(inside, renaming))


def scalar(poly: Poly) -> Array:
    """Number that a function takes."""
    return Array((), (), poly)


def apply(
    name: str,
    at: tuple[Affine, ...],
    arguments: Iterable[Array],
    slots: tuple[Slot, ...] = (),
) -> Poly:
    """Function of arrays at a place, or a derivative of it; rules of what is known come first."""
    given = tuple(arguments)
    if name == "ranked":
        (values,), (rank, place) = given, at
        return ranked(rank, place, values)
    if name in FUNCTIONS and not at:
        (argument,) = given
        if slots:
            return FUNCTIONS[name].slope(argument.body, len(slots))
        return FUNCTIONS[name].of(argument.body)
    return of(Apply(name, at, given, slots))


def closed(name: str, poly: Poly) -> Poly:
    """Known function of a number, as an atom."""
    return of(Apply(name, (), (scalar(poly),)))


def exponential(poly: Poly) -> Poly:
    """exp(2a - b) is exp(a)**2 / exp(b), and exp(log a) is a."""
    parts = []
    for monomial, value in poly.terms.items():
        share = Fraction(value)
        inside = logarithm_of(monomial) if share.denominator == 1 else None
        if inside is not None:
            parts.append(whole_power(inside, int(share)))
        else:
            parts.append(of(exp_atom(monomial, Fraction(1, share.denominator)), share.numerator))
    return times(*parts)


def logarithm_of(monomial: Monomial) -> Poly | None:
    """What a monomial is the logarithm of, if it is one."""
    if len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Apply):
        atom = monomial[0][0]
        if atom.name == "log":
            return atom.arguments[0].body
    return None


def logarithm(poly: Poly) -> Poly:
    """log(a b) is log(a) + log(b) where all factors are positive, and log(exp(a)) is a."""
    if poly == ONE:
        return ZERO
    ((monomial, value),) = poly.terms.items() if len(poly.terms) == 1 else (((), 0),)
    if value != 1 or not all(is_positive(atom) for atom, _ in monomial):
        return closed("log", poly)
    return plus(*(
        scaled(e, atom.arguments[0].body if isinstance(atom, Apply) and atom.name == "exp"
               else closed("log", of(atom)))
        for atom, e in monomial
    ))  # fmt: skip


def odd(name: str) -> Callable[[Poly], Poly]:
    """Rule of a function with f(-u) = -f(u) and f(0) = 0."""

    def rule(poly: Poly) -> Poly:
        if not poly.terms:
            return ZERO
        return scaled(-1, closed(name, scaled(-1, poly))) if leads_with_minus(poly) else closed(
            name, poly)  # fmt: skip

    return rule


def logistic(poly: Poly) -> Poly:
    """sigmoid(-u) is 1 - sigmoid(u), and sigmoid(0) is a half."""
    if not poly.terms:
        return number(Fraction(1, 2))
    if leads_with_minus(poly):
        return minus(ONE, closed("sigmoid", scaled(-1, poly)))
    return closed("sigmoid", poly)


def leads_with_minus(poly: Poly) -> bool:
    """Whether the number of the term whose key is least is negative."""
    return poly.terms[min(poly.terms, key=spelled)] < 0


def absolute(poly: Poly) -> Poly:
    """|a b| is |a| |b|, |-a| is |a|, and |a| is a where a is surely not negative."""
    if not poly.terms:
        return ZERO
    outside = shared(poly)
    inside = times(poly, Poly({tuple((atom, -e) for atom, e in outside): 1}))
    value = Fraction(inside.terms[min(inside.terms, key=spelled)])
    inside = scaled(1 / value, inside)
    parts = [whole_power(size_of(atom), e) for atom, e in outside]
    rest = ONE if inside == ONE else closed("abs", inside)
    if len(inside.terms) == 1 and inside != ONE:
        ((monomial, _),) = inside.terms.items()
        rest = times(*(whole_power(size_of(atom), e) for atom, e in monomial))
    return scaled(abs(value), times(rest, *parts))


def size_of(atom: Atom) -> Poly:
    """Absolute value of an atom."""
    if is_positive(atom) or isinstance(atom, Delta | Mask):
        return of(atom)
    if isinstance(atom, Apply) and sign_of(atom) == "not negative":
        return of(atom)
    if isinstance(atom, Power):
        return power(absolute(atom.base), atom.exponent)
    if isinstance(atom, Product) and not atom.at:
        ((low, high),) = atom.body.ranges
        return product_over(low, high, lambda j: absolute(
            put(atom.body.body, {atom.body.letters[0]: j})))  # fmt: skip
    return closed("abs", of(atom))


def norm(ranges: Sequence[tuple[Affine, Affine]], body: Callable[..., Poly]) -> Poly:
    """Norm of a vector or a matrix, by its entry at a place; a transpose has the same."""
    turned = array(ranges[::-1], lambda *at: body(*at[::-1]))
    return apply("norm", (), [min(array(ranges, body), turned, key=lambda one: one.key)])


def largest(low: Affine, high: Affine, body: Callable[[Affine], Poly]) -> Poly:
    """Largest of the values of a body over a letter from `low` to `high`, of which there is one."""
    if not context().facts.entails(high - low):
        raise Unsupported("the largest of what may be nothing")
    return of(Apply("largest", (), (array([(low, high)], body),)))


def ranked(rank: Affine, place: Affine, values: Array) -> Poly:
    """One where a place is that of the number of a rank, else zero.

    The largest has rank 1, and of equal numbers the first comes first.  So each place has one
    rank, and each rank from 1 to as many as there are has one place.
    """
    ((low, high),) = values.ranges
    if any(map(context().facts.excludes, within(rank, affine(1), high - low + 1))):
        return ZERO
    alike = in_order(values)
    if not alike.body.terms:
        return delta(place - low + 1 - rank)
    return of(Apply("ranked", (rank, place), (alike,)))


def in_order(values: Array) -> Array:
    """Numbers that compare with one another as some others do, from which much is left out."""
    (letter,) = values.letters
    return array(values.ranges, lambda i: compared(put(values.body, {letter: i}), i))


def compared(poly: Poly, letter: Affine) -> Poly:
    """Less that says how the values of a polynomial compare at any two values of a letter.

    What does not change is left out, a term or a positive factor, and so is an exponential.
    """
    moving = Poly({k: v for k, v in poly.terms.items() if changes(k, letter)})
    if not moving.terms:
        return ZERO
    size = max(abs(Fraction(value)) for value in moving.terms.values())
    held = [(a, -e) for a, e in shared(moving) if not changes(((a, e),), letter) and is_positive(a)]
    moving = scaled(1 / size, times(moving, term_of(held)))
    ((monomial, value), *more) = moving.terms.items()
    exponents = [
        scaled(e * value, a.arguments[0].body)
        for a, e in monomial
        if isinstance(a, Apply) and a.name == "exp"
    ]
    if more or len(exponents) < len(monomial):
        return moving
    return compared(plus(*exponents), letter)


def changes(factors: Monomial, letter: Affine) -> bool:
    """Whether a product holds a letter."""
    return any(letter.names & atom.free for atom, _ in factors)


def of_place(function: Callable[[Poly], Poly], poly: Poly) -> Poly | None:
    """Function of the place that has a rank, and of what stands beside it: at each place, if so."""
    found = next(((k, one) for k in poly.terms if (one := rank_of_place(k))), None)
    if found is None:
        return None
    monomial, one = found
    (values,), (rank, _), value = one.arguments, one.at, poly.terms[monomial]
    rest = minus(poly, Poly({monomial: value}))
    return summed(*values.ranges[0], lambda i: times(
        ranked(rank, i, values), function(plus(rest, scaled(value, integer(i))))
    ))  # fmt: skip


def rank_of_place(monomial: Monomial) -> Apply | None:
    """Rank whose place a product is, if it is one: the sum of all places that have it."""
    if len(monomial) != 1:
        return None
    ((atom, e),) = monomial
    if e != 1 or not isinstance(atom, Sum):
        return None
    for letter, one, beside in choices(PLACE, atom.bound, dict(atom.factors)):
        if beside == ((Integer(letter), 1),) and is_one_of(RANK, one):
            return one
    return None


def step(poly: Poly) -> Poly:
    """One where a number is positive, else zero; of a whole number, a mask."""
    whole = as_affine(poly)
    if whole is not None:
        return mask(whole - 1)
    chosen = of_place(step, poly)
    return closed("step", poly) if chosen is None else chosen


def unsigned(poly: Poly) -> Poly:
    """One where a number is not negative, else zero; of a whole number, a mask."""
    whole = as_affine(poly)
    return minus(ONE, step(scaled(-1, poly))) if whole is None else mask(whole)


def nought(poly: Poly) -> Poly:
    """One where a number is zero, else zero; of a whole number, a delta."""
    whole = as_affine(poly)
    if whole is not None:
        return delta(whole)
    chosen = of_place(nought, poly)
    if chosen is not None:
        return chosen
    return minus(ONE, plus(step(poly), step(scaled(-1, poly))))


def is_positive(atom: Atom) -> bool:
    """Whether an atom is visibly above zero."""
    match atom:
        case Integer():
            return context().facts.entails(affine(atom.name) - 1)
        case Entry():
            return atom.name in context().positive
        case Apply():
            return sign_of(atom) == "positive"
        case Power():
            return all_positive(atom.base)
        case Group():
            return all_positive(atom.inside)
        case Sum():
            return sums_something(atom)
        case _:
            return False


def all_positive(poly: Poly) -> bool:
    """Whether a polynomial is a sum of products of positive numbers."""
    return bool(poly.terms) and all(
        value > 0 and all(is_positive(atom) for atom, _ in monomial)
        for monomial, value in poly.terms.items()
    )


def all_nonnegative(poly: Poly) -> bool:
    """Whether a polynomial is a sum of products of squares and of numbers that are positive."""
    return all(
        value > 0 and all(e % 2 == 0 or is_nonnegative(atom) for atom, e in monomial)
        for monomial, value in poly.terms.items()
    )


def is_nonnegative(atom: Atom) -> bool:
    """Whether an atom is visibly not below zero."""
    match atom:
        case Sum():
            return all_nonnegative(Poly({atom.factors: 1}))
        case Delta() | Mask():
            return True
        case Power():
            return all_nonnegative(atom.base)
        case Apply():
            return sign_of(atom) != "any"
        case _:
            return is_positive(atom)


def sign_of(atom: Apply) -> str:
    """Sign of a function, whatever it is applied to."""
    if atom.slots:
        return "any"
    if atom.name in ("norm", "radius", "ranked"):
        return "not negative"
    return FUNCTIONS[atom.name].sign if atom.name in FUNCTIONS else "any"


def sums_something(atom: Sum) -> bool:
    """Whether a sum of positive numbers has a term: its one letter may be one."""
    masks = [a.least for a, _ in atom.factors if isinstance(a, Mask)]
    rest = [a for a, _ in atom.factors if not isinstance(a, Mask)]
    if len(atom.bound) != 1 or len(masks) != 2 or not rest or not all(map(is_positive, rest)):
        return False
    first = {atom.bound[0]: affine(1)}
    return all(context().facts.entails(least.put(first)) for least in masks)


class KnownFunction(NamedTuple):
    """A function of a number, of which more is known than its name.

    `of` brings its value at a number to the normal form, and `slope` its derivative of an order.
    `facts` are what the solver may know of its value x at a real number u.
    """

    of: Callable[[Poly], Poly]
    slope: Callable[[Poly, int], Poly]
    facts: tuple[str, ...]
    sign: Literal["positive", "not negative", "any"] = "any"


FUNCTIONS = {
    "exp": KnownFunction(
        exponential,
        lambda u, _: exponential(u),
        ("(< 0 x)", "(<= (+ 1 u) x)", "(<= (* x (- 1 u)) 1)"),
        "positive",
    ),
    "log": KnownFunction(
        logarithm,
        lambda u, n: scaled((-1) ** (n - 1) * factorial(n - 1), whole_power(u, -n)),
        ("(=> (< 0 u) (<= x (- u 1)))",),
    ),
    "tanh": KnownFunction(
        odd("tanh"),
        lambda u, n: slope_in_value(odd("tanh")(u), (1, 0, -1), n),
        ("(< (- 1) x)", "(< x 1)", "(<= (* x x) (* x u))"),
    ),
    "sigmoid": KnownFunction(
        logistic,
        lambda u, n: slope_in_value(logistic(u), (0, 1, -1), n),
        ("(< 0 x)", "(< x 1)", "(<= 0 (* (- x 0.5) u))"),
        "positive",
    ),
    "abs": KnownFunction(
        absolute,
        lambda u, n: minus(scaled(2, step(u)), ONE) if n == 1 else ZERO,  # u is not zero
        ("(= x (ite (<= 0 u) u (- u)))",),
        "not negative",
    ),
    "step": KnownFunction(
        step,
        lambda u, n: ZERO,  # u is not zero
        ("(= x (ite (< 0 u) 1.0 0.0))",),
        "not negative",
    ),
}
"""Known functions of a number, a row for each."""


def slope_in_value(y: Poly, slope: Sequence[int], order: int) -> Poly:
    """Derivative of a function whose slope is a polynomial p in its value: from q, it is q' p."""
    found = [*slope]
    for _ in range(order - 1):
        derived = [power * c for power, c in enumerate(found)][1:]
        found = [0] * (len(derived) + len(slope) - 1)
        for i, j in product(range(len(derived)), range(len(slope))):
            found[i + j] += derived[i] * slope[j]
    return plus(*(scaled(c, whole_power(y, power)) for power, c in enumerate(found) if c))


# -- Ordered products ------------------------------------------------------------------------------


def product_over(low: Affine, high: Affine, body: Callable[[Affine], Poly]) -> Poly:
    """Product of numbers over a letter from `low` to `high`; of none it is one."""
    return product_of(array([(low, high)], body), ())


def product_of(body: Array, at: tuple[Affine, ...]) -> Poly:
    """Ordered product, written out where the number of its factors is known.

    Numbers commute: their product is one product for each factor, and a power of what does not
    change, if there surely are none too few.
    """
    (low, high), *axes = body.ranges
    letter = body.letters[0]
    steps = (high - low).constant + 1 if (high - low).is_number else None
    if steps is not None and steps <= FAR:
        names = body.letters

        def factor(step: int) -> Callable[..., Poly]:
            return lambda *place: put(
                body.body, dict(zip(names, (high - step, *place), strict=True))
            )

        factors = [factor(step) for step in range(steps)]
        return chained(factors, axes[0], at) if at else times(*(one() for one in factors))
    if at:
        return diagonal_product(body, at) or of(Product(body, at))
    if len(body.body.terms) != 1:
        return of(Product(body, ()))
    count_ = high - low + 1
    ((monomial, value),) = body.body.terms.items()
    changing = [(atom, e) for atom, e in monomial if letter in atom.free]
    constant = term(value, (), [(atom, e) for atom, e in monomial if letter not in atom.free])
    parts = [of(Product(renamed_array(body, of(atom)), ()), e) for atom, e in changing]
    if constant == ONE:
        return times(*parts)
    if context().facts.entails(count_):
        return times(*parts, power(constant, integer(count_)))
    return times(*parts, of(Product(renamed_array(body, constant), ())))


def diagonal_product(body: Array, at: tuple[Affine, ...]) -> Poly | None:
    """A product of diagonal matrices is diagonal, and each entry is a product of numbers."""
    _, row, column = map(affine, body.letters)
    diagonal = Delta(row - column)
    if not all(diagonal in dict(monomial) for monomial in body.body.terms):
        return None
    entries = Poly({
        tuple(factor for factor in monomial if factor[0] != diagonal): value
        for monomial, value in body.body.terms.items()
    })  # fmt: skip
    low, high = body.ranges[0]
    names = {body.letters[1]: at[0], body.letters[2]: at[0]}
    factor = product_over(low, high, lambda j: put(entries, {body.letters[0]: j, **names}))
    return times(delta(at[0] - at[1]), factor)


def renamed_array(body: Array, poly: Poly) -> Array:
    """Array over the same ranges, with another body."""
    return array(body.ranges, lambda *at: put(poly, dict(zip(body.letters, at, strict=True))))


def chained(
    factors: Sequence[Callable[..., Poly]],
    axis: tuple[Affine, Affine],
    at: tuple[Affine, ...],
) -> Poly:
    """Matrix product of some factors at a row and a column; of none, the identity."""
    row, column = at
    if not factors:
        return delta(row - column)
    first, *rest = factors
    if not rest:
        return first(row, column)
    return summed(*axis, lambda i: times(first(row, i), chained(rest, axis, (i, column))))


# -- Zero ------------------------------------------------------------------------------------------


def is_zero(poly: Poly) -> bool:
    """Whether a polynomial is zero, once what divides whole terms is multiplied away."""
    numerator, _ = fraction(poly)
    return not numerator.terms


CASES = 4
"""How many masks are taken to be zero or one, one after the other."""


def is_zero_in_cases(poly: Poly, cases: int = CASES) -> bool:
    """Whether a polynomial is zero, be what its masks ask for so or not.

    A mask outside of all sums is one or zero, and each makes a fact on whole numbers.
    """
    if is_zero(poly):
        return True
    masks = [atom for monomial in poly.terms for atom, _ in monomial if isinstance(atom, Mask)]
    if not (masks and cases):
        return False
    least = min(masks, key=lambda mask: mask.key).least

    def decided(fact: Affine) -> bool:
        with assuming(fact):
            again = mapped(poly, lambda atom: isinstance(atom, Mask | Delta), lambda atom: None)
            return is_zero_in_cases(again, cases - 1)

    return decided(least) and decided(-least - 1)


def fraction(poly: Poly) -> tuple[Poly, Monomial]:
    """Multiply away what divides whole terms; return what it was multiplied by as well."""
    denominator: Factors = {}
    for _ in range(MOST):
        groups = {atom for monomial in poly.terms for atom, e in monomial
                  if isinstance(atom, Group) and e < 0}  # fmt: skip
        if not groups:
            return poly, tuple(denominator.items())
        atom = min(groups, key=lambda group: group.key)
        most = max(-dict(monomial).get(atom, 0) for monomial in poly.terms)
        poly = times(poly, of(atom, most))
        denominator[atom] = denominator.get(atom, 0) + most
    raise Unsupported("too many denominators")


def one_quotient(poly: Poly) -> Poly:
    """Write a polynomial over one denominator."""
    numerator, denominator = fraction(poly)
    return times(numerator, Poly({tuple((atom, -e) for atom, e in denominator): 1}))
