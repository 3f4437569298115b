"""The selection of a widget: traits of one value, moved in whole steps from Python and from the browser."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, SupportsIndex, TypeVar, Unpack

import anywidget
from ipywidgets.widgets import widget as base  # type: ignore[import-untyped]
from traitlets import Bunch, HasTraits, TraitError, TraitType

from headscope.widgets.selection import FIELDS, Changes, Selection, Shape, step

__all__ = ["Field", "Selecting"]

log = logging.getLogger("headscope")

G = TypeVar("G")
S = TypeVar("S")

MOST_STEPS = 100
"""Steps that observers may add to one step before they are taken for an endless loop."""

ECHO = getattr(base, "JUPYTER_WIDGETS_ECHO", False)  # ipywidgets 7 has none


class Field(TraitType[G, S], Generic[G, S]):
    """One field of the owner's selection. It stores nothing: to set it is a step of the whole selection."""

    def get(self, obj: Any, cls: Any = None) -> G:  # noqa: ARG002
        """Return the field of the owner's current selection."""
        return _plain(obj.selection, self.name)  # type: ignore[no-any-return]

    def set(self, obj: Any, value: S) -> None:
        """Make a step that changes this field."""
        obj.select(**{str(self.name): value})


class Whole(TraitType[Selection, Selection]):
    """The owner's selection as one value."""

    def get(self, obj: Any, cls: Any = None) -> Selection:  # noqa: ARG002
        """Return the owner's current selection."""
        return obj._now  # type: ignore[no-any-return]

    def set(self, obj: Any, value: Selection) -> None:  # noqa: ARG002
        """Refuse: the fields and `select` are the way."""
        raise TraitError('The "selection" trait is read-only; use select(layer=..., heads=..., ...).')


class Selecting(anywidget.AnyWidget):
    """A widget with a selection. Subclasses set `_shape` and `_now` before the constructor of this class runs."""

    selection = Whole(read_only=True, help="Everything below as one frozen value; one change event per step.")
    part = Field[str, str](help='Stack of layers, such as "self".').tag(sync=True)
    layer = Field[int, SupportsIndex](help="Layer, 0-based.").tag(sync=True)
    heads = Field["list[int]", "Iterable[SupportsIndex]"](help="Heads drawn, ascending.").tag(sync=True)
    head = Field["int | None", "SupportsIndex | None"](help="Head in focus, one of `heads`.").tag(sync=True)
    query = Field["int | None", "SupportsIndex | None"](help="Pinned query position.").tag(sync=True)
    key = Field["int | None", "SupportsIndex | None"](help="Pinned key position.").tag(sync=True)
    neuron = Field["int | None", "SupportsIndex | None"](help="Pinned component of the vectors.").tag(sync=True)
    scale = Field[str, str](help='View in focus: "model", "head" or "neuron".').tag(sync=True)

    _shape: Shape
    _now: Selection
    _held: Selection | None = None

    def __init__(self, **traits: Any) -> None:
        self._untold: deque[list[Bunch]] = deque()
        super().__init__(**traits)

    def select(self, **changes: Unpack[Changes]) -> None:
        """Change several fields of the selection in one step, checked together.

        Parameters
        ----------
        **changes
            New values of `part`, `layer`, `heads`, `head`, `query`, `key`, `neuron`, `scale`; see `Selection`. What is
            left out stays, as far as the new layer or part has it.

        Raises
        ------
        TraitError
            If a value is impossible, naming those that are possible. The selection stays as it was.

        Examples
        --------
        >>> view.select(layer=16, heads=[0], query=9)  # doctest: +SKIP
        """
        self._move(step(self._now, self._shape, **changes))

    @contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Make the steps within the block one step for observers and for the browser."""
        if self._held is not None:
            yield
            return
        self._held = before = self._now
        with self.hold_sync():
            try:
                with super().hold_trait_notifications():
                    yield
            except TraitError:
                self._now = before  # traitlets takes back its own traits likewise
                raise
            finally:
                self._held = None
                self._announce(before)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a browser sent: its fields of the selection are one step, however many they are."""
        moves = {name: value for name, value in sync_data.items() if name in FIELDS}
        others = {name: value for name, value in sync_data.items() if self._is_settable(name)}
        try:
            if moves:
                self._move_from_browser(moves)
        finally:  # an observer that raises must not keep the settings of the same message from being taken
            try:
                super().set_state(others)
            except TraitError as error:
                log.warning("refused from the browser: %s", error)
                self.send_state(list(others))

    def _is_settable(self, name: str) -> bool:
        return name in self.keys and name not in FIELDS and not self.trait_metadata(name, "fixed", False)

    def _move_from_browser(self, moves: dict[str, Any]) -> None:
        before = self._now
        try:
            target = step(before, self._shape, **moves)
        except TraitError as error:
            log.warning("refused from the browser: %s", error)
            target = before
        self._now = target
        self._echo({name: getattr(self, name) for name in moves})
        with self._lock_property(**moves):  # what the browser said is not said back to it, what became of it is
            self._push(moves)
            self._announce(before)

    def _echo(self, state: dict[str, Any]) -> None:
        """Tell every page, as ipywidgets does; but with the values that hold now, not with those asked for."""
        if ECHO:
            self._send({"method": "echo_update", "state": state, "buffer_paths": []}, buffers=[])

    def _move(self, target: Selection) -> None:
        before, self._now = self._now, target
        self._announce(before)

    def _announce(self, before: Selection) -> None:
        """Tell the browser in one message, then the observers; a step that one of them makes is told after this one."""
        if self._held is not None or self._now == before:
            return
        names = [name for name in FIELDS if getattr(self._now, name) != getattr(before, name)]
        changes = [self._change(name, _plain(before, name), _plain(self._now, name)) for name in names]
        self._untold.append([*changes, self._change("selection", before, self._now)])
        if len(self._untold) == 1:
            self._tell()

    def _change(self, name: str, old: Any, new: Any) -> Bunch:
        return Bunch(name=name, old=old, new=new, owner=self, type="change")

    def _tell(self) -> None:
        errors: list[Exception] = []
        steps = 0
        try:
            while self._untold and steps <= MOST_STEPS:
                changes = self._untold[0]
                self._push(change["name"] for change in changes)
                for change in changes:
                    errors += self._notify(change)
                self._untold.popleft()
                steps += 1
            if self._untold:
                raise RuntimeError(f"observers of the selection changed it {MOST_STEPS} times over: an endless loop?")
        finally:
            self._untold.clear()
        if errors:
            raise errors[0]

    def _notify(self, change: Bunch) -> list[Exception]:
        """Call the observers of one field; an exception must not keep the other fields from being told."""
        try:
            HasTraits.notify_change(self, change)
        except Exception as error:
            return [error]
        return []

    def _push(self, names: Iterable[str]) -> None:
        """Send those of the fields that the browser does not have already, in one message."""
        wanted = [name for name in names if name in FIELDS and self._should_send_property(name, getattr(self, name))]
        if wanted:
            self.send_state(wanted)


def _plain(selection: Selection, name: str | None) -> Any:
    """Return a field as the traits and the browser have it: heads as a list."""
    value = getattr(selection, str(name))
    return list(value) if isinstance(value, tuple) else value
