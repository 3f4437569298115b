"""One page's line to a saved capture, as a WebSocket: the messages are those of the widget (widgets/protocol.py)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web, websocket

from headscope.server.paths import NoSuchFile, file_of

if TYPE_CHECKING:
    from headscope.server.stage import Stage

__all__ = ["ROUTE", "SavedCapture"]

ROUTE = r"headscope/captures/(.*)"
MOST_OPEN = 16
"""Pages with a saved capture at a time."""

log = logging.getLogger("headscope")


class SavedCapture(WebSocketMixin, websocket.WebSocketHandler, JupyterHandler):
    """Shows one file to one page, as long as that stays.

    Who may read the contents may ask. The file is opened and read, and answers are computed, on other threads than the
    server's own.
    """

    auth_resource = "contents"
    open_now = 0

    @ws_authenticated
    async def get(self, path: str) -> None:
        """Let the page in, or refuse it: 403 where it may not read contents, 404 where there is no such file."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", "contents")):
            raise web.HTTPError(403)
        contents = self.contents_manager
        try:
            root = getattr(contents, "root_dir", None)
            self._path = file_of(path, root, allow_hidden=contents.allow_hidden)
        except NoSuchFile as error:
            raise web.HTTPError(404, str(error)) from None
        self._stage: Stage | None = None
        self._is_closed = False
        await super().get(path)

    def check_xsrf_cookie(self) -> None:
        """Leave this to `check_origin`, which is what protects a WebSocket."""

    async def open(self, *arguments: Any, **named: Any) -> None:
        """Open the file, and tell the page what it needs first."""
        super().open(*arguments, **named)
        SavedCapture.open_now += 1
        if SavedCapture.open_now > MOST_OPEN:
            self._fail("TooMany", f"this server shows {MOST_OPEN} saved captures at a time: close some of them.")
            return
        loop = asyncio.get_running_loop()
        try:
            made, opening = await loop.run_in_executor(None, self._set_up, loop.call_soon_threadsafe)
        except Exception as error:
            if not isinstance(error, ValueError):  # HeadscopeError, and what Python cannot read
                log.exception("a saved capture could not be opened")
            self._fail(type(error).__name__, str(error))
            return
        if self._is_closed:
            await loop.run_in_executor(None, made.close)
            return
        self._stage = made
        self._write(opening)

    def _set_up(self, later: Callable[[Callable[[], Any]], Any]) -> tuple[Stage, bytes]:
        from headscope.server.stage import Stage  # and torch

        made = Stage(self._path, self._write, later)
        return made, made.opening()

    def on_message(self, message: str | bytes) -> None:
        """Take one message of the page."""
        if self._stage is not None:
            self._stage.receive(message)

    def on_close(self) -> None:
        """Let go of all."""
        super().on_close()
        self._is_closed = True
        SavedCapture.open_now -= 1
        if self._stage is not None:
            asyncio.get_running_loop().run_in_executor(None, self._stage.close)
            self._stage = None

    def _write(self, message: bytes) -> None:
        if not self._is_closed:
            self.write_message(message, binary=True)

    def _fail(self, name: str, message: str) -> None:
        self.write_message({"kind": "failed", "error": name, "message": message})
        self.close()
