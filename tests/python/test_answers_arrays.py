"""Captures made of arrays that somebody already has: the numbers are those that were handed in, or they are refused."""

from __future__ import annotations

import re
import warnings
from typing import Any

import alphabets
import numpy as np
import pytest
import torch
from pages import Page
from tiny import build, eager_attentions, ids

import headscope as hs
from headscope.errors import (
    HeadscopeError,
    NoAttention,
    NoVectors,
    OutOfRange,
    OverBudget,
    UnknownProjection,
    UnsupportedInput,
)

WORDS = [f"w{number}" for number in range(9)]


def eager(model: Any, **arguments: Any) -> Any:
    """What a user has after BertViz's recipe, repaired: an eager run with output_attentions."""
    model.set_attn_implementation("eager")
    with torch.no_grad():
        return model(**arguments, output_attentions=True)


def random_weights(*shape: int, seed: int = 0) -> torch.Tensor:
    scores = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return (4 * scores).softmax(-1)


# From attentions


def forms(layers: tuple[torch.Tensor, ...]) -> dict[str, Any]:
    """The same weights [1, heads, queries, keys] a layer, in every form in which people have them."""
    return {
        "a tuple of tensors": layers,
        "a list without the batch": [layer[0] for layer in layers],
        "numpy": [layer.numpy() for layer in layers],
        "numpy that may not be written": [frozen(layer.numpy()) for layer in layers],
        "big-endian numpy": [layer.numpy().astype(">f4") for layer in layers],
        "nested lists": [layer[0].tolist() for layer in layers],
        "a stack": torch.stack(layers)[:, 0],
        "a stack with the batch": torch.stack(layers),
        "a numpy stack": torch.stack(layers).numpy(),
    }


def frozen(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("form", forms((torch.ones(1, 1, 1, 1),)))
def test_every_form_of_the_same_weights_is_read_alike(form: str) -> None:
    layers = eager(build("bidirectional"), input_ids=ids(9)).attentions
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as torch's, of arrays that may not be written
        capture = hs.from_attentions(forms(layers)[form], WORDS)
    assert capture.layer_numbers() == (0, 1, 2)
    for layer in range(3):
        assert torch.equal(capture.attention(layer), layers[layer][0])
    assert [report.heads for report in capture.layers] == [4, 4, 4]
    assert capture.tokens().texts == tuple(WORDS)


def test_the_whole_outputs_of_a_model_are_read_by_their_names() -> None:
    outputs = eager(build("causal, fused projection"), input_ids=ids(9))
    capture = hs.from_attentions(outputs, WORDS)
    assert torch.equal(capture.attention(2), outputs.attentions[2][0])
    twofold = eager(build("t5"), input_ids=ids(9), decoder_input_ids=ids(5, seed=3))
    capture = hs.from_attentions(twofold, encoder_tokens=WORDS, decoder_tokens=WORDS[:5])
    assert capture.parts == ("encoder", "decoder", "cross")
    assert torch.equal(capture.attention(1, part="cross"), twofold.cross_attentions[1][0])


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_sets_of_an_encoder_decoder_model_are_its_parts(name: str) -> None:
    model = build(name)
    given = eager(model, input_ids=ids(9), decoder_input_ids=ids(5, seed=3))
    own = hs.capture(build(name), ids(9), target=ids(5, seed=3))
    capture = hs.from_attentions(
        encoder_attentions=given.encoder_attentions,
        decoder_attentions=given.decoder_attentions,
        cross_attentions=given.cross_attentions,
        encoder_tokens=WORDS,
        decoder_tokens=WORDS[:5],
    )
    assert capture.parts == own.parts
    for report in own.layers:
        ours = own.attention(report.layer, part=report.part)
        torch.testing.assert_close(capture.attention(report.layer, part=report.part), ours, atol=1e-5, rtol=0)
    only = hs.from_attentions(
        cross_attentions=given.cross_attentions, encoder_tokens=WORDS, decoder_tokens=WORDS[:5], layers=1
    )
    assert (only.parts, only.layer_numbers("cross")) == (("cross",), (1,))
    assert torch.equal(only.attention(1), given.cross_attentions[1][0])


def test_an_item_of_a_batch_without_its_padding() -> None:
    """The padded item's rows and columns are those that its mask keeps, and the rest of the batch is let go."""
    batch = {"input_ids": ids(9, 2), "attention_mask": torch.ones(2, 9, dtype=torch.long)}
    batch["attention_mask"][1, :3] = 0
    layers = eager(build("bidirectional"), **batch).attentions
    capture = hs.from_attentions(layers, batch, item=1)
    assert len(capture.tokens()) == 6
    assert capture.tokens().ids == tuple(batch["input_ids"][1, 3:].tolist())
    assert torch.equal(capture.attention(1), layers[1][1, :, 3:, 3:])
    assert capture.nbytes == sum(4 * 4 * 6 * 6 for _ in layers)
    with pytest.raises(OutOfRange, match=re.escape("item 2 is out of range: the batch has items 0..1.")):
        hs.from_attentions(layers, WORDS, item=2)
    whole = hs.from_attentions([layer[:1] for layer in layers], WORDS)
    assert torch.equal(whole.attention(0), layers[0][0])


@pytest.mark.parametrize("kind", ["torch", "numpy"])
def test_what_is_written_into_the_arrays_later_changes_nothing(kind: str) -> None:
    """As where one buffer is filled anew for every text."""
    weights = random_weights(2, 4, 9, 9)
    buffer: Any = weights.clone() if kind == "torch" else weights.numpy().copy()
    capture = hs.from_attentions(buffer, WORDS)
    buffer[:] = 0
    assert torch.equal(capture.attention(1), weights[1])
    assert capture.nbytes == weights.nbytes
    q, k = vectors()
    buffer = [q, k] if kind == "torch" else [q.numpy(), k.numpy()]
    capture = hs.from_vectors(*buffer, tokens=WORDS, causal=True)
    before = capture.attention(1)
    for one in buffer:
        one[:] = 0
    assert torch.equal(capture.attention(1), before)


def test_the_budget_counts_what_was_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hs.budget, "captures", 1000)
    with pytest.raises(OverBudget):
        hs.from_attentions(random_weights(3, 4, 9, 9), WORDS)
    with pytest.raises(OverBudget):
        hs.from_vectors(*vectors(), tokens=WORDS, causal=True)


ALPHABETS = {
    "byte_level": "the doctor, unseen naïve",
    "wordpiece": "the doctor unseen playing",
    "unigram": "the doctor unseen",
    "byte_fallback": "the doctor naïve",
}


def square(count: int) -> torch.Tensor:
    return random_weights(1, 2, count, count)


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_tokens_read_alike_from_ids_and_from_strings(alphabet: str) -> None:
    """Strings as convert_ids_to_tokens gives them: the texts and words of the ids, with and without their tokenizer."""
    tokenizer = getattr(alphabets, alphabet)()
    given = tokenizer(ALPHABETS[alphabet])
    strings = tokenizer.convert_ids_to_tokens(given["input_ids"])
    weights = square(len(strings))
    wanted = hs.from_attentions(weights, given["input_ids"], tokenizer=tokenizer).tokens()
    assert len(set(wanted.words)) < len(wanted) or alphabet == "wordpiece"
    for tokens, options in ((strings, {"tokenizer": tokenizer}), (strings, {}), (given, {"tokenizer": tokenizer})):
        read = hs.from_attentions(weights, tokens, **options).tokens()
        assert (read.texts, read.labels) == (wanted.texts, wanted.labels)
        assert (read.words, read.special) == (wanted.words, wanted.special)


def test_spelled_bytes_are_told_where_no_token_begins_with_a_space() -> None:
    text = "你好吗"
    tokenizer = alphabets.byte_level()
    spelled = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    assert "".join(spelled) != text
    read = hs.from_attentions(square(len(spelled)), spelled).tokens()
    assert "".join(word.label for word in read.as_words()) == text
    plain = ["naïve", "café"]
    assert hs.from_attentions(square(2), plain).tokens().texts == tuple(plain)


def test_strings_without_marks_are_words() -> None:
    read = hs.from_attentions(square(4), ["The", "doctor", "s", "."])
    assert [word.text for word in read.words()] == ["The", "doctor", "s", "."]
    read = hs.from_attentions(square(4), ["The", " doctor", "s", " ."])
    assert [word.text for word in read.words()] == ["The", "doctors", "."]


def test_ids_alone_and_tokens_of_another_capture() -> None:
    assert hs.from_attentions(square(2), [5, 7]).tokens().texts == ("#5", "#7")
    other = hs.capture(build(), ids(9))
    given = hs.from_attentions(square(9), other.tokens())
    assert given.tokens() == other.tokens()
    items = [["a", "b"], ["c", "d"]]
    weights = random_weights(1, 2, 3, 2, 2)
    assert hs.from_attentions(weights, items, item=1).tokens().texts == ("c", "d")


@pytest.mark.parametrize("segments", [5, [0] * 5 + [1] * 4])
def test_sentence_pairs_by_the_start_of_the_second_or_by_segments(segments: Any) -> None:
    for tokens in (WORDS, list(range(9))):
        capture = hs.from_attentions(square(9), tokens, segments=segments)
        assert capture.segments == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]
    view = hs.HeadView(capture, pair_filter="a->b")
    assert (view.shown.query_positions, view.shown.key_positions) == ((0, 1, 2, 3, 4), (5, 6, 7, 8))


@pytest.mark.parametrize(("segments", "error"), [(0, OutOfRange), (9, OutOfRange), ([0, 1], UnsupportedInput)])
def test_segments_that_are_none(segments: Any, error: type[HeadscopeError]) -> None:
    with pytest.raises(error):
        hs.from_attentions(square(9), WORDS, segments=segments)


def test_the_number_of_tokens_must_be_that_of_the_positions() -> None:
    with pytest.raises(
        UnsupportedInput, match=r"attentions\[0\] has 9 queries and 9 keys, and there are 8 tokens: w0 "
    ):
        hs.from_attentions(square(9), WORDS[:8])
    with pytest.raises(UnsupportedInput, match=r"there are 40 tokens: (w ){11}w, \.\.\. Pass"):
        hs.from_attentions(square(9), ["w"] * 40)
    with pytest.raises(UnsupportedInput, match=r"9 queries and 9 keys, and there are 2 tokens: w0 w1. Pass [^;]*$"):
        hs.from_attentions(encoder_attentions=square(9), encoder_tokens=WORDS[:2])
    with pytest.raises(UnsupportedInput, match="attentions came without tokens: pass tokens="):
        hs.from_attentions(square(9))
    with pytest.raises(UnsupportedInput, match="cross_attentions came without tokens: pass encoder_tokens="):
        hs.from_attentions(cross_attentions=square(9), decoder_tokens=WORDS)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (torch.ones(9, 9), "shape [9, 9]"),
        ([torch.ones(9, 9)], "attentions[0] has the shape [9, 9]"),
        ([[torch.ones(1, 2, 9, 9)] * 2] * 3, "as generate() returns them"),
        ("attention", "attentions is a str"),
        ([["a"]], "attentions[0] is no array of numbers"),
        ({1: 2}, "attentions is a dict"),
    ],
)
def test_what_is_no_attention_is_refused(given: Any, words: str) -> None:
    with pytest.raises(HeadscopeError, match=re.escape(words)):
        hs.from_attentions(given, WORDS)
    with pytest.raises(UnsupportedInput, match="pass one or the other"):
        hs.from_attentions(square(9), WORDS, cross_attentions=square(9))


# What BertViz's old recipe gives today


def old_recipe(mechanism: str, **more: Any) -> Any:
    """`outputs` of a model as it is loaded today, on sdpa, asked for its attentions."""
    model = build(mechanism)
    assert model.config._attn_implementation == "sdpa"
    with torch.no_grad():
        return model(input_ids=ids(9), output_attentions=True, **more)


@pytest.mark.parametrize("mechanism", ["bidirectional", "causal, fused projection", "causal, grouped heads, rotary"])
@pytest.mark.parametrize("take", ["last", "named", "whole", "cache", "states"])
def test_what_the_old_recipe_gives_is_told_apart_with_cause_and_fix(mechanism: str, take: str) -> None:
    outputs = old_recipe(mechanism)
    if take == "cache" and outputs.get("past_key_values") is None:
        outputs["past_key_values"] = old_recipe("causal, grouped heads, rotary").past_key_values
    given = {
        "last": outputs[-1],
        "named": outputs.attentions,
        "whole": outputs,
        "cache": outputs.get("past_key_values"),
        "states": outputs[0],
    }[take]
    with pytest.raises(NoAttention) as raised:
        hs.from_attentions(given, WORDS)
    said = str(raised.value)
    assert "sdpa" in said
    assert "outputs[-1]" in said
    assert "capture = hs.capture(model, text, tokenizer=tokenizer)" in said
    assert 'model.set_attn_implementation("eager")\n    attentions = model(**inputs, output_attentions=True)' in said


def test_the_fix_that_the_error_names_works() -> None:
    model, inputs = build("bidirectional"), {"input_ids": ids(9)}
    with pytest.raises(NoAttention) as raised:
        hs.from_attentions(old_recipe("bidirectional")[-1], WORDS)
    _, _, fix = str(raised.value).partition("or\n")
    names: dict[str, Any] = {"model": model, "inputs": inputs}
    exec("\n".join(line.strip() for line in fix.splitlines()), names)
    capture = hs.from_attentions(names["attentions"], WORDS)
    wanted = eager_attentions(build("bidirectional"), **inputs)
    for layer in range(3):
        torch.testing.assert_close(capture.attention(layer), wanted[layer][0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("given", [None, (), [], (None, None)])
def test_nothing_is_said_to_be_nothing(given: Any) -> None:
    with pytest.raises(NoAttention, match=r"(is None|is an empty|of None).*sdpa"):
        hs.from_attentions(given, WORDS)
    if given is not None:
        with pytest.raises(NoAttention, match="cross_attentions is"):
            hs.from_attentions(cross_attentions=given, encoder_tokens=WORDS, decoder_tokens=WORDS)


def test_keys_that_are_more_than_the_queries() -> None:
    weights = random_weights(2, 4, 3, 9)
    capture = hs.from_attentions(weights, WORDS, query_tokens=WORDS[-3:])
    assert torch.equal(capture.attention(1), weights[1])
    assert capture.tokens(side="query").texts == tuple(WORDS[-3:])
    with pytest.raises(UnsupportedInput, match=r"3 queries and 9 keys, and there are 9 tokens.*query_tokens="):
        hs.from_attentions(weights, WORDS)


def test_the_report_does_not_say_that_anything_was_checked() -> None:
    capture = hs.from_attentions(random_weights(2, 4, 9, 9), WORDS)
    for report in capture.layers:
        assert not report.refused
        assert report.error is None
        assert (report.tier, report.module) == (0, f"attentions[{report.layer}]")
        assert report.reason == "These weights were handed in as they are."


def test_there_are_no_vectors_and_every_answer_says_so() -> None:
    capture = hs.from_attentions(random_weights(2, 4, 9, 9), WORDS)
    for ask in (lambda: capture.neurons(1, 0, 0), lambda: capture.vectors(1)):
        with pytest.raises(NoVectors, match=re.escape("layer 1 (attentions[1])") + ".*handed in"):
            ask()
    with pytest.raises(UnknownProjection, match="handed in"):
        capture.value_norms(1)
    view = hs.Explorer(capture, layer=1, head=2)
    assert torch.equal(view.selected.attention[2], capture.attention(1, 2)[0])


def test_a_layer_that_is_none_is_refused_and_keeps_the_numbers_of_the_others() -> None:
    weights = random_weights(3, 4, 9, 9)
    capture = hs.from_attentions((weights[0], None, weights[2]), WORDS)
    assert capture.layer_numbers() == (0, 1, 2)
    assert [report.refused for report in capture.layers] == [False, True, False]
    assert torch.equal(capture.attention(2), weights[2])
    with pytest.raises(hs.RefusedLayer, match=re.escape("attentions[1] is None")):
        capture.attention(1)


def test_layers_of_choice_keep_their_numbers() -> None:
    weights = random_weights(4, 4, 9, 9)
    capture = hs.from_attentions(weights, WORDS, layers=[3, 1])
    assert capture.layer_numbers() == (1, 3)
    assert torch.equal(capture.attention(3), weights[3])
    with pytest.raises(OutOfRange, match="layer 4 is out of range: it goes from 0 to 3"):
        hs.from_attentions(weights, WORDS, layers=[4])


def test_rows_that_do_not_add_up_to_1_are_said() -> None:
    weights = random_weights(2, 4, 9, 9)
    weights[1, 0, 3] *= 0.25
    low, half = hs.from_attentions(weights, WORDS), hs.from_attentions(weights[:1] / 2, WORDS)
    assert low.layers[0].reason == "These weights were handed in as they are."
    assert low.layers[1].reason.endswith("Rows add up to 0.25 .. 1, not to 1.")
    assert half.layers[0].reason.endswith("Every row adds up to 0.5, not to 1.")
    with pytest.warns(
        UserWarning, match=r"1 layers hold rows that add up to more than 1, first attentions\[0\], up to 2"
    ):
        hs.from_attentions([weights[0] * 2, weights[1]], WORDS)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_rounding_of_other_dtypes_is_no_news(dtype: torch.dtype) -> None:
    weights = random_weights(2, 4, 64, 64).to(dtype)
    capture = hs.from_attentions(weights, [f"w{number}" for number in range(64)])
    assert [report.reason for report in capture.layers] == ["These weights were handed in as they are."] * 2
    assert capture.attention(0).dtype == torch.float32
    assert torch.equal(capture.attention(0), weights[0].float())


def test_numbers_that_are_not_finite_are_named_by_their_heads() -> None:
    weights = random_weights(2, 4, 9, 9)
    weights[1, 2, 4] = torch.nan
    capture = hs.from_attentions(weights, WORDS)
    assert [report.not_finite for report in capture.layers] == [
        "",
        "weights of head 2 hold NaN or infinite numbers",
    ]
    assert torch.equal(capture.attention(1, 3), weights[1, 3:])


def test_scores_before_the_softmax_are_refused_with_the_place_and_the_reason() -> None:
    scores = torch.zeros(2, 4, 9, 9)
    scores[1, 2, 3, 4] = -1.5
    with pytest.raises(
        UnsupportedInput, match=r"attentions\[1\] holds negative numbers \(-1.5 at head 2, query 3, key 4"
    ):
        hs.from_attentions(scores, WORDS)
    hidden = torch.zeros(1, 4, 9, 9).masked_fill(torch.ones(9, 9).triu(1).bool(), -torch.inf)
    with pytest.raises(UnsupportedInput, match=re.escape("scores.softmax(-1)")):
        hs.from_attentions(hidden, WORDS)


# From vectors

VECTORS = {
    "causal, grouped heads, rotary": {"causal": True},
    "bidirectional": {"causal": False},
    "causal, fused projection": {"causal": True},
    "sliding window": {"mask": "window"},
    "softcap and window": {"mask": ["window", "causal", "window"], "softcap": 0.5, "scaling": 256**-0.5},
    "position bias": {"causal": False, "bias": "bias", "scaling": 1.0},
}
"""By mechanism of `tiny`, what a person who knows the model says of it."""

LENGTH = 13


def seen(kind: str) -> torch.Tensor:
    pairs = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril()
    return pairs if kind == "causal" else pairs.triu(-7)


@pytest.mark.parametrize("mechanism", VECTORS)
def test_weights_from_vectors_are_those_of_the_model(mechanism: str) -> None:
    model, tokens = build(mechanism), ids(LENGTH)
    own = hs.capture(model, tokens)
    said = dict(VECTORS[mechanism])
    if "mask" in said:
        kinds = said["mask"]
        said["mask"] = [*map(seen, kinds)] if isinstance(kinds, list) else seen(kinds)
    if "bias" in said:
        said["bias"] = model.encoder.block[0].layer[0].SelfAttention.compute_bias(LENGTH, LENGTH)
    q, k, v = vectors_of(own)
    capture = hs.from_vectors(q, k, v, tokens=tokens[0].tolist(), **said)
    wanted = eager_attentions(model, input_ids=tokens)
    for layer in range(3):
        torch.testing.assert_close(capture.attention(layer), wanted[layer][0], atol=1e-5, rtol=0)
    assert [report.kv_heads for report in capture.layers] == [report.kv_heads for report in own.layers]
    assert capture.browser_computable(1)


def vectors_of(capture: hs.Capture) -> tuple[list[torch.Tensor], ...]:
    vectors = [capture.vectors(layer) for layer in capture.layer_numbers()]
    return tuple([getattr(one, name) for one in vectors] for name in ("query", "key", "value"))


def test_a_padded_item_of_a_batch_of_vectors() -> None:
    """A mask [batch, 1, queries, keys] as the model makes it, numpy, and one array of all layers."""
    model, batch = build("bidirectional"), {"input_ids": ids(LENGTH, 2), "attention_mask": torch.ones(2, LENGTH)}
    batch["attention_mask"][1, :4] = 0
    made: list[tuple[torch.Tensor, torch.Tensor]] = []
    for layer in model.encoder.layer:
        attention = layer.attention.self
        split = (2, LENGTH, attention.num_attention_heads, -1)

        def keep(_: Any, given: Any, attention: Any = attention, split: Any = split) -> None:
            made.append(tuple(part(given[0]).view(split).transpose(1, 2) for part in (attention.query, attention.key)))

        attention.register_forward_pre_hook(keep)
    wanted = eager_attentions(model, **batch)
    with torch.no_grad():
        model(**batch)
    query, key = (torch.stack(one).numpy() for one in zip(*made, strict=True))  # [layers, batch, heads, tokens, d]
    mask = batch["attention_mask"].bool()[:, None, None].expand(-1, -1, LENGTH, -1)
    capture = hs.from_vectors(query, key, tokens=batch, mask=mask.numpy(), item=1)
    additive = torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)
    same = hs.from_vectors(query, key, tokens=batch, mask=additive, item=1)
    for layer in range(3):
        torch.testing.assert_close(capture.attention(layer), wanted[layer][1, :, 4:, 4:], atol=1e-5, rtol=0)
        assert torch.equal(same.attention(layer), capture.attention(layer))
    assert len(capture.tokens()) == LENGTH - 4


def test_the_neurons_of_vectors_that_were_handed_in() -> None:
    own = hs.capture(build(), ids(LENGTH))
    q, k, v = vectors_of(own)
    given, wanted = (
        capture.neurons(1, 3, 8) for capture in (hs.from_vectors(q, k, v, tokens=own.tokens(), causal=True), own)
    )
    assert given.equation == wanted.equation == "softmax(dot + mask)"
    for name in ("query", "keys", "products", "dot", "attention", "values"):
        torch.testing.assert_close(getattr(given, name), getattr(wanted, name))
    without = hs.from_vectors(q, k, tokens=own.tokens(), causal=True)
    assert without.neurons(1, 3, 8).values.shape == (LENGTH, 0)
    assert without.vectors(1).value.shape == (2, LENGTH, 0)
    torch.testing.assert_close(without.attention(1), own.attention(1))


def test_the_report_of_vectors_says_that_there_was_nothing_to_compare_with() -> None:
    q, k, v = vectors_of(hs.capture(build(), ids(LENGTH)))
    capture = hs.from_vectors(q, k, v, tokens=ids(LENGTH)[0].tolist(), causal=True)
    capture.attention(0)
    for report in capture.layers:
        assert not report.refused
        assert report.error is None
        assert report.tier == 0
        assert report.reason == "computed from the vectors that were handed in; there was no forward to compare with"
    with pytest.raises(UnknownProjection, match=re.escape("layer 1 (query[1], key[1])")):
        capture.value_norms(1)


def test_queries_of_later_tokens_than_the_first_key() -> None:
    """As with a cache: the last query stands at the last key."""
    q, k, _ = vectors_of(hs.capture(build(), ids(LENGTH)))
    whole = hs.from_vectors(q, k, tokens=ids(LENGTH)[0].tolist(), causal=True)
    late = [layer[:, -4:] for layer in q]
    capture = hs.from_vectors(late, k, tokens=ids(LENGTH)[0].tolist(), query_tokens=list("abcd"), causal=True)
    torch.testing.assert_close(capture.attention(2), whole.attention(2, queries=range(LENGTH - 4, LENGTH)))


def test_layers_share_one_mask() -> None:
    q, k, _ = vectors_of(hs.capture(build("bidirectional"), ids(LENGTH)))
    mask = torch.ones(LENGTH, LENGTH, dtype=torch.bool)
    mask[::2, 1::2] = False  # no spans
    bias = torch.randn(LENGTH, LENGTH)
    capture = hs.from_vectors(q, k, tokens=list(range(LENGTH)), mask=mask, bias=bias)
    vectors, spans = sum(layer.nbytes for layer in [*q, *k]), 2 * 8 * LENGTH
    assert capture.nbytes == vectors + spans + mask.nbytes + bias.nbytes


def vectors(*, layers: int = 2, heads: int = 4, groups: int = 2, tokens: int = 9, d: int = 8) -> tuple[Any, Any]:
    return torch.randn(layers, heads, tokens, d), torch.randn(layers, groups, tokens, d)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"causal": None}, "which keys does a query see? Pass causal=True"),
        ({"key": torch.randn(2, 3, 9, 8)}, "a multiple of that of the keys"),
        ({"key": torch.randn(2, 2, 9, 7)}, "queries and keys have one width"),
        ({"key": torch.randn(3, 2, 9, 8)}, "query has 2 layers, key 3 and value 3"),
        ({"value": torch.randn(2, 4, 9, 8)}, "which the values share"),
        ({"query": torch.randn(2, 9, 4, 8)}, "A layer is [heads, tokens, d], the heads before the tokens."),
        ({"mask": torch.ones(9, 9)}, "pass mask.bool()"),
        ({"mask": np.tril(np.ones((9, 9), int))}, "pass mask.bool()"),
        ({"mask": torch.ones(2, 9).bool()}, "mask has the shape [2, 9]: pass [9, 9]"),
        ({"mask": [torch.ones(9, 9).bool()]}, "mask is a list of 1, one for each layer, and there is a layer 1"),
        ({"bias": torch.ones(3, 9, 9)}, "bias has the shape [3, 9, 9]"),
        ({"query": [None, None]}, "query[0] is None"),
        ({"tokens": None}, "NoneType"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(change: dict[str, Any], words: str) -> None:
    query, key = vectors()
    given = {"query": query, "key": key, "tokens": WORDS, "causal": False, **change}
    with pytest.raises(HeadscopeError, match=re.escape(words)):
        hs.from_vectors(**given)


def test_vectors_that_are_not_finite_are_named() -> None:
    query, key = vectors()
    key[1, 1, 3] = torch.inf
    capture = hs.from_vectors(query, key, tokens=WORDS, causal=True)
    assert [report.not_finite for report in capture.layers] == ["", "keys of head 1 hold NaN or infinite numbers"]


def test_the_views_take_both_kinds() -> None:
    query, key = vectors()
    for capture in (hs.from_vectors(query, key, tokens=WORDS, causal=True), hs.from_attentions(square(9), WORDS)):
        page = Page(hs.Explorer(capture))
        (part,) = page.state["meta"]["parts"]
        assert [(layer["tier"], layer["error"]) for layer in part["layers"]] == [(0, None)] * len(capture.layers)
        assert page.state["first"]["form"] == ("vectors" if capture.browser_computable(0) else "weights")
