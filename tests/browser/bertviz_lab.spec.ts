/** BertViz's own calls in a real JupyterLab, on locally made GPT-2-, BERT- and T5-shaped models run on eager attention. */
import { resolve } from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

const MODELS = `
import sys; sys.path.insert(0, "../../../tests/python")
import json, torch
import alphabets
from tiny import build
from headscope.bertviz import head_view, model_view
from headscope.bertviz.neuron_view import show

def eager(mechanism, tokenizer):
    model = build(mechanism, vocab_size=len(tokenizer))
    model.set_attn_implementation("eager")
    return model, tokenizer

gpt2, gpt2_tokenizer = eager("causal, fused projection", alphabets.byte_level())
bert, bert_tokenizer = eager("bidirectional", alphabets.wordpiece())
t5, t5_tokenizer = eager("t5", alphabets.unigram())`;

/** As in BertViz's README, but for the import and for \`outputs.attentions\`. */
const CELLS = {
  models: MODELS,
  head: `
inputs = gpt2_tokenizer.encode("the doctor asked the nurse a question", return_tensors="pt")
outputs = gpt2(inputs, output_attentions=True)
attention = outputs.attentions
tokens = gpt2_tokenizer.convert_ids_to_tokens(inputs[0])
view = head_view(attention, tokens, layer=1, heads=[2])`,
  model: `
model = model_view(attention, tokens, display_mode="light", include_layers=[1, 2])`,
  sentences: `
encoded = bert_tokenizer("the doctor asked", "a question", return_tensors="pt")
pair_attention = bert(**encoded, output_attentions=True).attentions
sentence_b_start = encoded["token_type_ids"][0].tolist().index(1)
pair_tokens = bert_tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
pair = head_view(pair_attention, pair_tokens, sentence_b_start, heads=[0])
pair`,
  twofold: `
source = t5_tokenizer.encode("the doctor asked the nurse", return_tensors="pt")
target = t5_tokenizer.encode("a question", return_tensors="pt")
t5_outputs = t5(input_ids=source, decoder_input_ids=target, output_attentions=True)
twofold = model_view(
    encoder_attention=t5_outputs.encoder_attentions,
    decoder_attention=t5_outputs.decoder_attentions,
    cross_attention=t5_outputs.cross_attentions,
    encoder_tokens=t5_tokenizer.convert_ids_to_tokens(source[0]),
    decoder_tokens=t5_tokenizer.convert_ids_to_tokens(target[0]),
)`,
  neuron: `
model_type = "gpt2"
neuron = show(gpt2, model_type, gpt2_tokenizer, "the doctor asked the nurse a question", layer=1, head=2)`,
  page: `
made = head_view(attention, tokens, layer=1, heads=[2], html_action="return")
with open("view.html", "w") as file:
    file.write(made.data)
made`,
};

/** A weight as it stands beside a token. */
const short = (weight: number) => (weight < 0.005 ? "0" : weight > 0.995 ? "1" : weight.toFixed(2).slice(1));

const column = (view: Locator, side: "query" | "key") =>
  view.getByRole("listbox", { name: side === "query" ? "Looks from (queries)" : "To (keys)" });
const token = (view: Locator, side: "query" | "key", entry: number) =>
  column(view, side).locator(`[data-entry="${entry}"]`);

async function expectRow(view: Locator, row: number[]): Promise<void> {
  const numbers = row.map((weight) => (weight === 0 ? "" : short(weight))); // none where the mask hides the key
  await expect.poll(() => column(view, "key").locator(".number").allTextContents()).toEqual(numbers);
}

/** Keeps pictures of a view, to look at. */
async function look(view: Locator, variable: string): Promise<void> {
  for (const theme of ["dark", "light"]) {
    await notebook.ask(`${variable}.theme = "${theme}"; print(1)`);
    await expect(view.locator("xpath=..")).toHaveAttribute("data-theme", theme);
    await view.screenshot({ path: `test-results/looks/bertviz_${variable}_${theme}.png` });
  }
}

test.describe.configure({ mode: "serial" });

let page: Page;
let notebook: Notebook;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ viewport: { width: 1500, height: 1200 } });
  prepare("quickstart.ipynb", "bertviz.ipynb", CELLS);
  notebook = await Notebook.open(page, "bertviz.ipynb");
  await notebook.run("models");
});

test.afterAll(async () => {
  await shutDownKernels(page);
  await page.close();
});

test("head view: the row of a token is the model's, and Python knows which", async () => {
  await notebook.run("head");
  const view = await notebook.headView("head");
  expect(await notebook.outputs("head")).toHaveLength(1);
  await expect(column(view, "query").locator("[data-entry]")).toHaveCount(
    await notebook.ask<number>("print(len(tokens))"),
  );
  await token(view, "query", 4).click();
  await expectRow(view, await notebook.ask<number[]>("print(json.dumps(attention[1][0, 2, 4].tolist()))"));
  expect(await notebook.ask("print(json.dumps([view.layer, view.heads, view.query]))")).toEqual([1, [2], 4]);
  await look(view, "view");
});

test("model view: the layers asked for, and the strongest weight of the head that is clicked", async () => {
  await notebook.run("model");
  const view = await notebook.view("model", "Model");
  expect(await notebook.outputs("model")).toHaveLength(1);
  await expect(view.getByRole("gridcell")).toHaveCount(2 * 4);
  await view.getByRole("gridcell", { name: "layer 2, head 3", exact: true }).click();
  await expect.poll(() => notebook.ask("print(json.dumps([model.layer, model.head]))")).toEqual([2, 3]);
  const strongest = await notebook.ask<number>("print(json.dumps(attention[2][0, 3, :, 1:].max().item()))");
  await expect(view).toContainText("Layer 2, head 3");
  await expect(view).toContainText(`strongest ${short(strongest)}`);
  await look(view, "model");
});

test("sentence pair: shown once though the cell ends with it, and filtered by the reader", async () => {
  await notebook.run("sentences");
  const view = await notebook.headView("sentences");
  expect(await notebook.outputs("sentences")).toHaveLength(1);
  await view.getByText("B→A", { exact: true }).click();
  await expect.poll(() => notebook.ask("print(json.dumps(pair.pair_filter))")).toBe("b->a");
  await token(view, "query", await notebook.ask<number>("print(sentence_b_start + 1)")).click();
  const row = await notebook.ask<number[]>(`
row = pair_attention[0][0, 0, sentence_b_start + 1].clone()
row[sentence_b_start:] = 0  # the keys of sentence B are left out
print(json.dumps(row.tolist()))`);
  await expectRow(view, row);
  await look(view, "pair");
});

test("encoder-decoder: three parts, and the cross-attention is the model's", async () => {
  await notebook.run("twofold");
  const view = await notebook.view("twofold", "Model");
  await expect(view.getByRole("gridcell")).toHaveCount(3 * 4);
  await view.getByText("cross", { exact: true }).click();
  await expect(view.getByRole("gridcell")).toHaveCount(2 * 4);
  await view.getByRole("gridcell", { name: "layer 1, head 0", exact: true }).click();
  await expect
    .poll(() => notebook.ask("print(json.dumps([twofold.part, twofold.layer, twofold.head]))"))
    .toEqual(["cross", 1, 0]);
  const strongest = await notebook.ask<number>(
    "print(json.dumps(t5_outputs.cross_attentions[1][0, 0, :, 1:].max().item()))",
  );
  await expect(view).toContainText(`strongest ${short(strongest)}`);
  await look(view, "twofold");
});

test("neuron view: of today's GPT-2, its weight the model's", async () => {
  await notebook.run("neuron");
  const view = await notebook.view("neuron", "Neurons");
  const weight = await notebook.ask<number>(
    "neuron.select(query=4, key=2); print(json.dumps(attention[1][0, 2, 4, 2].item()))",
  );
  await expect(view).toContainText(`weight shown ${exact(weight)}`);
  await expect(view).toContainText("exact, certified");
  await look(view, "neuron");
});

test("a returned page draws in its cell, and goes on when the kernel is gone", async () => {
  await notebook.run("page");
  const view = await notebook.headView("page");
  const rows = await notebook.ask<number[][]>(
    "print(json.dumps([attention[layer][0, 2, 4].tolist() for layer in (1, 2)]))",
  );
  await shutDownKernels(page);
  await token(view, "query", 4).click();
  await expectRow(view, rows[0]);
  await page.keyboard.press("]");
  await expectRow(view, rows[1]);
});

test("the same page as a file, with no network", async ({ browser }) => {
  const context = await browser.newContext({ offline: true });
  const alone = await context.newPage();
  const errors: string[] = [];
  alone.on("pageerror", (error) => errors.push(error.message));
  const requests: string[] = [];
  alone.on("request", (request) => requests.push(request.url()));
  await alone.goto(`file://${resolve("build/browser/notebooks/view.html")}`);
  const view = alone.getByRole("region", { name: "Attention heads", exact: true });
  await expect(view).toBeVisible();
  await token(view, "query", 3).click();
  await expect(column(view, "key").locator(".number").first()).toBeVisible();
  await alone.screenshot({ path: "test-results/looks/bertviz_file.png" });
  expect(errors).toEqual([]);
  expect(requests).toHaveLength(1);
  await context.close();
});
