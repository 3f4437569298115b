"""Small pictures as PNG, without a library for it."""

from __future__ import annotations

import struct
import zlib

import numpy as np

__all__ = ["COLOUR", "png"]

COLOUR = (74, 111, 181)
"""Stands out from a white background and from a black one."""
SHADES = 16


def png(shares: np.ndarray) -> bytes:
    """Write shares [rows, columns] of 0 to 1 as one colour, from clear to solid: any background shows through."""
    rows, columns = shares.shape
    shades = np.rint((SHADES - 1) * shares).astype(np.uint8)
    padded = np.pad(shades, ((0, 0), (0, columns % 2)))
    pairs = padded[:, ::2] << 4 | padded[:, 1::2]
    lines = np.pad(pairs, ((0, 0), (1, 0)))  # each line begins with its filter: none
    alphas = bytes(round(255 * shade / (SHADES - 1)) for shade in range(SHADES))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 4, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(COLOUR) * SHADES),
            _chunk(b"tRNS", alphas),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
