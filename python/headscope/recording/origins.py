"""Which patch of the picture each token of a vision tower stands for, asked of the model itself.

How tokens follow each other is not read off a model file (class tokens, registers, windows, shuffled patches): the
vectors of some patches are changed, and it is seen which tokens change when they enter the first attention. Each patch
has a number; one run for each binary digit of it, and one for its opposite, tell of every token the one patch that it
hangs on, or that there are several.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

__all__ = ["MIXED", "NO_CELL", "origins"]

NO_CELL = -1
"""Of a token that no patch changes."""
MIXED = -2
"""Of a token that several patches change, or that is not the same from run to run."""


def origins(run: Callable[[torch.Tensor], torch.Tensor], cells: int) -> torch.Tensor:
    """Number of the cell that each token hangs on.

    Parameters
    ----------
    run
        Given a bool tensor [cells], of which cells to change, returns what becomes of the tokens, [..., width].
    cells
        How many there are.

    Returns
    -------
    int64 tensor [...], on the CPU
        `NO_CELL` or `MIXED` where it is not one cell.
    """
    numbers = torch.arange(cells)
    plain = run(torch.zeros(cells, dtype=torch.bool))

    def changed(which: torch.Tensor) -> torch.Tensor:
        return (run(which) != plain).any(dim=-1).cpu()

    by_any = changed(torch.ones(cells, dtype=torch.bool))
    found = torch.zeros(plain.shape[:-1], dtype=torch.int64)
    single = ~changed(torch.zeros(cells, dtype=torch.bool))
    for digit in range((cells - 1).bit_length()):
        has = (numbers >> digit) % 2 == 1
        by_these, by_others = changed(has), changed(~has)
        single &= by_these != by_others
        found += by_these.long() << digit
    return found.where(single, MIXED).where(by_any, NO_CELL)
