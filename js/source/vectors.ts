import type { Vectors } from "./layer.js";
import type { Header, Packet } from "./packet.js";

/** The terms of a layer's scores as a packet brought them. Sums are in float64. */
export class PacketVectors implements Vectors {
  readonly d: number;
  readonly dv: number;
  readonly groups: number;
  readonly scaling: number;
  readonly softcap: number | null;
  readonly hasBias: boolean;
  readonly #header: Header;
  readonly #query: Float32Array; // [heads, queries, d]
  readonly #key: Float32Array; // [groups, keys, d]
  readonly #value: Float32Array; // [groups, keys, dv]
  readonly #start: Int32Array; // [queries]
  readonly #stop: Int32Array; // [queries]
  readonly #bias: PerPair<Float32Array> | null;
  readonly #visible: PerPair<Uint8Array> | null; // where start and stop do not say it all
  readonly #sink: Float32Array | null; // [heads]

  constructor(packet: Packet) {
    const { header } = packet;
    this.#header = header;
    this.d = header.d;
    this.dv = header.dv;
    this.groups = header.groups;
    this.scaling = header.scaling;
    this.softcap = header.softcap;
    this.#query = packet.floats("query");
    this.#key = packet.floats("key");
    this.#value = packet.floats("value");
    this.#start = packet.ints("start");
    this.#stop = packet.ints("stop");
    this.#bias = packet.has("bias") ? new PerPair(header, packet.floats("bias")) : null;
    this.#visible = packet.has("visible") ? new PerPair(header, packet.bytes("visible")) : null;
    this.#sink = packet.has("sink") ? packet.floats("sink") : null;
    this.hasBias = this.#bias !== null;
  }

  query(head: number, query: number): Float32Array {
    const at = (head * this.#header.queries + query) * this.d;
    return this.#query.subarray(at, at + this.d);
  }

  key(head: number, key: number): Float32Array {
    const at = this.#inGroup(head, key) * this.d;
    return this.#key.subarray(at, at + this.d);
  }

  value(head: number, key: number): Float32Array {
    const at = this.#inGroup(head, key) * this.dv;
    return this.#value.subarray(at, at + this.dv);
  }

  bias(head: number, query: number, key: number): number {
    return this.#bias?.at(head, query, key) ?? 0;
  }

  sees(head: number, query: number, key: number): boolean {
    if (key < this.#start[query] || key >= this.#stop[query]) return false;
    return this.#visible === null || this.#visible.at(head, query, key) === 1;
  }

  /** As `sees`, in any head. */
  seesInAny(query: number, key: number): boolean {
    for (let head = 0; head < (this.#visible?.heads ?? 1); head++) if (this.sees(head, query, key)) return true;
    return false;
  }

  sink(head: number): number | null {
    return this.#sink === null ? null : this.#sink[head];
  }

  span(query: number): readonly [number, number] {
    return [this.#start[query], this.#stop[query]];
  }

  /** What the softmax takes for a pair that the mask lets through. */
  score(head: number, query: number, key: number): number {
    const from = (head * this.#header.queries + query) * this.d;
    const score = this.scaling * dot(this.#query, from, this.#key, this.#inGroup(head, key) * this.d, this.d);
    const capped = this.softcap === null ? score : this.softcap * Math.tanh(score / this.softcap);
    return this.#bias === null ? capped : capped + this.#bias.at(head, query, key);
  }

  #inGroup(head: number, key: number): number {
    return Math.floor((head * this.groups) / this.#header.heads) * this.#header.keys + key;
  }
}

/** A number for each query and key, of each head or of all alike: `[heads or 1, queries, keys]`. */
class PerPair<Numbers extends Float32Array | Uint8Array> {
  readonly heads: number;

  constructor(
    private readonly header: Header,
    private readonly numbers: Numbers,
  ) {
    this.heads = numbers.length === header.queries * header.keys ? 1 : header.heads;
  }

  at(head: number, query: number, key: number): number {
    const first = this.heads === 1 ? 0 : head * this.header.queries;
    return this.numbers[(first + query) * this.header.keys + key];
  }
}

/** The inner loop of everything: some 130,000 products for a row of 2,000 keys. */
function dot(a: Float32Array, fromA: number, b: Float32Array, fromB: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += a[fromA + at] * b[fromB + at];
  return sum;
}
