"""From attention calls, as the model made them, to records of one item of the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from headscope.recording import masks
from headscope.recording.axes import Axis, Sides, Sound
from headscope.recording.certificate import choose_rows
from headscope.recording.consumers import ConsumerSearch
from headscope.recording.inputs import Inputs
from headscope.recording.interface import Call
from headscope.recording.masks import Mask
from headscope.recording.numbering import numbered
from headscope.recording.parts import AXES, PARTS, Parts
from headscope.recording.record import AnyRecord, LayerFunction, Record, Refusal

T = TypeVar("T")

_OF_THE_BATCH = ("position_ids", "cache_position", "past_key_values", "attention_mask")
"""Options that speak of the whole batch and that no eager or sdpa score depends on."""


class RecordBuilder:
    """Turns the calls of one forward into records; what layers share (masks, biases) is kept once.

    Parameters
    ----------
    inputs
        The batch that the model is given, and which item of it is kept; its padding is dropped from every axis.
    parts
        Sorts the layers.
    search
        Finds the modules that are given what a call returned.
    """

    def __init__(self, inputs: Inputs, parts: Parts, search: ConsumerSearch) -> None:
        self._batch, self._item = inputs.batch, inputs.item
        self._axes, self._parts, self._search = dict(inputs.axes), parts, search
        self._made: list[AnyRecord | Refusal] = []
        # By id of the model's tensor; the tensor is kept beside the result, else its id could be used again.
        self._shared: dict[tuple[str, int], tuple[torch.Tensor, Any]] = {}
        self._spans: list[Mask] = []
        self._rows: dict[int, torch.Tensor] = {}

    @property
    def modules(self) -> set[str]:
        """Names of the modules that made a call."""
        return {layer.module for layer in self._made}

    @property
    def sides(self) -> dict[str, Sides]:
        """The tokens of every part that this model can have."""
        nothing = torch.arange(0)
        axes = {name: axis.axis(0, nothing) if isinstance(axis, Sound) else axis for name, axis in self._axes.items()}
        named = {part: AXES[part] for part in PARTS if set(AXES[part]) <= set(axes)}
        return {part: Sides(axes[query].tokens, axes[key].tokens) for part, (query, key) in named.items()}

    def layers(self) -> list[AnyRecord | Refusal]:
        """Everything recorded, part by part and in order of execution, numbered within each part."""
        return [layer for part in PARTS for layer in numbered([one for one in self._made if one.part == part])]

    def add(self, call: Call) -> None:
        """Take one call of the running forward."""
        self._search.stop()
        part = self._parts.of(call.module, call.name)
        for name in AXES[part]:
            self._settle(name, call)
        reason = self._why_not(call, part)
        read = None if reason else self._mask(call, part)
        if read is None:
            reason = reason or f"{call.name}: it is causal, though its queries and keys are different tokens."
            self._made.append(Refusal(part, 0, call.name, reason))
        else:
            self._made.append(self._record(call, part, *read))

    def _settle(self, name: str, call: Call) -> None:
        """Learn from the first call how many frames the model made of sound, and which of them are no padding."""
        axis = self._axes[name]
        if isinstance(axis, Sound):
            keys = call.key.shape[2]
            self._axes[name] = axis.axis(keys, masks.seen_by_any(call.mask, self._item, keys))

    def _axes_of(self, part: str) -> tuple[Axis, Axis]:
        query, key = (self._axes[name] for name in AXES[part])
        assert isinstance(query, Axis)
        assert isinstance(key, Axis)
        return query, key

    def _why_not(self, call: Call, part: str) -> str:
        query, key = self._axes_of(part)
        shapes = tuple(call.query.shape), tuple(call.key.shape)
        expected = (self._batch, query.length), (self._batch, key.length)
        if any(len(one) != 4 or (one[0], one[2]) != axes for one, axes in zip(shapes, expected, strict=True)):
            what = (
                f"{query.length} tokens" if query is key else f"{query.length} tokens and {key.length} of the encoder"
            )
            return (
                f"{call.name}: the axes of its attention are not the {what} of {self._batch} texts: "
                f"queries {list(shapes[0])}, keys {list(shapes[1])}."
            )
        if not isinstance(call.mask, torch.Tensor | None):
            return (
                f"{call.name}: its mask is a {type(call.mask).__name__}, which headscope cannot read; "
                'load the model with attn_implementation="sdpa".'
            )
        if call.output.shape[:3] != (self._batch, query.length, call.query.shape[1]):
            return f"{call.name}: its attention function returned a tensor of shape {list(call.output.shape)}."
        return ""

    def _record(self, call: Call, part: str, mask: Mask, additive: torch.Tensor | None) -> Record:
        position_bias = call.options.get("position_bias")
        bias = additive if position_bias is None else self._bias(position_bias, additive, part)
        query, key = self._axes_of(part)
        rows = self._rows_of(mask, len(query.valid))
        sinks = call.options.get("s_aux", call.options.get("sinks"))
        width = call.query.shape[-1]
        scaling = call.options.get("scaling")
        output = call.output[self._item, query.valid[rows].to(call.output.device)].clone()
        record = Record(
            part=part,
            layer=0,
            module=call.name,
            query=self._cut(call.query, query),
            key=self._cut(call.key, key),
            value=self._cut(call.value, key),
            scaling=width**-0.5 if scaling is None else float(scaling),
            mask=mask,
            softcap=call.options.get("softcap"),
            bias=bias,
            sinks=None if sinks is None else sinks.detach().clone().flatten(),
            source=self._source(call, part, takes_bias=position_bias is not None),
            rows=rows,
            output=output,
            consumers=self._search.after(call, self._item, query.valid[rows], output),
        )
        record.not_finite = _not_finite(record)
        return record

    def _rows_of(self, mask: Mask, queries: int) -> torch.Tensor:
        """The rows that are checked; layers under one mask (which `_shared` or `_spans` keeps) have the same."""
        if id(mask) not in self._rows:
            self._rows[id(mask)] = choose_rows(mask, queries)
        return self._rows[id(mask)]

    def _is_whole(self, *axes: Axis) -> bool:
        return self._batch == 1 and all(len(axis.valid) == axis.length for axis in axes)

    def _cut(self, tensor: torch.Tensor, axis: Axis) -> torch.Tensor:
        """The item's valid positions of [B, heads, T, d]; a copy unless it is the whole tensor."""
        if self._is_whole(axis):
            return tensor.detach()[0]
        return tensor.detach()[self._item, :, axis.valid.to(tensor.device)]

    def _cut_square(self, tensor: torch.Tensor, part: str) -> torch.Tensor:
        """The item's valid rows and columns of [1 or B, 1 or H, Q, K]."""
        query, key = self._axes_of(part)
        item = tensor.detach()[self._item if tensor.shape[0] > 1 else 0]
        if self._is_whole(query, key):
            return item
        return item[:, query.valid.to(tensor.device)[:, None], key.valid.to(tensor.device)]

    def _mask(self, call: Call, part: str) -> tuple[Mask, torch.Tensor | None] | None:
        """Who sees whom and what a mask adds to the scores; None where that is not known."""
        query, key = self._axes_of(part)
        if call.mask is None or call.mask.dim() == 2:  # 2-D: flash is told the padding, which is dropped here
            size = len(query.valid), len(key.valid)
            meant = masks.of_nothing(call.implementation, call.module, call.options, *size)
            return None if meant is None else (self._once(meant), None)
        return self._share(part, call.mask, lambda: self._read(call.mask, part))

    def _read(self, mask: torch.Tensor, part: str) -> tuple[Mask, torch.Tensor | None]:
        query, key = self._axes_of(part)
        cut = self._cut_square(mask[..., : key.length].expand(-1, -1, query.length, -1), part)
        visible, bias = (cut, None) if cut.dtype == torch.bool else masks.split_additive(cut)
        return self._once(masks.from_visible(visible)), bias

    def _bias(self, position_bias: torch.Tensor, additive: torch.Tensor | None, part: str) -> torch.Tensor | None:
        """What is added to the scores; None where it is 0 everywhere, as in T5's cross-attention."""
        bias = self._share(part, position_bias, lambda: _unless_zero(self._cut_square(position_bias, part)))
        if bias is None or additive is None:
            return additive if bias is None else bias
        return bias + additive

    def _share(self, part: str, tensor: torch.Tensor, read: Callable[[], T]) -> T:
        """What was read of `tensor` before, else `read()`."""
        if (part, id(tensor)) not in self._shared:
            self._shared[part, id(tensor)] = (tensor, read())
        shared: T = self._shared[part, id(tensor)][1]
        return shared

    def _once(self, mask: Mask) -> Mask:
        """The same spans seen before, if any."""
        for known in self._spans:
            if known.same(mask):
                return known
        if mask.is_spans:
            self._spans.append(mask)
        return mask

    def _source(self, call: Call, part: str, *, takes_bias: bool) -> LayerFunction:
        whole = self._is_whole(*self._axes_of(part))
        dropped = ("position_bias",) if whole else ("position_bias", *_OF_THE_BATCH)  # the record has the bias
        options: dict[str, Any] = {name: value for name, value in call.options.items() if name not in dropped}
        masked_with = call.mask.dtype if call.mask is not None and call.mask.dim() == 4 else None
        return LayerFunction(call.module, call.function, call.eager, options, masked_with, takes_bias)


def _not_finite(record: Record) -> str:
    """Name the vectors of a record that hold NaN or infinite numbers."""
    named = {"queries": record.query, "keys": record.key, "values": record.value}
    bad = [name for name, tensor in named.items() if not _is_finite(tensor)]
    return f"{' and '.join(bad)} hold NaN or infinite numbers" if bad else ""


def _is_finite(tensor: torch.Tensor) -> bool:
    """Whether all numbers are; their sum tells it several times faster, unless it overflows."""
    return bool(tensor.sum(dtype=torch.float32).isfinite()) or bool(torch.isfinite(tensor).all())


def _unless_zero(bias: torch.Tensor) -> torch.Tensor | None:
    return bias if bool((bias != 0).any()) else None
