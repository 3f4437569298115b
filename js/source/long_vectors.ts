import type { Packet } from "./packet.js";
import { type Place, ScoreVectors } from "./vectors.js";

/** Queries travel in blocks of so many tokens. */
export const BLOCK = 64;

/** Vectors of a long layer, as far as they have come. What has not may not be read. */
export class LongVectors extends ScoreVectors {
  readonly #queries: (Float32Array | undefined)[] = []; // by head and block: [tokens, d]
  readonly #keys: (Float32Array | undefined)[] = []; // by group: [keys, d]
  readonly #values: (Float32Array | undefined)[] = [];
  readonly blocks: number;
  bytes = 0;

  constructor(packet: Packet) {
    super(packet);
    this.blocks = Math.ceil(packet.header.queries / BLOCK);
  }

  hasBlock(head: number, block: number): boolean {
    return this.#queries[head * this.blocks + block] !== undefined;
  }

  has(what: "key" | "value", group: number): boolean {
    return (what === "key" ? this.#keys : this.#values)[group] !== undefined;
  }

  /** Keeps query vectors `[heads, tokens, d]` of whole blocks, the last of a text shorter than others. */
  keepQueries(heads: readonly number[], firstBlock: number, numbers: Float32Array): void {
    const each = numbers.length / heads.length;
    heads.forEach((head, index) => {
      const own = numbers.subarray(index * each, (index + 1) * each);
      for (let at = 0; at < own.length; at += BLOCK * this.d) {
        const place = head * this.blocks + firstBlock + at / (BLOCK * this.d);
        if (this.#queries[place] !== undefined) continue;
        this.#queries[place] = own.slice(at, at + BLOCK * this.d);
        this.bytes += (this.#queries[place] as Float32Array).byteLength;
      }
    });
  }

  keep(what: "key" | "value", group: number, numbers: Float32Array): void {
    if (!this.has(what, group)) this.bytes += numbers.byteLength;
    (what === "key" ? this.#keys : this.#values)[group] = numbers;
  }

  protected queryAt(head: number, query: number): Place {
    const block = Math.floor(query / BLOCK);
    const numbers = this.#queries[head * this.blocks + block];
    return { numbers: here(numbers), from: (query - block * BLOCK) * this.d };
  }

  protected keyAt(head: number, key: number): Place {
    return { numbers: here(this.#keys[this.group(head)]), from: key * this.d };
  }

  protected valueAt(head: number, key: number): Place {
    return { numbers: here(this.#values[this.group(head)]), from: key * this.dv };
  }
}

function here(numbers: Float32Array | undefined): Float32Array {
  if (numbers === undefined) throw new Error("read before it came");
  return numbers;
}
