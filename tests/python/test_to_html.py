"""Views as pages of their own: how exact what they hold is, said and measured, and how large they are."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import embedded
import numpy as np
import pytest
import torch
from embedded import payload_of
from saved_files import KINDS, of_mechanism
from tiny import MECHANISMS, build, ids

import headscope as hs
from headscope.errors import OutOfRange, OverBudget
from headscope.export import page as page_module


class Scripts(HTMLParser):
    """Collects the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.found.append(data)


def data_of(path: Path) -> dict[str, Any]:
    parser = Scripts()
    parser.feed(path.read_text(encoding="ascii"))
    return json.loads(parser.found[0])


def arrays_of(layer: dict[str, Any]) -> dict[str, np.ndarray]:
    payload = payload_of(layer)
    return {
        one["name"]: np.frombuffer(payload, one["dtype"], int(np.prod(one["shape"])), one["offset"]).reshape(
            one["shape"]
        )
        for one in layer["header"]["arrays"]
    }


def weights_of(layer: dict[str, Any]) -> np.ndarray:
    """Weights out of what a page holds of a layer, computed by the equation of the issue and not by ours."""
    header, arrays = layer["header"], arrays_of(layer)
    vectors = {
        name: arrays[name].astype(float) * arrays.get(f"{name}_scale", np.ones(1))[..., None]
        for name in ("query", "key")
    }
    key = np.repeat(vectors["key"], header["heads"] // header["groups"], axis=0)
    scores = header["scaling"] * np.einsum("hqd,hkd->hqk", vectors["query"], key)
    if header["softcap"] is not None:
        scores = header["softcap"] * np.tanh(scores / header["softcap"])
    scores = scores + arrays.get("bias", 0)
    place = np.arange(header["keys"])
    seen = (place >= arrays["start"][:, None]) & (place < arrays["stop"][:, None])
    if "visible" in arrays:
        seen = seen & (arrays["visible"] != 0)
    scores = np.where(seen, scores, -np.inf)
    sink = np.exp(arrays["sink"].astype(float))[:, None] if "sink" in arrays else 0
    return np.exp(scores) / (np.exp(scores).sum(-1) + sink)[..., None]


def stated_in(data: dict[str, Any]) -> float:
    """How far a weight may be off, as the page tells its reader."""
    return float(re.search(r"further than (\S+) from", data["note"])[1])  # type: ignore[index]


@pytest.mark.parametrize("kind", [*MECHANISMS, "a dense mask", "vectors"])
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_a_page_holds_what_makes_the_weights_and_says_how_far_they_are(kind: str, dtype: Any, tmp_path: Path) -> None:
    capture = KINDS[kind]() if kind in KINDS else of_mechanism(kind)
    view = hs.Explorer(capture)
    data = data_of(view.to_html(tmp_path / "page.html", dtype=dtype))
    moved = 0.0
    for layer in data["layers"]:
        exact = capture.attention(layer["header"]["layer"]).double().numpy()
        moved = max(moved, np.abs(weights_of(layer) - exact).max())
    if dtype == "float32":
        assert data["note"] is None
        assert moved < 1e-5
    else:
        assert 1e-7 < moved <= stated_in(data) + 1e-6  # which our own float64 here differs by
        assert stated_in(data) < 2e-3
        assert all(layer["header"]["within"] <= stated_in(data) for layer in data["layers"])
    view.close()


def test_the_page_of_a_large_model_is_small(tmp_path: Path) -> None:
    """12 x 12 heads at 512 tokens, of GPT-2's width: under 32 MB."""
    model = build("causal, fused projection", n_layer=12, n_head=12, n_embd=768, n_positions=512)
    view = hs.Explorer(hs.capture(model, ids(512)), layer=5, head=3, query=100)
    path = view.to_html(tmp_path / "page.html")
    assert path.stat().st_size < 32_000_000
    data = data_of(path)
    assert len(data["layers"]) == 12
    assert {layer["header"]["form"] for layer in data["layers"]} == {"short"}
    assert (data["traits"]["layer"], data["traits"]["query"]) == (5, 100)
    exact = view.capture.attention(5).double().numpy()
    assert np.abs(weights_of(data["layers"][5]) - exact).max() <= data["layers"][5]["header"]["within"] + 1e-6
    view.close()


def test_values_are_rounded_to_eight_bits_and_their_norms_are_exact(tmp_path: Path) -> None:
    capture = of_mechanism("bidirectional")
    data = data_of(hs.Explorer(capture).to_html(tmp_path / "page.html", dtype="int16"))
    arrays = arrays_of(data["layers"][1])
    value = capture.vectors(1).value.numpy()
    rounded = arrays["value"] * arrays["value_scale"][..., None]
    assert np.abs(rounded - value).max() <= np.abs(value).max() / 127 / 2 * 1.001
    assert np.array_equal(arrays["value_norm"], capture.value_norms(1).numpy())


def test_chosen_layers_and_the_selected_one_are_kept(tmp_path: Path) -> None:
    view = hs.Explorer(of_mechanism("bidirectional"), layer=1)
    data = data_of(view.to_html(tmp_path / "page.html", layers=[2]))
    assert [layer["header"]["layer"] for layer in data["layers"]] == [1, 2]
    with pytest.raises(OutOfRange, match=r"\[5\]"):
        view.to_html(tmp_path / "page.html", layers=[5])
    with pytest.raises(OutOfRange, match="int16"):
        view.to_html(tmp_path / "page.html", dtype="int4")  # type: ignore[arg-type]
    view.close()


def test_a_page_that_would_be_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = hs.Explorer(of_mechanism("bidirectional"))
    monkeypatch.setattr(page_module, "LIMIT", 1000)
    with pytest.raises(OverBudget, match=r"capture\.save"):
        view.to_html(tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    view.close()


@pytest.mark.parametrize("kind", [hs.HeadView, hs.ModelView, hs.Explorer])
def test_rounded_weights_say_how_far_they_are_off(kind: Any, tmp_path: Path) -> None:
    capture = KINDS["weights alone"]()
    data = data_of(kind(capture).to_html(tmp_path / "page.html"))
    moved = 0.0
    for layer in data["layers"]:
        assert layer["header"]["form"] == "rounded"
        moved = max(
            moved, np.abs(embedded.weights_of(layer) - capture.attention(layer["header"]["layer"]).numpy()).max()
        )
    assert 1e-4 < moved <= stated_in(data)


def test_what_is_no_number_is_not_rounded(tmp_path: Path) -> None:
    model = build("bidirectional")
    with torch.no_grad():
        model.encoder.layer[1].attention.self.query.weight[0, 0] = float("nan")
    capture = hs.capture(model, ids(12))
    data = data_of(hs.Explorer(capture).to_html(tmp_path / "page.html", dtype="int16"))
    records = [capture.record(layer) for layer in range(3)]
    finite = [all(one.isfinite().all() for one in (record.query, record.key, record.value)) for record in records]
    assert finite[:2] == [True, False]  # kernels differ in what they give the next layer for NaN: zeros, or NaN
    assert [layer["header"]["form"] for layer in data["layers"]] == [["vectors", "short"][one] for one in finite]
    assert np.isnan(arrays_of(data["layers"][1])["query"]).any()


def test_a_view_without_vectors_has_no_dtype(tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match="leave it out"):
        hs.HeadView(of_mechanism("bidirectional")).to_html(tmp_path / "page.html", dtype="float32")


def test_a_bias_counts_for_the_size_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = hs.Explorer(of_mechanism("position bias"))
    size = len(payload_of(data_of(view.to_html(tmp_path / "page.html", dtype="int16"))["layers"][0]))
    monkeypatch.setattr(page_module, "LIMIT", 3 * size - 100)
    with pytest.raises(OverBudget):
        view.to_html(tmp_path / "page.html", dtype="int16")


# Some heads only


def spread(layer: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of a layer that lost heads, with those that are there at their own numbers."""
    header, found = layer["header"], {}
    kept = header["kept"]
    for name, array in arrays_of(layer).items():
        how = kept["arrays"].get(name)
        if how is None:
            found[name] = array
            continue
        whole = np.full((header[how], *array.shape[1:]), np.nan, float)
        whole[kept[how]] = array
        found[name] = whole
    return found


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_a_page_keeps_the_heads_that_were_chosen_by_their_own_numbers(dtype: Any, tmp_path: Path) -> None:
    capture = of_mechanism("causal, grouped heads, rotary")  # 4 heads in 2 groups
    view = hs.Explorer(capture, layer=1, heads=[0, 3], head=0)
    whole = data_of(view.to_html(tmp_path / "whole.html", dtype=dtype))
    data = data_of(view.to_html(tmp_path / "page.html", heads={0: [2], 1: [1, 3]}, dtype=dtype))
    metas = data["traits"]["meta"]["parts"][0]["layers"]
    assert [layer.get("kept") for layer in metas] == [[2], [1, 3], None]
    assert [layer["heads"] for layer in metas] == [4, 4, 4]
    assert "kept" not in data["layers"][2]["header"]
    assert payload_of(data["layers"][2]) == payload_of(whole["layers"][2])
    for layer, heads, groups in ((0, [2], [1]), (1, [1, 3], [0, 1])):
        cut, full = spread(data["layers"][layer]), arrays_of(whole["layers"][layer])
        assert cut.keys() == full.keys()
        for name in ("query", "lse", "value_norm"):
            assert np.array_equal(cut[name][heads], full[name][heads])
        for name in ("key", "value"):
            assert np.array_equal(cut[name][groups], full[name][groups])
            assert np.isnan(cut[name]).any() == (len(groups) == 1)
        assert len(payload_of(data["layers"][layer])) < 0.75 * len(payload_of(whole["layers"][layer]))
    assert (data["traits"]["heads"], data["traits"]["head"]) == ([3], 3)  # 0 is not there
    assert (view.heads, view.head) == ([0, 3], 0)
    assert "not in this page" in data["note"]
    assert (dtype == "int16") == ("further than" in data["note"])


def test_rounded_weights_of_some_heads_are_theirs_and_take_less(tmp_path: Path) -> None:
    view = hs.HeadView(of_mechanism("bidirectional"))
    whole = data_of(view.to_html(tmp_path / "whole.html"))
    data = data_of(view.to_html(tmp_path / "page.html", heads=2))
    assert data["traits"]["heads"] == [2]
    assert len(payload_of(data["layers"][0])) < 0.4 * len(payload_of(whole["layers"][0]))
    one, all_ = (arrays_of(some["layers"][0])["coarse"] for some in (data, whole))
    assert np.array_equal(one.reshape(23, 1, 23)[:, 0], all_.reshape(23, 4, 23)[:, 2])
    assert stated_in(data) <= stated_in(whole)


@pytest.mark.parametrize(
    ("heads", "told"),
    [
        ([9], "layer 0 has heads 0 to 3"),
        ({1: [2, 9]}, r"layer 1 has heads 0 to 3; heads= asks for \[2, 9\]"),
        ({7: [0]}, r"layers \[7\], which are not in this page"),
        ([], "layer 0 has heads 0 to 3"),
    ],
)
def test_heads_that_are_not_there_are_refused(heads: Any, told: str, tmp_path: Path) -> None:
    view = hs.Explorer(of_mechanism("bidirectional"))
    with pytest.raises(OutOfRange, match=told):
        view.to_html(tmp_path / "page.html", heads=heads)
    assert list(tmp_path.iterdir()) == []
