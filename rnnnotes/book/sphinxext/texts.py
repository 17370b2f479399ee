"""What a reader may copy of a formula."""

from __future__ import annotations

from rnnnotes.book.formulas import Formula

try:
    from rnnnotes.book.citing import cite
except ModuleNotFoundError:
    import json

    def cite(stated: Formula, format: str) -> str:  # noqa: A002
        """Interim."""
        if format == "json":
            return json.dumps({"id": stated.id, "title": stated.title, "latex": stated.latex})
        return stated.source_code if format == "numpy" else stated.latex


__all__ = ["cite", "texts_of"]

FORMATS = ("latex", "numpy", "sympy", "markdown", "bibtex")


def texts_of(stated: Formula) -> dict[str, str]:
    """Text of a formula in each format that it can be copied in."""
    return {name: cite(stated, name).rstrip("\n") for name in FORMATS}
