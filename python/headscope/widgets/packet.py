"""One layer as bytes for the browser (decoded in js/source/packet.ts): a JSON header and one payload of arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.errors import OverBudget, UnknownProjection
from headscope.recording.layers.record import Record

if TYPE_CHECKING:
    import torch

    from headscope.answers.capture import Capture
    from headscope.recording.layers.record import AnyRecord

__all__ = [
    "VECTORS_LIMIT",
    "WEIGHTS_LIMIT",
    "Packet",
    "Pause",
    "Plan",
    "header_of",
    "layer_packet",
    "layout",
    "numbers",
    "pack",
    "packet_of",
    "plan",
]

WEIGHTS_LIMIT = 32 << 20
"""Most bytes of weights [heads, queries, keys] that are sent for a layer which the browser cannot compute."""
VECTORS_LIMIT = 256 << 20
"""Most bytes of vectors that are sent for a layer which the browser can compute."""

ALIGNMENT = 8
STRIPE = 4 << 20
"""About how many bytes of weights are computed between two pauses."""

Shapes = dict[str, tuple[str, tuple[int, ...]]]
"""dtype and shape by name."""

Pause = Callable[[float], None]
"""Called between the parts of the work with the share that is done; may raise to end it."""


@dataclass(frozen=True)
class Array:
    """One array of a payload, little-endian, at `offset` bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Plan:
    """What a packet will hold, known before any of it is computed."""

    form: str
    """"vectors": the browser computes the weights. "weights": it cannot, so it gets them."""
    arrays: tuple[Array, ...]
    value_norms: np.ndarray | None
    value_norm_reason: str
    """Why there are no norms, "" where there are."""

    @property
    def nbytes(self) -> int:
        """Bytes of the payload."""
        return _aligned(self.arrays[-1].offset + self.arrays[-1].nbytes) if self.arrays else 0


@dataclass(frozen=True)
class Packet:
    """A layer, ready to be sent. Axes are named by the header's arrays; values are float32, int32 or uint8."""

    header: dict[str, Any]
    payload: bytearray


def plan(capture: Capture, part: str, layer: int) -> Plan:
    """Decide in which form a layer is sent, and where each array stands.

    Raises
    ------
    RefusedLayer
        If there is no exact answer about the layer.
    """
    record = capture.record(layer, part)
    if isinstance(record, Record) and capture.browser_computable(layer, part):
        form, shapes = "vectors", _terms(record)
    else:
        form, shapes = "weights", {"weights": ("float32", (record.heads, record.queries, record.keys))}
    norms, reason = _value_norms(capture, part, layer)
    if norms is not None:
        shapes["value_norm"] = ("float32", (record.heads, record.keys))
    return Plan(form, _placed(shapes), norms, reason)


def _terms(record: Record) -> Shapes:
    """List everything that enters the scores of a layer, and the values that they weigh."""
    shapes: Shapes = {
        "query": ("float32", tuple(record.query.shape)),  # H, Q, d
        "key": ("float32", tuple(record.key.shape)),  # G, K, d
        "value": ("float32", tuple(record.value.shape)),  # G, K, dv
        "lse": ("float32", (record.heads, record.queries)),
        "start": ("int32", (record.queries,)),
        "stop": ("int32", (record.queries,)),
    }
    if record.sinks is not None:
        shapes["sink"] = ("float32", (record.heads,))
    if record.bias is not None:
        shapes["bias"] = ("float32", tuple(record.bias.shape))  # 1 or H, Q, K
    if record.mask.visible is not None:
        shapes["visible"] = ("uint8", tuple(record.mask.visible.shape))  # 1 or H, Q, K
    return shapes


def _value_norms(capture: Capture, part: str, layer: int) -> tuple[np.ndarray | None, str]:
    """Norms of the value vectors [H, K], or why there are none."""
    try:
        return numbers(capture.value_norms(layer, part=part)), ""
    except UnknownProjection as error:
        return None, str(error)


def layer_packet(capture: Capture, part: str, layer: int, pause: Pause | None = None) -> Packet:
    """Make the packet of a layer.

    Parameters
    ----------
    capture, part, layer
        Which layer of what.
    pause
        Called between the parts of the work; where it raises, the work ends.

    Raises
    ------
    RefusedLayer
        If there is no exact answer about the layer.
    OverBudget
        If the packet were larger than `WEIGHTS_LIMIT` or `VECTORS_LIMIT`.
    """
    pause = pause or (lambda _done: None)
    pause(0.0)
    planned = plan(capture, part, layer)
    record = capture.record(layer, part)
    _check_limit(planned, record)
    payload = bytearray(planned.nbytes)
    views = {array.name: _view(payload, array) for array in planned.arrays}
    if planned.form == "vectors" and isinstance(record, Record):
        filling = _fill_vectors(capture, record, views, pause)
    else:
        filling = _fill_weights(capture, record, views)
    for done in filling:
        pause(done)
    if planned.value_norms is not None:
        views["value_norm"][:] = planned.value_norms
    return Packet(header_of(planned, record, _largest(capture, planned, record, lambda _done: pause(1.0))), payload)


def packet_of(capture: Capture, part: str, layer: int, form: str, arrays: dict[str, np.ndarray]) -> Packet:
    """Make a packet of arrays that say in another form what the layer's weights are; the norms of its values are added.

    Raises
    ------
    RefusedLayer
        If there is no exact answer about the layer.
    """
    norms, reason = _value_norms(capture, part, layer)
    everything = arrays if norms is None else {**arrays, "value_norm": norms}
    placed, payload = pack(everything)
    planned = Plan(form, placed, norms, reason)
    record = capture.record(layer, part)
    return Packet(header_of(planned, record, _largest(capture, planned, record)), payload)


def pack(arrays: Mapping[str, np.ndarray]) -> tuple[tuple[Array, ...], bytearray]:
    """Put arrays into one payload; also return where each stands."""
    placed = _placed({name: (one.dtype.name, one.shape) for name, one in arrays.items()})
    payload = bytearray(Plan("", placed, None, "").nbytes)
    for array in placed:
        _view(payload, array)[...] = arrays[array.name]
    return placed, payload


def layout(arrays: tuple[Array, ...]) -> list[dict[str, Any]]:
    """Tell where arrays stand."""
    return [{"name": one.name, "dtype": one.dtype, "shape": list(one.shape), "offset": one.offset} for one in arrays]


def _largest(capture: Capture, planned: Plan, record: AnyRecord, pause: Pause | None = None) -> float:
    return 0.0 if planned.value_norms is None else capture.largest(record.layer, "value_norm", record.part, pause)


def _fill_vectors(capture: Capture, record: Record, into: dict[str, np.ndarray], pause: Pause) -> Iterator[float]:
    into["query"][:] = numbers(record.query)
    into["key"][:] = numbers(record.key)
    into["value"][:] = numbers(record.value)
    yield 0.3
    into["lse"][:] = numbers(capture.lse(record.layer, record.part, lambda share: pause(0.3 + 0.6 * share)))
    into["start"][:] = record.mask.start.numpy()
    into["stop"][:] = record.mask.stop.numpy()
    if record.sinks is not None:
        into["sink"][:] = numbers(record.sinks)
    if record.bias is not None:
        into["bias"][:] = numbers(record.bias)
    if record.mask.visible is not None:
        into["visible"][:] = record.mask.visible.cpu().numpy()
    yield 1.0


def _fill_weights(capture: Capture, record: AnyRecord, into: dict[str, np.ndarray]) -> Iterator[float]:
    rows = max(1, STRIPE // (4 * record.keys))
    stripes = [(head, at) for head in range(record.heads) for at in range(0, record.queries, rows)]
    for done, (head, at) in enumerate(stripes, start=1):
        which = slice(at, at + rows)
        into["weights"][head, which] = numbers(capture.attention(record.layer, head, which, part=record.part)[0])
        yield done / len(stripes)


def header_of(planned: Plan, record: AnyRecord, largest: float) -> dict[str, Any]:
    """Tell what a layer is, and where its arrays stand."""
    return {
        "v": 1,
        "part": record.part,
        "layer": record.layer,
        "form": planned.form,
        "heads": record.heads,
        "groups": record.groups,
        "d": record.width,
        "dv": record.value.shape[-1] if isinstance(record, Record) else 0,
        "queries": record.queries,
        "keys": record.keys,
        "scaling": float(record.scaling) if isinstance(record, Record) else 1.0,
        "softcap": record.softcap if isinstance(record, Record) else None,
        "value_norm_reason": planned.value_norm_reason,
        "value_norm_largest": largest,
        "arrays": layout(planned.arrays),
        "bytes": planned.nbytes,
    }


def _check_limit(planned: Plan, record: AnyRecord) -> None:
    limit = VECTORS_LIMIT if planned.form == "vectors" else WEIGHTS_LIMIT
    if planned.nbytes <= limit:
        return
    rows = max(1, limit // (4 * record.keys))
    raise OverBudget(
        f"layer {record.layer} would send {planned.nbytes >> 20} MiB of {planned.form} to the page "
        f"({record.heads} heads, {record.queries} queries, {record.keys} keys); the most is {limit >> 20} MiB. "
        f"Capture a shorter text, or read a slice in Python: "
        f"capture.attention({record.layer}, heads=[0], queries=range(0, {min(rows, record.queries)}))."
    )


def _placed(shapes: Shapes) -> tuple[Array, ...]:
    placed: list[Array] = []
    offset = 0
    for name, (dtype, shape) in shapes.items():
        placed.append(Array(name, dtype, shape, offset))
        offset = _aligned(offset + placed[-1].nbytes)
    return tuple(placed)


def _aligned(count: int) -> int:
    return -(-count // ALIGNMENT) * ALIGNMENT


def _view(payload: bytearray, array: Array) -> np.ndarray:
    dtype = np.dtype(array.dtype).newbyteorder("<")
    return np.frombuffer(payload, dtype, math.prod(array.shape), array.offset).reshape(array.shape)


def numbers(tensor: torch.Tensor) -> np.ndarray:
    """Return the numbers of a tensor as float32, on the CPU."""
    array: np.ndarray = tensor.detach().cpu().float().numpy()
    return array
