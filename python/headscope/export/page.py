"""A view as a page of its own: works offline, with no kernel, and inside a notebook's output too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from headscope.answers.budget import megabytes
from headscope.errors import OutOfRange, OverBudget, RefusedLayer
from headscope.export.ascii import packed
from headscope.export.kept_heads import Heads, Kept, chosen_heads, only
from headscope.export.rounded import rounded
from headscope.export.short import short
from headscope.files.choice import chosen_layers, upwards
from headscope.recording.layers.record import AnyRecord, Record
from headscope.widgets.first_paint import describe
from headscope.widgets.packet import Packet, Pause, layer_packet, plan
from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.widgets.selection import Selection, Shape

__all__ = ["LIMIT", "SCRIPT", "Pictured", "as_json", "as_text", "page", "pictures", "traits"]

SCRIPT = Path(__file__).parent.parent / "static" / "page.js"
WITH_VECTORS = ("neuron", "explorer")
"""Kinds of views that show what weights are made of."""
LIMIT = 64 << 20
"""Most bytes of all layers together, which in a page are a quarter more. Browsers are slow to read many, and silently
skip some hundred MiB."""
EXACT = 16 << 20
"""Bytes up to which vectors are kept as they are, unless they are asked for."""

Dtype: TypeAlias = Literal["float32", "int16"]
Form: TypeAlias = Literal["float32", "int16", "rounded"]
Numbers: TypeAlias = list[tuple[str, int]]
"""Part and layer."""


class Pictured(Protocol):
    """What a page is made of: a view, or what somebody else shows as one."""

    kind: Any
    first_thumbnails: Any
    first_thumbnails_data: Any

    @property
    def capture(self) -> Capture:
        """The capture shown."""

    @property
    def shape(self) -> Shape:
        """What can be selected."""

    @property
    def selection(self) -> Selection:
        """What is selected."""


def page(
    view: Pictured,
    layers: Iterable[int] | None = None,
    heads: Heads | None = None,
    dtype: Dtype | None = None,
    pause: Pause | None = None,
) -> str:
    """Return a view as HTML, with the layers of its capture: its picture as it is now, and all that a click shows.

    Views of weights hold them rounded; views that show vectors have these, exact or rounded. The page says what is
    rounded and by how much. All of it is ASCII, so that it reads the same whatever encoding it is saved and served in.

    Parameters
    ----------
    view
        The view.
    layers
        Numbers of the layers to keep, in all parts, the selected one in any case; all if None.
    heads
        Of every layer that has them, or of each by its number; all if None. The page begins with those of the selected
        heads that it holds, else with all that it holds.
    dtype
        Of the vectors: "float32", as they are; "int16", rounded to fewer digits; None: as they are up to `EXACT` bytes.
    pause
        Called after each layer; where it raises, the work ends.

    Raises
    ------
    OverBudget
        Where the layers are more than `LIMIT` bytes.
    """
    if not SCRIPT.is_file():
        raise FileNotFoundError(f"the script of headscope's pages is missing at {SCRIPT}: run `make build`.")
    capture = view.capture
    numbers = _chosen(view, layers)
    kept = chosen_heads(capture, numbers, heads)
    form = _form(capture, view.kind, numbers, kept, dtype)
    made: list[dict[str, Any]] = []
    for done, packet in enumerate(_layers(capture, form, numbers, kept), 1):
        made.append({"header": packet.header, "payload": packed(packet.payload)})
        if pause is not None:
            pause(done / len(numbers))
    # What was read for the layers has been confirmed, which the description then tells.
    data = {
        "traits": {**traits(view), **_begun(view, kept), "meta": _described(view, kept)},
        "layers": made,
        "note": _note([one["header"] for one in made], kept),
        "missing": "is not in this page.",
        "thumbnails": pictures(view),
    }
    title = view.kind if view.kind == "explorer" else f"{view.kind} view"
    return (
        f'<!doctype html><meta charset="utf-8"><title>{title} of {as_text(capture.model_name)}</title>'
        "<style>:root{color-scheme:light dark}</style><body>\n"
        f'<script type="application/json">{as_json(data)}</script>\n'
        f"<script>{SCRIPT.read_text(encoding='ascii')}</script>\n"
    )


def traits(view: Pictured) -> dict[str, Any]:
    """Return what a view shows, and how, as the page is told."""
    selected = {name: getattr(view.selection, name) for name in FIELDS}
    return {"kind": view.kind, **selected, **{name: getattr(view, name) for name in SETTINGS}}


def pictures(view: Pictured) -> dict[str, Any] | None:
    """Return the small pictures of heads that came along with a view, of layers that are left out too."""
    first = view.first_thumbnails
    return {**first, "payload": packed(view.first_thumbnails_data)} if first else None


def _chosen(view: Pictured, layers: Iterable[int] | None) -> Numbers:
    every = [(part, layer) for part in view.capture.parts for layer in view.capture.layer_numbers(part)]
    if layers is None:
        return every
    wanted = chosen_layers(every, layers)
    selected = (view.selection.part, view.selection.layer)
    return [(part, layer) for part, layer in every if layer in wanted or (part, layer) == selected]


def _described(view: Pictured, kept: Kept) -> dict[str, Any]:
    description = describe(view.capture, view.shape)
    for part in description["parts"]:
        for layer in part["layers"]:
            if (part["name"], layer["layer"]) in kept:
                layer["kept"] = kept[part["name"], layer["layer"]]
    return description


def _begun(view: Pictured, kept: Kept) -> dict[str, Any]:
    """The heads with which a page begins, where not all that are selected are in it."""
    if not kept:
        return {}
    at = view.selection
    there = kept.get((at.part, at.layer))
    if there is None:
        return {}
    heads = [head for head in at.heads if head in there] or there
    return {"heads": heads, "head": at.head if at.head in heads else heads[0]}


def _form(capture: Capture, kind: str, numbers: Numbers, kept: Kept, dtype: Dtype | None) -> Form:
    """The form in which the layers stand in a page; OverBudget where they do not fit."""
    if dtype not in (None, "float32", "int16"):
        raise OutOfRange(f'dtype {dtype!r} is unknown: there are "float32" and "int16".')
    if kind not in WITH_VECTORS and dtype is not None:
        raise OutOfRange(f"a {kind} view shows no vectors, so that dtype= says nothing of its page: leave it out.")
    form: Form = dtype or "float32" if kind in WITH_VECTORS else "rounded"
    needed = _size(capture, form, numbers, kept)
    if form == "float32" and dtype is None and needed > EXACT:
        form = "int16"
        needed = _size(capture, form, numbers, kept)
    if needed > LIMIT:
        raise OverBudget(
            f"the layers of this page take {megabytes(needed)}; it may hold {megabytes(LIMIT)}. Show fewer layers or a "
            "shorter text, or save the capture (capture.save) and open it where layers come when they are looked at."
        )
    return form


def _size(capture: Capture, form: Form, numbers: Numbers, kept: Kept) -> int:
    """About how many bytes layers take; of rounded weights, the few that take two are not counted."""
    needed = 0.0
    for part, layer in numbers:
        with suppress(RefusedLayer):
            record = capture.record(layer, part)
            share = _share(record, kept.get((part, layer)))
            if form == "float32":
                needed += share * plan(capture, part, layer).nbytes
            elif form == "int16" and _is_short(capture, part, layer):
                needed += share * (plan(capture, part, layer).nbytes - _saved_by_rounding(record))
            elif form == "int16" and isinstance(record, Record):
                needed += share * plan(capture, part, layer).nbytes
            else:
                needed += share * record.heads * record.queries * record.keys
    return round(needed)


def _share(record: AnyRecord, heads: list[int] | None) -> float:
    """About which share of a layer is kept; keys and values are those of whole groups."""
    if heads is None:
        return 1.0
    groups = {head // (record.heads // record.groups) for head in heads}
    return max(len(heads) / record.heads, len(groups) / record.groups)


def _saved_by_rounding(record: AnyRecord) -> int:
    assert isinstance(record, Record)
    vectors = record.query, record.key, record.value
    scales = sum(4 * one.shape[0] * one.shape[1] for one in vectors)
    return 2 * (record.query.numel() + record.key.numel()) + 3 * record.value.numel() - scales


def _is_short(capture: Capture, part: str, layer: int) -> bool:
    """Whether the vectors of a layer tell its weights, and can be rounded, which what is no number cannot be."""
    record = capture.record(layer, part)
    return isinstance(record, Record) and not record.not_finite and capture.browser_computable(layer, part)


def _layers(capture: Capture, form: Form, numbers: Numbers, kept: Kept) -> Iterator[Packet]:
    for part, layer in numbers:
        with suppress(RefusedLayer):  # the description says why it is not there
            heads = kept.get((part, layer))
            packet = _layer(capture, form, part, layer, heads)
            yield packet if heads is None else only(packet, heads)


def _layer(capture: Capture, form: Form, part: str, layer: int, heads: list[int] | None) -> Packet:
    if form == "int16" and _is_short(capture, part, layer):
        return short(capture, part, layer)
    if form == "rounded" or not isinstance(capture.record(layer, part), Record):
        return rounded(capture, part, layer, heads=heads)
    return layer_packet(capture, part, layer)


def _note(headers: list[dict[str, Any]], kept: Kept) -> str | None:
    """What a reader has to know."""
    within = max((header["within"] for header in headers if "within" in header), default=0.0)
    said = []
    if within > 0:
        said.append(f"Rounded to make this page small: no weight is further than {upwards(within)} from the exact one.")
    if kept:
        said.append("Heads whose pictures are pale are not in this page.")
    return " ".join(said) or None


def as_json(data: dict[str, Any]) -> str:
    """JSON that ends no script: in ASCII, without a "<"."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")


def as_text(text: str) -> str:
    """Text of an element, in ASCII."""
    return text.replace("&", "&amp;").replace("<", "&lt;").encode("ascii", "xmlcharrefreplace").decode()
