"""The sound that a model reads: a waveform, or the spectrogram that a processor made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from headscope.errors import EmptyInput, UnsupportedInput
from headscope.recording.inputs.encoding import SOUND, WAVEFORM, as_mapping, as_tensors, as_texts, padding_mask
from headscope.recording.layers.parts import base_of, forward_takes
from headscope.recording.tokens.axes import Sound

__all__ = ["read_sound"]

SAMPLING_RATE = 16_000
"""Samples a second, where no processor tells: what the speech models of transformers are made for."""
HOP = 160
"""Samples between two columns of a spectrogram, where no processor tells: 10 ms."""


def read_sound(model: torch.nn.Module, inputs: Any, processor: Any) -> tuple[dict[str, Any], Sound]:
    """Read a waveform or what a processor returned.

    Returns
    -------
    values : dict
        Tensors by name, the sound [batch, ...] in the model's dtype among them.
    sound : Sound
        How long it is: samples / sampling rate, or columns of the spectrogram x hop / sampling rate, both as the
        processor says, else 16 kHz and 10 ms.
    """
    name = _name(model, inputs)
    if as_texts(inputs) is not None:
        raise UnsupportedInput(
            f"{type(model).__name__} reads sound ({name}), not text: pass a waveform or what its processor returned. "
            "A text for its decoder is passed as target=."
        )
    values = as_tensors(as_mapping(inputs, name))
    values[name] = sound = _checked(model, name, values[name])
    if name == WAVEFORM and "attention_mask" in values and "input_ids" not in values:
        values["attention_mask"] = padding_mask(values["attention_mask"], sound.shape)
    return values, Sound(_seconds(model, name, sound, processor))


def _name(model: torch.nn.Module, inputs: Any) -> str:
    """Under which name the model's forward gets `inputs` as sound."""
    taken = [name for name in SOUND if name in forward_takes(model)]
    given = [name for name in taken if isinstance(inputs, Mapping) and inputs.get(name) is not None]
    return (given or taken)[0]


def _checked(model: torch.nn.Module, name: str, sound: Any) -> torch.Tensor:
    dimensions = 2 if name == WAVEFORM else 3
    if not isinstance(sound, torch.Tensor) or sound.numel() == 0:
        raise EmptyInput("the input holds no sound; pass at least one frame of it.")
    if name == WAVEFORM and sound.dim() == 1:
        sound = sound[None]
    if sound.dim() != dimensions or not sound.is_floating_point():
        axes = "[samples] or [batch, samples]" if name == WAVEFORM else "[batch, ..., ...], as its processor returns it"
        raise UnsupportedInput(
            f"{type(model).__name__} reads {name}, floats {axes}; these are {sound.dtype} {list(sound.shape)}."
        )
    dtype = next((weight.dtype for weight in model.parameters() if weight.is_floating_point()), sound.dtype)
    floats: torch.Tensor = sound.to(dtype)
    return floats


def _seconds(model: torch.nn.Module, name: str, sound: torch.Tensor, processor: Any) -> float | None:
    extractor = getattr(processor, "feature_extractor", processor)
    rate = getattr(extractor, "sampling_rate", SAMPLING_RATE)
    if name == WAVEFORM:
        return sound.shape[1] / rate
    columns = _columns(model, sound)
    return None if columns is None else columns * getattr(extractor, "hop_length", HOP) / rate


def _columns(model: torch.nn.Module, spectrogram: torch.Tensor) -> int | None:
    """Return the number of columns of a spectrogram: of its two axes the one that is not the model's mel bands."""
    whole = getattr(base_of(model), "config", None)
    configs = (whole, getattr(whole, "audio_config", None))
    bands = [getattr(config, name, None) for config in configs for name in ("num_mel_bins", "input_feat_per_channel")]
    first, second = spectrogram.shape[1:]
    if (first in bands) == (second in bands):
        return None
    return second if first in bands else first
