"""Cite a formula: for good, with where it comes from and the code that computes it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib import metadata
from typing import Any

from rnnnotes.book.check.checking import result_of
from rnnnotes.book.cite.sympytext import sympy_text
from rnnnotes.book.find.published import Published, load
from rnnnotes.book.keeping import data_file
from rnnnotes.book.language.nodes import Relation
from rnnnotes.book.language.symbols import FUNCTIONS, SYMBOLS
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.state.source import standalone
from rnnnotes.book.write.latex import latex, range_latex
from rnnnotes.book.write.plaintext import argument_text, range_text, text

__all__ = ["FORMATS", "SITE", "YEAR", "as_data", "cite", "permalink"]

SITE = "https://rnnnotes.readthedocs.io/en/stable/"
"""Where the pages are.  Every address of a formula is made from this one."""

YEAR = 2026
"""Year of this version."""


def cite(stated: Formula, format: str) -> str:
    """Cite a formula.

    Parameters
    ----------
    stated : Formula
        Formula that is cited.
    format : {'bibtex', 'markdown', 'latex', 'numpy', 'sympy', 'json'}
        ``numpy`` and ``sympy`` give code that runs in an empty file, ``json`` all there is.

    Returns
    -------
    str
        Text that ends with a new line.

    Raises
    ------
    ValueError
        If there is no such format.

    Examples
    --------
    >>> from rnnnotes.book.find.finding import find
    >>> print(cite(find("vanilla_rnn.hidden_state"), "numpy"))
    # vanilla_rnn.hidden_state: Hidden state after one step
    # https://rnnnotes.readthedocs.io/en/stable/f/vanilla_rnn.hidden_state.html
    <BLANKLINE>
    def hidden_state(a, f):
        \"\"\"Hidden state after one step.\"\"\"
        return f(a)
    """
    if format not in FORMATS:
        raise ValueError(f"no format {format!r}: the formats are {', '.join(FORMATS)}")
    return FORMATS[format](stated).rstrip("\n") + "\n"


def permalink(id: str) -> str:
    """Address at which a formula is found for good."""
    return f"{SITE}f/{id}.html"


def version() -> str:
    """Version of this package."""
    return metadata.version("rnnnotes")


# -- Citations -------------------------------------------------------------------------------------


def _bibtex(stated: Formula) -> str:
    name = stated.id.replace("_", r"\_")
    keys = ",".join(stated.sources)
    fields = {
        "author": "{The rnnnotes developers}",
        "title": _protected(stated.title),
        "year": str(YEAR),
        "version": version(),
        "howpublished": rf"Formula \texttt{{{name}}} of rnnnotes {version()}",
        "url": permalink(stated.id),
        "note": rf"Goes back to \cite{{{keys}}}" if keys else NOBODY,
    }
    if stated.file:  # the developers did not write it, and the site does not hold it
        fields = {key: fields[key] for key in ("title", "howpublished", "note")}
        fields["howpublished"] = rf"Formula \texttt{{{name}}}, {_checked()}"
    width = max(map(len, fields))
    lines = "\n".join(f"  {key:<{width}} = {{{value}}}," for key, value in fields.items())
    key = stated.id if stated.file else f"rnnnotes:{stated.id}"
    entries = [f"@misc{{{key},\n{lines}\n}}"]
    return "\n\n".join([*entries, *(source.text for source in stated.bibliography)])


NOBODY = "No author and no source are named"
"""What is said of a formula that goes back to nothing, which no formula of the book does."""


def _checked() -> str:
    return f"checked by rnnnotes {version()}"


def _protected(title: str) -> str:
    """Title in which BibTeX keeps the capitals of names."""
    words = title.split(" ")
    return " ".join([words[0], *(f"{{{w}}}" if w != w.lower() else w for w in words[1:])])


def _markdown(stated: Formula) -> str:
    sources = "\n".join(f"- {source.cited()}" for source in stated.bibliography)
    if stated.file:
        head = f"{stated.title}\n(`{stated.id}`, {_checked()}):"
    else:
        head = (f"[{stated.title}]({permalink(stated.id)})\n"
                f"(`{stated.id}`, rnnnotes {version()}, {YEAR}):")  # fmt: skip
    origin = f"It goes back to:\n\n{sources}" if sources else f"{NOBODY}."
    supposed = f"{_supposed(stated)}\n\n" if stated.hypotheses else ""
    return f"{head}\n\n{supposed}$$\n{stated.latex}\n$$\n\n{_conditions(stated)}\n\n{origin}"


def _conditions(stated: Formula) -> str:
    """Sentence on what a statement holds for; empty if it holds without condition."""
    ranges = ", ".join(f"${range_latex(*bounds)}$" for bounds in stated.index_ranges())
    where = _listed(stated.provisos)
    parts = [f"for {ranges}"] * bool(ranges) + [f"where {where}"] * bool(where)
    return f"It holds {', '.join(parts)}." if parts else ""


def _supposed(stated: Formula) -> str:
    """Sentence on what a statement supposes; empty if it supposes nothing."""
    return f"Suppose that {_listed(stated.hypotheses)}." if stated.hypotheses else ""


def _listed(conditions: Sequence[Relation]) -> str:
    return " and ".join(f"${latex(condition)}$" for condition in conditions)


def _latex(stated: Formula) -> str:
    return "\n".join([
        *_heading(stated, "%"),
        "% needs amsmath and amssymb",
        *filter(None, [_supposed(stated)]),
        r"\begin{equation}",
        f"  {stated.latex}",
        rf"  \label{{eq:{stated.id}}}",
        r"\end{equation}",
        *filter(None, [_conditions(stated)]),
    ])  # fmt: skip


def _heading(stated: Formula, mark: str) -> list[str]:
    home = _checked() if stated.file else permalink(stated.id)
    return [f"{mark} {stated.id}: {stated.title}", f"{mark} {home}"]


def _numpy(stated: Formula) -> str:
    return "\n".join([*_heading(stated, "#"), "", standalone(stated.code)])


def _sympy(stated: Formula) -> str:
    lines = [*_heading(stated, "#"), f"# {text(stated.statement)}"]
    lines += [f"# for {i} = {low}..{high}" for i, low, high in stated.index_ranges()]
    lines += [f"# suppose {text(condition)}" for condition in stated.hypotheses]
    lines += [f"# where {text(condition)}" for condition in stated.provisos]
    return "\n".join([*lines, "", sympy_text(stated)])


def _json(stated: Formula) -> str:
    return json.dumps(as_data(stated), indent=2, sort_keys=True, ensure_ascii=False)


FORMATS: dict[str, Callable[[Formula], str]] = {
    "bibtex": _bibtex,
    "markdown": _markdown,
    "latex": _latex,
    "numpy": _numpy,
    "sympy": _sympy,
    "json": _json,
}
"""What writes each format."""


@cache
def _published() -> Published:
    """What is published, read once for all formulas."""
    return load(data_file("published-ids.toml"))


# -- For machines ----------------------------------------------------------------------------------


def as_data(stated: Formula) -> dict[str, Any]:
    """All there is to say of a formula, as plain data.

    Parameters
    ----------
    stated : Formula
        Formula to describe.

    Returns
    -------
    dict
        Plain data that JSON can hold.  It is the same for the same content: how long a proof
        took is left out.
    """
    result = result_of(stated).as_dict()
    del result["seconds"]
    return {
        "id": stated.id,
        "chapter": stated.chapter,
        "name": stated.name,
        "title": stated.title,
        "version": version(),
        "permalink": None if stated.file else permalink(stated.id),
        "keywords": _published().keywords(stated.id),
        "statement": _relation(stated.statement),
        "hypotheses": [_relation(condition) for condition in stated.hypotheses],
        "where": [_relation(condition) for condition in stated.provisos],
        "indices": [
            {"name": str(index), "low": str(low), "high": str(high),
             "latex": range_latex(index, low, high), "text": range_text(index, low, high)}
            for index, low, high in stated.index_ranges()
        ],
        "symbols": _symbols(stated),
        "functions": _functions(stated),
        "derivation": [
            {"sign": line.sign, "latex": latex(line.expr), "text": text(line.expr),
             "reason": line.because}
            for line in stated.derivation
        ],
        "given": [parent.id for parent in stated.given],
        "used_by": [user.id for user in stated.used_by],
        "code": {
            "signature": list(inspect.signature(stated.code).parameters),
            "arguments": {name: argument_text(value) for name, value in stated.arguments.items()},
            "body": stated.source_code,
        },
        "numpy": _numpy(stated),
        "sympy": _sympy(stated),
        "bibtex": _bibtex(stated),
        "sources": [
            {"key": source.key, **source.fields, "address": source.url}
            for source in stated.bibliography
        ],
        "result": result,
    }  # fmt: skip


def _relation(relation: Relation) -> dict[str, str]:
    return {"latex": latex(relation), "text": text(relation), "sign": relation.sign,
            "left": latex(relation.left), "right": latex(relation.right)}  # fmt: skip


def _symbols(stated: Formula) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "latex": SYMBOLS[one.letter].tex,
            "meaning": one.meaning,
            "shape": list(map(str, one.letter.shape)),
            "times": list(map(str, one.letter.times)),
        }
        for one in stated.letters
        if one.kind == "symbol"
    ]


def _functions(stated: Formula) -> list[dict[str, str]]:
    return [
        {"name": one.name, "latex": FUNCTIONS[one.name].tex, "meaning": one.meaning}
        for one in stated.letters
        if one.kind == "function"
    ]
