/** The explorer in a real JupyterLab: from the model to a neuron and back, and Python knows each step. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

const EXPLORE = `
text = "The doctor asked the nurse a question. She said that the"
view = hs.explore(model, text, tokenizer=tokenizer)
steps = []
view.observe(lambda change: steps.append(change["new"]), names="selection")
view`;

const READ = `
import json
print(json.dumps({name: getattr(view, name) for name in ("part", "layer", "heads", "head", "query", "key", "neuron", "scale")}
                 | {"steps": len(steps)}))`;

const START = {
  part: "self",
  layer: 0,
  heads: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  head: 0,
  query: null as number | null,
  key: null as number | null,
  neuron: null as number | null,
  scale: "model",
  steps: 0,
};
type State = typeof START;

/** The explorer of SmolLM2 in a notebook of its own. */
async function open(page: Page, name: string): Promise<{ notebook: Notebook; explorer: Locator }> {
  await page.setViewportSize({ width: 1500, height: 1200 });
  prepare("quickstart.ipynb", name, { explore: EXPLORE });
  const notebook = await Notebook.open(page, name);
  await notebook.run("load");
  await notebook.run("explore");
  return { notebook, explorer: await notebook.view("explore", "Explorer") };
}

test.afterEach(async ({ page }) => {
  await shutDownKernels(page);
});

const cell = (explorer: Locator, layer: number, head: number) =>
  explorer.getByRole("gridcell", { name: `layer ${layer}, head ${head}`, exact: true });
const column = (explorer: Locator, side: "query" | "key") =>
  explorer
    .getByRole("region", { name: "Attention heads" })
    .getByRole("listbox", { name: side === "query" ? /^Looks from/ : /^To/ });
const token = (explorer: Locator, side: "query" | "key", entry: number) =>
  column(explorer, side).locator(`[data-entry="${entry}"]`);
const neurons = (explorer: Locator) => explorer.getByRole("listbox", { name: "Neurons" });
const path = (explorer: Locator) => explorer.getByRole("navigation", { name: "Path" }).getByRole("button");

/** Asks Python until it has taken the step, and no more than that. */
async function expectStep(notebook: Notebook, state: Partial<State>): Promise<State> {
  await expect.poll(() => notebook.ask<State>(READ)).toMatchObject(state);
  return notebook.ask<State>(READ);
}

test("from the grid to a neuron with the mouse alone", async ({ page }) => {
  const { notebook, explorer } = await open(page, "mouse.ipynb");
  expect(await notebook.ask<State>(READ)).toEqual(START);
  await cell(explorer, 9, 4).click();
  const at = { ...START, layer: 9, heads: [4], head: 4, steps: 1 };
  expect(await expectStep(notebook, { steps: 1 })).toEqual(at);
  await token(explorer, "query", 8).click();
  expect(await expectStep(notebook, { steps: 2 })).toEqual({ ...at, query: 8, scale: "head", steps: 2 });
  await token(explorer, "key", 4).click();
  expect(await expectStep(notebook, { steps: 3 })).toEqual({ ...at, query: 8, key: 4, scale: "head", steps: 3 });
  const strips = await neurons(explorer).locator("canvas").last().boundingBox();
  if (strips === null) throw new Error("no neurons on the page");
  await page.mouse.click(strips.x + 30, strips.y + 4.5 * 20); // some neuron in the row of "nurse"
  const pinned = await expectStep(notebook, { steps: 4 });
  expect(pinned).toEqual({ ...at, query: 8, key: 4, neuron: expect.any(Number), scale: "neuron", steps: 4 });
  await expect(path(explorer)).toHaveText(["Model", "layer 9", "head 4", "She", "nurse", `neuron ${pinned.neuron}`]);

  await path(explorer).filter({ hasText: "head 4" }).click();
  expect(await expectStep(notebook, { steps: 5 })).toEqual({ ...at, scale: "head", steps: 5 });
  await explorer.getByRole("button", { name: "Undo" }).click();
  expect(await expectStep(notebook, { steps: 6 })).toEqual({ ...pinned, steps: 6 });
});

test("from the grid to a neuron with the keyboard alone", async ({ page }) => {
  const { notebook, explorer } = await open(page, "keys.ipynb");
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const times = (count: number, key: string) => Array.from({ length: count }, () => key);
  await path(explorer).last().focus();
  for (let stop = 0; stop < 20 && (await focusedRole(page)) !== "gridcell"; stop++) await press("Tab");
  await press(...times(9, "ArrowDown"), ...times(4, "ArrowRight"), "Enter");
  const at = { ...START, layer: 9, heads: [4], head: 4, scale: "head", steps: 1 };
  expect(await expectStep(notebook, { steps: 1 })).toEqual(at);
  await expect(column(explorer, "query")).toBeFocused();
  await press(...times(8, "ArrowDown"), "Enter");
  expect(await expectStep(notebook, { steps: 2 })).toEqual({ ...at, query: 8, scale: "neuron", steps: 2 });
  await expect(neurons(explorer)).toBeFocused();
  await press("Backspace");
  expect(await expectStep(notebook, { steps: 3 })).toEqual({ ...at, query: 8, scale: "head", steps: 3 });
  await expect(column(explorer, "query")).toBeFocused();
  await press("ArrowRight", ...times(4, "ArrowUp"), "Enter");
  expect(await expectStep(notebook, { steps: 4 })).toEqual({ ...at, query: 8, key: 4, scale: "neuron", steps: 4 });
  await expect(neurons(explorer)).toBeFocused();
  await press("ArrowRight", "ArrowRight", "Enter");
  const pinned = await expectStep(notebook, { steps: 5 });
  expect(pinned).toEqual({ ...at, query: 8, key: 4, neuron: expect.any(Number), scale: "neuron", steps: 5 });
  await expect(path(explorer)).toHaveText(["Model", "layer 9", "head 4", "She", "nurse", `neuron ${pinned.neuron}`]);

  await press("Escape");
  expect(await expectStep(notebook, { steps: 6 })).toEqual({ ...pinned, neuron: null, steps: 6 });
  await press("z");
  expect(await expectStep(notebook, { steps: 7 })).toEqual({ ...pinned, steps: 7 });
});

test("from two tokens to the head that links them, and Python knows it", async ({ page }) => {
  const { notebook, explorer } = await open(page, "links.ipynb");
  await token(explorer, "query", 8).click();
  await token(explorer, "key", 4).click();
  await explorer.getByRole("switch", { name: "rank heads" }).click();
  const ranking = explorer.getByRole("region", { name: "Heads that link two tokens" });
  await ranking.getByRole("button", { name: "1 layer 9 head 4 0.4739" }).click();
  await expectStep(notebook, { layer: 9, heads: [4], head: 4, query: 8, key: 4, scale: "model" });
  const ranked = await notebook.ask<[number, number, number][]>(`
import json
assert view.links
print(json.dumps(view.capture.links(view.query, view.key).ranked[:5]))`);
  const said = ranked.map(([layer, head, weight], at) => `${at + 1} layer ${layer} head ${head} ${exact(weight)}`);
  await expect.poll(async () => (await ranking.locator("[data-cell]").allTextContents()).slice(0, 5)).toEqual(said);
  await expect(cell(explorer, 9, 4)).toHaveCount(0); // its name says more now
  await expect(explorer.getByRole("gridcell", { name: "layer 9, head 4, 0.4739, rank 1" })).toBeVisible();
});

test("what Python sets is in every pane", async ({ page }) => {
  const { notebook, explorer } = await open(page, "set.ipynb");
  await notebook.ask("view.select(layer=16, heads=[0, 5], head=0, query=9, key=8, neuron=3); print(1)");
  expect(await expectStep(notebook, { steps: 1 })).toMatchObject({
    layer: 16,
    heads: [0, 5],
    head: 0,
    query: 9,
    key: 8,
  });
  await expect(cell(explorer, 16, 0)).toHaveAttribute("aria-selected", "true");
  await expect(cell(explorer, 16, 5)).toHaveAttribute("aria-selected", "true");
  await expect(cell(explorer, 16, 1)).toHaveAttribute("aria-selected", "false");
  await expect(explorer.getByRole("combobox", { name: "Layer" })).toHaveValue("16");
  await expect(token(explorer, "query", 9)).toHaveAttribute("aria-selected", "true");
  await expect(token(explorer, "key", 8)).toHaveAttribute("aria-selected", "true");
  await expect(explorer.getByRole("region", { name: "Neurons" })).toContainText("layer 16, head 0: said → She");
  await expect(path(explorer)).toHaveText(["Model", "layer 16", "head 0", "said", "She", "neuron 3"]);
  await page.screenshot({ path: "test-results/looks/lab.png" });
});

test("the copied code brings a new view to the same selection and settings", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { notebook, explorer } = await open(page, "code.ipynb");
  await notebook.ask(`
view.select(layer=16, heads=[0, 5], head=5, query=9, key=8, neuron=3, scale="neuron")
view.hide_first, view.threshold, view.order, view.show_layers, view.folded = True, 0.12, "contrast", [9, 16], ["model"]
print(1)`);
  await expect(path(explorer)).toContainText(["Model", "layer 16", "head 5", "said", "She", "neuron 3"]);
  await explorer.getByRole("button", { name: "copy as code" }).click();
  await expect(explorer.getByRole("button", { name: "copied" })).toBeVisible();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  const differing = await notebook.ask<string[]>(`
import json
from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS
copied = {"view": hs.Explorer(view.capture)}
exec(${JSON.stringify(code)}, copied)
print(json.dumps([name for name in (*FIELDS, *SETTINGS) if getattr(copied["view"], name) != getattr(view, name)]))`);
  expect(differing).toEqual([]);
  expect(code.split("\n")).toHaveLength(6);
});

test("two explorers on two captures stay apart; two views on one capture share it, and are linked as asked", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1500, height: 1200 });
  prepare("quickstart.ipynb", "two.ipynb", {
    one: 'one = hs.explore(model, "The doctor asked the nurse", tokenizer=tokenizer, layer=9)\none',
    two: 'two = hs.explore(model, "The cat sat on the mat", tokenizer=tokenizer, layer=3)\ntwo',
    third: "third = hs.HeadView(one.capture, layer=2)\nthird",
  });
  const notebook = await Notebook.open(page, "two.ipynb");
  for (const id of ["load", "one", "two", "third"]) await notebook.run(id);
  const layers = () => notebook.ask<number[]>("import json; print(json.dumps([one.layer, two.layer, third.layer]))");
  const next = async (id: string) =>
    (await notebook.view(id, "Attention heads")).getByRole("button", { name: "Next layer" }).click();
  await next("one");
  await expect.poll(layers).toEqual([10, 3, 2]);
  await next("two");
  await expect.poll(layers).toEqual([10, 4, 2]);
  const [first, second] = [await notebook.view("one", "Explorer"), await notebook.view("two", "Explorer")];
  await expect(token(first, "query", 4)).toContainText("nurse");
  await expect(token(second, "query", 4)).toContainText("the");

  await notebook.ask("pair = hs.link(one, third); print(1)");
  await expect.poll(layers).toEqual([10, 4, 10]);
  await next("third");
  await expect.poll(layers).toEqual([11, 4, 11]);
  await expect((await notebook.view("one", "Explorer")).getByRole("combobox", { name: "Layer" })).toHaveValue("11");
  await notebook.ask("pair.unlink(); print(1)");
  await next("one");
  await expect.poll(layers).toEqual([12, 4, 11]);
});

function focusedRole(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.getAttribute("role") ?? "");
}

test("Python has a figure of what is shown written to a file", async ({ page }) => {
  const { notebook, explorer } = await open(page, "figure.ipynb");
  await cell(explorer, 9, 4).click();
  await notebook.ask('view.to_svg("figure.svg") or print(1)');
  const read = 'import pathlib; f = pathlib.Path("figure.svg"); print(json.dumps(f.read_text() if f.exists() else ""))';
  await notebook.ask(`${READ.split("\n")[1]}; print(1)`);
  await expect.poll(() => notebook.ask<string>(read)).toContain(">nurse</text>");
});
