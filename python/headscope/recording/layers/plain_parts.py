"""Which part of a module that is no transformers model an attention belongs to, by names and by what modules are given.

Whoever writes a model by hand names things as they like; torch.nn's own modules are known.
"""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from headscope.recording.layers.parts import TWOFOLD
from headscope.recording.tiers.interface import LOOKS_LIKE_ATTENTION

__all__ = ["PlainParts"]

_STREAMS = {"self": ("self", "self"), "cross": ("cross", "cross keys")}
_OTHERS = (
    *("context", "memory", "mem", "enc_out", "encoder_out", "encoder_output"),
    *("encoder_hidden_states", "key_value_states", "kv"),
)
"""How arguments are called that hold what is looked at, where that is not what looks."""
_SAYS_CROSS = re.compile(r"cross|enc_?dec|encoder_att|src_att|memory", re.IGNORECASE)


class PlainParts:
    """Sorts the attention modules of one module.

    A module that has a decoder has the parts "encoder", "decoder" and "cross"; any other "self" and "cross".

    Parameters
    ----------
    model
        A torch module.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model
        self._encoders = _named_as(model, "enc", (nn.TransformerEncoder, nn.TransformerEncoderLayer))
        self._decoders = _named_as(model, "dec", (nn.TransformerDecoder, nn.TransformerDecoderLayer))
        layers = any(isinstance(module, nn.TransformerDecoderLayer) for module in model.modules())
        self._twofold = layers or bool(self._encoders and self._decoders)
        self._crosses: dict[str, bool] = {}

    @property
    def names(self) -> list[str]:
        """The parts that the module can have, in the order in which they are listed."""
        return list(TWOFOLD if self._twofold else _STREAMS)

    def streams(self, part: str) -> tuple[str, str]:
        """Of a part, the stream of tokens that the queries come from and the one that the keys come from."""
        return TWOFOLD[part] if self._twofold else _STREAMS[part]

    def reads(self, stream: str) -> str:  # noqa: ARG002  # as of Parts
        """What a stream holds: nobody tells."""
        return ""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note of every attention module whether it was given something else to look at than what looks."""
        handles: list[Any] = []
        try:
            for name, module in self._model.named_modules():
                tell = _telling(module)
                if tell is not None:
                    handles.append(module.register_forward_pre_hook(self._noting(name, tell), with_kwargs=True))
            yield
        finally:  # whatever ended it, be it Ctrl-C before all hooks were there
            for handle in handles:
                handle.remove()

    def _noting(self, name: str, tell: Callable[[dict[str, Any]], bool | None]) -> Any:
        ours = threading.get_ident()  # somebody else may run the same model

        def note(module: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            if threading.get_ident() == ours:
                told = tell(dict(zip(inspect.signature(module.forward).parameters, positional, strict=False)) | named)
                if told is not None:
                    self._crosses[name] = told

        return note

    def of(self, module: torch.nn.Module, name: str) -> str:  # noqa: ARG002  # as of Parts
        """The part of an attention module, which has just been called."""
        around = [name[:at] for at in _ends(name)]
        stack = next((one for one in around if one in self._encoders | self._decoders), "")
        if self._twofold and stack in self._encoders:
            return "encoder"
        told = [self._crosses[one] for one in around if one in self._crosses]
        crosses = all(told) if told else bool(_SAYS_CROSS.search(".".join(name.split(".")[-2:])))
        return "cross" if crosses else "decoder" if self._twofold else "self"


def _ends(name: str) -> list[int]:
    """Where the names of the modules around a module end in its own, the module itself included."""
    return [at for at, letter in enumerate(name) if letter == "."] + [len(name)]


def _named_as(model: torch.nn.Module, begins: str, kinds: tuple[type, ...]) -> set[str]:
    """The modules whose own names begin so, or of a kind."""
    return {
        name
        for name, module in model.named_modules()
        if isinstance(module, kinds) or name.rpartition(".")[2].lower().startswith(begins)
    }


def _telling(module: torch.nn.Module) -> Callable[[dict[str, Any]], bool | None] | None:
    """How to tell from the arguments of a module's forward whether it looks at something else; None if nothing does."""
    taken = list(inspect.signature(module.forward).parameters)
    if isinstance(module, nn.MultiheadAttention):
        return lambda given: given["key"] is not given["query"]
    for query, key, value in (("query", "key", "value"), ("q", "k", "v")):
        if {query, key, value} <= set(taken):
            return lambda given: _of_three(given.get(query), given.get(key), given.get(value))
    other = next((name for name in _OTHERS if name in taken), None)
    if other is not None:
        return lambda given: given.get(other) is not None and given.get(other) is not given.get(taken[0])
    if LOOKS_LIKE_ATTENTION.search(type(module).__name__):
        return lambda given: (
            False if sum("mask" not in name and _is_vectors(given[name]) for name in given) == 1 else None
        )
    return None


def _of_three(query: Any, key: Any, value: Any) -> bool | None:
    """Whether keys are of something else; None where all three are projections already, which do not tell."""
    if key is query:
        return False
    return True if key is value else None


def _of_one(given: dict[str, Any]) -> bool | None:
    """That an attention which is given nothing but one tensor looks at that; None where it is given more."""
    return False if sum("mask" not in name and _is_vectors(one) for name, one in given.items()) == 1 else None


def _is_vectors(given: Any) -> bool:
    return isinstance(given, torch.Tensor) and given.is_floating_point() and given.dim() > 1
