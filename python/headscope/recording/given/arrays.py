"""Arrays of every layer, out of whatever somebody has: torch or numpy, one array per layer or one of all layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from headscope.errors import UnsupportedInput
from headscope.recording.inputs.encoding import checked_item

__all__ = ["as_tensor", "is_array", "name_bad_heads", "read_layers"]


def read_layers(given: Any, what: str, item: int) -> list[torch.Tensor | None]:
    """One array per layer, [heads, rows, columns], of one item of a batch; views of what was given, where they can be.

    Parameters
    ----------
    given
        A sequence of one array per layer, [heads, rows, columns] or [batch, heads, rows, columns], or one array of all
        layers, [layers, heads, rows, columns] or [layers, batch, heads, rows, columns]. None may stand for a layer.
    what
        What to call it in an error.
    item
        Which item of the batch.

    Raises
    ------
    UnsupportedInput, OutOfRange
    """
    if is_array(given):
        stack = as_tensor(given, what)
        if stack.dim() not in (4, 5):
            raise UnsupportedInput(
                f"{what} is one array of shape {list(stack.shape)}: pass one array per layer in a list, or all layers "
                "stacked, [layers, heads, rows, columns] or [layers, batch, heads, rows, columns]."
            )
        return [_of_item(layer, f"{what}[{number}]", item) for number, layer in enumerate(stack)]
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise UnsupportedInput(f"{what} is a {type(given).__name__}: pass one array per layer in a list or a tuple.")
    return [None if layer is None else _read(layer, f"{what}[{number}]", item) for number, layer in enumerate(given)]


def is_array(given: Any) -> bool:
    """Whether it is one array, of torch, numpy or whatever turns into numpy, and no sequence of several."""
    return isinstance(given, torch.Tensor) or hasattr(given, "__array__")


def as_tensor(given: Any, name: str) -> torch.Tensor:
    """An array, or nested lists of numbers, as a tensor of floating point or bool; shares its memory where it can."""
    if not isinstance(given, torch.Tensor):
        given = _from_numpy(given, name)
    if given.is_complex():
        raise UnsupportedInput(f"{name} holds complex numbers.")
    tensor: torch.Tensor = given.detach()
    return tensor if tensor.is_floating_point() or tensor.dtype == torch.bool else tensor.float()


def name_bad_heads(array: torch.Tensor) -> str:
    """Name the heads of [heads, rows, columns] that hold NaN or infinite numbers; "" if none does."""
    bad = (~torch.isfinite(array).flatten(1).all(dim=1)).nonzero().flatten().tolist()
    if not bad:
        return ""
    return f"head {bad[0]}" if len(bad) == 1 else f"heads {', '.join(map(str, bad))}"


def _read(layer: Any, name: str, item: int) -> torch.Tensor:
    if isinstance(layer, Sequence) and len(layer) > 0 and is_array(layer[0]) and layer[0].ndim == 4:
        raise UnsupportedInput(
            f"{name} is a {type(layer).__name__} of arrays, as generate() returns them, one for each step. Run the "
            "model once on the whole text that it generated: hs.capture(model, output_ids, tokenizer=tokenizer)."
        )
    return _of_item(as_tensor(layer, name), name, item)


def _from_numpy(given: Any, name: str) -> torch.Tensor:
    try:
        array = np.asarray(given)
        if array.dtype.name not in ("float16", "float32", "float64", "bool"):
            array = array.astype(np.float32)
    except (ValueError, TypeError) as error:
        raise UnsupportedInput(f"{name} is no array of numbers ({type(given).__name__}: {error}).") from None
    fits = array.flags.writeable and array.dtype.isnative and min(array.strides, default=0) >= 0
    return torch.from_numpy(array if fits else np.array(array, dtype=array.dtype.newbyteorder("=")))


def _of_item(layer: torch.Tensor, name: str, item: int) -> torch.Tensor:
    if layer.dim() == 3:
        checked_item(item, 1)
        return layer
    if layer.dim() != 4:
        raise UnsupportedInput(
            f"{name} has the shape {list(layer.shape)}: a layer is [heads, rows, columns], "
            "or [batch, heads, rows, columns]."
        )
    own: torch.Tensor = layer[checked_item(item, len(layer))]
    return own
