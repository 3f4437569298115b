"""With how many of torch's threads a layer is computed.

After every operation torch's threads wait for each other, and for the next one, by spinning. A layer of few weights is
hundreds of short operations: two threads take 50 to 70 % more CPU for 15 to 25 % less time, and where something else
runs beside them, as the browser does, each operation waits for the thread that was interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

__all__ = ["FEWEST_WEIGHTS", "FEW_WEIGHTS", "begin", "few_threads"]

FEW_WEIGHTS = 1 << 22
"""Weights (heads x queries x keys) up to which a layer is computed by one thread."""
FEWEST_WEIGHTS = 1 << 15
"""Weights up to which torch uses one thread anyway."""

Pause = Callable[[float], None]


@contextmanager
def few_threads(weights: int, device: torch.device, pause: Pause | None = None) -> Iterator[Pause | None]:
    """Compute something of so many weights, by one thread if that pays.

    Yields
    ------
    callable or None
        `pause` as it is to be called meanwhile: whatever it runs is computed by as many threads as usual.
    """
    usual = torch.get_num_threads()
    if device.type != "cpu" or not FEWEST_WEIGHTS < weights <= FEW_WEIGHTS:
        yield pause
        return

    def as_usual(share: float) -> None:
        if pause is not None:
            with _computed_by(usual):
                pause(share)

    with _computed_by(1):
        yield None if pause is None else as_usual


def begin() -> None:
    """Let a thread that lives on take its number from torch, not while `few_threads` has changed it for a moment."""
    with _lock:
        torch.get_num_threads()


@contextmanager
def _computed_by(count: int) -> Iterator[None]:
    """Set the running thread's number; torch takes it for that of threads to come as well, which is put back."""
    usual = torch.get_num_threads()
    if usual == count:
        yield
        return
    with ThreadPoolExecutor(1) as helper:
        try:
            of_new = helper.submit(torch.get_num_threads).result()
        except RuntimeError:  # no more threads can be started
            of_new = None
        if of_new is None:
            yield
            return
        try:
            _set(count, of_new, helper)
            yield
        finally:
            _set(usual, of_new, helper)


def _set(count: int, of_new: int, helper: ThreadPoolExecutor) -> None:
    with _lock:
        torch.set_num_threads(count)
        helper.submit(torch.set_num_threads, of_new).result()


_lock = threading.Lock()
