import type { Need } from "./need.js";
import type { Packet } from "./packet.js";
import type { Following } from "./source.js";
import { VectorLayer } from "./vector_layer.js";
import { WeightsLayer } from "./weights_layer.js";

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
  /** How far its weights may be from the exact ones: 0 but in a page that has no room for these. */
  readonly rounding: number;
  /** Weights of one query, float32 `[keys]`. Every number that a person reads comes from here. */
  row(head: number, query: number): Float32Array;
  /** Whether `row` is at hand, or would take some 0.1 ms per 2,000 keys. */
  hasRow(head: number, query: number): boolean;
  /** Weights of one key, float32 `[queries]`: for drawing, right to the last bit or two of the log-sum-exp. */
  column(head: number, key: number): Float32Array;
  /** What the weights of a row add up to: 1, less where a sink took its share, 0 where it sees no key. */
  total(head: number, query: number): number;
  /** Around all the keys that a query sees: from the first up to, not including, the second number. */
  span(query: number): readonly [number, number];
  /** Whether the mask lets a query see a key, in any head. */
  sees(query: number, key: number): boolean;
  /** What a set of keys gets from each query, added up, `[queries]`: for drawing. */
  taken(head: number, keys: readonly number[]): Float32Array | Float64Array;
  /** Whether all of it came at once. Else numbers may be read only once they are here. */
  readonly isWhole: boolean;
  /** Whether what is needed can be read. Whoever asks within an effect is told when more of a layer has come. */
  isHere(need: Need): boolean;
  /** Grows whenever more of the layer has come. */
  readonly arrivals: number;
  /** Asks for what is needed and not here yet. */
  bring(need: Need, following: Following): Promise<void>;
  /** What the weights are made of; null where only the weights themselves are known. */
  readonly vectors: Vectors | null;
  /** Norm of each value vector as it enters the layer's output, float32 `[heads, keys]`; null where it is not known. */
  readonly valueNorms: Float32Array | null;
  /** Why `valueNorms` is null, "" where it is not. */
  readonly valueNormReason: string;
  /** The largest weight x norm of any pair of any head; 0 where norms are not known. */
  readonly valueNormLargest: number;
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
  /** All keys of a head, `[keys, d]`. */
  keys(head: number): Float32Array;
  /** What is added to the score of a pair; 0 where there is no bias. */
  bias(head: number, query: number, key: number): number;
  /** Whether the mask lets a query see a key. */
  sees(head: number, query: number, key: number): boolean;
  /** The head's sink, null for none. */
  sink(head: number): number | null;
}

/** Reads the layer out of a packet of either form. */
export function layerOf(packet: Packet): LayerData {
  return packet.header.form === "weights" ? new WeightsLayer(packet) : new VectorLayer(packet);
}
