"""Runs the example notebooks, for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Ran:
    """A notebook that ran."""

    printed: dict[str, str]
    """What each code cell printed, by the cell's id."""
    text: str
    """What the notebook says in words, as one line."""

    @property
    def claims(self) -> Any:
        """The numbers that its last cell prints."""
        return json.loads(self.printed["claims"])


def run(name: str) -> Ran:
    """Run an example in a kernel of its own."""
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    printed = {cell["id"]: "".join(_texts(cell)) for cell in notebook.cells if cell.cell_type == "code"}
    words = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return Ran(printed, " ".join(words.split()))


def as_said(number: float, digits: int = 2) -> str:
    """Write a number as the texts do: without the zero before the point."""
    return f"{number:.{digits}f}".replace("0.", ".", 1) if abs(number) < 1 else f"{number:.{digits}f}"


def _texts(cell: Any) -> list[str]:
    return [output.get("text", "") for output in cell.outputs if output.output_type == "stream"]
