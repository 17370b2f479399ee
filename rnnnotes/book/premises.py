"""What a formula takes from others, and what it leaves out.

A formula rests on those that it is `given`, on what they rest on, and on its own conditions.
All else that the book says of its symbols is left out.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from rnnnotes.book.allsizes import Letters
from rnnnotes.book.entries import DERIVATIVES as SLOPES
from rnnnotes.book.formulas import Formula, find_all
from rnnnotes.book.language import (
    Apply,
    Expression,
    Function,
    Number,
    Relation,
    StatementError,
    Variable,
    walk,
)
from rnnnotes.book.plaintext import text
from rnnnotes.book.world import DERIVATIVES, Definition

__all__ = ["definitions_of", "omitted_by", "require_conditions"]

# -- Definitions -----------------------------------------------------------------------------------


def definitions_of(stated: Formula) -> list[Definition]:
    """Return the definitions that a formula rests on, its own included.

    A function whose slope the machinery knows, and the building blocks prove, is not written
    out unless its definition is given itself.
    """
    given = (*stated.given, *stated.assumed, stated)
    return [
        definition_by(ancestor)
        for ancestor in (*stated.ancestors, *stated.assumed, stated)
        if ancestor.is_definition and (ancestor in given or not _has_a_rule(ancestor))
    ]


@cache
def definition_by(stated: Formula) -> Definition:
    """Definition that a formula states."""
    ranges = tuple(stated.index_ranges())
    return Definition(stated.statement.left, stated.statement.right, ranges)


def _has_a_rule(stated: Formula) -> bool:
    left = stated.statement.left
    return isinstance(left, Apply) and left.function.name in SLOPES


def omitted_by(stated: Formula) -> dict[str, Definition]:
    """Definitions of what a formula leaves undefined and may differentiate, by their ids.

    They are those of the chapters of the book, all of them, and of the formula's own package:
    a formula says the same whatever else is loaded.
    """
    given = definitions_of(stated)
    lines = (line.expr for line in stated.derivation)
    parts = [stated.statement, *stated.where, *lines, *(d.value for d in given)]
    if not any(isinstance(node, DERIVATIVES) for part in parts for node in walk(part)):
        return {}
    defined = {definition.name for definition in given}
    others = {id: d for id, d in definitions_known_to(stated).items() if d.name not in defined}
    pending, reached = parts, set[str]()
    while pending:
        new = set().union(*map(_names, pending)) - reached
        reached |= new
        pending = [d.value for d in others.values() if d.name in new]
    return {id: definition for id, definition in others.items() if definition.name in reached}


def definitions_known_to(stated: Formula) -> dict[str, Definition]:
    """Every definition of the book and of the package of a formula, by id."""
    packages = {_package(stated), __package__.partition(".")[0]}
    return {other.id: definition_by(other) for other in find_all().values()
            if other.is_definition and _package(other) in packages}  # fmt: skip


def _package(stated: Formula) -> str:
    return stated.code.__module__.partition(".")[0]


def _names(part: sp.Basic) -> set[str]:
    """Names of the symbols and functions in an expression."""
    nodes = set(walk(part))
    functions = {f"{node.name}()" for node in nodes if isinstance(node, Function)}
    return functions | {node.name for node in nodes if isinstance(node, Variable)}


# -- Conditions ------------------------------------------------------------------------------------


def require_conditions(stated: Formula) -> None:
    """Refuse a formula that rests on another without the conditions of that one."""
    bounds = Letters((), {symbol: (low, high) for symbol, low, high in stated.index_ranges()})
    for parent in stated.given:
        for condition in parent.where:
            if not _follows(condition, stated.where, bounds):
                raise StatementError(
                    f"{stated.id}: {parent.id} is given, which holds where {text(condition)}; "
                    f"no condition of {stated.id} says so"
                )


def _follows(needed: Relation, conditions: tuple[Relation, ...], bounds: Letters) -> bool:
    """Whether a condition is one of some others, weaker than one, or true of its indices."""
    left, sign, right = needed.left, needed.sign, needed.right
    if sign == "=":
        both = Relation(left, "<=", right), Relation(right, "<=", left)
        return all(_follows(one, conditions, bounds) for one in both)
    known = [(left, "=", left), *((c.left, c.sign, c.right) for c in conditions)]
    known += [(high, "=", low) for low, join, high in known if join == "="]
    for low, join, high in known:
        below, above = _gap(left, low, bounds), _gap(high, right, bounds)
        strict = join == "<" or below.is_positive or above.is_positive
        if below.is_nonnegative and above.is_nonnegative and (sign == "<=" or strict):
            return True
    return False


def _gap(low: Expression, high: Expression, bounds: Letters) -> sp.Expr:
    """How far one side surely lies below another: nothing if both are one, else by numbers."""
    if low == high:
        return sp.S.Zero
    if isinstance(low, Number) and isinstance(high, Number):
        return bounds.least(high.args[0] - low.args[0])
    return sp.S.NegativeInfinity
