"""Sphinx: pages in Markdown, the reference from docstrings and from the command line itself."""

import sys
from pathlib import Path

from interbrain import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "interbrain"
author = "The interbrain developers"
copyright = "2026, the interbrain developers"
release = version = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"interbrain {version}"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
exclude_patterns = ["_build"]
nitpicky = False


def setup(app):
    """Fill the page of measures from their records."""
    from measures_page import with_measures

    def read(app, docname, source):
        if docname == "measures":
            source[0] = with_measures(source[0])

    app.connect("source-read", read)
