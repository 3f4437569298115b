"""What the decoder of an encoder-decoder model gets: the target text, moved right as the model itself moves it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import torch

from headscope.errors import EmptyInput, NoTarget, NoTokenizer, UnsupportedInput
from headscope.recording.encoding import as_ids, as_tensors, as_texts
from headscope.recording.parts import base_of

__all__ = ["decoder_inputs"]

_IDS, _MASK = "decoder_input_ids", "decoder_attention_mask"


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
    if target is not None and _IDS in given:
        raise UnsupportedInput(f"the inputs hold {_IDS} and there is target= too; leave one of them out.")
    if target is None and _IDS in given:
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
        return _moved(model, labels["input_ids"], labels.get("attention_mask"))
    if target is not None:
        ids = as_ids(as_tensors({_IDS: target}), "decoder_")[_IDS]
        return {_IDS: ids}, _without_tail(ids, _config(model, "pad_token_id"))
    if encoded.get("labels") is not None:
        labels = as_ids(as_tensors({"input_ids": encoded["labels"]}))
        return _moved(model, labels["input_ids"], (labels["input_ids"] != -100).long())
    raise NoTarget(
        f"{type(model).__name__} is an encoder-decoder model, whose decoder needs tokens of its own: pass target=, a "
        "text or token ids. For what the model itself writes, target=model.generate(...) with the same inputs."
    )


def _labels(texts: list[str], tokenizer: Any) -> dict[str, torch.Tensor]:
    if "" in texts:
        raise EmptyInput("target is an empty text; pass at least one word.")
    if tokenizer is None:
        raise NoTokenizer("target is text and there is no tokenizer; pass tokenizer=, or target= as token ids.")
    padding = {"padding": True, "padding_side": "right"} if len(texts) > 1 else {}
    if padding and getattr(tokenizer, "pad_token", None) is None:
        raise UnsupportedInput(f"{len(texts)} target texts need padding, and the tokenizer has no padding token.")
    encoded = tokenizer(text_target=texts, return_tensors="pt", verbose=False, **padding)
    return as_ids(as_tensors(encoded))


def _moved(
    model: torch.nn.Module, labels: torch.Tensor, kept: torch.Tensor | None
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """Labels moved right, but those that begin with the decoder's start token already."""
    start = _config(model, "decoder_start_token_id")
    begun = start is not None and bool((labels[:, 0] == start).all())
    ids = labels.where(labels >= 0, start) if begun else _shift_right(model, labels)  # -100 is padding, dropped below
    if kept is None or bool(kept.all()):
        return {_IDS: ids}, None
    return {_IDS: ids, _MASK: kept}, kept


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


def _without_tail(ids: torch.Tensor, pad: int | None) -> torch.Tensor | None:
    """1 for a token, 0 for the padding with which ``generate`` fills up the shorter texts of a batch."""
    if pad is None or len(ids) == 1:
        return None
    kept = (ids != pad).long().flip(1).cummax(dim=1).values.flip(1)
    return None if bool(kept.all()) else kept


def _config(model: torch.nn.Module, name: str) -> Any:
    config = getattr(base_of(model), "config", None)
    value = getattr(config, name, None)
    return getattr(getattr(config, "decoder", None), name, None) if value is None else value
