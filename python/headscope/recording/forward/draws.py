"""Random numbers that a forward draws, drawn again alike when it is run once more."""

from __future__ import annotations

import torch

__all__ = ["Draws"]


class Draws:
    """The state of torch's generators when it was made."""

    def __init__(self) -> None:
        self._cpu = torch.get_rng_state()
        self._cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def again(self) -> None:
        """Let the same numbers come again."""
        torch.set_rng_state(self._cpu)
        if self._cuda:
            torch.cuda.set_rng_state_all(self._cuda)
