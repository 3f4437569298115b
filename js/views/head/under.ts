import type { Layout } from "./layout.js";
import { paintLines, prepare } from "./paint.js";
import { computeRows, type LineScene, planLines, Strokes } from "./strokes.js";

/** While rows are being computed, those that have come are drawn so seldom: drawing them costs more than computing. */
const PARTLY_MS = 100;

/**
 * The lines under those in focus: thousands, and the same wherever the pointer is. So they have a canvas of their own,
 * which is left as it is while only the focus moves.
 */
export class Under {
  readonly strokes = new Strokes();
  #drawn: readonly unknown[] = [];
  /** When what is drawn is to be drawn anew; 0 where it is complete. */
  #until = 0;

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
    const isSame = now.length === this.#drawn.length && now.every((one, at) => one === this.#drawn[at]);
    if (isSame && this.#until === 0) return true;
    const { queries, isComplete } = computeRows(scene, hasTime);
    if (isSame && !isComplete && performance.now() < this.#until) return false;
    this.#drawn = []; // whatever fails from here on
    const context = prepare(canvas, layout.width, layout.height);
    planLines(scene, this.strokes, queries);
    if (context !== null) paintLines(context, this.strokes, layout, colour);
    this.#drawn = now;
    this.#until = isComplete ? 0 : performance.now() + PARTLY_MS;
    return isComplete;
  }

  clear(canvas: HTMLCanvasElement): void {
    canvas.width = 0; // gives its memory back at once
    this.#drawn = [];
  }
}
