"""What can be filled in only once every page is read."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from rnnnotes.sphinxext import blocks
from rnnnotes.sphinxext.directives import reference
from rnnnotes.sphinxext.domain import domain_of
from rnnnotes.sphinxext.widgets import Badge, UsedBy

__all__ = ["BadgeLinks", "CitedBy", "FormulaTargets", "UsedByLinks"]

BEFORE_LATEX_EQUATIONS = 4
"""Before the LaTeX builder makes its own of references to equations (5)."""

BEFORE_REFERENCES = 8
"""After the bibliography is set (5), and before references are resolved (10)."""


class UsedByLinks(SphinxPostTransform):
    """Links from a formula to those that use it."""

    default_priority = BEFORE_REFERENCES

    def run(self, **kwargs: object) -> None:
        """Fill in the links."""
        domain = domain_of(self.env)
        for place in list(self.document.findall(UsedBy)):
            users = domain.used_by(place["formula"])
            links = [reference(user.id, place["docname"]) for user in users]
            place.replace_self([blocks.formulas("used by", links)] if users else [])


class BadgeLinks(SphinxPostTransform):
    """Links from a verdict to the page that says what it means."""

    default_priority = BEFORE_REFERENCES

    def run(self, **kwargs: object) -> None:
        """Fill in the links, if there is such a page."""
        page = self.config.formulas_checking
        if page not in self.env.found_docs:
            return
        for badge in list(self.document.findall(Badge)):
            link = addnodes.pending_xref(
                "", refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=True,
                refdoc=badge["docname"], refwarn=True, classes=["fml-badge-link"],
            )  # fmt: skip
            badge.replace_self(link)
            link += badge


class FormulaTargets(SphinxPostTransform):
    """References by an id that may mean several things, or that a formula had before.

    The function of a formula in the reference of the package has its name as well, and its
    equation has it as a label; who refers to an id means the formula.
    """

    default_priority = BEFORE_LATEX_EQUATIONS

    def run(self, **kwargs: object) -> None:
        """Say what each reference means."""
        domain = domain_of(self.env)
        for node in self.document.findall(addnodes.pending_xref):
            entry = domain.entry(node["reftarget"])
            if entry is not None and node.get("reftype") in ("any", "myst"):
                node["refdomain"], node["reftype"] = "fml", "ref"
            elif entry is not None and node.get("refdomain") == "math":
                node["reftarget"] = entry.id


class CitedBy(SphinxPostTransform):
    """Formulas that go back to a source, under its entry in the bibliography."""

    default_priority = BEFORE_REFERENCES

    def run(self, **kwargs: object) -> None:
        """List the formulas."""
        if "cite" not in self.env.domains:
            return
        keys = {
            (citation.bibliography_key.docname, citation.citation_id): citation.key
            for citation in self.env.domains["cite"].citations  # type: ignore[attr-defined]
        }
        entries = domain_of(self.env).in_order()
        for citation in self.document.findall(nodes.citation):
            key = keys.get((citation.get("docname", ""), citation["ids"][0]))
            users = [entry for entry in entries if key in entry.sources]
            if users:
                links = (reference(user.id, citation["docname"]) for user in users)
                citation.append(blocks.formulas("cited by", links))
