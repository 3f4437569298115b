import type { SideName } from "./focus.js";

/** Where the columns of the head view stand, in CSS pixels from the left edge of its body. */
export interface Layout {
  /** Of the body, without the scroll bar. */
  width: number;
  height: number;
  /** A zone holds one side, from the lines outward: token, cells and number. */
  zone: Record<SideName, number>;
  token: number;
  /** Width for the shading cells of each side; 0 where there is no room for them. */
  cells: Record<SideName, number>;
  number: number;
  /** Width of the lines between the two zones. */
  lines: number;
  /** Whether there are more rows than the body shows. */
  scrolls: boolean;
}

export const ROW = 20;
const MOST_ROWS = 24;
/** From these widths on there is shading on the key side, and on both. */
const ROOM_FOR_CELLS = 400;
const ROOM_FOR_MORE_CELLS = 520 - 24;
const NUMBER = 34;
const GAP = 8;
const CELLS = 54;
const MOST_CELLS = 128;
const SCROLL_BAR = 14;
const MOST_CELL = 6;

/**
 * Lays the body out.
 *
 * @param inner Width of the pane without its padding.
 * @param heads Heads of the layer, drawn or not, so that switching heads moves nothing.
 * @param rows Rows of the longer column.
 */
export function layoutOf(inner: number, heads: number, rows: number): Layout {
  const scrolls = rows > MOST_ROWS;
  const width = inner - (scrolls ? SCROLL_BAR : 0);
  const cells = cellsIn(inner, heads);
  const share = cells.query > 0 ? 0.155 : cells.key > 0 ? 0.18 : 0.2;
  const token = Math.round(Math.min(116, Math.max(68, width * share)));
  const zoneOf = (side: SideName) => token + (cells[side] > 0 ? cells[side] + GAP : 0) + NUMBER;
  const zone = { query: zoneOf("query"), key: zoneOf("key") };
  const height = Math.max(1, Math.min(rows, MOST_ROWS)) * ROW;
  return { width, height, zone, token, cells, number: NUMBER, lines: width - zone.query - zone.key, scrolls };
}

/** Where there is room on one side only, it is that of the keys: a query is what one pins first. */
function cellsIn(inner: number, heads: number): Record<SideName, number> {
  const most = inner < ROOM_FOR_MORE_CELLS ? CELLS : MOST_CELLS;
  const key = inner < ROOM_FOR_CELLS ? 0 : Math.min(most, Math.max(CELLS, 2 * heads));
  return { query: inner < ROOM_FOR_MORE_CELLS ? 0 : key, key };
}

/** Width of one shading cell, its gap included. */
export function cellWidth(layout: Layout, heads: number): number {
  const fitting = layout.cells.key / Math.max(1, heads);
  return fitting >= 2 ? Math.min(MOST_CELL, Math.floor(fitting)) : fitting;
}

/** Left edge of the shading cells of a side, in drawing order. */
export function cellsLeft(layout: Layout, side: SideName, heads: number): number {
  if (side === "key") return layout.zone.query + layout.lines + layout.token;
  return layout.zone.query - layout.token - cellWidth(layout, heads) * heads;
}

export interface Span {
  first: number;
  /** Not included. */
  last: number;
}

/** The rows in view, those that are cut off included. */
export function rowsInView(top: number, height: number, rows: number): Span {
  return { first: Math.max(0, Math.floor(top / ROW)), last: Math.min(rows, Math.ceil((top + height) / ROW)) };
}

/** The nearest scroll position that shows a row whole; a row that was far off comes to the middle. */
export function topShowing(row: number, top: number, height: number, rows: number): number {
  const most = Math.max(0, rows * ROW - height);
  const edge = row * ROW;
  if (edge >= top && edge + ROW <= top + height) return top;
  const near = edge >= top - 2 * ROW && edge + ROW <= top + height + 2 * ROW;
  const middle = edge - Math.floor((height - ROW) / 2 / ROW) * ROW;
  const wanted = near ? (edge < top ? edge : edge + ROW - height) : middle;
  return Math.min(most, Math.max(0, wanted));
}
