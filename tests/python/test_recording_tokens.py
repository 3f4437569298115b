"""Tokens: text, labels, specials, segments and words, for every kind of tokenizer."""

from __future__ import annotations

import doctest
import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alphabets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope.recording.tokens.tokens
from headscope.recording.tokens.pieces import Style, find_style
from headscope.recording.tokens.readable import INVISIBLE, SPELLED_BYTES, join_texts, readable, word_label
from headscope.recording.tokens.tokens import Tokens, Word, read_tokens

KINDS: dict[Callable[[], Any], Style] = {
    alphabets.byte_level: Style.BYTES,
    alphabets.wordpiece: Style.CONTINUES,
    alphabets.unigram: Style.SPACES,
    alphabets.byte_fallback: Style.SPACES,
    alphabets.word_ends: Style.ENDS,
    alphabets.whole_words: Style.WORDS,
    alphabets.slow_bytes: Style.LATIN,
    alphabets.slow_characters: Style.CHARACTERS,
}
LOSSLESS = [alphabets.byte_level, alphabets.slow_bytes, alphabets.slow_characters]
cached = functools.cache(lambda make: make())


def read(make: Callable[[], Any], text: str) -> Tokens:
    tokenizer = cached(make)
    return read_tokens(tokenizer(text, verbose=False)["input_ids"], tokenizer)


def words(tokens: Tokens) -> list[str]:
    return [word.label for word in tokens.as_words()]


@pytest.mark.parametrize(("make", "style"), KINDS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_alphabet_is_told_by_how_the_tokenizer_joins(make: Callable[[], Any], style: Style) -> None:
    assert find_style(cached(make))[0] is style


def test_the_alphabet_of_tokenizers_in_python(tmp_path: Path) -> None:
    assert find_style(alphabets.slow_wordpiece(tmp_path)) == (Style.CONTINUES, "##")
    assert find_style(alphabets.slow_goes_on(tmp_path)) == (Style.GOES_ON, "@@")


def test_the_alphabet_of_a_tokenizer_without_decoder() -> None:
    for make in (alphabets.byte_level, alphabets.unigram, alphabets.wordpiece):
        tokenizer = make()
        tokenizer.backend_tokenizer.decoder = None
        assert find_style(tokenizer)[0] is KINDS[make]


def test_a_mark_of_its_own_is_found() -> None:
    tokenizer = alphabets.wordpiece()
    tokenizer.backend_tokenizer.decoder = alphabets.decoders.WordPiece(prefix="~~")
    assert find_style(tokenizer) == (Style.CONTINUES, "~~")


# What each kind makes of a sentence


def test_byte_level_labels_and_words() -> None:
    tokens = read(alphabets.byte_level, "the doctor\n\tdon't")
    assert "".join(tokens.texts) == "the doctor\n\tdon't"
    assert tokens.labels[:2] == ("the", "·doctor")
    assert words(tokens) == ["the", "doctor", "⏎", "⇥", "don't"]


def test_wordpiece_labels_and_words() -> None:
    tokens = read(alphabets.wordpiece, "the nursed, doctor")
    assert tokens.labels[0] == "[CLS]"
    assert words(tokens) == ["[CLS]", "the", "nursed", ",", "doctor", "[SEP]"]
    pieces = [(text, label) for text, label in zip(tokens.texts, tokens.labels, strict=True) if label.startswith("##")]
    assert pieces
    assert all(label == "##" + text for text, label in pieces)


def test_wordpiece_leaves_a_lone_mark_alone() -> None:
    class Marks:
        def convert_ids_to_tokens(self, number: int) -> str:
            return ["##", "a", "##b"][number]

        def convert_tokens_to_string(self, tokens: list[str]) -> str:
            return " ".join(tokens).replace(" ##", "")

    assert read_tokens([0, 1, 2], Marks()).labels == ("##", "a", "##b")
    assert read_tokens([1, 0, 1, 2], Marks()).words == (0, 1, 2, 2)


def test_byte_level_markdown_heading_is_no_wordpiece() -> None:
    assert "".join(read(alphabets.byte_level, "## a").texts) == "## a"


def test_sentencepiece_labels_and_words() -> None:
    tokens = read(alphabets.unigram, "the doctor asked")
    assert "".join(tokens.texts) == " the doctor asked"
    assert words(tokens) == ["the", "doctor", "asked"]


def test_sentencepiece_bytes() -> None:
    tokens = read(alphabets.byte_fallback, "the ï\n")
    assert tokens.texts[-4:] == (" ", "<C3>", "<AF>", "\n")
    assert tokens.labels[-4:] == ("·", "⟨C3⟩", "⟨AF⟩", "⏎")
    assert words(tokens) == ["the", "ï", "⏎"]


def test_ends_of_words() -> None:
    tokens = read(alphabets.word_ends, "the doctor , the")
    assert "".join(tokens.labels) == "the·doctor·,·the·"
    assert words(tokens) == ["the·", "doctor·", ",·", "the·"]


def test_whole_words_are_never_joined() -> None:
    assert read(alphabets.whole_words, "the doctor asked").words == (0, 1, 2)


def test_slow_tokenizers(tmp_path: Path) -> None:
    wordpiece = alphabets.slow_wordpiece(tmp_path)
    assert words(read_tokens(wordpiece("playing, the")["input_ids"], wordpiece)) == [
        "[CLS]",
        "playing",
        ",",
        "the",
        "[SEP]",
    ]
    goes_on = alphabets.slow_goes_on(tmp_path)
    tokens = read_tokens(goes_on("play the")["input_ids"], goes_on)
    assert tokens.labels == ("<s>", "pl@@", "ay", "the", "</s>")
    assert words(tokens) == ["<s>", "play", "the", "</s>"]


# Bytes, scripts, characters that cannot be seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("😀😃", ["😀", "😃"]),
        ("a 😀", ["a", "😀"]),
        ("👩\u200d👩\u200d👧", ["👩\u200d👩\u200d👧"]),
        ("👍🏽", ["👍🏽"]),
        ("naïve über", ["naïve", "über"]),
        ("日本", ["日", "本"]),
        ("ひらカタ", ["ひ", "ら", "カ", "タ"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("กี่", ["กี่"]),
        ("한국어 말", ["한국어", "말"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("שלום!", ["שלום", "!"]),
        ("नमस्ते", ["नमस्ते"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("e\u0301te", ["e\u0301te"]),
        ("don’t it's", ["don’t", "it's"]),
        ("3.14 x2", ["3", ".", "14", "x2"]),
        ("a_b-c", ["a", "_", "b", "-", "c"]),
        ("a\u200bb", ["a", "⟨U+200B⟩", "b"]),
        ("A股", ["A", "股"]),
        (" x", ["x"]),
        ("x ", ["x", "·"]),
        ("\n\n", ["⏎", "⏎"]),
        ("<script>", ["<", "script", ">"]),
    ],
)
@pytest.mark.parametrize("make", [alphabets.slow_bytes], ids=["one token per byte"])
def test_words_of_any_script(make: Callable[[], Any], text: str, expected: list[str]) -> None:
    assert words(read(make, text))[:-1] == expected  # the last is </s>


def test_bytes_that_never_become_a_character_are_spelled_out() -> None:
    tokenizer = cached(alphabets.slow_bytes)
    tokens = read_tokens([0xE2 + 3, 0x82 + 3, ord("a") + 3], tokenizer)
    assert tokens.texts == ("<E2>", "<82>", "a")
    assert tokens.labels == ("⟨E2⟩", "⟨82⟩", "a")


def test_a_token_of_space_and_half_a_character_keeps_its_space() -> None:
    class Half:
        def convert_ids_to_tokens(self, number: int) -> str:
            return ["ĠðŁ", "ĺĢ"][number]

        def convert_tokens_to_string(self, tokens: list[str]) -> str:
            return cached(alphabets.byte_level).convert_tokens_to_string(tokens)

    tokens = read_tokens([0, 1], Half())
    assert tokens.texts == (" <F0><9F>", "<98><80>")
    assert tokens.labels == ("·⟨F0⟩⟨9F⟩", "⟨98⟩⟨80⟩")
    assert tokens.as_words() == [Word("😀", "😀", range(2))]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("", "⟨empty⟩"),
        (" ", "·"),
        ("\r\n", "⟨U+000D⟩⏎"),
        ("\u00a0", "⟨U+00A0⟩"),
        ("\u202e", "⟨U+202E⟩"),
        ("\u0301", "◌\u0301"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("a\u200db", "a\u200db"),
        ("a\u200d", "a⟨U+200D⟩"),
        ("\U000e0001", "⟨U+E0001⟩"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_readable(text: str, label: str) -> None:
    assert readable(text) == label


@given(st.text())
def test_a_label_is_never_empty_and_hides_nothing(text: str) -> None:
    label = readable(text)
    assert label
    assert not set(label) & set(" \n\t")
    left = {char for char in label if INVISIBLE.match(char)}
    assert left <= {chr(code) for code in (0x200C, 0x200D, *range(0xFE00, 0xFE10))}


@given(st.text(alphabet="abc .é日"))
def test_readable_can_be_read_twice(text: str) -> None:
    assert readable(readable(text)) == readable(text)


# Whatever the text, nothing is lost and no character is torn


@pytest.mark.parametrize("make", LOSSLESS, ids=lambda make: make.__name__)
@settings(deadline=None)
@given(text=st.text(st.characters(min_codepoint=1, exclude_categories=["Cs", "Co"])))
def test_no_text_is_lost_and_no_character_is_torn(make: Callable[[], Any], text: str) -> None:
    tokens = read(make, text)
    content = [word for word in tokens.as_words() if not tokens.special[word.positions[0]]]
    texts = [join_texts([tokens.texts[at] for at in word.positions]) for word in content]
    assert "".join(texts).replace(" ", "") == text.replace(" ", "")
    assert not any(SPELLED_BYTES.search(piece) for piece in texts) or SPELLED_BYTES.search(text)


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
@settings(deadline=None, max_examples=50)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_every_tokens_is_well_formed(make: Callable[[], Any], text: str) -> None:
    tokens = read(make, text)
    assert all(tokens.labels)
    steps = [after - before for before, after in zip(tokens.words, tokens.words[1:], strict=False)]
    assert set(steps) <= {0, 1}
    assert tokens.words[:1] in {(), (0,)}
    assert [at for span in tokens.word_spans for at in span] == list(range(len(tokens)))


# Specials, unknowns, segments


def test_specials_are_words_of_their_own() -> None:
    tokenizer = cached(alphabets.byte_level)
    tokens = read_tokens(tokenizer("<|begin|>the<|user|>asked")["input_ids"], tokenizer)
    assert tokens.special == tuple(label in {"<|begin|>", "<|user|>"} for label in tokens.labels)
    assert words(tokens) == ["<|begin|>", "the", "<|user|>", "asked"]


def test_a_special_token_that_is_the_unknown_token_too_is_special() -> None:
    tokenizer = alphabets.byte_level()
    tokenizer.unk_token = tokenizer.bos_token
    assert read_tokens([tokenizer.bos_token_id], tokenizer).special == (True,)


def test_unknown_and_mask_tokens_stand_for_text() -> None:
    tokens = read(alphabets.wordpiece, "the [MASK] 股")
    assert dict(zip(tokens.labels, tokens.special, strict=True)) == {
        "[CLS]": True,
        "the": False,
        "[MASK]": False,
        "[UNK]": False,
        "[SEP]": True,
    }


def test_added_tokens_are_text_and_not_an_alphabet() -> None:
    tokens = read(alphabets.byte_level, "a Éa <E1>")
    assert tokens.labels[-3:] == ("Éa", "·", "<E1>")
    assert words(tokens)[-1] == "<E1>"


def test_ids_out_of_the_vocabulary() -> None:
    tokens = read_tokens([70, 99_999, -1, 70], cached(alphabets.byte_level))
    assert tokens.labels[1:3] == ("#99999", "#-1")
    assert tokens.words == (0, 1, 2, 3)


def test_a_slow_tokenizer_that_answers_unknown_for_everything(tmp_path: Path) -> None:
    tokenizer = alphabets.slow_wordpiece(tmp_path)
    assert read_tokens([1, 5, 77], tokenizer).labels == ("[UNK]", "play", "#77")


def test_without_a_tokenizer() -> None:
    tokens = read_tokens([7, 1234])
    assert tokens.labels == tokens.texts == ("#7", "#1234")
    assert tokens.words == (0, 1)
    assert tokens.special == (False, False)


def test_empty_names_and_names_in_bytes() -> None:
    class Odd:
        def convert_ids_to_tokens(self, number: int) -> Any:
            return ["", b"\xf0\x9f", b"\x98\x80", None][number]

        def convert_tokens_to_string(self, tokens: list[str]) -> str:
            return "".join(tokens)

    tokens = read_tokens([0, 1, 2, 3], Odd())
    assert tokens.labels == ("⟨empty⟩", "⟨F0⟩⟨9F⟩", "⟨98⟩⟨80⟩", "#3")
    assert words(tokens)[-2:] == ["😀", "#3"]


def test_segments_are_taken_only_where_there_are_two() -> None:
    assert read_tokens([1, 2, 3], None, [0, 0, 1]).segments == (0, 0, 1)
    assert read_tokens([1, 2, 3], None, [0, 0, 0]).segments is None
    assert read_tokens([1, 2, 3]).segments is None


def test_a_word_ends_with_its_sentence() -> None:
    tokenizer = cached(alphabets.byte_level)
    ids = [tokenizer.convert_tokens_to_ids(letter) for letter in "ab"]
    assert read_tokens(ids, tokenizer).words == (0, 0)
    assert read_tokens(ids, tokenizer, [0, 1]).words == (0, 1)


def test_fields_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Tokens((1,), ("a", "b"), ("a",), (False,), None, (0,))


def test_no_tokens_at_all() -> None:
    assert len(read_tokens([])) == 0
    assert read_tokens([]).word_spans == []


@pytest.mark.parametrize(
    ("texts", "labels", "expected"),
    [
        ([" un", "seen"], ["·un", "seen"], "unseen"),
        (["play", "ing"], ["play", "##ing"], "playing"),
        (["ing"], ["##ing"], "##ing"),
        ([" "], ["·"], "·"),
        ([" a"], ["·a"], "a"),
        (["<F0><9F>", "<98><80>"], ["⟨F0⟩⟨9F⟩", "⟨98⟩⟨80⟩"], "😀"),
        (["<F0><9F>", "<98>"], ["⟨F0⟩⟨9F⟩", "⟨98⟩"], "⟨F0⟩⟨9F⟩⟨98⟩"),
    ],
)
def test_labels_of_words(texts: list[str], labels: list[str], expected: str) -> None:
    assert word_label(texts, labels) == expected


def test_the_text_of_a_word_has_no_leading_space_unless_it_is_nothing_else() -> None:
    assert [word.text for word in read(alphabets.slow_bytes, " ab ").as_words()] == ["ab", " ", "</s>"]


# The real ones


def test_smollm2(smollm2: tuple[Any, Any]) -> None:
    tokenizer = smollm2[1]
    text = "The doctor’s naïve 3.14 日本 😀👩\u200d👧\n\n  return x"
    tokens = read_tokens(tokenizer(text)["input_ids"], tokenizer)
    sentence = ["The", "doctor’s", "naïve", "3", ".", "14", "日", "本", "😀", "👩\u200d👧"]
    assert words(tokens) == [*sentence, "⏎⏎·", "return", "x"]
    assert join_texts(["x", *tokens.texts]) == "x" + text


def test_smollm2_chat(smollm2: tuple[Any, Any]) -> None:
    tokenizer = smollm2[1]
    ids = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], return_dict=True)["input_ids"]
    tokens = read_tokens(ids, tokenizer)
    special = {label for label, is_special in zip(tokens.labels, tokens.special, strict=True) if is_special}
    assert special == {"<|im_start|>", "<|im_end|>"}


def test_minilm(minilm: tuple[Any, Any]) -> None:
    tokenizer = minilm[1]
    tokens = read_tokens(tokenizer("Unbelievably, café 日本")["input_ids"], tokenizer)
    assert tokens.labels == ("[CLS]", "un", "##bel", "##ie", "##va", "##bly", ",", "cafe", "日", "本", "[SEP]")
    assert words(tokens) == ["[CLS]", "unbelievably", ",", "cafe", "日", "本", "[SEP]"]
    assert tokens.special == (True, *[False] * 9, True)


def test_tokens_need_neither_torch_nor_transformers() -> None:
    heavy = "torch", "transformers", "tokenizers", "numpy"
    script = f"import sys, headscope.recording.tokens.tokens; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_examples_in_the_documentation() -> None:
    assert doctest.testmod(headscope.recording.tokens.tokens).failed == 0
