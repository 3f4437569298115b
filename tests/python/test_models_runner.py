"""The coverage table's runner: one process a model type, which may fail, die or hang; what was run is kept."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from models import runner
from models.result import Result

if TYPE_CHECKING:
    import pytest


def work(model_type: str) -> Result:
    """Stands in for a comparison."""
    if model_type == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if model_type == "hangs":
        time.sleep(60)
    if model_type == "fails":
        raise KeyError(model_type)
    return Result(model_type, status="exact")


def test_a_type_that_fails_dies_or_hangs_has_a_result_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SECONDS", 1)
    types = ["dies", "fails", "hangs", "well"]
    results = runner.run(types, work, tmp_path / "results.jsonl", jobs=2, anew=False)
    assert [(one["type"], one["status"]) for one in results] == [
        ("dies", "not built"),
        ("fails", "wrong"),
        ("hangs", "not built"),
        ("well", "exact"),
    ]
    assert "KeyError: 'fails'" in results[1]["wrong"][0]
    assert results[2]["detail"] == "stopped after 1 s"


def test_only_what_is_missing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "results.jsonl"
    first = runner.run(["one", "two"], work, kept, jobs=1, anew=False)
    kept.write_text(kept.read_text() + '{"type": "cut off in the mid')
    assert runner.run(["two", "one"], work, kept, jobs=1, anew=False) == first[::-1]
    assert len(kept.read_text().splitlines()) == 3
    monkeypatch.setattr(runner, "versions", lambda: {"transformers": "another"})
    runner.run(["one"], work, kept, jobs=1, anew=False)
    assert '"another"' in kept.read_text().splitlines()[-1]
