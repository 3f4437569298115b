"""Attention that does not go through transformers' interface, against the model's own eager ``output_attentions``."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from own_code import OWN_CODE, build
from tiny import eager_attentions, ids

import headscope as hs
from headscope.recording.layers.record import Record

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


class Shuffling(torch.nn.Module):
    """Attends to tokens in another order than it was given them, and puts the results back."""

    def __init__(self, *, over_queries: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.over_queries = torch.nn.Embedding(99, 16), over_queries
        self.attention = _ShuffledAttention(over_queries)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.attention(self.embedding(input_ids))
        return made


class _ShuffledAttention(torch.nn.Module):
    def __init__(self, over_queries: bool) -> None:
        super().__init__()
        self.query, self.key, self.over_queries = torch.nn.Linear(16, 16), torch.nn.Linear(16, 16), over_queries

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        query, key = self.query(hidden), self.key(hidden)
        if self.over_queries:
            return (query @ key.mT).softmax(dim=-2) @ hidden
        order = query[..., 0].argsort(dim=-1)
        rows = torch.arange(len(order))[:, None]
        output = torch.empty_like(hidden)
        output[rows, order] = (query[rows, order] @ key.mT).softmax(dim=-1) @ hidden
        return output


def test_queries_in_another_order_than_the_tokens_are_refused() -> None:
    """The map would fit, row by row the wrong token's (Informer on short series)."""
    capture = hs.capture(Shuffling().eval(), ids(12))
    with pytest.raises(hs.RefusedLayer, match="queries do not stand in the order of the tokens"):
        capture.attention(0)


def test_a_softmax_over_the_queries_is_no_attention_map() -> None:
    capture = hs.capture(Shuffling(over_queries=True).eval(), ids(12))
    with pytest.raises(hs.RefusedLayer, match="not weighed along the axis over which the weights are normalised"):
        capture.attention(0)


def test_a_second_forward_draws_the_random_numbers_of_the_first() -> None:
    """And afterwards the generator stands where one forward left it."""

    class Noisy(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = build("gptj: rotary")
            self.config = self.model.config
            self.drawn: list[torch.Tensor] = []

        def get_input_embeddings(self) -> torch.nn.Module:
            return self.model.get_input_embeddings()

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> object:
            self.drawn.append(torch.randn(3))
            return self.model(input_ids=input_ids, attention_mask=attention_mask)

    model = Noisy().eval()
    torch.manual_seed(5)
    hs.capture(model, ids(6))
    after = torch.randn(3)
    torch.manual_seed(5)
    once = torch.randn(3)
    assert torch.equal(torch.randn(3), after)
    assert len(model.drawn) >= 1
    assert all(torch.equal(drawn, once) for drawn in model.drawn)


@pytest.mark.parametrize("kind", ["GraniteSWA", "Inkling2Text"])
def test_sinks_that_scale_the_output_or_are_each_query_s_own(kind: str) -> None:
    """Granite's leave the weights alone; Inkling's take a share of them, another of every query."""
    sizes = {"vocab_size": 99, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 2}
    more: dict[str, Any] = {"GraniteSWA": {}, "Inkling2Text": {"head_dim": 16, "swa_head_dim": 16}}[kind]
    if not hasattr(transformers, f"{kind}Model"):
        pytest.skip(f"transformers {transformers.__version__} has no {kind}")
    torch.manual_seed(0)
    model = getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**sizes, **more)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_() if "sinks" in name else parameter.mul_(4) if parameter.dim() > 1 else None
    capture = hs.capture(model, ids(21))
    for layer, weights in enumerate(eager_attentions(model, input_ids=ids(21))):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)
    assert float(capture.attention(0).sum(dim=-1).min()) < 0.99 or kind == "GraniteSWA"
