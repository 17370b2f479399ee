"""Directives that set a formula and its derivation, and the role that sets its verdict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.directives import ObjectDescription
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_id

from rnnnotes.book.check.checking import result_of
from rnnnotes.book.cite.citing import cite
from rnnnotes.book.find.finding import UnknownFormulaError, find
from rnnnotes.book.language.nodes import StatementError
from rnnnotes.book.prove.verdicts import Result
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.write.latex import latex
from rnnnotes.sphinxext import blocks
from rnnnotes.sphinxext.domain import FormulaEntry, domain_of
from rnnnotes.sphinxext.texts import texts_of
from rnnnotes.sphinxext.widgets import FormulaTitle, Heading, Reuse, UsedBy
from rnnnotes.sphinxext.words import word

__all__ = [
    "Aware",
    "DerivationDirective",
    "FormulaDirective",
    "VerdictRole",
    "reference",
    "verdict_of",
]

logger = logging.getLogger(__name__)


@cache
def machinery() -> list[str]:
    """Files on which the printing and the verdict of every formula depend."""
    package = Path(__file__).parents[1]
    folders = (package / name for name in ("book", "core", "notation", "sphinxext"))
    return [str(path) for folder in folders for path in sorted(folder.rglob("*.py"))]


def verdict_of(stated: Formula, location: Any) -> Result | None:
    """Verdict on a formula; a formula that does not hold is a warning of the build."""
    try:
        return result_of(stated)
    except (AssertionError, StatementError) as error:
        logger.warning("%s: %s", stated.id, error, location=location, type="fml", subtype="verdict")
        return None


class Aware(SphinxDirective):
    """A directive whose page is set anew when what it is made from changes."""

    def depend(self, *stated: Formula) -> None:
        """Note the files that the page depends on."""
        modules = {part.code.__module__ for each in stated for part in (each, *each.ancestors)}
        files = [cast(str, sys.modules[module].__file__) for module in sorted(modules)]
        for path in (*files, *machinery()):
            self.env.note_dependency(path)


class FormulaDirective(ObjectDescription[str], Aware):
    """A formula with all that belongs to it.

    The option ``no-index`` sets it once more on another page, without number and anchor.
    """

    has_content = False
    stated: Formula
    result: Result | None

    def run(self) -> list[nodes.Node]:
        """Set the formula, or say what is wrong with its id."""
        self.name = "fml:formula"
        try:
            self.stated = find(self.arguments[0])
        except UnknownFormulaError as error:
            logger.warning("%s", error, location=self.get_location(), type="fml", subtype="unknown")
            return []
        self.depend(self.stated)
        self.result = verdict_of(self.stated, self.get_location())
        return super().run()

    @property
    def indexed(self) -> bool:
        """Whether this is the place of the formula in the book."""
        return "no-index" not in self.options

    @property
    def docname(self) -> str:
        """Page."""
        return self.env.current_document.docname

    def handle_signature(self, sig: str, signode: addnodes.desc_signature) -> str:
        """Set the title and the verdict."""
        title = FormulaTitle("", self.stated.title)
        self.set_source_info(title)
        heading = Heading("", "", title)
        if self.result is not None:
            heading += nodes.Text(" ")
            heading += blocks.badge(self.result, self.docname)
        signode += heading
        return sig

    def add_target_and_index(self, name: str, sig: str, signode: addnodes.desc_signature) -> None:
        """Register the formula under its id, which is its anchor as well."""
        stated, domain = self.stated, domain_of(self.env)
        anchor = make_id(self.env, self.state.document, "", name)
        signode["ids"] += [anchor, *domain.published.earlier(name)]
        signode["formula"] = name
        self.state.document.note_explicit_target(signode)
        self.indexnode["entries"].append(("single", stated.title, anchor, "", None))
        self.indexnode["formula"] = name
        entry = FormulaEntry(
            id=name,
            docname=self.docname,
            anchor=anchor,
            title=stated.title,
            latex=stated.latex,
            symbols=tuple((tex, text) for tex, _, text in blocks.rows_of(stated)),
            hypotheses=tuple(map(latex, stated.hypotheses)),
            provisos=tuple(map(latex, stated.provisos)),
            names=tuple(blocks.names_of(stated)),
            uses=tuple(parent.id for parent in stated.given),
            sources=stated.sources,
            verdict=self.result.verdict if self.result else "",
            record=cite(stated, "json"),
            bibtex=cite(stated, "bibtex"),
        )
        domain.note_formula(entry, location=signode)

    def transform_content(self, content_node: addnodes.desc_content) -> None:
        """Set the equation, the code, the symbols, the derivation, and what leads further."""
        stated = self.stated
        content_node += blocks.conditions("suppose", stated.hypotheses)
        content_node += self._equation()
        content_node += blocks.conditions("provided", stated.provisos)
        symbols = blocks.symbol_list(blocks.rows_of(stated), self)
        symbols["symbols-of"] = stated.id
        content_node += nodes.container("", blocks.code(stated), symbols, classes=["fml-columns"])
        content_node += blocks.arguments(stated)
        if not stated.is_definition:
            lines = blocks.derivation(stated, self)
            content_node += blocks.folded(word("derivation"), lines)
        content_node += self._links()
        content_node += Reuse("", formula=stated.id, shown=self._unique(), texts=texts_of(stated))

    def _unique(self) -> str:
        """Part of the ids of this block, which may stand on a page twice."""
        return f"fml-{self.env.new_serialno('fml')}"

    def _equation(self) -> list[nodes.Node]:
        block = blocks.display(self.stated.latex, "fml-equation")
        block["docname"] = self.docname
        self.set_source_info(block)
        if not self.indexed:
            return [block]
        block["label"] = self.stated.id
        domain = self.env.domains.math_domain
        domain.note_equation(self.docname, self.stated.id, location=block)
        block["number"] = domain.get_equation_number_for(self.stated.id)
        target = nodes.target("", "", ids=[nodes.make_id(f"equation-{self.stated.id}")])
        self.state.document.note_explicit_target(target)
        return [target, block]

    def _links(self) -> Iterator[nodes.Node]:
        if self.stated.given:
            parents = self.stated.given
            yield blocks.formulas("uses", (reference(p.id, self.docname) for p in parents))
        yield UsedBy("", formula=self.stated.id, docname=self.docname)
        if self.stated.sources:
            yield blocks.labelled(word("source"), *blocks.joined(self._citation(key) for key in
                                                      self.stated.sources))  # fmt: skip

    def _citation(self, key: str) -> nodes.Node:
        """Citation of a source, by the role of sphinxcontrib-bibtex where that knows the key."""
        bibliography: Any = self.env.domains.get("cite")
        if bibliography is None or key not in bibliography.bibdata.data.entries:
            return self._credit(key)
        role = self.env.domains["cite"].roles["t"]
        inliner = self.state.inliner
        found, _ = role("cite:t", f"`{key}`", key, self.lineno, inliner, {}, [])
        return found[0]

    def _credit(self, key: str) -> nodes.Node:
        """Authors and year of a source, with its address if it has one."""
        source = next(one for one in self.stated.bibliography if one.key == key)
        text = nodes.Text(source.credited())
        return nodes.reference("", "", text, refuri=source.url) if source.url else text

    def _object_hierarchy_parts(self, sig_node: addnodes.desc_signature) -> tuple[str, ...]:
        return (self.stated.id,)

    def _toc_entry_name(self, sig_node: addnodes.desc_signature) -> str:
        return self.stated.title if self.indexed else ""


def reference(id_: str, docname: str) -> nodes.Element:
    """Refer to a formula; its title is filled in once all pages are read."""
    return addnodes.pending_xref(
        "", nodes.inline(id_, id_), refdomain="fml", reftype="ref", reftarget=id_,
        refdoc=docname, refexplicit=False, refwarn=True,
    )  # fmt: skip


class DerivationDirective(Aware):
    """Lines of a derivation, where prose wants them."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Set the lines."""
        try:
            stated = find(self.arguments[0])
        except UnknownFormulaError as error:
            logger.warning("%s", error, location=self.get_location(), type="fml", subtype="unknown")
            return []
        self.depend(stated)
        if stated.is_definition:
            logger.warning(
                "%s is a definition and has no derivation", stated.id,
                location=self.get_location(), type="fml", subtype="definition",
            )  # fmt: skip
            return []
        return [blocks.derivation(stated, self)]


class VerdictRole(SphinxRole):
    """Verdict on a formula, in a line of text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Set the badge."""
        location = self.get_location()
        try:
            stated = find(self.text)
        except UnknownFormulaError as error:
            logger.warning("%s", error, location=location, type="fml", subtype="unknown")
            return [nodes.literal(self.text, self.text)], []
        for path in machinery():
            self.env.note_dependency(path)
        result = verdict_of(stated, location)
        docname = self.env.current_document.docname
        return (blocks.badge(result, docname) if result else []), []
