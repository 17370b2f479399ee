"""Tables: the notation, and the counts of verdicts and of mutants."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

from rnnnotes import notation
from rnnnotes.book.check.mutants import added
from rnnnotes.book.find.chapters import chapters, find_all
from rnnnotes.book.language.nodes import Variable
from rnnnotes.book.language.symbols import FUNCTIONS, INDICES, MEANINGS, SIZES, SYMBOLS
from rnnnotes.book.write.latex import index_latex, values_latex
from rnnnotes.sphinxext import blocks
from rnnnotes.sphinxext.directives import Aware, verdict_of
from rnnnotes.sphinxext.words import word

__all__ = ["CountsDirective", "MutantsDirective", "NotationDirective", "sections"]

FATES = ("refuted", "weaker", "equivalent", "survived")

logger = logging.getLogger(__name__)

VERDICTS = ("definition", "proved", "proved at sizes", "tested", "cited")

Cell = nodes.Node | str


class Table(NamedTuple):
    """A table with its title."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class NotationDirective(Aware):
    """Tables of the notation, or of the letters that one chapter adds or gives another meaning."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Set each table in a section of its own; that of a chapter stands in one already."""
        self.depend()
        if self.arguments:
            (chapter,) = self.arguments
            if chapter not in dict(notations()):
                known = ", ".join(dict(notations()))
                raise self.error(f"no notation of {chapter!r}; there are those of {known}")
            return [set_table(chapter_table(chapter), self, "fml-notation")]
        return [self._section(table) for table in notation_tables()]

    def _section(self, table: Table) -> nodes.section:
        title = nodes.title(table.title, table.title)
        self.set_source_info(title)
        section = nodes.section("", title, names=[nodes.fully_normalize_name(table.title)])
        self.set_source_info(section)
        self.state.document.note_implicit_target(section, section)
        section += set_table(table, self, "fml-notation")
        return section


class CountsDirective(Aware):
    """Counts of formulas, by chapter and verdict."""

    def run(self) -> list[nodes.Node]:
        """Set the table."""
        self.depend(*find_all().values())
        counts: dict[str, Counter[str]] = {chapter: Counter() for chapter in chapters()}
        for stated in find_all().values():
            result = verdict_of(stated, self.get_location())
            if result is not None:
                counts[stated.chapter][result.verdict] += 1
        total = sum(counts.values(), Counter[str]())
        shown = [verdict for verdict in VERDICTS if total[verdict]]
        rows = [[self._link(chapter), *_numbers(count, shown)] for chapter, count in counts.items()]
        rows.append([word("total"), *_numbers(total, shown)])
        head = [word("chapter"), *map(word, shown), word("sum")]
        return [set_table(Table("", head, rows), self, "fml-counts")]

    def _link(self, chapter: str) -> nodes.Node:
        """Link to the page of a chapter, once there is one."""
        name = nodes.literal(chapter, chapter)
        if chapter not in self.env.found_docs:
            return name
        return addnodes.pending_xref(
            "", nodes.inline(chapter, chapter), refdomain="std", reftype="doc",
            reftarget=f"/{chapter}", refexplicit=False, refwarn=True,
            refdoc=self.env.current_document.docname,
        )  # fmt: skip


class MutantsDirective(Aware):
    """Counts of mutants, by what was broken and what became of them."""

    def run(self) -> list[nodes.Node]:
        """Add up the record that `rnnnotes.book.check.mutants` keeps of each formula."""
        record = Path(self.env.srcdir, "mutants.json")
        self.env.note_dependency(record)
        if not record.is_file():
            logger.warning("mutants: there is no %s; `tox -e mutants` makes it", record.name,
                           location=self.get_location(), type="fml", subtype="mutants")  # fmt: skip
            return []
        entries = json.loads(record.read_text(encoding="utf-8"))
        counts = added(entry["counts"] for entry in entries.values())
        rows = [[word(name), *(str(fates[fate]) for fate in FATES)]
                for name, fates in counts.items()]  # fmt: skip
        total = sum(counts.values(), Counter())
        rows.append([word("total"), *(str(total[fate]) for fate in FATES)])
        head = [word("broken"), *map(word, FATES)]
        return [set_table(Table("", head, rows), self, "fml-counts")]


def _numbers(count: Counter[str], verdicts: Iterable[str]) -> list[Cell]:
    return [*(str(count[verdict]) for verdict in verdicts), str(count.total())]


# -- The notation ----------------------------------------------------------------------------------


def notation_tables() -> Iterator[Table]:
    """Yield each table of the notation."""
    symbol, name, meaning = word("symbol"), word("name"), word("meaning")
    yield Table(word("sizes"), [symbol, meaning], [
        [blocks.inline(index_latex(size)), _words(text)] for size, text in SIZES.items()
    ])  # fmt: skip
    yield Table(word("indices"), [symbol, word("values"), meaning], [
        [blocks.inline(index_latex(index)), blocks.inline(values_latex(low, high)),
         _words(text)]
        for index, (low, high, text) in INDICES.items()
    ])  # fmt: skip
    yield Table(word("functions"), [symbol, name, meaning], [
        [blocks.inline(tex), _code(key), _words(text)] for key, (tex, text) in FUNCTIONS.items()
    ])  # fmt: skip
    for title, symbols in sections().items():
        yield Table(title, [symbol, name, word("shape"), meaning], letters(symbols))
    yield Table(word("two meanings"), [symbol, name, word("chapter"), meaning], [
        [blocks.inline(blocks.symbol_tex(variable)), _code(variable.name), _code(chapter),
         _words(text)]
        for chapter, texts in MEANINGS.items() for variable, text in texts.items()
    ])  # fmt: skip


def chapter_table(chapter: str) -> Table:
    """Table of the letters that a chapter adds, and of those that have another part in it."""
    title = _title(dict(notations())[chapter])
    texts = MEANINGS.get(chapter, {})
    head = [word("symbol"), word("name"), word("shape"), word("meaning")]
    return Table(title, head, letters([*sections().get(title, []), *texts], texts))


def letters(symbols: Iterable[Variable], texts: Mapping[Variable, str] = {}) -> list[list[Cell]]:
    """Rows of a table of symbols."""
    return [
        [
            blocks.inline(blocks.symbol_tex(variable)),
            _code(variable.name),
            blocks.inline(blocks.shape_tex(variable.shape)),
            _words(texts.get(variable) or SYMBOLS[variable].text),
        ]
        for variable in symbols
    ]


@cache
def sections() -> dict[str, list[Variable]]:
    """Symbols under the title of the module of `rnnnotes.notation` that declares them.

    Examples
    --------
    >>> [symbol.name for symbol in sections()["Letters of the vanilla network"]][:3]
    ['s', 'a', 'h']
    """
    found: dict[str, list[Variable]] = {}
    known = set[Variable]()
    for _, module in notations():
        own = {value for value in vars(module).values() if isinstance(value, Variable)} - known
        title = _title(module)
        found |= {title: [symbol for symbol in SYMBOLS if symbol in own]} if own else {}
        known |= own
    return found


def _title(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().removesuffix(".")


def notations() -> Iterator[tuple[str, ModuleType]]:
    """Yield each module of the notation with its name, in the order in which they are imported."""
    package = f"{notation.__name__}."
    for name, module in sys.modules.items():
        if name.startswith(package):
            yield name.removeprefix(package), module


def _words(text: str) -> nodes.paragraph:
    return nodes.paragraph(text, text)


def _code(name: str) -> nodes.literal:
    return nodes.literal(name, name)


# -- Setting a table -------------------------------------------------------------------------------


def set_table(table: Table, directive: Aware, name: str) -> nodes.table:
    """Set a table; sentences in it go to the translators."""
    group = nodes.tgroup("", cols=len(table.head))
    group += [nodes.colspec("", colwidth=1) for _ in table.head]
    group += nodes.thead("", _row(table.head, directive))
    group += nodes.tbody("", *(_row(row, directive) for row in table.rows))
    return nodes.table("", group, classes=[name, "align-left"])


def _row(cells: Sequence[Cell], directive: Aware) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        if isinstance(cell, nodes.paragraph):
            directive.set_source_info(cell)
            row += nodes.entry("", cell)
        else:
            content = nodes.Text(cell) if isinstance(cell, str) else cell
            row += nodes.entry("", nodes.paragraph("", "", content, translatable=False))
    return row
