/** Saved captures as documents of a real JupyterLab: a double click opens the explorer, and no kernel runs. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

const FOLDER = "build/browser/notebooks";

const CELLS = {
  save: `
import json, pathlib
pathlib.Path("captures").mkdir(exist_ok=True)
text = "The doctor asked the nurse a question. She said that the"
capture = hs.capture(model, text, tokenizer=tokenizer)
capture.save("captures/nurse & <b>doctor.headscope")
prose = " ".join(pathlib.Path("../../../README.md").read_text().split())
ids = tokenizer(prose, return_tensors="pt").input_ids[:, :1400]
hs.capture(model, ids, tokenizer=tokenizer).save("captures/long.headscope", layers=[8, 9, 10])`,
  row: `print(json.dumps(capture.attention(9, 4, 8)[0, 0].tolist()))`,
};

let row: number[];

/** Saves the files once; their tests are the ones below. */
test.beforeAll(async ({ browser }) => {
  prepare("quickstart.ipynb", "save.ipynb", CELLS);
  const page = await browser.newPage();
  const notebook = await Notebook.open(page, "save.ipynb");
  await notebook.run("load");
  await notebook.run("save");
  row = await notebook.read<number[]>("row");
  await shutDownKernels(page);
  await page.close();
});

/** Opens the lab, and a file by a double click in its list. */
async function openFile(page: Page, name: string): Promise<Locator> {
  await page.setViewportSize({ width: 1600, height: 1100 });
  await page.goto(`/lab?token=${process.env.LAB_TOKEN}&reset`);
  const list = page.locator(".jp-DirListing-content");
  await list.getByRole("listitem", { name: /^Name: captures/ }).dblclick();
  await list.getByRole("listitem", { name: new RegExp(`^Name: ${name}`) }).dblclick();
  return page.locator(".jp-Document:not(.jp-NotebookPanel)");
}

const sessions = async (page: Page): Promise<unknown[]> => {
  const headers = { Authorization: `token ${process.env.LAB_TOKEN}` };
  return (await page.request.get("/api/sessions", { headers })).json();
};

test("a double click opens the explorer, with all three scales and the model's own numbers, and saves a figure", async ({
  page,
}) => {
  const asked: string[] = [];
  page.on("websocket", (socket) => asked.push(socket.url()));
  page.on("response", (response) => {
    if (response.url().includes("/files/captures/")) asked.push(`${response.status()}`);
  });
  const document = await openFile(page, "nurse & <b>doctor.headscope");
  const explorer = document.getByRole("region", { name: "Explorer" });
  await expect(explorer.locator('canvas.thumbs[data-layers="30"]')).toBeVisible();
  expect(asked.filter((url) => url.includes("/headscope/captures/"))).toEqual([]); // a small file is computed in the page
  expect(new Set(asked.filter((one) => one.length === 3))).toEqual(new Set(["206"]));
  await explorer.getByRole("gridcell", { name: "layer 9, head 4", exact: true }).click();
  const side = (name: RegExp) => explorer.getByRole("listbox", { name });
  await side(/^Looks from/)
    .locator('[data-entry="8"]')
    .click();
  const number = side(/^To/).locator('[data-entry="4"] .number');
  await expect(number).toHaveText(row[4].toFixed(2).slice(1));
  await side(/^To/).locator('[data-entry="4"]').click();
  await expect(explorer.getByRole("listbox", { name: "Neurons" })).toBeVisible();
  await expect(explorer.getByRole("navigation", { name: "Path" })).toContainText("nurse");
  expect(await sessions(page)).toEqual([]);
  await page.screenshot({ path: "build/looks/document.png" });

  const download = page.waitForEvent("download");
  await explorer.getByRole("button", { name: "Save as a figure" }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toBe("explorer layer 9 head 4.svg");
  const svg = readFileSync(await saved.path(), "utf8");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text.trim());
  expect(texts).toEqual(expect.arrayContaining(["The", "doctor", "asked", "nurse", "question", "She", "said", "that"]));
});

test("a long text is browsed, the server computing, the layers that were saved under their numbers", async ({
  page,
}) => {
  const document = await openFile(page, "long.headscope");
  const explorer = document.getByRole("region", { name: "Explorer" });
  await expect(explorer.locator('canvas.thumbs[data-layers="3"]')).toBeVisible();
  await explorer.getByRole("gridcell", { name: "layer 10, head 7", exact: true }).click();
  await expect(explorer.getByRole("navigation", { name: "Path" })).toContainText("layer 10");
  await expect(explorer.locator('.neuron-rows[data-layer="10"]')).toBeVisible();
  expect(await sessions(page)).toEqual([]);
});

test("a file that is damaged, or newer, says so in its place", async ({ page }) => {
  const whole = readFileSync(`${FOLDER}/captures/long.headscope`);
  writeFileSync(`${FOLDER}/captures/cut.headscope`, whole.subarray(0, whole.length - 10));
  const cut = await openFile(page, "cut.headscope");
  await expect(cut.getByRole("alert")).toContainText("cut.headscope is damaged");
});

test("a file that is renamed while it is open is read on", async ({ page }) => {
  copyFileSync(`${FOLDER}/captures/nurse & <b>doctor.headscope`, `${FOLDER}/captures/first.headscope`);
  rmSync(`${FOLDER}/captures/second.headscope`, { force: true });
  const document = await openFile(page, "first.headscope");
  const explorer = document.getByRole("region", { name: "Explorer" });
  await expect(explorer.locator('canvas.thumbs[data-layers="30"]')).toBeVisible();
  const list = page.locator(".jp-DirListing-content");
  await list.getByRole("listitem", { name: /^Name: first/ }).click();
  await page.keyboard.press("F2");
  await page.locator("input.jp-DirListing-editor").fill("second.headscope");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("tab", { name: "second.headscope" })).toBeVisible();
  await explorer.getByRole("gridcell", { name: "layer 20, head 2", exact: true }).click();
  await expect(explorer.locator('.neuron-rows[data-layer="20"]')).toBeVisible();
});

test("a file that is saved again while it is open says what to do", async ({ page }) => {
  const nurse = readFileSync(`${FOLDER}/captures/nurse & <b>doctor.headscope`);
  writeFileSync(`${FOLDER}/captures/again.headscope`, nurse);
  const document = await openFile(page, "again.headscope");
  const explorer = document.getByRole("region", { name: "Explorer" });
  await expect(explorer.locator('canvas.thumbs[data-layers="30"]')).toBeVisible();
  copyFileSync(`${FOLDER}/captures/long.headscope`, `${FOLDER}/captures/again.headscope`);
  await explorer.getByRole("gridcell", { name: "layer 20, head 2", exact: true }).click();
  await expect(explorer.getByText(/The file is another than it was .* open it again\./).first()).toBeVisible();
});

test("views that cannot be loaded say so in their place", async ({ page }) => {
  await page.route(/\/lab\/extensions\/headscope\/static\/.*/, async (route) => {
    const response = await route.fetch();
    if ((await response.text()).includes("Opening the capture")) await route.abort();
    else await route.fulfill({ response });
  });
  const document = await openFile(page, "nurse & <b>doctor.headscope");
  await expect(document.getByRole("alert")).toContainText("the views could not be loaded");
});

test("who closes the document ends the line to the server", async ({ page }) => {
  const closed = new Promise<void>((resolve) => {
    page.on("websocket", (socket) => {
      if (socket.url().includes("/headscope/captures/")) socket.on("close", () => resolve());
    });
  });
  const document = await openFile(page, "long.headscope");
  await expect(document.getByRole("region", { name: "Explorer" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon").first().click();
  await closed;
});

test("a document is open again after the page is loaded again, where it was left", async ({ page }) => {
  const document = await openFile(page, "nurse & <b>doctor.headscope");
  const explorer = document.getByRole("region", { name: "Explorer" });
  await explorer.getByRole("gridcell", { name: "layer 9, head 4", exact: true }).click();
  const from = explorer.getByRole("listbox", { name: /^Looks from/ });
  await from.locator('[data-entry="8"]').click();
  await explorer.getByRole("switch", { name: "hide first" }).click();
  const path = explorer.getByRole("navigation", { name: "Path" });
  await expect(path).toContainText("She");
  const headers = { Authorization: `token ${process.env.LAB_TOKEN}` };
  const workspace = async () => (await page.request.get("/lab/api/workspaces/default", { headers })).text();
  await expect.poll(workspace).toMatch(/"headscope:captures/);
  await expect.poll(workspace).toMatch(/"hide_first": ?true/);
  await page.goto(`/lab?token=${process.env.LAB_TOKEN}`);
  await expect(path).toContainText("layer 9");
  await expect(path).toContainText("She");
  await expect(explorer.getByRole("switch", { name: "hide first" })).toBeChecked();
});
