/** Notebooks that are opened without running, in a real JupyterLab: the file, the picture, and who may run what. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Browser, expect, type Locator, type Page, test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

const FOLDER = "build/browser/notebooks";
const MIB = 2 ** 20;
const SAVED = "application/vnd.headscope.saved+json";

const CELLS = {
  models: `
import json, pathlib, torch
from transformers import GPT2Config, GPT2LMHeadModel
torch.manual_seed(0)
gpt2 = GPT2LMHeadModel(GPT2Config()).eval()  # 12 x 12 heads, random
text = " ".join(pathlib.Path("../../../README.md").read_text().split())
ids = tokenizer(text, return_tensors="pt").input_ids
def show(model, start, **initial):
    return hs.explore(model, ids[:, start:start + 512], tokenizer=tokenizer, **initial)`,
  first: `first = show(model, 0, layer=9, heads=[4], query=300)\nfirst`,
  second: `second = show(model, 512, layer=16, heads=[0], query=40)\nsecond`,
  third: `third = show(gpt2, 0, layer=5, heads=[7], query=100)\nthird`,
  sentence: `sentence = hs.explore(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer, layer=9, heads=[4], query=8, key=4)\nsentence`,
  both: `both = hs.HeadView(sentence.capture, layer=3)\nboth`,
};

interface Saved {
  cells: { id: string; source: string | string[]; outputs: { data?: Record<string, unknown> }[] }[];
  metadata: Record<string, unknown>;
}

const path = (name: string) => `${FOLDER}/${name}`;
const read = (name: string): Saved => JSON.parse(readFileSync(path(name), "utf8"));
const outputOf = (notebook: Saved, id: string) => notebook.cells.find((cell) => cell.id === id)?.outputs[0]?.data ?? {};

/** A copy of the saved notebook with some of it changed, so that nobody has vouched for it. */
function change(name: string, act: (notebook: Saved) => void): void {
  const notebook = read("saved.ipynb");
  notebook.cells[0].source = [`# ${name}`];
  act(notebook);
  writeFileSync(path(name), JSON.stringify(notebook, null, 1));
}

/** A weight as it stands beside a token. */
const short = (weight: number) => (weight < 0.005 ? "0" : weight > 0.995 ? "1" : weight.toFixed(2).slice(1));

const keys = (view: Locator) => view.getByRole("listbox", { name: /^To/ });

/** The numbers beside those key tokens that are in the page, by position: the others are scrolled out of sight. */
async function numbers(view: Locator): Promise<Map<number, string>> {
  const entries = await keys(view)
    .locator("[data-entry]")
    .evaluateAll((rows) =>
      rows.map((row) => [Number((row as HTMLElement).dataset.entry), row.querySelector(".number")?.textContent ?? ""]),
    );
  return new Map(entries as [number, string][]);
}

/** Holds the numbers that are seen against the model's own row; those of small weights are rounded. */
async function expectRow(view: Locator, row: number[]): Promise<void> {
  await expect.poll(async () => [...(await numbers(view)).values()].some((number) => number !== "")).toBe(true);
  const seen = await numbers(view);
  expect(seen.size).toBeGreaterThan(3);
  for (const [key, number] of seen) {
    if (row[key] === 0) expect(number, `key ${key}`).toBe("");
    else if (row[key] > 0.07) expect(number, `key ${key}`).toBe(short(row[key]));
    else expect(Math.abs(Number(number) - row[key]), `key ${key}`).toBeLessThan(0.0075);
  }
}

/** The lab without some of its extensions. */
async function without(page: Page, ...names: string[]): Promise<void> {
  for (const name of names) await page.route(`**/extensions/${name}/static/remoteEntry.*`, (route) => route.abort());
}

const rowOf = (view: string) =>
  `print(json.dumps(${view}.capture.attention(${view}.layer, ${view}.head, ${view}.query)[0, 0].tolist()))`;

test.describe.configure({ mode: "serial" });

const rows: Record<string, number[]> = {};
let page: Page;

async function freshPage(browser: Browser): Promise<Page> {
  return browser.newPage({ viewport: { width: 1400, height: 1100 } });
}

test.beforeEach(async ({ browser }) => {
  page = await freshPage(browser);
});

test.afterEach(async () => {
  await shutDownKernels(page);
  await page.close();
});

test("run and saved: each explorer of 512 tokens adds at most 1 MiB, and no state of widgets", async () => {
  prepare("quickstart.ipynb", "saved.ipynb", CELLS);
  const notebook = await Notebook.open(page, "saved.ipynb");
  await notebook.run("load");
  await notebook.run("models");
  const save = () => page.evaluate(() => jupyterapp.commands.execute("docmanager:save"));
  await save();
  let before = statSync(path("saved.ipynb")).size;
  const added: Record<string, number> = {};
  for (const id of ["first", "second", "third", "sentence", "both"]) {
    await notebook.run(id);
    await save();
    const after = statSync(path("saved.ipynb")).size;
    added[id] = after - before;
    before = after;
    if (id !== "both") rows[id] = await notebook.ask<number[]>(rowOf(id));
  }
  console.log("bytes added:", JSON.stringify(added));
  for (const bytes of Object.values(added)) expect(bytes).toBeLessThanOrEqual(MIB);
  expect(added.sentence).toBeLessThan(0.4 * MIB);
  const file = read("saved.ipynb");
  expect(file.metadata).not.toHaveProperty("widgets");
  for (const id of ["first", "second", "third"]) {
    expect(Object.keys(outputOf(file, id)).sort()).toEqual(
      [SAVED, "application/vnd.jupyter.widget-view+json", "image/png", "text/html", "text/plain"].sort(),
    );
  }
  // What is shown is the live widget, and nothing but that.
  const view = await notebook.view("first", "Explorer");
  await expect(view.getByText("exact, certified")).toBeVisible();
  await expect(page.getByText("As it was when this cell ran.")).toHaveCount(0);
});

test("opened again without running: the picture, its numbers, and what is not there", async () => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const notebook = await Notebook.open(page, "saved.ipynb");
  for (const id of ["first", "second", "third", "sentence"]) {
    const view = await notebook.view(id, "Explorer");
    await expectRow(view, rows[id]);
  }
  const sentence = await notebook.view("sentence", "Explorer");
  await expect(sentence.getByText("exact, certified")).toBeVisible();
  await expect(sentence.getByRole("listbox", { name: "Neurons" })).toBeVisible();

  const view = await notebook.view("first", "Explorer");
  await expect(view.getByText(/^rounded to/)).toBeVisible();
  await expect(view).toContainText("Queries and keys of layer 9 were not saved.");
  await expect(view.locator("canvas.thumbs")).toHaveAttribute("data-layers", "30");
  for (const theme of ["JupyterLab Dark", "JupyterLab Light"]) {
    await page.evaluate((name) => {
      const { commands } = jupyterapp as unknown as {
        commands: { execute(name: string, args: object): Promise<void> };
      };
      return commands.execute("apputils:change-theme", { theme: name });
    }, theme);
    await expect(view.locator("xpath=..")).toHaveAttribute("data-theme", theme.endsWith("Dark") ? "dark" : "light");
    await page.screenshot({ path: `test-results/looks/saved_${theme.slice(11).toLowerCase()}.png` });
  }
  await view.getByRole("button", { name: "Next layer" }).click();
  await expect(view.getByRole("region", { name: "Attention heads" }).getByRole("alert")).toHaveText(
    "Layer 10 was not saved. Run the cell to see it.",
  );
  expect(errors).toEqual([]);
});

test("opened while its kernel lives: the widget itself, which Python hears", async () => {
  const first = await Notebook.open(page, "saved.ipynb");
  await first.run("load");
  await first.run("sentence");
  await page.evaluate(() => jupyterapp.commands.execute("docmanager:save"));
  const again = await Notebook.open(page, "saved.ipynb");
  const view = await again.view("sentence", "Explorer");
  const note = page.locator('[data-cell="sentence"]').getByText("As it was when this cell ran.");
  await expect(note).toHaveCount(0);
  await view.getByRole("button", { name: "Next layer" }).click();
  await expect.poll(() => again.ask("print(sentence.layer)")).toBe(10);
});

test("nobody vouches for it: the picture is drawn, and no script of the notebook's runs", async () => {
  change("untrusted.ipynb", (notebook) => {
    const data = outputOf(notebook, "first");
    data["text/html"] =
      `<img src="x" onerror="window.ran = 1"><script>window.ran = 1</script>${[data["text/html"]].flat().join("")}`;
  });
  const notebook = await Notebook.open(page, "untrusted.ipynb");
  await expectRow(await notebook.view("first", "Explorer"), rows.first);
  await expectRow(await notebook.view("second", "Explorer"), rows.second);
  expect(await page.evaluate(() => "ran" in window)).toBe(false);
});

test("damaged or newer data are refused in words", async () => {
  change("damaged.ipynb", (notebook) => {
    const first = outputOf(notebook, "first");
    first["text/html"] = [first["text/html"]].flat().join("").replace('"payload": "', '"payload": "%');
    (outputOf(notebook, "second")[SAVED] as { version: number }).version = 2;
    delete outputOf(notebook, "third")["text/html"];
  });
  const notebook = await Notebook.open(page, "damaged.ipynb");
  const said = {
    first: "This saved picture is damaged: its data are not those that were saved.",
    second: "was saved by a newer headscope (format 2; this one reads 1)",
    third: "This saved picture is damaged: its data are missing. Run the cell again.",
  };
  for (const [id, words] of Object.entries(said)) {
    await expect((await notebook.cell(id)).getByRole("alert")).toContainText(words);
  }
  await expectRow(await notebook.view("sentence", "Explorer"), rows.sentence);
});

test("without our extension: a still picture where nobody vouches, and a view where scripts may run", async ({
  browser,
}) => {
  change("still.ipynb", () => {});
  await without(page, "headscope");
  const still = await Notebook.open(page, "still.ipynb");
  const picture = (await still.cell("first")).getByRole("img", {
    name: /^Attention of LlamaForCausalLM .* layers \(0 to/,
  });
  await expect(picture).toBeVisible();
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(200);
  await expect(page.getByRole("region", { name: "Explorer", exact: true })).toHaveCount(0);
  await page.screenshot({ path: "test-results/looks/saved_still.png" });

  const other = await freshPage(browser);
  await without(other, "headscope", "@jupyter-widgets/jupyterlab-manager", "anywidget");
  const notebook = await Notebook.open(other, "saved.ipynb");
  await expectRow(await notebook.view("first", "Explorer"), rows.first);
  await expect(other.getByRole("img", { name: /^Attention of/ })).toHaveCount(0);
  await other.close();
});

test("as a page made by nbconvert, with no network", async ({ browser }) => {
  execFileSync(".venv/bin/python", ["-m", "nbconvert", "--to", "html", path("saved.ipynb")]);
  const context = await browser.newContext({ offline: true });
  const alone = await context.newPage();
  await alone.goto(`file://${resolve(FOLDER, "saved.html")}`);
  const views = alone.getByRole("region", { name: "Explorer", exact: true });
  await expect(views).toHaveCount(4);
  await expectRow(views.first(), rows.first);
  await context.close();
});

test("with no kernel at all", async () => {
  change("alone.ipynb", (notebook) => {
    notebook.metadata.kernelspec = { name: "absent", display_name: "Absent", language: "absent" };
    notebook.metadata.language_info = { name: "absent" };
  });
  await page.goto(`/lab/tree/alone.ipynb?token=${process.env.LAB_TOKEN}&reset`);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Select Kernel", { timeout: 120_000 });
  await dialog.getByRole("button", { name: "No Kernel" }).click();
  const view = page.getByRole("region", { name: "Explorer", exact: true }).first();
  await view.scrollIntoViewIfNeeded();
  await expectRow(view, rows.first);
});
