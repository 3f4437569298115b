"""What every view of a capture is: a widget with a selection and settings that can be asked what it shows."""

from __future__ import annotations

import logging
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from traitlets import TraitType, Unicode, default, observe

from headscope.answers.display import Shown, show
from headscope.errors import CaptureClosed
from headscope.widgets import kernel, lifetime
from headscope.widgets.exporting import Exporting
from headscope.widgets.figures import Figures
from headscope.widgets.first_paint import first_paint
from headscope.widgets.protocol import Desk
from headscope.widgets.seen import GRIDS, Seen, fixed
from headscope.widgets.selected import Selected
from headscope.widgets.selecting import Selecting
from headscope.widgets.selection import FIELDS, Changes, shape_of, start, step
from headscope.widgets.settings import SETTINGS

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["BUNDLE", "View", "fixed"]

log = logging.getLogger("headscope")

BUNDLE = Path(__file__).parent.parent / "static" / "widget.js"
SCALE_OF = {"model": "model", "head": "head", "neuron": "neuron", "explorer": "model"}
"""Where a reader of each kind of view begins."""
WIDGET_OPTIONS = ("layout", "tabbable", "tooltip")


class View(Seen, Selecting, Exporting):
    """A picture of a capture in a notebook cell.

    Parameters
    ----------
    capture : Capture
        What to show.
    **initial
        First values of the selection (`layer`, `heads`, ...) and of the settings (`words`, `hide_first`, ...).

    Raises
    ------
    TraitError
        If a value is impossible, naming those that are possible.
    """

    # A Path in a class attribute would do for anywidget too, but its file object then keeps every instance alive.
    _esm = fixed(Unicode())
    _anywidget_id = fixed(Unicode())
    kind = fixed(Unicode("head", read_only=True, help='Which view this is: "model", "head", "neuron", "explorer".'))
    error = fixed(Unicode(help="A failure on Python's side that the cell shows."))

    def __init__(self, capture: Capture, **initial: Any) -> None:
        _check_arguments(type(self), initial)
        if capture.closed:
            raise CaptureClosed("this capture was closed. Capture again.")
        self._capture: Capture | None = capture
        self._shape = shape_of(capture)
        chosen = {name: initial.pop(name) for name in FIELDS if name in initial}
        self._now = step(start(self._shape, scale=SCALE_OF[self.kind]), self._shape, **chosen)
        self._own_layout = "layout" not in initial
        self._bring(first_paint(capture, self._shape, self._now, grid=self.kind in GRIDS))
        self._desk = Desk(self)
        super().__init__(**initial)
        self._figures = Figures()
        self.on_msg(self._desk.receive)
        self.on_msg(self._figures.receive)
        self.observe(self._desk.prefer, "layer")

    @default("_esm")
    def _read_bundle(self) -> str:
        if not BUNDLE.is_file():
            raise FileNotFoundError(f"the browser's part of headscope is missing at {BUNDLE}: run `make build`.")
        return BUNDLE.read_text(encoding="utf-8")

    @default("_anywidget_id")
    def _name_class(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}"

    # What it shows

    @property
    def capture(self) -> Capture:
        """The capture shown."""
        if self._capture is None:
            raise CaptureClosed("this view is closed. Make a new one: hs.HeadView(capture) or hs.explore(...).")
        return self._capture

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._capture is None

    @property
    def selected(self) -> Selected:
        """What is selected now, as tensors: exact, and independent of the settings."""
        return Selected(self.capture, self.selection)

    @property
    def shown(self) -> Shown:
        """What is drawn now of the selected heads: with tokens hidden, words merged, sentences filtered."""
        at, capture = self.selection, self.capture
        queries, keys = capture.tokens(at.part, "query"), capture.tokens(at.part, "key")
        drawn = capture.attention(at.layer, list(at.heads), part=at.part, measure=self.measure)
        return show(drawn, queries, keys, self.display_settings)

    def select(self, **changes: Unpack[Changes]) -> None:  # noqa: D102  # inherited
        if self.closed:
            _ = self.capture  # says so
        super().select(**changes)

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.closed:
            return f"{name}(closed)"
        return f"{name}({', '.join([self.capture.model_name, *self._said()])})"

    def _said(self) -> list[str]:
        """Say the selection in words."""
        at = self.selection
        count = self._shape.stacks[at.part].heads[at.layer]
        heads = f"all {count} heads" if len(at.heads) == count > 1 else f"heads {list(at.heads)}"
        said = [] if len(self._shape.stacks) == 1 else [at.part]
        said += [f"layer {at.layer}", heads]
        for side, position in (("query", at.query), ("key", at.key)):
            if position is not None:
                said.append(f"{side} {position} {self.capture.tokens(at.part, side).labels[position]!r}")
        return said if at.neuron is None else [*said, f"neuron {at.neuron}"]

    # How long it lives, see lifetime.py

    def close(self) -> None:
        """Take the view from the page and free what it holds; its capture dies with its last name and last view."""
        lifetime.leave(self)
        desk, self._capture = self.__dict__.get("_desk"), None
        if desk is not None:
            desk.close()
        super().close()
        if self.__dict__.get("_own_layout") and self.trait_has_value("layout"):
            self.layout.close()  # a widget of its own, with a comm of its own

    def __del__(self) -> None:
        with suppress(Exception):  # half made, or at the end of the process
            self.close()

    def add_traits(self, **traits: TraitType[Any, Any]) -> None:
        """Add traits, but those that the class has: anywidget would make a class for every instance."""
        new = {name: trait for name, trait in traits.items() if not self.has_trait(name)}
        if new:
            super().add_traits(**new)

    @observe("comm")
    def _comm_changed(self, change: Any) -> None:
        super()._comm_changed(change)
        if change["new"] is not None:
            lifetime.loosen(self)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        lifetime.show(self)
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None or kernel.current() is None:
            return bundle
        data, metadata = bundle
        return {**data, **self._saved()}, metadata

    def _saved(self) -> dict[str, Any]:
        """Make what the notebook keeps for being opened without running. The widget is shown whatever becomes of it."""
        from headscope.export.saved import saved

        try:
            return saved(self)
        except Exception:
            log.warning("headscope: no picture could be made for a notebook that is opened later.", exc_info=True)
            return {}


def _check_arguments(view: type[View], arguments: dict[str, Any]) -> None:
    known = (*FIELDS, *SETTINGS, *WIDGET_OPTIONS)
    for name in arguments:
        if name not in known:
            guess = "".join(f" Did you mean {match}?" for match in get_close_matches(name, known, 1))
            raise TypeError(f"{view.__name__} has no argument {name!r}.{guess} It takes {', '.join(known)}.")
