"""``model.generate`` with a person's settings, asked for the logits of its steps; the model is left as it was."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.forward.compiled import uncompiled
from headscope.recording.inputs.encoding import as_ids, as_tensors, check_tokenizer
from headscope.recording.layers.parts import base_of, forward_takes

__all__ = ["check_can_generate", "generated", "handed_in", "may_stop_otherwise", "special_ids"]

_OURS = {
    "return_dict_in_generate": True,
    "output_logits": True,
    "output_scores": False,
    "output_attentions": False,
    "output_hidden_states": False,
}
"""What ``generate`` is to return, whatever the person or the model's generation_config asks for."""

_NO_SETTINGS = {
    "inputs": "the text is passed as inputs",
    "inputs_embeds": "embeddings in place of token ids cannot be captured",
    "encoder_outputs": "what an encoder has computed before cannot be captured; pass what it reads as inputs",
    "past_key_values": "the tokens in a cache leave no queries; pass the whole text as inputs",
}
"""Arguments of ``generate`` that are no settings, and why not."""


def generated(
    model: torch.nn.Module, arguments: dict[str, Any], settings: Mapping[str, Any], tokenizer: Any
) -> Mapping[str, Any]:
    """Run ``model.generate``.

    Parameters
    ----------
    model
        A transformers model that can generate.
    arguments
        The prompt, as the model's forward takes it.
    settings
        Any keyword arguments of ``generate`` but inputs.
    tokenizer
        For `stop_strings`, where `settings` bring no tokenizer.

    Returns
    -------
    mapping
        `sequences` int64 [sequences, tokens] and `logits`, a tensor [rows, vocabulary] for each step; with beams also
        `beam_indices` [sequences, steps], the row that each step continued.

    Raises
    ------
    UnsupportedInput
        With the message of ``generate`` where it refused the settings.
    """
    _check_settings(model, arguments, settings)
    wanted = {**arguments, **settings}
    config = wanted.get("generation_config")
    if config is None:
        wanted |= _OURS
    else:  # transformers wants its settings in there, or none of them
        wanted["generation_config"] = config = copy.deepcopy(config)
        for name, value in _OURS.items():
            setattr(config, name, value)
    if wanted.get("stop_strings") or getattr(config, "stop_strings", None):
        wanted.setdefault("tokenizer", check_tokenizer(tokenizer))
    try:
        with torch.no_grad(), uncompiled(model), _left_as_found(model):
            output = model.generate(**wanted)  # type: ignore[operator]
    except torch.OutOfMemoryError:
        raise  # says nothing of the settings
    except Exception as error:
        raise UnsupportedInput(f"model.generate failed with these settings: {error}") from error
    if not (isinstance(output, Mapping) and "sequences" in output and output.get("logits")):
        raise UnsupportedInput(
            f"{type(model).__name__}.generate tells nothing of the logits of its steps, so it is not known whether one "
            "forward over the whole text shows what it did. Pass the ids that it returned as generate= instead."
        )
    return output


def handed_in(generate: Any) -> Mapping[str, Any]:
    """What ``generate`` returned before, token ids or an output, as a mapping that has `sequences`."""
    output = generate if isinstance(generate, Mapping) else {"sequences": generate}
    if isinstance(generate, str | bytes | bool | int | float):
        raise UnsupportedInput(
            f"generate is {generate!r}; pass a mapping of settings for model.generate, such as "
            '{"max_new_tokens": 20}, or what model.generate returned for these inputs.'
        )
    ids = as_ids(as_tensors({"input_ids": output["sequences"]}))["input_ids"]
    return {**output, "sequences": ids}


def may_stop_otherwise(generate: Any) -> bool:
    """Whether a text may have ended without an end token and before it was as long as allowed."""
    settings = generate if isinstance(generate, Mapping) else {}
    config = settings.get("generation_config")
    names = ("stopping_criteria", "stop_strings", "max_time")
    return any(settings.get(name) or getattr(config, name, None) for name in names)


def special_ids(model: torch.nn.Module, generate: Any, name: str) -> set[int]:
    """The ids of a special token ("pad_token_id", "eos_token_id") that ``generate`` goes by; none where it has none."""
    settings = generate if isinstance(generate, Mapping) else {}
    homes = (settings.get("generation_config"), getattr(base_of(model), "generation_config", None))
    said = [settings.get(name), *(getattr(home, name, None) for home in homes)]
    found: Any = next((value for value in said if value is not None), [])
    return set(torch.as_tensor(found).reshape(-1).tolist())


def check_can_generate(model: torch.nn.Module) -> None:
    """Refuse a model that has no language modelling head."""
    if not getattr(model, "can_generate", lambda: hasattr(model, "generate"))():
        raise UnsupportedInput(
            f"{type(model).__name__} cannot generate: it has no language modelling head. Load it with "
            "AutoModelForCausalLM or AutoModelForSeq2SeqLM, or leave generate= out."
        )


def _check_settings(model: torch.nn.Module, arguments: dict[str, Any], settings: Mapping[str, Any]) -> None:
    inputs = dict.fromkeys(forward_takes(model), "it is passed within inputs, as the tokenizer returned it")
    inputs = {**inputs, **dict.fromkeys(arguments, "inputs hold it already"), **_NO_SETTINGS}
    for name in settings:
        if name in inputs and name not in ("use_cache", *_OURS):
            raise UnsupportedInput(f"generate= holds {name}, which is no setting: {inputs[name]}.")


_NOTED = ("_previous_max_cache_length", "_compiled_call", "_last_compile_config")
"""What ``generate`` notes in the model for its next call."""


@contextmanager
def _left_as_found(model: torch.nn.Module) -> Iterator[None]:
    """Undo what ``generate`` notes in the model, and what rotary positions that grow keep of the longest text."""
    base = base_of(model)
    noted = {name: value for name, value in vars(base).items() if name in _NOTED}
    rotary = [
        (module, dict(vars(module)), dict(module._buffers))
        for module in base.modules()
        if hasattr(module, "max_seq_len_cached")
    ]
    try:
        yield
    finally:  # whatever ended it, be it Ctrl-C
        for name in _NOTED:
            vars(base).pop(name, None)
        vars(base).update(noted)
        for module, state, buffers in rotary:
            _restore(vars(module), state)
            _restore(module._buffers, buffers)


def _restore(now: dict[str, Any], before: dict[str, Any]) -> None:
    for name in now.keys() - before.keys():
        del now[name]
    for name, value in before.items():
        if now.get(name) is not value:
            now[name] = value
