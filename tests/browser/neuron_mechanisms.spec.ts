/**
 * The neuron view in a real JupyterLab, on models of every mechanism: what is displayed evaluates to the weight that is
 * displayed, and that is the weight of the model's own eager attention.
 */
import { expect, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";
import { expectEvaluates, expectWithin, readEquation } from "./page/equation.js";

const IMPORTS = `
import sys
sys.path.insert(0, "../../../tests/python")
import json
import headscope as hs
from own_code import OWN_CODE, build as build_own
from tiny import build, eager_attentions, ids
`;

/** A tiny model shown as a neuron view, and how to move it. */
const SHOW = (mechanism: string) => `
model = (build_own if "${mechanism}" in OWN_CODE else build)("${mechanism}")
tokens = ids(16)
eager = eager_attentions(model, input_ids=tokens)
view = hs.NeuronView(hs.capture(model, tokens), layer=0, head=0, query=3)
view
`;

const MOVE = (layer: number, head: number, query: number) => `
view.select(layer=${layer}, heads=[${head}], head=${head}, query=${query})
print(json.dumps(eager[${layer}][0, ${head}, ${query}].tolist()))
`;

const MOVES: readonly (readonly [layer: number, head: number, query: number])[] = [
  [0, 0, 3],
  [1, 2, 13],
  [2, 3, 15],
];

/** Mechanisms of tests/python/tiny.py and own_code.py, and what the equation of their last query must have. */
const MECHANISMS: Record<string, string> = {
  "causal, grouped heads, rotary": "softmax(dot)",
  bidirectional: "softmax(dot)",
  "position bias": "softmax(dot + bias)",
  "softcap and window": "softmax(cap * tanh(dot / cap) + mask)",
  "sinks and window": "softmax(dot + mask, sink)",
  "sliding window": "softmax(dot + mask)",
  "bloom: alibi": "softmax(dot + bias + mask)",
};

test.afterEach(async ({ page }) => {
  await shutDownKernels(page);
});

test("tiny models of every mechanism: terms evaluate to the weight shown, which is the eager one", async ({ page }) => {
  const names = Object.keys(MECHANISMS);
  prepare("quickstart.ipynb", "mechanisms.ipynb", {
    imports: IMPORTS,
    ...Object.fromEntries(names.map((name, at) => [`show-${at}`, SHOW(name)])),
    ...Object.fromEntries(MOVES.map((move) => [`move-${move.join("-")}`, MOVE(...move)])),
  });
  const notebook = await Notebook.open(page, "mechanisms.ipynb");
  await notebook.run("imports");
  for (const [at, name] of names.entries()) {
    await notebook.run(`show-${at}`);
    for (const [layer, head, query] of MOVES) {
      const eager = await notebook.read<number[]>(`move-${layer}-${head}-${query}`);
      const view = await notebook.view(`show-${at}`, "Neurons");
      const rows = view.locator(`.neuron-rows[data-layer="${layer}"][data-head="${head}"][data-query="${query}"]`);
      await expect(rows, `${name}, layer ${layer}`).toBeVisible();
      expectWithin(await expectEvaluates(view), eager, 1e-5);
    }
    const view = await notebook.view(`show-${at}`, "Neurons");
    const last = await readEquation(view);
    expect([MECHANISMS[name], MECHANISMS[name].replace(" + mask", "")]).toContain(last);
    await view.screenshot({ path: `test-results/looks/neuron-${at}.png` });
  }
});

const SMOLLM2 = `
import copy, json, torch
text = "The doctor asked the nurse a question. She said that the"
eager = copy.deepcopy(model)
eager.set_attn_implementation("eager")
with torch.no_grad():
    theirs = eager(**tokenizer(text, return_tensors="pt"), output_attentions=True).attentions
print(json.dumps(theirs[9][0, 4, 8].tolist()))
`;

test("SmolLM2: the weight from She to nurse, neuron by neuron, is the model's own", async ({ page }) => {
  prepare("quickstart.ipynb", "neurons.ipynb", {
    eager: SMOLLM2,
    neurons:
      "neurons = hs.NeuronView(hs.capture(model, text, tokenizer=tokenizer), layer=9, head=4, query=8, key=4)\nneurons",
    chosen: "print(json.dumps([neurons.layer, neurons.head, neurons.query, neurons.key, neurons.neuron]))",
    answer:
      "answer = neurons.capture.neurons(9, 4, 8)\n" +
      "print(json.dumps([answer.products[4, neurons.neuron].item() * answer.scaling, answer.equation]))",
  });
  const notebook = await Notebook.open(page, "neurons.ipynb");
  await notebook.run("load");
  const eager = await notebook.read<number[]>("eager");
  await notebook.run("neurons");
  const view = await notebook.view("neurons", "Neurons");
  await expect(view.locator('[data-row="4"] [data-name="softmax"]')).toHaveText(exact(eager[4]));
  expectWithin(await expectEvaluates(view), eager, 1e-5);
  await view.screenshot({ path: "test-results/looks/neuron-smollm2.png" });

  const mark = view.getByRole("button", { name: /^Neuron \d+$/ }).first();
  const neuron = Number(await mark.textContent());
  await mark.click();
  await expect(mark).toHaveAttribute("aria-pressed", "true");
  expect(await notebook.read<number[]>("chosen")).toEqual([9, 4, 8, 4, neuron]);
  const [product, equation] = await notebook.read<[number, string]>("answer");
  expect(await readEquation(view)).toBe(equation);
  await expect(view.getByRole("status").filter({ hasText: "rank" })).toContainText(`= ${product.toFixed(3)}`);
});
