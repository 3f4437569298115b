"""Whatever was passed in as text or ids, as what a tokenizer returns: tensors by name, the batch first."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from headscope.errors import EmptyInput, NoTokenizer, OutOfRange, UnsupportedInput

_ACCEPTED = (
    "Pass a text, a list of texts, token ids (a list, an array or a tensor, [tokens] or [batch, tokens]), "
    "or what the tokenizer returned."
)
SOUND = WAVEFORM, SPECTROGRAM = ("input_values", "input_features")
_LATER = {
    "pixel_values_videos": "videos",
    "inputs_embeds": "embeddings in place of token ids",
    "decoder_inputs_embeds": "embeddings in place of token ids",
    "encoder_outputs": "what an encoder has computed before",
    "encoder_hidden_states": "what an encoder has computed before",
    "past_key_values": "a cache of earlier tokens",
}


def check_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer, or the one inside a processor, None in one that reads no text; refuse what is neither."""
    if tokenizer is None:
        return None
    for candidate in (tokenizer, getattr(tokenizer, "tokenizer", None)):
        if callable(candidate) and hasattr(candidate, "convert_ids_to_tokens"):
            return candidate
    if hasattr(tokenizer, "image_mean") or hasattr(
        tokenizer, "sampling_rate"
    ):  # it makes no ids, of text there is none
        return None
    raise UnsupportedInput(
        f"tokenizer is a {type(tokenizer).__name__}, not a transformers tokenizer. Use AutoTokenizer.from_pretrained; "
        "a tokenizers.Tokenizer becomes one by transformers.PreTrainedTokenizerFast(tokenizer_object=...)."
    )


def as_texts(inputs: Any) -> list[str] | None:
    """Return the texts if that is what was passed in, None otherwise."""
    if isinstance(inputs, str):
        return [inputs]
    if hasattr(inputs, "tolist") and getattr(getattr(inputs, "dtype", None), "kind", "") == "U":
        inputs = inputs.reshape(-1).tolist()
    if isinstance(inputs, Sequence) and inputs and all(isinstance(text, str) for text in inputs):
        return list(inputs)
    return None


def encode_texts(texts: list[str], pair: Any, tokenizer: Any) -> Mapping[str, Any]:
    """Let the tokenizer make ids of texts, padding them if there are several."""
    if tokenizer is None:
        raise NoTokenizer(
            "the input is text and there is no tokenizer; pass tokenizer=, the one that belongs to the model "
            "(AutoTokenizer.from_pretrained with the model's name), or pass token ids."
        )
    pairs = _pairs(pair, len(texts))
    for text in [*texts, *(pairs or [])]:
        check_unicode(text)
    if len(texts) > 1 and getattr(tokenizer, "pad_token", None) is None:
        raise UnsupportedInput(
            f"{len(texts)} texts need padding to make one batch, and the tokenizer has no padding token; "
            "set tokenizer.pad_token = tokenizer.eos_token, or pass one text."
        )
    # not verbose: the limit that the tokenizer would warn of is the model's affair, see limits.py
    encoded: Mapping[str, Any] = tokenizer(texts, pairs, padding=len(texts) > 1, return_tensors="pt", verbose=False)
    return encoded


def check_unicode(text: str) -> None:
    """Refuse a text that no tokenizer can read."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnsupportedInput(
            f"the text is no valid Unicode: a lone surrogate {text[error.start]!r} at character {error.start}. "
            "Clean it with text.encode('utf-8', 'replace').decode()."
        ) from None


def as_mapping(inputs: Any, main: str = "input_ids") -> Mapping[str, Any]:
    """Return ids, or what a tokenizer or a processor returned, as a mapping that has the `main` input of the model."""
    if isinstance(inputs, Mapping):
        for name, what in _LATER.items():
            if inputs.get(name) is not None:
                raise UnsupportedInput(f"the inputs hold {name}: {what} cannot be captured yet. {_ACCEPTED}")
        if inputs.get(main) is None:
            others = {"audio": SOUND, "images": ("pixel_values",)}
            held = [what for what, names in others.items() if main not in names and set(names) & set(inputs)]
            why = f"this model reads no {held[0]}" if held else _ACCEPTED
            raise UnsupportedInput(f"the inputs hold {_listed(inputs)}, but no {main}: {why}")
        return inputs
    if isinstance(inputs, Sequence) and any(isinstance(entry, Mapping) for entry in inputs):
        raise UnsupportedInput(
            "the input is a list of mappings; if it is a chat, pass "
            "tokenizer.apply_chat_template(chat, return_tensors='pt', return_dict=True)."
        )
    listed = isinstance(inputs, Sequence) and not isinstance(inputs, bytes)
    if listed or isinstance(inputs, torch.Tensor) or hasattr(inputs, "__array__"):
        return {main: inputs}
    raise UnsupportedInput(f"the input is a {type(inputs).__name__}. {_ACCEPTED}")


def as_tensors(encoded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arrays and lists of a mapping as tensors, anything else (a flag) as it is."""
    return {name: _tensor(name, value) for name, value in encoded.items() if value is not None}


def as_ids(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Check the token ids among `values`, and give all tensors a batch: `input_ids` int64 [batch, tokens].

    Parameters
    ----------
    values
        Tensors by name.
    prefix
        "decoder_" for the ids and the mask of a decoder.

    Raises
    ------
    EmptyInput, UnsupportedInput
    """
    ids = values[f"{prefix}input_ids"]
    if not isinstance(ids, torch.Tensor) or ids.numel() == 0:
        raise EmptyInput(f"the {prefix.replace('_', ' ')}input holds no token; pass at least one.")
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise UnsupportedInput(f"token ids are whole numbers, these are {ids.dtype}. {_ACCEPTED}")
    if ids.dim() == 1:
        values = {name: _with_batch(value, len(ids)) for name, value in values.items()}
    elif ids.dim() != 2:
        raise UnsupportedInput(f"token ids have the shape {list(ids.shape)}, not [tokens] or [batch, tokens].")
    ids = values[f"{prefix}input_ids"].long()
    checked = {**values, f"{prefix}input_ids": ids}
    if f"{prefix}attention_mask" in values:
        checked[f"{prefix}attention_mask"] = padding_mask(values[f"{prefix}attention_mask"], ids.shape)
    return checked


def _pairs(pair: Any, count: int) -> list[str] | None:
    if pair is None:
        return None
    pairs = as_texts(pair)
    if pairs is None or len(pairs) != count:
        raise UnsupportedInput(f"pair is to be one second text for each of the {count} first ones.")
    if "" in pairs:
        raise EmptyInput("pair is an empty text; leave it out, or pass a second text.")
    return pairs


def _tensor(name: str, value: Any) -> Any:
    """Return arrays and lists as tensors, anything else (a flag) as it is."""
    if isinstance(value, torch.Tensor) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        return value
    try:
        import numpy as np

        return torch.as_tensor(np.array(value)) if hasattr(value, "__array__") else torch.as_tensor(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise UnsupportedInput(
            f"{name} is no rectangular array of numbers ({error}). Pad a batch to one length, "
            f"tokenizer(texts, padding=True). {_ACCEPTED}"
        ) from None


def _with_batch(value: Any, count: int) -> Any:
    per_token = isinstance(value, torch.Tensor) and value.dim() > 0 and len(value) == count
    return value[None] if per_token else value


def padding_mask(mask: Any, expected: Sequence[int]) -> torch.Tensor:
    """Return a mask of padding as int64 [batch, positions]; refuse what is none."""
    shape = list(mask.shape) if isinstance(mask, torch.Tensor) else type(mask).__name__
    if shape != list(expected):
        raise UnsupportedInput(
            f"attention_mask is {shape}, the input is {list(expected)}. Only masks of padding are understood, "
            "[batch, tokens] with 1 for a token and 0 for padding."
        )
    if bool((mask < 0).any()):
        raise UnsupportedInput("attention_mask holds negative numbers; it is to be 1 for a token and 0 for padding.")
    padding: torch.Tensor = (mask != 0).long()
    return padding


def checked_item(item: int, count: int) -> int:
    """Return `item` if a batch of `count` has it."""
    try:
        number = operator.index(item)
    except TypeError:
        raise OutOfRange(f"item {item!r} is not a whole number.") from None
    if not 0 <= number < count:
        there_are = f"items 0..{count - 1}" if count > 1 else "one item, 0"
        raise OutOfRange(f"item {number} is out of range: the batch has {there_are}.")
    return number


def kept_positions(mask: torch.Tensor | None, item: int, length: int) -> torch.Tensor:
    """Positions of one item that its mask calls no padding, int64 on the CPU; all where there is no mask."""
    if mask is None:
        return torch.arange(length)
    valid: torch.Tensor = mask[item].cpu().nonzero().flatten()
    if not len(valid):
        raise EmptyInput(f"item {item} is all padding: its attention_mask has no 1.")
    return valid


def _listed(inputs: Mapping[str, Any]) -> str:
    return ", ".join(map(str, inputs)) or "nothing"
