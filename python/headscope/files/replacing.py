"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["replace_file"]


def replace_file(path: Path, pieces: Iterable[bytes | memoryview]) -> Path:
    """Write a file under another name and give it its own once it is whole, so that there is never half a file.

    A file that is replaced leaves its permissions; a link is written through. Returns the path of what was written.
    """
    target = path.expanduser().resolve()
    begun = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
    try:
        with begun.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            begun.chmod(target.stat().st_mode & 0o7777)
        begun.replace(target)
    finally:
        begun.unlink(missing_ok=True)
    return target
