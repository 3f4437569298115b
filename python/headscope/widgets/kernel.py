"""The IPython kernel around us, if there is one: which cell runs, and how to get back to its main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython import get_ipython

__all__ = ["Cell", "call_on_main", "current", "is_value_of_cell", "running_cell"]


@dataclass(frozen=True)
class Cell:
    """One execution of a notebook cell."""

    id: str | None
    """The cell's id; None where the host does not send it, or where no cell runs."""
    run: str
    """Unique to this execution."""


def current() -> Any:
    """Return the running kernel, or None in a script, a test or a host without one."""
    shell = get_ipython()
    return getattr(shell, "kernel", None)


def running_cell() -> Cell:
    """Return the execution that the calling code belongs to."""
    kernel = current()
    request = kernel.get_parent() if hasattr(kernel, "get_parent") else {}
    header = request.get("header") or {}
    if header.get("msg_type") != "execute_request":
        return Cell(None, "")
    return Cell((request.get("metadata") or {}).get("cellId"), str(header.get("msg_id", "")))


def is_value_of_cell() -> bool:
    """Whether what is being displayed is the value of a cell's last line."""
    shell = get_ipython()
    return getattr(getattr(shell, "displayhook", None), "msg", None) is not None


def call_on_main(function: Callable[[], Any]) -> None:
    """Call `function` on the kernel's main thread, now if this is it, else when that is next idle.

    Traits and comms belong to that thread; kernels may handle a page's message, and we compute, on others.
    """
    kernel = current()
    if kernel is None or threading.current_thread() is threading.main_thread():
        function()
    else:
        kernel.io_loop.add_callback(function)
