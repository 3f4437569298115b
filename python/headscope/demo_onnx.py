"""Moonshine out of the ONNX files that its authors ship for browsers: 8-bit weights, as a transformers folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch

__all__ = ["SAMPLE", "convert_moonshine"]

SAMPLE = "beckett.wav"
"""A recording of speech, 10 seconds."""

_RENAMED = {"attn.dense": "attn.o_proj", "mlp.up_proj": "mlp.fc1", "mlp.down_proj": "mlp.fc2"}


def convert_moonshine(unpacked: tuple[Path, ...], target: Path) -> None:
    """Make the transformers folder `target` of the files of both packages, with the sample of speech in it."""
    weights_folder, assets = unpacked
    from transformers import MoonshineConfig, MoonshineForConditionalGeneration, PreTrainedTokenizerFast

    weights = _dequantised(weights_folder / "encoder_model.onnx", prefix="model.encoder.")
    weights |= _dequantised(weights_folder / "decoder_model_merged.onnx")
    weights["proj_out.weight"] = weights["model.decoder.embed_tokens.weight"]
    model = MoonshineForConditionalGeneration(MoonshineConfig(pad_token_id=2))
    model.load_state_dict(weights)
    model.save_pretrained(target)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(assets / "tokenizer.json"), bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    tokenizer.save_pretrained(target)
    shutil.copy(assets / SAMPLE, target)


def _dequantised(path: Path, prefix: str = "") -> dict[str, torch.Tensor]:
    """The parameters of one file by the names that transformers gives them."""
    import onnx
    import torch

    graph = onnx.load(path).graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    branches = [branch.g for node in graph.node for branch in node.attribute if branch.name == "else_branch"]
    nodes = branches[0].node if branches else graph.node  # of the merged decoder: the first step, without a cache
    named = {**dict(_whole(arrays)), **dict(_linear(nodes, arrays)), **dict(_group_norm(nodes, arrays))}
    return {_renamed(prefix + name): torch.tensor(array) for name, array in named.items()}


def _whole(arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Parameters that bear their own name: norms, biases, convolutions and embeddings."""
    for name, array in arrays.items():
        own = name.replace("_merged_0", "").removesuffix("_quantized")
        if not own.endswith((".weight", ".bias")):
            continue
        stem = name.removesuffix("_quantized")
        if stem == name:
            yield own, array
        elif own.startswith("conv"):  # its zero point is a number to add
            yield own, array * arrays[f"{stem}_scale"] + arrays[f"{stem}_zero_point"]
        else:
            yield own, _levels(arrays, stem)


def _linear(nodes: Any, arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Weights that only the node that multiplies by them names."""
    for node in nodes:
        if node.op_type == "MatMulInteger":
            module = node.name.strip("/").rsplit("/", 1)[0].replace("/", ".")
            yield f"{module}.weight", _levels(arrays, node.input[1].removesuffix("_quantized")).T.copy()


def _levels(arrays: dict[str, np.ndarray], stem: str) -> np.ndarray:
    levels = arrays[f"{stem}_quantized"].astype("float32") - arrays[f"{stem}_zero_point"].astype("float32")
    values: np.ndarray = levels * arrays[f"{stem}_scale"]
    return values


def _group_norm(nodes: Any, arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    for node in nodes:
        for end, name in (("Mul", "weight"), ("Add", "bias")):
            if node.name == f"/groupnorm/{end}":
                yield f"groupnorm.{name}", arrays[node.input[1]].ravel()


def _renamed(name: str) -> str:
    for theirs, ours in _RENAMED.items():
        name = name.replace(theirs, ours)
    return name
