import { describe, expect, it } from "vitest";
import type { Meta, PartMeta } from "../../js/store/meta.js";
import { type Selection, step } from "../../js/store/selection.js";
import { synthesize } from "../browser/page/synthetic.js";
import { golden } from "./golden.js";

const { meta } = synthesize({ tokens: ["a", "b"], heads: 4, groups: 4, layers: 3, refused: [2] });
meta.parts[0].layers[1].heads = 2; // a layer with fewer heads
const now: Selection = {
  part: "self",
  layer: 0,
  heads: [0, 1, 3],
  head: 1,
  query: 1,
  key: null,
  neuron: null,
  scale: "head",
};

describe("a step of the selection", () => {
  it("keeps what it does not name", () => {
    expect(step(now, meta, { key: 0 })).toEqual({ ...now, key: 0 });
  });

  it("sorts heads and names each once", () => {
    expect(step(now, meta, { heads: [3, 0, 3] }).heads).toEqual([0, 3]);
  });

  it("moves the focus to the first drawn head where it is no longer drawn", () => {
    expect(step(now, meta, { heads: [2, 3] }).head).toBe(2);
    expect(step(now, meta, { heads: [1, 3] }).head).toBe(1);
    expect(step(now, meta, { heads: [] }).head).toBe(null);
  });

  it("drops the heads that a new layer does not have", () => {
    expect(step(now, meta, { layer: 1 })).toMatchObject({ heads: [0, 1], head: 1 });
  });

  it("draws all heads of a new layer that has none of those drawn", () => {
    expect(step({ ...now, heads: [3], head: 3 }, meta, { layer: 1 })).toMatchObject({ heads: [0, 1], head: 0 });
  });

  it("leaves all heads off where they were switched off by hand", () => {
    expect(step({ ...now, heads: [], head: null }, meta, { layer: 1 })).toMatchObject({ heads: [], head: null });
  });

  it("has no heads in a refused layer, and all of them after it", () => {
    const refused = step(now, meta, { layer: 2 });
    expect(refused).toMatchObject({ heads: [], head: null });
    expect(step(refused, meta, { layer: 1 })).toMatchObject({ heads: [0, 1], head: 0 });
  });

  it("names what does not exist", () => {
    expect(() => step(now, meta, { layer: 7 })).toThrow("unknown layer 7");
    expect(() => step(now, meta, { part: "cross" })).toThrow('unknown part "cross": this capture has "self"');
  });
});

interface Fixture {
  stacks: Record<string, { heads: Record<string, number>; query_axis: number; key_axis: number }>;
  cases: { before: Selection; changes: Partial<Selection>; after: Selection }[];
}

describe("Python's own steps", () => {
  const { stacks, cases } = golden<Fixture>("selection");
  const parts = Object.entries(stacks).map(([name, { heads, query_axis, key_axis }]): PartMeta => {
    const layers = Object.entries(heads).map(([layer, count]) => ({
      ...meta.parts[0].layers[0],
      layer: Number(layer),
      heads: count,
    }));
    return { name, layers, query_side: query_axis, key_side: key_axis };
  });
  const fixtureMeta: Meta = { ...meta, parts };

  it.each(cases)("are the browser's: $changes", ({ before, changes, after }) => {
    expect(step(before, fixtureMeta, changes)).toEqual(after);
  });
});
