import { describe, expect, it } from "vitest";
import { layerOf } from "../../js/source/layer.js";
import { decode, type Header } from "../../js/source/packet.js";
import { Terms } from "../../js/views/neuron/terms.js";
import { SCENARIOS, type Scenario } from "../browser/page/scenarios.js";
import { synthesize } from "../browser/page/synthetic.js";
import { expectClose, golden, type Spelled } from "./golden.js";
import { payloadOf } from "./layers.js";

interface Case {
  name: string;
  header: Header;
  values: Record<string, Spelled[]>;
  weights: Spelled[];
  /** One row taken apart. */
  terms?: {
    head: number;
    query: number;
    dot: number[];
    bias: number[] | null;
    seen: number[];
    sink: number | null;
    equation: string;
  };
}

const { cases } = golden<{ cases: Case[] }>("arithmetic");

/** Terms of every row of a layer, none where only weights are known. */
function rowsOf(header: Header, payload: Uint8Array): Terms[] {
  const layer = layerOf(decode(header, [payload]));
  const { vectors } = layer;
  if (vectors === null) return [];
  return Array.from({ length: layer.heads * layer.queries }, (_, at) => {
    return new Terms(layer, vectors, Math.floor(at / layer.queries), at % layer.queries);
  });
}

/** The equation evaluated from its terms, as a reader would. */
function evaluate({ equation, dot, cap, bias, seen, sink }: Terms): number[] {
  const scores = Array.from(dot, (value, key) => {
    const capped = equation.includes("tanh") ? Number(cap) * Math.tanh(value / Number(cap)) : value;
    const biased = equation.includes("bias") ? capped + Number(bias?.[key]) : capped;
    return equation.includes("mask") && seen[key] === 0 ? Number.NEGATIVE_INFINITY : biased;
  });
  const all = equation.includes("sink") ? [...scores, Number(sink)] : scores;
  const most = Math.max(...all.filter((score) => !Number.isNaN(score)));
  const sum = all.reduce((total, score) => total + Math.exp(score - most), 0);
  return scores.map((score) => (score === Number.NEGATIVE_INFINITY ? 0 : Math.exp(score - most) / sum));
}

describe.each(cases)("the terms of $name", ({ header, values, weights, terms: expected }) => {
  const numbers = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.map(Number)]));
  const rows = rowsOf(header, payloadOf(header.arrays, numbers, header.bytes));
  const rowOf = (at: number) => weights.slice(at * header.keys, (at + 1) * header.keys);

  it("evaluate to the weights of Python within 1e-5", () => {
    rows.forEach((terms, at) => {
      expectClose(terms.evaluated, rowOf(at), 1e-5);
      expectClose(evaluate(terms), rowOf(at), 1e-5);
    });
  });

  it.runIf(expected)("are those of Python, and so is the equation", () => {
    if (expected === undefined) return;
    const terms = rows[expected.head * header.queries + expected.query];
    expectClose(terms.dot, expected.dot, 1e-5 * Math.max(1, ...expected.dot.map(Math.abs)));
    expect(terms.bias === null ? null : [...terms.bias]).toEqual(expected.bias?.map(Math.fround) ?? null);
    expect([...terms.seen]).toEqual(expected.seen);
    expect([terms.cap, terms.sink, terms.equation]).toEqual([header.softcap, expected.sink, expected.equation]);
  });

  it("are compared with the row of the layer", () => {
    for (const terms of rows.filter(({ off }) => !Number.isNaN(off))) expect(terms.off).toBeLessThan(1e-6);
  });
});

const MECHANISMS: [Scenario, string][] = [
  ["sentence", "softmax(dot + mask)"],
  ["pair", "softmax(dot)"],
  ["window", "softmax(dot + mask)"],
  ["softcap", "softmax(cap * tanh(dot / cap) + mask)"],
  ["sink", "softmax(dot + mask, sink)"],
  ["bias", "softmax(dot + bias)"],
  ["sharedBias", "softmax(dot + bias + mask)"],
  ["gaps", "softmax(dot + mask)"],
];

describe.each(MECHANISMS)("the equation of %s", (scenario, equation) => {
  const capture = synthesize(SCENARIOS[scenario]);
  const { header, payload } = capture.packet(1);
  const rows = rowsOf(header, payload);

  it("names the terms there are, as Python does", () => {
    const last = rows[header.queries - 2]; // the last query of a causal layer sees every key
    expect(last.equation).toBe(equation);
  });

  it("evaluates to the plain formula's weights within 1e-5", () => {
    rows.forEach((terms) => {
      const expected = capture.weights(1, terms.head)[terms.query];
      expectClose(terms.evaluated, expected, 1e-5);
      expectClose(evaluate(terms), expected, 1e-5);
    });
  });

  it("has products that add up to the dot product, on both sides", () => {
    const terms = rows[3];
    const { positive, negative } = terms.sides(2);
    expect(positive).toBeGreaterThan(0);
    expect(negative).toBeLessThan(0);
    expect(positive + negative).toBeCloseTo(terms.dot[2], 10);
  });

  it("says how much the sink takes", () => {
    for (const terms of rows) {
      const given = terms.evaluated.reduce((sum, weight) => sum + weight, 0);
      expect(given + terms.sinkTakes).toBeCloseTo(1, 10);
    }
  });
});

it("is off where the layer's row is another", () => {
  const capture = synthesize(SCENARIOS.sentence);
  const { header, payload } = capture.packet(0);
  const layer = layerOf(decode(header, [payload]));
  if (layer.vectors === null) throw new Error("no vectors");
  const wrong = Float32Array.from(layer.row(0, 5));
  wrong[2] += 0.25;
  const terms = new Terms({ ...layer, keys: layer.keys, row: () => wrong }, layer.vectors, 0, 5);
  expect(terms.off).toBeCloseTo(0.25, 5);
});
