"""What came out for one model type."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """What came out for one model type."""

    type: str
    kind: str = ""
    """Name of the class that was built."""
    status: str = ""
    """exact, certified (there is nothing to compare with), partly (some layers refused), refused, no attention, not
    built, or wrong."""
    tiers: list[int] = field(default_factory=list)
    layers: int = 0
    """Layers captured."""
    compared: int = 0
    """Layers that have a map of the model's own; of a model refused whole, its maps."""
    returned: int = 0
    """Those of them whose map the model returns as ``output_attentions``."""
    error: float = 0.0
    """The largest difference from the model's own maps."""
    peak: float = 0.0
    """The largest weight of a row, on average over all rows of the layers compared."""
    drifted: int = 0
    """Layers that differ by more than 1e-5, yet not from the eager map of the same states: the model's own sdpa and
    eager forwards differ."""
    unlike: list[str] = field(default_factory=list)
    """Layers whose default attention is another function than their eager one, given the same states."""
    certificate: float = 0.0
    refused: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    """Layers that the capture names as having no attention map."""
    wrong: list[str] = field(default_factory=list)
    no_maps: list[str] = field(default_factory=list)
    """Outputs named attentions that are none, with the reason."""
    detail: str = ""
    seconds: float = 0.0

    def line(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)
