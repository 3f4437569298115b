/** The map of a head: what is drawn equals the plain formula at every level, and one goes from it down to the lines. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import type { TileQuestion } from "../../js/source/source.js";
import { exact } from "../../js/views/shared/format.js";
import { audit } from "./page/audit.js";
import { open, reference } from "./page/reference.js";
import { poolByHand } from "./page/tiles.js";
import type { View } from "./page/view.js";

const pages = reference("pages");
const [side] = pages.meta.sides;
const COUNT = side.labels.length;
const weights = pages.weights(0, 1);
const ON = { head_mode: "map", heads: [1], head: 1 };
const RAIL = 8;

/** The map on the page, as a person finds it. */
class MapPage {
  readonly plot: Locator;

  constructor(readonly view: View) {
    this.plot = view.root.getByRole("application", { name: /^Attention map of head/ });
  }

  /** Waits until nothing is on the way. */
  async settled(): Promise<void> {
    await expect.poll(() => this.asked().then((all) => all.length)).toBeGreaterThan(0);
    await expect(this.view.root.getByRole("progressbar")).toHaveCount(0);
    await expect.poll(() => this.view.page.evaluate(() => window.host.kernel.received.length)).toBeGreaterThan(0);
    await this.view.page.waitForTimeout(0);
  }

  /** The questions about tiles so far. */
  asked(): Promise<TileQuestion[]> {
    return this.view.page.evaluate(() =>
      window.host.kernel.received.filter(({ op }) => op === "tile").map(({ args }) => args as TileQuestion),
    );
  }

  async box() {
    const box = await this.plot.boundingBox();
    if (box === null) throw new Error("not on the page");
    return box;
  }

  /** Where a pair of tokens is while all of the map is in sight. */
  async placeOf(query: number, key: number): Promise<{ x: number; y: number }> {
    const { x, y, width, height } = await this.box();
    const across = key < 1 ? RAIL / 2 : RAIL + ((key - 1 + 0.5) / (COUNT - 1)) * (width - RAIL);
    return { x: x + across, y: y + ((query + 0.5) / COUNT) * height };
  }

  async point(query: number, key: number): Promise<void> {
    const { x, y } = await this.placeOf(query, key);
    await this.view.page.mouse.move(x, y);
  }

  async wheel(query: number, key: number, by: number): Promise<void> {
    await this.point(query, key);
    await this.view.page.keyboard.down("Control");
    await this.view.page.mouse.wheel(0, by);
    await this.view.page.keyboard.up("Control");
  }

  /** How dark a pixel is, from 0 to 255: its distance from the background; -1 where nothing is drawn. */
  async ink(query: number, key: number): Promise<number> {
    const { x, y } = await this.placeOf(query, key);
    const frame = await this.box();
    return this.plot.locator("canvas").evaluate(
      (canvas: HTMLCanvasElement, [left, top]) => {
        const ratio = canvas.width / canvas.getBoundingClientRect().width;
        const pixel = canvas
          .getContext("2d")
          ?.getImageData(Math.floor(left * ratio), Math.floor(top * ratio), 1, 1).data;
        if (!pixel || pixel[3] === 0) return -1;
        return 255 - (0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2]);
      },
      [x - frame.x, y - frame.y],
    );
  }
}

async function openMap(page: Page, start: Parameters<typeof open>[2] = {}): Promise<MapPage> {
  const view = await open(page, "pages", { ...start, traits: { ...ON, ...start.traits } });
  const map = new MapPage(view);
  await map.settled();
  return map;
}

/** The edges of the unit of a level that holds a position; the first key stands alone. */
function unitOf(level: "sentence" | "paragraph", position: number, first: number): [number, number] {
  const edges = [first, ...(side.levels?.[level] ?? []).filter((edge) => edge > first)];
  const at = edges.findLastIndex((edge) => edge <= position);
  return [edges[at], edges[at + 1]];
}

function numberOf(rows: [number, number], keys: [number, number], reduce: "max" | "mean" = "max"): number {
  return poolByHand(weights, { row_edges: rows, column_edges: keys, reduce })[0][0];
}

test("draws sentences where they have room, darker where a known weight is larger", async ({ page }) => {
  const map = await openMap(page);
  await expect(map.view.root.getByLabel("Cells of the map").locator("option").first()).toHaveText("auto: sentences");
  const sentences = (side.levels?.sentence ?? []).slice(1, -1);
  const cells = sentences.flatMap((query) =>
    sentences
      .filter((key) => key <= query)
      .map((key) => ({ query, key, number: numberOf(unitOf("sentence", query, 0), unitOf("sentence", key, 1)) })),
  );
  cells.sort((a, b) => a.number - b.number);
  const some = [0.1, 0.4, 0.7, 0.9, 1].map((share) => cells[Math.round(share * (cells.length - 1))]);
  const inks = await Promise.all(some.map(({ query, key }) => map.ink(query + 1, key + 1)));
  expect(inks).toEqual([...inks].sort((a, b) => a - b));
  expect(inks[4]).toBeGreaterThan(inks[0] + 40);
});

test("leaves empty what the mask hides, and asks for none of it", async ({ page }) => {
  const map = await openMap(page);
  expect(await map.ink(20, COUNT - 20)).toBe(-1);
  expect(await map.ink(COUNT - 20, 20)).toBeGreaterThan(0);
  await map.view.push({ map_level: "token" }); // more than a tile on each side
  await expect.poll(async () => (await map.asked()).length).toBeGreaterThan(3);
  const above = (await map.asked()).filter(({ row_edges, column_edges }) => column_edges[0] >= (row_edges.at(-1) ?? 0));
  expect(above).toEqual([]);
});

test("says the exact number of a cell at which the pointer rests, and what is in it", async ({ page }) => {
  const map = await openMap(page);
  const [query, key] = [200, 100];
  await map.point(query, key);
  const [rows, keys] = [unitOf("sentence", query, 0), unitOf("sentence", key, 1)];
  const tip = map.view.tooltip;
  await expect(tip).toContainText(`largest weight ${exact(Math.fround(numberOf(rows, keys)))}`);
  await expect(tip).toContainText(`positions ${rows[0]} to ${rows[1] - 1}`);
  await expect(tip).toContainText(side.texts[keys[0]].trim());
  expect((await map.asked()).filter((one) => one.exact)).toHaveLength(1);
  await map.point(100, 200);
  await expect(tip).toContainText("hidden by the mask");
});

test("shows the share of the weight instead, of which a row of cells adds up to 1", async ({ page }) => {
  const map = await openMap(page);
  await map.view.root.getByRole("radio", { name: "the share of the weight in each cell" }).click();
  await map.view.expectLastStep({ reduce: "mean" });
  await map.point(200, 100);
  const [rows, keys] = [unitOf("sentence", 200, 0), unitOf("sentence", 100, 1)];
  await expect(map.view.tooltip).toContainText(
    `share of the weight ${exact(Math.fround(numberOf(rows, keys, "mean")))}`,
  );
  await expect(map.view.root).toContainText("a row adds up to 1");
  await map.point(200, 0);
  await expect(map.view.tooltip).toContainText(exact(Math.fround(numberOf(rows, [0, 1], "mean"))));
});

test("comes closer where the wheel turns with a modifier, down to tokens; else the page scrolls", async ({ page }) => {
  const map = await openMap(page);
  await page.locator("#below").evaluate((below) => {
    below.style.height = "3000px";
  });
  await map.point(200, 100);
  await page.mouse.wheel(0, 60);
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(60);
  await page.evaluate(() => window.scrollTo(0, 0));
  await expect(map.view.root.locator(".map-overview")).toHaveCount(0);
  await map.wheel(200, 100, -900);
  await expect(map.view.root.getByLabel("Cells of the map").locator("option").first()).toHaveText("auto: tokens");
  await expect(map.view.root.locator(".map-overview")).toBeVisible();
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
  await map.point(200, 100); // what was there is still there
  await expect(map.view.tooltip).toContainText(`weight ${exact(weights[200][100])}`);
  await expect(map.view.tooltip).toContainText("position 200");
});

test("moves with the pointer that drags it", async ({ page }) => {
  const map = await openMap(page);
  await map.wheel(200, 100, -900);
  await map.point(200, 100);
  await page.mouse.down();
  const { x, y } = await map.placeOf(200, 100);
  await page.mouse.move(x + 90, y + 60, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(x + 91, y + 60);
  await expect(map.view.tooltip).toContainText(`weight ${exact(weights[200][100])}`);
  expect(await map.view.steps()).toEqual([]); // a drag pins nothing
});

test("what is pinned is a line across the map each way, at its tokens", async ({ page }) => {
  const map = await openMap(page, { traits: { query: 200, key: 100 } });
  const pins = await map.view.root.locator(".map-pin").all();
  const [across, down] = await Promise.all(pins.map((pin) => pin.boundingBox()));
  const [plot, place] = [await map.box(), await map.placeOf(200, 100)];
  if (!across || !down) throw new Error("not on the page");
  expect([across.x, across.width, down.y, down.height]).toEqual([plot.x, plot.width, plot.y, plot.height]);
  expect(Math.abs(across.y + across.height / 2 - place.y)).toBeLessThan(1);
  expect(Math.abs(down.x + down.width / 2 - place.x)).toBeLessThan(1);
});

test("a double click goes down to the lines between those tokens", async ({ page }) => {
  const map = await openMap(page);
  const { x, y } = await map.placeOf(200, 100);
  await page.mouse.dblclick(x, y);
  await expect.poll(() => map.view.steps()).toEqual([{ query: 200, key: 100 }, { head_mode: "lines" }]);
  await expect(map.view.token("query", 200)).toBeInViewport();
  await expect(map.view.token("query", 200)).toHaveAttribute("aria-selected", "true");
  await expect(map.view.token("key", 100)).toHaveAttribute("aria-selected", "true");
});

test("goes down to those tokens in the explorer too, where rows stand in two panes", async ({ page }) => {
  const map = await openMap(page, { kind: "explorer" });
  const { x, y } = await map.placeOf(COUNT - 60, 100); // so far apart that no scroll position shows both
  await page.mouse.dblclick(x, y);
  await map.view.expectLastStep({ head_mode: "lines" });
  const [{ query, key }] = (await map.view.steps()) as { query: number; key: number }[];
  expect(Math.abs(query - (COUNT - 60)) + Math.abs(key - 100)).toBeLessThan(3); // pixels are smaller than tokens
  await expect(map.view.token("query", query)).toBeInViewport();
  await expect(map.view.token("key", key)).toBeInViewport();
});

test("keys move, zoom, pin and go down, and none of them reaches the notebook", async ({ page }) => {
  const map = await openMap(page);
  await page.evaluate(() => {
    document.body.addEventListener("keydown", ({ key }) => document.body.append(`leaked ${key}`));
  });
  await map.plot.focus();
  await page.keyboard.press("ArrowDown");
  await expect(map.plot.locator(".map-cell")).toBeVisible();
  const said = map.view.root.locator('[aria-live="polite"].unseen', { hasText: "from" });
  await expect(said).toContainText("largest weight 0.");
  for (let times = 0; times < 8; times++) await page.keyboard.press("+");
  await expect(map.view.root.getByLabel("Cells of the map").locator("option").first()).toHaveText("auto: tokens");
  const before = await said.textContent();
  await page.keyboard.press("ArrowLeft");
  await expect(said).not.toHaveText(before ?? "");
  await page.keyboard.press("0");
  await expect(map.view.root.locator(".map-overview")).toHaveCount(0);
  await page.keyboard.press("-");
  await page.keyboard.press(" ");
  await expect.poll(async () => (await map.view.steps()).length).toBe(1);
  const [step] = await map.view.steps();
  await page.keyboard.press("Enter");
  await map.view.expectLastStep({ head_mode: "lines" });
  await expect(map.view.token("query", step.query as number)).toBeInViewport();
  await expect(map.view.column("query")).toBeFocused();
  await expect(page.locator("body")).not.toContainText("leaked");
});

test("ends what is no longer wanted, and says that it waits", async ({ page }) => {
  const map = await openMap(page);
  await page.evaluate(() => {
    window.host.kernel.manners = "silent";
  });
  await map.view.push({ head: 2, heads: [2] });
  await expect(map.view.root.getByRole("progressbar", { name: "Loading the map" })).toBeVisible();
  await map.view.push({ head: 0, heads: [0] });
  const waiting = () =>
    page.evaluate(() => {
      const ended = new Set(window.host.kernel.received.filter(({ kind }) => kind === "cancel").map(({ id }) => id));
      return window.host.kernel.received
        .filter(({ op, id }) => op === "tile" && !ended.has(id))
        .map(({ args }) => (args as TileQuestion).head);
    });
  await expect.poll(async () => (await waiting()).includes(0)).toBe(true);
  expect(await waiting()).not.toContain(2);
  await page.evaluate(() => window.host.kernel.wake());
  await expect(map.view.root.getByRole("progressbar")).toHaveCount(0);
  await expect.poll(() => map.ink(COUNT - 20, 20)).toBeGreaterThan(0);
});

test("draws what it has from further away until the sharper picture is there", async ({ page }) => {
  const map = await openMap(page);
  await page.evaluate(() => {
    window.host.kernel.manners = "silent";
  });
  await map.wheel(200, 100, -900);
  await expect(map.view.root.getByRole("progressbar", { name: "Loading the map" })).toBeVisible();
  expect(await map.ink(200, 100)).toBeGreaterThan(0);
});

test("says in its place why there is none", async ({ page }) => {
  const view = await open(page, "pages", { traits: ON });
  await page.evaluate(() => {
    window.host.kernel.manners = "failing";
  });
  await view.push({ layer: 1 });
  await expect(view.root.getByRole("alert").first()).toContainText("cannot be computed");
});

test("shows queries and keys of different kinds, each in its own units", async ({ page }) => {
  const view = await open(page, "recording", { traits: { ...ON, part: "cross" } });
  const map = new MapPage(view);
  await map.settled();
  await expect(view.root.getByLabel("Cells of the map").locator("option").first()).toHaveText(
    /tokens × blocks|blocks × tokens|tokens/,
  );
  const box = await map.box();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await expect(view.tooltip).toContainText(" s");
  await expect(view.tooltip).toContainText(/weight \d\.\d/);
});

for (const theme of ["light", "dark"]) {
  test(`is whole and readable, ${theme}`, async ({ page }) => {
    const map = await openMap(page, { traits: { theme, query: 200, key: 100 } });
    await audit(map.view.root);
    await map.wheel(200, 100, -900);
    await audit(map.view.root);
  });
}
