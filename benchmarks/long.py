"""What long texts cost without a page: memory of a capture, CPU time until a layer is there, of a tile, of all layers.

SmolLM2-135M (30 layers x 9 heads) on English prose, the topics of Python's own help; and vectors at random of 12 heads.
Time is the CPU time of the process, all threads together: where other processes are busy, threads that wait for each
other count too, so set OMP_NUM_THREADS=1 there. Run by ``make bench``; arguments choose among the lengths, as ``2048``.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pydoc_data.topics import topics
from typing import TypeVar

import torch
import transformers

import headscope as hs
from headscope import demo
from headscope.widgets.long import outline_packet

T = TypeVar("T")

LENGTHS = (2048, 8192)
OF_VECTORS = 32768
LAYER = 16
SIZE = 25
TILES = 8


def timed(what: str, run: Callable[[], T]) -> T:
    """Run and print the CPU time that it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = run()
    print(f"  {what:52}{time.process_time() - cpu:9.3f} s CPU {time.perf_counter() - wall:9.3f} s", flush=True)
    return made


def prose(tokens: int) -> tuple[transformers.PreTrainedModel, transformers.PreTrainedTokenizerBase, torch.Tensor]:
    """SmolLM2, its tokenizer, and so many tokens of text."""
    model, tokenizer = demo.smollm2()
    text = "\n\n".join(topics[name] for name in sorted(topics))
    return model, tokenizer, tokenizer(text, return_tensors="pt")["input_ids"][:, :tokens]


def look(capture: hs.Capture, layer: int, tokens: int) -> None:
    """The first look at a layer, and what a reader asks next."""
    print(f"  {'memory':52}{capture.nbytes / 2**20:9.1f} MiB, {capture.nbytes / tokens:.0f} bytes a token")
    cpu = time.process_time()
    timed("outline of the layer, its first reading", lambda: outline_packet(capture, "self", layer))
    timed("a row of every head", lambda: capture.attention(layer, None, tokens - 1))
    timed(f"thumbnails {SIZE} x {SIZE}, the log-sum-exp with them", lambda: capture.thumbnails(layer, SIZE))
    print(f"  {'together':52}{time.process_time() - cpu:9.3f} s CPU", flush=True)
    timed("means of the same", lambda: capture.thumbnails(layer, SIZE, "mean"))
    timed("a column of every head", lambda: capture.attention(layer, None, None, tokens // 2))
    for part in (1, 8, 64):
        width = tokens // part
        starts = [at * (tokens - width) // (TILES - 1) for at in range(TILES)]
        cpu = time.process_time()
        for at in starts:
            capture.tile(layer, 0, (at, at + width), (0, width), 256)
        each = (time.process_time() - cpu) / TILES
        print(f"  {f'a tile of {width} x {width} tokens':52}{each:9.3f} s CPU", flush=True)


def main() -> None:
    """Print what was measured."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads; Python "
        f"{platform.python_version()}, torch {torch.__version__}, transformers {transformers.__version__}; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    chosen = {int(one) for one in sys.argv[1:]} or {*LENGTHS, OF_VECTORS}
    for tokens in LENGTHS:
        if tokens in chosen:
            of_prose(tokens)
    if OF_VECTORS in chosen:
        of_vectors(OF_VECTORS)


def of_prose(tokens: int) -> None:
    """A forward of SmolLM2."""
    print(f"SmolLM2, {tokens} tokens")
    model, tokenizer, ids = prose(tokens)
    capture = timed("capture, the forward with it", lambda: hs.capture(model, ids, tokenizer=tokenizer))
    look(capture, LAYER, tokens)
    timed(f"overview of all layers, {SIZE} x {SIZE}", lambda: capture.overview(SIZE))
    capture.close()


def of_vectors(tokens: int) -> None:
    """Vectors at random: two layers of 12 heads."""
    print(f"from_vectors, {tokens} tokens, 12 heads, 2 layers")
    torch.manual_seed(0)
    q, k, v = ([torch.randn(12, tokens, 64) for _ in range(2)] for _ in range(3))
    names = [f"t{at}" for at in range(tokens)]
    capture = timed("capture", lambda: hs.from_vectors(q, k, v, causal=True, tokens=names))
    look(capture, 1, tokens)


if __name__ == "__main__":
    main()
