import { describe, expect, it } from "vitest";
import { layerOf } from "../../js/source/layer.js";
import { decode } from "../../js/source/packet.js";
import { alikeOf } from "../../js/views/neuron/alike.js";
import { decayOf, falling } from "../../js/views/neuron/decay.js";
import { extentOf } from "../../js/views/neuron/extent.js";
import { arrange, rankOf, strengthOf, strongest } from "../../js/views/neuron/ordering.js";
import { Terms } from "../../js/views/neuron/terms.js";
import { SCENARIOS } from "../browser/page/scenarios.js";
import { synthesize } from "../browser/page/synthetic.js";

const HEAD = 4;
const QUERY = 8;
const capture = synthesize(SCENARIOS.sentence);
const { header, payload } = capture.packet(1);
const layer = layerOf(decode(header, [payload]));
const made = capture.terms(1);

function termsOf(): Terms {
  if (layer.vectors === null) throw new Error("no vectors");
  return new Terms(layer, layer.vectors, HEAD, QUERY);
}

/** By the plain formula. */
function product(neuron: number, key: number): number {
  return (made.query[HEAD][QUERY][neuron] * made.key[1][key][neuron]) / 4;
}

const seen = Array.from({ length: QUERY + 1 }, (_, key) => key);
const neurons = Array.from({ length: header.d }, (_, neuron) => neuron);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the strength of a neuron", () => {
  it("is its product with a key, or its mean size over all keys", () => {
    const strength = strengthOf(termsOf(), "contribution", 4);
    const size = strengthOf(termsOf(), "contribution", null);
    for (const neuron of neurons) {
      expect(strength[neuron]).toBeCloseTo(product(neuron, 4), 6);
      expect(size[neuron]).toBeCloseTo(mean(seen.map((key) => Math.abs(product(neuron, key)))), 6);
    }
  });

  it("by contrast is what is above the mean of the keys seen", () => {
    const strength = strengthOf(termsOf(), "contrast", 4);
    for (const neuron of neurons) {
      const average = mean(seen.map((key) => product(neuron, key)));
      expect(strength[neuron]).toBeCloseTo(product(neuron, 4) - average, 6);
    }
  });

  it("by contrast leaves the softmax as it is: each key loses the same", () => {
    const lost = seen.map((key) => {
      const contrast = strengthOf(termsOf(), "contrast", key).reduce((sum, value) => sum + value, 0);
      return termsOf().dot[key] - contrast;
    });
    for (const one of lost) expect(one).toBeCloseTo(lost[0], 10);
  });
});

describe("the order", () => {
  const strength = Float64Array.from([1, -5, 3, 1, -2]);

  it("goes from what speaks for to what speaks against, ties by number", () => {
    expect([...arrange("contribution", strength, 5, null)]).toEqual([2, 0, 3, 4, 1]);
    expect([...arrange("position", strength, 5, null)]).toEqual([0, 1, 2, 3, 4]);
  });

  it("leaves out those that do least where there is no room, but not a pinned one", () => {
    expect([...arrange("contrast", strength, 3, null)]).toEqual([2, 4, 1]);
    expect([...arrange("contrast", strength, 3, 3)]).toEqual([2, 3, 1]);
    expect([...arrange("position", strength, 2, null)]).toEqual([1, 2]);
  });

  it("marks the strongest, whatever the sign", () => {
    expect([...strongest(Int32Array.from([0, 1, 2, 3, 4]), strength, 2, null)]).toEqual([1, 2]);
  });

  it("ranks with the largest first, and equals alike", () => {
    expect([0, 1, 2, 3, 4].map((neuron) => rankOf(strength, neuron))).toEqual([2, 5, 1, 2, 4]);
  });
});

describe("decay", () => {
  it("shares the slope of the dot product among the neurons, by least squares without the first token", () => {
    const decay = decayOf(termsOf());
    if (decay === null) throw new Error("no decay");
    const keys = seen.slice(1);
    const slopeOf = (values: number[]) => {
      const middle = mean(keys.map((key) => QUERY - key));
      const over = keys.reduce((sum, key, at) => sum + (QUERY - key - middle) * (values[at] - mean(values)), 0);
      return over / keys.reduce((sum, key) => sum + (QUERY - key - middle) ** 2, 0);
    };
    for (const neuron of neurons) {
      expect(decay.slopes[neuron]).toBeCloseTo(slopeOf(keys.map((key) => product(neuron, key))), 6);
    }
    expect(decay.slope).toBeCloseTo(slopeOf(keys.map((key) => termsOf().dot[key])), 6);
  });

  it("names those that fall, the steepest first", () => {
    const slopes = Float64Array.from([0.5, -1, -3, 0, -1]);
    expect(falling({ slope: -4.5, slopes }, 5)).toEqual([2, 1, 4]);
    expect(falling({ slope: -4.5, slopes }, 2)).toEqual([2, 1]);
  });

  it("needs three keys after the first", () => {
    if (layer.vectors === null) throw new Error("no vectors");
    expect(decayOf(new Terms(layer, layer.vectors, 0, 2))).toBeNull();
    expect(decayOf(new Terms(layer, layer.vectors, 0, 3))).not.toBeNull();
  });
});

it("compares the queries of a head as all pairs would", () => {
  if (layer.vectors === null) throw new Error("no vectors");
  const vectors = made.query[HEAD];
  const cosine = (a: number[], b: number[]) =>
    a.reduce((sum, value, at) => sum + value * b[at], 0) / (Math.hypot(...a) * Math.hypot(...b));
  const pairs = vectors.flatMap((a, i) => vectors.flatMap((b, j) => (i === j ? [] : [cosine(a, b)])));
  const { mean: alike, withMean } = alikeOf(layer.vectors, HEAD, vectors.length);
  expect(alike).toBeCloseTo(mean(pairs), 6);
  expect(withMean).toHaveLength(vectors.length);
  expect(Math.max(...withMean)).toBeLessThanOrEqual(1);
});

it("ends a scale of colours before the outliers, and takes no notice of what is no number", () => {
  const rows = Array.from({ length: 10 }, (_, row) => Array.from({ length: 20 }, (__, at) => (row * 20 + at) / 200));
  rows[3][4] = 1000;
  rows[5][5] = Number.NaN;
  expect(extentOf(10, (row) => rows[row])).toBeGreaterThan(0.9);
  expect(extentOf(10, (row) => rows[row])).toBeLessThanOrEqual(1);
  expect(extentOf(0, () => [])).toBe(0);
});

it("ends it where sorted numbers would have the share, many of them equal or not", () => {
  for (const levels of [3, 1000]) {
    const row = Float64Array.from({ length: 501 }, (_, at) => Math.abs(Math.floor(levels * Math.sin(at * at))));
    for (const share of [0, 0.5, 0.97, 1])
      expect(extentOf(1, () => row, share)).toBe(row.slice().sort()[Math.floor(500 * share)]);
  }
});
