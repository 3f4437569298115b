/** Views as pages opened from disk, with no network and no kernel. */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { audit } from "./page/audit.js";

const FOLDER = "build/browser/pages";

const MAKE = `
import json, pathlib
import headscope as hs
from headscope import demo
folder = pathlib.Path("${FOLDER}")
folder.mkdir(parents=True, exist_ok=True)
model, tokenizer = demo.smollm2()
sentence = hs.explore(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer, layer=3)
sentence.to_html(folder / "sentence.html")
sentence.to_html(folder / "short.html", dtype="int16", layers=[8, 9])
sentence.to_html(folder / "heads.html", heads={9: [4, 7], 8: [2]})
hs.HeadView(sentence.capture, layer=9).to_html(folder / "head.html", heads=[4])
prose = " ".join(pathlib.Path("README.md").read_text().split())
ids = tokenizer(prose, return_tensors="pt").input_ids[:, :512]
hs.explore(model, ids, tokenizer=tokenizer, layer=9).to_html(folder / "long.html")
print(json.dumps(sentence.capture.attention(9, 4, 8)[0, 0].tolist()))
`;

let row: number[];

test.beforeAll(() => {
  const env = { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "1" };
  const printed = execFileSync(".venv/bin/python", ["-c", MAKE], { env, encoding: "utf8", timeout: 240_000 });
  row = JSON.parse(printed.trim().split("\n").at(-1) ?? "") as number[];
});

/** Opens a page from disk; whatever it asks a network for fails the test. */
async function open(page: Page, name: string): Promise<Locator> {
  await page.setViewportSize({ width: 1300, height: 1000 });
  await page.context().setOffline(true);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => asked.push(error.message));
  const address = pathToFileURL(resolve(FOLDER, name)).href;
  await page.goto(address);
  const explorer = page.getByRole("region", { name: "Explorer" });
  await expect(explorer.locator("canvas.thumbs[data-layers]").first()).toBeVisible();
  expect(asked.filter((url) => url !== address && !/^(data|blob):/.test(url))).toEqual([]);
  return explorer;
}

const column = (explorer: Locator, name: RegExp) => explorer.getByRole("listbox", { name });

/** From the grid to a neuron, by the pointer alone. */
async function goDown(explorer: Locator): Promise<void> {
  await explorer.getByRole("gridcell", { name: "layer 9, head 4", exact: true }).click();
  await column(explorer, /^Looks from/)
    .locator('[data-entry="8"]')
    .click();
  await column(explorer, /^To/).locator('[data-entry="4"]').click();
  await expect(explorer.getByRole("listbox", { name: "Neurons" })).toBeVisible();
}

test("all three scales of a sentence work, with the model's own numbers", async ({ page }) => {
  const explorer = await open(page, "sentence.html");
  await expect(explorer.locator('canvas.thumbs[data-layers="30"]')).toBeVisible();
  await goDown(explorer);
  await expect(column(explorer, /^To/).locator('[data-entry="4"] .number')).toHaveText(row[4].toFixed(2).slice(1));
  await expect(explorer.getByRole("navigation", { name: "Path" })).toContainText("nurse");
  await expect(explorer).toContainText(`= ${row[4].toFixed(4)}`);
});

test("a page is light or dark as its reader prefers, and follows", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  const explorer = await open(page, "short.html");
  const view = page.locator(".headscope");
  await expect(view).toHaveCSS("background-color", "rgb(17, 17, 17)");
  await audit(view);
  await page.screenshot({ path: "build/looks/dark_page.png" });
  await page.emulateMedia({ colorScheme: "light" });
  await expect(view).toHaveCSS("background-color", "rgb(255, 255, 255)");
  await expect(explorer).toBeVisible();
});

test("rounded vectors say how far weights may be off, and the layers that are left out say so", async ({ page }) => {
  const explorer = await open(page, "short.html");
  await expect(page.getByText(/no weight is further than \S+ from the exact one/)).toBeVisible();
  await goDown(explorer);
  await expect(explorer.locator(".certificate")).toContainText(/rounded to 0\.0*\d$/);
  const shown = await column(explorer, /^To/).locator('[data-entry="4"] .number').textContent();
  expect(Math.abs(Number(shown) - row[4])).toBeLessThan(0.006);
  await expect(explorer.locator("canvas.thumbs[data-layers]")).toHaveAttribute("data-layers", "30");
  await explorer.getByRole("gridcell", { name: /^layer 20, head 4/ }).click();
  await expect(explorer).toContainText("Layer 20 is not in this page.");
  await page.screenshot({ path: "build/looks/short_page.png" });
});

test("512 tokens are browsed in a page", async ({ page }) => {
  const explorer = await open(page, "long.html");
  await expect(explorer.locator('canvas.thumbs[data-layers="30"]')).toBeVisible();
  await explorer.getByRole("gridcell", { name: /^layer 10, head 7/ }).click();
  await expect(explorer.getByRole("navigation", { name: "Path" })).toContainText("layer 10");
  await expect(explorer.locator('.neuron-rows[data-layer="10"]')).toBeVisible();
  await page.screenshot({ path: "build/looks/long_page.png" });
});

test("chosen heads keep their numbers, and those that were left out say so", async ({ page }) => {
  const explorer = await open(page, "heads.html");
  await expect(page.getByText("Heads whose pictures are pale are not in this page.")).toBeVisible();
  await goDown(explorer);
  await expect(column(explorer, /^To/).locator('[data-entry="4"] .number')).toHaveText(row[4].toFixed(2).slice(1));
  await expect(explorer).toContainText(`= ${row[4].toFixed(4)}`);
  const path = explorer.getByRole("navigation", { name: "Path" });
  await expect(path).toContainText("head 4");
  const absent = explorer.getByRole("gridcell", { name: "layer 9, head 5, not in this page", exact: true });
  await absent.click();
  await expect(path).toContainText("head 4"); // it stays
  await expect(explorer.locator(".model-pane")).toContainText("Layer 9, head 5"); // enlarged, without numbers
  await expect(explorer).not.toContainText("NaN");
  const chip = (head: number) => explorer.getByRole("button", { name: `Head ${head}`, exact: true });
  await expect(chip(5)).toHaveAttribute("aria-disabled", "true");
  await chip(5).click({ force: true });
  await expect(chip(5)).toHaveAttribute("aria-pressed", "false");
  await chip(7).click();
  await expect(chip(7)).toHaveAttribute("aria-pressed", "true");
  await explorer.getByRole("gridcell", { name: /^layer 8, head 0/ }).click();
  await expect(path).toContainText("layer 8");
  await expect(path).toContainText("head 2");
  await expect(chip(2)).toHaveAttribute("aria-pressed", "true");
  await expect(explorer.getByRole("gridcell", { name: "layer 3, head 5", exact: true })).toBeVisible();
  await page.screenshot({ path: "build/looks/heads_page.png" });
});

test("a head view of one head shows that head's numbers, rounded", async ({ page }) => {
  await page.goto(pathToFileURL(resolve(FOLDER, "head.html")).href);
  const head = page.getByRole("region", { name: "Attention heads" });
  await head
    .getByRole("listbox", { name: /^Looks from/ })
    .locator('[data-entry="8"]')
    .click();
  const shown = await head.getByRole("listbox", { name: /^To/ }).locator('[data-entry="4"] .number').textContent();
  expect(Math.abs(Number(shown) - row[4])).toBeLessThan(0.006);
  await expect(head.getByRole("button", { name: "Head 4", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(head.getByRole("button", { name: "Head 0", exact: true })).toHaveAttribute("aria-disabled", "true");
});
