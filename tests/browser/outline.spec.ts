/** A long text, all of which is asked for in pieces, behind a kernel that loses whatever it is asked for the first time. */
import { expect, type Page, test } from "@playwright/test";
import { exact, short } from "../../js/views/shared/format.js";
import { openWidget } from "./page/open.js";
import { reference } from "./page/reference.js";
import { View } from "./page/view.js";

const made = reference("outline");
const COUNT = 300;
const QUERY = 290;
const HEAD = 1;
/** The rows in view when the query is. */
const FIRST = 276;

test.beforeEach(({ page }) => page.clock.install());

async function open(page: Page, traits: Record<string, unknown> = {}, kind: "head" | "explorer" = "head") {
  const all = { layer: 1, heads: [HEAD], head: HEAD, query: QUERY, ...traits };
  await openWidget(page, { scenario: "outline", kind, traits: all, manners: "losing", withFirst: false });
  return new View(page);
}

/** Lets time go by, which a page spends on waiting before it asks again. */
async function inTime(page: Page, expectation: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await page.clock.runFor(21_000);
    await expectation();
  }).toPass({ intervals: [0], timeout: 60_000 });
}

async function expectNumbers(view: View, side: "query" | "key", numbers: (number | null)[]): Promise<void> {
  const written = numbers.map((number) => (number === null ? "" : short(number, COUNT)));
  await inTime(view.page, async () => expect(await view.numbers(side)).toEqual(written));
}

/** The operations that were asked for again, under the id of before. */
async function expectAskedAgain(page: Page, ...ops: string[]): Promise<void> {
  const received = await page.evaluate(() => window.host.kernel.received.map(({ id, op }) => ({ id, op })));
  const again = new Set(
    received.filter(({ id }, at) => received.findIndex((one) => one.id === id) < at).map(({ op }) => op),
  );
  expect([...again]).toEqual(expect.arrayContaining(ops));
}

const row = (layer: number, scale: (key: number) => number = () => 1) =>
  made
    .weights(layer, HEAD)
    [QUERY].map((weight, key) => (key <= QUERY ? weight * scale(key) : null))
    .slice(FIRST);

test("tokens, the outline and the vectors of the heads drawn are asked for again", async ({ page }) => {
  const view = await open(page);
  await expectNumbers(view, "key", row(1));
  await expectAskedAgain(page, "tokens", "layer", "vectors");
});

test("the keys of all heads drawn come in one answer, and each head has its own", async ({ page }) => {
  const view = await open(page, { heads: [0, 1, 2], head: 2 });
  const numbers = made.weights(1, 2)[QUERY].map((weight, key) => (key <= QUERY ? weight : null));
  await expectNumbers(view, "key", numbers.slice(FIRST));
  const received = await page.evaluate(() => window.host.kernel.received.map(({ id, args }) => ({ id, args })));
  const asked = received.flatMap(({ id, args }) => ("what" in args && args.what === "key" ? [[id, args.heads]] : []));
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify([asked[0][0], [0, 1, 2]])]));
});

test("rows that only the model computes are asked for again", async ({ page }) => {
  const view = await open(page, { layer: 2 });
  await expectNumbers(view, "key", row(2));
  await expectAskedAgain(page, "rows");
});

test("columns are asked for again", async ({ page }) => {
  const KEY = 280;
  const view = await open(page, { query: null, key: KEY });
  const column = made.weights(1, HEAD).map((weights) => weights[KEY]);
  const best = column.indexOf(Math.max(...column));
  await inTime(page, async () => {
    await view.token("key", KEY).hover({ timeout: 1000 });
    expect(await view.tips()).toEqual([`head ${HEAD}: token${best} ${exact(column[best])}`]);
  });
  await expectAskedAgain(page, "columns");
});

test("norms of values are asked for again", async ({ page }) => {
  const view = await open(page, { measure: "value_norm" });
  const norms = made.terms(1).valueNorms[HEAD];
  await expectNumbers(
    view,
    "key",
    row(1, (key) => norms[key]),
  );
  await expectAskedAgain(page, "norms");
});

test("tiles of the map are asked for again", async ({ page }) => {
  const view = await open(page, { head_mode: "map" });
  await inTime(page, async () => {
    await expect(view.root.locator(".map-plot canvas")).toBeVisible({ timeout: 1000 });
    await expect(view.root.getByRole("progressbar")).toHaveCount(0, { timeout: 1000 });
  });
  await expectAskedAgain(page, "tile");
});

test("the ranking and the pictures are asked for again", async ({ page }) => {
  await open(page, { key: 280, links: true }, "explorer");
  const places = page.getByRole("region", { name: "Heads that link two tokens" }).locator("[data-cell]");
  await inTime(page, () => expect(places).toHaveCount(9, { timeout: 1000 }));
  await inTime(page, () =>
    expect(page.locator("canvas.thumbs")).toHaveAttribute("data-layers", "3", { timeout: 1000 }),
  );
  await expectAskedAgain(page, "links", "thumbnails");
});

test("an empty grid says how many layers have come, and how long the rest takes", async ({ page }) => {
  await openWidget(page, { scenario: "outline", kind: "explorer", withFirst: false });
  const said = page.locator(".model-pane .coming");
  await page.evaluate(() => {
    window.host.kernel.manners = "silent";
  });
  await inTime(page, () => expect(page.locator("canvas.thumbs")).toBeVisible({ timeout: 1000 }));
  await page.evaluate(() => window.host.kernel.tell({ done: 0.1, seconds_left: 7.3 }));
  await page.clock.runFor(100);
  await expect(said).toHaveText("0 of 3 layers, about 8 s");
  await page.evaluate(() => window.host.kernel.wake());
  await page.clock.runFor(1000);
  await expect(said).toHaveCount(0);
});
