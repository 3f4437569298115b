"""The axes of the attention: which positions of the padded batch are kept, and the tokens that stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import torch

from headscope.recording.layers import masks
from headscope.recording.pictures.patches import Patches
from headscope.recording.tokens.tokens import Tokens, listed

if TYPE_CHECKING:
    from headscope.recording.layers.parts import Parts
    from headscope.recording.layers.plain_parts import PlainParts

__all__ = ["Axes", "Axis", "Learnt", "Numbered", "Place", "Seen", "Sides", "Sound", "listed"]


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of one item of a batch."""

    length: int
    """Positions of the item's row, padding included."""
    valid: torch.Tensor
    """int64, on the CPU: those of them that are no padding."""
    tokens: Tokens
    """What stands there."""
    row: int = 0
    """The item's row in the batch that the model has there. Of images beside texts it may be another than theirs."""
    batch: int = 1
    """How many rows there are."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all that the model has there."""
        return self.batch == 1 and len(self.valid) == self.length


@dataclass(frozen=True)
class Sides:
    """The tokens of the two axes of a part's attention."""

    query: Tokens
    key: Tokens


class Learnt(Protocol):
    """Something that a model reads, whose axis is known once the model has made tokens of it."""

    def tokens(self, length: int, valid: torch.Tensor) -> Tokens:
        """What stands at the positions `valid` of an axis of this length."""


@dataclass(frozen=True)
class Sound:
    """Sound that a model reads."""

    seconds: float | None
    """How long the item's row is, padding included; None where that is not known."""

    def tokens(self, length: int, valid: torch.Tensor) -> Tokens:
        """Frames that share the sound out evenly: frame ``i`` begins at ``i / length`` of it."""
        numbers = valid.tolist()
        names = [f"frame {at}" if self.seconds is None else f"{at * self.seconds / length:.2f} s" for at in numbers]
        return listed(names, "frames")


@dataclass(frozen=True)
class Numbered:
    """Tokens of which nothing is known but their number, such as those that a model has learnt to ask with."""

    def tokens(self, length: int, valid: torch.Tensor) -> Tokens:  # noqa: ARG002  # as of any Learnt
        """Tokens named by their number."""
        return listed([f"token {at}" for at in valid.tolist()], "numbers")


@dataclass(frozen=True, eq=False)
class Place:
    """Where attention calls belong: the two axes of their maps."""

    part: str
    """What the module belongs to; a stage of it has a name of its own, see `Axes.named`."""
    query: Axis
    key: Axis


@dataclass(frozen=True, eq=False)
class Seen:
    """The axes of one module's attention as the model has them."""

    module: torch.nn.Module
    name: str
    """Of the module, in the model."""
    batch: int
    queries: int
    keys: int
    mask: Any = None
    """As an attention function takes it, or a function that makes one; None where there is none."""


class Axes:
    """The axes of every part of one model, those that nobody tells learnt from the first call.

    A tower whose layers come to work on other numbers of tokens (Swin, SegFormer) has a part for each such stage:
    "stage 0", "stage 1".

    Parameters
    ----------
    known
        The axes of streams of tokens, or what the model reads there: by the name of the stream, or by what it reads.
    parts
        Sorts the layers.
    batch, item
        How many items there are, and which is kept.
    """

    def __init__(self, known: Mapping[str, Axis | Learnt], parts: Parts | PlainParts, batch: int, item: int) -> None:
        self._known = {
            name: replace(axis, row=item, batch=batch) if isinstance(axis, Axis) else axis
            for name, axis in known.items()
        }
        self._parts = parts
        self.batch, self._item = batch, item
        self._settled: dict[str, Axis] = {}
        self._told: dict[Axis, Tokens] = {}
        self.pictured: dict[Axis, Patches] = {}
        """Axes of pictures, in the order in which they were learnt, and what they show."""
        self._stages: dict[str, list[Place]] = {part: [] for part in parts.names}

    def place(self, seen: Seen) -> Place:
        """Where an attention belongs; the axes are those of its part, be they those that were seen or not."""
        part, queries, keys = self._parts.of(seen.module, seen.name), seen.queries, seen.keys
        stages = self._stages[part]
        for place in stages:
            if (place.query.length, place.key.length) == (queries, keys):
                return place
        query, key = self._parts.streams(part)
        if query == key and queries != keys and not isinstance(self._source(query), Axis):
            key = f"{part} keys"
        of_query = seen if query == key else replace(seen, mask=None)  # a mask tells which keys are padding
        axes = self._axis(query, part, of_query, queries), self._axis(key, part, seen, keys)
        known = next((place for place in stages if (place.query, place.key) == axes), None)
        if known is None:
            stages.append(Place(part, *axes))
        return known or stages[-1]

    def part_of(self, module: torch.nn.Module, name: str) -> str:
        """The part that a module belongs to, which has been called."""
        return self._parts.of(module, name)

    def home(self, part: str) -> Place:
        """Where something of a part belongs that has no axes."""
        if not self._stages[part]:
            nothing = Axis(0, torch.arange(0), listed([], "numbers"))
            known = [self._source(stream) for stream in self._parts.streams(part)]
            self._stages[part].append(Place(part, *[one if isinstance(one, Axis) else nothing for one in known]))
        return self._stages[part][0]

    def named(self) -> dict[str, Place]:
        """The places by the names of their parts, in order. Once all calls are placed it is known what has stages."""
        named: dict[str, Place] = {}
        for part, stages in self._stages.items():
            prefix = "" if part == "self" else f"{part} "
            names = [part] if len(stages) == 1 else [f"{prefix}stage {number}" for number in range(len(stages))]
            named.update(zip(names, stages, strict=True))
        return named

    @property
    def all(self) -> list[Axis]:
        """The axes that calls were placed on."""
        places = [place for stages in self._stages.values() for place in stages]
        return list(dict.fromkeys(axis for place in places for axis in (place.query, place.key)))

    @property
    def told(self) -> list[Axis]:
        """The axes that were known before the forward."""
        return [axis for axis in self._known.values() if isinstance(axis, Axis)]

    def source(self, module: torch.nn.Module, name: str) -> Axis | Learnt:
        """What the queries of a module, which has just been called, come of."""
        return self._source(self._parts.streams(self._parts.of(module, name))[0])

    def tell(self, axis: Axis, tokens: Tokens) -> None:
        """Say what stands on an axis, now that it is known."""
        self._told[axis] = tokens

    @property
    def sides(self) -> dict[str, Sides]:
        """The tokens of every part that the model can have, in order; none of a part without calls."""
        nothing = dict.fromkeys(self._stages, Sides(*[listed([], "numbers")] * 2))
        placed = {
            part: Sides(*[self._told.get(axis, axis.tokens) for axis in (place.query, place.key)])
            for part, place in self.named().items()
        }
        return {**placed, **{part: side for part, side in nothing.items() if part not in placed}}

    def _axis(self, stream: str, part: str, seen: Seen, length: int) -> Axis:
        """The axis of a stream; one that nobody told may have another length in a later stage of its own part."""
        source = self._source(stream)
        if isinstance(source, Axis):
            return source
        known = self._settled.get(stream)
        if known is None or (known.length != length and stream in (part, f"{part} keys")):
            self._settled[stream] = self._learn(source, seen, length)
        return self._settled[stream]

    def _source(self, stream: str) -> Axis | Learnt:
        return self._known.get(stream, self._known.get(self._parts.reads(stream), Numbered()))

    def _learn(self, source: Learnt, seen: Seen, length: int) -> Axis:
        batch = 1 if seen.batch == 1 else self.batch
        if isinstance(source, Patches) and not source.one_each:
            batch = 0  # so that nothing fits: whose pictures these are is not known
        row = self._item if batch == self.batch else 0
        mask = seen.mask() if callable(seen.mask) else seen.mask
        masked = isinstance(mask, torch.Tensor) and seen.keys == length and len(mask) in (1, seen.batch)
        valid = masks.seen_by_any(mask if masked and seen.batch == batch else None, row, length)
        axis = Axis(length, valid, source.tokens(length, valid), row, batch)
        if isinstance(source, Patches):
            self.pictured[axis] = source
        return axis
