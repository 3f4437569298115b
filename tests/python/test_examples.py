"""The example notebooks run, offline, and print what they say. The paper's use cases have tests of their own."""

from __future__ import annotations

import nbformat
import notebooks
import pytest


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    """What each cell of the quickstart printed, by the cell's id."""
    return notebooks.run("quickstart").printed


def test_examples_are_committed_without_outputs() -> None:
    for path in notebooks.EXAMPLES.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


def test_the_quickstart_reads_the_selection_back(printed: dict[str, str]) -> None:
    assert printed["selection"] == "9 [2, 3, 4, 8] 4 None\n"
    assert printed["tensor"].startswith("(4, 12, 12) ['The', '·doctor'")
    assert printed["pair-selection"] == "3 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] 0 None all\n"


def test_the_quickstarts_weights_are_the_models_own(printed: dict[str, str]) -> None:
    assert float(printed["check"]) < 1e-5
