"""``hs.Capture``: the questions that one recorded forward answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from headscope.answers import budget
from headscope.answers.contents import Contents
from headscope.answers.display import PAIR_FILTERS
from headscope.answers.frames import Wanted, frame_of
from headscope.answers.links import Links, Pair, layer_by_layer, links
from headscope.answers.measure import Measure, check_measure
from headscope.answers.neurons import Neurons, neurons
from headscope.answers.pooling import Reduce
from headscope.answers.positions import Which, choose, whole
from headscope.answers.thumbnails import Thumbnails, thumbnails
from headscope.answers.tile import Cut, Tile, read_edges
from headscope.answers.walk import Pause
from headscope.errors import OutOfRange, RefusedLayer
from headscope.recording.layers import formula


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors of one layer as its attention used them, in the model's dtype and on its device.

    `query` [H, Q, d]; `key` [G, K, d] and `value` [G, K, dv] are not expanded for grouped heads: query head ``h`` uses
    group ``h // (H // G)``.
    """

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor


class Capture(Contents):
    """The attention of one forward, to be asked. Made by :func:`headscope.capture`.

    Weights are computed when asked, in float32, from the recorded queries and keys; nothing of size tokens x tokens is
    kept. Axis order is always (layer, head, query, key); positions are 0-based tokens, padding left out.

    Attributes
    ----------
    id : str
        Unique name of this capture.
    model_name : str
        Class of the model, and its name if it has one.
    not_finite : str
        Names the model's parameters that hold NaN or infinite numbers, where that shows in the attention.
    """

    def attention(
        self,
        layer: int,
        heads: Which = None,
        queries: Which = None,
        keys: Which = None,
        *,
        part: str | None = None,
        measure: Measure = "weight",
    ) -> torch.Tensor:
        """Exact attention weights.

        Parameters
        ----------
        layer
            Number of the layer.
        heads, queries, keys
            Which to answer: a number (its axis stays, with length 1), several, a slice, or None for all.
        part
            Which stack of layers.
        measure
            "value_norm" multiplies each weight by the norm of the value that it weighs, see `value_norms`.

        Returns
        -------
        float32 tensor [heads, queries, keys]
            On the capture's device. Weights sum to 1 over all keys (less where attention sinks take a share).

        Raises
        ------
        OutOfRange, RefusedLayer, OverBudget, CaptureClosed
            And UnknownProjection, with "value_norm".

        Examples
        --------
        >>> capture.attention(16, heads=0, queries=9)  # one row of one head  # doctest: +SKIP
        """
        check_measure(measure)
        record = self.record(layer, part)
        chosen_heads = choose(heads, record.heads, "head")
        rows = choose(queries, record.queries, "query")
        columns = None if keys is None else choose(keys, record.keys, "key")
        budget.check_answer(len(chosen_heads), len(rows), record.keys if columns is None else len(columns))
        return self._part(part).layers.weights(record.layer, chosen_heads, rows, columns, measure)

    def links(
        self,
        query: int,
        key: int,
        *,
        part: str | None = None,
        measure: Measure = "weight",
        progress: Callable[[int, int], None] | None = None,
    ) -> Links:
        """Which heads link two tokens: every head of a part, ranked by its weight from `query` to `key`.

        One row of each layer is computed, so this is cheap for long texts too, but for what the first reading of a
        layer costs.

        Parameters
        ----------
        query, key
            One position each.
        part
            Which stack of layers.
        measure
            "weight", or "value_norm": weight x norm of the value that it weighs.
        progress
            Called with (layers done, layers in all) after each layer.

        Returns
        -------
        Links

        Raises
        ------
        OutOfRange, CaptureClosed
        RefusedLayer, UnknownProjection
            Where no layer at all has an answer.

        Examples
        --------
        >>> capture.links(8, 4).ranked[0]  # doctest: +SKIP
        LinkingHead(layer=9, head=4, weight=0.4738...)
        """
        check_measure(measure)
        part = self.parts[0] if part is None else part
        query, key = whole(query, "query"), whole(key, "key")
        choose(query, len(self.tokens(part, "query")), "query")
        choose(key, len(self.tokens(part, "key")), "key")
        pair = Pair(part, query, key, measure)
        layers, answers = list(self.layer_numbers(part)), []
        for answer in layer_by_layer(self, pair, layers):
            answers.append(answer)
            if progress is not None:
                progress(len(answers), len(layers))
        return links(self, pair, answers)

    def neurons(self, layer: int, head: int, query: int, *, part: str | None = None) -> Neurons:
        """One row of one head taken apart into query, keys, their products, and every other term.

        Parameters
        ----------
        layer, head, query
            One number each.
        part
            Which stack of layers.

        Raises
        ------
        OutOfRange, CaptureClosed
        NoVectors
            Where only the weights of the layer are known.
        RefusedLayer
            Also where only the model's own function computes the weights, whose terms are not known.

        Examples
        --------
        >>> capture.neurons(16, 0, 9).equation  # doctest: +SKIP
        'softmax(dot + mask)'
        """
        record = self._vectors(layer, part)
        head, query = whole(head, "head"), whole(query, "query")
        choose(head, record.heads, "head")
        choose(query, record.queries, "query")
        if not self._part(part).layers.by_formula(record.layer):
            raise RefusedLayer(
                f"layer {record.layer} ({record.module}): its weights come from the model's own function, whose terms "
                "are not known one by one, so there is no equation to show. capture.attention() answers."
            )
        with formula.exactly():
            return neurons(record, head, query, self.attention(record.layer, head, query, part=part)[0, 0])

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
        every = (torch.arange(len(self.tokens(part, side))) for side in ("query", "key"))
        queries, keys = every
        heads = sorted({self.head_count(layer, part) for layer in wanted} - {0})
        budget.check_answer(len(wanted) * max(heads, default=0), min(size, len(queries)), min(size, len(keys)))
        pictures = []
        for done, layer in enumerate(wanted):
            record, layers_of = self.record(layer, part), self._part(part).layers
            pictured = frame_of(Wanted(size, measure), queries, keys, record.heads, reduce, apart=False)
            pause = None if progress is None else _share_of(progress, done, len(wanted))
            pictures.append(layers_of.pictures(layer, pictured, pause)[reduce][0])
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
        record, of_part = self.record(layer, part), self._part(part)
        pictured = of_part.pictured(Wanted(size, measure, pair_filter, hide_special), record.heads, reduce)
        pictures = of_part.layers.pictures(record.layer, pictured, progress)
        largest = of_part.layers.largest(record.layer, measure, size, progress)
        return thumbnails(pictured.frame, pictures, reduce, largest)

    def value_norms(self, layer: int, *, part: str | None = None) -> torch.Tensor:
        """Norm of each value vector as it enters the layer's output.

        Attention adds up value vectors, so a weight tells what a token is worth only together with the length of what
        it weighs (Kobayashi et al. 2020, "Attention is Not Only a Weight: Analyzing Transformers with Vector Norms").
        In their notation the output is ``sum_j alpha_ij f(x_j)``, ``f(x) = (x W^V + b^V) W^O``, and this is
        ``||f(x_j)||`` for every head: the value vector through the head's share of the output projection, without the
        projection's bias, which no head adds.

        The projection is the module that consumed the heads' outputs in the recorded forward. It is verified when first
        asked: it is linear, and gives again what it gave in that forward.

        Parameters
        ----------
        layer
            Number of the layer.
        part
            Which stack of layers.

        Returns
        -------
        float32 tensor [heads, keys]
            One row per query head, those of a group apart.

        Raises
        ------
        UnknownProjection
            Where no such module was found or it could not be verified; names it and says why.

        Examples
        --------
        >>> capture.value_norms(16).shape  # doctest: +SKIP
        torch.Size([9, 10])
        """
        record = self.record(layer, part)
        return self._part(part).layers.value_norms(record.layer).clone()

    def vectors(self, layer: int, *, part: str | None = None) -> Vectors:
        """Query, key and value vectors of a layer, as copies: the record must stay what the certificate says."""
        record = self._vectors(layer, part)
        return Vectors(record.query.clone(), record.key.clone(), record.value.clone())


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
