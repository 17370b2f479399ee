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
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset_file
from sphinx.util.math import get_node_equation_number

from rnnnotes.book.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["render"]

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


def _set(self: Any, node: nodes.Element, display: bool) -> str:
    # Sphinx numbers equations; KaTeX would number those of these environments once more.
    tex = NUMBERED.sub(r"\\\1{\2*}", node.astext())
    output = "mathml" if self.builder.name == "epub" else "htmlAndMathml"
    answer = render(Path(self.config.katex_path), tex, display, output)
    if "error" in answer:
        logger.warning("KaTeX cannot set %r: %s", tex, answer["error"],
                       location=node, type="katex")  # fmt: skip
        return f'<code class="math-error">{html.escape(tex)}</code>'
    return answer["html"]


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


def find_katex(app: Sphinx) -> None:
    """Refuse to build pages without KaTeX."""
    if app.builder.format == "html" and not Path(app.config.katex_path, "dist").is_dir():
        raise ExtensionError(
            f"KaTeX is not in {app.config.katex_path}: build the site with `tox -e docs`, "
            "which puts it there, or run `npm ci --prefix docs` first"
        )


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


def copy_assets(app: Sphinx, exception: Exception | None) -> None:
    """Copy style, fonts and the script that copies TeX into the site."""
    if exception is not None or app.builder.format != "html" or app.builder.name == "epub":
        return
    source, target = Path(app.config.katex_path), Path(app.outdir, "_static", "katex")
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    fonts = sorted((source / "dist" / "fonts").glob("*.woff2"))
    files = [source / "dist" / "katex.min.css", source / "dist" / "contrib" / "copy-tex.min.js"]
    for file in (*files, source / "LICENSE"):
        copy_asset_file(file, target / file.name, force=True)
    for font in fonts:
        copy_asset_file(font, target / "fonts" / font.name, force=True)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the renderer."""
    app.add_config_value("katex_path", "", "html", types=(str,))
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_css_file("katex/katex.min.css", priority=200)
    app.add_js_file("katex/copy-tex.min.js", loading_method="defer")
    app.connect("builder-inited", find_katex)
    app.connect("html-page-context", preload_fonts)
    app.connect("build-finished", copy_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
