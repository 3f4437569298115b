"""Tier 3: the weights that a model itself returns, for modules of which nothing else was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from headscope.recording.forward.compiled import uncompiled
from headscope.recording.layers.cut import pairs_of
from headscope.recording.layers.parts import forward_takes
from headscope.recording.tiers.bands import from_band, window_of
from headscope.recording.tokens.axes import Place

__all__ = ["Returned", "Table", "returned"]

SUMS = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 4e-2}
"""How far from 1 the weights of a query may add up to."""


@dataclass(frozen=True, eq=False)
class Table:
    """What a model returned as the weights of one module."""

    key: str
    """The name under which it did: "attentions", "encoder_attentions"."""
    table: Any
    beside: torch.Tensor | None
    """The table of what global tokens attend to, which belongs to a band."""
    anchors: torch.Tensor | None
    """Which tokens are global, bool [B, Q or more]; None where nobody said."""

    def is_no_map(self, module: torch.nn.Module, place: Place) -> str:
        """What it is, if not weights over the axes of `place`; empty if it is."""
        if not isinstance(self.table, torch.Tensor):
            return f"is a {type(self.table).__name__}"
        if self.table.dim() != 4:
            return f"has the shape {list(self.table.shape)}"
        table = self._unrolled(window_of(module), place)
        if (table.shape[0], *table.shape[2:]) != (place.query.batch, place.query.length, place.key.length):
            return f"has the shape {list(table.shape)}"
        weights = pairs_of(place, table)
        if bool((weights < 0).any()):
            return "has negative numbers"
        limit = SUMS.get(weights.dtype, SUMS[torch.bfloat16])
        if not bool(((weights.float().sum(dim=-1) - 1).abs() <= limit).all()):
            return "does not add up to 1 over the keys of every query"
        return ""

    def weights(self, module: torch.nn.Module, place: Place) -> torch.Tensor:
        """Weights [H, Q, K] of the item."""
        return pairs_of(place, self._unrolled(window_of(module), place)).clone()

    def _unrolled(self, window: int | None, place: Place) -> torch.Tensor:
        """The table, a band put at its true place."""
        row, length = place.query.row, place.query.length
        if window is None or self.table.shape[::2] != (place.query.batch, length):
            return self.table  # type: ignore[no-any-return]
        told = torch.zeros(length, dtype=torch.bool) if self.anchors is None else self.anchors[row, :length]
        beside = None if self.beside is None else self.beside[row, :, :length]
        band = from_band(self.table[row], window, told.nonzero().flatten(), beside)
        return self.table if band is None else band[None].expand(place.query.batch, -1, -1, -1)


@dataclass(frozen=True, eq=False)
class Returned:
    """What a model said when it was asked for its weights."""

    tables: dict[str, Table] = field(default_factory=dict)
    """By the name of the module; without those of which it returned nothing."""
    otherwise: str = "the model returns no weights of it"
    """Of the other modules, why there is no table."""


def returned(
    model: torch.nn.Module, arguments: Mapping[str, Any], parts: Mapping[str, str], unseen: Sequence[str]
) -> Returned:
    """Run the model once more and ask it for its weights.

    Parameters
    ----------
    model, arguments
        The model, and what its forward gets.
    parts
        The parts of the attention modules, in the order in which they were called.
    unseen
        Names of the modules whose weights are wanted.
    """
    taken = forward_takes(model)
    if not any(name == "output_attentions" or one.kind is one.VAR_KEYWORD for name, one in taken.items()):
        return Returned()
    try:
        with torch.no_grad(), uncompiled(model), _anchors_noted(model, unseen) as anchors:
            output = model(**{**arguments, "output_attentions": True})
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:  # it cannot, in this way of running or at all
        return Returned(otherwise=f"asked for its weights the model failed ({type(error).__name__}: {error})")
    named = output.items() if isinstance(output, Mapping) else ()
    tables = {key: tuple(one) for key, one in named if key.endswith("attentions") and one is not None}
    found = {}
    for name in unseen:
        own = [one for one, part in parts.items() if part == parts.get(name)]
        key, at = _find(tables, parts.get(name, ""), name, (own, [one for one in own if one in unseen]))
        if key:
            beside = tables.get(key.replace("attentions", "global_attentions"), ())
            found[name] = Table(key, tables[key][at], beside[at] if at < len(beside) else None, anchors.get(name))
    return Returned(found)


def _find(
    tables: Mapping[str, tuple[Any, ...]], part: str, name: str, modules: tuple[Sequence[str], Sequence[str]]
) -> tuple[str, int]:
    """Under which name, and which of them, a module's weights are: told by how many there are. No name if nowhere."""
    for key in (f"{part}_attentions", "attentions"):
        for names in modules:
            if name in names and len(tables.get(key, ())) == len(names):
                return key, list(names).index(name)
    return "", 0


@contextmanager
def _anchors_noted(model: torch.nn.Module, names: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
    """Note which tokens modules with a window are told to be global."""
    anchors: dict[str, torch.Tensor] = {}
    handles: list[Any] = []

    def noting(name: str) -> Any:
        def note(_: torch.nn.Module, __: Any, named: dict[str, Any]) -> None:
            told = named.get("is_index_global_attn")
            if isinstance(told, torch.Tensor):
                anchors[name] = told.detach().cpu()

        return note

    try:
        for name in names:
            module = model.get_submodule(name)
            handles.append(module.register_forward_pre_hook(noting(name), with_kwargs=True))
        yield anchors
    finally:
        for handle in handles:
            handle.remove()
