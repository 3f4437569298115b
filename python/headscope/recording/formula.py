"""Attention from a record, in float32 and in stripes of rows.

The one equation, with what a layer does not have left out::

    score  = softcap * tanh(scaling * q.k / softcap) + bias          where the mask lets the query see the key
    weight = exp(score - log(sum over visible keys of exp(score) + exp(sink)))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from headscope.recording.record import Record

STRIPE_ELEMENTS = 1 << 22
"""Scores held at a time (heads x rows x keys); 16 MiB of float32."""


@contextmanager
def exactly() -> Iterator[None]:
    """Compute without gradients, and in float32 even where the caller is inside an autocast block."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for device in ("cpu", "cuda", "mps", "xpu"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield


def stripes(rows: torch.Tensor, elements_per_row: int) -> Iterator[torch.Tensor]:
    """`rows` in runs that hold at most STRIPE_ELEMENTS scores each, at least one row a run."""
    return iter(rows.split(rows_at_once(elements_per_row)))


def rows_at_once(elements_per_row: int) -> int:
    """How many rows hold at most STRIPE_ELEMENTS scores; at least one."""
    return max(1, STRIPE_ELEMENTS // max(1, elements_per_row))


def dot_products(record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
    """Scaled dot products, float32 [h, r, k]; all keys if `keys` is None."""
    group_of = heads // (record.heads // record.groups)
    query = record.query[heads[:, None], rows].float() * record.scaling  # [h, r, d]
    out = query.new_empty(len(heads), len(rows), record.keys if keys is None else len(keys))
    for group in group_of.unique().tolist():
        members = group_of == group
        key = record.key[group] if keys is None else record.key[group, keys]
        out[members] = query[members] @ key.float().T  # [n, r, k]
    return out


def scores(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores before the softmax, float32 [h, r, k], and which of them are visible, bool [1 or h, r, k]."""
    score = dot_products(record, heads, rows, keys)
    if record.softcap is not None:
        score = torch.tanh(score / record.softcap) * record.softcap
    if record.bias is not None:
        score = score + _pick(record.bias, heads, rows, keys).float()
    visible = record.mask.rows(rows, record.keys, score.device)
    if visible.shape[0] > 1:
        visible = visible[heads]
    if keys is not None:
        visible = visible[..., keys]
    return score, visible


def weights(record: Record, heads: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Attention weights of whole rows, float32 [h, r, K]. A row that sees no key is all zero."""
    score, visible = scores(record, heads, rows)
    score = score.masked_fill(~visible, -torch.inf)
    if record.sinks is not None:
        sink = record.sinks[heads].float()[:, None, None].expand(-1, len(rows), 1)
        weight = torch.softmax(torch.cat([score, sink], dim=-1), dim=-1)[..., :-1]
    else:
        weight = torch.softmax(score, dim=-1)
    return weight.masked_fill(~visible, 0.0)


def log_sum_exp(record: Record, heads: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Logarithm of the softmax's denominator, sinks included, [h, r].

    In float64: rounded to float32, a logarithm of some hundreds would shift the weights by more than 1e-5.
    """
    score, visible = scores(record, heads, rows)
    total = score.double().masked_fill(~visible, -torch.inf).logsumexp(dim=-1)
    if record.sinks is not None:
        total = torch.logaddexp(total, record.sinks[heads].double()[:, None])
    return total


def weights_at_keys(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: torch.Tensor, lse: torch.Tensor
) -> torch.Tensor:
    """Attention weights of single keys, float32 [h, r, k], from the rows' log-sum-exp [h, r]."""
    score, visible = scores(record, heads, rows, keys)
    return torch.exp(score.double() - lse[..., None]).float().masked_fill(~visible, 0.0)


def _pick(term: torch.Tensor, heads: torch.Tensor, rows: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
    term = term[heads] if term.shape[0] > 1 else term
    term = term[:, rows]
    return term if keys is None else term[..., keys]
