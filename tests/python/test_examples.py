"""The example notebooks run, offline, and print what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    """What each cell of the quickstart printed, by the cell's id."""
    notebook = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    return {cell["id"]: "".join(_texts(cell)) for cell in notebook.cells if cell.cell_type == "code"}


def _texts(cell: Any) -> list[str]:
    return [output.get("text", "") for output in cell.outputs if output.output_type == "stream"]


def test_examples_are_committed_without_outputs() -> None:
    for path in EXAMPLES.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


def test_the_quickstart_reads_the_selection_back(printed: dict[str, str]) -> None:
    assert printed["selection"] == "9 [2, 3, 4, 8] 4 None\n"
    assert printed["tensor"].startswith("(4, 12, 12) ['The', '·doctor'")
    assert printed["pair-selection"] == "3 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] 0 None all\n"


def test_the_quickstarts_weights_are_the_models_own(printed: dict[str, str]) -> None:
    assert float(printed["check"]) < 1e-5
