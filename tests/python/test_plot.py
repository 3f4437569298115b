"""Heads on axes of matplotlib: what is drawn are the capture's own numbers, in the colours of the views."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib import colors
from matplotlib import pyplot as plt
from pages import bert, llama, part_refused
from saved_files import of_two_parts, of_vectors

import headscope as hs
from headscope.errors import OutOfRange, RefusedLayer
from headscope.export.colours import colours_of, ramp

JS = Path(__file__).parents[2] / "js" / "views" / "shared"


@pytest.fixture(autouse=True)
def without_a_screen() -> Any:
    mpl.use("agg")
    yield
    plt.close("all")


def lines_of(ax: Any) -> list[tuple[int, int, float, float]]:
    """Query, key, alpha and width of each line, in the order in which they are drawn."""
    (drawn,) = ax.collections
    ends = [(path.vertices[0], path.vertices[-1]) for path in drawn.get_paths()]
    assert all((left[0], right[0]) == (0, 1) for left, right in ends)
    places = [(round(left[1]), round(right[1])) for left, right in ends]
    looks = zip(drawn.get_colors()[:, 3], drawn.get_linewidths(), strict=True)
    return [(*place, *look) for place, look in zip(places, looks, strict=True)]


def test_each_weight_from_the_threshold_on_is_a_line_as_strong_as_it_is() -> None:
    weights = llama().attention(1, 2)[0]
    lines = lines_of(llama().plot.head(1, 2, threshold=0.1))
    assert {(query, key) for query, key, *_ in lines} == {tuple(at) for at in (weights >= 0.1).nonzero().tolist()}
    for query, key, alpha, width in lines:
        weight = weights[query, key].item()
        assert alpha == pytest.approx(min(0.9, 1.1 * weight**1.1), abs=1e-6)
        assert width == pytest.approx(0.6 + 2 * weight, abs=1e-6)
    drawn = [weights[query, key].item() for query, key, *_ in lines]
    assert drawn == sorted(drawn)  # the strongest on top


def test_the_colour_is_that_of_the_head_in_the_views() -> None:
    for theme, number in (("light", 2), ("dark", 3)):
        (drawn,) = llama().plot.head(0, number, theme=theme).collections
        (colour,) = {colors.to_hex(one) for one in drawn.get_colors()[:, :3]}
        assert colour == colours_of(theme).head(number)
    text = (JS / "palette.ts").read_text()
    for theme, theirs in re.findall(r"(light|dark): split\((.*?)\)", text, re.DOTALL):
        assert colours_of(theme).heads.split() == re.findall(r"[0-9a-f]{6}", theirs)
    ramps = (JS / "ramps.ts").read_text()
    for theme in ("light", "dark"):
        assert f'{theme}: "{colours_of(theme).weights.partition(" ")[2]}"' in ramps
        assert f'{theme}: "{colours_of(theme).rail.partition(" ")[2]}"' in ramps


def test_ramps_go_through_their_stops_and_are_even_for_the_eye() -> None:
    made = np.rint(255 * ramp("000000 ffffff"))
    assert made[0].tolist() == [0, 0, 0]
    assert made[-1].tolist() == [255, 255, 255]
    assert made[128].tolist() == pytest.approx([100, 100, 100], abs=1)  # half of the lightness of OKLab


def test_axes_that_are_given_are_drawn_on_and_returned() -> None:
    _, (one, other) = plt.subplots(1, 2)
    assert llama().plot.head(0, 1, one) is one
    assert llama().plot.model(other) is other
    assert len(plt.get_fignums()) == 1


def test_a_matrix_shows_the_weights_themselves_where_there_is_room() -> None:
    ax = llama().plot.head(2, 3, style="matrix")
    (image,) = ax.images
    np.testing.assert_allclose(image.get_array(), llama().attention(2, 3)[0].numpy(), atol=1e-6)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(llama().tokens().labels)


def lonely(tokens: int, query: int, key: int) -> hs.Capture:
    """One weight is strong, far down a long text."""
    weights = torch.full((1, 1, tokens, tokens), 1 / tokens)
    weights[0, 0, query] = 0.0
    weights[0, 0, query, key] = 1.0
    return hs.from_attentions(weights, [f"w{at}" for at in range(tokens)])


def darkest(figure: Any, dpi: int) -> float:
    """Light of the darkest pixels that are drawn, 0 to 255; letters are none of them."""
    figure.set_dpi(dpi)
    for ax in figure.axes:
        for text in [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()]:
            text.set_visible(False)
    figure.canvas.draw()
    return float(np.asarray(figure.canvas.buffer_rgba())[..., :3].mean(-1).min())


@pytest.mark.parametrize("style", ["lines", "matrix"])
@pytest.mark.parametrize("query", [1, 613, 1022])
def test_a_strong_weight_is_seen_however_small_the_axes(style: Any, query: int) -> None:
    figure, ax = plt.subplots(figsize=(1.2, 1.2))
    lonely(1024, query, 517).plot.head(0, 0, ax, style=style)
    if style == "lines":
        assert [line[:2] for line in lines_of(ax)] == [(query, 517)]
    assert darkest(figure, 72) < (190 if style == "lines" else 60)


def test_a_strong_weight_is_seen_in_the_small_picture_of_its_head() -> None:
    figure, ax = plt.subplots(figsize=(1, 1))
    lonely(1024, 613, 517).plot.model(ax)
    assert darkest(figure, 72) < 60


def test_all_heads_stand_in_a_grid_of_layers_and_heads() -> None:
    ax = llama().plot.model()
    body, rail = (image.get_array() for image in ax.images)
    assert body.shape == rail.shape == (3 * (12 + 2), 4 * (12 + 2))  # every token, and between heads a space
    made = llama().thumbnails(2, 12)
    at = slice(2 * 14 + 1, 2 * 14 + 13)
    assert np.array_equal(body[at, 3 * 14 + 2 : 3 * 14 + 13], made.body[3].numpy())
    assert np.array_equal(rail[at, 3 * 14 + 1], made.rail[3].numpy())  # type: ignore[index]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "2", "3"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2"]


def test_layers_that_were_refused_stay_empty_and_a_head_of_one_says_why() -> None:
    capture = part_refused()
    body, _ = (image.get_array() for image in capture.plot.model().images)
    side = body.shape[0] // 3
    assert body[side : 2 * side].mask.all()
    assert not body[:side].mask.all()
    with pytest.raises(RefusedLayer):
        capture.plot.head(1, 0)


def test_parts_and_sides_of_other_lengths() -> None:
    capture = of_two_parts()
    weights = capture.attention(0, 1, part="cross")[0]
    lines = lines_of(capture.plot.head(0, 1, part="cross"))
    assert len(lines) == int((weights >= 0.05).sum())
    ax = capture.plot.head(0, 1, part="cross", style="matrix")
    assert ax.images[0].get_array().shape == tuple(weights.shape)


def test_text_is_text() -> None:
    """Neither formulas nor markup; of any alphabet."""
    capture = hs.from_attentions(torch.full((1, 1, 3, 3), 1 / 3), ["$x^2$", "<b>", r"\frac"])
    for style in ("lines", "matrix"):
        ax = capture.plot.head(0, 0, style=style)  # type: ignore[arg-type]
        ax.figure.canvas.draw()
        shown = [text.get_text() for text in [*ax.texts, *ax.get_yticklabels()]]
        assert {"$x^2$", "<b>", r"\frac"} <= set(shown)
        assert not any(text.get_parse_math() for text in [*ax.texts, *ax.get_yticklabels(), *ax.get_xticklabels()])
    of_vectors().plot.head(0, 1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"style": "bars"}, '"lines" and "matrix"'),
        ({"theme": "auto"}, '"light" and "dark"'),
        ({"threshold": 7}, "give 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(OutOfRange, match=told):
        bert().plot.head(0, 0, **wrong)
    with pytest.raises(OutOfRange, match="head"):
        bert().plot.head(0, 9)
    assert plt.get_fignums() == []


def test_without_matplotlib_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for call in (lambda: llama().plot.head(0, 0), llama().plot.model):
        with pytest.raises(ModuleNotFoundError, match=r'pip install "headscope\[plot\]"'):
            call()


def test_matplotlib_is_loaded_only_where_something_is_drawn() -> None:
    script = (
        "import sys, headscope as hs; hs.Capture.plot; import headscope.export.plot; print('matplotlib' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"
