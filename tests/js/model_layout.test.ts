import { describe, expect, it } from "vitest";
import { gridLayout, labelStep, rowAt } from "../../js/views/model/layout.js";

const SIZES = [
  [1, 1],
  [2, 2],
  [6, 12],
  [12, 12],
  [30, 9],
  [24, 16],
  [32, 32],
  [64, 8],
  [64, 64],
] as const;

describe("the grid", () => {
  it("is that of the mock at 560 pixels: two bands of fifteen layers, 27 pixels a head", () => {
    expect(gridLayout(536, 30, 9)).toMatchObject({ bands: 2, rows: 15, cell: 27, beside: false });
  });

  it("has three bands of ten layers at 1,080 pixels and the enlarged head beside them", () => {
    const layout = gridLayout(1056, 30, 9);
    expect(layout).toMatchObject({ bands: 3, rows: 10, beside: true });
    expect(layout.cell).toBeGreaterThanOrEqual(28);
  });

  it.each(SIZES)("of %i x %i fits its pane at every width and has a place for the enlarged head", (layers, heads) => {
    for (let width = 476; width <= 1976; width += 4) {
      const layout = gridLayout(width, layers, heads);
      const beside = layout.beside ? 22 + layout.enlargedWidth : 0;
      expect(layout.viewWidth + beside).toBeLessThanOrEqual(width);
      expect(layout.viewHeight).toBeLessThanOrEqual(434);
      expect(layout.cell).toBeGreaterThanOrEqual(12);
      expect(layout.cell).toBeLessThanOrEqual(40);
      expect(layout.enlargedWidth).toBeGreaterThanOrEqual(132);
      expect(layout.rows * layout.bands).toBeGreaterThanOrEqual(layers);
      expect(layout.rows * (layout.bands - 1)).toBeLessThan(layers);
    }
  });

  it.each(SIZES.slice(0, 6))("of %i x %i needs no scrolling", (layers, heads) => {
    for (let width = 476; width <= 1976; width += 10) {
      const { width: sheet, height, viewWidth, viewHeight } = gridLayout(width, layers, heads);
      expect([sheet, height]).toEqual([viewWidth, viewHeight]);
    }
  });

  it("of 64 x 64 heads scrolls where a head would have fewer than twelve pixels", () => {
    expect(gridLayout(536, 64, 64)).toMatchObject({ cell: 12, bands: 1, width: 786, viewWidth: 536, height: 782 });
    expect(gridLayout(1976, 64, 64)).toMatchObject({ bands: 2, viewHeight: 14 + 32 * 13, cell: 13 });
  });

  it("keeps thumbnails of a narrow model from growing past forty pixels", () => {
    expect(gridLayout(1056, 1, 1)).toMatchObject({ cell: 40, height: 54, beside: true });
  });
});

describe("a row", () => {
  it("stands in its band", () => {
    const layout = gridLayout(536, 30, 9);
    expect(rowAt(layout, 0, 9)).toEqual({ left: 0, top: 14 });
    expect(rowAt(layout, 14, 9)).toEqual({ left: 0, top: 14 + 14 * 27 });
    expect(rowAt(layout, 15, 9)).toEqual({ left: 18 + 9 * 27 + 12, top: 14 });
  });
});

describe("labels", () => {
  it.each([
    [40, 63, 1],
    [27, 8, 1],
    [12, 9, 1],
    [12, 63, 2],
    [12, 127, 2],
  ])("of cells of %i pixels, up to %i, stand at every %i-th", (cell, largest, step) => {
    expect(labelStep(cell, largest)).toBe(step);
  });
});
