"""One operation that a forward ran, as a dispatch mode sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["Operation"]


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation of ATen that returned one tensor."""

    function: Any
    name: str
    """Without the overload, and without the underscore of what works in place."""
    in_place: bool
    args: tuple[Any, ...]
    named: dict[str, Any]
    out: torch.Tensor

    @staticmethod
    def of(function: Any, args: tuple[Any, ...], named: dict[str, Any], out: torch.Tensor) -> Operation:
        """The operation that `function` just was."""
        name: str = function.overloadpacket.__name__
        in_place = name.endswith("_") and not name.startswith("_")
        return Operation(function, name.removesuffix("_") if in_place else name, in_place, args, named, out)

    def argument(self, place: int, default: Any = None) -> Any:
        """One of the positional arguments."""
        return self.args[place] if len(self.args) > place and self.args[place] is not None else default

    def tensors(self) -> Iterator[torch.Tensor]:
        """What was read: of a copy into something, not that."""
        for one in self.args[1:] if self.name == "copy" else self.args:
            if isinstance(one, torch.Tensor):
                yield one
            elif isinstance(one, list | tuple):
                yield from (inner for inner in one if isinstance(inner, torch.Tensor))
