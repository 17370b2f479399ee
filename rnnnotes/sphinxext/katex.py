"""Mathematics that is set when the site is built: KaTeX in a JavaScript engine, without Node.

A page then needs no script to show its mathematics, nothing moves while it loads, and TeX that
KaTeX cannot read is a warning of the build.  KaTeX itself is a locked dependency of npm; ``npm
ci`` puts it into ``docs/node_modules``.
"""

from __future__ import annotations

import html
import json
import os
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.epub3 import Epub3Builder
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset_file
from sphinx.util.math import get_node_equation_number

from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["package", "render"]

logger = logging.getLogger(__name__)

PRELOAD = (
    "KaTeX_AMS-Regular",
    "KaTeX_Main-Bold",
    "KaTeX_Main-Regular",
    "KaTeX_Math-Italic",
    "KaTeX_Size1-Regular",
)
"""Fonts that nearly every page needs; without them, its mathematics would change size."""

LINK = '<link rel="preload" as="font" type="font/woff2" crossorigin="anonymous" href="{href}">'

SHIM = """
function render(tex, options) {
  try { return JSON.stringify({html: katex.renderToString(tex, JSON.parse(options))}); }
  catch (error) { return JSON.stringify({error: String(error)}); }
}
"""

VARIANT = re.compile(r' mathvariant="(bold|bold-italic|double-struck|script)">(\w)<')
AFTER = re.compile(r"[.,:;?!)’”]+")
"""Punctuation that ends what stands before it."""

NUMBERED = re.compile(r"\\(begin|end)\{(equation|align|alignat|gather)\}")


@cache
def _engine(folder: Path, process: int) -> Callable[[str, str], str]:
    """Return the function `render` of the shim; each process of a parallel build has its own."""
    import quickjs

    context = quickjs.Context()
    context.eval((folder / "dist" / "katex.min.js").read_text(encoding="utf-8"))
    context.eval(SHIM)
    return context.get("render")


@cache
def render(folder: Path, tex: str, display: bool, output: str = "htmlAndMathml") -> dict[str, str]:
    """Set TeX as HTML.

    Parameters
    ----------
    folder : Path
        Package ``katex`` of npm.
    tex : str
        Mathematics.
    display : bool
        Whether it stands on a line of its own.
    output : {'htmlAndMathml', 'mathml'}
        Whether to set it with fonts and boxes as well, or to leave that to the reader's program.

    Returns
    -------
    dict
        ``html``, or ``error`` with what KaTeX complains of.
    """
    options = {"displayMode": display, "throwOnError": True, "strict": "error", "output": output}
    answer: dict[str, str] = json.loads(_engine(folder, os.getpid())(tex, json.dumps(options)))
    return answer


def package(builder: Builder) -> Path:
    """Folder of KaTeX; a site that names it from its own folder is the same wherever it is."""
    return Path(builder.confdir, builder.config.katex_path)


class KeepPunctuation(SphinxPostTransform):
    """A line may break after any box, so punctuation is tied to the mathematics before it."""

    formats = ("html",)
    default_priority = 500

    def run(self, **kwargs: object) -> None:
        """Put mathematics and the punctuation after it into one part."""
        for node in list(self.document.findall(nodes.math)):
            after = node.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.Text) and (mark := AFTER.match(after)):
                node.parent.replace(after, nodes.Text(after[mark.end() :]))
                tied = nodes.inline("", "", classes=["math-tied"])
                node.replace_self(tied)
                tied += [node, nodes.Text(mark[0])]


def _set(self: Any, node: nodes.Element, display: bool) -> str:
    # Sphinx numbers equations; KaTeX would number those of these environments once more.
    tex = NUMBERED.sub(r"\\\1{\2*}", node.astext())
    book = self.builder.name == "epub"
    output = "mathml" if book else "htmlAndMathml"
    answer = render(package(self.builder), tex, display, output)
    if "error" in answer:
        logger.warning("KaTeX cannot set %r: %s", tex, answer["error"],
                       location=node, type="katex")  # fmt: skip
        return f'<code class="math-error">{html.escape(tex)}</code>'
    return VARIANT.sub(_letter, answer["html"]) if book else answer["html"]


def _letter(match: re.Match[str]) -> str:
    """Letter that is bold by itself: MathML Core has no attribute for that any more.

    Examples
    --------
    >>> VARIANT.sub(_letter, '<mi mathvariant="bold">h</mi><mi mathvariant="double-struck">R</mi>')
    '<mi>𝐡</mi><mi>ℝ</mi>'
    """
    style, letter = match.groups()
    style = style.upper().replace("BOLD-", "BOLD ")
    name = re.sub("^(LATIN|GREEK) | LETTER", "", unicodedata.name(letter))
    for styled in (f"MATHEMATICAL {style} {name}", f"{style} {name}"):
        with suppress(KeyError):
            return f">{unicodedata.lookup(styled)}<"
    return match.group()


def visit_inline(self: Any, node: nodes.math) -> None:
    """Set mathematics in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(_set(self, node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    """Set mathematics on a line of its own; what is too wide scrolls, and its number stays."""
    number = get_node_equation_number(self, node) if node["number"] else None
    label = f"{word('equation')} {number}" if number else word("equation")
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    self.body.append(
        f'<div class="math-body" tabindex="0" role="group" aria-label="{html.escape(label)}">'
        f"{_set(self, node, display=True)}</div>"
    )
    if number:
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, word("equation link"))
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def add_katex(app: Sphinx) -> None:
    """Copy style, fonts and the script that copies TeX into the site.

    They are there before the first page, which holds their checksums.  A book has MathML alone,
    which needs none of them.
    """
    if app.builder.format != "html":
        return
    source, target = package(app.builder), Path(app.outdir, "_static", "katex")
    if not (source / "dist").is_dir():
        raise ExtensionError(
            f"KaTeX is not in {source}: build the site with `tox -e docs`, "
            "which puts it there, or run `npm ci --prefix docs` first"
        )
    if app.builder.name == "epub":
        return
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    fonts = sorted((source / "dist" / "fonts").glob("*.woff2"))
    files = [source / "dist" / "katex.min.css", source / "dist" / "contrib" / "copy-tex.min.js"]
    for file in (*files, source / "LICENSE"):
        copy_asset_file(file, target / file.name, force=True)
    for font in fonts:
        copy_asset_file(font, target / "fonts" / font.name, force=True)
    app.add_css_file("katex/katex.min.css", priority=200)
    app.add_js_file("katex/copy-tex.min.js", loading_method="defer")


def preload_fonts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Fetch the fonts of mathematics before the style asks for them."""
    if not context.get("has_maths_elements") or app.builder.name == "epub":
        return
    folder = context["pathto"]("_static/katex/fonts", resource=True)
    links = "".join(LINK.format(href=f"{folder}/{name}.woff2") for name in PRELOAD)
    # A browser does not let a page from a file fetch fonts ahead, and says so on its console.
    script = f"if (location.protocol !== 'file:') document.write({json.dumps(links)});"
    head = f"<script>{script}</script>\n<noscript>{links}</noscript>"
    context["metatags"] = f"{context.get('metatags', '')}\n{head}"


class Epub(Epub3Builder):
    """A book that says which of its pages hold MathML, as EPUB 3 asks for."""

    def build_content(self) -> None:
        """Write the list of files."""
        super().build_content()
        path = Path(self.outdir, "content.opf")
        text = path.read_text(encoding="utf-8")
        for name in self.files:
            page = Path(self.outdir, name)
            if page.suffix == self.out_suffix and "<math " in page.read_text(encoding="utf-8"):
                text = text.replace(f'href="{name}" ', f'href="{name}" properties="mathml" ', 1)
        path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the renderer."""
    app.add_config_value("katex_path", "", "html", types=(str,))
    app.add_builder(Epub, override=True)
    app.add_post_transform(KeepPunctuation)
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("builder-inited", add_katex)
    app.connect("html-page-context", preload_fonts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
