"""How a selection changes: the rules, without any widget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from pages import bert, llama
from traitlets import TraitError

from headscope.errors import RefusedLayer
from headscope.widgets.selection import FIELDS, Selection, Shape, Stack, shape_of, start, step


def width(_part: str, layer: int) -> int:
    if layer == 2:
        raise RefusedLayer("layer 2 was refused")
    return 16 if layer == 0 else 8


# Layer 2 was refused and has no heads.
SHAPE = Shape(
    {
        "self": Stack({0: 9, 1: 4, 2: 0, 3: 12}, queries=12, keys=10, query_axis="text", key_axis="text"),
        "cross": Stack({5: 3, 7: 3, 3: 2}, queries=12, keys=20, query_axis="text", key_axis="frames"),
        "tower": Stack({0: 2}, queries=3, keys=3),
    },
    width,
)
FIRST = start(SHAPE)


def after(*changes: dict[str, Any]) -> Selection:
    selection = FIRST
    for change in changes:
        selection = step(selection, SHAPE, **change)
    return selection


def test_starts_at_the_first_layer_with_all_heads_drawn() -> None:
    assert Selection("self", 0, tuple(range(9)), 0, None, None, None, "head") == FIRST
    refused_first = Shape({"self": Stack({0: 0, 1: 4}, 3, 3)}, width)
    assert start(refused_first).layer == 1


def test_shape_of_a_capture() -> None:
    shape = shape_of(llama())
    tokens = llama().tokens()
    assert shape.stacks == {"self": Stack({0: 4, 1: 4, 2: 4}, 12, 12, tokens, tokens)}
    assert shape.width("self", 0) == 16
    assert shape_of(bert()).stacks["self"].queries == 9


def test_several_fields_change_together() -> None:
    changed = step(FIRST, SHAPE, layer=3, heads=[11, 2, 2], head=11, query=4, key=9, neuron=7, scale="neuron")
    assert changed == Selection("self", 3, (2, 11), 11, 4, 9, 7, "neuron")


def test_nothing_changed_is_equal() -> None:
    assert step(FIRST, SHAPE) == FIRST
    assert step(FIRST, SHAPE, layer=0, heads=range(9), query=None) == FIRST


@pytest.mark.parametrize(
    "heads", [[5, 3, 3], (3, 5), {3, 5}, np.array([5, 3]), torch.tensor([3, 5]), iter([3, 5]), range(3, 6, 2)]
)
def test_heads_are_any_whole_numbers_and_come_out_sorted(heads: Any) -> None:
    assert step(FIRST, SHAPE, heads=heads).heads == (3, 5)


@pytest.mark.parametrize("three", [3, np.int64(3), torch.tensor(3)])
def test_any_kind_of_whole_number_will_do_and_becomes_int(three: Any) -> None:
    changed = step(FIRST, SHAPE, layer=three, query=three)
    assert (type(changed.layer), type(changed.query)) == (int, int)
    assert (changed.layer, changed.query) == (3, 3)


def test_focus_follows_the_drawn_heads() -> None:
    assert after({"heads": [4, 6]}).head == 4
    assert after({"head": 6}, {"heads": [4, 6]}).head == 6
    assert after({"heads": []}).head is None
    assert after({"heads": []}, {"heads": [7]}).head == 7
    assert after({"heads": [4, 6]}, {"head": 6}, {"head": None}).head == 4


def test_a_layer_with_fewer_heads_drops_those_that_it_lacks() -> None:
    assert after({"heads": [2, 8], "head": 8}, {"layer": 1}) == Selection("self", 1, (2,), 2)
    assert after({"heads": [7, 8]}, {"layer": 1}).heads == (0, 1, 2, 3)
    assert after({"heads": []}, {"layer": 1}).heads == ()  # the user's own wish
    assert after({"heads": [3]}, {"layer": 3}).heads == (3,)


def test_a_refused_layer_has_no_heads_and_the_next_one_has_all() -> None:
    refused = after({"layer": 2})
    assert (refused.heads, refused.head) == ((), None)
    assert step(refused, SHAPE, layer=1).heads == (0, 1, 2, 3)


def test_another_part_keeps_what_it_has() -> None:
    at = {"layer": 3, "heads": [1, 8], "query": 11, "key": 9, "scale": "model"}
    assert after(at, {"part": "cross"}) == Selection("cross", 3, (1,), 1, 11, None, None, "model")
    assert after({"heads": [8]}, {"part": "cross"}) == Selection("cross", 5, (0, 1, 2), 0)
    assert after({"query": 1, "key": 1}, {"part": "tower"}) == Selection("tower", 0, (0, 1), 0)
    assert after({"query": 1}, {"part": "cross", "layer": 7, "key": 19, "query": None}).key == 19


def test_a_neuron_survives_only_in_layers_that_have_it() -> None:
    assert after({"neuron": 12}, {"query": 1}).neuron == 12
    assert after({"neuron": 12}, {"layer": 1}).neuron is None
    assert after({"neuron": 7}, {"layer": 1}).neuron == 7
    assert after({"neuron": 7}, {"layer": 2}).neuron is None


def test_width_is_not_asked_while_no_neuron_is_selected() -> None:
    never = Shape(SHAPE.stacks, lambda *_: pytest.fail("asked"))
    assert step(FIRST, never, layer=1, neuron=None).neuron is None


# What is refused, each beside a neighbour that is not.
@pytest.mark.parametrize(
    ("bad", "message", "good"),
    [
        ({"layer": 40}, "layer 40 is out of range: part 'self' has layers 0..3.", {"layer": 3}),
        ({"layer": -1}, "layer -1 is out of range: part 'self' has layers 0..3.", {"layer": 0}),
        ({"layer": "1"}, "layer '1' is not a whole number: part 'self' has layers 0..3.", {"layer": 1}),
        ({"layer": 1.0}, "layer 1.0 is not a whole number", {"layer": 1}),
        ({"layer": True}, "layer True is not a whole number", {"layer": 1}),
        ({"layer": None}, "layer None is not a whole number", {"layer": 1}),
        ({"heads": [9]}, "head 9 is out of range: layer 0 has heads 0..8.", {"heads": [8]}),
        ({"layer": 1, "heads": [8]}, "head 8 is out of range: layer 1 has heads 0..3.", {"layer": 1, "heads": [3]}),
        ({"heads": 3}, "heads 3 is not a list of heads", {"heads": [3]}),
        ({"heads": "01"}, "head '0' is not a whole number", {"heads": [0, 1]}),
        ({"heads": None}, "heads None is not a list of heads", {"heads": []}),
        ({"layer": 2, "heads": [0]}, "layer 2 was refused and has no heads", {"layer": 2, "heads": []}),
        ({"head": 9}, "head 9 is out of range: layer 0 has heads 0..8.", {"head": 8}),
        (
            {"heads": [0], "head": 5},
            "head 5 is not drawn: heads is [0]. To draw it too: select(heads=[0, 5], head=5).",
            {"heads": [0, 5], "head": 5},
        ),
        ({"query": 12}, "query 12 is out of range: positions are 0..11, or None for no token.", {"query": 11}),
        ({"key": 10}, "key 10 is out of range: positions are 0..9, or None for no token.", {"key": 9}),
        ({"neuron": 16}, "neuron 16 is out of range: layer 0 has neurons 0..15", {"neuron": 15}),
        ({"layer": 2, "neuron": 0}, "neuron 0 cannot be selected: layer 2 was refused", {"layer": 1, "neuron": 0}),
        ({"part": "encoder"}, "part 'encoder' is unknown: choose one of 'self', 'cross', 'tower'.", {"part": "cross"}),
        ({"part": ["self"]}, "part ['self'] is unknown", {"part": "self"}),
        ({"scale": "big"}, "scale 'big' is unknown: choose one of 'model', 'head', 'neuron'.", {"scale": "model"}),
    ],
)
def test_a_bad_value_is_refused_with_what_is_possible(bad: Any, message: str, good: Any) -> None:
    with pytest.raises(TraitError) as refused:
        step(FIRST, SHAPE, **bad)
    assert message in str(refused.value)
    step(FIRST, SHAPE, **good)


def test_layers_with_gaps_are_named_one_by_one() -> None:
    with pytest.raises(TraitError, match="part 'cross' has layers 3, 5, 7"):
        after({"part": "cross", "layer": 6})


def test_an_unknown_field_is_refused_with_a_guess() -> None:
    with pytest.raises(TypeError, match="no field 'lyer'; did you mean layer"):
        step(FIRST, SHAPE, lyer=3)


numbers = some.one_of(some.none(), some.integers(-1, 21))
changes = some.fixed_dictionaries(
    {},
    optional={
        "part": some.sampled_from(["self", "cross", "tower", "other"]),
        "layer": some.integers(-1, 8),
        "heads": some.lists(some.integers(-1, 12), max_size=4),
        "head": numbers,
        "query": numbers,
        "key": numbers,
        "neuron": numbers,
        "scale": some.sampled_from(["model", "head", "neuron", "?"]),
    },
)


@given(some.lists(changes, max_size=8))
def test_every_reachable_selection_is_possible(steps: list[dict[str, Any]]) -> None:
    selection = FIRST
    for change in steps:
        try:
            selection = step(selection, SHAPE, **change)
        except TraitError:
            continue
        for name in change.keys() - {"heads", "head"}:
            assert getattr(selection, name) == change[name]
    stack = SHAPE.stacks[selection.part]
    assert list(selection.heads) == sorted(set(selection.heads) & set(range(stack.heads[selection.layer])))
    assert selection.head in selection.heads or (selection.head is None and not selection.heads)
    # Said in full, or field by field, it is the same selection: setting what is set changes nothing.
    assert step(FIRST, SHAPE, **{name: getattr(selection, name) for name in FIELDS}) == selection
    assert all(step(selection, SHAPE, **{name: getattr(selection, name)}) == selection for name in FIELDS)
