"""The view that the tutorial embeds: a page of `view.to_html`, made when the pages are built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

TEXT = "The doctor asked the nurse a question. She"


def write(app: Sphinx, failed: Exception | None) -> None:
    """Write live/nurse.html beside the pages, unless it is there."""
    path = Path(app.outdir) / "live" / "nurse.html"
    if failed is not None or app.builder.format != "html" or path.is_file():
        return
    import headscope as hs
    from headscope import demo

    model, tokenizer = demo.smollm2()
    view = hs.explore(model, TEXT, tokenizer=tokenizer, layer=9, heads=[2, 3, 4, 8], head=4, query=8, key=4)
    path.parent.mkdir(exist_ok=True)
    view.to_html(path)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("build-finished", write)
