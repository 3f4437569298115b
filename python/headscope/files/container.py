"""The container of a saved capture: a safetensors file, read tensor by tensor and trusted in nothing.

Eight bytes say how long the header is; the header, JSON, says where each tensor stands and holds the description of the
capture as one string; the rest is the tensors. The description says once more what each tensor is, with its checksum,
so that a file that was damaged anywhere gives no number.

No more memory is used than what is read takes: a header that would unfold to more than the file's size is refused
before it is parsed.
"""

from __future__ import annotations

import json
import math
import threading
import weakref
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import torch

from headscope.errors import CaptureClosed, UnreadableFile

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DTYPES", "Container", "bytes_of", "checksum", "is_in_proportion", "is_whole", "values_in"]

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
}
"""What safetensors calls the kinds of numbers that are saved."""
KEY = "headscope"
"""Of the description, among the metadata; its checksum stands under the same with `CHECKSUM` behind."""
CHECKSUM = ".crc32"
ROOM = 12 << 20
"""Bytes that reading a description may take beyond the size of the file."""
PER_BYTE = 7
"""Bytes of memory that one byte of the header takes at most: read, as text, as the description, and its strings."""
PER_VALUE = 100
"""The same for one value of its JSON."""
PIECE = 4 << 20
AXES = 4
"""Most axes of a tensor."""


class Container:
    """An open file.

    Attributes
    ----------
    description : dict
        What the file says of itself, its checksum verified, nothing else.

    Raises
    ------
    UnreadableFile
        Where it is no such file, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = path.open("rb")
        weakref.finalize(self, self._file.close)
        try:
            header = self._header()
            self.description = self._description(header)
            self._tensors = self._placed(header)
        except BaseException:
            self._file.close()
            raise

    def size_of(self, name: str) -> int:
        """Bytes of a tensor."""
        begin, end = self._found(name)["data_offsets"]
        return int(end - begin)

    def shape_of(self, name: str) -> list[int]:
        """Lengths of a tensor's axes, in the order of the file."""
        return list(self._found(name)["shape"])

    def read(self, name: str) -> torch.Tensor:
        """A tensor, on the CPU, its checksum verified."""
        found = self._found(name)
        begin, end = found["data_offsets"]
        made = torch.empty(found["shape"], dtype=DTYPES[found["dtype"]])
        into = bytes_of(made)
        with self._lock:
            if self._file.closed:
                raise CaptureClosed("this capture was closed. Load it again.")
            self._file.seek(self._start + begin)
            done = 0
            while done < end - begin:
                count = self._file.readinto(into[done : done + PIECE])
                if not count:
                    raise self.damaged(f"it ends within {name!r}")
                done += count
        if checksum(made) != found["crc32"]:
            raise self.damaged(f"the checksum of {name!r} is wrong")
        return made

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def damaged(self, why: str) -> UnreadableFile:
        """The error that says what is wrong with this file."""
        return UnreadableFile(f"{self._path.name} is damaged: {why}. Save the capture again.")

    def _found(self, name: str) -> dict[str, Any]:
        if name not in self._tensors:
            raise self.damaged(f"it has no {name!r}")
        return self._tensors[name]

    def _header(self) -> dict[str, Any]:
        self._size = self._path.stat().st_size
        length = int.from_bytes(self._file.read(8), "little")
        if not 2 <= length <= self._size - 8:
            raise UnreadableFile(f"{self._path.name} is no saved capture, or is cut off: it has no header.")
        if not is_in_proportion(length, 0, self._size):
            raise self.damaged("its description is longer than its tensors account for")
        self._start = 8 + length
        return _mapping(self._parsed(self._file.read(length), length), "header", self)

    def _parsed(self, text: bytes | str, length: int) -> Any:
        data = text if isinstance(text, bytes) else text.encode("ascii", "replace")
        if not is_in_proportion(length, values_in(data), self._size):
            raise self.damaged("its description has more entries than its tensors account for")
        try:
            return json.loads(data.decode("ascii"))
        except (ValueError, RecursionError) as error:
            raise self.damaged(f"its description is no JSON ({type(error).__name__})") from None

    def _description(self, header: Mapping[str, Any]) -> dict[str, Any]:
        said = _mapping(header.get("__metadata__", {}), "metadata", self)
        text = said.get(KEY)
        if not isinstance(text, str):
            raise UnreadableFile(
                f"{self._path.name} is no saved capture: its metadata do not name {KEY!r}. "
                "capture.save(path) writes such files."
            )
        if not text.isascii() or said.get(KEY + CHECKSUM) != str(zlib.crc32(text.encode())):
            raise self.damaged("the checksum of its description is wrong")
        return _mapping(self._parsed(text, len(text)), "description", self)

    def _placed(self, header: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What the description says of each tensor, and where the header says that it stands."""
        stated = _mapping(self.description.get("tensors"), "list of tensors", self)
        if stated.keys() != header.keys() - {"__metadata__"}:
            raise self.damaged("it does not hold the tensors that its description names")
        placed = {name: self._one(name, _mapping(header[name], name, self), stated[name]) for name in stated}
        end = 0
        for begin, stop in sorted(one["data_offsets"] for one in placed.values()):
            if begin != end:
                raise self.damaged("its tensors overlap, or leave gaps")
            end = stop
        if self._start + end != self._size:
            raise self.damaged(f"it is {self._size:,} bytes and should be {self._start + end:,}")
        return placed

    def _one(self, name: str, found: Mapping[str, Any], stated: Any) -> dict[str, Any]:
        stated = _mapping(stated, name, self)
        shape, offsets = found.get("shape"), found.get("data_offsets")
        if any(found.get(what) != stated.get(what) for what in ("dtype", "shape")) or found.get("dtype") not in DTYPES:
            raise self.damaged(f"{name!r} is not what its description says")
        if not (isinstance(shape, list) and len(shape) <= AXES and all(map(is_whole, shape))):
            raise self.damaged(f"the shape of {name!r} is none")
        if math.prod(max(1, length) for length in shape) >= 1 << 60:
            raise self.damaged(f"{name!r} is larger than any file")
        if not (isinstance(offsets, list) and len(offsets) == 2 and all(map(is_whole, offsets))):
            raise self.damaged(f"{name!r} stands nowhere")
        if offsets[1] - offsets[0] != math.prod(shape) * DTYPES[found["dtype"]].itemsize:
            raise self.damaged(f"{name!r} is not as long as its shape asks")
        return {**stated, "data_offsets": (offsets[0], offsets[1])}


def is_in_proportion(length: int, values: int, size: int) -> bool:
    """Whether a description of so many bytes and values may stand in a file of this size."""
    return PER_BYTE * length + PER_VALUE * values <= size + ROOM


def values_in(text: bytes) -> int:
    """About how many values there are in JSON, at least."""
    return sum(text.count(mark) for mark in (b",", b"[", b"{", b":"))


def checksum(tensor: torch.Tensor) -> int:
    """CRC-32 of a contiguous tensor on the CPU."""
    return zlib.crc32(bytes_of(tensor))


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether it is an integer, not below 0, that a position or a length can be."""
    return type(value) is int and 0 <= value < 1 << 48


def _mapping(value: Any, what: str, container: Container) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise container.damaged(f"its {what} is no mapping")
    return value


def bytes_of(tensor: torch.Tensor) -> memoryview:
    """The memory of a contiguous tensor on the CPU."""
    memory: np.ndarray = tensor.flatten().view(torch.uint8).numpy()
    return memory.data
