"""How the outputs of a layer's heads enter the layer's output: its output projection, found and verified.

The projection ``f`` is taken as a black box, so that any linear layer will do, fused, adapted or quantised. It is the
module that was given the heads' outputs (see ``consumers.py``), and it is believed where it is linear, and where it
gives on the recorded rows what it gave in the same forward. With ``e_h`` for "in head h's place, all else zero" and
``b = f(0)``, what head ``h`` adds to the output is ``f(e_h(out_h)) - b``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch

from headscope.errors import UnknownProjection
from headscope.recording.forward.consumers import Consumer
from headscope.recording.forward.offload import as_written, loaded
from headscope.recording.layers import formula
from headscope.recording.layers.record import Record

__all__ = ["Projection", "find_projection", "value_norms"]

LINEAR = 2e-5
"""Largest difference between ``f`` of a sum and the sum of ``f`` that is accepted, relative to what heads add."""

SAME = {torch.float64: 2e-5, torch.float32: 2e-5, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}
"""Likewise between ``f`` in float32 and what the module returned in its own precision, relative to that."""

HALVES = (torch.float16, torch.bfloat16)


@dataclass(frozen=True, eq=False)
class Projection:
    """A verified output projection, in float32."""

    name: str
    apply: Callable[[torch.Tensor], torch.Tensor]
    """From head outputs [N, H, dv] to what the module makes of them, [N, D]."""
    bias: torch.Tensor  # [D]

    def of_head(self, head: int, heads: int, width: int) -> torch.Tensor:
        """The matrix [dv, D] by which the output of one head enters the layer's output."""
        units = torch.zeros(width, heads, width, device=self.bias.device)
        units[:, head] = torch.eye(width, device=self.bias.device)
        return self.apply(units) - self.bias


def find_projection(record: Record) -> Projection:
    """The output projection of a layer.

    Raises
    ------
    UnknownProjection
        Where the heads' outputs enter the layer's output in another way, or in one that cannot be verified.
    """
    where = f"layer {record.layer} ({record.module}): "
    if record.output is not None and not bool(torch.isfinite(record.output).all()):
        raise UnknownProjection(f"{where}the outputs of its heads hold NaN or infinite numbers.")
    if not record.consumers:
        raise UnknownProjection(
            f"{where}no module took the outputs of its heads as they are; something such as a gate or a norm stands "
            "between them and the output projection, so what a value adds to the output is not known."
        )
    reasons = []
    inner = list(record.consumers)
    while inner:  # from the outside in: an adapter's outer module is linear, its parts are only parts
        outer = inner.pop()
        beside = [other.name for other in inner if not other.name.startswith(outer.name + ".")]
        if beside:
            reasons.append(f"the outputs of its heads went into several modules: {', '.join([*beside, outer.name])}")
            break
        try:
            return _verified(outer, record)
        except UnknownProjection as problem:
            reasons.append(str(problem))
    raise UnknownProjection(where + "; ".join(reasons))


def value_norms(record: Record, projection: Projection) -> torch.Tensor:
    """``‖f(e_h(v_j)) - b‖`` of every head and key, float32 [H, K]."""
    norms = torch.empty(record.heads, record.keys, device=record.value.device)
    for head in range(record.heads):
        value = record.value[head // (record.heads // record.groups)].float()  # [K, dv]
        matrix = projection.of_head(head, record.heads, value.shape[1])  # [dv, D]
        parts = value.split(formula.rows_at_once(matrix.shape[1]))
        norms[head] = torch.cat([torch.linalg.vector_norm(part @ matrix, dim=-1) for part in parts])
    return norms


def _verified(consumer: Consumer, record: Record) -> Projection:
    """The consumer as a projection, if it is linear and does what it did in the forward."""
    assert record.output is not None
    said = f"the outputs of its heads went into {consumer.name} ({type(consumer.module).__name__}), "
    if consumer.changed():
        raise UnknownProjection(f"{said}whose parameters were changed after the capture. Capture again.")
    output, returned = record.output.float(), consumer.returned.float()  # [R, H, dv], [R, D]
    try:
        apply = _in_float32(consumer)
        bias = apply(torch.zeros_like(output[:1]))[0]
        whole = apply(output)
        tiny = torch.finfo(torch.float32).tiny
        same = float((whole - returned).abs().max() / whole.abs().max().clamp(min=tiny))
        scale = (whole - bias).abs().max() + 0.1 * bias.abs().max()  # beside a large bias digits are rounded away
        linear = float(_difference_of_sums(apply, output, bias) / scale.clamp(min=tiny))
    except (torch.OutOfMemoryError, MemoryError):
        raise  # says nothing of the layer, and may pass
    except Exception as error:
        raise UnknownProjection(f"{said}which cannot be run again ({type(error).__name__}: {error}).") from error
    if not linear <= LINEAR:
        raise UnknownProjection(f"{said}which is not linear (differs by {linear:.0e}; accepted: {LINEAR:.0e})")
    limit = SAME.get(consumer.precision, SAME[torch.bfloat16])
    if not same <= limit:
        raise UnknownProjection(
            f"{said}which does not return again what it returned in the forward (differs by {same:.0e}; accepted: "
            f"{limit:.0e})"
        )
    return Projection(consumer.name, apply, bias)


def _difference_of_sums(apply: Callable[..., torch.Tensor], output: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """How much ``f`` of the outputs differs from the sums of ``f`` over heads, and over parts taken at random."""
    rows, heads, _ = output.shape
    apart = output[:, None] * torch.eye(heads, device=output.device)[:, :, None]  # [R, H, H, dv]
    summed = (apply(apart.flatten(0, 1)) - bias).unflatten(0, (rows, heads)).sum(dim=1)
    noise = torch.randn(output.shape, generator=torch.Generator().manual_seed(heads)).to(output.device)
    part = noise * output.abs().amax(dim=(1, 2), keepdim=True)
    whole = apply(output) - bias
    at_random = (apply(part) - bias) + (apply(output - part) - bias)
    return torch.maximum((summed - whole).abs().max(), (at_random - whole).abs().max())


def _in_float32(consumer: Consumer) -> Callable[[torch.Tensor], torch.Tensor]:
    """The module, taking and giving float32; of half precision a copy, so that the model is left as it was."""
    module = consumer.module
    tensors = list(chain(module.parameters(), module.buffers()))
    if any(tensor.dtype in HALVES for tensor in tensors):
        module = _copy_in_float32(module)
    double = any(tensor.dtype == torch.float64 for tensor in tensors)

    def apply(outputs: torch.Tensor) -> torch.Tensor:
        given = outputs.reshape(len(outputs), *consumer.shape)
        result: torch.Tensor = module(given.double() if double else given)
        return result.reshape(len(outputs), -1).float()

    return apply


def _copy_in_float32(module: torch.nn.Module) -> torch.nn.Module:
    with loaded(*module.modules()):
        tensors = chain(module.parameters(), module.buffers())
        memo: dict[int, Any] = {id(tensor): tensor.detach().float() for tensor in tensors if tensor.dtype in HALVES}
        for part in module.modules():  # somebody's hooks may hold anything, such as the whole model
            memo |= {id(hooks): hooks.copy() for hooks in (part._forward_hooks, part._forward_pre_hooks)}
            memo |= {id(hook): hook for hook in [getattr(part, "_hf_hook", None)]}
        return as_written(copy.deepcopy(module, memo))
