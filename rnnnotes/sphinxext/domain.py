"""The domain ``fml``: where each formula stands, what it rests on, and how to refer to it.

The environment holds plain data only; it is pickled, and merged from the parallel readers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.domains import Domain, Index, IndexEntry, ObjType
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from rnnnotes.book.cite.citing import permalink
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.published import Published, dropped
from rnnnotes.sphinxext.widgets import FormulaTitle
from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

__all__ = [
    "FormulaDomain",
    "FormulaEntry",
    "FormulaRole",
    "domain_of",
    "elsewhere",
    "outdated",
]

logger = logging.getLogger(__name__)


class FormulaEntry(NamedTuple):
    """What the other pages of a site know of a formula."""

    id: str
    docname: str
    anchor: str
    title: str
    latex: str
    symbols: tuple[tuple[str, str], ...]
    """LaTeX and meaning of each symbol of the statement."""
    hypotheses: tuple[str, ...]
    """LaTeX of each equation that it supposes."""
    provisos: tuple[str, ...]
    """LaTeX of each other condition under which it holds."""
    names: tuple[tuple[str, str], ...]
    """Name in code and meaning of each symbol of the statement."""
    uses: tuple[str, ...]
    sources: tuple[str, ...]
    verdict: str
    record: str
    """All of it in JSON, for machines."""
    bibtex: str

    @property
    def chapter(self) -> str:
        """First part of the id."""
        return self.id.partition(".")[0]


class FormulaRole(XRefRole):
    """Reference to a formula, with its title as text unless there is another."""

    def __init__(self) -> None:
        super().__init__(warn_dangling=True, innernodeclass=nodes.inline)

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Serve both as ``fml:ref`` and, without the name of a domain, as ``formula``."""
        self.name = "fml:ref"
        return super().run()


class FormulasByChapter(Index):
    """All formulas, chapter after chapter."""

    name = "formulas"
    localname = "Formulas by chapter"
    shortname = "formulas"

    def generate(
        self, docnames: Iterable[str] | None = None
    ) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Entries of the index."""
        domain = cast(FormulaDomain, self.domain)
        content: dict[str, list[IndexEntry]] = {}
        for entry in domain.in_order(docnames):
            chapter = domain.env.titles[entry.docname].astext()
            content.setdefault(chapter, []).append(
                IndexEntry(entry.title, 0, entry.docname, entry.anchor,
                           word(entry.verdict), "", entry.id)
            )  # fmt: skip
        return list(content.items()), False


class FormulasBySymbol(Index):
    """All formulas, under each symbol that they hold."""

    name = "symbols"
    localname = "Formulas by symbol"
    shortname = "symbols"

    def generate(
        self, docnames: Iterable[str] | None = None
    ) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Entries of the index."""
        found: dict[tuple[str, str], list[FormulaEntry]] = {}
        for entry in cast(FormulaDomain, self.domain).in_order(docnames):
            for symbol in entry.names:
                found.setdefault(symbol, []).append(entry)
        content: dict[str, list[IndexEntry]] = {}
        for name, meaning in sorted(found, key=lambda symbol: (symbol[0].lower(), symbol)):
            group = content.setdefault(name[0].upper(), [])
            group.append(IndexEntry(name, 1, "", "", meaning, "", ""))
            group += [IndexEntry(entry.title, 2, entry.docname, entry.anchor, "", "", entry.id)
                      for entry in found[name, meaning]]  # fmt: skip
        return sorted(content.items()), False


class FormulaDomain(Domain):
    """Formulas of a book."""

    name = "fml"
    label = "Formula"
    object_types: ClassVar[dict[str, ObjType]] = {"formula": ObjType("formula", "ref")}
    roles: ClassVar[dict[str, Any]] = {"ref": FormulaRole()}
    indices: ClassVar[list[type[Index]]] = [FormulasByChapter, FormulasBySymbol]
    initial_data: ClassVar[dict[str, Any]] = {
        "formulas": {},
        "references": {},
        "digests": {},
        "published": Published(),
    }
    data_version = 2
    dangling_warnings: ClassVar[dict[str, str]] = {"ref": "no formula %(target)r on any page"}

    def check_consistency(self) -> None:
        """Warn of ids that were published and lead nowhere."""
        for id_ in dropped(self.published, self.formulas):
            logger.warning("published id %s leads nowhere", id_, type="fml", subtype="dropped")

    @property
    def formulas(self) -> dict[str, FormulaEntry]:
        """Entry of each formula that stands on a page."""
        return cast("dict[str, FormulaEntry]", self.data["formulas"])

    @property
    def references(self) -> dict[str, set[str]]:
        """Ids to which each page refers."""
        return cast("dict[str, set[str]]", self.data["references"])

    @property
    def published(self) -> Published:
        """Ids that have been published."""
        return cast(Published, self.data["published"])

    def in_order(self, docnames: Iterable[str] | None = None) -> list[FormulaEntry]:
        """Entries in the order of pages and, on a page, of formulas."""
        wanted = None if docnames is None else set(docnames)
        place = {page: number for number, page in enumerate(_pages(self.env))}
        entries = [entry for entry in self.formulas.values()
                   if wanted is None or entry.docname in wanted]  # fmt: skip
        # The entries of one page are in its order already, and a sort keeps it.
        return sorted(entries, key=lambda entry: place[entry.docname])

    def used_by(self, id: str) -> list[FormulaEntry]:
        """Entries of the formulas whose derivation names one."""
        return [entry for entry in self.in_order() if id in entry.uses]

    def note_formula(self, entry: FormulaEntry, location: Any = None) -> None:
        """Register where a formula stands."""
        if entry.id in self.formulas:
            other = self.formulas[entry.id].docname
            logger.warning(
                "formula %s already stands on the page %s; show it again with :no-index:",
                entry.id, other, location=location, type="fml", subtype="duplicate",
            )  # fmt: skip
            return
        self.formulas[entry.id] = entry

    def entry(self, target: str) -> FormulaEntry | None:
        """Entry of a formula by its id, or by one it had before."""
        return self.formulas.get(self.published.aliases.get(target, target))

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """Name of what the search finds."""
        return type.lname

    # -- What Sphinx asks of a domain ------------------------------------------------------------

    def clear_doc(self, docname: str) -> None:
        """Forget a page."""
        for id_, entry in list(self.formulas.items()):
            if entry.docname == docname:
                del self.formulas[id_]
        self.references.pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over the pages that another process has read."""
        for entry in otherdata["formulas"].values():
            if entry.docname in docnames:
                self.note_formula(entry, location=entry.docname)
        for docname, ids in otherdata["references"].items():
            if docname in docnames:
                self.references[docname] = ids

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Read titles and meanings once more, now that they are translated."""
        for signature in document.findall(addnodes.desc_signature):
            entry = self.formulas.get(signature.get("formula", ""))
            if entry is None or entry.docname != docname or not signature["ids"]:
                continue
            title = next(iter(signature.findall(FormulaTitle))).astext()
            meanings = [node.astext() for node in signature.parent.findall(nodes.definition)
                        if "symbols-of" in node.parent.parent]  # fmt: skip
            self.formulas[entry.id] = entry = entry._replace(
                title=title,
                symbols=tuple((tex, meaning) for (tex, _), meaning
                              in zip(entry.symbols, meanings, strict=True)),
            )  # fmt: skip
            for index in (node for node in document.findall(addnodes.index)
                          if node.get("formula") == entry.id):  # fmt: skip
                index["entries"] = [("single", title, entry.anchor, "", None)]
            for name in (entry.id, *self.published.earlier(entry.id)):
                env.domains.standard_domain.note_hyperlink_target(
                    f"fml-{name}".lower(), docname, entry.anchor, title
                )
        self.references[docname] = {
            node["reftarget"] for node in document.findall(addnodes.pending_xref)
            if node.get("refdomain") == "fml" or node.get("reftype") in ("any", "myst", "eq")
        }  # fmt: skip

    def resolve_xref(
        self, env: BuildEnvironment, fromdocname: str, builder: Builder, typ: str, target: str,
        node: addnodes.pending_xref, contnode: nodes.Element,
    ) -> nodes.reference | None:  # fmt: skip
        """Link to a formula; the title is the text, unless the author gave one."""
        entry = self.entry(target)
        if target in self.published.withdrawn:
            why = self.published.withdrawn[target]
            logger.warning("formula %s has been withdrawn: %s", target, why,
                           location=node, type="fml", subtype="withdrawn")  # fmt: skip
        if entry is None:
            return None
        explicit = node.get("refexplicit", False)
        content = contnode if explicit else nodes.inline(entry.title, entry.title)
        reference = make_refnode(
            builder, fromdocname, entry.docname, entry.anchor, content, entry.title
        )
        reference["formula"] = entry.id
        reference.attributes.pop("reftitle", None)  # the preview says more than a tooltip
        reference["classes"] = [*reference["classes"], "fml-ref"]
        return reference

    def resolve_any_xref(
        self, env: BuildEnvironment, fromdocname: str, builder: Builder, target: str,
        node: addnodes.pending_xref, contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:  # fmt: skip
        """Link to a formula from a role that does not say what it refers to."""
        found = self.resolve_xref(env, fromdocname, builder, "ref", target, node, contnode)
        return [] if found is None else [("fml:ref", found)]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """All formulas, for the inventory and the search; other ids for the inventory alone.

        An earlier id leads to its formula, and one that was withdrawn to the page that says why.
        """
        for entry in self.formulas.values():
            yield entry.id, entry.title, "formula", entry.docname, entry.anchor, 1
            for name in self.published.earlier(entry.id):
                yield name, entry.title, "formula", entry.docname, entry.anchor, -1
        for name in self.published.withdrawn:
            yield name, name, "formula", f"f/{name}", "", -1


def elsewhere(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, contnode: nodes.Element
) -> nodes.reference | None:
    """Link to the book itself, if a formula of it stands on no page of this site.

    A number is that of a page, so a reference by number has the title as its text too.
    """
    formula = node.get("refdomain") == "fml" or node.get("reftype") == "eq"
    stated = (
        find_all().get(node["reftarget"]) if formula and app.config.formulas_elsewhere else None
    )
    if stated is None or stated.file:
        return None
    content = contnode if node.get("refexplicit") else nodes.inline(stated.title, stated.title)
    return nodes.reference("", "", content, refuri=permalink(stated.id), internal=False)


def domain_of(env: BuildEnvironment) -> FormulaDomain:
    """Return the domain of an environment."""
    return cast(FormulaDomain, env.domains["fml"])


def _pages(env: BuildEnvironment) -> Iterator[str]:
    """Yield pages in the order of the table of contents, then those outside it."""
    found: dict[str, None] = {}
    pending = [env.config.root_doc]
    while pending:
        page = pending.pop(0)
        if page not in found:
            found[page] = None
            pending = [*env.toctree_includes.get(page, ()), *pending]
    yield from found
    yield from sorted(set(env.found_docs) - set(found))


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Find the pages that show something of a formula which has changed on another page.

    Sphinx writes anew the pages that it reads anew.  A page that refers to a formula shows its
    title, though, and its number.
    """
    domain = domain_of(env)
    used_by: dict[str, list[str]] = {}
    for entry in domain.in_order():
        for id_ in entry.uses:
            used_by.setdefault(id_, []).append(entry.id)
    faces = {id_: _face(env, entry) for id_, entry in domain.formulas.items()}
    digests = {id_: _digest(id_, faces, used_by) for id_ in domain.formulas}
    before = domain.data["digests"]
    changed = {id_ for id_ in digests.keys() | before if digests.get(id_) != before.get(id_)}
    if not changed:
        return []
    domain.data["digests"] = digests
    changed |= {name for id_ in changed for name in domain.published.earlier(id_)}
    pages = {page for page, ids in domain.references.items() if ids & changed}
    pages |= {domain.formulas[id_].docname for id_ in changed & domain.formulas.keys()}
    pages |= _bibliographies(env)
    return sorted(pages & env.found_docs)


def _face(env: BuildEnvironment, entry: FormulaEntry) -> tuple[str, ...]:
    """What other pages show of a formula."""
    numbers = env.toc_fignumbers.get(entry.docname, {}).get("displaymath", {})
    number = numbers.get(nodes.make_id(f"equation-{entry.id}"), ())
    return entry.title, entry.docname, entry.anchor, entry.verdict, str(number), *entry.sources


def _digest(id_: str, faces: dict[str, tuple[str, ...]], used_by: dict[str, list[str]]) -> str:
    users = [faces[user] for user in used_by.get(id_, ())]
    return hashlib.sha256(repr((faces[id_], users)).encode()).hexdigest()


def _bibliographies(env: BuildEnvironment) -> set[str]:
    """Pages with a bibliography: it lists the formulas under their sources."""
    if "cite" not in env.domains:
        return set()
    return {key.docname for key in env.domains["cite"].bibliographies}  # type: ignore[attr-defined]
