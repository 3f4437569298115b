"""Thumbnails against the model's own dense attention, pooled one cell at a time."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import MECHANISMS, build, ids

import headscope as hs
from headscope import errors
from headscope.answers.thumbnails import Thumbnails


def assert_pooled(drawn: Thumbnails, dense: torch.Tensor, queries: list[int], keys: list[int], size: int) -> None:
    """Compare thumbnails with dense numbers [H, Q, K] of the positions that remain."""
    rows, columns = groups(queries, size), groups([key for key in keys if key], size)
    assert drawn.row_edges == edges(rows)
    assert drawn.column_edges == edges(columns)
    assert drawn.body.shape == (len(dense), len(rows), len(columns))
    assert drawn.body.dtype == torch.float32
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            expected = dense[:, row][:, :, column].amax((1, 2))
            torch.testing.assert_close(drawn.body[:, i, j], expected, atol=1e-5, rtol=1e-5)
        if drawn.rail is not None:
            torch.testing.assert_close(drawn.rail[:, i], dense[:, row, 0].mean(1), atol=1e-5, rtol=1e-5)
    assert (drawn.rail is None) == (0 not in keys)


def groups(positions: list[int], size: int) -> list[list[int]]:
    """Cut positions into at most `size` runs; run ``i`` of ``n`` starts at position number ``i * count // n``."""
    count = min(size, len(positions))
    starts = [cell * len(positions) // count for cell in range(count)] + [len(positions)]
    return [positions[a:b] for a, b in pairwise(starts)]


def edges(cells: list[list[int]]) -> list[int]:
    return [cell[0] for cell in cells] + [cells[-1][-1] + 1 if cells else 0]


@cache
def tiny_layers(mechanism: str, length: int) -> tuple[hs.Capture, tuple[torch.Tensor, ...]]:
    model = build(mechanism, attn_implementation="eager")  # it says its weights, of the very forward that is captured
    with torch.no_grad():
        return hs.capture(model, ids(length)), model(ids(length), output_attentions=True).attentions


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(length=st.sampled_from([1, 2, 37, 80]), size=st.integers(1, 90), layer=st.integers(0, 2))
def test_they_are_the_models_own_weights_pooled(mechanism: str, length: int, size: int, layer: int) -> None:
    capture, dense = tiny_layers(mechanism, length)
    drawn = capture.thumbnails(layer, size)
    assert_pooled(drawn, dense[layer][0], list(range(length)), list(range(length)), size)
    assert drawn.scale == 1.0


@pytest.mark.parametrize("part", ["encoder", "decoder", "cross"])
def test_axes_of_different_lengths(part: str) -> None:
    torch.manual_seed(0)
    config = transformers.T5Config(
        d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4, vocab_size=99, attn_implementation="eager"
    )
    model = transformers.T5ForConditionalGeneration(config).eval()
    given = {"input_ids": ids(70), "decoder_input_ids": ids(11, seed=2)}
    with torch.no_grad():
        dense = model(**given, output_attentions=True)[f"{part}_attentions"][1][0]
    capture = hs.capture(model, given)
    for size in (3, 25):
        queries, keys = (list(range(length)) for length in dense.shape[1:])
        assert_pooled(capture.thumbnails(1, size, part=part), dense, queries, keys, size)
        assert capture.thumbnails(1, size, part=part, measure="value_norm").scale == pytest.approx(
            float((dense * capture.value_norms(1, part=part)[:, None]).max()), rel=1e-4
        )


@pytest.mark.parametrize("hide_special", [False, True])
@pytest.mark.parametrize("pair_filter", ["all", "a->a", "a->b", "b->a", "b->b"])
def test_filters_leave_positions_out_and_change_no_number(minilm: Any, pair_filter: str, hide_special: bool) -> None:
    model, tokenizer = minilm
    capture = hs.capture(model, "The rabbit ran fast.", pair="The hare was quick!", tokenizer=tokenizer)
    tokens, dense = capture.tokens(), capture.attention(3)
    assert tokens.segments is not None

    def remain(letter: str) -> list[int]:
        """Positions of one sentence, or of both for "all"."""
        wanted = {"a": (0,), "b": (1,)}.get(letter, (0, 1))
        segments, special = tokens.segments or (), tokens.special
        return [at for at in range(len(tokens)) if segments[at] in wanted and not (hide_special and special[at])]

    queries, keys = remain(pair_filter[0] if "->" in pair_filter else ""), remain(pair_filter[-1:])
    if pair_filter == "all":
        queries = keys = remain("")
    for size in (1, 4, 7, 100):
        drawn = capture.thumbnails(3, size, pair_filter=pair_filter, hide_special=hide_special)
        assert_pooled(drawn, dense, queries, keys, size)


def test_a_text_of_special_tokens_alone_leaves_nothing(minilm: Any) -> None:
    model, tokenizer = minilm
    ends = torch.tensor([[tokenizer.cls_token_id, tokenizer.sep_token_id]])
    drawn = hs.capture(model, ends, tokenizer=tokenizer).thumbnails(0, 25, hide_special=True)
    assert drawn.body.shape == (12, 0, 0)
    assert drawn.rail is None
    assert drawn.row_edges == drawn.column_edges == [0]


def test_stripes_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("sinks and window")
    whole = hs.capture(model, ids(80)).thumbnails(1, 9)
    monkeypatch.setattr("headscope.answers.walk.SCORES", 1000)
    striped = hs.capture(model, ids(80)).thumbnails(1, 9)  # the other keeps its pictures
    torch.testing.assert_close(striped.body, whole.body)
    torch.testing.assert_close(striped.rail, whole.rail)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layer": 3}, "layer 3 is out of range"),
        ({"size": 0}, "size 0 is too small"),
        ({"pair_filter": "b->c"}, "'b->c' is unknown: there are 'all', 'a->a'"),
        ({"part": "cross"}, "part 'cross' is unknown"),
    ],
)
def test_what_does_not_exist_is_said(wrong: dict[str, Any], message: str) -> None:
    capture, _ = tiny_layers("bidirectional", 37)
    with pytest.raises(errors.OutOfRange, match=message):
        capture.thumbnails(**{"layer": 0, "size": 25, **wrong})
