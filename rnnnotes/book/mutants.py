"""Break the book on purpose, and see each break refused.

A mutant is a formula with one small change in its statement, in a line of its derivation or
in its code.  The checks of the book must refuse it.  A mutant that passes is either
equivalent, which is shown by its values, or a defect of the checks.

``python -m rnnnotes.book.mutants`` breaks everything; ``--share 0.1`` a seeded tenth.
"""

from __future__ import annotations

import ast
import inspect
import json
import random
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
import numpy as np
import sympy as sp
from pebble import ProcessExpired, ProcessPool

from rnnnotes.book import language as lang
from rnnnotes.book.draws import Draw
from rnnnotes.book.formulas import Code, Formula, Line, find, find_all
from rnnnotes.book.proof import Checker, assignments, holds, prove, world_of
from rnnnotes.book.world import World

__all__ = ["Mutant", "Trial", "mutants_of", "summary", "trials_of"]

LIMIT = 120.0
"""Seconds that all mutants of one formula may take for each of them, on the average."""

RECORD = Path(__file__).parents[2] / "docs" / "mutants.json"
"""What the last full run found; the page on checking shows it."""

Fate = Literal["refuted", "equivalent", "survived"]


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


# -- Breaking a statement --------------------------------------------------------------------------

Change = tuple[str, Any]


def changes(node: Any) -> Iterator[Change]:
    """Every change of one node, as (operator, new node).  One that does not fit is left out."""
    for operator, rule in OPERATORS.items():
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
                yield lambda part=part: part


def _indices(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.At) and node.variable.times:
        *outer, time = node.index
        for shift in (-1, 1):
            yield lambda shift=shift: lang.At(node.variable, *outer, time + shift)


def _bounds(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Sum | lang.Product):
        body, index, first, last = node.args
        yield lambda: node.func(body, index, first + 1, last)
        yield lambda: node.func(body, index, first, last - 1)


def _constants(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Number):
        yield lambda: lang.Number(node.args[0] + 1)


def _activations(node: Any) -> Iterator[Callable[[], Any]]:
    if isinstance(node, lang.Apply) and node.function.elementwise:
        function, arguments = node.function, node.arguments
        order = 0 if function.order else 1
        yield lambda: lang.Function(function.name, None, order)(*arguments)
        if function.name in SWAPPED:
            yield lambda: lang.Function(SWAPPED[function.name], None, function.order)(*arguments)


SWAPPED = {"tanh": "sigmoid", "sigmoid": "tanh", "f": "g", "g": "f", "exp": "tanh"}

OPERATORS: dict[str, Callable[[Any], Iterator[Callable[[], Any]]]] = {
    "transpose": _transposes,
    "order": _orders,
    "sign": _signs,
    "dropped": _drops,
    "index": _indices,
    "bound": _bounds,
    "constant": _constants,
    "activation": _activations,
}


def broken(node: Any, where: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every tree with one change in it, as (operator, place, tree)."""
    for operator, changed in changes(node):
        yield operator, f"{where or 'whole'}: {type(node).__name__}", changed
    for place, part in enumerate(node.args):
        if isinstance(part, lang.Expression | sp.Tuple):
            for operator, inner, changed in broken(part, f"{where}.{place}".lstrip(".")):
                arguments = [*node.args[:place], changed, *node.args[place + 1 :]]
                try:
                    yield operator, inner, node.func(*arguments)
                except (lang.StatementError, ValueError, TypeError):
                    continue


def mutants_of(stated: Formula) -> Iterator[Mutant]:
    """Every mutant of a formula: of its sides, its lines and its code."""
    left, sign, right = stated.statement.left, stated.statement.sign, stated.statement.right
    lines, count = stated.derivation, len(stated.derivation)
    for operator, place, changed in broken(right):
        last = (*lines[:-1], replace_line(lines[-1], changed)) if lines else ()
        yield Mutant(_restated(stated, left, sign, changed, last), operator, f"right {place}",
                     (count - 1,) if lines else ())  # fmt: skip
    if not lines:
        yield from _broken_code(stated)
        return
    for operator, place, changed in broken(left):
        yield Mutant(_restated(stated, changed, sign, right, lines), operator, f"left {place}", (0,))
    for number, line in enumerate(lines[:-1]):
        for operator, place, changed in broken(line.expr):
            others = (*lines[:number], replace_line(line, changed), *lines[number + 1 :])
            yield Mutant(replace(stated, derivation=others), operator,
                         f"line {number + 1} {place}", (number, number + 1))  # fmt: skip
    yield from _broken_code(stated)


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

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.count = 0
        self.done: tuple[str, str] | None = None

    def _offer(self, node: ast.expr, operator: str, new: ast.expr) -> ast.expr:
        self.count += 1
        if self.count - 1 != self.wanted:
            return node
        self.done = operator, ast.unparse(node)
        return ast.copy_location(new, node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:  # noqa: N802 -- named by ast
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
        if isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.Name):
            turned = ast.BinOp(ast.Attribute(node.left, "T", ast.Load()), node.op, node.right)
            result = self._offer(result, "transpose", turned)
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:  # noqa: N802
        self.generic_visit(node)
        return self._offer(node, "sign", node.operand) if isinstance(node.op, ast.USub) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:  # noqa: N802
        self.generic_visit(node)
        if node.attr == "T":
            return self._offer(node, "transpose", node.value)
        if node.attr in SWAPPED:
            other = ast.Attribute(node.value, SWAPPED_CODE[node.attr], ast.Load())
            return self._offer(node, "activation", other)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # noqa: N802
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return self._offer(node, "constant", ast.Constant(node.value + 1))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.slice, ast.Name):
            shifted = ast.BinOp(node.slice, ast.Sub(), ast.Constant(1))
            return self._offer(node, "index", ast.Subscript(node.value, shifted, node.ctx))
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("f", "g", "f_prime", "g_prime"):
            return self._offer(node, "activation", node.args[0])
        return node


SWAPPED_CODE = {"tanh": "exp", "exp": "tanh", "sigmoid": "tanh"}


def _broken_code(stated: Formula) -> Iterator[Mutant]:
    wanted = 0
    while True:
        tree = _body(stated.code)
        breaker = _Breaker(wanted)
        breaker.visit(tree)
        if breaker.done is None:
            return
        operator, where = breaker.done
        code = _compiled(ast.fix_missing_locations(tree), stated.code)
        yield Mutant(replace(stated, code=code), operator, f"code {where}", ())
        wanted += 1


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


def trial(mutant: Mutant, original: Formula, world: World) -> Trial:
    """Check a mutant; if it passes, find out whether it is one."""
    fate, why = _tried(mutant, original, world)
    return Trial(original.id, mutant.operator, mutant.place, fate, why)


def _tried(mutant: Mutant, original: Formula, world: World) -> tuple[Fate, str]:
    broken_code = mutant.place.startswith("code")
    within = world_of(mutant.formula) if original.is_definition and not broken_code else world
    try:
        checker = Checker(mutant.formula, within)
        for number in mutant.lines:
            checker.at_sizes(number)
        if broken_code or original.is_definition:
            checker.code()
    except REFUSALS as error:
        return "refuted", type(error).__name__
    same = _same_code if broken_code else _same_value
    return ("equivalent", REASONS[same]) if same(mutant, original, world) else ("survived", "")


def _draws(world: World) -> list[Draw]:
    # Seeds that no check uses.
    return [Draw(world.ledger, seed) for seed in range(10**6, 10**6 + 20)]


def _same_value(mutant: Mutant, original: Formula, world: World) -> bool:
    """Whether the changed line has the value of the original one, or bounds it from above."""
    for at in assignments(original, world):
        for before, after in _changed(mutant, original):
            left, right = world.value(before, at), world.value(after, at)
            weaker = original.statement.sign != "="
            for draw in _draws(world):
                a, b = draw.floats(left), draw.floats(right)
                if not (holds(a, "=", b) or (weaker and holds(a, "<=", b))):
                    return False
    return True


def _changed(mutant: Mutant, original: Formula) -> Iterator[tuple[Any, Any]]:
    sides = [(original.statement.left, mutant.formula.statement.left),
             (original.statement.right, mutant.formula.statement.right)]  # fmt: skip
    lines = zip(original.derivation, mutant.formula.derivation, strict=False)
    for before, after in (*sides, *((a.expr, b.expr) for a, b in lines)):
        if before != after:
            yield before, after


def _same_code(mutant: Mutant, original: Formula, world: World) -> bool:
    """Whether the changed code computes what the original computes."""
    checker = Checker(original, world)
    names = inspect.signature(original.code).parameters
    bound = {name: original.argument(name) for name in names}
    for at in checker.assignments:
        for draw in _draws(world):
            arguments = {name: checker.numeric(value, draw, at) for name, value in bound.items()}
            results = [np.asarray(code(**arguments), dtype=float)
                       for code in (original.code, mutant.formula.code)]  # fmt: skip
            if not holds(*(results[0], "=", results[1])):
                return False
    return True


REASONS: dict[Callable[..., bool], str] = {
    _same_value: "the line has the same value, or is a weaker bound",
    _same_code: "the code computes the same",
}


def trials_of(id: str, share: float = 1.0, seed: int = 0) -> list[Trial]:  # noqa: A002
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
    world = world_of(stated)
    prove(stated)  # a check that refuses the original too would refuse every mutant
    chosen = random.Random(f"{seed} {id}")  # noqa: S311 -- a sample, not a secret
    return [
        trial(mutant, stated, world)
        for mutant in mutants_of(stated)
        if chosen.random() < share
    ]


# -- All of them -----------------------------------------------------------------------------------


def run(ids: Iterable[str], share: float, seed: int) -> list[Trial]:
    """Try the mutants of many formulas in parallel."""
    wanted = list(ids)
    trials: list[Trial] = []
    with ProcessPool() as pool:
        futures = {id: pool.schedule(trials_of, (id, share, seed), timeout=LIMIT) for id in wanted}
        for id, future in futures.items():  # noqa: A001
            try:
                trials += future.result()
            except (TimeoutError, ProcessExpired) as error:
                trials.append(Trial(id, "all", "all", "survived", f"no answer: {error}"))
    return trials


def summary(trials: list[Trial]) -> dict[str, Any]:
    """Count what became of the mutants, and list those that are equivalent."""
    fates = Counter(trial.fate for trial in trials)
    by_operator: dict[str, Counter[str]] = {}
    for one in trials:
        by_operator.setdefault(one.operator, Counter())[one.fate] += 1
    return {
        "tried": len(trials),
        "refuted": fates["refuted"],
        "equivalent": fates["equivalent"],
        "survived": fates["survived"],
        "operators": {name: dict(sorted(by_operator[name].items())) for name in sorted(by_operator)},
        "equivalents": [asdict(one) for one in trials if one.fate == "equivalent"],
    }


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--share", default=1.0, type=click.FloatRange(0, 1), help="Share that is tried.")
@click.option("--seed", default=0, help="Which share.")
@click.option("--record", is_flag=True, help="Keep the counts for the page on checking.")
def main(ids: tuple[str, ...], share: float, seed: int, record: bool) -> None:
    """Break the formulas of the book, or those of IDS, and see each break refused."""
    trials = run(ids or find_all(), share, seed)
    counts = summary(trials)
    for name, fates in counts["operators"].items():
        click.echo(f"{name:12s} " + "  ".join(f"{fate} {n}" for fate, n in fates.items()))
    for one in trials:
        if one.fate == "survived":
            click.echo(f"SURVIVED {one.id}, {one.place}: {one.operator} {one.why}")
    real = counts["tried"] - counts["equivalent"]
    rate = counts["refuted"] / real if real else 1.0
    click.echo(f"{counts['tried']} mutants: {counts['refuted']} refuted, "
               f"{counts['equivalent']} equivalent, {counts['survived']} survived; "
               f"{rate:.1%} of those that change anything are refuted")  # fmt: skip
    if record:
        RECORD.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    sys.exit(bool(counts["survived"]))


if __name__ == "__main__":
    main()
