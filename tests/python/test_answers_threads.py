"""With how many of torch's threads layers are computed, and that nobody else's number changes for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from tiny import build, ids

import headscope as hs
from headscope.answers import threads

USUAL = 3


@pytest.fixture(autouse=True)
def usual_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(USUAL)
    yield
    torch.set_num_threads(before)


def seen_while_computing(capture: hs.Capture, size: int = 8) -> tuple[set[int], set[int]]:
    """Torch's number of threads while a layer is computed: of the thread that does it, and of one that begins then."""
    here: set[int] = set()
    elsewhere: set[int] = set()

    def look(_share: float) -> None:
        here.add(torch.get_num_threads())
        other = threading.Thread(target=lambda: elsewhere.add(torch.get_num_threads()))
        other.start()
        other.join()

    capture.thumbnails(1, size, progress=look)
    return here, elsewhere


def test_a_small_layer_is_computed_by_one_thread_and_others_keep_theirs() -> None:
    here, elsewhere = seen_while_computing(hs.capture(build(), ids(40)))
    assert 1 in here
    assert elsewhere == {USUAL}
    assert torch.get_num_threads() == USUAL


def test_a_large_layer_is_computed_by_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "FEW_WEIGHTS", 10)
    here, _ = seen_while_computing(hs.capture(build(), ids(40)))
    assert here == {USUAL}


def test_work_that_ends_with_an_exception_gives_the_threads_back() -> None:
    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hs.capture(build(), ids(40)).thumbnails(1, 8, progress=stop)
    assert torch.get_num_threads() == USUAL
