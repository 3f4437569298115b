"""Figures of what a page shows: asked for from Python, drawn by the page, written where Python was told."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

__all__ = ["Figures"]

log = logging.getLogger("headscope")
MOST = 64 << 20
"""Characters of a figure; a page that sends more is not heard."""


class Figures:
    """The figures that were asked for and have not come yet, by the ids of the questions."""

    def __init__(self) -> None:
        self._waiting: dict[str, Path] = {}

    def ask(self, path: str | PathLike[str]) -> dict[str, Any]:
        """The message that asks a page for a figure to be written to `path`."""
        name = uuid.uuid4().hex
        self._waiting[name] = Path(path).expanduser()
        return {"kind": "figure", "id": name}

    def receive(self, _widget: Any, content: Any, _buffers: Any = None) -> None:
        """Take a message of a page. The first page that answers is heard; never raises."""
        if not isinstance(content, Mapping) or content.get("kind") != "figure":
            return
        path, text = self._waiting.pop(str(content.get("id")), None), content.get("svg")
        if path is None or not isinstance(text, str) or len(text) > MOST:
            return
        try:
            path.write_text(text, encoding="utf-8")
        except OSError:
            log.exception("the figure could not be written to %s", path)
