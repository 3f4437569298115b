import { ink, type Picture } from "../../store/picture.js";
import { range } from "../../store/selection.js";
import { opposite, type Place } from "./focus.js";
import { cellsLeft, cellWidth, type Layout, ROW, type Span } from "./layout.js";
import type { Strokes } from "./strokes.js";

const CELL_MARGIN = 3;
/** Even no weight leaves a trace, so that one sees where the cells are. */
const LEAST_ALPHA = 0.05;

/** Makes a canvas as large as its place, in device pixels, and empties it. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

export function paintLines(
  context: CanvasRenderingContext2D,
  strokes: Strokes,
  layout: Layout,
  colour: (head: number) => string,
  ...which: [first?: number, last?: number]
): void {
  const left = layout.zone.query;
  const right = left + layout.lines;
  const bend = 0.36 * layout.lines;
  strokes.each(
    (from, to, alpha, width, head) => {
      context.globalAlpha = alpha;
      context.lineWidth = width;
      context.strokeStyle = colour(head);
      context.beginPath();
      context.moveTo(left, from);
      context.bezierCurveTo(left + bend, from, right - bend, to, right, to);
      context.stroke();
    },
    ...which,
  );
  context.globalAlpha = 1;
}

export interface CellScene {
  picture: Picture;
  heads: readonly number[];
  focus: Place;
  /** Rows in view of the side opposite to the focus. */
  rows: Span;
  top: number;
  only: number | null;
  colour(head: number): string;
  /** For a weight that is no number. */
  errorColour(): string;
}

/** Shades the tokens that the focus looks at, or is looked at by: one cell per head, in head order. */
export function paintCells(context: CanvasRenderingContext2D, scene: CellScene, layout: Layout): void {
  const { picture, heads, focus, rows } = scene;
  const side = opposite(focus.side);
  const width = cellWidth(layout, heads.length);
  const left = cellsLeft(layout, side, heads.length);
  const gap = width > 3 ? 1 : 0;
  const pairOf = (entry: number) => (focus.side === "query" ? [focus.entry, entry] : [entry, focus.entry]);
  const entries = range(rows.last - rows.first).flatMap((index) => {
    const [query, key] = pairOf(rows.first + index);
    const isAtHand = heads.every((head) => picture.hasRow(head, query)); // else it comes with its lines
    return isAtHand && picture.connects(query, key) ? rows.first + index : [];
  });
  heads.forEach((head, index) => {
    context.fillStyle = scene.colour(head);
    for (const entry of entries) {
      const [query, key] = pairOf(entry);
      const { weights, left: rest } = picture.row(head, query);
      const strength = picture.strength(weights[key]) * ink(rest);
      paintCell(context, scene, head, strength, left + index * width, entry * ROW - scene.top, width - gap);
    }
  });
  context.globalAlpha = 1;
}

function paintCell(
  context: CanvasRenderingContext2D,
  { only, errorColour }: CellScene,
  head: number,
  weight: number,
  x: number,
  top: number,
  width: number,
): void {
  const y = top + CELL_MARGIN;
  const height = ROW - 2 * CELL_MARGIN;
  context.globalAlpha = only === null || only === head ? 1 : 0.25;
  if (Number.isNaN(weight)) {
    context.strokeStyle = errorColour();
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), height - 1);
    return;
  }
  context.globalAlpha *= Math.max(LEAST_ALPHA, weight ** 0.6);
  context.fillRect(x, y, width, height);
}
