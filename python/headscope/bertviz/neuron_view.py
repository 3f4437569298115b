"""BertViz's ``neuron_view.show``, for today's models of any type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headscope.answers.forward import capture
from headscope.bertviz.arguments import check_action, check_layer, check_mode
from headscope.bertviz.shown import NeuronView
from headscope.bertviz.shown import show as show_view
from headscope.errors import UnsupportedInput

if TYPE_CHECKING:
    import torch
    from IPython.display import HTML
    from transformers import PreTrainedTokenizerBase

__all__ = ["show"]

VENDORED = "bertviz.transformers_neuron_view"


def show(
    model: torch.nn.Module,
    model_type: str | None,  # noqa: ARG001
    tokenizer: PreTrainedTokenizerBase,
    sentence_a: str,
    sentence_b: str | None = None,
    display_mode: str = "dark",
    layer: int | None = None,
    head: int | None = None,
    html_action: str = "view",
) -> NeuronView | HTML:
    """Run a model on a text and show how query and key vectors make its attention.

    Parameters
    ----------
    model
        A model of transformers' own, of any type, on whatever attention implementation it was loaded with; none of
        BertViz's copies of models of 2019.
    model_type
        Not needed, whatever it is: the model says what it is.
    tokenizer
        The model's own.
    sentence_a, sentence_b
        The text; a second one for models that read pairs.
    display_mode
        "dark" or "light".
    layer, head
        What is selected at first; 0 if None.
    html_action
        As in :func:`headscope.bertviz.head_view`.

    Returns
    -------
    NeuronView or IPython.display.HTML

    Raises
    ------
    HeadscopeError
        A ValueError, see :func:`headscope.capture`.

    Examples
    --------
    >>> show(model, "gpt2", tokenizer, "The doctor asked the nurse a question. She")  # doctest: +SKIP
    """
    check_action(html_action)
    check_mode(display_mode)
    if type(model).__module__.startswith(VENDORED):
        raise UnsupportedInput(
            f"{type(model).__name__} is BertViz's own copy; import it from transformers (from transformers import "
            f"{type(model).__name__}), its tokenizer too."
        )
    captured = capture(model, sentence_a, tokenizer=tokenizer, pair=sentence_b or None)
    check_layer(layer, captured)
    return show_view(NeuronView, captured, html_action, layer=layer, head=head, theme=display_mode)
