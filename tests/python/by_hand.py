"""Models as people write them by hand in plain PyTorch; each attention keeps the map that it used as `map`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

WIDTH, HEADS, VOCABULARY = 32, 4, 50


def peaked(module: nn.Module, seed: int = 0, scale: float = 2.5) -> Any:
    """The module in evaluation mode with random weights, enlarged so that an error in the attention shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            size = scale / math.sqrt(parameter.shape[-1]) if parameter.dim() > 1 else 0.3
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * size)
    return module.eval()


def heads(x: torch.Tensor, count: int = HEADS) -> torch.Tensor:
    """[B, T, D] as [B, H, T, d]."""
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def future(length: int) -> torch.Tensor:
    """The keys that come after each query, bool [T, T]."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


class Written(nn.Module):
    """What the attentions below share: a projection to queries, keys and values, and one of the output."""

    map: torch.Tensor
    """[B, H, Q, K] of the last call."""

    def __init__(self, keys: int = HEADS) -> None:
        super().__init__()
        self.keys = keys
        self.qkv = nn.Linear(WIDTH, WIDTH + 2 * keys * WIDTH // HEADS)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def split(self, x: torch.Tensor) -> Any:
        share = self.keys * WIDTH // HEADS
        return self.qkv(x).split([WIDTH, share, share], dim=-1)


class FusedAttention(Written):
    """As nanoGPT has it: the kernel, told that it is causal."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        self.map = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(future(x.shape[1]), -torch.inf).softmax(-1).detach()
        return self.proj(y.transpose(1, 2).contiguous().view(x.shape))


class MaskedAttention(Written):
    """As minGPT has it: masked_fill on a buffer, softmax, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bias", torch.tril(torch.ones(64, 64)).view(1, 1, 64, 64))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length = x.shape[1]
        q, k, v = map(heads, self.split(x))
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :length, :length] == 0, float("-inf"))
        att = functional.softmax(att, dim=-1)
        self.map = att
        y = self.dropout(att) @ v
        return self.proj(y.transpose(1, 2).contiguous().view(x.shape))


class EinsumAttention(Written):
    """Heads as the last axis but one, sums by einsum, nn.Softmax, a mask that is added."""

    def __init__(self) -> None:
        super().__init__()
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (one.unflatten(-1, (HEADS, -1)) for one in self.split(x))
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(q.shape[-1])
        scores = scores + torch.zeros(x.shape[1], x.shape[1]).masked_fill(future(x.shape[1]), -1e9)
        self.map = self.softmax(scores)
        return self.proj(torch.einsum("bhqk,bkhd->bqhd", self.map, v).flatten(2))


class RepeatedAttention(Written):
    """Two heads of keys for four of queries, repeated."""

    def __init__(self) -> None:
        super().__init__(keys=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.split(x)
        k, v = (heads(one, 2).repeat_interleave(2, dim=1) for one in (k, v))
        att = heads(q) @ k.mT * 0.3
        self.map = att.masked_fill(future(x.shape[1]), torch.finfo(att.dtype).min).softmax(dim=-1)
        return self.proj((self.map @ v).transpose(1, 2).flatten(2))


class HeadsFirstAttention(Written):
    """Heads before texts."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (one.unflatten(-1, (HEADS, -1)) for one in self.split(x))
        scores = torch.einsum("bqhd,bkhd->hbqk", q, k) * 0.3
        weights = scores.masked_fill(future(x.shape[1]), -torch.inf).softmax(dim=-1)
        self.map = weights.transpose(0, 1)
        return self.proj(torch.einsum("hbqk,bkhd->bqhd", weights, v).flatten(2))


class OneHeadAttention(Written):
    """No axis of heads at all, as in first lessons; it sees all keys."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.split(x)
        att = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(WIDTH)
        weights = torch.softmax(att, dim=2)
        self.map = weights[:, None]
        return self.proj(torch.bmm(weights, v))


class TimeFirstAttention(Written):
    """Tokens as the first axis, texts and heads as one, as fairseq has it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length, batch, _ = x.shape
        q, k, v = (one.contiguous().view(length, batch * HEADS, -1).transpose(0, 1) for one in self.split(x))
        weights = torch.softmax(torch.bmm(q * q.shape[-1] ** -0.5, k.transpose(1, 2)), dim=-1)
        self.map = weights.view(batch, HEADS, length, length)
        return self.proj(torch.bmm(weights, v).transpose(0, 1).contiguous().view(length, batch, WIDTH))


class ExpSumAttention(Written):
    """A softmax spelled out."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        e = torch.exp(q @ k.mT / math.sqrt(q.shape[-1]))
        self.map = e / e.sum(dim=-1, keepdim=True)
        return self.proj((self.map @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A layer of a GPT."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = attention
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 64), nn.GELU(), nn.Linear(64, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    """A GPT of three layers, with any of the attentions above."""

    def __init__(self, attention: type[nn.Module]) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(64, WIDTH)
        self.h = nn.ModuleList([Block(attention()) for _ in range(3)])
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, idx: torch.Tensor, targets: torch.Tensor | None = None) -> Any:
        x = self.wte(idx) + self.wpe(torch.arange(idx.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(x)
        loss = None if targets is None else functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss


class TimeFirst(nn.Module):
    """Layers that take [tokens, texts, width]."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([TimeFirstAttention() for _ in range(2)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = x + layer(x)
        return x


class ScaledDotProduct(nn.Module):
    """The inner part of an attention, with a module of its own."""

    map: torch.Tensor

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        self.map = scores.softmax(dim=-1)
        return torch.matmul(self.map, v)


class MultiHeadedAttention(nn.Module):
    """Queries, keys and values as arguments, as in The Annotated Transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.linears = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(4)])
        self.dot = ScaledDotProduct()

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        q, k, v = (heads(linear(x)) for linear, x in zip(self.linears[:3], (query, key, value), strict=True))
        x = self.dot(q, k, v, None if mask is None else mask.unsqueeze(1))
        return self.linears[3](x.transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    """Looks at `context`, which may be of another length and width; at its own input where there is none."""

    map: torch.Tensor

    def __init__(self, other: int = WIDTH) -> None:
        super().__init__()
        self.to_q, self.to_kv = nn.Linear(WIDTH, WIDTH), nn.Linear(other, 2 * WIDTH)

    def forward(self, x: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
        k, v = self.to_kv(x if context is None else context).chunk(2, dim=-1)
        q, k, v = heads(self.to_q(x)), heads(k), heads(v)
        self.map = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1).detach()
        return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class Reader(nn.Module):
    """A block that looks at itself, then at something else; both attentions are of one class."""

    def __init__(self, other: int = WIDTH) -> None:
        super().__init__()
        self.attn1, self.attn2 = CrossAttention(), CrossAttention(other)

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        x = x + self.attn1(x)
        return x + self.attn2(x, context=context)


class Translator(nn.Module):
    """An encoder and a decoder by hand, two layers each; token 0 is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.encoder = nn.ModuleList([MultiHeadedAttention() for _ in range(2)])
        self.decoder = nn.ModuleList([TranslatorLayer() for _ in range(2)])

    def forward(self, src: torch.Tensor, tgt: torch.Tensor) -> torch.Tensor:
        src_mask = (src != 0).unsqueeze(-2)
        tgt_mask = (tgt != 0).unsqueeze(-2) & ~future(tgt.shape[1])
        memory, x = self.embed(src), self.embed(tgt)
        for layer in self.encoder:
            memory = memory + layer(memory, memory, memory, src_mask)
        for layer in self.decoder:
            x = layer(x, memory, src_mask, tgt_mask)
        return x


class TranslatorLayer(nn.Module):
    """A decoder layer."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn, self.src_attn = MultiHeadedAttention(), MultiHeadedAttention()

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor, src_mask: torch.Tensor, tgt_mask: torch.Tensor
    ) -> torch.Tensor:
        x = x + self.self_attn(x, x, x, tgt_mask)
        return x + self.src_attn(x, memory, memory, src_mask)
