"""Attention from a record, in float32 and in stripes of rows.

The one equation, with what a layer does not have left out::

    score  = softcap * tanh(scaling * q.k / softcap) + bias          where the mask lets the query see the key
    weight = exp(score - log(sum over visible keys of exp(score) + exp(sink)))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch

from headscope.recording.forward.precision import full_products
from headscope.recording.layers.masks import ALL, Keys
from headscope.recording.layers.record import Record

STRIPE_ELEMENTS = 1 << 20
"""Scores held at a time (heads x rows x keys): 4 MiB of float32, which stay in a processor's cache. And few rows see
few keys under a causal mask."""
ROWS = 128
"""Most rows of a stripe of all weights: under a causal mask a stripe of few rows ends early."""
FEW_ROWS = 16
"""Rows that are kept together all the same, up to four times as many scores: all keys are read for each stripe."""

REACH = 128.0
"""Largest dot product that float32 computes well enough for weights that are told by a log-sum-exp. Where it was summed
in another order, such a product differs by some 1e-6; of larger ones the weights would differ by more than 1e-5, as
nothing cancels it out, which in a softmax the rest of the row does."""


@contextmanager
def exactly() -> Iterator[None]:
    """Compute without gradients and in float32, whatever autocast block the caller is in, and whatever torch allows."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for device in ("cpu", "cuda", "mps", "xpu"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(full_products())
        yield


def stripes(rows: torch.Tensor, elements_per_row: int) -> Iterator[torch.Tensor]:
    """`rows` in runs of `rows_at_once`."""
    return iter(rows.split(rows_at_once(elements_per_row)))


def rows_at_once(elements_per_row: int) -> int:
    """How many rows hold at most STRIPE_ELEMENTS scores, FEW_ROWS four times as many; at least one."""
    few = min(FEW_ROWS, 4 * STRIPE_ELEMENTS // max(1, elements_per_row))
    return max(1, STRIPE_ELEMENTS // max(1, elements_per_row), few)


def product_dtype(record: Record) -> torch.dtype:
    """To whose digits the dot products are computed where a log-sum-exp is involved."""
    return torch.float32 if record.reach <= REACH else torch.float64


def dot_products(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: Keys = ALL, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Scaled dot products [h, r, k]."""
    if len(rows) and torch.equal(heads, torch.arange(record.heads, device=heads.device)):  # faster than one by one
        query = _of_rows(record.query, rows.to(record.device)).to(dtype) * record.scaling  # [H, r, d]
        together = query.unflatten(0, (record.groups, -1)).flatten(1, 2)  # [G, n * r, d]
        return torch.bmm(together, record.key[:, keys].to(dtype).mT).view(len(heads), len(rows), -1)
    query = record.query[heads[:, None], rows].to(dtype) * record.scaling  # [h, r, d]
    group_of = heads // (record.heads // record.groups)
    groups, sizes = torch.unique_consecutive(group_of, return_counts=True)
    out = query.new_empty(len(heads), len(rows), record.key[0, keys].shape[0])
    members = zip(groups.tolist(), query.split(sizes.tolist()), out.split(sizes.tolist()), strict=True)
    for group, of_group, into in members:
        torch.matmul(of_group, record.key[group, keys].to(dtype).T, out=into)  # [n, r, k]
    return out


def _of_rows(vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Vectors [H, r, d] of some rows: of a run of them no copy. `index_select` would first copy all that is strided."""
    first = int(rows[0])
    is_run = torch.equal(rows, torch.arange(first, first + len(rows), device=rows.device))
    return vectors.narrow(1, first, len(rows)) if is_run else vectors[:, rows]


def scores(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: Keys = ALL
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores before the softmax, float32 [h, r, k], and which of them are hidden, bool [1 or h, r, k]."""
    return unmasked_scores(record, heads, rows, keys), hidden_from(record, heads, rows, keys)


def unmasked_scores(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: Keys = ALL, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Scores before the softmax [h, r, k], whether a query sees the key or not."""
    score = dot_products(record, heads, rows, keys, dtype)
    if record.softcap is not None:
        score = score.div_(record.softcap).tanh_().mul_(record.softcap)
    if record.bias is not None:
        term = record.bias[heads] if record.bias.shape[0] > 1 else record.bias
        score += term[:, rows][..., keys].to(dtype)
    return score


def hidden_from(record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: Keys = ALL) -> torch.Tensor:
    """Which keys each query does not see, bool [1 or h, r, k]."""
    visible = record.mask.rows(rows, record.keys, record.device, keys)
    return ~(visible[heads] if visible.shape[0] > 1 else visible)


def weights(record: Record, heads: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Attention weights of whole rows, float32 [h, r, K]. A row that sees no key is all zero."""
    if record.sinks is None:
        seen, weight, *_ = _softmax(record, heads, rows)
    else:
        seen, weight, _ = seen_weights(record, heads, rows)
    if weight.shape[-1] == record.keys:  # padding would copy them
        return weight
    return torch.nn.functional.pad(weight, (seen.start, record.keys - seen.stop))


@dataclass(frozen=True, eq=False)
class Stripe:
    """Weights of all heads in some rows, at the keys that any of them sees; outside these no weight is."""

    rows: slice
    keys: slice
    weight: torch.Tensor  # float32 [H, r, k]
    lse: torch.Tensor | None  # float64 [H, r]; None where nothing asks for it

    def tensors(self) -> Iterator[torch.Tensor]:
        """Every tensor held."""
        yield self.weight
        if self.lse is not None:
            yield self.lse


def striped(record: Record) -> Iterator[Stripe]:
    """All weights of a layer."""
    heads, every = torch.arange(record.heads, device=record.device), torch.arange(record.queries, device=record.device)
    done = 0
    for rows in every.split(min(ROWS, rows_at_once(record.heads * record.keys))):
        yield Stripe(slice(done, done + len(rows)), *seen_weights(record, heads, rows))
        done += len(rows)


def seen_weights(record: Record, heads: torch.Tensor, rows: torch.Tensor) -> tuple[slice, torch.Tensor, torch.Tensor]:
    """Weights of rows at the keys that any of them sees, with the logarithm of what each row was divided by.

    Returns
    -------
    seen : slice
        One run of keys, outside which no weight is; it may be empty.
    weight : float32 tensor [h, r, k]
        A row that sees no key is all zero.
    lse : float64 tensor [h, r]
        Log-sum-exp of the scores, sinks included. Rounded to float32, a logarithm of some hundreds would shift weights
        by more than 1e-5.
    """
    seen, weight, peak, score = _softmax(record, heads, rows)
    if record.reach <= REACH or seen.start == seen.stop:
        largest = score.amax(dim=-1).double() if score.shape[-1] else peak.double()
    else:
        largest = _largest_exactly(record, heads, rows, seen, score)
    lse = (largest - peak.double().log()).masked_fill_(peak == 0, -torch.inf)
    if record.sinks is not None:
        sink = record.sinks[heads].double()[:, None]
        weight *= torch.sigmoid(lse - sink).float()[..., None]
        lse = torch.logaddexp(lse, sink)
    return seen, weight, lse


def _softmax(
    record: Record, heads: torch.Tensor, rows: torch.Tensor
) -> tuple[slice, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Softmax over the run of keys that any row sees, sinks left out; the largest weight of each row; the scores."""
    seen = record.mask.hull(rows, record.keys)
    if seen.start >= seen.stop:
        seen = slice(0, 0)
    score = unmasked_scores(record, heads, rows, seen)
    for some in record.mask.partly_seen(rows, seen):
        part = score[..., some.start - seen.start : some.stop - seen.start]
        hidden = hidden_from(record, heads, rows, some)
        torch.minimum(part, torch.where(hidden, -torch.inf, torch.inf), out=part)  # far faster than masked_fill_
    weight = torch.softmax(score, dim=-1)
    peak = weight.amax(dim=-1) if weight.shape[-1] else weight.new_zeros(weight.shape[:2])
    if not bool(peak.isfinite().all()):  # what is hidden has no weight, in rows that see nothing or are NaN either
        del score, weight  # which are as large as what now takes their place
        hidden = hidden_from(record, heads, rows, seen)
        score = unmasked_scores(record, heads, rows, seen).masked_fill_(hidden, -torch.inf)
        weight = torch.softmax(score, dim=-1).masked_fill_(hidden, 0.0)
        peak = weight.amax(dim=-1)
    return seen, weight, peak, score


def _largest_exactly(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, seen: slice, score: torch.Tensor
) -> torch.Tensor:
    """The largest score of each row, computed once more in float64 [h, r].

    Scores differ from those that a log-sum-exp is later taken off, summed in another order. In a row with one large
    weight that would be an error of the weight itself; told from where its largest score really is, it cancels out.
    """
    key = score.argmax(dim=-1) + seen.start
    group = heads // (record.heads // record.groups)
    query = record.query[heads[:, None], rows].double() * record.scaling
    largest = (query * record.key[group[:, None], key].double()).sum(dim=-1)
    if record.softcap is not None:
        largest = record.softcap * torch.tanh(largest / record.softcap)
    if record.bias is not None:
        term = heads[:, None] if record.bias.shape[0] > 1 else 0
        largest = largest + record.bias[term, rows, key].double()
    return largest


def weights_at_keys(
    record: Record, heads: torch.Tensor, rows: torch.Tensor, keys: Keys, lse: torch.Tensor
) -> torch.Tensor:
    """Attention weights of some keys, float32 [h, r, k], from the rows' log-sum-exp, float64 [h, r]."""
    score = unmasked_scores(record, heads, rows, keys, product_dtype(record))
    near = lse.to(score.dtype)  # as it is rounded, and the rest: as exact as float64 throughout, and faster
    weight = score.sub_(near[..., None]).sub_((lse - near).to(score.dtype)[..., None]).float().exp_()
    if not isinstance(keys, slice):
        return weight.masked_fill_(hidden_from(record, heads, rows, keys), 0.0)
    for some in record.mask.partly_seen(rows, keys):
        part = weight[..., some.start - keys.start : some.stop - keys.start]
        part.masked_fill_(hidden_from(record, heads, rows, some), 0.0)
    return weight
