"""Pictures that were made already, of all layers of a part: those used last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headscope.answers.frames import Wanted
from headscope.answers.walk import Pictures

if TYPE_CHECKING:
    import torch

__all__ = ["MOST_BYTES", "KeptPictures"]

MOST_BYTES = 32 << 20
"""Of all together; the last ones stay, however large."""


class KeptPictures:
    """By layer and by what was wanted.

    One thread at a time may change them, while others list their tensors.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Wanted], Pictures] = {}
        """Those used last come last. No OrderedDict, which cannot be listed while another thread changes it."""
        self._bytes = 0

    def get(self, layer: int, wanted: Wanted) -> Pictures | None:
        """Those that are kept, None if they are not."""
        at = layer, wanted
        pictures = self._kept.pop(at, None)
        if pictures is not None:
            self._kept[at] = pictures
        return pictures

    def put(self, layer: int, wanted: Wanted, pictures: Pictures) -> None:
        """Keep pictures, and let go of those that were not used for longest."""
        at = layer, wanted
        self._bytes += _bytes_of(pictures) - _bytes_of(self._kept.pop(at, {}))
        self._kept[at] = pictures
        while self._bytes > MOST_BYTES and len(self._kept) > 1:
            self._bytes -= _bytes_of(self._kept.pop(next(iter(self._kept))))

    def drop(self, layer: int) -> None:
        """Let go of those of one layer."""
        for at in [at for at in self._kept if at[0] == layer]:
            self._bytes -= _bytes_of(self._kept.pop(at))

    def tensors(self) -> Iterator[torch.Tensor]:
        """Every tensor held."""
        yield from (one for pictures in list(self._kept.values()) for made in pictures.values() for one in made)

    def clear(self) -> None:
        """Let go of all."""
        self._kept.clear()
        self._bytes = 0


def _bytes_of(pictures: Pictures) -> int:
    return sum(one.nbytes for made in pictures.values() for one in made)
