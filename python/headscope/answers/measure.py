"""What is said of a pair of tokens: the attention weight, or that times the norm of the value that it weighs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from headscope.errors import OutOfRange

if TYPE_CHECKING:
    import torch

    from headscope.recording.layers.differences import Weigh
    from headscope.recording.layers.record import AnyRecord

__all__ = ["MEASURES", "Measure", "by_value_norm", "check_measure"]

Measure = Literal["weight", "value_norm"]
MEASURES: tuple[Measure, ...] = ("weight", "value_norm")


def check_measure(measure: str) -> None:
    """Raise OutOfRange for a measure that does not exist."""
    if measure not in MEASURES:
        raise OutOfRange(f"measure {measure!r} is unknown: there are {' and '.join(map(repr, MEASURES))}.")


def by_value_norm(weigh: Weigh, norms: torch.Tensor) -> Weigh:
    """`weigh`, with every weight times the norm [H, K] of the value that it weighs."""

    def weighted(record: AnyRecord, heads: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return weigh(record, heads, rows) * norms[heads, None]

    return weighted
