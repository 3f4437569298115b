"""examples/speech.ipynb: what it claims is so, by the model's own cross-attentions and by the sound."""

from __future__ import annotations

import copy
from typing import Any

import notebooks
import pytest
import torch
from notebooks import as_said

from headscope import demo


@pytest.fixture(scope="module")
def ran() -> notebooks.Ran:
    return notebooks.run("speech")


@pytest.fixture(scope="module")
def own(moonshine: Any) -> torch.Tensor:
    """The model's own cross-attention over its own transcript: [layer, head, token, frame]."""
    model = copy.deepcopy(moonshine[0])
    sound = demo.moonshine_sample()[None]
    written = model.generate(sound, max_new_tokens=60)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        out = model(input_values=sound, decoder_input_ids=written, output_attentions=True, use_cache=False)
    return torch.stack(out.cross_attentions)[:, 0]


def test_the_transcript_is_what_is_said(ran: notebooks.Ran) -> None:
    said = "Ever tried, ever failed, no matter try again, fail again, fail better.\n"
    assert ran.printed["transcript"] == said


def test_cross_attention_goes_along_the_recording(ran: notebooks.Ran, own: torch.Tensor) -> None:
    length = len(demo.moonshine_sample()) / 16_000
    seconds = own[2, 1, 1:-1].argmax(-1) * length / own.shape[-1]
    assert ran.claims["head"] == [2, 1]
    assert ran.claims["seconds"] == pytest.approx(seconds.tolist(), abs=1e-3)
    assert (seconds.diff() > 0).all()
    for token, word in ((0, "Ever"), (4, "failed"), (15, "better")):
        assert (
            f"`{word}` looks at {seconds[token]:.2f} s" in ran.text or f"`{word}` at {seconds[token]:.2f} s" in ran.text
        )
    assert ran.claims["correlation"] > 0.99
    assert f"median correlation {as_said(ran.claims['median_correlation'])}" in ran.text


def test_words_look_at_speech_and_not_at_pauses(ran: notebooks.Ran) -> None:
    pairs = zip(ran.claims["tokens"], ran.claims["loudness"], strict=True)
    assert min(loudness for token, loudness in pairs if token not in ",.") > 2 * ran.claims["median_loudness"]
    loud = torch.stack([piece.square().mean().sqrt() for piece in demo.moonshine_sample().split(1600)])  # tenths
    assert (loud < 0.02).float().mean() > 0.5  # more than half of the recording is pause
    for start in (2.8, 5.7, 7.5):
        assert (loud[round(start * 10) :][:3] < 0.02).all()
        assert not any(start < at < start + 0.3 for at in ran.claims["seconds"])


def test_the_weights_are_spread(ran: notebooks.Ran, own: torch.Tensor) -> None:
    largest = own[2, 1, 1:-1].amax(-1)
    assert ran.claims["highest"] == pytest.approx(largest.tolist(), abs=1e-5)
    assert f"between {as_said(largest.min().item())} and {as_said(largest.max().item())}" in ran.text
