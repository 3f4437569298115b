/** Sentences and paragraphs in token positions: the rules of tests/python/test_answers_levels.py. */
import { expect, it } from "vitest";
import { levelsOf } from "../../js/files/levels.js";

function levelsIn(texts: string[]) {
  const special = texts.map(() => 0);
  return levelsOf({ texts, special, segments: null, words: texts.map((_, at) => at), kind: "text" });
}

it.each(["Prof. ", "Dr. ", "figs. ", "e.g. ", "J. "])("%s ends no sentence", (short) => {
  expect(levelsIn(["It was in ", short, "Smith. ", "They spoke."]).sentence).toEqual([0, 3, 4]);
});

it("spaces are those that separate words, as Python has it", () => {
  expect(levelsIn(["One.\x1c", "Two.\ufeff", "Three."])).toEqual({ sentence: [0, 1, 3] });
  expect(levelsIn(["\ufeff\n\n", "One\n", "two"])).toEqual({ sentence: [0, 1, 3], paragraph: [0, 1, 3] });
});

it.each([".", " ", "!)", "\n", "\n "])("a text of nothing but %o is read in one pass", (marks) => {
  const begun = performance.now();
  levelsOf({ texts: [`${marks.repeat(2e5)}a`], special: [0], segments: null, words: [0], kind: "text" });
  expect(performance.now() - begun).toBeLessThan(2000);
});

it("of a text of millions of sentences no more is kept than there are tokens", () => {
  const texts = ["A. ".repeat(4e6), "B"];
  const before = process.memoryUsage().heapUsed;
  const levels = levelsOf({ texts, special: [0, 0], segments: null, words: [0, 1], kind: "text" });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 << 20); // it is 500 MiB where each is kept
  expect(levels).toEqual({});
});
