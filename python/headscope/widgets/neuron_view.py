"""The neuron view: one row of one head, taken apart into the neurons of query and key."""

from __future__ import annotations

from traitlets import Unicode

from headscope.widgets.view import View, fixed

__all__ = ["NeuronView"]


class NeuronView(View):
    """Query, keys, their products, the other terms and the softmax of one query of one head (Vig 2019, section 2.3).

    Parameters
    ----------
    capture : Capture
        What to show.
    **initial
        First values of traits: `layer`, `head`, `query`, `key`, `neuron`, `order`, `strip`, `mark`, ...

    Examples
    --------
    >>> view = hs.NeuronView(capture, layer=9, head=4, query=8)  # doctest: +SKIP
    >>> view  # the cell shows it  # doctest: +SKIP
    """

    kind = fixed(Unicode("neuron", read_only=True))
