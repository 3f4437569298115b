"""The model's own attention maps: what an eager copy of it returns, and which of its modules made them."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from models.inputs import forward

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from models.forced import Forced


_WINDOW = "one_sided_attn_window_size"
_ATTENTION = re.compile(r"attention|attn", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Map:
    """One attention map of the eager copy."""

    weights: torch.Tensor  # [B, H, Q, K]
    module: str
    """Name of the module that made it; "" where that is not known."""
    field: str
    """Where it stands in the model's output, such as "encoder_attentions"; "" where the model does not return it."""
    place: int
    """Its index there."""

    def stands_for(self, other: Map) -> bool:
        """Whether it is the map of the same layer, of another forward."""
        return (self.module, self.field, self.place) == (other.module, other.field, other.place)

    def is_mean(self) -> bool:
        """Whether it is one map for every head: the mean over the heads, as ``nn.MultiheadAttention`` returns it."""
        heads = self.weights[0]
        return len(heads) > 1 and bool((heads == heads[:1]).all())

    def is_map(self) -> bool:
        """Whether it has the four axes of a map, and its rows are weights: not negative, with a sum of at most 1."""
        if self.weights.dim() != 4 or not self.weights.is_floating_point():
            return False
        rows = self.weights[~self.weights.isnan().any(-1)]  # some models fill rows that see nothing with NaN
        sums = rows.sum(-1)
        return bool(len(rows) and (rows >= 0).all() and (sums < 1 + 1e-4).all() and sums.max() > 0.5)


def _map(tensor: torch.Tensor, module: str, field: str, place: int) -> Map:
    """The map; where a model made one axis of batch and heads, they are the heads of the one item."""
    merged = tensor.dim() == 3 and torch.allclose(tensor.sum(-1).float(), torch.ones(tensor.shape[:-1]), atol=1e-4)
    return Map(tensor[None] if merged else tensor, module, field, place)


def eager_copy(model: PreTrainedModel) -> PreTrainedModel:
    """The same weights, on eager attention."""
    torch.manual_seed(0)
    twin = type(model)._from_config(copy.deepcopy(model.config), attn_implementation="eager").eval()
    twin.load_state_dict(model.state_dict())
    buffers = dict(model.named_buffers())
    for name, buffer in twin.named_buffers():
        buffer.copy_(buffers[name])
    return twin


def own_maps(twin: PreTrainedModel, inputs: dict[str, Any], forced: Forced | None = None) -> list[Map]:
    """The attention maps of one forward of an eager model, in order of execution.

    Parameters
    ----------
    twin
        A model on eager attention.
    inputs
        Arguments of its forward.
    forced
        What its attention modules are given in place of what they would get.
    """
    made: list[tuple[str, torch.Tensor]] = []
    with _watched(twin, made), forced.upon(twin) if forced else ExitStack():
        outputs = _with_attentions(twin, inputs)
    named: dict[int, str] = {}
    for name, tensor in made:
        named.setdefault(id(tensor), name)
    listed = {id(one): (field, place, one) for field, place, one in _listed(outputs) if one.dim() >= 3}
    returned = list(listed.values())  # some return a map twice
    maps = [_map(tensor, named.get(id(tensor), ""), field, place) for field, place, tensor in returned]
    known = {id(tensor) for *_, tensor in returned}
    kinds = {name: type(module).__name__ for name, module in twin.named_modules()}
    kept = [(name, one) for name, one in made if named.get(id(one)) == name and id(one) not in known]
    own = [Map(one, name, "", -1) for name, one in _unique(kept) if _ATTENTION.search(kinds[name])]
    return [_spread_out(one, twin) for one in maps + [one for one in own if one.is_map()]]


def _spread_out(one: Map, twin: PreTrainedModel) -> Map:
    """A map in the band format of Longformer, each key where it stands; any other map as it is."""
    windows = {module.one_sided_attn_window_size for module in twin.modules() if hasattr(module, _WINDOW)}
    window = next((window for window in windows if one.weights.shape[-1] == 2 * window + 1), None)
    if window is None or one.weights.dim() != 4 or one.weights.shape[-2] == one.weights.shape[-1]:
        return one
    batch, heads, length, _ = one.weights.shape
    dense = one.weights.new_zeros(batch, heads, length, length)
    for query in range(length):
        for place in range(2 * window + 1):
            key = query - window + place
            if 0 <= key < length:
                dense[..., query, key] = one.weights[..., query, place]
    return replace(one, weights=dense)


@contextmanager
def _watched(twin: PreTrainedModel, made: list[tuple[str, torch.Tensor]]) -> Iterator[None]:
    """Note every tensor that eager functions and modules return beside their first, inner ones first."""
    names = {id(module): name for name, module in twin.named_modules()}
    files = {id(file): file for file in (sys.modules[type(module).__module__] for module in twin.modules())}
    eager = {file: file.eager_attention_forward for file in files.values() if hasattr(file, "eager_attention_forward")}

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            result = function(module, *args, **kwargs)
            if result[1] is not None:
                made.append((names.get(id(module), ""), result[1]))
            return result

        return noted

    def after(module: torch.nn.Module, _: Any, result: Any) -> None:
        if isinstance(result, tuple):
            made.extend((names[id(module)], one) for one in _tensors(result[1:]) if one.dim() >= 3)

    handles = [module.register_forward_hook(after) for name, module in twin.named_modules() if name]
    try:
        for file, function in eager.items():
            file.eager_attention_forward = noting(function)
        yield
    finally:
        for handle in handles:
            handle.remove()
        for file, function in eager.items():
            file.eager_attention_forward = function


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(value)


def _with_attentions(twin: PreTrainedModel, inputs: dict[str, Any]) -> Any:
    try:
        return forward(twin, inputs, output_attentions=True)
    except (TypeError, ValueError):
        return forward(twin, inputs)


def _listed(outputs: Any, field: str = "") -> Iterator[tuple[str, int, torch.Tensor]]:
    """Every tensor among the outputs whose path speaks of attention, with its place."""
    if isinstance(outputs, dict):
        for name, value in outputs.items():
            path = f"{field}.{name}" if field else name
            if isinstance(value, dict) or ("attention" in name and isinstance(value, tuple | list)):
                yield from _listed(value, path)
    elif isinstance(outputs, tuple | list) and field:
        for place, value in enumerate(outputs):
            if isinstance(value, torch.Tensor):
                yield field, place, value
            elif isinstance(value, tuple | list):
                yield from _listed(value, f"{field}[{place}]")


def _unique(made: list[tuple[str, torch.Tensor]]) -> list[tuple[str, torch.Tensor]]:
    return list({id(tensor): (name, tensor) for name, tensor in made}.values())
