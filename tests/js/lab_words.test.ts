import { expect, test } from "vitest";
import { wordsOf } from "../../js/lab/live/words.js";
import type { WidgetModel } from "../../js/lab/manager.js";

function model(traits: Record<string, unknown>): WidgetModel {
  return { model_id: "a", get: (name) => traits[name], on() {}, off() {} };
}

const textOf = (texts: string[], words: number[]) => wordsOf(model({ meta: { sides: [{ texts, words }] } })).text;

test("a text is read as it was written, whether its tokens hold the spaces or not", () => {
  expect(textOf(["The", " doctor", ".", " She"], [0, 1, 1, 2])).toBe("The doctor. She");
  expect(textOf(["the", "wind", "##ow"], [0, 1, 1])).toBe("the wind##ow");
});

test("what is selected is said, and what is missing is left out", () => {
  expect(wordsOf(model({ kind: "head", layer: 3, head: null }))).toEqual({
    kind: "Head view",
    model: "",
    text: "",
    at: "layer 3",
  });
});
