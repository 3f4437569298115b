"""Captures of what a model wrote, against the attentions that an eager copy returns step by step while it writes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import alphabets
import pytest
import torch
from seeing import peaked, picture
from tiny import build, eager_twin, ids
from transformers import (
    CLIPVisionConfig,
    GenerationConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.generation.streamers import BaseStreamer

import headscope as hs
from headscope import demo
from headscope.errors import EmptyInput, GenerationDiffers, NoTokenizer, OutOfRange, UnsupportedInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NINE = {"max_new_tokens": 9, "do_sample": False}
TEXTS = ["the doctor asked the nurse a question", "the nurse asked"]
DECODERS = [
    "causal, grouped heads, rotary",
    "causal, fused projection",
    "sliding window",
    "softcap and window",
    "sinks and window",
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """Pads on the left, as one does to generate."""
    made = alphabets.wordpiece()
    made.padding_side = "left"
    return made


@pytest.fixture(scope="module")
def llama() -> PreTrainedModel:
    return build()


def step_by_step(model: Any, arguments: Mapping[str, Any], settings: Mapping[str, Any], seed: int = 0) -> Any:
    """What an eager copy of `model` writes, with its attentions at each step."""
    asked = {"output_attentions": True, "return_dict_in_generate": True}
    twin: Any = eager_twin(model)
    torch.manual_seed(seed)
    return twin.generate(**arguments, **settings, **asked)


def rows_of(steps: Any, layer: int, item: int = 0) -> torch.Tensor:
    """The attentions of one layer and item at all steps, [heads, queries, keys]: the last token was never read.

    The cache of a window returns its newest keys only; what it has dropped is hidden.
    """
    maps = [step[layer][item] for step in steps]
    first = maps[0].shape[-2]
    whole = torch.zeros(len(maps[0]), first + len(maps) - 1, first + len(maps) - 1)
    for at, seen in enumerate(maps):
        end = first + at
        whole[:, end - seen.shape[-2] : end, end - seen.shape[-1] : end] = seen
    return whole


def assert_equal(capture: hs.Capture, layer: int, expected: torch.Tensor, part: str | None = None) -> None:
    rows = expected.shape[1]
    weights = capture.attention(layer, part=part)
    assert weights.shape[1] == rows + 1  # the last token, which no step has read
    torch.testing.assert_close(weights[:, :rows, : expected.shape[2]], expected, atol=1e-5, rtol=0)
    assert capture.layers[0].error is not None


@pytest.mark.parametrize("mechanism", DECODERS)
def test_each_token_attends_as_it_did_while_the_model_wrote(mechanism: str) -> None:
    model = build(mechanism)
    output = step_by_step(model, {"input_ids": ids(11)}, NINE)
    capture = hs.capture(model, ids(11), generate=NINE)
    assert capture.tokens().ids == tuple(output.sequences[0].tolist())
    assert capture.tokens().generated == 11
    for layer in range(3):
        assert_equal(capture, layer, rows_of(output.attentions, layer))


@pytest.mark.parametrize("item", [0, 1])
@pytest.mark.parametrize("mechanism", ["causal, grouped heads, rotary", "causal, fused projection"])
def test_an_item_of_a_batch_padded_on_the_left(mechanism: str, item: int, tokenizer: Any) -> None:
    """GPT-2 counts its positions by the mask only while it generates: so must the forward."""
    model = build(mechanism)
    encoded = tokenizer(TEXTS, return_tensors="pt", padding=True, return_token_type_ids=False)
    output = step_by_step(model, encoded, NINE)
    capture = hs.capture(model, encoded, tokenizer=tokenizer, generate=NINE, item=item)
    before = int(encoded["attention_mask"][item].sum())
    padding = encoded["input_ids"].shape[1] - before
    assert padding == (0, 4)[item]
    assert capture.tokens().ids == tuple(output.sequences[item, padding:].tolist())
    assert capture.tokens().generated == before
    for layer in range(3):
        assert_equal(capture, layer, rows_of(output.attentions, layer, item)[:, padding:, padding:])


def test_padding_that_only_the_ids_show_is_padding_as_generate_sees_it() -> None:
    model = build("causal, fused projection", pad_token_id=3)
    given = torch.cat([torch.full((1, 4), 3), ids(7)], dim=1)
    capture = hs.capture(model, given, generate=NINE)
    alone = hs.capture(model, ids(7), generate=NINE)
    assert capture.tokens() == alone.tokens()
    torch.testing.assert_close(capture.attention(2), alone.attention(2), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["t5", "bart", "whisper", "moonshine"])
def test_the_decoder_of_an_encoder_decoder_model_reads_what_it_wrote(name: str) -> None:
    torch.manual_seed(1)
    given = {
        "whisper": {"input_features": torch.randn(1, 8, 40)},
        "moonshine": {"input_values": torch.randn(1, 5000)},
    }.get(name, {"input_ids": ids(9)})
    model = build(name)
    output = step_by_step(model, given, NINE)
    capture = hs.capture(model, given, generate=NINE)
    assert capture.tokens("decoder").ids == tuple(output.sequences[0].tolist())
    assert capture.tokens("decoder").generated == capture.tokens("cross", "query").generated == 1
    assert capture.tokens("encoder").generated is None
    for layer in capture.layer_numbers("decoder"):
        assert_equal(capture, layer, rows_of(output.decoder_attentions, layer), "decoder")
        cross = torch.cat([step[layer][0] for step in output.cross_attentions], dim=1)
        assert_equal(capture, layer, cross, "cross")


def test_a_decoder_may_be_given_its_beginning(llama: PreTrainedModel) -> None:
    model = build("bart")
    for begun in ([2, 7, 8], [7, 8]):  # generate puts the start token before the second
        given = {"input_ids": ids(9), "decoder_input_ids": torch.tensor([begun])}
        tokens = hs.capture(model, given, generate=NINE).tokens("decoder")
        assert tokens.ids[:3] == (2, 7, 8)
        assert tokens.generated == 3
        written = model.generate(**given, **NINE)  # type: ignore[operator]
        assert tokens == hs.capture(model, given, generate=written).tokens("decoder")


def test_sampling_takes_the_seed_of_whoever_called(llama: PreTrainedModel) -> None:
    settings = {"max_new_tokens": 9, "do_sample": True, "top_k": 50}
    output = step_by_step(llama, {"input_ids": ids(11)}, settings, seed=5)
    torch.manual_seed(5)
    capture = hs.capture(llama, ids(11), generate=settings)
    assert capture.tokens().ids == tuple(output.sequences[0].tolist())
    assert capture.tokens().ids != hs.capture(llama, ids(11), generate=NINE).tokens().ids
    for layer in range(3):
        assert_equal(capture, layer, rows_of(output.attentions, layer))


@pytest.mark.parametrize("item", [0, 1, 2, 3])
def test_item_is_one_of_the_sequences_that_beams_return(item: int, tokenizer: Any) -> None:
    """Two of three beams for each of two texts; each step is compared with the beam that it went on with."""
    model = build("causal, fused projection")
    settings = {"max_new_tokens": 6, "num_beams": 3, "num_return_sequences": 2, "do_sample": False}
    encoded = tokenizer(TEXTS, return_tensors="pt", padding=True, return_token_type_ids=False)
    output = step_by_step(model, encoded, settings)
    capture = hs.capture(model, encoded, tokenizer=tokenizer, generate=settings, item=item)
    mask = encoded["attention_mask"][item // 2].bool()
    padding = int((~mask).sum())
    assert capture.tokens().ids == tuple(output.sequences[item, padding:].tolist())
    assert capture.tokens().generated == int(mask.sum())
    beams = output.beam_indices[item].tolist()
    assert len({tuple(row) for row in output.sequences.tolist()}) == 4
    for layer in range(3):
        steps = [[maps[layer][beam][None]] for maps, beam in zip(output.attentions, beams, strict=True)]
        assert_equal(capture, layer, rows_of(steps, 0)[:, padding:, padding:])


class Streamed(BaseStreamer):
    """Keeps all that it is given, and a -1 at the end."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def put(self, value: torch.Tensor) -> None:
        self.seen += value.flatten().tolist()

    def end(self) -> None:
        self.seen.append(-1)


class AfterThree(StoppingCriteria):
    """Stops a text of eleven tokens after three more."""

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> Any:
        return torch.full((len(input_ids),), input_ids.shape[1] >= 14)


class FirstAfterThree(StoppingCriteria):
    """Stops the first of several texts of eleven tokens after three more."""

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> Any:
        return torch.tensor([row == 0 and input_ids.shape[1] >= 14 for row in range(len(input_ids))])


def test_a_text_that_ends_early_is_not_filled_up(llama: PreTrainedModel) -> None:
    free = llama.generate(ids(11, 2), **NINE)  # type: ignore[operator]
    end = int(free[0, 11 + 2])
    assert end not in free[1, 11:].tolist()
    settings = {**NINE, "eos_token_id": end, "pad_token_id": 0}
    early, late = (hs.capture(llama, ids(11, 2), generate=settings, item=item) for item in (0, 1))
    stop = 11 + free[0, 11:].tolist().index(end) + 1
    assert early.tokens().ids == tuple(free[0, :stop].tolist())
    assert late.tokens().ids == tuple(free[1].tolist())
    alone = hs.capture(llama, ids(11, 2)[:1], generate=settings)
    torch.testing.assert_close(early.attention(2), alone.attention(2), atol=1e-5, rtol=0)
    whole = llama.generate(ids(11, 2), **settings)  # type: ignore[operator]
    same = {"sequences": whole, "eos_token_id": end, "pad_token_id": 0}
    assert hs.capture(llama, ids(11, 2), generate=same, item=0).tokens() == early.tokens()
    three = {
        **NINE,
        "pad_token_id": 0,
        "eos_token_id": 98,
        "stopping_criteria": StoppingCriteriaList([FirstAfterThree()]),
    }
    assert hs.capture(llama, ids(11, 2), generate=three, item=0).tokens().ids == tuple(free[0, :14].tolist())
    assert hs.capture(llama, ids(11, 2), generate=three, item=1).tokens().ids == tuple(free[1].tolist())
    both = {**NINE, "eos_token_id": end, "pad_token_id": end}
    assert hs.capture(llama, ids(11, 2), generate=both, item=0).tokens() == early.tokens()


def test_streamers_and_stopping_criteria_are_passed_through(llama: PreTrainedModel) -> None:
    streamer = Streamed()
    criteria = StoppingCriteriaList([AfterThree()])
    capture = hs.capture(llama, ids(11), generate={**NINE, "streamer": streamer, "stopping_criteria": criteria})
    assert len(capture.tokens()) == 14
    assert streamer.seen == [*capture.tokens().ids, -1]


@pytest.mark.parametrize(
    "settings",
    [
        {"cache_implementation": "static"},
        {"use_cache": False},
        {"prompt_lookup_num_tokens": 3},
        {"prefill_chunk_size": 4},
        {"return_dict_in_generate": False, "output_logits": False, "output_attentions": True, "output_scores": True},
        {"generation_config": GenerationConfig(max_new_tokens=9, do_sample=False)},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_other_ways_to_generate_the_same(llama: PreTrainedModel, settings: dict[str, Any]) -> None:
    expected = hs.capture(llama, ids(11), generate=NINE)
    given = settings if "generation_config" in settings else {**NINE, **settings}
    before = copy.deepcopy(given)
    capture = hs.capture(llama, ids(11), generate=given)
    assert capture.tokens() == expected.tokens()
    torch.testing.assert_close(capture.attention(2), expected.attention(2), atol=1e-5, rtol=0)
    assert {name: getattr(value, "to_dict", lambda value=value: value)() for name, value in given.items()} == {
        name: getattr(value, "to_dict", lambda value=value: value)() for name, value in before.items()
    }


def test_what_the_persons_own_generate_returned_is_recorded_without_generating_again(llama: PreTrainedModel) -> None:
    expected = hs.capture(llama, ids(11), generate=NINE)
    written = llama.generate(ids(11), **NINE)  # type: ignore[operator]
    output = llama.generate(ids(11), **NINE, return_dict_in_generate=True, output_logits=True)  # type: ignore[operator]
    forwards: list[int] = []
    handle = llama.register_forward_hook(lambda *_: forwards.append(1))
    for given in (written, written[0], written.tolist(), written.numpy(), output):
        capture = hs.capture(llama, ids(11), generate=given)
        assert capture.tokens() == expected.tokens()
        torch.testing.assert_close(capture.attention(2), expected.attention(2), atol=1e-5, rtol=0)
    handle.remove()
    assert len(forwards) == 5


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_what_an_encoder_decoder_model_returned_itself(name: str) -> None:
    model = build(name)
    written = model.generate(ids(9, 2), **NINE)  # type: ignore[operator]
    for item in (0, 1):
        capture = hs.capture(model, ids(9, 2), generate=written, item=item)
        assert capture.tokens("decoder") == hs.capture(model, ids(9, 2), generate=NINE, item=item).tokens("decoder")
        assert capture.tokens("decoder").generated == 1


def test_what_whisper_returns_without_its_beginning_is_refused() -> None:
    model, given = build("whisper"), {"input_features": torch.randn(1, 8, 40)}
    written = model.generate(**given, **NINE)  # type: ignore[operator]
    with pytest.raises(UnsupportedInput, match="do not begin with the start token"):
        hs.capture(model, given, generate=written)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_steps_that_computed_something_else_are_refused(llama: PreTrainedModel, dtype: torch.dtype) -> None:
    """The logits of one step are mixed with those of a model with one other weight, so little that no token changes."""
    model = copy.deepcopy(llama).to(dtype)
    settings = {**NINE, "return_dict_in_generate": True, "output_logits": True}
    output = model.generate(ids(11), **settings)  # type: ignore[operator]
    hs.capture(model, ids(11), generate=output)
    share = {torch.float64: 1e-4, torch.float32: 1e-2, torch.float16: 0.2, torch.bfloat16: 0.5}[dtype]
    odd = output.logits[4] + share * output.logits[4].std() * torch.randn(
        99, generator=torch.Generator().manual_seed(0)
    )
    bad = type(output)(**{**output, "logits": (*output.logits[:4], odd, *output.logits[5:])})
    token = int(output.sequences[0, 11 + 4])
    with pytest.raises(GenerationDiffers, match=rf"at step 4 of generate, which wrote token {token}, .* 1 of 9"):
        hs.capture(model, ids(11), generate=bad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", ["dynamic", "longrope"])
def test_rotary_positions_that_grow_with_the_text_are_refused(kind: str, dtype: torch.dtype) -> None:
    factors = {"short_factor": [1.0] * 8, "long_factor": [4.0] * 8, "original_max_position_embeddings": 16}
    rope = {"rope_type": kind, "factor": 4.0, "rope_theta": 10000.0, **(factors if kind == "longrope" else {})}
    model = build(rope_parameters=rope, max_position_embeddings={"dynamic": 16, "longrope": 64}[kind]).to(dtype)
    within = {"max_new_tokens": 5}
    assert hs.capture(model, ids(11), generate=within).tokens().generated == 11
    for given in ({"max_new_tokens": 9}, model.generate(ids(11), max_new_tokens=9)):  # type: ignore[operator]
        with pytest.raises(GenerationDiffers, match=f"its rotary positions are '{kind}'"):
            hs.capture(model, ids(11), generate=given)
    if dtype == torch.float32:  # it is true: the first step, which every later token has before it, attended otherwise
        output = step_by_step(model, {"input_ids": ids(11)}, {"max_new_tokens": 9})
        whole = hs.capture(model, output.sequences)
        assert float((whole.attention(1)[:, :11, :11] - output.attentions[0][1][0]).abs().max()) > 1e-3


def test_a_model_that_counts_its_steps_is_refused(llama: PreTrainedModel) -> None:
    """Its keys are turned a little further in each forward: no mechanism that anybody could know by name."""
    model = copy.deepcopy(llama)
    calls: list[int] = []

    def turned(module: Any, given: Any, output: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return output * (1 + 0.01 * len(calls))

    model.model.layers[1].self_attn.k_proj.register_forward_hook(turned)
    with pytest.raises(GenerationDiffers, match="does not compute the same step by step"):
        hs.capture(model, ids(11), generate=NINE)


def everything_of(model: PreTrainedModel) -> list[dict[str, Any]]:
    state = [{**vars(module), **module._buffers} for module in model.modules()]
    return [*state, model.generation_config.to_dict()]


@pytest.mark.parametrize("settings", [{}, {"cache_implementation": "static"}, {"num_beams": 2}])
@pytest.mark.parametrize("rope", ["default", "dynamic"])
def test_the_model_is_left_as_found_also_after_ctrl_c(settings: dict[str, Any], rope: str) -> None:
    model = build(rope_parameters={"rope_type": rope, "factor": 4.0, "rope_theta": 1e4}, max_position_embeddings=16)
    model.generation_config.max_new_tokens = 3
    before = everything_of(model)
    if rope == "default":
        hs.capture(model, ids(11), generate={**NINE, **settings})
    else:
        with pytest.raises(GenerationDiffers):
            hs.capture(model, ids(11), generate={**NINE, **settings})
    assert_same(before, everything_of(model))

    class CtrlC(StoppingCriteria):
        def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> Any:
            if input_ids.shape[1] > 18:
                raise KeyboardInterrupt
            return torch.zeros(len(input_ids), dtype=torch.bool)

    with pytest.raises(KeyboardInterrupt):
        hs.capture(model, ids(11), generate={**NINE, **settings, "stopping_criteria": StoppingCriteriaList([CtrlC()])})
    assert_same(before, everything_of(model))


def assert_same(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    for one, other in zip(before[:-1], after[:-1], strict=True):
        assert one.keys() == other.keys()
        assert [name for name in one if one[name] is not other[name]] == []
    assert before[-1] == after[-1]


@pytest.mark.parametrize(
    ("generate", "error", "words"),
    [
        ({"max_new_tokenz": 3}, UnsupportedInput, r"model\.generate failed .*max_new_tokenz"),
        ({"num_beams": 0}, UnsupportedInput, r"model\.generate failed "),
        ({"do_sample": True, "temperature": -1.0}, UnsupportedInput, r"model\.generate failed .*temperature"),
        ({"max_new_tokens": 0}, UnsupportedInput, r"model\.generate failed .*max_new_tokens"),
        ({"max_new_tokens": 2, "input_ids": ids(3)}, UnsupportedInput, "holds input_ids, which is no setting"),
        (
            {"max_new_tokens": 2, "attention_mask": ids(3)},
            UnsupportedInput,
            "holds attention_mask, which is no setting",
        ),
        ({"past_key_values": None}, UnsupportedInput, "past_key_values, .* pass the whole text as inputs"),
        ({"inputs_embeds": None}, UnsupportedInput, "inputs_embeds, .* embeddings"),
        (ids(3), UnsupportedInput, "do not begin with the inputs"),
        (ids(20, seed=2), UnsupportedInput, "do not begin with the inputs"),
        (ids(11), EmptyInput, "wrote nothing"),
        (ids(11, 3)[:0], EmptyInput, "holds no token"),
        (5, UnsupportedInput, "generate is 5; pass a mapping of settings"),
        ("the", UnsupportedInput, "generate is 'the'; pass a mapping of settings"),
        ({"sequences": [0.5]}, UnsupportedInput, "whole numbers"),
    ],
)
def test_what_is_no_way_to_generate(llama: PreTrainedModel, generate: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        hs.capture(llama, ids(11), generate=generate)


def test_models_and_inputs_that_cannot_generate(llama: PreTrainedModel) -> None:
    with pytest.raises(UnsupportedInput, match="BertModel cannot generate"):
        hs.capture(build("bidirectional"), ids(11), generate=NINE)
    with pytest.raises(UnsupportedInput, match="leave one of them out"):
        hs.capture(build("bart"), ids(11), target=ids(3), generate=NINE)
    with pytest.raises(UnsupportedInput, match="3 sequences, for a batch of 2"):
        hs.capture(llama, ids(11, 2), generate=ids(13, 3))
    with pytest.raises(OutOfRange, match=r"items 0\.\.3"):
        hs.capture(llama, ids(11, 2), generate={**NINE, "do_sample": True, "num_return_sequences": 2}, item=4)
    with pytest.raises(NoTokenizer):
        hs.capture(llama, "the", generate=NINE)
    with pytest.raises(UnsupportedInput, match="global_attention_mask"):
        hs.capture(llama, {"input_ids": ids(11), "global_attention_mask": ids(11)}, generate=NINE)


def test_what_goes_on_from_a_pair_belongs_to_its_second_text(llama: PreTrainedModel, tokenizer: Any) -> None:
    pair = {"tokenizer": tokenizer, "pair": "the nurse asked"}
    before = hs.capture(llama, "the doctor", **pair).tokens()
    tokens = hs.capture(llama, "the doctor", **pair, generate=NINE).tokens()
    assert before.segments is not None
    assert tokens.segments == (*before.segments, *(1,) * 9)
    assert tokens.generated == len(before)


def test_the_page_is_told_from_where_on_the_model_wrote(llama: PreTrainedModel) -> None:
    view = hs.explore(llama, ids(11), generate=NINE, layer=2)
    assert [side["generated"] for side in view.meta["sides"]] == [11]
    assert [side["generated"] for side in hs.explore(llama, ids(11)).meta["sides"]] == [None]


@pytest.mark.parametrize("item", [0, 3])
def test_a_model_that_writes_about_images(item: int) -> None:
    """Also with what a model asks of its tower meanwhile: hidden states, for which transformers hooks itself in."""
    model, given = about_images()
    settings = {"max_new_tokens": 5, "num_beams": 2, "num_return_sequences": 2, "pad_token_id": 0}
    output = step_by_step(model, given, settings)
    capture = hs.capture(model, given, generate=settings, item=item)
    assert capture.tokens("language").ids == tuple(output.sequences[item].tolist())
    assert (capture.tokens("language").generated, capture.tokens("vision").generated) == (13, None)
    beams = output.beam_indices[item].tolist()
    for layer in range(2):
        steps = [[maps[layer][beam][None]] for maps, beam in zip(output.attentions, beams, strict=True)]
        assert_equal(capture, layer, rows_of(steps, 0), "language")


def about_images() -> tuple[PreTrainedModel, dict[str, torch.Tensor]]:
    """A model that reads nine patches of an image within a text, and two such texts."""
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(image_size=24, patch_size=8, **sizes),
        text_config=LlamaConfig(vocab_size=99, **sizes),
        image_token_id=98,
        vision_feature_layer=-1,
    )
    torch.manual_seed(0)
    model = peaked(LlavaForConditionalGeneration(config))
    text = torch.tensor([[5, *[98] * 9, 7, 8, 9]] * 2)
    return model, {"input_ids": text, "attention_mask": torch.ones_like(text), "pixel_values": picture(2)}


# Real models

SMALL = "The doctor asked the nurse a question. She said that the"


def test_smollm2_attends_as_it_did_while_it_wrote(smollm2: tuple[PreTrainedModel, PreTrainedTokenizerBase]) -> None:
    model, tokenizer = smollm2
    capture = hs.capture(model, SMALL, tokenizer=tokenizer, generate={"max_new_tokens": 12, "do_sample": False})
    output = step_by_step(model, tokenizer(SMALL, return_tensors="pt"), {"max_new_tokens": 12, "do_sample": False})
    assert capture.tokens().ids == tuple(output.sequences[0].tolist())
    assert capture.tokens().generated == 12
    assert "".join(capture.tokens().texts).startswith(SMALL + " doctor")
    for layer in range(30):
        assert_equal(capture, layer, rows_of(output.attentions, layer))


def test_stop_strings_use_the_tokenizer_at_hand(smollm2: tuple[PreTrainedModel, PreTrainedTokenizerBase]) -> None:
    model, tokenizer = smollm2
    for settings in (
        {"max_new_tokens": 20, "stop_strings": [" condition"]},
        {"generation_config": GenerationConfig(max_new_tokens=20, stop_strings=["ition"])},
    ):
        capture = hs.capture(model, SMALL, tokenizer=tokenizer, generate=settings)
        assert "".join(capture.tokens().texts) == SMALL + " doctor had a patient who had a heart condition"


def test_moonshine_writes_down_what_was_said(moonshine: tuple[PreTrainedModel, PreTrainedTokenizerBase]) -> None:
    model, tokenizer = moonshine
    capture = hs.capture(model, demo.moonshine_sample(), tokenizer=tokenizer, generate={"max_new_tokens": 60})
    tokens = capture.tokens("cross", "query")
    assert "".join(tokens.texts[1:-1]).strip().startswith("Ever tried, ever failed")
    assert tokens.generated == 1
    with torch.no_grad():
        written = model.generate(demo.moonshine_sample()[None], max_new_tokens=60)
    assert tokens.ids == tuple(written[0].tolist())
