"""Typed requests of a page and their answers, as custom messages of the widget (the page's half: js/source/kernel.ts).

Messages are JSON objects with ``v`` (version), ``id`` and ``kind``. From the page: "request" (``op``, ``args``,
``limit``: bytes that a message may have) and "cancel". To the page: "progress" (``done``), "chunk" (``index``, ``of``,
the first with ``header``, and one buffer), "error" (``error``: the exception's name, ``message``). A page that repeats
a request gets the answer again.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from headscope.errors import CaptureClosed, HeadscopeError
from headscope.widgets import kernel, worker
from headscope.widgets.packet import layer_packet

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.widgets.view import View

__all__ = ["VERSION", "Desk"]

log = logging.getLogger("headscope")

VERSION = 1
RELOAD = "Restart the kernel or reload the page."
LIMITS = (64 << 10, 8 << 20)
"""Least and most bytes of one chunk, whatever the page asks for."""
LIMIT = 1 << 20
PROGRESS_S = 0.2
"""At most one progress message in so many seconds."""

Send = Callable[..., None]
Buffers = list[memoryview]


class Cancelled(Exception):
    """Raised within an answer that nobody waits for any more."""


class BadRequest(HeadscopeError):
    """Raised where a page asks what this kernel does not understand."""


@dataclass(frozen=True)
class Request:
    """A request under way."""

    id: str
    op: str
    args: Mapping[str, Any]
    limit: int
    cancelled: threading.Event = field(default_factory=threading.Event)


class Desk:
    """Answers the requests of the pages that show one view.

    Holds neither the view nor, while a request waits, its capture. An answer is computed on the one worker of the
    process and sent from the kernel's main thread; where no kernel runs, both happen at once.
    """

    def __init__(self, view: View) -> None:
        self._view = weakref.ref(view)
        self._capture = weakref.ref(view.capture)
        self._open: dict[str, Request] = {}

    def receive(self, _widget: Any, content: Any, _buffers: Any = None) -> None:
        """Take one message of a page. Never raises: what is no message of ours is ignored."""
        if not isinstance(content, dict) or not isinstance(content.get("id"), str):
            return
        if content.get("kind") == "cancel":
            self._cancel(content["id"])
        elif content.get("kind") == "request" and content["id"] not in self._open:  # else: its answer is on the way
            self._start(content)

    def close(self) -> None:
        """End everything that is under way; nothing more is sent."""
        for name in list(self._open):
            self._cancel(name)

    def _cancel(self, name: str) -> None:
        request = self._open.pop(name, None)
        if request is not None:
            request.cancelled.set()

    def _start(self, content: dict[str, Any]) -> None:
        try:
            request = _read(content)
        except BadRequest as error:
            self._send(_failure(content["id"], error))
            return
        self._open[request.id] = request
        if kernel.current() is None:
            _answer(self._capture, request, partial(self._deliver, request))
            return
        # The message that is being handled is the parent of the answers, also of those sent later, from elsewhere.
        within = contextvars.copy_context()
        deliver = partial(_later, partial(within.run, _deliver, weakref.ref(self), request))
        worker.submit(partial(_answer, self._capture, request, deliver))

    def _deliver(self, request: Request, content: dict[str, Any] | None, buffers: Buffers | None = None) -> None:
        """Send a part of an answer, on the main thread; None is its end."""
        if request.cancelled.is_set():
            return
        if content is None:
            self._open.pop(request.id, None)
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


def _later(deliver: Send, *part: Any) -> None:
    kernel.call_on_main(partial(deliver, *part))


def _read(content: Mapping[str, Any]) -> Request:
    version, op, args = content.get("v"), content.get("op"), content.get("args")
    if version != VERSION:
        raise BadRequest(f"the page speaks version {version!r} of headscope's protocol, the kernel {VERSION}. {RELOAD}")
    if not isinstance(op, str) or op not in _OPERATIONS or not isinstance(args, dict):
        raise BadRequest(f"the kernel does not know the request {op!r}. {RELOAD}")
    limit = content.get("limit", LIMIT)
    if not isinstance(limit, int):
        limit = LIMIT
    return Request(content["id"], op, args, max(LIMITS[0], min(limit, LIMITS[1])))


def _answer(capture: weakref.ref[Capture], request: Request, deliver: Send) -> None:
    """Compute an answer and deliver it in parts. Any failure is an answer too."""
    try:
        _check(request)
        living = capture()
        if living is None:
            raise CaptureClosed("this capture was closed. Capture again.")
        _OPERATIONS[request.op](living, request, deliver)
    except Cancelled:
        return
    except Exception as error:
        if not isinstance(error, HeadscopeError):
            log.exception("request %s failed", request.op)
        deliver(_failure(request.id, error))
    deliver(None)


def _layer(capture: Capture, request: Request, deliver: Send) -> None:
    part, layer = request.args.get("part"), request.args.get("layer")
    if not isinstance(part, str) or not isinstance(layer, int):
        raise BadRequest(f"part {part!r} and layer {layer!r} do not name a layer. {RELOAD}")
    packet = layer_packet(capture, part, layer, _Progress(request, deliver))
    payload = memoryview(packet.payload)
    starts = range(0, max(1, len(payload)), request.limit)
    for index, at in enumerate(starts):
        _check(request)
        chunk: dict[str, Any] = {"kind": "chunk", "layer": layer, "index": index, "of": len(starts)}
        if index == 0:
            chunk["header"] = packet.header
        deliver(chunk, [payload[at : at + request.limit]])


class _Progress:
    """Tells how far an answer is, now and then; ends it once it was cancelled."""

    def __init__(self, request: Request, deliver: Send) -> None:
        self._request = request
        self._deliver = deliver
        self._told_s = time.monotonic()

    def __call__(self, done: float) -> None:
        _check(self._request)
        if time.monotonic() - self._told_s >= PROGRESS_S:
            self._told_s = time.monotonic()
            self._deliver({"kind": "progress", "done": done})


def _check(request: Request) -> None:
    if request.cancelled.is_set():
        raise Cancelled


def _failure(name: str, error: Exception) -> dict[str, Any]:
    return {"v": VERSION, "id": name, "kind": "error", "error": type(error).__name__, "message": str(error)}


_OPERATIONS: dict[str, Callable[[Capture, Request, Send], None]] = {"layer": _layer}
