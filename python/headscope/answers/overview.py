"""Pooled pictures of whole heads, never holding more than a stripe of one layer."""

from __future__ import annotations

from typing import Literal

import torch

from headscope.recording import formula
from headscope.recording.certificate import Weigh
from headscope.recording.record import Record

Reduce = Literal["max", "mean"]


def edges(tokens: int, cells: int) -> torch.Tensor:
    """First token of each of `cells` cells, and the end: cell ``i`` holds tokens ``edges[i] .. edges[i + 1] - 1``."""
    return torch.arange(cells + 1) * tokens // cells


def pooled(record: Record, weigh: Weigh, size: int, reduce: Reduce) -> torch.Tensor:
    """Attention of every head pooled to at most `size` x `size` cells, float32 [H, rows, columns] on the CPU."""
    at = record.query.device
    heads = torch.arange(record.heads, device=at)
    rows = edges(record.queries, min(size, record.queries))
    columns = edges(record.keys, min(size, record.keys)).to(at)
    picture = torch.zeros(record.heads, len(rows) - 1, len(columns) - 1, dtype=torch.float32)
    for cell, (start, stop) in enumerate(zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True)):
        total: torch.Tensor | None = None
        for stripe in formula.stripes(torch.arange(start, stop, device=at), record.heads * record.keys):
            part = _pool_stripe(weigh(record, heads, stripe), columns, reduce)
            total = part if total is None else torch.maximum(total, part) if reduce == "max" else total + part
        assert total is not None
        area = (stop - start) * columns.diff() if reduce == "mean" else 1
        picture[:, cell] = (total / area).cpu()
    return picture


def _pool_stripe(weights: torch.Tensor, columns: torch.Tensor, reduce: Reduce) -> torch.Tensor:
    """Pool [H, r, K] over its rows and over the columns' cells, to [H, cells]; sums where the mean is wanted."""
    over_rows = weights.amax(dim=1) if reduce == "max" else weights.sum(dim=1)  # [H, K]
    lengths = columns.diff().expand(len(over_rows), -1).contiguous()
    kind = "max" if reduce == "max" else "sum"
    return torch.segment_reduce(over_rows, kind, lengths=lengths, axis=1)
