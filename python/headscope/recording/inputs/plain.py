"""What a module that is no transformers model is given: a tensor, or the arguments of its forward."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.inputs.batch import one_item
from headscope.recording.inputs.encoding import SOUND, WAVEFORM, as_tensors, as_texts, check_tokenizer, encode_texts
from headscope.recording.inputs.inputs import Inputs
from headscope.recording.layers.parts import base_of, forward_takes
from headscope.recording.layers.towers import PIXELS
from headscope.recording.tokens.plain_tokens import names_of

__all__ = ["is_plain", "plain_inputs"]


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def is_plain(model: torch.nn.Module, inputs: Any, tokens: Any) -> bool:
    """Whether a module is to be given what it is passed as it is: it takes nothing that `prepare` knows to make."""
    base = base_of(model)
    named = [one.name for one in forward_takes(model).values() if one.kind not in _VARIADIC]
    if (named and not {"input_ids", PIXELS, *SOUND} & set(named)) or _is_no_waveform(inputs):
        return True
    as_arguments = isinstance(inputs, tuple) and any(isinstance(one, torch.Tensor) for one in inputs)
    return not _is_transformers(base) and (tokens is not None or as_arguments)


def _is_no_waveform(inputs: Any) -> bool:
    """Whether what is named as a waveform has more axes than [batch, samples]: frames of it, or channels."""
    values = inputs.get(WAVEFORM) if isinstance(inputs, Mapping) else None
    return getattr(values, "ndim", 0) > 2


def plain_inputs(model: torch.nn.Module, inputs: Any, tokens: Any, tokenizer: Any, item: int) -> Inputs:
    """Make of what was passed in the arguments for one item, and the names of the axes.

    Parameters
    ----------
    model
        A torch module in evaluation mode.
    inputs
        What its forward takes: a tensor or an array, a tuple of positional arguments, or a mapping of keyword
        arguments. A text, or a list of token ids, becomes a tensor of ids [1, tokens].
    tokens
        Names for the axes, see `names_of`.
    tokenizer
        Whose ids these are.
    item
        Which item of the batch.

    Raises
    ------
    UnsupportedInput, NoTokenizer, OutOfRange
    """
    tokenizer = check_tokenizer(tokenizer)
    arguments = one_item(model, _bound(model, *_arguments(inputs, tokenizer)), item)
    ids = [value for value in arguments.arguments.values() if isinstance(value, torch.Tensor) and _is_whole(value)]
    names: dict[str, Any] = {**names_of(model, tokens, ids, tokenizer)}
    return Inputs(arguments.kwargs, names, batch=1, item=0, positional=arguments.args, plain=True)


def _arguments(inputs: Any, tokenizer: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments."""
    if inputs is None:
        return (), {}
    texts = as_texts(inputs)
    if texts is not None and len(texts) > 1:
        raise UnsupportedInput("several texts need padding, of which a plain torch module knows nothing; pass one.")
    if texts is not None:
        return (torch.as_tensor(encode_texts(texts, None, tokenizer)["input_ids"]),), {}
    if isinstance(inputs, Mapping):
        return (), {str(name): _as_tensor(value) for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(map(_as_tensor, inputs)), {}
    if isinstance(inputs, list):
        ids = as_tensors({"inputs": inputs})["inputs"]
        return (ids[None] if ids.dim() == 1 else ids,), {}
    return (_as_tensor(inputs),), {}


def _bound(model: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> inspect.BoundArguments:
    """The arguments by the names that the forward has for them, on the module's device."""
    try:
        bound = inspect.signature(model.forward).bind(*positional, **named)
    except TypeError as error:
        raise UnsupportedInput(
            f"{type(model).__name__}.forward{inspect.signature(model.forward)} cannot be called with these inputs: "
            f"{error}. Pass a tensor, a tuple of positional arguments, or a mapping of keyword arguments."
        ) from None
    device = next((one.device for one in model.parameters() if one.device.type != "meta"), torch.device("cpu"))
    moved = {id(value): value.to(device) for value in bound.arguments.values() if isinstance(value, torch.Tensor)}
    for name, value in bound.arguments.items():
        bound.arguments[name] = moved.get(id(value), value)
    return bound


def _as_tensor(value: Any) -> Any:
    return torch.as_tensor(value) if hasattr(value, "__array__") and not isinstance(value, torch.Tensor) else value


def _is_whole(tensor: torch.Tensor) -> bool:
    return not tensor.is_floating_point() and tensor.dtype != torch.bool and tensor.dim() > 0


def _is_transformers(model: torch.nn.Module) -> bool:
    transformers = sys.modules.get("transformers")  # nobody has a model of it who has not imported it
    return transformers is not None and isinstance(model, transformers.PreTrainedModel)
