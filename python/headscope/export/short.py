"""The vectors of one layer in few bytes, for a page that holds all layers (read in js/source/short.ts).

Queries and keys have 16 bits a number, values 8, each vector a scale of its own. The weights are then those of the
rounded vectors; how far that moves them is measured over all pairs of the layer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from headscope.answers.walk import walk
from headscope.files.choice import difference
from headscope.recording.layers import formula
from headscope.recording.layers.record import Record
from headscope.widgets.packet import Packet, numbers, packet_of

if TYPE_CHECKING:
    import numpy as np

    from headscope.answers.capture import Capture

__all__ = ["short"]

BITS = {"query": torch.int16, "key": torch.int16, "value": torch.int8}


@formula.exactly()
def short(capture: Capture, part: str, layer: int) -> Packet:
    """Make a packet of a layer's vectors, all of them finite, rounded.

    Its arrays are those of `layer_packet`, and a ``_scale`` for each of `BITS`. In the header, "within" is the largest
    difference between a weight and its exact one, and "form" is "short".

    Raises
    ------
    RefusedLayer, NoVectors
    """
    record = capture.record(layer, part)
    assert isinstance(record, Record)
    arrays: dict[str, np.ndarray] = {}
    rounded = record
    for name, dtype in BITS.items():
        vectors = getattr(record, name).detach().cpu().float()
        steps = torch.iinfo(dtype).max
        scale = vectors.abs().amax(-1, keepdim=True) / steps if vectors.shape[-1] else vectors.sum(-1, keepdim=True)
        whole = torch.where(scale > 0, vectors / scale, 0.0).round().clamp(-steps, steps).to(dtype)
        arrays |= {name: whole.numpy(), f"{name}_scale": scale[..., 0].numpy()}
        rounded = replace(rounded, **{name: (whole * scale).to(record.device)})
    found = walk(rounded, formula.weights, None).lse
    assert found is not None
    arrays |= {"lse": numbers(found), "start": record.mask.start.int().numpy(), "stop": record.mask.stop.int().numpy()}
    for name, tensor in {"sink": record.sinks, "bias": record.bias}.items():
        if tensor is not None:
            arrays[name] = numbers(tensor)
    if record.mask.visible is not None:
        arrays["visible"] = record.mask.visible.cpu().to(torch.uint8).numpy()
    packet = packet_of(capture, part, layer, "short", arrays)
    pairs = zip(formula.striped(record), formula.striped(rounded), strict=True)
    packet.header["within"] = max((difference(a.weight, b.weight) for a, b in pairs), default=0.0)
    return packet
