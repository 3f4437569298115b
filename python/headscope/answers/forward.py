"""``hs.capture``: one forward of a model, recorded and made ready to be asked."""

from __future__ import annotations

from typing import Any

import torch

from headscope.answers.capture import Capture
from headscope.answers.part import parts_of
from headscope.answers.report import LayerReport
from headscope.errors import UnsupportedInput
from headscope.notice import warn
from headscope.recording.forward.compiled import without_wrapper
from headscope.recording.forward.nesting import apart
from headscope.recording.forward.offload import loaded
from headscope.recording.forward.run import Recorded, check_ready, record_forward
from headscope.recording.generation.generation import write
from headscope.recording.inputs.inputs import prepare
from headscope.recording.inputs.plain import is_plain, plain_inputs
from headscope.recording.layers.record import AnyRecord, Refusal
from headscope.recording.tokens.plain_tokens import check_names


def capture(
    model: torch.nn.Module,
    inputs: Any = None,
    *,
    tokenizer: Any = None,
    pair: str | None = None,
    target: Any = None,
    image: Any = None,
    item: int = 0,
    generate: Any = None,
    tokens: Any = None,
) -> Capture:
    """Run one forward of `model` and record its attention.

    The model keeps the attention implementation that it was loaded with, its mode and its weights, and runs without
    gradients. Memory grows with the number of tokens, not with its square. What ``torch.compile`` made of the model
    runs as it is written.

    Each layer is checked once more when it is first read, by the model's own function: a layer that was not read before
    the model is trained on is refused afterwards.

    Parameters
    ----------
    model
        A transformers model, or any other torch module, in evaluation mode.
    inputs
        A text, several texts (a padded batch), token ids, or what a tokenizer returned. For speech models a waveform
        (floats, [samples] or [batch, samples]), for vision models pixels (floats, [channels, height, width] or [batch,
        ...]), or what a processor returned. For any other torch module what its forward takes: a tensor, a tuple of
        positional arguments, or a mapping of keyword arguments.
    tokenizer
        Needed for text; with token ids it makes the tokens readable. A processor will do. The frames of sound are
        labelled with the second at which they begin: they share the sound out evenly, at the sampling rate that the
        processor tells, else 16 kHz. Patches are named by their row and column.
    pair
        A second text, for models that read sentence pairs.
    target
        For encoder-decoder models, what the decoder reads. A text is given the decoder's start token and moved right as
        the model does in training, unless its tokens begin with that token already. Token ids, such as
        ``model.generate(...)`` returns them, go to the decoder as they are.
    image
        A PIL image, an array or the path of a file, of which the processor passed as `tokenizer` makes pixels, beside
        the text that is passed as `inputs`, if any. The picture that is shown is what the model saw: resized and
        cropped. Without a processor its colours are not known; then the range of the pixels is spread.
    item
        Which item of a batch to keep; its padding is dropped.
    generate
        Let the model write on first: a mapping of settings for ``model.generate``, such as ``{"max_new_tokens": 20}``.
        The one recorded forward then goes over the whole text, so that each generated token's row is its attention over
        all before it; that ``generate`` computed the same step by step is checked by the logits of every step. Of
        encoder-decoder models the decoder reads what was written. Where ``generate`` returns several sequences, `item`
        is one of them. What ``model.generate`` returned for these inputs will do as well: token ids, which are not
        checked, or its output with `logits`. `capture.tokens().generated` is the first position that was written.
    tokens
        Names for the positions of a plain torch module: strings, one for each; a pair of such lists, for the queries
        and the keys; or a mapping of either by part. Without them positions are numbered, or named by the token ids
        among `inputs`.

    Returns
    -------
    Capture

    Raises
    ------
    HeadscopeError
        One of its children, saying what was wrong and what to do. The model is left as it was.

    Examples
    --------
    >>> capture = hs.capture(model, "The doctor asked the nurse a question.", tokenizer=tokenizer)  # doctest: +SKIP
    >>> capture.attention(layer=16, heads=[0], queries=9).shape  # doctest: +SKIP
    torch.Size([1, 1, 10])
    >>> capture = hs.capture(model, "The doctor", tokenizer=tokenizer, generate={})  # doctest: +SKIP
    >>> capture.tokens().generated  # doctest: +SKIP
    2
    """
    if not isinstance(model, torch.nn.Module):
        raise UnsupportedInput(f"model is a {type(model).__name__}; pass a torch module, such as a transformers model.")
    model = without_wrapper(model)
    with apart():
        check_ready(model)
        others = {"pair": pair, "image": image}
        if is_plain(model, inputs, tokens):
            _check_none(**others, target=target, generate=generate)
            recorded = _recorded_plain(model, inputs, tokens, tokenizer, item)
        elif tokens is not None:
            raise UnsupportedInput(
                "tokens= names the positions of modules that are no transformers models; pass the model's tokenizer."
            )
        elif generate is not None:
            recorded = _recorded_writing(model, inputs, generate, tokenizer, target=target, item=item, **others)
        else:
            recorded = record_forward(model, prepare(model, inputs, tokenizer, item=item, target=target, **others))
        layers = recorded.layers
        made = Capture(parts_of(layers, recorded.sides), _name_of(model), _bad_parameters(model, layers))
        _warn(made.layers, layers)
    return made


def _recorded_plain(model: torch.nn.Module, inputs: Any, tokens: Any, tokenizer: Any, item: int) -> Recorded:
    given = plain_inputs(model, inputs, tokens, tokenizer, item)
    recorded = record_forward(model, given)
    check_names(given.axes, tokens)
    return recorded


def _check_none(**others: Any) -> None:
    """Refuse what only transformers models can be given."""
    for name, value in others.items():
        if value is not None:
            raise UnsupportedInput(
                f"{name}= is for transformers models; pass all that the module's forward takes as inputs."
            )


def _recorded_writing(
    model: torch.nn.Module, inputs: Any, generate: Any, tokenizer: Any, *, target: Any, **others: Any
) -> Recorded:
    if target is not None:
        raise UnsupportedInput(
            "target is what the decoder reads, which with generate= the model writes itself; leave one of them out. "
            "For a beginning to go on from, pass a mapping with decoder_input_ids as inputs."
        )
    written = write(model, inputs, generate, tokenizer, **others)
    recorded = record_forward(model, written.inputs)
    written.check(model, recorded.returned)
    return recorded


def _warn(reports: tuple[LayerReport, ...], layers: list[AnyRecord | Refusal]) -> None:
    """Say at once what is missing from the picture."""
    refused = [report.reason for report in reports if report.refused]
    refused += [one.reason for one in layers if isinstance(one, Refusal) and one.reason not in refused]
    if refused:
        warn(f"{len(refused)} layers cannot be shown; the first: {refused[0]}")


def _name_of(model: torch.nn.Module) -> str:
    name = getattr(getattr(model, "config", None), "name_or_path", "")
    short = str(name).rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(model).__name__} {short}".strip()


def _bad_parameters(model: torch.nn.Module, layers: list[AnyRecord | Refusal]) -> str:
    if not any(not isinstance(layer, Refusal) and layer.not_finite for layer in layers):
        return ""
    bad = []
    for path, module in model.named_modules():
        with loaded(module):
            for name, parameter in module.named_parameters(path, recurse=False):
                quantised = type(parameter) is not torch.nn.Parameter  # a class of its own, that may know no isfinite
                if not quantised and not bool(torch.isfinite(parameter).all()):
                    bad.append(name)
    return f"{', '.join(bad[:3])} hold NaN or infinite numbers" if bad else "no parameter; the numbers overflowed"
