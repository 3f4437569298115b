"""The model view: every head of every layer at once."""

from __future__ import annotations

from traitlets import Unicode

from headscope.widgets.view import View, fixed

__all__ = ["ModelView"]


class ModelView(View):
    """All heads of all layers as thumbnails (Vig 2019, section 2.2); a click selects a head and enlarges it.

    Parameters
    ----------
    capture : Capture
        What to show.
    **initial
        First values of traits: `layer`, `head`, `intensity`, `thumbnails`, `show_layers`, `show_heads`, ...

    Examples
    --------
    >>> view = hs.ModelView(capture, show_layers=range(8, 16))  # doctest: +SKIP
    >>> view  # the cell shows it  # doctest: +SKIP
    """

    kind = fixed(Unicode("model", read_only=True))
