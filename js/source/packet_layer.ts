import type { Need } from "./need.js";
import type { Packet } from "./packet.js";

/** What every layer takes from its packet as it stands there. All of it came at once. */
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
  readonly #header: Packet["header"];

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
    this.#header = header;
  }

  get valueNormLargest(): number {
    return this.#header.value_norm_largest; // which a file has computed when it is first asked
  }

  abstract column(head: number, key: number): Float32Array;

  isHere(_need: Need): boolean {
    return true;
  }

  async bring(): Promise<void> {}

  taken(head: number, keys: readonly number[]): Float64Array {
    const sum = new Float64Array(this.queries);
    for (const key of keys) {
      const column = this.column(head, key);
      for (let at = 0; at < column.length; at++) sum[at] += column[at];
    }
    return sum;
  }
}
