/** The neuron view with every mechanism, with nothing to show, with the keyboard alone, and with long texts. */
import { expect, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { audit, problems } from "./page/audit.js";
import { expectEvaluates, expectWithin, readEquation } from "./page/equation.js";
import { NeuronPage } from "./page/neuron_page.js";
import { reference } from "./page/reference.js";
import type { Scenario } from "./page/scenarios.js";

const PINNED = { layer: 1, heads: [2], head: 2, query: 8, key: 4 };

const MECHANISMS: [Scenario, string][] = [
  ["sentence", "softmax(dot + mask)"],
  ["pair", "softmax(dot)"],
  ["window", "softmax(dot + mask)"],
  ["softcap", "softmax(cap * tanh(dot / cap) + mask)"],
  ["sink", "softmax(dot + mask, sink)"],
  ["bias", "softmax(dot + bias)"],
  ["sharedBias", "softmax(dot + bias + mask)"],
  ["gaps", "softmax(dot + mask)"],
];

for (const [scenario, equation] of MECHANISMS) {
  test(`${scenario}: the displayed equation evaluates to the weight shown`, async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario, traits: PINNED });
    const weights = reference(scenario).weights(1, 2)[8];
    expect(await readEquation(view.root)).toBe(equation);
    expectWithin(await expectEvaluates(view.root), weights, 1e-5);
    for (const width of [360, 560, 1080]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => problems(view.root)).toEqual([]); // once it has found its width
    }
  });
}

test("the terms beside the dot product stand in columns and in the sentence", async ({ page }) => {
  const softcap = await NeuronPage.open(page, { scenario: "softcap", traits: PINNED });
  await expect(softcap.root.locator(".evaluated")).toContainText("1.50 · tanh(");
  expect(await softcap.column("capped")).toHaveLength(9);
  const bias = await NeuronPage.open(page, { scenario: "bias", traits: PINNED });
  const made = reference("bias").terms(1).bias?.[2][8] ?? [];
  const minus = (value: number) => value.toFixed(2).replace("-", "−").replace("−0.00", "0.00");
  expect(await bias.column("bias")).toEqual(made.map(minus));
  await expect(bias.root.locator(".evaluated")).toContainText("bias − 0.50");
  const sink = await NeuronPage.open(page, { scenario: "sink", traits: PINNED });
  const taken =
    1 -
    reference("sink")
      .weights(1, 2)[8]
      .reduce((sum, weight) => sum + weight, 0);
  await expect(sink.root.locator(".evaluated")).toContainText(`takes ${taken.toFixed(2).slice(1)}`);
});

test.describe("says why there is nothing", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["a refused layer", { layer: 2 }, "adds a bias that was not recorded."],
    ["weights only", { layer: 3 }, "No queries and keys are known that make the weights of layer 3."],
    ["no head", { layer: 0, heads: [], head: null }, "No head is in focus: choose one to see its neurons."],
  ];
  for (const [name, traits, text] of cases) {
    test(name, async ({ page }) => {
      const view = await NeuronPage.open(page, { scenario: "trouble", traits });
      await expect(view.root).toContainText(text);
      await expect(view.root.locator("canvas")).toHaveCount(0);
      await audit(view.root);
    });
  }

  test("a kernel that is busy", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", withFirst: false, manners: "silent" });
    await expect(view.root).toContainText("kernel is busy; the picture comes when the running cell ends");
    await page.evaluate(() => window.host.kernel.wake());
    await expect(view.root).toContainText("Click a token on the left");
  });

  test("a row that is no number is shown as such", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "trouble", traits: { ...PINNED, head: 0, heads: [0] } });
    expect((await view.column("softmax"))[0]).toBe("NaN");
  });
});

test("the title names the layer and the head that the numbers are of, also while others are on their way", async ({
  page,
}) => {
  const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
  const title = view.root.locator("header").first();
  await expect(title).toContainText("layer 1, head 2: ");
  const before = await view.column("softmax");
  await page.evaluate(() => {
    window.host.kernel.manners = "silent";
    window.host.model.push({ layer: 2, heads: [0], head: 0 });
  });
  await expect(view.root.getByRole("progressbar")).toBeVisible();
  expect(await view.column("softmax")).toEqual(before);
  await expect(title).toContainText("layer 1, head 2: ");
  await page.evaluate(() => window.host.kernel.wake());
  await expect(title).toContainText("layer 2, head 0: ");
  expectWithin(await expectEvaluates(view.root), reference("sentence").weights(2, 0)[8], 1e-5);
});

test.describe("says what one must know", () => {
  test("of merged words: which sub-word a row is", async ({ page }) => {
    const traits = { ...PINNED, query: 3, key: 2, words: true };
    const view = await NeuronPage.open(page, { scenario: "pair", traits });
    const weights = reference("pair").weights(1, 2)[3];
    await expect(view.root).toContainText("Words are merged: a row shows the first sub-word of its word");
    await expect(view.root.locator(".evaluated")).toContainText("##ing: products above zero");
    await expect(view.row(1)).toHaveAttribute("data-position", "2"); // pinned
    await expect(view.row(1).locator('[data-name="softmax"]')).toHaveText(exact(weights[2]));
    await expect(view.row(6).locator('[data-name="softmax"]')).toHaveText(exact(weights[7]));
  });

  test("of hidden tokens: the weights are the model's own", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { ...PINNED, hide_first: true } });
    await expect(view.root).toContainText("hidden tokens are part of them, and nothing is renormalised");
    expectWithin(await expectEvaluates(view.root), reference("sentence").weights(1, 2)[8], 1e-5);
  });

  test("of attention between two texts: there is no distance, and queries are other tokens", async ({ page }) => {
    const traits = { ...PINNED, part: "cross", query: 2, key: 3, mark: "distance", strip: "query" };
    const view = await NeuronPage.open(page, { scenario: "speech", traits });
    await expect(view.root).toContainText("there is no distance between them");
    await expect(view.root).toContainText("Queries are other tokens than these, so the keys are shown.");
    await expect(view.tokens.getByRole("option").first()).toHaveAccessibleName("0.00 s, position 0");
    expectWithin(await expectEvaluates(view.root), reference("speech").weights(1, 2, "cross")[2], 1e-5);
  });
});

test.describe("the keyboard alone", () => {
  test("pins a query, a key and a neuron, and lets go of them from the innermost", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: { layer: 1, heads: [2], head: 2 } });
    await view.tokens.focus();
    for (let at = 0; at < 8; at++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await view.expectLastStep({ query: 8 });
    await expect(view.tokens).toHaveAccessibleName("Tokens that are looked at (keys)");
    for (let at = 0; at < 4; at++) await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await view.expectLastStep({ key: 4 });
    await page.keyboard.press("ArrowRight");
    await expect(view.strips).toBeFocused();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    const active = view.strips.getByRole("option");
    await expect(active).toHaveText(/^neuron \d+, rank 2 of 16 for nurse, q .* = /);
    await expect(view.tooltip).toContainText("rank 2 of 16 for nurse");
    const neuron = Number(/neuron (\d+)/.exec((await active.textContent()) ?? "")?.[1]);
    await page.keyboard.press("Space");
    await view.expectLastStep({ neuron });
    await expect(active).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("ArrowUp");
    await expect(view.tooltip).toContainText(`neuron ${neuron}, rank`);
    await expect(view.tooltip).toContainText("for the");
    for (const step of [{ neuron: null }, { key: null }, { query: null }]) {
      await page.keyboard.press("Escape");
      await view.expectLastStep(step);
    }
  });

  test("keeps what it uses from the notebook, and leaves the rest", async ({ page }) => {
    const view = await NeuronPage.open(page, { scenario: "sentence", traits: PINNED });
    await page.evaluate(() => {
      const keys: string[] = [];
      document.addEventListener("keydown", (event) => {
        keys.push(event.key);
        document.body.dataset.keys = keys.join(" ");
      });
    });
    await view.strips.focus();
    for (const key of ["ArrowLeft", "End", "ArrowDown", "Space", "Enter", "a", "Control+s"])
      await page.keyboard.press(key);
    await expect(page.locator("body")).toHaveAttribute("data-keys", "a Control s");
  });
});

test("2,000 tokens: only the rows in view are on the page, right, and answer the pointer within a frame", async ({
  page,
}) => {
  const view = await NeuronPage.open(page, { scenario: "long", traits: { ...PINNED, query: 1500, key: 1490 } });
  await expect(view.row(1490)).toBeInViewport();
  expect(await view.root.locator("[data-row]").count()).toBeLessThan(27);
  const weight = reference("long").weights(1, 2)[1500][1490];
  await expect(view.row(1490).locator('[data-name="softmax"]')).toHaveText(exact(weight));
  await audit(view.root);
  const times = await view.root.locator(".neuron-body").evaluate((body) => {
    const box = body.getBoundingClientRect();
    return Array.from({ length: 40 }, (_, at) => {
      const [clientX, clientY] = [box.left + 160 + 3 * at, box.top + 10 + 11 * at];
      const start = performance.now();
      body.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true }));
      return performance.now() - start;
    });
  });
  expect(times.sort((a, b) => a - b)[20]).toBeLessThan(8);
});
