/** The head view with 2,000 tokens: only what is in view is on the page, and the wheel stays the notebook's. */
import { expect, type Page, test } from "@playwright/test";
import { short } from "../../js/views/shared/format.js";
import { open, reference } from "./page/reference.js";
import type { View } from "./page/view.js";

const long = reference("long");
const LAST = 1999;

async function options(view: View): Promise<number[]> {
  const entries = await view
    .column("query")
    .getByRole("option")
    .evaluateAll((all) => all.map((one) => Number((one as HTMLElement).dataset.entry)));
  return [entries[0], entries[entries.length - 1], entries.length];
}

async function wheelOver(page: Page, view: View, delta: number): Promise<void> {
  const box = await view.root.locator("canvas.marks").boundingBox();
  if (box === null) throw new Error("not on the page");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, delta);
}

test("has only the tokens in view on the page", async ({ page }) => {
  const view = await open(page, "long");
  expect(await options(view)).toEqual([0, 23, 24]);
  await expect(view.token("query", 0)).toHaveAttribute("aria-setsize", "2000");
  const expected = Array.from({ length: 9 }, (_, head) => long.weights(0, head).slice(0, 24).flat());
  await view.expectLines(expected.flat().filter((weight) => weight >= 0.05).length);
});

test("leaves the wheel to the notebook, and takes it with Shift held", async ({ page }) => {
  const view = await open(page, "long");
  await page.locator("#below").evaluate((below) => {
    below.style.height = "3000px";
  });
  await wheelOver(page, view, 200);
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(200);
  expect((await options(view))[0]).toBe(0);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.keyboard.down("Shift");
  await wheelOver(page, view, 210);
  await page.keyboard.up("Shift");
  await expect.poll(() => options(view)).toEqual([10, 34, 25]);
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
  await expect(view.root).toContainText("Shift + wheel scrolls");
});

test("scrolls by its bar", async ({ page }) => {
  const view = await open(page, "long");
  await view.root.locator(".scroll-bar").evaluate((bar) => {
    bar.scrollTop = 20_000;
  });
  await expect.poll(() => options(view)).toEqual([1000, 1023, 24]);
});

test("scrolls to a token that Python pins, and its numbers are right", async ({ page }) => {
  const view = await open(page, "long", { traits: { heads: [4], head: 4 } });
  await view.push({ query: 1500 });
  await expect(view.token("query", 1500)).toBeInViewport();
  const row = long.weights(0, 4)[1500];
  const [first, last] = await options(view);
  const expected = row.slice(first, last + 1).map((weight, at) => (first + at <= 1500 ? short(weight, 2000) : ""));
  await view.expectNumbers("key", expected);
  const bar = await view.root.locator(".scroll-bar").evaluate(({ scrollTop }) => scrollTop);
  expect(Math.round(bar / 20)).toBe(first);
});

test("draws the lines to a pinned key also from out of view, those from far away as one", async ({ page }) => {
  const view = await open(page, "long", { traits: { heads: [4], head: 4, key: 3 } });
  const weights = long.weights(0, 4);
  const [near, far] = [weights.slice(0, 48), weights.slice(48)].map(
    (rows) => rows.filter((row) => row[3] >= 0.05).length,
  );
  expect(near).toBeGreaterThan(weights.slice(0, 24).filter((row) => row[3] >= 0.05).length);
  expect(far).toBeGreaterThan(1);
  const others = weights.slice(0, 24).flatMap((row) => row.filter((weight, key) => key !== 3 && weight >= 0.05));
  await view.expectLines(near + 1 + others.length);
});

test("goes along by keys", async ({ page }) => {
  const view = await open(page, "long");
  await view.column("query").focus();
  await page.keyboard.press("End");
  await expect(view.token("query", LAST)).toBeInViewport();
  await expect(view.column("query")).toHaveAttribute("aria-activedescendant", `query-${LAST}`);
  await page.keyboard.press("PageUp");
  await page.keyboard.press("PageUp");
  const [first] = await options(view);
  expect(first).toBeLessThan(LAST - 30);
  await page.keyboard.press("Home");
  await page.keyboard.press("PageDown");
  await page.keyboard.press("Space");
  await view.expectLastStep({ query: 22 });
});

test("keeps its place while the threshold or the heads change", async ({ page }) => {
  const view = await open(page, "long", { traits: { query: 100 } });
  await view.root.locator(".scroll-bar").evaluate((bar) => {
    bar.scrollTop = 20_000;
  });
  await expect.poll(() => options(view)).toEqual([1000, 1023, 24]);
  await view.head(3).click();
  await view.push({ threshold: 0.2, hide_first: true });
  await expect(view.control("hide first token")).toHaveAttribute("aria-checked", "true");
  expect(await options(view)).toEqual([1000, 1023, 24]);
});
