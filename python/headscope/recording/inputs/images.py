"""The pictures that a model reads: pixels, or what a processor made of an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from headscope.errors import EmptyInput, UnsupportedInput
from headscope.recording.inputs.encoding import as_mapping, as_tensors, as_texts
from headscope.recording.layers.parts import base_of
from headscope.recording.layers.towers import PIXELS
from headscope.recording.pictures.patches import Patches

__all__ = ["image_token", "process", "read_pixels"]


def process(inputs: Any, image: Any, processor: Any) -> Any:
    """Run an image, and the text beside it if there is one, through a processor.

    Parameters
    ----------
    inputs
        A text, or None.
    image
        A PIL image, an array or the path of a file.
    processor
        An image processor, or one that takes text and images.

    Returns
    -------
    mapping
        What the processor returned.
    """
    if isinstance(inputs, Mapping):
        raise UnsupportedInput("the inputs are what a processor returned, and there is image= too; leave one out.")
    if image_processor(processor) is None:
        raise UnsupportedInput(
            "image= is for a processor to make pixels of: pass tokenizer=AutoProcessor.from_pretrained(...) or "
            "AutoImageProcessor.from_pretrained(...), or pass what they return as the inputs."
        )
    text = {} if inputs is None else {"text": inputs}
    try:
        return processor(images=_opened(image), return_tensors="pt", **text)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        token = getattr(processor, "image_token", None)
        hint = f" Its text names the place of an image by {token!r}." if isinstance(token, str) else ""
        raise UnsupportedInput(f"{type(processor).__name__} refused the image or its text: {error}.{hint}") from error


def image_processor(processor: Any) -> Any:
    """The part of a processor that makes pixels of images; None where there is none."""
    inner = getattr(processor, "image_processor", processor)
    return inner if callable(inner) and hasattr(inner, "image_mean") else None


def image_token(model: torch.nn.Module) -> int | None:
    """The id that stands for an image among those of a text."""
    config = getattr(base_of(model), "config", None)
    found = [getattr(config, name, None) for name in ("image_token_id", "image_token_index")]
    return next((token for token in found if isinstance(token, int)), None)


def read_pixels(model: torch.nn.Module, inputs: Any, processor: Any) -> tuple[dict[str, Any], Patches]:
    """Read pixels, or what a processor returned.

    Returns
    -------
    values : dict
        Tensors by name, `pixel_values` in the model's dtype among them.
    patches : Patches
        What the tower that sees reads.

    Raises
    ------
    EmptyInput, UnsupportedInput
    """
    if inputs is None or as_texts(inputs) is not None:
        raise UnsupportedInput(
            f"{type(model).__name__} reads {PIXELS}, not {'nothing' if inputs is None else 'text'}: pass what its "
            "processor returned, or image= and the processor as tokenizer=."
        )
    values = as_tensors(as_mapping(inputs, PIXELS))
    pixels = values[PIXELS]
    if not isinstance(pixels, torch.Tensor) or pixels.numel() == 0:
        raise EmptyInput("the input holds no pixel; pass at least one picture.")
    if pixels.dim() == 3 and not isinstance(inputs, Mapping):
        pixels = pixels[None]
    if not pixels.is_floating_point() or pixels.dim() < 2:
        raise UnsupportedInput(
            f"{type(model).__name__} reads {PIXELS}, floats [batch, channels, height, width]; these are "
            f"{pixels.dtype} {list(pixels.shape)}. Its processor makes them of an image."
        )
    values[PIXELS] = pixels = pixels.to(_dtype(model, pixels))
    made_by = image_processor(processor)
    mean, std = getattr(made_by, "image_mean", None), getattr(made_by, "image_std", None)
    return values, Patches(pixels, mean, std, one_each=_is_one_each(model, values))


def _opened(image: Any) -> Any:
    """An image as processors take it; one that is a path, read."""
    if not isinstance(image, str | Path):
        return image
    try:
        from PIL import Image

        with Image.open(image) as opened:
            return opened.convert("RGB")
    except ImportError:
        raise UnsupportedInput(f"to read {image}, install Pillow, or pass the image as an array.") from None
    except OSError as error:
        raise UnsupportedInput(f"{image} cannot be read as an image: {error}") from error


def _dtype(model: torch.nn.Module, pixels: torch.Tensor) -> torch.dtype:
    return next((weight.dtype for weight in model.parameters() if weight.is_floating_point()), pixels.dtype)


def _is_one_each(model: torch.nn.Module, values: Mapping[str, Any]) -> bool:
    """Whether the pictures are told to the texts: there is one text, or as many pictures as texts and one in each."""
    ids = values.get("input_ids")
    if ids is None or len(ids) == 1:
        return True
    named = (
        (ids == image_token(model)).any(dim=1) if image_token(model) is not None else torch.zeros(1, dtype=torch.bool)
    )
    return not bool(named.any()) or (bool(named.all()) and len(values[PIXELS]) == len(ids))
