/** The controls of the head view: what takes part in the picture, and the numbers that follow from it. */
import { expect, test } from "@playwright/test";
import { percent, short } from "../../js/views/shared/format.js";
import { causal, open, reference, sum } from "./page/reference.js";

const sentence = reference("sentence");
const pair = reference("pair");
const heads = Array.from({ length: 9 }, (_, head) => head);

test.describe("hiding", () => {
  test("the first token renormalises what is left, and says how much that was", async ({ page }) => {
    const head = heads.reduce((least, one) => (leftOf(one) < leftOf(least) ? one : least));
    expect(leftOf(head)).toBeLessThan(0.9);
    const view = await open(page, "sentence", { traits: { heads: [head], head, query: 8 } });
    await view.control("hide first token").click();
    await view.expectLastStep({ hide_first: true });
    const row = sentence.weights(0, head)[8];
    const left = sum(row.slice(1));
    await view.expectNumbers(
      "key",
      row.map((w, key) => (key >= 1 && key <= 8 ? short(w / left) : "")),
    );
    for (const side of ["query", "key"] as const) await expect(view.token(side, 0)).toHaveClass(/faint/);
    expect(await view.ink("key", 0)).toBe(0);
    await view.token("query", 8).hover();
    await expect(view.tooltip).toContainText(`${percent(left)} was left`);
  });

  test("special tokens takes them out on both sides", async ({ page }) => {
    const view = await open(page, "pair", { traits: { heads: [3], head: 3, query: 5 } });
    await view.control("hide special tokens").click();
    await view.expectLastStep({ hide_special: true });
    const row = pair.weights(0, 3)[5];
    const isShown = (key: number) => ![0, 4, 10].includes(key);
    const left = row.reduce((sum, weight, key) => sum + (isShown(key) ? weight : 0), 0);
    await view.expectNumbers(
      "key",
      row.map((w, key) => (isShown(key) ? short(w / left) : "")),
    );
    await expect(view.token("query", 4)).toHaveClass(/faint/);
  });

  test("everything leaves words in place of a picture", async ({ page }) => {
    const view = await open(page, "pair", { traits: { hide_first: true, hide_special: true, pair_filter: "a->a" } });
    await expect(view.root).not.toContainText("All tokens are hidden");
    await page.evaluate(() => {
      const meta = structuredClone(window.host.model.get("meta")) as { sides: { special: number[] }[] };
      meta.sides[0].special.fill(1);
      window.host.close();
      window.host.model.push({ meta });
      window.host.views[0].unmount();
      window.host.render(document.body);
    });
    await expect(view.root).toContainText("All tokens are hidden");
  });
});

/** What is left of the row of query 8 without the first token. */
function leftOf(head: number): number {
  return sum(sentence.weights(0, head)[8].slice(1));
}

test.describe("words", () => {
  test("are rows of their own: queries averaged, keys summed, named by their first sub-word", async ({ page }) => {
    const view = await open(page, "pair", { traits: { heads: [2], head: 2 } });
    await view.control("words").click();
    await view.expectLastStep({ words: true });
    await expect(view.column("query").getByRole("option")).toHaveCount(9);
    await expect(view.token("query", 1)).toHaveText("playing");
    await view.token("query", 7).click(); // "boards", positions 8 and 9
    await view.expectLastStep({ query: 8 });
    const weights = pair.weights(0, 2);
    const mean = weights[8].map((weight, key) => (weight + weights[9][key]) / 2);
    const words = [[0], [1, 2], [3], [4], [5], [6], [7], [8, 9], [10]];
    await view.expectNumbers(
      "key",
      words.map((word) => short(word.reduce((sum, key) => sum + mean[key], 0))),
    );
  });

  test("come and go under the keyboard, which stays with its token", async ({ page }) => {
    const view = await open(page, "pair");
    await view.column("query").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("w");
    await expect(view.token("query", 8)).toHaveClass(/hovered/);
    await expect(view.column("query")).toHaveAttribute("aria-activedescendant", "query-8");
    await page.keyboard.press("w");
    await expect(view.token("query", 10)).toHaveClass(/hovered/);
    await expect(view.root.getByRole("alert")).toHaveCount(0);
  });

  test("keep a pin that is on a later sub-word", async ({ page }) => {
    const view = await open(page, "pair", { traits: { query: 9, words: true } });
    await expect(view.token("query", 7)).toHaveAttribute("aria-selected", "true");
  });
});

test.describe("the sentence filter", () => {
  test("shows one direction and renormalises nothing", async ({ page }) => {
    const view = await open(page, "pair", { traits: { heads: [1], head: 1, query: 2 } });
    await view.root.getByRole("radio", { name: "from sentence A to B" }).click();
    await view.expectLastStep({ pair_filter: "a->b" });
    const row = pair.weights(0, 1)[2];
    await view.expectNumbers(
      "key",
      row.map((weight, key) => (key >= 5 ? short(weight) : "")),
    );
    await expect(view.token("query", 6)).toHaveClass(/faint/);
    const drawn = pair
      .weights(0, 1)
      .slice(0, 5)
      .flatMap((weights) => weights.slice(5));
    await view.expectLines(drawn.filter((weight) => weight >= 0.05).length);
  });

  test("moves by arrow keys as radio buttons do", async ({ page }) => {
    const view = await open(page, "pair");
    await view.root.getByRole("radio", { name: "all" }).focus();
    await page.keyboard.press("ArrowRight");
    await view.expectLastStep({ pair_filter: "a->a" });
    await expect(view.root.getByRole("radio", { name: "from sentence A to A" })).toBeFocused();
  });
});

test("controls that can do nothing say why", async ({ page }) => {
  const view = await open(page, "sentence");
  for (const [name, why] of [
    ["hide special tokens", "no special tokens here"],
    ["words", "every token here is a whole word"],
  ]) {
    await expect(view.control(name)).toBeDisabled();
    await expect(view.control(name)).toHaveAttribute("aria-description", why);
    await view.control(name).hover();
    await expect(view.tooltip).toHaveText(why);
    await view.control(name).click({ force: true });
  }
  await view.root.getByRole("radiogroup", { name: "Sentence filter" }).hover();
  await expect(view.tooltip).toHaveText("one sentence here");
  await view.root.getByRole("radio", { name: "from sentence A to B" }).click({ force: true });
  expect(await view.steps()).toEqual([]);
});

test("the threshold takes lines away, in every state, and tells Python when it is let go", async ({ page }) => {
  const view = await open(page, "sentence", { traits: { heads: [0], head: 0 } });
  const slider = view.root.getByRole("slider");
  await expect(slider).toHaveAttribute("aria-valuetext", "0.05");
  await slider.focus();
  await page.keyboard.press("End");
  await view.expectLastStep({ threshold: 1 });
  for (let at = 0; at < 7; at++) await page.keyboard.press("ArrowLeft");
  await view.expectLastStep({ threshold: 0.3 });
  const row = (query: number) => sentence.weights(0, 0)[query];
  const all = heads.length > 0 ? sentence.weights(0, 0) : [];
  await view.expectLines(all.flat().filter((weight) => weight >= 0.3).length);
  await view.token("query", 8).click();
  const drawn = row(8).filter((weight) => weight >= 0.3);
  const others = all.flatMap((weights, query) => (query === 8 ? [] : weights.filter((weight) => weight >= 0.3)));
  await view.expectLines(drawn.length + others.length);
  const share = sum(drawn);
  await expect(view.root).toContainText(`drawn lines hold ${percent(share)} of the weight from She`);
});

test.describe("weight times norm of the value", () => {
  const norms = sentence.terms(0).valueNorms;
  const products = (head: number, query: number) =>
    sentence.weights(0, head)[query].map((weight, key) => weight * norms[head][key]);
  const largest = Math.max(...heads.flatMap((head) => sentence.weights(0, head).flatMap((_, q) => products(head, q))));

  test("stands in the rows as it is, and is drawn relative to the largest of the layer", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [3], head: 3, query: 8, measure: "value_norm" } });
    await view.expectNumbers("key", causal(products(3, 8), 8));
    for (const threshold of [0, 0.2, 0.5]) {
      await view.push({ threshold });
      await view.expectLines(
        products(3, 8).filter((one) => one > 0 && one >= threshold * largest).length + others(threshold),
      );
    }
    await expect(view.root).toContainText("of the weight × norm");
  });

  test("is not renormalised without the first token", async ({ page }) => {
    const traits = { heads: [3], head: 3, query: 8, measure: "value_norm", hide_first: true };
    const view = await open(page, "sentence", { traits });
    await view.expectNumbers("key", ["", ...causal(products(3, 8), 8).slice(1)]);
  });

  test("gives way to weights where the norms are not known", async ({ page }) => {
    const view = await open(page, "noNorms", { traits: { query: 8, measure: "value_norm" } });
    await view.expectNumbers("key", causal(reference("noNorms").weights(0, 0)[8], 8));
  });

  /** Lines of the queries that are not pinned: they are all in view. */
  function others(threshold: number): number {
    const rows = Array.from({ length: 12 }, (_, query) => query).filter((query) => query !== 8);
    return rows.flatMap((query) => products(3, query)).filter((one) => one > 0 && one >= threshold * largest).length;
  }
});
