/** The neuron view on a page that plays the notebook: what a person sees and points at, and what Python is told. */
import { expect, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { expectWithin, readRows } from "./page/equation.js";
import { NeuronPage } from "./page/neuron_page.js";
import { reference } from "./page/reference.js";
import { D } from "./page/terms.js";

const HEAD = 4;
const QUERY = 8;
const KEY = 4; // nurse
const PINNED = { layer: 1, heads: [HEAD], head: HEAD, query: QUERY, key: KEY };

const sentence = reference("sentence");
const made = sentence.terms(1);
const weights = sentence.weights(1, HEAD)[QUERY];
const keys = Array.from({ length: QUERY + 1 }, (_, key) => key);
const neurons = Array.from({ length: D }, (_, neuron) => neuron);

/** By the plain formula: head 4 of 9 reads the second of 3 groups. */
const product = (neuron: number, key: number) => (made.query[HEAD][QUERY][neuron] * made.key[1][key][neuron]) / 4;
const contrast = (neuron: number, key: number) =>
  product(neuron, key) - keys.reduce((sum, one) => sum + product(neuron, one), 0) / keys.length;
const dot = (key: number) => neurons.reduce((sum, neuron) => sum + product(neuron, key), 0);
const sorted = (strength: (neuron: number) => number) => [...neurons].sort((a, b) => strength(b) - strength(a));
const minus = (text: string) => text.replace("-", "−");

test.describe("with a query pinned", () => {
  test("each key seen has its dot product and its weight, and those not seen say so", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    expect(await view.column("dot")).toEqual(keys.map((key) => minus(dot(key).toFixed(2))));
    expect(await view.column("softmax")).toEqual(keys.map((key) => exact(weights[key])));
    expectWithin(
      (await readRows(view.root)).map(({ weight }) => weight),
      weights,
      1e-6,
    );
    await expect(view.root).toContainText("q·k ÷ √16");
    await expect(view.row(9)).toHaveText("·saidmasked: not yet seen by She".slice(1));
    await expect(view.row(10)).toHaveText("thatmasked");
  });

  test("strips are blue where positive and orange where negative", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { ...PINNED, order: "position" } });
    for (const neuron of neurons) {
      const values = { first: made.key[1][2][neuron], products: product(neuron, 2) };
      for (const where of ["first", "products"] as const) {
        if (Math.abs(values[where]) < 0.1) continue;
        const sign = await view.sign(await view.place(where, neuron, D, 2));
        expect(sign, `${where} ${neuron}`).toBe(Math.sign(values[where]));
      }
    }
  });

  test("a neuron under the pointer says its number, its rank and its two factors", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    const byStrength = sorted((neuron) => product(neuron, KEY));
    const { x, y } = await view.place("products", 2, D, KEY);
    await page.mouse.move(x, y);
    const neuron = byStrength[2];
    const [q, k] = [made.query[HEAD][QUERY][neuron], made.key[1][KEY][neuron]];
    await expect(view.tooltip).toHaveText(
      minus(`neuron ${neuron}, rank 3 of ${D} for nurse`) +
        `q ${minus(q.toFixed(2))} × k ${minus(k.toFixed(2))} ÷ 4 = ${minus(product(neuron, KEY).toFixed(3))}`,
    );
    await page.mouse.move(x, y + 20); // the next token, a
    await expect(view.tooltip).toContainText(`neuron ${neuron}, rank`);
    await expect(view.tooltip).toContainText(`= ${minus(product(neuron, KEY + 1).toFixed(3))}`);
    await page.mouse.move(0, 0);
    await expect(view.tooltip).toBeHidden();
  });

  test("a click pins a neuron, round which there is a frame, and says what it does", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    const { x, y } = await view.place("first", 0, D, KEY);
    await page.mouse.click(x, y);
    const [neuron] = sorted((one) => product(one, KEY));
    await view.expectLastStep({ neuron });
    await page.mouse.move(0, 0);
    await expect(view.root.locator(".neuron-strips .neuron-frame.pinned")).toHaveCount(2);
    const frame = await view.root.locator(".neuron-strips .neuron-frame.pinned").first().boundingBox();
    expect(frame?.height).toBe(20 * keys.length);
    await expect(view.root.getByRole("status").filter({ hasText: "rank 1 of 16" })).toContainText(`neuron ${neuron}`);
    await page.mouse.click(x, y);
    await view.expectLastStep({ neuron: null });
  });

  test("a click on the numbers pins the key", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    await view.row(2).locator('[data-name="softmax"]').click();
    await view.expectLastStep({ key: 2 });
  });

  test("the sum, the softmax and the weight stand in a sentence that evaluates", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    const parts = neurons.map((neuron) => product(neuron, KEY));
    const positive = parts.filter((one) => one > 0).reduce((sum, one) => sum + one, 0);
    const text = (await view.root.locator(".evaluated").textContent()) ?? "";
    expect(text).toContain(`nurse: products above zero ${positive.toFixed(2)}, below −`);
    expect(text).toContain(`, sum ${dot(KEY).toFixed(2)}, softmax over 9 tokens: e^(`);
    const [, score, logSum] = /e\^\(([\d.−]+) − ([\d.]+)\)/.exec(text) ?? [];
    expect(Math.abs(Math.exp(Number(score.replace("−", "-")) - Number(logSum)) - weights[KEY])).toBeLessThan(1e-4);
    expect(text).toMatch(
      new RegExp(`= ${exact(weights[KEY])}, weight shown ${exact(weights[KEY])}, off by \\d+e-\\d+$`),
    );
    await expect(view.root.locator(".equation")).toHaveText("weight = softmax(dot + mask)");
  });
});

test.describe("the order of neurons", () => {
  test("is by contribution to the pinned key", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    expect(await view.order(D, KEY)).toEqual(sorted((neuron) => product(neuron, KEY)));
    expect(await view.order(D, 1)).toEqual(sorted((neuron) => product(neuron, KEY))); // pointing moves nothing
  });

  test("is by mean size with no key pinned", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { ...PINNED, key: null } });
    const size = (neuron: number) => keys.reduce((sum, key) => sum + Math.abs(product(neuron, key)), 0);
    expect(await view.order(D, 0)).toEqual(sorted(size));
  });

  test("by contrast draws and ranks what is above the mean of the keys seen", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    await view.choice("Order of neurons", "contrast").click();
    await view.expectLastStep({ order: "contrast" });
    const order = sorted((neuron) => contrast(neuron, KEY));
    expect(await view.order(D, KEY)).toEqual(order);
    await expect(view.root).toContainText("q × k, minus its mean");
    for (const slot of [0, 1, D - 2, D - 1]) {
      const sign = await view.sign(await view.place("products", slot, D, KEY));
      expect(sign).toBe(Math.sign(contrast(order[slot], KEY)));
    }
    const { x, y } = await view.place("products", D - 1, D, KEY);
    await page.mouse.move(x, y);
    const last = order[D - 1];
    await expect(view.tooltip).toContainText(`neuron ${last}, rank ${D} of ${D} for nurse`);
    await expect(view.tooltip).toContainText(`= ${minus(contrast(last, KEY).toFixed(3))}`);
  });

  test("by position is that of the vectors", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { ...PINNED, order: "position" } });
    expect(await view.order(D, KEY)).toEqual(neurons);
  });
});

test.describe("marks", () => {
  test("name the five that do most for the pinned key, and a click pins one", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    const strongest = [...neurons].sort((a, b) => Math.abs(product(b, KEY)) - Math.abs(product(a, KEY))).slice(0, 5);
    const marks = await view.marks();
    expect(marks).toEqual(sorted((neuron) => product(neuron, KEY)).filter((neuron) => strongest.includes(neuron)));
    await view.root.getByRole("button", { name: `Neuron ${marks[1]}` }).click();
    await view.expectLastStep({ neuron: marks[1] });
    await view.choice("Marked neurons", "none").click();
    expect(await view.marks()).toEqual([marks[1]]); // the pinned one keeps its name
  });

  test("name those whose product falls with distance, and say by how much", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    await view.choice("Marked neurons", "falling with distance").click();
    await view.expectLastStep({ mark: "distance" });
    const later = keys.slice(1);
    const middle = later.reduce((sum, key) => sum + (QUERY - key), 0) / later.length;
    const spread = later.reduce((sum, key) => sum + (QUERY - key - middle) ** 2, 0);
    const slope = (value: (key: number) => number) =>
      later.reduce((sum, key) => sum + (QUERY - key - middle) * value(key), 0) / spread;
    const falling = sorted((neuron) => -slope((key) => product(neuron, key))).slice(0, 5);
    expect((await view.marks()).sort((a, b) => a - b)).toEqual(falling.sort((a, b) => a - b));
    const all = slope(dot);
    const marked = falling.reduce((sum, neuron) => sum + slope((key) => product(neuron, key)), 0);
    const moves = all < 0 ? `falls by ${(-all).toFixed(3)}` : `rises by ${all.toFixed(3)}`;
    await expect(view.root).toContainText(`q·k ${moves} per token of distance`);
    await expect(view.root).toContainText(`the 5 marked neurons fall by ${(-marked).toFixed(3)}`);
  });
});

test.describe("with no query", () => {
  const traits = { ...PINNED, query: null, key: null };

  test("shows the queries of the head at a glance, and says how alike they are", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits });
    const vectors = made.query[HEAD];
    const size = (vector: number[]) => Math.hypot(...vector);
    const inner = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * b[at], 0);
    const cosines = vectors.flatMap((a, i) => vectors.slice(i + 1).map((b) => inner(a, b) / (size(a) * size(b))));
    const mean = cosines.reduce((sum, one) => sum + one, 0) / cosines.length;
    await expect(view.root).toContainText(`mean cosine of two of them ${minus(mean.toFixed(2))}.`);
    await expect(view.root).toContainText("Click a token on the left to see how its weights are made.");
    const units = vectors.map((vector) => vector.map((value) => value / size(vector)));
    const sum = neurons.map((neuron) => units.reduce((total, unit) => total + unit[neuron], 0));
    const expected = units.map((unit) => minus((inner(unit, sum) / size(sum)).toFixed(2)));
    expect(await view.column("cosine")).toEqual(expected);
  });

  test("a click on a token pins it as the query", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits });
    await view.tokens.getByRole("option", { name: "She, position 8" }).click();
    await view.expectLastStep({ query: QUERY });
    expect(await view.column("softmax")).toEqual(keys.map((key) => exact(weights[key])));
    await view.tokens.getByRole("option", { name: "nurse, position 4" }).click();
    await view.expectLastStep({ key: KEY });
  });

  test("layer, head and query are chosen from lists too", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits });
    await view.root.getByLabel("looks from").selectOption("She");
    await view.expectLastStep({ query: QUERY });
    await view.root.getByLabel("head", { exact: true }).selectOption("3");
    await view.expectLastStep({ heads: [3, 4], head: 3 });
    await view.root.getByRole("button", { name: "Next layer" }).click();
    const row = sentence.weights(2, 3)[QUERY];
    await expect.poll(() => view.column("softmax")).toEqual(keys.map((key) => exact(row[key])));
  });
});

test.describe("vectors in the first column", () => {
  test("can be the values, with the norm that they enter the output with", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    await view.choice("Vectors shown", "value").click();
    await view.expectLastStep({ strip: "value" });
    await expect(view.root).toContainText("value of each token");
    const norms = made.valueNorms[HEAD];
    expect(await view.column("norm")).toEqual(keys.map((key) => norms[key].toFixed(2)));
    const { x, y } = await view.place("first", 7, D, 2);
    await page.mouse.move(x, y);
    await expect(view.tooltip).toHaveText(`value component 7 of asked${minus(made.value[1][2][7].toFixed(3))}`);
    await page.mouse.click(x, y); // a component of a value is no neuron of q and k: the row is pinned
    await view.expectLastStep({ key: 2 });
  });

  test("can be the queries, and it is said how alike they are", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { ...PINNED, strip: "query" } });
    await expect(view.root).toContainText("q of each token");
    await expect(view.root).toContainText("The query vectors of head 4 are");
  });

  test("beside weight x norm, if that is the measure", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { ...PINNED, measure: "value_norm" } });
    const expected = keys.map((key) => exact(weights[key] * made.valueNorms[HEAD][key]));
    expect(await view.column("measure")).toEqual(expected);
  });

  test("without norms it says why", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "noNorms", traits: { ...PINNED, measure: "value_norm" } });
    expect(await view.column("measure")).toEqual([]);
    await expect(view.root).toContainText("no output projection of layers.0.self_attn was found.");
  });
});
