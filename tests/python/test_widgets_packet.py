"""Packets, read back as the browser reads them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from pages import REASON, part_refused
from tiny import MECHANISMS, build, ids

import headscope as hs
from headscope.errors import OverBudget, RefusedLayer
from headscope.widgets import packet
from headscope.widgets.packet import Packet, layer_packet, plan

DTYPES = {"float32": "<f4", "int32": "<i4"}


def arrays(made: Packet) -> dict[str, np.ndarray]:
    """The arrays of a packet, each from its own bytes."""
    return {
        one["name"]: np.frombuffer(
            bytes(made.payload), DTYPES[one["dtype"]], math.prod(one["shape"]), one["offset"]
        ).reshape(one["shape"])
        for one in made.header["arrays"]
    }


def weights(made: Packet) -> np.ndarray:
    """What the browser computes: the contract's formula, in float64, one weight after the other."""
    header, have = made.header, arrays(made)
    if header["form"] == "weights":
        return have["weights"]
    answer = np.zeros((header["heads"], header["queries"], header["keys"]))
    for head, query in np.ndindex(*answer.shape[:2]):
        group = head // (header["heads"] // header["groups"])
        for key in range(have["start"][query], have["stop"][query]):
            score = header["scaling"] * float(
                have["query"][head, query].astype(float) @ have["key"][group, key].astype(float)
            )
            if header["softcap"] is not None:
                score = header["softcap"] * math.tanh(score / header["softcap"])
            answer[head, query, key] = math.exp(score - have["lse"][head, query])
    return answer


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_the_packet_holds_the_layer_exactly(mechanism: str) -> None:
    capture = hs.capture(build(mechanism), ids(12))
    for layer in capture.layer_numbers():
        made = layer_packet(capture, "self", layer)
        np.testing.assert_allclose(weights(made), capture.attention(layer).numpy(), atol=1e-5)
        assert made.header == json.loads(json.dumps(made.header, allow_nan=False))
        form = "vectors" if capture.browser_computable(layer) else "weights"
        assert (made.header["v"], made.header["layer"], made.header["form"]) == (1, layer, form)


def test_both_forms_are_among_the_mechanisms() -> None:
    forms = {plan(hs.capture(build(one), ids(9)), "self", 0).form for one in ("bidirectional", "position bias")}
    assert forms == {"vectors", "weights"}


def test_sinks_are_sent_as_well() -> None:
    capture = hs.capture(build("sinks and window"), ids(12))
    have = arrays(layer_packet(capture, "self", 0))
    np.testing.assert_array_equal(have["sink"], capture.record(0).sinks.detach().numpy())


def test_the_layout_is_the_contract_s() -> None:
    capture = hs.capture(build(), ids(11))
    header = layer_packet(capture, "self", 1).header
    assert {**header, "arrays": None} == {
        "v": 1,
        "part": "self",
        "layer": 1,
        "form": "vectors",
        "heads": 4,
        "groups": 2,
        "d": 16,
        "queries": 11,
        "keys": 11,
        "scaling": 0.25,
        "softcap": None,
        "arrays": None,
        "bytes": 4496,
    }
    assert [(one["name"], one["dtype"], one["shape"], one["offset"]) for one in header["arrays"]] == [
        ("query", "float32", [4, 11, 16], 0),
        ("key", "float32", [2, 11, 16], 2816),
        ("lse", "float32", [4, 11], 4224),
        ("start", "int32", [11], 4400),
        ("stop", "int32", [11], 4448),  # 4444 is no multiple of 8
    ]
    assert header["bytes"] == len(layer_packet(capture, "self", 1).payload) == 4448 + 48


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_sent_as_it_is(dtype: torch.dtype) -> None:
    capture = hs.capture(build().to(dtype), ids(9))
    have = arrays(layer_packet(capture, "self", 0))
    np.testing.assert_array_equal(have["query"], capture.vectors(0).query.float().numpy())


def test_a_packet_over_the_limit_says_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    biased = hs.capture(build("position bias"), ids(30))
    monkeypatch.setattr(packet, "WEIGHTS_LIMIT", 4 * 4 * 30 * 30)
    layer_packet(biased, "self", 0)
    monkeypatch.setattr(packet, "WEIGHTS_LIMIT", 4 * 4 * 30 * 30 - 1)
    with pytest.raises(OverBudget, match=r"capture\.attention\(0, heads=\[0\], queries=range\(0, 30\)\)"):
        layer_packet(biased, "self", 0)
    plain = hs.capture(build(), ids(30))
    layer_packet(plain, "self", 0)
    monkeypatch.setattr(packet, "VECTORS_LIMIT", 100)
    with pytest.raises(OverBudget, match="Capture a shorter text"):
        layer_packet(plain, "self", 0)


@pytest.mark.parametrize("mechanism", ["bidirectional", "position bias"])
def test_the_work_can_be_ended_at_every_pause(mechanism: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet, "STRIPE", 4 * 9 * 2)  # two rows at a time
    capture = hs.capture(build(mechanism), ids(9))
    told: list[float] = []
    layer_packet(capture, "self", 0, told.append)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)

    class Enough(Exception): ...

    def stop_at(last: int) -> Any:
        calls = iter(range(last))

        def pause(_: float) -> None:
            if next(calls, None) is None:
                raise Enough

        return pause

    for last in range(len(told)):
        with pytest.raises(Enough):
            layer_packet(capture, "self", 0, stop_at(last))


def test_a_refused_layer_has_no_packet() -> None:
    capture = part_refused()
    layer_packet(capture, "self", 0)
    with pytest.raises(RefusedLayer, match=re.escape(REASON)):
        layer_packet(capture, "self", 1)
