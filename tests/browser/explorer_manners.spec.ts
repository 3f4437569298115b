/** The explorer as one wants it under the hand: nothing jumps, the keyboard stays, and the host has its own keys. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { openWidget } from "./page/open.js";
import type { Scenario } from "./page/scenarios.js";

const IDLE = { layer: 1, heads: [4], head: 4, scale: "model" };

async function open(
  page: Page,
  traits: Record<string, unknown> = IDLE,
  scenario: Scenario = "sentence",
): Promise<Locator> {
  await openWidget(page, { scenario, kind: "explorer", traits });
  const root = page.getByRole("region", { name: "Explorer" });
  await expect(root.locator(".neuron-rows")).toBeVisible();
  return root;
}

const heightOf = async (root: Locator) => (await root.boundingBox())?.height;
const token = (root: Locator, side: "query" | "key", entry: number) =>
  root.locator(`.head-pane .column.${side} [data-entry="${entry}"]`);

for (const width of [560, 1080, 1600]) {
  test(`in a cell of ${width} px nothing below moves while one points and pins`, async ({ page }) => {
    await page.setViewportSize({ width: width + 20, height: 1600 });
    const root = await open(page);
    const height = await heightOf(root);
    for (const entry of [0, 4, 8]) {
      await token(root, "query", entry).hover();
      await expect(root.locator(".neuron-rows")).toHaveAttribute("data-query", String(entry));
      expect(await heightOf(root)).toBe(height);
    }
    await token(root, "query", 8).click();
    await token(root, "key", 4).click();
    await root.locator(".neuron-mark").first().click();
    await expect(root.locator(".neuron-foot")).toContainText("rank 1 of");
    expect(await heightOf(root)).toBe(height);
  });
}

for (const split of [0.2, 0.5, 0.8]) {
  test(`the panes fill the width, shared by ${split}`, async ({ page }) => {
    const root = await open(page, { ...IDLE, split });
    const right = async (selector: string) => {
      const box = await root.locator(selector).boundingBox();
      return box === null ? 0 : box.x + box.width;
    };
    expect(await right(".neuron-pane")).toBeCloseTo(await right(".panes"), 0);
  });
}

test("a pane that the keyboard folds and unfolds keeps the keyboard", async ({ page }) => {
  const root = await open(page);
  for (const name of ["Heads", "Neurons", "Model"]) {
    const title = root.locator(".fold", { hasText: name });
    await title.focus();
    for (const expanded of ["false", "true", "false"]) {
      await page.keyboard.press("Enter");
      await expect(title).toHaveAttribute("aria-expanded", expanded);
      await expect(title).toBeFocused();
    }
  }
  await root.locator('[role="gridcell"][tabindex="0"]').focus();
  await page.keyboard.press("Enter"); // down to a pane that is folded
  await expect(root.locator(".fold", { hasText: "Heads" })).toBeFocused();
});

test("a short text stays beside a long recording while that scrolls", async ({ page }) => {
  const root = await open(page, { ...IDLE, part: "cross", query: 3, threshold: 0 }, "recording");
  const yOf = async (locator: Locator) => (await locator.boundingBox())?.y;
  const word = await yOf(token(root, "query", 3));
  await page.evaluate(() => window.host.model.push({ key: 150 }));
  await expect(token(root, "key", 150)).toBeVisible();
  expect(await yOf(token(root, "query", 3))).toBe(word);
  expect(await yOf(root.locator('.neuron-row[data-row="150"]'))).toBe(await yOf(token(root, "key", 150)));
  await expect.poll(() => root.locator("canvas.marks").getAttribute("data-lines")).not.toBe("0");
  await token(root, "query", 7).click(); // the seconds that one has scrolled to stay
  await expect(token(root, "query", 7)).toHaveAttribute("aria-selected", "true");
  await expect(token(root, "key", 150)).toBeVisible();
});

test("Shift + Enter is the host's, which runs the cell", async ({ page }) => {
  const root = await open(page, { ...IDLE, query: 8 });
  await page.evaluate(() => {
    document.addEventListener("keydown", ({ key }) => {
      document.body.dataset.keys = `${document.body.dataset.keys ?? ""} ${key}`;
    });
  });
  const stops = ['[role="gridcell"][tabindex="0"]', ".column.query", ".neuron-strips"];
  for (const stop of stops) {
    await root.locator(stop).focus();
    await page.keyboard.press("Shift+Enter");
  }
  await expect(page.locator("body")).toHaveAttribute("data-keys", " Shift Enter Shift Enter Shift Enter");
  expect(await page.evaluate(() => window.host.model.steps)).toEqual([]);
});

test("a control keeps the keyboard while another pane's scale is in focus", async ({ page }) => {
  const root = await open(page, { ...IDLE, query: 8, key: 4, neuron: 9, scale: "neuron" });
  const slider = root.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => page.evaluate(() => window.host.model.steps.length)).toBe(1);
  await page.keyboard.press("z");
  await expect.poll(() => page.evaluate(() => window.host.model.steps.length)).toBe(2);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(slider).toBeFocused();
});

test("a key that is let go elsewhere holds no later steps together", async ({ page }) => {
  const root = await open(page);
  await page.evaluate(() => {
    document.getElementById("below")?.insertAdjacentHTML("beforeend", "<textarea></textarea>");
  });
  await root.locator(".column.query").focus();
  await page.keyboard.down("]");
  await page.locator("#below textarea").focus();
  await page.keyboard.up("]");
  const layer = root.getByRole("combobox", { name: "Layer" });
  for (const pushed of [0, 1]) {
    await page.evaluate((one) => window.host.model.push({ layer: one }), pushed);
    await expect(layer).toHaveValue(String(pushed));
  }
  const undo = root.getByRole("button", { name: "Undo" });
  for (const before of ["0", "2", "1"]) {
    await undo.click();
    await expect(layer).toHaveValue(before);
  }
});

test('"copied" gives way to "copy as code" again', async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const root = await open(page);
  await root.getByRole("button", { name: "copy as code" }).click();
  await expect(root.getByRole("button", { name: "copied" })).toBeVisible();
  await expect(root.getByRole("button", { name: "copy as code" })).toBeVisible();
});
