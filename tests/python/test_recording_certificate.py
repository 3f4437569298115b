"""Corruption is caught: repaired by the model's own function where possible, else refused. Never certified."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from tiny import build, ids
from transformers import AttentionInterface, AttentionMaskInterface, DiffLlamaConfig, DiffLlamaForCausalLM
from transformers.masking_utils import sdpa_mask
from transformers.models.llama import modeling_llama

import headscope as hs
from headscope.recording import certificate
from headscope.recording.masks import Mask, causal
from headscope.recording.record import Record


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
        patch.setattr(certificate, "run_layer", full)
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


def _late_key(record: Record) -> Record:
    key = record.key.clone()
    key[:, -2] += 1
    return dataclasses.replace(record, key=key)


def _mask_of_the_last_row(record: Record) -> Record:
    stop = record.mask.stop.clone()
    stop[-1] -= 1
    return dataclasses.replace(record, mask=Mask(record.mask.start, stop))


CORRUPTIONS: dict[str, tuple[str, Callable[[Record], Record]]] = {
    "key of a late row": ("causal, grouped heads, rotary", _late_key),
    "mask of the last row": ("causal, grouped heads, rotary", _mask_of_the_last_row),
    "scale": ("bidirectional", lambda record: dataclasses.replace(record, scaling=record.scaling * 1.02)),
    "window lost": ("sliding window", lambda record: dataclasses.replace(record, mask=causal(record.queries))),
    "window one too wide": (
        "sliding window",
        lambda record: dataclasses.replace(record, mask=causal(record.queries, window=9)),
    ),
    "softcap lost": ("softcap and window", lambda record: dataclasses.replace(record, softcap=None)),
    "sinks shifted": (
        "sinks and window",
        lambda record: dataclasses.replace(record, sinks=None if record.sinks is None else record.sinks + 0.1),
    ),
    "bias shifted": (
        "position bias",
        lambda record: dataclasses.replace(
            record, bias=None if record.bias is None else record.bias + 0.5 * torch.arange(record.keys)
        ),
    ),
}


@pytest.mark.parametrize("padded", [False, True], ids=["alone", "padded item"])
@pytest.mark.parametrize("what", list(CORRUPTIONS))
def test_a_corrupted_record_is_never_certified_with_the_formula(
    what: str, padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    mechanism, corrupt = CORRUPTIONS[what]
    certify = certificate.certify
    monkeypatch.setattr(certificate, "certify", lambda record: certify(corrupt(record)))
    tokens = ids(40, batch=2)
    mask = torch.ones_like(tokens)
    mask[1, :7] = 0
    inputs = {"input_ids": tokens, "attention_mask": mask} if padded else tokens[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        capture = hs.capture(build(mechanism), inputs, item=int(padded))
    assert all(report.refused or report.reason == "computed by the model's eager function" for report in capture.layers)


def test_rows_checked_are_first_last_every_bend_and_some_at_random() -> None:
    rows = certificate.choose_rows(causal(1000, window=100), 1000).tolist()
    assert {0, 999, 99, 100} <= set(rows)
    assert len(rows) <= 20
    assert certificate.choose_rows(causal(9), 9).tolist() == list(range(9))


def test_a_layer_of_which_nothing_was_seen_is_named() -> None:
    model = build()

    class ForeignAttention(torch.nn.Module):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden

    model.model.layers[1].mlp.foreign = ForeignAttention()
    forward = model.model.layers[1].mlp.forward
    model.model.layers[1].mlp.forward = lambda hidden: forward(model.model.layers[1].mlp.foreign.eval()(hidden))
    model.eval()
    with pytest.warns(UserWarning, match=r"model.layers.1.mlp.foreign \(ForeignAttention\) looks like attention"):
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
