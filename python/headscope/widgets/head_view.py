"""The attention-head view, and ``hs.explore``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headscope.widgets.view import View

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

__all__ = ["HeadView", "explore"]


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


def explore(
    model: torch.nn.Module,
    inputs: Any,
    *,
    tokenizer: PreTrainedTokenizerBase | None = None,
    pair: str | None = None,
    item: int = 0,
    **initial: Any,
) -> HeadView:
    """Capture one forward of `model` and show it, for now as a `HeadView`.

    Parameters
    ----------
    model, inputs, tokenizer, pair, item
        As in :func:`headscope.capture`.
    **initial
        First values of traits, as in `HeadView`.

    Returns
    -------
    HeadView

    Examples
    --------
    >>> view = hs.explore(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer)  # doctest: +SKIP
    >>> view  # doctest: +SKIP
    """
    from headscope.answers.forward import capture

    return HeadView(capture(model, inputs, tokenizer=tokenizer, pair=pair, item=item), **initial)
