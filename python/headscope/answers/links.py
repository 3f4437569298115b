"""Which heads link two tokens: every head of a part, ranked by what it says of one pair."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from headscope.errors import HeadscopeError, RefusedLayer, UnknownProjection

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.answers.measure import Measure

__all__ = ["LinkingHead", "Links", "LinksOfLayer", "Pair", "layer_by_layer", "links"]

NAMED = 10
"""Heads that a `Links` names when it is printed."""


@dataclass(frozen=True)
class Pair:
    """What is asked about; `LinksQuestion` of the page."""

    part: str
    query: int
    key: int
    measure: Measure = "weight"


class LinkingHead(NamedTuple):
    """One head, and what it says of the pair."""

    layer: int
    head: int
    weight: float


@dataclass(frozen=True, eq=False, repr=False)
class Links:
    """What every head of a part says of one query and one key.

    Attributes
    ----------
    weights : float32 tensor [layers, heads], on the CPU
        Row by row equal to ``capture.attention(layer, None, query, key)``. NaN where there is no such head: in the row
        of a refused layer, and behind the last head of a layer that has fewer than another.
    layers : list of int
        Number of the layer of each row, refused ones included.
    ranked : list of LinkingHead
        ``(layer, head, weight)``, the largest weight first, equal ones in the order of the model. Heads without a
        number are left out.
    refused : dict of int to str
        Why a layer has no answer.
    pair : Pair
        What was asked: `part`, `query`, `key`, `measure`.
    tokens : tuple of str
        The query and the key as they read.
    """

    weights: torch.Tensor
    layers: list[int]
    ranked: list[LinkingHead]
    refused: dict[int, str]
    pair: Pair
    tokens: tuple[str, str]

    def __repr__(self) -> str:
        layers, heads = self.weights.shape
        query, key = self.tokens
        measure = "" if self.pair.measure == "weight" else f", {self.pair.measure}"
        lines = [f"Links({query!r} -> {key!r}, {layers} layers x {heads} heads{measure})"]
        lines += [f"  layer {one.layer:2d} head {one.head:2d}  {one.weight:.4f}" for one in self.ranked[:NAMED]]
        if len(self.ranked) > NAMED:
            lines.append(f"  and {len(self.ranked) - NAMED} more, at most {self.ranked[NAMED].weight:.4f}")
        lines += [f"  layer {layer:2d} refused: {reason}" for layer, reason in self.refused.items()]
        return "\n".join(lines)


class LinksOfLayer(NamedTuple):
    """The numbers of a layer's heads, float32 [heads] on the CPU, or why there are none."""

    layer: int
    weights: torch.Tensor | HeadscopeError


def layer_by_layer(capture: Capture, pair: Pair, layers: list[int]) -> Iterator[LinksOfLayer]:
    """Ask one layer after the other about a pair; one that has no answer does not keep the next from answering."""
    for layer in layers:
        try:
            weights = capture.attention(layer, None, pair.query, pair.key, part=pair.part, measure=pair.measure)
        except (RefusedLayer, UnknownProjection) as error:
            yield LinksOfLayer(layer, error)
        else:
            yield LinksOfLayer(layer, weights[:, 0, 0].cpu())


def links(capture: Capture, pair: Pair, answers: list[LinksOfLayer]) -> Links:
    """Rank what all layers of a part said; the first refusal is raised where none said anything."""
    refused = {layer: error for layer, error in answers if isinstance(error, HeadscopeError)}
    known = {layer: weights for layer, weights in answers if isinstance(weights, torch.Tensor)}
    if not known:
        raise next(iter(refused.values()))
    weights = torch.full((len(answers), max(map(len, known.values()))), torch.nan)
    for row, (layer, _) in enumerate(answers):
        if layer in known:
            weights[row, : len(known[layer])] = known[layer]
    layers = [layer for layer, _ in answers]
    return Links(
        weights=weights,
        layers=layers,
        ranked=_ranked(weights, layers),
        refused={layer: str(error) for layer, error in refused.items()},
        pair=pair,
        tokens=(capture.tokens(pair.part, "query").labels[pair.query], capture.tokens(pair.part).labels[pair.key]),
    )


def _ranked(weights: torch.Tensor, layers: list[int]) -> list[LinkingHead]:
    heads = [
        LinkingHead(layer, head, weight)
        for layer, row in zip(layers, weights.tolist(), strict=True)
        for head, weight in enumerate(row)
        if not math.isnan(weight)
    ]
    return sorted(heads, key=lambda one: -one.weight)
