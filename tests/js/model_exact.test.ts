import { describe, expect, it } from "vitest";
import { ticks } from "../../js/views/model/enlarged_layout.js";
import { type ExactQuestion, ExactReader } from "../../js/views/model/exact.js";
import { layerOfWeights } from "./layers.js";

const WEIGHTS = [
  [1, 0, 0, 0],
  [0.4, 0.6, 0, 0],
  [0.2, 0.7, 0.1, 0],
  [0.9, 0.05, 0.03, 0.02],
];

function read(changes: Partial<ExactQuestion> = {}) {
  const data = layerOfWeights([WEIGHTS]);
  const all = [0, 1, 2, 3];
  const reader = new ExactReader({
    data,
    head: 0,
    queries: all,
    keys: all,
    size: 10,
    norms: null,
    scale: 1,
    reduce: "max",
    ...changes,
  });
  let turns = 1;
  while (!reader.read(() => false)) turns += 1;
  return { ...reader.result, turns };
}

describe("a head read off its rows", () => {
  it("knows its strongest pair outside of the first column, and what the first token gets", () => {
    const { strongest, first } = read();
    expect(strongest).toMatchObject({ query: 2, key: 1 });
    expect(strongest?.value).toBeCloseTo(0.7, 6);
    expect(first).toBeCloseTo((1 + 0.4 + 0.2 + 0.9) / 4, 6);
  });

  it("is read a row at a time where there is no time", () => {
    expect(read().turns).toBe(4);
  });

  it("is pictured without the first key, and pooled where there are more tokens than cells", () => {
    const { picture } = read();
    expect(picture).toMatchObject({ rows: 4, columns: 3, rowEdges: [0, 1, 2, 3, 4], columnEdges: [1, 2, 3, 4] });
    expect(picture.body[2 * 3]).toBe(Math.round(255 * Math.sqrt(0.7)));
    expect(picture.rail?.[1]).toBe(Math.round(255 * Math.sqrt(0.4)));
    const pooled = read({ size: 2 });
    expect(pooled.picture).toMatchObject({ rows: 2, columns: 2, rowEdges: [0, 2, 4], columnEdges: [1, 3, 4] });
    expect(Math.max(...pooled.picture.body)).toBe(Math.round(255 * Math.sqrt(0.7)));
    expect(pooled.rowPeaks).toEqual([1, 2]);
    expect(pooled.columnPeaks).toEqual([1, 3]);
  });

  it("is pictured by the share of each cell: a row adds up with what the first token gets", () => {
    const { picture } = read({ size: 3, reduce: "mean" });
    const share = (byte: number) => (byte / 255) ** 2;
    expect(picture.rowEdges).toEqual([0, 2, 3, 4]); // of unequal length
    expect(share(picture.body[0])).toBeCloseTo(0.6 / 2, 2);
    for (const row of [0, 1, 2]) {
      const body = [0, 1, 2].reduce((sum, column) => sum + share(picture.body[3 * row + column]), 0);
      expect(body + share(picture.rail?.[row] ?? 0)).toBeCloseTo(1, 1);
    }
  });

  it("names a row and a column in which there is nothing by their own tokens", () => {
    const data = layerOfWeights([WEIGHTS.map(() => [1, 0, 0, 0])]);
    expect(read({ data })).toMatchObject({ rowPeaks: [0, 1, 2, 3], columnPeaks: [1, 2, 3], strongest: null });
    const broken = layerOfWeights([WEIGHTS.map((row) => row.map(() => Number.NaN))]);
    expect(read({ data: broken })).toMatchObject({ rowPeaks: [0, 1, 2, 3], columnPeaks: [1, 2, 3] });
    expect(read({ data, size: 2 })).toMatchObject({ rowPeaks: [0, 2], columnPeaks: [1, 3] });
  });

  it("leaves out what takes no part, the first token too", () => {
    const { picture, first, strongest } = read({ queries: [2, 3], keys: [2, 3] });
    expect(first).toBeNull();
    expect(picture.rail).toBeNull();
    expect(strongest).toMatchObject({ query: 2, key: 2 });
    expect(picture.rowEdges).toEqual([2, 3, 4]);
  });

  it("weighs by the norm of the value", () => {
    const norms = Float32Array.from([1, 0.1, 50, 1]);
    const { strongest } = read({ norms, scale: 5 });
    expect(strongest).toMatchObject({ query: 2, key: 2 });
    expect(strongest?.value).toBeCloseTo(5, 5);
  });

  it("tells of NaN", () => {
    const data = layerOfWeights([
      [
        [1, 0],
        [Number.NaN, Number.NaN],
      ],
    ]);
    const { strongest } = read({ data, queries: [0, 1], keys: [0, 1] });
    expect(strongest?.value).toBeNaN();
  });
});

describe("the tokens that are named", () => {
  it("are all of them where there is room", () => {
    expect(ticks([1, 2, 3], 30).map(({ cell }) => cell)).toEqual([0, 1, 2]);
  });

  it("are else the strongest, none over another and none beyond the edge", () => {
    const strengths = Array.from({ length: 100 }, (_, at) => (at === 0 || at === 50 || at === 51 ? 100 + at : at % 7));
    const chosen = ticks(strengths, 200);
    const cells = chosen.map(({ cell }) => cell);
    expect(cells).toContain(51);
    expect(cells).not.toContain(50);
    expect(cells).not.toContain(0);
    for (let at = 1; at < chosen.length; at++) expect(chosen[at].at - chosen[at - 1].at).toBeGreaterThanOrEqual(8.9);
  });
});
