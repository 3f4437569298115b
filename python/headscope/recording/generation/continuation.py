"""The arguments of one forward over a prompt and what was written after it, as ``generate`` goes on with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.inputs.inputs import Inputs
from headscope.recording.layers.parts import forward_takes, is_twofold

__all__ = ["continued", "with_padding_seen", "without_filler"]

IDS, MASK, TYPES, POSITIONS = "input_ids", "attention_mask", "token_type_ids", "position_ids"
IMAGE_TYPES = "mm_token_type_ids"
DECODER_IDS, DECODER_MASK = "decoder_input_ids", "decoder_attention_mask"


def with_padding_seen(model: torch.nn.Module, prompt: Inputs, padding: set[int], end: set[int]) -> Inputs:
    """Add the mask that ``generate`` makes up where there is none: padding is hidden, unless it ends texts too."""
    given = prompt.arguments
    if is_twofold(model) or MASK not in forward_takes(model) or MASK in given or padding & end:
        return prompt
    mask = ~torch.isin(given[IDS], torch.tensor(sorted(padding), device=given[IDS].device))
    return prompt if bool(mask.all()) else replace(prompt, arguments={**given, MASK: mask.long()})


def without_filler(ids: list[int], padding: set[int], end: set[int], *, stopped_otherwise: bool) -> list[int]:
    """What was written, without what fills it up to the length of the longest text of a batch.

    Padding after an end token is filler, and where a text may stop without one, all padding at the end. An end token
    that is the padding token too stays once.
    """
    count = len(ids)
    while count and ids[count - 1] in padding:
        count -= 1
    if padding & end:
        return ids[: count + 1]
    ended = stopped_otherwise or (count > 0 and ids[count - 1] in end)
    return ids[:count] if ended else ids


def continued(model: torch.nn.Module, prompt: dict[str, Any], ids: torch.Tensor, written: int) -> dict[str, Any]:
    """Make the arguments for a whole text.

    Parameters
    ----------
    model
        The model that wrote.
    prompt
        Arguments of its forward for what it was given, one item.
    ids
        int64 [tokens]: the whole text; of an encoder-decoder model what its decoder reads.
    written
        How many of them, at the end, the model wrote.
    """
    if is_twofold(model):
        return _continued_decoder(prompt, ids, written)
    odd = [name for name, value in prompt.items() if _is_per_token(value, prompt[IDS]) and name not in _PER_TOKEN]
    if odd:
        raise UnsupportedInput(f"the inputs hold {odd[0]} for each token; it is not known how that goes on.")
    takes = forward_takes(model)
    text = {**prompt, IDS: ids[None]}
    if MASK in prompt:
        text[MASK] = _extended(prompt[MASK], written, value=1)
    if TYPES in prompt:
        text[TYPES] = torch.cat([prompt[TYPES], prompt[TYPES][:, -1:].expand(-1, written)], dim=1)
    if IMAGE_TYPES in prompt:
        text[IMAGE_TYPES] = _extended(prompt[IMAGE_TYPES], written, value=0)
    if POSITIONS in prompt:
        further = torch.arange(1, written + 1, device=ids.device)
        text[POSITIONS] = torch.cat([prompt[POSITIONS], prompt[POSITIONS][..., -1:] + further], dim=-1)
    elif POSITIONS in takes and MASK in text and bool((text[MASK] == 0).any()):
        counted = text[MASK].cumsum(dim=1) - 1
        text[POSITIONS] = counted.masked_fill(text[MASK] == 0, 0)
        text |= {"use_cache": False} if "use_cache" in takes else {}
    return text


_PER_TOKEN = (IDS, MASK, TYPES, IMAGE_TYPES, POSITIONS)


def _continued_decoder(prompt: dict[str, Any], ids: torch.Tensor, written: int) -> dict[str, Any]:
    text = {**prompt, DECODER_IDS: ids[None]}
    mask = prompt.get(DECODER_MASK)
    if mask is not None:  # generate may have put a start token before what it was given
        before = len(ids) - written - mask.shape[1]
        text[DECODER_MASK] = torch.nn.functional.pad(mask, (before, written), value=1)
    return text


def _is_per_token(value: Any, ids: torch.Tensor) -> bool:
    return isinstance(value, torch.Tensor) and value.shape == ids.shape


def _extended(tensor: torch.Tensor, count: int, value: int) -> torch.Tensor:
    return torch.nn.functional.pad(tensor, (0, count), value=value)
