"""All heads of a layer as thumbnails: the first token of the text apart, the rest pooled by maximum.

Most heads give most of their weight to the first token. Left in, it sets the scale of the picture; left out without a
word, such a head looks like missing data. So it is a rail beside the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from headscope.answers.pooling import by_row_cells, cells, pool_columns
from headscope.recording.layers.certificate import Weigh
from headscope.recording.layers.record import AnyRecord


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Pictures of all heads of one layer. Tokens that are hidden are left out, and no number changes for it.

    Attributes
    ----------
    body : float32 tensor [heads, rows, columns], on the CPU
        The largest number of each cell, position 0 of the keys left out.
    rail : float32 tensor [heads, rows], on the CPU, or None
        What position 0 of the keys gets, as the mean over the queries of each row; None where it takes no part.
    row_edges, column_edges : list of int
        Token position of the first token of each cell, and the end of the last.
    scale : float
        The largest number that any pair of the layer can have (1 for weights) or has, whatever is left out.
    """

    body: torch.Tensor
    rail: torch.Tensor | None
    row_edges: list[int]
    column_edges: list[int]
    scale: float


def thumbnails(
    record: AnyRecord, weigh: Weigh, size: int, queries: list[int], keys: list[int], *, scale: float = 1.0
) -> Thumbnails:
    """Pool what `weigh` says of every head over the positions `queries` and `keys` that remain."""
    rows = cells(torch.tensor(queries, dtype=torch.int64), size)
    columns = cells(torch.tensor([key for key in keys if key > 0], dtype=torch.int64), size)
    at = record.device
    body = torch.zeros(record.heads, len(rows), record.keys, device=at)
    rail = torch.zeros(record.heads, len(rows), device=at)
    for cell, weights in by_row_cells(record, weigh, rows):
        body[:, cell] = torch.maximum(body[:, cell], weights.amax(dim=1))
        rail[:, cell] += weights[:, :, 0].sum(dim=1)
    rail /= rows.sizes.to(rail)
    pooled = pool_columns(body, columns, "max").cpu()
    return Thumbnails(pooled, rail.cpu() if 0 in keys else None, rows.edges, columns.edges, scale)
