import type { ArraysHeader, Header } from "../../../js/source/packet.js";
import { D, logSumExp, type Sizes, type Terms, table, weightsOf } from "./terms.js";

/** A layer or its pictures as they travel. */
export interface Packed<Head = Header> {
  header: Head;
  payload: Uint8Array;
}

export type Arrays = Record<string, Float32Array | Int32Array | Uint8Array>;

/** What is said of a layer besides its terms. */
export interface About extends Sizes {
  part: string;
  layer: number;
  /** Why there are no norms of value vectors; "" where there are. */
  valueNormReason: string;
}

/** A layer that the browser computes. */
export function packVectors(about: About, terms: Terms): Packed {
  const spans = Array.from({ length: about.queries }, (_, query) => spanOf(terms, about.keys, query));
  const arrays: Arrays = {
    query: floats(terms.query),
    key: floats(terms.key),
    value: floats(terms.value),
    lse: floats(terms.query.map((rows, head) => rows.map((_, query) => logSumExp(terms, head, query)))),
    start: Int32Array.from(spans, ([start]) => start),
    stop: Int32Array.from(spans, ([, stop]) => stop),
  };
  if (terms.sink !== null) arrays.sink = floats(terms.sink);
  if (terms.bias !== null) arrays.bias = floats(terms.bias);
  const visible = table(about.queries, about.keys, (query, key) => terms.sees(query, key));
  const isSpans = visible.every((row, query) =>
    row.every((is, key) => is === (key >= spans[query][0] && key < spans[query][1])),
  );
  if (!isSpans) arrays.visible = Uint8Array.from(visible.flat(), Number);
  return pack(about, terms, "vectors", arrays);
}

/** A layer whose weights are shipped. */
export function packWeights(about: About, terms: Terms): Packed {
  const all = Array.from({ length: about.heads }, (_, head) => weightsOf(terms, head));
  return pack(about, terms, "weights", { weights: floats(all) });
}

/** A long layer in outline, as python/headscope/widgets/long.py does. */
export function packOutline(about: About, terms: Terms, form: Header["form"]): Packed {
  const spans = Array.from({ length: about.queries }, (_, query) => spanOf(terms, about.keys, query));
  const [start, stop] = [0, 1].map((end) => Int32Array.from(spans, (span) => span[end]));
  const { header, payload } = pack({ ...about, valueNormReason: "not asked for" }, terms, form, { start, stop });
  return { header: { ...header, whole: false }, payload };
}

/** What a page asked for of a long layer. */
export function packSlice(layer: number, values: Arrays): Packed<ArraysHeader & { why: string }> {
  const { entries, payload } = place(values);
  return { header: { layer, why: "", arrays: entries, bytes: payload.byteLength }, payload };
}

function spanOf(terms: Terms, keys: number, query: number): [number, number] {
  const seen = Array.from({ length: keys }, (_, key) => terms.sees(query, key));
  return seen.includes(true) ? [seen.indexOf(true), seen.lastIndexOf(true) + 1] : [0, 0];
}

export function floats(nested: readonly unknown[]): Float32Array {
  return Float32Array.from((nested as number[][][]).flat(3) as unknown as number[]);
}

function pack(about: About, terms: Terms, form: Header["form"], values: Arrays): Packed {
  const arrays = about.valueNormReason === "" ? { ...values, value_norm: floats(terms.valueNorms) } : values;
  const { entries, payload } = place(arrays);
  const { part, layer, heads, groups, queries, keys, valueNormReason } = about;
  const sizes = { heads, groups, queries, keys, d: D, dv: D };
  const header: Header = {
    v: 1,
    part,
    layer,
    form,
    ...sizes,
    scaling: 1 / Math.sqrt(D),
    softcap: terms.softcap,
    value_norm_reason: valueNormReason,
    value_norm_largest: valueNormReason === "" ? largestOf(terms) : 0,
    arrays: entries,
    bytes: payload.byteLength,
  };
  return { header, payload };
}

function place(arrays: Arrays) {
  let bytes = 0;
  const entries = Object.entries(arrays).map(([name, array]) => {
    const entry = { name, dtype: dtypeOf(array), shape: [array.length], offset: bytes };
    bytes += Math.ceil(array.byteLength / 8) * 8;
    return entry;
  });
  const payload = new Uint8Array(bytes);
  Object.values(arrays).forEach((array, index) => {
    payload.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), entries[index].offset);
  });
  return { entries, payload };
}

export function largestOf(terms: Terms): number {
  const all = terms.valueNorms.flatMap((norms, head) =>
    weightsOf(terms, head).flatMap((row) => row.map((weight, key) => weight * norms[key])),
  );
  return all.reduce((most, value) => (value > most ? value : most), 0);
}

function dtypeOf(array: Arrays[string]): "float32" | "int32" | "uint8" {
  if (array instanceof Float32Array) return "float32";
  return array instanceof Int32Array ? "int32" : "uint8";
}
