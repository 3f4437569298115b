/** Several widgets on one page: those on one capture hold its data once, those on others are apart. */
import { expect, type Page, test } from "@playwright/test";
import { version } from "../../package.json";
import type { Start } from "./page/host.js";
import { causal, open, reference } from "./page/reference.js";
import { View } from "./page/view.js";

const sentence = reference("sentence");
const pinned: Start = { scenario: "sentence", traits: { query: 8 } };

/** Shows two widgets on one capture. */
async function openTwo(page: Page, start: Omit<Start, "scenario"> = {}): Promise<[View, View]> {
  const first = await open(page, "sentence", { traits: { query: 8 }, ...start });
  await page.evaluate((how) => window.show(how), { ...pinned, ...start });
  const second = new View(page, 1);
  await expect(second.root).toBeVisible();
  return [first, second];
}

/** How often each widget's kernel was asked for a layer. Others may be brought beforehand, where one stays on a layer. */
function asked(page: Page, layer: number): Promise<number[]> {
  return page.evaluate(
    (wanted) =>
      window.hosts.map(
        ({ kernel }) =>
          kernel.received.filter(({ kind, args }) => kind === "request" && "layer" in args && args.layer === wanted)
            .length,
      ),
    layer,
  );
}

async function expectLayer(view: View, layer: number): Promise<void> {
  await view.expectNumbers("key", causal(sentence.weights(layer, 0)[8], 8));
}

/** Ends a widget, as closing it in Python does. */
async function close(page: Page, index: number): Promise<void> {
  await page.evaluate((at) => {
    window.hosts[at].views[0].unmount();
    window.hosts[at].close();
  }, index);
}

test("a layer is asked for once by two views on one capture", async ({ page }) => {
  const [first, second] = await openTwo(page);
  await page.evaluate(() => {
    for (const { model } of window.hosts) model.push({ layer: 2 });
  });
  await expectLayer(first, 2);
  await expectLayer(second, 2);
  expect(await asked(page, 2)).toEqual([1, 0]);
});

test("closing one leaves the other working, with what was loaded", async ({ page }) => {
  const [first] = await openTwo(page);
  await first.root.getByRole("button", { name: "Next layer" }).click();
  await expectLayer(first, 1);
  await close(page, 0);
  const left = new View(page);
  await expectLayer(left, 0);
  await left.root.getByRole("button", { name: "Next layer" }).click();
  await expectLayer(left, 1);
  expect(await asked(page, 1)).toEqual([1, 0]);
  await left.root.getByRole("button", { name: "Next layer" }).click();
  await expectLayer(left, 2);
  const [before, after] = await asked(page, 2);
  expect(before + after).toBe(1);
});

test("a request goes on over the other's line when the one in use is closed", async ({ page }) => {
  const [, second] = await openTwo(page);
  await page.evaluate(() => {
    window.hosts[0].kernel.manners = "silent";
  });
  await second.root.getByRole("button", { name: "Next layer" }).click();
  await expect.poll(() => asked(page, 1)).toEqual([1, 0]);
  await close(page, 0);
  await expectLayer(new View(page), 1);
  expect(await asked(page, 1)).toEqual([1, 1]);
});

test("what is held goes with the last view, and nothing else is global", async ({ page }) => {
  await openTwo(page);
  const captures = () =>
    page.evaluate(() => {
      const page = globalThis as unknown as Record<symbol, Map<string, unknown>>;
      const ours = Object.getOwnPropertySymbols(page).filter(({ description }) => /headscope/.test(description ?? ""));
      return ours.map((symbol) => [symbol.description, page[symbol].size]);
    });
  expect(await captures()).toEqual([[`headscope:${version}`, 1]]);
  await close(page, 0);
  expect(await captures()).toEqual([[`headscope:${version}`, 1]]);
  await close(page, 1);
  expect(await captures()).toEqual([[`headscope:${version}`, 0]]);
});

test("views on two captures are apart", async ({ page }) => {
  const first = await open(page, "sentence", { traits: { query: 8 } });
  await page.evaluate(() => window.show({ scenario: "sink", traits: { query: 8 } }));
  const second = new View(page, 1);
  for (const view of [first, second]) await view.root.getByRole("button", { name: "Next layer" }).click();
  await expectLayer(first, 1);
  await second.expectNumbers("key", causal(reference("sink").weights(1, 0)[8], 8));
  expect(await asked(page, 1)).toEqual([1, 1]);
});
