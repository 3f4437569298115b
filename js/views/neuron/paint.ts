import { type Ramp, signedStep } from "../shared/ramps.js";

/** A strip in CSS pixels. */
export interface StripBox {
  left: number;
  top: number;
  height: number;
  /** Width of one number. */
  px: number;
}

/**
 * Draws some numbers as a strip of coloured bars. By pixels and not by rectangles: a window full of rows has thousands of
 * bars, and is redrawn as the pointer moves.
 */
export function paintStrip(
  context: CanvasRenderingContext2D,
  numbers: ArrayLike<number>,
  which: ArrayLike<number>,
  { left, top, height, px }: StripBox,
  ramp: Ramp,
  extent: number,
): void {
  const ratio = window.devicePixelRatio || 1;
  const edge = (at: number) => Math.round((left + at * px) * ratio);
  const [first, last] = [edge(0), edge(which.length)];
  const [upper, lower] = [Math.round(top * ratio), Math.round((top + height) * ratio)];
  if (last <= first || lower <= upper) return;
  const image = new ImageData(last - first, lower - upper);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < which.length; at++) {
    const value = numbers[which[at]];
    if (!Number.isNaN(value)) pixels.fill(ramp[signedStep(value, extent)], edge(at) - first, edge(at + 1) - first);
  }
  for (let row = 1; row < image.height; row++) pixels.copyWithin(row * image.width, 0, image.width);
  context.putImageData(image, first, upper);
}
