"""What is selected, as tensors: the model's truth, whatever the picture hides, merges or filters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from headscope.widgets.selection import Selection

if TYPE_CHECKING:
    import torch

    from headscope.answers.capture import Capture

__all__ = ["Selected"]


@dataclass(frozen=True, repr=False)
class Selected:
    """The selected heads of the selected layer, reduced to the pinned row or column if one is pinned.

    A pinned axis keeps its place, with length 1. Each attribute is computed when it is first read; a selection made
    later does not change it.
    """

    capture: Capture
    selection: Selection

    @cached_property
    def attention(self) -> torch.Tensor:
        """Exact weights, float32 [heads, queries, keys]."""
        at = self.selection
        return self.capture.attention(at.layer, list(at.heads), at.query, at.key, part=at.part)

    @cached_property
    def query_vectors(self) -> torch.Tensor:
        """Query vectors of the selected heads [heads, queries, d], in the model's dtype."""
        at = self.selection
        query = self.capture.vectors(at.layer, part=at.part).query  # H, Q, d
        return _pinned(query[list(at.heads)], at.query)

    @cached_property
    def key_vectors(self) -> torch.Tensor:
        """Key vectors that the selected heads use [heads, keys, d]; heads of one group use the same."""
        vectors = self.capture.vectors(self.selection.layer, part=self.selection.part)
        return self._of_group(vectors.key, len(vectors.query))

    @cached_property
    def value_vectors(self) -> torch.Tensor:
        """Value vectors that the selected heads use [heads, keys, dv]; heads of one group use the same."""
        vectors = self.capture.vectors(self.selection.layer, part=self.selection.part)
        return self._of_group(vectors.value, len(vectors.query))

    @property
    def query_tokens(self) -> list[str]:
        """Readable tokens of the queries axis."""
        return self._labels("query", self.selection.query)

    @property
    def key_tokens(self) -> list[str]:
        """Readable tokens of the keys axis."""
        return self._labels("key", self.selection.key)

    def __repr__(self) -> str:
        return f"Selected({self.selection})"

    def _of_group(self, vectors: torch.Tensor, heads: int) -> torch.Tensor:
        each = heads // len(vectors)  # query heads of one group
        groups = [head // each for head in self.selection.heads]
        return _pinned(vectors[groups], self.selection.key)

    def _labels(self, side: str, pinned: int | None) -> list[str]:
        labels = self.capture.tokens(self.selection.part, side).labels
        return list(labels) if pinned is None else [labels[pinned]]


def _pinned(vectors: torch.Tensor, position: int | None) -> torch.Tensor:
    return vectors if position is None else vectors[:, position : position + 1]
