/**
 * What a capture is, as the page is told once (python/headscope/widgets/first_paint.py writes it).
 */
export interface Meta {
  v: number;
  capture: string;
  model: string;
  parts: PartMeta[];
  sides: Side[];
}

/** One stack of layers. */
export interface PartMeta {
  name: string;
  layers: LayerMeta[];
  /** Indices into `sides`. */
  query_side: number;
  key_side: number;
}

export interface LayerMeta {
  /** The layer's own number in the model. */
  layer: number;
  /** 0 where the layer was refused. */
  heads: number;
  /** The heads that are there, where a page holds some of them only. */
  kept?: readonly number[];
  /** What served it: 1 the attention interface, 2 the module's own operations, 3 what the model returned, 0 arrays. */
  tier: number;
  /** Largest certified difference from the model, in units of attention weight; null where refused or not compared. */
  error: number | null;
  /** Why the layer was refused, or what else is worth knowing of how it was read; "" for nothing. */
  reason: string;
  /** Whether it attends; false for what does something else, such as a recurrent layer. */
  has_map: boolean;
  /** Which vectors hold NaN or infinite numbers, "" if none. */
  nonfinite: string;
}

/** The tokens of one axis; every list has one entry per token. */
export interface Side {
  /** Readable: spaces, controls and lone bytes spelled out. */
  labels: string[];
  /** As decoded, with leading space. */
  texts: string[];
  special: number[];
  /** 0 or 1 where there are two sentences. */
  segments: number[] | null;
  /** Index of the token's word, ascending from 0. */
  words: number[];
  /** Where sentences and paragraphs begin, and the end of the last; only of those of which there are two. */
  levels?: { sentence?: number[]; paragraph?: number[] };
  /**
   * "frames" are stretches of sound, labelled with the second at which they begin; "patches" are named by row and column;
   * of "numbers" nothing else is known; "text" where it is left out.
   */
  kind?: "text" | "frames" | "patches" | "numbers";
  /** What was looked at, where tokens are patches of a picture. */
  picture?: SidePicture | null;
  /** Position of the first token that the model wrote itself. */
  generated?: number | null;
}

/** A picture, and which rectangle of it each token is. */
export interface SidePicture {
  /** As a data URL. */
  src: string;
  /** In pixels. */
  width: number;
  height: number;
  /** Left, top, width and height as shares of the picture's; null for tokens that are no patch of it. */
  cells: (readonly [number, number, number, number] | null)[];
}

/** What one position of an axis is called. */
export function unitOf({ kind }: Side): "token" | "frame" {
  return kind === "frames" ? "frame" : "token";
}

/** The numbers of a layer's heads that can be looked at. */
export function headsIn({ heads, kept }: LayerMeta): readonly number[] {
  return kept ?? Array.from({ length: heads }, (_, head) => head);
}

/** What a layer is that has no heads to show: "refused", or one among others that does something else than attend. */
export function standingOf({ has_map }: LayerMeta): "refused" | "no attention map" {
  return has_map ? "refused" : "no attention map";
}

/** Whether the tokens are too many to have come along, and have to be asked for. */
export function isPaged({ sides }: Meta): boolean {
  return sides.some(({ labels }) => labels === undefined);
}

/** Takes the trait `meta`. */
export function readMeta(trait: unknown): Meta {
  const meta = trait as Partial<Meta> | null | undefined;
  if (meta?.v === 1) return meta as Meta;
  throw new Error(`The page reads version 1 of a capture, the kernel sent ${meta?.v ?? "none"}. ${RELOAD}`);
}

export function partOf(meta: Meta, name: string): PartMeta {
  const found = meta.parts.find((part) => part.name === name);
  if (found === undefined) throw new Error(`unknown part "${name}": this capture has ${namesOf(meta.parts)}`);
  return found;
}

export function layerOfPart(part: PartMeta, layer: number): LayerMeta {
  const found = part.layers.find((one) => one.layer === layer);
  if (found === undefined) throw new Error(`unknown layer ${layer} of part "${part.name}"`);
  return found;
}

const RELOAD = "Restart the kernel or reload the page.";

function namesOf(parts: readonly PartMeta[]): string {
  return parts.map((part) => `"${part.name}"`).join(", ") || "none";
}
