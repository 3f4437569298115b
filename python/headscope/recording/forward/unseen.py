"""Modules that look like attention and left no record: which they are, and what is known of why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headscope.recording.tiers.interface import LOOKS_LIKE_ATTENTION

if TYPE_CHECKING:
    import torch

__all__ = ["calls_of_attention_modules", "has_no_map", "has_own_code", "without_record"]

_LIBRARIES = {"accelerate", "bitsandbytes", "peft", "torch", "torchao", "transformers"}


@contextmanager
def calls_of_attention_modules(model: torch.nn.Module) -> Iterator[dict[str, None]]:
    """Collect, in order, the names of the modules that look like attention and were called."""
    called: dict[str, None] = {}
    ours = threading.get_ident()  # somebody else may run the same model

    def note(name: str) -> Callable[..., None]:
        return lambda *_: called.setdefault(name) if threading.get_ident() == ours else None

    handles: list[Any] = []
    try:
        for name, module in model.named_modules():
            if name and LOOKS_LIKE_ATTENTION.search(type(module).__name__):
                handles.append(module.register_forward_pre_hook(note(name)))
        yield called
    finally:
        for handle in handles:
            handle.remove()


def has_own_code(model: torch.nn.Module) -> bool:
    """Whether modules of it are of no library that is known to leave tokens in their order."""
    return any(type(module).__module__.partition(".")[0] not in _LIBRARIES for module in model.modules())


def without_record(called: Iterable[str], recorded: set[str]) -> list[str]:
    """Called modules that have no record themselves, nor one inside them or around them."""

    def related(one: str, other: str) -> bool:
        return one == other or one.startswith(other + ".") or other.startswith(one + ".")

    lonely = [name for name in called if not any(related(name, other) for other in recorded)]
    return [name for name in lonely if not any(other.startswith(name + ".") for other in lonely)]


def has_no_map(name: str, module: torch.nn.Module, softmax: bool, spelled: str | None) -> str:
    """Say that a module has no attention map, and why; no full stop.

    Parameters
    ----------
    name, module
        The module, and its name in the model.
    softmax
        Whether it ran one.
    spelled
        What it made of a product of activations without a softmax, by the name of the operation.
    """
    if softmax:
        why = "its softmax is not one that leads from queries and keys to values in a way that is followed"
    elif spelled is not None:
        why = (
            f"it multiplies activations by what {spelled} makes of the product of two others, and runs no softmax (one "
            "that is spelled out is not followed: use torch.softmax or scaled_dot_product_attention)"
        )
    else:
        why = "it runs no softmax over products of queries and keys"
    return f"{name or type(module).__name__} ({type(module).__name__}) has no attention map: {why}"
