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

from headscope.recording.tiers.operation import Operation

__all__ = ["MIXED", "MOVED", "NOTHING", "Positions"]

NOTHING, MIXED, MOVED = -3, -2, -1
"""Of no token, such as a parameter; of several or of one that is not known; of such that were then picked or moved."""

_BITS = 20
_STREAMS = 1 << (31 - _BITS)

_PRODUCTS = {"addmm": 1, "baddbmm": 1, "bmm": 0, "mm": 0}
"""And at which argument their factors begin."""
_WRITES = {
    "index_add": (3, "index_copy"),
    "index_copy": (3, "index_copy"),
    "index_put": (2, "index_put"),
    "masked_scatter": (2, "masked_scatter"),
    "scatter": (3, "scatter"),
    "scatter_add": (3, "scatter"),
    "scatter_reduce": (3, "scatter"),
    "select_scatter": (1, "select_scatter"),
    "slice_scatter": (1, "slice_scatter"),
}
"""Of what writes into a copy of something, at which argument it is told what, and what only writes."""
_ANEW = {"flip", "gather", "index", "index_select", "pixel_shuffle", "pixel_unshuffle", "roll", "rot90", "take"}
_ANEW |= {"index_add", "index_copy", "index_put", "scatter", "scatter_add", "scatter_reduce"}
_MOVES = {*_ANEW, *_WRITES, "cat", "channel_shuffle", "constant_pad_nd", "im2col", "masked_select"}
_MOVES |= {"native_channel_shuffle", "repeat", "stack", "where"}
"""Operations that put numbers elsewhere; after those `_ANEW`, in an order that only numbers tell."""
_LOOKUPS = {"gather", "index", "index_select", "take"}
_CONVOLUTIONS = {"_adaptive_avg_pool2d", "avg_pool2d", "convolution", "max_pool2d_with_indices"}
_SORTS = {"kthvalue", "max", "median", "min", "mode", "sort", "topk"}
"""Those that give a value and the index where it was found, along an axis."""
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
        """How long each text is, 0 where that tells nothing, and which item of a batch it is, if of any."""
        self._most = 64

    def begin(self, tensor: torch.Tensor, axis: int | None, items: int | None = None) -> None:
        """An input: along `axis` its tokens, along `items` the items of a batch; of what order, if None, is unknown."""
        if axis is None:
            self._set(tensor, torch.full((), MIXED, dtype=torch.int32))
            return
        first, length = len(self._streams), tensor.shape[axis]
        count = 1 if items is None else tensor.shape[items]
        if first + count > _STREAMS or length > 1 << _BITS:
            self._set(tensor, torch.full((), MIXED, dtype=torch.int32))
            return
        self._streams += [(length, None if items is None else item) for item in range(count)]
        numbers = torch.arange(first, first + count, dtype=torch.int32) << _BITS
        at = _along(torch.arange(length, dtype=torch.int32), axis, tensor.dim())
        self._set(tensor, at + (numbers if items is None else _along(numbers, items, tensor.dim())))

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
        written = function._schema.is_mutable
        outs = [one for one in _tensors(out if isinstance(out, tuple | list) else [out]) if one.dtype != torch.bool]
        storages = {_storage(one) for one in given}
        if not outs or (not written and all(_storage(one) in storages for one in outs)):
            return  # no numbers, or views
        told = {name: value for name, value in named.items() if name != "out"}
        operation = Operation.of(function, tuple(args), told, outs[0])
        try:
            found = self._found(operation, outs[:1] if written else outs)
            pairs = [(one, tokens.expand(one.shape)) for one, tokens in found if tokens is not None]
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception:  # such as an operation that cannot be run on integers
            pairs = [(one, torch.full((), MOVED, dtype=torch.int32)) for one in outs]
        for one, tokens in pairs:
            self._set(one, tokens)

    def _found(
        self, operation: Operation, outs: Sequence[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """What is known of each of the results."""
        name = operation.name
        rule = _RULES["fused"] if name.startswith("_scaled_dot_product") else _RULES.get(name)
        if rule is None or (name in _SORTS and len(outs) == 1):
            yield from ((one, self._by_shape(operation.args, one)) for one in outs)
            return
        yield outs[0], rule(self, operation)
        yield from ((one, self._by_shape(operation.args, one)) for one in outs[1:] if one.is_floating_point())

    def _fused(self, operation: Operation) -> torch.Tensor | None:
        tokens = self.rows(operation.args[0])
        return None if tokens is None else tokens[..., None]

    def _copied(self, operation: Operation) -> torch.Tensor:
        return self._of_any(operation.args[1])

    def _product(self, operation: Operation) -> torch.Tensor | None:
        args, begin = operation.args, _PRODUCTS[operation.name]
        left, right = (self.of(one) for one in args[begin : begin + 2])
        first, second = args[begin : begin + 2]
        rows = None if left is None else _weighed(left, None if right is not None else second)
        columns = None if right is None else _weighed(right.mT, None if left is not None else first.mT).mT
        known = rows is not None and (columns is None or bool((rows >= MOVED).any()))
        found = rows if known else columns  # of queries times keys that of the query
        added, shape = self.of(args[0]) if begin else None, operation.out.shape
        if added is not None:
            found = added if found is None else _joined(found.expand(shape), added.expand(shape))
        return found

    def _looked_up(self, operation: Operation) -> torch.Tensor | None:
        table, index = (self.of(one) for one in operation.args[:2])
        if table is not None:
            return _unsorted(table[operation.args[1]])
        return None if index is None else index[..., None]

    def _sorted(self, operation: Operation) -> torch.Tensor | None:
        """Of values along an axis: of one token all, or nobody knows which."""
        tokens, out = self.of(operation.args[0]), operation.out
        if tokens is None:
            return None
        at = 2 if operation.name in ("kthvalue", "topk") else 1
        axis = operation.named.get("dim", operation.argument(at, -1)) % tokens.dim()
        found = _shared(tokens, axis)
        if operation.name in ("sort", "topk"):
            found = _unsorted(found)
        return found if found.dim() == out.dim() else found.unsqueeze(axis)

    def _moved(self, operation: Operation) -> torch.Tensor:
        """The same operation on the integers."""
        name, args, named = operation.name, operation.args, operation.named
        tokens: torch.Tensor
        if name in ("cat", "stack"):
            tokens = operation.function([self._of_any(one) for one in args[0]], *args[1:], **named)
        elif name == "where":
            yes, no = (self._of_any(one, args[0]) for one in args[1:])
            tokens = torch.where(args[0], yes, no)
            tokens = torch.where(tokens == NOTHING, torch.where(args[0], no, yes), tokens)
        elif name == "constant_pad_nd":
            tokens = torch.constant_pad_nd(self._of_any(args[0]), args[1], NOTHING)
        elif name == "im2col":
            above = (self._of_any(args[0]) - NOTHING).double()
            tokens = operation.function(above, *args[1:], **named).to(torch.int32) + NOTHING
        elif name in _WRITES:
            tokens = self._written(operation)
        elif name in _LOOKUPS and self.of(args[0]) is None:
            return self._picked(operation)
        else:
            tokens = getattr(torch.ops.aten, name)(self._of_any(args[0]), *args[1:], **named)
        in_order = any(one.dtype == torch.bool for one in _tensors(args[1:]))  # as a mask picks them
        return _unsorted(tokens) if name in _ANEW and not in_order else tokens

    def _picked(self, operation: Operation) -> torch.Tensor:
        """Rows of a table, or numbers of it, by the numbers of tokens."""
        name, args, out = operation.name, operation.args, operation.out
        indices = [one for one in _tensors(args[1:]) if self.of(one) is not None]
        if not indices:
            return torch.full((), NOTHING, dtype=torch.int32)
        tokens = self._of_any(indices[0])
        if name in ("gather", "take"):
            return tokens
        axis = args[1] % out.dim() if name == "index_select" else 0
        if len(indices) > 1 or (name == "index" and args[1][0] is not indices[0]):
            return torch.full((), MOVED, dtype=torch.int32)
        return tokens.reshape(*[1] * axis, *tokens.shape, *[1] * (out.dim() - axis - tokens.dim()))

    def _written(self, operation: Operation) -> torch.Tensor:
        """Of something with numbers of another written into it."""
        args, (place, plainly) = operation.args, _WRITES[operation.name]
        value = self._of_any(args[place], args[0])
        if plainly == "scatter" and not isinstance(args[place], torch.Tensor):  # as for one vector of each class
            value = self._of_any(args[2])
        more = args[place + 1 :] if plainly.endswith("_scatter") else ()
        written: torch.Tensor = getattr(torch.ops.aten, plainly)(self._of_any(args[0]), *args[1:place], value, *more)
        return written

    def _of_any(self, value: Any, like: torch.Tensor | None = None) -> torch.Tensor:
        """Of a tensor or a number."""
        if not isinstance(value, torch.Tensor):
            return torch.full((), NOTHING, dtype=torch.int32, device=None if like is None else like.device)
        tokens = self.of(value)
        return torch.full_like(value, NOTHING, dtype=torch.int32) if tokens is None else tokens

    def _reduced(self, operation: Operation) -> torch.Tensor | None:
        tokens, out = self.of(operation.args[0]), operation.out
        if tokens is None or not out.is_floating_point():
            return None
        at = 2 if operation.name in ("linalg_vector_norm", "norm") else 1
        axes = operation.named.get("dim", operation.argument(at))
        axes = [axes] if isinstance(axes, int) else axes or range(tokens.dim())
        for axis in sorted((one % tokens.dim() for one in axes), reverse=True):
            tokens = _shared(tokens, axis)
        return tokens.reshape(out.shape)

    def _convolved(self, operation: Operation) -> torch.Tensor | None:
        """One that leaves the places as many keeps them; what else it makes are tokens of its own, in their order."""
        given, out = operation.args[0], operation.out
        tokens = self.of(given)
        if tokens is None:
            return None
        if given.dim() < 3 or given.dim() != out.dim() or given.shape[0] != out.shape[0]:
            return self._by_shape(operation.args, out)
        if given.shape[2:] == out.shape[2:]:
            return _shared(tokens, 1)[:, None]
        if not _ascends(_shared(tokens, 1)):
            return torch.full((), MOVED, dtype=torch.int32)
        number, count = len(self._streams), out[0, 0].numel()
        if number >= _STREAMS or count > 1 << _BITS:
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


_RULES: dict[str, Callable[[Positions, Operation], torch.Tensor | None]] = {
    **dict.fromkeys(_PRODUCTS, Positions._product),
    **dict.fromkeys(_MOVES, Positions._moved),
    **dict.fromkeys(_SORTS, Positions._sorted),
    **dict.fromkeys(_REDUCTIONS, Positions._reduced),
    **dict.fromkeys(_CONVOLUTIONS, Positions._convolved),
    "copy": Positions._copied,
    "fused": Positions._fused,
    "embedding": Positions._looked_up,
}
"""How the first result of an operation is known."""


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


def _ascends(tokens: torch.Tensor) -> bool:
    """Whether along the last axis no token follows a later one, as far as they are known."""
    before = torch.where(tokens >= 0, tokens, -1).cummax(-1).values
    return not bool(((tokens >= 0) & (tokens < before)).any() or (tokens == MOVED).any())


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
