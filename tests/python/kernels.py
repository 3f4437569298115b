"""A real ipykernel, driven as a notebook drives it: cells with ids, comms, and what they print."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

WIDGET = "application/vnd.jupyter.widget-view+json"


class Notebook:
    """The page's end of a kernel: knows which comms are open and what was shown where."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.comms: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []

    def run(self, code: str, cell: str | None = None, *, wait: bool = True) -> str:
        """Run a cell; returns what it printed. Raises AssertionError with its traceback if it failed."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        content["stop_on_error"] = False  # else the cell after a failed one may be dropped
        request = self._client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self._client.shell_channel.send(request)
        return self.finish(request["header"]["msg_id"]) if wait else str(request["header"]["msg_id"])

    def finish(self, request: str) -> str:
        """Wait until a request has been handled."""
        printed = ""
        while True:
            message = self.next()
            if message["parent_header"].get("msg_id") != request:
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "stream":
                printed += content["text"]
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return printed

    def next(self, timeout_s: float = 60) -> dict[str, Any]:
        """Take the next message of the kernel."""
        message: dict[str, Any] = self._client.get_iopub_msg(timeout=timeout_s)
        content, kind = message["content"], message["msg_type"]
        self.messages.append(message)
        if kind == "comm_open":
            self.comms[content["comm_id"]] = content["data"]["state"]
        elif kind == "comm_close":
            self.comms.pop(content["comm_id"], None)
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self.comms[content["comm_id"]].update(content["data"]["state"])
        return message

    def say(self, comm: str, data: dict[str, Any]) -> str:
        """Send a message on a comm, as a page does; returns the id of the request."""
        request = self._client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self._client.shell_channel.send(request)
        return str(request["header"]["msg_id"])

    def ask(self, comm: str, content: dict[str, Any]) -> str:
        """Send a custom message."""
        return self.say(comm, {"method": "custom", "content": content})

    def answers(self, comm: str, name: str, *, until: str = "chunk", timeout_s: float = 60) -> list[dict[str, Any]]:
        """Read messages until the answer `name` ends."""
        found: list[dict[str, Any]] = []
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            message = self.next()
            content = message["content"].get("data", {}).get("content", {})
            if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != comm or content.get("id") != name:
                continue
            found.append({**content, "buffers": [bytes(buffer) for buffer in message["buffers"]], "message": message})
            if content["kind"] == "error" or (content["kind"] == until and content["index"] == content["of"] - 1):
                return found
        raise AssertionError(f"no end of the answer {name} in {timeout_s} s: {found}")

    @property
    def shown(self) -> list[str]:
        """Model ids of everything shown so far, in order."""
        return [
            message["content"]["data"][WIDGET]["model_id"]
            for message in self.messages
            if message["msg_type"] in ("execute_result", "display_data") and WIDGET in message["content"]["data"]
        ]


@contextmanager
def notebook() -> Iterator[Notebook]:
    """Start a kernel and shut it down at the end. The tests' helper modules can be imported in its cells."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    manager, client = start_new_kernel(kernel_name="python3", env={**os.environ, "PYTHONPATH": path})
    try:
        yield Notebook(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
