"""With how many of torch's threads a layer is computed.

After every operation torch's threads wait for each other, and for the next one, by spinning. A layer of few weights is
hundreds of short operations: two threads take 50 to 70 % more CPU for 15 to 25 % less time, and where something else
runs beside them, as the browser does, each operation waits for the thread that was interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["FEW_WEIGHTS", "as_few_threads_as_pay"]

FEW_WEIGHTS = 1 << 22
"""Weights (heads x queries x keys) up to which a layer is computed by one thread."""


@contextmanager
def as_few_threads_as_pay(weights: int) -> Iterator[None]:
    """Compute something of so many weights; other threads keep their number, and so do those that are started."""
    usual = torch.get_num_threads()
    if weights > FEW_WEIGHTS or usual == 1:
        yield
        return
    _set(1, of_new_threads=usual)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def _set(count: int, of_new_threads: int) -> None:
    """Set torch's number for the running thread; torch takes it for that of threads to come as well."""
    torch.set_num_threads(count)
    other = threading.Thread(target=torch.set_num_threads, args=(of_new_threads,))
    other.start()
    other.join()
