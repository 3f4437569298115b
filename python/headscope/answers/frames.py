"""Which pictures of a layer's heads are wanted, and what they are made of: cells of queries and of keys.

Those of one size are made in one walk over the layer: the largest weights and the means, of all keys and without the
first, whichever of them was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from headscope.answers.measure import Measure
from headscope.answers.pooling import Cells, Reduce, cells
from headscope.answers.walk import Frame

__all__ = ["FIRST_SIZE", "Pictured", "Wanted", "first_pictures", "frame_of"]

FIRST_SIZE = 25
"""Cells a side of the pictures that a grid of heads begins with: they come along with a view, and stand in files."""
LARGE = 1 << 20
"""Cells of all heads together from which on pictures are made only as they were asked for, and not kept."""


@dataclass(frozen=True)
class Wanted:
    """Pictures of one size, of the pairs that display settings leave; equal ones are made once."""

    size: int
    measure: Measure = "weight"
    pair_filter: str = "all"
    hide_special: bool = False


@dataclass(frozen=True, eq=False)
class Pictured:
    """Which of the pictures are looked at, and of which tokens they are."""

    wanted: Wanted
    frame: Frame
    is_kept: bool
    """Whether what else the walk makes is likely to be asked for."""


def frame_of(  # the two sides, and what of them
    wanted: Wanted, queries: torch.Tensor, keys: torch.Tensor, heads: int, reduce: Reduce, *, apart: bool
) -> Pictured:
    """Cells of the positions that remain.

    Parameters
    ----------
    wanted
        What was asked for.
    queries, keys
        Positions, ascending.
    heads
        Of the layer.
    reduce
        Which of the two ways is looked at.
    apart
        Whether the first key is looked at apart from the others, beside them.
    """
    size = wanted.size
    rows, whole, rest, first = (cells(one, size) for one in (queries, keys, keys[keys > 0], keys[keys == 0]))
    if heads * len(rows) * len(whole) <= LARGE:
        return Pictured(wanted, Frame(rows, (whole, rest, first)), is_kept=True)
    nothing = Cells(keys[:0], (0,))
    if apart:
        return Pictured(wanted, Frame(rows, (nothing, rest, first)), is_kept=False)
    return Pictured(wanted, Frame(rows, (whole, nothing, nothing), (reduce,)), is_kept=False)


def first_pictures(queries: int, keys: int, heads: int, size: int = FIRST_SIZE) -> Pictured:
    """Pictures of all pairs of a layer, by weight, as a grid of heads begins with them."""
    return frame_of(Wanted(size), torch.arange(queries), torch.arange(keys), heads, "max", apart=False)
