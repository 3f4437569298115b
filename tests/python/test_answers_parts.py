"""A capture with three parts, its axes of different lengths: every question, and the views that ask them."""

from __future__ import annotations

from typing import Any

import alphabets
import numpy as np
import pytest
import torch
from pages import Page
from tiny import build, eager_parts, ids
from traitlets import TraitError

import headscope as hs
from headscope.errors import OutOfRange
from headscope.widgets.packet import layer_packet

SOURCE, TARGET = 11, 6
LENGTHS = {"encoder": (SOURCE, SOURCE), "decoder": (TARGET, TARGET), "cross": (TARGET, SOURCE)}
NAMES = ("bart", "t5")


@pytest.fixture(scope="module", params=NAMES)
def capture(request: pytest.FixtureRequest) -> hs.Capture:
    return hs.capture(build(request.param), ids(SOURCE), target=ids(TARGET, seed=3))


def test_every_question_is_asked_of_a_part(capture: hs.Capture) -> None:
    assert capture.parts == tuple(LENGTHS)
    for part, (queries, keys) in LENGTHS.items():
        layers = capture.layer_numbers(part)
        assert layers == ((0, 1, 2) if part == "encoder" else (0, 1))
        assert (len(capture.tokens(part, "query")), len(capture.tokens(part, "key"))) == (queries, keys)
        assert len(capture.words(part, "query")) == queries
        heads = capture.head_count(1, part)
        assert capture.attention(1, part=part).shape == (heads, queries, keys)
        assert capture.vectors(1, part=part).query.shape[:2] == (heads, queries)
        assert capture.vectors(1, part=part).key.shape[:2] == (heads, keys)
        assert capture.lse(1, part).shape == (heads, queries)
        assert capture.overview(4, part=part).shape == (len(layers), heads, 4, 4)
        assert capture.overview(8, part=part).shape[2:] == (min(queries, 8), min(keys, 8))
        assert capture.neurons(1, 1, 2, part=part).attention.shape == (keys,)


def test_no_part_named_is_the_first(capture: hs.Capture) -> None:
    assert torch.equal(capture.attention(2), capture.attention(2, part="encoder"))
    assert capture.tokens() == capture.tokens("encoder", "key")
    assert capture.layer_numbers() == (0, 1, 2)


def test_one_list_of_reports(capture: hs.Capture) -> None:
    named = [(report.part, report.layer) for report in capture.layers]
    assert named == [("encoder", n) for n in range(3)] + [(part, n) for part in ("decoder", "cross") for n in (0, 1)]


def test_slices_of_the_cross_attention_equal_slices_of_the_whole(capture: hs.Capture) -> None:
    whole = capture.attention(1, part="cross")
    assert torch.equal(capture.attention(1, 1, [5, 0], slice(3, 9), part="cross"), whole[1:2, [5, 0]][:, :, 3:9])
    torch.testing.assert_close(whole.sum(-1), torch.ones(whole.shape[:2]))


def test_the_equation_of_the_cross_attention_evaluates_to_its_weights(capture: hs.Capture) -> None:
    for part in capture.parts:
        answer = capture.neurons(1, 1, 4, part=part)
        names: dict[str, Any] = {"dot": answer.dot, "softmax": lambda score: score.softmax(-1), **answer.terms}
        torch.testing.assert_close(eval(answer.equation, names), answer.attention, atol=1e-6, rtol=0)
        torch.testing.assert_close(answer.attention, capture.attention(1, 1, 4, part=part)[0, 0])


def test_the_overview_of_the_cross_attention_pools_its_exact_weights(capture: hs.Capture) -> None:
    picture = capture.overview(3, part="cross")
    for layer in (0, 1):
        whole = capture.attention(layer, part="cross")
        rows, columns = [cell * TARGET // 3 for cell in range(4)], [cell * SOURCE // 3 for cell in range(4)]
        for i in range(3):
            for j in range(3):
                cell = whole[:, rows[i] : rows[i + 1], columns[j] : columns[j + 1]].amax((1, 2))
                torch.testing.assert_close(picture[layer, :, i, j], cell, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_value_norms_of_the_cross_attention_are_of_the_encoders_tokens(name: str) -> None:
    model = build(name)
    capture = hs.capture(model, ids(SOURCE), target=ids(TARGET, seed=3))
    module = model.get_submodule(next(one.module for one in capture.layers if (one.part, one.layer) == ("cross", 1)))
    weight = (module.o if name == "t5" else module.out_proj).weight.detach()  # [width, heads * dv]
    value = capture.vectors(1, part="cross").value  # [heads, keys, dv]
    through = torch.einsum("hkd,whd->hkw", value, weight.unflatten(1, (len(value), -1)))
    norms = capture.value_norms(1, part="cross")
    torch.testing.assert_close(norms, through.norm(dim=-1), atol=1e-5, rtol=1e-5)
    drawn = capture.attention(1, part="cross", measure="value_norm")
    torch.testing.assert_close(drawn, capture.attention(1, part="cross") * norms[:, None])


def test_errors_name_the_part(capture: hs.Capture) -> None:
    with pytest.raises(OutOfRange, match="part 'self' is unknown: this capture has 'encoder', 'decoder', 'cross'"):
        capture.attention(0, part="self")
    with pytest.raises(OutOfRange, match="cross layer 2 is out of range: it goes from 0 to 1"):
        capture.attention(2, part="cross")
    with pytest.raises(OutOfRange, match=f"query {TARGET} is out of range: it goes from 0 to {TARGET - 1}"):
        capture.attention(1, queries=TARGET, part="cross")
    assert capture.attention(1, queries=TARGET, part="encoder").shape[1] == 1


def test_the_repr_tells_the_tokens_of_each_part(capture: hs.Capture) -> None:
    assert "7 layers, tokens 11 x 11 encoder, 6 x 6 decoder, 6 x 11 cross" in repr(capture)


def test_a_closed_capture_is_closed_in_every_part() -> None:
    capture = hs.capture(build("bart"), ids(SOURCE), target=ids(TARGET))
    assert capture.nbytes > 0
    capture.close()
    assert capture.nbytes == 0
    for part in capture.parts:
        with pytest.raises(hs.HeadscopeError, match="closed"):
            capture.attention(0, part=part)


def test_words_and_sentences_of_the_source_are_the_encoders() -> None:
    tokenizer = alphabets.wordpiece()
    capture = hs.capture(build("bart"), "the doctor", pair="asked", tokenizer=tokenizer, target="the nurse")
    assert capture.segments is not None
    assert capture.tokens("cross", "key").segments is not None
    assert capture.tokens("cross", "query").segments is None


# Views


@pytest.mark.parametrize("kind", [hs.Explorer, hs.HeadView])
@pytest.mark.parametrize("name", NAMES)
def test_a_view_goes_into_the_cross_attention(name: str, kind: type[hs.HeadView]) -> None:
    model, source, target = build(name), ids(SOURCE), ids(TARGET, seed=3)
    view = kind(hs.capture(model, source, target=target))
    changes: list[Any] = []
    view.observe(changes.append, names="selection")
    view.select(part="cross", layer=1, query=2, key=7)
    assert len(changes) == 1
    expected = eager_parts(model, input_ids=source, decoder_input_ids=target)["cross"][1][0]
    torch.testing.assert_close(view.selected.attention, expected[:, 2:3, 7:8], atol=1e-5, rtol=0)
    assert view.selected.query_tokens == [f"#{target[0, 2]}"]
    assert view.selected.key_tokens == [f"#{source[0, 7]}"]
    assert view.selected.query_vectors.shape[:2] == view.selected.key_vectors.shape[:2] == (len(expected), 1)
    torch.testing.assert_close(view.shown.attention, expected, atol=1e-5, rtol=0)
    assert (len(view.shown.query_labels), len(view.shown.key_labels)) == (TARGET, SOURCE)
    view.hide_first = True
    left = expected[:, 1:, 1:]
    torch.testing.assert_close(view.shown.attention, left / left.sum(-1, keepdim=True), atol=1e-5, rtol=0)
    assert "cross, layer 1" in repr(view)


def test_a_view_refuses_what_the_part_does_not_have(capture: hs.Capture) -> None:
    view = hs.Explorer(capture)
    view.select(part="cross")
    for change, words in [
        ({"part": "self"}, "choose one of 'encoder', 'decoder', 'cross'"),
        ({"layer": 2}, "part 'cross' has layers 0..1"),
        ({"query": TARGET}, f"positions are 0..{TARGET - 1}"),
        ({"key": SOURCE}, f"positions are 0..{SOURCE - 1}"),
    ]:
        with pytest.raises(TraitError, match=words):
            view.select(**change)
    view.select(layer=1, query=TARGET - 1, key=SOURCE - 1)


def test_a_page_knows_the_parts_and_the_kinds_of_their_axes() -> None:
    capture = hs.capture(build("moonshine"), torch.randn(5000), target=ids(TARGET))
    meta = Page(hs.Explorer(capture, part="cross")).state["meta"]
    sides = [(part["name"], part["query_side"], part["key_side"]) for part in meta["parts"]]
    assert sides == [("encoder", 0, 0), ("decoder", 1, 1), ("cross", 1, 0)]
    assert [side["kind"] for side in meta["sides"]] == ["frames", "text"]
    assert [len(part["layers"]) for part in meta["parts"]] == [3, 2, 2]


def test_a_layer_of_any_part_travels_to_the_page(capture: hs.Capture) -> None:
    for part, (queries, keys) in LENGTHS.items():
        packet = layer_packet(capture, part, 1)
        assert (packet.header["part"], packet.header["queries"], packet.header["keys"]) == (part, queries, keys)
        arrays = {one["name"]: one for one in packet.header["arrays"]}
        key = np.frombuffer(packet.payload, "<f4", np.prod(arrays["key"]["shape"]), arrays["key"]["offset"])
        assert np.array_equal(key, capture.vectors(1, part=part).key.numpy().ravel())
