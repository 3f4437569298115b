"""What a page can ask, and how each answer is made: part by part, so that others get their turn in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headscope.answers.display import PAIR_FILTERS
from headscope.answers.links import Pair
from headscope.answers.measure import MEASURES
from headscope.errors import CaptureClosed, HeadscopeError
from headscope.widgets import worker
from headscope.widgets.first_paint import side_packet
from headscope.widgets.links_packet import links_packets
from headscope.widgets.long import SLICES, is_long, outline_packet, slice_packet
from headscope.widgets.packet import Packet, layer_packet
from headscope.widgets.page_packet import page_packet
from headscope.widgets.settings import REDUCES
from headscope.widgets.thumbnails import Question, thumbnail_packet
from headscope.widgets.tiles import MOST_CELLS, TileQuestion, tile_packet

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["OPERATIONS", "RELOAD", "URGENCY", "BadRequest", "Cancelled", "Request", "check"]

RELOAD = "Restart the kernel or reload the page."
PROGRESS_S = 0.2
"""At most one progress message in so many seconds."""
SIZES = (1, 128)
"""Least and most cells a side of a thumbnail."""

Send = Callable[..., None]
Buffers = list[memoryview]
Operation = Callable[["Capture", "Request", Send], Iterator[None]]


class Cancelled(Exception):
    """Raised within an answer that nobody waits for any more."""


class BadRequest(HeadscopeError):
    """Raised where a page asks what this kernel does not understand."""


@dataclass(eq=False)
class Request:
    """A request under way."""

    id: str
    op: str
    args: Mapping[str, Any]
    limit: int
    cancelled: threading.Event = field(default_factory=threading.Event)
    preferred: int | None = None
    """The layer that was selected since; of several, its answer comes next."""


def check(request: Request) -> None:
    """Raise Cancelled where nobody waits for the answer."""
    if request.cancelled.is_set():
        raise Cancelled


def _layer(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    part, layer = _read_layer(request.args)
    if is_long(capture, part, layer):
        packet = outline_packet(capture, part, layer)
    else:
        packet = layer_packet(capture, part, layer, _Progress(request, send))
    _send_packet(packet, request, send)
    yield from ()


def _read_layer(args: Mapping[str, Any]) -> tuple[str, int]:
    part, layer = args.get("part"), args.get("layer")
    if not isinstance(part, str) or not isinstance(layer, int):
        raise BadRequest(f"part {part!r} and layer {layer!r} do not name a layer. {RELOAD}")
    return part, layer


def _slice(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    """Answer with some numbers of a long layer."""
    _read_layer(request.args)
    _send_packet(slice_packet(capture, request.op, request.args, _Progress(request, send)), request, send)
    yield from ()


def _tokens(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    """Answer with the tokens of one axis, which were too many to come along with the description."""
    side = request.args.get("side")
    if not isinstance(side, int):
        raise BadRequest(f"side {side!r} names no tokens. {RELOAD}")
    _send_packet(side_packet(capture, side), request, send)
    yield from ()


def _page(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    """Answer with the view as a page of its own."""
    kind, traits = request.args.get("kind"), request.args.get("traits")
    if not isinstance(kind, str) or not isinstance(traits, dict):
        raise BadRequest(f"kind {kind!r} with traits {traits!r} is no view. {RELOAD}")
    _send_packet(page_packet(capture, kind, traits, _Progress(request, send)), request, send)
    yield from ()


def _thumbnails(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    """Answer layer by layer; one that has no pictures is said, and the next follows."""
    question, layers = _read_question(request.args)
    progress, left = _Progress(request, send, len(layers)), list(layers)
    while left:
        layer = request.preferred if request.preferred in left else left[0]
        left.remove(layer)
        progress.resume()
        try:
            packet = thumbnail_packet(capture, question, layer, progress)
        except CaptureClosed:
            raise
        except HeadscopeError as error:
            _send_refusal(layer, error, send)
        else:
            _send_packet(packet, request, send)
        progress.end_of_layer()
        yield


def _links(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    """Answer layer by layer, as for thumbnails."""
    pair, layers = _read_pair(request.args)
    progress = _Progress(request, send, len(layers))
    for layer, packet in links_packets(capture, pair, layers):
        check(request)
        if isinstance(packet, HeadscopeError):
            _send_refusal(layer, packet, send)
        else:
            _send_packet(packet, request, send)
        progress.end_of_layer()
        yield
        progress.resume()


def _send_refusal(layer: int, error: HeadscopeError, send: Send) -> None:
    send({"kind": "refused", "layer": layer, "error": type(error).__name__, "message": str(error)})


def _read_question(args: Mapping[str, Any]) -> tuple[Question, list[int]]:
    known: dict[str, Callable[[Any], bool]] = {
        "part": lambda part: isinstance(part, str),
        "size": lambda size: isinstance(size, int) and SIZES[0] <= size <= SIZES[1],
        "reduce": lambda reduce: reduce in REDUCES,
        "measure": lambda measure: measure in MEASURES,
        "pair_filter": lambda pair_filter: pair_filter in PAIR_FILTERS,
        "hide_special": lambda hide_special: isinstance(hide_special, bool),
        "layers": lambda layers: isinstance(layers, list) and all(isinstance(layer, int) for layer in layers),
    }
    _check_args(args, known, "makes no thumbnails of")
    return Question(**{name: args[name] for name in known if name != "layers"}), args["layers"]


def _read_pair(args: Mapping[str, Any]) -> tuple[Pair, list[int]]:
    known: dict[str, Callable[[Any], bool]] = {
        "part": lambda part: isinstance(part, str),
        "query": lambda query: isinstance(query, int),
        "key": lambda key: isinstance(key, int),
        "measure": lambda measure: measure in MEASURES,
        "layers": lambda layers: isinstance(layers, list) and all(isinstance(layer, int) for layer in layers),
    }
    _check_args(args, known, "ranks no heads by")
    return Pair(**{name: args[name] for name in known if name != "layers"}), args["layers"]


def _check_args(args: Mapping[str, Any], known: Mapping[str, Callable[[Any], bool]], does: str) -> None:
    wrong = {name: args.get(name) for name, is_right in known.items() if not is_right(args.get(name))}
    if wrong:
        raise BadRequest(f"the kernel {does} {wrong}. {RELOAD}")


def _tile(capture: Capture, request: Request, send: Send) -> Iterator[None]:
    progress = _Progress(request, send)
    packet = tile_packet(capture, _read_tile(request.args), lambda done, total: progress(done / total))
    _send_packet(packet, request, send)
    yield from ()


def _read_tile(args: Mapping[str, Any]) -> TileQuestion:
    known: dict[str, Callable[[Any], bool]] = {
        "part": lambda part: isinstance(part, str),
        "layer": lambda layer: isinstance(layer, int),
        "head": lambda head: isinstance(head, int),
        "row_edges": _are_edges,
        "column_edges": _are_edges,
        "reduce": lambda reduce: reduce in REDUCES,
        "measure": lambda measure: measure in MEASURES,
        "exact": lambda exact: isinstance(exact, bool),
    }
    _check_args(args, known, "makes no tile of")
    if (len(args["row_edges"]) - 1) * (len(args["column_edges"]) - 1) > MOST_CELLS:
        raise BadRequest(f"a tile has at most {MOST_CELLS} cells. {RELOAD}")
    return TileQuestion(**{name: args[name] for name in known})


def _are_edges(edges: Any) -> bool:
    return isinstance(edges, list) and len(edges) > 1 and all(isinstance(edge, int) for edge in edges)


def _send_packet(packet: Packet, request: Request, send: Send) -> None:
    """Send the payload in pieces that keep to the limit, the header with the first."""
    payload = memoryview(packet.payload)
    starts = range(0, max(1, len(payload)), request.limit)
    for index, at in enumerate(starts):
        check(request)
        chunk: dict[str, Any] = {"kind": "chunk", "layer": packet.header["layer"], "index": index, "of": len(starts)}
        if index == 0:
            chunk["header"] = packet.header
        send(chunk, [payload[at : at + request.limit]])


class _Progress:
    """Tells how far an answer is, now and then; ends it once it was cancelled; lets more urgent ones go before it.

    Parameters
    ----------
    request, send
        What is being answered.
    layers
        How many layers it asks for, where it is answered layer by layer.
    """

    def __init__(self, request: Request, send: Send, layers: int | None = None) -> None:
        self._request = request
        self._send = send
        self._layers, self._complete = layers, 0
        self._told_s = self._since_s = time.monotonic()
        self._worked_s = 0.0

    def __call__(self, done: float) -> None:
        """Tell the share that is done, of the layer under way if there are several."""
        check(self._request)
        now = time.monotonic()
        self._worked_s += now - self._since_s
        if now - self._told_s >= PROGRESS_S:
            self._told_s = now
            self._send({"kind": "progress", **self._told(done)})
        worker.give_way()
        self.resume()
        check(self._request)

    def resume(self) -> None:
        """Go on after others had their turn, whose time is not counted."""
        self._since_s = time.monotonic()

    def end_of_layer(self) -> None:
        """Count a layer that was answered."""
        self._worked_s += time.monotonic() - self._since_s
        self._complete += 1

    def _told(self, done: float) -> dict[str, Any]:
        if self._layers is None:
            return {"done": done}
        share = (self._complete + done) / self._layers
        left = round(self._worked_s * (1 - share) / share, 1) if share > 0 else None
        return {"done": share, "layers_done": self._complete, "layers": self._layers, "seconds_left": left}


OPERATIONS: dict[str, Operation] = {
    "layer": _layer,
    "thumbnails": _thumbnails,
    "tokens": _tokens,
    "links": _links,
    "tile": _tile,
    "page": _page,
    **dict.fromkeys(SLICES, _slice),
}

URGENCY: dict[str, int] = {
    **dict.fromkeys(OPERATIONS, 1),
    **dict.fromkeys(("layer", "tokens", "vectors", "rows"), 0),
    "thumbnails": 2,
    "page": 2,
}
"""How urgent an answer is, 0 the most: what a view cannot be drawn without, what somebody looks at, all the rest."""
