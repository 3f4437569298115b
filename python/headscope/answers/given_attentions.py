"""``hs.from_attentions``: a capture made of attention weights that somebody already has."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from headscope.answers.budget import check_room
from headscope.answers.capture import Capture
from headscope.answers.part import parts_of
from headscope.answers.positions import listed, one_of
from headscope.errors import UnsupportedInput
from headscope.recording.given.arrays import read_layers
from headscope.recording.given.tokens import Segments, read_axis, without_padding
from headscope.recording.layers.record import AnyRecord, KeptWeights, Refusal
from headscope.recording.tiers.attentions import FIELDS, Sums, check_there, check_weights, fields_of
from headscope.recording.tokens.axes import Axis, Sides

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

__all__ = ["from_attentions"]

HANDED_IN = "These weights were handed in as they are."
MOST_TOKENS = 12
"""So many tokens are named where their number is wrong."""

_TOKENS_OF = {
    "self": ("tokens", "query_tokens"),
    "encoder": ("encoder_tokens", "encoder_tokens"),
    "decoder": ("decoder_tokens", "decoder_tokens"),
    "cross": ("encoder_tokens", "decoder_tokens"),
}
"""By part, the arguments that hold the tokens of its keys and of its queries."""


def from_attentions(
    attentions: Any = None,
    tokens: Any = None,
    *,
    query_tokens: Any = None,
    encoder_attentions: Any = None,
    decoder_attentions: Any = None,
    cross_attentions: Any = None,
    encoder_tokens: Any = None,
    decoder_tokens: Any = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    segments: Segments = None,
    item: int = 0,
    layers: int | Iterable[int] | None = None,
    name: str = "attentions",
) -> Capture:
    """Make a capture of attention weights that somebody already has.

    The weights are shown as they are. Nothing tells whether they are a model's own: `Capture.layers` has no error to
    name for them, and there are no queries and keys, so that the neuron view stays empty. `headscope.capture` has both.

    Arrays are copied, so that what is written into them later changes no picture; the copies count for
    ``headscope.budget.captures``.

    Parameters
    ----------
    attentions
        Weights of a model with one stack of layers: one array per layer in a list or a tuple, [heads, queries, keys] or
        [batch, heads, queries, keys], as ``outputs.attentions`` is; or one array of all layers, [layers, heads,
        queries, keys] or [layers, batch, heads, queries, keys]. Torch, numpy, or nested lists of numbers. A layer that
        is None is named as refused. Or the whole ``outputs`` of a model.
    tokens
        What stands at the keys, and at the queries if `query_tokens` is left out: strings, one per token; token ids,
        which `tokenizer` makes readable; what a tokenizer returned, whose padding is then left out; or the tokens of
        another capture (``capture.tokens()``).
    query_tokens
        What stands at the queries, where that is something else.
    encoder_attentions, decoder_attentions, cross_attentions
        The same of encoder-decoder models, for as many of the three as there are.
    encoder_tokens, decoder_tokens
        What the encoder and the decoder read.
    tokenizer
        Whose tokens they are. Strings are read without one too, by the marks of their alphabet ("Ġ", "▁", "##").
    segments
        For a pair of sentences: the position at which sentence B starts, or 0 or 1 for each of `tokens`.
    item
        Which item of a batch.
    layers
        Numbers of the layers to keep; all if None.
    name
        What to call the model.

    Returns
    -------
    Capture

    Raises
    ------
    NoAttention
        Where there are no weights, as sdpa attention returns none; says how to come by them.
    UnsupportedInput
        Where an array is no [heads, queries, keys] of the tokens, or holds negative numbers: these are no weights.
    OutOfRange, OverBudget

    Warns
    -----
    UserWarning
        Where rows add up to more than 1. What else rows add up to but 1 stands in `Capture.layers`.

    Examples
    --------
    >>> model.set_attn_implementation("eager")  # doctest: +SKIP
    >>> outputs = model(**inputs, output_attentions=True)  # doctest: +SKIP
    >>> capture = hs.from_attentions(outputs.attentions, inputs["input_ids"], tokenizer=tokenizer)  # doctest: +SKIP
    """
    twofold = {"encoder": encoder_attentions, "decoder": decoder_attentions, "cross": cross_attentions}
    given = _by_part(attentions, twofold)
    handed = {
        "tokens": tokens,
        "query_tokens": tokens if query_tokens is None else query_tokens,
        "encoder_tokens": encoder_tokens,
        "decoder_tokens": decoder_tokens,
    }
    read = _Axes(handed, tokenizer, item, segments)
    made: list[AnyRecord | Refusal] = []
    sides: dict[str, Sides] = {}
    sums: dict[str, Sums] = {}
    chosen = {part: _chosen(part, arrays, item, layers) for part, arrays in given.items()}
    check_room(sum(one.nbytes for of_part in chosen.values() for one in of_part.values() if one is not None))
    for part, of_part in chosen.items():
        key, query = (read.axis(argument, part) for argument in _TOKENS_OF[part])
        sides[part] = Sides(query.tokens, key.tokens)
        made += [_layer(part, number, weights, (query, key), sums) for number, weights in of_part.items()]
    _warn(sums)
    return Capture(parts_of(made, sides), name)


class _Axes:
    """The tokens that were handed in, each read once."""

    def __init__(self, handed: Mapping[str, Any], tokenizer: Any, item: int, segments: Segments) -> None:
        self._handed, self._tokenizer, self._item, self._segments = handed, tokenizer, item, segments
        self._read: dict[int, Axis] = {}

    def axis(self, argument: str, part: str) -> Axis:
        given = self._handed[argument]
        if given is None:
            what = "attentions" if part == "self" else FIELDS[part]
            raise UnsupportedInput(f"{what} came without tokens: pass {argument}=, one for each position.")
        if id(given) not in self._read:
            own = self._segments if argument in ("tokens", "query_tokens") else None
            self._read[id(given)] = read_axis(given, self._tokenizer, self._item, own, argument)
        return self._read[id(given)]


def _by_part(attentions: Any, twofold: Mapping[str, Any]) -> dict[str, Any]:
    """What was handed in, by part; NoAttention where a part is nothing."""
    given = {part: arrays for part, arrays in twofold.items() if arrays is not None}
    if attentions is None and not given:
        check_there(None, FIELDS["self"])
    for part, arrays in given.items():
        check_there(arrays, FIELDS[part])
    if attentions is None:
        return given
    if given:
        raise UnsupportedInput(
            f"attentions is for models with one stack of layers and {', '.join(FIELDS[part] for part in given)} for "
            "encoder-decoder models; pass one or the other."
        )
    outputs = fields_of(attentions)
    if outputs is not None:
        return outputs
    check_there(attentions, FIELDS["self"])
    return {"self": attentions}


def _chosen(part: str, arrays: Any, item: int, layers: int | Iterable[int] | None) -> dict[int, torch.Tensor | None]:
    """The layers to keep, by number."""
    found = read_layers(arrays, FIELDS[part], item)
    wanted = range(len(found)) if layers is None else listed(layers, "layer")
    what = "layer" if part == "self" else f"{part} layer"
    return {number: found[number] for number in [one_of(layer, range(len(found)), what) for layer in wanted]}


def _layer(
    part: str, number: int, weights: torch.Tensor | None, axes: tuple[Axis, Axis], sums: dict[str, Sums]
) -> AnyRecord | Refusal:
    """One layer, looked at; what its rows add up to goes into `sums`."""
    module = f"{FIELDS[part]}[{number}]"
    if weights is None:
        return Refusal(part, number, module, f"{module} is None: the model returned no weights of this layer.")
    _check_axes(weights, part, module, axes)
    weights = without_padding(weights, *axes)
    not_finite, sums[module] = check_weights(weights, module)
    why = f"{HANDED_IN} {sums[module]}".strip()
    return KeptWeights(part, number, module, weights, why, tier=0, not_finite=not_finite)


def _check_axes(weights: torch.Tensor, part: str, module: str, axes: tuple[Axis, Axis]) -> None:
    queries, keys = (axis.length for axis in axes)
    if tuple(weights.shape[1:]) == (queries, keys):
        return
    there_are = f"{keys} tokens" if axes[0] is axes[1] else f"{queries} tokens of the queries and {keys} of the keys"
    texts = axes[1].tokens.texts
    others = part == "self" and weights.shape[1] != weights.shape[2]
    named = f"{' '.join(texts[:MOST_TOKENS])}{', ...' if len(texts) > MOST_TOKENS else '.'}"
    raise UnsupportedInput(
        f"{module} has {weights.shape[1]} queries and {weights.shape[2]} keys, and there are {there_are}: "
        f"{named} Pass one token for each position, special tokens included"
        f"{'; query_tokens= where the queries are others' if others else ''}."
    )


def _warn(sums: dict[str, Sums]) -> None:
    """Say what no softmax gives, once, however many layers there are."""
    wrong = {module: of_layer for module, of_layer in sums.items() if of_layer.too_much}
    if wrong:
        module, first = next(iter(wrong.items()))
        warnings.warn(
            f"{len(wrong)} layers hold rows that add up to more than 1, first {module}, up to {first.most:.3g}. The "
            "weights of one query add up to 1: was the model in training mode, where dropout scales them?",
            stacklevel=3,
        )
