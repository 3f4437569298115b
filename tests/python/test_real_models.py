"""SmolLM2 and MiniLM: against the models' own eager attentions, and against what is known of their heads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tiny import eager_attentions

import headscope as hs

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    Loaded = tuple[PreTrainedModel, PreTrainedTokenizerBase]

SHORT = "The doctor asked the nurse a question. She said that the"
CODE = "def add(a, b):\n    return a + b\n\n\tprint(add(2018, 7))  # naïve “test” 你好 مرحبا 🙂"
LICENCE = " ".join((Path(__file__).parents[2] / "LICENSE").read_text().split())[:1800]
REPETITIVE = " ".join(
    f"In the year {1900 + 7 * i} the {animal} that lived near the river did not cross the street, because it was {how}."
    for i, (animal, how) in enumerate(
        [("fox", "too tired"), ("heron", "raining"), ("old dog", "afraid of cars"), ("cat", "asleep at noon")] * 4
    )
)
TEXTS = {"short": SHORT, "code and scripts": CODE, "licence": LICENCE}


@pytest.mark.parametrize("name", ["smollm2", "minilm"])
@pytest.mark.parametrize("which", list(TEXTS))
def test_every_layer_and_head_equals_eager_attention(name: str, which: str, request: pytest.FixtureRequest) -> None:
    model, tokenizer = request.getfixturevalue(name)
    encoded = tokenizer(TEXTS[which], return_tensors="pt")
    if which == "licence":
        assert encoded["input_ids"].shape[1] >= 256
    capture = hs.capture(model, TEXTS[which], tokenizer=tokenizer)
    assert model.config._attn_implementation == "sdpa"
    _compare(capture, [weights[0] for weights in eager_attentions(model, **encoded)])


@pytest.mark.parametrize("item", [0, 1])
@pytest.mark.parametrize("name", ["smollm2", "minilm"])
def test_an_item_of_a_padded_batch_equals_its_own_part_of_the_batch(
    name: str, item: int, request: pytest.FixtureRequest
) -> None:
    model, tokenizer = request.getfixturevalue(name)
    texts = [SHORT, CODE]
    encoded = tokenizer(texts, return_tensors="pt", padding=True)
    real = encoded["attention_mask"][item].bool()
    capture = hs.capture(model, texts, tokenizer=tokenizer, item=item)
    assert len(capture.tokens()) == int(real.sum())
    _compare(capture, [weights[item][:, real][:, :, real] for weights in eager_attentions(model, **encoded)])


def _compare(capture: hs.Capture, expected: list[torch.Tensor]) -> None:
    assert len(capture.layers) == len(expected)
    for layer, weights in enumerate(expected):
        torch.testing.assert_close(capture.attention(layer), weights, atol=1e-5, rtol=0)
        report = capture.layers[layer]
        assert not report.refused
        assert report.error is not None
        assert report.error < 1e-5
    heads, length = weights.shape[:2]
    whole = capture.attention(len(expected) // 2)
    middle = len(expected) // 2
    for head, query, key in [(0, 0, 0), (heads - 1, length - 1, 1), (1, length // 2, length // 3)]:
        torch.testing.assert_close(
            capture.attention(middle, head, query), whole[head : head + 1, query : query + 1], atol=1e-6, rtol=0
        )
        torch.testing.assert_close(
            capture.attention(middle, head, keys=key), whole[head : head + 1, :, key : key + 1], atol=1e-6, rtol=0
        )


@pytest.mark.parametrize("name", ["smollm2", "minilm"])
def test_logits_with_and_without_capture_are_bit_for_bit_equal(name: str, request: pytest.FixtureRequest) -> None:
    model, tokenizer = request.getfixturevalue(name)
    encoded = tokenizer(SHORT, return_tensors="pt")
    inside: list[torch.Tensor] = []
    with torch.no_grad():
        before = model(**encoded)[0]
        last = model(**encoded, **({"logits_to_keep": 1} if name == "smollm2" else {}))[0]
    handle = model.register_forward_hook(lambda *seen: inside.append(seen[-1][0]))
    hs.capture(model, SHORT, tokenizer=tokenizer)
    handle.remove()
    with torch.no_grad():
        after = model(**encoded)[0]
    assert torch.equal(inside[0], last)
    assert torch.equal(before, after)


def test_bfloat16_smollm2_is_certified_in_every_layer(smollm2: Loaded) -> None:
    import copy

    model, tokenizer = smollm2
    half = copy.deepcopy(model).to(torch.bfloat16)
    capture = hs.capture(half, LICENCE, tokenizer=tokenizer)
    for report in capture.layers:
        capture.record(report.layer)
    assert all(report.error is not None and report.error < 4e-2 for report in capture.layers)
    assert all(report.reason == "" for report in capture.layers)


def test_long_repetitive_text_is_exact_in_float64_terms(smollm2: Loaded) -> None:
    """Over 30 layers the eager twin's own forward drifts by up to 1.3e-5 on such text; float64 is the judge here."""
    model, tokenizer = smollm2
    capture = hs.capture(model, REPETITIVE, tokenizer=tokenizer)
    length = len(capture.tokens())
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    for layer in range(30):
        vectors = capture.vectors(layer)
        key = vectors.key.double().repeat_interleave(3, dim=0)
        score = vectors.query.double() @ key.transpose(1, 2) * 64**-0.5
        exact = score.masked_fill(future, -torch.inf).softmax(-1).float()
        torch.testing.assert_close(capture.attention(layer), exact, atol=5e-6, rtol=0)


def test_induction_and_previous_token_heads_rank_first(smollm2: Loaded) -> None:
    """[bos + 50 random tokens twice], four seeds, mean over seeds and positions."""
    model, tokenizer = smollm2
    induction, previous = torch.zeros(30, 9), torch.zeros(30, 9)
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        tokens = torch.randint(100, tokenizer.vocab_size, (50,), generator=generator).tolist()
        capture = hs.capture(model, [tokenizer.bos_token_id, *tokens, *tokens], tokenizer=tokenizer)
        rows = torch.arange(51, 100)  # the second copy; the token after the previous occurrence is 49 before
        for layer in range(30):
            weights = capture.attention(layer)
            induction[layer] += weights[:, rows, rows - 49].mean(-1) / 4
            everywhere = torch.arange(1, 101)
            previous[layer] += weights[:, everywhere, everywhere - 1].mean(-1) / 4
    assert divmod(int(induction.argmax()), 9) == (18, 6)
    assert divmod(int(previous.argmax()), 9) == (16, 0)
    assert float(induction.max()) == pytest.approx(0.92, abs=0.03)
    assert float(previous.max()) == pytest.approx(0.89, abs=0.03)


def test_a_sentence_pair_has_the_tokenizers_segments(minilm: Loaded) -> None:
    model, tokenizer = minilm
    capture = hs.capture(model, "The cat sat on the mat.", pair="The cat lay on the rug.", tokenizer=tokenizer)
    expected: Any = tokenizer("The cat sat on the mat.", "The cat lay on the rug.")["token_type_ids"]
    assert capture.segments == [[i for i, kind in enumerate(expected) if kind == which] for which in (0, 1)]
