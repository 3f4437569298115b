"""The valid positions of one item, taken out of tensors of a whole batch; copies, unless that is all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headscope.recording.forward.precision import as_taken
from headscope.recording.tokens.axes import Axis, Place

if TYPE_CHECKING:
    import torch

__all__ = ["keys_of", "pairs_of", "queries_of"]


def queries_of(place: Place, tensor: torch.Tensor) -> torch.Tensor:
    """Of [B, H, Q, d]: [H, q, d]."""
    return _along(place.query, tensor)


def keys_of(place: Place, tensor: torch.Tensor) -> torch.Tensor:
    """Of [B, G, K, d]: [G, k, d]."""
    return _along(place.key, tensor)


def pairs_of(place: Place, tensor: torch.Tensor) -> torch.Tensor:
    """Of [1 or B, 1 or H, 1 or Q, 1 or K]: what is one for all stays so."""
    query, key = place.query, place.key
    item = tensor.detach()[query.row if tensor.shape[0] > 1 else 0]
    if query.is_whole and key.is_whole:
        return item
    item = item[:, query.valid.to(tensor.device)] if item.shape[1] > 1 else item
    return item[:, :, key.valid.to(tensor.device)] if item.shape[2] > 1 else item


def _along(axis: Axis, tensor: torch.Tensor) -> torch.Tensor:
    tensor = as_taken(tensor).detach()
    return tensor[0] if axis.is_whole else tensor[axis.row, :, axis.valid.to(tensor.device)]
