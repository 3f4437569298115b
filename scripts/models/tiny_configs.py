"""Small configurations of any model type: the default one with every size made small, by rules on names.

Equal sizes stay equal, so that what has to fit together still does: 4 heads of 16 are the width 64 everywhere. What
the rules cannot know stands in `recipes`.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from transformers import PreTrainedConfig

from models.kinds import config_class, modeling_files
from models.recipes import CONFIGS

WIDTH, HEADS, HEAD_WIDTH, LAYERS, VOCABULARY, WINDOW, POSITIONS, GRID = 64, 4, 16, 2, 160, 8, 256, 4

# The most that a number may be, by the name of its field; the first that fits decides, None leaves it as it is.
_MOST: list[tuple[str, int | None]] = [
    (r"^(n_group|topk_group|first_k_dense_replace|n_shared_experts|num_shared_experts|n_groups|\w+_n_groups)$", 1),
    (r"nextn|mtp_|max_window_layers|(feature|adapter|residual)_layers?$|conv_layers|upsampl|downsampl", None),
    (r"(^|_)(n_layers?|depth|num_blocks|layers)$", LAYERS),
    (r"mamba_(d_head|head_?dim)|^mamba_headdim$", 2 * HEAD_WIDTH),
    (r"rope_head_dim$|^rotary_dim$", HEAD_WIDTH // 2),
    (r"^qk_head_dim$", HEAD_WIDTH + HEAD_WIDTH // 2),
    (r"(head_dim|head_size|^d_kv|kv_channels|^d_head|dim_head|_d_head)$", HEAD_WIDTH),
    (r"(^|_)n?_?heads?$", HEADS),
    (r"^num_queries$|num_proposals$", 9),
    (r"lora_rank$|_rank$|d_state$|state_size$", HEAD_WIDTH),
    (r"vocab_size", VOCABULARY),
    (r"position_embeddings|^n_positions$|^n_ctx$|seq_len$|max_length$|_positions$", POSITIONS),
    (r"sliding_window|attention_window|local_attention$|chunk_size$|window_size$|^index_topk$", WINDOW),
    (r"experts$|expert_num$", 4),
    (r"experts_per_tok$|top_?k(_experts)?$|^moe_k$", 2),
    (
        r"(image|patch|kernel|context|block|batch|stride|crop|frame|tubelet|type|group|beam|buffer|feature)_?sizes?$",
        None,
    ),
    (r"^num_|channels$|mel|^input_|_input_|bins|codebook|^conv_|stem", None),
    (r"sizes?$|_?dims?$|_dim_|units$|width$|feedforward|^d_(model|ff|inner)$|^dff$|^n_(embd|inner)$", WIDTH),
]
_UNSAID = {"head_dim": HEAD_WIDTH, "num_key_value_heads": HEADS // 2, "num_experts_per_tok": 2}
"""What some configurations leave open and their models need."""
_GROUPS = re.compile(r"key_value_heads|kv_heads|query_groups")
_TOKEN = re.compile(r"(token|start|end|pad|bos|eos|boi|eoi|sep|cls|mask)\w*_(id|ids|index)$")
_INDICES_OF_LAYERS = re.compile(r"^(?!out_)\w*(indexes|indices|layer_ids|layers_idx|attention_layers)$")


def tiny_config(model_type: str, **settings: Any) -> PreTrainedConfig:
    """A small configuration of a type, with some settings of its own."""
    settings = _read({**CONFIGS.get(model_type, {}), **settings})
    nested = {name: value for name, value in settings.items() if isinstance(value, PreTrainedConfig)}
    return _shrunk(config_class(model_type)(**nested), settings, {})


def _read(recipe: dict[str, Any]) -> dict[str, Any]:
    """The settings of a recipe, in which a pair of a type and its settings stands for a configuration."""
    return {name: tiny_config(value[0], **value[1]) if _is_pair(value) else value for name, value in recipe.items()}


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)


def _shrunk(config: PreTrainedConfig, settings: dict[str, Any], tokens: dict[int, int]) -> PreTrainedConfig:
    """A configuration like `config`, with small numbers and some settings of its own."""
    kind = type(config)
    fields = {field.name: vars(config).get(field.name) for field in dataclasses.fields(kind) if field.init}
    small = {name: _small(name, value, vars(config), tokens) for name, value in fields.items()}
    if "num_hidden_layers" not in settings:
        small |= _fewer_layers(vars(config), fields, config.attribute_map.get("num_hidden_layers", "num_hidden_layers"))
    if isinstance(small.get("rope_parameters"), dict):
        small["rope_parameters"] = _rope(small["rope_parameters"], kind)
    for name, value in fields.items():
        if isinstance(value, PreTrainedConfig) and name not in settings:
            within = {key.removeprefix(f"{name}."): one for key, one in settings.items() if key.startswith(f"{name}.")}
            small[name] = _shrunk(value, {**_of_part(name, value), **within}, tokens)
    usual = _usual(kind)
    changed = {name: value for name, value in small.items() if _differ(value, usual.get(name))}
    return kind(**{**changed, **{name: value for name, value in settings.items() if "." not in name}})


def _of_part(name: str, config: PreTrainedConfig) -> dict[str, Any]:
    """The recipe of a nested configuration; a backbone keeps its layers, of which some are picked by their numbers."""
    layers = vars(config).get("num_hidden_layers")
    whole = {"num_hidden_layers": layers} if isinstance(layers, int) else {}
    if "backbone" in name and isinstance(picked := getattr(config, "out_indices", None), list | tuple):
        whole["out_indices"] = list(picked)
    return {**(whole if "backbone" in name else {}), **_read(CONFIGS.get(config.model_type, {}))}


def _usual(kind: Any) -> dict[str, Any]:
    try:
        return vars(kind())
    except Exception:  # a class without complete defaults: everything is passed
        return {}


def _differ(one: Any, other: Any) -> bool:
    return isinstance(one, PreTrainedConfig) or type(one) is not type(other) or one != other


def _small(name: str, value: Any, config: dict[str, Any], tokens: dict[int, int]) -> Any:
    """The value of one field, made small."""
    if value is None:
        return _UNSAID.get(name)
    if _TOKEN.search(name):
        return _token(value, tokens)
    if name in ("depths", "num_layers", "num_blocks") and isinstance(value, tuple | list):
        return type(value)(min(depth, LAYERS) for depth in value)
    if name == "image_size" and isinstance(value, int | tuple | list):
        return _side(value, config.get("patch_size"))
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return _small_number(name, value, config)


def _small_number(name: str, value: int, config: dict[str, Any]) -> int:
    if _is_pyramid(config):
        return 2 if name == "window_size" else value
    if _GROUPS.search(name):
        heads = config.get("num_attention_heads")
        return min(value, HEADS // 2 if isinstance(heads, int) and value < heads else HEADS)
    most = next((most for pattern, most in _MOST if re.search(pattern, name)), None)
    return value if most is None else min(value, most)


def _is_pyramid(config: dict[str, Any]) -> bool:
    """Whether the widths differ from stage to stage; they are left as they are."""
    return any(isinstance(config.get(name), tuple | list) for name in ("depths", "hidden_sizes", "num_heads"))


def _side(value: Any, patch: Any) -> Any:
    """The side of a picture of few patches."""
    if isinstance(value, tuple | list):
        return type(value)(_side(side, patch) for side in value)
    side = patch[-1] if isinstance(patch, tuple | list) and patch else patch
    return side * GRID if isinstance(side, int) and side >= 7 else min(value, 64)


def _token(value: Any, tokens: dict[int, int]) -> Any:
    """A special token, moved below the end of the small vocabulary."""
    if isinstance(value, tuple | list):
        return type(value)(_token(one, tokens) for one in value)
    if isinstance(value, bool) or not isinstance(value, int) or value < VOCABULARY - 60:
        return value
    return tokens.setdefault(value, VOCABULARY - 1 - len(tokens))


def _rope(value: dict[str, Any], kind: Any) -> dict[str, Any]:
    """Rotary settings for heads of the small width, in as many sections as the model file speaks of."""
    small = {name: _rope(one, kind) if isinstance(one, dict) else one for name, one in value.items()}
    if isinstance(small.get("original_max_position_embeddings"), int):
        small["original_max_position_embeddings"] = min(small["original_max_position_embeddings"], POSITIONS // 4)
    if "rope_type" in small and "mrope_section" in "".join(inspect.getsource(file) for file in modeling_files(kind)):
        half = int(HEAD_WIDTH * small.get("partial_rotary_factor", 1.0)) // 2
        small["mrope_section"] = [half - 2 * (half // 3), half // 3, half // 3]
    return small


def _fewer_layers(config: dict[str, Any], fields: dict[str, Any], name: str) -> dict[str, Any]:
    """Of lists with one entry a layer, the entries of a few layers among which every kind of layer occurs."""
    count = config.get(name)
    if not isinstance(count, int) or _is_pyramid(config):
        return {}
    small: dict[str, Any] = {}
    lists = {key: one for key, one in fields.items() if isinstance(one, list | tuple) and len(one) == count > LAYERS}
    if lists:
        kinds = [str([one[layer] for one in lists.values()]) for layer in range(count)]
        chosen = sorted({kinds.index(kind) for kind in kinds})[:4]
        chosen = chosen if len(chosen) >= LAYERS else list(range(LAYERS))
        small = {key: type(one)(one[layer] for layer in chosen) for key, one in lists.items()}
        small[name] = len(chosen)
    last = small.get(name, LAYERS) - 1
    for key, one in fields.items():
        if _INDICES_OF_LAYERS.search(key) and isinstance(one, list | tuple) and max(one, default=0) > last:
            small[key] = type(one)([last])
    return small
