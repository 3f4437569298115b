import { RAIL_GAP, railOf } from "./plot.js";

/** How the enlarged head is laid out, in CSS pixels. */
export interface EnlargedLayout {
  /** Whether the words stand under the picture, or beside it. */
  isStacked: boolean;
  /** Of the picture, with the tokens at its axes. */
  width: number;
  height: number;
  /** Room for the tokens: those of rows at the left, those of columns below. */
  left: number;
  below: number;
  /** Of the picture without them; the rail and the gap beside it take some of the width. */
  across: number;
  down: number;
  rail: number;
}

const LEAST_BESIDE = 320;
const MOST_PICTURE = 280;
/** Of a token at an axis, so that its letters do not touch the next. */
export const LABEL = 10;

/** Lays the enlarged head out, in so much width, for so many tokens. */
export function enlargedLayout(width: number, queries: number): EnlargedLayout {
  const isStacked = width < LEAST_BESIDE;
  const picture = isStacked ? width : Math.min(MOST_PICTURE, Math.round(width * 0.55));
  const left = Math.max(40, Math.min(76, Math.round(picture * 0.29)));
  const below = Math.min(56, left);
  const across = picture - left;
  // Rows get a line of text each if that makes the picture no more than half as high again.
  const lines = Math.max(queries, 1) * LABEL;
  const down = Math.round(lines > across && lines <= 1.5 * across ? lines : across);
  return {
    isStacked,
    width: picture,
    height: down + below,
    left,
    below,
    across,
    down,
    rail: railOf(across) + RAIL_GAP,
  };
}

/** One token at an axis. */
export interface Tick {
  /** Index of the cell. */
  cell: number;
  /** Middle of the cell, in pixels along the axis. */
  at: number;
}

/** Which cells are named: all of them where there is room, else the strongest that leave room for each other. */
export function ticks(strengths: readonly number[], pixels: number): Tick[] {
  const pitch = pixels / Math.max(1, strengths.length);
  const order = strengths.map((_, cell) => cell);
  if (pitch < LABEL) order.sort((a, b) => strengths[b] - strengths[a] || a - b);
  const chosen: Tick[] = [];
  for (const cell of order) {
    const at = (cell + 0.5) * pitch;
    const fits = at >= LABEL / 2 && at <= pixels - LABEL / 2;
    if ((fits || pitch >= LABEL) && chosen.every((other) => Math.abs(other.at - at) >= LABEL))
      chosen.push({ cell, at });
  }
  return chosen.sort((a, b) => a.at - b.at);
}
