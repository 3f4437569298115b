"""Two views that follow each other."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from pages import Page, llama, part_refused, wide

import headscope as hs
from headscope.widgets.link import fitting
from headscope.widgets.selection import shape_of, start
from headscope.widgets.settings import SETTINGS


def listeners(view: hs.HeadView) -> int:
    return sum(len(handlers) for types in view._trait_notifiers.values() for handlers in types.values())


def steps(view: hs.HeadView) -> list[Any]:
    made: list[Any] = []
    view.observe(lambda change: made.append(change["new"]), names="selection")
    return made


def test_the_second_takes_over_what_the_first_shows() -> None:
    first, second = hs.HeadView(llama(), layer=2, heads=[1], words=True), hs.HeadView(llama(), query=3)
    hs.link(first, second)
    assert second.selection == first.selection
    assert all(getattr(second, name) == getattr(first, name) for name in SETTINGS)


def test_both_ways_and_one_step_is_one_step() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(llama())
    hs.link(first, second)
    seen_first, seen_second, page = steps(first), steps(second), Page(second)
    first.select(layer=1, heads=[2, 3], query=5)
    assert seen_first == seen_second == [first.selection]
    assert page.updates == [{"layer": 1, "heads": [2, 3], "head": 2, "query": 5}]
    second.select(heads=[0], key=1)
    assert seen_first == seen_second == [seen_first[0], second.selection]
    second.threshold = 0.3
    assert first.threshold == 0.3


def test_a_click_in_one_moves_the_other() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(llama())
    hs.link(first, second)
    pages = Page(first), Page(second)
    pages[0].set(layer=2, heads=[1], head=1)
    assert pages[1].state["layer"] == second.layer == 2
    pages[1].set(words=True)
    assert pages[0].state["words"] is first.words is True


def test_what_does_not_fit_the_other_capture_is_left_alone() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(wide())  # 3 layers of 4 heads, 12 tokens; 2 of 8, 7
    hs.link(first, second)
    first.select(layer=2, heads=[3], query=11)
    assert (second.layer, second.heads, second.query) == (0, [3], None)
    first.query = 6  # only what changed is passed on: the layer of neither moves
    assert (second.layer, second.query) == (0, 6)
    second.heads = [3, 7]
    assert (first.heads, first.layer) == ([3], 2)
    second.layer = 1
    assert first.layer == 1
    second.key = 2
    assert (first.key, first.query) == (2, 6)


def test_what_a_move_entails_in_the_other_capture_stays_there() -> None:
    first, second = hs.HeadView(llama(), heads=[1, 2]), hs.HeadView(part_refused())
    hs.link(first, second)
    first.layer = 1  # which was refused in the second capture, and has no heads there
    assert (second.layer, second.heads) == (1, [])
    assert first.heads == [1, 2]


def test_fitting_tries_the_wider_fields_first() -> None:
    shape = shape_of(wide())
    changes = {"part": "self", "layer": 9, "heads": [7], "head": 7, "query": 99, "key": 1}
    assert fitting(start(shape), shape, changes) == {"part": "self", "heads": [7], "head": 7, "key": 1}


def test_a_ring_of_links_comes_to_rest() -> None:
    views = [hs.HeadView(llama()), hs.HeadView(wide()), hs.HeadView(llama())]
    for one, other in zip(views, [*views[1:], views[0]], strict=True):
        hs.link(one, other)
    views[0].select(layer=1, heads=[2])
    assert [(view.layer, view.heads) for view in views] == [(1, [2])] * 3
    views[1].select(heads=[6, 7])
    assert [view.heads for view in views] == [[2], [6, 7], [2]]


def test_unlink_ends_it_and_leaves_no_listener() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(llama())
    before = listeners(first), listeners(second)
    tie = hs.link(first, second)
    assert listeners(first) > before[0]
    tie.unlink()
    tie.unlink()
    assert (listeners(first), listeners(second)) == before
    first.layer = 2
    assert second.layer == 0


def test_linking_again_is_the_same_link() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(llama())
    tie = hs.link(first, second)
    count = listeners(first), listeners(second)
    second.unobserve_all("selection")
    assert hs.link(first, second) is hs.link(second, first) is tie
    assert (listeners(first), listeners(second)) == count
    tie.unlink()
    assert hs.link(first, second) is not tie
    assert (listeners(first), listeners(second)) == count


def test_a_link_keeps_no_view_alive_and_ends_with_either() -> None:
    gc.disable()
    try:
        first, second = hs.HeadView(llama()), hs.HeadView(llama())
        before = listeners(first)
        tie, dead = hs.link(first, second), weakref.ref(second)
        del second
        assert dead() is None
        first.layer = 1
        assert listeners(first) == before
        tie.unlink()
    finally:
        gc.enable()


def test_a_closed_view_ends_the_link() -> None:
    first, second = hs.HeadView(llama()), hs.HeadView(llama())
    before = listeners(first)
    hs.link(first, second)
    second.close()
    first.select(layer=2)
    assert (first.layer, second.layer, listeners(first)) == (2, 0, before)


def test_a_view_is_not_linked_with_itself() -> None:
    view = hs.HeadView(llama())
    with pytest.raises(ValueError, match="with itself"):
        hs.link(view, view)
