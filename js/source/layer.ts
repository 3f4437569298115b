import { Cache } from "./cache.js";
import type { Header, Packet } from "./packet.js";

/**
 * The exact attention of one layer, whatever it is computed from.
 * Positions are 0-based; arrays that are handed out belong to the layer: read, do not write.
 */
export interface LayerData {
  readonly part: string;
  readonly layer: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** What it holds in memory. */
  readonly bytes: number;
  /** Weights of one query, float32 `[keys]`. Every number that a person reads comes from here. */
  row(head: number, query: number): Float32Array;
  /** Whether `row` is at hand, or would take some 0.1 ms per 2,000 keys. */
  hasRow(head: number, query: number): boolean;
  /** Weights of one key, float32 `[queries]`: for drawing, right to the last bit or two of the log-sum-exp. */
  column(head: number, key: number): Float32Array;
  /** What the weights of a row add up to: 1, less where a sink took its share, 0 where it sees no key. */
  total(head: number, query: number): number;
  /** The keys that a query sees, from the first up to, not including, the second number. */
  span(query: number): readonly [number, number];
  /** What the weights are made of; null where only the weights themselves are known. */
  readonly vectors: Vectors | null;
  /** Norm of each value vector as it enters the layer's output, float32 `[heads, keys]`; null where it is not known. */
  readonly valueNorms: Float32Array | null;
  /** Why `valueNorms` is null, "" where it is not. */
  readonly valueNormReason: string;
}

/** Every term of a layer's scores: `cap * tanh(dot / cap) + bias`, with the sink as one more score of the softmax. */
export interface Vectors {
  /** Components of a query or key vector, and of a value vector. */
  readonly d: number;
  readonly dv: number;
  /** Heads of keys and values; query head `h` uses group `floor(h * groups / heads)`. */
  readonly groups: number;
  readonly scaling: number;
  readonly softcap: number | null;
  /** Whether the layer has a bias at all. */
  readonly hasBias: boolean;
  /** `[d]`, `[d]` and `[dv]`, as the attention used them: after rotary embedding and norms. */
  query(head: number, query: number): Float32Array;
  key(head: number, key: number): Float32Array;
  value(head: number, key: number): Float32Array;
  /** What is added to the score of a pair; 0 where there is no bias. */
  bias(head: number, query: number, key: number): number;
  /** Whether the mask lets a query see a key. */
  sees(head: number, query: number, key: number): boolean;
  /** The head's sink, null for none. */
  sink(head: number): number | null;
}

const LEAST_CACHE_BYTES = 8 << 20;

/** Bytes of a cache of rows: in any case 64 rows of every head, more than twice what a window shows. */
export function cacheBytes(heads: number, length: number): number {
  return Math.max(LEAST_CACHE_BYTES, 64 * heads * length * Float32Array.BYTES_PER_ELEMENT);
}

/** Reads the layer out of a packet of either form. */
export function layerOf(packet: Packet): LayerData {
  return packet.header.form === "weights" ? new WeightsLayer(packet) : new VectorLayer(packet);
}

/** A layer computed here, row by row, from its query and key vectors. Sums are in float64. */
export class VectorLayer implements LayerData {
  readonly vectors: Vectors | null = null; // to be filled
  readonly valueNorms: Float32Array | null = null;
  readonly valueNormReason = "not known";
  readonly part: string;
  readonly layer: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly bytes: number;
  readonly #header: Header;
  readonly #query: Float32Array; // [heads, queries, d]
  readonly #key: Float32Array; // [groups, keys, d]
  readonly #lse: Float64Array; // [heads, queries]: log-sum-exp, sharpened wherever a row has been computed
  readonly #sink: Float32Array | null; // [heads]
  readonly #start: Int32Array; // [queries]
  readonly #stop: Int32Array; // [queries]
  readonly #rows: Cache<number, Float32Array>;

  constructor(packet: Packet) {
    const { header } = packet;
    this.#header = header;
    this.part = header.part;
    this.layer = header.layer;
    this.heads = header.heads;
    this.queries = header.queries;
    this.keys = header.keys;
    this.bytes = header.bytes;
    this.#query = packet.floats("query");
    this.#key = packet.floats("key");
    this.#lse = Float64Array.from(packet.floats("lse"));
    this.#sink = packet.has("sink") ? packet.floats("sink") : null;
    this.#start = packet.ints("start");
    this.#stop = packet.ints("stop");
    this.#rows = new Cache(cacheBytes(this.heads, this.keys));
  }

  row(head: number, query: number): Float32Array {
    const at = head * this.queries + query;
    const known = this.#rows.get(at);
    if (known !== undefined) return known;
    const row = this.#softmax(head, query);
    this.#rows.set(at, row, row.byteLength);
    return row;
  }

  hasRow(head: number, query: number): boolean {
    return this.#rows.has(head * this.queries + query);
  }

  column(head: number, key: number): Float32Array {
    const column = new Float32Array(this.queries);
    for (let query = 0; query < this.queries; query++) {
      if (key < this.#start[query] || key >= this.#stop[query]) continue;
      column[query] = Math.exp(this.#score(head, query, key) - this.#lse[head * this.queries + query]);
    }
    return column;
  }

  total(head: number, query: number): number {
    if (this.#start[query] >= this.#stop[query]) return 0;
    return this.#sink === null ? 1 : 1 - Math.exp(this.#sink[head] - this.#lse[head * this.queries + query]);
  }

  span(query: number): readonly [number, number] {
    return [this.#start[query], this.#stop[query]];
  }

  /** A softmax of its own scores: the float32 log-sum-exp that came along is too coarse for scores in the hundreds. */
  #softmax(head: number, query: number): Float32Array {
    const [start, stop] = this.span(query);
    const row = new Float32Array(this.keys);
    if (start >= stop) return row;
    const scores = new Float64Array(stop - start);
    let largest = this.#sink === null ? Number.NEGATIVE_INFINITY : this.#sink[head];
    for (let key = start; key < stop; key++) {
      const score = this.#score(head, query, key);
      scores[key - start] = score;
      if (score > largest) largest = score;
    }
    let sum = this.#sink === null ? 0 : Math.exp(this.#sink[head] - largest);
    for (const score of scores) sum += Math.exp(score - largest);
    for (let key = start; key < stop; key++) row[key] = Math.exp(scores[key - start] - largest) / sum;
    this.#lse[head * this.queries + query] = largest + Math.log(sum);
    return row;
  }

  #score(head: number, query: number, key: number): number {
    const { d, heads, groups, scaling, softcap } = this.#header;
    const group = Math.floor((head * groups) / heads);
    const score =
      scaling * dot(this.#query, (head * this.queries + query) * d, this.#key, (group * this.keys + key) * d, d);
    return softcap === null ? score : softcap * Math.tanh(score / softcap);
  }
}

/** The inner loop of everything: some 130,000 products for a row of 2,000 keys. */
function dot(a: Float32Array, fromA: number, b: Float32Array, fromB: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += a[fromA + at] * b[fromB + at];
  return sum;
}

/** A layer whose weights came as they are, because only the model itself computes them. */
export class WeightsLayer implements LayerData {
  readonly vectors = null;
  readonly valueNorms: Float32Array | null = null;
  readonly valueNormReason = "not known";
  readonly part: string;
  readonly layer: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly bytes: number;
  readonly #weights: Float32Array; // [heads, queries, keys]
  readonly #spans = new Map<number, readonly [number, number]>();

  constructor(packet: Packet) {
    const { header } = packet;
    this.part = header.part;
    this.layer = header.layer;
    this.heads = header.heads;
    this.queries = header.queries;
    this.keys = header.keys;
    this.bytes = header.bytes;
    this.#weights = packet.floats("weights");
  }

  row(head: number, query: number): Float32Array {
    const at = (head * this.queries + query) * this.keys;
    return this.#weights.subarray(at, at + this.keys);
  }

  hasRow(): boolean {
    return true;
  }

  column(head: number, key: number): Float32Array {
    const first = head * this.queries;
    return Float32Array.from({ length: this.queries }, (_, query) => this.#weights[(first + query) * this.keys + key]);
  }

  total(head: number, query: number): number {
    return this.row(head, query).reduce((sum, weight) => sum + weight, 0);
  }

  /** No mask came along, so: from the first to the last key that has any weight. */
  span(query: number): readonly [number, number] {
    const known = this.#spans.get(query);
    if (known !== undefined) return known;
    const span = this.#findSpan(query);
    this.#spans.set(query, span);
    return span;
  }

  #findSpan(query: number): readonly [number, number] {
    let start = this.keys;
    let stop = 0;
    for (let head = 0; head < this.heads; head++) {
      const row = this.row(head, query);
      const first = row.findIndex((weight) => weight !== 0);
      if (first >= 0) start = Math.min(start, first);
      stop = Math.max(stop, row.findLastIndex((weight) => weight !== 0) + 1);
    }
    return [Math.min(start, stop), stop];
  }
}
