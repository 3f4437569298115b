"""The pictures that a grid of heads begins with, as one tensor of a layer in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from headscope.answers.frames import first_pictures
from headscope.answers.pooling import REDUCES
from headscope.answers.threads import few_threads
from headscope.answers.walk import walk, weights_of
from headscope.recording.layers import formula

if TYPE_CHECKING:
    from headscope.answers.certified import CertifiedLayers
    from headscope.answers.frames import Pictured
    from headscope.answers.walk import Pictures
    from headscope.recording.layers.differences import Weigh
    from headscope.recording.layers.record import AnyRecord

__all__ = ["OVERVIEW", "overview_of", "packed", "pictured_by", "unpacked"]

OVERVIEW = "overview"
"""What the tensor is called among those of its layer."""


def overview_of(layers: CertifiedLayers, layer: int) -> Pictures | None:
    """Pictures of a layer as its capture has them; None where they are too large to be kept."""
    record = layers.read(layer)
    pictured = first_pictures(record.queries, record.keys, record.heads)
    return layers.pictures(layer, pictured) if pictured.is_kept else None


@formula.exactly()
def pictured_by(record: AnyRecord, weigh: Weigh) -> tuple[Pictures | None, torch.Tensor | None]:
    """Pictures of what a layer will be once it is saved, and its log-sum-exp where its equation is known."""
    pictured = first_pictures(record.queries, record.keys, record.heads)
    with few_threads(weights_of(record), record.device):
        walked = walk(record, weigh, pictured.frame if pictured.is_kept else None)
    return walked.pictures or None, walked.lse


def packed(pictures: Pictures) -> torch.Tensor:
    """Float32 [2, heads, rows, columns]: largest weights, means; columns of all keys, of all but the first, of it."""
    return torch.stack([torch.cat(pictures[reduce], -1) for reduce in REDUCES])


def unpacked(tensor: torch.Tensor, pictured: Pictured, heads: int) -> Pictures | None:
    """The pictures of a layer; None where the tensor is of others."""
    widths = [len(columns) for columns in pictured.frame.columns]
    shape = (len(REDUCES), heads, len(pictured.frame.rows), sum(widths))
    if not pictured.is_kept or tensor.dtype != torch.float32 or tensor.shape != shape:
        return None
    return {reduce: list(one.split(widths, -1)) for reduce, one in zip(REDUCES, tensor, strict=True)}
