"""The parts of a capture: each a stack of layers with its own query and key tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from headscope.answers.certified import CertifiedLayers
from headscope.answers.display import DisplaySettings, shown_positions
from headscope.answers.frames import Pictured, Wanted, frame_of
from headscope.answers.pooling import Reduce
from headscope.recording.layers.record import AnyRecord, Refusal
from headscope.recording.tokens.axes import Sides

__all__ = ["Part", "parts_of"]


class Part:
    """One stack of layers.

    Parameters
    ----------
    layers
        The layers, with their certificates.
    sides
        The tokens of queries and keys.
    """

    def __init__(self, layers: CertifiedLayers, sides: Sides) -> None:
        self.layers = layers
        self.sides = sides
        self._last: tuple[tuple[Wanted, int, Reduce, bool], Pictured] | None = None

    def pictured(self, wanted: Wanted, heads: int, reduce: Reduce, *, apart: bool) -> Pictured:
        """What pictures of a layer of so many heads are made of; one layer after the other asks for the same."""
        asked, last = (wanted, heads, reduce, apart), self._last
        if last is not None and last[0] == asked:
            return last[1]
        settings = DisplaySettings(hide_special=wanted.hide_special, pair_filter=wanted.pair_filter)
        tokens = self.sides.query, self.sides.key
        queries, keys = (
            torch.tensor(shown_positions(of_side, settings, side), dtype=torch.int64)
            for side, of_side in enumerate(tokens)
        )
        if (len(queries), len(keys)) == tuple(map(len, tokens)):  # filters that filter nothing
            wanted = Wanted(wanted.size, wanted.measure)
        pictured = frame_of(wanted, queries, keys, heads, reduce, apart=apart)
        self._last = asked, pictured
        return pictured


def parts_of(layers: Iterable[AnyRecord | Refusal], sides: Mapping[str, Sides]) -> dict[str, Part]:
    """Sort `layers` into the parts that `sides` names, in its order; parts without a layer are left out."""
    sorted_in: dict[str, list[AnyRecord | Refusal]] = {name: [] for name in sides}
    for layer in layers:
        sorted_in[layer.part].append(layer)
    return {name: Part(CertifiedLayers(own), sides[name]) for name, own in sorted_in.items() if own}
