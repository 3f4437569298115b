"""From what a person passes in to what the model's forward gets, and the tokens that the picture shows."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from headscope.errors import EmptyInput, OutOfRange, UnsupportedInput
from headscope.recording.encoding import as_mapping, as_tensors, as_texts, check_tokenizer, encode_texts
from headscope.recording.limits import check_ids, check_length, input_embedding
from headscope.recording.tokens import Tokens, read_tokens

__all__ = ["Inputs", "prepare"]

# What tokenizers and data sets add for others than the model's attention.
_NOT_FOR_THE_FORWARD = {
    "labels",
    "length",
    "num_truncated_tokens",
    "offset_mapping",
    "overflow_to_sample_mapping",
    "overflowing_tokens",
    "special_tokens_mask",
}


@dataclass(frozen=True, eq=False)
class Inputs:
    """One batch, ready for the model, and the item of it that is looked at."""

    arguments: dict[str, Any]
    """Keyword arguments of the model's forward, the whole batch, on the model's device."""
    tokens: Tokens
    """The item's tokens, padding left out."""
    valid: torch.Tensor
    """int64: where those tokens stand in the item's padded row."""
    item: int


def prepare(
    model: torch.nn.Module, inputs: Any, tokenizer: Any = None, pair: str | Sequence[str] | None = None, item: int = 0
) -> Inputs:
    """Make of text, ids or a tokenizer's output what the model gets; refuse what it cannot take.

    Parameters
    ----------
    model
        A transformers model that reads token ids.
    inputs
        A text; a list of texts (a padded batch); token ids, a list, array or tensor, [tokens] or [batch, tokens];
        or a mapping with `input_ids`, as tokenizers return it.
    tokenizer
        Needed for texts; with ids it makes the tokens readable.
    pair
        A second text, for each text.
    item
        Which item of the batch is looked at. Positions that its attention mask leaves out are padding, wherever they
        stand: they are in the arguments and not in the tokens.

    Raises
    ------
    NoTokenizer, EmptyInput, OutOfRange, TooManyTokens, UnsupportedInput
    """
    taken = _taken_by_forward(model)
    tokenizer = check_tokenizer(tokenizer)
    encoded = _encoded(inputs, tokenizer, pair, item)
    values = as_tensors(encoded)
    ids = values["input_ids"]
    item = _checked(item, len(ids))
    valid = _valid(values, item)
    check_ids(model, ids)
    arguments = _arguments(model, values, taken)
    check_length(model, arguments)
    segments = _segments(encoded, values, item, valid)
    tokens = read_tokens(ids[item, valid].tolist(), tokenizer, segments)
    _check_content(inputs, tokens, item)
    return Inputs(arguments, tokens, valid.to(arguments["input_ids"].device), item)


def _encoded(inputs: Any, tokenizer: Any, pair: Any, item: int) -> Mapping[str, Any]:
    texts = as_texts(inputs)
    if texts is None:
        if pair is not None:
            raise UnsupportedInput("pair goes with a text; ids of a pair are passed as the tokenizer returned them.")
        return as_mapping(inputs)
    if not texts[_checked(item, len(texts))]:
        raise EmptyInput("the text is empty; pass at least one word.")
    return encode_texts(texts, pair, tokenizer)


def _check_content(inputs: Any, tokens: Tokens, item: int) -> None:
    texts = as_texts(inputs)
    if texts is not None and not texts[item].strip() and all(tokens.special):
        raise EmptyInput(f"the text {texts[item]!r} is nothing to this tokenizer; pass at least one word.")


def _checked(item: int, count: int) -> int:
    try:
        number = operator.index(item)
    except TypeError:
        raise OutOfRange(f"item {item!r} is not a whole number.") from None
    if not 0 <= number < count:
        there_are = f"items 0..{count - 1}" if count > 1 else "one item, 0"
        raise OutOfRange(f"item {number} is out of range: the batch has {there_are}.")
    return number


def _valid(values: dict[str, Any], item: int) -> torch.Tensor:
    mask = values.get("attention_mask")
    if mask is None:
        return torch.arange(values["input_ids"].shape[1])
    valid: torch.Tensor = mask[item].cpu().nonzero().flatten()
    if not len(valid):
        raise EmptyInput(f"item {item} is all padding: its attention_mask has no 1.")
    return valid


def _taken_by_forward(model: torch.nn.Module) -> Mapping[str, inspect.Parameter] | None:
    """Return the parameters of the model's forward, None where a wrapper hides them; refuse what reads no ids."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model  # type: ignore[operator]
    taken = inspect.signature(base.forward).parameters
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [name for name, parameter in taken.items() if parameter.kind not in variadic]
    name = type(base).__name__
    if "decoder_input_ids" in named:
        raise UnsupportedInput(f"{name} is an encoder-decoder model: those cannot be captured yet.")
    if named and "input_ids" not in named:
        raise UnsupportedInput(
            f"{name} reads {named[0]}, not input_ids: only models that read token ids can be captured yet."
        )
    return taken if named else None


def _arguments(
    model: torch.nn.Module, values: dict[str, Any], taken: Mapping[str, inspect.Parameter] | None
) -> dict[str, Any]:
    open_ended = taken is None or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
    device = _device(model)
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        unknown = taken is not None and name not in taken
        if name in _NOT_FOR_THE_FORWARD or (unknown and name == "token_type_ids"):
            continue  # many tokenizers return token types to models that have none
        if unknown and not open_ended:
            raise UnsupportedInput(f"{type(model).__name__} takes no {name}; leave it out of the inputs.")
        arguments[name] = value.to(device) if isinstance(value, torch.Tensor) else value
    return arguments


def _device(model: torch.nn.Module) -> torch.device:
    """Return where ids go: the device of the token embedding, else of the first weight that has one."""
    table = input_embedding(model)
    weights = [*(table.parameters() if table is not None else ()), *model.parameters()]
    return next((weight.device for weight in weights if weight.device.type != "meta"), torch.device("cpu"))


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
