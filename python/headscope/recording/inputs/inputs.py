"""From what a person passes in to what the model's forward gets, and the tokens that the picture shows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.inputs.encoding import SOUND, check_tokenizer, checked_item, kept_positions
from headscope.recording.inputs.images import process, read_pixels
from headscope.recording.inputs.limits import check_ids, check_length, input_embedding
from headscope.recording.inputs.sound import read_sound
from headscope.recording.inputs.target import decoder_inputs
from headscope.recording.inputs.text import read_text
from headscope.recording.layers.parts import base_of, forward_takes, is_twofold, stack_of
from headscope.recording.layers.towers import PIXELS
from headscope.recording.tokens.axes import Axis, Learnt
from headscope.recording.tokens.tokens import read_tokens

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
    axes: dict[str, Axis | Learnt]
    """Tokens of the item, padding left out: "encoder" and "decoder", or "self" where the model has no such parts; and
    again by what they are, "text", "audio" or "vision"."""
    batch: int
    """How many items there are."""
    item: int
    positional: tuple[Any, ...] = ()
    """Arguments of the forward before those."""
    plain: bool = False
    """Whether they are for a module that is no transformers model, of whose parts nothing is known by name."""


def prepare(
    model: torch.nn.Module,
    inputs: Any,
    tokenizer: Any = None,
    pair: str | Sequence[str] | None = None,
    item: int = 0,
    *,
    target: Any = None,
    image: Any = None,
    writes: bool = False,
) -> Inputs:
    """Make of text, ids, sound, pixels or a tokenizer's output what the model gets; refuse what it cannot take.

    Parameters
    ----------
    model
        A transformers model that reads token ids, sound or images.
    inputs
        A text; a list of texts (a padded batch); token ids, a list, array or tensor, [tokens] or [batch, tokens];
        a waveform, [samples] or [batch, samples]; pixels, [channels, height, width] or [batch, ...]; or a mapping, as
        tokenizers and processors return it.
    tokenizer
        Needed for texts; with ids it makes the tokens readable. A processor will do, and tells the sampling rate and
        the colours.
    pair
        A second text, for each text.
    item
        Which item of the batch is looked at. Positions that its attention mask leaves out are padding, wherever they
        stand: they are in the arguments and not in the tokens.
    target
        Text or token ids for the decoder of an encoder-decoder model.
    image
        An image, which the processor that is passed as `tokenizer` makes pixels of.
    writes
        The model is going to write the decoder's text itself (`generate`), so it needs no target.

    Raises
    ------
    NoTokenizer, NoTarget, EmptyInput, OutOfRange, TooManyTokens, UnsupportedInput
    """
    taken = _taken_by_forward(model)
    twofold = is_twofold(model)
    if not twofold and (target is not None or _holds_decoder_ids(inputs)):
        raise UnsupportedInput(f"{type(model).__name__} is no encoder-decoder model: it has no decoder for a target.")
    if image is not None:
        inputs = process(inputs, image, tokenizer)
    reads, values = _read(model, inputs, _kinds(inputs, taken), tokenizer, pair=pair, item=item)
    batch = _batch(values)
    item = checked_item(item, batch)
    first = "encoder" if twofold else "self"
    axes: dict[str, Axis | Learnt] = {first: next(iter(reads.values())), **reads}
    texts = {first: values} if "text" in reads else {}
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


_NAMES = {"text": ("input_ids",), "audio": SOUND, "vision": (PIXELS,)}
"""Under which names a forward takes each kind of thing that is read."""


def _kinds(inputs: Any, taken: Mapping[str, inspect.Parameter] | None) -> list[str]:
    """What of all that the model reads is there: "text", "audio", "vision"."""
    known = {kind: names for kind, names in _NAMES.items() if taken is None or set(names) & set(taken)}
    if isinstance(inputs, Mapping):
        held = [kind for kind, names in known.items() if any(inputs.get(name) is not None for name in names)]
        if held:
            return held
    return [next(iter(known))]


def _read(
    model: torch.nn.Module, inputs: Any, kinds: list[str], tokenizer: Any, *, pair: Any, item: int
) -> tuple[dict[str, Axis | Learnt], dict[str, Any]]:
    """Read all that the inputs hold.

    Returns
    -------
    reads : dict
        By kind, the tokens of the item or what the model makes tokens of.
    values : dict
        Tensors by name.
    """
    if pair is not None and "text" not in kinds:
        what = {"audio": "sound", "vision": "images"}[kinds[0]]
        raise UnsupportedInput(f"pair goes with a text, not with {what}; a text for the decoder is passed as target=.")
    reads: dict[str, Axis | Learnt] = {}
    values = inputs
    if "text" in kinds:
        values, reads["text"] = read_text(values, check_tokenizer(tokenizer), pair, item)
    if "audio" in kinds:
        values, reads["audio"] = read_sound(model, values, tokenizer)
    if "vision" in kinds:
        values, reads["vision"] = read_pixels(model, values, tokenizer)
    return reads, values


def _batch(values: Mapping[str, Any]) -> int:
    """How many items there are; pictures that come as one row of patches are one."""
    for names in _NAMES.values():
        for name in names:
            if name in values:
                return len(values[name]) if name != PIXELS or values[name].dim() > 2 else 1
    raise AssertionError("something was read")


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
    if named and not {name for names in _NAMES.values() for name in names} & set(named):
        raise UnsupportedInput(
            f"{type(base_of(model)).__name__} reads {named[0]}: only models that read token ids, sound or images can "
            "be captured yet."
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
        if unknown and (name == PIXELS or not open_ended):
            what = ", it reads no images" if name == PIXELS else ""
            raise UnsupportedInput(f"{type(model).__name__} takes no {name}{what}; leave it out of the inputs.")
        arguments[name] = value.to(device) if isinstance(value, torch.Tensor) else value
    return arguments


def _device(model: torch.nn.Module) -> torch.device:
    """Return where ids go: the device of the token embedding, else of the first weight that has one."""
    table = input_embedding(model)
    weights = chain(table.parameters() if table is not None else (), model.parameters())
    return next((weight.device for weight in weights if weight.device.type != "meta"), torch.device("cpu"))
