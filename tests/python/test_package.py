"""What users install: the wheel, built from the sdist without Node, in an environment of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUNDLE = "headscope/static/widget.js"
BUNDLE_LIMIT = 244 * 1024
LAB_LIMIT = 320 * 1024  # the views once more, what reads them out of a notebook or a file, commands, live views
LAB_START = 24 * 1024  # what JupyterLab loads at its start, whether there is anything of headscope or not
HEAVY = ("torch", "transformers", "anywidget")
LIGHT_DEPENDENCIES = ("anywidget", "jupyterlab", "numpy", "safetensors", "traitlets")


def run(*command: str | Path, path: Path | None = None) -> str:
    """Output of `command`, with `path` all there is of PATH: no Node, no npm."""
    env = {**os.environ, "PATH": str(path or Path(sys.executable).parent)}
    result = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def version() -> str:
    return json.loads((ROOT / "package.json").read_text())["version"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """Folder with the sdist and the wheel that was built from it."""
    assert (ROOT / "python" / BUNDLE).exists(), "run `make build` first"
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory) -> Path:
    """``bin`` of an environment with the wheel and its dependencies, less torch and transformers."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (scripts / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--constraint", "constraints.txt", *LIGHT_DEPENDENCIES, path=scripts)
    run(*pip, "--no-deps", wheel, path=scripts)
    return scripts


@pytest.fixture(scope="module")
def files(wheel) -> dict[str, bytes]:
    """Content of the wheel by name."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def test_bundle_is_in_the_wheel_once_and_small(files):
    assert [name for name in files if Path(name).name == "widget.js"] == [BUNDLE]
    assert len(files[BUNDLE]) <= BUNDLE_LIMIT


def test_bundle_reaches_for_nothing_outside(files):
    text = files[BUNDLE].decode()
    assert "sourceMappingURL" not in text
    assert not re.search(r"\beval\(|new Function\(|\bimport\(|^import ", text)
    urls = set(re.findall(r"https?://[\w./-]+", text))
    assert urls <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"}


def test_bundled_licences_are_in_the_wheel(files):
    sources = "".join(path.read_text() for path in (ROOT / "js").rglob("*.ts*"))
    named = files["headscope/static/LICENSES.txt"].decode().splitlines()
    for package in re.findall(r"""from ["'](preact|@preact/signals)["']""", sources):
        assert package in named


def test_labextension_is_in_the_wheel_once(files, version):
    inside = [name for name in files if "labextension" in name]
    assert inside
    assert all(
        name.startswith(f"headscope-{version}.data/data/share/jupyter/labextensions/headscope/") for name in inside
    )
    install = next(name for name in inside if name.endswith("/install.json"))
    assert json.loads(files[install])["packageName"] == "headscope"
    load = [name for name in inside if Path(name).name.startswith("remoteEntry")]
    assert len(load) == 1


def test_labextension_is_small_and_smaller_at_start(files):
    scripts = [content for name, content in files.items() if re.search(r"labextensions/headscope/static/.*\.js$", name)]
    assert sum(map(len, scripts)) <= LAB_LIMIT
    views = [content for content in scripts if b"attachShadow" in content]
    assert len(views) == 1
    start = [content for content in scripts if b"autoStart" in content]  # the plugins themselves
    entry = [content for name, content in files.items() if "/static/remoteEntry" in name]
    assert len(start) == len(entry) == 1
    assert start[0] not in views
    assert len(start[0]) + len(entry[0]) <= LAB_START


def test_wheel_holds_no_maps_and_nothing_twice(files):
    assert not [name for name in files if name.endswith(".map")]
    digests = [hashlib.sha256(content).hexdigest() for content in files.values() if len(content) > 200]
    assert len(digests) == len(set(digests))


def test_wheel_is_typed_and_licensed(files, version):
    assert "headscope/py.typed" in files
    assert f"headscope-{version}.dist-info/licenses/LICENSE" in files


def test_wheel_holds_all_modules_and_nothing_else(files):
    sources = (ROOT / "python").rglob("*.py")
    expected = {path.relative_to(ROOT / "python").as_posix() for path in sources}
    assert {name for name in files if name.endswith(".py")} == expected
    assert {Path(name).parts[0].split("-")[0] for name in files} == {"headscope"}


def test_sdist_holds_sources_and_what_was_built(dist, version):
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.removeprefix(f"headscope-{version}/") for name in archive.getnames()}
    assert {"package.json", "install.json", "js/widget/index.ts", f"python/{BUNDLE}"} <= names
    assert "python/headscope/labextension/package.json" in names
    assert not [name for name in names if name.startswith(("node_modules", ".venv", "build/", "dist/"))]


def test_one_version_everywhere(files, version, clean):
    metadata = BytesParser().parsebytes(files[f"headscope-{version}.dist-info/METADATA"])
    lab = f"headscope-{version}.data/data/share/jupyter/labextensions/headscope/package.json"
    assert metadata["Version"] == version
    assert json.loads(files[lab])["version"] == version
    assert run(clean / "python", "-c", "import headscope; print(headscope.__version__)", path=clean).strip() == version
    assert json.loads((ROOT / "package-lock.json").read_text())["version"] == version


@pytest.mark.parametrize("where", ["here", "clean"])
def test_import_is_light(where, request):
    scripts = Path(sys.executable).parent if where == "here" else request.getfixturevalue("clean")
    code = f"import sys, headscope; print([name for name in {HEAVY} if name in sys.modules])"
    assert run(scripts / "python", "-c", code, path=scripts).strip() == "[]"


def test_jupyter_server_lists_the_extension_as_ok(clean):
    listing = run(clean / "jupyter", "server", "extension", "list", path=clean)
    plain = re.sub(r"\x1b\[[\d;]*m", "", listing)
    assert re.search(r"headscope\.server enabled", plain), listing
    assert re.search(r"headscope\.server \S* ?OK", plain), listing


def test_jupyterlab_lists_the_extension_as_ok(clean, version):
    listing = run(clean / "jupyter", "labextension", "list", path=clean)
    plain = re.sub(r"\x1b\[[\d;]*m", "", listing)
    assert re.search(rf"headscope v{re.escape(version)} enabled OK \(python, headscope\)", plain), listing
