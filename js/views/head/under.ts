import type { Layout } from "./layout.js";
import { paintLines, prepare } from "./paint.js";
import { type LineScene, planLines, Strokes } from "./strokes.js";

/**
 * The lines under those in focus: thousands, and the same wherever the pointer is. So they have a canvas of their own,
 * which is left as it is while only the focus moves.
 */
export class Under {
  readonly strokes = new Strokes();
  #drawn: readonly unknown[] = [];

  /** Returns whether all rows are in. */
  paint(
    canvas: HTMLCanvasElement,
    scene: LineScene,
    layout: Layout,
    colour: (head: number) => string,
    hasTime: () => boolean,
  ): boolean {
    const { picture, heads, rows, tops, threshold, only, dark, focus } = scene;
    const now = [picture, heads, rows.first, rows.last, tops.query, tops.key, threshold, only, dark, layout];
    now.push(picture.layer.arrivals, window.devicePixelRatio, focus === null);
    if (now.length === this.#drawn.length && now.every((one, at) => one === this.#drawn[at])) return true;
    this.#drawn = []; // whatever fails from here on
    const context = prepare(canvas, layout.width, layout.height);
    const isComplete = planLines(scene, this.strokes, hasTime);
    if (context !== null) paintLines(context, this.strokes, layout, colour);
    if (isComplete) this.#drawn = now;
    return isComplete;
  }

  clear(canvas: HTMLCanvasElement): void {
    canvas.width = 0; // gives its memory back at once
    this.#drawn = [];
  }
}
