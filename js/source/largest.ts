import { Pause } from "./pause.js";

/** A layer whose rows can be read, and the norms of its values. */
interface Weighed {
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  row(head: number, query: number): Float32Array;
}

/** The largest weight x norm of any pair of any head that is a number, found with pauses. */
export async function largestOf(data: Weighed, norms: Float32Array, signal: AbortSignal): Promise<number> {
  const pause = new Pause(signal);
  let largest = 0;
  for (let head = 0; head < data.heads; head++) {
    const norm = norms.subarray(head * data.keys, (head + 1) * data.keys);
    for (let query = 0; query < data.queries; query++) {
      if (pause.isDue) await pause.take();
      largest = Math.max(largest, largestIn(data.row(head, query), norm));
    }
  }
  return largest;
}

function largestIn(row: Float32Array, norm: Float32Array): number {
  let largest = 0;
  for (let key = 0; key < row.length; key++) {
    const number = row[key] * norm[key];
    if (number > largest && number < Number.POSITIVE_INFINITY) largest = number;
  }
  return largest;
}
