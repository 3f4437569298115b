import { describe, expect, it } from "vitest";
import type { Thumbnails } from "../../js/source/source.js";
import { bodyOf, edgesOf, looksBack, plotOf, seenColumns, shrink } from "../../js/views/model/plot.js";

/** One head of `count` tokens, without the first key, from what a query gives a key, as bytes. */
function pictureOf(count: number, byte: (query: number, key: number) => number): Thumbnails {
  const tokens = Array.from({ length: count }, (_, at) => at);
  const keys = tokens.slice(1);
  return {
    layer: 0,
    heads: 1,
    rows: count,
    columns: keys.length,
    body: Uint8Array.from(tokens.flatMap((query) => keys.map((key) => byte(query, key)))),
    rail: Uint8Array.from(tokens, (query) => byte(query, 0)),
    scale: 1,
    rowEdges: [...tokens, count],
    columnEdges: [...keys, count],
  };
}

describe("a plot", () => {
  it("has 25 pixels of body at 28, after a rail of two and a gap", () => {
    expect(bodyOf(30)).toBe(25);
    expect(plotOf(10, 20, 28, 28, 1)).toMatchObject({ left: 10, top: 20, width: 28, height: 28, rail: 2, body: 3 });
    expect(plotOf(10, 20, 28, 28, 2)).toMatchObject({ left: 20, top: 40, width: 56, height: 56, rail: 4, body: 6 });
  });

  it("has all its edges on device pixels, whatever the zoom", () => {
    for (const ratio of [0.9, 1, 1.1, 1.25, 1.5, 1.75, 3]) {
      const plot = plotOf(17, 31, 25, 25, ratio);
      for (const length of [plot.left, plot.top, plot.width, plot.height, plot.rail, plot.body])
        expect(Number.isInteger(length)).toBe(true);
      expect(plot.rail).toBeLessThan(plot.body);
      expect(edgesOf(11, plot.width - plot.body)[11]).toBe(plot.width - plot.body);
    }
  });
});

describe("pooling further", () => {
  const diagonal = pictureOf(26, (query, key) => (key === query ? 200 : 0));

  it("keeps what is strong, and a diagonal in one piece", () => {
    const small = shrink(diagonal, 17, 17);
    expect([small.rows, small.columns]).toEqual([17, 17]);
    for (let row = 1; row < 17; row++) {
      const cells = small.body.subarray(row * 17, (row + 1) * 17);
      expect(Math.max(...cells)).toBe(200);
      expect(Math.max(cells[row - 1], cells[row])).toBe(200);
    }
  });

  it("means the rail", () => {
    const picture = pictureOf(4, (query, key) => (key === 0 ? 10 * query : 0));
    expect([...(shrink(picture, 2, 3).rail ?? [])]).toEqual([5, 25]);
  });

  it("says where its cells begin and end", () => {
    const small = shrink(diagonal, 13, 5);
    expect(small.rowEdges).toHaveLength(14);
    expect(small.columnEdges).toHaveLength(6);
    expect([small.rowEdges[0], small.rowEdges[13], small.columnEdges[0], small.columnEdges[5]]).toEqual([0, 26, 1, 26]);
    for (let at = 1; at < 14; at++) expect(small.rowEdges[at] - small.rowEdges[at - 1]).toBe(2);
  });

  it("does nothing where there is room", () => {
    expect(shrink(diagonal, 26, 40)).toBe(diagonal);
    expect(shrink(diagonal, 9, 9)).toBe(shrink(diagonal, 9, 9));
  });
});

describe("the mask", () => {
  it("is read off the pictures", () => {
    expect(looksBack(pictureOf(6, (query, key) => (key <= query ? 40 : 0)))).toBe(true);
    expect(looksBack(pictureOf(6, (query, key) => (key <= query + 1 ? 40 : 0)))).toBe(false);
    expect(looksBack(pictureOf(1, () => 255))).toBe(false); // one token: there is no body
  });

  it("lets a row of several queries see what the last of them sees", () => {
    const picture = shrink(
      pictureOf(9, () => 1),
      3,
      4,
    );
    expect(picture.rowEdges).toEqual([0, 3, 6, 9]);
    expect(picture.columnEdges).toEqual([1, 3, 5, 7, 9]);
    expect([0, 1, 2].map((row) => seenColumns(picture, row))).toEqual([1, 3, 4]);
  });
});
