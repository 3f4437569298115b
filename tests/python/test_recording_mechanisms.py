"""Every mechanism of attention against the model's own eager ``output_attentions``, while the model runs on sdpa."""

from __future__ import annotations

import pytest
import torch
from tiny import MECHANISMS, Checkered, build, eager_attentions, ids

import headscope as hs
from headscope.recording.layers.masks import from_visible


@pytest.mark.parametrize("length", [1, 2, 37])
@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_equals_eager_attentions(mechanism: str, length: int) -> None:
    model = build(mechanism)
    capture = hs.capture(model, ids(length))
    expected = eager_attentions(model, input_ids=ids(length))
    assert len(capture.layers) == len(expected) == 3
    for layer, weights in enumerate(expected):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_padding_of_a_batch_is_dropped_from_the_picture(mechanism: str, side: str) -> None:
    model = build(mechanism)
    tokens, padding = ids(30, batch=3), 11
    mask = torch.ones_like(tokens)
    mask[1, :padding] = 0
    if side == "right":
        mask = mask.flip(1)
    capture = hs.capture(model, {"input_ids": tokens, "attention_mask": mask}, item=1)
    expected = eager_attentions(model, input_ids=tokens, attention_mask=mask)
    real = mask[1].bool()
    for layer, weights in enumerate(expected):
        torch.testing.assert_close(capture.attention(layer), weights[1][:, real][:, :, real], atol=1e-5, rtol=0)
    assert len(capture.tokens()) == 30 - padding


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 2e-2), (torch.float16, 2e-3)])
def test_half_precision_models(dtype: torch.dtype, tolerance: float) -> None:
    model = build().to(dtype)
    capture = hs.capture(model, ids(25))
    expected = eager_attentions(model, input_ids=ids(25))
    for layer, weights in enumerate(expected):
        answer = capture.attention(layer)
        assert answer.dtype == torch.float32
        # The eager twin's hidden states drift apart with depth in half precision; the first layer sees the same input.
        if layer == 0:
            torch.testing.assert_close(answer, weights[0].float(), atol=tolerance, rtol=0)
        assert capture.layers[layer].error is not None


def test_memory_grows_with_tokens_not_with_their_square() -> None:
    model = build("sliding window")
    short, long = hs.capture(model, ids(128)), hs.capture(model, ids(512))
    assert 3.5 < long.nbytes / short.nbytes < 4.1


def test_layers_share_their_masks_and_biases() -> None:
    capture = hs.capture(build("position bias"), ids(64))
    records = [capture.record(layer) for layer in range(3)]
    assert records[0].bias is not None
    assert len({record.bias.data_ptr() for record in records if record.bias is not None}) == 1
    assert len({id(record.mask) for record in records}) == 1


def test_masks_are_spans_only_where_spans_say_everything() -> None:
    causal = torch.ones(1, 6, 6, dtype=torch.bool).tril()
    assert from_visible(causal).is_spans
    holed = causal.clone()
    holed[0, 5, 2] = False
    mask = from_visible(holed)
    assert not mask.is_spans
    assert torch.equal(mask.rows(torch.arange(6), 6, torch.device("cpu")), holed)
    per_head = torch.stack([holed[0].tril(-1), causal[0]])
    assert from_visible(per_head).stop.tolist() == [1, 2, 3, 4, 5, 6]  # around what any head sees
    assert torch.equal(from_visible(per_head).rows(torch.arange(6), 6, torch.device("cpu")), per_head)


def test_an_unusual_mask_given_by_the_user_of_the_model_is_kept_whole() -> None:
    """A checkerboard of visibility is no span: it is kept as it is and the weights are still the model's own."""
    model = Checkered(12)
    hidden = (~model.visible).float() * torch.finfo().min
    capture = hs.capture(model, ids(12))
    expected = eager_attentions(model.bert, input_ids=ids(12), attention_mask=hidden)
    for layer, weights in enumerate(expected):
        assert not capture.record(layer).mask.is_spans
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)


def test_positions_that_start_over_without_a_mask_compute_what_the_model_computes() -> None:
    """Without a cache transformers would take such positions for packed texts, and mask them apart."""
    model, tokens = build(), ids(12)
    positions = torch.arange(12)[None] % 6
    inside: list[torch.Tensor] = []
    handle = model.model.register_forward_hook(lambda *seen: inside.append(seen[-1][0]))
    capture = hs.capture(model, {"input_ids": tokens, "position_ids": positions})
    handle.remove()
    with torch.no_grad():
        assert torch.equal(inside[0], model.model(input_ids=tokens, position_ids=positions)[0])
    for layer, weights in enumerate(eager_attentions(model, input_ids=tokens, position_ids=positions)):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)


def test_answers_are_float32_inside_an_autocast_block() -> None:
    capture = hs.capture(build(), ids(12))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = capture.attention(0)
        columns = capture.attention(0, keys=3)
    assert torch.equal(inside, capture.attention(0))
    assert torch.equal(columns, inside[..., 3:4])


def test_vectors_are_copies() -> None:
    capture = hs.capture(build(), ids(12))
    before = capture.attention(0)
    capture.vectors(0).query.mul_(0)
    assert torch.equal(capture.attention(0), before)
