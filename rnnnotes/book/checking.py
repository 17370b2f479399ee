"""Results of proofs."""

from __future__ import annotations

from functools import cache

from rnnnotes.book.formulas import Formula
from rnnnotes.book.proof import Result, prove


@cache
def result_of(stated: Formula) -> Result:
    """Result."""
    return prove(stated)
