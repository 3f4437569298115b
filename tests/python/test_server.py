"""Saved captures on a Jupyter server: shown without a kernel to who may read them, and nothing else is."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from saved_files import of_mechanism
from servers import TOKEN, Server, opened, refusal, serving

import headscope as hs
from headscope.server.handler import MOST_OPEN
from headscope.server.paths import NoSuchFile, file_of

KNOWN = {"Authorization": f"token {TOKEN}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's root, with captures and what is none of its business."""
    top = tmp_path_factory.mktemp("server")
    root = top / "root"
    (root / "sub folder").mkdir(parents=True)
    (root / ".hidden").mkdir()
    capture = of_mechanism("causal, grouped heads, rotary")
    for name in ("root/some.headscope", "root/sub folder/ünï?.headscope", "outside.headscope"):
        capture.save(top / name)
    for name in (".some.headscope", ".hidden/some.headscope"):
        (root / name).write_bytes((root / "some.headscope").read_bytes())
    (root / "out.headscope").symlink_to(top / "outside.headscope")
    (root / "in.headscope").symlink_to(root / "some.headscope")
    (root / "to_hidden.headscope").symlink_to(root / ".some.headscope")
    (root / "notes.headscope").write_text("no capture")
    return root


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder) as running:
        yield running


def test_a_page_is_told_of_a_file_and_asks_about_it(server: Server, folder: Path) -> None:
    capture = hs.load(folder / "some.headscope")

    async def page() -> None:
        async with opened(server, "sub folder/ünï?.headscope") as line:
            content, (first, thumbnails) = await line.read()
            traits = content["traits"]
            assert content["kind"] == "opened"
            assert traits["kind"] == "explorer"
            assert [layer["heads"] for layer in traits["meta"]["parts"][0]["layers"]] == [4, 4, 4]
            assert len(first) == traits["first"]["bytes"]
            assert len(thumbnails) == sum(layer["bytes"] for layer in traits["first_thumbnails"]["layers"])
            header, payload = await line.ask("layer", part="self", layer=2)
            query = next(array for array in header["arrays"] if array["name"] == "query")
            sent = np.frombuffer(payload, np.float32, 4 * 23 * 16, query["offset"])
            assert torch.equal(torch.tensor(sent).view(4, 23, 16), capture.vectors(2).query)
            failure, _ = await line.ask("layer", part="self", layer=9)
            assert (failure["error"], "0 to 2" in failure["message"]) == ("OutOfRange", True)

    asyncio.run(page())


def test_pages_that_go_at_once_leave_room_for_others(server: Server) -> None:
    """More than may be open at a time, each gone before its file has been opened."""

    async def pages() -> None:
        for _ in range(MOST_OPEN + 4):
            async with opened(server, "some.headscope"):
                pass
        async with asyncio.timeout(60):
            while True:
                async with opened(server, "some.headscope") as line:
                    content, _ = await line.read()
                if content["kind"] == "opened":
                    return
                assert content["error"] == "TooMany"

    asyncio.run(pages())


def test_there_are_no_more_pages_than_a_server_can_hold(server: Server) -> None:
    async def pages() -> None:
        async with contextlib.AsyncExitStack() as stack:
            said = []
            for _ in range(MOST_OPEN + 1):
                line = await stack.enter_async_context(opened(server, "some.headscope"))
                said.append((await line.read())[0])
            assert [content["kind"] for content in said] == ["opened"] * MOST_OPEN + ["failed"]
            assert "close some of them" in said[-1]["message"]

    asyncio.run(pages())


def test_contents_that_are_no_files_are_not_looked_for_on_the_disk(folder: Path) -> None:
    """Such a manager says that its root is "/" all the same."""
    manager = "--ServerApp.contents_manager_class=jupyter_server.services.contents.manager.AsyncContentsManager"
    with serving(folder, manager) as other:
        assert asyncio.run(refusal(other, str(folder / "some.headscope").lstrip("/"), **KNOWN)) == 404


def test_what_is_no_message_is_ignored(server: Server) -> None:
    async def page() -> None:
        async with opened(server, "some.headscope") as line:
            await line.read()
            for content in ("[", [], 3, {"id": 1}, {"id": "a", "kind": "request"}, {"id": "b", "kind": "cancel"}):
                await line.send(content)
            header, _ = await line.ask("layer", part="self", layer=1)
            while header.get("id") == "a":
                header, _ = await line.ask("layer", part="self", layer=1)
            assert header["layer"] == 1

    asyncio.run(page())


def test_a_file_that_is_no_capture_says_so(server: Server) -> None:
    async def page() -> None:
        async with opened(server, "notes.headscope") as line:
            content, _ = await line.read()
            assert (content["kind"], content["error"]) == ("failed", "UnreadableFile")
            assert "no saved capture" in content["message"]

    asyncio.run(page())


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("some.headscope", {}, 403),
        ("some.headscope", {"Authorization": "token wrong"}, 403),
        ("some.headscope", KNOWN, 0),
        ("in.headscope", KNOWN, 0),
        ("out.headscope", KNOWN, 404),
        ("to_hidden.headscope", KNOWN, 404),
        (".some.headscope", KNOWN, 404),
        (".hidden/some.headscope", KNOWN, 404),
        ("../outside.headscope", KNOWN, 404),
        ("sub folder/../../outside.headscope", KNOWN, 404),
        ("missing.headscope", KNOWN, 404),
        ("sub folder", KNOWN, 404),
        ("", KNOWN, 404),
    ],
)
def test_only_files_under_the_root_are_shown_and_only_to_who_may_read_them(
    path: str, headers: dict[str, str], status: int, server: Server
) -> None:
    assert asyncio.run(refusal(server, path, **headers)) == status


def test_a_page_from_elsewhere_is_not_let_in_by_a_browser_that_is_logged_in(server: Server) -> None:
    cookie = server.log_in()
    assert asyncio.run(refusal(server, "some.headscope", Cookie=cookie)) == 0
    assert asyncio.run(refusal(server, "some.headscope", Cookie=cookie, Origin="https://elsewhere.example")) == 403


@pytest.mark.parametrize("path", ["..", "a/../../outside.headscope", "some.headscope\0", "sub folder\\..\\x", "/", "."])
def test_no_path_leads_out(path: str, folder: Path) -> None:
    with pytest.raises(NoSuchFile):
        file_of(path, str(folder), allow_hidden=True)


def test_hidden_files_are_shown_where_the_server_shows_them(folder: Path) -> None:
    assert file_of(".some.headscope", str(folder), allow_hidden=True) == folder.resolve() / ".some.headscope"
    assert file_of("/some.headscope", str(folder), allow_hidden=False) == folder.resolve() / "some.headscope"
    with pytest.raises(NoSuchFile, match="no files of its own machine"):
        file_of("some.headscope", None, allow_hidden=False)


def test_the_server_starts_without_torch() -> None:
    script = (
        "import sys\n"
        "import headscope.server\n"
        "from headscope.server import handler\n"
        "assert headscope.server._jupyter_server_extension_points() == [{'module': 'headscope.server'}]\n"
        "assert not {'torch', 'transformers', 'anywidget'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_layers_that_do_not_fit_any_more_are_let_go_and_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file larger than the memory that captures may take is browsed all the same."""
    loaded = hs.load(folder / "some.headscope")
    expected = [loaded.attention(layer) for layer in range(3)]
    one = loaded.nbytes / 3
    loaded.close()
    loaded = hs.load(folder / "some.headscope")
    gc.collect()  # what goes later would leave more room
    held = sum(capture.nbytes for capture in hs.answers.budget.living())
    monkeypatch.setattr(hs.budget, "captures", held + int(1.5 * one))
    for layer in (0, 1, 2, 0, 1, 2):
        assert torch.equal(loaded.attention(layer), expected[layer])
        assert loaded.nbytes <= 1.5 * one
