"""Sensible inputs of a tiny model, by the names of what its forward takes, as processors return them.

One name may mean several shapes (a spectrogram with the frames first or last), and what is needed besides the main
input is not written down; so what is likely is tried, until the forward runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from models.recipes import INPUTS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TOKENS, TARGET, FRAMES, SAMPLES, PATCHES = 21, 9, 64, 1600, 16


def inputs_for(model: PreTrainedModel, model_type: str) -> dict[str, Any]:
    """Inputs with which the forward of the model runs."""
    failure: Exception | None = None
    recipe = INPUTS.get(model_type, {})
    for attempt in [*_beside_pictures(model, recipe), *_attempts(model, recipe)]:
        try:
            given = attempt()
            forward(model, given)
            return given
        except Exception as error:
            failure = failure or error
    raise failure or LookupError(f"no rule makes {', '.join(_needed(model))}")


def forward(model: PreTrainedModel, given: dict[str, Any], **more: Any) -> Any:
    """One forward without a cache."""
    cache = {"use_cache": False} if "use_cache" in inspect.signature(model.forward).parameters else {}
    with torch.no_grad():
        return model(**given, **cache, **more)


def _attempts(model: PreTrainedModel, recipe: dict[str, Any]) -> Iterator[Callable[[], dict[str, Any]]]:
    """What may be the inputs, likely ones first."""
    taken = inspect.signature(model.forward).parameters
    needed = _needed(model)
    others = [name for name in _MAKERS if name in taken and name not in needed and name not in recipe]
    for more in ([], *([name] for name in others), others):
        names = [name for name in dict.fromkeys([*needed, *more]) if name not in recipe]
        if all(name in _MAKERS for name in names):
            for makers in product(*(_MAKERS[name] for name in names)):
                yield partial(_made, model, dict(zip(names, makers, strict=True)), recipe)


def _beside_pictures(model: PreTrainedModel, recipe: dict[str, Any]) -> list[Callable[[], dict[str, Any]]]:
    """A text with a picture in it, for models that put pictures into texts."""
    if recipe or not hasattr(model, "get_image_features") or _image_token(model) is None:
        return []
    return [partial(_beside_picture, model, maker) for maker in _MAKERS["pixel_values"]]


def _image_token(model: PreTrainedModel) -> int | None:
    token: int | None = _config(model, "image_token_id", "image_token_index")
    return token


def _beside_picture(model: PreTrainedModel, maker: Any) -> dict[str, Any]:
    """A text with as many image tokens as the model makes of a picture."""
    generator = torch.Generator().manual_seed(1)
    token, taken = _image_token(model), inspect.signature(model.forward).parameters
    picture = {"pixel_values": maker(model, generator)}
    if "image_grid_thw" in taken:
        picture["image_grid_thw"] = _grid()
    sizes = inspect.signature(model.get_image_features).parameters.get("image_sizes")
    if sizes is not None and sizes.default is sizes.empty:
        picture["image_sizes"] = torch.tensor([picture["pixel_values"].shape[-2:]])
    with torch.no_grad():
        made = model.get_image_features(**picture)
    features = getattr(made, "pooler_output", made)
    count = sum(one.shape[:-1].numel() for one in ([features] if isinstance(features, torch.Tensor) else features))
    words = torch.randint(20, 90, (TOKENS,), generator=generator)
    ids = torch.cat([words[:3], torch.full((count,), token), words[3:]])[None]
    kinds = {"mm_token_type_ids": (ids == token).long()} if "mm_token_type_ids" in taken else {}
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), **kinds, **picture}


def _made(model: PreTrainedModel, makers: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    made = {name: maker(model, generator) for name, maker in makers.items()}
    made |= {name: _read(value, generator) for name, value in recipe.items() if value is not None}
    masked = "attention_mask" in inspect.signature(model.forward).parameters and "attention_mask" not in recipe
    return {**made, "attention_mask": torch.ones_like(made["input_ids"])} if masked and "input_ids" in made else made


def _needed(model: PreTrainedModel) -> list[str]:
    """The main inputs of a forward, and those without a default."""
    taken = inspect.signature(model.forward).parameters
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [name for name, one in taken.items() if one.default is one.empty and one.kind not in variadic]
    texts = ["input_ids", "decoder_input_ids"] if model.config.is_encoder_decoder else ["input_ids"]
    texts = [name for name in texts if name in taken]
    main = [model.main_input_name] if isinstance(model.main_input_name, str) else list(model.main_input_name)
    return list(dict.fromkeys([*texts, *needed, *([] if "input_ids" in texts else (n for n in main if n in taken))]))


def _read(recipe: Any, generator: torch.Generator) -> Any:
    """What a recipe says: the shape of random numbers (a list), bounds and a shape of whole ones (a tuple), a value."""
    if isinstance(recipe, tuple):
        low, high, *shape = recipe
        return torch.randint(low, high, shape, generator=generator)
    if isinstance(recipe, list):
        return torch.randn(recipe, generator=generator)
    return torch.tensor(recipe["values"]) if isinstance(recipe, dict) else recipe


def _config(model: PreTrainedModel, *names: str, otherwise: Any = None) -> Any:
    """The first of some settings that the model's configuration, or one nested in it, has."""
    configs = [model.config]
    for config in configs:
        configs += [vars(config)[name] for name in config.sub_configs if vars(config).get(name) is not None]
    found = [vars(config).get(config.attribute_map.get(name, name)) for name in names for config in configs]
    return next((value for value in found if value is not None), otherwise)


def _ids(length: int) -> Callable[[PreTrainedModel, torch.Generator], torch.Tensor]:
    def make(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
        vocabulary = _config(model, "vocab_size", otherwise=160)
        most = _config(model, "max_position_embeddings", otherwise=length)
        return torch.randint(5, max(6, min(100, vocabulary)), (1, min(length, most)), generator=generator)

    return make


def _picture(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    size = _config(model, "image_size", "input_size", otherwise=64)
    height, width = (size, size) if isinstance(size, int) else tuple(size)[-2:]
    channels = _config(model, "num_channels", "in_channels", "in_chans", otherwise=3)
    return torch.randn(1, channels, height, width, generator=generator)


def _frames(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    _, *picture = _picture(model, generator).shape
    return torch.randn(1, _config(model, "num_frames", otherwise=2), *picture, generator=generator)


def _patches(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    """The patches of one picture, each a row of numbers."""
    side, channels = _config(model, "patch_size", otherwise=16), _config(model, "in_channels", "in_chans", otherwise=3)
    depth = _config(model, "temporal_patch_size", otherwise=1)
    return torch.randn(PATCHES, channels * depth * side * side, generator=generator)


def _numbered_patches(_: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    """Patches that begin with their row and column, counted from 1."""
    places = torch.cartesian_prod(torch.arange(1.0, 5.0), torch.arange(1.0, 5.0))
    return torch.cat([places, torch.randn(PATCHES, 768, generator=generator)], dim=1)[None]


def _states(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    width = _config(model, "input_size", "input_dim", "hidden_size", otherwise=64)
    return torch.randn(1, TOKENS, width, generator=generator)


def _waveform(_: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(1, SAMPLES, generator=generator)


def _channel(_: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(1, 1, SAMPLES, generator=generator)


_BINS = ("num_mel_bins", "n_mel_bins", "input_feat_per_channel", "feature_projection_input_dim", "input_dim")


def _spectrogram(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    most = _config(model, "max_source_positions")
    return torch.randn(1, _config(model, *_BINS, otherwise=80), 2 * most if most else FRAMES, generator=generator)


def _frames_first(model: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return _spectrogram(model, generator).transpose(1, 2)


def _boxes(_: PreTrainedModel, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, 20, (1, TOKENS, 4), generator=generator).sort(-1).values


def _grid(*_: Any) -> torch.Tensor:
    return torch.tensor([[1, 4, 4]])


def _ones_of(length: int) -> Callable[..., torch.Tensor]:
    return lambda *_: torch.ones(1, length, dtype=torch.long)


# By the name of the input, the shapes that it may have, likely ones first.
_MAKERS: dict[str, list[Callable[[PreTrainedModel, torch.Generator], Any]]] = {
    "input_ids": [_ids(TOKENS)],
    "decoder_input_ids": [_ids(TARGET)],
    "pixel_values": [_picture, _frames, _patches],
    "pixel_values_videos": [_frames],
    "input_values": [_waveform, _channel, _frames_first],
    "input_features": [_frames_first, _spectrogram],
    "hidden_states": [_patches, _states, _picture],
    "inputs_embeds": [_states],
    "grid_thw": [_grid],
    "image_grid_thw": [_grid],
    "input_features_mask": [_ones_of(FRAMES)],
    "bbox": [_boxes, lambda *given: _boxes(*given) / 20],
    "flattened_patches": [_numbered_patches],
    "spectrogram": [_frames_first],
}
