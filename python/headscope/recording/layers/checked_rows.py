"""Which rows of a layer are held against the model: some at once; when it is first read all, up to a limit."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from headscope.recording.layers.masks import Mask
from headscope.recording.layers.record import Record

__all__ = ["ROWS", "WEIGHTS_CONFIRMED", "choose_rows", "first_tokens", "rows_to_confirm"]

ROWS = 8
"""Rows checked of every layer at once, at most."""

WEIGHTS_CONFIRMED = 1 << 25
"""Weights that are compared when a layer is first read, at most: half a second of work."""


def choose_rows(mask: Mask, queries: int, most: int = ROWS) -> torch.Tensor:
    """First and last row, both sides of boundaries of the mask, and some at random; int64 [R], sorted."""
    if queries <= most:
        return torch.arange(queries)
    steps = torch.stack([mask.start, mask.stop]).diff(dim=1)
    bends = (steps[:, 1:] != steps[:, :-1]).any(dim=0).nonzero().flatten().cpu() + 1
    bends = bends[torch.linspace(0, len(bends) - 1, min(len(bends), most // 4)).long()] if len(bends) else bends
    picked = {0, queries - 1}
    picked |= {row + side for row in bends.tolist() for side in (-1, 0, 1) if 0 <= row + side < queries}
    generator = torch.Generator().manual_seed(queries)
    shuffled = torch.randperm(queries, generator=generator).tolist()
    picked |= set([row for row in shuffled if row not in picked][: max(2, most - len(picked))])
    return torch.tensor(sorted(picked))


def rows_to_confirm(record: Record) -> torch.Tensor:
    """The rows that are looked at when a layer is first read, int64 [R]: all, unless the text is long."""
    if record.heads * record.queries * record.keys <= WEIGHTS_CONFIRMED:
        return torch.arange(record.queries)
    most = WEIGHTS_CONFIRMED * 3 // 4 // (record.heads * record.keys)  # the rest is for the first tokens alone
    return choose_rows(record.mask, record.queries, max(ROWS, most))


def first_tokens(record: Record) -> Record:
    """The layer as if the text ended early: what it is to be compared with is its own function, and no forward."""
    count = max(1, math.isqrt(WEIGHTS_CONFIRMED // 4 // record.heads))
    mask, some = record.mask, slice(0, count)
    visible = None if mask.visible is None else mask.visible[:, some, some]
    return replace(
        record,
        query=record.query[:, some],
        key=record.key[:, some],
        value=record.value[:, some],
        bias=None if record.bias is None else record.bias[:, some, some],
        mask=Mask(mask.start[some].clamp(max=count), mask.stop[some].clamp(max=count), visible),
    )
