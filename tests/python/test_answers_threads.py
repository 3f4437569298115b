"""With how many of torch's threads layers are computed, and that nobody else's number changes for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from tiny import build, ids

import headscope as hs
from headscope.answers import certified, threads
from headscope.recording.layers import certificate, formula, projection

USUAL = 3


@pytest.fixture(autouse=True)
def usual_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(USUAL)
    yield
    torch.set_num_threads(before)


def work(capture: hs.Capture) -> tuple[list[int], list[int]]:
    """Torch's number of threads while a layer is walked over and while it is confirmed: here, and in a new thread."""
    here: list[int] = []
    elsewhere: list[int] = []

    def look(function: Callable[..., Any]) -> Callable[..., Any]:
        def looking(*given: Any, **named: Any) -> Any:
            here.append(torch.get_num_threads())
            other = threading.Thread(target=lambda: elsewhere.append(torch.get_num_threads()))
            other.start()
            other.join()
            return function(*given, **named)

        return looking

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate, "confirm", look(certificate.confirm))
        patch.setattr(certified, "walk", look(certified.walk))
        patch.setattr(certified, "walk_known", look(certified.walk_known))
        capture.thumbnails(1, 8)
    assert len(here) == 2
    return here, elsewhere


LENGTH = 120
"""Tokens of a layer that is neither so small that torch uses one thread anyway, nor large."""


def test_a_small_layer_is_computed_by_one_thread_and_others_keep_theirs() -> None:
    here, elsewhere = work(hs.capture(build(), ids(LENGTH)))
    assert here == [1, 1]
    assert elsewhere == [USUAL, USUAL]
    assert torch.get_num_threads() == USUAL


def test_a_large_layer_is_computed_by_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "FEW_WEIGHTS", 10)
    assert work(hs.capture(build(), ids(LENGTH)))[0] == [USUAL, USUAL]


def test_what_runs_between_stripes_has_the_usual_threads() -> None:
    """Such as an urgent question about a large layer, for which a background job gives way."""
    seen: set[int] = set()
    hs.capture(build(), ids(LENGTH)).thumbnails(1, 8, progress=lambda _: seen.add(torch.get_num_threads()))
    assert seen == {USUAL}


def test_work_that_ends_with_an_exception_gives_the_threads_back() -> None:
    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hs.capture(build(), ids(LENGTH)).thumbnails(1, 8, progress=stop)
    assert torch.get_num_threads() == USUAL
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate, "confirm", refuse)
        with pytest.raises(hs.RefusedLayer):
            hs.capture(build(), ids(LENGTH)).thumbnails(1, 8)
    assert torch.get_num_threads() == USUAL


def refuse(*_: Any) -> Any:
    raise hs.RefusedLayer("for this test")


def test_where_no_thread_can_be_started_layers_are_computed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(build(), ids(LENGTH))
    expected = hs.capture(build(), ids(LENGTH)).thumbnails(1, 8).body

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    torch.testing.assert_close(capture.thumbnails(1, 8).body, expected)
    assert torch.get_num_threads() == USUAL


def test_threads_to_come_keep_the_number_that_was_set_for_them() -> None:
    """Which may be another one than that of the thread that computes."""
    other = threading.Thread(target=lambda: torch.set_num_threads(USUAL + 1))
    other.start()
    other.join()
    _, elsewhere = work(hs.capture(build(), ids(LENGTH)))
    assert elsewhere == [USUAL + 1, USUAL + 1]


@pytest.mark.parametrize(
    ("computing", "ask"),
    [
        ((formula, "stripes"), lambda capture: capture.attention(1)),
        ((projection, "value_norms"), lambda capture: capture.value_norms(1)),
    ],
    ids=["weights", "norms"],
)
def test_rows_and_norms_of_a_small_layer_are_computed_by_one_thread(
    computing: tuple[Any, str], ask: Callable[[hs.Capture], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = hs.capture(build(), ids(LENGTH))
    capture.thumbnails(1, 8)  # confirms the layer
    function, seen = getattr(*computing), list[int]()

    def look(*given: Any) -> Any:
        seen.append(torch.get_num_threads())
        return function(*given)

    monkeypatch.setattr(*computing, look)
    ask(capture)
    assert seen == [1]
    assert torch.get_num_threads() == USUAL


def test_norms_behind_a_wide_projection_are_computed_by_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short the text is."""
    capture, seen = hs.capture(build(), ids(LENGTH)), list[int]()
    capture.thumbnails(1, 8)
    record = capture.record(1)
    monkeypatch.setattr(threads, "FEW_WEIGHTS", record.heads * record.queries * record.keys)
    record.value = torch.cat([record.value] * 40, dim=-1)  # more numbers in the projection than there are weights
    monkeypatch.setattr(projection, "find_projection", lambda _: None)

    def look(*_given: Any) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return torch.zeros(0)

    monkeypatch.setattr(projection, "value_norms", look)
    capture.value_norms(1)
    assert seen == [USUAL]
