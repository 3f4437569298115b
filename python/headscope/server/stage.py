"""A view of a saved capture for a page that has no kernel: what travels with it, and who answers its questions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headscope.files.load import load
from headscope.widgets.explorer import Explorer
from headscope.widgets.protocol import Desk
from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["Stage", "frame"]

Buffers = Sequence[bytes | bytearray | memoryview]
BYTES = ("first_data", "first_thumbnails_data")
"""The traits that travel as buffers, in this order."""
MOST_QUESTIONS = 64
"""Questions of a page that are under way at a time."""
TRAITS = ("kind", "meta", "first", "first_thumbnails", "error", *FIELDS, *SETTINGS)


class Stage:
    """One page's view of a file.

    Parameters
    ----------
    path
        The file.
    send
        Sends a message to the page; called on the server's own thread.
    later
        Has something called on that thread.
    """

    def __init__(self, path: Path, send: Callable[[bytes], Any], later: Callable[[Callable[[], Any]], Any]) -> None:
        self.capture: Capture = load(path)
        self._write = send
        self._view = Explorer(self.capture)
        self._desk = Desk(self, later)

    def opening(self) -> bytes:
        """The message that a page needs before all others: the traits of the view."""
        traits = {name: getattr(self._view, name) for name in TRAITS}
        return frame({"kind": "opened", "traits": traits}, [getattr(self._view, name) for name in BYTES])

    def receive(self, text: str | bytes) -> None:
        """Take one message of the page; what is none is ignored."""
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return
        is_end = isinstance(content, dict) and content.get("kind") == "cancel"
        if is_end or len(self._desk.open) < MOST_QUESTIONS:  # else the page asks again
            self._desk.receive(None, content)

    def send(self, content: dict[str, Any], buffers: Buffers | None = None) -> None:
        """Send an answer, as the desk asks."""
        self._write(frame(content, buffers or ()))

    def close(self) -> None:
        """End what is under way, and let go of the file."""
        self._desk.close()
        self._view.close()
        self.capture.close()


def frame(content: dict[str, Any], buffers: Buffers) -> bytes:
    """One message: the length of its JSON (4 bytes, little-endian), the JSON, and the buffers of which it tells."""
    head = json.dumps({"content": content, "lengths": [len(one) for one in buffers]}, allow_nan=False).encode()
    return b"".join([len(head).to_bytes(4, "little"), head, *buffers])
