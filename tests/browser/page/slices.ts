import type { ArraysHeader } from "../../../js/source/packet.js";
import { type Arrays, floats, largestOf, type Packed, packSlice } from "./pack.js";
import { type Terms, weightsOf } from "./terms.js";

/** What a page asks for of a long layer. */
export interface SliceArguments {
  part: string;
  layer: number;
  heads: number[];
  what: "query" | "key" | "value";
  range: [number, number];
  queries: number[];
  sets: number[][];
  totals: boolean;
}

/** By the name of the operation, as python/headscope/widgets/long.py answers. */
const SLICES: Record<string, (terms: Terms, args: SliceArguments) => Arrays> = {
  vectors: (terms, { what, heads, range }) => ({
    [what]: floats(heads.map((head) => terms[what][head].slice(...range))),
  }),
  rows: (terms, { heads, queries }) => ({
    rows: floats(heads.map((head) => queries.map((query) => weightsOf(terms, head)[query]))),
  }),
  columns: (terms, { heads, sets, totals }) => {
    const all = heads.map((head) => weightsOf(terms, head));
    const sum = (row: number[], keys: number[]) => keys.reduce((total, key) => total + row[key], 0);
    const columns = floats(all.map((rows) => sets.map((keys) => rows.map((row) => sum(row, keys)))));
    const total = floats([all.map((rows) => rows.map((row) => sum(row, [...row.keys()])))]);
    const answer: Arrays = totals ? { columns, total } : { columns };
    return answer;
  },
  norms: (terms) => ({ value_norm: floats([terms.valueNorms]), largest: Float32Array.of(largestOf(terms)) }),
};

export function isSlice(op: string): boolean {
  return op in SLICES;
}

export function sliceOf(op: string, terms: Terms, args: SliceArguments): Packed<ArraysHeader> {
  return packSlice(args.layer, SLICES[op](terms, args));
}
