"""A view as a page of its own, for a host that saves it: what ``view.to_html`` writes, of what is on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from traitlets import TraitError

from headscope.errors import OutOfRange
from headscope.widgets.first_paint import first_paint
from headscope.widgets.packet import Packet
from headscope.widgets.selection import FIELDS, shape_of, start, step
from headscope.widgets.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.widgets.view import View

__all__ = ["page_packet"]

HAS_GRID = {"model": True, "head": False, "neuron": False, "explorer": True}


def page_packet(capture: Capture, kind: str, traits: Mapping[str, Any]) -> Packet:
    """Make the packet of a page.

    Parameters
    ----------
    capture
        What the view shows.
    kind, traits
        Which view it is, its selection and its settings, as they are on the screen.

    Raises
    ------
    OutOfRange
        Where the capture has no such selection, or there is no such setting.
    OverBudget
        Where the layers are too many for a page.
    """
    from headscope.export.page import page

    if kind not in HAS_GRID:
        raise OutOfRange(f"there is no view of the kind {kind!r}.")
    shape = shape_of(capture)
    try:
        selection = step(start(shape), shape, **{name: traits[name] for name in FIELDS if name in traits})
        settings = Settings(**{name: traits[name] for name in SETTINGS if name in traits})
    except TraitError as error:
        raise OutOfRange(str(error)) from None
    first = first_paint(capture, shape, selection, grid=HAS_GRID[kind])
    shown = SimpleNamespace(capture=capture, shape=shape, kind=kind, selection=selection)
    vars(shown).update({name: getattr(selection, name) for name in FIELDS})
    vars(shown).update({name: getattr(settings, name) for name in SETTINGS})
    headers = [picture.header for picture in first.thumbnails]
    shown.first_thumbnails = {"question": asdict(first.question), "layers": headers} if headers else {}
    shown.first_thumbnails_data = b"".join(picture.payload for picture in first.thumbnails)
    payload = bytearray(page(cast("View", shown)).encode("ascii"))
    return Packet({"v": 1, "layer": selection.layer, "bytes": len(payload)}, payload)
