/** What is laid over a picture: whose weights, and where their scale ends. */
import { describe, expect, it } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import type { Side } from "../../js/store/meta.js";
import { Picture } from "../../js/store/picture.js";
import { heatOf, strengthAt, strengthOf } from "../../js/views/head/heat.js";
import { layerOfWeights } from "./layers.js";

const side: Side = {
  labels: ["[CLS]", "a", "b"],
  texts: ["[CLS]", "a", "b"],
  special: [1, 0, 0],
  segments: null,
  words: [0, 1, 2],
};
const WEIGHTS = [
  [
    [0.5, 0.25, 0.25],
    [0.125, 0.625, 0.25],
    [0.75, 0.125, 0.125],
  ],
  [
    [1, 0, 0],
    [0.875, 0.125, 0],
    [0.25, 0.5, 0.25],
  ],
];
const isPatch = (entry: number) => entry > 0;

function picture(weights: number[][][] = WEIGHTS, settings = {}): Picture {
  const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all", ...settings } as const;
  return new Picture(layerOfWeights(weights), axisOf(side, off, "query"), axisOf(side, off, "key"));
}

describe("heat", () => {
  it("is over the keys what a query gives them: of one head, or the mean of several", () => {
    expect(heatOf(picture(), [0], { side: "query", entry: 1 }, isPatch, false)).toEqual({
      side: "key",
      values: Float32Array.of(0.125, 0.625, 0.25),
      most: 1,
      heads: [0],
    });
    const mean = heatOf(picture(), [0, 1], { side: "query", entry: 1 }, isPatch, false);
    expect(mean?.values).toEqual(Float32Array.of(0.5, 0.375, 0.125));
  });

  it("is over the queries what they give a key", () => {
    const heat = heatOf(picture(), [0, 1], { side: "key", entry: 1 }, isPatch, false);
    expect(heat).toMatchObject({ side: "query", values: Float32Array.of(0.125, 0.375, 0.3125) });
  });

  it("ends, on a scale of its own, with the largest of the patches, whatever other tokens take", () => {
    expect(heatOf(picture(), [0], { side: "query", entry: 2 }, isPatch, true)?.most).toBe(0.125);
    expect(heatOf(picture(), [1], { side: "query", entry: 0 }, isPatch, true)?.most).toBe(1);
  });

  it("is renormalised where keys are hidden, and pale where little was left", () => {
    const hiding = picture(WEIGHTS, { hide_first: true });
    const heat = heatOf(hiding, [1], { side: "query", entry: 1 }, isPatch, false);
    expect(heat?.values[1]).toBeCloseTo(0.125 / 0.3, 6); // all of it goes to "a", but only .125 was left
  });

  it("is not there without a head", () => {
    expect(heatOf(picture(), [], { side: "query", entry: 1 }, isPatch, false)).toBeNull();
  });
});

describe("strength", () => {
  it("goes from none to all, raises what is small, and is cut at the end of the scale", () => {
    expect([0, 1, 2].map(strengthOf)).toEqual([0, 1, 1]);
    expect(strengthOf(0.1)).toBeCloseTo(0.251, 3);
  });

  it("of what is no number is none", () => {
    const broken = picture([WEIGHTS[0].map((row, query) => (query === 1 ? row.map(() => Number.NaN) : row))]);
    const heat = heatOf(broken, [0], { side: "query", entry: 1 }, isPatch, true);
    expect(heat === null ? 0 : strengthAt(heat, 1)).toBeNaN();
  });

  it("of a row of nothing is 0", () => {
    const empty = picture([WEIGHTS[0].map((row) => row.map(() => 0))]);
    const heat = heatOf(empty, [0], { side: "query", entry: 1 }, isPatch, true);
    expect(heat === null ? 1 : strengthAt(heat, 1)).toBe(0);
  });
});
