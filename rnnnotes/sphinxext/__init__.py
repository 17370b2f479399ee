"""Sphinx extension that sets the formulas of the book.

Directives of a page:

``formula``
    A formula with all that belongs to it.  Once more on another page with ``:no-index:``.
``derivation``
    The lines of its derivation, where prose wants them.
``drawing``
    What a function in ``figures/<chapter>.py`` draws.  ``:alt:`` says what it shows, and the
    content is the caption.
``notation``
    Every symbol.
``verdict-counts``
    How many formulas there are, by chapter and verdict.
``mutants``
    What became of the mutants of each formula.

The role ``formula`` links to a formula by its title, ``eq`` by its number, and ``verdict`` sets
its verdict.

In the site of another project, a formula of the book that stands on no page there is linked
where the book has it, unless ``formulas_elsewhere`` is false.  A project without this extension
refers to a formula through the inventory of the book, by ``ref`` and the label ``fml-<id>``.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rnnnotes.book.find.published import load
from rnnnotes.sphinxext.directives import DerivationDirective, FormulaDirective, VerdictRole
from rnnnotes.sphinxext.docstrings import (
    EquationDirective,
    insert_equation,
    keep_shapes,
    leave_parts_out,
)
from rnnnotes.sphinxext.domain import (
    FormulaDomain,
    FormulaRole,
    domain_of,
    elsewhere,
    outdated,
)
from rnnnotes.sphinxext.drawings import add_drawings
from rnnnotes.sphinxext.exports import Times, export
from rnnnotes.sphinxext.late import BadgeLinks, CitedBy, FormulaTargets, UsedByLinks
from rnnnotes.sphinxext.tables import CountsDirective, MutantsDirective, NotationDirective
from rnnnotes.sphinxext.widgets import add_widgets
from rnnnotes.sphinxext.words import Wordless, collect

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata


def prepare(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Read the published ids, and forget at once all pages that are read anew.

    Sphinx forgets a page right before it reads it.  A formula that has moved to another page
    would then stand on both for a while.
    """
    domain_of(env).data["published"] = load(Path(env.srcdir, app.config.formulas_published))
    for docname in docnames:
        for domain in env.domains.sorted():
            domain.clear_doc(docname)


def add_look(app: Sphinx) -> None:
    """Copy the style and the script of formulas, which come with the package."""
    app.config.html_static_path.append(str(Path(__file__).with_name("static")))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the domain, the directives and what runs when."""
    app.add_config_value("formulas_published", "published-ids.toml", "env", types=(str,))
    app.add_config_value("formulas_checking", "checking", "env", types=(str,))
    app.add_config_value("formulas_elsewhere", default=True, rebuild="env", types=(bool,))
    app.add_domain(FormulaDomain)
    app.add_directive_to_domain("fml", "formula", FormulaDirective)
    app.add_directive_to_domain("fml", "equation", EquationDirective)
    app.add_directive("formula", FormulaDirective)
    app.add_directive("derivation", DerivationDirective)
    app.add_directive("notation", NotationDirective)
    app.add_directive("verdict-counts", CountsDirective)
    app.add_directive("mutants", MutantsDirective)
    app.add_role("formula", FormulaRole())
    app.add_role("verdict", VerdictRole())
    add_widgets(app)
    app.connect("builder-inited", add_look)
    app.add_css_file("formulas.css")
    app.add_js_file("formulas.js", defer="defer")
    add_drawings(app)
    app.add_transform(Wordless)
    for transform in (UsedByLinks, BadgeLinks, FormulaTargets, CitedBy):
        app.add_post_transform(transform)
    app.connect("builder-inited", collect)
    app.connect("env-before-read-docs", prepare)
    app.connect("env-get-updated", outdated, priority=900)
    app.connect("missing-reference", elsewhere, priority=900)  # after the inventories of others
    app.connect("build-finished", export)
    times = Times()
    app.connect("builder-inited", times.remember, priority=100)
    app.connect("html-page-context", times.note_page)
    app.connect("build-finished", times.restore, priority=900)
    if "sphinx.ext.autodoc" in app.extensions:
        app.connect("autodoc-process-docstring", insert_equation, priority=900)
        app.connect("autodoc-process-docstring", keep_shapes, priority=900)
        app.connect("autodoc-skip-member", leave_parts_out)
    return {
        "version": metadata.version("rnnnotes"),
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
