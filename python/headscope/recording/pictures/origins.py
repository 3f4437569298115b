"""Which patch of the picture each token of a model stands for, asked of the model itself.

How tokens follow each other is not read off a model file (class tokens, registers, windows, shuffled patches, patches
merged by two and two): the vectors of patches are changed in a way of their own, and it is seen what becomes of the
tokens. Attention, which mixes tokens, is made to add nothing meanwhile; so a token hangs on its own patches alone.

Each patch has a number, and each digit of it (to the base `WAYS`) says in which way the patch is changed in one run. A
token that is, in every such run, exactly what it is when all patches are changed in one way, hangs on the patch with
those digits and on no other.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

__all__ = ["MIXED", "NO_CELL", "WAYS", "origins"]

WAYS = 4
"""Ways in which a patch can be changed; 0 leaves it as it is."""
NO_CELL = -1
"""Of a token that no patch changes."""
MIXED = -2
"""Of a token that several patches change, or that is not the same from run to run."""


def origins(run: Callable[[torch.Tensor], torch.Tensor], numbers: torch.Tensor) -> torch.Tensor:
    """Number of the patch that each token hangs on.

    Parameters
    ----------
    run
        Given in which way to change each patch, int64 [patches], returns what becomes of the tokens, [..., width].
    numbers : int64 tensor [patches]
        The number of each; patches that are merged into one token have the same.

    Returns
    -------
    int64 tensor [...], on the CPU
        `NO_CELL` or `MIXED` where it is not one number.
    """
    alike = [run(torch.full_like(numbers, way)) for way in range(WAYS)]
    no_cell = torch.stack([_same(one, alike[0]) for one in alike]).all(dim=0)
    found = torch.zeros(no_cell.shape, dtype=torch.int64)
    single = torch.ones_like(no_cell)
    power = 1
    while power <= int(numbers.max()):
        made = run(numbers // power % WAYS)
        matches = torch.stack([_same(made, one) for one in alike])
        single &= matches.any(dim=0)
        found += matches.int().argmax(dim=0) * power
        power *= WAYS
    return found.where(single, MIXED).where(~no_cell, NO_CELL)


def _same(tokens: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    if tokens.shape != others.shape:  # other tokens in every run
        return torch.zeros(others.shape[:-1], dtype=torch.bool)
    return (tokens == others).all(dim=-1).cpu()
