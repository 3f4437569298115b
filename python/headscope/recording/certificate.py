"""The certificate: recomputed attention against what the layer itself returned.

Two checks, because the output ``P V`` alone does not determine the pattern ``P``:

1. on rows that matter, recomputed weights times the recorded values, against the output of the same forward;
2. when a layer is first read, the layer's own function on the recorded queries and keys with random values.

Both differences are divided by the largest value of the head, so that they are in units of attention weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from headscope.errors import RefusedLayer
from headscope.recording import formula
from headscope.recording.masks import Mask
from headscope.recording.offload import loaded
from headscope.recording.record import Record

TOLERANCE = {
    torch.float64: 2e-5,
    torch.float32: 2e-5,
    torch.float16: 5e-3,
    torch.bfloat16: 4e-2,
}
"""Largest difference accepted, in units of attention weight. Recomputed weights are float32 in every case; half
precision models round their own scores and weights on the way."""

ROWS = 16
"""Rows checked of every layer, at most."""

Weigh = Callable[[Any, torch.Tensor, torch.Tensor], torch.Tensor]
"""From a layer, its heads [h] and rows [r] to weights, float32 [h, r, K]."""


@dataclass(frozen=True)
class Finding:
    """How well one way to compute a record's weights agrees with the model."""

    error: float | None
    """In units of attention weight; None where there was nothing to compare with."""
    weigh: Weigh
    method: str


def choose_rows(mask: Mask, queries: int) -> torch.Tensor:
    """First and last row, both sides of every boundary of the mask, and some at random; int64 [R], sorted."""
    if queries <= ROWS:
        return torch.arange(queries)
    steps = torch.stack([mask.start, mask.stop]).diff(dim=1)
    bends = (steps[:, 1:] != steps[:, :-1]).any(dim=0).nonzero().flatten().cpu() + 1
    bends = bends[torch.linspace(0, len(bends) - 1, min(len(bends), ROWS // 4)).long()] if len(bends) else bends
    picked = {0, 1, queries // 2, queries - 2, queries - 1}
    picked |= {row + side for row in bends.tolist() for side in (-1, 0, 1) if 0 <= row + side < queries}
    generator = torch.Generator().manual_seed(queries)
    shuffled = torch.randperm(queries, generator=generator).tolist()
    picked |= set([row for row in shuffled if row not in picked][: max(2, ROWS - len(picked))])
    return torch.tensor(sorted(picked))


def certify(record: Record) -> Finding:
    """First check, against the output of the recorded forward.

    Returns
    -------
    Finding
        The fast formula where it agrees, else the model file's own eager function where that agrees. Vectors that came
        with no output are taken by their formula, unchecked.

    Raises
    ------
    RefusedLayer
        Where neither does.
    """
    if record.rows is None or record.output is None:
        return Finding(None, formula.weights, "formula")
    expected = record.output.transpose(0, 1).float()  # [H, R, dv]
    return _first_that_agrees(record, record.value, expected, "the output of its own forward")


def confirm(record: Record, finding: Finding) -> Finding:
    """Second check, with random values through the layer's own function; may fall back or refuse like `certify`."""
    source = record.source
    if source is None or record.rows is None or record.not_finite:
        return finding
    if source.changed():
        raise RefusedLayer(
            f"layer {record.layer} ({record.module}): the module's parameters were changed after the capture, so its "
            "weights can no longer be checked. Capture again."
        )
    generator = torch.Generator().manual_seed(record.layer)
    value = torch.randn(record.value.shape, generator=generator).to(record.query.device)
    given, output = _run_on(record, value)  # [Q, H, dv]
    expected = output[record.rows].transpose(0, 1).float()
    limit = TOLERANCE.get(given.query.dtype, TOLERANCE[torch.bfloat16])
    error = _difference(given, finding.weigh, record.rows, value.to(given.value), expected)
    if source.function is source.eager and finding.weigh is formula.weights:  # it says its weights: compare them too
        heads, rows = torch.arange(record.heads, device=record.query.device), record.rows.to(record.query.device)
        said = eager_weights(given, heads, rows) - formula.weights(given, heads, rows)
        error = max(error, float(said.abs().max()))
    if error <= limit:
        return Finding(max(error, finding.error or 0.0), finding.weigh, finding.method)
    if finding.weigh is formula.weights:  # the other way must pass both checks
        other = _difference(given, eager_weights, record.rows, value.to(given.value), expected)
        assert record.output is not None
        forward = _difference(record, eager_weights, record.rows, record.value, record.output.transpose(0, 1).float())
        if other <= limit and forward <= _limit(record):
            return Finding(max(other, forward), eager_weights, "the model's eager function")
    raise RefusedLayer(
        f"layer {record.layer} ({record.module}) was refused: compared with its own function on random values, "
        f"{finding.method} differs by {error:.1e} (accepted: {limit:.0e}). Something enters its attention that "
        "headscope did not see."
    )


def _run_on(record: Record, value: torch.Tensor) -> tuple[Record, torch.Tensor]:
    """Run the layer's function on random values: in float32, where it takes that, else as recorded.

    The rounding of half precision could hide a small term that the record does not show.
    """
    exact = replace(record, query=record.query.float(), key=record.key.float(), value=record.value.float())
    for given in (exact, record):
        try:
            return given, run_layer(given, value.to(given.value))
        except (torch.OutOfMemoryError, MemoryError):
            raise  # says nothing of the layer, and may pass
        except Exception as error:
            failure = error
    raise RefusedLayer(
        f"layer {record.layer} ({record.module}): its attention function could not be run again on the recorded "
        f"queries and keys ({type(failure).__name__}: {failure})."
    ) from failure


@torch.no_grad()
def run_layer(record: Record, value: torch.Tensor) -> torch.Tensor:
    """The layer's own function on the recorded queries and keys and other values [G, K, dv]; [Q, H, dv]."""
    source = record.source
    assert source is not None
    kind = source.masked_with
    mask = None if kind is None else _dense_mask(record, None, kind if kind == torch.bool else record.query.dtype)
    options = _options(record, None)
    with loaded(source.module):
        result = source.function(source.module, record.query[None], record.key[None], value[None], mask, **options)
    return result[0][0]  # type: ignore[no-any-return]


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


def _limit(record: Record) -> float:
    return TOLERANCE.get(record.precision or record.query.dtype, TOLERANCE[torch.bfloat16])


def _first_that_agrees(record: Record, value: torch.Tensor, expected: torch.Tensor, against: str) -> Finding:
    assert record.rows is not None
    limit = _limit(record)
    failures = []
    for method, weigh in (("formula", formula.weights), ("the model's eager function", eager_weights)):
        try:
            error = _difference(record, weigh, record.rows, value, expected)
        except (torch.OutOfMemoryError, MemoryError):
            raise  # says nothing of the layer, and may pass
        except Exception as problem:
            failures.append(f"{method} failed ({type(problem).__name__}: {problem})")
            continue
        if error <= limit:
            return Finding(error, weigh, method)
        failures.append(f"{method} differs by {error:.1e}")
    raise RefusedLayer(
        f"layer {record.layer} ({record.module}) was refused: compared with {against}, {'; '.join(failures)} "
        f"(accepted: {limit:.0e}). Something enters its attention that headscope did not see."
    )


@torch.no_grad()
def _difference(record: Record, weigh: Weigh, rows: torch.Tensor, value: torch.Tensor, expected: torch.Tensor) -> float:
    heads = torch.arange(record.heads, device=record.query.device)
    weight = weigh(record, heads, rows.to(record.query.device))  # [H, R, K]
    grouped = value.float()  # [G, K, dv]
    size = record.heads // record.groups
    ours = (weight.unflatten(0, (record.groups, size)) @ grouped[:, None]).flatten(0, 1)  # [H, R, dv]
    scale = grouped.abs().amax(dim=(1, 2)).repeat_interleave(size).clamp(min=torch.finfo(torch.float32).tiny)
    difference = (ours - expected).abs() / scale[:, None, None]
    if record.not_finite:  # only what the model itself computed as a number can be compared
        difference = difference[torch.isfinite(expected) & torch.isfinite(difference)]
    if difference.numel() == 0:
        return 0.0
    return float(difference.max()) if not difference.isnan().any() else float("inf")


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
    if record.bias is None or not source.takes_bias:
        return source.options
    return {**source.options, "position_bias": (record.bias if rows is None else record.bias[:, rows])[None]}
