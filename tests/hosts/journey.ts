/** The recorded interaction: from the grid to a neuron, a setting, and back from it; the same in every host. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { exact, short } from "../../js/views/shared/format.js";
import { audit } from "../browser/page/audit.js";
import { HOME } from "./places.js";

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Where "she" looks at "nurse". */
export const LAYER = 5;
export const HEAD = 11;
export const QUERY = 9;

/** What shown.py tells of the selection. */
export interface Told {
  part: string;
  layer: number;
  heads: number[];
  head: number;
  query: number;
  key: number;
  neuron: number;
  scale: string;
  order: string;
}

/** Python, where there is a kernel. */
export interface Python {
  /** What `told(view)` printed. */
  told(): Promise<Told>;
  /** Has it run `view.select(query=2)`. */
  select(): Promise<unknown>;
}

const column = (explorer: Locator, name: RegExp) =>
  explorer.getByRole("region", { name: "Attention heads" }).getByRole("listbox", { name });
const query = (explorer: Locator, entry: number) => column(explorer, /^Looks from/).locator(`[data-entry="${entry}"]`);
const key = (explorer: Locator, entry: number) => column(explorer, /^To/).locator(`[data-entry="${entry}"]`);
const order = (explorer: Locator, name: string) =>
  explorer.getByRole("radiogroup", { name: "Order of neurons" }).getByRole("radio", { name });

/** Goes all the way, sees that the numbers are the model's, and that Python knows where it went. */
export async function journey(page: Page, explorer: Locator, theme: Theme, python?: Python): Promise<void> {
  await expect(explorer.locator('canvas.thumbs[data-layers="6"]')).toBeVisible();
  await expectGround(explorer, theme);
  const strongest = await goToHead(explorer);
  const neuron = await goToNeuron(explorer, strongest);
  await setAndUndo(explorer);
  await expectGround(explorer, theme);
  await audit(explorer);
  await page.screenshot({ path: `build/looks/hosts/${test.info().project.name}: ${test.info().title}.png` });
  if (python === undefined) return;
  const at = { part: "self", layer: LAYER, heads: [HEAD], head: HEAD, query: QUERY, key: strongest, neuron };
  await expect.poll(python.told).toEqual({ ...at, scale: "neuron", order: "contribution" });
  await python.select();
  await expect(query(explorer, 2)).toHaveAttribute("aria-selected", "true");
  await expect.poll(async () => (await python.told()).query).toBe(2);
}

/** The ground that is really there is as bright as the theme says. */
async function expectGround(explorer: Locator, theme: Theme): Promise<void> {
  const brightness = () =>
    explorer.evaluate((region) => {
      const view = region.closest(".headscope") ?? region;
      const [red, green, blue] = (getComputedStyle(view).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
      return (red + green + blue) / 3 / 255;
    });
  if (theme === "light") await expect.poll(brightness).toBeGreaterThan(0.9);
  else await expect.poll(brightness).toBeLessThan(0.2);
}

/** Pins a token of a head; returns the key that it most looks at. */
async function goToHead(explorer: Locator): Promise<number> {
  const row = JSON.parse(readFileSync(join(HOME, "row.json"), "utf8")) as number[];
  const strongest = row.indexOf(Math.max(...row));
  await explorer.getByRole("gridcell", { name: `layer ${LAYER}, head ${HEAD}`, exact: true }).click();
  await query(explorer, QUERY).click();
  await expect(column(explorer, /^To/).locator(".number")).toHaveText(row.map((weight) => short(weight)));
  await key(explorer, strongest).click();
  await expect(explorer).toContainText(`= ${exact(row[strongest])}`);
  return strongest;
}

/** Pins a neuron in the row of a key; returns its number. */
async function goToNeuron(explorer: Locator, row: number): Promise<number> {
  const path = explorer.getByRole("navigation", { name: "Path" }).getByRole("button");
  await expect(path).toHaveText(["Model", `layer ${LAYER}`, `head ${HEAD}`, "she", "nurse"]);
  const strips = explorer.getByRole("listbox", { name: "Neurons" });
  await strips
    .locator("canvas")
    .last()
    .click({ position: { x: 30, y: (row + 0.5) * 20 }, force: true }); // the row lies over it
  await expect(path.last()).toHaveText(/^neuron \d+$/);
  return Number((await path.last().textContent())?.replace("neuron ", ""));
}

async function setAndUndo(explorer: Locator): Promise<void> {
  await order(explorer, "position").click();
  await expect(order(explorer, "position")).toBeChecked();
  await explorer.getByRole("button", { name: "Undo" }).click();
  await expect(order(explorer, "contribution")).toBeChecked();
}
