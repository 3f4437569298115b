"""What is drawn of a layer: tokens hidden, sub-words merged into words, sentence pairs filtered.

The browser does the same (js/store/display.ts); tests/fixtures/display.json holds both to one result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headscope.answers.measure import Measure
from headscope.recording.tokens.tokens import Tokens

if TYPE_CHECKING:
    import torch

__all__ = ["FULL_INK", "PAIR_FILTERS", "DisplaySettings", "Shown", "ink", "show", "shown_positions"]

PAIR_FILTERS = ("all", "a->a", "a->b", "b->a", "b->b")
FULL_INK = 0.3
"""A row that keeps at least this much of its weight is drawn at full strength."""


@dataclass(frozen=True)
class DisplaySettings:
    """The settings that decide which numbers are drawn; those of a view, without its drawing threshold."""

    hide_first: bool = False
    """Leave out the first token, on both sides."""
    hide_special: bool = False
    """Leave out special tokens, on both sides."""
    words: bool = False
    """Merge sub-words into words."""
    pair_filter: str = "all"
    """From which sentence to which, one of `PAIR_FILTERS`; without two sentences all is shown."""
    measure: Measure = "weight"
    """What the numbers are: only weights are renormalised where keys are hidden."""


@dataclass(frozen=True)
class Shown:
    """What is drawn of one layer; R rows (queries) and C columns (keys) remain of it."""

    attention: torch.Tensor
    """float32 `[head, row, column]`: what was measured; weights are renormalised where keys are hidden."""
    query_positions: tuple[int, ...]
    """Token position of each row; a word is named by the first of its sub-words that is shown."""
    key_positions: tuple[int, ...]
    """Token position of each column."""
    query_labels: tuple[str, ...]
    key_labels: tuple[str, ...]
    left: torch.Tensor
    """float32 `[head, row]`: how much of the row's weight is on keys that are not hidden; 1 of other measures."""


@dataclass(frozen=True)
class _Axis:
    """The tokens of one side that are shown, and the row or column that each goes into."""

    positions: list[int]
    groups: list[int]
    firsts: tuple[int, ...]
    labels: tuple[str, ...]


def show(
    weights: torch.Tensor, query_tokens: Tokens, key_tokens: Tokens, settings: DisplaySettings | None = None
) -> Shown:
    """Reduce exact attention weights to what is drawn.

    Hidden tokens take part neither as query nor as key, and what is left of each row is renormalised to 1; but only
    weights are, for value norms do not share out anything. The pair filter only selects, it does not renormalise.
    A word's row is the mean of its sub-words' rows, its column the sum of their columns. Rows that hold NaN or have
    nothing left stay NaN or 0.

    Parameters
    ----------
    weights : float tensor [head, query, key]
        The layer's attention in the measure of the settings, for all queries and keys.
    query_tokens, key_tokens : Tokens
        One entry per query, one per key.
    settings : DisplaySettings, optional
        By default everything is shown as it is.

    Returns
    -------
    Shown
        On the CPU, summed in float64, rounded to float32 at the end.
    """
    import torch

    settings = settings or DisplaySettings()
    unhidden = [at for at in range(len(key_tokens)) if not _is_hidden(key_tokens, at, settings)]
    rows = _axis(query_tokens, settings, side=0)
    columns = _axis(key_tokens, settings, side=1)
    renormalise = settings.measure == "weight" and len(unhidden) < len(key_tokens)
    attention = torch.empty(len(weights), len(rows.firsts), len(columns.firsts), dtype=torch.float32)  # H, R, C
    left = torch.ones(len(weights), len(rows.firsts), dtype=torch.float32)  # H, R
    for head, matrix in enumerate(weights):  # one head in float64 at a time
        raw = _take(matrix.detach().to("cpu", torch.float64), rows.positions, 0)  # shown Q, K
        seen = _take(raw, columns.positions, 1)  # shown Q, shown K
        kept = _merge(_merge(seen, columns.groups, 1), rows.groups, 0, mean=True)  # R, C
        if renormalise:
            stays = seen if columns.positions == unhidden else _take(raw, unhidden, 1)
            rest = _merge(stays.sum(1), rows.groups, 0, mean=True)  # R
            kept = torch.where(rest[:, None] == 0, 0.0, kept / rest[:, None])
            left[head] = rest
        attention[head] = kept
    return Shown(attention, rows.firsts, columns.firsts, rows.labels, columns.labels, left)


def ink(left: torch.Tensor) -> torch.Tensor:
    """Return the strength, 0 to 1, at which rows are drawn: nearly empty rows must not shout."""
    return (left / FULL_INK).clamp(max=1.0)


def _is_hidden(tokens: Tokens, at: int, settings: DisplaySettings) -> bool:
    return (settings.hide_first and at == 0) or (settings.hide_special and tokens.special[at])


def shown_positions(tokens: Tokens, settings: DisplaySettings, side: int) -> list[int]:
    """Return the token positions of one axis that are shown; `side` 0 is queries, 1 keys."""
    if settings.pair_filter not in PAIR_FILTERS:
        raise ValueError(f"unknown pair filter {settings.pair_filter!r}: one of {', '.join(PAIR_FILTERS)}")
    shown = [*range(len(tokens))]
    if settings.hide_first or settings.hide_special:
        shown = [at for at in shown if not _is_hidden(tokens, at, settings)]
    if settings.pair_filter != "all" and tokens.segments is not None:
        segment = "ab".index(settings.pair_filter.split("->")[side])
        shown = [at for at in shown if tokens.segments[at] == segment]
    return shown


def _axis(tokens: Tokens, settings: DisplaySettings, side: int) -> _Axis:
    """Plan one axis: `side` 0 is queries, 1 keys."""
    shown = shown_positions(tokens, settings, side)
    if not settings.words:
        labels = tuple(tokens.labels[at] for at in shown)
        return _Axis(shown, list(range(len(shown))), tuple(shown), labels)
    return _word_axis(tokens, shown)


def _word_axis(tokens: Tokens, shown: list[int]) -> _Axis:
    members: dict[int, list[int]] = {}
    for at in shown:
        members.setdefault(tokens.words[at], []).append(at)
    groups = [number for number, word in enumerate(members.values()) for _ in word]
    firsts = tuple(word[0] for word in members.values())
    return _Axis(shown, groups, firsts, tuple(tokens.word_label(word) for word in members.values()))


def _take(values: torch.Tensor, positions: list[int], axis: int) -> torch.Tensor:
    import torch

    if positions and positions[-1] - positions[0] + 1 == len(positions):  # one run, as after hiding the first
        return values.narrow(axis, positions[0], len(positions))
    return values.index_select(axis, torch.tensor(positions, dtype=torch.long))


def _merge(values: torch.Tensor, groups: list[int], axis: int, *, mean: bool = False) -> torch.Tensor:
    """Sum (or average) the entries of each group along `axis`; NaN stays within its group."""
    import torch

    count = groups[-1] + 1 if groups else 0
    if count == len(groups):
        return values
    index = torch.tensor(groups, dtype=torch.long)
    shape = [*values.shape[:axis], count, *values.shape[axis + 1 :]]
    summed = values.new_zeros(shape).index_add_(axis, index, values)
    if not mean:
        return summed
    sizes = torch.bincount(index).to(values.dtype)
    return summed / sizes.reshape([-1 if at == axis else 1 for at in range(values.dim())])
