import { describe, expect, it } from "vitest";
import { type LayerData, layerOf } from "../../js/source/layer.js";
import { decode, type Header } from "../../js/source/packet.js";
import { expectClose, golden, type Spelled } from "./golden.js";
import { layerOfWeights, payloadOf } from "./layers.js";

interface Case {
  name: string;
  header: Header;
  values: Record<string, Spelled[]>;
  weights: Spelled[];
  tolerance: number;
}

const { cases } = golden<{ cases: Case[] }>("arithmetic");

function layerOfCase({ header, values }: Case): LayerData {
  const numbers = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.map(Number)]));
  return layerOf(decode(header, [payloadOf(header.arrays, numbers, header.bytes)]));
}

function all(layer: LayerData, weight: (head: number, query: number) => ArrayLike<number>): number[] {
  const flat: number[] = [];
  for (let head = 0; head < layer.heads; head++) {
    for (let query = 0; query < layer.queries; query++) flat.push(...Array.from(weight(head, query)));
  }
  return flat;
}

describe.each(cases)("the weights of Python: $name", (golden) => {
  it("come out as rows, to 1e-6 even for large scores", () => {
    const layer = layerOfCase(golden);
    expectClose(
      all(layer, (head, query) => layer.row(head, query)),
      golden.weights,
      1e-6,
    );
  });

  it("come out as columns", () => {
    const layer = layerOfCase(golden);
    const weight = (head: number, query: number) =>
      Array.from({ length: layer.keys }, (_, key) => layer.column(head, key)[query]);
    expectClose(all(layer, weight), golden.weights, golden.tolerance);
  });

  it("come out as columns to 1e-6 once their rows are known", () => {
    const layer = layerOfCase(golden);
    all(layer, (head, query) => layer.row(head, query));
    const weight = (head: number, query: number) =>
      Array.from({ length: layer.keys }, (_, key) => layer.column(head, key)[query]);
    expectClose(all(layer, weight), golden.weights, 1e-6);
  });

  it("add up to the total of their row", () => {
    const layer = layerOfCase(golden);
    const sums = all(layer, (head, query) => [layer.row(head, query).reduce((sum, weight) => sum + weight, 0)]);
    const totals = all(layer, (head, query) => [layer.total(head, query)]);
    expectClose(
      sums.map((sum, at) => (Number.isNaN(sum) ? 0 : sum - totals[at])),
      sums.map(() => 0),
      1e-5,
    );
  });

  it("are zero outside of the span", () => {
    const layer = layerOfCase(golden);
    all(layer, (head, query) => {
      const [start, stop] = layer.span(query);
      const row = layer.row(head, query);
      expect([...row.slice(0, start), ...row.slice(stop)].every((weight) => weight === 0)).toBe(true);
      return [];
    });
  });
});

it("computes a row once", () => {
  const layer = layerOfCase(cases[0]);
  expect(layer.hasRow(0, 2)).toBe(false);
  const row = layer.row(0, 2);
  expect(layer.hasRow(0, 2)).toBe(true);
  expect(layer.row(0, 2)).toBe(row);
});

it("takes the span of shipped weights from the weights of all heads", () => {
  const layer = layerOfWeights([[[0, 0.5, 0.5, 0]], [[0, 0, 1, 0]]]);
  expect(layer.span(0)).toEqual([1, 3]);
  expect(layerOfWeights([[[0, 0]]]).span(0)).toEqual([0, 0]);
});
