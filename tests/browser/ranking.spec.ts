/** Which heads link the pinned query and key: the ranking under the grid, and its marks in the grid. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { ModelPage, openModel } from "./page/model_page.js";
import { openWidget } from "./page/open.js";
import { reference } from "./page/reference.js";
import type { Scenario } from "./page/scenarios.js";

const PAIR = { query: 8, key: 4 };

interface Ranked {
  layer: number;
  head: number;
  weight: number;
}

/** All heads by the plain formula. */
function rankedIn(scenario: Scenario, { query, key } = PAIR, isNorm = false): Ranked[] {
  const made = reference(scenario);
  const all = made.meta.parts[0].layers.flatMap(({ layer, heads }) =>
    Array.from({ length: heads }, (_, head) => {
      const norm = isNorm ? made.terms(layer).valueNorms[head][key] : 1;
      return { layer, head, weight: made.weights(layer, head)[query][key] * norm };
    }),
  );
  return all.sort((a, b) => b.weight - a.weight);
}

class Ranking {
  readonly root: Locator;
  readonly view: ModelPage;

  constructor(
    readonly page: Page,
    region = "Model",
  ) {
    this.view = new ModelPage(page, region);
    this.root = page.getByRole("region", { name: "Heads that link two tokens" });
  }

  get places(): Locator {
    return this.root.getByRole("group").getByRole("button").and(this.page.locator("[data-cell]"));
  }

  async expectRanked(ranked: readonly Ranked[], written = exact): Promise<void> {
    const said = ranked.map(
      ({ layer, head, weight }, at) => `${at + 1} layer ${layer} head ${head} ${written(weight)}`,
    );
    await expect(this.places).toHaveText(said);
  }

  asked(): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(() =>
      window.host.kernel.received.filter(({ op }) => op === "links").map(({ args }) => ({ ...args })),
    );
  }
}

async function open(page: Page, scenario: Scenario, traits: Record<string, unknown> = {}): Promise<Ranking> {
  await openModel(page, scenario, { traits: { layer: 1, heads: [2], head: 2, ...PAIR, ...traits } });
  return new Ranking(page);
}

test.describe("the ranking", () => {
  test("is asked for only once it is open, and is a trait", async ({ page }) => {
    const ranking = await open(page, "sentence");
    const opener = ranking.view.root.getByRole("switch", { name: "rank heads" });
    await expect(opener).toHaveAttribute("aria-checked", "false");
    await expect(ranking.root).toHaveCount(0);
    expect(await ranking.asked()).toEqual([]);
    await opener.click();
    await ranking.view.expectLastStep({ links: true });
    await ranking.expectRanked(rankedIn("sentence"));
    expect(await ranking.asked()).toEqual([{ part: "self", ...PAIR, measure: "weight", layers: [0, 1, 2, 3] }]);
    await expect(ranking.root).toContainText("heads that link She → nurse");
    await page.keyboard.press("l");
    await ranking.view.expectLastStep({ links: false });
    await expect(ranking.root).toHaveCount(0);
    await expect(ranking.view.grid.locator(".linked")).toHaveCount(0);
  });

  test("follows the pins and the measure, and keeps what it knows", async ({ page }) => {
    const ranking = await open(page, "sentence", { links: true });
    await ranking.expectRanked(rankedIn("sentence"));
    await ranking.view.push({ key: 1 });
    await ranking.expectRanked(rankedIn("sentence", { query: 8, key: 1 }));
    await ranking.view.push({ key: 4 });
    await ranking.expectRanked(rankedIn("sentence"));
    expect(await ranking.asked()).toHaveLength(2);
    await ranking.view.choice("weight times the norm").click();
    await ranking.expectRanked(rankedIn("sentence", PAIR, true), (number) => number.toPrecision(3));
    await ranking.view.push({ key: null });
    await expect(ranking.places).toHaveCount(0);
    await expect(ranking.root).toContainText("all heads are then ranked by the weight between them");
    await expect(ranking.view.grid.locator(".linked")).toHaveCount(0);
  });

  test("says where the mask hides the key", async ({ page }) => {
    const ranking = await open(page, "sentence", { links: true, query: 4, key: 8 });
    await expect(ranking.root).toContainText("Every weight is 0: no head lets nurse see She.");
    await expect(ranking.view.grid.locator(".linked")).toHaveCount(0);
  });

  test("leaves out a refused layer", async ({ page }) => {
    const ranking = await open(page, "trouble", { links: true, layer: 0, query: 7 });
    await ranking.expectRanked(rankedIn("trouble", { query: 7, key: 4 }));
    expect((await ranking.asked())[0]).toMatchObject({ layers: [0, 1, 3] });
  });

  test("has the first sixty of many, and the rest behind a button", async ({ page }) => {
    const ranking = await open(page, "grid30x9", { links: true });
    const all = rankedIn("grid30x9");
    await ranking.expectRanked(all.slice(0, 60));
    await ranking.root.getByRole("button", { name: `210 more, at most ${exact(all[60].weight)}` }).click();
    await ranking.expectRanked(all);
  });

  test("tells of a kernel that cannot answer", async ({ page }) => {
    await openModel(page, "sentence", { traits: { ...PAIR }, manners: "failing" });
    const ranking = new Ranking(page);
    await ranking.view.push({ links: true });
    await expect(ranking.root.getByRole("alert")).toContainText("cannot be computed");
  });
});

test.describe("from the ranking to the grid", () => {
  test("a click selects the head, and the place is marked", async ({ page }) => {
    const { layer, head } = rankedIn("sentence")[1];
    const ranking = await open(page, "sentence", { links: true, layer: (layer + 1) % 4 });
    await ranking.places.nth(1).click();
    await ranking.view.expectLastStep({ layer, heads: [head], head, scale: "model" });
    await ranking.view.expectDrawn([`${layer} ${head}`]);
    await expect(ranking.places.nth(1)).toHaveAttribute("aria-current", "true");
    await expect(ranking.root).toContainText(`layer ${layer}, head ${head} is 2 of 36`);
  });

  test("keys move among the heads, Enter selects", async ({ page }) => {
    const ranking = await open(page, "sentence", { links: true });
    const { layer, head } = rankedIn("sentence")[2];
    await ranking.places.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await expect(ranking.places.nth(2)).toBeFocused();
    await expect(ranking.view.enlarged).toContainText(`Layer ${layer}, head ${head}`);
    await page.keyboard.press("Enter");
    await ranking.view.expectLastStep({ layer, heads: [head], head, scale: "model" });
    await expect(ranking.places.nth(2)).toBeFocused();
  });

  test("a head that is pointed at is enlarged and framed in the grid", async ({ page }) => {
    const ranking = await open(page, "sentence", { links: true });
    const { layer, head } = rankedIn("sentence")[0];
    await ranking.places.first().hover();
    await expect(ranking.view.enlarged).toContainText(`Layer ${layer}, head ${head}`);
    await expect(ranking.view.cell(layer, head)).toHaveClass(/pointed/);
    await page.mouse.move(2, 2);
    await expect(ranking.view.grid.locator(".pointed")).toHaveCount(0);
  });

  test("the grid says each head's rank, and what links less is fainter", async ({ page }) => {
    const ranking = await open(page, "sentence", { links: true });
    const all = rankedIn("sentence");
    const first = ranking.view.cell(all[0].layer, all[0].head);
    await expect(first).toHaveAccessibleName(
      `layer ${all[0].layer}, head ${all[0].head}, ${exact(all[0].weight)}, rank 1`,
    );
    const veils: number[] = [];
    for (const { layer, head } of all) {
      const style = await ranking.view.cell(layer, head).getAttribute("style");
      veils.push(Number(/--veil: ?(\d+)%/.exec(style ?? "")?.[1]));
    }
    expect(veils[0]).toBe(0);
    expect(veils).toEqual([...veils].sort((a, b) => a - b));
    expect(veils[35]).toBeGreaterThan(40);
    await expect(ranking.view.grid.locator("[data-rank]")).toHaveCount(9);
  });
});

test("in the explorer, two clicks on tokens rank the heads, and undo goes back", async ({ page }) => {
  await openWidget(page, {
    scenario: "sentence",
    kind: "explorer",
    traits: { layer: 1, heads: [2], head: 2, links: true },
  });
  const ranking = new Ranking(page, "Explorer");
  await expect(ranking.root).toContainText("Pin a token on each side below");
  const heads = page.getByRole("region", { name: "Attention heads" });
  await heads
    .getByRole("listbox", { name: /^Looks from/ })
    .locator('[data-entry="8"]')
    .click();
  await heads.getByRole("listbox", { name: /^To/ }).locator('[data-entry="4"]').click();
  await ranking.expectRanked(rankedIn("sentence"));
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(ranking.places).toHaveCount(0);
  await page.getByRole("button", { name: "Model", exact: true }).and(page.locator(".fold")).click();
  await expect(ranking.root).toHaveCount(0);
});
