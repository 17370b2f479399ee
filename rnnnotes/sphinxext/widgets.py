"""Parts of a page that HTML can fold, press or colour, and that other formats set plainly."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

from rnnnotes.book.cite.citing import permalink
from rnnnotes.book.state.identity import is_path
from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = [
    "Badge",
    "Fold",
    "FoldTitle",
    "FormulaTitle",
    "Heading",
    "Reuse",
    "UsedBy",
    "add_widgets",
    "file_name",
]


class Heading(nodes.inline):
    """Title and verdict of a formula: running text, although it stands where code does."""


class FormulaTitle(addnodes.desc_name, addnodes.translatable):
    """Title of a formula: a sentence for the translators, although it is no paragraph."""

    def preserve_original_messages(self) -> None:
        """Keep the title as the docstring has it."""
        self["original"] = self.astext()

    def apply_translated_message(self, original_message: str, translated_message: str) -> None:
        """Put a translation in its place, here and in the local table of contents."""
        self.children = [nodes.Text(translated_message)]
        self.setup_child(self.children[0])
        signature = self.parent.parent
        if isinstance(signature, addnodes.desc_signature) and signature.get("_toc_name"):
            signature["_toc_name"] = translated_message

    def extract_original_messages(self) -> list[str]:
        """Title as the docstring has it."""
        return [self["original"]]


class Badge(nodes.inline):
    """Verdict of a formula; it becomes a link to the page that explains verdicts."""


class Fold(nodes.container):
    """Content that a reader unfolds."""


class FoldTitle(nodes.paragraph):
    """What stands on a `Fold`."""


class Reuse(nodes.General, nodes.Element):
    """Texts that a reader may take away: `texts` maps the name of a format to its text."""


class UsedBy(nodes.General, nodes.Element):
    """Place of the links to the formulas that use one."""


def _depart(self: Any, node: nodes.Element) -> None:
    self.body.append(self.context.pop())


def _visit_heading(self: Any, node: Heading) -> None:
    self.context.append(self.protect_literal_text)
    self.protect_literal_text = 0  # a title may break between its words
    self.body.append(self.starttag(node, "span", "", CLASS="fml-heading"))


def _depart_heading(self: Any, node: Heading) -> None:
    self.body.append("</span>")
    self.protect_literal_text = self.context.pop()


def _visit_title(self: Any, node: nodes.Element) -> None:
    self.body.append(r"\textbf{")


def _depart_title(self: Any, node: nodes.Element) -> None:
    self.body.append("}")


def _visit_fold(self: Any, node: Fold) -> None:
    tag = "div" if self.builder.name == "epub" else "details"
    self.body.append(self.starttag(node, tag))
    self.context.append(f"</{tag}>\n")


def _visit_fold_title(self: Any, node: FoldTitle) -> None:
    tag = "p" if self.builder.name == "epub" else "summary"
    self.body.append(self.starttag(node, tag, ""))
    self.context.append(f"</{tag}>\n")


def _visit_reuse(self: Any, node: Reuse) -> None:
    """Buttons that copy a text, and the texts themselves for whoever has no script."""
    if self.builder.name == "epub":
        raise nodes.SkipNode
    names = {name: f"{node['shown']}-{name}" for name in node["texts"]}
    buttons = "".join(_button(word(name), target) for name, target in names.items())
    texts = "".join(_text(word(name), target, node["texts"][name])
                    for name, target in names.items())  # fmt: skip
    address = _address(self.builder, node["formula"])
    self.body.append(
        '<div class="fml-reuse">\n'
        f'<div class="fml-actions" role="group" aria-label="{escape(word("copy"))}">'
        f'<span aria-hidden="true">{escape(word("copy"))}</span>{buttons}</div>\n'
        f"<details><summary>{escape(word('cite'))}</summary>\n"
        f"{address}{texts}</details>\n</div>\n"
    )
    raise nodes.SkipNode


def file_name(id_: str) -> str:
    """Name of the files that an id has on a site: one of a file of one's own has other marks.

    Examples
    --------
    >>> file_name("bptt.step_jacobian"), file_name("cells/lstm.py:step")
    ('bptt.step_jacobian', 'cells.lstm.py.step')
    """
    return id_.replace("/", ".").replace(":", ".")


def _address(builder: Any, id_: str) -> str:
    """Permanent link to a formula: of this site if it stands on a page, else of the book."""
    if id_ in builder.env.domains["fml"].formulas:
        address = "../" * builder.current_docname.count("/") + f"f/{file_name(id_)}.html"
    elif is_path(id_):
        return ""
    else:
        address = permalink(id_)
    label = escape(word("permalink"))
    return (
        f'<p class="fml-links"><span class="fml-label">{label}</span> '
        f'<a href="{escape(address)}">{escape(id_)}</a></p>\n'
    )


def _button(what: str, target: str) -> str:
    said = escape(word("copied", what=what))
    label = escape(word("copy what", what=what))
    return (
        f'<button type="button" data-copy="{target}" data-copied="{said}" aria-label="{label}">'
        f"{escape(what)}</button>"
    )


def _text(what: str, target: str, text: str) -> str:
    return (
        f'<p class="fml-label" id="{target}-label">{escape(what)}</p>'
        f'<pre id="{target}" tabindex="0" role="group" aria-labelledby="{target}-label">'
        f"{escape(text)}</pre>\n"
    )


def _skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def add_widgets(app: Sphinx) -> None:
    """Register how the nodes are set; a node that is left out is set as the one it derives from."""
    app.add_node(Heading, html=(_visit_heading, _depart_heading))
    app.add_node(FormulaTitle, latex=(_visit_title, _depart_title))
    app.add_node(Fold, html=(_visit_fold, _depart))
    app.add_node(FoldTitle, html=(_visit_fold_title, _depart))
    plain: Any = dict.fromkeys(("latex", "text", "man", "texinfo"), (_skip, None))
    app.add_node(Reuse, html=(_visit_reuse, None), **plain)
