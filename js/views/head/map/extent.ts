import type { SideName } from "../focus.js";

/** What of an axis is in sight, in token positions; shares of a token too. */
export interface Extent {
  start: number;
  end: number;
}

/** One for each axis: queries go down, keys across. */
export type Both<Value> = Record<SideName, Value>;
export type Sight = Both<Extent>;

export function both<Value>(of: (side: SideName) => Value): Both<Value> {
  return { query: of("query"), key: of("key") };
}

export function lengthOf({ start, end }: Extent): number {
  return end - start;
}

export function middleOf({ start, end }: Extent): number {
  return (start + end) / 2;
}

/** The same length elsewhere, within the whole. */
export function moved(now: Extent, whole: Extent, by: number): Extent {
  const start = Math.max(whole.start, Math.min(whole.end - lengthOf(now), now.start + by));
  return { start, end: start + lengthOf(now) };
}

/**
 * More or less of an axis, so that what is at a position stays where it is.
 *
 * @param factor Above 1 to come closer.
 * @param least Tokens that stay in sight.
 */
export function zoomed(now: Extent, whole: Extent, at: number, factor: number, least: number): Extent {
  const wanted = Math.min(lengthOf(whole), Math.max(least, lengthOf(now) / factor));
  const share = (at - now.start) / lengthOf(now);
  return moved({ start: at - share * wanted, end: at + (1 - share) * wanted }, whole, 0);
}

/** Pixel at which a position stands. */
export function pixelOf(extent: Extent, pixels: number, position: number): number {
  return ((position - extent.start) / lengthOf(extent)) * pixels;
}

/** Those of some runs, by their edges, that are in sight, and `more` on both sides. */
export function runsIn(runs: readonly (readonly number[])[], { start, end }: Extent, more: number) {
  const first = runs.findIndex((run) => run[run.length - 1] > start);
  const last = runs.findLastIndex((run) => run[0] < end);
  return runs.slice(Math.max(0, first - more), last + 1 + more);
}
