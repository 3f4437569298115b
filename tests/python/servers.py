"""A real Jupyter server, and a page's line to a saved capture on it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

TOKEN = "a-token"
START_S = 240


@dataclass(frozen=True)
class Server:
    """Where it is, and its process."""

    port: int
    process: subprocess.Popen[bytes]

    def address(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}/base/headscope/captures/{quote(path)}"

    def log_in(self) -> str:
        """The cookies of a browser that has given the token once."""
        jar = CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        browser.open(f"http://127.0.0.1:{self.port}/base/api/status?token={TOKEN}")
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


@contextlib.contextmanager
def serving(root: Path, *options: str) -> Iterator[Server]:
    """Start ``jupyter server`` on a folder, with nobody's settings but that our extension is on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = root.parent / "home"
    home.mkdir(exist_ok=True)
    given = {
        "port": port,
        "port_retries": 0,
        "root_dir": root,
        "base_url": "/base",
        "jpserver_extensions": "{'headscope.server': True}",
    }
    command = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", "--log-level=WARN", *options]
    command += [f"--ServerApp.{name}={value}" for name, value in given.items()]
    env = {**os.environ, "JUPYTER_TOKEN": TOKEN, "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home)}
    process = subprocess.Popen(command, env=env)
    try:
        server = Server(port, process)
        asyncio.run(_until_it_answers(server))
        yield server
    finally:
        process.terminate()
        process.wait(60)


async def _until_it_answers(server: Server) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{server.port}/base/api")
            except urllib.error.HTTPError:
                return
            except urllib.error.URLError:
                assert server.process.poll() is None
                await asyncio.sleep(0.2)
            else:
                return


async def refusal(server: Server, path: str, **headers: str) -> int:
    """The status with which a line is refused."""
    try:
        line = await websocket_connect(HTTPRequest(server.address(path), headers=headers))
    except HTTPClientError as error:
        return error.code
    line.close()
    return 0


@contextlib.asynccontextmanager
async def opened(server: Server, path: str) -> AsyncIterator[Line]:
    headers = {"Authorization": f"token {TOKEN}"}
    line = await websocket_connect(HTTPRequest(server.address(path), headers=headers), max_message_size=64 << 20)
    try:
        yield Line(line)
    finally:
        line.close()


class Line:
    """What a page has."""

    def __init__(self, line: WebSocketClientConnection) -> None:
        self._line = line
        self._asked = itertools.count()

    async def read(self) -> tuple[dict[str, Any], list[bytes]]:
        """The next message: its content, and its buffers."""
        async with asyncio.timeout(START_S):
            message = await self._line.read_message()
        assert message is not None, "the line was closed"
        if isinstance(message, str):
            return json.loads(message), []
        stop = 4 + int.from_bytes(message[:4], "little")
        head = json.loads(message[4:stop])
        buffers = []
        for length in head["lengths"]:
            buffers.append(message[stop : stop + length])
            stop += length
        assert stop == len(message)
        return head["content"], buffers

    async def send(self, content: Any) -> None:
        await self._line.write_message(json.dumps(content))

    async def ask(self, op: str, **args: Any) -> tuple[dict[str, Any], bytes]:
        """Header and payload of the one layer that an answer has; or the failure."""
        name = f"{op} {next(self._asked)}"  # a question of the same name is taken for the one before, sent again
        await self.send({"v": 1, "id": name, "kind": "request", "op": op, "args": args})
        header: dict[str, Any] = {}
        payload = b""
        while True:
            content, buffers = await self.read()
            if content["kind"] == "error":
                return content, b""
            if content["kind"] == "chunk":
                header = content.get("header", header)
                payload += buffers[0]
                if content["index"] == content["of"] - 1:
                    return header, payload
