import type { Packet } from "./packet.js";

/** What every layer takes from its packet as it stands there. */
export class PacketLayer {
  readonly part: string;
  readonly layer: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly bytes: number;
  readonly rounding: number = 0;
  readonly valueNorms: Float32Array | null;
  readonly valueNormReason: string;
  readonly valueNormLargest: number;

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
    this.valueNormLargest = header.value_norm_largest;
  }
}
