"""Tiles, overviews, rows and columns, streamed, against attention computed whole and in float64."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from dense import pooled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import MECHANISMS, build, ids

import headscope as hs
from headscope import errors
from headscope.answers import tile

HEADS, GROUPS, WIDTH = 4, 2, 8


@pytest.fixture(scope="module")
def capture() -> hs.Capture:
    return hs.capture(build(), ids(80))


@st.composite
def edges(draw: st.DrawFn, count: int) -> list[int]:
    """Ascending edges of at most 12 cells anywhere among so many positions."""
    chosen = draw(st.lists(st.integers(0, count), min_size=2, max_size=13, unique=True))
    return sorted(chosen)


@cache
def tiny_layers(mechanism: str, length: int) -> tuple[hs.Capture, tuple[torch.Tensor, ...]]:
    """A capture, and the model's own dense weights."""
    model = build(mechanism, attn_implementation="eager")  # it says its weights, of the very forward that is captured
    with torch.no_grad():
        return hs.capture(model, ids(length)), model(ids(length), output_attentions=True).attentions


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data(), head=st.integers(0, 3), reduce=st.sampled_from(["max", "mean"]), at_once=st.integers(1, 4000))
def test_a_tile_is_the_models_own_weights_pooled(
    mechanism: str, data: st.DataObject, head: int, reduce: Any, at_once: int
) -> None:
    capture, dense = tiny_layers(mechanism, 83)
    rows, columns = data.draw(edges(83)), data.draw(edges(83))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tile, "WEIGHTS_AT_ONCE", at_once)
        made = capture.tile(1, head, rows, columns, reduce=reduce)
    assert (made.row_edges, made.column_edges) == (rows, columns)
    assert made.values.dtype == torch.float32
    expected = pooled(dense[1][0, head], rows, columns, reduce)
    torch.testing.assert_close(made.values, expected, atol=1e-5, rtol=0)


def test_equal_cells_of_a_range(capture: hs.Capture) -> None:
    made = capture.tile(0, 1, (3, 80), range(40), 9)
    assert made.row_edges == [3 + cell * 77 // 9 for cell in range(10)]
    assert made.column_edges == [cell * 40 // 9 for cell in range(10)]
    expected = pooled(capture.attention(0)[1], made.row_edges, made.column_edges, "max")
    torch.testing.assert_close(made.values, expected, atol=1e-6, rtol=0)
    assert capture.tile(0, 1, (70, 80), (0, 4), 32).values.shape == (10, 4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layer": 3}, "layer 3 is out of range"),
        ({"head": 4}, "head 4 is out of range"),
        ({"size": 0}, "size 0 is too small"),
        ({"queries": [4, 4]}, r"query cells are \[4, 4\]"),
        ({"queries": [5, 2], "size": 3}, r"query cells are \[5, 2\]"),
        ({"keys": [0, 3, 81]}, "key edges 0 to 81 are out of range"),
        ({"keys": [3]}, "pass at least two"),
        ({"keys": [0, 3, 9], "size": 3}, "is no range"),
        ({"reduce": "sum"}, "'sum' is unknown"),
        ({"measure": "height"}, "'height' is unknown"),
    ],
)
def test_what_does_not_exist_is_said(capture: hs.Capture, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.OutOfRange, match=message):
        capture.tile(**{"layer": 0, "head": 0, "queries": (0, 9), "keys": (0, 9), **wrong})
