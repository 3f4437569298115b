"""What a capture costs: CPU time and memory, beside the plain forward and eager ``output_attentions``.

Random models of GPT-2's and Llama's shape, 12 layers x 12 heads x 64 (Llama: 4 key heads), and a vocabulary that is
small, so that the logits cost next to nothing. The plain forward is ``model(**inputs)``; the barest one leaves out what
a capture leaves out too: the cache, and the logits of all tokens but one. Time is the CPU time of the process. Each
round runs the plain forward and the capture one after the other, in turning order; the first round of a process runs
the barest forward and the eager maps too. A ratio is the median over all rounds of the ratio within a round.

The rounds are spread over several processes, each with one of torch's threads, whose waiting for each other would
count, and each told to keep the memory that it has had (`KEPT`). Else glibc gives pages back and takes them again as
the layout of the process' memory happens to have it, 6,000 to 85,000 of them a forward; this favours the forward or
the capture by 5 % and more, for as long as a process lives. ``KEEP=0`` leaves that to glibc.

Run by ``make bench``; arguments choose among the cases, as ``llama 512``.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import transformers

import headscope as hs

ROUNDS = {512: 60, 2048: 40}
"""By tokens. The ratios of single rounds scatter by 0.08, so a median of 15 would by 0.026, one of 60 by 0.013."""
PROCESSES = 5
LAYERS, HEADS, SIZE, VOCABULARY = 12, 12, 64, 1000
WIDTH = HEADS * SIZE
KEY_HEADS = {"gpt2": HEADS, "llama": 4}
KEPT = {"MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_MMAP_THRESHOLD_": "4000000000"}
"""Under these sizes glibc keeps memory that was freed for the next who wants some; only glibc reads this."""
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


@dataclass
class Measured:
    """Of one process: CPU seconds of each round, and bytes."""

    taken: dict[str, list[float]]
    capture: int
    maps: int


def measure(shape: str, tokens: int, padded: bool, rounds: Sequence[int]) -> Measured:
    """Run some rounds, by their numbers."""
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

    made = capture()
    assert made.layers
    assert all(report.error is not None for report in made.layers)
    size, maps = made.nbytes, sum(one.nbytes for one in attentions())
    del made
    runs = {"forward": forward, "capture": capture, "barest": barest, "attentions": attentions}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    forward()
    for at in rounds:
        names = ["forward", "capture"] if at > rounds[0] else list(runs)
        gc.collect()
        for name in names if at % 2 == 0 else names[::-1]:
            taken[name].append(cpu_seconds(runs[name]))
    return Measured(taken, size, maps)


def rounds_of(tokens: int) -> int:
    """How many rounds there are."""
    return int(os.environ.get("ROUNDS", ROUNDS[tokens]))


def row(shape: str, tokens: int, padded: bool) -> str:
    """One row of the table."""
    spawned = multiprocessing.get_context("spawn")
    found: list[Measured] = []
    for number in range(PROCESSES):
        rounds = range(number, rounds_of(tokens), PROCESSES)
        with spawned.Pool(1) as pool:
            found.append(pool.apply(measure, (shape, tokens, padded, rounds)))
    captured, bare, maps = (
        [one / other for of in found for one, other in zip(of.taken[name], of.taken[beside], strict=False)]
        for name, beside in (("capture", "forward"), ("capture", "barest"), ("attentions", "forward"))
    )
    forward = statistics.median(one for of in found for one in of.taken["forward"])
    print(f"  in each process: {' '.join(f'{one:.3f}' for one in captured)}", file=sys.stderr)
    real = int(texts(tokens, padded)["attention_mask"][0].sum())
    vectors = LAYERS * real * SIZE * 4 * (HEADS + 2 * KEY_HEADS[shape])
    return (
        f"{shape:6} {tokens:6} {'padded' if padded else '':7} {forward:9.2f} s "
        f"{statistics.median(captured):9.3f} x {statistics.median(bare):9.3f} x {statistics.median(maps):9.3f} x "
        f"{vectors / 2**20:9.1f} MiB {found[0].capture / vectors:9.3f} x {found[0].maps / vectors:9.1f} x"
    )


def main() -> None:
    """Print the table."""
    keeps = os.environ.get("KEEP", "1") != "0"
    os.environ.update({"OMP_NUM_THREADS": "1", **(KEPT if keeps else {})})  # for the processes that are started
    memory = "kept" if keeps else "as glibc has it"
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, 1 thread; memory {memory}; Python {platform.python_version()}, "
        f"torch {torch.__version__}, transformers {transformers.__version__}; "
        f"{' and '.join(str(rounds_of(tokens)) for tokens in ROUNDS)} rounds in {PROCESSES} processes, the first of "
        "each with barest forward and eager maps; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print("                           CPU time                                      memory")
    print(
        "shape  tokens             forward      capture    (/ barest)  eager maps   q + k + v     capture  eager maps"
    )
    for shape in ("gpt2", "llama"):
        for tokens in ROUNDS:
            for padded in (False, True):
                if set(sys.argv[1:]) <= {shape, str(tokens), "padded" if padded else "whole"}:
                    print(row(shape, tokens, padded), flush=True)


if __name__ == "__main__":
    main()
