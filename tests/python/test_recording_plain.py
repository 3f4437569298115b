"""Plain PyTorch, without transformers: torch.nn's own attention and attention written by hand, against its own maps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import alphabets
import by_hand
import pytest
import torch
from by_hand import VOCABULARY, WIDTH, Gpt, Reader, TimeFirst, Translator, peaked
from tiny import build, eager_parts, ids
from torch import nn
from transformers import TimeSeriesTransformerConfig, TimeSeriesTransformerModel

import headscope as hs
from headscope.errors import CompiledModel, NoAttention, NoTokenizer, OutOfRange, UnseenAttention, UnsupportedInput

ATTENTIONS = [
    "FusedAttention",
    "MaskedAttention",
    "EinsumAttention",
    "RepeatedAttention",
    "HeadsFirstAttention",
    "OneHeadAttention",
]
LETTERS = list("abcdefghijkl")


def vectors(batch: int, length: int, width: int = WIDTH, seed: int = 1) -> torch.Tensor:
    return torch.randn(batch, length, width, generator=torch.Generator().manual_seed(seed))


def tokens(batch: int, length: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(1, VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(seed))


def assert_is(capture: hs.Capture, layer: int, expected: torch.Tensor, part: str | None = None) -> None:
    """`expected` [heads, queries, keys] is the map of the layer, which was certified."""
    torch.testing.assert_close(capture.attention(layer, part=part), expected.detach(), atol=1e-5, rtol=0)
    report = next(one for one in capture.layers if one.layer == layer and one.part == (part or capture.parts[0]))
    assert report.tier == 2
    assert report.error is not None


# torch.nn.MultiheadAttention


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(
    "settings",
    [{}, {"kdim": 16, "vdim": 8}, {"add_bias_kv": True}, {"add_zero_attn": True}],
    ids=" ".join,
)
def test_multihead_attention(settings: dict[str, Any], masked: bool, batch_first: bool, need_weights: bool) -> None:
    """Item 1 of a batch of 3, with 4 heads. Two keys of it are padding; a mask hides keys that come two later."""
    module = peaked(nn.MultiheadAttention(WIDTH, 4, batch_first=batch_first, **settings))
    query = vectors(3, 7)
    key, value = (vectors(3, 5, 16), vectors(3, 5, 8)) if "kdim" in settings else (vectors(3, 5, seed=2),) * 2
    padding = torch.zeros(3, 5, dtype=torch.bool)
    padding[1, 3:] = masked
    mask = torch.ones(7, 5, dtype=torch.bool).triu(2) if masked else None
    given = [one if batch_first else one.transpose(0, 1) for one in (query, key)]
    given.append(given[1] if value is key else value if batch_first else value.transpose(0, 1))
    named = dict(zip(("query", "key", "value"), given, strict=True), attn_mask=mask, key_padding_mask=padding)
    expected = module(**named, average_attn_weights=False)[1][1]
    capture = hs.capture(module, {**named, "need_weights": need_weights}, item=1)
    added = expected.shape[-1] - 5
    seen = [0, 1, 2, *([] if masked else [3, 4]), *range(5, 5 + added)]
    assert capture.parts == ("cross",)
    assert_is(capture, 0, expected[..., seen])
    assert capture.tokens(side="query").labels == tuple("0123456")
    names = {"add_bias_kv": ["bias"], "add_zero_attn": ["zero"]}.get(next(iter(settings), ""), [])
    assert capture.tokens().labels == (*map(str, seen[: len(seen) - added]), *names)


def test_multihead_attention_of_one_text_to_itself() -> None:
    module, x = peaked(nn.MultiheadAttention(WIDTH, 4)), vectors(7, 1)
    for given in (x, x[:, 0]):  # with an axis for the batch, and without one
        capture = hs.capture(module, (given, given, given), tokens=LETTERS[:7])
        expected = module(given, given, given, average_attn_weights=False)[1].view(4, 7, 7)
        assert capture.parts == ("self",)
        assert capture.tokens().labels == tuple(LETTERS[:7])
        assert_is(capture, 0, expected)


def test_padding_among_as_many_keys_as_queries_drops_no_query() -> None:
    module, padding = peaked(nn.MultiheadAttention(WIDTH, 4, batch_first=True)), torch.zeros(1, 5, dtype=torch.bool)
    padding[0, 3:] = True
    query, key = vectors(1, 5), vectors(1, 5, seed=2)
    for need_weights in (True, False):
        named = {"query": query, "key": key, "value": key, "key_padding_mask": padding}
        expected = module(**named, average_attn_weights=False)[1][0]
        assert_is(hs.capture(module, {**named, "need_weights": need_weights}), 0, expected[..., :3])


def test_a_mask_for_each_head() -> None:
    module, x = peaked(nn.MultiheadAttention(WIDTH, 4, batch_first=True)), vectors(2, 6)
    mask = torch.randn(8, 6, 6, generator=torch.Generator().manual_seed(3))  # 2 texts x 4 heads, added
    expected = module(x, x, x, attn_mask=mask, average_attn_weights=False)[1]
    for item in (0, 1):
        assert_is(
            hs.capture(module, {**dict.fromkeys(("query", "key", "value"), x), "attn_mask": mask}, item=item),
            0,
            expected[item],
        )


# torch.nn's layers


def maps_of(model: nn.Module, *given: Any, **named: Any) -> dict[str, torch.Tensor]:
    """What each nn.MultiheadAttention of a model computes in a forward, [batch, heads, queries, keys]."""
    maps: dict[str, torch.Tensor] = {}
    before = nn.MultiheadAttention.forward

    def asked(module: Any, *positional: Any, **wanted: Any) -> Any:
        returned = before(module, *positional, **{**wanted, "need_weights": True, "average_attn_weights": False})
        maps[names[module]] = returned[1].detach()
        return returned

    names = {module: name for name, module in model.named_modules()}
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        nn.MultiheadAttention.forward = asked  # type: ignore[assignment]
        with torch.no_grad():
            model(*given, **named)
    finally:
        nn.MultiheadAttention.forward = before  # type: ignore[method-assign]
        torch.backends.mha.set_fastpath_enabled(True)
    return maps


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("item", [0, 1])
def test_a_transformer_encoder_with_padding(item: int, norm_first: bool) -> None:
    """As it runs by itself, on torch's fused fast path, nothing could be seen of it."""
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 64, batch_first=True, norm_first=norm_first)
    model = peaked(nn.TransformerEncoder(layer, 3, enable_nested_tensor=False))
    x, padding = vectors(2, 7), torch.zeros(2, 7, dtype=torch.bool)
    padding[1, 4:] = True
    capture = hs.capture(model, {"src": x, "src_key_padding_mask": padding}, item=item, tokens=LETTERS[:7])
    assert torch.backends.mha.get_fastpath_enabled()
    kept = (7, 4)[item]
    assert capture.tokens().labels == tuple(LETTERS[:kept])
    for number, weights in enumerate(maps_of(model, x, src_key_padding_mask=padding).values()):
        assert_is(capture, number, weights[item, :, :kept, :kept])
    assert [report.module for report in capture.layers] == [f"layers.{at}.self_attn" for at in range(3)]


@pytest.mark.parametrize("batch_first", [True, False])
def test_an_encoder_decoder_transformer(batch_first: bool) -> None:
    model = peaked(nn.Transformer(WIDTH, 4, 3, 2, 64, batch_first=batch_first))
    source, target = vectors(2, 7), vectors(2, 5, seed=2)
    given = (source, target) if batch_first else (source.transpose(0, 1), target.transpose(0, 1))
    mask = model.generate_square_subsequent_mask(5)
    named = dict(zip(("src", "tgt"), given, strict=True), tgt_mask=mask, tgt_is_causal=True)
    names = {"encoder": LETTERS[:7], "decoder": LETTERS[7:]}
    capture = hs.capture(model, named, item=1, tokens=names)
    assert capture.parts == ("encoder", "decoder", "cross")
    maps = maps_of(model, **named)
    for part, path, layers in (
        ("encoder", "encoder.layers.{}.self_attn", 3),
        ("decoder", "decoder.layers.{}.self_attn", 2),
        ("cross", "decoder.layers.{}.multihead_attn", 2),
    ):
        assert capture.layer_numbers(part) == tuple(range(layers))
        for layer in range(layers):
            assert_is(capture, layer, maps[path.format(layer)][1], part)
    assert capture.tokens("cross", "query").labels == tuple(LETTERS[7:])
    assert capture.tokens("cross", "key").labels == tuple(LETTERS[:7])


def test_a_decoder_alone() -> None:
    model = peaked(nn.TransformerDecoder(nn.TransformerDecoderLayer(WIDTH, 4, 64, batch_first=True), 2))
    target, memory, padding = vectors(2, 5), vectors(2, 5, seed=2), torch.zeros(2, 5, dtype=torch.bool)
    padding[1, 3:] = True  # as many keys as queries: those that are padding are no queries
    named = {"tgt": target, "memory": memory, "memory_key_padding_mask": padding}
    capture = hs.capture(model, named, item=1, tokens={"cross": (LETTERS[:5], LETTERS[5:10])})
    assert capture.parts == ("decoder", "cross")
    maps = maps_of(model, **named)
    for layer in range(2):
        assert_is(capture, layer, maps[f"layers.{layer}.self_attn"][1], "decoder")
        assert_is(capture, layer, maps[f"layers.{layer}.multihead_attn"][1][..., :3], "cross")
    assert capture.tokens("decoder").labels == tuple(LETTERS[:5])
    assert capture.tokens("cross").labels == tuple(LETTERS[5:8])


# Written by hand


@pytest.mark.parametrize("item", [0, 2])
@pytest.mark.parametrize("name", ATTENTIONS)
def test_a_gpt_written_by_hand(name: str, item: int) -> None:
    """As many texts as heads, so that an axis of one taken for the other would show."""
    model, idx = peaked(Gpt(getattr(by_hand, name))), tokens(4, 9)
    capture = hs.capture(model, idx, item=item)
    model(idx)
    for layer in range(3):
        assert_is(capture, layer, model.h[layer].attn.map[item])
    assert [report.module for report in capture.layers] == [f"h.{layer}.attn" for layer in range(3)]
    assert capture.tokens().ids == tuple(idx[item].tolist())
    assert capture.layers[0].kv_heads == {"RepeatedAttention": 2, "OneHeadAttention": 1}.get(name, 4)
    row = capture.neurons(1, 0, 7)
    score = row.products.sum(dim=-1) * row.scaling + row.terms.get("mask", 0)
    torch.testing.assert_close(score.softmax(dim=-1), model.h[1].attn.map[item, 0, 7].detach(), atol=1e-5, rtol=0)


def test_half_precision() -> None:
    model, idx = peaked(Gpt(by_hand.MaskedAttention)).bfloat16(), tokens(1, 9)
    capture = hs.capture(model, idx)
    model(idx)
    torch.testing.assert_close(capture.attention(1), model.h[1].attn.map[0].detach().float(), atol=2e-2, rtol=0)


@pytest.mark.parametrize(("length", "batch"), [(9, 4), (4, 9), (5, 5), (9, 1)])
def test_the_batch_is_found_where_tokens_come_first(length: int, batch: int) -> None:
    model, x = peaked(TimeFirst()), vectors(length, batch)
    item = batch - 1
    capture = hs.capture(model, x, item=item)
    model(x)
    for layer in range(2):
        assert_is(capture, layer, model.layers[layer].map[item])
    with pytest.raises(OutOfRange):
        hs.capture(model, x, item=batch)


class Causal(nn.Module):
    """Tokens first, causal: its first token alone is what it is within the text, as an item of a batch is."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.attention(x, x, x, attn_mask=by_hand.future(len(x)))[0]
        return y


def test_the_first_token_of_a_causal_text_is_not_taken_for_an_item() -> None:
    model, x = peaked(Causal()), vectors(6, 3)
    expected = model.attention(x, x, x, attn_mask=by_hand.future(6), average_attn_weights=False)[1]
    assert_is(hs.capture(model, x, item=2), 0, expected[2])


class Mixed(nn.Module):
    """Texts that look into each other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(0, 1)
        return torch.nn.functional.scaled_dot_product_attention(flat, flat, flat).view(x.shape)


def test_a_batch_that_is_none_is_refused() -> None:
    with pytest.raises(UnsupportedInput, match=r"which axis of \[2, 5, 32\] is the batch is not known"):
        hs.capture(Mixed().eval(), vectors(2, 5))
    assert hs.capture(Mixed().eval(), vectors(1, 5)).tokens().labels == tuple("01234")


def test_cross_attention_of_another_length_and_width() -> None:
    model, x, context = peaked(Reader(16)), vectors(2, 9), vectors(2, 5, 16)
    capture = hs.capture(
        model, (x, context), item=1, tokens={"self": LETTERS[:9], "cross": (LETTERS[:9], list("vwxyz"))}
    )
    model(x, context)
    assert capture.parts == ("self", "cross")
    assert_is(capture, 0, model.attn1.map[1], "self")
    assert_is(capture, 0, model.attn2.map[1], "cross")
    assert capture.tokens("cross", "query").labels == tuple(LETTERS[:9])
    assert capture.tokens("cross").labels == tuple("vwxyz")


def test_cross_attention_of_one_length_is_told_by_what_the_module_was_given() -> None:
    model, x, context = peaked(Reader()), vectors(1, 6), vectors(1, 6, seed=2)
    capture = hs.capture(model, {"x": x, "context": context})
    assert [(report.part, report.module) for report in capture.layers] == [("self", "attn1"), ("cross", "attn2")]


@pytest.mark.parametrize("item", [0, 1])
def test_an_encoder_decoder_model_written_by_hand(item: int) -> None:
    model, source, target = peaked(Translator(), scale=1.5), tokens(2, 9), tokens(2, 7, seed=2)
    source[1, 6:], target[1, 5:] = 0, 0
    capture = hs.capture(model, (source, target), item=item)
    model(source, target)
    rows, columns = ((7, 9), (5, 6))[item]
    for layer in range(2):
        decoder = model.decoder[layer]
        assert_is(capture, layer, model.encoder[layer].dot.map[item, :, :columns, :columns], "encoder")
        assert_is(capture, layer, decoder.self_attn.dot.map[item, :, :rows, :rows], "decoder")
        assert_is(capture, layer, decoder.src_attn.dot.map[item, :, :rows, :columns], "cross")
    assert capture.tokens("cross", "query").ids == tuple(target[item, :rows].tolist())
    assert capture.tokens("cross", "key").ids == tuple(source[item, :columns].tolist())


def test_a_transformers_model_that_reads_numbers() -> None:
    """Neither ids nor sound nor pixels: it is given what its forward takes, and its parts are told by names."""
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    lengths = {"prediction_length": 4, "context_length": 8, "lags_sequence": [1, 2]}
    model = TimeSeriesTransformerModel(TimeSeriesTransformerConfig(**sizes, **heads, **lengths)).eval()
    for parameter in model.parameters():
        parameter.data.mul_(4 if parameter.dim() > 1 else 1)
    given = {
        "past_values": vectors(1, 10, 1)[..., 0],
        "past_time_features": vectors(1, 10, 0),
        "past_observed_mask": torch.ones(1, 10),
        "future_values": vectors(1, 4, 1)[..., 0],
        "future_time_features": vectors(1, 4, 0),
    }
    capture = hs.capture(model, given)
    assert capture.parts == ("encoder", "decoder", "cross")
    for part, layers in eager_parts(model, **given).items():
        for layer, weights in enumerate(layers):
            torch.testing.assert_close(capture.attention(layer, part=part), weights[0], atol=1e-5, rtol=0)
    assert {report.tier for report in capture.layers} == {1}


# What goes in


def test_ids_are_read_with_a_tokenizer_and_texts_made_ids_of() -> None:
    tokenizer, model = alphabets.wordpiece(), peaked(nn.Sequential(nn.Embedding(99, WIDTH), by_hand.MaskedAttention()))
    text = "the doctor asked the nurse"
    capture = hs.capture(model, text, tokenizer=tokenizer)
    assert "".join(capture.tokens().texts[1:3]).strip().startswith("the")
    ids_of: Any = tokenizer(text)["input_ids"]
    for given in (ids_of, [ids_of], torch.tensor([ids_of])):
        assert hs.capture(model, given, tokenizer=tokenizer).tokens() == capture.tokens()
    with pytest.raises(NoTokenizer):
        hs.capture(model, text)


def test_explore_shows_a_plain_module() -> None:
    view = hs.explore(peaked(Gpt(by_hand.FusedAttention)), tokens(1, 5), tokens=list("abcde"), layer=1)
    assert view.meta["sides"][0]["labels"] == list("abcde")
    assert view.selected.attention.shape == (4, 5, 5)


@pytest.mark.parametrize(
    ("given", "named", "error", "words"),
    [
        (None, {}, UnsupportedInput, r"Gpt\.forward\(idx.* cannot be called with these inputs: missing .*idx"),
        ((), {}, UnsupportedInput, r"Gpt\.forward\(idx.* cannot be called with these inputs: missing .*idx"),
        ({"ids": tokens(1, 3)}, {}, UnsupportedInput, r"Gpt\.forward\(idx.* cannot be called"),
        (tokens(1, 3), {"tokens": list("ab")}, UnsupportedInput, "names 2 positions, .* they have 3"),
        (tokens(1, 3), {"tokens": {"other": list("abc")}}, UnsupportedInput, "names for 'other'; parts are"),
        (tokens(1, 3), {"tokens": "abc"}, UnsupportedInput, "a list of strings, one for each position"),
        (tokens(2, 3), {"item": 2}, OutOfRange, r"items 0\.\.1"),
        (["the", "a"], {"tokenizer": alphabets.wordpiece()}, UnsupportedInput, "several texts"),
        (tokens(1, 3), {"target": [1]}, UnsupportedInput, "target= is for transformers models"),
        (tokens(1, 3), {"generate": {}}, UnsupportedInput, "generate= is for transformers models"),
    ],
)
def test_what_does_not_go_in(given: Any, named: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        hs.capture(peaked(Gpt(by_hand.MaskedAttention)), given, **named)


def test_names_of_positions_are_not_for_transformers_models() -> None:
    with pytest.raises(UnsupportedInput, match="pass the model's tokenizer"):
        hs.capture(build(), ids(3), tokens=list("abc"))


# What is refused


def test_a_softmax_that_is_spelled_out_is_refused_by_name() -> None:
    with pytest.raises(UnseenAttention, match=r"no record of h\.0\.attn, h\.1\.attn, h\.2\.attn. .* what exp makes"):
        hs.capture(peaked(Gpt(by_hand.ExpSumAttention)), tokens(1, 5))


class Spelled(nn.Module):
    """Nothing in its name tells of attention."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        e = torch.exp(x @ x.mT)
        return (e / e.sum(-1, keepdim=True)) @ x


def test_a_layer_among_others_that_spells_its_softmax_out_is_named() -> None:
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 64, batch_first=True)
    with pytest.warns(UserWarning, match=r"1 layers cannot be shown; the first: 1 \(Spelled\)"):
        capture = hs.capture(peaked(nn.Sequential(layer, Spelled())), vectors(1, 5))
    assert [(report.module, report.refused) for report in capture.layers] == [("0.self_attn", False), ("1", True)]
    with pytest.raises(UnseenAttention, match="no record of Spelled"):
        hs.capture(Spelled().eval(), vectors(1, 5))


def test_modules_that_hold_no_attention_or_no_python() -> None:
    with pytest.raises(NoAttention, match="Linear computed no attention"):
        hs.capture(nn.Linear(WIDTH, 3).eval(), vectors(1, 5))
    with pytest.raises(CompiledModel, match="TorchScript"):
        hs.capture(torch.jit.trace(peaked(by_hand.OneHeadAttention()), vectors(1, 5)), vectors(1, 5))


def test_the_module_is_left_as_found() -> None:
    model, x = (
        peaked(nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, 4, 64, batch_first=True), 2)),
        vectors(3, 5),
    )
    before = model(x)
    hooks = [(len(one._forward_hooks), len(one._forward_pre_hooks)) for one in model.modules()]
    hs.capture(model, x, item=1)
    assert hooks == [(len(one._forward_hooks), len(one._forward_pre_hooks)) for one in model.modules()]
    assert torch.equal(model(x), before)
    assert torch.backends.mha.get_fastpath_enabled()


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("transformers", "tokenizers", "huggingface_hub"):
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Missing())
import torch
from by_hand import Gpt, MaskedAttention, Translator, peaked
import headscope as hs
idx = torch.tensor([[3, 4, 5, 6, 7]])
model = peaked(Gpt(MaskedAttention))
capture = hs.capture(model, idx, tokens=list("abcde"))
model(idx)
print(max(float((capture.attention(layer) - model.h[layer].attn.map[0]).abs().max()) for layer in range(3)) < 1e-5)
layer = torch.nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
print(hs.capture(peaked(torch.nn.TransformerEncoder(layer, 2)), torch.randn(1, 6, 32)))
print(hs.capture(peaked(Translator()), (idx, idx[:, :3])).parts)
view = hs.explore(model, idx)
print(tuple(view.selected.attention.shape), any(name.startswith("transformers") for name in sys.modules))
"""


def test_transformers_need_not_be_installed() -> None:
    """In a process where it cannot be imported."""
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])}
    run = subprocess.run([sys.executable, "-c", WITHOUT], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.splitlines() == [
        "True",
        "Capture(TransformerEncoder, 2 layers, 6 tokens, 0.0 MiB)",
        "('encoder', 'decoder', 'cross')",
        "(4, 5, 5) False",
    ], run.stderr
