"""The pictures that patches are drawn on, one or several side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from headscope.recording.pictures.mosaic import Layout
from headscope.recording.pictures.patches import Patches
from headscope.recording.pictures.picture import Cell, Picture, draw, visible

if TYPE_CHECKING:
    import torch

__all__ = ["Gallery"]

_GAP = 4
"""Pixels between two pictures side by side."""


class Gallery:
    """What a model saw.

    Parameters
    ----------
    source
        The pictures.
    patches
        Where the patches stand that the model makes vectors of, in the order of `source`.
    """

    def __init__(self, source: Patches, patches: Layout) -> None:
        self._source, self._patches = source, patches

    def shown(self, layout: Layout, tokens: torch.Tensor) -> Shown:
        """The pictures that some tokens are of, given which of `layout` these are."""
        return Shown(layout, layout.picture[tokens].unique().tolist(), self._colours)

    def _colours(self, number: int) -> torch.Tensor | None:
        source = self._source
        if source.apart is None:
            pixels = source.pixels.reshape(-1, *source.pixels.shape[-3:])[number]
        else:
            pixels = _put_together(source.pixels, self._patches, number)
        return visible(pixels, source.mean, source.std)


def _put_together(rows: torch.Tensor, patches: Layout, number: int) -> torch.Tensor:
    """A picture, [3, height, width], of its patches, [patches, width] with 3 channels, frames and pixels in a row."""
    own = patches.picture == number
    row, column, (left, _, right, _) = patches.row[own], patches.column[own], patches.boxes[own][0].tolist()
    side = round(right - left)
    squares = rows[own.to(rows.device)].reshape(len(row), 3, -1, side, side)[:, :, 0]  # one frame is as the other
    picture = squares.new_zeros(3, (int(row.max()) + 1) * side, (int(column.max()) + 1) * side)
    for square, down, across in zip(squares, (row * side).tolist(), (column * side).tolist(), strict=True):
        picture[:, down : down + side, across : across + side] = square
    return picture


class Shown:
    """Some of the pictures, side by side.

    Parameters
    ----------
    layout
        Where tokens stand, each on its own picture.
    pictures
        Numbers of the pictures shown.
    colours
        Gives those of a picture, uint8 [height, width, 1 or 3]; None where it has none.
    """

    def __init__(self, layout: Layout, pictures: list[int], colours: Callable[[int], torch.Tensor | None]) -> None:
        self.pictures = pictures
        self._layout, self._colours = layout, colours

    def name(self, token: int) -> str:
        """The name of a token, given which of the layout it is."""
        picture, row, column = (
            int(one[token]) for one in (self._layout.picture, self._layout.row, self._layout.column)
        )
        which = "" if len(self.pictures) == 1 else f"image {self.pictures.index(picture)} "
        return f"{which}patch {row},{column}"

    def picture(self, tokens: Sequence[int | None]) -> Picture | None:
        """The picture with the cell of each token, None of one without a place; none where there are no colours."""
        colours = [one for one in map(self._colours, self.pictures) if one is not None]
        if len(colours) < len(self.pictures) or len({one.shape[2] for one in colours}) != 1:
            return None
        height = max(len(one) for one in colours)
        starts = list(accumulate((one.shape[1] + _GAP for one in colours), initial=0))
        sheet = colours[0].new_full((height, starts[-1] - _GAP, colours[0].shape[2]), 255)
        for one, start in zip(colours, starts, strict=False):
            sheet[: len(one), start : start + one.shape[1]] = one
        offsets = dict(zip(self.pictures, starts, strict=False))
        data, mime = draw(sheet)
        cells = tuple(None if token is None else self._cell(token, offsets, sheet) for token in tokens)
        return Picture(data, mime, sheet.shape[1], sheet.shape[0], cells)

    def _cell(self, token: int, offsets: dict[int, int], sheet: torch.Tensor) -> Cell:
        left, top, right, bottom = self._layout.boxes[token].tolist()
        start = offsets[int(self._layout.picture[token])]
        height, width = sheet.shape[:2]
        return (start + left) / width, top / height, (right - left) / width, (bottom - top) / height
