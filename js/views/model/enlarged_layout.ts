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

/** Words stand beside the picture from this width on, unless the grid is so tall that they have room below. */
const LEAST_BESIDE = 320;
const TALL = 360;
const MOST_PICTURE = 280;
/** Under the grid, where height is dear. */
const MOST_PICTURE_BELOW = 216;
/** Of a token at an axis, and at least from one to the next, so that their letters do not touch. */
const LABEL = 10;
const PITCH = 8.9;

/** Of a letter in the font of the tokens, and the space between a token and the picture. */
const LETTER = 6.1;
const SPACE = 6;

/** What the enlarged head has to have room for. */
export interface Wanted {
  width: number;
  /** Whether it stands under the grid. */
  isBelow: boolean;
  /** Of the grid. */
  height: number;
  queries: number;
  /** Letters of the longest token of a side. */
  longestQuery: number;
  longestKey: number;
}

export function enlargedLayout({ width, isBelow, height, queries, longestQuery, longestKey }: Wanted): EnlargedLayout {
  const isStacked = width < LEAST_BESIDE || (!isBelow && height > TALL);
  const most = isBelow ? MOST_PICTURE_BELOW : MOST_PICTURE;
  const picture = Math.min(most, isStacked ? width : Math.round(width * 0.55));
  const left = roomFor(longestQuery, Math.min(76, Math.round(picture * 0.3)));
  const below = roomFor(longestKey, 54);
  const across = picture - left;
  // Rows get a line of text each if that makes the picture no more than half as high again.
  const lines = Math.max(queries, 1) * LABEL;
  const down = Math.round(lines > across && lines <= 1.5 * across ? lines : across);
  const rail = railOf(across) + RAIL_GAP;
  return { isStacked, width: picture, height: down + below, left, below, across, down, rail };
}

function roomFor(letters: number, most: number): number {
  return Math.min(most, Math.ceil(letters * LETTER) + SPACE);
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
  if (pitch < PITCH) order.sort((a, b) => strengths[b] - strengths[a] || a - b);
  const chosen: Tick[] = [];
  for (const cell of order) {
    const at = (cell + 0.5) * pitch;
    const fits = at >= LABEL / 2 && at <= pixels - LABEL / 2;
    if ((fits || pitch >= PITCH) && chosen.every((other) => Math.abs(other.at - at) >= PITCH))
      chosen.push({ cell, at });
  }
  return chosen.sort((a, b) => a.at - b.at);
}
