"""What a capture holds: parts, layers and tokens, each layer readable once it is confirmed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

from headscope.answers import budget
from headscope.answers.levels import levels
from headscope.answers.measure import Measure
from headscope.answers.part import Part
from headscope.answers.positions import Which, listed, one_of
from headscope.answers.report import LayerReport
from headscope.answers.walk import Pause
from headscope.errors import CaptureClosed, OutOfRange
from headscope.recording.layers.record import AnyRecord, Record, storage_bytes
from headscope.recording.tokens.tokens import Tokens, Word

if TYPE_CHECKING:
    import torch

__all__ = ["Contents"]


class Contents:
    """The recorded layers of one forward, part by part, and the tokens that they stand for."""

    def __init__(self, parts: Mapping[str, Part], model_name: str, not_finite: str = "") -> None:
        self.id = uuid.uuid4().hex
        self.model_name = model_name
        self.not_finite = not_finite
        self._parts = dict(parts)
        self._closed = False
        budget.admit(self)

    # What there is

    @property
    def layers(self) -> tuple[LayerReport, ...]:
        """One report per attention layer of every part, refused ones included."""
        return tuple(chain.from_iterable(part.layers.reports.values() for part in self._parts.values()))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the stacks of layers: "encoder", "decoder" and "cross" of encoder-decoder models, else "self".

        Every question takes one as `part`; left out, it is the first.
        """
        return tuple(self._parts)

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors held.

        The attention modules of the model are held too, to be run again where a layer is checked. They are not counted:
        they cost nothing while the model is there, and stay after the model is deleted until the capture is.
        """
        return storage_bytes(chain.from_iterable(part.layers.tensors() for part in self._parts.values()))

    @property
    def segments(self) -> list[list[int]] | None:
        """Positions of sentence A and of sentence B among the keys of the first part; None unless there are two."""
        known = self.tokens().segments
        if known is None:
            return None
        return [[i for i, segment in enumerate(known) if segment == which] for which in (0, 1)]

    def layer_numbers(self, part: str | None = None) -> tuple[int, ...]:
        """Numbers of the layers, refused ones included."""
        return tuple(self._part(part).layers.reports)

    def head_count(self, layer: int, part: str | None = None) -> int:
        """Number of query heads of `layer`; 0 if it was refused."""
        return self._part(part).layers.reports[self._known(layer, part)].heads

    def tokens(self, part: str | None = None, side: str = "key") -> Tokens:
        """The tokens of one axis, `side` "query" or "key"."""
        sides = self._part(part).sides
        if side not in ("query", "key"):
            raise OutOfRange(f'side {side!r} is unknown: there are "query" and "key".')
        return sides.query if side == "query" else sides.key

    def words(self, part: str | None = None, side: str = "key") -> list[Word]:
        """How the tokens of one axis group into words."""
        return self.tokens(part, side).as_words()

    def levels(self, part: str | None = None, side: str = "key") -> dict[str, list[int]]:
        """Edges of the sentences and the paragraphs of one axis, as token positions: ``{"sentence": [...], ...}``.

        Each begins where the one before ends, the last edge is the number of tokens. What is no text is one of each.
        """
        return levels(self.tokens(part, side))

    # For the widgets

    def record(self, layer: int, part: str | None = None) -> AnyRecord:
        """The record of a layer, confirmed when first read; raises RefusedLayer where it cannot be trusted."""
        self._check_open()
        return self._part(part).layers.read(self._known(layer, part))

    def is_pictured(self, layer: int, size: int, part: str | None = None) -> bool:
        """Whether pictures of a layer's weights, of so many cells a side, stand in the file of the capture."""
        return self._part(part).layers.is_pictured(self._known(layer, part), size)

    def _vectors(self, layer: int, part: str | None = None) -> Record:
        """The record of a layer whose vectors are known; raises NoVectors where only its weights are."""
        return self._part(part).layers.read_vectors(self.record(layer, part).layer)

    def browser_computable(self, layer: int, part: str | None = None) -> bool:
        """Whether the terms of a layer determine its weights; else only the model's own function does."""
        self.record(layer, part)
        return self._part(part).layers.by_formula(layer)

    def lse(self, layer: int, part: str | None = None, pause: Pause | None = None) -> torch.Tensor:
        """Log-sum-exp of every row of scores, sinks included, float64 [heads, queries]; `pause` is that of `walk`."""
        self.record(layer, part)
        return self._part(part).layers.lse(layer, pause)

    def largest(self, layer: int, measure: Measure, part: str | None = None, pause: Pause | None = None) -> float:
        """The largest number of a layer that is no NaN, over all heads and pairs; 1 of weights."""
        self.record(layer, part)
        return self._part(part).layers.largest(layer, measure, pause=pause)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Free everything. Later questions raise CaptureClosed."""
        self._closed = True
        for part in self._parts.values():
            part.layers.clear()

    def __repr__(self) -> str:
        size = "closed" if self._closed else budget.megabytes(self.nbytes)
        lengths = [f"{len(self.tokens(part, 'query'))} x {len(self.tokens(part))} {part}" for part in self.parts]
        tokens = f"{len(self.tokens())} tokens" if len(lengths) == 1 else f"tokens {', '.join(lengths)}"
        return f"Capture({self.model_name}, {len(self.layers)} layers, {tokens}, {size})"

    # How

    def _check_open(self) -> None:
        if self._closed:
            raise CaptureClosed("this capture was closed. Capture again.")

    def _heads_to_picture(self, layer: int, part: str | None) -> int:
        """Number of heads of a layer that pictures are asked of next; raises as `record` does."""
        self._check_open()
        return self._part(part).layers.heads_to_picture(self._known(layer, part))

    def _part(self, part: str | None) -> Part:
        if part is None:
            return next(iter(self._parts.values()))
        if part not in self._parts:
            raise OutOfRange(f"part {part!r} is unknown: this capture has {', '.join(map(repr, self.parts))}.")
        return self._parts[part]

    def _known(self, layer: int, part: str | None) -> int:
        what = "layer" if len(self._parts) == 1 else f"{part or self.parts[0]} layer"
        return one_of(layer, self.layer_numbers(part), what)

    def _wanted(self, layers: Which, part: str | None) -> list[int]:
        if layers is None:
            return [number for number, report in self._part(part).layers.reports.items() if not report.refused]
        numbers = self.layer_numbers(part)[layers] if isinstance(layers, slice) else listed(layers, "layer")
        return [self._known(layer, part) for layer in numbers]
