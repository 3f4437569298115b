"""What the makers of pages have in common: one file for each tool has the calls, this one runs and counts them."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output

View = Callable[[Any, list[str]], object]
"""Shows attention weights of tokens below the cell, or returns what is to be shown."""
REPEATS = 3
CDN = "https://cdnjs.cloudflare.com/ajax/libs/"
HERE = "/libs/"
"""Where the server of the benchmark has what a page would fetch from the CDN."""
LONG_S = 2.0
"""A call that takes longer is not repeated."""


def main(views: dict[str, View]) -> None:
    """Make a page of a view: ``python MAKER.py VIEW TEXT PAGE``; prints what it took, as JSON.

    `kernel_s` is the CPU time of the call that shows the view, the median of some calls; `notebook_bytes` is by how
    much the output of the cell makes a saved notebook longer; `kernel_mb` what the process needed at most beyond
    the text.
    """
    name, text, page = sys.argv[1:]
    InteractiveShell.instance()
    torch.set_num_threads(1)
    given = torch.load(text)
    before = _peak_mb()
    outputs, taken = _run(views[name], given["attentions"], given["tokens"])
    Path(page).write_text(_page(outputs), encoding="utf-8")
    print(
        json.dumps(
            {
                "kernel_s": taken,
                "kernel_mb": _peak_mb() - before,
                "page_bytes": Path(page).stat().st_size,
                "notebook_bytes": _saved(outputs) - _saved([]),
            }
        )
    )


def _run(view: View, attentions: Any, tokens: list[str]) -> tuple[list[dict[str, Any]], float]:
    """Return what the cell shows, and the CPU seconds."""
    taken: list[float] = []
    while len(taken) < REPEATS and sum(taken) < LONG_S:
        gc.collect()
        with capture_output() as captured:
            started = time.process_time()
            made = view(attentions, tokens)
            if made is not None:
                display(made)
            taken.append(time.process_time() - started)
    return [output.data for output in captured.outputs], statistics.median(taken)


def _page(outputs: list[dict[str, Any]]) -> str:
    """The outputs of a cell one below the other, as a notebook has them on its page."""
    parts = ["<!doctype html><meta charset='utf-8'><body>"]
    for data in outputs:
        parts.append(data.get("text/html", ""))
        if "application/javascript" in data:
            parts.append(f"<script>{data['application/javascript']}</script>")
    return "\n".join(parts).replace(CDN, HERE).replace(CDN.removeprefix("https:"), HERE)


def _saved(outputs: list[dict[str, Any]]) -> int:
    shown = [nbformat.v4.new_output("display_data", data=data) for data in outputs]
    cell = nbformat.v4.new_code_cell("view()", outputs=shown, id="cell")
    return len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode())


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
