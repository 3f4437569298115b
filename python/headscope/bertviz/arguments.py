"""What BertViz's calls take: which arguments go together, and the capture that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headscope.answers.capture import Capture
from headscope.answers.given_attentions import from_attentions
from headscope.errors import OutOfRange, UnsupportedInput
from headscope.recording.given.tokens import as_segments, read_axis
from headscope.recording.tiers.attentions import check_there
from headscope.recording.tokens.strings import read_strings
from headscope.recording.tokens.tokens import Tokens

__all__ = ["attention_capture", "check_action", "check_layer", "check_mode"]


def check_action(html_action: str) -> None:
    """Refuse what BertViz has no action for."""
    if html_action not in ("view", "return"):
        raise UnsupportedInput(f"html_action {html_action!r} is unknown: it is 'view' or 'return'.")


def check_mode(display_mode: str) -> None:
    """Refuse what is no theme."""
    if display_mode not in ("dark", "light"):
        raise UnsupportedInput(f"display_mode {display_mode!r} is unknown: it is 'dark' or 'light'.")


def check_layer(layer: int | None, capture: Capture) -> None:
    """Refuse a layer that is not shown."""
    known = capture.layer_numbers()
    if layer is not None and layer not in known:
        raise OutOfRange(f"layer {layer} is not among the layers shown: {', '.join(map(str, known))}.")


def attention_capture(
    *,
    attention: Any,
    tokens: Sequence[str] | None,
    sentence_b_start: int | None,
    prettify_tokens: bool,
    encoder_attention: Any,
    decoder_attention: Any,
    cross_attention: Any,
    encoder_tokens: Sequence[str] | None,
    decoder_tokens: Sequence[str] | None,
    include_layers: Sequence[int] | None,
) -> Capture:
    """Make a capture of the arguments that `head_view` and `model_view` share."""
    twofold = {
        "encoder_attention": encoder_attention,
        "decoder_attention": decoder_attention,
        "cross_attention": cross_attention,
    }
    given = [name for name, arrays in twofold.items() if arrays is not None]
    if attention is not None and (given or encoder_tokens is not None or decoder_tokens is not None):
        raise UnsupportedInput(
            "attention= is for models with one stack of layers and goes with tokens= only; encoder-decoder models have "
            "encoder_attention=, decoder_attention= and cross_attention= with encoder_tokens= and decoder_tokens=."
        )
    if not given and all(one is None for one in (attention, tokens, encoder_tokens, decoder_tokens)):
        raise UnsupportedInput("pass attention= with tokens=, or what there is of an encoder-decoder model.")
    for name, arrays in {"attention": attention, **twofold}.items():
        if name in given or (not given and name == "attention"):
            check_there(arrays, name)
            _check_batch(arrays, name)

    def read(strings: Sequence[str] | None, start: int | None = None) -> Tokens | None:
        return None if strings is None else _tokens(strings, start, prettify_tokens)

    return from_attentions(
        attention,
        read(tokens, sentence_b_start),
        encoder_attentions=encoder_attention,
        decoder_attentions=decoder_attention,
        cross_attentions=cross_attention,
        encoder_tokens=read(encoder_tokens),
        decoder_tokens=read(decoder_tokens),
        layers=include_layers or None,
    )


def _tokens(strings: Sequence[str], sentence_b_start: int | None, prettify: bool) -> Tokens:
    if prettify:
        return read_axis(strings, None, 0, sentence_b_start, "tokens").tokens
    return read_strings(strings, None, as_segments(sentence_b_start, len(strings), "tokens"), as_written=True)


def _check_batch(arrays: Any, name: str) -> None:
    """BertViz draws one text, and so do its calls here: which of several would be a guess."""
    first: Any = arrays[0] if isinstance(arrays, Sequence) else None
    if getattr(first, "ndim", 0) == 4 and len(first) > 1:
        raise UnsupportedInput(
            f"{name} holds a batch of {len(first)} texts, and a view shows one. Of item i: "
            f"[layer[i : i + 1] for layer in {name}], with the tokens of that item."
        )
