"""What has been found out about a formula, and how strong that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

__all__ = ["Result", "Verdict", "weakest"]

Verdict = Literal["definition", "proved", "proved at sizes", "tested", "cited"]
STRENGTH: list[Verdict] = list(get_args(Verdict))
"""Verdicts, the strongest first."""

BY = {"induction": "induction", "solver": "a solver of inequalities", "norms": "rules on norms"}
"""What a proof may rest on beside algebra."""


@dataclass(frozen=True)
class Result:
    """What has been found out about a formula.

    `verdict` is that of the statement and of all it rests on, `code` that of the code.
    `sizes` are the choices of sizes: algebra is done at the first, and draws are made at all.
    `draws` is the number of draws that told something of every entry, at all choices together,
    and `kinds` are their kinds.  `by` says what the proof rests on beside algebra: induction, the
    solver of inequalities, rules on norms.  `steps` are the numbers of steps at which the code is
    proved, for arrays of every other size; without them it is proved at the first choice of sizes.
    """

    id: str
    verdict: Verdict
    code: Verdict
    lines: tuple[Verdict, ...]
    sizes: tuple[dict[str, int], ...]
    draws: int
    kinds: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    steps: dict[str, tuple[int, ...]] = field(default_factory=dict)
    seconds: float = 0.0

    def __repr__(self) -> str:
        return f"{self._of_statement()}; the code {self._of_code()}"

    def _of_statement(self) -> str:
        match self.verdict:
            case "definition":
                return "a definition"
            case "proved at sizes":
                return f"proved{self.at}"
            case "tested":
                return f"tested on {self.draws} draws{self.everywhere}: {', '.join(self.kinds)}"
        return ", by ".join([self.verdict, *(BY[name] for name in self.by)])

    def _of_code(self) -> str:
        if self.code == "tested":
            return f"agrees on draws{self.everywhere}"
        if self.code == "proved":
            return "is proved"
        if self.steps:
            return f"is proved at {self.steps_text}, for arrays of every other size"
        return f"is proved{self.at}"

    @property
    def steps_text(self) -> str:
        """Numbers of steps at which the code is proved."""
        return "; ".join(f"{s} = {', '.join(map(str, ns))}" for s, ns in self.steps.items())

    @property
    def at(self) -> str:
        """At which sizes algebra has been done, and at which there were draws alone."""
        if not self.sizes[0]:
            return ""
        first, *others = map(_sizes_text, self.sizes)
        return f" at {first}, on draws at {' and at '.join(others)}"

    @property
    def everywhere(self) -> str:
        """At which sizes there were draws."""
        return f" at {' and at '.join(map(_sizes_text, self.sizes))}" if self.sizes[0] else ""

    def resting_on(self, others: Iterable[Result]) -> Result:
        """Return what is found out once that of other formulas, which this one uses, counts too."""
        if not self.lines:
            return self
        every = [self, *others]
        by = tuple(name for name in BY if any(name in one.by for one in every))
        return replace(self, verdict=weakest(one.verdict for one in every), by=by)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        data = {name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(self).items()}  # fmt: skip
        return data | {"steps": {size: list(numbers) for size, numbers in self.steps.items()}}


def _sizes_text(sizes: dict[str, int]) -> str:
    """Text of one choice of sizes.

    Examples
    --------
    >>> _sizes_text({"H": 2, "D": 3})
    'H=2, D=3'
    """
    return ", ".join(f"{name}={number}" for name, number in sizes.items())


def weakest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the weakest of some verdicts."""
    return max(verdicts, key=STRENGTH.index, default="definition")
