"""Hold somebody else's function against a formula of the book.

The function runs on numbers, in draws of every kind and at several choices of sizes.  Where it
differs, the smallest arguments that tell are shown, and one change that makes the two agree if
there is one.  Where it does not, the function is run on arrays of every size, which proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rnnnotes.book.compare.alone import Source, alone, written_out
from rnnnotes.book.compare.calling import Call, Runner, Value, optional, signature_of, values_of
from rnnnotes.book.compare.explaining import guesses
from rnnnotes.book.find.finding import find
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.nodes import StatementError
from rnnnotes.book.language.symbols import DECLARED
from rnnnotes.book.prove.codeproof import CodeProof, prove_code
from rnnnotes.book.prove.settings import (
    FEWEST,
    Indices,
    Refuted,
    Setting,
    Undecided,
    is_small,
    readable,
    settings_of,
)
from rnnnotes.book.state.arguments import ArgumentError
from rnnnotes.book.state.formulas import FORMULAS, Formula
from rnnnotes.book.values.draws import KINDS
from rnnnotes.book.write.plaintext import text

__all__ = ["Different", "Same", "compare"]


@dataclass(frozen=True)
class Same:
    """A function and a formula that are the same, and how far that is known.

    `line` is the call that was compared, and `by` are the formulas that compute what the
    function does not take.  `changes` are the parameters that the function writes into.
    """

    id: str
    function: str
    line: str
    proof: CodeProof
    sizes: tuple[dict[str, int], ...]
    draws: int
    by: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    floats: str = ""
    in_batch: bool = False

    @property
    def for_all_sizes(self) -> bool:
        """Whether it is proved, with no size a number."""
        return self.proof.holds and not self.proof.at

    def __repr__(self) -> str:
        return "; ".join([f"{self.function} is {self.id}, {self._extent}", *self._notes()])

    @property
    def _extent(self) -> str:
        if self.for_all_sizes:
            return "the same for all sizes"
        named = [", ".join(f"{size}={n}" for size, n in one.items()) for one in self.sizes]
        at = f" at these sizes: {' and '.join(named)}" if named[0] else ""
        return f"the same{at}, on {self.draws} draws of {len(KINDS)} kinds"

    def _notes(self) -> Iterator[str]:
        if self.proof.holds and self.proof.at:
            yield str(self.proof)
        elif not self.proof.holds:
            yield f"not proved for all sizes, {self.proof}"
        if self.in_batch:
            yield "as one of three rows of a batch"
        if self.floats:
            yield f"compared in {self.floats}"
        if self.by:
            yield f"what it does not take is computed by {', '.join(self.by)}"
        if self.changes:
            yield f"it changes its arguments in place: {', '.join(self.changes)}"


class Different(Refuted):
    """A function that is not a formula: where they differ, and what makes them agree."""

    def __init__(self, counterexample: str, explanation: str) -> None:
        super().__init__(f"{counterexample}\n  {explanation}")
        self.counterexample = counterexample
        self.explanation = explanation


def compare(
    id: str,
    function: Callable[..., Any],
    *,
    maps: Mapping[str, str] | None = None,
    where: Mapping[str, Any] | None = None,
    item: int | str | None = None,
    batch: bool = False,
) -> Same:
    """Hold a function against a formula.

    Parameters
    ----------
    id : str
        Id of the formula.
    function : callable
        Function of NumPy, PyTorch, JAX or plain Python.
    maps : mapping of str to str, optional
        What a parameter of the function is given, where it does not have the name of ours: an
        expression of NumPy in our arguments, such as ``"W_hh.T"``; or several that are joined
        along the first axis, as in ``"W_xi, W_xf"``, or along another, as in
        ``"W_xi, W_xf, axis=1"``.
    where : mapping of str to str or int, optional
        Arguments of ours that the function has built in: the name of a function, as in
        ``{"f": "tanh"}``, or zero or one.
    item : int or str, optional
        Item of the tuple, or of the dictionary, that the function returns.
    batch : bool, optional
        Whether the function takes a batch, each row of which is a case.

    Returns
    -------
    Same
        How far the two are known to be the same.

    Raises
    ------
    Different
        If they differ.  The message has the smallest arguments that were found to tell, and
        one change that makes the two agree, if there is one.
    ArgumentError
        If the arguments of the one are not those of the other.
    Undecided
        If too few draws tell.

    Examples
    --------
    >>> def cell(f, c, i, g):
    ...     return c * f + g * i
    >>> ours = {"f": "f_gate", "c": "c_prev", "i": "i_gate", "g": "c_tilde"}
    >>> compare("lstm.cell_update", cell, maps=ours)
    cell is lstm.cell_update, the same for all sizes
    """
    stated = find(id)
    source, values, constants = _matched(stated, function, maps or {}, where or {})
    call = _call(function, source, values, constants, item, batch)
    asked = alone(stated, source, constants, call.code(function))
    trial = Trial(asked, call, Runner(function))
    with np.errstate(all="ignore"):  # a draw that overflows says nothing
        draws = trial.run()
    return Same(
        id, call.title, call.line, prove_code(asked),
        tuple({str(size): n for size, n in one.sizes.items()} for one in trial.settings),
        draws, tuple(source.used), tuple(trial.runner.changes), trial.runner.floats, batch,
    )  # fmt: skip


# -- Whose argument is whose -----------------------------------------------------------------------


def _matched(
    stated: Formula, function: Any, maps: Mapping[str, str], where: Mapping[str, Any]
) -> tuple[Source, dict[str, Value], dict[str, Any]]:  # fmt: skip
    """Right-hand side in the arguments of a function, what it is given, and what is known."""
    known = _arguments_known_to(stated)
    where = {name: value for key, value in where.items()
             for name in {key, f"{key}_prime"} & known.keys() or {key}}  # fmt: skip
    values = values_of(function, maps, known.keys() - where.keys())
    ours, theirs = f"{stated.id}({', '.join(stated.arguments)})", signature_of(function)
    if strange := sorted(_taken(values) - known.keys()):
        raise ArgumentError(f"{theirs} takes {', '.join(strange)}, and {ours} does not: say by "
                            "`maps` which of our arguments it is")  # fmt: skip
    source = written_out(stated, _taken(values) | where.keys())
    if source is None:
        missing = [n for n in stated.arguments if n not in _taken(values) | where.keys()]
        raise ArgumentError(f"{theirs} takes no {', '.join(missing)}, nor all that it is computed "
                            f"from, and {ours} does: say what it is by `maps` or `where`"
                            )  # fmt: skip
    if twice := sorted(_taken(values) & where.keys()):
        raise ArgumentError(f"{', '.join(twice)}: {theirs} takes it, and `where` says what it is")
    idle = optional(function) - maps.keys() - source.arguments.keys()
    values = {name: value for name, value in values.items() if name not in idle}
    more = {name: known[name] for name in sorted(_taken(values) - source.arguments.keys())}
    constants = {name: _constant(name, source.arguments[name], value)
                 for name, value in where.items() if name in source.arguments}  # fmt: skip
    return replace(source, more=more), values, constants


def _taken(values: Mapping[str, Value]) -> set[str]:
    """Our arguments that a function takes."""
    return {name for value in values.values() for name in value.names}


def _call(
    function: Any, source: Source, values: Mapping[str, Value], constants: Mapping[str, Any],
    item: int | str | None, batch: bool,
) -> Call:  # fmt: skip
    """Call of a function with our arguments, but for what is known."""
    arguments = {name: value for name, value in {**source.arguments, **source.more}.items()
                 if name not in constants}  # fmt: skip
    rows = frozenset(name for name, value in arguments.items() if _varies(value))
    return Call(function, values, tuple(arguments), item, rows if batch else None)


def _arguments_known_to(stated: Formula) -> dict[str, Any]:
    """Arguments of a formula, of what it rests on and of its chapter, by name."""
    chapter = [one for one in FORMULAS.values() if one.chapter == stated.chapter]
    known: dict[str, Any] = {}
    for one in (stated, *stated.ancestors, *chapter):
        known = {**one.arguments, **known}
    return known


def _varies(value: Any) -> bool:
    """Whether each case of a batch has an argument of its own: a weight is the same for all."""
    return isinstance(value, lang.Expression) and not isinstance(value, lang.Variable)


def _constant(name: str, expected: Any, given: Any) -> Any:
    """What an argument is that is known."""
    if isinstance(expected, lang.Function):
        if given in DECLARED and DECLARED[given].elementwise == expected.elementwise:
            return DECLARED[given]
        raise ArgumentError(f"where {name}: expected the name of a function of the notation, "
                            f"got {given!r}")  # fmt: skip
    if str(given) not in ("0", "1") or not isinstance(expected, lang.Expression):
        raise ArgumentError(f"where {name}: expected 0 or 1, got {given!r}")
    if not expected.shape:
        return lang.wrap(int(given))
    return (lang.Zeros if int(given) == 0 else lang.Ones)(*expected.shape)


# -- On numbers ------------------------------------------------------------------------------------


NICE = 3
"""Kinds of draws whose numbers are quarters, halves or whole, and differ from one another."""


class Failure(NamedTuple):
    """Where a function and a formula differ: two numbers, or why there are none."""

    setting: Setting
    at: Indices
    draw: int
    entry: str = ""
    computed: float = 0.0
    wanted: float = 0.0
    why: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the numbers differ at sight."""
        size = max(abs(self.computed), abs(self.wanted))
        return not self.why and abs(self.computed - self.wanted) > 1e-2 * size

    @property
    def is_mixed(self) -> bool:
        """Whether its numbers are not small ones, each drawn alone."""
        return bool(self.setting.draws.chosen[self.draw] % len(KINDS) >= NICE)

    @property
    def arguments(self) -> str:
        """Arguments with which it is."""
        shown = self.setting.counterexample(None, self.at, self.draw)
        return f"{shown}, at {readable(self.at)}" if self.at else shown


class Answers:
    """What a call returns in draws, each computed once."""

    def __init__(self, call: Call, runner: Runner) -> None:
        self.code = call.code(runner)
        self.known: dict[Any, Any] = {}
        self.told = 0

    def of(self, setting: Setting, at: Indices, draw: int) -> Any:
        """Array that is returned, or why there is none."""
        key = id(setting), frozenset(at.items()), draw
        if key not in self.known:
            given = setting.arguments(at, draw)
            try:
                self.known[key] = np.asarray(self.code(**given), dtype=float)
            except Exception as error:  # noqa: BLE001 -- it is somebody else's code
                self.known[key] = f"{type(error).__name__}: {error}"
        return self.known[key]


class Trial:
    """A formula in the arguments of a call, in draws at several choices of sizes."""

    def __init__(self, stated: Formula, call: Call, runner: Runner) -> None:
        self.stated = stated
        self.call = call
        self.runner = runner
        self.settings = settings_of(stated)
        self.right = stated.statement.right

    def run(self) -> int:
        """Refute a call that does not give the right-hand side in a draw; count those that tell."""
        answers = Answers(self.call, self.runner)
        found = next(self.failures(answers, self.right, self.settings), None)
        if found is not None:
            raise Different(self.told(answers, found), self.explained(answers))
        return answers.told

    def failures(
        self, answers: Answers, right: Any, settings: list[Setting], fewest: int = FEWEST
    ) -> Iterator[Failure]:
        """Draws in which a call does not give an expression, and the first entry of each."""
        for one in settings:
            for at in one.assignments:
                told = 0
                wanted, errors = one.known(right, at)
                for draw in _telling(one, right, at):
                    gaps = self._gaps(one, at, draw, answers, wanted[draw], errors[draw])
                    told += gaps is not None
                    if gaps:
                        yield gaps[0]
                if told < fewest:
                    raise Undecided(f"{self.stated.id}: too few draws tell: "
                                    f"{told}, where {fewest} are wanted")  # fmt: skip
                answers.told += told

    def _gaps(
        self, one: Setting, at: Indices, draw: int, answers: Answers, wanted: Any, errors: Any
    ) -> list[Failure] | None:
        """Entries that differ in a draw; None if it tells nothing."""
        computed = answers.of(one, at, draw)
        if isinstance(computed, str):
            return [Failure(one, at, draw, why=f"fails ({computed})")]
        if computed.shape != wanted.shape:
            shapes = f"returns shape {computed.shape}, and the formula has shape {wanted.shape}"
            return [Failure(one, at, draw, why=shapes)]
        largest = _largest(one, at, draw)
        short = self.runner.bits < 64
        if largest > 100 and (short or not np.isfinite(computed).all()):
            return None
        size = np.maximum(np.abs(computed), np.abs(wanted))
        slack = 1e-9 * (1e-3 + size) + 1e3 * errors + 1e-12 * largest
        if short:
            slack = 1e-4 * (1 + np.max(size, initial=0) + largest)
        wrong = ~(np.abs(computed - wanted) <= slack)
        return [Failure(one, at, draw, _entry(place), float(computed[place]), float(wanted[place]))
                for place in map(tuple, np.argwhere(wrong))]  # fmt: skip

    # -- what is told ------------------------------------------------------------------------------

    def told(self, answers: Answers, found: Failure) -> str:
        """Counterexample for a reader, the smallest that is found."""
        name = self.call.title
        if found.why:
            shapes = ", ".join(
                f"{argument} of shape {found.setting.symbols.shape(value, found.at)}"
                for argument, value in self.stated.arguments.items()
                if isinstance(value, lang.Expression) and value.shape
            )  # fmt: skip
            return f"{self.heading}\n  {name} {found.why}, with {shapes}"
        small = self._smallest(answers) or found
        digits = 6 if f"{small.computed:.6g}" != f"{small.wanted:.6g}" else 17
        return (
            f"{self.heading}\n  {small.entry}{name} gives {small.computed:.{digits}g} "
            f"and the formula {small.wanted:.{digits}g} {small.arguments}"
        )

    @property
    def heading(self) -> str:
        """What is not what."""
        return f"{self.call.title} is not {self.stated.id}, {text(self.right)}"

    def _smallest(self, answers: Answers) -> Failure | None:
        """Draw with the shortest arguments, at the smallest sizes at which there is one."""
        for one in (*self.small, *self.settings):
            found = [f for f in self.failures(answers, self.right, [one], fewest=0) if f.is_plain]
            if found:
                return min(found, key=lambda failure: (failure.is_mixed, len(failure.arguments)))
        return None

    @cached_property
    def small(self) -> list[Setting]:
        """The formula with every size one, and with every size two, where that has a meaning."""
        found = []
        for number in (1, 2):
            try:
                one = Setting(self.stated, dict.fromkeys(self.settings[0].sizes, number))
                one.known(self.right, one.assignments[0])
                found.append(one)
            except (StatementError, ValueError, LookupError):
                continue
        return found

    def explained(self, answers: Answers) -> str:
        """One change that makes the two agree, found by trying."""
        tried = 0
        for guess in guesses(self.stated, self.call):
            tried += 1
            same_call = guess.call is self.call
            own = answers if same_call else Answers(guess.call, self.runner)
            if self._agrees(own, guess.right):
                return f"The two agree if {guess.says}."
        return f"None of {tried} single changes that were tried makes the two agree."

    def _agrees(self, answers: Answers, right: Any) -> bool:
        """Whether a call gives an expression, in all draws."""
        try:
            for settings, fewest in ((self.small[:1], 0), (self.settings, FEWEST)):
                if next(self.failures(answers, right, settings, fewest), None) is not None:
                    return False
        except (
            AssertionError,
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
        ):
            return False
        return True


def _telling(one: Setting, right: Any, at: Indices) -> list[int]:
    """Draws in which an expression is known."""
    values, errors = one.known(right, at)
    telling = np.isfinite(values) & is_small(errors, np.abs(values))
    return [int(n) for n in np.flatnonzero(telling.reshape(len(values), -1).all(axis=1))]


def _largest(one: Setting, at: Indices, draw: int) -> float:
    arrays = [one.known(value, at)[0][draw] for value in one.stated.arguments.values()
              if isinstance(value, lang.Expression)]  # fmt: skip
    return max((float(np.max(np.abs(array), initial=0)) for array in arrays), default=0.0)


def _entry(place: Any) -> str:
    return f"at entry {tuple(int(i) + 1 for i in place)} " if len(place) else ""
