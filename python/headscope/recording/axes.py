"""The axes of the attention: which positions of the padded batch are kept, and the tokens that stand there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headscope.recording.tokens import Tokens

if TYPE_CHECKING:
    import torch

__all__ = ["Axis", "Sides", "Sound"]


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of one item of a batch."""

    length: int
    """Positions of the item's row, padding included."""
    valid: torch.Tensor
    """int64, on the CPU: those of them that are no padding."""
    tokens: Tokens
    """What stands there."""


@dataclass(frozen=True)
class Sides:
    """The tokens of the two axes of a part's attention."""

    query: Tokens
    key: Tokens


@dataclass(frozen=True)
class Sound:
    """Sound that a model reads, whose axis is known once the model has made frames of it."""

    seconds: float | None
    """How long the item's row is, padding included; None where that is not known."""

    def axis(self, length: int, valid: torch.Tensor) -> Axis:
        """The axis of `length` frames that share the sound out evenly: frame ``i`` begins at ``i / length`` of it."""
        numbers = valid.tolist()
        names = [f"frame {at}" if self.seconds is None else f"{at * self.seconds / length:.2f} s" for at in numbers]
        count = len(numbers)
        tokens = Tokens(
            ids=tuple(numbers),
            texts=tuple(names),
            labels=tuple(names),
            special=(False,) * count,
            segments=None,
            words=tuple(range(count)),
            kind="frames",
        )
        return Axis(length, valid, tokens)
