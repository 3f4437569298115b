/** The model view while it waits, where a layer was refused, folded, at any width, and when it goes; and what drawing costs. */
import { expect, test } from "@playwright/test";
import { audit } from "./page/audit.js";
import { countLeaks } from "./page/leaks.js";
import { ModelPage, openModel } from "./page/model_page.js";
import { openWidget } from "./page/open.js";

test.describe("while there is nothing", () => {
  test("shows the flat shape, then progress, then that the kernel is busy; the pictures come when it is not", async ({
    page,
  }) => {
    await page.clock.install();
    const view = await openModel(page, "sentence", { manners: "silent", withFirst: false });
    await view.expectLayers(0);
    const shape = await view.pixels(0, 0);
    expect(shape[30][6]).toBeLessThan(2);
    expect(shape[6][30]).toBe(-1);
    await page.clock.runFor(400); // that it is not told before is tested in tests/js/store_loader.test.ts
    await expect(view.root.getByRole("progressbar", { name: "Loading the pictures" })).toBeVisible();
    await page.clock.runFor(1500);
    await expect(view.root.getByRole("status").filter({ hasText: "kernel is busy" })).toBeVisible();
    await page.evaluate(() => window.host.kernel.wake());
    await page.clock.runFor(100);
    await view.expectLayers(4);
    await expect(view.root.getByRole("progressbar")).toHaveCount(0);
  });

  test("asks for the selected layer first, and no more for what is no longer wanted", async ({ page }) => {
    const view = await openModel(page, "sentence", { traits: { layer: 2 }, manners: "silent", withFirst: false });
    await expect.poll(async () => (await view.asked()).at(-1)).toMatchObject({ layers: [2, 0, 1, 3] });
    await view.push({ measure: "value_norm" });
    await expect.poll(async () => (await view.asked()).length).toBe(2);
    const kinds = await page.evaluate(() => window.host.kernel.received.filter(({ kind }) => kind === "cancel").length);
    expect(kinds).toBeGreaterThanOrEqual(1);
  });

  test("tells an exception in the cell, not to whoever set the trait, and goes on", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.push({ layer: 99 });
    await expect(view.root.getByRole("alert").first()).toContainText('unknown layer 99 of part "self"');
    await view.push({ layer: 0 });
    await expect(view.root.getByRole("gridcell", { name: /^layer 0, head 0/ })).toBeVisible();
  });

  test("says in its place what went wrong", async ({ page }) => {
    const view = await openModel(page, "sentence", { manners: "failing", withFirst: false });
    await expect(view.root.getByRole("alert").first()).toContainText("cannot be computed: <b>no</b> such mechanism");
  });
});

test("a refused layer has a diagonal for each head and its reason in the tooltip, and can be chosen", async ({
  page,
}) => {
  const view = await openModel(page, "trouble");
  await view.expectLayers(3);
  await view.cell(2, 4).hover();
  await expect(view.tooltip).toContainText("LlamaAttention (model.layers.2) adds a bias that was not recorded.");
  await view.cell(2, 4).click();
  await view.expectLastStep({ layer: 2, heads: [], head: null, scale: "model" });
  await expect(view.cell(2, 4)).toHaveAttribute("aria-label", /refused: LlamaAttention/);
});

test("folded in the explorer, keeps the selected layer on one line, where heads can still be chosen", async ({
  page,
}) => {
  await openWidget(page, {
    scenario: "grid30x9",
    kind: "explorer",
    traits: { folded: ["model"], layer: 7, heads: [1] },
  });
  const view = new ModelPage(page, "Explorer");
  await view.expectLayers(1);
  await expect(view.grid.getByRole("gridcell")).toHaveCount(9);
  await view.cell(7, 4).click();
  await view.expectLastStep({ heads: [4], head: 4, scale: "model" });
  await view.push({ layer: 12 });
  await expect(view.cell(12, 4)).toBeVisible();
  await view.expectLayers(1);
});

test("leaves nothing behind when it goes, nor a request that nobody waits for", async ({ page }) => {
  await countLeaks(page);
  const view = await openModel(page, "sentence");
  await page.evaluate(() => window.host.views[0].unmount());
  await expect(view.root).toHaveCount(0);
  const alive = () => page.evaluate(() => ({ ...window.alive, model: window.host.model.listenerCount }));
  const before = await alive();
  for (let at = 0; at < 5; at++) {
    await page.evaluate(() => window.host.render(document.getElementById("cell") ?? document.body));
    await view.expectLayers(4);
    await view.cell(2, 5).hover();
    await expect(view.tooltip).toBeVisible();
    await page.evaluate(() => window.host.views.at(-1)?.unmount());
    await expect(page.locator("canvas")).toHaveCount(0);
  }
  const growth = async () => {
    const now = await alive();
    return Math.max(
      ...(["observers", "listeners", "timers", "model"] as const).map((name) => now[name] - before[name]),
    );
  };
  await expect.poll(growth).toBeLessThan(5);
  await page.evaluate(() => {
    window.host.kernel.manners = "silent";
    window.host.model.push({ measure: "value_norm" });
    window.host.render(document.getElementById("cell") ?? document.body);
  });
  await expect.poll(async () => (await view.asked()).length).toBe(1);
  await page.evaluate(() => window.host.views.at(-1)?.unmount());
  await expect.poll(() => page.evaluate(() => window.host.kernel.received.at(-1)?.kind)).toBe("cancel");
});

for (const width of [500, 760, 1300, 2000]) {
  test(`at ${width} px nothing overlaps, is cut off or pale, whatever is shown`, async ({ page }) => {
    await page.setViewportSize({ width, height: 1000 });
    for (const scenario of ["grid30x9", "pair", "grid1x1", "odd"] as const) {
      const view = await openModel(page, scenario);
      await view.root.getByRole("button", { name: /layers? ×/ }).click();
      await expect(view.enlarged.locator(".value").first()).toHaveText(/\d/);
      await audit(view.root);
    }
  });
}

test("270 thumbnails are drawn in under 60 ms of the main thread, and another head is selected in under 50", async ({
  page,
}) => {
  const view = await openModel(page, "grid30x9");
  await view.expectLayers(30);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const cpu = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "ThreadTime")?.value ?? Number.NaN);
  };
  /** Milliseconds of the main thread until the frame after a change is drawn; the least of several tries. */
  const costOf = async (changes: readonly Record<string, unknown>[]) => {
    const costs: number[] = [];
    for (const change of changes) {
      const before = await cpu();
      await view.push(change);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
      costs.push((await cpu()) - before);
    }
    return Math.min(...costs);
  };
  const drawing = await costOf(["head", "shared", "head", "shared"].map((intensity) => ({ intensity })));
  const selecting = await costOf([5, 6, 7, 8].map((layer) => ({ layer, heads: [1], head: 1 })));
  console.log(
    `270 thumbnails: ${drawing.toFixed(1)} ms, selecting a head: ${selecting.toFixed(1)} ms of the main thread`,
  );
  expect(drawing).toBeLessThan(60);
  expect(selecting).toBeLessThan(50);
});
