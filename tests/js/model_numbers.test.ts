import { describe, expect, it } from "vitest";
import { readNumbers, writeNumbers } from "../../js/views/model/numbers.js";

const TWELVE = Array.from({ length: 12 }, (_, at) => at);

describe("numbers as people write them", () => {
  it.each([
    ["0-3", [0, 1, 2, 3]],
    ["3 - 1", [1, 2, 3]],
    ["0..2, 9", [0, 1, 2, 9]],
    ["0–2;9", [0, 1, 2, 9]],
    ["4:6 11", [4, 5, 6, 11]],
    ["9, 9, 2", [2, 9]],
    ["10-40", [10, 11]],
    ["", null],
    [" All ", null],
    ["0-11", null],
  ])("%j", (text, numbers) => {
    expect(readNumbers(text, TWELVE)).toEqual({ numbers });
  });

  it.each([
    ["first", '"first" is no number; write for example 0-1, 11'],
    ["1, x2", '"x2" is no number; write for example 0-1, 11'],
    ["40", "there are 0-11"],
  ])("that cannot be meant, %j, are explained", (text, wrong) => {
    expect(readNumbers(text, TWELVE)).toEqual({ wrong });
  });

  it("are those that exist, where numbers are missing", () => {
    expect(readNumbers("1-6", [0, 2, 5, 9])).toEqual({ numbers: [2, 5] });
    expect(readNumbers("3", [0, 2, 5, 9])).toEqual({ wrong: "there are 0, 2, 5, 9" });
  });
});

describe("numbers as they are written", () => {
  it.each([[[0, 1, 2, 9]], [[5]], [[0, 2, 4]], [[3, 4]], [[]]])("%j read back as they were", (numbers) => {
    expect(readNumbers(writeNumbers(numbers), [...TWELVE])).toEqual({ numbers: numbers.length === 0 ? null : numbers });
  });
});
