"""A view as a page of its own: works offline, with no kernel, and inside a notebook's output too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headscope.answers.budget import megabytes
from headscope.errors import OverBudget, RefusedLayer
from headscope.export.ascii import packed
from headscope.export.rounded import rounded
from headscope.widgets.first_paint import describe
from headscope.widgets.packet import layer_packet, plan
from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.widgets.view import View

__all__ = ["LIMIT", "SCRIPT", "as_json", "as_text", "page", "traits"]

SCRIPT = Path(__file__).parent.parent / "static" / "page.js"
WITH_VECTORS = ("neuron", "explorer")
"""Kinds of views that show what weights are made of."""
LIMIT = 64 << 20
"""Most bytes of all layers together. Browsers are slow to read more, and silently skip some hundred MiB."""


def page(view: View) -> str:
    """Return a view as HTML, with every layer of its capture: its picture as it is now, and all that a click shows.

    Views of weights hold them rounded, which their page says; the neuron view has its vectors as they are. All of it is
    ASCII, so that it reads the same whatever encoding it is saved and served in.

    Raises
    ------
    OverBudget
        Where the layers are more than `LIMIT` bytes.
    """
    if not SCRIPT.is_file():
        raise FileNotFoundError(f"the script of headscope's pages is missing at {SCRIPT}: run `make build`.")
    capture = view.capture
    with_vectors = view.kind in WITH_VECTORS
    _check_size(capture, with_vectors)
    layers = list(_layers(capture, with_vectors))
    # What was read for the layers has been confirmed, which the description then tells.
    data = {"traits": {**traits(view), "meta": describe(capture, view.shape)}, "layers": layers}
    title = view.kind if view.kind == "explorer" else f"{view.kind} view"
    return (
        f'<!doctype html><meta charset="utf-8"><title>{title} of {as_text(capture.model_name)}</title><body>\n'
        f'<script type="application/json">{as_json(data)}</script>\n'
        f"<script>{SCRIPT.read_text(encoding='ascii')}</script>\n"
    )


def traits(view: View) -> dict[str, Any]:
    """Return what a view shows, and how, as the page is told."""
    return {name: getattr(view, name) for name in ("kind", *FIELDS, *SETTINGS)}


def _layers(capture: Capture, with_vectors: bool) -> Iterator[dict[str, Any]]:
    for part, layer in _numbers(capture):
        with suppress(RefusedLayer):  # the description says why it is not there
            packet = (layer_packet if with_vectors else rounded)(capture, part, layer)
            yield {"header": packet.header, "payload": packed(packet.payload)}


def _numbers(capture: Capture) -> list[tuple[str, int]]:
    return [(part, layer) for part in capture.parts for layer in capture.layer_numbers(part)]


def _check_size(capture: Capture, with_vectors: bool) -> None:
    needed = 0
    for part, layer in _numbers(capture):
        with suppress(RefusedLayer):
            needed += plan(capture, part, layer).nbytes if with_vectors else _rounded_size(capture, part, layer)
    if needed > LIMIT:
        raise OverBudget(
            f"the layers of this capture take {megabytes(needed)}; a page may hold {megabytes(LIMIT)}. Show fewer "
            "layers or a shorter text, or keep the view in a notebook, where layers come when they are looked at."
        )


def _rounded_size(capture: Capture, part: str, layer: int) -> int:
    """Most bytes of rounded weights, but for the few that take two."""
    record = capture.record(layer, part)
    return record.heads * record.queries * record.keys


def as_json(data: dict[str, Any]) -> str:
    """JSON that ends no script: in ASCII, without a "<"."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")


def as_text(text: str) -> str:
    """Text of an element, in ASCII."""
    return text.replace("&", "&amp;").replace("<", "&lt;").encode("ascii", "xmlcharrefreplace").decode()
