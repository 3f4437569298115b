"""Attention of which only the model's own weights are known, and layers that have none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from tiny import VOCABULARY, ids
from transformers import PreTrainedModel

import headscope as hs
from headscope.errors import NoVectors, UnseenAttention

LENGTH = 29
_BERT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
_GROUPED = {**_BERT, "num_key_value_heads": 2}
_LED = {
    "vocab_size": VOCABULARY,
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
}


def made(model: str, config: str, **settings: Any) -> PreTrainedModel:
    """A model in evaluation mode with peaked weights."""
    torch.manual_seed(0)
    built: PreTrainedModel = getattr(transformers, model)(getattr(transformers, config)(**settings)).eval()
    with torch.no_grad():
        for parameter in built.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    return built


def dense(attention: Any, hidden: torch.Tensor, real: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """What a sliding window with global tokens means, written out over all pairs, [B, H, T, T]."""
    length = hidden.shape[1]
    real, anchors = (torch.nn.functional.pad(one, (0, length - LENGTH)).bool() for one in (real, anchors))

    def heads(projection: torch.nn.Module) -> torch.Tensor:
        made: torch.Tensor = projection(hidden)
        return made.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)

    position = torch.arange(length)
    near = (position[:, None] - position).abs() <= attention.one_sided_attn_window_size
    seen = (near | anchors[:, None]) & real[:, None]
    scale = attention.head_dim**-0.5
    local = heads(attention.query) @ heads(attention.key).mT * scale
    everywhere = heads(attention.query_global) @ heads(attention.key_global).mT * scale
    of_tokens = local.masked_fill(~seen[:, None], -torch.inf).softmax(dim=-1)
    of_anchors = everywhere.masked_fill(~real[:, None, None], -torch.inf).softmax(dim=-1)
    return torch.where(anchors[:, None, :, None], of_anchors, of_tokens)


@pytest.mark.parametrize("item", [0, 1])
@pytest.mark.parametrize("anchored", [False, True], ids=["window", "window and global tokens"])
@pytest.mark.parametrize("kind", ["longformer", "led"])
def test_a_band_stands_at_its_true_place_among_all_pairs(kind: str, anchored: bool, item: int) -> None:
    """Longformer and LED return bands; what is shown is the dense map, global tokens and padding included."""
    if kind == "led":
        model = made("LEDModel", "LEDConfig", attention_window=8, **_LED)
    else:
        model = made("LongformerModel", "LongformerConfig", attention_window=8, pad_token_id=1, **_BERT)
    real = torch.ones(2, LENGTH, dtype=torch.long)
    real[1, 22:] = 0
    anchors = torch.zeros(2, LENGTH, dtype=torch.long)
    if anchored:
        anchors[0, 3] = anchors[1, 0] = anchors[1, 17] = 1
    inputs = {"input_ids": ids(LENGTH, 2), "attention_mask": real, "global_attention_mask": anchors}
    given: list[torch.Tensor] = []
    modules = [module for module in model.modules() if hasattr(module, "one_sided_attn_window_size")]
    for module in modules:
        module.register_forward_hook(
            lambda _, positional, named, __: given.append(positional[0] if positional else named["hidden_states"]),
            with_kwargs=True,
        )
    target = {"target": ids(6, 2)} if kind == "led" else {}
    capture = hs.capture(model, inputs, item=item, **target)
    kept = real[item].nonzero().flatten()
    part = capture.parts[0]
    for layer, module in enumerate(modules):
        with torch.no_grad():
            want = dense(module, given[-2 + layer], real, anchors)[item][:, kept][:, :, kept]
        torch.testing.assert_close(capture.attention(layer, part=part), want, atol=1e-5, rtol=0)
        report = capture.layers[layer]
        assert report.tier == 3
        assert "weights are those that the model returned" in report.reason
        with pytest.raises(NoVectors, match="no queries and keys are known: its weights are those"):
            capture.neurons(layer, 0, 0, part=part)


def test_blocks_are_refused_where_the_model_s_own_map_of_them_is_wrong() -> None:
    """Long inputs of BigBird: a key in two blocks is weighed twice, and the map that the model returns has it once."""
    sparse = {**_BERT, "block_size": 4, "num_random_blocks": 1}
    model = made("BigBirdModel", "BigBirdConfig", **sparse)
    short = hs.capture(model, ids(24))
    with torch.no_grad():
        expected = model(ids(24), output_attentions=True).attentions
    for layer, weights in enumerate(expected):
        torch.testing.assert_close(short.attention(layer), weights[0], atol=1e-5, rtol=0)
    words = "it has 4 queries and 64 keys .* as attentions does not add up to 1 over the keys of every query"
    with pytest.warns(UserWarning, match=f"encoder.layer.0.attention.self.* {words}"):
        hs.capture(made("BigBirdModel", "BigBirdConfig", **sparse), ids(64))


HYBRIDS: dict[str, tuple[str, str, dict[str, Any], dict[int, str]]] = {
    "jamba": (
        "JambaModel",
        "JambaConfig",
        {"use_mamba_kernels": False, "attn_layer_period": 2, "attn_layer_offset": 1, "num_experts": 2},
        {
            0: r"layers.0.mamba \(JambaMambaMixer\) has no attention map: it mixes tokens in another way",
            2: "JambaMamba",
        },
    ),
    "qwen3-next": (
        "Qwen3NextModel",
        "Qwen3NextConfig",
        {"head_dim": 16, "num_experts": 2, "num_experts_per_tok": 1, "full_attention_interval": 2}
        | {"linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 16}
        | {"linear_value_head_dim": 16, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 32},
        {0: r"layers.0.linear_attn \(Qwen3NextGatedDeltaNet\) has no attention map", 2: "GatedDeltaNet"},
    ),
    "minimax": (
        "MiniMaxModel",
        "MiniMaxConfig",
        {"head_dim": 16, "num_local_experts": 2}
        | {"layer_types": ["linear_attention", "full_attention", "linear_attention", "full_attention"]},
        {
            0: r"layers.0.self_attn \(MiniMaxLightningAttention\) has no attention map: it runs no softmax .* returns "
            r"of it as attentions has the shape \[1, 4, 16, 16\]",
            2: "Lightning",
        },
    ),
}


@pytest.mark.parametrize("name", list(HYBRIDS))
def test_layers_among_others_keep_their_numbers_and_the_others_are_named(name: str) -> None:
    """Layers 1 and 3 of four attend; those between are told apart by module and class, and never drawn."""
    model_class, config_class, settings, missing = HYBRIDS[name]
    model = made(model_class, config_class, **{**_GROUPED, "num_hidden_layers": 4, **settings})
    with pytest.warns(UserWarning, match="2 layers cannot be shown; the first: layers.0"):
        capture = hs.capture(model, ids(21))
    assert [report.layer for report in capture.layers] == [0, 1, 2, 3]
    assert [report.refused for report in capture.layers] == [True, False, True, False]
    assert [report.has_map for report in capture.layers] == [False, True, False, True]
    told = hs.HeadView(capture, layer=1).meta["parts"][0]["layers"]
    assert [layer["has_map"] for layer in told] == [False, True, False, True]
    for layer, words in missing.items():
        with pytest.raises(hs.RefusedLayer, match=words):
            capture.attention(layer)
    twin = type(model)._from_config(model.config, attn_implementation="eager").eval()
    twin.load_state_dict(model.state_dict())
    with torch.no_grad():
        maps = twin(ids(21), output_attentions=True).attentions
    maps = [one for one in maps if one is not None and one.shape[-2:] == (21, 21)]
    for layer, weights in zip((1, 3), maps, strict=True):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)


NO_MAPS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "rwkv": (
        "RwkvModel",
        "RwkvConfig",
        {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2},
        r"blocks.0.attention \(RwkvSelfAttention\) has no attention map: it runs no softmax over products of queries",
    ),
    "yoso": (
        "YosoModel",
        "YosoConfig",
        _BERT,
        r"encoder.layer.0.attention.self \(YosoSelfAttention\) has no attention",
    ),
    "mra": (
        "MraModel",
        "MraConfig",
        _BERT,
        r"encoder.layer.0.attention.self \(MraSelfAttention\) has no attention map",
    ),
}


@pytest.mark.parametrize("name", list(NO_MAPS))
def test_what_is_no_softmax_is_refused_with_module_and_mechanism(name: str) -> None:
    model_class, config_class, settings, words = NO_MAPS[name]
    with pytest.raises(UnseenAttention, match=words):
        hs.capture(made(model_class, config_class, **settings), ids(16))


def test_a_model_without_attention_has_none() -> None:
    with pytest.raises(hs.HeadscopeError, match="FNetModel computed no attention in this forward"):
        hs.capture(made("FNetModel", "FNetConfig", **{**_BERT, "max_position_embeddings": 64}), ids(16))
