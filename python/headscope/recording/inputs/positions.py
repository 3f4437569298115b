"""Where among the inputs of a forward the tokens are."""

from __future__ import annotations

import torch

from headscope.recording.inputs.inputs import Inputs
from headscope.recording.tiers.positions import Positions

__all__ = ["positions_of"]

_TEXTS = {"input_ids", "inputs_embeds", "decoder_input_ids", "decoder_inputs_embeds"}


def positions_of(inputs: Inputs) -> Positions:
    """Follow the tokens of these inputs; a tensor that several arguments are is one."""
    positions = Positions()
    named = {f"{at}": value for at, value in enumerate(inputs.positional)} | inputs.arguments
    tensors = {id(value): (name, value) for name, value in named.items() if isinstance(value, torch.Tensor)}
    ids = [name for name, value in tensors.values() if "mask" not in name and _is_ids(value)]
    beside = set(ids) - {next((name for name in ids if name in _TEXTS), ids[0])} if ids else set()
    for name, value in tensors.values():
        if "mask" in name or value.dtype == torch.bool or not value.numel() or name in beside:
            continue  # ids of types or of places say nothing of whose they are
        if inputs.plain:
            positions.begin(value, _axis_of_tokens(value))
        elif name in _TEXTS:
            positions.begin(value, 1, 0)
        elif value.is_floating_point():
            positions.begin(value, None)
    return positions


def _is_ids(value: torch.Tensor) -> bool:
    return not value.is_floating_point() and value.dtype != torch.bool


def _axis_of_tokens(value: torch.Tensor) -> int | None:
    """Of one text, its axis among ids or among vectors [1, T, d], [T, 1, d] or [T, d]; None where that is not known."""
    axes = value.dim() - value.is_floating_point()
    if axes not in (1, 2):
        return None
    several = [axis for axis in range(axes) if value.shape[axis] > 1]
    return (several or [axes - 1])[0] if len(several) < 2 else None
