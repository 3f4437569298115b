"""The kinds of view: what each starts with, takes and says."""

from __future__ import annotations

from typing import Any

import pytest
from pages import Page, llama, wide
from traitlets import TraitError

import headscope as hs

KINDS = [(hs.ModelView, "model", "model"), (hs.HeadView, "head", "head"), (hs.NeuronView, "neuron", "neuron")]


@pytest.mark.parametrize(("view", "kind", "scale"), [*KINDS, (hs.Explorer, "explorer", "model")])
def test_each_kind_says_which_it_is_and_starts_at_its_scale(view: Any, kind: str, scale: str) -> None:
    made = view(llama())
    assert (made.kind, made.scale, Page(made).state["kind"]) == (kind, scale, kind)
    assert view(llama(), scale="neuron").scale == "neuron"
    with pytest.raises(TraitError):
        made.kind = "other"


def test_a_repr_says_what_is_selected() -> None:
    view = hs.Explorer(llama(), layer=1, heads=[2], query=3, neuron=5)
    token = view.capture.tokens().labels[3]
    assert repr(view) == f"Explorer({view.capture.model_name}, layer 1, heads [2], query 3 {token!r}, neuron 5)"


@pytest.mark.parametrize(
    ("name", "bad", "message", "good"),
    [
        ("show_layers", [1, 3], "show_layers: layer 3 is out of range: this capture has layers 0..2.", range(1, 3)),
        ("show_heads", [-1], "show_heads: head -1 is out of range: this capture has heads 0..3.", [3, 0]),
        ("show_heads", [4], "show_heads: head 4 is out of range: this capture has heads 0..3.", [3, 0]),
    ],
)
def test_layers_and_heads_to_show_are_those_of_the_capture(name: str, bad: Any, message: str, good: Any) -> None:
    view = hs.ModelView(llama())
    with pytest.raises(TraitError) as refused:
        setattr(view, name, bad)
    assert message in str(refused.value)
    with pytest.raises(TraitError):
        hs.ModelView(llama(), **{name: bad})
    setattr(view, name, good)
    assert getattr(view, name) == sorted(good)


def test_views_of_any_kinds_can_be_linked() -> None:
    first, second = hs.Explorer(llama(), layer=2, show_layers=[2]), hs.NeuronView(wide())  # 3 layers, and 2
    hs.link(first, second)
    assert (second.layer, second.show_layers) == (0, None)
    first.select(layer=1, query=2, neuron=3)
    first.measure = "value_norm"
    assert (second.layer, second.query, second.neuron, second.measure) == (1, 2, 3, "value_norm")
    second.show_layers = [1]
    assert first.show_layers == [1]
