"""Write a page of what the hosts show, and the row of the model's own weights that the journey goes to."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from shown import TEXT, explore

from headscope import demo

folder, layer, head, query = Path(sys.argv[1]), *map(int, sys.argv[2:])
explore().to_html(folder / "page.html")
model, tokenizer = demo.minilm()
model.set_attn_implementation("eager")
with torch.no_grad():
    attentions = model(**tokenizer(TEXT, return_tensors="pt"), output_attentions=True).attentions
(folder / "row.json").write_text(json.dumps(attentions[layer][0, head, query].tolist()))
