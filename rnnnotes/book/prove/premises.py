"""What a formula takes from others, and what it leaves out.

A formula rests on those that it is `given`, on what they rest on, and on its own conditions.
All else that the book says of its symbols is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.language.nodes import (
    Apply,
    Expression,
    Function,
    Number,
    Relation,
    StatementError,
    Variable,
    indices,
    walk,
)
from rnnnotes.book.prove.everysize import within_ranges
from rnnnotes.book.prove.reading import whole
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.values.definitions import Definition
from rnnnotes.book.values.world import DERIVATIVES
from rnnnotes.book.write.plaintext import text
from rnnnotes.core.integers import Facts
from rnnnotes.core.normal import Unsupported

__all__ = ["any_arguments", "definitions_of", "functions_of", "omitted_by", "require_conditions"]

# -- Definitions -----------------------------------------------------------------------------------


def definitions_of(stated: Formula) -> list[Definition]:
    """Return the definitions that a formula rests on, its own included.

    A function whose slope the machinery knows, and the building blocks prove, is not written
    out unless its definition is given itself.
    """
    given = (*stated.given, *stated.assumed, stated)
    return [
        ancestor.definition
        for ancestor in (*stated.ancestors, *stated.assumed, stated)
        if ancestor.is_definition and (ancestor in given or not _has_a_rule(ancestor))
    ]


def functions_of(stated: Formula) -> list[Definition]:
    """Definitions of functions that have rules, where a formula rests on them from afar."""
    return [a.definition for a in stated.ancestors if a.is_definition and _has_a_rule(a)]


def _has_a_rule(stated: Formula) -> bool:
    left = stated.statement.left
    known = KNOWN.get(left.function.name) if isinstance(left, Apply) else None
    return known is not None and known.slope is not None


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
    return {other.id: other.definition for other in find_all().values()
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
    """Refuse a formula that rests on another without the conditions of that one.

    A condition is met by one of its own, or by a formula that is given and has none.
    """
    sure = [one for one in stated.given if not one.where]
    for parent in stated.given:
        for condition in parent.where:
            letters = any_arguments(condition, parent)
            as_wide = [one for one in stated.where if letters <= any_arguments(one, stated)]
            if not (
                _meets(condition, parent, stated, as_wide)
                or any(
                    _meets(condition, parent, one, [one.statement]) for one in sure if not letters
                )
            ):
                own = {symbol for symbol, *_ in parent.index_ranges()} & indices(condition)
                everywhere = " at all of its indices" if own else ""
                raise StatementError(
                    f"{stated.id}: {parent.id} is given, which holds where {text(condition)}; "
                    f"no condition of {stated.id} says so{everywhere}"
                )


def any_arguments(condition: Relation, stated: Formula) -> set[Variable]:
    """Symbols of a condition that stand for any argument of a function.

    Nothing else of the formula mentions them, so the condition is one on the function.  Else it is
    one on its value at this argument alone.
    """
    others = [one for one in stated.where if one != condition]
    defined = [part for one in definitions_of(stated) if not isinstance(one.target, Apply)
               for part in (one.target, one.value)]  # fmt: skip
    said = {node for part in (stated.statement, *others, *defined) for node in walk(part)}
    applied = (node for node in walk(condition) if isinstance(node, Apply))
    arguments = {argument for node in applied for argument in node.arguments}
    return {one for one in arguments - said if isinstance(one, Variable) and not one.positive}


def _meets(
    needed: Relation, parent: Formula, stated: Formula, conditions: Sequence[Relation]
) -> bool:
    """Whether a condition follows from what another formula says, wherever it is needed."""
    ranges = {s: bounds for s, *bounds in stated.index_ranges()}
    wanted = {s: bounds for s, *bounds in parent.index_ranges()}
    facts = Facts(within_ranges((str(s), whole(low, {}), whole(high, {}))
                                for s, (low, high) in ranges.items()))  # fmt: skip
    inside = all(
        _gap(Number(ranges[s][0]), Number(wanted[s][0]), facts) is not None
        and _gap(Number(wanted[s][1]), Number(ranges[s][1]), facts) is not None
        for s in indices(needed) & ranges.keys() & wanted.keys()
    )
    return inside and _follows(needed, conditions, facts)


def _follows(needed: Relation, conditions: Sequence[Relation], facts: Facts) -> bool:
    """Whether a condition is one of some others, weaker than one, or true of its indices."""
    left, sign, right = needed.left, needed.sign, needed.right
    if sign == "!=":
        both = needed, Relation(right, "!=", left)
        strict = Relation(left, "<", right), Relation(right, "<", left)
        return any(one in conditions for one in both) or any(
            _follows(one, conditions, facts) for one in strict
        )
    if sign == "=":
        sides = Relation(left, "<=", right), Relation(right, "<=", left)
        return all(_follows(one, conditions, facts) for one in sides)
    known = [(left, "=", left), *((c.left, c.sign, c.right) for c in conditions if c.sign != "!=")]
    known += [(high, "=", low) for low, join, high in known if join == "="]
    for low, join, high in known:
        gaps = _gap(left, low, facts), _gap(high, right, facts)
        if None not in gaps and (sign == "<=" or join == "<" or 1 in gaps):
            return True
    return False


def _gap(low: Expression, high: Expression, facts: Facts) -> int | None:
    """0 if one side is surely at most another, 1 if it is surely below, None if it may not be."""
    if low == high:
        return 0
    if not (isinstance(low, Number) and isinstance(high, Number)):
        return None
    gap = sp.expand(high.value - low.value)
    if gap.is_number:
        return int(bool(gap > 0)) if gap >= 0 else None
    try:
        least = whole(gap, {})
    except Unsupported:
        return None
    return int(facts.entails(least - 1)) if facts.entails(least) else None
