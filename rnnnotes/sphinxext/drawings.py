"""Drawings: a figure of Matplotlib in the colours of the page, with words for who cannot see it.

``figures/<chapter>.py`` beside the pages holds functions that return a figure.  In HTML a
drawing is part of the page: transparent, black is the colour of the text, and the style sheet
sets the other colours by day and by night.  Other builders get a file.
"""

from __future__ import annotations

import importlib.util
import io
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.builders.gettext import I18nBuilder
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sphinx.application import Sphinx

__all__ = ["Drawing", "DrawingDirective", "add_drawings", "drawn", "svg_of_page"]

logger = logging.getLogger(__name__)

STYLE: Any = {
    "font.size": 10,
    "mathtext.fontset": "cm",
    "svg.fonttype": "path",  # looks the same whatever fonts a reader has
    "savefig.transparent": True,
}
METADATA: dict[str, dict[str, None]] = {
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
    "png": dict.fromkeys(("Software",)),
}
"""What a file does not say, so that it is the same whenever it is made."""

COLOURS = {
    "#3a86c8": "blue",
    "#d9772b": "orange",
    "#3f9b5c": "green",
    "#a06cd5": "purple",
    "#808080": "grey",
}
"""Colours of drawings; no colour is dark enough by day and light enough by night to read well."""

FORMATS = {"image/svg+xml": "svg", "application/pdf": "pdf", "image/png": "png"}


class Drawing(nodes.General, nodes.Element, addnodes.translatable):
    """Place of a drawing; `function` names what draws it, and `alt` says what it shows."""

    def preserve_original_messages(self) -> None:
        """Keep the words as the page has them."""
        self["original"] = self["alt"]

    def apply_translated_message(self, original_message: str, translated_message: str) -> None:
        """Put a translation in their place."""
        self["alt"] = translated_message

    def extract_original_messages(self) -> list[str]:
        """Words as the page has them."""
        return [self["original"]]


class DrawingDirective(SphinxDirective):
    """A drawing with its caption, which is the content."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "alt": directives.unchanged_required,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Set the place of the drawing."""
        name = self.arguments[0]
        if "alt" not in self.options:
            raise self.error(f"drawing {name}: the option :alt: says what it shows, and is missing")
        try:
            module = module_of(Path(self.env.srcdir), name)
            _function(module, name)
        except (ExtensionError, ImportError) as error:
            raise self.error(str(error)) from error
        for path in sorted({str(part.__file__) for part in ours(module)}):
            self.env.note_dependency(path)
        drawing = Drawing("", function=name, alt=self.options["alt"])
        self.set_source_info(drawing)
        figure = nodes.figure("", drawing, classes=["fml-drawing"])
        self.set_source_info(figure)
        self.add_name(figure)
        content = self.parse_content_to_nodes()
        first = content[0] if content else None
        if isinstance(first, nodes.paragraph):
            content = content[1:]
            caption = nodes.caption(first.rawsource, "", *first.children)
            caption.source, caption.line = first.source, first.line
            figure += caption
        if content:
            figure += nodes.legend("", *content)
        return [figure]


# -- Drawing ---------------------------------------------------------------------------------------


@cache
def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"figures.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def module_of(pages: Path, name: str) -> ModuleType:
    """Load the module that holds a drawing."""
    path = pages / "figures" / f"{name.partition('.')[0]}.py"
    if not path.is_file():
        raise ExtensionError(f"drawing {name}: there is no figures/{path.name}")
    return _load(path)


def _function(module: ModuleType, name: str) -> Callable[[], Figure]:
    function = getattr(module, name.partition(".")[2], None)
    if not callable(function):
        raise ExtensionError(f"drawing {name}: {module.__file__} has no such function")
    return function


def ours(module: ModuleType) -> Iterator[ModuleType]:
    """Yield a module, and those of this project that it uses, at first or second hand."""
    found: dict[str, ModuleType] = {}
    pending = [module]
    while pending:
        part = pending.pop()
        if part.__name__ in found:
            continue
        found[part.__name__] = part
        names = {getattr(value, "__module__", None) or getattr(value, "__name__", "")
                 for value in vars(part).values()}  # fmt: skip
        pending += [sys.modules[name] for name in sorted(filter(None, names))
                    if name.startswith("rnnnotes.") and name in sys.modules]  # fmt: skip
    yield from found.values()


def drawn(pages: Path, name: str, form: str) -> bytes:
    """Draw a figure.

    Parameters
    ----------
    pages : Path
        Folder of the pages, which holds the folder ``figures``.
    name : str
        Module and function, as in ``vanilla_rnn.unrolled``.
    form : {'svg', 'pdf', 'png'}
        Format of the file.

    Returns
    -------
    bytes
        File, the same each time it is made.
    """
    import matplotlib as mpl  # a project that draws nothing needs none

    file = io.BytesIO()
    with mpl.rc_context(STYLE):
        mpl.rcParams["svg.hashsalt"] = name
        figure = _function(module_of(pages, name), name)()
        figure.savefig(file, format=form, metadata=METADATA[form], dpi=200,
                       bbox_inches="tight", pad_inches=0.05)  # fmt: skip
    return _tidy(file.getvalue()) if form == "svg" else file.getvalue()


def _tidy(svg: bytes) -> bytes:
    """Take out what a book may not hold: the address of the grammar, and a path without a way."""
    svg = re.sub(rb"<!DOCTYPE svg[^>]*>\s*", b"", svg)
    return re.sub(rb"<path (?![^>]*\bd=)", b'<path d="" ', svg)  # the glyph of a space


def svg_of_page(svg: str, name: str, alt: str) -> str:
    """Make an SVG part of a page.

    Its names start with that of the drawing, since those of a page are unique.  Black becomes
    the colour of the text.

    Examples
    --------
    >>> svg = '<?xml?><svg width="72pt" height="36pt" viewBox="0 0 72 36"><path id="p"/></svg>'
    >>> print(svg_of_page(svg, "a.b", "A line."))
    <svg role="img" aria-label="A line." viewBox="0 0 72 36" width="96" height="48" \
fill="currentColor" stroke-linejoin="round" stroke-linecap="butt"><path id="a-b-p"/></svg>
    """
    head, body = re.search(r"<svg([^>]*)>(.*)</svg>", svg, re.DOTALL).groups()  # type: ignore[union-attr]
    box = re.search(r'viewBox="([^"]*)"', head).group(1)  # type: ignore[union-attr]
    width, height = (round(float(points) * 4 / 3) for points in box.split()[2:])
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    # A style sheet in the drawing would reach the whole page; attributes reach the drawing.
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", body, flags=re.DOTALL)
    body = body.replace("xlink:href", "href")
    slug = nodes.make_id(name)
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{slug}-", body)
    body = re.sub(r"#000000|(?<=[:\"])\s*black\b", "currentColor", body)
    for colour, name_of_colour in COLOURS.items():
        body = body.replace(colour, f"var(--fml-{name_of_colour}, {colour})")
    return (
        f'<svg role="img" aria-label="{escape(alt)}" viewBox="{box}" width="{width}" '
        f'height="{height}" fill="currentColor" stroke-linejoin="round" stroke-linecap="butt">'
        f"{body}</svg>"
    )


class Draw(SphinxPostTransform):
    """Drawings in the form that the builder takes."""

    default_priority = 8

    def run(self, **kwargs: object) -> None:
        """Draw, and put the result in its place."""
        builder = self.env._app.builder
        if isinstance(builder, I18nBuilder):
            return
        for place in list(self.document.findall(Drawing)):
            try:
                if builder.format == "html" and builder.name != "epub":
                    place["svg"] = drawn(Path(self.env.srcdir), place["function"], "svg").decode()
                else:
                    place.replace_self(self._image(place, builder.supported_image_types))
            except Exception as error:  # noqa: BLE001 -- a drawing may fail in any way
                logger.warning("drawing %s: %r", place["function"], error,
                               location=place, type="fml", subtype="drawing")  # fmt: skip
                place.parent.remove(place)

    def _image(self, place: Drawing, types: list[str]) -> nodes.image:
        form = next((FORMATS[kind] for kind in FORMATS if kind in types), "png")
        folder = Path(self.env.doctreedir, "drawings")
        folder.mkdir(exist_ok=True)
        path = folder / f"{nodes.make_id(place['function'])}.{form}"
        path.write_bytes(drawn(Path(self.env.srcdir), place["function"], form))
        self.env.images.add_file(self.env.current_document.docname, str(path))
        return nodes.image("", uri=str(path), candidates={"*": str(path)}, alt=place["alt"])


def _visit_drawing(self: Any, node: Drawing) -> None:
    svg = svg_of_page(node["svg"], node["function"], node["alt"])
    self.body.append(f'<div class="fml-svg" tabindex="0">{svg}</div>\n')
    raise nodes.SkipNode


def add_drawings(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(Drawing, html=(_visit_drawing, None))
    app.add_directive("drawing", DrawingDirective)
    app.add_post_transform(Draw)
