"""Corruption of what is seen by the operations: hidden terms, caps, sinks, fused kernels of plain modules."""

from __future__ import annotations

import math
import warnings
from typing import Any

import by_hand
import pytest
import torch
from by_hand import HEADS, WIDTH, Gpt, Written, future, heads, peaked
from corruptions import corrupting
from own_code import build
from tiny import eager_attentions, ids
from torch import nn

import headscope as hs

LENGTH = 48


class SoftcapAttention(Written):
    """Scores between -2 and 2."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        scores = 2 * torch.tanh(q @ k.mT / math.sqrt(q.shape[-1]) / 2)
        self.map = scores.masked_fill(future(x.shape[1]), -torch.inf).softmax(-1)
        return self.proj((self.map @ v).transpose(1, 2).flatten(2))


class SinkAttention(Written):
    """One more score per row, dropped after the softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.sinks = nn.Parameter(torch.zeros(HEADS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        scores = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(future(x.shape[1]), -torch.inf)
        sinks = self.sinks.view(1, -1, 1, 1).expand(len(x), -1, x.shape[1], 1)
        self.map = torch.cat([scores, sinks], dim=-1).softmax(-1)[..., :-1]
        return self.proj((self.map @ v).transpose(1, 2).flatten(2))


class Alone(nn.Module):
    """``nn.MultiheadAttention`` of a text to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]
        return y


def _modules(name: str) -> tuple[nn.Module, Any]:
    """A plain module and what it is given; item 1 is the one captured."""
    idx = torch.randint(1, 50, (2, LENGTH), generator=torch.Generator().manual_seed(1))
    x = torch.randn(2, LENGTH, WIDTH, generator=torch.Generator().manual_seed(1))
    padding = torch.zeros(2, LENGTH, dtype=torch.bool)
    padding[1, -9:] = True
    if name == "nn.MultiheadAttention, padded":
        return peaked(Alone()), {"x": x, "padding": padding}
    if name == "nn.TransformerEncoder, padded":
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 64, batch_first=True)
        return peaked(nn.TransformerEncoder(layer, 2)), {"src": x, "src_key_padding_mask": padding}
    if name == "scaled_dot_product_attention, causal":
        return peaked(Gpt(by_hand.FusedAttention)), idx
    return peaked(Gpt(SoftcapAttention)), idx


_EVERYWHERE = [
    "key of a late token",
    "query of a late token",
    "last keys of a late row hidden",
    "first keys of a late row hidden",
    "one cell of the mask",
    "scale",
    "bias of one pair",
]
_CAUSAL = ["one key more on a late row", "mask lost"]
GRID = [
    *((what, "nn.MultiheadAttention, padded") for what in _EVERYWHERE),
    *((what, "nn.TransformerEncoder, padded") for what in _EVERYWHERE),
    *((what, "scaled_dot_product_attention, causal") for what in [*_EVERYWHERE, *_CAUSAL]),
    *((what, "by hand, causal, softcap") for what in [*_EVERYWHERE, *_CAUSAL, "softcap lost"]),
]


@pytest.mark.parametrize(("what", "name"), GRID)
def test_a_corrupted_record_of_a_plain_module_is_refused_or_repaired(
    what: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, given = _modules(name)
    sound = hs.capture(model, given, item=1)
    assert sound.attention(0).shape[0] == HEADS
    tiers = corrupting(monkeypatch, what, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        capture = hs.capture(model, given, item=1)
    assert tiers == [2]
    if what == "scale" and "softcap" not in name:  # the kernel's own call says it too
        torch.testing.assert_close(capture.attention(0), sound.attention(0), atol=1e-5, rtol=0)
        assert capture.layers[0].reason == "computed by the model's eager function"
    else:
        with pytest.raises(hs.RefusedLayer, match="differs by"):
            capture.attention(0)
        assert capture.layers[0].refused


def test_sinks_written_by_hand_are_in_the_weights_that_are_kept() -> None:
    model = peaked(Gpt(SinkAttention))
    capture = hs.capture(model, ids(20) % 50)
    model(ids(20) % 50)
    for layer in range(3):
        own = model.h[layer].attn.map[0].detach()
        assert float(own.sum(-1).min()) < 0.99
        torch.testing.assert_close(capture.attention(layer), own, atol=1e-6, rtol=0)
        with pytest.raises(hs.errors.NoVectors, match="cat"):
            capture.neurons(layer, 0, 3)


# A hidden term: something enters the scores that the operations do not show.


@pytest.mark.parametrize("how", ["through memory", "by an operation"])
def test_a_hidden_term_in_a_function_of_the_models_own(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights that the model used are shown, without an equation that would give others."""
    softmax = nn.functional.softmax

    def hidden(scores: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        if scores.dim() == 4:
            recency = -0.3 * (torch.arange(scores.shape[-2])[:, None] - torch.arange(scores.shape[-1])).abs()
            if how == "through memory":
                scores = scores.contiguous()
                scores.detach().numpy()[:] += recency.numpy()
            else:
                scores = torch.logaddexp(scores + recency, torch.full((), -1e30))
        return softmax(scores, *arguments, **options)

    model = build("gptj: rotary")
    plain = eager_attentions(model, input_ids=ids(20))
    monkeypatch.setattr(nn.functional, "softmax", hidden)
    with torch.no_grad():
        own = model(ids(20), output_attentions=True).attentions
    assert float((own[0] - plain[0]).abs().max()) > 1e-2
    capture = hs.capture(model, ids(20))
    for layer, weights in enumerate(own):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-6, rtol=0)
        assert capture.layers[layer].error is None
        assert capture.layers[layer].reason
        with pytest.raises(hs.errors.NoVectors):
            capture.neurons(layer, 0, 3)
