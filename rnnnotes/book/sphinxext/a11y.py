"""Small repairs to the HTML of Sphinx, docutils and the theme."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

REPAIRS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A list may hold list items only.
    (re.compile('role="doc-biblioentry"'), 'role="listitem"'),
    # A heading has a level.
    (re.compile('role="heading"(?! aria-level)'), 'role="heading" aria-level="2"'),
    # What scrolls can be reached by keyboard.
    (re.compile(r'(<div class="highlight">)<pre>'), r'\1<pre tabindex="0">'),
)


class OneAnchorEach(SphinxPostTransform):
    """The theme puts mathematics and tables into boxes that repeat their anchors and classes."""

    formats = ("html",)
    default_priority = 501  # the theme has 500

    def run(self, **kwargs: object) -> None:
        """Take mathematics out of its box, which scrolls by itself; strip that of a table."""
        for box in list(self.document.findall(nodes.container)):
            if "math-wrapper" in box["classes"]:
                box.replace_self(box.children)
            elif "table-wrapper" in box["classes"]:
                box["ids"], box["classes"] = [], ["table-wrapper"]


def repair(html: str) -> str:
    """Repair a piece of HTML."""
    for pattern, replacement in REPAIRS:
        html = pattern.sub(replacement, html)
    return html


def repair_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Repair the parts of a page."""
    for part in ("body", "furo_navigation_tree"):
        if isinstance(context.get(part), str):
            context[part] = repair(context[part])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Repair each page after all else has been done to it."""
    app.add_post_transform(OneAnchorEach)
    app.connect("html-page-context", repair_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
