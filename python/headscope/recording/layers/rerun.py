"""A layer's own attention function, run once more on what was recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from headscope.errors import RefusedLayer
from headscope.recording.forward.offload import loaded
from headscope.recording.layers import formula
from headscope.recording.layers.probes import noise
from headscope.recording.layers.record import Record

__all__ = ["Again", "eager_weights", "run_again", "run_layer"]


@dataclass(frozen=True, eq=False)
class Again:
    """The layer's own function, run again on recorded queries, those of some rows, and all keys."""

    record: Record
    """On what it was run: in float32 where the function takes that, else as recorded."""
    value: torch.Tensor  # [G, K, dv] random
    output: torch.Tensor  # [H, R, dv]
    weights: torch.Tensor | None  # [H, R, K] what it says its weights are; None where it says none


def run_again(record: Record, rows: torch.Tensor) -> Again | None:
    """Run the layer's function on random values; None where it is not known. Of a softmax that was seen it is known.

    In float32, where it takes that: half precision could round away a small term that the record does not show.
    """
    if record.source is None:
        if record.spread is None:
            return None
        value = noise(record.keys).to(record.device).expand(record.groups, -1, -1)
        return Again(record, value, record.spread[:, rows.to(record.spread.device)], None)
    generator = torch.Generator().manual_seed(record.layer)
    value = torch.randn(record.value.shape, generator=generator).to(record.device)
    vectors = {name: getattr(record, name).float() for name in ("query", "key", "value")}
    for given in (replace(record, **vectors, precision=None), record):
        try:
            output, weights = run_layer(given, value.to(given.value), rows)
        except (torch.OutOfMemoryError, MemoryError):
            raise  # says nothing of the layer, and may pass
        except Exception as error:
            failure = error
            continue
        return Again(given, value.to(given.value), output.transpose(0, 1), weights)
    raise RefusedLayer(
        f"layer {record.layer} ({record.module}): its attention function could not be run again on the recorded "
        f"queries and keys ({type(failure).__name__}: {failure})."
    ) from failure


@torch.no_grad()
def run_layer(record: Record, value: torch.Tensor, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The layer's own function on the recorded queries of `rows`, the recorded keys, and other values [G, K, dv].

    As the model calls it, where `rows` are all; else with a mask that says what they see.

    Returns
    -------
    output : tensor [R, H, dv]
    weights : tensor [H, R, K], or None
        Where it is the eager function, which says them.
    """
    source = record.source
    assert source is not None
    query, kind, some = record.query, source.masked_with, None
    if len(rows) < record.queries:
        query, some = query[:, rows.to(query.device)], rows
        if kind is None and not bool(((record.mask.start == 0) & (record.mask.stop == record.keys)).all()):
            kind = torch.bool
    mask = None if kind is None else _dense_mask(record, some, kind if kind == torch.bool else query.dtype)
    options = _options(record, some)
    with loaded(source.module):
        result = source.function(source.module, query[None], record.key[None], value[None], mask, **options)
    return result[0][0], result[1][0] if source.function is source.eager else None


@torch.no_grad()
def eager_weights(record: Record, heads: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Weights of whole rows by the model file's own eager function, float32 [h, r, K]."""
    source = record.source
    if source is None or source.changed():
        raise RefusedLayer(
            f"layer {record.layer} ({record.module}) is computed by the model's own function, and the model's "
            "parameters were changed after the capture. Capture again."
        )
    answers = []
    for stripe in formula.stripes(rows, record.heads * record.keys):
        mask = _dense_mask(record, stripe, record.query.dtype)
        options = _options(record, stripe)
        with loaded(source.module):
            _, weight = source.eager(
                source.module, record.query[None, :, stripe], record.key[None], record.value[None], mask, **options
            )
        answers.append(weight[0, heads].float())
    return torch.cat(answers, dim=1)


def _dense_mask(record: Record, rows: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
    """The mask of `rows` as the layer's function takes it, [1, 1 or H, R, K]."""
    assert record.source is not None
    rows = torch.arange(record.queries) if rows is None else rows
    visible = record.mask.rows(rows, record.keys, record.query.device)
    if dtype == torch.bool:
        return visible[None]
    mask = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    if record.bias is not None and not record.source.takes_bias:
        mask = mask + record.bias[:, rows].to(dtype)
    return mask.masked_fill(~visible, torch.finfo(dtype).min)[None]


def _options(record: Record, rows: torch.Tensor | None) -> dict[str, Any]:
    """The keyword arguments of the recorded call, with the bias of this item and these rows."""
    source = record.source
    assert source is not None
    options = dict(source.options)
    if record.bias is not None and source.takes_bias:
        options["position_bias"] = (record.bias if rows is None else record.bias[:, rows])[None]
    if source.takes_sinks:
        options["sinks"] = record.query.new_zeros(1, record.heads, record.queries if rows is None else len(rows), 1)
    return options
