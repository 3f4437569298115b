"""Small configurations of any model type: the default one with every size made small, by rules on names.

Equal sizes stay equal, so that what has to fit together still does: 4 heads of 16 are the width 64 everywhere. What
the rules cannot know stands in `recipes`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from transformers import PreTrainedConfig

from models.kinds import config_class
from models.recipes import CONFIGS

WIDTH, HEADS, HEAD_WIDTH, LAYERS, VOCABULARY, WINDOW, POSITIONS, GRID = 64, 4, 16, 2, 160, 8, 256, 4

# What a number is, by the name of its field; the first rule that fits decides, and None leaves the number as it is.
_RULES: list[tuple[str, Callable[[int], int] | None]] = [
    (r"^(n_group|topk_group|first_k_dense_replace|n_shared_experts|num_shared_experts)$", lambda n: min(n, 1)),
    (r"nextn|mtp_|max_window_layers|(feature|adapter|residual)_layers?$|conv_layers|upsampl|downsampl", None),
    (r"(^|_)(n_layers?|depth|num_blocks|layers)$", lambda n: min(n, LAYERS)),
    (r"key_value_heads|kv_heads|query_groups", lambda n: n),  # by their ratio, below
    (r"(^|_)n?_?heads?$", lambda n: min(n, HEADS)),
    (r"rope_head_dim$|^rotary_dim$", lambda n: min(n, 8)),
    (r"^qk_head_dim$", lambda n: min(n, HEAD_WIDTH + 8)),
    (r"(head_dim|head_size|^d_kv|kv_channels|^d_head|dim_head|_d_head)$", lambda n: min(n, HEAD_WIDTH)),
    (r"lora_rank$|_rank$|d_state$|state_size$", lambda n: min(n, HEAD_WIDTH)),
    (r"vocab_size$|vocab_size_base$", lambda n: min(n, VOCABULARY)),
    (r"position_embeddings|^n_positions$|^n_ctx$|seq_len$|max_length$|_positions$", lambda n: min(n, POSITIONS)),
    (r"sliding_window|attention_window|local_attention$|chunk_size$|window_size$", lambda n: min(n, WINDOW)),
    (r"index_topk$", lambda n: min(n, WINDOW)),
    (r"experts$|expert_num$", lambda n: min(n, 4)),
    (r"experts_per_tok$|top_?k(_experts)?$|^moe_k$", lambda n: min(n, 2)),
    (r"(image|patch|kernel|vocab|context|block|batch|stride|crop|frame|tubelet|type|group|beam|buffer)_?sizes?$", None),
    (r"^num_|channels$", None),
    (r"size$|sizes$|_?dims?$|_dim_|features$|units$|width$|feedforward|^d_(model|ff|inner)$|^dff$|^n_(embd|inner)$",
     lambda n: min(n, WIDTH)),
]  # fmt: skip
_TOKEN = re.compile(r"(token|start|end|pad|bos|eos|boi|eoi|sep|cls|mask)\w*_(id|ids|index)$")
_INDICES_OF_LAYERS = re.compile(r"(indexes|indices|layer_ids|layers_idx|attention_layers)$")


def tiny_config(model_type: str, **settings: Any) -> PreTrainedConfig:
    """A small configuration of a type, with some settings of its own."""
    settings = _read({**CONFIGS.get(model_type, {}), **settings})
    kind = config_class(model_type)
    nested = {name: value for name, value in settings.items() if isinstance(value, PreTrainedConfig)}
    return _shrunk(kind(**nested), settings, {})


def _read(recipe: dict[str, Any]) -> dict[str, Any]:
    """The settings of a recipe, in which a pair of a type and its settings stands for a configuration."""
    return {name: tiny_config(value[0], **value[1]) if _is_pair(value) else value for name, value in recipe.items()}


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)


def _shrunk(config: PreTrainedConfig, settings: dict[str, Any], tokens: dict[int, int]) -> PreTrainedConfig:
    """A configuration like `config`, with small numbers and some settings of its own."""
    kind = type(config)
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(kind) if field.init}
    small = {name: _small(name, value, config, tokens) for name, value in fields.items()}
    small |= _fewer_layers(config, fields)
    for name, value in fields.items():
        if isinstance(value, PreTrainedConfig) and name not in settings:
            small[name] = _shrunk(value, _read(CONFIGS.get(value.model_type, {})), tokens)
    usual = _usual(kind)
    changed = {
        name: value
        for name, value in small.items()
        if isinstance(value, PreTrainedConfig) or _differ(value, usual.get(name))
    }
    return kind(**{**changed, **settings})


def _usual(kind: Any) -> dict[str, Any]:
    try:
        return vars(kind())
    except Exception:  # a class without complete defaults: everything is passed
        return {}


def _differ(one: Any, other: Any) -> bool:
    return type(one) is not type(other) or one != other


def _small(name: str, value: Any, config: PreTrainedConfig, tokens: dict[int, int]) -> Any:
    if _TOKEN.search(name):
        return _token(value, tokens)
    if name in ("rope_parameters", "rope_scaling") and isinstance(value, dict):
        return _rope(value)
    if isinstance(value, bool) or not isinstance(value, int | tuple | list):
        return value
    if name == "image_size":
        return _picture(value, getattr(config, "patch_size", None))
    if name == "depths" or (name in ("num_layers", "num_blocks") and not isinstance(value, int)):
        return type(value)(min(depth, LAYERS) for depth in value)
    if not isinstance(value, int) or _is_pyramid(config):
        return value
    if re.search(r"key_value_heads|kv_heads|query_groups", name):
        return _groups(value, config)
    rule = next((rule for pattern, rule in _RULES if re.search(pattern, name)), None)
    return value if rule is None else rule(value)


def _is_pyramid(config: PreTrainedConfig) -> bool:
    """Whether the widths differ from stage to stage and are left as they are."""
    return any(
        isinstance(getattr(config, name, None), tuple | list) for name in ("depths", "hidden_sizes", "num_heads")
    )


def _groups(value: int, config: PreTrainedConfig) -> int:
    heads = getattr(config, "num_attention_heads", HEADS)
    if value == 1:
        return 1
    return HEADS if not isinstance(heads, int) or value >= heads else HEADS // 2


def _token(value: Any, tokens: dict[int, int]) -> Any:
    """A special token, moved below the end of the small vocabulary."""
    if isinstance(value, tuple | list):
        return type(value)(_token(one, tokens) for one in value)
    if isinstance(value, bool) or not isinstance(value, int) or value < VOCABULARY - 60:
        return value
    return tokens.setdefault(value, VOCABULARY - 1 - len(tokens))


def _rope(value: dict[str, Any]) -> dict[str, Any]:
    """Rotary settings, for heads of the small width."""
    small = {name: _rope(one) if isinstance(one, dict) else one for name, one in value.items()}
    if isinstance(small.get("mrope_section"), list | tuple):
        parts = len(small["mrope_section"])
        half = HEAD_WIDTH // 2
        small["mrope_section"] = [half - (half // parts) * (parts - 1), *[half // parts] * (parts - 1)]
    if isinstance(small.get("original_max_position_embeddings"), int):
        small["original_max_position_embeddings"] = min(small["original_max_position_embeddings"], POSITIONS // 4)
    return small


def _picture(value: Any, patch: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_picture(side, patch) for side in value)
    side = patch[-1] if isinstance(patch, tuple | list) and patch else patch
    return side * GRID if isinstance(side, int) and side >= 7 else min(value, 64)


def _fewer_layers(config: PreTrainedConfig, fields: dict[str, Any]) -> dict[str, Any]:
    """Of lists with one entry a layer, the entries of a few layers among which every kind of layer occurs."""
    count = getattr(config, "num_hidden_layers", None)
    if not isinstance(count, int):
        return {}
    small: dict[str, Any] = {}
    lists = {
        name: value
        for name, value in fields.items()
        if isinstance(value, list | tuple) and len(value) == count > LAYERS
    }
    lists = {name: value for name, value in lists.items() if not name.startswith(("id2", "label"))}
    if lists:
        kinds = [str([value[layer] for value in lists.values()]) for layer in range(count)]
        first = sorted({kinds.index(kind) for kind in kinds})[:4]
        chosen = first if len(first) >= LAYERS else list(range(LAYERS))
        small |= {name: type(value)(value[layer] for layer in chosen) for name, value in lists.items()}
        name = config.attribute_map.get("num_hidden_layers", "num_hidden_layers")
        small[name] = len(chosen)
    layers = next((small[name] for name in small if "layer" in name and isinstance(small[name], int)), LAYERS)
    for name, value in fields.items():
        if (
            _INDICES_OF_LAYERS.search(name)
            and isinstance(value, list | tuple)
            and value
            and max(value, default=0) >= layers
        ):
            small[name] = type(value)([layers - 1])
    return small
