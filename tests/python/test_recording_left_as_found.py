"""Tiers 2 and 3 leave model and library as they were: after an error, after Ctrl-C, and inside each other."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch
import transformers
from own_code import build
from tiny import ids
from torch.utils._python_dispatch import _get_current_dispatch_mode
from transformers import AttentionInterface, PreTrainedModel

import headscope as hs
from headscope.errors import UnseenAttention

ORIGINAL = AttentionInterface.__dict__["get_interface"]


def longformer() -> PreTrainedModel:
    """A model that tier 3 serves."""
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    config = transformers.LongformerConfig(
        **sizes, num_attention_heads=4, vocab_size=99, attention_window=8, pad_token_id=1
    )
    return transformers.LongformerModel(config).eval()


def encoder() -> torch.nn.Module:
    """Layers of torch.nn, with a fast path."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 2, 16, batch_first=True)
    return torch.nn.TransformerEncoder(layer, 2).eval()


MODELS: dict[str, tuple[Callable[[], torch.nn.Module], str]] = {
    "tier 2": (partial(build, "gptj: rotary"), "h.1"),
    "tier 3": (longformer, "encoder.layer.1"),
    "torch.nn": (encoder, "layers.1"),
}
FORWARDS = {"tier 2": 2, "tier 3": 3, "torch.nn": 1}
"""How many a capture runs."""


def given(name: str, length: int = 9) -> torch.Tensor:
    """What the model's forward takes."""
    return torch.randn(1, length, 16) if name == "torch.nn" else ids(length)


@pytest.fixture(autouse=True)
def _the_library_is_as_it_was() -> Iterator[None]:
    yield
    assert AttentionInterface.__dict__["get_interface"] is ORIGINAL
    assert torch.backends.mha.get_fastpath_enabled()
    assert _get_current_dispatch_mode() is None
    assert torch.is_grad_enabled()


def state(model: torch.nn.Module) -> list[Any]:
    """What a capture could leave behind."""
    hooks = [
        [
            len(hooks)
            for hooks in (module._forward_pre_hooks, module._forward_hooks, module._forward_hooks_always_called)
        ]
        for module in model.modules()
    ]
    config = copy.deepcopy(model.config.to_dict()) if hasattr(model, "config") else None  # type: ignore[operator]
    return [hooks, config, sorted(vars(model)), model.training]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("at", [1, 2, 3], ids=lambda at: f"forward {at}")
@pytest.mark.parametrize("name", list(MODELS))
def test_a_forward_that_is_interrupted(name: str, at: int, error: type[BaseException]) -> None:
    """In the first forward, in the second with its mode, and in the third that asks for the weights."""
    make, inner = MODELS[name]
    model = make()
    inputs = given(name)
    expected = hs.capture(model, inputs).attention(0)
    before, calls = state(model), [0]

    def fail(*_: Any) -> None:
        calls[0] += 1
        if calls[0] == at:
            raise error("in mid-forward")

    handle = model.get_submodule(inner).register_forward_pre_hook(fail)
    if at > FORWARDS[name]:
        hs.capture(model, inputs)
    else:  # a model may be unable to return its weights, so that an error of the third is told with the layer
        told = UnseenAttention if at == 3 and error is RuntimeError else error
        with pytest.raises(told, match="in mid-forward"):
            hs.capture(model, inputs)
    handle.remove()
    assert state(model) == before
    assert torch.equal(hs.capture(model, inputs).attention(0), expected)


@pytest.mark.parametrize("name", ["tier 2", "tier 3"])
def test_a_capture_inside_a_capture(name: str) -> None:
    """Of the same model: the outer one takes no notice of the inner one's forwards and checks."""
    make, inner = MODELS[name]
    model = make()
    alone = hs.capture(model, ids(9))
    before = state(model)
    found: list[hs.Capture] = []
    busy: list[bool] = []

    def capture_again(*_: Any) -> None:
        if not busy:
            busy.append(True)
            found.append(hs.capture(model, ids(4, seed=2)))
            found[-1].attention(0)
            busy.clear()

    handle = model.get_submodule(inner).register_forward_pre_hook(capture_again)
    outer = hs.capture(model, ids(9))
    handle.remove()
    assert [report.layer for report in outer.layers] == [report.layer for report in alone.layers]
    for report in alone.layers:
        assert torch.equal(outer.attention(report.layer), alone.attention(report.layer))
    assert len(found) >= 2
    assert all(one.attention(1).shape == (4, 4, 4) for one in found)
    assert state(model) == before


def test_a_fast_path_that_was_off_stays_off() -> None:
    model = encoder()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        hs.capture(model, given("torch.nn"))
        assert not torch.backends.mha.get_fastpath_enabled()
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
