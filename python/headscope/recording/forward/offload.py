"""Weights that accelerate keeps elsewhere between calls: ``device_map`` with offload to the CPU or to disk.

Outside the call that needs them they are on torch's "meta" device, which holds no numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["as_written", "loaded"]


@contextmanager
def loaded(*modules: torch.nn.Module) -> Iterator[None]:
    """The parameters of `modules`, those inside them not included, are where they compute, as in their forward."""
    with ExitStack() as stack:
        for module in modules:
            if hasattr(module, "_hf_hook"):
                from accelerate.utils import align_module_device

                stack.enter_context(align_module_device(module))
        yield


def as_written(copied: torch.nn.Module) -> torch.nn.Module:
    """The copy of a loaded module, made to run on the weights that it has."""
    for module in copied.modules():
        if hasattr(module, "_old_forward"):
            part: Any = module
            part.forward = part._old_forward
            del part._old_forward, part._hf_hook
    return copied
