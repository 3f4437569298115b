import { type Signal, signal } from "@preact/signals";
import { largestOf } from "./largest.js";
import type { Need } from "./need.js";
import type { Packet } from "./packet.js";
import type { Following } from "./source.js";
import { Together } from "./together.js";

/**
 * What every layer takes from its packet as it stands there. All of it came at once; how large weight x norm becomes may
 * be left to be found, when norms are first needed.
 */
export abstract class PacketLayer {
  readonly isWhole: boolean = true;
  readonly arrivals: number = 0;
  readonly part: string;
  readonly layer: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly bytes: number;
  readonly rounding: number = 0;
  readonly valueNorms: Float32Array | null;
  readonly valueNormReason: string;
  readonly #largest: Signal<number | null>;
  readonly #finding = new Together<number>();

  constructor(packet: Packet) {
    const { header } = packet;
    this.part = header.part;
    this.layer = header.layer;
    this.heads = header.heads;
    this.queries = header.queries;
    this.keys = header.keys;
    this.bytes = header.bytes;
    this.valueNorms = packet.has("value_norm") ? packet.floats("value_norm") : null;
    this.valueNormReason = header.value_norm_reason;
    this.#largest = signal(header.value_norm_largest);
  }

  get valueNormLargest(): number {
    return this.#largest.value ?? 0;
  }

  abstract row(head: number, query: number): Float32Array;
  abstract column(head: number, key: number): Float32Array;

  isHere({ norms = false }: Need): boolean {
    return !norms || this.#largest.value !== null;
  }

  async bring({ norms = false }: Need, following: Following): Promise<void> {
    const { valueNorms } = this;
    if (!norms || valueNorms === null || this.#largest.peek() !== null) return;
    const find = ({ signal }: Following) => largestOf(this, valueNorms, signal);
    this.#largest.value = await this.#finding.run("", following, find);
  }

  taken(head: number, keys: readonly number[]): Float64Array {
    const sum = new Float64Array(this.queries);
    for (const key of keys) {
      const column = this.column(head, key);
      for (let at = 0; at < column.length; at++) sum[at] += column[at];
    }
    return sum;
  }
}
