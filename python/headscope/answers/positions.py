"""What a person may write for "which layers, heads or positions", checked and made a tensor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import torch

from headscope.errors import OutOfRange

Which: TypeAlias = int | slice | Iterable[int] | torch.Tensor | None
"""One number (its axis stays, with length 1), a slice, several numbers, or None for all."""


def choose(which: Which, count: int, what: str) -> torch.Tensor:
    """`which` of `count` as an int64 tensor on the CPU, in the order given; negative numbers are refused."""
    if which is None:
        return torch.arange(count)
    if isinstance(which, slice):
        return torch.arange(count)[which]
    numbers = listed(which, what)
    for number in numbers:
        if not 0 <= number < count:
            raise OutOfRange(f"{what} {number} is out of range: it goes from 0 to {count - 1}.")
    return torch.tensor(numbers, dtype=torch.int64)


def listed(which: int | Iterable[int] | torch.Tensor, what: str) -> list[int]:
    """One number or several as a list; OutOfRange where they are not whole."""
    if isinstance(which, torch.Tensor):
        which = which.flatten().tolist()
    return [whole(number, what) for number in (which if isinstance(which, Iterable) else [which])]


def one_of(number: int, known: Sequence[int], what: str) -> int:
    """`number`, if it is one of `known`; else OutOfRange names them."""
    number = whole(number, what)
    if number in known:
        return number
    together = list(known) == list(range(known[0], known[-1] + 1))
    names = f"goes from {known[0]} to {known[-1]}" if together else f"is one of {', '.join(map(str, known))}"
    raise OutOfRange(f"{what} {number} is out of range: it {names}.")


def whole(number: object, what: str) -> int:
    """`number` as an int; OutOfRange where it is not whole."""
    if isinstance(number, bool):
        raise OutOfRange(f"{what} {number!r} is not a whole number; of a mask, pass mask.nonzero().flatten().")
    try:
        return number.__index__()  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, TypeError):
        raise OutOfRange(f"{what} {number!r} is not a whole number.") from None
