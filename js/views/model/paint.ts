import type { Thumbnails } from "../../source/source.js";
import { type Ramp, railRamp, weightRamp } from "../shared/ramps.js";
import type { Theme } from "../shared/theme.js";
import { edgesOf, looksBack, type Plot, seenColumns, shrink } from "./plot.js";

/** Small weights would all look like zero. */
const GAMMA = 0.7;
/** In the scale of its own, a head of weights below this is still pale. */
const LEAST_TOP = 128; // as a byte: about .25
const LARGEST = 255;

/** Where a share of the scale lies on the ramp. */
export function weightStep(share: number): number {
  return Math.round(LARGEST * Math.min(1, share) ** GAMMA);
}

/** The colours of bytes, for one theme and background. */
export class Inks {
  readonly weights: Ramp;
  readonly rail: Ramp;
  readonly #scales = new Map<number, Uint32Array>();
  /** Of bytes on the rail, whose scale is linear. */
  readonly railPixels: Uint32Array;

  constructor(theme: Theme, zero: string) {
    this.weights = weightRamp(theme, zero);
    this.rail = railRamp(theme, zero);
    this.railPixels = Uint32Array.from({ length: 256 }, (_, byte) => this.rail[Math.round(LARGEST * shareOf(byte))]);
  }

  /** Colours of bytes on a scale that ends with `top`. */
  pixels(top: number): Uint32Array {
    let pixels = this.#scales.get(top);
    if (pixels === undefined) {
      pixels = Uint32Array.from({ length: 256 }, (_, byte) => this.weights[weightStep(shareOf(byte) / shareOf(top))]);
      this.#scales.set(top, pixels);
    }
    return pixels;
  }
}

/** What a byte stands for, as a share of what 255 stands for. */
export function shareOf(byte: number): number {
  return (byte / LARGEST) ** 2;
}

/** The byte that ends the scale of a head: its own largest, or the same for all. */
export function topOf({ body, rows, columns }: Thumbnails, head: number, isOwn: boolean): number {
  if (!isOwn) return LARGEST;
  let top = LEAST_TOP;
  for (let at = head * rows * columns; at < (head + 1) * rows * columns; at++) if (body[at] > top) top = body[at];
  return top;
}

/** Draws a head as a matrix: no smoothing, every cell whole. */
export function paintMatrix(
  context: CanvasRenderingContext2D,
  plot: Plot,
  thumbnails: Thumbnails,
  head: number,
  inks: Inks,
  isOwnScale: boolean,
): void {
  const across = plot.width - plot.body;
  const cells = (pixels: number) => Math.max(1, Math.floor(pixels / plot.ratio));
  const fitted = shrink(thumbnails, cells(plot.height), cells(across));
  const image = context.createImageData(plot.width, plot.height);
  const pixels = new Uint32Array(image.data.buffer);
  const scale = inks.pixels(topOf(thumbnails, head, isOwnScale));
  const isCausal = looksBack(fitted);
  const rowEdges = edgesOf(fitted.rows, plot.height);
  const columnEdges = edgesOf(fitted.columns, across);
  for (let row = 0; row < fitted.rows; row++) {
    const start = rowEdges[row] * plot.width;
    const end = rowEdges[row + 1] * plot.width;
    if (end === start) continue;
    if (fitted.rail !== null)
      pixels.fill(inks.railPixels[fitted.rail[head * fitted.rows + row]], start, start + plot.rail);
    const bytes = (head * fitted.rows + row) * fitted.columns;
    const seen = isCausal ? seenColumns(fitted, row) : fitted.columns;
    for (let column = 0; column < seen; column++) {
      const from = start + plot.body;
      pixels.fill(scale[fitted.body[bytes + column]], from + columnEdges[column], from + columnEdges[column + 1]);
    }
    for (let line = start + plot.width; line < end; line += plot.width) {
      pixels.copyWithin(line, start, start + plot.width);
    }
  }
  context.putImageData(image, plot.left, plot.top);
}

const LINE_LEVELS = 6;
const LEAST_LINE = 0.1;

/** Draws a head as lines from queries, at the left, to keys. The first token is left out: its fan would hide the rest. */
export function paintLines(
  context: CanvasRenderingContext2D,
  plot: Plot,
  thumbnails: Thumbnails,
  head: number,
  colour: string,
  isOwnScale: boolean,
): void {
  const { rows, columns, body, rowEdges, columnEdges } = thumbnails;
  const top = shareOf(topOf(thumbnails, head, isOwnScale));
  const levels: [from: number, to: number][][] = Array.from({ length: LINE_LEVELS }, () => []);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const share = Math.min(1, shareOf(body[(head * rows + row) * columns + column]) / top);
      if (share < LEAST_LINE) continue;
      levels[Math.min(LINE_LEVELS - 1, Math.floor(share * LINE_LEVELS))].push([
        middleOf(plot, rowEdges, row),
        middleOf(plot, columnEdges, column),
      ]);
    }
  }
  context.strokeStyle = colour;
  levels.forEach((lines, level) => {
    const share = (level + 0.5) / LINE_LEVELS;
    context.globalAlpha = share;
    context.lineWidth = plot.ratio * (0.35 + 0.45 * share);
    context.beginPath();
    for (const [from, to] of lines) {
      context.moveTo(plot.left, from);
      context.lineTo(plot.left + plot.width, to);
    }
    context.stroke();
  });
  context.globalAlpha = 1;
}

/** Height of a cell's tokens: where they stand in the text, so that a token and itself are level. */
function middleOf({ top, height }: Plot, edges: readonly number[], cell: number): number {
  return top + (((edges[cell] + edges[cell + 1]) / 2) * height) / edges[edges.length - 1];
}

/** The shape of nothing yet: where weights will be. */
export function paintZero(context: CanvasRenderingContext2D, plot: Plot, colour: string, isCausal: boolean): void {
  context.fillStyle = colour;
  context.fillRect(plot.left, plot.top, plot.rail, plot.height);
  const [left, right, bottom] = [plot.left + plot.body, plot.left + plot.width, plot.top + plot.height];
  if (!isCausal) {
    context.fillRect(left, plot.top, right - left, plot.height);
    return;
  }
  context.beginPath();
  context.moveTo(left, plot.top);
  context.lineTo(right, bottom);
  context.lineTo(left, bottom);
  context.fill();
}
