"""A still picture of a view: the small pictures of its heads, as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.errors import HeadscopeError
from headscope.export.png import png
from headscope.widgets.long import has_many_weights
from headscope.widgets.thumbnails import Question, thumbnail_packet

if TYPE_CHECKING:
    from headscope.widgets.view import View

__all__ = ["Still", "still"]

GAP = 4
"""Pixels between two heads."""
LARGE = 96
"""Pixels a side, about, of heads that stand alone in their row; in a grid they are `SMALL`."""
SMALL = 24


@dataclass(frozen=True)
class Still:
    """A picture, and in words what it shows."""

    png: bytes
    caption: str


def still(view: View) -> Still | None:
    """Draw the heads that came along with a view, a row for each layer, else those that are drawn of its layer.

    None where there is no layer that could be drawn at once.
    """
    layers = dict(sorted((_grid(view) or _selected(view)).items()))
    if not layers or not all(heads.size for heads in layers.values()):
        return None
    return Still(png(_sheet(list(layers.values()))), _caption(view, list(layers), max(map(len, layers.values()))))


def _sheet(layers: list[np.ndarray]) -> np.ndarray:
    """Lay out the heads [heads, rows, columns] of layers, a row for each layer."""
    height, width = layers[0].shape[1:]
    times = max(1, round((SMALL if len(layers) > 1 else LARGE) / max(height, width)))
    height, width = height * times, width * times
    sheet = np.zeros((len(layers), height + GAP, max(map(len, layers)), width + GAP), np.float32)
    for row, heads in enumerate(layers):
        sheet[row, :height, : len(heads), :width] = heads.repeat(times, 1).repeat(times, 2).transpose(1, 0, 2)
    return sheet.reshape(len(layers) * (height + GAP), -1)[:-GAP, :-GAP]


def _grid(view: View) -> dict[int, np.ndarray]:
    """Shades of the layers that came along, by number."""
    layers: dict[int, np.ndarray] = {}
    at = 0
    for header in view.first_thumbnails.get("layers", ()):
        layers[header["layer"]] = _heads(header, view.first_thumbnails_data[at : at + header["bytes"]])
        at += header["bytes"]
    return layers


def _selected(view: View) -> dict[int, np.ndarray]:
    at = view.selection
    if has_many_weights(view.capture, at.part, at.layer):
        return {}
    try:
        packet = thumbnail_packet(view.capture, Question(at.part, size=LARGE), at.layer)
    except HeadscopeError:
        return {}
    return {at.layer: _heads(packet.header, packet.payload)}


def _heads(header: dict[str, Any], payload: bytes | bytearray) -> np.ndarray:
    """How dark the cells of each head are, [heads, rows, columns]: the square root of weight, as in the views."""
    heads, rows, columns = header["heads"], header["rows"], header["columns"]
    body: np.ndarray = np.frombuffer(payload, np.uint8, heads * rows * columns).reshape(heads, rows, columns)
    return body.astype(np.float32) / 255


def _caption(view: View, layers: list[int], heads: int) -> str:
    shown = f"{len(layers)} layers ({layers[0]} to {layers[-1]}) down" if len(layers) > 1 else f"layer {layers[0]}"
    return (
        f"Attention of {view.capture.model_name}, {shown}, {heads} heads across. "
        "In each picture queries go down, and keys across, but for the first."
    )
