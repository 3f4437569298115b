"""A page of a browser without a browser: keeps what a view's comm sends, and says what a page would say."""

from __future__ import annotations

import functools
import json
from typing import Any

from tiny import build, ids

import headscope as hs
from headscope.answers.part import parts_of
from headscope.recording.forward.run import record_forward
from headscope.recording.inputs.inputs import prepare
from headscope.recording.layers.record import Refusal
from headscope.widgets.view import View


@functools.cache
def llama(length: int = 12) -> hs.Capture:
    """A causal model with 3 layers, 4 heads in 2 groups; its layers number 0, 1, 2."""
    return hs.capture(build(), ids(length))


@functools.cache
def bert() -> hs.Capture:
    """A bidirectional model with 3 layers of 4 heads, on two sentences of 4 and 5 tokens."""
    segments = ids(9) * 0
    segments[:, 4:] = 1
    return hs.capture(build("bidirectional"), {"input_ids": ids(9), "token_type_ids": segments})


@functools.cache
def wide() -> hs.Capture:
    """A causal model with 2 layers of 8 heads."""
    return hs.capture(build("causal, fused projection", n_layer=2, n_head=8), ids(7))


REASON = "layer 1 (model.layers.1.self_attn) cannot be shown"


def part_refused() -> hs.Capture:
    """The causal model, its layer 1 refused."""
    model = build()
    recorded = record_forward(model, prepare(model, ids(12)))
    recorded.layers[1] = Refusal("self", 1, "model.layers.1.self_attn", REASON)
    return hs.Capture(parts_of(recorded.layers, recorded.sides), "LlamaForCausalLM")


class Page:
    """One page that shows `view`: `state` is what it knows, `sent` everything that it was sent since it opened."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.state: dict[str, Any] = dict(view.get_state())
        self.sent: list[dict[str, Any]] = []
        self.closed = False
        view.comm.publish_msg = self._take

    def _take(self, kind: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        if kind == "comm_close":
            self.closed = True
            return
        content = json.loads(json.dumps(data, allow_nan=False))  # must be JSON, as a browser reads it
        self.sent.append({**content, "buffers": [bytes(buffer) for buffer in buffers or []]})
        if content["method"] in ("update", "echo_update"):
            self.state.update(content["state"])

    @property
    def updates(self) -> list[dict[str, Any]]:
        """The states sent that are no echo."""
        return [one["state"] for one in self.sent if one["method"] == "update"]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The custom messages, each with its buffers."""
        return [{**one["content"], "buffers": one["buffers"]} for one in self.sent if one["method"] == "custom"]

    def set(self, **state: Any) -> None:
        """Set traits as a page does: they are its own already when it tells the kernel."""
        self.state.update(state)
        self._say({"method": "update", "state": state, "buffer_paths": []})

    def say(self, content: Any) -> None:
        """Send a custom message."""
        self._say({"method": "custom", "content": content})

    def _say(self, data: dict[str, Any]) -> None:
        self.view.comm.handle_msg({"content": {"data": data}, "buffers": []})
