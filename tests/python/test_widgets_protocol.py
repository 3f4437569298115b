"""Requests of a page and their answers, where no kernel runs: computed and sent at once."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from pages import REASON, Page, llama, part_refused
from tiny import build, ids

import headscope as hs
from headscope.widgets import operations, packet
from headscope.widgets.packet import layer_packet


def request(name: str = "a", layer: Any = 1, **other: Any) -> dict[str, Any]:
    return {"v": 1, "id": name, "kind": "request", "op": "layer", "args": {"part": "self", "layer": layer}, **other}


def ask(view: hs.HeadView, content: Any) -> list[dict[str, Any]]:
    """What a page is sent when it sends `content`."""
    page = Page(view)
    page.say(content)
    assert page.updates == []
    return page.answers


def test_a_layer_is_answered_in_one_chunk_where_it_fits() -> None:
    (answer,) = ask(hs.HeadView(llama()), request(layer=2))
    made = layer_packet(llama(), "self", 2)
    assert answer == {
        "v": 1,
        "id": "a",
        "kind": "chunk",
        "layer": 2,
        "index": 0,
        "of": 1,
        "header": made.header,
        "buffers": [bytes(made.payload)],
    }


def test_chunks_keep_to_the_limit_and_add_up() -> None:
    capture = hs.capture(build(), ids(300))
    answers = ask(hs.HeadView(capture), request(limit=70_000))
    made = layer_packet(capture, "self", 1)
    assert b"".join(answer["buffers"][0] for answer in answers) == bytes(made.payload)
    assert max(len(answer["buffers"][0]) for answer in answers) == 70_000
    assert [(answer["index"], answer["of"]) for answer in answers] == [(at, len(answers)) for at in range(len(answers))]
    assert ["header" in answer for answer in answers] == [True] + [False] * (len(answers) - 1)


def asked_page(kind: str, **traits: Any) -> dict[str, Any]:
    return request(op="page", args={"kind": kind, "traits": traits})


def test_a_page_is_that_of_to_html_with_what_is_on_the_screen(tmp_path) -> None:
    capture = llama()
    on_screen = {"layer": 2, "heads": [1], "head": 1, "query": 3, "key": 1, "words": True}
    written = hs.Explorer(capture, **on_screen).to_html(tmp_path / "page.html").read_bytes()
    answers = ask(hs.HeadView(capture), asked_page("explorer", **on_screen, scale="model"))
    assert b"".join(answer["buffers"][0] for answer in answers) == written


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (asked_page("spiral"), "no view of the kind 'spiral'"),
        (asked_page("head", layer=9), "layer"),
        (asked_page("head", theme="purple"), "theme"),
        (asked_page("model", show_layers=[999]), "show_layers: layer 999 is out of range"),
        (request(op="page", args={"kind": "head"}), "is no view"),
    ],
    ids=str,
)
def test_a_page_of_what_is_not_there_is_refused(content: Any, message: str) -> None:
    (answer,) = ask(hs.HeadView(llama()), content)
    assert answer["kind"] == "error"
    assert message in answer["message"]


@pytest.mark.parametrize("limit", [0, -5, 1, None, "x", 10**12])
def test_a_senseless_limit_is_replaced_by_a_sensible_one(limit: Any) -> None:
    answers = ask(hs.HeadView(llama()), request(limit=limit))
    assert [answer["kind"] for answer in answers] == ["chunk"]


def test_a_repeated_request_is_answered_again() -> None:
    page = Page(hs.HeadView(llama()))
    page.say(request())
    page.say(request())
    assert len(page.answers) == 2
    assert page.answers[0] == page.answers[1]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (
            request(v=2),
            "BadRequest",
            "the page speaks version 2 of headscope's protocol, the kernel 1. Restart the kernel",
        ),
        (request(v=None), "BadRequest", "reload the page"),
        (
            request(op="dance"),
            "BadRequest",
            "does not know the request 'dance'. Restart the kernel or reload",
        ),
        (request(op=["x"]), "BadRequest", "does not know the request ['x']"),
        (request(args=None), "BadRequest", "does not know"),
        (request(args={}), "BadRequest", "part None and layer None do not name a layer"),
        (request(layer="1"), "BadRequest", "layer '1'"),
        (request(layer=9), "OutOfRange", "layer 9 is out of range"),
        (request(args={"part": "cross", "layer": 0}), "OutOfRange", "part 'cross' is unknown"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_answered_with_the_reason(content: Any, error: str, message: str) -> None:
    view = hs.HeadView(llama())
    (answer,) = ask(view, content)
    assert (answer["v"], answer["id"], answer["kind"], answer["error"]) == (1, "a", "error", error)
    assert message in answer["message"]
    assert ask(view, request())[0]["kind"] == "chunk"  # and the next is answered


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "x",
        {},
        {"kind": "request"},
        request(kind="dance"),
        request(kind="cancel"),
        {**request(), "id": 7},
        {"kind": "anywidget-command", "id": "a", "name": "x", "msg": {}},
    ],
    ids=str,
)
def test_what_is_no_request_is_ignored(content: Any) -> None:
    assert ask(hs.HeadView(llama()), content) == []


def test_a_refused_layer_is_answered_with_its_reason() -> None:
    (answer,) = ask(hs.HeadView(part_refused()), request(layer=1))
    assert (answer["error"], answer["message"]) == ("RefusedLayer", REASON)


def test_a_layer_over_the_limit_is_answered_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    view = hs.HeadView(llama())
    monkeypatch.setattr(packet, "VECTORS_LIMIT", 10)
    (answer,) = ask(view, request())
    assert answer["error"] == "OverBudget"
    assert "Capture a shorter text" in answer["message"]


def test_a_failure_of_ours_is_answered_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("by chance")

    view = hs.HeadView(llama())
    monkeypatch.setattr(operations, "layer_packet", fail)
    with caplog.at_level(logging.ERROR, "headscope"):
        (answer,) = ask(view, request())
    assert (answer["error"], answer["message"]) == ("ZeroDivisionError", "by chance")
    assert "by chance" in caplog.text


def test_a_closed_capture_is_said() -> None:
    capture = hs.capture(build(), ids(8))
    view = hs.HeadView(capture)
    capture.close()
    (answer,) = ask(view, request())
    assert answer["error"] == "CaptureClosed"


def test_cancelling_ends_the_work_and_nothing_more_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    view = hs.HeadView(llama())
    page, worked = Page(view), []

    def slow(capture: Any, part: str, layer: int, pause: Any) -> Any:
        for step in range(10):
            pause(step / 10)
            worked.append(step)
            if step == 3:
                page.say({"v": 1, "id": "a", "kind": "cancel"})
        raise AssertionError

    monkeypatch.setattr(operations, "layer_packet", slow)
    page.say(request())
    assert (worked, page.answers) == ([0, 1, 2, 3], [])
    monkeypatch.setattr(operations, "layer_packet", layer_packet)
    page.say(request())  # the same id again, as a page does that comes back to a layer
    assert [answer["kind"] for answer in page.answers] == ["chunk"]


def test_making_a_page_tells_how_far_it_is_and_ends_where_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "PROGRESS_S", 0)
    view = hs.HeadView(llama())
    answers = ask(view, asked_page("neuron"))
    shares = [answer["done"] for answer in answers if answer["kind"] == "progress"]
    assert len(set(shares)) == 3  # of the layers
    assert answers[-1]["kind"] == "chunk"

    page, send = Page(view), view.send

    def hear(content: Any, buffers: Any = None) -> None:
        send(content, buffers)
        page.say({"v": 1, "id": content["id"], "kind": "cancel"})

    monkeypatch.setattr(view, "send", hear)
    page.say(asked_page("neuron"))
    assert [answer["kind"] for answer in page.answers] == ["progress"]


def test_closing_the_view_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    view = hs.HeadView(llama())
    page, worked = Page(view), []

    def slow(capture: Any, part: str, layer: int, pause: Any) -> Any:
        for step in range(10):
            pause(step / 10)
            worked.append(step)
            view.close()

    monkeypatch.setattr(operations, "layer_packet", slow)
    page.say(request())
    assert (worked, page.answers) == ([0], [])


def test_progress_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(np.arange(0, 100, 0.07))
    monkeypatch.setattr(operations, "PROGRESS_S", 0.2)
    monkeypatch.setattr(operations.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(packet, "STRIPE", 4 * 9)
    monkeypatch.setattr(hs.Capture, "browser_computable", lambda *_: False)
    answers = ask(hs.HeadView(hs.capture(build(), ids(9))), request())
    progress = [answer["done"] for answer in answers if answer["kind"] == "progress"]
    assert 2 < len(progress) < 36
    assert progress == sorted(progress)
    assert answers[-1]["kind"] == "chunk"
