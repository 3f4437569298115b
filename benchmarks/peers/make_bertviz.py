"""BertViz's head view and model view."""

import bertviz
from maker import main

main(
    {
        "head": bertviz.head_view,
        "model": lambda attentions, tokens: bertviz.model_view(attentions, tokens, display_mode="light"),
    }
)
