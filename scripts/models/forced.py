"""The attention modules of an eager copy, given the very states that those of the original got.

So the copy's maps are free of what the two forwards differ by from layer to layer, and each module's output tells
whether the model's default attention and its eager one are the same function at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Forced:
    """What the modules of one forward got and returned, to be given to those of another.

    Parameters
    ----------
    names
        The modules.
    """

    def __init__(self, names: set[str]) -> None:
        self._given: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {name: [] for name in names}
        self._returned: dict[str, list[torch.Tensor]] = {name: [] for name in names}
        self.differences = dict.fromkeys(names, 0.0)
        """By module, how far the other's output is from the original's, relative to the largest number in it."""

    @contextmanager
    def noted(self, model: PreTrainedModel) -> Iterator[None]:
        """Note what the modules of `model` are given and return."""

        def before(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self._given[name].append((args, dict(kwargs)))

        def after(name: str, output: torch.Tensor) -> None:
            self._returned[name].append(output)

        with self._hooks(model, before, after):
            yield

    @contextmanager
    def upon(self, twin: PreTrainedModel) -> Iterator[None]:
        """Give the modules of `twin` the same, and compare what they return."""
        given = {name: iter(calls) for name, calls in self._given.items()}
        returned = {name: iter(outputs) for name, outputs in self._returned.items()}

        def before(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            others, named = next(given[name], ((), {}))
            states = {key: one if "mask" in key else _other(one, named.get(key)) for key, one in kwargs.items()}
            return tuple(_other(one, other) for one, other in zip_longest(args, others[: len(args)])), states

        def after(name: str, output: torch.Tensor) -> None:
            original = next(returned[name], output)
            scale = original.abs().max().clamp(min=1e-30)
            difference = float((output - original).abs().max() / scale) if output.shape == original.shape else 1.0
            self.differences[name] = max(self.differences[name], difference)

        with self._hooks(twin, before, after):
            yield

    @contextmanager
    def _hooks(self, model: PreTrainedModel, before: Any, after: Any) -> Iterator[None]:
        handles: list[Any] = []
        for name, module in model.named_modules():
            if name in self._given:
                handles.append(module.register_forward_pre_hook(_with(before, name), with_kwargs=True))
                handles.append(module.register_forward_hook(_of_output(after, name)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _with(before: Any, name: str) -> Any:
    return lambda _, args, kwargs: before(name, args, kwargs)


def _of_output(after: Any, name: str) -> Any:
    return lambda _module, _given, result: after(name, result[0] if isinstance(result, tuple) else result)


def _other(one: Any, other: Any) -> Any:
    """The state noted in place of the twin's own; masks, which eager attention takes as numbers, stay the twin's."""
    both = isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor)
    return other if both and one.is_floating_point() and one.dtype == other.dtype and one.shape == other.shape else one
