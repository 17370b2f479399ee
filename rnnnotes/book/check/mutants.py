"""Break the book on purpose, and see each break refused.

A mutant is a formula with one small change in its statement, in a line of its derivation, in
its code or in what it rests on.  It is checked as any formula is, by the whole of the checks and
in draws of its own, and must be refused.  A mutant that passes is either equivalent, which is
shown by its values or by its proof, or a defect of the checks.

``python -m rnnnotes.book.check.mutants`` breaks everything; ``--share 0.1`` a seeded tenth.  With
``--record`` it breaks what has changed since the record was made, and keeps the rest.
"""

from __future__ import annotations

import ast
import inspect
import json
import random
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain, product
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
import numpy as np
import sympy as sp
from pebble import ProcessExpired, ProcessPool

from rnnnotes.book.check import store
from rnnnotes.book.check.checking import prove, result_of
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.language.symbols import DECLARED
from rnnnotes.book.prove.settings import FEWEST, Setting, settings_of
from rnnnotes.book.prove.sizes import choices
from rnnnotes.book.prove.verdicts import Result, weakest
from rnnnotes.book.state.formulas import Code, Formula, Line
from rnnnotes.book.state.source import standalone
from rnnnotes.book.values.draws import KINDS
from rnnnotes.book.write.plaintext import text

__all__ = ["Mutant", "Trial", "digest_of", "mutants_of", "recorded", "trials_of"]

LIMIT = 300.0
"""Seconds that all mutants of one formula may take together."""

SOON = 2.0
"""Seconds within which a mutant should be refuted."""

RECORD = Path(__file__).parents[3] / "docs" / "mutants.json"
"""What became of all mutants of each formula; the page on checking shows the counts.

Each formula stands with a digest of what its mutants depend on, so that a change makes no more
stale than what it touches.  Without this file, all are tried anew.
"""

Fate = Literal["refuted", "weaker", "equivalent", "survived"]

Counts = dict[str, Counter[str]]
"""How many mutants met each fate, by what was broken."""


class Mutant(NamedTuple):
    """A broken formula, what was done to it, and where."""

    formula: Formula
    operator: str
    place: str
    lines: tuple[int, ...]
    """Lines of the derivation that the break touches."""


@dataclass(frozen=True)
class Trial:
    """What became of a mutant, and why."""

    id: str
    operator: str
    place: str
    fate: Fate
    why: str
    seconds: float = field(default=0.0, compare=False)
    """Time of the processor that the check took."""


# -- Breaking a statement --------------------------------------------------------------------------

Change = tuple[str, Any]


Rule = Callable[[Any], Iterator[Callable[[], Any]]]


def changes(node: Any, rules: Mapping[str, Rule] | None = None) -> Iterator[Change]:
    """Every change of one node, as (operator, new node).  One that does not fit is left out."""
    for operator, rule in (rules or OPERATORS).items():
        for build in rule(node):
            try:
                yield operator, build()
            except (lang.StatementError, ValueError, TypeError):
                continue  # refused when it is built: there is no such statement


def _transposes(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Transpose):
        yield lambda: node.args[0]
    elif isinstance(node, lang.Variable | lang.At) and len(node.shape) == 2:
        yield lambda: node.T


def _orders(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.MatMul | lang.Outer | lang.Sub | lang.Divide):
        yield lambda: node.func(*reversed(node.args))


def _signs(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Add):
        yield lambda: lang.Sub(*node.args)
    elif isinstance(node, lang.Sub):
        yield lambda: lang.Add(*node.args)
    elif isinstance(node, lang.Neg):
        yield lambda: node.args[0]


def _drops(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Add | lang.Sub | lang.Times | lang.MatMul):
        for part in node.args:
            if part.shape == node.shape:
                yield partial(_itself, part)


def _itself(part: Any) -> Any:
    return part


def _indices(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.At) and node.variable.times:
        *outer, time = node.index
        for shift in (-1, 1):
            yield partial(lang.At, node.variable, *outer, time + shift)


def _bounds(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Sum | lang.Product):
        body, index, first, last = node.args
        yield lambda: node.func(body, index, first + 1, last)
        yield lambda: node.func(body, index, first, last - 1)


def _constants(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Number):
        yield lambda: lang.Number(node.value + 1)
        yield lambda: lang.Number(node.value - 1)


def _activations(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Apply) and node.function.elementwise:
        function, arguments = node.function, node.arguments
        order = 0 if function.order else 1
        yield lambda: function.differentiated(order)(*arguments)
        if function.name in SWAPPED:
            other = DECLARED[SWAPPED[function.name]].differentiated(function.order)
            yield lambda: other(*arguments)


SWAPPED = {name: row.mutant for name, row in KNOWN.items() if row.mutant} | {"f": "g", "g": "f"}

OPERATORS: dict[str, Rule] = {
    "transpose": _transposes,
    "order": _orders,
    "sign": _signs,
    "dropped": _drops,
    "index": _indices,
    "bound": _bounds,
    "constant": _constants,
    "activation": _activations,
}


def _sizes(numbers: Mapping[sp.Symbol, sp.Integer]) -> Rule:
    """Rule that puts the number of a size in its place."""

    def rule(node: Any) -> Iterator[Callable[[], Any]]:
        if isinstance(node, lang.Size):
            yield lambda: lang.Number(sp.prod(node.inside.shape).xreplace(numbers))
        elif isinstance(node, SIZED):
            for size, number in numbers.items():
                put = [part if isinstance(part, lang.Expression) else part.xreplace({size: number})
                       for part in node.args]  # fmt: skip
                if put != [*node.args]:
                    yield partial(node.func, *put)

    return rule


SIZED = (
    *(lang.Number, lang.Identity, lang.Ones, lang.Zeros, lang.OneHot),
    *(lang.Sum, lang.Product, lang.At),
)
"""Nodes in which a size stands for itself, and not for the shape of what is declared."""


def broken(
    node: Any, where: str = "", rules: Mapping[str, Rule] | None = None
) -> Iterator[tuple[str, str, Any]]:
    """Every tree with one change in it, as (operator, place, tree)."""
    for operator, changed in changes(node, rules):
        yield operator, f"{where or 'whole'}: {type(node).__name__}", changed
    for place, part in enumerate(node.args):
        if isinstance(part, lang.Expression | lang.Relation | sp.Tuple):
            for operator, inner, changed in broken(part, f"{where}.{place}".lstrip("."), rules):
                arguments = [*node.args[:place], changed, *node.args[place + 1 :]]
                try:
                    whole = node.func(*arguments)
                except (lang.StatementError, ValueError, TypeError):
                    continue
                # An inner product takes back the transpose that a change has dropped.
                if whole != node:
                    yield operator, inner, whole


def mutants_of(stated: Formula) -> Iterator[Mutant]:
    """Every mutant of a formula: of its sides, its lines, its code and its premises."""
    yield from _broken_sides(stated)
    yield from _strict(stated)
    yield from _broken_code(stated)
    yield from _cast(stated)
    yield from _without_premise(stated)


def _broken_sides(stated: Formula) -> Iterator[Mutant]:
    left, sign, right = stated.statement.left, stated.statement.sign, stated.statement.right
    lines, count = stated.derivation, len(stated.derivation)
    rules = {**OPERATORS, "size": _sizes(first_sizes(stated))}
    for operator, place, changed in broken(right, rules=rules):
        last = (*lines[:-1], replace_line(lines[-1], changed)) if lines else ()
        yield Mutant(_restated(stated, left, sign, changed, last), operator, f"right {place}",
                     (count - 1,) if lines else ())  # fmt: skip
    if not lines:
        return
    for operator, place, changed in broken(left, rules=rules):
        yield Mutant(
            _restated(stated, changed, sign, right, lines), operator, f"left {place}", (0,)
        )
    for number, line in enumerate(lines[:-1]):
        for operator, place, changed in broken(line.expr, rules=rules):
            others = (*lines[:number], replace_line(line, changed), *lines[number + 1 :])
            yield Mutant(replace(stated, derivation=others), operator,
                         f"line {number + 1} {place}", (number, number + 1))  # fmt: skip


def first_sizes(stated: Formula) -> dict[sp.Symbol, sp.Integer]:
    """Sizes at which algebra is done, with their numbers."""
    return {size: sp.Integer(number) for size, number in choices(stated)[0].items()}


def _strict(stated: Formula) -> Iterator[Mutant]:
    """Break a ≤ of a line, and so that of the statement."""
    left, right, lines = stated.statement.left, stated.statement.right, stated.derivation
    for number, line in enumerate(lines):
        if line.sign == "<=":
            others = (*lines[:number], line._replace(sign="<"), *lines[number + 1 :])
            yield Mutant(_restated(stated, left, "<", right, others), "strict",
                         f"line {number + 1}", (number,))  # fmt: skip


def _without_premise(stated: Formula) -> Iterator[Mutant]:
    """Leave out what a formula is given, or a condition of it."""
    for number, condition in enumerate(stated.where):
        others = (*stated.where[:number], *stated.where[number + 1 :])
        yield Mutant(replace(stated, where=others), "where", f"where {text(condition)}", ())
    for parent in stated.given:
        mutant = replace(stated, given=tuple(one for one in stated.given if one is not parent))
        # A definition that another given formula rests on is given all the same.
        if parent.derivation or parent not in mutant.ancestors:
            yield Mutant(mutant, "given", f"given {parent.id}", ())


def replace_line(line: Line, expr: Any) -> Line:
    """Line with another expression."""
    return line._replace(expr=expr)


def _restated(
    stated: Formula, left: Any, sign: str, right: Any, lines: tuple[Line, ...]
) -> Formula:
    # Relation would refuse sides that do not fit: the mutant is then refused as a whole.
    try:
        return replace(stated, statement=lang.Relation(left, sign, right), derivation=lines)
    except lang.StatementError:
        return replace(stated, statement=stated.statement, derivation=(), code=_refused)


def _refused(*_: Any) -> Any:
    raise lang.StatementError("the sides have different shapes")


# -- Breaking code ---------------------------------------------------------------------------------


class _Breaker(ast.NodeTransformer):
    """Makes the change of a number, counting all changes as it goes."""

    def __init__(self, wanted: int, sizes: Mapping[str, int], vectors: set[str]) -> None:
        self.wanted = wanted
        self.sizes = sizes
        self.vectors = vectors
        self.count = 0
        self.done: tuple[str, str] | None = None

    def _offer(self, node: Any, operator: str, new: Any) -> Any:
        self.count += 1
        if self.count - 1 != self.wanted:
            return node
        self.done = operator, ast.unparse(node)
        return ast.copy_location(new, node)

    def visit(self, node: ast.AST) -> Any:
        result = super().visit(node)
        sized = isinstance(node, ast.Name | ast.Call | ast.Subscript)
        if sized and (number := self.sizes.get(ast.unparse(node))) is not None:
            return self._offer(result, "size", ast.Constant(number))
        return result

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        result: ast.expr = node
        swapped = ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
            result = self._offer(result, "order", swapped)
        if isinstance(node.op, ast.Add | ast.Sub):
            other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            result = self._offer(result, "sign", ast.BinOp(node.left, other, node.right))
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.MatMult):
            result = self._offer(result, "dropped", node.left)
            result = self._offer(result, "dropped", node.right)
        if isinstance(node.op, ast.MatMult):
            left, right = (ast.Attribute(part, "T", ast.Load()) for part in (node.left, node.right))
            if self._turns(node.left):
                turned = ast.BinOp(left, node.op, node.right)
                result = self._offer(result, "transpose", turned)
            if self._turns(node.right):
                turned = ast.BinOp(node.left, node.op, right)
                result = self._offer(result, "transpose", turned)
        return result

    def _turns(self, node: ast.expr) -> bool:
        """Whether a transpose may change a name: that of a vector is itself."""
        return isinstance(node, ast.Name) and node.id not in self.vectors

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return self._offer(node, "sign", node.operand) if isinstance(node.op, ast.USub) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if node.attr == "T":
            return self._offer(node, "transpose", node.value)
        if node.attr in SWAPPED_CODE:
            other = ast.Attribute(node.value, SWAPPED_CODE[node.attr], ast.Load())
            return self._offer(node, "activation", other)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return self._offer(node, "constant", ast.Constant(node.value + 1))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.slice, ast.Name):
            shifted = ast.BinOp(node.slice, ast.Sub(), ast.Constant(1))
            return self._offer(node, "index", ast.Subscript(node.value, shifted, node.ctx))
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        result: ast.expr = node
        if name in ("f", "g", "f_prime", "g_prime"):
            result = self._offer(result, "activation", node.args[0])
        elif name in ("np.diag", "reversed"):
            result = self._offer(result, "dropped", node.args[0])
        elif name == "np.outer":
            result = self._offer(result, "order", ast.Call(node.func, node.args[::-1], []))
        elif name == "range":
            for place, bound in enumerate(node.args):
                later = ast.BinOp(bound, ast.Add(), ast.Constant(1))
                bounds = [*node.args[:place], later, *node.args[place + 1 :]]
                result = self._offer(result, "bound", ast.Call(node.func, bounds, []))
        return result

    def visit_Slice(self, node: ast.Slice) -> ast.Slice:
        self.generic_visit(node)
        result: Any = node
        for side in ("lower", "upper"):
            bound = getattr(node, side)
            if bound is not None and not isinstance(bound, ast.Constant):  # it is changed anyhow
                later = ast.BinOp(bound, ast.Add(), ast.Constant(1))
                lower = later if side == "lower" else node.lower
                upper = later if side == "upper" else node.upper
                result = self._offer(result, "bound", ast.Slice(lower, upper, node.step))
        return result

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AugAssign:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Add):
            return node
        other: Any = ast.AugAssign(node.target, ast.Sub(), node.value)
        return self._offer(node, "sign", other)


SWAPPED_CODE = {name: row.mutant_in_code for name, row in KNOWN.items() if row.mutant_in_code}


def _broken_code(stated: Formula) -> Iterator[Mutant]:
    wanted, sizes, body = 0, dict(_sizes_in_code(stated)), _body(stated.code)
    vectors = {name for name, value in stated.arguments.items()
               if isinstance(value, lang.Expression) and len(value.shape) == 1}  # fmt: skip
    while True:
        tree = deepcopy(body)
        breaker = _Breaker(wanted, sizes, vectors)
        breaker.visit(tree)
        if breaker.done is None:
            return
        operator, where = breaker.done
        code = _compiled(ast.fix_missing_locations(tree), stated.code)
        yield Mutant(replace(stated, code=code), operator, f"code {where}", ())
        wanted += 1


def _sizes_in_code(stated: Formula) -> Iterator[tuple[str, int]]:
    """How code says a size, and the number that it has."""
    numbers = first_sizes(stated)
    for name, value in stated.arguments.items():
        if value in numbers:
            yield name, int(numbers[value])
        for axis, size in enumerate(value.shape if isinstance(value, lang.Expression) else ()):
            number = size.xreplace(numbers)
            if number.is_Integer:  # a sequence up to a time has as many as that time says
                yield f"{name}.shape[{axis}]", int(number)
                if axis == 0:
                    yield f"len({name})", int(number)


def _cast(stated: Formula) -> Iterator[Mutant]:
    """Cut the decimals off one argument of the code."""
    body = _body(stated.code)
    for name, value in stated.arguments.items():
        if isinstance(value, lang.Expression):
            tree = deepcopy(body)
            cut = f"{name} = np.asarray({name}).astype(int)"
            tree.body[0].body[:0] = ast.parse(cut).body  # type: ignore[attr-defined]
            yield Mutant(replace(stated, code=_compiled(tree, stated.code)), "cast",
                         f"code {cut}", ())  # fmt: skip


def _body(code: Code) -> ast.Module:
    function = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(code)))).body[0]
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    function.returns = None
    for argument in function.args.args:
        argument.annotation = None
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    return ast.Module([function], [])


def _compiled(tree: ast.Module, code: Code) -> Code:
    namespace = dict(inspect.unwrap(code).__globals__)
    exec(compile(tree, "<mutant>", "exec"), namespace)  # noqa: S102 -- our own code, broken
    function = namespace[code.__name__]
    assert callable(function)
    return function


REFUSALS = (
    AssertionError,  # refuted, or not decided, which is no pass either
    lang.StatementError,
    *(ArithmeticError, IndexError, TypeError, ValueError),  # NumPy refuses what does not fit
)
"""How a mutant is refused.  Any other error is one of this module, and is not caught."""

# -- Trying a mutant -------------------------------------------------------------------------------


def trial(mutant: Mutant, original: Formula) -> Trial:
    """Check a mutant as any formula is checked; if it passes, find out whether it is one."""
    start = time.process_time()
    fate: Fate
    try:
        result = prove(mutant.formula)
    except REFUSALS as error:
        fate, why = "refuted", type(error).__name__
        seconds = time.process_time() - start
    else:
        seconds = time.process_time() - start
        fate, why = _passed(mutant, original, result)
    return Trial(original.id, mutant.operator, mutant.place, fate, why, seconds)


def _passed(mutant: Mutant, original: Formula, result: Result) -> tuple[Fate, str]:
    """What becomes of a mutant that is not refused, and why."""
    if mutant.operator in SAYING_MORE:
        return _as_a_whole(original, result)
    for same, why in REASONS.items():
        if same(mutant, original):
            return "equivalent", why
    return "survived", ""


SAYING_MORE = ("given", "where", "strict")
"""Breaks that make a formula say more: that no draw refutes it is no reason to believe it."""


def _as_a_whole(original: Formula, after: Result) -> tuple[Fate, str]:
    """Compare verdicts: a proof of all lines of a mutant shows that it is true."""
    before = result_of(original)
    pairs = zip((*before.lines, before.code), (*after.lines, after.code), strict=True)
    if any(weakest([old, new]) != old for old, new in pairs):
        return "weaker", repr(after)
    found = weakest(after.lines)
    return ("survived", found) if found == "tested" else ("equivalent", f"{found} all the same")


@lru_cache(maxsize=1)
def unseen(original: Formula) -> list[Setting]:
    """Settings of the formula with draws that no check has used."""
    return settings_of(original, seed=1)


def _agree(pairs: Iterable[tuple[Any, str, Any]], original: Formula) -> bool:
    """Whether expressions compare as they are said to, in draws that no check has used."""
    compared = list(pairs)
    with np.errstate(all="ignore"):
        return all(
            one.compare(one.numbers.value(before, at), one.numbers.value(after, at), sign)[0]
            is None
            for one in unseen(original)
            for at in one.assignments
            for before, sign, after in compared
        )


def _same_value(mutant: Mutant, original: Formula) -> bool:
    """Whether what was changed has the value that it had."""
    if mutant.place.startswith("code"):
        return False
    changed = _changed(mutant.formula, original)
    return _agree(((before, "=", after) for before, after in changed), original)


def _changed(mutant: Formula, original: Formula) -> Iterator[tuple[Any, Any]]:
    for before, after in zip(_chain(original), _chain(mutant), strict=True):
        if before != after:
            yield before, after


def _chain(stated: Formula) -> list[Any]:
    """Sides and lines of a formula, in order."""
    lines = [line.expr for line in stated.derivation]
    return [stated.statement.left, *(lines or [stated.statement.right])]


def _true_as_well(mutant: Mutant, original: Formula) -> bool:
    """Whether the change has made another inequality that is true: no check can refute it."""
    lines = mutant.formula.derivation
    chain = _chain(mutant.formula)
    if all(lines[number].sign == "=" for number in mutant.lines):
        return False
    claims = ((chain[number], lines[number].sign, chain[number + 1]) for number in mutant.lines)
    return _agree(claims, original)


def _same_code(mutant: Mutant, original: Formula) -> bool:
    """Whether the changed code computes what the original computes, where neither overflows."""
    if not mutant.place.startswith("code"):
        return False
    told = 0
    with np.errstate(all="ignore"):
        for one in unseen(original):
            for at, draw in product(one.assignments, range(TRIED)):
                arguments = one.arguments(at, draw)
                before, after = (np.asarray(code(**arguments), dtype=float)
                                 for code in (original.code, mutant.formula.code))  # fmt: skip
                if not np.isfinite([before, after]).all():
                    continue
                if not np.allclose(before, after, rtol=1e-9, atol=1e-12):
                    return False
                told += 1
    return told >= FEWEST


TRIED = 2 * len(KINDS)
"""Draws on which two pieces of code are compared."""

REASONS: dict[Callable[[Mutant, Formula], bool], str] = {
    _same_value: "what was changed has the same value",
    _same_code: "the code computes the same",
    _true_as_well: "the inequality is another one, and true as well",
}


def trials_of(id: str, share: float = 1.0, seed: int = 0) -> list[Trial]:
    """Try the mutants of a formula, or a seeded share of them.

    Parameters
    ----------
    id : str
        Formula that is broken.
    share : float, optional
        Share of the mutants that is tried, from 0 to 1.
    seed : int, optional
        Which share.

    Returns
    -------
    list of Trial
        What became of each.
    """
    stated = find(id)
    result_of(stated)  # a check that refuses the original too would refuse every mutant
    chosen = random.Random(f"{seed} {id}")  # noqa: S311 -- a sample, not a secret
    return [trial(mutant, stated) for mutant in mutants_of(stated) if chosen.random() < share]


# -- All of them -----------------------------------------------------------------------------------


def run(ids: Iterable[str], share: float, seed: int) -> dict[str, list[Trial]]:
    """Try the mutants of many formulas in parallel."""
    trials: dict[str, list[Trial]] = {}
    with ProcessPool() as pool:
        futures = {id: pool.schedule(trials_of, (id, share, seed), timeout=LIMIT) for id in ids}
        for id, future in futures.items():
            try:
                trials[id] = future.result()
            except (TimeoutError, ProcessExpired) as error:
                trials[id] = [Trial(id, "all", "all", "survived", f"no answer: {error}")]
    return trials


def added(counts: Iterable[Mapping[str, Mapping[str, int]]]) -> Counts:
    """Add up counts."""
    total: Counts = {}
    for one in counts:
        for operator, fates in one.items():
            total.setdefault(operator, Counter()).update(fates)
    return {operator: total[operator] for operator in sorted(total)}


# -- The record ------------------------------------------------------------------------------------


def digest_of(stated: Formula) -> str:
    """Digest of what the mutants of a formula depend on.

    These are the mutants, what they are made from, and what is said by the formulas that it
    rests on.  It is one text on every machine, unlike the key of a result.
    """
    texts = [
        *(f"{mutant.operator} {mutant.place}" for mutant in mutants_of(stated)),
        *store.content(stated),
        standalone(stated.code),
        *(text for ancestor in stated.ancestors
          for text in store.content(replace(ancestor, derivation=()))),
    ]  # fmt: skip
    return store.digest("\n".join(texts))


def entry_of(id: str, trials: list[Trial]) -> dict[str, Any]:
    """What is kept of the mutants of a formula: their counts, and those that are not refuted."""
    return {
        "digest": digest_of(find(id)),
        "counts": added({one.operator: {one.fate: 1}} for one in trials),
        "equivalents": _with_reasons(trials, "equivalent"),
        "weaker": _with_reasons(trials, "weaker"),
    }


def _with_reasons(trials: list[Trial], fate: Fate) -> list[dict[str, str]]:
    return [{"operator": one.operator, "place": one.place, "why": one.why}
            for one in trials if one.fate == fate]  # fmt: skip


def recorded() -> dict[str, Any]:
    """Return what is kept of each formula, by id."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def is_stale(id: str, entry: dict[str, Any] | None) -> bool:
    """Whether the mutants of a formula are to be tried again."""
    return (
        entry is None
        or entry["digest"] != digest_of(find(id))
        or any("survived" in fates for fates in entry["counts"].values())
    )


def keep(trials: dict[str, list[Trial]]) -> dict[str, Any]:
    """Put what was found into the record, and drop formulas that the book has no more."""
    entries = recorded() | {id: entry_of(id, tried) for id, tried in trials.items()}
    entries = {id: entries[id] for id in find_all() if id in entries}
    lines = (f" {json.dumps(id)}: {json.dumps(entry)}" for id, entry in entries.items())
    # A line for each formula, so that changes of two formulas can be merged.
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return entries


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--share", default=1.0, type=click.FloatRange(0, 1), help="Share that is tried.")
@click.option("--seed", default=0, help="Which share.")
@click.option("--record", is_flag=True, help="Try what has changed, and keep what is found.")
def main(ids: tuple[str, ...], share: float, seed: int, record: bool) -> None:
    """Break the formulas of the book, or those of IDS, and see each break refused."""
    if record and share < 1:
        raise click.UsageError("a share is not recorded: the page would show it as the whole")
    known = recorded() if record else {}
    trials = run([id for id in ids or find_all() if is_stale(id, known.get(id))], share, seed)
    for one in chain(*trials.values()):
        if one.fate == "survived":
            click.echo(f"SURVIVED {one.id}, {one.place}: {one.operator} {one.why}")
    entries = keep(trials) if record else {id: entry_of(id, ts) for id, ts in trials.items()}
    counts = added(entry["counts"] for entry in entries.values())
    for name, fates in counts.items():
        click.echo(f"{name:12s} " + "  ".join(f"{fate} {n}" for fate, n in sorted(fates.items())))
    fates = sum(counts.values(), Counter())
    real = fates.total() - fates["equivalent"]
    rate = 1 - fates["survived"] / real if real else 1.0
    click.echo(f"{fates.total()} mutants: {fates['refuted']} refuted, {fates['weaker']} weaker, "
               f"{fates['equivalent']} equivalent, {fates['survived']} survived; "
               f"{rate:.1%} of those that change anything are noticed")  # fmt: skip
    tried = [one for one in chain(*trials.values()) if one.fate == "refuted"]
    if tried:
        soon = sum(one.seconds <= SOON for one in tried) / len(tried)
        slowest = max(tried, key=lambda one: one.seconds)
        click.echo(f"{soon:.2%} of {len(tried)} are refuted within {SOON:g} s, the slowest in "
                   f"{slowest.seconds:.1f} s: {slowest.id}, {slowest.place}")  # fmt: skip
    sys.exit(bool(fates["survived"]))


if __name__ == "__main__":
    main()
