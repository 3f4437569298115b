"""From a softmax that was seen, in attention's own axes, to what is kept of it for one item of the batch."""

from __future__ import annotations

import torch

from headscope.recording.layers import formula
from headscope.recording.layers.certificate import TOLERANCE
from headscope.recording.layers.cut import keys_of, pairs_of, queries_of
from headscope.recording.layers.masks import from_visible
from headscope.recording.layers.record import KeptWeights, Record
from headscope.recording.tiers.arrange import Arranged, Terms
from headscope.recording.tiers.scores import NEVER
from headscope.recording.tokens.axes import Place

__all__ = ["observed"]


def observed(arranged: Arranged, place: Place, module: str) -> Record | KeptWeights:
    """A record of vectors where its equation gives every weight that the model computed, else the weights themselves.

    The record says nothing yet of what the layer returned.
    """
    weights = pairs_of(place, arranged.weights)  # [H, Q, K]
    if isinstance(arranged.terms, str):
        return KeptWeights(place.part, 0, module, weights.clone(), f"{arranged.terms}.", tier=2)
    record = _by_equation(arranged.terms, keys_of(place, arranged.value), place, module)
    error = _difference(record, weights)
    if not error <= TOLERANCE.get(record.query.dtype, TOLERANCE[torch.bfloat16]):
        why = f"the equation of its scores, as far as it is followed, gives other weights (they differ by {error:.0e})."
        return KeptWeights(place.part, 0, module, weights.clone(), why, tier=2)
    return record


def _by_equation(terms: Terms, value: torch.Tensor, place: Place, module: str) -> Record:
    visible, bias = _visible_and_bias(terms, place)
    query, key = queries_of(place, terms.query), keys_of(place, terms.key)
    pairs = query.shape[1], key.shape[1]
    group = _heads_a_group(key, value)
    return Record(
        part=place.part,
        layer=0,
        module=module,
        query=query,
        key=key[::group],
        value=value[::group],
        scaling=terms.scaling,
        mask=from_visible(visible.expand(-1, *pairs)),
        softcap=terms.cap,
        bias=None if bias is None else bias.expand(-1, *pairs),
        tier=2,
    )


def _difference(record: Record, weights: torch.Tensor) -> float:
    """The largest difference from the model's own weights, over all heads, rows and keys."""
    heads, rows = torch.arange(record.heads, device=record.device), torch.arange(record.queries, device=record.device)
    worst = 0.0
    with formula.exactly():
        for stripe in formula.stripes(rows, record.heads * record.keys):
            difference = (formula.weights(record, heads, stripe) - weights[:, stripe].float()).abs().max()
            worst = max(worst, float(difference.nan_to_num(torch.inf)))
    return worst


def _visible_and_bias(terms: Terms, place: Place) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Which keys are seen, bool [1 or H, 1 or Q, 1 or K], and what is added to their scores, likewise."""
    visible = torch.ones(1, 1, 1, dtype=torch.bool, device=terms.query.device)
    bias: torch.Tensor | None = None
    for mask in terms.hidden:
        visible = visible & ~pairs_of(place, mask)
    for term in terms.terms:
        own = pairs_of(place, term).float()
        seen = own > NEVER
        if not bool(seen.all()):
            visible, own = visible & seen, torch.where(seen, own, 0.0)
        if bool((own != 0).any()):
            bias = own if bias is None else bias + own
    return visible, bias


def _heads_a_group(key: torch.Tensor, value: torch.Tensor) -> int:
    """How many heads in a row share their keys and values; 1 where that differs from group to group."""
    same = [
        torch.equal(key[one], key[one - 1]) and torch.equal(value[one], value[one - 1]) for one in range(1, len(key))
    ]
    size = same.index(False) + 1 if False in same else len(key)
    even = len(key) % size == 0 and same == [one % size > 0 for one in range(1, len(key))]
    return size if even else 1
