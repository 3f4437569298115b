"""What a model can be given: which ids it has, and how many tokens it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from headscope.errors import TooManyTokens, UnsupportedInput
from headscope.notice import warn

_POSITION_TABLES = ("position_embeddings", "position_embedding", "positions_embed", "embed_positions", "wpe")


def check_ids(model: torch.nn.Module, ids: torch.Tensor) -> None:
    """Refuse ids that the model has no embedding for; on some devices they would end the process.

    Parameters
    ----------
    ids : int64 tensor [batch, tokens]

    Raises
    ------
    UnsupportedInput
        Naming the first bad position and its id.
    """
    table = input_embedding(model)
    if not isinstance(table, torch.nn.Embedding):
        return
    outside = ((ids < 0) | (ids >= table.num_embeddings)).nonzero()
    if not len(outside):
        return
    row, at = outside[0].tolist()
    where = f"position {at}" + (f" of item {row}" if len(ids) > 1 else "")
    raise UnsupportedInput(
        f"token id {ids[row, at].item()} at {where} is outside the embedding table of {type(model).__name__}, which "
        f"has ids 0..{table.num_embeddings - 1}. Use the model's own tokenizer; if tokens were added to it, "
        "call model.resize_token_embeddings(len(tokenizer))."
    )


def check_length(model: torch.nn.Module, arguments: dict[str, Any]) -> None:
    """Refuse more tokens than a model with a table of positions holds; warn where a model has no such table.

    Parameters
    ----------
    arguments : dict
        Tensors as the model's forward gets them, `input_ids` [batch, tokens] among them.

    Raises
    ------
    TooManyTokens
        Naming both numbers.
    """
    table = position_table(model)
    if table is None:
        _warn_beyond_training(model, arguments["input_ids"].shape[1])
        return
    count, holds = _positions_needed(table.rows, arguments), table.holds
    if count > holds:
        raise TooManyTokens(
            f"{count:,} tokens, but {type(model).__name__} holds {holds:,} positions; shorten the text, "
            f"or pass tokenizer(text, truncation=True, max_length={holds})."
        )


def input_embedding(model: torch.nn.Module) -> torch.nn.Module | None:
    """Return the module that turns ids into vectors, None where the model does not name one."""
    try:
        found = model.get_input_embeddings()  # type: ignore[operator]
    except (AttributeError, NotImplementedError):
        return None
    return found if isinstance(found, torch.nn.Module) else None


@dataclass(frozen=True)
class PositionTable:
    """The vectors that a model has learnt (or laid down) for positions, one row each."""

    rows: torch.nn.Embedding
    holds: int
    """How many tokens of one text have a row."""


def position_table(model: torch.nn.Module) -> PositionTable | None:
    """Return the table of positions that stands beside the token embedding, None if there is none.

    Only there: a vision tower's table, elsewhere in the model, does not limit the text.
    """
    tokens = input_embedding(model)
    for parent in model.modules():
        children = dict(parent.named_children())
        if tokens is None or all(child is not tokens for child in children.values()):
            continue
        tables = [children[name] for name in _POSITION_TABLES if name in children]
        rows = next((table for table in tables if isinstance(table, torch.nn.Embedding)), None)
        return None if rows is None else PositionTable(rows, _holds(rows, parent))
    return None


def _holds(rows: torch.nn.Embedding, parent: torch.nn.Module) -> int:
    numbers = getattr(parent, "position_ids", None)  # the positions that the model ever looks up
    listed = numbers.shape[-1] if isinstance(numbers, torch.Tensor) else rows.num_embeddings
    return min(rows.num_embeddings - _first_position(rows), listed)


def _first_position(rows: torch.nn.Embedding) -> int:
    """Return the row of the first token: OPT and BART start at `offset`, RoBERTa after its padding row."""
    offset = getattr(rows, "offset", None)
    if isinstance(offset, int):
        return offset
    return 0 if rows.padding_idx is None else rows.padding_idx + 1


def _positions_needed(rows: torch.nn.Embedding, arguments: dict[str, Any]) -> int:
    """Return how many positions the longest item of the batch takes up, by the model's own way of counting."""
    ids, mask, given = (arguments.get(name) for name in ("input_ids", "attention_mask", "position_ids"))
    assert isinstance(ids, torch.Tensor)
    by_mask = hasattr(rows, "offset")
    if isinstance(given, torch.Tensor) and given.numel():
        return int(given.max()) + 1 - (0 if by_mask else _first_position(rows))
    if by_mask and isinstance(mask, torch.Tensor):
        return int(mask.bool().sum(1).max())
    if not by_mask and rows.padding_idx is not None:
        return int((ids != rows.padding_idx).sum(1).max())  # padding has a row of its own
    return ids.shape[1]


def _warn_beyond_training(model: torch.nn.Module, count: int) -> None:
    config: Any = getattr(model, "config", None)
    if hasattr(config, "get_text_config"):
        config = config.get_text_config()
    length = getattr(config, "max_position_embeddings", None)
    if isinstance(length, int) and 0 < length < count:
        warn(
            f"{count:,} tokens, but {type(model).__name__} was made for {length:,} (config.max_position_embeddings): "
            "what it attends to may be far from what it learnt."
        )
