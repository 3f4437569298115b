"""Attention weights that a model returned: which there are, whether they are weights, and why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from headscope.errors import NoAttention, UnsupportedInput
from headscope.recording.given.arrays import name_bad_heads

__all__ = ["FIELDS", "Sums", "check_there", "check_weights", "fields_of"]

FIELDS = {
    "self": "attentions",
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
}
"""By part, where the outputs of transformers' models keep its weights."""

RECIPE = """Either
    capture = hs.capture(model, text, tokenizer=tokenizer)  # exact, whatever attention the model runs on
or
    model.set_attn_implementation("eager")
    attentions = model(**inputs, output_attentions=True).attentions"""

CAUSE = (
    "Models run on sdpa attention if nothing else was asked for, and that returns no weights, output_attentions=True "
    "or not. outputs[-1] is the attentions no longer: with transformers 5 it may be cross_attentions, which is "
    "empty, or past_key_values."
)

ROUNDING = {torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""How far from 1 the sum of a row may be by rounding; 1e-3 for other dtypes."""

NEGATIVE = -1e-6
"""What is below is no rounding."""


def fields_of(outputs: Any) -> dict[str, Any] | None:
    """The weights in the outputs of a model, by part; None where it is no such object. Raises NoAttention."""
    names = [name for name in FIELDS.values() if hasattr(outputs, name)]
    if not names:
        return None
    found = {part: getattr(outputs, name, None) for part, name in FIELDS.items()}
    found = {part: weights for part, weights in found.items() if weights is not None and len(weights) > 0}
    if not found:
        raise NoAttention(f"the {type(outputs).__name__} holds no weights ({', '.join(names)}). {CAUSE} {RECIPE}")
    return found


def check_there(given: Any, what: str) -> None:
    """Raise NoAttention where what was passed in is no attention weights but what is often found in their place."""
    why = _why_nothing(given)
    if why:
        raise NoAttention(f"{what} {why}. {CAUSE} {RECIPE}")


def _why_nothing(given: Any) -> str:
    if given is None:
        return "is None: the model returned no attention weights"
    if hasattr(given, "get_seq_length"):
        return f"is a {type(given).__name__}, past_key_values: keys and values and no attention weights"
    if isinstance(given, torch.Tensor) and given.dim() in (2, 3):
        return f"is one tensor of shape {list(given.shape)}, hidden states, logits or the like: no attention weights"
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) == 0:
            return f"is an empty {type(given).__name__}: the model returned no attention weights"
        if all(layer is None for layer in given):
            return f"is a {type(given).__name__} of None: the model returned no attention weights"
    return ""


@dataclass(frozen=True)
class Sums:
    """What the rows of some weights add up to."""

    least: float
    most: float
    rounding: float

    @property
    def too_much(self) -> bool:
        """Whether a row adds up to more than 1, which no softmax does."""
        return self.most > 1 + self.rounding

    def __str__(self) -> str:
        """Say it, where it is not 1."""
        if self.least >= 1 - self.rounding and not self.too_much:
            return ""
        if self.most - self.least <= self.rounding:
            return f"Every row adds up to {self.most:.3g}, not to 1."
        return f"Rows add up to {self.least:.3g} .. {self.most:.3g}, not to 1."


def check_weights(weights: torch.Tensor, name: str) -> tuple[str, Sums]:
    """Look at all weights [heads, queries, keys] of a layer.

    Returns
    -------
    not_finite : str
        Names the heads that hold NaN or infinite numbers.
    sums : Sums
        Of the rows whose sum is a number.

    Raises
    ------
    UnsupportedInput
        Where some are negative: these are no weights.
    """
    negative = weights < NEGATIVE
    if bool(negative.any()):
        head, query, key = negative.nonzero()[0].tolist()
        raise UnsupportedInput(
            f"{name} holds negative numbers ({float(weights[head, query, key]):.3g} at head {head}, query {query}, key "
            f"{key}), and attention weights are never negative. If these are scores before the softmax, pass "
            "scores.softmax(-1)."
        )
    sums = weights.sum(dim=-1, dtype=torch.float32)
    known = sums[sums.isfinite()]
    rounding = ROUNDING.get(weights.dtype, 1e-3)
    least, most = (float(known.min()), float(known.max())) if len(known) else (1.0, 1.0)
    bad = "" if len(known) == sums.numel() else name_bad_heads(weights)
    return f"weights of {bad} hold NaN or infinite numbers" if bad else "", Sums(least, most, rounding)
