"""The one thread of this process that computes answers: the more urgent first, else in the order in which they came.

An answer that takes long calls `give_way` now and then; those more urgent than itself are computed before it goes on.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["URGENCIES", "give_way", "submit"]

log = logging.getLogger("headscope")

Job = Callable[[], object]

URGENCIES = 3
"""How many there are, 0 the most urgent."""

_waiting: tuple[deque[Job], ...] = tuple(deque() for _ in range(URGENCIES))
_changed = threading.Condition()
_thread: threading.Thread | None = None
_running = URGENCIES
"""The urgency of what the worker is at; nothing but the worker itself reads or writes it."""


def submit(job: Job, urgency: int = 0) -> None:
    """Run `job` on the worker, behind those as urgent that came before; once more if it returns True."""
    global _thread  # noqa: PLW0603  # started with the first job, and again in a forked process, where threads do not go
    with _changed:
        _waiting[urgency].append(job)
        _changed.notify()
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="headscope", daemon=True)
            _thread.start()


def give_way() -> None:
    """Run what waits and is more urgent than the job that calls this; elsewhere than on the worker, nothing."""
    if threading.current_thread() is not _thread:
        return
    while (found := _next(_running)) is not None:
        _run(*found)


def _work() -> None:
    from headscope.answers import threads  # and torch, once there is work for it

    threads.begin()
    while True:
        with _changed:
            _changed.wait_for(lambda: any(_waiting))
        _run_next()


def _run_next() -> None:
    """Run one job, in a frame of its own: while the worker waits, nothing holds what it did last."""
    found = _next(URGENCIES)
    if found is not None:
        _run(*found)


def _next(than: int) -> tuple[Job, int] | None:
    """Take the most urgent job out, if it is more urgent than `than`."""
    with _changed:
        for urgency in range(than):
            if _waiting[urgency]:
                return _waiting[urgency].popleft(), urgency
    return None


def _run(job: Job, urgency: int) -> None:
    """Run one job; its failure must not end the thread."""
    global _running  # noqa: PLW0603  # jobs run within each other
    outer, _running = _running, urgency
    try:
        if job() is True:
            submit(job, urgency)
    except Exception:
        log.exception("a job of headscope's worker failed")
    finally:
        _running = outer
