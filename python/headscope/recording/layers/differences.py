"""How far recomputed weights are from what a layer did, in units of attention weight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import torch

from headscope.recording.layers import formula
from headscope.recording.layers.formula import Stripe
from headscope.recording.layers.record import Record

__all__ = ["Weigh", "difference_of_output", "difference_of_weights", "differences"]

Weigh: TypeAlias = Callable[[Any, torch.Tensor, torch.Tensor], torch.Tensor]
"""From a layer, its heads [h] and rows [r] to weights, float32 [h, r, K]."""


NARROW = 16
"""Values of at most so many numbers are multiplied turned round, several times faster; wide ones cost more to copy."""


@torch.no_grad()
def difference_of_output(record: Record, weigh: Weigh, rows: torch.Tensor, expected: torch.Tensor) -> float:
    """Between recomputed weights x recorded values and outputs [H, R, dv] of some rows."""
    return differences(record, weigh, (record.value.float(), expected), rows=rows)[0]


@torch.no_grad()
def differences(
    record: Record,
    weigh: Weigh,
    *pairs: tuple[torch.Tensor, torch.Tensor],
    rows: torch.Tensor | None = None,
    known: Iterable[Stripe] | None = None,
) -> list[float]:
    """For each pair of values [G, K, n] and expected outputs [H, R, n]: the largest difference from weights x values.

    In units of attention weight. `rows` are those of the outputs, all if None. Weights are computed once for all pairs,
    unless they are `known`.
    """
    rows = torch.arange(record.queries) if rows is None else rows
    size = record.heads // record.groups
    tiny = torch.finfo(torch.float32).tiny
    scales = [_largest_of_heads(values).repeat_interleave(size).clamp(min=tiny) for values, _ in pairs]
    every = pairs[0][0] if len(pairs) == 1 else torch.cat([values for values, _ in pairs], dim=-1)
    widths = [values.shape[-1] for values, _ in pairs]
    turned = every.mT.contiguous() if sum(widths) <= NARROW else None
    errors = [0.0] * len(pairs)
    for stripe in _striped(record, weigh, rows) if known is None else known:
        heads, length, keys = stripe.weight.shape
        weight = stripe.weight.reshape(record.groups, size * length, keys)
        ours = weight @ every[:, stripe.keys] if turned is None else (turned[..., stripe.keys] @ weight.mT).mT
        ours = ours.reshape(heads, length, sum(widths))
        if record.gate is not None:
            assert stripe.lse is not None
            ours = ours * torch.sigmoid(stripe.lse - record.gate.double()[:, None]).float()[..., None]
        for at, (of_pair, (_, expected)) in enumerate(zip(ours.split(widths, dim=-1), pairs, strict=True)):
            difference = (of_pair - expected[:, stripe.rows]).abs_()
            errors[at] = max(errors[at], _largest(difference, record, scales[at]))
    return errors


def _striped(record: Record, weigh: Weigh, rows: torch.Tensor) -> Iterator[Stripe]:
    """Weights of some rows, numbered from 0."""
    heads, done = torch.arange(record.heads, device=record.device), 0
    for stripe in formula.stripes(rows.to(record.device), record.heads * record.keys):
        lse = None if record.gate is None else formula.seen_weights(record, heads, stripe)[2]
        yield Stripe(slice(done, done + len(stripe)), slice(0, record.keys), weigh(record, heads, stripe), lse)
        done += len(stripe)


@torch.no_grad()
def _largest_of_heads(values: torch.Tensor) -> torch.Tensor:
    """The largest number of each head [G, K, n], whatever its sign; this way no copy of them is made."""
    return torch.maximum(values.amax(dim=1), -values.amin(dim=1)).amax(dim=1)


def difference_of_weights(record: Record, rows: torch.Tensor, said: torch.Tensor | Weigh) -> float:
    """Between the formula's weights of some rows and those said of them, [H, R, K] or a way to compute them."""
    heads, worst, done = torch.arange(record.heads, device=record.device), 0.0, 0
    for stripe in formula.stripes(rows.to(record.device), record.heads * record.keys):
        of_stripe = slice(done, done + len(stripe))
        own = said[:, of_stripe] if isinstance(said, torch.Tensor) else said(record, heads, stripe)
        worst = max(worst, _largest((formula.weights(record, heads, stripe) - own.float()).abs(), record))
        done += len(stripe)
    return worst


def _largest(difference: torch.Tensor, record: Record, scale: torch.Tensor | float = 1.0) -> float:
    """The largest number of [H, R, n], in units of `scale` [H]; of a record that holds NaN, only where numbers are."""
    if difference.numel() == 0:
        return 0.0
    if record.not_finite:  # where the model itself and we computed some
        difference = difference.masked_fill(~torch.isfinite(difference), 0.0)
    largest = difference.amax(dim=(1, 2)) / scale
    if record.not_finite:  # of which the scale may be no number either
        largest = torch.where(largest.isnan(), 0.0, largest)
    return float(largest.max().nan_to_num(nan=torch.inf, posinf=torch.inf))
