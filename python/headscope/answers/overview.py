"""Every head of a layer as a small picture."""

from __future__ import annotations

import torch

from headscope.answers.pooling import Reduce, by_row_cells, cells, pool_columns
from headscope.recording.layers.certificate import Weigh
from headscope.recording.layers.record import AnyRecord


def pooled(record: AnyRecord, weigh: Weigh, size: int, reduce: Reduce) -> torch.Tensor:
    """Attention of every head pooled to at most `size` x `size` cells, float32 [H, rows, columns] on the CPU."""
    rows, columns = cells(torch.arange(record.queries), size), cells(torch.arange(record.keys), size)
    by_key = torch.zeros(record.heads, len(rows), record.keys, device=record.device)
    for cell, weights in by_row_cells(record, weigh, rows):
        if reduce == "max":
            by_key[:, cell] = torch.maximum(by_key[:, cell], weights.amax(dim=1))
        else:
            by_key[:, cell] += weights.sum(dim=1)
    if reduce == "mean":
        by_key /= rows.sizes.to(by_key)[:, None]
    return pool_columns(by_key, columns, reduce).cpu()
