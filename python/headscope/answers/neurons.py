"""One query of one head, neuron by neuron."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from headscope.recording.layers import formula
from headscope.recording.layers.record import Record


@dataclass(frozen=True, eq=False)
class Neurons:
    """How one row of attention weights comes about (Vig 2019, section 2.3). All tensors are float32.

    Attributes
    ----------
    query : tensor [d]
        Query vector as the attention used it (after rotary embedding and norms).
    keys : tensor [k, d]
        Key vectors of every key position, those of the head's own group.
    products : tensor [k, d]
        Element-wise ``query * keys``, unscaled; their sum times `scaling` is `dot`.
    dot : tensor [k]
        Scaled dot products.
    terms : dict
        Every other term of the equation: ``mask`` [k] (0 or minus infinity), ``bias`` [k], ``cap``, ``sink`` (scalars).
    attention : tensor [k]
        The weights; `equation` evaluates to them.
    values : tensor [k, dv]
        Value vectors of the head's group.
    equation : str
        Such as ``softmax(cap * tanh(dot / cap) + bias + mask, sink)``. ``softmax(x, sink)`` has `sink` as one more
        score, which is dropped after normalising.
    scaling : float
        Factor between the sum of `products` and `dot`.
    """

    query: torch.Tensor
    keys: torch.Tensor
    products: torch.Tensor
    dot: torch.Tensor
    attention: torch.Tensor
    values: torch.Tensor
    equation: str
    scaling: float
    terms: dict[str, torch.Tensor | float] = field(default_factory=dict)


def neurons(record: Record, head: int, query: int, attention: torch.Tensor) -> Neurons:
    """Take one row of a record apart; `attention` is its row of weights [k]."""
    group = head // (record.heads // record.groups)
    at = record.query.device
    heads, rows = torch.tensor([head], device=at), torch.tensor([query], device=at)
    vector = record.query[head, query].float().clone()  # [d]; copies, since the record must stay as certified
    keys = record.key[group].float().clone()  # [k, d]
    terms = _terms(record, head, query)
    return Neurons(
        query=vector,
        keys=keys,
        products=vector * keys,
        dot=formula.dot_products(record, heads, rows)[0, 0],
        attention=attention,
        values=record.value[group].float().clone(),
        equation=_equation(terms),
        scaling=record.scaling,
        terms=terms,
    )


def _terms(record: Record, head: int, query: int) -> dict[str, torch.Tensor | float]:
    terms: dict[str, torch.Tensor | float] = {}
    if record.softcap is not None:
        terms["cap"] = record.softcap
    if record.bias is not None:
        terms["bias"] = record.bias[head if record.bias.shape[0] > 1 else 0, query].float().clone()
    visible = record.mask.rows(torch.tensor([query]), record.keys, record.query.device)
    seen = visible[head if visible.shape[0] > 1 else 0, 0]
    if not bool(seen.all()):
        terms["mask"] = torch.zeros(record.keys, dtype=torch.float32, device=seen.device).masked_fill(~seen, -torch.inf)
    if record.sinks is not None:
        terms["sink"] = float(record.sinks[head])
    return terms


def _equation(terms: dict[str, torch.Tensor | float]) -> str:
    score = "cap * tanh(dot / cap)" if "cap" in terms else "dot"
    score += "".join(f" + {name}" for name in ("bias", "mask") if name in terms)
    return f"softmax({score}, sink)" if "sink" in terms else f"softmax({score})"
