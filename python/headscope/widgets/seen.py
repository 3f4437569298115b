"""What is seen of a capture: how it is drawn, and what a page can draw before it asks anything."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from traitlets import Bytes, Dict, TraitError, TraitType, validate

from headscope.widgets.first_paint import FirstPaint
from headscope.widgets.selection import Shape, spell
from headscope.widgets.settings import Settings

__all__ = ["GRIDS", "Seen", "fixed"]

GRIDS = ("model", "explorer")
"""Kinds of views that show all heads as thumbnails."""


def fixed(trait: TraitType[Any, Any]) -> TraitType[Any, Any]:
    """Sync `trait` to the browser, which may not set it and to which it is never echoed."""
    return trait.tag(sync=True, echo_update=False, fixed=True)


class Seen(Settings):
    """The settings of a capture's picture and its first paint. Subclasses set `_shape` before they set anything."""

    meta = fixed(Dict(read_only=True, help="Layers, tokens and certificates of the capture."))
    first = fixed(Dict(read_only=True, help="Header of the layer selected at first; empty if it did not fit."))
    first_data = fixed(Bytes(read_only=True, help="Payload of that layer."))
    first_thumbnails = fixed(Dict(read_only=True, help="Which thumbnails came along, and the header of each layer's."))
    first_thumbnails_data = fixed(Bytes(read_only=True, help="Their payloads, one after the other."))

    _shape: Shape

    @property
    def shape(self) -> Shape:
        """What can be selected."""
        return self._shape

    def _bring(self, made: FirstPaint) -> None:
        self.set_trait("meta", made.meta)
        if made.layer is not None:
            self.set_trait("first", made.layer.header)
            self.set_trait("first_data", bytes(made.layer.payload))
        if made.thumbnails:
            headers = [picture.header for picture in made.thumbnails]
            self.set_trait("first_thumbnails", {"question": asdict(made.question), "layers": headers})
            self.set_trait("first_thumbnails_data", b"".join(picture.payload for picture in made.thumbnails))

    @validate("show_layers", "show_heads")
    def _exist(self, proposal: Any) -> list[int] | None:
        name, numbers = proposal["trait"].name, proposal["value"]
        stacks = self._shape.stacks.values()
        if name == "show_layers":
            what, known = "layer", {layer for stack in stacks for layer in stack.heads}
        else:
            what, known = "head", set(range(max(max(stack.heads.values()) for stack in stacks)))
        for number in numbers or ():
            if number not in known:
                raise TraitError(f"{name}: {what} {number} is out of range: this capture has {what}s {spell(known)}.")
        return numbers  # type: ignore[no-any-return]
