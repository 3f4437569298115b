"""Compiled models: while they are recorded they run as they are written, for compiled code leaves nothing to record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from headscope.errors import CompiledModel

__all__ = ["check_python", "uncompiled", "without_wrapper"]


def without_wrapper(model: torch.nn.Module) -> torch.nn.Module:
    """The model that ``torch.compile(model)`` is a wrapper of; any other model as it is."""
    return getattr(model, "_orig_mod", model)


def check_python(model: torch.nn.Module) -> None:
    """Refuse a model of which no Python code is left to run."""
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise CompiledModel(
                f"{name or type(model).__name__} is a TorchScript program, which leaves nothing to record. Pass the "
                "model as it was before torch.jit.trace or torch.jit.script, or load it again without them."
            )


@contextmanager
def uncompiled(model: torch.nn.Module) -> Iterator[None]:
    """Run what ``torch.compile`` made of the model, or of modules in it, as it is written.

    torch has one switch for this, for the whole process. It is used where it is needed, by one thread at a time, and
    what other threads compiled runs as it is written meanwhile: more slowly, with other roundings.
    """
    if not any(map(_is_compiled, model.modules())):
        yield
        return
    with _one_at_a_time, torch.compiler.set_stance("force_eager"):
        yield


_one_at_a_time = threading.RLock()


def _is_compiled(module: torch.nn.Module) -> bool:
    return (
        hasattr(module, "_orig_mod")
        or getattr(module, "_compiled_call_impl", None) is not None
        or hasattr(module.forward, "_torchdynamo_orig_callable")
    )
