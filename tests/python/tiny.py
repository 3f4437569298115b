"""Tiny random models of real classes, with peaked weights so that an error in the attention shows."""

from __future__ import annotations

import copy
from typing import Any

import torch
import transformers
from transformers import PreTrainedModel

transformers.logging.set_verbosity_error()

VOCABULARY = 99
_SIZES = {
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "vocab_size": VOCABULARY,
}
_GROUPED = {"num_key_value_heads": 2, **_SIZES}

# One model per mechanism: class, configuration class, its settings.
MECHANISMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "causal, grouped heads, rotary": ("LlamaForCausalLM", "LlamaConfig", _GROUPED),
    "bidirectional": ("BertModel", "BertConfig", _SIZES),
    "causal, fused projection": (
        "GPT2LMHeadModel",
        "GPT2Config",
        {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": VOCABULARY},
    ),
    "sliding window": ("MistralForCausalLM", "MistralConfig", {"sliding_window": 8, **_GROUPED}),
    "softcap and window": (
        "Gemma2ForCausalLM",
        "Gemma2Config",
        {"head_dim": 16, "sliding_window": 8, "attn_logit_softcapping": 0.5, **_GROUPED},
    ),
    "sinks and window": (
        "GptOssForCausalLM",
        "GptOssConfig",
        {"head_dim": 16, "sliding_window": 8, "num_local_experts": 2, "num_experts_per_tok": 1, **_GROUPED},
    ),
    "position bias": (
        "T5EncoderModel",
        "T5Config",
        {"d_model": 64, "d_kv": 16, "d_ff": 64, "num_layers": 3, "num_heads": 4, "vocab_size": VOCABULARY},
    ),
    "shared layers": ("AlbertModel", "AlbertConfig", {"embedding_size": 32, **_SIZES}),
}

_BART: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "d_model": 64,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "init_std": 0.06,
}
_SPECIAL = {"pad_token_id": 0, "decoder_start_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
_T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 64,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "initializer_factor": 0.5,
    **_SPECIAL,
}

# Encoder-decoder models with 3 layers in the encoder and 2 in the decoder.
TWOFOLD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bart": ("BartForConditionalGeneration", "BartConfig", _BART),
    "marian": ("MarianMTModel", "MarianConfig", {**_BART, "decoder_start_token_id": 1}),
    "m2m100": ("M2M100ForConditionalGeneration", "M2M100Config", _BART),
    "t5": ("T5ForConditionalGeneration", "T5Config", _T5),
    "umt5": ("UMT5ForConditionalGeneration", "UMT5Config", _T5),
    "whisper": (
        "WhisperForConditionalGeneration",
        "WhisperConfig",
        {**_BART, "num_mel_bins": 8, "max_source_positions": 20, "max_target_positions": 64},
    ),
    "moonshine": (
        "MoonshineForConditionalGeneration",
        "MoonshineConfig",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "intermediate_size": 64,
            "encoder_num_hidden_layers": 3,
            "decoder_num_hidden_layers": 2,
            "encoder_num_attention_heads": 4,
            "decoder_num_attention_heads": 4,
            "initializer_range": 0.05,
            **_SPECIAL,
        },
    ),
}


def build(mechanism: str = "causal, grouped heads, rotary", seed: int = 0, **settings: Any) -> PreTrainedModel:
    """A model in evaluation mode on its default attention implementation."""
    model_class, config_class, given = {**MECHANISMS, **TWOFOLD}[mechanism]
    torch.manual_seed(seed)
    config = getattr(transformers, config_class)(**{**given, **settings})
    model = getattr(transformers, model_class)(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "sinks" in name:
                parameter.normal_()
            elif parameter.dim() > 1:
                parameter.mul_(4)
    return model


class Checkered(torch.nn.Module):
    """A bidirectional model under a mask that is no span of keys: even queries do not see odd keys."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.bert = build("bidirectional")
        self.config = self.bert.config
        self.visible = torch.ones(1, 1, length, length, dtype=torch.bool)
        self.visible[..., ::2, 1::2] = False
        self.eval()

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.bert.get_input_embeddings()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> object:
        return self.bert(input_ids=input_ids, attention_mask=self.visible)


def ids(length: int, batch: int = 1, seed: int = 1) -> torch.Tensor:
    """Random token ids [batch, length], no special ones among them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(5, VOCABULARY, (batch, length), generator=generator)


def eager_attentions(model: PreTrainedModel, **arguments: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """``output_attentions`` of a copy of `model` on eager attention: [batch, heads, queries, keys] a layer."""
    return _eager_outputs(model, arguments).attentions


def eager_parts(model: PreTrainedModel, **arguments: torch.Tensor) -> dict[str, tuple[torch.Tensor, ...]]:
    """The same of an encoder-decoder model, by part."""
    outputs = _eager_outputs(model, arguments)
    parts = outputs.encoder_attentions, outputs.decoder_attentions, outputs.cross_attentions
    return dict(zip(("encoder", "decoder", "cross"), parts, strict=True))


def eager_twin(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of `model` on eager attention."""
    config = copy.deepcopy(model.config)
    twin = type(model)._from_config(config, attn_implementation="eager").eval()
    twin.load_state_dict(model.state_dict())
    if model.can_generate():
        twin.generation_config = copy.deepcopy(model.generation_config)
    return twin.to(model.dtype)


def _eager_outputs(model: PreTrainedModel, arguments: dict[str, torch.Tensor]) -> Any:
    with torch.no_grad():
        return eager_twin(model)(**arguments, output_attentions=True)
