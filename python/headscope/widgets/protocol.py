"""Typed requests of a page and their answers, as custom messages of the widget (the page's half: js/source/request.ts).

Messages are JSON objects with ``v`` (version), ``id`` and ``kind``. From the page: "request" (``op``, ``args``,
``limit``: bytes that a message may have) and "cancel". To the page: "progress" (``done``, the share; where the answer
comes layer by layer also ``layers_done``, ``layers`` and ``seconds_left``, an estimate or null), "chunk" (``layer``,
``index``, ``of``, the first with ``header``, and one buffer), "refused" (``layer``, ``error``, ``message``: this layer
of several has no answer), "error" (``error``: the exception's name, ``message``). A page that repeats a request gets
the answer again.
"""

from __future__ import annotations

import contextvars
import logging
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from headscope.errors import CaptureClosed, HeadscopeError
from headscope.widgets import kernel, worker
from headscope.widgets.operations import (
    OPERATIONS,
    RELOAD,
    URGENCY,
    BadRequest,
    Buffers,
    Cancelled,
    Request,
    Send,
    check,
)

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["VERSION", "Desk"]

log = logging.getLogger("headscope")

VERSION = 1
LIMITS = (64 << 10, 8 << 20)
"""Least and most bytes of one chunk, whatever the page asks for."""
LIMIT = 1 << 20

Later = Callable[[Callable[[], Any]], Any]
"""Has something called on the thread from which messages are sent."""


class Asked(Protocol):
    """What a page shows and asks about: a widget, or a saved capture on a server."""

    @property
    def capture(self) -> Capture:
        """The capture shown."""

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the page."""


class Desk:
    """Answers the requests of the pages that show one view.

    Holds neither the view nor, while a request waits, its capture. An answer is computed on the one worker of the
    process and sent from the kernel's main thread; where no kernel runs, both happen at once.

    Parameters
    ----------
    view
        What is asked about, and what sends the answers.
    later
        Where no kernel runs: has something called on the thread from which answers are to be sent.
    """

    def __init__(self, view: Asked, later: Later | None = None) -> None:
        self._view = weakref.ref(view)
        self._elsewhere = later
        self._capture = weakref.ref(view.capture)
        self.open: dict[str, Request] = {}

    def receive(self, _widget: Any, content: Any, _buffers: Any = None) -> None:
        """Take one message of a page. Never raises: what is no message of ours is ignored."""
        if not isinstance(content, dict) or not isinstance(content.get("id"), str):
            return
        if content.get("kind") == "cancel":
            self._cancel(content["id"])
        elif content.get("kind") == "request" and content["id"] not in self.open:  # else: its answer is on the way
            self._start(content)

    def prefer(self, change: Mapping[str, Any]) -> None:
        """Let the layer that was selected go first in what is under way."""
        for request in self.open.values():
            request.preferred = change["new"]

    def close(self) -> None:
        """End everything that is under way; nothing more is sent."""
        for name in list(self.open):
            self._cancel(name)

    def _cancel(self, name: str) -> None:
        request = self.open.pop(name, None)
        if request is not None:
            request.cancelled.set()

    def _start(self, content: dict[str, Any]) -> None:
        try:
            request = _read(content)
        except BadRequest as error:
            self._send(_failure(content["id"], error))
            return
        self.open[request.id] = request
        if kernel.current() is None and self._elsewhere is None:
            answering = _Answering(self._capture, request, partial(self._deliver, request))
            while answering():
                pass
            return
        # The message that is being handled is the parent of the answers, also of those sent later, from elsewhere.
        within = contextvars.copy_context()
        deliver = partial(_later, self._elsewhere or kernel.call_on_main, weakref.ref(self), within, request)
        worker.submit(_Answering(self._capture, request, deliver), URGENCY[request.op])

    def _deliver(self, request: Request, content: dict[str, Any] | None, buffers: Buffers | None = None) -> None:
        """Send a part of an answer, on the main thread; None is its end."""
        if request.cancelled.is_set():
            return
        if content is None:
            self.open.pop(request.id, None)
        else:
            self._send({"v": VERSION, "id": request.id, **content}, buffers)

    def _send(self, content: dict[str, Any], buffers: Buffers | None = None) -> None:
        view = self._view()
        if view is None:
            return
        try:
            view.send(content, buffers)
        except Exception:  # a comm that is closing; the page asks again, and must not find its request still open
            log.exception("a message could not be sent")


def _deliver(desk: weakref.ref[Desk], request: Request, *part: Any) -> None:
    living = desk()
    if living is not None:
        living._deliver(request, *part)


def _later(later: Later, desk: weakref.ref[Desk], within: contextvars.Context, request: Request, *part: Any) -> None:
    later(partial(within.run, _deliver, desk, request, *part))


def _read(content: Mapping[str, Any]) -> Request:
    version, op, args = content.get("v"), content.get("op"), content.get("args")
    if version != VERSION:
        raise BadRequest(f"the page speaks version {version!r} of headscope's protocol, the kernel {VERSION}. {RELOAD}")
    if not isinstance(op, str) or op not in OPERATIONS or not isinstance(args, dict):
        raise BadRequest(f"the kernel does not know the request {op!r}. {RELOAD}")
    limit = content.get("limit", LIMIT)
    if not isinstance(limit, int):
        limit = LIMIT
    return Request(content["id"], op, args, max(LIMITS[0], min(limit, LIMITS[1])))


class _Answering:
    """A request being answered, one part at each call; any failure is an answer too."""

    def __init__(self, capture: weakref.ref[Capture], request: Request, deliver: Send) -> None:
        self._capture = capture
        self._request = request
        self._deliver = deliver
        self._parts: Iterator[None] | None = None

    def __call__(self) -> bool:
        """Compute the next part and deliver it. Returns whether there is more to do."""
        try:
            check(self._request)
            self._parts = self._parts or self._begin()
            if next(self._parts, True) is None:
                return True
        except Cancelled:
            return False
        except Exception as error:
            if not isinstance(error, HeadscopeError):
                log.exception("request %s failed", self._request.op)
            self._deliver(_failure(self._request.id, error))
        self._deliver(None)
        return False

    def _begin(self) -> Iterator[None]:
        living = self._capture()
        if living is None:
            raise CaptureClosed("this capture was closed. Capture again.")
        return OPERATIONS[self._request.op](living, self._request, self._deliver)


def _failure(name: str, error: Exception) -> dict[str, Any]:
    return {"v": VERSION, "id": name, "kind": "error", "error": type(error).__name__, "message": str(error)}
