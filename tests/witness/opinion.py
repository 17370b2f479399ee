"""What the second reading says of a formula: each line, the statement and the code.

For each reading sizes, index values and numbers are drawn, such that the conditions of the
formula hold.  Then both sides of every line are computed and compared, and the code with the
right-hand side.  Where a line has no value the numbers are drawn again; that no side is alone
in having one is looked at apart, at zeros and ones.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from interpreter import (
    Definition,
    Draw,
    Env,
    MeaninglessError,
    Reading,
    every,
    is_name,
    number,
)

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.symbols import INDICES, SIZES
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.write.plaintext import text

TRIES, UNDEFINED = 300, 20
"""Draws after which a formula is given up: of all, and of those that fulfil its conditions."""

EXACT, ROUGH = 1e-8, 1e-5
"""What rounding may do to a value, relative to its largest entry; after differences, more."""

LOST = 1e-13
"""What rounding may leave of a difference, relative to the largest number it was made from."""

CORNERS = 2
"""Draws of zeros and ones, at which a denominator or a logarithm may have no value."""

LARGE = 1e9
"""Numbers above this are drawn again: their sums lose what a line is about."""

FAR = np.logspace(2, 12, 11)
GRID = np.concatenate([-FAR, np.linspace(-60, 60, 8001), FAR])
"""Numbers at which a condition is read, if it is meant for every number."""


class Verdict(NamedTuple):
    """What a reading says of a line, a statement or a code."""

    id: str
    what: str
    outcome: str
    because: str = ""

    def __str__(self) -> str:
        return f"{self.id}, {self.what}: {self.outcome}\n{self.because}"


class UndrawnError(RuntimeError):
    """No draw fulfils the conditions of a formula."""


# -- What is stated --------------------------------------------------------------------------------


def definitions(stated: Formula) -> dict[str, list[Definition]]:
    """What fixes a symbol in a formula: definitions it rests on, itself, and its conditions."""
    formulas = [each for each in (*stated.ancestors, stated) if is_definition(each)]
    found = [Definition(each.statement, each.ranges) for each in formulas]
    found += [Definition(each, stated.ranges) for each in stated.where if fixes(each)]
    return {
        definition.name: [other for other in found if other.name == definition.name]
        for definition in found
    }


def is_definition(stated: Formula) -> bool:
    """Whether a formula fixes a name: it has one on its left, and no derivation."""
    return not stated.derivation and is_name(stated.statement.left)


def fixes(condition: lang.Relation) -> bool:
    """Whether a condition gives a symbol its value."""
    return condition.sign == "=" and is_name(condition.left)


def claims(stated: Formula) -> Iterator[tuple[str, lang.Relation]]:
    """Everything that a formula says: line after line, and its statement."""
    before = stated.statement.left
    for place, line in enumerate(stated.derivation, start=1):
        yield f"line {place} ({line.because})", lang.Relation(before, line.sign, line.expr)
        before = line.expr
    yield "statement", stated.statement


# -- Numbers for it --------------------------------------------------------------------------------


def draw_sizes(rng: np.random.Generator, style: str) -> Env:
    """Sizes, of which any two may be equal or not; a plain draw has none of 1."""
    own = {"T": [5, 6], "N": [3, 4], "K": [1, 3], "S": [3, 4]}  # K is odd, and at most S
    others = [2, 3] if style == "plain" else [1, 1, 2, 3, 4]
    return {symbol: int(rng.choice(own.get(str(symbol), others))) for symbol in SIZES}


def choices(stated: Formula, sizes: Env) -> list[Env]:
    """Every choice of values for the indices that a formula leaves free, the sizes among them."""
    parts = [stated.statement, *stated.where, *(line.expr for line in stated.derivation)]
    wanted = set().union(*map(lang.indices, parts)) & set(INDICES)
    return list(every(wanted, stated.ranges, sizes))


def readings(stated: Formula, seed: int) -> Iterator[tuple[Reading, Env]]:
    """Four readings: two plain ones at any values of the indices, one at the first, at the last."""
    bounded = any(claim.sign != "=" for _, claim in claims(stated))
    styles = ["plain", "plain", "mixed", "large" if bounded else "mixed"]
    for place, style in enumerate(styles):
        rng = np.random.default_rng([seed, place, crc32(stated.id.encode())])
        sizes = draw_sizes(rng, style)
        found = choices(stated, sizes)
        env = found[[*rng.integers(len(found), size=2), 0, -1][place]]
        yield reading_of(stated, env, rng, style), env


def reading_of(stated: Formula, env: Env, rng: np.random.Generator, style: str) -> Reading:
    """Reading in which the conditions hold and all lines have values."""
    drawn = fulfilling(stated, env, rng, [style, "mixed"] * (TRIES // 2))
    for count, reading in enumerate(drawn, start=1):
        if has_values(reading, stated, env):
            return reading
        if count == UNDEFINED:
            raise UndrawnError(f"some line has no value in any of {UNDEFINED} draws")
    raise UndrawnError(f"none of {TRIES} draws fulfils the conditions")


@np.errstate(all="ignore")
def has_values(reading: Reading, stated: Formula, env: Env) -> bool:
    """Whether all lines have values that can be compared: numbers, and none too large."""
    try:
        for _, claim in claims(stated):
            if not all(map(is_moderate, reading.values((claim.left, claim.right), env))):
                return False
    except MeaninglessError:
        return True  # other numbers do not help
    return reading.largest < LARGE


def is_moderate(value: Any) -> bool:
    """Whether all entries are numbers, and none so large that a sum loses the others."""
    return bool(np.all(np.abs(value) < LARGE))


def fulfilling(
    stated: Formula, env: Env, rng: np.random.Generator, styles: list[str]
) -> Iterator[Reading]:
    """Readings in which the conditions hold, of as many draws as there are styles."""
    fixed = definitions(stated)
    sizes = {symbol: env[symbol] for symbol in SIZES}
    conditions = [condition for condition in stated.where if not fixes(condition)]
    for style in styles:
        draw = Draw(int(rng.integers(2**32)), sizes, style)
        for condition in conditions:
            tighten(Reading(draw, fixed), condition, stated, env, rng)
        reading = Reading(draw, fixed)
        if all(fulfils(reading, condition, stated, env) for condition in conditions):
            yield reading


# -- Conditions ------------------------------------------------------------------------------------


def cases(condition: lang.Relation, stated: Formula, env: Env) -> Iterator[Env]:
    """Every choice of the indices of a condition, which is meant for all of them."""
    own = lang.indices(condition) & set(INDICES)
    others = {symbol: value for symbol, value in env.items() if symbol not in own}
    return every(own, stated.ranges, others)


def unbound(condition: lang.Relation, stated: Formula) -> set[lang.Variable]:
    """Numbers that the condition alone mentions: it is meant for all of them."""
    parts = [stated.statement, *(line.expr for line in stated.derivation)]
    parts += [other for other in stated.where if other is not condition]
    elsewhere = {node for part in parts for node in lang.walk(part)}
    mentioned = {node for node in lang.walk(condition) if isinstance(node, lang.Variable)}
    return {symbol for symbol in mentioned - elsewhere if not symbol.shape and not symbol.times}


def sides(
    reading: Reading, condition: lang.Relation, stated: Formula, env: Env
) -> Iterator[tuple[Any, Any]]:
    """Both sides of a condition, for every choice of what it is meant for."""
    numbers = unbound(condition, stated)
    vectors = {symbol: lang.Variable(symbol.name, GRID.shape) for symbol in numbers}
    whole = condition.xreplace(vectors)
    held = reading.holding({(symbol.name, ()): GRID for symbol in numbers})
    for choice in cases(condition, stated, env):
        yield held.value(whole.left, choice), held.value(whole.right, choice)


@np.errstate(all="ignore")
def fulfils(reading: Reading, condition: lang.Relation, stated: Formula, env: Env) -> bool:
    """Whether a condition holds for the numbers of a reading."""
    return all(
        is_moderate(left) and is_moderate(right) and compare(left, condition.sign, right)
        for left, right in sides(reading, condition, stated, env)
    )


@np.errstate(all="ignore")
def tighten(
    reading: Reading, condition: lang.Relation, stated: Formula, env: Env, rng: np.random.Generator
) -> None:
    """Let a symbol that bounds something, by itself or times a factor, be no larger than it must.

    A bound that is far away would hide what is wrong with it.
    """
    factor = condition.right.args[0] if isinstance(condition.right, lang.Times) else condition.right
    if condition.sign == "<=" and isinstance(factor, lang.Variable) and factor.positive:
        found = sides(reading, condition, stated, env)
        ratio = max(np.max(left / right) for left, right in found)
        known = reading.symbol(factor, ())
        reading.draw.known[factor.name, ()] = known * ratio * (1 + rng.choice([1e-6, 0.3])) + 1e-9


# -- Verdicts --------------------------------------------------------------------------------------


def slack(reading: Reading, *values: Any) -> float:
    """What rounding may have done to values of a reading."""
    relative = ROUGH if reading.draw.is_rough else EXACT
    return relative * max(np.max(np.abs(value)) for value in values) + LOST * reading.largest


def compare(left: Any, sign: str, right: Any, tolerance: float = 0) -> bool:
    """Whether numbers compare as a sign says, up to what rounding does."""
    if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
        return False
    match sign:
        case "=":
            return bool(np.all(np.abs(left - right) <= tolerance))
        case "<=":
            return bool(np.all(left <= right + tolerance))
        case "<":
            return bool(np.all(left < right))
        case "!=":
            return bool(np.all(left != right))
    raise ValueError(f"no meaning for the sign {sign!r}")


def agrees(reading: Reading, claim: lang.Relation, env: Env) -> bool:
    """Whether a line holds for the numbers of a reading."""
    if any(isinstance(node, lang.Order) for node in lang.walk(claim)):
        return vanishes(reading, claim, env)
    left, right = reading.values((claim.left, claim.right), env)
    sign = claim.sign
    if reading.draw.style == "large":
        if sign in ("=", "!="):
            return True  # it has been read with numbers that keep their digits
        sign = "<="  # a sigmoid of 40 is rounded to one
    return compare(left, sign, right, slack(reading, left, right))


def vanishes(reading: Reading, claim: lang.Relation, env: Env) -> bool:
    """Whether the sides differ by no more than a power of the small quantity, as it shrinks."""
    (order,) = {node for node in lang.walk(claim) if isinstance(node, lang.Order)}
    small, power = order.args[0].name, number(order.args[1], env)

    def gap(step: float) -> float:
        left, right = reading.holding({(small, ()): step}).values((claim.left, claim.right), env)
        return float(np.max(np.abs(left - right)))

    coarse = max(gap(step) / step**power for step in (2e-2, 1e-2, 5e-3))
    return gap(1e-4) <= 1.5 * coarse * 1e-4**power + 1e-11


@np.errstate(all="ignore")
def judge(stated: Formula, seed: int) -> list[Verdict]:
    """What the second reading says of a formula.

    Parameters
    ----------
    stated : Formula
        Formula that is read.
    seed : int
        Seed of the sizes, the index values and the numbers.

    Returns
    -------
    list of Verdict
        One for each line, for the statement, for the code, and for where they have values.
    """
    found: dict[str, list[str]] = {what: [] for what, _ in claims(stated)} | {"code": []}
    try:
        for reading, env in readings(stated, seed):
            for what, claim in claims(stated):
                found[what] += objections(reading, claim, env)
            found["code"] += code_objections(stated, reading, env)
    except UndrawnError as error:
        return [Verdict(stated.id, what, "not evaluated", str(error)) for what in found]
    found["values"] = list(one_sided(stated, seed))
    return [
        Verdict(stated.id, what, "disagree" if complaints else "agree", "\n".join(complaints[:1]))
        for what, complaints in found.items()
    ]


def objections(reading: Reading, claim: lang.Relation, env: Env) -> Iterator[str]:
    """Why a line does not hold, if it does not."""
    try:
        if agrees(reading, claim, env):
            return
        left, right = reading.values((claim.left, claim.right), env)
    except MeaninglessError as error:
        yield f"{text(claim)}\n{error}\n{where(env)}"
        return
    yield f"{text(claim)}\n{where(env)}\n{worst(left, claim.sign, right)}"


def worst(left: Any, sign: str, right: Any) -> str:
    """Entry in which two sides differ most, and what each holds there."""
    left, right = np.broadcast_arrays(left, right)
    gap = np.abs(left - right) if sign == "=" else left - right
    place = np.unravel_index(np.argmax(gap), gap.shape)  # what is no number counts as the largest
    entry = f"entry {tuple(int(axis) + 1 for axis in place)}: " if place else ""
    return f"{entry}{left[place]!r} on the left, {right[place]!r} on the right"


def one_sided(stated: Formula, seed: int) -> Iterator[str]:
    """Lines of which one side alone has a value, where every symbol is zero or one."""
    stands = [stated.statement, *(line.expr for line in stated.derivation)]
    stands += [each.relation.right for found in definitions(stated).values() for each in found]
    if not any(map(may_lack_a_value, (node for part in stands for node in lang.walk(part)))):
        return
    rng = np.random.default_rng([seed, crc32(stated.id.encode())])
    found = choices(stated, draw_sizes(rng, "mixed"))
    env = found[rng.integers(len(found))]
    for reading in fulfilling(stated, env, rng, ["corner"] * CORNERS):
        for what, claim in claims(stated):
            sides = [has_value(reading, side, env) for side in (claim.left, claim.right)]
            if sides[0] != sides[1]:
                side = "left" if sides[0] else "right"
                yield f"{what}: {text(claim)}\n{where(env)}\nonly the {side} has a value"


def may_lack_a_value(node: Any) -> bool:
    """Whether a node has no value for some numbers: it divides, inverts or takes a logarithm."""
    if isinstance(node, lang.Power):
        return node.args[1] != lang.Number(2)
    divides = isinstance(node, lang.Divide | lang.Inverse | lang.MatrixPower)
    return divides or (isinstance(node, lang.Function) and node.name == "log")


def has_value(reading: Reading, side: lang.Expression, env: Env) -> bool:
    """Whether a side is a number for the numbers of a reading."""
    try:
        return bool(np.all(np.isfinite(reading.value(side, env))))
    except MeaninglessError:
        return False


def where(env: Env) -> str:
    """Sizes and index values of a reading."""
    return ", ".join(f"{symbol}={value}" for symbol, value in env.items())


# -- Code ------------------------------------------------------------------------------------------


def code_objections(stated: Formula, reading: Reading, env: Env) -> Iterator[str]:
    """Why the code does not compute the right-hand side, if it does not."""
    try:
        expected = reading.value(stated.statement.right, env)
        arguments = {
            name: argument(reading, stated.argument(name), env)
            for name in inspect.signature(stated.code).parameters
        }
        given = copy.deepcopy(arguments)
    except MeaninglessError as error:
        yield f"{error}\n{where(env)}"
        return
    try:
        got = np.asarray(stated.code(**given))
    except Exception as error:  # noqa: BLE001 -- code that fails computes nothing, however it fails
        yield f"the code raises {error!r}\n{where(env)}"
        return
    for name, value in arguments.items():
        if not callable(value) and not np.array_equal(value, given[name], equal_nan=True):
            yield f"the code changes its argument {name}\n{where(env)}"
    if got.shape != np.shape(expected):
        yield f"the code returns shape {got.shape}, not {np.shape(expected)}\n{where(env)}"
    elif not compare(got, "=", expected, slack(reading, expected)):
        yield f"the code is on the left\n{where(env)}\n{worst(got, '=', expected)}"


def argument(reading: Reading, stands_for: Any, env: Env) -> Any:
    """What the code is given for a parameter: numbers, a function, or a whole number."""
    if isinstance(stands_for, lang.Function):
        return lambda *values: called(reading, stands_for, values, env)
    if isinstance(stands_for, lang.Expression):
        return reading.value(stands_for, env)
    return number(stands_for, env)


def called(reading: Reading, function: lang.Function, values: tuple[Any, ...], env: Env) -> Any:
    """Value of a function that the code calls."""
    shape = None if function.elementwise else shape_of(function, values, env)
    return reading.apply(function, shape, [np.asarray(value)[()] for value in values], env)


def shape_of(function: lang.Function, values: tuple[Any, ...], env: Env) -> list[int]:
    """Shape of the value of a map, whose arguments give its letters their numbers."""
    lengths = zip(function.takes, map(np.shape, values), strict=True)
    letters = {size: length for pair in lengths for size, length in zip(*pair, strict=True)
               if isinstance(size, lang.Letter)}  # fmt: skip
    return [number(size, {**env, **letters}) for size in function.gives]
