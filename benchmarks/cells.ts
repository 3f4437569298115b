/** The cells that the notebook of the benchmark has behind those of the quickstart. */

/** The beginning of the licence, so many tokens of it: plain English, at hand everywhere. */
const TOKENS = 256;

export const CELLS = {
  prepare: `
import time
from pathlib import Path
import ipywidgets
import torch
text = Path("../../../LICENSE").read_text()
inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=${TOKENS})
inputs["input_ids"].shape`,

  // What the capture stands on, and what it is compared with.
  forward: `
started = time.process_time()
with torch.no_grad():
    model(**inputs, logits_to_keep=1)
print(time.process_time() - started)`,

  capture: `
capture = hs.capture(model, inputs, tokenizer=tokenizer)
started = time.process_time()`,
  explorer: `
view = hs.Explorer(capture, layer=9, heads=[4], head=4, query=${TOKENS - 1})
view`,
  spent: "print(time.process_time() - started)",
  close: "view.close()",

  // What any widget costs here.
  start: "started = time.process_time()",
  slider: `
view = ipywidgets.IntSlider()
view`,

  toggle: `
view = ipywidgets.ToggleButton(description="toggle")
view`,

  versions: `
import json, platform
import jupyterlab, transformers
print(json.dumps({"headscope": hs.__version__, "python": platform.python_version(), "torch": torch.__version__,
                  "transformers": transformers.__version__, "jupyterlab": jupyterlab.__version__,
                  "torch threads": torch.get_num_threads()}))`,
};
