"""``hs.Capture``: the questions that one recorded forward answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headscope.answers import budget
from headscope.answers.links import Links, Pair, layer_by_layer, links
from headscope.answers.measure import Measure, check_measure
from headscope.answers.neurons import Neurons, neurons
from headscope.answers.picturing import Picturing
from headscope.answers.positions import Which, choose, whole
from headscope.errors import RefusedLayer
from headscope.recording.layers import formula

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import torch

    from headscope.export.plot import Plot


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors of one layer as its attention used them, in the model's dtype and on its device.

    `query` [H, Q, d]; `key` [G, K, d] and `value` [G, K, dv] are not expanded for grouped heads: query head ``h`` uses
    group ``h // (H // G)``.
    """

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor


class Capture(Picturing):
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

    @property
    def plot(self) -> Plot:
        """Heads on axes of matplotlib: ``capture.plot.head(layer, head)`` and ``capture.plot.model()``."""
        from headscope.export.plot import Plot

        return Plot(self)

    def save(
        self,
        path: str | PathLike[str],
        *,
        layers: Iterable[int] | None = None,
        values: bool = True,
        dtype: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Save to a file, which `headscope.load` opens without the model.

        All layers are confirmed first, as when they are looked at. Layers of which only the model's own function
        computes the weights are saved with their weights.

        Parameters
        ----------
        path
            The file, by custom ``*.headscope``. It is replaced once the new one is whole.
        layers
            Numbers of the layers to keep, in all parts; all if None.
        values
            Whether to keep the value vectors. Their norms, as they enter the output, are kept anyway.
        dtype
            "bfloat16" or "float16" halves what vectors in float32 take. Weights are then those of the rounded vectors;
            how far that moves them is measured, and added to the error that `Capture.layers` tells.
        progress
            Called with (layers done, layers in all) after each layer; what it raises ends the work, and leaves a file
            of this name as it was.

        Returns
        -------
        pathlib.Path
            Of the file.

        Raises
        ------
        OverBudget
            Where the weights that would have to be saved are too many; names the layers.
        OutOfRange, CaptureClosed, OSError

        Examples
        --------
        >>> capture.save("nurse.headscope")  # doctest: +SKIP
        >>> capture.save("small.headscope", layers=[9], values=False, dtype="bfloat16")  # doctest: +SKIP
        """
        from headscope.files.save import save

        return save(self, path, layers, dtype, progress, values=values)
