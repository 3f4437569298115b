"""What is kept of one attention layer, for one item of the batch, with its padding dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from headscope.recording.layers.masks import Mask
from headscope.recording.layers.watch import Watch

if TYPE_CHECKING:
    import torch

    from headscope.recording.forward.consumers import Consumer


@dataclass(eq=False)
class LayerFunction:
    """The attention function of one layer, to be run again on recorded vectors.

    `options` are the keyword arguments of the recorded call. `watch` notices a module that was
    trained or edited since.
    """

    module: torch.nn.Module
    function: Callable[..., Any]
    eager: Callable[..., Any]
    options: dict[str, Any]
    masked_with: torch.dtype | None
    """dtype of the mask that the function was given; None where it was given none."""
    takes_bias: bool
    """Whether the bias was an argument of its own (`position_bias`); else it was inside the mask."""
    takes_sinks: bool = False
    """Whether each query had a sink of its own; that is in the record's bias, beside sinks of 0."""
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.module)

    def changed(self) -> bool:
        """Whether a parameter of the module was written or replaced since the capture."""
        return self.watch.changed()


@dataclass(eq=False)
class KeptWeights:
    """A layer of which the weights are known and not the vectors that they come from.

    Shapes: H heads, Q queries, K keys. dtype and device are those of whoever computed them.
    """

    part: str
    layer: int
    module: str
    weights: torch.Tensor  # [H, Q, K]
    why: str
    """Why there are no queries and keys; a sentence for the person, without the layer's name."""
    tier: int
    error: float | None = None
    """How far weights x values is from what the layer returned in the same forward; None where nothing tells."""
    not_finite: str = ""
    """What holds NaN or infinite numbers, in words; empty if nothing."""

    @property
    def heads(self) -> int:
        """Number of query heads."""
        return self.weights.shape[0]

    @property
    def groups(self) -> int:
        """Number of key-value heads: that of the heads, as nothing else is known."""
        return self.heads

    @property
    def queries(self) -> int:
        """Length of the query axis."""
        return self.weights.shape[1]

    @property
    def keys(self) -> int:
        """Length of the key axis."""
        return self.weights.shape[2]

    @property
    def width(self) -> int:
        """Components of a query vector: none is known."""
        return 0

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.weights.device

    def tensors(self) -> Iterable[torch.Tensor]:
        """Every tensor that this record keeps alive."""
        return (self.weights,)


@dataclass(eq=False)
class Record:
    """Everything that enters one layer's attention scores.

    Shapes: H heads, G key-value heads (H is a multiple of G), Q queries, K keys, d and dv widths. dtypes and device are
    the model's own.
    """

    part: str
    layer: int
    module: str
    query: torch.Tensor  # [H, Q, d]
    key: torch.Tensor  # [G, K, d]
    value: torch.Tensor  # [G, K, dv]
    scaling: float
    mask: Mask
    softcap: float | None = None
    bias: torch.Tensor | None = None  # [1 or H, Q, K], added after the softcap
    sinks: torch.Tensor | None = None  # [H], one more score per row, dropped after the softmax
    gate: torch.Tensor | None = None  # [H], sinks that scale the heads' outputs and leave their weights alone
    source: LayerFunction | None = None
    rows: torch.Tensor | None = None  # [R] the rows of `output`
    output: torch.Tensor | None = None  # [R, H, dv] what the layer returned for them
    traces: torch.Tensor | None = None  # [Q, H, n] what it returned for all rows, along a few random directions
    spread: torch.Tensor | None = None  # [H, Q, n] what its own weights make of random values, where they were seen
    consumers: list[Consumer] = field(default_factory=list)
    """The modules that were given the heads' outputs as they are, those within others first."""
    precision: torch.dtype | None = None
    """To whose digits the layer computed its products; None: as the dtype of its queries says."""
    tier: int = 1
    not_finite: str = ""
    """Which of its vectors hold NaN or infinite numbers, in words; empty if none."""

    @property
    def heads(self) -> int:
        """Number of query heads."""
        return self.query.shape[0]

    @property
    def groups(self) -> int:
        """Number of key-value heads."""
        return self.key.shape[0]

    @property
    def queries(self) -> int:
        """Length of the query axis."""
        return self.query.shape[1]

    @property
    def keys(self) -> int:
        """Length of the key axis."""
        return self.key.shape[1]

    @property
    def width(self) -> int:
        """Components of a query vector."""
        return self.query.shape[2]

    @property
    def device(self) -> torch.device:
        """Where the vectors are."""
        return self.query.device

    @cached_property
    def reach(self) -> float:
        """A number that no scaled dot product exceeds: the longest query times the longest key."""
        longest = [vectors.float().norm(dim=-1).max() for vectors in (self.query, self.key) if vectors.numel()]
        return abs(self.scaling) * float(longest[0] * longest[1]) if len(longest) == 2 else 0.0

    def tensors(self) -> Iterable[torch.Tensor]:
        """Every tensor that this record keeps alive."""
        mask = self.mask
        held = [self.query, self.key, self.value, self.bias, self.sinks, self.rows, self.output]
        held += [self.gate, self.traces, self.spread]
        held += [consumer.returned for consumer in self.consumers]
        return (tensor for tensor in [*held, mask.start, mask.stop, mask.visible] if tensor is not None)


AnyRecord: TypeAlias = Record | KeptWeights
"""A layer that answers."""


@dataclass(frozen=True)
class Refusal:
    """An attention layer of which no answer can be given, and why."""

    part: str
    layer: int
    module: str
    reason: str
    has_map: bool = True
    """Whether it attends, as far as is known; False where it does something else."""


def storage_bytes(tensors: Iterable[torch.Tensor]) -> int:
    """Bytes of memory behind `tensors`, a storage shared by several counted once."""
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())
