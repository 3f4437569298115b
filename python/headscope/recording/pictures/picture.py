"""The picture that the patches of an axis are drawn on: what the model saw, small enough to travel with a view."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch

__all__ = ["BYTES", "Cell", "Picture", "draw", "visible"]

BYTES = 64 << 10
"""Most bytes of an encoded picture."""

Cell: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height, in fractions of the picture."""


@dataclass(frozen=True)
class Picture:
    """A picture, and where on it each token of an axis stands."""

    data: bytes
    """Encoded, at most `BYTES`."""
    mime: str
    """How: "image/png" or "image/jpeg"."""
    width: int
    """Pixels that the model was given; `data` may hold fewer."""
    height: int
    cells: tuple[Cell | None, ...]
    """One per token; None of a token that stands for no place, such as [CLS]."""


def visible(
    pixels: torch.Tensor, mean: Sequence[float] | None = None, std: Sequence[float] | None = None
) -> torch.Tensor | None:
    """What a model was given, as colours.

    Parameters
    ----------
    pixels : float tensor [channels, height, width]
        As the model's forward takes it.
    mean, std
        What its processor subtracted and divided by; without them the range of the numbers is spread from black to
        white.

    Returns
    -------
    uint8 tensor [height, width, 1 or 3], on the CPU, or None
        None where there are neither one nor three channels, or not only finite numbers.
    """
    import torch

    values = pixels.detach().float().cpu()
    if len(values) not in (1, 3) or not bool(values.isfinite().all()):
        return None
    if mean is not None and std is not None and len(mean) == len(std) == len(values):
        values = values * torch.tensor(std).view(-1, 1, 1) + torch.tensor(mean).view(-1, 1, 1)
    else:
        low, high = values.min(), values.max()
        values = (values - low) / (high - low).clamp(min=torch.finfo(torch.float32).tiny)
    return (values.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()


def draw(colours: torch.Tensor) -> tuple[bytes, str]:
    """Encode colours, uint8 [height, width, 1 or 3], in at most `BYTES`: as they are, or fewer pixels of them.

    Returns
    -------
    data, mime
        A JPEG where Pillow is installed and a PNG would be too large, else a PNG.
    """
    data = _png(colours)
    if len(data) <= BYTES:
        return data, "image/png"
    for encode, mime in ((_jpeg, "image/jpeg"), (_png, "image/png")):
        smaller, encoded = colours, encode(colours)
        while encoded is not None and len(encoded) > BYTES:
            smaller = _shrunk(colours, min(0.9, math.sqrt(BYTES / len(encoded))) * smaller.shape[0] / colours.shape[0])
            encoded = encode(smaller)
        if encoded is not None:
            return encoded, mime
    raise AssertionError("a PNG can always be made")


def _shrunk(colours: torch.Tensor, factor: float) -> torch.Tensor:
    import torch

    height, width = (max(1, int(side * factor)) for side in colours.shape[:2])
    planes = colours.permute(2, 0, 1)[None].float()
    smaller = torch.nn.functional.interpolate(planes, (height, width), mode="area")[0]
    return smaller.round().to(torch.uint8).permute(1, 2, 0).contiguous()


def _jpeg(colours: torch.Tensor) -> bytes | None:
    try:
        from PIL import Image
    except ImportError:
        return None
    import io

    buffer = io.BytesIO()
    Image.fromarray(colours.squeeze(-1).numpy()).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _png(colours: torch.Tensor) -> bytes:
    """A PNG (ISO/IEC 15948) of 8 bits a channel, each row as it is."""
    height, width, channels = colours.shape
    rows = colours.numpy().reshape(height, width * channels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (header, data, b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
