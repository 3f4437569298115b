"""The text that a model reads, in whatever form it was passed in: encoded, and the axis of its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from headscope.errors import EmptyInput, UnsupportedInput
from headscope.recording.inputs.encoding import (
    as_ids,
    as_mapping,
    as_tensors,
    as_texts,
    checked_item,
    encode_texts,
    kept_positions,
)
from headscope.recording.tokens.axes import Axis
from headscope.recording.tokens.tokens import Tokens, read_tokens

__all__ = ["read_text"]

_NO_TEXT = ("labels", "decoder_", "pixel_", "image_", "video_", "input_features", "input_values", "audio_", "feature_")
"""How the names of what comes beside a text begin."""


def read_text(inputs: Any, tokenizer: Any, pair: Any, item: int) -> tuple[dict[str, Any], Axis]:
    """Read a text, several, token ids, or what a tokenizer returned.

    Returns
    -------
    values : dict
        Tensors by name, `input_ids` int64 [batch, tokens] among them.
    axis : Axis
        The tokens of the item that are no padding.
    """
    encoded = _encoded(inputs, tokenizer, pair, item)
    tensors = as_tensors(encoded)
    others = {name: value for name, value in tensors.items() if name.startswith(_NO_TEXT)}
    values = as_ids({name: value for name, value in tensors.items() if name not in others})
    ids = values["input_ids"]
    item = checked_item(item, len(ids))
    valid = kept_positions(values.get("attention_mask"), item, ids.shape[1])
    tokens = read_tokens(ids[item, valid].tolist(), tokenizer, _segments(encoded, values, item, valid))
    _check_content(inputs, tokens, item)
    return {**values, **others}, Axis(ids.shape[1], valid, tokens)


def _encoded(inputs: Any, tokenizer: Any, pair: Any, item: int) -> Mapping[str, Any]:
    texts = as_texts(inputs)
    if texts is None:
        if pair is not None:
            raise UnsupportedInput("pair goes with a text; ids of a pair are passed as the tokenizer returned them.")
        return as_mapping(inputs)
    if not texts[checked_item(item, len(texts))]:
        raise EmptyInput("the text is empty; pass at least one word.")
    return encode_texts(texts, pair, tokenizer)


def _check_content(inputs: Any, tokens: Tokens, item: int) -> None:
    texts = as_texts(inputs)
    if texts is not None and not texts[item].strip() and all(tokens.special):
        raise EmptyInput(f"the text {texts[item]!r} is nothing to this tokenizer; pass at least one word.")


def _segments(encoded: Mapping[str, Any], values: dict[str, Any], item: int, valid: torch.Tensor) -> list[int] | None:
    """Return 0 or 1 per token as the tokenizer told it, None if it told of no second sentence."""
    types = values.get("token_type_ids")
    known: list[list[int | None]] = []
    if isinstance(types, torch.Tensor) and types.shape == values["input_ids"].shape:
        known.append([kind if kind in (0, 1) else None for kind in types[item].tolist()])
    if getattr(encoded, "encodings", None):
        known.append(encoded.sequence_ids(item))  # type: ignore[attr-defined]
    for row in known:
        if len(row) == values["input_ids"].shape[1]:
            segments = _filled([row[at] for at in valid.tolist()])
            if set(segments) == {0, 1}:
                return segments
    return None


def _filled(row: list[int | None]) -> list[int]:
    """Give separators, which belong to no sentence, to the one before them; those in front to the first."""
    before = next((segment for segment in row if segment is not None), 0)
    filled = []
    for segment in row:
        before = before if segment is None else segment
        filled.append(before)
    return filled
