"""What the decoder of an encoder-decoder model gets: the target text, moved right as the model itself moves it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from headscope.errors import EmptyInput, NoTarget, NoTokenizer, UnsupportedInput
from headscope.recording.inputs.encoding import as_ids, as_tensors, as_texts, check_unicode
from headscope.recording.layers.parts import base_of

__all__ = ["decoder_inputs"]

_IDS, _MASK = "decoder_input_ids", "decoder_attention_mask"
IGNORED = -100
"""What labels hold where the loss is to take no notice of them."""


def decoder_inputs(
    model: torch.nn.Module, encoded: Mapping[str, Any], target: Any, tokenizer: Any, batch: int
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """Make what the decoder gets.

    Parameters
    ----------
    model
        An encoder-decoder model.
    encoded
        What the encoder gets; may hold `decoder_input_ids`, or `labels` for them.
    target
        A text for each item of the batch, or token ids that go to the decoder as they are.
    tokenizer
        Needed for text.
    batch
        How many items the encoder gets.

    Returns
    -------
    arguments : dict
        `decoder_input_ids` int64 [batch, tokens], and `decoder_attention_mask` where padding is to be hidden.
    kept : int64 tensor [batch, tokens] or None
        1 for a token, 0 for padding; None where there is none.

    Raises
    ------
    NoTarget, NoTokenizer, UnsupportedInput, EmptyInput
    """
    given = {name: encoded[name] for name in (_IDS, _MASK) if encoded.get(name) is not None}
    if target is not None and given:
        raise UnsupportedInput(
            f"the inputs hold {' and '.join(given)}, and there is target= too; leave one of them out."
        )
    if given and _IDS not in given:
        raise UnsupportedInput(f"the inputs hold {_MASK} without the {_IDS} that it belongs to.")
    if given:
        arguments = as_ids(as_tensors(given), "decoder_")
        kept = arguments.get(_MASK)
    else:
        arguments, kept = _from_target(model, encoded, target, tokenizer)
    if len(arguments[_IDS]) != batch:
        raise UnsupportedInput(
            f"the decoder gets {len(arguments[_IDS])} texts, the encoder {batch}; pass one for each."
        )
    return arguments, kept


def _from_target(
    model: torch.nn.Module, encoded: Mapping[str, Any], target: Any, tokenizer: Any
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    texts = as_texts(target)
    if texts is not None:
        labels = _labels(texts, tokenizer)
        ids, mask = labels["input_ids"], labels.get("attention_mask")
        return _moved(model, ids, torch.zeros_like(ids, dtype=torch.bool) if mask is None else mask == 0)
    if target is not None:
        ids = as_ids(as_tensors({_IDS: _checked(target)}), "decoder_")[_IDS]
        return {_IDS: ids}, _filled_up(model, ids)
    if encoded.get("labels") is not None:
        ids = as_ids(as_tensors({"input_ids": encoded["labels"]}))["input_ids"]
        return _moved(model, ids, ids == IGNORED)
    raise NoTarget(
        f"{type(model).__name__} is an encoder-decoder model, whose decoder needs tokens of its own: pass target=, a "
        "text or token ids. For what the model itself writes, target=model.generate(...) with the same inputs."
    )


def _checked(target: Any) -> Any:
    listed = isinstance(target, Sequence) and not isinstance(target, bytes)
    if listed or isinstance(target, torch.Tensor) or hasattr(target, "__array__"):
        return target
    holds = f" of {', '.join(map(str, target))}" if isinstance(target, Mapping) else ""
    raise UnsupportedInput(
        f"target is a {type(target).__name__}{holds}; pass a text for each item, or the token ids that the decoder is "
        "to get, a list, an array or a tensor."
    )


def _labels(texts: list[str], tokenizer: Any) -> dict[str, torch.Tensor]:
    if "" in texts:
        raise EmptyInput("target is an empty text; pass at least one word.")
    for text in texts:
        check_unicode(text)
    if tokenizer is None:
        raise NoTokenizer("target is text and there is no tokenizer; pass tokenizer=, or target= as token ids.")
    padding = {"padding": True, "padding_side": "right"} if len(texts) > 1 else {}
    if padding and getattr(tokenizer, "pad_token", None) is None:
        raise UnsupportedInput(f"{len(texts)} target texts need padding, and the tokenizer has no padding token.")
    encoded = tokenizer(text_target=texts, return_tensors="pt", verbose=False, **padding)
    return as_ids(as_tensors(encoded))


def _moved(
    model: torch.nn.Module, labels: torch.Tensor, padding: torch.Tensor
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """Labels moved right, but those that begin with the decoder's start token already."""
    start, pad = _config(model, "decoder_start_token_id"), _config(model, "pad_token_id")
    begun = start is not None and bool((labels[:, 0] == start).all())
    ids = labels.where(labels != IGNORED, start if pad is None else pad) if begun else _shift_right(model, labels)
    kept = _without_tail(padding)
    return ({_IDS: ids}, None) if kept is None else ({_IDS: ids, _MASK: kept}, kept)


def _shift_right(model: torch.nn.Module, labels: torch.Tensor) -> torch.Tensor:
    """Move labels right in the model's own way."""
    base = base_of(model)
    pad, start = _config(model, "pad_token_id"), _config(model, "decoder_start_token_id")
    function = getattr(sys.modules[type(base).__module__], "shift_tokens_right", None)
    try:
        for name in ("prepare_decoder_input_ids_from_labels", "_shift_right"):
            if hasattr(base, name):
                return getattr(base, name)(labels)  # type: ignore[no-any-return]
        if function is not None:
            arguments = (labels, pad, start)[: len(inspect.signature(function).parameters)]
            return function(*arguments)  # type: ignore[no-any-return]
        if start is None:
            raise ValueError("config.decoder_start_token_id is not set")
    except (ValueError, TypeError, RuntimeError) as error:
        raise UnsupportedInput(
            f"{type(model).__name__} does not say how its decoder begins ({error}). Pass target= as the token ids that "
            "the decoder gets, start token included."
        ) from error
    return torch.cat([torch.full_like(labels[:, :1], start), labels[:, :-1]], dim=1)


def _without_tail(padding: torch.Tensor) -> torch.Tensor | None:
    """1 for a token, 0 for the padding at the end of a row; None where there is none.

    Padding elsewhere is read by the decoder, and the first token stays whatever it is: T5 starts with its padding.
    """
    kept = (~padding).long().flip(1).cummax(dim=1).values.flip(1)
    kept[:, 0] = 1
    return None if bool(kept.all()) else kept


def _filled_up(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor | None:
    """The same of what ``generate`` returned, which fills up the shorter texts of a batch."""
    pad, end = _config(model, "pad_token_id"), _config(model, "eos_token_id")
    if pad is None or len(ids) == 1:
        return None
    padding = ids == pad
    if pad in (end if isinstance(end, list) else [end]):  # then the first one ends the text
        padding[:, 1:] &= padding[:, :-1].clone()
    return _without_tail(padding)


def _config(model: torch.nn.Module, name: str) -> Any:
    config = getattr(base_of(model), "config", None)
    value = getattr(config, name, None)
    return getattr(getattr(config, "decoder", None), name, None) if value is None else value
