import { inner } from "../../source/inner.js";
import type { Vectors } from "../../source/layer.js";

/** How alike the query vectors of one head are. */
export interface Alike {
  /** Mean cosine of two different queries, NaN where there are not two. */
  mean: number;
  /** Cosine of each query with the mean direction of all, `[queries]`. */
  withMean: Float64Array;
}

/** Compares all query vectors of a head, in one pass and not in pairs. */
export function alikeOf(vectors: Vectors, head: number, queries: number): Alike {
  const sum = new Float64Array(vectors.d);
  for (let query = 0; query < queries; query++) {
    const vector = vectors.query(head, query);
    const size = sizeOf(vector);
    for (let at = 0; at < sum.length; at++) sum[at] += vector[at] / size;
  }
  const size = sizeOf(sum);
  const withMean = new Float64Array(queries);
  for (let query = 0; query < queries; query++) {
    const vector = vectors.query(head, query);
    withMean[query] = inner(vector, sum) / (size * sizeOf(vector));
  }
  return { mean: (size ** 2 - queries) / (queries * (queries - 1)), withMean };
}

function sizeOf(vector: Float32Array | Float64Array): number {
  return Math.sqrt(inner(vector, vector));
}
