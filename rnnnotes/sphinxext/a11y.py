"""Small repairs to the HTML of Sphinx, docutils and the theme, and what a page says of itself."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["describe", "repair"]

REPAIRS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A list may hold list items only.
    (re.compile(' role="doc-biblioentry"'), ' role="listitem"'),
    # A heading has a level.
    (re.compile('role="heading"(?! aria-level)'), 'role="heading" aria-level="2"'),
    # The way past the side bars comes before them, and what opens them has a place of its own.
    (
        re.compile(
            r'\n(<input type="checkbox" class="sidebar-toggle".*?)(<label class="overlay.*?)'
            r'(<a class="skip-to-content.*?</a>)',
            re.DOTALL,
        ),
        r'\n\3\n<nav class="sidebar-toggles" aria-label="NAME OF THE BARS">\n\1</nav>\n\2',
    ),
    # So has the way back to the top.
    (
        re.compile(r'(?<!">)<a href="#" class="back-to-top.*?</a>', re.DOTALL),
        r'<nav aria-label="NAME OF THE TOP">\g<0></nav>',
    ),
    # What scrolls can be reached by keyboard.
    (re.compile(r'(<div class="highlight">)<pre>'), r'\1<pre tabindex="0">'),
    (re.compile('<div(?= class="table-wrapper)'), '<div tabindex="0"'),
    # Two parts of a page that are alike have names that tell them apart.
    (re.compile('<aside(?= class="sidebar-drawer)'), '<aside aria-label="NAME OF THE SITE"'),
    (re.compile('<aside(?= class="toc-drawer)'), '<aside aria-label="NAME OF THE CONTENTS"'),
    # A control says what it is.
    (re.compile('<button class="theme-toggle"'), '<button type="button" class="theme-toggle"'),
    (re.compile('<input class="sidebar-search"'), '<input type="text" class="sidebar-search"'),
)

DESCRIPTION_LENGTH = 160


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
    """Repair the body of a page.

    Examples
    --------
    >>> repair('<div class="highlight"><pre>')
    '<div class="highlight"><pre tabindex="0">'
    """
    for pattern, replacement in REPAIRS:
        html = pattern.sub(replacement, html)
    names = {
        "NAME OF THE BARS": word("bars"),
        "NAME OF THE SITE": word("site"),
        "NAME OF THE TOP": word("top"),
        "NAME OF THE CONTENTS": word("contents"),
    }
    for place, name in names.items():
        html = html.replace(f'aria-label="{place}"', f'aria-label="{escape(name)}"')
    return html


def describe(document: nodes.document | None, default: str) -> str:
    """Describe a page by its first sentences.

    Parameters
    ----------
    document : nodes.document or None
        Page, if it is written and not generated.
    default : str
        Description of a page that has no sentences.

    Returns
    -------
    str
        Whole sentences, as many as fit into a result of a search engine; at least one.
    """
    paragraphs = document.findall(nodes.paragraph) if document is not None else iter(())
    first = next((part for part in paragraphs if isinstance(part.parent, nodes.section)), None)
    if first is None:
        return default
    sentences = re.split(r"(?<=[.?!])\s+", " ".join(first.astext().split()))
    text = sentences[0]
    for sentence in sentences[1:]:
        if len(text) + len(sentence) >= DESCRIPTION_LENGTH:
            break
        text += f" {sentence}"
    return text


def add_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Give the templates what they need."""
    context["repair"] = repair
    if 'name="description"' not in context.get("metatags", ""):
        text = describe(doctree, app.config.site_description)
        tag = f'<meta name="description" content="{escape(text)}" />'
        context["metatags"] = context.get("metatags", "") + f"\n{tag}"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the repairs."""
    app.add_config_value("site_description", "", "html", types=(str,))
    app.add_post_transform(OneAnchorEach)
    app.connect("html-page-context", add_context, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
