"""From what a person passes in to what the model's forward gets, and the tokens that the picture shows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.axes import Axis, Sound
from headscope.recording.encoding import SOUND, check_tokenizer, checked_item, kept_positions
from headscope.recording.limits import check_ids, check_length, input_embedding
from headscope.recording.parts import base_of, forward_takes, stack_of
from headscope.recording.sound import read_sound, sound_input
from headscope.recording.target import decoder_inputs
from headscope.recording.text import read_text
from headscope.recording.tokens import read_tokens

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
    axes: dict[str, Axis | Sound]
    """Tokens of the item, padding left out: "encoder" and "decoder", or "self" where the model has no such parts."""
    batch: int
    """How many items there are."""
    item: int


def prepare(
    model: torch.nn.Module,
    inputs: Any,
    tokenizer: Any = None,
    pair: str | Sequence[str] | None = None,
    item: int = 0,
    *,
    target: Any = None,
    writes: bool = False,
) -> Inputs:
    """Make of text, ids, sound or a tokenizer's output what the model gets; refuse what it cannot take.

    Parameters
    ----------
    model
        A transformers model that reads token ids, or sound.
    inputs
        A text; a list of texts (a padded batch); token ids, a list, array or tensor, [tokens] or [batch, tokens];
        a waveform, [samples] or [batch, samples]; or a mapping, as tokenizers and processors return it.
    tokenizer
        Needed for texts; with ids it makes the tokens readable. A processor will do, and tells the sampling rate.
    pair
        A second text, for each text.
    item
        Which item of the batch is looked at. Positions that its attention mask leaves out are padding, wherever they
        stand: they are in the arguments and not in the tokens.
    target
        Text or token ids for the decoder of an encoder-decoder model.
    writes
        The model is going to write the decoder's text itself (`generate`), so it needs no target.

    Raises
    ------
    NoTokenizer, NoTarget, EmptyInput, OutOfRange, TooManyTokens, UnsupportedInput
    """
    taken = _taken_by_forward(model)
    twofold = "decoder_input_ids" in (taken or ())
    if not twofold and (target is not None or _holds_decoder_ids(inputs)):
        raise UnsupportedInput(f"{type(model).__name__} is no encoder-decoder model: it has no decoder for a target.")
    sound = sound_input(inputs, taken or ())
    source: Axis | Sound
    if sound is not None and pair is not None:
        raise UnsupportedInput("pair goes with a text, not with sound; a text for the decoder is passed as target=.")
    if sound is not None:
        values, source = read_sound(model, inputs, sound, tokenizer)
    else:
        values, source = read_text(inputs, check_tokenizer(tokenizer), pair, item)
    batch = len(values[sound or "input_ids"])
    item = checked_item(item, batch)
    first = "encoder" if twofold else "self"
    axes: dict[str, Axis | Sound] = {first: source}
    texts = {first: values} if sound is None else {}
    if twofold and not (writes and not _holds_decoder_ids(inputs)):
        given, kept = decoder_inputs(model, values, target, check_tokenizer(tokenizer), batch)
        axes["decoder"] = _decoder_axis(given, kept, check_tokenizer(tokenizer), item)
        texts["decoder"] = {"input_ids": given["decoder_input_ids"]}
        values = {**values, **given}
    for name, text in texts.items():
        reader = stack_of(model, name) or model
        check_ids(reader, text["input_ids"])
        check_length(reader, text)
    return Inputs(_arguments(model, values, taken), axes, batch, item)


def _holds_decoder_ids(inputs: Any) -> bool:
    return isinstance(inputs, Mapping) and inputs.get("decoder_input_ids") is not None


def _decoder_axis(given: dict[str, torch.Tensor], kept: torch.Tensor | None, tokenizer: Any, item: int) -> Axis:
    ids = given["decoder_input_ids"]
    valid = kept_positions(kept, item, ids.shape[1])
    return Axis(ids.shape[1], valid, read_tokens(ids[item, valid].tolist(), tokenizer))


def _taken_by_forward(model: torch.nn.Module) -> Mapping[str, inspect.Parameter] | None:
    """Return the parameters of the model's forward, None where a wrapper hides them; refuse what reads neither."""
    taken = forward_takes(model)
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [name for name, parameter in taken.items() if parameter.kind not in variadic]
    if named and not {"input_ids", *SOUND} & set(named):
        raise UnsupportedInput(
            f"{type(base_of(model)).__name__} reads {named[0]}: only models that read token ids or sound can be "
            "captured yet."
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
