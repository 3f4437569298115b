"""What value vectors are after an output projection, by the model's own weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def returned_by(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """What a module of the model returns while the block runs."""
    seen: list[torch.Tensor] = []
    handle = module.register_forward_hook(lambda _module, _given, returned: seen.append(returned.detach()))
    yield seen
    handle.remove()


def matrix_of(module: nn.Module) -> torch.Tensor:
    """The weights of a projection, [inputs, outputs]; GPT-2 keeps them so, everybody else transposed."""
    weight = module.get_parameter("weight").detach().float()
    return weight if type(module).__name__ == "Conv1D" else weight.T


def added_by_heads(weights: torch.Tensor, value: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """``sum_j alpha_ij f(v_j)``, the sum over all heads: [Q, D], of weights [H, Q, K] and values [G, K, dv]."""
    transformed = transformed_values(len(weights), value, matrix)
    return torch.einsum("hqk,hkd->qd", weights, transformed)


def transformed_values(heads: int, value: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The value vectors of every query head through its own rows of the projection: [H, K, D]."""
    expanded = value.float().repeat_interleave(heads // len(value), dim=0)
    return torch.einsum("hkv,hvd->hkd", expanded, matrix.unflatten(0, (heads, -1)))
