"""What a notebook keeps of a view beside its live widget, and shows when it is opened without running.

In the output stand, from the richest to the plainest: the widget; `MIME`, which JupyterLab draws where our extension is
installed (js/lab/); ``text/html``, a still picture that a script makes a view where scripts run; the picture alone.
The data stand once, in the HTML: the view as it was when it was displayed, the small pictures of its heads and the
selected layer. `MIME` holds their version and checksum.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

from headscope.errors import HeadscopeError
from headscope.export.ascii import packed
from headscope.export.page import SCRIPT, as_json, as_text, pictures, traits
from headscope.export.rounded import rounded
from headscope.export.still import Still, still
from headscope.widgets.first_paint import describe
from headscope.widgets.packet import Packet, layer_packet, plan

if TYPE_CHECKING:
    from headscope.widgets.view import View

__all__ = ["LIMIT", "MIME", "VERSION", "saved"]

MIME = "application/vnd.headscope.saved+json"
VERSION = 1
"""Of the data; a page that knows only older ones says so."""
LIMIT = 1_030_000
"""Most bytes of an output in the notebook's file; what does not fit is left out, first of all the layer."""
EXACT = 96 << 10
"""Bytes up to which the layer is kept with its vectors, from which all else follows; a larger one is rounded."""
WEIGHTS = 9 << 20
"""Most weights (heads x queries x keys) of a layer that is kept: more take too long."""
STEPS = (120, 80, 50, 30)
"""How finely weights are rounded, the finest first; see rounded.py."""
SHRINKING = 2.5
"""What the coarsest of them saves at most, about."""

NOTE = "As it was when this cell ran. Run the cell to see all layers and to use it from Python."

Layer = dict[str, Any]
"""``header`` and ``payload`` of a packet."""


def saved(view: View) -> dict[str, Any]:
    """Return what stands beside the widget in the output of a view, by MIME type."""
    picture = still(view)
    pictures = {} if picture is None else {"image/png": base64.b64encode(picture.png).decode()}
    without_layer = _with_data(picture, _data(view, []))
    left = LIMIT - _in_file({**pictures, **without_layer})
    if left < 0:
        return {**pictures, **({} if picture is None else {"text/html": _figure(picture)})}
    layer = _layer(view, left)
    return {**pictures, **(without_layer if layer is None else _with_data(picture, _data(view, [layer])))}


def _data(view: View, layers: list[Layer]) -> dict[str, Any]:
    """Return what the page is told. The description last: what was read for the layer has been confirmed."""
    return {
        "note": NOTE,
        "thumbnails": pictures(view),
        "layers": layers,
        "traits": {**traits(view), "meta": describe(view.capture, view.shape)},
    }


def _with_data(picture: Still | None, data: dict[str, Any]) -> dict[str, Any]:
    text = as_json(data)
    figure = "" if picture is None else _figure(picture)
    return {
        MIME: {"version": VERSION, "crc32": zlib.crc32(text.encode())},
        "text/html": f'{figure}<script type="application/json">{text}</script>\n'
        f"<script>{SCRIPT.read_text(encoding='ascii')}</script>",
    }


def _figure(picture: Still) -> str:
    """HTML that stays a picture where a host takes scripts and styles out of it."""
    source = base64.b64encode(picture.png).decode()
    caption = as_text(picture.caption).replace('"', "&quot;")
    return (
        f'<figure style="margin:0"><img src="data:image/png;base64,{source}" alt="{caption}" style="max-width:100%">'
        f"<figcaption>{caption} Run the cell to look closer.</figcaption></figure>\n"
    )


def _layer(view: View, left: int) -> Layer | None:
    """Return the selected layer in no more than `left` bytes; None where that cannot be."""
    capture, at = view.capture, view.selection
    pairs = len(capture.tokens(at.part, "query")) * len(capture.tokens(at.part, "key"))
    if capture.head_count(at.layer, at.part) * pairs > WEIGHTS:
        return None
    try:
        if plan(capture, at.part, at.layer).nbytes <= EXACT:
            exact = _packed(layer_packet(capture, at.part, at.layer))
            return exact if _in_file(exact) <= left else None
        for steps in STEPS:
            layer = _packed(rounded(capture, at.part, at.layer, steps))
            if _in_file(layer) <= left:
                return layer
            if _in_file(layer) > SHRINKING * left:
                return None
    except HeadscopeError:  # the page is told why, or asks for a shorter text
        pass
    return None


def _packed(packet: Packet) -> Layer:
    return {"header": packet.header, "payload": packed(packet.payload)}


def _in_file(output: dict[str, Any]) -> int:
    """Bytes of JSON within a string of JSON, which is what data are in a notebook's file."""
    return len(json.dumps(json.dumps(output)))
