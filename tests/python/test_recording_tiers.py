"""Attention that does not go through transformers' interface, against the model's own eager ``output_attentions``."""

from __future__ import annotations

import pytest
import torch
from own_code import OWN_CODE, build
from tiny import eager_attentions, ids

import headscope as hs
from headscope.recording.record import Record

SHORT = [(name, length) for name in ("gptj: rotary", "bloom: alibi", "deberta: three terms") for length in (1, 2)]


@pytest.mark.parametrize(("name", "length"), [*[(name, 21) for name in OWN_CODE], *SHORT])
def test_own_code_equals_eager_attentions(name: str, length: int) -> None:
    """All layers, by the operations that the forward ran; the vectors are known, so the neuron view has an equation."""
    model = build(name)
    capture = hs.capture(model, ids(length))
    expected = eager_attentions(model, input_ids=ids(length))
    assert [report.layer for report in capture.layers] == list(range(len(expected)))
    for layer, weights in enumerate(expected):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)
        assert capture.layers[layer].tier == 2
        assert isinstance(capture.record(layer), Record)


@pytest.mark.parametrize("name", list(OWN_CODE))
def test_padding_is_dropped(name: str) -> None:
    """The second of three texts, padded on the left; which of the texts and heads is which is told from the axes."""
    model = build(name)
    tokens = ids(21, batch=3)
    mask = torch.ones_like(tokens)
    mask[1, :6] = 0
    capture = hs.capture(model, {"input_ids": tokens, "attention_mask": mask}, item=1)
    real = mask[1].bool()
    for layer, weights in enumerate(eager_attentions(model, input_ids=tokens, attention_mask=mask)):
        torch.testing.assert_close(capture.attention(layer), weights[1][:, real][:, :, real], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", list(OWN_CODE))
def test_the_equation_of_a_neuron_view_gives_the_model_s_weight(name: str) -> None:
    """Products, scaling and every other term of one row, put together in plain torch, are the model's own row."""
    model = build(name)
    capture = hs.capture(model, ids(21))
    expected = eager_attentions(model, input_ids=ids(21))[1][0, 1, 17]
    parts = capture.neurons(1, 1, 17)
    score = parts.products.sum(dim=-1) * parts.scaling
    score = score + parts.terms.get("bias", 0) + parts.terms.get("mask", 0)
    torch.testing.assert_close(score.softmax(dim=-1), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["bloom: alibi", "mpt: alibi"])
def test_alibi_is_kept_as_one_number_per_head_and_key(name: str) -> None:
    """Memory grows with tokens, not with their square."""
    model = build(name)
    short, long = hs.capture(model, ids(64)), hs.capture(model, ids(256))
    bias = long.record(1).bias  # type: ignore[union-attr]
    assert bias is not None
    assert bias.stride()[1] == 0
    assert "bias" in long.neurons(1, 0, 5).terms
    assert 3 < long.nbytes / short.nbytes < 4.1
