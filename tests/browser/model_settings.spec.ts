/** The model view's controls on a page that plays the notebook: what they change in the pictures, and what Python is told. */
import { expect, test } from "@playwright/test";
import { openModel } from "./page/model_page.js";
import { reference } from "./page/reference.js";

const sentence = reference("sentence");
const DRAWN = { traits: { layer: 1, heads: [2, 3], head: 3 } };

test.describe("controls", () => {
  test("leave out layers and heads as they are written, and say what they cannot read", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.root.getByRole("button", { name: "4 layers × 9 heads" }).click();
    await view.root.getByLabel("Shown layers").fill("2-3");
    await page.keyboard.press("Enter");
    await view.expectLastStep({ show_layers: [2, 3] });
    await view.root.getByLabel("Shown heads").fill("some");
    await page.keyboard.press("Enter");
    await expect(view.root.getByRole("alert")).toHaveText('"some" is no number; write for example 0-1, 8');
    await view.root.getByLabel("Shown heads").fill("0, 2..4");
    await page.keyboard.press("Enter");
    await view.expectLastStep({ show_heads: [0, 2, 3, 4] });
    await expect(view.grid.getByRole("gridcell")).toHaveCount(8);
    await view.root.getByLabel("Shown layers").fill("all");
    await page.keyboard.press("Enter");
    await view.expectLastStep({ show_layers: null });
  });

  test("draw lines, without the first token's fan", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.expectLayers(4);
    await view.choice("lines").click();
    await view.expectLastStep({ thumbnails: "lines" });
    await expect
      .poll(async () => (await view.pixels(0, 0)).flat().filter((away) => away >= 0).length)
      .toBeGreaterThan(50);
    const pixels = await view.pixels(0, 0);
    const size = pixels.length;
    const rightEnd = pixels.slice(0, Math.floor(size / 24)).map((row) => row[size - 1]);
    expect(Math.max(...rightEnd)).toBe(-1); // where all lines to the first token would end
  });

  test("give each head its own intensity, and the legend says so", async ({ page }) => {
    const view = await openModel(page, "grid30x9");
    await view.expectLayers(30);
    await expect(view.root).toContainText("weight; one scale for all heads");
    const largest = async (head: number) =>
      Math.max(...(await view.pixels(0, head)).map((row) => Math.max(...row.slice(3))));
    const weights = reference("grid30x9");
    const tops = Array.from({ length: 9 }, (_, head) =>
      Math.max(...weights.weights(0, head).flatMap((row) => row.slice(1))),
    );
    const palest = tops.indexOf(Math.min(...tops));
    const before = await largest(palest);
    await view.choice("a scale for each head").click();
    await view.expectLastStep({ intensity: "head" });
    await expect.poll(() => largest(palest)).toBeGreaterThan(before);
    await expect(view.root).toContainText("largest of the head");
  });

  test("filter sentences and special tokens: pictures are asked for anew", async ({ page }) => {
    const view = await openModel(page, "pair", { traits: { layer: 0 } });
    await view.expectLayers(6);
    await view.choice("from sentence A to B").click();
    await expect
      .poll(async () => (await view.asked()).at(-1))
      .toMatchObject({ pair_filter: "a->b", layers: [0, 1, 2, 3, 4, 5] });
    await view.expectLayers(6);
    await expect(view.enlarged.locator(".tick.query", { hasText: "chess" })).toBeVisible();
    await expect(view.enlarged.locator(".tick.key", { hasText: "chess" })).toHaveCount(0);
    await expect(view.enlarged.locator(".value").nth(1)).toHaveText(""); // the first token takes no part
    await view.root.getByRole("switch", { name: "hide special tokens" }).click();
    await expect.poll(async () => (await view.asked()).at(-1)).toMatchObject({ hide_special: true });
    await expect(view.enlarged.locator(".tick.query", { hasText: "SEP" })).toHaveCount(0);
  });

  test("weigh by the norm of the value: another scale, said in the legend", async ({ page }) => {
    const view = await openModel(page, "sentence", { traits: { ...DRAWN.traits, measure: "value_norm" } });
    await expect
      .poll(async () => (await view.asked()).at(-1))
      .toMatchObject({ measure: "value_norm", layers: [1, 0, 2, 3] });
    await expect(view.root).toContainText("weight × norm of the value; one scale for all heads of a layer");
    const { valueNorms } = sentence.terms(1);
    const numbers = sentence
      .weights(1, 3)
      .flatMap((row) => row.slice(1).map((weight, at) => weight * valueNorms[3][at + 1]));
    await expect(view.enlarged.locator(".value").first()).toHaveText(Math.max(...numbers).toPrecision(3));
  });
});

test.describe("parts", () => {
  test("of an encoder-decoder model are shown as chosen, queries and keys of different kinds", async ({ page }) => {
    const view = await openModel(page, "speech", { traits: { part: "cross", heads: [0] } });
    await view.expectLayers(4);
    await expect(view.enlarged.locator(".tick.query", { hasText: "nurse" })).toBeVisible();
    await expect(view.enlarged.locator(".tick.key", { hasText: "0.48 s" })).toBeVisible();
    expect((await view.pixels(0, 0))[0].slice(5).every((away) => away >= 0)).toBe(true); // no triangle
  });
});
