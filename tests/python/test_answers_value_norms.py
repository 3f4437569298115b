"""The measure "value_norm": weight times the norm of the value, in every answer and in what a view shows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny import build, ids
from torch import nn

import headscope as hs
from headscope import errors
from headscope.answers.display import DisplaySettings, show


def expected_numbers(model: Any, capture: hs.Capture, layer: int) -> torch.Tensor:
    """``alpha_ij ||f(v_j)||`` [H, Q, K] from the model's own eager weights and its own projection, pair by pair."""
    with torch.no_grad():
        weights = model(
            capture.tokens().ids and torch.tensor([capture.tokens().ids]), output_attentions=True
        ).attentions
    projection = model.model.layers[layer].self_attn.o_proj
    value = capture.vectors(layer).value.repeat_interleave(2, dim=0)  # 4 heads in groups of 2
    norms = torch.zeros(4, value.shape[1])
    for head in range(4):
        for key in range(value.shape[1]):
            alone = torch.zeros(4, 16)
            alone[head] = value[head, key]
            with torch.no_grad():
                norms[head, key] = (
                    projection(alone.flatten()) - (0 if projection.bias is None else projection.bias)
                ).norm()
    return weights[layer][0] * norms[:, None]


@pytest.fixture(scope="module")
def model() -> Any:
    model = build(attn_implementation="eager", attention_bias=True)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.bias.normal_()
    return model


@pytest.fixture(scope="module")
def capture(model: Any) -> hs.Capture:
    return hs.capture(model, ids(70))


@pytest.fixture(scope="module")
def expected(model: Any, capture: hs.Capture) -> torch.Tensor:
    return expected_numbers(model, capture, 1)


def test_attention_times_the_norm_of_what_it_weighs(capture: hs.Capture, expected: torch.Tensor) -> None:
    torch.testing.assert_close(capture.attention(1, measure="value_norm"), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "chosen",
    [
        {"heads": [3, 1], "queries": 9},
        {"keys": [5, 2, 60]},  # many rows of few keys: computed by their log-sum-exp
        {"heads": 2, "queries": range(10, 20), "keys": slice(0, 70, 3)},
    ],
)
def test_slices_equal_the_slices_of_the_whole(capture: hs.Capture, chosen: dict[str, Any]) -> None:
    whole = capture.attention(1, measure="value_norm")
    for axis, name in enumerate(("heads", "queries", "keys")):
        which = chosen.get(name, slice(None))
        which = torch.arange(whole.shape[axis])[[which] if isinstance(which, int) else which]
        whole = whole.index_select(axis, which)
    torch.testing.assert_close(capture.attention(1, **chosen, measure="value_norm"), whole, atol=1e-6, rtol=1e-5)


def test_the_overview_pools_the_same_numbers(capture: hs.Capture, expected: torch.Tensor) -> None:
    picture = capture.overview(10, layers=[1], measure="value_norm")[0]
    torch.testing.assert_close(picture, expected.unflatten(2, (10, 7)).unflatten(1, (10, 7)).amax((2, 4)))
    mean = capture.overview(10, "mean", layers=1, measure="value_norm")[0]
    torch.testing.assert_close(mean, expected.unflatten(2, (10, 7)).unflatten(1, (10, 7)).mean((2, 4)))


def test_thumbnails_are_on_the_scale_of_the_layers_largest_number(capture: hs.Capture, expected: torch.Tensor) -> None:
    drawn = capture.thumbnails(1, 7, measure="value_norm")
    assert drawn.rail is not None
    assert drawn.scale == pytest.approx(float(expected.max()), rel=1e-5)
    torch.testing.assert_close(drawn.rail, expected[..., 0].unflatten(1, (7, 10)).mean(2))
    others = expected[..., 1:].unflatten(1, (7, 10)).amax(2)
    starts = [cell * 69 // 7 for cell in range(8)]
    for cell in range(7):
        torch.testing.assert_close(drawn.body[..., cell], others[..., starts[cell] : starts[cell + 1]].amax(2))


def test_the_scale_does_not_depend_on_what_is_left_out(minilm: Any) -> None:
    model, tokenizer = minilm
    capture = hs.capture(model, "The rabbit ran fast.", pair="The hare was quick!", tokenizer=tokenizer)
    scales = {
        capture.thumbnails(2, 25, measure="value_norm", pair_filter=pair, hide_special=hide).scale
        for pair in ("all", "a->b", "b->b")
        for hide in (False, True)
    }
    assert scales == {float(capture.attention(2, measure="value_norm").max())}


def test_nothing_is_renormalised(minilm: Any) -> None:
    model, tokenizer = minilm
    capture = hs.capture(model, "The rabbit ran unbelievably fast.", tokenizer=tokenizer)
    tokens, numbers = capture.tokens(), capture.attention(2, measure="value_norm")
    settings = DisplaySettings(hide_first=True, hide_special=True, measure="value_norm")
    shown = show(numbers, tokens, tokens, settings)
    torch.testing.assert_close(shown.attention, numbers[:, 1:-1, 1:-1])
    assert bool((shown.left == 1).all())
    merged = show(numbers, tokens, tokens, DisplaySettings(words=True, measure="value_norm"))
    spans = tokens.word_spans
    assert len(spans) < len(tokens)
    for at, row in enumerate(spans):
        for across, column in enumerate(spans):
            block = numbers[:, row.start : row.stop, column.start : column.stop]
            torch.testing.assert_close(merged.attention[:, at, across], block.sum(2).mean(1))


def test_a_view_shows_what_is_measured(capture: hs.Capture, expected: torch.Tensor) -> None:
    view = hs.HeadView(capture, layer=1, heads=[2, 3], measure="value_norm", hide_first=True)
    torch.testing.assert_close(view.shown.attention, expected[2:, 1:, 1:], atol=1e-5, rtol=1e-5)
    view.measure = "weight"
    torch.testing.assert_close(view.shown.attention[:, 1:].sum(2), torch.ones(2, 68))
    torch.testing.assert_close(view.selected.attention, capture.attention(1)[2:])
    view.close()


def test_norms_are_copies_kept_once_and_counted(model: Any) -> None:
    capture = hs.capture(model, ids(30))
    before = capture.nbytes
    first = capture.value_norms(2)
    assert capture.nbytes == before + 4 * 4 * 30
    kept = first.clone()
    first.zero_()
    assert torch.equal(capture.value_norms(2), kept)
    assert capture.nbytes == before + 4 * 4 * 30
    capture.close()
    with pytest.raises(errors.CaptureClosed):
        capture.value_norms(2)


def test_where_the_projection_is_not_known_weights_still_answer() -> None:
    model = build()
    attention = model.model.layers[1].self_attn
    attention.o_proj = nn.Sequential(nn.Tanh(), attention.o_proj).eval()
    capture = hs.capture(model, ids(12))
    for ask in (capture.value_norms, capture.attention):
        with pytest.raises(errors.UnknownProjection, match=r"layer 1 .*Tanh.*not linear"):
            ask(1, **({} if ask == capture.value_norms else {"measure": "value_norm"}))
    with pytest.raises(errors.UnknownProjection, match="layer 1"):
        capture.overview(4, measure="value_norm")
    with pytest.raises(errors.UnknownProjection, match="layer 1"):
        capture.thumbnails(1, 4, measure="value_norm")
    assert capture.overview(4, layers=[0, 2], measure="value_norm").shape == (2, 4, 4, 4)
    assert capture.thumbnails(1, 4).scale == 1.0


@pytest.mark.parametrize("ask", ["attention", "overview", "thumbnails"])
def test_an_unknown_measure_is_refused(capture: hs.Capture, ask: str) -> None:
    arguments = {"attention": (0,), "overview": (4,), "thumbnails": (0, 4)}[ask]
    with pytest.raises(errors.OutOfRange, match="measure 'norm' is unknown: there are 'weight' and 'value_norm'"):
        getattr(capture, ask)(*arguments, measure="norm")
