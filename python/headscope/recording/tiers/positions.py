"""Which token each number of a forward belongs to: the positions of the inputs, followed through every operation.

Beside the memory that an activation stands in there is one integer for each of its numbers. What moves numbers moves
these, by the same operation; what computes row by row hands them on; and what takes tokens together leaves the token of
the position that it writes to, where that is known (as a residual stream is), else none. So it is known whether the
rows of queries, keys and values stand in the order of the tokens, whatever was done to them before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

__all__ = ["MIXED", "MOVED", "NOTHING", "Positions"]

NOTHING, MIXED, MOVED = -3, -2, -1
"""Of no token, such as a parameter; of several or of one that is not known; of such that were then picked or moved."""

_BITS = 20
_STREAMS = 1 << (31 - _BITS)

_PRODUCTS = {"addmm": 1, "baddbmm": 1, "bmm": 0, "mm": 0}
"""And at which argument their factors begin."""
_ANEW = {"index", "index_select", "gather", "take", "flip", "roll", "rot90", "index_put", "index_copy", "index_add"}
_ANEW |= {"scatter", "scatter_add", "scatter_reduce", "pixel_shuffle", "pixel_unshuffle"}
_MOVES = _ANEW | {"repeat", "constant_pad_nd", "slice_scatter", "select_scatter", "masked_select", "cat", "stack"}
_MOVES |= {"masked_scatter", "channel_shuffle", "native_channel_shuffle", "im2col", "where"}
"""Operations that put numbers elsewhere; after those `_ANEW`, in an order that only numbers tell."""
_SORTS = {"kthvalue", "max", "median", "min", "mode", "sort", "topk"}
"""Those of a value and the index where it was found, along an axis."""
_REDUCTIONS = {"all", "amax", "amin", "any", "linalg_vector_norm", "logsumexp", "mean", "norm", "prod", "std", "sum"}
_REDUCTIONS |= {"var"}


@dataclass(frozen=True)
class _Beside:
    """The integers of one memory."""

    alive: StorageWeakRef
    flat: torch.Tensor  # int32 [numbers in the memory], never written to
    itemsize: int


class Positions:
    """Follows the tokens of one forward."""

    def __init__(self) -> None:
        self._beside: dict[int, _Beside] = {}
        self._streams: list[tuple[int, int | None]] = []
        self._most = 64

    def begin(self, tensor: torch.Tensor, axis: int | None, items: int | None = None) -> None:
        """An input: along `axis` its tokens, along `items` the items of a batch; of what order, if None, is unknown."""
        if axis is None:
            self._set(tensor, torch.full((), MIXED, dtype=torch.int32))
            return
        rows = 1 if items is None or len(self._streams) + tensor.shape[items] >= _STREAMS else tensor.shape[items]
        first = len(self._streams)
        self._streams += [(tensor.shape[axis], None if items is None else item) for item in range(rows)]
        at = _along(torch.arange(tensor.shape[axis], dtype=torch.int32), axis, tensor.dim())
        if first >= _STREAMS or tensor.shape[axis] >= 1 << _BITS:
            return
        numbers = torch.arange(first, first + rows, dtype=torch.int32) << _BITS
        at = at + (numbers if items is None else _along(numbers, items, tensor.dim()))
        self._set(tensor, at.to(tensor.device))

    def of(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Of each number its token; None where it is of none."""
        known = self._known(tensor)
        if known is None:
            return None
        size, odd = divmod(tensor.element_size(), known.itemsize)
        if odd or not size:
            return torch.full_like(tensor, MIXED, dtype=torch.int32)
        return known.flat.as_strided(
            tensor.shape, [step * size for step in tensor.stride()], tensor.storage_offset() * size
        )

    def rows(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Of each row of vectors [..., n, d] its token, [..., n]."""
        known = self.of(tensor)
        return None if known is None else _shared(known, -1)

    def attended(self, query: torch.Tensor, output: torch.Tensor) -> None:
        """Of an output [B, Q, H, dv] of attention, each row belongs to the token of its query [B, H, Q, d]."""
        tokens = self.rows(query)
        if tokens is not None and tokens.dim() == 3:
            self._set(output, tokens.transpose(1, 2)[..., None])

    def misplaced(self, tokens: torch.Tensor, row: int | None) -> str:
        """Why rows of tokens [H, n] do not stand for the positions 0 .. n - 1 of an axis; empty if they may.

        `row` is the item of the batch that they belong to, if that is known.
        """
        if bool((tokens == MOVED).any()):
            return "were picked by number, so it is not known which row is which token's"
        known = tokens >= 0
        streams = tokens[known].unique() >> _BITS
        at = tokens & ((1 << _BITS) - 1)
        for stream in streams.unique().tolist():
            length, item = self._streams[stream]
            own = known & (tokens >> _BITS == stream)
            if None not in (row, item) and row != item:
                return f"belong to item {item} of the batch where those of item {row} are due"
            if length == tokens.shape[-1]:
                due = torch.arange(length, dtype=at.dtype, device=at.device).expand_as(at)
                wrong = own & (at != due)
            else:
                before = torch.where(own, at, -1).cummax(dim=-1).values
                wrong = own & (at < before)
            if bool(wrong.any()):
                head, position = wrong.nonzero()[0].tolist()
                return (
                    f"do not stand in the order of the tokens: at position {position} is token {at[head, position]}; "
                    "something before the attention moved, turned or sorted them"
                )
        return ""

    def follow(self, function: Any, args: Sequence[Any], named: Mapping[str, Any], out: Any) -> None:
        """Take note of an operation that has run."""
        given = [*_tensors(args), *_tensors(named.values())]
        if not any(self._known(one) is not None for one in given):
            return
        name = function.overloadpacket.__name__
        written = function._schema.is_mutable
        name = name.removesuffix("_") if written and not name.startswith("_") else name
        outs = [one for one in _tensors(out if isinstance(out, tuple | list) else [out]) if one.dtype != torch.bool]
        storages = {_storage(one) for one in given}
        if not written and all(_storage(one) in storages for one in outs):
            return  # views
        if written:
            named = {key: value for key, value in named.items() if key != "out"}
            outs = outs[:1]
        try:
            found = self._found(name, function, args, named, outs)
        except Exception:  # the same operation cannot be run on integers
            found = [torch.full((), MOVED, dtype=torch.int32)] * len(outs)
        for one, tokens in zip(outs, found, strict=False):
            if tokens is not None:
                self._set(one, tokens.to(one.device))

    def _found(
        self, name: str, function: Any, args: Sequence[Any], named: Mapping[str, Any], outs: list[torch.Tensor]
    ) -> list[torch.Tensor | None]:
        out = outs[0] if outs else None
        if out is None:
            return []
        if name.startswith("_scaled_dot_product"):
            tokens = self.rows(args[0])
            return [None if tokens is None else tokens[..., None]]
        if name in _PRODUCTS:
            return [self._product(args, _PRODUCTS[name], out)]
        if name == "copy":
            tokens = self.of(args[1])
            return [torch.full((), NOTHING, dtype=torch.int32) if tokens is None else tokens]
        if name == "embedding":
            return [self._looked_up(*args[:2])]
        if name in _SORTS and len(outs) > 1:
            return self._sorted(args, named, outs)
        if name in _MOVES:
            return [self._moved(name, function, args, named)]
        if name in _REDUCTIONS:
            return [self._reduced(name, args, named, out)]
        if name == "convolution":
            return [self._convolved(args[0], out)]
        return [self._by_shape(args, one) for one in outs]

    def _product(self, args: Sequence[Any], begin: int, out: torch.Tensor) -> torch.Tensor | None:
        left, right = (self.of(one) for one in args[begin : begin + 2])
        first, second = args[begin : begin + 2]
        rows = None if left is None else _weighed(left, None if right is not None else second)
        columns = None if right is None else _weighed(right.mT, None if left is not None else first.mT).mT
        if rows is None or columns is None:
            found = columns if rows is None else rows
        else:  # of queries times keys it is the queries' token
            found = torch.where(rows >= MOVED, rows, torch.maximum(rows, columns))
        added = self.of(args[0]) if begin else None
        if added is not None:
            found = added if found is None else _joined(found.expand(out.shape), added.expand(out.shape))
        return found

    def _looked_up(self, table: torch.Tensor, index: torch.Tensor) -> torch.Tensor | None:
        known, at = self.of(table), self.of(index)
        if known is not None:
            return _unsorted(known[index])
        return None if at is None else at[..., None]

    def _sorted(
        self, args: Sequence[Any], named: Mapping[str, Any], outs: list[torch.Tensor]
    ) -> list[torch.Tensor | None]:
        tokens = self.of(args[0])
        axes = [one for one in (*args[1:], named.get("dim")) if isinstance(one, int) and not isinstance(one, bool)]
        axis = (axes[-1] if axes else -1) % args[0].dim()
        if tokens is None:
            return [None]
        within = _shared(tokens, axis)
        found = torch.where(within == MIXED, MOVED, within)
        return [found if found.dim() == outs[0].dim() else found.unsqueeze(axis)]

    def _moved(self, name: str, function: Any, args: Sequence[Any], named: Mapping[str, Any]) -> torch.Tensor | None:
        """The same operation on the integers."""

        def data(value: Any, at: Any = None) -> Any:
            if isinstance(value, torch.Tensor):
                tokens = self.of(value)
                return torch.full_like(value, NOTHING, dtype=torch.int32) if tokens is None else tokens
            return value if at is None else at

        if name in ("cat", "stack"):
            return function([data(one) for one in args[0]], *args[1:], **named)
        if name == "where":
            return self._by_shape_of([data(one, NOTHING) for one in args[1:]], args[0])
        values = {"index_put": 2, "index_copy": 3, "index_add": 3, "scatter": 3, "scatter_add": 3, "scatter_reduce": 3}
        values |= {"masked_scatter": 2, "slice_scatter": 1, "select_scatter": 1}
        moved = [data(args[0]), *args[1:]]
        place = values.get(name)
        if place is not None:
            index = args[2] if name.startswith("scatter") else None
            number = not isinstance(args[place], torch.Tensor)
            moved[place] = self.of(index) if number and index is not None else None
            if moved[place] is None:
                filled = torch.full((), NOTHING, dtype=torch.int32, device=args[0].device)
                moved[place] = filled.expand(index.shape) if number and index is not None else data(args[place], filled)
        axes = moved[1:]
        if name.startswith("scatter"):
            tokens = moved[0].scatter(*axes[:3])
        elif name == "index_add":
            tokens = moved[0].index_copy(*axes[:3])
        elif name == "index_put":
            tokens = torch.ops.aten.index_put(*moved[:3])
        elif name == "constant_pad_nd":
            tokens = torch.constant_pad_nd(moved[0], args[1], NOTHING)
        elif name == "im2col":
            tokens = (function((moved[0] - NOTHING).double(), *axes, **named)).to(torch.int32) + NOTHING
        else:
            tokens = getattr(torch.ops.aten, name)(*moved, **named)
        return _unsorted(tokens) if name in _ANEW else tokens

    @staticmethod
    def _by_shape_of(sides: Sequence[Any], where: torch.Tensor) -> torch.Tensor:
        """Of two, by place."""
        chosen = torch.where(where, *sides)
        return torch.where(chosen == NOTHING, torch.where(where, *sides[::-1]), chosen).to(torch.int32)

    def _reduced(
        self, name: str, args: Sequence[Any], named: Mapping[str, Any], out: torch.Tensor
    ) -> torch.Tensor | None:
        tokens = self.of(args[0])
        if tokens is None or not out.is_floating_point():
            return None
        axes = named.get(
            "dim", args[2:3] and args[2] if name in ("linalg_vector_norm", "norm") else args[1:2] and args[1]
        )
        axes = [axes] if isinstance(axes, int) else axes
        for axis in sorted(one % tokens.dim() for one in (axes or range(tokens.dim())))[::-1]:
            tokens = _shared(tokens, axis)
        return tokens.reshape(out.shape)

    def _convolved(self, given: torch.Tensor, out: torch.Tensor) -> torch.Tensor | None:
        """One that leaves the places as many keeps them; what else it makes are tokens of its own, in their order."""
        tokens = self.of(given)
        if tokens is None:
            return None
        if given.shape[2:] == out.shape[2:]:
            return _shared(tokens, 1)[:, None]
        number, count = len(self._streams), out[0, 0].numel()
        if number >= _STREAMS or count >= 1 << _BITS:
            return torch.full((), MIXED, dtype=torch.int32)
        self._streams.append((0, None))
        return (torch.arange(count, dtype=torch.int32) + (number << _BITS)).view(out.shape[2:])

    def _by_shape(self, args: Sequence[Any], out: torch.Tensor) -> torch.Tensor | None:
        """Of anything else: number by number where it has the shape of the result, row by row where it has its rows."""
        found: torch.Tensor | None = None
        mixed = False
        for one in _tensors(args):
            tokens = self.of(one)
            if tokens is None:
                continue
            if tokens.dim() and tokens.shape[:-1] == out.shape[:-1] and tokens.shape[-1] not in (1, out.shape[-1]):
                tokens = _shared(tokens, -1)[..., None]
            if not _broadcasts(tokens.shape, out.shape):
                mixed = True
                continue
            tokens = tokens.expand(out.shape)
            found = tokens if found is None else _joined(found, tokens)
        if found is None and mixed and out.is_floating_point():
            return torch.full((), MIXED, dtype=torch.int32)
        return found

    def _known(self, tensor: torch.Tensor) -> _Beside | None:
        known = self._beside.get(_storage(tensor))
        return None if known is None or known.alive.expired() else known

    def _set(self, tensor: torch.Tensor, tokens: torch.Tensor) -> None:
        """`tokens`, broadcast, of a tensor."""
        known, memory = self._known(tensor), tensor.untyped_storage()
        size = tensor.element_size()
        if known is not None and known.itemsize == size:
            flat = known.flat.clone()
        else:
            flat = torch.full((memory.nbytes() // size,), NOTHING, dtype=torch.int32, device=tensor.device)
        flat.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).copy_(tokens)
        if len(self._beside) > self._most:
            self._beside = {at: one for at, one in self._beside.items() if not one.alive.expired()}
            self._most = 64 + 2 * len(self._beside)
        self._beside[_storage(tensor)] = _Beside(StorageWeakRef(memory), flat, size)


def _shared(tokens: torch.Tensor, axis: int) -> torch.Tensor:
    """The token that all along an axis belong to; MIXED where they are several."""
    if not tokens.shape[axis]:
        return tokens.new_full(tokens.sum(axis).shape, NOTHING)
    most = tokens.amax(axis)
    alike = ((tokens == most.unsqueeze(axis)) | (tokens < 0)).all(axis)
    return torch.where(alike, most, MIXED)


def _weighed(tokens: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Of a product of rows of `tokens` [..., I, K] with weights [..., K, J]: [..., I, 1]; or one for each number."""
    found = _shared(tokens, -1)[..., None]
    if weights is not None and bool((found == MIXED).any()) and bool((tokens >= 0).any()):
        chosen = weights != 0
        if bool((chosen.sum(-2) == 1).all()):  # a matrix that puts tokens in another order
            return (tokens.double() @ chosen.double()).to(torch.int32)
    return found


def _joined(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Of something computed of two, number by number: where they are of different tokens, that of the side in order."""
    if torch.equal(one, other):
        return one
    most = torch.maximum(one, other)
    differ = (one >= 0) & (other >= 0) & (one != other)
    if not bool(differ.any()):
        return most
    for side in (one, other):
        if _in_order(side):
            return torch.where(side >= 0, side, most)
    return most  # the later one, as in a recurrent layer


def _in_order(tokens: torch.Tensor) -> bool:
    """Whether along some axis every token follows the one before it."""

    def along(axis: int) -> bool:
        before, after = tokens.narrow(axis, 0, tokens.shape[axis] - 1), tokens.narrow(axis, 1, tokens.shape[axis] - 1)
        return bool(((after - before == 1) | (before < 0) | (after < 0)).all())

    return any(along(axis) for axis in range(tokens.dim()) if tokens.shape[axis] > 1)


def _unsorted(tokens: torch.Tensor) -> torch.Tensor:
    """After a move that numbers told."""
    return torch.where(tokens == MIXED, MOVED, tokens)


def _along(tensor: torch.Tensor, axis: int, dimensions: int) -> torch.Tensor:
    return tensor.view([-1 if one == axis % dimensions else 1 for one in range(dimensions)])


def _broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    pairs = zip(reversed(shape), reversed(to), strict=False)
    return len(shape) <= len(to) and all(have in (1, want) for have, want in pairs)


def _tensors(given: Iterable[Any]) -> Iterator[torch.Tensor]:
    for one in given:
        if isinstance(one, torch.Tensor):
            if one.layout == torch.strided:
                yield one
        elif isinstance(one, tuple | list):
            yield from _tensors(one)


def _storage(tensor: torch.Tensor) -> int:
    address: int = tensor.untyped_storage()._cdata
    return address
