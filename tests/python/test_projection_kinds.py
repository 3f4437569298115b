"""Layers that may stand for an output projection, and those that may not: by what they do, not by their name."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from projected import transformed_values
from tiny import VOCABULARY, build, ids
from torch import nn

import headscope as hs
from headscope import errors


class Adapted(nn.Module):
    """A linear layer with a low-rank adapter beside it, as LoRA makes them."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.down, self.up = nn.Linear(base.in_features, 2, bias=False), nn.Linear(2, base.out_features, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + self.up(self.down(x))

    def matrix(self) -> torch.Tensor:
        return (self.base.weight + self.up.weight @ self.down.weight).detach().T


class Quantised(nn.Module):
    """A linear layer whose weights are whole numbers of 8 bits with one scale per output."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        weight = base.weight.detach()
        self.register_buffer("scale", weight.abs().amax(1, keepdim=True) / 127)
        self.register_buffer("whole", (weight / self.get_buffer("scale")).round().to(torch.int8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.matrix()

    def matrix(self) -> torch.Tensor:
        return (self.get_buffer("whole") * self.get_buffer("scale")).T


class Wrapped(nn.Module):
    """A linear layer between dropouts, which do nothing in evaluation mode."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.before, self.base, self.after = nn.Dropout(0.5), base, nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self.base(self.before(x)))

    def matrix(self) -> torch.Tensor:
        return self.base.weight.detach().T


def with_projection(kind: type[nn.Module], seed: int = 0) -> Any:
    """A tiny model whose second layer has another kind of output projection."""
    model = build(seed=seed)
    attention = model.model.layers[1].self_attn
    attention.o_proj = kind(attention.o_proj).eval()
    return model


@pytest.mark.parametrize("kind", [Adapted, Quantised, Wrapped])
def test_any_kind_of_linear_layer_will_do(kind: Any) -> None:
    model = with_projection(kind)
    capture = hs.capture(model, ids(20))
    matrix = model.model.layers[1].self_attn.o_proj.matrix()
    expected = transformed_values(4, capture.vectors(1).value, matrix).norm(dim=-1)
    torch.testing.assert_close(capture.value_norms(1), expected, atol=1e-5, rtol=1e-5)


class Activated(nn.Module):
    """Something that is not linear at all."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.weight = base.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x @ self.weight.T)


class NormedHeads(Activated):
    """Linear between heads, but not within them: each head's output is brought to length 1 first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = x.unflatten(-1, (4, -1))
        return nn.functional.normalize(heads, dim=-1).flatten(-2) @ self.weight.T


class Mixing(Activated):
    """Linear, but every token's output depends on the tokens before."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.cumsum(dim=1) @ self.weight.T


class Gated(nn.Module):
    """Two linear layers of the same outputs, multiplied."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.gate, self.base = nn.Linear(base.in_features, base.out_features), base

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.gate(x)) * self.base(x)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Activated, r"went into model.layers.1.self_attn.o_proj \(Activated\), which is not linear \(differs by"),
        (NormedHeads, r"o_proj \(NormedHeads\), which is not linear \(differs by"),
        (Mixing, r"o_proj \(Mixing\), which does not return again what it returned"),
        (Gated, r"o_proj \(Gated\), which is not linear .*into several modules: .*o_proj.gate, .*o_proj.base"),
    ],
)
def test_what_is_no_projection_is_refused_with_the_reason(kind: type[nn.Module], reason: str) -> None:
    capture = hs.capture(with_projection(kind), ids(20))
    with pytest.raises(errors.UnknownProjection, match=r"layer 1 \(model.layers.1.self_attn\): .*" + reason):
        capture.value_norms(1)
    assert capture.value_norms(0).shape == (4, 20)
    assert capture.attention(1).shape == (4, 20, 20)


def test_a_norm_between_heads_and_projection_is_refused() -> None:
    config = transformers.BitNetConfig(
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=VOCABULARY,
    )
    capture = hs.capture(transformers.BitNetForCausalLM(config).eval(), ids(12))
    with pytest.raises(errors.UnknownProjection, match=r"layers.1.self_attn.attn_sub_norm .*not linear"):
        capture.value_norms(1)


def test_a_gate_between_heads_and_projection_is_refused() -> None:
    config = transformers.Qwen3NextConfig(
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        vocab_size=VOCABULARY,
        layer_types=["full_attention"] * 2,
        mlp_only_layers=[0, 1],
    )
    capture = hs.capture(transformers.Qwen3NextForCausalLM(config).eval(), ids(12))
    with pytest.raises(errors.UnknownProjection, match=r"layer 1 \(.*self_attn\): no module took .* such as a gate"):
        capture.value_norms(1)
