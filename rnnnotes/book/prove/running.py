"""Run the code of a formula on numbers, as a reader would, and compare it with the statement.

In all draws at once the code runs on numbers that know how far they are off.  On a few draws
that can be followed by hand it runs on whatever a reader may hand it: floats of both widths,
whole numbers, arrays that may not be written, and arrays that are views of others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from rnnnotes.book.language.nodes import Expression, Function
from rnnnotes.book.prove.settings import (
    FEWEST,
    Indices,
    Refuted,
    Setting,
    Undecided,
    is_small,
    readable,
    written,
)
from rnnnotes.book.state.formulas import Formula, is_quantity
from rnnnotes.book.values import tape
from rnnnotes.book.values.draws import KINDS
from rnnnotes.book.values.entries import BranchesOnValues
from rnnnotes.book.values.tape import Floats

__all__ = ["compare_in_all_draws", "look"]

PLAIN = {"quarters", "halves", "whole numbers", "any"}
"""Kinds of draws on which code runs in every form, one draw of each."""

SMALL = 4.0
"""A number up to which code has a value if it is written with care: none of its parts overflows."""

LARGE = 1e6
"""A number beyond which rounding is not told from mistakes without a bound of it."""


def look(stated: Formula, setting: Setting, assignments: Sequence[Indices]) -> None:
    """Refute code that does not compute the statement in a draw, or not in every form."""
    _require_work(stated, setting)
    with np.errstate(all="ignore"):
        for at in assignments:
            _in_all_draws(stated, setting, at)
        # How code takes its arguments does not follow from the time: the ends are enough.
        for at in (*assignments[:1], *assignments[1:][-1:]):
            _in_forms(stated, setting, at)


def _require_work(stated: Formula, setting: Setting) -> None:
    """Refuse code that is handed its answer under another name."""
    answer = stated.statement.right
    for name, value in stated.bindings.items():
        given = name in stated.arguments and isinstance(value, Expression)
        if given and not is_quantity(value) and value.shape == answer.shape:
            with np.errstate(all="ignore"):
                failures = [setting.compare(setting.numbers.value(value, at),
                                            setting.numbers.value(answer, at), "=")[0]
                            for at in setting.assignments]  # fmt: skip
            if not any(failures):
                raise Refuted(f"{stated.id}: the code takes {name!r}, which it is to compute: "
                              f"in every draw it is the answer")  # fmt: skip


def _in_all_draws(stated: Formula, setting: Setting, at: Indices) -> None:
    """Run code on the numbers of all draws at once."""
    wanted = setting.numbers.value(stated.statement.right, at)
    arguments = {name: _numbers(setting, value, at) for name, value in stated.arguments.items()}
    try:
        computed = np.asarray(stated.code(**arguments), dtype=object)
    except (ArithmeticError, BranchesOnValues, LookupError, TypeError, ValueError):
        _require_values(stated, setting, at, np.ones(len(setting.draws.chosen), dtype=bool))
        return  # it runs on one draw after the other, or says then why it does not
    _require_shape(stated, computed, wanted)
    computed = np.asarray(np.frompyfunc(tape.constant, 1, 1)(computed), dtype=object)
    lost = [~np.isfinite(number.value) for number in computed.flat]
    _require_values(stated, setting, at, np.logical_or.reduce(np.broadcast_arrays(*lost)))
    found, _ = setting.compare(computed, wanted, "=")
    if found is not None:
        raise Refuted(_complaint(stated, setting, at, found.draw, found.entry,
                                 found.left, found.right))  # fmt: skip


def _require_values(stated: Formula, setting: Setting, at: Indices, lost: Any) -> None:
    """Refute code that has no value where the statement has one, and nothing can overflow."""
    if lost.any():
        small = lost & (_largest_in_draws(stated, setting, at) <= SMALL)
        for draw in np.flatnonzero(_telling(stated, setting, at) & small):
            _in_form(stated, setting, at, int(draw), FORMS[0])


def _numbers(setting: Setting, value: Any, at: Indices) -> Any:
    """What a parameter of the code stands for, in the numbers of all draws."""
    if isinstance(value, Function):
        return lambda *arguments: setting.numbers.apply(value, arguments, at)
    if isinstance(value, sp.Symbol):
        return setting.numbers.number(value, at)
    array = setting.numbers.value(value, at).copy()
    return array if array.shape else array[()]


def _require_shape(stated: Formula, computed: Any, wanted: Any) -> None:
    if computed.shape != wanted.shape:
        raise Refuted(f"{stated.id}: the code returns shape {computed.shape}, "
                      f"and the statement has shape {wanted.shape}")  # fmt: skip


def _complaint(
    stated: Formula,
    setting: Setting,
    at: Indices,
    draw: int,
    entry: str,
    computed: Any,
    wanted: Any,
    form: str = "",
) -> str:
    digits = 6 if f"{computed:.6g}" != f"{wanted:.6g}" else 17
    return (
        f"{stated.id}: the code is not the statement, {entry}at {readable(at)}\n"
        f"  the code gives {computed:.{digits}g} and the statement {wanted:.{digits}g} "
        f"{form}{setting.counterexample(None, at, draw)}"
    )


# -- One draw after the other ----------------------------------------------------------------------


def compare_in_all_draws(stated: Formula, setting: Setting, at: Indices) -> None:
    """Compare code that compares values with the statement, in one draw after the other."""
    told = 0
    with np.errstate(all="ignore"):
        for draw in np.flatnonzero(_telling(stated, setting, at)):
            told += _told(stated, setting, at, int(draw))
    if told < FEWEST:
        raise Undecided(f"{stated.id}: too few draws tell what the code computes: "
                        f"{told}, where {FEWEST} are wanted")  # fmt: skip


def _known(stated: Formula, setting: Setting, at: Indices) -> list[tuple[Floats, Floats]]:
    """Values and errors of the statement and of the arguments of the code, a row a draw."""
    nodes = (stated.statement.right, *stated.arguments.values())
    known = [setting.known(node, at) for node in nodes if isinstance(node, Expression)]
    count = len(setting.draws.chosen)
    return [(values.reshape(count, -1), errors.reshape(count, -1)) for values, errors in known]


def _telling(stated: Formula, setting: Setting, at: Indices) -> Any:
    """Whether the statement and the arguments of the code are known, in each draw."""
    known = _known(stated, setting, at)
    return np.logical_and.reduce(
        [
            (np.isfinite(values) & is_small(errors, np.abs(values))).all(axis=1)
            for values, errors in known
        ]
    )


def _largest_in_draws(stated: Formula, setting: Setting, at: Indices) -> Any:
    """Largest number in the statement and in the arguments of the code, in each draw."""
    known = _known(stated, setting, at)
    return np.max([np.abs(values).max(axis=1, initial=0) for values, _ in known], axis=0)


def _told(stated: Formula, setting: Setting, at: Indices, draw: int) -> bool:
    """Whether a draw tells what the code computes; it is an error if that is not the statement."""
    wanted, error = (known[draw] for known in setting.known(stated.statement.right, at))
    arguments = setting.arguments(at, draw)
    computed = np.asarray(stated.code(**arguments), dtype=float)
    _require_shape(stated, computed, wanted)
    largest = _largest(arguments)
    if not np.isfinite(computed).all() and largest > 100:
        return False  # the code may overflow where a sum of the same numbers does not
    slack = 1e-11 * np.maximum(np.abs(computed), np.abs(wanted)) + 1e-13 * largest
    _require_near(stated, setting, at, draw, computed, wanted, slack + 1e3 * error)
    return True


def _largest(arguments: dict[str, Any]) -> float:
    arrays = [np.asarray(value, dtype=float) for value in arguments.values() if not callable(value)]
    return max((float(np.max(np.abs(array), initial=0)) for array in arrays), default=0.0)


def _require_near(
    stated: Formula, setting: Setting, at: Indices, draw: int, computed: Any, wanted: Floats,
    slack: Any, form: str = "",
) -> None:  # fmt: skip
    wrong = ~(np.abs(computed - wanted) <= slack)
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0])
        entry = f"entry {tuple(int(i) + 1 for i in place)} " if place else ""
        numbers = float(computed[place]), float(wanted[place])
        raise Refuted(_complaint(stated, setting, at, draw, entry, *numbers, form))


# -- Forms -----------------------------------------------------------------------------------------


class Form(NamedTuple):
    """How numbers are handed to code, and how well the answer is known then."""

    name: str
    made: Callable[[Floats], Any]
    tolerance: float


def _whole(array: Floats) -> Any:
    """Whole numbers, where all numbers of an array are."""
    if not (np.round(array) == array).all():
        return array if array.shape else float(array)
    return array.astype(int) if array.shape else int(array)


def _frozen(array: Floats) -> Any:
    result = np.array(array)
    result.setflags(write=False)
    return result if array.shape else np.float64(array)


def _view(array: Floats) -> Any:
    """View of a larger array, with its axes in the other order in memory."""
    if not array.shape:
        return float(array)
    large = np.full([2 * n for n in array.shape][::-1], np.nan)
    view = large.T[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


FORMS = [
    Form("floats", lambda array: array.copy() if array.shape else float(array), 1e-9),
    Form("whole numbers", _whole, 1e-9),
    Form("NumPy's whole numbers", lambda array: np.asarray(_whole(array))[()], 1e-9),
    Form("arrays that may not be written", _frozen, 1e-9),
    Form("views of larger arrays", _view, 1e-9),
    Form("floats of 32 bits", lambda array: array.astype(np.float32)[()], 1e-3),
]
"""What code is handed."""


def _in_forms(stated: Formula, setting: Setting, at: Indices) -> None:
    """Run code on a few draws in every form, and see that it leaves its arguments alone."""
    kinds, chosen = set(PLAIN), setting.draws.chosen
    small = _largest_in_draws(stated, setting, at) <= LARGE
    for draw in map(int, np.flatnonzero(_telling(stated, setting, at) & small)):
        kind = KINDS[chosen[draw] % len(KINDS)].name
        if kind in kinds:
            kinds.remove(kind)  # one draw of each
            for form in FORMS:
                _in_form(stated, setting, at, draw, form)


def _in_form(stated: Formula, setting: Setting, at: Indices, draw: int, form: Form) -> None:
    wanted = setting.known(stated.statement.right, at)[0][draw]
    arguments = setting.arguments(at, draw)
    handed = {name: value if callable(value) or isinstance(value, int)
              else form.made(np.asarray(value)) for name, value in arguments.items()}  # fmt: skip
    before = {name: np.array(value) for name, value in handed.items() if not callable(value)}
    try:
        computed = np.asarray(stated.code(**handed))
    except (TypeError, ValueError, ArithmeticError, IndexError) as error:
        why = f"{type(error).__name__}: {error}"
        raise Refuted(f"{stated.id}: the code fails on {form.name} ({why}) "
                      f"{setting.counterexample(None, at, draw)}") from error  # fmt: skip
    for name, array in before.items():
        if not np.array_equal(array, np.asarray(handed[name])):
            raise Refuted(f"{stated.id}: the code changes its argument {name} "
                          f"from {written(array)} to {written(handed[name])}")  # fmt: skip
    _require_shape(stated, computed, wanted)
    slack = form.tolerance * (1 + np.max(np.abs(wanted), initial=0) + _largest(arguments))
    _require_near(stated, setting, at, draw, computed.astype(float), wanted, slack,
                  "" if form is FORMS[0] else f"on {form.name} ")  # fmt: skip
