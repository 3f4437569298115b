"""Which modules are given the head outputs of an attention layer, noted while the forward runs.

Between a layer's heads and its output stands, in most models, one linear projection. Which module that is cannot be
told from names; but it is the one that is called with the heads' outputs, as they are, right after the attention.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch

from headscope.recording.forward.precision import of_products
from headscope.recording.layers.watch import Watch
from headscope.recording.tiers.interface import LOOKS_LIKE_ATTENTION

__all__ = ["Consumer", "ConsumerSearch"]


@dataclass(frozen=True, eq=False)
class Consumer:
    """A module that was called with a layer's head outputs, as they are, and nothing else."""

    name: str
    module: torch.nn.Module
    shape: tuple[int, ...]
    """How it was given the outputs [H, dv] of one token: (1, H * dv), or without the 1 where texts were not apart."""
    returned: torch.Tensor  # [R, D], of the record's rows
    precision: torch.dtype
    """To whose digits the module computed that."""
    watch: Watch

    def changed(self) -> bool:
        """Whether a parameter of the module was written or replaced since the capture."""
        return self.watch.changed()


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
        while self._handles:
            self._handles[-1].remove()
            self._handles.pop()

    def after(
        self, name: str, shape: torch.Size, item: int, positions: torch.Tensor, output: torch.Tensor
    ) -> list[Consumer]:
        """Begin the search after a call.

        Parameters
        ----------
        name
            The attention module that was just called.
        shape
            Of what it returned, [B, Q, H, dv].
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
        expected = _HeadOutputs(shape, item, positions, output)
        ours = threading.get_ident()  # somebody else may run the same model on the same text

        def hook(consumer: str) -> Callable[..., None]:
            def note(module: torch.nn.Module, given: tuple[Any, ...], returned: Any) -> None:
                if threading.get_ident() == ours and len(given) == 1 and expected.went_into(given[0], returned):
                    found.append(expected.consumer(consumer, module, given[0], returned))

            return note

        for one, module in self._around(name).items():
            self._handles.append(module.register_forward_hook(hook(one)))
        return found

    def _around(self, name: str) -> dict[str, torch.nn.Module]:
        """The modules within the attention block that the attention called `name` belongs to."""
        parent = name.rpartition(".")[0]
        while parent and LOOKS_LIKE_ATTENTION.search(type(self._modules[parent]).__name__):
            name, parent = parent, parent.rpartition(".")[0]
        return dict(self._modules[name].named_modules(prefix=name))


@dataclass(frozen=True, eq=False)
class _HeadOutputs:
    """What an attention call returned, by which its consumers are known."""

    axes: tuple[int, ...]  # B, Q, H, dv
    item: int
    positions: torch.Tensor  # [R]
    output: torch.Tensor  # [R, H, dv]

    def went_into(self, given: Any, returned: Any) -> bool:
        """Whether `given` is the outputs, and what was made of them is not the same again, as of dropout."""
        if not (self._is_per_token(given) and given.numel() == math.prod(self.axes) and self._is_per_token(returned)):
            return False
        rows = self._rows(given)
        return torch.equal(rows, self.output.flatten(1).to(rows)) and not torch.equal(
            self._rows(returned).to(rows), rows
        )

    def consumer(self, name: str, module: torch.nn.Module, given: torch.Tensor, returned: torch.Tensor) -> Consumer:
        """The module that was `given` the outputs."""
        shape = given.shape[1:] if len(given) == self._tokens else (1, *given.shape[2:])
        rows = self._rows(returned).detach().clone()
        return Consumer(name, module, tuple(shape), rows, of_products(returned), Watch(module))

    @property
    def _tokens(self) -> int:
        return self.axes[0] * self.axes[1]

    def _is_per_token(self, tensor: Any) -> bool:
        """Whether `tensor` has something for each token of the batch, texts apart or not."""
        if not isinstance(tensor, torch.Tensor) or tensor.dim() < 2:
            return False
        return self._tokens in (len(tensor), len(tensor) * tensor.shape[1])

    def _rows(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.reshape(*self.axes[:2], -1)[self.item, self.positions.to(tensor.device)]
