"""Which keys each query may see: kept as one span of keys per row where that is the whole truth.

A causal, padded or windowed mask is a matrix of tokens x tokens that says no more than two numbers a row. Such a mask
is recognised, compared with its spans cell by cell, and dropped. Anything else is kept whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

Keys: TypeAlias = "slice | torch.Tensor"
"""Which keys: a run of them, or numbers [k]."""
ALL = slice(None)


@dataclass(frozen=True, eq=False)
class Mask:
    """The keys that each query sees.

    Attributes
    ----------
    start, stop : int64 tensors [Q], on the CPU
        Query ``i`` sees keys ``start[i] <= j < stop[i]``. For a dense mask, the hull of what it sees in any head.
    visible : bool tensor [1 or H, Q, K], or None
        The whole mask, where spans cannot say it.
    """

    start: torch.Tensor
    stop: torch.Tensor
    visible: torch.Tensor | None = None

    @property
    def is_spans(self) -> bool:
        """Whether the spans say everything."""
        return self.visible is None

    def rows(self, rows: torch.Tensor, keys: int, device: torch.device, which: Keys = ALL) -> torch.Tensor:
        """Visibility of `rows` on `device`, a bool tensor [1 or H, R, k]; of all `keys`, or of `which` of them."""
        if self.visible is not None:
            return self.visible[:, rows.to(self.visible.device)][..., which].to(device)
        rows = rows.cpu()
        start, stop = self.start[rows, None].to(device), self.stop[rows, None].to(device)
        key = torch.arange(keys, device=device)[which]
        return ((key >= start) & (key < stop))[None]

    def hull(self, rows: torch.Tensor, keys: int) -> slice:
        """One run of keys outside which none of `rows` sees anything."""
        if self.visible is not None or not len(rows):
            return slice(0, keys)
        rows = rows.cpu()
        return slice(int(self.start[rows].min()), int(self.stop[rows].max()))

    def partly_seen(self, rows: torch.Tensor, keys: slice) -> list[slice]:
        """The runs of `keys` of which some of `rows` may see some and not all; the others are seen by each of them."""
        if self.visible is not None or not len(rows):
            return [keys]
        rows = rows.cpu()
        first, last = max(keys.start, int(self.start[rows].max())), min(keys.stop, int(self.stop[rows].min()))
        runs = [slice(keys.start, first), slice(last, keys.stop)] if first < last else [keys]
        return [run for run in runs if run.start < run.stop]

    def same(self, other: Mask) -> bool:
        """Whether both are spans with the same numbers."""
        return (
            self.is_spans
            and other.is_spans
            and torch.equal(self.start, other.start)
            and torch.equal(self.stop, other.stop)
        )


def full(queries: int, keys: int) -> Mask:
    """Every query sees every key."""
    return Mask(torch.zeros(queries, dtype=torch.int64), torch.full((queries,), keys))


def causal(tokens: int, window: int | None = None) -> Mask:
    """Query ``i`` sees the keys up to ``i``, at most `window` of them."""
    row = torch.arange(tokens)
    return Mask(torch.zeros_like(row) if window is None else (row - window + 1).clamp(min=0), row + 1)


def from_visible(visible: torch.Tensor) -> Mask:
    """Spans of a bool tensor [1 or H, Q, K], or the tensor itself where spans do not say it exactly."""
    in_any = visible.any(dim=0)
    queries, keys = in_any.shape
    seen = in_any.any(dim=-1)
    start = torch.where(seen, in_any.to(torch.uint8).argmax(dim=-1), 0).cpu()
    stop = torch.where(seen, keys - in_any.flip(-1).to(torch.uint8).argmax(dim=-1), 0).cpu()
    spans = Mask(start, stop)
    as_spans = spans.rows(torch.arange(queries), keys, visible.device)
    if bool(seen.all()) and bool((visible == as_spans).all()):
        return spans
    one_for_all = bool((visible == visible[:1]).all())
    return Mask(start, stop, visible[:1].clone() if one_for_all else visible.clone())


def of_nothing(implementation: str, module: Any, options: dict[str, Any], queries: int, keys: int) -> Mask | None:
    """What the mask ``None`` means to the function that was given it; None where that is not known.

    To an eager function it is no mask at all. To sdpa and flash it is "causal, if the call or the module says so";
    flash windows are an argument of their own.
    """
    said = options.get("is_causal")
    is_causal = getattr(module, "is_causal", True) if said is None else said
    if implementation == "eager" or not is_causal or queries == 1:
        return full(queries, keys)
    if queries != keys:
        return None
    return causal(queries, options.get("sliding_window") if "flash" in implementation else None)


def seen_by_any(mask: torch.Tensor | None, item: int, keys: int) -> torch.Tensor:
    """Positions of the keys of one item that any query sees, int64 [k] on the CPU; of all where there is no mask.

    Parameters
    ----------
    mask
        As an attention function is given it: [B, K], or [1 or B, 1 or H, 1 or Q, K], of bool or to be added.
    """
    if mask is None:
        return torch.arange(keys)
    own = mask[item if len(mask) > 1 else 0, ..., :keys]
    if own.dim() == 1:
        seen = own != 0
    else:
        seen = (own if own.dtype == torch.bool else split_additive(own)[0]).flatten(0, -2).any(dim=0)
    return seen.nonzero().flatten().cpu()


def split_additive(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """An additive float mask [1 or H, Q, K] as (visible, bias); the bias is None where all it holds is 0."""
    visible = mask > torch.finfo(mask.dtype).min / 2
    bias = torch.where(visible, mask, 0.0)
    return visible, bias.float() if bool((bias != 0).any()) else None
