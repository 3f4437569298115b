"""A rectangle of one head as a pooled picture, from the vectors of its own rows and keys alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import torch

from headscope.answers.pooling import Reduce, combine, pool
from headscope.answers.positions import whole
from headscope.errors import OutOfRange
from headscope.recording.layers import formula
from headscope.recording.layers.differences import Weigh
from headscope.recording.layers.record import AnyRecord, Record

WEIGHTS_AT_ONCE = 1 << 19
"""Weights of a tile that are held at a time; 2 MiB of float32, so that they stay in the processor's cache."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (rows done, rows in all); may raise to end the work."""
Stripe: TypeAlias = Callable[[slice, slice], tuple[int, torch.Tensor]]
"""From a run of rows and a run of keys to (first key, weights [r, k]); keys that are left out have no weight."""


@dataclass(frozen=True, eq=False)
class Tile:
    """A rectangle of one head's attention, pooled.

    Attributes
    ----------
    values : float32 tensor [rows, columns], on the CPU
        One number a cell.
    row_edges, column_edges : list of int
        Where each cell begins, as a token position, and the end of the last one.
    """

    values: torch.Tensor
    row_edges: list[int]
    column_edges: list[int]


def read_edges(which: Sequence[int] | range, size: int | None, count: int, what: str) -> list[int]:
    """Edges of the cells of one side; OutOfRange where they do not ascend or leave the axis of `count` tokens.

    Parameters
    ----------
    which
        With `size`: where the cells begin and end. Without: the edges themselves.
    size
        Number of cells; fewer where there are fewer tokens.
    """
    if isinstance(which, range):
        which = (which.start, which.stop) if size is not None else which
    edges = [whole(edge, f"{what} edge") for edge in which]
    if size is not None:
        if len(edges) != 2:
            raise OutOfRange(f"{what}s={edges} is no range: with size=, pass (start, stop).")
        start, stop = edges
        cells = max(1, min(size, stop - start))
        edges = [start + cell * (stop - start) // cells for cell in range(cells + 1)]
    if len(edges) < 2 or any(a >= b for a, b in pairwise(edges)):
        raise OutOfRange(
            f"the edges of {what} cells are {_short(edges)}: pass at least two, each after the one before."
        )
    if edges[0] < 0 or edges[-1] > count:
        raise OutOfRange(f"{what} edges {edges[0]} to {edges[-1]} are out of range: they go from 0 to {count}.")
    return edges


def _short(edges: list[int]) -> str:
    return str(edges) if len(edges) <= 8 else f"[{', '.join(map(str, edges[:8]))}, ...]"


@dataclass(frozen=True)
class Cut:
    """What is wanted of a head: how a rectangle is cut in cells, and what is said of each."""

    rows: list[int]
    columns: list[int]
    """Edges of the cells."""
    reduce: Reduce
    progress: Progress

    @property
    def width(self) -> int:
        """Number of keys."""
        return self.columns[-1] - self.columns[0]


def pooled(stripe: Stripe, rows_at_once: int, cut: Cut) -> torch.Tensor:
    """Pool what `stripe` says over the cells, float32 [rows, columns] on the CPU."""
    first, end = cut.rows[0], cut.rows[-1]
    rows, columns = torch.tensor(cut.rows), torch.tensor(cut.columns)
    values = torch.zeros(len(rows) - 1, len(columns) - 1)
    for start in range(first, end, rows_at_once):
        cut.progress(start - first, end - first)
        stop = min(start + rows_at_once, end)
        at, weights = stripe(slice(start, stop), slice(cut.columns[0], cut.columns[-1]))
        if not weights.shape[1]:
            continue
        above, beside = _within(rows, start, stop), _within(columns, at, at + weights.shape[1])
        by_row = pool(weights, above.edges, 0, cut.reduce)
        combine(values[above.cells, beside.cells], pool(by_row, beside.edges, 1, cut.reduce).cpu(), cut.reduce)
    if cut.reduce == "mean":
        values /= rows.diff()[:, None] * columns.diff()
    cut.progress(end - first, end - first)
    return values


def by_lse(record: Record, head: int, lse: torch.Tensor, norms: torch.Tensor | None) -> Stripe:
    """Weights of one head from the rows' log-sum-exp [H, Q], times the norms [H, K] if there are any."""
    heads = torch.tensor([head], device=record.device)

    def weights(rows: slice, keys: slice) -> tuple[int, torch.Tensor]:
        chosen = torch.arange(rows.start, rows.stop, device=record.device)
        seen = record.mask.hull(chosen, record.keys)
        start, stop = max(keys.start, seen.start), min(keys.stop, seen.stop)
        if start >= stop:
            return keys.start, torch.zeros(len(chosen), 0)
        of_head = formula.weights_at_keys(record, heads, chosen, slice(start, stop), lse[head, rows][None])[0]
        return start, of_head if norms is None else of_head.mul_(norms[head, start:stop])

    return weights


def by_rows(record: AnyRecord, head: int, weigh: Weigh) -> Stripe:
    """Weights of one head out of whole rows."""
    heads = torch.tensor([head], device=record.device)

    def weights(rows: slice, keys: slice) -> tuple[int, torch.Tensor]:
        chosen = torch.arange(rows.start, rows.stop, device=record.device)
        return keys.start, weigh(record, heads, chosen)[0, :, keys]

    return weights


@dataclass(frozen=True)
class _Within:
    cells: slice
    """The cells that a run of positions touches."""
    edges: list[int]
    """Their edges, cut to the run and counted from its start."""


def _within(edges: torch.Tensor, start: int, stop: int) -> _Within:
    first = int(torch.searchsorted(edges, start, right=True)) - 1
    last = int(torch.searchsorted(edges, stop))
    return _Within(slice(first, last), (edges[first : last + 1].clamp(start, stop) - start).tolist())
