"""``hs.from_vectors``: a capture made of query and key vectors that somebody already has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headscope.answers.budget import check_room
from headscope.answers.capture import Capture
from headscope.answers.part import parts_of
from headscope.errors import UnsupportedInput
from headscope.recording.given.arrays import name_bad_heads, read_layers
from headscope.recording.given.mask import read_terms
from headscope.recording.given.tokens import Segments, read_axis, without_padding
from headscope.recording.layers.masks import Mask
from headscope.recording.layers.record import AnyRecord, Record, Refusal
from headscope.recording.tokens.axes import Axis, Sides

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

__all__ = ["from_vectors"]


def from_vectors(
    query: Any,
    key: Any,
    value: Any = None,
    *,
    tokens: Any,
    mask: Any = None,
    causal: bool | None = None,
    scaling: float | None = None,
    bias: Any = None,
    softcap: float | None = None,
    query_tokens: Any = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    segments: Segments = None,
    item: int = 0,
    name: str = "vectors",
) -> Capture:
    """Make a capture of query and key vectors that somebody already has.

    Weights are ``softmax(softcap * tanh(scaling * q.k / softcap) + bias)`` over the keys that the mask lets a query
    see. There is no forward to compare them with: they are right where the vectors are those that the attention used
    (after rotary embedding and norms) and nothing else enters its scores; `Capture.layers` has no error to name.

    Arrays are copied, so that what is written into them later changes no picture; the copies count for
    ``headscope.budget.captures``.

    Parameters
    ----------
    query, key
        Vectors of every layer: one array per layer in a list or a tuple, [heads, tokens, d] or [batch, heads, tokens,
        d], or one array of all layers, [layers, heads, tokens, d] or [layers, batch, heads, tokens, d]; torch or numpy.
        Keys may have fewer heads, of which each then serves a group of neighbouring query heads.
    value
        Value vectors in the same form, with as many heads as the keys; for the neuron view.
    tokens
        What stands at the keys, and at the queries if `query_tokens` is left out, as in `headscope.from_attentions`.
    mask
        Which keys a query sees: bool (True for those it sees), or numbers added to the scores; [queries, keys],
        [1 or heads, queries, keys] or [1 or batch, 1 or heads, queries, keys]; for all layers, or a list of one each.
    causal
        Whether a query sees no key after itself; the last query stands at the last key. Said by you: it is not guessed.
        May be left out where there is a `mask`.
    scaling
        Factor of the dot products; ``d ** -0.5`` if None.
    bias
        Numbers added to the scores after the softcap, in the form of `mask`.
    softcap
        Bound of the scores, see above.
    query_tokens, tokenizer, segments, item, name
        As in `headscope.from_attentions`.

    Returns
    -------
    Capture

    Raises
    ------
    UnsupportedInput
        Where shapes do not fit, or nothing is said of who sees whom.
    OutOfRange, OverBudget

    Examples
    --------
    >>> capture = hs.from_vectors(q, k, v, tokens=words, causal=True)  # doctest: +SKIP
    >>> hs.NeuronView(capture, layer=0, head=0, query=5)  # doctest: +SKIP
    """
    if mask is None and causal is None:
        raise UnsupportedInput(
            "which keys does a query see? Pass causal=True (those up to itself, as in GPT), causal=False (all, as in "
            "BERT), or mask=."
        )
    key_axis = read_axis(tokens, tokenizer, item, segments, "tokens")
    other = query_tokens is not None and query_tokens is not tokens
    query_axis = read_axis(query_tokens, tokenizer, item, segments, "query_tokens") if other else key_axis
    axes = query_axis, key_axis
    terms = _Terms(mask, bias, bool(causal), axes, item)
    made: list[AnyRecord | Refusal] = []
    layers = list(_together(query, key, value, item))
    check_room(sum(one.nbytes for layer in layers for one in layer))
    for number, (q, k, v) in enumerate(layers):
        module = f"query[{number}], key[{number}]"
        _check_shapes(q, k, v, module, axes)
        seen, added = terms.of(number, len(q))
        record = Record(
            part="self",
            layer=number,
            module=module,
            query=without_padding(q, query_axis),
            key=without_padding(k, key_axis),
            value=without_padding(v, key_axis),
            scaling=q.shape[-1] ** -0.5 if scaling is None else float(scaling),
            mask=seen,
            softcap=None if softcap is None else float(softcap),
            bias=added,
            tier=0,
        )
        record.not_finite = _not_finite(record)
        made.append(record)
    return Capture(parts_of(made, {"self": Sides(query_axis.tokens, key_axis.tokens)}), name)


def _together(query: Any, key: Any, value: Any, item: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """The vectors of one layer after the other; values without a component where none were handed in."""
    queries, keys = read_layers(query, "query", item), read_layers(key, "key", item)
    values = [None] * len(keys) if value is None else read_layers(value, "value", item)
    if not len(queries) == len(keys) == len(values) > 0:
        raise UnsupportedInput(f"query has {len(queries)} layers, key {len(keys)} and value {len(values)}.")
    for number, (q, k, v) in enumerate(zip(queries, keys, values, strict=True)):
        if q is None or k is None:
            raise UnsupportedInput(f"{'query' if q is None else 'key'}[{number}] is None: pass its vectors.")
        yield q, k, k[..., :0] if v is None else v


def _check_shapes(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, module: str, axes: tuple[Axis, Axis]) -> None:
    shapes = f"query {list(q.shape)}, key {list(k.shape)}, value {list(v.shape)}"
    queries, keys = (axis.length for axis in axes)
    if q.shape[1] != queries or k.shape[1] != keys:
        raise UnsupportedInput(
            f"{module}: there are {queries} tokens of the queries and {keys} of the keys, and the vectors are {shapes}."
            " A layer is [heads, tokens, d], the heads before the tokens."
        )
    if q.shape[2] != k.shape[2] or len(k) == 0 or len(q) % len(k) or v.shape[:2] != k.shape[:2]:
        raise UnsupportedInput(
            f"{module} do not fit ({shapes}): queries and keys have one width, and the number of heads of the queries "
            "is a multiple of that of the keys, which the values share."
        )


def _not_finite(record: Record) -> str:
    """Name the vectors that hold NaN or infinite numbers."""
    named = {"queries": record.query, "keys": record.key, "values": record.value}
    bad = [f"{name} of {name_bad_heads(vectors)}" for name, vectors in named.items() if name_bad_heads(vectors)]
    return f"{' and '.join(bad)} hold NaN or infinite numbers" if bad else ""


class _Terms:
    """Mask and bias of each layer; what layers share is read and kept once."""

    def __init__(self, mask: Any, bias: Any, causal: bool, axes: tuple[Axis, Axis], item: int) -> None:
        self._mask, self._bias, self._causal, self._axes, self._item = mask, bias, causal, axes, item
        self._read: dict[tuple[int, int, int], tuple[Mask, torch.Tensor | None]] = {}

    def of(self, layer: int, heads: int) -> tuple[Mask, torch.Tensor | None]:
        mask, bias = (_of_layer(given, layer, what) for given, what in ((self._mask, "mask"), (self._bias, "bias")))
        at = id(mask), id(bias), heads
        if at not in self._read:
            self._read[at] = read_terms(mask, bias, causal=self._causal, axes=self._axes, heads=heads, item=self._item)
        return self._read[at]


def _of_layer(given: Any, layer: int, what: str) -> Any:
    if not isinstance(given, list | tuple):
        return given
    if layer >= len(given):
        raise UnsupportedInput(f"{what} is a list of {len(given)}, one for each layer, and there is a layer {layer}.")
    return given[layer]
