"""How BertViz's calls show their views: below the cell as soon as they are called, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from IPython.display import HTML, display
from traitlets import TraitError

from headscope.errors import OutOfRange
from headscope.export.page import page
from headscope.widgets import head_view, kernel, model_view, neuron_view
from headscope.widgets.view import View

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["HeadView", "ModelView", "NeuronView", "show"]


class Shown(View):
    """A view that was shown by the call that made it."""

    shown_by = ""
    """The execution of a cell that has shown it."""

    def _ipython_display_(self) -> None:
        """Leave it at that, where it is the value of the very cell that has shown it; else be shown as any view."""
        if kernel.is_value_of_cell() and self.shown_by == kernel.running_cell().run:
            return
        raise NotImplementedError  # IPython then asks for a mimebundle


class HeadView(Shown, head_view.HeadView):
    """The head view of ``head_view``."""


class ModelView(Shown, model_view.ModelView):
    """The model view of ``model_view``."""


class NeuronView(Shown, neuron_view.NeuronView):
    """The neuron view of ``neuron_view.show``."""


AnyShown = TypeVar("AnyShown", bound=Shown)


def show(kind: type[AnyShown], capture: Capture, html_action: str, **initial: Any) -> AnyShown | HTML:
    """Show a view of a capture below the running cell and return it; or return it as a page ("return")."""
    chosen = {name: value for name, value in initial.items() if value is not None}
    try:
        view = kind(capture, **chosen)
    except TraitError as error:  # a ValueError, as BertViz's are
        raise OutOfRange(str(error)) from None
    if html_action == "return":
        made = HTML(page(view))
        view.close()
        return made
    if kernel.current() is not None:
        view.shown_by = kernel.running_cell().run
        display(view)
    return view
