"""Rectangles of a head's attention as bytes for the browser's map (decoded in js/source/tiles.ts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.widgets.packet import Packet
from headscope.widgets.thumbnails import shades

if TYPE_CHECKING:
    from collections.abc import Callable

    from headscope.answers.capture import Capture
    from headscope.answers.measure import Measure
    from headscope.answers.pooling import Reduce

__all__ = ["MOST_CELLS", "TileQuestion", "tile_packet"]

MOST_CELLS = 1 << 16
"""Cells of one tile, at most: 256 a side."""


@dataclass(frozen=True)
class TileQuestion:
    """Which rectangle of which head is wanted; `TileQuestion` of the page."""

    part: str
    layer: int
    head: int
    row_edges: list[int]
    column_edges: list[int]
    reduce: Reduce
    measure: Measure
    exact: bool
    """Whether numbers are to be read: then they come as float32 and not as bytes."""


def tile_packet(capture: Capture, question: TileQuestion, progress: Callable[[int, int], None] | None = None) -> Packet:
    """Pool a rectangle of one head.

    Returns
    -------
    Packet
        The payload is [rows, columns]: float32, or bytes ``b`` that stand for ``scale * (b / 255) ** 2``. With "mean" a
        cell is the mean over its queries of what all its keys get together, so that a row of cells adds up to 1. The
        scale is 1, with "value_norm" the largest norm of a value of the head, which no cell exceeds.

    Raises
    ------
    HeadscopeError
        Where there is no exact answer about the layer, or no such rectangle.
    """
    rows, columns = question.row_edges, question.column_edges
    made = capture.tile(
        question.layer,
        question.head,
        rows,
        columns,
        reduce=question.reduce,
        part=question.part,
        measure=question.measure,
        progress=progress,
    )
    values: np.ndarray = made.values.numpy()
    if question.reduce == "mean":
        values = values * np.diff(columns).astype(np.float32)
    scale = 1.0
    if question.measure == "value_norm":
        scale = float(capture.value_norms(question.layer, part=question.part)[question.head].nan_to_num().max())
    payload = bytearray(values.astype("<f4").tobytes() if question.exact else shades(values, scale))
    header: dict[str, Any] = {
        "v": 1,
        "layer": question.layer,
        "rows": len(rows) - 1,
        "columns": len(columns) - 1,
        "scale": scale,
        "exact": question.exact,
        "bytes": len(payload),
    }
    return Packet(header, payload)
