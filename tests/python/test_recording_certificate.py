"""Corruption is caught: repaired by the model's own function where possible, else refused. Never certified."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from corruptions import CORRUPTIONS, corrupting, unchecked_row
from own_code import build as build_own
from tiny import MECHANISMS, build, eager_attentions, ids
from transformers import AttentionInterface, AttentionMaskInterface, DiffLlamaConfig, DiffLlamaForCausalLM
from transformers.masking_utils import sdpa_mask
from transformers.models.llama import modeling_llama

import headscope as hs
from headscope.recording.layers import checked_rows, formula, rerun
from headscope.recording.layers.masks import causal
from headscope.recording.layers.record import Record


def _hidden_recency(
    module: Any, query: Any, key: Any, value: Any, mask: Any, *, scaling: float, slope: float = 0.3, **_: Any
) -> Any:
    """Eager attention with a term that no record shows: the farther a key, the lower its score."""
    key, value = (modeling_llama.repeat_kv(one, module.num_key_value_groups) for one in (key, value))
    score = query @ key.transpose(2, 3) * scaling
    position = torch.arange(key.shape[2])
    first = key.shape[2] - query.shape[2]  # rows of a stripe would be misplaced; only whole calls are right
    distance = (position[first:, None] - position[None]).abs()
    score = score - (slope * distance).to(score.dtype)
    visible = distance.new_ones(distance.shape, dtype=torch.bool).tril(first) if mask is None else mask
    score = score.masked_fill(~visible, -torch.inf) if visible.dtype == torch.bool else score + visible
    weights = score.softmax(-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


@pytest.fixture
def hidden_implementation() -> Iterator[str]:
    AttentionInterface.register("hidden_recency", _hidden_recency)
    AttentionMaskInterface.register("hidden_recency", sdpa_mask)
    yield "hidden_recency"
    del AttentionInterface._global_mapping["hidden_recency"]
    del AttentionMaskInterface._global_mapping["hidden_recency"]


def test_a_hidden_term_in_the_models_function_is_refused_by_name(hidden_implementation: str) -> None:
    model = build()
    model.set_attn_implementation(hidden_implementation)
    with pytest.warns(UserWarning, match="3 layers cannot be shown.*layers.0.self_attn"):
        capture = hs.capture(model, ids(20))
    assert all(report.refused for report in capture.layers)
    with pytest.raises(hs.RefusedLayer, match=r"layer 1 \(model.layers.1.self_attn\).*formula differs by"):
        capture.attention(1)
    with pytest.raises(hs.RefusedLayer):
        capture.overview(4, layers=[1])
    with pytest.raises(hs.RefusedLayer):
        capture.neurons(1, 0, 3)


def test_a_hidden_term_that_the_output_does_not_show_is_refused_when_first_read(hidden_implementation: str) -> None:
    """With values of zero any pattern gives the same output; random values through the layer's function tell."""
    model = build()
    model.set_attn_implementation(hidden_implementation)
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.v_proj.weight)
    capture = hs.capture(model, ids(20))
    assert not capture.layers[1].refused
    with pytest.raises(hs.RefusedLayer, match="random values"):
        capture.attention(1)
    assert capture.layers[1].refused
    with pytest.raises(hs.RefusedLayer, match="random values"):
        capture.attention(1)


def test_a_small_hidden_term_is_refused_in_half_precision_too(hidden_implementation: str) -> None:
    """What bfloat16's own rounding would hide shows when the layer's function runs in float32."""
    model = build().to(torch.bfloat16)
    AttentionInterface.register("hidden_recency", functools.partial(_hidden_recency, slope=0.004))
    model.set_attn_implementation(hidden_implementation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        capture = hs.capture(model, ids(300))
    for layer in range(3):
        with pytest.raises(hs.RefusedLayer):
            capture.attention(layer)


def test_running_out_of_memory_refuses_nothing_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(build(), ids(20))

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("for a moment")

    with monkeypatch.context() as patch:
        patch.setattr(rerun, "run_layer", full)
        with pytest.raises(torch.OutOfMemoryError):
            capture.attention(0)
    assert capture.attention(0).shape == (4, 20, 20)


def test_where_the_formula_disagrees_the_models_own_eager_function_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def sharper(module: Any, query: Any, key: Any, value: Any, mask: Any, *, scaling: float, **_: Any) -> Any:
        key, value = (modeling_llama.repeat_kv(one, module.num_key_value_groups) for one in (key, value))
        weights = ((query @ key.transpose(2, 3) * scaling + mask) * 1.5).softmax(-1)
        return (weights @ value).transpose(1, 2).contiguous(), weights

    monkeypatch.setattr(modeling_llama, "eager_attention_forward", sharper)
    model = build()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        expected = model(input_ids=ids(20), output_attentions=True).attentions
    capture = hs.capture(model, ids(20))
    for layer in range(3):
        torch.testing.assert_close(capture.attention(layer), expected[layer][0], atol=1e-6, rtol=0)
        torch.testing.assert_close(capture.attention(layer, 1, 5, 3), expected[layer][0, 1:2, 5:6, 3:4])
        assert capture.layers[layer].reason == "computed by the model's eager function"
    assert not capture.browser_computable(0)
    with pytest.raises(hs.RefusedLayer, match="no equation"):
        capture.neurons(0, 0, 0)
    model.model.layers[2].self_attn.q_proj.weight.data.mul_(1.0)
    with torch.no_grad():
        model.model.layers[2].self_attn.q_proj.weight.add_(1)
    with pytest.raises(hs.RefusedLayer, match="changed after the capture"):
        capture.attention(2)


LENGTH, PADDING = 120, 17
PLACES = {
    "causal": ("causal, grouped heads, rotary", None),
    "bidirectional": ("bidirectional", None),
    "sliding window": ("sliding window", None),
    "softcap and window": ("softcap and window", None),
    "sinks and window": ("sinks and window", None),
    "position bias": ("position bias", None),
    "padded left": ("causal, grouped heads, rotary", "left"),
    "padded right": ("bidirectional", "right"),
    "window, padded left": ("sliding window", "left"),
    "sinks, padded left": ("sinks and window", "left"),
    "bias, padded right": ("position bias", "right"),
    "own code, causal": ("gptj: rotary", None),
    "own code, causal, padded left": ("gptj: rotary", "left"),
    "own code, window": ("gpt neo: global and local", None),
    "own code, window, padded left": ("gpt neo: global and local", "left"),
    "own code, causal, bias": ("bloom: alibi", None),
    "own code, causal, bias, padded left": ("bloom: alibi", "left"),
    "own code, bias, padded right": ("deberta: three terms", "right"),
}


def _inputs(padded: str | None) -> dict[str, torch.Tensor]:
    tokens = ids(LENGTH, batch=2)
    mask = torch.ones_like(tokens)
    if padded is not None:
        mask[1, slice(None, PADDING) if padded == "left" else slice(-PADDING, None)] = 0
    return {"input_ids": tokens, "attention_mask": mask}


GRID = [
    (what, place)
    for what, (there, _) in CORRUPTIONS.items()
    for place, (mechanism, _) in PLACES.items()
    if re.search(there, f"{place}: {mechanism}")
]
LAYER = {"gpt neo: global and local": 1}  # the first that has the window, where layers take turns; 0 where not said


@pytest.mark.parametrize("first", ["rows", "pictures"])
@pytest.mark.parametrize(("what", "place"), GRID)
def test_a_corrupted_record_is_refused_or_repaired(
    what: str, place: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer of a real capture is corrupted as it is recorded; what is answered of it must be the model's own."""
    mechanism, padded = PLACES[place]
    model = build(mechanism) if mechanism in MECHANISMS else build_own(mechanism)
    inputs, item, at = _inputs(padded), int(padded is not None), LAYER.get(mechanism, 0)
    tier = corrupting(monkeypatch, what, at)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        capture = hs.capture(model, inputs, item=item)
    try:
        picture = capture.overview(LENGTH, layers=at)[0] if first == "pictures" else None  # one cell a token
        answer = capture.attention(at)
    except hs.RefusedLayer:
        assert capture.layers[at].refused
    else:
        assert capture.layers[at].reason == "computed by the model's eager function"
        kept = inputs["attention_mask"][item].bool()
        own = eager_attentions(model, **inputs)[at][item][:, kept][:, :, kept]
        torch.testing.assert_close(answer, own, atol=1e-5, rtol=0)
        torch.testing.assert_close(answer if picture is None else picture, own, atol=1e-5, rtol=0)
    assert tier == [1 if mechanism in MECHANISMS else 2]
    capture.attention(1 - at)
    assert not capture.layers[1 - at].refused


@pytest.mark.parametrize("place", ["causal", "sliding window", "padded left", "window, padded left"])
def test_a_hidden_term_on_one_late_row_of_one_head_is_refused(
    hidden_implementation: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever row it is: when the layer is first read, all are compared."""
    mechanism, padded = PLACES[place]
    item = int(padded is not None)
    rows = hs.capture(build(mechanism), _inputs(padded), item=item).record(1)
    assert isinstance(rows, Record)
    row = unchecked_row(rows) + (PADDING if padded == "left" else 0)

    def hidden(module: Any, query: Any, key: Any, value: Any, mask: Any, *, scaling: float, **_: Any) -> Any:
        key, value = (modeling_llama.repeat_kv(one, module.num_key_value_groups) for one in (key, value))
        score = query @ key.transpose(2, 3) * scaling
        late = min(row, score.shape[2] - 1)
        score[:, 1, late, late - 1] += 0.05
        visible = torch.ones(score.shape[2:], dtype=torch.bool).tril() if mask is None else mask
        weights = score.masked_fill(~visible, torch.finfo(score.dtype).min).softmax(-1)
        return (weights @ value).transpose(1, 2).contiguous(), weights

    AttentionInterface.register(hidden_implementation, hidden)
    model = build(mechanism)
    model.set_attn_implementation(hidden_implementation)
    capture = hs.capture(model, _inputs(padded), item=item)
    for layer in range(3):
        assert not capture.layers[layer].refused
        with pytest.raises(hs.RefusedLayer, match=r"differs by .* from its own function on random values"):
            capture.attention(layer)


def test_rows_checked_are_first_last_every_bend_and_some_at_random() -> None:
    rows = checked_rows.choose_rows(causal(1000, window=100), 1000).tolist()
    assert {0, 999, 99, 100} <= set(rows)
    assert len(rows) <= checked_rows.ROWS + 2
    assert checked_rows.choose_rows(causal(8), 8).tolist() == list(range(8))


def test_a_layer_of_which_nothing_was_seen_is_named() -> None:
    model = build()

    class ForeignAttention(torch.nn.Module):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden

    model.model.layers[1].mlp.foreign = ForeignAttention()
    forward = model.model.layers[1].mlp.forward
    model.model.layers[1].mlp.forward = lambda hidden: forward(model.model.layers[1].mlp.foreign.eval()(hidden))
    model.eval()
    with pytest.warns(UserWarning, match=r"model.layers.1.mlp.foreign \(ForeignAttention\) has no attention map"):
        capture = hs.capture(model, ids(8))
    assert [report.refused for report in capture.layers] == [False] * 3
    assert "model.layers.1.mlp.foreign" in capture.layers[1].reason
    capture.record(1)
    assert "model.layers.1.mlp.foreign" in capture.layers[1].reason
    assert capture.attention(1).shape == (4, 8, 8)


def test_a_module_that_attends_twice_shifts_no_layer_number() -> None:
    config = DiffLlamaConfig(
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=99,
    )
    model = DiffLlamaForCausalLM(config).eval()
    with pytest.warns(UserWarning, match="more than once; only its first map"):
        capture = hs.capture(model, ids(12))
    assert [report.module for report in capture.layers] == [f"model.layers.{at}.self_attn" for at in range(3)]
    assert all("more than once" in report.reason for report in capture.layers)


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_the_second_check_keeps_what_the_first_one_found(implementation: str) -> None:
    """In half precision a layer is read by the way that agreed with its own forward."""
    model = build("sinks and window" if implementation == "eager" else "bidirectional").to(torch.bfloat16)
    capture = hs.capture(model, ids(40))
    before = [(report.reason, report.refused) for report in capture.layers]
    for layer in range(3):
        capture.record(layer)
    assert [(report.reason, report.refused) for report in capture.layers] == before


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 4e-2), (torch.float16, 5e-3)])
def test_large_scores_rounded_by_the_model_are_shown_as_the_model_rounds_them(
    dtype: torch.dtype, tolerance: float
) -> None:
    """In half precision, scores above 70 are multiples of 0.5 or 0.06: a model that writes them down has other weights.

    Scores of the first layer are made to be that large; the formula would be off by more than the tolerance.
    """
    model = build("sinks and window")
    with torch.no_grad():
        model.model.layers[0].self_attn.q_proj.weight.mul_(40)
        model.to(dtype)
        own = model(ids(40), output_attentions=True).attentions
    capture = hs.capture(model, ids(40))
    record = capture.record(0)
    assert isinstance(record, Record)
    with formula.exactly():
        every = torch.arange(4), torch.arange(40)
        scores, hidden = formula.scores(record, *every)
        assert float(scores.masked_fill(hidden, 0).max()) > 70
        assert float((formula.weights(record, *every) - own[0][0].float()).abs().max()) > tolerance
    assert capture.layers[0].reason == "computed by the model's eager function"
    for layer, weights in enumerate(own):
        torch.testing.assert_close(capture.attention(layer), weights[0].float(), atol=tolerance, rtol=0)


THROUGHOUT = [what for what in CORRUPTIONS if not re.search("late|one cell|one pair", what)]
"""Corruptions that show in most rows, not in one alone."""


@pytest.fixture
def long_text(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Texts of `LENGTH` tokens count as long; returns how many rows the layers' own functions are run on."""
    monkeypatch.setattr(checked_rows, "WEIGHTS_CONFIRMED", 30_000)
    run, rows = rerun.run_layer, list[int]()

    def counted(record: Record, value: torch.Tensor, which: torch.Tensor) -> Any:
        rows.append(len(which))
        return run(record, value, which)

    monkeypatch.setattr(rerun, "run_layer", counted)
    return rows


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_of_a_long_text_some_rows_are_looked_at(long_text: list[int], place: str, implementation: str) -> None:
    mechanism, padded = PLACES[place]
    if mechanism in MECHANISMS:
        kind = "eager" if "sinks" in mechanism or "softcap" in mechanism or "bias" in mechanism else implementation
        model = build(mechanism, attn_implementation=kind)
    else:
        model = build_own(mechanism)
    capture = hs.capture(model, _inputs(padded), item=int(padded is not None))
    capture.attention(0, queries=0)
    assert capture.layers[0].reason == ""
    assert len(long_text) == 2 * (mechanism in MECHANISMS)  # some rows, and the first tokens alone
    assert max([0, *long_text]) < 60


@pytest.mark.parametrize(("what", "place"), [(what, place) for what, place in GRID if what in THROUGHOUT])
def test_a_long_text_s_record_that_is_corrupted_throughout_is_refused_or_repaired(
    what: str, place: str, long_text: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    test_a_corrupted_record_is_refused_or_repaired(what, place, "rows", monkeypatch)


def test_a_term_that_a_function_adds_to_whole_texts_alone_is_refused(
    hidden_implementation: str, long_text: list[int]
) -> None:
    """Given some rows, the function does as recorded; on the first tokens, called as by the model, it does not."""

    def hidden(module: Any, query: Any, key: Any, value: Any, mask: Any, *, scaling: float, **_: Any) -> Any:
        key, value = (modeling_llama.repeat_kv(one, module.num_key_value_groups) for one in (key, value))
        score = query @ key.transpose(2, 3) * scaling
        visible = torch.ones(score.shape[2:], dtype=torch.bool).tril() if mask is None else mask
        if query.shape[2] == key.shape[2]:
            score = score + 0.3 * torch.arange(key.shape[2]) / key.shape[2]
        weights = score.masked_fill(~visible, torch.finfo(score.dtype).min).softmax(-1)
        return (weights @ value).transpose(1, 2).contiguous(), weights

    AttentionInterface.register(hidden_implementation, hidden)
    model = build()
    model.set_attn_implementation(hidden_implementation)
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.v_proj.weight)  # so that the forward's output does not tell
    capture = hs.capture(model, _inputs(None))
    with pytest.raises(hs.RefusedLayer, match="random values"):
        capture.attention(1)


def test_rows_that_are_looked_at_are_bounded_and_take_in_the_ends_and_the_bends() -> None:
    record = hs.capture(build("sliding window"), _inputs(None)).record(0)
    assert isinstance(record, Record)
    assert len(checked_rows.rows_to_confirm(record)) == LENGTH
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checked_rows, "WEIGHTS_CONFIRMED", 30_000)
        rows = checked_rows.rows_to_confirm(record).tolist()
    assert {0, 7, 8, LENGTH - 1} <= set(rows)  # the window is full from row 7 on
    assert record.heads * len(rows) * record.keys <= 30_000


def test_a_function_of_the_model_s_own_is_given_several_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the text: every call reads all of the keys."""
    model = build("sinks and window")
    with torch.no_grad():
        model.model.layers[0].self_attn.q_proj.weight.mul_(40)
        model.to(torch.bfloat16)  # whose rounded scores only the model's own function has
    capture = hs.capture(model, ids(40))
    record = capture.record(0)
    assert isinstance(record, Record)
    assert record.source is not None
    expected, eager, rows = capture.attention(0), record.source.eager, list[int]()

    def counted(module: Any, query: torch.Tensor, *others: Any, **options: Any) -> Any:
        rows.append(query.shape[2])
        return eager(module, query, *others, **options)

    record.source.eager = counted
    monkeypatch.setattr(formula, "STRIPE_ELEMENTS", record.heads * record.keys)  # room for one row
    torch.testing.assert_close(capture.attention(0), expected)
    assert rows == [4] * 10
