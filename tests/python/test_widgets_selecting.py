"""The selection as traits: whole steps, for observers, for links and for the browser."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest
import traitlets
from ipywidgets import interactive
from pages import Page, llama, wide
from traitlets import TraitError

import headscope as hs
from headscope.widgets import selecting
from headscope.widgets.selecting import MOST_STEPS
from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS


@pytest.fixture
def view() -> Iterator[hs.HeadView]:
    view = hs.HeadView(llama())
    yield view
    view.close()


@pytest.fixture
def other() -> Iterator[hs.HeadView]:
    view = hs.HeadView(llama())
    yield view
    view.close()


EVERY = (*FIELDS, "selection", *SETTINGS)


def heard(view: hs.HeadView, names: Any = EVERY) -> list[tuple[str, Any, Any]]:
    """Every later change as (name, old, new)."""
    changes: list[tuple[str, Any, Any]] = []
    view.observe(lambda change: changes.append((change["name"], change["old"], change["new"])), names=names)
    return changes


# From Python


def test_setting_a_trait_is_a_step_of_the_whole_selection(view: hs.HeadView) -> None:
    view.heads = [3, 1]
    assert (view.heads, view.head) == ([1, 3], 1)
    assert view.selection.heads == (1, 3)
    view.layer = 2
    assert (view.layer, view.selection.layer) == (2, 2)


def test_a_step_is_one_event_and_every_observer_sees_its_end(view: hs.HeadView) -> None:
    states = []
    for name in ("layer", "heads", "head", "query", "selection"):
        view.observe(lambda _: states.append((view.layer, view.heads, view.head, view.query)), names=name)
    before, selections = view.selection, heard(view, "selection")
    view.select(layer=2, heads=[1], query=5)
    assert states == [(2, [1], 1, 5)] * 5
    assert selections == [("selection", before, view.selection)]


def test_events_carry_old_and_new_as_plain_values(view: hs.HeadView) -> None:
    changes = heard(view)
    before = view.selection
    view.select(layer=1, heads=(2, 1))
    assert changes == [
        ("layer", 0, 1),
        ("heads", [0, 1, 2, 3], [1, 2]),
        ("head", 0, 1),
        ("selection", before, view.selection),
    ]


def test_nothing_changed_is_no_event_and_no_message(view: hs.HeadView) -> None:
    page, changes = Page(view), heard(view)
    view.select(layer=0, heads=[0, 1, 2, 3])
    view.layer = 0
    assert (changes, page.sent) == ([], [])


def test_a_bad_value_leaves_everything_as_it_was(view: hs.HeadView) -> None:
    page, changes, before = Page(view), heard(view), view.selection
    with pytest.raises(TraitError, match=r"layer 40 is out of range: this capture has layers 0\.\.2"):
        view.layer = 40
    with pytest.raises(TraitError, match="query 12 is out of range"):
        view.select(layer=1, query=12)
    with pytest.raises(TraitError, match="read-only"):
        view.selection = before
    with pytest.raises(TraitError, match="read-only"):
        view.set_trait("selection", before)
    assert (view.selection, changes, page.sent) == (before, [], [])


def test_changing_the_list_that_was_read_changes_nothing(view: hs.HeadView) -> None:
    view.heads.append(99)
    assert view.heads == [0, 1, 2, 3]


def test_a_step_is_one_message(view: hs.HeadView) -> None:
    page = Page(view)
    view.select(layer=1, heads=[2], query=3)
    assert page.updates == [{"layer": 1, "heads": [2], "head": 2, "query": 3}]


# Observers that act


def test_steps_made_by_an_observer_are_told_after_the_step_that_it_saw(view: hs.HeadView) -> None:
    view.observe(lambda _: view.select(query=7), names="layer")
    changes = heard(view, ["layer", "query", "selection"])
    selections = heard(view, "selection")
    view.layer = 1
    assert [name for name, _, _ in changes] == ["layer", "selection", "query", "selection"]
    assert [(old.query, new.query) for _, old, new in selections] == [(None, None), (None, 7)]


def test_an_observer_that_fails_keeps_nobody_from_being_told(view: hs.HeadView) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("mine")

    view.observe(fail, names="layer")
    changes, page = heard(view, ["query", "selection"]), Page(view)
    with pytest.raises(RuntimeError, match="mine"):
        view.select(layer=1, query=2)
    assert [name for name, _, _ in changes] == ["query", "selection"]
    assert page.state["layer"] == view.layer == 1
    view.query = 3  # and later steps are told
    assert changes[-1][2].query == 3


def test_observers_that_never_rest_are_stopped(view: hs.HeadView) -> None:
    view.observe(lambda change: view.select(query=(change["new"] + 1) % 12), names="query")
    with pytest.raises(RuntimeError, match="endless loop"):
        view.query = 0
    assert MOST_STEPS < 1000
    view.layer = 2
    assert view.layer == 2


def test_an_interrupted_observer_does_not_silence_the_next_step(view: hs.HeadView) -> None:
    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    view.observe(interrupt, names="layer")
    with pytest.raises(KeyboardInterrupt):
        view.layer = 1
    selections = heard(view, "selection")
    view.query = 1
    assert len(selections) == 1


# With what traitlets and ipywidgets offer


def test_hold_trait_notifications_makes_steps_one_step(view: hs.HeadView) -> None:
    page, selections, layers = Page(view), heard(view, "selection"), heard(view, "layer")
    before = view.selection
    with view.hold_trait_notifications():
        view.layer = 1
        assert view.layer == 1
        view.layer = 2
        view.query = 4
        view.words = True
        assert (selections, layers, page.sent) == ([], [], [])
    assert selections == [("selection", before, view.selection)]
    assert layers == [("layer", 0, 2)]
    assert page.updates == [{"layer": 2, "query": 4, "words": True}]


def test_a_hold_that_ends_where_it_began_is_no_event(view: hs.HeadView) -> None:
    changes = heard(view, list(FIELDS))
    with view.hold_trait_notifications(), view.hold_trait_notifications():
        view.layer = 1
        view.layer = 0
    assert changes == []


def test_a_bad_value_in_a_hold_takes_the_whole_of_it_back(view: hs.HeadView) -> None:
    view.select(layer=1, heads=[3], query=2)
    page, changes, before = Page(view), heard(view), view.selection

    def change_much() -> None:
        with view.hold_trait_notifications():
            view.layer = 2
            view.heads = [0]
            view.words = True
            view.query = 99

    with pytest.raises(TraitError, match="query 99"):
        change_much()
    assert (view.selection, view.words, changes) == (before, False, [])
    assert {**page.state, **view.get_state()} == page.state
    view.layer = 0
    assert changes[-1][0] == "selection"


def test_any_other_error_in_a_hold_keeps_what_was_done_and_tells_it(view: hs.HeadView) -> None:
    selections = heard(view, "selection")

    def change_and_fail() -> None:
        with view.hold_trait_notifications():
            view.layer = 2
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        change_and_fail()
    assert [new.layer for _, _, new in selections] == [2]


def test_hold_sync_sends_one_message_and_tells_observers_at_once(view: hs.HeadView) -> None:
    page, selections = Page(view), heard(view, "selection")
    with view.hold_sync():
        view.layer = 1
        view.query = 3
        assert (len(selections), page.sent) == (2, [])
    assert page.updates == [{"layer": 1, "query": 3}]


def test_traits_can_be_linked(view: hs.HeadView, other: hs.HeadView) -> None:
    tie = ipywidgets.link((view, "layer"), (other, "layer"))
    view.layer = 2
    assert other.layer == 2
    other.layer = 1
    assert view.layer == 1
    tie.unlink()
    view.layer = 0
    assert other.layer == 1


def test_traits_can_be_linked_one_way(view: hs.HeadView) -> None:
    slider = ipywidgets.IntSlider(min=0, max=100)
    traitlets.dlink((slider, "value"), (view, "layer"))
    slider.value = 2
    assert view.layer == 2
    view.layer = 1
    assert slider.value == 2
    with pytest.raises(TraitError, match="layer 50 is out of range"):
        slider.value = 50
    assert view.layer == 1


def test_heads_can_be_linked_with_their_own_list(view: hs.HeadView, other: hs.HeadView) -> None:
    traitlets.link((view, "heads"), (other, "heads"))
    view.heads = (3, 2)
    assert other.heads == [2, 3]


def test_a_link_in_the_browser_finds_synced_traits(view: hs.HeadView, other: hs.HeadView) -> None:
    link = ipywidgets.jslink((view, "layer"), (other, "layer"))
    assert (link.source, link.target) == ((view, "layer"), (other, "layer"))
    link.close()


def test_interact_drives_a_view(view: hs.HeadView) -> None:
    controls = interactive(lambda layer, query: view.select(layer=layer, query=query), layer=(0, 2), query=(0, 11))
    layer, query = controls.children[:2]
    layer.value = 2
    query.value = 7
    assert (view.layer, view.query) == (2, 7)


def test_a_subclass_may_observe_by_decorator() -> None:
    class Counting(hs.HeadView):
        steps = 0

        @traitlets.observe("selection")
        def _count(self, _: Any) -> None:
            self.steps += 1

    view = Counting(llama())
    view.select(layer=1, query=1)
    assert view.steps == 1


# From the browser


def test_fields_of_one_message_are_one_step(view: hs.HeadView) -> None:
    page, selections = Page(view), heard(view, "selection")
    view.select(heads=[0])
    selections.clear()
    page.set(layer=1, heads=[2, 3], head=3, query=4)  # head 3 is possible only together with these heads
    assert [new.layer for _, _, new in selections] == [1]
    assert (view.layer, view.heads, view.head, view.query) == (1, [2, 3], 3, 4)


def test_what_the_browser_said_is_not_said_back_but_echoed_to_other_pages(view: hs.HeadView) -> None:
    page = Page(view)
    page.set(query=4)
    assert page.updates == []
    assert [(one["method"], one["state"]) for one in page.sent] == [("echo_update", {"query": 4})]


@pytest.fixture(params=[True, False], ids=["echo", "no echo"])
def echo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts can switch echoes off (JUPYTER_WIDGETS_ECHO=0)."""
    monkeypatch.setattr(selecting, "ECHO", request.param)


@pytest.mark.usefixtures("echo")
def test_what_became_of_it_goes_back(view: hs.HeadView) -> None:
    page = Page(view)
    page.set(heads=[3, 2, 3])
    assert view.heads == page.state["heads"] == [2, 3]
    assert view.head == page.state["head"] == 2
    page.set(heads=[3, 2])  # no change, but the page has it in another order
    assert page.state["heads"] == [2, 3]


@pytest.mark.usefixtures("echo")
def test_a_bad_value_from_the_browser_is_answered_with_the_state(
    view: hs.HeadView, caplog: pytest.LogCaptureFixture
) -> None:
    page, before, changes = Page(view), view.selection, heard(view)
    for bad in ({"layer": 99, "query": 1}, {"heads": "x"}, {"head": {}}, {"query": 1.5}, {"scale": None}):
        with caplog.at_level(logging.WARNING, "headscope"):
            page.set(**bad)
        assert (view.selection, changes) == (before, [])
        truth = {name: getattr(view, name) for name in bad}
        assert {name: page.state[name] for name in bad} == truth
        assert all(sent["state"].items() <= truth.items() for sent in page.sent)  # no page is ever told the bad value
        page.sent.clear()
    assert caplog.text.count("refused from the browser") == 5
    page.set(layer=1)
    assert view.layer == 1


def test_an_observer_may_correct_the_browser(view: hs.HeadView) -> None:
    page = Page(view)
    view.observe(lambda _: view.select(layer=0), names="layer")
    page.set(layer=2)
    assert view.layer == page.state["layer"] == 0


def test_settings_in_the_same_message_are_set_too(view: hs.HeadView) -> None:
    page = Page(view)
    page.set(layer=1, words=True, threshold=0)
    assert (view.layer, view.words, view.threshold) == (1, True, 0.0)
    assert page.updates == []


def test_a_bad_setting_from_the_browser_is_sent_back(view: hs.HeadView) -> None:
    page = Page(view)
    page.set(threshold=7, layer=1)
    assert view.threshold == page.state["threshold"] == 0.05
    assert view.layer == 1


def test_the_browser_cannot_set_what_is_the_kernel_s(view: hs.HeadView) -> None:
    page = Page(view)
    before = view.get_state()
    page.set(meta={}, first={}, error="x", _esm="alert(1)", _anywidget_id="y", first_data=memoryview(b"z"))
    assert view.get_state() == before
    page.set(unknown=1)


def test_two_views_of_one_capture_do_not_disturb_each_other(view: hs.HeadView, other: hs.HeadView) -> None:
    page, untouched = Page(view), Page(other)
    page.set(layer=2)
    view.query = 3
    assert (other.layer, other.query, untouched.sent) == (0, None, [])


def test_captures_of_other_shapes_have_their_own_ranges() -> None:
    view = hs.HeadView(wide())
    view.heads = [7]
    with pytest.raises(TraitError, match=r"layers 0\.\.1"):
        view.layer = 2
