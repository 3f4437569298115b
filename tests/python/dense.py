"""Attention the plain way, in float64 and whole: what streamed answers are compared with."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch


def dense_weights(
    query: torch.Tensor,  # [H, Q, d]
    key: torch.Tensor,  # [G, K, d]
    visible: torch.Tensor,  # bool [1 or H, Q, K]
    *,
    scaling: float,
    softcap: float | None = None,
    bias: torch.Tensor | None = None,
    sinks: torch.Tensor | None = None,
) -> torch.Tensor:
    """Weights [H, Q, K], float64; rows that see nothing are 0."""
    expanded = key.double().repeat_interleave(len(query) // len(key), dim=0)
    score = torch.einsum("hqd,hkd->hqk", query.double(), expanded) * scaling
    if softcap is not None:
        score = softcap * torch.tanh(score / softcap)
    if bias is not None:
        score = score + bias.double()
    score = score.masked_fill(~visible, -torch.inf)
    last = score.new_full((*score.shape[:2], 1), -torch.inf)
    if sinks is not None:
        last = sinks.double()[:, None, None].expand_as(last)
    return torch.cat([score, last], dim=-1).softmax(-1).nan_to_num(nan=0.0)[..., :-1]


def pooled(dense: torch.Tensor, rows: list[int], columns: list[int], reduce: str) -> torch.Tensor:
    """The largest or the mean of each cell of [.., Q, K], one cell at a time."""
    pool: Any = torch.amax if reduce == "max" else torch.mean
    cells = [[pool(dense[..., a:b, c:d], (-2, -1)) for c, d in pairwise(columns)] for a, b in pairwise(rows)]
    return torch.stack([torch.stack(row, -1) for row in cells], -2)
