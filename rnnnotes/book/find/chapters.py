"""The chapters of the book: all of them, in the order in which they rest on one another."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from graphlib import TopologicalSorter

from rnnnotes.book.state.formulas import FORMULAS, Formula
from rnnnotes.book.state.identity import BOOK

__all__ = ["chapters", "find_all"]


def chapters() -> list[str]:
    """Names of the chapters, each after those that it rests on."""
    return list(dict.fromkeys(stated.chapter for stated in find_all().values()))


def find_all() -> dict[str, Formula]:
    """Load every chapter, and return all formulas by id, in one order whatever was loaded first."""
    _load_chapters()
    if (loaded := tuple(dict.fromkeys(s.chapter for s in FORMULAS.values()))) != _ordered(loaded):
        order = _ordered(loaded).index
        formulas = sorted(FORMULAS.items(), key=lambda item: order(item[1].chapter))
        FORMULAS.clear()
        FORMULAS.update(formulas)
    return FORMULAS


@cache
def _load_chapters() -> None:
    """Load every chapter, once: to look for them takes longer than what is asked of them."""
    package = importlib.import_module(BOOK)
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if not module.ispkg and module.name != "__main__":
            importlib.import_module(f"{BOOK}.{module.name}")


@cache
def _ordered(loaded: tuple[str, ...]) -> tuple[str, ...]:
    """Order of chapters: each after those that it rests on, and else by name."""
    sorter = TopologicalSorter[str](dict.fromkeys(loaded, ()))
    for stated in FORMULAS.values():
        sorter.add(stated.chapter, *{one.chapter for one in stated.given} - {stated.chapter})
    sorter.prepare()
    order: list[str] = []
    ready: set[str] = set()
    while sorter.is_active():
        ready.update(sorter.get_ready())
        order.append(min(ready))
        ready.remove(order[-1])
        sorter.done(order[-1])
    return tuple(order)
