/** Texts of many thousand tokens in a real JupyterLab: numbers under the pointer are the capture's own. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

function cells(tokens: number, heads: number): Record<string, string> {
  return {
    capture: `
import headscope as hs, torch
torch.manual_seed(3)
k, v = torch.randn(2, 2, 1, ${tokens}, 16)
k = 4 * torch.nn.functional.normalize(k, dim=-1)
q = 3 * k.roll(7, 2) + 0.6 * torch.randn(2, ${heads}, ${tokens}, 16)  # most look seven tokens back
capture = hs.from_vectors(q, k, v, tokens=[f" word{at}" for at in range(${tokens})], causal=True)`,
    explorer: "view = hs.Explorer(capture, layer=1, heads=[1], head=1)\nview",
  };
}

/** Weights as Python has them, in four decimals. */
function weights(notebook: Notebook, query: string, key: string): Promise<number[]> {
  const code = `import json; print(json.dumps(capture.attention(1, 1, ${query}, ${key}).flatten().tolist()))`;
  return notebook.ask<number[]>(code);
}

async function scrollTo(view: Locator, entry: number): Promise<void> {
  await view.locator(".scroll-bar").evaluate((bar, top) => {
    bar.scrollTop = top;
  }, entry * 20);
}

async function tip(page: Page): Promise<string> {
  return (await page.getByRole("tooltip").locator(".says").innerText()).replace(/\s+/g, " ");
}

for (const tokens of [8192, 32_768]) {
  test(`${tokens} tokens: the pointer on any of them shows exact numbers both ways`, async ({ page }) => {
    prepare("quickstart.ipynb", "long.ipynb", cells(tokens, 2));
    const notebook = await Notebook.open(page, "long.ipynb");
    const sizes: number[] = [];
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => sizes.push(payload.length)));
    await notebook.run("capture");
    await notebook.run("explorer");
    const view = await notebook.view("explorer", "Explorer");
    const heads = view.getByRole("region", { name: "Attention heads" });
    await expect(heads.locator(".column.key [data-entry]").first()).toBeVisible();

    const query = tokens - 100;
    await scrollTo(heads, query);
    const token = (side: string, entry: number) => heads.locator(`.column.${side} [data-entry="${entry}"]`);
    await token("query", query + 5).hover();
    const row = await weights(notebook, String(query + 5), "None");
    const strongest = row.indexOf(Math.max(...row));
    await expect.poll(() => tip(page)).toContain(`word${strongest} ${exact(row[strongest])}`);

    await token("key", query + 3).hover();
    const column = await weights(notebook, "None", String(query + 3));
    const from = column.indexOf(Math.max(...column));
    await expect.poll(() => tip(page)).toContain(`word${from} ${exact(column[from])}`);
    expect(Math.max(...sizes)).toBeLessThan(4.5 * 2 ** 20);
    expect(Math.max(...column)).toBeGreaterThan(0.01);
    await shutDownKernels(page);
  });
}

test("a map of 4,096 tokens: set from Python, read, and followed down to the lines of a place", async ({ page }) => {
  const tokens = 4096;
  prepare("quickstart.ipynb", "map.ipynb", cells(tokens, 2));
  const notebook = await Notebook.open(page, "map.ipynb");
  await notebook.run("capture");
  await notebook.run("explorer");
  const view = await notebook.view("explorer", "Explorer");
  await notebook.ask('view.head_mode = "map"; print(0)');
  const plot = view.getByRole("application", { name: "Attention map of head 1: queries down, keys across" });
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (box === null) throw new Error("not on the page");

  const [x, y] = [box.x + 0.3 * box.width, box.y + 0.6 * box.height];
  await page.mouse.click(x, y);
  await expect.poll(() => notebook.ask<number>("print(view.query or 0)")).toBeGreaterThan(0.55 * tokens);
  const { query, key } = await notebook.ask<{ query: number; key: number }>(
    'print(__import__("json").dumps({"query": view.query, "key": view.key}))',
  );
  expect(Math.abs(query / tokens - 0.6)).toBeLessThan(0.02);
  expect(Math.abs(key / tokens - 0.3)).toBeLessThan(0.04); // the first key stands apart at the left

  const said = page.getByRole("tooltip");
  await page.mouse.move(x + 1, y);
  await expect(said).toContainText(/largest weight [0-9]/);
  const spans = [...(await said.innerText()).matchAll(/positions\s+(\d+)\s+to\s+(\d+)/g)];
  const [from, to] = spans.map(([, first, last]) => `slice(${first}, ${last} + 1)`);
  const cell = await weights(notebook, from, to);
  await expect(said).toContainText(`largest weight ${Math.max(...cell).toFixed(4)}`);

  await page.mouse.dblclick(x, y);
  await expect.poll(() => notebook.ask<string>("print(repr(view.head_mode).replace(chr(39), chr(34)))")).toBe("lines");
  const heads = view.getByRole("region", { name: "Attention heads" });
  await expect(heads.locator(`.column.query [data-entry="${query}"]`)).toBeInViewport();
  await expect(heads.locator(`.column.key [data-entry="${key}"]`)).toBeInViewport();
  await shutDownKernels(page);
});
