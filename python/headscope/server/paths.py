"""Which file of the server's a page asks for: one under its root, not hidden, and no link that leads elsewhere."""

from __future__ import annotations

from pathlib import Path

__all__ = ["NoSuchFile", "file_of"]


class NoSuchFile(Exception):
    """Raised where there is none that may be read."""


def file_of(path: str, root: str | None, allow_hidden: bool) -> Path:  # as the server says it
    """The file that a path of the contents API names.

    Parameters
    ----------
    path
        As JupyterLab has it, with slashes, from the root.
    root
        The server's folder; None where its contents are no files of this machine.
    allow_hidden
        Whether the server shows hidden files.
    """
    if root is None:
        raise NoSuchFile("the contents of this server are no files of its own machine, so it cannot read captures.")
    parts = [part for part in path.split("/") if part]
    if not parts or any(part == ".." or "\0" in part or "\\" in part for part in parts):
        raise NoSuchFile(f"{path!r} names no file.")
    missing = NoSuchFile(f"there is no file {path!r}.")  # whatever the reason: what is elsewhere is not told
    if not allow_hidden and any(part.startswith(".") for part in parts):
        raise missing
    top = Path(root).expanduser().resolve()
    try:
        found = top.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError):
        raise missing from None
    within = found.is_relative_to(top) and found.is_file()
    if not within or (not allow_hidden and any(part.startswith(".") for part in found.relative_to(top).parts)):
        raise missing
    return found
