"""Which part of a model an attention layer belongs to, by what happens in the forward."""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from headscope.errors import UnsupportedInput
from headscope.recording.layers.towers import Towers

__all__ = ["Parts", "base_of", "forward_takes", "is_twofold", "stack_of"]

TWOFOLD = {
    "encoder": ("encoder", "encoder"),
    "decoder": ("decoder", "decoder"),
    "cross": ("decoder", "encoder"),
}
"""Of each part of an encoder-decoder model, the stream that the queries come from and the one of the keys."""

_ENCODER_STATES = ("key_value_states", "encoder_hidden_states")
"""What the attention modules of transformers call the encoder's output."""
_SAYS_CROSS = re.compile(r"cross|enc_?dec|encoder_att", re.IGNORECASE)


class Parts:
    """Sorts the attention modules of one model.

    An encoder-decoder model has the parts of `TWOFOLD`. Any other model has one part per tower, or the one part "self";
    where a tower also looks into another one, that is a part of its own, "text cross".

    Parameters
    ----------
    model
        A model; its encoder, if it is an encoder-decoder model, is looked up once.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model
        self.twofold = is_twofold(model)
        self._encoder = _encoder_modules(model) if self.twofold else set()
        self._towers = Towers(model, forward_takes(model))
        self._crosses: dict[int, bool] = {}

    @property
    def names(self) -> list[str]:
        """The parts that the model can have, in the order in which they are listed."""
        towers = [name + end for name in self._towers.names for end in ("", _CROSS)]
        return [*TWOFOLD, *towers] if self.twofold else towers

    def streams(self, part: str) -> tuple[str, str]:
        """Of a part, the stream of tokens that the queries come from and the one that the keys come from."""
        if self.twofold and part in TWOFOLD:
            return TWOFOLD[part]
        return part.removesuffix(_CROSS), f"{part} keys" if part.endswith(_CROSS) else part

    def reads(self, stream: str) -> str:
        """What a stream holds: "text", "vision", "audio"; empty where its name does not tell."""
        return self._towers.reads(stream)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note, of every module outside the encoder that can take the encoder's states, whether it was given them."""
        handles: list[Any] = []
        try:
            for module in self._model.modules() if self.twofold or len(self._towers.names) > 1 else ():
                taken = list(inspect.signature(module.forward).parameters)
                names = [name for name in _ENCODER_STATES if name in taken]
                if names and id(module) not in self._encoder:
                    hook = self._noting(names[0], taken.index(names[0]))
                    handles.append(module.register_forward_pre_hook(hook, with_kwargs=True))
            yield
        finally:  # whatever ended it, be it Ctrl-C before all hooks were there
            for handle in handles:
                handle.remove()

    def _noting(self, name: str, place: int) -> Any:
        ours = threading.get_ident()  # somebody else may run the same model

        def note(module: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            given = positional[place] if place < len(positional) else named.get(name)
            if threading.get_ident() == ours:
                self._crosses[id(module)] = given is not None

        return note

    def of(self, module: torch.nn.Module, name: str) -> str:
        """The part of an attention module, which has just been called.

        A module inside the encoder belongs to it; one that was given the encoder's states crosses over to it. Of a
        module that takes no such argument its name tells.
        """
        tower = self._towers.of(name)
        if id(module) in self._encoder:
            return "encoder"
        if self.twofold and self.reads(tower) not in ("vision", "audio"):
            return "cross" if self._is_cross(module, name) else "decoder"
        alone = len(self._towers.names) == 1
        return tower if alone or not self._is_cross(module, name) else tower + _CROSS

    def _is_cross(self, module: torch.nn.Module, name: str) -> bool:
        crosses = self._crosses.get(id(module))
        return bool(_SAYS_CROSS.search(".".join(name.split(".")[-2:]))) if crosses is None else crosses


_CROSS = " cross"


def _encoder_modules(model: torch.nn.Module) -> set[int]:
    encoder = stack_of(model, "encoder")
    if encoder is None:
        raise UnsupportedInput(
            f"{type(model).__name__} is an encoder-decoder model that does not say which of its modules is the encoder "
            "(model.get_encoder()), so its layers cannot be sorted into parts."
        )
    return {id(module) for module in encoder.modules()}


def base_of(model: torch.nn.Module) -> Any:
    """The model itself, out of a wrapper that trains a few weights beside it (peft)."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model  # type: ignore[operator]


def is_twofold(model: torch.nn.Module) -> bool:
    """Whether it is an encoder-decoder model; of those that can be made of either kind (BLIP-2) the settings tell."""
    config = getattr(base_of(model), "config", None)
    return "decoder_input_ids" in forward_takes(model) and getattr(config, "is_encoder_decoder", True) is not False


def forward_takes(model: torch.nn.Module) -> dict[str, inspect.Parameter]:
    """The parameters of the model's forward."""
    return dict(inspect.signature(base_of(model).forward).parameters)


def stack_of(model: torch.nn.Module, which: str) -> torch.nn.Module | None:
    """The "encoder" or "decoder" of a model; None where it does not name one, and for "self"."""
    base = base_of(model)
    try:
        found = getattr(base, f"get_{which}")()
    except (AttributeError, NotImplementedError):
        return None
    return found if isinstance(found, torch.nn.Module) and found is not base else None
