"""What the heads of a layer say of one pair of tokens, as bytes for the browser (read in js/source/links.ts)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headscope.answers.links import Pair, layer_by_layer
from headscope.errors import HeadscopeError
from headscope.widgets.packet import Packet

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["links_packets"]


def links_packets(capture: Capture, pair: Pair, layers: list[int]) -> Iterator[tuple[int, Packet | HeadscopeError]]:
    """Make a packet of each layer, its payload float32 [heads], or say why there is none."""
    for layer, weights in layer_by_layer(capture, pair, layers):
        if isinstance(weights, HeadscopeError):
            yield layer, weights
            continue
        payload = bytearray(weights.numpy().astype("<f4").tobytes())
        header: dict[str, Any] = {
            "v": 1,
            "part": pair.part,
            "layer": layer,
            "heads": len(weights),
            "bytes": len(payload),
        }
        yield layer, Packet(header, payload)
