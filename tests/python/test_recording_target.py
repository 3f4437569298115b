"""What the decoder reads: the target text as the model itself would move it, or ids as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import alphabets
import pytest
import torch
from tiny import TWOFOLD, build, ids

import headscope as hs
from headscope.errors import EmptyInput, NoTarget, NoTokenizer, TooManyTokens, UnsupportedInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TEXT, TARGET = "the doctor asked the nurse", "the nurse asked"
START = 4
"""A start token that is none of the tokenizer's own."""


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return alphabets.wordpiece()


@pytest.fixture(scope="module")
def bart() -> PreTrainedModel:
    return build("bart")


def decoder_ids(capture: hs.Capture) -> tuple[int, ...]:
    assert capture.tokens("decoder", "key") == capture.tokens("cross", "query") == capture.tokens("decoder", "query")
    return capture.tokens("decoder", "query").ids


def source(name: str) -> Any:
    return {"whisper": {"input_features": torch.randn(1, 8, 40)}, "moonshine": torch.randn(5000)}.get(name, ids(9))


def read_by_the_decoder(model: PreTrainedModel, **arguments: torch.Tensor) -> tuple[int, ...]:
    """What the model's decoder gets to read in a forward with labels."""
    seen: list[torch.Tensor] = []
    decoder = model.get_decoder()
    handle = decoder.register_forward_pre_hook(lambda _, args, named: seen.append(named["input_ids"]), with_kwargs=True)
    with torch.no_grad():
        model(**arguments)
    handle.remove()
    return tuple(seen[0][0].tolist())


@pytest.mark.parametrize("name", list(TWOFOLD))
def test_a_text_is_moved_right_as_the_model_moves_its_labels(name: str, tokenizer: Any) -> None:
    model, given = build(name, decoder_start_token_id=START), source(name)
    capture = hs.capture(model, given, tokenizer=tokenizer, target=TARGET)
    labels = tokenizer(text_target=TARGET, return_tensors="pt")["input_ids"]
    given = given if isinstance(given, dict) else {model.main_input_name: given.reshape(1, -1)}
    assert decoder_ids(capture) == read_by_the_decoder(model, **given, labels=labels)
    assert decoder_ids(capture) == (START, *labels[0, :-1].tolist())


def test_labels_that_begin_with_the_start_token_get_no_second_one(tokenizer: Any) -> None:
    model = build("bart", decoder_start_token_id=tokenizer.cls_token_id)
    capture = hs.capture(model, TEXT, tokenizer=tokenizer, target=TARGET)
    assert decoder_ids(capture) == tuple(tokenizer(TARGET)["input_ids"])


@pytest.mark.parametrize("item", [0, 1])
def test_padded_texts_on_both_sides_are_as_they_are_alone(bart: PreTrainedModel, tokenizer: Any, item: int) -> None:
    texts, targets = ["the", TEXT], [TARGET, "asked"]
    together = hs.capture(bart, texts, tokenizer=tokenizer, target=targets, item=item)
    alone = hs.capture(bart, texts[item], tokenizer=tokenizer, target=targets[item])
    for part in alone.parts:
        assert [together.tokens(part, side) for side in ("query", "key")] == [
            alone.tokens(part, side) for side in ("query", "key")
        ]
        for layer in alone.layer_numbers(part):
            torch.testing.assert_close(
                together.attention(layer, part=part), alone.attention(layer, part=part), atol=1e-5, rtol=0
            )


def test_ids_go_to_the_decoder_as_they_are(bart: PreTrainedModel) -> None:
    written = bart.generate(ids(9), max_new_tokens=5, do_sample=False)
    assert decoder_ids(hs.capture(bart, ids(9), target=written)) == tuple(written[0].tolist())
    assert decoder_ids(hs.capture(bart, ids(9), target=written[0].tolist())) == tuple(written[0].tolist())


def test_what_generate_fills_up_with_is_padding(bart: PreTrainedModel) -> None:
    written = torch.tensor([[2, 5, 6, 7, 2], [2, 8, 2, 1, 1]])
    captures = [hs.capture(bart, ids(9, 2), target=written, item=item) for item in (0, 1)]
    assert [decoder_ids(capture) for capture in captures] == [(2, 5, 6, 7, 2), (2, 8, 2)]
    alone = hs.capture(bart, ids(9, 2)[1:], target=[2, 8, 2])
    for part in alone.parts:
        torch.testing.assert_close(captures[1].attention(1, part=part), alone.attention(1, part=part))


@pytest.mark.parametrize(
    ("labels", "tokens"),
    [([-100, -100, 5, 6], 4), ([7, -100, 5, 6], 4), ([7, 5, -100, -100], 2), ([-100, -100], 1)],
)
def test_labels_left_out_of_the_loss_shift_nothing(bart: PreTrainedModel, labels: list[int], tokens: int) -> None:
    read = read_by_the_decoder(bart, input_ids=ids(9), labels=torch.tensor([labels]))
    assert decoder_ids(hs.capture(bart, {"input_ids": ids(9), "labels": [labels]})) == read[:tokens]


def test_a_first_token_that_is_the_padding_token_stays() -> None:
    capture = hs.capture(build("t5"), ids(9, 2), target=[[0, 0], [0, 5]])
    assert decoder_ids(capture) == (0,)


def test_an_end_token_that_is_the_padding_token_too_stays_once() -> None:
    model, written = build("t5", pad_token_id=1), torch.tensor([[0, 5, 6, 1], [0, 7, 1, 1]])
    assert decoder_ids(hs.capture(model, ids(9, 2), target=written, item=0)) == (0, 5, 6, 1)
    together = hs.capture(model, ids(9, 2), target=written, item=1)
    assert decoder_ids(together) == (0, 7, 1)
    alone = hs.capture(model, ids(9, 2)[1:], target=[0, 7, 1])
    for part in alone.parts:
        torch.testing.assert_close(together.attention(1, part=part), alone.attention(1, part=part))


def test_a_mapping_may_hold_what_the_decoder_gets_or_labels_for_it(bart: PreTrainedModel, tokenizer: Any) -> None:
    encoded = tokenizer(TEXT, text_target=TARGET, return_tensors="pt")
    expected = decoder_ids(hs.capture(bart, TEXT, tokenizer=tokenizer, target=TARGET))
    assert decoder_ids(hs.capture(bart, encoded, tokenizer=tokenizer)) == expected
    encoded["labels"][0, -1] = -100  # left out of the loss: padding
    assert decoder_ids(hs.capture(bart, encoded, tokenizer=tokenizer)) == expected[:-1]
    given = {"input_ids": [5, 6], "decoder_input_ids": [2, 7, 8]}
    assert decoder_ids(hs.capture(bart, given)) == (2, 7, 8)


def test_no_target_says_how_to_get_one(bart: PreTrainedModel) -> None:
    with pytest.raises(NoTarget, match=r"pass target=, .* target=model\.generate"):
        hs.capture(bart, ids(9))


def test_a_target_for_a_model_without_a_decoder_of_its_own() -> None:
    for given, target in ((ids(9), ids(3)), ({"input_ids": [5], "decoder_input_ids": [5]}, None)):
        with pytest.raises(UnsupportedInput, match="LlamaForCausalLM is no encoder-decoder model"):
            hs.capture(build(), given, target=target)


@pytest.mark.parametrize(
    ("given", "target", "error", "words"),
    [
        (ids(9), TARGET, NoTokenizer, "target is text"),
        (ids(9, 2), [5, 6], UnsupportedInput, "the decoder gets 1 texts, the encoder 2"),
        (ids(9), [], EmptyInput, "the decoder input holds no token"),
        (ids(9), [0.5], UnsupportedInput, "whole numbers"),
        (ids(9), [99], UnsupportedInput, r"token id 99 .* BartDecoder, which has ids 0\.\.98"),
        (ids(9), ids(65), TooManyTokens, "65 tokens, but BartDecoder holds 64"),
        (ids(65), ids(9), TooManyTokens, "65 tokens, but BartEncoder holds 64"),
        ({"input_ids": [5], "decoder_input_ids": [5]}, [5], UnsupportedInput, "leave one of them out"),
        ({"input_ids": [5], "decoder_attention_mask": [1, 0]}, [5, 6], UnsupportedInput, "leave one of them out"),
        ({"input_ids": [5], "decoder_attention_mask": [1, 0]}, None, UnsupportedInput, "without the decoder_input_ids"),
        (ids(9), {"input_ids": [5]}, UnsupportedInput, "target is a dict of input_ids; pass a text .* token ids"),
        (ids(9), 5, UnsupportedInput, "target is a int"),
        (ids(9), "\ud800", UnsupportedInput, "lone surrogate"),
        ({"input_ids": [5], "encoder_outputs": torch.zeros(1)}, [5], UnsupportedInput, "encoder_outputs"),
    ],
)
def test_other_targets_are_refused(
    bart: PreTrainedModel, given: Any, target: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        hs.capture(bart, given, target=target)


def test_a_model_that_does_not_say_how_its_decoder_begins(tokenizer: Any) -> None:
    model = build("t5")
    model.config.decoder_start_token_id = None
    with pytest.raises(UnsupportedInput, match="start token included"):
        hs.capture(model, TEXT, tokenizer=tokenizer, target=TARGET)
    assert decoder_ids(hs.capture(model, TEXT, tokenizer=tokenizer, target=[0, 5])) == (0, 5)


def test_an_empty_target_text(bart: PreTrainedModel, tokenizer: Any) -> None:
    with pytest.raises(EmptyInput, match="target"):
        hs.capture(bart, TEXT, tokenizer=tokenizer, target="")


def test_a_target_longer_than_the_decoder_was_made_for_is_warned_of_where_the_user_is() -> None:
    model = build("moonshine", max_position_embeddings=5)
    with pytest.warns(UserWarning, match="6 tokens, but MoonshineDecoder was made for 5") as seen:
        hs.capture(model, torch.randn(5000), target=ids(6))
    assert seen[0].filename == __file__
