import type { Header } from "./packet.js";
import type { ShortHeader } from "./short.js";

/** Which heads of a layer are in a page, and what is cut down to them (python/headscope/export/kept_heads.py). */
export interface Kept {
  heads: readonly number[];
  /** Heads of the keys. */
  groups: readonly number[];
  arrays: Readonly<Record<string, "heads" | "groups" | "coarse">>;
}

interface Whole<H> {
  header: H;
  payload: Uint8Array;
}

type Entry = ShortHeader["arrays"][number];

const ALIGNMENT = 8;
const BYTES = { float32: 4, int32: 4, int16: 2, int8: 1, uint8: 1 } as const;

/** The same layer with a place for each of its heads, so that they have their own numbers; those left out are NaN. */
export function withAllHeads<H extends Header | ShortHeader>(header: H, payload: Uint8Array): Whole<H> {
  const { kept } = header;
  if (kept === undefined) return { header, payload };
  let bytes = 0;
  const arrays = (header.arrays as Entry[]).map((entry) => {
    const placed = { ...entry, shape: wholeShape(entry, header, kept), offset: bytes };
    bytes = Math.ceil((bytes + sizeOf(placed)) / ALIGNMENT) * ALIGNMENT;
    return placed;
  });
  const whole = new Uint8Array(bytes);
  arrays.forEach((to, at) => {
    const from = header.arrays[at] as Entry;
    const source = payload.subarray(from.offset, from.offset + sizeOf(from));
    const into = whole.subarray(to.offset, to.offset + sizeOf(to));
    const how = kept.arrays[from.name];
    if (how === undefined) into.set(source);
    else if (how === "coarse") spreadRows(source, into, header as Header, payload);
    else spread(source, into, from, kept[how]);
  });
  return { header: { ...header, arrays, bytes, kept: undefined } as H, payload: whole };
}

function sizeOf({ dtype, shape }: Entry): number {
  return shape.reduce((product, size) => product * size, BYTES[dtype]);
}

function wholeShape({ name, shape }: Entry, { heads, groups }: Header | ShortHeader, kept: Kept): number[] {
  const how = kept.arrays[name];
  if (how === undefined) return shape;
  if (how === "coarse") return [(shape[0] / kept.heads.length) * heads];
  return [how === "heads" ? heads : groups, ...shape.slice(1)];
}

/** Puts the slices of an array where they belong. */
function spread(source: Uint8Array, into: Uint8Array, { dtype, shape }: Entry, places: readonly number[]): void {
  if (dtype === "float32") new Float32Array(into.buffer, into.byteOffset, into.byteLength / 4).fill(Number.NaN);
  const length = source.byteLength / shape[0];
  places.forEach((place, at) => {
    into.set(source.subarray(at * length, (at + 1) * length), place * length);
  });
}

/** The same of weights that were rounded, which stand query by query. */
function spreadRows(source: Uint8Array, into: Uint8Array, header: Header, payload: Uint8Array): void {
  const { heads, queries, rounding, kept } = header;
  const [start, stop] = ["start", "stop"].map((name) => {
    const { offset } = header.arrays.find((one) => one.name === name) as Entry;
    return new Int32Array(payload.slice(offset, offset + 4 * queries).buffer);
  });
  into.fill(rounding?.nan ?? 0);
  const places = kept?.heads ?? [];
  let [from, to] = [0, 0];
  for (let query = 0; query < queries; query++) {
    const length = stop[query] - start[query];
    places.forEach((head, at) => {
      into.set(source.subarray(from + at * length, from + (at + 1) * length), to + head * length);
    });
    from += places.length * length;
    to += heads * length;
  }
}
