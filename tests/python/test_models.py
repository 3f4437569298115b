"""A sample of the coverage table (`make models`): every mechanism of attention, by a real model type that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from models.compare import compare

import headscope as hs

if TYPE_CHECKING:
    import torch

# Mechanism: type of model.
SAMPLE = {
    "bidirectional": "bert",
    "causal, fused projection": "gpt2",
    "grouped heads, rotary": "llama",
    "sliding window": "mistral",
    "layers with and without window": "gemma3_text",
    "softcap": "gemma2",
    "sinks": "gpt_oss",
    "position bias": "t5",
    "position bias of each layer's own": "umt5",
    "encoder, decoder, cross-attention": "bart",
    "shared layers": "albert",
    "latent keys and values": "deepseek_v3",
    "experts": "mixtral",
    "linear layers among others": "qwen3_next",
    "state-space layers among others": "bamba",
    "speech": "whisper",
    "relative positions of sound": "wav2vec2",
    "text tower": "clip_text_model",
}


@pytest.mark.parametrize("model_type", SAMPLE.values(), ids=SAMPLE)
def test_every_layer_equals_the_eager_map_of_the_model_itself(model_type: str) -> None:
    result = compare(model_type)
    assert result.wrong == []
    assert (result.status, result.refused) == ("exact", [])
    assert result.compared == result.layers > 0


@pytest.mark.parametrize("model_type", ["bert", "t5", "gemma3_text"])
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
