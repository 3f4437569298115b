import type { LayerData } from "../../../source/layer.js";
import type { Tile } from "../../../source/source.js";
import { type Extent, pixelOf, type Sight } from "./extent.js";

/** Keys that some queries of each row of cells see: from the first up to, not including, the last. */
export interface Spans {
  starts: Int32Array;
  stops: Int32Array;
}

const known = new WeakMap<LayerData, WeakMap<readonly number[], Spans>>();

export function spansOf(data: LayerData, edges: readonly number[]): Spans {
  const ofLayer = known.get(data) ?? new WeakMap<readonly number[], Spans>();
  known.set(data, ofLayer);
  const made = ofLayer.get(edges) ?? makeSpans(data, edges);
  ofLayer.set(edges, made);
  return made;
}

function makeSpans(data: LayerData, edges: readonly number[]): Spans {
  const rows = edges.length - 1;
  const spans = { starts: new Int32Array(rows).fill(data.keys), stops: new Int32Array(rows) };
  for (let row = 0; row < rows; row++) {
    for (let query = edges[row]; query < edges[row + 1]; query++) {
      const [start, stop] = data.span(query);
      if (start >= stop) continue;
      spans.starts[row] = Math.min(spans.starts[row], start);
      spans.stops[row] = Math.max(spans.stops[row], stop);
    }
  }
  return spans;
}

/** Whether some query of a row of cells sees some key of a run of keys. */
export function sees({ starts, stops }: Spans, row: number, start: number, stop: number): boolean {
  return start < stops[row] && stop > starts[row];
}

/** Numbers of pixels, `[height, width]`: 0 for nothing, else a tile's byte and 1. */
export interface Image {
  width: number;
  height: number;
  numbers: Uint16Array;
}

/** Lays a tile over what is in an image. Of cells that share a pixel the largest is seen. */
export function layTile(
  { width, height, numbers }: Image,
  tile: Pick<Tile, "cells" | "columns">,
  rowEdges: readonly number[],
  columnEdges: readonly number[],
  sight: Sight,
  spans: Spans | null,
): void {
  const rows = pixelsOf(rowEdges, sight.query, height);
  const columns = pixelsOf(columnEdges, sight.key, width);
  const [left, right] = columns[0];
  const line = new Uint16Array(width);
  for (let y = rows[0][0]; y < rows[0][1]; y++) numbers.fill(0, y * width + left, y * width + right);
  for (let row = 1; row < rows.length; row++) {
    line.fill(0);
    for (let column = 1; column < columns.length; column++) {
      if (spans !== null && !sees(spans, row - 1, columnEdges[column - 1], columnEdges[column])) continue;
      const number = tile.cells[(row - 1) * tile.columns + column - 1] + 1;
      for (let x = columns[column][0]; x < columns[column][1]; x++) if (line[x] < number) line[x] = number;
    }
    for (let y = rows[row][0]; y < rows[row][1]; y++) {
      for (let x = left, at = y * width + left; x < right; x++, at++) if (numbers[at] < line[x]) numbers[at] = line[x];
    }
  }
}

/** First pixel and end of all cells together, then of each: at least one, of what is in sight. */
function pixelsOf(edges: readonly number[], extent: Extent, pixels: number): [number, number][] {
  const within = (pixel: number) => Math.max(0, Math.min(pixels, pixel));
  const at = edges.map((edge) => Math.round(pixelOf(extent, pixels, edge)));
  const runs = at
    .slice(1)
    .map((end, cell): [number, number] => [within(at[cell]), within(Math.max(end, at[cell] + 1))]);
  return [[runs[0][0], runs[runs.length - 1][1]], ...runs];
}
