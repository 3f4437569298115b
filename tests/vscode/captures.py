"""Saves the files that are opened in VS Code, and what Python answers of them: `captures.py FOLDER NUMBERS`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from saved_files import assemble, of_vectors, parts_of  # of the tests

import headscope as hs
from headscope import demo

TEXT = "The doctor asked the nurse a question. She said that the"
MARKUP = '"><img src=x onerror="window.parent.reached = true"><b>bold</b>'


def main(folder: Path, numbers: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model, tokenizer = demo.smollm2()
    capture = hs.capture(model, TEXT, tokenizer=tokenizer)
    capture.save(folder / "nurse.headscope")
    found = capture.neurons(9, 4, 8)
    strongest = int(found.products[4].abs().argmax())
    said = {
        "row": capture.attention(9, 4, 8)[0, 0].tolist(),
        "dot": float(found.dot[4]),
        "neuron": strongest,
        "product": float(found.products[4, strongest]),
    }
    numbers.write_text(json.dumps(said), encoding="utf-8")
    whole = of_vectors().save(folder / "markup.headscope")
    header, description, tensors = parts_of(whole)
    description["parts"][0]["layers"][0]["tensors"]["query"]["name"] = MARKUP
    assemble(folder / "damaged.headscope", header, description, tensors)
    (folder / "text.headscope").write_text("no capture at all", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
