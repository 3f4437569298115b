import { gaussian } from "./random.js";

/** What enters the attention of one layer, and the weights by the plain formula: independent of js/source. */
export interface Terms {
  query: number[][][]; // [heads][queries][D]
  key: number[][][]; // [groups][keys][D]
  value: number[][][]; // [groups][keys][D]
  valueNorms: number[][]; // [heads][keys]
  /** What is added to a score; null where nothing is. One table for all heads, or one a head. */
  bias: number[][][] | null; // [1 or heads][queries][keys]
  sink: number[] | null; // [heads]
  softcap: number | null;
  sees(query: number, key: number): boolean;
}

/** What a layer is made with. */
export interface Mechanisms {
  causal?: boolean;
  /** How many keys a query sees at most. */
  window?: number;
  /** A mask that no span says: two keys in three. */
  gaps?: boolean;
  softcap?: number;
  sink?: boolean;
  /** Falls with distance, alike for all heads or steeper from head to head; or makes heads of well-known patterns. */
  bias?: "shared" | "head" | "patterns" | "sights";
}

export interface Sizes {
  heads: number;
  groups: number;
  queries: number;
  keys: number;
}

export const D = 16;
/** Enough for most of the weight, not for all of it. */
const PATTERN = 8;

export function termsOf(sizes: Sizes, mechanisms: Mechanisms, seed: number): Terms {
  const { heads, groups, queries, keys } = sizes;
  const next = gaussian(seed);
  // Numbers of their own per token and head, float32 as they will travel.
  const numbers = (count: number, scale: number) => Array.from({ length: count }, () => Math.fround(next() * scale));
  const vectors = (count: number, length: number) =>
    Array.from({ length: count }, () => Array.from({ length }, () => numbers(D, 1.5)));
  return {
    query: vectors(heads, queries),
    key: vectors(groups, keys),
    value: vectors(groups, keys),
    valueNorms: Array.from({ length: heads }, () =>
      numbers(keys, 1).map((value) => Math.fround(0.2 + Math.abs(value))),
    ),
    bias: biasOf(sizes, mechanisms),
    sink: mechanisms.sink ? numbers(heads, 2) : null,
    softcap: mechanisms.softcap ?? null,
    sees: (query, key) => sees(mechanisms, query, key),
  };
}

function sees(
  { causal = true, window = Number.POSITIVE_INFINITY, gaps = false }: Mechanisms,
  query: number,
  key: number,
) {
  if (causal && (key > query || key <= query - window)) return false;
  return !gaps || key === query || key % 3 !== 1;
}

function biasOf({ heads, queries, keys }: Sizes, { bias }: Mechanisms): number[][][] | null {
  if (bias === undefined) return null;
  if (bias === "sights") return sights(heads, queries, keys);
  if (bias === "patterns") return patterns(heads, queries, keys);
  return Array.from({ length: bias === "head" ? heads : 1 }, (_, head) => {
    const slope = 2 ** -(head + 1);
    return table(queries, keys, (query, key) => Math.fround(-slope * Math.abs(query - key)));
  });
}

/** Head 0 looks at the previous token, head 1 at what followed this token in the first half of the text. */
function patterns(heads: number, queries: number, keys: number): number[][][] {
  const isMeant = [
    (query: number, key: number) => key === query - 1,
    (query: number, key: number) => key === query - Math.floor(queries / 2) + 1,
  ];
  return Array.from({ length: heads }, (_, head) =>
    table(queries, keys, (query, key) => (isMeant[head]?.(query, key) ? PATTERN : 0)),
  );
}

/**
 * As heads of vision towers look: round where they are, along their row, or at one thing, whatever the query. Squares of
 * patches begin at position 3.
 */
function sights(heads: number, queries: number, keys: number): number[][][] {
  const side = Math.floor(Math.sqrt(keys - 3));
  const place = (at: number) => [(at - 3) % side, Math.floor((at - 3) / side)] as const;
  const thing = [0.7 * side, 0.3 * side] as const;
  const far = ([x, y]: readonly [number, number], [u, v]: readonly [number, number]) => Math.hypot(x - u, y - v);
  return Array.from({ length: heads }, (_, head) =>
    table(queries, keys, (query, key) => {
      const [from, to] = [place(query), place(key)];
      const off = [far(from, to), 3 * Math.abs(from[1] - to[1]), 1.5 * far(to, thing)][head % 3];
      return Math.fround(4 - off * (1 + 2 / side));
    }),
  );
}

export function table<Value>(rows: number, columns: number, cell: (row: number, column: number) => Value): Value[][] {
  return Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (__, column) => cell(row, column)));
}

/** The score of a pair: what the softmax takes. */
export function score(terms: Terms, head: number, query: number, key: number): number {
  const group = Math.floor((head * terms.key.length) / terms.query.length);
  const [q, k] = [terms.query[head][query], terms.key[group][key]];
  const dot = q.reduce((sum, value, at) => sum + value * k[at], 0) / Math.sqrt(D);
  const capped = terms.softcap === null ? dot : terms.softcap * Math.tanh(dot / terms.softcap);
  return terms.bias === null ? capped : capped + terms.bias[terms.bias.length === 1 ? 0 : head][query][key];
}

/** Logarithm of the softmax's denominator; minus infinity where a query sees no key. */
export function logSumExp(terms: Terms, head: number, query: number): number {
  let sum = terms.sink === null ? 0 : Math.exp(terms.sink[head]);
  terms.valueNorms[head].forEach((_, key) => {
    if (terms.sees(query, key)) sum += Math.exp(score(terms, head, query, key));
  });
  return Math.log(sum);
}

/** The weights of one head `[query][key]`. */
export function weightsOf(terms: Terms, head: number): number[][] {
  const keys = terms.valueNorms[head].length;
  return terms.query[head].map((_, query) => {
    const lse = logSumExp(terms, head, query);
    return Array.from({ length: keys }, (__, key) =>
      terms.sees(query, key) ? Math.exp(score(terms, head, query, key) - lse) : 0,
    );
  });
}
