"""The output projection: found by what the forward did with the heads' outputs, verified, or refused with a reason."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

import pytest
import torch
import transformers
from projected import added_by_heads, matrix_of, returned_by, transformed_values
from tiny import MECHANISMS, VOCABULARY, build, ids
from torch import nn

import headscope as hs
from headscope import demo, errors

# Where each family has its projection; known here, never told to headscope.
PROJECTIONS = {
    "causal, grouped heads, rotary": "model.layers.{}.self_attn.o_proj",
    "bidirectional": "encoder.layer.{}.attention.output.dense",
    "causal, fused projection": "transformer.h.{}.attn.c_proj",
    "sliding window": "model.layers.{}.self_attn.o_proj",
    "softcap and window": "model.layers.{}.self_attn.o_proj",
    "sinks and window": "model.layers.{}.self_attn.o_proj",
    "position bias": "encoder.block.{}.layer.0.SelfAttention.o",
}


def assert_exact(capture: hs.Capture, layer: int, module: nn.Module, output: torch.Tensor, part: str | None) -> None:
    """Value vectors through the model's own weights add up to what it returned, and their norms are the answer."""
    weights, value, matrix = (
        capture.attention(layer, part=part),
        capture.vectors(layer, part=part).value,
        matrix_of(module),
    )
    bias = getattr(module, "bias", None)
    rebuilt = added_by_heads(weights, value, matrix) + (0 if bias is None else bias.detach())
    scale = float(output.abs().max())
    torch.testing.assert_close(rebuilt / scale, output / scale, atol=1e-5, rtol=0)
    expected = transformed_values(len(weights), value, matrix).norm(dim=-1)
    norms = capture.value_norms(layer, part=part)
    assert norms.dtype == torch.float32
    torch.testing.assert_close(norms, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("mechanism", list(PROJECTIONS))
def test_values_through_the_projection_add_up_to_what_it_returned(mechanism: str, implementation: str) -> None:
    if implementation == "sdpa" and mechanism in ("softcap and window", "sinks and window"):
        pytest.skip("no sdpa for these in transformers")
    model = build(mechanism, attn_implementation=implementation)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):  # they start at zero
                parameter.normal_()
    for layer in range(3):
        module = model.get_submodule(PROJECTIONS[mechanism].format(layer))
        with returned_by(module) as seen:
            capture = hs.capture(model, ids(21))
        assert_exact(capture, layer, module, seen[0][0], None)


def test_layers_that_share_one_projection() -> None:
    model = build("shared layers")
    module = model.encoder.albert_layer_groups[0].albert_layers[0].attention.dense
    with returned_by(module) as seen:
        capture = hs.capture(model, ids(21))
    for layer in range(3):
        assert_exact(capture, layer, module, seen[layer][0], None)


ENCODER_DECODERS: dict[str, tuple[Any, dict[str, str]]] = {
    "BART": (
        lambda: transformers.BartForConditionalGeneration(
            transformers.BartConfig(
                d_model=32,
                encoder_layers=2,
                decoder_layers=2,
                encoder_attention_heads=4,
                decoder_attention_heads=4,
                encoder_ffn_dim=32,
                decoder_ffn_dim=32,
                vocab_size=VOCABULARY,
            )
        ),
        {
            "encoder": "model.encoder.layers.1.self_attn.out_proj",
            "decoder": "model.decoder.layers.1.self_attn.out_proj",
            "cross": "model.decoder.layers.1.encoder_attn.out_proj",
        },
    ),
    "T5": (
        lambda: transformers.T5ForConditionalGeneration(
            transformers.T5Config(
                d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4, vocab_size=VOCABULARY, decoder_start_token_id=0
            )
        ),
        {
            "encoder": "encoder.block.1.layer.0.SelfAttention.o",
            "decoder": "decoder.block.1.layer.0.SelfAttention.o",
            "cross": "decoder.block.1.layer.1.EncDecAttention.o",
        },
    ),
}


@pytest.mark.parametrize("part", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("family", list(ENCODER_DECODERS))
def test_every_part_of_an_encoder_decoder(family: str, part: str) -> None:
    torch.manual_seed(0)
    make, paths = ENCODER_DECODERS[family]
    model = make().eval()
    module = model.get_submodule(paths[part])
    with returned_by(module) as seen:
        capture = hs.capture(model, {"input_ids": ids(19), "decoder_input_ids": ids(7, seed=2)})
    assert_exact(capture, 1, module, seen[0][0], part)
    assert capture.value_norms(1, part=part).shape == (4, 7 if part == "decoder" else 19)


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_item_of_a_padded_batch(side: str) -> None:
    model, tokens = build(), ids(20, batch=3)
    mask = torch.ones_like(tokens)
    mask[1, :6] = 0
    mask = mask if side == "left" else mask.flip(1)
    module = model.get_submodule("model.layers.1.self_attn.o_proj")
    with returned_by(module) as seen:
        capture = hs.capture(model, {"input_ids": tokens, "attention_mask": mask}, item=1)
    assert_exact(capture, 1, module, seen[0][1][mask[1].bool()], None)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_computed_in_float32_and_leave_the_model_alone(dtype: torch.dtype) -> None:
    model = build("causal, fused projection").to(dtype)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    capture = hs.capture(model, ids(20))
    matrix = matrix_of(model.transformer.h[1].attn.c_proj)
    expected = transformed_values(4, capture.vectors(1).value, matrix).norm(dim=-1)
    torch.testing.assert_close(capture.value_norms(1), expected, atol=1e-5, rtol=1e-5)
    for name, parameter in model.named_parameters():
        assert parameter.dtype == dtype
        assert torch.equal(parameter, before[name])


@pytest.mark.parametrize(
    ("name", "path"),
    [("smollm2", "model.layers.{}.self_attn.o_proj"), ("minilm", "encoder.layer.{}.attention.output.dense")],
)
def test_every_layer_of_real_models(name: str, path: str, request: pytest.FixtureRequest) -> None:
    model, tokenizer = request.getfixturevalue(name)
    modules = [model.get_submodule(path.format(layer)) for layer in range(model.config.num_hidden_layers)]
    with ExitStack() as stack:
        seen = [stack.enter_context(returned_by(module)) for module in modules]
        capture = hs.capture(model, "The doctor asked the nurse a question. She said that", tokenizer=tokenizer)
    for layer, module in enumerate(modules):
        assert_exact(capture, layer, module, seen[layer][0][0], None)


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("encoder", "model.encoder.layers.{}.self_attn.o_proj"),
        ("decoder", "model.decoder.layers.{}.self_attn.o_proj"),
        ("cross", "model.decoder.layers.{}.encoder_attn.o_proj"),
    ],
)
def test_speech(moonshine: Any, part: str, path: str) -> None:
    model, tokenizer = moonshine
    module = model.get_submodule(path.format(2))
    with returned_by(module) as seen:
        capture = hs.capture(model, demo.moonshine_sample(), tokenizer=tokenizer, target="Hello there")
    assert_exact(capture, 2, module, seen[0][0], part)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_bias_far_larger_than_what_the_heads_add(dtype: torch.dtype) -> None:
    model = build("causal, fused projection").to(dtype)
    projection = model.transformer.h[1].attn.c_proj
    with torch.no_grad():
        projection.bias.normal_(std=50)
    capture = hs.capture(model, ids(20))
    expected = transformed_values(4, capture.vectors(1).value, matrix_of(projection)).norm(dim=-1)
    torch.testing.assert_close(capture.value_norms(1), expected, atol=1e-4, rtol=1e-4)


class Owner:
    """Somebody whose hook sits on the model, with something that cannot be copied."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def hook(self, *_: Any) -> None:
        """See what passes, and change nothing."""
        self.lock.acquire()
        self.lock.release()


def test_hooks_of_others_are_no_hindrance() -> None:
    model = build().to(torch.bfloat16)
    owner = Owner()
    model.model.layers[1].self_attn.o_proj.register_forward_hook(owner.hook)
    model.model.layers[1].self_attn.o_proj.register_forward_pre_hook(owner.hook)
    assert hs.capture(model, ids(12)).value_norms(1).shape == (4, 12)


def test_another_thread_that_runs_the_same_text_is_not_taken_for_a_second_projection() -> None:
    model = build()
    others: list[threading.Thread] = []

    def run() -> None:
        with torch.no_grad():
            model(ids(12))

    def beside(*_: Any) -> None:
        if not others:
            others.append(threading.Thread(target=run))
            others[0].start()
            others[0].join()

    model.model.layers[0].mlp.register_forward_pre_hook(beside)
    capture = hs.capture(model, ids(12))
    assert len(others) == 1
    matrix = matrix_of(model.model.layers[0].self_attn.o_proj)
    expected = transformed_values(4, capture.vectors(0).value, matrix).norm(dim=-1)
    torch.testing.assert_close(capture.value_norms(0), expected, atol=1e-5, rtol=1e-5)


def test_nan_is_said() -> None:
    model = build()
    with torch.no_grad():
        model.model.layers[1].self_attn.v_proj.weight[0, 0] = float("nan")
    capture = hs.capture(model, ids(12))
    with pytest.raises(errors.UnknownProjection, match=r"layer 1 .*hold NaN or infinite numbers"):
        capture.value_norms(1)


@pytest.mark.parametrize("how", ["in place", "replaced"])
def test_parameters_changed_since_the_capture_are_noticed(how: str) -> None:
    model = build()
    capture = hs.capture(model, ids(12))
    known = capture.value_norms(0)
    capture.attention(1)
    for layer in (0, 1):
        projection = model.model.layers[layer].self_attn.o_proj
        with torch.no_grad():
            if how == "in place":
                projection.weight.mul_(2)
            else:
                projection.weight = nn.Parameter(projection.weight * 2)
    assert torch.equal(capture.value_norms(0), known)  # asked in time
    with pytest.raises(errors.UnknownProjection, match=r"o_proj \(Linear\), whose parameters were changed .* again"):
        capture.value_norms(1)


def test_nothing_is_left_on_the_model() -> None:
    model = build()

    def hooks() -> list[int]:
        return [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]

    before = hooks()
    hs.capture(model, ids(12))
    assert hooks() == before
    model.model.layers[1].mlp.forward = lambda _: 1 / 0
    with pytest.raises(ZeroDivisionError):
        hs.capture(model, ids(12))
    assert hooks() == before


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_one_token_is_enough(mechanism: str) -> None:
    assert hs.capture(build(mechanism), ids(1)).value_norms(2).shape == (4, 1)
