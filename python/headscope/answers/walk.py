"""One walk over all weights of a layer, a stripe of rows at a time: pictures of its heads, and its log-sum-exp.

Never more than `SCORES` weights are held, whatever the length of the text; what is kept of a stripe is pooled at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch

from headscope.answers.pooling import REDUCES, Cells, Reduce, combine, pool_cells
from headscope.recording.layers import formula
from headscope.recording.layers.differences import Weigh
from headscope.recording.layers.formula import ROWS, Stripe
from headscope.recording.layers.record import AnyRecord, Record

__all__ = [
    "ARRAYS",
    "SCORES",
    "Frame",
    "Pause",
    "Pictures",
    "Walked",
    "may_be_known",
    "walk",
    "walk_known",
    "weights_of",
]

SCORES = 1 << 22
"""Most weights (heads x rows x keys) that are held at a time, and most numbers that wait to be pooled over keys; a
single row of a single head is never cut."""
FEW_ROWS = 16
"""Rows for which it pays to keep a group of heads together."""
ARRAYS = 6
"""Working memory is at most so many arrays of `SCORES` float32, 96 MiB: a stripe, its parts as they are pooled, and the
cells of each picture."""

Pause: TypeAlias = Callable[[float], None]
"""Called between stripes with the share of the work that is done; may raise to end it."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Which cells pictures have: queries in rows; keys in columns, in one way or several."""

    rows: Cells
    columns: tuple[Cells, ...]
    reduces: tuple[Reduce, ...] = REDUCES


Pictures: TypeAlias = dict[Reduce, list[torch.Tensor]]
"""Float32 [H, rows, columns] on the CPU for each way to put the keys in columns; "mean" is over all pairs of a cell."""


@dataclass(frozen=True, eq=False)
class Walked:
    """What one walk over a layer found."""

    pictures: Pictures
    lse: torch.Tensor | None
    """Log-sum-exp of each row, float64 [H, Q]; None where the weights do not come from the equation."""


def walk(
    record: AnyRecord, weigh: Weigh, frame: Frame | None, norms: torch.Tensor | None = None, pause: Pause | None = None
) -> Walked:
    """Go over all weights of a layer once.

    Parameters
    ----------
    record, weigh
        The layer, and the way to compute whole rows of it that agrees with the model.
    frame
        The pictures wanted, if any.
    norms
        [H, K], by which each weight of a picture is multiplied.
    pause
        Called between stripes.
    """
    by_equation = isinstance(record, Record) and weigh is formula.weights
    lse = torch.empty(record.heads, record.queries, dtype=torch.float64, device=record.device) if by_equation else None
    pictures = {} if frame is None else {one: _blank(record, frame) for one in frame.reduces}
    tell = _Telling(record, pause)
    for heads in _head_runs(record, by_equation):
        pools = None if frame is None else _Pools(record, heads, frame, norms)
        for run in [(0, record.queries, slice(0, 0))] if pools is None else pools.runs:
            for rows in _stripes(record, heads, *run[:2]):
                tell(heads, rows)
                keys, weights = _weights(record, weigh, heads, rows, lse)
                if pools is not None:
                    pools.take(rows, keys, weights)
            if pools is not None:
                pools.finish(run[2], pictures)
    tell.end()
    return Walked(pictures, lse)


def weights_of(record: AnyRecord) -> int:
    """How many weights a layer has."""
    return record.heads * record.queries * record.keys


def may_be_known(record: Record) -> bool:
    """Whether all weights of a layer may be held at a time."""
    return weights_of(record) <= SCORES


def walk_known(
    record: Record, known: Iterable[Stripe], frame: Frame, norms: torch.Tensor | None, pause: Pause | None
) -> Walked:
    """The same, over weights that are computed already and `may_be_known`."""
    lse = torch.empty(record.heads, record.queries, dtype=torch.float64, device=record.device)
    pictures = {one: _blank(record, frame) for one in frame.reduces}
    tell = _Telling(record, pause)
    heads = slice(0, record.heads)
    pools = _Pools(record, heads, frame, norms)
    assert len(pools.runs) == 1
    for stripe in known:
        tell(heads, stripe.rows)
        pools.take(stripe.rows, stripe.keys, stripe.weight)
        assert stripe.lse is not None
        lse[:, stripe.rows] = stripe.lse
    pools.finish(slice(0, len(frame.rows)), pictures)
    tell.end()
    return Walked(pictures, lse)


def _blank(record: AnyRecord, frame: Frame) -> list[torch.Tensor]:
    return [torch.zeros(record.heads, len(frame.rows), len(columns)) for columns in frame.columns]


def _head_runs(record: AnyRecord, by_equation: bool) -> list[slice]:
    """Runs of heads that are taken together: whole groups, which share their keys, where enough rows of them fit."""
    if not by_equation:
        return [slice(0, record.heads)]  # another function computes all of them at once, whichever are wanted
    size = record.heads // record.groups
    many, few = (max(1, SCORES // max(1, min(rows, record.queries) * record.keys)) for rows in (ROWS, FEW_ROWS))
    step = many // size * size if many >= size else min(size, few)
    return [slice(at, min(at + step, record.heads)) for at in range(0, record.heads, step)]


def _stripes(record: AnyRecord, heads: slice, first: int, stop: int) -> Iterator[slice]:
    step = min(ROWS, max(1, SCORES // max(1, (heads.stop - heads.start) * record.keys)))
    return (slice(at, min(at + step, stop)) for at in range(first, stop, step))


def _weights(
    record: AnyRecord, weigh: Weigh, heads: slice, rows: slice, lse: torch.Tensor | None
) -> tuple[slice, torch.Tensor]:
    """Weights [h, r, k] of a stripe, and at which keys they are; the log-sum-exp is written down."""
    at = record.device
    which = torch.arange(heads.start, heads.stop, device=at), torch.arange(rows.start, rows.stop, device=at)
    if lse is None or not isinstance(record, Record):
        return slice(0, record.keys), weigh(record, *which)
    keys, weights, lse[heads, rows] = formula.seen_weights(record, *which)
    return keys, weights


class _Pools:
    """Pools the rows of some heads, stripe by stripe, into so many cells at a time as may be held."""

    def __init__(self, record: AnyRecord, heads: slice, frame: Frame, norms: torch.Tensor | None) -> None:
        self._heads, self._frame = heads, frame
        self._norms = None if norms is None else norms[heads]
        count, cells = heads.stop - heads.start, len(frame.rows)
        at_once = max(1, min(cells, SCORES // max(1, count * record.keys)))
        shape = (count, at_once, record.keys)
        self._held = {one: torch.zeros(shape, device=record.device) for one in frame.reduces}
        self._first = 0
        self.runs = list(_runs(frame.rows, at_once, record.queries))
        """For each run of cells: the first row to visit and the last, and the cells; rows left out are visited too."""

    def take(self, rows: slice, keys: slice, weights: torch.Tensor) -> None:
        """Take a stripe of rows into account; all its cells are those of one run."""
        cells = self._frame.rows
        lo, hi = (int(torch.searchsorted(cells.positions, edge)) for edge in (rows.start, rows.stop))
        if lo == hi:
            return
        if hi - lo < rows.stop - rows.start:
            weights = weights.index_select(1, (cells.positions[lo:hi] - rows.start).to(weights.device))
        starts = torch.tensor(cells.starts)
        first = int(torch.searchsorted(starts, lo, right=True)) - 1
        last = int(torch.searchsorted(starts, hi))
        into = slice(first - self._first, last - self._first)
        within = (starts[first : last + 1].clamp(lo, hi) - lo).tolist()
        pooled = pool_cells(weights, Cells(torch.arange(hi - lo), tuple(within)), 1, self._held)
        for reduce, held in self._held.items():
            combine(held[:, into, keys], pooled[reduce], reduce)

    def finish(self, run: slice, pictures: Pictures) -> None:
        """Pool the cells of a run over their keys, and make room for the next."""
        for reduce, held in self._held.items():
            by_key = held[:, : run.stop - run.start]
            if self._norms is not None:
                by_key *= self._norms[:, None]
            keys_first = by_key.movedim(-1, 0).contiguous()  # chosen from several times faster
            for columns, picture in zip(self._frame.columns, pictures[reduce], strict=True):
                pooled = pool_cells(keys_first, columns, 0, [reduce])[reduce].movedim(0, -1)
                if reduce == "mean":
                    pooled = pooled / (self._frame.rows.sizes[run, None] * columns.sizes).to(pooled)
                picture[self._heads, run] = pooled.cpu()
            held.zero_()
        self._first = run.stop


def _runs(rows: Cells, at_once: int, queries: int) -> Iterator[tuple[int, int, slice]]:
    start = 0
    for first in range(0, len(rows), at_once):
        last = min(first + at_once, len(rows))
        stop = int(rows.positions[rows.starts[last]]) if last < len(rows) else queries
        yield start, stop, slice(first, last)
        start = stop
    if not len(rows):
        yield 0, queries, slice(0, 0)


class _Telling:
    """Tells which share of the weights has been visited, those that no query sees left out."""

    def __init__(self, record: AnyRecord, pause: Pause | None) -> None:
        self._pause = pause
        if isinstance(record, Record):
            per_row = (record.mask.stop - record.mask.start).clamp(min=1)
        else:
            per_row = torch.ones(record.queries, dtype=torch.int64)
        self._before = torch.cat([per_row.new_zeros(1), per_row.cumsum(0)])
        self._heads = record.heads

    def __call__(self, heads: slice, rows: slice) -> None:
        if self._pause is not None:
            all_ = max(1, int(self._before[-1]))
            within = int(self._before[rows.start]) / all_
            self._pause((heads.start + (heads.stop - heads.start) * within) / self._heads)

    def end(self) -> None:
        if self._pause is not None:
            self._pause(1.0)
