import { describe, expect, it } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import type { Side } from "../../js/store/meta.js";
import { Picture } from "../../js/store/picture.js";
import type { Place } from "../../js/views/head/focus.js";
import { shareDrawn } from "../../js/views/head/share.js";
import { computeRows, type LineScene, planFocus, planLines, Strokes } from "../../js/views/head/strokes.js";
import { layerOfWeights } from "./layers.js";

const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all" } as const;
const weights = [
  [
    [1, 0, 0],
    [0.04, 0.96, 0],
    [0.5, 0.3, 0.2],
  ],
  [
    [1, 0, 0],
    [0.6, 0.4, 0],
    [Number.NaN, Number.NaN, Number.NaN],
  ],
];

function side(count: number): Side {
  const labels = Array.from({ length: count }, (_, at) => `t${at}`);
  return { labels, texts: labels, special: labels.map(() => 0), segments: null, words: labels.map((_, at) => at) };
}

function picture(settings: Parameters<typeof axisOf>[1] = off): Picture {
  return new Picture(layerOfWeights(weights), axisOf(side(3), settings, "query"), axisOf(side(3), settings, "key"));
}

function scene(changes: Partial<LineScene> = {}): LineScene {
  return {
    picture: picture(),
    heads: [0, 1],
    focus: null,
    rows: { first: 0, last: 3 },
    tops: { query: 0, key: 0 },
    height: 60,
    threshold: 0.05,
    only: null,
    dark: false,
    ...changes,
  };
}

interface Line {
  from: number;
  to: number;
  alpha: number;
  width: number;
  head: number;
}

function lines(changes: Partial<LineScene> = {}): Line[] {
  const strokes = new Strokes();
  const all: Line[] = [];
  const take = () =>
    strokes.each((from, to, alpha, width, head) => {
      all.push({ from, to, alpha, width, head });
    });
  planLines(scene(changes), strokes, computeRows(scene(changes), () => true).queries);
  take();
  planFocus(scene(changes), strokes);
  take();
  return all;
}

/** Which row a height lies in. */
const row = (height: number) => Math.floor(height / 20);
const ends = (all: Line[]) => all.map(({ head, from, to }) => [head, row(from), row(to)]);
const strong = (all: Line[]) => all.filter(({ alpha }) => alpha > 0.1);

describe("the lines", () => {
  it("are those of all heads from the threshold on; NaN has none", () => {
    expect(ends(lines())).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 1],
      [1, 1, 0],
      [1, 1, 1],
      [0, 2, 0],
      [0, 2, 1],
      [0, 2, 2],
    ]);
  });

  it("have the strength and the width of their weight", () => {
    const [half] = lines({ heads: [0], rows: { first: 2, last: 3 } });
    expect(half.alpha).toBeCloseTo(1.1 * 0.5 ** 1.1, 5);
    expect(half.width).toBeCloseTo(0.4 + 2.2 * 0.5, 5);
  });

  it("are quieter where more than four heads are drawn", () => {
    const layer = layerOfWeights(Array.from({ length: 5 }, () => [[0.5]]));
    const one = new Picture(layer, axisOf(side(1), off, "query"), axisOf(side(1), off, "key"));
    const [line] = lines({ picture: one, heads: [0, 1, 2, 3, 4], rows: { first: 0, last: 1 } });
    expect(line.alpha).toBeCloseTo(1.1 * 0.5 ** 1.35, 5);
  });

  it("stand in the order of their heads", () => {
    const [first, second] = lines({ rows: { first: 0, last: 1 } });
    expect(second.from - first.from).toBeCloseTo(0.96, 5);
  });

  it("of a query in focus stand out, on top of the others", () => {
    const focus: Place = { side: "query", entry: 1 };
    const all = lines({ focus });
    expect(ends(strong(all))).toEqual([
      [0, 1, 1],
      [1, 1, 0],
      [1, 1, 1],
    ]);
    expect(strong(all)).toEqual(all.slice(-3));
    expect(all.at(-1)?.alpha).toBeCloseTo(1.05 * 0.4 ** 0.55, 5);
    expect(all.at(-1)?.width).toBeCloseTo(0.4 + 3.4 * 0.4, 5);
  });

  it("of a key in focus are all there, also those of queries out of view", () => {
    const focus: Place = { side: "key", entry: 0 };
    expect(ends(strong(lines({ focus, rows: { first: 0, last: 1 } })))).toEqual([
      [0, 0, 0],
      [0, 2, 0],
      [1, 0, 0],
      [1, 1, 0],
    ]);
  });

  it("of other heads fade while the pointer is on a chip", () => {
    const [mine, other] = lines({ only: 0, rows: { first: 0, last: 1 } });
    expect(other.alpha / mine.alpha).toBeCloseTo(0.08, 5);
  });

  it("of a nearly empty row do not shout", () => {
    const hidden = picture({ ...off, hide_first: true });
    const [, line] = lines({ picture: hidden, heads: [0], rows: { first: 1, last: 3 } });
    expect(line.alpha).toBeCloseTo(1.1 * 0.6 ** 1.1, 4); // 0.3 of 0.5 left, full ink
    const sink = layerOfWeights([
      [
        [1, 0],
        [0.97, 0.03],
      ],
    ]);
    const settings = { ...off, hide_first: true };
    const empty = new Picture(sink, axisOf(side(2), settings, "query"), axisOf(side(2), settings, "key"));
    const [faint] = lines({ picture: empty, heads: [0], rows: { first: 0, last: 2 } });
    expect(faint.alpha).toBeCloseTo(1.1 * 0.1 ** 1.1, 4); // a weight of 1, but 0.03 of it left
  });

  it("from out of view are not planned, lines to out of view leave the window", () => {
    const far = lines({ heads: [0], rows: { first: 2, last: 3 }, tops: { query: 40, key: 40 }, height: 20 });
    expect(far.map(({ to }) => to)).toEqual([-20, -10, 10]);
  });

  it("that leave the window at the same place are one, the strongest", () => {
    const row = [0.1, 0.2, 0.1, ...Array(97).fill(0), 0.3, 0.3];
    const names = side(102);
    const one = new Picture(
      layerOfWeights([Array(102).fill(row)]),
      axisOf(names, off, "query"),
      axisOf(names, off, "key"),
    );
    const far = lines({
      picture: one,
      heads: [0],
      rows: { first: 50, last: 51 },
      tops: { query: 1000, key: 1000 },
      height: 20,
    });
    expect(far.map(({ to, width }) => [to, width.toFixed(2)])).toEqual([
      [-20, "1.00"],
      [40, "1.06"],
    ]);
  });

  it("whose rows are not computed in time come later", () => {
    const slow = picture();
    slow.hasRow = () => false;
    expect(computeRows(scene({ picture: slow }), () => false)).toEqual({ queries: [], isComplete: false });
    expect(computeRows(scene({ picture: slow }), () => true)).toEqual({ queries: [0, 1, 2], isComplete: true });
  });

  it("may be more than a first block of numbers holds", () => {
    const strokes = new Strokes();
    for (let at = 0; at < 5000; at++) strokes.push(at, 0, 1, 1, 0, 0, 0);
    const from: number[] = [];
    strokes.each((height) => from.push(height));
    expect([from.length, from[4999]]).toEqual([5000, 4999]);
  });
});

describe("the share of the weight that is drawn", () => {
  const rows = { first: 0, last: 3 };

  it("counts the queries in view, and leaves NaN out", () => {
    expect(shareDrawn(picture(), [0], null, rows, 0.05)).toBeCloseTo(2.96 / 3, 6);
    expect(shareDrawn(picture(), [0, 1], null, { first: 1, last: 3 }, 0.45)).toBeCloseTo((0.96 + 0.6 + 0.5) / 3, 6);
  });

  it("is that of the pinned token where one is pinned", () => {
    expect(shareDrawn(picture(), [0], { side: "query", entry: 2 }, rows, 0.25)).toBeCloseTo(0.8, 6);
    expect(shareDrawn(picture(), [0], { side: "key", entry: 0 }, rows, 0.6)).toBeCloseTo(1 / 1.54, 6);
  });

  it("is all at a threshold of nothing, and no number where there is no weight", () => {
    expect(shareDrawn(picture(), [0], null, rows, 0)).toBe(1);
    expect(shareDrawn(picture(), [], null, rows, 0)).toBeNaN();
  });
});
