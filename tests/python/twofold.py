"""A batch of two for each encoder-decoder model of `tiny`: item 0 is padded in the encoder, item 1 in the decoder."""

from __future__ import annotations

from typing import Any

import torch
from tiny import ids

SOURCE, TARGET = 11, 6
"""Tokens of the padded rows."""


def batch(name: str) -> dict[str, torch.Tensor]:
    """What the model's forward takes."""
    return {**_source(name), **_masked(ids(TARGET, 2, seed=3), item=1, keep=4, prefix="decoder_")}


def kept(name: str, item: int) -> dict[str, torch.Tensor]:
    """The positions of an item that are no padding, by stream: as it was made above, not as anything computed it."""
    frames = {"whisper": 20, "moonshine": {0: 8, 1: 11}[item]}
    return {
        "encoder": torch.arange(frames.get(name, {0: 7, 1: SOURCE}[item])),
        "decoder": torch.arange({0: TARGET, 1: 4}[item]),
    }


def _source(name: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    if name == "whisper":
        return {"input_features": torch.randn(2, 8, 40, generator=generator)}  # [batch, mel bands, columns]
    if name == "moonshine":  # a frame for 384 samples, where the kernels of the convolutions (about 800) fit
        mask = torch.ones(2, 5000, dtype=torch.long)
        mask[0, 3000:] = 0
        return {"input_values": torch.randn(2, 5000, generator=generator), "attention_mask": mask}
    return _masked(ids(SOURCE, 2), item=0, keep=7)


def _masked(tokens: torch.Tensor, item: int, keep: int, prefix: str = "") -> dict[str, Any]:
    mask = torch.ones_like(tokens)
    mask[item, keep:] = 0
    return {f"{prefix}input_ids": tokens, f"{prefix}attention_mask": mask}
