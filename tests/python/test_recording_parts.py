"""Encoder, decoder and cross-attention: sorted by what happened, exact in every layer, padding dropped on both axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import alphabets
import pytest
import torch
import transformers
from tiny import TWOFOLD, VOCABULARY, build, eager_attentions, eager_parts, ids
from transformers import PreTrainedModel
from twofold import batch, kept

import headscope as hs
from headscope.errors import UnsupportedInput

AXES = {"encoder": ("encoder", "encoder"), "decoder": ("decoder", "decoder"), "cross": ("decoder", "encoder")}


@pytest.mark.parametrize("item", [0, 1])
@pytest.mark.parametrize("name", list(TWOFOLD))
def test_every_layer_equals_eager_attention(name: str, item: int) -> None:
    model, given = build(name), batch(name)
    capture = hs.capture(model, given, item=item)
    assert model.config._attn_implementation == "sdpa"
    assert capture.parts == ("encoder", "decoder", "cross")
    positions = kept(name, item)
    for part, layers in eager_parts(model, **given).items():
        assert capture.layer_numbers(part) == tuple(range(len(layers)))
        query, key = (positions[stream] for stream in AXES[part])
        for layer, weights in enumerate(layers):
            expected = weights[item][:, query][:, :, key]
            torch.testing.assert_close(capture.attention(layer, part=part), expected, atol=1e-5, rtol=0)
    assert all(report.error is not None and report.error < 1e-5 for report in capture.layers)
    assert all(report.reason == "" for report in capture.layers)


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_parts_are_told_apart_where_source_and_target_are_equally_long(name: str) -> None:
    model, tokens = build(name), ids(9)
    capture = hs.capture(model, tokens, target=tokens)
    for part, layers in eager_parts(model, input_ids=tokens, decoder_input_ids=tokens).items():
        for layer, weights in enumerate(layers):
            torch.testing.assert_close(capture.attention(layer, part=part), weights[0], atol=1e-5, rtol=0)
    modules = {part: {report.module for report in capture.layers if report.part == part} for part in capture.parts}
    assert all("encoder." in module for module in modules["encoder"])
    assert all(module.endswith(("self_attn", "SelfAttention")) for module in modules["decoder"])
    assert all(module.endswith(("encoder_attn", "EncDecAttention")) for module in modules["cross"])


def test_two_models_made_into_one() -> None:
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 64}
    first, second = (transformers.BertConfig(num_hidden_layers=count, **sizes) for count in (3, 2))
    config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(first, second)
    model = transformers.EncoderDecoderModel(config).eval()
    capture = hs.capture(model, ids(11), target=ids(6))
    for part, layers in eager_parts(model, input_ids=ids(11), decoder_input_ids=ids(6)).items():
        for layer, weights in enumerate(layers):
            torch.testing.assert_close(capture.attention(layer, part=part), weights[0], atol=1e-5, rtol=0)


def test_a_model_of_one_stack_has_one_part() -> None:
    assert hs.capture(build(), ids(9)).parts == ("self",)
    assert hs.capture(build("position bias"), ids(9)).parts == ("self",)  # T5's encoder alone


def test_a_zero_bias_is_no_bias() -> None:
    capture = hs.capture(build("t5"), ids(11), target=ids(6))
    assert capture.neurons(1, 0, 3, part="cross").equation == "softmax(dot)"
    assert capture.neurons(1, 0, 3, part="decoder").equation == "softmax(dot + bias + mask)"


def _crossing(model: PreTrainedModel, change: Callable[[Any], Any]) -> PreTrainedModel:
    """Put `change` round the forward of the cross-attention of layer 0, which then takes no named argument."""
    module = model.model.decoder.layers[0].encoder_attn
    module.forward = change(module.forward)
    return model


def test_where_the_arguments_do_not_tell_the_name_does() -> None:
    model = build("bart")
    expected = hs.capture(model, ids(9), target=ids(9)).attention(0, part="cross")
    _crossing(model, lambda forward: lambda *args, **options: forward(*args, **options))  # noqa: PLW0108
    capture = hs.capture(model, ids(9), target=ids(9))
    assert capture.layer_numbers("cross") == (0, 1)
    assert torch.equal(capture.attention(0, part="cross"), expected)


def test_keys_that_are_no_tokens_of_the_encoder_are_refused() -> None:
    def twice(forward: Any) -> Any:
        return lambda hidden, key_value_states=None, **options: forward(
            hidden, key_value_states=torch.cat([key_value_states] * 2, dim=1), **options
        )

    model = _crossing(build("bart"), twice)
    with pytest.warns(UserWarning, match=r"1 layers cannot be shown.*not the 6 tokens and 9 of the encoder"):
        capture = hs.capture(model, ids(9), target=ids(6))
    assert [report.layer for report in capture.layers if report.refused] == [0]
    assert capture.head_count(0, "cross") == 0
    assert capture.attention(1, part="cross").shape == (2, 6, 9)
    with pytest.raises(hs.RefusedLayer, match="18 keys"):
        capture.attention(0, part="cross")


def test_an_encoder_that_nobody_names_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("bart")
    monkeypatch.setattr(type(model), "get_encoder", lambda self: self)
    with pytest.raises(UnsupportedInput, match=r"model\.get_encoder"):
        hs.capture(model, ids(9), target=ids(6))


def test_hooks_are_gone_after_a_capture_and_after_a_failure() -> None:
    model = build("bart")
    hs.capture(model, ids(9), target=ids(6))
    handle = model.model.decoder.layers[1].register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hs.capture(model, ids(9), target=ids(6))
    handle.remove()
    assert all(not module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize("kind", ["register_forward_pre_hook", "register_forward_hook"])
def test_ctrl_c_while_hooks_are_being_set_leaves_none(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, register, set_so_far, stop_at = build("bart"), getattr(torch.nn.Module, kind), [0], [-1]

    def counted(module: torch.nn.Module, *arguments: Any, **options: Any) -> Any:
        set_so_far[0] += 1
        if set_so_far[0] == stop_at[0]:
            raise KeyboardInterrupt
        return register(module, *arguments, **options)

    monkeypatch.setattr(torch.nn.Module, kind, counted)
    hs.capture(model, ids(9), target=ids(6))
    count, interface = set_so_far[0], transformers.AttentionInterface.get_interface
    assert count > 10
    for at in range(1, count + 1):
        set_so_far[0], stop_at[0] = 0, at
        with pytest.raises(KeyboardInterrupt):
            hs.capture(model, ids(9), target=ids(6))
        assert all(not module._forward_pre_hooks and not module._forward_hooks for module in model.modules())
        assert transformers.AttentionInterface.get_interface is interface


# Sound


def test_frames_are_labelled_with_the_second_at_which_they_begin() -> None:
    wave = torch.randn(16_000)
    capture = hs.capture(build("moonshine"), wave, target=ids(6))
    frames = capture.tokens("cross", "key")
    assert frames == capture.tokens("encoder", "query")
    assert frames.kind == "frames"
    assert capture.tokens("cross", "query").kind == "text"
    count = len(frames)
    assert count == 40  # ((16000 - 127) // 64 + 1 = 249, (249 - 7) // 3 + 1 = 81, (81 - 3) // 2 + 1)
    assert frames.labels[0] == "0.00 s"
    assert frames.labels[20] == "0.50 s"
    assert not any(frames.special)


def test_a_waveform_may_be_a_list_an_array_or_a_batch() -> None:
    model, wave = build("moonshine"), torch.randn(5000)
    expected = hs.capture(model, {"input_values": wave[None]}, target=ids(6)).attention(1, part="cross")
    for given in (wave, wave.tolist(), wave.double().numpy(), wave[None]):
        assert torch.equal(hs.capture(model, given, target=ids(6)).attention(1, part="cross"), expected)


def test_the_processor_tells_the_sampling_rate() -> None:
    class Processor:
        feature_extractor = transformers.Wav2Vec2FeatureExtractor(sampling_rate=8_000)
        tokenizer = alphabets.wordpiece()

    wave = torch.randn(16_000)
    capture = hs.capture(build("moonshine"), wave, tokenizer=Processor(), target=ids(6))
    assert capture.tokens("cross").labels[20] == "1.00 s"


def test_columns_of_a_spectrogram_are_10_ms_each() -> None:
    capture = hs.capture(build("whisper"), {"input_features": torch.randn(1, 8, 40)}, target=ids(6))
    assert capture.tokens("encoder").labels[-1] == "0.38 s"
    assert len(capture.tokens("encoder")) == 20


def test_a_speech_model_of_one_stack() -> None:
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    model = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(conv_dim=(16,) * 7, **sizes)).eval()
    wave = torch.randn(1, 16_000)
    capture = hs.capture(model, wave)
    assert capture.parts == ("self",)
    assert capture.tokens().labels[-1] == "0.98 s"
    for layer, weights in enumerate(eager_attentions(model, input_values=wave)):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("moonshine", "the doctor", r"reads sound \(input_values\), not text"),
        ("moonshine", torch.zeros(5000, dtype=torch.long), "floats .samples."),
        ("moonshine", torch.zeros(1, 1, 5000), r"\[1, 1, 5000\]"),
        ("moonshine", torch.zeros(0), "no sound"),
        ("moonshine", {"input_values": torch.zeros(5000), "attention_mask": torch.ones(1, 10)}, r"\[1, 10\]"),
        ("moonshine", {"input_ids": [5]}, "no input_values"),
        ("whisper", torch.zeros(16_000), "as its processor returns it"),
        ("bart", {"input_values": torch.zeros(1, 5000)}, "no audio"),
        ("bart", torch.zeros(5000), "whole numbers"),
    ],
)
def test_what_is_no_sound_says_what_is(name: str, given: Any, words: str) -> None:
    with pytest.raises(hs.HeadscopeError, match=words):
        hs.capture(build(name), given, target=ids(6))


def test_sound_has_no_pair() -> None:
    with pytest.raises(UnsupportedInput, match="pair goes with a text, not with sound"):
        hs.capture(build("moonshine"), torch.randn(5000), pair="the doctor", target=ids(6))
