"""The windows, tiles or pictures that a tower attends within, put together as one sequence.

Attention within each of them alone is attention of the whole sequence under a mask that hides the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from headscope.recording.layers import masks
from headscope.recording.layers.record import Record
from headscope.recording.tiers.interface import Call

__all__ = ["in_order", "joined", "order_of", "reordered"]


def joined(calls: Sequence[Call]) -> Call | None:
    """Several calls of one module, of several rows each, as one call of one row.

    Returns
    -------
    Call or None
        With the rows one after the other, of the calls one after the other; None where what a call hides is not known.
    """
    first = calls[0]
    blocks = [block for call in calls for block in _blocks(call)]
    if None in blocks or first.options.get("position_bias") is not None:
        return None
    return replace(
        first,
        query=torch.cat([_row(call.query) for call in calls], dim=2),
        key=torch.cat([_row(call.key) for call in calls], dim=2),
        value=torch.cat([_row(call.value) for call in calls], dim=2),
        mask=_diagonal([block for block in blocks if block is not None], first),
        tokens=tuple(_joined_tokens([call.tokens[at] for call in calls]) for at in range(3)),
        output=torch.cat([call.output.reshape(1, -1, *call.output.shape[2:]) for call in calls], dim=1),
    )


def order_of(call: Call) -> torch.Tensor | None:
    """The order in which the rows of a joined call stand for the tokens one by one; None if it is not one for all."""
    queries, *others = call.tokens
    if queries is None or any(one is None or not torch.equal(one, queries) for one in others):
        return None
    tokens = queries[0, 0]
    order = tokens.argsort()
    run = tokens.min() + torch.arange(len(tokens), device=tokens.device)
    known = bool(tokens.min() >= 0) and bool((queries == tokens).all()) and torch.equal(tokens[order], run.to(tokens))
    return order if known else None


def in_order(call: Call, order: torch.Tensor) -> Call:
    """A joined call with its rows in another order."""
    return replace(
        call,
        query=call.query[:, :, order],
        key=call.key[:, :, order],
        value=call.value[:, :, order],
        mask=call.mask[:, :, order][..., order],
        tokens=tuple(None if one is None else one[..., order] for one in call.tokens),
        output=call.output[:, order],
    )


def reordered(record: Record, order: torch.Tensor) -> Record:
    """A record of self-attention with its tokens in another order, given as int64 [tokens]."""
    at = order.to(record.device)
    visible = record.mask.rows(order, record.keys, record.device)[:, :, at]
    bias, rows = record.bias, record.rows
    return replace(
        record,
        query=record.query[:, at],
        key=record.key[:, at],
        value=record.value[:, at],
        mask=masks.from_visible(visible),
        bias=None if bias is None else bias[:, at][:, :, at],
        rows=None if rows is None else order.argsort()[rows],
        traces=None if record.traces is None else record.traces[at],
    )


def _joined_tokens(tokens: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
    known = [one for one in tokens if one is not None]
    return torch.cat([_row(one[..., None]) for one in known], dim=2)[..., 0] if len(known) == len(tokens) else None


def _row(tensor: torch.Tensor) -> torch.Tensor:
    """[rows, heads, T, d] as [1, heads, rows * T, d]."""
    return tensor.transpose(0, 1).flatten(1, 2)[None]


def _blocks(call: Call) -> list[torch.Tensor | None]:
    """What each row of a call hides or adds, [1 or heads, queries, keys], bool or float."""
    rows, _, queries, _ = call.query.shape
    keys = call.key.shape[2]
    if isinstance(call.mask, torch.Tensor) and call.mask.dim() == 4:
        return list(call.mask[..., :keys].expand(rows, -1, queries, -1))
    meant = masks.of_nothing(call.implementation, call.module, call.options, queries, keys)
    if call.mask is not None or meant is None:
        return [None]
    return [meant.rows(torch.arange(queries), keys, call.query.device)] * rows


def _diagonal(blocks: list[torch.Tensor], call: Call) -> torch.Tensor:
    """The blocks along the diagonal of one mask, everything beside them hidden, [1, 1 or heads, queries, keys]."""
    heads = max(len(block) for block in blocks)
    queries, keys = (sum(block.shape[axis] for block in blocks) for axis in (1, 2))
    added = call.implementation == "eager" or any(block.is_floating_point() for block in blocks)
    dtype = call.query.dtype if added else torch.bool
    hidden = torch.finfo(dtype).min if added else False
    mask = torch.full((1, heads, queries, keys), hidden, dtype=dtype, device=call.query.device)
    row = column = 0
    for block in blocks:
        seen = block
        if added and block.dtype == torch.bool:
            seen = torch.zeros_like(block, dtype=dtype).masked_fill(~block, hidden)
        mask[0, :, row : row + block.shape[1], column : column + block.shape[2]] = seen
        row, column = row + block.shape[1], column + block.shape[2]
    return mask
