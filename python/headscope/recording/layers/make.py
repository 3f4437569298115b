"""Records of attention calls and of softmaxes that were seen: copies of what one item of the batch had in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from headscope.recording.forward.consumers import ConsumerSearch
from headscope.recording.forward.precision import of_products
from headscope.recording.layers import masks
from headscope.recording.layers.certificate import sinks_scale_the_output
from headscope.recording.layers.checked_rows import choose_rows
from headscope.recording.layers.cut import keys_of, pairs_of, queries_of
from headscope.recording.layers.masks import Mask
from headscope.recording.layers.probes import spread, traces
from headscope.recording.layers.record import AnyRecord, LayerFunction, Record
from headscope.recording.tiers.arrange import Arranged
from headscope.recording.tiers.interface import Call
from headscope.recording.tiers.observed import observed
from headscope.recording.tokens.axes import Place

__all__ = ["RecordMaker"]

T = TypeVar("T")

_OF_THE_BATCH = ("position_ids", "cache_position", "past_key_values", "attention_mask")
"""Options that speak of the whole batch and that no eager or sdpa score depends on."""


class RecordMaker:
    """Makes records; what layers share (masks, biases) is kept once.

    Parameters
    ----------
    search
        Finds the modules that are given what a call returned.
    """

    def __init__(self, search: ConsumerSearch) -> None:
        self._search = search
        # By id of the model's tensor; the tensor is kept beside the result, else its id could be used again.
        self._shared: dict[tuple[int, int], tuple[torch.Tensor, Any]] = {}
        self._spans: list[Mask] = []
        self._rows: dict[int, torch.Tensor] = {}

    def of_call(self, call: Call, place: Place, mask: Mask, additive: torch.Tensor | None) -> Record:
        """The record of a call, under what `mask_of` says of it."""
        position_bias = call.options.get("position_bias")
        bias = additive if position_bias is None else self._bias(position_bias, additive, place)
        query = place.query
        rows = self._rows_of(mask, len(query.valid))
        sinks = call.options.get("s_aux", call.options.get("sinks"))
        of_queries = sinks is not None and sinks.dim() == 4  # [B, H, Q, 1], one for each query
        if sinks is not None and of_queries:  # what a sink has more than 0, the keys have less
            lower = -pairs_of(place, sinks).float()
            bias, sinks = lower if bias is None else bias + lower, sinks.new_zeros(sinks.shape[1])
        width = call.query.shape[-1]
        scaling = call.options.get("scaling")
        output = call.output[query.row, query.valid[rows].to(call.output.device)].clone()
        record = Record(
            part=place.part,
            layer=0,
            module=call.name,
            query=queries_of(place, call.query),
            key=keys_of(place, call.key),
            value=keys_of(place, call.value),
            scaling=width**-0.5 if scaling is None else float(scaling),
            mask=mask,
            softcap=call.options.get("softcap"),
            bias=bias,
            sinks=None if sinks is None else sinks.detach().clone().flatten(),
            source=self._source(call, place, takes_bias=position_bias is not None, takes_sinks=of_queries),
            rows=rows,
            output=output,
            traces=traces(call.output[query.row])[query.valid.to(call.output.device)],
            tier=call.tier,
            consumers=self._search.after(call.name, call.output.shape, query.row, query.valid[rows], output),
            precision=of_products(call.query),
        )
        record.not_finite = _not_finite(record)
        if sinks_scale_the_output(record):
            record.gate, record.sinks = record.sinks, None
        return record

    def _rows_of(self, mask: Mask, queries: int) -> torch.Tensor:
        """The rows that are checked; layers under one mask (which `_shared` or `_spans` keeps) have the same."""
        if id(mask) not in self._rows:
            self._rows[id(mask)] = choose_rows(mask, queries)
        return self._rows[id(mask)]

    def mask_of(self, call: Call, place: Place) -> tuple[Mask, torch.Tensor | None] | None:
        """Who sees whom and what a mask adds to the scores; None where that is not known."""
        query, key = place.query, place.key
        if call.mask is None or call.mask.dim() == 2:  # 2-D: flash is told the padding, which is dropped here
            size = len(query.valid), len(key.valid)
            meant = masks.of_nothing(call.implementation, call.module, call.options, *size)
            return None if meant is None else (self._once(meant), None)
        return self._share(place, call.mask, lambda: self._read(call.mask, place))

    def _read(self, mask: torch.Tensor, place: Place) -> tuple[Mask, torch.Tensor | None]:
        query, key = place.query, place.key
        cut = pairs_of(place, mask[..., : key.length].expand(-1, -1, query.length, -1))
        visible, bias = (cut, None) if cut.dtype == torch.bool else masks.split_additive(cut)
        return self._once(masks.from_visible(visible)), bias

    def _bias(self, position_bias: torch.Tensor, additive: torch.Tensor | None, place: Place) -> torch.Tensor | None:
        """What is added to the scores; None where it is 0 everywhere, as in T5's cross-attention."""
        bias = self._share(place, position_bias, lambda: _unless_zero(pairs_of(place, position_bias)))
        if bias is None or additive is None:
            return additive if bias is None else bias
        return bias + additive

    def _share(self, place: Place, tensor: torch.Tensor, read: Callable[[], T]) -> T:
        """What was read of `tensor` before, else `read()`."""
        if (id(place), id(tensor)) not in self._shared:
            self._shared[id(place), id(tensor)] = (tensor, read())
        shared: T = self._shared[id(place), id(tensor)][1]
        return shared

    def _once(self, mask: Mask) -> Mask:
        """The same spans seen before, if any."""
        for known in self._spans:
            if known.same(mask):
                return known
        if mask.is_spans:
            self._spans.append(mask)
        return mask

    def _source(self, call: Call, place: Place, *, takes_bias: bool, takes_sinks: bool) -> LayerFunction:
        whole = place.query.is_whole and place.key.is_whole
        dropped = ("position_bias", *(() if whole else _OF_THE_BATCH), *(("sinks",) if takes_sinks else ()))
        options: dict[str, Any] = {name: value for name, value in call.options.items() if name not in dropped}
        masked_with = call.mask.dtype if call.mask is not None and call.mask.dim() == 4 else None
        return LayerFunction(call.module, call.function, call.eager, options, masked_with, takes_bias, takes_sinks)

    def of_softmax(self, arranged: Arranged, place: Place, name: str) -> AnyRecord:
        """The record of a softmax that was seen, or its weights alone."""
        record = observed(arranged, place, name)
        if isinstance(record, Record):
            query = place.query
            record.mask = self._once(record.mask)
            rows = record.rows = self._rows_of(record.mask, record.queries)
            output = queries_of(place, arranged.output).transpose(0, 1)  # [Q, H, dv]
            record.output, record.traces = output[rows].clone(), traces(output)
            record.spread = spread(pairs_of(place, arranged.weights))
            shape = arranged.output.transpose(1, 2).shape
            record.consumers = self._search.after(name, shape, query.row, query.valid[rows], record.output)
            record.not_finite = _not_finite(record)
        return record


def _not_finite(record: Record) -> str:
    """Name the vectors of a record that hold NaN or infinite numbers.

    Each such number makes outputs of the layer NaN, or 0 where torch's kernel on the CPU drops the row; without either
    there is nothing to look for.
    """
    if record.traces is not None and record.traces.numel():
        least, most = record.traces.abs().aminmax()
        if least > 0 and most < torch.inf:
            return ""
    named = {"queries": record.query, "keys": record.key, "values": record.value}
    bad = [name for name, tensor in named.items() if not _is_finite(tensor)]
    return f"{' and '.join(bad)} hold NaN or infinite numbers" if bad else ""


def _is_finite(tensor: torch.Tensor) -> bool:
    """Whether all numbers are; their sum tells it several times faster, unless it overflows."""
    return bool(tensor.sum(dtype=torch.float32).isfinite()) or bool(torch.isfinite(tensor).all())


def _unless_zero(bias: torch.Tensor) -> torch.Tensor | None:
    return bias if bool((bias != 0).any()) else None
