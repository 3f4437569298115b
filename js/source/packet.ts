/**
 * One layer as it travels: a JSON header and one payload of little-endian arrays, each at a multiple of 8 bytes.
 * Written by python/headscope/widgets/packet.py.
 */
import type { Kept } from "./kept_heads.js";
import type { Rounding } from "./rounded_layer.js";

export interface ArrayEntry {
  name: string;
  dtype: "float32" | "int32" | "uint8";
  shape: number[];
  /** In bytes from the start of the payload. */
  offset: number;
}

export interface Header {
  v: number;
  part: string;
  layer: number;
  /** "vectors": weights are computed here; "weights": they came as they are; "rounded": nearly so, in pages. */
  form: "vectors" | "weights" | "rounded";
  /** How weights were rounded, where they were. */
  rounding?: Rounding;
  heads: number;
  /** Heads of the keys; several query heads share one. */
  groups: number;
  /** Components of one query or key vector, and of a value vector. */
  d: number;
  dv: number;
  queries: number;
  keys: number;
  scaling: number;
  softcap: number | null;
  /** Why there is no array "value_norm", "" where there is one. */
  value_norm_reason: string;
  /** The largest weight x norm of any pair of any head; 0 where there are no norms, null where it is yet to be found. */
  value_norm_largest: number | null;
  arrays: ArrayEntry[];
  /** Said in a page that holds some of the heads only. */
  kept?: Kept;
  /** Said of a long layer, whose vectors, or weights, come as they are asked for. */
  whole?: false;
  /** Of the whole payload. */
  bytes: number;
}

/** What is told of any arrays that travel. */
export type ArraysHeader = Pick<Header, "layer" | "arrays" | "bytes">;

export interface Packet extends Arrays {
  header: Header;
}

export interface Arrays {
  /** Float32 array `name`, flat, of the length that the header says. */
  floats(name: string): Float32Array;
  ints(name: string): Int32Array;
  bytes(name: string): Uint8Array;
  has(name: string): boolean;
}

/**
 * Reads a packet. Copies the payload once, so that every array is aligned and the host's buffers can go.
 *
 * @param pieces The payload, in order.
 */
export function decode(header: Header, pieces: readonly Uint8Array[]): Packet {
  return { header, ...decodeArrays(header, pieces) };
}

/** Reads arrays that are no layer. */
export function decodeArrays(header: ArraysHeader, pieces: readonly Uint8Array[]): Arrays {
  const payload = join(header, pieces);
  const find = (name: string, dtype: ArrayEntry["dtype"]): ArrayEntry => {
    const entry = header.arrays.find((one) => one.name === name && one.dtype === dtype);
    if (entry === undefined) throw damaged(header, `it has no ${dtype} array "${name}"`);
    return entry;
  };
  return {
    floats: (name) => new Float32Array(payload, find(name, "float32").offset, length(find(name, "float32"))),
    ints: (name) => new Int32Array(payload, find(name, "int32").offset, length(find(name, "int32"))),
    bytes: (name) => new Uint8Array(payload, find(name, "uint8").offset, length(find(name, "uint8"))),
    has: (name) => header.arrays.some((one) => one.name === name),
  };
}

/** Joins the pieces of a payload into a copy of its own. */
export function join(header: { layer: number; bytes: number }, pieces: readonly Uint8Array[]): ArrayBuffer {
  const received = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (received !== header.bytes) throw damaged(header, `${received} bytes came of ${header.bytes}`);
  const payload = new Uint8Array(received);
  let at = 0;
  for (const piece of pieces) {
    payload.set(piece, at);
    at += piece.byteLength;
  }
  return payload.buffer;
}

function length(entry: ArrayEntry): number {
  return entry.shape.reduce((product, size) => product * size, 1);
}

function damaged(header: { layer: number }, how: string): Error {
  return new Error(`Layer ${header.layer} arrived damaged: ${how}. Run the cell again.`);
}
