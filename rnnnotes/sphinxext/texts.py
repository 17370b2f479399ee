"""What a reader may copy of a formula."""

from __future__ import annotations

from rnnnotes.book.cite.citing import cite
from rnnnotes.book.state.formulas import Formula

__all__ = ["FORMATS", "texts_of"]

FORMATS = ("latex", "numpy", "sympy", "markdown", "bibtex")
"""Formats in the order of the buttons."""


def texts_of(stated: Formula) -> dict[str, str]:
    """Text of a formula in each format that has a button."""
    return {name: cite(stated, name).rstrip("\n") for name in FORMATS}
