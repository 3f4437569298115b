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
from tiny import MECHANISMS, Checkered, build, ids

import headscope as hs
from headscope.errors import OverBudget, RefusedLayer, UnknownProjection
from headscope.widgets import packet
from headscope.widgets.packet import Packet, layer_packet

DTYPES = {"float32": "<f4", "int32": "<i4", "uint8": "u1"}


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
            if "visible" in have and not of_head(have["visible"], head)[query, key]:
                continue
            score = header["scaling"] * float(
                have["query"][head, query].astype(float) @ have["key"][group, key].astype(float)
            )
            if header["softcap"] is not None:
                score = header["softcap"] * math.tanh(score / header["softcap"])
            if "bias" in have:
                score += float(of_head(have["bias"], head)[query, key])
            answer[head, query, key] = math.exp(score - have["lse"][head, query])
    return answer


def of_head(pairs: np.ndarray, head: int) -> np.ndarray:
    """What an array [1 or heads, queries, keys] says of a head."""
    return pairs[head if len(pairs) > 1 else 0]


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_the_packet_holds_the_layer_exactly(mechanism: str) -> None:
    capture = hs.capture(build(mechanism), ids(12))
    for layer in capture.layer_numbers():
        made = layer_packet(capture, "self", layer)
        np.testing.assert_allclose(weights(made), capture.attention(layer).numpy(), atol=1e-5)
        assert made.header == json.loads(json.dumps(made.header, allow_nan=False))
        assert (made.header["v"], made.header["layer"], made.header["form"]) == (1, layer, "vectors")


def own_function(monkeypatch: pytest.MonkeyPatch) -> hs.Capture:
    """A capture whose weights only the model's own function computes."""
    monkeypatch.setattr(hs.Capture, "browser_computable", lambda *_: False)
    return hs.capture(build(), ids(30))


def test_weights_are_sent_where_the_terms_do_not_determine_them(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = own_function(monkeypatch)
    made = layer_packet(capture, "self", 0)
    assert made.header["form"] == "weights"
    np.testing.assert_array_equal(weights(made), capture.attention(0).numpy())


def test_a_mask_that_is_no_span_is_sent_as_well() -> None:
    model = Checkered(9)
    capture = hs.capture(model, ids(9))
    made = layer_packet(capture, "self", 0)
    np.testing.assert_array_equal(arrays(made)["visible"][0], model.visible[0, 0].numpy())
    np.testing.assert_allclose(weights(made), capture.attention(0).numpy(), atol=1e-5)


def test_norms_of_values_are_sent_or_why_they_are_not_known() -> None:
    made = layer_packet(hs.capture(build(), ids(9)), "self", 0)
    expected = hs.capture(build(), ids(9)).value_norms(0)
    np.testing.assert_array_equal(arrays(made)["value_norm"], expected.numpy())
    model = build()
    attention = model.model.layers[0].self_attn
    attention.o_proj = torch.nn.Sequential(torch.nn.Tanh(), attention.o_proj).eval()
    unknown = hs.capture(model, ids(9))
    header = layer_packet(unknown, "self", 0).header
    with pytest.raises(UnknownProjection) as reason:
        unknown.value_norms(0)
    assert (header["value_norm_reason"], header["value_norm_largest"]) == (str(reason.value), 0)
    assert "value_norm" not in {one["name"] for one in header["arrays"]}


def test_what_is_not_a_number_is_not_the_largest() -> None:
    model = build()
    model.model.layers[1].self_attn.v_proj.weight.data[0] = torch.nan
    header = layer_packet(hs.capture(model, ids(9)), "self", 1).header
    assert math.isfinite(header["value_norm_largest"])


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
        "dv": 16,
        "queries": 11,
        "keys": 11,
        "scaling": 0.25,
        "softcap": None,
        "value_norm_reason": "",
        "value_norm_largest": pytest.approx(float(capture.attention(1, measure="value_norm").max())),
        "arrays": None,
        "bytes": 6080,
    }
    assert [(one["name"], one["dtype"], one["shape"], one["offset"]) for one in header["arrays"]] == [
        ("query", "float32", [4, 11, 16], 0),
        ("key", "float32", [2, 11, 16], 2816),
        ("value", "float32", [2, 11, 16], 4224),
        ("lse", "float32", [4, 11], 5632),
        ("start", "int32", [11], 5808),
        ("stop", "int32", [11], 5856),  # 5852 is no multiple of 8
        ("value_norm", "float32", [4, 11], 5904),
    ]
    assert header["bytes"] == len(layer_packet(capture, "self", 1).payload) == 5904 + 176


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_sent_as_it_is(dtype: torch.dtype) -> None:
    capture = hs.capture(build().to(dtype), ids(9))
    have = arrays(layer_packet(capture, "self", 0))
    np.testing.assert_array_equal(have["query"], capture.vectors(0).query.float().numpy())


def test_a_packet_over_the_limit_says_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = own_function(monkeypatch)
    needed = 4 * 4 * 30 * 30 + 4 * 4 * 30  # weights and value norms
    monkeypatch.setattr(packet, "WEIGHTS_LIMIT", needed)
    layer_packet(weighed, "self", 0)
    monkeypatch.setattr(packet, "WEIGHTS_LIMIT", needed - 1)
    with pytest.raises(OverBudget, match=r"capture\.attention\(0, heads=\[0\], queries=range\(0, 30\)\)"):
        layer_packet(weighed, "self", 0)
    monkeypatch.undo()
    plain = hs.capture(build(), ids(30))
    layer_packet(plain, "self", 0)
    monkeypatch.setattr(packet, "VECTORS_LIMIT", 100)
    with pytest.raises(OverBudget, match="Capture a shorter text"):
        layer_packet(plain, "self", 0)


@pytest.mark.parametrize("form", ["vectors", "weights"])
def test_the_work_can_be_ended_at_every_pause(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet, "STRIPE", 4 * 30 * 20)  # twenty rows at a time

    def made() -> hs.Capture:  # anew: what was found on the way is kept
        return hs.capture(build(), ids(30)) if form == "vectors" else own_function(monkeypatch)

    told: list[float] = []
    layer_packet(made(), "self", 0, told.append)
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
            layer_packet(made(), "self", 0, stop_at(last))


def test_a_refused_layer_has_no_packet() -> None:
    capture = part_refused()
    layer_packet(capture, "self", 0)
    with pytest.raises(RefusedLayer, match=re.escape(REASON)):
        layer_packet(capture, "self", 1)
