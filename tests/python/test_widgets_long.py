"""What a page is told of a layer of a long text, and asks for: exactly the capture's own numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from pages import Page

import headscope as hs
from headscope.widgets import first_paint, long
from headscope.widgets.operations import OPERATIONS

TOKENS, HEADS, GROUPS, WIDTH = 96, 4, 2, 8


def capture(**terms: Any) -> hs.Capture:
    generator = torch.Generator().manual_seed(7)
    query, key, value = (torch.randn(2, heads, TOKENS, WIDTH, generator=generator) for heads in (HEADS, GROUPS, GROUPS))
    words = [f" w{at}" for at in range(TOKENS)]
    return hs.from_vectors(query, key, value, tokens=words, **{"causal": True, **terms})


@pytest.fixture(autouse=True)
def all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "LONG_WEIGHTS", 1000)


def ask(made: hs.Capture, op: str, limit: int = 1 << 20, **args: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header of an answer, and its arrays."""
    page = Page(hs.HeadView(made))
    request = {"v": 1, "id": "a", "kind": "request", "op": op, "args": {"part": "self", "layer": 1, **args}}
    page.say({**request, "limit": limit})
    chunks = [answer for answer in page.answers if answer["kind"] == "chunk"]
    assert [chunk["index"] for chunk in chunks] == list(range(chunks[0]["of"])), page.answers
    assert all(len(chunk["buffers"][0]) <= max(limit, 64 << 10) for chunk in chunks)
    payload = b"".join(chunk["buffers"][0] for chunk in chunks)
    header = chunks[0]["header"]
    assert header["bytes"] == len(payload)
    arrays = {
        one["name"]: np.frombuffer(payload, one["dtype"], int(np.prod(one["shape"])), one["offset"]).reshape(
            one["shape"]
        )
        for one in header["arrays"]
    }
    return header, arrays


def failure(made: hs.Capture, op: str, **args: Any) -> str:
    page = Page(hs.HeadView(made))
    page.say({"v": 1, "id": "a", "kind": "request", "op": op, "args": {"part": "self", "layer": 1, **args}})
    (answer,) = page.answers
    assert answer["kind"] == "error"
    return answer["message"]


def dense_bias() -> torch.Tensor:
    return torch.randn(TOKENS, TOKENS, generator=torch.Generator().manual_seed(1))


def test_an_outline_tells_who_sees_whom_and_nothing_large() -> None:
    header, arrays = ask(capture(), "layer")
    assert (header["form"], header["whole"]) == ("vectors", False)
    assert set(arrays) == {"start", "stop"}
    assert arrays["stop"].tolist() == list(range(1, TOKENS + 1))


def test_a_number_for_each_pair_makes_a_page_ask_for_rows() -> None:
    made = capture(bias=dense_bias())
    header, _ = ask(made, "layer")
    assert header["form"] == "weights"
    _, arrays = ask(made, "rows", heads=[1, 3], queries=[0, 50, 95])
    expected = made.attention(1, [1, 3], [0, 50, 95]).numpy()
    np.testing.assert_array_equal(arrays["rows"], expected)


@pytest.mark.parametrize(("what", "heads"), [("query", [0, 3]), ("key", [1]), ("value", [0, 1])])
def test_vectors_of_some_heads(what: str, heads: list[int]) -> None:
    made = capture()
    _, arrays = ask(made, "vectors", what=what, heads=heads, range=[10, 74])
    np.testing.assert_array_equal(arrays[what], getattr(made.vectors(1), what)[heads, 10:74].numpy())


@pytest.mark.parametrize("terms", [{}, {"softcap": 2.0}, {"bias": dense_bias()}], ids=["plain", "softcap", "bias"])
def test_columns_are_the_dense_computation_s(terms: dict[str, Any]) -> None:
    made = capture(**terms)
    _, arrays = ask(made, "columns", heads=[2, 0], sets=[[5], [6, 7], []], totals=True)
    dense = made.attention(1, [2, 0]).double()
    expected = [dense[..., keys].sum(-1).numpy() for keys in ([5], [6, 7], [])]
    np.testing.assert_allclose(arrays["columns"], np.stack(expected, 1), atol=1e-6)
    np.testing.assert_allclose(arrays["total"], dense.sum(-1).numpy(), atol=1e-6)
    _, again = ask(made, "columns", heads=[2, 0], sets=[[5], [6, 7], []], totals=False)
    assert list(again) == ["columns"]
    np.testing.assert_array_equal(again["columns"], arrays["columns"])


def test_what_norms_are_not_known_is_said() -> None:
    header, arrays = ask(capture(), "norms")
    assert arrays == {}
    assert "projection" in header["why"] or "output" in header["why"]


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("vectors", {"what": "hidden", "heads": [0], "range": [0, 4]}),
        ("vectors", {"what": "query", "heads": [4], "range": [0, 4]}),
        ("vectors", {"what": "query", "heads": [0], "range": [0, TOKENS + 1]}),
        ("rows", {"heads": [0], "queries": [-1]}),
        ("rows", {"heads": "all", "queries": [0]}),
        ("columns", {"heads": [0], "sets": [[TOKENS]], "totals": True}),
    ],
)
def test_what_does_not_exist_is_refused(op: str, args: dict[str, Any]) -> None:
    assert failure(capture(), op, **args)


def test_an_answer_is_never_more_than_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "SLICE_LIMIT", 1000)
    assert "too much" in failure(capture(), "rows", heads=[0], queries=list(range(9)))


def test_a_view_of_a_long_text_is_there_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_paint, "WEIGHTS", 1000)

    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(hs.Capture, "record", never)
    for kind in (hs.HeadView, hs.Explorer):
        state = Page(kind(capture())).state
        assert state["first"] == {}
        assert state["first_thumbnails"] == {}


def described(tokens: int) -> tuple[hs.Capture, dict[str, Any]]:
    query = torch.zeros(1, 1, tokens, 2)
    made = hs.from_vectors(query, query, tokens=[f" token{at}" for at in range(tokens)], causal=True)
    return made, Page(hs.HeadView(made)).state["meta"]


def test_tokens_of_a_long_text_are_asked_for() -> None:
    short, told = described(100)
    assert len(told["sides"][0]["labels"]) == 100
    made, brief = described(20_000)
    assert len(json.dumps(brief)) < 1000
    assert brief["sides"] == [{"count": 20_000, "kind": "text", "generated": None}]
    page = Page(hs.HeadView(made))
    page.say({"v": 1, "id": "a", "kind": "request", "op": "tokens", "args": {"side": 0}, "limit": 1 << 17})
    assert len(page.answers) > 1
    side = json.loads(b"".join(answer["buffers"][0] for answer in page.answers))
    assert side["texts"] == list(made.tokens().texts)
    assert set(side) == set(told["sides"][0])
    assert short is not made


def test_every_first_paint_keeps_to_the_budget() -> None:
    _, told = described(9_000)
    assert len(json.dumps(told, ensure_ascii=False).encode()) <= first_paint.BUDGET


def test_every_slice_is_an_operation() -> None:
    assert set(long.SLICES) <= set(OPERATIONS)
