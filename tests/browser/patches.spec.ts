/** Patches drawn on their picture: what a patch, or a token of text, looks at, and what looks at it. */
import { expect, test } from "@playwright/test";
import { exact, short } from "../../js/views/shared/format.js";
import { audit } from "./page/audit.js";
import type { Start } from "./page/host.js";
import { openWidget } from "./page/open.js";
import { reference } from "./page/reference.js";
import { Sights } from "./page/sights.js";

/** Of the strongest colour, as js/views/head/patch_paint.ts lays it. */
const MOST = 0.92;
const LEAST = 0.04;

/** Nine patches behind a class token, whose picture cannot be read: the colours are alone on their canvas. */
const bare = reference("brokenPicture");
const vision = reference("vision");
const looking = reference("looking");

function alphaOf(weight: number, most: number): number {
  return Math.max(LEAST, MOST * Math.min(1, weight / most) ** 0.6);
}

function meanOf(rows: readonly (readonly number[])[]): number[] {
  return rows[0].map((_, at) => rows.reduce((sum, row) => sum + row[at], 0) / rows.length);
}

async function expectAlphas(sights: Sights, side: "query" | "key", weights: readonly number[], most: number) {
  const expected = weights.map((weight) => alphaOf(weight, most));
  await expect
    .poll(async () => {
      const found = await sights.alphas(side, 3);
      return Math.max(...found.map((alpha, at) => Math.abs(alpha - expected[at])));
    })
    .toBeLessThan(0.01);
}

test.describe("the colours over the picture", () => {
  test("are the weights of the pinned patch on the stated scale", async ({ page }) => {
    const traits = { heads: [4], head: 4, query: 5 };
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits });
    const weights = bare.weights(0, 4)[5];
    await expectAlphas(sights, "key", weights.slice(1), 1);
    await expect(sights.root.locator(".heat-legend")).toContainText("weight, head 401");
    await sights.root.getByRole("radio", { name: "a scale for each head" }).click();
    await sights.expectTraits({ intensity: "head" });
    const most = Math.max(...weights.slice(1));
    await expectAlphas(sights, "key", weights.slice(1), most);
    await expect(sights.root.locator(".heat-legend")).toContainText(`weight, head 40${exact(most)}`);
  });

  test("are the mean of the heads that are drawn, or of the one whose chip is under the pointer", async ({ page }) => {
    const traits = { heads: [0, 3, 4], head: 3, query: 5 };
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits });
    const rows = [0, 3, 4].map((head) => bare.weights(0, head)[5].slice(1));
    await expectAlphas(sights, "key", meanOf(rows), 1);
    await expect(sights.root.locator(".heat-legend")).toContainText("mean of 3 heads");
    await sights.root.getByRole("button", { name: "Head 3", exact: true }).hover();
    await expectAlphas(sights, "key", rows[1], 1);
    await expect(sights.root.locator(".heat-legend")).toContainText("weight, head 3");
  });

  test("of a pinned key lie over the queries that look at it", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits: { heads: [2], head: 2, key: 7 } });
    const column = bare.weights(0, 2).map((row) => row[7]);
    await expectAlphas(sights, "query", column.slice(1), 1);
    expect(await sights.alphas("key", 3)).toEqual(Array(9).fill(0));
  });

  test("are norms of values where those are chosen, on the scale of the layer", async ({ page }) => {
    const traits = { heads: [2], head: 2, query: 7, measure: "value_norm" };
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits });
    const norms = bare.terms(0).valueNorms;
    const product = (head: number, query: number) => bare.weights(0, head)[query].map((w, key) => w * norms[head][key]);
    const all = norms.flatMap((_, head) => bare.weights(0, head).flatMap((__, query) => product(head, query)));
    const most = Math.max(...all);
    await expectAlphas(sights, "key", product(2, 7).slice(1), most);
    await expect(sights.root.locator(".heat-legend")).toContainText(`weight × norm, head 20${exact(most)}`);
  });

  test("are renormalised where the first token is hidden", async ({ page }) => {
    const traits = { heads: [2], head: 2, query: 7, hide_first: true };
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits });
    const row = bare.weights(0, 2)[7];
    const left = 1 - row[0];
    const shown = row.slice(1).map((weight) => (weight / left) * Math.min(1, left / 0.3));
    await expectAlphas(sights, "key", shown, 1);
    await expect(sights.piece("key", 0)).toHaveClass(/faint/);
  });

  test("are none where numbers are not finite: an outline says so", async ({ page }) => {
    const traits = { layer: 1, heads: [0], head: 0, key: 3 };
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits });
    await expect.poll(async () => (await sights.alphas("query", 3))[4]).toBe(0);
    await expect.poll(async () => (await sights.pixels("query", [[0.337, 0.5]]))[0][3]).toBeGreaterThan(200);
    const others = (await sights.alphas("query", 3)).filter((_, at) => at !== 4);
    expect(Math.min(...others)).toBeGreaterThan(0);
  });

  test("leave pale what the mask hides", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "looking", traits: { heads: [4], head: 4, query: 20 } });
    const middle = (patch: number) => [((patch % 8) + 0.5) / 8, (Math.floor(patch / 8) + 0.5) / 8] as const;
    const seen = Array.from({ length: 18 }, (_, at) => middle(at));
    const later = Array.from({ length: 40 }, (_, at) => middle(20 + at));
    const spread = (pixels: number[][]) => Math.max(...pixels.map(([red]) => 255 - red));
    await expect.poll(async () => spread(await sights.pixels("key", later))).toBeLessThan(45);
    expect(spread(await sights.pixels("key", seen))).toBeGreaterThan(60);
  });
});

test("no line shows between patches whose edges fall on half a pixel", async ({ page }) => {
  await page.setViewportSize({ width: 559, height: 900 });
  const sights = await Sights.open(page, { scenario: "brokenPicture", traits: { heads: [4], head: 4, query: 5 } });
  await expect.poll(async () => Math.min(...(await sights.alphas("key", 3)))).toBeGreaterThan(0);
  for (const width of [500, 501, 502, 503, 504, 505]) {
    await page.setViewportSize({ width, height: 900 });
    const line = Array.from({ length: 300 }, (_, at) => [at / 300, 0.1] as const);
    await expect
      .poll(async () => Math.min(...(await sights.pixels("key", line)).map(([, , , alpha]) => alpha)))
      .toBeGreaterThan(0);
  }
});

test.describe("the picture", () => {
  test("is in its colours where one looks from, grey where the weights lie on it", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "vision", traits: { heads: [1], head: 1, query: 120 } });
    const sky = [0.1, 0.02] as const;
    const colourful = (pixel: number[]) => Math.max(...pixel.slice(0, 3)) - Math.min(...pixel.slice(0, 3));
    await expect.poll(async () => colourful((await sights.pixels("query", [sky]))[0])).toBeGreaterThan(60);
    expect(colourful((await sights.pixels("key", [sky]))[0])).toBeLessThan(12);
    await sights.push({ query: null });
    await expect.poll(async () => colourful((await sights.pixels("key", [sky]))[0])).toBeGreaterThan(60);
    await expect(sights.root.locator(".heat-legend")).toContainText("Point at a patch");
  });

  test("that cannot be read leaves the patches, and says so", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "brokenPicture" });
    await expect(sights.side("query").getByText("The picture cannot be shown")).toBeVisible();
    await sights.click("query", 0.5, 0.5);
    await sights.expectTraits({ query: 5 });
  });

  test("is never fetched from an address", async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const sights = await Sights.open(page, { scenario: "foreignPicture", traits: { query: 3 } });
    await expect(sights.side("key").getByText("The picture cannot be shown")).toBeVisible();
    expect(asked.filter((url) => url.includes("picture.png"))).toEqual([]);
  });
});

test.describe("the pointer", () => {
  test("shows what a patch looks at, and a click pins it", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "vision", traits: { heads: [1], head: 1 } });
    const [row, column] = [9, 4];
    const query = 3 + row * 14 + column;
    const at = [(column + 0.5) / 14, (row + 0.5) / 14] as const;
    await sights.pointAt("query", ...at);
    await expect(sights.side("query").locator(".patch.hovered")).toHaveCount(1);
    const weights = vision.weights(0, 1)[query];
    const best = weights.indexOf(Math.max(...weights));
    const named = `patch ${Math.floor((best - 3) / 14)},${(best - 3) % 14}`;
    await expect
      .poll(() => sights.tips())
      .toEqual([`patch ${row},${column}, position ${query}`, `head 1: ${named} ${exact(weights[best])}`]);
    expect(await sights.trait("query")).toBeNull();
    await sights.click("query", ...at);
    await sights.expectTraits({ query });
    await sights.click("query", ...at);
    await sights.expectTraits({ query: null });
  });

  test("over the other side tells the exact weight of the pair", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "vision", traits: { heads: [0, 1], head: 1, query: 120 } });
    await sights.pointAt("key", 5.5 / 14, 8.5 / 14);
    const key = 3 + 8 * 14 + 5;
    const lines = [0, 1].map((head) => `head ${head}: ${exact(vision.weights(0, head)[120][key])}`);
    await expect.poll(() => sights.tips()).toEqual([`patch 8,5, position ${key}`, ...lines]);
    await sights.click("key", 5.5 / 14, 8.5 / 14);
    await sights.expectTraits({ query: 120, key });
  });

  test("reaches class and register tokens beside the picture", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "vision", traits: { heads: [1], head: 1 } });
    await expect(sights.side("query").locator(".piece")).toHaveText(["[CLS]", "register 0", "register 1"]);
    await sights.piece("query", 0).click();
    await sights.expectTraits({ query: 0 });
    await expect(sights.piece("query", 0)).toHaveAttribute("aria-selected", "true");
    await expect(sights.piece("key", 1).locator(".piece-bar")).toHaveCount(1);
    await expect(sights.piece("query", 1).locator(".piece-bar")).toHaveCount(0);
  });
});

test.describe("text beside a picture", () => {
  test("looks at patches and at text", async ({ page }) => {
    const traits = { heads: [2], head: 2, query: 74, intensity: "head" };
    const sights = await Sights.open(page, { scenario: "looking", traits });
    const weights = looking.weights(0, 2)[74];
    const patches = weights.slice(3, 67);
    const best = patches.indexOf(Math.max(...patches));
    const opacity = (entry: number) =>
      sights
        .piece("key", entry)
        .locator(".piece-bar")
        .evaluate((bar: HTMLElement) => Number(bar.style.opacity));
    for (const entry of [0, 67, 72]) {
      const expected = MOST * Math.min(1, weights[entry] / patches[best]) ** 0.6;
      expect(await opacity(entry)).toBeCloseTo(expected, 4);
    }
    await expect(sights.piece("key", 76)).toHaveClass(/faint/);
    await sights.pointAt("key", ((best % 8) + 0.5) / 8, (Math.floor(best / 8) + 0.5) / 8);
    await expect
      .poll(() => sights.tips())
      .toEqual([`patch ${Math.floor(best / 8)},${best % 8}, position ${best + 3}`, `head 2: ${exact(patches[best])}`]);
  });

  test("is found from a patch that is pinned as key", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "looking", traits: { heads: [2], head: 2 } });
    await sights.click("key", 5.5 / 8, 2.5 / 8);
    const key = 3 + 2 * 8 + 5;
    await sights.expectTraits({ key });
    const column = looking.weights(0, 2).map((row) => row[key]);
    const bar = sights.piece("query", 70).locator(".piece-bar");
    await expect
      .poll(() => bar.evaluate((one: HTMLElement) => Number(one.style.opacity)))
      .toBeCloseTo(MOST * column[70] ** 0.6, 4);
    await expect(sights.piece("query", 70)).toHaveAccessibleName(`?, position 70, head 2 weight ${short(column[70])}`);
  });

  test("says what was generated", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "looking" });
    await expect(sights.side("query").locator(".piece.generated")).toHaveCount(7);
    await expect(sights.piece("query", 71)).toHaveClass(/generated-first/);
    await expect(sights.piece("query", 72)).toHaveAccessibleName("lake, position 72, generated");
    await sights.root.getByRole("button", { name: "Next step" }).click();
    await sights.expectTraits({ query: 70 });
  });

  test("of a decoder stands alone, beside the picture that it looks at", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "captioning", traits: { key: 74 } });
    await expect(sights.picture("query")).toHaveCount(0);
    await expect(sights.side("query").locator(".piece-bar")).toHaveCount(8);
    await expect(sights.picture("key").locator(".patch.pinned")).toHaveCount(1);
    await sights.piece("query", 2).click();
    await sights.expectTraits({ query: 2, key: 74 });
  });
});

test.describe("the keyboard", () => {
  test("walks over patches and the tokens beside them, crosses, pins and goes on", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits: { heads: [1], head: 1 } });
    await sights.side("query").focus();
    const active = (side: "query" | "key") => sights.side(side).getAttribute("aria-activedescendant");
    await page.keyboard.press("ArrowUp"); // from the class token beneath the picture
    await expect.poll(() => active("query")).toBe("query-7");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => active("query")).toBe("query-5");
    await page.keyboard.press("Space");
    await sights.expectTraits({ query: 5 });
    await expect(sights.side("query").locator("#query-5")).toHaveAccessibleName("patch 1,1, position 5");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight"); // over the edge
    await expect(sights.side("key")).toBeFocused();
    await expect.poll(() => active("key")).toBe("key-6");
    const weight = short(bare.weights(0, 1)[5][6]);
    await expect(sights.side("key").locator("#key-6")).toHaveAccessibleName(
      `patch 1,2, position 6, head 1 weight ${weight}`,
    );
    await page.keyboard.press("End");
    await expect.poll(() => active("key")).toBe("key-9");
    await page.keyboard.press("Enter");
    await sights.expectTraits({ key: 9 });
    await expect(sights.root.getByRole("status").last()).toHaveText(
      "Pinned query patch 1,1, position 5; key patch 2,2, position 9",
    );
    await page.keyboard.press("Home");
    await expect.poll(() => active("key")).toBe("key-0");
    await page.keyboard.press("Escape");
    await sights.expectTraits({ key: null, query: 5 });
  });

  test("shows where it is by a ring", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "vision", traits: { heads: [1], head: 1 } });
    await sights.side("query").focus();
    await page.keyboard.press("ArrowUp");
    await expect(sights.side("query").locator(".patch.active")).toHaveCSS("outline-style", "solid");
    await expect(sights.root.getByRole("tooltip")).toContainText("patch 13,");
  });
});

test.describe("columns", () => {
  test("with their lines are one click away, and that is a step like any other", async ({ page }) => {
    const sights = await Sights.open(page, { scenario: "brokenPicture", traits: { query: 5 } });
    await sights.root.getByRole("radio", { name: "columns" }).click();
    await sights.expectTraits({ patches: "columns" });
    await expect(sights.root.locator(".sights")).toHaveCount(0);
    await expect(sights.side("query").locator('[data-entry="5"]')).toHaveText("patch 1,1");
    await expect(sights.root.getByLabel("Hide lines under a weight of")).toBeVisible();
    await sights.side("query").focus();
    await page.keyboard.press("z");
    await sights.expectTraits({ patches: "picture" });
    await expect(sights.root.locator(".sights")).toBeVisible();
  });

  test("are not offered where no token is a patch", async ({ page }) => {
    await openWidget(page, { scenario: "sentence" });
    await expect(page.locator(".shell")).toContainText("looks from");
    await expect(page.getByRole("radio", { name: "columns" })).toHaveCount(0);
  });
});

test("beside the neurons of the explorer the rows have names of their own", async ({ page }) => {
  await page.setViewportSize({ width: 1300, height: 1000 });
  const traits = { heads: [1], head: 1, query: 5 };
  const sights = await Sights.open(page, { scenario: "brokenPicture", kind: "explorer", traits });
  const rows = sights.root.getByRole("listbox", { name: "Tokens that are looked at (keys)" });
  await expect(rows.locator('[id="row-1"]')).toHaveText("0,0");
  await rows.locator('[id="row-6"]').hover();
  await expect(sights.picture("key").locator(".patch.hovered")).toHaveAttribute("id", "key-6");
  await sights.root.getByRole("radio", { name: "columns" }).click();
  await expect(rows).toHaveCount(0);
});

test("a layer that was refused shows the reason in the place of the picture", async ({ page }) => {
  await openWidget(page, { scenario: "brokenPicture", manners: "failing", withFirst: false });
  await expect(page.getByRole("alert")).toContainText("cannot be computed");
  await expect(page.locator(".sights")).toBeHidden();
});

/** What the picture looks like where there is little, usual and much room. */
const LOOKS: readonly { name: string; start: Start; hover?: [number, number]; at: readonly string[] }[] = [
  {
    name: "vision-explorer",
    start: { scenario: "vision", kind: "explorer", traits: { heads: [0], head: 0, query: 120, intensity: "head" } },
    hover: [6.5 / 14, 8.5 / 14],
    at: ["560 light", "1080 light", "1600 light", "560 dark", "1080 dark", "1600 dark"],
  },
  {
    name: "vision-head",
    start: { scenario: "vision", traits: { heads: [2, 5], head: 5, query: 60, key: 78 } },
    at: ["560 light", "1080 dark"],
  },
  {
    name: "looking-head",
    start: { scenario: "looking", traits: { query: 74, intensity: "head" } },
    at: ["560 dark", "1080 light"],
  },
  {
    name: "looking-explorer",
    start: { scenario: "looking", kind: "explorer", traits: { heads: [2], head: 2, query: 74 } },
    at: ["560 light", "1600 dark"],
  },
  {
    name: "captioning-head",
    start: { scenario: "captioning", traits: { key: 74, intensity: "head" } },
    at: ["560 light", "1080 dark"],
  },
];

for (const { name, start, hover, at } of LOOKS) {
  for (const place of at) {
    const [width, theme] = place.split(" ");
    test(`${name} at ${width} px, ${theme}: nothing overlaps, is cut off or pale`, async ({ page }) => {
      await page.setViewportSize({ width: Number(width), height: 1300 });
      const sights = await Sights.open(page, { ...start, traits: { ...start.traits, theme } });
      await expect.poll(async () => (await sights.pixels("key", [[0.5, 0.5]]))[0][3]).toBe(255);
      await expect(page.locator(".headscope")).toHaveAttribute("data-theme", theme);
      if (hover) await sights.pointAt("key", ...hover);
      await page.screenshot({ path: `test-results/looks/${name}-${theme}-${width}.png`, fullPage: true });
      await audit(sights.root);
    });
  }
}
