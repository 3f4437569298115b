"""What every tool is given, made once: ``python text.py gpt2|bert TOKENS FILE`` writes tokens and attention weights.

Random models of GPT-2's and BERT's shape, 12 layers x 12 heads x 64, with a small vocabulary and larger queries, so
that attention is not flat. The words are the same everywhere.
"""

from __future__ import annotations

import sys

import torch
import transformers

LAYERS, HEADS, SIZE, VOCABULARY = 12, 12, 64, 1000
PEAKED = 6
"""By how much queries are larger than those of a new model."""
TEXT = (
    "the doctor asked the nurse a question because she had seen what happened to that old man on his way back from "
    "town and nobody else could tell whether it was true"
)


def build(kind: str, tokens: int) -> torch.nn.Module:
    """A model on eager attention, which returns its weights."""
    torch.manual_seed(0)
    width = HEADS * SIZE
    if kind == "gpt2":
        config = transformers.GPT2Config(
            n_embd=width,
            n_layer=LAYERS,
            n_head=HEADS,
            n_positions=tokens,
            vocab_size=VOCABULARY,
            bos_token_id=0,
            eos_token_id=1,
            attn_implementation="eager",
        )
        model = transformers.GPT2Model(config)
        queries = [block.attn.c_attn.weight[:, :width] for block in model.h]
    else:
        config = transformers.BertConfig(
            hidden_size=width,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            max_position_embeddings=tokens,
            vocab_size=VOCABULARY,
            attn_implementation="eager",
        )
        model = transformers.BertModel(config)
        queries = [layer.attention.self.query.weight for layer in model.encoder.layer]
    with torch.no_grad():
        for one in queries:
            one.mul_(PEAKED)
    return model.eval()


def main(kind: str, tokens: int, file: str) -> None:
    """Write ``{"tokens": list of str, "attentions": tuple of [1, heads, tokens, tokens]}``."""
    ids = torch.randint(0, VOCABULARY, (1, tokens), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        attentions = build(kind, tokens)(input_ids=ids, output_attentions=True).attentions
    text = TEXT.split()
    words = [text[at % len(text)] for at in range(tokens)]
    torch.save({"tokens": words, "attentions": attentions}, file)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
