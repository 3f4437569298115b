"""``hs.link``: two views that follow each other."""

from __future__ import annotations

import weakref
from contextlib import suppress
from typing import Any

from traitlets import TraitError

from headscope.widgets.selection import FIELDS, Selection, Shape, step
from headscope.widgets.settings import SETTINGS
from headscope.widgets.view import View

__all__ = ["Link", "link"]

_ties: weakref.WeakKeyDictionary[View, weakref.WeakKeyDictionary[View, Link]] = weakref.WeakKeyDictionary()
"""The links that exist, by both views, so that a cell that links two views may be run again."""


class Link:
    """What :func:`link` made. It keeps neither view alive."""

    def __init__(self, first: View, second: View) -> None:
        self._views = (weakref.ref(first), weakref.ref(second))
        self._moving = False
        self._listen(first, second)

    def _listen(self, *views: View) -> None:
        """Hear of every step; to be told twice is the same as once."""
        for view in views:
            view.observe(self._follow_selection, names="selection")
            view.observe(self._follow_setting, names=list(SETTINGS))

    def unlink(self) -> None:
        """End it. May be called more than once."""
        first, second = (reference() for reference in self._views)
        for view, other in ((first, second), (second, first)):
            if view is not None:
                _unobserve(view, self._follow_selection, "selection")
                _unobserve(view, self._follow_setting, *SETTINGS)
                if other is not None:
                    _ties.get(view, {}).pop(other, None)

    def _follow_selection(self, change: Any) -> None:
        old, new = change["old"], change["new"]
        changed = {name: getattr(new, name) for name in FIELDS if getattr(new, name) != getattr(old, name)}
        self._pass_on(change["owner"], lambda other: _select_fitting(other, changed))

    def _follow_setting(self, change: Any) -> None:
        self._pass_on(change["owner"], lambda other: _set_fitting(other, change["name"], change["new"]))

    def _pass_on(self, source: View, move: Any) -> None:
        """Let the other view make the move, and take no notice of the move that it makes."""
        first, second = (reference() for reference in self._views)
        other = second if source is first else first
        if other is None or other.closed:
            self.unlink()
        elif not self._moving:
            self._moving = True
            try:
                move(other)
            finally:
                self._moving = False


def link(first: View, second: View) -> Link:
    """Let two views follow each other: selection and settings, both ways, each step in one step.

    `second` takes over what `first` selects at once. Between captures of different shapes, what does not fit the other
    one (a layer that it does not have) is left alone there. Views that are linked already stay so, by the same link.

    Parameters
    ----------
    first, second
        Two views, of one capture or of two.

    Returns
    -------
    Link
        Its ``unlink()`` ends it. It ends by itself when a view is closed or gone.

    Examples
    --------
    >>> pair = hs.link(view, other)  # doctest: +SKIP
    >>> view.layer = 3  # other.layer is 3 too  # doctest: +SKIP
    >>> pair.unlink()  # doctest: +SKIP
    """
    if first is second:
        raise ValueError("a view cannot be linked with itself; give two views.")
    _select_fitting(second, {name: getattr(first.selection, name) for name in FIELDS})
    for name in SETTINGS:
        _set_fitting(second, name, getattr(first, name))
    tie = _ties.get(first, {}).get(second)
    if tie is None:
        tie = Link(first, second)
        _ties.setdefault(first, weakref.WeakKeyDictionary())[second] = tie
        _ties.setdefault(second, weakref.WeakKeyDictionary())[first] = tie
    tie._listen(first, second)  # again, after an unobserve_all()
    return tie


def _select_fitting(view: View, changes: dict[str, Any]) -> None:
    view.select(**fitting(view.selection, view.shape, changes))


def _set_fitting(view: View, name: str, value: Any) -> None:
    with suppress(TraitError):  # such as layers to show that the other capture does not have
        view.set_trait(name, value)


def fitting(current: Selection, shape: Shape, changes: dict[str, Any]) -> dict[str, Any]:
    """Return those of `changes` that are possible together, the wider fields first."""
    kept: dict[str, Any] = {}
    for name in FIELDS:
        if name in changes:
            try:
                step(current, shape, **kept, **{name: changes[name]})
            except TraitError:
                continue
            kept[name] = changes[name]
    return kept


def _unobserve(view: View, handler: Any, *names: str) -> None:
    for name in names:
        try:
            view.unobserve(handler, names=name)
        except ValueError:  # not observed, or no more
            continue
