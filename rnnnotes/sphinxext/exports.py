"""What a site offers beside its pages: every formula for machines, and addresses for ever.

``formulas.json`` holds all there is to say of each formula, ``f/<id>.html`` leads to it from any
id that it has ever had, ``f/<id>.bib`` cites it, and ``_static/formulas`` holds what is shown
beside a link to it.  Nothing is written when nothing has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from html import escape
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder

from rnnnotes.sphinxext import katex
from rnnnotes.sphinxext.domain import FormulaDomain, FormulaEntry, domain_of
from rnnnotes.sphinxext.widgets import file_name
from rnnnotes.sphinxext.words import word

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["Times", "export"]


def export(app: Sphinx, exception: Exception | None) -> None:
    """Write the files of a finished site."""
    builder = app.builder
    if exception is not None or not isinstance(builder, StandaloneHTMLBuilder):
        return
    if builder.name == "epub":
        return
    domain = domain_of(app.env)
    out = Path(app.outdir)
    digest = _digest(app, domain)
    index = out / "formulas.json"
    if index.is_file() and json.loads(index.read_text(encoding="utf-8"))["digest"] == digest:
        return
    files = dict(_files(app, domain))
    files[index] = _json(app, domain, digest)
    for folder in (out / "f", out / "_static" / "formulas"):
        folder.mkdir(parents=True, exist_ok=True)
        for stale in set(folder.iterdir()) - files.keys():
            stale.unlink()
    for path, text in files.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _digest(app: Sphinx, domain: FormulaDomain) -> str:
    """Digest of all that the files depend on."""
    parts = [repr(entry) for entry in domain.in_order()]
    parts += [repr(domain.published), app.config.html_baseurl, str(app.config.language)]
    parts += [Path(__file__).read_text(encoding="utf-8"), app.builder.name]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _files(app: Sphinx, domain: FormulaDomain) -> Iterator[tuple[Path, str]]:
    out = Path(app.outdir)
    published = domain.published
    for entry in domain.in_order():
        yield out / "f" / f"{file_name(entry.id)}.html", _redirect(app, entry, word("moved"))
        yield out / "f" / f"{file_name(entry.id)}.bib", entry.bibtex.rstrip("\n") + "\n"
        slug = nodes.make_id(entry.id)
        yield out / "_static" / "formulas" / f"{slug}.js", _preview(app, entry, slug)
    for old, new in published.aliases.items():
        if new in domain.formulas:
            entry = domain.formulas[new]
            yield out / "f" / f"{old}.html", _redirect(app, entry, word("renamed", id=new))
    for old, why in published.withdrawn.items():
        body = f"<h1>{escape(word('withdrawn'))}</h1>\n<p><code>{escape(old)}</code></p>\n"
        body += f"<p>{escape(why)}</p>"
        yield out / "f" / f"{old}.html", _page(app, word("withdrawn"), "", body)


def _address(app: Sphinx, entry: FormulaEntry) -> str:
    return f"{app.builder.get_target_uri(entry.docname)}#{entry.anchor}"


def _json(app: Sphinx, domain: FormulaDomain, digest: str) -> str:
    formulas = [
        {
            **json.loads(entry.record),
            "url": app.config.html_baseurl + _address(app, entry),
            "permalink": f"{app.config.html_baseurl}f/{file_name(entry.id)}.html",
            "used_by": [user.id for user in domain.used_by(entry.id)],
            "earlier_ids": domain.published.earlier(entry.id),
        }
        for entry in domain.in_order()
    ]
    data = {
        "digest": digest,
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in ("numpy", "rnnnotes", "sympy")},
        },
        "formulas": formulas,
        "renamed": dict(domain.published.aliases),
        "withdrawn": dict(domain.published.withdrawn),
    }
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


# -- Pages -----------------------------------------------------------------------------------------

PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>{head}
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _page(app: Sphinx, title: str, head: str, body: str) -> str:
    language = app.config.language or "en"
    if app.config.html_favicon:
        head += f'\n<link rel="icon" href="../_static/{Path(app.config.html_favicon).name}">'
    return PAGE.format(language=language, title=escape(title), head=head, body=body)


def _redirect(app: Sphinx, entry: FormulaEntry, words: str) -> str:
    address = escape(_address(app, entry))
    head = f"""
<link rel="canonical" href="{escape(app.config.html_baseurl)}{address}">
<link rel="alternate" type="application/x-bibtex" href="{escape(file_name(entry.id))}.bib">
<meta http-equiv="refresh" content="0; url=../{address}">"""
    title = escape(entry.title)
    body = f'<h1>{title}</h1>\n<p>{escape(words)} <a href="../{address}">{title}</a>.</p>'
    return _page(app, entry.title, head, body)


def _preview(app: Sphinx, entry: FormulaEntry, slug: str) -> str:
    """Script that hands over the title, the equation, its conditions and symbols of a formula."""
    rows = "".join(
        f"<dt>{_tex(app, tex, display=False)}</dt><dd><p>{escape(text)}</p></dd>"
        for tex, text in entry.symbols
    )
    supposed, provided = (
        f"<p>{escape(word(name))} {', '.join(_tex(app, one, display=False) for one in tex)}</p>"
        if tex else ""
        for name, tex in (("suppose", entry.hypotheses), ("provided", entry.provisos))
    )  # fmt: skip
    html = (
        f"<p>{escape(entry.title)}</p>{supposed}"
        f'<div class="fml-preview-equation">{_tex(app, entry.latex, display=True)}</div>{provided}'
        f'<dl class="fml-symbols simple">{rows}</dl>'
    )
    return f"formulaPreview({json.dumps(slug)}, {json.dumps(html, ensure_ascii=False)});\n"


def _tex(app: Sphinx, tex: str, *, display: bool) -> str:
    """Mathematics as the pages have it; pages without KaTeX have TeX."""
    if app.config.html_math_renderer != "katex":
        return f"<code>{escape(tex)}</code>"
    answer: dict[str, Any] = katex.render(katex.package(app.builder), tex, display)
    return str(answer.get("html", escape(tex)))


# -- Times of files --------------------------------------------------------------------------------


class Times:
    """Times of the files of a site, which stay where the content stays.

    Sphinx writes its indices, its search and its inventory in every build.  A server, and who
    copies a site, would take them for new.
    """

    def __init__(self) -> None:
        self.before: dict[Path, tuple[bytes, int]] = {}
        self.wrote_pages = False

    def remember(self, app: Sphinx) -> None:
        """Note the files that are there before a build, with their content and times."""
        files = [path for path in Path(app.outdir).rglob("*") if path.is_file()]
        self.before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    def note_page(
        self, app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
        doctree: nodes.document | None,
    ) -> None:  # fmt: skip
        """Note that a page has been written."""
        self.wrote_pages |= doctree is not None

    def restore(self, app: Sphinx, exception: Exception | None) -> None:
        """Give back its time to each file that was written anew with the same content."""
        for path, (content, time) in self.before.items():
            if path.name == "searchindex.js" and not self.wrote_pages:
                path.write_bytes(content)  # Sphinx drops the index entries of pages it did not read
            is_new = path.is_file() and path.stat().st_mtime_ns != time
            if is_new and path.read_bytes() == content:
                os.utime(path, ns=(time, time))
