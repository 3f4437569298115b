"""The view that the tutorial embeds: a page of `view.to_html`, made when the pages are built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import headscope

if TYPE_CHECKING:
    from sphinx.application import Sphinx

TEXT = "The doctor asked the nurse a question. She"
BUNDLE = Path(headscope.__file__).parent / "static" / "page.js"


def write(app: Sphinx, failed: Exception | None) -> None:
    """Write live/nurse.html beside the pages, unless it is there and newer than the script in it."""
    path = Path(app.outdir) / "live" / "nurse.html"
    made = path.is_file() and path.stat().st_mtime > BUNDLE.stat().st_mtime
    if failed is not None or app.builder.format != "html" or made:
        return
    from headscope import demo

    model, tokenizer = demo.smollm2()
    view = headscope.explore(model, TEXT, tokenizer=tokenizer, layer=9, heads=[2, 3, 4, 8], head=4, query=8, key=4)
    path.parent.mkdir(exist_ok=True)
    view.to_html(path)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("build-finished", write)
