import { describe, expect, it } from "vitest";
import { type Walkable, walk } from "../../js/views/model/walk.js";

const heads = (count: number) => Array.from({ length: count }, (_, head) => head);

/** Layers 0 to 6 in bands of three; layer 2 has two heads, all others four. */
const grid: Walkable = {
  rows: [0, 1, 2, 3, 4, 5, 6].map((layer) => ({ layer, heads: heads(layer === 2 ? 2 : 4) })),
  perBand: 3,
};

function go(from: [number, number], ...keys: string[]): [number, number] {
  const end = keys.reduce((cell, key) => walk(grid, cell, key) ?? cell, { layer: from[0], head: from[1] });
  return [end.layer, end.head];
}

describe("walking the grid", () => {
  it.each([
    ["right along the heads", [1, 1], "ArrowRight", [1, 2]],
    ["left along the heads", [1, 1], "ArrowLeft", [1, 0]],
    ["right into the layer beside it in the next band", [1, 3], "ArrowRight", [4, 0]],
    ["left into the band before", [4, 0], "ArrowLeft", [1, 3]],
    ["right into a band that is shorter: its last layer", [5, 3], "ArrowRight", [6, 0]],
    ["no further than the last band", [6, 3], "ArrowRight", [6, 3]],
    ["no further than the first", [0, 0], "ArrowLeft", [0, 0]],
    ["down along the layers", [0, 2], "ArrowDown", [1, 2]],
    ["down to a layer with fewer heads", [1, 3], "ArrowDown", [2, 1]],
    ["down from the bottom of a band to the top of the next", [2, 1], "ArrowDown", [3, 1]],
    ["up from the top of a band to the bottom of the one before", [3, 1], "ArrowUp", [2, 1]],
    ["not beyond the last layer", [6, 1], "ArrowDown", [6, 1]],
    ["not beyond the first", [0, 1], "ArrowUp", [0, 1]],
    ["Home to the first head", [4, 2], "Home", [4, 0]],
    ["End to the last", [2, 0], "End", [2, 1]],
    ["Page up to the top of the band", [5, 2], "PageUp", [3, 2]],
    ["Page down to its bottom", [3, 2], "PageDown", [5, 2]],
    ["Page down to the bottom of a short band", [6, 2], "PageDown", [6, 2]],
  ] as const)("goes %s", (_, from, key, to) => {
    expect(go([...from], key)).toEqual(to);
  });

  it("reaches every head: down the layers, and right along each", () => {
    const seen = new Set<string>();
    for (let row = 0, cell = { layer: 0, head: 0 }; row < 7; row++, cell = walk(grid, cell, "ArrowDown") ?? cell) {
      for (let at = cell; at.layer === cell.layer && !seen.has(`${at.layer}.${at.head}`); ) {
        seen.add(`${at.layer}.${at.head}`);
        at = walk(grid, at, "ArrowRight") ?? at;
      }
    }
    expect(seen.size).toBe(26);
  });

  it("keeps the original numbers where only some are shown", () => {
    const some: Walkable = { rows: [4, 9, 20].map((layer) => ({ layer, heads: [3, 7] })), perBand: 2 };
    expect(walk(some, { layer: 9, head: 7 }, "ArrowDown")).toEqual({ layer: 20, head: 7 });
    expect(walk(some, { layer: 4, head: 7 }, "ArrowRight")).toEqual({ layer: 20, head: 3 });
    expect(walk(some, { layer: 5, head: 5 }, "ArrowRight")).toEqual({ layer: 4, head: 7 });
  });

  it("leaves other keys alone", () => {
    expect(walk(grid, { layer: 0, head: 0 }, "a")).toBeNull();
    expect(walk({ rows: [], perBand: 1 }, { layer: 0, head: 0 }, "ArrowUp")).toBeNull();
  });
});
