"""What stands on the axes of attention in a module that tells nothing of tokens: names, token ids, or positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from headscope.errors import UnsupportedInput
from headscope.recording.tokens.axes import listed
from headscope.recording.tokens.strings import read_strings
from headscope.recording.tokens.tokens import Tokens, read_tokens

__all__ = ["Names", "check_names", "names_of"]

_QUERIES, _KEYS = ("self", "decoder", "cross"), ("self keys", "encoder", "cross keys")
"""Streams of queries, and of keys that are not the same tokens as the queries."""


@dataclass(eq=False)
class Names:
    """Names for the tokens of one stream: of several lists the first that is as long as the axis, else positions."""

    lists: list[Sequence[Any]]
    """Names as strings, or token ids."""
    tokenizer: Any
    added: tuple[str, ...] = ()
    """What a module puts at the end of its keys."""
    lengths: list[int] = field(default_factory=list)
    """How long the axes were that were named."""

    def tokens(self, length: int, valid: torch.Tensor) -> Tokens:
        """What stands at the positions `valid` of an axis of this length."""
        self.lengths.append(length)
        for names in self.lists:
            if len(names) == length:
                return self._read([names[position] for position in valid.tolist()])
        own = length - len(self.added)
        known = next((names for names in self.lists if len(names) == own), range(own))
        return listed([[*map(str, known), *self.added][position] for position in valid.tolist()], "numbered")

    def _read(self, names: list[Any]) -> Tokens:
        if all(isinstance(name, int) for name in names):
            return read_tokens(names, self.tokenizer)
        return read_strings(names, self.tokenizer)


def names_of(model: torch.nn.Module, tokens: Any, ids: list[torch.Tensor], tokenizer: Any) -> dict[str, Names]:
    """The names of all streams.

    Parameters
    ----------
    model
        The module, which may put keys of its own at the end.
    tokens
        Strings, one per position; a pair of such, of the queries and of the keys; a mapping of either by part; or None.
    ids
        The token ids among the inputs, of one text each: they name what `tokens` does not.
    tokenizer
        Whose ids or strings these are, or None.

    Raises
    ------
    UnsupportedInput
    """
    given = _by_stream(tokens)
    own: list[Sequence[Any]] = [one.flatten().tolist() for one in ids]
    added = _added(model)
    return {
        stream: Names(
            [*given.get(stream, []), *(own[::-1] if stream == "decoder" else own)],
            tokenizer,
            added if stream in _KEYS else (),
        )
        for stream in (*_QUERIES, *_KEYS)
    }


def check_names(names: Mapping[str, Any], tokens: Any) -> None:
    """Refuse names that no axis of the attention has the length of, once all axes are known."""
    lengths = {length - more for one in names.values() for length in one.lengths for more in {0, len(one.added)}}
    for given in {id(one): one for lists in _by_stream(tokens).values() for one in lists}.values():
        if len(given) not in lengths:
            have = " and ".join(map(str, sorted({length for one in names.values() for length in one.lengths})))
            raise UnsupportedInput(
                f"tokens= names {len(given)} positions, and no axis of the attention has as many: they have {have}. "
                "Queries and keys of different lengths are named by a pair of lists, or by a mapping by part."
            )


def _by_stream(tokens: Any) -> dict[str, list[Sequence[str]]]:
    if tokens is None:
        return {}
    if isinstance(tokens, Mapping):
        named: dict[str, list[Sequence[str]]] = {}
        for part, given in tokens.items():
            if part not in (*_QUERIES, "encoder"):
                raise UnsupportedInput(
                    f'tokens= has names for {part!r}; parts are "self", "encoder", "decoder" and "cross".'
                )
            for stream, one in _of_part(str(part), given).items():
                named.setdefault(stream, []).append(one)
        return named
    if _is_names(tokens):
        return {stream: [tokens] for stream in (*_QUERIES, *_KEYS)}
    queries, keys = _pair(tokens)
    return {**{stream: [queries] for stream in _QUERIES}, **{stream: [keys] for stream in _KEYS}}


def _of_part(part: str, given: Any) -> dict[str, Sequence[str]]:
    """Names by stream, of one part."""
    if _is_names(given):
        return {part: given}
    queries, keys = _pair(given)
    if part == "cross":
        return {"cross": queries, "decoder": queries, "cross keys": keys, "encoder": keys}
    return {part: queries, f"{part} keys": keys}


def _pair(given: Any) -> tuple[Sequence[str], Sequence[str]]:
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2 and all(map(_is_names, given)):
        return given[0], given[1]
    raise UnsupportedInput(
        "tokens= is to be a list of strings, one for each position; a pair of such lists, for queries and keys; or a "
        "mapping of either by part."
    )


def _is_names(given: Any) -> bool:
    return (
        isinstance(given, Sequence)
        and not isinstance(given, str)
        and len(given) > 0
        and all(isinstance(name, str) for name in given)
    )


def _added(model: torch.nn.Module) -> tuple[str, ...]:
    """What torch's own attention puts at the end of its keys: a learnt one, and one of zeros."""
    own = [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]
    added = {(*["bias"] * (one.bias_k is not None), *["zero"] * one.add_zero_attn) for one in own}
    return added.pop() if len(added) == 1 else ()
