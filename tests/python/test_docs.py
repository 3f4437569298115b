"""Every example and command of the README and the docs is run, or what it names is looked up; links lead somewhere."""

from __future__ import annotations

import ast
import contextlib
import fnmatch
import importlib.metadata
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import markdown
import pytest
import readme_names
from markdown import ROOT, Block, Page
from traitlets import TraitError

import headscope
from headscope import demo

PAGES = markdown.pages("README.md", "CONTRIBUTING.md", "docs/*.md")
WITH_EXAMPLES = [page for page in PAGES if any(block.kind == "python" for block in page.blocks)]
COMMANDS = [(page, block) for page in PAGES for block in page.blocks if block.kind == "sh"]

QUOTES = "docs/models.md"
"""Says what the models themselves said, such as which package they miss."""

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


# Examples


@pytest.fixture
def standing_in(monkeypatch: pytest.MonkeyPatch, smollm2: Any, minilm: Any, moonshine: Any) -> Iterator[None]:
    """The embedded models stand in for those of the hub, and are loaded once for all pages."""
    import transformers

    for name, given in {"smollm2": smollm2, "minilm": minilm, "moonshine": moonshine}.items():
        monkeypatch.setattr(demo, name, lambda given=given: given)
    hub = {"gpt2": smollm2, "bert-base-uncased": minilm}
    for place, classes in enumerate((("AutoModel", "AutoModelForCausalLM"), ("AutoTokenizer",))):
        for name in classes:
            load = lambda model, place=place, **_settings: hub[model][place]  # noqa: E731
            monkeypatch.setattr(getattr(transformers, name), "from_pretrained", load)
    used = {model: model.config._attn_implementation for model, _ in (smollm2, minilm, moonshine)}
    yield
    for model, implementation in used.items():  # other tests use them too
        model.eval().set_attn_implementation(implementation)


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.name)
@pytest.mark.usefixtures("standing_in")
@pytest.mark.filterwarnings("default:::headscope")
def test_the_examples_of_a_page_run_and_print_what_stands_below_them(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, Any] = readme_names.make(demo.smollm2()) if page.name == "README.md" else {}
    for at, block in enumerate(page.blocks):
        if block.kind == "python":
            printed = _run(block, names, page)
            below = page.blocks[at + 1] if at + 1 < len(page.blocks) else None
            if below is not None and below.kind == "text":
                assert printed.strip() == below.text.strip(), f"{page.name}:{below.line}"


def _run(block: Block, names: dict[str, Any], page: Page) -> str:
    """Run a block as a notebook runs a cell; what it printed, with its last value or the error that it ended in."""
    tree = ast.parse("\n" * (block.line - 1) + block.text, page.name)
    last = tree.body.pop().value if isinstance(tree.body[-1], ast.Expr) else None  # type: ignore[attr-defined]
    at = page.blocks.index(block) + 1
    says_what_comes = at < len(page.blocks) and page.blocks[at].kind == "text"
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(tree, page.name, "exec"), names)
            value = None if last is None else eval(compile(ast.Expression(last), page.name, "eval"), names)
            out.write("" if value is None else repr(value))
        except (headscope.HeadscopeError, TraitError) as error:
            if not says_what_comes:
                raise
            out.write(f"{type(error).__name__}: {error}")
    return out.getvalue()


# Commands


def _exists_in_the_makefile(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = {word for word in words[1:] if "=" not in word}
    assert wanted
    assert wanted <= targets, wanted - targets


def _names_our_extras(words: list[str]) -> None:
    known = set(importlib.metadata.metadata("headscope").get_all("Provides-Extra") or [])
    for word in words[2:]:
        named = re.match(r"headscope(?:\[([\w,]+)\])?", word)
        assert named or word.startswith("-"), word
        assert named is None or set((named[1] or "").split(",")) - {""} <= known, word


def _lists_our_extension(words: list[str]) -> None:
    jupyter = Path(sys.executable).with_name("jupyter")
    ran = subprocess.run([jupyter, *words[1:]], capture_output=True, text=True, check=True, timeout=300)
    said = [line for line in (ran.stdout + ran.stderr).splitlines() if "headscope" in line]
    assert any("OK" in line for line in said), ran.stdout + ran.stderr


def _names_tests(words: list[str]) -> None:
    for word in words[words.index("test" if "test" in words else "pytest") + 1 :]:
        if word.endswith(".ts"):
            assert (ROOT / word).exists(), word
        elif words[0] == "npx" and not word.startswith("-"):
            assert list(ROOT.glob(f"tests/browser/*{word}*.spec.ts")), word
        elif words[0] == "pytest" and not word.startswith("-"):
            assert (ROOT / word).exists(), word


def _runs(words: list[str]) -> None:
    subprocess.run([sys.executable, *words[1:]], check=True, timeout=300)


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "make *": _exists_in_the_makefile,
    "pip install *": _names_our_extras,
    "jupyter * list": _lists_our_extension,
    "npx playwright test *": _names_tests,
    "pytest *": _names_tests,
    "python -m headscope.demo": _runs,
    "jupyter lab": lambda words: None,  # what `make test-browser` starts
}
"""What is done with a command, by its form."""


def _check(command: str) -> None:
    words = shlex.split(command, comments=True)
    form = " ".join(words)
    check = next((check for pattern, check in CHECKS.items() if fnmatch.fnmatch(form, pattern)), None)
    assert check is not None, f"no check is known for {command!r}: add its form to CHECKS"
    check(words)


@pytest.mark.parametrize(("page", "block"), COMMANDS, ids=lambda one: one.name if isinstance(one, Page) else one.line)
def test_the_commands_of_a_page_work(page: Page, block: Block) -> None:
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.split("#")[0].strip():
            _check(line)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != QUOTES], ids=lambda page: page.name)
def test_commands_in_the_text_name_what_there_is(page: Page) -> None:
    for code in page.code:
        if re.match(r"(make [a-z]|pip install |pytest tests|npx playwright)", code) and "://" not in code:
            _check(code)


@every_page
def test_files_in_the_text_are_there(page: Page) -> None:
    for code in page.code:
        if re.match(r"(benchmarks|docs|examples|js|python|scripts|tests)/[\w./*-]+$", code):
            assert list(ROOT.glob(code.rstrip("/"))), f"{page.name}: {code}"


# Links


@every_page
def test_links_lead_to_pages_and_headings_that_are_there(page: Page) -> None:
    for link in page.links:
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in Page(path).anchors, f"{page.name}: {link}"
