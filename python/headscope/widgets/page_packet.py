"""A view as a page of its own, for a host that saves it: what ``view.to_html`` writes, of what is on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from headscope.errors import OutOfRange
from headscope.widgets.first_paint import first_paint
from headscope.widgets.packet import Packet, Pause
from headscope.widgets.seen import GRIDS, Seen
from headscope.widgets.selection import FIELDS, shape_of, start, step
from headscope.widgets.settings import SETTINGS

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["page_packet"]

KINDS = ("model", "head", "neuron", "explorer")


class _OnScreen(Seen):
    """A view that somebody else shows."""

    def __init__(self, capture: Capture, kind: str, traits: Mapping[str, Any]) -> None:
        self.capture, self.kind, self._shape = capture, kind, shape_of(capture)
        chosen = {name: traits[name] for name in FIELDS if name in traits}
        self.selection = step(start(self._shape), self._shape, **chosen)
        super().__init__(**{name: traits[name] for name in SETTINGS if name in traits})
        self._bring(first_paint(capture, self._shape, self.selection, grid=kind in GRIDS))


def page_packet(capture: Capture, kind: str, traits: Mapping[str, Any], pause: Pause | None = None) -> Packet:
    """Make the packet of a page.

    Parameters
    ----------
    capture
        What the view shows.
    kind, traits
        Which view it is, its selection and its settings, as they are on the screen.
    pause
        Called between the parts of the work; where it raises, the work ends.

    Raises
    ------
    OutOfRange
        Where the capture has no such selection, or there is no such setting.
    OverBudget
        Where the layers are too many for a page.
    """
    from headscope.export.page import page

    if kind not in KINDS:
        raise OutOfRange(f"there is no view of the kind {kind!r}.")
    try:
        shown = _OnScreen(capture, kind, traits)
    except TraitError as error:
        raise OutOfRange(str(error)) from None
    payload = bytearray(page(shown, pause=pause).encode("ascii"))
    return Packet({"v": 1, "layer": shown.selection.layer, "bytes": len(payload)}, payload)
