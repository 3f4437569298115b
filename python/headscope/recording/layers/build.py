"""From attention calls, as the model made them, to records of one item of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from headscope.recording.forward.consumers import ConsumerSearch
from headscope.recording.inputs.inputs import Inputs
from headscope.recording.layers.make import RecordMaker
from headscope.recording.layers.numbering import numbered
from headscope.recording.layers.parts import Parts
from headscope.recording.layers.plain_parts import PlainParts
from headscope.recording.layers.record import AnyRecord, KeptWeights, Record, Refusal
from headscope.recording.pictures.joined import in_order, joined, order_of, reordered
from headscope.recording.pictures.patches import Patches
from headscope.recording.tiers.arrange import Unarranged, arrange
from headscope.recording.tiers.dispatch import Fused
from headscope.recording.tiers.fused import as_call
from headscope.recording.tiers.interface import Call
from headscope.recording.tiers.positions import Positions
from headscope.recording.tiers.provenance import Attended
from headscope.recording.tiers.returned import Returned, Table
from headscope.recording.tokens.axes import Axes, Axis, Place, Seen, Sound


class RecordBuilder:
    """Sorts the calls of one forward into parts and layers, and has a record made of each that fits its place.

    Parameters
    ----------
    inputs
        The batch that the model is given, and which item of it is kept; its padding is dropped from every axis.
    parts
        Sorts the layers.
    search
        Finds the modules that are given what a call returned.
    positions
        Which token is which, where the operations are followed.
    """

    def __init__(
        self,
        inputs: Inputs,
        parts: Parts | PlainParts,
        search: ConsumerSearch,
        positions: Positions | None = None,
    ) -> None:
        self._search, self._positions, self._plain = search, positions, inputs.plain
        self._make = RecordMaker(search)
        self.axes = Axes(inputs.axes, parts, inputs.batch, inputs.item)
        self._made: list[tuple[Place, AnyRecord | Refusal]] = []
        self._pieces: list[Call] = []
        self.rows: dict[str, int] = {}
        """Of modules whose attention works within windows, tiles or pictures: how many of them are put together."""
        self.orders: dict[str, torch.Tensor] = {}
        """Of these, in which order of their rows the tokens were brought, where another."""
        self._misfits: dict[str, None] = {}

    @property
    def modules(self) -> set[str]:
        """Names of the modules that made a call."""
        return {layer.module for _, layer in self._made}

    @property
    def misfits(self) -> list[str]:
        """Names of the modules of whose softmaxes none has the axes of attention, such as those of blocks."""
        answering = {layer.module for _, layer in self._made if not isinstance(layer, Refusal)}
        return [name for name in self._misfits if name not in answering]

    @property
    def answers(self) -> bool:
        """Whether there is a layer that was not refused."""
        return any(not isinstance(layer, Refusal) for _, layer in self._made)

    @property
    def first_refusal(self) -> str:
        """What the first refused layer says; empty if there is none."""
        return next((layer.reason for _, layer in self._made if isinstance(layer, Refusal)), "")

    def sort(self, order: Sequence[str]) -> None:
        """Bring the layers into the order of the modules' names, where it has all of them."""
        places = {name: place for place, name in enumerate(order)}
        if self.modules <= set(places):
            self._made.sort(key=lambda made: places[made[1].module])

    def layers(self) -> list[AnyRecord | Refusal]:
        """Everything recorded, part by part and in order of execution, numbered within each part."""
        layers: list[AnyRecord | Refusal] = []
        for part, place in self.axes.named().items():
            layers += numbered([replace(layer, part=part) for at, layer in self._made if at is place])
        return layers

    def add(self, call: Call) -> None:
        """Take one call of the running forward."""
        self._search.stop()
        if self._positions is not None and call.query.dim() == 4:
            vectors = call.query, call.key, call.value
            call = replace(call, tokens=tuple(map(self._positions.rows, vectors)))
            self._positions.attended(call.query, call.output)
        whole = self._whole(call)
        if whole is not None:
            self._add(whole)

    def _add(self, call: Call) -> None:
        seen = Seen(call.module, call.name, len(call.query), call.query.shape[2], call.key.shape[2], call.mask)
        place = self.axes.place(seen)
        reason = self._why_not(call, place) or self._misplaced(place, call.name, *call.tokens)
        read = None if reason else self._make.mask_of(call, place)
        if read is None:
            reason = reason or f"{call.name}: it is causal, though its queries and keys are different tokens."
            self._made.append((place, Refusal(place.part, 0, call.name, reason)))
        else:
            self._made.append((place, self._make.of_call(call, place, *read)))

    def add_fused(self, fused: Fused, module: torch.nn.Module, name: str) -> None:
        """Take one call of a fused kernel."""
        self.add(as_call(fused, module, name))

    def add_attended(self, attended: Attended, module: torch.nn.Module, name: str) -> None:
        """Take one softmax of scores whose output was multiplied by values."""
        self._search.stop()
        try:
            arranged = arrange(attended, self.axes.batch)
        except Unarranged as problem:
            shape = list(attended.softmax.shape)
            seen = Seen(module, name, self.axes.batch, 0, shape[attended.softmax.axis])
            place = self.axes.place(seen)
            reason = f"{name}: the axes of its softmax, {shape}, are not those of attention: {problem}."
        else:
            mask = None if isinstance(arranged.terms, str) else arranged.terms.visible
            batch, _, queries, keys = arranged.weights.shape
            seen = Seen(module, name, batch, queries, keys, mask)
            place = self.axes.place(seen)
            reason = self._why_not_axes(name, place, (batch, queries), (batch, keys))
            told = arranged.tokens
            reason = reason or self._misplaced(place, name, told.query, told.key, told.value)
            reason = reason or self._misplaced(place, name, told.rows, None, None)
            if not reason:
                self._made.append((place, self._make.of_softmax(arranged, place, name)))
                return
        self._misfits.setdefault(name)
        self._made.append((place, Refusal(place.part, 0, name, reason)))

    def add_unseen(self, said: Returned, module: torch.nn.Module, name: str, why_not: str, has_map: bool) -> None:
        """Take a module of which nothing was seen: the weights that the model returned of it, or why there are none.

        `has_map` tells whether it may attend at all.
        """
        table = said.tables.get(name)
        if table is None:
            place = self.axes.home(self.axes.part_of(module, name))
            reason = f"{why_not}, and {said.otherwise}."
            self._made.append((place, Refusal(place.part, 0, name, reason, has_map)))
        elif not self.add_returned(table, module, name):
            place = self.axes.home(self.axes.part_of(module, name))
            reason = f"{why_not}, and what the model returns of it as {table.key} {table.is_no_map(module, place)}."
            self._made.append((place, Refusal(place.part, 0, name, reason, has_map)))

    def add_returned(self, table: Table, module: torch.nn.Module, name: str) -> bool:
        """Take the weights that the model returned of a module in place of its refusals; False if they are none."""
        place = self.axes.home(self.axes.part_of(module, name))
        if table.is_no_map(module, place):
            return False
        why = f"its weights are those that the model returned as {table.key}, which it computes in a way not followed."
        kept = KeptWeights(place.part, 0, name, table.weights(module, place), why, tier=3)
        self._made = [made for made in self._made if made[1].module != name] + [(place, kept)]
        return True

    def add_to_misfit(self, table: Table, module: torch.nn.Module, name: str) -> None:
        """Take the weights that the model returned of a misfit, or say why they are none."""
        if self.add_returned(table, module, name):
            return
        what = table.is_no_map(module, self.axes.home(self.axes.part_of(module, name)))
        more = f" What the model returns of it as {table.key} {what}."
        self._made = [
            (place, replace(layer, reason=layer.reason + more))
            if layer.module == name and isinstance(layer, Refusal)
            else (place, layer)
            for place, layer in self._made
        ]

    def add_without_attention(self, name: str, sibling: str, reason: str) -> None:
        """Name a layer that has no attention, where a sibling in the same stack of layers has."""
        place = next(place for place, layer in self._made if layer.module == sibling)
        self._made.append((place, Refusal(place.part, 0, name, reason, has_map=False)))

    def _whole(self, call: Call) -> Call | None:
        """The call with all its windows, tiles or pictures in one row; None while some are still to come in others."""
        source = self.axes.source(call.module, call.name)
        if isinstance(source, Axis | Sound) or call.query.dim() != 4:
            return call
        apart = source.apart if isinstance(source, Patches) else None
        if apart is not None and call.query.shape[2] < apart:
            self._pieces = [piece for piece in self._pieces if piece.module is call.module] + [call]
            if sum(piece.query.shape[2] for piece in self._pieces) < apart:
                return None
            calls, self._pieces = self._pieces, []
        else:
            calls = [call]
        self.rows[call.name] = len(call.query)
        several = len(calls) > 1 or len(call.query) > 1
        whole = joined(calls) if several and self.axes.batch == 1 else None
        order = None if whole is None or not self._plain else order_of(whole)
        if whole is None or order is None:
            return whole or call
        self.orders[call.name] = order.cpu()
        return in_order(whole, order)

    def modules_of(self, axis: Axis) -> tuple[list[str], str]:
        """The modules whose queries stand on an axis, in order of execution, and "query"; else those of keys."""
        made = [(place, layer.module) for place, layer in self._made if isinstance(layer, Record)]
        queries = [module for place, module in made if place.query is axis]
        keys = [module for place, module in made if place.key is axis]
        return list(dict.fromkeys(queries or keys)), "query" if queries else "key"

    def reorder(self, axis: Axis, orders: dict[str, torch.Tensor]) -> None:
        """Bring the tokens of an axis into another order, given for each module [tokens]."""
        self.orders.update(orders)
        self._made = [
            (
                place,
                reordered(layer, orders[layer.module]) if place.query is axis and isinstance(layer, Record) else layer,
            )
            for place, layer in self._made
        ]

    def _why_not(self, call: Call, place: Place) -> str:
        query = place.query
        shapes = tuple(call.query.shape), tuple(call.key.shape)
        if any(len(shape) != 4 for shape in shapes):
            return f"{call.name}: its queries are of shape {list(shapes[0])}, its keys of {list(shapes[1])}."
        reason = self._why_not_axes(call.name, place, *((shape[0], shape[2]) for shape in shapes))
        if reason:
            return reason
        if not isinstance(call.mask, torch.Tensor | None):
            return (
                f"{call.name}: its mask is a {type(call.mask).__name__}, which headscope cannot read; "
                'load the model with attn_implementation="sdpa".'
            )
        if call.output.shape[:3] != (query.batch, query.length, call.query.shape[1]):
            return f"{call.name}: its attention function returned a tensor of shape {list(call.output.shape)}."
        return ""

    def _misplaced(self, place: Place, name: str, *tokens: torch.Tensor | None) -> str:
        """Why queries, keys and values, of these tokens [B, H, n], are not those of the place; empty if they may be."""
        for what, axis, of in zip(
            ("queries", "keys", "values"), (place.query, place.key, place.key), tokens, strict=True
        ):
            told = self._plain or axis in self.axes.told  # of others it is asked what they are, or they have numbers
            if of is not None and self._positions is not None and told:
                why = self._positions.misplaced(of[axis.row], axis.row)
                if why:
                    return f"{name}: its {what} {why}."
        return ""

    @staticmethod
    def _why_not_axes(name: str, place: Place, queries: tuple[int, int], keys: tuple[int, int]) -> str:
        """Why these numbers of texts and tokens are not those of the place; empty if they are."""
        query, key = place.query, place.key
        if queries == (query.batch, query.length) and keys == (key.batch, key.length):
            return ""
        what = f"{query.length} tokens" if query is key else f"{query.length} tokens and {key.length} of the encoder"
        windows = " Windows or pictures of several items are not told apart: capture them one at a time."
        return (
            f"{name}: the axes of its attention are not the {what} of {query.batch} texts: it has {queries[1]} queries "
            f"and {keys[1]} keys of {queries[0]} texts.{windows if queries[1] == query.length else ''}"
        )
