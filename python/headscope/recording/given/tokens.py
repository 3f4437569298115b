"""The tokens that go with arrays: strings, ids, what a tokenizer returned, or those of another capture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from headscope.errors import OutOfRange, UnsupportedInput
from headscope.recording.inputs.encoding import check_tokenizer, checked_item
from headscope.recording.inputs.text import read_text
from headscope.recording.tokens.axes import Axis
from headscope.recording.tokens.strings import read_strings
from headscope.recording.tokens.tokens import Tokens, read_tokens

__all__ = ["Segments", "as_segments", "read_axis", "without_padding"]

Segments = int | Sequence[int] | None
"""Where sentence B starts, or 0 or 1 for each token; None where there is one sentence, or the tokens tell."""


def read_axis(given: Any, tokenizer: Any, item: int, segments: Segments, what: str) -> Axis:
    """Read the tokens of one axis.

    Parameters
    ----------
    given
        Strings, one per token; token ids; what a tokenizer returned, whose padding is left out; or `Tokens`.
    tokenizer
        Whose tokens they are, or None.
    item
        Which item, where these are the tokens of a batch.
    segments
        Which sentence each token belongs to.
    what
        What to call them in an error.

    Raises
    ------
    UnsupportedInput, OutOfRange, EmptyInput, NoTokenizer
    """
    if isinstance(given, Tokens):
        return Axis(len(given), torch.arange(len(given)), given)
    tokenizer = check_tokenizer(tokenizer)
    if _is_strings(given):
        tokens = read_strings(given, tokenizer, as_segments(segments, len(given), what))
        return Axis(len(given), torch.arange(len(given)), tokens)
    if isinstance(given, Sequence) and given and all(map(_is_strings, given)):
        return read_axis(given[checked_item(item, len(given))], tokenizer, item, segments, what)
    _, axis = read_text(given, tokenizer, None, item if _is_batch(given) else 0)
    told = as_segments(segments, axis.length, what)
    if told is None:
        return axis
    tokens = read_tokens(axis.tokens.ids, tokenizer, [told[position] for position in axis.valid.tolist()])
    return replace(axis, tokens=tokens)


def without_padding(array: torch.Tensor, *axes: Axis) -> torch.Tensor:
    """A copy of `array`, whose dimensions from 1 on are `axes`, without their padding."""
    kept = array
    for dim, axis in enumerate(axes, start=1):
        if len(axis.valid) < axis.length:
            kept = kept.index_select(dim, axis.valid.to(kept.device))
    return kept.clone() if kept is array else kept


def _is_strings(given: Any) -> bool:
    return (
        isinstance(given, Sequence)
        and not isinstance(given, str)
        and len(given) > 0
        and all(isinstance(token, str) for token in given)
    )


def _is_batch(given: Any) -> bool:
    ids: Any = given.get("input_ids") if isinstance(given, Mapping) else given
    if hasattr(ids, "ndim"):
        return bool(ids.ndim > 1)
    return isinstance(ids, Sequence) and not isinstance(ids, str) and len(ids) > 0 and hasattr(ids[0], "__len__")


def as_segments(segments: Segments, count: int, what: str) -> list[int] | None:
    """0 or 1 for each of `count` tokens; None where nothing is said."""
    if segments is None:
        return None
    if isinstance(segments, int):
        if not 0 < segments < count:
            raise OutOfRange(f"sentence B cannot start at {segments}: {what} has positions 1 to {count - 1} for that.")
        return [int(position >= segments) for position in range(count)]
    listed = [int(segment) for segment in segments]
    if len(listed) != count or not {*listed} <= {0, 1}:
        raise UnsupportedInput(f"segments has {len(listed)} numbers; give 0 or 1 for each of the {count} {what}.")
    return listed
