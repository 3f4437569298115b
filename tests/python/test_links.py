"""Which heads link two tokens: as an answer, and on the wire."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pages import REASON, Page, llama, part_refused
from tiny import build, eager_attentions, eager_parts, ids

import headscope as hs
from headscope.answers.links import Links, Pair
from headscope.errors import CaptureClosed, OutOfRange, RefusedLayer, UnknownProjection

MODELS = ("causal, grouped heads, rotary", "causal, fused projection", "bidirectional")


def assert_ranks(found: Links, weights: torch.Tensor) -> None:
    """The ranking is of `weights` [layers, heads], in descending order, and has each number once."""
    assert sorted((layer, head) for layer, head, _ in found.ranked) == [
        (layer, int(head)) for layer, row in zip(found.layers, weights, strict=True) for head in range(len(row))
    ]
    for layer, head, weight in found.ranked:
        assert weight == float(weights[found.layers.index(layer), head])
    assert [one.weight for one in found.ranked] == sorted((one.weight for one in found.ranked), reverse=True)


@pytest.mark.parametrize("mechanism", MODELS)
def test_they_are_the_models_own_weights(mechanism: str) -> None:
    model = build(mechanism)
    found = hs.capture(model, ids(23)).links(17, 5)
    own = torch.stack([layer[0, :, 17, 5] for layer in eager_attentions(model, input_ids=ids(23))])
    torch.testing.assert_close(found.weights, own, atol=1e-5, rtol=1e-5)
    assert (found.layers, found.refused, found.weights.dtype) == ([0, 1, 2], {}, torch.float32)
    assert_ranks(found, found.weights)


@pytest.mark.parametrize("measure", ["weight", "value_norm"])
def test_they_equal_what_attention_answers(measure: Any) -> None:
    found, capture = llama().links(9, 4, measure=measure), llama()
    for layer, weights in zip(found.layers, found.weights, strict=True):
        assert torch.equal(weights, capture.attention(layer, None, 9, 4, measure=measure)[:, 0, 0])
    assert_ranks(found, found.weights)
    assert found.pair == Pair("self", 9, 4, measure)


def test_they_are_of_a_part() -> None:
    model = build("bart")
    capture = hs.capture(model, ids(11), target=ids(6, seed=3))
    inputs = {"input_ids": ids(11), "decoder_input_ids": ids(6, seed=3)}
    for part, pair in {"encoder": (10, 3), "decoder": (4, 1), "cross": (5, 10)}.items():
        own = torch.stack([layer[0, :, pair[0], pair[1]] for layer in eager_parts(model, **inputs)[part]])
        torch.testing.assert_close(capture.links(*pair, part=part).weights, own, atol=1e-5, rtol=1e-5)
    assert torch.equal(capture.links(10, 3).weights, capture.links(10, 3, part="encoder").weights)


def test_a_refused_layer_is_left_out_and_named() -> None:
    found = part_refused().links(9, 4)
    assert found.layers == [0, 1, 2]
    assert found.refused == {1: REASON}
    assert found.weights.isnan().any(1).tolist() == [False, True, False]
    assert {layer for layer, _, _ in found.ranked} == {0, 2}
    assert REASON in repr(found)


def test_a_layer_of_fewer_heads_ends_early() -> None:
    weights = [
        torch.rand(1, heads, 5, 5, generator=torch.Generator().manual_seed(heads)).softmax(-1) for heads in (4, 2)
    ]
    found = hs.from_attentions(tuple(weights), list("abcde")).links(3, 2)
    assert found.weights.isnan().tolist() == [[False] * 4, [False, False, True, True]]
    assert len(found.ranked) == 6


def test_equal_weights_keep_the_order_of_the_model() -> None:
    found = hs.from_attentions((torch.full((1, 3, 4, 4), 0.25),) * 2, list("abcd")).links(3, 0)
    assert [tuple(one) for one in found.ranked] == [(layer, head, 0.25) for layer in (0, 1) for head in range(3)]


def test_where_no_layer_answers_the_reason_is_raised() -> None:
    capture = hs.from_attentions((torch.full((1, 3, 4, 4), 0.25),), list("abcd"))
    with pytest.raises(UnknownProjection, match="no values are known"):
        capture.links(3, 0, measure="value_norm")


def test_one_layer_refused_when_first_read(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(build(num_hidden_layers=1), ids(6))

    def refuse(*_: Any) -> None:
        raise RefusedLayer("it is something else")

    monkeypatch.setattr("headscope.recording.layers.certificate.confirm", refuse)
    with pytest.raises(RefusedLayer, match="it is something else"):
        capture.links(3, 2)


@pytest.mark.parametrize(
    ("pair", "options"),
    [((12, 0), {}), ((-1, 0), {}), ((3, 12), {}), ((3, 1.5), {}), ((True, 0), {}), ((3, 0), {"part": "cross"}),
     ((3, 0), {"measure": "x"})],
    ids=str,
)  # fmt: skip
def test_what_does_not_exist_is_refused(pair: Any, options: Any) -> None:
    with pytest.raises(OutOfRange):
        llama().links(*pair, **options)


def test_a_closed_capture_answers_no_more() -> None:
    capture = hs.capture(build(), ids(6))
    capture.close()
    with pytest.raises(CaptureClosed):
        capture.links(3, 2)


def test_progress_is_told_layer_by_layer() -> None:
    told: list[tuple[int, int]] = []
    llama().links(3, 2, progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_it_reads_as_a_ranking() -> None:
    found = llama().links(9, 4)
    first, second, *_ = repr(found).splitlines()
    best = found.ranked[0]
    assert first.endswith("3 layers x 4 heads)")
    assert second.split() == ["layer", str(best.layer), "head", str(best.head), f"{best.weight:.4f}"]
    assert f"and 2 more, at most {found.ranked[10].weight:.4f}" in repr(found)
    assert "value_norm" in repr(llama().links(9, 4, measure="value_norm"))


# On the wire

QUESTION = {"part": "self", "query": 9, "key": 4, "measure": "weight"}


def request(name: str = "a", layers: Any = (0, 1, 2), **other: Any) -> dict[str, Any]:
    args = {**QUESTION, "layers": list(layers), **other}
    return {"v": 1, "id": name, "kind": "request", "op": "links", "args": args}


@pytest.mark.parametrize("measure", ["weight", "value_norm"])
def test_layers_come_one_by_one_in_the_order_asked(measure: Any) -> None:
    page = Page(hs.ModelView(llama()))
    page.say(request(layers=[2, 0, 1], measure=measure))
    assert [(one["kind"], one["layer"], one["index"], one["of"]) for one in page.answers] == [
        ("chunk", 2, 0, 1),
        ("chunk", 0, 0, 1),
        ("chunk", 1, 0, 1),
    ]
    weights = llama().links(9, 4, measure=measure).weights
    for answer in page.answers:
        assert answer["header"] == {"v": 1, "part": "self", "layer": answer["layer"], "heads": 4, "bytes": 16}
        assert np.frombuffer(answer["buffers"][0], "<f4").tolist() == weights[answer["layer"]].tolist()


def test_a_refused_layer_is_said_and_the_next_follows() -> None:
    page = Page(hs.ModelView(part_refused()))
    page.say(request())
    assert [(one["kind"], one["layer"]) for one in page.answers] == [("chunk", 0), ("refused", 1), ("chunk", 2)]
    assert (page.answers[1]["error"], page.answers[1]["message"]) == ("RefusedLayer", REASON)


@pytest.mark.parametrize(
    "wrong",
    [{"part": None}, {"query": None}, {"key": "4"}, {"measure": "x"}, {"layers": ["1"]}],
    ids=str,
)
def test_a_senseless_question_is_answered_with_what_is_wrong(wrong: dict[str, Any]) -> None:
    page = Page(hs.ModelView(llama()))
    asked = request()
    page.say({**asked, "args": {**asked["args"], **wrong}})
    (answer,) = page.answers
    assert (answer["kind"], answer["error"]) == ("error", "BadRequest")
    assert str(wrong) in answer["message"]


def test_a_pair_that_does_not_exist_is_an_error() -> None:
    page = Page(hs.ModelView(llama()))
    page.say(request(query=99))
    (answer,) = page.answers
    assert (answer["kind"], answer["error"]) == ("error", "OutOfRange")


def test_cancelling_ends_the_work_between_two_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    page, worked, attention = Page(hs.ModelView(llama())), [], hs.Capture.attention

    def one(capture: hs.Capture, layer: int, *rest: Any, **options: Any) -> torch.Tensor:
        worked.append(layer)
        if layer == 1:
            page.say({"v": 1, "id": "a", "kind": "cancel"})
        return attention(capture, layer, *rest, **options)

    monkeypatch.setattr(hs.Capture, "attention", one)
    page.say(request())
    assert worked == [0, 1]
    assert [answer["layer"] for answer in page.answers] == [0]
