"""The weights of one layer, rounded, so that a page holds all layers in few bytes (read in js/source/rounded_layer.ts).

A weight w is the byte ``round(STEPS * sqrt(w / scale))``; what is at least `FINE` of the scale, which numbers are read
from, has a second byte for its place within that step. Together they are within ``0.0021 * scale`` of the weight, and
within ``0.0001 * scale`` where there is a second byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headscope.widgets.packet import Packet, packet_of

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["FINE", "NAN", "STEPS", "rounded"]

STEPS = 120
FINE = 1 / 16
NAN = 255
"""The byte of what is no number."""


def rounded(capture: Capture, part: str, layer: int, steps: int = STEPS, *, heads: list[int] | None = None) -> Packet:
    """Make a packet of a layer's weights, rounded: ``coarse`` and ``fine``, query by query, head by head, key by key.

    In the header, "within" is the largest difference between a weight and its exact one.
    The keys of a query run from the first to the last of which any head has weight, ``start`` and ``stop``.

    Parameters
    ----------
    steps
        Fewer take fewer bytes: errors grow as ``1 / steps``.
    heads
        Those of which there are weights; all if None.

    Raises
    ------
    RefusedLayer
        If there is no exact answer about the layer.
    """
    weights: np.ndarray = capture.attention(layer, heads, part=part).float().cpu().numpy()
    seen = (weights != 0).any(axis=0)  # NaN is not 0
    some = seen.any(axis=1)
    start = np.where(some, seen.argmax(axis=1), 0).astype(np.int32)
    stop = np.where(some, seen.shape[1] - seen[:, ::-1].argmax(axis=1), 0).astype(np.int32)
    keys = np.arange(seen.shape[1])
    kept = (keys >= start[:, None]) & (keys < stop[:, None])
    flat = weights.transpose(1, 0, 2)[np.broadcast_to(kept[:, None], (kept.shape[0], len(weights), kept.shape[1]))]
    finite = np.isfinite(flat)
    scale = max(1.0, float(flat.max(where=finite, initial=0.0)))
    exact = steps * np.sqrt(np.where(finite, flat, 0) / scale)
    coarse = np.rint(exact)
    fine_from = round(steps * FINE**0.5)
    fine = np.clip(np.rint(256 * (exact - coarse + 0.5)), 0, 255)[coarse >= fine_from]
    packet = packet_of(
        capture,
        part,
        layer,
        "rounded",
        {
            "start": start,
            "stop": stop,
            "coarse": np.where(finite, coarse, NAN).astype(np.uint8),
            "fine": fine.astype(np.uint8),
        },
    )
    packet.header["rounding"] = {"scale": scale, "steps": steps, "fine_from": fine_from, "nan": NAN}
    near = coarse.copy()
    near[coarse >= fine_from] += fine / 256 - 0.5
    packet.header["within"] = float(np.abs(scale * (near / steps) ** 2 - flat).max(where=finite, initial=0.0))
    return packet
