"""Pictures of a layer's heads as bytes for the browser (decoded in js/source/thumbnails.ts)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.answers.frames import FIRST_SIZE
from headscope.widgets.packet import Packet, Pause

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.answers.measure import Measure
    from headscope.answers.pooling import Reduce

__all__ = ["Question", "shades", "thumbnail_packet"]


@dataclass(frozen=True)
class Question:
    """What pictures are wanted; `ThumbnailQuestion` of the page."""

    part: str
    size: int = FIRST_SIZE
    measure: Measure = "weight"
    pair_filter: str = "all"
    hide_special: bool = False
    reduce: Reduce = "max"


def thumbnail_packet(capture: Capture, question: Question, layer: int, pause: Pause | None = None) -> Packet:
    """Picture every head of a layer; `pause` is called between the parts of the work.

    Returns
    -------
    Packet
        The payload is ``body`` [heads, rows, columns] and, where the first key takes part, ``rail`` [heads, rows]; a
        byte ``b`` stands for ``scale * (b / 255) ** 2``, so that weak weights keep their shades.

    Raises
    ------
    RefusedLayer
        If there is no exact answer about the layer.
    """
    made = capture.thumbnails(layer, **asdict(question), progress=pause)
    heads, rows, columns = made.body.shape
    arrays = [made.body] if made.rail is None else [made.body, made.rail]
    payload = bytearray(b"".join(shades(array.cpu().numpy(), made.scale) for array in arrays))
    header: dict[str, Any] = {
        "v": 1,
        "part": question.part,
        "layer": layer,
        "heads": heads,
        "rows": rows,
        "columns": columns,
        "reduce": question.reduce,
        "rail": made.rail is not None,
        "scale": made.scale,
        "row_edges": list(made.row_edges),
        "column_edges": list(made.column_edges),
        "bytes": len(payload),
    }
    return Packet(header, payload)


def shades(numbers: np.ndarray, scale: float) -> bytes:
    """Write numbers on the scale; what is not finite is drawn as nothing."""
    share = np.nan_to_num(numbers / (scale or 1.0), posinf=0.0, neginf=0.0)
    written: np.ndarray = np.rint(255 * np.sqrt(share.clip(0, 1))).astype(np.uint8)
    return written.tobytes()
