"""What is drawn, against a slow reading of the contract in plain Python."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headscope.answers.display import PAIR_FILTERS, DisplaySettings, Shown, ink, show
from headscope.recording.tokens.tokens import Tokens

PLAIN = DisplaySettings()


def reference(weights: list[Any], queries: Tokens, keys: Tokens, settings: DisplaySettings) -> dict[str, Any]:
    """Follow the rules one number at a time."""
    rows, columns = groups(queries, settings, 0), groups(keys, settings, 1)
    kept = [key for key in range(len(keys)) if not hidden(keys, key, settings)]
    attention, left = [], []
    for head in weights:
        matrix, rest = [], []
        for row in rows:
            stays = [math.fsum(head[query][key] for key in kept) for query in row]
            share = sum(stays) / len(row) if len(kept) < len(keys) else 1.0
            raw = [math.fsum(head[query][key] for query in row for key in column) / len(row) for column in columns]
            matrix.append([weight / share if share else 0.0 for weight in raw])
            rest.append(share)
        attention.append(matrix)
        left.append(rest)
    return {"attention": attention, "left": left, "rows": [row[0] for row in rows], "columns": [c[0] for c in columns]}


def hidden(tokens: Tokens, at: int, settings: DisplaySettings) -> bool:
    return (at == 0 and settings.hide_first) or (tokens.special[at] and settings.hide_special)


def groups(tokens: Tokens, settings: DisplaySettings, side: int) -> list[list[int]]:
    """List the shown positions, those of one word together."""
    wanted = None if settings.pair_filter == "all" else "ab".index(settings.pair_filter[3 * side])
    found: dict[int, list[int]] = {}
    for at in range(len(tokens)):
        filtered = wanted is not None and tokens.segments is not None and tokens.segments[at] != wanted
        if not hidden(tokens, at, settings) and not filtered:
            found.setdefault(tokens.words[at] if settings.words else at, []).append(at)
    return list(found.values())


@st.composite
def axes(draw: st.DrawFn, least: int = 1) -> Tokens:
    count = draw(st.integers(least, 7))
    joins = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    words = tuple(sum(not join for join in joins[1 : at + 1]) for at in range(count))
    special = tuple(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    border = draw(st.none() | st.integers(1, count))
    segments = None if border in (None, count) else tuple(int(at >= border) for at in range(count))
    texts = tuple(f" t{at}" for at in range(count))
    return Tokens(tuple(range(count)), texts, tuple(f"·t{at}" for at in range(count)), special, segments, words)


@st.composite
def layers(draw: st.DrawFn) -> tuple[torch.Tensor, Tokens, Tokens]:
    queries, keys = draw(axes()), draw(axes())
    torch.manual_seed(draw(st.integers(0, 99)))
    weights = torch.softmax(4 * torch.randn(2, len(queries), len(keys)), dim=-1)
    weights = weights * (torch.rand_like(weights) > draw(st.sampled_from([0.0, 0.6])))  # rows need not sum to 1
    return weights, queries, keys


every_setting = st.builds(
    DisplaySettings, st.booleans(), st.booleans(), st.booleans(), pair_filter=st.sampled_from(PAIR_FILTERS)
)


def equal(shown: torch.Tensor, expected: Any) -> bool:
    return torch.allclose(shown, torch.tensor(expected).reshape(shown.shape), atol=1e-6, equal_nan=True)


@given(layers(), every_setting)
def test_it_is_what_the_rules_say(layer: Any, settings: DisplaySettings) -> None:
    weights, queries, keys = layer
    shown, expected = show(weights, queries, keys, settings), reference(weights.tolist(), queries, keys, settings)
    assert list(shown.query_positions) == expected["rows"]
    assert list(shown.key_positions) == expected["columns"]
    assert shown.attention.shape == (2, len(expected["rows"]), len(expected["columns"]))
    assert equal(shown.attention, expected["attention"])
    assert equal(shown.left, expected["left"])


@given(layers())
def test_with_nothing_set_nothing_changes(layer: Any) -> None:
    weights, queries, keys = layer
    shown = show(weights, queries, keys)
    assert torch.equal(shown.attention, weights)
    assert shown.query_labels == queries.labels
    assert shown.key_labels == keys.labels
    assert bool((shown.left == 1).all())


@given(layers(), every_setting)
def test_hidden_tokens_are_on_neither_side(layer: Any, settings: DisplaySettings) -> None:
    weights, queries, keys = layer
    shown = show(weights, queries, keys, settings)
    for tokens, positions in ((queries, shown.query_positions), (keys, shown.key_positions)):
        assert list(positions) == sorted(set(positions))
        assert not (settings.hide_first and 0 in positions)
        assert not (settings.hide_special and any(tokens.special[at] for at in positions))


@given(layers(), every_setting)
def test_renormalised_rows_sum_to_one_or_are_empty(layer: Any, settings: DisplaySettings) -> None:
    weights, queries, keys = layer
    settings = replace(settings, pair_filter="all")
    shown = show(weights, queries, keys, settings)
    if any(hidden(keys, at, settings) for at in range(len(keys))):
        expected = (shown.left > 0).float()
        assert torch.allclose(shown.attention.sum(-1), expected, atol=1e-5)


@given(layers(), st.booleans(), st.booleans())
def test_words_neither_make_nor_lose_weight(layer: Any, hide_first: bool, hide_special: bool) -> None:
    """What is left of a word's row is the mean of what is left of its tokens' rows."""
    weights, queries, keys = layer
    settings = DisplaySettings(hide_first, hide_special)
    tokens, words = show(weights, queries, keys, settings), show(weights, queries, keys, replace(settings, words=True))
    before, after = tokens.attention * tokens.left[..., None], words.attention * words.left[..., None]
    index = [queries.words[at] for at in words.query_positions]
    for row, word in enumerate(index):
        members = [n for n, at in enumerate(tokens.query_positions) if queries.words[at] == word]
        assert torch.allclose(before[:, members].sum(-1).mean(-1), after[:, row].sum(-1), atol=1e-6)


@given(layers(), every_setting)
def test_a_pair_filter_selects_and_does_not_renormalise(layer: Any, settings: DisplaySettings) -> None:
    weights, queries, keys = layer
    settings = replace(settings, words=False)
    filtered = show(weights, queries, keys, settings)
    every = show(weights, queries, keys, replace(settings, pair_filter="all"))
    rows = [every.query_positions.index(at) for at in filtered.query_positions]
    columns = [every.key_positions.index(at) for at in filtered.key_positions]
    assert torch.equal(every.attention[:, rows][:, :, columns], filtered.attention)
    assert torch.equal(every.left[:, rows], filtered.left)


@given(layers(), st.sampled_from(PAIR_FILTERS))
def test_a_pair_filter_needs_two_sentences(layer: Any, pair_filter: str) -> None:
    weights, queries, keys = layer
    queries, keys = replace(queries, segments=None), replace(keys, segments=None)
    shown = show(weights, queries, keys, DisplaySettings(pair_filter=pair_filter))
    assert torch.equal(shown.attention, weights)


@given(layers())
def test_the_two_sentences_together_are_the_whole(layer: Any) -> None:
    weights, queries, keys = layer
    parts = [show(weights, queries, keys, DisplaySettings(pair_filter=name)) for name in PAIR_FILTERS[1:]]
    if queries.segments is not None and keys.segments is not None:
        assert sum(part.attention.numel() for part in parts) == weights.numel()
        assert math.isclose(sum(float(part.attention.double().sum()) for part in parts), float(weights.double().sum()))


# Single cases


def tokens(count: int, **changes: Any) -> Tokens:
    plain = Tokens(
        tuple(range(count)),
        tuple(f" t{at}" for at in range(count)),
        tuple(f"·t{at}" for at in range(count)),
        (False,) * count,
        None,
        tuple(range(count)),
    )
    return replace(plain, **changes)


def test_a_switch_that_hides_nothing_does_not_renormalise() -> None:
    """Rows of a model with attention sinks do not sum to 1, and must not be blown up by an idle switch."""
    weights = torch.full((1, 2, 2), 0.25)
    shown = show(weights, tokens(2), tokens(2), DisplaySettings(hide_special=True))
    assert torch.equal(shown.attention, weights)


def test_not_a_number_stays_what_it_is_and_where_it_is() -> None:
    weights = torch.full((1, 3, 3), 1 / 3)
    weights[0, 1] = torch.nan
    shown = show(weights, tokens(3), tokens(3), DisplaySettings(hide_first=True))
    assert shown.query_positions == (1, 2)
    assert bool(shown.attention[0, 0].isnan().all())
    assert bool(shown.left[0, 0].isnan())
    assert torch.allclose(shown.attention[0, 1], torch.tensor([0.5, 0.5]))


def test_not_a_number_stays_in_its_word() -> None:
    weights = torch.full((1, 4, 4), 0.25)
    weights[0, :, 3] = torch.nan
    pieces = tokens(4, words=(0, 0, 1, 1))
    shown = show(weights, pieces, pieces, DisplaySettings(words=True))
    assert shown.attention[0].isnan().tolist() == [[False, True], [False, True]]


def test_a_row_with_nothing_left_is_zero() -> None:
    weights = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    shown = show(weights, tokens(2), tokens(2), DisplaySettings(hide_first=True))
    assert shown.attention.tolist() == [[[0.0]]]
    assert shown.left.tolist() == [[0.0]]


def test_everything_hidden_is_an_empty_picture() -> None:
    shown = show(torch.ones(3, 1, 1), tokens(1), tokens(1), DisplaySettings(hide_first=True))
    assert shown.attention.shape == (3, 0, 0)
    assert shown.left.shape == (3, 0)
    assert shown.key_labels == ()


def test_no_head_at_all() -> None:
    assert show(torch.ones(0, 2, 2), tokens(2), tokens(2), DisplaySettings(words=True)).attention.shape == (0, 2, 2)


def test_a_word_that_lost_its_first_piece_is_named_by_the_next() -> None:
    pieces = tokens(3, words=(0, 0, 1), texts=("un", "seen", " it"), labels=("un", "seen", "·it"))
    shown = show(torch.full((1, 3, 3), 1 / 3), pieces, pieces, DisplaySettings(hide_first=True, words=True))
    assert shown.query_positions == (1, 2)
    assert shown.query_labels == ("seen", "it")


def test_sums_are_as_good_as_float32_can_hold() -> None:
    """Ten thousand small weights, summed in float64."""
    count = 10_000
    weights = torch.full((1, 1, count), 1.0 / count)
    pieces = tokens(count, words=(0,) * count)
    shown = show(weights, tokens(1), pieces, DisplaySettings(words=True))
    assert shown.attention.item() == torch.tensor(weights.double().sum().item(), dtype=torch.float32).item()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_any_dtype_comes_out_as_float32(dtype: torch.dtype) -> None:
    shown = show(torch.full((1, 2, 2), 0.5, dtype=dtype), tokens(2), tokens(2), DisplaySettings(hide_first=True))
    assert shown.attention.dtype is torch.float32
    assert shown.left.dtype is torch.float32


def test_the_weights_are_left_as_they_are() -> None:
    weights = torch.full((1, 2, 2), 0.5, requires_grad=True)
    shown = show(weights, tokens(2), tokens(2), DisplaySettings(hide_first=True))
    assert weights.tolist() == [[[0.5, 0.5], [0.5, 0.5]]]
    assert not shown.attention.requires_grad
    shown = show(weights.detach(), tokens(2), tokens(2))
    shown.attention.zero_()
    assert weights.sum().item() == 2


def test_an_unknown_pair_filter_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'a->c'.*b->b"):
        show(torch.ones(1, 1, 1), tokens(1), tokens(1), DisplaySettings(pair_filter="a->c"))


def test_ink_of_nearly_empty_rows_is_faint() -> None:
    values = ink(torch.tensor([0.0, 0.15, 0.3, 1.0, torch.nan]))
    assert values[:4].tolist() == pytest.approx([0.0, 0.5, 1.0, 1.0])
    assert bool(values[4].isnan())


def test_shown_is_plain_data() -> None:
    shown = show(torch.ones(1, 1, 1), tokens(1), tokens(1))
    assert isinstance(shown, Shown)
    assert shown.query_positions == (0,)
    assert shown.query_labels == ("·t0",)
