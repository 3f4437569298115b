"""How Sphinx makes build/docs of these pages: `make docs`."""

import sys
from pathlib import Path

import headscope

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "headscope"
author = "The headscope authors"
copyright = author  # noqa: A001  # Sphinx's name for it
version = release = headscope.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "tables", "live_page"]
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3

# What our docstrings put in single backticks are names of ours where there is such a name, else code.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!headscope\.).*")]
nitpick_ignore = [("py:class", "headscope.widgets.selection.Changes")]  # the fields of a Selection, all optional
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "headscope"
html_static_path = ["_static"]
html_css_files = ["headscope.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1d5fa8", "color-brand-content": "#1d5fa8"},
    "dark_css_variables": {"color-brand-primary": "#8ab8f0", "color-brand-content": "#8ab8f0"},
}
