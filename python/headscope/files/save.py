"""Writing a capture to a file."""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from headscope.answers.budget import megabytes
from headscope.answers.certified import CertifiedLayers
from headscope.answers.frames import FIRST_SIZE
from headscope.answers.report import LayerReport
from headscope.answers.walk import weights_of
from headscope.errors import OutOfRange, OverBudget, RefusedLayer, UnknownProjection
from headscope.files.axes import described
from headscope.files.choice import chosen_layers, difference, upwards
from headscope.files.container import CHECKSUM, DTYPES, KEY, bytes_of, checksum, is_in_proportion, values_in
from headscope.files.layers import as_saved
from headscope.files.overview import OVERVIEW, overview_of, packed, pictured_by
from headscope.files.replacing import replace_file
from headscope.recording.layers import formula
from headscope.recording.layers.record import Record

if TYPE_CHECKING:
    from headscope.answers.capture import Capture
    from headscope.answers.walk import Pictures
    from headscope.recording.tokens.tokens import Tokens

__all__ = ["VERSION", "WEIGHTS_LIMIT", "save"]

VERSION = 1
"""Of the files that are written; those of every version before can be read."""
WEIGHTS_LIMIT = 256 << 20
"""Most bytes of weights that are saved for layers which only the model's own function can compute."""

NAMES = {dtype: name for name, dtype in DTYPES.items()}
ROUNDED = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def save(
    capture: Capture,
    path: str | os.PathLike[str],
    layers: Iterable[int] | None,
    dtype: str | None,
    progress: Callable[[int, int], None] | None,
    *,
    values: bool,
) -> Path:
    """Save a capture; see `Capture.save`."""
    if dtype is not None and dtype not in ROUNDED:
        raise OutOfRange(
            f"dtype {dtype!r} is unknown: there are {', '.join(map(repr, ROUNDED))}, and None for as it is."
        )
    wanted = _wanted(capture, layers)
    _confirm(capture, wanted)
    _check_weights(capture, wanted)
    written = _Written(values=values, dtype=None if dtype is None else ROUNDED[dtype])
    parts: dict[str, Any] = {}
    for done, (part, layer) in enumerate(wanted):
        sides = [written.axis(capture.tokens(part, side)) for side in ("query", "key")]
        of_part = parts.setdefault(part, {"name": part, "query": sides[0], "key": sides[1], "layers": []})
        of_part["layers"].append(written.layer(capture._part(part).layers, layer))
        if progress is not None:
            progress(done + 1, len(wanted))
    description = {
        "version": VERSION,
        "made_with": _versions(),
        "model": capture.model_name,
        "not_finite": capture.not_finite,
        "axes": written.axes,
        "parts": list(parts.values()),
    }
    return _write(Path(path), description, written.tensors)


def _wanted(capture: Capture, layers: Iterable[int] | None) -> list[tuple[str, int]]:
    every = [(part, layer) for part in capture.parts for layer in capture.layer_numbers(part)]
    if layers is None:
        return every
    chosen = chosen_layers(every, layers)
    return [(part, layer) for part, layer in every if layer in chosen]


def _confirm(capture: Capture, wanted: list[tuple[str, int]]) -> None:
    """Have every layer confirmed by its model, which a file does not hold."""
    for part, layer in wanted:
        with suppress(RefusedLayer):  # which is saved as such
            capture.record(layer, part)


def _check_weights(capture: Capture, wanted: list[tuple[str, int]]) -> None:
    """Refuse layers that only weights can be saved of, where these are too many."""
    needed = {}
    for part, layer in wanted:
        of_part = capture._part(part).layers
        if not of_part.reports[layer].refused and not of_part.by_formula(layer):
            needed[part, layer] = 4 * weights_of(of_part.read(layer))
    if sum(needed.values()) > WEIGHTS_LIMIT:
        named = ", ".join(f"{layer} ({part})" for part, layer in needed)
        raise OverBudget(
            f"of the layers {named} no equation is known, so that their weights themselves would be saved, which are "
            f"{megabytes(sum(needed.values()))}; a file may hold {megabytes(WEIGHTS_LIMIT)} of such. Choose fewer of "
            "them with layers=, or capture a shorter text."
        )


class _Written:
    """What will be in the file; what layers share stands in it once."""

    def __init__(self, *, values: bool, dtype: torch.dtype | None) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.axes: list[dict[str, Any]] = []
        self._values, self._dtype = values, dtype
        self._numbers: dict[int, int] = {}
        self._known: dict[tuple[Any, ...], str] = {}
        self._kept: list[Any] = []

    def axis(self, tokens: Tokens) -> int:
        """The number of an axis."""
        if id(tokens) not in self._numbers:
            self._kept.append(tokens)
            self._numbers[id(tokens)] = len(self.axes)
            said, columns = described(tokens, len(self.axes))
            self.axes.append(said)
            self.tensors.update(columns)
        return self._numbers[id(tokens)]

    def layer(self, layers: CertifiedLayers, number: int) -> dict[str, Any]:
        """What is said of one layer."""
        report = layers.reports[number]
        said = _said(report)
        if report.refused:
            return {**said, "form": "none"}
        record, by_formula = layers.read(number), layers.by_formula(number)
        tensors: dict[str, torch.Tensor] = {}
        is_recomputed = by_formula and self._dtype is not None  # from what the vectors are once they are rounded
        if by_formula:
            pictures = None if is_recomputed else overview_of(layers, number)
        else:
            every = torch.arange(record.heads), torch.arange(record.queries)
            tensors["weights"] = layers.weights(number, *every, None)
            pictures, _ = pictured_by(record, as_saved(tensors["weights"]))
        try:
            tensors["norms"] = layers.value_norms(number)
        except UnknownProjection as error:
            said["no_norms"] = str(error)
        if not isinstance(record, Record):
            return {**said, "form": "weights", "why": record.why, "tensors": self._named(tensors, pictures, report)}
        if self._dtype is not None:
            record, said = self._rounded(record, said, by_formula=by_formula)
        lse: torch.Tensor | None
        if is_recomputed:
            pictures, lse = pictured_by(record, formula.weights)
            assert lse is not None
        else:
            lse = layers.lse(number)
        said |= {"form": "vectors", "scaling": record.scaling, "softcap": record.softcap}
        return {**said, "tensors": self._named({**tensors, **self._vectors(record), "lse": lse}, pictures, report)}

    def _vectors(self, record: Record) -> dict[str, torch.Tensor]:
        mask = record.mask
        found = {
            "query": record.query,
            "key": record.key,
            "value": record.value if self._values else record.value[..., :0],
            "start": mask.start.int(),
            "stop": mask.stop.int(),
            "visible": mask.visible,
            "bias": record.bias,
            "sinks": record.sinks,
        }
        return {what: tensor for what, tensor in found.items() if tensor is not None}

    @formula.exactly()
    def _rounded(self, record: Record, said: dict[str, Any], *, by_formula: bool) -> tuple[Record, dict[str, Any]]:
        """A record of fewer digits, and how far its weights then are from what they were."""
        exact = {what: getattr(record, what) for what in ("query", "key", "value")}
        near = {what: vectors.to(self._dtype) for what, vectors in exact.items()}
        for what, vectors in exact.items():
            if not torch.equal(vectors.isfinite(), near[what].isfinite()):
                raise OutOfRange(
                    f"layer {record.layer}: its {what} vectors hold numbers that are too large for {self._dtype}; "
                    'choose dtype="bfloat16".'
                )
        rounded = replace(record, **near)
        if not by_formula:
            return rounded, said
        pairs = zip(formula.striped(record), formula.striped(rounded), strict=True)
        shift = max((difference(a.weight, b.weight) for a, b in pairs), default=0.0)
        name = str(self._dtype).removeprefix("torch.")
        moved = f"saved with vectors in {name}, which moves weights by up to {upwards(shift)}"
        reason = f"{said['reason']}; {moved}" if said["reason"] else moved
        error = None if said["error"] is None else said["error"] + shift
        return rounded, {**said, "reason": reason, "error": error}

    def _named(
        self, tensors: dict[str, torch.Tensor], pictures: Pictures | None, report: LayerReport
    ) -> dict[str, Any]:
        if pictures is not None:
            tensors = {**tensors, OVERVIEW: packed(pictures)}
        named = {what: self._place(f"{report.part} {report.layer}.{what}", what, one) for what, one in tensors.items()}
        if pictures is not None:
            named[OVERVIEW]["cells"] = FIRST_SIZE
        return named

    def _place(self, name: str, what: str, tensor: torch.Tensor) -> dict[str, Any]:
        """Where a tensor stands in the file: vectors with their axes in the order that they have in memory."""
        same = tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride()
        is_vectors = what in ("query", "key", "value")
        axes = sorted(range(tensor.dim()), key=tensor.stride, reverse=True) if is_vectors else None
        name = self._known.setdefault((is_vectors, *same), name)
        if name not in self.tensors:
            self._kept.append(tensor)  # or another could come to stand in its place
            self.tensors[name] = (tensor if axes is None else tensor.permute(axes)).detach()
        return {"name": name} if axes is None else {"name": name, "axes": axes}


def _said(report: LayerReport) -> dict[str, Any]:
    """What is said of any layer."""
    return {
        "layer": report.layer,
        "heads": report.heads,
        "kv_heads": report.kv_heads,
        "module": report.module,
        "tier": report.tier,
        "error": report.error,
        "reason": report.reason,
        "not_finite": report.not_finite,
        "has_map": report.has_map,
        "scaling": 1.0,
        "softcap": None,
        "why": "",
        "no_norms": "",
        "tensors": {},
    }


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in ("headscope", "torch", "transformers"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _write(path: Path, description: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Path:
    """Write a safetensors file of these tensors; OverBudget where what is said of them is out of proportion."""
    stated, header, end = {}, {}, 0
    for name, tensor in tensors.items():
        stated[name] = {
            "dtype": NAMES[_plain(tensor).dtype],
            "shape": list(tensor.shape),
            "crc32": checksum(_plain(tensor)),
        }
        header[name] = {**stated[name], "data_offsets": [end, end + tensor.nbytes]}
        del header[name]["crc32"]
        end += tensor.nbytes
    text = json.dumps({**description, "tensors": stated}, allow_nan=False)
    metadata = {KEY: text, KEY + CHECKSUM: str(zlib.crc32(text.encode()))}
    head = json.dumps({"__metadata__": metadata, **header}).encode()
    head += b" " * (-len(head) % 8)
    if not is_in_proportion(len(head), max(values_in(head), values_in(text.encode())), 8 + len(head) + end):
        raise OverBudget(
            f"the names of the tokens take {megabytes(len(head))}, which is out of proportion to {megabytes(end)} of "
            "numbers; such a file could not be told from one that is made to fill the memory of who opens it."
        )
    begin = len(head).to_bytes(8, "little") + head
    return replace_file(path, chain([begin], (bytes_of(_plain(tensor)) for tensor in tensors.values())))


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as it is written."""
    tensor = tensor.cpu().contiguous()
    return tensor.to(torch.uint8) if tensor.dtype == torch.bool else tensor
