"""Runs the paper's three use cases on the paper's own models, which come from the Hugging Face hub.

What the cells print goes to the screen, the notebooks with their outputs to build/paper.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
CASES = ("model_bias", "relevant_heads", "neurons_and_behaviour")
MODELS = ("gpt2", "bert-base-uncased")


def missing() -> str:
    """Return which model cannot be had and why, in one line; empty if both are there."""
    from huggingface_hub.utils import logging
    from transformers import AutoConfig

    logging.set_verbosity_error()  # else every retry is a line
    for name in MODELS:
        try:
            AutoConfig.from_pretrained(name)
        except OSError as error:
            return f"{name} cannot be had ({str(error).splitlines()[0].rstrip('.')})"
    return ""


def run(case: str, folder: Path) -> None:
    """Run one notebook and print what its cells print."""
    notebook = nbformat.read(ROOT / "examples" / f"{case}.ipynb", as_version=4)
    print(f"\n{case}\n", flush=True)
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            print(output.get("text", ""), end="")
    nbformat.write(notebook, folder / f"{case}.ipynb")


def main() -> None:
    """Run all three, or say in one sentence why not."""
    if reason := missing():
        sys.exit(f"make paper needs {' and '.join(MODELS)} from the Hugging Face hub, and {reason}: nothing was run.")
    os.environ["HEADSCOPE_EXAMPLES"] = "hub"
    folder = Path("build", "paper")
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        run(case, folder)


if __name__ == "__main__":
    main()
