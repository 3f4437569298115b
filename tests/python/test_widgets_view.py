"""What a view tells: the selected tensors, what is drawn, what a page needs to draw it, and how it ends."""

from __future__ import annotations

import gc
import json
import math
import weakref
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
import torch
from ipywidgets.embed import dependency_state
from ipywidgets.widgets import widget as base
from pages import REASON, Page, bert, llama, part_refused
from tiny import build, ids
from traitlets import TraitError

import headscope as hs
from headscope.errors import CaptureClosed, RefusedLayer
from headscope.widgets import first_paint, lifetime
from headscope.widgets import view as view_module
from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS

# What is selected


def test_selected_attention_is_the_capture_s() -> None:
    view = hs.HeadView(llama())
    view.select(layer=2, heads=[3, 1])
    assert torch.equal(view.selected.attention, llama().attention(2, [1, 3]))
    view.query = 5
    assert torch.equal(view.selected.attention, llama().attention(2, [1, 3], queries=5))
    view.key = 4
    assert torch.equal(view.selected.attention, llama().attention(2, [1, 3], queries=5, keys=4))
    assert view.selected.attention.shape == (2, 1, 1)
    view.query = None
    assert torch.equal(view.selected.attention, llama().attention(2, [1, 3], keys=4))


def test_selected_vectors_are_those_that_the_selected_heads_used() -> None:
    view = hs.HeadView(llama(), layer=1, heads=[0, 1, 3])
    chosen, vectors = view.selected, llama().vectors(1)
    assert torch.equal(chosen.query_vectors, vectors.query[[0, 1, 3]])
    assert torch.equal(chosen.key_vectors, vectors.key[[0, 0, 1]])  # two heads to a group
    assert torch.equal(chosen.value_vectors, vectors.value[[0, 0, 1]])
    scores = chosen.query_vectors @ chosen.key_vectors.transpose(1, 2) / 4
    causal = torch.full((12, 12), -torch.inf).triu(1)
    torch.testing.assert_close((scores + causal).softmax(-1), chosen.attention, atol=1e-5, rtol=0)


def test_a_pinned_axis_of_the_vectors_keeps_its_place() -> None:
    selected = hs.HeadView(llama(), heads=[2], query=7, key=3).selected
    assert selected.query_vectors.shape == selected.key_vectors.shape == (1, 1, 16)
    assert torch.equal(selected.query_vectors[0, 0], llama().vectors(0).query[2, 7])
    assert torch.equal(selected.value_vectors[0, 0], llama().vectors(0).value[1, 3])
    assert (selected.query_tokens, selected.key_tokens) == (
        [llama().tokens().labels[7]],
        [llama().tokens().labels[3]],
    )


def test_no_head_selected_is_an_empty_tensor() -> None:
    selected = hs.HeadView(llama(), heads=[]).selected
    assert selected.attention.shape == (0, 12, 12)
    assert selected.key_vectors.shape == (0, 12, 16)
    assert len(selected.query_tokens) == 12


def test_selected_is_lazy_and_stays_what_it_was() -> None:
    view = hs.HeadView(part_refused())
    first = view.selected
    view.layer = 1
    refused = view.selected  # no answer is asked for yet
    assert len(refused.key_tokens) == 12
    with pytest.raises(RefusedLayer, match="cannot be shown"):
        _ = refused.attention
    assert first.attention.shape == (4, 12, 12)
    assert first.attention is first.attention


def test_selected_ignores_settings_and_shown_obeys_them() -> None:
    view = hs.HeadView(bert(), layer=1, heads=[0, 2], query=3)
    whole = bert().attention(1, [0, 2])
    view.hide_first = True
    view.pair_filter = "a->b"
    torch.testing.assert_close(view.selected.attention, whole[:, 3:4])
    shown = view.shown
    assert (shown.query_positions, shown.key_positions) == ((1, 2, 3), (4, 5, 6, 7, 8))
    rest = whole[:, 1:4, 1:].sum(-1)
    torch.testing.assert_close(shown.left, rest)
    torch.testing.assert_close(shown.attention, whole[:, 1:4, 4:] / rest[..., None])


# What a page is told


def test_a_page_knows_the_tokens_the_layers_and_the_first_layer() -> None:
    page = Page(hs.HeadView(bert(), layer=2))
    meta = page.state["meta"]
    assert {**meta, "parts": None, "sides": None} == {
        "v": 1,
        "capture": bert().id,
        "model": "BertModel",
        "parts": None,
        "sides": None,
    }
    (part,) = meta["parts"]
    assert (part["name"], part["query_side"], part["key_side"]) == ("self", 0, 0)
    report = bert().layers[2]
    assert part["layers"][2] == {
        "layer": 2,
        "heads": 4,
        "tier": 1,
        "error": report.error,
        "reason": "",
        "has_map": True,
        "nonfinite": "",
    }
    tokens = bert().tokens()
    assert meta["sides"] == [
        {
            "labels": list(tokens.labels),
            "texts": list(tokens.texts),
            "special": [0] * 9,
            "segments": [0] * 4 + [1] * 5,
            "words": list(range(9)),
            "levels": {"sentence": [0, 4, 9], "paragraph": [0, 4, 9]},
            "kind": "text",
            "picture": None,
            "generated": None,
        }
    ]
    assert page.state["first"]["layer"] == 2
    assert page.state["first"]["bytes"] == len(page.state["first_data"]) > 0


def test_what_is_told_is_json_and_in_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    def size(view: hs.HeadView) -> int:
        return len(json.dumps([view.meta, view.first], allow_nan=False, ensure_ascii=False)) + len(view.first_data)

    fitting = hs.HeadView(llama())
    assert fitting.first
    assert size(fitting) <= first_paint.BUDGET == 256 * 1024
    monkeypatch.setattr(first_paint, "BUDGET", size(fitting) - 1)
    assert (hs.HeadView(llama()).first, hs.HeadView(llama()).first_data) == ({}, b"")


def test_a_long_text_leaves_the_first_layer_to_be_asked_for() -> None:
    view = hs.HeadView(hs.capture(build(), ids(1500)))
    assert len(view.meta["sides"][0]["labels"]) == 1500
    assert view.first == {}


def test_a_refused_layer_is_described_and_can_be_chosen() -> None:
    view = hs.HeadView(part_refused(), layer=1)
    assert view.meta["parts"][0]["layers"][1] == {
        "layer": 1,
        "heads": 0,
        "tier": 0,
        "error": None,
        "reason": REASON,
        "has_map": True,
        "nonfinite": "",
    }
    assert (view.heads, view.head, view.first) == ([], None, {})
    view.layer = 2
    assert view.heads == [0, 1, 2, 3]


def test_numbers_that_are_not_finite_are_named_not_hidden() -> None:
    model = build()
    with torch.no_grad():
        model.model.layers[1].self_attn.k_proj.weight[0, 0] = math.nan
    view = hs.HeadView(hs.capture(model, ids(6)), layer=1)
    said = view.meta["parts"][0]["layers"][1]["nonfinite"]
    assert "keys hold NaN" in said
    assert "model.layers.1.self_attn.k_proj.weight" in said
    assert np.isnan(np.frombuffer(view.first_data, "<f4", offset=view.first["arrays"][1]["offset"])).any()
    json.dumps([view.meta, view.first], allow_nan=False)


def test_large_traits_are_never_echoed() -> None:
    for name in ("meta", "first", "first_data", "error", "_esm"):
        assert hs.HeadView.class_traits()[name].metadata == {
            **hs.HeadView.class_traits()[name].metadata,
            "sync": True,
            "echo_update": False,
            "fixed": True,
        }


# Making one


def test_first_values_of_every_trait_can_be_given() -> None:
    view = hs.HeadView(llama(), layer=1, heads=[3, 2], head=3, query=1, words=True, threshold=0.2, theme="dark")
    assert (view.layer, view.heads, view.head, view.query) == (1, [2, 3], 3, 1)
    assert (view.words, view.threshold, view.theme) == (True, 0.2, "dark")
    assert {*FIELDS, *SETTINGS} <= set(view.keys)


def test_a_bad_first_value_is_refused_and_leaves_nothing_behind() -> None:
    gc.collect()  # views of tests before this one
    before = len(base._instances)
    with pytest.raises(TraitError, match=r"layer 40 is out of range: this capture has layers 0\.\.2"):
        hs.HeadView(llama(), layer=40)
    with pytest.raises(TraitError, match="threshold"):
        hs.HeadView(llama(), threshold=4)
    with pytest.raises(TypeError, match=r"no argument 'lyer'\. Did you mean layer"):
        hs.HeadView(llama(), lyer=1)
    with pytest.raises(TypeError, match="no argument 'meta'"):
        hs.HeadView(llama(), meta={})
    gc.collect()
    assert len(base._instances) == before


def test_explore_captures_and_shows() -> None:
    model = build()
    view = hs.explore(model, ids(8), layer=2, heads=[1])
    assert isinstance(view, hs.Explorer)
    assert torch.equal(view.selected.attention, hs.capture(model, ids(8)).attention(2, [1]))


def test_a_missing_bundle_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(view_module, "BUNDLE", tmp_path / "widget.js")
    with pytest.raises(FileNotFoundError, match="run `make build`"):
        hs.HeadView(llama())
    (tmp_path / "widget.js").write_text("export default {}")
    assert hs.HeadView(llama())._esm == "export default {}"


def test_instances_share_one_class() -> None:
    assert type(hs.HeadView(llama())) is type(hs.HeadView(llama())) is hs.HeadView
    assert hs.HeadView(llama())._anywidget_id == "headscope.widgets.head_view.HeadView"


def test_repr_is_short_and_says_what_is_selected() -> None:
    view = hs.HeadView(llama())
    assert repr(view) == "HeadView(LlamaForCausalLM, layer 0, all 4 heads)"
    view.select(layer=1, heads=[0, 2], query=3)
    assert repr(view) == f"HeadView(LlamaForCausalLM, layer 1, heads [0, 2], query 3 {llama().tokens().labels[3]!r})"


# How it ends


def test_close_frees_everything_and_says_so_later() -> None:
    view = hs.HeadView(hs.capture(build(), ids(6)))
    page, capture, before = Page(view), weakref.ref(view.capture), view.selection
    known, layout = view.model_id, view.layout.model_id
    view.close()
    view.close()
    assert (page.closed, capture(), view.closed) == (True, None, True)
    assert known not in base._instances
    assert layout not in base._instances
    uses: list[Any] = [
        lambda: view.capture,
        lambda: view.selected,
        lambda: view.shown,
        lambda: view.select(layer=1),
        lambda: setattr(view, "layer", 1),
    ]
    for use in uses:
        with pytest.raises(CaptureClosed, match="this view is closed"):
            use()
    assert (repr(view), view.selection) == ("HeadView(closed)", before)


def test_closing_a_view_leaves_the_capture_to_those_who_have_it() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(llama())
    first.close()
    assert second.selected.attention.shape == (4, 12, 12)


def test_a_layout_that_is_shared_is_not_closed() -> None:
    layout = ipywidgets.Layout(width="50%")
    hs.HeadView(llama(), layout=layout).close()
    assert layout.comm is not None
    assert hs.HeadView(llama(), layout={"width": "40%"}).layout.width == "40%"


def test_without_a_kernel_a_view_dies_with_its_last_name() -> None:
    gc.disable()
    try:
        view = hs.HeadView(hs.capture(build(), ids(6)))
        view.observe(print, names="selection")
        page = Page(view)
        page.view = None  # type: ignore[assignment]
        dead, capture = weakref.ref(view), weakref.ref(view.capture)
        view.select(layer=1)
        view.words = True
        _ = view.selected.attention, view.shown, view._repr_mimebundle_()
        del view
        assert (dead(), capture(), page.closed) == (None, None, True)
    finally:
        gc.enable()


def test_the_registry_finds_a_view_while_it_lives() -> None:
    view = hs.HeadView(llama())
    box = ipywidgets.VBox([view])
    assert base._instances[view.model_id].layer == 0
    assert view.model_id in dependency_state([box])
    assert lifetime.places(view) == []


def test_a_closed_capture_is_refused_at_once() -> None:
    closed = hs.capture(build(), ids(5))
    closed.close()
    with pytest.raises(hs.HeadscopeError, match="this capture was closed"):
        hs.HeadView(closed)


def test_an_observer_that_raises_does_not_cost_the_settings_of_the_same_message() -> None:
    view = hs.HeadView(hs.capture(build(), ids(5)))

    def fail(_: object) -> None:
        raise RuntimeError("an observer of the user's")

    view.observe(fail, names="layer")
    with pytest.raises(RuntimeError, match="an observer"):
        view.set_state({"layer": 1, "words": True})
    assert (view.layer, view.words) == (1, True)
    view.close()
