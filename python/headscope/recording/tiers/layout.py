"""Where the elements of a tensor come from in another one, through views and copies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from headscope.recording.tiers.operation import Operation

__all__ = ["RESHAPES", "VIEWS", "Layout", "Run", "contiguous", "steps_of"]

Run: TypeAlias = tuple[int, int]
"""Size and step: so many elements, so far apart in the source."""


@dataclass(frozen=True)
class Layout:
    """Of each axis of a tensor, the runs that its index counts through in the flattened source, slowest first.

    A view can merge axes that lie apart in the source, such as texts and heads, so one axis may have several runs.
    Every operation returns None where its result has no such form.
    """

    axes: tuple[tuple[Run, ...], ...]
    offset: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return tuple(math.prod(size for size, _ in runs) for runs in self.axes)

    def viewed(self, operation: Operation) -> Layout | None:
        """The layout after an operation of `VIEWS` or `RESHAPES` on the tensor."""
        out = operation.out.shape
        layout = self.reshape(out) if operation.name in RESHAPES else VIEWS[operation.name](self, operation)
        return layout if layout is not None and layout.shape == tuple(out) else None

    def reshape(self, shape: Sequence[int]) -> Layout | None:
        """The same elements in the same order, in other axes."""
        rest = [run for axis in self.axes for run in axis if run[0] != 1]
        axes = []
        for size in shape:
            axis = _take(size, rest)
            if axis is None:
                return None
            axes.append(axis)
        return Layout(tuple(axes), self.offset) if not rest else None

    def permute(self, order: Sequence[int]) -> Layout:
        """Axes in another order."""
        return Layout(tuple(self.axes[axis] for axis in order), self.offset)

    def swap(self, one: int, other: int) -> Layout:
        """Two axes exchanged."""
        order = list(range(len(self.axes)))
        order[one], order[other] = order[other], order[one]
        return self.permute(order)

    def expand(self, shape: Sequence[int]) -> Layout:
        """Axes of length 1 repeated, as broadcasting does."""
        missing = len(shape) - len(self.axes)
        axes: list[tuple[Run, ...]] = [((size, 0),) for size in shape[:missing]]
        for runs, have, size in zip(self.axes, self.shape, shape[missing:], strict=True):
            axes.append(runs if have == size else ((size, 0),))
        return Layout(tuple(axes), self.offset)

    def slice(self, axis: int, start: int, step: int, size: int) -> Layout | None:
        """Every `step`-th of an axis, `size` of them."""
        if start == 0 and size == self.shape[axis]:
            return self
        runs = [run for run in self.axes[axis] if run[0] != 1]
        if len(runs) > 1:
            return None
        stride = runs[0][1] if runs else 0
        axes = list(self.axes)
        axes[axis] = ((size, stride * step),)
        return Layout(tuple(axes), self.offset + start * stride)

    def select(self, axis: int, index: int) -> Layout | None:
        """One index of an axis, which is gone."""
        one = self.slice(axis, index, 1, 1)
        return None if one is None else Layout(one.axes[:axis] + one.axes[axis + 1 :], one.offset)

    def within(self, shape: Sequence[int]) -> Layout | None:
        """The same layout, with no run going over more than one axis of a source of this `shape`."""
        steps = [step for step, size in zip(steps_of(shape), shape, strict=True) if size > 1]
        axes: list[tuple[Run, ...]] = []
        for runs in self.axes:
            parts = [_split(run, steps) for run in runs]
            if None in parts:
                return None
            axes.append(tuple(run for part in parts if part is not None for run in part))
        return Layout(tuple(axes), self.offset)


def contiguous(shape: Sequence[int]) -> Layout:
    """The layout of a tensor over itself."""
    return Layout(tuple(((size, step),) for size, step in zip(shape, steps_of(shape), strict=True)))


def steps_of(shape: Sequence[int]) -> tuple[int, ...]:
    """How far apart neighbours along each axis of a flattened tensor are."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _take(size: int, rest: list[Run]) -> tuple[Run, ...] | None:
    """The next runs that make up an axis of `size`, taken off the `rest`; None where they do not."""
    axis: list[Run] = []
    while size > 1:
        if not rest:
            return None
        have, step = rest.pop(0)
        if size % have == 0:
            axis.append((have, step))
            size //= have
        elif have % size == 0:
            axis.append((size, have // size * step))
            rest.insert(0, (have // size, step))
            size = 1
        else:
            return None
    return tuple(axis)


def _split(run: Run, steps: Sequence[int]) -> list[Run] | None:
    """A run in pieces, each within one of the axes that `steps` separate."""
    size, step = run
    if step == 0 or size == 1:
        return [run]
    pieces: list[Run] = []
    for bound in sorted({bound for bound in steps if step < bound < size * step}, reverse=True):
        if bound % step or (size * step) % bound:
            return None
        pieces.append((size * step // bound, bound))
        size = bound // step
    return [*pieces, (size, step)]


def _sliced(layout: Layout, operation: Operation) -> Layout | None:
    axis = operation.argument(1, 0) % len(layout.axes)
    have = layout.shape[axis]
    start = operation.argument(2, 0)
    start = max(0, start + have) if start < 0 else min(start, have)
    return layout.slice(axis, start, operation.argument(4, 1), operation.out.shape[axis])


def _selected(layout: Layout, operation: Operation) -> Layout | None:
    axis = operation.args[1] % len(layout.axes)
    return layout.select(axis, operation.args[2] % layout.shape[axis])


RESHAPES = {"_reshape_alias", "_reshape_copy", "_unsafe_view", "reshape", "squeeze", "unsqueeze", "view"}
"""Operations that leave the elements in their order."""

VIEWS: dict[str, Callable[[Layout, Operation], Layout | None]] = {
    "expand": lambda layout, operation: layout.expand(operation.out.shape),
    "permute": lambda layout, operation: layout.permute([axis % len(layout.axes) for axis in operation.args[1]]),
    "select": _selected,
    "slice": _sliced,
    "t": lambda layout, _: layout.swap(0, -1),
    "transpose": lambda layout, operation: layout.swap(operation.args[1], operation.args[2]),
}
"""Other operations that only choose and order elements."""
