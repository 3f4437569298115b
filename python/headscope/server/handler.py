"""One page's line to a saved capture, as a WebSocket: the messages are those of the widget (widgets/protocol.py)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado import web, websocket

from headscope.errors import HeadscopeError
from headscope.server.paths import NoSuchFile, file_of

if TYPE_CHECKING:
    from headscope.server.stage import Stage

__all__ = ["ROUTE", "SavedCapture"]

ROUTE = r"headscope/captures/(.*)"
MOST_OPEN = 16
"""Pages with a saved capture at a time."""
QUESTION = 64 << 10

log = logging.getLogger("headscope")


class SavedCapture(WebSocketMixin, websocket.WebSocketHandler, JupyterHandler):
    """Shows one file to one page, as long as that stays.

    Who may read the contents may ask. The file is opened and read, and answers are computed, on other threads than the
    server's own.
    """

    auth_resource = "contents"
    open_now: ClassVar[set[SavedCapture]] = set()

    def initialize(self) -> None:
        """Begin with no page."""
        self._stage: Stage | None = None
        self._is_gone = False
        self._opening: asyncio.Task[None] | None = None

    @property
    def max_message_size(self) -> int:
        """Bytes of a message of a page; its questions are short."""
        return QUESTION

    @ws_authenticated
    async def get(self, path: str) -> None:
        """Let the page in, or refuse it: 403 where it may not read contents, 404 where there is no such file."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", "contents")):
            raise web.HTTPError(403)
        contents = self.contents_manager
        root = contents.root_dir if isinstance(contents, FileContentsManager) else None
        loop = asyncio.get_running_loop()
        try:
            self._path = await loop.run_in_executor(None, lambda: file_of(path, root, contents.allow_hidden))
        except NoSuchFile as error:
            raise web.HTTPError(404, str(error)) from None
        await super().get(path)

    def check_xsrf_cookie(self) -> None:
        """Leave this to `check_origin`, which is what protects a WebSocket."""

    def open(self, *arguments: Any, **named: Any) -> None:
        """Have the file opened. Not waited for: else nobody would notice that the page goes meanwhile."""
        super().open(*arguments, **named)
        if self._is_gone:
            return
        if len(SavedCapture.open_now) >= MOST_OPEN:
            self._fail("TooMany", f"this server shows {MOST_OPEN} saved captures at a time: close some of them.")
            return
        SavedCapture.open_now.add(self)
        self._opening = asyncio.create_task(self._show())

    async def _show(self) -> None:
        """Open the file, and tell the page what it needs first."""
        loop = asyncio.get_running_loop()
        try:
            made, opening = await loop.run_in_executor(None, self._set_up, loop.call_soon_threadsafe)
        except (HeadscopeError, OSError) as error:
            self._fail(type(error).__name__, str(error))
            return
        except Exception as error:
            log.exception("a saved capture could not be opened")
            self._fail(type(error).__name__, str(error))
            return
        if self._is_gone:
            await loop.run_in_executor(None, made.close)
            return
        self._stage = made
        self._write(opening)

    def _set_up(self, later: Callable[[Callable[[], Any]], Any]) -> tuple[Stage, bytes]:
        from headscope.server.stage import Stage  # and torch

        made = Stage(self._path, self._write, later)
        try:
            return made, made.opening()
        except BaseException:
            made.close()
            raise

    def on_message(self, message: str | bytes) -> None:
        """Take one message of the page."""
        if self._stage is not None:
            self._stage.receive(message)

    def on_close(self) -> None:
        """Let go of all."""
        super().on_close()
        self._is_gone = True
        SavedCapture.open_now.discard(self)
        stage, self._stage = self._stage, None
        if stage is not None:
            asyncio.get_running_loop().run_in_executor(None, stage.close)

    def _write(self, message: bytes) -> None:
        if not self._is_gone:
            self._send(message, binary=True)

    def _fail(self, name: str, message: str) -> None:
        self._send(json.dumps({"kind": "failed", "error": name, "message": message}))
        self.close()

    def _send(self, message: bytes | str, *, binary: bool = False) -> None:
        """Send a message, if the page is still there."""
        with suppress(websocket.WebSocketClosedError):
            asyncio.ensure_future(self.write_message(message, binary=binary)).add_done_callback(_hear)


def _hear(sent: asyncio.Future[None]) -> None:
    """A page that has gone gets no message, and that is no failure."""
    if not sent.cancelled() and sent.exception() is not None:
        log.debug("a page has gone before its message came")
