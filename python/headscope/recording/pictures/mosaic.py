"""Where the patches of pictures stand: of each its picture, row and column, and the part of the picture that it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

__all__ = ["Layout", "of_convolution", "of_rows"]


@dataclass(frozen=True, eq=False)
class Layout:
    """The patches of several pictures, in the order in which the model makes vectors of them.

    Shapes: N patches. All int64 on the CPU but `boxes`.
    """

    picture: torch.Tensor  # [N], number of the picture
    row: torch.Tensor  # [N]
    column: torch.Tensor  # [N]
    boxes: torch.Tensor  # float [N, 4] left, top, right, bottom in pixels of its own picture

    @property
    def pictures(self) -> int:
        """How many there are."""
        return int(self.picture.max()) + 1

    def merged(self, by: int) -> Layout:
        """The patches with their neighbours, `by` x `by` of them as one; still one entry for each patch."""
        if by == 1:
            return self
        made = Layout(self.picture, self.row // by, self.column // by, self.boxes)
        numbers = made.numbers[:, None].expand(-1, 2)
        first, last = (
            torch.zeros_like(corner).scatter_reduce(0, numbers, corner, how, include_self=False)
            for corner, how in ((self.boxes[:, :2], "amin"), (self.boxes[:, 2:], "amax"))
        )
        return replace(made, boxes=torch.cat([first, last], dim=1)[made.numbers])

    def one_each(self) -> Layout:
        """One entry for each number, in their order, in place of one for each patch."""
        numbers = self.numbers
        first = torch.zeros(int(numbers.max()) + 1, dtype=torch.int64)
        first[numbers] = torch.arange(len(numbers))
        return Layout(self.picture[first], self.row[first], self.column[first], self.boxes[first])

    @property
    def numbers(self) -> torch.Tensor:
        """A number for each patch, [N], those of merged ones alike; they ascend by picture, row and column."""
        places = torch.stack([self.picture, self.row, self.column], dim=1)
        numbers: torch.Tensor = places.unique(dim=0, return_inverse=True)[1]
        return numbers


def of_convolution(convolution: torch.nn.Conv2d, grid: tuple[int, ...], height: int, width: int) -> Layout:
    """The patches that a convolution makes of pictures.

    Parameters
    ----------
    convolution
        What each patch is the output of. It stands for one stride around the middle of what it sees, cut at the edges.
    grid
        [pictures, rows, columns].
    height, width
        Of each picture, in pixels.
    """
    picture, row, column = (one.flatten() for one in torch.meshgrid(*map(torch.arange, grid), indexing="ij"))
    top, bottom = _span(convolution, 0, row, height)
    left, right = _span(convolution, 1, column, width)
    return Layout(picture, row, column, torch.stack([left, top, right, bottom], dim=1))


def of_rows(grids: torch.Tensor, merge: int, patch: int) -> Layout:
    """The patches that the processors of Qwen-VL and its kin cut pictures into, one row each.

    Parameters
    ----------
    grids : int64 tensor [pictures, 3]
        Frames, rows and columns of each picture (`image_grid_thw`).
    merge
        Patches of a side of what is merged into one token: these follow each other.
    patch
        Pixels of a side of a patch.
    """
    places = []
    for number, (frames, rows, columns) in enumerate(grids.tolist()):
        sizes = (frames, rows // merge, columns // merge, merge, merge)
        _, down, across, inner_down, inner_across = torch.meshgrid(*map(torch.arange, sizes), indexing="ij")
        row, column = (down * merge + inner_down).flatten(), (across * merge + inner_across).flatten()
        places.append(torch.stack([torch.full_like(row, number), row, column]))
    picture, row, column = torch.cat(places, dim=1)
    boxes = torch.stack([column, row, column + 1, row + 1], dim=1) * float(patch)
    return Layout(picture, row, column, boxes)


def _span(convolution: torch.nn.Conv2d, axis: int, at: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    stride, reach = convolution.stride[axis], convolution.dilation[axis] * (convolution.kernel_size[axis] - 1)
    padding = {"valid": 0, "same": reach // 2}.get(str(convolution.padding), 0)
    if not isinstance(convolution.padding, str):
        padding = convolution.padding[axis]
    middle = at * stride - padding + (reach + 1) / 2
    return (middle - stride / 2).clamp(0, length), (middle + stride / 2).clamp(0, length)
