"""Captures of every kind to be saved, the questions that a file has to answer alike, and files gone bad."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
import twofold
from tiny import Checkered, build, ids

import headscope as hs

LENGTH = 23


def of_mechanism(name: str) -> hs.Capture:
    return hs.capture(build(name), ids(LENGTH))


def of_two_parts() -> hs.Capture:
    return hs.capture(build("bart"), twofold.batch("bart"), item=0)


def of_a_dense_mask() -> hs.Capture:
    return hs.capture(Checkered(LENGTH), ids(LENGTH))


def in_bfloat16() -> hs.Capture:
    return hs.capture(build().to(torch.bfloat16), ids(LENGTH))


def of_weights_alone() -> hs.Capture:
    scores = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    return hs.from_attentions(scores.softmax(-1), [f"w{at}" for at in range(9)], segments=4)


def of_vectors() -> hs.Capture:
    """Grouped heads, a softcap, a bias, and no values."""
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(2, heads, 9, 5, generator=generator) for heads in (4, 2))
    bias = torch.randn(4, 9, 9, generator=generator)
    words = ["the", " cat", " <script>alert(1)</script>", " sat\n", " 猫", "\ud83d\udc08", "[x](y)", "&amp;", ""]
    return hs.from_vectors(query, key, tokens=words, causal=True, softcap=3.0, bias=bias)


def of_a_picture() -> hs.Capture:
    config = transformers.ViTConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8
    )
    pixels = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return hs.capture(transformers.ViTModel(config).eval(), {"pixel_values": pixels})


KINDS: dict[str, Callable[[], hs.Capture]] = {
    "two parts, padded": of_two_parts,
    "a dense mask": of_a_dense_mask,
    "bfloat16": in_bfloat16,
    "weights alone": of_weights_alone,
    "vectors": of_vectors,
    "a picture": of_a_picture,
}

Question = Callable[[hs.Capture, str, int], Any]
QUESTIONS: dict[str, Question] = {
    "a layer": lambda c, part, layer: c.attention(layer, part=part),
    "a row": lambda c, part, layer: c.attention(layer, 1, 5, part=part),
    "rows": lambda c, part, layer: c.attention(layer, [0, 1], [0, 3, 5], part=part),
    "a column": lambda c, part, layer: c.attention(layer, keys=3, part=part),
    "with values": lambda c, part, layer: c.attention(layer, measure="value_norm", part=part),
    "a tile": lambda c, part, layer: c.tile(layer, 1, (1, 6), (0, 6), 4, part=part).values,
    "means": lambda c, part, layer: c.overview(4, "mean", [layer], part=part),
    "thumbnails": lambda c, part, layer: c.thumbnails(layer, 4, part=part).body,
    "the overview": lambda c, part, layer: c.overview(25, layers=[layer], part=part),
    "first thumbnails": lambda c, part, layer: c.thumbnails(layer, 25, "mean", part=part).body,
    "first rails": lambda c, part, layer: c.thumbnails(layer, 25, part=part).rail,
    "rails": lambda c, part, layer: c.thumbnails(layer, 4, part=part).rail,
    "neurons": lambda c, part, layer: c.neurons(layer, 1, 5, part=part).attention,
    "products": lambda c, part, layer: c.neurons(layer, 1, 5, part=part).products,
    "the equation": lambda c, part, layer: c.neurons(layer, 1, 5, part=part).equation,
    "queries": lambda c, part, layer: c.vectors(layer, part=part).query,
    "values": lambda c, part, layer: c.vectors(layer, part=part).value,
    "norms of values": lambda c, part, layer: c.value_norms(layer, part=part),
    "links": lambda c, part, layer: c.links(5, 3, part=part).weights,
}


def answers(capture: hs.Capture) -> dict[tuple[str, str, int], Any]:
    """What a capture says to every question about every layer; why, where it says nothing."""
    found = {}
    for name, ask in QUESTIONS.items():
        for part in capture.parts:
            for layer in capture.layer_numbers(part):
                try:
                    found[name, part, layer] = ask(capture, part, layer)
                except hs.HeadscopeError as error:
                    found[name, part, layer] = f"{type(error).__name__}: {error}"
    return found


def differing(before: dict[Any, Any], after: dict[Any, Any]) -> list[Any]:
    """The questions whose answers are not the same, bit for bit."""
    assert before.keys() == after.keys()
    return [at for at in before if not _same(before[at], after[at])]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and bool(torch.equal(a.nan_to_num(9), b.nan_to_num(9)))
    return type(a) is type(b) and a == b


def parts_of(path: Path) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, description and tensors of a file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["headscope"]), data[8 + length :]


def assemble(path: Path, header: dict[str, Any], description: Any, tensors: bytes, *, text: str | None = None) -> Path:
    """A file of these, its checksum right."""
    text = json.dumps(description) if text is None else text
    header["__metadata__"] = {"headscope": text, "headscope.crc32": str(zlib.crc32(text.encode()))}
    head = json.dumps(header).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + tensors)
    return path


def peak() -> int:
    """Most bytes that this process has held since `forget_peak`; of Linux, as that is."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise OSError("there is no VmHWM in /proc/self/status")


def forget_peak() -> int:
    """Measure `peak` from now on; the bytes that are held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak()
