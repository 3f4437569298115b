"""The pictures that a model reads, what becomes of them in its towers unknown as yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headscope.recording.tokens.tokens import Tokens, listed

if TYPE_CHECKING:
    import torch

__all__ = ["Patches"]


@dataclass(frozen=True, eq=False)
class Patches:
    """Pictures that a model reads."""

    pixels: torch.Tensor  # [..., C, H, W], or [patches, width] where they are apart; as the model's forward gets them
    mean: Sequence[float] | None
    """What the processor subtracted of each channel, where it is known, and `std` what it divided by."""
    std: Sequence[float] | None

    one_each: bool = True
    """Whether there is one picture for each item, or one item; else it is not known whose they are."""

    @property
    def apart(self) -> int | None:
        """How many patches there are, where they come one by one and not as pictures."""
        return len(self.pixels) if self.pixels.dim() == 2 else None

    def tokens(self, length: int, valid: torch.Tensor) -> Tokens:  # noqa: ARG002  # as of any Learnt
        """Tokens that nothing is known of yet: which patches they are is asked when the forward is over."""
        return listed([f"token {at}" for at in valid.tolist()], "numbers")
