import type { Vectors } from "./layer.js";
import type { Header, Packet } from "./packet.js";

/** Numbers of a vector, from an index on. */
export interface Place {
  numbers: Float32Array;
  from: number;
}

/** The terms of a layer's scores, wherever its vectors are. Sums are in float64. */
export abstract class ScoreVectors implements Vectors {
  readonly d: number;
  readonly dv: number;
  readonly groups: number;
  readonly scaling: number;
  readonly softcap: number | null;
  readonly hasBias: boolean;
  protected readonly header: Header;
  readonly #start: Int32Array; // [queries]
  readonly #stop: Int32Array; // [queries]
  readonly #bias: PerPair<Float32Array> | null;
  readonly #visible: PerPair<Uint8Array> | null; // where start and stop do not say it all
  readonly #sink: Float32Array | null; // [heads]

  constructor(packet: Packet) {
    const { header } = packet;
    this.header = header;
    this.d = header.d;
    this.dv = header.dv;
    this.groups = header.groups;
    this.scaling = header.scaling;
    this.softcap = header.softcap;
    this.#start = packet.ints("start");
    this.#stop = packet.ints("stop");
    this.#bias = packet.has("bias") ? new PerPair(header, packet.floats("bias")) : null;
    this.#visible = packet.has("visible") ? new PerPair(header, packet.bytes("visible")) : null;
    this.#sink = packet.has("sink") ? packet.floats("sink") : null;
    this.hasBias = this.#bias !== null;
  }

  protected abstract queryAt(head: number, query: number): Place;
  protected abstract keyAt(head: number, key: number): Place;
  protected abstract valueAt(head: number, key: number): Place;

  query(head: number, query: number): Float32Array {
    return taken(this.queryAt(head, query), this.d);
  }

  key(head: number, key: number): Float32Array {
    return taken(this.keyAt(head, key), this.d);
  }

  value(head: number, key: number): Float32Array {
    return taken(this.valueAt(head, key), this.dv);
  }

  keys(head: number): Float32Array {
    return taken(this.keyAt(head, 0), this.header.keys * this.d);
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

  /** What the softmax takes, of all keys within the query's span; minus infinity where the mask hides one. */
  scores(head: number, query: number): Float64Array {
    const [start, stop] = this.span(query);
    const scores = new Float64Array(stop - start);
    if (start === stop) return scores;
    const [q, k] = [this.queryAt(head, query), this.keyAt(head, start)];
    for (let at = 0; at < scores.length; at++) {
      const isSeen = this.#visible === null || this.#visible.at(head, query, start + at) === 1;
      const product = dot(q.numbers, q.from, k.numbers, k.from + at * this.d, this.d);
      scores[at] = isSeen ? this.#score(product, head, query, start + at) : Number.NEGATIVE_INFINITY;
    }
    return scores;
  }

  /** The same of one pair that the mask lets through. */
  score(head: number, query: number, key: number): number {
    const [q, k] = [this.queryAt(head, query), this.keyAt(head, key)];
    return this.#score(dot(q.numbers, q.from, k.numbers, k.from, this.d), head, query, key);
  }

  /** The group of keys that a head uses. */
  group(head: number): number {
    return Math.floor((head * this.groups) / this.header.heads);
  }

  #score(product: number, head: number, query: number, key: number): number {
    const score = this.scaling * product;
    const capped = this.softcap === null ? score : this.softcap * Math.tanh(score / this.softcap);
    return this.#bias === null ? capped : capped + this.#bias.at(head, query, key);
  }
}

/** As a packet brought them, all at once. */
export class PacketVectors extends ScoreVectors {
  readonly #query: Float32Array; // [heads, queries, d]
  readonly #key: Float32Array; // [groups, keys, d]
  readonly #value: Float32Array; // [groups, keys, dv]

  constructor(packet: Packet) {
    super(packet);
    this.#query = packet.floats("query");
    this.#key = packet.floats("key");
    this.#value = packet.floats("value");
  }

  protected queryAt(head: number, query: number): Place {
    return { numbers: this.#query, from: (head * this.header.queries + query) * this.d };
  }

  protected keyAt(head: number, key: number): Place {
    return { numbers: this.#key, from: (this.group(head) * this.header.keys + key) * this.d };
  }

  protected valueAt(head: number, key: number): Place {
    return { numbers: this.#value, from: (this.group(head) * this.header.keys + key) * this.dv };
  }
}

function taken({ numbers, from }: Place, length: number): Float32Array {
  return numbers.subarray(from, from + length);
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
