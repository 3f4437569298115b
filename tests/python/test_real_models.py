"""The embedded models: against their own eager attentions, and against what is known of their heads."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tiny import eager_attentions, eager_parts

import headscope as hs
from headscope import demo

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


# Moonshine

SAID = "Ever tried, ever failed, no matter try again, fail again, fail better."
ALIGNED = [(2, 1), (3, 1), (2, 0), (3, 0), (3, 2), (4, 7)]
"""Layers and heads whose cross-attention goes along the recording as the text does."""


@pytest.fixture(scope="module")
def speech(moonshine: Loaded) -> hs.Capture:
    model, tokenizer = moonshine
    return hs.capture(model, demo.moonshine_sample(), tokenizer=tokenizer, target=SAID)


def test_moonshine_equals_eager_attention_in_every_part(moonshine: Loaded) -> None:
    """In float64: in float32 the forwards on sdpa and on eager attention drift apart by up to 1.2e-5 themselves."""
    model, tokenizer = moonshine
    double = copy.deepcopy(model).double()
    wave = demo.moonshine_sample().double()
    written = tokenizer(SAID, return_tensors="pt")["input_ids"]
    capture = hs.capture(double, wave, tokenizer=tokenizer, target=SAID)
    assert double.config._attn_implementation == "sdpa"
    for part, layers in eager_parts(double, input_values=wave[None], decoder_input_ids=written).items():
        assert capture.layer_numbers(part) == tuple(range(6))
        for layer, weights in enumerate(layers):
            torch.testing.assert_close(capture.attention(layer, part=part), weights[0].float(), atol=1e-5, rtol=0)


def test_every_layer_of_moonshine_is_certified(moonshine: Loaded, speech: hs.Capture) -> None:
    assert speech.tokens("cross", "query").ids == tuple(moonshine[1](SAID)["input_ids"])
    for report in speech.layers:
        speech.record(report.layer, report.part)
    assert all(report.error is not None and report.error < 1e-5 for report in speech.layers)
    assert len(speech.layers) == 18


def test_the_target_is_what_moonshine_writes_itself(moonshine: Loaded, speech: hs.Capture) -> None:
    model, tokenizer = moonshine
    wave = demo.moonshine_sample()
    with torch.no_grad():
        written = model.generate(wave[None], max_new_tokens=60)
    capture = hs.capture(model, wave, tokenizer=tokenizer, target=written)
    assert capture.tokens("decoder").ids == (*speech.tokens("decoder").ids, tokenizer.eos_token_id)
    rows = len(speech.tokens("decoder"))
    for layer in range(6):  # the decoder is causal: one token more changes nothing before it
        more = capture.attention(layer, part="cross")[:, :rows]
        torch.testing.assert_close(more, speech.attention(layer, part="cross"), atol=1e-5, rtol=0)


def test_the_cross_attention_of_moonshine_goes_along_the_recording(speech: hs.Capture) -> None:
    frames = speech.tokens("cross", "key")
    assert frames.kind == "frames"
    assert len(frames) == 413
    assert [frames.labels[at] for at in (0, 20, 412)] == ["0.00 s", "0.48 s", "9.94 s"]
    seconds = torch.tensor([float(label.removesuffix(" s")) for label in frames.labels])
    for layer, head in ALIGNED:
        weights = speech.attention(layer, head, part="cross")[0, 1:]  # but for the start token
        attended = weights @ seconds
        place = torch.arange(len(attended), dtype=torch.float32)
        assert float(torch.corrcoef(torch.stack([place, attended]))[0, 1]) > 0.98
    peaks = seconds[speech.attention(2, 1, part="cross")[0, 1:].argmax(-1)]
    assert bool((peaks.diff() > 0).all())
    labels = speech.tokens("cross", "query").labels[1:]
    at = dict(zip(labels[:5], peaks.tolist(), strict=False))
    assert at["·Ever"] == pytest.approx(0.48, abs=0.05)  # about to write "tried"
    assert at["·ever"] == pytest.approx(1.98, abs=0.05)  # about to write "failed"


def test_a_padded_batch_of_recordings(moonshine: Loaded) -> None:
    """In float64, as above."""
    model, tokenizer = moonshine
    model = copy.deepcopy(model).double()
    wave = demo.moonshine_sample().double()
    short = 60_000
    both = torch.stack([wave, torch.cat([wave[:short], wave.new_zeros(len(wave) - short)])])
    mask = torch.ones(both.shape, dtype=torch.long)
    mask[1, short:] = 0
    given = {"input_values": both, "attention_mask": mask}
    targets = [SAID, "Ever tried, ever failed,"]
    capture = hs.capture(model, given, tokenizer=tokenizer, target=targets, item=1)
    frames, written = len(capture.tokens("cross")), len(capture.tokens("cross", "query"))
    assert frames == -(-short // 384)  # every 384th sample of the mask, as the model takes it
    assert written == len(tokenizer(targets[1])["input_ids"])
    padded = tokenizer(targets, return_tensors="pt", padding=True)
    arguments = {"decoder_input_ids": padded["input_ids"], "decoder_attention_mask": padded["attention_mask"]}
    weights = eager_parts(model, **given, **arguments)["cross"]
    for layer in range(6):
        expected = weights[layer][1, :, :written, :frames].float()
        torch.testing.assert_close(capture.attention(layer, part="cross"), expected, atol=1e-5, rtol=0)


def test_layer_10_head_5_of_rxnmapper_maps_the_atoms_of_an_amide(rxnmapper: Loaded) -> None:
    """Every atom of the product looks most at the atom of the reactants that it was: of 12, those of chemistry.

    Acetyl chloride and phenethylamine: the chlorine leaves, all other atoms keep their order.
    """
    model, tokenizer = rxnmapper
    reaction = "CC(=O)Cl.NCCc1ccccc1>>CC(=O)NCCc1ccccc1"
    capture = hs.capture(model, reaction, tokenizer=tokenizer)
    _compare(capture, [weights[0] for weights in eager_attentions(model, **tokenizer(reaction, return_tensors="pt"))])
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(reaction)["input_ids"])
    arrow = tokens.index(">>")
    atoms = [at for at, token in enumerate(tokens) if token in {"C", "c", "N", "O", "Cl"}]
    reactants, product = ([at for at in atoms if (at > arrow) == after] for after in (False, True))
    weights = capture.attention(10, 5)[0][product][:, reactants]
    expected = [at for at in reactants if tokens[at] != "Cl"]
    assert [tokens[at] for at in expected] == [tokens[at] for at in product]
    assert [reactants[int(at)] for at in weights.argmax(dim=1)] == expected
    view = hs.explore(model, reaction, tokenizer=tokenizer, layer=10, heads=[5])
    assert torch.equal(view.selected.attention, capture.attention(10, [5]))
    view.close()
