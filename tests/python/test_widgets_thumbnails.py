"""Thumbnails on the wire: as an answer, layer by layer, and along with a view."""

from __future__ import annotations

import gc
import json
import queue
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from pages import REASON, Page, bert, llama, part_refused
from tiny import build, ids

import headscope as hs
from headscope.answers.thumbnails import Thumbnails
from headscope.recording.layers.record import storage_bytes
from headscope.widgets import first_paint, kernel, operations
from headscope.widgets.packet import Packet, Pause
from headscope.widgets.thumbnails import Question, thumbnail_packet

QUESTION = {"part": "self", "size": 5, "measure": "weight", "pair_filter": "all", "hide_special": False,
            "reduce": "max"}  # fmt: skip


def request(name: str = "a", layers: Any = (0, 1, 2), **other: Any) -> dict[str, Any]:
    args = {**QUESTION, "layers": list(layers), **other}
    return {"v": 1, "id": name, "kind": "request", "op": "thumbnails", "args": args}


def pictures(header: dict[str, Any], payload: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Body and rail, as numbers: what the browser draws."""
    numbers = header["scale"] * (np.frombuffer(payload, np.uint8) / 255.0) ** 2
    shape = (header["heads"], header["rows"], header["columns"])
    body, rail = np.split(numbers, [np.prod(shape, dtype=int)])
    return body.reshape(shape), rail.reshape(shape[:2]) if header["rail"] else None


def by_hand(weights: np.ndarray, rows: list[int], columns: list[int]) -> np.ndarray:
    """The largest weight of every cell, [heads, cells, cells]."""
    cells = np.zeros((len(weights), len(rows) - 1, len(columns) - 1))
    for row, column in np.ndindex(*cells.shape[1:]):
        cell = weights[:, rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
        cells[:, row, column] = cell.max(axis=(1, 2))
    return cells


def expect_close(drawn: np.ndarray, exact: np.ndarray) -> None:
    """A shade is half a step of its byte away at most."""
    np.testing.assert_allclose(np.sqrt(drawn), np.sqrt(exact), atol=0.51 / 255)


def test_a_layer_is_the_model_s_own_weights_pooled() -> None:
    made = thumbnail_packet(llama(), Question("self", 5), 1)
    header = made.header
    body, rail = pictures(header, bytes(made.payload))
    weights = llama().attention(1).numpy()
    assert (header["row_edges"], header["column_edges"]) == ([0, 2, 4, 7, 9, 12], [1, 3, 5, 7, 9, 12])
    expect_close(body, by_hand(weights, header["row_edges"], header["column_edges"]))
    assert rail is not None
    means = [weights[:, a:b, 0].mean(axis=1) for a, b in zip([0, 2, 4, 7, 9], [2, 4, 7, 9, 12], strict=True)]
    expect_close(rail, np.stack(means, axis=1))
    assert header == json.loads(json.dumps(header, allow_nan=False))


def test_means_are_of_the_mass_that_a_cell_gets() -> None:
    made = thumbnail_packet(llama(), Question("self", 5, reduce="mean"), 1)
    header = made.header
    assert header["reduce"] == "mean"
    body, rail = pictures(header, bytes(made.payload))
    weights, rows, columns = llama().attention(1).numpy(), header["row_edges"], header["column_edges"]
    mass = np.zeros(body.shape)
    for row, column in np.ndindex(*mass.shape[1:]):
        cell = weights[:, rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
        mass[:, row, column] = cell.sum(axis=2).mean(axis=1)
    expect_close(body, mass)
    assert rail is not None
    np.testing.assert_allclose(mass.sum(2) + rail, 1, atol=0.02)
    page = Page(hs.HeadView(llama()))
    page.say(request(layers=[1], reduce="mean"))
    assert (page.answers[0]["header"], page.answers[0]["buffers"]) == (header, [bytes(made.payload)])


def test_a_part_of_a_pair_without_the_first_token_has_no_rail() -> None:
    header = thumbnail_packet(bert(), Question("self", 5, pair_filter="b->b"), 0).header
    assert (header["rail"], header["row_edges"], header["bytes"]) == (False, [4, 5, 6, 7, 8, 9], 4 * 25)


def test_what_is_not_a_number_is_drawn_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    body = torch.tensor([[[torch.nan, 0.25]]])
    made = Thumbnails(body, None, [0, 1], [1, 2, 3], 1.0)
    monkeypatch.setattr(hs.Capture, "thumbnails", lambda *_, **__: made)
    assert list(thumbnail_packet(llama(), Question("self"), 0).payload) == [0, 128]


def test_layers_come_one_by_one_in_the_order_asked() -> None:
    page = Page(hs.HeadView(llama()))
    page.say(request(layers=[2, 0, 1]))
    assert [(one["kind"], one["layer"], one["index"], one["of"]) for one in page.answers] == [
        ("chunk", 2, 0, 1),
        ("chunk", 0, 0, 1),
        ("chunk", 1, 0, 1),
    ]
    for answer in page.answers:
        made = thumbnail_packet(llama(), Question("self", 5), answer["layer"])
        assert (answer["header"], answer["buffers"]) == (made.header, [bytes(made.payload)])


def test_a_refused_layer_is_said_and_the_next_follows() -> None:
    page = Page(hs.HeadView(part_refused()))
    page.say(request())
    assert [(one["kind"], one["layer"]) for one in page.answers] == [("chunk", 0), ("refused", 1), ("chunk", 2)]
    assert (page.answers[1]["error"], page.answers[1]["message"]) == ("RefusedLayer", REASON)


def test_a_repeated_request_is_answered_again_as_a_whole() -> None:
    page = Page(hs.HeadView(part_refused()))
    page.say(request())
    page.say(request())
    assert page.answers[:3] == page.answers[3:]


def test_messages_keep_to_the_limit() -> None:
    capture = hs.capture(build(num_hidden_layers=1), ids(300))
    page = Page(hs.HeadView(capture))
    page.say({**request(layers=[0], size=128), "limit": 1})  # the least is 64 KiB
    assert [(one["index"], one["of"], len(one["buffers"][0])) for one in page.answers] == [
        (0, 2, 64 << 10),
        (1, 2, 4 * 128 * 129 - (64 << 10)),
    ]
    made = thumbnail_packet(capture, Question("self", 128), 0)
    assert b"".join(one["buffers"][0] for one in page.answers) == bytes(made.payload)


@pytest.mark.parametrize(
    "wrong",
    [{"part": None}, {"size": 0}, {"size": 1000}, {"measure": "x"}, {"pair_filter": ["all"]}, {"hide_special": 2},
     {"reduce": "sum"}, {"layers": ["1"]}],
    ids=str,
)  # fmt: skip
def test_a_senseless_question_is_answered_with_what_is_wrong(wrong: dict[str, Any]) -> None:
    page = Page(hs.HeadView(llama()))
    asked = request()
    page.say({**asked, "args": {**asked["args"], **wrong}})
    (answer,) = page.answers
    assert (answer["kind"], answer["error"]) == ("error", "BadRequest")
    assert str(wrong) in answer["message"]


def test_cancelling_ends_the_work_between_two_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    page, worked = Page(hs.HeadView(llama())), []

    def one(capture: hs.Capture, question: Question, layer: int, pause: Pause) -> Packet:
        worked.append(layer)
        if layer == 1:
            page.say({"v": 1, "id": "a", "kind": "cancel"})
        return thumbnail_packet(capture, question, layer)

    monkeypatch.setattr("headscope.widgets.operations.thumbnail_packet", one)
    page.say(request())
    assert worked == [0, 1]
    assert [answer["layer"] for answer in page.answers] == [0]
    page.say(request(layers=[2]))  # the same id again
    assert [answer["layer"] for answer in page.answers] == [0, 2]


@pytest.mark.parametrize("kind", [hs.Explorer, hs.ModelView])
def test_a_grid_needs_no_answer_of_the_kernel(kind: type[hs.Explorer]) -> None:
    view = kind(llama(), layer=1)
    state = Page(view).state
    first, data = state["first_thumbnails"], bytes(state["first_thumbnails_data"])
    assert first["question"] == {**QUESTION, "size": 25}
    assert [header["layer"] for header in first["layers"]] == [1, 0, 2]  # the selected one first
    for header in first["layers"]:
        made = thumbnail_packet(llama(), Question("self"), header["layer"])
        assert (header, data[: header["bytes"]]) == (made.header, bytes(made.payload))
        data = data[header["bytes"] :]
    assert data == b""
    assert state["first"]["layer"] == 1


@pytest.mark.parametrize("kind", [hs.HeadView, hs.NeuronView])
def test_views_without_a_grid_carry_none(kind: type[hs.HeadView]) -> None:
    view = kind(llama())
    assert (view.first_thumbnails, view.first_thumbnails_data) == ({}, b"")


def told(view: hs.Explorer) -> int:
    """Bytes that travel before anything is asked."""
    headers = json.dumps([view.meta, view.first, view.first_thumbnails], ensure_ascii=False)
    return len(headers.encode()) + len(view.first_data) + len(view.first_thumbnails_data)


def test_thirty_layers_of_nine_heads_fit_at_256_tokens() -> None:
    many = {"num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "hidden_size": 72}
    view = hs.Explorer(hs.capture(build(**many), ids(256)))
    assert [header["layer"] for header in view.first_thumbnails["layers"]] == list(range(30))
    assert told(view) <= first_paint.BUDGET


def test_a_grid_of_many_heads_keeps_to_the_budget_and_begins_with_the_selected_layer() -> None:
    many = {"num_hidden_layers": 12, "num_attention_heads": 64, "num_key_value_heads": 8, "hidden_size": 128}
    view = hs.ModelView(hs.capture(build(**many), ids(40)), layer=7)
    layers = [header["layer"] for header in view.first_thumbnails["layers"]]
    assert layers[0] == 7
    assert 1 < len(layers) < 12
    assert told(view) <= first_paint.BUDGET


def test_a_long_text_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_paint, "WEIGHTS", 2 * 4 * 12 * 12)  # two layers of four heads at twelve tokens
    assert [one["layer"] for one in hs.Explorer(llama(), layer=2).first_thumbnails["layers"]] == [2, 0]
    monkeypatch.setattr(first_paint, "WEIGHTS", 4 * 12 * 12 - 1)
    assert hs.Explorer(llama()).first_thumbnails == {}


def tensor_bytes() -> int:
    """Bytes of all tensors that are alive in this process."""
    gc.collect()
    return storage_bytes(one for one in gc.get_objects() if type(one) is torch.Tensor)


def test_views_of_one_capture_hold_its_data_once(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(build(), ids(64))
    first = hs.Explorer(capture)
    held, before = capture.nbytes, tensor_bytes()
    monkeypatch.setattr(hs.Capture, "thumbnails", None)  # they are made once
    views = [hs.Explorer(capture), hs.ModelView(capture), hs.HeadView(capture), hs.NeuronView(capture)]
    assert views[0].first_thumbnails_data == views[1].first_thumbnails_data == first.first_thumbnails_data != b""
    assert capture.nbytes == held
    assert tensor_bytes() == before


def test_the_pictures_of_a_capture_go_with_it() -> None:
    capture = hs.capture(build(), ids(8))
    hs.Explorer(capture).close()
    gone = weakref.ref(capture)
    del capture
    gc.collect()
    assert gone() is None


def test_a_refused_layer_leaves_the_others_their_pictures() -> None:
    view = hs.Explorer(part_refused())
    assert [header["layer"] for header in view.first_thumbnails["layers"]] == [0, 2]
    assert view.meta["parts"][0]["layers"][1]["reason"] == REASON


@pytest.fixture
def on_main(monkeypatch: pytest.MonkeyPatch) -> queue.SimpleQueue[Callable[[], None]]:
    """As in a kernel: computed on the worker, sent from the main thread, which this is; what it has to do."""
    main: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    monkeypatch.setattr(kernel, "current", object)
    monkeypatch.setattr(kernel, "call_on_main", main.put)
    return main


class Halting:
    """Pictures made one by one: each waits, between two stripes, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._begun: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._go: queue.SimpleQueue[None] = queue.SimpleQueue()
        monkeypatch.setattr(operations, "thumbnail_packet", self._one)

    def _one(self, capture: hs.Capture, question: Question, layer: int, pause: Pause) -> Packet:
        self._begun.put(layer)
        self._go.get(timeout=60)
        pause(0.5)
        return thumbnail_packet(capture, question, layer)

    def begun(self) -> int:
        """Wait until a layer is begun."""
        return self._begun.get(timeout=60)

    def go(self) -> None:
        self._go.put(None)


def layer_request(name: str, layer: int) -> dict[str, Any]:
    return {"v": 1, "id": name, "kind": "request", "op": "layer", "args": {"part": "self", "layer": layer}}


def receive(main: queue.SimpleQueue[Callable[[], None]], page: Page, count: int) -> list[tuple[str, int]]:
    """What a page has been answered, once it is so many messages."""
    while len(page.answers) < count:
        main.get(timeout=60)()
    return [(one["id"], one["layer"]) for one in page.answers]


def test_a_short_answer_goes_before_the_rest_of_a_long_one(
    monkeypatch: pytest.MonkeyPatch, on_main: queue.SimpleQueue[Callable[[], None]]
) -> None:
    halting, page = Halting(monkeypatch), Page(hs.HeadView(llama()))
    page.say(request("pictures"))
    on_main.get(timeout=60)()  # messages of a page are taken on the main thread too
    halting.begun()
    page.say(layer_request("layer", 1))
    page.say(layer_request("another", 2))
    for _ in range(2):
        on_main.get(timeout=60)()
    for _ in range(3):
        halting.go()
    assert receive(on_main, page, 5) == [
        ("layer", 1),
        ("another", 2),
        ("pictures", 0),
        ("pictures", 1),
        ("pictures", 2),
    ]


def test_pictures_of_two_pages_take_turns(
    monkeypatch: pytest.MonkeyPatch, on_main: queue.SimpleQueue[Callable[[], None]]
) -> None:
    halting, page = Halting(monkeypatch), Page(hs.HeadView(llama()))
    page.say(request("one", layers=[0, 1]))
    on_main.get(timeout=60)()
    halting.begun()
    page.say(request("other", layers=[0, 1]))
    on_main.get(timeout=60)()
    for _ in range(4):
        halting.go()
    assert receive(on_main, page, 4) == [("one", 0), ("other", 0), ("one", 1), ("other", 1)]


def test_the_layer_that_is_selected_meanwhile_goes_next(
    monkeypatch: pytest.MonkeyPatch, on_main: queue.SimpleQueue[Callable[[], None]]
) -> None:
    view = hs.HeadView(llama())
    halting, page = Halting(monkeypatch), Page(view)
    page.say(request("pictures"))
    on_main.get(timeout=60)()
    assert halting.begun() == 0
    view.layer = 2
    for _ in range(3):
        halting.go()
    assert receive(on_main, page, 3) == [("pictures", 0), ("pictures", 2), ("pictures", 1)]


def test_progress_tells_how_many_layers_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(operations, "PROGRESS_S", 0.2)
    monkeypatch.setattr(operations.time, "monotonic", lambda: clock[0])

    def one(capture: hs.Capture, question: Question, layer: int, pause: Pause) -> Packet:
        pause(0.0)
        clock[0] += 1.0
        pause(0.5)
        clock[0] += 1.0
        return thumbnail_packet(capture, question, layer)

    monkeypatch.setattr(operations, "thumbnail_packet", one)
    page = Page(hs.HeadView(llama()))
    page.say(request())
    told = [{**one, "kind": None} for one in page.answers if one["kind"] == "progress"]
    fields = [(one["layers_done"], one["layers"], one["seconds_left"]) for one in told]
    assert fields == [(0, 3, 5.0), (1, 3, 4.0), (1, 3, 3.0), (2, 3, 2.0), (2, 3, 1.0)]
    assert [round(6 * one["done"]) for one in told] == [1, 2, 3, 4, 5]
