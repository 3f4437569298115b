"""Towers: every layer exact, and each token named after the part of the picture that the model made it of.

No real vision weights are at hand, so it is geometry that is tested: on random models, by changing pixels.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Any

import pytest
import torch
import transformers
from seeing import (
    BESIDE_TEXT,
    IMAGE,
    PATCH,
    SIDE,
    TOWERS,
    beside_text,
    build,
    changed,
    diagonal,
    eager_weights,
    entering,
    peaked,
    picture,
    still,
    swin,
    window_order,
)
from tiny import build as build_text
from tiny import eager_attentions, ids

import headscope as hs
from headscope.errors import EmptyInput, UnsupportedInput
from headscope.recording.tokens.tokens import Tokens

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
    with pytest.warns(UserWarning, match="can be drawn on the picture: .* others in every run"):
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


# Beside text


@pytest.mark.parametrize("name", BESIDE_TEXT)
def test_every_layer_of_every_tower_equals_eager_attention(name: str) -> None:
    model, given = beside_text(name)
    capture = hs.capture(model, given)
    assert set(capture.parts) == {"vision", "text" if name == "idefics3" else "language"}
    weights = eager_weights(model, given)
    assert {report.module for report in capture.layers} == set(weights)
    for report in capture.layers:
        attention = capture.attention(report.layer, part=report.part)
        torch.testing.assert_close(attention, diagonal(weights[report.module]), atol=1e-5, rtol=0)
    assert all(report.error is not None and report.error < 1e-5 for report in capture.layers)


def _with_other_pixels(given: dict[str, Any], picture: int, row: int, column: int) -> dict[str, Any]:
    """The inputs with one patch of one picture changed."""
    if "image_grid_thw" not in given:
        pixels = given["pixel_values"].clone()
        images = pixels.view(-1, *pixels.shape[-3:])
        images[picture, :, row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH] += 1
        return {**given, "pixel_values": pixels}
    at = sum(int(grid.prod()) for grid in given["image_grid_thw"][:picture])
    columns = int(given["image_grid_thw"][picture, 2])
    squares = (row // 2) * (columns // 2) + column // 2  # as the processor lays them out: by squares of 2 x 2
    pixels = given["pixel_values"].clone()
    pixels[at + 4 * squares + 2 * (row % 2) + column % 2] += 1
    return {**given, "pixel_values": pixels}


@pytest.mark.parametrize("name", BESIDE_TEXT)
def test_image_tokens_stand_where_their_pixels_are(name: str) -> None:
    model, given = beside_text(name)
    model = still(
        model, "model.visual" if "qwen" in name else "model.vision_model" if "idef" in name else "model.vision_tower"
    )
    capture = hs.capture(model, given)
    language = capture.parts[0]
    tokens, tower = capture.tokens(language), capture.tokens("vision")
    is_image = (given["input_ids"][0] == IMAGE).tolist()
    assert [cell is not None for cell in tokens.picture.cells] == is_image
    assert not any(special for special, image in zip(tokens.special, is_image, strict=True) if image)
    assert [label for label, image in zip(tokens.labels, is_image, strict=True) if not image] == [
        f"#{number}" for number in given["input_ids"][0].tolist() if number != IMAGE
    ]
    module = next(report.module for report in capture.layers if report.part == language)
    before, merged = entering(model, module, given)[0], _labels(tokens)
    assert len(merged) == sum(is_image)
    for (number, row, column), at in _labels(tower).items():
        differs = (entering(model, module, _with_other_pixels(given, number, row, column))[0] != before).any(dim=-1)
        by = round(tokens.picture.cells[is_image.index(True)][2] / tower.picture.cells[at][2])
        expected = merged.get((number, row // by, column // by))
        assert differs.nonzero().flatten().tolist() == ([] if expected is None else [expected])


def _labels(tokens: Tokens) -> dict[tuple[int, int, int], int]:
    """Of each patch (picture, row, column) that a label names, the position."""
    found = [re.fullmatch(r"(?:image (\d+) )?patch (\d+),(\d+)", label) for label in tokens.labels]
    return {(int(one[1] or 0), int(one[2]), int(one[3])): at for at, one in enumerate(found) if one}


def test_pictures_side_by_side() -> None:
    model, given = beside_text("llava, two pictures")
    tokens = hs.capture(model, given).tokens("vision")
    shown = _decoded(tokens)
    assert shown.shape == (SIDE, 2 * SIDE + 4, 3)
    left, top, width, height = tokens.picture.cells[tokens.labels.index("image 1 patch 2,0")]
    assert (left * shown.shape[1], top * SIDE) == pytest.approx((SIDE + 4, 16))
    assert (width * shown.shape[1], height * SIDE) == pytest.approx((PATCH, PATCH))
    own = given["pixel_values"][1]
    expected = (own - own.min()) / (own.max() - own.min()) * 255
    torch.testing.assert_close(shown[:, SIDE + 4 :].permute(2, 0, 1).float(), expected, atol=0.51, rtol=0)


def test_a_picture_is_put_together_of_patches_that_come_apart() -> None:
    model, given = beside_text("qwen2.5-vl")
    pixels = torch.zeros_like(given["pixel_values"])
    shown = _decoded(
        hs.capture(
            model,
            {**given, "pixel_values": _with_other_pixels({**given, "pixel_values": pixels}, 0, 3, 7)["pixel_values"]},
        ).tokens("vision")
    )
    white = (shown == 255).all(dim=-1).nonzero()
    assert shown.shape[:2] == (6 * PATCH, 10 * PATCH)
    assert white.amin(dim=0).tolist() == [3 * PATCH, 7 * PATCH]
    assert white.amax(dim=0).tolist() == [4 * PATCH - 1, 8 * PATCH - 1]
    assert len(white) == PATCH**2


def test_towers_have_parts_and_batches_of_their_own() -> None:
    sizes = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = transformers.CLIPConfig(
        text_config={**sizes, "vocab_size": 99}, vision_config={**sizes, "image_size": SIDE, "patch_size": PATCH}
    )
    torch.manual_seed(0)
    model = peaked(transformers.CLIPModel(config))
    for pictures, item, own in ((1, 1, 0), (2, 1, 1)):
        given = {"input_ids": ids(7, 2), "pixel_values": picture(pictures)}
        capture = hs.capture(model, given, item=item)
        assert capture.parts == ("text", "vision")
        assert (len(capture.tokens("text")), len(capture.tokens("vision"))) == (7, 10)
        weights = eager_weights(model, given)
        for report in capture.layers:
            row = own if report.part == "vision" else item
            expected = weights[report.module][0][row]
            torch.testing.assert_close(capture.attention(report.layer, part=report.part), expected, atol=1e-5, rtol=0)
    with pytest.warns(UserWarning, match="capture them one at a time"):
        capture = hs.capture(model, {"input_ids": ids(7, 2), "pixel_values": picture(3)})
    assert [report.refused for report in capture.layers if report.part == "vision"] == [True, True]


def test_audio_beside_text() -> None:
    text = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    audio = {"d_model": 64, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 64}
    config = transformers.Qwen2AudioConfig(
        audio_config={**audio, "num_mel_bins": 8, "max_source_positions": 20},
        text_config=transformers.Qwen2Config(**text, num_key_value_heads=2, vocab_size=99),
        audio_token_index=IMAGE,
    )
    torch.manual_seed(0)
    model = peaked(transformers.Qwen2AudioForConditionalGeneration(config), by=3)
    given = {
        "input_ids": torch.tensor([[5, *[IMAGE] * 10, 6]]),
        "input_features": torch.randn(1, 8, 40),
        "feature_attention_mask": torch.ones(1, 40, dtype=torch.long),
    }
    capture = hs.capture(model, given)
    assert capture.parts == ("language", "audio")
    assert capture.tokens("audio").labels[:2] == ("0.00 s", "0.02 s")  # 40 columns of 10 ms, two a frame
    weights = eager_weights(model, given)
    for report in capture.layers:
        expected = weights[report.module][0][0]
        torch.testing.assert_close(capture.attention(report.layer, part=report.part), expected, atol=1e-5, rtol=0)


# Processors of transformers


def _image() -> Any:
    image = pytest.importorskip("PIL.Image")
    squares = torch.randint(0, 255, (8, 10, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return image.fromarray(squares.repeat_interleave(16, 0).repeat_interleave(16, 1).numpy())


def test_an_image_goes_through_its_processor_and_is_shown_as_the_model_saw_it(tmp_path: Any) -> None:
    image = _image()
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    processor = ViTImageProcessorPil(size={"height": SIDE, "width": SIDE})
    expected = torch.tensor(list(image.resize((SIDE, SIDE), 2).tobytes())).view(SIDE, SIDE, 3)
    image.save(tmp_path / "squares.png")
    for given in (image, tmp_path / "squares.png"):
        tokens = hs.capture(build("vit"), image=given, tokenizer=processor).tokens()
        torch.testing.assert_close(_decoded(tokens).long(), expected, atol=1, rtol=0)


def test_patches_that_a_processor_cuts_are_put_where_they_were() -> None:
    image = _image()
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    size = {"shortest_edge": 16 * 16, "longest_edge": 48 * 64}
    processor = Qwen2VLImageProcessorPil(patch_size=PATCH, merge_size=2, size=size)
    given = processor(images=image, return_tensors="pt")
    _, rows, columns = given["image_grid_thw"][0].tolist()
    tokens = torch.tensor([[5, 97, *[IMAGE] * (rows * columns // 4), 96]])
    model, _ = beside_text("qwen2.5-vl")
    capture = hs.capture(model, {**given, "input_ids": tokens, "mm_token_type_ids": (tokens == IMAGE).int()})
    resized = torch.tensor(list(image.resize((columns * PATCH, rows * PATCH), 3).tobytes())).float()
    mean, std = (torch.tensor(one) for one in (processor.image_mean, processor.image_std))
    pixels = (resized.view(rows * PATCH, columns * PATCH, 3) / 255 - mean) / std
    expected = (pixels - pixels.min()) / (pixels.max() - pixels.min()) * 255  # no processor was passed to capture
    torch.testing.assert_close(_decoded(capture.tokens("vision")).float(), expected, atol=2, rtol=0)


def test_frames_of_what_whispers_feature_extractor_made() -> None:
    extractor = transformers.WhisperFeatureExtractor(feature_size=8, chunk_length=1)
    given = extractor(torch.randn(16_000).numpy(), sampling_rate=16_000, return_tensors="pt")
    model = build_text("whisper", max_source_positions=50)
    capture = hs.capture(model, given, tokenizer=extractor, target=ids(6))
    assert capture.parts == ("encoder", "decoder", "cross")
    assert capture.tokens("cross").labels[-1] == "0.98 s"
    weights = eager_weights(model, {**given, "decoder_input_ids": ids(6)})
    for report in capture.layers:
        expected = weights[report.module][0][0]
        torch.testing.assert_close(capture.attention(report.layer, part=report.part), expected, atol=1e-5, rtol=0)


# Windows


@pytest.mark.parametrize("side", [32, 40])  # of 8 patches, two windows; and of 10, with padding
def test_windows_are_put_together_in_the_order_of_the_picture(side: int) -> None:
    model, given = swin(side), {"pixel_values": picture(1, side, side)}
    capture = hs.capture(model, given)
    assert capture.parts == ("stage 0", "stage 1")
    weights = eager_weights(model, given)
    for stage, part in enumerate(capture.parts):
        patches = side // 4 // 2**stage
        tokens = capture.tokens(part)
        named = [f"patch {row},{column}" for row in range(patches) for column in range(patches)]
        assert list(tokens.labels) == named + ["padding"] * (len(tokens) - len(named))
        for layer in capture.layer_numbers(part):
            module = next(one.module for one in capture.layers if (one.part, one.layer) == (part, layer))
            order = window_order(patches, shift=2 if layer % 2 and patches > 4 else 0).flatten()
            expected = diagonal(weights[module])[:, order >= 0][:, :, order >= 0]
            at = order[order >= 0].argsort()
            found = capture.attention(layer, part=part)
            torch.testing.assert_close(
                found[:, : len(named), : len(named)], expected[:, at][:, :, at], atol=1e-5, rtol=0
            )
            assert float(found.sum(-1).sub(1).abs().max()) < 1e-5
    assert all(report.error is not None and report.error < 1e-5 for report in capture.layers)


def test_merged_patches_of_a_later_stage_stand_on_all_of_them() -> None:
    tokens = hs.capture(swin(32), picture(1, 32, 32)).tokens("stage 1")
    assert tokens.picture.cells[5] == pytest.approx((0.25, 0.25, 0.25, 0.25))


@pytest.mark.skipif(not hasattr(transformers, "RfDetrDinov2Backbone"), reason="this transformers has no RF-DETR")
def test_layers_in_windows_beside_one_that_sees_the_whole_picture() -> None:
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 56, "patch_size": 14}
    config = transformers.RfDetrDinov2Config(num_windows=2, window_block_indexes=[0], **sizes)
    torch.manual_seed(0)
    model, given = peaked(transformers.RfDetrDinov2Backbone(config)), {"pixel_values": picture(1, 56, 56)}
    capture = hs.capture(model, given)
    assert capture.tokens().labels[:16] == tuple(f"patch {at // 4},{at % 4}" for at in range(16))
    for layer, weights in enumerate(eager_weights(model, given).values()):
        windows = [4, 1][layer]
        assert len(weights[0]) == windows
        expected, found = diagonal(weights), capture.attention(layer)
        for values in zip(expected.sort().values.flatten(1), found.sort().values.flatten(1), strict=True):
            torch.testing.assert_close(values[0].sort().values, values[1].sort().values, atol=1e-5, rtol=0)
        inside = (found[0, :16, :16] > 0).sum(dim=-1)
        assert set(inside.tolist()) == {16 // windows}


def test_windows_of_several_pictures_are_refused() -> None:
    with pytest.warns(UserWarning, match="capture them one at a time"):
        capture = hs.capture(swin(32), picture(2, 32, 32))
    assert [report.refused for report in capture.layers] == [True, True, False, False]  # then one window is all


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
