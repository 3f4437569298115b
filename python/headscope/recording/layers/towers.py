"""The towers of a model that reads more than text: stacks of layers, told apart and named by where they stand in it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from headscope.recording.tiers.interface import LOOKS_LIKE_ATTENTION

if TYPE_CHECKING:
    import torch

__all__ = ["PIXELS", "Towers"]

PIXELS = "pixel_values"
READS_MORE = {PIXELS, "pixel_values_videos", "input_features", "audio_values", "input_values"}
"""Arguments of a forward that are no text."""
_KINDS = {
    "vision": re.compile(r"vision|visual|image|img|vit(?![a-z])|pixel", re.IGNORECASE),
    "audio": re.compile(r"audio|speech|sound", re.IGNORECASE),
    "text": re.compile(r"text", re.IGNORECASE),
    "language": re.compile(r"language|(?<![a-z])lm(?![a-z])", re.IGNORECASE),
}
_SAYS_NOTHING = re.compile(r"^(model|module|base_model|base|encoder|decoder|transformer|layers?|blocks?|h|bert|)$")
_SELF = "self"


class Towers:
    """Sorts attention modules by the stack that they are in; a model that reads nothing but text has only one.

    A stack is what stands before the first number in a module's path: ``vision_model.encoder.layers`` of
    ``vision_model.encoder.layers.3.self_attn``. Its name is what it reads ("vision", "text", "language", "audio"), else
    the first word of the path that says something; where two would have one name, the words in which they differ.

    Parameters
    ----------
    model
        A model.
    taken
        What its forward takes.
    """

    def __init__(self, model: torch.nn.Module, taken: Collection[str]) -> None:
        named = [name for name, module in model.named_modules() if LOOKS_LIKE_ATTENTION.search(type(module).__name__)]
        stacks = list(dict.fromkeys(map(_stack, named)))
        several = len(stacks) > 1 and bool(READS_MORE & set(taken))
        self._rest = "text" if "input_ids" in taken else _SELF
        self._names = self._named(stacks) if several else {}
        self._kinds = {name: _kind(stack) for stack, name in self._names.items()}

    @property
    def names(self) -> list[str]:
        """The names of the towers, those that read text first; "self" alone where there is one stack."""
        names = list(dict.fromkeys(self._names.values())) or [_SELF]
        return sorted(names, key=lambda name: name not in ("text", "language"))

    def of(self, module: str) -> str:
        """The tower of the module of this name."""
        return self._names.get(_stack(module), _SELF if not self._names else self._rest)

    def reads(self, tower: str) -> str:
        """What a tower reads, as far as its name tells."""
        kind = self._kinds.get(tower, "")
        return "text" if kind == "language" or (self._names and tower == self._rest) else kind

    def _named(self, stacks: list[str]) -> dict[str, str]:
        short = {stack: self._plain(stack) for stack in stacks}
        return {stack: self._apart(stack, [s for s in stacks if short[s] == short[stack]], short) for stack in stacks}

    def _plain(self, stack: str) -> str:
        kind = _kind(stack)
        if kind:
            return kind
        words = [word for word in stack.split(".") if not _SAYS_NOTHING.match(word)]
        return words[0] if words else self._rest

    def _apart(self, stack: str, alike: list[str], short: dict[str, str]) -> str:
        """The name of one of several stacks that would have the same."""
        paths = [one.split(".") for one in alike]
        shared = next((at for at, words in enumerate(zip(*paths, strict=False)) if len(set(words)) > 1), 0)
        words = [word for word in stack.split(".")[shared:] if not _SAYS_NOTHING.match(word)]
        first = next((word for word in words if not _is_only(short[stack], word)), "")
        if len(alike) == 1 or not first:
            return short[stack]
        return first if short[stack] in first else f"{short[stack]} {first}"


def _is_only(name: str, word: str) -> bool:
    """Whether a word of a path says no more than the name of its stack: "visual" of "vision"."""
    word = re.sub("_(model|tower|encoder)$", "", word)
    return word == name or (name in _KINDS and _KINDS[name].fullmatch(word) is not None)


def _stack(module: str) -> str:
    words = module.split(".")
    numbers = [at for at, word in enumerate(words) if word.isdecimal()]
    if numbers:
        return ".".join(words[: numbers[0]])
    attention = [at for at, word in enumerate(words) if LOOKS_LIKE_ATTENTION.search(word)]
    return ".".join(words[: attention[0] if attention else -1])


def _kind(stack: str) -> str:
    """What a stack reads, by the first word of its path that tells one thing."""
    for word in stack.split("."):
        said = [kind for kind, pattern in _KINDS.items() if pattern.search(word)]
        if len(said) == 1:
            return said[0]
    return ""
