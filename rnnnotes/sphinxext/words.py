"""Words that the extension itself puts on a page.

They are looked up in the catalog ``sphinx``, as the words of a theme are, and the gettext
builder is told of them, so that they reach the translators.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.builders.gettext import MessageCatalogBuilder, MsgOrigin
from sphinx.locale import _
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["WORDS", "Wordless", "collect", "word"]

WORDS = {
    # Verdicts
    "definition": "definition",
    "proved": "proved",
    "proved at sizes": "proved at sizes",
    "tested": "tested",
    "cited": "cited",
    "draws": "{count} draws of {kinds} kinds",
    "at first": "at {sizes}",
    "at others": "draws also at {sizes}",
    "by induction": "by induction",
    "by solver": "by a solver of inequalities",
    "by norms": "by rules on norms",
    "code proved": "code proved",
    "code at steps": "code proved at {steps}, for arrays of every other size",
    "code tested": "code tested",
    "code definition": "code proved",
    "code proved at sizes": "code proved",
    # Parts of a formula
    "suppose": "Suppose that",
    "provided": "provided that",
    "derivation": "Derivation",
    "in the code": "In the code",
    "uses": "Uses",
    "uses many": "Uses {count} formulas",
    "used by": "Used by",
    "used by many": "Used by {count} formulas",
    "source": "Source",
    "symbols": "Symbols",
    # What can be copied
    "latex": "LaTeX",
    "numpy": "NumPy",
    "sympy": "SymPy",
    "markdown": "Citation",
    "bibtex": "BibTeX",
    "copy": "Copy",
    "copy what": "Copy {what}",
    "copied": "{what} copied",
    "cite": "Cite",
    "permalink": "Permanent link",
    # Tables
    "sizes": "Sizes",
    "indices": "Indices",
    "functions": "Functions",
    "two meanings": "Letters with another meaning in one chapter",
    "symbol": "Symbol",
    "name": "In code",
    "meaning": "Meaning",
    "values": "Values",
    "shape": "Shape",
    "chapter": "Chapter",
    # Mutants: what was broken, and what became of it
    "broken": "What was broken",
    "activation": "an activation exchanged",
    "bound": "a bound of a sum or product shifted",
    "cast": "an argument of the code cut to whole numbers",
    "constant": "a constant changed",
    "dropped": "a term or factor dropped",
    "given": "a formula no longer given",
    "index": "a time shifted",
    "order": "an order reversed",
    "sign": "a sign flipped",
    "size": "a size made a number",
    "strict": "a ≤ made a <",
    "transpose": "a transpose dropped or put in",
    "where": "a condition dropped",
    "refuted": "refuted",
    "weaker": "weaker verdict",
    "equivalent": "equivalent",
    "survived": "survived",
    "total": "All chapters",
    "sum": "Sum",
    # Other pages
    "cited by": "Formulas that go back to it:",
    "cited by many": "{count} formulas go back to it",
    "formulas by chapter": "Formulas by chapter",
    "formulas by symbol": "Formulas by symbol",
    "moved": "This formula is at",
    "renamed": "This formula is now called {id}. It is at",
    "withdrawn": "This formula has been withdrawn.",
    "in the book": "Stated, derived and checked:",
    # Parts of a page
    "bars": "Side bars",
    "site": "Site navigation",
    "contents": "Contents of the page",
    "top": "Top of the page",
    "equation": "Equation",
    "equation link": "Link to this equation",
}


def word(name: str, **values: object) -> str:
    """Translate a word, and fill in its values."""
    return str(_(WORDS[name])).format(**values)


def collect(app: Sphinx) -> None:
    """Hand the words to the gettext builder."""
    if isinstance(app.builder, MessageCatalogBuilder):
        here = Path(__file__).name
        for message in dict.fromkeys(WORDS.values()):
            app.builder.catalogs["sphinx"].add(message, MsgOrigin(here, 1))


class Wordless(SphinxTransform):
    """Texts that are all mathematics and code: they do not go to the translators."""

    default_priority = 5
    """Before messages are set aside (10)."""

    def apply(self, **kwargs: object) -> None:
        """Mark them."""
        for node in self.document.findall(nodes.TextElement):
            if node.children and all(isinstance(part, (nodes.literal, nodes.math))
                                     for part in node.children):  # fmt: skip
                node["translatable"] = False
