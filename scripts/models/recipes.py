"""What the rules cannot know about single model types: plain data.

CLASSES: the class that stands for a type. CONFIGS: settings of a configuration, where a pair (type, settings) stands
for a nested one. INPUTS: of a forward, a list is the shape of a random float tensor, a tuple (low, high, *shape) one of
random whole numbers, anything else is passed as it is.
"""

from __future__ import annotations

from typing import Any

CLASSES: dict[str, str] = {}

CONFIGS: dict[str, dict[str, Any]] = {
    "bamba": {"attn_layer_indices": [1], "mamba_d_head": 32},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
}

INPUTS: dict[str, dict[str, Any]] = {}

NO_MAPS: dict[str, str] = {}
