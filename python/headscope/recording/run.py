"""One forward of a model, and a record of every attention layer in it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from headscope.errors import NoAttention, TrainingMode, UnseenAttention
from headscope.recording.axes import Sides
from headscope.recording.build import RecordBuilder
from headscope.recording.compiled import check_python, uncompiled
from headscope.recording.consumers import ConsumerSearch
from headscope.recording.dispatch import Operations
from headscope.recording.inputs import Inputs
from headscope.recording.interface import LOOKS_LIKE_ATTENTION, Recording
from headscope.recording.numbering import number_in
from headscope.recording.parts import Parts
from headscope.recording.patches import place_patches
from headscope.recording.plain_parts import PlainParts
from headscope.recording.record import AnyRecord, Refusal
from headscope.recording.sight import Sight


@dataclass(frozen=True, eq=False)
class Recorded:
    """What one forward left."""

    layers: list[AnyRecord | Refusal]
    """Part by part and in order of execution: a record each, or a refusal naming the mechanism."""
    sides: dict[str, Sides]
    """The tokens of each part."""
    returned: Any
    """What the model's forward returned."""


def record_forward(model: torch.nn.Module, inputs: Inputs) -> Recorded:
    """Run `model` once and record its attention, leaving it as it was.

    Parameters
    ----------
    model
        A transformers model in evaluation mode, with whatever attention implementation it was loaded with.
    inputs
        The batch, and which item of it to keep.

    Returns
    -------
    Recorded

    Raises
    ------
    TrainingMode, CompiledModel, NoAttention, UnseenAttention
        Before or after the forward; the model is unaltered in every case.
    """
    check_ready(model)
    arguments = inputs.arguments if inputs.plain else {**inputs.arguments, **_economies(model, inputs.arguments)}
    seen = _forward(model, inputs, arguments, operations=inputs.plain)
    if not inputs.plain and (seen.unseen or not seen.builder.modules):
        seen = _forward(model, inputs, arguments, operations=True)
    if not seen.builder.modules:
        raise _nothing_seen(model, seen)
    with uncompiled(model):
        place_patches(model, seen.sight, seen.builder.axes)
    refused: list[AnyRecord | Refusal] = [_unseen_layer(name, model, seen) for name in seen.unseen]
    return Recorded(seen.builder.layers() + refused, seen.builder.axes.sides, seen.returned)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one forward showed."""

    builder: RecordBuilder
    parts: Parts | PlainParts
    sight: Sight
    unseen: list[str]
    """Modules that look like attention, were called and left no record."""
    spelled: dict[str, str]
    """Modules that seem to spell a softmax out, and by which operation."""
    returned: Any


def _forward(model: torch.nn.Module, inputs: Inputs, arguments: dict[str, Any], operations: bool = False) -> _Seen:
    """Run the model once, with tier 1, or with tier 2 beside it."""
    parts = PlainParts(model) if inputs.plain else Parts(model)
    search = ConsumerSearch(model)
    builder = RecordBuilder(inputs, parts, search)
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(uncompiled(model))
        stack.enter_context(parts.watched())
        stack.enter_context(search)
        sight = stack.enter_context(Sight(model, arguments))
        recording = stack.enter_context(Recording(model, builder.add))
        called = stack.enter_context(_calls_of_attention_modules(model))
        followed = stack.enter_context(Operations(model, builder, recording)) if operations else None
        returned = model(*inputs.positional, **arguments)
    spelled = followed.spelled if followed is not None and inputs.plain else {}
    unseen = _without_record({**called, **dict.fromkeys(filter(None, spelled))}, builder.modules)
    if "" in spelled and not unseen and not builder.modules:
        unseen = [""]
    return _Seen(builder, parts, sight, unseen, spelled, returned)


def check_ready(model: torch.nn.Module) -> None:
    """Refuse a model whose forward cannot be recorded truthfully."""
    check_python(model)
    training = next((name for name, module in model.named_modules() if module.training), None)
    if training is not None:
        raise TrainingMode(
            f"{training or type(model).__name__} is in training mode, where dropout changes the attention. "
            "Call model.eval() first."
        )


def _economies(model: torch.nn.Module, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask for no cache and for the logits of one position only, where the model lets us."""
    taken = inspect.signature(model.forward).parameters
    wished: dict[str, Any] = {"logits_to_keep": 1}
    if "position_ids" not in arguments:  # without a cache, transformers reads packed texts out of position_ids
        wished["use_cache"] = False
    return {name: value for name, value in wished.items() if name in taken and name not in arguments}


@contextmanager
def _calls_of_attention_modules(model: torch.nn.Module) -> Iterator[dict[str, None]]:
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


def _without_record(called: dict[str, None], recorded: set[str]) -> list[str]:
    """Called modules that have no record themselves, nor one inside them or around them."""

    def related(one: str, other: str) -> bool:
        return one == other or one.startswith(other + ".") or other.startswith(one + ".")

    lonely = [name for name in called if not any(related(name, other) for other in recorded)]
    return [name for name in lonely if not any(other.startswith(name + ".") for other in lonely)]


def _nothing_seen(model: torch.nn.Module, seen: _Seen) -> NoAttention | UnseenAttention:
    name = type(model).__name__
    if not seen.unseen:
        return NoAttention(f"{name} computed no attention in this forward; there is nothing to show.")
    why = next((_spelled_out(seen.spelled[one]) for one in seen.unseen if one in seen.spelled), "")
    return UnseenAttention(
        f"{name} computes attention in code of its own, which headscope does not see: no record of "
        f"{_some([one or name for one in seen.unseen])}. {why}".strip()
    )


def _some(names: list[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _unseen_layer(name: str, model: torch.nn.Module, seen: _Seen) -> Refusal:
    module = model.get_submodule(name)
    why = _spelled_out(seen.spelled[name]) if name in seen.spelled else "It has code of its own."
    reason = f"{name} ({type(module).__name__}) looks like attention, was called, and left no record. {why}"
    return Refusal(seen.parts.of(module, name), number_in(name) or 0, name, reason)


def _spelled_out(operation: str) -> str:
    return (
        f"It multiplies activations by what {operation} makes of the product of two others: a softmax that is spelled "
        "out is not followed. Use torch.softmax or scaled_dot_product_attention."
    )
