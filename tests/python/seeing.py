"""Tiny random models that see, and where on a picture a token of theirs stands, found by changing pixels."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
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


def peaked(model: PreTrainedModel, by: float = 4) -> PreTrainedModel:
    """The model in evaluation mode, its weights enlarged so that an error in the attention shows."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 or "relative_position_bias" in name:
                parameter.mul_(by)
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


# Towers beside a language model: class, configuration of the tower, that of the whole, the inputs.
_TEXT: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 99,
}
IMAGE = 98
"""Token id that stands for an image among those of a text."""
_ROPE = {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3]}}
_QWEN_IDS = {"image_token_id": IMAGE, "vision_start_token_id": 97, "vision_end_token_id": 96}


def beside_text(name: str, seed: int = 0) -> tuple[PreTrainedModel, dict[str, Any]]:
    """A vision-language model, and what its processor would return of a text with a picture, or two, in it."""
    torch.manual_seed(seed)
    model, given = _BESIDE_TEXT[name]()
    return peaked(model, by=3), given


def still(model: PreTrainedModel, tower: str) -> PreTrainedModel:
    """The model with a tower whose attention adds nothing: all that its tokens hold is their own."""
    with torch.no_grad():
        for name, module in model.get_submodule(tower).named_modules():
            if name.endswith(("out_proj", "o_proj", "attn.proj", "projection_layer")):
                module.weight.zero_()
    return model


def _llava(pictures: int = 1) -> tuple[PreTrainedModel, dict[str, Any]]:
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**_SIZES),
        text_config=transformers.LlamaConfig(**_TEXT),
        image_token_index=IMAGE,
    )
    ids = torch.tensor([[5, *([IMAGE] * 9 + [7]) * pictures, 8]])
    return transformers.LlavaForConditionalGeneration(config), {"input_ids": ids, "pixel_values": picture(pictures)}


def _pixtral() -> tuple[PreTrainedModel, dict[str, Any]]:
    sizes = {**_SIZES, "image_size": 32}
    config = transformers.LlavaConfig(
        vision_config=transformers.PixtralVisionConfig(**sizes),
        text_config=transformers.LlamaConfig(**_TEXT),
        image_token_index=IMAGE,
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
    )
    given = {
        "input_ids": torch.tensor([[5, *[IMAGE] * 6, 7, *[IMAGE] * 8]]),
        "pixel_values": picture(2, 32, 32),
        "image_sizes": torch.tensor([[24, 16], [16, 32]]),
    }
    return transformers.LlavaForConditionalGeneration(config), given


def _idefics3() -> tuple[PreTrainedModel, dict[str, Any]]:
    config = transformers.Idefics3Config(
        vision_config={**_SIZES, "image_size": 32},
        text_config=transformers.LlamaConfig(**_TEXT),
        image_token_id=IMAGE,
        scale_factor=2,
    )
    given = {
        "input_ids": torch.tensor([[5, *[IMAGE] * 4, 7, *[IMAGE] * 4, 8]]),
        "pixel_values": picture(2, 32, 32)[None],
    }
    return transformers.Idefics3ForConditionalGeneration(config), given


def _gemma3() -> tuple[PreTrainedModel, dict[str, Any]]:
    config = transformers.Gemma3Config(
        vision_config=transformers.SiglipVisionConfig(**{**_SIZES, "image_size": 32}, vision_use_head=False),
        text_config=transformers.Gemma3TextConfig(**_TEXT, head_dim=16),
        mm_tokens_per_image=4,
        image_token_index=IMAGE,
    )
    model = transformers.Gemma3ForConditionalGeneration(config)
    with torch.no_grad():
        model.model.multi_modal_projector.mm_input_projection_weight.normal_()  # made as zeros
    ids = torch.tensor([[2, 5, *[IMAGE] * 4, 6]])
    given = {"input_ids": ids, "pixel_values": picture(1, 32, 32), "token_type_ids": (ids == IMAGE).long()}
    return model, given


def _qwen(rows: list[list[int]], ids: list[int]) -> dict[str, Any]:
    """The inputs of Qwen-VL: patches apart, two frames each, in squares of 2 x 2."""
    grids = torch.tensor([[1, *row] for row in rows])
    count = int(grids.prod(dim=1).sum())
    tokens = torch.tensor([ids])
    return {
        "input_ids": tokens,
        "pixel_values": torch.randn(count, 3 * 2 * PATCH**2),
        "image_grid_thw": grids,
        "mm_token_type_ids": (tokens == IMAGE).int(),
    }


def _qwen2() -> tuple[PreTrainedModel, dict[str, Any]]:
    tower = {"depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "patch_size": PATCH, "mlp_ratio": 2}
    config = transformers.Qwen2VLConfig(vision_config=tower, text_config={**_TEXT, **_ROPE}, **_QWEN_IDS)
    given = _qwen([[4, 6], [2, 4]], [5, 97, *[IMAGE] * 6, 96, 7, 97, *[IMAGE] * 2, 96])
    return transformers.Qwen2VLForConditionalGeneration(config), given


def _qwen2_5() -> tuple[PreTrainedModel, dict[str, Any]]:
    tower = {
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 32,
        "out_hidden_size": 64,
        "num_heads": 2,
        "patch_size": PATCH,
        "window_size": 4 * PATCH,
        "fullatt_block_indexes": [1],
    }
    config = transformers.Qwen2_5_VLConfig(vision_config=tower, text_config={**_TEXT, **_ROPE}, **_QWEN_IDS)
    given = _qwen([[6, 10]], [5, 97, *[IMAGE] * 15, 96, 7])
    return transformers.Qwen2_5_VLForConditionalGeneration(config), given


_BESIDE_TEXT: dict[str, Callable[[], tuple[PreTrainedModel, dict[str, Any]]]] = {
    "llava": _llava,
    "llava, two pictures": lambda: _llava(2),
    "pixtral": _pixtral,
    "idefics3": _idefics3,
    "gemma3": _gemma3,
    "qwen2-vl": _qwen2,
    "qwen2.5-vl": _qwen2_5,
}
BESIDE_TEXT = list(_BESIDE_TEXT)


# Windows


def swin(side: int) -> PreTrainedModel:
    """Two stages of windows of 4 x 4 patches, every second layer of which shifts them by two."""
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "patch_size": 4}
    return peaked(transformers.SwinModel(transformers.SwinConfig(image_size=side, **sizes)))


def window_order(side: int, shift: int, window: int = 4) -> torch.Tensor:
    """Which token of side x side stands where when windows are made of them, [windows, window * window]; -1: padding.

    As Swin says it: padded at the right and bottom, rolled by the shift, cut into windows.
    """
    padded = -(-side // window) * window
    numbers = torch.full((padded, padded), -1)
    numbers[:side, :side] = torch.arange(side * side).view(side, side)
    rolled = numbers.roll((-shift, -shift), (0, 1))
    count = padded // window
    return rolled.view(count, window, count, window).transpose(1, 2).reshape(-1, window * window)


def eager_weights(model: PreTrainedModel, given: dict[str, Any]) -> dict[str, list[torch.Tensor]]:
    """What the model file's own eager function says its weights are, [rows, heads, queries, keys] of each call."""
    twin = copy.deepcopy(model)
    twin.set_attn_implementation("eager")
    names = {id(module): name for name, module in twin.named_modules()}
    weights: dict[str, list[torch.Tensor]] = {}
    original = transformers.AttentionInterface.get_interface

    def get_interface(self: Any, implementation: str, default: Callable[..., Any]) -> Callable[..., Any]:
        function = original(self, implementation, default)

        def watched(module: torch.nn.Module, *arguments: Any, **options: Any) -> Any:
            returned = function(module, *arguments, **options)
            weights.setdefault(names[id(module)], []).append(returned[1])
            return returned

        return watched

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(transformers.AttentionInterface, "get_interface", get_interface)
        twin(**given)
    return weights


def diagonal(calls: list[torch.Tensor]) -> torch.Tensor:
    """The weights of several rows of several calls along the diagonal of one map, [heads, queries, keys]."""
    rows = [row for call in calls for row in call]
    return torch.stack([torch.block_diag(*heads) for heads in zip(*rows, strict=True)])
