"""The numbers of the layers of one part of a model."""

from __future__ import annotations

from dataclasses import replace

from headscope.recording.layers.record import AnyRecord, Refusal

__all__ = ["number_in", "numbered"]


def numbered(layers: list[AnyRecord | Refusal]) -> list[AnyRecord | Refusal]:
    """Number the layers of one part, given in order of execution.

    A layer has the number that its module's name says (``model.layers.16.self_attn``), so that layers of another kind
    in between do not shift it; where names do not tell (shared weights), its place in the order.
    """
    layers = _without_second_calls(layers)
    numbers = [number_in(layer.module) for layer in layers if not isinstance(layer, Refusal)]
    told = None not in numbers and len(set(numbers)) == len(numbers)
    places = [number_in(layer.module) if told else place for place, layer in enumerate(layers)]
    return [replace(layer, layer=place or 0) for layer, place in zip(layers, places, strict=True)]


def _without_second_calls(layers: list[AnyRecord | Refusal]) -> list[AnyRecord | Refusal]:
    """Of a module that calls its attention several times in a row (differential attention) show the first call.

    Where all layers are one shared module, as in ALBERT, each call is a layer of its own.
    """
    if len({layer.module for layer in layers}) == 1:
        return layers
    kept: list[AnyRecord | Refusal] = []
    for layer in layers:
        before = kept[-1] if kept and kept[-1].module == layer.module else None
        if before is None:
            kept.append(layer)
        elif isinstance(before, Refusal):
            kept[-1] = before if isinstance(layer, Refusal) else layer
        else:
            reason = f"{layer.module} computes attention more than once; only its first map is shown."
            kept.append(Refusal(layer.part, 0, layer.module, reason))
    return kept


def number_in(module: str) -> int | None:
    """The first whole number in a module's path: 16 of ``model.layers.16.self_attn``."""
    return next((int(name) for name in module.split(".") if name.isdecimal()), None)
