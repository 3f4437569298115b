"""Sensible inputs of a tiny model, by the names of what its forward takes, as processors return them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from models.recipes import INPUTS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TOKENS, TARGET, FRAMES, SAMPLES = 21, 9, 64, 1600


def inputs_for(model: PreTrainedModel, model_type: str) -> dict[str, Any]:
    """The inputs that a forward of the model needs, and those that its recipe names."""
    generator = torch.Generator().manual_seed(1)
    taken = inspect.signature(model.forward).parameters
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [
        name for name, one in taken.items() if one.default is inspect.Parameter.empty and one.kind not in variadic
    ]
    recipe = INPUTS.get(model_type, {})
    main = [name for name in ("input_ids", "decoder_input_ids") if name in taken]
    main = main or [name for name in (model.main_input_name,) if name in taken]
    wanted = dict.fromkeys([*main, *needed, *recipe])
    made: dict[str, Any] = {}
    for name in wanted:
        made[name] = _made(name, recipe.get(name), model, generator)
    if "attention_mask" in taken and "input_ids" in made and "attention_mask" not in made:
        made["attention_mask"] = torch.ones_like(made["input_ids"])
    return {name: value for name, value in made.items() if value is not None}


def _made(name: str, recipe: Any, model: PreTrainedModel, generator: torch.Generator) -> Any:
    """One input: what the recipe says (its shape, or None to leave it out), else what the name tells."""
    if isinstance(recipe, list):
        return torch.randn(recipe, generator=generator)
    if isinstance(recipe, tuple):
        low, high, *shape = recipe
        return torch.randint(low, high, shape, generator=generator)
    if recipe is not None:
        return recipe if not isinstance(recipe, dict) else torch.tensor(recipe["values"])
    maker = _MAKERS.get(name)
    if maker is None:
        raise LookupError(f"no rule makes {name}")
    return maker(model, generator)


def _config(model: PreTrainedModel, *names: str) -> Any:
    """The first of some settings that the model's configuration, or one nested in it, has."""
    configs = [model.config]
    for config in configs:
        configs += [getattr(config, name) for name in config.sub_configs if getattr(config, name, None) is not None]
    found = [getattr(config, name, None) for name in names for config in configs]
    return next((value for value in found if value is not None), None)


def _ids(length: int) -> Callable[[PreTrainedModel, torch.Generator], torch.Tensor]:
    def make(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
        vocabulary = _config(model, "vocab_size") or 160
        return torch.randint(5, max(6, min(100, vocabulary)), (1, length), generator=generator)

    return make


def _pictures(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    size = _config(model, "image_size", "input_size") or 64
    height, width = (size, size) if isinstance(size, int) else tuple(size)[-2:]
    channels = _config(model, "num_channels", "in_channels", "in_chans") or 3
    return torch.randn(1, channels, height, width, generator=generator)


def _video(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    picture = _pictures(model, generator)
    return torch.randn(1, _config(model, "num_frames") or 2, *picture.shape[1:], generator=generator)


def _waveform(_: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(1, SAMPLES, generator=generator)


def _spectrogram(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    bins = _config(model, "num_mel_bins", "input_feat_per_channel", "feature_projection_input_dim", "input_dim") or 80
    most = _config(model, "max_source_positions")
    frames = 2 * most if most else FRAMES
    return torch.randn(1, bins, frames, generator=generator)


def _boxes(_: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, 20, (1, TOKENS, 4), generator=generator).sort(-1).values


def _series(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(1, _config(model, "context_length") or 32, generator=generator)


_MAKERS: dict[str, Callable[[PreTrainedModel, torch.Generator], Any]] = {
    "input_ids": _ids(TOKENS),
    "decoder_input_ids": _ids(TARGET),
    "pixel_values": _pictures,
    "pixel_values_videos": _video,
    "input_values": _waveform,
    "input_features": _spectrogram,
    "bbox": _boxes,
    "past_values": _series,
}
