"""What files and pages have in common: which layers are kept, and how far rounding moves weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from headscope.answers.positions import listed
from headscope.errors import OutOfRange

if TYPE_CHECKING:
    import torch

__all__ = ["chosen_layers", "difference", "upwards"]


def chosen_layers(every: Iterable[tuple[str, int]], layers: int | Iterable[int]) -> set[int]:
    """The numbers of layers that were asked for; OutOfRange where one is that of no part."""
    there, chosen = sorted({layer for _, layer in every}), set(listed(layers, "layer"))
    if not chosen:
        raise OutOfRange("layers= names none: leave it out to keep all.")
    if not chosen <= set(there):
        unknown = sorted(chosen - set(there))
        raise OutOfRange(f"layers {unknown} are unknown: there are {there[0]} to {there[-1]}.")
    return chosen


def difference(exact: torch.Tensor, rounded: torch.Tensor) -> float:
    """The largest difference between two weights that are numbers."""
    return float((exact - rounded).abs().nan_to_num(0.0).max()) if exact.numel() else 0.0


def upwards(number: float) -> str:
    """A number not below 0 in one digit, and never less than it is.

    >>> upwards(0.00013), upwards(0.0), upwards(0.01)
    ('0.0002', '0', '0.01')
    """
    if number == 0:
        return "0"
    unit = 10.0 ** math.floor(math.log10(number))
    digit = math.ceil(round(number / unit, 9))
    return f"{digit * unit:.1g}"
