"""The tokens of a capture in its file: numbers as tensors, which take little room, texts in the description."""

from __future__ import annotations

import base64
import binascii
import math
from itertools import pairwise
from typing import Any

import torch

from headscope.files.container import Container, is_whole
from headscope.recording.pictures.picture import BYTES, Cell, Picture
from headscope.recording.tokens.tokens import Tokens

__all__ = ["KINDS", "described", "read_axis"]

KINDS = ("text", "frames", "patches", "numbers")
MIMES = ("image/png", "image/jpeg")
CELL = 4
"""Numbers of a cell of a picture."""
COLUMNS = {
    "ids": torch.int64,
    "words": torch.int32,
    "special": torch.uint8,
    "segments": torch.uint8,
    "cells": torch.float64,
}
"""The tensors of an axis, one number for each token, of cells `CELL`; the first three are always there."""


def described(tokens: Tokens, number: int) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """What the description says of the axis of this number, and the tensors that it names."""
    numbers: dict[str, Any] = {"ids": tokens.ids, "words": tokens.words, "special": tokens.special}
    if tokens.segments is not None:
        numbers["segments"] = tokens.segments
    if tokens.picture is not None:  # a row of NaN: a token that stands for no place
        numbers["cells"] = [cell or (math.nan,) * CELL for cell in tokens.picture.cells]
    columns = {what: torch.tensor(column, dtype=COLUMNS[what]) for what, column in numbers.items()}
    names = {what: f"axis {number}.{what}" for what in columns}
    said = {
        "texts": list(tokens.texts),
        "labels": list(tokens.labels),
        "kind": tokens.kind,
        "generated": tokens.generated,
        "picture": None if tokens.picture is None else _described_picture(tokens.picture),
        "tensors": names,
    }
    return said, {names[what]: column for what, column in columns.items()}


def _described_picture(picture: Picture) -> dict[str, Any]:
    data = base64.b64encode(picture.data).decode()
    return {"data": data, "mime": picture.mime, "width": picture.width, "height": picture.height}


def read_axis(said: Any, container: Container) -> Tokens:
    """The tokens that the description of a file says; UnreadableFile where they cannot be."""
    if not isinstance(said, dict):
        raise container.damaged("the tokens of an axis are no mapping")
    texts, labels = _strings(said, "texts", container), _strings(said, "labels", container)
    columns = _columns(said.get("tensors"), len(texts), container)
    words, special, segments = columns["words"], columns["special"], columns.get("segments")
    ascending = not words or (words[0] == 0 and all(0 <= b - a <= 1 for a, b in pairwise(words)))
    if not ascending or set(special) | set(segments or ()) > {0, 1}:
        raise container.damaged("its words or its segments are none")
    kind, generated = said.get("kind"), said.get("generated")
    if kind not in KINDS or not (generated is None or is_whole(generated)) or len(labels) != len(texts):
        raise container.damaged("the tokens of an axis are described wrongly")
    return Tokens(
        ids=tuple(columns["ids"]),
        texts=texts,
        labels=labels,
        special=tuple(map(bool, special)),
        segments=None if segments is None else tuple(segments),
        words=tuple(words),
        kind=kind,
        generated=generated,
        picture=_read_picture(said.get("picture"), columns.get("cells"), container),
    )


def _strings(said: dict[str, Any], what: str, container: Container) -> tuple[str, ...]:
    found = said.get(what)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise container.damaged(f"the {what} of its tokens are no texts")
    return tuple(found)


def _columns(names: Any, length: int, container: Container) -> dict[str, list[Any]]:
    if not isinstance(names, dict) or not set(list(COLUMNS)[:3]) <= names.keys():
        raise container.damaged("an axis lacks the numbers of its tokens")
    found = {}
    for what, dtype in COLUMNS.items():
        if what in names:
            tensor = container.read(str(names[what]))
            if tensor.dtype != dtype or tensor.shape != ((length, CELL) if what == "cells" else (length,)):
                raise container.damaged(f"an axis has {length} tokens and other {what}")
            found[what] = tensor.tolist()
    return found


def _read_picture(said: Any, rows: list[list[float]] | None, container: Container) -> Picture | None:
    if said is None:
        return None
    if not isinstance(said, dict) or rows is None or said.get("mime") not in MIMES:
        raise container.damaged("its picture is described wrongly")
    width, height, text = said.get("width"), said.get("height"), said.get("data")
    if not is_whole(width) or not is_whole(height) or not isinstance(text, str):
        raise container.damaged("its picture is described wrongly")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise container.damaged("its picture is no base64") from None
    if len(data) > BYTES:
        raise container.damaged(f"its picture is larger than {BYTES:,} bytes")
    cells: list[Cell | None] = []
    for left, top, across, down in rows:
        is_cell = all(map(math.isfinite, (left, top, across, down)))
        cells.append((left, top, across, down) if is_cell else None)
    return Picture(data, str(said["mime"]), width, height, tuple(cells))
