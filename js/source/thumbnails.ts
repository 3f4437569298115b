/** Pictures of all heads of a layer as they travel; written by python/headscope/widgets/thumbnails.py. */
import { join } from "./packet.js";
import type { ThumbnailQuestion, Thumbnails } from "./source.js";

/** What comes before the bytes: `body` [heads, rows, columns], then, if there is one, `rail` [heads, rows]. */
export interface ThumbnailHeader {
  v: number;
  part: string;
  layer: number;
  heads: number;
  rows: number;
  columns: number;
  reduce: "max" | "mean";
  rail: boolean;
  scale: number;
  row_edges: number[];
  column_edges: number[];
  /** Of body and rail. */
  bytes: number;
}

/** The pictures that come along with a widget: those of some layers, one after the other in one payload. */
export interface FirstThumbnails {
  question: ThumbnailQuestion;
  layers: ThumbnailHeader[];
}

/** Reads the pictures of one layer. */
export function thumbnailsOf(header: ThumbnailHeader, pieces: readonly Uint8Array[]): Thumbnails {
  const { layer, heads, rows, columns, rail, scale } = header;
  const payload = new Uint8Array(join(header, pieces));
  const end = heads * rows * columns;
  return {
    layer,
    heads,
    rows,
    columns,
    body: payload.subarray(0, end),
    rail: rail ? payload.subarray(end) : null,
    scale,
    rowEdges: header.row_edges,
    columnEdges: header.column_edges,
  };
}

/** Reads those that came along. */
export function firstOf({ layers }: FirstThumbnails, payload: Uint8Array): Thumbnails[] {
  let end = 0;
  return layers.map((header) => {
    const start = end;
    end += header.bytes;
    return thumbnailsOf(header, [payload.subarray(start, end)]);
  });
}

export function thumbnailBytes({ body, rail }: Thumbnails): number {
  return body.byteLength + (rail?.byteLength ?? 0);
}
