"""What a notebook keeps of a view, and shows when it is opened without running."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

import kernels
import nbformat
import numpy as np
import pytest
import torch
from embedded import payload_of, weights_of
from pages import REASON, bert, llama, part_refused
from PIL import Image
from tiny import build, ids
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

import headscope as hs
from headscope.export import saved as saved_module
from headscope.export.png import COLOUR
from headscope.export.saved import LIMIT, MIME, saved

MIB = 2**20
ROOT = Path(__file__).parents[2]


def data_of(output: dict[str, Any]) -> dict[str, Any]:
    """The data in the HTML of an output; their checksum is checked on the way."""
    (text,) = re.findall(r'<script type="application/json">([^<]*)</script>', output["text/html"])
    assert output[MIME] == {"version": 1, "crc32": zlib.crc32(text.encode())}
    return json.loads(text)


def added(output: dict[str, Any]) -> int:
    """Bytes that an output adds to the file of a notebook."""
    empty, full = (
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("view", id="view", outputs=outputs)])
        for outputs in ([], [nbformat.v4.new_output("execute_result", output, execution_count=1)])
    )
    return len(nbformat.writes(full).encode()) - len(nbformat.writes(empty).encode())


@pytest.fixture(scope="module")
def shown() -> list[dict[str, Any]]:
    """The outputs of a kernel that displays an explorer twice, the second time with another selection."""
    with kernels.notebook() as notebook:
        notebook.run("from pages import llama\nimport headscope as hs\nview = hs.Explorer(llama())")
        notebook.run("view", "one")
        notebook.run("view.select(layer=2, heads=[1], query=7)\nview.threshold = 0.2\nview", "two")
        return [message["content"]["data"] for message in notebook.messages if message["msg_type"] == "execute_result"]


def test_a_displayed_view_has_the_picture_beside_its_widget(shown: list[dict[str, Any]]) -> None:
    for output in shown:
        assert set(output) == {kernels.WIDGET, MIME, "text/html", "image/png", "text/plain"}
        assert output["text/html"].isascii()


def test_what_is_kept_is_the_view_as_it_was_displayed(shown: list[dict[str, Any]]) -> None:
    first, second = (data_of(output)["traits"] for output in shown)
    assert (first["layer"], first["heads"], first["query"], first["threshold"]) == (0, [0, 1, 2, 3], None, 0.05)
    assert (second["layer"], second["heads"], second["query"], second["threshold"]) == (2, [1], 7, 0.2)
    assert [layer["header"]["layer"] for output in shown for layer in data_of(output)["layers"]] == [0, 2]


def test_without_a_kernel_there_is_the_widget_alone() -> None:
    data, _ = hs.Explorer(llama())._repr_mimebundle_()
    assert MIME not in data
    assert "text/html" not in data


def test_the_widget_is_shown_whatever_becomes_of_the_picture() -> None:
    with kernels.notebook() as notebook:
        notebook.run("from pages import llama\nimport headscope as hs\nimport headscope.export.saved as module")
        notebook.run("module.still = None\nhs.Explorer(llama())", "one")
        (output,) = (
            message["content"]["data"] for message in notebook.messages if message["msg_type"] == "execute_result"
        )
    assert set(output) == {kernels.WIDGET, "text/plain"}


def test_a_small_layer_is_kept_exactly_with_its_vectors() -> None:
    view = hs.Explorer(llama(), layer=1)
    (layer,) = data_of(saved(view))["layers"]
    assert layer["header"]["form"] == "vectors"
    (query,) = (one for one in layer["header"]["arrays"] if one["name"] == "query")
    kept = np.frombuffer(payload_of(layer), np.float32, int(np.prod(query["shape"])), query["offset"])
    expected = np.concatenate([llama().neurons(1, head, at).query.numpy() for head in range(4) for at in range(12)])
    np.testing.assert_array_equal(kept, expected)


def test_the_pictures_of_all_heads_are_kept() -> None:
    view = hs.ModelView(bert())
    thumbnails = data_of(saved(view))["thumbnails"]
    assert payload_of(thumbnails) == view.first_thumbnails_data
    assert [header["layer"] for header in thumbnails["layers"]] == [0, 1, 2]


def assert_nearly(layer: dict[str, Any], weights: torch.Tensor) -> None:
    """Errors are at most half a step of the root up to 1/4, (r + 0.5 / steps) ** 2 - r ** 2; then 1/256 of a step."""
    steps = layer["header"]["rounding"]["steps"]
    exact = weights.numpy()
    error = np.abs(weights_of(layer) - exact)
    assert error.max() < 0.25 / steps + 0.3 / steps**2
    assert error[exact > 0.085].max(initial=0) < 2 / steps / 256


@pytest.mark.parametrize("steps", saved_module.STEPS)
def test_a_larger_layer_is_rounded_no_further_than_is_said(monkeypatch: Any, steps: int) -> None:
    monkeypatch.setattr(saved_module, "EXACT", 0)
    monkeypatch.setattr(saved_module, "STEPS", (steps,))
    (layer,) = data_of(saved(hs.Explorer(llama(), layer=1)))["layers"]
    assert layer["header"]["rounding"]["steps"] == steps
    assert_nearly(layer, llama().attention(1))


def gpt2() -> Any:
    return hs.capture(GPT2LMHeadModel(GPT2Config()).eval(), torch.randint(0, 50_000, (1, 512)))


def unmasked() -> Any:
    return hs.capture(BertModel(BertConfig()).eval(), torch.randint(0, 30_000, (1, 512)))


@pytest.mark.parametrize("make", [gpt2, unmasked])
def test_twelve_by_twelve_heads_of_512_tokens_take_at_most_a_mebibyte(make: Any) -> None:
    torch.manual_seed(0)
    capture = make()
    output = saved(hs.Explorer(capture, layer=7))
    assert added(output) <= MIB
    (layer,) = data_of(output)["layers"]
    assert_nearly(layer, capture.attention(7))


def test_smollm2_of_512_tokens_takes_at_most_a_mebibyte(smollm2: Any) -> None:
    model, tokenizer = smollm2
    text = (ROOT / "README.md").read_text()
    capture = hs.capture(model, tokenizer(text, return_tensors="pt").input_ids[:, :512], tokenizer=tokenizer)
    for layer in (0, 15, 29):
        output = saved(hs.Explorer(capture, layer=layer))
        assert added(output) <= MIB
        (kept,) = data_of(output)["layers"]
        assert kept["header"]["rounding"]["steps"] >= 80
        assert_nearly(kept, capture.attention(layer))


def test_what_does_not_fit_is_left_out_the_layer_first(monkeypatch: Any) -> None:
    view = hs.Explorer(llama())
    whole = saved(view)
    monkeypatch.setattr(saved_module, "LIMIT", len(json.dumps(json.dumps(whole))) - 1000)
    output = saved(view)
    assert data_of(output)["layers"] == []
    assert data_of(output)["thumbnails"] is not None
    monkeypatch.setattr(saved_module, "LIMIT", 10_000)
    output = saved(view)
    assert set(output) == {"text/html", "image/png"}
    assert "<script" not in output["text/html"]


def test_a_long_text_is_kept_without_its_layer_and_none_of_it_is_computed(monkeypatch: Any) -> None:
    capture = hs.from_vectors(*torch.randn(3, 1, 2, 4096, 4), causal=True, tokens=["word"] * 4096)
    view = hs.HeadView(capture)
    monkeypatch.setattr(type(capture), "attention", lambda *_, **__: pytest.fail("attention was computed"))
    output = saved(view)
    assert data_of(output)["layers"] == []
    assert len(json.dumps(output)) <= LIMIT


def test_a_refused_layer_is_kept_as_its_reason() -> None:
    data = data_of(saved(hs.Explorer(part_refused(), layer=1)))
    assert data["layers"] == []
    assert REASON in [layer["reason"] for layer in data["traits"]["meta"]["parts"][0]["layers"]]


def test_text_of_a_model_ends_no_script_and_makes_no_element() -> None:
    tokens = ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;"]
    capture = hs.from_attentions([torch.full((1, 1, 3, 3), 1 / 3)], tokens)
    output = saved(hs.Explorer(capture))
    assert data_of(output)["traits"]["meta"]["sides"][0]["texts"] == tokens
    assert "onerror" not in output["text/html"].split("<script", 1)[0]


def test_the_still_picture_is_one_colour_over_any_background() -> None:
    view = hs.HeadView(llama(), layer=2)
    picture = Image.open(io.BytesIO(base64.b64decode(saved(view)["image/png"]))).convert("RGBA")
    pixels = np.asarray(picture)
    assert {tuple(colour) for colour in pixels[..., :3].reshape(-1, 3)} == {COLOUR}
    body = llama().thumbnails(2, size=12).body.numpy()
    heads, rows, columns = body.shape
    size = (pixels.shape[1] - 4 * (heads - 1)) // heads  # gaps of 4 pixels
    for head in range(heads):
        corner = head * (size + 4)
        cells = pixels[: size * rows // columns, corner : corner + size, 3]
        times = size // columns
        np.testing.assert_allclose(cells[::times, ::times] / 255, np.sqrt(body[head]), atol=0.036)  # of 15 shades


def test_a_view_of_nothing_to_draw_is_kept_without_a_picture() -> None:
    view = hs.HeadView(hs.capture(build(), ids(1)))
    output = saved(view)
    assert set(output) == {MIME, "text/html"}
