import { describe, expect, it } from "vitest";
import { cellsLeft, cellWidth, layoutOf, rowsInView, topShowing } from "../../js/views/head/layout.js";

describe("the layout", () => {
  it.each([336, 456, 496, 536, 736, 1576])("leaves room for lines at %i pixels and loses none", (inner) => {
    const layout = layoutOf(inner, 9, 12);
    expect(layout.zone.query + layout.lines + layout.zone.key).toBe(inner);
    expect(layout.lines).toBeGreaterThan(100);
    expect(layout.token).toBeGreaterThanOrEqual(68);
  });

  it("has shading of the keys from 400 pixels on, and of both sides from 520, the padding included", () => {
    const cells = [399, 400, 495, 496].map((inner) => layoutOf(inner, 9, 12).cells);
    expect(cells.map(({ query, key }) => [query, key])).toEqual([
      [0, 0],
      [0, 54],
      [0, 54],
      [54, 54],
    ]);
  });

  it("shows at most 24 rows and then a scroll bar", () => {
    expect(layoutOf(736, 9, 24)).toMatchObject({ height: 480, scrolls: false, width: 736 });
    expect(layoutOf(736, 9, 25)).toMatchObject({ height: 480, scrolls: true, width: 722 });
  });

  it("cuts no row short", () => {
    expect(layoutOf(736, 9, 12).height).toBe(240);
    expect(layoutOf(736, 9, 1).height).toBe(20);
  });

  it.each([
    [1, 6],
    [9, 6],
    [10, 5],
    [27, 2],
  ])("gives each of %i heads a cell of %i pixels", (heads, width) => {
    expect(cellWidth(layoutOf(736, 27, 12), heads)).toBe(width);
  });

  it("keeps the cells of 32 and of 128 heads within their place", () => {
    for (const heads of [32, 128]) {
      const layout = layoutOf(736, heads, 12);
      expect(cellWidth(layout, heads) * heads).toBeLessThanOrEqual(layout.cells.key);
      expect(cellsLeft(layout, "query", heads)).toBeGreaterThanOrEqual(layout.number);
      expect(cellsLeft(layout, "key", heads) + layout.cells.key + layout.number).toBeLessThanOrEqual(layout.width);
    }
  });
});

describe("scrolling", () => {
  it("shows the rows that are cut off too", () => {
    expect(rowsInView(0, 480, 100)).toEqual({ first: 0, last: 24 });
    expect(rowsInView(30, 480, 100)).toEqual({ first: 1, last: 26 });
    expect(rowsInView(1520, 480, 100)).toEqual({ first: 76, last: 100 });
  });

  it("moves as little as needed to a row nearby, and puts one from afar in the middle", () => {
    expect(topShowing(5, 0, 480, 100)).toBe(0);
    expect(topShowing(24, 0, 480, 100)).toBe(20);
    expect(topShowing(9, 200, 480, 100)).toBe(180);
    expect(topShowing(60, 0, 480, 100)).toBe(980);
    expect(topShowing(99, 0, 480, 100)).toBe(1520);
    expect(topShowing(0, 900, 480, 100)).toBe(0);
  });
});
