"""Numbers at random against which the outputs of a layer are held: few of them tell as much as all of the output."""

from __future__ import annotations

import functools

import torch

__all__ = ["COLUMNS", "directions", "noise", "spread", "traces"]

DIRECTIONS = 2
"""Along how many the output of every row is kept."""

COLUMNS = 8
"""Of the random values, how many are compared on every row."""


def traces(output: torch.Tensor) -> torch.Tensor:
    """Components of outputs [Q, H, dv] along random directions, float32 [Q, H, DIRECTIONS]."""
    along = directions(output.shape[-1]).to(output.device)
    return torch.nn.functional.linear(output.float(), along.T.contiguous())  # three times faster than output @ along


@functools.cache
def directions(width: int) -> torch.Tensor:
    """The random directions, float32 [width, DIRECTIONS]."""
    generator = torch.Generator().manual_seed(width)
    return torch.randn(width, DIRECTIONS, generator=generator, dtype=torch.float32)  # whatever the default is


def spread(weights: torch.Tensor) -> torch.Tensor:
    """What weights [H, Q, K] make of random values, float32 [H, Q, COLUMNS]."""
    return weights.float() @ noise(weights.shape[-1]).to(weights.device)


@functools.lru_cache(maxsize=8)
def noise(keys: int) -> torch.Tensor:
    """The random values of so many keys, float32 [keys, COLUMNS]."""
    generator = torch.Generator().manual_seed(keys)
    return torch.randn(keys, COLUMNS, generator=generator, dtype=torch.float32)
