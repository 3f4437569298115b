"""From the tables that operations saw to attention's own axes: texts, heads, queries, keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from headscope.recording.tiers.layout import Run, steps_of
from headscope.recording.tiers.provenance import Attended, Lost
from headscope.recording.tiers.scores import NEVER, Scores

__all__ = ["Arranged", "Terms", "Tokens", "Unarranged", "arrange"]


class Unarranged(Exception):
    """Raised with a sentence that says what the axes are, where they are not those of attention."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The equation of the scores. Of a tensor an axis of length 1 stands for all."""

    query: torch.Tensor  # [B, H, Q, d]
    key: torch.Tensor  # [B, H, K, d]
    scaling: float
    cap: float | None
    terms: tuple[torch.Tensor, ...]  # [1 or B, 1 or H, 1 or Q, 1 or K]
    hidden: tuple[torch.Tensor, ...]  # the same, bool

    def visible(self) -> torch.Tensor:
        """Which keys a query sees, bool [1 or B, 1 or H, 1 or Q, K]."""
        visible = torch.ones(1, 1, 1, self.key.shape[2], dtype=torch.bool, device=self.key.device)
        for mask in self.hidden:
            visible = visible & ~mask
        for term in self.terms:
            visible = visible & (term > NEVER)
        return visible


@dataclass(frozen=True, eq=False)
class Tokens:
    """As of `Positions`, whose rows are whose; None where that is not known."""

    rows: torch.Tensor | None  # [B, H, Q] of the weights
    query: torch.Tensor | None  # [B, H, Q]
    key: torch.Tensor | None  # [B, H, K]
    value: torch.Tensor | None  # [B, H, K]


@dataclass(frozen=True, eq=False)
class Arranged:
    """An attention in its own axes."""

    weights: torch.Tensor  # [B, H, Q, K]
    value: torch.Tensor  # [B, H, K, dv]
    output: torch.Tensor  # [B, H, Q, dv]
    terms: Terms | str
    """The equation, or why there is none."""
    tokens: Tokens


def arrange(attended: Attended, batch: int) -> Arranged:
    """Bring an attention into the axes [B, H, Q, K].

    Parameters
    ----------
    attended
        What was seen.
    batch
        How many texts there are. Images cut into windows, of which each is a text to the attention, may be more.

    Raises
    ------
    Unarranged
        Where it does not have them.
    """
    softmax = attended.softmax
    places = _places(attended)
    axes = _Axes.of(softmax.shape, softmax.axis, places, batch)
    _, rows, columns = attended.weights.shape
    weights = axes.rows(attended.weights[..., None], places, (rows * columns, columns, 1), axes.all)
    of_values = places, (columns, 0, 1), axes.without(axes.query)
    of_output = places, (rows, 1, 0), axes.without(axes.key)
    value, output = axes.rows(attended.values, *of_values), axes.rows(attended.output, *of_output)
    tokens = Tokens(
        _one_each(attended.row_tokens, lambda one: axes.rows(one, *of_output)),
        *_tokens_of_scores(softmax.scores, axes),
        _one_each(attended.value_tokens, lambda one: axes.rows(one, *of_values)),
    )
    return Arranged(weights[..., 0], value, output, _terms_or_why(softmax.scores, axes, softmax.shape), tokens)


def _one_each(tokens: torch.Tensor | None, arranged: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor | None:
    """Tokens of rows in the axes of these rows."""
    return None if tokens is None else arranged(tokens[..., None])[..., 0]


def _tokens_of_scores(scores: Scores | Lost, axes: _Axes) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Of queries and keys, where their axes are known."""
    try:
        arranged = _of_factors(scores, axes) if isinstance(scores, Scores) else (None, None)
    except Unarranged:
        return None, None
    tokens = scores.product.left_tokens, scores.product.right_tokens
    query, key = (one and _one_each(token, one) for token, one in zip(tokens, arranged, strict=True))
    return query, key


_Place: TypeAlias = tuple[int, int, int, int]
"""Of a run of an axis: by what it is counted in a table (0, 1, 2 for N, I, J), its size, its step in the axis, and the
step in N, I or J."""


def _places(attended: Attended) -> list[list[_Place]]:
    """Of each axis of the softmax's output, how the table of weights [N, I, J] counts through it."""
    shape = attended.softmax.shape
    steps = steps_of(shape)
    layout = attended.layout.within(shape)
    if layout is None or layout.offset:
        raise Unarranged("its output is multiplied by the values in other axes")
    places: list[list[_Place]] = [[] for _ in shape]
    for kind, runs in enumerate(layout.axes):
        place = 1
        for size, step in reversed(runs):
            if step and size > 1:
                axis = _axis_of(step, shape)
                places[axis].append((kind, size, step // steps[axis], place))
            place *= size
    for found in places:
        found.sort(key=lambda one: -one[2])
    return places


def _axis_of(step: int, shape: tuple[int, ...]) -> int:
    """The axis of a flattened tensor that steps of this length go along."""
    steps = steps_of(shape)
    return min(axis for axis, one in enumerate(steps) if one <= step and shape[axis] > 1)


@dataclass(frozen=True)
class _Axes:
    """Which axes of a softmax's output are what."""

    shape: tuple[int, ...]
    batch: int
    others: tuple[int, ...]
    """Texts and heads, texts first."""
    query: int
    key: int

    @staticmethod
    def of(shape: tuple[int, ...], key: int, places: list[list[_Place]], batch: int) -> _Axes:
        if any(kind != 2 for kind, *_ in places[key]):
            raise Unarranged("the values are not weighed along the axis over which the weights are normalised")
        free = [axis for axis in range(len(shape)) if axis != key]
        counted = [axis for axis in free if any(kind == 1 for kind, *_ in places[axis])]
        candidates = counted or [axis for axis in free if shape[axis] == 1]
        if not candidates:
            raise Unarranged("there is none of queries")
        query = candidates[-1]
        others = [axis for axis in free if axis != query]
        texts = next((axis for axis in others if shape[axis] == batch), None)
        if texts is not None:
            others.sort(key=lambda axis: axis != texts)
        elif len(others) > 1:
            batch = shape[others[0]]
        elif math.prod(shape[axis] for axis in others) % batch:
            raise Unarranged(f"there is none of {batch} texts")
        return _Axes(shape, batch, tuple(others), query, key)

    @property
    def all(self) -> tuple[int, ...]:
        return (*self.others, self.query, self.key)

    def without(self, axis: int) -> tuple[int, ...]:
        return tuple(one for one in self.all if one != axis)

    def merged(self, tensor: torch.Tensor) -> torch.Tensor:
        """Texts and heads as two axes, of a tensor that has the `others` first."""
        return tensor.reshape(self.batch, -1, *tensor.shape[len(self.others) :])

    def rows(
        self, table: torch.Tensor, places: list[list[_Place]], steps: tuple[int, int, int], axes: tuple[int, ...]
    ) -> torch.Tensor:
        """The rows of a table [N, I, J] in some of these axes; `steps` between its rows along N, I and J."""
        runs = [[(size, place * steps[kind]) for kind, size, _, place in places[axis]] for axis in axes]
        return self.merged(_rows(table, [run or [(self.shape[axis], 0)] for axis, run in zip(axes, runs, strict=True)]))

    def of_term(self, tensor: torch.Tensor) -> torch.Tensor:
        """A term of the scores, broadcast to their shape, as [1 or B, 1 or H, 1 or Q, 1 or K]."""
        tensor = tensor.expand(self.shape).permute(self.all)
        count = len(self.others)
        same = [step == 0 or size == 1 for size, step in zip(tensor.shape, tensor.stride(), strict=True)]
        for axis in (count, count + 1):
            tensor = tensor.narrow(axis, 0, 1) if same[axis] else tensor
        if all(same[:count]):
            return tensor[(0,) * count][None, None]
        merged = self.merged(tensor)
        apart = self.shape[self.others[0]] == self.batch
        merged = merged[:1] if apart and same[0] else merged
        return merged[:, :1] if apart and all(same[1:count]) else merged


def _rows(table: torch.Tensor, axes: list[list[Run]], offset: int = 0) -> torch.Tensor:
    """A table [..., d] of rows in other axes, of which each is runs of rows."""
    table = table.contiguous()
    width = table.shape[-1]
    sizes = [size for runs in axes for size, _ in runs]
    steps = [step * width for runs in axes for _, step in runs]
    view = table.as_strided([*sizes, width], [*steps, 1], table.storage_offset() + offset * width)
    return view.reshape([math.prod(size for size, _ in runs) for runs in axes] + [width])


def _terms_or_why(scores: object, axes: _Axes, shape: tuple[int, ...]) -> Terms | str:
    if not isinstance(scores, Scores):
        operation = getattr(scores, "operation", "")
        return f"on their way to its softmax its scores pass an operation ({operation}) that is not followed"
    try:
        query, key = _query_and_key(scores, axes)
    except Unarranged as problem:
        return f"the axes of its softmax are {list(shape)}, in which its queries and keys {problem}"
    terms = tuple(axes.of_term(term) for term in scores.terms)
    return Terms(query, key, scores.scaling, scores.cap, terms, tuple(axes.of_term(one) for one in scores.hidden))


def _query_and_key(scores: Scores, axes: _Axes) -> tuple[torch.Tensor, torch.Tensor]:
    """The factors of the product, [B, H, Q, d] and [B, H, K, d]."""
    of_left, of_right = _of_factors(scores, axes)
    return _times(scores, axes, of_left(scores.product.left), of_right(scores.product.right))


_Rows: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


def _of_factors(scores: Scores, axes: _Axes) -> tuple[_Rows, _Rows]:
    """How rows of the product's factors, [N, I, d] and [N, J, d], become those of queries and keys."""
    product = scores.product
    table = product.left.shape[0], product.left.shape[1], product.right.shape[1]
    lengths, steps = table[1:], steps_of(table)
    layout = scores.layout.within(table)
    if layout is None:
        raise Unarranged("are not told apart")
    left: list[list[Run]] = []
    right: list[list[Run]] = []
    for axis, runs in enumerate(layout.axes):
        kinds = [_axis_of(step, table) if step and size > 1 else None for size, step in runs]
        if {0, 1} & set(kinds) if axis == axes.key else 2 in kinds or (axis == axes.query and 0 in kinds):
            raise Unarranged("are not told apart")
        units = [0 if kind is None else step // steps[kind] for kind, (_, step) in zip(kinds, runs, strict=True)]
        counted = [(size, unit, kind) for (size, _), unit, kind in zip(runs, units, kinds, strict=True)]
        left.append([(size, {0: lengths[0] * unit, 1: unit}.get(kind or 0, 0)) for size, unit, kind in counted])
        right.append([(size, {0: lengths[1] * unit, 2: unit}.get(kind or 0, 0)) for size, unit, kind in counted])
    table_at, row, column = (scores.layout.offset // step % size for step, size in zip(steps, table, strict=True))
    of_query = [left[axis] for axis in axes.without(axes.key)], table_at * lengths[0] + row
    of_key = [right[axis] for axis in axes.without(axes.query)], table_at * lengths[1] + column
    return lambda one: axes.merged(_rows(one, *of_query)), lambda one: axes.merged(_rows(one, *of_key))


def _times(scores: Scores, axes: _Axes, query: torch.Tensor, key: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Queries and keys with the factors of their products in them."""
    for factor in map(axes.of_term, scores.factors):
        if factor.shape[3] == 1:
            query = query * factor
        elif factor.shape[2] == 1:
            key = key * factor.mT
        else:
            raise Unarranged("are multiplied pair by pair")
    return query, key
