"""Sentences and paragraphs in token positions."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headscope as hs
from headscope import demo
from headscope.answers.levels import levels
from headscope.recording.tokens.tokens import Tokens


def tokens(texts: list[str], **other: object) -> Tokens:
    count = len(texts)
    fields: dict[str, object] = {"special": (False,) * count, "segments": None, **other}
    return Tokens(tuple(range(count)), tuple(texts), tuple(map(repr, texts)), words=tuple(range(count)), **fields)  # type: ignore[arg-type]


def split(text: str) -> list[str]:
    """Tokens as a GPT tokenizer makes them, more or less: a space goes with what follows it."""
    return re.findall(r"\n| ?\w+| ?[^\w\s]+|\s", text)


def units(texts: list[str], level: str, **other: object) -> list[str]:
    edges = levels(tokens(texts, **other))[level]
    return ["".join(texts[start:stop]) for start, stop in pairwise(edges)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["She left.", " He stayed."],
        ["Really?!", " Yes."],
        ['"Go."', " He went."],
        ["(It was late.)", " So what?"],
        ["Dr. Smith met J. Doe, e.g. at St. Ives.", " They spoke."],
        ["She met Prof. Smith.", " They spoke."],
        ["It cost 3.50 in all.", " Cheap."],
        ["Well… yes.", " 12 came."],
        ["no stop at all"],
        ["all is lower case.", " even here."],
        ["A. B. Clark wrote it.", " I read it."],
        ["He asked why? and left.", " Then came I."],
    ],
    ids=str,
)
def test_sentences_end_with_their_marks(sentences: list[str]) -> None:
    assert units(split("".join(sentences)), "sentence") == sentences


def test_scripts_without_spaces_have_marks_of_their_own() -> None:
    assert units(list("他来了。「好!」我走了。"), "sentence") == ["他来了。", "「好!」我走了。"]
    assert units(list("他来了。「走吧。」她说。"), "sentence") == ["他来了。", "「走吧。」", "她说。"]


def test_blank_lines_part_paragraphs_and_lines_within_are_wrapped() -> None:
    text = "A title\n\nOne line\ngoes on. And on.\n \n\nThe end"
    assert units(split(text), "paragraph") == ["A title\n\n", "One line\ngoes on. And on.\n \n\n", "The end"]
    assert units(split(text), "sentence") == ["A title\n\n", "One line\ngoes on.", " And on.\n \n\n", "The end"]


def test_without_blank_lines_every_line_is_a_paragraph() -> None:
    assert units(split("- one\n- two. Three\n"), "paragraph") == ["- one\n", "- two. Three\n"]
    assert units(split("- one\n- two. Three\n"), "sentence") == ["- one\n", "- two.", " Three\n"]


@pytest.mark.parametrize("texts", [["He left", ".\n\n", "She"], ["He left.", "\n\n", "She"], ["He left.\n", "\nShe"]])
def test_tokens_that_hold_a_mark_and_more_are_not_cut(texts: list[str]) -> None:
    edges = levels(tokens(texts))
    assert edges["sentence"] == edges["paragraph"]
    assert units(texts, "paragraph") in (["He left.\n\n", "She"], ["He left.\n\nShe"])


def test_special_tokens_are_no_text_and_the_second_of_a_pair_begins_anew() -> None:
    texts = ["[CLS]", "He", " left", "[SEP]", "Who", "?", " He", ".", "[SEP]"]
    special = tuple(text.startswith("[") for text in texts)
    pair = (0, 0, 0, 0, 1, 1, 1, 1, 1)
    assert levels(tokens(texts, special=special, segments=pair)) == {
        "sentence": [0, 4, 6, 9],
        "paragraph": [0, 4, 9],
    }


def test_what_is_no_text_is_one_unit() -> None:
    assert levels(tokens(["0.00 s", "0.02 s"], kind="frames")) == {"sentence": [0, 2], "paragraph": [0, 2]}
    assert levels(tokens([])) == {"sentence": [0], "paragraph": [0]}


def test_spaces_are_those_that_separate_words() -> None:
    """As the browser has it (tests/js/levels.test.ts): U+001C is one, U+FEFF is none."""
    assert units(["One.\x1c", "Two.\ufeff", "Three."], "sentence") == ["One.\x1c", "Two.\ufeffThree."]
    assert units(["\ufeff\n\n", "One\n", "two"], "paragraph") == ["\ufeff\n\n", "One\ntwo"]


@pytest.mark.parametrize("text", [".", " ", "!)", "\n", "\n "], ids=repr)
def test_a_text_of_nothing_but_marks_and_spaces_is_read_in_one_pass(text: str) -> None:
    begun = time.process_time()
    levels(tokens([text * 100_000 + "a"]))
    assert time.process_time() - begun < 2


@given(st.lists(st.text(alphabet="aB .!?\n\"'1。", max_size=4), max_size=30))
def test_edges_ascend_from_end_to_end_and_paragraphs_are_whole_sentences(texts: list[str]) -> None:
    made = levels(tokens(texts))
    for edges in made.values():
        assert edges == sorted(set(edges))
        assert (edges[0], edges[-1]) == (0, len(texts))
    assert set(made["paragraph"]) <= set(made["sentence"])


def test_a_capture_knows_those_of_real_text() -> None:
    model, tokenizer = demo.smollm2()
    text = "The doctor asked Dr. Lee a question. She said: no.\n\nThen they left. It rained."
    capture = hs.capture(model, text, tokenizer=tokenizer)
    texts = capture.tokens().texts
    made = capture.levels()
    sentences = ["".join(texts[a:b]).strip() for a, b in pairwise(made["sentence"])]
    assert sentences == ["The doctor asked Dr. Lee a question.", "She said: no.", "Then they left.", "It rained."]
    assert len(made["paragraph"]) == 3
    view = hs.HeadView(capture)
    assert view.meta["sides"][0]["levels"] == made


def test_a_view_is_told_only_of_levels_with_two_units() -> None:
    model, tokenizer = demo.minilm()
    capture = hs.capture(model, "The doctor left. She said no.", tokenizer=tokenizer)
    assert capture.levels()["paragraph"] == [0, len(capture.tokens())]
    assert list(hs.HeadView(capture).meta["sides"][0]["levels"]) == ["sentence"]
