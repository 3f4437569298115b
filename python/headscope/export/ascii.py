"""Bytes as text in a page: deflated, then five ASCII characters for every four bytes (read in js/source/ascii.ts)."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["packed"]

ALPHABET = np.array([code for code in range(ord("#"), ord("z")) if chr(code) not in "<\\"], np.uint8)
"""85 characters that stand for themselves in JSON and in a script."""
POWERS = 85 ** np.arange(4, -1, -1, dtype=np.int64)


def packed(payload: bytes | bytearray) -> str:
    """Return bytes as text.

    Numbers have few repetitions to look for, and none in a row but runs, so that only these are looked for.
    """
    deflating = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
    deflated = deflating.compress(payload) + deflating.flush()
    missing = -len(deflated) % 4
    words = np.frombuffer(deflated + bytes(missing), ">u4").astype(np.int64)
    digits = words[:, None] // POWERS % 85
    text: str = ALPHABET[digits].tobytes().decode("ascii")
    return text[: len(text) - missing]
