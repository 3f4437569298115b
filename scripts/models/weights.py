"""Peaked random weights, so that attention is far from uniform and an error in it shows."""

from __future__ import annotations

import torch

GAIN = 1.4
"""Scores of heads that divide by the root of their width spread by GAIN squared."""
_TABLE = 8
"""Smallest side of a parameter that is taken for a matrix of weights."""


@torch.no_grad()
def peak(model: torch.nn.Module, seed: int = 0) -> None:
    """Give a model weights whose queries and keys are of size 1 and more, whatever initialiser its file has."""
    generator = torch.Generator().manual_seed(seed)
    tables = {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    for name, parameter in model.named_parameters():
        if not parameter.is_floating_point() or parameter.numel() == 0:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if id(parameter) in tables or "sinks" in name:
            parameter.copy_(noise)
        elif parameter.dim() > 1 and min(parameter.shape[-2:]) >= _TABLE:
            parameter.copy_(noise * GAIN / parameter.shape[-1] ** 0.5)
        elif parameter.dim() > 2 and parameter.numel() > parameter.shape[-1]:  # a convolution
            parameter.copy_(noise / parameter[0].numel() ** 0.5)
        else:
            parameter.nan_to_num_(0.0).add_(noise, alpha=0.1)
