"""A sample of the coverage table (`make models`): every mechanism of attention, by a real model type that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from models.compare import compare

import headscope as hs

if TYPE_CHECKING:
    import torch

# Mechanism: type of model. Every layer with a map is captured.
SAMPLE = {
    "bidirectional": "bert",
    "causal, fused projection": "gpt2",
    "grouped heads, rotary": "llama",
    "norms of queries and keys": "olmo2",
    "sliding window": "mistral",
    "layers with and without window": "gemma3_text",
    "windows on both sides": "modernbert",
    "softcap": "gemma2",
    "sinks": "gpt_oss",
    "position bias": "t5",
    "position bias of each layer's own": "umt5",
    "encoder, decoder, cross-attention": "bart",
    "shared layers": "albert",
    "latent keys and values": "deepseek_v3",
    "differential attention": "diffllama",
    "attention as a mask of its own": "doge",
    "experts": "mixtral",
    "delta layers among others": "qwen3_next",
    "state-space layers among others": "bamba",
    "attention and state space side by side": "falcon_h1",
    "recurrent layers among others": "recurrent_gemma",
    "another function under eager attention": "aimv2_text_model",
    "own code, rotary": "gptj",
    "own code, ALiBi": "bloom",
    "own code, ALiBi in the mask": "mpt",
    "own code around the fused kernel": "falcon",
    "own code, three terms": "deberta",
    "own code, three terms in buckets": "deberta-v2",
    "own code, relative shift": "xlnet",
    "own code, convolutions beside attention": "convbert",
    "own code, full attention of a sparse model": "big_bird",
    "band around each query": "longformer",
    "band in the encoder": "led",
    "fused kernel of multi-head attention": "siglip",
    "speech to text": "whisper",
    "speech to text, rotary": "moonshine",
    "sound, relative positions": "wav2vec2-conformer",
    "frames of sound as pictures": "audio-spectrogram-transformer",
    "patches of a picture as they are": "qwen2_vl_vision",
    "pictures": "vit",
    "pictures, register tokens": "dinov3_vit",
    "pictures and text": "clip",
    "pictures in a text": "llava",
    "pictures in a text, rows and columns": "qwen2_vl",
    "boxes in pictures": "detr",
}


@pytest.mark.parametrize("model_type", SAMPLE.values(), ids=SAMPLE)
def test_every_layer_equals_the_eager_map_of_the_model_itself(model_type: str) -> None:
    result = compare(model_type)
    assert result.wrong == []
    assert (result.status, result.refused) == ("exact", [])
    assert result.compared > 0


@pytest.mark.parametrize(
    ("model_type", "module"),
    [("minimax", "layers.1.self_attn (MiniMaxLightningAttention)"), ("bamba", "layers.0.mamba (BambaMixer)")],
)
def test_layers_without_attention_are_named_and_the_others_keep_their_numbers(model_type: str, module: str) -> None:
    result = compare(model_type)
    assert result.wrong == []  # of misnumbered layers too
    assert (result.status, result.layers, result.compared) == ("exact", 1, 1)
    assert len(result.without) == 1
    assert module in result.without[0]


@pytest.mark.parametrize("model_type", ["bert", "t5", "gemma3_text", "gptj"])
def test_a_capture_that_is_slightly_wrong_is_told(model_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of the next query: found in every layer, as the tiny models' attention is far from uniform."""
    attention = hs.Capture.attention

    def shifted(self: hs.Capture, *args: Any, **kwargs: Any) -> torch.Tensor:
        return attention(self, *args, **kwargs).roll(1, dims=1)

    monkeypatch.setattr(hs.Capture, "attention", shifted)
    result = compare(model_type)
    assert result.status == "wrong"
    assert len(result.wrong) == result.layers
    assert result.error > 0.5


def test_a_layer_that_is_passed_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = hs.Capture.layers.fget
    monkeypatch.setattr(hs.Capture, "layers", property(lambda self: layers(self)[:-1]))
    result = compare("bert")
    assert result.status == "wrong"
    assert result.wrong == [
        "encoder.layer.1.attention.self[1]: the model has a map, the capture neither layer nor refusal"
    ]
