"""What the README's shorter examples take for given: a module, arrays, what a model returned."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn

VOCABULARY = 60_000


class Module(nn.Module):
    """One layer of plain torch that can be called in the ways that the README names."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Any = None, memory: Any = None, *, idx: Any = None) -> Any:
        x = self.embedding(idx) if x is None else x
        memory = x if memory is None else memory
        return self.attention(x, memory, memory)[0]


class WithIds(Module):
    """The same, over token ids."""

    def forward(self, idx: Any) -> Any:
        return super().forward(idx=idx)


def make(language_model: Any) -> dict[str, Any]:
    """Names for the README's page, random where it does not say where they come from."""
    torch.manual_seed(0)
    _, tokenizer = language_model
    tokens = ["The", "·cat", "·sat"]
    config = transformers.GPT2Config(vocab_size=VOCABULARY, n_embd=8, n_layer=2, n_head=2, attn_implementation="eager")
    tiny = transformers.GPT2Model(config).eval()
    with torch.no_grad():
        outputs = tiny(torch.tensor([[1, 2, 3]]), output_attentions=True)
    return {
        "ids": tokenizer("The doctor", return_tensors="pt").input_ids,
        "module": Module().eval(),
        "gpt": WithIds().eval(),
        "x": torch.randn(2, 2, 8),
        "memory": torch.randn(2, 4, 8),
        "tokens": tokens,
        "outputs": outputs,
        **{name: torch.randn(2, 2, 3, 8) for name in "qkv"},
    }
