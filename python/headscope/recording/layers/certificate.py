"""The certificate: recomputed attention against what the layer itself returned.

At once, when a layer is recorded, on rows that matter: recomputed weights times the recorded values, against the output
of the same forward. Once more when the layer is first read, on all rows up to `WEIGHTS_CONFIRMED` weights:

1. against that output again, of which two numbers for each row and head were kept: its components along two random
   directions;
2. because the output ``P V`` alone does not determine the pattern ``P``, against the layer's own function, run on the
   recorded queries and keys with random values, or against the weights of its own softmax times these;
3. where that function says its weights, against these, in the precision of the model.

Where not every row is looked at, the function is given the mask of those that are, and is besides run on the first
tokens alone, in the very form in which the model calls it. Where anything of this disagrees, every row is looked at.

Differences are divided by the largest value of the head, so that they are in units of attention weight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from headscope.errors import RefusedLayer
from headscope.recording.layers import formula
from headscope.recording.layers.checked_rows import first_tokens, rows_to_confirm
from headscope.recording.layers.differences import Weigh, difference_of_output, difference_of_weights, differences
from headscope.recording.layers.formula import Stripe
from headscope.recording.layers.probes import COLUMNS, directions
from headscope.recording.layers.record import Record
from headscope.recording.layers.rerun import Again, eager_weights, run_again

TOLERANCE = {
    torch.float64: 2e-5,
    torch.float32: 2e-5,
    torch.float16: 5e-3,
    torch.bfloat16: 4e-2,
}
"""Largest difference accepted, in units of attention weight. Recomputed weights are float32 in every case; half
precision models round their own scores and weights on the way."""


@dataclass(frozen=True)
class Finding:
    """How well one way to compute a record's weights agrees with the model."""

    error: float | None
    """In units of attention weight; None where there was nothing to compare with."""
    weigh: Weigh
    method: str


def sinks_scale_the_output(record: Record) -> bool:
    """Whether the model's own eager function gives the sinks no share of the weights: they add up to 1 without."""
    if record.sinks is None or record.source is None or record.source.takes_sinks or record.not_finite:
        return False
    heads, rows = torch.arange(record.heads, device=record.device), torch.arange(min(2, record.queries))
    ours = formula.weights(record, heads, rows.to(record.device)).sum(dim=-1)
    try:
        said = eager_weights(record, heads, rows.to(record.device)).sum(dim=-1)
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        return False
    return bool((said - 1).abs().max() < 1e-2 < (ours - 1).abs().max())


def certify(record: Record) -> Finding:
    """First look, on some rows, against the output of the recorded forward.

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
        return Finding(None, formula.weights, FORMULA)
    expected = record.output.transpose(0, 1).float()  # [H, R, dv]
    limit, failures = _limit(record), []
    for method, weigh in _ways(record).items():
        try:
            error = difference_of_output(record, weigh, record.rows, expected)
        except (torch.OutOfMemoryError, MemoryError):
            raise  # says nothing of the layer, and may pass
        except Exception as problem:
            failures.append(f"{method} failed ({type(problem).__name__}: {problem})")
            continue
        if error <= limit:
            return Finding(error, weigh, method)
        failures.append(f"{method} differs by {error:.1e} (accepted: {limit:.0e})")
    raise _refused(record, f"compared with the output of its own forward, {'; '.join(failures)}")


def confirm(record: Record, finding: Finding, known: Iterable[Stripe] | None = None) -> Finding:
    """Second look, on more rows; may fall back or refuse like `certify`, and tries no way that failed there.

    Parameters
    ----------
    known
        All weights of the layer by the formula, where they are computed already.
    """
    if record.traces is None:
        return finding
    if record.source is not None and record.source.changed():
        raise RefusedLayer(
            f"layer {record.layer} ({record.module}): the module's parameters were changed after the capture, so its "
            "weights can no longer be checked. Capture again."
        )
    rows = rows_to_confirm(record)
    if len(rows) < record.queries:
        found = _confirm_in_part(record, rows, finding)
        if found is not None:
            return found
    rows = torch.arange(record.queries)
    again = run_again(record, rows)
    failures = []
    ways = _ways(record)
    for method, weigh in list(ways.items())[list(ways).index(finding.method) :]:
        found_so = _look(record, again, weigh, rows, known if weigh is formula.weights else None)
        failed = [one for one in found_so if not one.error <= one.limit]
        if not failed:
            return _confirmed(finding, found_so, method, weigh)
        failures += [
            f"{method} differs by {one.error:.1e} from {one.what} (accepted: {one.limit:.0e})" for one in failed
        ]
    raise _refused(record, "; ".join(failures))


def _confirm_in_part(record: Record, rows: torch.Tensor, finding: Finding) -> Finding | None:
    """Look at some rows of a layer that the formula computes; None where that does not settle it."""
    if finding.weigh is not formula.weights:
        return None
    try:
        found = _look(record, run_again(record, rows), formula.weights, rows)
        first = first_tokens(record)
        if record.source is not None:
            found += _compared_with_function(first, run_again(first, torch.arange(first.queries)))
    except RefusedLayer:  # the function takes no rows of a text, or not these
        return None
    if any(not one.error <= one.limit for one in found):
        return None
    return _confirmed(finding, found, finding.method, finding.weigh)


def _confirmed(finding: Finding, found: list[_Compared], method: str, weigh: Weigh) -> Finding:
    return Finding(max([finding.error or 0.0, *(one.error for one in found)]), weigh, method)


@dataclass(frozen=True)
class _Compared:
    what: str
    error: float
    limit: float


def _look(
    record: Record, again: Again | None, weigh: Weigh, rows: torch.Tensor, known: Iterable[Stripe] | None = None
) -> list[_Compared]:
    """Compare one way to compute weights with everything that is known of these rows of the layer."""
    assert record.traces is not None
    along = directions(record.value.shape[-1]).to(record.value.device)
    said_of_rows = record.traces[rows.to(record.traces.device)]
    forward = record.value.float() @ along, said_of_rows.transpose(0, 1)
    if again is None:
        errors = differences(record, weigh, forward, rows=rows, known=known)
        return [_Compared("the output of its own forward", errors[0], _limit(record))]
    function = again.value[..., :COLUMNS].float(), again.output[..., :COLUMNS].float()
    if weigh is formula.weights:  # which takes whatever was recorded as float32
        errors = differences(record, weigh, forward, function, rows=rows, known=known)
    else:
        errors = [
            *differences(record, weigh, forward, rows=rows),
            *differences(again.record, weigh, function, rows=rows),
        ]
    found = [
        _Compared("the output of its own forward", errors[0], _limit(record)),
        _Compared("its own function on random values", errors[1], _limit(again.record)),
    ]
    if weigh is formula.weights:
        found += _compared_with_weights(record, again, rows)
    return found


def _compared_with_function(record: Record, again: Again | None) -> list[_Compared]:
    """Compare the formula with the layer's function, on all rows, leaving the forward aside."""
    if again is None:
        return []
    function = again.value[..., :COLUMNS].float(), again.output[..., :COLUMNS].float()
    error = differences(record, formula.weights, function)[0]
    found = [_Compared("its own function on random values", error, _limit(again.record))]
    return found + _compared_with_weights(record, again, torch.arange(record.queries))


def _compared_with_weights(record: Record, again: Again, rows: torch.Tensor) -> list[_Compared]:
    """Compare the formula with the weights that the layer's function says, where it says some."""
    if again.weights is None:
        return []
    error = difference_of_weights(record, rows, again.weights)
    found = [_Compared("the weights that its own function says", error, _limit(again.record))]
    if again.record.query.dtype != record.query.dtype:
        error = difference_of_weights(record, rows, eager_weights)
        found.append(_Compared("its own weights in its own precision", error, _limit(record)))
    return found


def _ways(record: Record) -> dict[str, Weigh]:
    """Those of `WAYS` that there are for a record."""
    return {FORMULA: WAYS[FORMULA]} if record.source is None else WAYS


def _limit(record: Record) -> float:
    return TOLERANCE.get(record.precision or record.query.dtype, TOLERANCE[torch.bfloat16])


def _refused(record: Record, why: str) -> RefusedLayer:
    return RefusedLayer(
        f"layer {record.layer} ({record.module}) was refused: {why}. Something enters its attention that headscope did "
        "not see."
    )


FORMULA = "formula"

WAYS: dict[str, Weigh] = {FORMULA: formula.weights, "the model's eager function": eager_weights}
"""How weights may be computed, by name, the first one first."""
