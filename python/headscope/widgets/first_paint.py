"""What a page needs to draw a view before it asks anything: traits that are set once."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from headscope.answers.levels import levels
from headscope.errors import HeadscopeError, RefusedLayer, UnreadableFile
from headscope.widgets.long import has_many_weights, is_long
from headscope.widgets.packet import Packet, layer_packet, plan
from headscope.widgets.thumbnails import Question, thumbnail_packet

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.recording.pictures.picture import Picture
    from headscope.recording.tokens.tokens import Tokens
    from headscope.widgets.selection import Selection, Shape

__all__ = ["BUDGET", "WEIGHTS", "FirstPaint", "describe", "first_paint", "side_packet"]

BUDGET = 256 << 10
"""Bytes of the description, the thumbnails and the first layer together; what does not fit is asked for by the page."""
HEADER = 1 << 10
"""Bytes set aside for the header of the first layer."""
PICTURE_HEADER = 1 << 9
"""Bytes set aside for the header of a layer's thumbnails."""
WEIGHTS = 32 << 20
"""Most attention weights (heads x queries x keys) that are computed for thumbnails before a view is there; pictures
that stand in the file of a capture ask for none."""


@dataclass(frozen=True)
class FirstPaint:
    """What travels with a view."""

    meta: dict[str, Any]
    """Layers, tokens, and how each layer was certified."""
    layer: Packet | None
    """The selected layer; None where it is too large or refused: then the page asks for it, and is told why."""
    question: Question
    thumbnails: list[Packet]
    """Pictures of the heads of as many layers as fit, the selected one first."""


def first_paint(capture: Capture, shape: Shape, selection: Selection, *, grid: bool) -> FirstPaint:
    """Make what a page needs to draw a view.

    Parameters
    ----------
    grid
        Whether the view shows all heads as thumbnails. They come before the layer where both do not fit.
    """
    question = Question(selection.part)
    left = BUDGET - _size(_brief(describe(capture, shape))) - HEADER
    pictures = list(_pictures(capture, question, selection.layer, left)) if grid else []
    left -= sum(PICTURE_HEADER + len(picture.payload) for picture in pictures)
    layer = _layer(capture, selection.part, selection.layer, left)
    # What was read for this has been confirmed, which the description then tells.
    return FirstPaint(_brief(describe(capture, shape)), layer, question, pictures)


def _layer(capture: Capture, part: str, layer: int, left: int) -> Packet | None:
    """Make the packet of a layer that is no more than `left` bytes and takes no time to read."""
    try:
        if has_many_weights(capture, part, layer) or is_long(capture, part, layer):
            return None
        return layer_packet(capture, part, layer) if plan(capture, part, layer).nbytes <= left else None
    except HeadscopeError:
        return None


TOKENS = BUDGET - (32 << 10)
"""Bytes of a description that still leave room for pictures; the tokens of a longer one are asked for by the page."""
PAGED = ("labels", "texts", "special", "segments", "words", "levels", "picture")


def _brief(description: dict[str, Any]) -> dict[str, Any]:
    """Leave out the tokens of a long description."""
    if _size(description) <= TOKENS:
        return description
    sides = [
        {"count": len(side["labels"]), **{name: value for name, value in side.items() if name not in PAGED}}
        for side in description["sides"]
    ]
    return {**description, "sides": sides}


def side_packet(capture: Capture, number: int) -> Packet:
    """Make the packet of an axis as the description tells it, as JSON in UTF-8."""
    sides: list[dict[str, Any]] = []
    for part in capture.parts:
        for name in ("query", "key"):
            _side(sides, capture.tokens(part, name))
    payload = bytearray(json.dumps(sides[number], ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return Packet({"v": 1, "layer": number, "bytes": len(payload)}, payload)


def _pictures(capture: Capture, question: Question, selected: int, left: int) -> Iterator[Packet]:
    """Picture layers, the selected one first, until the bytes `left` or the weights are used up."""
    part = question.part
    pairs = len(capture.tokens(part, "query")) * len(capture.tokens(part, "key"))
    weights = WEIGHTS
    for layer in sorted(capture.layer_numbers(part), key=lambda layer: layer != selected):
        heads = capture.head_count(layer, part)
        if not capture.is_pictured(layer, question.size, part):
            weights -= heads * pairs
        left -= PICTURE_HEADER + heads * min(pairs, (question.size + 1) * question.size)
        if weights < 0 or left < 0:
            return
        with suppress(RefusedLayer, UnreadableFile):  # the page asks for it, and is told why
            yield _picture(capture, question, layer)


_known: WeakKeyDictionary[Capture, dict[tuple[str, int], Packet]] = WeakKeyDictionary()
"""Pictures that came along with a view of a capture: the next view of it brings the same."""


def _picture(capture: Capture, question: Question, layer: int) -> Packet:
    known = _known.setdefault(capture, {})
    at = (question.part, layer)
    if at not in known:
        known[at] = thumbnail_packet(capture, question, layer)
    return known[at]


def _size(description: dict[str, Any]) -> int:
    return len(json.dumps(description, ensure_ascii=False).encode())


def describe(capture: Capture, shape: Shape) -> dict[str, Any]:
    """Tell what a capture is: its parts and layers, how each was certified, and its tokens (js/store/meta.ts)."""
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
        "parts": parts,
        "sides": sides,
    }


def _layers(capture: Capture, shape: Shape, part: str) -> list[dict[str, Any]]:
    heads = shape.stacks[part].heads
    return [
        {
            "layer": report.layer,
            "heads": heads[report.layer],
            "tier": report.tier,
            "error": report.error,
            "reason": report.reason,
            "has_map": report.has_map,
            "nonfinite": report.not_finite and _named(report.not_finite, capture.not_finite),
        }
        for report in capture.layers
        if report.part == part
    ]


def _named(vectors: str, parameters: str) -> str:
    return f"{vectors}: {parameters}" if parameters else vectors


def _picture_of(picture: Picture) -> dict[str, Any]:
    data = base64.b64encode(picture.data).decode()
    return {
        "src": f"data:{picture.mime};base64,{data}",
        "width": picture.width,
        "height": picture.height,
        "cells": [None if cell is None else [round(edge, 6) for edge in cell] for cell in picture.cells],
    }


def _side(sides: list[dict[str, Any]], tokens: Tokens) -> int:
    """Return the number of an axis among `sides`, where equal axes are described once."""
    side = {
        "labels": list(tokens.labels),
        "texts": list(tokens.texts),
        "special": [int(special) for special in tokens.special],
        "segments": None if tokens.segments is None else list(tokens.segments),
        "words": list(tokens.words),
        "levels": {name: edges for name, edges in levels(tokens).items() if len(edges) > 2},
        "kind": tokens.kind,
        "picture": tokens.picture and _picture_of(tokens.picture),
        "generated": tokens.generated,
    }
    if side not in sides:
        sides.append(side)
    return sides.index(side)
