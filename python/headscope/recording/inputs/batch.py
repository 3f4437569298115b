"""One item of a batch, where nothing says which axis of the inputs is the batch: that is found by running the module.

Cut out alone, an item gives what it gives within its batch. Of an axis of tokens this is not so.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from headscope.errors import UnsupportedInput
from headscope.recording.inputs.encoding import checked_item
from headscope.recording.tiers.dispatch import without_fast_path

__all__ = ["one_item"]

Arguments = inspect.BoundArguments

_OWN = (
    nn.MultiheadAttention,
    nn.TransformerEncoder,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoder,
    nn.TransformerDecoderLayer,
    nn.Transformer,
)
"""Modules of torch that say where their batch is."""

_SAME = {torch.float64: 1e-8, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 5e-2}
"""How far outputs may be apart that are the same, in units of the largest of them."""


def one_item(model: torch.nn.Module, arguments: Arguments, item: int) -> Arguments:
    """Cut one item out of the arguments of a forward.

    Parameters
    ----------
    model
        A module in evaluation mode. It is run, a few times, where it does not say which axis is the batch.
    arguments
        What it is given.
    item
        Which item.

    Raises
    ------
    OutOfRange
        Where there is no such item.
    UnsupportedInput
        Where it cannot be told what is an item.
    """
    first = next((value for value in arguments.arguments.values() if isinstance(value, torch.Tensor)), None)
    if first is None or first.dim() < 2:
        return _alone(arguments, item)
    if isinstance(model, _OWN):
        own = next(module for module in model.modules() if isinstance(module, nn.MultiheadAttention))
        return _alone(arguments, item) if first.dim() == 2 else _cut(arguments, 0 if own.batch_first else 1, item)
    if first.shape[0] == 1:
        return _alone(arguments, item)
    unbatched = first.dim() == 2 and first.is_floating_point()
    whole = _outputs(model, arguments)
    for axis in (0, 1):
        size = first.shape[axis]
        if size == 1 or all(_goes_alone(model, arguments, whole, axis, index) for index in {0, item % size, size - 1}):
            return _cut(arguments, axis, item)
    if unbatched:
        return _alone(arguments, item)
    raise UnsupportedInput(
        f"which axis of {list(first.shape)} is the batch is not known: an item alone gives other outputs of "
        f"{type(model).__name__} than within a batch along the first axis, and along the second. Pass one text at a "
        "time."
    )


def _alone(arguments: Arguments, item: int) -> Arguments:
    checked_item(item, 1)
    return arguments


def _cut(arguments: Arguments, axis: int, item: int) -> Arguments:
    """One item of a batch along `axis`; what was one object stays one, for modules tell self-attention by that."""
    given = arguments.arguments
    size = next(value for value in given.values() if isinstance(value, torch.Tensor)).shape[axis]
    item = checked_item(item, size)
    cut = {id(value): _of_item(name, value, axis, size, item) for name, value in given.items()}
    return Arguments(arguments.signature, OrderedDict((name, cut[id(value)]) for name, value in given.items()))


def _of_item(name: str, value: Any, axis: int, size: int, item: int) -> Any:
    if not isinstance(value, torch.Tensor) or value.dim() == 0:
        return value
    if "mask" in name and "padding" not in name:
        square = value.dim() == 2 and value.shape[0] == value.shape[1]
        several = 0 if square else value.shape[0] // size  # heads, where each has a mask of its own
        return value[item * several : (item + 1) * several] if several and value.shape[0] % size == 0 else value
    axis = 0 if "padding" in name or value.dim() == 1 else axis
    return value.narrow(axis, item, 1) if value.shape[axis] == size else value


def _goes_alone(model: torch.nn.Module, arguments: Arguments, whole: list[torch.Tensor], axis: int, item: int) -> bool:
    """Whether an item cut out along `axis` gives what it gives within the batch."""
    try:
        alone = _outputs(model, _cut(arguments, axis, item))
    except torch.OutOfMemoryError:
        raise  # says nothing of the axis
    except Exception:
        return False
    pairs = [pair for pair in zip(whole, alone, strict=False) if pair[0].shape != pair[1].shape]
    return len(whole) == len(alone) and bool(pairs) and all(_is_item(*pair, item) for pair in pairs)


def _is_item(whole: torch.Tensor, alone: torch.Tensor, item: int) -> bool:
    if whole.dim() != alone.dim():
        return False
    axes = [axis for axis, (many, one) in enumerate(zip(whole.shape, alone.shape, strict=True)) if many != one]
    if len(axes) != 1 or alone.shape[axes[0]] != 1:
        return False
    own = whole.narrow(axes[0], item, 1).nan_to_num()
    limit = _SAME.get(whole.dtype, _SAME[torch.bfloat16]) * float(own.abs().max())
    return float((own - alone.nan_to_num()).abs().max()) <= limit


def _outputs(model: torch.nn.Module, arguments: Arguments) -> list[torch.Tensor]:
    with torch.no_grad(), without_fast_path():
        return list(_floats(model(*arguments.args, **arguments.kwargs)))


def _floats(returned: Any) -> Iterator[torch.Tensor]:
    if isinstance(returned, torch.Tensor):
        if returned.is_floating_point():
            yield returned
    elif isinstance(returned, Mapping | tuple | list):
        for one in returned.values() if isinstance(returned, Mapping) else returned:
            yield from _floats(one)
