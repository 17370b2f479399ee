"""A formula as a function of its own: in the arguments that somebody else's code takes.

What a formula computes from is written out by the definitions of its chapter until only
arguments are left, and these may then be any numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.state.arguments import ArgumentError
from rnnnotes.book.state.formulas import FORMULAS, Formula, Line
from rnnnotes.book.values.world import DERIVATIVES

__all__ = ["Source", "alone", "by_parts", "put_in", "written_out"]


def by_parts(node: Any, change: Callable[[Any], Any]) -> Any:
    """Tree in which a change has been made, from the top; below what is changed nothing is."""
    new = change(node)
    if new is not None:
        return new
    if isinstance(node, lang.Variable | lang.At | sp.Expr) or not node.args:
        return node
    parts = [by_parts(part, change) for part in node.args]
    same = all(part is old for part, old in zip(parts, node.args, strict=True))
    return node if same else node.func(*parts)


def put_in(node: Any, new: Mapping[Any, Any]) -> Any:
    """Tree in which other nodes stand in the place of some."""
    return by_parts(node, new.get)


# -- Writing out -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """An expression that is written out, its arguments by name, and the formulas that did it.

    Of `more` arguments it has nothing: a function takes them for what else it returns.
    """

    value: Any
    arguments: Mapping[str, Any]
    used: Mapping[str, Formula] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


def written_out(stated: Formula, available: Collection[str]) -> Source | None:
    """Write out the right-hand side of a formula in the arguments that are available.

    Parameters
    ----------
    stated : Formula
        Formula whose code takes arguments by name.
    available : collection of str
        Names of those that are given.  The others are computed by definitions that the formula
        rests on, or that stand in its chapter.

    Returns
    -------
    Source or None
        None if an argument is neither available nor computed from what is.
    """
    parts: dict[str, Any] = {}
    used: dict[str, Formula] = {}
    new: dict[Any, Any] = {}
    for name, value in stated.arguments.items():
        if name in available:
            parts[name] = value
            continue
        source = _computed(stated, value, available)
        if source is None:
            return None
        new[value] = source.value
        parts |= source.arguments
        used |= source.used
    return Source(put_in(stated.statement.right, new), parts, used)


def _computed(stated: Formula, value: Any, available: Collection[str]) -> Source | None:
    """What an argument is by a definition, if there is one whose own arguments are available."""
    found = []
    for definition in _definitions(stated):
        if definition.statement.left == value:
            source = written_out(definition, available)
            if source is not None:
                used = {**source.used, definition.id: definition}
                found.append(Source(source.value, source.arguments, used))
    if not found:
        return None
    # With a peephole, or with a second bias, there are more arguments: all that are given count.
    found.sort(key=lambda source: len(source.arguments), reverse=True)
    if len(found) > 1 and len(found[0].arguments) == len(found[1].arguments):
        first, second = (list(source.used)[-1] for source in found[:2])
        raise ArgumentError(f"{stated.id}: it computes from what both {first} and {second} give: "
                            "compare a function with one of them at a time")  # fmt: skip
    return found[0]


def _definitions(stated: Formula) -> Iterator[Formula]:
    """Definitions that a formula rests on, and those of its chapter that define what is left."""
    own = [one for one in stated.ancestors if one.is_definition]
    known = {one.statement.left for one in own}
    yield from own
    yield from (one for one in FORMULAS.values() if one.chapter == stated.chapter
                and one.is_definition and one.statement.left not in known
                and one is not stated)  # fmt: skip


# -- Standing alone --------------------------------------------------------------------------------


def alone(stated: Formula, source: Source, where: Mapping[str, Any], code: Any) -> Formula:
    """Return a formula whose arguments are any numbers, with code of the same arguments.

    Parameters
    ----------
    stated : Formula
        Formula of the book.
    source : Source
        Its right-hand side, written out.
    where : mapping of str to expression
        Arguments that are known: functions, zeros and ones.
    code : callable
        Takes the other arguments, by name.

    Returns
    -------
    Formula
        One that rests on no other, if that is possible; else one in which an argument is what
        the book computes it to be.
    """
    fixed = {source.arguments[name]: value for name, value in where.items()}
    new = {one: value for one, value in fixed.items() if not isinstance(one, lang.Function)}
    constants, bindings = dict(new), dict[str, Any]()
    for name, value in source.arguments.items():
        if name not in where:
            bindings[name] = _free(name, value, new)
    parts = (source.value, *stated.where)
    right, *conditions = (_with_functions(put_in(part, new), fixed) for part in parts)
    added = tuple(one for one in source.used.values() if one not in stated.ancestors)
    if _is_free([right, *conditions], bindings):
        bindings |= {name: _free(name, value, {}) for name, value in source.more.items()}
        every = dict.fromkeys(a for one in (stated, *added) for a in one.ancestors)
        functions = (one for one in every if isinstance(one.statement.left, lang.Apply))
        given = tuple(one for one in functions if one.is_definition)
        return _formula(stated, right, code, bindings, tuple(conditions), given)
    right = _with_functions(put_in(source.value, constants), fixed)
    arguments = {**source.arguments, **source.more}
    attached = {name: value for name, value in arguments.items() if name not in where}
    return _formula(stated, right, code, attached, stated.where, (*stated.given, *added))


def _is_free(parts: list[Any], bindings: Mapping[str, Any]) -> bool:
    """Whether expressions are of their arguments: none is tied to what stands in its place."""
    nodes = set().union(*map(lang.walk, parts))
    inside = (set(lang.walk(value)) for value in bindings.values()
              if isinstance(value, lang.Expression))  # fmt: skip
    symbols = ({node for node in one if isinstance(node, lang.Variable)} for one in inside)
    return all(one <= nodes for one in symbols) and not any(
        isinstance(node, DERIVATIVES) for node in nodes
    )


def _formula(
    stated: Formula, right: Any, code: Any, bindings: Any, where: Any, given: Any
) -> Formula:
    left = lang.Variable("result", right.shape)
    left = left.T if right.row else left
    line = Line("=", right, "it is what the formula says")
    return replace(stated, statement=lang.Relation(left, "=", right), code=code, where=where,
                   bindings=bindings, given=given, derivation=(line,))  # fmt: skip


def _free(name: str, value: Any, new: dict[Any, Any]) -> Any:
    """Symbol that stands for an argument, which may be any; what it takes the place of is noted."""
    if isinstance(value, lang.Function | sp.Symbol | lang.Variable | lang.Steps):
        return value
    if isinstance(value, lang.Stack):
        body, index, low, high = value.args
        steps = lang.Variable(name, body.shape, (low, high))
        new[body] = steps[index].T if body.row else steps[index]
        return lang.Steps(steps)
    positive = isinstance(value, lang.At) and value.variable.positive
    free = lang.Variable(name, value.shape, (), positive)
    new[value] = free.T if value.row else free
    return free


def _with_functions(node: Any, fixed: Mapping[Any, Any]) -> Any:
    """Tree in which a function that is known is applied, and so are its derivatives."""
    known = {one.name: value for one, value in fixed.items() if isinstance(one, lang.Function)}

    def change(part: Any) -> Any:
        if not isinstance(part, lang.Function) or part.name not in known:
            return None
        return known[part.name].differentiated(part.order)

    return by_parts(node, change) if known else node
