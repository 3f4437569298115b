"""From what is passed in to what the model gets; each refusal beside an accepted neighbour."""

from __future__ import annotations

import warnings
from typing import Any

import alphabets
import numpy as np
import pytest
import torch
import transformers
from tiny import build, ids

from headscope.errors import (
    EmptyInput,
    HeadscopeError,
    NoTokenizer,
    OutOfRange,
    TooManyTokens,
    UnsupportedInput,
)
from headscope.recording.inputs.inputs import Inputs, prepare
from headscope.recording.inputs.limits import position_table
from headscope.recording.tokens.axes import Axis

BERT = "bidirectional"


@pytest.fixture(scope="module")
def bert() -> Any:
    return build(BERT)


@pytest.fixture(scope="module")
def llama() -> Any:
    return build()


@pytest.fixture(scope="module")
def wordpiece() -> Any:
    return alphabets.wordpiece()


@pytest.fixture(scope="module")
def unigram() -> Any:
    return alphabets.unigram()


def own(prepared: Inputs) -> Axis:
    """The tokens of a model that has no encoder and decoder."""
    axis = prepared.axes["self"]
    assert isinstance(axis, Axis)
    return axis


def labels(prepared: Inputs) -> str:
    return " ".join(own(prepared).tokens.labels)


# Text


def test_a_text(bert: Any, wordpiece: Any) -> None:
    prepared = prepare(bert, "the doctor", wordpiece)
    expected = wordpiece("the doctor", return_tensors="pt")
    assert prepared.arguments.keys() == expected.keys()
    assert all(torch.equal(prepared.arguments[name], expected[name]) for name in expected)
    assert own(prepared).tokens.ids == tuple(expected["input_ids"][0].tolist())
    assert own(prepared).valid.tolist() == list(range(len(own(prepared).tokens)))
    assert own(prepared).tokens.segments is None


def test_a_pair(bert: Any, wordpiece: Any) -> None:
    prepared = prepare(bert, "the doctor", wordpiece, pair="asked")
    border = own(prepared).tokens.labels.index("[SEP]") + 1
    assert own(prepared).tokens.segments == (0,) * border + (1,) * (len(own(prepared).tokens) - border)


def test_a_pair_whose_tokenizer_tells_no_types_is_known_from_the_sequences(llama: Any, unigram: Any) -> None:
    prepared = prepare(llama, "the", unigram, pair="asked")
    assert "token_type_ids" not in prepared.arguments
    assert set(own(prepared).tokens.segments or ()) == {0, 1}
    assert own(prepare(llama, "the asked", unigram)).tokens.segments is None


def test_separators_belong_to_the_sentence_before_them(bert: Any, wordpiece: Any) -> None:
    encoded = wordpiece("the", "asked", return_tensors="pt")
    told = encoded.pop("token_type_ids")
    prepared = prepare(bert, encoded, wordpiece)
    assert own(prepared).tokens.segments == tuple(told[0].tolist())


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_item_of_a_padded_batch(bert: Any, wordpiece: Any, side: str) -> None:
    wordpiece.padding_side = side
    texts = ["the", "the doctor asked the nurse"]
    short, long = (prepare(bert, texts, wordpiece, item=item) for item in (0, 1))
    assert short.arguments["input_ids"].shape == long.arguments["input_ids"].shape == (2, len(own(long).tokens))
    assert labels(short) == "[CLS] the [SEP]"
    padding = len(own(long).tokens) - 3
    assert own(short).valid.tolist() == ([0, 1, 2] if side == "right" else [padding, padding + 1, padding + 2])
    wordpiece.padding_side = "right"


def test_pairs_in_a_batch(bert: Any, wordpiece: Any) -> None:
    prepared = prepare(bert, ["the", "the doctor"], wordpiece, pair=["asked", "nurse"], item=1)
    assert own(prepared).tokens.segments is not None
    with pytest.raises(UnsupportedInput, match="each of the 2"):
        prepare(bert, ["the", "the doctor"], wordpiece, pair="asked")


def test_one_text_needs_no_padding_token(llama: Any) -> None:
    tokenizer = alphabets.byte_level()
    assert len(own(prepare(build(vocab_size=400), ["the doctor"], tokenizer)).tokens) == 2
    with pytest.raises(UnsupportedInput, match=r"tokenizer\.pad_token = tokenizer\.eos_token"):
        prepare(llama, ["the doctor", "the"], tokenizer)


def test_text_needs_a_tokenizer(bert: Any, wordpiece: Any) -> None:
    with pytest.raises(NoTokenizer, match="tokenizer="):
        prepare(bert, "the doctor")
    with pytest.raises(NoTokenizer):
        prepare(bert, ["the doctor"])
    with pytest.raises(UnsupportedInput, match="PreTrainedTokenizerFast"):
        prepare(bert, "the doctor", wordpiece.backend_tokenizer)


def test_the_tokenizer_of_a_processor_is_found(bert: Any, wordpiece: Any) -> None:
    class Processor:
        tokenizer = wordpiece

    assert labels(prepare(bert, "the", Processor())) == "[CLS] the [SEP]"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_text(bert: Any, wordpiece: Any, text: str) -> None:
    with pytest.raises(EmptyInput):
        prepare(bert, text, wordpiece)
    assert labels(prepare(bert, ["the", text], wordpiece, item=0)) == "[CLS] the [SEP]"
    with pytest.raises(EmptyInput):
        prepare(bert, ["the", text], wordpiece, item=1)


def test_white_space_that_is_tokens_is_a_text() -> None:
    assert labels(prepare(build(vocab_size=400), " \n", alphabets.byte_level())) == "· ⏎"


def test_an_empty_second_text(bert: Any, wordpiece: Any) -> None:
    with pytest.raises(EmptyInput, match="pair"):
        prepare(bert, "the", wordpiece, pair="")


def test_a_pair_goes_with_a_text(bert: Any, wordpiece: Any) -> None:
    with pytest.raises(UnsupportedInput, match="pair goes with a text"):
        prepare(bert, [1, 2], wordpiece, pair="the")


def test_a_lone_surrogate_is_named(bert: Any, wordpiece: Any) -> None:
    with pytest.raises(UnsupportedInput, match="character 4"):
        prepare(bert, "the \ud83d", wordpiece)


# Ids, and what a tokenizer returned


@pytest.mark.parametrize(
    "given",
    [
        [5, 6, 7],
        (5, 6, 7),
        [[5, 6, 7]],
        torch.tensor([5, 6, 7]),
        torch.tensor([[5, 6, 7]], dtype=torch.int32),
        np.array([5, 6, 7], dtype=np.uint16),
        [np.int64(5), np.int64(6), np.int64(7)],
        {"input_ids": [5, 6, 7]},
        {"input_ids": [5, 6, 7], "attention_mask": [1, 1, 1]},
        {"input_ids": np.array([[5, 6, 7]]), "attention_mask": torch.ones(1, 3, dtype=torch.bool)},
        {"input_ids": torch.tensor([[5, 6, 7]]), "attention_mask": None},
    ],
    ids=repr,
)
def test_ids_in_any_form(bert: Any, given: Any) -> None:
    prepared = prepare(bert, given)
    assert torch.equal(prepared.arguments["input_ids"], torch.tensor([[5, 6, 7]]))
    assert prepared.arguments["input_ids"].dtype is torch.int64
    assert own(prepared).tokens.labels == ("#5", "#6", "#7")
    assert own(prepared).valid.dtype is torch.int64
    with torch.no_grad():
        bert(**prepared.arguments)


@pytest.mark.parametrize("kind", [None, "pt", "np"])
def test_what_the_tokenizer_returned(bert: Any, wordpiece: Any, kind: str | None) -> None:
    prepared = prepare(bert, wordpiece("the", "asked", return_tensors=kind), wordpiece)
    assert torch.equal(
        prepared.arguments["token_type_ids"], prepare(bert, "the", wordpiece, "asked").arguments["token_type_ids"]
    )
    assert own(prepared).tokens == own(prepare(bert, "the", wordpiece, "asked")).tokens


def test_ids_of_one_dimension_take_their_companions_with_them(bert: Any) -> None:
    prepared = prepare(bert, {"input_ids": [5, 6], "token_type_ids": [0, 1], "position_ids": [1, 0]})
    assert {tuple(value.shape) for value in prepared.arguments.values()} == {(1, 2)}
    assert own(prepared).tokens.segments == (0, 1)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([], EmptyInput, "no token"),
        ([[]], EmptyInput, "no token"),
        (torch.zeros(1, 0, dtype=torch.long), EmptyInput, "no token"),
        ({"input_ids": []}, EmptyInput, "no token"),
        ([0.5, 1.5], UnsupportedInput, "whole numbers"),
        ([True, False], UnsupportedInput, "whole numbers"),
        ([[1, 2], [3]], UnsupportedInput, "padding=True"),
        (torch.zeros(1, 1, 1, dtype=torch.long), UnsupportedInput, r"\[1, 1, 1\]"),
        (None, UnsupportedInput, "NoneType"),
        (7, UnsupportedInput, "int"),
        (b"the", UnsupportedInput, "bytes"),
        (["the", 5], UnsupportedInput, "list of texts"),
        ([{"role": "user", "content": "the"}], UnsupportedInput, "apply_chat_template"),
        ({"input_ids": "the"}, UnsupportedInput, "no rectangular array"),
        ({}, UnsupportedInput, "hold nothing, but no input_ids"),
        ({"pixel_values": torch.zeros(1, 3, 2, 2)}, UnsupportedInput, "images"),
        ({"input_ids": [1], "pixel_values": torch.zeros(1, 3, 2, 2)}, UnsupportedInput, "images"),
        ({"input_features": torch.zeros(1, 3, 2)}, UnsupportedInput, "audio"),
        ({"inputs_embeds": torch.zeros(1, 3, 2)}, UnsupportedInput, "embeddings"),
        ({"input_ids": [5], "encoder_hidden_states": torch.zeros(1, 1, 64)}, UnsupportedInput, "encoder_hidden_states"),
        ({"input_ids": [1], "decoder_input_ids": [1]}, UnsupportedInput, "encoder-decoder"),
    ],
)
def test_what_is_no_input_says_what_is(bert: Any, given: Any, error: type[HeadscopeError], words: str) -> None:
    with pytest.raises(error, match=words):
        prepare(bert, given)


# Masks


def masked(*rows: list[int]) -> dict[str, Any]:
    return {"input_ids": torch.arange(5, 5 + len(rows[0])).expand(len(rows), -1), "attention_mask": torch.tensor(rows)}


def test_padding_is_where_the_mask_says() -> None:
    model = build(BERT)
    given = masked([1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0])
    assert [own(prepare(model, given, item=item)).valid.tolist() for item in range(3)] == [[0, 1], [1, 2, 3], [0, 2]]
    assert own(prepare(model, given, item=2)).tokens.ids == (5, 7)
    assert torch.equal(prepare(model, given).arguments["attention_mask"], given["attention_mask"])


def test_masks_of_numbers_and_booleans(bert: Any) -> None:
    for dtype in (torch.float32, torch.bool, torch.int32):
        given = masked([1, 1, 0])
        prepared = prepare(bert, given | {"attention_mask": given["attention_mask"].to(dtype)})
        assert prepared.arguments["attention_mask"].dtype is torch.int64
        assert torch.equal(prepared.arguments["attention_mask"], torch.tensor([[1, 1, 0]]))


def test_an_item_that_is_all_padding(bert: Any) -> None:
    with pytest.raises(EmptyInput, match="item 1 is all padding"):
        prepare(bert, masked([1, 1], [0, 0]), item=1)
    assert len(own(prepare(bert, masked([1, 1], [0, 0]), item=0)).tokens) == 2


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (torch.ones(1, 1, 2, 2), r"\[1, 1, 2, 2\]"),
        (torch.ones(2), r"\[2\]"),
        (torch.ones(1, 3), r"\[1, 3\]"),
        (torch.tensor([[0.0, -1e9]]), "negative"),
        ({"full": None}, "dict"),
    ],
)
def test_other_masks_are_refused(bert: Any, mask: Any, words: str) -> None:
    with pytest.raises(UnsupportedInput, match=words):
        prepare(bert, {"input_ids": torch.tensor([[5, 6]]), "attention_mask": mask})


def test_segments_and_tokens_leave_padding_out(bert: Any, wordpiece: Any) -> None:
    prepared = prepare(bert, ["the", "the doctor asked"], wordpiece, pair=["the", "the doctor"], item=0)
    assert len(own(prepared).tokens.segments or ()) == len(own(prepared).tokens) == 5


def test_a_pair_beside_an_item_without_one(bert: Any) -> None:
    given = {"input_ids": torch.tensor([[5, 6], [5, 6]]), "token_type_ids": torch.tensor([[0, 1], [0, 0]])}
    assert own(prepare(bert, given, item=0)).tokens.segments == (0, 1)
    assert own(prepare(bert, given, item=1)).tokens.segments is None


def test_types_of_more_than_two_kinds_are_separators() -> None:
    model = build(BERT, type_vocab_size=3)
    assert own(prepare(model, {"input_ids": [5, 6, 7], "token_type_ids": [2, 0, 1]})).tokens.segments == (0, 0, 1)


# The item


@pytest.mark.parametrize(("item", "words"), [(2, r"items 0\.\.1"), (-1, r"items 0\.\.1"), (0.5, "whole number")])
def test_an_item_that_is_not_there(bert: Any, wordpiece: Any, item: Any, words: str) -> None:
    for given in (["the", "asked"], torch.ones(2, 3, dtype=torch.long)):
        with pytest.raises(OutOfRange, match=words):
            prepare(bert, given, wordpiece, item=item)


def test_an_item_of_a_single_text(bert: Any, wordpiece: Any) -> None:
    with pytest.raises(OutOfRange, match="one item, 0"):
        prepare(bert, "the", wordpiece, item=1)
    assert prepare(bert, ["the", "asked"], wordpiece, item=np.int64(1)).item == 1


# What the model takes


def test_types_are_not_passed_to_a_model_that_has_none(llama: Any) -> None:
    prepared = prepare(llama, {"input_ids": [5, 6], "token_type_ids": [0, 1]})
    assert "token_type_ids" not in prepared.arguments
    assert own(prepared).tokens.segments == (0, 1)


def test_what_is_not_for_the_model_is_left_out(llama: Any, unigram: Any) -> None:
    extra = {"return_offsets_mapping": True, "return_special_tokens_mask": True, "return_length": True}
    encoded = unigram(["the doctor"], return_tensors="pt", **extra)
    encoded["labels"] = encoded["input_ids"]
    assert set(prepare(llama, encoded, unigram).arguments) == {"input_ids", "attention_mask"}


def test_what_the_model_does_not_take_is_named() -> None:
    class Narrow(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> None: ...

    with pytest.raises(UnsupportedInput, match="Narrow takes no position_ids"):
        prepare(Narrow(), {"input_ids": [1], "position_ids": [0]})
    assert set(prepare(Narrow(), {"input_ids": [1]}).arguments) == {"input_ids"}


def test_a_wrapper_that_hides_the_forward(bert: Any) -> None:
    class Wrapper(torch.nn.Module):
        def forward(self, *args: Any, **kwargs: Any) -> Any: ...

        def get_base_model(self) -> Any:
            return bert

    assert set(prepare(Wrapper(), {"input_ids": [1, 2], "token_type_ids": [0, 0]}).arguments) > {"token_type_ids"}


def test_models_that_read_no_ids() -> None:
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    vision = transformers.ViTModel(transformers.ViTConfig(image_size=4, patch_size=2, **small))
    with pytest.raises(UnsupportedInput, match="ViTModel reads pixel_values"):
        prepare(vision, [1, 2])
    config = transformers.T5Config(d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, vocab_size=20)
    assert prepare(transformers.T5EncoderModel(config), [1, 2]).item == 0


def test_ids_outside_the_embedding_table(bert: Any) -> None:
    with pytest.raises(UnsupportedInput, match=r"token id 99 at position 1 .* ids 0\.\.98"):
        prepare(bert, [5, 99])
    with pytest.raises(UnsupportedInput, match="token id -1 at position 0 of item 1"):
        prepare(bert, [[5, 6], [-1, 5]])
    assert own(prepare(bert, [5, 98])).tokens.ids == (5, 98)


def test_a_tokenizer_with_tokens_the_model_lacks(bert: Any, wordpiece: Any) -> None:
    tokenizer = alphabets.wordpiece()
    tokenizer.add_tokens([f"new{at}" for at in range(40)])
    with pytest.raises(UnsupportedInput, match="resize_token_embeddings"):
        prepare(bert, "the new39", tokenizer)


def test_the_device_is_that_of_the_embedding() -> None:
    model = build(BERT).to("meta")
    assert prepare(model, [1, 2]).arguments["input_ids"].device.type == "cpu"  # weights are elsewhere: offloaded


# How many tokens


def few_positions(class_name: str, **settings: Any) -> Any:
    small: dict[str, Any] = {
        "vocab_size": 60,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 20,
    }
    model_class = getattr(transformers, class_name)
    config = model_class.config_class(**{**small, **settings})
    return model_class(config).eval()


BART = {
    "d_model": 16,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "pad_token_id": 1,
}
LIMITED: dict[str, tuple[dict[str, Any], int]] = {
    "BertModel": ({}, 20),
    "DistilBertModel": ({"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 16}, 20),
    "GPT2LMHeadModel": ({"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 20}, 20),
    "RobertaModel": ({"pad_token_id": 1}, 18),  # positions are counted from pad_token_id + 1
    "MPNetModel": ({"pad_token_id": 1}, 18),
    "OPTForCausalLM": ({"ffn_dim": 16, "word_embed_proj_dim": 16}, 20),  # two more rows than positions
    "BartForCausalLM": (BART, 20),
    "NystromformerModel": ({}, 20),  # two more rows than positions, and no offset
    "CLIPTextModel": ({"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}, 20),
}


@pytest.mark.parametrize(("name", "settings", "most"), [(name, *rest) for name, rest in LIMITED.items()])
def test_a_table_of_positions_is_a_limit_and_it_is_the_right_one(
    name: str, settings: dict[str, Any], most: int
) -> None:
    model = few_positions(name, **settings)
    longest, longer = ids(most) % 50 + 5, ids(most + 1) % 50 + 5
    with torch.no_grad():
        model(**prepare(model, longest).arguments)
    with pytest.raises(TooManyTokens, match=f"{most + 1} tokens, but {name} holds {most} positions"):
        prepare(model, longer)
    with torch.no_grad(), pytest.raises((IndexError, RuntimeError, ValueError)):
        model(longer, attention_mask=torch.ones_like(longer))


def test_the_message_says_how_to_shorten() -> None:
    model = few_positions("BertModel", max_position_embeddings=512)
    with pytest.raises(TooManyTokens) as caught:
        prepare(model, torch.full((1, 1200), 5))
    assert str(caught.value) == (
        "1,200 tokens, but BertModel holds 512 positions; shorten the text, "
        "or pass tokenizer(text, truncation=True, max_length=512)."
    )


def test_padding_takes_no_position_where_the_model_does_not_count_it() -> None:
    given = torch.full((1, 22), 5)
    mask = torch.ones_like(given)
    given[0, :4], mask[0, :4] = 1, 0  # padding on the left
    for name in ("RobertaModel", "OPTForCausalLM"):
        model = few_positions(name, **LIMITED[name][0])
        with torch.no_grad():
            model(**prepare(model, {"input_ids": given, "attention_mask": mask}).arguments)
    with pytest.raises(TooManyTokens):
        prepare(few_positions("BertModel"), {"input_ids": given, "attention_mask": mask})


def test_given_positions_are_what_counts() -> None:
    model = few_positions("BertModel")
    with pytest.raises(TooManyTokens, match="21 tokens"):
        prepare(model, {"input_ids": [5, 6], "position_ids": [0, 20]})
    assert len(own(prepare(model, {"input_ids": [5, 6], "position_ids": [0, 19]})).tokens) == 2


def test_a_table_elsewhere_in_the_model_is_no_limit() -> None:
    model = few_positions("LlamaForCausalLM", max_position_embeddings=64)
    model.vision = few_positions("BertModel", max_position_embeddings=4)
    assert position_table(model) is None
    assert len(own(prepare(model, list(range(5, 15)))).tokens) == 10


def test_rotary_models_only_warn() -> None:
    model = few_positions("LlamaForCausalLM")
    with pytest.warns(UserWarning, match="21 tokens, but LlamaForCausalLM was made for 20"):
        assert len(own(prepare(model, list(range(5, 26)))).tokens) == 21
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare(model, list(range(5, 25)))


def test_the_tokenizer_does_not_warn_of_a_limit_that_is_not_the_models(
    llama: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = alphabets.unigram()
    tokenizer.model_max_length = 4
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_warning()
    transformers.logging.enable_propagation()
    try:
        prepare(llama, "the doctor asked the nurse a question", tokenizer)
        assert not caplog.records
        tokenizer("the doctor asked the nurse a question")
        assert "longer than the specified maximum" in caplog.text
    finally:
        transformers.logging.disable_propagation()
        transformers.logging.set_verbosity(verbosity)


# The real ones


def test_smollm2(smollm2: tuple[Any, Any]) -> None:
    model, tokenizer = smollm2
    prepared = prepare(model, ["The capital of France is", "Hi"], tokenizer, item=1)
    assert labels(prepared) == "Hi"
    assert prepared.arguments["input_ids"].shape == (2, 5)
    chat = [{"role": "user", "content": "Hi"}]
    encoded = tokenizer.apply_chat_template(chat, return_tensors="pt", return_dict=True)
    assert own(prepare(model, encoded, tokenizer)).tokens.special.count(True) > 0


def test_minilm(minilm: tuple[Any, Any]) -> None:
    model, tokenizer = minilm
    prepared = prepare(model, "A man eats.", tokenizer, pair="A guy has his meal.")
    assert own(prepared).tokens.segments == (0,) * 6 + (1,) * 7
    with pytest.raises(TooManyTokens, match="602 tokens, but BertModel holds 512"):
        prepare(model, "hello " * 600, tokenizer)
