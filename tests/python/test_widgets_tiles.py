"""Rectangles of a head for the map: what the page is sent equals the dense attention, pooled by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import Page, bert, llama, part_refused

import headscope as hs

EDGES = {"row_edges": [2, 3, 7, 12], "column_edges": [0, 1, 2, 6, 10]}


def request(**other: Any) -> dict[str, Any]:
    args = {"part": "self", "layer": 1, "head": 2, **EDGES, "reduce": "max", "measure": "weight", "exact": True}
    return {"v": 1, "id": "a", "kind": "request", "op": "tile", "args": {**args, **other}}


def ask(capture: hs.Capture, **args: Any) -> dict[str, Any]:
    page = Page(hs.HeadView(capture))
    page.say(request(**args))
    (answer,) = page.answers
    return answer


def numbers(answer: dict[str, Any]) -> np.ndarray:
    header = answer["header"]
    kind = "<f4" if header["exact"] else "u1"
    return np.frombuffer(answer["buffers"][0], kind).reshape(header["rows"], header["columns"])


def by_hand(dense: np.ndarray, rows: list[int], columns: list[int], reduce: str) -> np.ndarray:
    """Of each cell the largest, or the mean over its queries of what its keys get together."""
    cells = [[dense[a:b, c:d] for c, d in pairwise(columns)] for a, b in pairwise(rows)]
    return np.array([[cell.max() if reduce == "max" else cell.sum(1).mean() for cell in row] for row in cells])


@pytest.mark.parametrize("reduce", ["max", "mean"])
@pytest.mark.parametrize("measure", ["weight", "value_norm"])
@pytest.mark.parametrize("capture", [llama, bert], ids=["causal", "bidirectional"])
def test_numbers_that_are_read_equal_the_dense_computation(capture: Any, measure: Any, reduce: str) -> None:
    rows, columns = [0, 1, 4, 9], [1, 2, 8]
    answer = ask(capture(), row_edges=rows, column_edges=columns, measure=measure, reduce=reduce)
    dense = capture().attention(1, 2, measure=measure)[0].numpy()
    np.testing.assert_allclose(numbers(answer), by_hand(dense, rows, columns, reduce), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_rectangle(data: st.DataObject) -> None:
    count = len(llama().tokens())
    edges = [sorted(data.draw(st.sets(st.integers(0, count), min_size=2))) for _ in range(2)]
    reduce = data.draw(st.sampled_from(["max", "mean"]))
    answer = ask(llama(), row_edges=edges[0], column_edges=edges[1], reduce=reduce)
    np.testing.assert_allclose(numbers(answer), by_hand(llama().attention(1, 2)[0].numpy(), *edges, reduce), atol=1e-6)


def test_shares_of_a_row_add_up_to_one_at_every_level() -> None:
    for columns in ([0, 12], [0, 3, 12], list(range(13))):
        answer = ask(llama(), row_edges=[0, 5, 6, 12], column_edges=columns, reduce="mean")
        np.testing.assert_allclose(numbers(answer).sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("measure", ["weight", "value_norm"])
def test_bytes_keep_to_the_stated_scale(measure: str) -> None:
    exact = numbers(ask(llama(), measure=measure))
    answer = ask(llama(), measure=measure, exact=False)
    header = answer["header"]
    assert {**header, "scale": 0} == {
        "v": 1, "layer": 1, "rows": 3, "columns": 4, "scale": 0, "exact": False, "bytes": 12,
    }  # fmt: skip
    assert exact.max() <= header["scale"] * (1 + 1e-6)
    share = (numbers(answer) / 255.0) ** 2
    np.testing.assert_allclose(
        np.sqrt(share * header["scale"]), np.sqrt(exact), atol=0.51 / 255 * header["scale"] ** 0.5
    )


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ({"reduce": "sum"}, "BadRequest", "makes no tile of {'reduce': 'sum'}"),
        ({"exact": 1}, "BadRequest", "'exact': 1"),
        ({"row_edges": [3]}, "BadRequest", "'row_edges': [3]"),
        ({"row_edges": "abc"}, "BadRequest", "'row_edges': 'abc'"),
        ({"row_edges": list(range(300)), "column_edges": list(range(300))}, "BadRequest", "at most 65536 cells"),
        ({"row_edges": [5, 5]}, "OutOfRange", "query"),
        ({"column_edges": [5, 13]}, "OutOfRange", "key"),
        ({"column_edges": [-1, 5]}, "OutOfRange", "key"),
        ({"head": 9}, "OutOfRange", "head 9 is out of range"),
        ({"layer": 7}, "OutOfRange", "layer 7 is out of range"),
    ],
    ids=str,
)
def test_what_is_no_rectangle_is_answered_with_the_reason(args: dict[str, Any], error: str, message: str) -> None:
    answer = ask(llama(), **args)
    assert (answer["kind"], answer["error"]) == ("error", error)
    assert message in answer["message"]


def test_a_refused_layer_has_no_map() -> None:
    assert ask(part_refused())["error"] == "RefusedLayer"


def test_weights_that_nobody_computes_are_pooled_too() -> None:
    dense = llama().attention(1).numpy()
    given_weights = hs.from_attentions([dense[None]], [str(at) for at in range(12)])
    answer = ask(given_weights, layer=0)
    np.testing.assert_allclose(numbers(answer), by_hand(dense[2], *EDGES.values(), "max"), atol=1e-6)
