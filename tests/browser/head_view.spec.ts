/** The head view on a page that plays the notebook: what a person sees and points at, and what Python is told. */
import { expect, test } from "@playwright/test";
import { exact, percent, short } from "../../js/views/shared/format.js";
import { causal, open, reference, sum } from "./page/reference.js";
import { SCENARIOS } from "./page/scenarios.js";
import type { View } from "./page/view.js";

const sentence = reference("sentence");
const heads = Array.from({ length: 9 }, (_, head) => head);

test.describe("with nothing hovered or pinned", () => {
  test("draws every weight from the threshold on, and says how much of the weight that is", async ({ page }) => {
    const view = await open(page, "sentence");
    const all = heads.flatMap((head) => sentence.weights(0, head).flat());
    const drawn = all.filter((weight) => weight >= 0.05);
    await view.expectLines(drawn.length);
    const share = sum(drawn) / sum(all);
    await expect(view.root).toContainText(`drawn lines hold ${percent(share)} of the weight in view`);
  });

  test("names the model, its size and the certificate of the layer", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { layer: 2 } });
    await expect(view.root).toContainText("SyntheticForCausalLM, 4 layers × 9 heads");
    await expect(view.root).toContainText("exact, certified 3e-7");
    await view.root.getByText("exact, certified").hover();
    await expect(view.tooltip).toContainText("Largest difference: 3e-7 of an attention weight; over all layers 4e-7");
  });

  test("has no numbers and no shading", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.expectNumbers("key", Array(12).fill(""));
    expect(await view.shade("key", 0)).toBe(0);
  });
});

test.describe("hovering", () => {
  test("a query shows its lines only, its weights, its shading and its strongest keys", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [2, 4], head: 4 } });
    await view.token("query", 8).hover();
    const row = sentence.weights(0, 4)[8];
    await view.expectNumbers(
      "key",
      row.map((weight, key) => (key <= 8 ? short(weight) : "")),
    );
    await view.expectNumbers("query", Array(12).fill(""));
    expect(await view.ink("query", 8)).toBeGreaterThan(100);
    expect(await view.ink("query", 7)).toBeLessThan(60);
    expect(await view.shade("key", 0)).toBeGreaterThan(0);
    expect(await view.shade("key", 9)).toBe(0);
    const strongest = [2, 4].map((head) => {
      const weights = sentence.weights(0, head)[8];
      const best = weights.indexOf(Math.max(...weights));
      return `head ${head}: ${SCENARIOS.sentence.tokens[best].trim()} ${exact(weights[best])}`;
    });
    await expect.poll(() => view.tips()).toEqual(strongest);
  });

  test("a key shows the queries that look at it", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [1], head: 1 } });
    await view.token("key", 2).hover();
    const weights = sentence.weights(0, 1).map((row) => row[2]);
    await view.expectNumbers(
      "query",
      weights.map((weight, query) => (query >= 2 ? short(weight) : "")),
    );
    const best = weights.indexOf(Math.max(...weights));
    await expect
      .poll(() => view.tips())
      .toEqual([`head 1: ${SCENARIOS.sentence.tokens[best].trim()} ${exact(weights[best])}`]);
    await view.expectLines(
      sentence
        .weights(0, 1)
        .flat()
        .filter((weight) => weight >= 0.05).length,
    );
  });

  test("has its numbers at once, and its tooltip where the pointer rests", async ({ page }) => {
    await page.clock.install();
    const view = await open(page, "sentence");
    await page.clock.pauseAt(Date.now() + 3_600_000);
    for (const query of [3, 5, 8]) {
      await view.token("query", query).hover();
      await page.clock.runFor(60);
      await expect(view.token("query", query)).toHaveClass(/hovered/);
      expect(await view.tips()).toEqual([]);
    }
    const row = sentence.weights(0, 0)[8];
    await view.expectNumbers(
      "key",
      row.map((weight, key) => (key <= 8 ? short(weight) : "")),
    );
    await page.clock.runFor(60);
    await expect(view.tooltip).toBeVisible();
    await view.token("query", 3).hover();
    await page.clock.runFor(20);
    await expect(view.tooltip).toBeHidden();
  });

  test("lists eight heads at most", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.token("query", 8).hover();
    await expect(view.tooltip).toContainText("and 1 more");
    await expect.poll(() => view.tips()).toHaveLength(9);
  });

  test("makes tokens faint that the mask hides", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.token("query", 3).hover();
    await expect(view.token("key", 4)).toHaveClass(/faint/);
    await expect(view.token("key", 3)).not.toHaveClass(/faint/);
  });

  test("tells Python nothing, and ends with the pointer", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.token("query", 3).hover();
    await expect(view.tooltip).toBeVisible();
    await page.mouse.move(400, 700);
    await expect(view.tooltip).toBeHidden();
    await view.expectNumbers("key", Array(12).fill(""));
    expect(await view.steps()).toEqual([]);
  });

  test("goes over to the other side's tokens without anything being let go between", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.token("query", 3).hover();
    await expect(view.token("query", 3)).toHaveClass(/hovered/);
    const seen = await view.root.evaluate(async (root) => {
      const list = root.querySelector(".column.query") as HTMLElement;
      const own = list.querySelector('[data-entry="3"]') as HTMLElement;
      const other = root.querySelector('.column.key [data-entry="2"]') as HTMLElement;
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const states: string[] = [];
      const note = () => states.push([own, other].map((one) => one.classList.contains("hovered")).join());
      const over = (entry: HTMLElement) => entry.dispatchEvent(new PointerEvent("pointermove", { bubbles: true }));
      const leave = () => list.dispatchEvent(new PointerEvent("pointerleave"));
      for (const next of [own, other, null]) {
        leave();
        await Promise.resolve(); // what changes at once has been rendered
        note();
        if (next !== null) over(next);
        await frame();
        note();
      }
      return states;
    });
    const [isOnOwn, isOnOther, isGone] = ["true,false", "false,true", "false,false"];
    expect(seen).toEqual([isOnOwn, isOnOwn, isOnOwn, isOnOther, isOnOther, isGone]);
  });

  test("never has its tooltip over the hovered row or outside of the widget", async ({ page }) => {
    const view = await open(page, "sentence");
    const frame = await view.root.boundingBox();
    for (const [side, entry] of [
      ["query", 0],
      ["query", 11],
      ["key", 0],
      ["key", 11],
    ] as const) {
      await view.token(side, entry).hover();
      await expect(view.tooltip).toBeVisible();
      const tip = await view.tooltip.boundingBox();
      const row = await view.token(side, entry).boundingBox();
      if (!tip || !row || !frame) throw new Error("not on the page");
      expect(tip.y >= row.y + row.height || tip.y + tip.height <= row.y).toBe(true);
      expect(tip.x).toBeGreaterThanOrEqual(frame.x);
      expect(tip.x + tip.width).toBeLessThanOrEqual(frame.x + frame.width);
      expect(tip.y + tip.height).toBeLessThanOrEqual(frame.y + frame.height);
    }
  });
});

test.describe("pinning", () => {
  test("a token tells Python its position in one step, and keeps its lines", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.token("query", 8).click();
    await view.expectLastStep({ query: 8 });
    await page.mouse.move(400, 700);
    await expect(view.token("query", 8)).toHaveAttribute("aria-selected", "true");
    await view.expectNumbers("key", causal(sentence.weights(0, 0)[8], 8));
    await view.token("query", 8).click();
    await view.expectLastStep({ query: null });
    await expect(view.token("query", 8)).toHaveAttribute("aria-selected", "false");
  });

  test("moves nothing", async ({ page }) => {
    const view = await open(page, "sentence");
    const before = [await view.token("key", 5).boundingBox(), await view.root.boundingBox()];
    await view.token("query", 8).click();
    await view.token("key", 2).click();
    expect([await view.token("key", 5).boundingBox(), await view.root.boundingBox()]).toEqual(before);
  });

  test("a query, then pointing at a key, gives the weight of the pair for each head", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [2, 3, 4], head: 4, query: 8 } });
    await view.token("key", 4).hover();
    const weight = (head: number) => exact(sentence.weights(0, head)[8][4]);
    await expect.poll(() => view.tips()).toEqual([2, 3, 4].map((head) => `head ${head}: ${weight(head)}`));
    await expect(view.token("key", 4)).toHaveClass(/hovered/);
    expect(await view.ink("query", 8)).toBeGreaterThan(100);
  });

  test("a key, then pointing at a query, gives the weight of the pair", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [2], head: 2, key: 4 } });
    await view.token("query", 8).hover();
    await expect.poll(() => view.tips()).toEqual([`head 2: ${exact(sentence.weights(0, 2)[8][4])}`]);
  });

  test("is undone by Escape, the key first; with nothing pinned Escape is the notebook's", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.token("query", 8).click();
    await view.token("key", 4).click();
    await page.evaluate(() => {
      document.addEventListener("keydown", (event) => document.body.setAttribute("data-key", event.key));
    });
    await page.keyboard.press("Escape");
    await view.expectLastStep({ key: null });
    await page.keyboard.press("Escape");
    await view.expectLastStep({ query: null });
    await expect(page.locator("body")).not.toHaveAttribute("data-key");
    await page.keyboard.press("Escape");
    await expect(page.locator("body")).toHaveAttribute("data-key", "Escape");
  });

  test("by Python moves the picture", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.push({ layer: 1, heads: [5, 7], head: 7, query: 10, key: 3 });
    await expect(view.root.getByLabel("Layer", { exact: true })).toHaveValue("1");
    await expect(view.head(7)).toHaveAttribute("aria-current", "true");
    await expect(view.token("key", 3)).toHaveAttribute("aria-selected", "true");
    await view.expectNumbers("key", causal(sentence.weights(1, 7)[10], 10));
    expect(await view.steps()).toEqual([]);
  });
});

test.describe("the chips", () => {
  test("switch a head on, which brings it into focus, and off", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [1, 4], head: 1 } });
    await view.head(3).click();
    await view.expectLastStep({ heads: [1, 3, 4], head: 3 });
    await expect(view.head(3)).toHaveAttribute("aria-pressed", "true");
    await view.head(3).click();
    await view.expectLastStep({ heads: [1, 4], head: 1 });
    await expect(view.head(3)).toHaveAttribute("aria-pressed", "false");
  });

  test("draw a head alone on a double click, and all again on the next", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.head(6).dblclick();
    await expect.poll(() => pressed(view)).toEqual([6]);
    await view.head(6).dblclick();
    await expect.poll(() => pressed(view)).toEqual(heads);
    await view.head(6).click({ clickCount: 4 });
    await expect.poll(() => pressed(view)).toEqual(heads);
    expect(Object.assign({}, ...(await view.steps()))).toEqual({ heads, head: 6 });
  });

  test("bring a drawn head into focus with Shift", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { query: 8 } });
    await view.head(5).click({ modifiers: ["Shift"] });
    await view.expectLastStep({ head: 5 });
    await view.expectNumbers("key", causal(sentence.weights(0, 5)[8], 8));
    await expect(view.root).toContainText("head 5");
  });

  test("can all be off; then that is said", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [2], head: 2 } });
    await view.head(2).click();
    await view.expectLastStep({ heads: [], head: null });
    await view.expectLines(0);
    await expect(view.root).toContainText("No head is drawn");
  });

  test("dim the other heads while the pointer is on one", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [0, 1], head: 0, query: 0 } });
    await expect.poll(() => view.ink("query", 0)).toBeGreaterThan(200);
    const colours = () =>
      view.root.locator("canvas.marks").evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")?.getImageData(canvas.width / 2, 0, 1, 20) ?? { data: [] };
        return [...data].filter((_, at) => at % 4 === 3).filter((alpha) => alpha > 200).length;
      });
    const both = await colours();
    await view.head(1).hover();
    await expect.poll(colours).toBeLessThan(both);
    expect(await view.ink("query", 0)).toBeGreaterThan(200);
  });

  test("have 32 colours, then a dashed line says that they repeat", async ({ page }) => {
    const view = await open(page, "heads40", { traits: { heads: [], head: null } });
    const lines = await view.root.locator(".chip").evaluateAll((chips) =>
      chips.map((chip) => {
        const { borderBottomColor, borderBottomStyle } = getComputedStyle(chip, "::after");
        return { borderBottomColor, borderBottomStyle };
      }),
    );
    expect(new Set(lines.map((line) => line.borderBottomColor)).size).toBe(32);
    expect(lines.map((line) => line.borderBottomStyle)).toEqual([
      ...Array(32).fill("solid"),
      ...Array(8).fill("dashed"),
    ]);
  });
});

async function pressed(view: View): Promise<number[]> {
  const chips = await view.root.locator('.chip[aria-pressed="true"]').allTextContents();
  return chips.map(Number);
}

test.describe("the layer", () => {
  test("is chosen by its neighbours or from the list; heads and pins stay", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [4], head: 4, query: 8 } });
    await view.root.getByRole("button", { name: "Next layer" }).click();
    await view.expectLastStep({ layer: 1 });
    await view.expectNumbers("key", causal(sentence.weights(1, 4)[8], 8));
    await view.root.getByLabel("Layer", { exact: true }).selectOption("3");
    await view.expectLastStep({ layer: 3 });
    await view.expectNumbers("key", causal(sentence.weights(3, 4)[8], 8));
    await expect(view.root.getByRole("button", { name: "Next layer" })).toBeDisabled();
  });

  test("is asked for once", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { query: 8 } });
    const next = view.root.getByRole("button", { name: "Next layer" });
    for (const layer of [1, 0, 1]) {
      await (layer === 0 ? view.root.getByRole("button", { name: "Previous layer" }) : next).click();
      await view.expectNumbers("key", causal(sentence.weights(layer, 0)[8], 8));
    }
    const asked = await page.evaluate(() => window.host.kernel.received.map(({ kind, args }) => ({ kind, ...args })));
    const layers = asked.flatMap((one) => (one.kind === "request" && "layer" in one ? [one.layer] : []));
    expect(layers.filter((layer) => layer < 2)).toEqual([1]); // where one stays on it, the next one may come beforehand
  });

  test("is shown from the widget's own data before the kernel says anything", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { query: 8 } });
    await view.expectNumbers("key", causal(sentence.weights(0, 0)[8], 8));
    expect(await page.evaluate(() => window.host.kernel.received.length)).toBe(0);
  });

  test("is asked for where it did not come along", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { query: 8 }, withFirst: false });
    await view.expectNumbers("key", causal(sentence.weights(0, 0)[8], 8));
  });
});
