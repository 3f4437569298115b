import { describe, expect, it } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import type { Side } from "../../js/store/meta.js";
import { Picture } from "../../js/store/picture.js";
import { pairTip, placeTip } from "../../js/views/head/tips.js";
import { layerOfWeights } from "./layers.js";

const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all" } as const;
const side: Side = {
  labels: ["The", "·nurse", "·She"],
  texts: ["The", " nurse", " She"],
  special: [0, 0, 0],
  segments: null,
  words: [0, 1, 2],
};
const weights = [
  [
    [1, 0, 0],
    [0.25, 0.75, 0],
    [0.4252, 0.4748, 0.1],
  ],
  [
    [1, 0, 0],
    [0.9, 0.1, 0],
    [Number.NaN, Number.NaN, Number.NaN],
  ],
];

function picture(changes: Partial<Parameters<typeof axisOf>[1]> = {}): Picture {
  const settings = { ...off, ...changes };
  return new Picture(layerOfWeights(weights), axisOf(side, settings, "query"), axisOf(side, settings, "key"));
}

describe("the tooltip of a token", () => {
  it("names the strongest key of a query, for each head, in four decimals", () => {
    expect(placeTip(picture(), [0, 1], { side: "query", entry: 2 })?.lines).toEqual([
      { head: 0, token: "·nurse", value: "0.4748", left: "" },
      { head: 1, token: "", value: "NaN", left: "" },
    ]);
  });

  it("names the strongest query of a key", () => {
    expect(placeTip(picture(), [0], { side: "key", entry: 1 })?.lines).toEqual([
      { head: 0, token: "·nurse", value: "0.7500", left: "" },
    ]);
  });

  it("says what was left after hiding", () => {
    expect(placeTip(picture({ hide_first: true }), [1], { side: "query", entry: 1 })?.lines).toEqual([
      { head: 1, token: "·nurse", value: "1.0000", left: "10 % was left" },
    ]);
  });

  it("says of a key that nobody looks at it, and of a query that it looks at nothing", () => {
    const unseen = layerOfWeights([
      [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
      ],
    ]);
    const one = new Picture(unseen, axisOf(side, off, "query"), axisOf(side, off, "key"));
    expect(placeTip(one, [0], { side: "key", entry: 1 })?.lines[0].value).toBe("is not looked at");
    expect(placeTip(one, [0], { side: "query", entry: 2 })?.lines[0].value).toBe("looks at nothing");
  });

  it("is none for a hidden token, and none where no head is drawn", () => {
    expect(placeTip(picture({ hide_first: true }), [0], { side: "query", entry: 0 })).toBe(null);
    expect(placeTip(picture(), [], { side: "query", entry: 1 })).toBe(null);
  });

  it("lists eight heads and counts the rest", () => {
    const layer = layerOfWeights(Array.from({ length: 11 }, () => [[1]]));
    const one = new Picture(layer, axisOf(side, off, "query"), axisOf(side, off, "key"));
    const tip = placeTip(
      one,
      Array.from({ length: 11 }, (_, head) => head),
      { side: "query", entry: 0 },
    );
    expect([tip?.lines.length, tip?.more]).toEqual([8, 3]);
  });
});

describe("the tooltip of a pair", () => {
  it("gives the weight of each head", () => {
    expect(pairTip(picture(), [0, 1], 1, 1)?.lines).toEqual([
      { head: 0, token: "", value: "0.7500", left: "" },
      { head: 1, token: "", value: "0.1000", left: "" },
    ]);
  });

  it("is none where the mask keeps the two apart", () => {
    expect(pairTip(picture(), [0], 0, 2)).toBe(null);
  });
});
