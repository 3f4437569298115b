import type { Thumbnails } from "../../source/source.js";
import { GAP } from "./layout.js";

/** Where the picture of a head is drawn, in device pixels: the rail of the first token, then the body. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
  /** Of the rail, and where the body begins. */
  rail: number;
  body: number;
  /** Device pixels of a CSS pixel. */
  ratio: number;
}

const RAIL_SHARE = 0.08;
export const RAIL_GAP = 1;

/** CSS pixels of a rail in a picture of some width. */
export function railOf(width: number): number {
  return Math.max(2, Math.round(width * RAIL_SHARE));
}

/** CSS pixels that are left for the body of a thumbnail: one cell each, where there are enough tokens. */
export function bodyOf(cell: number): number {
  return cell - GAP - railOf(cell - GAP) - RAIL_GAP;
}

/** Lays a picture out, from CSS pixels; all edges are on device pixels. */
export function plotOf(left: number, top: number, width: number, height: number, ratio: number): Plot {
  const device = (length: number) => Math.round(length * ratio);
  const rail = device(railOf(width));
  const across = device(width);
  const body = Math.min(across, rail + Math.max(1, device(RAIL_GAP)));
  return { left: device(left), top: device(top), width: across, height: device(height), rail, body, ratio };
}

/** Device pixel where each cell of an axis begins, and where the last one ends. */
export function edgesOf(cells: number, pixels: number): number[] {
  return Array.from({ length: cells + 1 }, (_, at) => Math.round((at * pixels) / Math.max(1, cells)));
}

const shrunk = new WeakMap<Thumbnails, Thumbnails>();

/** Pictures of at most so many cells a side: what is more is pooled, as it was before, by maximum. */
export function shrink(thumbnails: Thumbnails, rows: number, columns: number): Thumbnails {
  const size = { rows: Math.min(rows, thumbnails.rows), columns: Math.min(columns, thumbnails.columns) };
  if (size.rows === thumbnails.rows && size.columns === thumbnails.columns) return thumbnails;
  const known = shrunk.get(thumbnails);
  if (known?.rows === size.rows && known.columns === size.columns) return known;
  const made = pooled(thumbnails, size.rows, size.columns);
  shrunk.set(thumbnails, made);
  return made;
}

function pooled(from: Thumbnails, rows: number, columns: number): Thumbnails {
  const rowOf = cellsOf(from.rows, rows);
  const columnOf = cellsOf(from.columns, columns);
  const body = new Uint8Array(from.heads * rows * columns);
  const sums = new Float64Array(from.heads * rows);
  for (let head = 0; head < from.heads; head++) {
    for (let row = 0; row < from.rows; row++) {
      const to = (head * rows + rowOf[row]) * columns;
      const start = (head * from.rows + row) * from.columns;
      for (let column = 0; column < from.columns; column++) {
        const at = to + columnOf[column];
        if (from.body[start + column] > body[at]) body[at] = from.body[start + column];
      }
      if (from.rail !== null) sums[head * rows + rowOf[row]] += from.rail[head * from.rows + row];
    }
  }
  const counts = new Array<number>(rows).fill(0);
  for (const row of rowOf) counts[row] += 1;
  const rail = from.rail && Uint8Array.from(sums, (sum, at) => Math.round(sum / counts[at % rows]));
  const edges = (all: readonly number[], of: number[]) => [
    ...all.slice(0, -1).filter((_, at) => of[at] !== of[at - 1]),
    all[all.length - 1],
  ];
  return {
    ...from,
    rows,
    columns,
    body,
    rail,
    rowEdges: edges(from.rowEdges, rowOf),
    columnEdges: edges(from.columnEdges, columnOf),
  };
}

/** The cell, of fewer, that each cell falls into with its middle. */
function cellsOf(from: number, to: number): number[] {
  return Array.from({ length: from }, (_, at) => Math.floor(((at + 0.5) * to) / from));
}

const causal = new WeakMap<Thumbnails, boolean>();

/**
 * Whether no head of a layer looks ahead: then the empty half is left empty. Said by the pictures themselves, since a
 * head that may look ahead never gives exactly nothing to all that follows.
 */
export function looksBack(thumbnails: Thumbnails): boolean {
  const known = causal.get(thumbnails);
  if (known !== undefined) return known;
  const { heads, rows, columns, body } = thumbnails;
  let found = thumbnails.columns > 0 && seenColumns(thumbnails, 0) < columns;
  for (let row = 0; row < rows && found; row++) {
    const seen = seenColumns(thumbnails, row);
    for (let head = 0; head < heads && found; head++) {
      const start = (head * rows + row) * columns;
      found = body.subarray(start + seen, start + columns).every((byte) => byte === 0);
    }
  }
  causal.set(thumbnails, found);
  return found;
}

/** How many columns of a row hold a key that is not after all of the row's queries. */
export function seenColumns({ rowEdges, columnEdges, columns }: Thumbnails, row: number): number {
  let seen = 0;
  while (seen < columns && columnEdges[seen] < rowEdges[row + 1]) seen += 1;
  return seen;
}
