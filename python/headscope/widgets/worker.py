"""The one thread of this process that computes answers, in the order in which they were asked for."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

__all__ = ["submit"]

log = logging.getLogger("headscope")

Job = Callable[[], object]

_jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def submit(job: Job) -> None:
    """Run `job` on the worker, after those that were submitted before; again, behind all others, if it returns True."""
    global _thread  # noqa: PLW0603  # started with the first job, and again in a forked process, where threads do not go
    _jobs.put(job)
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="headscope", daemon=True)
            _thread.start()


def _work() -> None:
    while True:
        _run(_jobs.get())


def _run(job: Job) -> None:
    """Run one job; its failure must not end the thread."""
    try:
        if job() is True:
            _jobs.put(job)
    except Exception:
        log.exception("a job of headscope's worker failed")
