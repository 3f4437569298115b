"""The parts of a capture: each a stack of layers with its own query and key tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headscope.answers.certified import CertifiedLayers
from headscope.recording.layers.record import AnyRecord, Refusal
from headscope.recording.tokens.axes import Sides

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True, eq=False)
class Part:
    """One stack of layers."""

    layers: CertifiedLayers
    sides: Sides


def parts_of(layers: Iterable[AnyRecord | Refusal], sides: Mapping[str, Sides]) -> dict[str, Part]:
    """Sort `layers` into the parts that `sides` names, in its order; parts without a layer are left out."""
    sorted_in: dict[str, list[AnyRecord | Refusal]] = {name: [] for name in sides}
    for layer in layers:
        sorted_in[layer.part].append(layer)
    return {name: Part(CertifiedLayers(own), sides[name]) for name, own in sorted_in.items() if own}
