"""Models as they really live: compiled, offloaded, quantised, adapted, in half precision, used by several threads."""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tiny import build, ids
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

import headscope as hs
from headscope import errors
from headscope.recording.forward.precision import full_products


def as_eager(model: Any, **arguments: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """``output_attentions`` of a copy of `model`, whatever wraps it, on eager attention."""
    twin = copy.deepcopy(model)
    base = twin.get_base_model() if hasattr(twin, "get_base_model") else twin
    base.set_attn_implementation("eager")
    with torch.no_grad():
        attentions: tuple[torch.Tensor, ...] = twin(**arguments, output_attentions=True).attentions
    return attentions


def assert_the_models_own(capture: hs.Capture, expected: tuple[torch.Tensor, ...], tolerance: float = 1e-5) -> None:
    assert len(capture.layers) == len(expected)
    for layer, weights in enumerate(expected):
        torch.testing.assert_close(capture.attention(layer), weights[0].float(), atol=tolerance, rtol=0)


# Autocast and inference mode


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "bidirectional", "sinks and window"])
def test_inside_autocast_the_vectors_are_those_that_the_attention_used(mechanism: str, dtype: torch.dtype) -> None:
    """Rotary embedding hands on float32, and autocast rounds it inside the attention; so must the record."""
    model = build(mechanism)
    with torch.autocast("cpu", dtype=dtype):
        capture = hs.capture(model, ids(20))
        expected = as_eager(model, input_ids=ids(20))
        inside = capture.attention(0)
    tolerance = {torch.bfloat16: 2e-2, torch.float16: 2e-3}[dtype]
    assert_the_models_own(capture, expected, tolerance)
    assert torch.equal(inside, capture.attention(0))
    for layer in range(3):
        vectors = capture.vectors(layer)
        assert {vectors.query.dtype, vectors.key.dtype, vectors.value.dtype} == {dtype}
        assert capture.value_norms(layer).shape == (4, 20)


def test_a_model_made_in_inference_mode_is_captured_and_its_changes_are_noticed() -> None:
    with torch.inference_mode():
        model = build()
    capture = hs.capture(model, ids(12))
    expected = hs.capture(build(), ids(12))
    for layer in range(2):
        assert torch.equal(capture.attention(layer), expected.attention(layer))
        assert torch.equal(capture.value_norms(layer), expected.value_norms(layer))
    with torch.inference_mode():
        model.model.layers[2].self_attn.q_proj.weight.mul_(2)
    with pytest.raises(errors.RefusedLayer, match="changed after the capture"):
        capture.attention(2)


def test_a_capture_made_in_inference_mode_answers_outside() -> None:
    model = build()
    with torch.inference_mode():
        capture = hs.capture(model, ids(12))
    assert_the_models_own(capture, as_eager(model, input_ids=ids(12)))
    assert capture.value_norms(1).shape == (4, 12)


# Settings of the process


@pytest.fixture
def rounded_products() -> Iterator[None]:
    """As a person sets it to train faster."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def _allowed() -> tuple[str, str]:
    return torch.backends.mkldnn.matmul.fp32_precision, torch.backends.cuda.matmul.fp32_precision


@pytest.mark.usefixtures("rounded_products")
def test_layers_are_checked_in_full_precision_where_torch_may_round_and_the_setting_stays() -> None:
    seen: list[tuple[str, str]] = []

    def watched(*given: Any, **options: Any) -> Any:
        seen.append(_allowed())
        return transformers.integrations.sdpa_attention.sdpa_attention_forward(*given, **options)

    AttentionInterface.register("watched", watched)
    AttentionMaskInterface.register("watched", sdpa_mask)
    try:
        model = build()
        model.set_attn_implementation("watched")
        capture = hs.capture(model, ids(20))
        capture.attention(0)
    finally:
        del AttentionInterface._global_mapping["watched"], AttentionMaskInterface._global_mapping["watched"]
    assert seen == [("bf16", "tf32")] * 3 + [("ieee", "ieee")]
    assert _allowed() == ("bf16", "tf32")
    assert torch.get_float32_matmul_precision() == "medium"


@pytest.mark.usefixtures("rounded_products")
def test_full_precision_lasts_until_the_last_one_leaves_in_whatever_order() -> None:
    first, second = ExitStack(), ExitStack()
    first.enter_context(full_products())
    second.enter_context(full_products())
    first.close()
    assert _allowed() == ("ieee", "ieee")
    second.close()
    assert _allowed() == ("bf16", "tf32")


# Compiled


COMPILED: dict[str, Callable[[Any, Any], Any]] = {
    "wrapper": lambda model, backend: torch.compile(model, backend=backend),
    "in place": lambda model, backend: (model.compile(backend=backend), model)[1],
    "its forward": lambda model, backend: (
        setattr(model, "forward", torch.compile(model.forward, backend=backend)),
        model,
    )[1],
    "one layer in place": lambda model, backend: (model.model.layers[1].compile(backend=backend), model)[1],
    "one layer wrapped": lambda model, backend: (
        model.model.layers.__setitem__(1, torch.compile(model.model.layers[1], backend=backend)),
        model,
    )[1],
}


@pytest.mark.parametrize("how", list(COMPILED))
def test_a_compiled_model_runs_as_it_is_written_and_stays_compiled(how: str) -> None:
    torch.compiler.reset()
    runs: list[None] = []

    def counting(graph: torch.fx.GraphModule, _: Any) -> Any:
        return lambda *given: (runs.append(None), graph.forward(*given))[1]

    model = COMPILED[how](build(), counting)
    with torch.no_grad():
        model(ids(12))
    before = len(runs)
    assert before > 0
    capture = hs.capture(model, ids(12))
    assert len(runs) == before
    assert_the_models_own(capture, as_eager(build(), input_ids=ids(12)))
    assert len(capture.layers) == 3
    assert capture.value_norms(1).shape == (4, 12)
    with torch.no_grad():
        model(ids(12))
    assert len(runs) > before


def test_a_traced_model_is_refused() -> None:
    traced = torch.jit.trace(build("bidirectional", return_dict=False), ids(12), strict=False, check_trace=False)
    with pytest.raises(errors.CompiledModel, match="TorchScript"):
        hs.capture(traced, ids(12))


# Offloaded by accelerate


def found_on(model: torch.nn.Module) -> list[Any]:
    """Hooks, forwards and the places of weights."""
    modules = [
        (name, id(getattr(module, "_hf_hook", None)), id(module.__dict__.get("forward")), len(module._forward_hooks))
        for name, module in model.named_modules()
    ]
    return [*modules, *((name, parameter.device) for name, parameter in model.named_parameters())]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "sinks and window"])
def test_weights_on_disk_between_calls(mechanism: str, dtype: torch.dtype, tmp_path: Path) -> None:
    """By ``device_map``: layer 0 stays, layers 1 and 2 are read from disk module by module in every call."""
    model = build(mechanism)
    model.save_pretrained(tmp_path / "model")
    load = functools.partial(type(model).from_pretrained, tmp_path / "model", dtype=dtype)
    places = dict.fromkeys(("model.embed_tokens", "model.rotary_emb", "model.layers.0"), "cpu")
    places |= dict.fromkeys(("model.layers.1", "model.layers.2", "model.norm", "lm_head"), "disk")
    offloaded = load(device_map=places, offload_folder=tmp_path / "offload").eval()
    assert offloaded.model.layers[1].self_attn.q_proj.weight.device.type == "meta"
    _assert_like_at_home(offloaded, load().eval())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "sinks and window", "position bias"])
def test_weights_offloaded_to_the_cpu(mechanism: str, dtype: torch.dtype) -> None:
    accelerate = pytest.importorskip("accelerate")
    model = build(mechanism).to(dtype)
    _assert_like_at_home(accelerate.cpu_offload(copy.deepcopy(model), execution_device="cpu"), model)


def _assert_like_at_home(offloaded: Any, model: Any) -> None:
    before = found_on(offloaded)
    capture, expected = hs.capture(offloaded, ids(20)), hs.capture(model, ids(20))
    for layer in range(3):
        assert torch.equal(capture.attention(layer), expected.attention(layer))
        torch.testing.assert_close(capture.value_norms(layer), expected.value_norms(layer), atol=1e-5, rtol=1e-5)
        assert capture.layers[layer].error == expected.layers[layer].error
    assert found_on(offloaded) == before


def test_nan_of_an_offloaded_model_is_named() -> None:
    accelerate = pytest.importorskip("accelerate")
    model = build()
    with torch.no_grad():
        model.model.layers[1].self_attn.v_proj.weight[0, 0] = float("nan")
    capture = hs.capture(accelerate.cpu_offload(model, execution_device="cpu"), ids(10))
    assert "model.layers.1.self_attn.v_proj.weight hold NaN" in capture.not_finite


# Quantised, adapted


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_of_8_bits_by_torchao(dtype: torch.dtype) -> None:
    quantization = pytest.importorskip("torchao.quantization")
    model = build().to(dtype)
    plain = hs.capture(model, ids(20)).attention(0)
    quantization.quantize_(model, quantization.Int8WeightOnlyConfig())
    capture = hs.capture(model, ids(20))
    assert_the_models_own(capture, as_eager(model, input_ids=ids(20)), 1e-5 if dtype == torch.float32 else 2e-2)
    assert not torch.equal(capture.attention(0), plain)
    matrix = model.model.layers[1].self_attn.o_proj.weight.dequantize().float()
    values = capture.vectors(1).value.float().repeat_interleave(2, dim=0)
    expected = torch.einsum("hkv,ohv->hko", values, matrix.unflatten(1, (4, -1))).norm(dim=-1)
    torch.testing.assert_close(
        capture.value_norms(1), expected, atol=1e-4, rtol=1e-2 if dtype != torch.float32 else 1e-4
    )


def test_activations_of_8_bits_are_no_linear_projection() -> None:
    """The weights are exact all the same; only what a value adds to the output is not known.

    Only the first layer is compared: rounding to 8 bits makes much of what little sdpa and eager forwards differ by.
    """
    quantization = pytest.importorskip("torchao.quantization")
    model = build()
    quantization.quantize_(model, quantization.Int8DynamicActivationInt8WeightConfig())
    capture = hs.capture(model, ids(20))
    torch.testing.assert_close(capture.attention(0), as_eager(model, input_ids=ids(20))[0][0], atol=1e-5, rtol=0)
    for layer in range(3):
        with pytest.raises(errors.UnknownProjection, match=r"o_proj .* not linear"):
            capture.value_norms(layer)


def _adapted(**settings: Any) -> Any:
    peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    config = peft.LoraConfig(r=4, init_lora_weights=False, **settings)
    model = peft.get_peft_model(build(), config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.mul_(3)
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ["q_proj", "v_proj"]},
        {"target_modules": ["q_proj", "v_proj", "o_proj"]},
        {"target_modules": ["q_proj", "v_proj", "o_proj"], "use_dora": True},
    ],
    ids=["q, v", "q, v, o", "DoRA"],
)
def test_adapters_of_peft(settings: dict[str, Any]) -> None:
    model = _adapted(**settings)
    capture = hs.capture(model, ids(20))
    assert_the_models_own(capture, as_eager(model, input_ids=ids(20)))
    assert float((capture.attention(0) - hs.capture(build(), ids(20)).attention(0)).abs().max()) > 0.1
    norms = [capture.value_norms(layer) for layer in range(3)]
    for merge in (model.merge_adapter, model.merge_and_unload):
        merged = merge() or model
        again = hs.capture(merged, ids(20))
        assert_the_models_own(again, as_eager(merged, input_ids=ids(20)))
        for layer in range(3):
            torch.testing.assert_close(again.attention(layer), capture.attention(layer), atol=1e-4, rtol=0)
            torch.testing.assert_close(again.value_norms(layer), norms[layer], atol=1e-4, rtol=1e-4)


# Training


def test_gradient_checkpointing_is_left_as_found() -> None:
    model = build()
    expected = as_eager(model, input_ids=ids(12))
    model.train()
    model.gradient_checkpointing_enable()
    model.eval()
    assert_the_models_own(hs.capture(model, ids(12)), expected)
    assert model.is_gradient_checkpointing
    assert all(parameter.requires_grad for parameter in model.parameters())
    model.train()
    model(ids(12), labels=ids(12)).loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_after_a_step_of_an_optimizer_only_what_was_read_before_answers() -> None:
    model = build()
    capture = hs.capture(model, ids(12))
    known, norms = capture.attention(0), capture.value_norms(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model(ids(12), labels=ids(12)).loss.backward()
    optimizer.step()
    assert torch.equal(capture.attention(0), known)
    assert torch.equal(capture.value_norms(0), norms)
    with pytest.raises(errors.RefusedLayer, match=r"layers\.1.*changed after the capture.*Capture again"):
        capture.attention(1)


# Other threads


@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "t5"])
def test_a_thread_that_runs_the_same_model_meanwhile_gets_and_leaves_nothing(mechanism: str) -> None:
    """Within every block of the captured forward, another thread runs all of the model on another text."""
    model = build(mechanism)
    ours, theirs = ({"input_ids": ids(12, seed=seed)} for seed in (1, 2))
    if mechanism == "t5":
        ours, theirs = ({**one, "decoder_input_ids": ids(5, seed=seed)} for one, seed in ((ours, 3), (theirs, 4)))
    with torch.no_grad():
        alone = model(**theirs)[0]
    expected = hs.capture(model, ours)
    others: list[torch.Tensor] = []

    def beside(*_: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()

    @torch.no_grad()
    def run() -> None:
        others.append(model(**theirs)[0])

    blocks = [module for name, module in model.named_modules() if name.endswith(("mlp", "layer.1.layer_norm"))]
    handles = [block.register_forward_pre_hook(beside) for block in blocks]
    capture = hs.capture(model, ours)
    for handle in handles:
        handle.remove()
    assert len(others) == len(blocks) > 1
    assert all(torch.equal(one, alone) for one in others)
    assert [(one.part, one.module) for one in capture.layers] == [(one.part, one.module) for one in expected.layers]
    for report in capture.layers:
        one, other = (each.vectors(report.layer, part=report.part) for each in (capture, expected))
        assert all(
            torch.equal(a, b)
            for a, b in zip((one.query, one.key, one.value), (other.query, other.key, other.value), strict=True)
        )
        torch.testing.assert_close(
            capture.value_norms(report.layer, part=report.part), expected.value_norms(report.layer, part=report.part)
        )


def test_threads_that_run_and_capture_the_same_model_at_once() -> None:
    model = build()
    texts = [ids(20, seed=seed) for seed in range(4)]
    with torch.no_grad():
        alone = [model(text).logits for text in texts]
    expected = [hs.capture(model, text).attention(1) for text in texts]
    wrong: list[str] = []

    def run(number: int) -> None:
        for _ in range(10):
            with torch.no_grad():
                if not torch.equal(model(texts[number]).logits, alone[number]):
                    wrong.append("a forward")
            if not torch.equal(hs.capture(model, texts[number]).attention(1), expected[number]):
                wrong.append("a capture")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())


# Masks


@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "bidirectional", "position bias"])
def test_a_mask_of_other_numbers_than_1_is_read_as_the_model_reads_it(mechanism: str) -> None:
    model, tokens = build(mechanism), ids(20)
    mask = torch.ones_like(tokens)
    mask[0, :5], mask[0, 9:] = 0, 2
    capture = hs.capture(model, {"input_ids": tokens, "attention_mask": mask})
    kept = mask[0] != 0
    expected = as_eager(model, input_ids=tokens, attention_mask=mask)
    assert_the_models_own(capture, tuple(weights[:, :, kept][..., kept] for weights in expected))


# Other devices: they run where there are some


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@needs_cuda
@pytest.mark.parametrize("tf32", [False, True])
@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "softcap and window", "position bias"])
def test_on_cuda(mechanism: str, tf32: bool) -> None:
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "tf32" if tf32 else "ieee"
    try:
        model = build(mechanism).cuda()
        capture = hs.capture(model, ids(37))
        expected = as_eager(model, input_ids=ids(37).cuda())
        for layer, weights in enumerate(expected):
            tolerance = 5e-3 if tf32 else 1e-5
            torch.testing.assert_close(capture.attention(layer), weights[0].float(), atol=tolerance, rtol=0)
            assert capture.value_norms(layer).shape == (4, 37)
        assert capture.overview(8).shape == (3, 4, 8, 8)
    finally:
        torch.backends.cuda.matmul.fp32_precision = before


@needs_cuda
def test_layers_on_several_devices(tmp_path: Path) -> None:
    model = build()
    model.save_pretrained(tmp_path)
    places: dict[str, Any] = {"model.embed_tokens": 0, "model.rotary_emb": 0, "model.layers.0": 0}
    places |= {"model.layers.1": "cpu", "model.layers.2": torch.cuda.device_count() - 1, "model.norm": 0, "lm_head": 0}
    split = type(model).from_pretrained(tmp_path, device_map=places).eval()
    capture, expected = hs.capture(split, ids(20)), hs.capture(model, ids(20))
    for layer in range(3):
        torch.testing.assert_close(capture.attention(layer).cpu(), expected.attention(layer), atol=1e-5, rtol=0)
    torch.testing.assert_close(capture.overview(8), expected.overview(8), atol=1e-5, rtol=0)
