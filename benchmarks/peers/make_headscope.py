"""The pages that headscope exports of its head view and model view."""

from maker import main

from headscope import bertviz

main(
    {
        "head": lambda attentions, tokens: bertviz.head_view(attentions, tokens, html_action="return"),
        "model": lambda attentions, tokens: bertviz.model_view(attentions, tokens, html_action="return"),
    }
)
