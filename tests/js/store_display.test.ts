import { describe, expect, it } from "vitest";
import { axisOf, type DisplaySettings } from "../../js/store/axis.js";
import type { Side } from "../../js/store/meta.js";
import { ink, type Measure, Picture } from "../../js/store/picture.js";
import { readable } from "../../js/store/readable.js";
import { expectClose, golden, type Spelled } from "./golden.js";
import { layerOfWeights } from "./layers.js";

interface Fixture {
  tokens: Record<string, Side>;
  weights: Record<string, Spelled[][][]>;
  norms: Record<string, number[][]>;
  cases: Case[];
  readable: { text: string; label: string }[];
}

interface Case {
  tokens: string;
  weights: string;
  settings: DisplaySettings & { measure: Measure };
  shown: {
    attention: Spelled[][][];
    query_positions: number[];
    key_positions: number[];
    query_labels: string[];
    key_labels: string[];
    left: Spelled[][];
    ink: Spelled[][];
    scale: number;
  };
}

const fixture = golden<Fixture>("display");
const cases = fixture.cases.map((one) => ({ ...one, title: `${one.tokens}, ${JSON.stringify(one.settings)}` }));

function pictureOf({ tokens, weights, settings }: Case): Picture {
  const side = fixture.tokens[tokens];
  const numbers = fixture.weights[weights].map((rows) => rows.map((row) => row.map(Number)));
  const layer = layerOfWeights(numbers, fixture.norms[weights]);
  return new Picture(layer, axisOf(side, settings, "query"), axisOf(side, settings, "key"), settings.measure);
}

/** Indices of the entries that take part. */
function shownOf({ entries }: Picture["keys"]): number[] {
  return entries.flatMap((entry, index) => (entry.shown ? [index] : []));
}

describe.each(cases)("what Python draws of $title", (one) => {
  const picture = pictureOf(one);
  const { shown } = one;
  const [queries, keys] = [shownOf(picture.queries), shownOf(picture.keys)];
  const heads = shown.attention.map((_, head) => head);

  it("has the same tokens and words", () => {
    const names = (axis: Picture["keys"], entries: number[]) => ({
      positions: entries.map((entry) => axis.entries[entry].positions[0]),
      labels: entries.map((entry) => axis.entries[entry].label),
    });
    expect(names(picture.queries, queries)).toEqual({ positions: shown.query_positions, labels: shown.query_labels });
    expect(names(picture.keys, keys)).toEqual({ positions: shown.key_positions, labels: shown.key_labels });
  });

  it("has the same weights, row by row", () => {
    const rows = heads.flatMap((head) => queries.map((query) => picture.row(head, query).weights));
    expectClose(
      rows.flatMap((row) => keys.map((key) => row[key])),
      shown.attention.flat(2),
      1e-6,
    );
  });

  it("is drawn on the same scale", () => {
    expect(picture.scale).toBeCloseTo(shown.scale, 6);
  });

  it("has nothing where nothing is shown", () => {
    const hidden = picture.keys.entries.flatMap((entry, key) => (entry.shown ? [] : [key]));
    for (const head of heads) {
      for (const query of queries)
        expect(hidden.map((key) => picture.row(head, query).weights[key])).toEqual(hidden.map(() => 0));
    }
  });

  it("has as much left in each row, and as much ink", () => {
    const left = heads.flatMap((head) => queries.map((query) => picture.row(head, query).left));
    expectClose(left, shown.left.flat(), 1e-6);
    expectClose(left.map(ink), shown.ink.flat(), 1e-6);
  });

  it("has the same weights, column by column", () => {
    const columns = heads.map((head) => keys.map((key) => picture.column(head, key).weights));
    const flat = heads.flatMap((head) => queries.flatMap((query) => keys.map((_, at) => columns[head][at][query])));
    expectClose(flat, shown.attention.flat(2), 1e-5);
  });
});

it.each(fixture.readable)("spells $label", ({ text, label }) => {
  expect(readable(text)).toBe(label);
});

describe("an axis", () => {
  const side = fixture.tokens.bytes;
  const settings: DisplaySettings = { hide_first: true, hide_special: false, words: true, pair_filter: "all" };

  it("keeps hidden tokens in place, not shown", () => {
    const { entries, hidden } = axisOf(side, settings, "query");
    expect(entries[0]).toEqual({ label: "<s>", positions: [0], shown: false });
    expect(hidden).toEqual([0]);
  });

  it("knows the entry of each position", () => {
    expect([...axisOf(side, settings, "query").entryOf]).toEqual(side.words);
  });

  it("is plain only as long as every token is shown by itself", () => {
    const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all" } as const;
    expect(axisOf(side, off, "key").plain).toBe(true);
    expect(axisOf(side, { ...off, words: true }, "key").plain).toBe(false);
    expect(axisOf(side, { ...off, hide_first: true }, "key").plain).toBe(false);
    expect(axisOf(side, { ...off, pair_filter: "a->b" }, "key").plain).toBe(true); // there are no two sentences
  });
});

describe("a picture", () => {
  const side: Side = { labels: ["a", "b"], texts: ["a", "b"], special: [0, 0], segments: null, words: [0, 0] };
  const axis = (words: boolean) =>
    axisOf(side, { hide_first: false, hide_special: false, words, pair_filter: "all" }, "key");
  const weights = [
    [
      [1, 0],
      [0.5, 0.5],
    ],
  ];

  it("is of weights where the norms of the values are not known", () => {
    const picture = new Picture(layerOfWeights(weights), axis(false), axis(false), "value_norm");
    expect([picture.measure, picture.scale, ...picture.row(0, 1).weights]).toEqual(["weight", 1, 0.5, 0.5]);
  });

  it("draws the largest number of the layer at full strength, and nothing stronger", () => {
    const layer = layerOfWeights(weights, [[0.5, 3]]);
    const picture = new Picture(layer, axis(false), axis(false), "value_norm");
    expect([picture.measure, picture.scale, ...picture.row(0, 1).weights]).toEqual(["value_norm", 1.5, 0.25, 1.5]);
    expect([0.75, 1.5, 1.75].map((number) => picture.strength(number))).toEqual([0.5, 1, 1]);
    expect([...picture.column(0, 1).weights]).toEqual([0, 1.5]);
    expect(picture.hasRow(0, 1)).toBe(true);
    const words = new Picture(layer, axis(true), axis(true), "value_norm");
    expect(words.row(0, 0)).toEqual({ weights: Float32Array.of((0.5 + 0.25 + 1.5) / 2), left: 1 });
  });

  it("says which tokens a mask leaves to each other, words included", () => {
    const side: Side = {
      labels: ["a", "b", "c"],
      texts: ["a", "b", "c"],
      special: [0, 0, 0],
      segments: null,
      words: [0, 0, 1],
    };
    const words = { hide_first: false, hide_special: false, words: true, pair_filter: "all" } as const;
    const layer = layerOfWeights([
      [
        [1, 0, 0],
        [0.5, 0.5, 0],
        [0.2, 0.3, 0.5],
      ],
    ]);
    const picture = new Picture(layer, axisOf(side, words, "query"), axisOf(side, words, "key"));
    expect([picture.sees(0, 0), picture.sees(0, 1), picture.sees(1, 1)]).toEqual([true, false, true]);
  });
});
