/** How much a page may compute: it has to stay alive for its reader. */
import type { LayerData } from "../source/layer.js";

/** Products that a pass over all weights of a layer may take: some ten seconds, with pauses. */
const PICTURED = 8e9;
/** The same without pauses. */
const AT_ONCE = 1e9;

export interface Size {
  heads: number;
  queries: number;
  keys: number;
  /** Components of a vector; 0 where weights are known as they are. */
  d: number;
}

export function workOf({ heads, queries, keys, d }: Size): number {
  return heads * queries * keys * Math.max(1, d);
}

export function fitsAtOnce(work: number): boolean {
  return work <= AT_ONCE;
}

export function isTooMuch(work: number): boolean {
  return work > PICTURED;
}

/** The largest weight x norm of any pair of any head that is a number. */
export function largestOf(data: LayerData): number {
  const { heads, queries, keys, valueNorms } = data;
  let largest = 0;
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < queries; query++) {
      const row = data.row(head, query);
      for (let key = 0; key < keys; key++) {
        const number = row[key] * (valueNorms?.[head * keys + key] ?? 0);
        if (number > largest && number < Number.POSITIVE_INFINITY) largest = number;
      }
    }
  }
  return largest;
}
