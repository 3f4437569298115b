"""Pictures of whole heads: weights pooled to a few cells, never holding more than a stripe of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

import torch

from headscope.recording.layers import formula
from headscope.recording.layers.certificate import Weigh
from headscope.recording.layers.record import AnyRecord

Reduce = Literal["max", "mean"]

ROWS = 64
"""Rows of weights held at a time, at most: under a causal mask a stripe of few rows stops early, and stays in cache."""


@dataclass(frozen=True)
class Cells:
    """How the tokens of one axis go into cells: cell ``i`` holds ``positions[starts[i]:starts[i + 1]]``."""

    positions: torch.Tensor
    starts: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> torch.Tensor:
        """Number of tokens in each cell."""
        return torch.tensor(self.starts).diff()

    @property
    def edges(self) -> list[int]:
        """Token position of the first token of each cell, and the end of the last."""
        if not len(self):
            return [0]
        return [*self.positions[list(self.starts[:-1])].tolist(), int(self.positions[-1]) + 1]


def cells(positions: torch.Tensor, size: int) -> Cells:
    """Put token positions, ascending, into at most `size` cells of equal length, give or take a token."""
    count, tokens = min(size, len(positions)), len(positions)
    return Cells(positions, tuple(cell * tokens // max(count, 1) for cell in range(count + 1)))


def by_row_cells(record: AnyRecord, weigh: Weigh, rows: Cells) -> Iterator[tuple[int, torch.Tensor]]:
    """Weights [H, r, K] of the rows of one cell after the other, with the cell's number; a long cell in pieces."""
    at = record.device
    heads, positions = torch.arange(record.heads, device=at), rows.positions.to(at)
    step = min(ROWS, formula.rows_at_once(record.heads * record.keys))
    for first in range(0, len(positions), step):
        weights = weigh(record, heads, positions[first : first + step])
        for cell, (start, stop) in enumerate(pairwise(rows.starts)):
            if start < first + step and stop > first:
                yield cell, weights[:, max(start - first, 0) : stop - first]


def pool_columns(by_key: torch.Tensor, columns: Cells, reduce: Reduce) -> torch.Tensor:
    """Pool [H, rows, K] over the columns' cells, to [H, rows, cells]."""
    if not len(columns):
        return by_key[..., :0]
    chosen = by_key.index_select(-1, columns.positions.to(by_key.device))
    parts = [chosen[..., start:stop] for start, stop in pairwise(columns.starts)]
    return torch.stack([part.amax(-1) if reduce == "max" else part.mean(-1) for part in parts], dim=-1)


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
