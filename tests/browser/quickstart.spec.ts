/** The quickstart in a real JupyterLab with a real kernel: clicks become Python values, and the other way round. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

interface Selection {
  layer: number;
  heads: number[];
  head: number | null;
  query: number | null;
  key: number | null;
  row: number[] | null;
}

const READ = (view: string) => `
import json
row = None if ${view}.query is None else ${view}.capture.attention(${view}.layer, ${view}.head, ${view}.query)[0, 0].tolist()
print(json.dumps({"layer": ${view}.layer, "heads": ${view}.heads, "head": ${view}.head, "query": ${view}.query,
                  "key": ${view}.key, "row": row}))`;

const COUNT = `
import gc, json
import comm
from headscope.answers.budget import living
gc.collect()
print(json.dumps({"views": sum(type(one) is hs.Explorer for one in gc.get_objects()), "captures": len(list(living())),
                  "comms": len(comm.get_comm_manager().comms),
                  "observers": sum(map(len, view._trait_notifiers.values()))}))`;

// A notebook, and so a kernel, for each test.
const open = (page: Page, name: string) => {
  prepare("quickstart.ipynb", name, {
    "read-view": READ("view"),
    "read-pair": READ("pair"),
    count: COUNT,
    print: "print(1)",
    again: "view",
    other: "other = hs.HeadView(view.capture, layer=3)\nother",
    "read-other": READ("other"),
    hostile: 'hostile = hs.explore(model, "<script>alert(1)</script> & <b>bold</b>", tokenizer=tokenizer)\nhostile',
    sleep: "import time\nfor _ in range(80): time.sleep(0.1)",
  });
  return Notebook.open(page, name);
};

const explorer = (notebook: Notebook, cell: string) => notebook.view(cell, "Explorer");

test.afterEach(async ({ page }) => {
  await shutDownKernels(page);
});

const tokens = (view: Locator, side: "from" | "to") =>
  view.getByRole("listbox", { name: side === "from" ? /Looks from/ : /^To/ }).getByRole("option");

/** The numbers beside the key tokens, as shown: ".47" for 0.4748. */
async function numbers(view: Locator): Promise<string[]> {
  return tokens(view, "to").locator(".number").allTextContents();
}

function asShown(weight: number): string {
  if (weight < 0.005) return "0";
  return weight > 0.995 ? "1" : weight.toFixed(2).slice(1);
}

test("SmolLM2: a clicked layer, head and token are Python's, and Python moves the picture", async ({ page }) => {
  const notebook = await open(page, "clicks.ipynb");
  await notebook.run("load");
  await notebook.run("view");
  const view = await explorer(notebook, "view");
  await expect(view.getByRole("button", { name: "Head 4", exact: true })).toHaveAttribute("aria-current", "true");

  await view.getByRole("button", { name: "Next layer" }).click();
  await view.getByRole("button", { name: "Next layer" }).click();
  await view.getByRole("button", { name: "Head 1", exact: true }).dblclick();
  await tokens(view, "from").nth(8).click();
  await expect(tokens(view, "from").nth(8)).toHaveAttribute("aria-selected", "true");
  await page.mouse.move(0, 0);

  await notebook.run("selection");
  expect((await notebook.printed("selection")).trim()).toBe("11 [1] 1 8");
  const read = await notebook.read<Selection>("read-view");
  expect(read).toMatchObject({ layer: 11, heads: [1], head: 1, query: 8, key: null });
  const seen = (read.row ?? []).slice(0, 9).map(asShown);
  await expect.poll(async () => (await numbers(await explorer(notebook, "view"))).slice(0, 9)).toEqual(seen);

  await notebook.run("select");
  const moved = await explorer(notebook, "view");
  await expect(moved.getByRole("combobox", { name: "Layer" })).toHaveValue("16");
  await expect(moved.getByRole("button", { name: "Head 0", exact: true })).toHaveAttribute("aria-pressed", "true");
  const after = await notebook.read<Selection>("read-view");
  expect(after).toMatchObject({ layer: 16, heads: [0], head: 0, query: 8 });
  const row = (after.row ?? []).slice(0, 9).map(asShown);
  await expect.poll(async () => (await numbers(await explorer(notebook, "view"))).slice(0, 9)).toEqual(row);
});

test("MiniLM: a sentence pair, filtered and pinned by mouse", async ({ page }) => {
  const notebook = await open(page, "pair.ipynb");
  await notebook.run("load");
  await notebook.run("pair-view");
  const view = await explorer(notebook, "pair-view");
  await view.getByRole("button", { name: "Previous layer" }).click();
  await view.getByRole("button", { name: "Head 7", exact: true }).dblclick();
  await view.getByRole("radio", { name: "from sentence A to B" }).click();
  await tokens(view, "from").filter({ hasText: /^cat/ }).click();
  await page.mouse.move(0, 0);
  await notebook.run("pair-selection");
  expect((await notebook.printed("pair-selection")).trim()).toBe("2 [7] 7 2 a->b");
});

test("two views of one capture, and one view shown twice, do not disturb each other", async ({ page }) => {
  const notebook = await open(page, "twice.ipynb");
  for (const cell of ["load", "view", "again", "other"]) await notebook.run(cell);
  const again = await explorer(notebook, "again");
  await tokens(again, "from").nth(5).click();
  expect(await notebook.read<Selection>("read-view")).toMatchObject({ layer: 9, query: 5 });
  const first = await explorer(notebook, "view");
  await expect(tokens(first, "from").nth(5)).toHaveAttribute("aria-selected", "true");
  expect(await notebook.read<Selection>("read-other")).toMatchObject({ layer: 3, query: null });
  const other = await notebook.headView("other");
  await other.getByRole("button", { name: "Next layer" }).click();
  expect(await notebook.read<Selection>("read-other")).toMatchObject({ layer: 4 });
  expect(await notebook.read<Selection>("read-view")).toMatchObject({ layer: 9, query: 5 });
});

test("text that looks like markup is text", async ({ page }) => {
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const notebook = await open(page, "hostile.ipynb");
  await notebook.run("load");
  await notebook.run("hostile");
  const view = await explorer(notebook, "hostile");
  const text = (await tokens(view, "from").locator(".token").allTextContents()).join("");
  expect(text.replaceAll("·", " ")).toBe("<script>alert(1)</script> & <b>bold</b>");
  expect(dialogs).toEqual([]);
  await expect(view.locator("script, .token b")).toHaveCount(0);
});

test("a busy kernel is shown as busy, and the picture comes when it is free", async ({ page }) => {
  const notebook = await open(page, "busy.ipynb");
  await notebook.run("load");
  await notebook.run("view");
  await notebook.start("sleep");
  const view = await explorer(notebook, "view");
  await view.getByRole("button", { name: "Next layer" }).click();
  await expect(view.getByText(/kernel is busy/)).toBeVisible();
  await notebook.finished("sleep");
  await expect(view.getByText(/kernel is busy/)).toBeHidden();
  expect(await notebook.read<Selection>("read-view")).toMatchObject({ layer: 10 });
});

test("50 runs of the cell leave one view, one capture, one comm, and one picture", async ({ page }) => {
  test.setTimeout(1_800_000);
  const notebook = await open(page, "again.ipynb");
  await notebook.run("load");
  for (const cell of ["print", "view", "view", "count"]) await notebook.run(cell);
  await explorer(notebook, "view");
  const before = await notebook.read<Record<string, number>>("count");
  expect(before).toMatchObject({ views: 1, captures: 1 });
  const pageBefore = await pictures(page);

  const listeners = await listenerCounter(page);
  const start = await listeners();
  for (let time = 0; time < 50; time++) await notebook.run("print"); // JupyterLab adds some with each run of any cell
  const middle = await listeners();
  for (let time = 0; time < 50; time++) await notebook.run("view");
  await explorer(notebook, "view");
  const end = await listeners();

  expect(await notebook.read<Record<string, number>>("count")).toEqual(before);
  expect(await pictures(page)).toEqual(pageBefore);
  expect(end - middle).toBeLessThan(middle - start + 50); // less than one more for each run
});

/** Our elements and canvases on the page. */
function pictures(page: Page): Promise<{ hosts: number; canvases: number }> {
  return page.evaluate(() => {
    const roots = [...document.querySelectorAll("*")].flatMap((element) => element.shadowRoot ?? []);
    const canvases = roots.reduce((sum, root) => sum + root.querySelectorAll("canvas").length, 0);
    return { hosts: roots.length, canvases };
  });
}

/** Counts what listens in the whole page, after a garbage collection. */
async function listenerCounter(page: Page): Promise<() => Promise<number>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  return async () => {
    for (let time = 0; time < 3; time++) await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "JSEventListeners")?.value ?? Number.NaN;
  };
}
