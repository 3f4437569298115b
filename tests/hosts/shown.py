"""What every host shows, and what Python says of it."""

from __future__ import annotations

import json

import headscope as hs
from headscope import demo

TEXT = "The doctor asked the nurse a question. She"
TOLD = ("part", "layer", "heads", "head", "query", "key", "neuron", "scale", "order")


def explore() -> hs.Explorer:
    """Return the explorer of a small model, none of whose choices are made."""
    model, tokenizer = demo.minilm()
    return hs.explore(model, TEXT, tokenizer=tokenizer)


def told(view: hs.Explorer) -> str:
    """Return the selection and a setting as Python has them, in JSON."""
    return json.dumps({name: getattr(view, name) for name in TOLD})
