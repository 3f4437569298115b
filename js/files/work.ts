/** How much a page may compute: it has to stay alive for its reader. */
/** Products that a pass over all weights of a layer may take: some ten seconds, with pauses. */
const PICTURED = 8e9;
/** The same of all layers of a file that nobody has to wait for. */
const LIGHT = 1e9;

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

export function isLight(work: number): boolean {
  return work <= LIGHT;
}

export function isTooMuch(work: number): boolean {
  return work > PICTURED;
}
