"""What the certificate says of each layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerReport:
    """What served one layer, and how well it was checked.

    Attributes
    ----------
    part, layer
        Which stack ("self"), and the layer's own number in the model.
    heads, kv_heads : int
        Query heads and key-value heads; 0 for a refused layer. Where no vectors are known, both are the heads.
    module : str
        Qualified name of the attention module.
    tier : int
        What served the layer. 1: transformers' attention interface; 2: the operations that the module ran; 3: the
        weights that the model itself returned; 0: nothing was recorded, or the arrays were handed in.
    error : float or None
        Largest difference from the model found by the certificate, in units of attention weight; None where the layer
        was refused or there was nothing to compare with.
    reason : str
        Why the layer was refused, or what else is worth knowing; empty if nothing.
    not_finite : str
        Which vectors hold NaN or infinite numbers; empty if none.
    has_map : bool
        False for a layer that computes no attention, such as a recurrent one among others: there is nothing to refuse.
    """

    part: str
    layer: int
    heads: int
    kv_heads: int
    module: str
    tier: int
    error: float | None
    reason: str = ""
    not_finite: str = ""
    has_map: bool = True

    @property
    def refused(self) -> bool:
        """Whether no answer is given about this layer."""
        return self.heads == 0
