"""What a capture costs: CPU time and memory, beside the plain forward and eager ``output_attentions``.

Random models of GPT-2's and Llama's shape, 12 layers x 12 heads x 64 (Llama: 4 key heads), and a vocabulary that is
small, so that the logits cost next to nothing. The plain forward is ``model(**inputs)``; the barest one leaves out what
a capture leaves out too: the cache, and the logits of all tokens but one. Time is the CPU time of the process. Each
round runs the plain forward and the capture one after the other, every fifth round the barest forward and the eager
maps too, in an order that turns; a ratio is the median over the rounds of the ratio within a round. Run by ``make
bench``; arguments choose among the cases, as ``llama 512``.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import transformers

import headscope as hs

ROUNDS = int(os.environ.get("ROUNDS", "15"))
SELDOM = 5
"""The barest forward and the eager maps run once in so many rounds."""
LAYERS, HEADS, SIZE, VOCABULARY = 12, 12, 64, 1000
WIDTH = HEADS * SIZE
KEY_HEADS = {"gpt2": HEADS, "llama": 4}
PADDING = 0.25
"""Which part of the first of two texts is padding, where texts are padded."""


def build(shape: str, tokens: int, implementation: str) -> Any:
    """A model of random weights, the same for every implementation."""
    torch.manual_seed(0)
    config: Any
    if shape == "gpt2":
        config = transformers.GPT2Config(
            n_embd=WIDTH,
            n_layer=LAYERS,
            n_head=HEADS,
            n_positions=tokens,
            vocab_size=VOCABULARY,
            bos_token_id=0,
            eos_token_id=1,
        )
    else:
        config = transformers.LlamaConfig(
            hidden_size=WIDTH,
            intermediate_size=2048,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=KEY_HEADS["llama"],
            vocab_size=VOCABULARY,
            max_position_embeddings=tokens,
        )
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation=implementation).eval()


def texts(tokens: int, padded: bool) -> dict[str, torch.Tensor]:
    """One text, or two of which the first is padded on the left."""
    ids = torch.randint(0, VOCABULARY, (1 + padded, tokens), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    if padded:
        mask[0, : int(tokens * PADDING)] = 0
    return {"input_ids": ids, "attention_mask": mask}


def cpu_seconds(run: Callable[[], object]) -> float:
    """CPU time of the process while `run` runs."""
    start = time.process_time()
    made = run()
    taken = time.process_time() - start
    del made
    return taken


def measure(shape: str, tokens: int, padded: bool) -> str:
    """One row of the table."""
    model, eager = build(shape, tokens, "sdpa"), build(shape, tokens, "eager")
    inputs = texts(tokens, padded)

    def forward() -> object:
        with torch.no_grad():
            return model(**inputs)

    def barest() -> object:
        with torch.no_grad():
            return model(**inputs, logits_to_keep=1, use_cache=False)

    def capture() -> hs.Capture:
        return hs.capture(model, inputs)

    def attentions() -> Any:
        with torch.no_grad():
            return eager(**inputs, logits_to_keep=1, use_cache=False, output_attentions=True).attentions

    runs = {"forward": forward, "capture": capture, "barest": barest, "attentions": attentions}
    taken: dict[str, dict[int, float]] = {name: {} for name in runs}
    for run in runs.values():
        run()
    for at in range(ROUNDS):
        names = list(runs) if at % SELDOM == 0 else ["forward", "capture"]
        first = at % len(names)
        gc.collect()
        for name in names[first:] + names[:first]:
            taken[name][at] = cpu_seconds(runs[name])

    def ratio(name: str, beside: str = "forward") -> float:
        return statistics.median(taken[name][at] / taken[beside][at] for at in taken[name] if at in taken[beside])

    made = capture()
    assert made.layers
    assert all(report.error is not None for report in made.layers)
    real = int(inputs["attention_mask"][0].sum())
    vectors = LAYERS * real * SIZE * 4 * (HEADS + 2 * KEY_HEADS[shape])
    maps = sum(one.nbytes for one in attentions())
    return (
        f"{shape:6} {tokens:6} {'padded' if padded else '':7} {statistics.median(taken['forward'].values()):9.2f} s "
        f"{ratio('capture'):9.3f} x {ratio('capture', 'barest'):9.3f} x {ratio('attentions'):9.3f} x "
        f"{vectors / 2**20:9.1f} MiB {made.nbytes / vectors:9.3f} x {maps / vectors:9.1f} x"
    )


def main() -> None:
    """Print the table."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads; Python "
        f"{platform.python_version()}, torch {torch.__version__}, transformers {transformers.__version__}; "
        f"{ROUNDS} rounds, {len(range(0, ROUNDS, SELDOM))} of them with barest forward and eager maps; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print("                           CPU time                                      memory")
    print(
        "shape  tokens             forward      capture    (/ barest)  eager maps   q + k + v     capture  eager maps"
    )
    for shape in ("gpt2", "llama"):
        for tokens in (512, 2048):
            for padded in (False, True):
                if set(sys.argv[1:]) <= {shape, str(tokens), "padded" if padded else "whole"}:
                    print(measure(shape, tokens, padded), flush=True)


if __name__ == "__main__":
    main()
