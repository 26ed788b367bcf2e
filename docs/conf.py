"""How the documentation is built: `nox -s docs`, with every warning an error and no network."""

from __future__ import annotations

import thetatrio

project = "thetatrio"
author = "The thetatrio developers"
copyright = author  # noqa: A001 - Sphinx's name
version = release = thetatrio.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "attrs_inline"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "thetatrio"
html_copy_source = False
html_show_sphinx = False
