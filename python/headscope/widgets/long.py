"""Layers of long texts: told in outline, and the rest as the page asks for it (js/source/long_layer.ts).

A layer of 8,192 tokens is tens of megabytes of vectors, and the log-sum-exp that its columns need is seconds of work.
So a page gets who sees whom at once, vectors of the heads that it draws, and columns of tokens that somebody looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from headscope.errors import HeadscopeError, UnknownProjection
from headscope.recording.layers.record import AnyRecord, Record
from headscope.widgets.packet import Packet, Pause, Plan, header_of, layout, numbers, pack

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["LONG_BYTES", "LONG_WEIGHTS", "SLICES", "has_many_weights", "is_long", "outline_packet", "slice_packet"]

LONG_WEIGHTS = 32 << 20
"""Weights of a layer (heads x queries x keys) from which on it is long: a pass over all of them takes a second."""
LONG_BYTES = 8 << 20
"""Bytes of a layer's queries, keys and values from which on it is long."""
SLICE_LIMIT = 64 << 20
"""Most bytes of one slice; pages ask for less."""
ROWS = 256
"""Rows of weights that are computed between two pauses."""


def has_many_weights(capture: Capture, part: str, layer: int) -> bool:
    """Whether a pass over all weights of a layer takes long; known without reading it."""
    queries, keys = (len(capture.tokens(part, side)) for side in ("query", "key"))
    return capture.head_count(layer, part) * queries * keys > LONG_WEIGHTS


def is_long(capture: Capture, part: str, layer: int) -> bool:
    """Whether a layer is sent in outline. May raise RefusedLayer."""
    record = capture.record(layer, part)
    if has_many_weights(capture, part, layer):
        return True
    vectors = (record.query, record.key, record.value) if isinstance(record, Record) else ()
    return 4 * sum(one.numel() for one in vectors) > LONG_BYTES


def outline_packet(capture: Capture, part: str, layer: int) -> Packet:
    """Make the packet that tells a layer without its vectors or weights.

    Its form is "vectors" where the page can compute rows of it, else "weights": then it asks for rows.
    """
    record = capture.record(layer, part)
    computable = isinstance(record, Record) and capture.browser_computable(layer, part) and not _has_pairs(record)
    arrays: dict[str, np.ndarray] = {}
    if isinstance(record, Record):
        arrays |= {name: getattr(record.mask, name).int().numpy() for name in ("start", "stop")}
        if record.sinks is not None:
            arrays["sink"] = numbers(record.sinks)
    placed, payload = pack(arrays)
    planned = Plan("vectors" if computable else "weights", placed, None, "")
    return Packet({**header_of(planned, record, 0.0), "whole": False}, payload)


def _has_pairs(record: Record) -> bool:
    """Whether there is a number for each pair of tokens, which would be too much to send."""
    return record.bias is not None or record.mask.visible is not None


def _vectors(_capture: Capture, record: AnyRecord, args: Mapping[str, Any], _pause: Pause) -> dict[str, np.ndarray]:
    """Vectors of some heads (groups, of keys and values), of tokens `start` to `stop`: [n, tokens, d]."""
    what = args.get("what")
    if not isinstance(record, Record) or what not in ("query", "key", "value"):
        raise HeadscopeError(f"layer {record.layer} has no vectors {what!r}.")
    held: torch.Tensor = getattr(record, what)
    chosen = held[_whole(args, "heads", len(held)), slice(*_whole(args, "range", held.shape[1] + 1))]
    _check_size(chosen.numel())
    return {what: numbers(chosen)}


def _rows(capture: Capture, record: AnyRecord, args: Mapping[str, Any], pause: Pause) -> dict[str, np.ndarray]:
    """Weights of some queries, [heads, queries, keys], of a layer that the page cannot compute."""
    heads, queries = _whole(args, "heads", record.heads), _whole(args, "queries", record.queries)
    _check_size(len(heads) * len(queries) * record.keys)
    pause(0.0)
    return {"rows": numbers(capture.attention(record.layer, heads, queries, part=record.part))}


def _columns(capture: Capture, record: AnyRecord, args: Mapping[str, Any], pause: Pause) -> dict[str, np.ndarray]:
    """What queries give to sets of keys, [heads, sets, queries]; with `totals` to all keys too, [heads, queries]."""
    heads = _whole(args, "heads", record.heads)
    sets = [_whole({"keys": one}, "keys", record.keys) for one in args["sets"]]
    _check_size(len(heads) * (len(sets) + 1) * record.queries)
    if isinstance(record, Record) and capture.browser_computable(record.layer, record.part):
        parts = list(_by_lse(capture, record, heads, sets, pause))
    else:
        parts = list(_by_rows(capture, record, heads, sets, pause))
    columns = {"columns": np.concatenate([one for one, _ in parts], 2)}
    return columns | ({"total": np.concatenate([all_ for _, all_ in parts], 1)} if args["totals"] else {})


Part = tuple[np.ndarray, np.ndarray]


def _by_lse(capture: Capture, record: Record, heads: list[int], sets: list[list[int]], pause: Pause) -> Iterator[Part]:
    lse = capture.lse(record.layer, record.part, pause)[heads].cpu()
    total = (record.mask.stop > record.mask.start).expand(len(heads), -1).double()
    if record.sinks is not None:
        total = total * (1 - torch.exp(record.sinks[heads].double().cpu()[:, None] - lse).nan_to_num())
    sums = []
    for done, keys in enumerate(sets, start=1):
        columns = capture.attention(record.layer, heads, None, keys, part=record.part)
        sums.append(numbers(columns.sum(-1, dtype=torch.float64)))
        pause(done / len(sets))
    yield np.stack(sums, 1), numbers(total)


def _by_rows(
    capture: Capture, record: AnyRecord, heads: list[int], sets: list[list[int]], pause: Pause
) -> Iterator[Part]:
    for at in range(0, record.queries, ROWS):
        pause(at / record.queries)
        rows = capture.attention(record.layer, heads, slice(at, at + ROWS), part=record.part).cpu().double()
        yield numbers(torch.stack([rows[..., keys].sum(-1) for keys in sets], 1)), numbers(rows.sum(-1))


def _norms(capture: Capture, record: AnyRecord, _args: Mapping[str, Any], pause: Pause) -> dict[str, np.ndarray]:
    """Norms of the values, [heads, keys], and the largest weight x norm; nothing where they are not known."""
    pause(0.0)
    norms = capture.value_norms(record.layer, part=record.part)
    largest = capture.largest(record.layer, "value_norm", record.part, pause)
    return {"value_norm": numbers(norms), "largest": np.array([largest], np.float32)}


SLICES = {"vectors": _vectors, "rows": _rows, "columns": _columns, "norms": _norms}
"""What a page can ask for of a long layer, by the name of the operation."""


def slice_packet(capture: Capture, op: str, args: Mapping[str, Any], pause: Pause) -> Packet:
    """Make the packet of an answer of `SLICES`."""
    record = capture.record(args["layer"], args["part"])
    try:
        arrays, why = SLICES[op](capture, record, args, pause), ""
    except UnknownProjection as error:
        arrays, why = {}, str(error)
    placed, payload = pack(arrays)
    told = {"v": 1, "part": record.part, "layer": record.layer, "why": why}
    return Packet({**told, "arrays": layout(placed), "bytes": len(payload)}, payload)


def _whole(args: Mapping[str, Any], name: str, stop: int) -> list[int]:
    given = args.get(name)
    if not isinstance(given, list) or not all(type(one) is int and 0 <= one < stop for one in given):
        raise HeadscopeError(f"{name} {given!r} are no numbers from 0 to {stop - 1}.")
    return given


def _check_size(count: int) -> None:
    if 4 * count > SLICE_LIMIT:
        raise HeadscopeError(f"{4 * count >> 20} MiB are too much for one answer; the most is {SLICE_LIMIT >> 20} MiB.")
