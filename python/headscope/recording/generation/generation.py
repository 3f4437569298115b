"""What ``generate`` wrote, made ready for one recorded forward over the whole text.

The attention of a generated token over all before it is a row of that one forward. This holds only where a model
computes the same step by step and at once, so the logits of every step are compared with those of the forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from headscope.errors import EmptyInput, GenerationDiffers, UnsupportedInput
from headscope.recording.generation.continuation import continued, with_padding_seen, without_filler
from headscope.recording.generation.generating import (
    check_can_generate,
    generated,
    handed_in,
    may_stop_otherwise,
    special_ids,
)
from headscope.recording.inputs.encoding import check_tokenizer, checked_item
from headscope.recording.inputs.images import process
from headscope.recording.inputs.inputs import Inputs, prepare
from headscope.recording.layers.parts import base_of, forward_takes, is_twofold
from headscope.recording.tokens.axes import Axis
from headscope.recording.tokens.tokens import read_tokens

__all__ = ["TOLERANCE", "Written", "write"]

TOLERANCE = {
    torch.float64: 1e-6,
    torch.float32: 1e-3,
    torch.float16: 3e-2,
    torch.bfloat16: 2.5e-1,
}
"""Largest accepted distance of the logits of a step from those of the forward over the whole text: the root mean square
of their difference, in units of the logits' own spread over the vocabulary."""


@dataclass(frozen=True, eq=False)
class Written:
    """A text that a model wrote, as the input of one forward."""

    inputs: Inputs
    """The whole text of one item, what was written included."""
    ids: list[int]
    """The tokens that were written."""
    steps: torch.Tensor | None
    """float32 [len(ids), vocabulary]: the logits that they were chosen by; None where these are not known."""

    def check(self, model: torch.nn.Module, returned: Any) -> None:
        """Compare the logits of every step with those that a forward over the whole text `returned`.

        Raises
        ------
        GenerationDiffers
            Naming the first step that is further off than `TOLERANCE`.
        """
        if self.steps is None:
            return
        logits = returned.logits if hasattr(returned, "logits") else returned[0]
        count = len(self.ids)
        whole = logits[0, -count - 1 : -1].float().to(self.steps.device)
        limit = TOLERANCE.get(logits.dtype, TOLERANCE[torch.bfloat16])
        errors = _distances(whole, self.steps)
        far = (errors > limit).nonzero().flatten().tolist()
        if far:
            raise _differs(
                model,
                f"at step {far[0]} of generate, which wrote token {self.ids[far[0]]}, the logits are "
                f"{errors[far[0]]:.1e} of their spread apart (accepted: {limit:.0e}), as in {len(far)} of {count}",
            )


def write(
    model: torch.nn.Module,
    inputs: Any,
    generate: Any,
    tokenizer: Any = None,
    *,
    pair: str | Sequence[str] | None = None,
    image: Any = None,
    item: int = 0,
) -> Written:
    """Let the model write, or take what it wrote before, and prepare the whole text.

    Parameters
    ----------
    model
        A transformers model that can generate.
    inputs, tokenizer, pair, image
        As in `prepare`.
    generate
        A mapping of settings for ``model.generate``; or what that returned for these inputs: token ids, or an output
        that holds them as `sequences`.
    item
        Which of the sequences that ``generate`` returns: `num_return_sequences` of them for each text of the batch.

    Raises
    ------
    GenerationDiffers
        Where the model is known to compute differently step by step.
    UnsupportedInput, EmptyInput, OutOfRange
        And what `prepare` raises.
    """
    check_can_generate(model)
    if image is not None:
        inputs = process(inputs, image, tokenizer)
    padding, end = (special_ids(model, generate, name) for name in ("pad_token_id", "eos_token_id"))
    padding = padding or end  # as generate has it
    prompt = with_padding_seen(model, prepare(model, inputs, tokenizer, pair, writes=True), padding, end)
    output = _output(model, prompt, generate, tokenizer)
    sequences: torch.Tensor = output["sequences"]
    if len(sequences) % prompt.batch:
        raise UnsupportedInput(f"generate= holds {len(sequences)} sequences, for a batch of {prompt.batch}.")
    item = checked_item(item, len(sequences))
    source = item // (len(sequences) // prompt.batch)
    given = {name: _row(value, source, prompt.batch) for name, value in prompt.arguments.items()}
    begun = _begun(model, generate, given, output, item)
    row = sequences[item].tolist()
    written = without_filler(row[begun:], padding, end, stopped_otherwise=may_stop_otherwise(generate))
    if not written:
        raise EmptyInput(f"generate wrote nothing: its sequence {item} holds no token beyond the inputs.")
    growing = _positions_that_grow(model, begun, begun + len(written))
    if growing:
        raise _differs(model, f"its rotary positions are {growing!r}, which depend on how long the text is so far")
    text = continued(model, given, sequences[item, : begun + len(written)], len(written))
    steps = _steps(output, item, len(written))
    if steps is not None and "logits_to_keep" in forward_takes(model):
        text["logits_to_keep"] = len(written) + 1
    segments = _segments(prepare(model, inputs, tokenizer, pair, source, writes=True), len(written))
    return Written(_marked(prepare(model, text, tokenizer), len(written), segments, tokenizer), written, steps)


def _output(model: torch.nn.Module, prompt: Inputs, generate: Any, tokenizer: Any) -> Mapping[str, Any]:
    if isinstance(generate, Mapping) and "sequences" not in generate:
        return generated(model, prompt.arguments, generate, tokenizer)
    output = handed_in(generate)
    device = next(value.device for value in prompt.arguments.values() if isinstance(value, torch.Tensor))
    return {**output, "sequences": output["sequences"].to(device)}


def _begun(model: torch.nn.Module, generate: Any, prompt: dict[str, Any], output: Mapping[str, Any], item: int) -> int:
    """How many tokens of a sequence were there before the first step."""
    row, logits, beams = output["sequences"][item], output.get("logits"), output.get("beam_indices")
    if not is_twofold(model):
        return _checked_prompt(prompt["input_ids"][0], row)
    if beams is not None or logits:
        return len(row) - (beams.shape[1] if beams is not None else len(logits or ()))
    begun = prompt.get("decoder_input_ids")
    if begun is not None:
        shifted = not torch.equal(begun[0], row[: begun.shape[1]])  # by a start token put before it
        return shifted + _checked_prompt(begun[0], row[shifted:])
    starts = [special_ids(model, generate, name) for name in ("decoder_start_token_id", "bos_token_id")]
    if int(row[0]) not in (starts[0] or starts[1]):
        raise UnsupportedInput(
            f"the ids in generate= do not begin with the start token of the decoder of {type(model).__name__}. Pass "
            "what model.generate(..., return_dict_in_generate=True, output_logits=True) returned."
        )
    return 1


def _checked_prompt(prompt: torch.Tensor, row: torch.Tensor) -> int:
    if not torch.equal(prompt, row[: len(prompt)]):
        raise UnsupportedInput(
            "the ids in generate= do not begin with the inputs. Pass what model.generate returned for these inputs, "
            "whole; token_healing, which rewrites the end of the inputs, is not supported."
        )
    return len(prompt)


def _row(value: Any, source: int, batch: int) -> Any:
    """What one item of a batch has of an argument."""
    per_item = batch > 1 and isinstance(value, torch.Tensor) and value.dim() > 0 and len(value) == batch
    return value[source : source + 1] if per_item else value


def _steps(output: Mapping[str, Any], item: int, count: int) -> torch.Tensor | None:
    """The logits of the first `count` steps of a sequence, float32 [count, vocabulary]."""
    logits, beams = output.get("logits"), output.get("beam_indices")
    if not logits:
        return None
    rows = [item] * count if beams is None else beams[item, :count].tolist()
    return torch.stack([step[row].float() for step, row in zip(logits, rows, strict=False)])


def _segments(prompt: Inputs, written: int) -> list[int] | None:
    """Sentence A or B of each token; what was written belongs to the sentence that it goes on with."""
    axis = prompt.axes.get("self")
    known = axis.tokens.segments if isinstance(axis, Axis) else None
    return None if known is None else [*known, *known[-1:] * written]


def _marked(whole: Inputs, written: int, segments: list[int] | None, tokenizer: Any) -> Inputs:
    """Say of the tokens from where on the model wrote them."""
    stream = "decoder" if "decoder" in whole.axes else "self"
    axis = whole.axes[stream]
    assert isinstance(axis, Axis)
    tokens = axis.tokens if segments is None else read_tokens(axis.tokens.ids, check_tokenizer(tokenizer), segments)
    tokens = replace(tokens, generated=len(tokens) - written)
    marked = replace(axis, tokens=tokens)
    return replace(whole, axes={name: marked if one is axis else one for name, one in whole.axes.items()})


def _distances(whole: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """How far logits [steps, vocabulary] are from each other, [steps], in units of their spread."""
    finite = steps.isfinite() & whole.isfinite()
    alike = finite | (steps == whole) | (steps.isnan() & whole.isnan())
    difference = (whole - steps).masked_fill(~finite, 0.0).square().mean(dim=1).sqrt()
    spread = (steps - steps.masked_fill(~finite, 0.0).mean(dim=1, keepdim=True)).masked_fill(~finite, 0.0)
    distance = difference / spread.square().mean(dim=1).sqrt().clamp(min=torch.finfo(torch.float32).tiny)
    return distance.masked_fill(~alike.all(dim=1), torch.inf)


def _positions_that_grow(model: torch.nn.Module, begun: int, length: int) -> str:
    """Name the rotary positions that change while a text goes from `begun` tokens to `length`; empty if none do."""
    config: Any = getattr(base_of(model), "config", None)
    text = config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config
    rope = getattr(text, "rope_parameters", None) or {}
    for one in (rope, *rope.values()):
        if isinstance(one, Mapping) and one.get("rope_type") in ("dynamic", "longrope"):
            made_for = one.get("original_max_position_embeddings") or text.max_position_embeddings
            if made_for < length and (one["rope_type"] == "dynamic" or begun <= made_for):
                return str(one["rope_type"])
    return ""


def _differs(model: torch.nn.Module, how: str) -> GenerationDiffers:
    return GenerationDiffers(
        f"{type(model).__name__} does not compute the same step by step and in one forward over the whole text: {how}. "
        "So what it attended to while it wrote cannot be shown. To see that one forward all the same, pass the ids "
        "that generate returned as inputs, without generate=."
    )
