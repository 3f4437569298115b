"""Tier 2: attention that does not go through transformers' interface, told by the operations that the forward runs.

A :class:`torch.utils._python_dispatch.TorchDispatchMode` sees every operation of its own thread, whoever calls it. It
sees fused kernels of scaled-dot-product attention whole, and follows the rest by
:mod:`headscope.recording.tiers.provenance`. It makes small operations slower, so it is used only where the interface
did not see everything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from headscope.recording.forward.nesting import depth
from headscope.recording.tiers.interface import Recording
from headscope.recording.tiers.operation import Operation
from headscope.recording.tiers.positions import Positions
from headscope.recording.tiers.provenance import Attended, Provenance
from headscope.recording.tiers.scores import Path

__all__ = ["Fused", "Operations", "without_fast_path"]


@dataclass(frozen=True, eq=False)
class Fused:
    """One call of a fused kernel of scaled-dot-product attention. Tensors are references, not copies."""

    query: torch.Tensor  # [B, H, Q, d]
    key: torch.Tensor  # [B, G, K, d]
    value: torch.Tensor  # [B, G, K, dv]
    mask: torch.Tensor | None
    causal: bool
    scaling: float | None
    output: torch.Tensor  # [B, H, Q, dv]
    path: Path


class Receiver(Protocol):
    """What is told of attention that was seen: the module that computed it, and its name in the model."""

    def add_fused(self, fused: Fused, module: torch.nn.Module, name: str) -> None:
        """Take one call of a fused kernel."""

    def add_attended(self, attended: Attended, module: torch.nn.Module, name: str) -> None:
        """Take one softmax of scores whose output was multiplied by values."""


class Operations(TorchDispatchMode):
    """Hands every attention that it sees to `receive` while it is open.

    Parameters
    ----------
    model
        The model whose forward runs; modules are named as in it.
    receiver
        Given each attention, in order of execution, when it is complete.
    recording
        What is seen by this one, which is open too, is left to it.
    positions
        Follows the tokens of the forward.
    """

    def __init__(self, model: torch.nn.Module, receiver: Receiver, recording: Recording, positions: Positions) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._model, self._receiver, self._recording = model, receiver, recording
        self._running: list[str] = []
        self._positions = positions
        weights = [*model.parameters(), *model.buffers()]
        self._provenance = Provenance(weights, lambda: tuple(self._running), positions)
        self._open = ExitStack()
        self._depth = depth()

    @property
    def spelled(self) -> dict[str, str]:
        """Modules that multiplied what they made of a product, with no softmax; and what they made it by."""
        return self._provenance.spelled

    @property
    def softmaxes(self) -> set[str]:
        """Modules in which a softmax was run, of whatever."""
        return self._provenance.softmaxes

    def __enter__(self) -> Operations:
        with ExitStack() as opening:  # so that Ctrl-C on the way undoes what was done
            opening.enter_context(self._modules_noted())
            opening.enter_context(without_fast_path())
            super().__enter__()  # type: ignore[no-untyped-call]
            self._open = opening.pop_all()
        return self

    def __exit__(self, *problem: Any) -> None:
        with self._open:
            super().__exit__(*problem)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if self._recording.listens and depth() == self._depth:
            self._positions.follow(func, args, kwargs, out)
            if func.overloadpacket.__name__.startswith("_scaled_dot_product"):
                fused = _fused(func, args, kwargs, out, tuple(self._running))
                self._receiver.add_fused(fused, *self._module(fused.path))
            elif isinstance(out, torch.Tensor):
                attended = self._provenance.follow(Operation.of(func, args, kwargs, out))
                if attended is not None:
                    self._receiver.add_attended(attended, *self._module(attended.path))
        return out

    def _module(self, path: Path) -> tuple[torch.nn.Module, str]:
        name = path[-1] if path else ""
        return self._model.get_submodule(name), name

    @contextmanager
    def _modules_noted(self) -> Iterator[None]:
        """Keep `_running` while modules are called by this thread."""
        ours, handles = threading.get_ident(), list[Any]()

        def enter(name: str) -> Callable[..., None]:
            return lambda *_: self._running.append(name) if threading.get_ident() == ours else None

        def leave(*_: Any) -> None:
            if threading.get_ident() == ours and self._running:
                self._running.pop()

        try:
            for name, module in self._model.named_modules():
                handles.append(module.register_forward_pre_hook(enter(name), prepend=True))
                handles.append(module.register_forward_hook(leave, always_call=True))
            yield
        finally:
            for handle in handles:
                handle.remove()


def _fused(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, path: Path) -> Fused:
    named = dict(zip((one.name for one in func._schema.arguments), args, strict=False)) | kwargs
    return Fused(
        query=named["query"],
        key=named["key"],
        value=named["value"],
        mask=named.get("attn_mask", named.get("attn_bias")),
        causal=bool(named.get("is_causal", False)),
        scaling=named.get("scale"),
        output=out[0],
        path=path,
    )


class _FastPath:
    """torch.nn's fused fast path of whole layers, off while anybody needs it off."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._users = 0
        self._before = True

    @contextmanager
    def off(self) -> Iterator[None]:
        entered = False
        try:
            with self._lock:
                self._users += 1
                entered = True
                if self._users == 1:
                    self._before = torch.backends.mha.get_fastpath_enabled()
                torch.backends.mha.set_fastpath_enabled(False)
            yield
        finally:
            if entered:
                with self._lock:
                    self._users -= 1
                    if not self._users:
                        torch.backends.mha.set_fastpath_enabled(self._before)


without_fast_path = _FastPath().off
