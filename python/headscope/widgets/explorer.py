"""The explorer: model, head and neuron in one cell, linked; and ``hs.explore``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Unicode

from headscope.widgets.view import View, fixed

if TYPE_CHECKING:
    import torch

__all__ = ["Explorer", "explore"]


class Explorer(View):
    """The three scales in one cell: the model's heads, one layer's lines between tokens, one weight's neurons.

    Parameters
    ----------
    capture : Capture
        What to show.
    **initial
        First values of traits: `layer`, `heads`, `head`, `query`, `key`, `neuron`, and every setting.

    Examples
    --------
    >>> view = hs.Explorer(capture, layer=9, head=4)  # doctest: +SKIP
    >>> view  # the cell shows it  # doctest: +SKIP
    >>> view.layer, view.heads, view.query, view.key, view.neuron  # what was clicked  # doctest: +SKIP
    (9, [2, 3, 4, 8], 8, 4, 9)
    """

    kind = fixed(Unicode("explorer", read_only=True))


def explore(
    model: torch.nn.Module,
    inputs: Any = None,
    *,
    tokenizer: Any = None,
    pair: str | None = None,
    target: Any = None,
    image: Any = None,
    item: int = 0,
    generate: Any = None,
    tokens: Any = None,
    **initial: Any,
) -> Explorer:
    """Capture one forward of `model` and show it.

    Parameters
    ----------
    model, inputs, tokenizer, pair, target, image, item, generate, tokens
        As in :func:`headscope.capture`.
    **initial
        First values of traits, as in `Explorer`.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> view = hs.explore(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer)  # doctest: +SKIP
    >>> view  # doctest: +SKIP
    """
    from headscope.answers.forward import capture

    captured = capture(
        model,
        inputs,
        tokenizer=tokenizer,
        pair=pair,
        target=target,
        image=image,
        item=item,
        generate=generate,
        tokens=tokens,
    )
    return Explorer(captured, **initial)
