"""What stands in a page or a notebook, read independently of js/source."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np


def payload_of(layer: dict[str, Any]) -> bytes:
    """The bytes of a layer as a page reads them: base 85, then deflated."""
    alphabet = [chr(code) for code in range(ord("#"), ord("y") + 1) if chr(code) not in "<\\"]
    digit_of = {character: digit for digit, character in enumerate(alphabet)}
    text = layer["payload"]
    missing = -len(text) % 5
    digits = np.array([digit_of[character] for character in text] + [84] * missing, np.uint64).reshape(-1, 5)
    words = (digits * np.array([85**power for power in (4, 3, 2, 1, 0)], np.uint64)).sum(axis=1)
    deflated = words.astype(">u4").tobytes()
    return zlib.decompress(deflated[: len(deflated) - missing], -zlib.MAX_WBITS)


def weights_of(layer: dict[str, Any]) -> np.ndarray:
    """The weights that a page knows, [heads, queries, keys]."""
    header, payload = layer["header"], payload_of(layer)
    start, stop, coarse, fine = (
        np.frombuffer(payload, one["dtype"], int(np.prod(one["shape"])), one["offset"])
        for name in ("start", "stop", "coarse", "fine")
        for one in header["arrays"]
        if one["name"] == name
    )
    how = header["rounding"]
    steps = coarse.astype(float)
    steps[coarse == how["nan"]] = np.nan
    steps[(coarse >= how["fine_from"]) & (coarse != how["nan"])] += fine / 256 - 0.5
    flat = how["scale"] * (steps / how["steps"]) ** 2
    keys = np.arange(header["keys"])
    kept = (keys >= start[:, None]) & (keys < stop[:, None])
    weights = np.zeros((header["queries"], header["heads"], header["keys"]))
    weights[np.broadcast_to(kept[:, None], weights.shape)] = flat  # by query, head, key
    return weights.transpose(1, 0, 2)
