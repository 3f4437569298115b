"""Towers: every layer exact, and each token named after the part of the picture that the model made it of.

No real vision weights are at hand, so it is geometry that is tested: on random models, by changing pixels.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
import torch
import transformers
from seeing import PATCH, SIDE, TOWERS, build, changed, entering, picture
from tiny import build as build_text
from tiny import eager_attentions, ids

import headscope as hs
from headscope.errors import EmptyInput, UnsupportedInput
from headscope.recording.tokens import Tokens

GRID = SIDE // PATCH


@pytest.mark.parametrize("name", list(TOWERS))
def test_every_layer_equals_eager_attention(name: str) -> None:
    model, pixels = build(name), picture(2)
    capture = hs.capture(model, {"pixel_values": pixels}, item=1)
    assert model.config._attn_implementation == "sdpa"
    assert capture.parts == ("self",)
    layers = eager_attentions(model, pixel_values=pixels)
    assert capture.layer_numbers() == tuple(range(len(layers)))
    for layer, weights in enumerate(layers):
        torch.testing.assert_close(capture.attention(layer), weights[1], atol=1e-5, rtol=0)
    assert all(report.error is not None and report.error < 1e-5 for report in capture.layers)


def _check_geometry(model: torch.nn.Module, capture: hs.Capture, given: dict[str, Any], module: str, item: int) -> None:
    """Changing what is inside the cell of a token changes that token, and no other, where it enters the first layer."""
    tokens = capture.tokens()
    assert tokens.picture is not None
    before = entering(model, module, given)[item]
    cells = tokens.picture.cells
    assert [cell is None for cell in cells] == list(tokens.special)
    for at, cell in enumerate(cells):
        if cell is not None:
            differs = (entering(model, module, changed(given, cell, item))[item] != before).any(dim=-1)
            assert differs.nonzero().flatten().tolist() == [at]


@pytest.mark.parametrize("name", list(TOWERS))
def test_a_token_stands_where_its_pixels_are(name: str) -> None:
    model, given = build(name), {"pixel_values": picture(2)}
    capture = hs.capture(model, given, item=1)
    _check_geometry(model, capture, given, capture.layers[0].module, item=1)
    assert sum(not special for special in capture.tokens().special) == GRID * GRID


def test_patches_of_a_picture_that_is_not_square_are_named_by_row_and_column() -> None:
    model, given = build("dinov3"), {"pixel_values": picture(height=16, width=40)}
    capture = hs.capture(model, given)
    names = [f"patch {row},{column}" for row in range(2) for column in range(5)]
    assert list(capture.tokens().labels) == ["[CLS]", "register 0", "register 1", "register 2", *names]
    assert capture.tokens().special == (True,) * 4 + (False,) * 10
    assert capture.tokens().kind == "patches"
    assert capture.tokens().picture is not None
    assert capture.tokens().picture.cells[-1] == pytest.approx((0.8, 0.5, 0.2, 0.5))
    _check_geometry(model, capture, given, capture.layers[0].module, item=0)


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("vit", {0: "[CLS]"}),
        ("deit", {0: "[CLS]", 1: "[DISTILL]"}),
        ("dinov2 with registers", {0: "[CLS]", 1: "register 0", 2: "register 1"}),
        ("yolos", {0: "[CLS]", 10: "detection 0", 11: "detection 1", 12: "detection 2"}),
        ("siglip", {}),
    ],
)
def test_tokens_that_stand_for_no_patch_are_named(name: str, added: dict[int, str]) -> None:
    tokens = hs.capture(build(name), picture()).tokens()
    assert {at: tokens.labels[at] for at, special in enumerate(tokens.special) if special} == added


def test_patches_that_the_model_shuffles_are_found() -> None:
    model = build("vit")  # for its sizes
    config = transformers.ViTMAEConfig(**{**model.config.to_dict(), "mask_ratio": 0.5})
    model = transformers.ViTMAEModel(config).eval()
    given = {"pixel_values": picture(), "noise": torch.rand(1, GRID * GRID)}
    capture = hs.capture(model, given)
    kept = given["noise"][0].argsort()[: GRID * GRID // 2].tolist()
    assert list(capture.tokens().labels) == ["[CLS]", *(f"patch {at // GRID},{at % GRID}" for at in kept)]
    _check_geometry(model, capture, given, capture.layers[0].module, item=0)
    with pytest.warns(UserWarning, match="cannot be drawn on the picture: .* others in every run"):
        capture = hs.capture(model, picture())  # shuffled anew in each forward
    assert capture.tokens().picture is None
    assert capture.tokens().labels[:2] == ("token 0", "token 1")


def test_overlapping_patches_stand_in_the_middle_of_what_they_see() -> None:
    model = build("vit")
    projection = model.embeddings.patch_embeddings.projection
    model.embeddings.patch_embeddings.projection = torch.nn.Conv2d(3, 64, 12, stride=8, padding=2).eval()
    assert projection.kernel_size == (8, 8)
    cells = hs.capture(model, picture()).tokens().picture.cells
    assert cells[1] == pytest.approx((0, 0, 1 / 3, 1 / 3))  # pixels -2..10, of which 0..8 is the middle
    assert cells[-1] == pytest.approx((2 / 3, 2 / 3, 1 / 3, 1 / 3))


def test_hooks_are_gone_after_a_capture() -> None:
    model = build("vit")
    hs.capture(model, picture())
    assert all(not module._forward_pre_hooks and not module._forward_hooks for module in model.modules())


# The picture


def _decoded(tokens: Tokens) -> torch.Tensor:
    """The colours of a PNG of 8 bits without row filters, [height, width, channels]."""
    assert tokens.picture is not None
    assert tokens.picture.mime == "image/png"
    data = tokens.picture.data
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + body),)
        chunks[kind], at = body, at + 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    rows = torch.frombuffer(bytearray(zlib.decompress(chunks[b"IDAT"])), dtype=torch.uint8).view(height, -1)
    assert (depth, bool(rows[:, 0].any())) == (8, False)
    return rows[:, 1:].reshape(height, width, {0: 1, 2: 3}[colour])


def test_without_a_processor_the_range_of_the_pixels_is_spread() -> None:
    pixels = picture()
    expected = (pixels[0] - pixels.min()) / (pixels.max() - pixels.min()) * 255
    tokens = hs.capture(build("vit"), pixels).tokens()
    assert (tokens.picture.width, tokens.picture.height) == (SIDE, SIDE)
    torch.testing.assert_close(_decoded(tokens).permute(2, 0, 1).float(), expected, atol=0.51, rtol=0)


def test_with_its_processor_the_picture_has_its_own_colours() -> None:
    class Processor:
        image_mean, image_std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)

        def __call__(self, images: torch.Tensor, return_tensors: str) -> dict[str, torch.Tensor]:
            mean, std = (torch.tensor(values)[:, None, None] for values in (self.image_mean, self.image_std))
            return {"pixel_values": ((images - mean) / std)[None]}

    colours = torch.rand(3, SIDE, SIDE)
    capture = hs.capture(build("vit"), image=colours, tokenizer=Processor())
    shown = _decoded(capture.tokens()).permute(2, 0, 1).float()
    torch.testing.assert_close(shown, colours * 255, atol=0.51, rtol=0)


def test_a_large_picture_is_drawn_with_fewer_pixels() -> None:
    pixels = torch.randn(1, 3, 504, 336)
    capture = hs.capture(build("dinov3", patch_size=28), pixels)
    shown = capture.tokens().picture
    assert len(shown.data) <= 64 << 10
    assert (shown.width, shown.height) == (336, 504)
    meta = hs.Explorer(capture).meta
    assert len(str(meta)) < 160 << 10
    assert meta["sides"][0]["picture"]["src"].startswith(f"data:{shown.mime};base64,")
    assert len(meta["sides"][0]["picture"]["cells"]) == 18 * 12 + 4


def test_pixels_that_are_no_colours_are_no_picture() -> None:
    model = build("vit", num_channels=5)
    tokens = hs.capture(model, picture(channels=5)).tokens()
    assert tokens.picture is None
    assert tokens.labels[1] == "patch 0,0"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("a cat", UnsupportedInput, "reads pixel_values, not text"),
        (None, UnsupportedInput, "reads pixel_values, not nothing"),
        ({"input_ids": [5]}, UnsupportedInput, "no pixel_values"),
        (torch.zeros(0, 3, 24, 24), EmptyInput, "no pixel"),
        (torch.zeros(1, 3, 24, 24, dtype=torch.uint8), UnsupportedInput, r"floats \[batch, channels, height, width\]"),
    ],
)
def test_what_is_no_picture_says_what_is(given: Any, error: type[hs.HeadscopeError], words: str) -> None:
    with pytest.raises(error, match=words):
        hs.capture(build("vit"), given)


def test_an_image_needs_a_processor() -> None:
    with pytest.raises(UnsupportedInput, match="AutoImageProcessor"):
        hs.capture(build("vit"), image=torch.rand(3, SIDE, SIDE))
    with pytest.raises(UnsupportedInput, match="leave one out"):
        hs.capture(build("vit"), {"pixel_values": picture()}, image=torch.rand(3, SIDE, SIDE))
    with pytest.raises(UnsupportedInput, match="reads no images"):
        hs.capture(build_text("bidirectional"), {"input_ids": ids(5), "pixel_values": picture()})
