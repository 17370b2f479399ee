"""Changes of a call and of a formula, one of which may explain why a function differs from it.

Each is tried by computation: what is said of a function here is what its numbers have shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial, reduce
from itertools import chain, combinations, permutations
from typing import Any, NamedTuple

from rnnnotes.book.check.mutants import changes
from rnnnotes.book.compare.alone import put_in
from rnnnotes.book.compare.calling import Call, Value
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.symbols import DECLARED, SIZES
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.write.plaintext import text

__all__ = ["Guess", "guesses"]


class Guess(NamedTuple):
    """A call and a right-hand side that may agree, and what it says if they do."""

    says: str
    call: Call
    right: Any


def guesses(stated: Formula, call: Call) -> Iterator[Guess]:
    """Every change that is tried, the likeliest first.

    Parameters
    ----------
    stated : Formula
        Formula in the arguments of the call.
    call : Call
        Call that differs from it.

    Yields
    ------
    Guess
        One change, of the call or of the formula.
    """
    right = stated.statement.right
    for says, other in (*_items(call), *_transposed(call, stated), *_orders(call)):
        yield Guess(says, other, right)
    arguments = {
        name: value for name, value in stated.arguments.items() if isinstance(value, lang.Variable)
    }
    for name, value in arguments.items():
        yield Guess(f"in the formula 1 - {name} stands in the place of {name}", call,
                    put_in(right, {value: 1 - value}))  # fmt: skip
    for says, new in _of_the_result(right):
        yield Guess(says, call, new)
    for says, other in _exchanged(call):
        yield Guess(says, other, right)
    confused = partial(_confused, list(arguments.values()))
    parts = (
        _of_a_part(right, _changed),
        _of_arguments(arguments, right),
        _of_a_part(right, confused),
    )
    for says, new in chain.from_iterable(parts):
        yield Guess(f"in the formula {says}", call, new)
    for says, new in _multiplied(stated):
        yield Guess(says, call, new)


# -- Of the call -----------------------------------------------------------------------------------

MOST = 4
"""Most matrices of which some are transposed, most blocks that change places, and most items."""


def _items(call: Call) -> Iterator[tuple[str, Call]]:
    """Another item of what is returned."""
    for item in range(MOST):
        if item != call.item:
            yield f"item {item} of what it returns is taken", replace(call, item=item)


def _transposed(call: Call, stated: Formula) -> Iterator[tuple[str, Call]]:
    """Some matrices are the transposes of ours."""
    matrices = {name for name, value in stated.arguments.items()
                if len(getattr(value, "shape", ())) == 2}  # fmt: skip
    found = [name for name, value in call.values.items() if value.names & matrices]
    several = range(1, len(found) + 1) if len(found) <= MOST else (1, len(found))
    for count in several:
        for chosen in combinations(found, count):
            turned = {name: replace(call.values[name], turned=not call.values[name].turned)
                      for name in chosen}  # fmt: skip
            yield _given(turned), call.with_values(**turned)


def _orders(call: Call) -> Iterator[tuple[str, Call]]:
    """The blocks of what is joined stand in another order, the same one in all."""
    for count in range(2, MOST + 1):
        joined = {name: one for name, one in call.values.items() if len(one.parts) == count}
        for order in permutations(range(count)) if joined else ():
            moved = {name: replace(one, parts=tuple(one.parts[n] for n in order))
                     for name, one in joined.items()}  # fmt: skip
            if moved != joined:
                yield _given(moved), call.with_values(**moved)


def _exchanged(call: Call) -> Iterator[tuple[str, Call]]:
    """Two arguments have changed places."""
    for (one, value), (other, second) in combinations(call.values.items(), 2):
        yield f"{one} and {other} change places", call.with_values(**{one: second, other: value})


def _given(values: dict[str, Value]) -> str:
    """What some parameters are given."""
    return ", and ".join(f"{name} is given {value.spelled}" for name, value in values.items())


# -- Of the formula --------------------------------------------------------------------------------

Changed = Iterator[tuple[str, Any]]


def _of_the_result(right: Any) -> Changed:
    """All of the right-hand side is another."""
    yield "the formula has the other sign", -right
    if len(right.shape) == 2:
        yield "the formula is transposed", right.T


def _multiplied(stated: Formula) -> Changed:
    """The right-hand side is multiplied or divided by two, or by a size."""
    for factor in (2, *(size for size in SIZES if size in _sizes(stated))):
        yield f"the formula is multiplied by {factor}", factor * stated.statement.right
        yield f"the formula is divided by {factor}", stated.statement.right / factor


def _sizes(stated: Formula) -> set[Any]:
    shapes = (getattr(value, "shape", ()) for value in stated.arguments.values())
    return {symbol for shape in shapes for length in shape for symbol in length.free_symbols}


def _of_arguments(arguments: dict[str, Any], right: Any) -> Changed:
    """An argument is left out, or stands in another form, wherever it occurs."""
    tanh, sigmoid = DECLARED["tanh"], DECLARED["sigmoid"]
    for name, value in arguments.items():
        zero, one = lang.Zeros(*value.shape), lang.Ones(*value.shape)
        forms = [("0", zero if value.shape else lang.wrap(0)),
                 ("1", one if value.shape else lang.wrap(1)),
                 (f"-{name}", -value), (f"tanh({name})", tanh(value)),
                 (f"sigmoid({name})", sigmoid(value))]  # fmt: skip
        for spelled, form in forms:
            yield f"{spelled} stands in the place of {name}", put_in(right, {value: form})


Rule = Callable[[Any], Changed]
"""What a node may be changed to, and how that is said."""


def _of_a_part(node: Any, rule: Rule) -> Changed:
    """One part of an expression is another."""
    for says, new in rule(node):
        if isinstance(new, lang.Expression) and new.shape == node.shape and new != node:
            yield says, new
    for place, part in enumerate(node.args):
        if isinstance(part, lang.Expression) and not isinstance(node, lang.At):
            for says, new in _of_a_part(part, rule):
                try:
                    yield says, node.func(*node.args[:place], new, *node.args[place + 1 :])
                except (lang.StatementError, ValueError, TypeError):
                    continue  # it does not fit there


def _confused(arguments: list[Any], node: Any) -> Changed:
    """An argument stands where something else belongs."""
    for other in arguments:
        if other.shape == node.shape:
            yield f"{text(other)} stands in the place of {text(node)}", other


def _changed(node: Any) -> Changed:
    """Every change of one node."""
    terms, factors = _terms(node), _factors(node)
    yield from _dropped("term", terms, lambda kept: reduce(_joined, kept[1:], _first(kept[0])))
    yield from _dropped("factor", [(1, one) for one in factors],
                        lambda kept: reduce(lang.Times, [one for _, one in kept]))  # fmt: skip
    instead = partial("{1} stands in the place of {0}".format, text(node))
    if isinstance(node, lang.Apply) and node.function.elementwise:
        yield instead(text(node.arguments[0])), node.arguments[0]
    if isinstance(node, lang.Power | lang.Divide | lang.Diag | lang.Transpose):
        yield instead(text(node.args[0])), node.args[0]
    if isinstance(node, lang.Sum):
        mean = node / (node.high - node.low + 1)
        yield instead("its mean"), mean
    for new in _regrouped(node):
        yield instead(text(new)), new
    for operator, new in changes(node):
        if operator != "dropped" or isinstance(node, lang.MatMul):
            yield instead(text(new)), new


def _regrouped(node: Any) -> Iterator[Any]:
    """Products entry by entry that are taken after a matrix, and not before it, or the reverse."""
    if isinstance(node, lang.MatMul) and isinstance(node.right, lang.Times):
        matrix, (left, right) = node.left, node.right.args
        for outside, inside in ((left, right), (right, left)):
            if outside.shape == node.shape and inside.shape:
                yield outside * (matrix @ inside)
    if isinstance(node, lang.Times):
        for outside, product in (node.args, node.args[::-1]):
            if isinstance(product, lang.MatMul) and outside.shape == product.right.shape:
                yield product.left @ (outside * product.right)


Signed = tuple[int, Any]


def _terms(node: Any, sign: int = 1) -> list[Signed]:
    """Terms of a sum, with their signs."""
    if isinstance(node, lang.Add | lang.Sub):
        other = sign if isinstance(node, lang.Add) else -sign
        return [*_terms(node.left, sign), *_terms(node.right, other)]
    return [(sign, node)]


def _first(term: Signed) -> Any:
    return term[1] if term[0] > 0 else -term[1]


def _joined(left: Any, term: Signed) -> Any:
    return left + term[1] if term[0] > 0 else left - term[1]


def _factors(node: Any) -> list[Any]:
    """Factors of a product entry by entry."""
    if isinstance(node, lang.Times):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _dropped(kind: str, parts: list[Signed], join: Any) -> Changed:
    """One part is left out, or two, or all but one."""
    for count in sorted({1, 2, len(parts) - 1} & set(range(1, len(parts)))):
        for lost in combinations(range(len(parts)), count):
            named = " and ".join(text(parts[n][1]) for n in lost)
            verb = f"{kind} {named} is" if count == 1 else f"{kind}s {named} are"
            yield f"the {verb} left out", join([p for n, p in enumerate(parts) if n not in lost])
