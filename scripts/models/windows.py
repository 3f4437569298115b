"""The model's maps within windows, tiles or pictures, put together as a capture puts them together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

import headscope as hs
from headscope.recording.layers.build import RecordBuilder

Orders = dict[str, torch.Tensor]
"""By module, the order into which a capture brought the tokens of its windows."""


def captured(model: torch.nn.Module, inputs: dict[str, Any]) -> tuple[hs.Capture, Orders]:
    """A capture, and the orders of tokens that it chose."""
    with warnings.catch_warnings(), _noted() as orders:
        warnings.simplefilter("ignore")
        return hs.capture(model, inputs), orders


@contextmanager
def _noted() -> Iterator[Orders]:
    before, orders = RecordBuilder.layers, Orders()

    def noting(self: RecordBuilder) -> Any:
        orders.update(self.orders)
        return before(self)

    RecordBuilder.layers = noting  # type: ignore[method-assign]
    try:
        yield orders
    finally:
        RecordBuilder.layers = before  # type: ignore[method-assign]


def together(weights: torch.Tensor, shape: torch.Size, order: torch.Tensor | None) -> torch.Tensor:
    """Maps [windows, heads, q, k] as one of `shape` [heads, queries, keys]; else the first of them."""
    windows, heads, queries, keys = weights.shape
    if (heads, windows * queries, windows * keys) != tuple(shape):
        return weights[0]
    whole = torch.stack([torch.block_diag(*weights[:, head]) for head in range(heads)])
    return whole if order is None else whole[:, order][:, :, order]
