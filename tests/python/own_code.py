"""Tiny models that compute attention in code of their own, past transformers' interface."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from tiny import VOCABULARY
from transformers import PreTrainedModel

_BERT: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
}
_GPT = {"n_embd": 64, "n_layer": 3, "n_head": 4}
_XLM = {"emb_dim": 64, "n_layers": 3, "n_heads": 4}
_DISENTANGLED = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], **_BERT}
_LOCAL = {"attention_types": [[["global", "local"], 1]], "window_size": 6}

# One model per way to make a score: its name, class, configuration class, settings.
OWN_CODE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gptj: rotary": ("GPTJModel", "GPTJConfig", {"rotary_dim": 8, **_GPT}),
    "codegen: rotary, fused projection": ("CodeGenModel", "CodeGenConfig", {"rotary_dim": 8, **_GPT}),
    "openai gpt: a mask of 0 and 1": ("OpenAIGPTModel", "OpenAIGPTConfig", _GPT),
    "gpt neo: global and local": (
        "GPTNeoModel",
        "GPTNeoConfig",
        {"hidden_size": 64, "num_layers": 2, "num_heads": 4, **_LOCAL},
    ),
    "bloom: alibi": ("BloomModel", "BloomConfig", {"hidden_size": 64, "n_layer": 3, "n_head": 4}),
    "mpt: alibi": ("MptModel", "MptConfig", {"d_model": 64, "n_layers": 3, "n_heads": 4}),
    "falcon: one key head": ("FalconModel", "FalconConfig", _BERT),
    "deberta: three terms": ("DebertaModel", "DebertaConfig", _DISENTANGLED),
    "deberta v2: three terms": ("DebertaV2Model", "DebertaV2Config", _DISENTANGLED),
    "xlnet: relative positions": (
        "XLNetModel",
        "XLNetConfig",
        {"d_model": 64, "n_layer": 3, "n_head": 4, "d_inner": 64},
    ),
    "xlm": ("XLMModel", "XLMConfig", _XLM),
    "flaubert": ("FlaubertModel", "FlaubertConfig", _XLM),
    "roformer: rotary": ("RoFormerModel", "RoFormerConfig", _BERT),
    "tapas": ("TapasModel", "TapasConfig", _BERT),
    "convbert: beside convolutions": ("ConvBertModel", "ConvBertConfig", _BERT),
    "ibert": ("IBertModel", "IBertConfig", _BERT),
}


def build(name: str, **settings: Any) -> PreTrainedModel:
    """A model in evaluation mode, as it is by default, with peaked weights."""
    model_class, config_class, given = OWN_CODE[name]
    torch.manual_seed(0)
    config = getattr(transformers, config_class)(**{"vocab_size": VOCABULARY, **given, **settings})
    model: PreTrainedModel = getattr(transformers, model_class)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
            else:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model
