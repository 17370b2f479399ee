"""The reference of the package: equations are printed there as they are in the pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes

from rnnnotes.book.language.nodes import Expression
from rnnnotes.book.state.formulas import FORMULAS
from rnnnotes.sphinxext import blocks
from rnnnotes.sphinxext.directives import Aware, reference
from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["EquationDirective", "insert_equation", "keep_shapes", "leave_parts_out"]

TYPE = re.compile(r":type (?P<name>[^:]+): (?P<type>[^`]+)$")


class EquationDirective(Aware):
    """The equation of a formula without number or anchor, and a link to the formula."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Set both."""
        stated = FORMULAS[self.arguments[0]]
        self.depend(stated)
        docname = self.env.current_document.docname
        link = blocks.labelled(word("in the book"), reference(stated.id, docname))
        return [blocks.display(stated.latex), link]


def insert_equation(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Insert the equation of a formula below the summary of its function."""
    package, _, id_ = name.partition(".")
    if what != "function" or package != "rnnnotes" or id_ not in FORMULAS:
        return
    end = lines.index("") if "" in lines else len(lines)
    lines[end:end] = ["", f".. fml:equation:: {id_}", ""]


def keep_shapes(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Keep a type as the docstring has it: ``(H, D) ndarray`` names a shape, and no class ``H``."""
    lines[:] = [TYPE.sub(r":type \g<name>: ``\g<type>``", line) for line in lines]


def leave_parts_out(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the expressions and lists of formulas that a chapter names to state others."""
    part = isinstance(obj, Expression) or (isinstance(obj, list) and all(map(callable, obj)))
    return True if what == "module" and part else None
