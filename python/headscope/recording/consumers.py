"""Which modules are given the head outputs of an attention layer, noted while the forward runs.

Between a layer's heads and its output stands, in most models, one linear projection. Which module that is cannot be
told from names; but it is the one that is called with the heads' outputs, as they are, right after the attention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch

from headscope.recording.interface import LOOKS_LIKE_ATTENTION, Call
from headscope.recording.record import versions

__all__ = ["Consumer", "ConsumerSearch"]


@dataclass(frozen=True, eq=False)
class Consumer:
    """A module that was called with a layer's head outputs, as they are, and nothing else."""

    name: str
    module: torch.nn.Module
    shape: tuple[int, ...]
    """How it was given the outputs [H, dv] of one token: (1, H * dv), or without the 1 where texts were not apart."""
    returned: torch.Tensor  # [R, D], of the record's rows
    watched: tuple[tuple[int, int], ...]

    def changed(self) -> bool:
        """Whether a parameter of the module was written or replaced since the capture."""
        return self.watched != versions(self.module)


class ConsumerSearch:
    """Finds consumers by hooks on the modules around an attention call, until the next one is made.

    So a forward runs hardly longer, however many modules the model has.

    Parameters
    ----------
    model
        The model whose forward runs.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._modules = dict(model.named_modules())
        self._handles: list[Any] = []

    def __enter__(self) -> ConsumerSearch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Look for no more consumers of the last call."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def after(self, call: Call, item: int, positions: torch.Tensor, output: torch.Tensor) -> list[Consumer]:
        """Begin the search after a call.

        Parameters
        ----------
        call
            What the model just called.
        item, positions
            Where in the batch the rows [R] stand that are compared.
        output : tensor [R, H, dv]
            What the call returned for them.

        Returns
        -------
        list
            Empty; it fills while the forward goes on, inner modules before those around them.
        """
        self.stop()
        found: list[Consumer] = []
        axes = call.output.shape  # [B, Q, H, dv]
        tokens = axes[0] * axes[1]

        def note(name: str) -> Callable[..., None]:
            def hook(module: torch.nn.Module, given: tuple[Any, ...], returned: Any) -> None:
                if len(given) != 1 or not _per_token(given[0], tokens, axes.numel()):
                    return
                rows = given[0].reshape(axes)[item, positions.to(given[0].device)]
                if torch.equal(rows, output.to(rows)) and _per_token(returned, tokens):
                    kept = returned.reshape(*axes[:2], -1)[item, positions.to(returned.device)].detach().clone()
                    if torch.equal(kept.flatten(), rows.flatten()):
                        return  # it passes them on as they are, like dropout
                    shape = given[0].shape[1:] if len(given[0]) == tokens else (1, *given[0].shape[2:])
                    found.append(Consumer(name, module, tuple(shape), kept, versions(module)))

            return hook

        around = self._around(call.name)
        self._handles = [module.register_forward_hook(note(name)) for name, module in around.items()]
        return found

    def _around(self, name: str) -> dict[str, torch.nn.Module]:
        """The modules within the attention block that the attention called `name` belongs to."""
        parent = name.rpartition(".")[0]
        while parent and LOOKS_LIKE_ATTENTION.search(type(self._modules[parent]).__name__):
            name, parent = parent, parent.rpartition(".")[0]
        return dict(self._modules[name].named_modules(prefix=name))


def _per_token(tensor: Any, tokens: int, numbers: int | None = None) -> bool:
    """Whether `tensor` is one with something for each of so many tokens, `numbers` in all if told."""
    if not isinstance(tensor, torch.Tensor) or tensor.dim() < 2 or (numbers is not None and tensor.numel() != numbers):
        return False
    return len(tensor) == tokens or len(tensor) * tensor.shape[1] == tokens
