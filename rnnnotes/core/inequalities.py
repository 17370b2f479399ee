"""Order: when a real number is surely at most another, for arrays of every size.

A comparison follows from what is known if its opposite contradicts it.  What is known comes from
rules, each of which looks at one atom and says what holds of it, and from laws, which are given.
What the solver cannot see is taken apart first: a sum over an index is compared by its terms, and
two powers with one exponent by their bases.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, product

from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import (
    FUNCTIONS,
    ONE,
    PLACE,
    RANK,
    ZERO,
    Unsupported,
    all_nonnegative,
    all_positive,
    apply,
    as_affine,
    assuming,
    choices,
    context,
    fresh,
    in_order,
    integer,
    is_nonnegative,
    is_one_of,
    is_positive,
    is_ranked,
    minus,
    of,
    over,
    plus,
    power,
    put,
    put_entries,
    put_factors,
    put_within,
    scalar,
    scaled,
    term,
    times,
    total,
    whole_power,
    within,
)
from rnnnotes.core.reals import Comparison, follows, is_exponent
from rnnnotes.core.terms import (
    Apply,
    Array,
    Atom,
    Entry,
    Group,
    Mask,
    Monomial,
    Number,
    Poly,
    Power,
    Product,
    Sum,
)

__all__ = ["Law", "Letter", "Order", "Rule", "at_least", "ends", "parts"]

Range = tuple[Affine, Affine]


# -- What follows ----------------------------------------------------------------------------------

ROUNDS = 4
"""How often rules and laws are asked what they know of the atoms that they brought up."""

MOST_FACTS = 400
"""Comparisons at which a question is given up."""

DEPTH = 3
"""How many sums and powers are taken apart, one within the other."""


class Order:
    """What is known of real numbers, and what follows from it.

    Parameters
    ----------
    laws : iterable of Law
        Comparisons that are given.
    value : callable
        What an entry is computed from, or None.
    rules : iterable of Rule
        Rules beside those on numbers and sums.
    """

    def __init__(
        self,
        laws: Iterable[Law] = (),
        value: Callable[[Entry], Poly | None] = lambda leaf: None,
        rules: Iterable[Rule] = (),
    ) -> None:
        self.laws = list(laws)
        self.value = value
        self.rules = [*RULES, *rules]
        self.depth = 0
        self.reach: list[Affine] = []
        """Facts that say where the places lie that rules bring up."""
        self._places: dict[str, Affine] = {}
        self._shown: dict[tuple[Comparison, frozenset[Affine], bool], bool] = {}

    def somewhere(self, key: str, bounds: Range) -> Affine:
        """Letter for the place of which a rule says that there is one, between two bounds."""
        place = self._places.setdefault(key, affine(fresh()))
        self.reach += within(place, *bounds)
        return place

    def shows(self, goal: Comparison) -> bool:
        """Whether a comparison surely holds."""
        key = goal, context().facts.known, self.depth < DEPTH
        if key not in self._shown:
            self._shown[key] = self._shows(goal)
        return self._shown[key]

    def _shows(self, goal: Comparison) -> bool:
        left, right = goal.sides
        if goal.sign == "=":
            sides = (left, right), (right, left)
            return left == right or all(self.shows(Comparison(a, "<=", b)) for a, b in sides)
        facts = self.known_of(goal)
        if facts is not None and follows(goal, facts):
            return True
        if self.depth >= DEPTH:
            return False
        gap = minus(right, left)
        return self.by_roots(goal) or any(
            all(self.by_terms(side, goal.sign) for side in without_sizes(one))
            for one in dict.fromkeys([gap, self.opened(gap)])
        )

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Ask a question within a question."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def known_of(self, goal: Comparison) -> list[Comparison] | None:
        """All that rules and laws say of the atoms of a comparison, and of those they bring up."""
        facts: dict[Comparison, None] = {}
        met = dict.fromkeys(atom for side in goal.sides for atom in parts(side))
        asked: set[Atom] = set()
        outer, self.reach = self.reach, []
        try:
            for _ in range(ROUNDS):
                pending = [atom for atom in met if atom not in asked]
                with assuming(*self.reach):
                    new = [fact for a in pending for rule in self.rules for fact in rule(self, a)]
                with assuming(*self.reach):
                    new += [fact for law in self.laws for fact in law.instances(met)]
                    new += splits(met)
                    new += none_above(met)
                asked.update(pending)
                before = len(facts)
                facts.update(dict.fromkeys(new))
                met.update(dict.fromkeys(a for f in new for side in f.sides for a in parts(side)))
                if not before < len(facts) <= MOST_FACTS:
                    break
        finally:
            self.reach = outer
        return list(facts) if len(facts) <= MOST_FACTS else None

    def opened(self, poly: Poly) -> Poly:
        """Polynomial in which factors that are entries are what they are computed from."""

        def value_of(atom: Atom) -> Poly:
            value = self.value(atom) if isinstance(atom, Entry) else None
            return of(atom) if value is None else value

        for _ in range(ROUNDS):
            poly = plus(*(
                scaled(v, times(*(whole_power(value_of(atom), e) for atom, e in k)))
                for k, v in poly.terms.items()
            ))  # fmt: skip
        return poly

    def by_roots(self, goal: Comparison) -> bool:
        """Whether two powers with one exponent compare as their bases do.

        The exponent is not negative, nor is the lesser base.  An exponent of zero makes both one,
        so for a strict comparison it is positive.
        """
        exponents = {one for side in goal.sides for one in exponents_in(side)}
        for exponent in sorted(exponents, key=lambda one: one.key):
            if not (all_positive if goal.sign == "<" else is_exponent)(exponent):
                continue
            left, right = (base_of(side, exponent) for side in goal.sides)
            if left is None or right is None:
                continue
            with self.deeper():
                if self.shows(at_least(left, ZERO)) and self.shows(
                    Comparison(left, goal.sign, right)
                ):
                    return True
        return False

    def by_terms(self, gap: Poly, sign: str) -> bool:
        """Whether a sum and what stands beside it are not negative.

        No term of the sum is negative, and what stands beside it is not, or is not once one of the
        terms is added, at a place that surely is within the sum.
        """
        with self.deeper():
            return any(self._by_terms(one, sign) for one in sums_in(gap))

    def _by_terms(self, one: Terms, sign: str) -> bool:
        letter, bounds = affine(fresh()), (one.low, one.high)
        with assuming(*within(letter, *bounds)) as here:
            if not here.facts.are_contradictory() and not self.shows(
                at_least(one.at(letter), ZERO)
            ):
                return False
        reached = [
            place
            for place in (*map(affine, sorted(one.rest.free)), *bounds)
            if all(map(context().facts.entails, within(place, *bounds)))
        ]
        sides = [one.rest, *(plus(one.rest, one.at(place)) for place in reached)]
        return any(self.shows(Comparison(ZERO, sign, side)) for side in sides)


def at_least(number: Poly, least: Poly) -> Comparison:
    """Comparison that says that a number is not below another."""
    return Comparison(least, "<=", number)


def parts(poly: Poly) -> Iterator[Atom]:
    """Atoms of a polynomial and of what they are made from.

    Those are left out that stand within what binds a letter, or in a function that is not known.
    """
    for monomial in poly.terms:
        for atom, _ in monomial:
            yield atom
            match atom:
                case Apply() if atom.name in FUNCTIONS and not atom.slots:
                    yield from parts(atom.arguments[0].body)
                case Power():
                    yield from parts(atom.base)
                    yield from parts(atom.exponent)
                case Group():
                    yield from parts(atom.inside)


# -- Laws ------------------------------------------------------------------------------------------

MOST_INSTANCES = 200
"""Choices of letters that are tried for one law."""


@dataclass(frozen=True)
class Letter:
    """A letter of a law, which stands for any whole number between two bounds."""

    name: str
    low: Affine
    high: Affine
    guess: Affine
    """Value that is always tried."""


@dataclass(frozen=True)
class Law:
    """A comparison that holds for all whole values of some letters, within their ranges.

    It holds for all real values of some numbers as well: those that stand for any argument of a
    function.
    """

    statement: Comparison
    letters: tuple[Letter, ...] = ()
    numbers: frozenset[Entry] = frozenset()

    def instances(self, met: Collection[Atom]) -> Iterator[Comparison]:
        """Return what the law says of atoms that are met.

        A letter takes those values at which an entry of the law is one that is met; a number, the
        arguments of the functions that are met.  Each value must surely lie within the range of
        its letter.
        """
        own = [atom for side in self.statement.sides for atom in parts(side)]
        points = list(product(*(arguments(one, own, met) for one in self.numbers)))
        for values, point in islice(product(self.values(own, met), points), MOST_INSTANCES):
            instance = self.at(values, dict(zip(self.numbers, point, strict=True)))
            if instance and any(a in met for side in instance.sides for a in parts(side)):
                yield instance

    def values(self, own: Iterable[Atom], met: Iterable[Atom]) -> list[dict[str, Affine]]:
        """Values of the letters that are tried.

        One entry that holds as many letters as any gives them their values together.
        """
        names = {one.name for one in self.letters}
        found = [
            values
            for pattern, other in product(entries_of(own), entries_of(met))
            if pattern.name == other.name and (values := meeting(pattern, other, names))
        ]
        most = max(map(len, found), default=0)
        joint = [{}, *(values for values in found if len(values) == most)]
        single = {
            name: {values[name]: None for values in found if name in values} for name in names
        }
        tried: dict[tuple[Affine, ...], None] = {}
        for values in joint:
            choices = [
                [values[one.name]] if one.name in values
                else [one.guess, one.high, *(single[one.name] if most < len(names) else ())]
                for one in self.letters
            ]  # fmt: skip
            tried.update(dict.fromkeys(product(*choices)))
        return [
            dict(zip((one.name for one in self.letters), place, strict=True)) for place in tried
        ]

    def at(self, values: Mapping[str, Affine], points: Mapping[Entry, Poly]) -> Comparison | None:
        """Return the law at some values, if these surely lie within their ranges."""
        reach = [
            fact
            for one in self.letters
            for fact in within(values[one.name], one.low.put(values), one.high.put(values))
        ]
        if not all(map(context().facts.entails, reach)):
            return None
        return self.statement.mapped(lambda side: put_entries(put(side, values), points))


def splits(met: Collection[Atom]) -> Iterator[Comparison]:
    """A sum is its terms up to a place and those beyond, if that is a place where both may end.

    This is said where a sum that is met ends at the place, and another is a part of the whole.
    """
    sums = [atom for atom in met if isinstance(atom, Sum)]
    ranges = [
        (one, letter, bounds)
        for one in sums
        for letter in one.bound
        if (bounds := ends(letter, one.factors))
        and not (bounds[0].letters | bounds[1].letters) & set(one.bound)
    ]
    for (one, letter, (low, high)), (_, _, (_, place)) in product(ranges, ranges):
        ends_within = all(map(context().facts.entails, within(place, low - 1, high)))
        if ends_within and place not in (low - 1, high):
            first, second = cut_off(one, affine(letter), place)
            if any(atom in met for part in (first, second) for atom in atoms_of(part)):
                yield Comparison(of(one), "=", plus(first, second))


def none_above(met: Collection[Atom]) -> Iterator[Comparison]:
    """No number is above the largest: at all letters that surely lie within the range."""
    facts = context().facts
    letters = [affine(name) for name in sorted({n for fact in facts.known for n in fact.names})]
    for atom in met:
        if isinstance(atom, Apply) and atom.name == "largest":
            (argument,) = atom.arguments
            ((name,), (bounds,)) = argument.letters, argument.ranges
            for place in letters:
                if all(map(facts.entails, within(place, *bounds))):
                    yield Comparison(put(argument.body, {name: place}), "<=", of(atom))


def cut_off(atom: Sum, letter: Affine, place: Affine) -> Iterator[Poly]:
    """Terms of a sum up to a place of a letter, and those beyond."""
    renaming = {name: affine(fresh()) for name in atom.bound}
    letters = tuple(name for new in renaming.values() for name in new.names)
    for least in (place - letter, letter - place - 1):
        yield total(letters, put_within((*atom.factors, (Mask(least), 1)), renaming))


def entries_of(atoms: Iterable[Atom]) -> list[Entry]:
    """Entries in atoms, those within what binds a letter too."""
    found: dict[Entry, None] = {}
    pending = list(atoms)
    while pending:
        match pending.pop():
            case Entry() as atom:
                found[atom] = None
            case Sum(factors=factors):
                pending += [factor for factor, _ in factors]
            case Product(body=body):
                pending += atoms_of(body.body)
            case Apply(arguments=taken):
                pending += [atom for argument in taken for atom in atoms_of(argument.body)]
            case Power(base=base):
                pending += atoms_of(base)
            case Group(inside=inside):
                pending += atoms_of(inside)
    return list(found)


def atoms_of(poly: Poly) -> list[Atom]:
    """Factors of a polynomial."""
    return [atom for monomial in poly.terms for atom, _ in monomial]


def meeting(pattern: Entry, other: Entry, letters: Collection[str]) -> dict[str, Affine]:
    """Values of letters at which the places of one entry are those of another.

    A place that binds a letter gives none.
    """
    values: dict[str, Affine] = {}
    for place, found in zip(pattern.at, other.at, strict=False):
        unknown = place.names & set(letters)
        if len(unknown) == 1 and not any(name.startswith("~") for name in found.letters):
            (letter,) = unknown
            rest = place - affine(letter)
            if letter not in rest.letters:
                values.setdefault(letter, found - rest)
    return values


def arguments(number: Entry, own: Iterable[Atom], met: Iterable[Atom]) -> list[Poly]:
    """Arguments that are met of the functions that a law takes of a number."""

    def applied(atoms: Iterable[Atom]) -> list[Apply]:
        return [a for a in atoms if isinstance(a, Apply) and len(a.arguments) == 1]

    taken = {(a.name, a.slots) for a in applied(own) if a.arguments[0].body == of(number)}
    found = [a.arguments[0].body for a in applied(met) if (a.name, a.slots) in taken]
    return list(dict.fromkeys(found))


# -- Sums, sizes and powers ------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """A sum over one letter, by its term at a place, and what stands beside it."""

    low: Affine
    high: Affine
    at: Callable[[Affine], Poly]
    rest: Poly


def sums_in(poly: Poly) -> Iterator[Terms]:
    """Sums over one range that are terms of a polynomial, taken together."""
    found: dict[Range, list[tuple[Number, Monomial, Sum]]] = {}
    beside: dict[Range, dict[Monomial, Number]] = {}
    for monomial, value in poly.terms.items():
        for atom, e in monomial:
            bounds = bounds_of(atom) if e == 1 and isinstance(atom, Sum) else None
            if bounds is not None:
                assert isinstance(atom, Sum)
                outside = tuple(factor for factor in monomial if factor[0] != atom)
                found.setdefault(bounds, []).append((value, outside, atom))
                beside.setdefault(bounds, dict(poly.terms)).pop(monomial)
                break
    for (low, high), summands in found.items():
        yield Terms(low, high, term_at(summands), Poly(beside[low, high]))


def term_at(summands: Iterable[tuple[Number, Monomial, Sum]]) -> Callable[[Affine], Poly]:
    """Return the term of some sums at a place, each times what stands before it."""

    def at(place: Affine) -> Poly:
        return plus(*(
            scaled(value, times(term(1, (), outside), put_factors(summand(one), {
                one.bound[0]: place})))
            for value, outside, one in summands
        ))  # fmt: skip

    return at


def summand(atom: Sum) -> Monomial:
    """Factors of a sum, but for the masks that bound its letters."""
    bound = set(atom.bound)
    return tuple((a, e) for a, e in atom.factors if not (isinstance(a, Mask) and a.free & bound))


def bounds_of(atom: Sum) -> Range | None:
    """First and last value of the letter of a sum, if it has one letter and two masks."""
    return ends(atom.bound[0], atom.factors) if len(atom.bound) == 1 else None


def ends(letter: str, factors: Monomial) -> Range | None:
    """First and last value that masks leave to a letter, if just two hold it."""
    masks = [a.least for a, _ in factors if isinstance(a, Mask) and letter in a.free]
    low = [affine(letter) - least for least in masks if least.number_of(letter) == 1]
    high = [affine(letter) + least for least in masks if least.number_of(letter) == -1]
    return (low[0], high[0]) if len(low) == len(high) == 1 and len(masks) == 2 else None


MOST_SIZES = 3
"""Absolute values of a difference that are replaced by both of what they may be."""


def without_sizes(gap: Poly) -> list[Poly]:
    """Polynomials of which the least is a polynomial: each -|u| is the lesser of -u and u."""
    sizes = {
        monomial: scaled(value, monomial[0][0].arguments[0].body)
        for monomial, value in gap.terms.items()
        if value < 0 and len(monomial) == 1 and monomial[0][1] == 1
        and isinstance(monomial[0][0], Apply) and monomial[0][0].name == "abs"
    }  # fmt: skip
    if len(sizes) > MOST_SIZES:
        return [gap]
    rest = Poly({monomial: v for monomial, v in gap.terms.items() if monomial not in sizes})
    return [
        plus(rest, *(scaled(sign, u) for sign, u in zip(signs, sizes.values(), strict=True)))
        for signs in product((1, -1), repeat=len(sizes))
    ]


def exponents_in(poly: Poly) -> Iterator[Poly]:
    """Exponents of the powers of a polynomial."""
    yield from (atom.exponent for atom in atoms_of(poly) if isinstance(atom, Power))


def base_of(poly: Poly, exponent: Poly) -> Poly | None:
    """What a product is the power of, by an exponent, or None where it is not seen.

    An exponential of e u is that of u, raised to e, if e is not zero.
    """
    if len(poly.terms) != 1:
        return None
    ((monomial, value),) = poly.terms.items()
    bases = []
    for atom, e in monomial:
        if isinstance(atom, Power) and atom.exponent in (exponent, scaled(-1, exponent)):
            bases.append(whole_power(atom.base, e if atom.exponent == exponent else -e))
        elif isinstance(atom, Apply) and atom.name == "exp" and all_positive(exponent):
            inside = over(atom.arguments[0].body, exponent)
            bases.append(whole_power(apply("exp", (), [scalar(inside)]), e))
        else:
            return None
    return times(*bases) if value == 1 else None


# -- Rules -----------------------------------------------------------------------------------------

Rule = Callable[[Order, Atom], Iterable[Comparison]]
"""What is known of an atom, for all values of what it is made from."""


def computed(order: Order, atom: Atom) -> Iterator[Comparison]:
    """An entry is what it is computed from, wherever a definition surely reaches."""
    value = order.value(atom) if isinstance(atom, Entry) else None
    if value is not None:
        yield Comparison(of(atom), "=", value)


def visibly_signed(order: Order, atom: Atom) -> Iterator[Comparison]:
    """What is visibly positive is above zero, and a square or a size is not below."""
    if is_positive(atom):
        yield Comparison(ZERO, "<", of(atom))
    elif is_nonnegative(atom):
        yield at_least(of(atom), ZERO)


def signed_sum(order: Order, atom: Atom) -> Iterator[Comparison]:
    """A sum of terms that are not negative is not negative."""
    visible = is_nonnegative(atom) or order.depth
    if isinstance(atom, Sum) and not visible and order.by_terms(of(atom), "<="):
        yield at_least(of(atom), ZERO)


def signed_product(order: Order, atom: Atom) -> Iterator[Comparison]:
    """A product of numbers that are not negative is not negative."""
    if not isinstance(atom, Product) or atom.at:
        return
    letter, bounds = affine(fresh()), atom.body.ranges[0]
    with assuming(*within(letter, *bounds)), order.deeper():
        factor = put(atom.body.body, {atom.body.letters[0]: letter})
        if all_nonnegative(factor) or (order.depth == 1 and order.shows(at_least(factor, ZERO))):
            yield at_least(of(atom), ZERO)


def geometric(order: Order, atom: Atom) -> Iterator[Comparison]:
    """(1 - q) times the sum of q**e is q**first - q**(last + 1), as e goes from first to last.

    The exponent changes by one with the letter of the sum, and q does not.  The sum starts at most
    one step after its end: of no terms, both powers are the same.
    """
    bounds = bounds_of(atom) if isinstance(atom, Sum) else None
    if not isinstance(atom, Sum) or bounds is None or len(summand(atom)) != 1:
        return
    ((base, number),) = summand(atom)
    steps = as_affine(base.exponent) if isinstance(base, Power) and number == 1 else None
    low, high = bounds
    if steps is None or not context().facts.entails(high - low + 1):
        return
    assert isinstance(base, Power)
    (letter,) = atom.bound
    if letter in base.base.free or steps.number_of(letter) not in (1, -1):
        return
    first, last = [steps.put({letter: end}) for end in (low, high)][:: steps.number_of(letter)]
    try:
        value = minus(power(base.base, integer(first)), power(base.base, integer(last + 1)))
    except Unsupported:
        return
    yield Comparison(times(minus(ONE, base.base), of(atom)), "=", value)


def place_of(order: Order, rank: Affine, values: Array) -> Affine:
    """Letter for the place of the number of a rank, where there surely is one."""
    return order.somewhere(f"{rank.key} {in_order(values).key}", values.ranges[0])


def largest(order: Order, atom: Atom) -> Iterator[Comparison]:
    """The largest of some numbers is that of the first rank, if there surely is one here.

    Where it was made there was; a mask may stand beside it since.
    """
    if isinstance(atom, Apply) and atom.name == "largest":
        (argument,) = atom.arguments
        ((letter,), (bounds,)) = argument.letters, argument.ranges
        if context().facts.entails(bounds[1] - bounds[0]):
            place = place_of(order, affine(1), argument)
            with assuming(*within(place, *bounds)):
                yield Comparison(put(argument.body, {letter: place}), "=", of(atom))


def ranked(order: Order, atom: Atom) -> Iterator[Comparison]:
    """What stands at a place that has a rank is what stands at the place of that rank."""
    if is_ranked(atom) and is_one_of(RANK, atom):
        (values,), (rank, own) = atom.arguments, atom.at
        place = place_of(order, rank, values)
        with assuming(*within(place, *values.ranges[0])):
            here, there = (put(values.body, {values.letters[0]: at}) for at in (own, place))
            yield Comparison(times(of(atom), minus(here, there)), "=", ZERO)


def chosen(order: Order, atom: Atom) -> Iterator[Comparison]:
    """A sum over all places, of what counts at the place of a rank alone, is what stands there.

    The place is one of those that there are, and at that of the first rank stands the largest.
    """
    if not isinstance(atom, Sum):
        return
    for letter, one, rest in choices(PLACE, atom.bound, dict(atom.factors)):
        (values,), (rank, _) = one.arguments, one.at
        # The place is one and the same, whatever the other letters of the sum are.
        if not is_one_of(RANK, one) or (values.free | rank.letters) & {*atom.bound}:
            continue
        place = place_of(order, rank, values)
        others = {name: affine(fresh()) for name in atom.bound if name != letter}
        names = tuple(name for new in others.values() for name in new.names)
        here = within(place, *values.ranges[0])
        yield from (at_least(integer(fact), ZERO) for fact in here)
        with assuming(*here):
            there = put_within(rest, {**others, letter: place})
            yield Comparison(of(atom), "=", total(names, there))
            if rank == affine(1):
                top = put(values.body, {values.letters[0]: place})
                yield Comparison(top, "=", of(Apply("largest", (), (values,))))


RULES: tuple[Rule, ...] = (
    computed,
    visibly_signed,
    signed_sum,
    signed_product,
    geometric,
    largest,
    ranked,
    chosen,
)
"""What is known of each atom, whatever is given."""
