"""BertViz's ``head_view``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headscope.bertviz.arguments import attention_capture, check_action, check_layer
from headscope.bertviz.shown import HeadView, show

if TYPE_CHECKING:
    from IPython.display import HTML

__all__ = ["head_view"]


def head_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    layer: int | None = None,
    heads: Sequence[int] | None = None,
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Sequence[int] | None = None,
    html_action: str = "view",
) -> HeadView | HTML:
    """Show the heads of one layer as lines between tokens.

    Parameters
    ----------
    attention
        Weights of a model with one stack of layers, one tensor [1, heads, tokens, tokens] per layer:
        ``outputs.attentions`` of a run on eager attention.
    tokens
        What the positions are, one string each.
    sentence_b_start
        For a pair of sentences, the position at which the second starts.
    prettify_tokens
        Whether to read the marks of the tokens' alphabet ("Ġ", "▁", "##"), so that they stand for spaces and the parts
        of words; else tokens are drawn as they are written.
    layer, heads
        What is selected at first; layer 0 and all heads if None.
    encoder_attention, decoder_attention, cross_attention, encoder_tokens, decoder_tokens
        The same of an encoder-decoder model, for as many of the three as there are.
    include_layers
        Numbers of the layers to show; all if None.
    html_action
        "view" shows the view and returns it; "return" returns a page of its own that needs no kernel, ``.data`` of
        which is its HTML.

    Returns
    -------
    HeadView or IPython.display.HTML

    Raises
    ------
    HeadscopeError
        A ValueError, where arguments do not go together or there are no weights; says what to do.

    Examples
    --------
    >>> head_view(outputs.attentions, tokenizer.convert_ids_to_tokens(inputs["input_ids"][0]))  # doctest: +SKIP
    """
    check_action(html_action)
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
    check_layer(layer, capture)
    return show(HeadView, capture, html_action, layer=layer, heads=heads)
