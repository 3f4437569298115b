"""From attention calls, as the model made them, to records of one item of the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import torch

from headscope.recording import masks
from headscope.recording.certificate import choose_rows
from headscope.recording.interface import Call
from headscope.recording.masks import Mask
from headscope.recording.record import LayerFunction, Record, Refusal

T = TypeVar("T")

_OF_THE_BATCH = ("position_ids", "cache_position", "past_key_values", "attention_mask")
"""Options that speak of the whole batch and that no eager or sdpa score depends on."""


class RecordBuilder:
    """Turns the calls of one forward into records; what layers share (masks, biases) is kept once.

    Parameters
    ----------
    batch, length
        Shape of the token ids that the model was given.
    item
        Which item of the batch is kept.
    valid : int64 tensor
        Its positions that are no padding; the rest is dropped from every axis.
    """

    def __init__(self, batch: int, length: int, item: int, valid: torch.Tensor) -> None:
        self._batch, self._length, self._item, self._valid = batch, length, item, valid
        self._whole = batch == 1 and len(valid) == length
        self._made: list[Record | Refusal] = []
        # By id of the model's tensor; the tensor is kept beside the result, else its id could be used again.
        self._shared: dict[int, tuple[torch.Tensor, Any]] = {}
        self._spans: list[Mask] = []

    @property
    def modules(self) -> set[str]:
        """Names of the modules that made a call."""
        return {layer.module for layer in self._made}

    def layers(self) -> list[Record | Refusal]:
        """Everything recorded, in order of execution, numbered.

        A layer has the number that its module's name says (``model.layers.16.self_attn``), so that layers of another
        kind in between do not shift it; where names do not tell (shared weights), its place in the order.
        """
        self._refuse_second_calls()
        numbers = [number_in(layer.module) for layer in self._made if isinstance(layer, Record)]
        told = None not in numbers and len(set(numbers)) == len(numbers)
        places = [number_in(layer.module) if told else place for place, layer in enumerate(self._made)]
        return [replace(layer, layer=place or 0) for layer, place in zip(self._made, places, strict=True)]

    def _refuse_second_calls(self) -> None:
        """Of a module that calls its attention several times in a row (differential attention) show the first call.

        Where all layers are one shared module, as in ALBERT, each call is a layer of its own.
        """
        if len(self.modules) == 1:
            return
        for at in range(len(self._made) - 1, 0, -1):
            name = self._made[at].module
            if name == self._made[at - 1].module:
                reason = f"{name} computes attention more than once; only its first map is shown."
                self._made[at] = Refusal("self", 0, name, reason)

    def add(self, call: Call) -> None:
        """Take one call of the running forward."""
        reason = self._why_not(call)
        self._made.append(Refusal("self", 0, call.name, reason) if reason else self._record(call))

    def _why_not(self, call: Call) -> str:
        shape = tuple(call.query.shape), tuple(call.key.shape)
        tokens = (self._batch, self._length)
        if any(len(one) != 4 or (one[0], one[2]) != tokens for one in shape):
            return (
                f"{call.name}: the axes of its attention are not the {self._length} tokens of {self._batch} texts: "
                f"queries {list(shape[0])}, keys {list(shape[1])}."
            )
        if not isinstance(call.mask, torch.Tensor | None):
            return (
                f"{call.name}: its mask is a {type(call.mask).__name__}, which headscope cannot read; "
                'load the model with attn_implementation="sdpa".'
            )
        if call.output.shape[:3] != (self._batch, self._length, call.query.shape[1]):
            return f"{call.name}: its attention function returned a tensor of shape {list(call.output.shape)}."
        return ""

    def _record(self, call: Call) -> Record:
        mask, additive = self._mask(call)
        position_bias = call.options.get("position_bias")
        bias = additive if position_bias is None else self._bias(position_bias, additive)
        rows = choose_rows(mask, len(self._valid))
        sinks = call.options.get("s_aux", call.options.get("sinks"))
        width = call.query.shape[-1]
        scaling = call.options.get("scaling")
        record = Record(
            part="self",
            layer=0,
            module=call.name,
            query=self._cut(call.query),
            key=self._cut(call.key),
            value=self._cut(call.value),
            scaling=width**-0.5 if scaling is None else float(scaling),
            mask=mask,
            softcap=call.options.get("softcap"),
            bias=bias,
            sinks=None if sinks is None else sinks.detach().clone().flatten(),
            source=self._source(call, takes_bias=position_bias is not None),
            rows=rows,
            output=call.output[self._item, self._valid[rows].to(call.output.device)].clone(),
        )
        record.not_finite = _not_finite(record)
        return record

    def _cut(self, tensor: torch.Tensor) -> torch.Tensor:
        """The item's valid positions of [B, heads, T, d]; a copy unless it is the whole tensor."""
        if self._whole:
            return tensor.detach()[0]
        return tensor.detach()[self._item, :, self._valid.to(tensor.device)]

    def _cut_square(self, tensor: torch.Tensor) -> torch.Tensor:
        """The item's valid rows and columns of [1 or B, 1 or H, T, T]."""
        item = tensor.detach()[self._item if tensor.shape[0] > 1 else 0]
        if self._whole:
            return item
        valid = self._valid.to(tensor.device)
        return item[:, valid[:, None], valid]

    def _mask(self, call: Call) -> tuple[Mask, torch.Tensor | None]:
        count = len(self._valid)
        if call.mask is None or call.mask.dim() == 2:  # 2-D: flash is told the padding, which is dropped here
            return self._once(masks.of_nothing(call.implementation, call.module, call.options, count)), None
        return self._share(call.mask, lambda: self._read(call.mask))

    def _read(self, mask: torch.Tensor) -> tuple[Mask, torch.Tensor | None]:
        cut = self._cut_square(mask[..., : self._length].expand(-1, -1, self._length, -1))
        visible, bias = (cut, None) if cut.dtype == torch.bool else masks.split_additive(cut)
        return self._once(masks.from_visible(visible)), bias

    def _bias(self, position_bias: torch.Tensor, additive: torch.Tensor | None) -> torch.Tensor:
        bias = self._share(position_bias, lambda: self._cut_square(position_bias))
        return bias if additive is None else bias + additive

    def _share(self, tensor: torch.Tensor, read: Callable[[], T]) -> T:
        """What was read of `tensor` before, else `read()`."""
        if id(tensor) not in self._shared:
            self._shared[id(tensor)] = (tensor, read())
        shared: T = self._shared[id(tensor)][1]
        return shared

    def _once(self, mask: Mask) -> Mask:
        """The same spans seen before, if any."""
        for known in self._spans:
            if known.same(mask):
                return known
        if mask.is_spans:
            self._spans.append(mask)
        return mask

    def _source(self, call: Call, *, takes_bias: bool) -> LayerFunction:
        dropped = ("position_bias",) if self._whole else ("position_bias", *_OF_THE_BATCH)  # the record has the bias
        options: dict[str, Any] = {name: value for name, value in call.options.items() if name not in dropped}
        masked_with = call.mask.dtype if call.mask is not None and call.mask.dim() == 4 else None
        return LayerFunction(call.module, call.function, call.eager, options, masked_with, takes_bias)


def number_in(module: str) -> int | None:
    """The first whole number in a module's path: 16 of ``model.layers.16.self_attn``."""
    return next((int(name) for name in module.split(".") if name.isdecimal()), None)


def _not_finite(record: Record) -> str:
    """Name the vectors of a record that hold NaN or infinite numbers."""
    named = {"queries": record.query, "keys": record.key, "values": record.value}
    bad = [name for name, tensor in named.items() if not bool(torch.isfinite(tensor).all())]
    return f"{' and '.join(bad)} hold NaN or infinite numbers" if bad else ""
