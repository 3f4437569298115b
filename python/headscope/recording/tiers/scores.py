"""Scores before a softmax as an equation, and what arithmetic makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch

from headscope.recording.tiers.layout import RESHAPES, Layout
from headscope.recording.tiers.operation import Operation

__all__ = ["NEVER", "RULES", "Path", "Product", "Scores"]

Path: TypeAlias = tuple[str, ...]
"""Names of the modules whose forwards run, the innermost last."""

NEVER = -5000.0
"""What is added to a score to hide the key: beside it every other weight is 0."""


@dataclass(frozen=True, eq=False)
class Product:
    """``left @ right^T`` of two activations."""

    left: torch.Tensor  # [N, I, d]
    right: torch.Tensor  # [N, J, d]
    path: Path
    left_tokens: torch.Tensor | None  # [N, I], as of `Positions`
    right_tokens: torch.Tensor | None  # [N, J]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores as ``cap * tanh(scaling * product / cap) + terms``, hidden keys left out; `factors` multiply the product.

    Terms, factors and masks are of the scores' own shape, or broadcast to it.
    """

    product: Product
    layout: Layout
    """Of the scores over the flattened product [N, I, J]."""
    scaling: float = 1.0
    cap: float | None = None
    factors: tuple[torch.Tensor, ...] = ()
    terms: tuple[torch.Tensor, ...] = ()
    hidden: tuple[torch.Tensor, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The scores' shape."""
        return self.layout.shape

    def times(self, factor: float) -> Scores:
        """All of it times a number."""
        cap = None if self.cap is None else self.cap * factor
        terms = self.terms if factor == 1 else tuple(term * factor for term in self.terms)
        return replace(self, scaling=self.scaling * factor, cap=cap, terms=terms)

    def times_tensor(self, factor: torch.Tensor, shape: torch.Size) -> Scores | None:
        """All of it times a tensor. A table of 0 and 1 is left to the term that then hides what is 0."""
        if factor.dim() and factor.shape[-1] == shape[-1] and bool(((factor == 0) | (factor == 1)).all()):
            return replace(self, layout=self.layout.expand(shape))
        if self.cap is not None:
            return None
        terms = tuple(term * factor for term in self.terms)
        return replace(self, layout=self.layout.expand(shape), factors=(*self.factors, factor), terms=terms)

    def plus(self, term: torch.Tensor, shape: torch.Size) -> Scores:
        """With one more term."""
        return replace(self, layout=self.layout.expand(shape), terms=(*self.terms, term))

    def without(self, hidden: torch.Tensor, shape: torch.Size) -> Scores:
        """With some keys hidden."""
        return replace(self, layout=self.layout.expand(shape), hidden=(*self.hidden, hidden))

    def capped(self) -> Scores | None:
        """Its hyperbolic tangent."""
        return replace(self, cap=1.0) if self.cap is None and not self.terms and not self.hidden else None

    def viewed(self, operation: Operation) -> Scores | None:
        """The same scores in other axes."""
        layout = self.layout.viewed(operation)
        if layout is None:
            return None

        def move(tensor: torch.Tensor) -> torch.Tensor:
            whole = tensor.expand(self.shape)
            if operation.name in RESHAPES:
                return whole.reshape(operation.out.shape)
            moved: torch.Tensor = operation.function(whole, *operation.args[1:], **operation.named)
            return moved

        parts = (tuple(move(one) for one in tensors) for tensors in (self.factors, self.terms, self.hidden))
        factors, terms, hidden = parts
        return replace(self, layout=layout, factors=factors, terms=terms, hidden=hidden)


_Sides: TypeAlias = "tuple[Scores | None, ...]"
"""What is known of an operation's arguments, by place."""


def _scaled(operation: Operation, sides: _Sides) -> Scores | None:
    ours = sides[0] is not None
    scores, factor = (sides[0], operation.args[1]) if ours else (sides[1], operation.args[0])
    if scores is None or (operation.name == "div" and (not ours or operation.named.get("rounding_mode"))):
        return None
    number = _number(factor)
    if number is not None:
        return scores.times(number if operation.name == "mul" else 1 / number)
    return scores.times_tensor(factor if operation.name == "mul" else 1 / factor, operation.out.shape)


def _summed(operation: Operation, sides: _Sides) -> Scores | None:
    """Of two products, the first is taken for the one of queries and keys."""
    first, second = operation.args[:2]
    alpha = operation.named.get("alpha", 1)
    signs = {"add": (1, alpha), "sub": (1, -alpha), "rsub": (-alpha, 1)}[operation.name]
    if sides[0] is not None:
        scores, other, factor = sides[0].times(signs[0]), second, signs[1]
    elif sides[1] is not None:
        scores, other, factor = sides[1].times(signs[1]), first, signs[0]
    else:
        return None
    if not isinstance(other, torch.Tensor):  # the same number for every key changes no weight
        return scores
    return scores.plus(other if factor == 1 else other * factor, operation.out.shape)


def _masked(operation: Operation, sides: _Sides) -> Scores | None:
    scores, _, _ = sides
    if scores is None or _largest(operation.args[2]) > NEVER:
        return None
    return scores.without(operation.args[1], operation.out.shape)


def _chosen(operation: Operation, sides: _Sides) -> Scores | None:
    where, yes, no = operation.args
    if sides[1] is not None and sides[2] is None and _largest(no) <= NEVER:
        return sides[1].without(~where, operation.out.shape)
    if sides[2] is not None and sides[1] is None and _largest(yes) <= NEVER:
        return sides[2].without(where, operation.out.shape)
    return None


def _unchanged(_: Operation, sides: _Sides) -> Scores | None:
    return sides[0]


RULES: dict[str, Callable[[Operation, _Sides], Scores | None]] = {
    "add": _summed,
    "clamp": _unchanged,  # mends scores that are out of range; that it leaves these alone, comparing will tell
    "clamp_max": _unchanged,
    "clamp_min": _unchanged,
    "div": _scaled,
    "masked_fill": _masked,
    "maximum": _unchanged,
    "mul": _scaled,
    "nan_to_num": _unchanged,
    "neg": lambda _, sides: sides[0].times(-1.0) if sides[0] is not None else None,
    "rsub": _summed,
    "sub": _summed,
    "tanh": lambda _, sides: sides[0].capped() if sides[0] is not None else None,
    "where": _chosen,
}
"""What each operation makes of scores; None where the result has no such form."""


def _number(value: Any) -> float | None:
    if isinstance(value, torch.Tensor):
        return float(value) if value.numel() == 1 else None
    return float(value)


def _largest(value: Any) -> float:
    return float(value.max()) if isinstance(value, torch.Tensor) else float(value)
