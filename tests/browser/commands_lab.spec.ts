/** Commands, launcher cards and settings of a real JupyterLab. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { look, Notebook, openSettings, prepare, shutDownKernels } from "./notebook.js";

const CELLS = {
  save: `
import pathlib
pathlib.Path("commands").mkdir(exist_ok=True)
text = "The doctor asked the nurse a question. She said that the"
hs.capture(model, text, tokenizer=tokenizer).save("commands/nurse.headscope", layers=[8, 9])
hs.capture(model, 40 * text, tokenizer=tokenizer).save("commands/long.headscope", layers=[8, 9])
pathlib.Path("commands/notes.txt").write_text("no capture")`,
};

test.beforeAll(async ({ browser }) => {
  prepare("quickstart.ipynb", "commands.ipynb", CELLS);
  const page = await browser.newPage();
  const notebook = await Notebook.open(page, "commands.ipynb");
  await notebook.run("load");
  await notebook.run("save");
  await shutDownKernels(page);
  await page.close();
});

const SETTINGS = "build/browser/settings/headscope";

test.afterEach(async ({ page }) => {
  rmSync(SETTINGS, { recursive: true, force: true });
  await shutDownKernels(page);
});

async function openLab(page: Page, path = ""): Promise<void> {
  await page.goto(`/lab${path}?token=${process.env.LAB_TOKEN}&reset`);
  await expect(page.locator(".jp-DirListing-content")).toBeVisible({ timeout: 120_000 });
}

/** Runs a command as a person finds it: by some of its name. */
async function fromPalette(page: Page, name: string): Promise<void> {
  await page.evaluate(() => jupyterapp.commands.execute("apputils:activate-command-palette"));
  const palette = page.locator(".lm-CommandPalette");
  await palette.getByRole("searchbox").or(palette.locator("input")).fill(name);
  await palette.locator(".lm-CommandPalette-item", { hasText: name }).click();
}

const card = (page: Page, name: string): Locator => page.locator(".jp-LauncherCard", { hasText: name });

test("a card of the launcher makes a notebook in its folder, whose cells run", async ({ page }) => {
  await openLab(page, "/tree/commands");
  await look(page, "launcher");
  await card(page, "New Attention Notebook").click();
  await expect(page.locator(".jp-Notebook .jp-CodeCell").first()).toBeVisible();
  const notebook = await Notebook.current(page);
  expect(await page.evaluate(() => jupyterapp.shell.currentWidget.context.path)).toBe("commands/Untitled.ipynb");
  // The name of a model is what a person fills in; the machine of the tests has no hub.
  const folder = await notebook.ask<string>(
    "import json; from headscope.demo_weights import prepare; from headscope.demo_sources import SMOLLM2; print(json.dumps(str(prepare(SMOLLM2))))",
  );
  await notebook.edit("attention-1", (source) => source.replace(/name = ".*?"/, `name = ${JSON.stringify(folder)}`));
  for (const id of ["attention-1", "attention-2", "attention-3"]) await notebook.run(id);
  await notebook.view("attention-2", "Explorer");
  expect(await notebook.ask<number[]>("print(list(view.selected.attention.shape))")).toEqual([9, 12, 12]);
  await notebook.ask("view.select(layer=16, heads=[0]); print(1)");
  expect(await shownByPage(page)).toEqual({ layer: 16, head: 0, layers: 30 });
});

test("opens a capture from a dialog that lists captures only, and exports what it shows as SVG", async ({ page }) => {
  await openLab(page, "/tree/commands");
  await fromPalette(page, "Open a Capture");
  const dialog = page.getByRole("dialog");
  const files = dialog.locator(".jp-DirListing-content");
  await expect(files.getByRole("listitem", { name: /nurse.headscope/ })).toBeVisible();
  await expect(files.getByRole("listitem", { name: /notes.txt/ })).toHaveCount(0);
  await look(page, "open_dialog");
  await files.getByRole("listitem", { name: /nurse.headscope/ }).click();
  await dialog.getByRole("button", { name: "Select", exact: true }).click();
  const explorer = page.locator(".jp-Document").getByRole("region", { name: "Explorer", exact: true });
  await expect(explorer.locator("canvas.thumbs")).toBeVisible();
  const download = page.waitForEvent("download");
  await fromPalette(page, "Export Figure (SVG)");
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(/^explorer layer \d+ head \d+\.svg$/);
  const svg = readFileSync(await saved.path(), "utf8");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).toMatch(/<text[^>]*>[^<]*nurse/);

  await explorer.getByRole("gridcell", { name: "layer 9, head 4", exact: true }).click();
  expect(await shownByPage(page)).toEqual({ layer: 9, head: 4, layers: 2 });
});

test("a page whose line to the server breaks is not waited for", async ({ page }) => {
  let isCut = false;
  await page.routeWebSocket(/headscope\/captures/, (line) => {
    const server = line.connectToServer();
    line.onMessage((message) => (isCut ? line.close() : server.send(message)));
  });
  await openLab(page, "/tree/commands/nurse.headscope");
  const document = page.locator(".jp-Document:not(.jp-NotebookPanel)");
  await expect(document.getByRole("region", { name: "Explorer", exact: true })).toBeVisible();
  isCut = true;
  await fromPalette(page, "Export Page");
  await expect(page.getByRole("dialog")).toContainText("the Jupyter server has closed the line");
});

/** Exports the view in front as a page; returns what that shows with no network. */
async function shownByPage(page: Page) {
  const download = page.waitForEvent("download");
  await fromPalette(page, "Export Page");
  const saved = await download;
  const alone = page.context().browser();
  if (alone === null) throw new Error("the page has no browser");
  const other = await alone.newPage({ offline: true });
  const file = `test-results/${saved.suggestedFilename()}`;
  await saved.saveAs(file);
  await other.goto(`file://${resolve(file)}`);
  const view = other.getByRole("region", { name: "Explorer", exact: true });
  await expect(view).toBeVisible();
  const path = await view.getByRole("navigation", { name: "Path" }).innerText();
  const layers = Number(await view.locator("canvas.thumbs").getAttribute("data-layers"));
  await other.close();
  const [, layer, head] = /layer (\d+)[\s\S]*head (\d+)/.exec(path) ?? [];
  return { layer: Number(layer), head: Number(head), layers };
}

test("the settings act at once on what is open", async ({ page }) => {
  await openLab(page, "/tree/commands/nurse.headscope");
  const document = page.locator(".jp-Document:not(.jp-NotebookPanel)");
  const root = document.locator(".headscope");
  await expect(root).toHaveAttribute("data-theme", "light");
  const settings = await openSettings(page);
  await look(page, "settings");
  await settings.locator('select[id$="theme"]').selectOption("dark");
  await expect(root).toHaveAttribute("data-theme", "dark");
  await settings.locator('select[id$="scale"]').selectOption("head");
  await page.locator(".lm-TabBar-tab", { hasText: "nurse.headscope" }).click();
  await expect(document.getByRole("region", { name: "Attention heads", exact: true })).toBeVisible();
  await expect(document.getByRole("region", { name: "Explorer", exact: true })).toHaveCount(0);
  await expect(root).toHaveAttribute("data-theme", "dark");
});

test("the memory setting says how much of a capture stays in the page", async ({ page }) => {
  const reads: string[] = [];
  page.on("request", (request) => {
    const range = request.headers().range;
    if (range !== undefined && request.url().includes("long.headscope")) reads.push(range);
  });
  await openLab(page, "/tree/commands/long.headscope");
  const view = page
    .locator(".jp-Document:not(.jp-NotebookPanel)")
    .getByRole("region", { name: "Explorer", exact: true });
  /** How often the file is read for a layer that has been looked at before. */
  const readAgain = async () => {
    const rows = (layer: number) => view.locator(`.neuron-rows[data-layer="${layer}"]`);
    await view.getByRole("button", { name: "Next layer" }).click();
    await expect(rows(9)).toBeVisible();
    const before = reads.length;
    await view.getByRole("button", { name: "Previous layer" }).click();
    await expect(rows(8)).toBeVisible();
    return reads.length - before;
  };
  expect(await readAgain()).toBe(0);
  const settings = await openSettings(page);
  await settings.locator('input[id$="memory"]').fill("1");
  await page.locator(".lm-TabBar-tab", { hasText: "long.headscope" }).click();
  await expect.poll(readAgain).toBeGreaterThan(0);
});

test("settings that do not fit their schema give way to the defaults, and nothing breaks", async ({ page }) => {
  mkdirSync(SETTINGS, { recursive: true });
  writeFileSync(`${SETTINGS}/settings.jupyterlab-settings`, JSON.stringify({ theme: "purple", scale: 3, memory: -1 }));
  await openLab(page, "/tree/commands/nurse.headscope");
  const document = page.locator(".jp-Document:not(.jp-NotebookPanel)");
  await expect(document.getByRole("region", { name: "Explorer", exact: true })).toBeVisible();
  await expect(document.locator(".headscope")).toHaveAttribute("data-theme", "light");
});
