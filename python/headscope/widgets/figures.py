"""Figures of what a page shows: asked for from Python, drawn by the page, written where Python was told."""

from __future__ import annotations

import base64
import binascii
import logging
import math
import uuid
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias

from headscope.errors import OutOfRange
from headscope.files.replacing import replace_file

__all__ = ["Figures", "Form", "Theme"]

log = logging.getLogger("headscope")
MOST = 16 << 20
"""Characters of a figure; a page that sends more is not heard. Pages send no more than 9 million."""
WIDTHS = (40.0, 1000.0)
"""Millimetres."""
SCALES = (0.25, 16.0)
SIGNATURE = b"\x89PNG\r\n\x1a\n"

Form: TypeAlias = Literal["svg", "png"]
Theme: TypeAlias = Literal["light", "dark"]


class Figures:
    """The figures that were asked for and have not come yet, by the ids of the questions."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Path, Form]] = {}

    def ask(
        self,
        path: str | PathLike[str],
        form: Form,
        theme: Theme | None,
        width: float | None,
        scale: float = 1.0,
    ) -> dict[str, Any]:
        """The message that asks a page for a figure to be written to `path`; OutOfRange where there is none such."""
        if theme not in (None, "light", "dark"):
            raise OutOfRange(f'theme {theme!r} is unknown: there are "light", "dark", and None for as on the page.')
        if width is not None:
            _check(width, WIDTHS, "width", "millimetres", ", or None for as wide as on the page")
        _check(scale, SCALES, "scale", "pixels for each pixel of the page (of which an inch has 96)")
        name = uuid.uuid4().hex
        self._waiting[name] = Path(path).expanduser().absolute(), form
        return {"kind": "figure", "id": name, "form": form, "theme": theme, "width": width, "scale": scale}

    def receive(self, _widget: Any, content: Any, _buffers: Any = None) -> None:
        """Take a message of a page. The first page that has the figure is heard; never raises."""
        if not isinstance(content, Mapping) or content.get("kind") != "figure":
            return
        name = str(content.get("id"))
        path, form = self._waiting.get(name, (None, None))
        if path is None or form is None:
            return
        data = _bytes_of(content.get(form), form)
        if data is None:  # another page that shows the view may do better
            told = content.get("error")
            why = told[:1000] if isinstance(told, str) else f"A page answered with what is no {form.upper()}."
            log.warning("headscope: there is no %s. %s", path, why)
            return
        del self._waiting[name]
        try:
            replace_file(path, [data])
        except OSError:
            log.exception("the figure could not be written to %s", path)


def _check(value: Any, limits: tuple[float, float], name: str, unit: str, more: str = "") -> None:
    least, most = limits
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most:
        raise OutOfRange(f"{name} {value!r} is not possible: give {least:g} to {most:g} {unit}{more}.")


def _bytes_of(text: Any, form: Form) -> bytes | None:
    """What is written; None where a page sent something else."""
    if not isinstance(text, str) or len(text) > MOST:
        return None
    if form == "svg":
        return text.encode("utf-8", "replace")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if data.startswith(SIGNATURE) else None
