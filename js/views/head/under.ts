import type { Layout } from "./layout.js";
import { isSame } from "./over.js";
import { paintLines, prepare } from "./paint.js";
import { computeRows, type LineScene, planLines, Strokes } from "./strokes.js";

/** While rows are being computed, those that have come are drawn so seldom: drawing them costs more than computing. */
const PARTLY_MS = 250;
/** The first of another layer wait so long for the others. */
const SOON_MS = 100;

/**
 * The lines under those in focus: thousands, and the same wherever the pointer is. So they have a canvas of their own,
 * which is left as it is while only the focus moves.
 */
export class Under {
  readonly strokes = new Strokes();
  /** How many rows have been computed. */
  computed = 0;
  #drawn: readonly unknown[] = [];
  /** Rows in what is drawn, and what of the layer had come by then. */
  #rows = 0;
  #arrivals = 0;
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
    now.push(window.devicePixelRatio, focus === null);
    const isLike = isSame(now, this.#drawn);
    const isAll = this.#until === 0 && this.#arrivals === picture.layer.arrivals;
    if (isLike && isAll) return true;
    const { queries, isComplete } = computeRows(scene, hasTime);
    this.computed = queries.length;
    this.#arrivals = picture.layer.arrivals;
    if (isLike && queries.length === this.#rows) {
      if (isComplete) this.#until = 0;
      return isComplete; // what has come belongs to other lines
    }
    if (isLike && this.#rows === 0 && this.#until === 0) this.#until = performance.now() + SOON_MS;
    if (isLike && !isComplete && performance.now() < this.#until) return false;
    const isSoon = !isComplete && picture !== this.#drawn[0];
    this.#drawn = []; // whatever fails from here on
    const context = prepare(canvas, layout.width, layout.height);
    planLines(scene, this.strokes, isSoon ? [] : queries);
    if (context !== null) paintLines(context, this.strokes, layout, colour);
    this.#drawn = now;
    this.#rows = isSoon ? 0 : queries.length;
    this.#until = isComplete ? 0 : performance.now() + (isSoon ? SOON_MS : PARTLY_MS);
    return isComplete;
  }

  clear(canvas: HTMLCanvasElement): void {
    canvas.width = 0; // gives its memory back at once
    this.#drawn = [];
  }
}
