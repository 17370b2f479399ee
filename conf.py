"""Sphinx configuration: ``sphinx-build -c . docs build/html``."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]  # figures are drawn by docs/experiments too

from rnnnotes.book.cite.citing import SITE  # noqa: E402 -- read from here, installed or not

project = "rnnnotes"
author = "the rnnnotes developers"
project_copyright = "the rnnnotes developers; code BSD-3-Clause, text CC BY 4.0"
version = release = metadata.version("rnnnotes")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "sphinx_autodoc_typehints",
    "sphinx_copybutton",
    "sphinxcontrib.bibtex",
    "rnnnotes.sphinxext",
    "rnnnotes.sphinxext.katex",
    "rnnnotes.sphinxext.a11y",
]

language = "en"
locale_dirs = ["locale"]  # beside the pages, not beside this file
gettext_compact = False
gettext_uuid = False
exclude_patterns = ["node_modules", "figures", "locale"]
nitpicky = True

# -- Formulas and mathematics ----------------------------------------------------------------------

numfig = True
numfig_secnum_depth = 0  # an equation is numbered through the whole book, as a figure is
math_numfig = True
formulas_elsewhere = False  # each formula stands on a page here
html_math_renderer = "katex"
katex_path = "docs/node_modules/katex"

# -- Pages -----------------------------------------------------------------------------------------

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
bibtex_bibfiles = ["docs/references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

# What is copied of an example is what one types: no prompts and no output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = "div.highlight-pycon pre, div.highlight-console pre"

# -- Docstrings ------------------------------------------------------------------------------------

autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
typehints_document_rtype = False  # the docstring gives the shape, which says more
typehints_use_rtype = False
# Names of other projects, which a site that makes no request does not look up.
nitpick_ignore_regex = [
    ("py:.*", r"(collections|docutils|numpy|pathlib|sphinx|sympy|typing)\..*|Ellipsis"),
]

# -- Output ----------------------------------------------------------------------------------------

html_theme = "furo"
html_title = "rnnnotes"
site_description = "Recurrent neural networks, one checked formula at a time."
html_baseurl = SITE
html_static_path = ["docs/_static"]
templates_path = ["docs/_templates"]
html_favicon = "docs/_static/favicon.svg"
html_css_files = ["site.css"]
html_domain_indices = ["fml-formulas", "fml-symbols"]
html_use_index = False
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"sidebar_hide_name": False}

# The first page is a door to the site; in print, the chapters stand by themselves.
latex_documents = [("index", f"{project}.tex", project, author, "manual", True)]
epub_identifier = epub_uid = project  # Sphinx uses them for one another
epub_description = site_description
epub_contributor = author
