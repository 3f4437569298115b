import { Cache, cacheBytes } from "./cache.js";
import type { LayerData } from "./layer.js";
import type { Packet } from "./packet.js";
import { PacketLayer } from "./packet_layer.js";
import { softmaxRow } from "./softmax.js";
import { PacketVectors } from "./vectors.js";

/** A layer computed here, row by row, from its query and key vectors. */
export class VectorLayer extends PacketLayer implements LayerData {
  readonly vectors: PacketVectors;
  readonly #lse: Float64Array; // [heads, queries]: log-sum-exp, sharpened wherever a row has been computed
  readonly #rows: Cache<number, Float32Array>;

  constructor(packet: Packet) {
    super(packet);
    this.vectors = new PacketVectors(packet);
    this.#lse = Float64Array.from(packet.floats("lse"));
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
      if (!this.vectors.sees(head, query, key)) continue;
      column[query] = Math.exp(this.vectors.score(head, query, key) - this.#lse[head * this.queries + query]);
    }
    return column;
  }

  total(head: number, query: number): number {
    const [start, stop] = this.span(query);
    const [sink, lse] = [this.vectors.sink(head), this.#lse[head * this.queries + query]];
    if (start >= stop || lse === Number.NEGATIVE_INFINITY) return 0;
    return sink === null ? 1 : 1 - Math.exp(sink - lse);
  }

  span(query: number): readonly [number, number] {
    return this.vectors.span(query);
  }

  sees(query: number, key: number): boolean {
    return this.vectors.seesInAny(query, key);
  }

  /** A softmax of its own scores: the float32 log-sum-exp that came along is too coarse for scores in the hundreds. */
  #softmax(head: number, query: number): Float32Array {
    const { row, lse } = softmaxRow(this.vectors, this.keys, head, query);
    if (lse !== Number.NEGATIVE_INFINITY) this.#lse[head * this.queries + query] = lse;
    return row;
  }
}
