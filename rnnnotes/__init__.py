"""The reference on recurrent neural networks in which no displayed formula can be wrong.

The chapters are modules of this package.  What is offered here works on any formula:
`check` proves one or many, `find` finds one by its id, `search` finds some by words, `cite`
cites one, and `compare` holds a function of your own against it.  `formula` states one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnnotes.book.check.checking import check, check_all
    from rnnnotes.book.cite.citing import cite
    from rnnnotes.book.compare.comparing import compare
    from rnnnotes.book.find.finding import find
    from rnnnotes.book.find.searching import search
    from rnnnotes.book.state.formulas import formula

    __version__: str

__all__ = ["__version__", "check", "check_all", "cite", "compare", "find", "formula", "search"]

HOMES = {
    "check": "check.checking",
    "check_all": "check.checking",
    "cite": "cite.citing",
    "compare": "compare.comparing",
    "find": "find.finding",
    "formula": "state.formulas",
    "search": "find.searching",
}
"""Modules that hold what is offered here, loaded when it is first used."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata

        return metadata.version("rnnnotes")
    if name in HOMES:
        return getattr(importlib.import_module(f"rnnnotes.book.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
