"""Captures inside captures: while one is made, those around it in the same thread take no notice of what runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["apart", "depth"]

_here = threading.local()


def depth() -> int:
    """How many captures the running thread is in."""
    return getattr(_here, "depth", 0)


@contextmanager
def apart() -> Iterator[None]:
    """While a capture is made, from its first forward to the last check of its layers."""
    before = depth()
    _here.depth = before + 1
    try:
        yield
    finally:
        _here.depth = before
