"""Which token each number of a forward belongs to: the positions of the inputs, followed through every operation.

Beside the memory that an activation stands in there is one integer for each of its numbers. What moves numbers moves
these, by the same operation; what computes row by row hands them on; and what takes tokens together leaves the token of
the position that it writes to, where that is known (as a residual stream is), else none. So it is known whether the
rows of queries, keys and values stand in the order of the tokens, whatever was done to them before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from headscope.recording.tiers.operation import Operation
from headscope.recording.tiers.position_rules import results_of, tensors
from headscope.recording.tiers.token_numbers import MIXED, MOVED, NOTHING, along, shared

__all__ = ["Positions"]

_BITS = 20
_STREAMS = 1 << (31 - _BITS)


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
        at = along(torch.arange(length, dtype=torch.int32), axis, tensor.dim())
        self._set(tensor, at + (numbers if items is None else along(numbers, items, tensor.dim())))

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
        return None if known is None else shared(known, -1)

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
        given = [*tensors(args), *tensors(named.values())]
        if not any(self._known(one) is not None for one in given):
            return
        written = function._schema.is_mutable
        outs = [one for one in tensors(out if isinstance(out, tuple | list) else [out]) if one.dtype != torch.bool]
        storages = {_storage(one) for one in given}
        if not outs or (not written and all(_storage(one) in storages for one in outs)):
            return  # no numbers, or views
        told = {name: value for name, value in named.items() if name != "out"}
        operation = Operation.of(function, tuple(args), told, outs[0])
        try:
            told_of = results_of(self, operation, outs[:1] if written else outs)
            pairs = [(one, tokens.expand(one.shape)) for one, tokens in told_of if tokens is not None]
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception:  # such as an operation that cannot be run on integers
            pairs = [(one, torch.full((), MOVED, dtype=torch.int32)) for one in outs]
        for one, tokens in pairs:
            self._set(one, tokens)

    def of_any(self, value: Any, like: torch.Tensor | None = None) -> torch.Tensor:
        """Of a tensor or a number."""
        if not isinstance(value, torch.Tensor):
            return torch.full((), NOTHING, dtype=torch.int32, device=None if like is None else like.device)
        tokens = self.of(value)
        return torch.full_like(value, NOTHING, dtype=torch.int32) if tokens is None else tokens

    def new(self, shape: Sequence[int]) -> torch.Tensor:
        """Tokens that an operation made out of others, in order; MIXED where there are too many."""
        number, count = len(self._streams), math.prod(shape)
        if number >= _STREAMS or count > 1 << _BITS:
            return torch.full((), MIXED, dtype=torch.int32)
        self._streams.append((0, None))
        return (torch.arange(count, dtype=torch.int32) + (number << _BITS)).view(*shape)

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


def _storage(tensor: torch.Tensor) -> int:
    address: int = tensor.untyped_storage()._cdata
    return address
