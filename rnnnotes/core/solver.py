"""Questions on real numbers, and the solver that answers them.

A question is a text in SMT-LIB: names of real numbers, and what is asserted of them.  So that its
answer does not depend on the machine, the solver may do a number of steps, not of seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

__all__ = ["NoSolverError", "answer", "question", "recorded", "refuted"]

STEPS = 2_000_000
"""Steps that the solver may do for one question, by its own count."""


class NoSolverError(ImportError):
    """The solver that decides inequalities is not installed."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or REMEDY)


REMEDY = (
    "inequalities are proved with z3, which is not installed: pip install 'rnnnotes[inequalities]'"
)


_RECORD: ContextVar[set[str] | None] = ContextVar("record", default=None)


@contextmanager
def recorded() -> Iterator[set[str]]:
    """Collect the questions that are refuted, so that a second solver can be asked them too."""
    questions: set[str] = set()
    token = _RECORD.set(questions)
    try:
        yield questions
    finally:
        _RECORD.reset(token)


def question(names: Iterable[str], assertions: Iterable[str]) -> str:
    """Text that asks whether some real numbers fulfil all assertions."""
    declared = [f"(declare-const {name} Real)" for name in names]
    asserted = [f"(assert {one})" for one in assertions]
    return "\n".join([*declared, *asserted, ""])


def refuted(text: str) -> bool:
    """Whether surely no real numbers fulfil what a question asserts."""
    if answer(text) != "unsat":
        return False
    record = _RECORD.get()
    if record is not None:
        record.add(text)
    return True


@cache
def answer(text: str) -> str:
    """Return what z3 says of a question: `sat`, `unsat`, or `unknown` after so many steps."""
    try:
        import z3
    except ImportError:
        raise NoSolverError from None
    solver = z3.SolverFor("QF_NRA")
    solver.set("rlimit", STEPS)
    solver.from_string(text)
    return str(solver.check())
