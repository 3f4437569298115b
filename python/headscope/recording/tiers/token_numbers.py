"""Tensors of token numbers, one for each number of an activation, and what becomes of them where tokens meet."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = [
    "MIXED",
    "MOVED",
    "NOTHING",
    "along",
    "ascends",
    "broadcasts",
    "in_order",
    "joined",
    "shared",
    "unsorted",
    "weighed",
]

NOTHING, MIXED, MOVED = -3, -2, -1
"""Of no token, such as a parameter; of several or of one that is not known; of such that were then picked or moved."""


def shared(tokens: torch.Tensor, axis: int) -> torch.Tensor:
    """The token that all along an axis belong to; MIXED where they are several."""
    if not tokens.shape[axis]:
        return tokens.new_full(tokens.sum(axis).shape, NOTHING)
    most = tokens.amax(axis)
    alike = ((tokens == most.unsqueeze(axis)) | (tokens < 0)).all(axis)
    return torch.where(alike, most, MIXED)


def weighed(tokens: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Of a product of rows of `tokens` [..., I, K] with weights [..., K, J]: [..., I, 1]; or one for each number."""
    found = shared(tokens, -1)[..., None]
    if weights is not None and bool((found == MIXED).any()) and bool((tokens >= 0).any()):
        chosen = weights != 0
        if bool((chosen.sum(-2) == 1).all()):  # a matrix that puts tokens in another order
            return (tokens.double() @ chosen.double()).to(torch.int32)
    return found


def joined(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Of something computed of two, number by number: where they are of different tokens, that of the side in order."""
    if torch.equal(one, other):
        return one
    most = torch.maximum(one, other)
    differ = (one >= 0) & (other >= 0) & (one != other)
    if not bool(differ.any()):
        return most
    for side in (one, other):
        if in_order(side):
            return torch.where(side >= 0, side, most)
    return most  # the later one, as in a recurrent layer


def in_order(tokens: torch.Tensor) -> bool:
    """Whether along some axis every token follows the one before it."""

    def along(axis: int) -> bool:
        before, after = tokens.narrow(axis, 0, tokens.shape[axis] - 1), tokens.narrow(axis, 1, tokens.shape[axis] - 1)
        return bool(((after - before == 1) | (before < 0) | (after < 0)).all())

    return any(along(axis) for axis in range(tokens.dim()) if tokens.shape[axis] > 1)


def ascends(tokens: torch.Tensor) -> bool:
    """Whether along the last axis no token follows a later one, as far as they are known."""
    before = torch.where(tokens >= 0, tokens, -1).cummax(-1).values
    return not bool(((tokens >= 0) & (tokens < before)).any() or (tokens == MOVED).any())


def unsorted(tokens: torch.Tensor) -> torch.Tensor:
    """After a move that numbers told."""
    return torch.where(tokens == MIXED, MOVED, tokens)


def along(tensor: torch.Tensor, axis: int, dimensions: int) -> torch.Tensor:
    """One number for each place along an axis of a tensor of so many dimensions, to be broadcast."""
    return tensor.view([-1 if one == axis % dimensions else 1 for one in range(dimensions)])


def broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    """Whether a tensor of one shape can be broadcast to another."""
    pairs = zip(reversed(shape), reversed(to), strict=False)
    return len(shape) <= len(to) and all(have in (1, want) for have, want in pairs)
