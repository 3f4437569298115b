"""The attention-head view."""

from __future__ import annotations

from headscope.widgets.view import View

__all__ = ["HeadView"]


class HeadView(View):
    """Heads of one layer as lines between the tokens that look and the tokens they look at.

    Parameters
    ----------
    capture : Capture
        What to show.
    **initial
        First values of traits: `layer`, `heads`, `head`, `query`, `key`, `words`, `hide_first`, `threshold`, ...

    Examples
    --------
    >>> view = hs.HeadView(capture, layer=16, heads=[0, 5])  # doctest: +SKIP
    >>> view  # the cell shows it  # doctest: +SKIP
    >>> view.layer, view.heads, view.query  # what was clicked  # doctest: +SKIP
    (16, [0, 5], None)
    """
