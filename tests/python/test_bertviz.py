"""BertViz's own calls: its arguments, its errors, and views that hold what was handed in."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import alphabets
import kernels
import numpy as np
import pytest
import torch
from embedded import weights_of
from IPython.display import HTML
from tiny import build, eager_attentions, ids

from headscope.bertviz import head_view, model_view
from headscope.bertviz.neuron_view import show
from headscope.errors import NoAttention, NoTarget, OverBudget
from headscope.export import page as page_module

WORDS = ["[CLS]", "the", "doc", "##tor", "[SEP]", "she", "asked", "him", "[SEP]"]
TARGET = ["<pad>", "▁la", "▁doc", "tora"]

SIGNATURES = {  # of bertviz 1.4.1, in order
    head_view: (
        "attention=None, tokens=None, sentence_b_start=None, prettify_tokens=True, layer=None, heads=None, "
        "encoder_attention=None, decoder_attention=None, cross_attention=None, encoder_tokens=None, "
        "decoder_tokens=None, include_layers=None, html_action='view'"
    ),
    model_view: (
        "attention=None, tokens=None, sentence_b_start=None, prettify_tokens=True, display_mode='dark', "
        "encoder_attention=None, decoder_attention=None, cross_attention=None, encoder_tokens=None, "
        "decoder_tokens=None, include_layers=None, include_heads=None, html_action='view'"
    ),
    show: (
        "model, model_type, tokenizer, sentence_a, sentence_b=None, display_mode='dark', layer=None, head=None, "
        "html_action='view'"
    ),
}


def eager(mechanism: str, **arguments: torch.Tensor) -> Any:
    """The outputs of an eager run with output_attentions."""
    model = build(mechanism)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        return model(**arguments, output_attentions=True)


@pytest.fixture(scope="module")
def attention() -> tuple[torch.Tensor, ...]:
    return eager("bidirectional", input_ids=ids(9)).attentions


@pytest.fixture(scope="module")
def twofold() -> dict[str, Any]:
    outputs = eager("t5", input_ids=ids(9), decoder_input_ids=ids(4, seed=3))
    names = ("encoder_attention", "decoder_attention", "cross_attention")
    sets = {name: getattr(outputs, f"{name}s") for name in names}
    return {**sets, "encoder_tokens": WORDS, "decoder_tokens": TARGET}


@pytest.mark.parametrize("call", SIGNATURES)
def test_the_signatures_are_those_of_bertviz(call: Any) -> None:
    parameters = inspect.signature(call).parameters.values()
    said = ", ".join(one.name if one.default is one.empty else f"{one.name}={one.default!r}" for one in parameters)
    assert said == SIGNATURES[call]


@pytest.mark.parametrize("mechanism", ["bidirectional", "causal, fused projection", "position bias"])
@pytest.mark.parametrize("call", [head_view, model_view])
def test_a_view_holds_the_weights_that_were_handed_in(call: Any, mechanism: str) -> None:
    given = eager(mechanism, input_ids=ids(9)).attentions
    view = call(given, WORDS)
    for layer, weights in enumerate(given):
        view.select(layer=layer)
        assert torch.equal(view.selected.attention, weights[0])
        torch.testing.assert_close(
            weights, eager_attentions(build(mechanism), input_ids=ids(9))[layer], atol=1e-6, rtol=0
        )
    assert view.capture.tokens().texts[:3] == ("[CLS]", "the", "doc")


def test_the_head_view_takes_layer_heads_and_layers(attention: Any) -> None:
    view = head_view(attention, WORDS, layer=2, heads=[1, 3], include_layers=[0, 2])
    assert (view.layer, view.heads) == (2, [1, 3])
    assert view.capture.layer_numbers() == (0, 2)
    assert torch.equal(view.selected.attention, attention[2][0, [1, 3]])
    assert head_view(attention, WORDS).heads == [0, 1, 2, 3]


def test_the_model_view_takes_mode_layers_and_heads(attention: Any) -> None:
    view = model_view(attention, WORDS, include_layers=[1, 2], include_heads=[0, 3])
    assert (view.theme, view.show_heads, view.capture.layer_numbers()) == ("dark", [0, 3], (1, 2))
    assert model_view(attention, WORDS, display_mode="light").theme == "light"


@pytest.mark.parametrize("call", [head_view, model_view])
def test_a_sentence_pair_can_be_filtered(call: Any, attention: Any) -> None:
    view = call(attention, WORDS, 5)
    assert view.capture.segments == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]
    view.pair_filter = "b->a"
    assert torch.equal(view.capture.attention(0), attention[0][0])
    assert view.shown.query_positions == (5, 6, 7, 8)
    assert view.shown.key_positions == (0, 1, 2, 3, 4)


def test_tokens_are_prettified_or_left_as_written(attention: Any) -> None:
    pretty, raw = (head_view(attention, WORDS, prettify_tokens=how).capture.tokens() for how in (True, False))
    assert pretty.word_spans[2] == range(2, 4)
    assert pretty.as_words()[2].text == "doctor"
    assert raw.labels == tuple(WORDS)
    assert raw.special == pretty.special == tuple(word.startswith("[") for word in WORDS)
    assert [len(span) for span in raw.word_spans] == [1] * 9
    pair = head_view(attention, WORDS, 5, prettify_tokens=False)
    assert pair.capture.segments == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]
    marked = ["Ġthe", "Ġdoc", "tor", *["."] * 6]
    pretty, raw = (head_view(attention, marked, prettify_tokens=how).capture.tokens() for how in (True, False))
    assert (pretty.labels[:3], raw.labels[:3]) == (("·the", "·doc", "tor"), ("Ġthe", "Ġdoc", "tor"))


@pytest.mark.parametrize("call", [head_view, model_view])
def test_the_parts_of_an_encoder_decoder_model(call: Any, twofold: dict[str, Any]) -> None:
    view = call(**twofold)
    assert view.capture.parts == ("encoder", "decoder", "cross")
    for part in view.capture.parts:
        for layer, weights in enumerate(twofold[f"{part}_attention"]):
            view.select(part=part, layer=layer)
            assert torch.equal(view.selected.attention, weights[0])
    assert view.capture.tokens("cross", "query").texts == ("<pad>", " la", " doc", "tora")
    cross = call(
        cross_attention=twofold["cross_attention"], encoder_tokens=WORDS, decoder_tokens=TARGET, include_layers=[1]
    )
    assert (cross.part, cross.layer) == ("cross", 1)


BAD = {
    "nothing": ({}, "pass attention="),
    "no tokens": ({"attention": "given"}, "tokens"),
    "both kinds": ({"attention": "given", "tokens": WORDS, "encoder_tokens": WORDS}, "goes with tokens= only"),
    "both kinds of attention": (
        {"attention": "given", "tokens": WORDS, "cross_attention": "given"},
        "goes with tokens=",
    ),
    "no encoder tokens": ({"encoder_attention": "given"}, "encoder_tokens"),
    "no decoder tokens": ({"decoder_attention": "given"}, "decoder_tokens"),
    "no tokens of the keys": ({"cross_attention": "given", "decoder_tokens": WORDS}, "encoder_tokens"),
    "no tokens of the queries": ({"cross_attention": "given", "encoder_tokens": WORDS}, "decoder_tokens"),
    "too few tokens": (
        {"attention": "given", "tokens": WORDS[:8]},
        "9 queries and 9 keys, and there are 8 tokens: [CLS]",
    ),
    "no such action": ({"attention": "given", "tokens": WORDS, "html_action": "print"}, "'view' or 'return'"),
    "no such layer": ({"attention": "given", "tokens": WORDS, "include_layers": [7]}, "layer 7 is out of range"),
    "sentence B nowhere": ({"attention": "given", "tokens": WORDS, "sentence_b_start": 9}, "cannot start at 9"),
    "a batch": ({"attention": "batch", "tokens": WORDS}, "a batch of 2 texts, and a view shows one"),
    "three dimensions": ({"attention": [torch.ones(9, 9)], "tokens": WORDS}, "has the shape [9, 9]"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("call", [head_view, model_view])
def test_arguments_that_do_not_go_together_are_a_value_error(call: Any, case: str, attention: Any) -> None:
    arguments, words = BAD[case]
    names = {"given": attention, "batch": [torch.cat([layer, layer]) for layer in attention]}
    given = {name: names.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()}
    if case == "no such action":
        given["html_action"] = "print"
    with pytest.raises(ValueError, match=re.escape(words)):
        call(**given)


def test_what_each_view_alone_refuses(attention: Any) -> None:
    with pytest.raises(ValueError, match=r"layer 1 is not among the layers shown: 0, 2"):
        head_view(attention, WORDS, layer=1, include_layers=[0, 2])
    with pytest.raises(ValueError, match="head 4 is out of range"):
        head_view(attention, WORDS, heads=[4])
    with pytest.raises(ValueError, match="head 9 is out of range"):
        model_view(attention, WORDS, include_heads=[9])
    with pytest.raises(ValueError, match="'dark' or 'light'"):
        model_view(attention, WORDS, display_mode="blue")


@pytest.mark.parametrize("call", [head_view, model_view])
def test_what_the_old_recipe_gives_names_cause_and_fix(call: Any) -> None:
    """The README of BertViz: output_attentions=True, then outputs[-1]; on models as they are loaded today."""
    with torch.no_grad():
        outputs = build("bidirectional")(input_ids=ids(9), output_attentions=True)
        t5 = build("t5")(input_ids=ids(9), decoder_input_ids=ids(4), output_attentions=True)
    for given in (
        {"attention": outputs[-1], "tokens": WORDS},
        {"attention": outputs.attentions, "tokens": WORDS},
        {"attention": None, "tokens": WORDS},
        {"cross_attention": t5.cross_attentions, "encoder_tokens": WORDS, "decoder_tokens": TARGET},
    ):
        with pytest.raises(NoAttention) as raised:
            call(**given)
        said = str(raised.value)
        assert "sdpa" in said
        assert "hs.capture(model, text, tokenizer=tokenizer)" in said
        assert 'model.set_attn_implementation("eager")' in said


# The neuron view


def tokenizer_and(mechanism: str, **settings: Any) -> tuple[Any, Any]:
    tokenizer = alphabets.byte_level() if "causal" in mechanism else alphabets.wordpiece()
    return build(mechanism, vocab_size=len(tokenizer), **settings), tokenizer


@pytest.mark.parametrize("mechanism", ["causal, fused projection", "causal, grouped heads, rotary", "bidirectional"])
@pytest.mark.parametrize("model_type", ["bert", "llama", None])
def test_the_neuron_view_of_a_model_of_any_type(mechanism: str, model_type: Any) -> None:
    model, tokenizer = tokenizer_and(mechanism)
    view = show(model, model_type, tokenizer, "the doctor asked", layer=1, head=2)
    assert (view.layer, view.head, view.theme) == (1, 2, "dark")
    wanted = eager_attentions(model, input_ids=tokenizer("the doctor asked", return_tensors="pt")["input_ids"])
    for query in range(len(view.capture.tokens())):
        row = view.capture.neurons(1, 2, query)
        torch.testing.assert_close(row.attention, wanted[1][0, 2, query], atol=1e-5, rtol=0)
        torch.testing.assert_close(row.products.sum(-1) * row.scaling, row.dot, atol=1e-4, rtol=1e-5)
    assert model.config._attn_implementation == "sdpa"


def test_the_neuron_view_of_a_sentence_pair() -> None:
    model, tokenizer = tokenizer_and("bidirectional")
    view = show(model, "bert", tokenizer, "the doctor", "asked the nurse", display_mode="light")
    encoded = tokenizer("the doctor", "asked the nurse", return_tensors="pt")
    assert view.theme == "light"
    assert view.capture.segments is not None
    assert len(view.capture.segments[1]) == int(encoded["token_type_ids"].sum())
    wanted = eager_attentions(model, **encoded)
    torch.testing.assert_close(view.capture.attention(2), wanted[2][0], atol=1e-5, rtol=0)


def test_what_the_neuron_view_refuses() -> None:
    model, tokenizer = tokenizer_and("bidirectional")
    for change, words in (
        ({"html_action": "print"}, "'view' or 'return'"),
        ({"display_mode": "blue"}, "'dark' or 'light'"),
        ({"layer": 3}, "layer 3 is not among the layers shown: 0, 1, 2"),
        ({"head": 4}, "head 4 is out of range"),
        ({"sentence_a": ""}, "the text is empty"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            show(**{"model": model, "model_type": "bert", "tokenizer": tokenizer, "sentence_a": "the doctor", **change})
    vendored = type("BertModel", (torch.nn.Module,), {"__module__": "bertviz.transformers_neuron_view.modeling_bert"})
    with pytest.raises(ValueError, match="from transformers import BertModel"):
        show(vendored(), "bert", tokenizer, "the doctor")
    with pytest.raises(NoTarget):
        show(build("t5", vocab_size=len(tokenizer)), "t5", tokenizer, "the doctor")


# html_action="return"


class Scripts(HTMLParser):
    """The scripts of a page, each with its attributes, and the addresses that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, Any], str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "script":
            self.found.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.found and self.lasttag == "script":
            attributes, text = self.found[-1]
            self.found[-1] = attributes, text + data


def embedded(made: HTML) -> dict[str, Any]:
    """What a page holds, told from its text; its form is checked on the way."""
    (kind, data), (none, script) = Scripts(made.data).found
    assert (kind, none) == ({"type": "application/json"}, {})
    assert made.data.isascii()
    around = re.sub(r"(<script[^>]*>).*?</script>", r"\1", made.data, flags=re.DOTALL)
    assert re.findall(r"(?:src|href)=", around) == []
    assert set(re.findall(r"https?://[\w./-]+", script)) <= {
        f"http://www.w3.org/{name}" for name in ("2000/svg", "1999/xhtml", "1998/Math/MathML")
    }
    return json.loads(data)


def assert_nearly(rounded: np.ndarray, exact: np.ndarray) -> None:
    """Weights of a sixteenth or more are as good as exact, smaller ones within .0021: as the page says."""
    error = np.abs(rounded - exact)
    assert error.max() < 0.0021
    assert error[exact > 0.0646].max(initial=0) < 1e-4
    assert np.array_equal(rounded[exact == 0], exact[exact == 0])


@pytest.mark.parametrize("call", [head_view, model_view])
def test_a_returned_page_holds_every_layer_and_reaches_for_nothing(call: Any, twofold: dict[str, Any]) -> None:
    made = call(**twofold, html_action="return")
    assert isinstance(made, HTML)
    holds = embedded(made)
    places = [(one["header"]["part"], one["header"]["layer"]) for one in holds["layers"]]
    assert places == [
        ("encoder", 0),
        ("encoder", 1),
        ("encoder", 2),
        *((p, n) for p in ("decoder", "cross") for n in (0, 1)),
    ]
    for layer, (part, number) in zip(holds["layers"], places, strict=True):
        assert_nearly(weights_of(layer), twofold[f"{part}_attention"][number][0].numpy())
    assert holds["traits"]["kind"] == ("head" if call is head_view else "model")


def test_the_weights_of_a_page_are_rounded_as_it_says() -> None:
    torch.manual_seed(3)
    weights = (4 * torch.randn(2, 3, 40, 40)).softmax(-1)
    weights[0, 1] = torch.eye(40)
    weights[1, 2, 5:] = 0
    for layer, exact in zip(
        embedded(head_view(weights, ["a"] * 40, html_action="return"))["layers"], weights, strict=True
    ):
        assert_nearly(weights_of(layer), exact.numpy())


def test_a_page_of_broken_and_of_large_weights_says_so() -> None:
    weights = torch.rand(1, 2, 6, 6)
    weights[0, 0, 2, 3], weights[0, 1, 4, 4] = torch.nan, 3.0
    with pytest.warns(UserWarning, match="more than 1"):
        (layer,) = embedded(head_view(weights, ["a"] * 6, html_action="return"))["layers"]
    known = weights_of(layer)
    assert np.array_equal(np.isnan(known), weights[0].isnan().numpy())
    assert known[1, 4, 4] == 3.0


def test_a_page_of_144_heads_and_128_tokens_is_small() -> None:
    torch.manual_seed(0)
    seen = torch.ones(128, 128).tril().bool()
    weights = torch.randn(12, 12, 128, 128).masked_fill(~seen, -torch.inf).softmax(-1)
    assert len(head_view(weights, ["a"] * 128, html_action="return").data) < 64_640_301 / 50  # what BertViz sends


def test_a_page_of_the_neuron_view_holds_the_vectors() -> None:
    model, tokenizer = tokenizer_and("causal, fused projection")
    holds = embedded(show(model, "gpt2", tokenizer, "the doctor asked", layer=1, html_action="return"))
    assert [layer["header"]["form"] for layer in holds["layers"]] == ["vectors"] * 3
    assert holds["traits"]["layer"] == 1
    assert all(layer["error"] < 1e-5 for layer in holds["traits"]["meta"]["parts"][0]["layers"])


def test_a_token_can_not_end_the_script_of_a_page(attention: Any) -> None:
    words = ["</script><script>alert(1)</script>", *WORDS[1:]]
    holds = embedded(head_view(attention, words, html_action="return"))
    assert holds["traits"]["meta"]["sides"][0]["texts"][0] == words[0]


def test_a_page_that_would_be_too_long_is_refused(attention: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "LIMIT", 700)
    with pytest.raises(OverBudget, match="Show fewer layers"):
        head_view(attention, WORDS, html_action="return")
    head_view(attention, WORDS, include_layers=[1], html_action="return")


# In a cell

MAKE = """
import torch
from headscope.bertviz import head_view, model_view
words = [f"w{at}" for at in range(5)]
weights = torch.randn(2, 3, 5, 5).softmax(-1)
"""


@pytest.fixture(scope="module")
def notebook() -> Iterator[kernels.Notebook]:
    with kernels.notebook() as started:
        started.run(MAKE, "make")
        yield started


@pytest.mark.parametrize(
    ("code", "times"),
    [
        ("head_view(weights, words)", 1),
        ("head_view(weights, words);", 1),
        ("view = head_view(weights, words)", 1),
        ("head_view(weights, words)\nmodel_view(weights, words)", 2),
        ("view = head_view(weights, words)\nview", 1),
        ("for at in range(2): head_view(weights, words)", 2),
        ("view = head_view(weights, words)\ndisplay(view)", 2),
        ("page = head_view(weights, words, html_action='return')", 0),
    ],
)
def test_a_call_shows_its_view_once(notebook: kernels.Notebook, code: str, times: int) -> None:
    before = len(notebook.shown)
    notebook.run(code, "one")
    shown = notebook.shown[before:]
    assert len(shown) == times
    assert all(model in notebook.comms for model in shown)


def test_a_view_is_shown_again_where_another_cell_asks_for_it(notebook: kernels.Notebook) -> None:
    before = len(notebook.shown)
    notebook.run("view = head_view(weights, words)", "first")
    notebook.run("view", "second")
    first, second = notebook.shown[before:]
    assert first == second


def test_the_value_of_the_call_is_the_view_that_python_reads(notebook: kernels.Notebook) -> None:
    notebook.run("head_view(weights, words, layer=1)", "value")
    assert notebook.run("print(_.layer, torch.equal(_.selected.attention, weights[1]))", "read") == "1 True\n"


@pytest.mark.parametrize("code", ["head_view(weights, words)", "view = head_view(weights, words)"])
def test_a_cell_that_runs_again_and_again_leaves_one_capture(notebook: kernels.Notebook, code: str) -> None:
    count = "import gc; gc.collect(); from headscope.answers.budget import living; print(len(list(living())))"
    notebook.run(code, "again")
    before = notebook.run(count, "count")
    for _ in range(5):
        notebook.run(code, "again")
    assert notebook.run(count, "count") == before


def test_a_page_is_shown_by_the_cell(notebook: kernels.Notebook) -> None:
    before = len(notebook.messages)
    notebook.run("model_view(weights, words, html_action='return')", "page")
    (result,) = (one for one in notebook.messages[before:] if one["msg_type"] == "execute_result")
    assert result["content"]["data"]["text/html"].startswith("<!doctype html>")
