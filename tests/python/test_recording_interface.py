"""The wrapper of transformers' attention interface: scoped, and always undone."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tiny import build, ids
from transformers import AttentionInterface

import headscope as hs
from headscope.recording.tiers.interface import Call, Recording

ORIGINAL = AttentionInterface.__dict__["get_interface"]


@pytest.fixture(autouse=True)
def _the_class_is_as_it_was() -> Iterator[None]:
    yield
    assert AttentionInterface.__dict__["get_interface"] is ORIGINAL


@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "bidirectional", "softcap and window"])
def test_outputs_are_bit_for_bit_the_same_while_recorded(mechanism: str) -> None:
    model, tokens = build(mechanism), ids(20)
    with torch.no_grad():
        plain = model(input_ids=tokens)[0]
        calls: list[Call] = []
        with Recording(model, calls.append):
            recorded = model(input_ids=tokens)[0]
    assert torch.equal(plain, recorded)
    assert len(calls) == 3


def test_a_capture_leaves_mode_implementation_hooks_and_weights_alone() -> None:
    model = build()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    hs.capture(model, ids(9))
    assert model.config._attn_implementation == "sdpa"
    assert not model.training
    assert all(not module._forward_pre_hooks and not module._forward_hooks for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_overlapping_recordings_close_in_any_order(order: tuple[int, ...]) -> None:
    models = [build(seed=seed) for seed in range(3)]
    seen: list[list[Call]] = [[], [], []]
    recordings = [Recording(model, calls.append).__enter__() for model, calls in zip(models, seen, strict=True)]
    for which in order:
        models[which](input_ids=ids(5))
        recordings[which].close()
        recordings[which].close()  # twice is harmless
        models[which](input_ids=ids(5))
    assert [len(calls) for calls in seen] == [3, 3, 3]
    for model, calls in zip(models, seen, strict=True):
        assert {id(call.module) for call in calls} <= {id(module) for module in model.modules()}


def test_the_newest_of_two_recordings_of_one_model_records() -> None:
    model = build()
    outer: list[Call] = []
    inner: list[Call] = []
    with Recording(model, outer.append):
        model(input_ids=ids(5))
        with Recording(model, inner.append):
            model(input_ids=ids(6))
        model(input_ids=ids(7))
    assert [call.query.shape[2] for call in outer] == [5] * 3 + [7] * 3
    assert [call.query.shape[2] for call in inner] == [6] * 3


def test_a_capture_inside_a_capture_of_the_same_model_keeps_both_apart() -> None:
    model = build()
    inner: list[hs.Capture] = []

    def capture_again(*_: Any) -> None:
        if not inner:
            inner.append(None)  # type: ignore[arg-type]  # the hook runs in the inner forward too
            inner[0] = hs.capture(model, ids(4, seed=2))

    handle = model.model.layers[1].register_forward_pre_hook(capture_again)
    outer = hs.capture(model, ids(9))
    handle.remove()
    alone = hs.capture(model, ids(9))
    for layer in range(3):
        assert torch.equal(outer.attention(layer), alone.attention(layer))
    assert inner[0].attention(2).shape == (4, 4, 4)


def test_threads_with_two_models_record_only_their_own() -> None:
    models = [build(seed=0), build("bidirectional", seed=1)]
    expected = [hs.capture(model, ids(12)).attention(1) for model in models]
    wrong: list[str] = []
    start = threading.Barrier(3)

    def work(which: int) -> None:
        start.wait()
        for _ in range(15):
            capture = hs.capture(models[which], ids(12))
            if len(capture.layers) != 3 or not torch.equal(capture.attention(1), expected[which]):
                wrong.append(f"model {which}")

    def use_without_capture() -> None:
        start.wait()
        for _ in range(15):
            models[0](input_ids=ids(7))

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    threads.append(threading.Thread(target=use_without_capture))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_forward_leaves_everything_as_it_was(error: type[BaseException]) -> None:
    model = build()
    plain = model(input_ids=ids(8))[0]

    def fail(*_: Any) -> None:
        raise error("in mid-forward")

    handle = model.model.layers[1].mlp.register_forward_pre_hook(fail)
    with pytest.raises(error, match="in mid-forward"):
        hs.capture(model, ids(8))
    handle.remove()
    assert AttentionInterface.__dict__["get_interface"] is ORIGINAL
    assert all(not module._forward_pre_hooks for module in model.modules())
    assert torch.equal(model(input_ids=ids(8))[0], plain)
    assert len(hs.capture(model, ids(8)).layers) == 3


def test_a_wrapper_that_somebody_else_put_on_top_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build()
    calls: list[Call] = []
    recording = Recording(model, calls.append).__enter__()
    ours = AttentionInterface.get_interface

    def theirs(self: Any, implementation: str, default: Any) -> Any:
        return ours(self, implementation, default)

    monkeypatch.setattr(AttentionInterface, "get_interface", theirs)
    recording.close()
    assert AttentionInterface.get_interface is theirs
    model(input_ids=ids(5))
    assert calls == []
    assert torch.isfinite(hs.capture(model, ids(5)).attention(0)).all()
    monkeypatch.undo()
    assert len(hs.capture(model, ids(5)).layers) == 3  # takes our own wrapper off when done
