"""Which tokens the results of an operation belong to, by those of what it was given: a rule for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from headscope.recording.tiers.operation import Operation
from headscope.recording.tiers.token_numbers import (
    MIXED,
    MOVED,
    NOTHING,
    ascends,
    broadcasts,
    joined,
    shared,
    unsorted,
    weighed,
)

if TYPE_CHECKING:
    from headscope.recording.tiers.positions import Positions

__all__ = ["results_of", "tensors"]

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


def results_of(
    positions: Positions, operation: Operation, outs: Sequence[torch.Tensor]
) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
    """What is known of each of the results."""
    name = operation.name
    rule = _RULES["fused"] if name.startswith("_scaled_dot_product") else _RULES.get(name)
    if rule is None or (name in _SORTS and len(outs) == 1):
        yield from ((one, _by_shape(positions, operation.args, one)) for one in outs)
        return
    yield outs[0], rule(positions, operation)
    yield from ((one, _by_shape(positions, operation.args, one)) for one in outs[1:] if one.is_floating_point())


def _fused(positions: Positions, operation: Operation) -> torch.Tensor | None:
    tokens = positions.rows(operation.args[0])
    return None if tokens is None else tokens[..., None]


def _copied(positions: Positions, operation: Operation) -> torch.Tensor:
    return positions.of_any(operation.args[1])


def _product(positions: Positions, operation: Operation) -> torch.Tensor | None:
    args, begin = operation.args, _PRODUCTS[operation.name]
    left, right = (positions.of(one) for one in args[begin : begin + 2])
    first, second = args[begin : begin + 2]
    rows = None if left is None else weighed(left, None if right is not None else second)
    columns = None if right is None else weighed(right.mT, None if left is not None else first.mT).mT
    known = rows is not None and (columns is None or bool((rows >= MOVED).any()))
    found = rows if known else columns  # of queries times keys that of the query
    added, shape = positions.of(args[0]) if begin else None, operation.out.shape
    if added is not None:
        found = added if found is None else joined(found.expand(shape), added.expand(shape))
    return found


def _looked_up(positions: Positions, operation: Operation) -> torch.Tensor | None:
    table, index = (positions.of(one) for one in operation.args[:2])
    if table is not None:
        return unsorted(table[operation.args[1]])
    return None if index is None else index[..., None]


def _sorted(positions: Positions, operation: Operation) -> torch.Tensor | None:
    """Of values along an axis: of one token all, or nobody knows which."""
    tokens, out = positions.of(operation.args[0]), operation.out
    if tokens is None:
        return None
    at = 2 if operation.name in ("kthvalue", "topk") else 1
    axis = operation.named.get("dim", operation.argument(at, -1)) % tokens.dim()
    found = shared(tokens, axis)
    if operation.name in ("sort", "topk"):
        found = unsorted(found)
    return found if found.dim() == out.dim() else found.unsqueeze(axis)


def _moved(positions: Positions, operation: Operation) -> torch.Tensor:
    """The same operation on the integers."""
    name, args, named = operation.name, operation.args, operation.named
    tokens: torch.Tensor
    if name in ("cat", "stack"):
        tokens = operation.function([positions.of_any(one) for one in args[0]], *args[1:], **named)
    elif name == "where":
        yes, no = (positions.of_any(one, args[0]) for one in args[1:])
        tokens = torch.where(args[0], yes, no)
        tokens = torch.where(tokens == NOTHING, torch.where(args[0], no, yes), tokens)
    elif name == "constant_pad_nd":
        tokens = torch.constant_pad_nd(positions.of_any(args[0]), args[1], NOTHING)
    elif name == "im2col":
        above = (positions.of_any(args[0]) - NOTHING).double()
        tokens = operation.function(above, *args[1:], **named).to(torch.int32) + NOTHING
    elif name in _WRITES:
        tokens = _written(positions, operation)
    elif name in _LOOKUPS and positions.of(args[0]) is None:
        return _picked(positions, operation)
    else:
        tokens = getattr(torch.ops.aten, name)(positions.of_any(args[0]), *args[1:], **named)
    in_order = any(one.dtype == torch.bool for one in tensors(args[1:]))  # as a mask picks them
    return unsorted(tokens) if name in _ANEW and not in_order else tokens


def _picked(positions: Positions, operation: Operation) -> torch.Tensor:
    """Rows of a table, or numbers of it, by the numbers of tokens."""
    name, args, out = operation.name, operation.args, operation.out
    indices = [one for one in tensors(args[1:]) if positions.of(one) is not None]
    if not indices:
        return torch.full((), NOTHING, dtype=torch.int32)
    tokens = positions.of_any(indices[0])
    if name in ("gather", "take"):
        return tokens
    axis = args[1] % out.dim() if name == "index_select" else 0
    if len(indices) > 1 or (name == "index" and args[1][0] is not indices[0]):
        return torch.full((), MOVED, dtype=torch.int32)
    return tokens.reshape(*[1] * axis, *tokens.shape, *[1] * (out.dim() - axis - tokens.dim()))


def _written(positions: Positions, operation: Operation) -> torch.Tensor:
    """Of something with numbers of another written into it."""
    args, (place, plainly) = operation.args, _WRITES[operation.name]
    value = positions.of_any(args[place], args[0])
    if plainly == "scatter" and not isinstance(args[place], torch.Tensor):  # as for one vector of each class
        value = positions.of_any(args[2])
    more = args[place + 1 :] if plainly.endswith("_scatter") else ()
    written: torch.Tensor = getattr(torch.ops.aten, plainly)(positions.of_any(args[0]), *args[1:place], value, *more)
    return written


def _reduced(positions: Positions, operation: Operation) -> torch.Tensor | None:
    tokens, out = positions.of(operation.args[0]), operation.out
    if tokens is None or not out.is_floating_point():
        return None
    at = 2 if operation.name in ("linalg_vector_norm", "norm") else 1
    axes = operation.named.get("dim", operation.argument(at))
    axes = [axes] if isinstance(axes, int) else axes or range(tokens.dim())
    for axis in sorted((one % tokens.dim() for one in axes), reverse=True):
        tokens = shared(tokens, axis)
    return tokens.reshape(out.shape)


def _convolved(positions: Positions, operation: Operation) -> torch.Tensor | None:
    """One that leaves the places as many keeps them; what else it makes are tokens of its own, in their order."""
    given, out = operation.args[0], operation.out
    tokens = positions.of(given)
    if tokens is None:
        return None
    if given.dim() < 3 or given.dim() != out.dim() or given.shape[0] != out.shape[0]:
        return _by_shape(positions, operation.args, out)
    if given.shape[2:] == out.shape[2:]:
        return shared(tokens, 1)[:, None]
    if not ascends(shared(tokens, 1)):
        return torch.full((), MOVED, dtype=torch.int32)
    return positions.new(out.shape[2:])


def _by_shape(positions: Positions, args: Sequence[Any], out: torch.Tensor) -> torch.Tensor | None:
    """Of anything else: number by number where it has the shape of the result, row by row where it has its rows."""
    found: torch.Tensor | None = None
    mixed = False
    for one in tensors(args):
        tokens = positions.of(one)
        if tokens is None:
            continue
        if tokens.dim() and tokens.shape[:-1] == out.shape[:-1] and tokens.shape[-1] not in (1, out.shape[-1]):
            tokens = shared(tokens, -1)[..., None]
        if not broadcasts(tokens.shape, out.shape):
            mixed = True
            continue
        tokens = tokens.expand(out.shape)
        found = tokens if found is None else joined(found, tokens)
    if found is None and mixed and out.is_floating_point():
        return torch.full((), MIXED, dtype=torch.int32)
    return found


def tensors(given: Iterable[Any]) -> Iterator[torch.Tensor]:
    """All dense tensors among arguments, in lists too."""
    for one in given:
        if isinstance(one, torch.Tensor):
            if one.layout == torch.strided:
                yield one
        elif isinstance(one, tuple | list):
            yield from tensors(one)


_RULES: dict[str, Callable[[Positions, Operation], torch.Tensor | None]] = {
    **dict.fromkeys(_PRODUCTS, _product),
    **dict.fromkeys(_MOVES, _moved),
    **dict.fromkeys(_SORTS, _sorted),
    **dict.fromkeys(_REDUCTIONS, _reduced),
    **dict.fromkeys(_CONVOLUTIONS, _convolved),
    "copy": _copied,
    "fused": _fused,
    "embedding": _looked_up,
}
"""How the first result of an operation is known."""
