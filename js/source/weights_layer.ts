import type { LayerData } from "./layer.js";
import type { Packet } from "./packet.js";
import { PacketLayer } from "./packet_layer.js";

/** A layer whose weights came as they are, because only the model itself computes them. */
export class WeightsLayer extends PacketLayer implements LayerData {
  readonly vectors = null;
  readonly #weights: Float32Array; // [heads, queries, keys]
  readonly #rows: Float32Array[] = [];
  readonly #spans = new Map<number, readonly [number, number]>();

  constructor(packet: Packet) {
    super(packet);
    this.#weights = packet.floats("weights");
  }

  row(head: number, query: number): Float32Array {
    const at = head * this.queries + query;
    this.#rows[at] ??= this.#weights.subarray(at * this.keys, (at + 1) * this.keys);
    return this.#rows[at]; // the same each time, by which others know what they have made of it
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

  sees(query: number, key: number): boolean {
    const [start, stop] = this.span(query);
    return key >= start && key < stop;
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
