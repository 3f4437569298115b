"""How long a view lives: as long as a cell shows it or somebody has a name for it.

ipywidgets keeps every widget for ever, in a registry and through the callback of its comm, and IPython keeps every
value that a cell displayed (``Out``, ``_``, ``_5``). A view holds a capture, so running a cell again and again would
fill the memory. Here the first two are made weak and views are held by their places instead: the notebook cells that
showed them. When a cell has run again, what it showed before loses that place. With its last place a view also loses
IPython's own names for it; then only the user's names count, and a view without any is closed when Python frees it.

A page that is closed changes nothing: it may come back, and must find its view.
"""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import comm
from ipywidgets.widgets import widget as base  # type: ignore[import-untyped]

from headscope.widgets import kernel

if TYPE_CHECKING:
    from headscope.widgets.view import View

__all__ = ["leave", "loosen", "places", "show"]

log = logging.getLogger("headscope")

_shown: dict[str | None, dict[str, tuple[View, str]]] = {}
"""By cell id: the views that the cell shows, by model id, each with the execution that showed it. None is any place
that has no id (a host that sends none): it never runs again, so that its views stay until they are closed."""


def loosen(view: View) -> None:
    """Take `view` from the registry and the comm that would keep it for ever.

    Other hosts than IPython kernels do not tell where a view is shown, so there ipywidgets' way stays, but for the comm
    that stands for no host at all.
    """
    if kernel.current() is None and not isinstance(view.comm, comm.DummyComm):
        return
    view.comm.on_msg(_weakly(view._handle_msg))
    registry: dict[str, Any] = getattr(base, "_instances", None) or base.Widget.widgets  # the latter in ipywidgets 7
    registry[view.model_id] = weakref.proxy(view)  # so that references from the browser still find it


def _weakly(method: Callable[[Any], None]) -> Callable[[Any], None]:
    reference = weakref.WeakMethod(method)

    def call(message: Any) -> None:
        living = reference()
        if living is not None:
            kernel.call_on_main(lambda: living(message))

    return call


def show(view: View) -> None:
    """Note that the running cell shows `view`; it lives at least until that cell has run again."""
    running = kernel.current()
    if running is None:
        return
    cell = kernel.running_cell()
    _shown.setdefault(cell.id, {})[view.model_id] = (view, cell.run)
    running.shell.events.register("post_run_cell", _after_run)  # the same function is registered once only


def leave(view: View) -> None:
    """Take a view from all its places."""
    if view.comm is not None:
        for views in _shown.values():
            views.pop(view.model_id, None)


def places(view: View) -> list[str | None]:
    """Return the ids of the cells that show `view`."""
    return [cell for cell, views in _shown.items() if view.model_id in views]


def _after_run(result: Any) -> None:
    """Let go of what the cell showed before it ran again."""
    if getattr(getattr(result, "info", None), "cell_id", None) is None:
        return  # no cell, or code that a cell itself runs as a cell
    homeless = _move_out(kernel.running_cell())
    for reference in homeless:
        _forget_outputs(kernel.current().shell, reference)
    if any(reference() is not None for reference in homeless):
        gc.collect()  # some hang in cycles, as traitlets.link makes of two; Python would wait for many more objects


def _move_out(cell: kernel.Cell) -> list[weakref.ref[View]]:
    """Take from `cell` what earlier runs of it showed; return those of them that have no place left."""
    views = _shown.get(cell.id, {})
    old = [view for view, run in views.values() if run != cell.run]
    for view in old:
        del views[view.model_id]
    return [weakref.ref(view) for view in old if not places(view)]


def _forget_outputs(shell: Any, reference: weakref.ref[View]) -> None:
    """Take a view out of IPython's cache of outputs: ``Out[5]``, ``_5``, ``_``, ``__`` and ``___``."""
    view = reference()
    if view is None:
        return
    spaces = (shell.user_ns, shell.user_ns_hidden)
    outputs = shell.user_ns.get("_oh", {})
    for number in [number for number, value in outputs.items() if value is view]:
        del outputs[number]
        for space in spaces:
            if space.get(f"_{number}") is view:
                del space[f"_{number}"]
    for name in ("_", "__", "___"):
        if getattr(shell.displayhook, name, None) is view:
            setattr(shell.displayhook, name, "")
        for space in spaces:
            if space.get(name) is view:
                space[name] = ""  # as IPython's own flush does; it stops keeping a name that differs from its own
