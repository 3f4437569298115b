"""The questions to a capture that are answered by pictures: numbers of many pairs of tokens pooled to one a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from headscope.answers import budget
from headscope.answers.contents import Contents
from headscope.answers.display import PAIR_FILTERS
from headscope.answers.frames import Wanted
from headscope.answers.measure import Measure, check_measure
from headscope.answers.pooling import Reduce
from headscope.answers.positions import Which, choose, whole
from headscope.answers.thumbnails import Thumbnails, thumbnails
from headscope.answers.tile import Cut, Tile, read_edges
from headscope.answers.walk import Pause
from headscope.errors import OutOfRange

__all__ = ["Picturing"]


class Picturing(Contents):
    """Pictures of heads, of single ones and of all."""

    def overview(
        self,
        size: int,
        reduce: Reduce = "max",
        layers: Which = None,
        *,
        part: str | None = None,
        measure: Measure = "weight",
        progress: Callable[[float, int], None] | None = None,
    ) -> torch.Tensor:
        """Every head as a small picture, layer by layer.

        Parameters
        ----------
        size
            Cells a side; fewer where there are fewer tokens. Cell ``i`` of T tokens holds those from ``i * T // size``.
        reduce
            "max" keeps single strong weights visible, "mean" keeps mass: the mean over all pairs of a cell, those that
            the mask hides counted as 0. Both are made at once, and kept a while.
        layers
            Numbers of the layers wanted; all that were not refused if None.
        part
            Which stack of layers.
        measure
            "weight", or "value_norm": weight x norm of the value that it weighs.
        progress
            Called with (layers done, layers in all), 1.5 is half way through the second; what it raises ends the work.

        Returns
        -------
        float32 tensor [layers, heads, size, size], on the CPU

        Raises
        ------
        OutOfRange, RefusedLayer, CaptureClosed
            And UnknownProjection, with "value_norm".

        Examples
        --------
        >>> capture.overview(32).shape  # doctest: +SKIP
        torch.Size([30, 9, 32, 32])
        """
        _check_reduce(reduce)
        size = _cells(size)
        check_measure(measure)
        wanted = self._wanted(layers, part)
        if not wanted:
            raise OutOfRange("there is no layer to picture: layers= names none, or all were refused (capture.layers).")
        queries, keys = (len(self.tokens(part, side)) for side in ("query", "key"))
        heads = sorted({self.head_count(layer, part) for layer in wanted} - {0})
        budget.check_answer(len(wanted) * max(heads, default=0), min(size, queries), min(size, keys))
        pictures = []
        for done, layer in enumerate(wanted):
            count, of_part = self._heads_to_picture(layer, part), self._part(part)
            pictured = of_part.pictured(Wanted(size, measure), count, reduce, apart=False)
            pause = None if progress is None else _share_of(progress, done, len(wanted))
            pictures.append(of_part.layers.pictures(layer, pictured, pause)[reduce][0])
            if progress is not None:
                progress(done + 1, len(wanted))
        if len({len(picture) for picture in pictures}) > 1:
            raise OutOfRange(f"layers have different numbers of heads ({heads}); ask for layers= of one kind.")
        return torch.stack(pictures)

    def tile(  # noqa: PLR0917  # as overview(), which rectangle and how finely are what is asked
        self,
        layer: int,
        head: int,
        queries: Sequence[int],
        keys: Sequence[int],
        size: int | None = None,
        reduce: Reduce = "max",
        *,
        part: str | None = None,
        measure: Measure = "weight",
        progress: Callable[[int, int], None] | None = None,
    ) -> Tile:
        """A rectangle of one head as a pooled picture, without its surroundings.

        Parameters
        ----------
        layer, head
            One number each.
        queries, keys
            With `size`, where the rectangle begins and ends, ``(start, stop)``, in token positions. Without, the edges
            of its cells, ascending: cell ``i`` holds the tokens from ``edges[i]`` up to ``edges[i + 1]``.
        size
            Cells a side, of equal length, give or take a token; fewer where there are fewer tokens.
        reduce
            "max", the largest weight of a cell, or "mean", the mean over all its pairs, those that the mask hides
            counted as 0.
        part
            Which stack of layers.
        measure
            "weight", or "value_norm": weight x norm of the value that it weighs.
        progress
            Called with (rows done, rows in all) between stripes of rows; what it raises ends the work.

        Returns
        -------
        Tile

        Raises
        ------
        OutOfRange, RefusedLayer, OverBudget, CaptureClosed
            And UnknownProjection, with "value_norm".

        Examples
        --------
        >>> capture.tile(16, 0, (0, 8192), (0, 8192), 256).values.shape  # doctest: +SKIP
        torch.Size([256, 256])
        >>> capture.tile(16, 0, [0, 9, 21], [0, 9], reduce="mean").values.shape  # doctest: +SKIP
        torch.Size([2, 1])
        """
        _check_reduce(reduce)
        check_measure(measure)
        record, head = self.record(layer, part), whole(head, "head")
        choose(head, record.heads, "head")
        cells = None if size is None else _cells(size)
        rows = read_edges(queries, cells, record.queries, "query")
        columns = read_edges(keys, cells, record.keys, "key")
        budget.check_answer(1, len(rows) - 1, len(columns) - 1)
        cut = Cut(rows, columns, reduce, progress or (lambda _done, _total: None))
        values = self._part(part).layers.tile(record.layer, head, cut, measure)
        return Tile(values, rows, columns)

    def thumbnails(
        self,
        layer: int,
        size: int,
        reduce: Reduce = "max",
        *,
        part: str | None = None,
        measure: Measure = "weight",
        pair_filter: str = "all",
        hide_special: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> Thumbnails:
        """All heads of a layer as small pictures: the first token as a rail, the others pooled.

        Parameters
        ----------
        layer
            Number of the layer.
        size
            Cells a side; fewer where fewer tokens remain.
        reduce
            "max" keeps single strong weights visible; "mean" keeps mass: what the keys of a cell get together, as the
            mean over its queries.
        part
            Which stack of layers.
        measure
            "weight", or "value_norm": weight x norm of the value that it weighs.
        pair_filter
            From which sentence to which, one of "all", "a->a", "a->b", "b->a", "b->b"; without two sentences it is all.
        hide_special
            Leave out special tokens, on both sides.
        progress
            Called with the share that is done, between stripes of rows; what it raises ends the work.

        Returns
        -------
        Thumbnails

        Raises
        ------
        OutOfRange, RefusedLayer, CaptureClosed
            And UnknownProjection, with "value_norm".

        Examples
        --------
        >>> capture.thumbnails(16, 25).body.shape  # doctest: +SKIP
        torch.Size([9, 25, 25])
        """
        _check_reduce(reduce)
        size = _cells(size)
        check_measure(measure)
        if pair_filter not in PAIR_FILTERS:
            raise OutOfRange(f"pair_filter {pair_filter!r} is unknown: there are {', '.join(map(repr, PAIR_FILTERS))}.")
        count, of_part = self._heads_to_picture(layer, part), self._part(part)
        layer = self._known(layer, part)
        pictured = of_part.pictured(Wanted(size, measure, pair_filter, hide_special), count, reduce, apart=True)
        pictures = of_part.layers.pictures(layer, pictured, progress)
        largest = of_part.layers.largest(layer, measure, size, progress)
        return thumbnails(pictured.frame, pictures, reduce, largest)


def _share_of(progress: Callable[[float, int], None], done: int, total: int) -> Pause:
    return lambda share: progress(done + share, total)


def _check_reduce(reduce: str) -> None:
    if reduce not in ("max", "mean"):
        raise OutOfRange(f'reduce {reduce!r} is unknown: there are "max" and "mean".')


def _cells(size: int) -> int:
    size = whole(size, "size")
    if size < 1:
        raise OutOfRange(f"size {size} is too small: a picture has at least 1 cell a side.")
    return size
