"""One forward of a model, and a record of every attention layer in it."""

from __future__ import annotations

import inspect
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch

from headscope.errors import NoAttention, TrainingMode, UnseenAttention
from headscope.recording.forward.compiled import check_python, uncompiled
from headscope.recording.forward.consumers import ConsumerSearch
from headscope.recording.forward.draws import Draws
from headscope.recording.forward.hybrids import layers_without_attention
from headscope.recording.forward.unseen import calls_of_attention_modules, has_no_map, has_own_code, without_record
from headscope.recording.inputs.inputs import Inputs
from headscope.recording.inputs.positions import positions_of
from headscope.recording.layers.build import RecordBuilder
from headscope.recording.layers.parts import Parts
from headscope.recording.layers.plain_parts import PlainParts
from headscope.recording.layers.record import AnyRecord, Refusal
from headscope.recording.pictures.placing import place_patches
from headscope.recording.pictures.sight import Sight
from headscope.recording.tiers.dispatch import Operations
from headscope.recording.tiers.interface import Recording
from headscope.recording.tiers.returned import Returned, returned
from headscope.recording.tokens.axes import Sides


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
    draws = Draws()
    arguments = inputs.arguments if inputs.plain else {**inputs.arguments, **_economies(model, inputs.arguments)}
    operations = inputs.plain or has_own_code(model)  # which may put tokens in another order
    seen = _forward(model, inputs, arguments, operations)
    if not operations and (seen.unseen or not seen.builder.modules):
        draws.again()
        seen = _forward(model, inputs, arguments, operations=True)
    if seen.unseen or seen.builder.misfits:
        draws.again()
        _add_unseen(model, inputs, arguments, seen)
    if set(seen.unseen) >= seen.builder.modules and not seen.builder.answers:
        raise _nothing_seen(model, seen)
    if not inputs.plain:
        for name, (sibling, reason) in layers_without_attention(model, seen.builder.modules).items():
            seen.builder.add_without_attention(name, sibling, reason)
    with uncompiled(model):
        place_patches(model, seen.sight, seen.builder)
    return Recorded(seen.builder.layers(), seen.builder.axes.sides, seen.output)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one forward showed."""

    builder: RecordBuilder
    sight: Sight
    called: list[str]
    """Modules that look like attention and were called, in order."""
    unseen: list[str]
    """Those of them that left no record."""
    operations: Operations | None
    output: Any

    def parts_of(self, model: torch.nn.Module) -> dict[str, str]:
        """The part of every innermost module that looks like attention, in the order in which they were called."""
        inner = [name for name in self.called if not any(one.startswith(name + ".") for one in self.called)]
        return {name: self.builder.axes.part_of(model.get_submodule(name), name) for name in inner}

    def attends(self, name: str) -> bool:
        """Whether an unseen module ran what may be an attention."""
        return self.operations is None or name in self.operations.softmaxes or name in self.operations.spelled

    def why_not(self, name: str, module: torch.nn.Module) -> str:
        """Why an unseen module has no map."""
        ran = self.operations
        if ran is None:
            return has_no_map(name, module, softmax=False, spelled=None)
        return has_no_map(name, module, softmax=name in ran.softmaxes, spelled=ran.spelled.get(name))


def _forward(model: torch.nn.Module, inputs: Inputs, arguments: dict[str, Any], operations: bool = False) -> _Seen:
    """Run the model once, with tier 1, or with tier 2 beside it."""
    parts = PlainParts(model) if inputs.plain else Parts(model)
    search = ConsumerSearch(model)
    positions = positions_of(inputs) if operations else None
    builder = RecordBuilder(inputs, parts, search, positions)
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(uncompiled(model))
        stack.enter_context(parts.watched())
        stack.enter_context(search)
        sight = stack.enter_context(Sight(model, arguments))
        recording = stack.enter_context(Recording(model, builder.add))
        called = stack.enter_context(calls_of_attention_modules(model))
        followed = (
            stack.enter_context(Operations(model, builder, recording, positions)) if positions is not None else None
        )
        output = model(*inputs.positional, **arguments)
    spelled = followed.spelled if followed is not None and inputs.plain else {}
    unseen = without_record([*called, *(name for name in spelled if name and name not in called)], builder.modules)
    if "" in spelled and not unseen and not builder.modules:
        unseen = [""]
    return _Seen(builder, sight, list(called), unseen, followed, output)


def _add_unseen(model: torch.nn.Module, inputs: Inputs, arguments: dict[str, Any], seen: _Seen) -> None:
    """Tier 3: what the model itself says of modules of which nothing was seen, or why there is nothing to show."""
    misfits = seen.builder.misfits
    said = Returned() if inputs.plain else returned(model, arguments, seen.parts_of(model), [*seen.unseen, *misfits])
    for name in seen.unseen:
        module = model.get_submodule(name)
        seen.builder.add_unseen(said, module, name, seen.why_not(name, module), seen.attends(name))
    for name in misfits:
        if name in said.tables:
            seen.builder.add_to_misfit(said.tables[name], model.get_submodule(name), name)
    seen.builder.sort(seen.called)


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


def _nothing_seen(model: torch.nn.Module, seen: _Seen) -> NoAttention | UnseenAttention:
    name = type(model).__name__
    if not seen.unseen:
        return NoAttention(f"{name} computed no attention in this forward; there is nothing to show.")
    return UnseenAttention(
        f"{name} computes attention in code of its own, which headscope does not see: no record of "
        f"{_some([one or name for one in seen.unseen])}. {seen.builder.first_refusal}"
    )


def _some(names: list[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
