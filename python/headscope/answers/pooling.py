"""Numbers of many pairs of tokens made one number a cell: the largest, or their sum."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Literal

import torch

Reduce = Literal["max", "mean"]
REDUCES: tuple[Reduce, ...] = ("max", "mean")
LONG = 32
"""Tokens a cell from which on cells are pooled one by one; shorter ones are pooled together, as copies."""


@dataclass(frozen=True, eq=False)
class Cells:
    """How the tokens of one axis go into cells: cell ``i`` holds ``positions[starts[i]:starts[i + 1]]``."""

    positions: torch.Tensor
    starts: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.starts) - 1

    @cached_property
    def sizes(self) -> torch.Tensor:
        """Number of tokens in each cell."""
        return torch.tensor(self.starts).diff()

    @property
    def edges(self) -> list[int]:
        """Token position of the first token of each cell, and the end of the last."""
        if not len(self):
            return [0]
        return [*self.positions[list(self.starts[:-1])].tolist(), int(self.positions[-1]) + 1]

    @cached_property
    def is_run(self) -> bool:
        """Whether no position between the first and the last is left out."""
        return len(self.positions) > 0 and int(self.positions[-1] - self.positions[0]) == len(self.positions) - 1

    @cached_property
    def padded(self) -> torch.Tensor:
        """The positions of each cell [cells, longest], of shorter ones the last again and again."""
        starts, sizes = torch.tensor(self.starts[:-1]), self.sizes
        longest = int(sizes.max()) if len(self) else 0
        return self.positions[starts[:, None] + torch.arange(longest).minimum(sizes[:, None] - 1)]


def cells(positions: torch.Tensor, size: int) -> Cells:
    """Put token positions, ascending, into at most `size` cells of equal length, give or take a token."""
    count, tokens = min(size, len(positions)), len(positions)
    return Cells(positions, tuple(cell * tokens // max(count, 1) for cell in range(count + 1)))


def pool_cells(values: torch.Tensor, into: Cells, dim: int, reduces: Collection[Reduce]) -> dict[Reduce, torch.Tensor]:
    """The largest of each cell along one dimension, their sum, or both."""
    if not len(into):
        return dict.fromkeys(reduces, values.narrow(dim, 0, 0))
    if len(into.positions) >= LONG * len(into) and into.is_run:
        parts = values.narrow(dim, int(into.positions[0]), len(into.positions)).split(into.sizes.tolist(), dim)
        return {
            reduce: torch.stack([one.amax(dim) if reduce == "max" else one.sum(dim) for one in parts], dim)
            for reduce in reduces
        }
    count, longest = into.padded.shape
    chosen = values.index_select(dim, into.padded.flatten().to(values.device)).unflatten(dim, (count, longest))
    pooled: dict[Reduce, torch.Tensor] = {}
    if "max" in reduces:
        pooled["max"] = torch.amax(chosen, dim + 1)
    if "mean" in reduces:
        if len(into.positions) < into.padded.numel():
            is_own = (torch.arange(longest) < into.sizes[:, None]).to(chosen)
            chosen *= is_own.view(count, longest, *(1,) * (values.dim() - dim - 1))
        pooled["mean"] = torch.sum(chosen, dim + 1)
    return pooled


def pool(values: torch.Tensor, edges: list[int], dim: int, reduce: Reduce) -> torch.Tensor:
    """The largest of each cell along one dimension, or their sum; cell ``i`` is ``edges[i]`` to ``edges[i + 1]``.

    Neighbouring cells of one length are pooled together.
    """
    pooled = []
    start = 0
    for length, cells in groupby(stop - start for start, stop in pairwise(edges)):
        count = len(list(cells))
        run = values.narrow(dim, start, count * length).unflatten(dim, (count, length))
        pooled.append(run.amax(dim + 1) if reduce == "max" else run.sum(dim + 1))
        start += count * length
    return pooled[0] if len(pooled) == 1 else torch.cat(pooled, dim)


def combine(into: torch.Tensor, values: torch.Tensor, reduce: Reduce) -> None:
    """Take more values of the same cells into account."""
    if reduce == "max":
        torch.maximum(into, values, out=into)
    else:
        into += values
