"""Tiny random models that see, and where on a picture a token of theirs stands, found by changing pixels."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from transformers import PreTrainedModel

SIDE, PATCH = 24, 8
"""Pixels of a side of the picture and of a patch."""
_SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": SIDE,
    "patch_size": PATCH,
}

# Class, configuration class, its settings.
TOWERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "vit": ("ViTModel", "ViTConfig", {}),
    "deit": ("DeiTModel", "DeiTConfig", {}),
    "beit": ("BeitModel", "BeitConfig", {"use_relative_position_bias": True}),
    "dinov2": ("Dinov2Model", "Dinov2Config", {}),
    "dinov2 with registers": ("Dinov2WithRegistersModel", "Dinov2WithRegistersConfig", {"num_register_tokens": 2}),
    "dinov3": ("DINOv3ViTModel", "DINOv3ViTConfig", {"num_register_tokens": 3}),
    "yolos": ("YolosModel", "YolosConfig", {"image_size": [SIDE, SIDE], "num_detection_tokens": 3}),
    "clip": ("CLIPVisionModel", "CLIPVisionConfig", {}),
    "siglip": ("SiglipVisionModel", "SiglipVisionConfig", {"vision_use_head": False}),
    "ijepa": ("IJepaModel", "IJepaConfig", {}),
}


def build(name: str, seed: int = 0, **settings: Any) -> PreTrainedModel:
    """A tower in evaluation mode on its default attention implementation, with peaked weights."""
    model_class, config_class, given = TOWERS[name]
    torch.manual_seed(seed)
    config = getattr(transformers, config_class)(**{**_SIZES, **given, **settings})
    return peaked(getattr(transformers, model_class)(config))


def peaked(model: PreTrainedModel) -> PreTrainedModel:
    """The model in evaluation mode, its weights enlarged so that an error in the attention shows."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 or "relative_position_bias" in name:
                parameter.mul_(4)
            elif "lambda" in name or "layer_scale" in name:
                parameter.fill_(1)
    return model.eval()


def picture(batch: int = 1, height: int = SIDE, width: int = SIDE, channels: int = 3) -> torch.Tensor:
    """Random pixels [batch, channels, height, width]."""
    return torch.randn(batch, channels, height, width, generator=torch.Generator().manual_seed(1))


def entering(model: torch.nn.Module, module: str, given: dict[str, Any]) -> torch.Tensor:
    """What the module of this name is given first, [..., width], when the model runs on `given`."""
    seen: list[torch.Tensor] = []

    def note(_: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        seen.append(next(one for one in (*positional, *named.values()) if isinstance(one, torch.Tensor)).clone())

    handle = model.get_submodule(module).register_forward_pre_hook(note, with_kwargs=True)
    with torch.no_grad():
        model(**given)
    handle.remove()
    return seen[0]


def changed(given: dict[str, Any], cell: tuple[float, ...], image: int = 0) -> dict[str, Any]:
    """The inputs with other pixels in a cell of one picture, and nowhere else."""
    pixels = given["pixel_values"].clone()
    height, width = pixels.shape[-2:]
    left, top, across, down = (round(part * side) for part, side in zip(cell, (width, height) * 2, strict=True))
    pixels[image, :, top : top + down, left : left + across] += 1 + torch.rand(down, across)
    return {**given, "pixel_values": pixels}
