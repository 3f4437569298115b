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
