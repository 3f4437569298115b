"""What a page needs to draw a view before it asks anything: traits that are set once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headscope.errors import HeadscopeError
from headscope.widgets.packet import Packet, layer_packet, plan

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.recording.tokens import Tokens
    from headscope.widgets.selection import Selection, Shape

__all__ = ["BUDGET", "first_paint"]

BUDGET = 256 << 10
"""Bytes of the description and the first layer together; a layer that does not fit is asked for by the page."""
HEADER = 1 << 10
"""Bytes set aside for the header of the first layer."""


def first_paint(capture: Capture, shape: Shape, selection: Selection) -> tuple[dict[str, Any], Packet | None]:
    """Describe a capture to a page, and pack the selected layer if both fit in the budget.

    Returns
    -------
    description : dict
        Layers, tokens, and how each layer was certified.
    packet : Packet or None
        None where it is too large or refused; then the page asks for it, and is told why.
    """
    try:
        planned = plan(capture, selection.part, selection.layer)  # confirms the layer, which the description then tells
    except HeadscopeError:
        return _describe(capture, shape), None
    meta = _describe(capture, shape)
    left = BUDGET - HEADER - len(json.dumps(meta, ensure_ascii=False).encode())
    return meta, layer_packet(capture, selection.part, selection.layer) if planned.nbytes <= left else None


def _describe(capture: Capture, shape: Shape) -> dict[str, Any]:
    sides: list[dict[str, Any]] = []
    parts = [
        {
            "name": part,
            "layers": _layers(capture, shape, part),
            "query_side": _side(sides, capture.tokens(part, "query")),
            "key_side": _side(sides, capture.tokens(part, "key")),
        }
        for part in capture.parts
    ]
    return {
        "v": 1,
        "capture": capture.id,
        "model": capture.model_name,
        "tier": max((report.tier for report in capture.layers), default=0),
        "parts": parts,
        "sides": sides,
    }


def _layers(capture: Capture, shape: Shape, part: str) -> list[dict[str, Any]]:
    heads = shape.stacks[part].heads
    return [
        {
            "layer": report.layer,
            "heads": heads[report.layer],
            "error": report.error,
            "reason": report.reason,
            "nonfinite": report.not_finite and _named(report.not_finite, capture.not_finite),
        }
        for report in capture.layers
        if report.part == part
    ]


def _named(vectors: str, parameters: str) -> str:
    return f"{vectors}: {parameters}" if parameters else vectors


def _side(sides: list[dict[str, Any]], tokens: Tokens) -> int:
    """Return the number of an axis among `sides`, where equal axes are described once."""
    side = {
        "labels": list(tokens.labels),
        "texts": list(tokens.texts),
        "special": [int(special) for special in tokens.special],
        "segments": None if tokens.segments is None else list(tokens.segments),
        "words": list(tokens.words),
        "kind": tokens.kind,
    }
    if side not in sides:
        sides.append(side)
    return sides.index(side)
