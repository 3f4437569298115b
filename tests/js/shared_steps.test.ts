/** Which row wrote which token. */
import { expect, it } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import type { Side } from "../../js/store/meta.js";
import { DEFAULTS } from "../../js/store/settings.js";
import { marksOf, queryOf, stepOf, stepsOf } from "../../js/views/shared/steps.js";

function side(tokens: number, generated: number | null, words = [...Array(tokens).keys()]): Side {
  const texts = words.map((word) => ` ${word}`);
  return { labels: texts, texts, special: texts.map(() => 0), segments: null, words, generated };
}

it("a step's token was written by the row of the token before it", () => {
  const steps = stepsOf(side(6, 4));
  expect(steps).toEqual({ first: 4, count: 2 });
  expect([1, 2].map((step) => queryOf({ first: 4, count: 2 }, step))).toEqual([3, 4]);
});

it("a query that wrote nothing that was kept is no step", () => {
  const steps = { first: 4, count: 2 };
  expect([null, 0, 2, 3, 4, 5].map((query) => stepOf(steps, query))).toEqual([null, null, null, 1, 2, null]);
});

it("the first token of all came from no row", () => {
  expect(stepsOf(side(3, 0))).toEqual({ first: 1, count: 2 });
});

it("there are no steps where nothing was generated", () => {
  expect(stepsOf(side(3, null))).toBeNull();
  expect(stepsOf(side(3, 3))).toBeNull();
});

it("tokens that were generated are marked, the first of them once, also within a merged word", () => {
  const words = side(4, 2, [0, 1, 1, 2]);
  const axis = axisOf(words, { ...DEFAULTS, words: true }, "query");
  expect([0, 1, 2].map((entry) => marksOf(words, axis, entry))).toEqual([
    {},
    { generated: true, "generated-first": true },
    { generated: true, "generated-first": false },
  ]);
});
