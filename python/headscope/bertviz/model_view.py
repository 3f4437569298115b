"""BertViz's ``model_view``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headscope.bertviz.arguments import attention_capture, check_action, check_mode
from headscope.bertviz.shown import ModelView, show

if TYPE_CHECKING:
    from IPython.display import HTML

__all__ = ["model_view"]


def model_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    display_mode: str = "dark",
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Sequence[int] | None = None,
    include_heads: Sequence[int] | None = None,
    html_action: str = "view",
) -> ModelView | HTML:
    """Show every head of every layer as a small picture.

    Parameters
    ----------
    attention, tokens, sentence_b_start, prettify_tokens
        As in :func:`headscope.bertviz.head_view`.
    display_mode
        "dark" or "light".
    encoder_attention, decoder_attention, cross_attention, encoder_tokens, decoder_tokens
        As in :func:`headscope.bertviz.head_view`.
    include_layers, include_heads
        Numbers of the layers and heads to show; all if None.
    html_action
        As in :func:`headscope.bertviz.head_view`.

    Returns
    -------
    ModelView or IPython.display.HTML

    Raises
    ------
    HeadscopeError
        A ValueError, where arguments do not go together or there are no weights; says what to do.

    Examples
    --------
    >>> model_view(outputs.attentions, tokens, display_mode="light")  # doctest: +SKIP
    """
    check_action(html_action)
    check_mode(display_mode)
    capture = attention_capture(
        attention=attention,
        tokens=tokens,
        sentence_b_start=sentence_b_start,
        prettify_tokens=prettify_tokens,
        encoder_attention=encoder_attention,
        decoder_attention=decoder_attention,
        cross_attention=cross_attention,
        encoder_tokens=encoder_tokens,
        decoder_tokens=decoder_tokens,
        include_layers=include_layers,
    )
    return show(ModelView, capture, html_action, show_heads=include_heads or None, theme=display_mode)
