"""What the operations of a forward say of its attention: the way from two vectors to a weight and on to the values.

The product of two activations is a table of scores. It is followed through what may come before the softmax (factors,
terms that are added, masks, a cap) as an equation whose terms are kept, and from the softmax to the product with the
values. Nothing here is believed: whoever receives an :class:`Attended` compares the weights that follow from its terms
with those that the model computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from headscope.recording.tiers.layout import RESHAPES, VIEWS, Layout, contiguous
from headscope.recording.tiers.operation import Operation
from headscope.recording.tiers.positions import Positions
from headscope.recording.tiers.scores import RULES, Path, Product, Scores

__all__ = ["Attended", "Lost", "Provenance", "Softmax"]

_SAME = {"_to_copy", "alias", "clone", "contiguous", "copy", "detach", "lift_fresh"}
_SOFTMAX = {"_safe_softmax", "_softmax", "softmax"}
_PRODUCTS = {"addmm", "baddbmm", "bmm", "mm"}
_ANEW = {"convolution", "embedding", "native_group_norm", "native_layer_norm"}
"""Of what comes out of these, the scores that went in say nothing."""


@dataclass(frozen=True)
class Lost:
    """Something computed from a product of two activations in a way that is not followed."""

    operation: str
    product: Product

    @property
    def path(self) -> Path:
        """The modules within which the product was computed."""
        return self.product.path


@dataclass(frozen=True, eq=False)
class Softmax:
    """A softmax of scores."""

    scores: Scores | Lost
    shape: tuple[int, ...]
    axis: int
    path: Path
    """The modules within which scores and softmax were computed."""


@dataclass(frozen=True, eq=False)
class _Spread:
    """The output of a softmax, in whatever axes."""

    softmax: Softmax
    layout: Layout


@dataclass(frozen=True, eq=False)
class Attended:
    """A softmax whose output was multiplied by values: ``output = weights @ values``."""

    softmax: Softmax
    layout: Layout
    """Of `weights` over the softmax's flattened output."""
    weights: torch.Tensor  # [N, I, J]
    values: torch.Tensor  # [N, J, dv]
    output: torch.Tensor  # [N, I, dv]
    path: Path
    """The modules within which scores, softmax and output were computed."""
    row_tokens: torch.Tensor | None  # [N, I], as of `Positions`
    value_tokens: torch.Tensor | None  # [N, J]


_Mark: TypeAlias = Scores | Lost | _Spread


class Provenance:
    """Follows scores and weights through the operations of one forward.

    Tensors are known again by the memory that they stand in, so that views are told apart and nothing is kept alive.

    Parameters
    ----------
    weights
        The model's parameters and buffers: a product with one of them is no product of activations.
    path
        Called to learn which modules' forwards run.
    positions
        Tells which token is which.
    """

    def __init__(self, weights: Iterable[torch.Tensor], path: Callable[[], Path], positions: Positions) -> None:
        self._positions = positions
        self._weights = {_storage(tensor) for tensor in weights}
        self._path = path
        self._marks: dict[int, tuple[StorageWeakRef, dict[tuple[Any, ...], _Mark]]] = {}
        self.spelled: dict[str, str] = {}
        """Modules that made something of a product of two activations and multiplied a third by it, with no softmax
        that was seen; and the operation after which it was followed no longer."""
        self.softmaxes: set[str] = set()
        """Modules in which a softmax was run, of whatever."""

    def follow(self, operation: Operation) -> Attended | None:
        """Take note of an operation that has run; what it completed, if it was the product with the values."""
        if operation.name in _PRODUCTS:
            return self._multiplied(operation)
        if operation.name in _SOFTMAX:
            self.softmaxes.update(self._path())
        marks = [mark for mark in map(self._mark, operation.tensors()) if mark is not None]
        known = min(marks, key=lambda mark: isinstance(mark, Lost), default=None)
        result = None if known is None else self._next(operation, known)
        if operation.in_place:
            self._overwritten(operation)
        if result is not None:
            self._set(operation.out, result)
        return None

    def _multiplied(self, operation: Operation) -> Attended | None:
        added, left, right = (None, *operation.args[:2]) if operation.name in ("bmm", "mm") else operation.args[:3]
        if _storage(left) in self._weights or _storage(right) in self._weights:
            return None
        marks = self._mark(left), self._mark(right)
        left, right, product = (one if one.dim() == 3 else one[None] for one in (left, right, operation.out))
        for mark in marks:
            if isinstance(mark, Lost) and mark.path:
                self.spelled.setdefault(_common(mark.path, self._path())[-1], mark.operation)
        if isinstance(marks[0], _Spread):
            return self._attended(marks[0].softmax, _in_three_axes(marks[0]), left, right, product)
        if isinstance(marks[1], _Spread):
            layout = _in_three_axes(marks[1]).swap(1, 2)
            return self._attended(marks[1].softmax, layout, right.mT, left.mT, product.mT)
        axes = contiguous(product.shape).axes[-operation.out.dim() :]
        tokens = self._positions.rows(left), self._positions.rows(right.mT)
        scores = Scores(Product(left, right.mT, self._path(), *tokens), Layout(axes))
        if added is not None:
            scores = scores.times(float(operation.named.get("alpha", 1)))
            beta = operation.named.get("beta", 1)
            scores = scores if beta == 0 else scores.plus(added * beta, operation.out.shape)
        self._set(operation.out, scores)
        return None

    def _attended(
        self, softmax: Softmax, layout: Layout, weights: torch.Tensor, values: torch.Tensor, output: torch.Tensor
    ) -> Attended:
        tokens = self._positions.rows(weights), self._positions.rows(values)
        return Attended(softmax, layout, weights, values, output, _common(softmax.path, self._path()), *tokens)

    def _next(self, operation: Operation, known: _Mark) -> _Mark | None:
        """What is known of the result of an operation on something known."""
        name, shape = operation.name, tuple(operation.out.shape)
        if name in _ANEW:
            return None
        if name in _SOFTMAX:
            return self._softmax(operation, known)
        if isinstance(known, Lost) or (name in _SAME and known.layout.shape == shape):
            return known
        if isinstance(known, _Spread):
            return self._of_weights(operation, known)
        if name in RESHAPES or name in VIEWS:
            scores = known.viewed(operation)
        else:
            sides = tuple(self._scores(one) for one in operation.args)
            scores = RULES[name](operation, sides) if name in RULES else None
        return Lost(name, known.product) if scores is None else scores

    @staticmethod
    def _of_weights(operation: Operation, known: _Spread) -> _Spread | None:
        if operation.name in RESHAPES or operation.name in VIEWS:
            layout = known.layout.viewed(operation)
            return None if layout is None else replace(known, layout=layout)
        same = known.layout.shape == tuple(operation.out.shape)
        return known if same else None  # a mask of heads; comparing tells what it did

    def _softmax(self, operation: Operation, known: Scores | Lost | _Spread) -> _Spread | None:
        if isinstance(known, _Spread):
            return None
        path = _common(known.product.path, self._path())
        shape = tuple(operation.out.shape)
        return _Spread(Softmax(known, shape, operation.args[1] % len(shape), path), contiguous(shape))

    def _scores(self, value: Any) -> Scores | None:
        mark = self._mark(value) if isinstance(value, torch.Tensor) else None
        return mark if isinstance(mark, Scores) else None

    def _mark(self, tensor: torch.Tensor) -> _Mark | None:
        known = self._marks.get(_storage(tensor))
        if known is None or known[0].expired():
            return None
        return known[1].get(_place(tensor))

    def _set(self, tensor: torch.Tensor, mark: _Mark) -> None:
        at = _storage(tensor)
        known = self._marks.get(at)
        if known is None or known[0].expired():
            self._marks = {where: one for where, one in self._marks.items() if not one[0].expired()}
            known = self._marks[at] = (StorageWeakRef(tensor.untyped_storage()), {})
        known[1][_place(tensor)] = mark

    def _overwritten(self, operation: Operation) -> None:
        """Something was written to: what was known of others in the same memory holds no longer."""
        known = self._marks.get(_storage(operation.out))
        for place, mark in list(known[1].items()) if known is not None else ():
            if isinstance(mark, Scores):
                self._marks[_storage(operation.out)][1][place] = Lost(operation.name, mark.product)


def _in_three_axes(spread: _Spread) -> Layout:
    layout = spread.layout
    return layout if len(layout.axes) == 3 else Layout(((), *layout.axes), layout.offset)


def _storage(tensor: torch.Tensor) -> int:
    address: int = tensor.untyped_storage()._cdata
    return address


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype


def _common(one: Path, other: Path) -> Path:
    """The modules within which both were."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return one[:shared]
