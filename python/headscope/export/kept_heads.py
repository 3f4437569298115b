"""Layers of a page that keep some of their heads only, by their own numbers (read in js/source/kept_heads.ts)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from headscope.answers.positions import listed
from headscope.errors import OutOfRange
from headscope.widgets.packet import Packet, layout, pack

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["Heads", "Kept", "chosen_heads", "only"]

Heads: TypeAlias = int | Iterable[int] | Mapping[int, int | Iterable[int]]
Kept: TypeAlias = dict[tuple[str, int], list[int]]
"""The heads that are kept of a part's layer, of those layers that lose some."""

BY_HEAD = ("query", "query_scale", "lse", "value_norm", "bias", "visible", "weights", "sink")
BY_GROUP = ("key", "key_scale", "value", "value_scale")


def chosen_heads(capture: Capture, numbers: list[tuple[str, int]], heads: Heads | None) -> Kept:
    """Return which heads are kept of layers; OutOfRange where a layer has none of them, or lacks what was asked of it.

    Parameters
    ----------
    capture, numbers
        The parts and layers of which a page is made.
    heads
        Of every layer that has them, or by the numbers of layers, of which those that are not named keep all.
    """
    kept: Kept = {}
    if heads is None:
        return kept
    asked = {layer: listed(some, "head") for layer, some in heads.items()} if isinstance(heads, Mapping) else None
    every = [] if isinstance(heads, Mapping) else listed(heads, "head")
    missing = set(asked or ()) - {layer for _, layer in numbers}
    if missing:
        raise OutOfRange(f"heads= names layers {sorted(missing)}, which are not in this page.")
    for part, layer in numbers:
        count = capture.head_count(layer, part)
        wanted = every if asked is None else asked.get(layer)
        if count == 0 or wanted is None:
            continue
        found = sorted({head for head in wanted if 0 <= head < count})
        if not found or (asked is not None and len(found) < len(set(wanted))):
            raise OutOfRange(f"layer {layer} has heads 0 to {count - 1}; heads= asks for {list(wanted)} of it.")
        if len(found) < count:
            kept[part, layer] = found
    return kept


def only(packet: Packet, heads: list[int]) -> Packet:
    """Cut a layer down to some of its heads, and to the keys and values that these share."""
    header = packet.header
    groups = sorted({head // (header["heads"] // header["groups"]) for head in heads})
    arrays: dict[str, np.ndarray] = {}
    cut: dict[str, str] = {}
    for one in header["arrays"]:
        name, shape = one["name"], one["shape"]
        array = np.frombuffer(packet.payload, one["dtype"], math.prod(shape), one["offset"]).reshape(shape)
        if name in BY_HEAD and shape[0] == header["heads"]:
            arrays[name], cut[name] = array[heads], "heads"
        elif name in BY_GROUP:
            arrays[name], cut[name] = array[groups], "groups"
        else:  # weights that were rounded are of these heads already
            arrays[name] = array
            if name == "coarse":
                cut[name] = "coarse"
    placed, payload = pack(arrays)
    told = {"heads": heads, "groups": groups, "arrays": cut}
    return Packet({**header, "arrays": layout(placed), "bytes": len(payload), "kept": told}, payload)
