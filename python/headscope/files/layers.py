"""The layers of a saved capture: each read from the file when it is first asked about."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from typing import Any
from weakref import WeakSet, WeakValueDictionary

import torch

from headscope.answers.budget import check_room
from headscope.answers.certified import CertifiedLayers
from headscope.answers.frames import Pictured, Wanted, first_pictures
from headscope.answers.report import LayerReport
from headscope.answers.walk import Pause, Pictures
from headscope.errors import CaptureClosed, OverBudget, RefusedLayer, UnknownProjection, UnreadableFile
from headscope.files.container import Container
from headscope.files.described import Said, read_report
from headscope.files.overview import OVERVIEW, unpacked
from headscope.recording.layers import formula
from headscope.recording.layers.certificate import Finding
from headscope.recording.layers.masks import Mask
from headscope.recording.layers.record import AnyRecord, KeptWeights, Record

__all__ = ["SavedLayers", "as_saved"]

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
KINDS = {
    "start": (torch.int32,),
    "stop": (torch.int32,),
    "visible": (torch.bool,),
    "lse": (torch.float64,),
    "norms": (torch.float32,),
}
"""What holds which kind of numbers; all else holds one of `FLOATS`."""

_clock = itertools.count()
_open: WeakSet[SavedLayers] = WeakSet()
_opening = threading.Lock()
"""Held where `_open` is changed or listed."""


def _make_room(nbytes: int) -> None:
    """Where the budget asks for it, let go of the layers, of whatever file, that were read least lately."""
    while True:
        try:
            return check_room(nbytes)
        except OverBudget:
            with _opening:
                every = list(_open)
            held = sorted((when, layer, id(one), one) for one in every for layer, when in list(one.used.items()))
            if not any(one.forget(layer) for _, layer, _, one in held):
                raise


class SavedLayers(CertifiedLayers):
    """The layers of one part of a file, by number. What their certificates say stands in the file.

    Parameters
    ----------
    part
        Name of the part.
    said
        Its layers, in order, each of which `read_report` has accepted.
    size
        Number of queries and of keys.
    """

    def __init__(
        self, container: Container, part: str, said: list[Said], size: tuple[int, int], device: torch.device
    ) -> None:
        super().__init__([])
        self._container = container
        self._device = device
        self._size = size
        self._closed = False
        self._shared: WeakValueDictionary[tuple[str, str], torch.Tensor] = WeakValueDictionary()
        self.used: dict[int, int] = {}
        """The layers that are held, and when each was read last."""
        self._said: dict[int, Said] = {}
        for one in said:
            report = read_report(one, part, container)
            self.reports[report.layer], self._said[report.layer] = report, one
        with _opening:
            _open.add(self)

    def read(self, layer: int, *, pictured: bool = False) -> AnyRecord:
        """The record of a layer, out of the file when first asked for."""
        with self._lock:
            if layer not in self._records and not self.reports[layer].refused:
                if self._closed:
                    raise CaptureClosed("this capture was closed. Load it again.")
                self._fetch(layer)
            self.used[layer] = next(_clock)
            return super().read(layer, pictured=pictured)

    def heads_to_picture(self, layer: int) -> int:
        """Number of heads of a layer. Nothing is read for it, and its pictures may stand in the file."""
        report = self.reports[layer]
        if report.refused:
            raise RefusedLayer(report.reason)
        return report.heads

    def is_pictured(self, layer: int, size: int) -> bool:
        """Whether pictures of so many cells a side stand in the file."""
        return self._place_of_pictures(layer, size) is not None

    def pictures(self, layer: int, pictured: Pictured, pause: Pause | None = None) -> Pictures:
        """Pictures of all heads of a layer, out of the file where they stand in it."""
        wanted = pictured.wanted
        with self._lock:
            if wanted == Wanted(wanted.size) and self._pictures.get(layer, wanted) is None:
                place = self._place_of_pictures(layer, wanted.size)
                if place is not None:
                    with suppress(UnreadableFile):  # then they are made from the layer, which has a checksum of its own
                        self._fetch_pictures(layer, wanted, place)
        return super().pictures(layer, pictured, pause)

    def _fetch_pictures(self, layer: int, wanted: Wanted, place: Said) -> None:
        _make_room(self._container.size_of(place["name"]))
        heads = self.reports[layer].heads
        found = unpacked(self._container.read(place["name"]), first_pictures(*self._size, heads, wanted.size), heads)
        if found is None:
            raise self._container.damaged(f"layer {layer}: its {OVERVIEW} is that of other heads or tokens")
        self._pictures.put(layer, wanted, found)
        self.used[layer] = next(_clock)

    def _place_of_pictures(self, layer: int, size: int) -> Said | None:
        place: Said | None = self._said[layer]["tensors"].get(OVERVIEW)
        return place if place is not None and place.get("cells") == size else None

    def value_norms(self, layer: int) -> torch.Tensor:
        """Norms of the value vectors as they were saved, or UnknownProjection with the reason that was saved."""
        with self._lock:
            self.read(layer)
            if layer not in self._norms:
                raise UnknownProjection(str(self._said[layer]["no_norms"]))
            return self._norms[layer]

    def forget(self, layer: int) -> bool:
        """Let go of a layer, which can be read again; not while somebody is at these layers."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.used.pop(layer, None)
            self._confirmed.discard(layer)
            self._pictures.drop(layer)
            for kept in (self._records, self._findings, self._lse, self._norms):
                kept.pop(layer, None)
        finally:
            self._lock.release()
        return True

    def clear(self) -> None:
        """Let go of everything but the reports, and of the file."""
        with self._lock:
            self._closed = True
            self.used.clear()
            super().clear()
            self._container.close()

    def _fetch(self, layer: int) -> None:
        said, report = self._said[layer], self.reports[layer]
        places = {what: place for what, place in said["tensors"].items() if what != OVERVIEW}
        _make_room(sum(self._container.size_of(place["name"]) for place in places.values()))
        tensors = {what: self._tensor(what, place) for what, place in places.items()}
        for what, tensor in tensors.items():
            if tensor.dtype not in KINDS.get(what, FLOATS):
                raise self._container.damaged(f"layer {layer}: its {what} is of {tensor.dtype}")
        heads = report.heads
        record = self._record(said, report, tensors)
        self._check({"lse": (heads, self._size[0]), "norms": (heads, self._size[1])}, tensors, report)
        given = tensors.get("weights")
        if given is None:
            self._findings[layer] = Finding(report.error, formula.weights, "the equation")
        else:
            self._check({"weights": (heads, *self._size)}, tensors, report)
            self._findings[layer] = Finding(report.error, as_saved(given), "the weights as they were saved")
        if "lse" in tensors:
            self._lse[layer] = tensors["lse"]
        if "norms" in tensors:
            self._norms[layer] = tensors["norms"]
        self._records[layer] = record
        self._confirmed.add(layer)

    def _tensor(self, what: str, place: Said) -> torch.Tensor:
        """A tensor with its axes in memory as they were recorded, which decides how its products are rounded.

        What layers share, such as biases, is read once for as long as one of them holds it.
        """
        name, axes = place["name"], place.get("axes")
        known = self._shared.get((name, str(axes)))
        if known is not None:
            return known
        tensor = self._container.read(name).to(self._device)
        if axes is not None:
            if not isinstance(axes, list) or sorted(map(str, axes)) != [str(axis) for axis in range(tensor.dim())]:
                raise self._container.damaged(f"{name!r} has other axes")
            tensor = tensor.permute([axes.index(axis) for axis in range(tensor.dim())])
        if what == "visible":
            if tensor.dtype != torch.uint8 or bool((tensor > 1).any()):
                raise self._container.damaged(f"{name!r} is no mask")
            tensor = tensor.view(torch.bool)
        self._shared[name, str(axes)] = tensor
        return tensor

    def _record(self, said: Said, report: LayerReport, tensors: dict[str, torch.Tensor]) -> AnyRecord:
        common: dict[str, Any] = {
            "part": report.part,
            "layer": report.layer,
            "module": report.module,
            "tier": report.tier,
            "not_finite": report.not_finite,
        }
        if said["form"] == "weights":
            if "weights" not in tensors:
                raise self._container.damaged(f"layer {report.layer} has no weights")
            return KeptWeights(weights=tensors["weights"], why=str(said["why"]), error=report.error, **common)
        queries, keys = self._size
        for what in ("query", "key", "value", "start", "stop", "lse"):
            if what not in tensors:
                raise self._container.damaged(f"layer {report.layer} has no {what}")
        width, depth = tensors["query"].shape[-1], tensors["value"].shape[-1]
        self._check(
            {
                "query": (report.heads, queries, width),
                "key": (report.kv_heads, keys, width),
                "value": (report.kv_heads, keys, depth),
                "start": (queries,),
                "stop": (queries,),
                "sinks": (report.heads,),
                **{what: (*tensors[what].shape[:1], queries, keys) for what in ("bias", "visible") if what in tensors},
            },
            tensors,
            report,
        )
        for what in ("bias", "visible"):
            if what in tensors and len(tensors[what]) not in (1, report.heads):
                raise self._container.damaged(f"layer {report.layer}: the {what} is of other heads")
        return Record(
            query=tensors["query"],
            key=tensors["key"],
            value=tensors["value"],
            scaling=float(said["scaling"]),
            softcap=None if said["softcap"] is None else float(said["softcap"]),
            mask=self._mask(tensors, report),
            bias=tensors.get("bias"),
            sinks=tensors.get("sinks"),
            **common,
        )

    def _mask(self, tensors: dict[str, torch.Tensor], report: LayerReport) -> Mask:
        start, stop = (tensors[what].long().cpu() for what in ("start", "stop"))
        if bool((start < 0).any()) or bool((stop > self._size[1]).any()):
            raise self._container.damaged(f"layer {report.layer}: its mask is none of these keys")
        return Mask(start, stop, tensors.get("visible"))

    def _check(self, shapes: dict[str, tuple[int, ...]], tensors: dict[str, torch.Tensor], report: LayerReport) -> None:
        for what, shape in shapes.items():
            if what in tensors and tuple(tensors[what].shape) != shape:
                found = list(tensors[what].shape)
                raise self._container.damaged(f"layer {report.layer}: its {what} is {found}, not {list(shape)}")


def as_saved(weights: torch.Tensor) -> Any:
    """The way to "compute" whole rows of a layer whose weights are known, float32 [h, r, K]."""
    return lambda _record, heads, rows: weights[heads[:, None], rows].float()
