import { describe, expect, it } from "vitest";
import { type Columns, type Contents, columnsOf } from "../../js/views/neuron/columns.js";
import { spread } from "../../js/views/neuron/spread.js";

const BASIC: Contents = { width: 584, withTokens: false, first: 64, products: 64, numbers: ["dot", "softmax"] };

function place(contents: Partial<Contents>): Columns {
  return columnsOf({ ...BASIC, ...contents });
}

/** All columns from left to right; throws if two overlap. */
function rightEdge({ tokens, first, products, numbers }: Columns): number {
  const columns = [tokens, first, products, ...numbers.values()].filter((one) => one !== null);
  return columns.reduce((edge, { left, width }) => {
    if (left < edge) throw new Error(`a column at ${left} begins before the one before ends, at ${edge}`);
    return left + width;
  }, 0);
}

describe("the columns", () => {
  it("give a neuron three pixels beside a head view of 1,080, and two in a narrow cell", () => {
    expect(place({}).products?.px).toBe(3);
    expect(place({ width: 536, withTokens: true }).products?.px).toBe(2);
    expect(place({ width: 640, withTokens: true }).products?.px).toBe(3);
  });

  it("leave out the first column before they leave out neurons", () => {
    const narrow = place({ width: 400, withTokens: true });
    expect(narrow.first).toBeNull();
    expect(narrow.products?.count).toBe(64);
  });

  it("draw wide heads at one pixel, and then only as many neurons as there is room for", () => {
    expect(place({ first: 128, products: 128 }).products).toMatchObject({ px: 1, count: 128 });
    const most = place({ first: 256, products: 256 }).products;
    expect(most?.px).toBe(1);
    expect(most?.count).toBeLessThan(256);
    expect(most?.count).toBeGreaterThanOrEqual(128);
  });

  it("have no products while no query is chosen", () => {
    const { first, products } = place({ products: 0, numbers: ["cosine"] });
    expect(products).toBeNull();
    expect(first?.count).toBe(64);
  });

  const ALL = ["dot", "capped", "bias", "softmax", "norm", "measure"] as const;
  const WIDTHS = [320, 360, 420, 480, 536, 584, 640, 800, 1056, 1576, 2000];
  it.each(WIDTHS)("do not overlap and stay inside %i px, whatever there is to show", (width) => {
    for (const d of [3, 16, 64, 80, 128, 256]) {
      for (const withTokens of [true, false]) {
        for (const numbers of [ALL.slice(0, 2), ALL.slice(0, 4), ALL]) {
          const columns = place({ width, withTokens, first: d, products: d, numbers });
          const isHopeless = width < 420 && numbers.length > 4;
          if (!isHopeless) expect(rightEdge(columns)).toBeLessThanOrEqual(width);
        }
      }
    }
  });
});

describe("labels above close places", () => {
  it("stand apart and in order", () => {
    const middles = spread([10, 13, 16, 19, 190], 0, 192);
    for (let at = 1; at < middles.length; at++) expect(middles[at] - middles[at - 1]).toBeGreaterThan(21.5);
    expect(middles[4]).toBe(190);
  });

  it("stay where they belong if nothing is near", () => {
    expect(spread([10, 60, 120], 0, 192)).toEqual([10, 60, 120]);
  });
});
