import type { LayerData } from "./layer.js";
import type { LinksQuestion, OnLinks } from "./links.js";

/** Told of the share that is done, 0 to 1, where the source can tell, and of the seconds that the rest will take. */
export type OnProgress = (done: number, left?: number) => void;

/** How a caller follows an answer. */
export interface Following {
  /** Ends the interest in the answer; the promise then never settles with a layer. */
  signal: AbortSignal;
  onProgress?: OnProgress;
}

/** Where answers come from. A view never knows which implementation it talks to. */
export interface Source {
  /** The layer if it is at hand, at no cost. */
  peek(part: string, layer: number): LayerData | undefined;
  /**
   * Asks for a layer.
   *
   * @throws SourceError if there is no answer; the abort reason if the signal ended it.
   */
  layer(part: string, layer: number, following: Following): Promise<LayerData>;
  /** Whether there is room for the layers around one before they are wanted; left out where there is no use in it. */
  hasRoomAround?(data: LayerData): boolean;
  /** The pictures of a layer's heads, if they are at hand. */
  peekThumbnails(question: ThumbnailQuestion, layer: number): Thumbnails | undefined;
  /**
   * Asks for pictures of all heads of some layers; each layer is handed over as soon as it is there, in the order asked.
   * A layer that has none is handed over as an error, and the next one follows.
   */
  thumbnails(
    question: ThumbnailQuestion,
    layers: readonly number[],
    following: Following & { onLayer(layer: number, thumbnails: Thumbnails | SourceError): void },
  ): Promise<void>;
  /** Asks what the heads of some layers say of a pair of tokens; layers are handed over as with thumbnails. */
  links(question: LinksQuestion, layers: readonly number[], following: Following & { onLayer: OnLinks }): Promise<void>;
  /** A pooled rectangle, if it is at hand. */
  peekTile(question: TileQuestion): Tile | undefined;
  tile(question: TileQuestion, following: Following): Promise<Tile>;
}

/** Which rectangle of one head is wanted. Two questions with equal fields have the same answer. */
export interface TileQuestion {
  readonly part: string;
  readonly layer: number;
  readonly head: number;
  /** Token positions at which the cells begin, and the end of the last. */
  readonly row_edges: readonly number[];
  readonly column_edges: readonly number[];
  /** "mean" is the mean over a cell's queries of what its keys get together: a row of cells adds up to 1. */
  readonly reduce: "max" | "mean";
  readonly measure: "weight" | "value_norm";
  /** Whether numbers are to be read. */
  readonly exact: boolean;
}

/** A byte b stands for `scale * (b / 255) ** 2`, a float32 for itself. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly scale: number;
  /** `[rows, columns]` */
  readonly cells: Uint8Array | Float32Array;
}

/** What pictures are wanted. Two questions with equal fields have the same answer. */
export interface ThumbnailQuestion {
  readonly part: string;
  /** Cells a side, at most; fewer where there are fewer tokens. */
  readonly size: number;
  readonly measure: "weight" | "value_norm";
  readonly pair_filter: string;
  readonly hide_special: boolean;
  readonly reduce: "max" | "mean";
}

/**
 * All heads of one layer, pooled. The first token of the text is kept apart: it takes most of the weight of most heads.
 * A byte b stands for `scale * (b / 255) ** 2`: for looking at, never for reading a number.
 */
export interface Thumbnails {
  readonly layer: number;
  readonly heads: number;
  /** Cells down (queries) and across (keys, without the first). */
  readonly rows: number;
  readonly columns: number;
  /** `[heads, rows, columns]`: the maximum of each cell, or the mean over its queries of what its keys get together. */
  readonly body: Uint8Array;
  /** `[heads, rows]`, the mean over the cell's queries of what the first token gets; null where it takes no part. */
  readonly rail: Uint8Array | null;
  /** What 255 stands for: 1 for weights, for "value_norm" the largest of the layer. */
  readonly scale: number;
  /** Token positions of the cells: `rowEdges[i]` is where row i starts; one more for the end. `[rows + 1]`. */
  readonly rowEdges: readonly number[];
  readonly columnEdges: readonly number[];
}

/** An answer that says why there is none. `name` is that of the Python exception, such as "RefusedLayer". */
export class SourceError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
