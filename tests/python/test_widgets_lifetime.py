"""Views in a real kernel: cells are run again and again, and only what is shown or named stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Notebook, notebook

# The garbage collector is off in the kernel: what dies here dies with its last reference.
SETUP = """
import gc, threading, time, weakref
import ipywidgets, traitlets
from comm import get_comm_manager
from ipywidgets.widgets import widget as base
import headscope as hs
from headscope.answers.budget import living
from headscope.widgets import lifetime, operations
from headscope.widgets.view import View
from tiny import build, ids

model = build()
shell = get_ipython()

def explore():
    return hs.explore(model, ids(8))

collected = []
def collect():
    collected.append(1)
    return count()
count, gc.collect = gc.collect, collect

def listeners():
    widgets = base._instances.values()
    heard = sum(len(one) for widget in widgets for kinds in widget._trait_notifiers.values() for one in kinds.values())
    asked = sum(len(widget._msg_callbacks.callbacks) for widget in widgets)
    return heard, asked, {name: len(hooks) for name, hooks in shell.events.callbacks.items()}

def alive():
    return {
        "captures": len(list(living())),
        "views": sum(isinstance(one, View) for one in base._instances.values()),
        "widgets": len(base._instances),
        "comms": len(get_comm_manager().comms),
        "places": sum(map(len, lifetime._shown.values())),
        "hooks": len(shell.events.callbacks["post_run_cell"]),
        "collected": len(collected),
    }
"""
# A view is two widgets with a comm each, itself and its layout.
NOTHING = {"captures": 0, "views": 0, "widgets": 0, "comms": 0, "places": 0, "hooks": 0, "collected": 0}
ONE = {"captures": 1, "views": 1, "widgets": 2, "comms": 2, "places": 1, "hooks": 1, "collected": 0}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Notebook]:
    with notebook() as running:
        running.run(SETUP)
        running.run("hooks = alive()['hooks']; count(); gc.disable()")
        yield running


@pytest.fixture
def book(kernel: Notebook) -> Iterator[Notebook]:
    """A kernel without views; cells "a", "b" and "c" are empty afterwards."""
    assert alive(kernel) == {**NOTHING, "hooks": alive(kernel)["hooks"]}
    kernel.messages.clear()
    yield kernel
    kernel.run("for name in ('view', 'other', 'views', 'box', 'tie', 'dead'): globals().pop(name, None)")
    for cell in ("a", "b", "c"):
        kernel.run("0", cell)
    kernel.run("for view in [v for vs in lifetime._shown.values() for v, _ in vs.values()]: view.close()\nview = None")
    kernel.run("ipywidgets.Widget.close_all(); count(); collected.clear()")


def alive(book: Notebook) -> dict[str, int]:
    return dict(eval(book.run("print(alive())")))


def printed(book: Notebook, expression: str) -> str:
    return book.run(f"print({expression})").strip()


@pytest.mark.parametrize(
    ("cell", "runs"),
    [
        ("view = explore()\nview", 50),
        ("explore()", 10),
        ("display(explore())", 10),
        ("view = explore()\ndisplay(view)\nview.layer = 1", 10),
        ("view = explore()\ndisplay(view, view)\nview", 10),
    ],
    ids=["named", "not named", "by display", "named and by display", "thrice"],
)
def test_many_runs_of_a_cell_leave_one(book: Notebook, cell: str, runs: int) -> None:
    book.run(cell, "a")
    listeners = printed(book, "listeners()")
    for _ in range(1, runs):
        book.run(cell, "a")
    assert alive(book) == ONE
    assert printed(book, "listeners()") == listeners
    assert len(book.comms) == 2
    assert book.shown[-1] in book.comms


def test_the_view_of_the_last_run_is_the_one_that_works(book: Notebook) -> None:
    for _ in range(3):
        book.run("view = explore()\nview", "a")
    book.finish(book.say(book.shown[-1], {"method": "update", "state": {"layer": 2}, "buffer_paths": []}))
    assert printed(book, "view.layer") == "2"
    book.run("view.layer = 1")
    assert book.comms[book.shown[-1]]["layer"] == 1


def test_a_cell_that_shows_nothing_any_more_frees_what_it_showed(book: Notebook) -> None:
    book.run("explore()", "a")
    assert alive(book) == ONE
    book.run("print('something else')", "a")
    assert alive(book) == {**NOTHING, "hooks": 1}
    assert book.comms == {}


def test_a_cell_that_fails_frees_what_it_showed(book: Notebook) -> None:
    book.run("explore()", "a")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        book.run("1 / 0\nexplore()", "a")
    book.run("print('so that it is no more the last error')")
    assert alive(book)["captures"] == 0


def test_other_cells_are_left_alone(book: Notebook) -> None:
    book.run("explore()", "a")
    for _ in range(3):
        book.run("explore()", "b")
        book.run("1 + 1", "c")
    assert {**alive(book), "hooks": 1} == {**ONE, "captures": 2, "views": 2, "widgets": 4, "comms": 4, "places": 2}


def test_made_in_one_cell_and_shown_in_another(book: Notebook) -> None:
    book.run("view = explore()", "a")
    book.run("view", "b")
    for _ in range(5):
        book.run("view = explore()", "a")
    assert alive(book)["captures"] == 2  # the one that b still shows, and the one that has the name
    book.run("view", "b")
    assert alive(book) == ONE


def test_never_shown_is_only_named(book: Notebook) -> None:
    for _ in range(5):
        book.run("view = explore()")
    assert alive(book) == {**ONE, "places": 0}
    book.run("del view")
    assert alive(book)["comms"] == 0


def test_views_shown_in_one_run_do_not_retire_each_other(book: Notebook) -> None:
    for _ in range(3):
        book.run("for number in range(4): display(explore())", "a")
    assert {**alive(book), "hooks": 1} == {**ONE, "captures": 4, "views": 4, "widgets": 8, "comms": 8, "places": 4}


def test_showing_the_same_view_again_keeps_it(book: Notebook) -> None:
    book.run("view = explore()\nview", "a")
    for _ in range(3):
        book.run("view", "b")
    assert printed(book, "sorted(lifetime.places(view))") == "['a', 'b']"
    book.run("pass", "a")
    book.run("del view")
    assert alive(book) == ONE  # b shows it
    book.run("pass", "b")
    assert alive(book)["captures"] == 0


def test_what_has_a_name_of_the_user_s_stays_and_can_be_shown_again(book: Notebook) -> None:
    book.run("views = []")
    for _ in range(3):
        book.run("views.append(explore())\nviews[-1]", "a")
    first = book.shown[0]
    assert alive(book)["captures"] == 3
    assert first in book.comms
    book.finish(book.say(first, {"method": "update", "state": {"layer": 2}, "buffer_paths": []}))
    assert printed(book, "views[0].layer, views[0].selected.attention.shape") == "2 torch.Size([4, 8, 8])"
    book.run("views[0]", "b")
    assert book.shown[-1] == first
    book.run("del views")
    assert alive(book) == {**ONE, "captures": 2, "views": 2, "widgets": 4, "comms": 4, "places": 2, "collected": 2}


def test_ipython_s_own_names_do_not_count(book: Notebook) -> None:
    book.run("explore()", "a")
    book.run("explore()", "b")
    book.run("_ is not __ and isinstance(_, View)", "c")
    book.run("view = None", "a")
    book.run("view = None", "b")
    assert alive(book)["captures"] == 0
    assert printed(book, "[value for value in Out.values() if isinstance(value, View)]") == "[]"
    book.run("41 + 1", "a")
    assert printed(book, "_") == "42"  # the cache itself still works
    book.run("__ = 'mine'")
    book.run("explore()", "b")
    book.run("0", "b")
    assert printed(book, "__") == "mine"
    book.run("del __")


def test_a_name_that_the_user_took_from_the_cache_is_the_user_s(book: Notebook) -> None:
    book.run("explore()", "a")
    book.run("view = _", "a")  # the cell itself uses what it showed before
    assert printed(book, "view.layer") == "0"
    assert alive(book)["captures"] == 1


def test_views_in_cycles_are_collected(book: Notebook) -> None:
    for _ in range(3):
        book.run(
            "view, other = explore(), explore()\n"
            "tie = traitlets.link((view, 'layer'), (other, 'layer'))\n"
            "view.observe(lambda change, me=view: me.layer, names='selection')\n"
            "display(view, other)",
            "a",
        )
    assert alive(book) == {**ONE, "captures": 2, "views": 2, "widgets": 4, "comms": 4, "places": 2, "collected": 2}


def test_linked_views_need_no_collector(book: Notebook) -> None:
    for _ in range(3):
        book.run("view, other = explore(), explore()\nhs.link(view, other)\ndisplay(view, other)", "a")
    assert alive(book) == {**ONE, "captures": 2, "views": 2, "widgets": 4, "comms": 4, "places": 2}


def test_without_cell_ids_views_stay_until_they_are_closed(book: Notebook) -> None:
    for _ in range(3):
        book.run("view = explore()\nview")
    assert alive(book)["captures"] == 3
    book.run("view.close()")
    assert alive(book)["captures"] == 2


def test_a_cell_run_by_a_cell_is_no_place(book: Notebook) -> None:
    book.run("shell.run_cell('view = explore()\\ndisplay(view)')\nshell.run_cell('0')\nview.layer = 2", "a")
    assert alive(book) == ONE


def test_a_page_that_comes_back_finds_the_view(book: Notebook) -> None:
    book.run("view = explore()\nview", "a")
    book.run("del view")
    view = book.shown[-1]
    control = "0123456789abcdef"
    opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
    request = book._client.session.msg("comm_open", opening, metadata={"version": "1.0.0"})
    book._client.shell_channel.send(request)
    book.finish(request["header"]["msg_id"])
    book.messages.clear()
    book.finish(book.say(control, {"method": "request_states"}))
    (reply,) = [m for m in book.messages if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == control]
    assert reply["content"]["data"]["states"][view]["state"]["layer"] == 0
    assert len(reply["content"]["data"]["states"][view]["state"]["_esm"]) > 10
    book.run(f"get_comm_manager().comms.pop('{control}')")


def test_a_view_in_a_box_lives_with_the_box(book: Notebook) -> None:
    book.run("view = explore()\nbox = ipywidgets.VBox([view])\ndisplay(box)", "a")
    book.run("del view")
    assert printed(book, "box.children[0].layer, base._instances[box.children[0].model_id].layer") == "0 0"
    book.run("box.close(); del box")
    assert alive(book)["captures"] == 0


def test_close_frees_everything(book: Notebook) -> None:
    book.run("view = explore()\nview", "a")
    assert len(book.comms) == 2
    book.run("view.close()")
    assert alive(book) == {**NOTHING, "hooks": 1}
    assert book.comms == {}
    with pytest.raises(AssertionError, match="this view is closed"):
        book.run("view.layer = 1")
    book.messages.clear()
    book.run("view", "b")
    (shown,) = [message["content"]["data"] for message in book.messages if message["msg_type"] == "execute_result"]
    assert shown == {"text/plain": "Explorer(closed)"}


# Answers, in a kernel


ASK = {"v": 1, "kind": "request", "op": "layer", "args": {"part": "self", "layer": 1}, "limit": 70_000}


def test_a_request_is_answered_by_the_worker_and_sent_from_the_main_thread(book: Notebook) -> None:
    book.run(
        "threads = []\n"
        "view = hs.explore(model, ids(300))\n"
        "compute, send = operations.layer_packet, view.send\n"
        "operations.layer_packet = lambda *a: (threads.append(threading.current_thread().name), compute(*a))[1]\n"
        "view.send = lambda *a: (threads.append(threading.current_thread().name), send(*a))[1]\n"
        "view",
        "a",
    )
    view = book.shown[-1]
    request = book.ask(view, {**ASK, "id": "one"})
    answers = book.answers(view, "one")
    assert b"".join(a["buffers"][0] for a in answers if a["kind"] == "chunk").__len__() == answers[0]["header"]["bytes"]
    assert {a["message"]["parent_header"]["msg_id"] for a in answers} == {request}
    assert printed(book, "threads[0], set(threads[1:])") == "headscope {'MainThread'}"
    book.run("operations.layer_packet = compute; del view.send")


def test_the_answer_of_a_busy_kernel_comes_when_the_cell_ends(book: Notebook) -> None:
    book.run("view = explore()\nview", "a")
    view = book.shown[-1]
    cell = book.run("time.sleep(1)", wait=False)
    book.ask(view, {**ASK, "id": "one"})
    assert book.answers(view, "one")[-1]["kind"] == "chunk"
    ends = [m for m in book.messages if m["msg_type"] == "status" and m["parent_header"].get("msg_id") == cell]
    assert [m["content"]["execution_state"] for m in ends] == ["busy", "idle"]
    assert book.run("print(view.layer)").strip() == "0"


SLOW = """
started, worked = threading.Event(), []
def slow(capture, part, layer, pause):
    started.set()
    for step in range(400):
        pause(step / 400)
        worked.append(step)
        time.sleep(0.01)
compute, operations.layer_packet = operations.layer_packet, slow
"""


def test_a_cancelled_request_ends_on_the_worker(book: Notebook) -> None:
    book.run("view = explore()\nview", "a")
    view = book.shown[-1]
    book.run(SLOW)
    book.ask(view, {**ASK, "id": "one"})
    book.run("started.wait(10)")
    book.finish(book.ask(view, {"v": 1, "id": "one", "kind": "cancel"}))
    book.run("operations.layer_packet = compute\ntime.sleep(0.1)\nbefore = len(worked)\ntime.sleep(0.2)")
    assert printed(book, "before == len(worked) < 400") == "True"
    book.ask(view, {**ASK, "id": "two"})
    assert book.answers(view, "two")[-1]["kind"] == "chunk"
    assert not any(
        m["content"].get("data", {}).get("content", {}).get("id") == "one"
        for m in book.messages
        if m["msg_type"] == "comm_msg"
    )


def test_a_view_that_dies_ends_its_requests_and_the_worker_holds_nothing(book: Notebook) -> None:
    book.run("explore()", "a")
    view = book.shown[-1]
    book.run(SLOW)
    book.ask(view, {**ASK, "id": "one"})
    book.ask(view, {**ASK, "id": "two"})
    book.run("started.wait(10)")
    book.run("0", "a")
    assert (
        book.run("time.sleep(0.3); operations.layer_packet = compute; print(alive()['captures'], len(worked) < 400)")
        == "0 True\n"
    )


def test_a_failure_on_the_worker_is_answered(book: Notebook) -> None:
    book.run("view = explore()\nview.capture.close()\nview", "a")
    book.ask(book.shown[-1], {**ASK, "id": "one"})
    (answer,) = book.answers(book.shown[-1], "one")
    assert (answer["error"], answer["kind"]) == ("CaptureClosed", "error")


def test_a_page_s_message_on_another_thread_is_handled_on_the_main_thread(book: Notebook) -> None:
    book.run(
        "view = explore()\n"
        "threads = []\n"
        "view.observe(lambda _: threads.append(threading.current_thread().name), names='layer')\n"
        "view",
        "a",
    )
    book.run(
        "message = {'content': {'data': {'method': 'update', 'state': {'layer': 2}}}, 'buffers': []}\n"
        "other = threading.Thread(target=view.comm._msg_callback, args=(message,))\n"
        "other.start(); other.join()"
    )
    assert printed(book, "view.layer, threads") == "2 ['MainThread']"
