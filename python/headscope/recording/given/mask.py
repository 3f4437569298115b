"""Masks and biases that go with vectors that were handed in: who sees whom, and what is added to the scores."""

from __future__ import annotations

from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.given.arrays import as_tensor
from headscope.recording.given.tokens import without_padding
from headscope.recording.inputs.encoding import checked_item
from headscope.recording.layers import masks
from headscope.recording.layers.masks import Mask
from headscope.recording.tokens.axes import Axis

__all__ = ["read_terms"]


def read_terms(
    mask: Any, bias: Any, *, causal: bool, axes: tuple[Axis, Axis], heads: int, item: int
) -> tuple[Mask, torch.Tensor | None]:
    """Read the mask and the bias of one layer.

    Parameters
    ----------
    mask
        Bool, or numbers to be added; [Q, K], [1 or heads, Q, K] or [1 or batch, 1 or heads, Q, K]. None for none.
    bias
        Numbers to be added, in the same form.
    causal
        Whether, besides, no query sees a key after itself, the last query standing at the last key.
    axes
        Of the queries and of the keys; their padding is left out.
    heads, item
        Of the layer, and which item of a batch.

    Returns
    -------
    mask : Mask
    bias : float32 tensor [1 or heads, Q, K], or None where nothing is added
    """
    query, key = axes
    if mask is None and bias is None and all(len(axis.valid) == axis.length for axis in axes):
        return _causal(query.length, key.length) if causal else masks.full(query.length, key.length), None
    visible = torch.ones(1, query.length, key.length, dtype=torch.bool)
    if causal:
        visible = visible.tril(key.length - query.length)
    added: list[torch.Tensor] = []
    for given, what in ((mask, "mask"), (bias, "bias")):
        if given is not None:
            seen, numbers = _split(_pairs(given, what, (heads, query.length, key.length), item), what)
            visible = visible.to(seen.device) & seen
            added += [] if numbers is None else [numbers]
    total = sum(added[1:], start=added[0]) if added else None
    return masks.from_visible(without_padding(visible, *axes)), None if total is None else without_padding(total, *axes)


def _causal(queries: int, keys: int) -> Mask:
    stop = torch.arange(queries) + 1 + keys - queries
    return Mask(torch.zeros_like(stop), stop.clamp(min=0))


def _split(pairs: torch.Tensor, what: str) -> tuple[torch.Tensor, torch.Tensor | None]:
    if pairs.dtype == torch.bool:
        return pairs, None
    if what == "mask" and bool(((pairs == 0) | (pairs == 1)).all()) and bool((pairs == 1).any()):
        raise UnsupportedInput(
            "mask holds nothing but the numbers 0 and 1, and numbers are added to the scores. If 1 is for a key that "
            "is seen, pass mask.bool() (numpy: mask.astype(bool))."
        )
    return masks.split_additive(pairs)


def _pairs(given: Any, what: str, expected: tuple[int, int, int], item: int) -> torch.Tensor:
    """What is said of every pair, [1 or heads, Q, K]."""
    pairs = as_tensor(given, what)
    shape = list(pairs.shape)
    if pairs.dim() == 4:
        pairs = pairs[checked_item(item, len(pairs)) if len(pairs) > 1 else 0]
    elif pairs.dim() == 2:
        pairs = pairs[None]
    heads, queries, keys = expected
    if pairs.dim() != 3 or len(pairs) not in (1, heads) or tuple(pairs.shape[1:]) != (queries, keys):
        raise UnsupportedInput(
            f"{what} has the shape {shape}: pass [{queries}, {keys}] (queries, keys), [1 or {heads}, {queries}, {keys}]"
            f" (heads before), or [1 or batch, 1 or {heads}, {queries}, {keys}]."
        )
    return pairs
