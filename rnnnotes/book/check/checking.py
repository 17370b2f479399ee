"""Check formulas: many at once, each within a time limit, and none twice.

A result is looked up by content (see `rnnnotes.book.check.store`) and proved only if it is not
known.  Several proofs run in parallel, each formula after those it rests on.  A proof that
overruns its time is stopped and has failed: no answer is never a pass, and no failure is kept.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from rnnnotes.book.check import store
from rnnnotes.book.find import files
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import StatementError
from rnnnotes.book.prove.proof import decide
from rnnnotes.book.prove.verdicts import Result
from rnnnotes.book.state.formulas import FORMULAS, Formula, stated_by
from rnnnotes.book.state.identity import is_place

if TYPE_CHECKING:
    from pebble import ProcessPool

__all__ = [
    "LIMIT",
    "OutOfTime",
    "Outcome",
    "RestsOnFailure",
    "check",
    "check_all",
    "forget",
    "result_of",
]

LIMIT = 60.0
"""Seconds that the proof of one formula may take."""


class OutOfTime(AssertionError):
    """A proof that gave no answer within its time."""


class RestsOnFailure(AssertionError):
    """A formula that is not checked, as one that it rests on has failed."""


@dataclass(frozen=True)
class Outcome:
    """What came of checking a formula: its result, or why it has none."""

    stated: Formula
    result: Result | None = None
    error: BaseException | None = None
    seconds: float = 0.0
    cached: bool = False

    @property
    def passed(self) -> bool:
        """Whether the formula and its code hold."""
        return self.result is not None

    @property
    def verdict(self) -> str:
        """Verdict, or that there is none."""
        return self.result.verdict if self.result else "failed"

    @property
    def failure(self) -> str:
        """Why the formula has no result; empty if it has one."""
        if self.error is None:
            return ""
        kind = "" if isinstance(self.error, AssertionError) else f"{type(self.error).__name__}: "
        return kind + str(self.error)


_known: dict[str, Result] = {}
"""Results found in this process, by key."""


def forget() -> None:
    """Forget the results found in this process; those on disk stay."""
    _known.clear()


# -- One formula -----------------------------------------------------------------------------------


def result_of(stated: Formula, limit: float = LIMIT) -> Result:
    """Result of checking a formula, from memory, from disk, or proved now.

    Parameters
    ----------
    stated : Formula
        Formula that is checked.  What it rests on is checked first.
    limit : float, optional
        Seconds that each proof may take.

    Returns
    -------
    Result
        Its verdict, with the seconds that its proof took.

    Raises
    ------
    Refuted, Undecided, OutOfTime
        If the formula, or one that it rests on, does not pass.
    """
    result = _look_up(stated)
    if result is None:
        for parent in stated.given:
            result_of(parent, limit)
        result = _remember(stated, _proved(stated, limit))
    return result


def _look_up(stated: Formula) -> Result | None:
    key = store.key_of(stated)
    if key not in _known:
        result = store.load(stated)
        if result is None:
            return None
        _known[key] = result
    return _known[key]


def _remember(stated: Formula, result: Result) -> Result:
    _known[store.key_of(stated)] = result
    store.save(stated, result)
    return result


def _proved(stated: Formula, limit: float) -> Result:
    """Prove a formula here if a signal can stop it, else in a process that can be killed."""
    if not hasattr(signal, "setitimer") or threading.current_thread() != threading.main_thread():
        ancestors = {store.key_of(a): _known[store.key_of(a)] for a in stated.ancestors}
        with _pool(1, "spawn") as pool:
            future = pool.schedule(_work, (*_address(stated), ancestors), timeout=limit)
        return _answer(stated, future, limit)
    with _alarm(stated, limit):
        return _prove(stated)


def _prove(stated: Formula) -> Result:
    start = time.perf_counter()
    return replace(prove(stated), seconds=time.perf_counter() - start)


def prove(stated: Formula) -> Result:
    """Check a formula anew, and see what is known of those that it rests on.

    Parameters
    ----------
    stated : Formula
        What is checked.

    Returns
    -------
    Result
        The verdicts, and the sizes and draws on which they rest.

    Raises
    ------
    Refuted
        If a line or the code is wrong: the message has a counterexample.
    Undecided
        If algebra and draws leave it open.
    StatementError
        If the statement cannot be evaluated.
    """
    theorems = (one for one in stated.ancestors if not one.is_definition)
    return decide(stated).resting_on(map(result_of, theorems))


@contextmanager
def _alarm(stated: Formula, limit: float) -> Iterator[None]:
    """Interrupt what runs within once its time is over."""
    start = time.monotonic()

    def interrupt(*_: Any) -> None:
        raise OutOfTime(_overrun(stated, limit))

    handler = signal.signal(signal.SIGALRM, interrupt)
    # Repeated, as code in between may catch the first.
    outer, _ = signal.setitimer(signal.ITIMER_REAL, limit, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, outer + start - time.monotonic()))
    if time.monotonic() - start > limit:
        raise OutOfTime(_overrun(stated, limit))


def _overrun(stated: Formula, limit: float) -> str:
    return f"{stated.id}: no answer within {limit:g} s"


# -- Many formulas ---------------------------------------------------------------------------------


@overload
def check(which: Callable[..., Any], /) -> Result: ...


@overload
def check(which: str, /) -> Result | list[Result]: ...


@overload
def check(
    which: str | Callable[..., Any], also: str | Callable[..., Any], /,
    *more: str | Callable[..., Any],
) -> list[Result]: ...  # fmt: skip


def check(*which: str | Callable[..., Any]) -> Result | list[Result]:
    """Check formulas, given by their ids, their functions or their files.

    Parameters
    ----------
    *which : str or callable
        Ids, functions, or paths of files and folders outside of the book.  What they rest on
        is checked as well.

    Returns
    -------
    Result or list of Result
        Result of the formula that is named, or of each if there are several or a path.

    Raises
    ------
    Refuted, Undecided, OutOfTime, RestsOnFailure
        If one does not pass.
    FileError
        If a file does not load, or states no formula.

    Examples
    --------
    >>> check("bptt.step_jacobian")
    proved; the code is proved
    """
    chosen = [stated for one in which for stated in _named(one)]
    if len(which) == 1 and not (isinstance(which[0], str) and is_place(which[0])):
        return result_of(chosen[0])
    outcomes = check_all(chosen)
    for outcome in outcomes.values():
        if outcome.error is not None:
            raise outcome.error
    return [result_of(stated) for stated in chosen]


def _named(one: str | Callable[..., Any]) -> list[Formula]:
    if not isinstance(one, str):
        return [stated_by(one)]
    return files.formulas_at(one) if is_place(one) else [find(one)]


def check_all(
    which: Iterable[str | Formula] | None = None,
    progress: Callable[[Outcome, int, int], None] | None = None,
    *,
    workers: int | None = None,
    limit: float = LIMIT,
    cached: bool = True,
    start_method: str = "spawn",
) -> dict[str, Outcome]:
    """Check many formulas in parallel, and what they rest on.

    Parameters
    ----------
    which : iterable of str or Formula, optional
        Formulas, or their ids; all of the book if not given.
    progress : callable, optional
        Called after each formula with its outcome, how many are done and how many there are.
    workers : int, optional
        Processes that prove; as many as there are processors if not given.  One is this process.
    limit : float, optional
        Seconds that each proof may take.
    cached : bool, optional
        Whether results that are known from before count.
    start_method : {'spawn', 'forkserver', 'fork'}, optional
        How the processes are started.

    Returns
    -------
    dict of str to Outcome
        Outcome of each formula by id, each after those that it rests on.
    """
    chosen = find_all().values() if which is None else which
    every: dict[str, Formula] = {}
    for one in chosen:
        stated = find(one) if isinstance(one, str) else one
        every |= {ancestor.id: ancestor for ancestor in stated.ancestors} | {stated.id: stated}
    run = _Run(every, progress, limit)
    if cached:
        run.look_up()
    if run.waiting:
        count = min(len(run.waiting), workers or os.cpu_count() or 1)
        if count == 1:
            run.prove_here()
        else:
            run.prove(_pool(count, start_method), count)
    return {id: run.outcomes[id] for id in every}


class _Run:
    """The formulas that are being checked, and what is known of them."""

    def __init__(
        self,
        every: dict[str, Formula],
        progress: Callable[[Outcome, int, int], None] | None,
        limit: float,
    ) -> None:
        self.waiting = dict(every)
        self.total = len(every)
        self.progress = progress
        self.limit = limit
        self.outcomes: dict[str, Outcome] = {}

    def done(self, outcome: Outcome) -> None:
        """Note an outcome."""
        self.outcomes[outcome.stated.id] = outcome
        if self.progress is not None:
            self.progress(outcome, len(self.outcomes), self.total)

    def look_up(self) -> None:
        """Take the results that are known."""
        for stated in list(self.waiting.values()):
            result = _look_up(stated)
            if result is not None:
                del self.waiting[stated.id]
                self.done(Outcome(stated, result, seconds=result.seconds, cached=True))

    def prove_here(self) -> None:
        """Prove the others in this process, each once all that it rests on has passed."""
        while self.waiting:
            for stated in self._ready()[:1]:
                del self.waiting[stated.id]
                self._take(stated, partial(_proved, stated, self.limit))

    def prove(self, pool: ProcessPool, count: int) -> None:
        """Prove the others in other processes, each once all that it rests on has passed."""
        running: dict[Future[Result], Formula] = {}
        try:
            while self.waiting or running:
                # No more at a time than there are workers: a task's time starts when it is sent.
                for stated in self._ready()[: count - len(running)]:
                    del self.waiting[stated.id]
                    arguments = (*_address(stated), self._known_to(stated))
                    running[pool.schedule(_work, arguments, timeout=self.limit)] = stated
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    stated = running.pop(future)
                    self._take(stated, partial(_answer, stated, future, self.limit))
            pool.close()  # type: ignore[no-untyped-call]
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise
        finally:
            pool.join()

    def _ready(self) -> list[Formula]:
        """Formulas whose ancestors have all passed; those with one that failed fail here."""
        for stated in list(self.waiting.values()):
            failed = [self.outcomes[a.id] for a in stated.ancestors
                      if a.id in self.outcomes and not self.outcomes[a.id].passed]  # fmt: skip
            if failed:
                del self.waiting[stated.id]
                (why, *_) = str(failed[0].error).splitlines()
                self.done(Outcome(stated, error=RestsOnFailure(
                    f"{stated.id}: rests on {failed[0].stated.id}, which failed: {why}"
                )))  # fmt: skip
        return [stated for stated in self.waiting.values()
                if all(a.id in self.outcomes for a in stated.ancestors)]  # fmt: skip

    def _known_to(self, stated: Formula) -> dict[str, Result]:
        """Results of the formulas that one rests on, by key."""
        outcomes = (self.outcomes[ancestor.id] for ancestor in stated.ancestors)
        return {store.key_of(o.stated): o.result for o in outcomes if o.result is not None}

    def _take(self, stated: Formula, answer: Callable[[], Result]) -> None:
        try:
            result = _remember(stated, answer())
        except Exception as error:  # noqa: BLE001 -- whatever it is, the formula has not passed
            seconds = self.limit if isinstance(error, OutOfTime) else 0.0
            self.done(Outcome(stated, error=error, seconds=seconds))
        else:
            self.done(Outcome(stated, result, seconds=result.seconds))


# -- Processes -------------------------------------------------------------------------------------


def _pool(workers: int, start_method: str) -> ProcessPool:
    from pebble import ProcessPool  # one formula needs none

    context = multiprocessing.get_context(start_method)
    return ProcessPool(workers, initializer=find_all, context=context)


def _address(stated: Formula) -> tuple[str, str, str]:
    """Where another process finds a formula."""
    return *files.address(stated.code), stated.id


def _work(module: str, folder: str, id: str, known: dict[str, Result]) -> Result:
    """Prove a formula in a process of its own, given the results of those it rests on."""
    if id not in FORMULAS and folder:
        files.bring(module, folder)
    if id not in FORMULAS:
        raise StatementError(f"{id}: another process, which is to prove it, does not find it: "
                             "state it in a file, outside of any function")  # fmt: skip
    _known.update(known)
    return _prove(FORMULAS[id])


def _answer(stated: Formula, future: Future[Result], limit: float) -> Result:
    try:
        return future.result()
    except TimeoutError:
        raise OutOfTime(_overrun(stated, limit)) from None
