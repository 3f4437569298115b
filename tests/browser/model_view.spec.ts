/** The model view on a page that plays the notebook: what a person sees, points at and presses, and what Python is told. */
import { expect, test } from "@playwright/test";
import { short } from "../../js/views/shared/format.js";
import { type ModelPage, openModel } from "./page/model_page.js";
import { reference } from "./page/reference.js";

const sentence = reference("sentence");
const DRAWN = { traits: { layer: 1, heads: [2, 3], head: 3 } };

/** The largest weight of a head outside of the first token's column, and what the first token gets on average. */
function readings(layer: number, head: number): { strongest: string; first: string } {
  const weights = sentence.weights(layer, head);
  const first = weights.reduce((sum, row) => sum + row[0], 0) / weights.length;
  return { strongest: short(Math.max(...weights.flatMap((row) => row.slice(1)))), first: short(first) };
}

async function expectEnlarged(view: ModelPage, layer: number, head: number): Promise<void> {
  const { strongest, first } = readings(layer, head);
  await expect(view.enlarged).toContainText(`Layer ${layer}, head ${head}`);
  await expect(view.enlarged.locator(".value")).toHaveText([strongest, first]);
}

test.describe("the grid", () => {
  test("has every head, named, from what came along with the widget: nothing is asked", async ({ page }) => {
    const view = await openModel(page, "sentence", DRAWN);
    await view.expectLayers(4);
    await expect(view.grid.getByRole("gridcell")).toHaveCount(36);
    await view.expectDrawn(["1 2", "1 3"]);
    expect(await view.asked()).toEqual([]);
    await expect(view.root).toContainText("SyntheticForCausalLM, 4 layers × 9 heads");
  });

  test("draws what attention is, the first token apart", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.expectLayers(4);
    for (const [layer, head] of [
      [0, 0],
      [3, 7],
    ]) {
      const weights = sentence.weights(layer, head);
      const pixels = await view.pixels(layer, head);
      const size = pixels.length; // 38 pixels: rail 3, gap 1, body 34
      const at = (query: number, key: number) =>
        pixels[Math.floor(((query + 0.5) * size) / 12)][
          key === 0 ? 1 : 4 + Math.floor(((key - 0.5) * (size - 4)) / 11)
        ];
      const seen = weights.flatMap((row, query) =>
        row.flatMap((weight, key) => (key > 0 && key <= query ? [{ weight, away: at(query, key) }] : [])),
      );
      seen.sort((a, b) => a.weight - b.weight);
      for (let one = 1; one < seen.length; one++) expect(seen[one].away).toBeGreaterThanOrEqual(seen[one - 1].away - 1);
      expect(seen[seen.length - 1].away).toBeGreaterThan(100);
      expect(at(3, 9)).toBe(-1); // masked: nothing is drawn
      expect(at(0, 0)).toBeGreaterThan(100); // the first token has only itself to look at
    }
  });

  test("has a previous-token diagonal and an induction stripe stand out at 28 pixels", async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 700 });
    for (const theme of ["light", "dark"]) {
      const view = await openModel(page, "patterns", { traits: { theme } });
      await view.expectLayers(1);
      for (const [head, shift, from] of [
        [0, 0, 2],
        [1, 12, 15],
      ]) {
        const pixels = await view.pixels(0, head);
        expect(pixels).toHaveLength(28);
        const body = pixels.map((row) => row.slice(3));
        for (let row = from; row < 25; row++) {
          const cells = body[Math.floor(((row + 0.5) * 28) / 25)].filter((away) => away >= 0);
          const stripe = Math.max(...cells.slice(row - shift - 1, row - shift + 1));
          const beside = cells.filter((_, column) => Math.abs(column - (row - shift)) > 1);
          const mean = beside.reduce((sum, away) => sum + away, 0) / beside.length;
          expect(stripe).toBeGreaterThanOrEqual(3 * mean);
          expect(stripe).toBeGreaterThan(60);
        }
      }
    }
  });

  test("shows all heads of 30 layers in bands, and one head alone", async ({ page }) => {
    const view = await openModel(page, "grid30x9");
    await view.expectLayers(30);
    const [first, tenth, last] = await Promise.all(
      [view.cell(0, 0), view.cell(10, 0), view.cell(29, 8)].map((cell) => cell.boundingBox()),
    );
    expect(tenth?.y).toBe(first?.y);
    expect(last?.x).toBeGreaterThan((tenth?.x ?? 0) + 300);
    const one = await openModel(page, "grid1x1", { traits: { heads: [0] } });
    await expect(one.grid.getByRole("gridcell")).toHaveCount(1);
    await expectEnlargedIs(one, "Layer 0, head 0");
  });

  test("scrolls 64 x 64 heads by its bars and with a modifier held, and leaves the wheel to the notebook", async ({
    page,
  }) => {
    await page.setViewportSize({ width: 560, height: 900 });
    const view = await openModel(page, "grid64x64", { traits: { heads: [0] } });
    await view.expectLayers(64);
    await view.cell(5, 5).hover();
    const scrolled = () =>
      view.root.locator(".scrolled").evaluate(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
    await page.mouse.wheel(0, 100);
    expect(await scrolled()).toEqual([0, 0]);
    await page.keyboard.down("Shift");
    await page.mouse.wheel(0, 120);
    await page.keyboard.up("Shift");
    await expect.poll(scrolled).toEqual([0, 120]);
    await view.root.locator(".grid-bar.across").evaluate((bar) => bar.scrollTo({ left: 200 }));
    await expect.poll(scrolled).toEqual([200, 120]);
    await view.push({ layer: 63, heads: [63], head: 63 });
    await expect(view.cell(63, 63)).toBeInViewport();
  });
});

async function expectEnlargedIs(view: ModelPage, title: string): Promise<void> {
  await expect(view.enlarged.getByRole("heading")).toHaveText(title);
}

test.describe("pointing", () => {
  test("names the head, enlarges it with its tokens and numbers, and tells Python nothing", async ({ page }) => {
    const view = await openModel(page, "sentence", DRAWN);
    await expectEnlarged(view, 1, 3);
    await view.cell(2, 5).hover();
    await expect(view.tooltip).toHaveText("layer 2, head 5");
    await expectEnlarged(view, 2, 5);
    for (const token of ["doctor", "question", "She"])
      await expect(view.enlarged.locator(".tick.query", { hasText: token })).toBeVisible();
    await page.mouse.move(5, 5);
    await expect(view.tooltip).toBeHidden();
    await expectEnlarged(view, 1, 3);
    expect(await view.steps()).toEqual([]);
  });

  test("writes no number that is not read off exact rows", async ({ page }) => {
    const view = await openModel(page, "sentence", { ...DRAWN, manners: "silent" });
    await expectEnlarged(view, 1, 3);
    await view.cell(2, 5).hover();
    await expectEnlargedIs(view, "Layer 2, head 5");
    await expect(view.enlarged.locator(".value")).toHaveText(["", ""]);
    await page.evaluate(() => window.host.kernel.wake());
    await expectEnlarged(view, 2, 5);
  });

  test("asks for no layer that the pointer only passes", async ({ page }) => {
    const view = await openModel(page, "grid30x9");
    await view.expectLayers(30);
    for (const layer of [3, 4, 5, 6]) await view.cell(layer, 2).dispatchEvent("pointerover");
    await expectEnlargedIs(view, "Layer 6, head 2");
    await expect(view.enlarged.locator(".value")).toHaveText([/\d/, /\d/]);
    const layers = await page.evaluate(() =>
      window.host.kernel.received.map(({ args }) => (args as { layer?: number }).layer),
    );
    expect(layers).toEqual([6]);
  });
});

test.describe("clicking", () => {
  test("draws the head alone and brings it into focus, in one step", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.cell(2, 5).click();
    await view.expectLastStep({ layer: 2, heads: [5], head: 5, scale: "model" });
    await view.expectDrawn(["2 5"]);
    expect(await view.steps()).toHaveLength(1);
  });

  test("leaves the head under the pointer enlarged, and its name beside it, while the keyboard's place moves", async ({
    page,
  }) => {
    const view = await openModel(page, "sentence", DRAWN);
    await view.cell(1, 7).click();
    await view.cell(2, 5).hover();
    await expectEnlarged(view, 2, 5);
    const changes = await view.root.evaluateHandle((root) => {
      const seen: string[] = [];
      const watched = { subtree: true, childList: true, characterData: true };
      new MutationObserver(() => seen.push(root.textContent ?? "")).observe(root, watched);
      return seen;
    });
    await page.mouse.down();
    await expect(view.cell(2, 5)).toBeFocused();
    await expect(view.tooltip).toHaveText("layer 2, head 5");
    expect(await changes.jsonValue()).toEqual([]);
  });

  test("with Shift adds heads of the layer, and takes them away", async ({ page }) => {
    const view = await openModel(page, "sentence", { traits: { ...DRAWN.traits, scale: "model" } });
    await view.cell(1, 7).click({ modifiers: ["Shift"] });
    await view.expectLastStep({ heads: [2, 3, 7], head: 7 });
    await view.cell(1, 2).click({ modifiers: ["Control"] });
    await view.expectLastStep({ heads: [3, 7] });
    await view.expectDrawn(["1 3", "1 7"]);
    await view.cell(0, 4).click({ modifiers: ["Shift"] });
    await view.expectLastStep({ layer: 0, heads: [4], head: 4 });
  });

  test("twice goes down to the head view, with what is drawn of its layer", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.cell(2, 5).dblclick();
    expect(await view.steps()).toEqual([{ layer: 2, heads: [5], head: 5, scale: "model" }, { scale: "head" }]);
  });
});

test.describe("keys", () => {
  test("walk the grid as one tab stop, across bands, and say where one is", async ({ page }) => {
    const view = await openModel(page, "grid30x9", { traits: { layer: 9, heads: [8], head: 8 } });
    await view.expectLayers(30);
    await expect(view.grid.locator('[tabindex="0"]')).toHaveCount(1);
    await view.cell(9, 8).focus();
    const at = () => view.grid.locator(":focus").getAttribute("aria-label");
    for (const [key, place] of [
      ["ArrowRight", "layer 19, head 0"],
      ["ArrowLeft", "layer 9, head 8"],
      ["ArrowDown", "layer 10, head 8"],
      ["ArrowUp", "layer 9, head 8"],
      ["Home", "layer 9, head 0"],
      ["End", "layer 9, head 8"],
      ["PageUp", "layer 0, head 8"],
    ]) {
      await page.keyboard.press(key);
      expect(await at()).toBe(place);
    }
    await expect(view.tooltip).toHaveText("layer 0, head 8");
    await expectEnlargedIs(view, "Layer 0, head 8");
    expect(await view.steps()).toEqual([]);
    await expect(view.grid.locator('[tabindex="0"]')).toHaveAttribute("aria-label", "layer 0, head 8");
  });

  test("choose with Space, add with Shift, go down with Enter; none of them reaches the notebook", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await page.evaluate(() => {
      document.addEventListener("keydown", ({ key }) => key !== "Shift" && document.body.setAttribute("data-key", key));
    });
    await view.cell(0, 0).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await view.expectLastStep({ layer: 1, heads: [0], scale: "model" });
    await expect(view.cell(1, 0)).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+Space");
    await view.expectLastStep({ heads: [0, 1], head: 1 });
    await page.keyboard.press("Enter");
    await view.expectLastStep({ scale: "head" });
    await expect(page.locator("body")).not.toHaveAttribute("data-key");
  });
});

test.describe("what Python sets", () => {
  test("is seen at once: frames, bold numbers, the enlarged head", async ({ page }) => {
    const view = await openModel(page, "sentence");
    await view.push({ layer: 3, heads: [1, 6], head: 6 });
    await view.expectDrawn(["3 1", "3 6"]);
    await expect(view.grid.locator(".layer-number.focused")).toHaveText("3");
    await expect(view.grid.locator(".head-number.focused")).toHaveText("6");
    await expectEnlarged(view, 3, 6);
  });

  test("leaves out layers and heads, and the others keep their numbers", async ({ page }) => {
    const view = await openModel(page, "sentence", { traits: { show_layers: [1, 3], show_heads: [0, 4, 8] } });
    await view.expectLayers(2);
    await expect(view.grid.getByRole("gridcell")).toHaveCount(6);
    await expect(view.cell(3, 8)).toBeVisible();
    await expect(view.root).toContainText("2 of 4 layers × 3 of 9 heads");
  });
});
