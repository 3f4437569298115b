"""One row taken apart: the equation, worked out by its string alone, against the weights that the model itself says."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tiny import MECHANISMS, VOCABULARY, build, ids

import headscope as hs
from headscope.answers.neurons import Neurons

QUERIES = (0, 1, 17, 29)
EQUATIONS = {
    "causal, grouped heads, rotary": "softmax(dot + mask)",
    "bidirectional": "softmax(dot)",
    "causal, fused projection": "softmax(dot + mask)",
    "sliding window": "softmax(dot + mask)",
    "softcap and window": "softmax(cap * tanh(dot / cap) + mask)",
    "sinks and window": "softmax(dot + mask, sink)",
    "position bias": "softmax(dot + bias)",
    "shared layers": "softmax(dot)",
}


def worked_out(answer: Neurons) -> np.ndarray:
    """The equation, read as Python, of the products and the terms, in float64."""
    terms = {name: np.asarray(term, dtype=np.float64) for name, term in answer.terms.items()}
    dot = answer.scaling * answer.products.double().sum(-1).numpy()
    known: dict[str, Any] = {"tanh": np.tanh, "softmax": softmax, "dot": dot, **terms}
    return eval(answer.equation, {"__builtins__": {}}, known)  # type: ignore[no-any-return]


def softmax(scores: np.ndarray, *sink: np.ndarray) -> np.ndarray:
    """Softmax of the scores, with a sink as one more, which is dropped afterwards."""
    everything = np.append(scores, sink)
    powers = np.exp(everything - everything.max())
    return (powers / powers.sum())[: len(scores)]


@cache
def eager(mechanism: str) -> tuple[hs.Capture, tuple[torch.Tensor, ...]]:
    """A capture, and the weights that the model says of the very forward that is captured."""
    model = build(mechanism, attn_implementation="eager")
    with torch.no_grad():
        return hs.capture(model, ids(30)), model(ids(30), output_attentions=True).attentions


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_the_equation_evaluates_to_the_models_own_weights(mechanism: str, query: int) -> None:
    capture, said = eager(mechanism)
    for layer in range(3):
        for head in range(4):
            answer = capture.neurons(layer, head, query)
            np.testing.assert_allclose(worked_out(answer), said[layer][0, head, query], atol=1e-5, rtol=0)
            torch.testing.assert_close(answer.attention, said[layer][0, head, query], atol=1e-5, rtol=0)


@pytest.mark.parametrize("part", ["encoder", "decoder", "cross"])
def test_the_equation_of_every_part_of_an_encoder_decoder(part: str) -> None:
    torch.manual_seed(0)
    config = transformers.T5Config(
        d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4, vocab_size=VOCABULARY, attn_implementation="eager"
    )
    model = transformers.T5ForConditionalGeneration(config).eval()
    given = {"input_ids": ids(19), "decoder_input_ids": ids(7, seed=2)}
    with torch.no_grad():
        said = model(**given, output_attentions=True)[f"{part}_attentions"]
    capture = hs.capture(model, given)
    for layer in range(2):
        for query in (0, 3, 6):
            answer = capture.neurons(layer, 2, query, part=part)
            np.testing.assert_allclose(worked_out(answer), said[layer][0, 2, query], atol=1e-5, rtol=0)


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_the_equation_names_what_the_row_has(mechanism: str) -> None:
    answer = eager(mechanism)[0].neurons(0, 0, 17)
    assert answer.equation == EQUATIONS[mechanism]
    assert all(name in answer.equation for name in answer.terms)


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_the_vectors_are_those_of_the_head_and_of_its_group(mechanism: str) -> None:
    capture, _ = eager(mechanism)
    for layer in range(3):
        answer, vectors = capture.neurons(layer, 3, 17), capture.vectors(layer)
        group = 3 // (4 // len(vectors.key))
        assert torch.equal(answer.query, vectors.query[3, 17].float())
        assert torch.equal(answer.keys, vectors.key[group].float())
        assert torch.equal(answer.values, vectors.value[group].float())
        assert torch.equal(answer.products, answer.query * answer.keys)
        torch.testing.assert_close(answer.products.sum(-1) * answer.scaling, answer.dot, atol=1e-4, rtol=1e-4)


def test_neurons_are_copies() -> None:
    capture = hs.capture(build(), ids(30))
    before = capture.attention(1)
    answer = capture.neurons(1, 0, 3)
    for tensor in (answer.query, answer.keys, answer.values):
        tensor.mul_(0)
    assert torch.equal(capture.attention(1), before)
