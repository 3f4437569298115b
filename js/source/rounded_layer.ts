import { Cache, cacheBytes } from "./cache.js";
import type { LayerData } from "./layer.js";
import type { Packet } from "./packet.js";
import { PacketLayer } from "./packet_layer.js";

/** How weights were rounded: those of `fineFrom` steps or more have a second byte. */
export interface Rounding {
  /** What `steps` stands for. */
  scale: number;
  steps: number;
  fine_from: number;
  /** The byte of what is no number. */
  nan: number;
}

/** A layer whose weights were rounded to fit into a page (python/headscope/export/rounded.py). */
export class RoundedLayer extends PacketLayer implements LayerData {
  readonly vectors = null;
  override readonly rounding: number;
  readonly #coarse: Uint8Array; // by query, head, key from start to stop
  readonly #fine: Uint8Array;
  readonly #start: Int32Array;
  readonly #stop: Int32Array;
  /** Where the bytes of a query begin, and for each row the second ones. */
  readonly #begin: Uint32Array;
  readonly #fineBegin: Uint32Array;
  readonly #weights: Float32Array; // by coarse byte
  readonly #how: Rounding;
  readonly #rows: Cache<number, Float32Array>;

  constructor(packet: Packet, rounding: Rounding) {
    super(packet);
    this.#how = rounding;
    this.#rows = new Cache(cacheBytes(this.heads, this.keys));
    this.#coarse = packet.bytes("coarse");
    this.#fine = packet.bytes("fine");
    this.#start = packet.ints("start");
    this.#stop = packet.ints("stop");
    this.#weights = Float32Array.from({ length: 256 }, (_, byte) => this.#weight(byte));
    this.#weights[rounding.nan] = Number.NaN;
    this.#begin = new Uint32Array(this.queries + 1);
    this.#fineBegin = new Uint32Array(this.queries * this.heads + 1);
    this.#locate();
    this.rounding = this.#weights[rounding.fine_from] - this.#weight(rounding.fine_from - 0.5);
  }

  row(head: number, query: number): Float32Array {
    const at = head * this.queries + query;
    const known = this.#rows.get(at);
    if (known !== undefined) return known;
    const row = this.#read(head, query);
    this.#rows.set(at, row, row.byteLength);
    return row;
  }

  hasRow(): boolean {
    return true;
  }

  column(head: number, key: number): Float32Array {
    const column = new Float32Array(this.queries);
    for (let query = 0; query < this.queries; query++) {
      if (!this.sees(query, key)) continue;
      const [start, , from] = this.#place(head, query);
      const byte = this.#coarse[from + key - start];
      column[query] = this.#isFine(byte) ? this.row(head, query)[key] : this.#weights[byte];
    }
    return column;
  }

  total(head: number, query: number): number {
    return this.row(head, query).reduce((sum, weight) => sum + weight, 0);
  }

  span(query: number): readonly [number, number] {
    return [this.#start[query], this.#stop[query]];
  }

  sees(query: number, key: number): boolean {
    return key >= this.#start[query] && key < this.#stop[query];
  }

  #locate(): void {
    let at = 0;
    let fine = 0;
    for (let query = 0; query < this.queries; query++) {
      this.#begin[query] = at;
      const length = this.#stop[query] - this.#start[query];
      for (let head = 0; head < this.heads; head++) {
        this.#fineBegin[query * this.heads + head] = fine;
        for (const end = at + length; at < end; at++) if (this.#isFine(this.#coarse[at])) fine += 1;
      }
    }
  }

  #read(head: number, query: number): Float32Array {
    const row = new Float32Array(this.keys);
    const [start, length, from] = this.#place(head, query);
    let fine = this.#fineBegin[query * this.heads + head];
    for (let at = 0; at < length; at++) {
      const byte = this.#coarse[from + at];
      row[start + at] = this.#isFine(byte) ? this.#exact(byte, this.#fine[fine++]) : this.#weights[byte];
    }
    return row;
  }

  /** The first key of a row, how many there are, and where their bytes are. */
  #place(head: number, query: number): [number, number, number] {
    const length = this.#stop[query] - this.#start[query];
    return [this.#start[query], length, this.#begin[query] + head * length];
  }

  #isFine(byte: number): boolean {
    return byte >= this.#how.fine_from && byte !== this.#how.nan;
  }

  #exact(byte: number, fine: number): number {
    return this.#weight(byte - 0.5 + fine / 256);
  }

  #weight(steps: number): number {
    return this.#how.scale * (steps / this.#how.steps) ** 2;
  }
}
