"""Warnings that point at the line in the person's own code, however many of our functions are in between."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

__all__ = ["warn"]


def warn(message: str) -> None:
    """Give a `UserWarning`, as of the first line outside headscope that called."""
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "headscope":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level - (frame is None))
