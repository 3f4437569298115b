"""Weights in the band format of sliding windows, put at their true places among all queries and keys.

Longformer and LED return, for each query, the weights of its `x` global keys and then of the ``2 w + 1`` keys around
it; what the global tokens themselves attend to is another table. A model says which tokens are global to the attention
module, as ``is_index_global_attn``.
"""

from __future__ import annotations

import torch

__all__ = ["from_band", "window_of"]


def window_of(module: torch.nn.Module) -> int | None:
    """How far to each side the window of an attention module reaches; None where it has none of this kind."""
    window = getattr(module, "one_sided_attn_window_size", None)
    return window if isinstance(window, int) else None


def from_band(
    band: torch.Tensor, window: int, anchors: torch.Tensor, anchored: torch.Tensor | None
) -> torch.Tensor | None:
    """All weights of one text.

    Parameters
    ----------
    band : tensor [H, Q, x + 2 w + 1]
        Weights of each query: of the global keys, then of the window.
    window
        ``w``.
    anchors : int64 tensor [g]
        Positions of the text's global tokens, in order; at most `x`, which is the most that any text of the batch has.
    anchored : tensor [H, Q, x] or None
        Of each global token, by its place in `anchors`, what it attends to.

    Returns
    -------
    tensor [H, Q, Q], or None
        Where the table is no such band.
    """
    heads, length, width = band.shape
    columns = width - (2 * window + 1)
    if columns < len(anchors) or (len(anchors) and anchored is None):
        return None
    row = torch.arange(length, device=band.device)[:, None]
    key = row + torch.arange(-window, window + 1, device=band.device)  # [Q, 2 w + 1]
    inside = ((key >= 0) & (key < length)).expand(heads, -1, -1)
    local = band[..., columns:]
    if bool((local[~inside] != 0).any()):
        return None
    weights = band.new_zeros(heads, length, length + 1)
    weights.scatter_(-1, torch.where(inside[0], key, length).expand(heads, -1, -1), local)
    weights = weights[..., :length]
    for place, at in enumerate(anchors.tolist()):
        weights[:, :, at] += band[..., place]
    for place, at in enumerate(anchors.tolist()):
        assert anchored is not None
        weights[:, at] = anchored[..., place]
    return weights
