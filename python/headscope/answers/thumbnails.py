"""All heads of a layer as thumbnails: the first token of the text apart, the rest pooled.

Most heads give most of their weight to the first token. Left in, it sets the scale of the picture; left out without a
word, such a head looks like missing data. So it is a rail beside the body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headscope.answers.pooling import Reduce
from headscope.answers.walk import Frame, Pictures

if TYPE_CHECKING:
    import torch

__all__ = ["Thumbnails", "thumbnails"]


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Pictures of all heads of one layer. Tokens that are hidden are left out, and no number changes for it.

    Attributes
    ----------
    body : float32 tensor [heads, rows, columns], on the CPU
        Position 0 of the keys left out. With "max" the largest number of each cell. With "mean" the mean over its
        queries of what its keys get together: with the rail, a row of weights adds up to 1, less what sinks take and
        what is hidden.
    rail : float32 tensor [heads, rows], on the CPU, or None
        What position 0 of the keys gets, as the mean over the queries of each row; None where it takes no part.
    row_edges, column_edges : list of int
        Token position of the first token of each cell, and the end of the last.
    scale : float
        The largest number that any pair of the layer can have (1 for weights) or has, whatever is left out.
    """

    body: torch.Tensor
    rail: torch.Tensor | None
    row_edges: list[int]
    column_edges: list[int]
    scale: float


def thumbnails(frame: Frame, pictures: Pictures, reduce: Reduce, scale: float) -> Thumbnails:
    """Thumbnails out of the pictures of a walk."""
    _, rest, first = frame.columns
    body = pictures[reduce][1]
    if reduce == "mean":
        body = body * rest.sizes
    rail = pictures["mean"][2][..., 0] if len(first) else None
    return Thumbnails(body, rail, frame.rows.edges, rest.edges, scale)
