"""In which precision torch multiplies matrices: in the model's forward, and where the forward is checked.

Numbers of float32 may be rounded on their way into a product: by ``torch.autocast``, in one thread, or by a setting of
the process that allows TensorFloat-32 (10 bits of fraction, as float16 has) or bfloat16.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["as_taken", "full_products", "of_products"]

_ROUNDED = {"tf32": torch.float16, "high": torch.float16, "bf16": torch.bfloat16, "medium": torch.bfloat16}
"""What torch's settings are called, and the dtype that has as many bits of fraction."""
_FULL = ("none", "ieee", "highest")


def as_taken(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` as a product takes it that is computed here and now: rounded, inside an autocast block."""
    device = tensor.device.type
    if tensor.dtype == torch.float64 or not tensor.is_floating_point() or not torch.is_autocast_enabled(device):
        return tensor
    return tensor.to(torch.get_autocast_dtype(device))


def of_products(tensor: torch.Tensor) -> torch.dtype:
    """The dtype to whose digits a product of such tensors, computed here and now, is exact."""
    dtype = as_taken(tensor).dtype
    return dtype if dtype != torch.float32 else _ROUNDED.get(_allowed()[tensor.device.type == "cuda"], dtype)


@contextmanager
def full_products() -> Iterator[None]:
    """Products of float32 are not rounded.

    The setting is one for the process. Where it allows rounding, it does so again when nobody is in here any more, in
    any thread.
    """
    with _lock:
        if not _before:
            _before.append(_allowed())
            if not set(_before[0]) <= set(_FULL):
                _allow(("ieee", "ieee"))
        else:
            _before.append(_before[0])
    try:
        yield
    finally:
        with _lock:
            before = _before.pop()
            if not _before and not set(before) <= set(_FULL):
                _allow(before)


_lock = threading.Lock()
_before: list[tuple[str, str]] = []  # what was allowed, once for everybody who is in `full_products`


def _allowed() -> tuple[str, str]:
    """What is allowed on the CPU and on CUDA."""
    if hasattr(torch.backends.mkldnn, "matmul"):
        return torch.backends.mkldnn.matmul.fp32_precision, torch.backends.cuda.matmul.fp32_precision
    either = torch.get_float32_matmul_precision()  # before torch 2.9
    return either, either


def _allow(what: tuple[str, str]) -> None:
    if hasattr(torch.backends.mkldnn, "matmul"):
        torch.backends.mkldnn.matmul.fp32_precision, torch.backends.cuda.matmul.fp32_precision = what
    else:
        torch.set_float32_matmul_precision("highest" if what[0] == "ieee" else what[0])
