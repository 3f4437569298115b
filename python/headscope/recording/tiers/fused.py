"""A fused kernel of scaled-dot-product attention as an attention call like any other."""

from __future__ import annotations

from typing import Any

import torch

from headscope.recording.tiers.dispatch import Fused
from headscope.recording.tiers.interface import Call

__all__ = ["as_call"]


def as_call(fused: Fused, module: torch.nn.Module, name: str) -> Call:
    """What `module` asked of the kernel, in the form of a call through transformers' interface."""
    return Call(
        module=module,
        name=name,
        query=fused.query,
        key=fused.key,
        value=fused.value,
        mask=None if fused.mask is None else fused.mask[(None,) * (4 - fused.mask.dim())],
        options={"scaling": fused.scaling, "is_causal": fused.causal},
        implementation="sdpa",
        function=_kernel,
        eager=_plainly,
        output=fused.output.transpose(1, 2),
        tier=2,
    )


def _kernel(
    _: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    grouped = query.shape[1] != key.shape[1]
    is_causal = options["is_causal"] and mask is None
    output = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, mask, is_causal=is_causal, scale=options["scaling"], enable_gqa=grouped
    )
    return output.transpose(1, 2), None


def _plainly(
    _: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    scaling = query.shape[-1] ** -0.5 if options["scaling"] is None else options["scaling"]
    score = query @ key.mT * scaling
    weight = torch.softmax(score if mask is None else score + mask, dim=-1)
    return (weight @ value).transpose(1, 2), weight
