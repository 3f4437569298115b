/** What the heads of a layer say of one pair of tokens; written by python/headscope/widgets/links_packet.py. */
import type { Sent } from "./answer.js";
import type { LayerData } from "./layer.js";
import { join } from "./packet.js";
import { SourceError } from "./source.js";

/** Which pair is asked about. Two questions with equal fields have the same answer. */
export interface LinksQuestion {
  readonly part: string;
  readonly query: number;
  readonly key: number;
  readonly measure: "weight" | "value_norm";
}

/** What comes before the numbers, float32 `[heads]`. */
export interface LinksHeader {
  v: number;
  part: string;
  layer: number;
  heads: number;
  bytes: number;
}

/** Takes the numbers of a layer's heads, float32 `[heads]`, or why there are none. */
export type OnLinks = (layer: number, weights: Float32Array | SourceError) => void;

export function linksOf({ header, pieces }: Sent): Float32Array {
  return new Float32Array(join(header as LinksHeader, pieces));
}

/** The same, read off a layer that is at hand. */
export function linksIn(data: LayerData, { query, key, measure }: LinksQuestion): Float32Array | SourceError {
  const { heads, keys, valueNorms } = data;
  if (measure === "value_norm" && valueNorms === null) {
    return new SourceError("UnknownProjection", data.valueNormReason);
  }
  const norm = (head: number) => (measure === "value_norm" ? (valueNorms?.[head * keys + key] ?? 0) : 1);
  return Float32Array.from({ length: heads }, (_, head) => data.row(head, query)[key] * norm(head));
}

export function linksKey({ part, query, key, measure }: LinksQuestion, layer: number): string {
  return [part, layer, query, key, measure].join(" ");
}
