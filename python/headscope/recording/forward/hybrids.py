"""Layers without attention among layers with attention: recurrent, convolutional or linear ones, or none at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["layers_without_attention"]

_MIXES = re.compile(
    r"mamba|ssm|mixer|deltanet|delta_?net|recurrent|rglru|rwkv|lightning|retention|hyena|linear_?att|short_?conv|gated_?conv",
    re.IGNORECASE,
)
"""How classes are called that mix tokens in other ways."""


def layers_without_attention(model: torch.nn.Module, seen: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Layers that stand in one list with layers of which something was seen, and of which nothing was.

    Parameters
    ----------
    model
        The model.
    seen
        Names of modules of which something is known, be it why they are refused.

    Returns
    -------
    dict
        By the name of the module that is named for the layer: the name of a module that was seen in the same list, and
        why it has no map.
    """
    first: dict[str, str] = {}  # of each stack, the first module seen
    layers: dict[str, set[str]] = {}  # and the layers that modules were seen of
    for name in seen:
        layer = _layer_of(name)
        if layer is not None:
            stack = layer.rpartition(".")[0]
            first.setdefault(stack, name)
            layers.setdefault(stack, set()).add(layer)
    found: dict[str, tuple[str, str]] = {}
    for stack, sibling in first.items():
        kinds = {type(model.get_submodule(one)) for one in layers[stack]}
        for number, other in model.get_submodule(stack).named_children():
            path = f"{stack}.{number}"
            if number.isdecimal() and path not in layers[stack]:
                mixer = _mixer(other)
                if mixer or type(other) in kinds:
                    named, why = _named(path, other, mixer, sibling)
                    found.setdefault(named, why)
    return found


def _named(path: str, layer: torch.nn.Module, mixer: str, sibling: str) -> tuple[str, tuple[str, str]]:
    name = f"{path}.{mixer}" if mixer else path
    kind = type(layer.get_submodule(mixer)).__name__
    why = "it mixes tokens in another way than by attention" if mixer else "no attention was computed in it"
    return name, (sibling, f"{name} ({kind}) has no attention map: {why}.")


def _mixer(layer: torch.nn.Module) -> str:
    """The module of a layer that mixes tokens, by the name of its class; empty if there is none."""
    return next((name for name, module in layer.named_children() if _MIXES.search(type(module).__name__)), "")


def _layer_of(name: str) -> str | None:
    """The path of the layer that a module is in: ``model.layers.16`` of ``model.layers.16.self_attn``."""
    parts = name.split(".")
    at = next((place for place, part in enumerate(parts) if part.isdecimal()), 0)
    return ".".join(parts[: at + 1]) if at else None
