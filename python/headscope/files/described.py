"""What the description of a file says of one layer, taken for what it says only once it can be."""

from __future__ import annotations

import sys
from typing import Any

from headscope.answers.report import LayerReport
from headscope.files.container import Container, is_whole

__all__ = ["Said", "read_report"]

Said = dict[str, Any]
"""What the description says of one layer."""


def read_report(said: Said, part: str, container: Container) -> LayerReport:
    """What the certificate of a layer says; UnreadableFile where the description of the layer cannot be.

    Checked besides: all that `SavedLayers` takes from `said`.
    """
    wrong = container.damaged(f"a layer of {part!r} is described wrongly")
    texts = [said.get(name) for name in ("module", "reason", "not_finite", "why", "no_norms")]
    counts = [said.get(name) for name in ("layer", "heads", "kv_heads", "tier")]
    floats = [said.get(name) for name in ("error", "softcap")]
    if not all(isinstance(text, str) for text in texts) or not all(map(is_whole, counts)):
        raise wrong
    if not all(one is None or _is_number(one) for one in floats) or not _is_number(said.get("scaling")):
        raise wrong
    if said.get("form") not in ("vectors", "weights", "none") or not isinstance(said.get("has_map"), bool):
        raise wrong
    if (said["form"] == "none") != (said["heads"] == 0) or said["heads"] % max(1, said["kv_heads"]):
        raise wrong
    if said["heads"] > 0 and said["kv_heads"] == 0:
        raise wrong
    places = said.get("tensors")
    if not isinstance(places, dict) or not all(
        isinstance(place, dict) and isinstance(place.get("name"), str) for place in places.values()
    ):
        raise wrong
    if said["heads"] > 0 and not _has_heads(said, places, container):
        raise wrong
    return LayerReport(
        part=part,
        layer=said["layer"],
        heads=said["heads"],
        kv_heads=said["kv_heads"],
        module=said["module"],
        tier=said["tier"],
        error=said["error"],
        reason=said["reason"],
        not_finite=said["not_finite"],
        has_map=said["has_map"],
    )


def _has_heads(said: Said, places: dict[str, Said], container: Container) -> bool:
    """Whether there are numbers for as many heads as are said, so that no file is larger than it is."""
    place = places.get("query" if said["form"] == "vectors" else "weights")
    if place is None:
        return False
    shape, axes = container.shape_of(place["name"]), place.get("axes", [0, 1, 2])
    if not isinstance(axes, list) or 0 not in axes[: len(shape)]:
        return False
    return len(shape) == 3 and min(shape) > 0 and shape[axes.index(0)] == said["heads"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
