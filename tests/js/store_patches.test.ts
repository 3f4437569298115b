/** Where patches stand on their picture, and where the arrow keys lead among them. */
import { describe, expect, it } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import type { Side, SidePicture } from "../../js/store/meta.js";
import { type Box, entryAt, neighbourOf, type Patches, patchesOf } from "../../js/store/patches.js";

const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all" } as const;

/** A class token and two rows of three patches, the last of them as wide as two. */
const CELLS: SidePicture["cells"] = [
  null,
  [0, 0, 1 / 3, 0.5],
  [1 / 3, 0, 1 / 3, 0.5],
  [2 / 3, 0, 1 / 3, 0.5],
  [0, 0.5, 1 / 3, 0.5],
  [1 / 3, 0.5, 2 / 3, 0.5],
];
const SRC = "data:image/png;base64,iVBORw0KGgo=";

function sideOf(cells: SidePicture["cells"] | null, src = SRC, words = cells?.map((_, at) => at) ?? [0]): Side {
  const labels = words.map((_, at) => `patch ${at}`);
  const picture = cells === null ? null : { src, width: 300, height: 200, cells };
  return { labels, texts: labels, special: labels.map(() => 0), segments: null, words, picture };
}

function patches(side: Side, settings: { words: boolean } = { words: false }): Patches | null {
  return patchesOf(side, axisOf(side, { ...off, ...settings }, "query"));
}

function known(side: Side): Patches {
  const found = patches(side);
  if (found === null) throw new Error("no patches");
  return found;
}

describe("the patches of an axis", () => {
  it("have their boxes by entry, none for a token that is no patch", () => {
    const { ratio, boxes } = known(sideOf(CELLS));
    expect(ratio).toBe(1.5);
    expect(boxes[0]).toEqual([]);
    expect(boxes[5]).toEqual([{ left: 1 / 3, top: 0.5, width: 2 / 3, height: 0.5 }]);
  });

  it("are all of those of a merged word", () => {
    const merged = patches(sideOf(CELLS, SRC, [0, 1, 1, 2, 3, 4]), { words: true });
    expect(merged?.boxes[1]).toHaveLength(2);
  });

  it("are not there without a picture, or where no token is a patch of it", () => {
    expect(patches(sideOf(null))).toBeNull();
    expect(patches(sideOf([null, null]))).toBeNull();
  });

  it.each([
    "http://elsewhere/picture.png",
    "javascript:alert(1)",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html;base64,PHN2Zz4=",
    'data:image/png;base64,AAAA" onload="x',
    "data:image/png,AAAA",
    "",
  ])("keep their places but load no picture from %o", (src) => {
    expect(known(sideOf(CELLS, src))).toMatchObject({ src: null, ratio: 1.5 });
  });
});

describe("the patch at a point", () => {
  it("is the one that holds it", () => {
    const grid = known(sideOf(CELLS));
    expect(entryAt(grid, 0.1, 0.1)).toBe(1);
    expect(entryAt(grid, 0.34, 0.49)).toBe(2);
    expect(entryAt(grid, 0.99, 0.99)).toBe(5);
  });

  it("is the smallest of those that overlap", () => {
    const cells: SidePicture["cells"] = [
      [0, 0, 1, 1],
      [0.5, 0.5, 0.25, 0.25],
    ];
    expect(entryAt(known(sideOf(cells)), 0.6, 0.6)).toBe(1);
    expect(entryAt(known(sideOf(cells)), 0.4, 0.6)).toBe(0);
  });

  it("is none between patches", () => {
    expect(entryAt(known(sideOf([[0, 0, 0.5, 0.5]])), 0.6, 0.1)).toBeNull();
  });
});

describe("an arrow key", () => {
  const size = { width: 10, height: 10 };
  /** Two rows of three patches, and beneath them two tokens, the second one long. */
  const boxes = new Map<number, Box>([
    [0, { left: 0, top: 0, ...size }],
    [1, { left: 10, top: 0, ...size }],
    [2, { left: 20, top: 0, ...size }],
    [3, { left: 0, top: 10, ...size }],
    [4, { left: 10, top: 10, ...size }],
    [5, { left: 20, top: 10, ...size }],
    [6, { left: 0, top: 28, width: 6, height: 8 }],
    [7, { left: 8, top: 28, width: 40, height: 8 }],
  ]);

  it.each([
    [0, "ArrowRight", 1],
    [0, "ArrowDown", 3],
    [4, "ArrowUp", 1],
    [4, "ArrowLeft", 3],
    [2, "ArrowRight", null],
    [3, "ArrowLeft", null],
    [1, "ArrowUp", null],
    [3, "ArrowDown", 6],
    [5, "ArrowDown", 7],
    [7, "ArrowUp", 5],
    [6, "ArrowRight", 7],
    [7, "ArrowDown", null],
    [0, "Enter", null],
  ])("leads from %i by %s to %o", (from, key, to) => {
    expect(neighbourOf(boxes, from, key)).toBe(to);
  });

  it("reaches everything", () => {
    const reached = new Set([0]);
    const rest = [0];
    for (let at = rest.pop(); at !== undefined; at = rest.pop()) {
      for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
        const next = neighbourOf(boxes, at, key);
        if (next !== null && !reached.has(next)) rest.push(next);
        if (next !== null) reached.add(next);
      }
    }
    expect(reached).toEqual(new Set(boxes.keys()));
  });
});
