"""The parts of a formula, each as nodes that every builder can set.

No mathematics and no code goes to the translators; every sentence does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from docutils import nodes

from rnnnotes.book.language.nodes import At, Relation, Variable, walk
from rnnnotes.book.language.symbols import FUNCTIONS, INDICES, SIZES
from rnnnotes.book.state.formulas import Formula, Listed
from rnnnotes.book.write.latex import SIGNS, argument_latex, index_latex, latex, range_latex
from rnnnotes.sphinxext.widgets import Badge, Fold, FoldTitle
from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.util.docutils import SphinxDirective

    from rnnnotes.book.prove.verdicts import Result

__all__ = [
    "Row",
    "arguments",
    "badge",
    "code",
    "conditions",
    "derivation",
    "display",
    "folded",
    "formulas",
    "inline",
    "joined",
    "labelled",
    "names_of",
    "rows_of",
    "sentence",
    "shape_tex",
    "symbol_list",
    "symbol_tex",
]

Row = tuple[str, str, str]
"""LaTeX of a symbol with what it is a member of, its name in code, and its meaning."""


def display(tex: str, *classes: str) -> nodes.math_block:
    """Set mathematics on a line of its own, without a number."""
    block = nodes.math_block(tex, tex, classes=list(classes), number=None, label=None)
    block["no-wrap"] = block["nowrap"] = False
    block["translatable"] = False
    return block


def inline(tex: str) -> nodes.math:
    """Set mathematics in a line of text."""
    return nodes.math(tex, tex)


def sentence(text: str, directive: SphinxDirective) -> nodes.paragraph:
    """Set a sentence that goes to the translators."""
    paragraph = nodes.paragraph(text, text)
    directive.set_source_info(paragraph)
    return paragraph


def code(stated: Formula) -> nodes.literal_block:
    """Code that computes a formula, with its signature."""
    names = ", ".join(inspect.signature(stated.code).parameters)
    body = "\n".join("    " + line if line else "" for line in stated.source_code.splitlines())
    text = f"def {stated.name}({names}):\n{body}"
    return nodes.literal_block(text, text, language="python", classes=["fml-code"])


def arguments(stated: Formula) -> list[nodes.Node]:
    """What the arguments of the code stand for whose names do not say so."""
    pairs = [
        (nodes.literal("", name), nodes.Text(" = "), inline(argument_latex(value)))
        for name, value in stated.bindings.items()
    ]
    groups = [nodes.inline("", "", *pair) for pair in pairs]
    return [labelled(word("in the code"), *joined(groups))] if groups else []


# -- Symbols -------------------------------------------------------------------------------------


def shape_tex(shape: Iterable[sp.Expr]) -> str:
    """Set of the arrays of a shape."""
    product = r" \times ".join(index_latex(size) for size in shape)
    return rf"\mathbb{{R}}^{{{product}}}" if product else r"\mathbb{R}"


def symbol_tex(symbol: Variable, stated: Formula | None = None) -> str:
    r"""Symbol as a formula has it: with what counts it, and with its layer if it has one.

    Examples
    --------
    >>> from rnnnotes.notation import W_layer, h
    >>> print(symbol_tex(h), symbol_tex(W_layer))
    \mathbf{h}_{t} \mathbf{W}_{l}
    """
    if not symbol.times:
        return latex(symbol)
    last = symbol.times[1]
    counts = [index for index in INDICES if last in SIZES and INDICES[index].high == last]
    count = next(iter(counts or INDICES))
    nodes_of = walk(stated.statement) if stated is not None else ()
    layer = next((node.index[:-1] for node in nodes_of
                  if isinstance(node, At) and node.variable == symbol), ())  # fmt: skip
    return latex(symbol[(*layer, count)])


def rows_of(stated: Formula) -> list[Row]:
    """Every letter of a statement, in reading order: LaTeX, name and meaning."""
    free = {symbol: bounds for symbol, *bounds in stated.index_ranges()}
    return [(_listed_tex(one, stated, free), one.name, one.meaning) for one in stated.letters]


def _listed_tex(listed: Listed, stated: Formula, free: Mapping[Any, Any]) -> str:
    """LaTeX of a letter with its shape or its range."""
    match listed.kind:
        case "symbol":
            shape = shape_tex(listed.letter.shape)
            return rf"{symbol_tex(listed.letter, stated)} \in {shape}"
        case "function":
            return FUNCTIONS[listed.name].tex
        case "index":
            return range_latex(listed.letter, *free[listed.letter])
    return index_latex(listed.letter)


def names_of(stated: Formula) -> list[tuple[str, str]]:
    """Names of the symbols and functions of a statement, with what they mean."""
    return [(one.name, one.meaning) for one in stated.letters if one.kind in ("symbol", "function")]


def symbol_list(rows: Iterable[Row], directive: SphinxDirective) -> nodes.definition_list:
    """List symbols with what each stands for."""
    items = nodes.definition_list(classes=["fml-symbols"])
    for tex, _name, meaning in rows:
        term = nodes.term("", "", inline(tex), translatable=False)
        definition = nodes.definition("", sentence(meaning, directive))
        items += nodes.definition_list_item("", term, definition)
    return items


def conditions(name: str, relations: Sequence[Relation]) -> list[nodes.Node]:
    """Hypotheses of a statement, or its other conditions, after a word for them."""
    if not relations:
        return []
    paragraph = nodes.paragraph("", "", classes=["fml-conditions"], translatable=False)
    paragraph += nodes.inline("", word(name) + " ")
    for number, condition in enumerate(relations):
        paragraph += nodes.Text(", " if number else "")
        paragraph += inline(latex(condition))
    return [paragraph]


# -- Verdict and derivation -----------------------------------------------------------------------


def badge(result: Result, directive_docname: str) -> list[nodes.Node]:
    """Verdict on a formula: in a word, then at which sizes, then that on its code."""
    kind = result.verdict.replace(" ", "-")
    mark = Badge("", word(result.verdict), classes=["fml-badge", f"fml-badge-{kind}"])
    mark["docname"] = directive_docname
    notes = []
    sizes = [", ".join(f"{name} = {size}" for name, size in choice.items())
             for choice in result.sizes]  # fmt: skip
    if result.verdict == "tested":
        notes.append(word("draws", count=result.draws, kinds=len(result.kinds)))
    notes += [word(f"by {name}") for name in result.by]
    notes.append(word(f"code {result.code}"))
    at_sizes = {result.verdict, result.code} - {"definition", "proved"}
    if result.steps:
        notes[-1] = word("code at steps", steps=result.steps_text)
        at_sizes -= {result.code} - {result.verdict}
    if any(sizes) and at_sizes:
        notes += [word("at first", sizes=sizes[0]), word("at others", sizes="; ".join(sizes[1:]))]
    note = nodes.inline("", " · ".join(notes), classes=["fml-badge-note"])
    return [mark, nodes.Text(" "), note]


def derivation(stated: Formula, directive: SphinxDirective) -> nodes.Node:
    """Lines of a derivation, each with its sign and the reason for it."""
    lines = nodes.bullet_list(classes=["fml-derivation"])
    start = display(latex(stated.statement.left), "fml-line")
    lines += nodes.list_item("", start)
    for line in stated.derivation:
        tex = f"{SIGNS[line.sign]} {latex(line.expr)}"
        reason = sentence(line.because, directive)
        reason["classes"].append("fml-reason")
        lines += nodes.list_item("", display(tex, "fml-line"), reason)
    return lines


def folded(title: str, *content: nodes.Node) -> Fold:
    """Fold content under a title."""
    summary = FoldTitle("", title, translatable=False)
    return Fold("", summary, *content, classes=["fml-fold"])


FEW = 6
"""Formulas that are listed in a line; more of them are folded away."""


def formulas(label: str, references: Iterable[nodes.Node]) -> nodes.Node:
    """List formulas in a line that starts with how they are related, folded if it is long."""
    links = list(references)
    if len(links) <= FEW:
        return labelled(word(label), *joined(links))
    paragraph = nodes.paragraph("", "", *joined(links), translatable=False)
    return folded(word(f"{label} many", count=len(links)), paragraph)


def joined(parts: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    """Put commas between nodes."""
    for number, part in enumerate(parts):
        if number:
            yield nodes.Text(", ")
        yield part


def labelled(label: str, *content: nodes.Node) -> nodes.paragraph:
    """Set a line that starts with what it lists."""
    paragraph = nodes.paragraph("", "", classes=["fml-links"], translatable=False)
    paragraph += nodes.inline("", label, classes=["fml-label"])
    paragraph += nodes.Text(" ")
    paragraph += content
    return paragraph
