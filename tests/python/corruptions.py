"""Records of a capture, corrupted on their way to it: what the certificate has to notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from headscope.recording.layers import formula
from headscope.recording.layers.build import RecordBuilder
from headscope.recording.layers.masks import Mask, causal, from_visible, full
from headscope.recording.layers.record import Record

if TYPE_CHECKING:
    import pytest


def unchecked_row(record: Record) -> int:
    """A late row that is not among those looked at when the layer is recorded."""
    assert record.rows is not None
    return max(set(range(record.queries)) - set(record.rows.tolist()))


def _strongest_key(record: Record, row: int) -> int:
    """What a row of head 1 looks at most, itself not counted."""
    weights = formula.weights(record, torch.tensor([1]), torch.tensor([row]))[0, 0]
    weights[row] = 0
    return int(weights.argmax())


def _other_key(record: Record) -> Record:
    key = record.key.clone()
    key[:, unchecked_row(record)] += 1
    return dataclasses.replace(record, key=key)


def _other_query(record: Record) -> Record:
    query = record.query.clone()
    query[1, unchecked_row(record)] += 1
    return dataclasses.replace(record, query=query)


def _other_span(record: Record, side: str) -> Record:
    """Hides from one late row the key that it looks at most, and what is before or after, or shows it one key more."""
    row, start, stop = unchecked_row(record), record.mask.start.clone(), record.mask.stop.clone()
    if side == "before":
        start[row] = _strongest_key(record, row) + 1
    elif side == "after":
        stop[row] = _strongest_key(record, row)
    else:
        stop[row] += 1
    return dataclasses.replace(record, mask=Mask(start, stop))


def _other_cell(record: Record) -> Record:
    visible = record.mask.rows(torch.arange(record.queries), record.keys, record.device).clone()
    row = unchecked_row(record)
    visible[0, row, _strongest_key(record, row)] = False
    return dataclasses.replace(record, mask=from_visible(visible))


def _other_sink(record: Record) -> Record:
    assert record.sinks is not None
    sinks = record.sinks.clone()
    sinks[2] += 0.1
    return dataclasses.replace(record, sinks=sinks)


def _other_bias(record: Record) -> Record:
    row, bias = unchecked_row(record), torch.zeros(record.heads, record.queries, record.keys)
    bias += 0 if record.bias is None else record.bias
    bias[1, row, _strongest_key(record, row)] -= 5
    return dataclasses.replace(record, bias=bias)


CORRUPTIONS: dict[str, tuple[str, Callable[[Record], Record]]] = {  # with what has to be there
    "key of a late token": ("", _other_key),
    "query of a late token": ("", _other_query),
    "last keys of a late row hidden": ("", lambda record: _other_span(record, "after")),
    "first keys of a late row hidden": ("", lambda record: _other_span(record, "before")),
    "one key more on a late row": ("causal|window", lambda record: _other_span(record, "more")),
    "one cell of the mask": ("", _other_cell),
    "mask lost": ("causal|window", lambda record: dataclasses.replace(record, mask=full(record.queries, record.keys))),
    "window lost": ("window", lambda record: dataclasses.replace(record, mask=causal(record.queries))),
    "window one too wide": (
        "window",
        lambda record: dataclasses.replace(record, mask=causal(record.queries, window=9)),
    ),
    "scale": ("", lambda record: dataclasses.replace(record, scaling=record.scaling * 1.2)),
    "softcap lost": ("softcap", lambda record: dataclasses.replace(record, softcap=None)),
    "sink of one head": ("sinks", _other_sink),
    "sinks lost": ("sinks", lambda record: dataclasses.replace(record, sinks=None)),
    "bias of one pair": ("", _other_bias),
    "bias lost": ("bias", lambda record: dataclasses.replace(record, bias=None)),
}


def is_another(record: Record, other: Record) -> bool:
    every = torch.arange(record.heads), torch.arange(record.queries)
    with formula.exactly():
        difference = formula.weights(record, *every) - formula.weights(other, *every)
    return float(difference.abs().max()) > 1e-3


def corrupting(monkeypatch: pytest.MonkeyPatch, what: str, at: int) -> list[int]:
    """Corrupt layer `at` of the captures made from now on, in the way called `what`; returns their tiers."""
    layers, tiers = RecordBuilder.layers, list[int]()

    def corrupted(self: RecordBuilder) -> list[Any]:
        made = layers(self)
        record = made[at]
        assert isinstance(record, Record)
        made[at] = CORRUPTIONS[what][1](record)
        assert is_another(record, made[at])
        tiers.append(record.tier)
        return made

    monkeypatch.setattr(RecordBuilder, "layers", corrupted)
    return tiers
