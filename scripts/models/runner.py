"""Runs each model type in a process of its own, forked from one that has imported everything; keeps what came out."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import headscope
from models.result import Result

ROOT = Path(__file__).parents[2]
SECONDS, BYTES = 120, 6 << 30


def versions() -> dict[str, str]:
    """What the results depend on."""
    packages = {name: importlib.metadata.version(name) for name in ("transformers", "torch")}
    return {
        **packages,
        "python": platform.python_version(),
        "headscope": _hash(Path(headscope.__file__).parent),
        "table": _hash(Path(__file__).parent),
    }


def _hash(folder: Path) -> str:
    seen = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        seen.update(file.read_bytes())
    return seen.hexdigest()[:12]


def run(types: list[str], work: Callable[[str], Result], kept: Path, jobs: int, anew: bool) -> list[dict[str, Any]]:
    """The result of every type: those in the file `kept` that were made by the same versions, the others run now."""
    key = versions()
    done = {} if anew else {line["type"]: line for line in _lines(kept) if line["versions"] == key}
    kept.parent.mkdir(parents=True, exist_ok=True)
    missing = [one for one in types if one not in done]
    with kept.open("a") as file:
        for count, line in enumerate(_in_processes(missing, work, jobs), 1):
            done[line["type"]] = {**line, "versions": key}
            file.write(json.dumps(done[line["type"]]) + "\n")
            file.flush()
            print(f"{count}/{len(missing)} {line['type']}: {line['status']}", file=sys.stderr)
    return [done[one] for one in types]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        yield from (json.loads(line) for line in file.read_text().splitlines() if line.endswith("}"))


@dataclass
class _Child:
    type: str
    answer: IO[bytes]


def _in_processes(types: list[str], work: Callable[[str], Result], jobs: int) -> Iterator[dict[str, Any]]:
    """Results as they come, of at most `jobs` processes at a time."""
    waiting, running = list(types), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            child, process = _start(waiting.pop(0), work)
            running[process] = child
        process, status = os.waitpid(-1, 0)
        child = running.pop(process)
        with child.answer as file:
            file.seek(0)
            said = file.read()
        if not said:  # out of memory, or the process was ended
            said = json.dumps(Result(child.type, status="not built", detail=_why(status)).line()).encode()
        yield json.loads(said)


def _start(model_type: str, work: Callable[[str], Result]) -> tuple[_Child, int]:
    answer = tempfile.TemporaryFile()  # noqa: SIM115 - read and closed by the parent
    process = os.fork()
    if process:
        return _Child(model_type, answer), process
    try:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process
        signal.alarm(SECONDS)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        answer.write(json.dumps(work(model_type).line()).encode())
    except BaseException:
        failed = Result(model_type, status="wrong", wrong=[f"the table itself failed: {traceback.format_exc()}"])
        answer.write(json.dumps(failed.line()).encode())
    finally:
        answer.flush()
        os._exit(0)


def _why(status: int) -> str:
    timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    return f"stopped after {SECONDS} s" if timed_out else f"its process died ({status})"
